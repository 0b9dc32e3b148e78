-- From each step to the next, and from the last one to nothing where the way has ended before :steps.
with link as (
        select a.customer, a.i, a.name, coalesce(b.name, iif(:backwards, '(start)', '(end)')) as other
        from step a left join step b on b.customer = a.customer and b.way = a.way and b.i = a.i + 1
        where a.i < :steps)
select i, iif(:backwards, other, name), iif(:backwards, name, other), count(*), count(distinct customer)
from link group by i, name, other;
