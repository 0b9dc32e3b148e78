#!/bin/sh
# The file made anew: rebuild, compact, backup, erase, and a file of an older format; as a user
# meets them.
. "$ROOT/tests/support/tap.sh"
command -v sqlite3 >/dev/null || t_skip_all 'sqlite3 is not installed'
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$T"' EXIT
shop=$T/shop.ciclo

# events FROM TO: JSON lines of so many customers, two each.
events() {
    seq "$1" "$2" | while read -r i; do
        printf '{"type":"track","event":"Order Completed","userId":"customer-%s","messageId":"m%s","timestamp":"2026-01-01T10:00:00Z","properties":{"revenue":%s,"note":"%s"}}\n' \
            "$i" "$i" "$i" "$(printf '%s' "$i" | sha256sum)"
        printf '{"type":"identify","userId":"customer-%s","messageId":"i%s","timestamp":"2026-01-02T10:00:00Z","traits":{"name":"Name-%s-of-his"}}\n' \
            "$i" "$i" "$i"
    done
}
events 1 300 >"$T/all.jsonl"
echo '{"type":"track","userId":"customer-7"}' >>"$T/all.jsonl"
"$CICLO" init "$shop" --clock 2026-02-01 >/dev/null
"$CICLO" import "$shop" "$T/all.jsonl" >/dev/null
# What it answers, and that it is proved against its log.
state() {
    "$CICLO" verify "$1" --json | grep -o '"whole":true'
    "$CICLO" stages "$1" --at 2026-02-01 --json
    "$CICLO" export "$1" events --json | sort | sha256sum
}
before=$(state "$shop")
# value KEY: of the JSON in $T/out
value() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$T/out" "$1"; }
size() { wc -c <"$1"; }

# --- compact, rebuild, backup ---
"$CICLO" compact "$shop" --json >"$T/out"
t_is 'compact says the new size' "$(value after_bytes)" "$(size "$shop")"
t_is 'and keeps everything' "$(state "$shop")" "$before"
t_is 'no page is free' "$(sqlite3 "$shop" 'pragma freelist_count')" 0
"$CICLO" rebuild "$shop" --json >"$T/out"
t_is 'rebuild counts the events' "$(value made) $(value events) $(value lost)" 'True 600 []'
t_is 'and keeps everything' "$(state "$shop")" "$before"
t_is 'as SQLite sees it' "$(sqlite3 "$shop" 'pragma integrity_check')" ok
t_ok 'it says so' sh -c '"$@" | grep -q "Nothing was lost"' sh "$CICLO" rebuild "$shop"
t_ok 'a backup' "$CICLO" backup "$shop" "$T/copy.ciclo"
t_is 'holds the same' "$(state "$T/copy.ciclo")" "$before"
t_fails 'and is not written over' 'is there already' "$CICLO" backup "$shop" "$T/copy.ciclo"
t_is 'nobody else may read either' "$(stat -c %a "$shop" "$T/copy.ciclo" | sort -u)" 600
t_fails 'a backup of nothing' 'there is no data file' "$CICLO" backup "$T/none" "$T/copy2"
t_fails 'into no folder' "$T/no/copy" "$CICLO" backup "$shop" "$T/no/copy"
t_fails 'a rebuild of nothing' 'there is no data file' "$CICLO" rebuild "$T/none"

# While another process writes: a backup is made, everything else waits for its turn.
: >"$T/said"
"$CICLO" serve "$shop" --listen 127.0.0.1:0 >"$T/said" 2>&1 &
server=$!
until grep -q http "$T/said" || ! kill -0 $server 2>/dev/null; do sleep 0.05; done
t_ok 'a backup of a file that is served' "$CICLO" backup "$shop" "$T/served.ciclo"
for command in rebuild compact 'erase customer-1'; do
    # shellcheck disable=SC2086
    set -- $command
    name=$1
    shift
    t_fails "no $name of one" 'open for writing' "$CICLO" "$name" "$shop" "$@"
done
kill $server
wait $server
server=
t_is 'the backup holds the same' "$(state "$T/served.ciclo")" "$before"

# --- damage ---
# flip FILE BYTE
flip() {
    python3 -c 'import sys
with open(sys.argv[1], "r+b") as f:
    at = int(sys.argv[2])
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 16]))' "$1" "$2"
}
# place TABLE: inside of the first page that holds values of it
place() {
    sqlite3 "$shop" "select pgoffset + 16000 from dbstat
        where name = '$1' and pagetype = 'leaf' order by pageno limit 1"
}
cp "$shop" "$T/damaged.ciclo"
flip "$T/damaged.ciclo" "$(place log)"
flip "$T/damaged.ciclo" "$(place type)"
t_fails 'a flipped bit is found' '(table type) is damaged, its checksum is wrong' \
    "$CICLO" stages "$T/damaged.ciclo"
t_fails 'with what to do' 'ciclo rebuild' "$CICLO" stages "$T/damaged.ciclo"
t_fails 'it is not compacted over' 'is damaged' "$CICLO" compact "$T/damaged.ciclo"
t_fails 'no backup is made of it' 'is damaged' "$CICLO" backup "$T/damaged.ciclo" "$T/bad.ciclo"
t_is 'nor a piece of one' "$(ls "$T" | grep -c bad)" 0
"$CICLO" rebuild "$T/damaged.ciclo" --json >"$T/out"
t_is 'rebuild mends it' "$(value pages_damaged) $(value pages_mended) $(value lost)" '2 2 []'
t_is 'and everything is there' "$(state "$T/damaged.ciclo")" "$before"

