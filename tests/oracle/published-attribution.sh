#!/bin/sh
# Ten thousand ways of others, with the figures that their package and an exact solution give for them:
# first, last and linear touch, and the chain's removal effects. The data are ChannelAttribution's PathData
# (GPL-3), read where they are beside the repository.
. "$ROOT/tests/support/tap.sh"
data=${CICLO_REFERENCE:-$ROOT/../shared/data}/attribution/path_data.csv
[ -f "$data" ] || t_skip_all 'path_data.csv is not among the reference data beside the repository'
file=$T/paths.ciclo
channels='alpha beta delta epsilon eta gamma iota kappa lambda mi theta zeta'
{
    echo 'ciclo: 1'
    echo 'workspace: { name: Paths, timezone: UTC }'
    echo 'channels:'
    for channel in $channels; do
        echo "  - { channel: $channel, when: 'source = \"$channel\"' }"
    done
    echo 'events: { bought: { properties: { value: number } }, visit: }'
    echo 'lifecycle: { start: all, stages: { all: {} } }'
} >"$T/model.yaml"
# Each way as often as it was gone, by somebody of its own: touches a minute apart, then perhaps a conversion.
python3 - "$data" >"$T/paths.jsonl" <<'PY'
import csv, sys
n = 0
def say(event, i, more):
    print('{"type":"track","event":"%s","userId":"c%d","messageId":"%d-%d","timestamp":"2026-01-01T%02d:%02d:00Z",%s}' %
          (event, n, n, i, i // 60, i % 60, more))
for row in csv.DictReader(open(sys.argv[1])):
    way = row['path'].split(' > ')
    bought = int(row['total_conversions'])
    for k in range(bought + int(row['total_null'])):
        n += 1
        for i, name in enumerate(way):
            say('visit', i, '"context":{"campaign":{"source":"%s"}}' % name)
        if k < bought:
            say('bought', len(way), '"properties":{"value":%.6f}' % (float(row['total_conversion_value']) / bought))
PY
t_ok 'the ways are taken in' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$file" "$T/model.yaml" "$T/paths.jsonl"
"$CICLO" attribution "$file" --conversion bought --value value --csv >"$T/got.csv"
"$CICLO" attribution "$file" --conversion bought --value value --json >"$T/got.json"
column() { sqlite3 -separator ' ' :memory: ".import --csv $T/got.csv got" "select channel, $1 from got order by channel"; }
t_is 'conversions and lost ways' "$(sqlite3 :memory: "select j ->> 'conversions', j ->> 'lost', round(j ->> 'value', 2)
    from (select readfile('$T/got.json') as j)")" '19785|68602|74802.97'
t_is 'first touch' "$(column first)" 'alpha 6308
beta 2831
delta 1
epsilon 99
eta 3164
gamma 165
iota 4606
kappa 74
lambda 902
mi 2
theta 1606
zeta 27'
t_is 'last touch' "$(column last)" 'alpha 8447
beta 989
delta 5
epsilon 531
eta 4167
gamma 92
iota 3355
kappa 230
lambda 1207
mi 2
theta 653
zeta 107'
t_is 'linear' "$(column "printf('%.6f', linear)")" 'alpha 7574.718594
beta 2083.500145
delta 1.725000
epsilon 272.170438
eta 3539.951157
gamma 121.041639
iota 3857.096221
kappa 137.964078
lambda 1035.257572
mi 2.222222
theta 1022.801394
zeta 136.551540'
t_is 'removal effects, exact' "$(column removal)" 'alpha 0.558399490
beta 0.264038536
delta 0.000481996
epsilon 0.062638582
eta 0.349026332
gamma 0.017879974
iota 0.405835004
kappa 0.028663387
lambda 0.134022123
mi 0.000179946
theta 0.206010463
zeta 0.039810518'
# Rounded one by one they are 19785.000001: eta, the nearest to its half, gives way, so that the sum is exact.
t_is 'conversions by them, which are 19785 in all' "$(column "printf('%.6f', markov)")" 'alpha 5344.947682
beta 2527.352167
delta 4.613618
epsilon 599.570650
eta 3340.847401
gamma 171.145443
iota 3884.614702
kappa 274.363256
lambda 1282.847223
mi 1.722425
theta 1971.912880
zeta 381.062553'
t_is 'each model shares out all conversions, to the millionth' "$(sqlite3 :memory: ".import --csv $T/got.csv got" \
    'select sum(round(1e6 * first)), sum(round(1e6 * last)), sum(round(1e6 * linear)), sum(round(1e6 * position)),
        sum(round(1e6 * decay)), sum(round(1e6 * markov)) from got')" \
    '19785000000.0|19785000000.0|19785000000.0|19785000000.0|19785000000.0|19785000000.0'
t_done
