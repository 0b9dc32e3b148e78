/* The board: how many customers are in which stage on a day, and how they move. */

import { useDebouncedValue } from '@mantine/hooks';
import { lazy, Suspense, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKpis, usePeriods, useStages, type By } from '../api';
import { useInfo } from '../info';
import { useLive } from '../live';
import { link, periods, periodStart, useAt, useParams, type PeriodName } from '../links';
import { daysBetween } from '../time';
import { Choice, Skeleton } from '../ui/controls';
import { Failure, Link, Words } from '../ui/page';
import styles from './board.module.css';
import { DaySlider } from '../dayslider';
import { Happening } from './happening';
import { Ring } from './ring';
import { StageCard } from './stagecard';

const Flow = lazy(() => import('./flow'));
const Bands = lazy(() => import('./bands'));

/* The steps of the lines over time: fine enough to see, few enough to draw. */
export function stepFor(days: number): By {
  return days <= 120 ? 'day' : days <= 1200 ? 'week' : days <= 7000 ? 'month' : 'quarter';
}

export function Board() {
  const { t } = useTranslation();
  const { info, format, firstDay, lastDay, opening, lifecycle } = useInfo();
  const [params, change] = useParams();
  const { at, asked, setAt } = useAt();
  const period = periods.find(p => p === params.get('period')) ?? '30d';
  const from = periodStart(period, at);
  const view = params.get('view') === 'bands' ? 'bands' : 'flow';
  const stages = useStages(at, from, lifecycle);
  const by = stepFor(daysBetween(firstDay, lastDay));
  const trend = usePeriods(by, lifecycle);
  const latest = useStages(opening, undefined, lifecycle);
  /* They take longer than counts, so a dragged slider asks for them where it stops. */
  const [still] = useDebouncedValue(at, 300);
  const over = period === 'all' ? 'always' : 'year';
  const kpis = useKpis(still, periodStart(period, still), lifecycle);
  const aims = useKpis(still, periodStart(over === 'always' ? 'all' : '365d', still), lifecycle);
  const ofStage = (all: typeof kpis.data, name: string) => all?.find(k => k.stage === name);
  const [pointed, setPointed] = useState<string | null>(null);

  /* Where the present is shown, the counts follow it. */
  const live = useLive(info.lifecycle.name);
  const present = !asked && Date.parse(info.now) - Date.parse(opening) < 60_000;
  const now = present ? live.stages : null;
  const data = useMemo(() => stages.data && now && now.at > stages.data.at
    ? {
        ...stages.data, at: now.at, population: now.population,
        stages: stages.data.stages.map(s => ({
          ...s, customers: now.stages.find(n => n.stage === s.stage)?.customers ?? s.customers,
        })),
      }
    : stages.data, [stages.data, now]);
  /* The last period may end after all that is known: the present stands in its place. */
  const stocks = useMemo(() => trend.data && latest.data && [
    ...trend.data.filter(period => period.end < opening), { ...latest.data, end: opening },
  ], [trend.data, latest.data, opening]);
  const counts = useMemo(() => new Map(data?.stages.map(s => [s.stage, s])), [data]);
  const linkAt = asked ?? undefined;
  const periodChoice = (
    <Choice<PeriodName> label={t('period.label')} value={period}
      onChange={p => change({ period: p === '30d' ? undefined : p })}
      options={periods.map(value => ({ value, label: t(`period.${value}`) }))} />
  );
  const viewChoice = (
    <Choice label={t('board.view')} value={view}
      onChange={v => change({ view: v === 'flow' ? undefined : v })}
      options={[
        { value: 'flow', label: t('board.flow') },
        { value: 'bands', label: t('board.bands') },
      ]} />
  );

  if (stages.error && !data)
    return <Failure error={stages.error} retry={() => void stages.refetch()} />;
  return (
    <>
      <section className={styles.top} aria-label={t('board.when')}>
        <h1>
          {data
            ? <Link to={link('/customers', { at: linkAt })} className={styles.population}
                data-population={data.population}>
                {t('board.population', { count: data.population, n: format.number(data.population) })}
              </Link>
            : <Skeleton height={25} width={180} />}
        </h1>
        <DaySlider at={at} onChange={setAt} />
      </section>

      <section className={styles.stages} aria-label={t('board.stages')}>
        {data
          ? <Ring stages={data.stages} population={data.population} at={linkAt}
              pointed={pointed} onPoint={setPointed} />
          : <Skeleton height={320} />}
        <div>
          <div className={styles.period}>
            {periodChoice}
            <span className={styles.sum}>
              {data && t('board.sum', {
                count: data.stages.length, n: format.number(data.population),
              })}
            </span>
          </div>
          <ul className={styles.cards}>
            {info.lifecycle.stages.map(stage => (
              <StageCard key={stage.name} stage={stage} count={counts.get(stage.name)}
                population={data?.population ?? 0} stocks={stocks} at={at} linkAt={linkAt}
                from={from} over={over}
                aims={ofStage(aims.data, stage.name)} kpis={ofStage(kpis.data, stage.name)} live={now !== null} pointed={pointed === stage.name} onPoint={setPointed} />
            ))}
          </ul>
        </div>
      </section>

      <Happening live={live} />

      <section className={styles.flow}>
        <Suspense fallback={<Skeleton height={420} />}>
          {view === 'flow'
            ? data
              ? <Flow moves={data.moves} from={from} at={at} linkAt={linkAt} controls={viewChoice} />
              : <Skeleton height={420} />
            : stocks
              ? <Bands stocks={stocks} by={by} at={at} controls={viewChoice} />
              : trend.error
                ? <Failure error={trend.error} retry={() => void trend.refetch()} />
                : <Skeleton height={420} />}
        </Suspense>
      </section>

      <p className={styles.file}>
        {t('board.events', { count: info.events, n: format.number(info.events) })}{' '}
        {info.refused > 0 && (
          <Words text={t('board.refused', { count: info.refused, n: format.number(info.refused) })} />
        )}
      </p>
    </>
  );
}
