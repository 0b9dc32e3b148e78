#!/bin/sh
# The sample shop, word for word as the handbook shows it, against what SQLite's shell makes of
# the same file.
. "$ROOT/tests/support/tap.sh"
command -v sqlite3 >/dev/null || t_skip_all 'sqlite3 is not installed'
cd "$T" || exit 1
cp "$ROOT/data/online_retail/online_retail.csv.xz" .
"$CICLO" init shop.ciclo --currency GBP >/dev/null

t_ok 'the sample comes in' sh -c "$(cat <<'END'
PATH=$(dirname "$CICLO"):$PATH
ciclo import shop.ciclo online_retail.csv.xz --customer CustomerID --time InvoiceDate \
  --time-format '%Y-%m-%d %H:%M:%S' --zone Europe/London --event purchase --id InvoiceNo \
  --property 'revenue:money=sum(Quantity * UnitPrice)' --property 'items:list=StockCode' --trait 'country=Country' \
  --where 'not (InvoiceNo starts with "C") and Quantity > 0 and UnitPrice > 0' --json >report
END
)"

xz -dc online_retail.csv.xz >rows.csv
# Prices have at most three decimals: counted in thousandths, the orders rounded half away
# from zero to hundredths.
sqlite3 :memory: >wanted <<'END'
.import --csv rows.csv line
create table good as
    select InvoiceNo, CustomerID, Quantity * cast(round(UnitPrice * 1000) as integer) as amount
    from line
    where CustomerID <> '' and upper(InvoiceNo) not like 'C%'
        and cast(Quantity as integer) > 0 and cast(UnitPrice as real) > 0;
create table bill as
    select InvoiceNo, (sum(amount) + 5) / 10 as amount from good group by InvoiceNo;
select (select count(*) from line), (select count(*) from line where CustomerID = ''),
    (select count(*) from good), (select count(*) from bill),
    (select count(distinct CustomerID) from good),
    (select printf('%d.%02d', sum(amount) / 100, sum(amount) % 100) from bill);
END
t_is 'what SQLite counts' "$(cat wanted)" '541909|135080|397884|18532|4338|8911407.90'
t_is 'what Ciclo counts' "$(python3 -c 'import json
d = json.load(open("report"))
print(d["lines"], sum(r["lines"] for r in d["refused"]), d["used"], d["events"],
      d["customers"], "%.2f" % d["totals"]["revenue"], sep="|")')" "$(cat wanted)"
t_is 'every line is used, left out or refused' "$(python3 -c 'import json
d = json.load(open("report"))
print(d["lines"] - d["used"] - d["left_out"] - sum(r["lines"] for r in d["refused"]))')" 0
t_is 'and there is one reason' "$(python3 -c 'import json
print([(r["reason"], r["lines"]) for r in json.load(open("report"))["refused"]])')" \
    "[('no customer (column CustomerID is empty)', 135080)]"
t_is 'what is refused can be looked at' \
    "$("$CICLO" refused shop.ciclo --json | grep -o '"line":' | wc -l)" 135080
t_done
