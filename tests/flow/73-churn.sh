#!/bin/sh
# Who stays and who goes: events of chance, period by period as SQLite has them; on the command line and over
# HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money } } }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {}, customer: {}, lost: {} }
  moves:
    - { from: [reach, lost], to: customer, when: "exists(purchase, 45d)" }
    - { from: customer, to: lost, when: "since(purchase) >= 45d" }
YAML
# A year and a half of events of chance, many of them around midnight of the first of a month.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(9)
for customer in range(250):
    for i in range(r.randrange(9)):
        at = datetime(2024 + r.randrange(2), r.randrange(1, 13), 1) + timedelta(
            days=r.choice([0, 0, r.randrange(28)]), hours=r.randrange(-3, 3))
        kind = r.choice(['visit', 'purchase', 'purchase'])
        print(json.dumps({'type': 'track', 'event': kind, 'userId': f'u{customer}',
                          'messageId': f'{customer}-{i}', 'timestamp': at.isoformat() + 'Z',
                          'properties': {'revenue': r.randrange(-900, 9000) / 100} if kind == 'purchase' else {}}))
    if r.random() < 0.8:
        print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer}',
                          'timestamp': '2024-01-02T00:00:00Z', 'traits': {'country': r.choice(['IT', 'PT'])}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" "select customer, time, type, revenue from events" --csv >"$T/events.csv"
"$CICLO" sql "$shop" 'select customer, "traits.country" as country from timelines' --csv >"$T/people.csv"
"$CICLO" export "$shop" stages >"$T/stages.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" ".import --csv $T/people.csv person" \
    ".import --csv $T/stages.csv stage" \
    "create table e as select customer, time, type, cast(round(revenue * 100) as integer) cents from event" \
    "create table month as with recursive m(d) as (select date('2023-12-01') union all
        select date(d, '+1 month') from m where d < '2025-12-01') select d, date(d, '+1 month') next from m"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
# months WORDS...: period, start, kept, lost, new, returned, passed, end; those in which anything was.
months() { "$CICLO" churn "$shop" --csv --at 2026-01-01 "$@" | tail -n +2 | cut -d, -f1-8 | grep -v ',0,0,0,0,0,0,0'; }
# counts WHO: the same of a table `on(customer, d)` of who is active in which month.
counts="a as (select substr(m.d, 1, 7) p, m.d, w.customer,
        exists (select 1 from act where customer = w.customer and act.d = date(m.d, '-1 month')) b,
        exists (select 1 from act where customer = w.customer and act.d = m.d) n,
        exists (select 1 from act where customer = w.customer and act.d < m.d) had
        from month m, (select distinct customer from act) w where m.d >= '%s' and m.d < '%s')
    select p, sum(b), sum(b and n), sum(b and not n), sum(n and not b and not had), sum(n and not b and had), 0,
        sum(n) from a group by 1 having sum(b or n) order by 1"
of_type() { # TYPES FROM TO CONDITION
    # shellcheck disable=SC2059
    rows "with act as (select distinct customer, date(time, 'start of month') d from e join person using (customer)
        where type in ($1) and $4), $(printf "$counts" "$2" "$3")"
}
first=$(rows "select date(min(time), 'start of month') from e")
t_is 'who buys each month' "$(months --active purchase)" "$(of_type "'purchase'" "$first" 2026-01-01 true)"
t_is 'who does anything' "$(months --active 'visit, purchase')" \
    "$(of_type "'purchase', 'visit'" "$first" 2026-01-01 true)"
t_is 'a part of the year, of those of Italy' \
    "$(months --active purchase --from 2025-03-17 --to 2025-10-01 --when 'trait.country = "IT"')" \
    "$(of_type "'purchase'" 2025-03-01 2025-10-01 "country = 'IT'")"
t_is 'a month that is not over is not shown' "$("$CICLO" churn "$shop" --active purchase --at 2025-06-30 --csv | cut -d, -f1-8 | tail -n 1)" \
    "$(of_type "'purchase'" "$first" 2025-06-01 true | tail -n 1)"
t_is 'nor the one in which the events end' "$("$CICLO" churn "$shop" --active purchase --csv | tail -n 1 | cut -d, -f1)" \
    "$(rows "select case when strftime('%d', max(time), '+1 day') = '01' then substr(max(time), 1, 7)
        else substr(date(max(time), 'start of month', '-1 day'), 1, 7) end from e")"
t_is 'and one that just ended is' "$("$CICLO" churn "$shop" --active purchase --at 2025-07-01 --csv | tail -n 1 | cut -d, -f1)" 2025-06
t_is 'what was given before, and of it again' \
    "$("$CICLO" churn "$shop" --active purchase --value revenue --at 2026-01-01 --json | python3 -c 'import json, sys
