#!/bin/sh
# What attribution owes to a channel beside what was gained, where there was a hold-out: a mailing after which as many
# buy as without it, and one that helps; shared out once more by another hand.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
channels:
  - { channel: email, when: 'source = "email"' }
  - { channel: search, when: 'source = "search"' }
  - { channel: radio, when: 'source = "radio"' }
events: { visit: , purchase: { properties: { revenue: money } } }
traits: { mailing: text }
lifecycle: { start: all, stages: { all: {} } }
YAML
# idle: every letter is clicked before a purchase that would have come without it. good: purchases that would not.
cat >"$T/make.py" <<'PY'
import json, random, sys
from datetime import datetime, timedelta
kind, r = sys.argv[1], random.Random(11)
def say(who, n, at, **more):
    print(json.dumps({'userId': who, 'messageId': f'{who}-{n}', 'timestamp': at.isoformat(timespec='milliseconds') + 'Z', **more}))
for i in range(300):
    at = datetime(2026, 1, 10) + timedelta(minutes=r.randrange(60 * 24 * 60))
    buys = sorted(r.randrange(1, 45 * 24 * 60) for _ in range(r.choice([0, 0, 1, 2])))
    for group in ('control', 'letter'):
        who, n = f'{group}{i}', 0
        more = [7 * 24 * 60] if kind == 'good' and group == 'letter' and i % 2 else []
        say(who, 'v', at - timedelta(days=3), type='track', event='visit', context={'campaign': {'source': 'search'}})
        say(who, 'p', at - timedelta(days=2), type='track', event='purchase', properties={'revenue': 3})
        if i % 3:
            say(who, 'w', at - timedelta(days=1), type='track', event='visit', context={'campaign': {'source': 'search'}})
        say(who, 'm', at, type='identify', traits={'mailing': group})
        for b in sorted(buys + more):
            n += 1
            if group == 'letter':
                say(who, f'e{n}', at + timedelta(minutes=b, hours=-1), type='track', event='visit',
                    context={'campaign': {'source': 'email'}})
            say(who, n, at + timedelta(minutes=b), type='track', event='purchase', properties={'revenue': 10 + i % 7})
PY
for kind in idle good; do
    python3 "$T/make.py" $kind >"$T/$kind.jsonl"
    t_ok "a shop whose mailing is $kind" sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
        "$CICLO" "$T/$kind.ciclo" "$T/model.yaml" "$T/$kind.jsonl"
done
lift() {
    kind=$1
    shift
    "$CICLO" lift "$T/$kind.ciclo" --group trait.mailing --conversion purchase --value revenue --at 2026-03-20 "$@"
}

# The paths of everybody who had the letter and was looked at for 30 days, from what was sent.
cat >"$T/twin.py" <<'PY'
import json, sys
from datetime import datetime, timedelta
at, lives = datetime(2026, 3, 19, 23), {} # the midnight of Rome
for line in open(sys.argv[1]):
    e = json.loads(line)
    e['at'] = datetime.fromisoformat(e['timestamp'][:-1])
    if e['at'] <= at:
        lives.setdefault(e['userId'], []).append(e)
came, touched, owed, value = 0, 0, dict.fromkeys(('first', 'last', 'linear'), 0), dict.fromkeys(('first', 'last', 'linear'), 0)
for who, life in lives.items():
    life.sort(key=lambda e: e['at'])
    start = next((e['at'] for e in life if e['type'] == 'identify'), None)
    if not who.startswith('letter') or start is None or start + timedelta(days=30) > at:
        continue
    path = []
    for e in life:
        if e.get('event') == 'visit':
            path.append(e['context']['campaign']['source'])
        if e.get('event') != 'purchase':
            continue
        if start < e['at'] <= start + timedelta(days=30):
            came += 1
            touched += len(path) > 0
            for way, share in (('first', path[:1] == ['email']), ('last', path[-1:] == ['email']),
                               ('linear', path.count('email') / max(len(path), 1))):
                owed[way] += share
                value[way] += share * e['properties']['revenue']
        path = []
print(*([touched] if sys.argv[2:] else [came] + ['%.4f %.4f' % (owed[w], value[w]) for w in owed]))
PY
ours() { python3 -c 'import json, sys
e = json.load(sys.stdin)["effects"][0]["attribution"]
c, v = e["conversions"]["owed"], e["value"]["owed"]
print(e["came"], *("%.4f %.4f" % (c[w], v[w]) for w in ("first", "last", "linear")))'; }
for kind in idle good; do
    t_is "$kind: shared out by another hand" "$(lift $kind --channel email --json | ours)" \
        "$(python3 "$T/twin.py" "$T/$kind.jsonl")"
done
say() { lift "$1" --channel email --json | python3 -c 'import json, sys
e = json.load(sys.stdin)["effects"][0]["attribution"]["conversions"]
g = e["gained"]
print([round(g["estimate"], 6) + 0.0, *[(o > g["high"]) - (o < g["low"]) for o in (e["owed"]["last"], e["owed"]["linear"])]])'; }
t_is 'nothing was gained, and all is owed to the letters' "$(say idle)" '[0.0, 1, 1]'
t_is 'which the table says of every way' "$(lift idle --channel email | grep -c 'more than was gained$')" 12
t_is 'where they helped, more is owed all the same' "$(say good | cut -d, -f2-)" ' 1, 1]'
t_ok 'though something was gained' test "$(say good | tr -d '[' | cut -d, -f1 | cut -d. -f1)" -gt 30
t_is 'to a channel that nobody came through nothing is owed' "$(lift good --channel radio --json | ours | cut -d' ' -f2-)" \
    '0.0000 0.0000 0.0000 0.0000 0.0000 0.0000'
t_is 'which is less than was gained' "$(lift good --channel radio | grep -c 'less than was gained$')" 12
t_is 'two channels together are all that was shared out' \
    "$(lift idle --channel email,search --json | ours | cut -d' ' -f2,4,6 | sed 's/\.0000//g')" \
    "$(python3 "$T/twin.py" "$T/idle.jsonl" touched | awk '{ print $1, $1, $1 }')"
t_is 'as CSV' "$(lift idle --channel email --csv | grep -c '^letter,conversions,\(gained_in_all\|owed_[a-z]*\),')" 7
t_is 'without it nothing is said of it' "$(lift idle --json | grep -c attribution)" 0
t_fails 'a channel that is none' 'did you mean "email"' lift idle --channel emai

shop=$T/idle.ciclo
serve
t_is 'the same over HTTP' "$(curl -s -G "${url}api/lift" -d group=trait.mailing -d conversion=purchase -d value=revenue \
    -d at=2026-03-20 -d channel=email)" "$(lift idle --channel email --json)"
ends
t_done
