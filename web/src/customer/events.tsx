/* What happened, newest first, a group for each day. */

import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CustomerEvent } from '../api';
import { useInfo } from '../info';
import { dayOf } from '../time';
import { customerLink } from '../links';
import { Button } from '../ui/controls';
import { Link } from '../ui/page';
import styles from './customer.module.css';
import { peerText } from './peers';
import { eventAnchor } from './why';

const STEP = 100;    /* events shown at first, and with each further step */
const ITEMS = 4;     /* of a list, before it is opened */

function List({ items }: { items: unknown[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState(false);
  const shown = open ? items : items.slice(0, ITEMS);
  return (
    <>
      {shown.map(String).join(', ')}
      {items.length > ITEMS && (
        <button type="button" className={styles.more} aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? t('events.fewer') : t('events.all', { count: items.length, n: items.length })}
        </button>
      )}
    </>
  );
}

function Facts({ facts, types, event }: {
  facts: Record<string, unknown>; types?: Record<string, string>; event?: string;
}) {
  const { format } = useInfo();
  return (
    <>
      {Object.entries(facts).map(([name, value]) => (
        <div key={name}>
          <dt>{format.fact(name, event)}</dt>
          <dd>{Array.isArray(value) ? <List items={value} /> : format.value(value, types?.[name])}</dd>
        </div>
      ))}
    </>
  );
}

/* Each event's traits that are news: an import repeats them with every order. */
function newTraits(events: CustomerEvent[]) {
  const known = new Map<string, string>();
  return new Map(events.toReversed().map(event => [event.id, Object.fromEntries(
    Object.entries(event.traits).filter(([name, value]) => {
      const text = JSON.stringify(value), news = known.get(name) !== text;
      known.set(name, text);
      return news;
    }))]));
}

export function Events({ events, total }: { events: CustomerEvent[]; total: number }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const [shown, setShown] = useState(STEP);

  /* A link to an event that stands further down shows all of them. */
  useEffect(() => {
    const follow = () => {
      const anchor = location.hash.slice(1);
      const place = events.findIndex(event => eventAnchor(event.id) === anchor);
      if (place >= STEP) setShown(events.length);
      if (place >= 0)
        requestAnimationFrame(() => document.getElementById(anchor)?.scrollIntoView({ block: 'center' }));
    };
    follow();
    window.addEventListener('hashchange', follow);
    return () => window.removeEventListener('hashchange', follow);
  }, [events]);

  const traits = useMemo(() => newTraits(events), [events]);
  const days = new Map<string, CustomerEvent[]>();
  for (const event of events.slice(0, shown)) {
    const day = dayOf(event.at, info.workspace.timezone);
    days.set(day, [...(days.get(day) ?? []), event]);
  }
  return (
    <section aria-labelledby="events">
      <h2 id="events">{t('events.title', { count: total, n: format.number(total) })}</h2>
      {[...days].map(([day, events]) => (
        <div key={day} className={styles.day}>
          <h3>{format.longDay(day)}</h3>
          <ol>
            {events.map(event => (
              <li key={event.id} id={eventAnchor(event.id)} className={styles.event}>
                <time dateTime={event.at}>{format.time(event.at)}</time>
                <div>
                  <p>
                    <b>{format.event(event.type)}</b>{' '}
                    <span className={styles.eventId}>{format.eventId(event.type, event.id)}</span>
                    {event.member && (
                      <Link to={customerLink(peerText(event.member), undefined)} className={styles.eventId}>
                        {event.member.id}
                      </Link>
                    )}
                    {event.channel && <span className={styles.eventId}>{event.channel}</span>}
                  </p>
                  <dl>
                    <Facts facts={event.properties} types={info.properties[event.type]} event={event.type} />
                    <Facts facts={traits.get(event.id)!} />
                  </dl>
                </div>
              </li>
            ))}
          </ol>
        </div>
      ))}
      {events.length > shown && (
        <Button onClick={() => setShown(shown + STEP)}>{t('events.more')}</Button>
      )}
      {events.length <= shown && total > events.length && (
        <p className={styles.note}>{t('events.newest', { n: format.number(events.length) })}</p>
      )}
    </section>
  );
}
