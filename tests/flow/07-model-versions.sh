#!/bin/sh
# The model's versions: history, an old text, what differs, and back again.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo

"$CICLO" init "$shop" >/dev/null
"$CICLO" model show "$shop" >"$T/1.yaml"
sed 's/count(purchase, 180d) >= 4/count(purchase, 180d) >= 5/' "$T/1.yaml" >"$T/2.yaml"
"$CICLO" model apply "$shop" "$T/2.yaml" >"$T/said"

t_is 'a version says what it changed' \
    "$("$CICLO" model history "$shop" --csv | tail -n 1 | cut -d, -f1,4)" \
    '2,moves ~retention -> loyalty'
t_ok 'in JSON too' python3 - "$("$CICLO" model history "$shop" --json)" <<'PY'
import json, sys
first, second = json.loads(sys.argv[1])
assert first['version'] == 1 and first['changes'] == [], first
assert second['version'] == 2 and second['applied'] > first['applied'], second
assert second['changes'] == [
    {'sign': '~', 'section': 'moves', 'name': 'retention -> loyalty'}], second
PY

t_is 'an old text is kept byte by byte' "$("$CICLO" model show "$shop" --version 1 | sha256sum)" \
    "$(sha256sum <"$T/1.yaml")"
t_fails 'an unknown version is named' 'there is no model version 3; the versions are 1 to 2' \
    "$CICLO" model show "$shop" --version 3
t_fails 'a version is a number' '--version is a number' \
    "$CICLO" model show "$shop" --version first

"$CICLO" model diff "$shop" 1 2 >"$T/ours"
diff -u "$T/1.yaml" "$T/2.yaml" >"$T/theirs"
t_is 'versions are compared as diff -u does' "$(tail -n +3 "$T/ours")" "$(tail -n +3 "$T/theirs")"
t_is 'a version and a file' "$("$CICLO" model diff "$shop" 1 "$T/2.yaml" | tail -n +3)" \
    "$(tail -n +3 "$T/theirs")"
t_is 'the heading says which is which' "$(head -n 2 "$T/ours")" "$(printf -- '--- version 1\n+++ version 2')"
t_is 'equal texts have nothing to say' "$("$CICLO" model diff "$shop" 2 "$T/2.yaml")" ''
t_ok 'in JSON: lines with their signs' python3 - "$("$CICLO" model diff "$shop" 1 2 --json)" <<'PY'
import json, sys
hunk, = json.loads(sys.argv[1])['hunks']
assert [line['sign'] for line in hunk['lines']].count('+') == 1, hunk
assert '>= 5' in [line['text'] for line in hunk['lines'] if line['sign'] == '+'][0], hunk
PY

t_is 'back to the first' "$("$CICLO" model revert "$shop" 1)" \
    'This is now model version 3, with the text of version 1.'
t_is 'as a version of its own' "$("$CICLO" model show "$shop" | sha256sum)" "$(sha256sum <"$T/1.yaml")"
t_is 'nothing is forgotten' "$("$CICLO" model history "$shop" --csv | wc -l)" 4
t_fails 'there is no way back to what never was' 'there is no model version 9' \
    "$CICLO" model revert "$shop" 9
t_is 'and nothing changes then' "$("$CICLO" model history "$shop" --csv | wc -l)" 4
t_done
