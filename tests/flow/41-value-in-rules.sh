#!/bin/sh
# value.p_alive, value.churn_90d and value.clv_12mo in rules: by the formulas of the papers, by `value customer`, and by
# asking at every midnight; as segments, stages and explanations; from several fits, and from none.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/cdnow.ciclo
data=$ROOT/tests/data/cdnow/cdnow_sample.csv.gz
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money, title: text } } }
lifecycle:
  start: new
  stages: { new: {}, gone: {} }
  moves:
    - { from: new, to: gone, when: "value.p_alive < 0.3" }
    - { from: gone, to: new, when: "value.p_alive >= 0.5" }
segments: { leaving: { when: "value.p_alive < 0.3 and value.clv_12mo > 5" } }
YAML
t_ok 'a shop of music' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" --customer master_id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$shop" "$T/model.yaml" "$data"
count() { "$CICLO" segment "$shop" --when "$1" --at "$2" --count; }
t_is 'without a fit nobody has a value' "$(count 'value.p_alive is missing' 1998-01-01)" 2357
t_is 'which the check of a model says' "$("$CICLO" model check "$shop" | grep -c 'ciclo value keep FILE')" 3

t_ok 'a fit is kept' "$CICLO" value keep "$shop" --model bg-nbd --value revenue --until 1997-09-30
t_is 'and listed' "$("$CICLO" value list "$shop" --csv | cut -d, -f1-5)" \
    'up to,model,event,value,customers
1997-09-30,bg-nbd,purchase,revenue,2357'
t_is 'before its day it is asked nothing' "$(count 'value.p_alive is missing' 1997-09-30)" 2357
t_is 'and from then on of everybody' "$(count 'value.p_alive is missing' 1997-10-01)" 0

