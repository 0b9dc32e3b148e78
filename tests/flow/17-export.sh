#!/bin/sh
# What is in the file comes out again, and what comes out goes in again: nothing is changed on
# the way.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo
now='--clock 2024-06-01T00:00:00Z'

"$CICLO" init "$shop" --timezone Europe/Rome >/dev/null
"$CICLO" import "$shop" "$ROOT/tests/data/orders.csv" --customer Email --time Date \
    --event purchase --id Order --property 'revenue:money=sum(Qty * Price)' \
    --property 'items:list=Sku' --trait 'city=City' >/dev/null
python3 - >"$T/events.jsonl" <<'PY'
import json
def put(kind, user, n, at, **rest):
    print(json.dumps({"type": kind, "userId": user, "messageId": "m%d" % n,
                      "timestamp": at, **rest}))
put("identify", "anna@example.com", 1, "2024-03-02T10:00:00.000Z",
    traits={"city": None, "vip": True, "a": {"b": 2}})
put("identify", "=bob", 2, "2024-03-02T10:00:00.000Z",
    traits={"city": "Roma, \"x\"", "tags": ["a", "b,c"], "vip": True})
put("track", "=bob", 3, "2024-03-05T10:00:00.123Z", event="login",
    properties={"revenue": "a text", "n": -1.5, "ok": False, "line": "a\nb", "none": "null"},
    context={"traits": {"vip": None}})
for i in range(60):  # more events than are looked at together
    put("track", "=bob", 100 + i, "2024-04-%02dT10:00:00.000Z" % (i % 28 + 1), event="visit",
        properties={"page": "p%d" % (i % 7), "only%d" % (i % 5): i, "é": [str(i), "x"]})
for i in range(40):  # and more customers than a chunk of the small build
    put("track", "c%d" % i, 200 + i, "2024-05-01T10:00:00.000Z", event="visit")
PY
"$CICLO" import "$shop" "$T/events.jsonl" >/dev/null

# out WHAT [OPTION...]
out() {
    what=$1
    shift
    "$CICLO" export "$shop" "$what" $now "$@"
}

t_ok 'events as JSON lines' out events --json --out "$T/all.jsonl"
"$CICLO" init "$T/again.ciclo" --timezone Europe/Rome >/dev/null
t_is 'all of them are new elsewhere' "$(wc -l <"$T/all.jsonl")" \
    "$("$CICLO" import "$T/again.ciclo" "$T/all.jsonl" --dry-run --json | python3 -c \
        'import json, sys; print(json.load(sys.stdin)["events"])')"
t_ok 'they are imported' "$CICLO" import "$T/again.ciclo" "$T/all.jsonl" --clock 2024-06-01
t_is 'the same histories' "$("$CICLO" replay "$T/again.ciclo" --hash $now)" \
    "$("$CICLO" replay "$shop" --hash $now)"
for what in events customers stages; do
    for form in --csv --json; do
        out "$what" "$form" >"$T/one"
        "$CICLO" export "$T/again.ciclo" "$what" $now "$form" >"$T/two"
        t_ok "$what $form: the same bytes, whatever the order of arrival" cmp "$T/one" "$T/two"
    done
done

t_ok 'what was imported comes out as it was' python3 - "$T/events.jsonl" "$T/all.jsonl" <<'PY'
import json, sys
def load(path):
    return {e["messageId"]: e for e in map(json.loads, open(path))}
came, out = load(sys.argv[1]), load(sys.argv[2])
came["m1"]["traits"]["a.b"] = came["m1"]["traits"].pop("a")["b"]
for e in came.values():
    if e["type"] == "track":
        e.setdefault("properties", {})
for key, e in came.items():
    assert out[key] == e, (out[key], e)
