#!/bin/sh
# The examples of docs/model.md, put one after the other, are a model without findings.
. "$(dirname "$0")/../support/tap.sh"
model=$T/model.yaml file=$T/shop.ciclo
awk '/^```/ { on = /^```yaml/; next } on' "$ROOT/docs/model.md" >"$model"

t_ok 'a file is made' "$CICLO" init "$file" --template retail
"$CICLO" model check "$file" "$model" >"$T/check" 2>&1
t_is 'the document has a model, and nothing is odd about it' \
    "$(cat "$T/check")" 'The model is right: 6 stages, 6 moves, 10 segments.'
t_ok 'it is applied' "$CICLO" model apply "$file" "$model"
t_is 'and shown as it was written' "$("$CICLO" model show "$file")" "$(cat "$model")"

# What the document says the check finds.
odd() { # PATTERN REPLACEMENT WORDS
    sed "s/$1/$2/" "$model" >"$T/odd.yaml"
    t_ok "found: $3" sh -c '"$1" model check "$2" "$3" | grep -qF -e "$4"' - \
        "$CICLO" "$file" "$T/odd.yaml" "$3"
}
odd '"segment.vip and .*"' '"count(purchase, 30d) < 2"' 'true of customers without any'
odd 'trait.country is not missing and ' '' 'leaves out customers without trait.country'
odd '"trait.country is not .*"' "\"not trait.country = 'IT'\"" 'true of customers without trait.country'
odd 'from: reach,' 'from: regular,' 'nobody can come into "customer"'
t_done
