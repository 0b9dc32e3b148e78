/* Periods of the calendar by their names: 2026-01-31, 2026-01, 2026-Q1, 2026; a week by its Monday. */

import type { TFunction } from 'i18next';
import type { By } from '../api';
import type { Format } from '../format';
import { addDays, isDay } from '../time';

function firstDay(period: string) {
  const [year, part] = [period.slice(0, 4), period.slice(5)];
  const month = part.startsWith('Q') ? Number(part.slice(1)) * 3 - 2 : Number(part.slice(0, 2) || 1);
  return `${year}-${String(month).padStart(2, '0')}-${part.slice(3) || '01'}`;
}

/* The day on which the next period begins. */
export function nextDay(period: string, by: By) {
  const day = firstDay(period);
  if (by === 'day' || by === 'week') return addDays(day, by === 'day' ? 1 : 7);
  const months = { month: 1, quarter: 3, year: 12 }[by];
  const next = new Date(`${day}T00:00:00Z`);
  next.setUTCMonth(next.getUTCMonth() + months);
  return next.toISOString().slice(0, 10);
}

export function periodName(period: string, by: By, format: Format, t: TFunction) {
  const day = firstDay(period);
  if (!isDay(day)) return period;
  switch (by) {
    case 'day': case 'week': return format.day(day);
    case 'month': return `${format.month(day)} ${format.year(day)}`;
    case 'quarter': return t('report.quarter', { n: period.slice(-1), year: format.year(day) });
    case 'year': return format.year(day);
  }
}
