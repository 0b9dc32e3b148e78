/* page.mjs ROOT URL EMPTY EDITED LOCKED COLLECT READ ADMIN: the tests of the page. URL serves the orders of orders.csv, EMPTY
 * a file without events, EDITED the orders again, in a file whose model is changed, LOCKED once more, in one
 * with the keys COLLECT, READ and ADMIN. */

import { browser } from './browser.mjs';
import { login } from './login.mjs';
import { data } from './data.mjs';
import { budgets, languages, lockFile, palette, templates, types } from './source.mjs';
import { run } from './tap.mjs';

const [root, ...given] = process.argv.slice(2);

await run([languages, templates, lockFile, palette, types, budgets, browser, login, data], root, ...given);
