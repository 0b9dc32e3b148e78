/* The model's segments: how many are in each, who came and went, its rule, and its size over time. */

import { lazy, Suspense, useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import { address, useCustomers, useStages, type Params, type Segment } from '../api';
import { stepFor } from '../board/board';
import { Line } from '../board/trend';
import { useInfo } from '../info';
import { link, periods, periodStart, type PeriodName } from '../links';
import { daysBetween } from '../time';
import { Choice, Skeleton } from '../ui/controls';
import { SaveMenu } from '../ui/figure';
import { Link } from '../ui/page';
import { useSegmentPeriods, useSegments, type SegmentSizes } from './ask';
import { Controls, Labelled } from './controls';
import { ListEditor } from './lists';
import { Answered, ReportPage } from './page';
import { useQuestion, type Question } from './question';
import styles from './segments.module.css';
import { Who } from './who';

const SegmentTrend = lazy(() => import('./segmenttrend'));

/* "now": in it at the moment at which the page opens. */
type Kind = 'in' | 'now' | 'entered' | 'left';
const kinds: Kind[] = ['in', 'now', 'entered', 'left'];

/* A number that shows who they are. */
export function Count({ n, label, onClick }: { n: number; label: string; onClick: () => void }) {
  const { format } = useInfo();
  return n === 0 ? <>{format.number(n)}</> : (
    <button type="button" className={styles.count} aria-label={`${label}: ${format.number(n)}`} onClick={onClick}>
      {format.number(n)}
    </button>
  );
}

function Members({ segment, kind, from, question }: {
  segment: Segment; kind: Kind; from: string | undefined; question: Question;
}) {
  const { t } = useTranslation();
  const { format, lifecycle, opening } = useInfo();
  const { params, ask } = question;
  const asked = kind === 'now' ? undefined : question.asked, at = kind === 'now' ? opening : params.at;
  const stands = kind === 'in' || kind === 'now';
  const which: Params = stands ? { segment: segment.name }
    : { [`segment_${kind}`]: segment.name, from };
  const filter = { at, ...which, lifecycle };
  const list = useCustomers(filter);
  const rows = list.data?.pages.flatMap(page => page.customers);
  return (
    <Who title={`${format.segment(segment.name)}: ${t(`segments_page.${stands ? 'in' : kind}`)}`}
      note={stands ? t('filter.on', { day: format.day(at) })
        : from ? t('filter.between', { from: format.day(from), to: format.day(params.at) })
        : t('filter.until', { to: format.day(params.at) })}
      file={`${segment.name}-${kind}`} at={asked}
      csv={address('/api/customers', { ...filter, format: 'csv' })}
      head={[t('list.stage'), t('list.last'), t('list.events')]}
      whose={rows?.map(row => ({ id: row.id, cells: [format.stage(row.stage), format.day(row.last), row.events] }))}
      all={list.data?.pages[0]?.total} error={list.error} retry={() => void list.refetch()}
      onClose={() => ask({ who: '' })}
      onMore={list.hasNextPage ? () => void list.fetchNextPage() : undefined} />
  );
}

function Table({ sizes, latest, from, question, shown }: {
  sizes: SegmentSizes; latest: SegmentSizes | undefined; from: string | undefined; question: Question;
  shown: Segment;
}) {
  const { t } = useTranslation();
  const { info, format, firstDay, lastDay, opening, lifecycle } = useInfo();
  const { params, asked, ask, read } = question;
  const population = useStages(params.at, undefined, lifecycle).data?.population;
  const by = stepFor(daysBetween(firstDay, lastDay));
  const trend = useSegmentPeriods(by).data;
  const now = latest ?? (asked ? undefined : sizes);
  /* The last period may end after all that is known: the present stands in its place. */
  const points = useMemo(() => new Map(trend?.segments.map(one => [one.name, [
    ...trend.ends.map((end, i) => ({ time: Date.parse(end), n: one.sizes[i]! }))
      .filter(point => point.time < Date.parse(opening)),
    ...(now?.segments.filter(other => other.name === one.name)
      .map(other => ({ time: Date.parse(opening), n: other.customers })) ?? []),
  ]])), [trend, now, opening]);
  const of = (list: SegmentSizes | undefined, name: string) => list?.segments.find(one => one.name === name);
  const open = (name: string, who: Kind) => () => ask({ show: name, who });
  const chosen = points.get(shown.name);
  const who = kinds.find(kind => kind === read('who'));
  return (
    <>
      <div className={styles.scroll} tabIndex={0} role="region" aria-label={t('report.pages.segments')}>
        <table className={styles.table} data-segments={info.segments.length}>
          <thead>
            <tr>
              <th scope="col">{t('filter.segment')}</th>
              <th scope="col" className={styles.number}>{t('segments_page.size')}</th>
              {asked && <th scope="col" className={`${styles.number} ${styles.wide}`}>{format.day(opening)}</th>}
              <th scope="col" className={`${styles.number} ${styles.wide}`}>{t('list.share')}</th>
              <th scope="col" className={styles.number}>{t('segments_page.entered')}</th>
              <th scope="col" className={styles.number}>{t('segments_page.left')}</th>
              <th scope="col" className={`${styles.trend} ${styles.wide}`}>{t('segments_page.trend')}</th>
            </tr>
          </thead>
          <tbody>
            {info.segments.map(segment => {
              const size = of(sizes, segment.name), name = format.segment(segment.name);
              if (!size) return null;
              return (
                <tr key={segment.name} data-segment={segment.name} aria-current={segment === shown || undefined}>
                  <th scope="row">
                    <Link to={link('/reports/segments', {
                      at: read('at'), period: read('period'), show: segment.name,
                    })} aria-current={segment === shown || undefined}>{name}</Link>
                    {segment.description && <p>{format.description(segment.description)}</p>}
                  </th>
                  <td className={styles.number} data-customers={size.customers}>
                    <Count n={size.customers} label={name} onClick={open(segment.name, 'in')} />
                  </td>
                  {asked && (
                    <td className={`${styles.number} ${styles.wide}`}>
                      {of(latest, segment.name) && <Count n={of(latest, segment.name)!.customers} label={`${name}, ${format.day(opening)}`} onClick={open(segment.name, 'now')} />}
                    </td>
                  )}
                  <td className={`${styles.number} ${styles.wide}`}>{population === undefined ? '–' : format.share(size.customers, population)}</td>
                  <td className={styles.number}>
                    <Count n={size.entered} label={`${name}, ${t('segments_page.entered')}`} onClick={open(segment.name, 'entered')} />
                  </td>
                  <td className={styles.number}>
                    <Count n={size.left} label={`${name}, ${t('segments_page.left')}`} onClick={open(segment.name, 'left')} />
                  </td>
                  <td className={`${styles.trend} ${styles.wide}`}>
                    <Line points={points.get(segment.name) ?? []} at={params.at} colour="var(--accent)" />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <section className={styles.detail} aria-labelledby="segment" data-shown={shown.name}>
        <div>
          <h2 id="segment">{format.segment(shown.name)}</h2>
          {shown.description && <p>{format.description(shown.description)}</p>}
        </div>
        <div className={styles.rule}>
          <p>{shown.list ? t('lists.what') : shown.words}</p>
          <code>{shown.when}</code>
        </div>
        {shown.list && !asked && <ListEditor key={shown.name} list={shown} />}
        <p className={styles.links}>
          <Link to={link('/customers', { at: read('at'), segment: shown.name })}>{t('segments_page.list')}</Link>
          <Link to={link('/reports/funnel', { at: read('at'), segment: shown.name })}>{t('segments_page.funnel')}</Link>
          <Link to={link('/model/edit')}>{t('segments_page.edit')}</Link>
        </p>
        {chosen && chosen.length > 1 && (
          <Suspense fallback={<Skeleton height={280} />}>
            <SegmentTrend segment={shown} points={chosen} by={by} at={params.at} />
          </Suspense>
        )}
      </section>
      {who && <Members segment={shown} kind={who} from={from} question={question} />}
    </>
  );
}

export default function Segments() {
  const { t } = useTranslation();
  const { info, format, opening } = useInfo();
  const question = useQuestion();
  const { params, asked, read, ask } = question;
  const period = periods.find(p => p === read('period')) ?? '30d';
  const from = read('from') ?? periodStart(period, params.at);
  const sizes = useSegments(params.at, from);
  const latest = useSegments(opening, undefined);
  const shown = info.segments.find(segment => segment.name === read('show')) ?? info.segments[0];
  return (
    <ReportPage note={t('segments_page.what', { day: format.day(params.at) })}
      keeps={{ report: 'segments', asked: { from }, at: asked }}>
      <Controls question={question} fields={['at']} error={sizes.error} end={sizes.data && (
        <SaveMenu file="segments" rows={() => [
          ['segment', 'customers', 'entered', 'left'],
          ...sizes.data.segments.map(one => [one.name, one.customers, one.entered, one.left]),
        ]} />
      )}>
        <Labelled label={t('segments_page.period')} wide="narrow">
          <Choice<PeriodName> label={t('segments_page.period')} value={period}
            onChange={p => ask({ period: p === '30d' ? '' : p, from: '' })}
            options={periods.map(value => ({ value, label: t(`period.${value}`) }))} />
        </Labelled>
      </Controls>
      {shown
        ? <Answered query={sizes} height={320}>
            {data => <Table sizes={data} latest={asked ? latest.data : undefined} from={data.from ?? undefined} question={question} shown={shown} />}
          </Answered>
        : <p className={styles.none} data-segments={0}>
            {t('segments_page.none')} <Link to={link('/model/edit')}>{t('segments_page.edit')}</Link>
          </p>}
    </ReportPage>
  );
}
