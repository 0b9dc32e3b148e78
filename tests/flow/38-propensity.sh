#!/bin/sh
# Who will leave and to whom something will come: learnt from a shop whose rules are known, counted by another
# hand, with the future planted in it, and with too little to learn from; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Shop, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
  ticket_opened:
  told: { passive: true }
traits: { left: number }
lifecycle:
  start: new
  stages: { new: {}, buyer: {}, loyal: {} }
  moves:
    - { from: new, to: buyer, when: "count(purchase) >= 1" }
    - { from: buyer, to: loyal, when: "count(purchase, 180d) >= 5" }
    - { from: loyal, to: buyer, when: "count(purchase, 180d) < 2" }
YAML
# shop FILE OPTION...: of so many customers
shop() {
    file=$1
    shift
    python3 "$ROOT/tests/flow/leavers.py" "$@" >"$T/rows.csv"
    "$CICLO" init "$file" --model "$T/model.yaml" && "$CICLO" import "$file" "$T/rows.csv" --customer customer \
        --time at --event-column event --property revenue:money=revenue --trait left=left
}
seed=${CICLO_SEED:-7}
echo "# CICLO_SEED=$seed"
t_ok 'a shop whose leavers ask for help first' shop "$T/shop.ciclo" 800 "$seed"
cp "$T/rows.csv" "$T/shop.csv"
t_ok 'the same, that tells on its last day who has left' shop "$T/told.ciclo" 800 "$seed" --hint

# of JSON on standard input, what the expression says of it
of() { python3 -c 'import json, sys
v = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"; }
asked() {
    what=$1
    shift
    "$CICLO" churn "$what" "$T/shop.ciclo" --active purchase --value revenue --at 2025-06-24 "$@"
}
t_is 'who left, counted by another hand' "$(asked show --json | of '"%d %d" % (v["customers"], v["came"])')" \
    "$(python3 -c 'import csv, sys
from datetime import datetime, timedelta
end = datetime.fromisoformat("2025-06-24T00:00:00+02:00")
held, within = end - timedelta(days=90), timedelta(days=90)
before, behind = set(), set()
for r in csv.DictReader(open(sys.argv[1])):
    at = datetime.fromisoformat(r["at"].replace("Z", "+00:00"))
    if r["event"] == "purchase" and held - within < at <= held:
        before.add(r["customer"])
    if r["event"] == "purchase" and held < at <= end:
        behind.add(r["customer"])
print(len(before), len(before - behind))' "$T/shop.csv")"
t_is 'it is better than how lately alone, and says so' "$(asked show --json |
    of 'v["beats_recency"] and max(m["auc"] for m in v["models"]) > .75')" True
t_is 'tenths are of everybody, and of all that came' "$(asked show --json |
    of '(sum(t["customers"] for t in v["tenths"]) == v["customers"],
        abs(sum(t["came"] for t in v["tenths"]) - v["came"]) < 1e-6)')" '(True, True)'
t_is 'what is expected comes' "$(asked show --json |
    of 'abs(sum(t["customers"] * t["expected"] for t in v["tenths"]) / v["came"] - 1) < .25')" True
t_is 'the same again, to the last bit' "$(asked show --json)" "$(asked show --json)"
t_is 'both ways stand beside the naive ones' "$(asked train --csv | cut -d, -f1 | tr '\n' ' ')" \
    'by logistic xgboost how lately alone the same for all '
t_is 'one way alone' "$(asked train --with logistic --csv | wc -l)" 4
t_is 'a row for each tenth' "$(asked show --csv | wc -l)" 11

# What is learnt from, as a table: the same customers, and who left.
"$CICLO" churn measures "$T/shop.ciclo" --active purchase --value revenue --at 2025-06-24 >"$T/measures.csv"
in_measures() { python3 -c 'import csv, sys
from datetime import datetime, timedelta
rows = list(csv.DictReader(open(sys.argv[1])))
held = [r for r in rows if r["use"] == "hold"]
learn = [r for r in rows if r["use"] == "learn"]
print(eval(sys.argv[2]))' "$T/measures.csv" "$1"; }
t_is 'its table has those who are told of' "$(in_measures '"%d %d" % (len(held), sum(int(r["left"]) for r in held))')" \
    "$(asked show --json | of '"%d %d" % (v["customers"], v["came"])')"
t_is 'and those who are learnt from' "$(in_measures '"%d %d" % (len(learn), sum(int(r["left"]) for r in learn))')" \
    "$(asked train --json | of '"%d %d" % (v["learnt"]["rows"], v["learnt"]["did"])')"
t_is 'each as of his moment, 90 days apart' "$(in_measures '[m[:10] for m in sorted({r["as_of"] for r in rows})]')" \
    "['2024-06-28', '2024-09-26', '2024-12-25', '2025-03-25']"
t_is 'counted by another hand' "$(in_measures 'sum(int(r["count(purchase)"]) for r in held)')" "$(python3 -c 'import csv, sys
from datetime import datetime, timedelta
held = datetime.fromisoformat("2025-06-24T00:00:00+02:00") - timedelta(days=90)
n, lately = {}, set()
for r in csv.DictReader(open(sys.argv[1])):
    at = datetime.fromisoformat(r["at"].replace("Z", "+00:00"))
    if r["event"] == "purchase" and at <= held:
        n[r["customer"]] = n.get(r["customer"], 0) + 1
        if at > held - timedelta(days=90):
            lately.add(r["customer"])
print(sum(n[c] for c in lately))' "$T/shop.csv")"
t_is 'of what may come, too' "$("$CICLO" propensity measures "$T/shop.ciclo" --target stage:loyal --at 2025-06-24 |
    head -1 | tr , '\n' | tail -1)" came

