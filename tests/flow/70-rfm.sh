#!/bin/sh
# Recency, frequency, monetary: of events of chance as SQLite has them, by each way to score.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
events:
  purchase: { properties: { revenue: money, note: text } }
lifecycle:
  start: reach
  stages: { reach: {} }
segments:
  often: { when: "count(purchase) >= 3" }
YAML
python3 - >"$T/events.jsonl" <<'PY'
import json, random
r = random.Random(9)
for customer in range(200):
    for i in range(r.choice([0, 1, 1, 2, 3, 5, 8])):
        print(json.dumps({'type': 'track', 'event': 'purchase', 'userId': f'u{customer}',
                          'messageId': f'{customer}-{i}',
                          'timestamp': f'2025-{r.randrange(9, 13):02}-{r.randrange(1, 29):02}T22:30:00Z',
                          'properties': {'revenue': r.choice([10, 10, 20.5, r.randrange(1, 9000) / 100]),
                                         'note': 'x'}}))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
"$CICLO" sql "$shop" "select customer, number, at_ms, time, revenue from events" --csv >"$T/events.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" \
    "create table c as select customer, cast(substr(customer, 2) as integer) id, max(cast(at_ms as integer)) r,
        max(cast(julianday(substr(time, 1, 10)) - 0.5 as integer)) day, count(*) f,
        sum(cast(round(revenue * 100) as integer)) m from event group by 1" \
    "create view n as select count(*) n from c" \
    "create view k as select column1 k from (values (1), (2), (3), (4))"
rows() { sqlite3 -csv "$T/rows.db" "$1"; }
cells() { "$CICLO" rfm "$shop" --event purchase --value revenue --csv "$@" | tail -n +2 | cut -d, -f1-4 | grep -v ',0$'; }

# Everybody's values in order, from 0 on.
for what in r day f m; do
    sqlite3 "$T/rows.db" "create table in_order_$what as
        select row_number() over (order by $what) - 1 i, $what v from c"
done
by_cuts() { # COLUMN: values that are cuts, and reach themselves
    echo "(select 1 + count(*) from k, n join in_order_$1 o on o.i = k * n / 5 where c.$1 >= o.v)"
}
t_is 'quintiles, whose values are cuts themselves' "$(cells --method quintiles)" \
    "$(rows "select $(by_cuts r) a, $(by_cuts f) b, $(by_cuts m) d, count(*) from c group by 1, 2, 3 order by 1, 2, 3")"
between() { # COLUMN: five times the cut lies between two values in proportion
    echo "(select 1 + count(*) from k, n join in_order_$1 low on low.i = (n - 1) * k / 5
        join in_order_$1 high on high.i = min(n - 1, low.i + 1)
        where 5 * c.$1 > low.v * (5 - (n - 1) * k % 5) + high.v * ((n - 1) * k % 5))"
}
t_is 'cuts between two values, recency in days' "$(cells --days)" \
    "$(rows "select $(between day) a, $(between f) b, $(between m) d, count(*) from c group by 1, 2, 3 order by 1, 2, 3")"
t_is 'by place, the smaller id first' "$(cells --method ranks --days)" \
    "$(rows "with p as (select row_number() over (order by day, id) - 1 r, row_number() over (order by f, id) - 1 f,
            row_number() over (order by m, id) - 1 m from c)
        select 1 + 5 * r / n, 1 + 5 * f / n, 1 + 5 * m / n, count(*) from p, n group by 1, 2, 3 order by 1, 2, 3")"
limits='--recency 10,20,45,90 --frequency 2,3,5,8 --monetary 20.50,50,100,200 --at 2026-01-01'
# shellcheck disable=SC2086
t_is 'own limits' "$(cells $limits)" \
    "$(rows "with d as (select cast(julianday('2026-01-01') - 0.5 as integer) - day ago, f, m from c)
        select 1 + (ago <= 10) + (ago <= 20) + (ago <= 45) + (ago <= 90),
            1 + (f >= 2) + (f >= 3) + (f >= 5) + (f >= 8),
            1 + (m >= 2050) + (m >= 5000) + (m >= 10000) + (m >= 20000), count(*)
        from d group by 1, 2, 3 order by 1, 2, 3")"
