#!/bin/sh
# Targets and KPIs of the sample shop, cell by cell, against a count in Python over what
# `ciclo export` gives: stays, censored lengths, revenue, rules, in three kinds of period.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
file=$T/shop.ciclo data=$ROOT/data/online_retail/online_retail.csv.xz

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Shop, currency: GBP, timezone: Europe/London, language: en }
events:
  purchase: { properties: { revenue: money, items: list } }
measures:
  revenue: purchase.revenue
  cost: purchase.revenue where revenue < 200
  satisfaction: purchase.revenue where items contains '22423'
lifecycle:
  stages:
    first:
      target: { rate: 0.40, within: 90d }
      kpi: FIGURES
    regular:
    quiet:
    lapsed:
  moves:
    - { from: first, to: regular, when: "count(purchase) >= 2" }
    - { from: [first, regular], to: quiet, when: "since(purchase) >= 60d" }
    - { from: quiet, to: regular, when: "since(purchase) < 60d" }
    - { from: quiet, to: lapsed, when: "since(purchase) >= 150d" }
    - { from: lapsed, to: regular, when: "since(purchase) < 1d" }
YAML
python3 - "$T/model.yaml" <<'PY'
import sys
figures = '''{ in: entered, out: left, median: median time in stage, p90: p90 time in stage,
        rev: revenue, cost: cost, margin: margin, sat: satisfaction,
        back: conversion to regular within 2mo, recent: "exists(purchase, 30d)",
        orders: "count(purchase)", spent: "sum(purchase.revenue, 90d)",
        biggest: "max(purchase.revenue, stage)", times: "times_in('regular')" }'''
text = open(sys.argv[1]).read()
text = text.replace('      kpi: FIGURES\n', '      kpi: ' + figures.replace('to regular ', '') + '\n')
regular = figures.replace('to regular', 'to quiet')
text = text.replace('    regular:\n', '    regular: { target: { rate: 0.5, within: 60d, to: [quiet, lapsed] }, kpi: '
                    + regular + ' }\n')
for stage in 'quiet', 'lapsed':
    text = text.replace('    %s:\n' % stage, '    %s: { target: { rate: 0.3, within: 30d, '
                        'to: regular }, kpi: %s }\n' % (stage, figures))
open(sys.argv[1], 'w').write(text)
PY
shop() {
    "$CICLO" init "$file" --template retail --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$file" "$data" && "$CICLO" model apply "$file" "$T/model.yaml"
}
t_ok 'the sample has a model with KPIs' shop
# Up to a moment within the data: many stays are not over.
now='--clock 2011-11-15T12:00:00Z'
t_ok 'events go out' "$CICLO" export "$file" events --json --out "$T/events"
t_ok 'moves go out' "$CICLO" export "$file" stages --json --out "$T/moves" $now
t_ok 'the KPIs of the whole time' sh -c '"$0" stages "$1" --kpi --json $2 >"$3"' \
    "$CICLO" "$file" "$now" "$T/all"
t_ok 'of a part of it' sh -c '"$0" stages "$1" --kpi --json --from 2011-03-01 --at 2011-06-10 >"$3"' \
    "$CICLO" "$file" "$now" "$T/part"
t_ok 'month by month' sh -c '"$0" stages "$1" --kpi --json --by month --at 2011-11-01 $2 >"$3"' \
    "$CICLO" "$file" "$now" "$T/months"
"$CICLO" export "$file" stages --json --out "$T/moves-then" --at 2011-06-10

cat >"$T/twin.py" <<'PY'
import collections, datetime, decimal, json, sys, zoneinfo
from decimal import Decimal
decimal.getcontext().prec = 60
folder, = sys.argv[1:]
day, london = 86400000, zoneinfo.ZoneInfo('Europe/London')

def moment(text):
    return round(datetime.datetime.fromisoformat(text.replace('Z', '+00:00')).timestamp() * 1000)

def lines(name):
    with open(f'{folder}/{name}') as f:
        return [json.loads(line) for line in f]

