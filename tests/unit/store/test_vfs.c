#include "store/vfs.h"

#include "base/hash.h"
#include "store/sql_impl.h"
#include "store/store.h"
#include "support/chance.h"
#include "support/models.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

/* --- files --- */

/* A whole file in memory. */
static str bytes_of(const char *path, struct arena *a)
{
    struct err err;
    str bytes;

    if (!io_read_file(io_system(), str_of(path), 64 << 20, a, &bytes, &err))
        fail_msg("%s", err.msg);
    return bytes;
}

static void run(struct sql *sql, const char *text)
{
    struct err err;

    if (!sql_exec(sql, text, &err))
        fail_msg("%s: %s", text, err.msg);
}

static struct sql open_sql(const char *name, int flags)
{
    struct sql sql = {0};
    struct err err;

    assert_true(sql_start(&err));
    if (!sql_open(&sql, temp_path(name), flags | SQLITE_OPEN_READWRITE, &err))
        fail_msg("%s", err.msg);
    return sql;
}

/* Some 40 pages: rows on their leaves, a row of several pages, an index, free pages. */
static struct sql make_file(const char *name)
{
    struct sql sql = open_sql(name, SQLITE_OPEN_CREATE);

    run(&sql, "pragma page_size = 16384; pragma secure_delete = off;"
              "pragma journal_mode = wal; pragma application_id = 0x4369636c;"
              "create table t (n integer primary key, text text, bytes blob);"
              "create index t_text on t (text);"
              "with recursive c (n) as (select 1 union all select n + 1 from c limit 300)"
              " insert into t select n, 'word ' || n * 7919, zeroblob(900) from c;"
              "insert into t values (1000, 'large', zeroblob(100000));"
              "insert into t values (1001, 'gone', zeroblob(100000));"
              "delete from t where n = 1001");
    return sql;
}

static int64_t page_count(str file)
{
    assert_int_equal(file.n % VFS_PAGE_BYTES, 0);
    return (int64_t)(file.n / VFS_PAGE_BYTES);
}

/* --- pages as they are written --- */

TEST(every_page_ends_with_the_checksum_of_the_rest)
{
    struct sql sql = make_file("file");
    struct arena a = {0};
    str file;

    sql_close(&sql);
    file = bytes_of(temp_path("file"), &a);
    assert_true(page_count(file) > 30);
    for (int64_t i = 0; i < page_count(file); i++) {
        const unsigned char *page = (const unsigned char *)file.p + i * VFS_PAGE_BYTES;
        uint64_t sum = 0;

        for (int k = 8; k > 0; k--)
            sum = sum << 8 | page[VFS_PAGE_BYTES - 9 + k];
        assert_true(sum == hash64((str){(const char *)page, VFS_PAGE_BYTES - 8}));
        assert_true(vfs_page_is_whole(page));
    }
    arena_free(&a);
}

TEST(a_copy_made_by_vacuum_has_checksums_too)
{
    struct sql sql = make_file("file");
    struct arena a = {0};
    char text[4096];
    str file;

    snprintf(text, sizeof text, "pragma cache_size = 2; vacuum into '%s'",
             temp_path("copy"));
    run(&sql, text);
    sql_close(&sql);
    file = bytes_of(temp_path("copy"), &a);
    assert_true(page_count(file) > 20);
    for (int64_t i = 0; i < page_count(file); i++)
        assert_true(
            vfs_page_is_whole((const unsigned char *)file.p + i * VFS_PAGE_BYTES));
    sql = open_sql("copy", 0);
    run(&sql, "pragma integrity_check");
    sql_close(&sql);
    arena_free(&a);
}

