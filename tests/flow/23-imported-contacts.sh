#!/bin/sh
# An import ends on the right person: what a contact did before is there when he logs in, whichever
# of the two comes first, and as often as it is imported.
. "$ROOT/tests/support/tap.sh"
data=$ROOT/tests/data/exports
shop=$T/shop.ciclo

new() {
    rm -f "$shop"*
    "$CICLO" init "$shop" --timezone Europe/Rome --currency EUR >/dev/null
}
exports() {
    for name in hubspot-contacts hubspot-deals shopify-orders; do
        "$CICLO" import "$shop" "$data/$name.csv" --mapping "$name" --json --clock 2026-03-10 \
            >"$T/report" || cat "$T/report"
    done
}
cat >"$T/visits.jsonl" <<'END'
{"type":"track","event":"visit","anonymousId":"phone","messageId":"m1","timestamp":"2026-03-08T10:00:00Z"}
{"type":"identify","userId":"anna7","anonymousId":"phone","messageId":"m2","timestamp":"2026-03-09T10:00:00Z","traits":{"email":" Anna@Example.com"}}
END
visits() { "$CICLO" import "$shop" "$T/visits.jsonl" --clock 2026-03-10 >/dev/null; }
sql() { "$CICLO" sql "$shop" "$1" --csv | tail -n +2 | tr '\n' ' '; }
story() { sql "select type from events where customer = '$1' and type <> 'group' order by at_ms, id"; }
everything() { "$CICLO" export "$shop" events --csv | sort; }
# he ID EXPRESSION: of the customer c
he() {
    "$CICLO" customer "$shop" "$1" --json | python3 -c 'import json, sys
c = json.load(sys.stdin)
print(eval("(" + sys.argv[1] + ")"))' "$2"
}
anna='identify deal_closed purchase visit identify '

# --- the contact first ---
new
exports
t_is 'who was imported is called by his address' "$(story anna@example.com)" \
    'identify deal_closed purchase '
visits
t_is 'who logs in with the same address has both histories' "$(story anna7)" "$anna"
t_is 'and all ids' "$(he anna7 '" ".join(i["kind"] + ":" + i["id"] for i in c["ids"])')" \
    'userId:anna7 anonymousId:phone email:anna@example.com other:hubspot:51'
t_is 'no other customer has that address' \
    "$(sql "select count(*) from timelines where customer like '%anna%'")" '1 '
everything >"$T/once"
exports
visits
everything >"$T/twice"
t_ok 'everything a second time doubles nothing' cmp "$T/once" "$T/twice"
t_ok 'nothing of it is suspected' grep -q '^\[\]$' <<END
$("$CICLO" identity "$shop" suspicions --json)
END
t_ok 'the file is whole' sh -c '"$0" verify "$1" | grep -q "is whole"' "$CICLO" "$shop"

# --- the login first ---
new
visits
exports
everything >"$T/other"
t_ok 'the other way round it is the same' cmp "$T/once" "$T/other"
"$CICLO" rebuild "$shop" >/dev/null
everything >"$T/rebuilt"
t_ok 'and when the file is made anew' cmp "$T/once" "$T/rebuilt"

# --- ids of a table of one's own ---
cat >"$T/tickets.csv" <<'END'
No,When,User,Mail,Shop
1,2026-03-01,,Anna@example.com;sales@example.com,
2,2026-03-02,,none,'7001
3,2026-03-10,bob,anna@example.com,
4,2026-03-04,,none,
5,2026-03-05,,,
END
tickets() {
    "$CICLO" import "$shop" "$T/tickets.csv" --json --clock 2026-03-10 "$@" >"$T/report"
}
of() { sql "select id from events where type = 'ticket' and customer = '$1' order by id"; }
tickets --customer User --ids email=Mail --ids 'shopify=?Shop' --ids 'crm=?CRM' --time When \
    --event ticket --id No --save-mapping "$T/tickets.yaml"
t_is 'of several in a cell the first counts' "$(of anna7)" 'ticket:1 '
t_is 'what is no id counts for nothing' "$(of shopify:7001)" 'ticket:2 '
t_is 'two known users stay two' "$(of bob)" 'ticket:3 '
t_is 'somebody must be left' "$(python3 -c 'import json, sys
for r in json.load(open(sys.argv[1]))["refused"]: print(r["first_line"], r["reason"])' "$T/report" | sort)" \
    '5 no customer (columns User, Mail, Shop hold no id)
6 no customer (columns User, Mail, Shop are empty)'
tickets --mapping "$T/tickets.yaml"
t_is 'the ids stand in a saved mapping' "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(d["events"], d["known"])' "$T/report")" '0 3'
t_fails 'a kind that is written large' 'small letters' "$CICLO" import "$shop" "$T/tickets.csv" \
    --ids Email=Mail --time When --event ticket
t_fails 'a kind twice' 'email twice' "$CICLO" import "$shop" "$T/tickets.csv" \
    --ids email=Mail --ids email=User --time When --event ticket
t_fails 'a column that is not there' "no column 'Male' (an id)" "$CICLO" import \
    "$shop" "$T/tickets.csv" --ids email=Male --time When --event ticket
t_fails 'none of the columns' 'none of the columns that hold ids' "$CICLO" import "$shop" \
    "$T/tickets.csv" --ids 'crm=?CRM' --time When --event ticket

# --- and who looks like whom ---
alike=$T/alike.ciclo
"$CICLO" init "$alike" >/dev/null
printf '%s\n' 'Id,Name,Street' '1,Mario Rossi,Via Verdi 12' '2,Mraio Rossi,Via Verdi 12' '3,Anna Bianchi,Via Po 1' \
    >"$T/alike.csv"
people() {
    "$CICLO" import "$alike" "$T/alike.csv" --ids crm=Id --moment 2026-01-05 --event identify \
        --trait name=Name --trait street=Street "$@" 2>&1
}
t_is 'a dry run looks for nobody' "$(people --similar --dry-run | grep -c alike)" 0
t_is 'nor does who is not asked to' "$(people | grep -c alike)" 0
t_is 'an import says how many look alike, new or not' "$(people --similar | grep alike)" \
    "1 pair of customers look alike. Who, and how: ciclo identity $alike similar"
t_is 'and so to programs' "$(people --similar --json | grep -o '"similar":[0-9]*')" '"similar":1'
"$CICLO" identity "$alike" apart crm:1 crm:2 >/dev/null
t_is 'who is kept apart is none' "$(people --similar | grep alike)" '0 pairs of customers look alike.'
t_done
