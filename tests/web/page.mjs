/* page.mjs ROOT SHOP EMPTY EDITED LIVE LOCKED COLLECT READ ADMIN PEOPLE VISITS EARNINGS: the tests of the page. SHOP serves
 * the orders of orders.csv, EMPTY a file without events, EDITED the orders again, in a file whose
 * model is changed, LIVE once more, in one to which more is sent, LOCKED in one with the keys COLLECT,
 * READ and ADMIN, PEOPLE another without events, to which duplicates are sent, VISITS what
 * visits.mjs writes, EARNINGS what earnings.mjs does. */

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { dragging, edits, first, followed, meddling, missing, narrow, older, several, wide } from './browser.mjs';
import { attribution } from './attribution.mjs';
import { heat } from './cohorts.mjs';
import { begin, data } from './data.mjs';
import { alikeness } from './groups.mjs';
import { earned } from './earned.mjs';
import { journey } from './journey.mjs';
import { lasting } from './lasting.mjs';
import { login } from './login.mjs';
import { money } from './money.mjs';
import { paths } from './paths.mjs';
import { nothing, reports } from './reports.mjs';
import { budgets, languages, lockFile, ownWords, palette, templates, types } from './source.mjs';
import { saved } from './saved.mjs';
import { suspects } from './suspects.mjs';
import { run } from './tap.mjs';

const [root, shop, empty, edited, live, locked, collect, read, admin, people, visits, earnings] = process.argv.slice(2);
const require = createRequire(join(root, 'web/package.json'));
const { chromium } = require('playwright-core');
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const chrome = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking',
    '--disable-component-update', '--disable-sync', '--no-first-run',
  ],
});
try {
  /* What changes the same file is in one lane. */
  await run([
    [languages, templates, ownWords, lockFile, palette, budgets, edits, meddling, several, money],
    [wide, missing, nothing, first, begin],
    [reports, attribution, paths, saved],
    [heat, lasting, alikeness],
    [narrow, dragging, older, followed],
    [login, data, journey, earned],
    [types, suspects],
  ], { root, shop, empty, edited, live, locked, people, visits, earnings, keys: { collect, read, admin }, chrome, axe });
} finally {
  await chrome.close();
}
