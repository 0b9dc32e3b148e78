-- What channels cost, whom they reach and win, and what comes of it: table touch(customer, place, at, source)
-- has the touches, wanted(customer, place, at, cents) what is counted, winning(customer, place, at) what may
-- win somebody, cost(day, source, cents) what it cost; from :from on and before :until. :which says to
-- which touch a thing is owed: the first of the life or the last one up to it.
create temp table won as
select customer, min(place) as place from winning group by customer;
create temp table owed as
with thing as (
        select 'won' as what, customer, place, at, 0 as cents from won join winning using (customer, place)
        union all select 'events', customer, place, at, cents from wanted)
select what, t.customer, cents, coalesce((select source from touch u where u.customer = t.customer and u.place <= t.place
    order by case :which when 'first' then u.place else -u.place end limit 1), '(none)') as source
from thing t where t.at >= :from and t.at < :until and t.at <= :at;
with spent as (
        select source, sum(cents) as spend from cost
        where 1000 * unixepoch(day, 'utc') >= :from and 1000 * unixepoch(day, 'utc') < :until
            and 1000 * unixepoch(day, 'utc') <= :at group by source),
    reached as (
        select source, count(distinct customer) as reached from touch
        where at >= :from and at < :until group by source),
    got as (
        select source, sum(what = 'won') as won, sum(what = 'events') as events, sum(cents) as cents
        from owed group by source),
    source as (select source from spent union select source from reached union select source from got union select '(none)')
select source, printf('%.2f', coalesce(spend, 0) / 100.0), coalesce(reached, 0), coalesce(won, 0),
    iif(won, printf('%.2f', round(1.0 * coalesce(spend, 0) / won) / 100.0), ''), coalesce(events, 0),
    printf('%.2f', coalesce(cents, 0) / 100.0), iif(spend, printf('%.6f', 1.0 * coalesce(cents, 0) / spend), '')
from source left join spent using (source) left join reached using (source) left join got using (source);
