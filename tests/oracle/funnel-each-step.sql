-- A funnel as in funnel.sql, but :within counts from the step before.

-- Whatever can be a step of some way.
create temp table held as
with recursive held(customer, step, place, at) as (
    select customer, step, place, at from fits where step = 1
    union
    select f.customer, f.step, f.place, f.at
    from held h join fits f on f.customer = h.customer and f.step = h.step + 1
        and f.place > h.place and f.at <= h.at + :within)
select * from held;
create index temp.held_by on held(customer, step, place);

create temp table way as
with recursive
    far as (select customer, max(step) as step from held group by customer),
    way(customer, step, place, at) as (
        select customer, step, min(place), at from far join held using (customer, step)
        group by customer
        union all
        select h.customer, h.step, h.place, h.at
        from way w join held h on h.customer = w.customer and h.step = w.step - 1
            and h.place = (select max(place) from held b where b.customer = w.customer
                and b.step = w.step - 1 and b.place < w.place and b.at >= w.at - :within))
select * from way;
