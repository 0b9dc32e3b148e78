#!/bin/sh
# Reports beside those of another time or segment: each side is what it is alone, and
# the differences have the interval that the formula gives.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, idle: {} }
  moves:
    - { from: [reach, idle], to: buyer, when: "exists(purchase, 15d)" }
    - { from: buyer, to: idle, when: "since(purchase) >= 15d" }
segments:
  often: { when: "count(purchase) >= 2" }
  seldom: { when: "count(purchase) < 2" }
  lately: { when: "exists(purchase, 60d)" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json, random
r = random.Random(11)
for customer in range(250):
    for i in range(r.randrange(9)):
        print(json.dumps({'type': 'track', 'event': r.choice(['visit', 'visit', 'signup', 'purchase']),
                          'userId': f'u{customer}', 'messageId': f'{customer:03}-{i}',
                          'timestamp': f'2026-0{r.randrange(1, 6)}-{r.randrange(1, 29):02}T0{r.randrange(3)}:00:00Z',
                          'properties': {'revenue': r.randrange(1, 90)},
                          'context': {'campaign': [{}, {'medium': 'email', 'name': 'may'}, {'medium': 'cpc'},
                                                   {'medium': 'email'}][(customer + i) % 4]}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"

cat >"$T/sides.py" <<'PY'
import csv, io, json, math, subprocess, sys
from datetime import datetime
from zoneinfo import ZoneInfo
ciclo, shop, events = sys.argv[1:]
def run(*words, at='2026-05-20'):
    return subprocess.run([ciclo, *words[:1], shop, '--at', at, *words[1:]], check=True,
                          capture_output=True, text=True).stdout
def ask(*words, at='2026-05-20'):
    return json.loads(run(*words, '--json', at=at))
def ms(day):
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo('Europe/Rome')).timestamp() * 1000)
def wilson(x, n):
    z = 1.959963984540054
    p, half = x / n, z * math.sqrt(x / n * (1 - x / n) / n + z * z / 4 / n / n)
    return (p + z * z / 2 / n - half) / (1 + z * z / n), (p + z * z / 2 / n + half) / (1 + z * z / n)
def need(row, here, there):
    counts = row['customers'], row['of'], row['against']['customers'], row['against']['of']
    assert counts == (*here, *there), (row, here, there)
    if not here[1] or not there[1]:
        assert row['difference'] is row['low'] is row['high'] is None
        return 0
    p, q, (l1, u1), (l2, u2) = here[0] / here[1], there[0] / there[1], wilson(*here), wilson(*there)
    wanted = (p - q, p - q - math.sqrt((p - l1) ** 2 + (u2 - q) ** 2), p - q + math.sqrt((u1 - p) ** 2 + (q - l2) ** 2))
    for got, value in zip((row['difference'], row['low'], row['high']), wanted):
        assert abs(got - value) < 1e-6, (row, wanted)
    return 1
def pick(answer, *names):
    return {name: answer[name] for name in names}
def csv_is(words, wanted, *keys):
    rows = list(csv.DictReader(io.StringIO(run(*words, '--csv'))))
    assert len(rows) == len(wanted), rows
    for row, d in zip(rows, wanted):
        assert tuple(int(row[k]) for k in ('customers', 'of', 'against', 'against_of')) == \
            (d['customers'], d['of'], d['against']['customers'], d['against']['of'])
        for k in keys:
            assert row[k] == '' if d[k] is None else abs(float(row[k]) - d[k]) < 2e-6, (row, d)

spring, winter = ('--from', '2026-03-01', '--to', '2026-05-01'), ('--from', '2026-01-01', '--to', '2026-03-01')
sides = [(spring, winter, ('--against', '2026-01-01..2026-03-01')),
         (('--segment', 'often'), ('--segment', 'seldom'), ('--against-segment', 'seldom')),
         ((*spring, '--segment', 'often'), (*winter, '--segment', 'seldom'),
          ('--against', '2026-01-01..2026-03-01', '--against-segment', 'seldom'))]
known = 0
for this, that, against in sides:
    steps = ('funnel', '--step', 'visit', '--step', 'signup', '--step', 'purchase', '--within', '40d')
    both, here, there = ask(*steps, *this, *against), ask(*steps, *this), ask(*steps, *that)
    for one, side in ((both, here), (both['against'], there)):
        assert pick(one, 'whole', 'steps', 'stopped') == pick(side, 'whole', 'steps', 'stopped')
    n, m = ([s['customers'] for s in side['steps']] for side in (here, there))
    assert len(both['difference']) == 2
    for k, row in enumerate(both['difference'], 1):
        known += need(row, (n[k], n[0]), (m[k], m[0])) + need(row['before'], (n[k], n[k - 1]), (m[k], m[k - 1]))
    csv_is((*steps, *this, *against), [{'customers': n[0], 'of': n[0], 'against': {'customers': m[0], 'of': m[0]}},
                                       *both['difference']])
    for more in ((), ('--cumulated',), ('--repeat', '--by', 'week')):
        words = ('cohorts', '--first', 'visit', '--again', 'purchase', *more)
        both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that)
        for one, side in ((both, here), (both['against'], there)):
            assert pick(one, 'cohorts', 'again') == pick(side, 'cohorts', 'again')
        def after(side, number): # the month or week of 20 May is not over
            over = [(c, c['periods'][number]) for c in side['cohorts'] if number < len(c['periods']) - 1]
            return sum(p['customers'] for c, p in over), sum(c['customers'] for c, p in over)
        for row in both['difference']:
            known += need(row, after(here, row['number']), after(there, row['number']))
        last = len(both['difference'])
        assert last > 1 and not after(here, last)[1] and not after(there, last)[1]
        times = lambda side, n: next(((a['once_more'], a['customers']) for a in side['again'] if a['times'] == n), (0, 0))
        for row in both['again_difference']:
            known += need(row, times(here, row['times']), times(there, row['times']))
        csv_is((*words, *this, *against), both['difference'], 'difference', 'low', 'high')
    words = ('churn', '--active', 'purchase', '--value', 'revenue')
    both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that)
    assert both['periods'] == here['periods'] and both['against'] == pick(there, 'periods')
    assert len(both['difference']) == max(len(here['periods']), len(there['periods'])) > 1
    for k, row in enumerate(both['difference']):
        p, q = (side['periods'][k] if k < len(side['periods']) else None for side in (here, there))
        assert (row['period'], row['against_period']) == (p and p['period'], q and q['period'])
        counts = {'start': lambda p: (p['kept'], p['start']),
                  'all': lambda p: (p['end'], p['end'] + p['lost'] + p['passed'])}
        for name, rate in row['rates'].items():
            if name in counts:
                known += need(rate, *(counts[name](x) if x else (0, 0) for x in (p, q)))
                continue
            value, other = (x and x['rates'][name] and x['rates'][name]['retention'] for x in (p, q))
            assert sorted(rate) == ['against', 'difference', 'value']
            assert (rate['value'], rate['against']) == (value, other)
            if value is None or other is None:
                assert rate['difference'] is None
            else:
                assert abs(rate['difference'] - (value - other)) < 1e-9
        assert sorted(row['rates']) == ['all', 'average', 'end', 'gross', 'net', 'start']
    csv_is((*words, *this, *against), [row['rates']['start'] for row in both['difference']], 'difference', 'low', 'high')
    rows = list(csv.DictReader(io.StringIO(run(*words, *this, *against, '--formula', 'gross', '--csv'))))
    for row, d in zip(rows, both['difference'], strict=True):
        assert (row['period'], row['against_period']) == (d['period'] or '', d['against_period'] or '')
        for k in ('value', 'against', 'difference'):
            got, value = row[k], d['rates']['gross'][k]
            assert got == '' if value is None else abs(float(got) - value) < 1e-6, (row, d)
