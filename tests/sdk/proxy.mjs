/* A proxy that breaks what passes through it. What it does to a request follows from the seed,
 * from the first event in the body and from how often that came before, so a seed repeats a run.
 * After two broken tries it lets a request through: an SDK gives up after three or four. */

import { createHash } from 'node:crypto';
import http from 'node:http';
import { gunzipSync } from 'node:zlib';

const triesBroken = 2;
const pause = ms => new Promise(done => setTimeout(done, ms));

function readAll(stream) {
  return new Promise((resolve, reject) => {
    const parts = [];
    stream.on('data', part => parts.push(part)).on('error', reject);
    stream.on('end', () => resolve(Buffer.concat(parts)));
  });
}

/* Passes on the first `bytes` of the body, and cuts the connection if that is not all. */
function pass(target, request, body, bytes = body.length) {
  return new Promise((resolve, reject) => {
    const on = http.request(new URL(request.url, target), {
      method: request.method, headers: request.headers, agent: false,
    }, answer => readAll(answer).then(content => resolve({ answer, content }), reject));
    on.on('error', reject);
    if (bytes === body.length) on.end(body);
    else on.write(body.subarray(0, bytes), () => on.destroy(new Error('cut')));
  });
}

function answerWith(response, { answer, content }) {
  const { connection, 'transfer-encoding': encoding, ...headers } = answer.headers;
  response.writeHead(answer.statusCode, headers).end(content);
}

const faults = {
  async none(response, send) { answerWith(response, await send()); },
  async late(response, send, chance) {
    await pause(chance * 80);
    answerWith(response, await send());
  },
  async twice(response, send) {
    const [first] = await Promise.all([send(), send()]);
    answerWith(response, first);
  },
  async refused(response) {
    response.writeHead(500, { 'Access-Control-Allow-Origin': '*' }).end('broken by the proxy');
  },
  async unheard(response, send) {
    await send();
    response.destroy();
  },
  async misheard(response, send) {
    await send();
    response.writeHead(502, { 'Access-Control-Allow-Origin': '*' }).end('broken by the proxy');
  },
  async cut(response) { response.destroy(); },
  async half(response, send, chance, bytes) {
    await send(1 + Math.floor(chance * (bytes - 1))).catch(() => {});
    response.destroy();
  },
};
const heals = new Set(['none', 'late', 'twice']);

const first = body => {
  const text = String(body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body);
  return text.match(/"userId":"([^"]*)/)?.[1] + text.match(/"n":(\d+)/)?.[1];
};

export async function startProxy(target, seed) {
  const tries = new Map(), counts = {}, open = new Set();
  const server = http.createServer((request, response) => {
    const done = (async () => {
      const body = await readAll(request);
      const send = bytes => pass(target, request, body, bytes);
      let fault = 'none', chance = 0;
      if (request.method === 'POST') {
        const key = first(body), tried = tries.get(key) ?? 0;
        const dice = createHash('md5').update(`${seed} ${key} ${tried}`).digest();
        const names = Object.keys(faults);
        chance = dice[1] / 256;
        fault = names[dice[0] % names.length];
        if (tried >= triesBroken && !heals.has(fault)) fault = 'none';
        tries.set(key, tried + 1);
        counts[fault] = (counts[fault] ?? 0) + 1;
      }
      await faults[fault](response, send, chance, body.length);
    })().catch(() => response.destroy());
    open.add(done);
    done.finally(() => open.delete(done));
  });
  await new Promise(listening => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${server.address().port}`, counts,
    /* Everything that was passed on has been answered. */
    close: async () => {
      await Promise.all(open);
      server.closeAllConnections();
      await new Promise(closed => server.close(closed));
    },
  };
}
