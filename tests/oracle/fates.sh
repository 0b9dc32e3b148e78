# fates.sh - what becomes of customers, against SQLite's shell: survival, churn, KPIs, segments
# over time; after oracle.sh.

# json COLUMNS PATH: rows of $T/got.csv out of $T/got.json, a column for each KEY of COLUMNS as it
# is written there; `null` is nothing.
json() {
    j_columns=
    for j_key in $1; do
        j_columns=$j_columns${j_columns:+, }"nullif(value -> '\$.$j_key', 'null') as \"$j_key\""
    done
    sqlite3 -csv -header :memory: "select $j_columns from json_each(readfile('$T/got.json'), '\$.$2')" |
        sed 's/"""\([^"]*\)"""/\1/g' >"$T/got.csv"
}

# survival NAME EVERY_DAYS LIFE OPTION...: LIFE is a query for (customer, grp, ms, ended).
survival() {
    s_name=$1 s_every=$2 s_life=$3
    shift 3
    report survival --every "${s_every}d" "$@"
    {
        parameters "every=$((s_every * 86400000))"
        echo "create temp table life as $s_life; create index temp.life_by on life(grp, ms, ended);"
        echo ".read $sql/survival.sql"
    } >"$T/survival.sql"
    { cat "$T/survival.sql"; echo ".read $sql/survival-points.sql"; } >"$T/ask.sql"
    same "$s_name: the curve" '"group", after_ms, at_risk, ended, censored, share, error, low, high'
    json 'value customers ended expected median_ms median_low_ms median_high_ms mean_ms mean_error_ms' groups
    { cat "$T/survival.sql"; echo ".read $sql/survival-groups.sql"; } >"$T/ask.sql"
    same "$s_name: medians and means" "*, $(python3 -c 'import json, sys
print(json.load(open(sys.argv[1]))["mean_to_ms"])' "$T/got.json")"
    sqlite3 -csv -header :memory: "select j ->> '$.log_rank.degrees' as degrees, j -> '$.log_rank.chi_square' as chi,
        printf('%.9f', j ->> '$.log_rank.p') as p from (select readfile('$T/got.json') as j)
        where j ->> '$.log_rank' is not null" >"$T/got.csv"
    if [ -s "$T/got.csv" ]; then
        { cat "$T/survival.sql"; echo ".read $sql/log-rank.sql"; } >"$T/ask.sql"
        same "$s_name: the log-rank test" 'degrees, chi, p'
    fi
}

# churn NAME BY THERE OPTION...: THERE is SQL that makes the table there of churn.sql, with edge at
# hand; $amount is 1 where money is asked for, $from_day a day of the first period.
churn() {
    c_name=$1 c_by=$2 c_there=$3
    shift 3
    report churn --by "$c_by" "$@"
    {
        parameters "by='$c_by'" "from_day='0000'" "to_day='$at'" "first_day='${from_day:-0000}'"
        echo ".read $sql/periods.sql"
        echo "create temp table edge as select i, 1000 * unixepoch(min(day), 'utc') as at from calendar group by i;"
        echo "$c_there;"
        echo "create index temp.there_by on there(customer, i);
            create temp table gave as select customer, i, sum(cents) as cents from e join calendar using (day)
                where type = 'purchase' and at <= :at and ${amount:-0} group by customer, i;
            create index temp.gave_by on gave(customer, i);"
        echo ".read $sql/churn.sql"
    } >"$T/churn.sql"
    {
        cat "$T/churn.sql"
        echo "select period, start, kept, lost, new, returned, passed, last
            $(for c_one in start end all average ${amount:+gross net}; do
                printf ", iif(by_%s is null, '', printf('%%.9g', by_%s))" "$c_one" "$c_one"
            done)${amount:+, printf('%.2f', before / 100.0), printf('%.2f', gross / 100.0), printf('%.2f', net / 100.0)}
            from rates;"
    } >"$T/ask.sql"
    same "$c_name" "period, start, kept, lost, new, returned, passed, \"end\", by_start, by_end, by_all, by_average
        ${amount:+, by_gross, by_net, value_before, value_gross, value_net}"
    sqlite3 -csv -header :memory: "select r.key as what, p.value ->> 'period' as period,
        r.value -> 'retention' as retention, r.value -> 'low' as low, r.value -> 'high' as high
        from json_each(readfile('$T/got.json'), '\$.periods') p, json_each(p.value, '\$.rates') r
        where r.key in ('start', 'all') and r.type = 'object'" >"$T/got.csv"
    { cat "$T/churn.sql"; echo ".read $sql/churn-bounds.sql"; } >"$T/ask.sql"
    same "$c_name: bounds" '*'
}
# by_events CONDITION: there, of those who do something. by_stages STAGES: of those who stand in one of them.
by_events() {
    echo "create temp table active as select distinct customer, i from e join calendar using (day) where $1 and at <= :at;
        create temp table there as select customer, i, max(at_start) as at_start, max(at_end) as at_end, 0 as amid
            from (select customer, i + 1 as i, 1 as at_start, 0 as at_end from active
                union all select customer, i, 0, 1 from active) group by customer, i"
}
by_stages() {
    echo "create temp table there as select customer, b.i,
            max(since < b.at and until >= b.at) as at_start, max(since < n.at and until >= n.at) as at_end,
            max(since >= b.at and since < n.at) as amid
        from edge b join edge n on n.i = b.i + 1 join stay on since < n.at and until >= b.at
        where stage in ($1) group by customer, b.i"
}

