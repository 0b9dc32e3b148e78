/* The last moves and events, as they happen. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { customerLink, link } from '../links';
import type { Live } from '../live';
import { useAlerts } from '../reports/saved';
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

/* Alerts that are on, and since when. */
function AlertsOn() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const on = (useAlerts().data ?? []).filter(alert => alert.state.on);
  return (
    <div role="status" data-alerts-on={on.length}>
      {on.length > 0 && (
        <p className={styles.alerts}>
          {t('live.alerts')} {on.map((alert, i) => (
            <span key={alert.name}>
              {i > 0 && ', '}<Link to={link('/reports/views')}>{alert.name}</Link>
              {alert.state.since && ` (${format.moment(alert.state.since)})`}
            </span>
          ))}
        </p>
      )}
    </div>
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
      <AlertsOn />
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
