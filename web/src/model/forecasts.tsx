/* What each model's forecasts were worth: of those it names, how many it was true of; of those it
 * was true of, how many it had named. */

import { useTranslation } from 'react-i18next';
import type { Forecast, Share } from '../api';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import styles from './difference.module.css';

const sides = ['old', 'new'] as const;
const rates = ['precision', 'recall'] as const;

export function Forecasts({ forecasts }: { forecasts: Forecast[] }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const shown = (share: Share | undefined) => (!share || share.share === null ? '–'
    : t('forecast.share', {
        share: format.share(share.hits, share.of), hits: format.number(share.hits), of: format.number(share.of),
      }));
  return (
    <section aria-labelledby="forecasts">
      <div className={styles.titled}>
        <h3 id="forecasts">{t('forecast.title')}</h3>
        <SaveMenu file="backtest-forecasts" rows={() => [
          ['stage', 'that', 'within', ...rates.flatMap(r => sides.flatMap(s => [`${r} ${s} hits`, `${r} ${s} of`]))],
          ...forecasts.map(f => [
            f.stage, f.that, f.within,
            ...rates.flatMap(r => sides.flatMap(s => [f[s]?.[r].hits ?? '', f[s]?.[r].of ?? ''])),
          ]),
        ]} />
      </div>
      <p className={styles.note}>{t('forecast.what')}</p>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="forecasts">
        <table className={styles.table}>
          <thead>
            <tr className={styles.groups}>
              <td colSpan={2} />
              {rates.map(r => <th key={r} scope="colgroup" colSpan={2}>{t(`forecast.${r}`)}</th>)}
            </tr>
            <tr>
              <th scope="col">{t('list.stage')}</th>
              <th scope="col" className={styles.left}>{t('forecast.that')}</th>
              {rates.flatMap(r => sides.map(s => <th key={r + s} scope="col">{t(`difference.${s}`)}</th>))}
            </tr>
          </thead>
          <tbody>
            {forecasts.map((f, i) => (
              <tr key={i}>
                <th scope="row"><StageName stage={f.stage} /></th>
                <td className={styles.left}><code>{f.that}</code> {t('forecast.within', { length: format.length(f.within) })}</td>
                {rates.flatMap(r => sides.map(s => <td key={r + s}>{shown(f[s]?.[r])}</td>))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
