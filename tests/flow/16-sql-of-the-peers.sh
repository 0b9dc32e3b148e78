#!/bin/sh
# The benchmark's questions in SQL over the virtual tables give what the same questions give over
# SQLite's own rows: peers.sql, on customers made by chance that is always the same.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
here=$ROOT/tests/flow
customers=${PEERS_CUSTOMERS:-500}

# Few are busy, most are not; nobody does two things in one second.
awk -v n="$customers" -v events="$T/events.csv" -v people="$T/customers.csv" '
    function chance(below) {
        state = (state * 69069 + 12345) % 4294967296
        return int(state / 65536) % below
    }
    BEGIN {
        state = 20260101
        print "customer,ts,type,channel,amount,country" >events
        for (c = 0; c < n; c++) {
            country = chance(9)
            ts = 1704067200 + chance(300) * 86400
            busy = chance(6)
            for (i = 5 + chance(60); i; i--) {
                type = !busy && chance(3) ? 2 : chance(12)
                print c "," ts "," type "," chance(8) "," (type == 2 ? 100 + chance(40000) : 0) \
                    "," country >events
                ts += 1 + (chance(20) ? chance(200) * chance(300) : chance(60000) * chance(300)) * (busy ? 9 : 1)
                if (ts >= 1767225600)
                    break
            }
            print c "," country >people
        }
    }'
sed 1d "$T/events.csv" | cut -d, -f1-5 >"$T/rows.csv"
sqlite3 "$T/rows.db" >"$T/load" 2>&1 <<SQL
create table events(customer int not null, ts int not null, type int not null, channel int not null,
    amount int not null, primary key(customer, ts)) without rowid;
create table customers(customer integer primary key, country int not null);
.mode csv
.import $T/rows.csv events
.import $T/customers.csv customers
SQL
t_is 'SQLite has the rows' "$(cat "$T/load")$(sqlite3 "$T/rows.db" 'select count(*) > 5000 from events')" 1
t_ok 'a file' "$CICLO" init "$shop" --template retail --timezone UTC
sed '1!s/^/c/' "$T/events.csv" >"$T/named.csv" # nobody is called 0
t_ok 'has the same events' "$CICLO" import "$shop" "$T/named.csv" --customer customer --time ts \
    --time-format %s --event-column type --property channel:number=channel \
    --property amount:number=amount --trait country:number=country

# Our types are texts, which compare with a number as it is written, and customers are named by
# their numbers here; the names of the peers stand for ours.
ours='events as not materialized (select number as customer, ts, type, "properties.channel" as channel, amount from main.events),
customers as not materialized (select number as customer, "traits.country" as country from timelines)'
awk -v folder="$T" '/^-- Q/ { name = folder "/" $2 ".sql"; next } name { print >name }' "$here/peers.sql"
for question in Q1 Q2 Q3 Q4 Q5 Q6; do
    sed 's/;$//' "$T/$question.sql" >"$T/theirs.sql"
    if grep -q '^with' "$T/theirs.sql"; then
        { echo "with $ours," && sed '1s/^with //' "$T/theirs.sql"; } >"$T/ours.sql"
    else
        { echo "with $ours" && cat "$T/theirs.sql"; } >"$T/ours.sql"
    fi
    sqlite3 -csv "$T/rows.db" <"$T/theirs.sql" >"$T/wanted" 2>&1
    "$CICLO" sql "$shop" - --csv <"$T/ours.sql" 2>&1 | sed 1d >"$T/got"
    t_ok "$question has an answer" sh -c 'test -s "$1" && ! grep -q rror "$1"' - "$T/wanted"
    t_ok 'and it is the same' cmp "$T/got" "$T/wanted"
done
t_done
