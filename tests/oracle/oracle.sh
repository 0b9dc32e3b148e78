# oracle.sh - reports against SQLite's shell, which computes each of them from the exported
# events:  . "$ROOT/tests/support/tap.sh", then this. $file is the data file, $TZ the zone of its
# workspace, $at the day as of which everything is asked, $moves_until one behind its period.
sql=$ROOT/tests/oracle
command -v sqlite3 >/dev/null || t_skip_all 'sqlite3 is not installed'

# ms DAY [MORE]: its first moment in the zone.
ms() {
    echo "$(date -d "$1" +%s)000"
}

# load: the file's events, and its moves, into SQLite. `is_any` says which events are a sign of
# life of the customer, as `any` means it; $passive are the types that are none.
load() {
    "$CICLO" export "$file" events --csv --exact --out "$T/events.csv" &&
        "$CICLO" export "$file" stages --csv --exact --at "$moves_until" --out "$T/moves.csv" &&
        sqlite3 "$T/rows.db" ".import --csv $T/events.csv event" \
            ".import --csv $T/moves.csv move" \
            'create index move_of on move(customer, "to")' ".read $sql/events.sql" \
            "alter table e add column is_any" \
            "update e set is_any = type not in ('identify'${passive:+, '$passive'})"
}

# plain: rows of CSV in order; an empty text is written like nothing.
plain() {
    tr -d '\r' | sed 's/""//g' | sort
}

# same NAME COLUMNS: the columns of the report $T/got.csv are, row by row, what the SQL in
# $T/ask.sql finds. An empty answer proves nothing.
same() {
    sqlite3 -csv :memory: ".import --csv $T/got.csv got" "select $2 from got" |
        plain >"$T/got"
    sqlite3 -csv "$T/rows.db" <"$T/ask.sql" 2>&1 | plain >"$T/wanted"
    { diff "$T/got" "$T/wanted" && [ -s "$T/wanted" ]; } >"$T/.output" 2>&1
    t_line $? "$1 ($(wc -l <"$T/wanted") rows)" "$T/.output"
}

# report COMMAND OPTION...: into $T/got.csv, and $T/got.json.
report() {
    report_of=$1
    shift
    "$CICLO" "$report_of" "$file" --at "$at" --csv "$@" >"$T/got.csv" &&
        "$CICLO" "$report_of" "$file" --at "$at" --json "$@" >"$T/got.json" || : >"$T/got.csv"
}

# parameters NAME=VALUE...: what SQL calls :NAME.
parameters() {
    for p_one in "at=$(ms "$at")" "$@"; do
        echo ".parameter set :${p_one%%=*} \"${p_one#*=}\""
    done
}

# funnel_ways SHAPE STEPS WITHIN_MS GROUP WHO: SQL for tables way, steps and of_group. STEPS has a line
# for each step, the pattern, a tab, and what SQL says for it; GROUP is an expression over the first
# step's event, or ''; WHO is a condition on `customer`; $first_in one on the first step's event.
funnel_ways() {
    f_n=0
    parameters "within=$3"
    echo 'create temp table fits(step, customer, place, at); create temp table steps(step);'
    echo "$2" >"$T/steps"
    while IFS="$(printf '\t')" read -r _ f_condition; do
        f_n=$((f_n + 1))
        echo "insert into steps values ($f_n); insert into fits
            select $f_n, customer, place, at from e where $f_condition and at <= :at and $5;"
    done <"$T/steps"
    echo 'create index temp.fits_by on fits(customer, step, place);
        create temp table seen as select customer, place from e where at <= :at
            and (is_any or (customer, place) in (select customer, place from fits));'
    echo "delete from fits where step = 1 and not (${first_in:-true});"
    echo ".read $sql/$1.sql"
    echo "create temp table of_group as select customer, ${4:-null} as value
        from way join e using (customer, place) where step = 1;"
}

# funnel NAME SHAPE STEPS WITHIN_MS GROUP WHO OPTION...
funnel() {
    f_name=$1 f_group=${5:-null}
    funnel_ways "$2" "$3" "$4" "$5" "$6" >"$T/funnel.sql"
    shift 6
    while IFS="$(printf '\t')" read -r f_pattern _; do
        set -- "$@" --step "$f_pattern"
    done <"$T/steps"
    report funnel "$@"
    { cat "$T/funnel.sql"; echo ".read $sql/funnel-cells.sql"; } >"$T/ask.sql"
    if [ "$f_group" = null ]; then
        same "$f_name" "null, number, customers, median_ms, p90_ms"
    else
        # shellcheck disable=SC2016
        same "$f_name" "$(head -1 "$T/got.csv" | cut -d, -f1 | sed 's/.*/"&"/'), number, customers, median_ms, p90_ms"
    fi
    sqlite3 -csv -header :memory: "select s.key + 1 as step, n.value ->> 'event' as event,
        n.value ->> 'customers' as customers
        from json_each(readfile('$T/got.json'), '\$.stopped') s, json_each(s.value, '\$.next') n" >"$T/got.csv"
    { cat "$T/funnel.sql"; echo ".read $sql/funnel-next.sql"; } >"$T/ask.sql"
    same "$f_name: what comes next" '*'
}

