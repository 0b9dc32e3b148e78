#include "unit/engine/bottega.h"

#include "engine/export.h"
#include "support/fail.h"
#include "support/unit.h"

#define NOW "2026-12-31"

static bool gather(void *to, str bytes, [[maybe_unused]] struct err *err)
{
    buf_add(to, bytes);
    return true;
}

static bool refuse([[maybe_unused]] void *to, [[maybe_unused]] str bytes, struct err *err)
{
    return err_set(err, ERR_IO, "the disk is full");
}

static struct export export_of(const struct engine *e, enum export_what what, bool csv,
                               struct buf *to)
{
    return (struct export){
        .what = what,
        .lifecycle = engine_model(e)->lifecycle,
        .csv = csv,
        .from_ms = INT64_MIN,
        .to_ms = INT64_MAX,
        .at_ms = moment_of(NOW),
        .write = gather,
        .context = to,
    };
}

static size_t lines_of(const struct buf *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += b->p[i] == '\n';
    return n;
}

TEST(every_event_customer_and_move_is_one_line)
{
    struct engine *e = bottega_open(NOW);
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    size_t moves = 0;

    for (uint32_t i = 0; i < engine_customer_n(e); i++) {
        size_t n;

        engine_moves(e, 0, i, &n);
        moves += n;
    }
    for (int csv = 0; csv < 2; csv++) {
        const size_t wanted[] = {facts.events, facts.customers, moves};

        for (unsigned what = EXPORT_EVENTS; what <= EXPORT_STAGES; what++) {
            struct buf b = {};
            struct export x = export_of(e, what, csv, &b);
            struct err err;

            NEED_OK(export_run(engine_snapshot(e), engine_model(e), &x, &err), err);
            assert_int_equal(lines_of(&b), wanted[what] + (size_t)csv);
            buf_free(&b);
        }
    }
    engine_close(e);
}

TEST(a_writer_that_fails_ends_the_export)
{
    struct engine *e = bottega_open(NOW);
    struct export x = export_of(e, EXPORT_EVENTS, true, NULL);
    struct err err;

    x.write = refuse;
    assert_false(export_run(engine_snapshot(e), engine_model(e), &x, &err));
    assert_int_equal(err.code, ERR_IO);
    engine_close(e);
}

static bool export_all(void *context, struct err *err)
{
    static const str some[] = {STR("10"), STR("9")};
    struct engine *e = context;
    bool ok = true;

    for (unsigned what = EXPORT_EVENTS; ok && what <= EXPORT_STAGES; what++) {
        for (int csv = 0; ok && csv < 2; csv++) {
            struct buf b = {};
            struct export x = export_of(e, what, csv, &b);

            x.customer = some;
            x.customer_n = csv ? 2 : 0;
            ok = export_run(engine_snapshot(e), engine_model(e), &x, err)
                 && (!b.failed || err_nomem(err));
            buf_free(&b);
        }
    }
    return ok;
}

TEST(an_export_survives_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);

    each_oom_kept(export_all, e);
    engine_close(e);
}
