/* One stage month by month, with the live model and with the edited one. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Backtest, Cell, Figure as Counted } from '../api';
import { useFigure } from '../board/figures';
import { useInfo } from '../info';
import { dayOf } from '../time';
import { Chart } from '../ui/chart';
import { Select } from '../ui/controls';
import { Figure } from '../ui/figure';
import { useChartLook } from '../ui/look';
import { keyOf, pairsOf } from './pairs';
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

/* The stage's count or figure, by its name here. */
function figureIn(cell: Cell | null, measure: string): Counted | null {
  if (!cell) return null;
  if ((measures as readonly string[]).includes(measure))
    return { unit: 'number', value: cell[measure as Measure], of: 0 };
  return measure === 'target' ? cell.target
    : cell.kpis.find(kpi => `kpi ${kpi.name}` === measure) ?? null;
}

export default function MonthsChart({ months }: { months: Months }) {
  const { t } = useTranslation();
  const { info, format, colour } = useInfo();
  const [stage, setStage] = useState(() => mostChanged(months));
  const [wanted, setMeasure] = useState<string>('customers');
  const figure = useFigure();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  /* Every month has the same stages with the same figures. */
  const choices = useMemo(() => [
    ...measures.map(value => ({ value: value as string, label: t(`measure.${value}`) })),
    ...pairsOf(months[0]!.stages.find(s => s.stage === stage)!).map(pair => ({
      value: keyOf(pair), label: pair.kind === 'target' ? t('months.target') : format.kpi(pair.name),
    })),
  ], [months, stage, format, t]);
  const measure = choices.some(choice => choice.value === wanted) ? wanted : 'customers';
  const rows = useMemo(() => months.map(month => {
    const both = month.stages.find(s => s.stage === stage)!;
    const old = figureIn(both.old, measure), now = figureIn(both.new, measure);
    return {
      month: month.month,
      day: dayOf(month.start, info.workspace.timezone),
      unit: (old ?? now)?.unit ?? 'number' as const,
      old: old?.value ?? null,
      new: now?.value ?? null,
    };
  }), [months, stage, measure, info]);
  const unit = rows[0]!.unit;
  /* A stage that the edited model brings has no colour yet. */
  const known = info.lifecycle.stages.some(s => s.name === stage);
  const named = (day: string) => `${format.month(day)} ${format.year(day)}`;
  const shown = (n: number | null) => figure({ unit, value: n, of: 0 });

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
      axisLabel: { ...look.dim, formatter: shown },
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
  }), [rows, unit, look, narrow, format, stage]);

  const name = format.stage(stage), what = choices.find(choice => choice.value === measure)!.label;
  return (
    <Figure title={t('months.title')} file={`backtest-${stage}-${measure}`}
      note={t('months.note')}
      controls={
        <>
          <Select label={t('list.stage')} value={stage} onChange={setStage}
            options={months[0]!.stages.map(s => ({ value: s.stage, label: format.stage(s.stage) }))} />
          <Select label={t('months.measure')} value={measure} onChange={setMeasure} options={choices} />
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
