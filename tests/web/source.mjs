/* What must hold of the page's source, without a browser. */

import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { equal, ok } from './tap.mjs';

const words = (root, language) => readdirSync(join(root, 'web/src/lang'))
  .filter(name => new RegExp(`^(\\w+\\.)?${language}\\.json$`).test(name));

/* "list.total_one": text, for every text of a language's files. */
export function texts(root, language) {
  const found = {};
  const walk = (value, path) => {
    if (typeof value === 'string') found[path.join('.')] = value;
    else for (const [name, inner] of Object.entries(value)) walk(inner, [...path, name]);
  };
  for (const name of words(root, language))
    walk(JSON.parse(readFileSync(join(root, 'web/src/lang', name), 'utf8')), []);
  return found;
}

const plural = /_(zero|one|two|few|many|other)$/;
const holes = text => (text.match(/\{\{\w+\}\}/g) ?? []).sort();

export function languages({ root }) {
  const english = texts(root, 'en');
  const firsts = words(root, 'en').flatMap(name =>
    Object.keys(JSON.parse(readFileSync(join(root, 'web/src/lang', name), 'utf8'))));
  equal(firsts.filter((key, i) => firsts.indexOf(key) < i), [], 'each word is in one file only');
  const keys = all => [...new Set(Object.keys(all).map(key => key.replace(plural, '')))].sort();
  for (const language of ['en', 'it', 'pt']) {
    const own = texts(root, language);
    equal(words(root, language).map(name => name.replace(`${language}.json`, '')).sort(), words(root, 'en').map(name => name.replace('en.json', '')).sort(),
      `${language} has the files of en`);
    equal(keys(own), keys(english), `${language} has the keys of en`);
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
    const missing = Object.keys(own).filter(key => plural.test(key)).flatMap(key => {
      const base = key.replace(plural, '');
      return categories.map(c => `${base}_${c}`).filter(form => !own[form]);
    });
    equal(missing, [], `${language} has every plural form of its language`);
    const empty = Object.keys(own).filter(key => !own[key].trim());
    equal(empty, [], `${language} has no empty text`);
    const differing = Object.keys(own).filter(key => {
      const model = english[key] ?? english[key.replace(plural, '_other')];
      return String(holes(own[key])) !== String(holes(model));
    });
    equal(differing, [], `${language} fills in what en fills in`);
  }
}

/* The templates are in English; the page says the same in every language. */
export function templates({ root }) {
  const folder = join(root, 'src/engine/templates');
  const english = texts(root, 'en');
  const missing = [];
  for (const file of readdirSync(folder).filter(name => name.endsWith('.yaml'))) {
    const text = readFileSync(join(folder, file), 'utf8');
    const part = (name, depth) => [...text.matchAll(new RegExp(`^ {${depth}}${name}:\\n((?: {${depth + 1},}.*\\n|\\n)*)`, 'mg'))]
      .flatMap(match => [...match[1].matchAll(new RegExp(`^ {${depth + 2}}(\\w+):`, 'mg'))].map(m => m[1]));
    const say = (kind, all) => missing.push(...all.filter(name => !(`${kind}.${name}` in english))
      .map(name => `${file}: ${kind} ${name}`));
    const stages = part('stages', 2), segments = part('segments', 0), events = part('events', 0);
    ok(stages.length > 4 && segments.length > 3 && events.length > 2, `${file} is read`);
    say('stages', stages);
    say('segments', segments);
    say('eventTypes', events);
    say('goals', [...text.matchAll(/^ +goal: (.*)$/mg)].map(m => m[1]));
    say('kpis', [...text.matchAll(/^ +kpi: \{(.*)\}$/mg)].flatMap(m =>
      m[1].replaceAll(/"[^"]*"/g, '').split(',').map(one => one.split(':')[0].trim())));
    say('descriptions', [...text.matchAll(/^ +description: (.*)$/mg)].map(m => m[1]));
  }
  equal(missing, [], 'what the templates say is in the language files');
}

/* So are the built-in groups of buyers, and Ciclo's own events. */
export function ownWords({ root }) {
  const english = texts(root, 'en');
  const found = (file, pattern) => [...readFileSync(join(root, 'src', file), 'utf8').matchAll(pattern)].map(match => match[1]);
  const groups = found('segment/groups.h', /^ +X\(\w+, "\w+", "(.*)"\)/mg);
  const events = found('event/event.h', /^#define EVENT_(?:DECIDED|LISTED) "(.*)"/mg);
  ok(groups.length === 7 && events.length === 2, 'the groups of buyers and the own events are read');
  equal([...groups.map(text => `descriptions.${text}`), ...events.map(type => `eventTypes.${type}`)]
    .filter(key => !(key in english)), [], 'what they are called is in the language files');
}

export function lockFile({ root }) {
  const text = readFileSync(join(root, 'web/package-lock.json'), 'utf8');
  const { packages } = JSON.parse(text);
  ok(!text.includes('"resolved"'), 'the lock file holds no addresses of a registry');
  const missing = [];
  for (const [path, entry] of Object.entries(packages))
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      /* Node looks in the package's own folder, then in those above it. */
      const places = [];
      for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
        places.push(`${at ? `${at}/` : ''}node_modules/${name}`);
        if (!at) break;
      }
      if (!places.some(place => packages[place])) missing.push(`${path} needs ${name}`);
    }
  equal(missing, [], 'the lock file has every optional dependency');
  const own = JSON.parse(readFileSync(join(root, 'web/package.json'), 'utf8'));
  const loose = Object.entries({ ...own.dependencies, ...own.devDependencies })
    .filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version));
  equal(loose, [], 'every package has an exact version');
}

