#!/bin/sh
# A backtest says of the live model what every other command says of it, and of the new one what
# they will say once it is live: counts, flows, targets, KPIs, forecasts, of each of two lifecycles.
. "$(dirname "$0")/../support/tap.sh"

cat >"$T/live.yaml" <<'YAML'
ciclo: 1
workspace: { name: Two, currency: EUR, timezone: Europe/Rome, language: en }
events:
  login:
  paid: { properties: { amount: money, spent: money } }
  answered: { properties: { score: number } }
traits: { kind: text }
measures: { revenue: paid.amount, cost: paid.spent, satisfaction: answered.score }
lifecycles:
  people:
    stages:
      new: { target: { rate: 0.5, within: 20d }, kpi: { in: entered, out: left, time: median time in stage } }
      active: { kpi: { sales: revenue, gain: margin, lately: "exists(login, 10d)", logins: "count(login, 30d)" } }
      asleep: { kpi: { woken: conversion to active within 30d, mood: satisfaction, long: p90 time in stage } }
    moves:
      - { from: new, to: active, when: "count(login) >= 2" }
      - { from: active, to: asleep, when: "since(login) >= 20d" }
      - { from: asleep, to: active, when: "since(login) < 20d" }
  accounts:
    for: "trait.kind = 'account'"
    stages:
      trial: { target: { rate: 0.5, within: 10d } }
      paying:
        kpi: { sales: revenue, awake: "lifecycle.people.stage != 'asleep'", spent: "sum(paid.amount, 30d)" }
        forecast: { that: "lifecycle.people.stage = 'asleep'", within: 20d }
      lost: { end: true, kpi: { back: conversion to paying within 30d } }
    moves:
      - { from: trial, to: paying, when: "exists(paid)" }
      - { from: [trial, paying], to: lost, when: "lifecycle.people.stage = 'asleep' and time_in_stage >= 5d" }
      - { from: lost, to: paying, when: "lifecycle.people.stage = 'active'" }
