#!/bin/sh
# Stage by touchpoint: events of chance, cell by cell as SQLite has them; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
  answer: { properties: { score: number } }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, gone: { end: true } }
  moves:
    - { from: [reach, gone], to: buyer, when: "since(purchase) < 5d" }
    - { from: buyer, to: gone, when: "since(any) >= 5d" }
YAML
# Events of chance, the same on every machine, over the night in which Rome loses an hour. After a ticket
# most do nothing more; buyers are mostly lost in any case.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(6)
for customer in range(400):
    at = datetime(2026, 3, 25) + timedelta(minutes=r.randrange(24 * 60 * 5))
    for i in range(r.randrange(10)):
        at += timedelta(minutes=r.choice([5, 20, 300, 3000, 9000]))
        kind = r.choice(['visit', 'visit', 'purchase', 'ticket', 'answer'])
        print(json.dumps({'type': 'track', 'event': kind, 'userId': f'u{customer}', 'messageId': f'{customer}-{i}',
                          'timestamp': at.isoformat() + 'Z',
                          'properties': {'score': r.randrange(11)} if kind == 'answer' else {}}))
        if kind == 'ticket' and r.random() < 0.9:
            break
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" "select customer, at_ms, type, score,
    row_number() over (partition by number order by at_ms, id) as place from events" --csv >"$T/events.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" \
    "create table e as select customer, cast(at_ms as integer) at_ms, type, cast(score as integer) score,
        cast(place as integer) place from event"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
map() { "$CICLO" journey-map "$shop" --at 2026-06-01 "$@"; }
# The life of this model, by hand: a buyer from a purchase on until nothing came for five days.
# Who stands where just before each event: table s.
stands="with g as (select *, lag(at_ms) over (partition by customer order by place) before from e),
    h as (select *, max(case when type = 'purchase' then place end) over (partition by customer order by place
            rows between unbounded preceding and 1 preceding) bought,
        max(case when at_ms - before > 432000000 then place end) over (partition by customer order by place) quiet from g),
    s as (select *, case when bought is null then 'reach' when quiet > bought then 'gone' else 'buyer' end stage from h)"

t_is 'who does what in which stage, and how often' \
    "$(map --csv | tail -n +2 | awk -F, '$2 {print $1, $2, $3, $4}' | sort)" \
    "$(rows "$stands select stage || ' ' || type || ' ' || count(distinct customer) || ' ' || count(*)
        from s group by stage, type" | tr -d '"' | sort)"
t_is 'how content they are: answers of their stage' \
    "$(map --score answer.score --json | python3 -c '
import json, sys
for s in json.load(sys.stdin)["stages"]:
    assert sum(t["answers"] for t in s["touchpoints"]) == s["answers"]
    assert all(t["touchpoint"] != "answer" for t in s["touchpoints"])
    assert s["score"] is None or 0 <= s["score"] <= 10
print("so it is")')" 'so it is'
t_is 'after which touchpoints more are lost, and surely so, as the formula says' \
    "$(map --worse gone --within 10d --json | python3 -c '
import json, sys
from math import sqrt
from statistics import NormalDist
def wilson(k, n, z):
    p, m = k / n, 1 + z * z / n
    w = z / m * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    c = (p + z * z / (2 * n)) / m
    return p, max(0, c - w), min(1, c + w)
def difference(t, sure):
    z = NormalDist().inv_cdf(0.5 + sure / 2)
    p, pl, pu = wilson(t["lost"], t["touches"], z)
    q, ql, qu = wilson(t["others"]["lost"], t["others"]["touches"], z)
    return p - q, p - q - sqrt((p - pl) ** 2 + (qu - q) ** 2), p - q + sqrt((pu - p) ** 2 + (q - ql) ** 2)
stages = json.load(sys.stdin)["stages"]
compared = [t for s in stages for t in s["touchpoints"] if t["touches"] and t["others"]["touches"]]
for t in compared:
    got = t["difference"], t["difference_low"], t["difference_high"]
    assert all(abs(a - b) < 2e-6 for a, b in zip(got, difference(t, 0.95))), t
    assert t["pain"] == (difference(t, 1 - 0.05 / len(compared))[1] > 0), t
for s in stages:
    for t in s["touchpoints"]:
        if t["pain"]: print(s["stage"], t["touchpoint"])' | sort)" "$(printf 'gone ticket\nreach ticket')"
t_is 'who of the visitors is lost after a ticket' \
    "$(map --worse gone --within 10d --customers reach --touchpoint ticket --lost --csv | tail -n +2 | sort)" \
    "$(rows "$stands, f as (select customer, min(place) place from s where stage = 'reach' and type = 'ticket' group by 1)
        select customer from f join e t using (customer, place) where not exists (select 1 from e where
            e.customer = t.customer and e.place > t.place and e.at_ms <= t.at_ms + 864000000) order by 1" | sort)"
t_is 'who is behind a cell' \
    "$(map --customers buyer --touchpoint ticket --csv | tail -n +2 | sort)" \
    "$(rows "$stands select distinct customer from s where stage = 'buyer' and type = 'ticket' order by 1" | sort)"
t_is 'and behind a stage, of one month' \
    "$(map --customers gone --from 2026-04-01 --to 2026-05-01 --csv | tail -n +2 | sort)" \
    "$(rows "$stands select distinct customer from s where stage = 'gone' and at_ms >= 1774994400000
        and at_ms < 1777586400000 order by 1" | sort)"
t_is 'the rare are summed' \
    "$(map --top 1 --json | python3 -c '
import json, sys
for s in json.load(sys.stdin)["stages"]:
    assert s["events"] == s["other"]["events"] + sum(t["events"] for t in s["touchpoints"])
    assert len(s["touchpoints"]) == 1
print("so it is")')" 'so it is'
t_is 'the future' "$(map --from 2031-01-01 | cut -d: -f1)" Nobody
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" journey-map "$T/empty.ciclo")" 'Nobody: the file has no events yet.'
t_fails 'a stage that is none' 'there is no stage "lost"' "$CICLO" journey-map "$shop" --worse gone,lost
t_fails 'a score that is no number' 'is a number' "$CICLO" journey-map "$shop" --score purchase.revenue
t_fails 'a touchpoint of no stage' '--customers' "$CICLO" journey-map "$shop" --touchpoint visit
t_fails 'stages as touchpoints' 'no event has a property "stage"' "$CICLO" journey-map "$shop" --through stage

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/journey-map" -d score=answer.score -d worse=gone -d within=10d -d top=2 -d customers=buyer \
        -d touchpoint=ticket -d lost=1 | sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" journey-map "$shop" --score answer.score --worse gone --within 10d --top 2 --customers buyer \
        --touchpoint ticket --lost --json | sed 's/"at":"[^"]*"//')"
t_done
