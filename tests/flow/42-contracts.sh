#!/bin/sh
# How long contracts go on: both groups of Fader and Hardie 2007 with their published figures, those who began at
# other times, and who gave notice; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Contracts, currency: USD, timezone: Europe/Rome }
events: { subscribed: {}, cancelled: {} }
traits: { plan: text }
lifecycle: { start: all, stages: { all: {} } }
YAML
# A thousand of each began in January 2010; who left at a renewal said so in the year before it.
python3 - >"$T/contracts.jsonl" <<'PY'
import json
left_over = {'high': (86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1), 'regular': (63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1)}
def say(kind, who, i, at, **more):
    print(json.dumps({'type': kind, 'userId': who, 'messageId': f'{who}-{i}', 'timestamp': at + 'T10:00:00Z', **more}))
for plan, left in left_over.items():
    there, who = 1000, 0
    for year, stay in enumerate([*left, None], 1):
        leave = there - round(10 * stay) if stay else there
        for i in range(leave):
            name = f'{plan}{who}'
            who += 1
            say('identify', name, 0, '2010-01-15', traits={'plan': plan})
            say('track', name, 1, '2010-01-15', event='subscribed')
            if stay: # on the very day of the renewal, or well before it
                say('track', name, 2, f'{2010 + year}-01-15' if i % 2 else f'{2009 + year}-09-30', event='cancelled')
        there -= leave
PY
shop=$T/shop.ciclo
t_ok 'contracts' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' "$CICLO" "$shop" "$T/model.yaml" "$T/contracts.jsonl"
of() { python3 -c 'import json, sys
v = json.load(sys.stdin)
print(eval("(%s)" % sys.argv[1]))' "$1"; }
value() { "$CICLO" value fit "$shop" --model sbg --event subscribed "$@"; }
sbg() { value --end cancelled --unit year --until 2017-12-31 "$@"; }
known='"%.3f %.3f %.6f " % (*v["parameters"].values(), v["log_likelihood"])
    + " ".join("%.4f" % (100 * r["expected"]) for r in v["renewals"][7:12])'
t_is 'high end, as published' "$(sbg --when 'trait.plan = "high"' --ahead 5y --json | of "$known")" \
    '0.668 3.806 -1611.158147 46.0440 43.5780 41.4172 39.5055 37.7999'
t_is 'regular, as published' "$(sbg --when 'trait.plan = "regular"' --ahead 5y --json | of "$known")" \
    '0.704 1.182 -1680.265188 22.0085 20.4411 19.1190 17.9865 17.0037'
t_is 'discounted lifetimes' "$(for plan in high regular; do sbg --when "trait.plan = \"$plan\"" --discount 0.1 --json |
    of '" ".join("%.6f" % n for n in [v["expected_lifetime"], *(r["residual"] for r in v["renewals"][:5])])'; done)" \
    '5.922253 5.414479 5.901378 6.293892 6.619920 6.896707
3.694908 2.964399 4.103140 4.869805 5.442058 5.894095'
t_is 'who stayed' "$(sbg --when 'trait.plan = "high"' --json | of '" ".join("%d %d %.3f" % (r["asked"], r["left"], r["stayed"])
    for r in v["renewals"][:7:3]) + " %s" % v["renewals"][7]["stayed"]')" '1000 131 0.869 653 60 0.593 517 26 0.491 None'
t_is 'intervals are around what is expected' "$(sbg --json |
    of 'all(r["expected_low"] < r["expected"] < r["expected_high"] for r in v["renewals"])')" True
t_is 'in words' "$(sbg --when 'trait.plan = "regular"' --ahead 1y | sed -n '1,2p;11,12p')" \
    'sbg, of 1000 contracts up to 2017-12-31; 759 of them were ended. A term is a year.
alpha 0.704077, beta 1.18204; log-likelihood -1680.265.
      7    262    21     24.10     23.90  21.38  26.63
      8      0     0               22.01  19.49  24.75'
t_is 'as CSV' "$(sbg --csv | head -1)" 'renewal,asked,left,stayed %,by sbg %,from,to'
t_is 'value show says the same' "$("$CICLO" value show "$shop" --model sbg --event subscribed --end cancelled --unit year \
    --until 2017-12-31 --json)" "$(sbg --json)"
# Who gave notice in 2016 for the renewal of January 2017 is there until then.
t_is 'an end counts at its renewal' "$(value --end cancelled --unit year --until 2016-12-31 --json | of '(max(r["renewal"] for r in v["renewals"] if r["asked"]),
    sum(r["left"] for r in v["renewals"]), v["ended"])')" '(6, 1221, 1245)'
# The same again a year and half a year later: those of all are added up.
sed 's/"userId": "/&later/; s/"messageId": "/&later/' "$T/contracts.jsonl" | python3 -c 'import re, sys
for line in sys.stdin:
    print(re.sub(r"(timestamp\": \")(\d+)", lambda m: m.group(1) + str(int(m.group(2)) + 2), line.strip()))' >"$T/later.jsonl"
"$CICLO" import "$shop" "$T/later.jsonl" >/dev/null
t_is 'who began later was asked less often' "$(sbg --json | of '" ".join(str(r["asked"]) for r in v["renewals"][:7])')" \
    "$(python3 -c 'both = [a + b for a, b in zip((1000, 869, 743, 653, 593, 551, 517), (1000, 631, 468, 382, 326, 289, 262))]
print(*[2 * n for n in both[:5]], *both[5:])')"
# The likelihood once more, contract by contract: who left at renewal t, and who was still there after n.
sbg --json >"$T/all.json"
t_is 'their likelihood, and its top' "$(python3 -c 'import json, sys
from math import lgamma, log
v = json.load(open(sys.argv[1]))
rows = [r for r in v["renewals"] if r["asked"]]
def likelihood(a, b):
    stays = lambda n: lgamma(b + n) - lgamma(b) + lgamma(a + b) - lgamma(a + b + n)
    leaves = lambda t: log(a) - log(a + b + t - 1) + stays(t - 1)
    there = [r["asked"] - r["left"] for r in rows]
    waits = [t - n["asked"] for t, n in zip(there, rows[1:])] + there[-1:]
    return sum(r["left"] * leaves(r["renewal"]) for r in rows) + sum(w * stays(r["renewal"]) for w, r in zip(waits, rows))
a, b = v["parameters"].values()
top = likelihood(a, b)
print(abs(top - v["log_likelihood"]) < 1e-6,
      all(likelihood(a * i, b * j) < top for i, j in ((1.01, 1), (.99, 1), (1, 1.01), (1, .99))))' "$T/all.json")" 'True True'
t_fails 'without an end' 'sbg needs both' "$CICLO" value fit "$shop" --model sbg --event subscribed
t_fails 'a term that there is not' 'terms are day, week, month and year' value --end cancelled --unit decade
t_fails 'before any renewal' 'no contract has come to its first renewal' value --end cancelled --unit year --until 2010-12-31
t_fails 'nobody left' 'nobody has left yet' value --end 'cancelled where weekday > 9' --unit year --until 2017-12-31
t_fails 'half a term' 'ahead is a number of whole terms' sbg --ahead 6mo
t_fails 'one customer' 'take value show' "$CICLO" value customer "$shop" high1 --model sbg --event subscribed
serve
t_is 'the same over HTTP' "$(python3 -c 'import sys, urllib.request
print(urllib.request.urlopen(sys.argv[1] + "api/value?model=sbg&event=subscribed&end=cancelled&unit=year&until=2017-12-31").read().decode())' "$url")" \
    "$(sbg --json)"
ends
t_done
