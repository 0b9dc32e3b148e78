-- Where customers stopped on their ways, and the first event that they did afterwards: nothing
-- where there is none.
with ended as (
        select customer, max(step) as step, max(place) as place from way group by customer),
    then_did as (
        select step, (select type from e
            where e.customer = w.customer and e.place > w.place and e.at <= :at and e.is_any
            order by e.place limit 1) as type
        from ended w where step < (select max(step) from steps))
select step, type, count(*) from then_did group by step, type;
