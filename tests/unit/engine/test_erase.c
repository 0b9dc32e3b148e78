#include "engine/erase.h"

#include "engine/query.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-06-01"

static bool erase(struct engine *e, str customer, struct buf *receipts, struct err *err)
{
    struct erase *x;
    bool ok;

    if (!engine_erase_begin(e, &customer, 1, moment_of(NOW), &x, err))
        return false;
    ok = engine_erase_run(x, NULL, NULL, err) && engine_erase_finish(x, err);
    if (ok)
        buf_add(receipts, erase_receipts(x));
    engine_erase_free(x);
    return ok;
}

static struct receipts receipts_of(struct engine *e, struct arena *a)
{
    struct receipts r;
    struct err err;

    NEED_OK(engine_receipts(e, a, &r, &err), err);
    return r;
}

static uint32_t find(struct engine *e, const char *id)
{
    return catalog_customer_find(snapshot_catalog(engine_snapshot(e)), str_of(id));
}

TEST(an_open_file_loses_a_customer_and_is_open_again)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct buf b = {};
    struct err err;

    NEED_OK(erase(e, STR("9"), &b, &err), err);
    assert_true(engine_is_open(e));
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
    assert_int_equal(find(e, "9"), CUSTOMER_NONE);
    assert_string_equal(bottega_history(e, "anna", &a),
                        "2026-01-01T10:00:00.000Z reach\n"
                        "2026-01-11T10:00:00.000Z buyer\n"
                        "2026-02-10T10:00:00.000Z at_risk\n"
                        "2026-03-12T10:00:00.000Z lapsed\n");
    NEED_OK(bottega_add(e, "n1|new|2026-05-01T00:00:00Z|purchase|revenue=1", &err), err);
    assert_true(buf_str(&b).n > 0);
    arena_free(&a);
    buf_free(&b);
    engine_close(e);
}

TEST(each_receipt_names_the_one_before)
{
    struct engine *e = bottega_open(NOW);
    struct receipt_counts total;
    struct arena a = {};
    struct receipts r;
    struct buf b = {};
    struct err err;

    assert_false(receipts_of(e, &a).has_seal);
    NEED_OK(erase(e, STR("9"), &b, &err), err);
    NEED_OK(erase(e, STR("anna"), &b, &err), err);
    NEED_OK(erase(e, STR("10"), &b, &err), err);
    r = receipts_of(e, &a); /* which looks at signatures and chain */
    assert_true(r.has_seal);
    assert_int_equal(r.n, 3);
    total = receipts_total(&r);
    assert_int_equal(total.customers, 3);
    assert_int_equal(total.events, 7);
    arena_free(&a);
    buf_free(&b);
    engine_close(e);
}

TEST(nothing_is_written_while_it_lasts)
{
    struct engine *e = bottega_open(NOW);
    const str nine = STR("9"), anna = STR("anna");
    struct erase *x, *other;
    struct err err;

    NEED_OK(engine_erase_begin(e, &nine, 1, moment_of(NOW), &x, &err), err);
    assert_false(store_begin(engine_store(e), 1, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    NEED_OK(engine_erase_begin(e, &anna, 1, moment_of(NOW), &other, &err), err);
    engine_erase_free(other); /* as a server does that erases one after the other */
    assert_false(store_begin(engine_store(e), 1, &err));
    NEED_OK(engine_erase_run(x, NULL, NULL, &err), err);
    assert_false(store_begin(engine_store(e), 1, &err));
    assert_true(find(e, "9") != CUSTOMER_NONE);
    engine_erase_free(x); /* not finished: he stays */
    assert_true(find(e, "9") != CUSTOMER_NONE);
    NEED_OK(store_begin(engine_store(e), 1, &err), err);
    store_cancel(engine_store(e));
    engine_close(e);
}

TEST(a_run_that_is_stopped_changes_nothing)
{
    struct engine *e = bottega_open(NOW);
    const str nine = STR("9"), nobody = STR("nobody");
    struct buf b = {};
    struct erase *x;
    struct err err;

    NEED_OK(engine_erase_begin(e, &nine, 1, moment_of(NOW), &x, &err), err);
    engine_erase_stop(x);
    assert_false(engine_erase_run(x, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    engine_erase_free(x);
    assert_false(erase(e, nobody, &b, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(find(e, "9") != CUSTOMER_NONE);
    engine_close(e);
}

static const char retaining[] = "ciclo: 1\n"
                                "events: { purchase: { from: [Order] }, page: {} }\n"
                                "retention: { page: 30d, purchase: 1y }\n"
                                "lifecycle: { stages: { a: { end: true } } }\n";
static const char old_events[] = "p1|anna|2026-01-01T00:00:00Z|page|\n"
                                 "p2|anna|2026-05-20T00:00:00Z|page|\n"
                                 "o1|anna|2025-01-01T00:00:00Z|Order|\n"
                                 "o2|anna|2026-01-01T00:00:00Z|purchase|\n"
                                 "p3|bob|2026-01-02T00:00:00Z|page|\n";

TEST(what_is_too_old_goes_and_is_counted)
{
    struct engine *e = bottega_with(retaining, old_events, NOW);
    const struct receipt_type *type;
    struct arena a = {};
    struct receipts r;
    struct erase *x;
    struct err err;
    uint32_t n;

    NEED_OK(engine_retain_count(e, moment_of(NOW), &a, &type, &n, &err), err);
    assert_int_equal(n, 2);
    assert_int_equal(type[0].events, 2);
    assert_int_equal(type[1].events, 1);
    NEED_OK(engine_retain_begin(e, moment_of(NOW), &x, &err), err);
    NEED_OK(engine_erase_run(x, NULL, NULL, &err), err);
    NEED_OK(engine_erase_finish(x, &err), err);
    assert_int_equal(erase_counts(x).events, 3);
    assert_int_equal(erase_counts(x).customers, 1);
    engine_erase_free(x);
    assert_int_equal(snapshot_facts(engine_snapshot(e)).events, 2);
    assert_int_equal(find(e, "bob"), CUSTOMER_NONE);
    r = receipts_of(e, &a);
    assert_int_equal(r.n, 1);
    assert_int_equal(r.receipt[0].kind, RECEIPT_RETENTION);
    assert_int_equal(r.receipt[0].type[1].events, 1);
    NEED_OK(engine_retain_count(e, moment_of(NOW), &a, &type, &n, &err), err);
    assert_int_equal(type[0].events + type[1].events, 0);
    arena_free(&a);
    engine_close(e);
}

/* Whatever fails, the file is whole: he is there, or he is not, and everybody else is. */
static bool erase_once(void *path, struct err *err)
{
    const struct store_options o = {.mode = STORE_WRITE};
    struct engine *e;
    struct buf b = {};
    bool ok;

    if (!engine_open(io_system(), str_of(path), &o, &e, err))
        return false;
    ok = erase(e, STR("9"), &b, err);
    ok = ok || (err->code == ERR_NOT_FOUND && find(e, "anna") != CUSTOMER_NONE);
    buf_free(&b);
    engine_close(e);
    return ok;
}

TEST(memory_may_run_out_while_somebody_is_erased)
{
    engine_close(bottega_open(NOW));
    each_oom_or_done(erase_once, (void *)(uintptr_t)bottega_path());
}
