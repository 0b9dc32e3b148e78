#!/bin/sh
# Events whose values have another type than the model's rules need never lock anybody out.
. "$(dirname "$0")/../support/tap.sh"
file=$T/shop.ciclo
event() { # ID VALUE
    printf '{"type":"track","event":"order","userId":"ann","messageId":"%s","timestamp":"2020-01-0%sT00:00:00Z","properties":{"size":%s}}\n' "$1" "$1" "$2"
}
model() { # DECLARATION
    cat <<YAML
ciclo: 1
workspace: { name: Shop, currency: EUR, timezone: UTC }
events: { order: $1 }
lifecycle:
  start: here
  stages: { here: , there: }
  moves: [ { from: here, to: there, when: "sum(order.size) >= 3" } ]
YAML
}
model '' | sed '/moves/d' >"$T/bare.yaml"
model '' >"$T/learned.yaml"
model '{ properties: { size: number } }' >"$T/declared.yaml"
event 1 2 >"$T/number.jsonl"
event 2 '"large"' >"$T/text.jsonl"
there() { "$CICLO" stages "$file" --at 2020-02-01 --json | grep -c '"stage":"there","customers":1'; }

t_ok 'a file is made' "$CICLO" init "$file" --model "$T/bare.yaml"
t_ok 'a number comes in' "$CICLO" import "$file" "$T/number.jsonl"
t_ok 'a rule uses what was learned' "$CICLO" model apply "$file" "$T/learned.yaml"
t_fails 'a text under the same name is refused with the way out' 'declare the type' \
    "$CICLO" import "$file" "$T/text.jsonl"
t_ok 'and the file opens as before' "$CICLO" stages "$file"
t_ok 'with the type declared' "$CICLO" model apply "$file" "$T/declared.yaml"
t_ok 'the text comes in' "$CICLO" import "$file" "$T/text.jsonl"
t_is 'as a value that is missing' "$(there)" 0
event 3 1 >"$T/more.jsonl"
t_ok 'and more numbers' "$CICLO" import "$file" "$T/more.jsonl"
t_is 'make the sum' "$(there)" 1
t_done
