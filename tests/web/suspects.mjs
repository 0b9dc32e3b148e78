/* Suspected duplicates: found, decided, taken back, by page; and from a customer's page. */

import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const surnames = { en: 'Rossi', it: 'Bianchi', pt: 'Ferreira' };

/* Users who meet on tablets, one of them with an id that no window holds; contacts written twice. */
async function send(url, language, pairs) {
  const day = 5 + Object.keys(surnames).indexOf(language);
  const at = second => new Date(Date.UTC(2026, 0, day, 10, 0, second)).toISOString();
  const call = (id, second, more) => ({ messageId: `${language}-${id}`, timestamp: at(second), ...more });
  const long = `${language}-${'long'.repeat(45)}`;
  const batch = [];
  for (let i = 0; i < pairs; i++) {
    const tablet = { type: 'track', event: 'visit', anonymousId: `${language}-tablet-${i}` };
    batch.push(call(`a${i}`, i, { ...tablet, userId: `${language}-ada-${i}` }));
    batch.push(call(`b${i}`, 1000 + i, { ...tablet, userId: i === pairs - 1 ? long : `${language}-bob-${i}` }));
  }
  const traits = first => ({ name: `${first} ${surnames[language]}`, street: `Via ${language} 12` });
  batch.push(call('c1', 0, { type: 'identify', userId: `${language}-mario`, traits: traits('Mario') }));
  batch.push(call('c2', 0, { type: 'identify', userId: `${language}-mraio`, traits: traits('Mraio') }));
  const city = (value, source) => ({ type: 'identify', userId: `${language}-eva`, traits: { city: value }, context: { source } });
  batch.push(call('e1', 1, city('Porto', 'crm')), call('e2', 2, city('Lisboa', 'web')));
  const response = await fetch(new URL('/v1/batch', url), { method: 'POST', body: JSON.stringify({ batch }) });
  equal(response.status, 200, `${language}: what is suspected is sent`);
  return long;
}

const list = (page, name) => page.locator(`[data-list=${name}]`);
const shows = (page, name, total) => page.waitForSelector(`[data-list=${name}][data-total="${total}"]`);

async function walk(page, url, axe, root, language, name) {
  const words = texts(root, language);
  const pairs = 52;
  const api = path => page.evaluate(async path => (await fetch(path)).json(), path);
  const press = (where, key) => where.getByRole('button', { name: words[`suspects.${key}`], exact: true }).first().click();
  const long = await send(url, language, pairs);
  await page.goto(new URL(`/data/duplicates?lang=${language}`, url).href);
  const { total } = await api('/api/suspicions');
  await shows(page, 'suspicions', total);
  equal(await list(page, 'suspicions').locator('[data-pair]').count(), 50, `${name}: a page of suspicions is shown`);
  ok(await list(page, 'suspicions').locator('[data-pair]').first().innerText().then(text => text.includes(long)),
    `${name}: the newest first, however long its id`);
  await sound(page, axe, root, language, `${name} suspicions`);
  await list(page, 'suspicions').getByRole('button', { name: words['list.more'], exact: true }).click();
  await page.waitForFunction(n => document.querySelectorAll('[data-list=suspicions] [data-pair]').length === n, Math.min(total, 100));
  ok(true, `${name}: and then the next`);

  /* Two users become one, and two again. */
  const decided = (await api('/api/decisions')).total;
  await press(list(page, 'suspicions'), 'merge');
  await shows(page, 'decisions', decided + 1);
  await shows(page, 'suspicions', total - 1);
  const [decision] = (await api('/api/decisions?limit=1')).decisions;
  equal([decision.says, decision.customers.length], ['merge', 1], `${name}: who is merged is one customer`);
  await press(page.locator('[data-said=merge]'), 'undo');
  await shows(page, 'suspicions', total);
  await shows(page, 'decisions', decided);
  ok(true, `${name}: until it is taken back`);
  await press(list(page, 'suspicions'), 'apart');
  await shows(page, 'suspicions', total - 1);
  await press(list(page, 'decisions'), 'undo');
  await shows(page, 'decisions', decided);
  await shows(page, 'suspicions', total);
  ok(true, `${name}: what was decided can be taken back in its list`);

  /* Who looks alike. */
  await press(list(page, 'similar'), 'look');
  const alike = list(page, 'similar').locator(`[data-pair*="${language}-mario"]`);
  await alike.waitFor();
  ok((await alike.innerText()).includes(`Mraio ${surnames[language]}`), `${name}: names that are alike are told`);
  await sound(page, axe, root, language, `${name} who looks alike`);
  await press(alike, 'apart');
  await alike.waitFor({ state: 'detached' });
  ok(true, `${name}: who is kept apart is listed no more`);

  /* Who said what of a trait. */
  await page.goto(new URL(`/customers/${language}-eva?lang=${language}`, url).href);
  const trait = page.locator('[data-trait=city]');
  await trait.getByText(words['told.conflict'], { exact: true }).click();
  const told = await trait.locator('li').allInnerTexts();
  ok(told.length === 2 && /^Lisboa\s+web · .*2026$/.test(told[0]) && /^Porto\s+crm · .*2026$/.test(told[1]),
    `${name}: who said what of a trait is told`, told);
  equal(await trait.locator('b').allInnerTexts(), ['Lisboa'], `${name}: and which value stands`);
  ok(await trait.getByText(words['told.newest'], { exact: true }).isVisible(), `${name}: and by which rule`);
  await sound(page, axe, root, language, `${name} who said what`);

  /* From a customer's page. */
  await page.goto(new URL(`/customers/${language}-mario?lang=${language}`, url).href);
  await page.locator('[data-concern]').click();
  await shows(page, 'decisions', 1);
  await sound(page, axe, root, language, `${name} of one customer`);
  await page.goto(new URL(`/customers/${language}-ada-0?lang=${language}`, url).href);
  await page.getByLabel(words['suspects.other'], { exact: true }).fill(`${language}-mraio`);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: words['suspects.yes'], exact: true }).click();
  await page.locator('#ids ~ dl').getByText(`${language}-mraio`, { exact: true }).waitFor();
  ok(true, `${name}: a customer is merged with another by an id`);
  await page.getByLabel(words['suspects.other'], { exact: true }).fill('nobody at all');
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: words['suspects.yes'], exact: true }).click();
  await page.getByText('nobody has the id').waitFor();
  ok(true, `${name}: but not with nobody`);
}

export async function suspects({ chrome, root, people, axe }) {
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await page.goto(new URL('/data/duplicates?lang=it', people).href);
  for (const name of ['suspicions', 'similar', 'decisions']) await shows(page, name, 0);
  await sound(page, axe, root, 'it', 'nothing suspected');
  equal(faults, [], 'which is no error in the console');
  await page.context().close();
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, people, axe, root, language, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 404/.test(fault)), [],
      `${language} ${width}: deciding leaves no error in the console`);
    await page.context().close();
  }
}
