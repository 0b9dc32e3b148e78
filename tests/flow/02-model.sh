#!/bin/sh
# The model: from each template, shown, checked, applied, and refused with its place.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
model=$T/model.yaml

n=0
for template in $("$CICLO" init --templates | awk '{print $1}'); do
    n=$((n + 1))
    t_ok "a file from the template $template" "$CICLO" init "$T/$n.ciclo" --template "$template" \
        --name 'Bottega "Zoë"' --currency BRL --timezone America/Sao_Paulo --language pt
    "$CICLO" model show "$T/$n.ciclo" >"$T/$n.yaml"
    t_ok 'with its workspace' grep -qF \
        'workspace: { name: "Bottega \"Zoë\"", currency: "BRL", timezone: "America/Sao_Paulo", language: "pt" }' \
        "$T/$n.yaml"
    t_is 'in which nothing is odd' "$("$CICLO" model check "$T/$n.ciclo" | grep -c note)" 0
done
t_is 'there are six' $n 6

t_fails 'an unknown template has its nearest' 'did you mean "retail"?' \
    "$CICLO" init "$shop" --template retial
t_fails 'an unknown zone is named' 'Europe/Rom' "$CICLO" init "$shop" --timezone Europe/Rom
t_fails 'an unknown currency' 'ISO 4217' "$CICLO" init "$shop" --currency ECU
t_fails 'no model to begin with' "$T/none.yaml" "$CICLO" init "$shop" --model "$T/none.yaml"
t_is 'none of them leaves a file' "$(ls "$T" | grep -c shop)" 0

t_ok 'a file is made' "$CICLO" init "$shop"
t_ok 'named after itself' sh -c '"$0" model show "$1" | grep -q "name: \"shop\""' "$CICLO" "$shop"
t_fails 'and not made anew' "$shop" "$CICLO" init "$shop"
"$CICLO" model show "$shop" >"$model"
echo '# a remark of mine' >>"$model"
t_ok 'a model is checked before it is live' sh -c \
    '"$0" model check "$1" "$2" | grep -q "^The model is right: 8 stages, 9 moves, 11 segments"' \
    "$CICLO" "$shop" "$model"
t_is 'it is applied as the next version' "$("$CICLO" model apply "$shop" "$model")" \
    'This is now model version 2.'
t_is 'and shown byte by byte' "$("$CICLO" model show "$shop" | sha256sum)" "$(sha256sum <"$model")"

# refused NAME SED TEXT: the model, changed so, is refused with this place and text.
refused() {
    sed "$2" "$model" >"$T/bad.yaml"
    t_fails "$1" "bad.yaml: $3" "$CICLO" model check "$shop" "$T/bad.yaml"
    t_fails 'applied as little' "bad.yaml: $3" "$CICLO" model apply "$shop" "$T/bad.yaml"
}
place() { # TEXT: its line, and the column at which it begins
    awk -v t="$1" 'i = index($0, t) { print "line " NR ", column " i; exit }' "$T/bad.yaml"
}
sed 's/to: at_risk$/to: at_rsik/' "$model" >"$T/bad.yaml"
refused 'a misspelt stage' 's/to: at_risk$/to: at_rsik/' \
    "$(place at_rsik): there is no stage \"at_rsik\"; did you mean \"at_risk\"?"
sed 's/from: reach,/from: reachh,/' "$model" >"$T/bad.yaml"
refused 'one to come from' 's/from: reach,/from: reachh,/' \
    "$(place reachh): there is no stage \"reachh\"; did you mean \"reach\"?"
sed 's/exists(signed_up)/exists(signedup)/' "$model" >"$T/bad.yaml"
refused 'an unknown event' 's/exists(signed_up)/exists(signedup)/' \
    "$(place signedup): there is no event \"signedup\"; did you mean signed_up?"
sed 's/max(purchase.revenue/max(purchase.revenu/' "$model" >"$T/bad.yaml"
refused 'an unknown property' 's/max(purchase.revenue/max(purchase.revenu/' \
    "$(place 'revenu, 1y')"
sed 's/segment.vip/segment.vap/' "$model" >"$T/bad.yaml"
refused 'an unknown segment' 's/segment.vip/segment.vap/' "$(place vap)"
refused 'a rule that is none' 's/>= 90d"/>= 90 d"/' \
    'line 67, column 36: expected and, or, or the end, found "d"'
refused 'a key that is none' 's/^segments:/segmants:/' 'line '
refused 'no YAML' 's/^segments:/segments: [/' 'line '
cat >"$T/ring.yaml" <<'YAML'
ciclo: 1
lifecycle: { start: a, stages: { a: {} } }
segments:
  one: { when: "segment.two" }
  two: { when: "not segment.three" }
  three: { when: "segment.one" }
YAML
t_fails 'a ring of segments is told whole' \
    'ring: segment.one -> segment.two -> segment.three -> segment.one' \
    "$CICLO" model check "$shop" "$T/ring.yaml"
t_fails 'a model that is not there' "$T/none.yaml" "$CICLO" model check "$shop" "$T/none.yaml"
t_is 'after all this the live model is as it was' \
    "$("$CICLO" model show "$shop" | sha256sum)" "$(sha256sum <"$model")"

cat >"$T/odd.yaml" <<'YAML'
ciclo: 1
events: { purchase: {} }
lifecycle:
  start: a
  stages: { a: {}, b: {}, lonely: {} }
  moves:
    - { from: a, to: b, when: exists(purchase) }
YAML
t_ok 'what is odd is noted with its place' sh -c \
    '"$0" model check "$1" "$2" | grep -q "^line 5, column [0-9]*: note: .*lonely"' \
    "$CICLO" "$shop" "$T/odd.yaml"

# Two moves that undo one another in one instant.
cat >"$T/loop.yaml" <<'YAML'
ciclo: 1
events: { purchase: {}, signed_up: {} }
lifecycle:
  start: new
  stages: { new: {}, one: {}, two: {} }
  moves:
    - { from: new, to: one, when: exists(signed_up) }
    - { from: one, to: two, when: exists(purchase) }
    - { from: two, to: one, when: count(purchase) >= 1 }
YAML
cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"signed_up","userId":"anna","messageId":"1","timestamp":"2026-01-01T10:00:00.000Z"}
{"type":"track","event":"purchase","userId":"anna","messageId":"2","timestamp":"2026-01-02T10:00:00.000Z"}
{"type":"track","event":"signed_up","userId":"bob","messageId":"3","timestamp":"2026-01-02T12:00:00.000Z"}
JSON
t_ok 'a model with a loop is a model' "$CICLO" init "$T/loop.ciclo" --model "$T/loop.yaml"
t_ok 'events come in' "$CICLO" import "$T/loop.ciclo" "$T/events.jsonl"
"$CICLO" stages "$T/loop.ciclo" >"$T/stages"
t_ok 'the loop is told with its first customer' \
    grep -q 'A loop .*first by customer anna on 2026-01-02T10:00:00.000Z' "$T/stages"
t_ok 'and its rules' sh -c \
    'grep -qF "to two when exists(purchase)" "$0" && grep -qF "to one when count(purchase) >= 1" "$0"' \
    "$T/stages"
t_is 'those moves were not made' \
    "$("$CICLO" stages "$T/loop.ciclo" --csv | tr '\n' ' ')" \
    'stage,customers,entered,left new,0,2,2 one,2,2,0 two,0,0,0 '
t_done
