select from_stage, to_stage, count(*) as moves, avg(until_ms - at_ms) / 86400000 as days_stayed
from stages group by from_stage, to_stage;
