/* The customers behind a number. */

import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { address, useCustomers, useStages, type CustomerRow, type Params } from './api';
import styles from './customers.module.css';
import { useInfo } from './info';
import { customerLink, useParams } from './links';
import { StageName } from './stagename';
import { isMoment } from './time';
import { Button, Field, Menu, Skeleton } from './ui/controls';
import { Cross, Plus, Save, Search } from './ui/icons';
import { Failure, Link } from './ui/page';

const ROW = 41;      /* pixels, as the style sheet has it */

/* The parameters that say which customers; each of these stands alone. */
const kinds = ['stage', 'segment', 'entered', 'left', 'move_to'] as const;

function useFilter() {
  const { opening, lifecycle } = useInfo();
  const [params, change] = useParams();
  const read = (name: string) => params.get(name) ?? undefined;
  const moment = (name: string) => {
    const text = read(name);
    return text && isMoment(text) ? text : undefined;
  };
  const kind = kinds.find(k => params.has(k));
  const moving = kind === 'entered' || kind === 'left' || kind === 'move_to';
  const filter: Params = {
    at: moment('at') ?? opening,
    ...(kind && { [kind]: read(kind) }),
    ...(kind === 'move_to' && { move_from: read('move_from') ?? '' }),
    ...(moving && { from: moment('from') }),
    search: read('search') || undefined,
    lifecycle,
  };
  return { filter, kind, moving, asked: moment('at'), change };
}

function Chip({ children, onRemove }: { children: ReactNode; onRemove?: () => void }) {
  const { t } = useTranslation();
  return (
    <li className={styles.chip}>
      <span>{children}</span>
      {onRemove && (
        <button type="button" onClick={onRemove} title={t('filter.remove')}
          aria-label={t('filter.remove')}>
          <Cross />
        </button>
      )}
    </li>
  );
}

function Chips({ filter, kind, moving, asked, change }: ReturnType<typeof useFilter>) {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const name = kind && String(filter[kind]);
  const choose = (kind: 'stage' | 'segment', value: string) => change({
    stage: undefined, segment: undefined, entered: undefined, left: undefined,
    move_from: undefined, move_to: undefined, from: undefined, [kind]: value,
  });
  const remove = () => change({
    stage: undefined, segment: undefined, entered: undefined, left: undefined,
    move_from: undefined, move_to: undefined, from: undefined,
  });
  const from = filter.from as string | undefined;
  const to = format.day(String(filter.at));
  return (
    <ul className={styles.chips} aria-label={t('filter.label')}>
      {kind === 'segment' && <Chip onRemove={remove}>{t('filter.segment')} <b>{format.segment(name!)}</b></Chip>}
      {kind === 'stage' && <Chip onRemove={remove}>{t('filter.stage')} <StageName stage={name!} /></Chip>}
      {kind === 'entered' && <Chip onRemove={remove}>{t('filter.entered')} <StageName stage={name!} /></Chip>}
      {kind === 'left' && <Chip onRemove={remove}>{t('filter.left')} <StageName stage={name!} /></Chip>}
      {kind === 'move_to' && (
        <Chip onRemove={remove}>
          {t('filter.move')} <StageName stage={String(filter.move_from) || null} />
          {' → '}<StageName stage={name!} />
        </Chip>
      )}
      {moving
        ? <Chip onRemove={from || asked ? () => change({ from: undefined, at: undefined }) : undefined}>
            {from ? t('filter.between', { from: format.day(from), to }) : t('filter.until', { to })}
          </Chip>
        : <Chip onRemove={asked ? () => change({ at: undefined }) : undefined}>
            {t('filter.on', { day: to })}
          </Chip>}
      <li>
        <Menu label={t('filter.add')} icon={<Plus />} groups={[
          { title: t('filter.stages'), items: info.lifecycle.stages.map(stage => ({
            key: stage.name, label: <StageName stage={stage.name} />,
            onClick: () => choose('stage', stage.name),
          })) },
          { title: t('filter.segments'), items: info.segments.map(segment => ({
            key: segment.name, label: format.segment(segment.name),
            onClick: () => choose('segment', segment.name),
          })) },
        ]} />
      </li>
    </ul>
  );
}

/* The number on the board counts moves, the list customers: the same unless somebody moved
 * twice. */
function Moves({ filter, kind, total }: { filter: Params; kind: string; total: number }) {
  const { t } = useTranslation();
  const { format, lifecycle } = useInfo();
  const { data } = useStages(String(filter.at), filter.from as string | undefined, lifecycle);
  const stage = String(filter[kind]);
  const moves = kind === 'move_to'
    ? data?.moves.find(m => m.to === stage && (m.from ?? '') === filter.move_from)?.customers
    : data?.stages.find(s => s.stage === stage)?.[kind as 'entered' | 'left'];
  if (moves === undefined || moves === total) return null;
  return <p className={styles.moves}>{t('list.moves', { count: moves, n: format.number(moves) })}</p>;
}

