#!/bin/sh
# A rule is tried: checked with its place and notes, and explained of one customer.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo

cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"Order Completed","userId":"anna","messageId":"1","timestamp":"2026-01-01T10:00:00.250Z","properties":{"revenue":120.5,"gift":true}}
{"type":"track","event":"Order Completed","userId":"anna","messageId":"2","timestamp":"2026-02-01T10:00:00.000Z","properties":{"revenue":20.5}}
{"type":"identify","userId":"anna","messageId":"3","timestamp":"2026-01-01T11:00:00.000Z","traits":{"country":"IT","shoe":41}}
{"type":"track","event":"consent","userId":"anna","messageId":"5","timestamp":"2026-01-03T10:00:00.000Z","properties":{"channel":"email","purpose":"news","granted":true}}
{"type":"track","event":"consent","userId":"anna","messageId":"6","timestamp":"2026-01-04T10:00:00.000Z","properties":{"channel":"email","purpose":"news","granted":false}}
{"type":"track","event":"consent","userId":"bob","messageId":"7","timestamp":"2026-01-04T10:00:00.000Z","properties":{"channel":"email","purpose":"news"}}
{"type":"track","event":"Order Completed","userId":"bob","messageId":"4","timestamp":"2026-01-02T10:00:00.000Z","properties":{"revenue":3}}
JSON
t_ok 'a file is made' "$CICLO" init "$shop" --template retail --timezone Europe/Rome
t_ok 'events come in' "$CICLO" import "$shop" "$T/events.jsonl"

check() { "$CICLO" rule check "$shop" "$@"; }
explain() { "$CICLO" rule explain "$shop" "$@"; }
part() { python3 -c "import json,sys; d=json.load(sys.stdin); print(json.dumps($1))"; }

t_is 'a wrong rule has its place, its caret and the nearest name' \
    "$(check "exists(purchase)
 and count(purchse, 90d) >= 3" 2>&1)" \
    'ciclo: line 2, column 12: there is no event "purchse"; did you mean purchase?
   and count(purchse, 90d) >= 3
             ^'
t_fails 'what is neither a condition nor a number' 'a condition, a number or money is needed here' \
    check trait.country
t_is 'the caret counts characters, and nothing steers a terminal' \
    "$(check "trait.country = 'Zoë' $(printf '\033')" 2>&1 | tail -n 1)" "$(printf '%25s' '^')"
t_is 'a right one is said in words, with its type and its names' \
    "$(check 'sum(purchase.revenue where gift, 90d) > 2 and trait.shoe < 42')" \
    'The rule is right, and gives a condition:
  total revenue of purchases (where gift is true) in the last 90 days is more than 2 and shoe is less than 42
It names:
  purchase  event, declared in the model
  purchase.revenue  money, declared in the model
  purchase.gift  bool, learned from the data
  trait.shoe  number, learned from the data'
t_is 'a number, in Italian' "$(check 'avg(purchase.revenue)' --language it | head -n 2)" \
    'The rule is right, and gives money:
  media di importo di acquisti'
t_is 'what is odd is noted' "$(check 'count(purchase) < 2
and not trait.country = "IT"' | grep -o 'line.*note: this is also true of customers without [a-z.]*')" \
    'line 1, column 1: note: this is also true of customers without any
line 2, column 5: note: this is also true of customers without trait.country'

t_is 'how many it fits, at that moment, of how many' "$(for at in 2026-01-02T09:59:59.999Z 2026-01-02T10:00:00Z \
    2026-04-01T10:00:00.250Z; do check 'exists(purchase, 90d)' --count --at $at | tail -n 1; done)" \
    'On 2026-01-02 10:59:59.999 it fits 1 of 1 customers.
On 2026-01-02 11:00:00 it fits 2 of 2 customers.
On 2026-04-01 12:00:00.250 it fits 2 of 2 customers.'
t_is 'and stages with it' "$(check 'stage = "at_risk"' --count --at 2026-06-01 | tail -n 1)" \
    'On 2026-06-01 00:00:00 it fits 2 of 2 customers.'
