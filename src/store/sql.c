#include "store/sql_impl.h"

#include "base/mem.h"
#include "store/connect.h"
#include "store/vfs.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static const char *const texts[] = {
#define X(name, text) [SQL_##name] = (text),
    SQL_TEXTS(X)
#undef X
};

/* --- memory --- */

static atomic_size_t memory_used, memory_most; /* .._most 0: no limit */

void store_limit_sql_memory(size_t bytes_max)
{
    memory_most = bytes_max;
}

static bool has_room(size_t bytes)
{
    size_t most = memory_most;

    return !most || memory_used + bytes <= most;
}

static void *memory_resize(void *block, int bytes)
{
    size_t had = block ? mem_size(block) : 0;
    void *moved = has_room((size_t)bytes) ? mem_resize(block, (size_t)bytes) : NULL;

    if (moved)
        memory_used += mem_size(moved) - had;
    return moved;
}

/* Which need not be zeroed. */
static void *memory_alloc(int bytes)
{
    return memory_resize(NULL, bytes);
}

static void memory_free(void *block)
{
    if (block)
        memory_used -= mem_size(block);
    mem_free(block);
}

static int memory_size(void *block)
{
    return block ? (int)mem_size(block) : 0;
}

static int memory_round(int bytes)
{
    return (bytes + 7) & ~7;
}

static int memory_init([[maybe_unused]] void *data)
{
    return SQLITE_OK;
}

static void memory_shutdown([[maybe_unused]] void *data)
{
}

static int configured;

static void configure(void)
{
    static const sqlite3_mem_methods memory = {
        memory_alloc, memory_free, memory_resize,   memory_size,
        memory_round, memory_init, memory_shutdown, NULL};

    configured = sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    if (configured == SQLITE_OK)
        configured = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool sql_start(struct err *err)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    int rc;

    pthread_once(&once, configure);
    rc = configured == SQLITE_OK ? sqlite3_initialize() : configured;
    if (rc == SQLITE_OK)
        rc = vfs_register();
    if (rc == SQLITE_NOMEM)
        return err_nomem(err);
    return rc == SQLITE_OK
           || err_set(err, ERR_IO, "SQLite does not start: %s", sqlite3_errstr(rc));
}

/* --- errors --- */

static int stop([[maybe_unused]] void *context)
{
    return 1;
}

static bool disk_is_full(struct err *err, int sys)
{
    err_set(err, ERR_IO, "the disk is full; nothing was changed");
    err->sys = sys;
    return false;
}

/* A second look at the file, past the checks, until OPS_MAX steps of it are done. */
void sql_page_owner(sqlite3 *db, int64_t page, char out[SQL_OWNER_BYTES])
{
    enum { OPS_MAX = 100000 };
    static const char query[] =
        "select coalesce(s.tbl_name, d.name) from dbstat d"
        " left join sqlite_schema s on s.name = d.name where d.pageno = ? limit 1";
    struct sql look = {0};
    sqlite3_stmt *st = NULL;
    struct buf uri = {0};
    struct err unheard;

    out[0] = 0;
    if (sql_uri(sqlite3_db_filename(db, "main"), VFS_KEEP_DAMAGED, &uri, &unheard)
        && sql_open(&look, uri.p, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &unheard)
        && sqlite3_prepare_v2(look.db, query, -1, &st, NULL) == SQLITE_OK) {
        sqlite3_progress_handler(look.db, OPS_MAX, stop, NULL);
        sqlite3_bind_int64(st, 1, page);
        if (sqlite3_step(st) == SQLITE_ROW)
            snprintf(out, SQL_OWNER_BYTES, "%s", sqlite3_column_text(st, 0));
    }
    sqlite3_finalize(st);
    sql_close(&look);
    buf_free(&uri);
}

static bool page_is_damaged(sqlite3 *db, struct err *err)
{
    int64_t page = 0;
    char owner[SQL_OWNER_BYTES];

    sqlite3_file_control(db, "main", VFS_CONTROL_DAMAGED, &page);
    sql_page_owner(db, page, owner);
    return err_set(
        err, ERR_CORRUPT,
        "page %lld%s%s%s is damaged, its checksum is wrong: ciclo verify finds "
        "all such places, ciclo rebuild makes the file anew from what it "
        "holds; or take a backup",
        (long long)page, *owner ? " (table " : "", owner, *owner ? ")" : "");
}

bool sql_fail(const struct sql *sql, struct err *err)
{
    int rc = sql->db ? sqlite3_extended_errcode(sql->db) : SQLITE_NOMEM;
    int sys = sql->db ? sqlite3_system_errno(sql->db) : 0;
    const char *why = sql->db ? sqlite3_errmsg(sql->db) : "";

    if (rc == SQLITE_IOERR_NOMEM)
        return err_nomem(err);
    if (rc == SQLITE_IOERR_DATA)
        return page_is_damaged(sql->db, err);
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_nomem(err);
    case SQLITE_FULL:
        return disk_is_full(err, ENOSPC);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_CONFLICT, "another program keeps the file locked: %s",
                       why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, ERR_CORRUPT, "the file is damaged: %s", why);
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT, "a value is too large for the data file");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_PROTOCOL:
    case SQLITE_NOLFS:
        if (sys == ENOSPC || sys == EDQUOT)
            return disk_is_full(err, sys);
        if (rc == SQLITE_IOERR_WRITE) /* errno is lost where the file may not grow */
            err_set(err, ERR_IO,
                    "the data file cannot be written: the disk failed, or a limit keeps "
                    "the file from growing (ulimit -f); nothing was changed");
        else
            err_set(err, ERR_IO, "the disk failed: %s", why);
        err->sys = sys;
        return false;
    default: /* the tables are not those that we made */
        return err_set(err, ERR_CORRUPT, "the data file is not as Ciclo made it: %s",
                       why);
    }
}