# funnel_against NAME SHAPE STEPS WITHIN_MS HERE THERE OPTION...: HERE and THERE are conditions on the
# first step's event of each side.
funnel_against() {
    a_name=$1 a_shape=$2 a_steps=$3 a_within=$4 a_here=$5 a_there=$6
    shift 6
    : >"$T/sides"
    for a_side in 1 2; do
        [ $a_side = 1 ] && first_in=$a_here || first_in=$a_there
        {
            funnel_ways "$a_shape" "$a_steps" "$a_within" '' true
            echo "select step, (select count(*) from way w where w.step = s.step), (select count(*) from way where step = 1)
                from steps s;"
        } | sqlite3 -csv "$T/rows.db" | sed "s/^/$a_side,/" >>"$T/sides"
    done
    first_in=
    while IFS="$(printf '\t')" read -r a_pattern _; do
        set -- "$@" --step "$a_pattern"
    done <"$T/steps"
    report funnel "$@"
    {
        echo 'create temp table side(side, name, hits, n);'
        sed "s/^\([12]\),\(.*\)/insert into side values (\1, \2);/" "$T/sides"
        echo "create temp table pair as select a.name, a.hits as hits1, a.n as n1, b.hits as hits2, b.n as n2
            from side a join side b using (name) where a.side = 1 and b.side = 2;"
        echo ".read $sql/newcombe.sql"
    } >"$T/ask.sql"
    same "$a_name" 'rowid, customers, of, against, against_of, difference, low, high'
}

# cohorts NAME BY BEGINS COMES OPTION...: BEGINS is a query for (customer, day, place), COMES a
# condition on e and begins b; $cumulated is 1, $from_day a day, $amount e.cents, or not set.
cohorts() {
    c_name=$1 c_by=$2 c_begins=$3 c_comes=$4
    shift 4
    report cohorts --by "$c_by" "$@"
    {
        parameters "by='$c_by'" "from_day='${from_day:-0000}'" "to_day='0000'" "cumulated=${cumulated:-0}"
        echo ".read $sql/periods.sql"
        echo "create temp table begins as $c_begins;
            create index temp.begins_of on begins(customer);
            create temp table comes as select e.customer, e.day, ${amount:-0} as amount
                from e join begins b using (customer) where e.at <= :at and $c_comes;"
    } >"$T/cohorts.sql"
    { cat "$T/cohorts.sql"; echo ".read $sql/cohorts.sql"; } >"$T/ask.sql"
    c_value=${amount:+cast(round(100 * value) as integer)}
    same "$c_name" "cohort, began, period, number, customers, events, ${c_value:-0}"
    sqlite3 -csv -header :memory: "select value ->> 'times', value ->> 'customers',
        value ->> 'once_more', printf('%.6f', value ->> 'low'), printf('%.6f', value ->> 'high')
        from json_each(readfile('$T/got.json'), '\$.again')" >"$T/got.csv"
    { cat "$T/cohorts.sql"; echo ".read $sql/again.sql"; } >"$T/ask.sql"
    same "$c_name: once more" '*'
}

# rfm NAME METHOD IN_DAYS LIMITS OPTION...: LIMITS are rows (what, limit) of SQL, or ''.
rfm() {
    r_name=$1 r_method=$2 r_days=$3 r_limits=$4
    shift 4
    set -- --event purchase --value revenue "$@"
    {
        parameters "method='$r_method'" "in_days=$r_days" "at_day='$at'"
        echo "create temp table fits as select customer, at, day, cents from e
                where type = 'purchase' and at <= :at;
            create temp table limits(what, value);"
        [ -z "$r_limits" ] || echo "insert into limits values $r_limits;"
        echo ".read $sql/rfm.sql"
    } >"$T/rfm.sql"
    report rfm "$@" --customers all
    {
        cat "$T/rfm.sql"
        echo "select customer, recency, frequency, monetary,
            cast(julianday(:at_day) - julianday(last_day) as integer), times, cents from score;"
    } >"$T/ask.sql"
    same "$r_name: everybody's scores" "customer, recency, frequency, monetary, days, events,
        cast(round(100 * value) as integer)"
    report rfm "$@"
    { cat "$T/rfm.sql"; echo ".read $sql/rfm-cells.sql"; } >"$T/ask.sql"
    same "$r_name: cells with their groups" "recency, frequency, monetary, customers,
        cast(round(100 * value) as integer), \"group\""
    sqlite3 -csv -header :memory: "select value ->> 'group' as \"group\",
        value ->> 'customers' as customers, cast(round(100 * (value ->> 'value')) as integer) as cents
        from json_each(readfile('$T/got.json'), '\$.groups')" >"$T/got.csv"
    { cat "$T/rfm.sql"; echo ".read $sql/rfm-area.sql"; echo ".read $sql/rfm-groups.sql"; } >"$T/ask.sql"
    same "$r_name: groups" '*'
}

