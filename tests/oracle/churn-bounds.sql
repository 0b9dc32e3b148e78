-- The 95 % interval, by Wilson's score, of the two retentions that are shares.
with share as (
        select 'start' as what, period, kept as hits, kept + lost as n from rates
        union all select 'all', period, last, last + lost + passed from rates),
    wilson as (
        select *, 1.0 * hits / n as p, 1.959963984540054 as z from share where n > 0),
    bound as (
        select *, (p + z * z / 2 / n) / (1 + z * z / n) as middle,
            z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n) as width from wilson)
select what, period, printf('%.12g', p), printf('%.12g', case hits when 0 then 0 else middle - width end),
    printf('%.12g', case hits when n then 1 else middle + width end) from bound;
