/* What each customer brought and cost, line by line; who will leave, what a mailing changed, and what channels
 * bring: the page shows what the server says, and each line and number leads to where it comes from. */

import { ask, shut, whoIs } from './cohorts.mjs';
import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, ok } from './tap.mjs';

const whole = { purchases: 'purchase', refunds: 'refund', acquisition: 'acquisition', keeping: 'keeping', support: 'support', rewards: 'reward', indirect: 'indirect' };

async function ledger(page, earnings, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(earnings, '/api/info');
  const { customers } = await ask(earnings, `/api/customers?at=${at}&limit=300`);
  let id, answer;
  for (const one of customers) {
    answer = await ask(earnings, `/api/ledger?customer=${one.id}&at=${at}`);
    id = one.id;
    const kinds = new Set(answer.lines.map(line => line.kind));
    if (['purchase', 'refund', 'reward', 'acquisition', 'support', 'indirect'].every(kind => kinds.has(kind))) break;
  }
  await page.goto(new URL(`/customers/${id}?lang=${language}`, earnings).href);
  await page.waitForSelector('[data-lines]');
  equal(Number(await page.getAttribute('[data-lines]', 'data-lines')), answer.lines.length, `${name}: a customer's ledger has all of his lines`);
  const sums = Object.keys(whole).filter(sum => answer.lines.some(line => line.kind === whole[sum]));
  ok(sums.length >= 6, `${name}: the fixture has a customer with most kinds of them`);
  equal(await page.$$eval('details[data-sum]', all => all.map(one => [one.dataset.sum, Number(one.dataset.amount)])),
    sums.map(sum => [sum, answer.all[sum]]), `${name}: and every sum`);
  equal(await page.$$eval('li[data-sum]', all => all.map(one => [one.dataset.sum, Number(one.dataset.amount)])),
    [['margin', answer.all.margin], ['net', answer.all.net]], `${name}: and what is left`);
  for (const sum of sums) {
    await page.locator(`details[data-sum=${sum}] summary`).click();
    const lines = answer.lines.filter(line => line.kind === whole[sum]).toReversed().slice(0, 20);
    equal(await page.$$eval(`details[data-sum=${sum}] [data-line]`, all => all.map(one => one.dataset.line)),
      lines.map(line => `${line.day} ${line.kind} ${line.amount}`), `${name}: the lines of ${sum}`);
    equal(await page.locator(`details[data-sum=${sum}] [data-line] a`).count(), lines.length, `${name}: each leads somewhere`);
  }
  await sound(page, axe, root, language, `${name} ledger`);
  const line = kind => answer.lines.findLast(one => one.kind === kind);
  const opened = kind => page.locator(`details[data-sum=${Object.keys(whole).find(sum => whole[sum] === kind)}] [data-line] a`).first();
  for (const kind of ['purchase', 'refund', 'reward', 'support']) {
    await opened(kind).click();
    await page.waitForFunction(anchor => document.querySelector(':target')?.id === anchor, `event-${line(kind).event}`);
    ok(true, `${name}: a line of ${kind} leads to its event`);
  }
  await opened('indirect').click();
  await page.waitForFunction(anchor => document.getElementById(anchor) && location.hash === `#${anchor}`, `event-${line('indirect').event}`);
  ok(page.url().includes(`/customers/${line('indirect').brought}?`), `${name}: one of whom he brought to the other's`);
  await page.goto(new URL(`/customers/${id}?lang=${language}`, earnings).href);
  await page.waitForSelector('[data-lines]');
  const spent = line('acquisition');
  await page.locator('details[data-sum=acquisition] summary').click();
  await opened('acquisition').click();
  await page.waitForSelector(`[data-day="${spent.day}"]`);
  const { days } = await ask(earnings, `/api/spend?date=${spent.day}&channel=${spent.channel}`);
  equal([await page.locator('[data-day]').count(), await page.locator('[data-day] td').nth(1).innerText()],
    [days.filter(day => !spent.campaign || day.campaign === spent.campaign).length, spent.channel], `${name}: a share of costs to their statement`);
  await page.getByText(words['spend.all'], { exact: true }).click();
  await page.waitForFunction(() => document.querySelectorAll('[data-day]').length > 40);
  ok(true, `${name}: and from there to all`);
}

