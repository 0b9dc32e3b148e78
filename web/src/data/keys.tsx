/* Who may come in: keys, made here, shown once, taken back. */

import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { addKey, logIn, revokeKey, useKeys, useSession, type ApiError, type Session } from '../api';
import { useInfo } from '../info';
import { Button, Field, Select, Skeleton } from '../ui/controls';
import { Failure } from '../ui/page';
import styles from './data.module.css';
import { DataPage } from './page';

const rights = ['collect', 'read', 'edit', 'admin'] as const;

/* With the first key the doors shut: whoever made it comes in by it. */
function Add({ first, done }: { first: boolean; done: (secret: string) => void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [right, setRight] = useState<string>(first ? 'admin' : 'collect');
  const [rate, setRate] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const wrong = rate.trim() !== '' && !/^[1-9]\d{0,7}$/.test(rate.trim());
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setFault(null);
    try {
      const { key } = await addKey(name.trim(), right as Session['right'], rate.trim() ? Number(rate) : undefined);
      if (first) await logIn(key);
      setName('');
      done(key);
    } catch (error) {
      setFault((error as ApiError).message);
    }
    setBusy(false);
  };
  return (
    <form className={styles.section} onSubmit={event => void add(event)} aria-labelledby="add">
      <h2 id="add">{t('keys.add')}</h2>
      <p className={styles.small}>{t(first ? 'keys.first' : `keys.what.${right as Session['right']}`)}</p>
      <div className={styles.form}>
        <label>{t('keys.name')}<Field label={t('keys.name')} value={name} onChange={setName} /></label>
        <label>{t('keys.right')}
          <Select label={t('keys.right')} value={right} onChange={setRight}
            options={(first ? ['admin'] as const : rights).map(value => ({ value, label: t(`keys.rights.${value}`) }))} />
        </label>
        <label>{t('keys.rate')}
          <Field label={t('keys.rate')} value={rate} onChange={setRate} placeholder={t('keys.unlimited')} />
        </label>
        <Button primary submit disabled={busy || wrong || !name.trim()}>{t('keys.make')}</Button>
      </div>
      <div role="status">{fault && <p className={styles.fault}>{fault}</p>}</div>
    </form>
  );
}

export function Secret({ secret, once }: { secret: string; once: string }) {
  const { t } = useTranslation();
  const [copied, setCopied] = useState(false);
  return (
    <div className={styles.secret} role="status" data-secret>
      <p>{once}</p>
      <code>{secret}</code>
      <Button onClick={() => void navigator.clipboard.writeText(secret).then(() => setCopied(true))}>
        {t(copied ? 'keys.copied' : 'keys.copy')}
      </Button>
    </div>
  );
}

/* Asked once more before it is done. */
function Revoke({ name, done }: { name: string; done: (fault: string | null) => void }) {
  const { t } = useTranslation();
  const [asked, setAsked] = useState(false);
  const revoke = () => void revokeKey(name).then(() => done(null), (error: ApiError) => done(error.message));
  return asked
    ? <span className={styles.buttons}>
        <Button primary onClick={revoke}>{t('keys.really', { name })}</Button>
        <Button onClick={() => setAsked(false)}>{t('list.cancel')}</Button>
      </span>
    : <Button onClick={() => setAsked(true)}>{t('keys.revoke')}</Button>;
}

export default function Keys() {
  const { t } = useTranslation();
  const { format } = useInfo();
  const client = useQueryClient();
  const session = useSession(true).data;
  const keys = useKeys();
  const [secret, setSecret] = useState<string | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  const refresh = () => Promise.all(['keys', 'session'].map(key => client.invalidateQueries({ queryKey: [key] })));
  if (keys.error && !keys.data)
    return <DataPage><Failure error={keys.error} retry={() => void keys.refetch()} /></DataPage>;
  if (!keys.data) return <DataPage><Skeleton height={240} /></DataPage>;
  return (
    <DataPage note={keys.data.length ? undefined : t('keys.none')}>
      {keys.data.length > 0 && (
        <div className={styles.scroll} data-keys={keys.data.length} tabIndex={0} role="region" aria-label={t('data.keys')}>
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">{t('keys.name')}</th>
                <th scope="col">{t('keys.right')}</th>
                <th scope="col" className={`${styles.number} ${styles.wide}`}>{t('keys.rate')}</th>
                <th scope="col" className={styles.wide}>{t('keys.made')}</th>
                <th scope="col"><span className={styles.wide}>{t('keys.state')}</span></th>
              </tr>
            </thead>
            <tbody>
              {keys.data.map((key, i) => (
                <tr key={i} data-key={key.name} className={key.revoked ? styles.gone : undefined}>
                  <th scope="row">{key.name}</th>
                  <td>{t(`keys.rights.${key.right}`)}</td>
                  <td className={`${styles.number} ${styles.wide}`}>{key.rate === null ? '–' : format.number(key.rate)}</td>
                  <td className={`${styles.date} ${styles.wide}`}>{format.day(key.made)}</td>
                  <td>
                    {key.revoked
                      ? t('keys.revoked', { day: format.day(key.revoked) })
                      : key.name === session?.name
                        ? t('keys.own')
                        : <Revoke name={key.name} done={said => { setFault(said); void refresh(); }} />}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <div role="status">{fault && <p className={styles.fault}>{fault}</p>}</div>
      {secret && <Secret key={secret} secret={secret} once={t('keys.once')} />}
      <Add key={String(keys.data.length === 0)} first={keys.data.length === 0}
        done={made => { setSecret(made); void refresh(); }} />
    </DataPage>
  );
}
