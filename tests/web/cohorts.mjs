/* Cohorts and RFM: what the page shows is what the server counts, and every number shows who they are. */

import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

export const ask = async (url, path) => (await fetch(new URL(path, url))).json();

/* Opens the customers behind a number; who they are, as the page shows them. */
export async function whoIs(page, link) {
  await link.click();
  const who = page.locator('dialog[data-who]');
  await who.waitFor();
  const ids = await who.locator('tbody th').allTextContents();
  const total = Number(await who.getAttribute('data-who'));
  return { total, ids };
}

export async function shut(page) {
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
}

/* The cells of the table, once it has so many rows and shows this in its last cell of the first. */
async function shownCells(page, expected) {
  await page.waitForFunction(expected => {
    const cells = document.querySelectorAll('[data-cell]');
    return cells.length === expected.length && [...cells].every((cell, i) =>
      Number(cell.dataset.shown) === expected[i][1]);
  }, expected).catch(() => {});
  return page.$$eval('[data-cell]', cells => cells.map(cell => [cell.dataset.cell, Number(cell.dataset.shown)]));
}

const cellsOf = (answer, value) => answer.cohorts.filter(cohort => cohort.customers > 0).flatMap(cohort =>
  cohort.periods.map(cell => [`${cohort.cohort} ${cell.period}`, value(cell, cohort)]));

async function cohorts(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  const { default_at: at } = await ask(shop, '/api/info');
  const asked = `/api/cohorts?first=purchase&at=${at}`;
  const answer = await ask(shop, asked);
  await page.goto(new URL(`/reports/cohorts?lang=${language}`, shop).href);
  await page.waitForSelector('[data-cell]');
  const shares = cellsOf(answer, (cell, cohort) => cell.customers / cohort.customers);
  ok(shares.length > 40, `${name}: the fixture has cohorts`, shares.length);
  equal(await shownCells(page, shares), shares, `${name}: each cell shows its share`);
  equal(await page.$$eval('[data-times]', rows => rows.map(row => [row.dataset.times, row.dataset.share])),
    answer.again.slice(0, 8).map(one => [String(one.times), String(one.share)]), `${name}: and how many came once more`);
  await sound(page, axe, root, language, `${name} cohorts`);

  const cohort = answer.cohorts.find(one => one.periods[2]?.customers > 0), cell = cohort.periods[2];
  const { customers } = await ask(shop, `${asked}&cohort=${cohort.cohort}&period=${cell.period}`);
  const link = page.locator(`[data-cell="${cohort.cohort} ${cell.period}"] a`);
  equal(await whoIs(page, link), { total: cell.customers, ids: customers }, `${name}: a cell shows who they are`);
  await sound(page, axe, root, language, `${name} cohort's customers`);
  await page.goto(page.url());
  await page.locator('dialog[data-who] tbody th').first().waitFor();
  equal(await page.locator('dialog').getAttribute('data-who'), String(cell.customers),
    `${name}: the address alone shows them again`);
  await shut(page);
  equal((await whoIs(page, page.locator(`[data-began="${cohort.customers}"]`).first())).total, cohort.customers,
    `${name}: and so does a cohort's size`);
  await shut(page);

  await button('cohorts.repeat').click();
  const behind = await ask(shop, `${asked}&repeat=1`);
  const fewer = cellsOf(behind, (one, of) => one.customers / of.customers);
  ok(JSON.stringify(fewer) !== JSON.stringify(shares), `${name}: without the first it is another table`);
  equal(await shownCells(page, fewer), fewer, `${name}: which is shown`);

  await page.getByLabel(words['report.value'], { exact: true }).selectOption('revenue');
  await page.getByLabel(words['report.periods'], { exact: true }).selectOption('quarter');
  await button('cohorts.cumulated').click();
  await page.getByText(words['cohorts.shows.each'], { exact: true }).click();
  const sums = cellsOf(await ask(shop, `${asked}&repeat=1&by=quarter&value=revenue&cumulated=1`),
    (one, of) => one.value / of.customers);
  equal(await shownCells(page, sums), sums, `${name}: sums per customer by quarter, cumulated`);
  await sound(page, axe, root, language, `${name} sums`);
}

