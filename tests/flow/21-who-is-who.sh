#!/bin/sh
# Strangers on several devices become one customer, two known users do not, and whatever a person
# decides can be undone.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo
model=$T/model.yaml

cat >"$model" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC, language: it }
events: { visit: {}, login: {}, buy: { properties: { revenue: money } } }
lifecycle:
  start: visitor
  stages: { visitor: {}, buyer: {}, fan: {} }
  moves:
    - { from: visitor, to: buyer, when: "exists(buy)" }
    - { from: buyer, to: fan, when: "count(visit) >= 3" }
YAML
new() {
    rm -f "$shop"*
    "$CICLO" init "$shop" --model "$model" >/dev/null
}
# line EVENT DAY IDS...: one call
line() {
    n=$(printf %s "$*" | cksum | tr ' ' -)
    printf '{"type":"track","event":"%s","messageId":"%s","timestamp":"2026-01-%sT10:00:00Z",%s}\n' \
        "$1" "$n" "$2" "$3"
}
identify() {
    n=$(printf %s "$*" | cksum | tr ' ' -)
    printf '{"type":"identify","messageId":"%s","timestamp":"2026-01-%sT10:00:00Z",%s,"traits":{%s}}\n' \
        "$n" "$1" "$2" "$3"
}
take() {
    cat >"$T/calls"
    "$CICLO" import "$shop" "$T/calls" --json >"$T/report"
}
# he ID EXPRESSION: of the customer c
he() {
    "$CICLO" customer "$shop" "$1" --json >"$T/he" 2>"$T/why" || { cat "$T/why"; return; }
    python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$T/he" "$2"
}
events='" ".join(e["type"] for e in reversed(c["events"]))'
ids='" ".join(i["kind"] + ":" + i["id"] for i in c["ids"])'
moves='" ".join(m["to"] + m["at"][8:10] for m in c["moves"])'
whole() { "$CICLO" verify "$shop" | tail -n 1 | grep -o 'is whole'; }
# All that follows from who is who, but for the decisions themselves.
everything() {
    "$CICLO" export "$shop" events --csv | grep -v identity_decided | cut -d , -f 1-4 | sort
    "$CICLO" export "$shop" stages --csv | sort
    "$CICLO" export "$shop" customers --csv --at 2026-02-01 | sort
}

# --- a visitor logs in ---
new
{
    line visit 01 '"anonymousId":"phone"'
    line visit 02 '"anonymousId":"phone"'
    line buy 03 '"userId":"ada","properties":{"revenue":10}'
} | take
t_is 'before he logs in, a visitor is somebody else' "$(he phone 'c["id"]')" phone
t_is 'who has no stage of hers' "$(he phone "$moves")" visitor01
line login 04 '"userId":"ada","anonymousId":"phone"' | take
t_is 'when she logs in, she is one' "$(he phone 'c["id"]')" ada
t_is 'with all that she did' "$(he ada "$events")" 'visit visit buy login'
t_is 'her history is what it would have been' "$(he ada "$moves")" 'visitor01 buyer03'
t_is 'and she has both ids' "$(he ada "$ids")" 'userId:ada anonymousId:phone'
t_is 'there is one customer' "$("$CICLO" info "$shop" | head -n 1 | cut -d ' ' -f 1-5)" '4 events of 1 customers,'
{
    line visit 05 '"anonymousId":"phone"'
    identify 06 '"userId":"ada","anonymousId":"laptop"' '"email":" Ada@X.it"'
    line visit 02 '"anonymousId":"laptop"'
    line visit 07 '"context":{"externalIds":[{"type":"email","id":"ada@x.it"}]}'
} | take
t_is 'a second device, and a mail' "$(he ada@x.it "$events")" 'visit visit visit buy login visit identify visit'
t_is 'late news change the past' "$(he ada "$moves")" 'visitor01 buyer03 fan03'
t_is 'ids can be told by their kind' "$(he email:ada@x.it 'c["id"]')" ada
t_is 'nobody is nobody' "$(he email:eve@x.it 0 | sed 's/[^ ]*: //2')" 'ciclo: there is no customer "email:eve@x.it"'
t_ok 'people see when and how' grep -q 'anonymousId:laptop, with userId:ada since 2026-01-06' <<EOF
$("$CICLO" customer "$shop" ada)
EOF
t_is 'the file is whole' "$(whole)" 'is whole'

