#!/bin/sh
# What customers will buy and bring: the published figures of CDNOW from end to end, what was held out
# counted by another hand, and too little data; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money, title: text } } }
lifecycle: { start: all, stages: { all: {} } }
YAML
shop=$T/cdnow.ciclo
data=$ROOT/tests/data/cdnow/cdnow_sample.csv.gz
t_ok 'a shop of music' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" --customer master_id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$shop" "$T/model.yaml" "$data"

# of JSON on standard input, what the expression says of it
of() { python3 -c 'import json, sys
v = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"; }
known='" ".join(["%.3f" % v["parameters"][p] for p in ("r", "alpha", "a", "b")]
    + ["%.6f" % v["log_likelihood"], str(v["customers"]), str(v["repeaters"]), str(v["boundary"])])'
fit() { "$CICLO" value fit "$shop" --until 1997-09-30 "$@"; }
t_is 'the model of the paper' "$(fit --model bg-nbd --unit week --json | of "$known")" \
    '0.243 4.414 0.793 2.426 -9582.429207 2357 946 None'
t_is 'in days' "$(fit --model bg-nbd --unit day --json | of '"%.3f" % (v["parameters"]["alpha"] / 7)')" 4.414
t_is 'what a purchase brings' "$(fit --model gamma-gamma --value revenue --json |
    of '"%.2f %.2f %.2f %.4f %d" % (*v["parameters"].values(), v["log_likelihood"], v["customers"])')" \
    '6.25 3.74 15.44 -4055.9177 946'
t_is 'the likeliest of those that were tried' "$(fit --json |
    of 'v["model"] + " " + max(v["tried"], key=lambda m: v["tried"][m]["log_likelihood"]) + " %d" % len(v["tried"])')" \
    'mbg-nbd mbg-nbd 4'
# 90 days before the end, by other questions
chosen=$(fit --choose 90d --json)
t_is 'by what came: each model as it forecast then' "$(for model in nbd bg-nbd mbg-nbd pareto-nbd; do
    "$CICLO" value show "$shop" --model $model --until 1997-07-02 --hold-out 90d --json |
        of 'v["model"] + " %.9f %.9f %.6f %d" % (*(v["by_model"][k] for k in ("mean_error", "root_error", "sum")), v["came"])'; done)" \
    "$(printf '%s' "$chosen" | of '"\n".join(m + " %.9f %.9f %.6f %d" % (t["mean_error"], t["root_error"], t["sum"],
        v["choose_came"]) for m, t in v["tried"].items())')"
t_is 'the nearest is taken, and fitted to all' "$(printf '%s' "$chosen" |
    of '(v["chosen_by"], v["model"] == min(v["tried"], key=lambda m: v["tried"][m]["root_error"]), "%.6f" % v["log_likelihood"])')" \
    "('hold-out', True, '-9582.135716')"
t_is 'with the reason in words' "$(fit --choose 90d | grep -c 'Taken: mbg-nbd, which was nearest by the root mean square.*90 days before')" 1
t_is 'or that it is the likeliest' "$(fit | grep -c 'Taken: mbg-nbd, under which the data are likeliest')" 1
t_fails 'of one model there is none to choose' 'leave the model out' "$CICLO" value fit "$shop" --model nbd --choose 90d
t_fails 'two lengths' 'give choose and hold-out the same' "$CICLO" value show "$shop" --choose 30d --hold-out 90d
t_fails 'before anybody had come' 'choose: 36500 days before that day' "$CICLO" value fit "$shop" --choose 36500d
one_less=$(gzip -dc "$data" | python3 -c 'import csv, sys
days, first = {}, {}
for r in csv.DictReader(sys.stdin):
    if r["date"] <= "19970929":
        days.setdefault(r["master_id"], set()).add(r["date"])
print(sum(len(d) - 1 for d in days.values()))')
t_is 'a day is known when it is over' "$("$CICLO" value fit "$shop" --until 1997-09-29 --json |
    of 'v["until"] + " %d" % v["purchases"]')" "1997-09-29 $one_less"
often=$(gzip -dc "$data" | python3 -c 'import collections, csv, sys
n = collections.Counter(r["master_id"] for r in csv.DictReader(sys.stdin) if r["date"] <= "19970930")
print(sum(k >= 8 for k in n.values()))')
t_is 'what comes at the midnight behind that day chooses nobody' "$(fit --when 'count(purchase) >= 8' --json |
    of 'v["customers"]')" "$often"

