/* The frame of the reports: their names, and what they share. */

import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import { Keep, type Kept } from './keep';
import { groups, type Report } from './list';
import { useReportLink } from './question';
import styles from './page.module.css';

function Reports({ here }: { here: Report | undefined }) {
  const { t } = useTranslation();
  const to = useReportLink();
  const [open, setOpen] = useState(false);
  return (
    <nav className={styles.nav} aria-label={t('nav.reports')} onKeyDown={key => key.key === 'Escape' && setOpen(false)}>
      <button type="button" aria-expanded={open} aria-controls="reports" onClick={() => setOpen(!open)}>
        {t('report.all')}
      </button>
      <div id="reports" className={styles.groups} data-open={open}>
        {groups.map(({ group, pages }) => (
          <div key={group}>
            <p id={`reports-${group}`}>{t(`report.groups.${group}`)}</p>
            <ul aria-labelledby={`reports-${group}`}>
              {pages.map(page => (
                <li key={page}>
                  <Link to={to(`/reports/${page}`)} aria-current={page === here ? 'page' : undefined}>
                    {t(`report.pages.${page}`)}
                  </Link>
                </li>
              ))}
            </ul>
          </div>
        ))}
      </div>
    </nav>
  );
}

/* `keeps`: the question that may be kept by a name. */
export function ReportPage({ note, keeps, children }: { note?: ReactNode; keeps?: Kept; children: ReactNode }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const here = groups.flatMap(({ pages }) => pages).find(page => path === `/reports/${page}`);
  return (
    <div className={styles.frame}>
      <Reports here={here} />
      <div className={styles.report}>
        <div className={styles.top}>
          <h1>{t(here ? `report.pages.${here}` : 'nav.reports')}</h1>
          {note && <p>{note}</p>}
        </div>
        {keeps && <Keep {...keeps} />}
        {children}
      </div>
    </div>
  );
}

/* An answer, when it is there. What is wrong with one parameter (`shown`) stands at its field. */
export function Answered<T>({ query, shown, height, children }: {
  query: { data: T | undefined; error: Error | null; isPlaceholderData: boolean; refetch: () => unknown };
  shown?: boolean;
  height: number;
  children: (data: T) => ReactNode;
}) {
  if (query.error)
    return shown ? null : <Failure error={query.error} retry={() => void query.refetch()} />;
  return (
    <div aria-busy={!query.data || query.isPlaceholderData} style={query.isPlaceholderData ? { opacity: 0.6 } : undefined}>
      {query.data === undefined ? <Skeleton height={height} /> : children(query.data)}
    </div>
  );
}
