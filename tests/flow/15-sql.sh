#!/bin/sh
# ciclo sql: what the virtual tables say, in three forms, and what a query may not do.
. "$(dirname "$0")/../support/tap.sh"
shop=$T/shop.ciclo
cat >"$T/model.yaml" <<'YAML'
ciclo: 1
workspace: { name: Bottega, currency: EUR, timezone: Europe/Rome, language: it }
events:
  purchase: { properties: { revenue: money } }
lifecycle:
  start: reach
  stages: { reach: {}, buyer: {}, at_risk: {} }
  moves:
    - { from: [reach, at_risk], to: buyer, when: "since(purchase) < 30d" }
    - { from: buyer, to: at_risk, when: "since(purchase) >= 30d" }
segments:
  vip: { when: "sum(purchase.revenue, 1y) >= 100" }
  quiet: { when: "not exists(purchase, 10d)" }
YAML
cat >"$T/events.jsonl" <<'JSON'
{"type":"track","event":"visit","userId":"anna","messageId":"v1","timestamp":"2026-01-01T10:00:00.000Z","properties":{"page":"/tea"}}
{"type":"track","event":"purchase","userId":"anna","messageId":"p1","timestamp":"2026-01-11T10:00:00.250Z","properties":{"revenue":40.5,"items":["cup","tea"],"gift":true,"type":"web"}}
{"type":"identify","userId":"anna","messageId":"i1","timestamp":"2026-01-12T10:00:00.000Z","traits":{"country":"IT","age":40}}
{"type":"identify","userId":"anna","messageId":"i2","timestamp":"2026-02-12T10:00:00.000Z","traits":{"country":"PT","age":null}}
{"type":"track","event":"purchase","userId":"=9","messageId":"p2","timestamp":"2026-07-05T09:30:00.000Z","properties":{"revenue":120,"items":[]}}
JSON
t_ok 'a file' sh -c '"$0" init "$1" --model "$2" && "$0" import "$1" "$3"' \
    "$CICLO" "$shop" "$T/model.yaml" "$T/events.jsonl"

# is NAME WANTED WORDS...: what ciclo sql prints.
is() {
    name=$1 wanted=$2
    shift 2
    t_is "$name" "$("$CICLO" sql "$shop" "$@" 2>&1)" "$wanted"
}

is 'a table for people' 'customer  events  first_time           last_time
anna           4  2026-01-01 11:00:00  2026-02-12 11:00:00
=9             1  2026-07-05 11:30:00  2026-07-05 11:30:00' \
    'select customer, events, first_time, last_time from timelines'
is 'CSV, safe for spreadsheets' "customer,number,traits.country
anna,0,PT
\"'=9\",1," 'select customer, number, "traits.country" from timelines' --csv
is 'JSON' '[
{"customer":"anna","at_ms":1768125600250,"time":"2026-01-11 11:00:00.250","revenue":40.5,"items":"[\"cup\",\"tea\"]","gift":1,"properties.type":"web"},
{"customer":"=9","at_ms":1783243800000,"time":"2026-07-05 11:30:00","revenue":120,"items":"[]","gift":null,"properties.type":null}
]' 'select customer, at_ms, time, revenue, items, gift, "properties.type" from events where type = '"'purchase'" --json
is 'numbers that JSON has, and those it has not' '[
{"a":-1.5,"b":1.0e+100,"c":null,"d":"1e999","e":""}
]' "select -1.5 as a, 1e100 as b, 1e999 as c, '1e999' as d, '' as e" --json
is 'no rows' '[]' 'select 1 where 0' --json
is 'all columns' \
    'customer,number,ts,at_ms,time,type,id,channel,page,revenue,items,gift,properties.type,traits.country,traits.age' \
    'select * from events limit 0' --csv
t_is 'a property out of the JSON of all' "$("$CICLO" sql "$shop" \
    "select properties ->> 'type', properties ->> '\$.items[1]' from events where id = 'p1'" --csv |
    tail -n 1)" 'web,tea'
t_is 'the traits of an event' "$("$CICLO" sql "$shop" \
    "select properties || traits from events where id in ('i1', 'i2') order by id" --csv | tail -n 2)" \
    '"{}{""country"":""IT"",""age"":40}"
"{}{""country"":""PT"",""age"":null}"'
t_is 'and of a customer as they stand' \
    "$("$CICLO" sql "$shop" 'select traits from timelines' --csv | tail -n 2)" \
    '"{""country"":""PT""}"
{}'
is 'stages' 'customer,time,from_stage,to_stage,rule,until_time,present
anna,2026-01-01 11:00:00,,reach,,2026-01-11 11:00:00.250,0
anna,2026-01-11 11:00:00.250,reach,buyer,since(purchase) < 30d,2026-02-10 11:00:00.250,0
anna,2026-02-10 11:00:00.250,buyer,at_risk,since(purchase) >= 30d,,1' \
    "select customer, time, from_stage, to_stage, rule, until_time, present from stages
     where customer = 'anna'" --csv --clock 2026-07-06T00:00:00Z
