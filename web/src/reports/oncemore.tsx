/* Of those for whom it came so many times: for how many it came once more, and how sure that is. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Button } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import type { OnceMore } from './answers';
import styles from './oncemore.module.css';

const SHOWN = 8;

export function OnceMoreTable({ again }: { again: OnceMore[] }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [all, setAll] = useState(false);
  const percent = (share: number) => `${share * 100}%`;
  return (
    <section className={styles.section} aria-labelledby="again">
      <div className={styles.head}>
        <div>
          <h2 id="again">{t('onceMore.title')}</h2>
          <p className={styles.note}>{t('onceMore.note')}</p>
        </div>
        <SaveMenu file="once-more" rows={() => [
          ['times', 'customers', 'once more', 'share', 'low', 'high'],
          ...again.map(one => [one.times, one.customers, one.once_more, one.share, one.low, one.high]),
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="again">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('onceMore.times')}</th>
              <th scope="col">{t('onceMore.customers')}</th>
              <th scope="col">{t('onceMore.more')}</th>
              <th scope="col">{t('onceMore.share')}</th>
              <th scope="col" className={styles.wide}>{t('report.interval')}</th>
              <th scope="col" className={styles.bars} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {again.slice(0, all ? undefined : SHOWN).map(one => (
              <tr key={one.times} data-times={one.times} data-share={one.share}>
                <th scope="row">{format.number(one.times)}</th>
                <td>{format.number(one.customers)}</td>
                <td>{format.number(one.once_more)}</td>
                <td className={styles.share}>{format.percent(one.share)}</td>
                <td className={styles.wide}>{format.percent(one.low)} – {format.percent(one.high)}</td>
                <td className={styles.bars} aria-hidden="true">
                  <div className={styles.track}>
                    <i style={{ left: percent(one.low), width: percent(one.high - one.low) }} />
                    <b style={{ left: percent(one.share) }} />
                  </div>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {again.length > SHOWN && (
        <div><Button onClick={() => setAll(!all)}>
          {all ? t('onceMore.fewer') : t('onceMore.all', { n: format.number(again.length) })}
        </Button></div>
      )}
    </section>
  );
}
