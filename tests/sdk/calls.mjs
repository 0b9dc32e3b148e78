/* What every SDK sends, and what must be found of it. */

const moment = '2024-02-29T23:59:59.999Z';

const said = {
  revenue: 1234.56, change: -0.25, count: 3, largest: 9007199, gift: false, paid: true,
  'naïve clé': 'Zoë, São Paulo, 日本語, 🎉', empty: '', list: ['a', 'b'], mixed: ['x', 1, true],
  nothing: null, day: new Date(moment), shop: { name: 'Bottega', address: { city: 'Roma' } },
};
const kept = {
  revenue: 1234.56, change: -0.25, count: 3, largest: 9007199, gift: false, paid: true,
  'naïve clé': 'Zoë, São Paulo, 日本語, 🎉', empty: '', list: ['a', 'b'], mixed: ['x', '1', 'true'],
  day: moment, 'shop.name': 'Bottega', 'shop.address.city': 'Roma',
};

/* One of each kind, as `who`. `at` is the moment that the caller set. Anna logs in on the phone;
 * the stranger never says who he is. */
export function calls(who) {
  const userId = `${who}/anna`, anonymousId = `${who}/phone`, stranger = `${who}/stranger`;
  return [
    { call: 'identify', message: { userId, traits: { email: 'zoë@example.com', age: 41, vip: true,
      tags: ['x', 'y'], phone: null, address: { city: 'Évora' } } },
    type: 'identify', customer: userId, traits: { email: 'zoë@example.com', age: 41, vip: true,
      tags: ['x', 'y'], phone: null, 'address.city': 'Évora' } },
    { call: 'track', message: { userId, event: 'Order Completed', properties: said,
      timestamp: new Date(moment), context: { ip: '203.0.113.77', locale: 'it-IT' } },
    type: 'Order Completed', customer: userId, at: moment, properties: kept,
    context: { 'context.ip': '203.0.113.0', 'context.locale': 'it-IT' } },
    { call: 'track', message: { anonymousId, event: 'Visto 👀', properties: { sku: 'A-1' } },
      type: 'Visto 👀', customer: anonymousId, properties: { sku: 'A-1' } },
    { call: 'track', message: { anonymousId: stranger, event: 'Passed By', properties: { n: 1 } },
      type: 'Passed By', customer: stranger, properties: { n: 1 } },
    { call: 'track', message: { userId, anonymousId, event: 'Logged In' },
      type: 'Logged In', customer: userId, properties: {} },
    { call: 'page', message: { userId, category: 'Docs', name: 'Início', properties: {
      url: 'https://example.com/pt?x=1', n: 1 }, timestamp: new Date('2026-01-02T03:04:05.006Z') },
    type: 'page', customer: userId, at: '2026-01-02T03:04:05.006Z', properties: {
      category: 'Docs', name: 'Início', url: 'https://example.com/pt?x=1', n: 1 } },
    { call: 'screen', message: { anonymousId, name: 'Main', properties: { tab: 2 } },
      type: 'screen', customer: anonymousId, properties: { name: 'Main', tab: 2 } },
    { call: 'group', message: { userId, groupId: 'acme', traits: { name: 'Acme', seats: 5 } },
      type: 'group', customer: userId, properties: {
        groupId: 'acme', 'traits.name': 'Acme', 'traits.seats': 5 } },
    { call: 'alias', message: { userId, previousId: anonymousId },
      type: 'alias', customer: userId, properties: { previousId: anonymousId } },
  ];
}

/* Many, told apart by n, each at a moment of its own. */
export const many = (who, count, customers = 7) => Array.from({ length: count }, (_, n) => {
  const at = new Date(Date.UTC(2025, 0, 1) + n * 3600_001).toISOString();
  const userId = `${who}/${n % customers}`;
  return {
    call: 'track', message: { userId, event: 'Counted', properties: { n }, timestamp: new Date(at) },
    type: 'Counted', customer: userId, at, properties: { n },
  };
});
