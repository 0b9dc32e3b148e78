/* Random rules over random timelines. Everything happens at quarters of a second and all
 * lengths are whole seconds, so that whatever changes does so at a quarter or one millisecond
 * behind it: asking there is asking everywhere. */
#include "base/num.h"
#include "shop.h"
#include "support/chance.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

enum { QUARTER = 250, EVENTS_MAX = 14, QUARTERS = 80 };

struct fact {
    int64_t at_ms;
    int type;   /* of types */
    int number; /* property; -1: none */
};

static const char *const types[] = {"visit", "login", "purchase"};

static uint32_t make_facts(struct random *r, struct fact *fact, struct buf *timeline,
                           int64_t start)
{
    uint32_t n = (uint32_t)random_below(r, EVENTS_MAX + 1);
    int64_t at = start;

    for (uint32_t i = 0; i < n; i++) {
        at += (int64_t)random_below(r, 8) * QUARTER;
        fact[i] = (struct fact){at, (int)random_below(r, 3), (int)random_below(r, 5) - 1};
        if (i)
            buf_add(timeline, STR("; "));
        moment_print(timeline, at);
        buf_add_format(timeline, " %s", types[fact[i].type]);
        if (fact[i].number >= 0)
            buf_add_format(timeline, " seconds=%d quantity=%d", fact[i].number,
                           fact[i].number);
        if (random_below(r, 4) == 0)
            buf_add_format(timeline, " @age=%d", (int)random_below(r, 3));
        if (random_below(r, 4) == 0) {
            buf_add(timeline, STR(" @renewal="));
            moment_print(timeline, start + (int64_t)random_below(r, QUARTERS) * QUARTER);
        }
    }
    buf_add_char(timeline, 0);
    return n;
}

static void add_window(struct random *r, struct buf *b)
{
    int from = (int)random_below(r, 5), to = from + 1 + (int)random_below(r, 5);

    switch (random_below(r, 5)) {
    case 0:
        break;
    case 1:
        buf_add(b, STR(", stage"));
        break;
    case 2:
        buf_add_format(b, ", %ds..%ds", from, to);
        break;
    default:
        buf_add_format(b, ", %ds", to);
    }
}

static void add_pattern(struct random *r, struct buf *b, bool property)
{
    static const char *const with[] = {"visit.seconds", "purchase.quantity"};
    static const char *const without[] = {"visit", "login", "purchase", "any"};
    uint64_t which = random_below(r, 4);

    if (property) {
        which %= 2;
        buf_add(b, str_of(with[which]));
    } else {
        buf_add(b, str_of(without[which]));
    }
    if (random_below(r, 4) == 0 && (property ? which == 0 : which == 0))
        buf_add_format(b, " where seconds %s %d",
                       random_below(r, 2) ? ">" : "!=", (int)random_below(r, 3));
}

static const char *one_of(struct random *r, const char *const *text, size_t n)
{
    return text[random_below(r, n)];
}

