#include "store/store_impl.h"

#include "base/time.h"
#include "base/zip.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define APPLICATION_ID 0x4369636c /* "Cicl" */
#define FORMAT 1
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

/* docs/format.md says what stands in these tables. */
static const char schema[] =
    "create table setting (name text primary key, value integer not null);"
    "create table log (seq integer primary key, received_ms integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null);"
    "create table part (\"column\" integer not null, chunk integer not null,"
    " codec integer not null, bytes blob not null, checksum integer not null,"
    " primary key (\"column\", chunk));"
    "create table customer (number integer primary key, id text not null);"
    "create table type (number integer primary key, name text not null);"
    "insert into type values (0, 'identify');"
    "create table columns (number integer primary key, name text not null,"
    " trait integer not null, type text not null);"
    "create table sighting (type integer not null, \"column\" integer not null,"
    " n integer not null, unique (type, \"column\"));"
    "create table refused (seq integer primary key, hash integer not null unique,"
    " source text not null, line integer not null, reason text not null, text not null);"
    "create table model (version integer primary key, applied_ms integer not null,"
    " text text not null);"
    "pragma application_id = " TEXT(APPLICATION_ID) ";"
                                                    "pragma user_version = " TEXT(
                                                        FORMAT) ";";

/* --- which files this process writes ---
 *
 * SQLite keeps others away by POSIX locks, and a process loses all of those that it has on a
 * file as soon as it closes any descriptor of it. So a descriptor for our own lock is opened
 * before SQLite's and closed after them, and a file that this process has open for writing
 * already is recognised without opening it. */

static pthread_mutex_t writing_lock = PTHREAD_MUTEX_INITIALIZER; /* guards writing_list */
static struct writing *writing_list;

static bool writing_begin(struct writing *w)
{
    bool found = false;

    pthread_mutex_lock(&writing_lock);
    for (const struct writing *other = writing_list; other; other = other->next)
        found |= other->device == w->device && other->inode == w->inode;
    if (!found) {
        w->next = writing_list;
        writing_list = w;
        w->listed = true;
    }
    pthread_mutex_unlock(&writing_lock);
    return !found;
}

static void writing_end(struct writing *w)
{
    struct writing **at = &writing_list;

    if (!w->listed)
        return;
    pthread_mutex_lock(&writing_lock);
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    pthread_mutex_unlock(&writing_lock);
}

static bool in_use(const char *path, struct err *err)
{
    return err_set(
        err, ERR_CONFLICT,
        "another ciclo process has %s open for writing (ciclo serve or an import); "
        "stop it first",
        path);
}

static bool lock_file(struct store *s, const char *path, bool alone, struct err *err)
{
    if (s->io->lock(s->io, s->lock, alone) == 0)
        return true;
    return errno == EWOULDBLOCK ? in_use(path, err)
                                : err_sys(err, "cannot lock %s", path);
}

/* --- names of files --- */

/* With a NUL behind it, and so that SQLite sees a plain file in it: "./:memory:". */
static bool path_print(str path, const char *behind, char out[PATH_MAX], struct err *err)
{
    bool special = str_starts(path, STR(":")) || str_starts(path, STR("file:"));
    const char *before = special ? "./" : "";

    if (!path.n || memchr(path.p, 0, path.n))
        return err_set(err, ERR_INPUT, "the data file needs a name without a NUL byte");

    if (path.n + strlen(before) + strlen(behind) >= PATH_MAX)
        return err_set(err, ERR_INPUT,
                       "the name of the data file is longer than %d bytes", PATH_MAX - 1);
    snprintf(out, PATH_MAX, "%s%.*s%s", before, STR_FMT(path), behind);
    return true;
}

/* The name as SQLite's URI that promises that nobody writes to the file. */
static bool uri_print(const char *path, struct buf *to, struct err *err)
{
    buf_add(to, STR("file:"));
    for (const char *p = path; *p; p++) {
        if (strchr("%?#", *p))
            buf_add_format(to, "%%%02x", (unsigned char)*p);
        else
            buf_add_char(to, *p);
    }
    buf_add(to, STR("?immutable=1"));
    buf_add_char(to, 0);
    return !to->failed || err_nomem(err);
}

/* --- rows that hold packed bytes --- */

bool row_unpack(sqlite3_stmt *row, int column, size_t max_bytes, struct buf *to,
                struct err *err)
{
    int64_t codec = sqlite3_column_int64(row, column);
    str packed = sql_column(row, column + 1);
    uint64_t checksum = (uint64_t)sqlite3_column_int64(row, column + 2);

    if (codec != CODEC_ZSTD)
        return err_set(err, ERR_CORRUPT, "its codec is unknown");
    if (hash64(packed) != checksum)
        return err_set(err, ERR_CORRUPT, "its checksum is wrong");
    return zip_unpack(packed, max_bytes, to, err);
}

