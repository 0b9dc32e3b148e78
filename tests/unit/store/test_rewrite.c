#include "store/rewrite.h"

#include "base/hash.h"
#include "store/lock_impl.h"
#include "store/sql_impl.h"
#include "store/store.h"
#include "store/verify.h"
#include "store/vfs.h"
#include "support/chance.h"
#include "support/erase.h"
#include "support/models.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

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

/* --- a shop with customers in it --- */

enum { EVENTS = 120, CUSTOMERS = 17 };

struct shop {
    struct arena arena;
    struct event *event;
    const char *path;
};

static void need(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

static bool append(struct store *s, const struct event *e)
{
    struct buf json = {0};
    struct err err;
    bool added;

    event_print(e, &json);
    need(store_append(s, e, buf_str(&json), &added, &err), &err);
    buf_free(&json);
    return added;
}

static void refuse(struct store *s, uint64_t line, str text)
{
    const struct refusal r = {STR("orders.csv"), line, STR("no time"), text};
    struct err err;

    need(store_refuse(s, &r, &err), &err);
}

/* Three imports, two models, and lines that were refused. */
static struct shop make_full_shop(void)
{
    struct shop shop = {.path = temp_path("shop")};
    struct random r = chance();
    uint32_t version;
    struct store *s;
    struct err err;

    shop.event = scene(&r, EVENTS, CUSTOMERS, &shop.arena);
    need(store_create(io_system(), str_of(shop.path), 0, &s, &err), &err);
    need(add_model(s, STR("ciclo: 1\n"), 5, &version, &err), &err);
    for (uint32_t i = 0; i < 3; i++) {
        need(store_begin(s, 1000 + i, &err), &err);
        for (uint32_t k = i * EVENTS / 3; k < (i + 1) * EVENTS / 3; k++)
            assert_true(append(s, &shop.event[k]));
        for (uint32_t k = 0; k < 20; k++)
            refuse(s, i * 20 + k, shop.event[k].id);
        need(store_commit(s, &err), &err);
    }
    need(add_model(s, STR("ciclo: 1 # two\n"), 6, &version, &err), &err);
    store_close(s);
    return shop;
}

static struct store *open_store(const char *path, enum store_mode mode)
{
    struct store *s = NULL;
    struct err err;

    need(
        store_open(io_system(), str_of(path), &(struct store_options){mode, 0}, &s, &err),
        &err);
    return s;
}

static void say([[maybe_unused]] void *context, const struct difference *d)
{
    print_message("# %s: %.*s\n", d->table, STR_FMT(d->text));
}

/* Everything in the file is what its log gives. */
static void need_verified(const char *path)
{
    const struct verify_options o = {.threads = 1, .found = say};
    struct verify_report report;
    struct err err;

    need(store_verify(io_system(), str_of(path), &o, &report, &err), &err);
    assert_int_equal(report.differences, 0);
}

/* Exactly these events stand in the timelines. */
static void need_events(const char *path, const struct event *event, uint32_t n)
{
    struct store *s = open_store(path, STORE_READ);
    struct snapshot *v;
    struct err err;
    uint64_t all = 0;

    need(store_snapshot(s, &v, &err), &err);
    for (uint32_t i = 0; i < snapshot_chunk_count(v); i++) {
        const struct chunk *c;

        need(snapshot_chunk(v, i, &c, &err), &err);
        need_chunk_holds(c, snapshot_catalog(v), event, n);
        all += c->event_n;
        snapshot_release(v, i);
    }
    assert_int_equal(all, n);
    snapshot_close(v);
    store_close(s);
    need_verified(path);
}

/* All rows of some tables; 0 is never a hash of any. */
static uint64_t rows_hash(const char *name, const char *const *table, size_t n)
{
    struct sql sql = open_sql(name);
    struct buf all = {0};
    uint64_t hash;

    for (size_t i = 0; i < n; i++) {
        char text[64];
        sqlite3_stmt *st;

        snprintf(text, sizeof text, "select * from %s order by 1, 2", table[i]);
        assert_int_equal(sqlite3_prepare_v2(sql.db, text, -1, &st, NULL), SQLITE_OK);
        while (sqlite3_step(st) == SQLITE_ROW) {
            for (int k = 0; k < sqlite3_column_count(st); k++) {
                const char *p = sqlite3_column_blob(st, k);

                buf_add(&all, (str){p, (size_t)sqlite3_column_bytes(st, k)});
                buf_add_char(&all, '|');
            }
        }
        sqlite3_finalize(st);
    }
    sql_close(&sql);
    assert_false(all.failed);
    hash = hash64(buf_str(&all));
    buf_free(&all);
    return hash;
}

static const char *const truth[] = {"log", "refused", "model", "setting"};
static const char *const derived[] = {"part", "chunk",   "customer",
                                      "type", "columns", "sighting"};
#define ROWS(name, tables) rows_hash(name, tables, sizeof tables / sizeof *tables)

static struct rebuild_report rebuild(const char *path, struct arena *a)
{
    struct rebuild_report report;
    struct err err;

    need(store_rebuild(io_system(), str_of(path), &plain, a, &report, &err), &err);
    return report;
}

TEST(rebuilding_keeps_the_log_byte_for_byte_and_derives_the_rest_again)
{
    struct shop shop = make_full_shop();
    uint64_t log = ROWS("shop", truth), rest;
    struct rebuild_report report = rebuild(shop.path, &shop.arena);

    assert_true(report.is_made);
    assert_int_equal(report.events, EVENTS);
    assert_int_equal(report.lost_n + report.doubled + report.pages_damaged, 0);
    assert_true(ROWS("shop", truth) == log);
    need_events(shop.path, shop.event, EVENTS);
    rest = ROWS("shop", derived);
    report = rebuild(shop.path, &shop.arena);
    assert_true(ROWS("shop", truth) == log);
    assert_true(ROWS("shop", derived) == rest);
    need_nothing_beside();
    arena_free(&shop.arena);
}

TEST(an_event_that_stands_in_the_log_twice_stands_there_once_then)
{
    struct shop shop = make_full_shop();
    struct sql sql = open_sql("shop");
    struct rebuild_report report;

    run(&sql, "insert into log select (select max(seq) + 1 from log), received_ms, "
              "codec, bytes, checksum"
              " from log where seq = 1");
    sql_close(&sql);
    report = rebuild(shop.path, &shop.arena);
    assert_int_equal(report.events, EVENTS);
    assert_true(report.doubled > 0);
    need_events(shop.path, shop.event, EVENTS);
    report = rebuild(shop.path, &shop.arena);
    assert_int_equal(report.doubled, 0);
    arena_free(&shop.arena);
}

/* --- damaged files --- */

static str read_file(const char *path, struct arena *a)
{
    struct err err;
    str bytes;

    need(io_read_file(io_system(), str_of(path), 64 << 20, a, &bytes, &err), &err);
    return bytes;
}

TEST(a_flipped_bit_in_any_page_is_mended)
{
    struct random r = chance();
    struct shop shop = make_full_shop();
    uint64_t log = ROWS("shop", truth);
    str file = read_file(shop.path, &shop.arena);
    size_t pages = file.n / VFS_PAGE_BYTES;

    for (size_t i = 0; i < pages; i++) {
        size_t bit =
            i * VFS_PAGE_BYTES * 8 + (size_t)random_below(&r, VFS_PAGE_BYTES * 8);
        struct rebuild_report report;

        ((char *)file.p)[bit / 8] ^= (char)(1u << bit % 8);
        temp_file("shop", file.p, file.n);
        report = rebuild(shop.path, &shop.arena);
        assert_true(report.is_made);
        assert_int_equal(report.pages, pages);
        assert_int_equal(report.pages_damaged, 1);
        assert_int_equal(report.pages_mended, 1);
        assert_int_equal(report.lost_n, 0);
        assert_true(ROWS("shop", truth) == log);
        ((char *)file.p)[bit / 8] ^= (char)(1u << bit % 8);
    }
    need_events(shop.path, shop.event, EVENTS);
    arena_free(&shop.arena);
}

TEST(what_cannot_be_read_is_named_and_lost_only_when_that_is_accepted)
{
    const struct rewrite_options accepting = {.accepts_loss = true};
    struct shop shop = make_full_shop();
    struct rebuild_report report;
    struct sql sql = open_sql("shop");
    int64_t batches = ask("shop", "select count(*) from log");
    str before, after;
    struct err err;

    assert_true(batches > 5);
    run(&sql, "update log set bytes = zeroblob(length(bytes)) where seq in (3, 4);"
              "update model set text = x'ff' where version = 1");
    sql_close(&sql);
    before = read_file(shop.path, &shop.arena);
    report = rebuild(shop.path, &shop.arena);
    assert_false(report.is_made);
    after = read_file(shop.path, &shop.arena);
    assert_true(str_eq(before, after));
    need_nothing_beside();

    assert_int_equal(report.lost_n, 2);
    assert_true(str_eq(report.lost[0].table, STR("log")));
    assert_int_equal(report.lost[0].from, 3);
    assert_int_equal(report.lost[0].to, 4);
    assert_true(str_eq(report.lost[0].why, STR("its checksum is wrong")));
    assert_true(str_eq(report.lost[1].table, STR("model")));

    need(store_rebuild(io_system(), str_of(shop.path), &accepting, &shop.arena, &report,
                       &err),
         &err);
    assert_true(report.is_made);
    assert_int_equal(ask("shop", "select count(*) from log"),
                     batches); /* two are empty */
    assert_true(report.events > 0 && report.events < EVENTS);
    assert_int_equal(rebuild(shop.path, &shop.arena).lost_n, 0);
    need_verified(shop.path);
    arena_free(&shop.arena);
}

TEST(whatever_becomes_of_a_page_the_rest_can_be_read)
{
    const struct rewrite_options accepting = {.accepts_loss = true};
    struct random r = chance();
    struct shop shop = make_full_shop();
    str file = read_file(shop.path, &shop.arena);
    size_t pages = file.n / VFS_PAGE_BYTES;
    uint32_t whole = 0;

    for (size_t i = 1; i < pages; i++) {
        char *page = (char *)file.p + i * VFS_PAGE_BYTES, kept[VFS_PAGE_BYTES];
        struct rebuild_report report;
        struct err err;

        memcpy(kept, page, sizeof kept);
        for (size_t k = 0; k < VFS_PAGE_BYTES; k++)
            page[k] = (char)random_next(&r);
        temp_file("shop", file.p, file.n);
        memcpy(page, kept, sizeof kept);
        need(store_rebuild(io_system(), str_of(shop.path), &accepting, &shop.arena,
                           &report, &err),
             &err);
        assert_int_equal(report.pages_damaged, 1);
        assert_int_equal(report.pages_mended, 0);
        whole += !report.lost_n;
        if (!report.lost_n)
            need_events(shop.path, shop.event, EVENTS);
        need_verified(shop.path);
    }
    assert_true(whole > pages / 2); /* most pages hold what is derived */
    arena_free(&shop.arena);
}

/* So many that the log has several pages, and one that leads to them. */
static void add_many(const char *path, struct arena *a)
{
    struct random r = random_seeded(3);
    struct store *s = open_store(path, STORE_WRITE);
    struct err err;

    need(store_begin(s, 8, &err), &err);
    for (int i = 0; i < 300; i++) {
        char text[2 * 64 + 1];
        struct property p = {STR("note"), {.type = VALUE_TEXT, .text = str_of(text)}};
        struct event e = event_of("many", "visit", 1400000000000 + i, "");

        for (int k = 0; k < 8; k++)
            snprintf(text + 16 * k, 17, "%016llx", (unsigned long long)random_next(&r));
        p.value.text = e.id = arena_str(a, str_of(text));
        e.property = &p;
        e.property_n = 1;
        assert_true(append(s, &e));
    }
    need(store_commit(s, &err), &err);
    store_close(s);
}

TEST(a_log_without_its_root_is_found_page_by_page)
{
    struct random r = chance();
    struct shop shop = make_full_shop();
    struct rebuild_report report;
    uint64_t rows;
    char *page;
    str file;

    add_many(shop.path, &shop.arena);
    rows = ROWS("shop", truth);
    assert_int_equal(ask("shop", "select pagetype = 'internal' from dbstat"
                                 " where name = 'log' and path = '/'"),
                     1);
    file = read_file(shop.path, &shop.arena);
    page = (char *)file.p
           + (ask("shop", "select rootpage from sqlite_schema where name = 'log'") - 1)
                 * VFS_PAGE_BYTES;
    for (size_t i = 0; i < VFS_PAGE_BYTES; i++)
        page[i] = (char)random_next(&r);
    temp_file("shop", file.p, file.n);
    report = rebuild(shop.path, &shop.arena);
    assert_int_equal(report.lost_n, 0);
    assert_true(report.is_made);
    assert_int_equal(report.pages_damaged - report.pages_mended, 1);
    assert_int_equal(report.events, EVENTS + 300);
    assert_true(ROWS("shop", truth) == rows);
    need_verified(shop.path);
    arena_free(&shop.arena);
}

/* --- erasing --- */

#define HIS_ID "utente-cancellami"
#define HIS_TEXT "parole soltanto sue"
#define HIS_TRAIT "casa in via Segreta"
#define HIS_MESSAGE "messaggio-suo"
static const char *const his[] = {HIS_ID, HIS_TEXT, HIS_TRAIT, HIS_MESSAGE};

static struct event his_event(uint32_t number, struct arena *a)
{
    static const struct property property = {STR("note"),
                                             {.type = VALUE_TEXT, .text = STR(HIS_TEXT)}};
    static const struct property trait = {STR("address"),
                                          {.type = VALUE_TEXT, .text = STR(HIS_TRAIT)}};
    char id[64];

    snprintf(id, sizeof id, HIS_MESSAGE "-%u", number);
    return (struct event){.customer = STR(HIS_ID),
                          .type = STR("purchase"),
                          .at_ms = 1500000000000 + number,
                          .id = arena_str(a, str_of(id)),
                          .property = &property,
                          .property_n = 1,
                          .trait = &trait,
                          .trait_n = 1};
}

static void add_him(const char *path, struct arena *a)
{
    struct store *s = open_store(path, STORE_WRITE);
    struct err err;

    need(store_begin(s, 7, &err), &err);
    for (uint32_t i = 0; i < 30; i++) {
        struct event e = his_event(i, a);

        assert_true(append(s, &e));
    }
    refuse(s, 900, STR("when?," HIS_ID ",12"));
    refuse(s, 901, STR("{\"userId\": \"utente\\u002dcancellami\", \"a\": [1]}"));
    refuse(s, 902, STR("when?,utente-cancellam,12"));
    refuse(s, 903, STR("when?,utente,12"));
    need(store_commit(s, &err), &err);
    store_close(s);
}

/* How often one of his words stands in the bytes, or in what they unpack to. */
static uint32_t count_his(str bytes)
{
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof his / sizeof *his; i++)
        n += memmem(bytes.p, bytes.n, his[i], strlen(his[i])) != NULL;
    return n;
}