assert known > 60, known

# RFM and overlaps, beside an earlier day or another segment.
def groups(side):
    return {g['group']: g['customers'] for g in side['groups']}
words = ('rfm', '--event', 'visit', '--value', 'revenue')
for this, that, at, against in (
        (('--from', '2026-03-01'), ('--from', '2026-01-01'), '2026-03-01', ('--against', '2026-01-01..2026-03-01')),
        (('--segment', 'often'), ('--segment', 'seldom'), '2026-05-20', ('--against-segment', 'seldom'))):
    both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that, at=at)
    assert both['against'] == there and pick(both, *here) == here
    assert [row['group'] for row in both['difference']] == [g['group'] for g in here['groups']]
    for row in both['difference']:
        known += need(row, (groups(here)[row['group']], here['total']), (groups(there)[row['group']], there['total']))
    csv_is((*words, *this, *against), both['difference'], 'difference', 'low', 'high')
words = ('overlap', 'often', 'seldom', 'lately')
for this, that, at, against in (
        ((), (), '2026-02-10', ('--against', '2026-02-10')),
        (('--segment', 'often'), ('--segment', 'seldom'), '2026-05-20', ('--against-segment', 'seldom'))):
    both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that, at=at)
    assert both['against'] == there and pick(both, *here) == here
    def shares(side):
        found = {(s['segment'], None): (s['customers'], side['of']) for s in side['segments']}
        found.update({(p['a'], p['b']): (p['both'], p['either']) for p in side['pairs']})
        return found
    assert len(both['difference']) == 6
    for row in both['difference']:
        known += need(row, shares(here)[row['a'], row['b']], shares(there)[row['a'], row['b']])
    assert len(both['exactly_difference']) == 8
    for row, p, q in zip(both['exactly_difference'], here['exactly'], there['exactly']):
        assert row['segments'] == p['segments'] == q['segments']
        known += need(row, (p['customers'], here['of']), (q['customers'], there['of']))
    csv_is((*words, *this, *against), both['difference'], 'difference', 'low', 'high')

