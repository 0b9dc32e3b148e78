#!/bin/sh
# How the sample shop's customers were reached, what came of it and where they were lost equals what
# SQLite's shell computes from the exported events, cell by cell. The visits are made up of the orders.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/tests/oracle/touches.sh"
. "$ROOT/data/online_retail/import.sh"
export TZ=Europe/London
file=$T/shop.ciclo at=2011-12-10 moves_until=2012-01-31
day=86400000
the_shop() {
    "$CICLO" init "$file" --model "$sql/shop.yaml" &&
        sample_import "$CICLO" "$file" "$ROOT/data/online_retail/online_retail.csv.xz" && load &&
        sqlite3 "$T/rows.db" ".read $sql/visits.sql" >"$T/visits.jsonl" && "$CICLO" import "$file" "$T/visits.jsonl" &&
        rm "$T/rows.db" && load &&
        sqlite3 "$T/rows.db" ".read $sql/touches.sql" ".read $sql/stays.sql"
}
t_ok 'the sample shop and its visits are imported, and exported' the_shop

attribution 'six models' channel
attribution 'six models by campaign' "channel || iif(campaign = '', '', ',' || campaign)" --by campaign
# (With ten days two remainders would be equal but for the last of 10^18 parts, which are not counted here.)
lookback=12 without="'email', 'display'" since=2011-03-01 until=2011-09-01
attribution 'no further back than twelve days, without two channels, of half a year' channel --lookback 12d \
    --without 'email, display' --from 2011-03-01 --to 2011-09-01
lookback='' without='' since='' until=''
position='10, 0, 90' half_life=1
attribution 'other shares, by campaign' "channel || iif(campaign = '', '', ',' || campaign)" --by campaign \
    --position 10,0,90 --half-life 1d
position='' half_life=''

# A day's costs of each channel, some by campaign, one of a channel that no event knows.
sqlite3 -csv -header :memory: "with recursive d(day) as (select '2010-12-01' union all select date(day, '+1 day') from d where day < '2012-01-10')
    select day as date, c.value as channel, m.value as campaign, printf('%.2f', (julianday(day) * 7 + c.key * 11 + m.key * 5) % 97 / 4) as amount,
        'GBP' as currency from d, json_each('[\"email\", \"paid search\", \"organic social\", \"affiliates\", \"display\", \"tv\"]') c,
        json_each('[\"\", \"spring\", \"summer\"]') m" >"$T/costs.csv"
t_ok 'what channels cost is told' "$CICLO" spend import "$file" "$T/costs.csv"
channels 'channels' channel first '' --event purchase --value revenue
since=2011-03-01 until=2011-09-01
channels 'channels of half a year, by their last touch' channel last '' --event purchase --value revenue --touch last \
    --from 2011-03-01 --to 2011-09-01
channels 'campaigns, won by a purchase' campaign first "type = 'purchase'" --by campaign --won purchase --event purchase --value revenue \
    --from 2011-03-01 --to 2011-09-01
channels 'campaigns, the last touch before they won' campaign last "type = 'purchase'" --by campaign --won purchase --event purchase \
    --value revenue --touch last --from 2011-03-01 --to 2011-09-01
since='' until=''

no_answer='select 0 as customer, 0 as place, 0 as at, 0 as score where false'
worse="with stage(name, i) as (values ('conversion', 1), ('regular', 2), ('quiet', 3), ('gone', 4))
    select a.name as stage, b.name as target from stage a, stage b where b.i < a.i or b.name = 'gone'"
journey 'a map of what they do, and how content they are' \
    "select customer, place, at, type as name from e where type in ('visit', 'purchase') and at <= :at" \
    "select customer, place, at, cast(\"properties.score\" as real) as score from e where type = 'survey_answered' and at <= :at" \
    "$worse" 30 --score survey_answered.score
journey 'a map of channels, of a time' "select customer, place, at, channel as name from came where at <= :at
    and at >= $(ms 2011-04-01) and at < $(ms 2011-08-01)" "$no_answer" "select 'conversion' as stage, 'quiet' as target union
    values ('regular', 'quiet'), ('quiet', 'gone')" 45 --through channel --worse quiet,gone --from 2011-04-01 --to 2011-08-01
