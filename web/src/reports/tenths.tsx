/* Numbers of each tenth of the customers: a line of what is, beside a dashed one of what it is held against. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Chart, type Picture } from '../ui/chart';
import { useChartLook } from '../ui/look';

export interface Line { name: string; data: (number | null)[] }

export function TenthsChart({ is, beside, written, axis, label, ref }: {
  is: Line; beside: Line; written: (n: number) => string; axis: string; label: string; ref: Ref<Picture>;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const option = useMemo(() => {
    const upper = (is.data.at(-1) ?? 0) >= (beside.data.at(-1) ?? 0);
    const line = ({ name, data }: Line, dashed: boolean) => ({
      type: 'line', name, data, symbol: 'circle', symbolSize: 7, color: dashed ? look.faint : look.accent,
      lineStyle: { width: 2, type: dashed ? 'dashed' : 'solid' },
      endLabel: {
        ...look.text, show: true, formatter: name, distance: 8, offset: [0, dashed === upper ? 9 : -9],
        width: narrow ? 72 : 130, overflow: 'break', lineHeight: 15,
      },
    });
    return {
      grid: { left: 8, right: narrow ? 80 : 140, top: 16, bottom: 28, containLabel: true },
      tooltip: {
        ...look.tooltip, trigger: 'axis',
        formatter: (items: { dataIndex: number }[]) => {
          const i = items[0]!.dataIndex;
          return [t('tenths.nth', { n: i + 1 }), ...[beside, is].map(({ name, data }) =>
            `${name}  ${typeof data[i] === 'number' ? written(data[i]) : '–'}`)].join('\n');
        },
      },
      xAxis: {
        type: 'category', data: is.data.map((_, i) => String(i + 1)), name: axis, nameLocation: 'middle', nameGap: 26,
        nameTextStyle: look.dim, axisLabel: look.dim, axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
      },
      yAxis: {
        type: 'value', min: 0, axisLabel: { ...look.dim, formatter: written }, splitLine: { lineStyle: { color: look.line } },
      },
      series: [line(beside, true), line(is, false)],
    };
  }, [JSON.stringify([is, beside]), axis, format, narrow, look, t]);
  return <Chart ref={ref} option={option} height={narrow ? 260 : 320} label={label} />;
}
