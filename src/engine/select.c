/* select.c - a query of strangers: what it may do, and how it ends.
 *
 * The connection is for reading only, twice over: opened so, and with an authorizer that lets
 * nothing through but looking. */
#include "engine/select.h"

#include "engine/select_impl.h"
#include "store/connect.h"

#include <stdio.h>
#include <string.h>

struct select {
    struct scope scope;
    sqlite3 *db;
    sqlite3_stmt *statement;
    struct buf bytes; /* of a value that is no text */
    char denied[240]; /* what the authorizer did not let through; empty: nothing */
};

bool scope_chunk(struct scope *s, uint32_t chunk, const struct chunk **out,
                 struct err *err)
{
    if (s->stop && s->stop(s->context))
        return err_set(err, ERR_CONFLICT, "stopped");
    return snapshot_chunk(s->snapshot, chunk, out, err);
}

void scope_let_go(struct scope *s, uint32_t chunk)
{
    uint32_t *place = &s->kept[s->kept_next];

    s->kept_next = (s->kept_next + 1) % CHUNKS_KEPT;
    if (s->kept_n == CHUNKS_KEPT)
        snapshot_release(s->snapshot, *place);
    else
        s->kept_n++;
    *place = chunk;
}

void scope_free(struct scope *s)
{
    for (uint32_t i = 0; i < s->kept_n; i++)
        snapshot_release(s->snapshot, s->kept[i]);
    lives_free(s->lives);
    cursor_free(s->cursor);
    mem_free(s->times_in);
    arena_free(&s->arena);
}

/* --- what a query may do --- */

#define ONLY_READING "the data file can only be read here: begin with select"

static int deny(struct select *s, const char *what, const char *name, const char *why)
{
    snprintf(s->denied, sizeof s->denied, "%s%.100s%s", what, name ? name : "", why);
    return SQLITE_DENY;
}

static bool is_one_of(const char *name, const char *const *list, size_t n)
{
    for (size_t i = 0; name && i < n; i++)
        if (!sqlite3_stricmp(name, list[i]))
            return true;
    return false;
}

static int authorize(void *context, int action, const char *first, const char *second,
                     [[maybe_unused]] const char *database,
                     [[maybe_unused]] const char *inside)
{
    /* Those that reach beyond the file; and the pragmas that only describe. */
    static const char *const functions[] = {"load_extension", "fts3_tokenizer", "edit",
                                            "readfile", "writefile"};
    static const char *const pragmas[] = {"table_info",     "table_xinfo",
                                          "table_list",     "function_list",
                                          "collation_list", "compile_options"};
    static const char *const secret[] = {"webhook", "receipt", "key"};
    struct select *s = context;

    switch (action) {
    case SQLITE_SELECT:
    case SQLITE_RECURSIVE:
        return SQLITE_OK;
    case SQLITE_READ:
        return !sqlite3_stricmp(second, "bytes")
                       && is_one_of(first, secret, sizeof secret / sizeof *secret)
                   ? deny(s, "the bytes of table ", first, " hold a secret")
                   : SQLITE_OK;
    case SQLITE_UPDATE: /* so does a virtual table tell its columns, and nothing is written;
                           a query that asks for it is no reading one, and never runs */
        return !strcmp(first, "sqlite_master") ? SQLITE_OK
                                               : deny(s, ONLY_READING, NULL, "");
    case SQLITE_FUNCTION:
        return is_one_of(second, functions, sizeof functions / sizeof *functions)
                   ? deny(s, "the function ", second, " is not there")
                   : SQLITE_OK;
    case SQLITE_PRAGMA:
        return is_one_of(first, pragmas, sizeof pragmas / sizeof *pragmas)
                   ? SQLITE_OK
                   : deny(s, "pragma ", first, " is not there");
    case SQLITE_ATTACH:
    case SQLITE_DETACH:
        return deny(s, "no other file can be attached", NULL, "");
    default:
        return deny(s, ONLY_READING, NULL, "");
    }
}

static int look_up(void *context)
{
    const struct scope *s = context;

    return s->stop(s->context);
}

enum {
    COLUMNS_OF_A_TABLE = 2000,
    VALUE_BYTES_MAX = 256 << 20,
    QUERY_BYTES_MAX = 1 << 20,
    STEPS_BETWEEN_LOOKS = 20000, /* of SQLite's machine: some tenths of a millisecond */
};

