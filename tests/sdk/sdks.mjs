/* The SDKs for Node, unmodified and with their own settings. Each opens with the address of a
 * server, and gives send(type, message) and close(), which resolves when nothing waits any more,
 * with the errors that the SDK told its user. */

import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

export const writeKey = 'any-key';

const segment = name => url => {
  const { Analytics } = require(name);
  const errors = [];
  const client = new Analytics({ writeKey, host: url });
  client.on('error', error => errors.push(String(error.reason ?? error.code)));
  return {
    send: (type, message) => client[type](message),
    close: async () => {
      await client.closeAndFlush();
      return errors;
    },
  };
};

/* Its descendants tell by callback what became of a message, and flush one batch at a time. */
const first = (name, address) => url => {
  const Analytics = require(name);
  const sent = [];
  const client = new Analytics(writeKey, {
    [address]: url, errorHandler: () => {}, logLevel: 'none',
  });
  return {
    send: (type, message) => sent.push(new Promise(done => client[type](message, done))),
    close: async () => {
      while (client.queue.length > 0) await client.flush();
      const told = await Promise.all(sent);
      return told.filter(Boolean).map(String);
    },
  };
};

const node = Number(process.versions.node.split('.')[0]);

export const sdks = {
  'segment-2': segment('@segment/analytics-node'),
  /* wants Node 20 */
  ...(node >= 20 && { 'segment-3': segment('segment-analytics-node-3') }),
  'segment-1': first('analytics-node', 'host'),
  rudderstack: first('@rudderstack/rudder-sdk-node', 'dataPlaneUrl'),
  customerio: segment('@customerio/cdp-analytics-node'),
};
