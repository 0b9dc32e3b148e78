/* Keeps the question of a report by a name. */

import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import type { ApiError, Params } from '../api';
import { useInfo } from '../info';
import { dayOf, isDay } from '../time';
import { Button, Field } from '../ui/controls';
import { Link } from '../ui/page';
import { link } from '../links';
import styles from './views.module.css';
import { addView, questionOf, useMayEdit, useRefresh } from './saved';

const DAY_MS = 86_400_000;

/* A day as so many days before today: 2026-01-01 is day-30d on the 31st. */
const counted = (day: string, today: string) => {
  const days = Math.round((Date.parse(today) - Date.parse(day)) / DAY_MS);
  return days > 0 ? `day-${days}d` : day;
};

export interface Kept { report: string; asked: Params; at: string | undefined }

export function Keep({ report, asked, at }: Kept) {
  const { t } = useTranslation();
  const { info } = useInfo();
  const refresh = useRefresh();
  const may = useMayEdit();
  const [open, setOpen] = useState(false);
  const [name, setName] = useState('');
  const [moves, setMoves] = useState(true);
  const [said, setSaid] = useState<{ fault?: string; name?: string }>({});
  if (!may) return null;
  const days = (['from', 'to'] as const).filter(one => isDay(String(asked[one] ?? '')));
  const keep = async (event: FormEvent) => {
    event.preventDefault();
    const today = dayOf(info.now, info.workspace.timezone);
    const params: Params = { ...asked, at };
    if (moves) for (const one of days) params[one] = counted(String(params[one]), today);
    try {
      await addView(name.trim(), questionOf(report, params));
      setSaid({ name: name.trim() });
      setName('');
      setOpen(false);
      refresh();
    } catch (error) {
      setSaid({ fault: (error as ApiError).message });
    }
  };
  return (
    <div className={styles.keep}>
      {open ? (
        <form className={styles.form} onSubmit={event => void keep(event)} aria-label={t('views.keep')}>
          <label>{t('views.name')}<Field label={t('views.name')} value={name} onChange={setName} /></label>
          {days.length > 0 && (
            <label className={styles.check}>
              <input type="checkbox" checked={moves} onChange={event => setMoves(event.target.checked)} />
              {t('views.moves')}
            </label>
          )}
          <span className={styles.buttons}>
            <Button primary submit disabled={name.trim() === ''}>{t('views.keep')}</Button>
            <Button onClick={() => { setOpen(false); setSaid({}); }}>{t('views.cancel')}</Button>
          </span>
        </form>
      ) : <Button onClick={() => { setOpen(true); setSaid({}); }}>{t('views.keep')}</Button>}
      <div role="status">
        {said.fault && <p className={styles.fault}>{said.fault}</p>}
        {said.name && <p>{t('views.kept', { name: said.name })} <Link to={link('/reports/views')} className={styles.link}>{t('report.pages.views')}</Link></p>}
      </div>
    </div>
  );
}
