explain query plan select distinct customer, ts from events where number in (select number from segments) group by number having count(*) > 1
