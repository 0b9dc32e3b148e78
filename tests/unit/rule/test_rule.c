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

static const uint32_t times_in[SHOP_STAGES] = {1, 2, 0, 0};

/* He stands in retention, came from reach, and was there before. */
static struct situation situation_at(const struct shop *shop, int64_t at_ms)
{
    return (struct situation){.at_ms = at_ms,
                              .stage = 1,
                              .previous_stage = 0,
                              .entered_ms = shop_moment(shop, "2026-01-10T00:00"),
                              .times_in = times_in};
}

static void print_until(int64_t ms, char to[64])
{
    struct buf b = {NULL};

    if (ms == MOMENT_NEVER)
        buf_add(&b, STR("for ever"));
    else
        moment_print(&b, ms);
    snprintf(to, 64, "%.*s", STR_FMT(buf_str(&b)));
    buf_free(&b);
}

static bool answers_well(const struct asked *asked, const char *zone, bool exact)
{
    struct situation situation;
    struct answer answer;
    struct rule_ref rule;
    struct shop shop;
    struct err err;
    char said[64], until[64], wanted[64];
    bool ok;

    if (!shop_open(&shop, zone, asked->timeline, &err))
        fail_msg("%s: %s", asked->timeline, err.msg);
    rule = compile(&shop, asked->rule);
    assert_true(shop_start(&shop, &err));
    situation = situation_at(&shop, shop_moment(&shop, asked->at));
    if (exact)
        assert_true(cursor_ask_exact(shop.cursor, rule, &situation, &answer, &err));
    else
        answer = cursor_ask(shop.cursor, rule, &situation);
    print(&answer.value, said);
    print_until(answer.holds_until_ms, until);
    print_until(asked->until ? shop_moment(&shop, asked->until) : MOMENT_NEVER, wanted);
    ok = strcmp(said, asked->answer) == 0 && strcmp(until, wanted) == 0;
    if (!ok)
        print_error("%s at %s: %s until %s, not %s until %s\n", asked->rule, asked->at,
                    said, until, asked->answer, wanted);
    shop_close(&shop);
    return ok;
}

static void need_answers(const struct asked *asked, size_t n, const char *zone,
                         bool exact)
{
    int wrong = 0;

    for (size_t i = 0; i < n; i++)
        wrong += !answers_well(&asked[i], zone, exact);
    assert_int_equal(wrong, 0);
}

#define NEED_ANSWERS(table, zone, exact)                                                 \
    need_answers(table, sizeof(table) / sizeof *(table), zone, exact)

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
    NEED_ANSWERS(functions, "Europe/Rome", false);
}

