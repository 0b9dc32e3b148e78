/* How many customers segments have in common, each two of them and all at once. */

import { useQuery, keepPreviousData } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { question as asking } from './answers';
import { Controls } from './controls';
import { heat as shade } from './heat';
import heat from './heat.module.css';
import { useHere } from './here';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import { useQuestion } from './question';
import { Who } from './who';

const LEAST = 2, MOST = 5;

interface Overlap {
  of: number;
  segments: { segment: string; customers: number }[];
  pairs: { a: string; b: string; both: number; either: number; jaccard: number | null }[];
  exactly: { segments: string[]; customers: number }[];
}

function useOverlapQuestion() {
  const question = useQuestion();
  const { info } = useInfo();
  const known = info.segments.map(one => one.name);
  const asked = question.read('segments')?.split(',');
  const chosen = asked ?? known.slice(0, 3);
  const { at, when } = question.params;
  return { question, known, chosen, asked: { segments: chosen.join(','), at, when } };
}
type OverlapQuestion = ReturnType<typeof useOverlapQuestion>;

function Choose({ q }: { q: OverlapQuestion }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { chosen, known } = q;
  const change = (names: string[]) => q.question.ask({ segments: names.join(','), customers: '', of: '' });
  return (
    <fieldset className={styles.choose}>
      <legend>{t('overlap.choose')}</legend>
      {[...known, ...chosen.filter(name => !known.includes(name))].map(name => {
        const on = chosen.includes(name);
        return (
          <label key={name}>
            <input type="checkbox" checked={on} disabled={on ? chosen.length <= LEAST : chosen.length >= MOST}
              onChange={() => change(on ? chosen.filter(one => one !== name) : known.filter(one => one === name || chosen.includes(one)))} />
            {format.segment(name)}
          </label>
        );
      })}
    </fieldset>
  );
}

/* Each row's segment: how many of it are in each other one. */
function Pairs({ answer }: { answer: Overlap }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const { segments, pairs } = answer;
  const pair = (a: string, b: string) => pairs.find(one => (one.a === a && one.b === b) || (one.a === b && one.b === a));
  return (
    <section className={styles.section} aria-labelledby="pairs">
      <h2 id="pairs">{t('overlap.pairs')}</h2>
      <div className={heat.scroll} tabIndex={0} role="region" aria-labelledby="pairs">
        <table className={`${heat.heat} ${styles.pairs}`}>
          <thead>
            <tr>
              <th scope="col" className={heat.name}>{t('overlap.ofThese')}</th>
              <th scope="col">{t('list.customers')}</th>
              {segments.map(one => <th key={one.segment} scope="col">{t('overlap.alsoIn', { name: format.segment(one.segment) })}</th>)}
            </tr>
          </thead>
          <tbody>
            {segments.map(row => (
              <tr key={row.segment}>
                <th scope="row" className={heat.name}>{format.segment(row.segment)}</th>
                <td className={heat.began} data-size={`${row.segment} ${row.customers}`}><span>{format.number(row.customers)}</span></td>
                {segments.map(column => {
                  const both = row === column ? undefined : pair(row.segment, column.segment)?.both;
                  const text = both === undefined ? '–' : `${format.share(both, row.customers)} · ${format.number(both)}`;
                  return (
                    <td key={column.segment} data-both={both === undefined ? undefined : `${row.segment} ${column.segment} ${both}`}
                      style={both === undefined ? undefined : { background: shade(both, row.customers) }}>
                      {both ? <Link to={here({ customers: `${row.segment},${column.segment}`, of: 'two' })}>{text}</Link> : <span>{text}</span>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Exactly({ answer }: { answer: Overlap }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const here = useHere();
  const rows = answer.exactly.toSorted((a, b) => b.customers - a.customers).filter(row => row.customers > 0);
  const most = rows[0]?.customers ?? 0;
  return (
    <section className={styles.section} aria-labelledby="exactly">
      <div className={heat.head}>
        <h2 id="exactly">{t('overlap.exactly')}</h2>
        <SaveMenu file="overlap" rows={() => [
          ['segments', 'customers'], ...answer.exactly.map(row => [row.segments.join(' ') || '(none)', row.customers]),
        ]} />
      </div>
      <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="exactly">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('overlap.these')}</th>
              <th scope="col">{t('list.customers')}</th>
              <th scope="col">{t('list.share')}</th>
              <th scope="col" className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {rows.map(row => (
              <tr key={row.segments.join()} data-exactly={row.segments.join()} data-customers={row.customers}>
                <th scope="row">{row.segments.length ? row.segments.map(format.segment).join(' + ') : t('overlap.none')}</th>
                <td>{row.segments.length
                  ? <Link to={here({ customers: row.segments.join(','), of: undefined })}>{format.number(row.customers)}</Link>
                  : format.number(row.customers)}</td>
                <td>{format.share(row.customers, answer.of)}</td>
                <td className={styles.bar} aria-hidden="true"><i style={{ width: `${row.customers / most * 100}%` }} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Found({ answer }: { answer: Overlap }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  if (answer.of === 0) return <p className={heat.none} data-overlap={0}>{t('who.nobody')}</p>;
  const all = answer.exactly.find(row => row.segments.length === answer.segments.length)?.customers ?? 0;
  return (
    <div data-overlap={all}>
      <p className={styles.first}>{t('overlap.all', { n: format.number(all), of: format.number(answer.of), share: format.share(all, answer.of) })}</p>
      <Pairs answer={answer} />
      <Exactly answer={answer} />
    </div>
  );
}

/* `of` "two": who is in both, whatever else he is in. */
function Customers({ q, names }: { q: OverlapQuestion; names: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const two = q.question.read('of') === 'two';
  const list = useQuery({
    ...asking<{ customers: string[] }>('/api/overlap', { ...q.asked, ...(two && { segments: names }), customers: names }, true),
    select: answer => answer.customers,
  });
  return (
    <Who title={names.split(',').map(format.segment).join(' + ')} note={t(two ? 'overlap.inBoth' : 'overlap.inExactly')}
      file="overlap-customers" whose={list.data?.map(id => ({ id }))} error={list.error} retry={() => void list.refetch()}
      at={q.question.asked} onClose={() => q.question.ask({ customers: '', of: '' })} />
  );
}

export default function OverlapPage() {
  const { t } = useTranslation();
  const q = useOverlapQuestion();
  const enough = q.chosen.length >= LEAST;
  const answer = useQuery({ ...asking<Overlap>('/api/overlap', q.asked, enough), placeholderData: keepPreviousData });
  const names = q.question.read('customers');
  return (
    <ReportPage note={t('overlap.note')} keeps={{ report: 'overlap', asked: { segments: q.asked.segments, when: q.asked.when }, at: q.question.asked }}>
      <Controls question={q.question} fields={['at', 'when']} error={answer.error} />
      {q.known.length < LEAST
        ? <p className={heat.none} data-overlap={0}>{t('overlap.few')}</p>
        : <>
            <Choose q={q} />
            {enough && <Answered query={answer} height={320}>{data => <Found answer={data} />}</Answered>}
          </>}
      {names && answer.data && !answer.error && <Customers q={q} names={names} />}
    </ReportPage>
  );
}
