#!/bin/sh
# Cohorts: events of chance, cell by cell as SQLite has them; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
traits: { joined: moment, country: text }
lifecycle:
  start: reach
  stages: { reach: {}, known: {} }
  moves: [{ from: reach, to: known, when: count(purchase) >= 1 }]
YAML
# A year of events of chance, the same on every machine, many of them around midnight of the first of
# a month, and some people who joined on a day.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(8)
for customer in range(250):
    for i in range(r.randrange(9)):
        at = datetime(2025, r.randrange(1, 13), 1) + timedelta(days=r.choice([0, 0, r.randrange(28)]),
                                                                hours=r.randrange(-3, 3))
        kind = r.choice(['visit', 'purchase'])
        print(json.dumps({'type': 'track', 'event': kind, 'userId': f'u{customer}',
                          'messageId': f'{customer}-{i}', 'timestamp': at.isoformat() + 'Z',
                          'properties': {'revenue': r.randrange(1, 9000) / 100} if kind == 'purchase' else {}}))
    if r.random() < 0.8:
        print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer}',
                          'timestamp': '2025-01-02T00:00:00Z',
                          'traits': {'joined': f'2025-{r.randrange(1, 7):02}-{r.randrange(1, 29):02}',
                                     'country': r.choice(['IT', 'PT'])}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" "select customer, time, type, revenue,
    row_number() over (partition by number order by at_ms, id) as place from events" --csv >"$T/events.csv"
"$CICLO" sql "$shop" 'select customer, "traits.joined" as joined, "traits.country" as country from timelines' \
    --csv >"$T/people.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" ".import --csv $T/people.csv person" \
    "create table e as select customer, time, type, cast(round(revenue * 100) as integer) cents,
        cast(place as integer) place from event"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
# cells WORDS...: cohort, how many, period, customers, events; those with somebody in them
cells() { "$CICLO" cohorts "$shop" --csv "$@" | tail -n +2 | cut -d, -f1-3,5- | grep -v ',0,0'; }
# asked PERIOD FIRST AGAIN: the same by SQLite; PERIOD is an expression over a column `time`. The
# events of cohorts that began in $1 are in table x, for what is asked besides.
asked="with f as (select customer, min(place) place from e where type = '%s' group by 1),
    b as (select f.customer, f.place, %s c from f join e using (customer, place)),
    x as (select b.c, e.customer, e.place, b.place first, e.cents, %s p from b join e using (customer)
        where e.type = '%s' and e.place >= b.place),
    n as (select c, count(*) n from b group by 1)"
month="substr(time, 1, 7)"
week="date(time, 'weekday 0', '-6 days')"
# shellcheck disable=SC2059
by_month=$(printf "$asked" purchase "$month" "$month" purchase)
# shellcheck disable=SC2059
by_week=$(printf "$asked" visit "$week" "$week" purchase)

t_is 'who buys again, month by month' "$(cells --first purchase --value revenue | sed 's/0*$//; s/[.]$//')" \
    "$(rows "$by_month select c, n, p, count(distinct customer), count(*), printf('%.2f', sum(cents) / 100.0)
        from x join n using (c) group by 1, 3 order by 1, 3" | sed 's/0*$//; s/[.]$//')"
t_is 'a week at a time, from a visit to purchases' "$(cells --first visit --again purchase --by week)" \
    "$(rows "$by_week select c, n, p, count(distinct customer), count(*)
        from x join n using (c) group by 1, 3 order by 1, 3")"
t_is 'only what comes behind the first' "$(cells --first purchase --repeat)" \
    "$(rows "$by_month select c, n, p, count(distinct customer), count(*)
        from x join n using (c) where x.place > x.first group by 1, 3 order by 1, 3")"
t_is 'all up to each month' \
    "$("$CICLO" cohorts "$shop" --csv --first purchase --repeat --cumulated | grep ',2025-12,' | cut -d, -f1,5,6)" \
    "$(rows "$by_month, m as (select distinct c from b) select m.c, count(distinct customer), count(customer)
        from m left join x on x.c = m.c and x.place > x.first group by 1 order by 1")"
t_is 'those of Italy who began in spring, as of a day' \
    "$(cells --first purchase --from 2025-03-01 --to 2025-06-01 --at 2025-09-15 --when 'trait.country = "IT"')" \
    "$(rows "$by_month, k as (select b.* from b join person using (customer) where country = 'IT'
            and c between '2025-03' and '2025-05'), s as (select c, count(*) n from k group by 1)
        select x.c, s.n, p, count(distinct customer), count(*) from x join k using (customer) join s on s.c = x.c
            join e using (customer, place)
        where e.time <= '2025-09-15 00:00:00' group by 1, 3 order by 1, 3")"
t_is 'from the day on which somebody joined' "$(cells --first trait.joined --again purchase)" \
    "$(rows "with b as (select customer, joined, substr(joined, 1, 7) c from person where joined <> ''),
        n as (select c, count(*) n from b group by 1)
        select c, n, $month p, count(distinct customer), count(*) from b join n using (c) join e using (customer)
        where e.type = 'purchase' and e.time >= joined group by 1, 3 order by 1, 3")"
t_is 'who will have joined on a later day has not begun' \
    "$("$CICLO" cohorts "$shop" --csv --first trait.joined --again purchase --at 2025-03-15 | tail -n +2 | cut -d, -f1,2 | sort -u)" \
    "$(rows "select substr(joined, 1, 7), count(*) from person where joined <> '' and joined <= '2025-03-15' group by 1")"
