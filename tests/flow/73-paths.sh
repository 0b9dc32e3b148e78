#!/bin/sh
# The ways that customers go: events of chance, counted as SQLite does; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { from: ["Order Completed"], properties: { revenue: money } }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, gone: {} }
  moves:
    - { from: [reach, gone], to: buyer, when: "since(purchase) < 5d" }
    - { from: buyer, to: gone, when: "since(any) >= 5d" }
YAML
# Events of chance, the same on every machine, over the night in which Rome loses an hour; several at
# one moment.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(4)
for customer in range(200):
    at = datetime(2026, 3, 25) + timedelta(hours=r.randrange(24 * 5))
    for i in range(r.randrange(12)):
        at += timedelta(minutes=r.choice([0, 5, 20, 300, 3000, 9000]))
        print(json.dumps({'type': 'track', 'event': r.choice(['visit', 'visit', 'signup', 'Order Completed']),
                          'userId': f'u{customer}', 'messageId': f'{customer}-{i:02}',
                          'timestamp': at.isoformat() + 'Z', 'properties': {'page': r.choice('xyz')},
                          'context': {'campaign': {'source': 'news', 'medium': r.choice(['email', 'cpc'])}}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" "select customer, at_ms, page,
    case type when 'Order Completed' then 'purchase' else type end as type,
    row_number() over (partition by number order by at_ms, id) as place from events" --csv >"$T/events.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" \
    "create table e as select customer, cast(at_ms as integer) at_ms, page, type, cast(place as integer) place from event"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
# ways WORDS...: how often, by how many, which way
ways() { "$CICLO" paths "$shop" --csv --top 1000 "$@" | tail -n +2 | sort; }

t_is 'three steps, from each of them' "$(ways --each --whole --steps 3)" \
    "$(rows "with w as (select customer, type || ' > ' || lead(type, 1) over o || ' > ' || lead(type, 2) over o way
            from e window o as (partition by customer order by place))
        select count(*), count(distinct customer), way from w where way is not null group by way" | tr -d '"' | sort)"
t_is 'by page, from the first' "$(ways --through page --steps 2)" \
    "$(rows "with w as (select customer, page || coalesce(' > ' || lead(page) over o, '') way, place
            from e window o as (partition by customer order by place))
        select count(*), count(*), way from w where place = 1 group by way" | tr -d '"' | sort)"
t_is 'what follows a purchase in two hours' "$(ways --after purchase --each --within 2h --steps 2)" \
    "$(rows "with w as (select customer, type, 'purchase' || coalesce(' > ' || case when lead(at_ms) over o <= at_ms + 7200000
                then lead(type) over o end, '') way
            from e window o as (partition by customer order by place))
        select count(*), count(distinct customer), way from w where type = 'purchase' group by way" | tr -d '"' | sort)"
t_is 'what leads to the first one, in April' \
    "$(ways --before purchase --steps 3 --from 2026-04-01 --to 2026-05-01)" \
    "$(rows "with w as (select customer, type, at_ms, place, coalesce(lag(type, 2) over o || ' > ', '')
                || coalesce(lag(type) over o || ' > ', '') || type way
            from e window o as (partition by customer order by place)),
        f as (select customer, min(place) place from w where type = 'purchase' and at_ms >= 1774994400000
            and at_ms < 1777586400000 group by 1)
        select count(*), count(*), way from w join f using (customer, place) group by way" | tr -d '"' | sort)"
t_is 'visits, equal steps as one' "$(ways --gap 30m --collapse --steps 8 | awk -F, '{n += $1} END {print n}')" \
    "$(rows "select count(*) from (select at_ms - lag(at_ms) over (partition by customer order by place) apart from e)
        where apart is null or apart > 1800000")"
t_is 'through stages' "$(ways --through stage --steps 8 | awk -F, '{n += $1} END {print n}')" \
    "$(rows 'select count(distinct customer) from e')"
t_is 'and what comes once somebody is a buyer' "$(ways --after stage.buyer --steps 2 | awk -F, '{n += $1} END {print n}')" \
    "$(rows "select count(distinct customer) from e where type = 'purchase'")"
t_is 'the event and its channel' \
    "$(ways --through event,channel --steps 2 --each --whole | awk -F, '{n += $1} END {print n}')" \
    "$(rows 'select count(*) from e where place > 1')"
t_is 'who goes a way' \
    "$("$CICLO" paths "$shop" --csv --steps 2 --customers 'visit > purchase' | tail -n +2 | sort)" \
    "$(rows "select a.customer from e a join e b using (customer) where a.place = 1 and b.place = 2
        and a.type = 'visit' and b.type = 'purchase' order by 1")"
t_is 'who goes over a link' \
    "$("$CICLO" paths "$shop" --csv --customers 'signup > (end)' --step 2 | tail -n +2 | sort)" \
    "$(rows "select customer from e a where place = 2 and type = 'signup'
        and not exists (select 1 from e b where b.customer = a.customer and b.place = 3) order by 1")"
t_is 'who goes another way than the first two, each once' \
    "$("$CICLO" paths "$shop" --csv --steps 3 --each --whole --top 2 --customers '(other)' | tail -n +2 | sort)" \
    "$(rows "with w as (select customer, type || ' > ' || lead(type, 1) over o || ' > ' || lead(type, 2) over o way
            from e window o as (partition by customer order by place)),
        t as (select way from w where way is not null group by way order by count(*) desc, count(distinct customer) desc,
            way limit 2)
        select distinct customer from w where way is not null and way not in t order by 1")"
t_is 'the links of a Sankey diagram hang together' \
    "$("$CICLO" paths "$shop" --json --links --top 2 --steps 4 | python3 -c '
import json, sys
d = json.load(sys.stdin)
nodes, links = d["nodes"], d["links"]
for i, n in enumerate(nodes):
    into = sum(l["ways"] for l in links if l["to"] == i)
    out = sum(l["ways"] for l in links if l["from"] == i)
    assert n["step"] == 1 or into == n["ways"], n
    assert n["kind"] == "end" or n["step"] == 4 or out == n["ways"], n
assert sum(n["ways"] for n in nodes if n["step"] == 1) == d["ways"]
print(d["ways"], d["customers"], sum(p["ways"] for p in d["paths"]) + d["other"]["ways"])')" \
    "$(rows 'select count(distinct customer), count(distinct customer), count(distinct customer) from e' | tr , ' ')"

t_is 'the future' "$("$CICLO" paths "$shop" --from 2031-01-01 | cut -d: -f1)" Nobody
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" paths "$T/empty.ciclo")" 'Nobody: the file has no events yet.'
t_is 'and nothing as a diagram' "$("$CICLO" paths "$T/empty.ciclo" --json --links | sed 's/"at":"[^"]*",//')" \
    '{"direction":"forwards","steps":5,"ways":0,"customers":0,"paths":[],"other":{"paths":0,"ways":0,"customers":0},"nodes":[],"links":[]}'
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" paths "$shop" --after purchse
t_fails 'a stage that is none' 'there is no stage "byer"' "$CICLO" paths "$shop" --after stage.byer
t_fails 'both directions' 'exclude each other' "$CICLO" paths "$shop" --after visit --before purchase
t_fails 'a property that is none' 'no event has a property "pge"' "$CICLO" paths "$shop" --through pge
t_fails 'a stage and something else' 'stands alone' "$CICLO" paths "$shop" --through event,stage
t_fails 'one step' 'from 2 to 8 steps' "$CICLO" paths "$shop" --steps 1
t_fails 'months of silence' 'fixed length' "$CICLO" paths "$shop" --gap 1mo
t_fails 'a way that nobody goes' 'nobody goes "refund > visit"' "$CICLO" paths "$shop" --customers 'refund > visit'
t_fails 'a step without its link' '--customers names' "$CICLO" paths "$shop" --step 2

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/paths" -d through=event,page -d after=visit -d each=1 -d collapse=1 -d within=3d -d links=1 \
        -d top=3 -d steps=4 --data-urlencode 'customers=(other)' | sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" paths "$shop" --through event,page --after visit --each --collapse --within 3d --links --top 3 \
        --steps 4 --customers '(other)' --json | sed 's/"at":"[^"]*"//')"
t_done
