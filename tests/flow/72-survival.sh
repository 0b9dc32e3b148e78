#!/bin/sh
# Survival curves: published figures from end to end, and lives of chance against another hand's; on the
# command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

# Freireich's patients of 1963 as customers: weeks until a relapse, with 6-MP and without. Who was still well
# when last looked at began so many weeks before a day on which the file ends.
cat >"$T/clinic.yaml" <<'YAML'
ciclo: 1
workspace: { name: Clinic, timezone: UTC }
traits: { drug: text }
lifecycle: { start: all, stages: { all: {} } }
YAML
python3 - >"$T/clinic.jsonl" <<'PY'
import json
from datetime import datetime, timedelta
end = datetime(1963, 12, 31)
lasted = {'6-MP': '6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+',
          'none': '1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23'}
for drug in lasted:
    for i, weeks in enumerate(lasted[drug].split()):
        n = int(weeks.rstrip('+'))
        start = end - timedelta(weeks=n) if '+' in weeks else datetime(1963, 1, 1) + timedelta(days=i)
        def call(**more):
            print(json.dumps({'userId': f'{drug} {i}', 'messageId': f'{drug} {i} {more["at"]}', **more,
                              'timestamp': more['at'].isoformat() + 'Z'}, default=str))
        call(type='identify', at=start - timedelta(seconds=1), traits={'drug': drug})
        call(type='track', event='remission', at=start)
        if '+' not in weeks:
            call(type='track', event='relapse', at=start + timedelta(weeks=n))
print(json.dumps({'type': 'track', 'event': 'visit', 'userId': 'somebody else', 'messageId': 'last',
                  'timestamp': '1963-12-30T12:00:00Z'}))
PY
clinic=$T/clinic.ciclo
t_ok 'a clinic' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$clinic" "$T/clinic.yaml" "$T/clinic.jsonl"
survival() { "$CICLO" survival "$clinic" --first remission --end relapse --every 7d --at 1963-12-31 "$@"; }
t_is 'the curve of those with 6-MP, as it was published' \
    "$(survival --by trait.drug --csv | python3 -c 'import csv, sys
for r in csv.DictReader(sys.stdin):
    week = int(r["after_ms"]) / 604800000
    if r["group"] == "6-MP" and week in (6, 7, 10, 13, 16, 22, 23):
        print(round(week), r["at_risk"], "%.6f" % float(r["share"]), "%.5f" % float(r["error"]))')" \
    '6 21 0.857143 0.07636
7 17 0.806723 0.08694
10 15 0.752941 0.09635
13 12 0.690196 0.10681
16 11 0.627451 0.11405
22 7 0.537815 0.12823
23 6 0.448179 0.13459'
t_is 'medians, and the test' \
    "$(survival --by trait.drug --json | python3 -c 'import json, sys
a = json.load(sys.stdin)
print(*["%s %g %d %.4f" % (g["value"], g["median_ms"] / 604800000, g["ended"], g["expected"])
    for g in a["groups"]], sep="\n")
print("%.4f %d %.3e" % (a["log_rank"]["chi_square"], a["log_rank"]["degrees"], a["log_rank"]["p"]))')" \
    '6-MP 23 9 19.2505
none 8 21 10.7495
16.7929 1 4.169e-05'
t_is 'for people' "$(survival --by trait.drug | tail -n 5 | sed 's/ *$//')" \
    "trait.drug  customers  happened  expected   median  at least  at most     mean
6-MP               21         9      19.3  161.0 d    91.0 d           125.4 d
none               21        21      10.7   56.0 d    28.0 d   77.0 d   60.7 d

Log-rank test: chi-square 16.7929, 1 degree of freedom, p = 4.169e-05."
t_is 'who had a relapse within six weeks' \
    "$(survival --by trait.drug --customers ended --within 42d --group 6-MP --csv | tr '\n' ,)" 'customer,6-MP 0,6-MP 1,6-MP 2,'
t_is 'and who is well beyond half a year' \
    "$(survival --customers waiting --within 182d --csv | tr '\n' ,)" \
    'customer,6-MP 17,6-MP 18,6-MP 19,6-MP 20,'

cox='import json, sys
c = json.load(sys.stdin)["cox"]
print("%s %d %d %d %.6f %s" % (c["ties"], c["tied"], c["customers"], c["unknown"], c["log_likelihood"],
    " ".join("%s=%s:%s %.6f %.6f %.4f" % (k["trait"], k["value"], k["beside"], k["coefficient"], k["error"], k["ratio"])
        for k in c["columns"])))'
for ties in efron breslow exact; do
    survival --cox trait.drug --ties $ties --json | python3 -c "$cox"
