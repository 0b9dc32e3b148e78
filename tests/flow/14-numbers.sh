#!/bin/sh
# Exports of shops that write numbers in other ways: an Italian one, a Portuguese one, a British
# one. What was recognised is said and saved; what cannot be is asked about.
. "$ROOT/tests/support/tap.sh"

# new NAME CURRENCY: an empty shop in $T/NAME.ciclo
new() {
    rm -f "$T/$1".ciclo*
    "$CICLO" init "$T/$1.ciclo" --timezone Europe/Rome --currency "$2" >/dev/null
}

# part EXPRESSION: of the report d that was written to $T/report
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$T/report" "$1"
}
counts='d["lines"], d["used"], d["left_out"], d["events"], d["customers"]'
reasons='[(r["first_line"], r["lines"], r["reason"]) for r in d["refused"]]'

# --- Italian: semicolons, Latin-1, 1.234,56 ---
italian() {
    "$CICLO" import "$T/it.ciclo" "$ROOT/tests/data/ordini.csv" --customer Cliente --time Data \
        --event purchase --id 'Numero ordine' --trait 'city=Città' \
        --property 'revenue:money=sum(`Quantità` * `Prezzo unitario`)' \
        --property 'items:list=Articolo' --where '`Prezzo unitario` > 0' "$@"
}
new it EUR
italian --save-mapping "$T/it.yaml" >"$T/it.txt"
t_ok 'what was recognised is said' grep -qF \
    'Read as: separator semicolon, Latin-1, numbers as 1.234,50, times %d/%m/%Y %H:%M in Europe/Rome' \
    "$T/it.txt"
t_ok 'the total of the Italian shop' grep -q 'revenue in total  *5557.46 EUR' "$T/it.txt"
t_is 'the mapping keeps it' "$(grep decimal "$T/it.yaml")" "decimal: ','"
new it EUR
italian --json >"$T/report"
t_is 'every line of it' "$(part "[$counts]")" '[9, 5, 1, 4, 3]'
t_is 'what is no number' "$(part "$reasons")" \
    "[(6, 2, 'the column \"Prezzo unitario\" must hold a number'), (7, 1, 'no customer (column Cliente is empty)')]"
t_is 'said to programs' "$(part '[d["decimal"], d["separator"], d["encoding"]]')" \
    "[',', ';', 'latin-1']"
t_ok 'blanks around the customer are none of his id' sh -c \
    '"$0" customer "$1" bruno@esempio.it | grep -q 4200' "$CICLO" "$T/it.ciclo"
"$CICLO" import "$T/it.ciclo" "$ROOT/tests/data/ordini.csv" --mapping "$T/it.yaml" --json \
    >"$T/report"
t_is 'the saved mapping reads the same orders' "$(part '[d["events"], d["known"]]')" '[0, 4]'
new it EUR
italian --decimal . --json >"$T/report"
t_is 'an option is stronger than what could be recognised' "$(part '[d["events"], d["decimal"]]')" \
    "[0, '.']"

# --- Portuguese: no-break spaces, the euro sign, one name for two columns ---
portuguese() {
    "$CICLO" import "$T/pt.ciclo" "$ROOT/tests/data/encomendas.csv" --customer E-mail \
        --time Data --event purchase --id Encomenda --property 'revenue:money=Total' "$@"
}
new pt EUR
portuguese --property 'pieces:number=Qtd' --json >"$T/report"
t_is 'the Portuguese shop' "$(part "[$counts, d['totals'], d['decimal']]")" \
    "[5, 4, 0, 4, 3, {'revenue': 1244.75, 'pieces': 154}, ',']"
t_is 'another currency is not taken for the own' "$(part "$reasons")" \
    "[(5, 1, 'Total is in another currency than EUR')]"
t_fails 'a name that two columns have' "there are two columns 'Preço': rename one of them" \
    portuguese --property 'price:money=Preço'
t_fails 'and inside an expression' 'there are two columns "Preço": rename one of them' \
    portuguese --where '`Preço` > 0'
new pt EUR
"$CICLO" import "$T/pt.ciclo" "$ROOT/tests/data/encomendas.csv" --customer E-mail --time Data \
    --event purchase --property 'n:number=Total' --json >"$T/report"
t_is 'an amount of money is no plain number' "$(part "$reasons")" \
    "[(2, 5, 'Total is not a number')]"

# --- British: 1,234.56 ---
printf 'who,when,price\nann,2024-01-01,"£1,234.56"\nbob,2024-01-02,0.44\n' >"$T/gb.csv"
new gb GBP
british() {
    data=$1
    shift
    "$CICLO" import "$T/gb.ciclo" "$data" --customer who --time when --event purchase \
        --property 'revenue:money=price' "$@"
}
british "$T/gb.csv" >"$T/gb.txt"
t_ok 'the total of the British shop' grep -q 'revenue in total  *1235.00 GBP' "$T/gb.txt"
t_ok 'says how it was read' grep -q 'separator comma, UTF-8, numbers as 1,234.50, times' "$T/gb.txt"

# --- what cannot be recognised ---
printf 'who;when;price\nann;2024-01-01;1,234\n' >"$T/two.csv"
t_fails 'a number that can be read in two ways is asked about' \
    "the numbers in price can be read in two ways: '1,234' is 1234 with --decimal . and 1.234 with --decimal ," \
    british "$T/two.csv" --json
british "$T/two.csv" --json --decimal , >"$T/report"
t_is 'and then read' "$(part 'd["totals"]')" "{'revenue': 1.23}"
printf 'who;when;price\nann;2024-01-01;1.50\nbob;2024-01-01;1,50\n' >"$T/mixed.csv"
t_fails 'numbers in two writings are asked about' \
    "numbers are written in two ways, '1.50' in price and '1,50' in price" \
    british "$T/mixed.csv" --json
british "$T/two.csv" --decimal ';' >/dev/null 2>&1
t_is 'another character is wrong use' $? 2
t_is 'a file that is not there is named once' \
    "$("$CICLO" import "$T/gb.ciclo" "$T/none.csv" --customer who --time when --event x 2>&1)" \
    "ciclo: there is no file $T/none.csv"
t_done
