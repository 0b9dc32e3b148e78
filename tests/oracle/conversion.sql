-- Who goes on from which stage: table stay has each stay of a customer in a stage; :since and :until are
-- the range in which he enters it, :within how long he is looked at behind that (9e15: until :at), and table
-- way(stage, next) which moves lead forward. Table gone gets a row for each customer and stage, with what
-- became of him and after how long.
create temp table gone as
with entry as (
        select * from (select *, row_number() over (partition by customer, stage order by n) as first
            from stay where since >= :since and since < :until and since <= :at)
        where first = 1 and (:within > 8e15 or since + :within <= :at)),
    seen as (
        select customer, stage, since, min(:at, since + :within) as last,
            until <= min(:at, since + :within) as has_left, until, coalesce(nullif(next, ''), '(out)') as next from entry)
select customer, stage, iif(has_left, next, '') as next, iif(has_left, until, last) - since as ms,
    case when not has_left then 'waiting' when (stage, next) in (select * from way) then 'forward'
        when next in ('(out)', 'gone') then 'lost' else 'back' end as fate
from seen;
