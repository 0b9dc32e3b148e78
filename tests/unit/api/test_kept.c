#include "api/kept.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>

#define AT(number) (&(struct kept_from){(number), 1, 10 * (number)})

static void need(struct kept *k, uint64_t state, const char *question, const char *wanted)
{
    struct buf b = {};
    struct kept_from from;
    bool found = kept_find(k, str_of(question), &b, &from);

    if (found) {
        assert_int_equal(from.state, state);
        assert_int_equal(from.begun_ms, 10 * state);
    }

    assert_int_equal(found, wanted != NULL);
    if (wanted && !str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("%s: \"%.*s\"", question, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

TEST(what_was_answered_is_answered_again)
{
    struct kept *k = kept_new(100);

    assert_non_null(k);
    need(k, 1, "who", NULL);
    kept_add(k, AT(1), STR("who"), STR("all"));
    kept_add(k, AT(1), STR("whoa"), STR("none"));
    kept_add(k, AT(1), STR("empty"), STR(""));
    need(k, 1, "who", "all");
    need(k, 1, "whoa", "none");
    need(k, 1, "empty", "");
    need(k, 1, "whoal", NULL);
    kept_free(k);
}

TEST(the_last_answer_takes_the_place_of_the_one_before)
{
    struct kept *k = kept_new(10);

    assert_non_null(k);
    kept_add(k, AT(1), STR("who"), STR("all"));
    kept_add(k, AT(3), STR("who"), STR("some"));
    need(k, 3, "who", "some");
    kept_add(k, AT(4), STR("how"), STR(""));
    need(k, 3, "who", "some");
    need(k, 4, "how", "");
    kept_add(k, AT(5), STR("who"), STR("too much of it"));
    need(k, 5, "who", NULL);
    kept_free(k);
}

TEST(who_was_not_asked_for_longest_gives_way)
{
    struct kept *k = kept_new(8);

    assert_non_null(k);
    kept_add(k, AT(1), STR("a"), STR("1"));
    kept_add(k, AT(1), STR("b"), STR("2"));
    kept_add(k, AT(1), STR("c"), STR("345"));
    need(k, 1, "a", "1");
    kept_add(k, AT(1), STR("d"), STR("6"));
    need(k, 1, "b", NULL);
    need(k, 1, "a", "1");
    need(k, 1, "c", "345");
    kept_add(k, AT(1), STR("e"), STR("78901234"));
    need(k, 1, "e", NULL);
    need(k, 1, "a", "1");
    kept_add(k, AT(1), STR("f"), STR("7890123"));
    need(k, 1, "a", NULL);
    need(k, 1, "f", "7890123");
    kept_free(k);
}

TEST(thousands_of_small_ones_stay_within_bounds)
{
    struct kept *k = kept_new(1 << 20);
    char name[20];

    assert_non_null(k);
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "%d", i);
        kept_add(k, AT(1), str_of(name), str_of(name));
    }
    need(k, 1, "2999", "2999");
    need(k, 1, "0", NULL);
    kept_free(k);
}

static bool keep_and_find(void *context, struct err *err)
{
    struct kept *k = kept_new(100);
    struct buf b = {};
    struct kept_from from;
    bool ok;

    (void)context;
    if (!k)
        return err_nomem(err);
    kept_add(k, AT(1), STR("who"), STR("all"));
    ok = kept_find(k, STR("who"), &b, &from) && str_eq(buf_str(&b), STR("all"));
    buf_free(&b);
    kept_free(k);
    return ok || err_nomem(err);
}

TEST(without_memory_nothing_is_kept)
{
    each_oom(keep_and_find, NULL);
}
