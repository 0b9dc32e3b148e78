#!/bin/sh
# A pseudonymous file: whatever comes in, and by which door, none of what says who somebody is
# stands anywhere; and who is who, and everybody's history, are those of the plain file.
. "$ROOT/tests/support/tap.sh"
. "$ROOT/tests/support/serve.sh"
plain=$T/plain.ciclo
shop=$T/shop.ciclo
key=$T/key

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC, language: it }
events:
  visit: {}
  buy: { properties: { revenue: money, note: { type: text, personal: true }, shelf: text } }
traits: { city: text, loves: { type: text, personal: true } }
lifecycle:
  start: visitor
  stages: { visitor: {}, buyer: {}, fan: {}, away: {} }
  moves:
    - { from: visitor, to: buyer, when: "exists(buy)" }
    - { from: buyer, to: fan, when: "count(visit) >= 2 and sum(buy.revenue) > 20" }
    - { from: [buyer, fan], to: away, when: "since(buy) >= 90d" }
YAML
"$CICLO" init "$plain" --model "$T/model.yaml" >/dev/null
t_ok 'a pseudonymous file is made, with its key' \
    "$CICLO" init "$shop" --model "$T/model.yaml" --pseudonymous "$key"
t_is 'which nobody else may read' "$(stat -c %a "$key")" 600
cp "$key" "$T/kept"
t_fails 'a key that is there stays as it is' 'is there already' \
    "$CICLO" init "$T/other.ciclo" --pseudonymous "$key"
t_ok 'byte for byte' cmp "$key" "$T/kept"
t_is 'and no file is made' "$(ls "$T" | grep -c '^other')" 0
"$CICLO" init "$T/other.ciclo" --pseudonymous "$T/other-key" >/dev/null

# Who they are: all that must not stand anywhere has "zq99" in it, or is a phone number's digits.
python3 - "$T" <<'PY'
import json, random, sys
random.seed(5)
to = sys.argv[1]
n = 0
def at(day, ms=0): return f'2026-{1 + day // 28:02}-{1 + day % 28:02}T10:00:00.{ms:03}Z'
def call(type, day, **more):
    global n
    n += 1
    return {'type': type, 'messageId': f'm{n}', 'timestamp': at(day, n % 1000), **more}
calls = []
for k in range(30):
    user, mail, phone = f'zq99-user-{k}', f'Ada.{k}@ZQ99mail.example', f'+39 333 61737{k:02}'
    devices = [f'zq99-visitor-{k}-{d}' for d in range(3)]
    who = lambda: random.choice([{'anonymousId': random.choice(devices)}, {'userId': user},
                                 {'userId': user, 'anonymousId': random.choice(devices)}])
    context = {'ip': '203.0.113.77', 'userAgent': 'zq99 agent',
               'page': {'url': f'https://shop.example/a?utm_source=news&gclid=zq99click&mail={mail}#zq99part',
                        'search': f'?email={mail}', 'title': 'Shoes'},
               'device': {'id': f'zq99-device-{k}', 'advertisingId': f'zq99-ad-{k}', 'name': f"zq99's phone",
                          'token': 'zq99token', 'type': 'ios'},
               'location': {'latitude': 41.5, 'city': 'zq99city'},
               'traits': {'firstName': 'Zq99ada', 'last_name': 'zq99rossi'},
               'externalIds': [{'type': 'till', 'id': f'zq99-till-{k}'}]}
    for i in range(random.randrange(2, 7)):
        calls.append(call('track', random.randrange(60), event='visit', **who(), context=context))
    for i in range(random.randrange(0, 3)):
        buyer = {**who(), 'userId': user}
        calls.append(call('track', random.randrange(60), event='buy', **buyer, properties={
            'revenue': 10 + k, 'note': 'zq99 likes it', 'shelf': f'for {user}, of course',
            'customer_email': mail, 'shipping_address': {'street': 'via zq99 1', 'zip': '00zq99'},
            'Billing Phone': phone, 'told': f'write to {mail.lower()}', 'owner_id': f'zq99-user-{k + 1}',
            'list': [f'cc {mail}', 'x'], f'{mail}': 1}))
    if k % 2:
        calls.append(call('identify', 3, userId=user, anonymousId=devices[0], traits={
            'email': mail, 'phone': phone, 'name': 'zq99 rossi', 'firstName': 'zq99ada', 'username': 'zq99a',
            'birthday': '1990-01-01zq99', 'address': {'street': 'via zq99', 'city': 'zq99ville'},
            'avatar': 'https://x.example/zq99.png', 'title': 'zq99 boss', 'description': 'zq99 person',
            'loves': 'zq99 shoes', 'city': 'Roma', 'age': 33}))
    if k % 3 == 0:
        calls.append(call('identify', 4, anonymousId=devices[1], traits={'email': mail.lower()}))
    if k % 5 == 0:
        calls.append(call('alias', 5, userId=user, previousId=devices[2]))
    if k % 7 == 0:
        calls.append(call('group', 6, userId=user, groupId=f'zq99-group-{k % 4}',
                          traits={'name': 'zq99 ltd', 'email': mail, 'plan': 'gold'}))
