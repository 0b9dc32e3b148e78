#!/bin/sh
# What a treatment given by chance changed: an experiment of chance, counted and held against formulas by
# another hand; on the command line and over HTTP; and too little to tell.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money, sku: text } }
  experiment_viewed: { properties: { experiment: text, variant: text } }
traits: { mailing: text, joined: moment }
segments: { buyers: { when: exists(purchase) } }
lifecycle: { start: all, stages: { all: {} } }
YAML
# Assigned over February and March, of whom the last are not looked at for 30 days; both clocks of Rome.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(7)
def call(who, n, at, **more):
    print(json.dumps({'userId': who, 'messageId': f'{who}-{n}', 'timestamp': at.isoformat(timespec='milliseconds') + 'Z', **more}))
for i in range(900):
    who, n = f'u{i}', 0
    at = datetime(2026, 2, 1) + timedelta(minutes=r.randrange(60 * 24 * 60))
    group = r.choice(['control', 'blue', 'red'])
    taste = r.random()
    buys = []
    for _ in range(r.choice([0, 0, 1, 2])):
        if r.random() < taste:
            buys.append(at - timedelta(minutes=r.randrange(60 * 24 * 50)))
    for _ in range(r.choice([0, 1, 2])):
        if r.random() < taste * (1.3 if group == 'blue' else 1):
            buys.append(at + timedelta(minutes=r.choice([0, 1, 30 * 24 * 60, r.randrange(60 * 24 * 45)])))
    for b in buys:
        n += 1
        call(who, n, b, type='track', event='purchase', properties={'revenue': r.randrange(100, 9000) / 100, 'sku': 'a'})
    call(who, 'x', at, type='track', event='experiment_viewed', properties={'experiment': 'button', 'variant': group})
    if r.random() < .1:
        other = group if r.random() < .5 else r.choice(['control', 'blue', 'red'])
        call(who, 'y', at + timedelta(days=r.randrange(9)), type='track', event='experiment_viewed',
             properties={'experiment': 'button', 'variant': other})
    if r.random() < .2:
        call(who, 'z', at - timedelta(days=1), type='track', event='experiment_viewed',
             properties={'experiment': 'price', 'variant': 'red'})
    call(who, 'm', at, type='identify', traits={'mailing': group})
PY
shop=$T/shop.ciclo
t_ok 'a shop' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" 'select customer, at_ms, type, experiment, variant, revenue from events order by number, at_ms, id' \
    --csv >"$T/e.csv"
cat >"$T/twin.py" <<'PY'
import csv, json, math, sys
from collections import Counter
from datetime import datetime
from zoneinfo import ZoneInfo
at = int(datetime(2026, 4, 1, tzinfo=ZoneInfo('Europe/Rome')).timestamp() * 1000)
within = 30 * 86400000
lives = {}
for r in csv.DictReader(open(sys.argv[1])):
    lives.setdefault(r['customer'], []).append(r)
several, assigned, groups = 0, Counter(), {}
for who, life in lives.items():
    life = [e for e in life if int(e['at_ms']) <= at]
    told = [i for i, e in enumerate(life) if e['type'] == 'experiment_viewed' and e['experiment'] == 'button']
    if not told: continue
    if len({life[i]['variant'] for i in told}) > 1:
        several += 1
        continue
    first, group = told[0], life[told[0]]['variant']
    start = int(life[first]['at_ms'])
    assigned[group] += 1
    if start + within > at: continue
    after = [float(e['revenue']) for e in life[first + 1:] if e['type'] == 'purchase' and int(e['at_ms']) <= start + within]
    before = [float(e['revenue']) for e in life[:first] if e['type'] == 'purchase' and int(e['at_ms']) + within >= start]
    groups.setdefault(group, []).append((len(after) > 0, len(before) > 0, sum(after), sum(before)))
def mean(x): return sum(x) / len(x)
def var(x): return sum((v - mean(x)) ** 2 for v in x) / (len(x) - 1)
def welch(a, b):
    va, vb = var(a) / len(a), var(b) / len(b)
    d, e = mean(a) - mean(b), math.sqrt(va + vb)
    return d, e, d / e
z = 1.959963984540054
def wilson(x, n):
    p, c = x / n, z * z / n
    m, w = (p + c / 2) / (1 + c), z / (1 + c) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return p, m - w, m + w