/* As far as it can be unpacked. */
static uint32_t count_his_packed(str bytes)
{
    static char out[1 << 20];
    ZSTD_DStream *stream = ZSTD_createDStream();
    ZSTD_inBuffer from = {bytes.p, bytes.n, 0};
    ZSTD_outBuffer to = {out, sizeof out, 0};
    uint32_t n;
    size_t left;

    assert_non_null(stream);
    do
        left = ZSTD_decompressStream(stream, &to, &from);
    while (!ZSTD_isError(left) && left && from.pos < from.size && to.pos < to.size);
    n = count_his((str){out, to.pos});
    ZSTD_freeDStream(stream);
    return n;
}

static uint32_t count_his_everywhere(str bytes)
{
    static const char magic[] = {0x28, (char)0xb5, 0x2f, (char)0xfd};
    uint32_t n = count_his(bytes);

    for (size_t i = 0; i + sizeof magic <= bytes.n; i++) {
        if (memcmp(bytes.p + i, magic, sizeof magic) == 0)
            n += count_his_packed(str_from(bytes, i));
    }
    return n;
}

/* In every file beside each other, and in every packed value, whole. */
static uint32_t count_his_in_folder(const char *path, struct arena *a)
{
    static const char *const beside[] = {"", "-wal", "-shm", "-journal", ".new"};
    struct sql sql = open_sql("shop");
    sqlite3_stmt *st;
    uint32_t n = 0;

    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        char name[4096];

        snprintf(name, sizeof name, "%s%s", path, beside[i]);
        if (access(name, F_OK) == 0)
            n += count_his_everywhere(read_file(name, a));
    }
    assert_int_equal(sqlite3_prepare_v2(sql.db,
                                        "select bytes from log union all "
                                        "select bytes from part union all "
                                        "select bytes from refused",
                                        -1, &st, NULL),
                     SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW)
        n += count_his_packed(
            (str){sqlite3_column_blob(st, 0), (size_t)sqlite3_column_bytes(st, 0)});
    sqlite3_finalize(st);
    sql_close(&sql);
    return n;
}

