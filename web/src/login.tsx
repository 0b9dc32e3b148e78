/* Who comes in: a key is told once, and a cookie stands for it. */

import { useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError, logIn } from './api';
import styles from './login.module.css';
import { Button, Secret } from './ui/controls';
import { Words } from './ui/page';

/* What may be read to people; anything else is said as the server says it. */
const known = ['no_key', 'no_right', 'offline'] as const;

export function Login() {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [key, setKey] = useState('');
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<ApiError | null>(null);
  const code = known.find(one => one === error?.code);

  const enter = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    try {
      await logIn(key.trim());
      await client.resetQueries();
    } catch (failure) {
      setError(failure as ApiError);
      setBusy(false);
    }
  };
  return (
    <form className={styles.login} onSubmit={event => void enter(event)} data-login>
      <h1>{t('login.title')}</h1>
      <p>{t('login.what')}</p>
      <Secret label={t('login.key')} value={key} onChange={setKey}
        error={error && (code ? t(`login.${code}`) : error.message)} />
      <div><Button primary submit disabled={busy || !key.trim()}>{t('login.enter')}</Button></div>
      <p className={styles.hint}><Words text={t('login.hint')} /></p>
    </form>
  );
}
