#!/bin/sh
# Too little to learn from: nobody, one customer, one day, nobody who came back, one who did, all alike. Each
# command answers with intervals that are wide, or says what is missing and what to do; never NaN, infinity or -0.
. "$(dirname "$0")/../support/tap.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Few, currency: EUR, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money } }, cancelled: {} }
traits: { group: text }
lifecycle: { start: all, stages: { all: {} } }
ledger: { purchases: purchase.revenue }
YAML
cat >"$T/few.py" <<'PY'
import json, re, subprocess, sys
ciclo, folder = sys.argv[1:]
# customer, day of January to March 2026 as a number, what he paid
shops = {
    'nobody at all': [],
    'one customer, once': [('a', 5, 10)],
    'one customer, twice': [('a', 5, 10), ('a', 9, 10)],
    'everybody on one day': [(c, 5, 10) for c in 'abcde'],
    'nobody twice': [(c, 5 + i, 10) for i, c in enumerate('abcde')],
    'one of five twice': [(c, 5 + i, 10) for i, c in enumerate('abcde')] + [('a', 32, 25)],
    'two customers': [('a', 5, 10), ('b', 9, 12), ('a', 25, 30), ('b', 40, 8)],
    'all alike': [(c, d, 10) for c in 'abcde' for d in (5, 19)],
}
# The command, and of which shops it has an answer; of all others it says what is missing.
came_back = {'one customer, twice', 'one of five twice', 'two customers', 'all alike'}
somebody = set(shops) - {'nobody at all'}
until = ['--until', '2026-02-28']
money = ['--value', 'revenue', *until]
commands = {
    'value fit': (['value', 'fit'], until, came_back),
    'value fit of money': (['value', 'fit'], money, came_back),
    'value show': (['value', 'show'], money, came_back),
    'value show, held out': (['value', 'show'], ['--hold-out', '5d', *money], came_back),
    'value show, discounted': (['value', 'show'], ['--discount', '0.1', *money], came_back),
    'value customer': (['value', 'customer'], money, came_back),
    'value keep': (['value', 'keep'], until, came_back),
    'churn train': (['churn', 'train'], ['--active', 'purchase', '--within', '5d'], set()),
    'churn show': (['churn', 'show'], ['--active', 'purchase', '--within', '5d'], set()),
    'propensity train': (['propensity', 'train'], ['--target', 'purchase', '--within', '5d'], set()),
    'lift': (['lift'], ['--group', 'trait.group', '--control', 'no', '--conversion', 'purchase', '--value', 'revenue'],
             set(shops) - {'one customer, once', 'one customer, twice'}),
    'ledger': (['ledger'], [], set(shops)),
    'ledger, ahead': (['ledger'], ['--ahead', '365d'], came_back),
    'survival': (['survival'], ['--first', 'purchase', '--end', 'cancelled'], set(shops)),
    'survival, Cox': (['survival'], ['--first', 'purchase', '--end', 'cancelled', '--cox', 'trait.group'],
                      {'nobody at all'}),
}
for model in ('nbd', 'bg-nbd', 'mbg-nbd', 'pareto-nbd', 'bg-cnbd-k', 'mbg-cnbd-k', 'bg-bb', 'gamma-gamma'):
    commands[f'value fit, {model}'] = (['value', 'fit'], ['--model', model, *money],
                                       None if model == 'bg-bb' else came_back)
    commands[f'value show, {model}'] = (['value', 'show'], ['--model', model, *money],
                                        came_back if model == 'nbd' else None)

number = 0
def ok(good, what, why=''):
    global number
    number += 1
    print(f'{"ok" if good else "not ok"} {number} - {what}')
    if not good:
        print('# ' + why.replace('\n', '\n# '))

def bad_number(text):
    return re.search(r'(?i)(?<![\w-])-?(nan|inf|infinity)(?!\w)|(?<![\w.])-0(\.0*)?(?![\w.])', text)

def event(i, customer, day, paid):
    at = f'2026-{1 + (day - 1) // 31:02d}-{1 + (day - 1) % 31:02d}T12:00:00Z'
    return json.dumps({'type': 'track', 'event': 'purchase', 'userId': customer, 'messageId': f'm{i}',
                       'timestamp': at, 'properties': {'revenue': paid}})

def run(words):
    done = subprocess.run([ciclo, *words], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr

for name, rows in shops.items():
    shop = f'{folder}/{number}.ciclo'
    with open(f'{folder}/events.jsonl', 'w') as to:
        for i, row in enumerate(rows):
            print(event(i, *row), file=to)
        for c in sorted({row[0] for row in rows}):
            print(json.dumps({'type': 'identify', 'userId': c, 'messageId': 'i' + c, 'timestamp': '2026-01-01T00:00:00Z',
                              'traits': {'group': 'yes' if c in 'ace' else 'no'}}), file=to)
    assert run(['init', shop, '--model', f'{folder}/model.yaml'])[0] == 0
    if rows:
        assert run(['import', shop, f'{folder}/events.jsonl'])[0] == 0
    for what, (command, options, answered) in commands.items():
        words = [*command, shop, *(['a'] if what == 'value customer' else []), *options]
        wrong = []
        for form in ([], ['--json'], ['--csv']):
            if form == ['--csv'] and (command[-1] in ('customer', 'keep') or name != 'two customers'):
                continue
            status, out, err = run(words + form)
            if status not in (0, 1) or (answered is not None and (status == 0) != (name in answered)):
                wrong.append(f'exit {status}: {err}')
            if status == 1 and not (len(err) > 40 and re.search(
                    r'; (wait|take|leave|name|say|let|keep)|: keep|try|more than|at least|the groups are|: take|: leave', err)):
                wrong.append(f'does not say what to do: {err}')
            if status == 0 and not out and not err:
                wrong.append('no word at all')
            if bad_number(out + err):
                wrong.append(f'{bad_number(out + err).group(0)} in: {out + err}')
            if form == ['--json'] and status == 0:
                answer = json.loads(out, parse_constant=lambda c: wrong.append(c))
                if command == ['value', 'show'] and not 3 * answer['all']['expected_purchases_low'] \
                        < answer['all']['expected_purchases_high']:
                    wrong.append(f'surer than so few can be: {answer["all"]}')
        ok(not wrong, f'{name}: {what}', ' '.join(words) + '\n' + '\n'.join(wrong))
print(f'1..{number}')
PY
python3 "$T/few.py" "$CICLO" "$T"
