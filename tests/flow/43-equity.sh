#!/bin/sh
# Customer equity: rows against the whole, against `value show`, and against each customer's own forecast,
# added up by another hand; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"

cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: Europe/Rome }
events: { purchase: { properties: { revenue: money } } }
lifecycle:
  start: new
  stages: { new: {}, back: {}, silent: {} }
  moves:
    - { from: new, to: back, when: "count(purchase) >= 2" }
    - { from: [new, back], to: silent, when: "since(purchase) >= 90d" }
    - { from: silent, to: back, when: "since(purchase) < 1d" }
YAML
shop=$T/cdnow.ciclo
data=$ROOT/tests/data/cdnow/cdnow_sample.csv.gz
gzip -dc "$data" >"$T/cdnow.csv"
t_ok 'a shop of music' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3" --customer master_id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount' \
    "$CICLO" "$shop" "$T/model.yaml" "$data"

known='--until 1997-09-30 --model mbg-nbd --value revenue --discount 0.1'
equity() { "$CICLO" value equity "$shop" $known "$@"; }
of() { python3 -c 'import json, sys
v = json.load(sys.stdin)
print(eval(sys.argv[1]))' "$1"; }
# the same rows, from the file of purchases and what `value show` says of all
cat >"$T/rows.py" <<'PY'
import csv, datetime, decimal, json, subprocess, sys
ciclo, shop, data = sys.argv[1:4]
known = sys.argv[4:]
def ask(*words):
    return json.loads(subprocess.run([ciclo, "value", *words, *known, "--json"], check=True, capture_output=True,
                                     text=True).stdout, parse_float=decimal.Decimal)
days, times = {}, {}
for r in csv.DictReader(open(data)):
    if r["date"] <= "19970930":
        days.setdefault(r["master_id"], set()).add(r["date"])
        times[r["master_id"]] = times.get(r["master_id"], 0) + 1
def stage(who):
    last = datetime.datetime.strptime(max(days[who]), "%Y%m%d")
    if datetime.datetime(1997, 9, 30, 23, 59, 59, 999000) - last >= datetime.timedelta(days=90):
        return "silent"
    return "back" if times[who] >= 2 else "new"
shown = sum(t["expected_value"] for t in ask("show", shop)["tenths"])
for by, name in ("stage", stage), ("cohort", lambda who: min(days[who])[:4] + "-" + min(days[who])[4:6]):
    v = ask("equity", shop, "--by", by)
    want = {}
    for who in days:
        want[name(who)] = want.get(name(who), 0) + 1
    have = {r["name"]: r["customers"] for r in v["rows"] if r["customers"]}
    listed = {r["name"]: sorted(ask("equity", shop, "--by", by, "--list", r["name"])["customers"]) for r in v["rows"]}
    print(by, have == want, sum(r["expected_value"] for r in v["rows"]) == v["all"]["expected_value"],
          abs(v["all"]["expected_value"] - shown) < decimal.Decimal("0.005"),
          abs(sum(r["share"] for r in v["rows"]) - 1) < decimal.Decimal("1e-9"),
          all(listed[n] == sorted(w for w in days if name(w) == n) for n in listed))
PY
t_is 'every row by another hand' "$(python3 "$T/rows.py" "$CICLO" "$shop" "$T/cdnow.csv" $known)" \
    'stage True True True True True
cohort True True True True True'
t_is 'each customer of a row, one by one' "$(equity --list back --when 'count(purchase) >= 12' --json >"$T/few" &&
    python3 -c 'import json, subprocess, sys
v = json.load(open(sys.argv[1]))
row = next(r for r in v["rows"] if r["name"] == "back")
ask = lambda who: json.loads(subprocess.run(sys.argv[2:4] + ["customer", sys.argv[4], who, "--when",
    "count(purchase) >= 12", "--json"] + sys.argv[5:], check=True, capture_output=True, text=True).stdout)["customer"]
told = [ask(who) for who in v["customers"]]
print(len(told) == row["customers"] > 3, abs(sum(t["expected_value"] for t in told) - row["expected_value"]) < 1e-3,
      abs(sum(t["alive"] for t in told) / len(told) - row["alive"]) < 1e-9)' "$T/few" "$CICLO" value "$shop" $known)" \
    'True True True'
# Moves: of everybody in the two stages, one by one.
t_is 'what is more where a move leads, by another hand' "$(python3 - "$CICLO" "$shop" $known <<'PY'
import json, math, subprocess, sys
ciclo, shop, known = sys.argv[1], sys.argv[2], sys.argv[3:]
def ask(*words):
    return json.loads(subprocess.run([ciclo, "value", *words, *known, "--json"], check=True, capture_output=True,
                                     text=True).stdout)
few = "count(purchase) >= 7"
v = ask("equity", shop, "--when", few)
of = {}
for r in v["rows"]:
    who = ask("equity", shop, "--when", few, "--list", r["name"])["customers"] if r["customers"] else []
    of[r["name"]] = [ask("customer", shop, w, "--when", few)["customer"]["expected_value"] for w in who]
def spread(x):
    m = sum(x) / len(x)
    return m, sum((y - m) ** 2 for y in x) / (len(x) - 1) / len(x)
print([(m["from"], m["to"]) for m in v["moves"]])
for m in v["moves"]:
    a, b = of[m["from"]], of[m["to"]]
    if len(a) < 2 or len(b) < 2:
        print(m["difference"], m["low"], m["high"])
        continue
    (am, av), (bm, bv) = spread(a), spread(b)
    half = (m["high"] - m["low"]) / 2 / math.sqrt(av + bv) # t: some more than 1.96 of so many
    print(len(a) > 10, m["customers_from"] == len(a), m["customers_to"] == len(b), abs(m["difference"] - (bm - am)) < 1e-6,
          abs(m["high"] + m["low"] - 2 * m["difference"]) < 1e-9, 1.96 < half < 2.25)
PY
)" "[('new', 'back'), ('new', 'silent'), ('back', 'silent'), ('silent', 'back')]
None None None
None None None
True True True True True True
True True True True True True"
t_is 'in words, and that it is no effect' "$(equity | grep -c '^silent  *back  *\|not what moving somebody would')" 2
t_is 'as CSV: a row for each stage' "$(equity --csv | cut -d, -f1 | tr '\n' ' ')" 'stage new back silent '
t_is 'in words' "$(equity | head -1)" \
    'What is expected of customers in the 365 days after 1997-09-30, by the stage in which they were then, discounted at 0.1 a year:'
