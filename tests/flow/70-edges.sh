#!/bin/sh
# Every report at its edges: of nothing, of one customer, of all in one cell, of ties everywhere,
# over days on which the clock changes, of the future. Right, and where there is nothing, with
# words that say why.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money } }
  visit: {}
traits: { joined: moment }
lifecycle:
  start: reach
  stages:
    reach: { target: { rate: 0.5, within: 30d, to: buyer } }
    buyer: {}
  moves:
    - { from: reach, to: buyer, when: "exists(purchase)" }
segments:
  buyers: { when: "exists(purchase)" }
YAML
# Each report with a question; what is said on --from and --to is of them all but RFM, which looks
# at no end.
cat >"$T/reports" <<'END'
funnel --step visit --step purchase
funnel --step visit --step purchase --strict --by channel
cohorts --first purchase
cohorts --first visit --again purchase --value revenue --cumulated
rfm --event purchase --value revenue
rfm --event purchase --value revenue --since 2000-01-01
attribution --conversion purchase --value revenue
paths --through event
survival --first visit --end purchase
survival --first purchase --end segment.buyers --by channel
churn --active purchase
churn --active stage.buyer --by week
lift --assigned visit --group channel --conversion purchase --value revenue
END

# shop NAME: a file with the events of $T/NAME.jsonl.
shop() {
    "$CICLO" init "$T/$1.ciclo" --model "$T/model.yaml" &&
        "$CICLO" import "$T/$1.ciclo" "$T/$1.jsonl"
}
# asked SHOP WORDS...: the report, as of a fixed day.
asked() {
    a_shop=$1 a_report=$2
    shift 2
    "$CICLO" "$a_report" "$T/$a_shop.ciclo" --clock 2026-12-02 --at 2026-12-01 "$@"
}
# is_nothing WHY SHOP OPTION...: each report says why, in JSON no number is more than nothing, and
# CSV has its heading.
is_nothing() {
    i_why=$1 i_shop=$2
    shift 2
    while read -r i_words; do
        # shellcheck disable=SC2086
        t_ok "nothing: $i_words $*" python3 - "$i_why" "$CICLO" "$T/$i_shop.ciclo" $i_words "$@" <<'PY'
import json, subprocess, sys
why, ciclo, shop, report, *words = sys.argv[1:]
if report == 'rfm' and '--to' in words:
    at = words.index('--to')
    del words[at:at + 2]
words += ['--clock', '2026-12-02']
if '--at' not in words:
    words += ['--at', '2026-12-01']
def run(*more):
    return subprocess.run([ciclo, report, shop, *words, *more], check=True, capture_output=True, text=True).stdout
def numbers(value):
    if isinstance(value, dict):
        for key, one in value.items():
            if key not in ('recency', 'frequency', 'monetary', 'steps') or isinstance(one, (dict, list)):
                yield from numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers(one)
    elif isinstance(value, (int, float)) and not isinstance(value, bool):
        yield value
assert run().startswith('Nobody: ' + why), run()
assert not any(numbers(json.loads(run('--json')))), run('--json')
heading = run('--csv').split('\n')[0]
assert ',' in heading, heading
PY
    done <"$T/reports"
}

: >"$T/empty.jsonl"
t_ok 'an empty file' "$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml"
is_nothing 'the file has no events yet' empty
is_nothing 'the file has no events yet' empty --segment buyers
t_is 'no stage has anybody' "$("$CICLO" stages "$T/empty.ciclo" --csv | tail -n +2 | tr '\n' ' ')" \
    'reach,0,0,0 buyer,0,0,0 '
t_is 'and there are no periods' "$("$CICLO" stages "$T/empty.ciclo" --by month --csv | wc -l)" 1
t_is 'no target is met or missed' "$("$CICLO" stages "$T/empty.ciclo" --kpi --csv | tail -n +2 | cut -d, -f2,4,6-)" \
    'target,,0,0.5,'
t_is 'a segment has nobody' "$("$CICLO" segment "$T/empty.ciclo" buyers --count)" 0

