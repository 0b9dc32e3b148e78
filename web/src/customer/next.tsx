/* What comes next: by time alone, and every way out of the present stage. */

import { useTranslation } from 'react-i18next';
import type { Customer } from '../api';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import styles from './customer.module.css';
import { Why } from './why';
import { Changes } from './whynot';

export function Next({ next, whyNot }: { next: Customer['next']; whyNot: Customer['why_not'] }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <section aria-labelledby="next">
      <h2 id="next">{t('next.title')}</h2>
      <p className={styles.byTime} data-next={next.to ?? ''}>
        {next.to !== null && next.at !== null
          ? <>{t('next.byTime', { moment: format.moment(next.at) })} <StageName stage={next.to} /></>
          : t('next.never')}
      </p>
      {next.moves.length === 0
        ? <p className={styles.note}>{t('next.none')}</p>
        : <ul className={styles.ways}>
            {next.moves.map((way, i) => (
              <li key={i}>
                <details className={styles.why}>
                  <summary>
                    <span className={styles.change}>→ <StageName stage={way.to} /></span>
                    <span className={styles.words}>{way.words}</span>
                    {way.at && <span className={styles.words}>{t('next.at', { moment: format.moment(way.at) })}</span>}
                    <span className={styles.ask}>{t('next.ask')}</span>
                  </summary>
                  <code>{way.rule}</code>
                  <Why terms={way.why} keeps />
                  <Changes way={whyNot[i]!} />
                </details>
              </li>
            ))}
          </ul>}
    </section>
  );
}
