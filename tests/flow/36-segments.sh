#!/bin/sh
# Segments as a user meets them: who is in one, now and at any date, and since when.
. "$ROOT/tests/support/tap.sh"
trap 'rm -rf "$T"' EXIT
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Shop, currency: EUR, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money } } }
lifecycle:
  start: new
  stages: { new: , buyer: }
  moves: [ { from: new, to: buyer, when: "exists(purchase)" } ]
segments:
  fresh: { when: "exists(purchase, 10d)" }
  vip: { when: "sum(purchase.revenue, 1y) >= 100" }
  buyers: { when: "stage = 'buyer'" }
YAML
"$CICLO" init "$shop" --model "$T/model.yaml" >/dev/null
buy() { echo "{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"$1\",\"messageId\":\"$2\",\"timestamp\":\"$3\",\"properties\":{\"revenue\":$4}}"; }
{ buy ada a1 2026-01-05T10:00:00Z 60
  buy ada a2 2026-02-05T10:00:00Z 60
  buy bob b1 2026-01-10T10:00:00Z 30
} | "$CICLO" import "$shop" - >/dev/null
segment() { "$CICLO" segment "$shop" "$@"; }
t_is 'in words' "$(segment vip --at 2026-03-01)" \
    'On 2026-03-01 00:00:00 1 of 2 customers are in it: sum(purchase.revenue, 1y) >= 100'
t_is 'how many' "$(segment fresh --count --at 2026-01-12)" 2
t_is 'before the first of them' "$(segment fresh --count --at 2026-01-01)" 0
t_is 'who' "$(segment fresh --ids --at 2026-02-06)" ada
t_is 'since when' "$(segment fresh --csv --at 2026-01-12)" 'customer,since
ada,2026-01-05T10:00:00.000Z
bob,2026-01-10T10:00:00.000Z'
t_is 'by the stage' "$(segment buyers --ids --at 2026-01-06)" ada
t_is 'as JSON' "$(segment vip --json --at 2026-03-01T00:00:00Z)" \
    '{"segment":"vip","rule":"sum(purchase.revenue, 1y) >= 100","at":"2026-03-01T00:00:00.000Z","count":1,"of":2,"customers":[{"customer":"ada","since":"2026-02-05T10:00:00.000Z"}]}'
t_is 'a rule of one'"'"'s own' "$(segment --when 'count(purchase) >= 2' --ids --at 2026-03-01)" ada
t_is 'to the millisecond' "$(segment fresh --count --at 2026-01-15T09:59:59.999Z) $(segment fresh --count --at 2026-01-15T10:00:00Z)" '2 1'
t_is 'what a customer entered and left' \
    "$("$CICLO" customer "$shop" ada --at 2026-03-01 | sed -n '/^Segments/,/^$/p')" 'Segments (6 changes)
  2026-01-05 11:00:00  entered fresh
  2026-01-05 11:00:00  entered buyers
  2026-01-15 11:00:00  left fresh
  2026-02-05 11:00:00  entered fresh
  2026-02-05 11:00:00  entered vip
  2026-02-15 11:00:00  left fresh'
t_is 'as JSON too' "$("$CICLO" customer "$shop" bob --at 2026-03-01 --json | python3 -c 'import json, sys
print([(c["at"], c["segment"], c["change"]) for c in json.load(sys.stdin)["segment_changes"]][-1])')" \
    "('2026-01-20T10:00:00.000Z', 'fresh', 'left')"
t_fails 'a segment that there is none of' 'no segment' "$CICLO" segment "$shop" gold
t_fails 'a number' 'gives a number' "$CICLO" segment "$shop" --when 'count(purchase)'
t_fails 'neither' '--when' "$CICLO" segment "$shop"
t_fails 'both' '--when' "$CICLO" segment "$shop" vip --when 'true'
t_fails 'two shapes' 'exclude' "$CICLO" segment "$shop" vip --ids --csv
t_ok 'the file is whole' "$CICLO" verify "$shop"

# Groups of buyers: segments like others, out of one line.
{ sed '/^segments:/,$d' "$T/model.yaml"
  echo 'groups: { purchase: "purchase where revenue > 40", frequent: 2, at_risk_after: 10d, lapsed_after: 30d }'
  echo 'segments: { back: { when: "segment.reactivated and segment.repeat" } }'
} >"$T/groups.yaml"
t_ok 'a model with groups' "$CICLO" model apply "$shop" "$T/groups.yaml"
who() { for name in first_time repeat frequent at_risk lapsed reactivated back; do
    printf '%s:%s ' $name "$(segment $name --ids --at "$1")"; done; }