for p in json.load(sys.stdin)["periods"]:
    if p["before"]: print(p["period"], *("%.2f" % p[k] for k in ("before", "gross", "net")), sep=",")')" \
    "$(rows "with s as (select customer, date(time, 'start of month') d, sum(cents) c from e
            where type = 'purchase' group by 1, 2),
        two as (select m.d, s.c was, coalesce((select c from s n where n.customer = s.customer and n.d = m.d), 0) now
            from month m join s on s.d = date(m.d, '-1 month') where s.c > 0 and m.d < '2026-01-01')
        select substr(d, 1, 7), printf('%.2f', sum(was) / 100.0), printf('%.2f', sum(max(0, min(was, now))) / 100.0),
            printf('%.2f', sum(now) / 100.0) from two group by 1 order by 1")"
t_is 'who was lost' "$("$CICLO" churn "$shop" --active purchase --customers 2025-05 --who lost --csv | tail -n +2 | sort)" \
    "$(rows "with act as (select distinct customer, date(time, 'start of month') d from e where type = 'purchase')
        select customer from act where d = '2025-04-01'
        except select customer from act where d = '2025-05-01' order by 1")"

# By stages: who stands in one just before a month's first moment.
t_is 'who is a customer at the start of each month' \
    "$("$CICLO" churn "$shop" --active stage.customer --at 2026-01-01 --csv | tail -n +2 | cut -d, -f1,2,8)" \
    "$("$CICLO" stages "$shop" --by month --json --at 2025-12-31 | python3 -c 'import json, sys
was = 0
for m in json.load(sys.stdin)["months"]:
    now = next(s["customers"] for s in m["stages"] if s["stage"] == "customer")
    print(m["month"], was, now, sep=",")
    was = now')"
t_is 'to be a customer is not to be lost or never to have bought' \
    "$(months --active stage.customer)" "$(months --active 'not stage.lost, stage.reach')"
t_is 'all who are there at the end were kept, are new or came back' \
    "$("$CICLO" churn "$shop" --active stage.customer --by week --csv | awk -F, 'NR > 1 && ($2 != $3 + $4 || $8 != $3 + $5 + $6)')" ''

t_is 'each formula, as its words say' \
    "$("$CICLO" churn "$shop" --active stage.customer --json | python3 -c 'import json, sys
for p in json.load(sys.stdin)["periods"]:
    s, e, r = p["start"], p["end"], p["rates"]
    if not s: continue
    gone = p["lost"] + p["passed"]
    for name, wanted in (("start", p["kept"] / s), ("end", (e - p["new"]) / s), ("all", e / (e + gone)),
                         ("average", 1 - gone / ((s + e) / 2))):
        if abs(r[name]["retention"] - wanted) > 1e-9 or abs(r[name]["churn"] - 1 + wanted) > 1e-9:
            print(p["period"], name, r[name], wanted)')" ''
t_is 'for people' "$("$CICLO" churn "$shop" --active purchase --from 2025-05-01 --to 2025-06-01 --formula all |
    sed 's/  */ /g; s/ $//')" \
    "period start kept lost new returned passed end retention 95 % sure churn
$(of_type "'purchase'" 2025-05-01 2025-06-01 true | tr , ' ') $("$CICLO" churn "$shop" --active purchase \
    --from 2025-05-01 --to 2025-06-01 --json | python3 -c 'import json, sys
r = json.load(sys.stdin)["periods"][0]["rates"]["all"]
print("%.1f %% %.1f to %.1f %% %.1f %%" % tuple(100 * r[k] for k in ("retention", "low", "high", "churn")))')"

t_is 'a time to come' "$("$CICLO" churn "$shop" --active purchase --from 2031-01-01 | tail -n 1)" \
    'A period is shown when it is over.'
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" churn "$T/empty.ciclo" --active purchase)" \
    'Nobody: the file has no events yet.
A period is shown when it is over.'
t_fails 'nobody knows who is a customer' 'who is a customer still?' "$CICLO" churn "$shop"
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" churn "$shop" --active purchse
t_fails 'a stage that is none' 'did you mean lost?' "$CICLO" churn "$shop" --active 'not stage.lst'
t_fails 'a formula that is none' 'one of start' "$CICLO" churn "$shop" --active purchase --formula best
t_fails 'a sum of nothing' 'needs --value' "$CICLO" churn "$shop" --active purchase --formula net
t_fails 'a sum of stages' 'is not one event' "$CICLO" churn "$shop" --active stage.customer --value revenue
t_fails 'a period without a fate' 'go together' "$CICLO" churn "$shop" --active purchase --customers 2025-05
t_fails 'a period that is none' 'no period "2030-01"' "$CICLO" churn "$shop" --active purchase --customers 2030-01 --who new
t_fails 'too many periods' 'take longer ones' "$CICLO" churn "$shop" --active purchase --by day

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/churn" -d active=purchase -d value=revenue -d by=quarter -d period=2025-Q2 -d who=new)" \
    "$("$CICLO" churn "$shop" --active purchase --value revenue --by quarter --customers 2025-Q2 --who new --json)"
t_done
