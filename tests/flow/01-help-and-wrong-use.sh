#!/bin/sh
# What the program says of itself, and what it answers to what it does not understand: wrong
# use is 2 and goes to standard error, help is 0 and goes to standard output.
. "$(dirname "$0")/../support/tap.sh"

# wrong NAME TEXT WORDS...: exit code 2, the text on standard error, nothing on standard output.
wrong() {
    name=$1 text=$2
    shift 2
    "$CICLO" "$@" >"$T/out" 2>"$T/err"
    status=$?
    { [ $status = 2 ] && [ ! -s "$T/out" ] && grep -qF -e "$text" "$T/err"; }
    t_line $? "$name" "$T/err"
}

commands='init info export import stages customer serve sql refused replay model_show model_check model_apply'
for command in $commands; do
    words=$(echo "$command" | tr _ ' ')
    t_ok "help names $words" sh -c '"$0" help | grep -q "^  ciclo $1 "' "$CICLO" "$words"
    # shellcheck disable=SC2086
    t_is "ciclo $words --help and ciclo help $words say the same" \
        "$("$CICLO" $words --help)" "$("$CICLO" help $words)"
    # shellcheck disable=SC2086
    t_ok "with its use" sh -c '"$0" help $1 | head -n 1 | grep -q "^ciclo $1 "' "$CICLO" "$words"
done
t_ok 'a version' sh -c '"$0" --version | grep -Eq "^ciclo [0-9]+\.[0-9]+"' "$CICLO"

wrong 'no command: the list' 'ciclo stages'
wrong 'an unknown command' 'there is no command "frobnicate"' frobnicate
wrong 'with the nearest' 'did you mean "ciclo stages"?' stage x.ciclo
wrong 'half a command' 'did you mean "ciclo model show"?' model shw x.ciclo
wrong 'no file' 'something is missing' stages
wrong 'with its use' 'Use: ciclo customer FILE ID' customer x.ciclo
wrong 'too many words' '"three" is one word too many' stages x.ciclo three
wrong 'an unknown option' 'there is no option --frob' stages x.ciclo --frob
wrong 'an option without its value' '--at needs a value' stages x.ciclo --at
wrong 'an option twice' '--at is given twice' stages x.ciclo --at 2020-01-01 --at 2020-01-02
wrong 'a period that is none' 'day, week, month, quarter, year' stages x.ciclo --by hour
wrong 'JSON and CSV at once' 'exclude each other' stages x.ciclo --json --csv
wrong 'a language that is none' 'en, it, pt' customer x.ciclo anna --language de
wrong 'a model and a template' 'exclude each other' init x.ciclo --model m --template retail
wrong 'no file to make' 'missing' init
t_is 'and nothing was made' "$(ls "$T")" "$(printf 'err\nout')"

"$CICLO" stages x.ciclo --clock noon >"$T/out" 2>&1
t_is 'a clock that is none is a failure' "$? $(grep -c -e --clock "$T/out")" '1 1'
t_done
