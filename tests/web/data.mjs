/* The dictionary, what was refused, and the keys, as somebody sees them who may do everything. */

import { fresh, looks, sound } from './browser.mjs';
import { texts } from './source.mjs';
import { equal, equalInTime, ok } from './tap.mjs';

/* Two with a name that is Ciclo's own, one of nobody. */
async function sendBad(locked, key, language) {
  const call = (id, more) => ({
    type: 'track', event: 'Looked', messageId: `${language}-${id}`, timestamp: '2011-12-09T10:00:00Z', ...more,
  });
  const response = await fetch(new URL('/v1/batch', locked), {
    method: 'POST', headers: { Authorization: `Bearer ${key}` },
    body: JSON.stringify({ batch: [
      call(1, { event: 'any', userId: '12347' }), call(2, { event: 'any', userId: '12347' }), call(3),
      call(4, { userId: '12347', properties: { language } }),
      call(5, { userId: `gone-${language}`, properties: { language } }),
    ] }),
  });
  return (await response.json()).refused.map(one => one.reason);
}

async function mended(page, buttons, accepted, name) {
  const report = how => page.locator(`main [data-report=${how}][data-accepted="${accepted}"]`);
  ok(await buttons('refused.send').isDisabled(), `${name}: nothing is sent untried`);
  await buttons('refused.try').click();
  await report('tried').waitFor();
  await buttons('refused.send').click();
}

/* Somebody takes what is known of them, and is known no more. */
async function leave(page, locked, axe, root, language, name) {
  const words = texts(root, language), id = `gone-${language}`;
  const button = key => page.getByRole('button', { name: words[key], exact: true });
  await page.goto(new URL(`/customers/${id}?lang=${language}`, locked).href);
  const file = page.waitForEvent('download');
  await page.getByText(words['rights.export'], { exact: true }).click();
  const chunks = [];
  for await (const chunk of await (await file).createReadStream()) chunks.push(chunk);
  const person = JSON.parse(Buffer.concat(chunks).toString());
  equal([person.customer, person.events.length], [id, 1], `${name}: all that is known of a customer is given`);
  await button('rights.erase').click();
  await sound(page, axe, root, language, `${name} erasing`);
  await button('rights.no').click();
  equal((await page.evaluate(async id => (await fetch(`/api/customers/${id}`)).status, id)), 200,
    `${name}: who is asked and says no erases nobody`);
  await button('rights.erase').click();
  await button('rights.yes').click();
  await page.waitForSelector('[data-erased="1"]');
  await sound(page, axe, root, language, `${name} erased`);
  const receipt = page.waitForEvent('download');
  await button('rights.receipt').click();
  equal((await receipt).suggestedFilename().startsWith('receipt-'), true, `${name}: the receipt is given`);
  equal((await page.evaluate(async id => (await fetch(`/api/customers/${id}`)).status, id)), 404,
    `${name}: who is erased is known no more`);
}

