-- The log-rank test of two or three groups. With one degree of freedom p is what the series of the
-- error function gives, with two exp(-x / 2).
with recursive
    pooled as (select ms, sum(d) as d from moments group by ms having sum(d) > 0),
    grps as (select grp, row_number() over (order by grp) as g, count(*) over () as k from span),
    at_risk as (
        select p.ms, p.d, g,
            (select count(*) from life l where l.grp is s.grp and l.ms >= p.ms) as n,
            coalesce((select sum(d) from moments m where m.grp is s.grp and m.ms = p.ms), 0) as own
        from pooled p, grps s),
    wide as (
        select ms, max(d) as d, sum(n) as n, sum(n) filter (where g = 1) as n1,
            sum(n) filter (where g = 2) as n2, sum(own) filter (where g = 1) as d1,
            sum(own) filter (where g = 2) as d2
        from at_risk group by ms),
    sums as (
        select sum(d1 - 1.0 * d * n1 / n) as u1, sum(d2 - 1.0 * d * n2 / n) as u2,
            sum(1.0 * d * n1 * (n - n1) / n * (n - d) / n / max(n - 1, 1)) as v11,
            sum(1.0 * d * n2 * (n - n2) / n * (n - d) / n / max(n - 1, 1)) as v22,
            sum(-1.0 * d * n1 * n2 / n * (n - d) / n / max(n - 1, 1)) as v12
        from wide),
    chi as (
        select k - 1 as degrees, case k when 2 then u1 * u1 / v11
            else (u1 * u1 * v22 - 2 * u1 * u2 * v12 + u2 * u2 * v11) / (v11 * v22 - v12 * v12) end as x
        from sums, (select max(k) as k from grps)),
    series(i, term, total) as (
        select 0, sqrt(x), sqrt(x) from chi
        union all
        select i + 1, term * x / (2 * i + 3), total + term * x / (2 * i + 3) from series, chi where i < 400)
select degrees, printf('%.12g', x), printf('%.9f', case degrees when 2 then exp(-x / 2)
    else 1 - sqrt(2 / 3.141592653589793) * exp(-x / 2) * (select total from series where i = 400) end)
from chi;
