-- Each stay of a customer in a stage, from the moves: since when, until when (9e15: it goes on), to which stage.
create table stay as
with moved as (
        select rowid as n, customer, 1000 * unixepoch(substr(at, 1, 19)) + cast(substr(at, 21, 3) as integer) as at, "to" as stage
        from move)
select n, customer, stage, at as since, lead(at, 1, 9000000000000000) over life as until, lead(stage) over life as next
from moved window life as (partition by customer order by n);
create index stay_of on stay(customer, since);