# later CLOCK N: what the clock shows n months after it; where the month has no such day, the first
# moment of the month behind it.
later() {
    echo "iif(strftime('%d', $1, '+$2 months') = strftime('%d', $1), datetime($1, '+$2 months'),
        datetime($1, '+$2 months', 'start of month'))"
}
# lives: tables that all of this asks: each purchase with how many it is of its customer, and when it
# leaves the windows of the calendar; each stay in a stage; who is in which segment.
lives() {
    sqlite3 "$T/rows.db" "create table buy as select customer, at, day, place, cents,
            1000 * unixepoch($(later clock 12), 'utc') as in_year, 1000 * unixepoch($(later clock 6), 'utc') as in_half_a_year,
            row_number() over (partition by customer order by place) as n from e where type = 'purchase'" \
        'create unique index buy_by on buy(n, customer)' 'create index buy_of on buy(customer, at)' \
        ".read $sql/stays.sql" ".read $sql/memberships.sql"
}
# kpis NAME KNOWN SPANS GOALS OPTION...: SPANS is a query for (period, since, until), KNOWN the day up
# to which events are looked at, GOALS a query for (what, stage, target, days, months) of what has a time.
kpis() {
    k_name=$1 k_known=$2 k_spans=$3 k_goals=$4
    shift 4
    "$CICLO" stages "$file" --kpi --csv "$@" >"$T/got.csv"
    {
        parameters "known=$(ms "$k_known")"
        echo "create temp table span(period, since, until); insert into span $k_spans; create temp table goal as $k_goals;
            create temp table due as with w as (select n, what, days, months, since,
                    datetime(since / 1000, 'unixepoch', 'localtime') as clock
                    from stay s join (select distinct what, stage, days, months from goal) using (stage))
                select n, what, case months when 0 then since + days * 86400000 when 3 then 1000 * unixepoch($(later clock 3), 'utc')
                    else 1000 * unixepoch($(later clock 4), 'utc') end as over from w;
            create index temp.due_by on due(n);"
        sed "s/in_year/1000 * unixepoch($(later clock 12 | sed 's/[&/]/\\&/g' | tr -d '\n'), 'utc')/
            s/in_month/1000 * unixepoch($(later clock 1 | sed 's/[&/]/\\&/g' | tr -d '\n'), 'utc')/" "$sql/kpi.sql" |
            sed "s/^with went/create temp table figure(period, stage, what, value, n); insert into figure &/"
        echo "; with every as (select distinct stage, value as what from stay, json_each('[\"in\", \"out\", \"half\", \"most\",
                \"sales\", \"spent\", \"earned\", \"content\", \"lately\", \"orders\", \"largest\"]')
                union select stage, what from goal)
            select period, stage, what, iif(value is null and what not in ('in', 'out', 'sales', 'spent', 'earned'), '',
                printf('%.6f', value)), coalesce(n, 0)
            from span join every left join figure using (period, stage, what)"
    } >"$T/ask.sql"
    same "$k_name" "$k_period, stage, figure, iif(value = '', '', printf('%.6f', value)), \"of\""
}

# conversion NAME FROM TO WITHIN_DAYS OPTION...: FROM and TO are days, or '' each, and WITHIN_DAYS a number or ''.
# Of the stages $v_stages, in the order of the model; $v_ways are the values (stage, next) that lead forward.
conversion_ways() {
    parameters "since=$([ -n "$1" ] && ms "$1" || echo -9e15)" "until=$([ -n "$2" ] && ms "$2" || echo 9e15)" \
        "within=$([ -n "$3" ] && echo $(($3 * 86400000)) || echo 9e15)"
    echo "create temp table way(stage, next);
        insert into way values $v_ways;
.read $sql/conversion.sql"
}
conversion() {
    v_name=$1 v_from=$2 v_to=$3 v_within=$4
    shift 4
    v_to_each=$(for v_stage in $v_stages; do
        printf '(select count(*) from gone g where g.stage = s.stage and next = '"'%s'"'), ' "$v_stage"
    done)
    report stages --conversion ${v_from:+--from "$v_from"} ${v_to:+--to "$v_to"} ${v_within:+--within "${v_within}d"} "$@"
    {
        conversion_ways "$v_from" "$v_to" "$v_within"
        echo "create temp table life as select customer, stage as grp, ms, fate = 'forward' as ended from gone;
            create index temp.life_by on life(grp, ms, ended);
.read $sql/survival.sql"
        sed "s/^    went_to,$/$v_to_each/" "$sql/conversion-stages.sql"
    } >"$T/ask.sql"
    same "$v_name" 'stage, customers, entered, "left", "of", forward, forward_low, forward_high, back, lost, waiting,
        waiting_low, waiting_high, '"$(printf 'to_%s, ' $v_stages)"'quarter_ms, median_ms, median_low_ms,
        median_high_ms, three_quarters_ms'
}
# conversion_against NAME FROM TO FROM TO WITHIN_DAYS: the one time beside the other.
conversion_against() {
    report stages --conversion --from "$2" --to "$3" --against "$4..$5" --within "${6}d"
    {
        conversion_ways "$2" "$3" "$6"
        echo "create temp table here as select * from gone; drop table gone; drop table way;"
        conversion_ways "$4" "$5" "$6"
        echo "create temp table pair as select stage as name,
                (select sum(fate = 'forward') from here h where h.stage = w.stage) as hits1,
                (select count(*) from here h where h.stage = w.stage) as n1,
                (select sum(fate = 'forward') from gone h where h.stage = w.stage) as hits2,
                (select count(*) from gone h where h.stage = w.stage) as n2 from (select distinct stage from way) w;
.read $sql/newcombe.sql"
    } >"$T/ask.sql"
    same "$1" 'stage, customers, of, against, against_of, difference, low, high'
}

