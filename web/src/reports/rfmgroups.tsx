/* The named groups: where they lie, how many are in each, and where the lines between scores are. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Link } from '../ui/page';
import { measures, type Rfm } from './answers';
import { heat } from './heat';
import styles from './rfm.module.css';

/* Where a group lies: its scores of recency and of frequency, from the least to the greatest. */
const places: Record<string, [r0: number, r1: number, f0: number, f1: number]> = {
  champions: [5, 5, 4, 5],
  loyal: [3, 4, 4, 5],
  'potential loyalists': [4, 5, 2, 3],
  new: [5, 5, 1, 1],
  promising: [4, 4, 1, 1],
  'need attention': [3, 3, 3, 3],
  'about to sleep': [3, 3, 1, 2],
  'cannot lose': [1, 2, 5, 5],
  'at risk': [1, 2, 3, 4],
  hibernating: [1, 2, 1, 2],
};

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i);

interface Opening { open: (who: string) => string; opened?: string | undefined }

export function RfmGrid({ answer, open, opened }: { answer: Rfm } & Opening) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const count = (r: number, f: number) => answer.cells.reduce(
    (sum, cell) => sum + (cell.recency === r && cell.frequency === f ? cell.customers : 0), 0);
  const greatest = Math.max(...range(1, 5).flatMap(r => range(1, 5).map(f => count(r, f))));
  return (
    <div className={styles.grid} role="group" aria-label={t('rfm.grid')}>
      <span className={styles.upwards} aria-hidden="true">{t('rfm.recency')} →</span>
      <span className={styles.onwards} aria-hidden="true">{t('rfm.frequency')} →</span>
      {range(1, 5).map(n => (
        <span key={n} className={styles.tick} style={{ gridArea: `${6 - n} / 2` }} aria-hidden="true">{n}</span>
      ))}
      {range(1, 5).map(n => (
        <span key={n} className={styles.tick} style={{ gridArea: `6 / ${n + 2}` }} aria-hidden="true">{n}</span>
      ))}
      {Object.entries(places).map(([group, [r0, r1, f0, f1]]) => (
        <div key={group} role="group" aria-label={format.group(group)} className={styles.group}
          style={{
            gridArea: `${6 - r1} / ${f0 + 2} / span ${r1 - r0 + 1} / span ${f1 - f0 + 1}`,
            gridTemplateColumns: `repeat(${f1 - f0 + 1}, minmax(0, 1fr))`,
          }}>
          <Link to={open(group)} className={styles.name} aria-current={opened === group ? 'true' : undefined}>
            {format.group(group)}
          </Link>
          {range(r0, r1).toReversed().flatMap(r => range(f0, f1).map(f => {
            const n = count(r, f), who = `${r}${f}`;
            const look = { className: styles.cell, style: { background: heat(n, greatest) } };
            const title = `${t('rfm.recency')} ${r}, ${t('rfm.frequency')} ${f}`;
            return n > 0
              ? <Link key={who} to={open(who)} {...look} title={title} data-place={who} data-customers={n}
                  aria-current={opened === who ? 'true' : undefined}>{format.number(n)}</Link>
              : <span key={who} {...look} title={title} data-place={who}>0</span>;
          }))}
        </div>
      ))}
    </div>
  );
}

export function GroupTable({ answer, type, open }: { answer: Rfm; type: string | undefined } & Opening) {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('rfm.groups')}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('rfm.group')}</th>
            <th scope="col">{t('list.customers')}</th>
            <th scope="col">{t('rfm.share')}</th>
            <th scope="col">{t('rfm.sum')}</th>
            <th scope="col" className={styles.wide}>{t('rfm.each')}</th>
          </tr>
        </thead>
        <tbody>
          {answer.groups.map(one => (
            <tr key={one.group} data-group={one.group} data-customers={one.customers}>
              <th scope="row">{format.group(one.group)}</th>
              <td>{one.customers > 0
                ? <Link to={open(one.group)}>{format.number(one.customers)}</Link> : '0'}</td>
              <td>{format.share(one.customers, answer.total)}</td>
              <td title={format.value(one.value, type)}>{one.value === null ? '–' : format.short(one.value, type)}</td>
              <td className={styles.wide}>
                {one.value === null || one.customers === 0 ? '–' : format.short(one.value / one.customers, type)}
              </td>
            </tr>
          ))}
          <tr>
            <th scope="row">{t('rfm.all')}</th>
            <td><Link to={open('all')}>{format.number(answer.total)}</Link></td>
            <td>{format.share(answer.total, answer.total)}</td>
            <td /><td className={styles.wide} />
          </tr>
        </tbody>
      </table>
    </div>
  );
}

/* What a score takes: more than a cut lets somebody have, or what the cut is; whoever has less has the
 * score below. Days ago get fewer while everything else grows. */
export function CutTable({ answer, type, days }: { answer: Rfm; type: string | undefined; days: boolean }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { cuts, method } = answer;
  const reached = method === 'interpolated' ? 'above' : 'from';
  const needed = (what: (typeof measures)[number], score: number) => {
    const cut = cuts[what]![score - 2], next = cuts[what]![score - 1];
    if (cut === undefined) return t('rfm.cut.least');
    if (cut === null || cut === next) return '–';
    if (typeof cut === 'string') return t(`rfm.cut.moment.${reached}`, { cut: format.moment(cut) });
    if (what === 'recency' && days) return t(`rfm.cut.days.${reached}`, { cut: format.days(cut) });
    return t(`rfm.cut.number.${reached}`, { cut: format.value(cut, what === 'monetary' ? type : undefined) });
  };
  return (
    <section className={styles.section} aria-labelledby="cuts">
      <h2 id="cuts">{t('rfm.cuts')}</h2>
      <p className={styles.note}>{t(`rfm.how.${method}`)}</p>
      {cuts.recency && (
        <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="cuts">
          <table className={`${styles.table} ${styles.words}`}>
            <thead>
              <tr>
                <th scope="col">{t('rfm.score')}</th>
                {measures.map(what => <th key={what} scope="col">{t(`rfm.${what}`)}</th>)}
              </tr>
            </thead>
            <tbody>
              {[5, 4, 3, 2, 1].map(score => (
                <tr key={score} data-score={score}>
                  <th scope="row">{score}</th>
                  {measures.map(what => <td key={what}>{needed(what, score)}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
