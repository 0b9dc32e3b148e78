#!/bin/sh
# The questions of docs/reports.md that reports answer together: support before a purchase, lead quality,
# cross-selling and upselling, who comes back against who is new. Each against another hand's count.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money, category: text } }
  ticket_opened: { properties: { via: text } }
traits: { source: text }
lifecycle: { start: all, stages: { all: {} } }
segments:
  buyer: { when: exists(purchase) }
  cross_sold: { when: distinct(purchase.category) >= 2 }
  upsold: { when: max(purchase.revenue) > first(purchase.revenue) }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(31)
for customer in range(300):
    at = datetime(2025, 1, 1) + timedelta(days=r.randrange(200), minutes=r.randrange(1440))
    source = r.choice(['ads', 'search', 'friends'])
    def call(i, **more):
        print(json.dumps({'userId': f'u{customer}', 'messageId': f'{customer}-{i}',
                          'timestamp': at.isoformat() + 'Z', **more}))
    call(0, type='identify', traits={'source': source})
    call(1, type='track', event='signup', properties={})
    for i in range(2, 2 + r.randrange(9)):
        at += timedelta(minutes=r.choice([0, 5, 60, 1440 * r.randrange(60)]))
        kind = r.choice(['visit', 'purchase', 'purchase', 'ticket_opened'])
        call(i, type='track', event=kind, properties=
             {'revenue': r.choice([10, 20, 20, 50]), 'category': r.choice('ABC')} if kind == 'purchase' else
             {'via': r.choice(['phone', 'mail', 'chat'])} if kind == 'ticket_opened' else {})
PY
t_ok 'a shop' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" 'select customer, at_ms, type, category, via, revenue from events order by number, at_ms, id' \
    --csv >"$T/e.csv"
"$CICLO" sql "$shop" 'select customer, "traits.source" source from timelines' --csv >"$T/p.csv"
# by_hand PROGRAM: over lives[customer] = [(ms, type, category, via, revenue)], source[customer].
by_hand() { python3 - "$T" "$1" <<'PY'
import csv, sys, collections
folder, program = sys.argv[1:]
lives, source = collections.defaultdict(list), {}
for e in csv.DictReader(open(folder + '/e.csv')):
    lives[e['customer']].append((int(e['at_ms']), e['type'], e['category'], e['via'], float(e['revenue'] or 0)))
for p in csv.DictReader(open(folder + '/p.csv')):
    source[p['customer']] = p['source']
def first(life, type): return next((i for i, e in enumerate(life) if e[1] == type), None)
exec(program)
PY
}

# helped PATTERN VIA: of those whose first such call came before they ever bought, how many then did.
helped() { "$CICLO" survival "$shop" --first "$1" --end purchase --by segment.buyer --json | python3 -c '
import json, sys
print(*((g["customers"], g["ended"]) for g in json.load(sys.stdin)["groups"] if g["value"] == "no"))'; }
helped_by_hand="
n = m = 0
for life in lives.values():
    t = next((e[0] for e in life if e[1] == 'ticket_opened' and %s), None)
    p = next((e[0] for e in life if e[1] == 'purchase'), None)
    if t is None or p is not None and p <= t: continue
    n += 1
    m += p is not None
print((n, m))"
# shellcheck disable=SC2059
t_is 'who asked for help before he ever bought, and then bought' "$(helped ticket_opened)" \
    "$(by_hand "$(printf "$helped_by_hand" True)")"
# shellcheck disable=SC2059
t_is 'by phone' "$(helped "ticket_opened where via = 'phone'")" \
    "$(by_hand "$(printf "$helped_by_hand" 'e[3] == "phone"')")"
t_is 'how many leads of each source buy once, twice, three times' \
    "$("$CICLO" funnel "$shop" --step 'signup, purchase, purchase, purchase' --by trait.source --json | python3 -c '
import json, sys
for g in sorted(json.load(sys.stdin)["groups"], key=lambda g: g["value"]):
    print(g["value"], *(s["customers"] for s in g["steps"]))')" \
    "$(by_hand '
count = collections.defaultdict(lambda: [0] * 4)
for who, life in lives.items():
    times = sum(e[1] == "purchase" for e in life[first(life, "signup"):])
    for k in range(4): count[source[who]][k] += times >= k
for s in sorted(count): print(s, *count[s])')"
t_is 'what the leads of a source bring' \
    "$("$CICLO" cohorts "$shop" --first signup --again purchase --value revenue --by year --cumulated \
        --when 'trait.source = "ads"' --csv | tail -n 1 | cut -d, -f2,5,6,7 | sed 's/[.]0*$//')" \
    "$(by_hand '
n = [0] * 4
for who, life in lives.items():
    if source[who] != "ads": continue
    bought = [e[4] for e in life if e[1] == "purchase"]
    n[0] += 1; n[1] += bool(bought); n[2] += len(bought); n[3] += int(sum(bought))
print(*n, sep=",")')"
# sold SEGMENT: customers, those sold more, and the sum of days until then.
sold() {
    "$CICLO" survival "$shop" --first purchase --end "segment.$1" --by trait.source --json | python3 -c '
import json, sys
for g in sorted(json.load(sys.stdin)["groups"], key=lambda g: g["value"]): print(g["value"], g["customers"], g["ended"])'
    "$CICLO" survival "$shop" --first purchase --end "segment.$1" --customers ended --within 30d --csv | tail -n +2 | wc -l
}
sold_by_hand="
count, soon = collections.defaultdict(lambda: [0, 0]), 0
for who, life in lives.items():
    bought = [e for e in life if e[1] == 'purchase']
    if not bought: continue
    when = next((e[0] for e in bought if %s), None)
    count[source[who]][0] += 1
    count[source[who]][1] += when is not None
    soon += when is not None and when - bought[0][0] <= 30 * 86400000
for s in sorted(count): print(s, *count[s])
print(soon)"
# shellcheck disable=SC2059
t_is 'who buys of another category' "$(sold cross_sold)" \
    "$(by_hand "$(printf "$sold_by_hand" 'e[2] != bought[0][2]')")"
# shellcheck disable=SC2059
t_is 'who buys for more' "$(sold upsold)" "$(by_hand "$(printf "$sold_by_hand" 'e[4] > bought[0][4]')")"
t_is 'who is new against who came back: how many buy once more' \
    "$(for after in '' '--after 30d'; do
        # shellcheck disable=SC2086
        "$CICLO" survival "$shop" --first purchase $after --end purchase --json | python3 -c '
import json, sys
for g in json.load(sys.stdin)["groups"]: print(g["customers"], g["ended"])'
    done)" \
    "$(by_hand '
def count(gap):
    n = m = 0
    for life in lives.values():
        b = [e[0] for e in life if e[1] == "purchase"]
        i = next((i for i in range(len(b)) if not gap or i and b[i] >= b[i - 1] + gap), None)
        if i is None: continue
        n += 1; m += i + 1 < len(b)
    print(n, m)
count(0)
count(30 * 86400000)')"
t_fails 'a segment that is none' 'no segment "upsell"' "$CICLO" survival "$shop" --first purchase --end segment.upsell
t_done
