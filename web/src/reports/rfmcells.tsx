/* The 125 cells: recency downwards, frequency across, and within each frequency how much. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Link } from '../ui/page';
import type { Rfm } from './answers';
import { heat } from './heat';
import table from './heat.module.css';
import styles from './rfm.module.css';

const scores = [1, 2, 3, 4, 5];

export function CellTable({ answer, type, open, opened }: {
  answer: Rfm; type: string | undefined; open: (who: string) => string; opened: string | undefined;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const greatest = Math.max(...answer.cells.map(cell => cell.customers));
  const of = (who: string) =>
    answer.cells.find(cell => `${cell.recency}${cell.frequency}${cell.monetary}` === who);
  return (
    <div className={table.scroll} tabIndex={0} role="region" aria-label={t('rfm.cells')}>
      <table className={`${table.heat} ${styles.cells}`} data-cells={answer.cells.length}>
        <thead>
          <tr>
            <th scope="col" rowSpan={2} className={table.name}>{t('rfm.recency')}</th>
            {scores.map(f => <th key={f} scope="colgroup" colSpan={5}>{t('rfm.frequency')} {f}</th>)}
          </tr>
          <tr>
            {scores.flatMap(f => scores.map(m => (
              <th key={`${f}${m}`} scope="col" className={m === 1 ? styles.begins : undefined}>
                <abbr title={`${t('rfm.monetary')} ${m}`}>{t('rfm.m')}{m}</abbr>
              </th>
            )))}
          </tr>
        </thead>
        <tbody>
          {scores.toReversed().map(r => (
            <tr key={r}>
              <th scope="row" className={table.name}>{r}</th>
              {scores.flatMap(f => scores.map(m => {
                const who = `${r}${f}${m}`, cell = of(who);
                const n = cell?.customers ?? 0;
                return (
                  <td key={who} data-rfm={who} className={`${m === 1 ? styles.begins : ''} ${cell ? '' : table.zero}`}>
                    {cell
                      ? <Link to={open(who)} style={{ background: heat(n, greatest) }} data-customers={n}
                          title={format.value(cell.value, type)} aria-current={opened === who ? 'true' : undefined}>
                          {format.number(n)}
                        </Link>
                      : <span style={{ background: heat(0, 1) }}>0</span>}
                  </td>
                );
              }))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
