#!/bin/sh
# Webhooks as a user meets them: the real binary, and a receiver that checks signatures by what the
# documentation says.
. "$ROOT/tests/support/tap.sh"
server= receiver=
trap 'kill $server $receiver 2>/dev/null; wait; rm -rf "$T"' EXIT
shop=$T/shop.ciclo
export WEBHOOKS_MD="$ROOT/docs/webhooks.md" PYTHONDONTWRITEBYTECODE=1

# start_receiver: it writes what it gets to $T/r/got
mkdir "$T/r"
python3 "$ROOT/tests/support/receiver.py" "$T/r" &
receiver=$!
until [ -e "$T/r/port" ] || ! kill -0 $receiver 2>/dev/null; do sleep 0.05; done
hook=http://127.0.0.1:$(cat "$T/r/port")/in

serve() {
    : >"$T/said"
    "$CICLO" serve "$shop" --listen 127.0.0.1:0 >"$T/said" 2>>"$T/log" &
    server=$!
    until grep -q http "$T/said" || ! kill -0 $server 2>/dev/null; do sleep 0.05; done
    url=$(grep -o 'http://[^ ]*' "$T/said")
}
stop() {
    kill "-$1" $server
    wait $server 2>/dev/null
    server=
}
# track CUSTOMER ID: one event
track() {
    curl -s "${url}v1/track" -H 'Content-Type: application/json' -d "{\"userId\":\"$1\",\"event\":\"Order Completed\",
        \"messageId\":\"$2\",\"properties\":{\"revenue\":12.5}}" >/dev/null
}
# got EXPRESSION: of the list `got` of what the receiver has
got() {
    python3 -c 'import json, sys
got = [json.loads(line) for line in open(sys.argv[1])]
print(eval(sys.argv[2]))' "$T/r/got" "$1" 2>/dev/null
}
# until_got EXPRESSION: waits until it is true
until_got() {
    i=0
    until [ "$(got "$1")" = True ] || [ $((i += 1)) -gt 400 ]; do sleep 0.05; done
    t_is "$2" "$(got "$1")" True
}
api() { curl -s -X "$1" "${url}api/webhooks$2" -H 'Content-Type: application/json' ${3:+-d "$3"}; }
state() {
    api GET '' | python3 -c 'import json, sys
d = json.load(sys.stdin)[0]
print(eval(sys.argv[1], {"d": d, "w": d["webhook"]}))' "$1"
}
until_state() {
    i=0
    until [ "$(state "$1")" = "$2" ] || [ $((i += 1)) -gt 400 ]; do sleep 0.05; done
    t_is "$3" "$(state "$1")" "$2"
}

"$CICLO" init "$shop" >/dev/null

# --- making one ---
t_fails 'plain HTTP to others' '--allow-http' \
    "$CICLO" webhook "$shop" add --name crm --url http://example.org/in
t_fails 'something else' 'begins with https://' \
    "$CICLO" webhook "$shop" add --name crm --url file:///etc/passwd
t_fails 'without a name' '--name' "$CICLO" webhook "$shop" add --url https://example.org
"$CICLO" webhook "$shop" add --name crm --url "$hook" --allow-private --what events >"$T/r/secret.in" 2>/dev/null
t_ok 'the secret is printed' grep -q '^whsec_' "$T/r/secret.in"
t_fails 'its name is taken' 'already' \
    "$CICLO" webhook "$shop" add --name crm --url "$hook" --allow-private
t_is 'it is listed, without its secret' "$("$CICLO" webhook "$shop" list --csv |
    cut -d, -f1,3,4; "$CICLO" webhook "$shop" list --json | grep -c whsec)" 'name,what,state
crm,events,on
0'
t_is 'a ping arrives' "$("$CICLO" webhook "$shop" test --name crm)" 'It answered 200.'
t_is 'and is signed' "$(got '[(g["ok"], g["body"]["type"]) for g in got]')" "[(True, 'ping')]"
echo redirect >"$T/r/how"
t_is 'a redirect is not followed' "$("$CICLO" webhook "$shop" test --name crm)" 'It answered 302.'
t_is 'nobody went there' "$(got 'any("get" in g for g in got)')" False
echo 200 >"$T/r/how"
"$CICLO" webhook "$shop" add --name inside --url "$hook" >/dev/null 2>&1
t_fails 'an address of this machine that was not allowed' 'not of the public network' \
    "$CICLO" webhook "$shop" test --name inside
