/* The lines of docs/collect.md, so that what it says is what is tested. */

import { readFileSync } from 'node:fs';

export const writeKey = process.env.WRITE_KEY;

/* The first block of code that holds all of `words`, for this server. */
export function documented(server, ...words) {
  const text = readFileSync(new URL('../../docs/collect.md', import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```(?:js|html)\n([^]*?)^```/gm)].map(([, code]) => code);
  const block = blocks.find(code => words.every(word => code.includes(word)));
  if (!block) throw new Error(`docs/collect.md has no block with ${words}`);
  return block.replaceAll('https://ciclo.example.com', server)
    .replaceAll('YOUR_WRITE_KEY', writeKey);
}
