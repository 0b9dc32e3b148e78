#!/bin/sh
# Questions that are kept by a name, and pages of them: on the command line, over HTTP, with rights.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  visit: {}
  purchase: { properties: { revenue: money } }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {} }
  moves: [{ from: reach, to: buyer, when: "count(purchase) >= 1" }]
segments:
  often: { when: "count(purchase) >= 2" }
  seldom: { when: "count(purchase) < 2" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json, random
r = random.Random(5)
for customer in range(120):
    for i in range(r.randrange(1, 9)):
        print(json.dumps({'type': 'track', 'event': r.choice(['visit', 'visit', 'purchase']),
                          'userId': f'u{customer}', 'messageId': f'{customer:03}-{i}',
                          'timestamp': f'2026-0{r.randrange(1, 6)}-{r.randrange(1, 29):02}T0{r.randrange(3)}:00:00Z',
                          'properties': {'revenue': r.randrange(1, 90)}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"

# --- each report, kept by its command, is shown as the command shows it ---
clock='--clock 2026-05-20'
# kept COMMAND OPTION...
kept() {
    command=$1
    shift
    set -- "$@" --at day
    "$CICLO" "$command" "$shop" "$@" $clock --save "my $command" >"$T/plain" 2>"$T/err" || cat "$T/err"
    "$CICLO" view "$shop" show "my $command" $clock >"$T/shown" 2>&1
    "$CICLO" "$command" "$shop" "$@" $clock --csv >>"$T/plain"
    "$CICLO" view "$shop" show "my $command" $clock --csv >>"$T/shown" 2>&1
    "$CICLO" "$command" "$shop" "$@" $clock --json >>"$T/plain"
    "$CICLO" view "$shop" show "my $command" $clock --json >>"$T/shown" 2>&1
    diff "$T/plain" "$T/shown" >"$T/diff" 2>&1
    t_line $? "$command, kept and shown" "$T/diff"
}
kept funnel --step visit --step 'purchase where revenue > 10' --within 40d --each-step --strict --from month-3mo
kept cohorts --first visit --again purchase --by week --from -60d --cumulated --against-segment seldom
kept rfm --event purchase --value revenue --when 'count(visit) >= 1' --days
kept paths --after visit --steps 3 --whole --collapse --links
kept survival --first visit --end purchase --every 20d
kept churn --active purchase --by month --formula end --value revenue
kept journey-map --through event --top 5
kept attribution --conversion purchase --value revenue --half-life 3d
kept channels --event purchase --value revenue --touch last
kept overlap often seldom
t_is 'they are listed in one form' "$("$CICLO" view "$shop" list --csv | sed -n '2p;11p' | cut -d, -f1-4)" \
    'my funnel,"funnel?at=day&each_step=1&from=month-3mo&steps=visit,purchase%20where%20revenue%20%3E%2010&strict=1&within=40d",'"$(id -un)"'
my overlap,"overlap?at=day&segments=often,seldom",'"$(id -un)"
t_is 'a view stays fresh' "$("$CICLO" view "$shop" show 'my funnel' --csv --clock 2026-04-20)" \
    "$("$CICLO" funnel "$shop" --step visit --step 'purchase where revenue > 10' --within 40d --each-step --strict \
        --from 2026-01-01 --at day --clock 2026-04-20 --csv)"

# --- the API's form ---
t_ok 'stages' "$CICLO" view "$shop" add stages 'stages/periods?by=month&from=-90d' $clock
t_is 'and their periods' "$("$CICLO" view "$shop" show stages $clock --csv)" \
    "$("$CICLO" stages "$shop" --by month --from -90d $clock --csv)"
t_ok 'segments' "$CICLO" view "$shop" add segments segments $clock
t_fails 'are no command' '--json shows the view' "$CICLO" view "$shop" show segments $clock
t_fails 'no report' 'did you mean funnel?' "$CICLO" view "$shop" add x 'funnl?steps=visit'
t_fails 'no parameter' 'takes no parameter "step"' "$CICLO" view "$shop" add x 'funnel?step=visit'
t_fails 'a question without an answer' 'no segment "sometimes"' \
    "$CICLO" view "$shop" add x 'funnel?steps=visit&segment=sometimes'
t_fails 'a name that is taken' 'already' "$CICLO" funnel "$shop" --step visit --save stages
t_fails 'no such view' 'no view "x"' "$CICLO" view "$shop" show x
t_fails 'nothing to do' 'stands what to do' "$CICLO" view "$shop" look
t_fails 'half of it' 'missing behind add' "$CICLO" view "$shop" add x

# --- dashboards ---
t_fails 'a dashboard of what is not there' 'no view "x"' "$CICLO" dashboard "$shop" add Monday stages x
t_ok 'a dashboard' "$CICLO" dashboard "$shop" add Monday 'my funnel' stages segments
t_is 'is listed' "$("$CICLO" dashboard "$shop" list --csv | cut -d, -f1-4)" \
    'name,views,author
Monday,"my funnel, stages, segments"'
t_fails 'its views stay as long as it does' 'the dashboard "Monday"' "$CICLO" view "$shop" remove stages
t_ok 'other views go' "$CICLO" view "$shop" remove 'my overlap'

# --- a model in which a name of it is gone: the rest stands ---
sed 's/often:/frequent:/' "$T/model.yaml" >"$T/other.yaml"
"$CICLO" funnel "$shop" --step visit --segment often --save often $clock >/dev/null
t_ok 'the model changes' "$CICLO" model apply "$shop" "$T/other.yaml" $clock
t_fails 'a view says what is wrong' 'no segment "often"' "$CICLO" view "$shop" show often $clock
t_ok 'others stand' "$CICLO" view "$shop" show 'my funnel' $clock
t_is 'all are listed' "$("$CICLO" view "$shop" list --json | python3 -c 'import json, sys
print(len(json.load(sys.stdin)))')" 12
t_ok 'the file proves right' "$CICLO" verify "$shop"
t_ok 'and outlives a rebuild' sh -c '"$0" rebuild "$1" && "$0" view "$1" show stages --clock 2026-05-20' "$CICLO" "$shop"

# --- over HTTP ---
for right in read edit; do
    "$CICLO" key "$shop" add --name $right --right $right 2>/dev/null >"$T/$right.key"
done
serve --clock 2026-05-20
# api RIGHT METHOD PATH [BODY]
api() {
    curl -s -X "$2" "${url}api/$3" -H "Authorization: Bearer $(cat "$T/$1.key")" ${4:+-H 'Content-Type: application/json' -d "$4"}
}
t_is 'who reads sees a view' "$(api read GET views/stages | head -c 13)" '{"by":"month"'
t_is 'and all of them, with their questions' "$(api read GET views | python3 -c 'import json, sys
v = {v["name"]: v for v in json.load(sys.stdin)}
print(v["stages"]["report"], v["stages"]["params"], v["my rfm"]["params"]["when"])')" \
    "stages/periods {'by': 'month', 'from': '-90d'} count(visit) >= 1"
new='{"name":"new","question":"funnel?steps=visit&from=-7d"}'
t_is 'but changes nothing' "$(api read POST views "$new" | grep -o no_right)$(api read DELETE views/stages | grep -o no_right)" \
    'no_rightno_right'
t_is 'who edits adds one' "$(api edit POST views "$new")" '{"ok":true}'
t_is 'with his name' "$(api read GET views | grep -o '"name":"new".*"author":"edit"' | grep -c .)" 1
t_is 'not twice' "$(api edit POST views "$new" | grep -o conflict)" conflict
t_is 'a question that has no answer tells where it is wrong' \
    "$(api edit POST views '{"name":"x","question":"funnel?steps=visit%20wher"}' | grep -o '"column":[0-9]*\|"text":"visit wher"')" \
    '"column":7
"text":"visit wher"'
t_is 'a view whose segment is gone' "$(api read GET views/often | grep -o 'no segment \\"often\\"')" 'no segment \"often\"'
t_is 'dashboards' "$(api edit POST dashboards '{"name":"Week","views":["new","stages"]}')$(api read GET dashboards |
    grep -o '"views":[^]]*]')" '{"ok":true}"views":["my funnel","stages","segments"]
"views":["new","stages"]'
t_is 'of texts alone' "$(api edit POST dashboards '{"name":"x","views":[1]}' | grep -o 'list of names')" 'list of names'
t_is 'with too many tiles' "$(api edit POST dashboards "{\"name\":\"x\",\"views\":[$(yes '"new",' | head -24 | tr -d '\n')\"new\"]}" |
    grep -o '"limit"')" '"limit"'
t_is 'one is given another name and other views' \
    "$(api edit POST dashboards/Week '{"name":"Month","views":["stages","new"]}')$(api read GET dashboards | grep -o '"Month","views":[^]]*]')" \
    '{"ok":true}"Month","views":["stages","new"]'
t_is 'not by who reads, not of views that are none, nor one that is none' \
    "$(api read POST dashboards/Month '{"name":"x","views":["new"]}' | grep -o no_right) $(
        api edit POST dashboards/Month '{"name":"x","views":["none"]}' | grep -o '"not_found"') $(
        api edit POST dashboards/Week '{"name":"x","views":["new"]}' | grep -o '"not_found"')" \
    'no_right "not_found" "not_found"'
t_is 'and back' "$(api edit POST dashboards/Month '{"name":"Week","views":["new","stages"]}')" '{"ok":true}'
t_is 'one goes' "$(api edit DELETE dashboards/Week)$(api edit DELETE views/new)$(api read GET views/new | grep -o not_found)" \
    '{"ok":true}{"ok":true}not_found'
t_done
