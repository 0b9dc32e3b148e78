-- The six questions of the benchmark, as the best SQL that was found for rows in SQLite
-- (sql/sqlite.sql there): events(customer, ts, type, channel, amount), customers(customer, country).
-- Types: 0 visit, 1 signup, 2 purchase, 6 ticket; all is asked as of 2026-01-01.

-- Q1
with s as materialized (select customer, ts from events where type=1),
sv as materialized (select customer, ts, (select max(e.ts) from events e where e.customer=s.customer and e.ts<s.ts and e.ts>=s.ts-2592000 and e.type=0) v from s)
select (select count(distinct customer) from events where type=0), (select count(distinct customer) from sv where v is not null),
 (select count(distinct customer) from sv where v is not null and exists (select 1 from events p where p.customer=sv.customer and p.ts>sv.ts and p.ts<=sv.v+2592000 and p.type=2));
-- Q2
with p as (select distinct customer, strftime('%Y',ts,'unixepoch')*12+strftime('%m',ts,'unixepoch')-24289 m from events where type=2),
f as (select customer, m, min(m) over (partition by customer) c from p)
select c, m, count(*) from f group by 1,2 order by 1,2;
-- Q3
with r as materialized (select customer, max(ts) r, count(*) f, sum(amount) m from events where type=2 group by customer),
n as materialized (select count(*) n from r), k(k) as (values(1),(2),(3),(4)),
rr as materialized (select r, row_number() over (order by r)-1 i from r), ff as materialized (select f, row_number() over (order by f)-1 i from r), mm as materialized (select m, row_number() over (order by m)-1 i from r),
t as materialized (select max(r) filter(where i=n/5) r1, max(r) filter(where i=2*n/5) r2, max(r) filter(where i=3*n/5) r3, max(r) filter(where i=4*n/5) r4 from rr, n),
u as materialized (select max(f) filter(where i=n/5) f1, max(f) filter(where i=2*n/5) f2, max(f) filter(where i=3*n/5) f3, max(f) filter(where i=4*n/5) f4 from ff, n),
v as materialized (select max(m) filter(where i=n/5) m1, max(m) filter(where i=2*n/5) m2, max(m) filter(where i=3*n/5) m3, max(m) filter(where i=4*n/5) m4 from mm, n)
select 1+(r>=r1)+(r>=r2)+(r>=r3)+(r>=r4), 1+(f>=f1)+(f>=f2)+(f>=f3)+(f>=f4), 1+(m>=m1)+(m>=m2)+(m>=m3)+(m>=m4), count(*) from r, t, u, v group by 1,2,3 order by 1,2,3;
-- Q4
with e as (select customer, ts, type, lag(ts) over w pt, lead(ts) over w nt from events window w as (partition by customer order by ts)),
k as materialized (select customer, ts, type, pt, coalesce(nt,1767225600)-ts g1 from e where type in (1,2) or pt is null or ts-pt>7776000 or coalesce(nt,1767225600)-ts>7776000),
l as (select *, case when type=2 and ts-lag(ts,4) over (partition by customer, type order by ts) < 31536000 then 1 else 0 end lo from k),
b as (select customer, ts, pt, g1, count(case when type=2 then 1 end) over w np, max(case when type=1 then 1 else 0 end) over w sg, max(case when type=2 then ts*2+lo end) over w % 2 loyal from l window w as (partition by customer order by ts rows unbounded preceding)),
c as (select *, case when np=0 then sg when loyal=1 then 4 when np>=2 then 3 else 2 end base from b),
d as materialized (select ts, g1, base, case when pt is null then 7 when ts-pt>15552000 then 6 when ts-pt>7776000 then 5 else lag(base) over (partition by customer order by ts) end f from c),
x as (select f, base t, ts tt from d where f<>base union all select base, 5, ts+7776000 from d where g1>7776000 union all select 5,6,ts+15552000 from d where g1>15552000)
select f, t, m, sum(n) from (select f, t, strftime('%Y',dd*86400,'unixepoch')*12+strftime('%m',dd*86400,'unixepoch')-24289 m, n from (select f, t, tt/86400 dd, count(*) n from x group by 1,2,3)) group by 1,2,3 order by 1,2,3;
-- Q5
with s as (select customer from events where ts>=1759449600 and type in (2,6) group by customer having count(case when type=2 then 1 end)>=3 and sum(case when type=2 then amount end)>20000 and count(case when type=6 and ts>=1764633600 then 1 end)=0)
select count(*), sum(customer) from s join customers using(customer) where country in (1,3,5,7);
-- Q6
select (a*96+b)*96+c code, count(*) n from (select lag(s,2) over w a, lag(s,1) over w b, s c from (select customer, ts, (type*8+channel) s from events) z window w as (partition by customer order by ts)) y where a is not null group by 1 order by 2 desc, 1 limit 20;