static const struct asked windows[] = {
    {"count(purchase, 30d..60d)", THREE, "2026-02-03T23:59:59.999", "0", "2026-02-04"},
    {"count(purchase, 30d..60d)", THREE, "2026-02-04", "1", "2026-02-11T12:00"},
    {"count(purchase, 30d..60d)", THREE, "2026-03-05T23:59:59.999", "3", "2026-03-06"},
    {"count(purchase, 30d..60d)", THREE, "2026-03-06", "2", "2026-03-13T12:00"},
    {"count(purchase, 30d..60d)", THREE, "2026-03-21", "0", NULL},
    {"count(purchase, 0d..10d)", THREE, "2026-01-20", "2", "2026-01-22T12:00"},
    {"sum(purchase.revenue, 1d..2d)", THREE, "2026-01-21", "20.00 EUR", "2026-01-22"},
    {"max(purchase.revenue, 10d)", THREE, "2026-01-21", "30.55 EUR", "2026-01-22T12:00"},
    {"max(purchase.revenue, 10d)", THREE, "2026-01-22T12:00", "20.00 EUR", "2026-01-30"},
    {"min(purchase.revenue, 10d)", THREE, "2026-01-14", "10.00 EUR", "2026-01-15"},
    {"min(purchase.revenue, 10d)", THREE, "2026-01-15", "30.55 EUR", "2026-01-22T12:00"},
    {"first(purchase.sku, 10d) = 'b'", THREE, "2026-01-21", "yes", "2026-01-22T12:00"},
    /* An event later in the timeline is not seen: nothing more may happen. */
    {"count(purchase, 10d)", THREE, "2026-01-06", "1", "2026-01-15"},
    {"count(purchase, from 2026-01-05 to 2026-01-12)", THREE, "2026-02-01", "2", NULL},
    {"count(purchase, from 2026-01-05 to 2026-01-12)", THREE, "2026-01-05", "1", NULL},
    {"count(purchase, from 2026-01-06 to 2026-01-19)", THREE, "2026-02-01", "1", NULL},
    {"count(purchase, from 2026-01-20 to 2026-01-20)", THREE, "2026-02-01", "1", NULL},
    {"count(purchase, from 2026-01-21 to 2026-12-31)", THREE, "2026-02-01", "0", NULL},
    {"first(purchase.revenue, stage)", THREE, "2026-02-01", "30.55 EUR", NULL},
    {"min(purchase.revenue, stage)", THREE, "2026-02-01", "20.00 EUR", NULL},
    {"distinct(purchase.sku, stage)", THREE, "2026-02-01", "2", NULL},
    {"since(purchase, 5d) >= 3d", THREE, "2026-01-21", "no", "2026-01-23"},
    {"since(purchase, 5d) >= 3d", THREE, "2026-01-23", "yes", "2026-01-25"},
    {"since(purchase, 5d) >= 3d", THREE, "2026-01-25", "no", NULL},
    /* Calendar lengths. */
    {"count(visit, 1mo)", "2026-01-31T10:00 visit", "2026-02-10", "1", "2026-03-01"},
    {"count(visit, 1mo)", "2026-01-28T23:00 visit", "2026-02-10", "1",
     "2026-02-28T23:00"},
    {"count(visit, 1mo)", "2026-01-29T23:00 visit; 2026-01-31T01:00 visit",
     "2026-02-28T23:59:59.999", "2", "2026-03-01"},
    {"count(visit, 1y)", "2024-02-29T10:00 visit", "2024-12-01", "1", "2025-03-01"},
    {"count(visit, 1mo..2mo)", "2026-01-31T10:00 visit", "2026-02-10", "0", "2026-03-01"},
    {"count(visit, 1mo..2mo)", "2026-01-31T10:00 visit", "2026-03-01", "1",
     "2026-03-31T10:00"},
    /* The clock's gap, the two passes, and days of 24 hours across them. */
    {"count(visit, 2mo)", "2026-01-29T02:30 visit", "2026-03-29T00:59:59.999Z", "1",
     "2026-03-29T01:00Z"},
    {"count(visit, 2mo)", "2026-01-29T02:30 visit", "2026-03-29T01:00Z", "0", NULL},
    {"count(visit, 1mo)", "2026-09-25T02:30 visit", "2026-10-01", "1",
     "2026-10-25T00:30Z"},
    {"count(visit, 1mo)", "2026-10-25T01:30Z visit", "2026-11-01", "1",
     "2026-11-25T02:00Z"},
    {"count(visit, 1d)", "2026-03-28T12:00 visit", "2026-03-28T12:00", "1",
     "2026-03-29T13:00"},
    {"since(visit) >= 2mo", "2026-01-29T02:30 visit", "2026-02-01", "no",
     "2026-03-29T01:00Z"},
    {"until(trait.renewal) <= 1mo", "2026-01-01 identify @renewal=2026-03-31",
     "2026-01-02", "no", "2026-03-01"},
    {"until(trait.renewal) < 1mo", "2026-01-01 identify @renewal=2026-04-30T12:00",
     "2026-01-02", "no", "2026-03-30T12:00:00.001"},
    {"until(trait.renewal) >= 1mo", "2026-01-01 identify @renewal=2026-04-30T12:00",
     "2026-01-02", "yes", "2026-03-30T12:00:00.001"},
    {"until(trait.renewal) > 7d", "2026-01-01 identify @renewal=2026-04-30", "2026-01-02",
     "yes", "2026-04-23"},
    {"until(trait.renewal) < 7d", "2026-01-01 identify @renewal=2026-04-30", "2026-01-02",
     "no", "2026-04-23T00:00:00.001"},
    {"until(trait.renewal) < 7d", "2026-01-01 identify @renewal=9999-12-31T23:59:59.999Z",
     "2026-01-02", "no", NULL},
    {"since(trait.renewal) < 7d", "2026-01-01 identify @renewal=2026-04-30", "2026-01-02",
     "yes", "2026-05-07"},
};

TEST(windows_and_lengths_are_exact_to_the_millisecond)
{
    NEED_ANSWERS(windows, "Europe/Rome", false);
}

static const struct asked sao_paulo[] = {
    {"count(visit, 1mo)", "2018-10-04T00:30 visit", "2018-10-05", "1",
     "2018-11-04T03:00Z"},
    {"count(visit, from 2018-11-04 to 2018-11-04)",
     "2018-11-04T02:59:59.999Z visit; 2018-11-04T03:00Z visit; 2018-11-05T01:59:59.999Z "
     "visit; "
     "2018-11-05T02:00Z visit",
     "2018-12-01", "2", NULL},
    {"distinct(visit.day)",
     "2018-11-04T02:59:59.999Z visit; 2018-11-04T03:00Z visit; 2018-11-05T01:59:59.999Z "
     "visit; "
     "2018-11-05T02:00Z visit",
     "2018-12-01", "3", NULL},
    /* The day of 25 hours ends at 23:59 for the second time. */
    {"count(visit, from 2018-02-17 to 2018-02-17)",
     "2018-02-18T01:30Z visit; 2018-02-18T02:30Z visit; 2018-02-18T03:00Z visit",
     "2018-12-01", "2", NULL},
    {"last(visit) >= 2018-11-04", "2018-11-04T03:00Z visit", "2018-12-01", "yes", NULL},
    {"last(visit) >= 2018-11-04", "2018-11-04T02:59Z visit", "2018-12-01", "no", NULL},
};

TEST(days_begin_when_the_clock_of_the_zone_says)
{
    NEED_ANSWERS(sao_paulo, "America/Sao_Paulo", false);
}

#define ONE                                                                              \
    "2026-01-05T14:30 purchase revenue=99.995 quantity=3 sku=Tea gift=true "             \
    "items=[tea,Mug] due=2026-02-01 address.city=Roma day=payday"
#define ANNA                                                                             \
    "2026-01-05 identify @country=IT @renewal=2026-06-01 @vip=true @age=41 "             \
    "@budget=500.25 @tags=[gold,early]"

