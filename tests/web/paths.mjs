/* The ways that customers go: the page shows what the server counts, and who goes them. */

import { fresh, looks, sound } from './browser.mjs';
import { ask, shut, whoIs } from './cohorts.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const waysOf = answer => answer.paths.map(way => [way.steps.join(' > '), String(way.ways)]);
const linksOf = answer => answer.links.map(link => [
  `${link.step} ${answer.nodes[link.from].name} > ${answer.nodes[link.to].name}`, String(link.ways)]);

/* The rows of a table, once they are these. */
async function rows(page, selector, key, expected) {
  const found = () => page.$$eval(selector, (all, key) => all.map(one => [one.dataset[key], one.dataset.ways]), key);
  await page.waitForFunction(({ selector, key, text }) => JSON.stringify([...document.querySelectorAll(selector)]
    .map(one => [one.dataset[key], one.dataset.ways])) === text,
  { selector, key, text: JSON.stringify(expected) }).catch(() => {});
  return found();
}

async function walk(page, visits, axe, root, language, name) {
  const words = texts(root, language);
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  const { default_at: at } = await ask(visits, '/api/info');
  const asked = `/api/paths?through=event&steps=5&top=8&links=1&at=${at}`;
  const answer = await ask(visits, asked);
  ok(answer.paths.length > 3 && answer.links.length > 10, `${name}: the visitors go several ways`);
  await page.goto(new URL(`/reports/paths?lang=${language}`, visits).href);
  await page.waitForSelector('[data-way]');
  equal(await rows(page, '[data-way]', 'way', waysOf(answer)), waysOf(answer), `${name}: the ways are there`);
  await page.waitForSelector('figure canvas');
  await sound(page, axe, root, language, `${name} paths`);

  const [way] = answer.paths, called = way.steps.join(' > ');
  const { listed } = await ask(visits, `${asked}&customers=${encodeURIComponent(called)}`);
  equal(await whoIs(page, page.locator('[data-way] a').first()), { total: way.customers, ids: listed },
    `${name}: a way shows who goes it`);
  await sound(page, axe, root, language, `${name} path's customers`);
  await shut(page);

  await page.locator('figure button[aria-pressed]').last().click();
  equal(await rows(page, '[data-link]', 'link', linksOf(answer)), linksOf(answer), `${name}: each link is counted`);
  const link = answer.links.findIndex(one => answer.nodes[one.to].kind === 'end');
  equal((await whoIs(page, page.locator('[data-link] a').nth(link))).total, answer.links[link].customers,
    `${name}: and shows who goes so`);
  await shut(page);

  await page.getByLabel(words['paths.direction'], { exact: true }).selectOption('before');
  const to = page.getByLabel(words['paths.anchor.before'], { exact: true });
  await to.fill('purchase');
  await page.keyboard.press('Enter');
  await button('paths.flags.collapse').click();
  const back = await ask(visits, `${asked}&before=purchase&collapse=1`);
  ok(back.paths.length > 1, `${name}: purchases have ways to them`);
  equal(await rows(page, '[data-way]', 'way', waysOf(back)), waysOf(back), `${name}: backwards, repeats as one`);
  equal(await rows(page, '[data-link]', 'link', linksOf(back)), linksOf(back), `${name}: so are the links`);
}

async function hostile(page, shop, visits, axe, root) {
  const bad = encodeURIComponent('<img src=x onerror=document.title=1>');
  for (const query of [`through=${bad}`, `after=${bad}`, 'gap=soon', 'customers=__proto__', `customers=${bad}&step=2`, 'step=9&customers=a']) {
    await page.goto(new URL(`/reports/paths?lang=en&${query}`, visits).href);
    ok(await page.locator('main [role=alert], main [class*=error], dialog [role=alert]').first().waitFor().then(() => true),
      `${decodeURIComponent(query)}: is explained`);
    equal(await page.locator('main img').count(), 0, `${decodeURIComponent(query)}: is text`);
  }
  await page.goto(new URL('/reports/paths?lang=en&steps=99&top=constructor&each=2', visits).href);
  await page.waitForSelector('[data-way]');
  ok(true, 'what the address says and nobody knows is as if it were not there');
  const stages = await ask(shop, `/api/paths?through=stage&steps=5&top=8&links=1&at=${(await ask(shop, '/api/info')).default_at}`);
  await page.goto(new URL('/reports/paths?lang=en&through=stage', shop).href);
  equal(await rows(page, '[data-way]', 'way', waysOf(stages)), waysOf(stages), 'ways lead through stages, too');
  await page.goto(new URL('/reports/paths?lang=en&from=2011-12-10', shop).href);
  await page.waitForSelector('[data-paths="0"]');
  await sound(page, axe, root, 'en', 'no way');
}

export async function paths({ chrome, root, shop, visits, axe }) {
  for (const [language, width, height, colorScheme] of looks(0, [
    ['en', 1440, 900, 'dark'], ['it', 1440, 900, 'light'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, visits, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: paths are no error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await hostile(page, shop, visits, axe, root);
  equal(faults.filter(fault => !/400|404/.test(fault)), [], 'no address is an error of the page');
  await page.context().close();
}
