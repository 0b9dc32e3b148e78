#!/bin/sh
# An account's timeline also holds its members' events: whoever joins, is merged, or comes late; in
# moves, segments, questions and exports; and each event of the file is counted once.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo
model=$T/model.yaml

cat >"$model" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC, language: it }
events: { login: {}, signed: {} }
traits: { plan: text }
lifecycles:
  people:
    for: not account
    start: new
    stages: { new: {}, known: { end: true } }
    moves:
      - { from: new, to: known, when: "count(login) >= 2" }
  firms:
    for: account
    start: small
    stages: { small: {}, big: { end: true } }
    moves:
      - { from: small, to: big, when: "distinct(login.member) >= 2" }
segments:
  gold: { when: 'trait.plan = "gold"' }
  bobs: { when: 'exists(login where member = "bob")' }
  firms: { when: account }
YAML

# call TYPE ID DAY REST
call() {
    printf '{"type":"%s","messageId":"%s","timestamp":"2026-01-%sT10:00:00Z",%s}\n' \
        "$1" "$2" "$3" "$4"
}
login() { call track "$1" "$2" '"event":"login",'"$3"; }
group() { call group "$1" "$2" '"userId":"'"$3"'","groupId":"'"$4"'","traits":{'"$5"'}'; }
take() {
    cat >"$T/calls"
    "$CICLO" import "$shop" "$T/calls" --json >"$T/report"
}
# it ID EXPRESSION: of the customer c
it() {
    "$CICLO" customer "$shop" "$1" --lifecycle firms --json >"$T/it" 2>"$T/why" ||
        { cat "$T/why"; return; }
    python3 -c 'import json, sys
c = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$T/it" "$2"
}
events='" ".join(e["type"] + ("/" + e["member"]["id"] if e["member"] else "") for e in reversed(c["events"]))'
moves='" ".join(m["to"] + m["at"][8:10] for m in c["moves"])'
members='" ".join(m["id"] for m in c["members"])'
accounts='" ".join(m["id"] for m in c["accounts"])'
is() { t_is "$3" "$1" "$2"; }
whole() { "$CICLO" verify "$shop" | tail -n 1 | grep -o 'is whole'; }
everything() {
    "$CICLO" export "$shop" events --csv | cut -d , -f 1-4 | sort
    "$CICLO" export "$shop" stages --csv | sort
    "$CICLO" sql "$shop" 'select customer, segment from segments order by 1, 2'
}

"$CICLO" init "$shop" --model "$model" >/dev/null
{
    login l1 01 '"userId":"ada"'
    group g1 03 ada acme '"plan":"gold"'
    call identify i1 04 '"userId":"ada","traits":{"plan":"none"}'
} | take
is "$(it acme "$events")" 'login/ada identify group/ada identify/ada' \
    'an account has what its member did before he joined'
is "$(it acme "$moves")" small01 'and lives from its first event on'
is "$(it acme 'c["traits"]["plan"]')" gold "its traits are those of the group call, not its member's"
is "$(it ada "$accounts")" acme 'the member knows his account'
is "$(it group:acme 'c["is_account"], c["members_total"]')" '(True, 1)' \
    'an account is found by its kind too'

{
    login l2 05 '"userId":"bob"'
    login l3 06 '"anonymousId":"phone"'
} | take
is "$(it acme "$members")" ada 'who is no member stays outside'
group g2 20 bob acme '' | take
is "$(it acme "$moves")" 'small01 big05' 'who joins brings what he did'
is "$(it acme "$members")" 'ada bob' 'and is listed'
call identify i2 21 '"userId":"bob","anonymousId":"phone","traits":{}' | take
is "$(it acme "$events")" 'login/ada identify group/ada identify/ada login/bob login/bob identify group/bob identify/bob' \
    'what a browser did is his when he logs in on it'
call track s1 22 '"event":"signed","groupId":"acme"' | take
is "$(it acme 'c["events"][0]["type"], c["events"][0]["member"]')" "('signed', None)" \
    'a call that names the account alone is its own'