static const struct asked values[] = {
    /* Money and numbers. */
    {"sum(purchase.revenue)", ONE, "2026-02-01", "100.00 EUR", NULL},
    {"sum(purchase.revenue) = 100", ONE, "2026-02-01", "yes", NULL},
    {"sum(purchase.revenue) in (99, 100)", ONE, "2026-02-01", "yes", NULL},
    {"sum(purchase.revenue) not in (100)", ONE, "2026-02-01", "no", NULL},
    {"sum(purchase.revenue) / 3", ONE, "2026-02-01", "33.33 EUR", NULL},
    {"sum(purchase.revenue) * 0.5", ONE, "2026-02-01", "50.00 EUR", NULL},
    {"0.5 * sum(purchase.revenue)", ONE, "2026-02-01", "50.00 EUR", NULL},
    {"sum(purchase.revenue) / sum(purchase.quantity)", ONE, "2026-02-01", "33.33 EUR",
     NULL},
    {"sum(purchase.revenue) / max(purchase.revenue)", ONE, "2026-02-01", "1", NULL},
    {"sum(purchase.revenue) + max(purchase.revenue)", ONE, "2026-02-01", "200.00 EUR",
     NULL},
    {"sum(purchase.revenue) - max(purchase.revenue)", ONE, "2026-02-01", "0.00 EUR",
     NULL},
    {"-sum(purchase.revenue)", ONE, "2026-02-01", "-100.00 EUR", NULL},
    {"sum(purchase.quantity) / 7", ONE, "2026-02-01", "0.428571", NULL},
    {"1 + 2 * 3 - 4 / 8", ONE, "2026-02-01", "6.5", NULL},
    {"(1 + 2) * 3", ONE, "2026-02-01", "9", NULL},
    {"2 - 1 - 1", ONE, "2026-02-01", "0", NULL},
    {"- - 3", ONE, "2026-02-01", "3", NULL},
    {"1 / 0", ONE, "2026-02-01", "missing", NULL},
    {"9000000000000 * 2", ONE, "2026-02-01", "missing", NULL},
    {"9000000000000 + 9000000000000", ONE, "2026-02-01", "missing", NULL},
    {"sum(purchase.quantity)",
     "2026-01-05 purchase quantity=9000000000000; 2026-01-06 purchase "
     "quantity=9000000000000",
     "2026-02-01", "missing", NULL},
    {"sum(purchase.quantity)",
     "2026-01-05 purchase quantity=9000000000000; 2026-01-06 purchase "
     "quantity=9000000000000; "
     "2026-01-06 purchase quantity=-9000000000000",
     "2026-02-01", "9000000000000", NULL},
    {"avg(purchase.quantity)",
     "2026-01-05 purchase quantity=9000000000000; 2026-01-06 purchase "
     "quantity=9000000000000",
     "2026-02-01", "9000000000000", NULL},
    {"sum(purchase.revenue, 1d) > -1", "2026-01-05 purchase revenue=5", "2026-02-01",
     "yes", NULL},
    {"max(purchase.revenue) < 9000000000000", "2026-01-05 purchase revenue=9000000000001",
     "2026-02-01", "no", NULL},
    /* Values of every type. */
    {"last(purchase.gift)", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.gift) = true", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.gift) != true", ONE, "2026-02-01", "no", NULL},
    {"last(purchase.gift) in (false)", ONE, "2026-02-01", "no", NULL},
    {"last(purchase.items) contains 'MUG'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.items) contains 'mu'", ONE, "2026-02-01", "no", NULL},
    {"last(purchase.items) is missing", ONE, "2026-02-01", "no", NULL},
    {"distinct(purchase.items)",
     "2026-01-05 purchase items=[a,b,a]; 2026-01-06 purchase items=[b,c]; 2026-01-07 "
     "purchase "
     "items=[]",
     "2026-02-01", "3", NULL},
    {"distinct(purchase.items, 30d)",
     "2026-01-05 purchase items=[a,b,a]; 2026-01-06 purchase items=[b,c]", "2026-02-04",
     "2", "2026-02-05"},
    {"count(purchase.items)",
     "2026-01-05 purchase items=[a,b,a]; 2026-01-06 purchase items=[b,c]; 2026-01-07 "
     "purchase",
     "2026-02-01", "2", NULL},
    {"last(purchase.sku) contains 'EA'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.sku) starts with 'te'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.sku) starts with 'ea'", ONE, "2026-02-01", "no", NULL},
    {"last(purchase.sku) = 'tea'", ONE, "2026-02-01", "no", NULL},
    {"last(purchase.sku) = first(purchase.sku)", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.sku) = trait.country", ONE, "2026-02-01", "no", NULL},
    {"'a' = 'a'", ONE, "2026-02-01", "yes", NULL},
    {"'never seen' != 'seen never'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.address.city) = 'Roma'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.`address.city`) = 'Roma'", ONE, "2026-02-01", "yes", NULL},
    {"max(purchase.due) = 2026-02-01", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.due) in (2026-02-01, 2026-02-02)", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.due) - last(purchase) > 26d", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.due) - last(purchase) >= 27d", ONE, "2026-02-01", "no", NULL},
    {"26d < last(purchase.due) - last(purchase)", ONE, "2026-02-01", "yes", NULL},
    {"first(purchase) = last(purchase)", ONE, "2026-02-01", "yes", NULL},
    /* What every event has. */
    {"last(purchase.day)", ONE, "2026-02-01", "20260105", NULL},
    {"last(purchase.`day`) = 'payday'", ONE, "2026-02-01", "yes", NULL},
    {"last(purchase.week)", ONE, "2026-02-01", "202602", NULL},
    {"last(visit.week)", "2027-01-03T23:30 visit", "2027-02-01", "202653", NULL},
    {"last(visit.week)", "2024-12-30T00:00 visit", "2027-02-01", "202501", NULL},
    {"last(purchase.weekday)", ONE, "2026-02-01", "1", NULL},
    {"last(visit.weekday)", "2026-01-04T23:30 visit", "2026-02-01", "7", NULL},
    {"last(visit.weekday)", "1960-01-04T23:30 visit", "2026-02-01", "1", NULL},
    {"last(purchase.hour)", ONE, "2026-02-01", "14", NULL},
    {"count(any where hour >= 14 and weekday in (6, 7))",
     "2026-01-03T14:00 visit; 2026-01-04T13:59 login; 2026-01-05T20:00 visit",
     "2026-02-01", "1", NULL},
    {"distinct(any.day)", "2026-01-03T23:59 visit; 2026-01-04T00:00 login", "2026-02-01",
     "2", NULL},
    /* A value of another type than the dictionary says is missing. */
    {"count(purchase.revenue)", "2026-01-05 purchase revenue=abc; 2026-01-06 purchase",
     "2026-02-01", "0", NULL},
    {"count(purchase)", "2026-01-05 purchase revenue=abc; 2026-01-06 purchase",
     "2026-02-01", "2", NULL},
    {"last(purchase.sku) = '7'", "2026-01-05 purchase sku=a; 2026-01-06 purchase sku=7",
     "2026-02-01", "no", NULL},
    {"last(purchase.sku) = 'a'", "2026-01-05 purchase sku=a; 2026-01-06 purchase sku=7",
     "2026-02-01", "yes", NULL},
    {"exists(purchase.due)", "2026-01-05 purchase due=tomorrow", "2026-02-01", "no",
     NULL},
    /* Which events. */
    {"count(any)",
     "2026-01-05 visit; 2026-01-05 identify @vip=true; 2026-01-06 mail_sent; 2026-01-07 "
     "login",
     "2026-02-01", "2", NULL},
    {"count(purchase)", "2026-01-05 Order Completed; 2026-01-06 purchase", "2026-02-01",
     "2", NULL},
    {"count(`Order Completed`)", "2026-01-05 Order Completed; 2026-01-06 purchase",
     "2026-02-01", "2", NULL},
    {"count(order.created)", "2026-01-05 order.created", "2026-02-01", "1", NULL},
    {"count(mail_sent)", "2026-01-06 mail_sent", "2026-02-01", "1", NULL},
    {"count(purchase where revenue > 15 and sku = 'a')", THREE, "2026-02-01", "1", NULL},
    {"sum(purchase.revenue where not sku = 'a')", THREE, "2026-02-01", "30.55 EUR", NULL},
    {"count(purchase where revenue * 2 > 50 or sku starts with 'A', 40d)", THREE,
     "2026-02-01", "3", "2026-02-14"},
    {"count(purchase where gift)", ONE, "2026-02-01", "1", NULL},
    {"count(purchase where not gift)", THREE, "2026-02-01", "3", NULL},
    {"count(purchase where items contains 'tea')", ONE, "2026-02-01", "1", NULL},
    {"count(purchase where due > 2026-01-31)", ONE, "2026-02-01", "1", NULL},
    {"count(purchase where sku is missing)",
     "2026-01-05 purchase; 2026-01-06 purchase sku=a", "2026-02-01", "1", NULL},
    {"last(survey_answered.score where survey = \"nps\") <= 6 and stage = \"retention\"",
     "2026-01-05 survey_answered score=5 survey=nps; 2026-01-06 survey_answered score=9 "
     "survey=csat",
     "2026-02-01", "yes", NULL},
    /* Traits. */
    {"trait.age", ANNA, "2026-02-01", "41", NULL},
    {"trait.budget > 500", ANNA, "2026-02-01", "yes", NULL},
    {"trait.vip", ANNA, "2026-02-01", "yes", NULL},
    {"trait.tags contains 'GOLD'", ANNA, "2026-02-01", "yes", NULL},
    {"trait.renewal = 2026-06-01", ANNA, "2026-02-01", "yes", NULL},
    {"trait.country = 'PT'", ANNA "; 2026-01-07 identify @country=PT", "2026-01-07",
     "yes", NULL},
    {"trait.country = 'PT'", ANNA "; 2026-01-07 visit @country=PT", "2026-01-07", "yes",
     NULL},
    {"trait.country is missing", ANNA "; 2026-01-07 identify @country=null", "2026-01-07",
     "yes", NULL},
    {"trait.country is missing", ANNA "; 2026-01-07 identify @country=7", "2026-01-07",
     "yes", NULL},
    {"trait.country = 'IT'", ANNA "; 2026-01-07 identify @age=42", "2026-01-07", "yes",
     NULL},
    /* Missing. */
    /* The first value stays until it is taken away; the next one is the first again. */
    {"trait.plan = 'a'", "2026-01-05 identify @plan=a; 2026-01-07 visit @plan=b",
     "2026-02-01", "yes", NULL},
    {"trait.plan is missing",
     "2026-01-05 identify @plan=a; 2026-01-07 visit @plan=b; 2026-01-08 visit @plan=null",
     "2026-02-01", "yes", NULL},
    {"trait.plan = 'c'",
     "2026-01-05 identify @plan=a; 2026-01-07 visit @plan=null; 2026-01-08 visit "
     "@plan=c; "
     "2026-01-09 visit @plan=d",
     "2026-02-01", "yes", NULL},
    {"trait.plan is missing", "2026-01-05 identify @plan=7; 2026-01-07 visit @plan=b",
     "2026-02-01", "yes", NULL}, /* of another type: it is the first all the same */
    /* Of each source its latest word; those not named come last, the newest of them. */
    {"trait.seats",
     "2026-01-05 identify @seats=1 context.source=shop; 2026-01-07 identify "
     "@seats=2 context.source=crm; 2026-01-08 identify @seats=3 context.source=shop",
     "2026-02-01", "2", NULL},
    {"trait.seats",
     "2026-01-05 identify @seats=1 context.source=shop; 2026-01-07 identify "
     "@seats=2 context.source=crm; 2026-01-08 identify @seats=3 context.source=shop",
     "2026-01-06", "1", NULL},
    {"trait.seats",
     "2026-01-05 identify @seats=1 context.source=crm; 2026-01-07 identify "
     "@seats=2 context.source=shop; 2026-01-08 identify @seats=null context.source=crm",
     "2026-02-01", "2", NULL},
    {"trait.seats",
     "2026-01-05 identify @seats=1 context.source=shop; 2026-01-07 identify "
     "@seats=2; 2026-01-08 identify @seats=3 context.source=web",
     "2026-02-01", "1", NULL},
    {"trait.seats",
     "2026-01-05 identify @seats=1 context.source=web; 2026-01-07 identify "
     "@seats=2",
     "2026-02-01", "2", NULL},
    {"trait.seats is missing",
     "2026-01-05 identify @seats=1 context.source=web; 2026-01-07 identify @seats=null",
     "2026-02-01", "yes", NULL},
    {"trait.seats is missing",
     "2026-01-05 identify @seats=1 context.source=shop; "
     "2026-01-07 identify @seats=many context.source=crm",
     "2026-02-01", "yes", NULL},
    {"trait.age > 1", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.age <= 1", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.age != 1", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.age in (1)", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.age not in (1)", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"not trait.age = 1", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"not trait.vip", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"trait.vip", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.country contains ''", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"trait.age + 1 is missing", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"trait.age is not missing", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"last(purchase) - first(purchase) < 1d", "2026-01-05 visit", "2026-02-01", "no",
     NULL},
    {"sum(purchase.quantity)", "2026-01-05 visit", "2026-02-01", "0", NULL},
    {"distinct(purchase.sku)", "2026-01-05 visit", "2026-02-01", "0", NULL},
    {"max(purchase.quantity)", "2026-01-05 visit", "2026-02-01", "missing", NULL},
    {"until(trait.renewal) < 30d", "2026-01-05 visit", "2026-02-01", "no", NULL},
    {"anniversary(trait.renewal, 7d)", "2026-01-05 visit", "2026-02-01", "no", NULL},
    /* Anniversaries. */
    {"anniversary(trait.renewal, 1d)", "2026-01-05 visit @renewal=2024-02-29",
     "2026-02-28", "no", "2026-03-01"},
    {"anniversary(trait.renewal, 1d)", "2026-01-05 visit @renewal=2024-02-29",
     "2028-02-29", "yes", "2028-03-01"},
    {"anniversary(trait.renewal, 7d)", "2026-01-05 visit @renewal=2026-01-05",
     "2026-01-06", "no", "2027-01-05"},
    {"anniversary(trait.renewal, 7d)", "2026-01-05 visit @renewal=2020-12-30",
     "2026-01-05", "yes", "2026-01-06"},
    {"anniversary(trait.renewal, 7d)", "2026-01-05 visit @renewal=2020-12-30",
     "2026-01-06", "no", "2026-12-30"},
    {"anniversary(trait.renewal, 7d)", "2026-01-05 visit @renewal=2028-12-30",
     "2026-01-06", "no", "2029-12-30"},
    /* Sequences: any choice of events counts. */
    {"sequence(visit, signup within 7d)",
     "2026-01-05 visit; 2026-01-12T00:00:00.001 signup", "2026-02-01", "no", NULL},
    {"sequence(visit, signup within 1d, purchase within 30d)",
     "2026-01-01 visit; 2026-01-02 signup; 2026-01-20 visit; 2026-02-01 purchase",
     "2026-02-01", "yes", NULL},
    {"sequence(visit, visit within 1d)", "2026-01-01 visit", "2026-02-01", "no", NULL},
    {"sequence(visit, visit within 1d)", "2026-01-01 visit; 2026-01-01 visit",
     "2026-02-01", "yes", NULL},
    {"sequence(visit, signup within 1d)", "2026-01-01 signup; 2026-01-01 visit",
     "2026-02-01", "no", NULL},
    {"sequence(visit, signup within 7d, from 2026-01-02 to 2026-01-31)",
     "2026-01-01 visit; 2026-01-03 signup", "2026-02-01", "no", NULL},
    {"sequence(visit, signup within 7d, stage)", "2026-01-09 visit; 2026-01-11 signup",
     "2026-02-01", "no", NULL},
    {"sequence(visit, signup within 7d, stage)", "2026-01-10 visit; 2026-01-11 signup",
     "2026-02-01", "yes", NULL},
    {"sequence(visit, signup within 7d, 10d..20d)", "2026-01-05 visit; 2026-01-10 signup",
     "2026-01-19", "no", "2026-01-20"},
    {"sequence(visit, signup within 7d, 10d..20d)", "2026-01-05 visit; 2026-01-10 signup",
     "2026-01-20", "yes", "2026-01-25"},
    {"sequence(visit where page = 'a', signup within 7d)",
     "2026-01-05 visit page=b; 2026-01-06 signup", "2026-02-01", "no", NULL},
    /* Stages. */
    {"stage in ('reach', 'retention')", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"stage != previous_stage", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"stage starts with 'RET'", "2026-01-05 visit", "2026-02-01", "yes", NULL},
    {"times_in('loyalty') + times_in('reach')", "2026-01-05 visit", "2026-02-01", "1",
     NULL},
    {"time_in_stage > 1d", "2026-01-05 visit", "2026-01-10", "no",
     "2026-01-11T00:00:00.001"},
    /* and, or, not: what decides says how long. */
    {"exists(visit, 30d) and exists(login)", "2026-01-05 visit", "2026-01-06", "no",
     NULL},
    {"exists(visit, 30d) and exists(visit, 10d)", "2026-01-05 visit", "2026-01-06", "yes",
     "2026-01-15"},
    {"exists(visit, 30d) or exists(visit, 10d)", "2026-01-05 visit", "2026-01-06", "yes",
     "2026-02-04"},
    {"not (exists(visit, 30d) or exists(login))", "2026-01-05 visit", "2026-01-06", "no",
     "2026-02-04"},
    {"exists(visit) = true", "2026-01-05 visit", "2026-01-06", "yes", NULL},
};

