/* The day that the page shows: a slider over the whole file, and a field for a date. */

import { useElementSize } from '@mantine/hooks';
import { useTranslation } from 'react-i18next';
import styles from './dayslider.module.css';
import { useInfo } from './info';
import { addDays, dayOf, daysBetween, isDay } from './time';
import { Field, IconButton } from './ui/controls';
import { Left, Right } from './ui/icons';

/* The first days of months that divide the slider, not closer than `apart` pixels. */
function ticks(first: string, days: number, width: number, apart: number) {
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find(
    step => (days / 30.4 / step) * apart <= width) ?? 240;
  const found: string[] = [];
  let year = +first.slice(0, 4);
  for (let month = 0; ; month += months) {
    const day = `${year + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}-01`;
    const place = daysBetween(first, day);
    if (place > days) return found;
    if (place >= 0) found.push(day);
  }
}

export function DaySlider({ at, onChange }: { at: string; onChange: (day: string) => void }) {
  const { t } = useTranslation();
  const { info, format, firstDay, lastDay } = useInfo();
  const { ref, width } = useElementSize();
  const day = isDay(at) ? at : dayOf(at, info.workspace.timezone);
  const days = daysBetween(firstDay, lastDay);
  const place = Math.min(Math.max(daysBetween(firstDay, day), 0), days);
  const go = (n: number) => onChange(addDays(firstDay, n));

  return (
    <div className={styles.bar}>
      <div className={styles.day}>
        <IconButton label={t('day.before')} onClick={() => go(place - 1)} disabled={place === 0}>
          <Left />
        </IconButton>
        <Field type="date" label={t('day.label')} title={t('day.start')} value={day} min={firstDay} max={lastDay}
          onChange={value => {
            if (isDay(value) && value >= firstDay && value <= lastDay) onChange(value);
          }} />
        <IconButton label={t('day.after')} onClick={() => go(place + 1)} disabled={place === days}>
          <Right />
        </IconButton>
      </div>
      <div className={styles.track}>
        <input type="range" min={0} max={days} value={place} aria-label={t('day.label')}
          aria-valuetext={format.longDay(day)} disabled={days === 0}
          onChange={event => go(event.currentTarget.valueAsNumber)} />
        <div className={styles.ticks} ref={ref} aria-hidden="true">
          {width > 0 && days > 0 && ticks(firstDay, days, width, 52).map(tick => (
            <span key={tick} style={{ left: `${(daysBetween(firstDay, tick) / days) * 100}%` }}>
              {tick.endsWith('-01-01') ? <b>{format.year(tick)}</b> : format.month(tick)}
            </span>
          ))}
        </div>
      </div>
    </div>
  );
}