async function propensity(page, earnings, axe, root, language, name) {
  const words = texts(root, language);
  const asked = '/api/propensity?target=purchase&churn=1&within=90d&value=revenue';
  const answer = await ask(earnings, asked);
  const ways = of => [
    ...of.models.map(model => [model.with, String(model.auc), String(model.log_loss)]),
    ['recency', String(of.recency.auc), ''], ['same', '', String(of.same_for_all.log_loss)],
  ];
  const shown = () => page.$$eval('[data-way]', rows => rows.map(row => [row.dataset.way, row.dataset.auc, row.dataset.logLoss]));
  ok(answer.came > 10 && answer.models.length === 2, `${name}: some of the fixture leave, and both ways learn it`);
  await page.goto(new URL(`/reports/propensity?lang=${language}`, earnings).href);
  await page.waitForSelector('[data-held]');
  equal(await page.$eval('[data-held]', one => [Number(one.dataset.held), Number(one.dataset.came)]), [answer.customers, answer.came], `${name}: how many left`);
  equal(await page.getAttribute('[data-beats]', 'data-beats'), String(answer.beats_recency), `${name}: whether it beats the simple ways`);
  equal(await shown(), ways(answer), `${name}: how well each way guesses`);
  await page.waitForFunction(() => document.querySelectorAll('figure canvas').length === 2);
  await sound(page, axe, root, language, `${name} propensity`);
  await page.locator('figure button[aria-pressed]').first().click();
  equal(await page.$$eval('[data-tenth]', rows => rows.map(row => row.dataset.tenth)),
    answer.tenths.map(tenth => `${tenth.expected} ${tenth.came}`), `${name}: expected and came, by tenths`);
  const id = page.getByLabel(words['list.customer'], { exact: true });
  await id.fill('c0');
  await id.press('Enter');
  await page.waitForSelector('[data-propensity-of=c0]');
  const { customer } = await ask(earnings, `${asked}&customer=c0`);
  equal(Number(await page.getAttribute('[data-propensity-of]', 'data-share')), customer.share, `${name}: one customer`);
  equal(await page.$$eval('[data-reason]', rows => rows.map(row => [row.dataset.reason, Number(row.dataset.odds)])),
    customer.reasons.map(reason => [reason.measure, reason.odds]), `${name}: and why`);
  const said = await page.$$eval('[data-reason] th', cells => cells.map(cell => cell.innerText));
  ok(said.every(text => text.length > 3 && !/[(){}]|undefined/.test(text)), `${name}: in words`, said);
  if (language !== 'en')
    equal(said.filter(text => customer.reasons.some(reason => reason.words === text)), [], `${name}: those of the language`);
  await sound(page, axe, root, language, `${name} reasons`);
  await page.locator('main').getByText(words['propensity.comes'], { exact: true }).click();
  const target = page.getByLabel(words['propensity.target'], { exact: true });
  await target.fill('stage:regular');
  await target.press('Enter');
  const stage = await ask(earnings, '/api/propensity?target=stage:regular&within=90d');
  await page.waitForSelector(`[data-held="${stage.customers}"][data-came="${stage.came}"]`);
  ok(true, `${name}: who will come to a stage`);
  await target.fill('nothing like it');
  await target.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['propensity.target']);
  ok(true, `${name}: what nobody does is explained at its field`);
}

/* What attribution owes to a channel, beside what was gained. */
async function beside(page, earnings, words, asked, name) {
  const channel = page.getByLabel(words['lift.channel'], { exact: true });
  await channel.fill('nowhere');
  await channel.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['lift.channel']);
  ok(true, `${name}: a channel that is none is explained at its field`);
  await channel.fill('email');
  await channel.press('Enter');
  await page.waitForSelector('[data-owed]');
  const [{ attribution }] = (await ask(earnings, `${asked}&channel=email`)).effects;
  const rows = ['conversions', 'value'].flatMap(measure => Object.entries(attribution[measure].owed).map(([model, owed]) => {
    const { low, high } = attribution[measure].gained;
    return [`${measure} ${model}`, owed, owed > high ? 'more' : owed < low ? 'less' : 'within'];
  }));
  ok(rows.some(([, owed]) => owed > 0), `${name}: the fixture owes something to the channel`);
  equal(await page.$$eval('[data-owed]', rows => rows.map(row => [row.dataset.owed, Number(row.dataset.owes), row.dataset.off])), rows,
    `${name}: what is owed to it, and whether more was gained`);
  equal(await page.$$eval('[data-gained]', rows => rows.map(row => Number(row.dataset.gained))),
    ['conversions', 'value'].map(measure => attribution[measure].gained.estimate), `${name}: beside what was gained`);
}