t_is 'first bought' "$(who 2026-01-06)" 'first_time:ada repeat: frequent: at_risk: lapsed: reactivated: back: '
t_is 'then at risk' "$(who 2026-01-20)" 'first_time:ada repeat: frequent: at_risk:ada lapsed: reactivated: back: '
t_is 'then gone' "$(who 2026-02-05)" 'first_time:ada repeat: frequent: at_risk: lapsed:ada reactivated: back: '
t_is 'and back' "$(who 2026-02-06)" 'first_time: repeat:ada frequent:ada at_risk: lapsed: reactivated:ada back:ada '
t_is 'the rule of a group' "$(segment reactivated --at 2026-02-06)" \
    'On 2026-02-06 00:00:00 1 of 2 customers are in it: first(purchase where revenue > 40, 10d) - last(purchase where revenue > 40, 10d..9999y) >= 30d'
sed '/^groups:/s/"purchase where.*40"/bought/' "$T/groups.yaml" >"$T/wrong.yaml"
t_fails 'an event that there is none of' 'line 8, column 21: ' "$CICLO" model check "$shop" "$T/wrong.yaml"

# How they overlap: every customer, set by set, as the lists of who is in them say.
overlap() { "$CICLO" overlap "$shop" "$@"; }
t_is 'in pairs' "$(overlap first_time repeat reactivated --at 2026-02-06 --csv)" \
    'a,b,customers a,customers b,both,either,jaccard
first_time,repeat,0,1,0,1,0
first_time,reactivated,0,1,0,1,0
repeat,reactivated,1,1,1,1,1'
t_is 'in words' "$(overlap repeat reactivated --at 2026-02-06 | sed 's/  */ /g; s/ $//')" \
    'Of 2 customers on 2026-02-06 00:00:00:

a b customers a customers b both either jaccard
repeat reactivated 1 1 1 1 1

in exactly customers share
(none) 1 50.0 %
repeat 0 0.0 %
reactivated 0 0.0 %
repeat, reactivated 1 50.0 %'
t_is 'who' "$(overlap repeat lapsed --at 2026-02-06 --customers repeat --csv)" 'customer
ada'
t_is 'of whom' "$(overlap repeat frequent --at 2026-02-06 --segment first_time --json)" \
    '{"at":"2026-02-05T23:00:00.000Z","of":0,"segments":[{"segment":"repeat","customers":0},{"segment":"frequent","customers":0}],"pairs":[{"a":"repeat","b":"frequent","both":0,"either":0,"jaccard":null}],"exactly":[{"segments":[],"customers":0},{"segments":["repeat"],"customers":0},{"segments":["frequent"],"customers":0},{"segments":["repeat","frequent"],"customers":0}]}'
t_fails 'one alone' 'name 2 to 12 segments' "$CICLO" overlap "$shop" repeat
t_fails 'a name that there is none of' 'did you mean "lapsed"' "$CICLO" overlap "$shop" repeat lapse
t_fails 'one twice' 'named twice' "$CICLO" overlap "$shop" repeat repeat
# Lists: people say who is on them, and that is an event like all else.
{ sed '/^segments:/,$d' "$T/model.yaml"
  echo 'dictionary: { mode: strict }'
  echo 'segments: { press: { list: true }, buying_press: { when: "segment.press and exists(purchase, 10d)" } }'
} >"$T/lists.yaml"
t_ok 'a model with a list' "$CICLO" model apply "$shop" "$T/lists.yaml"
t_is 'a list that nobody is on is nothing odd' "$("$CICLO" model check "$shop" "$T/lists.yaml" | grep -c press)" 1
t_is 'nobody is on it yet' "$(segment press --count)" 0
t_is 'one is put on it' "$(segment press --add ada --by Eva --clock 2026-02-10T10:00:00Z)" '1 customers were put on "press".'
printf 'name;customer\nBob;bob\n\nZed;zed\n' >"$T/press.csv"
t_fails 'somebody unknown, in a line of a table' 'press.csv, line 4: there is no customer "zed"' \
    "$CICLO" segment "$shop" press --add-from "$T/press.csv"
t_is 'nothing was done' "$(segment press --ids)" ada
t_is 'passed over' "$(segment press --add-from "$T/press.csv" --skip-unknown --json --clock 2026-02-11T10:00:00Z)" \
    '{"list":"press","added":1,"already":0,"unknown":1}'
t_is 'since when' "$(segment press --csv --at 2026-02-12 | cut -c 1-18)" 'customer,since
ada,2026-02-10T10:
bob,2026-02-11T10:'
t_is 'rules see it' "$(segment buying_press --ids --at 2026-02-13)" ada
t_is 'by whom' "$("$CICLO" export "$shop" events --json --type list_changed --customer ada | grep -o '"properties":{[^}]*}')" \
    '"properties":{"by":"Eva","list":"press","listed":true}'
t_is 'it is nothing that he did' "$(segment --when 'count(any) = 2' --ids --at 2026-02-13)" ada
segment press --remove bob --clock 2026-02-12T10:00:00Z >/dev/null
t_is 'taken off' "$(segment press --ids --at 2026-02-13) $(segment press --count --at 2026-02-12)" 'ada 2'
t_is 'who fits a rule, kept as a list' "$(segment --when 'exists(purchase)' --ids | "$CICLO" segment "$shop" press --add-from -)" \
    '1 customers were put on "press"; 1 were on it already, or named twice.'