t_fails 'a number fits nobody' 'customers fit conditions, and this rule gives a number' \
    check 'count(purchase)' --count

t_is 'a consent that says nothing is refused' \
    "$("$CICLO" refused "$shop" | grep -c 'a consent has the properties channel and purpose')" 1
t_is 'a consent is what was said last' "$(for at in 2026-01-03 2026-01-04 2026-01-05; do
    explain 'consent.email.news' --customer anna --at $at --json |
        part '[d["answer"], d["terms"][0]["value"], [e["id"] for e in d["terms"][0]["events"]]]'; done)" \
    '[false, "missing", []]
[true, "yes", ["5"]]
[false, "no", ["6"]]'
t_is 'who said nothing is noted' "$(check 'not consent.email.news = true' | tail -n 1 | cut -c 1-90)" \
    'line 1, column 1: note: this is also true of customers without consent.email.news: a compa'

t_is 'the shape of an explanation' \
    "$(explain 'sum(purchase.revenue, 90d) > 100' --customer anna --at 2026-03-01 --json)" \
    '{"answer":true,"holds_until":"2026-04-01T10:00:00.250Z","terms":[{"test":"sum(purchase.revenue, 90d) > 100","measure":"sum(purchase.revenue, 90d)","value":"141.00 EUR","words":"total revenue of purchases in the last 90 days is more than 100","truth":true,"holds_until":"2026-04-01T10:00:00.250Z","events":[{"id":"2","time":"2026-02-01T10:00:00.000Z","type":"Order Completed"},{"id":"1","time":"2026-01-01T10:00:00.250Z","type":"Order Completed"}],"events_all":2}]}'
t_is 'of a number' "$(explain 'sum(purchase.revenue, 90d) / count(purchase, 90d)' --customer anna \
    --at 2026-03-01 --json | part '[d["answer"], d["terms"][0]["truth"]]')" '[70.5, null]'
t_is 'that is missing' "$(explain 'avg(purchase.revenue, 1d)' --customer anna --at 2026-03-01 --json |
    part '[d["answer"], d["holds_until"]]')" '[null, null]'
t_is 'as known then: later events are not seen' "$(explain 'count(purchase) = 1' --customer anna \
    --at 2026-01-15 --json | part '[d["answer"], d["holds_until"], d["terms"][0]["events_all"]]')" '[true, null, 1]'
t_is 'the stage is that of the moment' "$(for at in 2026-01-01 2026-01-02 2026-05-03; do
    explain 'stage = "at_risk" or stage is missing' --customer anna --at $at --json |
        part '[t["value"] for t in d["terms"]]'; done)" '["missing", "missing"]
["conversion", "conversion"]
["at_risk", "at_risk"]'
explain 'exists(purchase, 90d) and not trait.country = "IT"' --customer anna --at 2026-03-01 >"$T/text"
t_is 'for people' "$(cat "$T/text")" 'Customer anna on 2026-03-01 00:00:00: no (time alone does not change it)

yes at least one purchase in the last 90 days
    exists(purchase, 90d): yes; if nothing more happens, until 2026-05-02 12:00:00
      2026-02-01 11:00:00  Order Completed  2
      2026-01-01 11:00:00.250  Order Completed  1

yes country is "IT"
    trait.country: IT; time alone does not change it
      2026-01-01 12:00:00  identify  3'
t_ok 'before his time' sh -c '"$0" rule explain "$1" "not exists(purchase)" --customer bob --at 2025-01-01 |
    grep -q "on 2025-01-01 00:00:00, not a customer yet: yes"' "$CICLO" "$shop"
t_fails 'an unknown customer' 'there is no customer "Anna"' explain true --customer Anna
t_fails 'no customer at all' '--customer' explain true
t_fails 'a language that is none' 'one of en, it, pt' explain true --customer anna --language de
t_fails 'a command that is near' 'did you mean "ciclo rule explain"?' "$CICLO" rule explan "$shop"
t_done