# --- a tablet in the kitchen ---
{
    line login 08 '"userId":"ada","anonymousId":"tablet"'
    line login 09 '"userId":"bob","anonymousId":"tablet"'
    line buy 10 '"userId":"bob","properties":{"revenue":5}'
    line visit 11 '"anonymousId":"tablet"'
} | take
"$CICLO" identity "$shop" suspicions --json >"$T/suspicions"
t_is 'two users are not made one by a tablet' "$(he bob "$events")" 'login buy'
t_is 'which stays with who had it first' "$(he tablet 'c["id"]')" ada
t_is 'but are suspected' "$(python3 -c 'import json, sys
for s in json.load(open(sys.argv[1])): print(s["a"]["id"], s["b"]["id"], s["customers"][0]["id"], s["customers"][1]["id"], s["since"][:10], s["why"])' "$T/suspicions")" \
    'bob tablet bob ada 2026-01-09 two known users'
everything >"$T/before"
t_ok 'somebody decides that they are one' "$CICLO" identity "$shop" merge bob ada --by Eva
t_is 'they are' "$(he bob 'c["id"], len(c["events"])')" "('ada', 13)"
t_is 'it is listed with who decided' "$("$CICLO" identity "$shop" decisions --csv | tail -n 1 | cut -d , -f 1-3,5)" \
    'userId:ada,userId:bob,merge,Eva'
t_is 'nothing is suspected any more' "$("$CICLO" identity "$shop" suspicions --json)" '[]'
t_is 'the file is whole after it' "$(whole)" 'is whole'
t_ok 'somebody decides otherwise' "$CICLO" identity "$shop" apart bob ada
t_is 'they are two' "$(he bob "$moves")" 'visitor09 buyer10'
t_is 'which is no suspicion either' "$("$CICLO" identity "$shop" suspicions --json)" '[]'
everything >"$T/apart"
t_ok 'both are what they were' cmp "$T/before" "$T/apart"
t_ok 'the decision is forgotten' "$CICLO" identity "$shop" undecide bob ada
everything >"$T/undecided"
t_ok 'and they still are' cmp "$T/before" "$T/undecided"
t_is 'nothing is decided' "$("$CICLO" identity "$shop" decisions)" 'Nobody has decided anything of two ids.'
t_is 'to be decided on again' "$("$CICLO" identity "$shop" suspicions --csv | tail -n 1 | cut -d , -f 1-4)" \
    'userId:bob,anonymousId:tablet,bob,ada'
t_is 'the file is whole at last' "$(whole)" 'is whole'
"$CICLO" rebuild "$shop" >/dev/null
everything >"$T/rebuilt"
t_ok 'who is who follows from the log' cmp "$T/before" "$T/rebuilt"
t_is 'whole when it is made anew' "$(whole)" 'is whole'

# --- what is wrong ---
t_fails 'an id that nobody has' 'nobody has the id "eve"' "$CICLO" identity "$shop" merge bob eve
t_fails 'one id twice' 'are one id' "$CICLO" identity "$shop" merge bob userId:bob
t_fails 'a weight that is none' 'from 1 to 100' "$CICLO" identity "$shop" similar --min-weight x
t_fails 'a list of somebody' 'takes no ids' "$CICLO" identity "$shop" similar bob
t_fails 'another word' 'merge, apart or undecide' "$CICLO" identity "$shop" marry bob ada

