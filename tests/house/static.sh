#!/bin/sh
# static.sh ROOT BUILD: what clang-tidy and cppcheck say of each file under src/.
. "$(dirname "$0")/../support/tap.sh"
cd "$1" || exit 1
command -v clang-tidy-14 >/dev/null && command -v cppcheck >/dev/null ||
    t_skip_all 'clang-tidy-14 or cppcheck is not installed'

# The compile commands are those of gcc: its own flags are unknown to clang.
t_ok 'cppcheck' cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability \
    --inline-suppr --suppress=missingIncludeSystem --suppress=unknownEvaluationOrder \
    --suppress=shiftTooManyBitsSigned \
    --library=posix -D_GNU_SOURCE -Isrc src
for file in $(find src -name '*.c' ! -path src/base/err.c | sort); do
    t_ok "clang-tidy $file" clang-tidy-14 --quiet -p "$2" \
        --extra-arg=-Wno-unknown-warning-option \
        --extra-arg=-include --extra-arg="$1/tests/house/analyzer.h" "$file"
done
t_done
