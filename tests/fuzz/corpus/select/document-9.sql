select segment, count(*) as customers, sum(events) as events
from segments join timelines using (number) group by segment;