cp "$shop" "$T/damaged.ciclo"
flip "$T/damaged.ciclo" "$(place log)"
flip "$T/damaged.ciclo" $(($(place log) + 100))
cp "$T/damaged.ciclo" "$T/kept.ciclo"
t_fails 'what cannot be mended is said' 'table log, row' "$CICLO" rebuild "$T/damaged.ciclo"
t_fails 'with what to do' '--accept-loss' "$CICLO" rebuild "$T/damaged.ciclo"
t_ok 'and the file stays as it was' cmp "$T/damaged.ciclo" "$T/kept.ciclo"
t_fails 'it is lost when that is accepted' 'import that again' \
    "$CICLO" rebuild "$T/damaged.ciclo" --accept-loss
t_ok 'less is there then' sh -c '[ "$1" != "$2" ]' sh "$(state "$T/damaged.ciclo")" "$before"
t_ok 'the same import' "$CICLO" import "$T/damaged.ciclo" "$T/all.jsonl"
t_is 'brings back what is missing, once' "$(state "$T/damaged.ciclo")" "$before"

# --- erase ---
cp "$shop" "$T/before.ciclo"
t_fails 'an unknown customer' 'no customer nobody; nothing was changed' "$CICLO" erase "$shop" nobody
t_fails 'one of several' 'no customer nobody; nothing was changed' \
    "$CICLO" erase "$shop" customer-3 nobody
t_ok 'nothing was changed' cmp "$shop" "$T/before.ciclo"
"$CICLO" erase "$shop" >"$T/out" 2>&1
t_is 'nobody is named' "$? $(grep -c 'id of a customer' "$T/out")" '2 1'
t_ok 'his id stands in the file' grep -q -a customer-7 "$shop"
"$CICLO" erase "$shop" customer-7 >"$T/out" 2>/dev/null
t_is 'what was erased' "$(grep -Eo '"(events|refused)":[0-9]+' "$T/out" | tr '\n' ' ')" '"events":2 "refused":1 '
t_fails 'he is gone' 'there is no customer' "$CICLO" customer "$shop" customer-7
t_is 'his lines of the refused too' "$("$CICLO" refused "$shop" --csv | wc -l)" 1
t_is 'nothing of him is in the file' \
    "$(grep -c -a -w -F -e customer-7 -e Name-7-of-his "$shop")" 0
t_is 'and nothing is beside it' "$(cd "$T" && echo shop.ciclo*)" shop.ciclo
"$CICLO" import "$shop" "$T/all.jsonl" --json >"$T/out"
t_is 'he does not come back' "$(value events)" 0
"$CICLO" rebuild "$shop" >/dev/null
"$CICLO" import "$shop" "$T/all.jsonl" --json >"$T/out"
t_is 'nor after a rebuild' "$(value events)" 0
printf 'customer-1\r\ncustomer-2\n\ncustomer-3' >"$T/list"
t_ok 'many at once' sh -c '"$@" 2>&1 | grep -q "4 customers are erased"' sh \
    "$CICLO" erase "$shop" customer-4 --from "$T/list"
t_is 'are gone' "$("$CICLO" export "$shop" events --json | wc -l)" 590
t_fails 'a list that is not there' 'there is no file' "$CICLO" erase "$shop" --from "$T/none"

# --- an older format ---
cp "$ROOT/tests/data/formats/1.ciclo" "$T/old.ciclo"
t_fails 'it is migrated only by who may write it' 'must be migrated first' \
    flock "$T/old.ciclo" "$CICLO" refused "$T/old.ciclo"
t_is 'and stays as it is' "$(sqlite3 "$T/old.ciclo" 'pragma user_version')" 1
t_ok 'reading is enough' "$CICLO" refused "$T/old.ciclo"
t_is 'for a new one' "$(sqlite3 "$T/old.ciclo" 'pragma user_version')" 9
cp "$ROOT/tests/data/formats/1.ciclo" "$T/old.ciclo"
t_ok 'compacting does it too' "$CICLO" compact "$T/old.ciclo"
t_is 'at once' "$(sqlite3 "$T/old.ciclo" 'pragma user_version')" 9
for format in 2 3; do
    cp "$ROOT/tests/data/formats/$format.ciclo" "$T/old.ciclo"
    t_fails "that of format $format too" 'must be migrated first' \
        flock "$T/old.ciclo" "$CICLO" refused "$T/old.ciclo"
    t_is 'stays as it is' "$(sqlite3 "$T/old.ciclo" 'pragma user_version')" $format
    # A build for tests has other sizes, and says so then.
    "$CICLO" refused "$T/old.ciclo" >"$T/out" 2>&1
    t_is 'a reader migrates it in its place' "$(sqlite3 "$T/old.ciclo" \
        "select user_version, (select count(*) >= 0 from history), (select count(*) from key)
        from pragma_user_version")" '9|1|0'
done
t_done
