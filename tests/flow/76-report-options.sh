#!/bin/sh
# The table of docs/reports.md, which report takes which option, is what commands and API have; and each
# report is asked by stage, channel, trait and segment.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  visit: {}
  purchase: { properties: { revenue: money } }
traits: { country: text }
measures: { revenue: purchase.revenue }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {} }
  moves: [{ from: reach, to: buyer, when: "count(purchase) >= 1" }]
segments:
  often: { when: "count(purchase) >= 2" }
  seldom: { when: "count(purchase) < 2" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json
for customer in range(12):
    if customer < 9:
        print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer}',
                          'timestamp': '2026-01-01T00:00:00Z', 'traits': {'country': ('IT', 'PT')[customer % 2]}}))
    for i in range(1 + customer % 4):
        print(json.dumps({'type': 'track', 'event': ('visit', 'purchase')[i % 2], 'userId': f'u{customer}',
                          'messageId': f'{customer}-{i}', 'timestamp': f'2026-01-{2 + customer + i:02}T00:00:00Z',
                          'properties': {'revenue': 5}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
serve
curl -s "${url}api/openapi.json" >"$T/openapi.json"
cat >"$T/table.py" <<'PY'
import json, re, subprocess, sys
ciclo, docs, openapi = sys.argv[1:]
paths = json.load(open(openapi))['paths']
lines = open(docs).read().split('\n')
start = next(i for i, line in enumerate(lines) if line.startswith('| report | `--from` '))
options = re.findall('`(--[a-z-]+)`', lines[start])
param = {('funnel', '--customers'): 'stopped', ('cohorts', '--customers'): 'cohort', ('churn', '--customers'): 'period'}
reports = set()
for line in lines[start + 2:]:
    if not line.startswith('|'):
        break
    name, *cells = (cell.strip() for cell in line.strip('|').split('|'))
    reports.add(name)
    help = subprocess.run([ciclo, name, '--help'], check=True, capture_output=True, text=True).stdout
    taken = set(re.findall(r'^  (--[a-z-]+)', help, re.M))
    params = {p['name'] for p in paths['/api/' + name]['get']['parameters']}
    assert len(cells) == len(options), line
    for option, cell in zip(options, cells):
        assert cell, line
        told = cell != '-'
        assert (option in taken) == told, f'{name} {option}: the command'
        assert (param.get((name, option), option[2:].replace('-', '_')) in params) == told, f'{name} {option}: the API'
filtered = {path.removeprefix('/api/') for path, methods in paths.items()
            if {'when', 'segment'} <= {p['name'] for p in methods.get('get', {}).get('parameters', [])}}
others = {'lookalikes', 'personas', 'propensity', 'value', 'value/equity', 'lift',  # ask for measures and models: told in their own parts
          'stages/periods'}  # is stages --by period
assert filtered - others <= reports, f'not in the table: {filtered - reports}'
PY
t_ok 'the table is what there is' python3 "$T/table.py" "$CICLO" "$ROOT/docs/reports.md" "$T/openapi.json"

# asked COMMAND OPTION...: of everybody, and of nobody, by a rule of each kind.
asked() {
    command=$1
    shift
    "$CICLO" "$command" "$shop" "$@" --at 2026-03-01 --json >"$T/all"
    for rule in 'stage = "reach" or stage = "buyer"' 'acquisition.channel is missing' \
        'trait.country is missing or trait.country in ("IT", "PT")' 'segment.often or segment.seldom'; do
        "$CICLO" "$command" "$shop" "$@" --at 2026-03-01 --json --when "$rule" >"$T/fit" 2>&1
        cmp -s "$T/all" "$T/fit"
        t_line $? "$command, all by $rule" "$T/fit"
        "$CICLO" "$command" "$shop" "$@" --at 2026-03-01 --json --when "not ($rule)" >"$T/none" 2>&1 &&
            ! cmp -s "$T/all" "$T/none"
        t_line $? "$command, none by it" "$T/none"
    done
}
asked funnel --step visit --step purchase
asked cohorts --first visit
asked churn --active any
asked rfm --event purchase --value revenue
asked overlap often seldom
asked channels --event purchase --value revenue
asked attribution --conversion purchase
asked paths --after visit
asked survival --first visit --end purchase
asked journey-map
asked stages --conversion
asked stages
asked ledger --by month
t_done
