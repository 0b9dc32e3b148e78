/* One customer: where he stands and why, what comes next, and all that happened. */

import { useTranslation } from 'react-i18next';
import { type Acquisition, ApiError, useCustomer } from '../api';
import { DaySlider } from '../dayslider';
import { useInfo } from '../info';
import { link, useAt } from '../links';
import { StageName } from '../stagename';
import { daysBetween, dayOf, isDay } from '../time';
import { Skeleton } from '../ui/controls';
import { Failure, Link, Notice } from '../ui/page';
import styles from './customer.module.css';
import { Events } from './events';
import { Identity } from './identity';
import { Ledger } from './ledger';
import { Lists } from './lists';
import { Moves } from './moves';
import { Next } from './next';
import { Accounts, Members } from './peers';
import { Erased, Rights, useErase } from './rights';
import { Strip } from './strip';
import { Traits } from './traits';

const told: Acquisition[] = ['channel', 'source', 'medium', 'campaign', 'referrer', 'page'];

export default function CustomerPage({ id }: { id: string }) {
  const { t, i18n } = useTranslation();
  const { info, format, lifecycle } = useInfo();
  const { at, asked: askedAt, setAt } = useAt();
  const asked = askedAt ?? undefined;
  const query = useCustomer(id, at, i18n.language, lifecycle);
  const customer = query.data;
  const erase = useErase(id);
  const zone = info.workspace.timezone;
  const day = isDay(at) ? at : dayOf(at, zone);

  if (erase.receipt) return <Erased id={id} receipt={erase.receipt} />;
  if (query.error instanceof ApiError && query.error.code === 'not_found')
    return (
      <Notice title={t('missing.customer', { id })}>
        <p>{t('missing.customerWhat')}</p>
        <p><Link to={link('/customers')} className={styles.link}>{t('missing.customers')}</Link></p>
      </Notice>
    );
  if (query.error && !customer)
    return <Failure error={query.error} retry={() => void query.refetch()} />;
  if (!customer)
    return (
      <div className={styles.waiting} aria-busy="true">
        <Skeleton height={28} width={240} /><Skeleton height={60} /><Skeleton height={300} />
      </div>
    );

  return (
    <>
      <div className={styles.top}>
        <div className={styles.who}>
          <h1>{t('customer.title', { id })}</h1>
          <p className={styles.stage} data-stage={customer.stage ?? ''}>
            {customer.stage === null
              ? t(customer.events_total ? 'customer.notIn' : 'customer.notYet', { day: format.day(day) })
              : <>
              <Link to={link('/customers', { at: asked, stage: customer.stage })}>
                <StageName stage={customer.stage} />
              </Link>
              <span>
                {t('customer.since', {
                  day: format.day(customer.since!),
                  days: format.days(daysBetween(dayOf(customer.since!, zone), day)),
                })}
              </span>
            </>}
          </p>
        </div>
        <DaySlider at={at} onChange={setAt} />
      </div>

      {customer.stays.length > 0 && <Strip stays={customer.stays} at={customer.at} onPick={setAt} />}

      <div className={styles.columns}>
        <aside className={styles.side}>
          {customer.stage !== null && <Next next={customer.next} whyNot={customer.why_not} />}
          <Traits customer={customer} />
          <section aria-labelledby="ids">
            <h2 id="ids">{t('customer.ids')}</h2>
            <dl className={styles.traits}>
              {customer.ids.map(known => (
                <div key={`${known.kind} ${known.id}`}>
                  <dt>{t(`id.${known.kind}`)}</dt>
                  <dd>{known.id}</dd>
                </div>
              ))}
            </dl>
            {info.pseudonymous && <p>{t('list.pseudonyms')}</p>}
            {customer.ids[0] && <Identity of={customer.ids[0]} />}
          </section>
          {customer.is_account && <Members customer={customer} at={asked} />}
          {customer.accounts.length > 0 && <Accounts customer={customer} at={asked} />}
          {customer.acquisition.channel !== null && (
            <section aria-labelledby="acquisition">
              <h2 id="acquisition">{t('customer.acquisition')}</h2>
              <dl className={styles.traits}>
                {told.filter(name => customer.acquisition[name] !== null).map(name => (
                  <div key={name}>
                    <dt>{t(`acquisition.${name}`)}</dt>
                    <dd>{customer.acquisition[name]}</dd>
                  </div>
                ))}
              </dl>
            </section>
          )}
          <section aria-labelledby="segments">
            <h2 id="segments">{t('customer.segments')}</h2>
            {customer.segments.length
              ? <ul className={styles.segments}>
                  {customer.segments.map(name => (
                    <li key={name}>
                      <Link to={link('/customers', { at: asked, segment: name })}>{format.segment(name)}</Link>
                    </li>
                  ))}
                </ul>
              : <p className={styles.note}>{t('customer.noSegments')}</p>}
            {!asked && customer.ids[0] && <Lists customer={customer} of={customer.ids[0]} />}
            {customer.segment_changes.length > 0 && (
              <details className={styles.changes}>
                <summary>{t('customer.changes', { count: customer.segment_changes.length })}</summary>
                <ol reversed>
                  {customer.segment_changes.toReversed().map(one => (
                    <li key={`${one.at} ${one.segment}`} data-entered={one.change}>
                      {t(`customer.change.${one.change}`, { segment: format.segment(one.segment) })}{' '}
                      <time dateTime={one.at}>{format.moment(one.at)}</time>
                    </li>
                  ))}
                </ol>
              </details>
            )}
          </section>
          <Rights id={id} events={customer.events_total} erase={erase} />
        </aside>
        <div className={styles.main}>
          {customer.moves.length > 0 && <Moves moves={customer.moves} />}
          <Ledger customer={customer} />
          <Events key={at} events={customer.events} total={customer.events_total} />
        </div>
      </div>
    </>
  );
}