PY
t_ok 'CSV says the same' sh -c '"$0" export "$1" events --exact | python3 -c "
import csv, json, sys
lines = {e[\"messageId\"]: e for e in map(json.loads, open(sys.argv[1]))}
n = 0
def text(v):
    return v if isinstance(v, str) else json.dumps(v, separators=(\",\", \":\"), ensure_ascii=False)
for row in csv.DictReader(sys.stdin):
    e = lines.pop(row[\"id\"])
    traits = e.get(\"traits\") or e.get(\"context\", {}).get(\"traits\", {})
    want = {\"properties.\" + k: text(v) for k, v in e.get(\"properties\", {}).items()}
    want.update((\"traits.\" + k, text(v)) for k, v in traits.items())
    want.update(id=e[\"messageId\"], customer=e[\"userId\"], at=e[\"timestamp\"],
                type=e.get(\"event\", \"identify\"))
    assert {k: v for k, v in row.items() if v != \"\"} == want, (row, want)
assert not lines
" "$2"' "$CICLO" "$shop" "$T/all.jsonl"
t_is 'a heading by name' "$(out events --csv | head -n 1)" \
    'id,customer,at,type,properties.items,properties.line,properties.n,properties.none,properties.ok,properties.only0,properties.only1,properties.only2,properties.only3,properties.only4,properties.page,properties.revenue,properties.é,traits.a.b,traits.city,traits.tags,traits.vip'
t_is 'a formula is not run' "$(out customers | grep -c "^\"'=bob\",")" 1
t_is 'unless it is asked for' "$(out customers --exact | grep -c '^=bob,')" 1

t_is 'only a type, with its columns' "$(out events --type login --exact | tr '\n' ' ')" \
    'id,customer,at,type,properties.line,properties.n,properties.none,properties.ok,properties.revenue,traits.vip m3,=bob,2024-03-05T10:00:00.123Z,login,"a b",-1.5,null,false,a text,null '
t_is 'only a time, its end left out, on the clocks of the shop' \
    "$(out events --type visit --customer =bob --from 2024-04-02 --to 2024-04-04 --json \
        | grep -o '2024-04-..' | sort | uniq -c | tr -s ' \n' ' ')" ' 3 2024-04-02 3 2024-04-03 '
t_is 'only some customers, each once' \
    "$(out events --customer c7 --customer c3 --customer c7 --json | grep -o '"c[0-9]*"' | tr '\n' ' ')" \
    '"c3" "c7" '
t_is 'a customer as he stood' "$(out customers --customer =bob --at 2024-03-03 --json)" \
    '{"customer":"=bob","first":"2024-03-02T10:00:00.000Z","last":"2024-03-02T10:00:00.000Z","events":1,"stage":"reach","since":"2024-03-02T10:00:00.000Z","traits":{"city":"Roma, \"x\"","tags":["a","b,c"],"vip":true}}'
t_is 'a trait that was taken away is gone' \
    "$(out customers --customer =bob --json | grep -c '"traits":{"city":"Roma, \\"x\\"","tags":\["a","b,c"\]}')" 1
t_is 'who came later is not there' "$(out customers --at 2024-04-30 --json | grep -c '"c[0-9]')" 0
t_is 'moves, as the page of stages counts them' \
    "$(out stages --csv | awk -F, 'NR > 1 { n[$3] = 1; all++ } END { print all }')" \
    "$("$CICLO" replay "$shop" $now | sed 's/.* made \([0-9]*\) moves.*/\1/')"
t_is 'a move in a time' "$(out stages --customer c5 --to 2024-05-02 --json)" \
    '{"customer":"c5","at":"2024-05-01T10:00:00.000Z","from":null,"to":"reach"}'

t_fails 'no such type' 'did you mean "login"' out events --type logn
t_fails 'no such customer' 'there is no customer nobody' out events --customer nobody
t_fails 'no such thing' 'none of events, customers, stages' out visits
t_fails 'an option that says nothing' '--at says nothing of events' out events --at 2024-01-01
t_fails 'two forms' '--json goes neither' out events --json --csv
t_fails 'a moment that is none' '--from' out events --from soon

echo old >"$T/kept"
t_fails 'a failure' 'there is no customer' out events --customer nobody --out "$T/kept"
t_is 'leaves the old file' "$(cat "$T/kept") $(ls "$T" | grep -c '\.new$')" 'old 0'
t_fails 'a device is not replaced' 'no plain file' out events --out /dev/null
t_fails 'a full disk' 'standard output' sh -c '"$0" export "$1" events >/dev/full' "$CICLO" "$shop"
# enough lines to fill a pipe whose reader has gone
python3 -c 'import json
for i in range(5000):
    print(json.dumps({"type": "track", "event": "visit", "userId": "d%d" % (i % 50), "messageId":
        "d%d" % i, "timestamp": "2024-05-01T10:00:00.000Z", "properties": {"text": "x" * 300}}))' \
    >"$T/many.jsonl"
"$CICLO" import "$shop" "$T/many.jsonl" >/dev/null
(out events --json 2>"$T/said"; echo $? >"$T/status") | head -n 1 >/dev/null
t_is 'a pipe that is closed is an error' "$(cat "$T/status") $(grep -c 'standard output' "$T/said")" '1 1'
t_done