TEST(one_flipped_bit_anywhere_in_a_page_is_found_and_flipped_back)
{
    unsigned char page[VFS_PAGE_BYTES], damaged[VFS_PAGE_BYTES];
    struct random r = chance();
    struct sql sql = make_file("file");
    struct arena a = {0};

    sql_close(&sql);
    memcpy(page, bytes_of(temp_path("file"), &a).p, sizeof page);
    for (size_t i = 0; i < chance_rounds(12); i++) {
        /* the first and the last bit, those around the checksum, then any */
        static const uint32_t border[] = {0, (VFS_PAGE_BYTES - 8) * 8 - 1,
                                          (VFS_PAGE_BYTES - 8) * 8,
                                          VFS_PAGE_BYTES * 8 - 1};
        uint32_t bit = i < 4 ? border[i] : (uint32_t)random_below(&r, VFS_PAGE_BYTES * 8);

        memcpy(damaged, page, sizeof page);
        damaged[bit / 8] ^= (unsigned char)(1u << bit % 8);
        assert_false(vfs_page_is_whole(damaged));
        assert_true(vfs_page_is_ours(damaged));
        assert_true(vfs_page_mend(damaged));
        assert_memory_equal(damaged, page, sizeof page);
    }
    memcpy(damaged, page, sizeof page);
    damaged[100] ^= 0x18;
    assert_false(vfs_page_mend(damaged));
    damaged[100] ^= 0x18;
    assert_memory_equal(damaged, page, sizeof page);
    arena_free(&a);
}

TEST(a_page_that_was_never_written_is_whole)
{
    unsigned char page[VFS_PAGE_BYTES] = {0};

    assert_true(vfs_page_is_whole(page));
    page[7] = 1;
    assert_false(vfs_page_is_whole(page));
}

/* --- files of others --- */

TEST(a_file_of_another_program_is_read_as_it_is)
{
    static const int page_sizes[] = {512, 4096, 16384, 65536};

    for (size_t i = 0; i < sizeof page_sizes / sizeof *page_sizes; i++) {
        for (int reserved = 0; reserved <= 8; reserved += 8) {
            sqlite3 *db;
            struct sql sql;
            struct err err;
            int64_t n;
            int bytes = reserved;
            char text[64];

            assert_true(sql_start(&err));
            remove(temp_path("other"));
            assert_int_equal(sqlite3_open(temp_path("other"), &db), SQLITE_OK);
            snprintf(text, sizeof text, "pragma page_size = %d", page_sizes[i]);
            assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
            assert_int_equal(
                sqlite3_file_control(db, "main", SQLITE_FCNTL_RESERVE_BYTES, &bytes),
                SQLITE_OK);
            assert_int_equal(sqlite3_exec(db,
                                          "create table t (b);"
                                          "insert into t values (zeroblob(200000))",
                                          NULL, NULL, NULL),
                             SQLITE_OK);
            sqlite3_close(db);
            sql = open_sql("other", 0);
            run(&sql, "insert into t values (zeroblob(200000))");
            if (!sql_number(&sql, "select sum(length(b)) from t", &n, &err))
                fail_msg("%s", err.msg);
            assert_int_equal(n, 400000);
            sql_close(&sql);
        }
    }
}

/* --- a page that is torn, and whole in the log beside the file --- */

