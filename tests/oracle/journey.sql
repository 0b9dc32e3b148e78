-- A journey map: table point(customer, place, at, name) has the touchpoints, answer(customer, place, at, score)
-- how content somebody was, worse(stage, target) which moves lose him; :within is how long a touch may
-- do so. What happens at the moment of a move belongs to the stage before.
create temp table s as
select n, customer, stage, since, iif(until <= :at, until, 9000000000000000) as until,
    row_number() over (partition by customer order by n) = 1 as is_first from stay where since <= :at;
create index temp.s_of on s(customer, since, n);
create temp table point_in as
select p.*, (select n from s where s.customer = p.customer and (since < p.at or since = p.at and is_first)
    order by s.n desc limit 1) as n from point p;
create index temp.point_in_by on point_in(n, place);
create temp table answer_to as
select score, (select p.rowid from point_in p where p.n = a.n and p.place < a.place order by p.place desc limit 1) as point
from (select *, (select n from s where s.customer = a.customer and (since < a.at or since = a.at and is_first)
    order by s.n desc limit 1) as n from answer a) a;

-- The touch of each touchpoint in each stay, and of all together, which have no name.
create temp table touched as
select n, name, min(place) as place, count(*) as events from point_in group by n, name
union all select n, null, min(place), count(*) from point_in group by n;
create temp table outcome as
with timed as (
        select t.*, s.customer, s.stage, s.since, s.until, e.at,
            (select b.stage from s b where b.customer = s.customer and b.since = s.until order by b.n desc limit 1) as target
        from touched t join s using (n) join e on e.customer = s.customer and e.place = t.place)
select *, case
    when until <= at + :within then (stage, target) in (select stage, target from worse)
    when at + :within <= :at then not exists (select 1 from e where e.customer = timed.customer and e.place > timed.place
        and e.at <= timed.at + :within and e.is_any) end as lost
from timed;
create index temp.outcome_by on outcome(n, name);

create temp table cell as
with ranked as materialized (
        select stage, name, at - since as ms, row_number() over (partition by stage, name order by at - since) as i,
            count(*) over (partition by stage, name) as n from outcome),
    until_ranked as materialized (
        select stage, name, until - at as ms, row_number() over (partition by stage, name order by until - at) as i,
            count(*) over (partition by stage, name) as n from outcome where until < 9e15),
    since_median as materialized (select stage, name, ms from ranked where i = (n + 1) / 2),
    until_median as materialized (select stage, name, ms from until_ranked where i = (n + 1) / 2),
    -- The stays without a touchpoint are all but those with it.
    whole as materialized (select stage, count(lost) as touches, sum(lost) as lost from outcome where name is null group by stage),
    had as materialized (
        select o.stage, o.name, count(a.lost) as touches, coalesce(sum(a.lost), 0) as lost
        from outcome o join outcome a on a.n = o.n and a.name is null where o.name is not null group by o.stage, o.name),
    score as materialized (
        select stage, p.name, score from answer_to a join point_in p on p.rowid = a.point join s using (n))
select stage, name, count(distinct customer) as customers, sum(events) as events,
    (select ms from since_median r where r.stage = o.stage and r.name is o.name) as since_ms,
    (select ms from until_median r where r.stage = o.stage and r.name is o.name) as until_ms,
    count(lost) as touches, coalesce(sum(lost), 0) as lost,
    (select w.touches - h.touches from whole w join had h using (stage) where stage = o.stage and h.name = o.name) as others,
    (select w.lost - h.lost from whole w join had h using (stage) where stage = o.stage and h.name = o.name) as others_lost,
    (select avg(score) from score c where c.stage = o.stage and (c.name = o.name or o.name is null)) as score,
    (select count(*) from score c where c.stage = o.stage and (c.name = o.name or o.name is null)) as answers
from outcome o group by stage, name;

-- The difference between those who had the touchpoint and those who had another, at 95 % and at the
-- confidence :z with which one of them is called a pain.
with side as (
        select stage, name, 1 as side, lost as hits, touches as n from cell where name is not null
        union all select stage, name, 2, others_lost, others from cell where name is not null),
    z as (select 1.959963984540054 as z union select :z),
    wilson as (select *, 1.0 * hits / max(n, 1) as p from side, z),
    bound as (select *, (p + z * z / 2 / n) / (1 + z * z / n) as middle,
        z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / 4 / n / n) as width from wilson),
    bounds as (select stage, name, side, z, p, n, iif(hits = 0, 0, middle - width) as l, iif(hits = n, 1, middle + width) as u from bound),
    difference as (
        select a.stage, a.name, a.z,
            iif(a.n and b.n, a.p - b.p - sqrt((a.p - a.l) * (a.p - a.l) + (b.u - b.p) * (b.u - b.p)), -1) as low,
            iif(a.n and b.n, a.p - b.p + sqrt((a.u - a.p) * (a.u - a.p) + (b.p - b.l) * (b.p - b.l)), 1) as high
        from bounds a join bounds b using (stage, name, z) where a.side = 1 and b.side = 2)
select c.stage, c.name, customers, events, since_ms, until_ms, touches, lost, iif(c.name is null, '', others),
    iif(c.name is null, '', others_lost), iif(c.name is null, '', printf('%.6f', d.low)), iif(c.name is null, '', printf('%.6f', d.high)),
    iif(c.name is null, '', coalesce(pain.low > 0, 0)), iif(score is null, '', printf('%.6f', score)), answers
from cell c left join difference d on d.stage = c.stage and d.name = c.name and d.z < 1.96
    left join difference pain on pain.stage = c.stage and pain.name = c.name and (pain.z > 1.96 or :z < 1.96);
