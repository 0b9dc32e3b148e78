#!/bin/sh
# A model over HTTP: checked, tried on the past, applied, compared; what is hostile is refused, and
# the file holds what was applied when the server is gone.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo

# body FILE [MORE]: the text as a JSON object.
body() {
    printf '{"text":"%s"%s}' \
        "$(sed 's/\\/\\\\/g; s/"/\\"/g; s/$/\\n/' "$1" | tr -d '\n')" "${2:+,$2}"
}
# post PATH [CURL OPTION...]: standard input is the body; the answer is in $T/answer, its status is
# printed.
post() {
    post_path=$1
    shift
    curl -s -o "$T/answer" -w '%{http_code}' --data-binary @- -H 'Content-Type: application/json' \
        "$@" "$url$post_path"
}
# outcome PATH: the answer, once the job of the last answer is over.
outcome() {
    job=$(sed 's/.*"job":"\([0-9a-f]*\)".*/\1/' "$T/answer")
    until curl -s "$url$1/$job" >"$T/answer"; ! grep -q '"result":null,"error":null' "$T/answer"; do
        sleep 0.05
    done
    cat "$T/answer"
}
has() {
    grep -qF -e "$2" "$1" || { cat "$1"; return 1; }
}

t_ok 'a file is made' "$CICLO" init "$shop" --template retail
for day in 01 05 09; do
    printf '{"type":"track","event":"Order Completed","userId":"c%s","messageId":"%s","timestamp":"2026-01-%sT10:00:00Z"}\n' \
        $day $day $day
done >"$T/events.jsonl"
t_ok 'customers come in' "$CICLO" import "$shop" "$T/events.jsonl"
"$CICLO" model show "$shop" >"$T/old.yaml"
sed 's/since(purchase) >= 180d/since(purchase) >= 120d/' "$T/old.yaml" >"$T/new.yaml"
sed 's/to: lapsed/to: laps/' "$T/old.yaml" >"$T/wrong.yaml"
serve --clock 2026-06-01

# --- hostile ---
t_is 'a form of another site sends no JSON' "$(echo '{}' | curl -s -o "$T/answer" \
    -w '%{http_code}' --data-binary @- -H 'Content-Type: text/plain' "${url}api/model/check")" 415
t_is 'another site may not ask' \
    "$(body "$T/old.yaml" | post api/model/check -H 'Origin: http://evil.example')" 403
t_is 'the page may' "$(body "$T/old.yaml" | post api/model/check -H "Origin: ${url%/}")" 200
t_is 'a stream without length is refused' \
    "$(echo '{}' | post api/model/check -H 'Transfer-Encoding: chunked')" 400
head -c 10485761 /dev/zero >"$T/large"
t_is 'more than 10 MiB too' "$(post api/model/check <"$T/large")" 413
head -c 100000 /dev/zero | tr '\0' '[' >"$T/deep"
t_is 'depth without end too' "$(post api/model/check <"$T/deep")" 400
t_is 'and what is no object' "$(echo '[1]' | post api/model/check)" 400
t_ok 'in words' has "$T/answer" 'must be a JSON object'
t_is 'a member too many' "$(body "$T/old.yaml" '"txt":"x"' | post api/model/check)" 400
t_ok 'is named' has "$T/answer" '\"txt\"'
printf 'ciclo: 1\nworkspace: &a [*a, *a]\n' >"$T/bomb.yaml"
t_is 'a bomb is looked at' "$(body "$T/bomb.yaml" | post api/model/check)" 200
t_ok 'and found to be one' has "$T/answer" '"ok":false'
t_is 'the server lives' "$(curl -s "${url}healthz")" '{"ok":true}'

# --- check, backtest ---
t_is 'a fault' "$(body "$T/wrong.yaml" | post api/model/check)" 200
t_ok 'has its line' has "$T/answer" \
    "\"line\":$(grep -n 'to: laps' "$T/wrong.yaml" | head -n 1 | cut -d: -f1)"
t_ok 'and no job' sh -c '! grep -q \"job\" "$0"' "$T/answer"
sed 's/^segments:/&\n  many: { when: "count(purchase) > 50" }/' "$T/old.yaml" >"$T/odd.yaml"
t_is 'a check of a text alone' "$(body "$T/odd.yaml" | post api/model/check)" 200
t_ok 'finds nothing in it' has "$T/answer" '"findings":[]'
t_is 'with the data' "$(body "$T/odd.yaml" '"data":true' | post api/model/check)" 200
outcome api/model/check >"$T/looked"
t_ok 'it looks at everybody' has "$T/looked" 'nobody is in the segment \"many\"'
t_is 'and stays to be asked' "$(curl -s -o "$T/answer" -w '%{http_code}' "${url}api/model/check/$job")" 200
t_is 'a fault is not tried' "$(body "$T/wrong.yaml" | post api/model/backtest)" 400
t_is 'nor applied' "$(body "$T/wrong.yaml" '"version":1' | post api/model/apply)" 400
t_is 'a day that is none is named' \
    "$(body "$T/new.yaml" '"to":"soon"' | post api/model/backtest)" 400
t_is 'a change is tried' \
    "$(body "$T/new.yaml" '"to":"2026-06-01"' | post api/model/backtest)" 202
outcome api/model/backtest >"$T/tried"
t_ok 'and makes a difference to all three' has "$T/tried" '"customers":3,"differ":3'
t_ok 'who are named' has "$T/tried" '{"id":"c01","at":"2026-05-01T10:00:00.000Z","old":"at_risk","new":"lapsed"'
t_is 'one page at a time' "$(curl -s "${url}api/model/backtest/$job?first=1&limit=1" |
    grep -o '"id":"[^"]*"')" '"id":"c05"'
t_is 'a wrong page is refused' \
    "$(curl -s -o "$T/answer" -w '%{http_code}' "${url}api/model/backtest/$job?first=-1")" 400
t_is 'nothing is live by that' "$(curl -s "${url}api/info" | grep -o '"model_version":[0-9]*')" \
    '"model_version":1'

# --- apply ---
t_is 'of an old version nothing is applied' \
    "$(body "$T/new.yaml" '"version":7' | post api/model/apply)" 409
t_is 'of the live one it is' \
    "$(body "$T/new.yaml" '"version":1,"author":"Ada"' | post api/model/apply)" 202
t_is 'as the next version' "$(outcome api/model/apply | grep -o '"result":{"version":[0-9]*}')" \
    '"result":{"version":2}'
t_is 'and everybody moves' "$(curl -s "${url}api/customers/c01" | grep -o "\"stage\":\"lapsed\"" | head -n 1)" "\"stage\":\"lapsed\""
t_ok 'what changed is told' sh -c 'curl -s "$0" | grep -qF "{\"sign\":\"+\",\"text\":\"    - { from: at_risk, to: lapsed, when: \\\"since(purchase) >= 120d\\\" }\"}"' \
    "${url}api/model/diff?from=1&to=2"
t_is 'a second time it is too late' \
    "$(body "$T/new.yaml" '"version":1' | post api/model/apply)" 409
t_is 'the wrong method is told which is right' \
    "$(curl -s -o "$T/answer" -w '%{http_code}' -X DELETE -i "${url}api/model/check")" 405
t_ok 'in the header' has "$T/answer" 'Allow: POST'

ends
t_is 'the server ends well' "$status" 0
t_ok 'the file has the new model' sh -c '"$0" model show "$1" | cmp - "$2"' "$CICLO" "$shop" "$T/new.yaml"
t_ok 'and is whole' "$CICLO" verify "$shop"
t_done