# Ways, cells of the journey map, sources: those of each side alone, by their names.
def numbers(row, here, there):
    assert (row['value'], row['against']) == (here, there) or \
        all(x == y or abs(x - y) < 1e-6 for x, y in ((row['value'], here), (row['against'], there))), (row, here, there)
    assert row['difference'] is None if here is None or there is None else abs(row['difference'] - (here - there)) < 1e-6
for this, that, against in sides:
    def three(*words):
        both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that)
        assert pick(both, *here) == here
        assert both['against'] == pick(there, *both['against']), words
        return both['difference'], here, there
    for more, top in (((), 1000), (('--top', '3'), 3), (('--each', '--after', 'visit'), 1000)):
        words = ('paths', '--steps', '3', *more)
        difference, here, there = three(*words, *(() if top == 3 else ('--top', '1000')))
        all_ways = [{' > '.join(w['steps']): w['ways'] for w in ask(*words[:3], *more[:0 if top == 3 else None], '--top', '1000', *side)['paths']}
                    for side in (this, that)]
        shown = [' > '.join(w['steps']) for w in here['paths']]
        shown += [w for w in (' > '.join(w['steps']) for w in there['paths']) if w not in shown]
        assert [row['way'] for row in difference] == shown and len(shown) > 3, (difference, shown)
        for row in difference:
            a, b = ((ways.get(row['way'], 0), side['ways']) for ways, side in zip(all_ways, (here, there)))
            if more[:1] == ('--each',):
                numbers(row, a[0] / a[1], b[0] / b[1])
            else:
                known += need(row, a, b)
        if not more:
            csv_is((*words, '--top', '1000', *this, *against), difference, 'difference', 'low', 'high')
    words = ('journey-map', '--worse', 'idle', '--within', '20d')
    difference, here, there = three(*words)
    lost = [{(s['stage'], t.get('touchpoint')): (t['lost'], t['touches']) for s in side['stages'] for t in (s, *s['touchpoints'])}
            for side in (here, there)]
    assert {(row['stage'], row['touchpoint']) for row in difference} == {*lost[0], *lost[1]}
    for row in difference:
        known += need(row, *(side.get((row['stage'], row['touchpoint']), (0, 0)) for side in lost))
    csv_is((*words, *this, *against), difference, 'difference', 'low', 'high')
    for by in ((), ('--by', 'campaign')):
        def sources(side):
            return {(s['channel'], s.get('campaign')): s for s in side['sources']}
        words = ('channels', '--won', 'signup', '--event', 'purchase', '--value', 'revenue', *by)
        difference, here, there = three(*words)
        a, b = sources(here), sources(there)
        assert {(row['channel'], row.get('campaign')) for row in difference} == {*a, *b}
        for row in difference:
            name = row['channel'], row.get('campaign')
            one, other = (s.get(name, {'won': 0, 'spend': 0, 'cost': None, 'value': 0, 'return': None}) for s in (a, b))
            known += need(row, (one['won'], here['all']['won']), (other['won'], there['all']['won']))
            for what in ('spend', 'value', 'return'):
                numbers(row[what], one[what], other[what])
            for k, s in (('value', one), ('against', other)):
                assert row['cost'][k] is None if s['cost'] is None else abs(row['cost'][k] - s['cost']) < 0.006
        csv_is((*words, *this, *against), difference, 'difference', 'low', 'high')
        words = ('attribution', '--conversion', 'purchase', *by)
        difference, here, there = three(*words)
        a, b = sources(here), sources(there)
        assert {(row['channel'], row.get('campaign')) for row in difference} == {*a, *b} and a
        rows = list(csv.DictReader(io.StringIO(run(*words, *this, *against, '--csv'))))
        assert len(rows) == 6 * len(difference)
        for i, row in enumerate(difference):
            for k, model in enumerate(('first', 'last', 'linear', 'position', 'decay', 'markov')):
                p, q = (s[row['channel'], row.get('campaign')][model]['conversions'] / side['conversions']
                        if (row['channel'], row.get('campaign')) in s else 0 if side['conversions'] else None
                        for s, side in ((a, here), (b, there)))
                numbers(row[model], p, q)
                told = rows[6 * i + k]
                assert (told['channel'], told['model'], told.get('campaign', '')) == (row['channel'], model, row.get('campaign') or '')
                assert told['difference'] == ('' if p is None or q is None else told['difference'])

