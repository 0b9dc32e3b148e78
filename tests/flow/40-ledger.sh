#!/bin/sh
# What each customer brought and cost: lives, costs and rates of chance, as SQL over what the file exports
# has it, to the cent, in every cut; on the command line and over HTTP. And bad rates, bad models, and
# what has no rate.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
channels:
  - { channel: email, when: 'source = "email"' }
  - { channel: search, when: 'source = "search"' }
  - { channel: social, when: 'source = "social"' }
events:
  purchase: { properties: { revenue: money, currency: text } }
  refund: { properties: { amount: money, currency: text } }
  bonus: { properties: { value: money } }
  ticket:
traits: { referred_by: { type: text, keep: first } }
ledger:
  purchases: purchase.revenue
  refunds: refund.amount
  rewards: bonus.value where value < 50
  support: ticket
  contact_cost: 4.35
  margin: 0.37
  referred_by: referred_by
  referral_share: 0.15
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, regular: {} }
  moves:
    - { from: reach, to: buyer, when: "count(purchase) >= 1" }
    - { from: buyer, to: regular, when: "count(purchase) >= 3" }
segments:
  often: { when: "count(purchase) >= 2" }
  helped: { when: "exists(ticket)" }
YAML
python3 - "$T" "${CICLO_SEED:-7}" <<'PY'
import csv, json, random, sys
from datetime import date, datetime, timedelta
r = random.Random(int(sys.argv[2]))
print('# seed', sys.argv[2])
channels, campaigns = ['email', 'search', 'search', 'social'], ['', 'spring', 'summer']
with open(sys.argv[1] + '/events.jsonl', 'w') as f:
    for customer in range(150):
        if r.random() < 0.4:
            by = r.choice([f'u{r.randrange(150)}'] * 6 + ['nobody', f'u{customer}'])
            print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer:03}',
                              'timestamp': '2026-01-01T00:00:00Z', 'traits': {'referred_by': by}}), file=f)
        for i in range(r.randrange(12)):
            at = datetime(2026, 1, 1) + timedelta(hours=r.randrange(90) * 24 + r.choice([22, 23, 0, 7]))
            name = r.choice(['visit', 'visit', 'visit', 'purchase', 'purchase', 'purchase', 'refund', 'bonus', 'ticket'])
            e = {'type': 'track', 'event': name, 'userId': f'u{customer}', 'messageId': f'{customer:03}-{i}',
                 'timestamp': at.isoformat() + 'Z', 'properties': {}}
            money = r.randrange(-200, 9000) / 100
            key = {'purchase': 'revenue', 'refund': 'amount', 'bonus': 'value'}.get(name)
            if key and r.random() < 0.95:
                e['properties'][key] = money
            if key and key != 'value' and r.random() < 0.5:
                e['properties']['currency'] = r.choice(['EUR', 'USD', 'usd', 'JPY', 'GBP'])
            if name == 'visit' or r.random() < 0.1:
                e['context'] = {'campaign': {'source': r.choice(channels), 'name': r.choice(campaigns)}}
            print(json.dumps(e), file=f)
with open(sys.argv[1] + '/usd.csv', 'w') as f, open(sys.argv[1] + '/jpy.csv', 'w') as g:
    for file, currency, middle in ((f, 'USD', 0.92), (g, 'JPY', 163)):
        out = csv.writer(file)
        out.writerow(['date', 'currency', 'rate'])
        for day in range(80):
            if day % 7 < 5 and not 30 <= day < 45:
                out.writerow([date(2026, 1, 1) + timedelta(day), currency, round(middle * r.uniform(0.9, 1.1), 4)])
with open(sys.argv[1] + '/costs.csv', 'w') as f:
    out = csv.writer(f)
    out.writerow(['date', 'channel', 'campaign', 'amount', 'currency'])
    for day in range(90):
        for channel in ['email', 'search', 'social', 'tv']:
            currency = r.choice(['EUR', 'EUR', 'USD', 'JPY'])
            amount = r.randrange(90000) if currency == 'JPY' else r.randrange(-300, 9000) / 100
            if r.random() < 0.6:
                out.writerow([date(2026, 1, 1) + timedelta(day), channel, r.choice(campaigns), amount, currency])
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
value() { python3 -c 'import json, sys; print(*[json.load(open(sys.argv[1]))[k] for k in sys.argv[2:]])' "$T/out" "$@"; }
rates() { "$CICLO" rates import "$shop" "$@" --json >"$T/out"; }
rates "$T/usd.csv" --dry-run
t_is 'rates, tried' "$(value added) $("$CICLO" rates list "$shop" --csv | wc -l)" '47 1'
rates "$T/usd.csv"
t_is 'rates' "$(value lines added changed known refused)" '47 47 0 0 []'
rates "$T/usd.csv"
t_is 'again: nothing is doubled' "$(value added changed known)" '0 0 47'
rates "$T/jpy.csv" --per-own
t_is 'as central banks tell it' "$(value added)" 47
"$CICLO" spend import "$shop" "$T/costs.csv" --json >"$T/out"
t_is 'costs without a rate of their day are refused' "$(python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
print([r["reason"] for r in v["refused"]], v["refused_lines"] > 5, v["added"] + v["refused_lines"] == v["lines"])' "$T/out")" \
    "[\"it is in another currency than the workspace's, without a rate of its day\"] True True"

