#!/bin/sh
# How forecasts turned out on CDNOW and on UCI's Online Retail, by tenths and beside simple guesses: the tables of
# docs/value.md, word for word.
. "$ROOT/tests/support/tap.sh"
cat >"$T/cdnow.yaml" <<'YAML'
ciclo: 1
workspace: { name: CDNOW, currency: USD, timezone: UTC }
events: { purchase: { properties: { revenue: money } } }
lifecycle: { start: all, stages: { all: {} } }
YAML
t_ok 'a tenth of CDNOW, all of it, and Online Retail' sh -ec '
"$CICLO" init "$0/sample.ciclo" --model "$0/cdnow.yaml"
"$CICLO" init "$0/cdnow.ciclo" --model "$0/cdnow.yaml"
"$CICLO" init "$0/retail.ciclo" --currency GBP
"$CICLO" import "$0/sample.ciclo" "$ROOT/tests/data/cdnow/cdnow_sample.csv.gz" --customer master_id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount
"$CICLO" import "$0/cdnow.ciclo" "$ROOT/tests/data/cdnow/cdnow_master.csv.gz" --customer id \
    --time date --time-format %Y%m%d --event purchase --property revenue:money=amount
"$CICLO" import "$0/retail.ciclo" "$ROOT/data/online_retail/online_retail.csv.xz" --customer CustomerID \
    --time InvoiceDate --time-format "%Y-%m-%d %H:%M:%S" --zone Europe/London --event purchase --id InvoiceNo \
    --property "revenue:money=sum(Quantity * UnitPrice)" \
    --where "not (InvoiceNo starts with \"C\") and Quantity > 0 and UnitPrice > 0"' "$T"
cat >"$T/tables.py" <<'PY'
import json, subprocess, sys
ciclo, folder = sys.argv[1:]
models = ('nbd', 'bg-nbd', 'mbg-nbd', 'pareto-nbd')
sets = (("CDNOW, a tenth", 'sample', '1997-09-30', '273d'), ('CDNOW', 'cdnow', '1997-09-30', '273d'),
        ('CDNOW, the last quarter', 'cdnow', '1998-03-31', '91d'),
        ('Online Retail', 'retail', '2011-08-31', '100d'))
for name, file, until, held in sets:
    answer = {m: json.loads(subprocess.run([ciclo, 'value', 'show', f'{folder}/{file}.ciclo', '--model', m, '--until', until,
              '--hold-out', held, '--json'], capture_output=True, check=True).stdout) for m in models}
    one = answer[models[0]]
    print(f'| {name}: {one["customers"]} customers up to {until}, {one["came"]} purchases in {held[:-1]} days '
          '| mean error | root mean square | purchases in all |\n|---|---|---|---|')
    rows = [(f'`{m}`' + (f' ({a["boundary"]})' if a['boundary'] else ''), a['by_model']) for m, a in answer.items()]
    rows += [('the same as last time', one['by_last_time']), *([('how lately and how often', one['by_cells'])] if 'by_cells' in one else [])]
    for what, g in rows:
        print(f'| {what} | {g["mean_error"]:.4f} | {g["root_error"]:.4f} | {g["sum"]:.0f} |')
    print('\n| tenth: expected / came | ' + ' | '.join(f'`{m}`' for m in models) + ' |\n' + '|---' * 5 + '|')
    for i in range(10):
        print(f'| {i + 1} | ' + ' | '.join('%.0f / %.0f' % (a['tenths'][i]['expected_purchases'], a['tenths'][i]['purchases'])
                                           for a in answer.values()) + ' |')
    print()
PY
python3 "$T/tables.py" "$CICLO" "$T" >"$T/tables"
t_is 'all sets of data' "$(grep -c 'mean error' "$T/tables")" 4
sed -n '/^| CDNOW, a tenth/,/^The model does not beat/p' "$ROOT/docs/value.md" | sed '$d' >"$T/told"
t_ok 'the handbook has these tables' diff "$T/told" "$T/tables"
t_done
