/* sdk.mjs ROOT CICLO FILE URL: what real SDKs send to URL stands in FILE: every event once, of
 * the right customer, at the right moment, with what it said. CICLO_SEED repeats a run. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { equal, ok, run } from '../web/tap.mjs';
import { count, openBrowser, openSite, visit, visits } from './browser.mjs';
import { calls, many } from './calls.mjs';
import { startProxy } from './proxy.mjs';
import { sdks } from './sdks.mjs';

const [, , root, ciclo, file, url] = process.argv;
const seed = process.env.CICLO_SEED ?? String(Date.now() % 1e9);

const sorted = object => Object.fromEntries(Object.entries(object ?? {}).sort());

async function told(...words) {
  const { stdout } = await promisify(execFile)(ciclo, words, { maxBuffer: 1 << 28 });
  return stdout;
}

/* Whose the browser or the telephone is that sends this anonymousId. */
const owner = async anonymousId =>
  JSON.parse(await told('customer', file, `anonymousId:${anonymousId}`, '--json')).id;

/* What the file holds, as the tests look at it: what the SDK's user said, and its context apart.
 * Each stands under the id it came with. */
async function stored() {
  const lines = (await told('export', file, 'events', '--json')).split('\n').filter(Boolean);
  return lines.map(JSON.parse).map(event => {
    const all = Object.entries(event.properties ?? {});
    return {
      type: event.event ?? event.type, customer: event.userId ?? event.anonymousId ?? event.groupId,
      at: event.timestamp, id: event.messageId,
      properties: sorted(Object.fromEntries(all.filter(([name]) => !name.startsWith('context.')))),
      traits: sorted(event.traits ?? event.context?.traits),
      context: Object.fromEntries(all.filter(([name]) => name.startsWith('context.'))),
    };
  });
}

const of = (found, who) => found.filter(event => event.customer.startsWith(`${who}/`));
const plain = ({ type, customer, properties, traits }) =>
  [type, customer, sorted(properties), sorted(traits)];

/* What was found are the events expected, each once; those without a moment of their own happened
 * between `began` and now. */
function same(found, expected, began, who) {
  for (const wanted of expected) {
    const events = found.filter(e => e.type === wanted.type && e.customer === wanted.customer);
    equal(events.map(plain), [plain(wanted)], `${who}: ${wanted.type} is there once, as it was said`);
    if (wanted.at) equal(events.map(e => e.at), [wanted.at], `${who}: at its own moment`);
    else ok(events.length > 0
      && events.every(e => e.at >= began && e.at <= new Date().toISOString()),
      `${who}: at the moment of the call`, events.map(e => e.at));
    for (const [name, value] of Object.entries(wanted.context ?? {}))
      equal(events.map(e => e.context[name]), [value], `${who}: with ${name}`);
  }
  equal(found.length, expected.length, `${who}: and nothing else`);
}

/* Of many, only those that are not as expected are shown. */
function sameMany(found, expected, who) {
  const key = event => JSON.stringify([...plain(event), event.at]);
  const there = of(found, who).map(key).sort(), wanted = expected.map(key);
  equal(there.filter((event, i) => event === there[i - 1]), [], `${who}: no event is there twice`);
  equal(wanted.filter(event => !there.includes(event)), [], `${who}: none is missing`);
  equal(there.filter(event => !wanted.includes(event)), [], `${who}: none is another`);
}

async function directly() {
  await Promise.all(Object.entries(sdks).map(async ([name, open]) => {
    const began = new Date().toISOString();
    const sdk = open(url), expected = calls(name);
    for (const { call, message } of expected) sdk.send(call, message);
    equal(await sdk.close(), [], `${name}: the SDK reports no error`);
    same(of(await stored(), name), expected, began, name);
    equal(await owner(`${name}/phone`), `${name}/anna`, `${name}: her phone is hers`);
    equal(await owner(`${name}/stranger`), `${name}/stranger`, `${name}: a stranger stays one`);
  }));
}

/* What the SDK calls delivered is on disk by then, so nothing is waited for. */
async function nodeThroughFaults(proxy) {
  return Promise.all(Object.entries(sdks).map(async ([name, open]) => {
    const who = `${name} through faults`;
    const sdk = open(proxy.url), expected = many(who, 300);
    for (const { call, message } of expected) sdk.send(call, message);
    equal(await sdk.close(), [], `${who}: the SDK reports no error`);
    return [who, expected];
  }));
}

/* Those for the browser do not say when they are done. */
async function arrived(found, count) {
  const until = Date.now() + 20000;
  while ((await found()).length < count && Date.now() < until)
    await new Promise(done => setTimeout(done, 200));
  return found();
}

async function browserThroughFaults(site, chrome) {
  return Promise.all([['/one-by-one', 100], ['/in-batches', 200]].map(async ([path, calls]) => {
    const who = `browser ${path} through faults`, expected = many(who, calls, 1);
    const page = await chrome.newPage();
    await count(page, `${site.url}${path}`, expected);
    await arrived(async () => of(await stored(), who), expected.length);
    equal(await page.evaluate(() => window.errors), [], `${who}: the SDK reports no error`);
    await page.close();
    return [who, expected];
  }));
}

async function throughFaults(chrome) {
  console.log(`# CICLO_SEED=${seed}`);
  const proxy = await startProxy(url, seed);
  const site = await openSite(root, proxy.url);
  const sent = await Promise.all([nodeThroughFaults(proxy), browserThroughFaults(site, chrome)]);
  await proxy.close();
  site.close();
  console.log(`# ${JSON.stringify(proxy.counts)}`);
  const found = await stored();
  for (const [who, expected] of sent.flat()) sameMany(found, expected, who);
}

async function inTheBrowser(chrome) {
  const site = await openSite(root, url);
  for (const path of Object.keys(visits)) {
    const began = new Date().toISOString(), faults = [], customer = `browser ${path}`;
    const page = await chrome.newPage({ locale: 'pt-BR' });
    page.on('console', message => faults.push(message.text()));
    page.on('pageerror', error => faults.push(error.stack));
    const { device, expected } = await visit(page, site.url, path, customer);
    const found = await arrived(async () => (await stored()).filter(
      event => [device, customer].includes(event.customer)), expected.length);
    same(found, expected, began, customer);
    equal(await owner(device), customer, `${customer}: the browser is the visitor's`);
    equal(faults, [], `${customer}: the console says nothing`);
    await page.close();
  }
  site.close();
}

/* What a server that no longer answers would otherwise hold up for ever. */
setTimeout(() => {
  console.log('Bail out! It takes more than two minutes');
  process.exit(1);
}, 120000).unref();

const chrome = await openBrowser(root);
try {
  await run([[directly, inTheBrowser, throughFaults]], chrome);
} finally {
  await chrome.close();
}
process.exit(); /* what a part that failed left open does not matter */
