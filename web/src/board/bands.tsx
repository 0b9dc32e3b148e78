/* How many customers were in each stage over time, one band a stage. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import type { By, Stock } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { dayOf } from '../time';
import { Chart } from '../ui/chart';
import { Figure } from '../ui/figure';
import { useChartLook } from '../ui/look';
import { Link } from '../ui/page';

export default function Bands({ stocks, by, at, controls }: {
  stocks: Stock[];
  by: By;
  at: string;
  controls: ReactNode;
}) {
  const { t } = useTranslation();
  const { info, format, colour, lastDay } = useInfo();
  const [, navigate] = useLocation();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const stages = info.lifecycle.stages.map(stage => stage.name);

  const rows = useMemo(() => stocks.map(stock => ({
    day: dayOf(stock.end, info.workspace.timezone),
    population: stock.population,
    stages: new Map(stock.stages.map(s => [s.stage, s.customers])),
  })), [stocks, info]);
  const customersAt = (day: string, stage?: string) =>
    link('/customers', { at: day === lastDay ? undefined : day, stage });

  const last = rows[rows.length - 1]?.stages;
  const option = useMemo(() => ({
    grid: { left: 8, right: narrow ? 92 : 120, top: 16, bottom: 8, containLabel: true },
    tooltip: {
      ...look.tooltip, trigger: 'axis',
      axisPointer: { type: 'line', lineStyle: { color: look.faint } },
      /* From the top band to the lowest, as they are drawn. */
      formatter: (items: { seriesName: string; value: [number, number]; marker: string; dataIndex: number }[]) => {
        const row = rows[items[0]!.dataIndex]!;
        const all = t('board.population', { count: row.population, n: format.number(row.population) });
        return [`${format.day(row.day)}: ${all}`,
          ...items.toReversed().filter(item => item.value[1] > 0)
            .map(item => `${item.marker} ${item.seriesName}  ${format.number(item.value[1])}`)].join('\n');
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
      type: 'value',
      axisLabel: { ...look.dim, formatter: (n: number) => format.number(n) },
      splitLine: { lineStyle: { color: look.line } },
    },
    series: stages.map((stage, i) => ({
      type: 'line', stack: 'stock', name: format.stage(stage), symbol: 'none',
      color: colour(stage), lineStyle: { width: 1 }, areaStyle: { opacity: 0.85 },
      emphasis: { disabled: true }, cursor: 'pointer',
      /* The name stands at its band's right end, under the band's upper edge. */
      endLabel: {
        ...look.text, fontSize: narrow ? 11 : 13, show: (last?.get(stage) ?? 0) > 0,
        formatter: '{a}', verticalAlign: 'top', distance: 6,
      },
      labelLayout: { moveOverlap: 'shiftY' },
      data: rows.map(row => [Date.parse(row.day), row.stages.get(stage) ?? 0]),
      markLine: i > 0 ? undefined : {
        symbol: 'none', silent: true, label: { show: false },
        lineStyle: { color: look.text.color, type: 'solid', width: 1 },
        data: [{ xAxis: Date.parse(at.slice(0, 10)) }],
      },
    })),
  }), [rows, info, format, look, narrow, at]);

  /* A click lies in one stage's band, at the nearest period's end. */
  const open = (x: number, y: number) => {
    const row = rows.reduce((best, r) =>
      Math.abs(Date.parse(r.day) - x) < Math.abs(Date.parse(best.day) - x) ? r : best);
    let top = 0;
    for (const stage of stages) {
      top += row.stages.get(stage) ?? 0;
      if (y <= top) return navigate(customersAt(row.day, stage));
    }
  };

  return (
    <Figure title={t('bands.title')} note={t(`bands.by.${by}`)} file="stages" controls={controls}
      rows={() => [
        ['day', 'population', ...stages],
        ...rows.map(r => [r.day, r.population, ...stages.map(s => r.stages.get(s) ?? 0)]),
      ]}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{t('bands.day')}</th>
              <th scope="col">{t('bands.all')}</th>
              {stages.map(s => <th key={s} scope="col">{format.stage(s)}</th>)}
            </tr>
          </thead>
          <tbody>
            {rows.toReversed().map(row => (
              <tr key={row.day}>
                <th scope="row">{format.day(row.day)}</th>
                <td><Link to={customersAt(row.day)}>{format.number(row.population)}</Link></td>
                {stages.map(s => (
                  <td key={s}>
                    <Link to={customersAt(row.day, s)}>{format.number(row.stages.get(s) ?? 0)}</Link>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      }
      chart={ref => (
        <Chart ref={ref} option={option} height={narrow ? 320 : 400} onPlace={open}
          label={t('bands.label', { from: format.day(rows[0]!.day), to: format.day(lastDay) })} />
      )} />
  );
}