# event CUSTOMER ID MOMENT NAME [REVENUE]
event() {
    printf '{"type":"track","userId":"%s","messageId":"%s","timestamp":"%s","event":"%s","properties":{%s}}\n' \
        "$1" "$2" "$3" "$4" "${5:+\"revenue\":$5}"
}
event anna 1 2026-03-01T09:00:00Z purchase 5 >"$T/one.jsonl"
t_ok 'one customer, who bought once' shop one
is_nothing "the file's events are of 2026-03-01 10:00:00 to 2026-03-01 10:00:00" one --from 2100-01-01 --to 2101-01-01
is_nothing "the file's events are of" one --at 2026-02-28
t_is 'a funnel of him' "$(asked one funnel --step purchase --csv | tail -1)" '1,purchase,1,,'
t_is 'his cohort' "$(asked one cohorts --first purchase --value revenue --csv | tail -n +2)" \
    '2026-03,1,2026-03,0,1,1,5.00'
t_is 'once more: he did not, and little is known' \
    "$(asked one cohorts --first purchase --json | grep -o '"again":.*')" \
    '"again":[{"times":1,"customers":1,"once_more":0,"share":0,"low":0,"high":0.793451}]}'
t_is 'his way' "$(asked one paths --csv | tail -n +2)" '1,1,purchase'
t_is 'his conversion' "$(asked one attribution --conversion purchase --json | grep -o '"conversions":1' | head -1)" \
    '"conversions":1'
t_is 'how long it lasts until he comes again: nobody knows' \
    "$(asked one survival --first purchase --end purchase --csv | sed -n '2p;$p' | tr '\n' ' ')" \
    ',0,1,0,0,1,0,, ,23724000000,1,0,1,1,0,, '
t_is 'he is new, and then he is lost' \
    "$(asked one churn --active purchase --csv | sed -n '2,4p' | cut -d, -f1-8 | tr '\n' ' ')" \
    '2026-03,0,0,0,1,0,0,1 2026-04,1,0,1,0,0,0,0 2026-05,0,0,0,0,0,0,0 '
t_is 'his stage' "$("$CICLO" stages "$T/one.ciclo" --csv | tail -n +2 | tr '\n' ' ')" 'reach,0,1,1 buyer,1,1,0 '
t_is 'an end of time in the future sees what there is' \
    "$(asked one funnel --step purchase --from 2026-01-01 --to 2100-01-01 --csv | tail -1)" '1,purchase,1,,'
t_is 'who stands beside nobody has no difference' \
    "$(asked one funnel --step purchase --against 2100-01-01..2101-01-01 --csv | tail -1)" 'purchase,1,1,0,0,,,'

for i in $(seq 100); do
    event "u$i" "$i" 2026-03-01T09:00:00Z purchase 5
done >"$T/alike.jsonl"
t_ok 'a hundred customers who are all alike' shop alike
t_is 'one cell of cohorts' "$(asked alike cohorts --first purchase --value revenue --csv | tail -n +2)" \
    '2026-03,100,2026-03,0,100,100,500.00'
t_is 'it happens to all at once, and no bounds are told' \
    "$(asked alike survival --first purchase --end segment.buyers --csv | tail -n +2)" ',0,100,100,0,0,0,,'
t_is 'all are new in one period' \
    "$(asked alike churn --active stage.buyer --csv | sed -n 2p | cut -d, -f1-8)" '2026-03,0,0,0,100,0,0,100'
t_is 'one way' "$(asked alike paths --csv | tail -n +2)" '100,100,purchase'
t_is 'nobody gets to a second step' "$(asked alike funnel --step purchase --step purchase --csv | tail -n +2 | tr '\n' ' ')" \
    '1,purchase,100,, 2,purchase,0,, '
t_is 'RFM: in one cell, equal values share a score' \
    "$(for method in interpolated quintiles; do
        asked alike rfm --event purchase --value revenue --method $method --csv | grep -v ',0,0.00,' | tail -n +2
    done | tr '\n' ' ')" '1,1,1,100,500.00,hibernating 5,5,5,100,500.00,champions '
t_is 'RFM by place: told apart into fifths, and only there' \
    "$(asked alike rfm --event purchase --value revenue --method ranks --csv | grep -v ',0,0.00,' | tail -n +2 | cut -d, -f1-4 | tr '\n' ' ')" \
    '1,1,1,20 2,2,2,20 3,3,3,20 4,4,4,20 5,5,5,20 '

# Visit and purchase of each at the same moment; the ids say which comes first.
for i in $(seq 10 29); do
    if [ $((i % 2)) = 0 ]; then visit=a purchase=b; else visit=b purchase=a; fi
    event "u$i" "$i-$visit" 2026-03-01T09:00:00Z visit
    event "u$i" "$i-$purchase" 2026-03-01T09:00:00Z purchase 7
