/* @segment/analytics-next in Chromium, on a page of another origin: by the snippet of
 * docs/collect.md, and bundled into the page, event by event and in batches. */

import { readFileSync } from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { writeKey } from './sdks.mjs';

const head = '<!doctype html><title>Bottega</title><link rel="icon" href="data:,">';
const flags = [
  '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run',
];

/* The page's own site, which has the library's files too. */
async function startSite(root, pages) {
  const library = join(root, 'tests/sdk/node_modules/@segment/analytics-next/dist/umd');
  const server = http.createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://site');
    const script = pathname.match(/^\/analytics\/([\w.-]+\.js)$/)?.[1];
    const content = script ? readFileSync(join(library, script)) : pages[pathname];
    response.writeHead(content === undefined ? 404 : 200, {
      'Content-Type': /\.js$/.test(pathname) ? 'text/javascript' : 'text/html; charset=utf-8',
    }).end(content);
  });
  await new Promise(listening => server.listen(0, 'localhost', listening));
  return { url: `http://localhost:${server.address().port}`, close: () => server.close() };
}

/* The library as a site's own bundler makes it: window.page.AnalyticsBrowser. */
async function bundle(require, root) {
  const { build } = createRequire(require.resolve('vite'))('esbuild');
  const { outputFiles } = await build({
    stdin: {
      contents: "export { AnalyticsBrowser } from '@segment/analytics-next';",
      resolveDir: join(root, 'tests/sdk'),
    },
    bundle: true, write: false, format: 'iife', globalName: 'page',
    define: { 'process.env.NODE_ENV': '"production"' },
  });
  return outputFiles[0].text;
}

/* The snippet as the document shows it, for this server. */
function snippet(root, url) {
  const text = readFileSync(join(root, 'docs/collect.md'), 'utf8');
  const html = text.match(/```html\n(<script>[^`]*)```/)[1];
  return html.replace('https://ciclo.example.com', url);
}

const moment = '2026-03-04T05:06:07.089Z';

/* What the library says by itself. */
const context = {
  'context.campaign.name': 'spring', 'context.campaign.source': 'news',
  'context.library.name': 'analytics.js', 'context.locale': 'pt-BR',
  'context.page.title': 'Bottega', 'context.timezone': 'America/Sao_Paulo',
};

/* A visitor from Brazil comes by a campaign, looks, says who he is, and buys. */
export async function visit(page, site) {
  const url = `${site}/?utm_source=news&utm_campaign=spring`;
  await page.goto(url);
  await page.waitForFunction(() => window.analytics.initialized);
  const device = await page.evaluate(async moment => {
    await analytics.track('Product Viewed', { sku: 'A-1', price: 12.5, name: 'Caffè ☕' });
    await analytics.identify('browser/anna', { email: 'zoë@example.com', vip: true });
    await analytics.track('Order Completed', {
      revenue: 12.5, day: new Date(moment), nothing: null, list: ['a', 'b'], shop: { city: 'Roma' },
    }, { timestamp: new Date(moment) });
    await analytics.group('acme', { name: 'Acme' });
    await analytics.alias('browser/anna', 'browser/old');
    await analytics.screen('Main', { tab: 2 });
    return analytics.user().anonymousId();
  }, moment);
  const { pathname: path, search } = new URL(url);
  const customer = 'browser/anna';
  return { device, expected: [
    { type: 'page', customer: device,
      properties: { path, referrer: '', search, title: 'Bottega', url }, context },
    { type: 'Product Viewed', customer: device,
      properties: { sku: 'A-1', price: 12.5, name: 'Caffè ☕' } },
    { type: 'identify', customer, traits: { email: 'zoë@example.com', vip: true } },
    { type: 'Order Completed', customer, at: moment,
      properties: { revenue: 12.5, day: moment, list: ['a', 'b'], 'shop.city': 'Roma' } },
    { type: 'group', customer, properties: { groupId: 'acme', 'traits.name': 'Acme' } },
    { type: 'alias', customer, properties: { previousId: 'browser/old' } },
    { type: 'screen', customer, properties: { name: 'Main', tab: 2 } },
  ] };
}

/* Hands many calls to the library, which delivers them as its settings of `segment` say;
 * window.errors has what it told of them. */
export async function count(page, url, server, segment, calls) {
  await page.goto(url);
  await page.evaluate(async ({ server, writeKey, segment, calls }) => {
    const analytics = window.page.AnalyticsBrowser.load({ writeKey, cdnURL: server },
      { integrations: { 'Segment.io': segment } });
    window.errors = [];
    analytics.on('error', ({ reason }) => window.errors.push(String(reason)));
    (await analytics.user()).id(calls[0].userId);
    for (const { event, properties, timestamp } of calls)
      analytics.track(event, properties, { timestamp: new Date(timestamp) });
  }, { server, writeKey, segment, calls: calls.map(({ message }) => message) });
}

/* Ways to deliver, both trying again sooner than is usual. */
const httpConfig = { backoffConfig: { baseBackoffInterval: 0.1 } };
export const deliveries = {
  'browser one by one': { calls: 100, segment: { httpConfig } },
  'browser in batches': { calls: 200, segment: { httpConfig,
    deliveryStrategy: { strategy: 'batching', config: { size: 20, timeout: 100 } } } },
};

/* Gives `use` a site whose pages have the library, and a browser. */
export async function inBrowser(root, server, use) {
  const require = createRequire(join(root, 'web/package.json'));
  const { chromium } = require('playwright-core');
  const site = await startSite(root, {
    '/': `${head}${snippet(root, server)}`,
    '/bundled': `${head}<script src="/bundle.js"></script>`,
    '/bundle.js': await bundle(require, root),
  });
  const chrome = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: flags,
  });
  try {
    await use(site, chrome);
  } finally {
    await chrome.close();
    site.close();
  }
}
