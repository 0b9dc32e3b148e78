-- How often each way is gone, and by how many.
with recursive way(customer, way, i, text) as (
        select customer, way, i, name from step where i = 1
        union all
        select w.customer, w.way, s.i, iif(:backwards, s.name || ' > ' || w.text, w.text || ' > ' || s.name)
        from way w join step s on s.customer = w.customer and s.way = w.way and s.i = w.i + 1),
    whole as (select customer, text, max(i) from way group by customer, way)
select count(*), count(distinct customer), text from whole group by text;