# Survival: both sides' lives from the events, Greenwood's errors, and the log-rank test of two groups.
end = ms('2026-05-20')
happened = {}
for line in open(events):
    one = json.loads(line)
    at = int(datetime.fromisoformat(one['timestamp'].replace('Z', '+00:00')).timestamp() * 1000)
    if at <= end:
        happened.setdefault(one['userId'], []).append((at, one['messageId'], one['event']))
def lives(since, until, fits):
    found = []
    for who in happened.values():
        if not fits(sum(e[2] == 'purchase' for e in who)):
            continue
        who = sorted(who)
        first = next((i for i, e in enumerate(who) if e[2] == 'visit'), None)
        if first is None or not since <= who[first][0] < until:
            continue
        then = next((e[0] for e in who[first + 1:] if e[2] == 'purchase'), None)
        found.append(((then or end) - who[first][0], then is not None))
    return found
def curve(rows, at): # the share for whom it lasts longer, and its error; None: nobody was looked at for so long
    share, total = 1, 0
    for t in sorted({t for t, ended in rows if ended and t <= at}):
        risk, d = sum(x >= t for x, _ in rows), sum(x == t and ended for x, ended in rows)
        share *= 1 - d / risk
        total += d / risk / (risk - d) if risk > d else 0
    known = share == 0 or any(x >= at for x, _ in rows)
    return (share, share * math.sqrt(total)) if known else None
def log_rank(a, b):
    seen = expected = variance = 0
    for t in sorted({t for t, ended in a + b if ended}):
        n1, n = sum(x >= t for x, _ in a), sum(x >= t for x, _ in a + b)
        d1, d = (sum(x == t and ended for x, ended in rows) for rows in (a, a + b))
        seen, expected = seen + d1, expected + d * n1 / n
        variance += d * n1 / n * (1 - n1 / n) * (n - d) / (n - 1) if n > 1 else 0
    return (seen - expected) ** 2 / variance