# rfm_moves NAME METHOD SINCE OPTION...: who was in which group on the day SINCE, and is in which at $at.
rfm_moves() {
    m_name=$1 m_method=$2 m_since=$3
    shift 3
    report rfm --event purchase --value revenue --method "$m_method" --since "$m_since" "$@"
    {
        for m_day in "$m_since" "$at"; do
            parameters "method='$m_method'" 'in_days=0'
            echo ".parameter set :at $(ms "$m_day")"
            echo "create temp table fits as select customer, at, day, cents from e where type = 'purchase' and at <= :at;
                create temp table limits(what, value);"
            echo ".read $sql/rfm.sql"
            echo ".read $sql/rfm-area.sql"
            echo "create temp table \"on $m_day\" as select customer, name from score join area
                    on recency between r1 and r2 and frequency between f1 and f2;
                drop table fits; drop table limits; drop table did; drop table measured; drop table cuts; drop table scored;
                drop table score; drop table area;"
        done
        echo "select coalesce(a.name, '(none)'), coalesce(b.name, '(none)'), count(*)
            from \"on $m_since\" a full join \"on $at\" b using (customer) group by a.name, b.name;"
    } >"$T/ask.sql"
    same "$m_name" '"from", "to", customers'
}

# segment NAME CONDITION OPTION...: who is in it, as the condition on his events says.
segment() {
    s_name=$1 s_condition=$2
    shift 2
    { echo customer; "$CICLO" segment "$file" --at "$at" --ids "$@"; } >"$T/got.csv"
    {
        parameters "at_day='$at'"
        echo "select customer from e where at <= :at group by customer having $s_condition;"
    } >"$T/ask.sql"
    same "$s_name" customer
}

# flow NAME BY LAST_DAY: LAST_DAY ends the last period; stock, entered and left of each stage, period by period.
flow() {
    "$CICLO" stages "$file" --at "$at" --by "$2" --csv >"$T/got.csv"
    {
        parameters "by='$2'" "from_day='0000'" "to_day='$3'"
        echo ".read $sql/periods.sql"
        echo ".read $sql/flow.sql"
    } >"$T/ask.sql"
    # A stage in which nobody ever stood is none of the moves' stages.
    sqlite3 -csv -header :memory: ".import --csv $T/got.csv got" "select * from got
        where stage in (select stage from got where customers + entered + left > 0)" >"$T/some.csv"
    mv "$T/some.csv" "$T/got.csv"
    same "$1" 'period, stage, customers, entered, left'
}

# paths NAME STEPS COLLAPSE QUERY OPTION...: QUERY gives (customer, place, name) of what may be a
# step, from the beginning of each customer's way on; or (customer, way, place, name), where he has several.
# $backwards is 1 where the way ends with its beginning, $whole where those that ended are left out.
paths() {
    p_name=$1 p_steps=$2 p_collapse=$3 p_query=$4
    shift 4
    {
        parameters "steps=$p_steps" "collapse=$p_collapse" "backwards=${backwards:-0}" "whole=${whole:-0}"
        case $p_query in
        *' as way'*) echo "create temp table steps as $p_query;" ;;
        *) echo "create temp table steps as select *, 0 as way from ($p_query);" ;;
        esac
        echo ".read $sql/paths.sql"
    } >"$T/paths.sql"
    report paths --steps "$p_steps" --top 1000 "$@"
    { cat "$T/paths.sql"; echo ".read $sql/paths-ways.sql"; } >"$T/ask.sql"
    same "$p_name" 'ways, customers, way'
    report paths --steps "$p_steps" --top 1000 --links "$@"
    { cat "$T/paths.sql"; echo ".read $sql/paths-links.sql"; } >"$T/ask.sql"
    same "$p_name: links" 'step, "from", "to", ways, customers'
}

# against NAME BY HERE THERE COMES OPTION...: cohorts of two sides, each a query for (customer,
# day, place) of who begins; COMES is a condition on e and begins b.
against() {
    g_name=$1 g_by=$2 g_here=$3 g_there=$4 g_comes=$5
    shift 5
    report cohorts --by "$g_by" "$@"
    {
        parameters "by='$g_by'" "from_day='0000'" "to_day='$at'"
        echo ".read $sql/periods.sql"
        echo "create temp table sides as select 1 as side, * from ($g_here) union all select 2, * from ($g_there);
            create index temp.sides_of on sides(customer);
            create temp table comes as select side, e.customer, e.day
                from e join sides b using (customer) where e.at <= :at and $g_comes;"
        echo ".read $sql/against.sql"
        echo ".read $sql/newcombe.sql"
    } >"$T/ask.sql"
    # Where one side has nobody there is no difference.
    grep -v ',,,$' "$T/got.csv" >"$T/some.csv"
    mv "$T/some.csv" "$T/got.csv"
    same "$g_name" 'number, customers, of, against, against_of, difference, low, high'
}
