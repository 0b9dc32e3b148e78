/* To which channels conversions are owed: the page shows what the server counts. */

import { ask, shut, whoIs } from './cohorts.mjs';
import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const models = ['first', 'last', 'linear', 'position', 'decay', 'markov'];

const partsOf = (answer, of) => answer.sources.flatMap(source => models.map(model => [model, of(source[model])]));

/* What the table shows, once it shows that. */
async function parts(page, expected) {
  const found = () => page.$$eval('[data-model]', all => all.map(one =>
    [one.dataset.model, Number(one.dataset.part ?? 0)]));
  await page.waitForFunction(expected => JSON.stringify([...document.querySelectorAll('[data-model]')].map(
    one => [one.dataset.model, Number(one.dataset.part ?? 0)])) === expected, JSON.stringify(expected)).catch(() => {});
  return found();
}

async function walk(page, visits, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(visits, '/api/info');
  const asked = `/api/attribution?conversion=purchase&value=revenue&at=${at}`;
  const answer = await ask(visits, asked);
  ok(answer.sources.length > 2 && answer.conversions > 10 && answer.lost > 0, `${name}: the visits come by channels`);
  await page.goto(new URL(`/reports/attribution?lang=${language}`, visits).href);
  await page.waitForSelector('[data-source]');
  equal(await page.$$eval('[data-source]', rows => rows.map(row => row.dataset.source)),
    answer.sources.map(source => source.channel), `${name}: every channel is there`);
  const conversions = partsOf(answer, one => one.conversions);
  equal(await parts(page, conversions), conversions, `${name}: with its part by each model`);
  await sound(page, axe, root, language, `${name} attribution`);

  const first = answer.sources.find(source => source.first.conversions > 0);
  const row = page.locator(`[data-source="${first.channel}"]`);
  const { customers } = await ask(visits, `${asked}&customers=${encodeURIComponent(first.channel)}&as=first`);
  equal(await whoIs(page, row.locator('a[data-model=first]')), { total: customers.length, ids: customers },
    `${name}: a part shows whose first touch it was`);
  await sound(page, axe, root, language, `${name} touched`);
  await shut(page);
  const lost = answer.sources.find(source => source.lost > 0);
  const gone = await ask(visits, `${asked}&customers=${encodeURIComponent(lost.channel)}&as=lost`);
  equal((await whoIs(page, page.locator(`[data-source="${lost.channel}"] td`).nth(1).locator('a'))).total,
    gone.customers.length, `${name}: and who went without a conversion`);
  await shut(page);

  await page.getByText(words['attribution.shows.value'], { exact: true }).click();
  const sums = partsOf(answer, one => one.value);
  equal(await parts(page, sums), sums, `${name}: sums are shared out, too`);
  await page.getByText(words['attribution.campaign'], { exact: true }).click();
  const campaigns = await ask(visits, `${asked}&by=campaign`);
  const owed = partsOf(campaigns, one => one.value);
  equal(await parts(page, owed), owed, `${name}: and among campaigns`);
  const named = campaigns.sources.find(source => source.campaign);
  const who = await ask(visits, `${asked}&by=campaign&customers=${encodeURIComponent(named.channel)}&campaign=${named.campaign}`);
  equal((await whoIs(page, page.locator(`[data-source="${named.channel} ${named.campaign}"] td a`).first())).ids, who.customers,
    `${name}: a campaign shows its customers`);
  await shut(page);
  await sound(page, axe, root, language, `${name} campaigns`);
  await page.getByLabel(words['attribution.without'], { exact: true }).fill('direct');
  await page.keyboard.press('Enter');
  await page.locator('[data-source^="direct"]').first().waitFor({ state: 'detached' });
  ok(true, `${name}: a channel can be left out`);
}

export async function attribution({ chrome, root, shop, visits, axe }) {
  for (const [language, width, height, colorScheme] of looks(2, [
    ['en', 390, 844, 'dark'], ['it', 1440, 900, 'light'], ['pt', 1440, 900, 'dark'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, visits, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: attribution is no error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  const bad = encodeURIComponent('<img src=x onerror=document.title=1>');
  for (const query of [`conversion=${bad}`, `without=${bad}`, 'position=1,2,3', 'half_life=soon', `customers=${bad}`]) {
    await page.goto(new URL(`/reports/attribution?lang=en&${query}`, visits).href);
    ok(await page.locator('main [role=alert], main [class*=error], dialog [role=alert], dialog p').first().waitFor().then(() => true),
      `${decodeURIComponent(query)}: is explained`);
    equal(await page.locator('main img').count(), 0, `${decodeURIComponent(query)}: is text`);
  }
  await page.goto(new URL('/reports/attribution?lang=en&from=2011-12-10', shop).href);
  await page.waitForSelector('[data-sources="0"]');
  await sound(page, axe, root, 'en', 'nothing to share out');
  equal(faults.filter(fault => !/400|404/.test(fault)), [], 'nothing of it is an error of the page');
  await page.context().close();
}
