-- Who is in which segment of shop.yaml and completejourney.yaml, from when to when. Each rule looks at how many of
-- some purchases, or how much of them, lies in one or two windows: what comes in adds, and takes away
-- again when it leaves the window. Table buy says when a purchase
-- leaves the windows of the calendar.
create temp table bought as
select *, at - lag(at) over (partition by customer order by place) as gap from buy;
create temp table delta(segment, customer, at, a, b);
insert into delta
select 'vip', customer, at, cents, 0 from bought union all select 'vip', customer, in_year, -cents, 0 from bought
union all select 'big', customer, at, 1, 0 from bought where cents >= 50000
union all select 'big', customer, in_year, -1, 0 from bought where cents >= 50000
union all select 'spenders', customer, at, cents, 0 from bought
union all select 'spenders', customer, at + 90 * 86400000, -cents, 0 from bought
union all select 'busy', customer, at, 1, 0 from bought
union all select 'busy', customer, at + 30 * 86400000, -1, 0 from bought
union all select 'first_time', customer, at, 1, 0 from bought
union all select 'repeat', customer, at, 1, 0 from bought
union all select 'frequent', customer, at, 1, 0 from bought
union all select 'frequent', customer, in_half_a_year, -1, 0 from bought
union all select 'at_risk', customer, at, 1, 1 from bought
union all select 'at_risk', customer, at + 60 * 86400000, -1, 0 from bought
union all select 'at_risk', customer, at + 120 * 86400000, 0, -1 from bought
union all select 'lapsed', customer, at, 1, 1 from bought
union all select 'lapsed', customer, at + 120 * 86400000, -1, 0 from bought
-- Whoever comes back after 120 days has no other purchase of the 60 days before.
union all select 'reactivated', customer, at, 1, 0 from bought where gap >= 120 * 86400000
union all select 'reactivated', customer, at + 60 * 86400000, -1, 0 from bought where gap >= 120 * 86400000;

create table membership as
with summed as (
        select segment, customer, at, sum(sum(a)) over life as a, sum(sum(b)) over life as b
        from delta group by segment, customer, at
        window life as (partition by segment, customer order by at)),
    asked as (
        select *, case segment when 'vip' then a >= 200000 when 'big' then a >= 1 when 'spenders' then a >= 5000
            when 'busy' then a >= 2
            when 'first_time' then a = 1 when 'repeat' then a >= 2 when 'frequent' then a >= 4
            when 'at_risk' then a = 0 and b > 0 when 'lapsed' then a = 0 when 'reactivated' then a > 0 end as is_in
        from summed),
    turned as (
        select *, lag(is_in, 1, 0) over (partition by segment, customer order by at) as was_in from asked),
    turn as (select *, lead(at, 1, 9000000000000000) over (partition by segment, customer order by at) as until
        from turned where is_in <> was_in)
select segment, customer, at as since, until from turn where is_in;
create index membership_by on membership(segment, customer);
