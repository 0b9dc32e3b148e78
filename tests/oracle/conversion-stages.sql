-- went_to stands for a column for each stage.
-- A row for each stage: who stands there, the moves into it and out of it, the fates with Wilson's bounds, who
-- went on to which stage, and the median time until they go forward with its bounds.
create temp table fate as select value as fate from json_each('["forward", "back", "lost", "waiting"]');
create temp table part as
with n as (select stage, fate.fate, sum(gone.fate = fate.fate) as hits, count(*) as n
        from gone, fate group by stage, fate.fate),
    z as (select *, 1.0 * hits / n as p, 1.959963984540054 as z from n),
    m as (select *, (p + z * z / 2 / n) / (1 + z * z / n) as middle,
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n) as width from z)
select stage, fate, hits, n, printf('%.6f', iif(hits = 0, 0, middle - width)) as low,
    printf('%.6f', iif(hits = n, 1, middle + width)) as high from m;
select s.stage,
    (select count(*) from stay where stage = s.stage and since < :until and since <= :at and until >= min(:until, :at + 1)),
    (select count(*) from stay where stage = s.stage and since >= :since and since < :until and since <= :at),
    (select count(*) from stay where stage = s.stage and until >= :since and until < :until and until <= :at),
    coalesce((select count(*) from gone g where g.stage = s.stage), 0),
    f.hits, f.low, f.high, b.hits, l.hits, w.hits, w.low, w.high,
    went_to,
    (select min(ms) from curve c where c.grp = s.stage and s <= 0.75 + 1e-9),
    (select min(ms) from curve c where c.grp = s.stage and s <= 0.5 + 1e-9),
    (select min(ms) from curve c where c.grp = s.stage and low <= 0.5),
    (select min(ms) from curve c where c.grp = s.stage and high <= 0.5),
    (select min(ms) from curve c where c.grp = s.stage and s <= 0.25 + 1e-9)
from (select distinct stage from stay where stage <> '') s
left join part f on f.stage = s.stage and f.fate = 'forward' left join part b on b.stage = s.stage and b.fate = 'back'
left join part l on l.stage = s.stage and l.fate = 'lost' left join part w on w.stage = s.stage and w.fate = 'waiting';
