select item.value as sku, count(*) as bought
from events, json_each(items) as item where events.type = 'purchase' group by sku order by bought desc;