async function rfm(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(shop, '/api/info');
  const asked = `/api/rfm?event=purchase&value=revenue&at=${at}`;
  const answer = await ask(shop, asked);
  const counts = (selector, key) => page.$$eval(selector, (all, key) => all.map(
    one => [one.dataset[key], Number(one.dataset.customers ?? 0)]), key);
  await page.goto(new URL(`/reports/rfm?lang=${language}`, shop).href);
  await page.waitForSelector('[data-place]');
  const places = {};
  for (const cell of answer.cells) {
    const place = `${cell.recency}${cell.frequency}`;
    places[place] = (places[place] ?? 0) + cell.customers;
  }
  equal(Object.fromEntries((await counts('[data-place]', 'place')).filter(([, n]) => n > 0).sort()),
    Object.fromEntries(Object.entries(places).sort()), `${name}: the grid shows how many are where`);
  equal(await page.locator('[data-place]').count(), 25, `${name}: it has 25 places`);
  equal(await counts('[data-group]', 'group'), answer.groups.map(one => [one.group, one.customers]),
    `${name}: the groups are counted`);
  await sound(page, axe, root, language, `${name} rfm`);

  const group = answer.groups.find(one => one.customers > 0);
  const listed = await ask(shop, `${asked}&customers=${encodeURIComponent(group.group)}`);
  const ids = listed.customers.map(one => one.id);
  equal(await whoIs(page, page.locator(`[data-group="${group.group}"] a`)),
    { total: group.customers, ids }, `${name}: a group shows who they are`);
  await sound(page, axe, root, language, `${name} rfm's customers`);
  await shut(page);
  const [place, n] = Object.entries(places)[0];
  equal((await whoIs(page, page.locator(`[data-place="${place}"]`))).total, n, `${name}: and so does a place`);
  await shut(page);

  await page.getByText(words['rfm.cells'], { exact: true }).click();
  await page.waitForSelector('[data-rfm]');
  equal((await page.$$eval('[data-rfm] a', all => all.map(
    one => [one.parentElement.dataset.rfm, Number(one.dataset.customers)]))).sort(),
  answer.cells.map(cell => [`${cell.recency}${cell.frequency}${cell.monetary}`, cell.customers]).sort(),
  `${name}: each of the 125 cells is counted`);
  const cell = answer.cells.at(-1);
  equal((await whoIs(page, page.locator('[data-rfm] a').first())).total > 0, true, `${name}: and shows who they are`);
  await sound(page, axe, root, language, `${name} rfm's cells`);
  await shut(page);

  await page.getByLabel(words['rfm.method'], { exact: true }).selectOption('limits');
  await page.getByLabel(words['rfm.limits.recency'], { exact: true }).fill('10,20,45,90');
  await page.keyboard.press('Enter');
  const own = await ask(shop, `${asked}&method=limits&recency=10,20,45,90&frequency=2,3,5,10&monetary=50,100,250,1000`);
  const most = own.cells.reduce((a, b) => (b.customers > a.customers ? b : a));
  await page.waitForSelector(`[data-rfm="${most.recency}${most.frequency}${most.monetary}"] [data-customers="${most.customers}"]`);
  ok(most.customers !== cell.customers, `${name}: own limits count otherwise`);
  await page.getByLabel(words['rfm.method'], { exact: true }).selectOption('ranks');
  await page.waitForSelector('[data-score]', { state: 'detached' });
  ok(true, `${name}: ranks have no cuts to show`);
}

/* What nobody meant, and what somebody meant badly. */
async function hostile(page, shop, axe, root) {
  const bad = '<img src=x onerror=document.title=1>';
  const wrong = async (path, name) => {
    await page.goto(new URL(`${path}&lang=en`, shop).href);
    ok(await page.locator('main [role=alert], main [class*=error], dialog [role=alert]').first().waitFor().then(() => true),
      `${name} is explained`);
    equal(await page.locator('main img').count(), 0, `${name} is text`);
  };
  await wrong(`/reports/cohorts?first=${encodeURIComponent(bad)}`, 'a cohort of markup');
  await wrong('/reports/cohorts?first=purchase&value=nothing', 'a sum of nothing');
  await wrong('/reports/cohorts?first=purchase&cohort=2011-13&period=__proto__', 'a cohort that is none');
  await wrong(`/reports/rfm?event=${encodeURIComponent(bad)}&value=revenue`, 'an event of markup');
  await wrong('/reports/rfm?method=limits&recency=4,3,2,1', 'limits the wrong way round');
  await wrong(`/reports/rfm?customers=${encodeURIComponent(bad)}`, 'a group of markup');

  await page.goto(new URL('/reports/cohorts?by=__proto__&show=constructor&rows=-1&columns=999&repeat=2&lang=en', shop).href);
  await page.waitForSelector('[data-cell]');
  await page.goto(new URL('/reports/rfm?method=toString&view=valueOf&days=2&lang=en', shop).href);
  await page.waitForSelector('[data-place]');
  ok(true, 'what the address says and nobody knows is as if it were not there');
  await wrong('/reports/cohorts?at=2031-01-01', 'a time to come');
  await wrong('/reports/cohorts?from=2011-03-01&to=2011-02-01', 'a range the wrong way round');
  await page.goto(new URL('/reports/cohorts?from=2011-12-10&lang=en', shop).href);
  await page.waitForSelector('[data-cohorts="0"]');
  ok(true, 'cohorts of a time without events are none');
  await sound(page, axe, root, 'en', 'no cohorts');
  await page.goto(new URL('/reports/rfm?from=2011-12-10&lang=en', shop).href);
  await page.waitForSelector('[data-total="0"]');
  ok(true, 'and nobody is scored in it');
}

/* Many periods are shown a year of weeks at a time. */
async function pages(page, shop) {
  await page.goto(new URL('/reports/cohorts?by=day&lang=en', shop).href);
  await page.waitForSelector('[data-cell]');
  const first = await page.getAttribute('[data-cell]', 'data-cell');
  const rows = await page.locator('[data-cohorts] tbody tr').count();
  ok(rows <= 55, 'no table is longer than a year of weeks', rows);
  await page.getByRole('button', { name: 'Earlier cohorts' }).click();
  await page.waitForFunction(first => document.querySelector('[data-cell]').dataset.cell !== first, first);
  ok(page.url().includes('rows='), 'and the address says which part of it');
}

export async function heat({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 1440, 900, 'dark'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await cohorts(page, shop, axe, root, language, `${language} ${width}`);
    await rfm(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: cohorts and RFM are no error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await hostile(page, shop, axe, root);
  await pages(page, shop);
  equal(faults.filter(fault => !/400|404/.test(fault)), [], 'nothing that the address says is an error of the page');
  await page.context().close();
}
