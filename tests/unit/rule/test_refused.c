#include "shop.h"
#include "support/unit.h"

#include <string.h>

/* Where and how a rule is refused. */
static const struct {
    const char *rule;
    int line, column;
    const char *msg;
} refused[] = {
    /* Names. */
    {"count(purchse, 90d) >= 3", 1, 7,
     "there is no event \"purchse\"; did you mean purchase?"},
    {"count(`order completed`) > 1", 1, 7,
     "there is no event \"order completed\"; did you mean Order Completed?"},
    {"count(purchase) > 1 and\n  exists(zebra)", 2, 10, "there is no event \"zebra\""},
    {"sum(purchase.revenu) > 1", 1, 14,
     "purchase has no property \"revenu\"; did you mean revenue?"},
    {"sum(login.revenue) > 1", 1, 11, "login has no property \"revenue\""},
    {"count(purchase where skuu = 'a') > 1", 1, 22,
     "purchase has no property \"skuu\"; did you mean sku?"},
    {"trait.contry = 'IT'", 1, 7, "there is no trait \"contry\"; did you mean country?"},
    {"trait = 'IT'", 1, 1, "which trait? write trait. and its name"},
    {"stage = 'loyal'", 1, 9, "there is no stage \"loyal\"; did you mean loyalty?"},
    {"'loyal' = previous_stage", 1, 1,
     "there is no stage \"loyal\"; did you mean loyalty?"},
    {"stage in ('loyalty', 'reech')", 1, 22,
     "there is no stage \"reech\"; did you mean reach?"},
    {"times_in('retenzion') > 1", 1, 10,
     "there is no stage \"retenzion\"; did you mean retention?"},
    {"times_in(loyalty) > 1", 1, 10,
     "expected the name of a stage in quotes, found \"loyalty\""},
    {"lifecycle.accounts.stage = 'paing'", 1, 28,
     "there is no stage \"paing\"; did you mean paying?"},
    {"'loyalty' != lifecycle.accounts.stage", 1, 1, "there is no stage \"loyalty\""},
    {"lifecycle.account.stage = 'paying'", 1, 11,
     "there is no lifecycle \"account\"; did you mean accounts?"},
    {"lifecycle.accounts = 'paying'", 1, 1,
     "of a lifecycle rules ask for the stage: lifecycle.NAME.stage"},
    {"segment.vipp", 1, 9, "there is no segment \"vipp\"; did you mean vip?"},
    {"segment", 1, 1, "which segment? write segment. and its name"},
    {"score.helth > 1", 1, 7, "there is no score \"helth\"; did you mean health?"},
    {"segment.ring", 1, 1, "in segment.ring: it names itself"},
    {"consent", 1, 1,
     "a consent is asked for by channel and purpose: consent.email.marketing"},
    {"not consent.email", 1, 5,
     "a consent is asked for by channel and purpose: consent.email.marketing"},
    {"consent.email.news > 1", 1, 22, "a number cannot be compared with true or false"},
    {"exists(consent)", 1, 8, "there is no event \"consent\""},
    {"purchase > 3", 1, 1,
     "purchase is an event: ask for it with a function, such as count(purchase, 90d) or "
     "exists(purchase)"},
    {"stag = 'loyalty'", 1, 1, "there is no \"stag\" to ask for; did you mean stage?"},
    {"`stage` = 'loyalty'", 1, 1,
     "there is no \"stage\" to ask for; did you mean stage?"},
    {"trait.age = missing", 1, 13, "write \"is missing\" behind what may be missing"},
    {"cont(purchase) > 1", 1, 1, "there is no function cont(); did you mean count?"},
    {"sum(login.channel) > 1", 1, 5, "sum() needs numbers, and this property is a text"},
    {"acquisition.chanel = \"email\"", 1, 13,
     "of an acquisition are known: channel, source, medium, campaign, referrer and page; "
     "did "
     "you mean channel?"},
    {"acquisition = \"email\"", 1, 1,
     "of an acquisition are known: channel, source, medium, campaign, referrer and page"},
    {"sum(any.member) > 1", 1, 5, "sum() needs numbers, and this property is a text"},
    {"account > 1", 1, 11, "a number cannot be compared with true or false"},
    {"sum(any.revenue) > 1", 1, 9,
     "any has only the properties that every event has: day, week, weekday, hour, "
     "channel and member"},
    /* Grammar. */
    {"", 1, 1, "there is nothing here"},
    {"  \n ", 1, 1, "there is nothing here"},
    {"count(purchase) >=", 1, 19,
     "expected a value, a name or a function, found the end"},
    {"count(purchase", 1, 15, "expected a closing ), found the end"},
    {"(count(purchase) > 1", 1, 21, "expected a closing ), found the end"},
    {"count(purchase) > 1)", 1, 20, "expected and, or, or the end, found \")\""},
    {"count(purchase) > 1 exists(visit)", 1, 21,
     "expected and, or, or the end, found \"exists\""},
    {"count() > 1", 1, 7, "expected the name of an event, or any, found \")\""},
    {"count(purchase,) > 1", 1, 16,
     "expected a window such as 90d, 30d..60d, from 2026-01-01 to 2026-01-31, or stage, "
     "found \")\""},
    {"not not exists(visit)", 1, 5, "one not is enough"},
    {"1 < count(visit) < 3", 1, 18, "one comparison at a time; join two with and"},
    {"exists(visit) and and exists(login)", 1, 19,
     "expected a value, a name or a function, found \"and\""},
    {"trait.country in 'IT'", 1, 18,
     "expected ( and the values, such as (\"IT\", \"PT\"), found \"'IT'\""},
    {"trait.country in ()", 1, 19,
     "expected a value such as 12, \"text\", true or 2026-01-31, found \")\""},
    {"trait.country in ('IT' 'PT')", 1, 24,
     "expected a comma or a closing ), found \"'PT'\""},
    {"trait.country not 'IT'", 1, 19, "expected in, and, or, or the end, found \"'IT'\""},
    {"trait.country is 'IT'", 1, 18, "expected missing or not missing, found \"'IT'\""},
    {"trait.country starts 'IT'", 1, 22, "expected with, found \"'IT'\""},
    {"count(visit where count(login) > 1) > 1", 1, 19,
     "where sees only the properties of its own event: no count() here"},
    {"trait. = 1", 1, 8, "expected a name after the dot, found \"=\""},
    {"sequence(visit, signup) ", 1, 23,
     "expected within and a length: how soon after the step before, found \")\""},
    {"until(2026-01-01) < 3d", 1, 7,
     "expected a trait such as trait.renewal, found \"2026-01-01\""},
    {"until(purchase) < 3d", 1, 7, "until() takes a trait, such as trait.renewal"},
    /* Literals. */
    {"trait.country = 'IT", 1, 17, "this text has no closing '"},
    {"count(`Order Completed) > 1", 1, 7, "this name has no closing `"},
    {"count(``) > 1", 1, 7, "this name is empty"},
    {"since(purchase) > 1.5d", 1, 19,
     "a length of time is a whole number and a unit: 36h, not 1.5d"},
    {"since(purchase) > 90days", 1, 19,
     "\"90days\" is no length of time; write a whole number and one of s m h d w mo y, "
     "such "
     "as 90d"},
    {"since(purchase) > -90d", 1, 19, "a length of time has no sign"},
    {"count(purchase, -90d) > 1", 1, 17, "a length of time has no sign"},
    {"count(visit) > 1.1234567", 1, 16, "a number has at most six decimals"},
    {"count(visit) > 99999999999999999999", 1, 16, "this number is too large"},
    {"last(visit) > 2026-02-30", 1, 15, "there is no day 2026-02-30"},
    {"last(visit) > 2026-2-3", 1, 15,
     "a date is written with year, month and day, such as 2026-01-31"},
    {"last(visit) > 2026-01-31x", 1, 15,
     "a date is written with year, month and day, such as 2026-01-31"},
    {"stage =\u00A0\u00A0loyalty", 1, 10, "there is no \"loyalty\" to ask for"},
    {"exists(visit) '\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0"
     "\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0'",
     1, 15,
     "expected and, or, or the end, found \"'\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0"
     "\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\u00E0\""},
    {"sequence(visit, visit within 1d, visit within 1d, visit within 1d, visit within "
     "1d, "
     "visit within 1d, visit within 1d, visit within 1d, visit within 1d, visit within "
     "1d, "
     "visit within 1d, visit within 1d, visit within 1d, visit within 1d, visit within "
     "1d, "
     "visit within 1d, login within 1d)",
     1, 272, "a sequence has at most 16 steps"},
    {"stage == 'loyalty'", 1, 7, "equal is written ="},
    {"stage <> 'loyalty'", 1, 7, "not equal is written !="},
    {"stage = \u201Cloyalty\u201D", 1, 9, "texts stand in straight quotes, \" or '"},
    {"count(visit) \u2265 3", 1, 14, "write >="},
    {"trait.country = 'citt\u00E0' && exists(visit)", 1, 25, "write and"},
    {"count(visit) % 2 = 1", 1, 14, "a rule has no sign %"},
    {"count(visit)\x01 > 1", 1, 13,
     "a character that has no meaning in a rule stands here"},
    {"count(visit) > \xFF", 1, 1, "this text is not UTF-8"},
    /* Windows. */
    {"count(visit, 60d..30d) > 1", 1, 14,
     "this window is the wrong way round: the shorter length comes first"},
    {"count(visit, 30d..30d) > 1", 1, 14,
     "this window is empty: its two ends are the same, or may be in some months"},
    {"count(visit, 30d..1mo) > 1", 1, 14,
     "this window is empty: its two ends are the same, or may be in some months"},
    {"count(visit, 2mo..30d) > 1", 1, 14,
     "this window is the wrong way round: the shorter length comes first"},
    {"count(visit, 0d) > 1", 1, 14, "this window is empty"},
    {"count(visit, from 2026-02-01 to 2026-01-01) > 1", 1, 14,
     "this window is the wrong way round: the earlier day comes first"},
    {"count(visit, from 2026-02-01) > 1", 1, 29,
     "expected to and the last day, found \")\""},
    {"count(visit, 30d..) > 1", 1, 19,
     "expected the window's far end, such as 60d, found "
     "\")\""},
    {"since(trait.renewal, 3d) > 3d", 1, 1, "a trait has no window and no where"},
    {"anniversary(trait.renewal, 1y)", 1, 1,
     "an anniversary lasts some time, and less than a year"},
    {"anniversary(trait.renewal, 0d)", 1, 1,
     "an anniversary lasts some time, and less than a year"},
    /* Types. */
    {"count(visit)", 1, 1,
     "a condition is needed here, such as count(purchase, 90d) >= 3"},
    {"exists(visit) and count(visit)", 1, 19,
     "a condition is needed here, such as count(purchase, 90d) >= 3"},
    {"not count(visit)", 1, 5,
     "a condition is needed here, such as count(purchase, 90d) >= 3"},
    {"count(visit) > 'three'", 1, 16, "a text cannot be compared with a number"},
    {"trait.country > 'IT'", 1, 1, "a text has no order: only = and != can compare it"},
    {"trait.vip < true", 1, 1,
     "true or false has no order: only = and != can compare it"},
    {"trait.tags = 'a'", 1, 14, "a text cannot be compared with a list"},
    {"trait.tags = last(purchase.items)", 1, 1, "a list is asked with contains"},
    {"trait.age contains 'a'", 1, 1, "only a text or a list can contain something"},
    {"trait.tags starts with 'a'", 1, 1, "only a text can start with something"},
    {"trait.country contains 3", 1, 24, "a text is needed here"},
    {"trait.age in (1, 'a')", 1, 18, "a text cannot be compared with a number"},
    {"sum(purchase) > 1", 1, 1, "sum() needs a property, such as purchase.revenue"},
    {"distinct(purchase) > 1", 1, 1, "distinct() needs a property, such as purchase.day"},
    {"sum(purchase.sku) > 1", 1, 5, "sum() needs numbers, and this property is a text"},
    {"avg(purchase.due) > 1", 1, 5, "avg() needs numbers, and this property is a moment"},
    {"max(purchase.gift) > 1", 1, 5, "max() needs numbers, and this property is a bool"},
    {"sum(purchase.revenue) + 5 > 1", 1, 1, "a number cannot be added to money"},
    {"5 - sum(purchase.revenue) > 1", 1, 1, "money cannot be taken from a number"},
    {"sum(purchase.revenue) * sum(purchase.revenue) > 1", 1, 1,
     "money cannot be multiplied by money"},
    {"1 / sum(purchase.revenue) > 1", 1, 1, "a number cannot be divided by money"},
    {"-trait.country = 'a'", 1, 1, "only numbers and money can have a minus"},
    {"'a' + 'b' = 'ab'", 1, 1, "a text cannot be added to a text"},
    /* Times that grow. */
    {"since(purchase) = 90d", 1, 1,
     "a time that grows can only be compared, by < <= > or >=, with one length such as "
     "90d"},
    {"since(purchase) - age(purchase) > 90d", 1, 1,
     "a time that grows can only be compared, by < <= > or >=, with one length such as "
     "90d"},
    {"since(purchase) > since(visit)", 1, 1,
     "a time that grows can only be compared, by < <= > or >=, with one length such as "
     "90d"},
    {"3 > since(visit)", 1, 5,
     "a time that grows can only be compared, by < <= > or >=, with one length such as "
     "90d"},
    {"time_in_stage is missing", 1, 1,
     "a time that grows can only be compared, by < <= > or >=, with one length such as "
     "90d"},
    {"last(visit) - first(visit) > 1mo", 1, 30,
     "a difference of two moments is compared in s, m, h, d or w: 30d, not 1mo"},
    {"last(visit) + 3d > 2026-01-01", 1, 1,
     "a length of time cannot be added to a moment"},
    {"since(trait.country) > 3d", 1, 7,
     "since() needs a trait that is a moment; trait.country is declared as text"},
};