static struct erase_report erase(const char *path, const str *customer, uint32_t n)
{
    struct erase_report report;
    struct err err;

    need(erase_customers(io_system(), str_of(path), customer, n, &plain, &report, &err),
         &err);
    return report;
}

TEST(nothing_of_an_erased_customer_is_left_anywhere)
{
    static const str he = STR(HIS_ID);
    struct shop shop = make_full_shop();
    struct erase_report report;

    add_him(shop.path, &shop.arena);
    assert_true(count_his_in_folder(shop.path, &shop.arena) > 8);
    report = erase(shop.path, &he, 1);
    assert_int_equal(report.events, 30);
    assert_int_equal(report.refused, 2);
    assert_int_equal(count_his_in_folder(shop.path, &shop.arena), 0);
    assert_int_equal(ask("shop", "select sum(n) from refused"), 62);
    need_events(shop.path, shop.event, EVENTS);
    need_nothing_beside();
    arena_free(&shop.arena);
}

TEST(what_was_erased_does_not_come_back)
{
    static const str he = STR(HIS_ID);
    struct shop shop = make_full_shop();
    struct store *s;
    struct err err;

    add_him(shop.path, &shop.arena);
    erase(shop.path, &he, 1);
    for (int round = 0; round < 2; round++) {
        s = open_store(shop.path, STORE_WRITE);
        need(store_begin(s, 8, &err), &err);
        for (uint32_t i = 0; i < 30; i++) {
            struct event e = his_event(i, &shop.arena);

            assert_false(append(s, &e));
        }
        assert_false(append(s, &shop.event[0]));
        need(store_commit(s, &err), &err);
        store_close(s);
        rebuild(shop.path, &shop.arena); /* and not after another rewriting */
    }
    need_events(shop.path, shop.event, EVENTS);

    /* but what he does from now on is kept */
    s = open_store(shop.path, STORE_WRITE);
    need(store_begin(s, 9, &err), &err);
    assert_true(append(s, &(struct event){.customer = he,
                                          .type = STR("visit"),
                                          .at_ms = 1600000000000,
                                          .id = STR("another")}));
    need(store_commit(s, &err), &err);
    store_close(s);
    assert_int_equal(erase(shop.path, &he, 1).events, 1);
    need_events(shop.path, shop.event, EVENTS);
    arena_free(&shop.arena);
}

