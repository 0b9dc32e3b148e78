select time, type, revenue, items from events where customer = 'anna' order by at_ms;
