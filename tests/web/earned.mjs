/* What each customer brought and cost, line by line; who will leave, what a mailing changed, and what channels
 * bring: the page shows what the server says, and each line and number leads to where it comes from. */

import { ask } from './cohorts.mjs';
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
  await page.goBack();
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

/* Who has no money in his ledger is told so. */
async function nothing(page, shop, axe, root) {
  await page.goto(new URL('/customers/came?lang=en', shop).href);
  await page.waitForSelector('[data-lines="0"]');
  ok((await page.locator('[data-lines]').innerText()).includes(texts(root, 'en')['ledger.none']), 'a customer without money says so');
  await page.goto(new URL('/reports/spend?date=2011-01-01&channel=%3Cimg%20src%3Dx%3E&lang=en', shop).href);
  await page.waitForSelector('[data-spend]');
  equal(await page.locator('main img').count(), 0, 'a channel in the address is text');
}

export async function earned({ chrome, root, earnings, shop, axe }) {
  for (const [language, width, height, colorScheme] of looks(2, [
    ['en', 1440, 900, 'dark'], ['it', 390, 844, 'light'], ['pt', 1440, 900, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    const name = `${language} ${width}`;
    await ledger(page, earnings, axe, root, language, name);
    equal(faults, [], `${name}: ledgers are no error in the console`);
    await page.context().close();
  }
  const faults = [];
  const page = await fresh(chrome, { viewport: { width: 390, height: 844 } }, faults);
  await nothing(page, shop, axe, root);
  equal(faults, [], 'nor is a customer without money');
  await page.context().close();
}