for k in range(0, 30, 6):   # a phone that several share, and two that are one says somebody
    calls.append(call('track', 7, event='visit', userId=f'zq99-user-{k}', anonymousId='zq99-shared'))
calls.append({'type': 'track', 'event': 'identity_decided', 'userId': 'zq99-user-1', 'messageId': 'd1',
              'timestamp': at(50), 'properties': {'says': 'merge', 'a_kind': 'userId', 'a': 'zq99-user-1',
              'b_kind': 'email', 'b': 'ada.2@zq99mail.example', 'by': 'boss'}})
random.shuffle(calls)
# Of no id of a message is known who sent it, unless it says so itself.
calls[0] = {**calls[0], 'messageId': 'by-' + (calls[0].get('userId') or calls[0].get('anonymousId'))}
bad = [{'type': 'track', 'userId': 'zq99-user-1', 'timestamp': at(1), 'properties': {'name': 'zq99 bad'}},
       {'type': 'track', 'event': 'mail to ada@zq99mail.example', 'userId': 'zq99-user-1', 'timestamp': at(59)}]
decided = [c for c in calls if c.get('event') == 'identity_decided']
rest = [c for c in calls if c.get('event') != 'identity_decided']
with open(f'{to}/calls.jsonl', 'w') as f:
    for c in rest[:len(rest) // 2] + decided + bad:
        f.write(json.dumps(c) + '\n')
    f.write('{"type": "track", "userId": "zq99-user-9", broken\n')
for i, c in enumerate([rest[j:j + 20] for j in range(len(rest) // 2, len(rest), 20)]):
    json.dump({'batch': c + bad[:1], 'context': {'userAgent': 'zq99 batch', 'ip': '203.0.113.9'}},
              open(f'{to}/batch-{i}.json', 'w'))
with open(f'{to}/sales.csv', 'w') as f:
    f.write('Order,User,Mail,When,Amount,Name,Mobile,Shelf\n')
    for k in range(60):
        f.write(f'o{k // 2},zq99-user-{k // 2 % 30},Ada.{k // 2 % 30}@zq99mail.example,{at(20 + k % 9)},'
                f'{5 + k},Zq99 Rossi,+39 333 61737{k // 2 % 30:02},s{k}\n')
    f.write('o99,zq99-user-1,,never,1,zq99,1,1\no98,zq99-user-1,,2026-01-01,zq99many,zq99,1,1\n')
PY
import() { # FILE ARGUMENTS...
    f=$1
    shift
    "$CICLO" import "$f" "$T/calls.jsonl" "$@" >>"$T/out" 2>&1
    "$CICLO" import "$f" "$T/sales.csv" --ids user_id=User --ids email=Mail --time When \
        --event buy --id Order --property 'revenue:number=sum(Amount)' --property 'customer name=Name' \
        --property 'mobile=Mobile' --property 'shelf=Shelf' "$@" >>"$T/out" 2>&1
    "$CICLO" import "$f" "$T/sales.csv" --ids user_id=User --time When --event visit \
        --property 'customer_name=Name' --property 'phone=Mobile' "$@" >>"$T/out" 2>&1
}
send() {
    for batch in "$T"/batch-*.json; do
        curl -s -m 20 -o "$T/answer" -w '%{http_code}\n' -H 'Content-Type: application/json' \
            -d @"$batch" "${url}v1/batch"
    done
    curl -s -m 20 -o "$T/answer" -w '%{http_code}\n' -d 'zq99 is no JSON' "${url}v1/track"
}

# --- without the key nothing comes in ---
t_fails 'an import needs the key' 'pseudonymous' "$CICLO" import "$shop" "$T/calls.jsonl"
t_fails 'a server, too' '--pseudonym-key' "$CICLO" serve "$shop" --listen 127.0.0.1:0
t_fails 'and the right one' 'not the key' \
    "$CICLO" import "$shop" "$T/calls.jsonl" --pseudonym-key "$T/other-key"
t_fails 'what is no key is none' 'no key' \
    "$CICLO" import "$shop" "$T/calls.jsonl" --pseudonym-key "$T/model.yaml"
t_fails 'a plain file takes none' 'not pseudonymous' \
    "$CICLO" import "$plain" "$T/calls.jsonl" --pseudonym-key "$key"

# --- both, by all doors ---
: >"$T/out"
import "$plain"
import "$shop" --pseudonym-key "$key"
served=$shop
shop=$plain
serve --clock 2026-03-20
t_is 'batches are taken' "$(send | sort | uniq -c | tr -s ' ')" "$(printf ' %s 200\n 1 400' "$(ls "$T"/batch-* | wc -l)")"
ends
shop=$served
CICLO_PSEUDONYM_KEY_FILE=$key
export CICLO_PSEUDONYM_KEY_FILE
serve --clock 2026-03-20
send >/dev/null
t_is 'a customer is found by an id of hers' \
    "$(curl -s -o "$T/served" -w '%{http_code}' "${url}api/customers/ada.3@zq99mail.example")" 200
t_is 'the page is told that these are pseudonyms' \
    "$(curl -s "${url}api/info" | grep -o '"pseudonymous":[a-z]*')" '"pseudonymous":true'
t_is 'nobody by none' "$(curl -s -o /dev/null -w '%{http_code}' "${url}api/customers/zq99-nobody")" 404
ends
cat "$T/log" >>"$T/log-of-all"
t_ok 'the file is whole' "$CICLO" verify "$shop"
refused() {
    "$CICLO" refused "$1" --csv | python3 -c 'import csv, sys
rows = list(csv.DictReader(sys.stdin))
print(*sorted((r["source"], r["line"]) for r in rows if "name of the event" not in r["reason"]), sep="\n")
sys.stderr.write("".join(r["text"] for r in rows))' 2>"$T/texts"
}
t_is 'the same lines were refused, but what names somebody as an event' "$(refused "$shop")" "$(refused "$plain")"
refused "$shop" >/dev/null
t_is 'and it is known when' "$("$CICLO" refused "$shop" --json | grep -o '"at":"20' | wc -l)" \
    "$("$CICLO" refused "$shop" --json | grep -o '"reason":' | wc -l)"
t_is 'their text is not kept' "$(wc -c <"$T/texts")" 0

# --- nothing of them stands anywhere ---
inside() { python3 "$ROOT/tests/support/inside.py" "$1" zq99 Zq99 ZQ99 61737 203.0.113 1990-01-01; }
all() { # FILE: all that is told of it
    "$CICLO" export "$1" events --json
    "$CICLO" export "$1" events --csv
    "$CICLO" export "$1" customers --csv
    "$CICLO" refused "$1" --csv
    "$CICLO" identity "$1" suspicions
    "$CICLO" dictionary "$1"
    "$CICLO" export-person "$1" ada.3@zq99mail.example
    cat "$T/log-of-all"
}
t_ok 'they do stand in the plain file' test "$(inside "$plain")" -gt 100
t_is 'in no byte of the pseudonymous one' "$(inside "$shop")" 0
all "$shop" >"$T/told" 2>&1
t_is 'nor in what is told of it' "$(grep -ciE 'zq99|61737|203\.0\.113' "$T/told")" 0
t_ok 'which is much' test "$(wc -l <"$T/told")" -gt 300

# --- all else is the same ---
same() {
    python3 - "$CICLO" "$plain" "$shop" <<'PY'
import csv, io, json, subprocess, sys
ciclo, *files = sys.argv[1:]
def table(file, question):
    text = subprocess.run([ciclo, 'sql', file, question, '--csv'], capture_output=True, check=True, text=True)
    return list(csv.reader(io.StringIO(text.stdout)))[1:]
def told(file):
    """Customers by what they did, when, and where they came from; with their moves."""
    did, moved = {}, {}
    for customer, *what in table(file, "select customer, time, type, revenue, channel from events where type <> 'mail to ada@zq99mail.example'"):
        did.setdefault(customer, []).append(what)
    for customer, *move in table(file, 'select customer, time, from_stage, to_stage from stages'):
        moved.setdefault(customer, []).append(move)
    return sorted((sorted(d), sorted(moved.get(c, []))) for c, d in did.items())
a, b = (told(f) for f in files)
print(len(a), sum(len(m) for _, m in a))
print('same' if a == b else [(x, y) for x, y in zip(a, b) if x != y][:2])
PY
}
same >"$T/same" 2>&1
t_is 'who is who, what everybody did, and all histories' "$(tail -n 1 "$T/same")" same
t_ok 'of many' sh -c 'read n moves <"$1" && test "$n" -gt 20 && test "$moves" -gt 30' sh "$T/same"
t_ok 'it is made anew of its log' "$CICLO" rebuild "$shop"
same >"$T/same" 2>&1
t_is 'and is the same' "$(tail -n 1 "$T/same")" same
t_ok 'it is whole then, too' "$CICLO" verify "$shop"
t_is 'what is no secret is kept' \
    "$("$CICLO" export "$shop" events --json | grep -c '"shelf":"for \[erased\], of course"')" \
    "$("$CICLO" export "$plain" events --json | grep -c '"shelf":"for zq99-user-[0-9]*, of course"')"

# --- asked by the id of who asks ---
unset CICLO_PSEUDONYM_KEY_FILE
customer() { "$CICLO" customer "$shop" "$@" --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])'; }
by_mail=$(customer Ada.3@zq99mail.example --pseudonym-key "$key")
t_is 'a mail names the same customer as a userId' "$by_mail" "$(customer zq99-user-3 --pseudonym-key "$key")"
t_is 'and as what the file calls her, which needs no key' "$by_mail" "$(customer "$by_mail")"
t_fails 'without the key nobody is found' 'pseudonymous' "$CICLO" customer "$shop" zq99-user-3
t_is 'the file says whose key it needs' \
    "$("$CICLO" info "$shop" --json | grep -o '"pseudonym_key":"[0-9a-f]*"' | wc -c)" 35
"$CICLO" export "$shop" events --json >"$T/again.jsonl"
"$CICLO" import "$shop" "$T/again.jsonl" --pseudonym-key "$key" --json >"$T/report"
t_is 'what it made itself comes in as what it is' "$(grep -o '"events":[0-9]*' "$T/report" | head -n 1)" '"events":0'
"$CICLO" erase "$shop" ada.3@zq99mail.example --pseudonym-key "$key" >"$T/receipt" 2>&1
t_fails 'she is erased by it' 'no customer' "$CICLO" customer "$shop" zq99-user-3 --pseudonym-key "$key"
t_fails 'and the file needs its key still' 'pseudonymous' "$CICLO" import "$shop" "$T/calls.jsonl"
"$CICLO" compact "$shop" >/dev/null
t_fails 'made smaller, too' 'pseudonymous' "$CICLO" import "$shop" "$T/calls.jsonl"
t_done
