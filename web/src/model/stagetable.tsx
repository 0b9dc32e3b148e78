/* Each stage with both models over the whole time that was tried. */

import { useTranslation } from 'react-i18next';
import type { Backtest, Cell } from '../api';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import styles from './difference.module.css';

export const measures = ['customers', 'entered', 'left', 'median_days', 'p90_days'] as const;
export type Measure = (typeof measures)[number];

export function StageTable({ result }: { result: Backtest }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const shown = (cell: Cell | null, measure: Measure) => {
    const n = cell?.[measure];
    return n === null || n === undefined ? '–' : format.rounded(n);
  };
  return (
    <section aria-labelledby="perStage">
      <div className={styles.titled}>
        <h3 id="perStage">{t('difference.perStage')}</h3>
        <SaveMenu file="backtest-stages" rows={() => [
          ['stage', ...measures.flatMap(m => [`${m} old`, `${m} new`])],
          ...result.stages.map(s => [
            s.stage, ...measures.flatMap(m => [s.old?.[m] ?? '', s.new?.[m] ?? '']),
          ]),
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="perStage">
        <table className={styles.table}>
          <thead>
            <tr className={styles.groups}>
              <td />
              {measures.map(m => <th key={m} scope="colgroup" colSpan={2}>{t(`measure.${m}`)}</th>)}
            </tr>
            <tr>
              <th scope="col">{t('list.stage')}</th>
              {measures.flatMap(m => [
                <th key={`${m} old`} scope="col" className={styles.first}>{t('difference.old')}</th>,
                <th key={`${m} new`} scope="col">{t('difference.new')}</th>,
              ])}
            </tr>
          </thead>
          <tbody>
            {result.stages.map(s => (
              <tr key={s.stage}>
                <th scope="row"><StageName stage={s.stage} /></th>
                {measures.flatMap(m => [
                  <td key={`${m} old`} className={styles.first}>{shown(s.old, m)}</td>,
                  <td key={`${m} new`} data-differs={shown(s.old, m) !== shown(s.new, m) || undefined}>
                    {shown(s.new, m)}
                  </td>,
                ])}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
