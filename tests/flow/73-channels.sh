#!/bin/sh
# What channels cost and bring: events and statements of chance, as SQLite has them; on the command line
# and over HTTP. And what was told of costs: again, otherwise, wrongly, and after all that a file goes
# through.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome }
channels:
  - { channel: email, when: 'source = "email"' }
  - { channel: search, when: 'source = "search"' }
  - { channel: social, when: 'source = "social"' }
events:
  purchase: { properties: { revenue: money, sku: text } }
  signup:
lifecycle:
  start: reach
  stages: { reach: {} }
YAML
# Half a year by chance, the same on every machine, much of it around midnight.
python3 - "$T" <<'PY'
import csv, json, random, sys
from datetime import date, datetime, timedelta
r = random.Random(44)
channels, campaigns = ['email', 'search', 'search', 'social'], ['', 'spring', 'summer']
with open(sys.argv[1] + '/events.jsonl', 'w') as f:
    for customer in range(200):
        for i in range(r.randrange(9)):
            at = datetime(2026, 1, 1) + timedelta(hours=r.randrange(180) * 24 + r.choice([22, 23, 0, 7]))
            e = {'type': 'track', 'event': r.choice(['visit', 'visit', 'signup', 'purchase']), 'userId': f'u{customer}',
                 'messageId': f'{customer:03}-{i}', 'timestamp': at.isoformat() + 'Z', 'properties': {}}
            if e['event'] == 'purchase':
                e['properties'] = {'revenue': r.randrange(1, 9000) / 100}
            if e['event'] == 'visit' or r.random() < 0.2:
                e['context'] = {'campaign': {'source': r.choice(channels), 'name': r.choice(campaigns)}}
            print(json.dumps(e), file=f)
with open(sys.argv[1] + '/costs.csv', 'w') as f:
    out = csv.writer(f)
    out.writerow(['date', 'channel', 'campaign', 'amount', 'currency'])
    for day in range(180):
        for channel in ['email', 'search', 'tv']:
            out.writerow([date(2026, 1, 1) + timedelta(day), channel, r.choice(campaigns), r.randrange(5000) / 100,
                          'EUR'])
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"

# --- what was told ---
spend() { "$CICLO" spend import "$shop" "$@" --json; }
listed() { "$CICLO" spend list "$shop" --csv; }
value() { python3 -c 'import json, sys; print(*[json.load(open(sys.argv[1]))[k] for k in sys.argv[2:]])' "$T/out" "$@"; }
spend "$T/costs.csv" --dry-run >"$T/out"
t_is 'tried' "$(value lines added known unknown_channel)" '540 540 0 180'
t_is 'nothing was written by that' "$(listed | wc -l)" 1
spend "$T/costs.csv" >"$T/out"
t_is 'taken in' "$(value lines added changed known refused_lines)" '540 540 0 0 0'
spend "$T/costs.csv" >"$T/out"
t_is 'again: nothing is doubled' "$(value lines added changed known)" '540 0 0 540'
t_is 'it is what the table says' "$(listed | tail -n +2 | cut -d, -f1-5 | sed 's/0,EUR$/,EUR/; s/[.]0*,EUR/,EUR/' | sort)" \
    "$(tail -n +2 "$T/costs.csv" | tr -d '\r' | sed 's/[.]0,EUR/,EUR/; s/\([.][0-9]\)0,EUR/\1,EUR/; s/[.]0*,EUR/,EUR/' | sort)"
printf 'Tag;Kosten\n02.01.2026;"1.234,565"\n02.01.2026;0,001\n03.01.2026;0\n' >"$T/other.csv"
spend "$T/other.csv" --date Tag --amount Kosten --date-format %d.%m.%Y --decimal , --all-of social --source agency \
    >"$T/out"
t_is 'another form; rows of a day are summed, then rounded' "$(value lines added) $(listed | grep agency | head -n 1)" \
    '3 2 2026-01-02,social,,1234.57,EUR,agency'
printf 'date,channel,campaign,amount,source\n2026-01-02,social,,1000,agency\n' >"$T/mended.csv"
spend "$T/mended.csv" >"$T/out"
t_is 'what was corrected stands' "$(value added changed) $(listed | grep 01-02,social)" \
    '0 1 2026-01-02,social,,1000.00,EUR,agency'
spend "$T/other.csv" --date Tag --amount Kosten --date-format %d.%m.%Y --decimal , --all-of social --source agency \
    --dry-run >"$T/out"
