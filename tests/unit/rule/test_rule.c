#include "base/num.h"
#include "shop.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

/* Asked in Europe/Rome. The answer is yes, no, missing, or a number; money is "12.00 EUR".
 * `until` is the moment until which it holds; NULL: for ever. */
struct asked {
    const char *rule, *timeline, *at, *answer, *until;
};

static void print(const struct value *v, char to[64])
{
    struct buf b = {NULL};

    switch ((int)v->type) {
    case VALUE_BOOL:
        buf_add(&b, v->truth ? STR("yes") : STR("no"));
        break;
    case VALUE_NUMBER:
        num_print(&b, v->number);
        break;
    case VALUE_MONEY:
        money_print(&b, v->number, 2);
        buf_add(&b, STR(" EUR"));
        break;
    default:
        buf_add(&b, STR("missing"));
    }
    snprintf(to, 64, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
}

/* Conditions give true or false; whatever is no condition is asked as a number. */
static struct rule_ref compile(struct shop *s, const char *text)
{
    struct rule_ref rule;
    struct err err;

    if (!shop_rule(s, text, RULE_CONDITION, &rule, &err)
        && !shop_rule(s, text, RULE_NUMBER, &rule, &err))
        fail_msg("%s: %d:%d %s", text, err.line, err.column, err.msg);
    return rule;
}

static void need_answers(const struct asked *asked, size_t n, const char *zone)
{
    for (size_t i = 0; i < n; i++) {
        static const uint32_t times_in[SHOP_STAGES] = {1, 2, 0, 0};
        struct situation situation = {
            .previous_stage = 0, .stage = 1, .times_in = times_in};
        struct shop shop;
        struct answer answer;
        struct rule_ref rule;
        struct err err;
        char said[64];

        if (!shop_open(&shop, zone, asked[i].timeline, &err))
            fail_msg("%s: %s", asked[i].timeline, err.msg);
        rule = compile(&shop, asked[i].rule);
        assert_true(shop_start(&shop, &err));
        situation.entered_ms = shop_moment(&shop, "2026-01-10T00:00");
        situation.at_ms = shop_moment(&shop, asked[i].at);
        answer = cursor_ask(shop.cursor, rule, &situation);
        print(&answer.value, said);
        if (strcmp(said, asked[i].answer) != 0)
            fail_msg("%s at %s: %s, not %s", asked[i].rule, asked[i].at, said,
                     asked[i].answer);
        if (answer.holds_until_ms
            != (asked[i].until ? shop_moment(&shop, asked[i].until) : MOMENT_NEVER)) {
            struct buf b = {NULL};

            if (answer.holds_until_ms == MOMENT_NEVER)
                buf_add(&b, STR("for ever"));
            else
                moment_print(&b, answer.holds_until_ms);
            print_error("%s at %s: holds until %.*s, not %s\n", asked[i].rule,
                        asked[i].at, STR_FMT(buf_str(&b)),
                        asked[i].until ? asked[i].until : "for ever");
            buf_free(&b);
            fail();
        }
        shop_close(&shop);
    }
}

#define THREE                                                                            \
    "2026-01-05 purchase revenue=10 sku=a; 2026-01-12T12:00 purchase revenue=30.55 "     \
    "sku=b; 2026-01-20 purchase revenue=20 sku=a"

static const struct asked functions[] = {
    {"count(purchase)", THREE, "2026-02-01", "3", NULL},
    {"count(purchase)", THREE, "2026-01-12T11:59:59.999", "1", NULL},
    {"count(purchase)", THREE, "2026-01-12T12:00", "2", NULL},
    {"count(visit)", THREE, "2026-02-01", "0", NULL},
    {"count(purchase, 10d)", THREE, "2026-01-20", "2", "2026-01-22T12:00"},
    {"count(purchase, 10d)", THREE, "2026-01-22T11:59:59.999", "2", "2026-01-22T12:00"},
    {"count(purchase, 10d)", THREE, "2026-01-22T12:00", "1", "2026-01-30"},
    {"count(purchase, 10d)", THREE, "2026-01-30", "0", NULL},
    {"exists(purchase, 10d)", THREE, "2026-01-14T23:59:59.999", "yes", "2026-01-15"},
    {"exists(ticket_opened)", THREE, "2026-02-01", "no", NULL},
    {"sum(purchase.revenue)", THREE, "2026-02-01", "60.55 EUR", NULL},
    {"sum(purchase.revenue)", THREE, "2026-01-01", "0.00 EUR", NULL},
    {"avg(purchase.revenue)", THREE, "2026-02-01", "20.18 EUR", NULL},
    {"avg(purchase.revenue, 1d)", THREE, "2026-02-01", "missing", NULL},
    {"min(purchase.revenue)", THREE, "2026-02-01", "10.00 EUR", NULL},
    {"max(purchase.revenue)", THREE, "2026-02-01", "30.55 EUR", NULL},
    {"distinct(purchase.sku)", THREE, "2026-02-01", "2", NULL},
    {"distinct(purchase.sku, 10d)", THREE, "2026-01-21", "2", "2026-01-22T12:00"},
    {"first(purchase.revenue)", THREE, "2026-02-01", "10.00 EUR", NULL},
    {"last(purchase.revenue)", THREE, "2026-02-01", "20.00 EUR", NULL},
    {"last(purchase.revenue, 5d..20d)", THREE, "2026-01-22", "30.55 EUR", "2026-01-25"},
    {"last(purchase.sku) = 'a'", THREE, "2026-02-01", "yes", NULL},
    {"since(purchase) >= 90d", THREE, "2026-02-01", "no", "2026-04-20T01:00"},
    {"since(purchase) > 90d", THREE, "2026-02-01", "no", "2026-04-20T01:00:00.001"},
    {"since(purchase) < 3mo", THREE, "2026-02-01", "yes", "2026-04-20"},
    {"since(purchase) <= 3mo", THREE, "2026-02-01", "yes", "2026-04-20T00:00:00.001"},
    {"90d <= since(purchase)", THREE, "2026-04-20T01:00", "yes", NULL},
    {"since(visit) >= 0d", THREE, "2026-02-01", "no", NULL},
    {"age(purchase) >= 30d", THREE, "2026-02-01", "no", "2026-02-04"},
    {"age(purchase, 10d) >= 5d", THREE, "2026-01-11", "yes", "2026-01-15"},
    {"count(purchase, stage)", THREE, "2026-02-01", "2", NULL},
    {"sum(purchase.revenue, stage)", THREE, "2026-02-01", "50.55 EUR", NULL},
    {"stage = 'retention'", THREE, "2026-02-01", "yes", NULL},
    {"previous_stage = 'reach'", THREE, "2026-02-01", "yes", NULL},
    {"times_in('retention') >= 2", THREE, "2026-02-01", "yes", NULL},
    {"time_in_stage >= 30d", THREE, "2026-02-01", "no", "2026-02-09"},
    {"trait.country = 'IT'", "2026-01-05 identify @country=IT", "2026-01-05", "yes",
     NULL},
    {"trait.country = 'IT'", "2026-01-05 identify @country=IT", "2026-01-04", "no", NULL},
    {"until(trait.renewal) <= 60d", "2026-01-05 identify @renewal=2026-06-01",
     "2026-01-06", "no", "2026-04-02"},
    {"anniversary(trait.renewal, 1d)", "2026-01-05 identify @renewal=2020-03-01",
     "2026-01-06", "no", "2026-03-01"},
    {"anniversary(trait.renewal, 1d)", "2026-01-05 identify @renewal=2020-03-01",
     "2026-03-01T23:59", "yes", "2026-03-02"},
    {"sequence(visit, signup within 7d)", "2026-01-05 visit; 2026-01-12 signup",
     "2026-01-12", "yes", NULL},
    {"sequence(visit, signup within 7d, 30d)", "2026-01-05 visit; 2026-01-12 signup",
     "2026-01-12", "yes", "2026-02-04"},
};

TEST(a_rule_answers_and_says_how_long)
{
    need_answers(functions, sizeof functions / sizeof *functions, "Europe/Rome");
}
