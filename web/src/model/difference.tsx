/* What the edited model would have done to everybody's past, beside the live one. */

import { lazy, Suspense, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { cancelJob, startJob, useJob, type Backtest, type Fault } from '../api';
import { useInfo } from '../info';
import { daysBefore } from '../time';
import { Button, Choice, Skeleton } from '../ui/controls';
import { Words } from '../ui/page';
import { faultOf, Progress } from './apply';
import { Differing } from './differing';
import styles from './difference.module.css';
import { keepDraft, type Draft } from './draft';
import { FigureTable } from './figuretable';
import { Forecasts } from './forecasts';
import { StageTable } from './stagetable';

const Months = lazy(() => import('./months'));

const spans = ['all', '365d', '90d'] as const;
type Span = (typeof spans)[number];

function Result({ result, job }: { result: Backtest; job: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const all = { n: format.number(result.customers), from: format.day(result.from), to: format.day(result.to) };
  return (
    <div className={styles.result} data-differ={result.differ}>
      <p className={styles.summary}>
        {result.differ === 0
          ? t('difference.none', all)
          : t('difference.some', {
              ...all, count: result.differ, differ: format.number(result.differ),
              share: format.share(result.differ, result.customers),
              end: format.number(result.differ_at_end), first: format.moment(result.first!),
            })}
      </p>
      <StageTable result={result} />
      <FigureTable result={result} />
      {result.months.length > 1 && (
        <Suspense fallback={<Skeleton height={360} />}><Months months={result.months} /></Suspense>
      )}
      {result.forecasts.length > 0 && <Forecasts forecasts={result.forecasts} />}
      {result.differ > 0 && <Differing result={result} job={job} />}
    </div>
  );
}

export function Difference({ draft, ready }: { draft: Draft; ready: boolean }) {
  const { t } = useTranslation();
  const { info, opening, lifecycle } = useInfo();
  const [span, setSpan] = useState<Span>('all');
  const [starting, setStarting] = useState(false);
  const [refused, setRefused] = useState<Fault | null>(null);
  /* What one lifecycle would have been says nothing of another. */
  const tried = draft.tried && draft.tried.lifecycle === lifecycle ? draft.tried : null;
  const query = useJob<Backtest>('backtest', tried?.job ?? null);
  const job = query.error ? undefined : query.data;
  const running = starting || (tried !== null && !query.error && !job?.result && !job?.error);
  /* A job that the server no longer knows is as good as none. */
  const lost = query.error ? faultOf(query.error) : null;
  const fault = refused ?? job?.error ?? (lost?.code === 'not_found' ? null : lost);

  const begin = async () => {
    setRefused(null);
    setStarting(true);
    try {
      const from = span === 'all' ? undefined : daysBefore(opening, parseInt(span));
      const id = await startJob('backtest', { text: draft.text, from, lifecycle });
      keepDraft({ ...draft, tried: { job: id, text: draft.text, lifecycle } });
    } catch (error) {
      setRefused(faultOf(error));
    }
    setStarting(false);
  };
  const cancel = () => {
    if (tried) void cancelJob('backtest', tried.job).catch(() => {});
    keepDraft({ ...draft, tried: undefined });
  };

  return (
    <section className={styles.difference} aria-labelledby="would">
      <div className={styles.head}>
        <h2 id="would">{t('difference.title')}</h2>
        <Choice<Span> label={t('difference.span')} value={span} onChange={setSpan}
          options={spans.map(value => ({ value, label: t(`period.${value}`) }))} />
        <Button primary disabled={!ready || running || !info.events} onClick={() => void begin()}>
          {t('difference.see')}
        </Button>
      </div>
      <div role="status">
        {running
          ? <Progress label={t('difference.running')} done={job?.done ?? 0} all={job?.all ?? 0}
            starting={starting} cancel={cancel} />
          : fault ? <p className={styles.fault}><Words text={fault.message} /></p>
          : !job?.result ? <p className={styles.note}>{t(info.events ? 'difference.what' : 'difference.empty')}</p>
          : tried && tried.text !== draft.text && <p className={styles.note}>{t('difference.stale')}</p>}
      </div>
      {!running && job?.result && tried && <Result result={job.result} job={tried.job} />}
    </section>
  );
}
