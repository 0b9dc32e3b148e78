/* The lifecycle as a ring: the stages are arcs, clockwise in the model's order, as long as
 * their share of the customers. */

import { useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { StageCount } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { SaveMenu } from '../ui/figure';
import { svgPicture } from '../ui/svgpicture';
import styles from './ring.module.css';

const W = 470, H = 320, CX = W / 2, CY = H / 2, OUTER = 130, INNER = 94;
const GAP = 0.012;          /* between arcs, in parts of the circle */
const SHORTEST = 0.006;     /* so that one customer can be seen and clicked */
const LABELLED = 0.035;     /* shorter arcs have no room for their name */

const polar = (radius: number, turn: number) => {
  const angle = (turn - 0.25) * 2 * Math.PI;
  return [CX + radius * Math.cos(angle), CY + radius * Math.sin(angle)] as const;
};
const point = (radius: number, turn: number) =>
  polar(radius, turn).map(v => v.toFixed(2)).join(' ');

function arc(from: number, to: number) {
  const large = to - from > 0.5 ? 1 : 0;
  return `M${point(OUTER, from)}A${OUTER} ${OUTER} 0 ${large} 1 ${point(OUTER, to)}`
    + `L${point(INNER, to)}A${INNER} ${INNER} 0 ${large} 0 ${point(INNER, from)}Z`;
}

/* Where each arc begins and ends, in parts of the circle. */
function arcs(stages: StageCount[], population: number) {
  const shown = stages.filter(s => s.customers > 0);
  const free = 1 - (shown.length > 1 ? shown.length * GAP : 0.0001);
  const sizes = shown.map(s => Math.max(s.customers / population, SHORTEST));
  const whole = sizes.reduce((a, b) => a + b, 0);
  let turn = 0;
  return shown.map((stage, i) => {
    const from = turn;
    const to = from + (sizes[i]! / whole) * free;
    turn = to + GAP;
    return { ...stage, from, to };
  });
}

export function Ring({ stages, population, at, pointed, onPoint }: {
  stages: StageCount[];
  population: number;
  at: string | undefined;
  pointed: string | null;
  onPoint: (stage: string | null) => void;
}) {
  const { t } = useTranslation();
  const { format, colour } = useInfo();
  const [, navigate] = useLocation();
  const drawing = useRef<SVGSVGElement>(null);
  const shown = stages.find(s => s.stage === pointed);
  return (
    <figure className={styles.figure}>
      <svg ref={drawing} className={styles.ring} viewBox={`0 0 ${W} ${H}`} role="group" aria-label={t('ring.label')}>
        <circle cx={CX} cy={CY} r={(OUTER + INNER) / 2} fill="none" stroke="var(--paper-3)"
          strokeWidth={population === 0 ? OUTER - INNER : 0} />
        {arcs(stages, population).map(a => {
          const href = link('/customers', { at, stage: a.stage });
          const middle = (a.from + a.to) / 2;
          const [x, y] = polar(OUTER + 10, middle);
          const side = Math.abs(x - CX) < 16 ? 'middle' : x > CX ? 'start' : 'end';
          const faded = pointed !== null && pointed !== a.stage;
          return (
            <a key={a.stage} href={href} style={{ opacity: faded ? 0.35 : 1 }}
              aria-label={t('stage.in', {
                count: a.customers, n: format.number(a.customers), stage: format.stage(a.stage),
              })}
              onMouseEnter={() => onPoint(a.stage)} onMouseLeave={() => onPoint(null)}
              onFocus={() => onPoint(a.stage)} onBlur={() => onPoint(null)}
              onClick={event => {
                if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                event.preventDefault();
                navigate(href);
              }}>
              <path d={arc(a.from, a.to)} fill={colour(a.stage)} />
              {a.to - a.from >= LABELLED && (
                <text x={x} y={y} dy="0.35em" textAnchor={side}>{format.stage(a.stage)}</text>
              )}
            </a>
          );
        })}
        <g className={styles.centre} aria-hidden="true">
          <text x={CX} y={CY - 2} className={styles.number}>
            {format.number(shown ? shown.customers : population)}
          </text>
          <text x={CX} y={CY + 20}>
            {shown ? format.stage(shown.stage) : t('ring.customers')}
          </text>
          {shown && <text x={CX} y={CY + 39}>{format.share(shown.customers, population)}</text>}
        </g>
      </svg>
      <SaveMenu file="stages" png={() => svgPicture(drawing.current!)}
        rows={() => [['stage', 'customers'], ...stages.map(s => [s.stage, s.customers])]} />
    </figure>
  );
}
