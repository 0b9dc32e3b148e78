-- A funnel whose steps may have anything between them; :within counts from the first step.
-- Table fits(step, customer, place, at) says which events fit which step. Table way gets, of
-- every customer, the events of his longest way: of those, the one that ends first, and of
-- those the one whose events are as late as they can be.

-- From each first step, each next one as early as it comes: no other choice gets further.
create temp table forth as
with recursive forth(customer, step, place, at, latest) as (
    select customer, 1, place, at, at + :within from fits where step = 1
    union all
    select f.customer, f.step, f.place, f.at, w.latest
    from forth w join fits f on f.customer = w.customer and f.step = w.step + 1
        and f.place = (select min(n.place) from fits n where n.customer = w.customer
            and n.step = w.step + 1 and n.place > w.place)
    where f.at <= w.latest)
select * from forth;
create index temp.forth_by on forth(customer, step, place);

-- From the end, each step before as late as there is one: the way that is shown.
create temp table way as
with recursive
    far as (select customer, max(step) as step from forth group by customer),
    way(customer, step, place) as (
        select customer, step, min(place) from far join forth using (customer, step)
        group by customer
        union all
        select customer, step - 1, (select max(f.place) from fits f
            where f.customer = w.customer and f.step = w.step - 1 and f.place < w.place)
        from way w where step > 1)
select customer, step, place, at from way join e using (customer, place);
