#!/bin/sh
# Each template works on data that somebody really collected: made, filled, checked, asked for its
# stages and a KPI. The figures are those of docs/templates/*.md. Retail takes the sample shop;
# the others need the reference data beside the repository, and are skipped without it.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
reference=${CICLO_REFERENCE:-$ROOT/../shared/data}

# make NAME CURRENCY ZONE
make() {
    "$CICLO" init "$T/$1.ciclo" --template "$1" --currency "$2" --timezone "$3"
}

# shown NAME DATE: stages with customers, and then a line of the targets for the page to show.
shown() {
    "$CICLO" stages "$T/$1.ciclo" --at "$2" --csv | awk -F, 'NR > 1 { printf "%s %s ", $1, $2 }'
    "$CICLO" stages "$T/$1.ciclo" --at "$2" --kpi --csv |
        awk -F, '$2 == "target" && $4 != "" { printf "%s:%s/%s ", $1, $4, $6 }'
}

# page NAME FIGURES: what the page says is what was seen.
page() {
    t_is "docs/templates/$1.md shows what was seen" \
        "$(sed -n 's/^<!-- seen: \(.*\) -->$/\1/p' "$ROOT/docs/templates/$1.md")" "$2"
}

sample() {
    make retail GBP Europe/London &&
        sample_import "$CICLO" "$T/retail.ciclo" "$ROOT/data/online_retail/online_retail.csv.xz"
}
t_ok 'retail: the sample shop' sample
page retail "$(shown retail 2011-12-10)"
t_is 'nothing is odd about it there but that nobody signs up' \
    "$("$CICLO" model check "$T/retail.ciclo" | grep -v 'The model is right')" \
    'line 62, column 45: note: of 4338 customers that the file holds nobody made this move'

if ! [ -d "$reference" ]; then
    t_line 0 'the other templates # SKIP there is no reference data beside the repository'
    t_done
fi

t_ok 'five stages: CDNOW, 2,357 buyers of music' make five-stages USD UTC
t_ok 'come in' "$CICLO" import "$T/five-stages.ciclo" "$reference/cdnow/cdnow_sample.csv" \
    --customer master_id --time date --time-format %Y%m%d --event purchase \
    --property 'revenue:money=amount'
page five-stages "$(shown five-stages 1998-07-01)"

# Months of service, as the table counts them, become monthly payments up to 1 January 2020; who
# left cancels at the end.
subscribers() {
    python3 - "$reference/telco_churn/telco_customer_churn.csv.gz" "$1" <<'PY'
import csv, datetime, gzip, json, sys
data, what = sys.argv[1:]
def put(n, customer, kind, at, name=None, **rest):
    print(json.dumps({'type': kind, 'userId': customer, 'messageId': f'{customer}-{n}',
                      'timestamp': at, **({'event': name} if name else {}), **rest}))
def month(back):
    year, m = divmod(2020 * 12 - back, 12)
    return f'{year}-{m + 1:02d}-01T00:00:00.000Z'
with gzip.open(data, 'rt') as lines:
    for row in csv.DictReader(lines):
        tenure, customer = int(row['tenure']), row['customerID']
        if tenure == 0 or (what == 'accounts' and row['Contract'] == 'Month-to-month'):
            continue
        put('id', customer, 'identify', month(tenure), traits={'plan': row['Contract']})
        if what == 'accounts':
            put('trial', customer, 'track', month(tenure + 1), 'trial_started')
        for k in range(tenure):
            put(k, customer, 'track', month(tenure - k), 'payment',
                properties={'revenue': float(row['MonthlyCharges'])})
            if what == 'accounts' and row['OnlineSecurity'] == 'Yes':
                for use in range(6):
                    put(f'{k}-{use}', customer, 'track', month(tenure - k)[:8] + f'{3 + 4 * use:02d}T12:00:00.000Z',
                        'key_action')
        if row['Churn'] == 'Yes':
            put('end', customer, 'track', '2019-12-31T00:00:00.000Z', 'cancelled')
PY
}
t_ok 'subscription: 7,032 telephone customers' make subscription USD UTC
subscribers people >"$T/people.jsonl"
t_ok 'come in' "$CICLO" import "$T/subscription.ciclo" "$T/people.jsonl"
page subscription "$(shown subscription 2020-01-01)"

t_ok 'SaaS: 3,157 of them with a contract for a year or two' make saas USD UTC
subscribers accounts >"$T/accounts.jsonl"
t_ok 'come in' "$CICLO" import "$T/saas.ciclo" "$T/accounts.jsonl"
page saas "$(shown saas 2020-01-01)"

# Households that a grocer wrote to: campaigns reach them, coupons are used, baskets are bought
# and used.
households() {
    python3 - "$reference/completejourney" <<'PY'
import csv, json, lzma, sys
folder = sys.argv[1]
def rows(name):
    with open(f'{folder}/{name}.csv') as lines:
        yield from csv.DictReader(lines)
def put(id, customer, at, name, **properties):
    print(json.dumps({'type': 'track', 'event': name, 'userId': customer, 'messageId': id,
                      'timestamp': at, 'properties': properties}))
starts = {c['campaign_id']: c['start_date'] for c in rows('campaign_descriptions')}
for c in rows('campaigns'):
    put(f"c{c['campaign_id']}-{c['household_id']}", c['household_id'],
        starts[c['campaign_id']] + 'T00:00:00.000Z', 'page_viewed')
for i, c in enumerate(rows('coupon_redemptions')):
    put(f'r{i}', c['household_id'], c['redemption_date'] + 'T00:00:00.000Z', 'content_used')
baskets = {}
with lzma.open(f'{folder}/transactions_sample.csv.xz', 'rt') as lines:
    for t in csv.DictReader(lines):
        one = baskets.setdefault(t['basket_id'], [t['household_id'], t['transaction_timestamp'], 0])
        one[2] += round(float(t['sales_value']) * 100)
for id, (customer, at, cents) in baskets.items():
    at = at.replace(' ', 'T') + '.000Z'
    put('b' + id, customer, at, 'bought', revenue=cents / 100)
    put('u' + id, customer, at, 'used')
PY
}
t_ok 'six stages of a relationship: households of a grocer' make six-relationship USD UTC
households >"$T/households.jsonl"
t_ok 'come in' "$CICLO" import "$T/six-relationship.ciclo" "$T/households.jsonl"
page six-relationship "$(shown six-relationship 2018-01-01)"

# The first purchase is the sale, handed over three days later; those after it are services.
owners() {
    python3 - "$reference/cdnow/cdnow_sample.csv" <<'PY'
import csv, datetime, json, sys
seen = set()
with open(sys.argv[1]) as lines:
    for i, row in enumerate(csv.DictReader(lines)):
        day = datetime.date(int(row['date'][:4]), int(row['date'][4:6]), int(row['date'][6:]))
        first = row['master_id'] not in seen
        seen.add(row['master_id'])
        for name, later in (('sale', 0), ('handover', 3)) if first else (('service', 0),):
            print(json.dumps({'type': 'track', 'event': name, 'userId': row['master_id'],
                'messageId': f'{i}{name}', 'timestamp': f'{day + datetime.timedelta(later)}T00:00:00.000Z',
                'properties': {} if name == 'handover' else {'revenue': float(row['amount'])}}))
PY
}
t_ok 'six stages of a product: first purchases, and those after them' make six-value USD UTC
owners >"$T/owners.jsonl"
t_ok 'come in' "$CICLO" import "$T/six-value.ciclo" "$T/owners.jsonl"
page six-value "$(shown six-value 1998-07-01)"
t_done
