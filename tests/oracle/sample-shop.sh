#!/bin/sh
# Every report on the sample shop equals what SQLite's shell computes from the exported events,
# cell by cell.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/data/online_retail/import.sh"
export TZ=Europe/London
file=$T/shop.ciclo at=2011-12-10 moves_until=2012-01-31
everybody='true' tab=$(printf '\t')
day=86400000

the_shop() {
    "$CICLO" init "$file" --template retail --currency GBP --timezone "$TZ" &&
        sample_import "$CICLO" "$file" "$ROOT/data/online_retail/online_retail.csv.xz" && load
}
t_ok 'the sample shop is imported, and exported' the_shop

purchase="type = 'purchase'"
large="purchase where revenue > 500$tab$purchase and cents > 50000"
any_three="purchase$tab$purchase
purchase$tab$purchase
purchase$tab$purchase"
large_and_more="$large
purchase$tab$purchase
$large"
country="(select p.\"traits.country\" from e p where p.customer = e.customer and p.at <= :at
    and p.\"traits.country\" <> '' order by p.place desc limit 1)"

funnel 'funnel without a limit' funnel "$any_three" "9e15" '' "$everybody"
funnel 'within 30 days of the first' funnel "$large_and_more" "30 * $day" '' "$everybody" --within 30d
funnel 'within 20 days of the one before' funnel-each-step "$large_and_more" "20 * $day" '' "$everybody" \
    --within 20d --each-step
funnel 'strict' funnel-strict "$large_and_more" "30 * $day" '' "$everybody" --within 30d --strict
funnel 'by the country' funnel "$any_three" "60 * $day" "$country" "$everybody" --within 60d --by trait.country
first_in="at >= $(ms 2011-03-20) and at < $(ms 2011-04-10)"
funnel 'begun around the change of the clock' funnel "$any_three" "60 * $day" '' "$everybody" --within 60d \
    --from 2011-03-20 --to 2011-04-10
first_in=
often="customer in (select customer from e where $purchase and at <= :at group by 1 having count(*) >= 5)"
funnel 'of those who bought five times' funnel-strict "$large_and_more" "9e15" '' "$often" --strict \
    --when 'count(purchase) >= 5'

funnel_against 'begun in winter against begun in summer' funnel "$large_and_more" "45 * $day" \
    "at >= $(ms 2010-12-15) and at < $(ms 2011-02-15)" "at >= $(ms 2011-06-01) and at < $(ms 2011-09-01)" --within 45d \
    --from 2010-12-15 --to 2011-02-15 --against 2011-06-01..2011-09-01
funnel_against 'the same, strict' funnel-strict "$any_three" "45 * $day" \
    "at >= $(ms 2010-12-15) and at < $(ms 2011-02-15)" "at >= $(ms 2011-06-01) and at < $(ms 2011-09-01)" --within 45d \
    --strict --from 2010-12-15 --to 2011-02-15 --against 2011-06-01..2011-09-01

first="select customer, min(day) as day, min(place) as place from e where $purchase group by customer"
cohorts 'cohorts by month' month "$first" "$purchase" --first purchase
amount=e.cents
cohorts 'their money' quarter "$first" "$purchase" --first purchase --value revenue
cumulated=1
cohorts 'their money, cumulated, by week' week "$first" "$purchase" --first purchase --value revenue --cumulated
amount='' cumulated=''
from_day=2011-10-15
cohorts 'what comes behind the first, by day' day "select * from ($first) where day >= '2011-10-15'" \
    "$purchase and e.place > b.place" --first purchase --repeat --from 2011-10-15
from_day=''
large_first="select customer, min(day) as day, min(place) as place from e where $purchase and cents > 50000 group by customer"
cohorts 'of large orders, any order after' month "$large_first" "$purchase and e.place >= b.place" \
    --first 'purchase where revenue > 500' --again purchase
from_day=2011-06-01
cohorts 'who began in summer' month "select * from ($first) where day >= '2011-06-01' and day < '2011-09-01'" \
    "$purchase" --first purchase --from 2011-06-01 --to 2011-09-01
from_day=''

# Who comes back after so long a silence.
back() {
    echo "select customer, day, min(place) as place from (select *, lag(at) over (partition by customer order by place) as before
        from e where $purchase and at <= :at) where at >= before + $1 * $day group by customer"
}
cohorts 'who came back after 90 days' month "$(back 90)" "$purchase and e.place >= b.place" --first purchase --after 90d
amount=e.cents
cohorts 'and what they bought then, by week' week "$(back 45)" "$purchase and e.place > b.place" --first purchase --after 45d \
    --repeat --value revenue
amount=''

between="day >= '%s' and day < '%s'"
# shellcheck disable=SC2059
against 'who began in winter against who did in summer' month \
    "select * from ($first) where $(printf "$between" 2011-01-01 2011-03-01)" \
    "select * from ($first) where $(printf "$between" 2011-05-01 2011-08-01)" "$purchase and e.place > b.place" \
    --first purchase --repeat --from 2011-01-01 --to 2011-03-01 --against 2011-05-01..2011-08-01
