-- How many are in each of table area's groups, and what they brought.
select name, count(customer), coalesce(sum(cents), 0)
from area left join score on recency between r1 and r2 and frequency between f1 and f2
group by name;