done >"$T/cox"
t_is 'a12 hazards of those without it, as published' "$(cat "$T/cox")" \
    'efron 4 42 0 -85.008425 trait.drug=none:6-MP 1.572125 0.412397 4.8169
breslow 4 42 0 -86.379622 trait.drug=none:6-MP 1.509191 0.409564 4.5231
exact 4 42 0 -74.543101 trait.drug=none:6-MP 1.628244 0.433131 5.0949'
t_is 'for people, too' "$(survival --cox trait.drug | tail -n 6 | sed 's/ *$//')" \
    "Proportional hazards of 42 customers, to 30 of whom it happened; at most 4 at the same length (efron ties).

trait       value  beside  hazard ratio  at least  at most  coefficient   error          p
trait.drug  none   6-MP           4.817     2.147   10.809        1.572  0.4124  0.0001378

Log-likelihood -85.0084, without these -93.1843: p = 5.261e-05. Concordance 0.6900."
t_is 'as CSV' "$(survival --cox trait.drug --csv | cut -d, -f1-3)" 'trait,value,beside
trait.drug,none,6-MP'

# A year of events of chance, with stages, over both changes of the clock in Rome.
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money, size: text } } }
traits: { joined: moment, country: text }
segments: { buyer: { when: exists(purchase) } }
lifecycle:
  start: reach
  stages: { reach: {}, known: {}, lost: {} }
  moves:
    - { from: [reach, lost], to: known, when: "exists(purchase, 45d)" }
    - { from: known, to: lost, when: "since(purchase) >= 45d" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(12)
for customer in range(200):
    first = datetime(2025, 1, 1) + timedelta(days=r.randrange(300))
    for i in range(r.randrange(7)):
        at = first + timedelta(days=r.choice([0, 0, 1, r.randrange(120)]), hours=r.choice([0, 0, r.randrange(24)]))
        kind = r.choice(['visit', 'purchase', 'cancel'])
        print(json.dumps({'type': 'track', 'event': kind, 'userId': f'u{customer}',
                          'messageId': f'{customer}-{i}', 'timestamp': at.isoformat() + 'Z',
                          'properties': {'size': r.choice(['S', 'L'])} if kind == 'purchase' else {}}))
    if r.random() < 0.8:
        print(json.dumps({'type': 'identify', 'userId': f'u{customer}', 'messageId': f'i{customer}',
                          'timestamp': '2025-01-02T00:00:00Z',
                          'traits': {'joined': f'2025-{r.randrange(1, 13):02}-{r.randrange(1, 29):02}',
                                     'country': r.choice(['IT', 'PT', 'DE'])}}))
PY
shop=$T/shop.ciclo
t_ok 'a shop' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" 'select customer, at_ms, type, size from events order by number, at_ms, id' --csv >"$T/e.csv"
"$CICLO" sql "$shop" 'select customer, "traits.joined" joined, "traits.country" country from timelines' --csv >"$T/p.csv"
# twin FIRST END AT BY: the curve's points as another hand has them, every 10 days.
twin() { python3 - "$T" "$@" <<'PY'
import csv, math, sys
from datetime import datetime, timezone
from zoneinfo import ZoneInfo
folder, first, end, at, by = sys.argv[1:]
rome = ZoneInfo('Europe/Rome')
def moment(day): return int(datetime.fromisoformat(day).replace(tzinfo=rome).timestamp() * 1000)
life, person = {}, {}
for r in csv.DictReader(open(folder + '/e.csv')):
    life.setdefault(r['customer'], []).append((int(r['at_ms']), r['type'], r['size']))
for r in csv.DictReader(open(folder + '/p.csv')):
    person[r['customer']] = r
last = max(e[0] for l in life.values() for e in l)
day = datetime.fromtimestamp(last / 1000, rome).date().toordinal() + 1
at = moment(at or datetime.fromordinal(day).date().isoformat())
groups = {}
for who, events in life.items():
    events = [e for e in events if e[0] <= at]
    if first.startswith('trait.'):
        if not person[who]['joined'] or not events: continue
        # The trait is told at one moment; who is not told of yet does not begin.
        if not any(e[1] == 'identify' for e in events): continue
        began = moment(person[who]['joined'][:10])
        behind = [e for e in events if e[0] >= began]
    else:
        place = next((i for i, e in enumerate(events) if e[1] == first), None)
        if place is None: continue
        began, behind = events[place][0], events[place + 1:]
    if began > at: continue
    done = next((e[0] for e in behind if e[1] in end.split(',')), None)
    g = {'': '', 'size': events[place][2] if by == 'size' else '', 'trait.country': ''}[by]
    if by == 'trait.country' and any(e[1] == 'identify' for e in events): g = person[who]['country']
    groups.setdefault(g, []).append(((done or at) - began, done is not None))
step, longest = 10 * 86400000, max(t for g in groups.values() for t, _ in g)
points = list(range(0, longest + 1, step))
if points[-1] != longest: points.append(longest)
for g, rows in sorted(groups.items(), key=lambda x: (-len(x[1]), x[0])):
    for p in points:
        share, total = 1.0, 0.0
        for t in sorted({t for t, e in rows if e and t <= p}):
            n, d = sum(r[0] >= t for r in rows), sum(r == (t, True) for r in rows)
            share *= (n - d) / n
            if n > d: total += d / (n * (n - d))
        known = share == 0 or max(r[0] for r in rows) >= p
        band = ['', '']
        if known and 0 < share < 1:
            w = 1.959963984540054 * math.sqrt(total) / abs(math.log(share))
            band = ['%.7f' % share ** math.exp(w), '%.7f' % share ** math.exp(-w)]
        print(g, p, sum(r[0] >= p for r in rows), sum(r[0] <= p and r[1] for r in rows),
              '%.7f' % share if known else '', *band, sep=',')
PY
}
# points WORDS...: the same of ours.
points() { "$CICLO" survival "$shop" --every 10d --csv "$@" | python3 -c 'import csv, sys
def f(x): return "%.7f" % float(x) if x else ""
for r in csv.DictReader(sys.stdin):
    print(r["group"], r["after_ms"], r["at_risk"], r["ended"], f(r["share"]), f(r["low"]), f(r["high"]), sep=",")'; }
t_is 'from a visit to a purchase' "$(points --first visit --end purchase)" "$(twin visit purchase '' '')"
t_is 'as of a day' "$(points --first purchase --end cancel --at 2025-06-15)" "$(twin purchase cancel 2025-06-15 '')"
t_is 'to the next of the same, or another' "$(points --first purchase --end 'purchase, cancel')" \
    "$(twin purchase purchase,cancel '' '')"
t_is 'by what the first purchase was of' "$(points --first purchase --end purchase --by size)" \
    "$(twin purchase purchase '' size)"
t_is 'from a moment on that a trait says' "$(points --first trait.joined --end purchase)" \
    "$(twin trait.joined purchase '' '')"
t_is 'by country' "$(points --first visit --end purchase --by trait.country)" \
    "$(twin visit purchase '' trait.country)"
lost() { "$CICLO" survival "$shop" --every 5d "$@" --csv | cut -d, -f2-6; }
t_is 'to be lost is to leave, where there is no other way out' \
    "$(lost --first stage.known --end stage.lost --at 2025-09-01)" \
    "$(lost --first stage.known --end 'not stage.known' --at 2025-09-01)"
t_is 'nobody is lost before 45 days are over, and who is not has bought again' \
    "$(lost --first stage.known --end stage.lost | awk -F, '$1 <= 44 * 86400000 && NR > 1 { print $3 }' | sort -u)" 0
t_is 'in a segment, or not, when he began' \
    "$("$CICLO" survival "$shop" --first visit --end cancel --by segment.buyer --json | python3 -c 'import json, sys
print(*sorted((g["value"], g["customers"]) for g in json.load(sys.stdin)["groups"]))')" \
    "$(python3 - "$T/e.csv" <<'PY'
import csv, sys, collections
life, n = {}, collections.Counter()
for r in csv.DictReader(open(sys.argv[1])): life.setdefault(r['customer'], []).append((int(r['at_ms']), r['type']))
for l in life.values():
    v = next((at for at, t in l if t == 'visit'), None)
    if v is not None: n['yes' if any(t == 'purchase' and at <= v for at, t in l) else 'no'] += 1
print(*sorted(n.items()))
PY
)"

# Whose country is told a second after his first event.
"$CICLO" init "$T/late.ciclo" --model "$T/model.yaml" >/dev/null
python3 - >"$T/late.jsonl" <<'PY'
import json
for i in range(6):
    for type, at, more in (('track', '00:00:00', {'event': 'visit'}), ('identify', '00:00:01', {'traits': {'country': 'IT'}}),
                           ('track', '00:00:09', {'event': 'purchase'})):
        print(json.dumps({'type': type, 'userId': f'u{i}', 'messageId': f'{i} {at}', 'timestamp': f'2026-01-01T{at}Z', **more}))
PY
"$CICLO" import "$T/late.ciclo" "$T/late.jsonl" >/dev/null
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" survival "$T/empty.ciclo" --first purchase --end purchase)" \
    'Nobody: the file has no events yet.'
t_is 'longer than there are events' "$(points --first visit --end purchase --at 2026-05-01)" \
    "$(twin visit purchase 2026-05-01 '')"
t_is 'a time to come' "$("$CICLO" survival "$shop" --first visit --end purchase --from 2031-01-01 | cut -d: -f1)" Nobody
t_fails 'a day to come' '--at lies in the future' "$CICLO" survival "$shop" --first visit --end purchase \
    --clock 2026-05-01T12:00Z --at 2031-01-01
t_fails 'no beginning' 'where does somebody begin?' "$CICLO" survival "$shop" --end purchase
t_fails 'no end' 'what does it end with?' "$CICLO" survival "$shop" --first purchase
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" survival "$shop" --first visit --end purchse
t_fails 'a stage that is none' 'did you mean lost?' "$CICLO" survival "$shop" --first visit --end stage.lst
t_fails 'stages and events' 'is none' "$CICLO" survival "$shop" --first visit --end 'stage.lost, purchase'
t_fails 'a length that changes' 'always the same' "$CICLO" survival "$shop" --first visit --end purchase --every 1mo
t_fails 'too many points' 'at most 500' "$CICLO" survival "$shop" --first visit --end purchase --every 1m
t_fails 'a list that is none' 'ended or waiting' "$CICLO" survival "$shop" --first visit --end purchase --customers all
t_fails 'a group that is none' 'no group "FR"' "$CICLO" survival "$shop" --first visit --end purchase \
    --by trait.country --customers ended --group FR
t_is 'who bought, of those whose country nobody knows' \
    "$("$CICLO" survival "$shop" --first visit --end purchase --by trait.country --customers ended --group-missing --csv | sort)" \
    "$(python3 - "$T/e.csv" <<'PY'
import csv, sys
life = {}
for r in csv.DictReader(open(sys.argv[1])): life.setdefault(r['customer'], []).append((int(r['at_ms']), r['type']))
print('customer')
for who, l in sorted(life.items()):
    types = [t for at, t in sorted(l, key=lambda e: e[0])]
    if 'visit' in types and 'identify' not in types and 'purchase' in types[types.index('visit'):]: print(who)
PY
)"
t_is 'nobody is without what a segment says' \
    "$("$CICLO" survival "$shop" --first visit --end purchase --by segment.buyer --customers ended --group-missing --csv)" customer
