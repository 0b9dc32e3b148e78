#!/bin/sh
# Stages and one customer, at the very millisecond, as text, JSON and CSV.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo

cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"Order Completed","userId":"anna","messageId":"1","timestamp":"2026-01-01T10:00:00.250Z","properties":{"revenue":120.5,"items":["a","b"]}}
{"type":"identify","userId":"anna","messageId":"2","timestamp":"2026-01-01T11:00:00.000Z","traits":{"country":"IT"}}
{"type":"track","event":"Signed Up","userId":"bob","messageId":"3","timestamp":"2026-01-02T10:00:00.000Z"}
{"type":"track","event":"Signed Up","userId":"carla","messageId":"4","timestamp":"2026-01-03T10:00:00.000Z","properties":{"note":"\u001b[31m\u009b1m"}}
JSON
t_ok 'a file is made' "$CICLO" init "$shop" --template retail --timezone Europe/Rome
t_ok 'JSON lines come in' "$CICLO" import "$shop" "$T/events.jsonl"

# part EXPRESSION: of the JSON on standard input, d.
part() { python3 -c "import json,sys; d=json.load(sys.stdin); print(json.dumps($1))"; }
count='{s["stage"]: s["customers"] for s in d["stages"] if s["customers"]}'

t_is 'a millisecond before: still a buyer' \
    "$("$CICLO" stages "$shop" --at 2026-04-01T10:00:00.249Z --json | part "$count")" \
    '{"acquisition": 2, "conversion": 1}'
t_is 'at the moment time alone has moved her' \
    "$("$CICLO" stages "$shop" --at 2026-04-01T10:00:00.250Z --json | part "$count")" \
    '{"acquisition": 2, "at_risk": 1}'
t_is 'so with the clock: a minute before' \
    "$("$CICLO" stages "$shop" --clock 2026-04-01T09:59:00.250Z --json | part "$count")" \
    '{"acquisition": 2, "conversion": 1}'
t_is 'and at the moment' \
    "$("$CICLO" stages "$shop" --clock 2026-04-01T10:00:00.250Z --json | part "$count")" \
    '{"acquisition": 2, "at_risk": 1}'
t_is 'the shape of the JSON' \
    "$("$CICLO" stages "$shop" --at 2026-01-01T10:00:00.250Z --json)" \
    '{"at":"2026-01-01T10:00:00.250Z","population":1,"stages":[{"stage":"reach","customers":0,"entered":1,"left":1},{"stage":"acquisition","customers":0,"entered":0,"left":0},{"stage":"conversion","customers":1,"entered":1,"left":0},{"stage":"retention","customers":0,"entered":0,"left":0},{"stage":"loyalty","customers":0,"entered":0,"left":0},{"stage":"at_risk","customers":0,"entered":0,"left":0},{"stage":"lapsed","customers":0,"entered":0,"left":0},{"stage":"reactivated","customers":0,"entered":0,"left":0}],"moves":[{"from":null,"to":"reach","customers":1},{"from":"reach","to":"conversion","customers":1}],"erased":{"customers":0,"events":0}}'
t_is 'a date is its first moment in the zone' \
    "$("$CICLO" stages "$shop" --at 2026-01-02 --json | part 'd["at"]')" '"2026-01-01T23:00:00.000Z"'
t_is 'only what happened since' \
    "$("$CICLO" stages "$shop" --from 2026-01-02T10:00:00.000Z --at 2026-04-01T10:00:00.250Z --json |
        part '[[m["from"], m["to"], m["customers"]] for m in d["moves"]]')" \
    '[[null, "reach", 1], ["reach", "acquisition", 1], ["conversion", "at_risk", 1]]'
t_is 'month by month' \
    "$("$CICLO" stages "$shop" --by month --at 2026-04-15 --json |
        part '[[m["month"], m["population"], sum(s["customers"] for s in m["stages"]), len(m["stages"]), len(m["moves"])] for m in d["months"]]')" \
    '[["2026-01", 3, 3, 8, 3], ["2026-02", 3, 3, 8, 0], ["2026-03", 3, 3, 8, 0], ["2026-04", 3, 3, 8, 1]]'
t_is 'without --at the months end with the events' \
    "$("$CICLO" stages "$shop" --by month --json | part '[m["month"] for m in d["months"]]')" '["2026-01"]'
t_is 'as CSV' "$("$CICLO" stages "$shop" --at 2026-04-02 --csv | head -n 4 | tail -n 3 | tr '\n' ' ')" \
    'reach,0,3,3 acquisition,2,2,0 conversion,0,1,1 '
t_is 'by period too' "$("$CICLO" stages "$shop" --by year --csv | head -n 2 | tr '\n' ' ')" \
    'period,stage,customers,entered,left 2026,reach,0,3,3 '
t_is 'before the first event there are no months' \
    "$("$CICLO" stages "$shop" --by month --json --clock 2025-01-01)" '{"by":"month","months":[]}'