t_is 'the 125 cells' "$("$CICLO" rfm "$shop" --event purchase --value revenue --csv | wc -l)" 126

# shellcheck disable=SC2086
t_ok 'groups are made of cells, and lists are those counted' python3 - "$CICLO" "$shop" $limits <<'PY'
import json, subprocess, sys
ciclo, shop, *limits = sys.argv[1:]
def ask(*words):
    return json.loads(subprocess.run([ciclo, 'rfm', shop, '--event', 'purchase', '--value', 'revenue', '--json',
                                      *limits, *words], check=True, capture_output=True).stdout)
def group(r, f): # docs/reports.md
    if r <= 2: return ['hibernating', 'hibernating', 'at risk', 'at risk', 'cannot lose'][f - 1]
    if r == 3: return ['about to sleep', 'about to sleep', 'need attention', 'loyal', 'loyal'][f - 1]
    if f >= 4: return 'loyal' if r == 4 else 'champions'
    if f >= 2: return 'potential loyalists'
    return 'promising' if r == 4 else 'new'
all_of_them = ask('--customers', 'all')
groups = {g['group']: g['customers'] for g in all_of_them['groups']}
assert len(groups) == 10 and sum(groups.values()) == all_of_them['total'] == len(all_of_them['customers'])
for name, n in groups.items():
    assert n == sum(c['customers'] for c in all_of_them['cells'] if group(c['recency'], c['frequency']) == name), name
    assert n == len(ask('--customers', name)['customers']), name
    assert n == sum(group(c['recency'], c['frequency']) == name for c in all_of_them['customers']), name
cell = max(all_of_them['cells'], key=lambda c: c['customers'])
name = ''.join(str(cell[k]) for k in ('recency', 'frequency', 'monetary'))
listed = ask('--customers', name)['customers']
assert len(listed) == cell['customers'] and abs(sum(c['value'] for c in listed) - cell['value']) < 1e-6
place = [c for c in all_of_them['cells'] if (c['recency'], c['frequency']) == (cell['recency'], cell['frequency'])]
assert len(place) > 1 and len(ask('--customers', name[:2])['customers']) == sum(c['customers'] for c in place)
PY
# Both sides by cuts in proportion, out of the exported events.
t_ok 'who moved between groups: of all events, of a window that moves along, of a segment, by own limits' \
    python3 - "$CICLO" "$shop" "$T/events.csv" <<'PY'
import collections, csv, json, subprocess, sys
from datetime import datetime
from zoneinfo import ZoneInfo
ciclo, shop, events = sys.argv[1:]
def ms(day):
    return int(datetime.fromisoformat(day).replace(tzinfo=ZoneInfo('Europe/Rome')).timestamp() * 1000)
bought = collections.defaultdict(list)
for row in csv.DictReader(open(events)):
    bought[row['customer']].append(int(row['at_ms']))
often = {who for who, moments in bought.items() if len([m for m in moments if m <= ms('2025-12-10')]) >= 3}
names = {5: ['new', 'potential loyalists', 'potential loyalists', 'champions', 'champions'],
         4: ['promising', 'potential loyalists', 'potential loyalists', 'loyal', 'loyal'],
         3: ['about to sleep', 'about to sleep', 'need attention', 'loyal', 'loyal'],
         2: ['hibernating', 'hibernating', 'at risk', 'at risk', 'cannot lose']}
