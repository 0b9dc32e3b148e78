/* One segment's size over time. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { By, Segment } from '../api';
import type { Point } from '../board/trend';
import { useInfo } from '../info';
import { link } from '../links';
import { dayOf } from '../time';
import { Chart } from '../ui/chart';
import { Figure } from '../ui/figure';
import { useChartLook } from '../ui/look';
import { Link } from '../ui/page';

export default function SegmentTrend({ segment, points, by, at }: {
  segment: Segment; points: Point[]; by: By; at: string;
}) {
  const { t } = useTranslation();
  const { info, format, lastDay } = useInfo();
  const [, navigate] = useLocation();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const name = format.segment(segment.name);
  const rows = useMemo(() => points.map(point => ({
    day: dayOf(new Date(point.time).toISOString(), info.workspace.timezone), n: point.n,
  })), [points, info]);
  const membersOn = (day: string) =>
    link('/customers', { at: day === lastDay ? undefined : day, segment: segment.name });

  const option = useMemo(() => ({
    grid: { left: 8, right: 16, top: 16, bottom: 8, containLabel: true },
    tooltip: {
      ...look.tooltip, trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: look.faint } },
      formatter: (items: { dataIndex: number }[]) => {
        const row = rows[items[0]!.dataIndex]!;
        return `${format.day(row.day)}\n${t('list.total', { count: row.n, n: format.number(row.n) })}`;
      },
    },
    xAxis: {
      type: 'time', axisLabel: {
        ...look.dim, hideOverlap: true,
        formatter: (value: number) => {
          const day = new Date(value).toISOString().slice(0, 10);
          return day.endsWith('-01-01') ? format.year(day) : day.endsWith('-01')
            ? format.month(day) : format.day(day).replace(/\s?\d{4}$/, '');
        },
      },
      axisLine: { lineStyle: { color: look.line } }, axisTick: { lineStyle: { color: look.line } },
    },
    yAxis: {
      type: 'value', minInterval: 1,
      axisLabel: { ...look.dim, formatter: (n: number) => format.number(n) },
      splitLine: { lineStyle: { color: look.line } },
    },
    series: [{
      type: 'line', name, symbol: 'none', color: look.accent, lineStyle: { width: 2 },
      areaStyle: { opacity: 0.12 }, emphasis: { disabled: true },
      data: rows.map(row => [Date.parse(row.day), row.n]),
      markLine: {
        symbol: 'none', silent: true, label: { show: false },
        lineStyle: { color: look.text.color, type: 'solid', width: 1 },
        data: [{ xAxis: Date.parse(at.slice(0, 10)) }],
      },
    }],
  }), [rows, name, format, look, at]);

  const open = (x: number) => navigate(membersOn(rows.reduce((best, row) =>
    Math.abs(Date.parse(row.day) - x) < Math.abs(Date.parse(best.day) - x) ? row : best).day));
  return (
    <Figure title={t('segments_page.over')} note={t(`bands.by.${by}`)} file={`segment-${segment.name}`}
      rows={() => [['day', 'customers'], ...rows.map(row => [row.day, row.n])]}
      table={
        <table>
          <thead>
            <tr><th scope="col">{t('bands.day')}</th><th scope="col">{t('bands.all')}</th></tr>
          </thead>
          <tbody>
            {rows.toReversed().map(row => (
              <tr key={row.day}>
                <th scope="row">{format.day(row.day)}</th>
                <td><Link to={membersOn(row.day)}>{format.number(row.n)}</Link></td>
              </tr>
            ))}
          </tbody>
        </table>
      }
      chart={ref => (
        <Chart ref={ref} option={option} height={narrow ? 220 : 260} onPlace={open}
          label={t('segments_page.chart', { segment: name })} />
      )} />
  );
}
