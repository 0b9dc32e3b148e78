#!/bin/sh
# Who goes on from which stage, after how long, and the bottleneck: lives told by hand; on the command line and over
# HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC }
events: { visit: {}, signup: {}, purchase: {}, return: {}, goodbye: {} }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {}, member: {}, buyer: {}, gone: { end: true } }
  moves:
    - { from: any, to: gone, when: "exists(goodbye)" }
    - { from: [reach, member], to: buyer, when: "count(purchase) > count(return)" }
    - { from: buyer, to: member, when: "count(purchase) <= count(return)" }
    - { from: reach, to: member, when: "exists(signup)" }
segments:
  italian: { when: 'trait.country = "IT"' }
  other: { when: 'trait.country = "PT"' }
YAML
# Of 200: all visit on 1 January; 150 sign up 10 days later, of whom 15 buy after 20 days more, and 5 of these give
# it back after one day; 20 of the members leave. The even ones are Italians, but for every tenth customer.
python3 - >"$T/events.jsonl" <<'PY'
import json
from datetime import datetime, timedelta
def event(c, kind, day, **more):
    print(json.dumps({'type': 'track', 'event': kind, 'userId': f'u{c}', 'messageId': f'{c}-{kind}',
                      'timestamp': (datetime(2026, 1, 1) + timedelta(days=day)).isoformat() + 'Z', **more}))
for c in range(200):
    event(c, 'visit', 0)
    if c % 10:
        print(json.dumps({'type': 'identify', 'userId': f'u{c}', 'messageId': f'i{c}',
                          'timestamp': '2026-01-01T00:00:00Z', 'traits': {'country': ('IT', 'PT')[c % 2]}}))
    if c < 150:
        event(c, 'signup', 10)
    if c < 15:
        event(c, 'purchase', 30)
    if c < 5:
        event(c, 'return', 31)
    if 50 <= c < 70:
        event(c, 'goodbye', 40)
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
flow() { "$CICLO" stages "$shop" --conversion --at 2026-03-01 "$@"; }
cells() { flow --csv "$@" | tail -n +2 | cut -d, -f1-6,9,12,15,18-22; }
# stage, stands there, in, out, first time, forward, back, lost, waiting, to reach, member, buyer, gone, out
t_is 'who went where' "$(cells)" \
    'reach,50,200,150,200,150,0,0,50,0,150,0,0,0
member,120,155,35,150,15,0,20,115,0,0,15,20,0
buyer,10,15,5,15,0,5,0,10,0,5,0,0,0
gone,20,20,0,20,0,0,0,20,0,0,0,0,0'
t_is 'who entered in a range' "$(cells --from 2026-01-31 --to 2026-02-05)" \
    'reach,50,0,0,0,0,0,0,0,0,0,0,0,0
member,140,5,15,5,0,0,0,5,0,0,0,0,0
buyer,10,15,5,15,0,5,0,10,0,5,0,0,0
gone,0,0,0,0,0,0,0,0,0,0,0,0,0'
t_is 'the moment from which is in the range' "$(cells --from 2026-02-01T00:00:00Z --to 2026-02-01T00:00:00.001Z | sed -n 2p)" \
    'member,140,5,0,5,0,0,0,5,0,0,0,0,0'
t_is 'and the moment before which is not' "$(cells --from 2026-01-31 --to 2026-02-01T00:00:00Z | sed -n 2p)" \
    'member,135,0,15,0,0,0,0,0,0,0,0,0,0'
t_is 'within a length of time, its end included' \
    "$(cells --within 20d | sed -n 2p; cells --within 19d | sed -n 2p)" \
    'member,120,155,35,150,15,0,0,135,0,0,15,0,0
member,120,155,35,150,0,0,0,150,0,0,0,0,0'
t_is 'who was not there for so long is left out' "$(cells --within 30d | sed -n 3,4p)" \
    'buyer,10,15,5,0,0,0,0,0,0,0,0,0,0
