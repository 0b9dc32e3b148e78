/* A row for each cohort, a column for each period since its beginning, darker where more came. */

import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { By } from '../api';
import { useInfo } from '../info';
import { useParams } from '../links';
import { dayOf } from '../time';
import { Link } from '../ui/page';
import type { Cohort, CohortCell, Cohorts } from './answers';
import { heat } from './heat';
import styles from './heat.module.css';
import { Pager } from './pager';
import { nextDay, periodName } from './periods';

/* What a cell shows. */
export const shows = ['share', 'customers', 'events', 'value', 'each'] as const;
export type Show = (typeof shows)[number];

const ROWS = 54, COLUMNS = 54; /* at once: a year of weeks */

/* What a cell shows of a cohort, and what of all cohorts together is the same divided by the same. */
const part = (show: Show, cell: CohortCell) =>
  show === 'events' ? cell.events : show === 'value' || show === 'each' ? cell.value ?? null : cell.customers;
const whole = (show: Show, cohort: Cohort) => (show === 'share' || show === 'each' ? cohort.customers : 1);

/* Whether a period had ended, when the report sees nothing later. */
const hasEnded = (period: string, by: By, today: string) => nextDay(period, by) <= today;

/* Of all cohorts for which the nth period has ended. */
function means(cohorts: Cohort[], show: Show, ended: (period: string) => boolean) {
  const longest = Math.max(0, ...cohorts.map(cohort => cohort.periods.length));
  return Array.from({ length: longest }, (_, n) => {
    let sum = 0, of = 0;
    for (const cohort of cohorts) {
      const cell = cohort.periods[n];
      const value = cell && ended(cell.period) ? part(show, cell) : null;
      if (value === null) continue;
      sum += value;
      of += cohort.customers;
    }
    return of > 0 ? sum / of : null;
  });
}

/* A number of the address; the last page unless it says. */
function usePage(name: string, size: number, total: number, last: boolean): [number, (from: number) => void] {
  const [params, change] = useParams();
  const usual = last ? Math.max(total - size, 0) : 0;
  const asked = params.get(name);
  const from = asked !== null && /^\d{1,3}$/.test(asked) && Number(asked) < total ? Number(asked) : usual;
  return [from, next => change({ [name]: next === usual ? undefined : next })];
}

export function CohortTable({ answer, show, type, wholeAtFirst, cellLink, opened }: {
  answer: Cohorts;
  show: Show;
  type: string | undefined; /* of what is summed */
  /* In their first period all are there: it says nothing, and would pale what does. */
  wholeAtFirst: boolean;
  cellLink: (cohort: string, period?: string) => string;
  opened: { cohort: string | undefined; period: string | undefined };
}) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const { cohorts, by } = answer;
  const longest = cohorts.reduce((n, cohort) => Math.max(n, cohort.periods.length), 0);
  const [row, setRow] = usePage('rows', ROWS, cohorts.length, true);
  const [column, setColumn] = usePage('columns', COLUMNS, longest, false);
  const today = dayOf(answer.at, info.workspace.timezone);
  const mean = useMemo(() => means(cohorts, show, period => hasEnded(period, by, today)),
    [cohorts, show, by, today]);
  const value = (cohort: Cohort, cell: CohortCell) => {
    const shown = part(show, cell);
    return shown === null || whole(show, cohort) === 0 ? null : shown / whole(show, cohort);
  };
  const greatest = useMemo(() => Math.max(0, ...cohorts.flatMap(cohort => cohort.periods
    .slice(wholeAtFirst ? 1 : 0).map(cell => value(cohort, cell) ?? 0))), [cohorts, show, wholeAtFirst]);
  const written = (n: number | null) => n === null ? '–'
    : show === 'share' ? format.percent(n)
    : show === 'value' || show === 'each' ? format.short(n, type) : format.number(n);
  const exactly = (n: number | null) => show === 'value' || show === 'each'
    ? format.value(n, type) : written(n);
  const numbers = Array.from({ length: Math.min(COLUMNS, longest - column) }, (_, i) => column + i);
  const running = cohorts.at(-1)!.periods.some(cell => !hasEnded(cell.period, by, today));
  const colour = (n: number | null, i: number) =>
    (i === 0 && wholeAtFirst ? 'var(--paper-3)' : heat(n ?? 0, greatest));
  return (
    <>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('cohorts.title')}>
        <table className={styles.heat} data-cohorts={cohorts.length}>
          <thead>
            <tr>
              <th scope="col" rowSpan={2} className={styles.name}>{t(`report.length.${by}`)}</th>
              <th scope="col" rowSpan={2}>{t('cohorts.customers')}</th>
              <th scope="colgroup" colSpan={numbers.length} className={styles.over}>{t(`cohorts.after.${by}`)}</th>
            </tr>
            <tr>{numbers.map(n => <th key={n} scope="col">{format.number(n)}</th>)}</tr>
          </thead>
          <tbody>
            {(show === 'share' || show === 'each') && cohorts.length > 1 && (
              <tr className={styles.mean}>
                <th scope="row" className={styles.name}>{t('cohorts.all')}</th>
                <td className={styles.began}>
                  <span>{format.number(cohorts.reduce((sum, cohort) => sum + cohort.customers, 0))}</span>
                </td>
                {numbers.map(n => (
                  <td key={n}>{mean[n] !== null && mean[n] !== undefined
                    && <span title={exactly(mean[n])} style={{ background: colour(mean[n], n) }}>{written(mean[n])}</span>}</td>
                ))}
              </tr>
            )}
            {cohorts.slice(row, row + ROWS).map(cohort => (
              <tr key={cohort.cohort}>
                <th scope="row" className={styles.name}>{periodName(cohort.cohort, by, format, t)}</th>
                <td className={styles.began}>
                  {cohort.customers > 0
                    ? <Link to={cellLink(cohort.cohort)} data-began={cohort.customers}
                        aria-current={opened.cohort === cohort.cohort && !opened.period ? 'true' : undefined}>
                        {format.number(cohort.customers)}
                      </Link>
                    : <span>0</span>}
                </td>
                {numbers.map(n => {
                  const cell = cohort.periods[n];
                  if (!cell || cohort.customers === 0) return <td key={n} />;
                  const shown = value(cohort, cell);
                  const name = periodName(cell.period, by, format, t);
                  const style = { background: colour(shown, n) };
                  const title = `${name}: ${exactly(shown)} · ${t('list.total', {
                    count: cell.customers, n: format.number(cell.customers),
                  })}`;
                  return (
                    <td key={n} className={`${hasEnded(cell.period, by, today) ? '' : styles.running} ${shown ? '' : styles.zero}`}
                      data-cell={`${cohort.cohort} ${cell.period}`} data-shown={shown ?? undefined}>
                      {cell.customers > 0
                        ? <Link to={cellLink(cohort.cohort, cell.period)} style={style} title={title}
                            aria-current={opened.cohort === cohort.cohort && opened.period === cell.period ? 'true' : undefined}>
                            {written(shown)}
                          </Link>
                        : <span style={style} title={title}>{written(shown)}</span>}
                    </td>
                  );
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.legend}>
        <span className={styles.scale}>{written(0)} <i aria-hidden="true" /> {written(greatest)}</span>
        {running && <span><span className={styles.dotted}>{written(0)}</span> {t('cohorts.running')}</span>}
        <div className={styles.pager}>
          <Pager what="rows" from={row} size={ROWS} total={cohorts.length} onChange={setRow} />
          <Pager what="columns" from={column} size={COLUMNS} total={longest} onChange={setColumn} />
        </div>
      </div>
    </>
  );
}