t_is 'the older word would be a change' "$(value changed known)" '1 1'
printf 'date,channel,campaign,amount,currency\nx,email,,1,\n2026-13-01,email,,1,\n2026-01-01,,,1,\n2026-01-01,email,,one,\n
2026-01-01,email,,1,USD\n2026-01-01,email,,$1,\n1,2\n2026-01-01,email,%0250d,1,EUR\n2026-01-01,"email,,1,EUR\n' 0 >"$T/bad.csv"
spend "$T/bad.csv" >"$T/out"
t_is 'bad rows, by reason' "$(python3 -c 'import json, sys
for r in json.load(open(sys.argv[1]))["refused"]: print(r["reason"], r["lines"], r["first_line"])' "$T/out")" \
    "it is no CSV 1 11
it has not as many fields as the file has columns 1 9
its date is none of the format 2 2
it names no channel 1 4
a name is longer than 200 bytes or holds a control character 1 10
its amount is no number 1 5
it is in another currency than the workspace's, without a rate of its day 2 7"
t_is 'are kept among what was refused' "$("$CICLO" refused "$shop" --csv | grep -c '^bad.csv,')" 9
listed >"$T/listed.csv"
t_fails 'a column that is not there' 'the table has no column "amount"' "$CICLO" spend import "$shop" "$T/other.csv" \
    --date Tag
t_fails 'a format that is none' 'date format' "$CICLO" spend import "$shop" "$T/costs.csv" --date-format %q
t_fails 'an empty table' 'the file is empty' "$CICLO" spend import "$shop" /dev/null
t_ok 'the list is a table again' sh -c '"$0" init "$1" --model "$2" && "$0" spend import "$1" "$3" &&
    "$0" spend list "$1" --csv | cmp - "$3"' "$CICLO" "$T/again.ciclo" "$T/model.yaml" "$T/listed.csv"
same() { listed | cmp -s - "$T/listed.csv" && echo same; }
"$CICLO" rebuild "$shop" >/dev/null
t_is 'it outlives a rebuild' "$(same)" same
"$CICLO" compact "$shop" >/dev/null
t_is 'and compacting' "$(same)" same
"$CICLO" backup "$shop" "$T/copy.ciclo" >/dev/null
t_is 'a copy has it' "$("$CICLO" spend list "$T/copy.ciclo" --csv | cmp - "$T/listed.csv" && echo same)" same
t_ok 'the proof' "$CICLO" verify "$shop"
sqlite3 "$T/copy.ciclo" "update spend set bytes = zeroblob(length(bytes)) where seq = 1"
t_fails 'a wrong byte is found' 'table spend' "$CICLO" verify "$T/copy.ciclo"
t_fails 'and not taken for a cost' 'table spend' "$CICLO" spend list "$T/copy.ciclo"

# --- the report, against SQLite ---
"$CICLO" sql "$shop" "select e.customer, e.time, e.type, e.revenue, e.channel, coalesce(\"context.campaign.name\", '')
    as campaign, row_number() over (partition by e.number order by at_ms, id) as place from events e" --csv >"$T/events.csv"
sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" ".import --csv $T/listed.csv told" \
    "create table e as select customer, time, type, cast(round(revenue * 100) as integer) cents, channel,
        case when channel <> '' then campaign else '' end campaign, cast(place as integer) place from event"
# by SQLite: asked BY FROM TO WON TOUCH; WON is a condition over column `type`, or the first touch.
asked() {
    key="channel$([ "$1" = channel ] || echo " || '/' || campaign")"
    way=$([ "$5" = first ] && echo min || echo max)
    won=$([ "$4" = touch ] && echo "channel <> ''" || echo "type = '$4'")
    sqlite3 -csv "$T/rows.db" "with k as (select *, $key k from e where time < '$3'),
        r as (select k, count(distinct customer) reached from k where channel <> '' and time >= '$2' group by 1),
        owed as (select x.*, coalesce((select k from k t where t.customer = x.customer and channel <> ''
            and place = (select $way(place) from k s where s.customer = x.customer and s.channel <> ''
                and s.place <= x.place)), '(none)') o from k x where time >= '$2'),
        f as (select customer, min(place) place from k where $won group by 1),
        w as (select o k, count(*) won from owed join f using (customer, place) group by 1),
        b as (select o k, count(*) n, sum(cents) cents from owed where type = 'purchase' group by 1),
        c as (select $key k, sum(round(amount * 100)) spent from told where date >= '$2' and date < '$3' group by 1),
        every as (select k from r union select k from w union select k from b union select k from c)
        select every.k, printf('%.2f', coalesce(spent, 0) / 100), coalesce(reached, 0), coalesce(won, 0),
            case when won then printf('%.2f', round(coalesce(spent, 0) / won) / 100) else '' end, coalesce(n, 0),
            printf('%.2f', coalesce(cents, 0) / 100.0)
        from every left join r using (k) left join w using (k) left join b using (k) left join c using (k)" |
        sed 's/^"\([^"]*\)"/\1/; s/,"",/,,/' | sort
}
# The same as ciclo says it, without the return, which follows.
told() {
    "$CICLO" channels "$shop" --event purchase --value revenue --csv "$@" | tail -n +2
}
by_channel() { told "$@" | cut -d, -f1-7 | sort; }
by_campaign() { told --by campaign "$@" | sed 's/,/\//' | cut -d, -f1-7 | sed 's/^(none)\//(none)/' | sort; }
all='0000-00-00 9999-00-00'
# shellcheck disable=SC2086
t_is 'first touches' "$(by_channel)" "$(asked channel $all touch first)"
# shellcheck disable=SC2086
t_is 'by campaign' "$(by_campaign)" "$(asked campaign $all touch first)"
# shellcheck disable=SC2086
t_is 'won by an event' "$(by_channel --won signup)" "$(asked channel $all signup first)"
# shellcheck disable=SC2086
t_is 'owed to the last touch' "$(by_campaign --won purchase --touch last)" "$(asked campaign $all purchase last)"
t_is 'a month' "$(by_channel --won signup --from 2026-03-01 --to 2026-04-01)" \
    "$(asked channel 2026-03-01 2026-04-01 signup first)"
