-- A funnel whose steps follow one another with nothing between; :within counts from the first
-- step. Besides table fits, table seen(customer, place) has the events that stand in the way.
create temp table line as
select customer, place, row_number() over (partition by customer order by place) as i from seen;
create index temp.line_by on line(customer, place);

create temp table forth as
with recursive forth(customer, first, step, place, at, i, latest) as (
    select customer, place, 1, place, at, i, at + :within
    from fits join line using (customer, place) where step = 1
    union all
    select f.customer, w.first, f.step, f.place, f.at, w.i + 1, w.latest
    from forth w join fits f on f.customer = w.customer and f.step = w.step + 1
        join line n on n.customer = f.customer and n.place = f.place and n.i = w.i + 1
    where f.at <= w.latest)
select * from forth;
create index temp.forth_by on forth(customer, step, place);

create temp table way as
with far as (select customer, max(step) as step from forth group by customer),
    shown as (select customer, step, first, min(place) from far join forth using (customer, step)
        group by customer)
select forth.customer, forth.step, forth.place, forth.at
from shown join forth using (customer, first);
