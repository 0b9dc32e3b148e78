/* What ties a customer to others: suspicions and decisions, and merging him with anybody by an id. */

import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { decide, type Fault, type Id, idText, useSession } from '../api';
import { link } from '../links';
import { faultOf } from '../model/apply';
import { Button, Field } from '../ui/controls';
import { Link } from '../ui/page';
import styles from './customer.module.css';

export function Identity({ of }: { of: Id }) {
  const { t } = useTranslation();
  const client = useQueryClient();
  const right = useSession(true).data?.right;
  const [other, setOther] = useState('');
  const [asks, setAsks] = useState(false);
  const [fault, setFault] = useState<Fault | null>(null);
  const may = right === 'edit' || right === 'admin';
  const ask = (event: FormEvent) => {
    event.preventDefault();
    setFault(null);
    setAsks(other.trim() !== '');
  };
  const merge = () => {
    setAsks(false);
    decide(idText(of), other.trim(), 'merge').then(
      () => { setOther(''); return client.invalidateQueries(); },
      error => { setFault(faultOf(error)); },
    );
  };
  return (
    <>
      <p className={styles.doings}>
        <Link to={link('/data/duplicates', { customer: idText(of) })} className={styles.link} data-concern>
          {t('suspects.concern')}
        </Link>
      </p>
      {may && (
        <form onSubmit={ask} className={styles.doings} aria-label={t('suspects.mergeWith')}>
          <Field label={t('suspects.other')} placeholder={t('suspects.other')} value={other}
            onChange={value => { setOther(value); setAsks(false); }} />
          <Button submit disabled={!other.trim() || asks}>{t('suspects.merge')}</Button>
        </form>
      )}
      {asks && (
        <div className={styles.sure} role="group" aria-label={t('suspects.mergeWith')}>
          <p>{t('suspects.sure', { a: of.id, b: other.trim() })}</p>
          <p className={styles.doings}>
            <Button primary onClick={merge}>{t('suspects.yes')}</Button>
            <Button onClick={() => setAsks(false)}>{t('suspects.no')}</Button>
          </p>
        </div>
      )}
      <div role="status">{fault && <p className={styles.fault}>{fault.message}</p>}</div>
    </>
  );
}
