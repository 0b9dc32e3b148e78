-- The named groups, each drawn as its rectangles of scores (recency from, to, frequency from, to).
with area(name, r1, r2, f1, f2) as (values
        ('champions', 5, 5, 4, 5), ('loyal', 3, 4, 4, 5), ('potential loyalists', 4, 5, 2, 3),
        ('new', 5, 5, 1, 1), ('promising', 4, 4, 1, 1), ('need attention', 3, 3, 3, 3),
        ('about to sleep', 3, 3, 1, 2), ('at risk', 1, 2, 3, 4), ('cannot lose', 1, 2, 5, 5),
        ('hibernating', 1, 2, 1, 2))
select name, count(customer), coalesce(sum(cents), 0)
from area left join score on recency between r1 and r2 and frequency between f1 and f2
group by name;
