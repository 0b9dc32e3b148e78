# grocer.sh - a year of a grocer's baskets, mailings and redeemed coupons, where they are beside the
# repository; after oracle.sh. Most of it has no hour: many things of one customer happen at the
# same moment.
data=${CICLO_REFERENCE:-$ROOT/../shared/data}/completejourney
[ -d "$data" ] || t_skip_all 'completejourney is not among the reference data beside the repository'
export TZ=America/New_York
file=$T/grocer.ciclo at=2018-01-01 moves_until=2018-02-28 passive=mailed
day=86400000

# Who was sent what, on the first day of each campaign; who has which income.
sqlite3 -csv -header :memory: ".import --csv $data/campaigns.csv sent" \
    ".import --csv $data/campaign_descriptions.csv campaign" \
    "select household_id, start_date, campaign_id, campaign_type from sent join campaign using (campaign_id)" >"$T/mailed.csv"
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
        take "$data/coupon_redemptions.csv" redemption_date --event redemption --property 'campaign:text=campaign_id' &&
        take "$T/mailed.csv" start_date --event mailed --property 'kind:text=campaign_type' &&
        "$CICLO" import "$file" "$data/demographics.csv" --customer household_id --moment 2017-01-01 \
            --event identify --trait 'income=income' && load
}