async function lift(page, earnings, axe, root, language, name) {
  const words = texts(root, language);
  const asked = '/api/lift?group=trait.mailing&conversion=purchase&value=revenue&within=30d';
  const answer = await ask(earnings, asked);
  await page.goto(new URL(`/reports/lift?lang=${language}`, earnings).href);
  await page.waitForSelector('[data-groups="0"]');
  ok((await page.locator('main').innerText()).includes(words['lift.choose']), `${name}: it asks what names the groups`);
  const group = page.getByLabel(words['lift.group'], { exact: true });
  await group.fill('trait.mailing');
  await group.press('Enter');
  await page.waitForSelector('[data-groups="2"]');
  equal(await page.$$eval('[data-group]', rows => rows.map(row => [row.dataset.group, Number(row.dataset.share), Number(row.dataset.customers)])),
    answer.groups.map(one => [one.group, one.share, one.customers]), `${name}: each group`);
  const [effect] = answer.effects;
  const found = ['conversion', 'value'].flatMap(measure => Object.entries(effect[measure]).map(([method, one]) =>
    [`${measure} ${method}`, String(one?.estimate ?? one ?? '')]));
  equal(await page.$$eval('[data-method]', rows => rows.map(row => [row.dataset.method, row.dataset.estimate])), found, `${name}: each change`);
  equal(await page.$$eval('[data-sure=true]', rows => rows.map(row => row.dataset.method)),
    ['conversion', 'value'].flatMap(measure => Object.entries(effect[measure]).filter(([method, one]) => {
      const none = method === 'ratio' ? 1 : 0;
      return typeof one === 'object' && one && (one.low > none || one.high < none);
    }).map(([method]) => `${measure} ${method}`)), `${name}: which of them chance alone does not make`);
  equal(await page.getAttribute('[data-off]', 'data-off'), String(answer.balance.is_off), `${name}: whether chance chose`);
  await beside(page, earnings, words, asked, name);
  await sound(page, axe, root, language, `${name} lift`);
  const letter = answer.groups.find(one => one.group === 'letter');
  const { customers } = await ask(earnings, `${asked}&customers=converted&in=letter`);
  equal(await whoIs(page, page.locator('[data-group=letter] [data-list=converted]')), { total: letter.converted, ids: customers.slice(0, 200) },
    `${name}: and who did it`);
  await shut(page);
  const plan = await ask(earnings, '/api/lift/plan?rate=0.05&change=0.01&power=0.8');
  equal(Number(await page.getAttribute('[data-needs]', 'data-needs')), plan.customers, `${name}: how many the next one needs`);
  const change = page.getByLabel(words['lift.change'], { exact: true });
  await change.fill('0.02');
  await change.press('Enter');
  const { customers: fewer } = await ask(earnings, '/api/lift/plan?rate=0.05&change=0.02&power=0.8');
  await page.waitForSelector(`[data-needs="${fewer}"]`);
  ok(fewer < plan.customers, `${name}: of a larger change fewer`);
  await group.fill('trait.nothing');
  await group.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['lift.group']);
  ok(true, `${name}: a trait that is none is explained at its field`);
}

