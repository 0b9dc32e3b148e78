#include "support/sim_shop.h"

#include "store/sql_impl.h"
#include "support/events.h"
#include "support/scene.h"
#include "support/unit.h"

#include <fcntl.h>

static void must(bool ok, const struct err *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", what, err->msg);
}

void sim_shop_set(struct sim_shop *shop, uint32_t events, uint32_t customers)
{
    struct random r = random_seeded(11);
    struct err err;

    *shop = (struct sim_shop){.event_n = events};
    must(sql_start(&err), &err, "SQLite");
    shop->disk = sim_disk_new();
    shop->io = sim_disk_io(shop->disk);
    shop->event = scene(&r, events, customers, &shop->arena);
    shop->json = arena_array(&shop->arena, str, events);
    assert_non_null(shop->json);
    for (uint32_t i = 0; i < events; i++) {
        struct event *e = &shop->event[i];
        struct event_id user = {.kind = ID_USER, .value = e->customer};
        struct buf line = {NULL};

        must(event_set_who(e, &user, 1, &shop->arena, &err), &err, "an event's ids");
        event_print(e, &line);
        assert_false(line.failed);
        shop->json[i] = arena_str(&shop->arena, buf_str(&line));
        assert_non_null(shop->json[i].p);
        buf_free(&line);
    }
}

void sim_shop_clear(struct sim_shop *shop)
{
    sim_disk_free(shop->disk);
    arena_free(&shop->arena);
}

str sim_shop_get(struct sim_shop *shop, const char *name)
{
    struct err err;
    str bytes;

    must(
        io_read_file(shop->io, str_of(name), (size_t)1 << 24, &shop->arena, &bytes, &err),
        &err, "reading");
    return bytes;
}

void sim_shop_put(struct sim_shop *shop, const char *name, str bytes)
{
    struct io *io = shop->io;
    int fd = io->open(io, name, O_RDWR | O_CREAT | O_TRUNC, 0600);
    struct err err;

    assert_true(fd >= 0);
    assert_int_equal(io->write(io, fd, bytes.p, bytes.n), bytes.n);
    assert_int_equal(io->sync(io, fd), 0);
    io->close(io, fd);
    must(io_sync_folder(io, str_of(name), &err), &err, "syncing");
}

/* What was derived is left out, since nobody reads it. */
static const char first_format[] =
    "attach '/shop' as shop;"
    "create table setting (name text primary key, value integer not null);"
    "create table log (seq integer primary key, received_ms integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table refused (seq integer primary key, n integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table model (version integer primary key, applied_ms integer not null,"
    " text text not null);"
    "insert into setting select * from shop.setting;"
    "insert into log select * from shop.log;"
    "insert into refused select * from shop.refused;"
    "insert into model select version, applied_ms, text from shop.model;"
    "pragma application_id = 1130980204; pragma user_version = 1;";

void sim_shop_make_old(struct sim_shop *shop)
{
    struct err err;
    sqlite3 *db;

    assert_int_equal(sqlite3_open("/old", &db), SQLITE_OK);
    if (sqlite3_exec(db, first_format, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(shop->io->rename(shop->io, "/old", "/shop"), 0);
    must(io_sync_folder(shop->io, SIM_SHOP, &err), &err, "syncing");
}

void sim_shop_make_later(int format)
{
    static const char *const how[] = {
        [2] = "begin; drop table key; drop table history;"
              "alter table model drop column author;"
              "pragma user_version = 2; commit",
        [3] = "begin; drop table key; pragma user_version = 3; commit",
        [4] = "pragma user_version = 4",
        [5] = "begin; drop table member; drop table webhook; drop table journal;"
              "drop table spend; drop table saved; pragma user_version = 5; commit",
        [6] =
            "begin; drop table spend; drop table saved; pragma user_version = 6; commit",
        [7] = "begin; drop table saved; pragma user_version = 7; commit",
        [8] = "pragma user_version = 8",
    };
    struct sql sql = {0};
    struct err err;

    must(sql_open(&sql, "/shop", SQLITE_OPEN_READWRITE, &err)
             && sql_exec(&sql, how[format], &err),
         &err, "an older format");
    sql_close(&sql);
}

bool sim_shop_import(struct sim_shop *shop, struct store *s, uint32_t first, uint32_t n,
                     struct err *err)
{
    bool ok = store_begin(s, 1, err), added;

    if (!ok)
        return false;
    for (uint32_t i = first; ok && i < first + n; i++)
        ok = store_append(s, &shop->event[i], shop->json[i], &added, err);
    if (ok)
        return store_commit(s, err);
    store_cancel(s);
    return false;
}

struct log_look {
    const struct sim_shop *shop;
    uint32_t n, all;
};

static bool look_at_logged(void *context, [[maybe_unused]] int64_t received_ms,
                           const struct event *e)
{
    struct log_look *look = context;

    assert_true(look->n < look->all);
    assert_true(event_eq(e, &look->shop->event[look->n++]));
    return true;
}

/* Before they are compared, which cannot fail. */
static bool load_columns(const struct chunk *c, uint32_t columns, struct err *err)
{
    const struct cells *cells;
    const str *id;

    for (uint32_t k = 0; k < columns; k++) {
        if (!chunk_cells(c, k, &cells, err))
            return false;
    }
    return chunk_message_ids(c, &id, err);
}

static bool each_chunk(struct sim_shop *shop, struct snapshot *v, uint32_t n,
                       bool compares, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(v);

    for (uint32_t i = 0; i < snapshot_chunk_count(v); i++) {
        const struct chunk *c;
        bool ok;

        if (!snapshot_chunk(v, i, &c, err))
            return false;
        ok = load_columns(c, catalog->column_n, err);
        if (ok && compares)
            need_chunk_holds(c, catalog, shop->event, n);
        snapshot_release(v, i);
        if (!ok)
            return false;
    }
    return true;
}

static bool read_log(struct sim_shop *shop, struct snapshot *v, uint32_t n,
                     struct err *err)
{
    struct log_look logged = {shop, 0, n};

    assert_int_equal(snapshot_facts(v).events, n);
    if (!snapshot_each_logged(v, look_at_logged, &logged, err))
        return false;
    assert_int_equal(logged.n, n);
    return true;
}

bool sim_shop_read(struct sim_shop *shop, struct snapshot *v, uint32_t n, struct err *err)
{
    return read_log(shop, v, n, err) && each_chunk(shop, v, n, false, err);
}

bool sim_shop_look(struct sim_shop *shop, struct snapshot *v, uint32_t n, struct err *err)
{
    return read_log(shop, v, n, err) && each_chunk(shop, v, n, true, err);
}