t_fails 'a group of nothing' 'a group is listed with by' "$CICLO" survival "$shop" --first visit --end purchase \
    --customers ended --group-missing
t_fails 'a group and none' 'not both' "$CICLO" survival "$shop" --first visit --end purchase --by trait.country \
    --customers ended --group-missing --group IT
t_fails 'a segment that is none' 'no segment "vip"' "$CICLO" survival "$shop" --first visit --end purchase --by segment.vip
t_fails 'traits told after the beginning' 'of nobody all of these were known' "$CICLO" survival "$T/late.ciclo" \
    --first visit --end purchase --cox trait.country
t_fails 'a trait twice' 'follows from those before it' "$CICLO" survival "$shop" \
    --first visit --end purchase --cox trait.country,trait.country
t_fails 'a trait that is none' 'did you mean' "$CICLO" survival "$shop" --first visit --end purchase --cox trait.contry
t_fails 'a moment is no number' 'is a moment' "$CICLO" survival "$shop" --first visit --end purchase --cox trait.joined
t_fails 'an event has it, not he' 'take trait.x, acquisition.x or' "$CICLO" survival "$shop" --first visit --end purchase --cox size
t_fails 'ties that are none' 'efron, breslow or exact' "$CICLO" survival "$shop" --first visit --end purchase \
    --cox trait.country --ties random
t_fails 'ties of nothing' 'ties are of --cox' "$CICLO" survival "$shop" --first visit --end purchase --ties efron
t_fails 'it happened to nobody' 'it happened to nobody' "$CICLO" survival "$shop" --first visit \
    --end 'purchase where size = "XXL"' --cox trait.country
t_fails 'what no event has' 'there is no event' "$CICLO" survival "$shop" --first trait.joined --end purchase --by size

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/survival" -d first=stage.known --data-urlencode 'end=not stage.known' -d every=5d \
        -d by=trait.country -d customers=ended -d within=60d)" \
    "$("$CICLO" survival "$shop" --first stage.known --end 'not stage.known' --every 5d --by trait.country \
        --customers ended --within 60d --json)"
t_is 'hazards over HTTP' \
    "$(curl -s -G "${url}api/survival" -d first=visit -d end=purchase -d cox=trait.country -d ties=breslow)" \
    "$("$CICLO" survival "$shop" --first visit --end purchase --cox trait.country --ties breslow --json)"
t_is 'of nobody, no hazards' "$("$CICLO" survival "$T/empty.ciclo" --first purchase --end purchase --cox trait.country)" \
    'Nobody: the file has no events yet.'
t_done
