/* The page in a browser, in each language, wide and narrow, light and dark. */

import { texts } from './source.mjs';
import { equal, equalInTime, ok } from './tap.mjs';

/* What the page asks for and the server answers. */
async function api(url, path) {
  const response = await fetch(new URL(path, url));
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

const counts = stages => Object.fromEntries(stages.stages.map(s => [s.stage, s.customers]));

function shownCounts(page) {
  return page.$$eval('[data-stage] [data-count]', links => Object.fromEntries(
    links.map(a => [a.closest('[data-stage]').dataset.stage, Number(a.dataset.count)])));
}

/* Waits until the board shows these numbers, and says which it shows if it never does. */
async function showsCounts(page, expected, name) {
  await page.waitForFunction(expected => {
    const links = [...document.querySelectorAll('[data-stage] [data-count]')];
    return links.length === Object.keys(expected).length && links.every(a =>
      Number(a.dataset.count) === expected[a.closest('[data-stage]').dataset.stage]);
  }, expected).catch(() => {});
  equal(await shownCounts(page), expected, name);
}

/* The day that the page shows, once its address says it too. */
async function settledDay(page) {
  await page.waitForFunction(() => new URL(location.href).searchParams.get('at')
    === document.querySelector('input[type=date]').value);
  return page.inputValue('input[type=date]');
}

const yearBefore = moment => new Date(Date.parse(moment) - 365 * 864e5).toISOString();

/* Texts of the English page that are a phrase, and differ in the other language. */
function foreign(root, language) {
  if (language === 'en') return [];
  const english = texts(root, 'en'), own = texts(root, language);
  return Object.keys(english)
    .filter(key => own[key] !== english[key] && /^[A-Z][^{}]{9,}$/.test(english[key]))
    .map(key => english[key]);
}

/* What must hold of every page. */
export async function sound(page, axe, root, language, name) {
  const text = await page.evaluate(() => document.body.innerText);
  const keys = Object.keys(texts(root, 'en')).map(key => key.split('.')[0]);
  const untranslated = [...new Set(keys)].flatMap(
    first => text.match(new RegExp(`(?<![\\w.@])${first}(?:\\.[a-zA-Z]\\w*)+`, 'g')) ?? []);
  equal(untranslated.filter(key => key in texts(root, 'en')), [], `${name}: no key without its text`);
  equal(foreign(root, language).filter(phrase => `\n${text}\n`.includes(`\n${phrase}\n`)), [],
    `${name}: nothing is left in English`);
  equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0,
    `${name}: nothing is wider than the window`);
  equal(await page.evaluate(() => document.documentElement.lang), language,
    `${name}: says its language`);
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
    return violations.filter(v => ['serious', 'critical'].includes(v.impact)).map(
      v => `${v.id}: ${v.nodes.map(n => `${n.target} ${n.failureSummary}`).join('; ')}`);
  });
  equal(violations, [], `${name}: axe finds no serious fault`);
}