"$CICLO" webhook "$shop" remove --name inside >/dev/null
t_is 'it is gone' "$("$CICLO" webhook "$shop" list --csv | grep -c inside)" 0

# --- events ---
: >"$T/r/got"
serve
for i in 1 2 3 4 5; do track ada "a$i"; done
track bob b1
until_got 'len(got) == 6' 'all arrive'
t_is 'each signed' "$(got 'all(g["ok"] for g in got)')" True
t_is 'in order' "$(got '[g["body"]["data"]["messageId"] for g in got if g["body"]["data"]["customer"] == "ada"]')" \
    "['a1', 'a2', 'a3', 'a4', 'a5']"
t_is 'with what they say' "$(got 'got[0]["body"]["data"]["event"], got[0]["body"]["data"]["properties"], got[0]["body"]["type"]')" \
    "('Order Completed', {'revenue': 12.5}, 'event')"

# --- failures ---
: >"$T/r/got"
echo 500 >"$T/r/how"
track eve e1
until_got 'len(got) >= 2' 'what fails is sent again'
t_is 'with the same id' "$(got 'len({g["id"] for g in got})')" 1
until_state 'w["last_status"], w["failing_since"] is not None' '(500, True)' 'the list says that it fails'
t_ok 'the metrics too' sh -c "curl -s ${url}metrics | grep -q '^ciclo_webhooks_failing 1'"
echo cut >"$T/r/how"
until_state 'w["last_status"], d["why"] != ""' '(None, True)' 'that there was no answer'
echo retry 1 >"$T/r/how"
until_got 'got[-1]["status"] == 429' 'who is busy'
echo 200 >"$T/r/how"
until_got 'got[-1]["status"] == 200' 'is sent it later'
until_state 'w["failing_since"], d["under_way"]' '(None, 0)' 'then nothing fails'

# --- a kill between delivery and commit: what came before it may come again ---
: >"$T/r/got"
echo slow 1 >"$T/r/how"
for i in $(seq 1 30); do track "c$i" "k$i"; done
until_got 'len(got) >= 5' 'some arrive'
stop KILL
t_is 'not all do' "$(got 'len(got) < 30')" True
echo 200 >"$T/r/how"
serve
until_got '{g["body"]["data"]["messageId"] for g in got} >= {f"k{i}" for i in range(1, 31)}' 'nothing is lost'
t_is 'what came twice has one id' \
    "$(got 'len({g["id"] for g in got}) == len({g["body"]["data"]["messageId"] for g in got})')" True
stop TERM

# --- an import; erasing; replay ---
: >"$T/r/got"
echo '{"type":"track","event":"visit","userId":"zoe","messageId":"z1","timestamp":"2026-01-01T10:00:00Z"}' |
    "$CICLO" import "$shop" - >/dev/null
serve
# What was delivered just before the stop may come again.
until_got 'sum(g["body"]["data"]["messageId"] == "z1" for g in got) == 1' 'what was imported is sent'
stop TERM
"$CICLO" erase "$shop" ada >/dev/null 2>&1
: >"$T/r/got"
"$CICLO" webhook "$shop" replay --name crm --from 2020-01-01 >/dev/null
serve
until_got 'len({g["id"] for g in got}) == 33' 'a replay sends all again'
t_is 'but who was erased' "$(got 'any(g["body"]["data"]["customer"] == "ada" for g in got)')" False