function Row({ row, traits, asked }: { row: CustomerRow; traits: string[]; asked: string | undefined }) {
  const { format } = useInfo();
  return (
    <>
      <span role="cell" className={styles.id}>
        <Link to={customerLink(row.id, asked)}>{row.id}</Link>
      </span>
      <span role="cell"><StageName stage={row.stage} /></span>
      <span role="cell" className={styles.date}>{format.day(row.since)}</span>
      <span role="cell" className={`${styles.date} ${styles.wide}`}>{format.day(row.first)}</span>
      <span role="cell" className={`${styles.date} ${styles.wide}`}>{format.day(row.last)}</span>
      <span role="cell" className={`${styles.count} ${styles.wide}`}>{format.number(row.events)}</span>
      <span role="cell" className={`${styles.traits} ${styles.wide}`}>
        {traits.map(name => format.value(row.traits[name])).join(' · ')}
      </span>
    </>
  );
}

export default function Customers() {
  const { t } = useTranslation();
  const { info, format } = useInfo();
  const state = useFilter();
  const { filter, kind, moving, asked, change } = state;
  const list = useCustomers(filter);
  const [search, setSearch] = useState(String(filter.search ?? ''));
  const body = useRef<HTMLDivElement>(null);

  const rows = list.data?.pages.flatMap(page => page.customers) ?? [];
  const total = list.data?.pages[0]?.total ?? 0;
  const traits = [...new Set(rows.slice(0, 100).flatMap(row => Object.keys(row.traits)))].slice(0, 4);
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => ROW,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items[items.length - 1]?.index ?? 0;

  useEffect(() => {
    if (lastShown > rows.length - 40 && list.hasNextPage && !list.isFetchingNextPage)
      void list.fetchNextPage();
  }, [lastShown, rows.length, list]);

  useEffect(() => {
    const timer = setTimeout(() => {
      if (search !== (filter.search ?? '')) change({ search: search || undefined });
    }, 200);
    return () => clearTimeout(timer);
  }, [search, filter.search, change]);

  const csv = address('/api/customers', { ...filter, format: 'csv' });
  return (
    <>
      <div className={styles.head}>
        <div>
          <h1 data-total={list.data ? total : undefined} aria-live="polite">
            {list.data ? t('list.total', { count: total, n: format.number(total) })
              : t('nav.customers')}
          </h1>
          {moving && list.data && !filter.search
            && <Moves filter={filter} kind={kind!} total={total} />}
          {info.pseudonymous && <p className={styles.moves}>{t('list.pseudonyms')}</p>}
        </div>
        <div className={styles.tools}>
          <Field type="search" label={t('list.search')} placeholder={t('list.search')}
            value={search} onChange={setSearch} icon={<Search />} />
          <Button href={csv} download icon={<Save />}>{t('list.csv')}</Button>
        </div>
      </div>
      <Chips {...state} />
      {list.error && !list.data
        ? <Failure error={list.error} retry={() => void list.refetch()} />
        : list.data && total === 0
          ? <p className={styles.none}>{t('list.none')}</p>
          : <div role="table" aria-label={t('nav.customers')} aria-rowcount={total + 1}
              className={styles.table} aria-busy={!list.data || list.isPlaceholderData}>
              <div role="rowgroup" className={styles.titles}>
                <div role="row" aria-rowindex={1} className={styles.row}>
                  <span role="columnheader">{t('list.customer')}</span>
                  <span role="columnheader">{t('list.stage')}</span>
                  <span role="columnheader" className={styles.date}>{t('list.since')}</span>
                  <span role="columnheader" className={`${styles.date} ${styles.wide}`}>{t('list.first')}</span>
                  <span role="columnheader" className={`${styles.date} ${styles.wide}`}>{t('list.last')}</span>
                  <span role="columnheader" className={`${styles.count} ${styles.wide}`}>{t('list.events')}</span>
                  <span role="columnheader" className={`${styles.traits} ${styles.wide}`}>
                    {traits.map(fact => format.fact(fact)).join(' · ') || t('list.traits')}
                  </span>
                </div>
              </div>
              <div role="rowgroup" ref={body} className={styles.body}
                style={{ height: list.data ? virtual.getTotalSize() : undefined }}>
                {list.data
                  ? items.map(item => (
                      <div role="row" aria-rowindex={item.index + 2} key={item.key} className={styles.row}
                        style={{ transform: `translateY(${item.start - virtual.options.scrollMargin}px)` }}>
                        <Row row={rows[item.index]!} traits={traits} asked={asked} />
                      </div>
                    ))
                  : Array.from({ length: 12 }, (_, i) => (
                      <div className={styles.waiting} key={i}><Skeleton height={16} /></div>
                    ))}
              </div>
            </div>}
    </>
  );
}
