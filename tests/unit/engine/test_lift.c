#include "engine/lift.h"
#include "engine/survival.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

static bool ask(void *context, struct err *err)
{
    struct lift_question q = {.assigned = STR("purchase"),
                              .group = STR("revenue"),
                              .control = STR("40.00"),
                              .conversion = STR("purchase"),
                              .value = STR("revenue"),
                              .list = STR("several"),
                              .channel = STR("email"),
                              .scope = {.from_ms = MOMENT_MIN,
                                        .to_ms = MOMENT_NEVER,
                                        .at_ms = moment_of("2026-03-01"),
                                        .known_ms = moment_of("2026-03-01")}};
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct arena a = {};
    struct lift_view v;
    str wrong;
    bool ok = engine_lift(context, &q, &a, &v, &wrong, err);

    if (ok) {
        ok = lift_put_json(&j, context, &v, &a, err) && (!b.failed || err_nomem(err));
        lift_view_free(&v);
    }
    buf_free(&b);
    arena_free(&a);
    return ok;
}

TEST(lift_says_that_memory_ran_out)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask, e);
    engine_close(e);
}

static bool ask_cox(void *context, struct err *err)
{
    struct survival_question q = {.first = STR("stage.at_risk"),
                                  .end = STR("purchase"),
                                  .cox = STR("trait.country"),
                                  .scope = {.from_ms = MOMENT_MIN,
                                            .to_ms = MOMENT_NEVER,
                                            .at_ms = moment_of("2026-03-01"),
                                            .known_ms = moment_of("2026-03-01")}};
    struct arena a = {};
    struct survival_view v;
    str wrong;
    bool ok = engine_survival(context, &q, &a, &v, &wrong, err);

    if (ok)
        survival_view_free(&v);
    /* So few are told apart by nothing: refused in words, but for want of memory. */
    ok = ok || err->code == ERR_INPUT;
    arena_free(&a);
    return ok;
}

TEST(hazards_say_that_memory_ran_out)
{
    struct engine *e = bottega_open("2026-03-01");

    each_oom_kept(ask_cox, e);
    engine_close(e);
}
