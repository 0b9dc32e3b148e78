#!/bin/sh
# tools.sh ROOT: tools/setup asks for what is missing, and tools/test counts right.
. "$(dirname "$0")/../support/tap.sh"
root=$1

# fake NAME LINE...: a program in front of the real one.
mkdir "$T/bin"
fake() {
    name=$T/bin/$1
    shift
    printf '%s\n' '#!/bin/sh' "$@" >"$name"
    chmod +x "$name"
}
faked() {
    env PATH="$T/bin:$PATH" T="$T" "$@"
}

fake dpkg-query 'for package; do :; done' \
    '[ "$package" = "$(cat "$T/missing")" ] && exit 1' 'echo installed'
fake apt-get 'echo "apt-get $*" >>"$T/called"'
fake sudo 'echo "sudo $*" >>"$T/called"' '[ -e "$T/may_sudo" ] || exit 1' \
    'while [ "$1" != sh ] && [ "$1" != -v ]; do shift; done' '[ "$1" = -v ] || exec "$@"'
fake id 'cat "$T/uid"'
fake node 'echo 18'
fake npm
echo 1000 >"$T/uid"
echo none >"$T/missing"

t_is 'nothing is missing: setup says and does nothing' \
    "$(faked "$root/tools/setup" run test 2>&1; echo $?)" 0
echo libsqlite3-dev >"$T/missing"
t_fails 'without root and sudo it prints the line to run' \
    "su -c 'apt-get update && apt-get install -y --no-install-recommends libsqlite3-dev'" \
    faked "$root/tools/setup"
t_is 'and does not say that it installs' "$(faked "$root/tools/setup" 2>/dev/null)" ''
: >"$T/called"
touch "$T/may_sudo"
t_ok 'with sudo it installs' faked "$root/tools/setup"
t_is 'just what is missing' "$(grep '^apt-get' "$T/called")" "apt-get update
apt-get install -y --no-install-recommends libsqlite3-dev"
: >"$T/called"
echo 0 >"$T/uid"
t_ok 'root installs' faked "$root/tools/setup" run
t_is 'without sudo' "$(grep -c '^sudo' "$T/called")" 0
echo libcmocka-dev >"$T/missing"
: >"$T/called"
t_ok 'what only tests need is not asked for by run' faked "$root/tools/setup" run
t_is 'and not installed' "$(cat "$T/called")" ''
fake node 'echo 16'
echo nodejs >"$T/missing"
t_ok "an old node is not enough" faked "$root/tools/setup"
t_is "Debian's is installed" "$(tail -n 1 "$T/called")" \
    'apt-get install -y --no-install-recommends nodejs'

# build RESULT STDOUT: what tools/test says of a build with one program of these.
fake ninja
fake meson 'mkdir -p "$T/build/meson-logs"' 'cp "$T/log" "$T/build/meson-logs/testlog.json"' \
    'exit "$(cat "$T/status")"'
build() {
    printf '{"name": "a", "result": "%s", "stdout": "%s"}\n' "$1" "$2" >"$T/log"
    [ "$1" = OK ] || [ "$1" = SKIP ]
    echo $? >"$T/status"
    faked "$root/tools/test" "$T/build" | tail -n 1
}
t_is 'single TAP lines are counted' "$(build OK '1..2\nok 1 - a\nok 2 - b\n')" '2 passed, 0 failed'
t_is 'failures too' "$(build FAIL '1..2\nok 1 - a\nnot ok 2 - b\n')" '1 passed, 1 failed'
t_is 'a bad end after good lines is a failure' \
    "$(build ERROR '1..2\nok 1 - a\nok 2 - b\n')" '2 passed, 1 failed'
t_is 'a time limit is a failure' "$(build TIMEOUT 'ok 1 - a\n')" '1 passed, 1 failed'
t_is 'a skipped line is counted apart' \
    "$(build OK '1..2\nok 1 - a\nok 2 - # SKIP no b here\n')" '1 passed, 0 failed, 1 skipped'
t_is 'a skipped program too' "$(build SKIP '1..0 # SKIP nothing\n')" '0 passed, 0 failed, 1 skipped'
t_is 'comments do not count' "$(build OK '1..1\n# not ok - x\nok 1 - a\n')" '1 passed, 0 failed'
build FAIL 'not ok 1 - a\n' >/dev/null
t_fails 'a failure is the exit status' '0 passed, 1 failed' faked "$root/tools/test" "$T/build"
printf '' >"$T/log"
echo 0 >"$T/status"
t_fails 'no test at all is a failure' '0 passed, 0 failed' faked "$root/tools/test" "$T/build"
fake meson 'mkdir -p "$T/build/meson-logs"' 'cp "$T/log" "$T/build/meson-logs/testlog.json"' \
    'mktemp >"$T/temp"'
t_is 'a file left behind is a failure' "$(build OK 'ok 1 - a\n')" '1 passed, 1 failed'
t_is 'and is removed' "$([ -e "$(cat "$T/temp")" ]; echo $?)" 1
t_done
