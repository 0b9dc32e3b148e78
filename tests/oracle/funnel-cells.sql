-- The cells of a funnel from the ways that are shown: per group and step the customers, and of
-- the times since the step before the median and the 90th percentile by nearest rank: the least
-- one that half, or nine tenths, of them do not pass. Table of_group(customer, value) says who
-- is in which group.
with took as (
        select g.value, w.step, w.at - b.at as ms
        from way w join of_group g using (customer)
        left join way b on b.customer = w.customer and b.step = w.step - 1),
    ranked as (
        select value, step, ms, count(*) over cell as n,
            row_number() over (partition by value, step order by ms) as place
        from took window cell as (partition by value, step)),
    cells as (
        select value, step, n, max(ms) filter (where place = (n + 1) / 2) as median_ms,
            max(ms) filter (where place = (n * 9 + 9) / 10) as p90_ms
        from ranked group by value, step)
select g.value, s.step, coalesce(n, 0), median_ms, p90_ms
from (select distinct value from of_group join way using (customer)) g
    join (select distinct step from steps) s
    left join cells c on c.value is g.value and c.step = s.step;