/* --- connections --- */

bool sql_uri(const char *path, const char *options, struct buf *to, struct err *err)
{
    buf_add(to, STR("file:"));
    for (const char *p = path; *p; p++) {
        if (strchr("%?#", *p))
            buf_add_format(to, "%%%02x", (unsigned char)*p);
        else
            buf_add_char(to, *p);
    }
    buf_add_format(to, "?%s", options);
    buf_add_char(to, 0);
    return !to->failed || err_nomem(err);
}

bool sql_open(struct sql *sql, const char *name, int flags, struct err *err)
{
    enum { BUSY_MS = 5000 };
    static const struct {
        int what, value;
    } config[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
        {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    };

    int reserved = VFS_RESERVED;

    if (sqlite3_open_v2(name, &sql->db, flags, VFS_NAME) != SQLITE_OK
        || sqlite3_file_control(sql->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved)
               != SQLITE_OK)
        return sql_fail(sql, err);
    for (size_t i = 0; i < sizeof config / sizeof *config; i++) {
        if (sqlite3_db_config(sql->db, config[i].what, config[i].value, NULL)
            != SQLITE_OK)
            return sql_fail(sql, err);
    }
    return (sqlite3_extended_result_codes(sql->db, 1)
            | sqlite3_busy_timeout(sql->db, BUSY_MS))
               == SQLITE_OK
           || sql_fail(sql, err);
}

bool sql_set_up(struct sql *sql, struct err *err)
{
    return sql_exec(sql,
                    "pragma synchronous = full; pragma cell_size_check = on;"
                    "pragma secure_delete = off;"
                    "pragma temp_store = memory; pragma cache_size = -65536;",
                    err);
}

void sql_close(struct sql *sql)
{
    for (int i = 0; i < SQL_COUNT; i++)
        sqlite3_finalize(sql->statement[i]);
    sqlite3_close(sql->db);
    *sql = (struct sql){0};
}

/* --- statements --- */

bool sql_exec(struct sql *sql, const char *text, struct err *err)
{
    return sqlite3_exec(sql->db, text, NULL, NULL, NULL) == SQLITE_OK
           || sql_fail(sql, err);
}

bool sql_number(struct sql *sql, const char *text, int64_t *out, struct err *err)
{
    sqlite3_stmt *statement = NULL;
    bool ok = sqlite3_prepare_v2(sql->db, text, -1, &statement, NULL) == SQLITE_OK
              && sqlite3_step(statement) == SQLITE_ROW;

    if (ok)
        *out = sqlite3_column_int64(statement, 0);
    else
        sql_fail(sql, err);
    sqlite3_finalize(statement);
    return ok;
}

bool sql_get(struct sql *sql, enum sql_text text, sqlite3_stmt **out, struct err *err)
{
    *out = sql->statement[text];
    if (*out)
        return true;
    if (sqlite3_prepare_v3(sql->db, texts[text], -1, SQLITE_PREPARE_PERSISTENT,
                           &sql->statement[text], NULL)
        != SQLITE_OK)
        return sql_fail(sql, err);
    *out = sql->statement[text];
    return true;
}

int sql_bind(sqlite3_stmt *statement, int place, int64_t number)
{
    return sqlite3_bind_int64(statement, place, number);
}

int sql_bind_text(sqlite3_stmt *statement, int place, str text)
{
    return sqlite3_bind_text64(statement, place, text.n ? text.p : "", text.n,
                               SQLITE_STATIC, SQLITE_UTF8);
}

int sql_bind_bytes(sqlite3_stmt *statement, int place, str bytes)
{
    return sqlite3_bind_blob64(statement, place, bytes.n ? bytes.p : "", bytes.n,
                               SQLITE_STATIC);
}

bool sql_run(struct sql *sql, sqlite3_stmt *statement, int bound, struct err *err)
{
    bool ok = bound == SQLITE_OK && sqlite3_step(statement) == SQLITE_DONE;

    if (!ok)
        sql_fail(sql, err);
    sqlite3_reset(statement);
    return ok;
}

bool sql_next(struct sql *sql, sqlite3_stmt *statement, bool *there, struct err *err)
{
    int rc = sqlite3_step(statement);
    bool ok = rc == SQLITE_ROW || rc == SQLITE_DONE || sql_fail(sql, err);

    *there = rc == SQLITE_ROW;
    if (!*there)
        sqlite3_reset(statement);
    return ok;
}

str sql_column(sqlite3_stmt *statement, int column)
{
    int type = sqlite3_column_type(statement, column);
    const char *p;

    if (type != SQLITE_TEXT && type != SQLITE_BLOB)
        return STR("");
    p = sqlite3_column_blob(statement, column);
    return p ? (str){p, (size_t)sqlite3_column_bytes(statement, column)} : STR("");
}
