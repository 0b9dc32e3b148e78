#!/bin/sh
# Another model, tried on the past before it is live; and why a customer is not elsewhere.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo

# Twelve customers buy on the 1st of January; the even ones again after 70 days, the rest after 100.
{
    echo 'who,when,what'
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
        echo "c$i,2026-01-01T10:00:00Z,purchase"
        if [ $((i % 2)) = 0 ]; then
            echo "c$i,2026-03-12T10:00:00Z,purchase"
        else
            echo "c$i,2026-04-11T10:00:00Z,purchase"
        fi
    done
} >"$T/events.csv"
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { timezone: UTC }
events: { purchase: }
lifecycle:
  stages: { reach: , buyer: , at_risk: { forecast: { that: "not exists(purchase, 95d)", within: 30d } } }
  moves:
    - { from: [reach, at_risk], to: buyer, when: "since(purchase) < 1d" }
    - { from: buyer, to: at_risk, when: "since(purchase) >= 90d" }
YAML
sed 's/>= 90d/>= 60d/' "$T/model.yaml" >"$T/new.yaml"
"$CICLO" init "$shop" --model "$T/model.yaml" >"$T/said"
"$CICLO" import "$shop" "$T/events.csv" --customer who --time when --event-column what >"$T/said" 2>&1 ||
    cat "$T/said"

"$CICLO" model backtest "$shop" "$T/new.yaml" --to 2026-05-01 >"$T/human"
t_ok 'first it says how many differ, and from when on' grep -qF \
    'the new model leads 12 of 12 customers elsewhere (100.0 %), the first on 2026-03-02T10:00:00.000Z' \
    "$T/human"
"$CICLO" model backtest "$shop" "$T/new.yaml" --to 2026-05-01 --json >"$T/json"
t_ok 'all of it is what a calculation by hand gives' python3 - "$T/json" <<'PY'
import json, sys
r = json.load(open(sys.argv[1]))
assert (r['customers'], r['differ'], r['differ_at_end']) == (12, 12, 0), r
stage = {s['stage']: s for s in r['stages']}
# At 90 days only the odd ones are at risk, from 1 April on; at 60 all are, from 2 March on.
assert stage['at_risk']['old']['entered'] == 6 and stage['at_risk']['new']['entered'] == 12, stage
assert stage['at_risk']['old']['median_days'] == 10, stage
assert stage['at_risk']['new']['median_days'] == 10 and stage['at_risk']['new']['p90_days'] == 40, stage
march = [m for m in r['months'] if m['month'] == '2026-03'][0]
stage = {s['stage']: s for s in march['stages']}
assert stage['at_risk']['old']['customers'] == 0 and stage['at_risk']['new']['customers'] == 6, march
forecast, = r['forecasts']
# 30 days after the entries at 90 days, on 1 May at ten, the time is over; after those at 60 days
# it is day 90.
assert forecast['old']['precision'] == dict(forecast['old']['precision'], hits=0, of=0), forecast
assert forecast['new']['precision'] == dict(forecast['new']['precision'], hits=0, of=12), forecast
# Six have no purchase for 95 days once, on 6 April, and were at risk by both models.
for side in 'old', 'new':
    assert forecast[side]['recall'] == dict(forecast[side]['recall'], hits=6, of=6), forecast
assert [c['id'] for c in r['list']] == sorted((c['id'] for c in r['list']), key=lambda i: int(i[1:])), r
assert all(c['old'] == 'buyer' and c['new'] == 'at_risk' for c in r['list']), r
PY
t_is 'every month and stage as CSV' \
    "$("$CICLO" model backtest "$shop" "$T/new.yaml" --to 2026-05-01 --csv | grep '^2026-03,at_risk')" \
    '2026-03,at_risk,0,6,0,12,0,6,,10.0,,10.0'
t_is 'as few customers as asked for' \
    "$("$CICLO" model backtest "$shop" "$T/new.yaml" --json --customers 2 | python3 -c \
        'import json, sys; print(len(json.load(sys.stdin)["list"]))')" 2
t_ok 'a forecast can be asked for' sh -c '"$@" | grep -qF "right, of those who entered (precision): 6 of 6"' - \
    "$CICLO" model backtest "$shop" "$T/new.yaml" --to 2026-04-15 \
    --stage at_risk --that 'since(purchase) >= 95d' --within 5d
t_fails 'a fault in the text has its place' 'new.yaml: line 8, column ' sh -c \
    'sed s/at_risk,.when/at_rsik,\ when/ "$2" >"$2.bad"; mv "$2.bad" "$2"; "$1" model backtest "$3" "$2"' \
    - "$CICLO" "$T/new.yaml" "$shop"
t_is 'nothing of it became live' "$("$CICLO" model history "$shop" --csv | wc -l)" 2

"$CICLO" customer "$shop" c1 --at 2026-02-01 --why-not >"$T/why"
t_ok 'why not: the term that keeps him off' grep -qF \
    'no  no purchase for at least 90 days   (since(purchase): 30 days, from 1 event' "$T/why"
t_ok 'and until when' grep -qF 'by time alone it stays so until 2026-04-01 10:00:00' "$T/why"
"$CICLO" customer "$shop" c1 --at 2026-04-05 --json >"$T/json"
t_ok 'and what would change it' python3 - "$T/json" <<'PY'
import json, sys
why, = json.load(open(sys.argv[1]))['why_not']
assert why['to'] == 'buyer' and why['when'] is None and why['holds_until'] is None, why
assert [t['decides'] for t in why['terms']] == [True], why
event, = why['events']
assert (event['event'], event['times'], event['like']['at'][:10]) == ('purchase', 1, '2026-01-01'), why
PY
t_done
