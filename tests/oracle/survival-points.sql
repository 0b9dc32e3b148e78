-- The rows that are shown: the curve at multiples of :every, and where the longest life ends; of a
-- length for which nobody of a group was looked at, nothing.
with recursive steps(grp, t) as (
        select grp, 0 from span
        union all
        select grp, t + :every from steps where t + :every <= (select max(longest) from span)),
    shown as (select grp, t from steps union select grp, (select max(longest) from span) from span),
    there as (
        select grp, t, (select max(ms) from curve c where c.grp is w.grp and c.ms <= t) as ms,
            (select count(*) from life l where l.grp is w.grp and l.ms >= t) as at_risk,
            (select count(*) from life l where l.grp is w.grp and l.ms <= t and ended) as ended,
            (select count(*) from life l where l.grp is w.grp and l.ms <= t and not ended) as censored
        from shown w),
    row as (
        select there.grp, t, at_risk, ended, censored, case when there.ms is null then 1.0 else s end as s, coalesce(error, 0) as error, low, high
        from there left join curve c on c.grp is there.grp and c.ms = there.ms)
select grp, t, at_risk, ended, censored, iif(at_risk, printf('%.9g', s), ''), iif(at_risk, printf('%.9g', error), ''),
    iif(at_risk and low is not null, printf('%.9g', low), ''), iif(at_risk and high is not null, printf('%.9g', high), '')
from row;
