#!/bin/sh
# Two lifecycles side by side: who is in which, what the lower one sees of the upper one, and
# every command that shows stages.
. "$(dirname "$0")/../support/tap.sh"
file=$T/two.ciclo

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Two, currency: EUR, timezone: UTC, language: en }
events: { login: , paid: { properties: { amount: money } }, cancelled: }
traits: { kind: text }
measures: { revenue: paid.amount }
lifecycles:
  people:
    stages: { new: , active: , asleep: }
    moves:
      - { from: new, to: active, when: "count(login) >= 2" }
      - { from: active, to: asleep, when: "since(login) >= 30d" }
      - { from: asleep, to: active, when: "since(login) < 30d" }
  accounts:
    for: "trait.kind = 'account'"
    stages:
      trial: { target: { rate: 0.5, within: 10d } }
      paying: { kpi: { sales: revenue, awake: "lifecycle.people.stage != 'asleep'" } }
      lost: { end: true }
    moves:
      - { from: trial, to: paying, when: "exists(paid)" }
      - { from: [trial, paying], to: lost, when: "lifecycle.people.stage = 'asleep'" }
      - { from: lost, to: paying, when: "lifecycle.people.stage = 'active'" }
segments:
  sleeping_accounts: { when: "stage = 'asleep' and lifecycle.accounts.stage = 'lost'" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json
def put(n, user, at, event=None, kind='', **properties):
    what = {"type": "track", "event": event} if event else {"type": "identify"}
    if kind != '':
        what["traits"] = {"kind": kind}
    print(json.dumps({**what, "userId": user, "messageId": str(n), "timestamp": at + "T10:00:00.000Z",
                      **({"properties": properties} if event else {})}))
put(1, "acme", "2026-01-01", kind="account")
put(2, "acme", "2026-01-02", "login")
put(3, "acme", "2026-01-03", "login")
put(4, "acme", "2026-01-05", "paid", amount=100)
put(5, "acme", "2026-03-01", "login")
put(6, "acme", "2026-03-02", kind="person")
put(7, "acme", "2026-03-10", kind="account")
put(8, "bob", "2026-01-01", "login")
put(9, "bob", "2026-01-01", "login")
PY
shop() {
    "$CICLO" init "$file" --template saas && "$CICLO" import "$file" "$T/events.jsonl" &&
        "$CICLO" model apply "$file" "$T/model.yaml"
}
t_ok 'a model with two lifecycles is applied' shop
now='--clock 2026-03-20'

# moves LIFECYCLE: those of acme
moves() {
    "$CICLO" export "$file" stages --lifecycle "$1" --customer acme $now |
        sed '1d; s/T10:00:00.000Z//' | cut -d, -f2- | tr '\n' ' '
}
t_is 'the first lives as if it were alone' "$(moves people)" \
    '2026-01-01,,new 2026-01-03,new,active 2026-02-02,active,asleep 2026-03-01,asleep,active '
t_is 'the second sees it, at the same moment; for ends and begins it' "$(moves accounts)" \
    '2026-01-01,,trial 2026-01-05,trial,paying 2026-02-02,paying,lost 2026-03-01,lost,paying 2026-03-02,paying, 2026-03-10,,trial 2026-03-10,trial,paying '
t_is 'without --lifecycle it is the first' \
    "$("$CICLO" export "$file" stages --customer acme $now | md5sum)" \
    "$("$CICLO" export "$file" stages --customer acme --lifecycle people $now | md5sum)"

stages() { # LIFECYCLE DATE
    "$CICLO" stages "$file" --lifecycle "$1" --at "$2" --csv | sed 1d | cut -d, -f1,2 | tr '\n' ' '
}
t_is 'the people' "$(stages people 2026-02-10)" 'new,0 active,0 asleep,2 '
t_is 'the accounts' "$(stages accounts 2026-02-10)" 'trial,0 paying,0 lost,1 '
t_is 'nobody is an account for some days' "$(stages accounts 2026-03-05)" 'trial,0 paying,0 lost,0 '
"$CICLO" stages "$file" --lifecycle accounts $now >"$T/text"
t_ok 'moves out of it are shown' sh -c 'grep -Eq "^paying +\(is out\) +1$" "$0" &&
    grep -q "1 customers in accounts" "$0"' "$T/text"
t_is 'KPIs are of a lifecycle' \
    "$("$CICLO" stages "$file" --kpi --lifecycle accounts --csv $now | sed 1d | tr '\n' ' ')" \
    'trial,target,to paying within 10d,1,share,1,0.5,met paying,sales,revenue,100.00,money,1,, paying,awake,lifecycle.people.stage != '"'asleep'"',1,share,1,, '

"$CICLO" customer "$file" acme --lifecycle accounts --at 2026-02-10 --json >"$T/acme"
t_is 'a customer: his stage and why' "$(python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
print(d["lifecycle"], d["stage"], d["segments"], [m["rule"] for m in d["moves"]],
      d["moves"][2]["why"][0]["value"], d["next"]["moves"][0]["why"][0]["value"])' "$T/acme")" \
    "accounts lost ['sleeping_accounts'] [\"trait.kind = 'account'\", 'exists(paid)', \"lifecycle.people.stage = 'asleep'\"] asleep asleep"
t_ok 'who never was in it' sh -c '"$0" customer "$1" bob --lifecycle accounts --at 2026-02-10 |
    grep -q "accounts: never was in it"' "$CICLO" "$file"
t_is 'what time will do comes through the lifecycle above' \
    "$("$CICLO" customer "$file" acme --lifecycle accounts --at 2026-01-20 --json |
        python3 -c 'import json, sys; n = json.load(sys.stdin)["next"]; print(n["at"], n["to"])')" \
    '2026-02-02T10:00:00.000Z lost'
