select "traits.country" as country, count(*) as customers, avg(events) as events_each
from timelines group by country;