def adjusted(y, x):
    theta = sum(sum((a - mean([r[x] for r in g])) * (b - mean([r[y] for r in g])) for a, b in ((r[x], r[y]) for r in g))
                for g in groups.values()) / sum(sum((r[x] - mean([r[x] for r in g])) ** 2 for r in g) for g in groups.values())
    return {k: [r[y] - theta * r[x] for r in g] for k, g in groups.items()}
all_assigned = sum(assigned.values())
print('several', several, 'balance %.9g' % sum((n - all_assigned / 3) ** 2 / (all_assigned / 3) for n in assigned.values()))
for g in sorted(groups):
    print(g, assigned[g], assigned[g] - len(groups[g]), len(groups[g]), sum(r[0] for r in groups[g]), '%.9g' % mean([r[2] for r in groups[g]]))
cup = [adjusted(0, 1), adjusted(2, 3)]
for g in sorted(groups):
    if g == 'control': continue
    a, b = groups[g], groups['control']
    x, n, y, m = sum(r[0] for r in a), len(a), sum(r[0] for r in b), len(b)
    (p, pl, ph), (q, ql, qh) = wilson(x, n), wilson(y, m)
    print(g, 'difference %.9g %.9g %.9g' % (p - q, p - q - math.hypot(p - pl, qh - q), p - q + math.hypot(ph - p, q - ql)))
    w = z * math.sqrt(1 / x - 1 / n + 1 / y - 1 / m)
    print(g, 'ratio %.9g %.9g %.9g' % (p / q, p / q * math.exp(-w), p / q * math.exp(w)))
    A, B, C, D = 1 + y, 1 + m - y, 1 + x, 1 + n - x
    lb = lambda s, t: math.lgamma(s) + math.lgamma(t) - math.lgamma(s + t)
    print(g, 'better %.7g' % sum(math.exp(lb(A + i, B + D) - math.log(D + i) - lb(1 + i, D) - lb(A, B)) for i in range(C)))
    s = (x + y) / (n + m); v = s * (1 - s) * (1 / n + 1 / m); tau = .01 * s * (1 - s)
    lam = math.sqrt(v / (v + tau)) * math.exp(tau * (p - q) ** 2 / (2 * v * (v + tau)))
    wide = math.sqrt(v * (v + tau) / tau * (math.log((v + tau) / v) - 2 * math.log(.05)))
    print(g, 'always %.9g %.9g' % (min(1, 1 / lam), p - q - wide))
    print(g, 'cuped %.9g' % welch(cup[0][g], cup[0]['control'])[0])
    d, e, t = welch([r[2] for r in a], [r[2] for r in b])
    print(g, 'value %.9g' % d, 'gained %.9g %.9g' % ((p - q) * n, d * n))
    print(g, 'value cuped %.9g' % welch(cup[1][g], cup[1]['control'])[0])
PY
cat >"$T/ours.py" <<'PY'
import json, sys
v = json.load(sys.stdin)
print('several', v['several'], 'balance %.9g' % v['balance']['chi_square'])
for g in v['groups']:
    print(g['group'], g['assigned'], g['waiting'], g['customers'], g['converted'], '%.9g' % g['mean'])
for e in v['effects']:
    c, m, g = e['conversion'], e['value'], e['group']
    for k in ('difference', 'ratio'):
        print(g, k, '%.9g %.9g %.9g' % (c[k]['estimate'], c[k]['low'], c[k]['high']))
    print(g, 'better %.7g' % c['better'])
    print(g, 'always %.9g %.9g' % (c['always']['p'], c['always']['low']))
    print(g, 'cuped %.9g' % c['cuped']['estimate'])
    print(g, 'value %.9g' % m['difference']['estimate'], 'gained %.9g %.9g' % (c['gained']['estimate'], m['gained']['estimate']))
    print(g, 'value cuped %.9g' % m['cuped']['estimate'])
PY
lift() { "$CICLO" lift "$shop" --conversion purchase --value revenue --at 2026-04-01 "$@"; }
button='experiment_viewed where experiment = "button"'
t_is 'an experiment, by another hand' "$(lift --assigned "$button" --group variant --json | python3 "$T/ours.py")" \
    "$(python3 "$T/twin.py" "$T/e.csv")"
