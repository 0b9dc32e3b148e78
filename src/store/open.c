#include "store/rewrite_impl.h"
#include "store/store_impl.h"
#include "store/vfs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* docs/format.md says what stands in these tables. */
#define SCHEMA_SINCE_5 /* what format 6 added */                                         \
    "create table member (account integer not null, anchor integer not null,"            \
    " primary key (account, anchor)) without rowid;"                                     \
    "create index member_anchor on member (anchor);"                                     \
    "create table webhook (number integer primary key, codec integer not null,"          \
    " bytes blob not null, checksum integer not null);"                                  \
    "create table journal (seq integer primary key, told_ms integer not null,"           \
    " codec integer not null, bytes blob not null, checksum integer not null);"
#define SCHEMA_SINCE_6 /* what format 7 added */                                         \
    "create table spend (seq integer primary key, told_ms integer not null,"             \
    " codec integer not null, bytes blob not null, checksum integer not null);"
#define SCHEMA_SINCE_7 /* what format 8 added */                                         \
    "create table saved (number integer primary key, codec integer not null,"            \
    " bytes blob not null, checksum integer not null);"
#define SCHEMA_NAMED "pragma user_version = " TEXT(FORMAT) ";"

static const char schema[] =
    "create table setting (name text primary key, value integer not null);"
    "create table log (seq integer primary key, received_ms integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table chunk (number integer primary key, folded_seq integer not null,"
    " told_seq integer not null, customers integer not null, events integer not null,"
    " first_ms integer not null, last_ms integer not null);"
    "create table part (\"column\" integer not null, chunk integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null,"
    " primary key (\"column\", chunk));"
    "create table news (seq integer primary key, codec integer not null,"
    " bytes blob not null, checksum integer not null);"
    "create table erased (seq integer primary key, codec integer not null,"
    " bytes blob not null, checksum integer not null);" SEEN_SCHEMA
    "create table customer (number integer primary key, kind integer not null,"
    " id text not null, home integer);"
    "create index customer_home on customer (home) where home is not null;"
    "create table graph (seq integer primary key, codec integer not null,"
    " bytes blob not null, checksum integer not null);"
    "create table type (number integer primary key, name text not null);"
    "insert into type values (0, 'identify');"
    "create table columns (number integer primary key, name text not null,"
    " trait integer not null, type text not null);"
    "create table sighting (type integer not null, \"column\" integer not null,"
    " unique (type, \"column\"));"
    "create table refused (seq integer primary key, n integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table model (version integer primary key, applied_ms integer not null,"
    " text text not null, author text not null);"
    "create table history (chunk integer primary key, model integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table key (number integer primary key, codec integer not null,"
    " bytes blob not null, checksum integer not null);"
    "create table receipt (number integer primary key, codec integer not null,"
    " bytes blob not null, checksum integer not null);" SCHEMA_SINCE_5 SCHEMA_SINCE_6
        SCHEMA_SINCE_7 "pragma application_id = " TEXT(APPLICATION_ID) ";" SCHEMA_NAMED;

bool file_migrate(struct sql *sql, int64_t format, struct err *err)
{
    static const char *const from[] = {
        [5] = "begin immediate;" SCHEMA_SINCE_5 SCHEMA_SINCE_6 SCHEMA_SINCE_7 SCHEMA_NAMED
              "commit",
        [6] = "begin immediate;" SCHEMA_SINCE_6 SCHEMA_SINCE_7 SCHEMA_NAMED "commit",
        [7] = "begin immediate;" SCHEMA_SINCE_7 SCHEMA_NAMED "commit",
        [8] = "begin immediate;" SCHEMA_NAMED "commit",
    };

    return sql_set_up(sql, err) && sql_exec(sql, from[format], err);
}

/* --- opening --- */

#define PSEUDONYM STR("pseudonym")

/* 0: it is not there. */
static bool get_setting(struct sql *sql, str name, int64_t *value, struct err *err)
{
    sqlite3_stmt *get;
    bool there;

    *value = 0;
    if (!sql_get(sql, SQL_SETTING_GET, &get, err))
        return false;
    if (sql_bind_text(get, 1, name) != SQLITE_OK)
        return sql_fail(sql, err);
    if (!sql_next(sql, get, &there, err))
        return false;
    if (there)
        *value = sqlite3_column_int64(get, 0);
    sqlite3_reset(get);
    return true;
}

static bool check_setting(struct store *s, str name, int64_t expected, struct err *err)
{
    int64_t value;

    if (!get_setting(&s->sql, name, &value, err))
        return false;
    return value == expected
           || err_set(err, ERR_INPUT,
                      "it was made with %.*s = %lld, and this ciclo is built for %lld",
                      STR_FMT(name), (long long)value, (long long)expected);
}

static bool add_setting(struct store *s, str name, int64_t value, struct err *err)
{
    sqlite3_stmt *add;

    return sql_get(&s->sql, SQL_SETTING_ADD, &add, err)
           && sql_run(&s->sql, add, sql_bind_text(add, 1, name) | sql_bind(add, 2, value),
                      err);
}

