/* The share of those to whom it has not happened, by how long ago they began; of one group alone with
 * the bounds between which the true share lies. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { dark, light } from '../palette';
import { Chart } from '../ui/chart';
import { Figure } from '../ui/figure';
import { useChartLook } from '../ui/look';
import { useScheme } from '../ui/theme';
import type { Survival, SurvivalPoint } from './answers';

const DAY = 864e5, CURVES = 10; /* so many can be told apart */

export function SurvivalCurves({ answer, named }: { answer: Survival; named: (value: string | null) => string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const scheme = useScheme();
  const groups = answer.groups.slice(0, CURVES);
  const rows = groups[0]!.points;

  const option = useMemo(() => {
    const palette = scheme === 'dark' ? dark : light;
    const line = (points: SurvivalPoint[], of: (point: SurvivalPoint) => number | null) =>
      points.map(point => [point.after_ms / DAY, of(point)]);
    /* The band is what lies between two lines: the lower one, and upon it the distance to the upper. */
    const band = (groups.length > 1 ? [] : [
      line(rows, point => point.low), line(rows, point => (point.high === null || point.low === null ? null : point.high - point.low)),
    ]).map((data, i) => ({
      type: 'line', symbol: 'none', silent: true, stack: 'band', lineStyle: { opacity: 0 }, data,
      areaStyle: { opacity: i ? 0.16 : 0, color: look.accent },
    }));
    return {
      grid: { left: 8, right: groups.length > 1 ? (narrow ? 84 : 130) : 16, top: 16, bottom: narrow ? 20 : 24, containLabel: true },
      tooltip: {
        ...look.tooltip, trigger: 'axis',
        formatter: (items: { dataIndex: number }[]) => {
          const i = items[0]!.dataIndex;
          return [format.span(rows[i]!.after_ms), ...groups.flatMap(group => {
            const point = group.points[i];
            return !point || point.share === null ? [] : [`${named(group.value)}  ${format.percent(point.share)}`
              + (point.low === null || point.high === null ? '' : ` (${format.percent(point.low)} – ${format.percent(point.high)})`)];
          })].join('\n');
        },
      },
      xAxis: {
        type: 'value', min: 0, max: rows.at(-1)!.after_ms / DAY, name: t('survival.days'), nameLocation: 'middle', nameGap: 26, nameTextStyle: look.dim,
        axisLabel: { ...look.dim, showMaxLabel: false, formatter: (n: number) => format.rounded(n) },
        axisLine: { lineStyle: { color: look.line } }, splitLine: { show: false },
      },
      yAxis: {
        type: 'value', min: 0, max: 1,
        axisLabel: { ...look.dim, formatter: (n: number) => format.rate(n) }, splitLine: { lineStyle: { color: look.line } },
      },
      series: [
        ...groups.map((group, i) => ({
          type: 'line', symbol: 'none', name: named(group.value),
          color: groups.length > 1 ? palette[i % palette.length] : look.accent, lineStyle: { width: 2 },
          endLabel: { ...look.text, fontSize: 12, show: groups.length > 1, formatter: () => named(group.value), distance: 6,
            width: narrow ? 76 : 120, overflow: 'truncate' },
          labelLayout: { moveOverlap: 'shiftY' },
          data: line(group.points, point => point.share),
        })),
        ...band,
      ],
    };
  }, [answer, format, narrow, look, scheme]);

  return (
    <Figure title={t('survival.title')} note={t('survival.chartNote')} file="survival"
      rows={() => [
        ['after_ms', ...groups.map(group => named(group.value))],
        ...rows.map((row, i) => [row.after_ms, ...groups.map(group => group.points[i]?.share ?? '')]),
      ]}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{t('survival.after_ms')}</th>
              {groups.map(group => <th key={group.value ?? ''} scope="col">{named(group.value)}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.map((row, i) => (
              <tr key={row.after_ms} data-after={row.after_ms}>
                <th scope="row">{format.span(row.after_ms)}</th>
                {groups.map(group => {
                  const share = group.points[i]?.share ?? null;
                  return <td key={group.value ?? ''} data-share={share ?? ''}>{share === null ? '–' : format.percent(share)}</td>;
                })}
              </tr>
            ))}
          </tbody>
        </table>
      }
      chart={ref => <Chart ref={ref} option={option} height={narrow ? 300 : 380} label={t('survival.chart')} />} />
  );
}