async function walk(page, locked, keys, axe, root, language, name) {
  const words = texts(root, language);
  const api = path => page.evaluate(async path => (await fetch(path)).json(), path);
  const reasons = await sendBad(locked, keys.collect, language);
  await page.goto(new URL(`/data?lang=${language}`, locked).href);
  await page.fill('input[name=key]', keys.admin);
  /* What the page was told last: another language's walk may send an event of a new type meanwhile. */
  let dictionary;
  const hears = response => {
    if (new URL(response.url()).pathname === '/api/dictionary' && response.ok()) dictionary = response.json();
  };
  page.on('response', hears);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-dictionary]');
  await equalInTime(async () => [
    await page.$$eval('[data-event]', rows => rows.map(row => row.dataset.event)),
    (await dictionary)?.events.map(event => event.name),
  ], `${name}: every type of event is there`);
  page.off('response', hears);
  await page.locator('[data-event="Looked"] button').focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-property="language"]');
  ok(true, `${name}: and opens on its properties`);
  await sound(page, axe, root, language, `${name} dictionary`);

  await page.goto(new URL(`/data/refused?lang=${language}`, locked).href);
  await page.locator(`[data-reason="${reasons[0]}"] a`).click();
  await page.waitForSelector('[data-row]');
  equal(await page.locator('[data-row]').count(), 2, `${name}: what was refused for a reason is listed`);
  await page.getByLabel(`${words['refused.type']}: ${words['refused.old']}`).fill('any');
  await page.getByLabel(`${words['refused.type']}: ${words['refused.new']}`).fill('Looked');
  await sound(page, axe, root, language, `${name} refused`);
  await mended(page, key => page.getByRole('button', { name: words[key], exact: true }).first(), 2, name);
  await page.waitForSelector(`[data-reason="${reasons[0]}"]`, { state: 'detached' });
  ok(true, `${name}: what is mended leaves the list`);

  await page.locator(`[data-reason="${reasons[2]}"] a`).click();
  const row = page.locator('[data-row]').first();
  await row.locator('summary').click();
  const area = row.locator('textarea');
  const call = JSON.parse(await area.inputValue());
  await area.fill(JSON.stringify({ ...call, userId: '12347' }));
  await mended(page, key => row.getByRole('button', { name: words[key], exact: true }), 1, `${name} by hand`);
  await page.waitForSelector(`[data-reason="${reasons[2]}"]`, { state: 'detached' });
  ok(true, `${name}: what is mended by hand too`);
  equal((await api('/api/dictionary')).events.find(event => event.name === 'Looked').refused, 0,
    `${name}: and is counted no more`);

  await page.goto(new URL(`/data/retention?lang=${language}`, locked).href);
  await page.waitForSelector('[data-retained]');
  equal(await page.locator('[data-retained]').getAttribute('data-retained'),
    String((await api('/api/retention')).types.length), `${name}: how long events are kept is told`);
  await sound(page, axe, root, language, `${name} retention`);
  await leave(page, locked, axe, root, language, name);

  await page.goto(new URL(`/data/keys?lang=${language}`, locked).href);
  await page.waitForSelector('[data-keys]');
  await page.getByLabel(words['keys.name'], { exact: true }).last().fill(`made in ${language}`);
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-secret] code');
  const secret = await page.locator('[data-secret] code').innerText();
  equal((await fetch(new URL('/v1/batch', locked), {
    method: 'POST', headers: { Authorization: `Bearer ${secret}` }, body: '{"batch":[]}',
  })).status, 200, `${name}: a new key opens what it should`);
  await sound(page, axe, root, language, `${name} keys`);
  const made = page.locator(`[data-key="made in ${language}"]`);
  await made.getByRole('button').click();
  await made.getByRole('button').first().click();
  await made.getByRole('button').first().waitFor({ state: 'detached' });
  equal((await api('/api/keys')).filter(key => key.revoked).map(key => key.name).includes(`made in ${language}`), true,
    `${name}: and nothing any more when it is revoked`);

  await page.goto(new URL(`/data/webhooks?lang=${language}`, locked).href);
  await page.waitForSelector('#add');
  const named = `to ${name}`;
  await page.getByLabel(words['webhooks.name'], { exact: true }).last().fill(named);
  await page.getByLabel(words['webhooks.url'], { exact: true }).last().fill('https://hooks.example/in');
  const told = (await api('/api/info')).segments[0].name;
  await page.getByRole('group', { name: words['webhooks.segments'] }).getByRole('checkbox').first().check();
  await page.getByRole('button', { name: words['webhooks.make'] }).click();
  equal((await page.textContent('[data-secret] code')).startsWith('whsec_'), true, `${name}: the secret is shown`);
  const hook = page.locator(`[data-webhook="${named}"]`);
  await hook.waitFor();
  const of = (await api('/api/webhooks')).find(one => one.webhook.name === named).webhook;
  equal(`${of.what} ${of.segments.join()}`, `events,moves,segments,alerts ${told}`, `${name}: of the segment that was chosen`);
  await sound(page, axe, root, language, `${name} webhooks`);
  await hook.getByRole('button', { name: words['webhooks.remove'], exact: true }).click();
  await hook.getByRole('button', { name: words['webhooks.really'].replace('{{name}}', named) }).click();
  await hook.waitFor({ state: 'detached' });
  equal((await api('/api/webhooks')).some(one => one.webhook.name === named), false, `${name}: it is removed`);
}

/* Where nothing came, and with the first key, by which its maker stays in. */
export async function begin({ chrome, root, empty, axe }) {
  const faults = [], words = texts(root, 'it');
  const page = await fresh(chrome, { locale: 'it-IT', viewport: { width: 390, height: 844 } }, faults);
  await page.goto(new URL('/data', empty).href);
  await page.waitForSelector('[data-dictionary]');
  await page.goto(new URL('/data/refused', empty).href);
  await page.waitForSelector('[data-refused="0"]');
  await sound(page, axe, root, 'it', 'nothing refused');
  await page.goto(new URL('/data/keys', empty).href);
  await page.getByLabel(words['keys.name'], { exact: true }).last().fill('boss');
  await page.keyboard.press('Enter');
  await page.waitForSelector('[data-secret]');
  await page.waitForSelector('[data-key="boss"]');
  await sound(page, axe, root, 'it', 'the first key');
  await page.reload();
  await page.waitForSelector('[data-key="boss"]');
  equal((await fetch(new URL('/api/info', empty))).status, 401, 'with the first key the doors shut');
  equal(faults, [], 'but not for who made it');
  await page.context().close();
}

export async function data({ chrome, root, locked, keys, axe }) {
  for (const [language, width, height, colorScheme] of looks(2, [
    ['en', 1440, 900, 'light'], ['it', 390, 844, 'dark'], ['pt', 390, 844, 'light'],
  ])) {
    const faults = [];
    const page = await fresh(chrome, { viewport: { width, height }, colorScheme }, faults);
    await walk(page, locked, keys, axe, root, language, `${language} ${width}`);
    equal(faults.filter(fault => !/status of 40[14]/.test(fault)), [],
      `${language} ${width}: none of it is an error in the console`);
    await page.context().close();
  }
}