t_is 'those in several groups' "several $(lift --assigned "$button" --group variant --customers several --csv | tail -n +2 | wc -l)" \
    "$(python3 "$T/twin.py" "$T/e.csv" | head -n 1 | cut -d' ' -f1,2)"
t_is 'who of a group converted, did not, and is waiting, are all of it' "$(for which in converted not waiting; do
    lift --assigned "$button" --group variant --customers $which --in blue --csv | tail -n +2; done | sort -u | wc -l)" \
    "$(python3 "$T/twin.py" "$T/e.csv" | awk '$1 == "blue" { print $2; exit }')"
t_is 'a trait assigns, too' "$(lift --group trait.mailing --json | python3 -c 'import json, sys
print(sum(g["assigned"] for g in json.load(sys.stdin)["groups"]))')" \
    "$("$CICLO" sql "$shop" "select count(distinct customer) n from events where type = 'identify' and at_ms <= 1774994400000" \
        --csv | tail -n 1)"
t_is 'as CSV' "$(lift --group trait.mailing --csv | cut -d, -f1-3 | head -n 4 | tr '\n' ' ')" \
    'group,measure,method blue,conversion,difference blue,conversion,ratio blue,conversion,better '
lift --group trait.mailing >"$T/words"
t_line $? 'for people' "$T/words"
t_ok 'with what was before' grep -q 'before explains .* of the spread' "$T/words"
lift --group trait.mailing --split control=1,blue=1,red=9 >"$T/words"
t_ok 'groups of other sizes than chance makes' grep -q 'not of the sizes that chance makes' "$T/words"
lift --group trait.mailing --split control=1,blue=1,red=1 >"$T/words"
t_ok 'groups of these sizes' sh -c '! grep -q "sizes that chance" "$1"' - "$T/words"