# way TO: what would lead acme there, out of the accounts' stage, as he stands on a day
way() { # DATE TO
    "$CICLO" customer "$file" acme --lifecycle accounts --at "$1" --json | python3 -c '
import json, sys
way, = [w for w in json.load(sys.stdin)["why_not"] if w["to"] == sys.argv[1]]
print(way["terms"][0]["value"], way["holds_until"], way["when"],
      [(e["event"], e["times"]) for e in way["events"]])' "$2"
}
t_is 'waiting may lead him on in the lifecycle above, and so in this one' "$(way 2026-01-20 lost)" \
    "active 2026-02-02T10:00:00.000Z 2026-02-02T10:00:00.000Z []"
t_is 'and so may an event that this one says nothing of' "$(way 2026-02-10 paying)" \
    "asleep None None [('login', 1)]"

t_is 'SQL has a column more' "$("$CICLO" sql "$file" $now --csv \
    "select lifecycle, to_stage, count(*) from stages where customer = 'acme' and present group by 1, 2" |
    tr '\n' ' ')" 'lifecycle,to_stage,count(*) accounts,paying,1 people,active,1 '
t_is 'and segments see both' "$("$CICLO" sql "$file" --clock 2026-02-10 --csv \
    'select customer, segment from segments' | tr '\n' ' ')" 'customer,segment acme,sleeping_accounts '
t_is 'and so do joins' "$("$CICLO" sql "$file" $now --csv \
    "select count(*) from stages a join stages b on a.customer != b.customer" | tail -n 1)" 66
t_ok 'replay counts the moves of all' sh -c '"$0" replay "$1" $2 | grep -q "2 customers made 14 moves"' \
    "$CICLO" "$file" "$now"
hash() { "$CICLO" replay "$file" --hash $now; }
before=$(hash)
t_ok 'a lower rule that changes' sh -c 'sed "s/exists(paid)/exists(cancelled)/" "$0" >"$0.2" &&
    "$1" model apply "$2" "$0.2"' "$T/model.yaml" "$CICLO" "$file"
t_ok 'changes the hash' test "$before" != "$(hash)"

t_fails 'an unknown lifecycle' 'did you mean "people"' "$CICLO" stages "$file" --lifecycle peple
t_fails 'events have none' 'says nothing of events' "$CICLO" export "$file" events --lifecycle people
t_done
