/* The page's language: ?lang, then the stored choice, then the browser's, then the
 * workspace's. */

import i18n from 'i18next';
import { lazy, type ComponentType } from 'react';
import { initReactI18next } from 'react-i18next';
import type en from './lang/en.json';

export const languages = { en: 'English', it: 'Italiano', pt: 'Português' };
export type Language = keyof typeof languages;

/* The words that come with the pages that need them: lang/NAME.LANGUAGE.json. */
interface Parts {
  attribution: typeof import('./lang/attribution.en.json');
  channels: typeof import('./lang/channels.en.json');
  churn: typeof import('./lang/churn.en.json');
  cohorts: typeof import('./lang/cohorts.en.json');
  customers: typeof import('./lang/customers.en.json');
  data: typeof import('./lang/data.en.json');
  dashboards: typeof import('./lang/dashboards.en.json');
  duplicates: typeof import('./lang/duplicates.en.json');
  funnel: typeof import('./lang/funnel.en.json');
  journey: typeof import('./lang/journey.en.json');
  lift: typeof import('./lang/lift.en.json');
  lookalikes: typeof import('./lang/lookalikes.en.json');
  model: typeof import('./lang/model.en.json');
  overlap: typeof import('./lang/overlap.en.json');
  paths: typeof import('./lang/paths.en.json');
  personas: typeof import('./lang/personas.en.json');
  propensity: typeof import('./lang/propensity.en.json');
  reports: typeof import('./lang/reports.en.json');
  returned: typeof import('./lang/returned.en.json');
  rfm: typeof import('./lang/rfm.en.json');
  segments: typeof import('./lang/segments.en.json');
  spend: typeof import('./lang/spend.en.json');
  stageflow: typeof import('./lang/stageflow.en.json');
  survival: typeof import('./lang/survival.en.json');
  value: typeof import('./lang/value.en.json');
  views: typeof import('./lang/views.en.json');
}
export type Part = keyof Parts;
type All<T> = (T extends unknown ? (one: T) => void : never) extends (all: infer U) => void ? U : never;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    resources: { page: typeof en & All<Parts[Part]> };
  }
}

const known = (text: string | null | undefined) =>
  Object.keys(languages).find(l => text?.toLowerCase().split('-')[0] === l) as Language | undefined;

/* What the person asked for; undefined leaves it to the workspace. */
export function preferred(): Language | undefined {
  return known(new URLSearchParams(location.search).get('lang'))
    ?? known(localStorage.getItem('lang'))
    ?? navigator.languages.map(known).find(Boolean);
}

/* The locale for numbers and dates: the browser's own variety of the language, if any. */
export function locale(language: Language): string {
  const usual = { en: 'en-GB', it: 'it-IT', pt: 'pt-PT' };
  return navigator.languages.find(l => known(l) === language && l.includes('-')) ?? usual[language];
}

const parts = new Set<Part>();
const loaded = new Set<string>();

async function loadOne(file: string, language: Language, texts: () => Promise<{ default: object }>) {
  if (loaded.has(file)) return;
  i18n.addResourceBundle(language, 'page', (await texts()).default, true);
  loaded.add(file);
}

async function load(language: Language) {
  await Promise.all([
    loadOne(language, language, () => import(`./lang/${language}.json`)),
    ...[...parts].map(part => loadOne(`${part}.${language}`, language, () => import(`./lang/${part}.${language}.json`))),
  ]);
  document.documentElement.lang = language;
}

/* A page that comes, with its words, when it is first opened. */
export const page = <Props>(code: () => Promise<{ default: ComponentType<Props> }>, ...words: Part[]) =>
  lazy(async () => {
    words.forEach(part => parts.add(part));
    const [found] = await Promise.all([code(), load(known(i18n.language)!)]);
    return found;
  });

export async function start(wanted: string) {
  const language = known(wanted) ?? 'en';
  await i18n.use(initReactI18next).init({
    lng: language,
    defaultNS: 'page',
    ns: ['page'],
    resources: {},
    interpolation: { escapeValue: false },
  });
  await load(language);
  await i18n.changeLanguage(language);
}

/* Changes the language and remembers it. */
export async function choose(language: Language) {
  localStorage.setItem('lang', language);
  await load(language);
  await i18n.changeLanguage(language);
}