TEST(what_is_wrong_is_said_with_its_place)
{
    struct shop shop;
    struct err err;
    int wrong = 0;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        struct rule_ref rule;

        err = (struct err){ERR_NONE};
        if (shop_rule(&shop, refused[i].rule, RULE_CONDITION, &rule, &err)
            || err.code != ERR_INPUT || err.line != refused[i].line
            || err.column != refused[i].column || strcmp(err.msg, refused[i].msg) != 0) {
            print_error("%s: %d:%d %s\n", refused[i].rule, err.line, err.column,
                        err.code ? err.msg : "taken");
            wrong++;
        }
    }
    shop_close(&shop);
    assert_int_equal(wrong, 0);
}

TEST(a_number_is_needed_where_a_number_is_wanted)
{
    struct rule_ref rule;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    assert_false(shop_rule(&shop, "exists(visit)", RULE_NUMBER, &rule, &err));
    assert_string_equal(err.msg, "a number or money is needed here");
    assert_false(shop_rule(&shop, "trait.country", RULE_NUMBER, &rule, &err));
    assert_true(shop_rule(&shop, "count(visit) / 2", RULE_NUMBER, &rule, &err));
    assert_true(shop_rule(&shop, "trait.budget", RULE_NUMBER, &rule, &err));
    shop_close(&shop);
}

