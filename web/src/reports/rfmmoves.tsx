/* Who moved from which group on an earlier day to which group now. */

import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { Link } from '../ui/page';
import type { Rfm, RfmMove } from './answers';
import { heat as shade } from './heat';
import heat from './heat.module.css';
import styles from './rfm.module.css';

const NONE = '(none)';

/* As `customers` names who went this way. */
export const wayOf = ({ from, to }: Pick<RfmMove, 'from' | 'to'>) => `${from ?? NONE} > ${to ?? NONE}`;

export function useGroupName() {
  const { t } = useTranslation();
  const { format } = useInfo();
  return (group: string) => (group === NONE ? t('rfm.moves.none') : format.group(group));
}

export function MoveTable({ answer, open, opened }: {
  answer: Rfm; open: (who: string) => string; opened: string | undefined;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const name = useGroupName();
  const moves = answer.moves ?? [];
  const groups: (string | null)[] = answer.groups.map(one => one.group);
  const n = (from: string | null, to: string | null) => moves.find(one => one.from === from && one.to === to)?.customers ?? 0;
  const rows = [...groups, ...(moves.some(one => one.from === null) ? [null] : [])];
  const columns = [...groups, ...(moves.some(one => one.to === null) ? [null] : [])];
  const of = (from: string | null) => moves.reduce((sum, one) => sum + (one.from === from ? one.customers : 0), 0);
  return (
    <div className={heat.scroll} tabIndex={0} role="region" aria-label={t('rfm.moves.title')}>
      <table className={heat.heat} data-moves={moves.length}>
        <thead>
          <tr>
            <th scope="col" className={heat.name}>{t('rfm.moves.from')} ↓ {t('rfm.moves.to')} →</th>
            <th scope="col">{t('rfm.moves.then')}</th>
            {columns.map(to => <th key={to ?? NONE} scope="col" className={styles.to}>{name(to ?? NONE)}</th>)}
          </tr>
        </thead>
        <tbody>
          {rows.map(from => (
            <tr key={from ?? NONE}>
              <th scope="row" className={heat.name}>{name(from ?? NONE)}</th>
              <td className={heat.began}><span>{format.number(of(from))}</span></td>
              {columns.map(to => {
                const customers = n(from, to), way = wayOf({ from, to });
                return (
                  <td key={to ?? NONE} data-way={way} data-customers={customers} className={customers ? undefined : heat.zero}
                    style={{ background: shade(customers, of(from)), outline: from === to ? '1px solid var(--line)' : undefined }}>
                    {customers > 0
                      ? <Link to={open(way)} aria-current={opened === way ? 'true' : undefined}>{format.number(customers)}</Link>
                      : <span>{from === null && to === null ? '' : 0}</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