TEST(values_of_every_type_and_none_are_asked)
{
    NEED_ANSWERS(values, "Europe/Rome", false);
}

static const struct asked exacts[] = {
    {"count(purchase, 10d)", THREE, "2026-01-20", "2", "2026-01-22T12:00"},
    {"count(purchase, 30d) >= 2", THREE, "2026-01-20", "yes", "2026-02-11T12:00"},
    {"count(purchase, 30d) >= 1", THREE, "2026-01-20", "yes", "2026-02-19"},
    {"count(purchase, 30d) >= 4", THREE, "2026-01-20", "no", NULL},
    {"sum(purchase.revenue, 30d) >= 60", THREE, "2026-01-20", "yes", "2026-02-04"},
    {"max(purchase.revenue, 30d) >= 20", THREE, "2026-01-20", "yes", "2026-02-19"},
    {"distinct(purchase.sku, 30d)", THREE, "2026-01-20", "2", "2026-02-11T12:00"},
    {"count(purchase, 7d..14d) >= 2", THREE, "2026-01-20", "no", NULL},
    {"count(purchase, 7d..15d) >= 2", THREE, "2026-01-20", "no", "2026-01-27"},
    {"exists(purchase, 40d) and count(purchase, 30d) >= 1", THREE, "2026-01-20", "yes",
     "2026-02-19"},
    {"not count(purchase, 30d) >= 2", THREE, "2026-01-20", "no", "2026-02-11T12:00"},
    {"last(purchase.sku, 30d) = 'a'", THREE, "2026-01-20", "yes", "2026-02-19"},
    {"min(purchase.revenue, 30d)", THREE, "2026-01-20", "10.00 EUR", "2026-02-04"},
    {"count(purchase, 20d) < 0.5 * count(purchase, 20d..40d)", THREE, "2026-01-20", "no",
     "2026-02-09"},
};

