/* Numbers, money, dates and names, as the reader's language and the workspace write them. */

import type { i18n, TFunction } from 'i18next';
import type { Info } from './api';
import { locale, type Language } from './language';
import { isDay } from './time';

/* "at_risk" -> "At risk" */
export const prettified = (name: string) => {
  const words = name.replace(/[_-]+/g, ' ').trim();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export type Format = ReturnType<typeof makeFormat>;

export function makeFormat(info: Info, t: TFunction, i18n: i18n) {
  const language = i18n.language as Language;
  const where = locale(language);
  const { timezone: timeZone, currency, decimals } = info.workspace;
  const number = new Intl.NumberFormat(where, { useGrouping: 'always', maximumFractionDigits: 6 });
  const rounded = new Intl.NumberFormat(where, { useGrouping: 'always', maximumFractionDigits: 1 });
  const percent = new Intl.NumberFormat(where, {
    style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1,
  });
  const rate = new Intl.NumberFormat(where, { style: 'percent', maximumFractionDigits: 2 });
  const amount = new Intl.NumberFormat(where, {
    style: 'currency', currency, useGrouping: 'always',
    minimumFractionDigits: decimals, maximumFractionDigits: decimals,
  });
  const short = { notation: 'compact', maximumSignificantDigits: 3 } as const;
  const shortNumber = new Intl.NumberFormat(where, short);
  const shortAmount = new Intl.NumberFormat(where, { ...short, style: 'currency', currency });
  const days = new Intl.NumberFormat(where, { style: 'unit', unit: 'day', unitDisplay: 'long' });
  /* "90d", "6mo" as the model has them */
  const units: Record<string, string> = {
    s: 'second', m: 'minute', h: 'hour', d: 'day', w: 'week', mo: 'month', y: 'year',
  };
  const unit = (n: number, name: string) => new Intl.NumberFormat(where, {
    style: 'unit', unit: name, unitDisplay: 'long', maximumFractionDigits: 1,
  }).format(n);
  const any = new Intl.ListFormat(where, { type: 'disjunction' });
  const dates = (options: Intl.DateTimeFormatOptions) => {
    const moment = new Intl.DateTimeFormat(where, { ...options, timeZone });
    const day = new Intl.DateTimeFormat(where, { ...options, timeZone: 'UTC' });
    return (text: string) => (isDay(text) ? day : moment).format(Date.parse(text));
  };
  /* What the shipped templates say is translated, all else is shown as the model has it. */
  type Kind = 'stages' | 'eventTypes' | 'facts' | 'segments' | 'goals' | 'descriptions' | 'kpis' | 'groups';
  const translated = (kind: Kind, text: string): string | undefined =>
    i18n.getResource(language, 'page', kind)?.[text];
  const name = (kind: Kind, text: string) => translated(kind, text) ?? prettified(text);

  const format = {
    number: (n: number) => number.format(n),
    rounded: (n: number) => rounded.format(n),
    share: (n: number, of: number) => (of ? percent.format(n / of) : '–'),
    percent: (share: number) => percent.format(share),
    /* One that somebody wrote: 20 %, not 20.0 %. */
    rate: (share: number) => rate.format(share),
    /* Of few digits: £1.23M. */
    short: (n: number, type?: string) => (type === 'money' ? shortAmount : shortNumber).format(n),
    days: (n: number) => days.format(n),
    length: (text: string) => {
      const [, n, name] = text.match(/^(\d+)([a-z]+)$/) ?? [];
      return name && units[name] ? unit(Number(n), units[name]) : text;
    },
    /* Milliseconds, in the largest unit of which there is one. */
    span: (ms: number) => {
      const size = { day: 864e5, hour: 36e5, minute: 6e4 };
      for (const [name, one] of Object.entries(size)) if (ms >= one) return unit(ms / one, name);
      return unit(ms / 1e3, 'second');
    },
    any: (texts: string[]) => any.format(texts),
    day: dates({ day: 'numeric', month: 'short', year: 'numeric' }),
    longDay: dates({ weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' }),
    month: dates({ month: 'short' }),
    year: dates({ year: 'numeric' }),
    time: dates({ hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
    second: dates({ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }),
    moment: dates({
      day: 'numeric', month: 'short', year: 'numeric',
      hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    }),
    stage: (stage: string | null) => (stage === null ? t('stage.none') : name('stages', stage)),
    event: (type: string) => name('eventTypes', type),
    /* An import names an order's event "purchase:536365". */
    eventId: (type: string, id: string) => (id.startsWith(`${type}:`) ? id.slice(type.length + 1) : id),
    kpi: (kpi: string) => name('kpis', kpi),
    segment: (segment: string) => name('segments', segment),
    /* One of those by recency and frequency. */
    group: (group: string) => name('groups', group),
    goal: (goal: string) => translated('goals', goal) ?? goal,
    description: (text: string) => translated('descriptions', text) ?? text,
    /* A property's or a trait's name, and its value; those of Ciclo's own events are called by them. */
    fact: (fact: string, event?: string) => translated('facts', `${event}.${fact}`) ?? name('facts', fact),
    value: (value: unknown, type?: string): string => {
      if (value === null || value === undefined) return '–';
      if (typeof value === 'boolean') return t(value ? 'value.yes' : 'value.no');
      if (typeof value === 'number')
        return type === 'money' ? amount.format(value) : number.format(value);
      if (typeof value === 'string')
        return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? format.moment(value) : value;
      return JSON.stringify(value);
    },
  };
  return format;
}
