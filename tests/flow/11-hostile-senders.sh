#!/bin/sh
# Whoever sends what he likes, how he likes, from 2,000 connections: the server goes on, in bounded
# memory, and others are served meanwhile.
. "$(dirname "$0")/../support/tap.sh"
. "$(dirname "$0")/../support/serve.sh"
shop=$T/shop.ciclo
hostile=$(dirname "$0")/hostile.py
memory_mib=64 # that the server is allowed for the file
more_mib=256  # that docs/collect.md states besides

t_ok 'a file is made' "$CICLO" init "$shop"
serve --memory ${memory_mib}M

t_is 'what is wrong in itself is refused, and nothing is smuggled in behind it' \
    "$(python3 "$hostile" odd "$url" 2>&1)" ''

python3 "$hostile" good "$url" 8 >"$T/good" 2>&1 &
good=$!
python3 "$hostile" attack "$url" 7 2000 >"$T/attack" 2>&1
sed 's/^/# /' "$T/attack"
t_is 'there were as many connections as the system allows, up to 2,000' \
    "$(sed -n '1s/.*: //p' "$T/attack")" enough
t_is 'and no answer that may not be' "$(sed 1d "$T/attack")" ''
wait $good
t_is 'a sender as he should be is served all the while' $? 0
sed 's/^/# /' "$T/good"
t_is 'one more is served behind it' "$(python3 "$hostile" good "$url" 0.1 2>&1 | grep -c taken)" 1
peak=$(awk '/^VmHWM/ { print int($2 / 1024) }' /proc/$server/status)
echo "# at most $peak MiB"
if ! grep -q __asan_init "$CICLO"; then # which takes memory of its own
    t_ok 'the memory stays what is documented' [ "$peak" -le $((memory_mib + more_mib)) ]
fi
ends
t_is 'it ends as it should' "$status" 0
t_is 'nothing that was smuggled is in the file' \
    "$("$CICLO" sql "$shop" "select count(*) from events where id like 'smuggled%'" --csv | tail -n 1)" 0
t_ok 'the file is whole' "$CICLO" verify "$shop"
t_done
