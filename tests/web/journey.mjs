/* Stage by touchpoint: the page shows what the server counts, and whose each cell is. */

import { ask, shut, whoIs } from './cohorts.mjs';
import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

/* What the cells show, once they show that. */
async function cells(page, expected) {
  const found = () => page.$$eval('[data-touchpoint] [data-cell]', all => all.map(one => [one.dataset.cell, one.dataset.n]).sort());
  await page.waitForFunction(expected => JSON.stringify([...document.querySelectorAll('[data-touchpoint] [data-cell]')].map(
    one => [one.dataset.cell, one.dataset.n]).sort()) === expected, JSON.stringify(expected)).catch(() => {});
  return found();
}

const expected = (answer, of) => answer.stages.flatMap(({ stage, touchpoints }) => touchpoints.map(
  one => [`${stage} ${one.touchpoint}`, String(of(one) ?? '')])).sort();

async function walk(page, visits, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(visits, '/api/info');
  const answer = await ask(visits, `/api/journey-map?at=${at}`);
  ok(answer.stages.filter(stage => stage.touchpoints.length > 1).length > 1, `${name}: stages have touchpoints`);
  await page.goto(new URL(`/reports/journey?lang=${language}`, visits).href);
  const customers = expected(answer, one => one.customers);
  equal(await cells(page, customers), customers, `${name}: each touchpoint of a stage has its customers`);
  await sound(page, axe, root, language, `${name} journey map`);
  const { stage, touchpoints } = answer.stages.find(one => one.touchpoints.some(touched => touched.lost > 0));
  const lost = touchpoints.find(one => one.lost > 0);
  const cell = () => page.locator(`[data-cell=${JSON.stringify(`${stage} ${lost.touchpoint}`)}]`);
  const of = `/api/journey-map?at=${at}&customers=${stage}&touchpoint=${encodeURIComponent(lost.touchpoint)}`;
  equal((await whoIs(page, cell())).ids, (await ask(visits, of)).listed, `${name}: a cell shows who they are`);
  await sound(page, axe, root, language, `${name} touched`);
  await shut(page);
  for (const [show, value] of [['events', one => one.events], ['since', one => one.since_ms], ['until', one => one.until_ms],
    ['lost', one => (one.touches ? one.lost / one.touches : null)]]) {
    await page.getByLabel(words['report.show'], { exact: true }).selectOption(show);
    const shown = expected(answer, value);
    equal(await cells(page, shown), shown, `${name}: and its ${show}`);
  }
  equal((await whoIs(page, cell())).ids, (await ask(visits, `${of}&lost=1`)).listed, `${name}: and who was lost`);
  await shut(page);
  equal(await page.getAttribute('[data-pains]', 'data-pains'),
    String(answer.stages.flatMap(one => one.touchpoints).filter(one => one.pain).length), `${name}: pain points are listed`);
  for (const [field, wrong] of [['within', '3x'], ['events', 'nothing_such'], ['score', 'foo']]) {
    const input = page.getByLabel(words[`journey.${field}`], { exact: true });
    await input.fill(wrong);
    await input.press('Enter');
    await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.ariaInvalid === 'true'
      || document.querySelector(`input[aria-label="${label}"][aria-invalid=true]`), words[`journey.${field}`]);
    ok((await page.locator('main').innerText()).includes(wrong), `${name}: what is wrong stands at its field: ${wrong}`);
    await input.fill('');
    await input.press('Enter');
    await page.waitForSelector('[data-cell]');
  }
}

/* The visits have no pain point: one is put into the answer. */
async function pain(page, visits, axe, root, language, name) {
  const words = texts(root, language);
  await page.route(/journey-map\?/, async route => {
    const response = await route.fetch();
    const answer = await response.json();
    const { touchpoints } = answer.stages[0];
    touchpoints[0] = { ...touchpoints[0], touchpoint: 'support', touches: 40, lost: 12, others: { touches: 50, lost: 4 },
      difference: 0.22, difference_low: 0.06, difference_high: 0.379, pain: true };
    await route.fulfill({ response, json: answer });
  });
  await page.goto(new URL(`/reports/journey?lang=${language}`, visits).href);
  await page.waitForSelector('[data-pains="1"]');
  const marks = page.getByRole('img', { name: words['journey.pain'], exact: true });
  equal(await marks.count(), 1, `${name}: a pain point is marked in its cell`);
  const said = await page.locator('[data-pains] li').innerText();
  equal(said.match(/\d+([.,]\d+)?/g).map(n => n.replace(',', '.')).slice(0, 6), ['30.0', '40', '8.0', '50', '6', '37.9'],
    `${name}: and said with its numbers`);
  await sound(page, axe, root, language, `${name} pain point`);
  await page.unroute(/journey-map\?/);
}

export async function journey({ chrome, root, visits, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, visits, axe, root, language, `${language} ${width}`);
    await pain(page, visits, axe, root, language, `${language} ${width}`);
    await page.goto(new URL(`/reports/journey?lang=${language}&to=2020-01-01`, visits).href);
    await page.waitForSelector('[data-stages="0"]');
    equal(faults.filter(fault => !/status of 400/.test(fault)), [], `${language} ${width}: a journey map is no error in the console`);
    await page.context().close();
  }
}
