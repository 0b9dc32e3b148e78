/* What customers are worth, and what channels cost: the page shows what the server says, first how forecasts
 * turned out; and a table of costs is looked at before it is taken in. */

import { ask } from './cohorts.mjs';
import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

async function value(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  await page.goto(new URL(`/reports/value?lang=${language}`, shop).href);
  await page.waitForSelector('[data-nearest]');
  await page.waitForSelector('[data-tenth]');
  const { default_at: at } = await ask(shop, '/api/info');
  const past = await ask(shop, '/api/value?event=purchase&value=revenue&hold_out=90d');
  const ahead = await ask(shop, '/api/value?event=purchase&value=revenue&ahead=365d');
  equal(await page.getAttribute('[data-nearest]', 'data-nearest'), `${past.nearest.mean_error} ${past.nearest.root_error}`, `${name}: which guess was nearest`);
  const said = await page.locator('[data-nearest] b').first().innerText();
  const beats = Object.values(past.nearest).every(one => one === 'model');
  equal(said === words['worth.beats'], beats, `${name}: and says whether the model beats the simple ones`);
  equal(await page.$$eval('[data-guess]', rows => rows.map(row => Number(row.dataset.mean))),
    ['by_model', 'by_last_time', 'by_cells'].map(one => past[one].mean_error), `${name}: how far off each was`);
  equal(await page.$$eval('[data-tenth]', rows => rows.map(row => Number(row.dataset.tenth))),
    ahead.tenths.map(one => one.expected_purchases), `${name}: each tenth has what is expected`);
  ok(await page.evaluate(() => document.querySelector('[data-nearest]').compareDocumentPosition(document.querySelector('[data-expected]'))
    & Node.DOCUMENT_POSITION_FOLLOWING), `${name}: the test stands before the forecast`);
  equal(await page.$$eval('[data-tenth] [data-low]', parts => parts.map(part => [Number(part.dataset.low), Number(part.dataset.high)])),
    ahead.tenths.filter(one => typeof one.expected_value_low === 'number').map(one => [one.expected_value_low, one.expected_value_high]),
    `${name}: and how sure that is`);
  ok(ahead.tenths.some(one => typeof one.expected_value_low === 'number'), `${name}: which the fixture knows`);
  equal(await page.$$eval('[data-model] [data-parameter]', rows => rows.map(row => row.dataset.parameter)),
    [...Object.keys(ahead.parameters), ...Object.keys(ahead.spending?.parameters ?? {})], `${name}: the model's parameters`);
  const whole = ahead.tenths.reduce((sum, one) => sum + one.expected_value, 0);
  equal(Number(await page.getAttribute('[data-first-tenth]', 'data-first-tenth')), ahead.tenths[0].expected_value / whole,
    `${name}: what the first tenth brings`);
  const rows = () => page.$$eval('[data-by]', rows => rows.map(row => [row.dataset.by, Number(row.dataset.net), Number(row.dataset.potential)]));
  const by = async cut => (await ask(shop, `/api/ledger?by=${cut}&ahead=365d&at=${at}`)).rows.map(row => [row.name, row.net, row.potential]);
  await page.waitForSelector('[data-by]');
  const stages = await by('stage');
  ok(stages.filter(([, net]) => net > 0).length > 1, `${name}: the fixture has customers of worth in some stages`);
  equal(await rows(), stages, `${name}: value by stage`);
  const { moves } = await ask(shop, '/api/value/equity?event=purchase&value=revenue&ahead=365d');
  await page.waitForSelector('[data-move]');
  equal(await page.$$eval('[data-move]', rows => rows.map(row => [row.dataset.move, row.dataset.difference === undefined ? null : Number(row.dataset.difference)])),
    moves.map(one => [`${one.from} ${one.to}`, one.difference]), `${name}: what is more where moves lead`);
  ok(moves.some(one => one.difference !== null), `${name}: which the fixture knows of some`);
  await page.waitForSelector('figure canvas');
  await sound(page, axe, root, language, `${name} value`);
  await page.locator('[data-cut]').getByText(words['worth.by.cut.segment'], { exact: true }).click();
  await page.waitForSelector('[data-cut=segment]');
  equal(await rows(), await by('segment'), `${name}: and by segment`);
  const { customers } = await ask(shop, '/api/customers?limit=1');
  const id = page.getByLabel(words['worth.one.id'], { exact: true });
  await id.fill(customers[0].id);
  await id.press('Enter');
  await page.waitForSelector(`[data-value-of="${customers[0].id}"]`);
  const { customer: one } = await ask(shop, `/api/value?event=purchase&value=revenue&ahead=365d&customer=${encodeURIComponent(customers[0].id)}`);
  equal(await page.$$eval('[data-value-of] [data-low]', parts => parts.map(part => [Number(part.dataset.low), Number(part.dataset.high)])),
    ['expected_value', 'expected_purchases', 'alive'].filter(key => typeof one[`${key}_low`] === 'number')
      .map(key => [one[`${key}_low`], one[`${key}_high`]]), `${name}: and how sure it is of one`);
  const none = new Intl.NumberFormat(language, { style: 'percent', minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(one.no_purchase);
  ok((await page.locator('[data-value-of]').innerText()).includes(none), `${name}: how likely he buys nothing (${none})`);
  await id.fill('nobody at all');
  await id.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['worth.one.id']);
  ok((await page.locator('main').innerText()).includes('nobody at all'), `${name}: one whom nobody knows`);
  await page.goto(new URL(`/reports/value?hold_out=3650d&lang=${language}`, shop).href);
  await page.waitForSelector('[data-untested]');
  await page.waitForSelector('[data-tenth]');
  ok(true, `${name}: what cannot be tested says so, and is forecast`);
  await keptFits(page, shop, words, name);
}

/* What is kept is listed, and rules ask it, until it is removed. */
async function keptFits(page, shop, words, name) {
  const button = text => page.getByRole('button', { name: text, exact: true });
  const listed = () => page.$$eval('[data-fit]', rows => rows.map(row => [row.dataset.fit, row.dataset.fitModel]));
  await page.waitForSelector('[data-fits="0"]');
  ok((await page.locator('[data-fits]').innerText()).includes(words['worth.fits.none']), `${name}: no fit is kept`);
  await button(words['worth.fits.keep']).click();
  await page.waitForSelector('[data-kept]');
  await page.waitForSelector('[data-fits="1"]');
  const fits = await ask(shop, '/api/value/fits');
  equal(await listed(), fits.map(fit => [fit.until, fit.model]), `${name}: one is kept and listed`);
  equal(fits.map(fit => [fit.event, fit.value]), [['purchase', 'revenue']], `${name}: of what the page asks about`);
  equal(await page.getAttribute('[data-kept]', 'data-kept'), fits[0].until, `${name}: which it says`);
  await button(words['worth.fits.remove']).click();
  await page.locator('[data-fit] button').click();
  await page.waitForSelector('[data-fits="0"]');
  equal(await ask(shop, '/api/value/fits'), [], `${name}: and removed`);
}

async function spend(page, shop, axe, root, language, name) {
  const words = texts(root, language);
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  const before = await ask(shop, '/api/spend');
  await page.goto(new URL(`/reports/spend?lang=${language}`, shop).href);
  const table = page.locator('textarea');
  await page.waitForSelector('[data-spend]');
  const day = `2011-02-${language === 'en' ? '01' : language === 'it' ? '02' : '03'}`;
  await table.fill(`date,channel,amount\n${day},radio ${language},12.50\n${day},radio ${language},x\n`);
  await button('spend.look').click();
  await page.waitForSelector('[data-dry="true"]');
  equal(await page.getAttribute('[data-came]', 'data-came'), '1 0 0 1', `${name}: a table is looked at first`);
  equal((await ask(shop, '/api/spend')).statements, before.statements, `${name}: and nothing is written`);
  await sound(page, axe, root, language, `${name} costs looked at`);
  await button('spend.take').click();
  await page.waitForSelector('[data-dry="false"]');
  const after = await ask(shop, '/api/spend');
  equal(after.channels.find(one => one.channel === `radio ${language}`).amount, 12.5, `${name}: then it is taken in`);
  await page.waitForSelector(`[data-spend="${before.statements + 1}"]`);
  equal(await page.getAttribute(`[data-channel="radio ${language}"]`, 'data-amount'), '12.5', `${name}: and shown`);
  await sound(page, axe, root, language, `${name} costs`);
  await table.fill('day;cost\n1;2\n');
  await button('spend.look').click();
  await page.waitForFunction(() => /"date"/.test(document.querySelector('main form [role=status]')?.textContent ?? ''));
  ok(true, `${name}: a table without its columns is refused in words`);
  equal((await ask(shop, '/api/spend')).statements, before.statements + 1, `${name}: and nothing of it is kept`);
}

export async function money({ chrome, root, shop, edited, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['pt', 390, 844, 'dark'], ['it', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await value(page, shop, axe, root, language, `${language} ${width}`);
    await spend(page, edited, axe, root, language, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 40[04]/.test(fault)), [], `${language} ${width}: money is no error in the console`);
    await page.context().close();
  }
}