/* The way from the board to the reason of one customer's stage. */
async function walk(page, url, axe, root, language, name) {
  const info = await api(url, '/api/info');
  const now = await api(url, `/api/stages?at=${info.default_at}`);
  await page.goto(new URL(`/?lang=${language}`, url).href);
  await showsCounts(page, counts(now), `${name}: the board counts as the server does`);
  const population = await page.getAttribute('[data-population]', 'data-population');
  equal(Number(population), now.population, `${name}: the board shows the population`);
  await page.waitForSelector('figure canvas');
  const aims = (await api(url, `/api/stages?at=${info.default_at}&from=${yearBefore(info.default_at)}&kpi=1`))
    .kpi.stages.filter(stage => stage.target);
  ok(aims.length > 0, `${name}: the model has targets`);
  await page.waitForSelector('[data-stage] [data-met]');
  equal(await page.$$eval('[data-stage] [data-met]', all => all.map(
    target => [target.closest('[data-stage]').dataset.stage, target.dataset.met])),
  aims.map(stage => [stage.stage, String(stage.target.met)]), `${name}: each target is met or missed`);
  await sound(page, axe, root, language, `${name} board`);

  const slider = page.getByRole('slider');
  await slider.focus();
  for (let i = 0; i < 3; i++) await page.keyboard.press('PageDown');
  const day = await settledDay(page);
  const then = await api(url, `/api/stages?at=${day}`);
  ok(JSON.stringify(counts(then)) !== JSON.stringify(counts(now)),
    `${name}: the fixture has other counts on ${day}`);
  await showsCounts(page, counts(then), `${name}: the slider changes the counts to those of ${day}`);
  await page.goto(page.url());
  await showsCounts(page, counts(then), `${name}: the address alone shows the same`);

  await page.click('figure button[aria-pressed]');
  ok(await page.waitForSelector('figure table td a'), `${name}: the chart is there as a table`);
  await page.click('figure button[aria-pressed]');

  const stage = then.stages.reduce((a, b) => (b.customers > a.customers ? b : a));
  await page.click(`[data-stage="${stage.stage}"] [data-count]`);
  await page.waitForSelector('[data-total]');
  equal(Number(await page.getAttribute('[data-total]', 'data-total')), stage.customers,
    `${name}: a count leads to as many customers`);
  await page.waitForSelector('[role=row] [role=cell] a');
  equal(await page.locator('[role=row]:has([role=cell])').count(), stage.customers,
    `${name}: and lists them`);
  await sound(page, axe, root, language, `${name} list`);

  const row = page.locator('[role=row] [role=cell] a').first();
  const id = await row.textContent();
  await row.click();
  await page.waitForSelector('main [data-stage]');
  const customer = await api(url, `/api/customers/${id}?at=${day}&lang=${language}`);
  equal(await page.getAttribute('main [data-stage]', 'data-stage'), stage.stage,
    `${name}: the customer is in that stage`);
  await page.locator('main details summary').first().click();
  const why = page.locator('main details[open]').first();
  await why.waitFor();
  const said = await why.innerText();
  const reasons = [...customer.next.moves, ...customer.moves].flatMap(move => move.why);
  ok(reasons.some(term => said.includes(term.words) && said.includes(term.term)),
    `${name}: the why shows the rule's terms`, said);
  await page.locator('main details:not([open]) summary').evaluateAll(
    all => all.forEach(summary => summary.click()));
  const expected = new Set(reasons.map(term => term.term));
  const opened = await page.locator('main').innerText();
  equal([...expected].filter(term => !opened.includes(term)), [], `${name}: every reason is shown`);
  equal(await page.locator('[data-change]').count(),
    customer.why_not.reduce((sum, way) => sum + way.events.length + (way.when ? 1 : 0), 0),
    `${name}: what would change it is shown`);
  equal(await page.locator('[data-entered]').count(), customer.segment_changes.length,
    `${name}: each segment that was entered or left is shown`);
  equal(await page.locator('main [id^=event-]').count(), customer.events.length,
    `${name}: every event is shown`);
  await sound(page, axe, root, language, `${name} customer`);

  await page.goto(new URL(`/customers/came?lang=${language}`, url).href);
  await page.waitForSelector('#acquisition');
  equal(await page.locator('section[aria-labelledby=acquisition] dd').allTextContents(),
    ['paid search', 'google', 'cpc', '/tea'], `${name}: how a customer came is shown`);
  await sound(page, axe, root, language, `${name} acquisition`);

  await page.goto(new URL(`/model?lang=${language}`, url).href);
  await page.waitForSelector('main code');
  const model = await page.locator('main').innerText();
  equal(info.lifecycle.moves.filter(move => !model.includes(move.when)), [],
    `${name}: the model page has every rule`);
  await sound(page, axe, root, language, `${name} model`);
}

/* In which ways a part looks at a page: in all of them with CICLO_ROUNDS, otherwise in its own, so that
 * all parts together still look in each language, wide and narrow, light and dark. */
export const looks = (own, all) => (Number(process.env.CICLO_ROUNDS ?? 1) > 1 ? all : [all[own]]);

