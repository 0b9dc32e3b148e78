# grocer.sh - a year of a grocer's baskets, mailings and redeemed coupons, where they are beside the
# repository; after oracle.sh. Most of it has no hour: many things of one customer happen at the
# same moment.
data=${CICLO_REFERENCE:-$ROOT/../shared/data}/completejourney
[ -d "$data" ] || t_skip_all 'completejourney is not among the reference data beside the repository'
export TZ=America/New_York
file=$T/grocer.ciclo at=2018-01-01 moves_until=2018-02-28 passive=mailed
day=86400000

# Who was sent what, on the first day of each campaign, and who redeemed a coupon of it, as JSON lines; the
# kind of campaign is what came by email, as a message and as a display.
sqlite3 :memory: ".import --csv $data/campaigns.csv sent" ".import --csv $data/campaign_descriptions.csv campaign" \
    ".import --csv $data/coupon_redemptions.csv redeemed" \
    "with happened as (
        select 'mailed' as event, household_id, campaign_id, start_date as day, json_object('kind', campaign_type) as properties
            from sent join campaign using (campaign_id)
        union all select 'redemption', household_id, campaign_id, redemption_date, json_object('campaign', campaign_id) from redeemed)
    select json_object('type', 'track', 'event', event, 'userId', household_id, 'messageId', event || row_number() over (),
        'timestamp', strftime('%Y-%m-%dT%H:%M:%SZ', day, 'utc'), 'properties', json(properties),
        'context', json_object('campaign', json_object('medium', case campaign_type when 'Type A' then 'email'
            when 'Type B' then 'sms' else 'display' end, 'name', campaign_id)))
    from happened join campaign using (campaign_id)
    union all select json_object('type', 'identify', 'userId', household_id, 'messageId', 'joined' || household_id,
        'timestamp', '2017-01-01T05:00:00Z', 'traits', json_object('joined', strftime('%Y-%m-%dT%H:%M:%SZ',
            '2016-11-15', '+' || (household_id * 7 % 400) || ' days', '+' || (household_id % 24) || ' hours')))
        from (select distinct household_id from sent) where household_id % 10" >"$T/campaigns.jsonl"
take() { # DATA TIME OPTION...
    taken=$1 time=$2
    shift 2
    "$CICLO" import "$file" "$taken" --customer household_id --time "$time" "$@"
}
the_grocer() {
    "$CICLO" init "$file" --model "$sql/completejourney.yaml" &&
        take "$data/transactions_sample.csv.xz" transaction_timestamp --event purchase --id basket_id \
            --property 'revenue:money=sum(sales_value)' --property 'cost:money=sum(quantity)' \
            --property 'lines:number=count(product_id)' &&
        "$CICLO" import "$file" "$T/campaigns.jsonl" &&
        "$CICLO" import "$file" "$data/demographics.csv" --customer household_id --moment 2017-01-01 \
            --event identify --trait 'income=income' && load
}
