#!/bin/sh
# house.sh ROOT BUILD BROKEN EMBED: the checks of the house hold here, and fail where they must.
# BROKEN is a unit test program in which every test must fail; EMBED is tools/embed.c.
. "$(dirname "$0")/../support/tap.sh"
root=$1 build=$2 broken=$3 embed=$4
here=$root/tests/house

t_ok 'every include is allowed by tools/layers' "$here/includes" "$root"
t_ok 'every folder links what tools/layers says' "$here/links" "$root/tools/layers" "$build/build.ninja"
t_ok 'only base calls the system' \
    "$here/symbols" "$root/tools/layers" "$root/tools/symbols-allowed" "$build/src"
t_ok 'every file is built' "$here/lists" "$root"
t_ok 'every header compiles alone' "$here/headers" "$root"

# A small house: upper stands on base.
house=$T/house
mkdir -p "$house/tools" "$house/src/base" "$house/src/upper" "$house/lib"
printf 'base  :\nupper : base\n' >"$house/tools/layers"
: >"$house/tools/symbols-allowed"

# file FOLDER/NAME LINE...
file() {
    name=$house/src/$1
    shift
    printf '%s\n' "$@" >"$name"
}

clear_house() {
    rm -f "$house"/src/*/* "$house"/lib/*
    file base/mem.h 'void *mem_new(void);'
    file base/mem.c '#include "base/mem.h"' 'void *malloc(unsigned long);' \
        'void *mem_new(void) { return malloc(1); }'
    file upper/a.h '#include "base/mem.h"' 'void *a(void);'
    file upper/a.c '#include "upper/a.h"' 'void *a(void) { return mem_new(); }'
}

symbols() {
    for folder in base upper; do
        for c in "$house/src/$folder"/*.c; do
            ${CC:-cc} -w -I"$house/src" -c "$c" -o "$house/lib/$(basename "$c" .c).o" &&
                ar rc "$house/lib/lib$folder.a" "$house/lib/$(basename "$c" .c).o"
        done
    done
    "$here/symbols" "$house/tools/layers" "$house/tools/symbols-allowed" "$house/lib"
}

clear_house
t_ok 'a good house passes: includes' "$here/includes" "$house"
t_ok 'a good house passes: symbols' symbols
t_ok 'a good house passes: headers' "$here/headers" "$house"

file base/mem.h '#include "upper/a.h"'
t_fails 'an include upwards is found' 'tools/layers does not let base include "upper/a.h"' \
    "$here/includes" "$house"
clear_house
file upper/a.h '#include "a.h"'
t_fails 'an include without its folder is found' 'as "folder/file.h"' "$here/includes" "$house"
clear_house
file base/mem_impl.h 'int x;'
file upper/a.h '#include "base/mem_impl.h"'
t_fails "another folder's private header is found" 'is private to base' "$here/includes" "$house"
clear_house
file upper/b.h 'int b(void);'
file upper/b.c '#include "upper/a.h"'
file upper/a.c '#include "upper/b.h"'
t_fails 'a ring of modules is found' 'a ring of modules' "$here/includes" "$house"
clear_house
mkdir "$house/src/stray"
file stray/x.c '#include "base/mem.h"'
t_fails 'a folder without a layer is found' 'stray is not in tools/layers' "$here/includes" "$house"
rm -r "$house/src/stray"
clear_house
printf 'base  : upper\nupper : base\n' >"$house/tools/layers"
t_fails 'a ring of folders is found' 'base stands on upper, which is not above it' \
    "$here/includes" "$house"
printf 'base  :\nupper : base\n' >"$house/tools/layers"

clear_house
file upper/a.c 'void *malloc(unsigned long);' 'void *a(void) { return malloc(1); }'
t_fails 'memory from the system is found' 'upper imports malloc' symbols
echo 'upper: mal*' >"$house/tools/symbols-allowed"
t_ok 'an exception is heeded' symbols
: >"$house/tools/symbols-allowed"
clear_house
file upper/a.c 'long time(long *);' 'long a(void) { return time(0); }'
t_fails 'a clock is found' 'upper imports time' symbols
clear_house
file upper/a.c '#include <stdio.h>' 'void a(int n) { printf("%d", n); }'
t_fails 'printing is found' 'upper imports printf' symbols
clear_house
file upper/a.c 'void exit(int);' 'void a(void) { exit(1); }'
t_fails 'leaving is found' 'upper imports exit' symbols
clear_house
file upper/a.c 'int sqlite3_open(void);' 'int a(void) { return sqlite3_open(); }'
t_fails "another folder's library is found" 'upper imports sqlite3_open' symbols
clear_house
file base/mem.c 'void *a(void);' 'void *mem_new(void) { return a(); }'
t_fails 'a call upwards is found' 'base calls a of upper, against tools/layers' symbols
clear_house
file upper/a.h 'size_t a(void);'
t_fails 'a header that does not compile alone is found' 'size_t' "$here/headers" "$house"

clear_house
mkdir -p "$house/tests/unit/base" "$house/tests/flow"
printf "here = files(\n  'a.c',\n)\n" >"$house/src/upper/meson.build"
printf "here = files(\n)\n" >"$house/src/base/meson.build"
t_fails 'a file that nobody builds is found' 'src/base/mem.c is not in src/base/meson.build' \
    "$here/lists" "$house"
printf "here = files(\n  'mem.c',\n)\n" >"$house/src/base/meson.build"
t_ok 'a good house passes: lists' "$here/lists" "$house"
rm "$house"/src/*/meson.build

# ninja LINE...: what the build file says.
ninja() {
    printf '%s\n' "$@" >"$house/build.ninja"
}
base='build src/libbase.a: STATIC_LINKER mem.o'
upper='build src/libupper.a: STATIC_LINKER a.o'
test_base='build tests/unit/test_base: c_LINKER b.o | src/libbase.a'
ninja "$base" "$upper" "$test_base" \
    'build tests/unit/test_upper: c_LINKER a.o | src/libbase.a src/libupper.a'
t_ok 'a good house passes: links' "$here/links" "$house/tools/layers" "$house/build.ninja"
ninja "$base" "$upper" "$test_base"
t_fails 'a folder without unit tests is found' 'upper: has no unit test program' \
    "$here/links" "$house/tools/layers" "$house/build.ninja"
ninja "$base" "$upper" 'build tests/unit/test_base: c_LINKER b.o | src/libbase.a src/libupper.a' \
    'build tests/unit/test_upper: c_LINKER a.o | src/libupper.a'
t_fails 'a link upwards is found' 'test_base is linked with upper, against tools/layers' \
    "$here/links" "$house/tools/layers" "$house/build.ninja"
t_fails 'a missing link is found' 'test_upper is not linked with base' \
    "$here/links" "$house/tools/layers" "$house/build.ninja"

# The banned calls.
banned() {
    printf '%s\n' "$@" | ${CC:-cc} -std=gnu2x -fsyntax-only -include "$root/src/base/banned.h" -x c -
}
t_ok 'what is not banned compiles' banned '#include <string.h>' '#include <stdlib.h>' \
    '#include <stdio.h>' '#include <time.h>' 'size_t a(char *s) { return strlen(s); }'
t_fails 'a banned call does not compile' 'use buf' \
    banned '#include <string.h>' 'void a(char *s) { strcpy(s, ""); }'
t_fails 'a banned clock does not compile' 'use base/time.h' \
    banned '#include <time.h>' 'void *a(time_t *t) { return localtime(t); }'

# The page in the binary.
page=$T/page
mkdir -p "$page/sub dir"
echo '<p>' >"$page/index.html"
echo 'b{}' >"$page/sub dir/z.css"
embed() {
    (cd "$T" && "$embed" page page.s page.gz page.d)
}
t_ok 'a folder is embedded' embed
t_is 'ninja learns of every folder and file in it' \
    "$(sed 's/^page.s: //; s/\\ /_/g; s/ /\n/g' "$T/page.d" | sort | tr '\n' ' ')" \
    'page page/index.html page/sub_dir page/sub_dir/z.css '
cksum "$T/page.s" "$T/page.gz" >"$T/first"
embed
t_is 'embedding again gives the same bytes' "$(cksum "$T/page.s" "$T/page.gz")" "$(cat "$T/first")"
cp "$T/page.s" "$T/before"
echo 'c{}' >"$page/sub dir/z.css"
embed
t_fails 'other bytes have another tag' 'differ' cmp "$T/page.s" "$T/before"

# What the unit tests stand on.
ASAN_OPTIONS=detect_leaks=0 "$broken" >"$T/broken" 2>&1
t_is 'the harness finds every fault of the broken tests' "$(grep -c '^ok' "$T/broken")" 0
t_is 'and they all ran' "$(grep -c '^not ok' "$T/broken")" "$(sed -n 's/^1\.\.//p' "$T/broken")"

if command -v "${CLANG_FORMAT:-clang-format-14}" >/dev/null; then
    t_ok 'clang-format has nothing to change' "$here/format" "$root"
    clear_house
    cp "$root/.clang-format" "$house"
    mkdir -p "$house/tests"
    file upper/a.c 'int   a;'
    t_fails 'a badly formatted file is found' 'upper/a.c: run' "$here/format" "$house"
else
    echo "ok $((t_n += 1)) - # SKIP clang-format-14 is not installed"
fi
t_done