"$CICLO" export "$shop" events --json >"$T/exported.jsonl"
cat >"$T/oracle.py" <<'PY'
import csv, json, sqlite3, subprocess, sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo
ciclo, shop, exported = sys.argv[1:4]
rome = ZoneInfo('Europe/Rome')
def day_of(moment):
    return datetime.fromisoformat(moment.replace('Z', '+00:00')).astimezone(rome).date().isoformat()
def table(*words):
    return list(csv.DictReader(subprocess.run([ciclo, *words, '--csv'], check=True, capture_output=True, text=True).stdout.splitlines()))
db = sqlite3.connect(':memory:')
db.executescript('''create table event(id, customer, at, day, type, cents, currency, channel, campaign);
create table trait(customer, referred_by); create table spend(n integer primary key, day, channel, campaign, amount, currency);
create table rate(currency, day, num, den);''')
cents = lambda v: None if v is None else round(v * 100)
for line in open(exported):
    e = json.loads(line)
    at = datetime.fromisoformat(e['timestamp'].replace('Z', '+00:00')).astimezone(timezone.utc).isoformat()
    if e['type'] == 'identify':
        db.execute('insert into trait values (?, ?)', (e['userId'], e['traits']['referred_by']))
    p = e.get('properties') or {}
    name = e['event'] if e['type'] == 'track' else e['type']
    money = p.get({'purchase': 'revenue', 'refund': 'amount', 'bonus': 'value'}.get(name))
    db.execute('insert into event values (?,?,?,?,?,?,?,?,?)', (e['messageId'], e['userId'], at, day_of(e['timestamp']), name,
        cents(money), (p.get('currency') or 'EUR').upper(), p.get('context.campaign.source'), p.get('context.campaign.name') or ''))
for s in table('spend', 'list', shop):
    db.execute('insert into spend(day, channel, campaign, amount, currency) values (?,?,?,?,?)', (s['date'], s['channel'],
        s['campaign'], round(float(s['amount']) * 100) if s['currency'] != 'JPY' else int(s['amount']), s['currency']))
for s in table('rates', 'list', shop):
    millionths = round(float(s['rate']) * 10**6)
    db.execute('insert into rate values (?,?,?,?)', (s['currency'], s['date'], *((10**6, millionths) if s['per-own'] else (millionths, 10**6))))
# Rounded half away from zero, exactly.
def rounded(num, den):
    return None if num is None else (2 * abs(num) + den) // (2 * den) * (1 if num >= 0 else -1)