static bool part_get(void *context, int32_t column, uint32_t chunk, struct buf *to,
                     bool *there, struct err *err)
{
    struct store *s = context;
    sqlite3_stmt *get;
    bool ok;

    if (!sql_get(&s->sql, SQL_PART_GET, &get, err))
        return false;
    if ((sql_bind(get, 1, column) | sql_bind(get, 2, chunk)) != SQLITE_OK)
        return sql_fail(&s->sql, err);
    ok = sql_next(&s->sql, get, there, err);
    if (ok && *there)
        ok = row_unpack(get, 0, PART_BYTES_MAX, to, err)
             || err_in(err, "table part, column %d, chunk %u", column, chunk);
    sqlite3_reset(get);
    return ok;
}

/* --- loading the names --- */

/* Calls `take` with every row of a statement. */
static bool each_row(struct store *s, enum sql_text text,
                     bool (*take)(struct store *s, sqlite3_stmt *row, struct err *err),
                     struct err *err)
{
    sqlite3_stmt *rows;
    bool there, ok;

    if (!sql_get(&s->sql, text, &rows, err))
        return false;
    while ((ok = sql_next(&s->sql, rows, &there, err)) && there) {
        if (!take(s, rows, err)) {
            sqlite3_reset(rows);
            return false;
        }
    }
    return ok;
}

/* The row's first two columns are the next number and its text. */
static bool take_name(struct text_table *t, sqlite3_stmt *row, const char *table,
                      struct err *err)
{
    uint32_t expected = t->n, number;

    if (sqlite3_column_int64(row, 0) != expected)
        return err_set(err, ERR_CORRUPT, "table %s has no row %u", table, expected);
    if (!text_table_add(t, sql_column(row, 1), &number))
        return err_nomem(err);
    return number == expected
           || err_set(err, ERR_CORRUPT, "table %s: rows %u and %u are the same", table,
                      number, expected);
}

static bool take_customer(struct store *s, sqlite3_stmt *row, struct err *err)
{
    return take_name(&s->catalog.customer, row, "customer", err);
}

static bool take_type(struct store *s, sqlite3_stmt *row, struct err *err)
{
    if (sqlite3_column_int64(row, 0) == TYPE_IDENTIFY)
        return str_eq(sql_column(row, 1), STR("identify"))
               || err_set(err, ERR_CORRUPT, "table type: row 0 is not identify");
    if (s->catalog.type.n == TYPES_MAX)
        return err_set(err, ERR_CORRUPT, "table type has too many rows");
    return take_name(&s->catalog.type, row, "type", err);
}

static bool raw_type_of(str name, enum value_type *out)
{
    if (str_eq(name, value_type_name(VALUE_NULL))) {
        *out = VALUE_NULL;
        return true;
    }
    return value_type_parse(name, out);
}

static bool take_column(struct store *s, sqlite3_stmt *row, struct err *err)
{
    uint32_t expected = s->catalog.column_n, number;
    enum value_type type;

    if (sqlite3_column_int64(row, 0) != expected
        || !raw_type_of(sql_column(row, 3), &type))
        return err_set(err, ERR_CORRUPT, "table columns: row %u is not as Ciclo made it",
                       expected);
    if (!catalog_column_add(&s->catalog, sql_column(row, 1),
                            sqlite3_column_int(row, 2) != 0, type, &number, err)) {
        if (err->code != ERR_NOMEM)
            err->code = ERR_CORRUPT;
        return err_in(err, "table columns");
    }
    return number == expected
           || err_set(err, ERR_CORRUPT, "table columns: rows %u and %u are the same",
                      number, expected);
}

static bool take_sighting(struct store *s, sqlite3_stmt *row, struct err *err)
{
    int64_t type = sqlite3_column_int64(row, 0), column = sqlite3_column_int64(row, 1);

    if (type < 0 || type >= s->catalog.type.n || column < 0
        || column >= s->catalog.column_n)
        return err_set(err, ERR_CORRUPT, "table sighting names what there is not");
    return catalog_sight(&s->catalog, (uint32_t)type, (uint32_t)column,
                         (uint64_t)sqlite3_column_int64(row, 2), err);
}

static bool load_names(struct store *s, struct err *err)
{
    if (!each_row(s, SQL_CUSTOMER_ALL, take_customer, err)
        || !each_row(s, SQL_TYPE_ALL, take_type, err)
        || !each_row(s, SQL_COLUMN_ALL, take_column, err)
        || !each_row(s, SQL_SIGHTING_ALL, take_sighting, err))
        return false;
    s->customers = s->catalog.customer.n;
    s->chunk = mem_alloc(chunks_for(s->customers) * sizeof(struct chunk *));
    if (!s->chunk)
        return err_nomem(err);
    s->chunk_cap = chunks_for(s->customers);
    return true;
}