# --- who looks alike ---
{
    identify 01 '"userId":"mario"' '"name":"Mario Rossi","street":"Via Roma 12","birthday":"1980-02-03"'
    identify 02 '"userId":"mraio"' '"firstName":"Mraio","lastName":"Rossi","address":{"street":"via Roma, 12"}'
    identify 03 '"userId":"anna"' '"name":"Anna Rossi","street":"Via Roma 12","birthday":"1982-07-05"'
} | take
similar() { "$CICLO" identity "$shop" similar --csv "$@" | tail -n +2 | cut -d , -f 1-2,4-; }
t_is 'who wrote his name wrong is found, his wife is not' "$(similar)" \
    'userId:mario,userId:mraio,"name 97%: Mario Rossi, Mraio Rossi; address 100%: Via Roma 12, via Roma, 12"'
t_is 'not when more is asked for' "$(similar --min-weight 30)" ''
"$CICLO" identity "$shop" apart mario mraio >/dev/null
t_is 'nor when somebody has decided' "$(similar)" ''
"$CICLO" identity "$shop" undecide mario mraio >/dev/null
t_ok 'until it is taken back' python3 -c 'import json, sys
[pair] = json.loads(sys.argv[1])
assert [c["id"] for c in pair["customers"]] == ["mario", "mraio"] and pair["bits"] > 12, pair
assert [f["field"] for f in pair["fields"]] == ["name", "address"], pair' "$("$CICLO" identity "$shop" similar --json)"

# --- nobody's values ---
{
    line visit 12 '"userId":"null","anonymousId":"desk"'
    line visit 12 '"userId":"null","anonymousId":"till"'
    line visit 12 '"userId":"null"'
    line visit 12 '"userId":"undefined","anonymousId":"00000000-0000-0000-0000-000000000000"'
} | take
t_is 'null ties nobody' "$(he desk "$ids") $(he till "$ids")" 'anonymousId:desk anonymousId:till'
t_is 'who is nobody is refused' "$(python3 -c 'import json, sys
for r in json.load(open(sys.argv[1]))["refused"]: print(r["lines"], r["reason"])' "$T/report")" \
    "2 userId: this value is nobody's"

# --- any order ---
new
{
    line visit 01 '"anonymousId":"phone"'
    line visit 02 '"anonymousId":"phone"'
    line login 04 '"userId":"ada","anonymousId":"phone"'
    line login 05 '"userId":"bob","anonymousId":"phone"'
    identify 06 '"userId":"bob"' '"email":"bob@x.it"'
    line buy 07 '"context":{"externalIds":[{"type":"email","id":"bob@x.it"}]}'
} >"$T/story"
take <"$T/story"
everything >"$T/once"
new
tac "$T/story" | while read -r call; do
    echo "$call" | take
done
everything >"$T/backwards"
t_ok 'one by one and backwards gives the same' cmp "$T/once" "$T/backwards"
t_is 'in a whole file' "$(whole)" 'is whole'

# --- out, and in again ---
new
{
    cat "$T/story"
    line visit 08 '"userId":"eve","anonymousId":"tablet","context":{"externalIds":[{"type":"till","id":"9"}]}'
    line visit 09 '"anonymousId":"desk"'
    line visit 10 '"userId":"zoe"'
    echo '{"type":"alias","messageId":"a1","timestamp":"2026-01-11T10:00:00Z","userId":"eve","previousId":"desk"}'
} >"$T/whole-story"
take <"$T/whole-story"
"$CICLO" identity "$shop" merge zoe eve >/dev/null
"$CICLO" export "$shop" events --json >"$T/out.jsonl"
everything >"$T/once"
new
"$CICLO" import "$shop" "$T/out.jsonl" >/dev/null
everything >"$T/again"
t_ok 'what was exported gives the same customers and histories' cmp "$T/once" "$T/again"
t_is 'by several ids, an alias and a decision' "$(he desk "$ids" | tr ' ' '\n' | wc -l)" 6
t_ok 'event by event by the ids that it came by' grep -q '"anonymousId":"desk","messageId"' "$T/out.jsonl"
"$CICLO" export "$shop" events --json >"$T/out-again.jsonl"
t_ok 'and gives the same bytes again' cmp "$T/out.jsonl" "$T/out-again.jsonl"
t_done
