/* A query over a disk that fails, or without memory, gives its rows, or an error: never other
 * rows. */
#include "engine/select.h"
#include "engine/import.h"

#include "support/fail.h"
#include "support/fail_vfs.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>
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

enum { EVENTS = 60, CUSTOMERS = 20, NOW_MS = 2000000000 };

static const str model = STR("ciclo: 1\n"
                             "lifecycle: { start: a, stages: { a: {} } }\n"
                             "segments: { all: { when: \"count(any) > 0\" } }\n");
static const str query = STR(
    "select e.*, properties, t.events, s.to_stage, g.segment, (select count(*) from log) "
    "from events e join timelines t using (number) join stages s using (number) "
    "join segments g using (number) order by e.n desc, e.id");

static const char *make_file(void)
{
    const struct import_options options = {.now_ms = NOW_MS};
    const struct mapping none = {};
    const char *file = temp_path("shop.ciclo");
    struct import_report report;
    struct arena a = {};
    struct buf lines = {};
    struct engine *e;
    struct err err;

    for (int i = 0; i < EVENTS; i++)
        buf_add_format(
            &lines,
            "{\"type\":\"track\",\"event\":\"t\",\"userId\":\"u%d\",\"messageId\":"
            "\"m%d\",\"timestamp\":\"1970-01-0%dT00:00:00Z\",\"properties\":"
            "{\"n\":%d,\"text\":\"x%d\"}}\n",
            i % CUSTOMERS, i, 1 + i % 9, i % 5, i % 3);
    assert_false(lines.failed);
    if (!engine_create(io_system(), str_of(file), model, NOW_MS, &e, &err)
        || !engine_import(e, str_of(temp_file("events.jsonl", lines.p, lines.n)), &none,
                          &options, &a, &report, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(report.events, EVENTS);
    engine_close(e);
    arena_free(&a);
    buf_free(&lines);
    return file;
}

static bool read_rows(struct engine *e, struct buf *to, struct err *err)
{
    const struct select_options options = {.at_ms = NOW_MS};
    struct select *s;
    bool there, ok;

    if (!select_open(e, query, &options, &s, err))
        return false;
    while ((ok = select_next(s, &there, err)) && there)
        for (uint32_t i = 0; ok && i < select_column_n(s); i++) {
            struct select_value v;

            ok = select_value(s, i, &v, err);
            if (ok)
                buf_add(to, v.text);
            buf_add_char(to, '|');
        }
    select_close(s);
    return ok;
}

static bool ask(const char *file, struct buf *to, struct err *err)
{
    const struct store_options options = {.mode = STORE_READ};
    struct engine *e;
    bool ok;

    if (!engine_open(io_system(), str_of(file), &options, &e, err))
        return false;
    ok = read_rows(e, to, err);
    engine_close(e);
    return ok;
}

static void each_failure(enum vfs_failure failure)
{
    const char *file = make_file();
    struct buf wanted = {}, got = {};
    size_t nth = 0;
    struct err err;

    vfs_failing_install();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    if (!ask(file, &wanted, &err))
        fail_msg("%s", err.msg);
    assert_true(wanted.n > (size_t)EVENTS * 20);
    do {
        bool ok;

        buf_clear(&got);
        vfs_failing_arm(failure, ++nth);
        ok = ask(file, &got, &err);
        if (ok && !str_eq(buf_str(&got), buf_str(&wanted)))
            fail_msg("failure %zu gives other rows", nth);
        if (!ok && err.code != ERR_IO)
            fail_msg("failure %zu is reported as code %d: %s", nth, err.code, err.msg);
    } while (vfs_failing_struck());
    assert_true(nth > 10);
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    buf_free(&wanted);
    buf_free(&got);
}

TEST(a_query_is_answered_rightly_or_not_at_all_when_one_operation_fails)
{
    each_failure(VFS_FAIL_ONCE);
}

TEST(a_query_is_answered_rightly_or_not_at_all_when_the_disk_goes_away)
{
    each_failure(VFS_FAIL_FOR_GOOD);
}

static bool ask_alone(void *context, struct err *err)
{
    struct buf b = {};
    bool ok = ask(context, &b, err) && (!b.failed || err_nomem(err));

    if (ok)
        assert_true(b.n > (size_t)EVENTS * 20);
    buf_free(&b);
    return ok;
}

TEST(a_query_survives_the_lack_of_memory)
{
    each_oom_or_done(ask_alone, (void *)(uintptr_t)make_file());
}
