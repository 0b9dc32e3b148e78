#include "unit/engine/bottega.h"

#include "engine/info.h"
#include "support/fail.h"
#include "support/unit.h"

#define NOW "2026-12-31"

static bool ask(void *context, struct err *err)
{
    struct engine *e = context;
    struct arena a = {};
    struct buf b = {};
    struct receipts receipts;
    struct store_info info;
    bool ok = snapshot_info(engine_snapshot(e), &a, &info, err)
              && engine_receipts(e, &a, &receipts, err);

    if (ok)
        info_put_json(&(struct json_out){.to = &b}, &info, &receipts);
    ok = ok && (!b.failed || err_nomem(err));
    buf_free(&b);
    arena_free(&a);
    return ok;
}

TEST(what_is_in_the_file_adds_up)
{
    struct engine *e = bottega_open(NOW);
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    uint64_t bytes = 0, parts = 0;
    struct arena a = {};
    struct store_info info;
    struct err err;

    NEED_OK(snapshot_info(engine_snapshot(e), &a, &info, &err), err);
    assert_int_equal(info.facts.events, facts.events);
    assert_int_equal(info.ids + info.waiting, facts.events);
    for (uint32_t i = 0; i < info.column_n; i++)
        bytes += info.column[i].bytes;
    for (uint32_t i = 0; i < info.table_n; i++)
        if (str_eq(info.table[i].name, STR("part")))
            parts = info.table[i].bytes;
    assert_int_equal(bytes, parts);
    assert_int_equal(info.part_bytes, parts);
    assert_true(info.log_bytes > 0 && info.memory_bytes > 0);
    arena_free(&a);
    engine_close(e);
}

TEST(a_look_at_the_file_survives_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);
    struct err err;

    NEED_OK(ask(e, &err), err); /* statements stay prepared */
    each_oom_or_done(ask, e);
    engine_close(e);
}