/* Given by mail on the 5th, withdrawn on the 9th; for offers by text message at the 7th. */
#define CONSENTS                                                                         \
    "2026-01-05 consent channel=email purpose=news granted=true; 2026-01-06 visit "      \
    "channel=email purpose=offers granted=true; 2026-01-07 consent channel=sms "         \
    "purpose=offers.daily granted=false; 2026-01-09 consent channel=email purpose=news " \
    "granted=false"

TEST(a_consent_is_what_was_said_last)
{
    static const struct asked consents[] = {
        {"consent.email.news", CONSENTS, "2026-01-05", "yes", NULL},
        {"consent.email.news", CONSENTS, "2026-01-08", "yes", NULL},
        {"consent.email.news", CONSENTS, "2026-01-09", "no", NULL},
        {"consent.email.news is missing", CONSENTS, "2026-01-04", "yes", NULL},
        {"consent.email.news is missing", CONSENTS, "2026-01-10", "no", NULL},
        {"consent.email.offers is missing", CONSENTS, "2026-01-10", "yes", NULL},
        {"consent.sms.offers.daily = false", CONSENTS, "2026-01-10", "yes", NULL},
        {"consent.sms.`offers.daily` = false", CONSENTS, "2026-01-10", "yes", NULL},
        {"not consent.post.news", CONSENTS, "2026-01-10", "yes", NULL},
        {"consent.post.news = false", CONSENTS, "2026-01-10", "no", NULL},
        {"consent.email.news", "2026-01-05 visit", "2026-01-10", "no", NULL},
        {"count(any) = 1", CONSENTS, "2026-01-10", "yes", NULL},
    };

    NEED_ANSWERS(consents, "Europe/Rome", false);
}