# --- moves ---
stop TERM
"$CICLO" webhook "$shop" remove --name crm >/dev/null
"$CICLO" webhook "$shop" add --name moves --url "$hook" --allow-private --what moves >"$T/r/secret.in" 2>/dev/null
: >"$T/r/got"
serve
track max m1
until_got 'any(g["body"]["data"]["customer"] == "max" for g in got)' 'who comes is told'
t_is 'from nothing' "$(got 'got[0]["body"]["type"], got[0]["body"]["data"]["from"], got[0]["ok"]')" "('move', None, True)"
t_is 'and nobody who stood there already' "$(got '{g["body"]["data"]["customer"] for g in got}')" "{'max'}"
history=$(curl -s "${url}api/customers/max" | python3 -c 'import json, sys
d = json.load(sys.stdin)
print([m["to"] for m in d["moves"]])')
until_got "[g['body']['data']['to'] for g in got] == $history" 'all of his moves'
# Killed before histories were kept: what was told is not told again with another id, all else is.
: >"$T/r/got"
echo 500 >"$T/r/how"
for i in 1 2 3 4 5 6 7 8; do track "n$i" "n$i"; done
until_got 'len(got) >= 1' 'somebody is on his way'
stop KILL
track_lines() { for i in 1 2 3; do
    echo "{\"type\":\"track\",\"event\":\"visit\",\"userId\":\"i$i\",\"messageId\":\"i$i\",\"timestamp\":\"2026-01-01T10:00:00Z\"}"
done; }
track_lines | "$CICLO" import "$shop" - >/dev/null
echo 200 >"$T/r/how"
serve
until_got '{g["body"]["data"]["customer"] for g in got if g["status"] == 200} >= set("n1 n2 n3 n4 n5 n6 n7 n8 i1 i2 i3".split())' \
    'nobody is forgotten'
until_state 'd["under_way"]' 0 'all of it arrives'
t_is 'and nothing twice' "$(got 'len([g for g in got if g["status"] == 200]) == len({json.dumps(g["body"]) for g in got if g["status"] == 200})')" True
stop TERM
"$CICLO" webhook "$shop" remove --name moves >/dev/null
"$CICLO" webhook "$shop" add --name crm --url "$hook" --allow-private >"$T/r/secret.in" 2>/dev/null
serve

# --- an alert goes on, and off: once each, whatever is killed ---
stop TERM
"$CICLO" view "$shop" add buyers 'funnel?steps=any' >/dev/null
"$CICLO" alert "$shop" add many buyers /steps/0/customers --every hour --above 3 >/dev/null
"$CICLO" alert "$shop" add none buyers /steps/0/customers --every hour --below 3 >/dev/null
: >"$T/r/got"
echo 500 >"$T/r/how"
serve
until_got '[g["body"]["data"]["alert"] for g in got if g["body"]["type"] == "alert"][:1] == ["many"]' 'an alert goes on'
stop KILL
echo 200 >"$T/r/how"
serve
until_got 'any(g["status"] == 200 and g["body"]["type"] == "alert" for g in got)' 'nothing of it is lost'
until_state 'd["under_way"]' 0 'all of it arrives'
t_is 'signed, with one id and one body' "$(got '(all(g["ok"] for g in got), len({(g["id"], json.dumps(g["body"])) for g in got if g["body"]["type"] == "alert"}))')" '(True, 1)'
t_is 'it says what it found' "$(got '[(g["body"]["data"]["on"], g["body"]["data"]["value"] > 3, g["body"]["data"]["above"]) for g in got if g["body"]["type"] == "alert"][0]')" \
    '(True, True, 3)'
stop TERM
t_is 'and the file keeps it' "$("$CICLO" alert "$shop" list --csv | cut -d, -f1,9)" 'name,state
many,on
none,off'
"$CICLO" alert "$shop" remove many >/dev/null
"$CICLO" alert "$shop" remove none >/dev/null
serve

# --- an account: its members' events are sent once, as theirs, and its moves ---
: >"$T/r/got"
curl -s "${url}v1/group" -H 'Content-Type: application/json' \
    -d '{"userId":"max","groupId":"acme","messageId":"g1","traits":{"plan":"gold"}}' >/dev/null
track max m3
until_got '{(g["body"]["type"], g["body"]["data"]["customer"]) for g in got} >= {("event", "max"), ("event", "acme"), ("move", "acme")}' \
    'an account is told of'
until_state 'd["under_way"]' 0 'all of it arrives'
t_is 'each event as whose it is' \
    "$(got 'sorted(g["body"]["data"]["customer"] + " " + g["body"]["data"]["event"] for g in got if g["body"]["type"] == "event")')" \
    "['acme identify', 'max Order Completed', 'max group']"
moves='[g["body"]["data"]["to"] for g in got if g["body"]["data"]["customer"] == "acme" and g["body"]["type"] == "move"]'
t_is 'each of its moves once' "$(got "len($moves) == len(set($moves))")" True

# --- who enters and leaves a segment: once each, whatever is killed ---
stop TERM
"$CICLO" webhook "$shop" remove --name crm >/dev/null
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Shop, currency: EUR, timezone: UTC }
events: { purchase: { from: ["Order Completed"], properties: { revenue: money } } }
lifecycle:
  start: new
  stages: { new: , buyer: }
  moves: [ { from: new, to: buyer, when: "exists(purchase)" } ]
