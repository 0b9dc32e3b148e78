#!/bin/sh
# A model by which customers are led to and fro without end is refused before it is live.
. "$(dirname "$0")/../support/tap.sh"
file=$T/shop.ciclo
cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"visit","userId":"ann","messageId":"1","timestamp":"2020-01-01T00:00:00Z"}
JSON
cat >"$T/calm.yaml" <<'YAML'
ciclo: 1
workspace: { name: Shop, currency: EUR, timezone: UTC }
events: { visit: }
lifecycle:
  start: here
  stages: { here: , there: }
  moves:
    - { from: here, to: there, when: "since(visit) >= 1d" }
YAML
sed 's/since(visit) >= 1d/time_in_stage >= 1m/' "$T/calm.yaml" >"$T/restless.yaml"
echo '    - { from: there, to: here, when: "time_in_stage >= 1m" }' >>"$T/restless.yaml"

t_ok 'a file is made' "$CICLO" init "$file" --model "$T/calm.yaml"
t_ok 'an event comes in' "$CICLO" import "$file" "$T/events.jsonl"
before=$("$CICLO" stages "$file" --at 2020-01-03 --json)
t_fails 'the restless model is refused, with the stage' 'is led to and fro' \
    "$CICLO" model apply "$file" "$T/restless.yaml"
t_is 'the live model is as before' "$("$CICLO" stages "$file" --at 2020-01-03 --json)" "$before"
t_is 'and it moved the customer' \
    "$(printf '%s' "$before" | grep -c '"stage":"there","customers":1')" 1
t_done