export async function fresh(browser, options, faults) {
  const context = await browser.newContext({ reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.on('console', message => {
    if (['error', 'warning'].includes(message.type())) faults.push(message.text());
  });
  page.on('pageerror', error => faults.push(error.stack));
  page.setDefaultTimeout(20000);
  return page;
}

/* What stands in the browser's way, shown as such. */
export async function missing({ chrome, root, shop: url, empty }) {
  const faults = [];
  const page = await fresh(chrome, { locale: 'it-IT' }, faults);
  for (const id of ['nobody', 'a/b 50%25.c+d@e#f?g', '..%2F']) {
    await page.goto(new URL(`/customers/${encodeURIComponent(id)}`, url).href);
    ok(await page.getByRole('heading', { name: id }).waitFor().then(() => true),
      `an unknown customer is named: ${id}`);
  }
  equal(await page.evaluate(() => document.documentElement.lang), 'it',
    'the browser says the language when nobody else does');
  equal(faults.filter(fault => !fault.includes('404')), [], 'an unknown customer is no error');

  faults.length = 0;
  await page.goto(new URL('/customers?stage=nonsense', url).href);
  ok(await page.getByRole('alert').waitFor().then(() => true), 'a wrong filter is explained');

  await page.goto(new URL('/customers?search=no+such+id', url).href);
  await page.waitForSelector('[data-total="0"]');
  ok(true, 'a search without result says so');

  await page.goto(new URL('/', url).href);
  await page.waitForSelector('[data-population]');
  await page.route('**/api/**', route => route.abort());
  await page.goto(new URL('/model', url).href);
  await page.getByRole('alert').waitFor();
  await page.unroute('**/api/**');
  await page.getByRole('alert').getByRole('button').click();
  await page.waitForSelector('main code');
  ok(true, 'a server that does not answer is asked again when one wants');

  await page.route('**/api/info*', async route => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...await answer.json(), pseudonymous: true } });
  });
  await page.goto(new URL('/customers', url).href);
  await page.getByText(texts(root, 'it')['list.pseudonyms']).waitFor();
  await page.locator('[role=row] [role=cell] a').first().click();
  await page.locator('#ids').waitFor();
  ok(await page.getByText(texts(root, 'it')['list.pseudonyms']).waitFor().then(() => true),
    'a file of pseudonyms says so, in the list and of each customer');
  await page.unroute('**/api/info*');

  await page.goto(empty);
  ok(await page.locator('main pre').filter({ hasText: 'ciclo import' }).waitFor().then(() => true),
    'an empty file says which command fills it');
  ok(await page.locator('main pre').filter({ hasText: `${new URL(empty).origin}/v1/track` }).isVisible(),
    'and where what happens may be sent');
  await page.goto(new URL('/model/edit', empty).href);
  await verdict(page, true);
  await page.locator('textarea').fill(`${await page.locator('textarea').inputValue()}# mine\n`);
  await verdict(page, true);
  await page.getByText(texts(root, 'it')['difference.empty']).waitFor();
  ok(await page.getByRole('button', { name: texts(root, 'it')['difference.see'] }).isDisabled(),
    'nor is there a past on which a model could be tried');
  await page.context().close();
}

/* While the slider is dragged, no number goes away, and what is late is not waited for. */
export async function dragging({ chrome, shop: url }) {
  const faults = [];
  const page = await fresh(chrome, { locale: 'en-GB' }, faults);
  await page.goto(url);
  await page.waitForSelector('[data-population]');
  let asked = 0, given = 0;
  page.on('request', request => { asked += request.url().includes('/api/stages?'); });
  page.on('requestfailed', request => { given += request.url().includes('/api/stages?'); });
  await page.route('**/api/stages?*', async route => {
    await new Promise(done => setTimeout(done, 150));
    await route.continue().catch(() => {});
  });
  await page.evaluate(() => {
    window.gaps = 0;
    new MutationObserver(() => {
      if (!document.querySelector('[data-population]')) window.gaps += 1;
    }).observe(document.body, { childList: true, subtree: true });
  });
  const slider = page.getByRole('slider');
  const box = await slider.boundingBox();
  await page.mouse.move(box.x + box.width - 8, box.y + box.height / 2);
  await page.mouse.down();
  for (let i = 1; i <= 12; i++)
    await page.mouse.move(box.x + box.width * (1 - i / 24), box.y + box.height / 2);
  await page.mouse.up();
  const day = await settledDay(page);
  await showsCounts(page, counts(await api(url, `/api/stages?at=${day}`)),
    'a dragged slider ends at the counts of its day');
  equal(await page.evaluate(() => window.gaps), 0, 'no number goes away while it is dragged');
  ok(given > 0 && given < asked, 'requests for days already passed are given up',
    `${given} of ${asked}`);
  equal(faults, [], 'dragging leaves no error in the console');
  await page.context().close();
}

