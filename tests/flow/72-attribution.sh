#!/bin/sh
# Attribution: paths of chance against a twin in fractions; on the command line and over HTTP.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: UTC }
channels:
  - { channel: email, when: 'source = "email"' }
  - { channel: search, when: 'source = "search"' }
  - { channel: social, when: 'source = "social"' }
  - { channel: partners, when: 'source = "partners"' }
events:
  purchase: { properties: { revenue: money, sku: text } }
traits: { country: text }
lifecycle:
  start: reach
  stages: { reach: {} }
YAML
# Half a year by chance, the same on every machine, with many events at one moment.
python3 - >"$T/events.jsonl" <<'PY'
import json, random
from datetime import datetime, timedelta
r = random.Random(33)
for customer in range(200):
    for i in range(r.randrange(9)):
        at = datetime(2026, 1, 1) + timedelta(hours=r.randrange(360) * 12)
        e = {'type': 'track', 'event': r.choice(['visit', 'visit', 'purchase']), 'userId': f'u{customer}',
             'messageId': f'{customer:03}-{i}', 'timestamp': at.isoformat() + 'Z', 'properties': {}}
        if e['event'] == 'purchase':
            e['properties'] = {'revenue': r.randrange(1, 9000) / 100}
        if e['event'] == 'visit' or r.random() < 0.2:
            e['context'] = {'campaign': {'source': r.choice(['email', 'search', 'search', 'social', 'partners'])}}
            if r.random() < 0.6:
                e['context']['campaign']['name'] = r.choice(['spring', 'summer', 'ciclo & co'])
        print(json.dumps(e))
PY
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"
# twin NAME WORDS-OF-THE-TWIN OPTIONS...
twin() {
    t_name=$1 t_words=$2
    shift 2
    "$CICLO" attribution "$shop" --conversion purchase --value revenue --csv "$@" >"$T/rows.csv"
    # shellcheck disable=SC2086
    python3 "$(dirname "$0")/attribution.py" "$T/events.jsonl" "$T/rows.csv" $t_words >"$T/twin"
    t_is "$t_name: nothing differs" "$(head -n -1 "$T/twin")" ''
    t_is "$t_name: and there is something" "$(grep -c '^[1-9][0-9]* sources, [1-9]' "$T/twin")" 1
}
twin 'six models' ''
twin 'by campaign' by=campaign --by campaign
twin 'no further back than ten days' lookback=10 --lookback 10d
twin 'a month' 'from=2026-03-01 to=2026-04-01' --from 2026-03-01 --to 2026-04-01
twin 'other shares' 'position=10,0,90 half_life=1' --position 10,0,90 --half-life 1d
twin 'nothing for the ends' 'position=0,100,0' --position 0,100,0
twin 'search is no touch' without=search,email --without 'search, email'

rows() { "$CICLO" sql "$shop" "$1" --csv | tail -n +2; }
list() { "$CICLO" attribution "$shop" --conversion purchase --csv "$@" | tail -n +2 | sort; }
t_is 'who came by nothing that we know' "$(list --customers '(none)' --lookback 0d)" \
    "$(rows "select distinct customer from events where type = 'purchase' and customer || time not in
        (select customer || time from events where channel is not null)" | sort)"
t_is 'whose last touch it was' "$(list --customers email --as last --lookback 0d --without search,social,partners)" \
    "$(rows "select distinct p.customer from events p join events v using (customer) where p.type = 'purchase'
        and v.channel = 'email' and v.time = p.time and v.id <= p.id and not exists (select 1 from events b
        where b.customer = p.customer and b.type = 'purchase' and b.time = p.time and b.id < p.id and b.id >= v.id)" |
        sort)"
t_is 'as many as the cell says' "$("$CICLO" attribution "$shop" --conversion purchase --csv --by campaign |
    grep '^email,spring' | cut -d, -f3 | awk '{ print ($1 > 0) }')" 1
t_is 'customers of the campaigns are those of the channel' \
    "$(for campaign in spring summer 'ciclo & co' '(none)'; do
        list --by campaign --customers email --campaign "$campaign"; done | sort -u)" "$(list --customers email)"
t_fails 'a campaign where channels are counted' 'count by campaign' \
    "$CICLO" attribution "$shop" --conversion purchase --customers email --campaign spring
t_ok 'a table for people' sh -c '"$0" attribution "$1" --conversion purchase --value revenue |
    grep -q "conversions; .* paths without one"' "$CICLO" "$shop"

"$CICLO" init "$T/empty.ciclo" --model "$T/model.yaml" >/dev/null
t_is 'an empty file' "$("$CICLO" attribution "$T/empty.ciclo" --conversion purchase)" \
    'Nobody: the file has no events yet.'
t_is 'a time to come' "$("$CICLO" attribution "$shop" --conversion purchase --from 2031-01-01 | cut -d: -f1)" Nobody
t_fails 'an event that is none' 'did you mean purchase?' "$CICLO" attribution "$shop" --conversion purchse
t_fails 'a sum of texts' 'only numbers and money' "$CICLO" attribution "$shop" --conversion purchase --value sku
t_fails 'a channel that is none' 'did you mean "search"?' \
    "$CICLO" attribution "$shop" --conversion purchase --without serch
t_fails 'shares that are no whole' '100 together' "$CICLO" attribution "$shop" --conversion purchase --position 40,20,41
t_fails 'four shares' '100 together' "$CICLO" attribution "$shop" --conversion purchase --position 40,20,40,0
t_fails 'a half life of months' 'such as 7d' "$CICLO" attribution "$shop" --conversion purchase --half-life 1mo
t_fails 'a lookback that is none' 'lookback' "$CICLO" attribution "$shop" --conversion purchase --lookback far
t_fails 'nothing to lead to' 'to what do paths lead?' "$CICLO" attribution "$shop"
t_fails 'a campaign of no channel' 'that --customers names' \
    "$CICLO" attribution "$shop" --conversion purchase --campaign spring

serve
t_is 'the same over HTTP' \
    "$(curl -s -G "${url}api/attribution" -d conversion=purchase -d value=revenue -d by=campaign -d lookback=30d \
        -d half_life=3d -d position=30,40,30 -d without=social -d customers=email -d campaign=spring -d as=first |
        sed 's/"at":"[^"]*"//')" \
    "$("$CICLO" attribution "$shop" --conversion purchase --value revenue --by campaign --lookback 30d --half-life 3d \
        --position 30,40,30 --without social --customers email --campaign spring --as first --json |
        sed 's/"at":"[^"]*"//')"
t_done