t_is 'what a return is' "$(told | awk -F, '$2 > 0 { printf "%s %.6f\n", $1, $7 / $2 }')" \
    "$(told | awk -F, '$2 > 0 { printf "%s %.6f\n", $1, $8 }')"
t_is 'without a channel' "$(told --without search | grep '^search' | cut -d, -f3,4,6)" '0,0,0'
who() { "$CICLO" channels "$shop" --event purchase --csv "$@" | tail -n +2 | sort; }
t_is 'whom a channel reached' "$(who --customers email --as reached --from 2026-02-01 --to 2026-03-01)" \
    "$(sqlite3 "$T/rows.db" "select distinct customer from e where channel = 'email' and time >= '2026-02'
        and time < '2026-03' order by 1")"
t_is 'as many as it won' "$(who --customers social | wc -l)" "$(told | grep ^social | cut -d, -f4)"
t_is 'whom none won' "$(who --won signup --customers '(none)')" "$(sqlite3 "$T/rows.db" "with f as (select customer,
    min(place) place from e where type = 'signup' group by 1) select customer from f where not exists (select 1 from e
    where e.customer = f.customer and e.place <= f.place and channel <> '') order by 1")"
t_ok 'a table for people' sh -c '"$0" channels "$1" --event purchase --value revenue | grep -q "customers reached"' \
    "$CICLO" "$shop"

"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" channels "$T/empty.ciclo")" 'Nobody: the file has no events yet.'
"$CICLO" spend import "$T/empty.ciclo" "$T/mended.csv" >/dev/null
t_is 'costs alone' "$("$CICLO" channels "$T/empty.ciclo" --csv | tail -n 1)" 'social,1000.00,0,0,'
t_is 'a time to come' "$("$CICLO" channels "$shop" --from 2031-01-01 | cut -d: -f1)" Nobody
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" channels "$shop" --event purchse
t_fails 'a value of nothing' 'of which event?' "$CICLO" channels "$shop" --value revenue
t_fails 'a sum of texts' 'only numbers and money' "$CICLO" channels "$shop" --event purchase --value sku
t_fails 'a channel that is none' 'did you mean "search"?' "$CICLO" channels "$shop" --customers serch
t_fails 'a campaign where channels are counted' 'count by campaign' \
    "$CICLO" channels "$shop" --customers email --campaign spring
t_fails 'a touch that is none' 'first or last' "$CICLO" channels "$shop" --touch best

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/channels" -d won=signup -d event=purchase -d value=revenue -d by=campaign -d touch=last \
        -d from=2026-02-01 -d without=social -d customers=email -d campaign=spring -d as=reached |
        sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" channels "$shop" --won signup --event purchase --value revenue --by campaign --touch last \
        --from 2026-02-01 --without social --customers email --campaign spring --as reached --json |
        sed 's/"at":"[^"]*"//')"

# --- costs over HTTP ---
ends
for right in read edit; do
    "$CICLO" key "$shop" add --name $right --right $right 2>/dev/null >"$T/$right.key"
