/* What was expected of each tenth of the customers, and what came, a customer. */

import { useMediaQuery } from '@mantine/hooks';
import { useMemo, type Ref } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Chart, type Picture } from '../ui/chart';
import { useChartLook } from '../ui/look';
import type { Tenth } from './value';

export function CalibrationChart({ tenths, ref }: { tenths: Tenth[]; ref: Ref<Picture> }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const narrow = useMediaQuery('(max-width: 640px)');
  const look = useChartLook();
  const option = useMemo(() => {
    const each = (of: (tenth: Tenth) => number) => tenths.map(tenth => (tenth.customers ? of(tenth) / tenth.customers : 0));
    const expectedOf = each(tenth => tenth.expected_purchases), cameOf = each(tenth => tenth.purchases ?? 0);
    const upper = (cameOf.at(-1) ?? 0) >= (expectedOf.at(-1) ?? 0);
    const line = (name: string, data: number[], expected: boolean) => ({
      type: 'line', name, data, symbol: 'circle', symbolSize: 7, color: expected ? look.faint : look.accent,
      lineStyle: { width: 2, type: expected ? 'dashed' : 'solid' },
      endLabel: { ...look.text, show: true, formatter: name, distance: 8, offset: [0, expected === upper ? 9 : -9] },
    });
    return {
      grid: { left: 8, right: narrow ? 80 : 110, top: 16, bottom: 28, containLabel: true },
      tooltip: {
        ...look.tooltip, trigger: 'axis',
        formatter: (items: { dataIndex: number }[]) => {
          const i = items[0]!.dataIndex, tenth = tenths[i]!;
          return [t('worth.nth', { n: i + 1 }), `${t('worth.expected')}  ${format.rounded(tenth.expected_purchases)}`,
            `${t('worth.came')}  ${format.number(tenth.purchases ?? 0)}`].join('\n');
        },
      },
      xAxis: {
        type: 'category', data: tenths.map((_, i) => String(i + 1)), name: t('worth.axis'), nameLocation: 'middle', nameGap: 26,
        nameTextStyle: look.dim, axisLabel: look.dim, axisLine: { lineStyle: { color: look.line } }, axisTick: { show: false },
      },
      yAxis: {
        type: 'value', min: 0, axisLabel: { ...look.dim, formatter: (n: number) => format.rounded(n) },
        splitLine: { lineStyle: { color: look.line } },
      },
      series: [
        line(t('worth.expected'), expectedOf, true),
        line(t('worth.came'), cameOf, false),
      ],
    };
  }, [tenths, format, narrow, look, t]);
  return <Chart ref={ref} option={option} height={narrow ? 260 : 320} label={t('worth.chart')} />;
}
