/* The page's language: ?lang, then the stored choice, then the browser's, then the
 * workspace's. */

import i18n from 'i18next';
import { initReactI18next } from 'react-i18next';
import type en from './lang/en.json';

export const languages = { en: 'English', it: 'Italiano', pt: 'Português' };
export type Language = keyof typeof languages;

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'page';
    resources: { page: typeof en };
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

async function load(language: Language) {
  if (!i18n.hasResourceBundle(language, 'page')) {
    const texts = await import(`./lang/${language}.json`);
    i18n.addResourceBundle(language, 'page', texts.default);
  }
  document.documentElement.lang = language;
}

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
