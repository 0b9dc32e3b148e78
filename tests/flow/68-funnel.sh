#!/bin/sh
# Funnels: of a small shop by hand, of a sample of chance against SQLite, on the command line and
# over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {} }
segments:
  big: { when: "sum(purchase.revenue) >= 100" }
YAML
# Events of chance, the same on every machine: some at the same second, their ids in the order in
# which they stand.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
r = random.Random(7)
for customer in range(300):
    for i in range(r.randrange(12)):
        kind = r.choice(['visit', 'visit', 'visit', 'signup', 'purchase', 'search'])
        event = {'type': 'track', 'event': kind, 'userId': f'u{customer}',
                 'messageId': f'{customer:03}-{r.randrange(1000):03}-{i}',
                 'timestamp': f'2026-0{r.randrange(1, 4)}-{r.randrange(1, 29):02}T{r.randrange(3):02}:00:00Z',
                 'properties': {'page': r.choice(['tea', 'cup'])} if kind == 'visit' else
                               {'revenue': r.randrange(1, 9000) / 100} if kind == 'purchase' else {}}
        print(json.dumps(event))
    if r.random() < 0.7:
        print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer}',
                          'timestamp': '2026-01-05T00:00:00Z', 'traits': {'country': r.choice(['IT', 'PT'])}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"

# The events for SQLite, numbered in the order of a timeline.
"$CICLO" sql "$shop" "select customer, at_ms, type, page, revenue,
    row_number() over (partition by number order by at_ms, id) as place from events" --csv >"$T/events.csv"
"$CICLO" sql "$shop" 'select customer, "traits.country" as country from timelines' --csv >"$T/people.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" ".import --csv $T/people.csv person" \
    "create table e as select customer, cast(at_ms as integer) at, type, page, cast(revenue as real) revenue,
        cast(place as integer) place from event" "create index by_customer on e(customer, type)"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
# counts WORDS...: how many got to each step
counts() { "$CICLO" funnel "$shop" --csv "$@" | tail -n +2 | cut -d, -f3 | tr '\n' ' '; }

visit_signup_purchase="--step visit --step signup --step purchase"
# shellcheck disable=SC2086
t_is 'within 30 days of the first step, as SQLite has it' "$(counts $visit_signup_purchase --within 30d)" \
    "$(rows "select count(distinct customer) from e where type = 'visit';
        select count(distinct v.customer) from e v join e s using (customer)
            where v.type = 'visit' and s.type = 'signup' and s.place > v.place and s.at <= v.at + 30 * 86400000;
        select count(distinct v.customer) from e v join e s using (customer) join e p using (customer)
            where v.type = 'visit' and s.type = 'signup' and p.type = 'purchase' and s.place > v.place
                and p.place > s.place and p.at <= v.at + 30 * 86400000" | tr '\n' ' ')"
# shellcheck disable=SC2086
t_is 'each within 10 days of the one before' "$(counts $visit_signup_purchase --within 10d --each-step)" \
    "$(rows "select count(distinct customer) from e where type = 'visit';
        select count(distinct v.customer) from e v join e s using (customer)
            where v.type = 'visit' and s.type = 'signup' and s.place > v.place and s.at <= v.at + 10 * 86400000;
        select count(distinct v.customer) from e v join e s using (customer) join e p using (customer)
            where v.type = 'visit' and s.type = 'signup' and p.type = 'purchase' and s.place > v.place
                and s.at <= v.at + 10 * 86400000
                and p.place > s.place and p.at <= s.at + 10 * 86400000" | tr '\n' ' ')"
t_is 'with no other event between' "$(counts --step visit --step 'purchase where revenue > 30' --strict)" \
    "$(rows "select count(distinct customer) from e where type = 'visit';
        with n as (select customer, type, revenue, lag(type) over (partition by customer order by place) before
            from e where type <> 'identify')
        select count(distinct customer) from n where type = 'purchase' and revenue > 30 and before = 'visit'" |
        tr '\n' ' ')"
t_is 'begun in February, of those in Italy' \
    "$(counts --step visit --step purchase --from 2026-02-01 --to 2026-03-01 --when 'trait.country = "IT"')" \
    "$(rows "create temp table v as select customer, place from e join person using (customer)
            where type = 'visit' and country = 'IT' and at >= 1769900400000 and at < 1772319600000;
        select count(distinct customer) from v;
        select count(distinct v.customer) from v join e p using (customer)
            where p.type = 'purchase' and p.place > v.place" | tr '\n' ' ')"
