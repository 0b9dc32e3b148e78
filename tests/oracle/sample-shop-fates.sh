#!/bin/sh
# What becomes of the sample shop's customers equals what SQLite's shell computes from the exported
# events, cell by cell.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/oracle/oracle.sh"
. "$ROOT/tests/oracle/fates.sh"
. "$ROOT/tests/support/serve.sh"
. "$ROOT/data/online_retail/import.sh"
export TZ=Europe/London
file=$T/shop.ciclo at=2011-12-10 moves_until=2012-01-31
day=86400000
the_shop() {
    "$CICLO" init "$file" --model "$sql/shop.yaml" &&
        sample_import "$CICLO" "$file" "$ROOT/data/online_retail/online_retail.csv.xz" \
            --property 'cost:money=sum(Quantity)' --property 'lines:number=count(StockCode)' && load
}
t_ok 'the sample shop is imported, and exported' the_shop

t_ok 'lives are made of it' lives

# How long it lasts from the first purchase to the second, :at in the place of what has not come;
# the group is what is said of the first, a.
again() {
    echo "select a.customer, $1 as grp, coalesce(b.at, :at) - a.at as ms, b.at is not null as ended
        from buy a left join buy b on b.customer = a.customer and b.n = 2 and b.at <= :at where a.n = 1 and a.at <= :at"
}
survival 'until they buy again' 30 "$(again null)" --first purchase --end purchase
survival 'of large and of small beginnings' 7 "$(again "case when (select max(cents) from buy b
    where b.customer = a.customer and b.at = a.at) >= 50000 then 'yes' else 'no' end")" \
    --first purchase --end purchase --by segment.big
country="(select p.\"traits.country\" from e p where p.customer = a.customer and p.at <= :at order by p.place desc limit 1)"
survival 'of three countries' 15 "select * from ($(again "$country")) where grp in ('Germany', 'France', 'United Kingdom')" \
    --first purchase --end purchase --by trait.country --when 'trait.country in ("Germany", "France", "United Kingdom")'
survival 'from the first day of quiet until they are back' 10 "with begun as (
        select customer, min(since) as at from stay where stage = 'quiet' and since <= :at group by customer),
    back as (select customer, min(since) as back from stay join begun using (customer)
        where stage = 'regular' and since > at and since <= :at group by customer)
    select customer, null as grp, coalesce(back, :at) - at as ms, back is not null as ended
    from begun left join back using (customer)" --first stage.quiet --end stage.regular

amount=1
churn 'who buys again, by month' month "$(by_events "type = 'purchase'")" --active purchase --value revenue
amount='' from_day=2011-03-16
churn 'who buys again, by week' week "$(by_events "type = 'purchase'")" --active purchase --from 2011-03-16
churn 'who stays in two stages' month "$(by_stages "'conversion', 'regular'")" --active 'stage.conversion, stage.regular' --from 2011-03-16
from_day=''
churn 'who is not gone' quarter "$(by_stages "'conversion', 'regular', 'quiet'")" --active 'not stage.gone'

v_stages='conversion regular quiet gone'
v_ways="('conversion', 'regular'), ('conversion', 'quiet'), ('conversion', 'gone'), ('regular', 'quiet'), ('regular', 'gone')"
conversion 'who goes on, so far' '' '' ''
conversion 'who goes on, of a quarter' 2011-04-01 2011-07-01 ''
conversion 'who goes on within 45 days' 2011-03-16 2011-09-01 45
conversion_against 'two quarters beside one another' 2011-04-01 2011-07-01 2011-01-01 2011-04-01 60

goals="select 'target' as what, 'conversion' as stage, 'regular' as target, 60 as days, 0 as months
    union all values ('target', 'regular', 'quiet', 0, 3), ('target', 'regular', 'gone', 0, 3),
        ('on', 'conversion', 'regular', 75, 0), ('on', 'regular', 'quiet', 75, 0), ('lost', 'conversion', 'quiet', 0, 4),
        ('lost', 'regular', 'quiet', 0, 4), ('back', 'quiet', 'regular', 30, 0)"
k_period="''"
kpis 'KPIs of all time' 2011-12-10 "select '' as period, -9e15 as since, $(ms 2011-12-10) + 1 as until" "$goals" --at 2011-12-10
kpis 'KPIs from a day on' 2011-10-01 "select '' as period, $(ms 2011-06-15) as since, $(ms 2011-10-01) + 1 as until" "$goals" \
    --from 2011-06-15 --at 2011-10-01
k_period=period
kpis 'KPIs by month' 2012-01-20 "select strftime('%Y-%m', datetime(since / 1000, 'unixepoch', 'localtime')) as period, since, until
    from (select since, lead(since, 1) over (order by since) as until from (select 1000 * unixepoch(value || '-01', 'utc') as since
        from json_each('[\"2010-12\", \"2011-01\", \"2011-02\", \"2011-03\", \"2011-04\", \"2011-05\", \"2011-06\",
            \"2011-07\", \"2011-08\", \"2011-09\", \"2011-10\", \"2011-11\", \"2011-12\", \"2012-01\"]'))) where until is not null" \
    "$goals" --by month --clock 2012-01-20

shop=$file
serve
for at in 2011-06-15 2011-12-10; do
    segments "who is in segments on $at, who came and went" 2011-03-01
    overlap "three segments on $at" vip repeat at_risk
    overlap "groups of buyers on $at" first_time repeat frequent at_risk lapsed
done
periods 'segments by month' month 2011-01-01 2011-12-10 2011-12-31
periods 'segments by week' week 2011-03-09 2011-09-05 2011-09-11
t_done
