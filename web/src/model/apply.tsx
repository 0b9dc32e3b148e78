/* Making a text the live model: it is begun once, shows how far it is, and then everything on
 * the page is asked anew. */

import { useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { ApiError, cancelJob, startJob, useJob, type Fault } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Button } from '../ui/controls';
import { Link, Words } from '../ui/page';
import styles from './apply.module.css';

export const faultOf = (error: unknown): Fault =>
  error instanceof ApiError ? error.fault : { code: 'io', message: String(error) };

/* Who applies, as the reader last wrote it in this browser. */
const AUTHOR = 'author';
export const keptAuthor = () => localStorage.getItem(AUTHOR) ?? '';
export const keepAuthor = (author: string) => localStorage.setItem(AUTHOR, author.trim());

export function useApply(onDone?: (version: number) => void) {
  const client = useQueryClient();
  const [id, setId] = useState<string | null>(null);
  const [starting, setStarting] = useState(false);
  const [refused, setRefused] = useState<Fault | null>(null);
  const [cancelled, setCancelled] = useState(false);
  const [from, setFrom] = useState(0);
  const job = useJob<{ version: number }>('apply', id);
  const version = job.data?.result?.version;
  const lost = job.error ? faultOf(job.error) : null;

  useEffect(() => {
    if (version === undefined) return;
    onDone?.(version);
    void client.invalidateQueries({ predicate: query => query.queryKey[0] !== 'job' });
  }, [version]);

  const start = async (body: { text: string; version: number }) => {
    setRefused(null);
    setCancelled(false);
    setFrom(body.version);
    setId(null);
    setStarting(true);
    try {
      setId(await startJob('apply', { ...body, author: keptAuthor() }));
    } catch (error) {
      setRefused(faultOf(error));
      /* Perhaps another version is live by now. */
      void client.invalidateQueries({ queryKey: ['info'] });
    }
    setStarting(false);
  };
  return {
    start,
    cancel: () => {
      setCancelled(true);
      if (id) void cancelJob('apply', id).catch(() => {});
    },
    starting,
    running: starting || (id !== null && !job.data?.result && !job.data?.error && !lost),
    done: job.data?.done ?? 0,
    all: job.data?.all ?? 0,
    fault: cancelled ? null : refused ?? lost ?? job.data?.error ?? null,
    version,
    /* The version that was live when it was begun. */
    from,
  };
}

/* What is only being begun has no name yet by which it could be cancelled. */
export function Progress({ label, done, all, starting, cancel }: {
  label: string; done: number; all: number; starting: boolean; cancel: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={styles.progress}>
      <progress aria-label={label} value={all ? done : undefined} max={all || undefined} />
      <span>{label}</span>
      <Button onClick={cancel} disabled={starting}>{t('list.cancel')}</Button>
    </div>
  );
}

/* How it goes, and how it went. */
export function Applying({ apply }: { apply: ReturnType<typeof useApply> }) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const [path] = useLocation();
  const overtaken = apply.fault?.code === 'conflict' && apply.from !== info.model_version;
  return (
    <div role="status">
      {apply.running && <Progress label={t('edit.applying')} done={apply.done} all={apply.all}
        starting={apply.starting} cancel={apply.cancel} />}
      {!apply.running && apply.fault && (
        <p className={styles.fault}>
          <Words text={overtaken ? t('edit.conflict') : apply.fault.message} />
        </p>
      )}
      {!apply.running && apply.version !== undefined && (
        <p className={styles.done} data-applied={apply.version}>
          {t('edit.applied', { n: apply.version })}{' '}
          <Link to={link('/')}>{t('edit.toBoard')}</Link>{' '}
          {path !== '/model/history' && <Link to={link('/model/history')}>{t('edit.toHistory')}</Link>}
        </p>
      )}
    </div>
  );
}