t_is 'those who came back, and whether they come again like those who are new' \
    "$(cells --first purchase --after 60d)" \
    "$(rows "with g as (select customer, time, place, lag(time) over (partition by customer order by place) was
            from e where type = 'purchase'),
        f as (select customer, min(place) place from g where julianday(time) >= julianday(was) + 60 - 1e-6 group by 1),
        b as (select f.customer, f.place, $month c from f join e using (customer, place)),
        x as (select b.c, customer, $month p from b join e using (customer)
            where e.type = 'purchase' and e.place >= b.place),
        n as (select c, count(*) n from b group by 1)
        select c, n, p, count(distinct customer), count(*) from x join n using (c) group by 1, 3 order by 1, 3")"
t_is 'from the day on which somebody came into a stage' "$(cells --first stage.known --again visit)" \
    "$(rows "with f as (select customer, min(place) place from e where type = 'purchase' group by 1),
        b as (select customer, time began, $month c from f join e using (customer, place)),
        n as (select c, count(*) n from b group by 1)
        select c, n, $month p, count(distinct customer), count(*) from b join n using (c) join e using (customer)
        where e.type = 'visit' and e.time > began group by 1, 3 order by 1, 3")"
t_is 'and who did it so often does it once more' \
    "$("$CICLO" cohorts "$shop" --first purchase --json | python3 -c 'import json, sys
for a in json.load(sys.stdin)["again"]: print(a["times"], a["customers"], a["once_more"], sep=",")')" \
    "$(rows "with t as (select customer, count(*) times from e where type = 'purchase' group by 1),
        k(k) as (select distinct times from t)
        select k, (select count(*) from t where times >= k), (select count(*) from t where times > k)
        from k where k < 20 order by 1")"
t_is 'who is in a cohort' \
    "$("$CICLO" cohorts "$shop" --first purchase --customers 2025-03 --csv | tail -n +2 | sort)" \
    "$(rows "$by_month select customer from b where c = '2025-03' order by 1")"
t_is 'and in a cell' \
    "$("$CICLO" cohorts "$shop" --first purchase --customers 2025-03 --period 2025-05 --csv | tail -n +2 | sort)" \
    "$(rows "$by_month select distinct customer from x where c = '2025-03' and p = '2025-05' order by 1")"

t_is 'nobody, and why' "$("$CICLO" cohorts "$shop" --first purchase --from 2031-01-01 | cut -d: -f1)" Nobody
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" cohorts "$T/empty.ciclo" --first purchase)" 'Nobody: the file has no events yet.'
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" cohorts "$shop" --first purchse
t_fails 'a trait that is no moment' 'trait.country is a text' \
    "$CICLO" cohorts "$shop" --first trait.country --again purchase
t_fails 'a trait, and nothing that comes again' 'must be said' "$CICLO" cohorts "$shop" --first trait.joined
t_fails 'a stage, and nothing that comes again' 'must be said' "$CICLO" cohorts "$shop" --first stage.known
t_fails 'a stage that is none' 'did you mean known?' "$CICLO" cohorts "$shop" --first stage.knwn --again visit
t_fails 'who joins again' 'there once' "$CICLO" cohorts "$shop" --first trait.joined --again visit --after 3d
t_fails 'no length' 'after' "$CICLO" cohorts "$shop" --first purchase --after soon
t_fails 'a sum of what is no number' 'no property' "$CICLO" cohorts "$shop" --first purchase --value page
again() { "$CICLO" cohorts "$shop" --first purchase --json | python3 -c 'import json, sys
for a in json.load(sys.stdin)["again"]: print(a["times"], a["customers"], sep=",")'; }
t_is 'who is behind each number of times' \
    "$(again | while IFS=, read -r times n; do
        echo "$times,$("$CICLO" cohorts "$shop" --first purchase --customers all --times "$times" --csv | tail -n +2 | wc -l)"
    done)" "$(again)"
t_is 'of one cohort those for whom it came twice' \
    "$("$CICLO" cohorts "$shop" --first purchase --customers 2025-03 --times 2 --csv | tail -n +2 | sort)" \
    "$({ "$CICLO" cohorts "$shop" --first purchase --customers all --times 2 --csv | tail -n +2
        "$CICLO" cohorts "$shop" --first purchase --customers 2025-03 --csv | tail -n +2; } | sort | uniq -d)"
t_fails 'times of nobody' '--period and --times are of' "$CICLO" cohorts "$shop" --first purchase --times 2
t_fails 'no times' 'a number from 1' "$CICLO" cohorts "$shop" --first purchase --customers all --times 0
t_fails 'a cohort that is none' 'there is no period "2030-01"' \
    "$CICLO" cohorts "$shop" --first purchase --customers 2030-01
t_fails 'too many periods' 'take longer ones' "$CICLO" cohorts "$shop" --first trait.joined --again visit \
    --by day --from 2020-01-01
t_fails 'no beginning' 'where do cohorts begin?' "$CICLO" cohorts "$shop"

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/cohorts" -d first=visit -d again=purchase -d value=revenue -d by=quarter \
        -d cumulated=1 -d cohort=2025-Q1 | sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" cohorts "$shop" --first visit --again purchase --value revenue --by quarter --cumulated \
        --customers 2025-Q1 --json | sed 's/"at":"[^"]*"//')"
t_done