# Who fits, by P. S. Fader, B. G. S. Hardie and K. L. Lee's note "Computing P(alive) Using the BG/NBD Model" (2008),
# over the table itself, at the end of a day.
gzip -dc "$data" >"$T/cdnow.csv"
# by_formula END WHO: whom the fit's parameters and his days up to END say so of.
by_formula() { "$CICLO" value fit "$shop" --model bg-nbd --until 1997-09-30 --json | python3 -c '
import csv, json, sys
from datetime import date
p = json.load(sys.stdin)["parameters"]
r, alpha, a, b = (p[x] for x in ("r", "alpha", "a", "b"))
end = date.fromisoformat(sys.argv[2])
days = {}
for row in csv.DictReader(open(sys.argv[1])):
    d = date(int(row["date"][:4]), int(row["date"][4:6]), int(row["date"][6:]))
    if d <= end:
        days.setdefault(row["master_id"], set()).add(d)
for c, ds in sorted(days.items()):
    x, t, T = len(ds) - 1, (max(ds) - min(ds)).days / 7, (end - min(ds)).days / 7
    odds = a / (b + x - 1) * ((alpha + T) / (alpha + t)) ** (r + x) if x else 0
    alive = 1 / (1 + odds)
    if eval(sys.argv[3]):
        print(c)' "$T/cdnow.csv" "$@"; }
by_rule() { "$CICLO" segment "$shop" --when "value.p_alive < $2" --at "$1" --ids | sort; }
t_is 'who is likely gone, on the last day that the model knows' "$(by_rule 1997-10-01 0.3)" \
    "$(by_formula 1997-09-30 'alive < 0.3')"
t_is 'and half a year later' "$(by_rule 1998-04-01 0.2)" "$(by_formula 1998-03-31 'alive < 0.2')"

# By the same table: who will buy nothing for 90 days is whoever left, and whoever did not and is silent.
silent='round(1 - alive + alive * ((alpha + T) / (alpha + T + 90 / 7)) ** (r + x), 6) > 0.8'
t_is 'who is likely to buy nothing for 90 days' \
    "$("$CICLO" segment "$shop" --when 'value.churn_90d > 0.8' --at 1998-10-01 --ids | sort)" \
    "$(by_formula 1998-09-30 "$silent")"
t_ok 'which some are, and some are not' test "$(by_formula 1998-09-30 "$silent" | wc -l)" -gt 100 \
    -a "$(by_formula 1998-09-30 "$silent" | wc -l)" -lt 2300

# What a rule says of somebody at a midnight is what the command says of the day that ended.
asked() { "$CICLO" rule explain "$shop" "$1" --customer "$2" --at "$3" --json | python3 -c \
    'import json, sys; print(json.load(sys.stdin)["answer"])'; }
told() { "$CICLO" value customer "$shop" "$1" --model bg-nbd --value revenue --until 1997-09-30 --json | python3 -c \
    'import json, sys; c = json.load(sys.stdin)["customer"]; print(round(c["alive"], 6), round(c["expected_value"], 2))'; }
for id in 00004 00021 00111 00489 00836; do
    t_is "the values of $id" \
        "$(asked value.p_alive "$id" 1997-10-01) $(asked value.clv_12mo "$id" 1997-10-01)" "$(told "$id")"
done
explained() { "$CICLO" rule explain "$shop" 'value.p_alive < 0.3' --customer 00021 --at 1997-10-01 "$@"; }
t_is 'an explanation says the number, and from which fit it came' \
    "$(explained | grep -c 'p_alive: 0.212391 (fitted to what was known up to 1997-09-30);')" 1
silent() { "$CICLO" value customer "$shop" "$1" --model bg-nbd --value revenue --until 1997-09-30 --ahead 90d --json |
    python3 -c 'import json, sys; print(round(json.load(sys.stdin)["customer"]["no_purchase"], 6))'; }
for id in 00004 00021 00111; do
    t_is "that $id buys nothing for 90 days" "$(asked value.churn_90d "$id" 1997-10-01)" "$(silent "$id")"
done
t_is 'in Portuguese' "$(explained --language pt | grep -c 'probabilidade de ainda ser cliente')" 1

# The moment until which an answer holds is the first midnight behind which it is another.
until_of() { "$CICLO" rule explain "$shop" "$1" --customer "$2" --at "$3" --json | python3 -c \
    'import json, sys; print(json.load(sys.stdin)["holds_until"])'; }
first_day() { python3 - "$T/cdnow.csv" "$1" "$2" "$("$CICLO" value fit "$shop" --model bg-nbd --until 1997-09-30 \
    --json)" <<'PY'
import csv, json, sys
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo
p = json.loads(sys.argv[4])["parameters"]
r, alpha, a, b = (p[x] for x in ("r", "alpha", "a", "b"))
days = {date(int(d[:4]), int(d[4:6]), int(d[6:])) for d in
        (row["date"] for row in csv.DictReader(open(sys.argv[1])) if row["master_id"] == sys.argv[2])}
days = {d for d in days if d <= date(1998, 7, 1)}
x, t, end = len(days) - 1, (max(days) - min(days)).days / 7, date(1998, 7, 1)
while True:
    T = (end - min(days)).days / 7
    if 1 / (1 + a / (b + x - 1) * ((alpha + T) / (alpha + t)) ** (r + x)) < float(sys.argv[3]):
        break
    end += timedelta(1)
moment = datetime(end.year, end.month, end.day, tzinfo=ZoneInfo("Europe/Rome")).astimezone(ZoneInfo("UTC"))
print(moment.strftime("%Y-%m-%dT%H:%M:%S") + ".001Z")
PY
}
for id in 00004 00111 00836; do
    t_is "until when $id holds" "$(until_of 'value.p_alive < 0.05' "$id" 1998-07-01)" "$(first_day "$id" 0.05)"
done
t_ok 'which is years ahead' test "$(first_day 00836 0.05 | cut -c1-4)" -gt 1999

# Stages are moved at those moments, and the history of everybody is what asking anew says.
t_is 'stages follow' "$("$CICLO" segment "$shop" --when 'stage = "gone"' --at 1997-10-01 --count)" \
    "$(by_rule 1997-10-01 0.3 | wc -l | tr -d ' ')"
t_is 'a segment of the model' "$("$CICLO" segment "$shop" leaving --at 1998-02-01 --count)" \
    "$(count 'value.p_alive < 0.3 and value.clv_12mo > 5' 1998-02-01)"
t_ok 'what is kept of the histories is what follows' "$CICLO" verify "$shop"

before=$("$CICLO" segment "$shop" --when 'stage = "gone"' --at 1998-06-01 --count)
t_ok 'a second fit' "$CICLO" value keep "$shop" --model pareto-nbd --until 1997-12-31
t_is 'leaves what was before its day as it was' "$(by_rule 1997-12-31 0.3)" "$(by_formula 1997-12-30 'alive < 0.3')"
t_is 'knows nothing of money, having learnt nothing of it' "$(count 'value.clv_12mo is missing' 1998-01-01)" 2357
after=$("$CICLO" segment "$shop" --when 'stage = "gone"' --at 1998-06-01 --count)
t_ok 'and has other stages' test "$before" -ne "$after"
t_ok 'which are those that follow' "$CICLO" verify "$shop"
t_ok 'until it is removed' "$CICLO" value remove "$shop" 1997-12-31
t_is 'stages are as before' "$("$CICLO" segment "$shop" --when 'stage = "gone"' --at 1998-06-01 --count)" "$before"

serve
over_http() { python3 -c 'import json, sys, urllib.request, urllib.parse
query = urllib.parse.urlencode({"model": "bg-nbd", "until": sys.argv[2], "when": sys.argv[3]})
print(json.load(urllib.request.urlopen(sys.argv[1] + "api/value?" + query))["customers"])' "$url" "$@"; }
t_is 'a report over HTTP asks the same fit' "$(over_http 1997-12-31 'value.p_alive < 0.3')" "$(count 'value.p_alive < 0.3' 1998-01-01)"

gone() { over_http 1998-01-31 'stage = "gone"'; }
before=$(gone)

# The same over HTTP, by a server that goes on: kept, listed, asked, removed.
http() { python3 - "$url" "$@" <<'PY'
import json, sys, time, urllib.request, urllib.error
url, method, path, *body = sys.argv[1:]
def ask(method, path, body=None):
    r = urllib.request.Request(url + path, body and body.encode(), {"Content-Type": "application/json"}, method=method)
    try:
        return json.load(urllib.request.urlopen(r))
    except urllib.error.HTTPError as e:
        return json.load(e)
a = ask(method, path, *body)
if "job" in a:
    job, end = path + "/" + a["job"], time.monotonic() + 60
    while (a := ask("GET", job)).get("result") is None and a["error"] is None and time.monotonic() < end:
        time.sleep(0.05)
    a = a["result"] or a
if "error" in a:
    print(a["error"]["code"], a["error"]["message"])
elif isinstance(a, list):
    for fit in a:
        print(fit["until"], fit["model"], fit["value"] or "-", fit["customers"])
else:
    print(a.get("model", ""), a.get("until", ""))
PY
}
t_is 'over HTTP a fit is kept' \
    "$(http POST api/value/keep '{"model": "pareto-nbd", "value": "revenue", "until": "1997-12-31"}')" 'pareto-nbd 1997-12-31'
t_is 'and listed' "$(http GET api/value/fits)" '1997-09-30 bg-nbd revenue 2357
1997-12-31 pareto-nbd revenue 2357'
t_is 'it is asked of everybody' "$(over_http 1998-01-31 'value.clv_12mo >= 0')" 2357
t_ok 'and stages follow' test "$(gone)" -ne "$before"
t_is 'a regular one, which is told how regular' \
    "$(http POST api/value/keep '{"model": "bg-cnbd-k", "k": 2, "until": "1997-11-30"}')" 'bg-cnbd-k 1997-11-30'
t_is 'what is no purchase is refused in words' \
    "$(http POST api/value/keep '{"event": "purchse"}' | grep -c 'did you mean purchase')" 1
t_is 'and gamma-gamma alone' "$(http POST api/value/keep '{"model": "gamma-gamma", "value": "revenue"}' |
    grep -c 'keep another model')" 1
t_is 'and a day that is none' "$(http POST api/value/keep '{"until": "soon"}' | grep -c '^input until')" 1
t_is 'neither is kept' "$(http GET api/value/fits | wc -l | tr -d ' ')" 3
t_is 'one is removed' "$(http DELETE api/value/fits/1997-12-31)" ' '
t_is 'and another' "$(http DELETE api/value/fits/1997-11-30)" ' '
t_is 'stages are as before' "$(gone)" "$before"
t_is 'none twice' "$(http DELETE api/value/fits/1997-12-31)" \
    'not_found no fit is kept of "1997-12-31": ciclo value list FILE shows the days of those there are'
ends
t_is 'the file holds what was kept' "$("$CICLO" value list "$shop" --csv | cut -d, -f1,2)" 'up to,model
1997-09-30,bg-nbd'
t_ok 'and stages that follow from it' "$CICLO" verify "$shop"

t_fails 'a day without a fit cannot be removed' 'no fit is kept of "1997-12-31"' "$CICLO" value remove "$shop" 1997-12-31
t_fails 'what is no value is told what is' 'did you mean p_alive?' "$CICLO" rule check "$shop" 'value.p_alife < 0.5'
t_fails 'gamma-gamma alone says nothing of anybody' 'keep another model' \
    "$CICLO" value keep "$shop" --model gamma-gamma --value revenue
t_done