async function channels(page, earnings, axe, root, language, name) {
  const words = texts(root, language);
  const { default_at: at } = await ask(earnings, '/api/info');
  const asked = `/api/channels?event=purchase&value=revenue&at=${at}`;
  const numbers = of => of.sources.map(one => [one.campaign === undefined ? one.channel : `${one.channel} ${one.campaign ?? ''}`,
    [one.spend, one.reached, one.won, one.cost, one.events, one.value, one.return].join(' ')]);
  const shown = () => page.$$eval('[data-source]', rows => rows.map(row => [row.dataset.source, row.dataset.numbers]));
  const answer = await ask(earnings, `${asked}&by=channel`);
  ok(answer.sources.some(one => one.cost > 0 && one.return > 0) && answer.sources.some(one => one.cost === null), `${name}: some channels win, one costs only`);
  await page.goto(new URL(`/reports/channels?lang=${language}`, earnings).href);
  await page.waitForSelector('[data-source]');
  equal(await shown(), numbers(answer), `${name}: each channel has its numbers`);
  await sound(page, axe, root, language, `${name} channels`);
  const { customers } = await ask(earnings, `${asked}&by=channel&customers=email&as=won`);
  equal(await whoIs(page, page.locator('[data-source=email] [data-as=won]')), { total: answer.sources.find(one => one.channel === 'email').won, ids: customers.slice(0, 200) },
    `${name}: and shows whom it won`);
  await shut(page);
  await page.getByText(words['channels.campaign'], { exact: true }).click();
  await page.waitForSelector('[data-source="email tea"]');
  equal(await shown(), numbers(await ask(earnings, `${asked}&by=campaign`)), `${name}: by campaign`);
  const event = page.getByLabel(words['channels.event'], { exact: true });
  await event.fill('nothing like it');
  await event.press('Enter');
  await page.waitForFunction(label => document.querySelector(`input[aria-label="${label}"]`)?.getAttribute('aria-invalid') === 'true', words['channels.event']);
  ok(true, `${name}: an event that is none is explained at its field`);
}

/* Who has no money in his ledger is told so. */
async function nothing(page, shop, axe, root) {
  await page.goto(new URL('/customers/came?lang=en', shop).href);
  await page.waitForSelector('[data-lines="0"]');
  ok((await page.locator('[data-lines]').innerText()).includes(texts(root, 'en')['ledger.none']), 'a customer without money says so');
  await page.goto(new URL('/reports/spend?date=2011-01-01&channel=%3Cimg%20src%3Dx%3E&lang=en', shop).href);
  await page.waitForSelector('[data-spend]');
  equal(await page.locator('main img').count(), 0, 'a channel in the address is text');
  const bad = encodeURIComponent('<img src=x onerror=document.title=1>');
  for (const path of [`propensity?target=${bad}`, 'propensity?target=purchase&within=0d', 'propensity?target=purchase', `propensity?customer=${bad}`, `lift?group=${bad}`,
    `lift?group=trait.country&control=${bad}`, 'lift?rate=2', 'lift?group=trait.country&customers=__proto__', `channels?event=${bad}`,
    `channels?customers=${bad}&as=constructor`]) {
    await page.goto(new URL(`/reports/${path}&lang=en`, shop).href);
    ok(await page.locator('main [role=alert], main [class*=error], main [class*=beaten], dialog [role=alert]').first().waitFor().then(() => true),
      `${decodeURIComponent(path)}: is explained`);
    equal(await page.locator('main img').count(), 0, `${decodeURIComponent(path)}: is text`);
  }
  await page.goto(new URL('/reports/channels?from=2011-12-10&lang=it', shop).href);
  await page.waitForSelector('[data-channels="0"]');
  await sound(page, axe, root, 'it', 'no channel');
}

export async function earned({ chrome, root, earnings, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(2, [
    ['en', 1440, 900, 'dark'], ['it', 390, 844, 'light'], ['pt', 1440, 900, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    const name = `${language} ${width}`;
    await ledger(page, earnings, axe, root, language, name);
    await propensity(page, earnings, axe, root, language, name);
    await lift(page, earnings, axe, root, language, name);
    await channels(page, earnings, axe, root, language, name);
    equal(faults.filter(fault => !/status of 40[04]/.test(fault)), [], `${name}: none of it is an error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await nothing(page, shop, axe, root);
  equal(faults.filter(fault => !/400|404/.test(fault)), [], 'nor is any address of theirs');
  await page.context().close();
}