large_spender="customer in (select customer from e where $purchase and at <= :at group by 1
    having sum(cents) filter (where datetime(clock, '+1 year') > '2011-12-10 00:00:00') >= 200000)"
many="customer in (select customer from e where $purchase and at <= :at group by 1 having count(*) >= 2)"
against 'who spends much against who buys again' week "select * from ($first) where $large_spender" \
    "select * from ($first) where $many" "$purchase and e.place > b.place" --first purchase --repeat \
    --segment vip --against-segment repeat

paths 'ways through stages' 5 0 "select customer, rowid as place, \"to\" as name from move
    where 1000 * unixepoch(substr(at, 1, 19)) <= :at" --through stage
paths 'ways on from the first at_risk' 4 0 "select m.customer, m.rowid as place,
    case m.rowid when first then 'stage.at_risk' else \"to\" end as name from move m
    join (select customer, min(rowid) as first from move where \"to\" = 'at_risk'
        and 1000 * unixepoch(substr(at, 1, 19)) <= :at group by customer) b
    on b.customer = m.customer and m.rowid >= first
    where 1000 * unixepoch(substr(at, 1, 19)) <= :at" --through stage --after stage.at_risk

for method in interpolated quintiles ranks; do
    rfm "RFM $method, to the moment" $method 0 '' --method $method
    rfm "RFM $method, in days" $method 1 '' --method $method --days
done
rfm 'RFM with own limits' limits 1 \
    "('recency', 14), ('recency', 33), ('recency', 72), ('recency', 180), ('frequency', 2), ('frequency', 3),
    ('frequency', 5), ('frequency', 10), ('monetary', 5000), ('monetary', 10000), ('monetary', 25000),
    ('monetary', 100000)" --recency 14,33,72,180 --frequency 2,3,5,10 --monetary 50,100,250,1000

for method in interpolated quintiles ranks; do
    rfm_moves "who moved between the groups since summer, $method" $method 2011-07-01
done
rfm_moves 'who moved in a month' interpolated 2011-11-10

spent="sum(cents) filter (where datetime(clock, '+1 year') > datetime(:at_day))"
for at in 2011-10-01 2011-12-10; do
    segment "vip on $at" "$spent >= 200000" vip
    segment "one_time on $at" 'count(*) = 1' one_time
    segment "repeat on $at" 'count(*) >= 2' repeat
    segment "new_buyers on $at" "min(at) + 30 * $day > :at" new_buyers
    segment "big_basket on $at" "max(cents) filter (where datetime(clock, '+1 year') > datetime(:at_day)) >= 50000" big_basket
    segment "a rule of two windows on $at" "count(*) filter (where at + 90 * $day > :at) >= 3
        and max(at) + 14 * $day <= :at" --when 'count(purchase, 90d) >= 3 and since(purchase) >= 14d'
done

flow 'stages by month' month 2011-12-31
flow 'stages by week' week 2011-12-11

# Figures that others published for this snapshot.
t_ok 'scores by place: 117 cells, 348 customers in 555, 185 in 111; the cuts between values' \
    python3 - "$CICLO" "$file" <<'PY'
import json, subprocess, sys
def ask(*words):
    return json.loads(subprocess.run([sys.argv[1], 'rfm', sys.argv[2], '--event', 'purchase', '--value', 'revenue',
                                      '--at', '2011-12-10', '--days', '--json', *words],
                                     check=True, capture_output=True).stdout)
ranks = ask('--method', 'ranks', '--customers', 'all')
cells = {(c['recency'], c['frequency'], c['monetary']): c['customers'] for c in ranks['cells']}
assert (len(cells), cells[5, 5, 5], cells[1, 1, 1]) == (117, 348, 185), cells
people = {c['id']: (c['days'], c['events'], c['value']) for c in ranks['customers']}
assert len(people) == 4338
assert people['12346'] == (326, 1, 77183.60) and people['12347'] == (3, 7, 4310.00), people['12347']
assert people['12348'] == (76, 4, 1797.24) and people['18287'] == (43, 3, 1837.28)
days, times = [p[0] for p in people.values()], [p[1] for p in people.values()]
assert (min(days), max(days), sum(days)) == (1, 374, 403692)
assert (min(times), max(times), sum(times), times.count(1), sum(n > 1 for n in times)) == (1, 209, 18532, 1493, 2845)
assert sum(round(p[2] * 100) for p in people.values()) == 891140790
assert (min(p[2] for p in people.values()), max(p[2] for p in people.values())) == (3.75, 280206.02)
cuts = ask('--method', 'interpolated')['cuts']
assert cuts['recency'] == [180, 72, 33, 13.8], cuts
assert cuts['frequency'] == [1, 2, 3, 6], cuts
assert cuts['monetary'] == [250.194, 490.096, 942.276, 2058.426], cuts
PY
t_done
