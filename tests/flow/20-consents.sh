#!/bin/sh
# What customers agreed to comes in from tables, and rules ask for it.
. "$ROOT/tests/support/tap.sh"
shop=$T/shop.ciclo

new() {
    rm -f "$shop"*
    "$CICLO" init "$shop" --timezone UTC >/dev/null
}
cat >"$T/consents.csv" <<'CSV'
Email,When,Channel,Purpose,Status,Version,Form
anna@x.it,2024-01-05 10:00:00,email,news,given,v3,checkout
anna@x.it,2024-03-05 10:00:00,email,news,withdrawn,v3,unsubscribe
bob@x.it,2024-01-07 10:00:00,sms,summer sale,Given,v2,till
carl@x.it,2024-01-07 10:00:00,,news,given,v2,till
dora@x.it,2024-01-07 10:00:00,email,news,maybe,v2,till
eve@x.it,2024-01-07 10:00:00,email,news,,v2,till
CSV
take() {
    "$CICLO" import "$shop" "$T/consents.csv" --customer Email --time When --event consent \
        --property 'channel=Channel' --property 'purpose=Purpose' --property 'granted:bool=Status' \
        --property 'text_version=Version' --property 'source=Form' --json "$@" >"$T/report"
}
# part EXPRESSION: of the report d
part() {
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(eval("(" + sys.argv[2] + ")"))' "$T/report" "$1"
}
# says CUSTOMER DATE RULE
says() {
    "$CICLO" rule explain "$shop" "$3" --customer "$1" --at "$2" --json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["answer"])'
}

new
t_ok 'a table of consents comes in' take --save-mapping "$T/consents.yaml"
t_is 'whole ones only' "$(part '[d["events"], d["used"]]')" '[3, 3]'
t_is 'the others are refused with their reason' \
    "$(part 'sorted((r["first_line"], r["lines"], r["reason"]) for r in d["refused"])')" \
    "[(5, 2, 'a consent has the properties channel and purpose, which are texts, and granted, which is true or false'), (6, 1, 'Status is not yes or no')]"
t_is 'what proves it is kept' \
    "$("$CICLO" export "$shop" events --json --customer bob@x.it | python3 -c '
import json, sys
print(sorted(json.loads(sys.stdin.readline())["properties"].items()))')" \
    "[('channel', 'sms'), ('granted', True), ('purpose', 'summer sale'), ('source', 'till'), ('text_version', 'v2')]"
t_is 'before it was said' "$(says anna@x.it 2024-01-01 'consent.email.news is missing')" True
t_is 'given' "$(says anna@x.it 2024-02-01 'consent.email.news')" True
t_is 'and taken back' "$(says anna@x.it 2024-04-01 'consent.email.news')" False
t_is 'that is not: never said' "$(says anna@x.it 2024-04-01 'consent.email.news is missing')" False
consent() {
    "$CICLO" consent "$shop" "$@" --json | python3 -c 'import json, sys
for c in json.load(sys.stdin)["consents"]:
    print(c["channel"], c["purpose"], c["answer"], c["at"] and c["at"][:10], c["source"], c["text_version"], bool(c["event"]))'
}
email() { consent anna@x.it --channel email --purpose news --at "$1"; }
t_is 'who sends is told: before it was said, nobody knows' "$(email 2024-01-01)" 'email news unknown None None None False'
t_is 'then he may' "$(email 2024-02-01)" 'email news allowed 2024-01-05 checkout v3 True'
t_is 'and then he may not' "$(email 2024-04-01)" 'email news denied 2024-03-05 unsubscribe v3 True'
t_is 'what was never spoken of is not allowed' "$(consent anna@x.it --channel sms --purpose news)" 'sms news unknown None None None False'
t_is 'all that he said' "$(consent bob@x.it)" 'sms summer sale allowed 2024-01-07 till v2 True'
t_ok 'and for people' "$CICLO" consent "$shop" bob@x.it
t_fails 'of nobody' 'no customer' "$CICLO" consent "$shop" nobody@x.it
t_is 'a purpose of two words' "$(says bob@x.it 2024-04-01 'consent.sms.`summer sale`')" True
take
t_is 'the same table again changes nothing' "$(part '[d["events"], d["known"]]')" '[0, 3]'
new
t_ok 'the mapping that was saved reads it too' sh -c '"$0" import "$1" "$2" --mapping "$3" --json >"$4"' \
    "$CICLO" "$shop" "$T/consents.csv" "$T/consents.yaml" "$T/report"
t_is 'in the same way' "$(part '[d["events"], len(d["refused"])]')" '[3, 2]'

# A column for each consent: the table comes in once for each.
cat >"$T/list.csv" <<'CSV'
Email,Since,Newsletter,Offers
anna@x.it,2024-01-05,subscribed,no
bob@x.it,2024-01-06,unsubscribed,yes
CSV
one_of() { # PURPOSE EXPRESSION
    "$CICLO" import "$shop" "$T/list.csv" --customer Email --time Since --event consent \
        --property 'channel:text="email"' --property "purpose:text=\"$1\"" \
        --property "granted:bool=$2" --json >"$T/report"
}
new
t_ok 'one consent of a list' one_of news 'Newsletter = "subscribed"'
t_ok 'and another of the same rows' one_of offers Offers
t_is 'are two events' "$(part '[d["events"], d["known"]]')" '[2, 0]'
t_is 'anna reads the news, and wants no offers' \
    "$(says anna@x.it 2024-02-01 'consent.email.news and not consent.email.offers')" True
t_is 'bob the other way round' \
    "$(says bob@x.it 2024-02-01 'not consent.email.news and consent.email.offers')" True

# Rows of several kinds.
cat >"$T/kinds.csv" <<'CSV'
User,At,What,Channel,Purpose,Granted
u1,2024-05-01,consent,email,news,yes
u1,2024-05-02,purchase,,,
u1,2024-05-03,consent,,news,yes
CSV
new
t_ok 'consents among rows of other kinds' sh -c '"$0" import "$1" "$2" --customer User --time At \
    --event-column What --property channel=Channel --property purpose=Purpose \
    --property granted:bool=Granted --json >"$3"' "$CICLO" "$shop" "$T/kinds.csv" "$T/report"
t_is 'a purchase needs no channel' "$(part '[d["events"], d["refused"][0]["first_line"]]')" '[2, 4]'

t_fails 'a mapping without the three says what it needs' 'granted:bool=COLUMN' \
    "$CICLO" import "$shop" "$T/consents.csv" --customer Email --time When --event consent \
    --property channel=Channel --property purpose=Purpose --property granted=Status
t_fails 'alias is no name for rows' 'keeps for itself' \
    "$CICLO" import "$shop" "$T/consents.csv" --customer Email --time When --event alias
t_done
