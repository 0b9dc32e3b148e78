#!/bin/sh
# What a customer is worth after a purchase, without a fit in between: over HTTP (until=now) and in rules; and
# that it is what a process says that fits everything anew. bench/value --serve measures how long it takes.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/living.ciclo

# CDNOW's sample, all of it so much later that its last day was yesterday; in a zone where it is about noon.
gzip -dc "$ROOT/tests/data/cdnow/cdnow_sample.csv.gz" | python3 -c 'import csv, sys
from datetime import date, datetime, timedelta, timezone
hours = 12 - datetime.now(timezone.utc).hour
today = (datetime.now(timezone.utc) + timedelta(hours=hours)).date()
rows = list(csv.DictReader(sys.stdin))
day = lambda r: date(int(r["date"][:4]), int(r["date"][4:6]), int(r["date"][6:]))
later = today - timedelta(days=1) - max(map(day, rows))
with open(sys.argv[1], "w") as f:
    f.write("id,date,amount\n")
    for r in rows:
        f.write("%s,%s,%s\n" % (r["master_id"], day(r) + later, r["amount"]))
with open(sys.argv[2], "w") as f:
    f.write("""ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: Etc/GMT%+d }
events: { purchase: { properties: { revenue: money } } }
lifecycle:
  start: new
  stages: { new: {}, gone: {} }
  moves:
    - { from: new, to: gone, when: "value.p_alive < 0.3" }
    - { from: gone, to: new, when: "value.p_alive >= 0.5" }
segments:
  leaving: { when: "value.p_alive < 0.3" }
  worthy: { when: "value.clv_12mo > 20" }
""" % -hours)
print(today)' "$T/shop.csv" "$T/model.yaml" >"$T/today"
today=$(cat "$T/today")
t_ok 'a shop in which was bought up to yesterday' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" \
    --customer id --time date --time-format %Y-%m-%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/shop.csv"
t_ok 'a fit for rules' "$CICLO" value keep "$shop" --model bg-nbd --value revenue

of() { python3 -c 'import json, sys
v = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"; }
cli() { "$CICLO" value customer "$shop" "$1" --model bg-nbd --value revenue --ahead 365d --until now --json; }
rule() { "$CICLO" rule explain "$shop" "$1" --customer "$2" --json | of 'v["answer"]'; }
whole='json.dumps([v["customer"], v["parameters"], v["spending"]["parameters"], v["until"], v["customers"]], sort_keys=True)'

# Whom the model gives up, and who bought once.
gone=$("$CICLO" segment "$shop" leaving --ids | sort | head -1)
for id in "$gone" 00004 00111; do
    t_is "now is what rules say of now, of $id" \
        "$(cli "$id" | of '"%.6f %.2f" % (v["customer"]["alive"], v["customer"]["expected_value"])')" \
        "$(printf '%.6f %.2f' "$(rule value.p_alive "$id")" "$(rule value.clv_12mo "$id")")"
done
t_is 'while the model is of the days that are over' \
    "$(cli "$gone" | of 'v["until"] < v["now"][:10] or v["until"]')" True
t_fails 'now is told of one customer' 'until now is told of one customer' "$CICLO" value show "$shop" --until now

serve
# get QUERY [HEADER]
get() { python3 -c 'import json, sys, urllib.request, urllib.error
query = urllib.request.Request(sys.argv[1] + sys.argv[2], headers=dict(h.split(": ") for h in sys.argv[3:]))
try:
    v = json.load(urllib.request.urlopen(query))
except urllib.error.HTTPError as e:
    v = json.load(e)
print(json.dumps(v))' "$url" "$@"; }
now() { id=$1; shift; get "api/value?model=bg-nbd&value=revenue&ahead=365d&until=now&customer=$id" "$@"; }
# buys ID REVENUE [MOMENT]: sends a purchase, which is collected when it is answered
buys() { python3 -c 'import json, sys, urllib.request
event = {"type": "track", "event": "purchase", "userId": sys.argv[2], "properties": {"revenue": float(sys.argv[3])}}
if sys.argv[4:]:
    event["timestamp"] = sys.argv[4]
urllib.request.urlopen(urllib.request.Request(sys.argv[1] + "v1/track", json.dumps(event).encode(),
    {"Content-Type": "application/json"})).read()' "$url" "$@"; }

before=$(now "$gone")
t_is 'the same over HTTP' "$(echo "$before" | of "$whole")" "$(cli "$gone" | of "$whole")"
t_is 'which is by the latest fit' "$(echo "$before" | of 'v["fit_is_latest"]')" True
fitted=$(echo "$before" | of 'v["fitted_at"]')
t_is 'another customer is told of by the same' "$(now 00004 | of 'v["fitted_at"], v["fit_is_latest"]')" \
    "('$fitted', True)"
t_is 'in the segment of who leaves' "$(get 'api/customers?segment=leaving&limit=1000' |
    of "'$gone' in [c['id'] for c in v['customers']]")" True

buys "$gone" 50
after=$(now "$gone")
t_is 'he buys: at once his value is another, by the fit that there is' "$(echo "$after" | of '"%s %s %s" % (v["customer"]["last"],
    v["customer"]["alive"] > 0.5, v["fitted_at"])')" "$today True $fitted"
t_is 'by one purchase more' "$(echo "$after" | of 'v["customer"]["purchases"]')" \
    "$(($(echo "$before" | of 'v["customer"]["purchases"]') + 1))"
t_is 'it says that the fit is of an older state' "$(echo "$after" | of 'v["fit_is_latest"]')" False
t_is 'since he bought today, a fit of all says the same' "$(echo "$after" | of "$whole")" "$(cli "$gone" | of "$whole")"
left=$(get 'api/customers?segment=leaving&limit=1000' |
    of "'$gone' in [c['id'] for c in v['customers']]")
t_is 'and rules have moved him' "$left" False
t_is 'as a process says that replays everything' "$("$CICLO" segment "$shop" leaving --ids | grep -cx "$gone")" 0
t_is 'his stage too' "$(get "api/customers/$gone" | of 'v["stage"]')" new

buys newcomer 30
t_is 'who never bought before is told of as well' "$(now newcomer |
    of '"%d %s %s" % (v["customer"]["purchases"], v["customer"]["first"], v["customer"]["expected_value"] > 0)')" \
    "1 $today True"
