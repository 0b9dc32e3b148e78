#include "support/fail.h"

#include "support/chance.h"
#include "support/unit.h"

#include <stdatomic.h>

struct oom {
    size_t nth;
    bool for_good;
    atomic_size_t seen; /* any thread may ask for memory */
    atomic_bool struck;
};

static bool oom_hook([[maybe_unused]] size_t bytes, void *context)
{
    struct oom *oom = context;
    size_t seen = ++oom->seen;
    bool fails = oom->for_good ? seen >= oom->nth : seen == oom->nth;

    if (fails)
        oom->struck = true;
    return !fails;
}

/* The blocks that live after an untouched run. */
static size_t run_untouched(oom_body *body, void *context)
{
    struct err err = {ERR_NONE};

    if (!body(context, &err))
        fail_msg("fails with memory enough: %s", err.msg);
    return mem_live_blocks();
}

enum oom_rule { OOM_MUST_FAIL, OOM_MAY_END_WELL, OOM_IS_KEPT };

/* A body of many allocations takes as long as it is squared: so many are tried, times
 * CICLO_ROUNDS, from one by chance on, so that none is left out for ever. */
enum { TRIES = 200 };

static size_t stride_of(oom_body *body, void *context)
{
    struct oom count = {.nth = SIZE_MAX};

    mem_set_hook(oom_hook, &count);
    run_untouched(body, context);
    mem_set_hook(NULL, NULL);
    return count.seen / chance_rounds(TRIES) + 1;
}

static void oom_loop(oom_body *body, void *context, bool for_good, enum oom_rule rule)
{
    struct random r = chance();
    size_t stride = stride_of(body, context);
    struct oom oom = {.nth = 1 + (size_t)random_below(&r, stride), .for_good = for_good};
    size_t blocks =
        rule == OOM_IS_KEPT ? run_untouched(body, context) : mem_live_blocks();

    for (;; oom.nth += stride) {
        struct err err = {ERR_NONE};
        size_t after;
        bool ok;

        oom.seen = 0;
        oom.struck = false;
        mem_set_hook(oom_hook, &oom);
        ok = body(context, &err);
        mem_set_hook(NULL, NULL);

        after = rule == OOM_IS_KEPT ? run_untouched(body, context) : mem_live_blocks();
        if (after != blocks)
            fail_msg("allocation %zu failed (%s): %zu blocks before, %zu after", oom.nth,
                     err.msg, blocks, after);
        if (oom.struck && ok && rule == OOM_MUST_FAIL)
            fail_msg("allocation %zu failed, and nobody noticed", oom.nth);
        if (oom.struck && !ok && err.code != ERR_NOMEM)
            fail_msg("allocation %zu failed, reported as code %d: %s", oom.nth, err.code,
                     err.msg);
        if (!oom.struck && !ok)
            fail_msg("fails with memory enough: %s", err.msg);
        if (!oom.struck)
            return;
    }
}

void each_oom(oom_body *body, void *context)
{
    oom_loop(body, context, false, OOM_MUST_FAIL);
    oom_loop(body, context, true, OOM_MUST_FAIL);
}

void each_oom_or_done(oom_body *body, void *context)
{
    oom_loop(body, context, false, OOM_MAY_END_WELL);
    oom_loop(body, context, true, OOM_MAY_END_WELL);
}

void each_oom_kept(oom_body *body, void *context)
{
    oom_loop(body, context, false, OOM_IS_KEPT);
    oom_loop(body, context, true, OOM_IS_KEPT);
}