YAML
# Moves of the upper lifecycle; moves of the lower; and everything: stages, KPIs, segments.
sed 's/since(login) >= 20d/since(login) >= 24d/' "$T/live.yaml" >"$T/upper.yaml"
sed 's/time_in_stage >= 5d/time_in_stage >= 9d/' "$T/live.yaml" >"$T/lower.yaml"
sed 's/20d" }/16d" }/
    s/asleep: { kpi: {/asleep: { kpi: { out: left,/
    s/time: median time in stage/time: p90 time in stage/
    s/rate: 0.5, within: 10d/rate: 0.2, within: 15d/
    s/      lost: { end: true/      gone: { kpi: { in: entered } }\n&/
    s/in(login, 30d)/in(login, 60d)/' "$T/live.yaml" >"$T/much.yaml"

python3 - >"$T/events.jsonl" <<'PY'
import json, random
chance = random.Random(64)
for n in range(900):
    who = chance.randrange(60)
    line = {"type": "track", "userId": f"c{who}", "messageId": str(n), "timestamp":
            f"2026-0{chance.randrange(1, 7)}-{chance.randrange(1, 29):02}T{chance.randrange(24):02}:30:00Z"}
    what = chance.choice(["login", "login", "login", "paid", "paid", "answered", "identify"])
    if what == "identify":
        line.update(type=what, traits={"kind": chance.choice(["account", "account", "person"])})
    else:
        line.update(event=what, properties={
            "paid": {"amount": chance.randrange(10000) / 100, "spent": chance.randrange(5000) / 100},
            "answered": {"score": chance.randrange(11)}}.get(what, {}))
    print(json.dumps(line))
PY
cat >"$T/compare.py" <<'PY'
"""compare.py CICLO FOLDER: backtests of live.yaml against the others, and what is live then."""
import bisect, csv, io, json, shutil, subprocess, sys
ciclo, folder = sys.argv[1:]
FROM, TO, END = '2026-01-20', '2026-06-16', '2026-06-15T21:59:59.999Z'   # in Rome
BEFORE = '2026-01-19T22:59:59.999Z'
BEGIN_MS, END_MS = 1768863600000, 1781560800000
def run(*words):
    return subprocess.run([ciclo, *words], capture_output=True, text=True, check=True).stdout
def rows(text):
    return list(csv.DictReader(io.StringIO(text)))

class Live:
    """A file in which a model is live, at the end of the time that is tried."""
    def __init__(self, name):
        self.file = f'{folder}/{name}.ciclo'
        shutil.copyfile(f'{folder}/shop.ciclo', self.file)
        run('model', 'apply', self.file, f'{folder}/{name}.yaml')
    def ask(self, lifecycle, *more):
        return json.loads(run('stages', self.file, '--lifecycle', lifecycle, '--json', *more))
    def whole(self, lifecycle):
        period = '--at', END, '--from', BEFORE
        counts = self.ask(lifecycle, *period)['stages']
        kpis = self.ask(lifecycle, *period, '--kpi')['stages']
        return both(counts, kpis)
    def months(self, lifecycle):
        """Those that are whole: the first is cut."""
        period = '--by', 'month', '--clock', END
        counts = self.ask(lifecycle, *period)['months']
        kpis = self.ask(lifecycle, *period, '--kpi')['periods']
        return [both(c['stages'], k['stages']) for c, k in zip(counts, kpis)][1:]
    def moves(self):
        out = {'people': {}, 'accounts': {}}
        for row in rows(run('sql', self.file, '--at', END, '--csv',
                            'select customer, lifecycle, at_ms, to_stage from stages')):
            out[row['lifecycle']].setdefault(row['customer'], []).append(
                (int(row['at_ms']), row['to_stage']))
        return out

def both(counts, kpis):
    return {c['stage']: {'customers': c['customers'], 'entered': c['entered'], 'left': c['left'],
                         'target': k['target'], 'kpis': k['kpis']} for c, k in zip(counts, kpis)}

def side(stages, which):
    out = {}
    for stage in stages:
        cell = stage[which]
        if cell:
            out[stage['stage']] = {key: cell[key] for key in ('customers', 'entered', 'left', 'target', 'kpis')}
    return out

def need(got, wanted, what):
    if got != wanted:
        raise SystemExit(f'{what}:\n{got}\nnot\n{wanted}')

DAY = 86400000
def standing(moves, at):
    k = bisect.bisect_right([m[0] for m in moves], at)
    return moves[k - 1][1] if k else ''

def forecast(moves, begin, end):
    """Of who enters paying: asleep 20 days later; of who falls asleep: was paying less before."""
    precision, recall = [0, 0], [0, 0]
    for customer, people in moves['people'].items():
        own = moves['accounts'].get(customer, [])
        stays = [(m[0], own[k + 1][0] if k + 1 < len(own) else end + 1000 * DAY)
                 for k, m in enumerate(own) if m[1] == 'paying']
        for entered, _ in stays:
            if entered >= begin and entered + 20 * DAY < end:
                precision[1] += 1
                precision[0] += standing(people, entered + 20 * DAY) == 'asleep'
        fell = [at for at, to in people if to == 'asleep' and at >= begin]
        if fell:
            recall[1] += 1
            recall[0] += any(entered < fell[0] and left > entered
                             and (left >= fell[0] or left - 1 + 20 * DAY >= fell[0])
                             for entered, left in stays)
    return precision, recall

live = Live('live')
seen = 0
for name in 'upper', 'lower', 'much':
    new = Live(name)
    for lifecycle in 'people', 'accounts':
        what = f'{name}, {lifecycle}'
        words = ('model', 'backtest', live.file, f'{folder}/{name}.yaml', '--lifecycle', lifecycle,
                 '--from', FROM, '--to', TO)
        got = json.loads(run(*words, '--json'))
        for which, model in ('old', live), ('new', new):
            need(side(got['stages'], which), model.whole(lifecycle), f'{what}, {which}')
            months = [side(month['stages'], which) for month in got['months']][1:]
            need(months, model.months(lifecycle), f'{what}, {which}, months')
            if lifecycle == 'accounts':
                told = got['forecasts'][0][which]
                need([[told[rate]['hits'], told[rate]['of']] for rate in ('precision', 'recall')],
                     list(map(list, forecast(model.moves(), BEGIN_MS, END_MS))), f'{what}, {which}, forecast')
                seen += sum(told[rate]['hits'] for rate in ('precision', 'recall'))
        # The same as CSV, a row a month, stage and figure.
        table = rows(run(*words, '--csv', '--kpi'))
        for month in got['months']:
            for stage in month['stages']:
                here = {r['figure']: r for r in table
                        if (r['month'], r['stage']) == (month['month'], stage['stage'])}
                names = set()
                for which in 'old', 'new':
                    cell = stage[which] or {'target': None, 'kpis': []}
                    figures = {k['name']: k for k in cell['kpis']}
                    if cell['target']:
                        figures['target'] = cell['target']
                    names |= set(figures)
                    for figure, k in figures.items():
                        row = here[figure]
                        value = '' if k['value'] is None else float(row[f'value_{which}'])
                        need((value, int(row[f'of_{which}']), row[f'unit_{which}']),
                             ('' if k['value'] is None else k['value'], k['of'], k['unit']),
                             f'{what}, {which}, CSV')
                need(set(here), names, f'{what}, CSV')
        # Who differs stands elsewhere then, and nobody else does.
        olds, news = live.moves()[lifecycle], new.moves()[lifecycle]
        differ = {}
        for customer in set(olds) | set(news):
            one, two = olds.get(customer, []), news.get(customer, [])
            for at in sorted({BEGIN_MS} | {m[0] for m in one + two if BEGIN_MS <= m[0] < END_MS}):
                if standing(one, at) != standing(two, at):
                    differ[customer] = at
                    break
        stamps = {c['id']: c['at'] for c in got['list']}
        need(set(stamps), set(differ), f'{what}, who differs')
        need(got['differ'], len(differ), f'{what}, how many differ')
        if lifecycle == 'people' and name == 'lower':
            need(got['differ'], 0, what)
        else:
            assert got['differ'] > 3, f'{what}: {got["differ"]} differ'
assert seen > 20, seen
print('compared')
PY

t_ok 'a shop with two lifecycles' sh -c '"$0" init "$1/shop.ciclo" --model "$1/live.yaml" &&
    "$0" import "$1/shop.ciclo" "$1/events.jsonl"' "$CICLO" "$T"
t_ok 'both sides are what the commands say once the model is live' \
    python3 "$T/compare.py" "$CICLO" "$T"

"$CICLO" model backtest "$T/shop.ciclo" "$T/much.yaml" >"$T/text"
t_ok 'people see targets and KPIs side by side' grep -Eq \
    '^new +time +median time in stage -> p90 time in stage +[0-9.]+ days +60 +[0-9.]+ days +60' "$T/text"
t_ok 'a target is met or missed' grep -Eq '^new +target +to active within 20d +[0-9.]+% .* 50.0% +(met|missed)$' \
    "$T/text"
t_ok 'what only one has' grep -Eq '^asleep +out +left +- +- +[0-9]+ +[0-9]+ *$' "$T/text"
t_fails '--kpi belongs to --csv' '--kpi goes with --csv' \
    "$CICLO" model backtest "$T/shop.ciclo" "$T/much.yaml" --kpi
t_fails 'a lifecycle that neither has' 'neither model has a lifecycle "peple"' \
    "$CICLO" model backtest "$T/shop.ciclo" "$T/much.yaml" --lifecycle peple

# The versions of a model with several lifecycles.
shop=$T/shop.ciclo
hash() { "$CICLO" replay "$shop" --hash --at 2026-06-16 --clock 2026-06-16; }
before=$(hash)
t_is 'a check counts all of them' "$("$CICLO" model check "$shop" "$T/much.yaml" | tail -n 1)" \
    'The model is right: 7 stages, 6 moves, 0 segments.'
t_ok 'another is applied' "$CICLO" model apply "$shop" "$T/upper.yaml" --author Ada
t_ok 'and moves people' test "$before" != "$(hash)"
t_is 'its changes are named by their lifecycle' \
    "$("$CICLO" model history "$shop" --csv | tail -n 1 | cut -d, -f1,3-)" \
    '2,Ada,moves ~people.active -> asleep'
diff -u "$T/live.yaml" "$T/upper.yaml" >"$T/theirs"
t_is 'and its lines compared' "$("$CICLO" model diff "$shop" 1 2 | tail -n +3)" "$(tail -n +3 "$T/theirs")"
t_ok 'the first comes back' "$CICLO" model revert "$shop" 1
t_is 'with all of its moves' "$(hash)" "$before"
t_done