done >"$T/ties.jsonl"
sort -r "$T/ties.jsonl" >"$T/seit.jsonl"
t_ok 'ties everywhere' shop ties
t_ok 'the same events, the other way round' shop seit
t_is 'the id decides who visited before he bought' \
    "$(asked ties funnel --step visit --step purchase --csv | tail -n +2 | tr '\n' ' ')" '1,visit,20,, 2,purchase,10,0,0 '
t_is 'and what he did next' \
    "$(asked ties funnel --step visit --step purchase --step visit --json | grep -o '"stopped":.*')" \
    '"stopped":[{"step":"visit","customers":10,"next":[{"event":null,"customers":10}]},{"step":"purchase","customers":10,"next":[{"event":null,"customers":10}]}]}'
t_is 'both ways are gone by ten' "$(asked ties paths --csv | tail -n +2 | tr '\n' ' ')" \
    '10,10,purchase > visit 10,10,visit > purchase '
while read -r words; do
    # shellcheck disable=SC2086
    t_is "whatever the order of arrival: $words" "$(asked ties $words --json)" "$(asked seit $words --json)"
done <"$T/reports"

# 29 March 2026 has 23 hours in Rome, 25 October 25: a day is a day of the calendar.
{
    event a 1 2026-03-28T22:59:59Z purchase 1 # the 28th
    event b 2 2026-03-28T23:00:00Z purchase 2 # its first moment
    event c 3 2026-03-29T00:59:59Z purchase 4 # before the gap
    event d 4 2026-03-29T01:00:00Z purchase 8 # behind it
    event e 5 2026-03-29T21:59:59Z purchase 16 # its last second
    event f 6 2026-03-29T22:00:00Z purchase 32 # the 30th
    event g 7 2026-10-24T22:00:00Z purchase 1
    event h 8 2026-10-25T00:30:00Z purchase 2 # 2:30, the first time
    event i 9 2026-10-25T01:30:00Z purchase 4 # 2:30, the second time
    event j 10 2026-10-25T22:59:59Z purchase 8
    event k 11 2026-10-25T23:00:00Z purchase 16
} >"$T/clock.jsonl"
t_ok 'days on which the clock changes' shop clock
t_is 'cohorts by day' \
    "$(asked clock cohorts --first purchase --value revenue --by day --json | python3 -c '
import json, sys
for c in json.load(sys.stdin)["cohorts"]:
    if c["customers"]: print(c["cohort"], c["customers"], "%.0f" % c["periods"][0]["value"], end="; ")')" \
    '2026-03-28 1 1; 2026-03-29 4 30; 2026-03-30 1 32; 2026-10-25 4 15; 2026-10-26 1 16; '
t_is 'who is new, day by day' \
    "$(asked clock churn --active purchase --by day --csv | awk -F, '$5 { print $1, $5 }' | tail -n +2 | tr '\n' ';')" \
    '2026-03-28 1;2026-03-29 4;2026-03-30 1;2026-10-25 4;2026-10-26 1;'
for range in '2026-03-29 2026-03-30 4' '2026-10-25 2026-10-26 4'; do
    # shellcheck disable=SC2086
    set -- $range
    t_is "a range of $1: a funnel, its ways, its conversions" \
        "$(asked clock funnel --step purchase --from "$1" --to "$2" --csv | tail -1) $(
            asked clock paths --from "$1" --to "$2" --csv | tail -1) $(
            asked clock attribution --conversion purchase --from "$1" --to "$2" --json | grep -o '"conversions":[0-9]*' | head -1)" \
        "1,purchase,$3,, $3,$3,purchase \"conversions\":$3"
done
t_is 'days since then are days of the calendar' \
    "$("$CICLO" rfm "$T/clock.ciclo" --event purchase --value revenue --at 2026-03-30 --days --customers all --csv |
        tail -n +2 | cut -d, -f1,5 | tr '\n' ' ')" 'a,2 b,1 c,1 d,1 e,1 f,0 '
