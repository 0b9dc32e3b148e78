#!/bin/sh
# What the data file holds: a reader in another language, the log and ciclo export say the same,
# however much of it is folded; ciclo verify proves it, and finds what is damaged.
. "$ROOT/tests/support/tap.sh"
file=$T/shop.ciclo
export PYTHONDONTWRITEBYTECODE=1

# reader FILE, logged FILE|-: all events, a line each
reader() { python3 "$ROOT/tests/format/reader.py" "$1"; }
logged() { python3 "$ROOT/tests/format/logged.py" "$1"; }

# events FROM TO: JSON lines of so many events, of fewer customers, in no order of time
events() {
    seq "$1" "$2" | awk '{
        printf "{\"type\":\"track\",\"event\":\"visit %d\",\"userId\":\"c%d\",\"messageId\":\"m%d\",", \
            $1 % 3, $1 * 7 % 19, $1
        printf "\"timestamp\":\"2026-01-%02dT10:00:00Z\",\"properties\":{\"n\":%d,\"page\":\"/%d\"", \
            $1 * 11 % 28 + 1, $1, $1 % 5
        printf ",\"tags\":[\"a\",\"%d\"],\"rare%d\":true}}\n", $1 % 4, $1 % 40
    }'
}

# same WHAT: the three agree, and the proof is clean
same() {
    reader "$file" >"$T/read" 2>"$T/err" && logged "$file" >"$T/log" && cmp "$T/read" "$T/log" >"$T/diff" &&
        "$CICLO" export "$file" events --json | logged - | cmp "$T/read" - >"$T/diff" &&
        [ "$(wc -l <"$T/read")" = "$2" ]
    t_line $? "$1: the reader, the log and the export agree" "$T/diff"
    t_ok "$1: ciclo verify finds it whole" "$CICLO" verify "$file"
}

t_ok 'a file is made' "$CICLO" init "$file" --timezone UTC --currency EUR
same 'an empty file' 0
events 1 5 >"$T/1.jsonl"
t_ok 'a few events' "$CICLO" import "$file" "$T/1.jsonl"
same 'a few events' 5
for i in 2 3 4 5 6; do
    events $((i * 10)) $((i * 10 + 6)) | "$CICLO" import "$file" - >/dev/null
done
same 'in many imports' 40
events 100 300 | "$CICLO" import "$file" - >/dev/null
same 'with a large one' 241
events 90 97 | "$CICLO" import "$file" - >/dev/null
same 'and a small one' 249
t_ok 'made anew' "$CICLO" rebuild "$file"
same 'made anew' 249
t_ok 'a customer is erased' "$CICLO" erase "$file" c7
same 'without a customer' "$((249 - $(grep -c '"userId":"c7"' "$T/log")))"
events 1 300 | "$CICLO" import "$file" - --json >"$T/report"
t_ok 'what was erased stays away' python3 -c '
import json, sys
report = json.load(open(sys.argv[1]))
sys.exit(report["events"] != 300 - 249)' "$T/report"
same 'after that' "$(($(wc -l <"$T/read") + 300 - 249))"

"$CICLO" verify "$file" --json >"$T/report"
t_is 'the proof as JSON' "$(python3 -c '
import json, sys
r = json.load(open(sys.argv[1]))
print(r["whole"], r["differences"], r["found"], r["events"] + r["erased"] == r["news"] + r["ids"])' \
    "$T/report")" 'True 0 [] True'

# A byte in the middle of the largest table.
cp "$file" "$T/broken.ciclo"
python3 -c '
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
[[rowid]] = db.execute("select seq from log order by seq limit 1")
db.execute("update log set bytes = x\"00\" || substr(bytes, 2) where seq = ?".replace("\"", "\x27"), [rowid])
db.commit()' "$T/broken.ciclo"
"$CICLO" verify "$T/broken.ciclo" >"$T/out" 2>&1
t_is 'a damaged file: exit code 1' $? 1
t_ok 'and the place' grep -q 'page [0-9]*, table log: its checksum is wrong' "$T/out"
t_fails 'no file' 'ciclo init' "$CICLO" verify "$T/none.ciclo"
t_fails 'no data file' 'no data file of Ciclo' "$CICLO" verify "$T/1.jsonl"
t_done
