#!/bin/sh
# A shop's export comes in, in every form in which it may stand; the same file again changes
# nothing.
. "$ROOT/tests/support/tap.sh"
orders=$ROOT/tests/data/orders.csv

# new NAME: an empty shop in $T/NAME.ciclo
new() {
    rm -f "$T/$1".ciclo*
    "$CICLO" init "$T/$1.ciclo" --timezone Europe/Rome >/dev/null
}

# take SHOP DATA [OPTION...]: import with the columns of tests/data/orders.csv
take() {
    shop=$T/$1.ciclo data=$2
    shift 2
    "$CICLO" import "$shop" "$data" --customer Email --time Date --event purchase --id Order \
        --property 'revenue:money=sum(Qty * Price)' --property 'items:list=Sku' \
        --trait 'city=City' --where 'not (Order starts with "C")' --json "$@"
}

# part FILE EXPRESSION: of the JSON document d
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$1" "$2"
}

# The parts of a report that must not depend on how the file was stored.
essence() {
    part "$1" '[d[k] for k in ("lines", "events", "customers", "left_out", "used", "known")]
        + [d["totals"]] + sorted((r["reason"], r["lines"]) for r in d["refused"])'
}

new a
t_ok 'a table comes in' sh -c '"$@" >"$0"' "$T/a.json" "$CICLO" import "$T/a.ciclo" "$orders" \
    --customer Email --time Date --event purchase --id Order \
    --property 'revenue:money=sum(Qty * Price)' --property 'items:list=Sku' \
    --trait 'city=City' --where 'not (Order starts with "C")' --json
t_is 'every line is counted once' "$(part "$T/a.json" \
    '[d["lines"], d["used"], d["left_out"], sum(r["lines"] for r in d["refused"])]')" \
    '[10, 5, 1, 4]'
t_is 'orders and customers' "$(part "$T/a.json" '[d["events"], d["customers"]]')" '[4, 3]'
t_is 'the total' "$(part "$T/a.json" 'd["totals"]["revenue"]')" 41.34
t_is 'the reasons, each with its first line' \
    "$(part "$T/a.json" 'sorted((r["first_line"], r["reason"]) for r in d["refused"])')" \
    "[(5, 'no customer (column Email is empty)'), (8, 'Date is not a time of the form %Y-%m-%d %H:%M:%S'), (9, 'the column \"Qty\" must hold a number'), (10, 'fewer fields than the file has columns')]"
t_is 'what was refused is kept with its text' \
    "$("$CICLO" refused "$T/a.ciclo" --json | python3 -c 'import json, sys
for r in json.load(sys.stdin): print(r["source"], r["line"], r["text"])' | tail -n 1)" \
    'orders.csv 10 1007,2024-04-04 12:00:00,carla@example.com,CUP-3,1,0.99'
before=$("$CICLO" replay "$T/a.ciclo" --hash)
essence=$(essence "$T/a.json")
t_is 'a hash and a report to compare with' "${#before} ${essence%%,*}" '32 [10'

t_is 'everybody'"'"'s history is in the file' \
    "$(sqlite3 "$T/a.ciclo" 'select count(*) from history')" 1

take a "$orders" >"$T/again.json"
t_is 'the same file again: nothing new' \
    "$(part "$T/again.json" '[d["events"], d["known"], d["used"]]')" '[0, 4, 5]'
t_is 'the same file again: nothing refused twice' \
    "$("$CICLO" refused "$T/a.ciclo" --json | grep -o '"source"' | wc -l)" 4
t_is 'the same file again: the same histories' \
    "$("$CICLO" replay "$T/a.ciclo" --hash)" "$before"

# same NAME DATA...: another form of the same file gives the same report
same() {
    name=$1
    shift
    new b
    take b "$@" >"$T/b.json"
    t_is "$name" "$(essence "$T/b.json")" "$essence"
}

gzip -c "$orders" >"$T/orders.csv.gz"
same 'gzip' "$T/orders.csv.gz"
xz -c "$orders" >"$T/orders.csv.xz"
same 'xz' "$T/orders.csv.xz"
same 'standard input' - <"$orders"
same 'standard input, packed' - <"$T/orders.csv.gz"
iconv -f UTF-8 -t LATIN1 "$orders" | sed 's/$/\r/' >"$T/latin1.csv"
same 'Latin-1 with CRLF' "$T/latin1.csv"
t_is 'Latin-1 is said' "$(part "$T/b.json" 'd["encoding"]')" latin-1
t_ok 'accents survive' sh -c '"$0" customer "$1" anna@example.com | grep -q "Forlì \"alta\""' \
    "$CICLO" "$T/b.ciclo"
{ printf '\357\273\277'; sed 's/"São Paulo, centro"/São Paulo/; s/,/;/g' "$orders"; } >"$T/semi.csv"
same 'semicolons and a byte order mark' "$T/semi.csv"
t_is 'the separator is said' "$(part "$T/b.json" 'd["separator"]')" ';'
tr '\n' '\r' <"$orders" >"$T/mac.csv"
same 'lines that end in CR' "$T/mac.csv"

