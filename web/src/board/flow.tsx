/* The moves between stages in a period: where customers left on the left, where they went on
 * the right. Two columns, so that the ways back are as easy to draw as the ways on. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { MoveCount } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Chart } from '../ui/chart';
import { Figure } from '../ui/figure';
import { Link } from '../ui/page';
import { useChartLook } from '../ui/look';

function Count({ n, to }: { n: number; to: string | undefined }) {
  const { format } = useInfo();
  return to === undefined ? format.number(n) : <Link to={to}>{format.number(n)}</Link>;
}

/* A node or a flow of the chart, with the page behind it. */
interface Target { href?: string }

export default function Flow({ moves: counted, from, at, linkAt, controls }: {
  moves: MoveCount[];
  from: string | undefined;
  at: string;
  linkAt: string | undefined;
  controls: ReactNode;
}) {
  const { t } = useTranslation();
  const { info, format, colour } = useInfo();
  const [, navigate] = useLocation();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();

  const names = info.lifecycle.stages.map(stage => stage.name);
  const place = (stage: string | null) => (stage === null ? -1 : names.indexOf(stage));
  const moves = useMemo(() => counted.toSorted(
    (a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to)), [counted, info]);
  const sources = [null, ...names].filter(s => moves.some(m => m.from === s));
  const targets = [...names, null].filter(s => moves.some(m => m.to === s));
  const named = (stage: string | null, side: 'from' | 'to') =>
    stage === null && side === 'to' ? t('stage.out') : format.stage(stage);
  const count = (source: string | null, target: string | null) =>
    moves.find(m => m.from === source && m.to === target)?.customers ?? 0;
  const left = (source: string | null) =>
    moves.reduce((sum, m) => sum + (m.from === source ? m.customers : 0), 0);
  const entered = (target: string | null) =>
    moves.reduce((sum, m) => sum + (m.to === target ? m.customers : 0), 0);
  const all = moves.reduce((sum, m) => sum + m.customers, 0);
  const period = { at: linkAt, from };
  /* Who left the lifecycle is not in a list of its customers. */
  const moveLink = (source: string | null, target: string | null) => target === null ? undefined
    : link('/customers', { ...period, move_from: source ?? '', move_to: target });
  const enteredLink = (stage: string | null) => stage === null ? undefined
    : link('/customers', { ...period, entered: stage });
  const leftLink = (stage: string | null) => stage === null
    ? link('/customers', { ...period, move_from: '', move_to: info.lifecycle.start })
    : link('/customers', { ...period, left: stage });

  const height = Math.max(220, 44 * Math.max(sources.length, targets.length) + 40);
  const option = useMemo(() => {
    const node = (side: 'from' | 'to', stage: string | null, n: number, href: string | undefined) => ({
      name: `${side} ${stage ?? ''}`,
      depth: side === 'from' ? 0 : 1,
      href,
      itemStyle: { color: stage === null ? look.faint : colour(stage) },
      label: {
        position: side === 'from' ? 'left' : 'right',
        formatter: side === 'from' ? `${named(stage, side)}  {n|${format.number(n)}}`
          : `{n|${format.number(n)}}  ${named(stage, side)}`,
      },
      text: `${named(stage, side)}: ${t(side === 'from' ? 'flow.left' : 'flow.entered', { count: n, n: format.number(n) })}`,
    });
    const margin = narrow ? 112 : 190;
    return {
      tooltip: {
        ...look.tooltip, trigger: 'item',
        formatter: (item: { data: { text: string } }) => item.data.text,
      },
      series: [{
        type: 'sankey',
        left: margin, right: margin, top: 8, bottom: 8,
        nodeWidth: 10, nodeGap: 14, layoutIterations: 0, draggable: false,
        label: {
          ...look.text, fontSize: narrow ? 11 : 13,
          rich: { n: { ...look.text, fontWeight: 600, fontSize: narrow ? 11 : 13 } },
        },
        lineStyle: { color: 'source', opacity: 0.32, curveness: 0.5 },
        emphasis: { focus: 'adjacency', lineStyle: { opacity: 0.6 } },
        blur: { itemStyle: { opacity: 0.35 }, lineStyle: { opacity: 0.12 }, label: { opacity: 0.45 } },
        nodes: [
          ...sources.map(s => node('from', s, left(s), leftLink(s))),
          ...targets.map(s => node('to', s, entered(s), enteredLink(s))),
        ],
        links: moves.map(m => ({
          source: `from ${m.from ?? ''}`,
          target: `to ${m.to ?? ''}`,
          value: m.customers,
          href: moveLink(m.from, m.to),
          text: `${format.stage(m.from)} → ${named(m.to, 'to')}: ${format.number(m.customers)}`,
        })),
      }],
    };
  }, [moves, info, format, narrow, look, linkAt, from]);

  const since = from === undefined ? t('flow.always', { to: format.day(at) })
    : t('flow.between', { from: format.day(from), to: format.day(at) });
  return (
    <Figure title={t('flow.title')} note={`${since} ${t('flow.moves', { count: all, n: format.number(all) })}`}
      file="flow" controls={controls}
      rows={() => [
        ['from', 'to', 'customers'],
        ...moves.map(m => [m.from ?? '', m.to ?? '', m.customers]),
      ]}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{t('flow.fromTo')}</th>
              {targets.map(s => <th key={s} scope="col">{named(s, 'to')}</th>)}
              <th scope="col">{t('flow.sum')}</th>
            </tr>
          </thead>
          <tbody>
            {sources.map(source => (
              <tr key={source}>
                <th scope="row">{format.stage(source)}</th>
                {targets.map(target => {
                  const n = count(source, target);
                  return (
                    <td key={target}>
                      {n > 0 && <Count n={n} to={moveLink(source, target)} />}
                    </td>
                  );
                })}
                <td><Link to={leftLink(source)}>{format.number(left(source))}</Link></td>
              </tr>
            ))}
            <tr>
              <th scope="row">{t('flow.sum')}</th>
              {targets.map(s => (
                <td key={s}><Count n={entered(s)} to={enteredLink(s)} /></td>
              ))}
              <td>{format.number(all)}</td>
            </tr>
          </tbody>
        </table>
      }
      chart={ref => moves.length === 0
        ? <p>{t('flow.none')}</p>
        : <Chart ref={ref} option={option} height={height} label={t('flow.label', { n: format.number(all) })}
            onPoint={item => {
              const { href } = item as Target;
              if (href) navigate(href);
            }} />} />
  );
}
