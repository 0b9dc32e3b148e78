/* One stage month by month, with the live model and with the edited one. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Backtest } from '../api';
import { useInfo } from '../info';
import { dayOf } from '../time';
import { Chart } from '../ui/chart';
import { Select } from '../ui/controls';
import { Figure } from '../ui/figure';
import { useChartLook } from '../ui/look';
import { measures, type Measure } from './stagetable';

type Months = Backtest['months'];

/* The stage of which most would have been counted elsewhere. */
function mostChanged(months: Months) {
  const stages = months[0]!.stages.map(s => s.stage);
  const change = stages.map((_, i) => months.reduce((sum, month) => {
    const { old, new: now } = month.stages[i]!;
    return sum + Math.abs((old?.customers ?? 0) - (now?.customers ?? 0));
  }, 0));
  return stages[change.indexOf(Math.max(...change))]!;
}

export default function MonthsChart({ months }: { months: Months }) {
  const { t } = useTranslation();
  const { info, format, colour } = useInfo();
  const [stage, setStage] = useState(() => mostChanged(months));
  const [measure, setMeasure] = useState<Measure>('customers');
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const rows = useMemo(() => months.map(month => {
    const both = month.stages.find(s => s.stage === stage);
    return {
      month: month.month,
      day: dayOf(month.start, info.workspace.timezone),
      old: both?.old?.[measure] ?? null,
      new: both?.new?.[measure] ?? null,
    };
  }), [months, stage, measure, info]);
  /* A stage that the edited model brings has no colour yet. */
  const known = info.lifecycle.stages.some(s => s.name === stage);
  const named = (day: string) => `${format.month(day)} ${format.year(day)}`;
  const shown = (n: number | null) => (n === null ? '–' : format.rounded(n));

  const option = useMemo(() => ({
    grid: { left: 8, right: narrow ? 62 : 80, top: 16, bottom: 8, containLabel: true },
    tooltip: {
      ...look.tooltip, trigger: 'axis',
      formatter: (items: { dataIndex: number }[]) => {
        const row = rows[items[0]!.dataIndex]!;
        return [named(row.day), `${t('difference.old')}  ${shown(row.old)}`,
          `${t('difference.new')}  ${shown(row.new)}`].join('\n');
      },
    },
    xAxis: {
      type: 'category', data: rows.map(row => row.day), boundaryGap: false,
      axisLabel: {
        ...look.dim, hideOverlap: true,
        formatter: (day: string) => (day.slice(5, 7) === '01' ? format.year(day) : format.month(day)),
      },
      axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
    },
    yAxis: {
      type: 'value',
      axisLabel: { ...look.dim, formatter: (n: number) => format.number(n) },
      splitLine: { lineStyle: { color: look.line } },
    },
    series: (['old', 'new'] as const).map(side => ({
      type: 'line', symbol: rows.length > 40 ? 'none' : 'circle', symbolSize: 5, connectNulls: false,
      name: t(`difference.${side}`), color: side === 'old' ? look.faint : known ? colour(stage) : look.text.color,
      lineStyle: { width: 2, type: side === 'old' ? 'dashed' : 'solid' },
      endLabel: { ...look.text, show: true, formatter: '{a}', distance: 6 },
      labelLayout: { moveOverlap: 'shiftY' },
      data: rows.map(row => row[side]),
    })),
  }), [rows, look, narrow, format, stage]);

  const name = format.stage(stage), what = t(`measure.${measure}`);
  return (
    <Figure title={t('months.title')} file={`backtest-${stage}-${measure}`}
      note={t('months.note')}
      controls={
        <>
          <Select label={t('list.stage')} value={stage} onChange={setStage}
            options={months[0]!.stages.map(s => ({ value: s.stage, label: format.stage(s.stage) }))} />
          <Select label={t('months.measure')} value={measure} onChange={m => setMeasure(m as Measure)}
            options={measures.map(value => ({ value, label: t(`measure.${value}`) }))} />
        </>
      }
      rows={() => [['month', 'old', 'new'], ...rows.map(r => [r.month, r.old ?? '', r.new ?? ''])]}
      table={
        <table>
          <thead>
            <tr>
              <th scope="col">{t('months.month')}</th>
              <th scope="col">{t('difference.old')}</th>
              <th scope="col">{t('difference.new')}</th>
            </tr>
          </thead>
          <tbody>
            {rows.toReversed().map(row => (
              <tr key={row.month}>
                <th scope="row">{named(row.day)}</th>
                <td>{shown(row.old)}</td>
                <td>{shown(row.new)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      }
      chart={ref => (
        <Chart ref={ref} option={option} height={narrow ? 240 : 300}
          label={t('months.label', { stage: name, measure: what })} />
      )} />
  );
}
