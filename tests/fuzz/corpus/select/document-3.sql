select substr(time, 1, 7) as month, sum(revenue) as revenue
from events where type = 'purchase' group by month order by month;