static bool store_new(struct io *io, str path, const struct store_options *o,
                      struct store **out, struct err *err)
{
    struct store *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->io = io;
    s->mode = o->mode;
    s->owner = o->owner;
    s->news_last = &s->news;
    s->source = (struct chunk_source){writer_part, s};
    buf_add(&s->name, path);
    buf_add_char(&s->name, 0);
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->sql_lock, NULL);
    s->memory_bytes = o->memory_bytes ? o->memory_bytes : mem_machine_bytes() / 2;
    s->cache = cache_new(s->memory_bytes / 2);
    if (((s->name.failed || !s->cache) && !err_nomem(err)) || !sql_start(err)
        || !catalog_init(&s->catalog, err)) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

/* What a killed process committed last can be read, although it was never synced. Whoever
 * builds on it, and be it by saying that an event is known already, must not lose it. */
static bool sync_log(struct store *s, const char *path, struct err *err)
{
    char name[PATH_MAX + 8];
    struct stat wal;
    bool ok;
    int fd;

    snprintf(name, sizeof name, "%s-wal", path);
    if (s->io->stat(s->io, name, &wal) != 0)
        return errno == ENOENT || err_sys(err, "cannot look at %s", name);
    if (wal.st_size == 0)
        return true;
    fd = s->io->open(s->io, name, O_RDONLY, 0);
    if (fd < 0)
        return err_sys(err, "cannot open %s", name);
    ok = s->io->sync(s->io, fd) == 0 || err_sys(err, "cannot sync %s", name);
    s->io->close(s->io, fd);
    return ok && io_sync_folder(s->io, str_of(path), err);
}

static bool open_to_write(struct store *s, const char *path, int64_t *format,
                          struct err *err)
{
    return lock_take(&s->file_lock, s->io, path, err)
           && ((sql_open(&s->sql, path, SQLITE_OPEN_READWRITE, err)
                && file_recognise(&s->sql, format, err) && sql_set_up(&s->sql, err)
                && sql_exec(&s->sql, "pragma journal_mode = wal", err))
               || err_in(err, "%s", path))
           && sync_log(s, path, err);
}

static bool begin_snapshot(struct store *s, int64_t *format, struct err *err)
{
    return file_recognise(&s->sql, format, err) && sql_set_up(&s->sql, err)
           && sql_exec(&s->sql, "pragma query_only = on; begin", err);
}

/* Whether SQLite found no way to keep its own files beside the data file. */
static bool needs_to_write_beside(const struct store *s)
{
    int rc = s->sql.db ? sqlite3_errcode(s->sql.db) & 0xff : SQLITE_OK;

    return rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY;
}

/* In a folder that cannot be written to: as long as there is no log beside the file, and
 * nobody writes, the file alone is everything. */
static bool open_alone(struct store *s, const char *path, int64_t *format,
                       struct err *err)
{
    struct buf uri = {0};
    struct stat wal;
    char name[PATH_MAX + 8];
    bool ok;

    snprintf(name, sizeof name, "%s-wal", path);
    if (s->io->stat(s->io, name, &wal) == 0 && wal.st_size > 0)
        return err_set(
            err, ERR_IO,
            "%s was not closed well, and its folder cannot be written to: copy %s "
            "and %s-wal to a folder that can",
            path, path, path);
    if (!lock_share(&s->file_lock, s->io, path, err))
        return false;
    sql_close(&s->sql);
    ok = sql_uri(path, "immutable=1", &uri, err)
         && ((sql_open(&s->sql, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err)
              && begin_snapshot(s, format, err))
             || err_in(err, "%s", path));
    buf_free(&uri);
    return ok;
}

/* SQLite opens what it cannot write to for reading only. What it can write to is opened like
 * that so that the last to close the file tidies up beside it. */
static bool open_to_read(struct store *s, const char *path, int64_t *format,
                         struct err *err)
{
    if (sql_open(&s->sql, path, SQLITE_OPEN_READWRITE, err)
        && begin_snapshot(s, format, err))
        return true;
    if (needs_to_write_beside(s))
        return open_alone(s, path, format, err);
    return err_in(err, "%s", path);
}

static void close_file(struct store *s)
{
    sql_close(&s->sql);
    lock_give(&s->file_lock);
}

/* What stands at the path when it is open, even when files are exchanged meanwhile; a file of an
 * older format is migrated first. */
static bool open_file(struct store *s, const char *path, struct err *err)
{
    enum { TRIES = 5 };

    for (int i = 0; i < TRIES; i++) {
        int64_t format = FORMAT;
        bool ok = s->mode == STORE_WRITE ? open_to_write(s, path, &format, err)
                                         : open_to_read(s, path, &format, err);
        bool there = !s->sql.db || file_is_there(&s->sql);

        if (there && (!ok || format == FORMAT))
            return ok;
        close_file(s);
        if (there
            && !rewrite_migrate(s->io, str_of(path), s->memory_bytes, s->owner, err))
            return err_in(err, "%s", path);
    }
    return err_set(err, ERR_CONFLICT, "%s is exchanged by another program all the time",
                   path);
}

