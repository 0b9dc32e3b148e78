/* Overlap, lookalikes, personas, movement, and who returned: the page shows what the server counts, and whose
 * each number is. */

import { ask, shut, whoIs } from './cohorts.mjs';
import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const measures = 'count(purchase, 1y), since(purchase), sum(purchase.revenue, 1y)';
const query = params => Object.entries(params).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');

async function overlap(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(shop, '/api/info');
  const names = 'vip,one_time,repeat';
  await page.goto(new URL(`/reports/overlap?segments=${names}&lang=${language}`, shop).href);
  const answer = await ask(shop, `/api/overlap?${query({ segments: names, at })}`);
  await page.waitForSelector('[data-exactly]');
  equal(Object.fromEntries(await page.$$eval('[data-exactly]', rows => rows.map(row => [row.dataset.exactly, Number(row.dataset.customers)]))),
    Object.fromEntries(answer.exactly.filter(one => one.customers > 0).sort((a, b) => b.customers - a.customers)
      .map(one => [one.segments.join(), one.customers])), `${name}: who is in exactly which segments`);
  const { a, b, both } = answer.pairs.find(pair => pair.both > 0);
  const { customers } = await ask(shop, `/api/overlap?${query({ segments: `${a},${b}`, customers: `${a},${b}`, at })}`);
  equal(await whoIs(page, page.locator(`[data-both="${a} ${b} ${both}"] a`)), { total: both, ids: customers }, `${name}: who is in both`);
  await shut(page);
  await sound(page, axe, root, language, `${name} overlap`);
  const left = page.locator('fieldset input:checked').first();
  await left.uncheck();
  await page.waitForURL(/segments=one_time%2Crepeat/);
  equal(await page.locator('fieldset input:checked:disabled').count(), 2, `${name}: two segments stay`);
  await page.goto(new URL(`/reports/overlap?segments=vip,nothing_such&lang=${language}`, shop).href);
  ok((await page.locator('[role=alert]').innerText()).includes('nothing_such'), `${name}: a segment that is none`);
  ok(words['overlap.note'], `${name}: has words`);
}

async function alike(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(shop, '/api/info');
  await page.goto(new URL(`/reports/lookalikes?segment=repeat&lang=${language}`, shop).href);
  await page.waitForSelector('[data-alike] [data-customer]');
  const answer = await ask(shop, `/api/lookalikes?${query({ segment: 'repeat', measures, at, limit: 100 })}`);
  ok(answer.customers.length > 0, `${name}: the fixture has lookalikes`);
  equal(await page.$$eval('[data-customer]', rows => rows.map(row => row.dataset.customer)),
    answer.customers.map(one => one.customer), `${name}: who is most like a segment`);
  equal(await page.$$eval('[data-column]', rows => rows.map(row => row.dataset.column)),
    answer.columns.map(one => one.name), `${name}: in what its members are alike`);
  await sound(page, axe, root, language, `${name} lookalikes`);
  const own = page.getByLabel(words['likeness.own'], { exact: true });
  await own.fill('max(purchase.revenue), foo(purchase)');
  await own.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['likeness.own']);
  ok((await page.locator('main').innerText()).includes('foo'), `${name}: what is wrong with a rule stands at its field`);
  equal(await page.locator('[role=alert]').count(), 0, `${name}: and nowhere else`);
}

async function personas(page, shop, axe, root, language, name) {
  const { default_at: at } = await ask(shop, '/api/info');
  await page.goto(new URL(`/reports/personas?groups=3&lang=${language}`, shop).href);
  await page.waitForSelector('[data-persona]');
  const answer = await ask(shop, `/api/personas?${query({ measures, groups: 3, at })}`);
  equal(await page.$$eval('[data-persona]', all => all.map(one => [one.dataset.persona, one.dataset.customers])),
    answer.personas.map(one => [String(one.persona), String(one.customers)]), `${name}: each persona has its customers`);
  const { listed } = await ask(shop, `/api/personas?${query({ measures, groups: 3, customers: 1, at })}`);
  equal((await whoIs(page, page.locator('[data-persona="1"] a'))).ids, listed, `${name}: and shows who they are`);
  await shut(page);
  await sound(page, axe, root, language, `${name} personas`);
}