gone,20,20,0,0,0,0,0,0,0,0,0,0,0'
t_is 'the past by itself' "$(flow --at 2026-01-20 --csv 2>/dev/null | sed -n 3p | cut -d, -f1-6)$(
    "$CICLO" stages "$shop" --conversion --at 2026-01-20 --csv | sed -n 3p | cut -d, -f1-6)" 'member,150,150,0,150,0'
t_is 'time until a quarter, half, three quarters went on' "$(flow --csv | sed -n 2p | cut -d, -f23-31)" \
    '864000000,864000000,864000000,864000000,864000000,864000000,864000000,864000000,'
t_is 'the bottleneck is named, with its reason' "$(flow | grep '^By share')" \
    'By share: the bottleneck is member (15 of 150: 10.0 %). From every other stage a larger share goes on, by more than chance.'
t_is 'and where it takes longest' "$(flow | grep '^By time')" \
    'By time: the bottleneck is member (half of them not yet). From every other stage they go on sooner, by more than chance.'
t_is 'of few people none stands out' "$(flow --when 'trait.country = "IT" and count(purchase) >= 1' | grep '^By share')" \
    'By share: none stands out. Fewest go on from reach (6 of 6: 100.0 %), but member (6 of 6: 100.0 %) may differ from it by chance.'
t_is 'of one stage neither' "$(flow --from 2026-01-05 | grep '^By share' | cut -c-98)" \
    'By share: none can be named. Of the stages that lead on, somebody entered member alone: there is n'
t_is 'and of nobody' "$(flow --from 2027-01-01 | grep '^By')" \
    'By share: none can be named. Nobody entered a stage that leads on.
By time: none can be named. Nobody entered a stage that leads on.'
t_is 'by trait' "$(flow --by trait.country --csv | grep ,member, | cut -d, -f1-7)" \
    'PT,member,60,77,17,75,7
IT,member,48,62,14,60,6
(not known),member,12,16,4,15,2'
t_is 'of a segment, and by a rule' "$(cells --segment italian --when 'count(signup) = 0' | head -1)$(
    "$CICLO" stages "$shop" --at 2026-03-01 --segment italian --csv | sed -n 2,3p)" \
    'reach,20,20,0,20,0,0,0,20,0,0,0,0,0reach,20,80,60
member,48,62,14'
t_is 'beside another time' "$(flow --from 2026-01-30 --against 2026-01-01..2026-01-30 --csv)" \
    'stage,customers,of,against,against_of,difference,low,high
reach,0,0,150,200,,,
member,0,5,15,150,-0.100000,-0.158435,0.336181'
t_is 'beside another segment' "$(flow --segment italian --against-segment other --csv | cut -d, -f1-6)" \
    'stage,customers,of,against,against_of,difference
reach,60,80,75,100,0.000000
member,6,60,7,75,0.006667'

# who WORDS...: how many are listed.
who() { flow --customers "$@" --csv | tail -n +2 | wc -l; }
t_is 'customers behind each number' "$(for one in stock entered left forward back lost waiting stage.buyer stage.gone out; do
    who member --who $one; done | tr '\n' ' ')" '120 150 35 15 0 20 115 15 20 0 '
t_is 'of a group' "$(who member --who forward --by trait.country --group IT) $(
    who member --who forward --by trait.country --group-missing)" '6 2'
t_is 'who they are' "$(flow --customers buyer --who back --csv)" 'customer
u0
u1
u2
u3
u4'