is "$("$CICLO" sql "$shop" 'select count(*), count(distinct id) from events' | tail -n 1 | tr -s ' ')" \
    "$("$CICLO" info "$shop" --json | python3 -c 'import json, sys; n = json.load(sys.stdin)["events"]; print("%8d %18d" % (n, n))' | tr -s ' ')" \
    'each event of the file is a row once'
is "$("$CICLO" sql "$shop" 'select customer, segment from segments order by 1, 2' | tail -n +2 | tr -s ' ' | tr '\n' ,)" \
    'acme bobs,acme firms,acme gold,' 'rules see who did what, and who is an account'
is "$(whole)" 'is whole' 'the file is whole'

# --- the order of arrival plays no part, nor does where the file was made anew ---
everything >"$T/first"
"$CICLO" rebuild "$shop" >/dev/null
everything >"$T/second"
is "$(cmp "$T/first" "$T/second" 2>&1)" '' 'made anew, the file tells the same'
rm -f "$shop"*
"$CICLO" init "$shop" --model "$model" >/dev/null
call track s1 22 '"event":"signed","groupId":"acme"' | take
call identify i2 21 '"userId":"bob","anonymousId":"phone","traits":{}' | take
group g2 20 bob acme '' | take
login l3 06 '"anonymousId":"phone"' | take
login l2 05 '"userId":"bob"' | take
call identify i1 04 '"userId":"ada","traits":{"plan":"none"}' | take
group g1 03 ada acme '"plan":"gold"' | take
login l1 01 '"userId":"ada"' | take
everything >"$T/second"
is "$(cmp "$T/first" "$T/second" 2>&1)" '' 'whatever came first'
is "$(whole)" 'is whole' 'and the histories kept are the events'"'"

# --- merging, parting, erasing ---
group g4 23 ada acme '"plan":null,"seats":7' | take
is "$(it acme '[c["traits"].get(t) for t in ("plan", "seats")]')" '[None, 7]' \
    'a group call takes a trait of the account away with null'
is "$("$CICLO" sql "$shop" "select count(*) from segments where segment = 'gold'" --csv | tail -n 1) $(whole)" \
    '0 is whole' 'for rules too'
"$CICLO" identity "$shop" merge bob acme >"$T/out" 2>&1
is "$? $(grep -o 'not one customer' "$T/out")" '1 not one customer' 'an account and a person are never one'
"$CICLO" identity "$shop" apart bob phone >/dev/null
is "$(it acme 'sum(e["type"] == "login" for e in c["events"])')" 2 \
    'what is not the member'"'"'s any more is not the account'"'"'s'
"$CICLO" identity "$shop" undecide bob phone >/dev/null
group g3 25 eve acme2 '"plan":"silver"' | take
"$CICLO" identity "$shop" merge acme acme2 >/dev/null
is "$(it acme2 "$members")" 'bob ada eve' 'two accounts that are one have the members of both'
"$CICLO" erase "$shop" bob >/dev/null 2>"$T/why" || cat "$T/why"
is "$(it acme "$members")" 'ada eve' 'who is erased is no member'
is "$(it acme "$moves")" small01 'and nothing of him is in the account'"'"'s life'
is "$(whole)" 'is whole' 'the file is whole without him'


