-- Ways: table steps(customer, way, place, name) has what may be a step of which way of whom, from the
-- event with which it begins, in the order of place; a way has at most :steps of them, :collapse is 1
-- when equal ones in a row are one, :backwards when the first stands last in time, :whole when ways that
-- ended before are none.
create temp table step as
with kept as (
        select *, lag(name) over (partition by customer, way order by place) as before from steps)
select customer, way, name, row_number() over (partition by customer, way order by place) as i
from kept where not (:collapse and name is before);
delete from step where i > :steps;
delete from step where :whole and (customer, way) not in (select customer, way from step where i = :steps);
create index temp.step_of on step(customer, way, i);
