#!/bin/sh
# The dictionary: what the model declares and the data brings, what a strict one refuses, and how
# what was refused is mended and sent again.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo

cat >"$T/learning.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { from: ["Order Completed"], properties: { revenue: money, day: moment, sku: text } }
traits: { country: text }
lifecycle:
  stages: { reach: , buyer: }
  moves: [ { from: reach, to: buyer, when: "exists(purchase)" } ]
YAML
{ cat "$T/learning.yaml"; echo 'dictionary: { mode: strict }'; } >"$T/strict.yaml"
sed 's/strict/lenient/' "$T/strict.yaml" >"$T/wrong.yaml"

# line ID EVENT MORE: one call of a batch.
line() {
    printf '{"type":"track","event":"%s","userId":"%s","messageId":"%s","timestamp":"2026-03-0%sT10:00:00Z"%s}' \
        "$2" "u$1" "m$1" "$1" "$3"
}
send() {
    curl -s --data-binary "$2" "${url%/}$1" >"$T/answer"
    grep -o '"accepted":[0-9]*,"duplicates":[0-9]*' "$T/answer"
}
dictionary() {
    "$CICLO" dictionary "$shop" --csv
}
refused() {
    "$CICLO" refused "$shop" --csv | tail -n +2
}
again() {
    "$CICLO" refused "$shop" --resend "$@"
}
events() {
    "$CICLO" sql "$shop" "select count(*) from events" --csv | tail -n 1
}

t_ok 'a file is made' "$CICLO" init "$shop" --model "$T/learning.yaml"
t_fails 'a mode is strict or learning' "a dictionary's mode is strict" "$CICLO" model check "$shop" "$T/wrong.yaml"

# --- learning ---
serve
t_is 'a learning dictionary takes all' "$(send /v1/batch "[$(line 1 purchase ',"properties":{"revenue":5,"day":"2026-03-01"}'),$(
    line 2 'Order Completed' ',"properties":{"revenue":"much","day":"soon","size":3}'),$(
    line 3 Looked ',"properties":{"size":"XL"},"context":{"traits":{"country":"IT","age":7}}'),$(
    line 4 Looked ',"properties":{"size":4}')]")" '"accepted":4,"duplicates":0'
ends
t_is 'what came is counted, under the name that the model gives it' "$(dictionary | grep '^purchase,,')" \
    'purchase,,declared,,2,2026-03-01T10:00:00.000Z,2026-03-02T10:00:00.000Z,0,,0,'
t_is 'with the values that rules do not see' "$(dictionary | grep '^purchase,revenue')" \
    'purchase,revenue,declared,money,2,2026-03-01T10:00:00.000Z,2026-03-02T10:00:00.000Z,1,"number 1, text 1",,'
t_is 'moments too' "$(dictionary | grep -o '^purchase,day,.*' | cut -d , -f 4,5,8)" moment,2,1
t_is 'what never came is listed' "$(dictionary | grep '^purchase,sku')" 'purchase,sku,declared,text,0,,,0,,,'
t_is 'what is not declared is learned' "$(dictionary | grep '^Looked,size\|^purchase,size' | cut -d , -f 1-5,8)" \
    'Looked,size,learned,text,2,1
purchase,size,learned,number,1,0'
t_is 'traits as well' "$(dictionary | grep '^(trait)' | cut -d , -f 2-5)" 'age,learned,number,1
country,declared,text,1'
t_ok 'as JSON' sh -c "'$CICLO' dictionary '$shop' --json | python3 -m json.tool >/dev/null"
t_ok 'for people' sh -c "'$CICLO' dictionary '$shop' | grep -q 'is learning'"

# --- strict ---
t_ok 'a model may be strict' "$CICLO" model apply "$shop" "$T/strict.yaml"
serve
t_is 'a strict dictionary takes what is declared, by any of its names' "$(send /v1/batch "[$(
    line 5 'Order Completed' ',"properties":{"revenue":5,"day":"2026-03-01","sku":"a"},"context":{"page":{"url":"/"},"traits":{"country":"PT"}}'),$(
    line 6 Bought ',"properties":{"revenue":1}'),$(
    line 7 purchase ',"properties":{"amount":7}'),$(
    line 8 purchase ',"properties":{"revenue":"8.50"}'),$(
    line 9 purchase ',"properties":{"day":"soon"},"context":{"traits":{"age":1}}')]")" '"accepted":1,"duplicates":0'
