-- What each source gets. Sums are rounded down to millionths of a conversion and to cents; what is left
-- goes to the largest remainders.
create temp table removal as
select s.source, 1 - coalesce(n.h, 0) / w.h as effect
from (select distinct source from stand) s left join v n on n.removed = s.source and n.a = -1
    join v w on w.removed = 0 and w.a = -1;
insert into credit
select 'markov', source, effect / (select sum(effect) from removal) * (select count(*) from stand where converts and i = 1),
    effect / (select sum(effect) from removal) * (select sum(cents) from stand where converts and i = 1) from removal;
create temp table rounded as
with summed as (select model, source, 1000000 * sum(part) as parts, sum(cents) as cents from credit group by model, source),
    named as (
        select s.*, (select name from touch t where t.source = s.source) as name from summed s),
    placed as (
        select *, row_number() over (partition by model order by round(parts - floor(parts + 1e-4), 4) desc, name) as part_place,
            row_number() over (partition by model order by round(cents - floor(cents + 1e-4), 4) desc, name) as cent_place,
            (select 1000000 * count(*) from stand where converts and i = 1) - sum(floor(parts + 1e-4)) over (partition by model) as parts_left,
            (select sum(cents) from stand where converts and i = 1) - sum(floor(cents + 1e-4)) over (partition by model) as cents_left
        from named)
select model, source, name, cast(floor(parts + 1e-4) as integer) + (part_place <= parts_left) as parts,
    cast(floor(cents + 1e-4) as integer) + (cent_place <= cents_left) as cents from placed;
with source as (select distinct source, name from touch where source in (select source from stand)),
    row as (
        select s.name, (select count(distinct customer || ' ' || path) from stand t where t.source = s.source and converts) as paths,
            (select count(distinct customer || ' ' || path) from stand t where t.source = s.source and not converts) as lost,
            (select printf('%.9f', effect) from removal r where r.source = s.source) as removal,
            (select group_concat(printf('%.6f', coalesce(parts, 0) / 1000000.0) || iif(:valued, '|' || printf('%.2f', coalesce(cents, 0) / 100.0), ''), '|')
                from (select value as model, key from json_each('["first", "last", "linear", "position", "decay", "markov"]')) m
                left join rounded r on r.model = m.model and r.source = s.source) as shares
        from source s)
select name, paths, lost, removal, shares from row
union all
select '(none)', '', '', '', (select group_concat(v, '|') from (select printf('%.6f', n) || iif(:valued, '|' || printf('%.2f', cents / 100.0), '') as v
    from (select count(*) as n, coalesce(sum(cents), 0) as cents from path p where is_end
        and not exists (select 1 from stand s where s.customer = p.customer and s.path = p.path)), generate_series(1, 6) where n > 0))
where exists (select 1 from path p where is_end and not exists (select 1 from stand s where s.customer = p.customer and s.path = p.path));
