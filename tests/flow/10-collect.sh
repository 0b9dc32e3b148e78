#!/bin/sh
# The tracking API: what SDKs send to ciclo serve is on disk when it is answered, and seen at once.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo

# post PATH BODY [WORDS FOR CURL]: the status, a space, and what was answered.
post() {
    t_path=$1
    t_body=$2
    shift 2
    curl -s -w '%{http_code} ' -o "$T/answer" "$@" --data-binary "$t_body" "${url%/}$t_path"
    cat "$T/answer"
}
taken() {
    echo "200 {\"success\":true,\"accepted\":$1,\"duplicates\":$2,\"refused\":[$3]}"
}
ask() {
    "$CICLO" sql "$shop" "$@" --csv | tail -n +2
}

t_ok 'a file is made' "$CICLO" init "$shop"
serve

t_is 'one call is taken' "$(post /v1/track \
    '{"userId":"anna","event":"Order Completed","properties":{"revenue":12.5}}' -u key:)" "$(taken 1 0)"
t_is 'the page sees it at once' \
    "$(curl -s "${url}api/customers/anna" | grep -o '"stage":"conversion"' | head -n 1)" '"stage":"conversion"'

# --- every path that SDKs send to ---
n=0
for type in track identify page screen group alias; do
    short=$(echo $type | cut -c 1)
    for path in /v1/$type /v1/$short; do
        n=$((n + 1))
        t_is "$path" "$(post $path "{\"userId\":\"all\",\"event\":\"Seen\",\"groupId\":\"g\",\"previousId\":\"p\",\"messageId\":\"all-$n\",\"name\":\"Home\"}" -u key)" "$(taken 1 0)"
    done
done
t_is 'are events of their types' "$(ask "select type, count(*) from events where customer = 'all' group by type order by type")" \
    "$(printf '%s,2\n' Seen alias group identify page screen)"
for path in /v1/batch /v1/b /v1/import '/beacon/v1/batch?writeKey=key'; do
    n=$((n + 1))
    t_is "$path" "$(post "$path" "{\"writeKey\":\"key\",\"batch\":[{\"type\":\"track\",\"event\":\"Seen\",\"userId\":\"b\",\"messageId\":\"b-$n\"}]}")" "$(taken 1 0)"
done
t_is 'a list alone' "$(post /v1/batch '[{"type":"page","anonymousId":"list"}]')" "$(taken 1 0)"
t_is 'an empty batch' "$(post /v1/batch '{"batch":[]}')" "$(taken 0 0)"
t_is 'an SDK may measure itself' "$(post /v1/m '{"series":[]}')" '200 {"success":true}'
t_is 'the settings that a browser asks for name the key and us' \
    "$(curl -s "${url}v1/projects/abc/settings" | grep -o '"Segment.io":{"apiKey":"abc","apiHost":"127.0.0.1:[0-9]*/v1","protocol":"http"' | sed 's/1:[0-9]*/1:/')" \
    '"Segment.io":{"apiKey":"abc","apiHost":"127.0.0.1:/v1","protocol":"http"'
t_is "RudderStack's too" "$(curl -s "${url}sourceConfig/?writeKey=abc" | grep -o '"enabled":true' | head -n 1)" '"enabled":true'
t_is 'no other path' "$(curl -s -o "$T/answer" -w '%{http_code}' "${url}v1/nothing")$(post /v1/nothing '{}' | cut -c 1-3)" 404404
t_is 'nor another method' "$(curl -s -o "$T/answer" -w '%{http_code}' "${url}v1/track")" 405

# --- images ---
pixel() {
    curl -s -o "$T/gif" -w '%{http_code} %{content_type} ' "${url%/}$1"
    wc -c <"$T/gif" | tr -d ' '
}
t_is 'an image, as RudderStack asks for it' \
    "$(pixel '/pixel/v1/track?writeKey=k&anonymousId=mail&event=Opened&messageId=px1&properties.campaign=may&context.page.url=http%3A%2F%2Fx%2F')" \
    '200 image/gif 43'
data=$(printf '{"writeKey":"k","userId":"mail","event":"Opened","messageId":"px2","properties":{"campaign":"june"}}' | base64 | tr -d '\n=')
t_is 'an image, as Segment asks for it' "$(pixel "/v1/pixel/track?data=$data")" '200 image/gif 43'
t_is 'are events' "$(ask "select id, campaign, \"context.page.url\" from events where customer = 'mail' order by id")" 'px1,may,http://x/
px2,june,'

# --- browsers ---
all='{"userId":"page","event":"Seen","messageId":"page"}'
curl -s -i -X OPTIONS "${url}v1/t" -H 'Origin: https://shop.example' -H 'Access-Control-Request-Method: POST' \
    -H 'Access-Control-Request-Headers: content-type,x-any' | tr -d '\r' >"$T/preflight"
