/* A scan against a cursor: the same answers for everybody, whatever the rule. */
#include "base/num.h"
#include "rule/scan.h"
#include "shop.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

enum { DAYS = 150, TESTS_MAX = 4 };

static const char *one_of(struct random *r, const char *const *text, size_t n)
{
    return text[random_below(r, n)];
}

#define ONE_OF(r, ...)                                                                   \
    one_of(r, (const char *const[]){__VA_ARGS__},                                        \
           sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

/* From 15 January 2026 on, over the night in March in which Rome loses an hour. */
static int64_t random_moment(struct random *r)
{
    int64_t day = INT64_C(1768435200000) + (int64_t)random_below(r, DAYS) * MS_DAY;

    return day + (int64_t)random_below(r, 25) * MS_HOUR - (int64_t)random_below(r, 2);
}

static void add_event(struct random *r, struct buf *b)
{
    static const char *const by[] = {"anna",  "ben",   "carla", "dino",
                                     "elena", "fabio", "gina"};
    const char *type = ONE_OF(r, "visit", "login", "purchase", "purchase", "identify",
                              "mail_sent", "consent");

    moment_print(b, random_moment(r));
    buf_add_format(b, " %s by=%s", type, by[random_below(r, 7)]);
    if (type[0] == 'c')
        buf_add_format(b, " channel=%s purpose=news granted=%s",
                       ONE_OF(r, "email", "sms"), ONE_OF(r, "true", "false"));
    if (random_below(r, 2))
        buf_add_format(b, " revenue=%d.5 quantity=%d", (int)random_below(r, 4),
                       (int)random_below(r, 3));
    if (random_below(r, 3) == 0)
        buf_add_format(b, " sku=%s gift=%s seconds=%d", ONE_OF(r, "a", "b", "reach"),
                       ONE_OF(r, "true", "false"), (int)random_below(r, 3));
    if (random_below(r, 4) == 0)
        buf_add_format(b, " due=%s", ONE_OF(r, "2026-02-01", "2026-05-01", "nonsense"));
    if (random_below(r, 3) == 0)
        buf_add_format(b, " @country=%s @age=%s", ONE_OF(r, "IT", "PT", "null", "7"),
                       ONE_OF(r, "1", "2", "null", "x"));
    if (random_below(r, 4) == 0) {
        buf_add(b, STR(" @renewal="));
        moment_print(b, random_moment(r));
        buf_add_format(b, " @vip=%s @budget=%d", ONE_OF(r, "true", "false"),
                       (int)random_below(r, 4));
    }
}

static const char *random_window(struct random *r)
{
    return ONE_OF(r, "", ", 10d", ", 30d", ", 1mo", ", 2mo", ", 10d..1mo", ", 1mo..60d",
                  ", from 2026-03-01 to 2026-03-31", ", stage", ", 36h", ", 0d..2mo");
}

static void add_value(struct random *r, struct buf *b)
{
    switch (random_below(r, 8)) {
    case 0:
        buf_add_format(b, "count(%s%s)", ONE_OF(r, "any", "visit", "purchase.revenue"),
                       random_window(r));
        break;
    case 1:
        buf_add_format(b, "count(purchase%s) * 2 - 1", random_window(r));
        break;
    case 2:
        buf_add(b, STR("score.health"));
        break;
    case 3:
        buf_add_format(b, "distinct(purchase.sku%s)", random_window(r));
        break;
    case 4:
        buf_add_format(b, "times_in('loyalty')");
        break;
    default:
        buf_add_format(b, "%s(purchase.%s%s)",
                       ONE_OF(r, "sum", "avg", "min", "max", "first", "last"),
                       ONE_OF(r, "revenue", "quantity"), random_window(r));
    }
}

static void add_test(struct random *r, struct buf *b)
{
    const char *order = ONE_OF(r, "<", "<=", ">", ">="),
               *equal = ONE_OF(r, "=", "!=", "<", ">=");

    switch (random_below(r, 12)) {
    case 0:
        buf_add_format(b, "exists(%s%s)",
                       ONE_OF(r, "any", "visit", "purchase", "purchase.sku",
                              "visit where seconds > 0", "signup"),
                       random_window(r));
        break;
    case 1:
        buf_add_format(b, "%s(%s%s) %s %s", ONE_OF(r, "since", "age"),
                       ONE_OF(r, "any", "login", "purchase.gift"), random_window(r),
                       order, ONE_OF(r, "10d", "1mo", "1y", "0d", "50h"));
        break;
    case 2:
        buf_add_format(
            b, "%s %s %s",
            ONE_OF(r, "until(trait.renewal)", "since(trait.renewal)", "time_in_stage"),
            order, ONE_OF(r, "10d", "1mo", "0d"));
        break;
    case 3:
        buf_add(b, str_of(ONE_OF(
                       r, "trait.country = 'IT'", "trait.country in ('IT', 'ES')",
                       "trait.country not in ('PT')", "trait.vip", "trait.budget >= 2",
                       "trait.age is missing", "trait.age in (1, 3)",
                       "trait.country is not missing", "trait.renewal > 2026-03-01",
                       "trait.country contains 'i'", "true", "trait.vip = false")));
        break;
    case 4:
        buf_add(b, str_of(ONE_OF(r, "stage = 'reach'", "previous_stage != 'reach'",
                                 "stage is missing", "segment.vip", "segment.odd",
                                 "(not segment.vip)", "last(purchase.sku) = stage",
                                 "lifecycle.accounts.stage = 'trial'",
                                 "anniversary(trait.renewal, 7d)", "consent.email.news",
                                 "consent.sms.news is missing")));
        break;
    case 5:
        buf_add_format(b, "%s(purchase.sku%s) %s", ONE_OF(r, "first", "last"),
                       random_window(r),
                       ONE_OF(r, "= 'a'", "!= 'b'", "in ('a', 'x')", "is missing",
                              "= trait.country"));
        break;
    case 6:
        buf_add_format(b, "%s(purchase.due%s) %s",
                       ONE_OF(r, "first", "last", "min", "max"), random_window(r),
                       ONE_OF(r, "> 2026-03-01", "is not missing"));
        break;
    case 7:
        buf_add_format(b, "last(purchase) - first(purchase%s) %s 20d", random_window(r),
                       order);
        break;
    case 8:
        buf_add_format(b, "last(purchase.gift%s)", random_window(r));
        break;
    default:
        add_value(r, b);
        buf_add_format(b, " %s %d", equal, (int)random_below(r, 4));
    }
}

static void add_rule(struct random *r, struct buf *b)
{
    const char *word = random_below(r, 2) ? " and " : " or ";
    uint64_t n = 1 + random_below(r, TESTS_MAX);

    for (uint64_t i = 0; i < n; i++) {
        if (i)
            buf_add(b, str_of(word));
        if (random_below(r, 4) == 0)
            buf_add(b, STR("not "));
        if (random_below(r, 4)) {
            add_test(r, b);
            continue;
        }
        buf_add(b, STR("("));
        add_test(r, b);
        buf_add(b, random_below(r, 2) ? STR(" or ") : STR(" and not "));
        add_test(r, b);
        buf_add(b, STR(")"));
    }
    buf_add_char(b, 0);
}

struct crowd {
    struct shop shop;
    struct buf timeline;
    struct scan_span span;
    uint32_t times_in[CHUNK_CUSTOMERS][SHOP_STAGES];
    uint16_t above[CHUNK_CUSTOMERS][2];
    struct situation standing[CHUNK_CUSTOMERS];
};

static bool name_rules(struct shop *s, struct err *err)
{
    struct score_part part[2] = {{.points = 2 * NUM_ONE}, {.points = -3 * NUM_ONE}};

    if (!shop_name(s, RULE_SEGMENT, "vip", "count(purchase, 2mo) >= 2", err)
        || !shop_name(s, RULE_SEGMENT, "odd", "segment.vip and distinct(any.day) > 2",
                      err)
        || !shop_rule(s, "segment.vip", RULE_CONDITION, &part[0].when, err)
        || !shop_rule(s, "exists(visit, 10d)", RULE_CONDITION, &part[1].when, err)
        || !program_add_score(s->program, NUM_ONE, 0, 2 * NUM_ONE, part, 2,
                              &s->named[2].rule, err))
        return false;
    s->named[2].name = STR("health");
    s->named[2].kind = RULE_SCORE;
    s->seg_n = 3;
    return true;
}

static bool crowd_open(struct random *r, uint64_t events, struct crowd *c,
                       struct err *err)
{
    *c = (struct crowd){.span = {INT64_MAX, INT64_MIN}};
    for (uint64_t i = 0; i < events; i++) {
        if (i)
            buf_add(&c->timeline, STR("; "));
        add_event(r, &c->timeline);
    }
    buf_add_char(&c->timeline, 0);
    if (c->timeline.failed || !shop_open(&c->shop, "Europe/Rome", c->timeline.p, err)) {
        bool failed = c->timeline.failed;

        buf_free(&c->timeline);
        return failed ? err_nomem(err) : false;
    }
    for (uint32_t i = 0; i < c->shop.chunk->event_n; i++) {
        int64_t at = c->shop.chunk->at_ms[i];

        c->span.first_ms = at < c->span.first_ms ? at : c->span.first_ms;
        c->span.last_ms = at > c->span.last_ms ? at : c->span.last_ms;
    }
    if (name_rules(&c->shop, err))
        return true;
    shop_close(&c->shop);
    buf_free(&c->timeline);
    return false;
}

static void crowd_close(struct crowd *c)
{
    shop_close(&c->shop);
    buf_free(&c->timeline);
}

static uint16_t random_stage(struct random *r, uint32_t n)
{
    uint64_t stage = random_below(r, n + 1);

    return stage == n ? STAGE_NONE : (uint16_t)stage;
}

static void stand(struct random *r, struct crowd *c, int64_t at_ms)
{
    for (uint32_t i = 0; i < CHUNK_CUSTOMERS; i++) {
        c->above[i][0] = random_stage(r, SHOP_STAGES);
        c->above[i][1] = random_stage(r, 2);
        c->times_in[i][2] = (uint32_t)random_below(r, 3);
        c->standing[i] = (struct situation){
            .at_ms = at_ms,
            .stage = c->above[i][0],
            .previous_stage = random_stage(r, SHOP_STAGES),
            .entered_ms = at_ms - (int64_t)random_below(r, 40) * MS_DAY,
            .times_in = c->times_in[i],
            .above = c->above[i],
            .above_n = 2};
    }
}

/* Often a moment at which something changes, or one beside it. */
static int64_t moment_to_ask(struct random *r, const struct crowd *c)
{
    static const struct length lengths[] = {{.ms = 10 * MS_DAY},  {.ms = 30 * MS_DAY},
                                            {.ms = 36 * MS_HOUR}, {.months = 1},
                                            {.months = 2},        {.months = 0}};
    const struct chunk *chunk = c->shop.chunk;
    int64_t at_ms;

    if (!chunk->event_n || random_below(r, 4) == 0)
        return random_moment(r) + (int64_t)random_below(r, 2) * 200 * MS_DAY;
    at_ms = chunk->at_ms[random_below(r, chunk->event_n)];
    return length_add(c->shop.zone, at_ms, lengths[random_below(r, 6)])
           + (int64_t)random_below(r, 3) - 1;
}

/* The scan's answers and their ends are those that a cursor gives of each. */
static void need_same(struct crowd *c, struct scan *scan, struct cursor *cursor,
                      struct rule_ref rule, struct scan_span span, int64_t at_ms)
{
    int64_t holds_ms[CHUNK_CUSTOMERS];
    const struct chunk *chunk = c->shop.chunk;
    bool constant, is_constant = scan_is_decided(scan, c->span, at_ms, &constant);
    struct bits bits, again;
    struct err err;

    assert_true(
        scan_chunk(scan, chunk, span, at_ms, NULL, c->standing, &bits, NULL, &err));
    assert_true(
        scan_chunk(scan, chunk, span, at_ms, NULL, c->standing, &again, holds_ms, &err));
    assert_memory_equal(&bits, &again, sizeof bits);
    assert_true(bits_from(&bits, chunk->customer_n) >= CHUNK_CUSTOMERS);
    for (uint32_t i = 0; i < chunk->customer_n; i++) {
        struct timeline t = timeline_of(chunk, i);
        struct answer answer, exact;

        assert_true(cursor_start(cursor, &t, &err));
        answer = cursor_ask(cursor, rule, &c->standing[i]);
        assert_true(cursor_ask_exact(cursor, rule, &c->standing[i], &exact, &err));
        if (answer.value.truth != bits_has(&bits, i)
            || holds_ms[i] != exact.holds_until_ms
            || (is_constant && constant != answer.value.truth))
            fail_msg("%.*s\n  of customer %u at %lld over %s: a cursor says %d",
                     STR_FMT(program_text(c->shop.program, rule)), i, (long long)at_ms,
                     c->timeline.p, answer.value.truth);
    }
}

TEST(a_scan_answers_as_a_cursor_does)
{
    size_t rounds = chance_rounds(60);
    struct random r = chance();

    for (size_t round = 0; round < rounds; round++) {
        struct cursor *cursor;
        struct rule_ref rule[20];
        struct crowd c;
        struct err err;

        assert_true(crowd_open(&r, random_below(&r, 60), &c, &err));
        for (int i = 0; i < 20; i++) {
            struct buf text = {NULL};

            add_rule(&r, &text);
            if (!shop_rule(&c.shop, text.p, RULE_CONDITION, &rule[i], &err))
                fail_msg("%s: %s", text.p, err.msg);
            buf_free(&text);
        }
        assert_true(cursor_new(c.shop.program, &cursor, &err));
        for (int i = 0; i < 20; i++) {
            struct scan *scan;

            assert_true(scan_new(c.shop.program, rule[i], &scan, &err));
            for (int k = 0; k < 8; k++) {
                int64_t at_ms = moment_to_ask(&r, &c);

                stand(&r, &c, at_ms);
                need_same(&c, scan, cursor, rule[i],
                          random_below(&r, 2) ? c.span : SCAN_SPAN_ANY, at_ms);
            }
            scan_free(scan);
        }
        cursor_free(cursor);
        crowd_close(&c);
    }
}

/* Is the rule decided without a look at events between the two moments? */
static void need_decided(const char *text, const char *first, const char *last,
                         const char *wanted)
{
    struct random r = chance();
    bool answer, decided;
    struct rule_ref rule;
    struct scan *scan;
    struct crowd c;
    struct err err;

    assert_true(crowd_open(&r, 1, &c, &err));
    assert_true(shop_rule(&c.shop, text, RULE_CONDITION, &rule, &err));
    assert_true(scan_new(c.shop.program, rule, &scan, &err));
    decided = scan_is_decided(
        scan, (struct scan_span){shop_moment(&c.shop, first), shop_moment(&c.shop, last)},
        shop_moment(&c.shop, "2026-06-01"), &answer);
    if (strcmp(decided ? answer ? "yes" : "no" : "open", wanted) != 0)
        fail_msg("%s of %s to %s: is it %s?", text, first, last, wanted);
    scan_free(scan);
    crowd_close(&c);
}

TEST(what_lies_outside_of_all_windows_decides_without_being_read)
{
    need_decided("exists(visit, 30d)", "2026-01-01", "2026-05-01", "no");
    need_decided("exists(visit, 30d)", "2026-01-01", "2026-05-03", "open");
    need_decided("exists(visit, 10d..30d)", "2026-01-01", "2026-05-01", "no");
    need_decided("count(visit, 1mo) < 2 and trait.vip", "2026-01-01", "2026-05-01",
                 "open");
    need_decided("count(visit, 1mo) > 2 and trait.vip", "2026-01-01", "2026-05-01", "no");
    need_decided("count(visit, 1mo) = 0", "2026-01-01", "2026-05-01", "yes");
    need_decided("not exists(visit, 30d) or stage = 'reach'", "2026-01-01", "2026-05-01",
                 "yes");
    need_decided("segment.vip", "2026-01-01", "2026-03-31", "no");
    need_decided("exists(visit, from 2026-02-01 to 2026-02-28)", "2026-03-01",
                 "2026-05-31", "no");
    need_decided("exists(visit, from 2026-02-01 to 2026-02-28)", "2026-01-01",
                 "2026-01-31", "no");
    need_decided("exists(visit, from 2026-02-01 to 2026-02-28)", "2026-02-28",
                 "2026-03-31", "open");
    need_decided("exists(visit)", "2026-01-01", "2026-05-01", "open");
    need_decided("exists(visit, stage)", "2026-01-01", "2026-05-01", "open");
    need_decided("avg(purchase.revenue, 1d) > 1", "2026-01-01", "2026-05-01", "no");
    need_decided("true", "2026-01-01", "2026-05-01", "yes");
}

static bool scan_once(void *context, struct err *err)
{
    struct random r = *(struct random *)context;
    int64_t holds_ms[CHUNK_CUSTOMERS];
    struct rule_ref rule;
    struct scan *scan;
    struct crowd c;
    struct bits bits;
    bool ok;

    if (!crowd_open(&r, 30, &c, err))
        return false;
    ok = shop_rule(&c.shop,
                   "score.health > 0 and sum(purchase.revenue, 1mo) * 2 > 1 and "
                   "trait.country = 'IT' and exists(visit, 1y) or distinct(any.day) > 1",
                   RULE_CONDITION, &rule, err)
         && scan_new(c.shop.program, rule, &scan, err);
    if (ok) {
        int64_t at_ms = random_moment(&r);

        stand(&r, &c, at_ms);
        ok = scan_chunk(scan, c.shop.chunk, c.span, at_ms, NULL, c.standing, &bits,
                        holds_ms, err);
        scan_free(scan);
    }
    crowd_close(&c);
    return ok;
}

TEST(a_scan_survives_lack_of_memory)
{
    struct random r = chance();

    each_oom(scan_once, &r);
}
