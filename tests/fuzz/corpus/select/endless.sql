with recursive n(i) as (select 1 union all select i+1 from n) select count(*), max((select count(*) from events where type = 10*n.i)) from n
