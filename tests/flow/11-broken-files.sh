#!/bin/sh
# Broken files: each says what is wrong with it, in words for a shop owner.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo
"$CICLO" init "$shop" >/dev/null

# take DATA [OPTION...]
take() {
    data=$1
    shift
    "$CICLO" import "$shop" "$data" --customer who --time when --event visit "$@"
}

# part EXPRESSION: of the report d that take --json wrote to $T/report
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$T/report" "$1"
}
reasons='[(r["first_line"], r["lines"], r["reason"]) for r in d["refused"]]'

printf 'whom,when\n1,2024-01-01\n' >"$T/column.csv"
t_fails 'a missing column is named' "column.csv has no column 'who' (the customer)" \
    take "$T/column.csv"
t_fails 'with the nearest one' "did you mean 'whom'? Its columns: whom, when" take "$T/column.csv"
t_fails 'without the options there is a whole example' \
    'ciclo import SHOP.ciclo column.csv --customer COLUMN --time COLUMN --event purchase' \
    "$CICLO" import "$shop" "$T/column.csv"

printf 'who,when\n1,2024-01-01\n2,2024-02-30\n3,soon\n' >"$T/date.csv"
take "$T/date.csv" --json >"$T/report"
t_is 'a wrong date refuses its line alone' "$(part "[d['events'], $reasons]")" \
    "[1, [(3, 2, 'when is not a time of the form %Y-%m-%d')]]"
printf 'who,when\n1,01/02/2024\n' >"$T/two.csv"
t_fails 'a date that can be read in two ways is asked about' "--time-format '%d/%m/%Y'" \
    take "$T/two.csv"

printf 'who,when,note\n10,2024-01-01,a\n11,2024-01-02,"the file\n12,2024-01-03,was cut' >"$T/cut.csv"
take "$T/cut.csv" --json >"$T/report"
t_is 'a file cut inside a quoted field' "$(part "[d['lines'], d['events'], $reasons]")" \
    "[3, 2, [(3, 1, 'a quoted field does not end')]]"

printf 'who,when\n20,2024-01-01\n2\0001,2024-01-02\n22,2024-01-03\n' >"$T/nul.csv"
take "$T/nul.csv" --json >"$T/report"
t_is 'a NUL byte refuses its line alone' "$(part "[d['lines'], d['events'], $reasons]")" \
    "[3, 2, [(3, 1, 'a NUL byte')]]"

: >"$T/empty.csv"
t_fails 'an empty file' 'the file is empty' take "$T/empty.csv"
t_fails 'an empty file without options' 'the file is empty' "$CICLO" import "$shop" "$T/empty.csv"
printf 'who,when\n' >"$T/header.csv"
t_ok 'a header alone is no error' sh -c '"$@" | grep -q "no line of data"' sh \
    "$CICLO" import "$shop" "$T/header.csv" --customer who --time when --event visit

head -c 100000 /dev/urandom | gzip | head -c 50000 >"$T/cut.csv.gz"
t_fails 'a packed file that is cut' 'cut.csv.gz' take "$T/cut.csv.gz"
t_fails 'a file that is not there' 'there is no file' take "$T/none.csv"
t_fails 'a folder' "$T" take "$T"

# peak DATA: the largest memory of its import, in KiB
peak() {
    python3 -c 'import resource, subprocess, sys
status = subprocess.run(sys.argv[2:], stdout=open(sys.argv[1], "w")).returncode
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)' "$T/report" "$CICLO" import "$shop" "$1" --customer who --time when \
        --event visit --json
}

{
    printf 'who,when\n30,2024-01-01\n'
    head -c 100000000 /dev/zero | tr '\0' 'x'
    printf '\n31,2024-01-02\n'
} >"$T/long.csv"
small=$(peak "$T/header.csv")
large=$(peak "$T/long.csv")
t_is '100 MB on one line refuse that line alone' "$(part "[d['lines'], d['events'], $reasons]")" \
    "[3, 2, [(3, 1, 'a record that is too long')]]"
t_ok "and take no memory for it ($small KiB, $large KiB)" test $((large - small)) -lt 20000

# Every event has 1,000 properties of its own: the 66th finds no room, the 67th is plain.
python3 - >"$T/names.jsonl" <<'EVENTS'
import json
for i in range(67):
    names = [f'p{k}' for k in range(i * 1000, i * 1000 + 1000)] if i < 66 else ['p0']
    print(json.dumps({'type': 'track', 'event': 'visit', 'userId': 'ann', 'messageId': str(i),
                      'timestamp': '2024-01-01T00:00:00Z', 'properties': dict.fromkeys(names, 1)}))
EVENTS
"$CICLO" init "$T/names.ciclo" >/dev/null
"$CICLO" import "$T/names.ciclo" "$T/names.jsonl" --json >"$T/report"
t_is 'too many names of properties refuse their event alone' \
    "$(part "[d['lines'], d['used'], d['events'], d['customers'], $reasons]")" \
    "[67, 66, 66, 1, [(66, 1, 'with its new properties or traits there would be more than 65535: \
their names must not hold values, such as a number or a date')]]"

{
    printf '{"type":"track","event":"visit","userId":"40","timestamp":"2024-01-01T00:00:00Z"}\n{"'
    head -c 100000000 /dev/zero | tr '\0' 'x'
} >"$T/long.jsonl"
t_ok 'so with JSON lines' sh -c '"$0" import "$1" "$2" --json >"$3"' \
    "$CICLO" "$shop" "$T/long.jsonl" "$T/report"
t_is 'which line' "$(part "$reasons")" "[(2, 1, 'a line longer than 1 MiB')]"
t_done
