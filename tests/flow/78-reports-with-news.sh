#!/bin/sh
# What was just taken in stands beside the folded timelines until it is folded, too: no answer hangs on that.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  visit: {}
  purchase: { properties: { revenue: money } }
  refund: { properties: { revenue: money } }
traits: { country: text }
measures: { revenue: purchase.revenue }
channels:
  - { channel: shop, when: 'event = "purchase"' }
  - { channel: web, when: 'event = "visit"' }
lifecycle:
  start: reach
  stages: { reach: { goal: acquisition, target: { rate: 0.2, within: 30d } }, buyer: { kpi: { repeat: 'count(purchase) >= 2' } } }
  moves: [{ from: reach, to: buyer, when: "count(purchase) >= 1" }]
segments:
  often: { when: "count(purchase) >= 2" }
  in_order: { when: "sequence(visit, purchase within 30d)" }
  quiet: { when: "not exists(visit, 20d)" }
YAML
cat >"$T/make.py" <<'PY'
import json, random, sys
r, folder = random.Random(11), sys.argv[1]
def event(customer, i, day):
    return {'type': 'track', 'event': r.choice(['visit', 'visit', 'purchase', 'refund']), 'userId': f'u{customer}',
            'messageId': f'{i}', 'timestamp': f'2026-0{1 + day // 28}-{1 + day % 28:02}T{r.randrange(24):02}:00:00Z',
            'properties': {'revenue': r.randrange(1, 900)}, 'context': {'page': {'url': f'https://b.it/{i % 9}'}}}
def told(customer, i, country, day):
    return {'type': 'identify', 'userId': f'u{customer}', 'messageId': f'{i}', 'traits': {'country': country},
            'timestamp': f'2026-01-{day:02}T00:00:00Z'}
old = [event(r.randrange(60), i, r.randrange(100)) for i in range(900)]
old += [told(c, 1000 + c, r.choice(['IT', 'PT', 'BR']), 1 + c % 28) for c in range(0, 60, 2)]
# So few that nothing is folded: some customers of one chunk, one at a time, another, a new one, what is told of
# one, and one who is another.
new = [event(c, 2000 + i, r.randrange(110)) for i, c in enumerate([0, 1, 2, 3, 20, 61])]
new += [told(41, 2100, 'ES', 20), {'type': 'alias', 'userId': 'u30', 'previousId': 'u61', 'messageId': 'alias',
                                  'timestamp': '2026-04-20T00:00:00Z'}]
for name, lines in [('old', old)] + [(f'new{i}', [e]) for i, e in enumerate(new)]:
    with open(f'{folder}/{name}.jsonl', 'w', encoding='utf-8') as f:
        f.writelines(json.dumps(e) + '\n' for e in lines)
print(len(new))
PY
n=$(python3 "$T/make.py" "$T")
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/old.jsonl"
for i in $(seq 0 $((n - 1))); do
    "$CICLO" import "$shop" "$T/new$i.jsonl" >"$T/out" 2>&1 || t_fail "import $i"
done
news() { python3 -c "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('select count(*) from news').fetchone()[0])" "$shop"; }
t_ok 'its last events are news' test "$(news)" -ge "$n"

# Each report, under a name.
ask() {
    mkdir "$T/$1"
    while read -r name rest; do
        eval "\"$CICLO\" $rest --json --clock 2026-05-02" >"$T/$1/$name" 2>&1 || echo "$name: $(cat "$T/$1/$name")"
    done <<EOF
stages stages "$shop" --at 2026-05-01
kpis stages "$shop" --kpi --at 2026-05-01
periods stages "$shop" --by month --at 2026-05-01
often segment "$shop" often --at 2026-05-01
in_order segment "$shop" in_order --at 2026-05-01
quiet segment "$shop" quiet --at 2026-05-01
funnel funnel "$shop" --step visit --step purchase --by trait.country --at 2026-05-01
cohorts cohorts "$shop" --first purchase --by month --at 2026-05-01
rfm rfm "$shop" --event purchase --value revenue --at 2026-05-01
paths paths "$shop" --through event --steps 4 --at 2026-05-01
attribution attribution "$shop" --conversion purchase --value revenue --by channel --at 2026-05-01
survival survival "$shop" --first visit --end purchase --by trait.country --at 2026-05-01
churn churn "$shop" --active purchase --by month --at 2026-05-01
map journey-map "$shop" --at 2026-05-01
channels channels "$shop" --event purchase --value revenue --at 2026-05-01
overlap overlap "$shop" often in_order quiet --at 2026-05-01
ledger ledger "$shop" --at 2026-05-01
lookalike lookalike "$shop" --segment often --measure 'count(visit)' --trait country --at 2026-05-01
personas personas "$shop" --measure 'sum(purchase.revenue)' --trait country --groups 2 --at 2026-05-01
value value show "$shop" --event purchase --value revenue
EOF
}
t_is 'all reports are asked' "$(ask before)" ''
"$CICLO" rebuild "$shop" >"$T/out" 2>&1
t_is 'then nothing is news any more' "$(news)" 0
t_is 'they are asked again' "$(ask after)" ''
sed -i 's/"seconds":[0-9.]*//' "$T"/before/value "$T"/after/value
t_is 'and say the same' "$(diff -r "$T/before" "$T/after" | head -n 5)" ''
t_done
