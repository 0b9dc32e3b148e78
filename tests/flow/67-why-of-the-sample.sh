#!/bin/sh
# Why the sample shop's customers are where they are, and why not elsewhere, at random moments: each
# value shown is found again in Python from the orders that it names, and again from all orders; what
# is said to change a stage does so, and no sooner, in the template's moves written out as plain code.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
file=$T/shop.ciclo
rounds=${CICLO_ROUNDS:-1}
pairs=$((rounds < 10 ? 100 * rounds : 1000))
seed=${CICLO_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
echo "# CICLO_SEED=$seed"

shop() {
    "$CICLO" init "$file" --template retail --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$file" "$ROOT/data/online_retail/online_retail.csv.xz" &&
        "$CICLO" export "$file" events --csv >"$T/events.csv"
}
t_ok 'the sample is imported' shop
t_ok 'every term, every wait and every event that is named is true' \
    python3 - "$CICLO" "$file" "$T/events.csv" "$seed" "$pairs" <<'PY'
import bisect, collections, csv, datetime, json, random, re, subprocess, sys
ciclo, shop, events, seed, pairs = sys.argv[1:]
chance, day, utc = random.Random(int(seed)), 86400000, datetime.timezone.utc

def ms(text):
    at = datetime.datetime.strptime(text, '%Y-%m-%dT%H:%M:%S.%fZ').replace(tzinfo=utc)
    return round(at.timestamp() * 1000)

def iso(at):
    return datetime.datetime.fromtimestamp(at // 1000, utc).strftime('%Y-%m-%dT%H:%M:%S') + f'.{at % 1000:03}Z'

# By customer: (moment, id) of his orders, the only events of the sample.
orders = collections.defaultdict(list)
csv.field_size_limit(1 << 30)
with open(events, newline='') as lines:
    for row in csv.DictReader(lines):
        assert row['type'] == 'purchase'
        orders[row['customer']].append((ms(row['at']), row['id']))
for of_one in orders.values():
    of_one.sort()

def by_hand(test, bought, at):
    """What a comparison of the template gives: value in words, truth, and the orders behind it."""
    if m := re.fullmatch(r'exists\((\w+)\)', test):
        found = bought if m[1] == 'purchase' else []
        return 'yes' if found else 'no', bool(found), found
    if m := re.fullmatch(r'count\(purchase(?:, (\d+)d)?\) (>=|<) (\d+)', test):
        found = [b for b in bought if not m[1] or at < b + int(m[1]) * day]
        n = len(found)
        return str(n), n >= int(m[3]) if m[2] == '>=' else n < int(m[3]), found
    m = re.fullmatch(r'since\(purchase\) (>=|<) (\d+)d', test)
    assert m, test
    if not bought:
        return 'missing', False, []
    silent = at - bought[-1]
    words = next((f'{silent // size} {name}' + ('' if silent // size == 1 else 's')
                  for size, name in ((day, 'day'), (3600000, 'hour'), (60000, 'minute'))
                  if silent >= size), f'{silent // 1000} second' + ('' if silent // 1000 == 1 else 's'))
    return words, (silent >= int(m[2]) * day) == (m[1] == '>='), bought[-1:]

# The template's ways: out of each stage, in the order of the text.
text = [(('reach', 'acquisition'), 'conversion', 'exists(purchase)'),
        (('reach',), 'acquisition', 'exists(signed_up)'),
        (('conversion', 'retention', 'loyalty', 'reactivated'), 'at_risk', 'since(purchase) >= 90d'),
        (('at_risk',), 'lapsed', 'since(purchase) >= 180d'),
        (('at_risk', 'lapsed'), 'reactivated', 'since(purchase) < 90d'),
        (('reactivated',), 'retention', 'count(purchase, 90d) >= 2'),
        (('conversion',), 'retention', 'count(purchase) >= 2'),
        (('retention',), 'loyalty', 'count(purchase, 180d) >= 4'),
        (('loyalty',), 'retention', 'count(purchase, 180d) < 3')]
ways = collections.defaultdict(list)
for origins, to, rule in text:
    for origin in origins:
        ways[origin].append((to, rule))

def live(bought, until):
    """All moves up to then: every way is asked at every moment at which one could fall due."""
    stage, made = 'reach', [(bought[0], None, 'reach')]
    for at in sorted({b + wait * day for b in bought for wait in (0, 90, 180)}):
        while at <= until:
            past = bought[:bisect.bisect_right(bought, at)]
            to = next((to for to, rule in ways[stage] if by_hand(rule, past, at)[1]), None)
            if not to:
                break
            made.append((at, stage, to))
            stage = to
    return made

counts = collections.Counter()

def need_term(term, bought, at, ids):
    value, truth, found = by_hand(term['test'], bought, at)
    named = sorted(ms(e['at']) for e in term['events'])
    assert (term['value'], term['truth']) == (value, truth), (term, value, truth)
    assert term['events_total'] == len(found) and named == found[-20:], (term, found)
    assert all(ids[e['id']] == ms(e['at']) and e['type'] == 'purchase' for e in term['events']), term
    if len(found) <= 20:
        assert by_hand(term['test'], named, at)[:2] == (value, truth), (term, named)
        counts['terms found again from the orders named'] += 1
    counts['terms'] += 1

def turns_true(rule, bought, at):
    """The first moment from `at` on at which it is true if nothing more happens."""
    moments = sorted({at, *(b + int(d) * day for d in re.findall(r'(\d+)d', rule) for b in bought)})
    return next((m for m in moments if m >= at and by_hand(rule, bought, m)[1]), None)

def need_way(way, stage, bought, made, at):
    turns = turns_true(way['rule'], bought, at)
    assert way['holds_until'] == (iso(turns) if turns is not None else None), (way, turns)
    if turns is not None:
        assert not by_hand(way['rule'], bought, turns - 1)[1] and by_hand(way['rule'], bought, turns)[1]
        counts['waits'] += 1
    if way['when']:  # and nothing at all before it
        then = ms(way['when'])
        assert len(live(bought, then - 1)) == len(made), way
        assert live(bought, then)[len(made)] == (then, stage, way['to']), way
        counts['moves by waiting'] += 1
    for event in way['events']:
        assert event['event'] == 'purchase', event
        later = at + (at == bought[-1] or at == made[-1][0])
        for times in range(event['times'] + 1):
            after = live(bought + [later] * times, later)[len(made):]
            goes = after[:1] == [(later, stage, way['to'])]
            assert goes == (times == event['times']), (way, times, after)
        counts['orders tried'] += 1

def need_pair(customer, at):
    known = [o for o in orders[customer] if o[0] <= at]
    answer = json.loads(subprocess.run(
        [ciclo, 'customer', shop, customer, '--at', iso(at), '--why-not', '--json'],
        check=True, capture_output=True).stdout)
    bought, ids = [o[0] for o in known], {o[1]: o[0] for o in known}
    made = live(bought, at)
    stage = made[-1][2]
    assert answer['stage'] == stage
    assert [(ms(m['at']), m['from'], m['to']) for m in answer['moves']] == made
    for move in answer['moves']:
        then = ms(move['at'])
        for term in move['why']:
            need_term(term, [b for b in bought if b <= then], then, ids)
            assert term['truth']
    assert [(w['to'], w['rule']) for w in answer['why_not']] == ways[stage]
    for way in answer['why_not']:
        assert way['terms'], way
        for term in way['terms']:
            need_term(term, bought, at, ids)
            assert not term['truth'], term
        need_way(way, stage, bought, made, at)
    counts['customers at a moment'] += 1

everybody = sorted(orders)
for _ in range(int(pairs)):
    customer = chance.choice(everybody)
    at = chance.choice(orders[customer])[0]
    if chance.random() < 0.8:
        at += chance.randrange(200 * day)
    try:
        need_pair(customer, at)
    except AssertionError:
        print(f'{customer} at {iso(at)}')
        raise
assert counts['customers at a moment'] == int(pairs)
assert counts['orders tried'] and counts['moves by waiting'], counts
print(', '.join(f'{n} {what}' for what, n in counts.items()))
PY
sed 's/^/# /' "$T/.output"
t_done