t_is 'and says why it does not take the rest' "$(grep -o '"reason":"[^}]*' "$T/answer" | cut -c 11-)" \
    'the model declares no event \"Bought\""
the model declares no property \"amount\" of purchase"
the property \"revenue\" of purchase must be of type money"
the property \"day\" of purchase must be of type moment"'
t_is 'an identify with a trait that is none' "$(send /v1/identify '{"userId":"i","traits":{"age":3}}')" '"accepted":0,"duplicates":0'
t_is 'and with one that is' "$(send /v1/identify '{"userId":"i","traits":{"country":"BR"}}')" '"accepted":1,"duplicates":0'
t_is 'the server lists it by reason' "$(curl -s "${url}api/refused" | python3 -c 'import json, sys
for g in json.load(sys.stdin)["groups"]: print(g["count"], g["calls"], g["source"], g["first"], g["reason"])' | sed -n 1,2p)" \
    '1 1 http 2026-03-06T10:00:00.000Z the model declares no event "Bought"
1 1 http 2026-03-07T10:00:00.000Z the model declares no property "amount" of purchase'
# page [PARAMETER...]: a page of reasons, or of rows
page() {
    path=$1
    shift
    curl -s -G "${url}api/$path" "$@"
}
next() { grep -o '"next":[^,}]*' "$T/page" | cut -d : -f 2 | tr -d '"'; }
after=0 pages=0
while [ "$after" != null ]; do
    page refused --data-urlencode limit=2 --data-urlencode "after=$after" >"$T/page"
    grep -o '"reason":' "$T/page"
    after=$(next) pages=$((pages + 1))
done >"$T/reasons"
t_is 'page by page' "$pages $(wc -l <"$T/reasons") $(grep -o '"reasons":[0-9]*' "$T/page")" '3 5 "reasons":5'
t_is 'or one reason alone' "$(page refused --data-urlencode 'reason=the model declares no event "Bought"' |
    grep -o '"reason":' | wc -l)" 1
t_is 'and its rows, from where the page before ended' "$(page refused/rows --data-urlencode source=http \
    --data-urlencode 'reason=the model declares no event "Bought"' --data-urlencode limit=1 >"$T/page"
    grep -o '"id":' "$T/page" | wc -l; after=$(next)
    page refused/rows --data-urlencode source=http --data-urlencode "after=$after" \
        --data-urlencode 'reason=the model declares no event "Bought"')" '1
{"rows":[],"next":null}'
t_is 'a place that is none' "$(page refused --data-urlencode after=x; page refused/rows --data-urlencode after=1)" \
    '{"error":{"code":"input","message":"after is what the page before gave as next"}}{"error":{"code":"input","message":"after is what the page before gave as next"}}'
t_is 'and by event' "$(curl -s "${url}api/dictionary" | python3 -c 'import json, sys
for e in json.load(sys.stdin)["events"]: print(e["name"], e["refused"], len(e["reasons"]))')" \
    'Bought 1 1
Looked 0 0
identify 1 1
purchase 3 3'

# --- mended, one by one, over HTTP ---
api() {
    curl -s -H 'Content-Type: application/json' -d "$1" "${url}api/refused/resend"
}
reason='the property \"day\" of purchase must be of type moment'
curl -s -G "${url}api/refused/rows" --data-urlencode "source=http" --data-urlencode "reason=$(printf %s "$reason" | tr -d '\\')" >"$T/rows"
id=$(grep -o '"id":"[0-9a-f]*"' "$T/rows" | cut -d '"' -f 4)
text=$(line 9 purchase ',"properties":{"day":"2026-03-09"}' | sed 's/"/\\"/g')
t_is 'a mended event is tried' "$(api "{\"id\":\"$id\",\"text\":\"$text\",\"dry_run\":true}" | grep -o '"accepted":[0-9]*')" '"accepted":1'
t_is 'which changes nothing' "$(refused | wc -l)" 5
t_is 'then sent' "$(api "{\"id\":\"$id\",\"text\":\"$text\"}" | grep -o '"accepted":[0-9]*')" '"accepted":1'
t_is 'and leaves the list' "$(refused | wc -l) $(refused | grep -c soon)" '4 0'
t_is 'it is seen at once' "$(curl -s "${url}api/customers/u9" | grep -o '"stage":"buyer"' | head -n 1)" '"stage":"buyer"'
t_is 'a second time it is not there' "$(api "{\"id\":\"$id\"}" | grep -o '"code":"[a-z_]*"')" '"code":"not_found"'
for body in '{}' '{"id":"x"}' '{"text":"{}","reason":"r"}' '{"reason":"r","convert":"a=money"}' '{"reason":"r","rename_type":"a"}'; do
    t_is "it asks for sense: $body" "$(api "$body" | grep -o '"code":"[a-z_]*"')" '"code":"input"'
