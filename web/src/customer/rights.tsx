/* What a customer may ask for: all that is known of him, and that it is known no more. Erasing
 * says what will happen before it does, and ends with the receipt, which is shown this once. */

import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useSession } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Progress } from '../model/apply';
import { Button } from '../ui/controls';
import { save } from '../ui/figure';
import { Link, Notice, Words } from '../ui/page';
import { useWork } from '../work';
import styles from './customer.module.css';

/* A job at whose end something has left the file, for good. */
export function useRemoval(name: 'erase' | 'retention', body: object) {
  const client = useQueryClient();
  const work = useWork<{ receipt: string }>(name, () => void client.invalidateQueries({
    predicate: query => query.queryKey[0] !== 'job' && query.queryKey[0] !== 'customer',
  }));
  return { ...work, start: () => work.start(body), receipt: work.result?.receipt };
}

export const useErase = (customer: string) => useRemoval('erase', { customer });

/* In the place of his page, once he is gone. */
export function Erased({ id, receipt }: { id: string; receipt: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const { number, counts } = JSON.parse(receipt) as { number: number; counts: { events: number } };
  const download = () => {
    const address = URL.createObjectURL(new Blob([receipt, '\n'], { type: 'application/json' }));
    save(`receipt-${number}.json`, address);
    URL.revokeObjectURL(address);
  };
  return (
    <Notice title={t('rights.erased', { id })}>
      <p role="status" data-erased={counts.events}>
        {t('rights.erasedWhat', { events: format.number(counts.events) })}
      </p>
      <p>{t('rights.receiptWhat')}</p>
      <p className={styles.doings}>
        <Button primary onClick={download}>{t('rights.receipt')}</Button>
        <Link to={link('/customers')} className={styles.link}>{t('missing.customers')}</Link>
      </p>
    </Notice>
  );
}

export function Rights({ id, events, erase }: {
  id: string; events: number; erase: ReturnType<typeof useErase>;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const [asks, setAsks] = useState(false);
  const right = useSession(true).data?.right;
  if (right !== 'admin') return null;
  const sure = () => {
    setAsks(false);
    void erase.start();
  };
  return (
    <section aria-labelledby="rights">
      <h2 id="rights">{t('rights.title')}</h2>
      <p className={styles.doings}>
        <Button href={`/api/person/${encodeURIComponent(id)}`} download>{t('rights.export')}</Button>
        <Button onClick={() => setAsks(true)} disabled={asks || erase.running}>{t('rights.erase')}</Button>
      </p>
      {asks && (
        <div className={styles.sure} role="group" aria-labelledby="sure">
          <h3 id="sure">{t('rights.sure', { id })}</h3>
          <ul>
            <li>{t('rights.goes', { events: format.number(events) })}</li>
            <li>{t('rights.mentions')}</li>
            <li>{t('rights.past')}</li>
            <li>{t('rights.waits')}</li>
            <li>{t('rights.copies')}</li>
          </ul>
          <p className={styles.doings}>
            <Button primary onClick={sure}>{t('rights.yes')}</Button>
            <Button onClick={() => setAsks(false)}>{t('rights.no')}</Button>
          </p>
        </div>
      )}
      <div role="status">
        {erase.running && <Progress label={t('rights.erasing')} done={erase.done} all={erase.all}
          starting={erase.starting} cancel={erase.cancel} />}
        {!erase.running && erase.fault && (
          <p className={styles.fault}><Words text={erase.fault.message} /></p>
        )}
      </div>
    </section>
  );
}
