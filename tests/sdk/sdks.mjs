/* The SDKs for Node, unmodified and with their own settings. Each opens with the address of a
 * server, and gives send(type, message) and close(), which resolves when nothing waits any more,
 * with the errors that the SDK told its user. */

import { createRequire } from 'node:module';
import { documented } from './document.mjs';

const require = createRequire(import.meta.url);

/* The client that the document's lines make, of another version if `installed` says so. */
const client = (url, name, installed = name) => new Function('require',
  `${documented(url, `require('${name}')`)}\nreturn analytics;`)(() => require(installed));

const segment = (...names) => url => {
  const analytics = client(url, ...names), errors = [];
  analytics.on('error', error => errors.push(String(error.reason ?? error.code)));
  return {
    send: (type, message) => analytics[type](message),
    close: async () => {
      await analytics.closeAndFlush();
      return errors;
    },
  };
};

/* Those before it tell by callback what became of a message, and flush one batch at a time. */
const first = name => url => {
  const analytics = client(url, name), sent = [];
  analytics.errorHandler = () => {};
  return {
    send: (type, message) => sent.push(new Promise(done => analytics[type](message, done))),
    close: async () => {
      while (analytics.queue.length > 0) await analytics.flush();
      return (await Promise.all(sent)).filter(Boolean).map(String);
    },
  };
};

const node = Number(process.versions.node.split('.')[0]);

export const sdks = {
  'segment-2': segment('@segment/analytics-node'),
  /* wants Node 20 */
  ...(node >= 20 && { 'segment-3': segment('@segment/analytics-node', 'segment-analytics-node-3') }),
  'segment-1': first('analytics-node'),
  rudderstack: first('@rudderstack/rudder-sdk-node'),
  customerio: segment('@customerio/cdp-analytics-node'),
};
