/* How far customers get, one bar a step: whoever got there, of those at the first step. */

import { useElementSize } from '@mantine/hooks';
import { useImperativeHandle, useRef, type MouseEvent, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import type { Picture } from '../ui/chart';
import { svgPicture } from '../ui/svgpicture';
import type { Funnel } from './ask';
import styles from './funnel.module.css';

const ROW = 72, BAR = 18, LETTER = 7.6;      /* pixels */

/* As much as there is room for. */
const cut = (text: string, width: number) => {
  const letters = [...text], most = Math.max(4, Math.floor(width / LETTER));
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : text;
};

export function FunnelBars({ funnel, name, hrefOf, onOpen, ref }: {
  funnel: Funnel;
  name: (step: string) => string;
  hrefOf: (who: string) => string;
  onOpen: (who: string) => void;
  ref: Ref<Picture>;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { ref: box, width: measured } = useElementSize();
  const svg = useRef<SVGSVGElement>(null);
  useImperativeHandle(ref, () => ({ png: () => svgPicture(svg.current!) }), []);
  const width = Math.max(280, Math.round(measured));
  const { steps } = funnel;
  const first = steps[0]!.customers;
  const height = steps.length * ROW - 28;
  const open = (who: string) => (event: MouseEvent) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    onOpen(who);
  };
  return (
    <div ref={box} className={styles.bars}>
      {measured > 0 && (
        <svg ref={svg} viewBox={`0 0 ${width} ${height}`} width={width} height={height} role="group"
          aria-label={t('funnel.chart')}>
          {steps.map((step, i) => {
            const before = i ? steps[i - 1]!.customers : 0;
            const top = i * ROW, length = first ? (step.customers / first) * width : 0;
            const reached = `reached:${i + 1}`, stopped = `stopped:${i}`;
            const share = i ? format.share(step.customers, first) : '';
            const text = `${i + 1}  ${name(step.step)}`;
            const shown = [format.number(step.customers), share].filter(Boolean).join(' · ');
            return (
              <g key={i}>
                <title>{name(step.step)}</title>
                <text x={0} y={top + 14} fontWeight={500}>{cut(text, width - 150)}</text>
                <a href={hrefOf(reached)} onClick={open(reached)} data-reached={step.customers}
                  aria-label={`${shown}, ${name(step.step)}`}>
                  <rect x={0} y={top} width={width} height={21 + BAR} fill="transparent" />
                  <text x={width} y={top + 14} textAnchor="end" fontWeight={500}>
                    {shown}
                  </text>
                  <rect x={0} y={top + 21} width={width} height={BAR} fill="var(--paper-3)" />
                  <rect x={0} y={top + 21} width={length} height={BAR} fill="var(--accent)" />
                </a>
                {i + 1 < steps.length && (
                  <text x={0} y={top + 55} fontSize={12} fill="var(--ink-2)">
                    {[
                      t('funnel.goOn', { share: format.share(steps[i + 1]!.customers, step.customers) }),
                      steps[i + 1]!.median_ms === null || width < 480 ? ''
                        : t('funnel.tookBoth', { median: format.span(steps[i + 1]!.median_ms!), p90: format.span(steps[i + 1]!.p90_ms!) }),
                    ].filter(Boolean).join(' · ')}
                  </text>
                )}
                {i > 0 && before - step.customers > 0 && (
                  <a href={hrefOf(stopped)} onClick={open(stopped)}>
                    <text x={width} y={top - 17} fontSize={12} fill="var(--ink-2)" textAnchor="end">
                      {t('funnel.stoppedHere', { count: before - step.customers, n: format.number(before - step.customers) })}
                    </text>
                  </a>
                )}
              </g>
            );
          })}
        </svg>
      )}
    </div>
  );
}
