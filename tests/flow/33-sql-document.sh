#!/bin/sh
# Every example of docs/sql.md runs, and gives rows.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
cat >"$T/events.jsonl" <<'JSON'
{"type":"identify","userId":"anna","messageId":"i1","timestamp":"2026-01-01T10:00:00.000Z","traits":{"country":"IT"}}
{"type":"track","event":"purchase","userId":"anna","messageId":"p1","timestamp":"2026-01-11T10:00:00.250Z","properties":{"revenue":40.5,"items":["cup","tea"],"type":"web"}}
{"type":"track","event":"purchase","userId":"anna","messageId":"p2","timestamp":"2026-02-11T10:00:00.000Z","properties":{"revenue":1200.25,"items":["tea"],"type":"shop"}}
JSON
t_ok 'a file' sh -c '"$0" init "$1" --template retail && "$0" import "$1" "$2"' \
    "$CICLO" "$shop" "$T/events.jsonl"
awk -v folder="$T" '/^```sql/ { file = folder "/" ++n ".sql"; next } /^```/ { file = "" }
    file { print >file }' "$ROOT/docs/sql.md"
i=0
while [ -e "$T/$((i += 1)).sql" ]; do
    "$CICLO" sql "$shop" - --csv --clock 2026-02-20T00:00:00Z <"$T/$i.sql" >"$T/rows" 2>&1
    t_line $? "$(tr '\n' ' ' <"$T/$i.sql" | cut -c 1-60)" "$T/rows"
    t_ok 'has rows' test "$(wc -l <"$T/rows")" -gt 1
done
t_ok 'there were examples' test $i -gt 8
t_is 'the month is that of the wall clock' \
    "$("$CICLO" sql "$shop" - --csv <"$T/3.sql" | tr '\n' ' ')" 'month,revenue 2026-01,40.5 2026-02,1200.25 '
t_is 'a window by number does not sort' \
    "$( (echo 'explain query plan' && cat "$T"/9.sql) | sed 's/group by.*//; s/ where days.*//' |
        "$CICLO" sql "$shop" - | grep -c 'TEMP B-TREE')" 0
t_done