{ head -n 1 "$orders"; tail -n +2 "$orders" | tac; } >"$T/reversed.csv"
same 'the lines in reverse' "$T/reversed.csv"
t_is 'the lines in reverse: the same histories' \
    "$("$CICLO" replay "$T/b.ciclo" --hash)" "$before"
{ head -n 1 "$orders"; tail -n +2 "$orders" | shuf; } >"$T/shuffled.csv"
same 'the lines shuffled' "$T/shuffled.csv"
t_is 'the lines shuffled: the same histories' \
    "$("$CICLO" replay "$T/b.ciclo" --hash)" "$before"

# --- mapping files ---
take a "$orders" --save-mapping "$T/orders.yaml" >/dev/null
new c
t_ok 'a saved mapping stands for its options' \
    sh -c '"$0" import "$1" "$2" --mapping "$3" --json >"$4"' \
    "$CICLO" "$T/c.ciclo" "$orders" "$T/orders.yaml" "$T/c.json"
t_is 'and gives the same' "$(essence "$T/c.json")" "$essence"
new c
"$CICLO" import "$T/c.ciclo" "$orders" --mapping "$T/orders.yaml" --where 'Qty = 2' --json \
    >"$T/c.json"
t_is 'an option is stronger than the mapping file' "$(part "$T/c.json" 'd["events"]')" 1
echo 'custmer: Email' >"$T/wrong.yaml"
t_fails 'a wrong mapping file has its place' 'line 1, column 1' \
    "$CICLO" import "$T/c.ciclo" "$orders" --mapping "$T/wrong.yaml"

# --- dry run ---
new d
take d "$orders" --dry-run >"$T/d.json"
t_is 'a dry run says the same' "$(essence "$T/d.json")" "$essence"
t_is 'a dry run keeps nothing' "$("$CICLO" refused "$T/d.ciclo" --json | grep -c reason)" 0
take d "$orders" >"$T/d.json"
t_is 'after it everything is new' "$(essence "$T/d.json")" "$essence"
new d
"$CICLO" import "$T/d.ciclo" "$orders" --mapping "$T/orders.yaml" --dry-run >"$T/d.txt"
t_ok 'a dry run shows events' grep -q '2024-03-01T08:15:00.000Z  anna@example.com .*revenue=21' \
    "$T/d.txt"
t_ok 'a dry run shows every problem' grep -q '1 *5  no customer (column Email is empty) ' "$T/d.txt"
t_ok 'a dry run says that it was one' grep -q 'Nothing was written' "$T/d.txt"

# --- for people ---
new e
"$CICLO" import "$T/e.ciclo" "$orders" --mapping "$T/orders.yaml" >"$T/e.txt" 2>"$T/e.err"
t_ok 'the report names the reasons' grep -q 'no customer (column Email is empty)' "$T/e.txt"
t_ok 'the report has the total' grep -q 'revenue in total  *41.34 EUR' "$T/e.txt"
t_is 'no bar where no terminal is' "$(cat "$T/e.err")" ''

# --- JSON lines ---
cat >"$T/calls.jsonl" <<'END'
{"type":"identify","userId":"anna","timestamp":"2024-01-01T00:00:00Z","traits":{"city":"Forlì"}}
{"type":"track","event":"visit","userId":"anna","timestamp":"2024-01-02T00:00:00Z"}
{"type":"track","event":"visit","userId":"anna"}
{"type":"track","event":"purchase","anonymousId":"x","messageId":"m1","timestamp":"2024-01-02T00:00:00Z","properties":{"revenue":5}}
END
new f
"$CICLO" import "$T/f.ciclo" "$T/calls.jsonl" --json >"$T/f.json"
t_is 'JSON lines come in' "$(part "$T/f.json" \
    '[d["lines"], d["events"], d["customers"], d["refused"][0]["reason"]]')" \
    "[4, 3, 2, 'timestamp is missing']"
xz -c "$T/calls.jsonl" | "$CICLO" import "$T/f.ciclo" - --json >"$T/f.json"
t_is 'JSON lines again: nothing new' "$(part "$T/f.json" '[d["events"], d["known"]]')" '[0, 3]'

# --- wrong use ---
"$CICLO" import "$T/f.ciclo" "$orders" --property revenue >/dev/null 2>&1
t_is 'a property without an expression is wrong use' $? 2
"$CICLO" import "$T/f.ciclo" "$orders" --custmer Email >/dev/null 2>&1
t_is 'an unknown option is wrong use' $? 2
"$CICLO" import "$T/f.ciclo" "$T/none.csv" --customer Email --time Date --event x >/dev/null 2>&1
t_is 'a file that is not there is a failure' $? 1
t_fails 'a data file is not made on the way' 'ciclo init' take none "$orders"
t_is 'nothing stands there then' "$(ls "$T" | grep -c none)" 0
t_done
