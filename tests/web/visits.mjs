/* visits.mjs: visits of forty customers by several channels, as JSONL, some of whom buy. Always the same. */

const addresses = [
  '?utm_source=news&utm_medium=email&utm_campaign=spring', '?gclid=1&utm_campaign=tea', '', '?utm_medium=social',
];
const seen = ['Product Viewed', '<img src=x onerror=alert(1)> > {n|b}', 'Products Searched'];
let n = 0;

function say(type, customer, at, more) {
  n += 1;
  console.log(JSON.stringify({
    type, messageId: `v${n}`, userId: `v${customer}`, timestamp: new Date(at).toISOString(), ...more,
  }));
}

for (let customer = 0; customer < 40; customer++) {
  let at = Date.UTC(2026, 0, 1 + customer);
  for (let visit = 0; visit <= customer % 4; visit++) {
    const address = addresses[(customer * 3 + visit * 5) % addresses.length];
    say('page', customer, at, { context: { page: { url: `https://shop.example/${address}` } } });
    for (let i = 0; i < (customer + visit) % 3; i++) {
      at += 6e4;
      say('track', customer, at, { event: seen[(customer + i) % seen.length] });
    }
    if ((customer + visit) % 3 === 0)
      say('track', customer, at + 6e4, { event: 'Order Completed', properties: { revenue: 10 + customer } });
    at += 5 * 864e5;
  }
}
