#!/bin/sh
# A file of each format that was released is opened by this Ciclo, and holds what it held; a reader
# in another language finds the same in it.
. "$(dirname "$0")/../support/tap.sh"
data=$ROOT/tests/data/formats
export PYTHONDONTWRITEBYTECODE=1

# same NAME FILE COMMAND...: the command prints what stands in the file.
same() {
    name=$1 wanted=$2
    shift 2
    "$@" >"$T/got" 2>"$T/err"
    diff "$wanted" "$T/got" >"$T/diff" 2>&1
    t_line $? "$name" "$T/diff"
}
models() {
    sqlite3 "$1" "select '-- version ' || version || ', applied on '
        || date(applied_ms / 1000, 'unixepoch') || char(10) || text from model order by version"
}
# again DATA [OPTION...]: how many events and refusals come new when it is imported once more.
again() {
    "$CICLO" import "$file" "$@" --clock 2024-06-06 --json >"$T/report" &&
        python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["events"])' "$T/report"
}

models=$data/models.txt refused=$data/refused.csv
for old in "$data"/*.ciclo; do
    format=$(basename "$old" .ciclo) file=$T/shop.ciclo
    [ ! -e "$data/$format.models.txt" ] || models=$data/$format.models.txt
    [ ! -e "$data/$format.refused.csv" ] || refused=$data/$format.refused.csv
    cp "$old" "$file"
    t_ok "format $format is opened" "$CICLO" stages "$file" --at 2024-06-05
    same "format $format: what was refused" "$refused" "$CICLO" refused "$file" --csv
    t_is "format $format: an import finds its events known" "$(again "$data/first.jsonl")" 0
    t_is "format $format: the other one too" "$(again "$data/second.jsonl")" 0
    same "format $format: the model's versions" "$models" models "$file"
    same "format $format: the events, read by another hand" "$data/events.jsonl" \
        python3 "$ROOT/tests/format/reader.py" "$file"
    [ "$format" -lt 4 ] || t_is "format $format: the keys" \
        "$("$CICLO" key "$file" list --csv | sed 's/T00:00:0[^,]*Z//g')" 'name,right,rate,made,revoked
page,admin,,2024-06-04,
shop,collect,100,2024-06-04,2024-06-05'
    [ "$format" -lt 6 ] || t_is "format $format: the webhook, and moves that it is owed" \
        "$("$CICLO" webhook "$file" list --csv | tail -n 1) $(sqlite3 "$file" 'select count(*) > 0 from journal')" \
        'crm,https://hooks.example/in,"moves,segments",on,,, 1'
    [ "$format" -lt 7 ] || t_is "format $format: what channels cost" \
        "$("$CICLO" spend list "$file" --csv | tail -n +2)" '2024-06-01,paid search,spring,12.34,EUR,
2024-06-02,email,,0.50,EUR,'
    [ "$format" -lt 8 ] || t_is "format $format: what is kept by a name" \
        "$("$CICLO" view "$file" list --csv | tail -n +2 | cut -d, -f1-3)
$("$CICLO" dashboard "$file" list --csv | tail -n +2 | cut -d, -f1-2)" 'buyers,"funnel?from=-30d&steps=visit,purchase"
Monday,buyers'
    t_ok "format $format: a view may be kept in it" "$CICLO" view "$file" add new rfm?event=purchase\&value=revenue
    t_ok "format $format: the proof" "$CICLO" verify "$file"
    same "format $format: the events of the log" "$data/events.jsonl" \
        python3 "$ROOT/tests/format/logged.py" "$file"
    rm "$file"
done
t_done
