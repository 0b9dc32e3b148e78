#include "engine/list.h"

#include "engine/begin.h"
#include "engine/scan.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>
#include <unistd.h>

#define NOW "2026-02-01"

static const char model[] = "ciclo: 1\n"
                            "workspace: { currency: EUR }\n"
                            "events: { visit: }\n"
                            "lifecycle: { start: new, stages: { new: } }\n"
                            "segments:\n"
                            "  press: { list: true }\n"
                            "  loud: { when: \"segment.press and count(any) >= 2\" }\n";

static const char events[] = "a1|anna|2026-01-01|visit|\n"
                             "a2|anna|2026-01-02|visit|\n"
                             "b1|bob|2026-01-01|visit|\n"
                             "e1|eve|2026-01-03|visit|\n";

static const str both[] = {STR("anna"), STR("bob"), STR("anna")},
                 wrong[] = {STR("anna"), STR("nobody"), STR("bob")};

static struct list_changed put(struct engine *e, bool on, const str *id, uint32_t n,
                               const char *at)
{
    struct list_change change = {.list = STR("press"),
                                 .on = on,
                                 .id = id,
                                 .n = n,
                                 .skip_unknown = true,
                                 .by = STR("Eva")};
    struct list_changed done;
    struct err err;

    NEED_OK(engine_advance(e, moment_of(at), &err), err);
    NEED_OK(engine_list(e, &change, moment_of(at), &done, &err), err);
    NEED_OK(engine_advance(e, moment_of(at), &err), err);
    return done;
}

static bool is_in(struct engine *e, const char *id, uint32_t segment, const char *at)
{
    return engine_is_member(e, bottega_customer(e, id), segment, moment_of(at));
}

TEST(a_list_holds_whom_people_put_on_it_from_then_on)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct list_changed done = put(e, true, both, 3, "2026-02-02");

    assert_true(done.changed == 2 && done.already == 1 && !done.unknown);
    assert_true(is_in(e, "anna", 0, "2026-02-02") && is_in(e, "bob", 0, "2026-02-02"));
    assert_false(is_in(e, "anna", 0, "2026-02-01") || is_in(e, "eve", 0, "2026-02-02"));
    /* Rules see it as any segment; and being put on it is nothing that he did. */
    assert_true(is_in(e, "anna", 1, "2026-02-02"));
    assert_false(is_in(e, "bob", 1, "2026-02-02"));

    done = put(e, true, both, 1, "2026-02-03");
    assert_true(done.changed == 0 && done.already == 1);
    done = put(e, false, both, 1, "2026-02-04");
    assert_true(done.changed == 1);
    assert_true(is_in(e, "anna", 0, "2026-02-03"));
    assert_false(is_in(e, "anna", 0, "2026-02-04") || is_in(e, "anna", 1, "2026-02-04"));
    /* At the same moment the later word still counts. */
    done = put(e, true, both, 1, "2026-02-04");
    assert_true(done.changed == 1);
    assert_true(put(e, true, both, 1, "2026-02-05").already == 1);
    engine_close(e);
}

/* The day on which a look begins when nobody says when. */
static bool looks_at(struct engine *e, const char *day)
{
    int64_t at_ms = moment_of(day);

    return engine_default_at(e) == at_ms
           && report_known(e, engine_now_ms(e), false, engine_now_ms(e)) == at_ms;
}

TEST(what_ciclo_notes_does_not_move_the_day_of_a_look)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct err err;

    assert_true(looks_at(e, "2026-01-04"));
    put(e, true, both, 3, "2026-03-01T12:00:00Z");
    assert_true(looks_at(e, "2026-01-04"));
    engine_close(e); /* as any file that was made before */
    NEED_OK(engine_open(io_system(), str_of(bottega_path()),
                        &(struct store_options){.mode = STORE_WRITE}, &e, &err),
            err);
    NEED_OK(engine_advance(e, moment_of("2026-03-01T12:00:00Z"), &err), err);
    assert_true(looks_at(e, "2026-01-04"));
    /* What people do does, in a chunk that has notes. */
    NEED_OK(bottega_add(e, "b2|bob|2026-02-10T08:00:00Z|visit|\n", &err), err);
    assert_true(looks_at(e, "2026-02-11"));
    put(e, false, both, 3, "2026-03-02");
    assert_true(looks_at(e, "2026-02-11"));
    engine_close(e);
}

TEST(all_ids_are_somebodys_or_nothing_is_done)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct list_change change = {.list = STR("press"), .on = true, .id = wrong, .n = 3};
    struct list_changed done;
    struct err err;

    assert_false(engine_list(e, &change, moment_of(NOW), &done, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(done.unknown == 1 && done.first_unknown == 1);
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
    assert_false(is_in(e, "anna", 0, NOW));

    done = put(e, true, wrong, 3, "2026-02-02");
    assert_true(done.changed == 2 && done.unknown == 1 && done.first_unknown == 1);

    change.list = STR("loud");
    assert_false(engine_list(e, &change, moment_of(NOW), &done, &err));
    assert_true(err.code == ERR_INPUT && strstr(err.msg, "is no list"));
    change.list = STR("pres");
    assert_false(engine_list(e, &change, moment_of(NOW), &done, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    engine_close(e);
}

/* Each time a file of its own: who is on it once stays there. */
static bool put_once([[maybe_unused]] void *context, struct err *err)
{
    struct list_change change = {
        .list = STR("press"), .on = true, .id = both, .n = 3, .by = STR("Eva")};
    struct list_changed done;
    struct engine *e;
    bool ok;

    unlink(bottega_path());
    if (!bottega_create(bottega_path(), model, &e, err))
        return false;
    ok = bottega_add(e, events, err) && engine_advance(e, moment_of(NOW), err)
         && engine_list(e, &change, moment_of(NOW), &done, err);
    assert_true(!ok || done.changed == 2);
    engine_close(e);
    return ok;
}

TEST(putting_on_a_list_survives_the_lack_of_memory)
{
    each_oom_or_done(put_once, NULL);
}