t_is 'the customers as text' "$(equity --list back | wc -l)" "$(($(equity --csv | grep ^back | cut -d, -f2) + 1))"

t_fails 'no such cut' 'by is one of stage and cohort' equity --by channel
t_fails 'no such row' 'there is no row "gone"' equity --list gone
t_fails 'a row without a name' 'list' equity --list ''
t_fails 'no such lifecycle' 'lifecycle' equity --lifecycle other
t_fails 'no money' 'such as --value revenue' "$CICLO" value equity "$shop" --until 1997-09-30
t_fails 'purchases are not forecast' 'not how many come' "$CICLO" value equity "$shop" \
    --model gamma-gamma --value revenue

serve
get() { python3 -c 'import sys, urllib.request, urllib.parse, urllib.error
query = urllib.parse.urlencode([tuple(p.split("=", 1)) for p in sys.argv[2:]])
try:
    sys.stdout.buffer.write(urllib.request.urlopen(sys.argv[1] + "api/value/equity?" + query).read())
except urllib.error.HTTPError as e:
    print(e.code, e.read().decode())' "$url" "$@"; }
t_is 'moves over HTTP' "$(get until=1997-09-30 model=mbg-nbd value=revenue discount=0.1 | of 'v["moves"]')" "$(equity --json | of 'v["moves"]')"
timeless='{k: v[k] for k in ("by", "rows", "all", "customers", "discount")}'
t_is 'the same over HTTP' "$(get until=1997-09-30 model=mbg-nbd value=revenue discount=0.1 by=cohort row=1997-02 | of "$timeless")" \
    "$(equity --by cohort --list 1997-02 --json | of "$timeless")"
t_is 'what is wrong is told' "$(get value=revenue by=town | grep -c '^400 .*by is one of stage and cohort')" 1
ends
t_done