t_is 'of a segment, as it stood on a day' \
    "$(counts --step visit --step purchase --segment big --at 2026-03-01)" \
    "$(rows "create temp table big as select customer from e where type = 'purchase' and at <= 1772319600000
            group by customer having sum(cast(round(revenue * 100) as integer)) >= 10000;
        select count(distinct customer) from e join big using (customer)
            where type = 'visit' and at <= 1772319600000;
        select count(distinct v.customer) from e v join big using (customer) join e p using (customer)
            where v.type = 'visit' and p.type = 'purchase' and p.place > v.place and p.at <= 1772319600000" |
        tr '\n' ' ')"

by_country() { # SQL of a customer's step: customer, steps
    rows "with s as ($1) select coalesce(nullif(country, ''), '-'), count(*), sum(steps > 1) from s
        join person using (customer) group by 1 order by 1"
}
t_is 'broken down by a trait' \
    "$("$CICLO" funnel "$shop" --step visit --step signup --by trait.country --json |
        python3 -c 'import json, sys
for g in sorted(json.load(sys.stdin)["groups"], key=lambda g: g["value"] or "-"):
    print(g["value"] or "-", *(s["customers"] for s in g["steps"]), sep=",")')" \
    "$(by_country "select v.customer, 1 + max(exists(select 1 from e s where s.customer = v.customer
        and s.type = 'signup' and s.place > v.place)) steps from e v where type = 'visit' group by 1")"

# The way that is shown ends with the earliest purchase that has a visit before it, and begins with the
# latest visit before that.
took="select min(p.place) place, p.customer from e p where p.type = 'purchase' and exists(select 1 from e v
    where v.customer = p.customer and v.type = 'visit' and v.place < p.place) group by 2"
took="select row_number() over (order by took) k, count(*) over () n, took, page from (
    select p.at - v.at took, v.page from ($took) w join e p using (customer, place) join e v on
        v.customer = w.customer and v.place = (select max(place) from e x where x.customer = w.customer
        and x.type = 'visit' and x.place < w.place))"
t_is 'the middle of the times between, and nine tenths' \
    "$("$CICLO" funnel "$shop" --step visit --step purchase --csv | tail -n 1 | cut -d, -f4-)" \
    "$(rows "with t as ($took) select (select took from t where k = (n + 1) / 2),
        (select took from t where k = (n * 90 + 99) / 100)")"
t_is 'and how many of each page, which is of the first event of the way' \
    "$("$CICLO" funnel "$shop" --step visit --step purchase --by page --csv | grep ',2,' | cut -d, -f1,4 | sort)" \
    "$(rows "with t as ($took) select page, count(*) from t group by 1 order by 1")"

stopped="select e.customer, min(e.place) place from e where type = 'visit' and not exists(select 1 from e p
    where p.customer = e.customer and p.type = 'purchase' and p.place > e.place) and not exists(
    select 1 from e v join e p using (customer) where v.customer = e.customer and v.type = 'visit'
        and p.type = 'purchase' and p.place > v.place) group by 1"
t_is 'those who stopped, by name' \
    "$("$CICLO" funnel "$shop" --step visit --step purchase --customers 1 --csv | tail -n +2 | sort)" \
    "$(rows "select customer from ($stopped) order by 1")"
