-- Recency, frequency, monetary: who did it gets three scores. Table fits(customer, at, day,
-- cents) has the events that are looked at; :in_days is 1 when recency is the day, :method one
-- of interpolated, quintiles, ranks, limits. Table limits(what, value) has one's own limits; of
-- recency they are days before :at_day.
create temp table did as
select customer, cast(customer as integer) as number, max(at) as last, max(day) as last_day,
    count(*) as times, sum(cents) as cents from fits group by customer;

-- Each measure of everybody, in its order: places are counted from 0.
create temp table measured as
with measure(what, customer, number, value) as (
    select 'recency', customer, number,
        case when :in_days then cast(julianday(last_day) - 2440587.5 as integer) else last end from did
    union all select 'frequency', customer, number, times from did
    union all select 'monetary', customer, number, cents from did)
select *, row_number() over (partition by what order by value, number) - 1 as place,
    count(*) over (partition by what) as n from measure;
create index temp.measured_by on measured(what, place);

-- Four cuts. Between two places in proportion: five times the cut, to keep to whole numbers.
create temp table cuts as
with k(k) as (values (1), (2), (3), (4)),
    n as (select distinct what, n from measured),
    at_place as (select what, k, (n - 1) * k / 5 as low, (n - 1) * k % 5 as rest, n * k / 5 as i
        from n, k)
select p.what, k,
    low.value * (5 - rest) + coalesce(high.value, low.value) * rest as between_five_times,
    at.value as reached
from at_place p join measured low on low.what = p.what and low.place = p.low
    left join measured high on high.what = p.what and high.place = p.low + 1
    join measured at on at.what = p.what and at.place = p.i;

create temp table scored as
select what, customer, case :method
    when 'ranks' then 1 + 5 * place / n
    when 'quintiles' then (select 1 + count(*) from cuts c where c.what = m.what
        and m.value >= c.reached)
    when 'interpolated' then (select 1 + count(*) from cuts c where c.what = m.what
        and 5 * m.value > c.between_five_times)
    when 'limits' then (select 1 + count(*) from limits l where l.what = m.what
        and case what when 'recency' then julianday(:at_day) - 2440587.5 - m.value <= l.value
            else m.value >= l.value end) end as score
from measured m;

create temp table score as
select did.*, r.score as recency, f.score as frequency, m.score as monetary
from did join scored r using (customer) join scored f using (customer)
    join scored m using (customer)
where r.what = 'recency' and f.what = 'frequency' and m.what = 'monetary';
