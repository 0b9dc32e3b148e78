#!/bin/sh
# The exports of other systems come in by the mappings inside the program: once, with their sums,
# and what does not fit refused with its reason.
. "$ROOT/tests/support/tap.sh"
data=$ROOT/tests/data/exports

# part FILE EXPRESSION: of the JSON document d
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}

# export NAME [FILE]: makes a shop of the file, in $shop; the report is in $T/NAME.json
export_in() {
    name=$1 file=$data/${2:-$1}.csv shop=$T/$1.ciclo
    "$CICLO" init "$shop" --timezone Europe/Rome --currency EUR >/dev/null
    "$CICLO" import "$shop" "$file" --mapping "$name" --json --clock 2026-03-10 >"$T/$name.json"
    # Each line is used, left out or refused; each refusal has its first line; then the sums.
    t_is "$name: what comes of it, what is refused and why, the sums" \
        "$(part "$T/$name.json" '[d["lines"], d["events"], d["left_out"]],
            d["lines"] == d["used"] + d["left_out"] + sum(r["lines"] for r in d["refused"]),
            sorted((r["first_line"], r["reason"]) for r in d["refused"]), d["totals"]')" \
        "($3, True, $4, $5)"
    "$CICLO" import "$shop" "$file" --mapping "$name" --json --clock 2026-03-11 >"$T/again.json"
    events=${3#*, }
    t_is "$name: the same file again, a day later, changes nothing" \
        "$(part "$T/again.json" '[d["events"], d["known"]]')" "[0, ${events%,*}]"
}
# The accounts with the number of their members.
members() {
    sql "select a.id || ':' || count(distinct coalesce(c.home, c.number)) from member m join customer a on a.number = m.account
        join customer c on c.number = m.anchor group by a.id order by a.id"
}
sql() { "$CICLO" sql "$shop" "$1" --csv | tail -n +2 | tr '\n' ' '; }

export_in hubspot-contacts '' '[4, 3, 0]' \
    "[(5, 'Create Date is not a time of the form %Y-%m-%d %H:%M')]" '{}'
t_is 'hubspot: contacts are members of all their companies' "$(members)" '7001:1 7002:1 '
t_is 'hubspot: traits, in the time of the workspace' \
    "$(sql "select customer, first_time, \"traits.lifecycle_stage\", \"traits.hubspot_id\" from timelines where \"traits.hubspot_id\" is not null order by 1")" \
    'anna@example.com,2025-12-01 09:00:00,Customer,51 ben@example.com,2025-12-02 09:00:00,Lead,52 hubspot:53,2025-12-03 09:00:00,,53 '

export_in hubspot-deals '' '[5, 2, 1]' \
    "[(5, 'no customer (column Associated Contact IDs is empty)'), (6, \"its amounts are in another currency than the workspace's\")]" \
    "{'amount': 12800.5}"
t_is 'hubspot: a deal is its first contact'"'"'s' \
    "$(sql "select customer, won, amount from events where type = 'deal_closed' order by at_ms")" \
    'hubspot:51,1,12000 hubspot:52,0,800.5 '
"$CICLO" import "$shop" "$data/hubspot-contacts.csv" --mapping hubspot-contacts >/dev/null
t_is 'hubspot: and so the one'"'"'s with his address' \
    "$(sql "select customer, won, amount from events where type = 'deal_closed' order by at_ms")" \
    'anna@example.com,1,12000 ben@example.com,0,800.5 '

export_in salesforce-contacts '' '[3, 3, 0]' '[]' '{}'
t_is 'salesforce: contacts are members of their accounts' "$(members)" \
    '0015g00000AAAAAAA1:1 0015g00000AAAAAAA2:2 '
"$CICLO" import "$shop" "$data/salesforce-opportunities.csv" --mapping salesforce-opportunities >/dev/null
t_is 'salesforce: whose opportunities these are' \
    "$(sql "select customer, amount from events where type = 'opportunity_closed' order by at_ms")" \
    '0015g00000AAAAAAA1,12000 0015g00000AAAAAAA2,800.5 '
export_in salesforce-leads '' '[2, 1, 0]' "[(3, 'IsConverted is not yes or no')]" '{}'
export_in salesforce-opportunities '' '[4, 2, 1]' \
    "[(5, 'no customer (column AccountId is empty)')]" "{'amount': 12800.5}"
t_is 'salesforce: won and lost' "$(sql 'select won, amount, stage from events order by at_ms')" \
    '1,12000,Closed Won 0,800.5,Closed Lost '

export_in shopify-orders '' '[10, 2, 2]' \
    "[(7, 'no customer (column Email is empty)'), (8, \"its amounts are in another currency than the workspace's\"), (10, 'Created at is not a time of the form %Y-%m-%d %H:%M:%S %z'), (11, 'Total is not a number')]" \
    "{'revenue': 62.5, 'refunded': 5.0, 'quantity': 4, 'subtotal': 62.5, 'shipping': 0.0, 'taxes': 0.0, 'discount': 5.0}"
t_is 'shopify: one event an order that was paid, whatever its lines' \
    "$(sql "select id, time, revenue, refunded, status, items from events order by id")" \
    'purchase:#1001,2026-03-01 09:15:00,42.5,0,paid,"[""Green tea"",""Cup, blue""]" purchase:#1002,2026-03-02 18:00:00,20,5,partially_refunded,"[""Green tea""]" '
export_in shopify-customers '' '[4, 3, 0]' \
    "[(5, 'Accepts Email Marketing is not yes or no')]" '{}'
