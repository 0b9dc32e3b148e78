/* The frame of what stands behind the numbers: the dictionary, what was refused, suspected
 * duplicates, the keys, the webhooks. */

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useSession } from '../api';
import { link, useAt } from '../links';
import views from '../model/page.module.css';
import { Link } from '../ui/page';

export function DataPage({ note, children }: { note?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  const { asked: at } = useAt();
  const [path] = useLocation();
  const admin = useSession(true).data?.right === 'admin';
  const pages = [
    { to: '/data', label: t('data.dictionary') },
    { to: '/data/refused', label: t('data.refused') },
    { to: '/data/retention', label: t('data.retention') },
    { to: '/data/duplicates', label: t('data.duplicates') },
    ...(admin
      ? [{ to: '/data/keys', label: t('data.keys') }, { to: '/data/webhooks', label: t('data.webhooks') }]
      : []),
  ];
  return (
    <>
      <div className={views.top}>
        <div>
          <h1>{pages.find(page => page.to === path)?.label ?? t('data.title')}</h1>
          {note && <p className={views.note}>{note}</p>}
        </div>
        <nav className={views.views} aria-label={t('data.title')}>
          {pages.map(page => (
            <Link key={page.to} to={link(page.to, { at })} aria-current={page.to === path ? 'page' : undefined}>
              {page.label}
            </Link>
          ))}
        </nav>
      </div>
      {children}
    </>
  );
}
