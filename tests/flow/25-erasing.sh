#!/bin/sh
# Who is erased is nowhere any more, and has a receipt of it; what is too old goes, too.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/support/serve.sh"
shop=$T/shop.ciclo

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
events: { purchase: {}, page: {} }
retention: { page: 90d, purchase: 30y }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {} }
  moves: [ { from: reach, to: buyer, when: "exists(purchase)" } ]
YAML
cat >"$T/events.jsonl" <<'JSON'
{"type":"identify","userId":"marker-ada","anonymousId":"marker-visitor","messageId":"i1","timestamp":"2026-01-01T10:00:00Z","traits":{"city":"marker-town","email":"ada@marker.example"}}
{"type":"track","event":"purchase","userId":"marker-ada","messageId":"marker-order-1","timestamp":"2026-01-03T10:00:00Z","properties":{"note":"marker-note","marker-property":1}}
{"type":"track","event":"purchase","userId":"bob","anonymousId":"marker-visitor","messageId":"p2","timestamp":"2026-01-03T10:00:00Z","properties":{"revenue":7,"for":"ada@marker.example","say":"to marker-ada, of course"}}
{"type":"track","event":"purchase","userId":"bob","messageId":"by-marker-ada","timestamp":"2026-01-04T10:00:00Z","properties":{"revenue":8}}
{"type":"page","userId":"bob","messageId":"g1","timestamp":"2026-01-03T10:00:00Z","properties":{"path":"/x"}}
{"type":"alias","userId":"eve","previousId":"marker-visitor","messageId":"a1","timestamp":"2026-01-03T10:00:00Z"}
{"type":"track","userId":"marker-ada"}
{"type":"track","userId":"m\u0061rker-ada","note":"escaped"}
{"type":"page","userId":"zoe","messageId":"g2","timestamp":"2026-01-05T10:00:00Z","properties":{"path":"/y"}}
JSON
new() {
    rm -f "$shop"*
    "$CICLO" init "$shop" --model "$T/model.yaml" --clock 2026-02-01 >/dev/null
    "$CICLO" import "$shop" "$T/events.jsonl" >/dev/null
}
inside() { python3 "$ROOT/tests/support/inside.py" "$@"; }
# part FILE EXPRESSION: of the JSON d in it
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}

# --- the receipt ---
new
t_ok 'he stands in the file at first' test "$(inside "$shop" marker)" -gt 12
t_ok 'he is erased' sh -c '"$1" erase "$2" marker-ada --receipt "$3/kept.json" >"$3/r.json" 2>"$3/said"' \
    sh "$CICLO" "$shop" "$T"
t_ok 'the receipt is printed, and kept where asked' cmp "$T/r.json" "$T/kept.json"
t_is 'what was erased, without who' \
    "$(part "$T/r.json" '(d["kind"], d["number"], d["before"], d["counts"]["events"], d["counts"]["refused"], d["counts"]["ids"], d["counts"]["trait_values"])')" \
    "('erasure', 1, None, 3, 2, 3, 2)"
t_is 'nothing of him in it' "$(grep -c marker "$T/r.json")" 0
t_is 'nor in any byte of the file, packed or not, but the model' "$(inside "$shop" marker)" 0
"$CICLO" export "$shop" events --json >"$T/events.json"
"$CICLO" export "$shop" customers >"$T/customers.csv"
"$CICLO" refused "$shop" --csv >"$T/refused.csv"
"$CICLO" backup "$shop" "$T/copy.ciclo" >/dev/null
t_is 'nor in what is made of it afterwards' \
    "$(cat "$T/events.json" "$T/customers.csv" "$T/refused.csv" | grep -c marker) $(inside "$T/copy.ciclo" marker)" '0 0'
t_ok 'the file is whole' "$CICLO" verify "$shop"
t_is 'what others did is there' "$(grep -c '"userId":"bob"' "$T/events.json")" 3
t_is 'without what named him' \
    "$(grep revenue\":7 "$T/events.json" | python3 -c 'import json, sys; print(json.loads(sys.stdin.read())["properties"])')" \
    "{'revenue': 7, 'say': 'to [erased], of course'}"
