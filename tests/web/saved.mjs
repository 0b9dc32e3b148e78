/* Views, alerts and dashboards: made, shown and removed on the page, as the server has them. */

import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const ask = async (url, path) => (await fetch(new URL(path, url))).json();

async function keep(page, go, shop, words, name, view) {
  await go('/reports/cohorts?from=2011-03-01&by=quarter&');
  await page.getByRole('button', { name: words['views.keep'], exact: true }).click();
  await page.getByLabel(words['views.name'], { exact: true }).last().fill(view);
  await page.keyboard.press('Enter');
  await page.getByText(words['views.kept'].replace('{{name}}', view)).waitFor();
  const kept = (await ask(shop, '/api/views')).find(one => one.name === view);
  equal([kept.report, kept.params.by, /^day-\d+d$/.test(kept.params.from), 'at' in kept.params],
    ['cohorts', 'quarter', true, false], `${name}: a report's question is kept, its day counted from today`);
}

async function remove(page, words, row, name) {
  await row.getByRole('button', { name: words['views.remove'], exact: true }).click();
  await row.getByRole('button', { name: words['views.really'].replace('{{name}}', name), exact: true }).click();
}

/* The journey map and the segments are kept, too, and lead back; both are put beside the first tile, moved, and
 * taken away again. */
async function change(page, go, shop, words, name, view) {
  for (const [path, report, kept] of [['journey', 'journey-map', 'Map'], ['segments', 'segments', 'Sizes']]) {
    await go(`/reports/${path}?`);
    await page.getByRole('button', { name: words['views.keep'], exact: true }).click();
    await page.getByLabel(words['views.name'], { exact: true }).last().fill(kept);
    await page.keyboard.press('Enter');
    await page.getByText(words['views.kept'].replace('{{name}}', kept)).waitFor();
    equal((await ask(shop, '/api/views')).find(one => one.name === kept).report, report, `${name}: ${path} is kept`);
    await go('/reports/views?');
    await page.locator(`[data-view="${kept}"] a`).click();
    await page.waitForURL(new RegExp(`/reports/${path}`));
    await page.waitForSelector(path === 'journey' ? '[data-stages], [data-cell]' : '[data-segments]');
  }
  const names = async () => (await ask(shop, '/api/dashboards')).map(one => [one.name, one.views]);
  const edit = async (dashboard, change) => {
    await page.locator(`[data-dashboard="${dashboard}"]`).getByRole('button', { name: words['dashboards.edit'], exact: true }).click();
    const form = page.locator(`[data-edit="${dashboard}"]`);
    await change(form);
    await form.getByRole('button', { name: words['dashboards.save'], exact: true }).click();
    await form.waitFor({ state: 'detached' });
  };
  await go('/reports/dashboards?');
  await edit(view, async form => {
    await form.getByRole('checkbox', { name: 'Map', exact: true }).check();
    await form.getByRole('checkbox', { name: 'Sizes', exact: true }).check();
    await form.getByRole('button', { name: words['dashboards.earlier'].replace('{{name}}', 'Sizes'), exact: true }).click();
    await form.getByLabel(words['views.name'], { exact: true }).fill('Another name');
  });
  equal(await names(), [['Another name', [view, 'Sizes', 'Map']]], `${name}: a dashboard has another name, more tiles, and another order`);
  await page.locator('[data-dashboard="Another name"] [data-tile="Sizes"]').waitFor();
  await edit('Another name', async form => {
    for (const tile of ['Map', 'Sizes']) await form.getByRole('checkbox', { name: tile, exact: true }).uncheck();
    await form.getByLabel(words['views.name'], { exact: true }).fill(view);
  });
  equal(await names(), [[view, [view]]], `${name}: and back`);
  for (const kept of ['Map', 'Sizes'])
    await fetch(new URL(`/api/views/${kept}`, shop), { method: 'DELETE' });
  await go('/reports/dashboards?');
  await page.locator(`[data-tile="${view}"] a`).waitFor();
}

async function one(page, shop, axe, root, language, name) {
  const words = texts(root, language), view = `Quarters ${name}`;
  const go = path => page.goto(new URL(`${path}lang=${language}`, shop).href);
  await go('/reports/dashboards?');
  await page.waitForSelector('[data-dashboards="0"]');
  await sound(page, axe, root, language, `${name} no dashboard`);
  await keep(page, go, shop, words, name, view);

  await go('/reports/views?');
  const row = page.locator(`[data-view="${view}"]`);
  await row.getByRole('button', { name: words['views.watch'], exact: true }).click();
  await page.getByRole('button', { name: words['alerts.try'], exact: true }).click();
  await page.waitForSelector('[data-tried]');
  await page.getByLabel(words['views.name'], { exact: true }).last().fill(view);
  await page.getByRole('button', { name: words['alerts.add'], exact: true }).click();
  await page.waitForSelector(`[data-alert="${view}"]`);
  const alert = (await ask(shop, '/api/alerts')).find(one => one.name === view);
  equal([alert.view, alert.every, alert.unusual], [view, 'day', true], `${name}: an alert looks at a number of it`);
  await sound(page, axe, root, language, `${name} views`);

  await go('/reports/dashboards?');
  await page.getByRole('checkbox', { name: view, exact: true }).check();
  await page.getByLabel(words['views.name'], { exact: true }).last().fill(view);
  await page.getByRole('button', { name: words['dashboards.make'], exact: true }).click();
  await page.locator(`[data-tile="${view}"] b`).first().waitFor();
  const answer = await ask(shop, `/api/views/${encodeURIComponent(view)}`);
  equal((await page.locator(`[data-tile="${view}"] b`).allInnerTexts()).map(Number),
    answer.cohorts.slice(-6).map(cohort => cohort.customers), `${name}: a tile has the report's numbers`);
  await sound(page, axe, root, language, `${name} dashboards`);
  await page.waitForSelector(`[data-tile="${view}"] [data-curves]`);
  ok(true, `${name}: a tile of what goes along time has a curve`);
  await change(page, go, shop, words, name, view);
  await page.locator(`[data-tile="${view}"] a`).click();
  await page.waitForURL(/\/reports\/cohorts\?/);
  ok(/from=day-\d+d/.test(page.url()) && page.url().includes('by=quarter'), `${name}: and leads to it`);

  await go('/reports/views?');
  await remove(page, words, row, view);
  await page.locator('[role=alert]').first().waitFor();
  equal((await ask(shop, '/api/views')).length, 1, `${name}: what a dashboard shows stays`);
  await remove(page, words, page.locator(`[data-alert="${view}"]`), view);
  await page.waitForSelector('[data-alerts="0"]');
  await go('/reports/dashboards?');
  await remove(page, words, page.locator(`[data-dashboard="${view}"]`), view);
  await page.waitForSelector('[data-dashboards="0"]');
  await go('/reports/views?');
  await remove(page, words, row, view);
  await page.waitForSelector('[data-views="0"]');
  ok(true, `${name}: all of them go`);
}

export async function saved({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await one(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 409/.test(fault)), [], `${language} ${width}: nothing of what is kept is an error in the console`);
    await page.context().close();
  }
}