t_is 'stages by day' \
    "$("$CICLO" stages "$T/clock.ciclo" --by day --csv | grep -E '^2026-(03-2[89]|03-30|10-2[56]),buyer' | cut -d, -f1,4 | tr '\n' ' ')" \
    '2026-03-28,1 2026-03-29,4 2026-03-30,1 2026-10-25,4 2026-10-26,1 '
{
    event a 1 2026-03-28T11:00:00Z visit # noon
    event a 2 2026-03-29T10:30:00Z purchase 1 # half past noon, 23.5 hours on
    event b 3 2026-03-28T11:00:00Z visit
    event b 4 2026-03-29T11:00:00Z purchase 1 # 24 hours on, one in the afternoon
} >"$T/within.jsonl"
t_ok 'a night of 23 hours in between' shop within
t_is 'a length of a day is 24 hours, whatever the clock shows' \
    "$(for within in 23h 24h 1d; do
        asked within funnel --step visit --step purchase --within $within --csv | tail -1 | cut -d, -f3
    done | tr '\n' ' ')" '0 2 2 '

# Which time: the same of every report, on the command line and over HTTP.
while read -r words; do
    report=${words%% *}
    # shellcheck disable=SC2086
    t_fails "the future is not known: $words" '--at lies in the future, which nobody knows' \
        "$CICLO" $report "$T/one.ciclo" ${words#"$report"} --clock 2026-12-02 --at 2026-12-03
    [ "$report" = rfm ] || t_fails "a range the wrong way round: $words" 'to must be later than from' \
        "$CICLO" $report "$T/one.ciclo" ${words#"$report"} --clock 2026-12-02 --from 2026-03-02 --to 2026-03-01
done <"$T/reports"
# What is called by a name that there is not: what, and what there is.
refuses() {
    # shellcheck disable=SC2086
    t_fails "$1 is none" "$2" asked one $3
}
refuses 'a stage far from any' 'no stage "kitchen"; the stages are those under `stages:`' 'paths --after stage.kitchen'
refuses 'a stage near one' 'no stage "buyr"; did you mean buyer?' 'churn --active stage.buyr'
refuses 'a worse stage' 'no stage "x"; the stages are' 'journey-map --worse x'
refuses 'a segment far from any' 'no segment "x"; those that it has stand under `segments:`' 'paths --segment x'
while read -r option words; do
    refuses "--$option of no time" 'is no time at all: give a length such as 30d' "$words --$option 0d"
done <<'END'
within funnel --step visit --step purchase
after cohorts --first purchase
gap paths --through event
within paths --through event
within journey-map --through event
half-life attribution --conversion purchase
every survival --first visit --end purchase
within survival --first visit --end purchase --customers waiting
END
refuses 'a period' 'no period "2026-13" here; periods are called as the report calls them' \
    'churn --active purchase --customers 2026-13 --who lost'
t_fails 'a segment without a name' '--segment says nothing: leave it out for everybody' asked one paths --segment ''
t_fails 'a rule of nothing' '--when says nothing: leave it out for everybody' asked one funnel --step purchase --when ''
for words in stages 'segment buyers' 'overlap buyers buyers'; do
    # shellcheck disable=SC2086
    set -- $words
    t_name=$1
    shift
    t_fails "nor is it to $t_name" '--at lies in the future' "$CICLO" "$t_name" "$T/one.ciclo" "$@" --clock 2026-12-02 --at 2026-12-03
done
shop=$T/one.ciclo
serve --clock 2026-12-02
# said ROUTE PARAMETER...: what is wrong with it.
said() {
    s_route=$1
    shift
    curl -s -G "${url}api/$s_route" "$@" | sed 's/.*"message":"\([^"]*\)".*/\1/'
}
while read -r route question; do
    # shellcheck disable=SC2086
    t_is "over HTTP, too: $route" "$(said "$route" $question -d at=2026-12-03); $(said "$route" $question -d from=2026-03-02 -d to=2026-03-01)" \
        'at lies in the future, which nobody knows: leave it out for now; the time asked for ends before it begins: to must be later than from'
    # shellcheck disable=SC2086
    t_is "and a time to come has nobody in it: $route" \
        "$(curl -s -o "$T/out" -w '%{http_code}' -G "${url}api/$route" $question -d from=2100-01-01 -d to=2101-01-01) $(grep -c '"customers":[1-9]' "$T/out")" \
        '200 0'
done <<'END'
funnel -d steps=visit,purchase
cohorts -d first=purchase
attribution -d conversion=purchase
paths -d through=event
survival -d first=visit -d end=purchase
churn -d active=purchase
lift -d assigned=visit -d group=channel -d conversion=purchase
journey-map -d through=event
channels -d event=purchase
END
t_done
