/* A proof over a disk that fails says that the disk failed: it finds no damage where there is
 * none, and does not call whole what it could not read. */
#include "store/verify.h"

#include "store/sql_impl.h"
#include "store/store.h"
#include "support/fail_vfs.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

enum { EVENTS = 60, COMMITS = 5, EACH = EVENTS / COMMITS };

/* Some of it in parts, some in news. */
static void make_file(void)
{
    struct random r = random_seeded(3);
    struct arena a = {0};
    struct event *event = scene(&r, EVENTS, 17, &a);
    struct err err = {0};
    struct store *s;
    bool more, added,
        ok = store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err);

    for (uint32_t i = 0; ok && i < EVENTS; i++) {
        struct buf json = {0};

        event_print(&event[i], &json);
        ok = (i % EACH || store_begin(s, 1, &err))
             && store_append(s, &event[i], buf_str(&json), &added, &err)
             && ((i + 1) % EACH || store_commit(s, &err));
        buf_free(&json);
    }
    if (!ok || !store_fold(s, 1, &more, &err))
        fail_msg("%s", err.msg);
    store_close(s);
    arena_free(&a);
}

static void need_failures_told(enum vfs_failure failure)
{
    struct verify_options options = {.threads = 1};
    size_t told = 0;

    for (size_t nth = 1;; nth++) {
        struct verify_report report;
        struct err err = {0};
        bool ok;

        vfs_failing_arm(failure, nth);
        ok =
            store_verify(io_system(), str_of(temp_path("shop")), &options, &report, &err);
        if (!vfs_failing_struck()) {
            vfs_failing_arm(VFS_FAIL_NEVER, 0);
            assert_true(ok && !report.differences && report.events == EVENTS);
            break;
        }
        if (ok && (report.differences || report.events != EVENTS))
            fail_msg("operation %zu: %llu differences", nth,
                     (unsigned long long)report.differences);
        if (!ok && err.code != ERR_IO)
            fail_msg("operation %zu: code %d, %s", nth, err.code, err.msg);
        told += !ok;
    }
    assert_true(told > 10);
}

TEST(a_failing_disk_is_no_damage)
{
    struct err err;

    if (!sql_start(&err))
        fail_msg("%s", err.msg);
    vfs_failing_install();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    make_file();
    need_failures_told(VFS_FAIL_ONCE);
    need_failures_told(VFS_FAIL_FOR_GOOD);
}