TEST(a_torn_first_page_does_not_matter_while_the_log_has_it)
{
    struct sql sql = make_file("file");
    struct arena a = {0};
    int64_t n, before;
    struct err err;
    str file, log;
    char *torn;

    run(&sql, "pragma wal_checkpoint(truncate);"
              "pragma user_version = 7; insert into t (bytes) values (zeroblob(90000))");
    file = bytes_of(temp_path("file"), &a);
    log = bytes_of(temp_path("file-wal"), &a);
    assert_true(log.n > VFS_PAGE_BYTES);
    assert_true(sql_number(&sql, "select count(*) from t", &before, &err));
    torn = (char *)arena_str(&a, file).p;
    assert_non_null(torn);
    memset(torn + 100, 0x55, 4096);
    temp_file("torn", torn, file.n);
    temp_file("torn-wal", log.p, log.n);
    sql_close(&sql);

    sql = open_sql("torn", 0);
    if (!sql_number(&sql, "select count(*) from t", &n, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(n, before);
    sql_close(&sql);
    arena_free(&a);
}

/* --- the store over damaged pages --- */

struct digest {
    struct buf text;
};

static bool add_refused(void *context, const struct refusal *r)
{
    struct digest *d = context;

    buf_add_format(&d->text, "%llu %.*s %.*s|", (unsigned long long)r->line,
                   STR_FMT(r->reason), STR_FMT(r->text));
    return true;
}

static bool add_logged(void *context, int64_t received_ms, const struct event *e)
{
    struct digest *d = context;

    buf_add_format(&d->text, "%lld ", (long long)received_ms);
    event_print(e, &d->text);
    return true;
}

static bool add_chunk(struct digest *d, struct snapshot *view, uint32_t chunk,
                      struct err *err)
{
    const struct chunk *c;
    const struct catalog *catalog = snapshot_catalog(view);

    if (!snapshot_chunk(view, chunk, &c, err))
        return false;
    for (uint32_t i = 0; i < c->event_n; i++)
        buf_add_format(&d->text, "%lld %u ", (long long)c->at_ms[i], c->type[i]);
    for (uint32_t k = c->customer_first; k < c->customer_first + c->customer_n; k++) {
        struct timeline t = timeline_of(c, k);

        for (uint32_t i = 0; i < t.n; i++) {
            for (uint32_t column = 0; column < catalog->column_n; column++) {
                struct arena a = {0};
                struct value v;
                bool ok = timeline_value(&t, column, i, &a, &v, err);

                buf_add_format(&d->text, "%u ", ok ? v.type : VALUE_MISSING);
                if (ok && v.type == VALUE_NUMBER)
                    buf_add_format(&d->text, "%lld ", (long long)v.number);
                if (ok && v.type == VALUE_TEXT)
                    buf_add(&d->text, v.text);
                for (uint32_t n = 0; ok && v.type == VALUE_LIST && n < v.list.n; n++)
                    buf_add(&d->text, v.list.item[n]);
                arena_free(&a);
                if (!ok)
                    return false;
            }
        }
    }
    return true;
}

/* All that the file answers. */
static bool read_everything(const char *path, uint64_t *hash, struct err *err)
{
    struct digest d = {.text = {0}};
    struct model_version model;
    struct snapshot *v = NULL;
    struct arena a = {0};
    struct store *s;
    bool ok;

    if (!store_open(io_system(), str_of(path), &(struct store_options){STORE_READ, 0}, &s,
                    err))
        return false;
    ok = store_snapshot(s, &v, err) && snapshot_model_latest(v, &a, &model, err)
         && snapshot_each_refused(v, add_refused, &d, err)
         && snapshot_each_logged(v, add_logged, &d, err);
    for (uint32_t i = 0; ok && i < snapshot_chunk_count(v); i++)
        ok = add_chunk(&d, v, i, err);
    if (ok) {
        struct store_facts facts = snapshot_facts(v);

        buf_add_format(&d.text, "%llu %llu %.*s", (unsigned long long)facts.events,
                       (unsigned long long)facts.refused, STR_FMT(model.text));
        assert_false(d.text.failed);
        *hash = hash64(buf_str(&d.text));
    }
    snapshot_close(v);
    store_close(s);
    arena_free(&a);
    buf_free(&d.text);
    return ok;
}

static const char *make_store(struct arena *a)
{
    struct random r = chance();
    struct event *event = scene(&r, 300, 40, a);
    const char *path = temp_path("shop");
    uint32_t version;
    struct store *s;
    struct err err;

    if (!store_create(io_system(), str_of(path), 0, &s, &err)
        || !add_model(s, STR("ciclo: 1\n"), 5, &version, &err)
        || !store_begin(s, 9, &err))
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < 300; i++) {
        struct refusal refused = {STR("file"), i, STR("reason"), event[i].id};
        struct buf json = {0};
        bool added;

        event_print(&event[i], &json);
        assert_true(store_append(s, &event[i], buf_str(&json), &added, &err));
        assert_true(store_refuse(s, &refused, &err));
        buf_free(&json);
    }
    if (!store_commit(s, &err))
        fail_msg("%s", err.msg);
    store_close(s);
    return path;
}

/* One file with damage in it: an error that names the page, or the answer of the whole file. */
static bool need_error_or_same(const char *path, int64_t page, uint64_t expected)
{
    struct err err = {ERR_NONE};
    char words[64];
    uint64_t hash;

    if (read_everything(path, &hash, &err)) {
        assert_true(hash == expected);
        return false;
    }
    snprintf(words, sizeof words, "page %lld ", (long long)page);
    if (err.code != ERR_CORRUPT || !strstr(err.msg, words)
        || !strstr(err.msg, "ciclo rebuild"))
        fail_msg("page %lld: %d %s", (long long)page, err.code, err.msg);
    return true;
}

TEST(a_flipped_bit_in_any_page_is_an_error_that_names_it_or_changes_nothing)
{
    struct random r = chance();
    struct arena a = {0};
    const char *path = make_store(&a);
    str file = bytes_of(path, &a);
    char *bytes = (char *)file.p;
    uint64_t expected;
    int64_t found = 0;
    struct err err;

    if (!read_everything(path, &expected, &err))
        fail_msg("%s", err.msg);
    assert_true(page_count(file) > 10);
    for (int64_t i = 0; i < page_count(file); i++) {
        for (size_t k = 0; k < chance_rounds(3); k++) {
            int64_t bit =
                i * VFS_PAGE_BYTES * 8 + (int64_t)random_below(&r, VFS_PAGE_BYTES * 8);

            bytes[bit / 8] ^= (char)(1u << bit % 8);
            temp_file("shop", bytes, file.n);
            found += need_error_or_same(path, i + 1, expected);
            bytes[bit / 8] ^= (char)(1u << bit % 8);
        }
    }
    assert_true(found > page_count(file));
    arena_free(&a);
}

TEST(a_flipped_bit_in_the_header_is_an_error_that_names_the_first_page)
{
    struct arena a = {0};
    const char *path = make_store(&a);
    str file = bytes_of(path, &a);
    char *bytes = (char *)file.p;

    for (int bit = 0; bit < 100 * 8; bit++) {
        bytes[bit / 8] ^= (char)(1u << bit % 8);
        temp_file("shop", bytes, file.n);
        assert_true(need_error_or_same(path, 1, 0));
        bytes[bit / 8] ^= (char)(1u << bit % 8);
    }
    arena_free(&a);
}

TEST(a_page_with_many_wrong_bytes_is_an_error_that_names_it_or_changes_nothing)
{
    struct random r = chance();
    struct arena a = {0};
    const char *path = make_store(&a);
    str file = bytes_of(path, &a);
    uint64_t expected;
    struct err err;

    assert_true(read_everything(path, &expected, &err));
    for (int64_t i = 0; i < page_count(file); i++) {
        char *page = (char *)file.p + i * VFS_PAGE_BYTES, kept[VFS_PAGE_BYTES];
        size_t from = (size_t)random_below(&r, VFS_PAGE_BYTES - 200) + 100;

        memcpy(kept, page, sizeof kept);
        for (size_t k = from; k < VFS_PAGE_BYTES && k < from + 4096; k++)
            page[k] = (char)random_next(&r);
        temp_file("shop", file.p, file.n);
        need_error_or_same(path, i + 1, expected);
        memcpy(page, kept, sizeof kept);
    }
    arena_free(&a);
}

TEST(a_damaged_page_is_named_with_its_table)
{
    struct arena a = {0};
    const char *path = make_store(&a);
    str file = bytes_of(path, &a);
    char *bytes = (char *)file.p;
    int64_t found = 0, page;
    struct sql sql = open_sql("shop", 0);
    struct err err;

    assert_true(sql_number(&sql, "select max(pageno) from dbstat where name = 'refused'",
                           &page, &err));
    sql_close(&sql);
    bytes[page * VFS_PAGE_BYTES - 5000] ^= 1;
    temp_file("shop", bytes, file.n);
    assert_false(read_everything(path, (uint64_t *)&found, &err));
    assert_non_null(strstr(err.msg, "(table refused) is damaged, its checksum is wrong"));
    arena_free(&a);
}
