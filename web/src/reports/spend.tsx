/* What channels cost: a table of it is told here, first looked at, then taken in; and what stands. */

import { keepPreviousData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ask, send, type ApiError } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { isDay } from '../time';
import { Button, Field, Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import heat from './heat.module.css';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import { useQuestion } from './question';
import { useMayEdit } from './saved';
import forms from './views.module.css';

const TABLE_MAX = 8 << 20;       /* bytes: larger ones are for the command line */
const columns = ['date', 'channel', 'campaign', 'amount', 'currency'] as const;
const dates = { '': '2026-01-31', '%d/%m/%Y': '31/01/2026', '%d.%m.%Y': '31.01.2026', '%m/%d/%Y': '01/31/2026', '%Y/%m/%d': '2026/01/31' };
const reasons: Record<string, string> = {
  'it is no CSV': 'csv',
  'it has not as many fields as the file has columns': 'fields',
  'its date is none of the format': 'date',
  'it names no channel': 'channel',
  'a name is longer than 200 bytes or holds a control character': 'name',
  'its amount is no number': 'amount',
  "it is in another currency than the workspace's, without a rate of its day": 'currency',
  "the day's sum is too large": 'large',
};

interface Spent { amount: number; currency: string; channel: string | null }
interface Spend {
  statements: number;
  channels: (Spent & { statements: number; first: string; last: string })[];
  days: (Spent & { date: string; campaign: string | null; source: string | null })[];
  next: number | null;
}
interface Report {
  lines: number; refused_lines: number; added: number; changed: number; known: number;
  unknown_channel: number; first_unknown?: string; refused: { reason: string; lines: number; first_line: number }[];
}

/* Of one day, channel and campaign, where they are given. */
type Of = Partial<Record<'date' | 'channel' | 'campaign', string>>;

const useSpend = (of: Of) => useInfiniteQuery({
  queryKey: ['spend', of],
  queryFn: ({ pageParam, signal }) => ask<Spend>('/api/spend', { ...of, limit: 100, after: pageParam }, signal),
  initialPageParam: undefined as number | undefined,
  getNextPageParam: page => page.next ?? undefined,
  placeholderData: keepPreviousData,
});

/* The workspace's currency, as it is written; another one by its name. */
function useMoney() {
  const { info, format } = useInfo();
  return (one: Spent) => (one.currency === info.workspace.currency ? format.value(one.amount, 'money')
    : `${format.number(one.amount)} ${one.currency}`);
}

function Came({ report, dry }: { report: Report; dry: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const n = (count: number) => format.number(count);
  return (
    <div data-came={`${report.added} ${report.changed} ${report.known} ${report.refused_lines}`} data-dry={dry}>
      <p><b>{t(dry ? 'spend.would' : 'spend.done', { lines: n(report.lines), added: n(report.added), changed: n(report.changed), known: n(report.known) })}</b></p>
      {report.refused.length > 0 && (
        <ul className={forms.fault}>
          {report.refused.map(one => (
            <li key={one.reason}>{t('spend.refused', {
              n: n(one.lines), line: n(one.first_line),
              why: reasons[one.reason] ? t(`spend.reasons.${reasons[one.reason] as 'date'}`) : one.reason,
            })}</li>
          ))}
        </ul>
      )}
      {report.unknown_channel > 0 && <p>{t('spend.unknown', { n: n(report.unknown_channel), name: report.first_unknown ?? '' })}</p>}
    </div>
  );
}

function Import() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [table, setTable] = useState('');
  const [name, setName] = useState('');
  const [format, setFormat] = useState('');
  const [decimal, setDecimal] = useState('');
  const [allOf, setAllOf] = useState('');
  const [named, setNamed] = useState<Partial<Record<(typeof columns)[number], string>>>({});
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [came, setCame] = useState<{ report: Report; dry: boolean } | null>(null);
  /* What was looked at is what is taken in. */
  const changed = <T,>(set: (value: T) => void) => (value: T) => { setCame(null); setFault(null); set(value); };
  const read = async (file: File | undefined) => {
    if (!file) return;
    changed(setName)(file.name.slice(0, 60));
    if (file.size > TABLE_MAX) { setFault(t('spend.large', { name: file.name })); return; }
    setTable(await file.text());
  };
  const tell = async (dry: boolean) => {
    setBusy(true);
    setFault(null);
    const given = Object.fromEntries(Object.entries({ ...named, date_format: format, decimal, all_of: allOf.trim(), name })
      .filter(([, value]) => value !== ''));
    try {
      const report = await send<Report>('/api/spend', { table, ...given, dry_run: dry });
      setCame({ report, dry });
      if (!dry) {
        setTable('');
        await client.invalidateQueries();
      }
    } catch (error) {
      setCame(null);
      setFault((error as ApiError).message);
    }
    setBusy(false);
  };
  const looked = came?.dry === true && came.report.added + came.report.changed > 0;
  return (
    <form className={styles.section} aria-labelledby="import" onSubmit={(event: FormEvent) => { event.preventDefault(); void tell(!looked); }}>
      <h2 id="import">{t('spend.import')}</h2>
      <p>{t('spend.how')}</p>
      <div className={forms.form}>
        <label>{t('spend.file')}
          <input type="file" accept=".csv,.tsv,.txt,text/csv" disabled={busy}
            onChange={event => { void read(event.currentTarget.files?.[0]); event.currentTarget.value = ''; }} />
        </label>
      </div>
      <label className={forms.paste}>{t('spend.paste')}
        <textarea value={table} rows={6} spellCheck={false} placeholder={'date,channel,campaign,amount\n2026-01-31,paid search,spring,12.50'}
          onChange={event => changed(setTable)(event.currentTarget.value)} />
      </label>
      <div className={forms.form}>
        <label>{t('spend.dates')}
          <Select label={t('spend.dates')} value={format} onChange={changed(setFormat)}
            options={Object.entries(dates).map(([value, label]) => ({ value, label }))} />
        </label>
        <label>{t('spend.decimal')}
          <Select label={t('spend.decimal')} value={decimal} onChange={changed(setDecimal)}
            options={[{ value: '', label: '1234.56' }, { value: ',', label: '1.234,56' }]} />
        </label>
        <label>{t('spend.allOf')}<Field label={t('spend.allOf')} value={allOf} onChange={changed(setAllOf)} placeholder="paid search" /></label>
      </div>
      <details>
        <summary>{t('spend.columns')}</summary>
        <div className={forms.form}>
          {columns.map(column => (
            <label key={column}>{t(`spend.column.${column}`)}
              <Field label={t(`spend.column.${column}`)} value={named[column] ?? ''} placeholder={column} code
                onChange={value => changed(setNamed)({ ...named, [column]: value.trim() })} />
            </label>
          ))}
        </div>
      </details>
      <span className={forms.buttons}>
        <Button primary submit disabled={busy || table.trim() === ''}>{t(looked ? 'spend.take' : 'spend.look')}</Button>
      </span>
      <div role="status">
        {fault && <p className={forms.fault}>{fault}</p>}
        {came && <Came {...came} />}
      </div>
    </form>
  );
}

function Standing({ first, days, of, more }: { first: Spend; days: Spend['days']; of: Of; more: (() => void) | undefined }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const money = useMoney();
  if (first.statements === 0) return <p className={heat.none} data-spend={0}>{t('spend.none')}</p>;
  return (
    <div data-spend={first.statements}>
      <section className={styles.section} aria-labelledby="channels">
        <h2 id="channels">{t('spend.channels')}</h2>
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="channels">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('spend.column.channel')}</th><th scope="col">{t('spend.column.amount')}</th>
                <th scope="col">{t('spend.from')}</th><th scope="col">{t('spend.to')}</th>
              </tr>
            </thead>
            <tbody>
              {first.channels.map(one => (
                <tr key={`${one.currency} ${one.channel}`} data-channel={one.channel} data-amount={one.amount}>
                  <th scope="row">{one.channel}</th><td>{money(one)}</td><td>{format.day(one.first)}</td><td>{format.day(one.last)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      <section className={styles.section} aria-labelledby="days">
        <div className={heat.head}>
          <h2 id="days">{of.date
            ? t('spend.of', { day: format.day(of.date), name: [of.channel, of.campaign].filter(Boolean).join(' · ') })
            : t('spend.days', { n: format.number(first.statements) })}</h2>
          <SaveMenu file="spend" rows={() => [
            ['date', 'channel', 'campaign', 'amount', 'currency', 'source'],
            ...days.map(row => [row.date, row.channel ?? '', row.campaign ?? '', row.amount, row.currency, row.source ?? '']),
          ]} />
        </div>
        <div className={`${styles.scroll} ${styles.tall}`} tabIndex={0} role="region" aria-labelledby="days">
          <table className={`${styles.table} ${styles.words}`}>
            <thead>
              <tr>
                <th scope="col">{t('spend.column.date')}</th><th scope="col">{t('spend.column.amount')}</th>
                <th scope="col">{t('spend.column.channel')}</th><th scope="col">{t('spend.column.campaign')}</th>
              </tr>
            </thead>
            <tbody>
              {days.map((row, i) => (
                <tr key={i} data-day={row.date}>
                  <th scope="row">{format.day(row.date)}</th><td>{money(row)}</td><td>{row.channel}</td><td>{row.campaign ?? '–'}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
        {days.length === 0 && <p className={heat.none}>{t('spend.none')}</p>}
        {of.date && <Link to={link('/reports/spend')} className={forms.link}>{t('spend.all')}</Link>}
        {more && <span className={forms.buttons}><Button onClick={more}>{t('list.more')}</Button></span>}
      </section>
    </div>
  );
}

export default function SpendPage() {
  const { t } = useTranslation();
  const may = useMayEdit();
  const { read } = useQuestion();
  const date = read('date'), of = date && isDay(date) ? { date, channel: read('channel'), campaign: read('campaign') } : {};
  const spend = useSpend(of);
  const first = spend.data?.pages[0];
  return (
    <ReportPage note={t('spend.note')}>
      <Answered query={{ ...spend, data: first }} height={240}>
        {data => <Standing first={data} of={of} days={spend.data?.pages.flatMap(page => page.days) ?? []}
          more={spend.hasNextPage ? () => void spend.fetchNextPage() : undefined} />}
      </Answered>
      {may && <Import />}
    </ReportPage>
  );
}