#define ONE_OF(r, ...)                                                                   \
    one_of(r, (const char *const[]){__VA_ARGS__},                                        \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void add_test(struct random *r, struct buf *b)
{
    switch (random_below(r, 9)) {
    case 0:
        buf_add(b, STR("exists("));
        add_pattern(r, b, false);
        add_window(r, b);
        buf_add(b, STR(")"));
        break;
    case 1:
        buf_add_format(b, "%s(", ONE_OF(r, "since", "age"));
        add_pattern(r, b, random_below(r, 2));
        add_window(r, b);
        buf_add_format(b, ") %s %ds", ONE_OF(r, "<", "<=", ">", ">="),
                       (int)random_below(r, 6));
        break;
    case 2:
        buf_add_format(
            b, "%s %s %ds",
            ONE_OF(r, "until(trait.renewal)", "since(trait.renewal)", "time_in_stage"),
            ONE_OF(r, "<", "<=", ">", ">="), (int)random_below(r, 6));
        break;
    case 3:
        buf_add_format(b, "sequence(%s, %s within %ds", ONE_OF(r, "visit", "any"),
                       ONE_OF(r, "login", "visit"), 1 + (int)random_below(r, 4));
        if (random_below(r, 2))
            buf_add_format(b, ", %s within %ds", ONE_OF(r, "purchase", "visit.seconds"),
                           1 + (int)random_below(r, 4));
        add_window(r, b);
        buf_add(b, STR(")"));
        break;
    case 4:
        buf_add_format(b, "trait.age %s",
                       ONE_OF(r, "= 1", "is missing", "in (0, 2)", "> 0"));
        break;
    case 5:
        buf_add(b, STR("count("));
        add_pattern(r, b, false);
        add_window(r, b);
        buf_add_format(b, ") %s ", ONE_OF(r, "<", "=", ">="));
        buf_add(b, STR("0.5 * count("));
        add_pattern(r, b, false);
        add_window(r, b);
        buf_add(b, STR(")"));
        break;
    case 6:
        buf_add_format(b, "last(%s", ONE_OF(r, "visit", "login"));
        add_window(r, b);
        buf_add_format(b, ") - first(%s", ONE_OF(r, "visit", "purchase"));
        add_window(r, b);
        buf_add_format(b, ") %s %ds", ONE_OF(r, "<", ">="), (int)random_below(r, 3));
        break;
    default:
        buf_add_format(
            b, "%s(",
            ONE_OF(r, "count", "sum", "avg", "min", "max", "distinct", "first", "last"));
        add_pattern(r, b, true);
        add_window(r, b);
        buf_add_format(b, ") %s %d", ONE_OF(r, "=", "!=", "<", "<=", ">", ">="),
                       (int)random_below(r, 5));
    }
}

static void add_rule(struct random *r, struct buf *b)
{
    const char *word = random_below(r, 2) ? " and " : " or ";
    uint64_t n = 1 + random_below(r, 3);

    for (uint64_t i = 0; i < n; i++) {
        if (i)
            buf_add(b, str_of(word));
        if (random_below(r, 4) == 0)
            buf_add(b, STR("not "));
        add_test(r, b);
    }
    buf_add_char(b, 0);
}

static const uint32_t times_in[SHOP_STAGES] = {1, 2, 0, 0};

static struct situation standing(int64_t entered_ms, int64_t at_ms)
{
    return (struct situation){.at_ms = at_ms,
                              .stage = 1,
                              .previous_stage = 0,
                              .entered_ms = entered_ms,
                              .times_in = times_in};
}

/* The customer as he was known at at_ms: later events taken away. */
static void know_until(struct shop *s, const struct timeline *whole, int64_t at_ms)
{
    s->timeline = *whole;
    while (s->timeline.n && whole->at_ms[s->timeline.n - 1] > at_ms)
        s->timeline.n--;
}

struct scene {
    struct shop shop;
    struct buf timeline, rule;
    struct fact fact[EVENTS_MAX];
    uint32_t n;
    int64_t start_ms, entered_ms;
    struct timeline whole;
    struct rule_ref ref;
};

static void scene_open(struct random *r, struct scene *s)
{
    struct err err;

    *s = (struct scene){.start_ms = INT64_C(1767571200000)};
    s->entered_ms = s->start_ms + (int64_t)random_below(r, QUARTERS / 2) * QUARTER;
    s->n = make_facts(r, s->fact, &s->timeline, s->start_ms);
    add_rule(r, &s->rule);
    if (!shop_open(&s->shop, "UTC", s->timeline.p, &err))
        fail_msg("%s: %s", s->timeline.p, err.msg);
    if (!shop_rule(&s->shop, s->rule.p, RULE_CONDITION, &s->ref, &err))
        fail_msg("%s: %s", s->rule.p, err.msg);
    s->whole = s->shop.timeline;
    assert_true(shop_start(&s->shop, &err));
}

static void scene_close(struct scene *s)
{
    shop_close(&s->shop);
    buf_free(&s->timeline);
    buf_free(&s->rule);
}

static void scene_fail(const struct scene *s, int64_t at_ms, const char *what)
{
    fail_msg("%s\n  over %s\n  %lld ms in, stage since %lld ms: %s", s->rule.p,
             s->timeline.p, (long long)(at_ms - s->start_ms),
             (long long)(s->entered_ms - s->start_ms), what);
}

TEST(moving_forward_answers_as_asking_afresh)
{
    struct random r = chance();

    for (int round = 0; round < 400; round++) {
        struct cursor *fresh;
        struct scene s;
        struct err err;
        int64_t at;

        scene_open(&r, &s);
        at = s.start_ms;
        assert_true(cursor_new(s.shop.program, &fresh, &err));
        while (at < s.start_ms + QUARTERS * QUARTER) {
            struct situation situation = standing(s.entered_ms, at);
            struct answer forward = cursor_ask(s.shop.cursor, s.ref, &situation);
            struct answer afresh, exact;

            assert_true(cursor_start(fresh, &s.whole, &err));
            afresh = cursor_ask(fresh, s.ref, &situation);
            if (forward.value.truth != afresh.value.truth || forward.holds_until_ms <= at)
                scene_fail(&s, at, "moving forward differs from asking afresh");
            assert_true(cursor_ask_exact(s.shop.cursor, s.ref, &situation, &exact, &err));
            if (exact.value.truth != afresh.value.truth
                || exact.holds_until_ms < afresh.holds_until_ms)
                scene_fail(&s, at, "the exact answer is another");
            at += (int64_t)random_below(&r, 6) * QUARTER - (int64_t)random_below(&r, 2);
            if (at < situation.at_ms)
                at = situation.at_ms;
            at += random_below(&r, 3) == 0;
        }
        cursor_free(fresh);
        scene_close(&s);
    }
}

static bool truth_at(struct cursor *c, const struct scene *s, int64_t at_ms)
{
    struct situation situation = standing(s->entered_ms, at_ms);

    return cursor_ask(c, s->ref, &situation).value.truth;
}

/* One millisecond before a quarter of a second, at it, and one behind it. */
static int64_t next_probe(int64_t t)
{
    int64_t behind = t % QUARTER;

    return behind == 0 || behind == QUARTER - 1 ? t + 1 : t - behind + QUARTER - 1;
}

TEST(no_answer_changes_before_the_moment_until_which_it_holds)
{
    struct random r = chance();

    for (int round = 0; round < 400; round++) {
        int64_t at, end;
        struct answer answer, exact;
        struct situation situation;
        struct scene s;
        struct err err;

        scene_open(&r, &s);
        at = s.start_ms + (int64_t)random_below(&r, QUARTERS) * QUARTER
             + (int64_t)random_below(&r, 3) - 1;
        end = at + 2 * QUARTERS * QUARTER;
        situation = standing(s.entered_ms, at);
        answer = cursor_ask(s.shop.cursor, s.ref, &situation);
        assert_true(cursor_ask_exact(s.shop.cursor, s.ref, &situation, &exact, &err));
        if (answer.holds_until_ms <= at || exact.holds_until_ms <= at)
            scene_fail(&s, at, "an answer holds for some time");

        know_until(&s.shop, &s.whole, at);
        assert_true(cursor_start(s.shop.cursor, &s.shop.timeline, &err));
        for (int64_t t = at; t < end; t = next_probe(t)) {
            bool truth = truth_at(s.shop.cursor, &s, t);

            if (truth != answer.value.truth) {
                if (t < answer.holds_until_ms)
                    scene_fail(&s, at, "the answer changes before it says");
                if (t < exact.holds_until_ms)
                    scene_fail(&s, at, "the exact answer changes before it says");
                break;
            }
        }
        scene_close(&s);
    }
}

/* --- one function, against a loop over the facts --- */

struct spec {
    int function; /* of functions */
    int type;
    bool property;
    int from, to; /* seconds; to 0: no window; -1: stage */
};

static const char *const functions[] = {"count", "sum",      "avg",   "min",
                                        "max",   "distinct", "first", "last"};

static bool is_in(const struct scene *s, const struct spec *spec, const struct fact *f,
                  int64_t at)
{
    if (f->type != spec->type || (spec->property && f->number < 0) || f->at_ms > at)
        return false;
    if (spec->to == -1)
        return f->at_ms >= s->entered_ms;
    return spec->to == 0
           || (f->at_ms + spec->from * 1000 <= at && at < f->at_ms + spec->to * 1000);
}

static struct value slow_value(const struct scene *s, const struct spec *spec, int64_t at)
{
    struct value v = {.type = VALUE_MISSING};
    int64_t n = 0, sum = 0, distinct = 0, least = 0, most = 0, first = 0, last = 0;
    bool seen[5] = {false};

    for (uint32_t i = 0; i < s->n; i++) {
        const struct fact *f = &s->fact[i];

        if (!is_in(s, spec, f, at))
            continue;
        if (f->number >= 0) {
            distinct += !seen[f->number];
            seen[f->number] = true;
        }
        least = n == 0 || f->number < least ? f->number : least;
        most = n == 0 || f->number > most ? f->number : most;
        first = n == 0 ? f->number : first;
        last = f->number;
        sum += f->number;
        n++;
    }
    if (n > 0 || spec->function < 2 || spec->function == 5)
        v.type = VALUE_NUMBER;
    if (v.type == VALUE_NUMBER && spec->function == 2)
        assert_true(num_div128((__int128)sum * NUM_ONE, n, &v.number));
    else
        v.number = NUM_ONE
                   * (const int64_t[]){
                       n, sum, 0, least, most, distinct, first, last}[spec->function];
    return v;
}

TEST(a_function_gives_what_a_loop_over_the_events_gives)
{
    static const char *const property[] = {".seconds", "", ".quantity"};
    struct random r = chance();

    for (int round = 0; round < 1500; round++) {
        struct spec spec = {.function = (int)random_below(&r, 8),
                            .type = random_below(&r, 2) ? 0 : 2,
                            .property = true,
                            .from = (int)random_below(&r, 4)};
        struct scene s;
        struct buf text = {NULL};
        struct rule_ref rule;
        struct err err;

        scene_open(&r, &s);
        cursor_free(s.shop.cursor);
        s.shop.cursor = NULL;
        if (spec.function == 0 && random_below(&r, 2))
            spec.property = false;
        spec.to = random_below(&r, 4) ? spec.from + 1 + (int)random_below(&r, 4)
                                      : -(int)random_below(&r, 2);
        buf_add_format(&text, "%s(%s%s", functions[spec.function], types[spec.type],
                       spec.property ? property[spec.type] : "");
        if (spec.to > 0)
            buf_add_format(&text, ", %ds..%ds", spec.from, spec.to);
        buf_add_format(&text, "%s)", spec.to == -1 ? ", stage" : "");
        buf_add_char(&text, 0);
        if (!shop_rule(&s.shop, text.p, RULE_NUMBER, &rule, &err))
            fail_msg("%s: %s", text.p, err.msg);
        assert_true(shop_start(&s.shop, &err));
        for (int64_t at = s.start_ms; at < s.start_ms + QUARTERS * QUARTER;
             at += 1 + (int64_t)random_below(&r, 2 * QUARTER)) {
            struct situation situation = standing(s.entered_ms, at);
            struct answer answer = cursor_ask(s.shop.cursor, rule, &situation);
            struct value slow = slow_value(&s, &spec, at);

            if (answer.value.type != slow.type
                || (slow.type == VALUE_NUMBER && answer.value.number != slow.number)) {
                print_error("%s: %lld, not %lld\n", text.p,
                            (long long)answer.value.number, (long long)slow.number);
                scene_fail(&s, at, "another value");
            }
        }
        buf_free(&text);
        scene_close(&s);
    }
}

/* --- silences of many customers in one chunk --- */

enum { CROWD = 6, CROWD_EVENTS = 150, CROWD_RULES = 3 };

struct silence {
    char text[40];
    const char *compare;
    int64_t length_ms;
    struct rule_ref rule;
};

static void make_crowd(struct random *r, struct buf *timeline)
{
    for (int i = 0; i < CROWD; i++) {
        int64_t at = INT64_C(1767571200000) + (int64_t)random_below(r, 40) * QUARTER;

        for (uint64_t n = 1 + random_below(r, CROWD_EVENTS); n; n--) {
            bool silent = random_below(r, 30) == 0;

            at += (int64_t)random_below(r, silent ? 40 : 3) * QUARTER;
            buf_add(timeline, timeline->n ? STR("; ") : STR(""));
            moment_print(timeline, at);
            buf_add_format(timeline, " %s", types[random_below(r, 3)]);
            if (i) /* the first is anna */
                buf_add_format(timeline, " by=c%d", i);
        }
    }
    buf_add_char(timeline, 0);
}

static bool is_silent(const struct silence *s, const struct timeline *t, int64_t at_ms)
{
    int64_t since = at_ms - t->at_ms[timeline_until(t, 0, at_ms) - 1];

    if (s->compare[0] == '>')
        return s->compare[1] ? since >= s->length_ms : since > s->length_ms;
    return s->compare[1] ? since <= s->length_ms : since < s->length_ms;
}

/* At every moment at which the answer can change; until_ms is one at which it does. */
static void check_silence(const struct silence *s, const struct timeline *t, bool truth,
                          int64_t at_ms, int64_t until_ms)
{
    bool same = is_silent(s, t, at_ms) == truth
                && (until_ms == MOMENT_NEVER || is_silent(s, t, until_ms) != truth);

    for (uint32_t i = 0; i < t->n; i++) {
        const int64_t can[] = {t->at_ms[i], t->at_ms[i] + s->length_ms,
                               t->at_ms[i] + s->length_ms + 1};

        for (size_t k = 0; k < 3; k++)
            same &=
                can[k] < at_ms || can[k] >= until_ms || is_silent(s, t, can[k]) == truth;
    }
    if (!same)
        fail_msg("%s: customer %u, asked at %lld, until %lld", s->text, t->customer,
                 (long long)at_ms, (long long)until_ms);
}

static void live_in_silences(struct random *r, struct cursor *c, const struct timeline *t,
                             const struct silence *s)
{
    for (int64_t at = t->at_ms[0], next; at != MOMENT_NEVER; at = next) {
        struct situation situation = standing(at, at);

        next = MOMENT_NEVER;
        for (int i = 0; i < CROWD_RULES; i++) {
            int64_t until;
            bool truth = cursor_ask_ahead(c, &s[i].rule, 1, &situation, &until) == 0;

            check_silence(&s[i], t, truth, at, until);
            next = until < next ? until : next;
        }
        if (next != MOMENT_NEVER && random_below(r, 4) == 0)
            next += (int64_t)random_below(r, 100) * QUARTER;
    }
}

TEST(the_next_silence_of_each_of_many_customers_is_found)
{
    struct random r = chance();

    for (int round = 0; round < 60; round++) {
        struct silence silence[CROWD_RULES];
        struct buf timeline = {NULL};
        struct shop shop;
        struct err err;

        make_crowd(&r, &timeline);
        assert_true(shop_open(&shop, "UTC", timeline.p, &err));
        for (int i = 0; i < CROWD_RULES; i++) {
            struct silence *s = &silence[i];

            s->compare = ONE_OF(&r, "<", "<=", ">", ">=");
            s->length_ms = (1 + round % 4 + (int64_t)random_below(&r, 6)) * 1000;
            snprintf(s->text, sizeof s->text, "since(any) %s %ds", s->compare,
                     (int)(s->length_ms / 1000));
            if (!shop_rule(&shop, s->text, RULE_CONDITION, &s->rule, &err))
                fail_msg("%s: %s", s->text, err.msg);
        }
        assert_true(cursor_new(shop.program, &shop.cursor, &err));
        for (uint32_t i = 0; i < shop.chunk->customer_n; i++) {
            struct timeline t = timeline_of(shop.chunk, shop.chunk->customer_first + i);

            assert_true(cursor_start(shop.cursor, &t, &err));
            if (t.n)
                live_in_silences(&r, shop.cursor, &t, silence);
        }
        shop_close(&shop);
        buf_free(&timeline);
    }
}