segments:
  fresh: { when: "exists(purchase, 2s)" }
  spender: { when: "sum(purchase.revenue) >= 25" }
  buyers: { when: "stage = 'buyer'" }
YAML
"$CICLO" model apply "$shop" "$T/model.yaml" >/dev/null
"$CICLO" webhook "$shop" add --name in --url "$hook" --allow-private --what segments \
    --segment fresh --segment spender >"$T/r/secret.in" 2>/dev/null
: >"$T/r/got"
serve
track sam s1
changes='[(g["body"]["data"]["customer"], g["body"]["data"]["segment"], g["body"]["data"]["change"]) for g in got if g["status"] == 200]'
until_got "[c for c in $changes if c[0] == 'sam'] == [('sam', 'fresh', 'entered'), ('sam', 'fresh', 'left')]" 'he enters a segment, and leaves it by time alone'
t_is 'it is signed, and says when' "$(got 'got[0]["ok"], got[0]["body"]["type"], got[0]["body"]["timestamp"] == got[0]["body"]["data"]["at"]')" \
    "(True, 'segment', True)"
echo 500 >"$T/r/how"
: >"$T/r/got" # what was delivered just before the kill may come again
track sam s2
track tim t1
until_got 'any(g["status"] == 500 for g in got)' 'somebody is on his way'
stop KILL
track_lines | sed 's/visit/Order Completed/; s/"i\([123]\)"/"j\1"/g' | "$CICLO" import "$shop" - >/dev/null
echo 200 >"$T/r/how"
serve
until_got "set($changes) >= {('sam', 'spender', 'entered'), ('sam', 'fresh', 'left'), ('tim', 'fresh', 'entered'), ('tim', 'fresh', 'left')}" \
    'nobody is forgotten'
until_state 'd["under_way"]' 0 'all of it arrives'
t_is 'and nothing twice' "$(got 'len([g for g in got if g["status"] == 200]) == len({json.dumps(g["body"]) for g in got if g["status"] == 200})')" True
t_is 'each with one id' "$(got 'len({g["id"] for g in got}) == len({json.dumps(g["body"]) for g in got})')" True
t_is 'of the segments that were chosen' "$(got 'sorted({g["body"]["data"]["segment"] for g in got})')" "['fresh', 'spender']"
: >"$T/r/got"
t_is 'a replay' "$(api POST /replay '{"name":"in","from":"2020-01-01"}')" '{"ok":true}'
until_got "[c for c in $changes if c[0] == 'sam'][:2] == [('sam', 'fresh', 'entered'), ('sam', 'fresh', 'left')]" \
    'begins with the first'
stop TERM
"$CICLO" webhook "$shop" remove --name in >/dev/null
"$CICLO" webhook "$shop" add --name crm --url "$hook" --allow-private >"$T/r/secret.in" 2>/dev/null
serve

# --- over HTTP ---
: >"$T/r/got"
t_is 'a ping' "$(api POST /test '{"name":"crm"}')" '{"ok":true}'
until_state 'd["ping_status"]' 200 'is answered'
echo 410 >"$T/r/how"
track bob b2
until_state 'w["state"]' gone 'who says that he is gone'
echo 200 >"$T/r/how"
t_is 'is asked again' "$(api POST /replay '{"name":"crm"}')" '{"ok":true}'
until_got 'any(g["body"]["data"].get("messageId") == "b2" and g["status"] == 200 for g in got)' 'where it stopped'
t_ok 'another' sh -c "curl -s ${url}api/webhooks -d '{\"name\":\"two\",\"url\":\"$hook\",\"allow_private\":true,
    \"types\":[\"visit\"]}' -H 'Content-Type: application/json' | grep -q whsec_"
t_is 'is removed' "$(api DELETE /two)" '{"ok":true}'
stop TERM
t_ok 'the file is whole' sh -c "'$CICLO' verify '$shop' --json | grep -q '\"whole\":true'"
t_done
