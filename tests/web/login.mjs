/* Signing in with a key, where the file has keys. */

import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

async function enter(page, key) {
  await page.fill('input[name=key]', key);
  await page.keyboard.press('Enter');
}

async function pass(page, locked, keys, axe, root, language, name) {
  const words = texts(root, language);
  await page.goto(new URL(`/customers?lang=${language}`, locked).href);
  await page.waitForSelector('[data-login]');
  equal(await page.locator('nav a').count(), 0, `${name}: a stranger sees no pages`);
  await sound(page, axe, root, language, `${name} login`);
  await enter(page, 'ck_nobody');
  await page.getByText(words['login.no_key']).waitFor();
  await enter(page, keys.collect);
  await page.getByText(words['login.no_right']).waitFor();
  ok(true, `${name}: a wrong key and one that may only send are told apart`);
  await enter(page, keys.read);
  await page.waitForSelector('[data-total]');
  ok(await page.evaluate(() => document.cookie) === '', `${name}: no script sees the cookie`);
  await page.goto(page.url());
  await page.waitForSelector('[data-total]');
  ok(true, `${name}: the session outlives the page`);
  await sound(page, axe, root, language, `${name} signed in`);
  await page.click(`[aria-label="${words['nav.leave'].replace('{{name}}', 'page')}"]`);
  await page.waitForSelector('[data-login]');
  await page.goto(page.url());
  await page.waitForSelector('[data-login]');
  ok(true, `${name}: who signed out is a stranger`);
}

export async function login({ chrome, root, locked, keys, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await pass(page, locked, keys, axe, root, language, `${language} ${width}`);
    /* Chromium tells every answer of 401 and 403 as an error. */
    equal(faults.filter(fault => !/status of 40[13]/.test(fault)), [],
      `${language} ${width}: signing in leaves no error in the console`);
    await page.context().close();
  }
}
