-- Every day from the first to the last event, or to :to_day, and the period of the calendar that holds it: :by
-- is day, week (named by its Monday), month, quarter or year. `i` counts the periods.
create temp table calendar as
with recursive days(day) as (
    select max((select min(day) from e), :from_day)
    union all
    select date(day, '+1 day') from days
    where day < max(:to_day, (select max(day) from e where at <= :at))),
    named as (select day, case :by
        when 'day' then day
        when 'week' then date(day, 'weekday 0', '-6 days')
        when 'month' then substr(day, 1, 7)
        when 'quarter' then substr(day, 1, 4) || '-Q' || ((substr(day, 6, 2) + 2) / 3)
        when 'year' then substr(day, 1, 4) end as period from days)
select day, period, dense_rank() over (order by period) - 1 as i from named;
create index temp.calendar_by on calendar(day);
