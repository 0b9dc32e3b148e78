#!/bin/sh
# Files that are no data files, disks that are full, files that may not be written, and an
# output that nobody reads: a message, exit code 1, and the file as before.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo

# failed NAME TEXT COMMAND...: exit code 1 and the text.
failed() {
    name=$1 text=$2
    shift 2
    "$@" >"$T/out" 2>&1
    status=$?
    { [ $status = 1 ] && grep -qF -e "$text" "$T/out"; }
    t_line $? "$name" "$T/out"
}
# events FROM TO: JSON lines of so many customers.
events() {
    seq "$1" "$2" | while read -r i; do
        printf '{"type":"track","event":"Order Completed","userId":"c%s","messageId":"m%s","timestamp":"2026-01-01T10:00:00Z","properties":{"revenue":%s,"note":"%s"}}\n' \
            "$i" "$i" "$i" "$(printf '%s' "$i" | sha256sum | cut -c1-64)"
    done
}
events 1 20 >"$T/few.jsonl"
events 21 800 >"$T/many.jsonl"
t_ok 'a file is made' "$CICLO" init "$shop"
t_ok 'events come in' "$CICLO" import "$shop" "$T/few.jsonl"
state() { "$CICLO" replay "$shop" --at 2026-02-01; sqlite3 "$shop" 'pragma integrity_check'; }
before=$(state)

failed 'no file at all' "$T/none.ciclo" "$CICLO" stages "$T/none.ciclo"
failed 'with what to do' 'ciclo init' "$CICLO" import "$T/none.ciclo" "$T/few.jsonl"
failed 'a folder' 'folder' "$CICLO" stages "$T"
: >"$T/empty.ciclo"
failed 'an empty file' 'no data file of Ciclo' "$CICLO" stages "$T/empty.ciclo"
failed 'which is not made one' 'no data file of Ciclo' "$CICLO" import "$T/empty.ciclo" "$T/few.jsonl"
t_is 'and stays empty' "$(wc -c <"$T/empty.ciclo")" 0
echo hello >"$T/text.ciclo"
failed 'a text' 'no data file of Ciclo' "$CICLO" stages "$T/text.ciclo"
sqlite3 "$T/other.ciclo" 'create table mine (a); insert into mine values (1);'
failed 'the SQLite file of another program' 'another program' "$CICLO" stages "$T/other.ciclo"
failed 'is not written either' 'another program' "$CICLO" import "$T/other.ciclo" "$T/few.jsonl"
t_is 'and keeps what it had' "$(sqlite3 "$T/other.ciclo" '.tables')" mine
for size in 20000 60000; do
    head -c $size "$shop" >"$T/cut.ciclo"
    failed "a file cut at $size bytes" 'damaged' "$CICLO" stages "$T/cut.ciclo"
done
cp "$shop" "$T/flipped.ciclo"
sqlite3 "$T/flipped.ciclo" \
    'update part set bytes = zeroblob(length(bytes)); update news set bytes = zeroblob(length(bytes));
    delete from history'
failed 'bytes that are not what was written' 'damaged, its checksum is wrong' \
    "$CICLO" stages "$T/flipped.ciclo"
failed 'with what to do' 'ciclo rebuild' "$CICLO" stages "$T/flipped.ciclo"
failed 'and in SQL' 'damaged, its checksum is wrong' \
    "$CICLO" sql "$T/flipped.ciclo" 'select count(*) from events'

# Who may write anything (root) has to give that up first.
if [ "$(id -u)" = 0 ]; then
    humble='setpriv --bounding-set -dac_override,-dac_read_search --inh-caps -all'
else
    humble=
fi
mkdir "$T/locked"
cp "$shop" "$T/locked/shop.ciclo"
chmod 444 "$T/locked/shop.ciclo"
chmod 555 "$T/locked"
# shellcheck disable=SC2086
t_is 'a file that may only be read is read' \
    "$($humble "$CICLO" replay "$T/locked/shop.ciclo" --at 2026-02-01)" "$(echo "$before" | head -n 1)"
# shellcheck disable=SC2086
t_is 'and asked in SQL' \
    "$($humble "$CICLO" sql "$T/locked/shop.ciclo" 'select count(*) > 0 as any from model, events')" 'any
  1'
# shellcheck disable=SC2086
failed 'and not written' "$T/locked/shop.ciclo" $humble "$CICLO" import "$T/locked/shop.ciclo" "$T/few.jsonl"
# shellcheck disable=SC2086
failed 'nor is one made in that folder' "$T/locked/new.ciclo" $humble "$CICLO" init "$T/locked/new.ciclo"
chmod 755 "$T/locked"

# Files that may not grow beyond 64 KiB, so that SQLite's log has no room for the import: it fails,
# and nothing of it stays.
failed 'no room on the disk' 'nothing was changed' \
    sh -c 'ulimit -f 128; exec "$@"' sh "$CICLO" import "$shop" "$T/many.jsonl"
t_is 'the file is as before' "$(state)" "$before"
t_ok 'with room it goes on' "$CICLO" import "$shop" "$T/many.jsonl"
t_is 'and has everything' "$("$CICLO" stages "$shop" --json |
    python3 -c 'import json,sys; print(json.load(sys.stdin)["population"])')" 800
failed 'no room for a new file' "$T/new.ciclo" \
    sh -c 'ulimit -f 8; exec "$@"' sh "$CICLO" init "$T/new.ciclo"
t_is 'and none is left behind' "$(ls "$T" | grep -c '^new\.')" 0

for words in "stages $shop" "customer $shop c1" "customer $shop c1 --json" "replay $shop" \
    "model show $shop" "model check $shop" "init --templates" "help" "help stages" "--version" \
    "refused $shop" "init $T/full.ciclo"; do
    # shellcheck disable=SC2086
    "$CICLO" $words >/dev/full 2>"$T/err"
    t_is "a full output: ciclo ${words%% *}" "$? $(grep -c 'standard output' "$T/err")" '1 1'
done
"$CICLO" stages "$shop" >&- 2>"$T/err"
t_is 'a closed output' "$? $(grep -c 'standard output' "$T/err")" '1 1'
t_done