bought = collections.defaultdict(list)  # (moment, pence, has the item)
for e in lines('events'):
    if e['type'] == 'track':
        p = e['properties']
        bought[e['userId']].append((moment(e['timestamp']), round(p['revenue'] * 100),
                                    any('22423' == i for i in p['items'])))
for one in bought.values():
    one.sort()

def months_on(at, n):
    t = datetime.datetime.fromtimestamp(at // 1000, london)
    year, month = t.year + (t.month - 1 + n) // 12, (t.month - 1 + n) % 12 + 1
    try:
        t = t.replace(year=year, month=month, tzinfo=None)
    except ValueError:
        t = datetime.datetime(year + month // 12, month % 12 + 1, 1)
    return round(t.replace(tzinfo=london).timestamp()) * 1000 + at % 1000

def half_up(numerator, denominator):  # half away from zero
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))

def share(hits, n):
    return half_up(hits * 10**6, n) / 10**6 if n else None

def product_limit(lengths, left):  # [(length, over)]
    s, at_risk = Decimal(1), len(lengths)
    for length in sorted({l for l, _ in lengths}):
        ended = sum(1 for l, over in lengths if l == length and over)
        s = s * (at_risk - ended) / at_risk
        if ended and s <= Decimal(left) + Decimal('1e-40'):
            return length
        at_risk -= sum(1 for l, _ in lengths if l == length)
    return None

def money(pence):
    return None if pence is None else pence / 100

stages = ['first', 'regular', 'quiet', 'lapsed']
targets = {'first': (90, ['regular']), 'regular': (60, ['quiet', 'lapsed']),
           'quiet': (30, ['regular']), 'lapsed': (30, ['regular'])}
back = {'first': 'regular', 'regular': 'quiet', 'quiet': 'regular', 'lapsed': 'regular'}

def count(moves, known, begin, end):
    """One period [begin, end) as known at a moment, by stage."""
    cells = {s: collections.defaultdict(list) for s in stages}
    last = min(end, known + 1)
    for who, made in moves.items():
        made = [m for m in made if m[0] <= known]
        for i, (at, origin, to) in enumerate(made):
            left = made[i + 1][0] if i + 1 < len(made) else None
            cell = cells[to]
            if begin <= at < end:
                cell['in'].append(1)
                cell['length'].append(((left if left is not None else known) - at, left is not None))
                for name, deadline, into in (
                        ('target', at + targets[to][0] * day, targets[to][1]),
                        ('back', months_on(at, 2), [back[to]])):
                    if deadline <= known:
                        cell[name].append(any(m[0] <= deadline and m[2] in into
                                              for m in made[i + 1:]))
                if origin:
                    cells[origin]['out'].append(1)
            for when, pence, item in bought[who]:
                if at <= when < (left if left is not None else known + 1) and begin <= when < last:
                    cell['rev'].append(pence)
                    if pence < 20000:
                        cell['cost'].append(pence)
                    if item:
                        cell['sat'].append(pence)
            then = last - 1
            if begin <= known and at <= then and (left is None or left > then):
                past = [b for b in bought[who] if b[0] <= then]
                cell['recent'].append(any(then < b[0] + 30 * day for b in past))
                cell['orders'].append(len(past))
                cell['spent'].append(sum(b[1] for b in past if then < b[0] + 90 * day))
                here = [b[1] for b in past if b[0] >= at]
                if here:
                    cell['biggest'].append(max(here))
                cell['times'].append(sum(1 for m in made if m[2] == 'regular' and m[0] <= then))
    return cells

