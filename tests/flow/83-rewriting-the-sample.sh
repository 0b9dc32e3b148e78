#!/bin/sh
# The sample shop made anew in every way answers as before; and without one customer, as one that
# never had him.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
csv=$T/orders.csv
xz -dc "$ROOT/data/online_retail/online_retail.csv.xz" >"$csv"

shop_of() { # NAME CSV
    "$CICLO" init "$T/$1.ciclo" --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$T/$1.ciclo" "$2"
}
state() {
    "$CICLO" verify "$T/$1.ciclo" --json | grep -o '"whole":true'
    "$CICLO" stages "$T/$1.ciclo" --by month --json
    "$CICLO" replay "$T/$1.ciclo" --hash --at 2012-06-01
    "$CICLO" export "$T/$1.ciclo" events --json | sort | sha256sum
}
t_ok 'the sample' shop_of shop "$csv"
before=$(state shop)
t_ok 'is compacted' "$CICLO" compact "$T/shop.ciclo"
t_is 'and answers as before' "$(state shop)" "$before"
t_ok 'made anew' "$CICLO" rebuild "$T/shop.ciclo"
t_is 'and answers as before' "$(state shop)" "$before"
t_ok 'copied' "$CICLO" backup "$T/shop.ciclo" "$T/copy.ciclo"
t_is 'and the copy answers as it' "$(state copy)" "$before"

one=$("$CICLO" export "$T/shop.ciclo" customers --csv | sed -n '100s/,.*//p')
t_ok 'one customer is erased' "$CICLO" erase "$T/shop.ciclo" "$one"
"$CICLO" refused "$T/shop.ciclo" --json >"$T/refused"
t_is 'with what was refused of him' "$(grep -c ",$one,[A-Z]" "$T/refused")" 0
awk -F, -v one="$one" 'NR == 1 || !index($0, one)' "$csv" >"$T/without.csv"
t_ok 'a shop that never had him' shop_of without "$T/without.csv"
t_is 'answers the same' "$(state shop)" "$(state without)"
t_ok 'the whole sample again' sample_import "$CICLO" "$T/shop.ciclo" "$csv"
t_is 'does not bring him back' "$(state shop)" "$(state without)"
t_done
