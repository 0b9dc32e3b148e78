select sum(revenue) over (partition by number order by ts rows between 1 preceding and unbounded following), ntile(3) over w from events window w as (partition by customer order by id)