t_is 'whoever was only called by his id did nothing' "$(grep -c '"eve"' "$T/events.json")" 0
"$CICLO" import "$shop" "$T/events.jsonl" --json >"$T/report"
t_is 'he does not come back, and nothing is doubled' "$(part "$T/report" 'd["events"]')" 0
"$CICLO" rebuild "$shop" >/dev/null
"$CICLO" import "$shop" "$T/events.jsonl" --json >"$T/report"
t_is 'nor after a rebuild' "$(part "$T/report" 'd["events"]')" 0
t_fails 'he is unknown' 'no customer marker-ada' "$CICLO" erase "$shop" marker-ada

cp "$shop" "$T/once.ciclo"
new
"$CICLO" erase "$shop" email:ada@marker.example >"$T/by-mail.json" 2>/dev/null
t_is 'any of his ids names him' "$(part "$T/by-mail.json" 'd["counts"]["events"]') $(inside "$shop" marker)" '3 0'
mv "$T/once.ciclo" "$shop"

# --- proved without the file ---
key=$("$CICLO" erase "$shop" --receipts | sed -n 's/^Public key: //p')
verify() { "$CICLO" receipt verify "$@"; }
t_ok 'the receipt is right' verify "$T/r.json"
t_ok 'and of this key' verify "$T/r.json" --public-key "$key"
t_fails 'not of another' 'another key' verify "$T/r.json" --public-key "$(echo "$key" | tr 0-9 1-90)"
t_ok 'it is about him' verify "$T/r.json" --id marker-ada
t_ok 'by each of his ids' verify "$T/r.json" --id ada@marker.example
t_fails 'about nobody else' 'not about that id' verify "$T/r.json" --id bob
t_fails 'and with no other salt' 'not about that id' \
    verify "$T/r.json" --id marker-ada --salt 0123456789012345678901234567890123456789
sed 's/"events":3/"events":1/' "$T/r.json" >"$T/forged.json"
t_fails 'what was changed is found' 'not as it was signed' verify "$T/forged.json"
echo '{}' >"$T/none.json"
t_fails 'what is no receipt' 'this is no receipt' verify "$T/none.json"
: >"$T/none.json"
t_fails 'nor is nothing' 'there is no receipt in it' verify "$T/none.json"

# --- what is too old ---
t_is 'how much that is' "$("$CICLO" retain "$shop" --dry-run --json --clock 2026-06-01)" \
    '[{"type":"page","kept":"90d","events":2},{"type":"purchase","kept":"30y","events":0}]'
t_is 'nothing goes by that' "$("$CICLO" export "$shop" events --json | wc -l)" 4
t_is 'as long as it is young, nothing goes' "$("$CICLO" retain "$shop" --clock 2026-02-01 | tail -n 1)" 'Nothing is removed.'
"$CICLO" retain "$shop" --clock 2026-06-01 >"$T/old.json" 2>/dev/null
t_is 'a receipt of that' \
    "$(part "$T/old.json" '(d["kind"], d["number"], d["counts"]["events"], d["counts"]["customers"], d["types"][0], d["commitments"])')" \
    "('retention', 2, 2, 1, {'type': 'page', 'kept': '90d', 'events': 2}, [])"
t_is 'they are gone' "$("$CICLO" export "$shop" events --json | grep -c '"page"')" 0
"$CICLO" import "$shop" "$T/events.jsonl" --json >"$T/report"
t_is 'for good' "$(part "$T/report" 'd["events"]')" 0
t_ok 'the file is whole then, too' "$CICLO" verify "$shop"
cat "$T/r.json" "$T/old.json" >"$T/both.json"
t_ok 'each receipt names the one before' verify "$T/both.json" --public-key "$key"
"$CICLO" erase "$shop" bob >"$T/third.json" 2>/dev/null
cat "$T/r.json" "$T/old.json" "$T/third.json" >"$T/three.json"
t_ok 'and so on' verify "$T/three.json"
"$CICLO" erase "$shop" --receipts --json >"$T/list.json"
t_is 'the file keeps them, without the salts' \
    "$(part "$T/list.json" '[r["number"] for r in d["receipts"]], any("salt" in r for r in d["receipts"]), d["public_key"] == "'"$key"'"')" \
    '([1, 2, 3], False, True)'
