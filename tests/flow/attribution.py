"""attribution.py EVENTS.jsonl CSV [name=value...] - the CSV of ciclo attribution against paths made
anew from the events and shared out in fractions; every source of the chain is really taken out of
it. Prints what differs; the words are by, lookback and half_life (days), from, to (moments)."""
import csv, json, sys
from datetime import datetime, timedelta, timezone
from fractions import Fraction as F

ask = dict(word.split('=', 1) for word in sys.argv[3:])
FIRST, MIDDLE, LAST = (F(int(s), 100) for s in ask.get('position', '40,20,40').split(','))
HALF = float(ask.get('half_life', 7)) * 86400
lives = {}
for line in open(sys.argv[1]):
    e = json.loads(line)
    e['at'] = datetime.fromisoformat(e['timestamp'].replace('Z', '+00:00'))
    lives.setdefault(e['userId'], []).append(e)


def source(e):
    campaign = e.get('context', {}).get('campaign', {})
    if 'source' not in campaign or campaign['source'] in ask.get('without', '').split(','):
        return None
    return (campaign['source'], campaign.get('name', '') if ask.get('by') == 'campaign' else '')


def moment(name, otherwise):
    return datetime.fromisoformat(ask[name] + 'T00:00+00:00') if name in ask else otherwise


def shares(path):
    n = len(path)
    ages = [(path[-1][1] - at).total_seconds() for _, at in path]
    fading = [0.5 ** (age / HALF) for age in ages]
    if n == 1:
        position = [F(1)]
    elif n == 2:
        position = [FIRST / (FIRST + LAST), LAST / (FIRST + LAST)] if FIRST + LAST else [F(1, 2)] * 2
    else:
        position = [FIRST] + [MIDDLE / (n - 2)] * (n - 2) + [LAST]
    return {'first': [F(i == 0) for i in range(n)], 'last': [F(i == n - 1) for i in range(n)],
            'linear': [F(1, n)] * n, 'position': position, 'decay': [F(f) / F(sum(fading)) for f in fading]}


paths = []  # (sources with moments, converts, cents)
start, stop = moment('from', datetime.min.replace(tzinfo=timezone.utc)), moment('to', datetime.max.replace(
    tzinfo=timezone.utc))
for life in lives.values():
    life.sort(key=lambda e: (e['at'], e['messageId']))
    path = []

    def end(at, converts, cents):
        back = timedelta(days=float(ask['lookback'])) if 'lookback' in ask else None
        if at >= start:
            paths.append(([t for t in path if back is None or t[1] + back >= at], converts, cents))

    for e in life:
        if e['at'] >= stop:
            break
        if source(e):
            path.append((source(e), e['at']))
        if e['event'] == 'purchase':
            end(e['at'], True, round(e['properties']['revenue'] * 100))
            path = []
    if path:
        end(path[-1][1], False, 0)

names = sorted({s for path, _, _ in paths for s, _ in path})
wanted = {}
for name in names:
    wanted[name] = {'paths': sum(c and any(s == name for s, _ in p) for p, c, _ in paths),
                    'lost': sum(not c and any(s == name for s, _ in p) for p, c, _ in paths)}
for model in ('first', 'last', 'linear', 'position', 'decay'):
    for name in names:
        wanted[name][model] = wanted[name][model + ' value'] = F(0)
    for path, converts, cents in paths:
        for (name, _), share in zip(path, shares(path)[model] if path and converts else []):
            wanted[name][model] += share
            wanted[name][model + ' value'] += share * cents / 100
# --- the chain ---
steps = {}
for path, converts, _ in paths:
    at = 'start'
    for name, _ in path:
        steps.setdefault(at, []).append(name)
        at = name
    if path:
        steps.setdefault(at, []).append(converts)


def sure(without):
    """The chance to convert from the start: x = Px + c, solved."""
    states = ['start'] + [n for n in names if n != without]
    place = {s: i for i, s in enumerate(states)}
    rows = []
    for s in states:
        out = steps.get(s, [])
        row = [F(0)] * (len(states) + 1)
        row[place[s]] += 1
        for to in out:
            if to is True:
                row[-1] += F(1, len(out))
            elif to in place:
                row[place[to]] -= F(1, len(out))
        rows.append(row)
    for k in range(len(rows)):
        pivot = next(i for i in range(k, len(rows)) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(len(rows)):
            if i != k and rows[i][k]:
                rows[i] = [a - rows[i][k] * b for a, b in zip(rows[i], rows[k])]
    return rows[0][-1]


whole = sure(None) if names else F(0)
for name in names:
    wanted[name]['removal'] = 1 - sure(name) / whole if whole else F(0)
removed = sum(wanted[n]['removal'] for n in names)
touched = [(p, c, v) for p, c, v in paths if p and c]
for name in names:
    share = wanted[name]['removal'] / removed if removed else 0
    wanted[name]['markov'] = share * len(touched)
    wanted[name]['markov value'] = share * F(sum(v for _, _, v in touched), 100)
untouched = [v for p, c, v in paths if c and not p]

sums, found = {}, set()
for row in csv.DictReader(open(sys.argv[2])):
    name = (row['channel'], row.get('campaign', ''))
    for key, got in row.items():
        if key in ('channel', 'campaign') or not got:
            continue
        sums[key] = sums.get(key, 0) + F(got)
        if name[0] == '(none)':
            continue
        close = {'removal': F(1, 10**8)}.get(key, F(1, 100) if key.endswith('value') else F(2, 10**6))
        if abs(F(got) - wanted[name][key]) > (0 if key in ('paths', 'lost', 'first', 'last') else close):
            print(name, key, got, float(wanted[name][key]))
    found.add(name)
if found - {('(none)', '')} != set(names):
    print('sources', found, names)
for model in ('first', 'last', 'linear', 'position', 'decay', 'markov'):
    if not found:
        break
    if sums[model] != len(touched) + len(untouched):
        print('the shares of', model, 'are not whole:', float(sums[model]))
    if sums[model + ' value'] != F(sum(v for _, _, v in touched) + sum(untouched), 100):
        print('the values of', model, 'are not whole:', float(sums[model + ' value']))
print(len(names), 'sources,', len(paths), 'paths')