journey 'a map of the days of the week' "select customer, place, at, (strftime('%w', day) + 6) % 7 + 1 as name from e where is_any and at <= :at" \
    "$no_answer" "select a.stage, b.column1 as target from (select distinct stage from stay) a, (values ('quiet'), ('gone')) b" 60 \
    --through weekday --worse quiet,gone

any="select customer, place, at, type as name from e where is_any and at <= :at"
purchases="select customer, place, at from e where type = 'purchase' and at <= :at"
paths 'ways of a visit' 4 0 "select customer, place, name, sum(begins) over (partition by customer order by place) as way
    from (select *, at - lag(at, 1, at) over (partition by customer order by place) > 3 * $day as begins from ($any))" --gap 3d
backwards=1
paths 'what leads to the first purchase' 3 0 "select a.customer, -a.place as place, name from ($any) a
    join (select customer, min(place) as first from ($purchases) group by customer) b
    on b.customer = a.customer and a.place <= b.first" --before purchase
# Purchases that follow one another with no touch between are one.
alone="select customer, place, at from (select *, lag(channel) over (partition by customer order by place) as before from (
        select customer, place, at, '' as channel from ($purchases) union all select customer, place, at, channel from came))
    where channel = '' and before is not ''"
paths 'channels before each purchase, in a week, collapsed' 4 1 "select customer, place as way, -place as place, 'purchase' as name from ($alone)
    union all select p.customer, p.place as way, -c.place, c.channel from ($alone) p join came c
        on c.customer = p.customer and c.place < p.place and c.at + 7 * $day >= p.at" \
    --through channel --before purchase --collapse --each --within 7d
backwards=''
paths 'through events and channels' 5 1 "select c.customer, c.place, type || ' / ' || channel as name from came c
    join e using (customer, place) where c.at <= :at" --through event,channel --collapse
paths 'what comes after each purchase of two months, in ten days' 3 0 "select p.customer, p.place as way, a.place, a.name
    from ($purchases) p join ($any) a on a.customer = p.customer and a.place >= p.place and a.at <= p.at + 10 * $day
    where p.at >= $(ms 2011-09-01) and p.at < $(ms 2011-11-01)" --after purchase --each --within 10d --from 2011-09-01 --to 2011-11-01
backwards='' whole=1
paths 'whole ways of four' 4 0 "$any" --whole
paths 'whole ways of channels, collapsed' 3 1 "select c.customer, c.place, channel as name from came c where c.at <= :at" \
    --through channel --collapse --whole
backwards=1
paths 'whole ways to the third event before a purchase of autumn' 3 0 "select p.customer, p.place as way, -a.place as place, a.name
    from ($purchases) p join ($any) a on a.customer = p.customer and a.place <= p.place
    where p.at >= $(ms 2011-09-01) and p.at < $(ms 2011-11-01)" --before purchase --each --whole --from 2011-09-01 --to 2011-11-01
backwards='' whole=''

# Who began when a trait says, or when he came into a stage.
told="select customer, date(unixepoch(joined), 'unixepoch', 'localtime') as day, 1000 * unixepoch(joined) as at from (
    select distinct customer, first_value(\"traits.joined\") over (partition by customer order by place desc) as joined
    from e where \"traits.joined\" <> '' and at <= :at) where 1000 * unixepoch(joined) <= :at
    and unixepoch(joined) >= unixepoch('2010-12-01', 'utc')"
from_day=2010-12-01
cohorts 'orders since they joined' month "$told" "e.type = 'purchase' and e.at >= b.at" --first trait.joined --again purchase \
    --from 2010-12-01
amount=e.cents cumulated=1
cohorts 'their money, cumulated' quarter "$told" "e.type = 'purchase' and e.at >= b.at" --first trait.joined --again purchase \
    --value revenue --cumulated --from 2010-12-01
from_day='' amount='' cumulated=''
entered="select customer, date(min(since) / 1000, 'unixepoch', 'localtime') as day, min(since) as at from stay
    where stage in ('quiet', 'gone') and since <= :at group by customer"
cohorts 'orders after they fell quiet' month "$entered" "e.type = 'purchase' and e.at > b.at" --first stage.quiet,stage.gone --again purchase
cohorts 'visits after they became regular, by week' week "select customer, date(min(since) / 1000, 'unixepoch', 'localtime') as day,
    min(since) as at from stay where stage = 'regular' and since <= :at group by customer" \
    "e.type = 'visit' and e.at > b.at" --first stage.regular --again visit
t_done
