-- Cohorts of two sides: table sides(side, customer, day) says who begins when, on which side;
-- table comes(side, customer, day) what comes again. For each number of periods: of those whose
-- period so much later is over (the last one, in which :at lies, is not), for how many something came in it.
create temp table pair as
with began as (select side, customer, i from sides join calendar using (day)),
    last as (select max(i) as i from calendar),
    number as (select distinct c.i - b.i as number from began b join calendar c on c.i >= b.i
        join last on c.i < last.i),
    seen as (select side, number, customer, began.i + number as period
        from began join number join last on began.i + number < last.i),
    came as (select distinct side, customer, i as period from comes join calendar using (day)),
    side as (select side, number, count(came.customer) as hits, count(*) as n
        from seen left join came using (side, customer, period) group by side, number)
select number as name, coalesce(sum(hits) filter (where side = 1), 0) as hits1, coalesce(sum(n) filter (where side = 1), 0) as n1,
    coalesce(sum(hits) filter (where side = 2), 0) as hits2, coalesce(sum(n) filter (where side = 2), 0) as n2
from side group by number;
