select days, count(*) as times from (
  select (ts - lag(ts) over w) / 86400 as days from events where type = 'purchase'
  window w as (partition by number order by ts)
) where days is not null group by days order by days;
