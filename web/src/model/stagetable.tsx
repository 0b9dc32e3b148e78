/* Each stage with both models over the whole time that was tried. */

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Backtest, Cell } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import styles from './difference.module.css';

export const measures = ['customers', 'entered', 'left', 'median_days', 'p90_days'] as const;
export type Measure = (typeof measures)[number];

function Live({ to, children }: { to: string | undefined; children: ReactNode }) {
  return to === undefined ? children : <Link to={to}>{children}</Link>;
}

export function StageTable({ result }: { result: Backtest }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  /* The live model's customers can be looked at; those of the edited one are nowhere yet. */
  const listed = (stage: string, measure: Measure) => {
    const from = result.from, at = result.to;
    if (measure === 'customers') return link('/customers', { at, stage });
    if (measure === 'entered') return link('/customers', { at, from, entered: stage });
    return measure === 'left' ? link('/customers', { at, from, left: stage }) : undefined;
  };
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
                  <td key={`${m} old`} className={styles.first}>
                    <Live to={s.old?.[m] ? listed(s.stage, m) : undefined}>{shown(s.old, m)}</Live>
                  </td>,
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
