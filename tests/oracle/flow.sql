-- Stages by period, from the moves of `ciclo export FILE stages` in table move: who stands in
-- each stage when the period ends, who entered it in the period, who left it.
with moved as (
        select customer, "from" as origin, "to" as target, i
        from (select *, date(unixepoch(substr(at, 1, 19)), 'unixepoch', 'localtime') as day
            from move) join calendar using (day)),
    period as (select i, min(period) as period from calendar group by i),
    stage as (select distinct target as stage from moved)
select p.period, s.stage,
    (select count(*) from moved where target = stage and i <= p.i)
        - (select count(*) from moved where origin = stage and i <= p.i),
    (select count(*) from moved where target = stage and i = p.i),
    (select count(*) from moved where origin = stage and i = p.i)
from period p, stage s;
