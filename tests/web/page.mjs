/* page.mjs ROOT URL EMPTY EDITED: the tests of the page. URL serves the orders of orders.csv, EMPTY
 * a file without events, EDITED the orders again, in a file whose model is changed. */

import { browser } from './browser.mjs';
import { budgets, languages, lockFile, palette, templates, types } from './source.mjs';
import { run } from './tap.mjs';

const [root, url, empty, edited] = process.argv.slice(2);

await run([languages, templates, lockFile, palette, types, budgets, browser], root, url, empty, edited);
