/* The ways as a flow: a column for each step, who goes from where to where between them. */

import { useMediaQuery } from '@mantine/hooks';
import { useCallback, useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useInfo } from '../info';
import { dark, light } from '../palette';
import { Chart } from '../ui/chart';
import { Figure } from '../ui/figure';
import { Link } from '../ui/page';
import { useChartLook } from '../ui/look';
import { useScheme } from '../ui/theme';
import type { PathNode, Paths } from './answers';
import { useHere } from './here';
import styles from './paths.module.css';
import { BETWEEN, useStepName, type PathsQuestion } from './paths';

export function PathFlow({ q, answer, controls }: { q: PathsQuestion; answer: Paths; controls: ReactNode }) {
  const { t } = useTranslation();
  const { format, colour } = useInfo();
  const [, navigate] = useLocation();
  const here = useHere();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const scheme = useScheme();
  const name = useStepName(q.through);
  const { nodes, links } = answer;
  const backwards = answer.direction === 'backwards';
  const columns = nodes.reduce((n, node) => Math.max(n, node.step), 0);
  const inColumn = (step: number) => nodes.filter(node => node.step === step).length;
  const most = Math.max(...Array.from({ length: columns }, (_, i) => inColumn(i + 1)));

  /* Who stands at a node, or goes over a link; nobody can be asked for who is at an end. */
  const nodeLink = (node: PathNode) => node.kind === 'end' ? undefined
    : here({ customers: node.name, step: String(node.step) });
  const linkLink = (link: Paths['links'][number]) => here({
    customers: `${nodes[link.from]!.name}${BETWEEN}${nodes[link.to]!.name}`, step: String(link.step),
  });
  const counted = (n: number) => t('paths.counted', { count: n, n: format.number(n) });
  const linkText = (link: Paths['links'][number]) =>
    `${name(nodes[link.from]!.name)} → ${name(nodes[link.to]!.name)}: ${counted(link.ways)}`;

  const option = useMemo(() => {
    const palette = scheme === 'dark' ? dark : light;
    const names = [...new Set(nodes.filter(node => node.kind === 'step').map(node => node.name))];
    const tint = (node: PathNode) => node.kind !== 'step' ? look.line
      : q.through === 'stage' ? colour(node.name) : palette[names.indexOf(node.name) % palette.length]!;
    return {
      tooltip: {
        ...look.tooltip, trigger: 'item',
        formatter: (item: { data: { text: string } }) => item.data.text,
      },
      series: [{
        type: 'sankey', left: 4, right: narrow ? 96 : 132, top: 8, bottom: 8,
        nodeWidth: 10, nodeGap: 12, layoutIterations: 16, draggable: false,
        label: { ...look.text, fontSize: narrow ? 11 : 12.5, width: narrow ? 92 : 128, overflow: 'truncate' },
        lineStyle: { color: backwards ? 'target' : 'source', opacity: 0.28, curveness: 0.5 },
        emphasis: { focus: 'adjacency', lineStyle: { opacity: 0.6 } },
        blur: { itemStyle: { opacity: 0.35 }, lineStyle: { opacity: 0.1 }, label: { opacity: 0.45 } },
        nodes: nodes.map((node, i) => ({
          name: String(i), depth: backwards ? columns - node.step : node.step - 1,
          itemStyle: { color: tint(node) },
          label: {
            color: node.kind === 'step' ? look.text.color : look.dim.color,
            formatter: () => `${format.number(node.ways)}  ${name(node.name)}`,
          },
          href: nodeLink(node), text: `${name(node.name)}: ${counted(node.ways)}`,
        })),
        links: links.map(link => ({
          source: String(link.from), target: String(link.to), value: link.ways,
          href: linkLink(link), text: linkText(link),
        })),
      }],
    };
  }, [answer, format, narrow, look, scheme, location.search]);

  /* What ends with an event begins to be read there. */
  const toAnchor = useCallback((wide: HTMLElement | null) => {
    if (wide && backwards) wide.scrollLeft = wide.scrollWidth;
  }, [backwards]);
  const height = Math.max(260, Math.min(45 * most, 900) + 24);
  return (
    <Figure title={t('paths.title', { count: answer.ways, n: format.number(answer.ways) })}
      note={answer.customers === null ? undefined
        : t('list.total', { count: answer.customers, n: format.number(answer.customers) })}
      file="paths" controls={controls}
      rows={() => [
        ['step', 'from', 'to', 'ways', 'customers'],
        ...links.map(link => [link.step, nodes[link.from]!.name, nodes[link.to]!.name, link.ways, link.customers ?? '']),
      ]}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{t('paths.step')}</th>
              <th scope="col">{t('paths.from')}</th>
              <th scope="col">{t('paths.to')}</th>
              <th scope="col">{t('paths.times')}</th>
            </tr>
          </thead>
          <tbody>
            {links.map((link, i) => (
              <tr key={i} data-link={`${link.step} ${nodes[link.from]!.name}${BETWEEN}${nodes[link.to]!.name}`}
                data-ways={link.ways}>
                <th scope="row">{format.number(link.step)}</th>
                <td>{name(nodes[link.from]!.name)}</td>
                <td>{name(nodes[link.to]!.name)}</td>
                <td><Link to={linkLink(link)}>{format.number(link.ways)}</Link></td>
              </tr>
            ))}
          </tbody>
        </table>
      }
      chart={ref => (
        <div ref={toAnchor} className={styles.wide} tabIndex={0} role="region" aria-label={t('paths.chart')}>
          <div style={{ minWidth: columns * (narrow ? 118 : 140) + 100 }}>
            <Chart ref={ref} option={option} height={height} label={t('paths.chart')}
              onPoint={item => {
                const { href } = item as { href?: string };
                if (href) navigate(href);
              }} />
          </div>
        </div>
      )} />
  );
}
