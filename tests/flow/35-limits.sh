#!/bin/sh
# Rules and models of any size and depth are answered or refused, with words and in no time: each
# has $PATIENCE seconds of the processor.
. "$(dirname "$0")/../support/tap.sh"
file=$T/shop.ciclo
model=$T/model.yaml
cat >"$T/base.yaml" <<'YAML'
ciclo: 1
workspace: { name: Limits, currency: EUR, timezone: Europe/Rome }
events: { visit: , purchase: { properties: { revenue: money } } }
traits: { country: text }
lifecycle:
  start: a
  stages: { a: , b: }
  moves:
    - { from: a, to: b, when: "exists(purchase)" }
YAML
cat >"$T/many-stages.yaml" <<'YAML'
ciclo: 1
workspace: { name: Limits, currency: EUR, timezone: Europe/Rome }
events: { visit: , purchase: }
lifecycle:
  start: s0
  stages:
YAML
awk 'BEGIN { for (i = 0; i < 1000; i++) print "    s" i ":"; print "  moves:" }' \
    >>"$T/many-stages.yaml"

# t_quick HOW TEXT NAME: the model is right (HOW is ok) or refused (HOW is no), and says TEXT.
t_quick() {
    (ulimit -t "$PATIENCE" && exec "$CICLO" model check "$file" "$model") >"$T/.output" 2>&1
    status=$?
    [ "$1" = ok ] && wanted=0 || wanted=1
    [ $status = $wanted ] && grep -qF -e "$2" "$T/.output"
    t_line $? "$3" "$T/.output"
}

# segments PROGRAM: the base model with the segments that awk prints.
segments() {
    { cat "$T/base.yaml" && echo 'segments:' && awk "BEGIN { $1 }"; } >"$model"
}

# rule PROGRAM: the base model with one segment, whose rule awk prints.
rule() {
    segments "printf \"  s: { when: \\\"\"; $1; print \"\\\" }\""
}

t_ok 'a file is made' "$CICLO" init "$file" --model "$T/base.yaml"

rule 'for (i = 0; i < 10000; i++) printf "("; printf "exists(visit)"; for (i = 0; i < 10000; i++) printf ")"'
t_quick no 'longer than 16384' 'a rule nested 10,000 deep'
rule 'for (i = 0; i < 8000; i++) printf "("; printf "exists(visit)"; for (i = 0; i < 8000; i++) printf ")"'
t_quick no 'nested too deep' 'a rule nested as deep as fits'
rule 'printf "count(visit) > "; for (i = 0; i < 8000; i++) printf "-"; printf "1"'
t_quick no 'nested too deep' 'a chain of signs'
for op in + - '*' /; do
    rule "printf \"count(visit) > 1\"; for (i = 0; i < 8000; i++) printf \"$op%d\", 1"
    t_quick no 'nested too deep' "a chain of $op"
done
rule 'printf "exists(visit)"; for (i = 0; i < 900; i++) printf " and exists(visit)"'
t_quick ok 'The model is right' 'a chain of and'
rule 'printf "exists(visit)"; for (i = 0; i < 600; i++) printf " or exists(visit,%ds)", i + 1'
t_quick ok 'The model is right' 'a chain of or'
rule 'printf "1"; for (i = 0; i < 8000; i++) printf "<1"'
t_quick no 'one comparison at a time' 'a chain of comparisons'
rule 'for (i = 0; i < 4000; i++) printf "not "; printf "exists(visit)"'
t_quick no 'one not is enough' 'a chain of not'
rule 'printf "trait.country in (0"; for (i = 0; i < 8000; i++) printf ",1"; printf ")"'
t_quick no 'cannot be compared' 'a long list'
rule 'printf "sequence(visit"; for (i = 0; i < 500; i++) printf ", visit within 1d"; printf ")"'
t_quick no 'at most 16 steps' 'a long sequence'

