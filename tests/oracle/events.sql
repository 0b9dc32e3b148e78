-- The rows of `ciclo export FILE events --csv`, in table event, as all other files here take
-- them: `at` in milliseconds since 1970, `day` on the shop's own calendar (TZ says which), money
-- in cents, and `place`, which counts a customer's events in the order of his timeline: by
-- moment, and among events of one moment by id. `clock` is what the shop's clock shows.
create table e as
select customer, cast(customer as integer) as number,
    row_number() over (partition by customer order by at, id) as place,
    1000 * unixepoch(substr(at, 1, 19)) + cast(substr(at, 21, 3) as integer) as at,
    date(unixepoch(substr(at, 1, 19)), 'unixepoch', 'localtime') as day,
    datetime(unixepoch(substr(at, 1, 19)), 'unixepoch', 'localtime') as clock,
    type, cast(round(100 * cast("properties.revenue" as real)) as integer) as cents, event.*
from event;
create unique index place_of on e(customer, place);
create index type_of on e(type, customer, place);
