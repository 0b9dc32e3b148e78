#!/bin/sh
# Keys: they are made, listed and revoked, and open what their right says and no more; sessions, TLS,
# and where a server listens.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
export PYTHONDONTWRITEBYTECODE=1

# status PATH [CURL OPTION...]: the answer is in $T/answer, its headers in $T/headers.
status() {
    path=$1
    shift
    curl -s -o "$T/answer" -D "$T/headers" -w '%{http_code}' "$@" "$url$path"
}
key() {
    "$CICLO" key "$shop" "$@" 2>>"$T/err"
}
has() {
    grep -qF -e "$2" "$1" || { cat "$1"; return 1; }
}
json='Content-Type: application/json'

cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"Order Completed","userId":"zelda","messageId":"1","timestamp":"2026-01-01T10:00:00Z"}
JSON
t_ok 'a file is made' "$CICLO" init "$shop"
t_ok 'an event comes in' "$CICLO" import "$shop" "$T/events.jsonl"

# --- the command ---
t_is 'there is no key at first' "$(key list --json)" '[]'
serve
t_ok 'without keys everybody on this machine may do all' has "$T/said" 'Everybody on this machine'
t_is 'and sees it' "$(status api/customers/zelda)" 200
t_is 'the first key can be made there' "$(status api/keys -H "$json" -d '{"name":"a","right":"read"}')" 400
t_ok 'when it can make the next one' has "$T/answer" 'admin'
t_is 'a write key of a star is struck out of what is refused, once' \
    "$(status v1/track -m 20 -d '{"writeKey":"*","type":"a*b","userId":""}')" 200
t_is 'a body of nothing is refused' "$(status v1/track -m 20 -d '')" 400
ends
t_is 'the server ends well' "$status" 0
admin=$(key add --name boss --right admin)
t_is 'a key is told' "$(echo "$admin" | grep -cE '^ck_[A-Za-z0-9_-]{43}$')" 1
edit=$(key add --name analyst --right edit)
read=$(key add --name viewer --right read)
collect=$(key add --name web --right collect)
slow=$(key add --name slow --right read --rate 1)
revoked=$(key add --name gone --right admin)
t_ok 'one is revoked' key revoke --name gone
t_fails 'once' 'no key "gone"' "$CICLO" key "$shop" revoke --name gone
t_fails 'a name is given once' 'there is a key "web" already' "$CICLO" key "$shop" add --name web --right read
t_fails 'a right is one of four' 'collect, read, edit or admin' "$CICLO" key "$shop" add --name x --right all
t_fails 'a rate is a number' '--rate' "$CICLO" key "$shop" add --name x --right read --rate 0
t_fails 'add, list or revoke' 'add, list or revoke' "$CICLO" key "$shop" show
t_is 'they are listed' "$(key list --csv | cut -d, -f1-3)" 'name,right,rate
boss,admin,
analyst,edit,
viewer,read,
web,collect,
slow,read,1
gone,admin,'
t_is 'no secret stands in the file' "$(grep -cF -e "$admin" -e "$read" "$shop")" 0
t_ok 'the file is whole' "$CICLO" verify "$shop"

# --- over HTTP ---
serve
keys=$(printf '{"admin":"%s","edit":"%s","read":"%s","collect":"%s","revoked":"%s"}' \
    "$admin" "$edit" "$read" "$collect" "$revoked")
t_ok 'every route lets in whom it should, and nobody else' \
    python3 "$ROOT/tests/flow/doors.py" walk "$url" "$keys"
t_is 'a stranger is told how to come in' "$(status api/info)" 401
t_ok 'in a header too' has "$T/headers" 'WWW-Authenticate: Bearer'
t_is 'but sees whether it is well' "$(status healthz)" 200
t_is 'and ready' "$(status readyz; cat "$T/answer")" '200{"ready":true}'
t_is 'not its metrics' "$(status metrics)" 401
t_is 'who reads does' "$(status metrics -H "Authorization: Bearer $read")" 200
t_ok 'the strangers are counted' has "$T/answer" 'ciclo_http_requests_total{door="api",status="401"}'
t_ok 'and the events' has "$T/answer" 'ciclo_file_events 1'
t_is 'a metric is what Prometheus reads' \
    "$(grep -cvE '^(# (HELP|TYPE) ciclo_[a-z_]+ .+|ciclo_[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? ([0-9.]+|\+Inf))$' "$T/answer")" 0
n=0
while [ "$(status api/session -H "Authorization: Bearer $slow")" = 200 ] && [ $n -lt 100 ]; do
    n=$((n + 1))
done
t_ok 'a key of one a second may do ten at once' test $n -ge 10 -a $n -lt 100
t_is 'and is told to wait' "$(sed -n 's/^Retry-After: \([0-9]*\).*/\1/p' "$T/headers")" 1

t_is 'a session needs a key' "$(status api/session -H "$json" -d '{"key":"ck_x"}')" 401
t_is 'that may see something' "$(status api/session -H "$json" -d "{\"key\":\"$collect\"}")" 403
t_is 'begins with one' "$(status api/session -c "$T/jar" -H "$json" -d "{\"key\":\"$read\"}")" 200
t_ok 'as a cookie for this site alone' has "$T/headers" 'HttpOnly; SameSite=Strict'
t_is 'not for TLS, which there is none' "$(grep -c Secure "$T/headers")" 0
t_is 'it opens what the key opens' "$(status api/session -b "$T/jar"; cat "$T/answer")" \
    '200{"name":"viewer","right":"read"}'