# --- few, all and none ---
small() { # small NAME COUNT OF_CONTROL OF_VARIANT: files of so many each, of whom so many buy
    "$CICLO" init "$T/$1.ciclo" --model "$T/model.yaml" >/dev/null
    python3 - "$2" "$3" "$4" >"$T/$1.jsonl" <<'PY'
import json, sys
count, *buys = map(int, sys.argv[1:])
for g, group in enumerate(('control', 'variant')):
    for i in range(count):
        print(json.dumps({'type': 'track', 'event': 'experiment_viewed', 'userId': f'{group}{i}', 'messageId': f'{group}{i}',
                          'timestamp': '2026-01-01T00:00:00Z', 'properties': {'variant': group}}))
        if i < buys[g]:
            print(json.dumps({'type': 'track', 'event': 'purchase', 'userId': f'{group}{i}', 'messageId': f'{group}{i}b',
                              'timestamp': '2026-01-02T00:00:00Z', 'properties': {'revenue': 5}}))
PY
    "$CICLO" import "$T/$1.ciclo" "$T/$1.jsonl" >/dev/null
}
of() { "$CICLO" lift "$T/$1.ciclo" --assigned experiment_viewed --group variant --conversion purchase --value revenue \
    --at 2026-03-01 --json | python3 -c "import json, sys
e = json.load(sys.stdin, parse_constant=lambda x: sys.exit('no number: ' + x))['effects'][0]
print(*$2)"; }
small one 1 0 1
t_is 'one customer each' "$(of one '("%.4f" % e["conversion"]["difference"]["low"], "%.4f" % e["conversion"]["better"], e["conversion"]["ratio"], e["conversion"]["always"], e["value"]["difference"]["p"])')" \
    '-0.1221 0.8333 None None None'
small all 120 120 120
t_is 'all convert' "$(of all '(e["conversion"]["difference"]["estimate"], "%.1f" % e["conversion"]["better"], e["conversion"]["ratio"]["low"], e["conversion"]["always"], e["value"]["difference"]["estimate"], e["value"]["difference"]["low"])')" \
    '0 0.5 1 None 0 None'
small none 120 0 0
t_is 'nobody converts' "$(of none '("%.4f" % e["conversion"]["difference"]["high"], e["conversion"]["ratio"], e["value"]["difference"]["estimate"])')" \
    '0.0310 None 0'
t_ok 'too few for looks, in words' sh -c '"$0" lift "$1" --assigned experiment_viewed --group variant \
    --conversion purchase --at 2026-03-01 | grep -q "too few to look at again and again"' "$CICLO" "$T/one.ciclo"
t_ok 'not long enough, and until when' sh -c '"$0" lift "$1" --assigned experiment_viewed --group variant \
    --conversion purchase --at 2026-01-05 | grep -q "looked at for long enough on 2026-01-31"' "$CICLO" "$T/one.ciclo"
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" lift "$T/empty.ciclo" --group trait.mailing --conversion purchase)" \
    'Nobody: the file has no events yet.'
t_is 'one group alone' "$("$CICLO" lift "$T/one.ciclo" --assigned 'experiment_viewed where variant = "control"' \
    --group variant --conversion purchase --at 2026-03-01 | tail -n 1)" 'There is one group alone: nothing to hold it against.'

t_fails 'no group' 'which group somebody is in' "$CICLO" lift "$shop" --conversion purchase
t_fails 'no conversion' 'what was to happen' "$CICLO" lift "$shop" --group trait.mailing
t_fails 'a control that is none' 'the groups are blue, control, red' lift --group trait.mailing --control green
t_fails 'no control named' 'had no treatment' "$CICLO" lift "$shop" --assigned 'purchase' --group sku --conversion purchase
t_fails 'too many groups' 'more than 20 groups' "$CICLO" lift "$shop" --assigned 'purchase' --group revenue --conversion purchase
t_fails 'a trait beside an event' 'leave assigned out' lift --assigned "$button" --group trait.mailing
t_fails 'a property of no event' 'there is no event to have' lift --group variant
t_fails 'a trait that is none' 'did you mean' lift --group trait.mailng
t_fails 'a length that is none' 'within' lift --group trait.mailing --within soon
t_fails 'shares that are none' 'above 0' lift --group trait.mailing --split control=0
t_fails 'shares of some' 'does not say how often' lift --group trait.mailing --split control=1,blue=1
t_fails 'a list that is none' 'converted, not, waiting or several' lift --group trait.mailing --customers all
t_fails 'a text is no money' 'only numbers and money' "$CICLO" lift "$shop" --group trait.mailing --conversion purchase --value sku

# --- before it begins ---
t_is 'how many it needs' "$("$CICLO" lift plan --rate 0.05 --change 0.01 --power 0.8 --json)" \
    '{"rate":0.05,"change":0.01,"power":0.8,"customers":8158}'
t_is 'in words' "$("$CICLO" lift plan --rate 0.5 --change 0.25 --power 0.9)" \
    '77 customers in each group: a change from 0.5 to 0.75 is found with 90 % probability, at 95 % confidence.'
t_is 'what so many show' "$("$CICLO" lift plan --rate 0.05 --customers 8158 --json | python3 -c 'import json, sys
print("%.4f" % json.load(sys.stdin)["change"])')" 0.0100
t_is 'of money' "$("$CICLO" lift plan --spread 40 --change 5 --json)" '{"spread":40,"change":5,"power":0.8,"customers":1006}'
t_fails 'more than all' 'below 1' "$CICLO" lift plan --rate 0.9 --change 0.2
t_fails 'nothing to plan with' 'either rate' "$CICLO" lift plan --change 0.2
t_fails 'both' 'either change' "$CICLO" lift plan --rate 0.9 --change 0.01 --customers 90
t_fails 'a power that is none' 'power is a number above 0 and below 1' "$CICLO" lift plan --rate 0.9 --change 0.01 --power 80
t_fails 'too few' 'so few customers' "$CICLO" lift plan --rate 0.5 --customers 3

serve
t_is 'the same over HTTP' "$(curl -s -G "${url}api/lift" --data-urlencode "assigned=$button" -d group=variant \
    -d conversion=purchase -d value=revenue -d at=2026-04-01 -d customers=converted -d in=red)" \
    "$(lift --assigned "$button" --group variant --customers converted --in red --json)"
t_is 'a plan, too' "$(curl -s "${url}api/lift/plan?rate=0.05&change=0.01")" "$("$CICLO" lift plan --rate 0.05 --change 0.01 --json)"
t_is 'what is missing is said' "$(curl -s "${url}api/lift?conversion=purchase" | grep -c 'group says what names')" 1
t_done
