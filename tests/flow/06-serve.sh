#!/bin/sh
# ciclo serve: it answers, keeps others from writing meanwhile, and ends when it is told to.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo

cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"Order Completed","userId":"a/b c","messageId":"1","timestamp":"2026-01-01T10:00:00.250Z"}
JSON
echo '{"type":"track","event":"Order Completed","userId":"bob","messageId":"2","timestamp":"2026-01-02T10:00:00Z"}' \
    >"$T/more.jsonl"
t_ok 'a file is made' "$CICLO" init "$shop"
t_ok 'an event comes in' "$CICLO" import "$shop" "$T/events.jsonl"

serve --clock 2026-04-01T10:00:00.250Z
t_ok 'it says where it is' test -n "$url"
t_is 'its clock stands where it was told' \
    "$(curl -s "${url}api/stages" | grep -o '"stage":"at_risk","customers":1')" \
    '"stage":"at_risk","customers":1'
t_is 'SQL is answered meanwhile' "$("$CICLO" sql "$shop" 'select count(*) as n from events, model')" 'n
1'
t_is 'a customer with any id' "$(curl -s "${url}api/customers/a%2Fb%20c" | head -c 13)" '{"id":"a/b c"'
t_is 'the page' "$(curl -s "$url" | grep -c '<title>')" 1
t_is 'not for another site that points here' \
    "$(curl -s -o "$T/out" -w '%{http_code}' -H 'Host: evil.example' "${url}api/info")" 400

t_fails 'a second writer is told who holds the file' 'ciclo serve' \
    "$CICLO" import "$shop" "$T/more.jsonl"
"$CICLO" model show "$shop" >"$T/model.yaml"
t_fails 'a new model too' 'ciclo serve' "$CICLO" model apply "$shop" "$T/model.yaml"
t_fails 'and a second server' 'ciclo serve' \
    timeout 20 "$CICLO" serve "$shop" --listen 127.0.0.1:0
t_ok 'others may read' sh -c '"$0" stages "$1" --json | grep -q "\"population\":1"' "$CICLO" "$shop"
t_ok 'another file is made' "$CICLO" init "$T/other.ciclo"
t_fails 'which cannot be served at the same place' 'does something else listen there?' \
    timeout 20 "$CICLO" serve "$T/other.ciclo" --listen "$(echo "$url" | sed 's|http://||; s|/$||')"
t_fails 'nor to the whole world' 'other machines' \
    timeout 20 "$CICLO" serve "$T/other.ciclo" --listen 0.0.0.0:0
t_fails 'nor nowhere' 'no address' timeout 20 "$CICLO" serve "$T/other.ciclo" --listen nowhere
ends TERM
t_is 'SIGTERM ends it well' "$status" 0
t_is 'without a word' "$(cat "$T/log")" ''
t_is 'nobody is there any more' "$(curl -s "${url}healthz"; echo $?)" 7
t_is 'no helper files stay' "$(cd "$T" && ls shop.ciclo*)" shop.ciclo

t_ok 'now the import works' "$CICLO" import "$shop" "$T/more.jsonl"
serve
t_is 'and is served' "$(curl -s "${url}api/info" | grep -o '"customers":2')" '"customers":2'
ends INT
t_is 'Ctrl-C ends it well' "$status" 0
t_done
