#include "engine/keep_fit.h"

#include "engine/rule.h"
#include "engine/value.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <math.h>

static bool fit(struct engine *e, str value, struct arena *a, struct value_view *out,
                struct err *err)
{
    const struct value_question q = {.model = STR("nbd"),
                                     .value = value,
                                     .until_ms = moment_of("2026-02-28"),
                                     .scope.at_ms = moment_of("2026-03-01"),
                                     .scope.known_ms = moment_of("2026-03-01")};
    str wrong;

    return engine_value_fit(e, &q, a, out, &wrong, err);
}

static bool keep(void *context, struct err *err)
{
    struct value_view v;
    struct arena a = {};
    bool ok = fit(context, STR(""), &a, &v, err);

    if (ok) {
        ok = engine_keep_fit(context, &v, moment_of("2026-03-01"), err);
        value_view_free(&v);
    }
    arena_free(&a);
    return ok;
}

static struct term asked(struct engine *e, const char *rule, const char *at,
                         struct arena *a)
{
    struct trial_view v;
    struct trial t;
    struct err err;

    NEED_OK(trial_new(e, str_of(rule), &t, &err), err);
    NEED_OK(trial_explain(e, &t, STR("10"), moment_of(at), LANGUAGE_EN, a, &v, &err),
            err);
    assert_int_equal(v.term_n, 1);
    trial_free(&t);
    return v.term[0];
}

TEST(what_is_kept_is_asked_of_moments_behind_its_day_until_it_is_dropped)
{
    struct engine *e = bottega_open("2026-03-01");
    struct arena a = {};
    struct err err;

    assert_string_equal(asked(e, "value.p_alive", "2026-03-01", &a).value.p, "missing");
    NEED_OK(keep(e, &err), err);
    assert_int_equal(engine_fits(e)->n, 1);
    NEED_OK(keep(e, &err), err); /* in its place */
    assert_int_equal(engine_fits(e)->n, 1);
    assert_string_equal(asked(e, "value.p_alive", "2026-02-28", &a).value.p, "missing");
    assert_true(str_contains_nocase(asked(e, "value.p_alive", "2026-03-01", &a).value,
                                    STR(" (fitted to what was known up to 2026-02-28)")));
    NEED_OK(engine_drop_fit(e, STR("2026-02-28"), &err), err);
    assert_int_equal(engine_fits(e)->n, 0);
    assert_string_equal(asked(e, "value.p_alive", "2026-03-01", &a).value.p, "missing");
    assert_false(engine_drop_fit(e, STR("2026-02-28"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    arena_free(&a);
    engine_close(e);
}

/* One customer who came back says nothing of how means differ. */
TEST(a_fit_without_a_maximum_is_not_kept)
{
    struct engine *e = bottega_open("2026-03-01");
    struct value_view v;
    struct arena a = {};
    struct err err;

    NEED_OK(fit(e, STR("revenue"), &a, &v, &err), err);
    assert_false(engine_keep_fit(e, &v, moment_of("2026-03-01"), &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(engine_fits(e)->n, 0);
    value_view_free(&v);
    arena_free(&a);
    engine_close(e);
}

static bool open_and_keep([[maybe_unused]] void *context, struct err *err)
{
    struct engine *e;
    bool ok;

    if (!engine_open(io_system(), str_of(bottega_path()),
                     &(struct store_options){.mode = STORE_WRITE}, &e, err))
        return false;
    ok = keep(e, err);
    assert_true(!ok || engine_fits(e)->n == 1);
    engine_close(e);
    return ok;
}

TEST(keeping_a_fit_survives_the_lack_of_memory)
{
    engine_close(bottega_open("2026-03-01"));
    each_oom_or_done(open_and_keep, NULL);
}

static const struct repeat_model models[] = {
    {.kind = VALUE_BG_NBD,
     .bgnbd = {.dropout = DROPOUT_BETA,
               .unit_days = 7,
               .k = 1,
               .parameter = {.243, 4.414, .793, 2.426}}},
    {.kind = VALUE_MBG_CNBD_K,
     .bgnbd = {.dropout = DROPOUT_SAME,
               .at_once = true,
               .unit_days = 365.25 / 12,
               .k = 3,
               .parameter = {1.0 / 3, 4.5, .1}}},
    {.kind = VALUE_PARETO_NBD,
     .pareto = {.unit_days = 1,
                .parameter = {.5532770469, 10.5776834634, .6062399891, 11.6687352864}}},
    {.kind = VALUE_PARETO_NBD,
     .pareto = {.rate = PARETO_SAME,
                .death = PARETO_NEVER,
                .unit_days = 7,
                .parameter = {.25}}},
};

TEST(a_fit_that_is_read_again_answers_the_same)
{
    const struct rule_bought bought = {3, 40, 90, 77.7};
    struct kept_fit one = {.unit = STR("week"), .event = STR("purchase")}, two;
    struct arena a = {};
    struct err err;

    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        struct buf text = {};

        one.model = models[i];
        one.has_spending = i % 2;
        one.value = i % 2 ? STR("revenue where gift") : STR("");
        one.spending = (struct gamma_gamma){6.25, 3.74, 15.44};
        kept_print(&one, &text);
        NEED_OK(kept_parse(buf_str(&text), &a, &two, &err), err);
        assert_true(kept_worth(&one, WORTH_P_ALIVE, &bought)
                    == kept_worth(&two, WORTH_P_ALIVE, &bought));
        assert_true(kept_worth(&one, WORTH_CHURN_90D, &bought)
                    == kept_worth(&two, WORTH_CHURN_90D, &bought));
        if (one.has_spending)
            assert_true(kept_worth(&one, WORTH_CLV_12MO, &bought)
                        == kept_worth(&two, WORTH_CLV_12MO, &bought));
        else
            assert_true(isnan(kept_worth(&two, WORTH_CLV_12MO, &bought)));
        assert_false(kept_parse((str){text.p, text.n - 13}, &a, &two, &err));
        assert_int_equal(err.code, ERR_CORRUPT);
        text.p[text.n - 13] = '\0';
        assert_false(kept_parse(buf_str(&text), &a, &two, &err));
        assert_int_equal(err.code, ERR_CORRUPT);
        buf_free(&text);
    }
    arena_free(&a);
}
