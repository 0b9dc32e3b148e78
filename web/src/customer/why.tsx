/* Why a rule is true or not: each of its terms with its value and the events that made it.
 * The words of a rule's only term are those of the rule, which stand above. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Term } from '../api';
import { useInfo } from '../info';
import { Check, Cross } from '../ui/icons';
import styles from './why.module.css';

const SHOWN = 5;     /* events, before one asks for all */

function TermRow({ term, alone, keeps }: { term: Term; alone: boolean; keeps: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [all, setAll] = useState(false);
  const events = all ? term.events : term.events.slice(0, SHOWN);
  const hidden = term.events_total - events.length;
  const earlier = t('why.earlier', { count: hidden, n: format.number(hidden) });
  return (
    <li className={styles.term}>
      <span className={styles.truth} data-truth={term.truth} role="img"
        aria-label={t(term.truth ? 'why.true' : 'why.false')}>
        {term.truth ? <Check /> : <Cross />}
      </span>
      <div>
        {!alone && (
          <p>
            {term.words}
            {keeps && term.decides && <span className={styles.decides}>{t('whyNot.decides')}</span>}
          </p>
        )}
        <p className={styles.value}>
          <code>{term.term}</code> = <b>{term.value ?? t('why.missing')}</b>
        </p>
        {events.length > 0 && (
          <ul className={styles.events} aria-label={t('why.events')}>
            {events.map(event => (
              <li key={event.id}>
                <a href={`#${eventAnchor(event.id)}`}>
                  {format.event(event.type)} {format.eventId(event.type, event.id)}
                </a>
                <span>{format.moment(event.at)}</span>
              </li>
            ))}
            {hidden > 0 && (
              <li>
                {events.length < term.events.length
                  ? <button type="button" onClick={() => setAll(true)}>{earlier}</button>
                  : earlier}
              </li>
            )}
          </ul>
        )}
        {term.holds_until && (
          <p className={styles.value}>{t('why.until', { moment: format.moment(term.holds_until) })}</p>
        )}
      </div>
    </li>
  );
}

/* Where an event stands on the page. */
export const eventAnchor = (id: string) => `event-${encodeURIComponent(id)}`;

/* With `keeps`, the terms that keep the customer where he is are said to do so. */
export function Why({ terms, keeps = false }: { terms: Term[]; keeps?: boolean }) {
  return (
    <ul className={styles.terms}>
      {terms.map((term, i) => <TermRow key={i} term={term} alone={terms.length === 1} keeps={keeps} />)}
    </ul>
  );
}