t_is 'Ciclo notes it now, and the data reach as far as before' \
    "$("$CICLO" churn "$shop" --active purchase --by month --csv | cut -d , -f 1 | sort -u)" "$(printf '2026-01\nperiod')"
t_fails 'a segment with a rule' '"buying_press" is no list' "$CICLO" segment "$shop" buying_press --add ada
t_fails 'both at once' 'two commands' "$CICLO" segment "$shop" press --add ada --remove bob
t_fails 'no list' "list's name" "$CICLO" segment "$shop" --add ada
"$CICLO" export "$shop" events --json >"$T/all.jsonl"
"$CICLO" init "$T/copy.ciclo" --model "$T/lists.yaml" >/dev/null
"$CICLO" import "$T/copy.ciclo" "$T/all.jsonl" >/dev/null
t_is 'exported and imported' "$("$CICLO" segment "$T/copy.ciclo" press --csv)" "$(segment press --csv)"
echo '{"type":"track","event":"list_changed","userId":"ada","messageId":"w1","timestamp":"2026-01-05T10:00:00Z","properties":{"list":"press"}}' >"$T/wrong.jsonl"
t_is 'what changes no list' "$("$CICLO" import "$T/copy.ciclo" "$T/wrong.jsonl" --json 2>&1 | grep -c 'true or false')" 1
# Who is like them.
like() { "$CICLO" lookalike "$shop" --at 2026-02-06 "$@"; }
t_is 'the nearest' "$(like --when 'sum(purchase.revenue) >= 100' --measure 'count(purchase), sum(purchase.revenue)' --csv)" \
    'customer,distance,count(purchase),sum(purchase.revenue),close in
bob,0.5,1,30.00,'
t_is 'in words' "$(like --segment press --measure 'since(purchase)' 2>&1)" \
    'ciclo: nobody is in the segment then: there is no one to be like; ask as of another day (at)'
t_fails 'a fault in a measure' 'line 1, column 7' like --when true --measure 'count(bought)'
t_fails 'a condition is no measure' 'a number, money, a length or a moment' like --when true --measure 'count(purchase) > 1'
t_fails 'a trait that there is none of' 'column 1' like --when true --trait town
t_fails 'nobody named' '--segment NAME' like --measure 'count(purchase)'
t_fails 'compared by nothing' '--measure and --trait' like --segment press
# What kinds of customers there are: five who buy little, and ten who buy much.
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    n=$((i <= 5 ? 1 : 100))
    echo "{\"type\":\"identify\",\"userId\":\"p$i\",\"messageId\":\"k$i\",\"timestamp\":\"2026-01-01T10:00:00Z\",\"traits\":{\"town\":\"$([ $n = 1 ] && echo Rome || echo Porto)\"}}"
    buy p$i q$i 2026-01-05T10:00:00Z $((n * 10 + i))
done >"$T/kinds.jsonl"
"$CICLO" init "$T/kinds.ciclo" --model "$T/model.yaml" >/dev/null
"$CICLO" import "$T/kinds.ciclo" "$T/kinds.jsonl" >/dev/null
kinds() { "$CICLO" personas "$T/kinds.ciclo" --measure 'sum(purchase.revenue)' --trait town --at 2026-02-01 "$@"; }
t_is 'personas' "$(kinds --groups 2 --csv)" 'persona,customers,column,value,have_it,everybody,everybody_has_it
1,10,sum(purchase.revenue),1010.00,,1008.00,
1,10,town,Porto,10,,10
2,5,sum(purchase.revenue),13.00,,1008.00,
2,5,town,Rome,5,,5'
t_is 'in words' "$(kinds --groups 2 | grep -A3 'Persona 2')" 'Persona 2: 5 customers (33.3 %). Less than most: sum(purchase.revenue).
  sum(purchase.revenue): 13.00 (everybody 1008.00)
  town: Rome: 100.0 % (everybody 33.3 %, 3.0 times as often)'
t_is 'who' "$(kinds --groups 2 --customers 2 --csv | tr '\n' ' ')" 'customer p1 p2 p3 p4 p5 '
t_is 'two are the best number' "$(kinds --groups 2..6 --json | python3 -c 'import json, sys
v = json.load(sys.stdin); print(len(v["personas"]), [g["groups"] for g in v["groups"]])')" '2 [2, 3, 4, 5, 6]'
t_is 'the same again' "$(kinds --groups 4 --seed 7 --json)" "$(kinds --groups 4 --seed 7 --json)"
t_fails 'more than there are' 'different customers' kinds --groups 16
t_fails 'no number' 'from 2 to 20' kinds --groups 1
t_fails 'no such persona' 'there are 2 personas' kinds --groups 2 --customers 3
t_fails 'of nobody' 'no customers' kinds --when 'count(purchase) > 9'
t_ok 'both files are whole' sh -c "'$CICLO' verify '$shop' && '$CICLO' verify '$T/copy.ciclo'"
t_done
