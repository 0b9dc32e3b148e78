-- Cohorts of two sides: table sides(side, customer, day) says who begins when, on which side;
-- table comes(side, customer, day) what comes again. For each number of periods: of those whose
-- period so much later is over (the last one, in which :at lies, is not), for how many something came in it. The
-- difference of the shares lies between Newcombe's bounds, which are made of Wilson's.
with began as (select side, customer, i from sides join calendar using (day)),
    last as (select max(i) as i from calendar),
    number as (select distinct c.i - b.i as number from began b join calendar c on c.i >= b.i
        join last on c.i < last.i),
    seen as (select side, number, customer, began.i + number as period
        from began join number join last on began.i + number < last.i),
    came as (select distinct side, customer, i as period from comes join calendar using (day)),
    side as (select side, number, count(came.customer) as hits, count(*) as n
        from seen left join came using (side, customer, period) group by side, number),
    wilson as (select *, 1.0 * hits / n as p, 1.959963984540054 as z from side),
    bound as (select *, (p + z * z / 2 / n) / (1 + z * z / n) as middle,
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n) as width from wilson),
    bounds as (select side, number, hits, n, p,
        case hits when 0 then 0 else middle - width end as l,
        case hits when n then 1 else middle + width end as u from bound)
select number, coalesce(a.hits, 0), coalesce(a.n, 0), coalesce(b.hits, 0), coalesce(b.n, 0),
    printf('%.6f', a.p - b.p),
    printf('%.6f', a.p - b.p - sqrt((a.p - a.l) * (a.p - a.l) + (b.u - b.p) * (b.u - b.p))),
    printf('%.6f', a.p - b.p + sqrt((a.u - a.p) * (a.u - a.p) + (b.p - b.l) * (b.p - b.l)))
from (select distinct number from side)
    left join (select * from bounds where side = 1) a using (number)
    left join (select * from bounds where side = 2) b using (number)
where a.n and b.n;