# What is planted in the future has no effect: not as a measure, not as an event.
planted='json.dumps([v["models"], v["tenths"]])'
t_is 'whether he has left, told later, has no effect' \
    "$("$CICLO" churn show "$T/told.ciclo" --active purchase --at 2025-06-24 --measure trait.left --json | of "$planted")" \
    "$("$CICLO" churn show "$T/shop.ciclo" --active purchase --at 2025-06-24 --measure trait.left --json | of "$planted")"

# One customer: who bought in the 90 days before.
who=$(grep ,purchase, "$T/shop.csv" | sort -t, -k2 | tail -1 | cut -d, -f1)
t_is 'why, in words' "$(asked customer "$who" | grep -cE '^  .* \([+-][0-9]+\.[0-9][0-9]\)$')" \
    "$(asked customer "$who" --json | of 'len(v["customer"]["reasons"])')"
t_is 'a probability' "$(asked customer "$who" --with logistic --json | of '0 < v["customer"]["share"] < 1')" True
t_fails 'somebody who is not there' 'nobody' asked customer nobody

propensity() { "$CICLO" propensity "$@" --at 2025-06-24; }
t_is 'the second purchase' "$(propensity show "$T/shop.ciclo" --target purchase --when 'count(purchase) = 1' --json |
    of 'v["came"] < v["customers"] < 800')" True
t_is 'who comes to a stage' "$(propensity show "$T/shop.ciclo" --target stage:loyal --json |
    of 'max(m["auc"] for m in v["models"]) > .75')" True

# too little, and wrong use
"$CICLO" init "$T/few.ciclo" --model "$T/model.yaml" >/dev/null
t_fails 'nobody at all' 'holds less than two times' propensity train "$T/few.ciclo" --target purchase
head -2 "$T/shop.csv" >"$T/one.csv"
"$CICLO" import "$T/few.ciclo" "$T/one.csv" --customer customer --time at --event-column event >/dev/null
t_fails 'one customer, one day' '10 of each are needed' propensity train "$T/few.ciclo" --target purchase
t_fails 'nobody left' '10 of each are needed' asked train --when 'count(purchase) > 10000'
t_fails 'nothing is asked' '--active EVENT says' "$CICLO" churn show "$T/shop.ciclo"
t_fails 'an event that there is not' 'sold' propensity show "$T/shop.ciclo" --target sold
t_fails 'a stage that there is not' 'did you mean loyal' propensity show "$T/shop.ciclo" --target stage:loyl
t_fails 'a way that there is not' 'logistic or xgboost' asked train --with forest
t_fails 'months are no whole days' 'whole days' asked train --within 3mo
t_ok 'the report of churn is where it was' "$CICLO" churn "$T/shop.ciclo" --active purchase

shop=$T/shop.ciclo
serve
get() { python3 -c 'import sys, urllib.request, urllib.parse, urllib.error
query = urllib.parse.urlencode([tuple(p.split("=", 1)) for p in sys.argv[2:]])
try:
    sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1] + "api/propensity?" + query).read())
except urllib.error.HTTPError as e:
    print(e.code, e.read().decode())' "$url" "$@"; }
whole='json.dumps(v, sort_keys=True)'
t_is 'the same over HTTP' \
    "$(get target=purchase churn=1 value=revenue at=2025-06-24 customer="$who" | of "$whole")" \
    "$("$CICLO" churn customer "$shop" "$who" --active purchase --value revenue --at 2025-06-24 --json | of "$whole")"
t_is 'what is wrong is told' "$(get target=sold | grep -c '^400 .*sold')" 1
ends
t_done
