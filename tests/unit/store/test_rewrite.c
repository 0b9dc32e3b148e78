#include "store/rewrite.h"

#include "store/sql_impl.h"
#include "store/store.h"
#include "store/vfs.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct rewrite_options plain = {0};

static struct sql open_sql(const char *name)
{
    struct sql sql = {0};
    struct err err;

    if (!sql_open(&sql, temp_path(name), SQLITE_OPEN_READWRITE, &err))
        fail_msg("%s", err.msg);
    return sql;
}

static void run(struct sql *sql, const char *text)
{
    struct err err;

    if (!sql_exec(sql, text, &err))
        fail_msg("%s: %s", text, err.msg);
}

static int64_t ask(const char *name, const char *text)
{
    struct sql sql = open_sql(name);
    int64_t n;
    struct err err;

    if (!sql_number(&sql, text, &n, &err))
        fail_msg("%s", err.msg);
    sql_close(&sql);
    return n;
}

/* A data file with many free pages. */
static const char *make_shop(void)
{
    const char *path = temp_path("shop");
    struct store *s;
    struct sql sql;
    struct err err;

    if (!store_create(io_system(), str_of(path), 0, &s, &err))
        fail_msg("%s", err.msg);
    store_close(s);
    sql = open_sql("shop");
    run(&sql, "insert into refused values (1, 1, 1, zeroblob(900000), 5);"
              "insert into refused values (2, 2, 1, zeroblob(500), 6);"
              "delete from refused where seq = 1");
    sql_close(&sql);
    return path;
}

static bool exists(const char *name)
{
    return access(temp_path(name), F_OK) == 0;
}

static void need_nothing_beside(void)
{
    assert_false(exists("shop.new"));
    assert_false(exists("shop.new-wal"));
    assert_false(exists("shop.new-shm"));
    assert_false(exists("shop.new-journal"));
}

TEST(compacting_gives_back_free_pages_and_keeps_the_rest)
{
    const char *path = make_shop();
    struct rewrite_sizes sizes;
    struct stat file;
    struct err err;

    assert_int_equal(chmod(path, 0640), 0);
    if (!store_compact(io_system(), str_of(path), &plain, &sizes, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_mode & 0777, 0640);
    assert_true(sizes.before_bytes > 900000);
    assert_true(sizes.after_bytes < 500000);
    assert_int_equal(file.st_size, sizes.after_bytes);
    assert_int_equal(ask("shop", "select sum(n) from refused"), 2);
    assert_int_equal(ask("shop", "pragma freelist_count"), 0);
    need_nothing_beside();
}

TEST(compacting_waits_for_nobody_who_stays)
{
    const char *path = make_shop();
    struct rewrite_sizes sizes;
    struct sql reader = open_sql("shop");
    struct err err;

    run(&reader, "begin; select * from refused");
    assert_false(store_compact(io_system(), str_of(path), &plain, &sizes, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "open for reading"));
    sql_close(&reader);
    need_nothing_beside();
    assert_int_equal(ask("shop", "select sum(n) from refused"), 2);
}

TEST(a_backup_is_a_file_of_its_own)
{
    const char *path = make_shop();
    struct rewrite_sizes sizes;
    struct sql writer = open_sql("shop");
    struct err err;

    run(&writer, "begin immediate; update refused set n = 3");
    if (!store_backup(io_system(), str_of(path), str_of(temp_path("copy")), &plain,
                      &sizes, &err))
        fail_msg("%s", err.msg);
    run(&writer, "commit");
    sql_close(&writer);
    assert_int_equal(ask("copy", "select sum(n) from refused"), 2);
    assert_int_equal(ask("shop", "select sum(n) from refused"), 3);
    assert_false(exists("copy.new"));
    assert_false(exists("copy-wal"));
    assert_false(store_backup(io_system(), str_of(path), str_of(temp_path("copy")),
                              &plain, &sizes, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
}
