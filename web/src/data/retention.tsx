/* How long the model keeps events, how many are older, and their removal. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRetention, useSession } from '../api';
import { useRemoval } from '../customer/rights';
import rights from '../customer/customer.module.css';
import { useInfo } from '../info';
import { Progress } from '../model/apply';
import { Button, Skeleton } from '../ui/controls';
import { Failure, Words } from '../ui/page';
import styles from './data.module.css';
import { DataPage } from './page';

function Remove({ events }: { events: number }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [asks, setAsks] = useState(false);
  const removal = useRemoval('retention', {});
  const admin = useSession(true).data?.right === 'admin';
  if (!admin) return <p className={styles.small}>{t('retention.read')}</p>;
  const gone = removal.receipt === undefined ? null
    : (JSON.parse(removal.receipt) as { counts: { events: number } }).counts.events;
  const sure = () => {
    setAsks(false);
    void removal.start();
  };
  return (
    <>
      {events > 0
        ? <div className={styles.buttons}>
            <Button onClick={() => setAsks(true)} disabled={asks || removal.running}>{t('retention.remove')}</Button>
          </div>
        : <p className={styles.note}>{t('retention.nothing')}</p>}
      {asks && (
        <div className={rights.sure} role="group" aria-labelledby="sure">
          <h2 id="sure">{t('retention.sure', { count: events, n: format.number(events) })}</h2>
          <ul>
            <li>{t('retention.past')}</li>
            <li>{t('retention.waits')}</li>
          </ul>
          <p className={rights.doings}>
            <Button primary onClick={sure}>{t('retention.yes')}</Button>
            <Button onClick={() => setAsks(false)}>{t('retention.no')}</Button>
          </p>
        </div>
      )}
      <div role="status" data-removed={gone ?? undefined}>
        {removal.running && <Progress label={t('retention.removing')} done={removal.done} all={removal.all}
          starting={removal.starting} cancel={removal.cancel} />}
        {gone !== null && <p>{t('retention.done', { count: gone, n: format.number(gone) })}</p>}
        {!removal.running && removal.fault && (
          <p className={styles.fault}><Words text={removal.fault.message} /></p>
        )}
      </div>
    </>
  );
}

export default function Retention() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const retention = useRetention();
  if (retention.error && !retention.data)
    return <DataPage><Failure error={retention.error} retry={() => void retention.refetch()} /></DataPage>;
  if (!retention.data) return <DataPage><Skeleton height={160} /></DataPage>;
  const { types } = retention.data;
  if (types.length === 0)
    return <DataPage><p className={styles.note} data-retained={0}><Words text={t('retention.none')} /></p></DataPage>;
  return (
    <DataPage note={t('retention.note')}>
      <div className={styles.scroll} data-retained={types.length} tabIndex={0} role="region"
        aria-label={t('data.retention')}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">{t('retention.type')}</th>
              <th scope="col" className={styles.number}>{t('retention.kept')}</th>
              <th scope="col" className={styles.number}>{t('retention.older')}</th>
            </tr>
          </thead>
          <tbody>
            {types.map(one => (
              <tr key={one.type}>
                <th scope="row">{format.event(one.type)}</th>
                <td className={styles.number}>{one.kept}</td>
                <td className={styles.number}>{format.number(one.events)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Remove events={types.reduce((sum, one) => sum + one.events, 0)} />
    </DataPage>
  );
}
