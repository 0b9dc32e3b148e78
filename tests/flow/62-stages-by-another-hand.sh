#!/bin/sh
# The sample shop's stages and moves, computed anew in Python from the orders: the retail
# template's moves written out as plain code, asked at every moment at which one could fall due.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
file=$T/shop.ciclo data=$ROOT/data/online_retail/online_retail.csv.xz
days='2010-12-15 2011-03-27 2011-05-31 2011-10-30 2011-12-10 2013-01-01'

shop() {
    "$CICLO" init "$file" --template retail --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$file" "$data"
}
t_ok 'the sample is imported' shop
for day in $days; do
    "$CICLO" stages "$file" --at "$day" --json >"$T/$day.json" || echo >"$T/$day.json"
done
t_ok 'Python finds the same customers in the same stages by the same moves' \
    python3 - "$data" "$T" $days <<'PY'
import collections, csv, datetime, json, lzma, sys, zoneinfo
london, day = zoneinfo.ZoneInfo('Europe/London'), 86400
data, folder, *days = sys.argv[1:]

def seconds(text, form):
    return int(datetime.datetime.strptime(text, form).replace(tzinfo=london).timestamp())

orders = {}
with lzma.open(data, 'rt', encoding='utf-8') as lines:
    for row in csv.DictReader(lines):
        if (row['CustomerID'] and not row['InvoiceNo'].startswith('C')
                and int(row['Quantity']) > 0 and float(row['UnitPrice']) > 0):
            at = seconds(row['InvoiceDate'], '%Y-%m-%d %H:%M:%S')
            customer, first = orders.get(row['InvoiceNo'], (row['CustomerID'], at))
            orders[row['InvoiceNo']] = customer, min(first, at)
bought = collections.defaultdict(list)
for customer, at in orders.values():
    bought[customer].append(at)

def move(stage, at, past):
    silent = at - past[-1]
    quarter = sum(at < one + 90 * day for one in past)
    half = sum(at < one + 180 * day for one in past)
    if stage == 'reach':
        return 'conversion'
    if stage in ('conversion', 'retention', 'loyalty', 'reactivated') and silent >= 90 * day:
        return 'at_risk'
    if stage == 'at_risk' and silent >= 180 * day:
        return 'lapsed'
    if stage in ('at_risk', 'lapsed'):
        return 'reactivated' if silent < 90 * day else None
    if stage == 'reactivated':
        return 'retention' if quarter >= 2 else None
    if stage == 'conversion':
        return 'retention' if len(past) >= 2 else None
    if stage == 'retention':
        return 'loyalty' if half >= 4 else None
    if stage == 'loyalty':
        return 'retention' if half < 3 else None

made = []
for orders_of_one in bought.values():
    orders_of_one.sort()
    stage = 'reach'
    made.append((orders_of_one[0], None, stage))
    for at in sorted({one + wait * day for one in orders_of_one for wait in (0, 90, 180)}):
        past = [one for one in orders_of_one if one <= at]
        while to := move(stage, at, past):
            made.append((at, stage, to))
            stage = to

for name in days:
    until = seconds(name, '%Y-%m-%d')
    moves, stages = collections.Counter(), collections.Counter()
    for at, origin, to in made:
        if at <= until:
            moves[origin, to] += 1
            stages[to] += 1
            stages[origin] -= 1
    del stages[None]
    with open(f'{folder}/{name}.json') as answer:
        got = json.load(answer)
    assert got['population'] == sum(stages.values()), name
    assert {s['stage']: s['customers'] for s in got['stages'] if s['customers']} == +stages, name
    assert {(m['from'], m['to']): m['customers'] for m in got['moves']} == moves, name
PY
t_done
