#!/bin/sh
# Every command on small files under valgrind: no byte read that was not written, none lost.
. "$(dirname "$0")/../support/tap.sh"
. "$ROOT/data/online_retail/import.sh"
shop=$T/shop.ciclo

cat >"$T/watched" <<EOF2
#!/bin/sh
exec valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=all \\
    --show-leak-kinds=all --track-fds=no --suppressions=$ROOT/tests/support/valgrind.supp \\
    "$CICLO" "\$@"
EOF2
chmod +x "$T/watched"

# watch NAME STATUS WORDS...
watch() {
    name=$1 wanted=$2
    shift 2
    "$T/watched" "$@" >"$T/out" 2>&1
    t_is "$name" "$? $(grep -c '^==' "$T/out")" "$wanted 0"
    [ ! -s "$T/out" ] || grep '^==' "$T/out" | head -n 30 | sed 's/^/# /'
}

head -c 100000 "$ROOT/tests/web/orders.csv" >"$T/orders.csv"
printf '1,2,"cut in the middle\n' >>"$T/orders.csv"
xz -k "$T/orders.csv"
cat >"$T/events.jsonl" <<'JSON'
{"type":"identify","userId":"anna","messageId":"1","timestamp":"2026-01-01T11:00:00.000Z","traits":{"country":"IT","size":[1,"m"]}}
{"type":"track","event":"Order Completed","userId":"anna","messageId":"2","timestamp":"2026-01-01T10:00:00.250Z","properties":{"revenue":120.5,"items":["a","b"]}}
{"type":"track","userId":"anna"}
no JSON
JSON
watch 'init' 0 init "$shop" --currency GBP --timezone Europe/London
t_ok 'import of a packed table' sample_import "$T/watched" "$shop" "$T/orders.csv.xz"
t_ok 'the same again' sample_import "$T/watched" "$shop" "$T/orders.csv"
t_ok 'a dry run' sample_import "$T/watched" "$shop" "$T/orders.csv" --dry-run
watch 'JSON lines' 0 import "$shop" "$T/events.jsonl" --json
watch 'stages' 0 stages "$shop"
watch 'stages, by week, as JSON' 0 stages "$shop" --by week --json
watch 'stages as CSV' 0 stages "$shop" --by month --csv
watch 'one customer with his why' 0 customer "$shop" anna --why --language it
watch 'as JSON' 0 customer "$shop" "$(sqlite3 "$shop" 'select id from customer limit 1')" --json
watch 'a query' 0 sql "$shop" 'select e.*, properties, s.to_stage from events e join stages s
    using (number) left join segments using (number) where e.type <> 7 order by e.id limit 500' --json
watch 'one that is wrong' 1 sql "$shop" 'select revenu from events'
watch 'replay' 0 replay "$shop" --hash
watch 'what was refused' 0 refused "$shop"
watch 'what is in it' 0 info "$shop"
watch 'that it is whole' 0 verify "$shop"
watch 'events' 0 export "$shop" events
watch 'customers, as JSON lines, into a file' 0 export "$shop" customers --json --out "$T/customers"
watch 'moves of one' 0 export "$shop" stages --customer anna
"$CICLO" model show "$shop" >"$T/model.yaml"
watch 'a model is checked' 0 model check "$shop" "$T/model.yaml"
watch 'and applied' 0 model apply "$shop" "$T/model.yaml"
sed 's/to: at_risk$/to: at_rsik/' "$T/model.yaml" >"$T/bad.yaml"
watch 'one that is wrong' 1 model apply "$shop" "$T/bad.yaml"
watch 'a file that is not there' 1 stages "$T/none.ciclo"
watch 'wrong use' 2 stages "$shop" --frob
head -c 30000 "$shop" >"$T/cut.ciclo"
watch 'a file that is cut' 1 stages "$T/cut.ciclo"
t_done
