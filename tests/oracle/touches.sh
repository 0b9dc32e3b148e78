# touches.sh - how customers were reached, what came of it and where they were lost, against SQLite's
# shell: attribution, channels, paths, journey maps; after oracle.sh.

# attribution NAME SOURCE OPTION...: SOURCE is what a touch is called by, of table came (touches.sql); $lookback,
# $half_life in days, $position as `40, 20, 40`, $since and $until days, $without a list of channels,
# $conversion an event that brings no money, instead of a purchase.
attribution() {
    a_name=$1 a_source=$2
    shift 2
    if [ -n "$conversion" ]; then
        report attribution --conversion "$conversion" "$@"
    else
        report attribution --conversion purchase --value revenue "$@"
    fi
    set -f
    # shellcheck disable=SC2046
    set -- $(echo "${position:-40, 20, 40}" | tr -d ,)
    set +f
    {
        parameters "lookback=$((${lookback:-99999} * 86400000))" "half_life=$((${half_life:-7} * 86400000))" \
            "first=$1" "between=$2" "last=$3" "from=$(ms "${since:-1970-01-02}")" "until=$(ms "${until:-2100-01-01}")" \
            "valued=$([ -n "$conversion" ]; echo $?)"
        echo "create temp table touch as select customer, place, at, dense_rank() over (order by $a_source) as source, $a_source as name
                from came where channel not in (${without:-''}) and at <= :at and at < :until;
            create temp table conversion as select customer, place, at, cents from e
                where type = '${conversion:-purchase}' and at <= :at and at < :until;"
        echo ".read $sql/attribution.sql"
        seq 80 | sed "s|.*|.read $sql/attribution-step.sql|"
        echo ".read $sql/attribution-shares.sql"
    } >"$T/ask.sql"
    a_shares=
    for a_model in first last linear position decay markov; do
        a_shares="$a_shares${a_shares:+ || '|' || }printf('%.6f', \"$a_model\")"
        [ -n "$conversion" ] || a_shares="$a_shares || '|' || \"$a_model value\""
    done
    a_by=channel
    ! head -1 "$T/got.csv" | grep -q campaign || a_by="channel || iif(campaign = '', '', ',' || campaign)"
    same "$a_name" "$a_by as name, paths, lost, removal, $a_shares"
}

# channels NAME BY WHICH WON OPTION...: BY is channel or campaign, WHICH the touch to which things are
# owed, WON a condition on the event that wins somebody, or ''; costs are in $T/costs.csv; $since and $until
# are days.
channels() {
    c_name=$1 c_by=$2 c_which=$3 c_won=$4
    shift 4
    report channels "$@"
    c_source=channel c_winning=touch
    [ -z "$c_won" ] || c_winning="e where $c_won and at <= :at"
    [ "$c_by" = channel ] || c_source="channel || ',' || campaign"
    {
        parameters "which='$c_which'" "from=$(ms "${since:-1970-01-02}")" "until=$(ms "${until:-2100-01-01}")"
        echo ".import --csv $T/costs.csv told"
        echo "create temp table touch as select customer, place, at, $c_source as source from came where at <= :at;
            create index temp.touch_by on touch(customer, place);
            create temp table wanted as select customer, place, at, cents from e where type = 'purchase' and at <= :at;
            create temp table winning as select customer, place, at from $c_winning;
            create index temp.winning_by on winning(customer, place);
            create temp table cost as select date as day, $c_source as source, cast(round(100 * amount) as integer) as cents from told;"
        echo ".read $sql/channels.sql"
        echo 'drop table told;'
    } >"$T/ask.sql"
    [ "$c_by" = channel ] || c_source="channel || iif(channel = '(none)', '', ',' || campaign)"
    same "$c_name" "$c_source, spend, reached, won, \"cost of one\", events, revenue, iif(return = '', '', printf('%.6f', return))"
}

# journey NAME POINTS ANSWERS WORSE WITHIN_DAYS OPTION...: POINTS is a query for (customer, place, at, name),
# ANSWERS one for (customer, place, at, score), WORSE one for (stage, target).
journey() {
    y_name=$1 y_points=$2 y_answers=$3 y_worse=$4 y_within=$5
    shift 5
    report journey-map --top 1000 --within "${y_within}d" "$@"
    # As many cells are compared as have touches on both sides.
    y_z=$(python3 -c 'import csv, statistics, sys
n = sum(bool(int(r["touches"]) and int(r["others"] or 0)) for r in csv.DictReader(open(sys.argv[1])) if r["touchpoint"])
print(statistics.NormalDist().inv_cdf(1 - 0.025 / max(n, 1)))' "$T/got.csv")
    {
        parameters "within=$((y_within * 86400000))" "z=$y_z"
        echo "create temp table point as $y_points; create temp table answer as $y_answers; create temp table worse(stage, target); insert into worse $y_worse;"
        echo ".read $sql/journey.sql"
    } >"$T/ask.sql"
    y_score="'', 0"
    ! head -1 "$T/got.csv" | grep -q score || y_score="iif(score = '', '', printf('%.6f', score)), answers"
    same "$y_name" "stage, touchpoint, customers, events, since_ms, until_ms, touches, lost, others, others_lost, difference_low,
        difference_high, pain, $y_score"
}