TEST(exact_moments_are_those_of_a_true_change)
{
    NEED_ANSWERS(exacts, "Europe/Rome", true);
}

TEST(who_is_in_no_stage_has_none)
{
    static const struct asked none[] = {
        {"stage is missing", "", "", "yes", NULL},
        {"previous_stage is missing", "", "", "yes", NULL},
        {"stage = 'reach'", "", "", "no", NULL},
        {"stage != 'reach'", "", "", "no", NULL},
        {"time_in_stage >= 0d", "", "", "no", NULL},
        {"exists(visit, stage)", "", "", "no", NULL},
        {"times_in('reach') = 0", "", "", "yes", NULL},
    };
    static const uint32_t nowhere[SHOP_STAGES];
    struct situation situation = {
        .stage = STAGE_NONE, .previous_stage = STAGE_NONE, .times_in = nowhere};
    struct rule_ref rule[7];
    struct shop shop;
    struct err err;
    char said[64];

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    for (int i = 0; i < 7; i++)
        rule[i] = compile(&shop, none[i].rule);
    assert_true(shop_start(&shop, &err));
    situation.at_ms = shop_moment(&shop, "2026-02-01");
    for (int i = 0; i < 7; i++) {
        struct answer answer = cursor_ask(shop.cursor, rule[i], &situation);

        print(&answer.value, said);
        assert_string_equal(said, none[i].answer);
    }
    shop_close(&shop);
}