/* --- opening --- */

static bool set_up(struct store *s, struct err *err)
{
    return sql_exec(&s->sql,
                    "pragma synchronous = full; pragma cell_size_check = on;"
                    "pragma temp_store = memory; pragma cache_size = -65536;",
                    err);
}

/* That it is ours, and that we can read it. The first look into the file. */
static bool recognise(struct store *s, struct err *err)
{
    int64_t id, format;

    if (!sql_number(&s->sql, "pragma application_id", &id, err)) {
        if (sqlite3_errcode(s->sql.db) == SQLITE_NOTADB)
            return err_set(err, ERR_INPUT, "it is no data file of Ciclo");
        return false;
    }
    if (id != APPLICATION_ID)
        return err_set(err, ERR_INPUT, "it is a database of another program");
    if (!sql_number(&s->sql, "pragma user_version", &format, err))
        return false;
    if (format > FORMAT)
        return err_set(
            err, ERR_INPUT,
            "it was written by a newer Ciclo (format %lld, this one knows %d): "
            "install the newer one",
            (long long)format, FORMAT);
    return format == FORMAT
           || err_set(err, ERR_CORRUPT, "its format number is %lld", (long long)format);
}

static bool check_setting(struct store *s, str name, int64_t expected, struct err *err)
{
    sqlite3_stmt *get;
    int64_t value = 0;
    bool there;

    if (!sql_get(&s->sql, SQL_SETTING_GET, &get, err))
        return false;
    if (sql_bind_text(get, 1, name) != SQLITE_OK)
        return sql_fail(&s->sql, err);
    if (!sql_next(&s->sql, get, &there, err))
        return false;
    if (there)
        value = sqlite3_column_int64(get, 0);
    sqlite3_reset(get);
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

static bool look_at(struct io *io, const char *path, struct stat *out, struct err *err)
{
    if (io->stat(io, path, out) != 0)
        return errno == ENOENT
                   ? err_set(err, ERR_NOT_FOUND,
                             "there is no data file %s: make one with ciclo init", path)
                   : err_sys(err, "cannot open %s", path);
    if (S_ISDIR(out->st_mode))
        return err_set(err, ERR_INPUT, "%s is a folder, not a data file", path);
    if (!S_ISREG(out->st_mode))
        return err_set(err, ERR_INPUT, "%s is no plain file", path);
    return out->st_size > 0
           || err_set(err, ERR_INPUT, "%s is empty: it is no data file of Ciclo", path);
}

static bool store_new(struct io *io, enum store_mode mode, struct store **out,
                      struct err *err)
{
    struct store *s = mem_alloc(sizeof *s);

    if (!s)
        return err_nomem(err);
    s->io = io;
    s->mode = mode;
    s->lock = -1;
    s->source = (struct chunk_source){part_get, s};
    if (!sql_start(err) || !catalog_init(&s->catalog, err)) {
        mem_free(s);
        return false;
    }
    *out = s;
    return true;
}

static bool open_to_write(struct store *s, const char *path, const struct stat *file,
                          struct err *err)
{
    s->writing.device = file->st_dev;
    s->writing.inode = file->st_ino;
    if (!writing_begin(&s->writing))
        return in_use(path, err);
    s->lock = s->io->open(s->io, path, O_RDWR, 0);
    if (s->lock < 0)
        return err_sys(err, "cannot write to %s", path);
    if (!lock_file(s, path, true, err))
        return false;
    return (sql_open(&s->sql, path, SQLITE_OPEN_READWRITE, err) && recognise(s, err)
            && set_up(s, err) && sql_exec(&s->sql, "pragma journal_mode = wal", err))
           || err_in(err, "%s", path);
}

static bool begin_snapshot(struct store *s, struct err *err)
{
    return recognise(s, err) && set_up(s, err)
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
static bool open_alone(struct store *s, const char *path, struct err *err)
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
    s->lock = s->io->open(s->io, path, O_RDONLY, 0);
    if (s->lock < 0)
        return err_sys(err, "cannot open %s", path);
    if (!lock_file(s, path, false, err))
        return false;
    sql_close(&s->sql);
    ok = uri_print(path, &uri, err)
         && ((sql_open(&s->sql, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, err)
              && begin_snapshot(s, err))
             || err_in(err, "%s", path));
    buf_free(&uri);
    return ok;
}

/* SQLite opens what it cannot write to for reading only. What it can write to is opened like
 * that so that the last to close the file tidies up beside it. */
static bool open_to_read(struct store *s, const char *path, struct err *err)
{
    if (sql_open(&s->sql, path, SQLITE_OPEN_READWRITE, err) && begin_snapshot(s, err))
        return true;
    if (needs_to_write_beside(s))
        return open_alone(s, path, err);
    return err_in(err, "%s", path);
}

bool store_open(struct io *io, str path, enum store_mode mode, struct store **out,
                struct err *err)
{
    char name[PATH_MAX];
    struct stat file;
    struct store *s;

    if (!path_print(path, "", name, err) || !look_at(io, name, &file, err)
        || !store_new(io, mode, &s, err))
        return false;
    if (!(mode == STORE_WRITE ? open_to_write(s, name, &file, err)
                              : open_to_read(s, name, err))
        || !check_setting(s, STR("chunk_customers"), CHUNK_CUSTOMERS, err)
        || !load_names(s, err)) {
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
           && sql_exec(&s->sql, "pragma page_size = 16384", err) && set_up(s, err)
           && sql_exec(&s->sql, "pragma journal_mode = wal", err)
           && sql_exec(&s->sql, "begin immediate", err) && sql_exec(&s->sql, schema, err)
           && add_setting(s, STR("chunk_customers"), CHUNK_CUSTOMERS, err)
           && sql_exec(&s->sql, "commit", err);
}

static bool create_file(struct store *s, const char *path, struct err *err)
{
    struct stat file;

    if (!lock_file(s, path, true, err))
        return false;
    if (s->io->stat(s->io, path, &file) != 0)
        return err_sys(err, "cannot create %s", path);
    s->writing.device = file.st_dev;
    s->writing.inode = file.st_ino;
    if (!writing_begin(&s->writing))
        return in_use(path, err);
    return (make_tables(s, path, err) && load_names(s, err)) || err_in(err, "%s", path);
}

bool store_create(struct io *io, str path, struct store **out, struct err *err)
{
    static const char *const made[] = {"", "-wal", "-shm", "-journal"};
    char name[PATH_MAX];
    struct store *s;

    if (!path_print(path, "", name, err) || !store_new(io, STORE_WRITE, &s, err))
        return false;
    s->lock = io->open(io, name, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (s->lock < 0) {
        if (errno == EEXIST)
            err_set(err, ERR_CONFLICT, "%s is there already", name);
        else
            err_sys(err, "cannot create %s", name);
        store_close(s);
        return false;
    }
    if (!create_file(s, name, err)) {
        store_close(s);
        for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
            struct err too_long;

            if (path_print(path, made[i], name, &too_long))
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
    store_cancel(s);
    for (uint32_t i = 0; i < s->chunk_cap; i++)
        chunk_free(s->chunk[i]);
    mem_free(s->chunk);
    catalog_free(&s->catalog);
    hash_set_free(&s->ids);
    sql_close(&s->sql);
    if (s->lock >= 0)
        s->io->close(s->io, s->lock);
    writing_end(&s->writing);
    mem_free(s);
}

/* --- reading --- */

struct catalog *store_catalog(struct store *s)
{
    return &s->catalog;
}

uint32_t chunks_for(uint32_t customers)
{
    return customers / CHUNK_CUSTOMERS + (customers % CHUNK_CUSTOMERS != 0);
}

uint32_t store_chunk_count(const struct store *s)
{
    return chunks_for(s->customers);
}

bool store_chunk(struct store *s, uint32_t chunk, const struct chunk **out,
                 struct err *err)
{
    assert(chunk < store_chunk_count(s));
    if (!s->chunk[chunk]
        && !chunk_load(&s->catalog, &s->source, chunk, s->customers, &s->chunk[chunk],
                       err))
        return false;
    *out = s->chunk[chunk];
    return true;
}

/* The first and the last event of each customer say enough. */
static void count_chunk(const struct chunk *c, struct store_facts *facts)
{
    facts->events += c->event_n;
    for (uint32_t i = 0; i < c->customer_n; i++) {
        int64_t first_ms, last_ms;

        if (c->first[i] == c->first[i + 1])
            continue;
        first_ms = c->at_ms[c->first[i]];
        last_ms = c->at_ms[c->first[i + 1] - 1];
        if (facts->first_ms == MOMENT_NEVER || first_ms < facts->first_ms)
            facts->first_ms = first_ms;
        if (facts->last_ms == MOMENT_NEVER || last_ms > facts->last_ms)
            facts->last_ms = last_ms;
    }
}

bool store_facts(struct store *s, struct store_facts *out, struct err *err)
{
    int64_t refused;

    *out = (struct store_facts){
        .customers = s->customers, .first_ms = MOMENT_NEVER, .last_ms = MOMENT_NEVER};
    for (uint32_t i = 0; i < store_chunk_count(s); i++) {
        const struct chunk *c;

        if (!store_chunk(s, i, &c, err))
            return false;
        count_chunk(c, out);
    }
    if (!sql_number(&s->sql, "select count(*) from refused", &refused, err))
        return false;
    out->refused = (uint64_t)refused;
    return true;
}
