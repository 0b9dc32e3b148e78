/* What would lead a customer a way that he did not take: time, or events that did not happen.
 * The server has tried each of them. */

import { useTranslation } from 'react-i18next';
import type { WhyNot } from '../api';
import { useInfo } from '../info';
import styles from './customer.module.css';
import { eventAnchor } from './why';

export function Changes({ way }: { way: WhyNot }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <div className={styles.changes}>
      <h3>{t('whyNot.change')}</h3>
      <ul>
        {way.when
          ? <li data-change="time">{t('whyNot.time', { moment: format.moment(way.when) })}</li>
          : way.holds_until &&
            <li>{t('whyNot.trueAt', { moment: format.moment(way.holds_until) })}</li>}
        {way.events.map(({ event, times, like }) => (
          <li key={event} data-change={event}>
            {t('whyNot.event', { count: times, n: format.number(times), event: format.event(event) })}
            {like && (
              <>, {t('whyNot.like')}{' '}
                <a href={`#${eventAnchor(like.id)}`}>{format.eventId(like.type, like.id)}</a>
              </>
            )}
          </li>
        ))}
        {!way.when && !way.holds_until && way.events.length === 0 && <li>{t('whyNot.nothing')}</li>}
      </ul>
    </div>
  );
}
