/* Who came back after a long time beside who is new: how often they buy once more, and what they bring. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { dayOf } from '../time';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { useCohorts, type Cohorts, type OnceMore } from './answers';
import { Controls, Labelled, TextField } from './controls';
import heat from './heat.module.css';
import { named, useKnown } from './known';
import bars from './oncemore.module.css';
import styles from './overlap.module.css';
import { Answered, ReportPage } from './page';
import { nextDay } from './periods';
import { faultAt, useQuestion, useReportLink } from './question';
import { address } from '../api';

const lengths = ['90d', '180d', '365d'], months = [0, 1, 2, 3, 6, 12], TIMES = 8;

function useReturnedQuestion() {
  const question = useQuestion();
  const { read, params } = question;
  const known = useKnown();
  const event = read('event') ?? (known.usual && named(known.usual.name));
  const sum = event === undefined ? undefined : known.sums(event)[0];
  const after = read('after') ?? '180d';
  const { by: _, ...shared } = params;
  const asked = { ...shared, first: event, by: 'month', cumulated: 1, value: sum && named(sum.name) };
  return { question, known, event, sum, after, asked };
}
type ReturnedQuestion = ReturnType<typeof useReturnedQuestion>;

/* Of all cohorts for which the nth month after their own is over: what each customer has brought by its end. */
function broughtBy(answer: Cohorts, n: number, today: string) {
  let sum = 0, customers = 0;
  for (const cohort of answer.cohorts) {
    const cell = cohort.periods[n];
    if (!cell || typeof cell.value !== 'number' || nextDay(cell.period, 'month') > today) continue;
    sum += cell.value;
    customers += cohort.customers;
  }
  return customers > 0 ? { each: sum / customers, customers } : undefined;
}

function Share({ one }: { one: OnceMore | undefined }) {
  const { format } = useInfo();
  const percent = (share: number) => `${share * 100}%`;
  if (!one) return <><td>–</td><td /></>;
  return (
    <>
      <td data-share={one.share}>
        <b>{format.percent(one.share)}</b> <small>{format.percent(one.low)} – {format.percent(one.high)}</small>
      </td>
      <td className={styles.bar} aria-hidden="true">
        <div className={bars.track}>
          <i style={{ left: percent(one.low), width: percent(one.high - one.low) }} />
          <b style={{ left: percent(one.share) }} />
        </div>
      </td>
    </>
  );
}

function Found({ q, fresh, back }: { q: ReturnedQuestion; fresh: Cohorts; back: Cohorts }) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const to = useReportLink();
  const began = (answer: Cohorts) => answer.cohorts.reduce((sum, cohort) => sum + cohort.customers, 0);
  const all = began(fresh), returned = began(back);
  if (all === 0) return <p className={heat.none} data-returned={0}>{t('returned.nobody')}</p>;
  const cohorts = (after: string | undefined) => `${to('/reports/cohorts')}${to('/reports/cohorts').includes('?') ? '&' : '?'}${address('', { first: q.event, after }).slice(1)}`;
  const today = dayOf(fresh.at, info.workspace.timezone);
  const brought = months.map(n => ({ n, fresh: broughtBy(fresh, n, today), back: broughtBy(back, n, today) }))
    .filter(row => row.fresh ?? row.back);
  const one = (answer: Cohorts, times: number) => answer.again.find(row => row.times === times);
  const times = Math.min(Math.max(fresh.again.length, back.again.length), TIMES);
  const first = { fresh: one(fresh, 1), back: one(back, 1) };
  const money = (each: number | undefined) => (each === undefined ? '–' : q.sum?.type === 'money' ? format.value(Math.round(each * 100) / 100, 'money') : format.rounded(each));
  return (
    <div data-returned={returned}>
      <p className={styles.first}>
        {returned === 0 ? t('returned.none', { length: format.length(q.after) }) : t('returned.title', {
          n: format.number(returned), length: format.length(q.after),
          back: first.back ? format.percent(first.back.share) : '–', fresh: first.fresh ? format.percent(first.fresh.share) : '–',
        })}
      </p>
      <section className={styles.section} aria-labelledby="more">
        <div className={heat.head}>
          <h2 id="more">{t('returned.more')}</h2>
          <SaveMenu file="returned" rows={() => [
            ['side', 'times', 'customers', 'once more', 'share', 'low', 'high'],
            ...([['new', fresh], ['returned', back]] as const).flatMap(([side, answer]) =>
              answer.again.map(row => [side, row.times, row.customers, row.once_more, row.share, row.low, row.high])),
          ]} />
        </div>
        <p>{t('returned.moreWhat')}</p>
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="more">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('returned.times')}</th>
                <th scope="col">{t('returned.fresh')} (<Link to={cohorts(undefined)}>{format.number(all)}</Link>)</th>
                <th className={styles.bar} aria-hidden="true" />
                <th scope="col">{t('returned.back')} ({returned > 0 ? <Link to={cohorts(q.after)}>{format.number(returned)}</Link> : 0})</th>
                <th className={styles.bar} aria-hidden="true" />
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: times }, (_, i) => (
                <tr key={i} data-times={i + 1}>
                  <th scope="row">{format.number(i + 1)}</th>
                  <Share one={one(fresh, i + 1)} /><Share one={one(back, i + 1)} />
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </section>
      {q.sum && brought.length > 0 && (
        <section className={styles.section} aria-labelledby="brought">
          <h2 id="brought">{t('returned.brought', { what: format.fact(q.sum.name) })}</h2>
          <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="brought">
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('returned.months')}</th>
                  <th scope="col">{t('returned.fresh')}</th>
                  <th scope="col">{t('returned.back')}</th>
                </tr>
              </thead>
              <tbody>
                {brought.map(row => (
                  <tr key={row.n} data-months={row.n}>
                    <th scope="row">{row.n === 0 ? t('returned.same') : t('returned.after', { count: row.n, n: format.number(row.n) })}</th>
                    <td>{money(row.fresh?.each)}</td>
                    <td>{money(row.back?.each)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </section>
      )}
    </div>
  );
}

export default function ReturnedPage() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const q = useReturnedQuestion();
  const { ask } = q.question;
  const fresh = useCohorts(q.asked, q.event !== undefined);
  const back = useCohorts({ ...q.asked, after: q.after }, q.event !== undefined);
  const error = fresh.error ?? back.error;
  const shown = ['event', 'when', 'from', 'to', 'at'].some(name => faultAt(error, name)) || faultAt(error, 'first', q.event) !== undefined;
  return (
    <ReportPage note={t('returned.note')}>
      <Controls question={q.question} fields={['from', 'to', 'at', 'segment', 'when']} error={error}>
        <datalist id="events">
          {q.known.events.map(event => <option key={event.name} value={named(event.name)} />)}
        </datalist>
        <Labelled label={t('returned.event')}>
          <TextField label={t('returned.event')} value={q.event ?? ''} list="events" onCommit={event => ask({ event })}
            fault={faultAt(error, 'first', q.event)} />
        </Labelled>
        <Labelled label={t('returned.length')}>
          <Select label={t('returned.length')} value={q.after} onChange={after => ask({ after: after === '180d' ? '' : after })}
            options={[...new Set([...lengths, q.after])].map(value => ({ value, label: format.length(value) }))} />
        </Labelled>
      </Controls>
      {q.known.ready && q.event === undefined ? <p className={heat.none}>{t('report.choose')}</p>
        : <Answered query={error ? { ...fresh, error } : fresh} shown={shown || undefined} height={420}>
            {data => back.data && <Found q={q} fresh={data} back={back.data} />}
          </Answered>}
    </ReportPage>
  );
}
