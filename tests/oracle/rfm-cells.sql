-- The 125 cells, and which named group each belongs to: by recency and frequency.
with five(n) as (values (1), (2), (3), (4), (5)),
    cell as (select r.n as recency, f.n as frequency, m.n as monetary
        from five r, five f, five m)
select recency, frequency, monetary, count(customer), coalesce(sum(cents), 0), case
    when recency = 5 then case frequency when 1 then 'new' when 2 then 'potential loyalists'
        when 3 then 'potential loyalists' else 'champions' end
    when recency = 4 then case frequency when 1 then 'promising' when 2 then 'potential loyalists'
        when 3 then 'potential loyalists' else 'loyal' end
    when recency = 3 then case when frequency < 3 then 'about to sleep'
        when frequency = 3 then 'need attention' else 'loyal' end
    else case when frequency < 3 then 'hibernating' when frequency < 5 then 'at risk'
        else 'cannot lose' end end as name
from cell left join score using (recency, frequency, monetary)
group by recency, frequency, monetary;
