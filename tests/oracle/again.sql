-- Of those for whom it came at least n times, how many times it came once more; with the 95 %
-- interval of that share by Wilson's score, to six decimals. The report goes up to 99 times.
with n as (select customer, count(*) as times from comes group by customer),
    at_least as (select t.times, count(*) as customers
        from (select distinct times from n union select times + 1 from n
            union select value from generate_series(1, (select max(times) from n))) t
        join n on n.times >= t.times where t.times <= 100 group by t.times),
    share as (select a.times, a.customers as n, coalesce(b.customers, 0) as hits,
        1.959963984540054 as z
        from at_least a left join at_least b on b.times = a.times + 1),
    wilson as (select *, 1.0 * hits / n as p,
        (1.0 * hits / n + z * z / 2 / n) / (1 + z * z / n) as middle,
        z / (1 + z * z / n) * sqrt(1.0 * hits / n * (1 - 1.0 * hits / n) / n + z * z / 4 / n / n)
            as width from share)
select times, n, hits, printf('%.6f', middle - width), printf('%.6f', middle + width)
from wilson where times <= 99;
