# tap.sh - for tests in sh:  . "$(dirname "$0")/../support/tap.sh"
# Each helper answers one line of TAP; t_done ends the test. $T is a folder that goes away.
t_n=0
t_bad=0
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
trap 'exit 1' HUP INT TERM

# t_line STATUS NAME [FILE TO SHOW WHEN IT FAILED]
t_line() {
    t_n=$((t_n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $t_n - $2"
    else
        t_bad=1
        echo "not ok $t_n - $2"
        [ -z "$3" ] || head -n 40 "$3" | sed 's/^/# /'
    fi
}

# t_ok NAME COMMAND...: it must succeed.
t_ok() {
    t_name=$1
    shift
    "$@" >"$T/.output" 2>&1
    t_line $? "$t_name" "$T/.output"
}

# t_fails NAME TEXT COMMAND...: it must fail, and say TEXT.
t_fails() {
    t_name=$1 t_text=$2
    shift 2
    if "$@" >"$T/.output" 2>&1; then
        echo 'succeeded, and should have failed' >>"$T/.output"
        t_line 1 "$t_name" "$T/.output"
    else
        grep -qF -e "$t_text" "$T/.output"
        t_status=$?
        [ $t_status = 0 ] || echo "does not say: $t_text" >>"$T/.output"
        t_line $t_status "$t_name" "$T/.output"
    fi
}

# t_is NAME GOT WANTED
t_is() {
    printf 'got:    %s\nwanted: %s\n' "$2" "$3" >"$T/.output"
    [ "$2" = "$3" ]
    t_line $? "$1" "$T/.output"
}

# t_skip_all REASON: the whole test, before its first line.
t_skip_all() {
    echo "1..0 # SKIP $1"
    exit 0
}

t_done() {
    echo "1..$t_n"
    exit $t_bad
}
