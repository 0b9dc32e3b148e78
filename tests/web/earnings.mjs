/* earnings.mjs model|events|costs: two hundred and sixty customers of a shop who buy, give back, get vouchers, ask for help
 * and bring one another; half of them got a mailing, by lot. Always the same. */

const model = `ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
channels:
  - { channel: email, when: 'source = "email"' }
  - { channel: search, when: 'source = "search"' }
events:
  purchase: { properties: { revenue: money } }
  refund: { properties: { amount: money } }
  bonus: { properties: { value: money } }
  ticket_opened:
  visit:
traits: { referred_by: { type: text, keep: first }, mailing: text }
ledger:
  purchases: purchase.revenue
  refunds: refund.amount
  rewards: bonus.value
  support: ticket_opened
  contact_cost: 4.35
  margin: 0.4
  referred_by: referred_by
  referral_share: 0.1
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, regular: {} }
  moves:
    - { from: reach, to: buyer, when: "count(purchase) >= 1" }
    - { from: buyer, to: regular, when: "count(purchase, 180d) >= 4" }
    - { from: regular, to: buyer, when: "count(purchase, 180d) < 2" }
segments:
  often: { when: "count(purchase) >= 5" }
  helped: { when: "exists(ticket_opened)" }
`;

const DAY = 864e5, begin = Date.UTC(2025, 0, 1), days = 540, lot = begin + 200 * DAY;
let state = 7;
/* Park and Miller's generator. */
const chance = () => (state = (state * 48271) % 2147483647) / 2147483647;
const among = (...these) => these[Math.floor(chance() * these.length)];
const lines = [];
let n = 0;
function say(customer, at, more) {
  n += 1;
  lines.push({ messageId: `e${n}`, userId: `c${customer}`, timestamp: new Date(at).toISOString(), ...more });
}
const track = (customer, at, event, properties = {}) => say(customer, at, { type: 'track', event, properties });
const cents = most => Math.round(chance() * most * 100) / 100;

function live(customer) {
  const every = 8 + chance() * 60, ends = chance() < 0.4 ? begin + (120 + chance() * 300) * DAY : Infinity;
  let at = begin + Math.floor(chance() * 120) * DAY + Math.floor(chance() * 864) * 1e5;
  const mailed = chance() < 0.5;
  if (customer % 5 === 1) say(customer, at, { type: 'identify', traits: { referred_by: `c${customer - 1}` } });
  track(customer, at, 'visit');
  lines.at(-1).context = { campaign: { source: among('email', 'search', 'search'), name: among('spring', 'tea') } };
  say(customer, lot, { type: 'identify', traits: { mailing: mailed ? 'letter' : 'control' } });
  if (mailed && chance() < 0.4) {
    track(customer, lot + 2 * DAY, 'visit');
    lines.at(-1).context = { campaign: { source: 'email', name: 'letter' } };
    track(customer, lot + 3 * DAY, 'purchase', { revenue: 5 + cents(60) });
  }
  while ((at += -Math.log(chance()) * every * DAY) < Math.min(ends, begin + days * DAY)) {
    track(customer, at, 'purchase', { revenue: 5 + cents(90) });
    const rest = chance();
    if (rest < 0.08) track(customer, at + 36e5, 'refund', { amount: cents(20) });
    else if (rest < 0.16) track(customer, at + 72e5, 'bonus', { value: among(2, 5) });
  }
  if (ends < Infinity) track(customer, ends, 'ticket_opened');
}

for (let customer = 0; customer < 260; customer++) live(customer);
const costs = ['date,channel,campaign,amount'];
for (let day = 0; day < 130; day += 3)
  costs.push(`${new Date(begin + day * DAY).toISOString().slice(0, 10)},${among('email', 'search', 'tv')},${among('', 'spring', 'tea')},${cents(80)}`);

console.log({ model, events: lines.map(line => JSON.stringify(line)).join('\n'), costs: costs.join('\n') }[process.argv[2]]);
