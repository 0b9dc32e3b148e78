#!/bin/sh
# Reports of the sample shop: figures that others published, and every cell as SQLite has it.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
shop=$T/shop.ciclo
xz -dc "$ROOT/data/online_retail/online_retail.csv.xz" >"$T/orders.csv"
the_shop() {
    "$CICLO" init "$shop" --template retail --currency GBP --timezone Europe/London &&
        sample_import "$CICLO" "$shop" "$T/orders.csv"
}
t_ok 'the sample' the_shop
"$CICLO" sql "$shop" "select number, at_ms, substr(time, 1, 7) as month, revenue,
    row_number() over (partition by number order by at_ms, id) as place from events
    where type = 'purchase'" --csv >"$T/events.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" \
    "create table e as select cast(number as integer) c, cast(at_ms as integer) at, month,
        cast(round(revenue * 100) as integer) cents, cast(place as integer) place from event" \
    "create index of_customer on e(c, place)"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }

t_is 'cohorts by month: customers, orders, money' \
    "$("$CICLO" cohorts "$shop" --first purchase --value revenue --csv | tail -n +2 | cut -d, -f1-3,5- | tr -d .)" \
    "$(rows "with f as (select c, min(month) m from e group by 1), n as (select m, count(*) n from f group by 1)
        select f.m, n, month, count(distinct e.c), count(*), sum(cents) from e join f using (c) join n on n.m = f.m
        group by 1, 3 order by 1, 3")"
t_is 'a large order, then another within 30 days, then a third' \
    "$("$CICLO" funnel "$shop" --step 'purchase where revenue > 500' --step purchase --step purchase --within 30d --csv |
        tail -n +2 | cut -d, -f3 | tr '\n' ' ')" \
    "$(rows "select count(distinct c) from e where cents > 50000;
        select count(distinct a.c) from e a join e b using (c) where a.cents > 50000 and b.place > a.place
            and b.at <= a.at + 30 * 86400000;
        select count(distinct a.c) from e a join e b using (c) join e d using (c) where a.cents > 50000
            and b.place > a.place and d.place > b.place and d.at <= a.at + 30 * 86400000" | tr '\n' ' ')"

t_ok 'scores by place: 117 cells, 348 customers in 555, 185 in 111; and the cuts between values' \
    python3 - "$CICLO" "$shop" <<'PY'
import json, subprocess, sys
def ask(*words):
    return json.loads(subprocess.run([sys.argv[1], 'rfm', sys.argv[2], '--event', 'purchase', '--value', 'revenue',
                                      '--at', '2011-12-10', '--days', '--json', *words],
                                     check=True, capture_output=True).stdout)
ranks = ask('--method', 'ranks', '--customers', 'all')
cells = {(c['recency'], c['frequency'], c['monetary']): c['customers'] for c in ranks['cells']}
assert (len(cells), cells[5, 5, 5], cells[1, 1, 1]) == (117, 348, 185), cells
people = {c['id']: (c['days'], c['events'], c['value']) for c in ranks['customers']}
assert len(people) == 4338
assert people['12346'] == (326, 1, 77183.60) and people['12347'] == (3, 7, 4310.00), people['12347']
assert people['12348'] == (76, 4, 1797.24) and people['18287'] == (43, 3, 1837.28)
assert sum(p[0] for p in people.values()) == 403692 and sum(p[1] for p in people.values()) == 18532
assert sum(p[1] > 1 for p in people.values()) == 2845
assert sum(round(p[2] * 100) for p in people.values()) == 891140790
cuts = ask('--method', 'interpolated')['cuts']
assert cuts['recency'] == [180, 72, 33, 13.8], cuts
assert cuts['frequency'] == [1, 2, 3, 6], cuts
assert cuts['monetary'] == [250.194, 490.096, 942.276, 2058.426], cuts
PY
t_done
