/* The frame of the model's three views: in words, as a text to edit, and its history. */

import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useInfo } from '../info';
import { link, useAt } from '../links';
import { Link } from '../ui/page';
import styles from './page.module.css';

export function ModelPage({ note, children }: { note?: ReactNode; children: ReactNode }) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const { asked: at } = useAt();
  const [path] = useLocation();
  const views = [
    { to: '/model', label: t('model.words') },
    { to: '/model/edit', label: t('model.text') },
    { to: '/model/history', label: t('model.history') },
  ];
  return (
    <>
      <div className={styles.top}>
        <div>
          <h1>{t('model.title')}</h1>
          <p className={styles.note}>{t('model.version', { n: info.model_version })} {note}</p>
        </div>
        <nav className={styles.views} aria-label={t('model.views')}>
          {views.map(view => (
            <Link key={view.to} to={link(view.to, { at })}
              aria-current={view.to === path ? 'page' : undefined}>
              {view.label}
            </Link>
          ))}
        </nav>
      </div>
      {children}
    </>
  );
}
