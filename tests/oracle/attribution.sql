-- Attribution: table touch(customer, place, at, source, name) has the touches, source a number and name
-- what is shown; conversion(customer, place, at, cents) what they lead to. Paths reach back :lookback ms
-- from their end, and end from :from on; ends get :first, :between, :last of 100, and a touch half as
-- much :half_life later. Everybody of a path: table stand(customer, path, i, n, source, age, cents),
-- cents null where the path is lost.
create temp table path as
with line as (
        select customer, place, at, source, null as cents, 0 as converts from touch
        union all select customer, place, at, null, cents, 1 from conversion),
    -- A conversion that is a touch itself is the last one of its own path.
    numbered as (
        select *, sum(converts) over (partition by customer order by place, converts
            rows between unbounded preceding and current row) - converts as path from line),
    ends as (
        select customer, path, max(converts) as converts, max(at) as at, sum(cents) as cents
        from numbered group by customer, path)
select n.customer, n.path, n.place, n.at, n.source, n.converts as is_end, e.at as end_at, e.cents, e.converts
from numbered n join ends e using (customer, path) where e.at >= :from;
create temp table stand as
select customer, path, source, end_at, cents, converts, row_number() over way as i, count(*) over (partition by customer, path) as n,
    max(at) over (partition by customer, path) - at as age
from path where not is_end and at + :lookback >= end_at
window way as (partition by customer, path order by place);
create index temp.stand_of on stand(customer, path, i);
create index temp.stand_by on stand(source);
create temp table credit(model, source, part, cents);
insert into credit
with faded as (
        select *, pow(2.0, -1.0 * age / :half_life) as fade from stand where converts),
    shared as (
        select *, fade / sum(fade) over (partition by customer, path) as decay,
            case n when 1 then 1.0
                when 2 then case when :first + :last then 1.0 * iif(i = 1, :first, :last) / (:first + :last) else 0.5 end
                else case i when 1 then :first / 100.0 when n then :last / 100.0
                    else :between / 100.0 / (n - 2) end end as position from faded)
select 'first', source, 1.0 * (i = 1), cents * (i = 1) from shared
union all select 'last', source, 1.0 * (i = n), cents * (i = n) from shared
union all select 'linear', source, 1.0 / n, 1.0 * cents / n from shared
union all select 'position', source, position, position * cents from shared
union all select 'decay', source, decay, decay * cents from shared;

-- The chain: how often each step is taken; -1 is the start, -2 a conversion, -3 nothing.
create temp table hop as
with hop(a, b) as (
        select case i when 1 then -1 else lag(source) over way end, source from stand window way as (partition by customer, path order by i)
        union all select source, iif(converts, -2, -3) from stand where i = n),
    counted as (select a, b, count(*) as n from hop where a <> b group by a, b)
select a, b, 1.0 * n / sum(n) over (partition by a) as p from counted;
-- Whoever comes to what is removed goes to nothing; nothing is removed where `removed` is 0. Table v
-- says how likely it is to come from a to a conversion, in no step yet.
create temp table t as
with removed as (select 0 as removed union select distinct source from stand)
select removed, a, b, p from removed, hop where a <> removed and b <> removed
union all select removed, -2, -2, 1.0 from removed;
create temp table v(removed, a, h, primary key (removed, a)) without rowid;
insert into v select removed, -2, 1.0 from t where a = -2;
