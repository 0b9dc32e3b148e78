/* A data file is made wholly or not at all; so does another model become the live one, and what
 * is kept of histories is right, whatever fails meanwhile. */
#include "engine/import.h"
#include "engine/verify.h"

#include "support/fail.h"
#include "support/fail_vfs.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

/* Nobody pulls the plug here, so nobody waits for the disk, SQLite neither: these stand in
 * front of the system's. */
int fsync([[maybe_unused]] int fd)
{
    return 0;
}

int fdatasync([[maybe_unused]] int fd)
{
    return 0;
}

static bool create_and_close(void *context, struct err *err)
{
    static const str model =
        STR("ciclo: 1\nlifecycle: { start: a, stages: { a: {} } }\n");
    struct engine *e;
    bool ok = engine_create(io_system(), str_of(context), model, 0, &e, err);

    if (ok)
        engine_close(e);
    else
        assert_int_equal(access(context, F_OK), -1);
    unlink(context);
    return ok;
}

TEST(making_a_file_survives_the_lack_of_memory)
{
    each_oom_or_done(create_and_close, (void *)(uintptr_t)temp_path("new.ciclo"));
}

/* --- histories, and another model --- */

enum { EVENTS = 60, CUSTOMERS = 20, EARLY_MS = 500000000, LATE_MS = 2000000000 };

static const str models[] = {
    STR("ciclo: 1\n"
        "events: { t: {} }\n"
        "lifecycle:\n"
        "  start: a\n"
        "  stages: { a: {}, b: {}, ring: {} }\n"
        "  moves:\n"
        "    - { from: a, to: b, when: \"since(t) >= 2d\" }\n"
        "    - { from: b, to: a, when: \"since(t) < 2d\" }\n"
        "    - { from: b, to: ring, when: \"since(t) >= 3d\" }\n"
        "    - { from: ring, to: b, when: \"since(t) >= 3d\" }\n"),
    STR("ciclo: 1\n"
        "events: { t: {} }\n"
        "lifecycle:\n"
        "  start: a\n"
        "  stages: { a: {}, c: {} }\n"
        "  moves: [ { from: a, to: c, when: \"count(t) > 1 and since(t) >= 3d\" } ]\n"),
};

struct shop {
    const char *file;
    struct arena arena;
    str bytes; /* of a file that has histories up to a day in the middle */
    hash128 wanted[2];
};

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

static struct engine *open_again(const struct shop *s)
{
    struct engine *e;
    struct err err;

    must(engine_open(io_system(), str_of(s->file),
                     &(struct store_options){STORE_WRITE, 0}, &e, &err),
         &err);
    return e;
}

static hash128 hash_at(struct engine *e)
{
    struct err err;
    hash128 h = {};

    must(engine_advance(e, LATE_MS, &err) && engine_hash(e, LATE_MS, &h, &err), &err);
    return h;
}

static void open_shop(struct shop *s)
{
    const struct import_options options = {.now_ms = EARLY_MS};
    const struct mapping none = {};
    struct import_report report;
    struct buf lines = {};
    struct engine *e;
    struct err err;
    uint32_t version;

    *s = (struct shop){.file = temp_path("shop.ciclo")};
    for (int i = 0; i < EVENTS; i++)
        buf_add_format(
            &lines,
            "{\"type\":\"track\",\"event\":\"t\",\"userId\":\"u%d\","
            "\"messageId\":\"m%d\",\"timestamp\":\"1970-01-0%dT0%d:00:00Z\"}\n",
            i % CUSTOMERS, i, 1 + i % 9, i % 7);
    must(engine_create(io_system(), str_of(s->file), models[0], 0, &e, &err)
             && engine_import(e, str_of(temp_file("events.jsonl", lines.p, lines.n)),
                              &none, &options, &s->arena, &report, &err)
             && engine_advance(e, EARLY_MS, &err),
         &err);
    engine_close(e);
    must(io_read_file(io_system(), str_of(s->file), 1 << 24, &s->arena, &s->bytes, &err),
         &err);
    e = open_again(s);
    s->wanted[0] = hash_at(e);
    must(engine_apply(e, models[1], LATE_MS, &version, &err), &err);
    s->wanted[1] = hash_at(e);
    assert_false(hash128_eq(s->wanted[0], s->wanted[1]));
    engine_close(e);
    buf_free(&lines);
}

