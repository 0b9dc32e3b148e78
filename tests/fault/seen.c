/* Message ids are known wholly or not at all, whatever fails while they are written. */
#include "store/seen_impl.h"

#include "base/tune.h"
#include "support/fail_vfs.h"
#include "support/temp.h"
#include "support/unit.h"

#include <unistd.h>

enum { BEFORE = SEEN_LARGE / 2, MORE = 40 };

struct file {
    struct sql sql;
    struct seen *seen;
};

static hash128 id_of(size_t i)
{
    return (hash128){i * 0x9e3779b97f4a7c15, (i + 1) * 0xda942042e4dd58b5};
}

static bool open_file(struct file *f, struct err *err)
{
    *f = (struct file){0};
    /* so small a cache that pages go to the disk before the commit */
    return sql_open(&f->sql, temp_path("ids"), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                    err)
           && sql_exec(&f->sql, "pragma page_size = 512; pragma cache_size = 3;", err)
           && seen_new(&f->sql, &f->seen, err);
}

static void close_file(struct file *f)
{
    seen_free(f->seen);
    sql_close(&f->sql);
}

static bool add(struct file *f, size_t from, size_t n, struct err *err)
{
    hash128 id[BEFORE + MORE];

    for (size_t i = 0; i < n; i++)
        id[i] = id_of(from + i);
    hash128_sort(id, n);
    if (sql_exec(&f->sql, "begin immediate", err) && seen_add(f->seen, id, n, err)
        && sql_exec(&f->sql, "commit", err))
        return true;
    sqlite3_exec(f->sql.db, "rollback", NULL, NULL, NULL); /* SQLite may have, already */
    seen_forget(f->seen);
    return false;
}

static bool count(void *context, [[maybe_unused]] hash128 id)
{
    ++*(size_t *)context;
    return true;
}

/* Knows all of the first ids; of those behind, all or none. */
static bool holds(struct file *f, bool *has_more, struct err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < BEFORE + MORE; i++) {
        bool found;

        if (!seen_has(f->seen, id_of(i), &found, err))
            return false;
        if (i == BEFORE)
            *has_more = found;
        assert_int_equal(found, i < BEFORE || *has_more);
    }
    if (!seen_each(f->seen, count, &n, err))
        return false;
    assert_int_equal(n, *has_more ? BEFORE + MORE : BEFORE);
    return true;
}

static void make_file(void)
{
    static const char *const made[] = {"ids", "ids-wal", "ids-shm", "ids-journal"};
    struct file f;
    struct err err;

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(temp_path(made[i]));
    if (!open_file(&f, &err) || !sql_exec(&f.sql, SEEN_SCHEMA, &err)
        || !sql_exec(&f.sql, "pragma journal_mode = wal", &err)
        || !add(&f, 0, BEFORE, &err))
        fail_msg("%s", err.msg);
    close_file(&f);
}

/* False when nothing failed: the scenario has no nth operation. */
static bool fails(enum vfs_failure failure, size_t nth)
{
    bool has_more = false, added, asked;
    struct err err = {ERR_NONE};
    struct file f;

    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    make_file();
    vfs_failing_arm(failure, nth);
    added = open_file(&f, &err) && add(&f, BEFORE, MORE, &err);
    asked = added && holds(&f, &has_more, &err);
    if (!asked) {
        assert_true(vfs_failing_struck());
        if (err.code != ERR_IO)
            fail_msg("operation %zu failed, reported as code %d: %s", nth, err.code,
                     err.msg);
    }
    close_file(&f);
    asked = vfs_failing_struck();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    if (!open_file(&f, &err) || !holds(&f, &has_more, &err))
        fail_msg("operation %zu failed, and then: %s", nth, err.msg);
    if (added)
        assert_true(has_more);
    close_file(&f);
    return asked;
}

static void each_failure(enum vfs_failure failure)
{
    struct err err;
    size_t nth = 1;

    if (!sql_start(&err))
        fail_msg("%s", err.msg);
    vfs_failing_install();
    while (fails(failure, nth))
        nth++;
    assert_true(nth > 20);
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
}

TEST(an_operation_fails_once)
{
    each_failure(VFS_FAIL_ONCE);
}

TEST(the_disk_fails_for_good)
{
    each_failure(VFS_FAIL_FOR_GOOD);
}

TEST(the_disk_is_full)
{
    each_failure(VFS_FAIL_FULL);
}