def values(cell):
    n = {k: len(v) for k, v in cell.items()}
    def average(k, scale):
        v = cell[k]
        return half_up(sum(v) * scale, len(v)) / scale if v else None
    return {
        'target': (share(sum(cell['target']), len(cell['target'])), len(cell['target'])),
        'in': (len(cell['in']), len(cell['in'])),
        'out': (len(cell['out']), len(cell['out'])),
        'median': (product_limit(cell['length'], '0.5'), len(cell['length'])),
        'p90': (product_limit(cell['length'], '0.1'), len(cell['length'])),
        'rev': (money(sum(cell['rev'])), len(cell['rev'])),
        'cost': (money(sum(cell['cost'])), len(cell['cost'])),
        'margin': (money(sum(cell['rev']) - sum(cell['cost'])),
                   len(cell['rev']) + len(cell['cost'])),
        'sat': (money(average('sat', 1)), len(cell['sat'])),
        'back': (share(sum(cell['back']), len(cell['back'])), len(cell['back'])),
        'recent': (share(sum(cell['recent']), len(cell['recent'])), len(cell['recent'])),
        'orders': (average('orders', 10**6), len(cell['orders'])),
        'spent': (money(average('spent', 1)), len(cell['spent'])),
        'biggest': (money(average('biggest', 1)), len(cell['biggest'])),
        'times': (average('times', 10**6), len(cell['times'])),
    }

def compare(name, got, moves, known, begin, end):
    cells, checked, filled = count(moves, known, begin, end), 0, 0
    for stage in got['stages']:
        wanted = values(cells[stage['stage']])
        have = {k['name']: (k['value'], k['of']) for k in stage['kpis']}
        have['target'] = stage['target']['value'], stage['target']['of']
        assert have.keys() == wanted.keys(), have.keys() ^ wanted.keys()
        for key in wanted:
            assert have[key] == wanted[key], (name, stage['stage'], key, have[key], wanted[key])
            checked += 1
            filled += wanted[key][0] not in (None, 0)
        rate = stage['target']['rate']
        assert stage['target']['met'] == (None if wanted['target'][0] is None
                                          else wanted['target'][0] >= rate)
    return checked, filled

def moves_of(name):
    by = collections.defaultdict(list)
    for m in lines(name):
        by[m['customer']].append((moment(m['at']), m['from'], m['to']))
    return by

moves, known = moves_of('moves'), moment('2011-11-15T12:00:00Z')
never = -10**15
done = [compare('all', json.load(open(f'{folder}/all')), moves, known, never, known + 1)]
then = json.load(open(f'{folder}/part'))
done.append(compare('part', then, moves_of('moves-then'), moment(then['at']),
                    moment('2011-03-01T00:00:00Z') + 1, moment(then['at']) + 1))
for month in json.load(open(f'{folder}/months'))['periods']:
    done.append(compare(month['period'], month, moves, known, moment(month['start']),
                        moment(month['end'])))
assert len(done) == 14, len(done)
assert all(checked == 60 for checked, _ in done)
assert done[0][1] >= 40 and sum(filled for _, filled in done) > 400, done
PY
t_ok 'Python counts the same in every cell' python3 "$T/twin.py" "$T"

t_ok 'as CSV: a row a figure, with its unit' sh -c '"$0" stages "$1" --kpi --csv $2 | python3 -c "
import csv, sys
rows = list(csv.DictReader(sys.stdin))
assert len(rows) == 60, len(rows)
assert rows[0][\"stage\"] == \"first\" and rows[0][\"measure\"] == \"to regular within 90d\"
assert rows[0][\"target\"] == \"0.4\" and rows[0][\"met\"] in (\"met\", \"missed\")
assert {r[\"unit\"] for r in rows} == {\"share\", \"moves\", \"ms\", \"money\", \"number\"}"' \
    "$CICLO" "$file" "$now"
"$CICLO" stages "$file" --kpi --by quarter $now >"$T/text"
t_ok 'for people' sh -c 'grep -Eq "^2011-Q1 +first +target +to regular within 90d +[0-9.]+% +[0-9]+ +40.0% +(met|missed)$" "$0" &&
    grep -Eq "^2011-Q1 +first +rev +revenue +[0-9.]+ GBP +[0-9]+ *$" "$0"' "$T/text"
t_done