/* An answer that was made before it was asked for is shown, and a new one asked for, once. */
export async function older({ chrome, shop: url }) {
  const faults = [];
  const page = await fresh(chrome, { locale: 'en-GB' }, faults);
  const asked = new Map();
  await page.route('**/api/stages?*', async route => {
    const request = route.request(), said = request.headers()['cache-control'] ?? '';
    const times = [...asked.get(request.url()) ?? [], said];
    asked.set(request.url(), times);
    const response = await route.fetch();
    await route.fulfill({ response, headers: { ...response.headers(), ...times.length === 1 ? { age: '3' } : {} } });
  });
  await page.goto(url);
  await page.waitForSelector('[data-population]');
  const day = await page.inputValue('input[type=date]');
  await showsCounts(page, counts(await api(url, `/api/stages?at=${day}`)), 'an older answer is shown');
  await page.waitForTimeout(2500);
  equal([...new Set([...asked.values()].map(times => times.join('|')))], ['|no-cache'],
    'and asked for anew, once, without what is kept');
  equal(faults, [], 'an older answer leaves no error in the console');
  await page.context().close();
}

async function post(url, path, body) {
  const response = await fetch(new URL(path, url), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

/* Applies a text without the page, and waits until it is live. */
async function applied(url, body) {
  const { job } = (await post(url, '/api/model/apply', body)).body;
  for (;;) {
    const state = await api(url, `/api/model/apply/${job}`);
    if (state.error) throw new Error(state.error.message);
    if (state.result) return state.result.version;
  }
}

/* Waits for the verdict on what the text field holds. */
const verdict = (page, ok) => page.waitForSelector(`[role=status][data-ok="${ok}"]`);

/* The line of the text in which the caret stands. */
const caretLine = page => page.locator('textarea').evaluate(
  area => area.value.slice(0, area.selectionStart).split('\n').length);

/* The way of a change: written with a fault, mended, tried, applied, looked up, taken back. */
async function editing(page, url, axe, root, language, name) {
  const words = texts(root, language);
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  const live = (await api(url, '/api/info')).model_version;
  const { text } = await api(url, `/api/model/versions/${live}`);
  const area = page.locator('textarea');
  await page.goto(new URL(`/model/edit?lang=${language}`, url).href);
  await area.waitFor();
  await verdict(page, true);
  equal(await area.inputValue(), text, `${name}: the field holds the live text`);
  ok(await button('edit.apply').isDisabled(), `${name}: what is live already cannot be applied`);
  await sound(page, axe, root, language, `${name} edit`);

  const oddities = page.locator('[role=status][data-ok] li');
  const before = await oddities.count();
  await button('edit.look').click();
  await page.waitForSelector('[data-looked]');
  const looked = Number(await page.getAttribute('[data-looked]', 'data-looked'));
  ok(looked > before, `${name}: the data shows more: nobody signed up`, [before, looked]);
  equal(await oddities.count(), looked, `${name}: and all of it is listed`);
  await sound(page, axe, root, language, `${name} data`);

  const wrong = text.replace('to: at_risk', 'to: at_rsk');
  const { error } = (await post(url, '/api/model/check', { text: wrong })).body;
  await area.fill(wrong);
  await verdict(page, false);
  ok((await page.locator('[role=status][data-ok]').innerText()).includes(error.message),
    `${name}: a fault is told`, error.message);
  equal(await area.getAttribute('aria-invalid'), 'true', `${name}: the field says that it is wrong`);
  ok(await button('edit.apply').isDisabled(), `${name}: a fault cannot be applied`);
  await page.locator('[role=status][data-ok] button').click();
  equal(await caretLine(page), error.line, `${name}: the fault leads to its line`);
  equal(await page.locator('[data-mark=error]').first().innerText(), String(error.line),
    `${name}: the line's number is marked`);
  await sound(page, axe, root, language, `${name} fault`);

  const odd = text.replace('when: "exists(signed_up)"', `when: "not trait.country = 'UK'"`);
  await area.fill(odd);
  await verdict(page, true);
  const { findings } = (await post(url, '/api/model/check', { text: odd })).body;
  ok(findings.length > 0, `${name}: the odd text is found odd`);
  equal(await oddities.count(), findings.length,
    `${name}: every oddity is listed`);
  await oddities.locator('button').first().click();
  equal(await caretLine(page), findings[0].line, `${name}: an oddity leads to its line`);

  /* Typed by hand, at the end of the moves: comments and order stay. */
  const changed = text.replace('when: "since(purchase) >= 90d"', 'when: "since(purchase) >= 60d"');
  await area.fill(changed);
  await verdict(page, true);
  await button('difference.see').click();
  await page.waitForSelector('[data-differ]');
  const differ = Number(await page.getAttribute('[data-differ]', 'data-differ'));
  ok(differ > 0, `${name}: the change makes a difference`, differ);
  equal(await page.locator('[data-customer]').count(), Math.min(differ, 100),
    `${name}: those whom it concerns are listed`);
  await page.waitForSelector('figure canvas');
  const { kpi } = await api(url, '/api/stages?kpi=1');
  equal(await page.$$eval('[data-figure]', rows => rows.map(row => row.dataset.figure)),
    kpi.stages.flatMap(({ stage, target, kpis }) =>
      [...(target ? [`${stage} target`] : []), ...kpis.map(one => `${stage} kpi ${one.name}`)]),
    `${name}: every target and key figure is there`);
  const sales = page.locator('[data-figure="loyalty kpi sales"] td');
  ok((await sales.allInnerTexts()).every(text => /\d[^]*£|£[^]*\d/.test(text)), `${name}: of both models`,
    await sales.allInnerTexts());
  await page.getByLabel(words['list.stage'], { exact: true }).selectOption('loyalty');
  await page.getByLabel(words['months.measure'], { exact: true }).selectOption('kpi sales');
  await button('figure.table').click();
  ok((await page.locator('figure td').allInnerTexts()).some(text => text.includes('£')),
    `${name}: and month by month`);
  await sound(page, axe, root, language, `${name} difference`);
  const id = await page.getAttribute('[data-customer]', 'data-customer');
  await page.locator(`[data-customer="${id}"] a`).click();
  await page.getByRole('heading', { name: id }).waitFor();
  await page.goBack();
  await page.waitForSelector('[data-differ]');
  equal(await area.inputValue(), changed, `${name}: the text is still there after a look elsewhere`);

  await page.getByLabel(words['edit.author']).fill('Ada');
  await button('edit.apply').click();
  await page.waitForSelector(`[data-applied="${live + 1}"]`);
  equal((await api(url, `/api/model/versions/${live + 1}`)).text, changed,
    `${name}: what was applied is what was written`);

  await page.goto(new URL(`/model/history?lang=${language}`, url).href);
  await page.waitForSelector(`[data-version="${live + 1}"][data-chosen]`);
  await page.waitForSelector('tr[data-sign="+"]');
  const sides = await Promise.all(['-', '+'].map(
    sign => page.locator(`tr[data-sign="${sign}"]`).innerText()));
  ok(sides[0].includes('90d') && sides[1].includes('60d'), `${name}: the history shows what changed`, sides);
  ok((await page.locator(`[data-version="${live + 1}"]`).innerText()).includes('Ada'),
    `${name}: and who changed it`);
  await sound(page, axe, root, language, `${name} history`);

  await page.locator(`[data-version="${live}"] a`).click();
  await page.waitForSelector(`[data-version="${live}"][data-chosen]`);
  await page.getByRole('button', { name: words['history.revert'].replace('{{n}}', live) }).click();
  await page.waitForSelector(`[data-version="${live + 2}"]`);
  const reverted = await api(url, `/api/model/versions/${live + 2}`);
  equal([reverted.text, reverted.author], [text, 'Ada'],
    `${name}: an earlier version is live again, by the same person`);
}

/* Somebody else is faster; a job is cancelled; the server forgets what was tried. */
export async function meddling({ chrome, root, edited: url }) {
  const faults = [];
  const page = await fresh(chrome, { locale: 'en-GB' }, faults);
  const words = texts(root, 'en');
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  const live = (await api(url, '/api/info')).model_version;
  const { text } = await api(url, `/api/model/versions/${live}`);
  const mine = `${text}# mine\n`;
  await page.goto(new URL('/model/edit', url).href);
  await page.locator('textarea').fill(mine);
  await verdict(page, true);
  equal(await applied(url, { text: `${text}# theirs\n`, version: live }), live + 1,
    'another version goes live meanwhile');
  await button('edit.apply').click();
  await page.getByRole('alert').waitFor();
  equal((await api(url, '/api/info')).model_version, live + 1, 'and is not overwritten');
  equal(await page.locator('textarea').inputValue(), mine, 'nor is the text lost');
  await page.reload();
  await page.getByRole('alert').waitFor();
  equal(await page.locator('textarea').inputValue(), mine, 'nor by a reload');
  await page.getByRole('alert').getByRole('button').click();
  await verdict(page, true);
  await button('edit.apply').click();
  await page.waitForSelector(`[data-applied="${live + 2}"]`);
  ok(true, 'until one says so');

  await page.locator('textarea').fill(`${mine}# more\n`);
  await verdict(page, true);
  await page.route('**/api/model/backtest/*', (route, request) => request.method() === 'GET'
    ? route.fulfill({ json: { done: 1, all: 4, result: null, error: null } }) : route.continue());
  let begin;
  const begun = new Promise(resolve => { begin = resolve; });
  await page.route('**/api/model/backtest', route => begun.then(() => route.continue()));
  await button('difference.see').click();
  await page.waitForSelector('progress');
  ok(await button('list.cancel').isDisabled(), 'what is only being begun cannot be given up');
  begin();
  const [ended] = await Promise.all([
    page.waitForRequest(request => request.method() === 'DELETE'), button('list.cancel').click(),
  ]);
  ok(ended, 'what is being tried can');
  await page.waitForSelector('progress', { state: 'detached' });
  await page.unroute('**/api/model/backtest/*');
  await page.unroute('**/api/model/backtest');

  await post(url, '/api/model/backtest', { text });
  await page.reload();
  await verdict(page, true);
  equal(await page.locator('[data-differ], progress').count(), 0,
    'what the server no longer knows is not shown');
  await button('edit.discard').click();
  equal(await page.locator('textarea').inputValue(), mine, 'a text that is given up is the live one');
  equal(faults.filter(fault => !/40[49]/.test(fault)), [], 'none of it is an error in the console');
  await page.context().close();
}

/* Of several lifecycles one is chosen, and stays chosen from page to page. */
export async function several({ chrome, root, edited: url, axe }) {
  const faults = [];
  const page = await fresh(chrome, { locale: 'en-GB', viewport: { width: 390, height: 844 } }, faults);
  const { model_version: version, default_at } = await api(url, '/api/info');
  const { text } = await api(url, `/api/model/versions/${version}`);
  await applied(url, { version, text: `${text.slice(0, text.indexOf('\nlifecycle:'))}
lifecycles:
  all:
    stages: { here: , quiet: }
    moves:
      - { from: here, to: quiet, when: "since(purchase) >= 60d" }
      - { from: quiet, to: here, when: "since(purchase) < 60d" }
  returning:
    for: "count(purchase) >= 2"
    stages: { second: , more: }
    moves:
      - { from: second, to: more, when: "count(purchase, stage) >= 2" }
` });
  await page.goto(url);
  const stages = lifecycle => api(url, `/api/stages?at=${default_at}&lifecycle=${lifecycle}`);
  await showsCounts(page, counts(await stages('all')), 'the first lifecycle is shown');
  await page.getByLabel(texts(root, 'en')['nav.lifecycle']).selectOption('returning');
  const returning = await stages('returning');
  await showsCounts(page, counts(returning), 'or another, when it is chosen');
  await sound(page, axe, root, 'en', 'several lifecycles');
  const most = returning.stages.reduce((a, b) => (b.customers > a.customers ? b : a));
  await page.click(`[data-stage="${most.stage}"] [data-count]`);
  await page.waitForSelector('[data-total]');
  equal(Number(await page.getAttribute('[data-total]', 'data-total')), most.customers,
    'the customers are those of its stage');
  await page.locator('[role=row] [role=cell] a').first().click();
  await page.waitForSelector(`main [data-stage="${most.stage}"]`);
  ok(page.url().includes('lifecycle=returning'), 'and so is the customer');
  equal(faults, [], 'several lifecycles leave no error in the console');
  await page.context().close();
}

async function send(url, call) {
  const response = await fetch(new URL('/v1/track', url), { method: 'POST', body: JSON.stringify(call) });
  if (!response.ok) throw new Error(`/v1/track: ${response.status} ${await response.text()}`);
}

const purchase = userId => ({ type: 'track', event: 'purchase', userId, properties: { revenue: 10 } });

const happened = (page, customer, nth) => page.waitForFunction(
  ([customer, nth]) => [...document.querySelectorAll('[data-connected] ol')][nth]?.innerText.includes(customer),
  [customer, nth]);

/* What is sent while the page is open is seen on it. */
async function following(page, root, url, axe, language, name) {
  await page.goto(new URL(`/?lang=${language}`, url).href);
  await page.waitForSelector('[data-connected=true]');
  await page.evaluate(() => { window.same = true; });
  const first = `live-${language}`, second = `later-${language}`;
  /* Other languages' walks send events meanwhile. */
  const follows = name => equalInTime(async () => [
    await shownCounts(page), counts(await api(url, '/api/stages'))], name);
  await send(url, purchase(first));
  await happened(page, first, 0);
  await happened(page, first, 1);
  ok(true, `${name}: an event is seen, and the moves that it makes`);
  await follows(`${name}: the counts are those of the present`);
  await sound(page, axe, root, language, `${name} following`);

  /* Nobody looks: the stream ends, and goes on where it ended. */
  const look = hidden => page.evaluate(hidden => {
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
  await look(true);
  await send(url, purchase(second));
  await look(false);
  await happened(page, second, 0);
  equal(await page.locator('[data-connected] ol').first().locator('a', { hasText: first }).count(), 2,
    `${name}: what happened before is there once`);
  await follows(`${name}: nor is a count missed`);
  ok(await page.evaluate(() => window.same), `${name}: the page was not loaded again`);
}

export async function followed({ chrome, root, live, axe }) {
  for (const [language, width, height, colorScheme] of looks(1, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 1440, 900, 'dark'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await following(page, root, live, axe, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: following leaves no error in the console`);
    await page.context().close();
  }
}

/* Also when it comes before the page hears what happens. */
export async function first({ chrome, empty }) {
  const page = await fresh(chrome, { locale: 'en-GB' }, []);
  let sent;
  const came = new Promise(resolve => { sent = resolve; });
  await page.route('**/api/live*', route => came.then(() => route.continue()));
  await page.goto(empty);
  await page.locator('main pre').first().waitFor();
  await send(empty, purchase('first'));
  sent();
  ok(await page.waitForSelector('[data-population="1"]'), 'the first event of an empty file brings the board');
  await page.context().close();
}

async function walks({ chrome, root, shop, axe }, own, width, height, colorScheme) {
  for (const language of looks(own, ['en', 'it', 'pt'])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, shop, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: the console has no error`);
    await page.context().close();
  }
}

export const wide = given => walks(given, 2, 1440, 900, 'light');
export const narrow = given => walks(given, 1, 390, 844, 'dark');

export async function edits({ chrome, root, edited, axe }) {
  for (const [language, width, height, colorScheme] of looks(0, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 1440, 900, 'dark'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await editing(page, edited, axe, root, language, `${language} ${width}`);
    equal(faults, [], `${language} ${width}: editing leaves no error in the console`);
    await page.context().close();
  }
}
