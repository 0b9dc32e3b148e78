#!/bin/sh
# How a grocer's customers were reached, what came of it and where they were lost equals what SQLite's
# shell computes from the exported events, cell by cell.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/tests/oracle/touches.sh"
. "$ROOT/tests/oracle/grocer.sh"
t_ok 'the grocer is imported, and exported' the_grocer
sqlite3 "$T/rows.db" ".read $sql/touches.sql" ".read $sql/stays.sql"

attribution 'baskets' channel
conversion=redemption
attribution 'coupons, each of which is a touch itself' channel
attribution 'coupons by campaign' "channel || ',' || campaign" --by campaign
conversion='' lookback=20 since=2017-03-12 until=2017-10-01 position='30, 40, 30' half_life=3
attribution 'baskets of a summer, no further back than 20 days, by campaign' "channel || ',' || campaign" --by campaign \
    --lookback 20d --from 2017-03-12 --to 2017-10-01 --position 30,40,30 --half-life 3d
lookback='' since='' until='' position='' half_life=''

# What each campaign cost, a week long.
sqlite3 -csv -header :memory: ".import --csv $data/campaign_descriptions.csv c" "select date(start_date, '+' || value || ' days') as date,
    case campaign_type when 'Type A' then 'email' when 'Type B' then 'sms' else 'display' end as channel, campaign_id as campaign,
    printf('%.2f', campaign_id * 3.25 + value) as amount, 'USD' as currency from c, generate_series(0, 6)" >"$T/costs.csv"
t_ok 'what campaigns cost is told' "$CICLO" spend import "$file" "$T/costs.csv"
channels 'channels' channel first '' --event purchase --value revenue
since=2017-03-12 until=2017-11-05
channels 'campaigns between two changes of the clock, by their last touch' campaign last "type = 'redemption'" --by campaign --touch last \
    --won redemption --event purchase --value revenue --from 2017-03-12 --to 2017-11-05
since='' until=''

no_answer='select 0 as customer, 0 as place, 0 as at, 0 as score where false'
journey 'a map of what they do' "select customer, place, at, type as name from e where is_any and at <= :at" "$no_answer" \
    "values ('buyer', 'reach'), ('asleep', 'reach'), ('asleep', 'buyer')" 30
journey 'a map of channels, lost where they fall asleep' "select customer, place, at, channel as name from came join e using (customer, place, at)
    where at <= :at" "$no_answer" "values ('buyer', 'asleep'), ('reach', 'asleep')" 20 --through channel --events 'mailed, redemption' --worse asleep

any="select customer, place, at, type as name from e where is_any and at <= :at"
paths 'ways of a visit' 4 0 "select customer, place, name, sum(begins) over (partition by customer order by place) as way
    from (select *, at - lag(at, 1, at) over (partition by customer order by place) > 2 * $day as begins from ($any))" --gap 2d
backwards=1
paths 'what leads to the first coupon' 5 0 "select a.customer, -a.place as place, name from ($any) a
    join (select customer, min(place) as first from e where type = 'redemption' and at <= :at group by customer) b
    on b.customer = a.customer and a.place <= b.first" --before redemption
backwards=''
t_done