all_time, many, few, words = (-1 << 60, 1 << 60), lambda n: n >= 2, lambda n: n < 2, ('survival', '--first', 'visit', '--end', 'purchase')
for this, that, against, a, b in (
        (spring, winter, ('--against', '2026-01-01..2026-03-01'), lives(ms('2026-03-01'), ms('2026-05-01'), lambda n: True),
         lives(ms('2026-01-01'), ms('2026-03-01'), lambda n: True)),
        (('--segment', 'often'), ('--segment', 'seldom'), ('--against-segment', 'seldom'), lives(*all_time, many), lives(*all_time, few))):
    assert len(a) > 20 and len(b) > 20
    both, here, there = ask(*words, *this, *against), ask(*words, *this), ask(*words, *that)
    for one, side in ((both, here), (both['against'], there)):
        for name in ('customers', 'ended', 'median_ms', 'median_low_ms', 'mean_ms'):
            assert one['groups'][0][name] == side['groups'][0][name], name
    apart = both['difference']['log_rank']
    assert apart['degrees'] == 1 and abs(apart['chi_square'] - log_rank(a, b)) < 1e-6, (apart, log_rank(a, b))
    assert abs(apart['p'] - math.erfc(math.sqrt(apart['chi_square'] / 2))) < 1e-9
    points = both['difference']['points']
    assert len(points) == len(both['groups'][0]['points']) == len(both['against']['groups'][0]['points']) > 3
    sure = 0
    for p in points:
        x, y = curve(a, p['after_ms']), curve(b, p['after_ms'])
        for got, value in ((p['share'], x), (p['against'], y)):
            assert got is None if value is None else abs(got - value[0]) < 1e-9, (p, x, y)
        if x is None or y is None:
            assert p['difference'] is p['low'] is p['high'] is None
            continue
        d, half = x[0] - y[0], 1.959963984540054 * math.hypot(x[1], y[1])
        assert abs(p['difference'] - d) < 1e-9
        if half == 0:
            assert p['low'] is p['high'] is None
            continue
        sure += 1
        assert abs(p['low'] - max(d - half, -1)) < 1e-9 and abs(p['high'] - min(d + half, 1)) < 1e-9, (p, d, half)
    assert sure > 1
    rows = list(csv.DictReader(io.StringIO(run(*words, *this, *against, '--csv'))))
    assert [int(row['after_ms']) for row in rows] == [p['after_ms'] for p in points]
    for row, p in zip(rows, points):
        for name in ('share', 'against', 'difference', 'low', 'high'):
            assert row[name] == '' if p[name] is None else abs(float(row[name]) - p[name]) < 1e-8, (row, p)
PY
t_ok 'each side is what it is alone, the differences what the formula gives' \
    python3 "$T/sides.py" "$CICLO" "$shop" "$T/events.jsonl"

funnel="$CICLO funnel $shop --step visit --step purchase"
t_is 'for people, with counts' "$($funnel --segment often --against-segment seldom | head -1 | tr -s ' ')" \
    'step customers of share against of share difference 95 % sure'
t_is 'a time in which nothing happened' \
    "$($funnel --to 2026-03-01 --against 2001-01-01..2002-01-01 --csv | tail -1 | cut -d, -f4-)" '0,0,,,'
t_is 'nobody on either side' "$($funnel --to 2001-01-01 --against 2001-01-01..2002-01-01 | cut -d: -f1)" Nobody
# shellcheck disable=SC2086
{
    t_fails 'half a time' 'FROM..TO' $funnel --against 2026-01-01
    t_fails 'a time backwards' 'ends before it begins' $funnel --against 2026-02-01..2026-01-01
    t_fails 'no segment' 'no segment "sometimes"' $funnel --against-segment sometimes
    t_fails 'broken down' 'without against' $funnel --against-segment often --by channel
    t_fails 'listed' 'without against' $funnel --against-segment often --customers 1
    t_fails 'a cohort that is listed' 'without against' "$CICLO" cohorts "$shop" --first visit --customers 2026-01 \
        --against-segment often
}
t_fails 'an overlap beside a later day' 'is later than the day' "$CICLO" overlap "$shop" often seldom --at 2026-02-01 --against 2026-03-01
t_fails 'who moved between groups' 'without against' "$CICLO" rfm "$shop" --event visit --value revenue --since 2026-02-01 \
    --at 2026-03-01 --against-segment often
t_fails 'curves by a trait' 'without against' "$CICLO" survival "$shop" --first visit --end purchase --by segment.often \
    --against-segment often
