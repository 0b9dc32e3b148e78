-- Kaplan's and Meier's curve: table life(customer, grp, ms, ended) says of each customer how long
-- he was looked at, and whether it ended then. Table curve gets a row for each length at which it
-- ended for somebody of a group: how many were at risk, for how many it ended, the share s of those
-- still without it, Greenwood's sum g, and the share's bounds.
create temp table moments as
with counted as (
        select grp, ms, sum(ended) as d, count(*) as leave from life group by grp, ms)
select grp, ms, d, sum(leave) over (partition by grp order by ms desc) as n from counted;

create temp table curve as
with risen as (
        select grp, ms, n, d,
            case when max(d = n) over so_far then 0.0
                else exp(sum(case when n > d then ln(1.0 * (n - d) / n) end) over so_far) end as s,
            sum(case when n > d then 1.0 * d / n / (n - d) end) over so_far as g,
            max(d = n) over so_far as all_ended
        from moments where d > 0 window so_far as (partition by grp order by ms))
select grp, ms, n, d, s, g, s * sqrt(g) as error,
    case when not all_ended then pow(s, exp(1.959963984540054 * sqrt(g) / -ln(s))) end as low,
    case when not all_ended then pow(s, exp(-1.959963984540054 * sqrt(g) / -ln(s))) end as high
from risen;
create index temp.curve_by on curve(grp, ms);

-- How long somebody of each group was looked at, at most; and up to where means are counted.
create temp table span as select grp, max(ms) as longest from life group by grp;