t_is 'a preflight is answered without a key' "$(head -n 1 "$T/preflight" | cut -d ' ' -f 2)" 204
t_is 'with the headers that were asked for' "$(grep -i '^access-control-allow-headers' "$T/preflight")" \
    'Access-Control-Allow-Headers: content-type,x-any'
stranger() { post "$@" | cut -c 1-3; }
for origin in https://shop.example http://localhost.evil.example null http://evil.example:7070; do
    t_is "without keys a page of $origin is refused" "$(stranger /v1/t "$all" -H "Origin: $origin")" 403
done
t_ok 'with words that name what to do' grep -q 'ciclo key FILE add' "$T/answer"
t_is 'an image on it too' "$(stranger "/v1/pixel/track?data=$data" '' -G -H 'Sec-Fetch-Site: cross-site')" 403
for origin in http://localhost:3000 https://127.0.0.1 'http://[::1]:8080' "${url%/}"; do
    t_is "one of $origin is not" "$(stranger /v1/t "$all" -H "Origin: $origin" -H 'Sec-Fetch-Site: cross-site')" 200
done
ends
serve --open-collect
t_is 'nor is any with --open-collect' "$(stranger /v1/t "$all" -H 'Origin: https://shop.example')" 200
curl -s -i "${url}v1/t" -H 'Origin: https://shop.example' --data-binary 'no JSON' | tr -d '\r' >"$T/cors"
t_is 'refusals can be read too' "$(grep -i '^access-control-\(allow-origin\|expose\)' "$T/cors")" \
    'Access-Control-Allow-Origin: https://shop.example
Access-Control-Expose-Headers: Retry-After, X-RateLimit-Reset'

# --- bodies ---
event='{"type":"track","event":"Packed","userId":"zip","messageId":"'
t_is 'text/plain' "$(post /v1/batch "[${event}z0\"}]" -H 'Content-Type: text/plain')" "$(taken 1 0)"
printf '[%sz1"}]' "$event" | gzip >"$T/z1"
printf '[%sz2"}]' "$event" | gzip >"$T/z2"
t_is 'gzip that says so' "$(post /v1/batch "@$T/z1" -H 'Content-Encoding: gzip')" "$(taken 1 0)"
t_is 'gzip that does not' "$(post /v1/batch "@$T/z2")" "$(taken 1 0)"
t_is 'what only says that it is gzip' "$(post /v1/batch "[${event}z3\"}]" -H 'Content-Encoding: gzip')" "$(taken 1 0)"
t_is 'in chunks' "$(post /v1/batch "[${event}z4\"}]" -H 'Transfer-Encoding: chunked')" "$(taken 1 0)"
t_is 'are events' "$(ask "select group_concat(id) from (select id from events where customer = 'zip' order by id)")" '"z0,z1,z2,z3,z4"'
head -c 100 "$T/z1" | head -c 20 >"$T/half"
t_is 'gzip that is cut' "$(post /v1/batch "@$T/half" | cut -c 1-3)" 400
head -c 50000000 /dev/zero | gzip >"$T/bomb"
t_is 'a gzip bomb' "$(post /v1/batch "@$T/bomb" | cut -c 1-3)" 413
head -c 1100000 /dev/zero | tr '\0' ' ' >"$T/large"
t_is 'a body too large' "$(post /v1/batch "@$T/large" | cut -c 1-3)" 413
t_is 'and one in chunks' "$(post /v1/batch "@$T/large" -H 'Transfer-Encoding: chunked' | cut -c 1-3)" 413
awk 'BEGIN { printf "["; for (i = 0; i < 5001; i++) printf "%s{}", i ? "," : ""; print "]" }' >"$T/many"
t_is 'too many events' "$(post /v1/batch "@$T/many" | cut -c 1-3)" 413
for body in 'no JSON' '"text"' '17' '{"batch":[{}' '{"batch":7}' '[{"a":"}]' ''; do
    t_is "no JSON of calls: $body" "$(post /v1/batch "$body" | cut -c 1-3)" 400
done

