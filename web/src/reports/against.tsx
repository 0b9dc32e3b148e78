/* The same question of another time, or of another segment, beside it: how large the difference is, and
 * between which bounds the true one lies. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { addDays, daysBetween, isDay } from '../time';
import { Select } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { DateField, Labelled } from './controls';
import heat from './heat.module.css';
import bars from './oncemore.module.css';
import styles from './overlap.module.css';
import { faultAt, type Question } from './question';

const TIME = ' time'; /* no segment's name begins with a blank */

interface Counted { customers: number; of: number }
/* Null where one of the two is nobody. */
export interface Difference extends Counted {
  against: Counted; difference: number | null; low: number | null; high: number | null;
}

/* The parameters that ask for it; empty ones are not there. */
export const againstOf = ({ read }: Question) => ({ against: read('against'), against_segment: read('against_segment') });
export const isAgainst = (question: Question) => Object.values(againstOf(question)).some(Boolean);

/* The time before that of the report, as long; without one the year before the last. */
function timeBefore(from: string | undefined, to: string | undefined, last: string) {
  if (from && to && isDay(from) && isDay(to)) return `${addDays(from, -daysBetween(from, to))}..${from}`;
  return `${addDays(last, -730)}..${addDays(last, -365)}`;
}

/* `without`: parameters that cannot be asked together with it. */
export function AgainstControl({ question, error, without = [] }: { question: Question; error: Error | null; without?: string[] }) {
  const { t } = useTranslation();
  const { info, format, lastDay } = useInfo();
  const { read, ask } = question;
  const { against, against_segment: segment } = againstOf(question);
  const [from = '', to = ''] = (against ?? '').split('..');
  const choose = (value: string) => ask({
    against: value === TIME ? timeBefore(read('from'), read('to'), lastDay) : '',
    against_segment: value === TIME ? '' : value,
    ...(value && Object.fromEntries(without.map(name => [name, '']))),
  });
  const names = [...new Set([...info.segments.map(one => one.name), ...(segment ? [segment] : [])])];
  return (
    <>
      <Labelled label={t('against.beside')}>
        <Select label={t('against.beside')} value={against !== undefined ? TIME : segment ?? ''} onChange={choose}
          options={[
            { value: '', label: t('against.nothing') }, { value: TIME, label: t('against.time') },
            { group: t('report.pages.segments'), items: names.map(value => ({ value, label: format.segment(value) })) },
          ]} />
      </Labelled>
      {against !== undefined && (
        <>
          <Labelled label={t('against.from')}>
            <DateField label={t('against.from')} value={from} fault={faultAt(error, 'against', against)}
              onCommit={day => ask({ against: day ? `${day}..${to}` : '' })} />
          </Labelled>
          <Labelled label={t('against.to')}>
            <DateField label={t('against.to')} value={to} onCommit={day => ask({ against: day ? `${from}..${day}` : '' })} />
          </Labelled>
        </>
      )}
    </>
  );
}

/* What stands beside it, in words. */
function useOther(question: Question) {
  const { format } = useInfo();
  const { against, against_segment: segment } = againstOf(question);
  if (segment) return format.segment(segment);
  const day = (text: string) => (isDay(text) ? format.day(text) : text);
  return (against ?? '').split('..').map(day).join(' – ');
}

export function Differences({ question, title, note, head, file, rows }: {
  question: Question; title: string; note?: string; head: string; file: string; rows: { name: string; of: Difference }[];
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const other = useOther(question);
  const points = (share: number) => `${share > 0 ? '+' : ''}${format.rounded(share * 100)}`;
  const place = (share: number) => `${Math.min(Math.max((share + 1) / 2, 0), 1) * 100}%`;
  const part = ({ customers, of }: Counted) => (
    <td><b>{format.share(customers, of)}</b> <small>{t('against.of', { n: format.number(customers), of: format.number(of) })}</small></td>
  );
  if (rows.length === 0) return null;
  return (
    <section className={styles.section} aria-label={title} data-differences={rows.length}>
      <div className={heat.head}>
        <h2>{title}</h2>
        <SaveMenu file={file} rows={() => [
          [head, 'customers', 'of', 'against_customers', 'against_of', 'difference', 'low', 'high'],
          ...rows.map(({ name, of }) => [name, of.customers, of.of, of.against.customers, of.against.of, of.difference ?? '', of.low ?? '', of.high ?? '']),
        ]} />
      </div>
      {note && <p>{note}</p>}
      <div className={`${styles.scroll} ${styles.free}`} tabIndex={0} role="region" aria-label={title}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{head}</th><th scope="col">{t('against.points')}</th><th scope="col">{t('against.bounds')}</th>
              <th scope="col">{t('against.here')}</th><th scope="col">{other}</th>
              <th className={styles.bar} aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, of }, i) => {
              const known = of.difference !== null && of.low !== null && of.high !== null;
              const sure = known && (of.low! > 0 || of.high! < 0);
              return (
                <tr key={i} data-difference={of.difference ?? ''} data-sure={sure}>
                  <th scope="row">{name}</th>
                  <td className={sure ? styles.close : undefined}>{known ? points(of.difference!) : '–'}</td>
                  <td>{known ? `${points(of.low!)} … ${points(of.high!)}` : '–'}
                    {known && !sure && <><br /><small>{t('against.chance')}</small></>}</td>
                  {part(of)}{part(of.against)}
                  <td className={styles.bar} aria-hidden="true">
                    {known && (
                      <div className={bars.track}>
                        <u style={{ left: '50%' }} />
                        <i style={{ left: place(of.low!), width: `${(of.high! - of.low!) * 50}%` }} />
                        <b style={{ left: place(of.difference!) }} />
                      </div>
                    )}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