t_is 'nor anybody' "$("$CICLO" stages "$shop" --at 2025-01-01 --json | part 'd["population"]')" 0
t_fails 'a period that ends before it begins' 'ends before it begins' \
    "$CICLO" stages "$shop" --from 2026-02-01 --at 2026-01-01
t_fails 'a date that is none' '--at' "$CICLO" stages "$shop" --at 2026-02-30
"$CICLO" stages "$shop" --at 2026-04-01T10:00:00.250Z >"$T/text"
t_ok 'for people' sh -c 'grep -q "^On 2026-04-01T10:00:00.250Z: 3 customers" "$0" &&
    grep -q "^at_risk  *1  *1  *0$" "$0" && grep -q "^conversion  *at_risk  *1$" "$0"' "$T/text"

t_is 'the shape of a customer' \
    "$("$CICLO" customer "$shop" anna --at 2026-04-01T10:00:00.250Z --json | part '[
        sorted(d), [[m["at"], m["from"], m["to"], m["rule"]] for m in d["moves"]], d["moves"][0]["why"],
        [sorted(t) for t in d["moves"][2]["why"]], d["next"]["at"], d["next"]["to"], d["traits"],
        d["events"][1]["properties"]]')" \
    '[["accounts", "acquisition", "at", "events", "events_total", "id", "ids", "is_account", "members", "members_total", "moves", "next", "scores", "segment_changes", "segments", "since", "stage", "stays", "trait_history", "traits", "why_not"], [["2026-01-01T10:00:00.250Z", null, "reach", null], ["2026-01-01T10:00:00.250Z", "reach", "conversion", "exists(purchase)"], ["2026-04-01T10:00:00.250Z", "conversion", "at_risk", "since(purchase) >= 90d"]], [], [["decides", "events", "events_total", "holds_until", "term", "test", "truth", "value", "words"]], "2026-06-30T10:00:00.250Z", "lapsed", {"country": "IT"}, {"revenue": 120.5, "items": ["a", "b"]}]'
t_is 'a millisecond before' \
    "$("$CICLO" customer "$shop" anna --at 2026-04-01T10:00:00.249Z --json |
        part '[d["stage"], d["next"]["at"], d["next"]["to"], len(d["moves"])]')" \
    '["conversion", "2026-04-01T10:00:00.250Z", "at_risk", 2]'
"$CICLO" customer "$shop" anna --at 2026-04-01T10:00:00.250Z --why >"$T/text"
t_ok 'why, for people, on their own clock' sh -c \
    'grep -q "^Customer anna on 2026-04-01 12:00:00.250: at_risk since 2026-04-01 12:00:00.250" "$0" &&
    grep -qF "(since(purchase): 90 days)" "$0" && grep -q "2026-06-30 12:00:00.250  lapsed" "$0"' "$T/text"
t_is 'not so without --why' "$("$CICLO" customer "$shop" anna | grep -c 'since(purchase)')" 0
t_is 'in other words' "$("$CICLO" customer "$shop" anna --language it | sed -n '/because/p' | sort -u | wc -l)" \
    "$("$CICLO" customer "$shop" anna --language it | grep -c because)"
t_ok 'that are Italian' sh -c '! "$0" customer "$1" anna --language it | grep -q "no purchase"' "$CICLO" "$shop"
t_ok 'before her time' sh -c '"$0" customer "$1" anna --at 2025-01-01 | grep -q "not a customer yet"' \
    "$CICLO" "$shop"
t_fails 'an unknown customer' 'there is no customer "Anna"' "$CICLO" customer "$shop" Anna

"$CICLO" customer "$shop" carla >"$T/text"
t_ok 'what came in cannot steer a terminal' grep -qF 'note=?[31m??1m' "$T/text"
t_is 'nothing of it' "$(LC_ALL=C tr -d '\n -~' <"$T/text" | wc -c)" 0
t_is 'and is itself in JSON' \
    "$("$CICLO" customer "$shop" carla --json | part 'd["events"][0]["properties"]["note"]')" \
    '"\u001b[31m\u009b1m"'

wanted=$("$CICLO" replay "$shop" --hash --at 2026-05-01)
tac "$T/events.jsonl" >"$T/reversed.jsonl"
t_ok 'a second file' "$CICLO" init "$T/two.ciclo" --template retail --timezone Europe/Rome
t_ok 'with the events in reverse' "$CICLO" import "$T/two.ciclo" "$T/reversed.jsonl"
t_is 'has the same hash' "$("$CICLO" replay "$T/two.ciclo" --hash --at 2026-05-01)" "$wanted"
t_is 'of 32 digits' "${#wanted}" 32
t_is 'which a millisecond tells apart' "$(for at in 249 250; do
    "$CICLO" replay "$shop" --hash --at 2026-04-01T10:00:00.${at}Z; done | sort -u | wc -l)" 2
t_ok 'replay counts' sh -c '"$0" replay "$1" --at 2026-05-01 | grep -q "^3 customers made 7 moves up to 2026-04-30T22:00"' \
    "$CICLO" "$shop"
t_done