names[1] = names[2]
def scores(values): # a score more for each cut passed, five times both to keep to whole numbers
    order, n = sorted(values.values()), len(values)
    cuts = [order[(n - 1) * k // 5] * (5 - (n - 1) * k % 5)
            + order[min(n - 1, (n - 1) * k // 5 + 1)] * ((n - 1) * k % 5) for k in range(1, 5)]
    return {who: 1 + sum(5 * value > cut for cut in cuts) for who, value in values.items()}
def groups(since, until, whom):
    seen = {who: [m for m in moments if since <= m <= until] for who, moments in bought.items() if who in whom}
    seen = {who: moments for who, moments in seen.items() if moments}
    last, times = (scores({who: f(moments) for who, moments in seen.items()}) for f in (max, len))
    return {who: names[last[who]][times[who] - 1] for who in seen}
def run(*words, at='2025-12-10'):
    return subprocess.run([ciclo, 'rfm', shop, '--event', 'purchase', '--value', 'revenue', '--at', at,
                           *words], check=True, capture_output=True, text=True).stdout
def ask(*words):
    return json.loads(run(*words, '--json'))
def none(name):
    return name or '(none)'
gone = moved = 0
for words, windows, whom in (
        ([], ('1970-01-02', '1970-01-02'), bought),
        (['--from', '2025-10-01'], ('2025-10-01', '2025-10-01'), bought),
        (['--from', '-1mo'], ('2025-10-10', '2025-11-10'), bought),
        (['--from', 'month', '--segment', 'often'], ('2025-11-01', '2025-12-01'), often)):
    then, now = groups(ms(windows[0]), ms('2025-11-10'), whom), groups(ms(windows[1]), ms('2025-12-10'), whom)
    wanted = collections.defaultdict(list)
    for who in sorted({*then, *now}, key=lambda who: int(who[1:])):
        wanted[then.get(who), now.get(who)].append(who)
    got = ask(*words, '--since', '2025-11-10')
    assert {(m['from'], m['to']): m['customers'] for m in got['moves']} == \
        {way: len(who) for way, who in wanted.items()}, (words, got['moves'], wanted)
    assert got['before']['total'] == len(then) and got['total'] == len(now)
    rows = list(csv.DictReader(run(*words, '--since', '2025-11-10', '--csv').splitlines()))
    assert [(r['from'], r['to'], int(r['customers'])) for r in rows] == \
        [(none(m['from']), none(m['to']), m['customers']) for m in got['moves']]
    gone += sum(len(who) for (a, b), who in wanted.items() if not b)
    moved += sum(len(who) for (a, b), who in wanted.items() if a != b)
    if words == ['--from', '2025-10-01']:
        continue # its lists are as those of all
    for (a, b), who in wanted.items():
        way = ['--since', '2025-11-10', '--customers', f'{none(a)} > {none(b)}']
        listed = ask(*words, *way)
        for side, group in ((listed['before'], a), (listed, b)):
            assert [c['id'] for c in side['customers']] == (who if group else []), (words, way)
            assert all(names[c['recency']][c['frequency'] - 1] == group for c in side['customers'])
        table = list(csv.DictReader(run(*words, *way, '--csv').splitlines()))
        assert [r['customer'] for r in table] == who
        for k, row in enumerate(table):
            for key, pre, side in (('before', 'before_', listed['before']), ('now', '', listed)):
                one = side['customers'][k] if side['customers'] else None
                assert row[key] == ('%d%d%d' % (one['recency'], one['frequency'], one['monetary']) if one else '')
                assert row[pre + 'events'] == (str(one['events']) if one else ''), row
                assert row[pre + 'value'] == ('%.2f' % one['value'] if one else ''), row
assert gone > 5 and moved > 60, (gone, moved)
# By own limits each side is what it is alone.
limits = ['--recency', '10,20,45,90', '--frequency', '2,3,5,8', '--monetary', '20.50,50,100,200']
both = ask(*limits, '--since', '2025-11-10', '--customers', 'all')
alone = json.loads(run(*limits, '--json', at='2025-11-10'))
assert both['before'] == alone, (both['before'], alone)
assert len(both['customers']) == both['total']
PY
t_is 'of a segment, since a day' \
    "$("$CICLO" rfm "$shop" --event purchase --value revenue --segment often --from 2025-11-01 --customers all --csv |
        tail -n +2 | cut -d, -f1,6 | sort)" \
    "$(rows "select customer, count(*) from event join c using (customer) where f >= 3 and time >= '2025-11-01'
        group by 1 order by 1")"

one=$T/one.ciclo
echo '{"type":"track","event":"purchase","userId":"u","messageId":"1","timestamp":"2025-01-01T00:00:00Z","properties":{"revenue":5}}' >"$T/one.jsonl"
t_ok 'one customer' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$one" "$T/model.yaml" "$T/one.jsonl"
moves="$CICLO rfm $one --event purchase --value revenue"
t_is 'he is new, stays as he is, and in a window that moves along is gone' \
    "$($moves --at 2025-02-01 --since 2024-12-31 --csv | tail -1) $(
        $moves --at 2025-03-01 --since 2025-02-01 --csv | tail -1) $(
        $moves --at 2025-03-01 --since 2025-01-10 --from -1mo --csv | tail -1)" \
    '(none),hibernating,1 hibernating,hibernating,1 hibernating,(none),1'
t_is 'before all events there is nobody' "$($moves --at 2001-01-01 --since 2000-01-01 | cut -d: -f1)" Nobody
t_is 'dates count days, also over the night of 25 hours' \
    "$($moves --at 2025-10-27 --since -2d --json | grep -o '"before":{"at":"[^"]*"')" \
    '"before":{"at":"2025-10-24T22:00:00.000Z"'
# shellcheck disable=SC2086
{
    t_fails 'since then is later' 'is not before' $moves --at 2025-02-01 --since 2025-02-01
    t_fails 'what is not yet cannot be compared' 'lies in the future' $moves --at 2100-01-01 --since 2099-01-01
    t_fails 'since no date' 'since: ' $moves --since yesterday
    t_fails 'a way from nowhere to nowhere' 'nor from one group' $moves --since 2025-01-01 --customers '(none) > (none)'
    t_fails 'a way with a group that is none' 'nor from one group' $moves --since 2025-01-01 --customers 'loyal > lost'
    t_fails 'a way without a date' 'is no group' $moves --customers 'loyal > at risk'
}
t_is 'whose values are all cuts' \
    "$(for m in interpolated quintiles ranks; do
        "$CICLO" rfm "$one" --event purchase --value revenue --method $m --csv | grep ',1,5.00,' | cut -d, -f1-3; done |
        tr '\n' ' ')" '1,1,1 5,5,5 1,1,1 '
"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" rfm "$T/empty.ciclo" --event purchase --value revenue)" \
    'Nobody: the file has no events yet.'
t_is 'before all events' "$("$CICLO" rfm "$shop" --event purchase --value revenue --at 2001-01-01 | cut -d: -f1)" Nobody
t_fails 'no numbers' 'only numbers and money' "$CICLO" rfm "$shop" --event purchase --value note
t_fails 'a method that is none' 'the methods are' "$CICLO" rfm "$shop" --event purchase --value revenue --method deciles
t_fails 'half of the limits' 'for all of' "$CICLO" rfm "$shop" --event purchase --value revenue --recency 1,2,3,4
t_fails 'limits that do not ascend' 'recency takes four ascending limits' "$CICLO" rfm "$shop" --event purchase \
    --value revenue --recency 4,3,2,1 --frequency 1,2,3,4 --monetary 1,2,3,4
t_fails 'too many limits' 'monetary takes four' "$CICLO" rfm "$shop" --event purchase \
    --value revenue --recency 1,2,3,4 --frequency 1,2,3,4 --monetary 1,2,3,4,5
t_fails 'a group that is none' 'is no group' "$CICLO" rfm "$shop" --event purchase --value revenue --customers lost
t_fails 'a cell that is none' 'is no group' "$CICLO" rfm "$shop" --event purchase --value revenue --customers 567
t_fails 'neither event nor value' 'of what?' "$CICLO" rfm "$shop"

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/rfm" -d event=purchase -d value=revenue -d method=ranks -d days=1 \
        --data-urlencode 'customers=at risk' | sed 's/"at":"[^"]*"//; s/"days":[0-9]*//g')" \
    "$("$CICLO" rfm "$shop" --event purchase --value revenue --method ranks --days --customers 'at risk' --json |
        sed 's/"at":"[^"]*"//; s/"days":[0-9]*//g')"
t_is 'who moved, over HTTP' \
    "$(curl -s -G "${url}api/rfm" -d event=purchase -d value=revenue -d at=2025-12-10 -d since=2025-11-10 -d from=-1mo \
        --data-urlencode 'customers=champions > (none)')" \
    "$("$CICLO" rfm "$shop" --event purchase --value revenue --at 2025-12-10 --since 2025-11-10 --from -1mo \
        --customers 'champions > (none)' --json)"
t_is 'what is missing' "$(curl -s "${url}api/rfm?event=purchase" | grep -c 'value a property')" 1
t_done
