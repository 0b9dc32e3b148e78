#!/bin/sh
# Every report on a year of a grocer's baskets, mailings and redeemed coupons equals what SQLite's
# shell computes from the exported events, cell by cell.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/tests/oracle/grocer.sh"
everybody='true' tab=$(printf '\t')

t_ok 'the grocer is imported, and exported' the_grocer

purchase="type = 'purchase'"
redeemed="redemption${tab}type = 'redemption'"
mailed="mailed${tab}type = 'mailed'"
bought="purchase$tab$purchase"
campaign="$mailed
$redeemed
$bought"
baskets="$bought
purchase where revenue >= 5$tab$purchase and cents >= 500
$bought"
kind='"properties.kind"'
income="(select p.\"traits.income\" from e p where p.customer = e.customer and p.\"traits.income\" <> '' and p.at <= :at
    order by p.place desc limit 1)"

funnel 'mailed, redeemed, bought' funnel "$campaign" "9e15" '' "$everybody"
funnel 'within 20 days, by kind of campaign' funnel "$campaign" "20 * $day" "$kind" "$everybody" --within 20d --by kind
funnel 'within 7 days of the step before, by income' funnel-each-step "$campaign" "7 * $day" "$income" "$everybody" \
    --within 7d --each-step --by trait.income
funnel 'strict, by income' funnel-strict "$baskets" "30 * $day" "$income" "$everybody" --within 30d --strict \
    --by trait.income
funnel 'strict past what was sent' funnel-strict "$mailed
$bought
$redeemed" "9e15" '' "$everybody" --strict
first_in="at >= $(ms 2017-03-12) and at < $(ms 2017-03-13)"
funnel 'begun on the day whose clock jumps' funnel "$baskets" "14 * $day" '' "$everybody" --within 14d \
    --from 2017-03-12 --to 2017-03-13
first_in=
spenders="customer in (select customer from e where at <= :at group by 1
    having sum(cents) filter (where $purchase and at + 90 * $day > :at) >= 5000)"
funnel 'of a segment' funnel "$campaign" "60 * $day" '' "$spenders" --within 60d --segment spenders

funnel_against 'mailed in spring against mailed in autumn' funnel "$campaign" "20 * $day" \
    "at >= $(ms 2017-03-01) and at < $(ms 2017-06-01)" "at >= $(ms 2017-08-01) and at < $(ms 2017-11-01)" --within 20d \
    --from 2017-03-01 --to 2017-06-01 --against 2017-08-01..2017-11-01

first="select customer, min(day) as day, min(place) as place from e where $purchase group by customer"
mailed_first="select customer, min(day) as day, min(place) as place from e where type = 'mailed' group by customer"
cohorts 'cohorts by month' month "$first" "$purchase and e.place >= b.place" --first purchase
amount=e.cents
cohorts 'what comes behind the first, by week' week "$first" "$purchase and e.place > b.place" --first purchase --repeat \
    --value revenue
cumulated=1
cohorts 'bought since the first mailing, cumulated' quarter "$mailed_first" "$purchase and e.place >= b.place" \
    --first mailed --again purchase --value revenue --cumulated
amount='' cumulated=''
from_day=2017-03-05
cohorts 'redeemed since the first mailing, by day' day "select * from ($mailed_first)
    where day >= '2017-03-05' and day < '2017-04-01'" "e.type = 'redemption' and e.place >= b.place" \
    --first mailed --again redemption --from 2017-03-05 --to 2017-04-01
from_day=''

sqlite3 "$T/rows.db" ".read $sql/stays.sql"
cohorts 'who came back after 20 days' month "select customer, day, min(place) as place from (
        select *, lag(at) over (partition by customer order by place) as before from e where $purchase and at <= :at)
    where at >= before + 20 * $day group by customer" "$purchase and e.place >= b.place" --first purchase --after 20d
cohorts 'baskets since they joined' month "select customer, date(unixepoch(\"traits.joined\"), 'unixepoch', 'localtime') as day,
    1000 * unixepoch(\"traits.joined\") as at from e where \"traits.joined\" <> '' and 1000 * unixepoch(\"traits.joined\") <= :at
    and unixepoch(\"traits.joined\") >= unixepoch('2017-01-01', 'utc')" \
    "$purchase and e.at >= b.at" --first trait.joined --again purchase --from 2017-01-01
cohorts 'coupons after they fell asleep, by week' week "select customer, date(min(since) / 1000, 'unixepoch', 'localtime') as day,
    min(since) as at from stay where stage = 'asleep' and since <= :at group by customer" \
    "e.type = 'redemption' and e.at > b.at" --first stage.asleep --again redemption

mailed_in_spring="select * from ($mailed_first) where day < '2017-05-01'"
mailed_later="select * from ($mailed_first) where day >= '2017-05-01' and day < '2017-09-01'"
against 'redeemed after mailings of spring and of later' month "$mailed_in_spring" "$mailed_later" \
    "e.type = 'redemption' and e.place >= b.place" --first mailed --again redemption --to 2017-05-01 \
    --against 2017-05-01..2017-09-01

paths 'ways through events' 5 0 "select customer, place, type as name from e where is_any and at <= :at"
paths 'collapsed, from the first redeemed coupon' 4 1 "select e.customer, place, type as name from e join
    (select customer, min(place) as first from e where type = 'redemption' group by 1) b
    on b.customer = e.customer and place >= first where is_any and at <= :at" --after redemption --collapse

whole=1
paths 'whole ways through events' 6 0 "select customer, place, type as name from e where is_any and at <= :at" --whole
whole=''

rfm_moves 'who moved between the groups since summer' quintiles 2017-07-01

for method in interpolated quintiles ranks; do
    rfm "RFM $method, to the moment" $method 0 '' --method $method
    rfm "RFM $method, in days" $method 1 '' --method $method --days
done

for at in 2017-03-12 2017-11-06; do
    segment "spenders on $at" "sum(cents) filter (where $purchase and at + 90 * $day > :at) >= 5000" spenders
    segment "mailed, and never redeemed, on $at" "sum(type = 'mailed') > 0 and sum(type = 'redemption') = 0" \
        --when 'exists(mailed) and not exists(redemption)'
    segment "the same day of two months before on $at" \
        "count(*) filter (where $purchase and datetime(clock, '+2 months') > datetime(:at_day)) >= 3" \
        --when 'count(purchase, 2mo) >= 3'
done
at=2018-01-01
flow 'stages by month' month 2018-01-31
flow 'stages by week' week 2018-01-07
t_done
