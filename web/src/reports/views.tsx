/* Views: questions that are kept by a name; and the alerts on their numbers. */

import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError } from '../api';
import { useInfo } from '../info';
import { Button, Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import { AddAlert, AlertTable } from './alerts';
import { ReportPage } from './page';
import { removeSaved, useAlerts, useMayEdit, useRefresh, useViews, viewLink, type View } from './saved';
import styles from './views.module.css';

function Row({ view, may, watch, fail }: {
  view: View; may: boolean; watch: () => void; fail: (said: string | null) => void;
}) {
  const { t } = useTranslation();
  const { format } = useInfo();
  const refresh = useRefresh();
  const [sure, setSure] = useState(false);
  const to = viewLink(view);
  const remove = () => removeSaved('views', view.name).then(
    () => { fail(null); refresh(); },
    (error: ApiError) => { setSure(false); fail(error.message); });
  return (
    <tr data-view={view.name}>
      <th scope="row">
        {to ? <Link to={to} className={styles.link}>{view.name}</Link> : view.name}
        <p className={styles.small}>{view.question}</p>
        {!to && <p className={styles.small}>{t('views.elsewhere')}</p>}
      </th>
      <td className={styles.wide}>{format.day(view.made)}<p className={styles.small}>{view.author}</p></td>
      <td>
        {may && (
          <span className={styles.buttons}>
            <Button onClick={watch}>{t('views.watch')}</Button>
            {sure ? <Button onClick={() => void remove()}>{t('views.really', { name: view.name })}</Button>
              : <Button onClick={() => setSure(true)}>{t('views.remove')}</Button>}
          </span>
        )}
      </td>
    </tr>
  );
}

export default function Views() {
  const { t } = useTranslation();
  const views = useViews(), alerts = useAlerts();
  const may = useMayEdit();
  const [fault, setFault] = useState<string | null>(null);
  const [watched, setWatched] = useState<string | null>(null);
  const failed = [views, alerts].find(query => query.error && !query.data);
  if (failed) return <ReportPage><Failure error={failed.error!} retry={() => void failed.refetch()} /></ReportPage>;
  if (!views.data || !alerts.data) return <ReportPage><Skeleton height={240} /></ReportPage>;
  return (
    <ReportPage note={t('views.what')}>
      <section className={styles.section} aria-labelledby="views" data-views={views.data.length}>
        <h2 id="views">{t('report.pages.views')}</h2>
        {views.data.length === 0 ? <p className={styles.none}>{t('views.none')}</p> : (
          <div className={styles.scroll} tabIndex={0} role="region" aria-labelledby="views">
            <table className={styles.table}>
              <thead>
                <tr>
                  <th scope="col">{t('views.name')}</th>
                  <th scope="col" className={styles.wide}>{t('views.made')}</th>
                  <th scope="col"><span className={styles.wide}>{t('views.actions')}</span></th>
                </tr>
              </thead>
              <tbody>
                {views.data.map(view => (
                  <Row key={view.name} view={view} may={may} watch={() => setWatched(view.name)} fail={setFault} />
                ))}
              </tbody>
            </table>
          </div>
        )}
        {fault && <p className={styles.fault} role="alert">{fault}</p>}
      </section>
      {watched && <AddAlert key={watched} view={watched} done={() => setWatched(null)} />}
      <AlertTable alerts={alerts.data} may={may} />
    </ReportPage>
  );
}
