/* What was refused, by reason; mended and sent again, one by one or all of a reason. */

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import {
  resend, useRefused, useRefusedGroup, useRefusedRows, useSession, type ApiError, type RefusedGroup, type RefusedRow,
  type Resend, type Resent,
} from '../api';
import { useInfo } from '../info';
import { link, useParams } from '../links';
import { Button, Field, Select, Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import styles from './data.module.css';
import { DataPage } from './page';

/* Tried first, then sent. */
function useResend(what: Resend) {
  const client = useQueryClient();
  const [busy, setBusy] = useState(false);
  const [report, setReport] = useState<Resent | null>(null);
  const [fault, setFault] = useState<ApiError | null>(null);
  const go = (dry_run: boolean) => {
    setBusy(true);
    setFault(null);
    resend({ ...what, dry_run }).then(
      async answer => {
        setReport(answer);
        if (!dry_run)
          await Promise.all(['info', 'refused', 'dictionary'].map(
            key => client.invalidateQueries({ queryKey: [key] })));
      },
      (error: ApiError) => { setReport(null); setFault(error); },
    ).finally(() => setBusy(false));
  };
  const forget = () => { setReport(null); setFault(null); };
  return { busy, report, fault, go, forget };
}

function Buttons({ again }: { again: ReturnType<typeof useResend> }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { report, fault } = again;
  const may = useSession(true).data?.right;
  if (may !== 'edit' && may !== 'admin') return <p className={styles.small}>{t('refused.read')}</p>;
  return (
    <>
      <div className={styles.buttons}>
        <Button onClick={() => again.go(true)} disabled={again.busy}>{t('refused.try')}</Button>
        <Button primary onClick={() => again.go(false)}
          disabled={again.busy || !report?.dry_run || report.accepted + report.known === 0}>
          {t('refused.send')}
        </Button>
      </div>
      <div role="status" data-report={report ? (report.dry_run ? 'tried' : 'sent') : undefined}
        data-accepted={report?.accepted}>
        {fault && <p className={styles.fault}>{fault.message}</p>}
        {report && (
          <ul>
            <li>{t(report.dry_run ? 'refused.would' : 'refused.accepted', {
              count: report.accepted, n: format.number(report.accepted) })}</li>
            {report.known > 0 && <li>{t('refused.known', { count: report.known, n: format.number(report.known) })}</li>}
            {report.no_calls > 0 &&
              <li>{t('refused.noCalls', { count: report.no_calls, n: format.number(report.no_calls) })}</li>}
            {report.broken > 0 &&
              <li>{t('refused.broken', { count: report.broken, n: format.number(report.broken) })}</li>}
            {report.reasons.map(one => (
              <li key={one.reason} className={styles.bad}>{format.number(one.count)} × {one.reason}</li>
            ))}
          </ul>
        )}
      </div>
    </>
  );
}

/* So that people can read it; what is no JSON stays as it is. */
function pretty(text: string) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return text; }
}

function One({ row }: { row: RefusedRow }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [text, setText] = useState(() => pretty(row.text));
  const again = useResend({ id: row.id, text });
  return (
    <li>
      <details className={styles.event} data-row={row.id}>
        <summary>
          <code>{row.text.slice(0, 160)}</code>
          {row.at && <time dateTime={row.at} className={styles.small}> {t('refused.at')} {format.day(row.at)} {format.time(row.at)}</time>}
        </summary>
        <textarea aria-label={t('refused.text')} value={text} spellCheck={false}
          onChange={event => { setText(event.currentTarget.value); again.forget(); }} />
        <Buttons again={again} />
      </details>
    </li>
  );
}

const types = ['number', 'text', 'bool'] as const;

function All({ group }: { group: RefusedGroup }) {
  const { t } = useTranslation();
  const [mend, setMend] = useState({ type: ['', ''], property: ['', ''], value: ['', 'number'] });
  const is = ([a, b]: string[]) => (a && b ? `${a}=${b}` : undefined);
  const again = useResend({
    source: group.source, reason: group.reason, rename_type: is(mend.type),
    rename_property: is(mend.property), convert: is(mend.value),
  });
  const set = (name: keyof typeof mend, place: number) => (value: string) => {
    setMend({ ...mend, [name]: mend[name].map((old, i) => (i === place ? value : old)) });
    again.forget();
  };
  const pair = (name: 'type' | 'property') => (
    <fieldset>
      <legend>{t(`refused.${name}`)}</legend>
      <div className={styles.pair}>
        <Field label={`${t(`refused.${name}`)}: ${t('refused.old')}`} placeholder={t('refused.old')}
          value={mend[name][0]!} onChange={set(name, 0)} />
        <span aria-hidden="true">→</span>
        <Field label={`${t(`refused.${name}`)}: ${t('refused.new')}`} placeholder={t('refused.new')}
          value={mend[name][1]!} onChange={set(name, 1)} />
      </div>
    </fieldset>
  );
  return (
    <div>
      <div className={styles.form}>
        {pair('type')}
        {pair('property')}
        <fieldset>
          <legend>{t('refused.value')}</legend>
          <div className={styles.pair}>
            <Field label={`${t('refused.value')}: ${t('refused.name')}`} placeholder={t('refused.name')}
              value={mend.value[0]!} onChange={set('value', 0)} />
            <span aria-hidden="true">→</span>
            <Select label={`${t('refused.value')}: ${t('refused.as')}`} value={mend.value[1]!} onChange={set('value', 1)}
              options={types.map(value => ({ value, label: t(`refused.types.${value}`) }))} />
          </div>
        </fieldset>
      </div>
      <Buttons again={again} />
    </div>
  );
}

