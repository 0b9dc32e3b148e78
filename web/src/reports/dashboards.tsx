/* Dashboards: views seen together, a tile each, which loads by itself and leads to its report. */

import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api';
import { useInfo } from '../info';
import { link } from '../links';
import { Button, Field, Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import { ReportPage } from './page';
import {
  addDashboard, numbersOf, removeSaved, shownNumber, useDashboards, useMayEdit, useRefresh, useViewAnswer, useViews, viewLink,
  type View,
} from './saved';
import styles from './views.module.css';

const TILE_ROWS = 6;

/* What is shown of a list's items, where they have it; else their first number. */
const telling = ['customers', 'conversions', 'end', 'ways'];

interface Rows { rows: { name: string; pointer: string; value: number }[]; latest: boolean }

/* The first list of the answer whose items have a name and a number; else its numbers. `latest`: the
 * last ones are shown, since they are the newest. */
function rowsOf(answer: unknown): Rows {
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
  const { rows, latest } = answer.data === undefined ? { rows: [], latest: false } : rowsOf(answer.data);
  const most = Math.max(...rows.map(row => row.value), 0);
  return (
    <article className={styles.tile} data-tile={name} aria-busy={answer.isPending}>
      <h3>{to ? <Link to={to} className={styles.link}>{name}</Link> : name}</h3>
      {answer.error ? <p className={styles.fault}>{answer.error.message}</p>
        : answer.data === undefined ? <Skeleton height={120} />
        : rows.length === 0 ? <p className={styles.none}>{t('dashboards.nobody')}</p>
        : <div className={styles.bars}>
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

function Add({ views }: { views: View[] }) {
  const { t } = useTranslation();
  const refresh = useRefresh();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<string[]>([]);
  const [fault, setFault] = useState<string | null>(null);
  const add = (event: FormEvent) => {
    event.preventDefault();
    addDashboard(name.trim(), chosen).then(
      () => { setName(''); setChosen([]); setFault(null); refresh(); },
      (error: ApiError) => { setFault(error.message); });
  };
  return (
    <form className={styles.section} onSubmit={add} aria-labelledby="add">
      <h2 id="add">{t('dashboards.add')}</h2>
      <div className={styles.form} role="group" aria-label={t('report.pages.views')}>
        {views.map(view => (
          <label key={view.name} className={styles.check}>
            <input type="checkbox" checked={chosen.includes(view.name)}
              onChange={event => setChosen(event.target.checked ? [...chosen, view.name] : chosen.filter(one => one !== view.name))} />
            {view.name}
          </label>
        ))}
      </div>
      <div className={styles.form}>
        <label>{t('views.name')}<Field label={t('views.name')} value={name} onChange={setName} /></label>
        <Button primary submit disabled={name.trim() === '' || chosen.length === 0}>{t('dashboards.make')}</Button>
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
            {may && (
              <span className={styles.buttons}>
                {sure === one.name
                  ? <Button onClick={() => void removeSaved('dashboards', one.name).then(refresh)}>{t('views.really', { name: one.name })}</Button>
                  : <Button onClick={() => setSure(one.name)}>{t('views.remove')}</Button>}
              </span>
            )}
          </section>
        ))}
        {may && (views.data.length > 0 ? <Add views={views.data} />
          : <p className={styles.none}>{t('dashboards.first')} <Link to={link('/reports/funnel')} className={styles.link}>{t('report.pages.funnel')}</Link></p>)}
      </div>
    </ReportPage>
  );
}
