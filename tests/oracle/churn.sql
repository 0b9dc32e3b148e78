-- Who stays and who goes: table there(customer, i, at_start, at_end, amid) says of whom, in which
-- period (as calendar counts them), whether he was there at its start, at its end, at some time in
-- it; table gave(customer, i, cents) what he gave in it. :last is the last period that is over.
create temp table fates as
with fate as (
        select i, at_start, at_end, amid, exists (select 1 from there b where b.customer = t.customer
            and b.i < t.i and (b.at_end or b.amid or b.at_start)) as before
        from there t)
select i,
    count(*) filter (where at_start and at_end) as kept,
    count(*) filter (where at_start and not at_end) as lost,
    count(*) filter (where not at_start and at_end and not before) as new,
    count(*) filter (where not at_start and at_end and before) as returned,
    count(*) filter (where not at_start and not at_end and amid) as passed
from fate group by i;

create temp table money as
select a.i + 1 as i, sum(a.cents) as before, sum(min(a.cents, max(coalesce(b.cents, 0), 0))) as gross,
    sum(coalesce(b.cents, 0)) as net
from gave a left join gave b on b.customer = a.customer and b.i = a.i + 1
where a.cents > 0 group by a.i;

create temp table rates as
with period as (select i, min(period) as period from calendar group by i),
    n as (
        select p.i, period, coalesce(kept, 0) as kept, coalesce(lost, 0) as lost, coalesce(new, 0) as new,
            coalesce(returned, 0) as returned, coalesce(passed, 0) as passed,
            coalesce(before, 0) as before, coalesce(gross, 0) as gross, coalesce(net, 0) as net
        from period p left join fates using (i) left join money using (i)
        where i >= coalesce((select i from calendar where day = :first_day), 0)
            and i < (select max(i) from calendar))
select *, kept + lost as start, kept + new + returned as last, 1.0 * kept / (kept + lost) as by_start,
    1.0 * (kept + returned) / (kept + lost) as by_end,
    1.0 * (kept + new + returned) / (kept + new + returned + lost + passed) as by_all,
    1 - 2.0 * (lost + passed) / (2 * kept + lost + new + returned) as by_average,
    1.0 * gross / before as by_gross, 1.0 * net / before as by_net
from n;
