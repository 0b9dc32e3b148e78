select type, count(*) as events, count(distinct number) as customers from events group by type;