t_is 'and worth something to rules' "$("$CICLO" segment "$shop" worthy --ids | grep -cx newcomer)" 1

# What comes late changes the days that are over, so that the fit is another.
buys 00004 20 "$(python3 -c 'import datetime, sys
print(datetime.date.fromisoformat(sys.argv[1]) - datetime.timedelta(9))' "$today")T12:00:00Z"
late=$(now 00004)
t_is 'late news count at once, by the fit that there is' \
    "$(echo "$late" | of '"%s %s" % (v["fitted_at"], v["fit_is_latest"])')" "$fitted False"
anew=$(now 00004 'Cache-Control: no-cache')
t_is 'who wants it new gets a new fit' "$(echo "$anew" | of "v['fit_is_latest'], v['fitted_at'] > '$fitted'")" '(True, True)'
t_is 'which is that of a process that fits everything' "$(echo "$anew" | of "$whole")" "$(cli 00004 | of "$whole")"
t_is 'and is another than before' "$(echo "$anew" | of 'v["parameters"]["r"]' | grep -cx "$(echo "$late" | of 'v["parameters"]["r"]')")" 0
t_is 'the next is told by it' "$(now 00004 | of "$whole")" "$(echo "$anew" | of "$whole")"

# An account's timeline has its members' events, while nothing comes to its own chunk.
send() { python3 -c 'import sys, urllib.request
urllib.request.urlopen(urllib.request.Request(sys.argv[1] + sys.argv[2], sys.argv[3].encode(),
    {"Content-Type": "application/json"})).read()' "$url" "$@"; }
send v1/group '{"type": "group", "userId": "00111", "groupId": "acme"}'
now 00004 'Cache-Control: no-cache' >/dev/null
buys 00111 20 "$(python3 -c 'import datetime, sys
print(datetime.date.fromisoformat(sys.argv[1]) - datetime.timedelta(11))' "$today")T12:00:00Z"
t_is "what an account's member bought is counted again" \
    "$(now 00004 'Cache-Control: no-cache' | of "$whole")" "$(cli 00004 | of "$whole")"

wrong() { get "api/value?model=bg-nbd&$1" | of '"%s %s" % (v["error"]["code"], "leave" in str(v))'; }
t_is 'now without a customer' "$(wrong until=now)" 'input True'
t_is 'now with a segment' "$(wrong 'until=now&customer=00004&segment=leaving')" 'input True'
t_is 'now with a hold-out' "$(wrong 'until=now&customer=00004&hold_out=30d')" 'input True'
t_is 'who is not there' "$(now nobody | of '"nobody" in str(v)')" True
ends
t_done
