#!/bin/sh
# While events come in, each answer is of one moment; and what is asked again is not what was.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Pairs, currency: EUR, timezone: UTC }
events: { pair: , seen: }
channels: [ { channel: shop, when: 'event = "pair"' } ]
lifecycle: { start: here, stages: { here: } }
segments: { paired: { when: 'exists(pair)' } }
YAML
t_ok 'a file is made' "$CICLO" init "$shop"
t_ok 'with a model' "$CICLO" model apply "$shop" "$T/model.yaml"
serve

# Twenty of one batch, to as many customers, one and the same time each.
batch() {
    seq 20 | sed "s/.*/{\"type\":\"track\",\"event\":\"pair\",\"userId\":\"c&\",\"messageId\":\"$1-&\"}/" \
        | paste -sd, | sed 's/.*/{"batch":[&]}/' >"$T/batch.$1"
    curl -s -o "$T/out.$1" --data-binary @"$T/batch.$1" -H 'Content-Type: application/json' "${url}v1/batch"
}
batch 0
(for i in $(seq 60); do batch "$i"; done) &
sender=$!
torn=0 answers=0 most=0
while kill -0 "$sender" 2>"$T/out"; do
    n=$(curl -s "${url}api/channels?event=pair" | grep -o '"all":{[^}]*' | grep -o '"events":[0-9]*' | cut -d: -f2)
    answers=$((answers + 1))
    test $((n % 20)) -eq 0 || torn=$((torn + 1))
    test "$n" -ge "$most" || torn=$((torn + 1))
    most=$n
done
wait "$sender"
t_ok 'there were answers meanwhile' test "$answers" -gt 3
t_is 'each counts whole batches, and never fewer than before' "$torn" 0
t_is 'at the end all of them' "$(curl -s "${url}api/channels?event=pair" | grep -o '"events":1220' | head -n 1)" \
    '"events":1220'

# As of a moment that has passed the same is answered again, until something of before it comes.
asked="${url}api/funnel?steps=seen&at=2026-02-01"
see() {
    curl -s -o "$T/out" "${url}v1/track" -H 'Content-Type: application/json' -d "{\"event\":\"seen\",
        \"userId\":\"$1\",\"messageId\":\"seen-$1\",\"timestamp\":\"$2\"}"
}
who() { curl -s "$asked" | grep -o '"customers":[0-9]*' | head -n 1; }
see late 2026-03-01T00:00:00Z
t_is 'nobody was seen before' "$(who)" '"customers":0'
curl -s "$asked" >"$T/once"
curl -s "$asked" >"$T/again"
t_ok 'the same question has the same answer' cmp "$T/once" "$T/again"
see early 2026-01-01T00:00:00Z
t_is 'one who was is counted at once' "$(who)" '"customers":1'
asked="$asked&segment=paired"
t_is 'another question is another' "$(who)" '"customers":0'
ends TERM
t_is 'the server ends well' "$status" 0
t_done