t_is 'shopify: what no column dates is of the moment of the import' \
    "$(sql 'select customer, date(first_time), "traits.city", "traits.accepts_marketing" from timelines order by 1')" \
    'anna@example.com,2026-03-10,Rome,1 ben@example.com,2026-03-10,,0 shopify:7003,2026-03-10,,0 '

export_in mailchimp-subscribed '' '[4, 2, 0]' \
    "[(4, 'CONFIRM_TIME is not a time of the form %Y-%m-%d %H:%M:%S'), (5, 'no customer (column Email Address is empty)')]" '{}'
"$CICLO" import "$shop" "$data/mailchimp-unsubscribed.csv" --mapping mailchimp-unsubscribed >/dev/null
for when in 2026-02-01:2 2026-03-01:1; do
    t_is "mailchimp: who agreed, on ${when%:*}" \
        "$("$CICLO" rule check "$shop" 'consent.email.news' --count --at "${when%:*}" |
            sed -n 's/.* fits \([0-9]*\) of .*/\1/p')" "${when#*:}"
done
export_in mailchimp-unsubscribed '' '[2, 1, 0]' \
    "[(3, 'UNSUB_TIME is not a time of the form %Y-%m-%d %H:%M:%S')]" '{}'
export_in mailchimp-opens '' '[3, 2, 0]' \
    "[(4, 'Timestamp is not a time of the form %Y-%m-%d %H:%M:%S')]" '{}'
export_in mailchimp-clicks '' '[2, 1, 0]' "[(3, 'no customer (column Email is empty)')]" '{}'
t_is 'mailchimp: a click in a mail has its channel' "$(sql 'select channel, url from events')" \
    'email,https://shop.example/tea '

export_in gainsight-companies '' '[3, 2, 0]' "[(4, 'ARR is not a number')]" '{}'
export_in gainsight-ctas '' '[3, 2, 0]' "[(4, 'no customer (column Company ID is empty)')]" '{}'

export_in stripe-payments '' '[7, 4, 1]' \
    "[(6, \"its amounts are in another currency than the workspace's\"), (7, 'Created date (UTC) is not a time of the form %Y-%m-%d %H:%M:%S')]" \
    "{'revenue': 1312.5, 'refunded': 12.5, 'fee': 2.0}"
t_is 'stripe: a payment without an address is his who has its customer' \
    "$(sql "select id, revenue from events where customer = 'anna@example.com' order by id")" \
    'purchase:ch_1,1250 purchase:ch_4,20 '
t_is 'stripe: times are UTC' "$(sql "select id, at_ms from events where id like '%ch_7'")" \
    'purchase:ch_7,1770420600000 '
export_in stripe-customers '' '[4, 3, 0]' \
    "[(5, 'Created (UTC) is not a time of the form %Y-%m-%d %H:%M')]" '{}'
export_in stripe-subscriptions '' '[4, 3, 0]' \
    "[(5, \"its amounts are in another currency than the workspace's\")]" \
    "{'amount': 348.0, 'quantity': 3}"
export_in stripe-cancellations stripe-subscriptions '[4, 1, 3]' '[]' "{'amount': 290.0}"

# What is there, and what fits.
t_is 'each mapping is listed and shown' "$("$CICLO" mapping list --json |
    python3 -c 'import json, sys; print(*[m["name"] for m in json.load(sys.stdin)])' |
    xargs -n 1 "$CICLO" mapping show | grep -c '^event: ')" \
    "$(ls "$ROOT"/src/engine/mappings/*.yaml | wc -l)"
for csv in "$data"/*.csv; do
    name=$(basename "$csv" .csv)
    case $name in mailchimp-opens | mailchimp-clicks) continue ;; esac
    t_is "$name is recognised by its header" \
        "$("$CICLO" import "$shop" "$csv" 2>&1 | grep -o -- '--mapping [a-z-]*')" "--mapping $name"
done
t_is 'a table of nobody'"'"'s is not' \
    "$("$CICLO" import "$shop" "$ROOT/tests/data/orders.csv" 2>&1 | grep -c -- --mapping)" 0
t_is 'a name that is nearly one' \
    "$("$CICLO" import "$shop" "$data/shopify-orders.csv" --mapping shopify-order 2>&1 |
        grep -c 'did you mean "shopify-orders"')" 1
"$CICLO" mapping show stripe-payments | sed 's/^event: .*/event: payment/' >"$T/own.yaml"
"$CICLO" import "$shop" "$data/stripe-payments.csv" --mapping "$T/own.yaml" >/dev/null
t_is 'a mapping can be saved, changed, and used' "$(sql "select count(*) from events where type = 'payment'")" '4 '

# What is given on the command line.
"$CICLO" init "$T/own.ciclo" --currency USD >/dev/null
shop=$T/own.ciclo
"$CICLO" import "$shop" "$data/stripe-payments.csv" --customer 'Customer Email' --event paid \
    --moment 2026-01-31 --currency Currency --property 'amount:money=Amount' --json >"$T/own.json"
t_is 'another currency' "$(part "$T/own.json" '[d["events"], d["totals"]]')" "[1, {'amount': 7.0}]"
t_is 'a day of all rows' "$(sql 'select time from events')" '2026-01-31 00:00:00 '
t_is 'two times are one too many' "$("$CICLO" import "$shop" "$data/stripe-payments.csv" \
    --customer id --event paid --time id --moment now 2>&1 | grep -c 'exclude one another')" 1
t_is 'a moment that is none' "$("$CICLO" import "$shop" "$data/stripe-payments.csv" \
    --customer id --event paid --moment soon 2>&1 | grep -c 'is a day or a moment')" 1
t_done
