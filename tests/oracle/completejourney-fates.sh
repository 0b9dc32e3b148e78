#!/bin/sh
# What becomes of a grocer's customers equals what SQLite's shell computes from the exported events,
# cell by cell.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/support/serve.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/tests/oracle/fates.sh"
. "$ROOT/tests/oracle/grocer.sh"
t_ok 'the grocer is imported, and exported' the_grocer
t_ok 'lives are made of it' lives

# Until the first event behind the beginning a, in the order of the timeline.
until_then() { # BEGINS CONDITION GROUP
    echo "with a as ($1), b as (select a.customer, min(e.place) as place from e join a using (customer)
            where e.place > a.place and e.at <= :at and e.$2 group by a.customer)
        select a.customer, $3 as grp, coalesce(e.at, :at) - a.at as ms, e.at is not null as ended
        from a left join b on b.customer = a.customer left join e on e.customer = a.customer and e.place = b.place"
}
first_of() {
    echo "select customer, min(place) as place, at, \"properties.kind\" as kind from e where type = '$1' and at <= :at group by customer"
}
survival 'until a coupon is redeemed, by kind of mailing' 20 "$(until_then "$(first_of mailed)" "type = 'redemption'" kind)" \
    --first mailed --end redemption --by kind
survival 'until they buy again' 5 "$(until_then "$(first_of purchase)" "type = 'purchase'" null)" --first purchase --end purchase
survival 'of spenders at their first redemption, and of others' 7 "$(until_then "$(first_of redemption)" "type = 'redemption'" \
    "case when exists (select 1 from membership m where m.segment = 'spenders' and m.customer = a.customer
        and since <= a.at and until > a.at) then 'yes' else 'no' end")" \
    --first redemption --end redemption --by segment.spenders

amount=1
churn 'who buys again, by month' month "$(by_events "type = 'purchase'")" --active purchase --value revenue
amount='' from_day=2017-03-08
churn 'who buys or redeems, by week' week "$(by_events "type in ('purchase', 'redemption')")" --active 'purchase, redemption' --from 2017-03-08
churn 'who is a buyer, by day' day "$(by_stages "'buyer'")" --active stage.buyer --from 2017-03-08
from_day=''
churn 'who is not asleep' quarter "$(by_stages "'buyer', 'reach'")" --active 'not stage.asleep'

v_stages='reach buyer asleep'
v_ways="('reach', 'buyer'), ('reach', 'asleep'), ('buyer', 'asleep')"
conversion 'who goes on, so far' '' '' ''
conversion 'who goes on, of a quarter' 2017-04-01 2017-07-01 ''
conversion 'who goes on within 45 days' 2017-03-12 2017-09-01 45
conversion_against 'two quarters beside one another' 2017-04-01 2017-07-01 2017-01-01 2017-04-01 60

goals="select 'target' as what, 'reach' as stage, 'buyer' as target, 14 as days, 0 as months
    union all values ('target', 'buyer', 'asleep', 0, 3), ('target', 'buyer', 'reach', 0, 3), ('on', 'reach', 'buyer', 20, 0),
        ('on', 'buyer', 'asleep', 20, 0), ('lost', 'reach', 'asleep', 0, 4), ('lost', 'buyer', 'asleep', 0, 4),
        ('back', 'asleep', 'buyer', 30, 0)"
k_period="''"
kpis 'KPIs of all time' 2018-01-01 "select '' as period, -9e15 as since, $(ms 2018-01-01) + 1 as until" "$goals" --at 2018-01-01
k_period=period
kpis 'KPIs by quarter' 2018-01-10 "values ('2016-Q4', $(ms 2016-10-01), $(ms 2017-01-01)),
    ('2017-Q1', $(ms 2017-01-01), $(ms 2017-04-01)), ('2017-Q2', $(ms 2017-04-01), $(ms 2017-07-01)),
    ('2017-Q3', $(ms 2017-07-01), $(ms 2017-10-01)), ('2017-Q4', $(ms 2017-10-01), $(ms 2018-01-01))" "$goals" --by quarter --clock 2018-01-10T05:00:00Z

shop=$file
serve
for at in 2017-06-15 2018-01-01; do
    segments "who is in segments on $at, who came and went" 2017-03-01
    overlap "three segments on $at" spenders repeat at_risk
    overlap "groups of buyers on $at" first_time repeat frequent at_risk lapsed
done
periods 'segments by month' month 2017-01-01 2017-12-10 2017-12-31
periods 'segments by week' week 2017-03-08 2017-11-06 2017-11-12
t_done
