/* The reports: their numbers are the server's, each shows who they are, and the address holds the
 * question. */

import { fresh, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const ask = async (url, path) => (await fetch(new URL(path, url))).json();
const day = (moment, days) => new Date(Date.parse(moment) + days * 864e5).toISOString();

/* Opens the customers behind a number; their count and those that are shown. */
async function whoIs(page, button) {
  await button.click();
  const who = page.locator('dialog[data-who]');
  await who.waitFor();
  return { total: Number(await who.getAttribute('data-who')), shown: await who.locator('tbody tr').count() };
}

async function segments(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const info = await ask(shop, '/api/info');
  const at = info.default_at;
  const sizes = await ask(shop, `/api/segments?at=${at}&from=${day(at, -30)}`);
  await page.goto(new URL(`/reports?lang=${language}`, shop).href);
  await page.waitForSelector('[data-segment]');
  equal(await page.$$eval('[data-segment]', rows => rows.map(row =>
    [row.dataset.segment, Number(row.querySelector('[data-customers]').dataset.customers)])),
  sizes.segments.map(one => [one.name, one.customers]), `${name}: each segment has its size`);
  ok(sizes.segments.some(one => one.entered > 0 && one.left > 0), `${name}: and somebody came and went`);
  await page.waitForSelector('figure canvas');
  await sound(page, axe, root, language, `${name} segments`);

  const most = sizes.segments.toSorted((a, b) => b.customers - a.customers)[0];
  const row = page.locator(`[data-segment="${most.name}"]`);
  await row.locator('th a').click();
  await page.waitForSelector(`[data-shown="${most.name}"]`);
  ok((await page.locator(`[data-shown="${most.name}"]`).innerText()).includes(
    info.segments.find(one => one.name === most.name).when), `${name}: a segment shows its rule`);
  equal((await whoIs(page, row.locator('button').first())).total, most.customers,
    `${name}: a size leads to as many customers`);
  await sound(page, axe, root, language, `${name} members`);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.goBack();
  await page.locator('dialog').waitFor();
  ok(true, `${name}: the way back opens them again`);
  await page.getByRole('button', { name: words['who.close'], exact: true }).click();

  const came = sizes.segments.find(one => one.entered > 0);
  const list = await ask(shop, `/api/customers?at=${at}&from=${day(at, -30)}&segment_entered=${came.name}`);
  equal((await whoIs(page, page.locator(`[data-segment="${came.name}"] button`).nth(1))).total, list.total,
    `${name}: and those who came are shown`);
  await page.locator('dialog tbody a').first().click();
  await page.waitForSelector('main [data-stage]');
  ok(page.url().includes(`/customers/${list.customers[0].id}`), `${name}: each leads to his page`);
}

export async function reports({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ]) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await segments(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: no report is an error in the console`);
    await page.context().close();
  }
}

/* Where nothing came. */
export async function nothing({ chrome, root, empty, axe }) {
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await page.goto(new URL('/reports?lang=en', empty).href);
  await page.getByText(texts(root, 'en')['empty.title'], { exact: true }).waitFor();
  await sound(page, axe, root, 'en', 'reports of nothing');
  equal(faults, [], 'reports of nothing are no error in the console');
  await page.context().close();
}