TEST(the_stages_of_other_lifecycles_are_those_of_the_situation)
{
    static const uint16_t above[][2] = {{1, 0}, {1, 1}, {1, STAGE_NONE}, {STAGE_NONE, 0}};
    static const char *const rules[] = {
        "lifecycle.accounts.stage = 'trial'", "lifecycle.accounts.stage != 'trial'",
        "lifecycle.accounts.stage is missing", "lifecycle.people.stage = 'retention'"};
    static const char said[][5] = {"1001", "0101", "0011", "1000"};
    struct rule_ref rule[4], named;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    for (int i = 0; i < 4; i++)
        rule[i] = compile(&shop, rules[i]);
    assert_true(shop_name(&shop, RULE_SEGMENT, "on_trial", rules[0], &err));
    named = compile(&shop, "segment.on_trial");
    assert_true(shop_start(&shop, &err));
    for (int k = 0; k < 4; k++) {
        struct situation s = situation_at(&shop, shop_moment(&shop, "2026-02-01"));

        s.above = above[k];
        s.above_n = 2;
        for (int i = 0; i < 4; i++)
            assert_int_equal(cursor_ask(shop.cursor, rule[i], &s).value.truth,
                             said[k][i] == '1');
        assert_int_equal(cursor_ask(shop.cursor, named, &s).value.truth,
                         said[k][0] == '1');
        s.above_n = 1; /* accounts stand below */
        assert_true(cursor_ask(shop.cursor, rule[2], &s).value.truth);
    }
    shop_close(&shop);
}

/* A stage may be entered, and the move be undone within the instant: the window `stage` then
 * begins earlier than it did when it was asked before. */
TEST(the_window_stage_may_begin_earlier_than_before)
{
    static const char *const rules[] = {
        "count(purchase, stage)", "sum(purchase.revenue, stage)",
        "max(purchase.revenue, stage)", "distinct(purchase.sku, stage)"};
    static const char *const first[] = {"3", "60.55 EUR", "30.55 EUR", "2"};
    static const char *const last[] = {"1", "20.00 EUR", "20.00 EUR", "1"};
    struct situation situation;
    struct rule_ref rule;
    struct shop shop;
    struct err err;
    char said[64];

    for (int i = 0; i < 4; i++) {
        assert_true(shop_open(&shop, "Europe/Rome", THREE, &err));
        rule = compile(&shop, rules[i]);
        assert_true(shop_start(&shop, &err));
        situation = situation_at(&shop, shop_moment(&shop, "2026-01-20"));
        for (int k = 0; k < 4; k++) {
            struct answer answer;

            situation.entered_ms =
                shop_moment(&shop, k % 2 ? "2026-01-20" : "2026-01-05");
            answer = cursor_ask(shop.cursor, rule, &situation);
            print(&answer.value, said);
            assert_string_equal(said, k % 2 ? last[i] : first[i]);
        }
        shop_close(&shop);
    }
}

TEST(segments_and_scores_are_asked_by_name)
{
    struct score_part part[2] = {{.points = 40 * NUM_ONE}, {.points = -500 * NUM_ONE}};
    struct situation situation;
    struct answer answer;
    struct rule_ref rule;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", THREE, &err));
    assert_true(
        shop_name(&shop, RULE_SEGMENT, "vip", "sum(purchase.revenue, 30d) >= 60", &err));
    part[0].when = shop.named[0].rule;
    part[1].when = compile(&shop, "exists(ticket_opened)");
    assert_true(program_add_score(shop.program, 10 * NUM_ONE, 0, 45 * NUM_ONE, part, 2,
                                  &shop.named[1].rule, &err));
    shop.named[1].name = STR("health");
    shop.named[1].kind = RULE_SCORE;
    shop.seg_n = 2;
    rule = compile(&shop, "segment.vip and score.health = 45 and not score.health < 1");
    assert_true(shop_start(&shop, &err));

    situation = situation_at(&shop, shop_moment(&shop, "2026-01-20"));
    answer = cursor_ask(shop.cursor, rule, &situation);
    assert_true(answer.value.truth);
    assert_int_equal(answer.holds_until_ms, shop_moment(&shop, "2026-02-04"));
    situation.at_ms = answer.holds_until_ms;
    answer = cursor_ask(shop.cursor, rule, &situation);
    assert_false(answer.value.truth);
    answer = cursor_ask(shop.cursor, shop.named[1].rule, &situation);
    assert_int_equal(answer.value.number, 10 * NUM_ONE);
    assert_true(cursor_ask_exact(shop.cursor, rule, &situation, &answer, &err));
    assert_false(answer.value.truth);
    situation.at_ms = shop_moment(&shop, "2026-01-20");
    assert_true(cursor_ask_exact(shop.cursor, rule, &situation, &answer, &err));
    assert_true(answer.value.truth);
    assert_int_equal(answer.holds_until_ms, shop_moment(&shop, "2026-02-04"));
    assert_true(
        cursor_ask_exact(shop.cursor, shop.named[1].rule, &situation, &answer, &err));
    assert_int_equal(answer.value.number, 45 * NUM_ONE);
    shop_close(&shop);
}