done
serve
# costs RIGHT [BODY]: tells a table, or asks what stands.
costs() {
    key=$1
    shift
    curl -s "${url}api/spend" -H "Authorization: Bearer $(cat "$T/$key.key")" \
        ${1:+-H 'Content-Type: application/json' --data-binary "$1"} >"$T/out"
}
body() { python3 -c 'import json, sys
print(json.dumps({"table": open(sys.argv[1], errors="replace").read(), **json.loads(sys.argv[2])}))' "$1" "${2:-{\}}"; }
costs read
t_is 'what stands' "$(python3 -c 'import csv, json, sys
a = json.load(open(sys.argv[1])); rows = list(csv.DictReader(open(sys.argv[2])))
sums = {}
for r in rows: sums[r["channel"]] = sums.get(r["channel"], 0) + round(float(r["amount"]) * 100)
newest = [r["date"] for r in a["days"]]
print(a["statements"] == len(rows), {c["channel"]: round(c["amount"] * 100) for c in a["channels"]} == sums,
      newest == sorted(newest, reverse=True) and newest[0] == max(r["date"] for r in rows), len(newest), a["next"])' \
    "$T/out" "$T/listed.csv")" 'True True True 50 50'
before=$(cat "$T/out")
# of QUERY: how many statements, of which days and channels
of() {
    curl -s "${url}api/spend?limit=1000&$1" -H "Authorization: Bearer $(cat "$T/read.key")" | python3 -c 'import json, sys
a = json.load(sys.stdin)
print(a["error"]["message"] if "error" in a else
      [a["statements"], len(a["days"]), *sorted({d["date"] for d in a["days"]}), *sorted({d["channel"] for d in a["days"]})])'
}
one=$(sed -n 2p "$T/listed.csv")
t_is 'of one day and channel' "$(of "date=${one%%,*}&channel=$(echo "$one" | cut -d, -f2)")" "$(python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1]))); first = rows[0]
same = [r for r in rows if (r["date"], r["channel"]) == (first["date"], first["channel"])]
print([len(rows), len(same), first["date"], first["channel"]])' "$T/listed.csv")"
t_is 'of a campaign that nobody has' "$(of campaign=none-such | sed 's/.*, //')" '0]'
t_is 'a moment is no day' "$(of date=2026-01-01T10:00:00Z)" 'date is a day, such as 2026-01-31'
t_is 'nor is a word' "$(of date=monday)" 'date is a day, such as 2026-01-31'
printf 'date,channel,amount\n2026-07-01,email,1.50\n2026-07-02,tv,x\n' >"$T/few.csv"
costs read "$(body "$T/few.csv")"
t_is 'who reads tells nothing' "$(grep -o no_right "$T/out")" no_right
costs edit "$(body "$T/few.csv" '{"dry_run":true}')"
t_is 'tried' "$(value lines added refused_lines unknown_channel)" '2 1 1 0'
costs read
t_is 'nothing was written by that' "$(cat "$T/out")" "$before"
channels() { curl -s "${url}api/channels" -H "Authorization: Bearer $(cat "$T/read.key")" | grep -o '"all":{"spend":[0-9.]*'; }
had=$(channels)
costs edit "$(body "$T/few.csv" '{"name":"july"}')"
t_is 'taken in' "$(value lines added refused_lines)" '2 1 1'
t_is 'the report knows it at once' "$(python3 -c 'import sys; a, b = [float(x.split(":")[-1]) for x in sys.argv[1:]]
print(round(b - a, 2))' "$had" "$(channels)")" 1.5
t_is 'as the list does' "$(listed | grep -c 2026-07-01,email,,1.50,EUR)" 1
t_is 'the bad row is among what was refused' "$("$CICLO" refused "$shop" --csv | grep -c '^july,')" 1
costs edit "$(body "$T/other.csv" '{"date":"Tag","amount":"Kosten","date_format":"%d.%m.%Y","decimal":",","all_of":"social","source":"agency"}')"
t_is 'another form' "$(value lines changed known)" '3 1 1'
wrong() { costs edit "$1" && grep -o "$2" "$T/out" | head -n 1; }
t_is 'no table' "$(wrong '{"table":""}' 'is empty: it is CSV')" 'is empty: it is CSV'
t_is 'a path is no table' "$(wrong '{"table":"/etc/passwd"}' 'no column')" 'no column'
t_is 'a column that is not there' "$(wrong "$(body "$T/few.csv" '{"amount":"cost"}')" 'no column ..cost')" 'no column \"cost'
t_is 'a format that is none' "$(wrong "$(body "$T/few.csv" '{"date_format":"%q"}')" 'date format')" 'date format'
t_is 'a sign that is none' "$(wrong "$(body "$T/few.csv" '{"decimal":"xx"}')" 'decimal: ')" 'decimal: '
t_is 'both of two that exclude each other' "$(wrong "$(body "$T/few.csv" '{"channel":"a","all_of":"b"}')" 'exclude each other')" \
    'exclude each other'
t_is 'a name with a control character' "$(wrong "$(body "$T/few.csv" '{"name":"a\nb"}')" 'control character')" 'control character'
t_is 'bytes that are no table' "$(head -c 3000 "$CICLO" >"$T/bytes" && costs edit "$(body "$T/bytes")" && grep -o '"input"' "$T/out")" '"input"'
costs read
t_is 'and nothing of all that stands' "$(value statements)" "$(($(listed | wc -l) - 1))"
ends
t_ok 'the file proves right after it' "$CICLO" verify "$shop"
t_done
