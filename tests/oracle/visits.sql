-- What the shop did not record, derived from the numbers of its orders: visits that lead to them, by
-- channel and campaign, some that lead nowhere, answers to how content customers are, and when they say that they joined,
-- some of them twice, some never, and some before the shop's first order. JSON lines.
with ordered as (select customer, id, at, cast(substr(id, -6) as integer) as n from e where type = 'purchase'),
    visit as (
        select customer, ordered.id || '-' || i.value as id, at / 1000 - i.value * (1 + n % 13) * 7200 as s, n / 7 + i.value as k
        from ordered, json_each('[1, 2, 3]') i where i.value <= n % 4
        union all select customer, id || '-5', at / 1000 + (n % 50) * 86400, n / 11 from ordered where n % 5 = 0),
    answer as (select customer, id || '-a' as id, at / 1000 + (n % 5) * 20000 as s, n % 11 as score from ordered where n % 3 = 0)
select json_object('type', 'track', 'event', 'visit', 'userId', customer, 'messageId', id,
    'timestamp', strftime('%Y-%m-%dT%H:%M:%SZ', s, 'unixepoch'),
    'context', json_object('campaign', json_object('source', 'google', 'medium',
        '["email", "cpc", "social", "affiliate", "display", "email"]' ->> (k % 6),
        'name', '["spring", "summer", null, "the end"]' ->> (k / 6 % 4))))
from visit
union all select json_object('type', 'track', 'event', 'survey_answered', 'userId', customer, 'messageId', id,
    'timestamp', strftime('%Y-%m-%dT%H:%M:%SZ', s, 'unixepoch'), 'properties', json_object('score', score)) from answer
union all select json_object('type', 'identify', 'userId', customer, 'messageId', 'joined-' || value || '-' || customer,
    'timestamp', strftime('%Y-%m-%dT%H:%M:%SZ', first + value * 5000000, 'unixepoch'),
    'traits', json_object('joined', strftime('%Y-%m-%dT%H:%M:%SZ', first + (customer % 23 - 15 + value) * 400000, 'unixepoch')))
from (select customer, min(at) / 1000 as first from e where type = 'purchase' group by customer), json_each('[0, 1]')
where customer % 9 and (value = 0 or customer % 4 = 0);
