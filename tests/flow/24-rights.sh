#!/bin/sh
# What a customer may ask for: all that is known of him.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome, language: it }
events: { purchase: {} }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {} }
  moves:
    - { from: reach, to: buyer, when: "exists(purchase)" }
segments:
  italians: { when: "trait.country = 'IT'" }
scores:
  health: { from: 0, to: 100, parts: [ { name: buys, points: 40, when: "exists(purchase)" } ] }
YAML
cat >"$T/events.jsonl" <<'JSON'
{"type":"identify","userId":"ada","messageId":"i1","timestamp":"2026-01-01T10:00:00Z","traits":{"country":"FR","name":"Ada"}}
{"type":"identify","userId":"ada","messageId":"i2","timestamp":"2026-01-02T10:00:00Z","traits":{"country":"IT","age":36},"properties":{"context.library.name":"web"}}
{"type":"track","event":"purchase","userId":"ada","messageId":"p1","timestamp":"2026-01-03T10:00:00Z","properties":{"revenue":12.5,"sku":["a","b"]}}
{"type":"track","event":"consent","userId":"ada","messageId":"c1","timestamp":"2026-01-04T10:00:00Z","properties":{"channel":"email","purpose":"news","granted":true,"source":"till","text_version":"v2"}}
{"type":"identify","userId":"ada","messageId":"i3","timestamp":"2026-01-05T10:00:00Z","traits":{"name":null}}
{"type":"track","event":"purchase","userId":"bob","messageId":"p2","timestamp":"2026-01-03T10:00:00Z","properties":{"revenue":1}}
JSON
"$CICLO" init "$shop" --model "$T/model.yaml" >/dev/null
"$CICLO" import "$shop" "$T/events.jsonl" >/dev/null
t_ok 'all that is known of one' "$CICLO" export-person "$shop" ada --to "$T/ada.json" --clock 2026-02-01
# part EXPRESSION: of the JSON d in $T/ada.json
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$T/ada.json" "$1"
}
t_is 'whose, and of which workspace' \
    "$(part 'd["ciclo_person"], d["customer"], d["workspace"], d["timezone"], d["currency"]')" \
    "(1, 'ada', 'Bottega', 'Europe/Rome', 'EUR')"
t_is 'his ids' "$(part '[i["id"] for i in d["ids"]]')" "['ada']"
t_is 'each trait with all that was said of it' \
    "$(part '[(t["name"], t["value"], [(h["value"], h["at"][:10], h["event"]) for h in t["history"]]) for t in d["traits"]]')" \
    "[('age', 36, [(36, '2026-01-02', 'i2')]), ('country', 'IT', [('FR', '2026-01-01', 'i1'), ('IT', '2026-01-02', 'i2')]), ('name', None, [('Ada', '2026-01-01', 'i1'), (None, '2026-01-05', 'i3')])]"
t_is 'by what it was sent' "$(part '[h["source"] for h in d["traits"][1]["history"]]')" "[None, 'web']"
t_is 'every event with all of it' \
    "$(part '[(e["type"], e["id"], e["properties"].get("sku")) for e in d["events"]]')" \
    "[('identify', 'i1', None), ('identify', 'i2', None), ('purchase', 'p1', ['a', 'b']), ('consent', 'c1', None), ('identify', 'i3', None)]"
t_is 'his consents' \
    "$(part '[(c["channel"], c["purpose"], c["granted"], c["source"], c["text_version"], c["at"][:10]) for c in d["consents"]]')" \
    "[('email', 'news', True, 'till', 'v2', '2026-01-04')]"
t_is 'where he stood, and why' \
    "$(part '[(m["from"], m["to"], m["rule"]) for m in d["stages"][0]["moves"]]')" \
    "[(None, 'reach', None), ('reach', 'buyer', 'exists(purchase)')]"
t_is 'segments and scores' "$(part '(d["segments"], d["scores"])')" "(['italians'], {'health': 40})"
t_is 'what a score is made of' \
    "$("$CICLO" customer "$shop" ada --at 2026-02-01 | grep health)" '  health: 40, from 0 to 100: +40 buys'
t_is 'and what it lacks' \
    "$("$CICLO" customer "$shop" ada --at 2026-01-02T12:00:00Z | grep health)" \
    '  health: 0, from 0 to 100: not +40 buys'
t_is 'nothing of others' "$(grep -c bob "$T/ada.json")" 0
now() { sed 's/"at":"2026-02-01T[^"]*"/"at":now/g' "$1"; } # the clock goes on from there
t_is 'on standard output too' "$("$CICLO" export-person "$shop" ada --clock 2026-02-01 | now -)" "$(now "$T/ada.json")"
t_fails 'of nobody' 'there is no customer "eve"' "$CICLO" export-person "$shop" eve
t_fails 'into no folder' "$T/no" "$CICLO" export-person "$shop" ada --to "$T/no/ada.json"
t_done