# --- what is known of an account by the word of one who is erased ---
customers() { "$CICLO" export "$shop" customers --csv | cut -d , -f 1 | sort | tr '\n' ' '; }
erased() { "$CICLO" info "$shop" --json | python3 -c 'import json, sys; i = json.load(sys.stdin); print(i["events"], i["erased"]["events"])'; }
{
    login l9 07 '"userId":"zoe"'
    group g8 24 zoe sole '"plan":"hers"'
    group g9 26 zoe acme '"plan":"zoes"'
} | take
is "$(it acme 'c["traits"]["plan"]') $(erased)" 'zoes 15 7' 'the last who says something of an account is right'
"$CICLO" erase "$shop" zoe >"$T/receipt" 2>"$T/why" || cat "$T/why"
is "$(it acme 'c["traits"]["plan"]') $(erased)" 'silver 10 12' 'what he said of it goes with him, and is counted'
is "$(it sole 1 | grep -c 'no customer') $(customers)" '1 acme ada customer eve ' 'an account that nobody else named is gone'
group g9 26 zoe acme '"plan":"zoes"' | take
is "$(it acme 'c["traits"]["plan"]') $(erased)" 'silver 10 12' 'and it does not come again'
{
    login l10 08 '"userId":"42"'
    group g10 09 eve 42 '"plan":"silver"'
} | take
"$CICLO" erase "$shop" 42 >"$T/receipt" 2>"$T/why" || cat "$T/why"
is "$(it group:42 "$members")" eve 'an account that is called as somebody erased keeps its members'
"$CICLO" erase "$shop" group:42 >"$T/receipt" 2>"$T/why" || cat "$T/why"
is "$(it group:42 1 | grep -c 'no customer') $(it eve "$accounts")" '1 acme' 'an account that is erased has none'
is "$(whole)" 'is whole' 'the file is whole without them'

call identify i3 27 '"groupId":"acme","traits":{"plan":null}' | take
is "$(it acme 'c["traits"].get("plan")')" None 'what is the account'"'"'s own can take a trait away'

# --- from a table ---
shop=$T/table.ciclo
"$CICLO" init "$shop" --model "$model" >/dev/null
cat >"$T/orders.csv" <<'END'
No,Day,Who,Firm
1,2026-01-05,ada,acme
2,2026-01-03,ada,acme
3,2026-01-04,bob,
4,2026-01-04,bob,none
END
cat >"$T/firms.csv" <<'END'
Firm,Day,Plan
acme,2026-01-01,gold
END
orders() {
    "$CICLO" import "$shop" "$T/orders.csv" --customer Who --time Day --event login --id No "$@" --json
}
orders >"$T/plain"
"$CICLO" import "$shop" "$T/firms.csv" --account Firm --time Day --event identify --trait plan=Plan >/dev/null
is "$(it acme 'c["is_account"], c["traits"]["plan"], c["members_total"]')" "(True, 'gold', 0)" \
    'a table of firms alone is the firms'"'"' own'
orders --account Firm --save-mapping "$T/orders.yaml" >"$T/report"
is "$(python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(r["events"], r["known"], r["members"])' "$T/report")" \
    '0 4 1' 'orders that are known say whose members their customers are'
is "$(it acme "$events")" 'identify group/ada identify login/ada login/ada' \
    'once, at the first of them, as a group call does'
everything >"$T/first"
"$CICLO" import "$shop" "$T/orders.csv" --mapping "$T/orders.yaml" >"$T/out"
everything >"$T/second"
is "$(cmp "$T/first" "$T/second" 2>&1)$(grep -c 'new members' "$T/out")" 0 'the same file again changes nothing'
is "$(whole)" 'is whole' 'the file is whole'

# --- without anybody's ids ---
"$CICLO" init "$T/hidden.ciclo" --model "$model" --pseudonymous "$T/key" >/dev/null
CICLO_PSEUDONYM_KEY_FILE=$T/key
export CICLO_PSEUDONYM_KEY_FILE
shop=$T/hidden.ciclo
{
    login l1 01 '"userId":"ada"'
    group g1 03 ada acme '"plan":"gold"'
    call track s1 22 '"event":"signed","groupId":"acme"'
} | take
is "$(it group:acme '[e["type"] for e in c["events"]], c["members_total"], "acme" in str(c["ids"])')" \
    "(['signed', 'group', 'identify', 'login'], 1, False)" 'an account is one without its id too'
orders --account Firm --zone Europe/Rome >"$T/report"
is "$(it group:acme 'c["members_total"], sum(e["type"] == "login" for e in c["events"])')" '(1, 3)' \
    'and a table'"'"'s rows find it'
is "$(grep -c acme "$shop")" 0 'its name is nowhere in the file'
t_done
