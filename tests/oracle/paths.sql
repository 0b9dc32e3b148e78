-- Ways: table steps(customer, place, name) has what may be a step of whom, from the event with
-- which his way begins; a way has at most :steps of them, :collapse is 1 when equal ones in a row
-- are one. How often each way is gone, and by how many.
with kept as (
        select *, lag(name) over (partition by customer order by place) as before from steps),
    numbered as (
        select customer, name, row_number() over (partition by customer order by place) as i
        from kept where not (:collapse and name is before)),
    way as (
        select customer, max(name) filter (where i = 1)
            || coalesce(' > ' || max(name) filter (where i = 2), '')
            || coalesce(' > ' || max(name) filter (where i = 3), '')
            || coalesce(' > ' || max(name) filter (where i = 4), '')
            || coalesce(' > ' || max(name) filter (where i = 5), '') as way
        from numbered where i <= :steps group by customer)
select count(*), count(distinct customer), way from way group by way;
