/* Dashboards: views seen together, a tile each, which loads by itself and leads to its report. */

import { useId, useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Button, Field, IconButton, Skeleton } from '../ui/controls';
import { Down, Up } from '../ui/icons';
import { Failure, Link } from '../ui/page';
import type { Survival } from './answers';
import { ReportPage } from './page';
import {
  addDashboard, changeDashboard, numbersOf, removeSaved, shownNumber, useDashboards, useMayEdit, useRefresh, useViewAnswer, useViews, viewLink,
  type Dashboard, type View,
} from './saved';
import styles from './views.module.css';

const TILE_ROWS = 6;

/* What is shown of a list's items, where they have it; else their first number. */
const telling = ['customers', 'conversions', 'end', 'ways'];

/* Groups that survive. */
function survivors(answer: unknown) {
  const { groups } = answer as { groups?: Survival['groups'] };
  return Array.isArray(groups) && groups.length > 0 && groups.every(group => Array.isArray(group.points)) ? groups : undefined;
}

/* The curves of the answer, each from left to right in time: shares that survive, or what the rows tell. */
function curvesOf(answer: unknown, { rows, latest }: Rows): number[][] {
  const groups = survivors(answer);
  if (groups) return groups.map(group => group.points.flatMap(point => (point.share === null ? [] : [point.share])));
  return latest ? [rows.map(row => row.value)] : [];
}

const W = 240, H = 64;

function Curves({ curves }: { curves: number[][] }) {
  const most = Math.max(...curves.flat(), 0);
  const long = curves.filter(curve => curve.length > 1);
  if (long.length === 0 || most <= 0) return null;
  const points = (curve: number[]) => curve.map((n, i) =>
    `${(i / (curve.length - 1) * W).toFixed(1)},${(H - 2 - Math.max(n, 0) / most * (H - 4)).toFixed(1)}`).join(' ');
  return (
    <svg className={styles.curves} viewBox={`0 0 ${W} ${H}`} preserveAspectRatio="none" aria-hidden="true" data-curves={long.length}>
      {long.map((curve, i) => <polyline key={i} points={points(curve)} vectorEffect="non-scaling-stroke" opacity={1 - i * 0.8 / long.length} />)}
    </svg>
  );
}

interface Rows { rows: { name: string; pointer: string; value: number }[]; latest: boolean }

/* The first list of the answer whose items have a name and a number; else its numbers. `latest`: the
 * last ones are shown, since they are the newest. */
function rowsOf(answer: unknown, everybody: string): Rows {
  const groups = survivors(answer);
  if (groups)
    return {
      rows: groups.flatMap(({ value, median_ms: median }) => (median === null ? [] : [{ name: value ?? everybody, pointer: 'median_ms', value: median }])),
      latest: false,
    };
  for (const [key, list] of Object.entries(answer as Record<string, unknown>)) {
    if (!Array.isArray(list)) continue;
    const rows = list.flatMap((item: unknown) => {
      if (!item || typeof item !== 'object') return [];
      const of = Object.entries(item) as [string, unknown][];
      const name = of.find(([, value]) => typeof value === 'string')?.[1] as string | undefined;
      const numbers = of.filter((one): one is [string, number] => typeof one[1] === 'number');
      const best = telling.map(wanted => numbers.find(([known]) => known === wanted)).find(Boolean) ?? numbers[0];
      return name === undefined || !best ? [] : [{ name, pointer: best[0], value: best[1] }];
    });
    if (rows.length > 0) return { rows, latest: key === 'periods' || key === 'cohorts' };
  }
  return { rows: numbersOf(answer).map(one => ({ ...one, name: one.words })), latest: false };
}

function Tile({ view, name }: { view: View | undefined; name: string }) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const answer = useViewAnswer(name);
  const to = view && viewLink(view);
  const { rows, latest } = answer.data === undefined ? { rows: [], latest: false } : rowsOf(answer.data, t('report.everybody'));
  const most = Math.max(...rows.map(row => row.value), 0);
  return (
    <article className={styles.tile} data-tile={name} aria-busy={answer.isPending}>
      <h3>{to ? <Link to={to} className={styles.link}>{name}</Link> : name}</h3>
      {answer.error ? <p className={styles.fault}>{answer.error.message}</p>
        : answer.data === undefined ? <Skeleton height={120} />
        : rows.length === 0 && !survivors(answer.data) ? <p className={styles.none}>{t('dashboards.nobody')}</p>
        : <div className={styles.bars}>
            <Curves curves={curvesOf(answer.data, { rows, latest })} />
            {(latest ? rows.slice(-TILE_ROWS) : rows.slice(0, TILE_ROWS)).map((row, at) => (
              <div key={at}>
                <span title={row.name}>{row.name}</span><b>{shownNumber(format, row.pointer, row.value)}</b>
                <i aria-hidden="true" style={{ width: `${most > 0 ? Math.max(row.value, 0) / most * 100 : 0}%` }} />
              </div>
            ))}
            {rows.length > TILE_ROWS && <p className={styles.small}>{t('dashboards.more', { n: format.number(rows.length - TILE_ROWS) })}</p>}
          </div>}
    </article>
  );
}

