#!/bin/sh
# How people came: the channel of events and the acquisition of customers, the same for rules, SQL,
# and whoever looks at one customer.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo
"$CICLO" init "$shop" --timezone Europe/Rome >/dev/null
cat >"$T/events.jsonl" <<'END'
{"type":"page","messageId":"1","userId":"ada","timestamp":"2026-01-05T10:00:00Z","context":{"page":{"url":"https://shop.example/tea?utm_source=Klaviyo&utm_medium=email&utm_campaign=may","referrer":""}}}
{"type":"page","messageId":"2","userId":"ada","timestamp":"2026-01-05T10:01:00Z","context":{"page":{"url":"https://shop.example/cup","referrer":"https://shop.example/tea"}}}
{"type":"track","event":"purchase","messageId":"3","userId":"ada","timestamp":"2026-01-06T10:00:00Z","properties":{"revenue":12},"context":{"page":{"url":"https://shop.example/pay","referrer":"https://www.google.it/"}}}
{"type":"track","event":"purchase","messageId":"4","userId":"ben","timestamp":"2026-01-06T11:00:00Z","properties":{"revenue":5},"context":{"library":{"name":"@segment/analytics-node"}}}
{"type":"track","event":"purchase","messageId":"5","userId":"carla","timestamp":"2026-01-06T12:00:00Z","properties":{"revenue":7},"context":{"campaign":{"source":"bing","medium":"cpc"}}}
END
"$CICLO" import "$shop" "$T/events.jsonl" >/dev/null

count() { "$CICLO" rule check "$shop" "$1" --count --at 2026-02-01 | sed -n 's/.* fits \([0-9]*\) of .*/\1/p'; }
sql() { "$CICLO" sql "$shop" "$1" --csv | tail -n +2 | tr '\n' ' '; }

t_is 'SQL has the channel of each event' \
    "$(sql 'select id, channel from events order by id')" \
    '1,email 2, 3,organic search 4, 5,paid search '
t_is 'and how each customer came' \
    "$(sql "select customer, acquisition ->> 'channel', acquisition ->> 'source',
        acquisition ->> 'campaign', acquisition ->> 'page' from timelines order by 1")" \
    'ada,email,klaviyo,may,/tea ben,,,, carla,paid search,bing,, '
for rule in 'count(purchase where channel = "organic search", 90d) = 1' \
    'acquisition.channel = "email" and acquisition.page = "/tea"' \
    'distinct(any.channel) = 2' 'last(any.channel) = "organic search"'; do
    t_is "$rule: ada" "$(count "$rule")" 1
done
t_is 'whoever was never heard of from anywhere has none' \
    "$(count 'acquisition.channel is missing and exists(purchase)')" 1
t_is 'in words' "$("$CICLO" rule check "$shop" 'acquisition.channel = "email"' --language it |
    grep -c 'il primo canale')" 1

"$CICLO" customer "$shop" ada --at 2026-02-01 --json >"$T/ada.json"
t_is 'the JSON of one customer' "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(d["acquisition"], [e["channel"] for e in d["events"]])' "$T/ada.json")" \
    "{'channel': 'email', 'source': 'klaviyo', 'medium': 'email', 'campaign': 'may', 'referrer': None, 'page': '/tea'} ['organic search', None, 'email']"
t_is 'and for people' "$("$CICLO" customer "$shop" ada --at 2026-02-01 | grep 'came by')" \
    '  came by email, source klaviyo, medium email, campaign may, page /tea'
t_is 'the same file again: nothing new' "$("$CICLO" import "$shop" "$T/events.jsonl" --json |
    python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["events"], d["known"])')" '0 5'
t_ok 'the log says what the timelines say' "$CICLO" verify "$shop"

# Another table changes the meaning of the past.
"$CICLO" model show "$shop" >"$T/model.yaml"
cat >>"$T/model.yaml" <<'END'
channels:
  - { channel: server, when: 'platform = "server"' }
  - default
END
"$CICLO" model apply "$shop" "$T/model.yaml" >/dev/null
t_is 'a rule of its own stands before the default table' \
    "$(sql 'select id, channel from events order by id')" \
    '1,email 2, 3,organic search 4,server 5,paid search '
t_is 'and rules follow' "$(count 'acquisition.channel = "server"')" 1
"$CICLO" model channels >"$T/default.yaml"
sed '/^channels:/,$d' "$T/model.yaml" >"$T/copy.yaml"
cat "$T/default.yaml" >>"$T/copy.yaml"
t_ok 'the default table may stand in a model' "$CICLO" model apply "$shop" "$T/copy.yaml"
t_is 'and gives what it gave' "$(sql 'select id, channel from events order by id')" \
    '1,email 2, 3,organic search 4, 5,paid search '
sed 's/medium contains "push"/meduim contains "push"/' "$T/copy.yaml" >"$T/wrong.yaml"
t_is 'a fault has its place' "$("$CICLO" model check "$shop" "$T/wrong.yaml" 2>&1 |
    grep -c 'did you mean medium')" 1
t_done