# in whatever order they came, to the last digit
gzip -dc "$data" | python3 -c 'import random, sys
heading, *rows = sys.stdin.readlines()
random.Random(7).shuffle(rows)
sys.stdout.writelines([heading, *rows])' >"$T/shuffled.csv"
t_ok 'the same purchases in another order' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" \
    --customer master_id --time date --time-format %Y%m%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$T/shuffled.ciclo" "$T/model.yaml" "$T/shuffled.csv"
timeless='json.dumps({k: v[k] for k in v if k != "seconds"}, sort_keys=True)'
t_is 'say the same' "$("$CICLO" value show "$T/shuffled.ciclo" --value revenue --hold-out 90d --json | of "$timeless")" \
    "$("$CICLO" value show "$shop" --value revenue --hold-out 90d --json | of "$timeless")"

# 39 weeks held out, counted out of the file by another hand: days with a purchase after 1997-09-30 of those
# who had bought by then, and what they paid.
came=$(gzip -dc "$data" | python3 -c 'import csv, sys
from decimal import Decimal
later, knew, paid = {}, set(), Decimal(0)
for r in csv.DictReader(sys.stdin):
    if r["date"] <= "19970930":
        knew.add(r["master_id"])
    elif r["date"] <= "19980630":
        later.setdefault(r["master_id"], set()).add(r["date"])
        paid += Decimal(r["amount"])
print(sum(len(d) for c, d in later.items() if c in knew), paid)')
show() { "$CICLO" value show "$shop" --until 1997-09-30 --value revenue --hold-out 273d "$@"; }
t_is 'what came is what the file says' "$(show --json |
    of '"%d %.2f" % (v["came"], sum(t["value"] for t in v["tenths"]))')" "$came"
t_is 'sums and errors of Pareto/NBD as they were published' "$(show --model pareto-nbd --json |
    of '"%.3f %.6f %.5f" % (v["by_model"]["sum"], v["by_model"]["mean_error"], v["by_model"]["root_error"])')" \
    '1665.513 0.754523 1.60285'
t_is 'tenths are of everybody, the best first' "$(show --json |
    of '(all(a["expected_purchases"] >= b["expected_purchases"] for a, b in zip(v["tenths"], v["tenths"][1:])),
        sum(t["customers"] for t in v["tenths"]),
        abs(sum(t["expected_purchases"] for t in v["tenths"]) - v["by_model"]["sum"]) < 1e-6)')" '(True, 2357, True)'
t_is 'words say who is nearest' "$(show | grep Nearest)" \
    '1882 came. Nearest by the mean error: the model; by the root mean square: the model.'
t_is 'as CSV: a row for each tenth, and one of all' "$(show --csv | wc -l)" 12
t_is 'each number has its interval around it' "$(show --json | of 'all(t[n + "_low"] < t[n] < t[n + "_high"]
    for t in v["tenths"] + [v["all"]] for n in ("alive", "expected_purchases", "expected_value"))')" True
t_is 'all is the sum of its tenths' "$(show --json | of 'max(abs(sum(t[n] for t in v["tenths"]) / v["all"][n] - 1)
    for n in ("customers", "alive", "expected_purchases", "expected_value", "purchases", "value")) < 1e-9')" True
t_is 'what all are surer of than a tenth' "$(show --json | of '"%s" % all(
    t["expected_purchases_high"] / t["expected_purchases_low"] > v["all"]["expected_purchases_high"] / v["all"]["expected_purchases_low"]
    for t in v["tenths"][2:])')" True
t_is 'in the table, too' "$(show --model bg-nbd --csv | sed -n 1p)" \
    'tenth,customers,still there,from,to,purchases,from,to,value,from,to,they were,it was'
t_is 'one customer' "$("$CICLO" value customer "$shop" 00004 --until 1997-09-30 --value revenue | head -1)" \
    'Bought on 3 days, first on 1997-01-01, last on 1997-08-02.'
t_is 'and how sure that is' "$("$CICLO" value customer "$shop" 00004 --until 1997-09-30 --value revenue --model bg-nbd | sed -n 2,5p)" \
    'Still a customer with 72.7 % probability (69.4 to 75.7).
Expected in 365 days: 1.56 purchases (1.44 to 1.69), of 24.65 each: 38.51 (35.17 to 42.18).
No purchase at all in that time: 39.7 %.
As chance has it, by this model: 0 to 7 purchases, with 95 % probability.'

