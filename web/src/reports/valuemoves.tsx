/* How much more is expected of customers where the model's moves lead than where they come from. */

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useTranslation } from 'react-i18next';
import { useInfo } from '../info';
import { StageName } from '../stagename';
import { SaveMenu } from '../ui/figure';
import { question as asking } from './answers';
import heat from './heat.module.css';
import styles from './overlap.module.css';
import { Answered } from './page';

interface Move {
  from: string; to: string; customers_from: number; customers_to: number;
  difference: number | null; low: number | null; high: number | null;
}

function Rows({ moves }: { moves: Move[] }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const money = (n: number) => format.short(n, 'money');
  return (
    <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="value-moves">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">{t('worth.moves.move')}</th><th scope="col">{t('worth.moves.more')}</th>
            <th scope="col">{t('worth.moves.between')}</th><th scope="col">{t('list.customers')}</th>
          </tr>
        </thead>
        <tbody>
          {moves.map(({ from, to, customers_from, customers_to, difference, low, high }) => (
            <tr key={`${from} ${to}`} data-move={`${from} ${to}`} data-difference={difference ?? undefined}>
              <th scope="row"><StageName stage={from} /> <span aria-label={t('customer.to')}>→</span> <StageName stage={to} /></th>
              <td>{difference === null ? '–' : <b>{money(difference)}</b>}</td>
              <td>{low === null || high === null ? t('worth.moves.few') : t('worth.range', { low: money(low), high: money(high) })}</td>
              <td>{format.number(customers_from)} <span aria-label={t('customer.to')}>→</span> {format.number(customers_to)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

export function Moves({ asked }: { asked: Record<string, string | undefined> }) {
  const { t } = useTranslation();
  const { lifecycle } = useInfo();
  const answer = useQuery({
    ...asking<{ moves: Move[] }>('/api/value/equity', { ...asked, lifecycle }, true), placeholderData: keepPreviousData,
  });
  const moves = answer.data?.moves ?? [];
  if (answer.data && !moves.length) return null;
  return (
    <section className={styles.section} aria-labelledby="value-moves">
      <div className={heat.head}>
        <h2 id="value-moves">{t('worth.moves.title')}</h2>
        {answer.data && (
          <SaveMenu file="value-moves" rows={() => [
            ['from', 'to', 'difference', 'low', 'high', 'customers_from', 'customers_to'],
            ...moves.map(m => [m.from, m.to, m.difference ?? '', m.low ?? '', m.high ?? '', m.customers_from, m.customers_to]),
          ]} />
        )}
      </div>
      <p>{t('worth.moves.what')}</p>
      {answer.error ? <p className={heat.none}>{answer.error.message}</p>
        : <Answered query={answer} height={240}>{data => <Rows moves={data.moves} />}</Answered>}
    </section>
  );
}