t_is 'and no more' "$(status api/keys -b "$T/jar")" 403
t_is 'another site cannot use it' \
    "$(status api/model/check -b "$T/jar" -H "$json" -H 'Origin: https://evil.example' -d '{}')" 403
t_is 'a key is revoked while all goes on' \
    "$(status api/keys/viewer -X DELETE -H "Authorization: Bearer $admin")" 200
t_is 'its session is over' "$(status api/session -b "$T/jar")" 401
status api/session -c "$T/jar" -H "$json" -d "{\"key\":\"$edit\"}" >"$T/out"
cp "$T/jar" "$T/copy"
t_is 'a session is ended' "$(status api/session -X DELETE -b "$T/jar" -c "$T/jar")" 200
t_is 'for good' "$(status api/session -b "$T/copy")" 401
t_is 'a key is made while all goes on' "$(status api/keys -H "Authorization: Bearer $admin" -H "$json" \
    -d '{"name":"viewer","right":"read","rate":50}')" 201
made=$(sed 's/.*"key":"\([^"]*\)".*/\1/' "$T/answer")
t_is 'and opens' "$(status api/info -H "Authorization: Bearer $made")" 200
t_ok 'requests by chance are no error of the server' \
    python3 "$ROOT/tests/flow/doors.py" random "$url" "$keys" $SEED
ends
t_is 'the server ends well' "$status" 0
t_is 'the key stays' "$(key list --csv | grep '^viewer' | cut -d, -f1-3 | tail -n 1)" viewer,read,50
t_ok 'and the file is whole' "$CICLO" verify "$shop"

# --- where it listens ---
none=$T/none.ciclo
t_ok 'another file' "$CICLO" init "$none"
elsewhere() {
    file=$1
    shift
    timeout 20 "$CICLO" serve "$file" --listen 0.0.0.0:0 "$@"
}
t_fails 'without a key nobody else may come' 'ciclo key FILE add' elsewhere "$none" --behind-proxy
t_fails 'not through a proxy either' 'ciclo key FILE add' \
    timeout 20 "$CICLO" serve "$none" --listen 127.0.0.1:0 --behind-proxy
t_fails 'without TLS keys could be read' '--tls-cert' elsewhere "$shop"
t_fails 'it needs a name' '--host NAME' elsewhere "$shop" --behind-proxy
t_fails 'a certificate needs its key' 'come together' elsewhere "$shop" --tls-cert "$T/cert.pem"
serve --behind-proxy --host crm.example
t_is 'a proxy speaks for others' "$(status api/info -H 'Host: crm.example' -H "Authorization: Bearer $made")" 200
t_is 'an event comes through it' "$(status v1/track -H 'Host: crm.example' -H "Authorization: Bearer $collect" \
    -H 'X-Forwarded-For: 198.51.100.9, 203.0.113.77' -d '{"event":"seen","userId":"link","messageId":"far"}')" 200
t_ok 'from whom the proxy saw, and not whole' sh -c '"$0" export "$1" events --json | grep -F far | grep -qF 203.0.113.0' \
    "$CICLO" "$shop"
t_is 'not by another name' "$(status api/info -H 'Host: evil.example' -H "Authorization: Bearer $made")" 400
t_is 'its page comes over TLS' "$(status api/session -c "$T/jar" -H "$json" -H 'Host: crm.example' \
    -H 'Origin: https://crm.example' -d "{\"key\":\"$made\"}")" 200
t_ok 'and so do its cookies' has "$T/headers" 'Secure'
ends
t_is 'the server ends well' "$status" 0

if command -v openssl >/dev/null; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
        -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost \
        -keyout "$T/key.pem" -out "$T/cert.pem" 2>"$T/err"
    t_fails 'a key in the place of a certificate is none' 'this certificate and key' \
        elsewhere "$shop" --host localhost --tls-cert "$T/key.pem" --tls-key "$T/cert.pem"
    serve --tls-cert "$T/cert.pem" --tls-key "$T/key.pem"
    t_is 'TLS by the certificate' \
        "$(status api/info --cacert "$T/cert.pem" -H "Authorization: Bearer $made")" 200
    t_is 'a session over it' "$(status api/session --cacert "$T/cert.pem" -c "$T/jar" -H "$json" \
        -d "{\"key\":\"$made\"}")" 200
    t_ok 'has a cookie that goes nowhere else' has "$T/headers" '; Secure'
    t_is 'not to whom it is unknown' "$(status api/info; echo " $?")" '000 60'
    t_is 'nor in an old version of it' \
        "$(status healthz --cacert "$T/cert.pem" --tls-max 1.1; echo " $?")" '000 35'
    t_is 'nor without it' "$(curl -s -o "$T/out" -w '%{http_code}' "http${url#https}healthz")" 000
    ends
    t_is 'the server ends well' "$status" 0
fi
t_done