# --- good and bad ones together ---
good='"type":"track","event":"Kept","userId":"mixed"'
deep=$(awk 'BEGIN { for (i = 0; i < 100; i++) printf "{\"a\":"; printf 1; for (i = 0; i < 100; i++) printf "}" }')
digits=$(awk 'BEGIN { for (i = 0; i < 400; i++) printf 7 }')
long=$(awk 'BEGIN { for (i = 0; i < 140000; i++) printf "y" }')
{
    printf '{"batch":['
    printf '{%s,"messageId":"g1"},' "$good"
    printf '{%s,"properties":%s},' "$good" "$deep"
    printf '{%s,"properties":{"n":%s}},' "$good" "$digits"
    printf '{%s,"properties":{"t":"\377\376"}},' "$good"
    printf '{%s,"properties":{"t":"\\u0000"},"messageId":"g5"},' "$good"
    printf '{%s,"messageId":"g1"},' "$good"
    printf '{"type":"track","event":"Kept"},'
    printf '{"type":"charge","userId":"mixed"},'
    printf '{%s,"timestamp":"yesterday"},' "$good"
    printf '{%s,"timestamp":"2999-01-01T00:00:00Z"},' "$good"
    printf '"text",'
    printf '{%s,"properties":{"t":"%s"}},' "$good" "$long"
    printf '{%s,"properties":{"d":1,"d":2},"messageId":"g12"},' "$good"
    printf '{%s,"messageId":"g13",bad},' "$good"
    printf '{%s,"messageId":"g14"}]}' "$good"
} >"$T/mixed"
post /v1/batch "@$T/mixed" -H 'Content-Type: text/plain' >"$T/said.mixed"
t_is 'of a batch the good ones are taken' "$(grep -o '^200 {"success":true,"accepted":[0-9]*,"duplicates":[0-9]*' "$T/said.mixed")" \
    '200 {"success":true,"accepted":4,"duplicates":1'
t_is 'the bad ones named' "$(grep -o '"index":[0-9]*' "$T/said.mixed" | tr '\n' ' ')" \
    '"index":1 "index":2 "index":3 "index":6 "index":7 "index":8 "index":9 "index":10 "index":11 "index":13 '
