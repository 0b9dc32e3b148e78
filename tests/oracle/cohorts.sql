-- Cohorts: table begins(customer, day) says who begins when, table comes(customer, day, amount)
-- what comes again of it. A cell counts each customer once; :cumulated is 1 when it counts from
-- the beginning on.
create temp table period(i integer primary key, period);
insert into period select i, min(period) from calendar group by i;
with cohort as (
        select i, period, count(*) as began from begins join calendar using (day) group by i),
    span as (select min(i) as first, max(i) as last from cohort),
    came as (
        select b.i as cohort, c.i as period, customer, amount
        from comes join begins using (customer) join calendar b on b.day = begins.day
            join calendar c on c.day = comes.day),
    cell as (
        select cohort, p.i as period, count(distinct customer) as customers, count(*) as events,
            sum(amount) as amount
        from came join period p on p.i between came.period and iif(:cumulated, 1000000, came.period)
        group by cohort, p.i)
select k.period, coalesce(began, 0), p.period, p.i - k.i,
    coalesce(customers, 0), coalesce(events, 0), coalesce(amount, 0)
from span join period k on k.i between span.first and span.last
    join period p on p.i >= k.i
    left join cohort on cohort.i = k.i
    left join cell on cell.cohort = k.i and cell.period = p.i;