t_fails 'an option without what it is of' '--within goes with --conversion' "$CICLO" stages "$shop" --within 3d
t_fails 'who without a stage' 'go together' "$CICLO" stages "$shop" --conversion --who lost
t_fails 'a group without customers' 'are of --customers' "$CICLO" stages "$shop" --conversion --group IT
t_fails 'periods' 'side by side with --against' "$CICLO" stages "$shop" --conversion --by month
t_fails 'an unknown stage' 'did you mean buyer' "$CICLO" stages "$shop" --conversion --customers byer --who lost
t_fails 'an unknown fate' 'not "risen"' "$CICLO" stages "$shop" --conversion --customers buyer --who risen
t_fails 'an unknown segment' 'did you mean "italian"' "$CICLO" stages "$shop" --conversion --segment italians
t_fails 'an unknown segment, of the plain report' 'did you mean "italian"' "$CICLO" stages "$shop" --segment italians
t_fails 'an unknown lifecycle' 'shopping' "$CICLO" stages "$shop" --conversion --lifecycle shopping
t_fails 'a rule that is none' 'did you mean count' "$CICLO" stages "$shop" --when 'cout(purchase)'
t_fails 'KPIs in the same CSV' 'a table of its own' "$CICLO" stages "$shop" --conversion --kpi --csv
t_fails 'a list of two sides' 'without against' "$CICLO" stages "$shop" --conversion --customers buyer --who lost \
    --against 2026-01-01..2026-02-01

t_ok 'kept as a view' "$CICLO" stages "$shop" --conversion --by trait.country --at 2026-03-01 --save flow
t_is 'which says the same' "$("$CICLO" view "$shop" show flow --csv)" "$(flow --by trait.country --csv)"
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" stages "$T/empty.ciclo" --conversion --csv | cut -d, -f1-6)" \
    'stage,customers,entered,left,of,forward
reach,0,0,0,0,0
member,0,0,0,0,0
buyer,0,0,0,0,0
gone,0,0,0,0,0'
t_is 'and one by trait' "$("$CICLO" stages "$T/empty.ciclo" --conversion --by trait.country --json | grep -o '"groups":\[[^]]*\]')" '"groups":[]'
head -1 "$T/events.jsonl" >"$T/one.jsonl"
t_ok 'one customer' "$CICLO" import "$T/empty.ciclo" "$T/one.jsonl"
t_is 'who waits' "$("$CICLO" stages "$T/empty.ciclo" --conversion --at 2026-03-01 --csv | sed -n 2p | cut -d, -f1-17)" \
    'reach,1,1,0,1,0,0.000000,0.793451,0,0.000000,0.793451,0,0.000000,0.793451,1,0.206549,1.000000'
sed '/^lifecycle:/,/exists(signup)/d' "$T/model.yaml" >"$T/none.yaml"
if "$CICLO" init "$T/none.ciclo" --model "$T/none.yaml" >/dev/null 2>"$T/said"; then
    t_fails 'a model without a lifecycle' 'lifecycle' "$CICLO" stages "$T/none.ciclo" --conversion
else
    t_is 'a model needs a lifecycle' "$(grep -c lifecycle "$T/said")" 1
fi

serve
same() {
    curl -s -G "${url}api/stages" -d conversion=1 -d at=2026-03-01 "$@" | sed 's/,"erased":[^]}]*[]}]//' >"$T/got"
}
same -d by=trait.country -d within=20d
t_is 'the same over HTTP' "$(cat "$T/got")" "$(flow --by trait.country --within 20d --json)"
same --data-urlencode against=2026-01-01..2026-01-30 -d from=2026-01-30
t_is 'two times over HTTP' "$(cat "$T/got")" "$(flow --from 2026-01-30 --against 2026-01-01..2026-01-30 --json)"
same -d customers=buyer -d who=back
t_is 'and its customers' "$(grep -o '"customers":\["[^]]*\]' "$T/got")" '"customers":["u0","u1","u2","u3","u4"]'
same -d kpi=1
t_is 'with KPIs' "$(grep -c '"kpi":{"stages":' "$T/got")" 1
t_is 'periods of a segment' "$(curl -s -G "${url}api/stages/periods" -d by=month -d to=2026-01-31 -d segment=italian | grep -o '"population":[0-9]*')" \
    '"population":80'
t_done