static bool guard(struct select *s, struct err *err)
{
    static const struct {
        int what, most;
    } limits[] = {
        {SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX},
        {SQLITE_LIMIT_SQL_LENGTH, QUERY_BYTES_MAX},
        {SQLITE_LIMIT_COLUMN, COLUMNS_OF_A_TABLE},
        {SQLITE_LIMIT_EXPR_DEPTH, 500},
        {SQLITE_LIMIT_VDBE_OP, 4 << 20},
        {SQLITE_LIMIT_ATTACHED, 0},
        {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 1000},
        {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
        {SQLITE_LIMIT_WORKER_THREADS, 0},
    };

    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
        sqlite3_limit(s->db, limits[i].what, limits[i].most);
    /* A misspelt "name" is an error, not a text. */
    sqlite3_db_config(s->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    if (s->scope.stop)
        sqlite3_progress_handler(s->db, STEPS_BETWEEN_LOOKS, look_up, &s->scope);
    return sqlite3_set_authorizer(s->db, authorize, s) == SQLITE_OK || err_nomem(err);
}

/* --- how it fails --- */

/* Where byte `at` of the text stands, as people count. */
static void place_of(str text, size_t at, int *line, int *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < at && i < text.n; i++) {
        if (text.p[i] == '\n') {
            ++*line;
            *column = 1;
        } else if (((unsigned char)text.p[i] & 0xc0) != 0x80) {
            ++*column;
        }
    }
}

/* With the nearest name that there is, columns of the catalog too. */
static bool no_such(struct select *s, const char *what, str name, bool columns,
                    struct err *err)
{
    const struct catalog *catalog = s->scope.catalog;
    uint32_t columns_n = columns ? catalog->column_n : 0;
    str *names = mem_alloc((select_name_n + columns_n) * sizeof *names), near;

    if (!names)
        return err_nomem(err);
    for (size_t i = 0; i < select_name_n; i++)
        names[i] = str_of(select_names[i]);
    for (uint32_t i = 0; i < columns_n; i++)
        names[select_name_n + i] = catalog->column[i].name;
    near = str_nearest(name, names, select_name_n + columns_n);
    mem_free(names);
    if (near.n && !str_eq(near, name))
        return err_set(err, ERR_INPUT, "there is no %s %.*s; did you mean %.*s?", what,
                       STR_FMT(name), STR_FMT(near));
    if (near.n && columns_n > COLUMNS_OF_A_TABLE / 2)
        return err_set(
            err, ERR_INPUT,
            "there is no %s %.*s here; what is beyond the %d columns that a table "
            "may have is in its JSON: properties ->> '$.\"%.*s\"'",
            what, STR_FMT(name), COLUMNS_OF_A_TABLE, STR_FMT(name));
    return err_set(err, ERR_INPUT, "there is no %s %.*s%s", what, STR_FMT(name),
                   near.n ? " here" : "");
}

/* What SQLite says of a text that is wrong, in our words where we have better ones. */
static bool wrong_text(struct select *s, const char *why, struct err *err)
{
    str words = str_of(why), table = STR("no such table: "),
        column = STR("no such column: ");

    if (str_starts(words, table))
        return no_such(s, "table", str_from(words, table.n), false, err);
    if (str_starts(words, column))
        return no_such(s, "column", str_from(words, column.n), true, err);
    return err_set(err, ERR_INPUT, "%s", why);
}

static bool fail(struct select *s, struct err *err)
{
    int rc = sqlite3_errcode(s->db);
    const char *why = sqlite3_errmsg(s->db);

    if (s->scope.err.code != ERR_NONE) {
        *err = s->scope.err;
        return false;
    }
    if (*s->denied)
        return err_set(err, ERR_INPUT, "%s", s->denied);
    switch (rc & 0xff) {
    case SQLITE_NOMEM:
        return err_nomem(err);
    case SQLITE_INTERRUPT:
        return err_set(err, ERR_CONFLICT, "stopped");
    case SQLITE_TOOBIG:
        return err_set(err, ERR_LIMIT,
                       "the query, or a value in it, became too large (%d MB)",
                       VALUE_BYTES_MAX >> 20);
    case SQLITE_FULL:
        return err_set(err, ERR_IO,
                       "the disk is full: a sort needs more room than there is "
                       "in the folder for temporary files (TMPDIR)");
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return err_set(err, ERR_IO, "the disk failed: %s", why);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return err_set(err, ERR_CORRUPT, "the file is damaged: %s", why);
    default:
        return wrong_text(s, why, err);
    }
}

/* --- one statement --- */

static bool prepare(struct select *s, str text, size_t from, sqlite3_stmt **out,
                    size_t *behind, struct err *err)
{
    const char *end = text.p + text.n;

    *out = NULL;
    *s->denied = 0;
    if (sqlite3_prepare_v2(s->db, text.p + from, (int)(text.n - from), out, &end)
        != SQLITE_OK) {
        int at = sqlite3_error_offset(s->db);

        fail(s, err);
        if (at >= 0 && err->code == ERR_INPUT)
            place_of(text, from + (size_t)at, &err->line, &err->column);
        return false;
    }
    *behind = (size_t)(end - text.p);
    return true;
}

/* The only one that the text holds, comments apart. */
static bool prepare_only(struct select *s, str text, struct err *err)
{
    size_t behind = 0;

    while (!s->statement && behind < text.n)
        if (!prepare(s, text, behind, &s->statement, &behind, err))
            return false;
    if (!s->statement)
        return err_set(err, ERR_INPUT, "the query is empty");
    while (behind < text.n) {
        sqlite3_stmt *another;
        size_t at = behind;
        int line, column;

        if (!prepare(s, text, at, &another, &behind, err))
            return false;
        if (!another)
            continue;
        sqlite3_finalize(another);
        place_of(text, at, &line, &column);
        return err_at(err, line, column,
                      "a second query begins here: give one at a time");
    }
    return true;
}

static bool check(struct select *s, struct err *err)
{
    if (!sqlite3_stmt_readonly(s->statement) || !sqlite3_column_count(s->statement))
        return err_set(err, ERR_INPUT, ONLY_READING);
    return !sqlite3_bind_parameter_count(s->statement)
           || err_set(
               err, ERR_INPUT,
               "the query has a parameter, which nobody can give a value: write the "
               "value in its place");
}

bool select_open(struct engine *e, str text, const struct select_options *o,
                 struct select **out, struct err *err)
{
    struct select *s;

    if (text.n > QUERY_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the query is longer than %d bytes",
                       QUERY_BYTES_MAX);
    if (memchr(text.p, 0, text.n))
        return err_set(err, ERR_INPUT, "there is a NUL byte in the query");
    s = mem_alloc(sizeof *s);
    if (!s)
        return err_nomem(err);
    s->scope = (struct scope){
        .engine = e,
        .model = engine_model(e),
        .snapshot = engine_snapshot(e),
        .catalog = snapshot_catalog(engine_snapshot(e)),
        .at_ms = o->at_ms,
        .stop = o->stop,
        .context = o->context,
    };
    if (!store_connect(engine_store(e), &s->db, err) || !guard(s, err)
        || !select_tables(s->db, &s->scope, err) || !prepare_only(s, text, err)
        || !check(s, err)) {
        select_close(s);
        return false;
    }
    *out = s;
    return true;
}

void select_close(struct select *s)
{
    if (!s)
        return;
    sqlite3_finalize(s->statement);
    sqlite3_close(s->db);
    scope_free(&s->scope);
    buf_free(&s->bytes);
    mem_free(s);
}

/* --- its rows --- */

uint32_t select_column_n(const struct select *s)
{
    return (uint32_t)sqlite3_column_count(s->statement);
}

str select_column_name(const struct select *s, uint32_t column)
{
    return str_of(sqlite3_column_name(s->statement, (int)column));
}

bool select_next(struct select *s, bool *there, struct err *err)
{
    int rc = sqlite3_step(s->statement);

    *there = rc == SQLITE_ROW;
    return *there || rc == SQLITE_DONE || fail(s, err);
}

static bool print_bytes(struct select *s, str bytes, str *out, struct err *err)
{
    buf_clear(&s->bytes);
    buf_add(&s->bytes, STR("x'"));
    for (size_t i = 0; i < bytes.n; i++)
        buf_add_format(&s->bytes, "%02x", (unsigned char)bytes.p[i]);
    buf_add_char(&s->bytes, '\'');
    *out = buf_str(&s->bytes);
    return !s->bytes.failed || err_nomem(err);
}

bool select_value(struct select *s, uint32_t column, struct select_value *out,
                  struct err *err)
{
    int i = (int)column, type = sqlite3_column_type(s->statement, i);
    const char *p;
    size_t n;

    *out = (struct select_value){.type = SELECT_NULL};
    if (type == SQLITE_NULL)
        return true;
    p = type == SQLITE_BLOB ? sqlite3_column_blob(s->statement, i)
                            : (const char *)sqlite3_column_text(s->statement, i);
    n = (size_t)sqlite3_column_bytes(s->statement, i);
    if (!p && n)
        return err_nomem(err);
    out->text = (str){p, n};
    if (type == SQLITE_BLOB) {
        out->type = SELECT_BYTES;
        return print_bytes(s, out->text, &out->text, err);
    }
    out->type = type == SQLITE_TEXT ? SELECT_TEXT : SELECT_NUMBER;
    return true;
}