db.create_function('rounded', 2, rounded)
db.create_function('share', 3, lambda c, n, k: (abs(c) // n + (k <= abs(c) % n)) * (1 if c >= 0 else -1))
db.create_function('digits', 1, lambda s: int(s[1:]))
# A rate stands for seven days, or until the next.
db.executescript('''
create view worth as select e.*, case when currency = 'EUR' then cents else
  (select rounded(e.cents * num, den) from rate r where r.currency = e.currency and r.day <= e.day
     and julianday(e.day) - julianday(r.day) < 7 order by r.day desc limit 1) end as eur from event e;
create table firsts as select customer, min(day) as day from event where type = 'purchase' and cents is not null group by customer;
create table source as select customer, channel, campaign from (select *, row_number() over
  (partition by customer order by at, id) as place from event where channel is not null) where place = 1;
create view money as select customer, day, id, type, eur from worth where type in ('purchase', 'refund') and cents is not null
  or type = 'bonus' and cents < 5000;
create table paid as select n, s.day, channel, campaign, case when currency = 'EUR' then amount else
  (select rounded(s.amount * num * case when s.currency = 'JPY' then 100 else 1 end, den) from rate r where r.currency = s.currency
     and r.day <= s.day and julianday(s.day) - julianday(r.day) < 7 order by r.day desc limit 1) end as eur from spend s;
create table came as select distinct n, customer from paid p join event e on e.channel = p.channel and e.day = p.day
  and (p.campaign = '' or p.campaign = e.campaign);
insert into came select distinct n, customer from paid p join event e on e.channel = p.channel
  and substr(e.day, 1, 7) = substr(p.day, 1, 7) and (p.campaign = '' or p.campaign = e.campaign) where n not in (select n from came);
create table line(customer, day, kind, cents, channel, campaign, id);
insert into line select m.customer, m.day, case type when 'purchase' then 'purchases' when 'refund' then 'refunds' else 'rewards' end,
  eur, coalesce(s.channel, '(none)'), coalesce(s.campaign, ''), id from money m left join source s using (customer) where eur is not null;
insert into line select e.customer, day, 'support', 435, coalesce(s.channel, '(none)'), coalesce(s.campaign, ''), id
  from event e left join source s using (customer) where type = 'ticket';
insert into line select customer, day, 'margin', rounded(case kind when 'refunds' then -cents else cents end * 37, 100), channel,
  campaign, id from line where kind in ('purchases', 'refunds');
insert into line select t.referred_by, l.day, 'indirect', rounded(case kind when 'refunds' then -cents else cents end * 15, 100),
  coalesce(s.channel, '(none)'), coalesce(s.campaign, ''), l.id from line l join trait t using (customer)
  left join source s on s.customer = t.referred_by
  where kind in ('purchases', 'refunds') and t.referred_by <> l.customer and t.referred_by in (select customer from event);
insert into line select customer, p.day, case when p.day > f.day then 'keeping' else 'acquisition' end, share(eur,
  count(*) over (partition by n), row_number() over (partition by n order by digits(customer))), channel, campaign, ''
  from came join paid p using (n) left join firsts f using (customer);
insert into line select null, day, 'unassigned', eur, channel, campaign, '' from paid where n not in (select n from came);
''')
COLUMNS = ['purchases', 'refunds', 'margin', 'acquisition', 'keeping', 'unassigned', 'support', 'rewards', 'indirect']
def wanted(group, where='1'):
    rows = {}
    for name, kind, total in db.execute(f'select {group}, kind, sum(cents) from line l where {where} group by 1, 2'):
        rows.setdefault(name, dict.fromkeys(COLUMNS, 0))[kind] = total
    return rows
def asked(*words):
    return json.loads(subprocess.run([ciclo, 'ledger', shop, '--json', *words], check=True, capture_output=True, text=True).stdout)
def got(row):
    return {k: round(row[k] * 100) for k in COLUMNS}
nothing = dict.fromkeys(COLUMNS, 0)
def compare(rows, want, what):
    rows = {k: v for k, v in rows.items() if v != nothing}
    want = {k: v for k, v in want.items() if v != nothing}
    assert rows == want, (what, {k: (rows.get(k), want.get(k)) for k in rows | want if rows.get(k) != want.get(k)})
total = wanted("'all'")['all']
imported = db.execute('select sum(eur) from paid').fetchone()[0]
for by, group in {'day': 'day', 'month': 'substr(day, 1, 7)', 'channel': 'channel', 'campaign': "channel || '/' || campaign",
                  'customer': "coalesce(customer, '(nobody)')",
                  'cohort': "case when customer is null then '(nobody)' else coalesce((select substr(f.day, 1, 7) from firsts f "
                            "where f.customer = l.customer), '(none)') end"}.items():
    v = asked('--by', by)
    rows = {r['name'] + ('/' + r['campaign'] if by == 'campaign' else ''): got(r) for r in v['rows']}
    compare(rows, wanted(group), by)
    assert {k: sum(r[k] for r in rows.values()) for k in COLUMNS} == got(v['all']) == total, by
    assert round(v['imported'] * 100) == imported == sum(total[k] for k in ('acquisition', 'keeping', 'unassigned')), by
    for r in [v['all'], *v['rows']]:
        assert abs(r['margin'] - r['acquisition'] - r['keeping'] - r['unassigned'] - r['support'] - r['rewards'] - r['net']) < 0.005
print('cuts of lines')
groups = {}
for by in ('stage', 'segment'):
    v = asked('--by', by)
    for r in v['rows']:
        if r['name'] == '(nobody)':
            continue
        rule = f"stage = '{r['name']}'" if by == 'stage' else f"segment.{r['name']}"
        who = asked('--when', rule, '--by', 'customer')
        sums = {k: sum(got(c)[k] for c in who['rows']) for k in COLUMNS}
        assert sums == got(r) == got(who['all']), (by, r['name'])
        held = {c['name'] for c in who['rows']}
        assert held and all(got(c) == wanted('customer', f"customer = '{c['name']}'")[c['name']] for c in who['rows'])
        assert round((who['all']['acquisition'] + who['all']['keeping'] + who['with_others']) * 100) == imported
    if by == 'stage':
        assert {k: sum(got(r)[k] for r in v['rows']) for k in COLUMNS} == total
        assert sum(r['stand'] for r in v['rows']) == db.execute('select count(distinct customer) from event').fetchone()[0]
print('cuts of customers')
parts = [asked('--from', a, '--to', b) for a, b in (('2025-01-01', '2026-01-17'), ('2026-01-17', '2026-02-28'), ('2026-02-28', '2027-01-01'))]
assert {k: sum(got(p['all'])[k] for p in parts) for k in COLUMNS} == total
print('times add up')
for (customer,) in list(db.execute('select distinct customer from event order by 1'))[:12]:
    v = json.loads(subprocess.run([ciclo, 'ledger', shop, customer, '--json'], check=True, capture_output=True, text=True).stdout)
    lines = sorted((l['day'], l['kind'], round(l['amount'] * 100), l.get('event', '')) for l in v['lines'])
    name = {'purchases': 'purchase', 'refunds': 'refund', 'rewards': 'reward'}
    want = sorted((d, name.get(k, k), c, i) for d, k, c, i in db.execute(
        "select day, kind, cents, id from line where customer = ? and kind <> 'margin' and (id <> '' or cents <> 0)", (customer,)))
    assert lines == want, (customer, lines, want)
print('every line')
v = asked()
foreign = {c: (n, s) for c, n, s in db.execute("select w.currency, count(*), sum(w.cents) from worth w join money m using (id) "
                                               "where w.eur is null group by 1")}
assert foreign and {f['currency']: (f['lines'], round(f['sum'] * 100)) for f in v['without_rate']} == foreign, (foreign, v['without_rate'])
won = db.execute("select count(distinct l.customer) from line l join firsts f using (customer, day) where kind = 'purchases'").fetchone()[0]
kept = db.execute("select count(distinct l.customer) from line l join firsts f using (customer) where kind = 'purchases' and l.day > f.day").fetchone()[0]
assert (v['all']['won'], v['all']['kept']) == (won, kept)
assert round(v['all']['cost_of_winning'] * 100) == rounded(total['acquisition'] + total['unassigned'], won)
assert round(v['all']['cost_of_keeping'] * 100) == rounded(total['keeping'] + total['support'] + total['rewards'], kept)
unknown = db.execute("select count(*) from trait where referred_by = customer or referred_by not in (select customer from event)").fetchone()[0]
assert v['unknown_referrers'] == unknown
print('and what is left out')
PY
t_is 'SQL over what is exported says the same, to the cent' \
    "$(python3 "$T/oracle.py" "$CICLO" "$shop" "$T/exported.jsonl" 2>&1 | cut -c 1-1500 | tail -n 6)" \
    'cuts of lines
cuts of customers
times add up
every line
and what is left out'

# --- after what a file goes through ---
"$CICLO" rates list "$shop" --csv >"$T/rates.csv"
"$CICLO" ledger "$shop" --by customer --csv >"$T/before"
"$CICLO" rebuild "$shop" >/dev/null && "$CICLO" compact "$shop" >/dev/null && "$CICLO" backup "$shop" "$T/copy.ciclo" >/dev/null
t_is 'a copy of it, rebuilt and made compact, says the same' "$("$CICLO" rates list "$T/copy.ciclo" --csv | cmp - "$T/rates.csv" &&
    "$CICLO" ledger "$T/copy.ciclo" --by customer --csv | cmp - "$T/before" && echo same)" same
t_ok 'the proof' "$CICLO" verify "$shop"
t_is 'rates are no view' "$("$CICLO" view list "$shop" --csv 2>/dev/null | grep -c USD)" 0

# --- in words, as CSV, over HTTP ---
t_is 'all in one, in words' "$("$CICLO" ledger "$shop" | grep -c -e '^net ' -e '^cost of winning one ' -e ' GBP, ' -e '^What channels cost')" 4
t_is 'as CSV: a row each' "$("$CICLO" ledger "$shop" --by month --csv | cut -d, -f1)" 'month
2026-01
2026-02
2026-03
2026-04'
t_is 'one customer: every line, and the sums' "$("$CICLO" ledger "$shop" u3 | grep -c -e '^day ' -e '^net ' -e '^potential')" 2
serve
get() { curl -s "$url$1" | sed 's/"at":"[^"]*"//'; }
t_is 'over HTTP the same' "$(get 'api/ledger?by=campaign&from=2026-02-01&when=exists(ticket)')" \
    "$("$CICLO" ledger "$shop" --by campaign --from 2026-02-01 --when 'exists(ticket)' --json | sed 's/"at":"[^"]*"//')"
t_is 'who is not there' "$(get 'api/ledger?customer=u999' | grep -c 'there is no customer')" 1
t_is 'no such cut' "$(get 'api/ledger?by=week' | grep -c 'by is one of day, month, channel')" 1
t_is 'of one there are no cuts' "$(get 'api/ledger?customer=u3&by=day' | grep -c 'has no by, segment or when')" 1
t_is 'and of one' "$(get 'api/ledger?customer=u3')" "$("$CICLO" ledger "$shop" u3 --json | sed 's/"at":"[^"]*"//')"




ends

# --- what is refused ---
t_fails 'what is expected, of several currencies' 'several currencies' "$CICLO" ledger "$shop" --ahead 365d
t_fails 'a discount of nothing' 'say how far ahead' "$CICLO" ledger "$shop" --discount 0.1
printf 'day,currency,rate\n' >"$T/bad.csv"
t_fails 'rates without their columns' 'no column "date"' "$CICLO" rates import "$shop" "$T/bad.csv"
t_fails 'an empty table' 'is empty' "$CICLO" rates import "$shop" /dev/null
printf 'date;currency;rate\n05.01.2026;USD;0,5\n05.01.2026;EUR;1\n05.01.2026;dollars;1\n05.01.2026;USD;0\nx;USD;1\n05.01.2026;USD\n' >"$T/bad.csv"
rates "$T/bad.csv" --date-format %d.%m.%Y --decimal ,
t_is 'bad rates are refused by reason, what was corrected stands' "$(python3 -c 'import json, sys
v = json.load(open(sys.argv[1]))
print(v["changed"], v["added"], [(r["lines"], r["first_line"]) for r in v["refused"]])' "$T/out") $("$CICLO" rates list "$shop" | grep -c '2026-01-05  *USD  *0.5')" \
    '1 0 [(1, 7), (1, 6), (1, 4), (1, 3), (1, 5)] 1'
sed -i '/^ledger:/,/referral_share/d' "$T/model.yaml"
t_ok 'a model without a ledger' "$CICLO" model apply "$shop" "$T/model.yaml"
t_fails 'nobody says what purchases are' 'ledger: { purchases: purchase.revenue }' "$CICLO" ledger "$shop"

# --- what is expected ---
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money, title: text } } }
measures: { revenue: purchase.revenue }
ledger: { margin: 0.5 }
lifecycle: { start: once, stages: { once: {}, again: {} }, moves: [{ from: once, to: again, when: "count(purchase) >= 2" }] }
YAML
shop=$T/cdnow.ciclo
t_ok 'a shop of music' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" --customer master_id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$shop" "$T/model.yaml" "$ROOT/tests/data/cdnow/cdnow_sample.csv.gz"
"$CICLO" ledger "$shop" --by stage --at 1998-07-01 --ahead 365d --discount 0.1 --json >"$T/out"
"$CICLO" value show "$shop" --event purchase.revenue --until 1998-06-30 --ahead 365d --discount 0.1 --json >"$T/value"
t_is 'equity by stage: what was bought, and the margin of what is expected' "$(python3 -c 'import csv, gzip, json, sys
v, w = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
rows = v["rows"]
due = sum(t["expected_value"] for t in w["tenths"])
bought = sum(round(float(r["amount"]) * 100) for r in csv.DictReader(gzip.open(sys.argv[3], "rt")))
print([r["name"] for r in rows], sum(r["stand"] for r in rows), all(r["potential"] > 0 for r in rows),
      abs(v["all"]["potential"] - due / 2) < 0.01 * 2357 / 2, round(sum(r["potential"] for r in rows) * 100) == round(v["all"]["potential"] * 100),
      round(v["all"]["purchases"] * 100) == bought)' "$T/out" "$T/value" "$ROOT/tests/data/cdnow/cdnow_sample.csv.gz")" \
    "['once', 'again'] 2357 True True True True"
undiscounted=$("$CICLO" ledger "$shop" --at 1998-07-01 --ahead 365d --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["all"]["potential"])')
t_is 'discounted it is less, by no more than a year' "$(python3 -c 'import json, sys
d, u = json.load(open(sys.argv[1]))["all"]["potential"], float(sys.argv[2])
print(u / 1.1 < d < u / 1.02)' "$T/out" "$undiscounted")" True
t_fails 'a discount that is none' 'a rate per year' "$CICLO" value show "$shop" --discount 11
t_done