t_is 'for people, survival names its test' "$("$CICLO" survival "$shop" --first visit --end purchase --segment often \
    --against-segment seldom | tail -n 1 | cut -d: -f1)" 'Log-rank test'
t_fails 'customers of churn' 'without against' "$CICLO" churn "$shop" --active purchase --customers 2026-01 \
    --who new --against-segment often
t_is 'churn for people says where there are no bounds' \
    "$("$CICLO" churn "$shop" --active purchase --against-segment often --formula average | tail -n 1 | cut -d: -f1)" \
    'This rate is no share of a number of customers'

t_is 'dates counted from --at' \
    "$($funnel --at 2026-05-20 --from month-1mo --to month --against month-2mo..month-1mo --json)" \
    "$($funnel --at 2026-05-20 --from 2026-04-01 --to 2026-05-01 --against 2026-03-01..2026-04-01 --json)"
# shellcheck disable=SC2086
t_fails 'a date that is none' '"-30" is no date counted from the present' $funnel --from -30

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/funnel" -d steps=visit,purchase -d at=2026-05-20 -d against=2026-01-01..2026-03-01)" \
    "$($funnel --at 2026-05-20 --against 2026-01-01..2026-03-01 --json)"
t_is 'dates counted from at' "$(curl -s -G "${url}api/funnel" -d steps=visit,purchase -d at=2026-05-20 -d from=-30d)" \
    "$($funnel --at 2026-05-20 --from 2026-04-20 --json)"
t_is 'cohorts, too' \
    "$(curl -s -G "${url}api/cohorts" -d first=visit -d at=2026-05-20 -d segment=often -d against_segment=seldom)" \
    "$("$CICLO" cohorts "$shop" --first visit --at 2026-05-20 --segment often --against-segment seldom --json)"
t_is 'churn, too' \
    "$(curl -s -G "${url}api/churn" -d active=purchase -d at=2026-05-20 -d segment=often -d against_segment=seldom)" \
    "$("$CICLO" churn "$shop" --active purchase --at 2026-05-20 --segment often --against-segment seldom --json)"
t_is 'and RFM' "$(curl -s -G "${url}api/rfm" -d event=visit -d value=revenue -d at=2026-05-20 -d against=2026-01-01..2026-03-01)" \
    "$("$CICLO" rfm "$shop" --event visit --value revenue --at 2026-05-20 --against 2026-01-01..2026-03-01 --json)"
t_is 'and overlaps' "$(curl -s -G "${url}api/overlap" -d segments=often,seldom -d at=2026-05-20 -d against=2026-02-10)" \
    "$("$CICLO" overlap "$shop" often seldom --at 2026-05-20 --against 2026-02-10 --json)"
t_is 'and survival' "$(curl -s -G "${url}api/survival" -d first=visit -d end=purchase -d at=2026-05-20 -d segment=often \
    -d against_segment=seldom)" \
    "$("$CICLO" survival "$shop" --first visit --end purchase --at 2026-05-20 --segment often --against-segment seldom --json)"
t_fails 'links of two sides' 'without against' "$CICLO" paths "$shop" --links --against-segment often
t_fails 'a stage that is listed' 'without against' "$CICLO" journey-map "$shop" --customers reach --against-segment often
t_fails 'a channel that is listed' 'without against' "$CICLO" channels "$shop" --customers email --against-segment often
t_fails 'and one to which conversions are owed' 'without against' "$CICLO" attribution "$shop" --conversion purchase \
    --customers email --against-segment often
for words in 'paths' 'journey-map' 'channels' 'attribution --conversion purchase'; do
    # shellcheck disable=SC2086
    set -- $words
    t_report=$1
    shift
    t_is "$t_report: the same over HTTP" "$(curl -s -G "${url}api/$t_report" -d conversion=purchase -d at=2026-05-20 -d segment=often -d against_segment=seldom)" \
        "$("$CICLO" "$t_report" "$shop" "$@" --at 2026-05-20 --segment often --against-segment seldom --json)"
    t_is "$t_report: for people of two times in which nothing happened" \
        "$("$CICLO" "$t_report" "$shop" "$@" --to 2001-01-01 --against 2001-01-01..2002-01-01 | cut -d: -f1)" Nobody
done
t_done
