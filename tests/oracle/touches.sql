-- Which events came by a channel, in table came: what the default table of channels makes of the mediums
-- that these files have.
create table came as
select customer, place, at, day, "properties.context.campaign.name" as campaign,
    case "properties.context.campaign.medium" when 'email' then 'email' when 'sms' then 'sms' when 'cpc' then 'paid search'
        when 'social' then 'organic social' when 'affiliate' then 'affiliates' when 'display' then 'display' end as channel
from e where "properties.context.campaign.medium" <> '';
create unique index came_by on came(customer, place);