async function moves(page, shop, axe, root, language, name) {
  const { default_at: at } = await ask(shop, '/api/info');
  const since = '2011-03-01';
  await page.goto(new URL(`/reports/rfm?since=${since}&view=moves&lang=${language}`, shop).href);
  await page.waitForSelector('[data-way]');
  const asked = { event: 'purchase', value: 'revenue', method: 'interpolated', since, at };
  const answer = await ask(shop, `/api/rfm?${query(asked)}`);
  const way = one => `${one.from ?? '(none)'} > ${one.to ?? '(none)'}`;
  ok(answer.moves.some(one => one.from === null) && answer.moves.some(one => one.from !== one.to), `${name}: the fixture moves`);
  equal(Object.fromEntries((await page.$$eval('[data-way]', cells => cells.map(cell => [cell.dataset.way, Number(cell.dataset.customers)])))
    .filter(([, n]) => n > 0).sort()), Object.fromEntries(answer.moves.map(one => [way(one), one.customers]).sort()), `${name}: who moved from where to where`);
  const one = answer.moves.find(move => move.from === null);
  const { customers } = await ask(shop, `/api/rfm?${query({ ...asked, customers: way(one) })}`);
  equal((await whoIs(page, page.locator(`[data-way="${way(one)}"] a`))).ids, customers.map(c => c.id), `${name}: a move shows who they are`);
  await shut(page);
  await sound(page, axe, root, language, `${name} movement`);
}

async function returned(page, shop, axe, root, language, name) {
  const { default_at: at } = await ask(shop, '/api/info');
  await page.goto(new URL(`/reports/returned?after=90d&lang=${language}`, shop).href);
  await page.waitForSelector('[data-returned]');
  const asked = { first: 'purchase', by: 'month', cumulated: 1, value: 'revenue', at };
  const [fresh, back] = await Promise.all([ask(shop, `/api/cohorts?${query(asked)}`), ask(shop, `/api/cohorts?${query({ ...asked, after: '90d' })}`)]);
  const n = back.cohorts.reduce((sum, cohort) => sum + cohort.customers, 0);
  ok(n > 0, `${name}: somebody came back`);
  equal(await page.getAttribute('[data-returned]', 'data-returned'), String(n), `${name}: as many came back`);
  equal(await page.$$eval('[data-times="1"] [data-share]', cells => cells.map(cell => Number(cell.dataset.share))),
    [fresh, back].map(answer => answer.again.find(row => row.times === 1)?.share).filter(share => share !== undefined), `${name}: and so many once more, beside new ones`);
  await sound(page, axe, root, language, `${name} returned`);
}

async function against(page, shop, axe, root, language, name) {
  const { default_at: at } = await ask(shop, '/api/info');
  const shown = () => page.$$eval('[data-difference]', rows => rows.map(row => (row.dataset.difference === '' ? null : Number(row.dataset.difference))));
  const asked = { steps: 'purchase, purchase', against_segment: 'repeat' };
  await page.goto(new URL(`/reports/funnel?${query(asked)}&lang=${language}`, shop).href);
  await page.waitForSelector('[data-difference]');
  const funnel = await ask(shop, `/api/funnel?${query({ ...asked, at })}`);
  equal(await shown(), funnel.difference.map(one => one.difference), `${name}: a funnel beside a segment's`);
  await sound(page, axe, root, language, `${name} funnel beside another`);
  await whoIs(page, page.locator('[data-stopped] h3 button').first());
  await shut(page);
  const next = page.locator('[data-stopped] tbody button').first();
  const { customers: listed } = await ask(shop, `/api/funnel?${query({ steps: asked.steps, at, stopped: 1, next_nothing: 1 })}`);
  equal((await whoIs(page, next)).ids, listed, `${name}: who did what next`);
  await shut(page);
  const cohorts = { from: '2011-01-01', to: '2011-12-01', against: '2010-12-01..2011-01-01' };
  await page.goto(new URL(`/reports/cohorts?${query(cohorts)}&lang=${language}`, shop).href);
  await page.waitForSelector('[data-difference]');
  const answer = await ask(shop, `/api/cohorts?${query({ ...cohorts, first: 'purchase', by: 'month', at })}`);
  equal(await shown(), [...answer.difference.slice(1), ...answer.again_difference].map(one => one.difference), `${name}: cohorts beside those of another time`);
  await sound(page, axe, root, language, `${name} cohorts beside others`);
}

async function nobody(page, shop, axe, root, language, name) {
  for (const path of ['overlap', 'lookalikes', 'personas', 'returned', 'value']) {
    await page.goto(new URL(`/reports/${path}?${query({ when: 'count(purchase) > 9999' })}&lang=${language}`, shop).href);
    const empty = '[data-overlap="0"], [data-alike="0"], [data-personas="0"], [data-returned="0"], [role=alert]';
    await page.waitForSelector(empty);
    ok((await page.locator(empty).first().innerText()).length > 5, `${name}: ${path} of nobody says so`);
    await sound(page, axe, root, language, `${name} ${path} of nobody`);
  }
}

export async function alikeness({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    for (const part of [overlap, alike, personas, moves, returned, against])
      await part(page, shop, axe, root, language, `${language} ${width}`);
    await nobody(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 40[04]/.test(fault)), [], `${language} ${width}: groups are no error in the console`);
    await page.context().close();
  }
}