TEST(many_are_erased_at_once)
{
    struct shop shop = make_full_shop();
    struct event stays[EVENTS];
    str gone[CUSTOMERS];
    uint32_t n = 0, stay_n = 0;

    for (uint32_t i = 0; i < 40; i++)
        if (i % 3)
            gone[n++ % 9] = shop.event[i].customer;
    for (uint32_t i = 0; i < EVENTS; i++) {
        bool is_gone = false;

        for (uint32_t k = 0; k < 9; k++)
            is_gone |= str_eq(shop.event[i].customer, gone[k]);
        if (!is_gone)
            stays[stay_n++] = shop.event[i];
    }
    assert_int_equal(erase(shop.path, gone, 9).events, EVENTS - stay_n);
    need_events(shop.path, stays, stay_n);
    arena_free(&shop.arena);
}

TEST(an_unknown_customer_is_an_error_that_changes_nothing)
{
    struct shop shop = make_full_shop();
    const str asked[] = {shop.event[0].customer, STR("nobody"), STR("no one")};
    str before = read_file(shop.path, &shop.arena);
    struct erase_report report;
    struct err err;

    assert_false(
        erase_customers(io_system(), str_of(shop.path), asked, 3, &plain, &report, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "no customer nobody, nor 1 other"));
    assert_false(
        erase_customers(io_system(), str_of(shop.path), asked, 2, &plain, &report, &err));
    assert_non_null(strstr(err.msg, "no customer nobody; nothing was changed"));
    assert_true(str_eq(before, read_file(shop.path, &shop.arena)));
    need_nothing_beside();
    arena_free(&shop.arena);
}