static void repeat(struct buf *b, const char *text, int n)
{
    while (n-- > 0)
        buf_add(b, str_of(text));
}

TEST(no_text_is_too_deep_or_too_long)
{
    static const struct {
        const char *open, *middle, *close;
        int n;
        const char *msg; /* NULL: taken */
    } texts[] = {
        {"(", "exists(visit)", ")", 50, NULL},
        {"(", "exists(visit)", ")", 4000, "nested"},
        {"not (", "exists(visit)", ")", 40, NULL},
        {"not (", "exists(visit)", ")", 2000, "nested"},
        {"-", "1 = 1", "", 8000, "nested"},
        {"", "1", "+ 1", 5000, "nested"},
        {"", "exists(visit)", " and exists(visit)", 800, NULL},
        {"", "exists(visit)", " or exists(login)", 800, NULL},
        {"", "exists(visit)", " and exists(visit)", 5000, "longer"},
        {"count(visit where (", "seconds > 1", ") ) > 1 ", 1, NULL},
    };
    struct rule_ref rule;
    struct shop shop;
    struct err err;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct buf b = {NULL};
        bool ok;

        repeat(&b, texts[i].open, texts[i].n);
        repeat(&b, texts[i].middle, 1);
        repeat(&b, texts[i].close, texts[i].n);
        ok = program_add(shop.program, buf_str(&b), RULE_CONDITION, &rule, &err);
        if (ok != (texts[i].msg == NULL))
            fail_msg("%s: %s", texts[i].open, ok ? "taken" : err.msg);
        if (!ok)
            assert_string_equal(strstr(err.msg, texts[i].msg) ? "" : err.msg, "");
        buf_free(&b);
    }
    shop_close(&shop);
}

TEST(rules_that_name_rules_end_somewhere)
{
    struct shop shop;
    struct err err;
    struct rule_ref rule;
    bool ok = true;
    int deep = 0;

    assert_true(shop_open(&shop, "Europe/Rome", "2026-01-05 visit", &err));
    assert_true(shop_name(&shop, RULE_SEGMENT, "s", "exists(visit)", &err));
    while (ok && deep < 1000) {
        ok = shop_rule(&shop, "segment.s and not segment.s", RULE_CONDITION, &rule, &err);
        shop.named[0].rule = rule;
        deep++;
    }
    assert_in_range(deep, 10, 100);
    assert_string_equal(err.msg,
                        "segments and scores name one another more than 64 deep");
    shop_close(&shop);
}
