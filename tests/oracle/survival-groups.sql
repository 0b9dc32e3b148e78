-- Of each group: how many it happened to, and to how many it would have if there were no
-- difference between groups (the log-rank test's); the median and its bounds; the mean of lengths
-- cut at :mean_to with its error, the area under the curve up to there.
with pooled as (
        select ms, sum(d) as d from moments group by ms having sum(d) > 0),
    at_risk as (
        select p.ms, p.d, grp,
            (select count(*) from life l where l.grp is s.grp and l.ms >= p.ms) as n
        from pooled p, span s),
    expected as (
        select grp, sum(1.0 * d * n / whole) as expected
        from (select *, sum(n) over (partition by ms) as whole from at_risk) group by grp),
    tau as (select min(longest) as tau from span),
    -- From one end to the next the curve is level.
    level as (
        select grp, ms, s, d, n, min(lead(ms, 1, 9e18) over (partition by grp order by ms), tau) - ms as width
        from (select grp, ms, s, d, n from curve
            union all select grp, -1, 1.0, 0, 1 from span), tau where ms < tau),
    area as (
        select grp, ms, d, n, sum(s * (width - (ms = -1)))
            over (partition by grp order by ms desc) as rest from level),
    mean as (
        select grp, max(rest) filter (where ms = -1) as mean,
            sqrt(sum(case when n > d then rest * rest * d / n / (n - d) end)) as error
        from area group by grp)
select g.grp, (select count(*) from life l where l.grp is g.grp),
    (select coalesce(sum(ended), 0) from life l where l.grp is g.grp),
    printf('%.12g', expected),
    (select min(ms) from curve c where c.grp is g.grp and s <= 0.5 + 1e-12),
    (select min(ms) from curve c where c.grp is g.grp and low <= 0.5),
    (select min(ms) from curve c where c.grp is g.grp and high <= 0.5),
    printf('%.12g', mean), printf('%.12g', error), (select tau from tau)
from span g left join expected e on e.grp is g.grp left join mean m on m.grp is g.grp;
