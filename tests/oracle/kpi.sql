-- Targets and KPIs of shop.yaml and completejourney.yaml. Table span(period, since, until) has the periods; :known
-- is the moment up to which events are looked at; table due(n, over, what) says of each stay when
-- the time is over in which somebody should go on, for each figure `what`.
create temp table s as
select n, customer, stage, since, iif(until <= :known, until, 9000000000000000) as until
from stay where since <= :known;
create index temp.s_by on s(stage, since);
create index temp.s_of on s(customer, since);
create temp table entry as select period, s.* from span p join s on s.since >= p.since and s.since < p.until;

-- What happened while somebody stood in a stage: the stage is that behind the moves of the moment.
create temp table did as
select period, (select stage from s where s.customer = e.customer and s.since <= e.at order by s.n desc limit 1) as stage,
    cents, cast(round(100 * cast("properties.cost" as real)) as integer) as cost,
    iif(cents > 1000, cast("properties.lines" as real), null) as lines
from e join span p on e.at >= p.since and e.at < p.until
where type = 'purchase' and e.at <= :known;

-- Who stands in which stage when the period ends.
create temp table stock as
select period, customer, stage, min(p.until - 1, :known) as at
from span p join s on s.since <= min(p.until - 1, :known) and s.until > min(p.until - 1, :known);
create temp table asked as
select period, stage, t.customer,
    (select count(*) from e where e.customer = t.customer and type = 'purchase' and e.at <= t.at and e.at + 30 * 86400000 > t.at) as month,
    (select count(*) from e where e.customer = t.customer and type = 'purchase' and e.at <= t.at and in_year > t.at) as year,
    (select max(cents) from e where e.customer = t.customer and type = 'purchase' and e.at <= t.at and in_month > t.at) as largest
from stock t;

-- Of the stays that began in a period: how long they lasted, or so far.
create temp table lasted as
with life as (select period, stage, min(until, :known) - since as ms, until < 9e15 as ended from entry),
    moment as (select period, stage, ms, sum(ended) as d, count(*) as leave from life group by period, stage, ms),
    seen as (select *, sum(leave) over (partition by period, stage order by ms desc) as n from moment)
select period, stage, ms, max(n = d) over so_far as all_ended,
    exp(sum(case when n > d then ln(1.0 * (n - d) / n) end) over so_far) as s
from seen where d > 0 window so_far as (partition by period, stage order by ms);

with went as (
        select period, entry.stage, what, count(*) as n, sum(exists (select 1 from s g, goal
            where goal.what = due.what and goal.stage = entry.stage and g.stage = goal.target and g.customer = entry.customer
                and g.n > entry.n and g.since <= due.over)) as hits
        from entry join due using (n) where due.over <= :known group by period, entry.stage, what)
select period, stage, what, 1.0 * hits / n, n from went
union all select period, stage, 'in', count(*), count(*) from entry group by period, stage
union all select period, stage, 'out', count(*), count(*) from span p join s on s.until >= p.since and s.until < p.until
    group by period, stage
union all select period, stage, 'half', (select min(ms) from lasted l where l.period = e.period and l.stage = e.stage
    and (all_ended or s <= 0.5 + 1e-9)), count(*) from entry e group by period, stage
union all select period, stage, 'most', (select min(ms) from lasted l where l.period = e.period and l.stage = e.stage
    and (all_ended or s <= 0.1 + 1e-9)), count(*) from entry e group by period, stage
union all select period, stage, 'sales', sum(cents) / 100.0, count(*) from did group by period, stage
union all select period, stage, 'spent', sum(cost) / 100.0, count(*) from did group by period, stage
union all select period, stage, 'earned', sum(cents - cost) / 100.0, 2 * count(*) from did group by period, stage
union all select period, stage, 'content', avg(lines), count(lines) from did group by period, stage
union all select period, stage, 'lately', avg(month > 0), count(*) from asked group by period, stage
union all select period, stage, 'orders', avg(year), count(*) from asked group by period, stage
union all select period, stage, 'largest', round(avg(largest)) / 100.0, count(largest) from asked group by period, stage
