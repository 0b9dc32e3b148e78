#include "support/fail.h"

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

static void oom_loop(oom_body *body, void *context, bool for_good, bool may_end_well)
{
    struct oom oom = {.for_good = for_good};

    do {
        struct err err = {ERR_NONE};
        size_t blocks = mem_live_blocks();
        bool ok;

        oom.nth++;
        oom.seen = 0;
        oom.struck = false;
        mem_set_hook(oom_hook, &oom);
        ok = body(context, &err);
        mem_set_hook(NULL, NULL);

        if (mem_live_blocks() != blocks)
            fail_msg("allocation %zu failed (%s): %zu blocks before, %zu after", oom.nth,
                     err.msg, blocks, mem_live_blocks());
        if (oom.struck && ok && !may_end_well)
            fail_msg("allocation %zu failed, and nobody noticed", oom.nth);
        if (oom.struck && !ok && err.code != ERR_NOMEM)
            fail_msg("allocation %zu failed, reported as code %d: %s", oom.nth, err.code,
                     err.msg);
        if (!oom.struck && !ok)
            fail_msg("fails with memory enough: %s", err.msg);
    } while (oom.struck);
}

void each_oom(oom_body *body, void *context)
{
    oom_loop(body, context, false, false);
    oom_loop(body, context, true, false);
}

void each_oom_or_done(oom_body *body, void *context)
{
    oom_loop(body, context, false, true);
    oom_loop(body, context, true, true);
}