by="$CICLO funnel $shop --step visit --step purchase --by page"
$by --json >"$T/by.json"
# listed WORDS...: the number of those listed. cell VALUE STEP: the number in the table ("-": missing).
listed() { $by "$@" --csv | tail -n +2 | sort -u | wc -l; }
cell() { python3 -c 'import json, sys
print(next(g["steps"][int(sys.argv[3])]["customers"] for g in json.load(open(sys.argv[1]))["groups"]
    if (g["value"] or "-") == sys.argv[2]))' "$T/by.json" "$@"; }
t_is 'those who got to each step: as many as the table has' "$(listed --reached 1) $(listed --reached 2)" \
    "$(python3 -c 'import json, sys
print(*(s["customers"] for s in json.load(open(sys.argv[1]))["steps"]))' "$T/by.json")"
for value in $(python3 -c 'import json, sys
print(*(g["value"] or "-" for g in json.load(open(sys.argv[1]))["groups"]))' "$T/by.json"); do
    if [ "$value" = - ]; then set -- --group-missing; else set -- --group "$value"; fi
    t_is "of the group $value" "$(listed --reached 1 "$@") $(listed --reached 2 "$@") $(listed --customers 1 "$@")" \
        "$(cell "$value" 0) $(cell "$value" 1) $(($(cell "$value" 0) - $(cell "$value" 1)))"
done
t_is 'and what they did next' \
    "$("$CICLO" funnel "$shop" --step visit --step purchase --json | python3 -c 'import json, sys
for n in json.load(sys.stdin)["stopped"][0]["next"]: print(n["event"] or "", n["customers"], sep=",")' | sort)" \
    "$(rows "with s as ($stopped) select coalesce((select type from e where e.customer = s.customer
        and e.place > s.place and type <> 'identify' order by e.place limit 1), ''), count(*) from s
        group by 1" | sed 's/^""//' | sort)"

t_is 'nobody, and why' "$("$CICLO" funnel "$shop" --step visit --from 2031-01-01)" \
    "Nobody: the file's events are of $("$CICLO" sql "$shop" 'select min(time), max(time) from events' --csv |
        tail -n 1 | tr -d '"' | sed 's/,/ to /'), and none of them fits what is asked for."
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" funnel "$T/empty.ciclo" --step purchase)" 'Nobody: the file has no events yet.'
t_is 'and its steps' "$("$CICLO" funnel "$T/empty.ciclo" --step purchase --csv)" \
    "number,step,customers,median_ms,p90_ms
1,purchase,0,,"
t_fails 'a step that is none' 'there is no event "purchse"; did you mean purchase?' \
    "$CICLO" funnel "$shop" --step purchse
t_fails 'a property that is none' 'visit has no property "pages"; did you mean page?' \
    "$CICLO" funnel "$shop" --step visit --by pages
t_fails 'a trait that is none' 'there is no trait "contry"; did you mean country?' \
    "$CICLO" funnel "$shop" --step visit --by trait.contry
t_fails 'a segment that is none' 'did you mean "big"?' "$CICLO" funnel "$shop" --step visit --segment bigg
t_fails 'a rule that is no condition' 'a condition is needed here' \
    "$CICLO" funnel "$shop" --step visit --when 'count(visit)'
t_fails 'a length that is none' 'within' "$CICLO" funnel "$shop" --step visit --within soon
t_fails 'a limit without its length' 'needs its length' "$CICLO" funnel "$shop" --step visit --each-step
t_fails 'a step that is not there' 'there is no step 3' \
    "$CICLO" funnel "$shop" --step 'visit, purchase' --customers 3
t_fails 'stopped and reached' 'exclude each other' \
    "$CICLO" funnel "$shop" --step 'visit, purchase' --customers 1 --reached 1
t_fails 'a group of nothing' 'what by breaks down by' \
    "$CICLO" funnel "$shop" --step 'visit, purchase' --reached 1 --group home
t_fails 'a group of nobody who is listed' 'what by breaks down by' \
    "$CICLO" funnel "$shop" --step 'visit, purchase' --by page --group-missing
t_fails 'two groups' 'not both' \
    "$CICLO" funnel "$shop" --step 'visit, purchase' --by page --reached 1 --group home --group-missing
t_fails 'too many steps' 'at most' "$CICLO" funnel "$shop" \
    --step 'any,any,any,any,any,any,any,any,any,any,any,any,any,any,any,any,any'
t_fails 'no steps' 'which steps?' "$CICLO" funnel "$shop"

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/funnel" --data-urlencode "steps=visit, signup, purchase where revenue > 20" \
        -d within=20d -d by=page -d stopped=2 | sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" funnel "$shop" --step visit --step signup --step 'purchase where revenue > 20' --within 20d \
        --by page --customers 2 --json | sed 's/"at":"[^"]*"//')"
t_is 'what is wrong, and where' \
    "$(curl -s -G "${url}api/funnel" --data-urlencode 'steps=visit, purchse' | grep -o '"column":8')" '"column":8'
t_done
