/* The last moves and events, as they happen. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink } from '../links';
import type { Live } from '../live';
import { StageName } from '../stagename';
import { Link } from '../ui/page';
import styles from './happening.module.css';

function Row({ at, customer, children }: { at: string; customer: string; children: React.ReactNode }) {
  const { format } = useInfo();
  return (
    <li className={styles.row}>
      <time dateTime={at} title={format.moment(at)}>{format.second(at)}</time>
      <Link to={customerLink(customer, undefined)} className={styles.customer}>{customer}</Link>
      <span className={styles.what}>{children}</span>
    </li>
  );
}

export function Happening({ live }: { live: Live }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <section className={styles.happening} aria-labelledby="happening" data-connected={live.connected}>
      <h2 id="happening">
        {t('live.title')}
        <span className={styles.state}>{t(live.connected ? 'live.on' : 'live.off')}</span>
      </h2>
      <div className={styles.lists}>
        <div>
          <h3>{t('live.moves')}</h3>
          {live.moves.length === 0 && <p className={styles.none}>{t('live.noMoves')}</p>}
          <ol>
            {live.moves.map(move => (
              <Row key={move.key} at={move.at} customer={move.customer}>
                {move.from !== null && <><StageName stage={move.from} /> <span aria-label={t('customer.to')}>→</span> </>}
                {move.to === null ? t('stage.out') : <StageName stage={move.to} />}
              </Row>
            ))}
          </ol>
        </div>
        <div>
          <h3>{t('live.events')}</h3>
          {live.events.length === 0 && <p className={styles.none}>{t('live.noEvents')}</p>}
          <ol>
            {live.events.map(event => (
              <Row key={event.key} at={event.at} customer={event.customer}>{format.event(event.type)}</Row>
            ))}
          </ol>
        </div>
      </div>
    </section>
  );
}