t_is 'how much that was stands in what the file says of itself' \
    "$("$CICLO" info "$shop" --json | grep -o '"erased":{[^}]*}')" '"erased":{"receipts":3,"customers":4,"events":7}'
t_is 'and in reports' "$("$CICLO" stages "$shop" --at 2026-02-01 --json | grep -o '"erased":{[^}]*}')" '"erased":{"customers":4,"events":7}'
t_fails 'a model that keeps all for ever' 'does not say how long' \
    sh -c 'rm -f "$2/other"*; "$1" init "$2/other" >/dev/null; "$1" retain "$2/other"' sh "$CICLO" "$T"
"$CICLO" erase "$shop" --receipts marker-ada >"$T/out" 2>&1
t_is 'a list erases nobody' "$?" 2

# --- while it is served ---
new
serve --clock 2026-02-01
post() { curl -s -m 20 -o "$T/answer" -w '%{http_code}' -H 'Content-Type: application/json' -d "$2" "$url$1"; }
t_is 'nobody is not erased' "$(post api/erase '{"customer":"nobody"}')" 404
t_is 'who is, by a job' "$(post api/erase '{"customer":"marker-ada"}')" 202
job=$(part "$T/answer" 'd["job"]')
until curl -s "${url}api/erase/$job" >"$T/answer" && ! grep -q '"result":null,"error":null' "$T/answer"; do
    sleep 0.05
done
t_is 'its result is the receipt' \
    "$(part "$T/answer" 'd["error"], json.loads(d["result"]["receipt"])["counts"]["events"]')" '(None, 3)'
python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["result"]["receipt"])' "$T/answer" >"$T/served.json"
t_ok 'which is right, and about him' verify "$T/served.json" --id marker-ada
t_is 'he is gone' "$(curl -s -o /dev/null -w '%{http_code}' "${url}api/customers/marker-ada")" 404
t_is 'others are there' "$(curl -s -o /dev/null -w '%{http_code}' "${url}api/customers/bob")" 200
t_is 'new events come in' "$(post v1/track '{"userId":"new","event":"purchase","messageId":"n1"}')" 200
t_is 'what is too old is told' "$(curl -s "${url}api/retention")" \
    '{"types":[{"type":"page","kept":"90d","events":0},{"type":"purchase","kept":"30y","events":0}]}'
ends
serve --clock 2026-06-01
t_is 'later it is more' "$(curl -s "${url}api/retention" | grep -o '"events":[0-9]*' | head -n 1)" '"events":2'
t_is 'it goes, by a job' "$(post api/retention '')" 202
job=$(part "$T/answer" 'd["job"]')
until curl -s "${url}api/retention/$job" >"$T/answer" && ! grep -q '"result":null,"error":null' "$T/answer"; do
    sleep 0.05
done
t_is 'with a receipt' "$(part "$T/answer" 'json.loads(d["result"]["receipt"])["counts"]["events"]')" 2
t_is 'and is gone' "$(curl -s "${url}api/retention" | grep -o '"events":[0-9]*' | head -n 1)" '"events":0'
t_is 'the list is there' "$(curl -s "${url}api/receipts" | grep -o '"kind":"erasure"')" '"kind":"erasure"'
ends
t_is 'in no byte' "$(inside "$shop" marker)" 0
t_is 'what came after it is kept' "$("$CICLO" export "$shop" events --json --customer new | wc -l)" 1
t_ok 'and the file is whole' "$CICLO" verify "$shop"
t_done