TEST(other_customers_events_are_not_counted)
{
    static const struct asked asked[] = {
        {"sum(purchase.revenue)",
         "2026-01-01 purchase revenue=1 by=ben; 2026-01-02 purchase revenue=2; "
         "2026-01-03 "
         "purchase revenue=4 by=carl; 2026-01-04 purchase revenue=8 by=ben; 2026-01-05 "
         "purchase "
         "revenue=16",
         "2026-02-01", "18.00 EUR", NULL},
        {"trait.age",
         "2026-01-01 visit @age=30 by=ben; 2026-01-02 visit @age=40; 2026-01-03 visit "
         "@age=50 "
         "by=carl; 2026-01-04 visit @age=60 by=ben",
         "2026-02-01", "40", NULL},
        {"count(purchase where sku = 'a')",
         "2026-01-01 purchase sku=a by=ben; 2026-01-02 purchase sku=b; 2026-01-03 "
         "purchase sku=a "
         "by=carl; 2026-01-04 purchase sku=a",
         "2026-02-01", "1", NULL},
    };

    NEED_ANSWERS(asked, "Europe/Rome", false);
}

TEST(many_different_values_are_counted_once_each)
{
    struct buf timeline = {NULL};
    struct asked asked[2] = {{.rule = "distinct(visit.seconds)", .answer = "67"},
                             {.rule = "distinct(visit.seconds, 90s)", .answer = "60"}};

    for (int i = 0; i < 180; i++)
        buf_add_format(&timeline, "%s2026-01-01T00:%02d:%02d visit seconds=%d",
                       i ? "; " : "", i / 60, i % 60, i % 67 * 1000);
    buf_add_char(&timeline, 0);
    for (int i = 0; i < 2; i++) {
        asked[i].timeline = timeline.p;
        asked[i].at = "2026-01-01T00:03:29.500";
    }
    asked[1].until = "2026-01-01T00:03:30";
    NEED_ANSWERS(asked, "Europe/Rome", false);
    buf_free(&timeline);
}

TEST(an_empty_timeline_is_asked)
{
    struct situation situation;
    struct rule_ref rule;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", "", &err));
    rule = compile(&shop, "count(any) = 0 and not sequence(visit, login within 3d)");
    assert_true(shop_start(&shop, &err));
    situation = situation_at(&shop, shop_moment(&shop, "2026-01-20"));
    assert_true(cursor_ask(shop.cursor, rule, &situation).value.truth);
    shop_close(&shop);
}

/* The words of each chunk stand in another order; the cursor must not mix them up. */
TEST(texts_mean_the_same_in_every_chunk)
{
    static const str sku[] = {STR("X"), STR("C"), STR("B"), STR("C")};
    struct property property[4];
    struct event event[4];
    struct timeline turn[3];
    struct rule_ref is_c, kinds;
    struct chunk *other;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome",
                          "2026-01-05 purchase sku=B; 2026-01-06 purchase sku=C", &err));
    is_c = compile(&shop, "count(purchase where sku = \"C\")");
    kinds = compile(&shop, "distinct(purchase.sku)");
    for (uint32_t i = 0; i < 4; i++) {
        property[i] = (struct property){STR("sku"), {.type = VALUE_TEXT, .text = sku[i]}};
        event[i] = (struct event){.customer = STR("anna"),
                                  .type = STR("purchase"),
                                  .id = {&"1234"[i], 1},
                                  .at_ms = shop_moment(&shop, "2026-01-07") + i,
                                  .property = &property[i],
                                  .property_n = 1};
    }
    assert_true(chunk_build(&shop.catalog, NULL, 0, event, 4, &other, &err));
    assert_true(shop_start(&shop, &err));
    turn[0] = turn[2] = shop.timeline;
    turn[1] = timeline_of(other, 0);
    for (int i = 0; i < 3; i++) {
        struct situation s = situation_at(&shop, shop_moment(&shop, "2026-01-20"));

        assert_true(cursor_start(shop.cursor, &turn[i], &err));
        assert_int_equal(cursor_ask(shop.cursor, is_c, &s).value.number,
                         (i == 1 ? 2 : 1) * NUM_ONE);
        assert_int_equal(cursor_ask(shop.cursor, kinds, &s).value.number,
                         (i == 1 ? 3 : 2) * NUM_ONE);
    }
    chunk_free(other);
    shop_close(&shop);
}
