/* The reports: their numbers are the server's, each shows who they are, and the address holds the
 * question. */

import { fresh, looks, sound } from './browser.mjs';
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

const shownWay = page => page.getAttribute('[data-funnel]', 'data-funnel');

async function funnel(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const at = (await ask(shop, '/api/info')).default_at;
  const asked = more => ask(shop, `/api/funnel?at=${at}&${more}`);
  const way = of => of.steps.map(step => step.customers).join();
  const shows = (of, what) => page.waitForSelector(`[data-funnel="${way(of)}"]`).then(
    () => ok(true, what), async () => equal(await shownWay(page), way(of), what));
  const step = n => page.getByLabel(words['funnel.step'].replace('{{n}}', n), { exact: true });
  await page.goto(new URL(`/reports/funnel?lang=${language}`, shop).href);
  await step(1).waitFor();
  const before = page.url();
  await step(1).fill('purchase where revenue > 20');
  await step(1).press('Enter');
  await step(2).fill('purchase');
  await step(2).press('Enter');
  const two = await asked('steps=purchase where revenue > 20, purchase');
  ok(two.steps[0].customers > two.steps[1].customers && two.steps[1].customers > 0,
    `${name}: the fixture has some who stop`);
  await shows(two, `${name}: each step has as many as the server says`);
  await sound(page, axe, root, language, `${name} funnel`);

  await page.getByRole('button', { name: words['funnel.add'], exact: true }).click();
  await page.keyboard.type('any');
  await page.keyboard.press('Enter');
  await shows(await asked('steps=purchase where revenue > 20, purchase, any'), `${name}: a step is added by keys`);
  await step(3).press('Alt+ArrowUp');
  await shows(await asked('steps=purchase where revenue > 20, any, purchase'), `${name}: and put elsewhere`);
  ok(await step(2).evaluate(field => field === document.activeElement), `${name}: the keyboard goes with it`);
  await page.goBack();
  await shows(await asked('steps=purchase where revenue > 20, purchase, any'), `${name}: the way back undoes it`);
  await page.getByRole('button', { name: words['funnel.remove'].replace('{{n}}', 3), exact: true }).click();
  await shows(two, `${name}: a step is taken away`);

  const stop = page.locator(`[data-stopped="${two.stopped[0].customers}"] h3 button`);
  const who = await whoIs(page, stop);
  equal(who.total, two.stopped[0].customers, `${name}: who stopped is shown`);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  equal((await whoIs(page, page.locator('[data-reached]').nth(1))).total, two.steps[1].customers,
    `${name}: and who went on`);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });

  await page.getByLabel(words['report.by'], { exact: true }).selectOption('trait.country');
  await page.waitForSelector('[data-groups]');
  const groups = (await asked('steps=purchase where revenue > 20, purchase&by=trait.country')).groups;
  equal(Number(await page.getAttribute('[data-groups]', 'data-groups')), groups.length, `${name}: it is broken down`);
  equal((await whoIs(page, page.locator('[data-group] button').first())).total, groups[0].steps[0].customers,
    `${name}: and each group shows its customers`);
  await page.keyboard.press('Escape');
  await page.locator('dialog').waitFor({ state: 'detached' });
  await page.getByRole('button', { name: words['figure.table'], exact: true }).click();
  equal(await page.locator('figure tbody tr').count(), 2, `${name}: it is there as a table`);
  await sound(page, axe, root, language, `${name} funnel as a table`);
  const link = page.url();
  ok(link !== before && new URL(link).searchParams.get('by') === 'trait.country', `${name}: the address holds the question`);

  for (const [field, wrong, says] of [
    ['report.when', 'trait.country = = "IT"', 'trait.country'], ['report.when', '<script>alert(1)</script>', '<script>'],
    ['funnel.within', '3x', '"3x"'],
  ]) {
    await page.goto(link);
    const input = page.getByLabel(words[field], { exact: true });
    await input.fill(wrong);
    await input.press('Enter');
    await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.ariaInvalid === 'true'
      || document.querySelector(`input[aria-label="${label}"][aria-invalid=true]`), words[field]);
    ok((await page.locator('main').innerText()).includes(says), `${name}: what is wrong stands at its field: ${wrong}`);
    await input.fill('');
    await input.press('Enter');
    await page.waitForSelector('[data-groups]');
  }
  await step(2).fill('purchas');
  await step(2).press('Enter');
  await page.getByText('did you mean purchase?').waitFor();
  equal(await step(2).getAttribute('aria-invalid'), 'true', `${name}: and what is wrong with a step, at the step`);
  await sound(page, axe, root, language, `${name} funnel with a fault`);
}

/* The list of reports: always there where there is room, else behind a button; a report keeps the time
 * that was asked for, and its words follow the language. */
async function list(page, shop, axe, root, language, width, name) {
  const words = texts(root, language);
  await page.goto(new URL(`/reports/segments?lang=${language}&from=2011-06-01`, shop).href);
  await page.waitForSelector('[data-segment]');
  const links = page.locator('nav #reports a');
  if (width < 1100) {
    const button = page.getByRole('button', { name: words['report.all'], exact: true });
    equal(await links.filter({ visible: true }).count(), 0, `${name}: a narrow window has no list`);
    await button.press('Enter');
    await links.first().waitFor();
    await sound(page, axe, root, language, `${name} list of reports`);
    await page.keyboard.press('Escape');
    await links.first().waitFor({ state: 'hidden' });
    await button.press('Enter');
    await links.first().waitFor();
  }
  const titles = Object.entries(words).filter(([key]) => key.startsWith('report.pages.')).map(([, title]) => title);
  equal((await links.allInnerTexts()).sort(), titles.sort(), `${name}: every report is in the list, once`);
  equal(await page.locator('nav #reports a[aria-current=page]').allInnerTexts(), [words['report.pages.segments']],
    `${name}: and says which it is`);
  await page.getByRole('link', { name: words['report.pages.funnel'], exact: true }).press('Enter');
  await page.getByRole('heading', { level: 1, name: words['report.pages.funnel'], exact: true }).waitFor();
  equal(new URL(page.url()).searchParams.get('from'), '2011-06-01', `${name}: another report is of the same time`);
  const other = language === 'it' ? 'pt' : 'it', own = texts(root, other);
  await page.getByLabel(words['nav.language'], { exact: true }).selectOption(other);
  await page.getByLabel(own['nav.language'], { exact: true }).waitFor(); /* a funnel has one name in two of them */
  await sound(page, axe, root, other, `${name} in another language`);
  await page.evaluate(() => localStorage.removeItem('lang'));
}

export async function reports({ chrome, root, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(2, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await segments(page, shop, axe, root, language, `${language} ${width}`);
    await funnel(page, shop, axe, root, language, `${language} ${width}`);
    await list(page, shop, axe, root, language, width, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 400/.test(fault)), [], `${language} ${width}: no report is an error in the console`);
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