function More({ pages }: { pages: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown } }) {
  const { t } = useTranslation();
  return pages.hasNextPage && (
    <p><Button onClick={() => void pages.fetchNextPage()} disabled={pages.isFetchingNextPage}>{t('list.more')}</Button></p>
  );
}

function Group({ group }: { group: RefusedGroup }) {
  const { t } = useTranslation();
  const rows = useRefusedRows(group.source, group.reason, group.count);
  const all = rows.data?.pages.flatMap(page => page.rows);
  const { hasNextPage, isFetching, fetchNextPage } = rows;
  const empty = all?.length === 0;
  useEffect(() => {
    if (empty && hasNextPage && !isFetching) void fetchNextPage();   /* the look took too long */
  }, [empty, hasNextPage, isFetching, fetchNextPage]);
  return (
    <section className={styles.section} aria-labelledby="group">
      <h2 id="group" className={styles.reason}>{group.reason}</h2>
      {group.calls > 0
        ? <><p className={styles.small}>{t('refused.mend')}</p><All group={group} /></>
        : <p className={styles.small}>{t('refused.lines')}</p>}
      {rows.error && <Failure error={rows.error} retry={() => void rows.refetch()} />}
      <ul aria-label={t('refused.rows')}>{all?.map(row => <One key={row.id} row={row} />)}</ul>
      <More pages={rows} />
    </section>
  );
}

export default function Refused() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [params] = useParams();
  const refused = useRefused();
  const chosen = useRefusedGroup(params.get('source'), params.get('reason')).data?.groups[0];
  if (refused.error && !refused.data)
    return <DataPage><Failure error={refused.error} retry={() => void refused.refetch()} /></DataPage>;
  if (!refused.data) return <DataPage><Skeleton height={320} /></DataPage>;
  const { refused: all, others } = refused.data.pages[0]!;
  const groups = refused.data.pages.flatMap(page => page.groups);
  const isChosen = (one: RefusedGroup) => one.source === chosen?.source && one.reason === chosen.reason;
  return (
    <DataPage note={all ? t('refused.all', { count: all, n: format.number(all) }) : undefined}>
      {groups.length === 0
        ? <p className={styles.note} data-refused={0}>{t('refused.none')}</p>
        : <div className={styles.scroll} data-refused={all} tabIndex={0} role="region" aria-label={t('data.refused')}>
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('refused.reason')}</th>
                  <th scope="col" className={styles.number}>{t('dictionary.count')}</th>
                  <th scope="col" className={styles.wide}>{t('refused.source')}</th>
                  <th scope="col" className={styles.wide}>{t('dictionary.first')}</th>
                  <th scope="col" className={styles.wide}>{t('dictionary.last')}</th>
                </tr>
              </thead>
              <tbody>
                {groups.map(one => (
                  <tr key={`${one.source} ${one.reason}`} data-reason={one.reason}>
                    <th scope="row">
                      <Link to={link('/data/refused', { source: one.source, reason: one.reason })}
                        aria-current={isChosen(one) || undefined} className={styles.link}>{one.reason}</Link>
                    </th>
                    <td className={styles.number}>{format.number(one.count)}</td>
                    <td className={styles.wide}>{one.source}</td>
                    <td className={`${styles.date} ${styles.wide}`}>{one.first ? format.day(one.first) : '–'}</td>
                    <td className={`${styles.date} ${styles.wide}`}>{one.last ? format.day(one.last) : '–'}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>}
      <More pages={refused} />
      {others > 0 && <p className={styles.small}>{t('refused.others', { count: others, n: format.number(others) })}</p>}
      {chosen && <Group key={`${chosen.source} ${chosen.reason}`} group={chosen} />}
    </DataPage>
  );
}