/* --- names, locks, and exchanges meanwhile --- */

TEST(a_link_to_the_file_stays_a_link)
{
    struct shop shop = make_full_shop();
    const char *link = temp_path("link");
    struct stat file;

    assert_int_equal(symlink(shop.path, link), 0);
    rebuild(link, &shop.arena);
    assert_int_equal(lstat(link, &file), 0);
    assert_true(S_ISLNK(file.st_mode));
    need_events(link, shop.event, EVENTS);
    assert_false(exists("link.new"));
    arena_free(&shop.arena);
}

TEST(a_file_with_a_second_name_is_left_alone)
{
    static const str he = STR(HIS_ID);
    struct shop shop = make_full_shop();
    struct erase_report report;
    struct err err;

    add_him(shop.path, &shop.arena);
    assert_int_equal(link(shop.path, temp_path("second")), 0);
    assert_false(
        erase_customers(io_system(), str_of(shop.path), &he, 1, &plain, &report, &err));
    assert_non_null(strstr(err.msg, "hard link"));
    arena_free(&shop.arena);
}

TEST(a_file_that_is_open_for_writing_is_not_rewritten)
{
    struct shop shop = make_full_shop();
    struct store *s = open_store(shop.path, STORE_WRITE);
    struct rewrite_sizes sizes;
    struct rebuild_report report;
    struct err err;

    assert_false(store_compact(io_system(), str_of(shop.path), &plain, &sizes, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(store_rebuild(io_system(), str_of(shop.path), &plain, &shop.arena,
                               &report, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    need(store_backup(io_system(), str_of(shop.path), str_of(temp_path("copy")), &plain,
                      &sizes, &err),
         &err);
    store_close(s);
    need_events(temp_path("copy"), shop.event, EVENTS);
    arena_free(&shop.arena);
}

TEST(what_a_crash_left_beside_the_file_is_removed)
{
    struct shop shop = make_full_shop();
    struct rewrite_sizes sizes;
    struct err err;

    temp_file("shop.new", "half", 4);
    temp_file("shop.new-wal", "half", 4);
    need(store_compact(io_system(), str_of(shop.path), &plain, &sizes, &err), &err);
    need_nothing_beside();
    need_events(shop.path, shop.event, EVENTS);
    arena_free(&shop.arena);
}

/* Another process puts a new file in place between our looking at it and our lock. */
struct exchanging {
    struct io io;
    const char *from, *to;
};

static int exchange_then_lock(struct io *io, int fd, bool alone)
{
    struct exchanging *e = (struct exchanging *)io;

    if (e->from)
        assert_int_equal(rename(e->from, e->to), 0);
    e->from = NULL;
    return io_system()->lock(io_system(), fd, alone);
}

TEST(a_file_exchanged_while_its_lock_is_taken_is_not_the_one_that_is_opened)
{
    struct shop shop = make_full_shop();
    struct exchanging e = {*io_system(), temp_path("newer"), shop.path};
    struct store *s;
    struct err err;

    need(store_create(io_system(), str_of(temp_path("newer")), 0, &s, &err), &err);
    store_close(s);
    e.io.lock = exchange_then_lock;
    need(store_open(&e.io, str_of(shop.path), &(struct store_options){STORE_WRITE, 0}, &s,
                    &err),
         &err);
    need(store_begin(s, 1, &err), &err);
    assert_true(append(s, &shop.event[0]));
    need(store_commit(s, &err), &err);
    store_close(s);
    need_events(shop.path, shop.event, 1);
    arena_free(&shop.arena);
}