static bool load(struct store *s, struct err *err)
{
    if (s->mode == STORE_WRITE)
        watch_wal(s);
    return get_setting(&s->sql, PSEUDONYM, &s->pseudonym, err)
           && load_names(&s->sql, &s->catalog, &s->homes, err) && load_image(s, err)
           && seen_new(&s->sql, &s->seen, err);
}

int64_t store_pseudonym(const struct store *s)
{
    return s->pseudonym;
}

bool store_make_pseudonymous(struct store *s, int64_t fingerprint, struct err *err)
{
    if (!add_setting(s, PSEUDONYM, fingerprint, err))
        return false;
    s->pseudonym = fingerprint;
    return true;
}

bool rewrite_pseudonym(struct rewrite *w, int64_t *fingerprint, struct err *err)
{
    return get_setting(&w->old, PSEUDONYM, fingerprint, err);
}

bool open_reader(const struct store *s, struct sql *sql, struct err *err)
{
    return sql_open(sql, s->name.p, SQLITE_OPEN_READONLY, err)
           && sql_exec(sql,
                       "pragma cell_size_check = on; pragma temp_store = memory;"
                       "pragma cache_size = -4096; pragma query_only = on;",
                       err);
}

bool store_open(struct io *io, str path, const struct store_options *o,
                struct store **out, struct err *err)
{
    char name[PATH_MAX];
    struct stat file;
    struct store *s;

    if (!file_path(path, "", name, err) || !file_look(io, name, &file, err)
        || !store_new(io, str_of(name), o, &s, err))
        return false;
    if (!open_file(s, name, err)
        || !check_setting(s, STR("chunk_customers"), CHUNK_CUSTOMERS, err)
        || !load(s, err)) {
        store_close(s);
        return false;
    }
    *out = s;
    return true;
}

/* --- creating --- */

static bool make_tables(struct store *s, const char *path, struct err *err)
{
    return sql_open(&s->sql, path, SQLITE_OPEN_READWRITE, err)
           && sql_exec(&s->sql, "pragma page_size = " TEXT(VFS_PAGE_BYTES), err)
           && sql_set_up(&s->sql, err)
           && sql_exec(&s->sql, "pragma journal_mode = wal", err)
           && sql_exec(&s->sql, "begin immediate", err) && sql_exec(&s->sql, schema, err)
           && add_setting(s, STR("chunk_customers"), CHUNK_CUSTOMERS, err)
           && sql_exec(&s->sql, "commit", err);
}

static bool cannot_create(const char *path, struct err *err)
{
    int sys = err->sys;

    switch (sys) {
    case EEXIST:
        return err_set(err, ERR_CONFLICT,
                       "%s is there already and stays as it is: give another name, or "
                       "remove it first",
                       path);
    case ENOENT:
    case ENOTDIR:
        err_set(err, ERR_IO, "cannot create %s: there is no such folder; make it first",
                path);
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        err_set(err, ERR_IO,
                "cannot create %s: its folder cannot be written to; give another one",
                path);
        break;
    default:
        return err_in(err, "cannot create %s", path);
    }
    err->sys = sys;
    return false;
}

bool store_create(struct io *io, str path, size_t memory_bytes, struct store **out,
                  struct err *err)
{
    const struct store_options o = {STORE_WRITE, memory_bytes};
    static const char *const made[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX];
    struct store *s;

    if (!file_path(path, "", name, err) || !store_new(io, str_of(name), &o, &s, err))
        return false;
    if (!lock_create(&s->file_lock, io, name, err)) {
        cannot_create(name, err);
        store_close(s);
        return false;
    }
    if (!(make_tables(s, name, err) && load(s, err))) {
        err_in(err, "%s", name);
        store_close(s);
        for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
            struct err too_long;

            if (file_path(path, made[i], name, &too_long))
                io->unlink(io, name);
        }
        return false;
    }
    *out = s;
    return true;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_fold_drop(s);
    checkpoint_drop(s);
    assert(!s->snapshots);
    cache_free(s->cache);
    store_cancel(s);
    image_free(s->image);
    while (s->news) {
        struct news_batch *next = s->news->next;

        news_batch_release(s->news);
        s->news = next;
    }
    seen_free(s->seen);
    catalog_free(&s->catalog);
    homes_free(&s->homes);
    known_ids_free(&s->ids);
    refused_forget(&s->refused);
    while (s->idle) {
        struct reader *next = s->idle->next;

        reader_free(s->idle);
        s->idle = next;
    }
    sql_close(&s->sql);
    lock_give(&s->file_lock);
    pthread_mutex_destroy(&s->sql_lock);
    pthread_mutex_destroy(&s->lock);
    buf_free(&s->name);
    mem_free(s);
}

uint64_t store_file_bytes(const struct store *s)
{
    static const char *const part[] = {"", "-wal"};
    uint64_t bytes = 0;

    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        char name[PATH_MAX + 8];
        struct stat file;

        snprintf(name, sizeof name, "%s%s", s->name.p, part[i]);
        if (s->io->stat(s->io, name, &file) == 0)
            bytes += (uint64_t)file.st_size;
    }
    return bytes;
}
