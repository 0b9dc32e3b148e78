/* The frame of the reports: their names, and what they share. */

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import views from '../model/page.module.css';
import { Skeleton } from '../ui/controls';
import { Failure, Link } from '../ui/page';
import { Keep, type Kept } from './keep';
import { useReportLink } from './question';

const pages = [
  'segments', 'funnel', 'cohorts', 'rfm', 'paths', 'attribution', 'survival', 'churn', 'views', 'dashboards',
] as const;

/* `keeps`: the question that may be kept by a name. */
export function ReportPage({ note, keeps, children }: { note?: ReactNode; keeps?: Kept; children: ReactNode }) {
  const { t } = useTranslation();
  const [path] = useLocation();
  const to = useReportLink();
  const here = pages.find(page => path === `/reports/${page}`);
  return (
    <>
      <div className={views.top}>
        <div>
          <h1>{t(here ? `report.pages.${here}` : 'nav.reports')}</h1>
          {note && <p className={views.note}>{note}</p>}
        </div>
        <nav className={views.views} aria-label={t('nav.reports')}>
          {pages.map(page => (
            <Link key={page} to={to(`/reports/${page}`)} aria-current={page === here ? 'page' : undefined}>
              {t(`report.pages.${page}`)}
            </Link>
          ))}
        </nav>
      </div>
      {keeps && <Keep {...keeps} />}
      {children}
    </>
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