/* The difference of two colours in OKLab, for eyes without one kind of cone each too
 * (Machado, Oliveira and Fernandes 2009, severity 1). */
const eyes = [
  [1, 0, 0, 0, 1, 0, 0, 0, 1],
  [0.152286, 1.052583, -0.204868, 0.114503, 0.786281, 0.099216, -0.003882, -0.048116, 1.051998],
  [0.367322, 0.860646, -0.227968, 0.280085, 0.672501, 0.047413, -0.01182, 0.04294, 0.968881],
  [1.255528, -0.076749, -0.178779, -0.078411, 0.930809, 0.147602, 0.004733, 0.691367, 0.3039],
];

function linear(hex) {
  return [1, 3, 5].map(i => {
    const c = parseInt(hex.slice(i, i + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
}

function oklab([r, g, b]) {
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const seen = (eye, colour) => oklab([0, 1, 2].map(i => Math.min(1, Math.max(0,
  eye[3 * i] * colour[0] + eye[3 * i + 1] * colour[1] + eye[3 * i + 2] * colour[2]))));

export function palette({ root }) {
  const source = readFileSync(join(root, 'web/src/palette.ts'), 'utf8');
  for (const mode of ['light', 'dark']) {
    const colours = source.match(new RegExp(`const ${mode} = \\[([^\\]]*)\\]`))[1].match(/#[0-9a-f]{6}/g);
    ok(colours.length >= 10, `the ${mode} palette has ten colours or more`);
    const close = [];
    for (const eye of eyes)
      for (let i = 0; i < colours.length; i++)
        for (let j = 0; j < i; j++) {
          const a = seen(eye, linear(colours[i])), b = seen(eye, linear(colours[j]));
          const apart = Math.hypot(...a.map((x, k) => x - b[k]));
          if (apart < 0.07) close.push(`${colours[i]} ${colours[j]} ${apart.toFixed(3)}`);
        }
    equal(close, [], `any two ${mode} colours are told apart by all eyes`);
  }
}

/* Vite builds without asking whether the types agree. */
export async function types({ root }) {
  const tsc = join(root, 'web/node_modules/typescript/bin/tsc');
  const failed = await promisify(execFile)(process.execPath, [tsc, '-p', join(root, 'web')])
    .then(() => null, error => error.stdout || error.message);
  ok(failed === null, 'the types of the page agree', failed);
}

/* The built files that `name` has a browser load, now or later, besides those in `all`. */
function loads(assets, name, all) {
  const text = name.endsWith('.js') ? readFileSync(join(assets, name), 'utf8') : '';
  all.add(name);
  for (const [, other] of text.matchAll(/["'](?:\.|assets)\/([\w.-]+\.(?:js|css))["']/g))
    if (!all.has(other)) loads(assets, other, all);
  return all;
}

/* What each page needs that `name`, one of the first files, loads when it is opened: Vite has the files
 * in a list, and their places in it behind each import. */
function pagesOf(assets, name, first) {
  const text = readFileSync(join(assets, name), 'utf8');
  const list = [...(text.match(/m\.f=\[([^\]]*)\]/)?.[1] ?? '').matchAll(/assets\/([^"]+)"/g)].map(m => m[1]);
  return [...text.matchAll(/import\("\.\/([\w.-]+\.js)"\)[^[]*\[([\d,]*)\]/g)].map(([, page, places]) => {
    const all = new Set(first);
    for (const file of [page, ...places.split(',').filter(Boolean).map(place => list[place])])
      if (!all.has(file)) loads(assets, file, all);
    return [...all].filter(file => !first.includes(file));
  });
}

/* What a browser loads first, and what it loads at most for one page, in gzip bytes. */
export function budgets({ root }) {
  const assets = join(root, 'web/dist/assets');
  if (!ok(existsSync(assets), 'the page is built')) return;
  const size = name => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length;
  const html = readFileSync(join(root, 'web/dist/index.html'), 'utf8');
  const all = readdirSync(assets);
  const first = all.filter(name => html.includes(name));
  const language = Math.max(...all.filter(name => /^(en|it|pt)-.*\.js$/.test(name)).map(size));
  const shell = first.reduce((sum, name) => sum + size(name), language);
  const pages = first.filter(name => name.endsWith('.js')).flatMap(name => pagesOf(assets, name, first))
    .filter(files => !files.some(name => /^(\w+\.)?(en|it|pt)-/.test(name)));
  ok(pages.length > 10 && pages.some(files => files.some(name => name.startsWith('echarts-'))),
    'the pages are found in what is built');
  /* A page needs its own words, and those that the reports share. */
  const parts = all.filter(name => /^\w+\.(en|it|pt)-.*\.js$/.test(name));
  const most = names => Math.max(...names.map(size));
  const wordy = most(parts.filter(name => name.startsWith('reports.'))) + most(parts.filter(name => !name.startsWith('reports.')));
  const charts = shell + wordy + Math.max(...pages.map(files => files.reduce((sum, name) => sum + size(name), 0)));
  ok(shell <= 192 * 1024, `the shell is at most 192 KiB (${(shell / 1024).toFixed(0)})`);
  ok(charts <= 450 * 1024, `a page with charts is at most 450 KiB (${(charts / 1024).toFixed(0)})`);
  ok(html.includes('nonce="__CSP_NONCE__"'), 'the page has a place for the nonce');
}