# Days are those of the workspace's zone: half past eleven at night in London is tomorrow in Rome.
night=$T/night.ciclo
sed 's/CDNOW/Night/' "$T/model.yaml" >"$T/night.yaml"
printf '%s\n' '{"type":"track","event":"purchase","userId":"a","messageId":"1","timestamp":"2026-01-05T12:00:00Z"}' \
    '{"type":"track","event":"purchase","userId":"a","messageId":"2","timestamp":"2026-01-05T23:30:00Z"}' \
    '{"type":"track","event":"purchase","userId":"b","messageId":"3","timestamp":"2026-01-02T12:00:00Z"}' \
    '{"type":"track","event":"purchase","userId":"b","messageId":"4","timestamp":"2026-01-03T01:00:00Z"}' \
    '{"type":"track","event":"purchase","userId":"b","messageId":"5","timestamp":"2026-01-03T02:00:00Z"}' >"$T/night.jsonl"
"$CICLO" init "$night" --model "$T/night.yaml" >/dev/null
"$CICLO" import "$night" "$T/night.jsonl" >/dev/null
t_is 'purchases of one day are one' "$("$CICLO" value fit "$night" --model nbd --until 2026-01-31 --json |
    of '"%d %d" % (v["repeaters"], v["purchases"])')" '2 2'

# Too little: words, or finite numbers, never NaN or infinity.
few=$T/few.ciclo
"$CICLO" init "$few" --model "$T/night.yaml" >/dev/null
t_fails 'nobody at all' 'nobody had a purchase by then' "$CICLO" value fit "$few"
head -1 "$T/night.jsonl" >"$T/one.jsonl"
"$CICLO" import "$few" "$T/one.jsonl" >/dev/null
t_fails 'nobody came back' 'nobody bought on a second day' "$CICLO" value fit "$few"
head -2 "$T/night.jsonl" >"$T/one.jsonl"
"$CICLO" import "$few" "$T/one.jsonl" >/dev/null
t_is 'one customer who came back once: what is expected is as wide as can be' "$("$CICLO" value show "$few" --until 2026-02-28 --json |
    of 'v["all"]["expected_purchases_high"] > 10 * v["all"]["expected_purchases_low"]')" True
t_fails 'a model that so few do not tell' 'bg-nbd has no maximum here: 1 customers, of whom 1 came back' \
    "$CICLO" value show "$few" --model bg-nbd --until 2026-02-28
t_is 'no infinity is printed' "$("$CICLO" value show "$few" --until 2026-02-28 --json | grep -ciE 'nan|inf')" 0

# wrong use
t_fails 'a model that there is not' 'there is no model "clv"' "$CICLO" value show "$shop" --model clv
t_fails 'k beyond the bound' 'k is a whole number from 1 to 12' "$CICLO" value show "$shop" --model bg-cnbd-k --k 13
t_fails 'a unit that there is not' 'units are day, week and month' "$CICLO" value show "$shop" --unit year
t_fails 'months are no whole days' 'hold-out is a number of whole days' "$CICLO" value show "$shop" --hold-out 3mo
t_fails 'a day that is not over' 'until is a day that is not over' "$CICLO" value show "$shop" --until 2100-01-01
t_fails 'an event that there is not' 'sold' "$CICLO" value show "$shop" --event sold
t_fails 'a text cannot be summed' 'only numbers and money can be summed' "$CICLO" value show "$shop" --value title
t_fails 'money where money was not asked for' 'say which of the event' "$CICLO" value show "$shop" --model gamma-gamma
t_fails 'spending alone forecasts nothing' 'not how many come' "$CICLO" value show "$shop" --model gamma-gamma --value revenue
t_fails 'somebody who is not there' 'nobody' "$CICLO" value customer "$shop" nobody

serve
get() { python3 -c 'import sys, urllib.request, urllib.parse, urllib.error
query = urllib.parse.urlencode([tuple(p.split("=", 1)) for p in sys.argv[2:]])
try:
    sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1] + "api/value?" + query).read())
except urllib.error.HTTPError as e:
    print(e.code, e.read().decode())' "$url" "$@"; }
t_is 'the same over HTTP' "$(get until=1997-09-30 value=revenue hold_out=273d customer=00004 | of "v['customer']['expected_value']")" \
    "$("$CICLO" value customer "$shop" 00004 --until 1997-09-30 --value revenue --ahead 273d --json | of "v['customer']['expected_value']")"
t_is 'the same over HTTP, of all' "$(get until=1997-09-30 value=revenue hold_out=273d | of "$timeless")" \
    "$(show --json | of "$timeless")"
t_is 'what is wrong is told' "$(get model=clv | grep -c '^400 .*there is no model')" 1
ends
t_done