is 'segments' 'customer  segment
anna      quiet
=9        vip' 'select customer, segment from segments' --clock 2026-07-06T00:00:00Z
is 'as they stood' 'customer  segment
anna      quiet' 'select customer, segment from segments' --at 2026-02-01
is "the file's own tables" 'version
      1' 'select version from model'
printf 'select count(*) as n\n-- of all\nfrom events;\n' >"$T/query.sql"
t_is 'from standard input' "$("$CICLO" sql "$shop" - <"$T/query.sql")" 'n
5'
is 'bytes' "b
x'00ff'" "select x'00FF' as b" --csv
is 'the columns of a table' 'name
customer
number
segment' "select name from pragma_table_info('segments')" --csv

# Beyond a block of rows each has its heading.
t_is 'many rows' "$("$CICLO" sql "$shop" 'with recursive n(i) as
    (select 1 union all select i + 1 from n where i < 2500) select i from n' | grep -c '^ *i$')" 3

# no NAME TEXT QUERY: refused in words, and nothing on standard output.
no() {
    name=$1 text=$2
    shift 2
    "$CICLO" sql "$shop" "$@" >"$T/out" 2>"$T/err"
    status=$?
    { [ $status = 1 ] && [ ! -s "$T/out" ] && grep -qF -e "$text" "$T/err"; }
    t_line $? "$name" "$T/err"
}
before=$(cksum "$shop")
no 'an unknown table' 'there is no table evnts; did you mean events?' 'select * from evnts'
no 'an unknown column' 'line 2, column 1: there is no column revnue; did you mean revenue?' \
    'select
revnue from events'
no 'a name that is no text' 'there is no column traits.countri' 'select "traits.countri" from events'
no 'a fault' 'line 1, column 8: near "from": syntax error' 'select from'
no 'nothing' 'the query is empty' ' ; -- nothing'
no 'two queries' 'line 1, column 10: a second query begins here' 'select 1; select 2'
no 'a parameter' 'a parameter' 'select ?'
for query in 'delete from log' 'update customer set id = 1' "insert into type values (9, 'x')" \
    'drop table log' 'create table x (a)' 'create temp table x (a)' 'create view x as select 1' \
    'create virtual table x using fts5(a)' 'vacuum' "vacuum into '$T/copy'" 'reindex' 'analyze' \
    'begin' 'commit' 'savepoint x' 'insert into events (customer) values (1)' \
    'alter table log rename to gol' 'explain delete from log'; do
    no "$query" 'can only be read' "$query"
done
no 'a secret' 'the bytes of table webhook hold a secret' 'select * from webhook'
no 'a secret in another writing' 'hold a secret' 'select hex(w."BYTES") from "Webhook" as w'
no "the signer's" 'the bytes of table receipt hold a secret' 'select max(bytes) from main.receipt'
t_is 'but how many there are' "$("$CICLO" sql "$shop" 'select count(*) as n, max(number) from webhook' --csv)" \
    'n,max(number)
0,'
no 'another file' 'no other file can be attached' "attach '$T/other' as other"
no 'a pragma' 'pragma journal_mode is not there' 'pragma journal_mode = delete'
no 'a pragma as a table' 'pragma foreign_key_check is not there' 'select * from pragma_foreign_key_check'
no 'an extension' 'the function load_extension is not there' "select load_extension('x')"
no 'a file read' 'no such function: readfile' "select readfile('/etc/passwd')"
no 'a file written' 'no such function: writefile' "select writefile('$T/out', 'x')"
no 'a value too large' 'too large' 'select length(randomblob(1000000000))'
no 'values too large together' 'out of memory' \
    "select $(printf 'randomblob(200000000), %.0s' $(seq 8)) 1"
no 'too deep' 'overflow' "select $(printf '(%.0s' $(seq 600))1$(printf ')%.0s' $(seq 600))"
no 'bad JSON' 'malformed JSON' "select json('{')"
t_is 'nothing was changed' "$(cksum "$shop")" "$before"
t_is 'and nothing was made' "$(ls "$T" | tr '\n' ' ')" \
    'err events.jsonl model.yaml out query.sql shop.ciclo '
"$CICLO" sql "$shop" 'select 1' --json --csv >"$T/out" 2>&1
t_is 'two forms at once are wrong use' $? 2
t_fails 'a file that is not there' 'there is no data file' "$CICLO" sql "$T/none.ciclo" 'select 1'

# Ctrl-C, while SQLite works and while a table of ours does.
stopped() {
    "$CICLO" sql "$shop" "$1" >"$T/out" 2>"$T/err" &
    pid=$!
    while ! grep -q '^SigBlk:.*2$' "/proc/$pid/status" 2>/dev/null; do
        kill -0 $pid || return 1
    done
    kill -INT $pid
    wait $pid
    echo "$? $(cat "$T/err")" >"$T/said"
    grep -q '^1 .*stopped$' "$T/said"
}
t_ok 'an endless query is stopped' stopped \
    'with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) from n'
t_ok 'and one over our tables' stopped \
    'with recursive n(i) as (select 1 union all select i + 1 from n)
     select sum((select count(*) from events where type = 10 * n.i)) from n'
t_done