done
ends

# --- mended, all of a kind, from the command line ---
before=$(events)
t_is 'as it was it is refused again' "$(again)" '1 refused: the model declares no event "Bought"
1 refused: the model declares no property "amount" of purchase
1 refused: the model declares no trait "age"
1 refused: the property "revenue" of purchase must be of type money'
t_is 'and stays' "$(refused | wc -l) $(events)" "4 $before"
t_is 'a dry run says what would come of it' "$(again --rename-type Bought=purchase --rename-property amount=revenue --convert revenue=number --dry-run)" \
    '3 would be accepted
1 refused: the model declares no trait "age"'
t_is 'and changes nothing' "$(refused | wc -l) $(events)" "4 $before"
t_is 'one reason alone' "$(again --reason 'the model declares no event "Bought"' --rename-type Bought=purchase)" '1 accepted'
t_is 'the others' "$(again --rename-property amount=revenue --convert revenue=number --json | grep -o '"accepted":[0-9]*')" '"accepted":2'
t_is 'are events' "$("$CICLO" sql "$shop" "select id, revenue from events where id in ('m6','m7','m8') order by id" --csv | tail -n +2)" 'm6,1
m7,7
m8,8.5'
t_is 'the rest stays' "$(refused | wc -l) $(events)" "1 $((before + 3))"
t_is 'a value that cannot be one' "$(again --convert age=bool)" '1 refused: age cannot be read as a bool'
t_ok 'the file is whole' "$CICLO" verify "$shop"
t_ok 'also rebuilt' "$CICLO" rebuild "$shop"
t_is 'with what was refused' "$(refused | wc -l)" 1
t_fails 'wrong use is told' 'OLD=NEW' again --rename-type Bought
t_fails 'mends need --resend' '--dry-run needs --resend' "$CICLO" refused "$shop" --dry-run

# --- what path and batch said of it ---
serve
t_is 'a call of the path' "$(send /v1/track '{"event":"Bought","userId":"path","messageId":"path"}')" '"accepted":0,"duplicates":0'
t_is 'or of a batch' "$(send /v1/batch '{"context":{"page":{"url":"/b"}},"sentAt":"2016-01-01T00:01:00Z","batch":[{"type":"track","event":"Bought","userId":"late","messageId":"late","timestamp":"2016-01-01T00:00:00Z"}]}')" '"accepted":0,"duplicates":0'
ends
now=$(date -u +%s)
t_is 'is known when it is sent again' "$(again --rename-type Bought=purchase --reason 'the model declares no event "Bought"')" '2 accepted'
t_is 'with its time' "$("$CICLO" sql "$shop" "select id, $now - ts between 0 and 30, $now - ts between 60 and 90 from events where id in ('path','late') order by id" --csv | tail -n +2)" 'late,0,1
path,1,0'
t_is 'and its context' "$("$CICLO" sql "$shop" "select \"context.page.url\" from events where id = 'late'" --csv | tail -n 1)" /b

# --- imports ---
printf 'who,when,what,much\nc1,2026-01-01,purchase,5\nc2,2026-01-01,Bought,6\n' >"$T/orders.csv"
t_ok 'an import keeps to it' "$CICLO" import "$shop" "$T/orders.csv" --customer who --time when --event-column what --property revenue:money=much
t_is 'row by row' "$(refused | tail -n 1 | sed 's/,[^,]*Z$//')" 'orders.csv,3,"the model declares no event ""Bought""","c2,2026-01-01,Bought,6"'
t_is 'a row of a CSV file is no call' "$(again --source orders.csv)" '1 no calls, such as lines of a CSV file: mend that, and import it again'
t_done