segments 'for (i = 0; i < 5000; i++) print "  s" i ": { when: \"count(purchase, " i + 1 "d) >= 2\" }"'
t_quick ok '5000 segments' '5,000 segments'
segments 'print "  s0: { when: \"exists(visit)\" }"; for (i = 1; i < 5000; i++) print "  s" i ": { when: \"segment.s" i - 1 "\" }"'
t_quick no 'more than 32 deep' '5,000 segments, each naming the one before'
segments 'for (i = 0; i < 5000; i++) print "  s" i ": { when: \"segment.s" (i + 1) % 5000 "\" }"'
t_quick no 'more than 32 deep' 'a ring of 5,000 segments'
segments 'for (i = 0; i < 5000; i++) print "  s" i ": { when: \"segment.s" i - i % 10 + (i + 1) % 10 "\" }"'
t_quick no 'name one another in a ring' '500 rings of ten segments'
segments 'for (i = 0; i < 5000; i++) print "  s" i ": { when: \"segment.z" i "\" }"'
t_quick no 'there is no segment "z0"' '5,000 segments that name nothing'
segments 'for (i = 0; i < 4000; i++) print "  t" i ": { when: \"exists(visit)\" }"; for (i = 0; i < 560; i++) { printf "  s" i ": { when: \"segment.t0"; for (k = 1; k < 900; k++) printf " or segment.t%d", (i * 7 + k * 31) % 4000; print "\" }" }'
t_quick ok '4560 segments' '500,000 names of segments'

{ cat "$T/base.yaml" && awk 'BEGIN { for (i = 1; i < 10000; i++) print "    - { from: b, to: a, when: \"count(purchase, " i "d) >= 3\" }" }'; } >"$model"
t_quick ok '10000 moves' '10,000 moves'
{ cat "$T/many-stages.yaml" && awk 'BEGIN { for (i = 0; i < 10000; i++) print "    - { from: any, to: s" i % 1000 ", when: \"count(purchase, " i + 1 "d) >= 3\" }" }'; } >"$model"
t_quick ok '10000 moves' '10,000 moves from any of 1,000 stages'
{ cat "$T/many-stages.yaml" && awk 'BEGIN { for (i = 0; i < 10000; i++) print "    - { from: any, to: s" i % 1000 ", when: \"exists(purchase)\" }" }'; } >"$model"
t_quick ok '10000 moves' '10,000 moves by one rule'
{ cat "$T/many-stages.yaml" && awk 'BEGIN { for (i = 0; i < 900; i++) { printf "    - { from: [s999"; for (k = 0; k < 999; k++) if (k != i) printf ", s%d", k; print "], to: s" i ", when: \"exists(purchase)\" }" } }'; } >"$model"
t_quick ok '900 moves' '900 moves from 1,000 stages each'
{ cat "$T/base.yaml" && awk 'BEGIN { for (i = 0; i < 10000; i++) print "    - { from: b, to: a, when: \"exists(visit)\" }" }'; } >"$model"
t_quick no 'at most 10000 moves' 'a move too many'

# Ten MB, each of them: terms, wheres, texts, things to be said of, comments, brackets.
big() {
    segments "for (s = 0; n < 10200000; s++) { t = \"  s\" s \": { when: \\\"\"; for (k = 0; k < 340; k++) t = t (k ? \" and \" : \"\") $1; t = t \"\\\" }\"; print t; n += length(t) + 1; k0 += 340 }"
}
big '"count(visit," k0 + k + 1 "s)>1"'
t_quick ok 'The model is right' 'a model of 10 MB: terms'
big '"count(purchase where revenue>" k0 + k ")>1"'
t_quick ok 'The model is right' 'a model of 10 MB: events picked by their properties'
big '"sequence(visit,visit within " k0 + k + 1 "s)"'
t_quick ok 'The model is right' 'a model of 10 MB: sequences'
big '"not trait.country=" q (k0 + k) q'
t_quick no 'cannot be compared' 'a model of 10 MB: with a fault at its beginning'
big '"count(visit," k0 + k + 1 "s)<1"'
t_quick ok 'this is also true of customers without any' 'a model of 10 MB: much to be said of'
{ cat "$T/base.yaml" && awk 'BEGIN { for (i = 0; i < 100000; i++) printf "# %98d\n", i }'; } >"$model"
t_quick ok 'The model is right' 'a model of 10 MB: comments'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%.100d", 0 }' | tr 0 '[' >"$model"
t_quick no 'deeper than 64' 'a model of 10 MB: brackets'
{ cat "$T/base.yaml" && awk 'BEGIN { for (i = 0; i < 110000; i++) printf "# %98d\n", i }'; } >"$model"
t_quick no 'is larger than' 'a model of more than 10 MB'
t_done
