#!/bin/sh
# Sources that do not agree: which value of a trait stands, everywhere the same, whatever the order of
# arrival; a change of the rule is a change of the model alone.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/support/serve.sh"
shop=$T/shop.ciclo

# model KEEP: the trait city has this rule
model() {
    cat <<YAML
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC, language: it }
events: { login: {} }
traits:
  city: { type: text$1 }
lifecycle:
  start: new
  stages: { new: {}, porto: { end: true } }
  moves:
    - { from: new, to: porto, when: "trait.city = 'Porto'" }
segments:
  porto: { when: "trait.city = 'Porto'" }
  lisbon: { when: "trait.city = 'Lisbon'" }
YAML
}
# says ID DAY CITY SOURCE
says() {
    printf '{"type":"identify","messageId":"%s","userId":"ada","timestamp":"2026-01-%sT10:00:00Z","traits":{"city":%s},"context":{"source":"%s"}}\n' "$@"
}
part() {
    python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
h = {t["name"]: t for t in c.get("trait_history", [])}.get("city")
print(eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}
# it EXPRESSION: of the customer c, and h, what is told of his city
it() {
    "$CICLO" customer "$shop" ada --json --at 2026-02-01 >"$T/it"
    part "$T/it" "$1"
}
sql() { "$CICLO" sql "$shop" "$1" --csv | tail -n +2 | tr '\n' ' '; }
# city RULE CITY SEGMENT MOVES: whoever is asked
city() {
    t_is "$1: the customer" "$(it 'c["traits"].get("city")')" "$2"
    t_is "$1: his segments" "$(it '" ".join(c["segments"])')" "$3"
    t_is "$1: his moves" "$(it '" ".join(m["to"] + m["at"][8:10] for m in c["moves"])')" "$4"
    t_is "$1: everybody's, at once" "$(sql 'select segment from segments')" "${3:+$3 }"
    t_is "$1: in a column" "$(sql 'select "traits.city" from timelines' | tr -d ' ')" "$(echo "$2" | sed s/None//)"
    t_is "$1: as a document" "$(sql 'select traits from timelines' | tr -d '"{} ')" "$(echo "city:$2" | sed s/city:None//)"
    "$CICLO" export "$shop" customers --json --at 2026-02-01 >"$T/line"
    t_is "$1: exported" "$(part "$T/line" 'c["traits"].get("city")')" "$2"
    "$CICLO" export-person "$shop" ada >"$T/person" 2>"$T/err" || cat "$T/err"
    t_is "$1: for himself" "$(part "$T/person" '[t["value"] for t in c["traits"]][0]')" "$2"
}
apply() {
    model "$1" >"$T/model.yaml"
    "$CICLO" model apply "$shop" "$T/model.yaml" >/dev/null
}

{
    says 1 01 '"Porto"' crm
    says 2 03 '"Lisbon"' web
    says 3 05 '"Faro"' shop
    says 4 07 null shop
    says 5 09 '"Lisbon"' web
} >"$T/calls"
model '' >"$T/model.yaml"
"$CICLO" init "$shop" --model "$T/model.yaml" >/dev/null
"$CICLO" import "$shop" "$T/calls" >/dev/null
city newest Lisbon lisbon 'new01 porto01'
t_is 'sources do not agree' "$(it 'h["conflict"], h["source"], h["since"][:10], h["keep"]')" \
    "(True, 'web', '2026-01-09', 'newest')"
t_is 'all is told, the newest first' \
    "$(it '[(s["value"], s["source"], s["at"][8:10], s["times"], s["stands"]) for s in h["told"]]')" \
    "[('Lisbon', 'web', '09', 1, True), (None, 'shop', '07', 1, False), ('Faro', 'shop', '05', 1, False), ('Lisbon', 'web', '03', 1, False), ('Porto', 'crm', '01', 1, False)]"
t_ok 'and to people' sh -c '"$0" customer "$1" ada --at 2026-02-01 | grep -A 1 "city: Lisbon   (web, 2026-01-09" | grep -q "said too: "' "$CICLO" "$shop"
apply ', keep: first'
city first Lisbon lisbon 'new01 porto01'
apply ', keep: [shop, crm]'
city sources Porto porto 'new01 porto01'
t_is 'the rule is told' "$(it 'h["keep"], h["source"], h["conflict"]')" "(['shop', 'crm'], 'crm', True)"
apply ', keep: [shop, web]'
city others Lisbon lisbon 'new01 porto01'
t_is 'the file is whole' "$("$CICLO" verify "$shop" | tail -n 1 | grep -o 'is whole')" 'is whole'
t_fails 'an unknown word is shown where it stands' "line 5, column 29: keep cannot be 'newst': did you mean 'newest'?" \
    sh -c '"$0" model apply "$1" "$2"' "$CICLO" "$shop" "$(model ', keep: newst' >"$T/bad.yaml"; echo "$T/bad.yaml")"

# --- the order of arrival, and where the file was made anew, play no part ---
apply ', keep: [shop, crm]'
it 'c' >"$T/first"
rm -f "$shop"*
"$CICLO" init "$shop" --model "$T/model.yaml" >/dev/null
sort -r "$T/calls" | while read -r call; do
    echo "$call" >"$T/one"
    "$CICLO" import "$shop" "$T/one" >/dev/null
done
it 'c' | sed "s/'model_version': [0-9]*//g" >"$T/second"
sed -i "s/'model_version': [0-9]*//g" "$T/first"
t_is 'in any order the same' "$(cmp "$T/first" "$T/second" 2>&1)" ''
"$CICLO" rebuild "$shop" >/dev/null
it 'c' | sed "s/'model_version': [0-9]*//g" >"$T/second"
t_is 'made anew, the same' "$(cmp "$T/first" "$T/second" 2>&1)" ''
"$CICLO" export "$shop" events --json >"$T/events"
rm -f "$shop"*
"$CICLO" init "$shop" --model "$T/model.yaml" >/dev/null
"$CICLO" import "$shop" "$T/events" >/dev/null
it 'c' | sed "s/'model_version': [0-9]*//g" >"$T/second"
t_is 'out of an export, the same' "$(cmp "$T/first" "$T/second" 2>&1)" ''

# --- where sources come from: a table's mapping, and the key of who sends ---
printf 'Who,When,City\nada,2026-01-20,Braga\n' >"$T/contacts.csv"
"$CICLO" import "$shop" "$T/contacts.csv" --customer Who --time When --event identify \
    --trait city=City --source shop --save-mapping "$T/mapping.yaml" >/dev/null
t_is 'a table says by whom' "$(it 'h["value"], h["source"]')" "('Braga', 'shop')"
t_is 'and so does its mapping' "$(grep source "$T/mapping.yaml")" "source: 'shop'"
"$CICLO" import "$shop" "$T/contacts.csv" --mapping "$T/mapping.yaml" --json >"$T/report"
t_is 'the same rows are known' "$(part "$T/report" 'c["events"], c["known"]')" '(0, 1)'
key=$("$CICLO" key "$shop" add --name crm --right collect)
serve --clock 2026-02-01
curl -s -o "$T/answer" -u "$key:" "${url}v1/identify" --data-binary \
    '{"userId":"eva","messageId":"k1","timestamp":"2026-01-21T10:00:00Z","traits":{"city":"Evora"}}'
curl -s -o "$T/answer" -u "$key:" "${url}v1/identify" --data-binary \
    '{"userId":"eva","messageId":"k2","timestamp":"2026-01-22T10:00:00Z","traits":{"city":"Beja"},"context":{"source":"web"}}'
curl -s -o "$T/answer" -u "$key:" "${url}v1/group" --data-binary \
    '{"userId":"eva","messageId":"k3","groupId":"acme","timestamp":"2026-01-22T10:00:00Z","traits":{"city":"Tomar"}}'
ends
"$CICLO" customer "$shop" eva --json --at 2026-02-01 >"$T/it"
t_is 'what is collected says it by its key, unless it says itself' \
    "$(part "$T/it" '[(s["value"], s["source"], s["stands"]) for s in h["told"]]')" \
    "[('Beja', 'web', False), ('Evora', 'crm', True)]"
"$CICLO" customer "$shop" group:acme --json --at 2026-02-01 >"$T/it"
t_is 'an account has it too' "$(part "$T/it" 'h["value"], h["source"]')" "('Tomar', 'crm')"

# --- who looks like whom is asked of the values that stand ---
cat >"$T/calls" <<'JSON'
{"type":"identify","messageId":"a","userId":"p1","timestamp":"2026-01-01T10:00:00Z","traits":{"name":"Mario Rossi","street":"Via Verdi 12"},"context":{"source":"crm"}}
{"type":"identify","messageId":"b","userId":"p1","timestamp":"2026-01-02T10:00:00Z","traits":{"name":"Gift card"},"context":{"source":"shop"}}
{"type":"identify","messageId":"c","userId":"p2","timestamp":"2026-01-01T10:00:00Z","traits":{"name":"Mraio Rossi","street":"Via Verdi 12"},"context":{"source":"crm"}}
JSON
alike=$T/alike.ciclo
alike() { "$CICLO" identity "$alike" similar --csv | tail -n +2 | cut -d , -f 1-2; }
"$CICLO" init "$alike" --model "$T/model.yaml" >/dev/null
"$CICLO" import "$alike" "$T/calls" >/dev/null
t_is 'the latest name is nobody'"'"'s' "$(alike)" ''
sed 's/^traits:/&\n  name: { type: text, keep: [crm] }/' "$T/model.yaml" >"$T/named.yaml"
"$CICLO" model apply "$alike" "$T/named.yaml" >/dev/null
t_is 'the one that stands is' "$(alike)" 'userId:p1,userId:p2'
t_done
