#!/bin/sh
# What ciclo info says of a file is what SQLite finds in it, and what was imported.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo

# part EXPRESSION: of the JSON document d; column NAME OF: one of its columns
part() {
    "$CICLO" info "$shop" --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
def column(name, of): return next(c for c in d["columns"] if (c["name"], c["of"]) == (name, of))
def table(name): return next(t for t in d["tables"] if t["name"] == name)
print(eval("(" + sys.argv[1] + ")"))' "$1"
}

# sql STATEMENT
sql() {
    "$CICLO" sql "$shop" "$1" --csv | tail -n +2 | tr -d '"'
}

"$CICLO" init "$shop" --timezone Europe/Rome >/dev/null
t_is 'a new file is empty' "$(part '[d["events"], d["customers"], d["waiting"], d["first"]]')" \
    '[0, 0, 0, None]'
t_ok 'for people too' "$CICLO" info "$shop"
python3 - >"$T/events.jsonl" <<'PY'
import json
for i in range(1000):
    e = {"type": "track", "event": "visit", "userId": "c%d" % (i % 30), "messageId": "m%d" % i,
         "timestamp": "2024-05-%02dT10:00:00.000Z" % (i % 30 + 1),
         "properties": {"page": "p%d" % (i % 7), "n": i}}
    if i == 500:
        e["properties"]["rare"] = "once"
    print(json.dumps(e))
print(json.dumps({"type": "identify", "userId": "c1", "messageId": "i", "timestamp":
    "2024-06-01T00:00:00.000Z", "traits": {"city": "Roma"}}))
print('no event')
PY
"$CICLO" import "$shop" "$T/events.jsonl" --clock 2024-06-02 >/dev/null
t_is 'events, customers, refused' "$(part '[d["events"], d["customers"], d["refused"]]')" \
    '[1001, 30, 1]'
t_is 'from first to last' "$(part '[d["first"], d["last"]]')" \
    "['2024-05-01T10:00:00.000Z', '2024-06-01T00:00:00.000Z']"
t_is 'the tables are as large as SQLite says' \
    "$(part '[table("log")["rows"], table("log")["bytes"], table("part")["rows"], table("part")["bytes"]]')" \
    "[$(sql 'select count(*), sum(length(bytes)) from log' | sed 's/,/, /'), $(sql \
        'select count(*), coalesce(sum(length(bytes)), 0) from part' | sed 's/,/, /')]"
t_is 'the parts are the sum of the columns' \
    "$(part 'sum(c["bytes"] for c in d["columns"]) == table("part")["bytes"]')" True
t_is 'what no part holds yet' "$(part 'd["waiting"]')" \
    "$(sql 'select 1001 - coalesce(sum(events), 0) from chunk')"
t_is 'every event is folded or waits' \
    "$(part 'column("n", "property")["values"] + d["waiting"] >= 1000')" True
t_is 'the ids of what is folded are in runs' "$(part 'd["message_ids"]["ids"] + d["waiting"]')" 1001
t_is 'the file' "$(part 'd["file"]["bytes"] == d["file"]["pages"] * d["file"]["page_bytes"]')" True
"$CICLO" compact "$shop" >/dev/null
t_is 'its size, when nothing stands beside it' "$(part 'd["file"]["bytes"]')" \
    "$(stat -c %s "$shop")"
"$CICLO" rebuild "$shop" >/dev/null
t_is 'rebuilt, nothing waits' "$(part '[d["waiting"], d["message_ids"]["ids"]]')" '[0, 1001]'
t_is 'every value is counted, where it is rare too' "$(part '[column(*c)["values"] for c in
    (("n", "property"), ("page", "property"), ("rare", "property"), ("city", "trait"))]')" \
    '[1000, 1000, 1, 1]'
t_is 'what they hold' "$(part '[column("n", "property")["type"], column("page", "property")["encoding"]]')" \
    "['number', 'places, dictionary']"
t_ok 'for people' sh -c '"$0" info "$1" | grep -q "^1001 events of 30 customers, 2024-05-01T10:00:00.000Z"' \
    "$CICLO" "$shop"
t_ok 'the columns too' sh -c '"$0" info "$1" | grep -Eq "^properties.page +text +1000 "' "$CICLO" "$shop"
t_is 'the memory that was given' "$("$CICLO" info "$shop" --memory 1G --json | grep -o '"memory_bytes":[0-9]*')" \
    '"memory_bytes":1073741824'
t_fails 'no file' 'there is no data file' "$CICLO" info "$T/none.ciclo"
t_done