static void put_back(const struct shop *s)
{
    static const char *const beside[] = {"-wal", "-shm"};
    char name[4096];

    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        snprintf(name, sizeof name, "%s%s", s->file, beside[i]);
        unlink(name);
    }
    temp_file("shop.ciclo", s->bytes.p, s->bytes.n);
}

enum { TIME_PASSES = 1, A_MODEL_COMES = 2 };

/* *applied is whether it was said that the second model is live. */
static bool live_on(const struct shop *s, unsigned what, bool *applied, struct err *err)
{
    struct engine *e;
    uint32_t version;
    bool ok;

    *applied = false;
    if (!engine_open(io_system(), str_of(s->file),
                     &(struct store_options){STORE_WRITE, 0}, &e, err))
        return false;
    ok = engine_advance(e, EARLY_MS + (LATE_MS - EARLY_MS) / 2, err)
         && (!(what & TIME_PASSES) || engine_checkpoint(e, err));
    if (ok && (what & A_MODEL_COMES))
        ok = (*applied = engine_apply(e, models[1], LATE_MS, &version, err))
             && engine_advance(e, LATE_MS, err) && engine_checkpoint(e, err);
    engine_close(e);
    return ok;
}

/* One of the two models, with just its histories; a proof of the whole file now and then, since
 * it takes longer than all the rest. */
static void need_whole(const struct shop *s, bool applied)
{
    static unsigned times;
    const struct verify_options options = {.threads = 1};
    struct verify_report report;
    struct engine *e = open_again(s);
    uint32_t version = engine_model_version(e);
    struct err err;

    assert_true(version == 2 || (version == 1 && !applied));
    assert_true(hash128_eq(hash_at(e), s->wanted[version - 1]));
    engine_close(e);
    if (times++ % 8)
        return;
    must(engine_verify(io_system(), str_of(s->file), &options, &report, &err), &err);
    assert_int_equal(report.differences, 0);
}

TEST(a_model_is_applied_wholly_or_not_over_a_disk_that_fails)
{
    static const enum vfs_failure failures[] = {VFS_FAIL_ONCE, VFS_FAIL_FOR_GOOD,
                                                VFS_FAIL_FULL};
    struct shop s;

    vfs_failing_install();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    open_shop(&s);
    for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
        bool struck = true;

        for (size_t nth = 1; struck; nth++) {
            struct err err;
            bool applied;

            put_back(&s);
            vfs_failing_arm(failures[i], nth);
            live_on(&s, TIME_PASSES | A_MODEL_COMES, &applied, &err);
            struck = vfs_failing_struck();
            vfs_failing_arm(VFS_FAIL_NEVER, 0);
            need_whole(&s, applied);
        }
    }
    arena_free(&s.arena);
}

struct lacking {
    struct shop shop;
    unsigned what;
};

static bool without_memory(void *context, struct err *err)
{
    const struct lacking *l = context;
    bool applied, ok;

    put_back(&l->shop);
    ok = live_on(&l->shop, l->what, &applied, err);
    if (!ok) {
        mem_set_hook(NULL, NULL);
        need_whole(&l->shop, applied);
    }
    return ok;
}

static void live_on_without_memory(unsigned what)
{
    struct lacking l = {.what = what};

    vfs_failing_install();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    open_shop(&l.shop);
    each_oom_or_done(without_memory, &l);
    arena_free(&l.shop.arena);
}

TEST(time_passes_wholly_or_not_without_memory)
{
    live_on_without_memory(TIME_PASSES);
}

TEST(a_model_is_applied_wholly_or_not_without_memory)
{
    live_on_without_memory(A_MODEL_COMES);
}
