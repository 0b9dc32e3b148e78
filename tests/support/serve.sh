# serve.sh - for tests in sh of a server; after tap.sh. $shop is the file that is served.
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; wait; rm -rf "$T"' EXIT

# serve WORDS...: sets $server and $url once it says where it listens. A limit on the size of files
# is an error for it, not its end.
serve() {
    : >"$T/said"
    env --default-signal=INT --ignore-signal=XFSZ \
        "$CICLO" serve "$shop" --listen 127.0.0.1:0 "$@" >"$T/said" 2>"$T/log" &
    server=$!
    url=
    while [ -z "$url" ] && kill -0 $server 2>/dev/null; do
        url=$(sed -n 's/.* at \(https*:[^ ]*\).*/\1/p' "$T/said")
        sleep 0.02
    done
}

# ends [SIGNAL]: $status is the server's exit code.
ends() {
    kill "-${1:-TERM}" "$server"
    wait "$server"
    status=$?
    server=
}
