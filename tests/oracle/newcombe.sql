-- Two sides beside one another: table pair(name, hits1, n1, hits2, n2). The difference of the shares lies
-- between Newcombe's bounds, which are made of Wilson's. Of a side with nobody there is none.
with side as (
        select name, 1 as side, hits1 as hits, n1 as n from pair union all select name, 2, hits2, n2 from pair),
    wilson as (select *, 1.0 * hits / n as p, 1.959963984540054 as z from side where n > 0),
    bound as (select *, (p + z * z / 2 / n) / (1 + z * z / n) as middle,
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n) as width from wilson),
    bounds as (select name, side, p, case hits when 0 then 0 else middle - width end as l,
        case hits when n then 1 else middle + width end as u from bound)
select name, hits1, n1, hits2, n2, printf('%.6f', a.p - b.p),
    printf('%.6f', a.p - b.p - sqrt((a.p - a.l) * (a.p - a.l) + (b.u - b.p) * (b.u - b.p))),
    printf('%.6f', a.p - b.p + sqrt((a.u - a.p) * (a.u - a.p) + (b.p - b.l) * (b.p - b.l)))
from pair join bounds a using (name) join bounds b using (name) where a.side = 1 and b.side = 2;
