/* The SDKs for the browser, in Chromium, on pages of another origin: as docs/collect.md says. */

import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { documented } from './document.mjs';

const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];
const head = '<!doctype html><title>Bottega</title><link rel="icon" href="data:,">';

/* By which words the document's block is found. */
const bundled = {
  '/one-by-one': ["from '@segment/analytics-next'"],
  '/in-batches': ["from '@segment/analytics-next'", 'batching'],
  '/rudderstack': ["from '@rudderstack/analytics-js"],
};

/* The lines, bundled with the library: window.page.analytics. */
async function bundle(require, folder, contents) {
  const { build } = createRequire(require.resolve('vite'))('esbuild');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: folder }, bundle: true, write: false, format: 'iife',
    globalName: 'page', define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].text;
}

/* A site of its own, whose pages send to `server`. */
export async function openSite(root, server) {
  const require = createRequire(join(root, 'web/package.json'));
  const folder = join(root, 'tests/sdk');
  const scripts = {};
  for (const [path, words] of Object.entries(bundled))
    scripts[`${path}.js`] = bundle(require, folder, documented(server, ...words));
  const site = http.createServer(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const library = pathname.match(/^\/analytics\/(\w+\.js)$/)?.[1];
    response.setHeader('Content-Type',
      pathname.endsWith('.js') ? 'text/javascript' : 'text/html; charset=utf-8');
    if (library) response.end(readFileSync(
      join(folder, 'node_modules/@segment/analytics-next/dist/umd', library)));
    else if (pathname in scripts) response.end(await scripts[pathname]);
    else if (pathname in bundled) response.end(`${head}<script src="${pathname}.js"></script>`);
    else response.end(`${head}${documented(server, '<script>')}`);
  });
  await Promise.all(Object.values(scripts));
  await new Promise(listening => site.listen(0, 'localhost', listening));
  return { url: `http://localhost:${site.address().port}`, close: () => site.close() };
}

export function openBrowser(root) {
  const { chromium } = createRequire(join(root, 'web/package.json'))('playwright-core');
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags,
  });
}

const moment = '2026-03-04T05:06:07.089Z';
const traits = { email: 'zoë@example.com', vip: true };

/* How a call is given a moment, what the library says of a page beside its address, and of whom
 * in calls after identify. */
export const visits = {
  '/': { time: 'timestamp', view: { referrer: '' }, later: {} },
  '/rudderstack': { time: 'originalTimestamp', later: traits, view: {
    referrer: '$direct', referring_domain: '', initial_referrer: '$direct',
    initial_referring_domain: '' } },
};

/* A visitor from Brazil comes by a campaign, looks, says who he is, and buys, all before the
 * server, which is slow, has told the library its settings. Returns his device
 * and what is to be found of him. */
export async function visit(page, site, path, customer) {
  const { time, view, later } = visits[path];
  const search = '?utm_source=news&utm_campaign=spring', url = `${site}${path}${search}`;
  await page.route('**/sourceConfig/**', async route => {
    await new Promise(done => setTimeout(done, 300));
    await route.continue();
  });
  await page.goto(url);
  await page.waitForFunction(() => (window.page ?? window.analytics.initialized));
  const { device, screens } = await page.evaluate(async ({ customer, moment, traits, time }) => {
    const analytics = window.page?.analytics ?? window.analytics;
    const when = { [time]: time === 'timestamp' ? new Date(moment) : moment };
    await analytics.track('Product Viewed', { sku: 'A-1', price: 12.5, name: 'Caffè ☕' });
    await analytics.identify(customer, traits);
    await analytics.track('Order Completed', {
      revenue: 12.5, day: new Date(moment), nothing: null, list: ['a', 'b'], shop: { city: 'Roma' },
    }, when);
    await analytics.group('acme', { name: 'Acme' });
    await analytics.alias(customer, `${customer}/old`);
    await analytics.screen?.('Main', { tab: 2 });
    await new Promise(ready => analytics.ready(ready)); /* it names no device before */
    return { screens: Boolean(analytics.screen),
      device: analytics.getAnonymousId?.() ?? analytics.user().anonymousId() };
  }, { customer, moment, traits, time });
  const address = { path, search, title: 'Bottega', url };
  return { device, expected: [
    { type: 'page', customer: device,
      properties: { ...address, ...view, ...('referring_domain' in view && { tab_url: url }) },
      context: { 'context.campaign.name': 'spring', 'context.campaign.source': 'news',
        'context.locale': 'pt-BR', 'context.page.title': 'Bottega' } },
    { type: 'Product Viewed', customer: device,
      properties: { sku: 'A-1', price: 12.5, name: 'Caffè ☕' } },
    { type: 'identify', customer, traits },
    { type: 'Order Completed', customer, at: moment, traits: later,
      properties: { revenue: 12.5, day: moment, list: ['a', 'b'], 'shop.city': 'Roma' } },
    { type: 'group', customer, properties: { groupId: 'acme', 'traits.name': 'Acme' }, traits: later },
    { type: 'alias', customer, properties: { previousId: `${customer}/old` }, traits: later },
    ...(screens ? [{ type: 'screen', customer, properties: { name: 'Main', tab: 2 } }] : []),
  ] };
}

/* Hands many calls of one customer to the library; window.errors has what it told of them. */
export async function count(page, url, calls) {
  await page.goto(url);
  await page.evaluate(async calls => {
    const { analytics } = window.page;
    window.errors = [];
    analytics.on('error', ({ reason }) => window.errors.push(String(reason)));
    (await analytics.user()).id(calls[0].userId);
    for (const { event, properties, timestamp } of calls)
      analytics.track(event, properties, { timestamp: new Date(timestamp) });
  }, calls.map(({ message }) => message));
}
