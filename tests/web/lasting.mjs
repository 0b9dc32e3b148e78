/* How long it lasts, and who stays: the page shows what the server counts, and who they are. */

import { fresh, looks, sound } from './browser.mjs';
import { ask, shut, whoIs } from './cohorts.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

async function survival(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(shop, '/api/info');
  const asked = `/api/survival?first=purchase&end=purchase&every=30d&at=${at}`;
  const answer = await ask(shop, asked), [all] = answer.groups;
  ok(all.points.length > 3 && all.ended > 0 && all.ended < all.customers, `${name}: some buy again, some do not yet`);
  await page.goto(new URL(`/reports/survival?lang=${language}`, shop).href);
  await page.waitForSelector('[data-customers]');
  await page.waitForSelector('figure canvas');
  await sound(page, axe, root, language, `${name} survival`);
  await page.locator('figure button[aria-pressed]').last().click();
  equal(await page.$$eval('[data-after]', rows => rows.map(row =>
    [Number(row.dataset.after), row.querySelector('[data-share]').dataset.share])),
  all.points.map(point => [point.after_ms, String(point.share ?? '')]), `${name}: the curve is the server's`);
  await sound(page, axe, root, language, `${name} survival as a table`);
  const { customers } = await ask(shop, `${asked}&customers=waiting`);
  equal(await whoIs(page, page.locator('[data-customers] a').nth(1)),
    { total: all.customers - all.ended, ids: customers.slice(0, 200) }, `${name}: and shows who waits`);
  await shut(page);
  await page.getByLabel(words['report.by'], { exact: true }).selectOption('trait.country');
  await page.waitForSelector('[data-p]');
  const by = await ask(shop, `${asked}&by=trait.country`);
  equal(await page.$$eval('[data-group]', rows => rows.map(row => [row.dataset.group, Number(row.dataset.customers)])),
    by.groups.map(group => [group.value ?? '', group.customers]), `${name}: each country has a curve`);
  equal(Number(await page.getAttribute('[data-p]', 'data-p')), by.log_rank.p, `${name}: and chance is told`);
}

async function churn(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(shop, '/api/info');
  const asked = `/api/churn?active=purchase&by=month&at=${at}`;
  const { periods } = await ask(shop, asked);
  const found = () => page.$$eval('[data-period]', rows => rows.map(row => [row.dataset.period, row.dataset.retention ?? '']));
  const expected = (of, formula) => of.toReversed().map(one => [one.period, String(one.rates[formula]?.retention ?? '')]);
  ok(periods.length > 5, `${name}: the fixture has months`);
  await page.goto(new URL(`/reports/churn?lang=${language}`, shop).href);
  await page.waitForSelector('[data-period]');
  equal(await found(), expected(periods, 'start'), `${name}: each month has its retention`);
  await sound(page, axe, root, language, `${name} churn`);
  const month = periods.find(one => one.lost > 0);
  const lost = await ask(shop, `${asked}&period=${month.period}&who=lost`);
  equal(await whoIs(page, page.locator(`[data-period="${month.period}"] [data-fate=lost] a`)),
    { total: month.lost, ids: lost.customers }, `${name}: and shows whom it lost`);
  await shut(page);
  await page.getByLabel(words['report.value'], { exact: true }).selectOption('revenue');
  await page.getByLabel(words['churn.formula'], { exact: true }).selectOption('net');
  const sums = expected((await ask(shop, `${asked}&value=revenue`)).periods, 'net');
  await page.waitForFunction(text => JSON.stringify([...document.querySelectorAll('[data-period]')].map(
    row => [row.dataset.period, row.dataset.retention ?? ''])) === text, JSON.stringify(sums)).catch(() => {});
  equal(await found(), sums, `${name}: of money, too`);
}

async function stageflow(page, shop, axe, root, language, name) {
  const { default_at: at } = await ask(shop, '/api/info');
  const asked = `/api/stages?conversion=1&kpi=1&at=${at}`;
  const { groups: [all], kpi } = await ask(shop, asked);
  await page.goto(new URL(`/reports/stageflow?lang=${language}`, shop).href);
  await page.waitForSelector('[data-stage]');
  equal(await page.$$eval('[data-stage]', rows => rows.map(row => [row.dataset.stage, Number(row.dataset.of), row.dataset.share])),
    all.stages.map(one => [one.stage, one.of, one.on_way ? String(one.forward.share ?? '') : '']), `${name}: who goes on from each stage`);
  equal(await page.getAttribute('[data-bottleneck]', 'data-bottleneck'), all.bottleneck.share.reason, `${name}: the bottleneck`);
  equal(await page.$$eval('[data-met]', rows => rows.map(row => row.dataset.met)),
    kpi.stages.filter(one => one.target).map(one => String(one.target.met)), `${name}: targets met or missed`);
  await sound(page, axe, root, language, `${name} stage flow`);
  const stage = all.stages.find(one => one.forward.customers > 0 && one.back.customers > 0);
  ok(stage !== undefined, `${name}: the fixture has some who go on, and some who go back`);
  const back = await ask(shop, `${asked}&customers=${stage.stage}&who=back`);
  equal(await whoIs(page, page.locator(`[data-stage="${stage.stage}"] [data-fate=back] a`)),
    { total: stage.back.customers, ids: back.customers.slice(0, 200) }, `${name}: and shows who went back`);
  await shut(page);
}

async function hostile(page, shop, axe, root) {
  const bad = encodeURIComponent('<img src=x onerror=document.title=1>');
  for (const path of [`survival?first=${bad}`, `survival?end=${bad}`, 'survival?every=0d', `survival?customers=${bad}`,
    `churn?active=${bad}`, 'churn?period=__proto__&who=lost', `churn?period=2011-03&who=${bad}`]) {
    await page.goto(new URL(`/reports/${path}&lang=en`, shop).href);
    ok(await page.locator('main [role=alert], main [class*=error], dialog [role=alert]').first().waitFor().then(() => true),
      `${decodeURIComponent(path)}: is explained`);
    equal(await page.locator('main img').count(), 0, `${decodeURIComponent(path)}: is text`);
  }
  await page.goto(new URL('/reports/survival?from=2011-12-10&lang=en', shop).href);
  await page.waitForSelector('[data-groups="0"]');
  await page.goto(new URL('/reports/churn?from=2011-12-10&by=constructor&formula=__proto__&lang=en', shop).href);
  await page.waitForSelector('[data-periods="0"]');
  await sound(page, axe, root, 'en', 'no period');
}

export async function lasting({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(0, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 1440, 900, 'dark'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await survival(page, shop, axe, root, language, `${language} ${width}`);
    await churn(page, shop, axe, root, language, `${language} ${width}`);
    await stageflow(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: survival, churn and the stage flow are no error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await hostile(page, shop, axe, root);
  equal(faults.filter(fault => !/400|404/.test(fault)), [], 'nor is any address of theirs');
  await page.context().close();
}
