#!/bin/sh
# The sample shop's stage counts, every day, and the same histories whatever the order in which
# the orders arrived.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
csv=$T/orders.csv
xz -dc "$ROOT/data/online_retail/online_retail.csv.xz" >"$csv"

shop_of() { # NAME CSV
    "$CICLO" init "$T/$1.ciclo" --template retail --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$T/$1.ciclo" "$2"
}
replay_hash() { "$CICLO" replay "$T/$1.ciclo" --hash --at 2012-06-01; }

t_ok 'the sample is imported in file order' shop_of straight "$csv"
{ head -n 1 "$csv"; tail -n +2 "$csv" | tac; } >"$T/reversed.csv"
t_ok 'and reversed' shop_of reversed "$T/reversed.csv"
{ head -n 1 "$csv"; tail -n +2 "$csv" | shuf --random-source="$csv"; } >"$T/shuffled.csv"
t_ok 'and shuffled' shop_of shuffled "$T/shuffled.csv"
{ head -n 1 "$csv"; tail -n +2 "$csv" | awk -F, 'int($1 % 2)'; } >"$T/odd.csv"
t_ok 'and the odd orders first' shop_of halves "$T/odd.csv"
t_ok 'then everything' sample_import "$CICLO" "$T/halves.ciclo" "$T/shuffled.csv"

wanted=$(replay_hash straight)
t_is 'a hash has 32 digits' "${#wanted}" 32
t_is 'reversed arrival gives the same histories' "$(replay_hash reversed)" "$wanted"
t_is 'shuffled arrival gives the same histories' "$(replay_hash shuffled)" "$wanted"
t_is 'arrival in two halves gives the same histories' "$(replay_hash halves)" "$wanted"
t_is 'another moment gives another hash' \
    "$([ "$("$CICLO" replay "$T/straight.ciclo" --hash --at 2011-06-01)" = "$wanted" ]; echo $?)" 1

"$CICLO" stages "$T/straight.ciclo" --by day --json >"$T/days.json"
t_ok 'every day: the stages sum to the population, and follow from the day before' \
    python3 - "$T/days.json" <<'PY'
import json, sys
days = json.load(open(sys.argv[1]))['days']
assert len(days) == 374, len(days)
assert days[0]['day'] == '2010-12-01' and days[-1]['day'] == '2011-12-09', days[-1]['day']
before, population = {}, 0
for day in days:
    now = {s['stage']: s['customers'] for s in day['stages']}
    assert sum(now.values()) == day['population'], day['day']
    entered, left = dict.fromkeys(now, 0), dict.fromkeys(now, 0)
    for move in day['moves']:
        entered[move['to']] += move['customers']
        if move['from'] is None:
            population += move['customers']
        else:
            left[move['from']] += move['customers']
    assert population == day['population'], day['day']
    for stage in day['stages']:
        name = stage['stage']
        assert stage['entered'] == entered[name] and stage['left'] == left[name], (day['day'], name)
        assert now[name] == before.get(name, 0) + entered[name] - left[name], (day['day'], name)
    before = now
assert population == 4338, population
assert sum(v > 0 for v in before.values()) >= 5, before
PY
t_ok 'a month sums up its days, and ends as --at its last millisecond stands' \
    python3 - "$CICLO" "$T/straight.ciclo" "$T/days.json" <<'PY'
import json, subprocess, sys
ciclo, shop, days = sys.argv[1], sys.argv[2], json.load(open(sys.argv[3]))['days']
def ask(*words):
    return json.loads(subprocess.run([ciclo, 'stages', shop, '--json', *words],
                                     check=True, capture_output=True).stdout)
months = ask('--by', 'month')['months']
assert [m['month'] for m in months] == ['2010-12'] + [f'2011-{m:02}' for m in range(1, 13)]
for month in months[:-1]:
    of_month = [d for d in days if d['day'].startswith(month['month'])]
    last = of_month[-1]['day'] + 'T23:59:59.999'
    at = ask('--at', last)
    assert at['population'] == month['population'], month['month']
    for i, stage in enumerate(month['stages']):
        assert stage['entered'] == sum(d['stages'][i]['entered'] for d in of_month)
        assert stage['left'] == sum(d['stages'][i]['left'] for d in of_month)
        assert stage['customers'] == at['stages'][i]['customers'], (month['month'], stage)
PY
t_done
