/* Days are "2011-12-09", those of the workspace's time zone; moments are ISO 8601 in UTC. */

export const isDay = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && !isNaN(Date.parse(text));
export const isMoment = (text: string) =>
  isDay(text) || (/^\d{4}-\d\d-\d\dT/.test(text) && !isNaN(Date.parse(text)));

export function dayOf(moment: string, timezone: string): string {
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit',
  }).formatToParts(Date.parse(moment));
  const part = (type: string) => parts.find(p => p.type === type)!.value;
  return `${part('year')}-${part('month')}-${part('day')}`;
}

const serial = (day: string) => Date.parse(`${day}T00:00:00Z`) / 864e5;

export const addDays = (day: string, n: number) =>
  new Date((serial(day) + n) * 864e5).toISOString().slice(0, 10);

export const daysBetween = (from: string, to: string) => serial(to) - serial(from);

/* The same, n days earlier; for a moment inside a day, 24 hours each. */
export const daysBefore = (at: string, n: number) =>
  isDay(at) ? addDays(at, -n) : new Date(Date.parse(at) - n * 864e5).toISOString();
