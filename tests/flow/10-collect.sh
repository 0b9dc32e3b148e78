#!/bin/sh
# The tracking API: what SDKs send to ciclo serve is on disk when it is answered, and seen at once.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$T"' EXIT

# serve WORDS...: sets $server and $url once it says where it listens.
serve() {
    : >"$T/said"
    "$CICLO" serve "$shop" --listen 127.0.0.1:0 "$@" >"$T/said" 2>"$T/log" &
    server=$!
    url=
    while [ -z "$url" ] && kill -0 $server 2>/dev/null; do
        url=$(sed -n 's/.*\(http:[^ ]*\)\/.*/\1/p' "$T/said")
        sleep 0.02
    done
}
stop() {
    kill "$server"
    wait "$server"
    server=
}
# post PATH BODY [WORDS FOR CURL]: the status, a space, and what was answered.
post() {
    t_path=$1
    t_body=$2
    shift 2
    curl -s -w '%{http_code} ' -o "$T/answer" "$@" --data-binary "$t_body" "$url$t_path"
    cat "$T/answer"
}
taken() {
    echo "200 {\"success\":true,\"accepted\":$1,\"duplicates\":$2,\"refused\":[$3]}"
}
ask() {
    "$CICLO" sql "$shop" "$@" --csv
}

t_ok 'a file is made' "$CICLO" init "$shop"
serve

t_is 'one call is taken' "$(post /v1/track \
    '{"userId":"anna","event":"Order Completed","properties":{"revenue":12.5}}' -u key:)" "$(taken 1 0)"
t_is 'the page sees it at once' \
    "$(curl -s "$url/api/customers/anna" | grep -o '"stage":"conversion"' | head -n 1)" '"stage":"conversion"'
stop
t_ok 'the file is whole' "$CICLO" verify "$shop"
t_done
