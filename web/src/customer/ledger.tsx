/* What a customer brought and cost: every sum opens to its lines, and every line leads to where it comes from. */

import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ask, type Customer } from '../api';
import { useInfo } from '../info';
import { customerLink, link } from '../links';
import { addDays } from '../time';
import { Button } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import styles from './ledger.module.css';
import { eventAnchor } from './why';

const SHOWN = 20;     /* lines, before one asks for more */

/* A sum of the ledger, the kind of its lines, and whether it is taken off. */
const sums = [
  { name: 'purchases', kind: 'purchase', off: false },
  { name: 'refunds', kind: 'refund', off: true },
  { name: 'acquisition', kind: 'acquisition', off: true },
  { name: 'keeping', kind: 'keeping', off: true },
  { name: 'support', kind: 'support', off: true },
  { name: 'rewards', kind: 'reward', off: true },
  { name: 'indirect', kind: 'indirect', off: false },
] as const;
type Sum = (typeof sums)[number];

interface Line {
  day: string; kind: Sum['kind']; amount: number;
  event?: string; brought?: string; channel?: string; campaign?: string;
}
interface Ledger {
  all: Record<Sum['name'] | 'margin' | 'net', number>; lines: Line[];
  without_rate: { currency: string; lines: number }[]; too_large: number;
}

/* Of so many events only the newest are shown: an older one stands on the page as it was after its day. */
function useSource(customer: Customer) {
  const { lastDay } = useInfo();
  const then = (id: string, day: string) => customerLink(id, day < lastDay ? addDays(day, 1) : undefined);
  const here = new Set(customer.events.map(event => event.id));
  return (line: Line) => {
    if (line.channel !== undefined)
      return link('/reports/spend', { date: line.day, channel: line.channel, campaign: line.campaign || undefined });
    const anchor = `#${eventAnchor(line.event!)}`;
    if (line.brought !== undefined) return then(line.brought, line.day) + anchor;
    return here.has(line.event!) ? anchor : then(customer.id, line.day) + anchor;
  };
}

function Lines({ lines, customer }: { lines: Line[]; customer: Customer }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [shown, setShown] = useState(SHOWN);
  const source = useSource(customer);
  const said = (line: Line) => line.brought ?? (line.channel !== undefined
    ? [line.channel, line.campaign].filter(Boolean).join(' · ') : format.eventId(line.kind, line.event!));
  return (
    <>
      <ol className={styles.lines}>
        {lines.toReversed().slice(0, shown).map((line, i) => {
          const to = source(line);
          const what = <><span>{format.day(line.day)}</span> <span className={styles.what}>{said(line)}</span></>;
          return (
            <li key={i} data-line={`${line.day} ${line.kind} ${line.amount}`}>
              {to.startsWith('#') ? <a href={to}>{what}</a> : <Link to={to}>{what}</Link>}
              <span>{format.value(line.amount, 'money')}</span>
            </li>
          );
        })}
      </ol>
      {lines.length > shown && <p className={styles.more}><Button onClick={() => setShown(shown + 10 * SHOWN)}>{t('list.more')}</Button></p>}
    </>
  );
}

export function Ledger({ customer }: { customer: Customer }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { id } = customer;
  const query = useQuery({
    queryKey: ['ledger', id, customer.at],
    queryFn: ({ signal }) => ask<Ledger>('/api/ledger', { customer: id, at: customer.at }, signal),
    enabled: !customer.is_account,
  });
  const ledger = query.data;
  if (customer.is_account || (!ledger && !query.error)) return null;
  const of = (kind: Sum['kind']) => ledger!.lines.filter(line => line.kind === kind);
  const signed = (n: number, off: boolean) => format.value(off && n !== 0 ? -n : n, 'money');
  const row = ({ name, kind, off }: Sum) => {
    const lines = of(kind);
    if (lines.length === 0) return null;
    return (
      <li key={name}>
        <details data-sum={name} data-amount={ledger!.all[name]}>
          <summary>
            <span>{t(`ledger.${name}`)} <small>{t('ledger.lines', { count: lines.length, n: format.number(lines.length) })}</small></span>
            <span>{signed(ledger!.all[name], off)}</span>
          </summary>
          <Lines lines={lines} customer={customer} />
        </details>
      </li>
    );
  };
  const sum = (name: 'margin' | 'net') => (
    <li className={styles.sum} data-sum={name} data-amount={ledger!.all[name]}>
      <span title={t(`ledger.what.${name}`)}>{t(`ledger.${name}`)}</span><span>{format.value(ledger!.all[name], 'money')}</span>
    </li>
  );
  return (
    <section aria-labelledby="ledger" data-lines={ledger?.lines.length}>
      <div className={styles.head}>
        <h2 id="ledger">{t('ledger.title')}</h2>
        {ledger && ledger.lines.length > 0 && (
          <SaveMenu file={`ledger-${id}`} rows={() => [
            ['day', 'kind', 'amount', 'event', 'brought', 'channel', 'campaign'],
            ...ledger.lines.map(line => [line.day, line.kind, line.amount, line.event ?? '', line.brought ?? '', line.channel ?? '', line.campaign ?? '']),
          ]} />
        )}
      </div>
      {!ledger ? <p className={styles.note}>{query.error?.message}</p>
        : ledger.lines.length === 0 ? <p className={styles.note}>{t('ledger.none')}</p>
        : <>
            <ul className={styles.sums}>
              {sums.slice(0, 2).map(row)}
              {sum('margin')}
              {sums.slice(2, 6).map(row)}
              {sum('net')}
              {row(sums[6])}
            </ul>
            {of('indirect').length > 0 && <p className={styles.note}>{t('ledger.beside')}</p>}
          </>}
      {ledger && (ledger.without_rate.length > 0 || ledger.too_large > 0) && <p className={styles.note}>{t('ledger.left')}</p>}
      {ledger && ledger.all.purchases > 0 && (
        <p><Link to={link('/reports/value', { customer: id })} className={styles.link}>{t('ledger.ahead')}</Link></p>
      )}
    </section>
  );
}