# segments NAME FROM: who is in each now, who came and went since FROM. periods NAME BY FROM TO LAST_DAY: at the
# end of each period, from the one that holds FROM to the one that holds TO and ends with LAST_DAY. Both
# over HTTP, of a server at $url; SQL has table membership of memberships.sql.
segments() {
    curl -s -G "${url}api/segments" -d "at=$at" -d "from=$2" >"$T/got.json"
    json 'name customers entered left' segments
    grep -v ',0,0,0$' "$T/got.csv" >"$T/some.csv" && mv "$T/some.csv" "$T/got.csv"
    {
        parameters "from=$(ms "$2")"
        echo 'select segment, sum(since <= :at and until > :at), sum(since > :from and since <= :at),
            sum(until > :from and until <= :at) from membership where since <= :at and until > :from group by segment;'
    } >"$T/ask.sql"
    same "$1" '*'
}
periods() {
    curl -s -G "${url}api/segments/periods" -d "by=$2" -d "from=$3" -d "to=$4" >"$T/got.json"
    sqlite3 -csv -header :memory: "select s.value ->> 'name' as name, n.key as i, n.value as size
        from json_each(readfile('$T/got.json'), '\$.segments') s, json_each(s.value, '\$.sizes') n where n.value > 0" >"$T/got.csv"
    {
        parameters "by='$2'" "from_day='$3'" "to_day='$5'"
        echo ".read $sql/periods.sql"
        echo "with shown as (select distinct i from calendar where i >= (select i from calendar where day = '$3')
                    and i <= (select i from calendar where day = '$4')),
                ending as (select i, i - min(i) over () as k, 1000 * unixepoch((select date(max(day), '+1 day')
                    from calendar c where c.i = p.i), 'utc') as at from shown p)
            select segment, k, count(*) from ending, membership
            where since < at and until >= at group by segment, i;"
    } >"$T/ask.sql"
    same "$1" '*'
}

# overlap NAME SEGMENT...
overlap() {
    o_name=$1
    shift
    o_list=$(printf ", '%s'" "$@")
    report overlap "$@"
    {
        parameters
        echo "create temp table is_in as select value as name, key as k, customer
                from json_each(json_array(${o_list#, })) join membership on segment = value where since <= :at and until > :at;
            with two as (select a.value as a, b.value as b from json_each(json_array(${o_list#, })) a,
                    json_each(json_array(${o_list#, })) b where a.key < b.key),
                n as (select a, b, (select count(*) from is_in where name = a) as na, (select count(*) from is_in where name = b) as nb,
                    (select count(*) from is_in x join is_in y using (customer) where x.name = a and y.name = b) as both from two)
            select a, b, na, nb, both, na + nb - both, printf('%.6f', 1.0 * both / (na + nb - both)) from n;"
    } >"$T/ask.sql"
    same "$o_name: two by two" "a, b, \"customers a\", \"customers b\", both, either, printf('%.6f', jaccard)"
    sqlite3 -csv -header :memory: "select coalesce((select group_concat(value, ' ') from json_each(x.value, '\$.segments')), '') as s,
        value ->> 'customers' as customers from json_each(readfile('$T/got.json'), '\$.exactly') x
        where value ->> 'customers' > 0" >"$T/got.csv"
    {
        parameters
        echo "with i as (select customer, (select group_concat(segment, ' ') from (select segment from membership m,
                    json_each(json_array(${o_list#, })) s where m.segment = s.value and m.customer = e.customer
                    and since <= :at and until > :at order by s.key)) as s
                from (select distinct customer from e where at <= :at) e)
            select coalesce(s, ''), count(*) from i group by s;"
    } >"$T/ask.sql"
    same "$o_name: in exactly which" '*'
}
