/* What everybody's past shows about a text of the model, when it is asked for. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelJob, startJob, useJob, type Fault, type Finding } from '../api';
import { useInfo } from '../info';
import { Button } from '../ui/controls';
import { Words } from '../ui/page';
import { faultOf, Progress } from './apply';
import styles from './edit.module.css';

export function useDataCheck(text: string) {
  const [asked, setAsked] = useState<{ job: string; text: string } | null>(null);
  const [starting, setStarting] = useState(false);
  const [refused, setRefused] = useState<Fault | null>(null);
  const query = useJob<{ findings: Finding[] }>('check', asked?.job ?? null);
  const job = query.error ? undefined : query.data;
  const lost = query.error ? faultOf(query.error) : null;

  const start = async () => {
    setRefused(null);
    setStarting(true);
    try {
      setAsked({ job: await startJob('check', { text, data: true }), text });
    } catch (error) {
      setRefused(faultOf(error));
    }
    setStarting(false);
  };
  const cancel = () => {
    if (asked) void cancelJob('check', asked.job).catch(() => {});
    setAsked(null);
  };
  return {
    start, cancel, starting,
    running: starting || (asked !== null && !query.error && !job?.result && !job?.error),
    done: job?.done ?? 0,
    all: job?.all ?? 0,
    /* A job that the server no longer knows is as good as none. */
    fault: refused ?? job?.error ?? (lost?.code === 'not_found' ? null : lost),
    /* Of this very text, with those that the text alone shows. */
    findings: asked?.text === text ? job?.result?.findings : undefined,
  };
}

export function DataCheck({ data, ready }: {
  data: ReturnType<typeof useDataCheck>; ready: boolean;
}) {
  const { t } = useTranslation();
  const { info } = useInfo();
  if (!info.events) return null;
  return (
    <div role="status" className={styles.data} data-looked={data.findings?.length}>
      {data.running
        ? <Progress label={t('edit.looking')} done={data.done} all={data.all}
          starting={data.starting} cancel={data.cancel} />
        : data.findings ? <p className={styles.note}>{t('edit.looked')}</p>
        : <Button disabled={!ready} onClick={() => void data.start()}>{t('edit.look')}</Button>}
      {!data.running && data.fault && <p className={styles.note}><Words text={data.fault.message} /></p>}
    </div>
  );
}