t_is 'with their reasons' "$(grep -o '"reason":"[^"]*' "$T/said.mixed" | cut -c 11-60)" 'this is no JSON: lists and objects inside one anot
this is no JSON: a number that is not written as J
this is no JSON: bytes that are no UTF-8
userId and anonymousId are missing
type is none of track, identify, page, screen, gro
timestamp is no moment such as 2026-11-21T10:00:00
the time lies in the future
it is no JSON object
it is larger than 128 KiB
this is no JSON: a bracket, comma, colon or value '
t_is 'they are events' "$(ask "select group_concat(id) from (select id from events where customer = 'mixed' order by id)")" '"g1,g12,g14,g5"'
t_is 'of doubles the last is kept' "$(ask "select d from events where id = 'g12'")" 2
t_is 'what was refused can be looked at' "$("$CICLO" refused "$shop" --csv | grep -c '^http,9,the time lies')" 1
t_is 'the same again is known' "$(post /v1/batch "@$T/mixed" | grep -o '"accepted":[0-9]*,"duplicates":[0-9]*')" '"accepted":0,"duplicates":5'
before=$("$CICLO" refused "$shop" --csv | wc -l)
post /v1/track '{"event":7,"userId":"secret","writeKey":"hush","context":{"ip":"203.0.113.77"}}' >"$T/answer"
"$CICLO" refused "$shop" --csv | tail -n 1 >"$T/row"
t_is 'neither key nor address of what was refused is kept' "$(grep -c 'hush\|203.0.113.77' "$T/row") $(grep -c secret "$T/row")" '0 1'

# --- who goes away before he is answered ---
python3 - "$url" <<'PY'
import socket, sys
port = int(sys.argv[1].rstrip('/').rsplit(':', 1)[1])
body = b'{"event":"Left","userId":"left","messageId":"left"}'
whole = b'POST /v1/track HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n' % len(body) + body
for text in whole, whole[:-10], whole[:40]:
    with socket.create_connection(('127.0.0.1', port)) as s:
        s.sendall(text)
PY
t_is 'harms nobody' "$(post /v1/track '{"event":"Left","userId":"stayed"}')" "$(taken 1 0)"
t_is 'and what he sent whole is there once' "$(post /v1/track '{"event":"Left","userId":"left","messageId":"left"}')" "$(taken 0 1)"

# --- times and ids ---
now=$(date -u +%s)
stamp() { date -u -d "@$(($now + $1))" +%Y-%m-%dT%H:%M:%S.000Z; }
wrong() { date -u -d "@$(($now + $1 - 315360000))" +%Y-%m-%dT%H:%M:%S.000Z; }
t_is 'a clock ten years behind' "$(post /v1/batch "{\"sentAt\":\"$(wrong 0)\",\"batch\":[{\"type\":\"track\",\"event\":\"Clock\",\"userId\":\"late\",\"timestamp\":\"$(wrong -60)\",\"messageId\":\"c1\"}]}")" "$(taken 1 0)"
age=$(ask "select $now - ts from events where id = 'c1'")
t_ok 'is put right' test "$age" -gt 30 -a "$age" -le 61
t_is 'without sentAt a time is taken as it is' "$(post /v1/track '{"event":"Clock","userId":"late","timestamp":"2011-12-10T10:00:00Z","messageId":"c2"}')" "$(taken 1 0)"
t_is 'even an old one' "$(ask "select time from events where id = 'c2'")" '2011-12-10 10:00:00'
t_is 'an event without an id' "$(post /v1/track '{"event":"Clock","userId":"late","timestamp":"2012-12-10T10:00:00Z"}')" "$(taken 1 0)"
t_is 'is known when it is sent again' "$(post /v1/track '{"event":"Clock","userId":"late","timestamp":"2012-12-10T10:00:00Z"}')" "$(taken 0 1)"
t_is 'one without a time is another each time' "$(post /v1/track '{"event":"Clock","userId":"late"}')$(post /v1/track '{"event":"Clock","userId":"late"}')" \
    "$(taken 1 0)$(taken 1 0)"

ends
t_is 'it says nothing but that some went away' "$(grep -v 'closed by remote side' "$T/log")" ''
t_ok 'the file is whole' "$CICLO" verify "$shop"

# --- keys ---
collect=$("$CICLO" key "$shop" add --name web --right collect | grep -o 'ck_[A-Za-z0-9_-]*')
read=$("$CICLO" key "$shop" add --name analyst --right read | grep -o 'ck_[A-Za-z0-9_-]*')
slow=$("$CICLO" key "$shop" add --name slow --right collect --rate 1 | grep -o 'ck_[A-Za-z0-9_-]*')
serve
k='{"event":"Keyed","userId":"k"}'
t_is 'without a key' "$(post /v1/track "$k" | cut -c 1-3)" 401
t_is 'with a wrong one' "$(post /v1/track "$k" -u wrong: | cut -c 1-3)" 401
t_is 'with one that may not' "$(post /v1/track "$k" -u "$read:" | cut -c 1-3)" 403
t_is 'as the name of a user' "$(post /v1/track "$k" -u "$collect:")" "$(taken 1 0)"
t_is 'without a colon' "$(post /v1/track "$k" -H "Authorization: Basic $(printf '%s' "$collect" | base64 | tr -d '\n')")" "$(taken 1 0)"
t_is 'as a bearer' "$(post /v1/track "$k" -H "Authorization: Bearer $collect")" "$(taken 1 0)"
t_is 'in the address' "$(post "/v1/track?writeKey=$collect" "$k")" "$(taken 1 0)"
t_is 'in the body' "$(post /v1/track "{\"writeKey\":\"$collect\",\"event\":\"Keyed\",\"userId\":\"k\"}")" "$(taken 1 0)"
post /v1/track '{"event":"Keyed"}' -u "$collect:" >"$T/answer"
t_is 'of what is refused the name of the key is known' "$("$CICLO" refused "$shop" --csv | tail -n 1 | cut -d , -f 1)" http:web
t_is 'with one a page of any site' "$(post /v1/track "$k" -u "$collect:" -H 'Origin: https://shop.example')" "$(taken 1 0)"
t_is 'images need one too' "$(curl -s -o "$T/gif" -w '%{http_code}' "${url}v1/pixel/page?userId=k")" 401
t_is 'the settings do not' "$(curl -s -o "$T/answer" -w '%{http_code}' "${url}v1/projects/x/settings")" 200
for i in 1 2 3; do
    post /v1/batch "[$(yes '{"type":"track","event":"Fast","userId":"f"}' | head -n 40 | paste -s -d ,)]" -u "$slow:" -D "$T/headers" | cut -c 1-3
done >"$T/codes"
t_is 'a key that sends too much is told to wait' "$(tail -n 1 "$T/codes") $(grep -ci '^retry-after: [1-9]' "$T/headers")" '429 1'

# --- who leaves in the middle of what he says ---
curl -s --max-time 0.2 -u "$collect:" -H 'Content-Length: 100' -d "{" "${url}v1/track"
t_is 'is not waited for' "$(post /v1/track "$k" -u "$collect:")" "$(taken 1 0)"

# --- a disk that is full: no file of the server may grow any more ---
ready() { curl -s -o "$T/answer" -w '%{http_code}' "${url}readyz"; }
full='{"event":"Full","userId":"full","messageId":"full"}'
before=$(wc -l <"$T/log")
prlimit --pid "$server" --fsize=4096:
t_is 'with a full disk nothing is taken' "$(post /v1/track "$full" -u "$collect:" -D "$T/headers" | cut -c 1-3)" 503
t_is 'and it is to be sent again' "$(grep -ci '^retry-after: [1-9]' "$T/headers")" 1
t_ok 'the server says so' test "$(wc -l <"$T/log")" -gt "$before"
t_is 'and is not ready' "$(ready)" 503
prlimit --pid "$server" --fsize=unlimited:
t_is 'then there is room' "$(post /v1/track "$full" -u "$collect:")" "$(taken 1 0)"
t_is 'and it is ready' "$(ready)" 200
ends
t_ok 'and the file is whole still' "$CICLO" verify "$shop"
t_done
