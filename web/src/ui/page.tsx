/* What pages say when they have nothing to show, and their links. */

import type { ComponentProps, ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link as Route } from 'wouter';
import { ApiError } from '../api';
import { Button } from './controls';
import styles from './page.module.css';

export function Link(props: { to: string; children: ReactNode } & Omit<ComponentProps<'a'>, 'href'>) {
  const { to, ...rest } = props;
  return <Route href={to} {...rest} />;
}

/* Text in which `...` is what one types. */
export function Words({ text }: { text: string }) {
  return text.split('`').map((part, i) => (i % 2 ? <code key={i}>{part}</code> : part));
}

export function Notice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={styles.notice}>
      <h1>{title}</h1>
      {children}
    </div>
  );
}

/* What went wrong and what to do about it. */
export function Failure({ error, retry }: { error: Error; retry: () => void }) {
  const { t } = useTranslation();
  const code = error instanceof ApiError ? error.code : 'io';
  return (
    <div className={styles.notice} role="alert">
      <h2>{t(code === 'offline' ? 'failure.offline' : 'failure.title')}</h2>
      <p><Words text={code === 'offline' ? t('failure.offlineWhat')
        : code === 'no_right' ? t('failure.no_right') : error.message} /></p>
      {code === 'input' && <p>{t('failure.input')}</p>}
      {code === 'corrupt' && <p><Words text={t('failure.corrupt')} /></p>}
      <p><Button onClick={retry}>{t('failure.retry')}</Button></p>
    </div>
  );
}
