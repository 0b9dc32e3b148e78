/* The customers whose history would be another, in the order in which it begins to differ. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useJob, type Backtest } from '../api';
import { useInfo } from '../info';
import { customerLink } from '../links';
import { StageName } from '../stagename';
import { Button } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import styles from './difference.module.css';

const PAGE = 100;    /* as many as the server gives at a time */

function Change({ from, to }: { from: string | null; to: string | null }) {
  return (
    <span className={styles.change}>
      <Name stage={from} />{from !== to && <>→ <Name stage={to} /></>}
    </span>
  );
}

function Name({ stage }: { stage: string | null }) {
  const { t } = useTranslation();
  return stage === null ? <span>{t('difference.nowhere')}</span> : <StageName stage={stage} />;
}

export function Differing({ result, job }: { result: Backtest; job: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [first, setFirst] = useState(0);
  const page = useJob<Backtest>('backtest', job, first);
  const list = page.data?.result?.list ?? result.list;
  const last = Math.min(first + PAGE, result.differ);
  return (
    <section aria-labelledby="who">
      <div className={styles.titled}>
        <h3 id="who">{t('difference.who', { count: result.differ, n: format.number(result.differ) })}</h3>
        <SaveMenu file="backtest-customers" rows={() => [
          ['customer', 'differs_from', 'old', 'new', 'old_at_end', 'new_at_end'],
          ...list.map(c => [c.id, c.at, c.old ?? '', c.new ?? '', c.old_at_end ?? '', c.new_at_end ?? '']),
        ]} />
      </div>
      <div className={styles.list} tabIndex={0} role="region" aria-labelledby="who">
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('list.customer')}</th>
              <th scope="col" className={styles.left}>{t('difference.differsFrom')}</th>
              <th scope="col" className={styles.left}>{t('difference.there')}</th>
              <th scope="col" className={styles.left}>{t('difference.atEnd')}</th>
            </tr>
          </thead>
          <tbody>
            {list.map(c => (
              <tr key={c.id} data-customer={c.id}>
                <th scope="row"><Link to={customerLink(c.id, c.at)}>{c.id}</Link></th>
                <td className={styles.left}>{format.moment(c.at)}</td>
                <td className={styles.left}><Change from={c.old} to={c.new} /></td>
                <td className={styles.left}><Change from={c.old_at_end} to={c.new_at_end} /></td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {result.differ > PAGE && (
        <div className={styles.pages}>
          <Button disabled={first === 0} onClick={() => setFirst(first - PAGE)}>{t('difference.before')}</Button>
          <span>{t('difference.page', {
            first: format.number(first + 1), last: format.number(last), all: format.number(result.differ),
          })}</span>
          <Button disabled={last >= result.differ} onClick={() => setFirst(first + PAGE)}>{t('difference.after')}</Button>
        </div>
      )}
    </section>
  );
}