/* A dashboard's name and its tiles, in their order: a new one, or `one` as it is to be. */
function Edit({ views, one, done }: { views: View[]; one?: Dashboard; done?: () => void }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [name, setName] = useState(one?.name ?? '');
  const [chosen, setChosen] = useState<string[]>(one?.views ?? []);
  const [fault, setFault] = useState<string | null>(null);
  const id = useId();
  const save = (event: FormEvent) => {
    event.preventDefault();
    const to = name.trim();
    (one ? changeDashboard(one.name, { name: to, views: chosen }) : addDashboard(to, chosen)).then(
      () => { setFault(null); refresh(); if (done) done(); else { setName(''); setChosen([]); } },
      (error: ApiError) => { setFault(error.message); });
  };
  const moved = (from: number, to: number) => {
    const next = chosen.filter((_, i) => i !== from);
    next.splice(to, 0, chosen[from]!);
    setChosen(next);
  };
  return (
    <form className={styles.section} onSubmit={save} aria-labelledby={id} data-edit={one?.name}>
      <h2 id={id}>{one ? t('dashboards.change', { name: one.name }) : t('dashboards.add')}</h2>
      <div className={styles.form} role="group" aria-label={t('report.pages.views')}>
        {views.map(view => (
          <label key={view.name} className={styles.check}>
            <input type="checkbox" checked={chosen.includes(view.name)}
              onChange={event => setChosen(event.target.checked ? [...chosen, view.name] : chosen.filter(other => other !== view.name))} />
            {view.name}
          </label>
        ))}
      </div>
      {chosen.length > 1 && (
        <ol className={styles.order} aria-label={t('dashboards.order')}>
          {chosen.map((tile, i) => (
            <li key={`${i} ${tile}`}>
              <span>{tile}</span>
              <IconButton label={t('dashboards.earlier', { name: tile })} disabled={i === 0} onClick={() => moved(i, i - 1)}><Up /></IconButton>
              <IconButton label={t('dashboards.later', { name: tile })} disabled={i === chosen.length - 1} onClick={() => moved(i, i + 1)}><Down /></IconButton>
            </li>
          ))}
        </ol>
      )}
      <div className={styles.form}>
        <label>{t('views.name')}<Field label={t('views.name')} value={name} onChange={setName} /></label>
        <span className={styles.buttons}>
          <Button primary submit disabled={name.trim() === '' || chosen.length === 0}>{t(one ? 'dashboards.save' : 'dashboards.make')}</Button>
          {done && <Button onClick={done}>{t('views.cancel')}</Button>}
        </span>
      </div>
      {fault && <p className={styles.fault} role="alert">{fault}</p>}
    </form>
  );
}

export default function Dashboards() {
  const { t } = useTranslation();
  const views = useViews(), dashboards = useDashboards();
  const may = useMayEdit();
  const refresh = useRefresh();
  const [sure, setSure] = useState<string | null>(null);
  const [edited, setEdited] = useState<string | null>(null);
  const failed = [views, dashboards].find(query => query.error && !query.data);
  if (failed) return <ReportPage><Failure error={failed.error!} retry={() => void failed.refetch()} /></ReportPage>;
  if (!views.data || !dashboards.data) return <ReportPage><Skeleton height={240} /></ReportPage>;
  return (
    <ReportPage note={t('dashboards.what')}>
      <div data-dashboards={dashboards.data.length}>
        {dashboards.data.length === 0 && <p className={styles.none}>{t('dashboards.none')}</p>}
        {dashboards.data.map(one => (
          <section key={one.name} className={styles.section} data-dashboard={one.name} aria-label={one.name}>
            <h2>{one.name}</h2>
            <div className={styles.tiles}>
              {one.views.map((name, at) => <Tile key={at} name={name} view={views.data.find(view => view.name === name)} />)}
            </div>
            {may && edited === one.name && <Edit views={views.data} one={one} done={() => setEdited(null)} />}
            {may && edited !== one.name && (
              <span className={styles.buttons}>
                <Button onClick={() => setEdited(one.name)}>{t('dashboards.edit')}</Button>
                {sure === one.name
                  ? <Button onClick={() => void removeSaved('dashboards', one.name).then(refresh)}>{t('views.really', { name: one.name })}</Button>
                  : <Button onClick={() => setSure(one.name)}>{t('views.remove')}</Button>}
              </span>
            )}
          </section>
        ))}
        {may && (views.data.length > 0 ? <Edit views={views.data} />
          : <p className={styles.none}>{t('dashboards.first')} <Link to={link('/reports/funnel')} className={styles.link}>{t('report.pages.funnel')}</Link></p>)}
      </div>
    </ReportPage>
  );
}
