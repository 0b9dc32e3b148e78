#include "store/store_impl.h"

#include <assert.h>
#include <string.h>

/* What the file holds besides timelines: the model's versions and the log. */

bool store_model_add(struct store *s, str text, int64_t now_ms, uint32_t *version,
                     struct err *err)
{
    sqlite3_stmt *add;
    bool there;

    assert(s->mode == STORE_WRITE && !s->tx.open);
    if (!sql_get(&s->sql, SQL_MODEL_ADD, &add, err))
        return false;
    if ((sql_bind(add, 1, now_ms) | sql_bind_text(add, 2, text)) != SQLITE_OK)
        return sql_fail(&s->sql, err);
    if (!sql_next(&s->sql, add, &there, err))
        return false;
    *version = (uint32_t)sqlite3_column_int64(add, 0);
    return sql_next(&s->sql, add, &there, err); /* this step commits */
}

bool store_model_latest(struct store *s, struct arena *a, struct model_version *out,
                        struct err *err)
{
    sqlite3_stmt *get;
    bool there;

    if (!sql_get(&s->sql, SQL_MODEL_LATEST, &get, err)
        || !sql_next(&s->sql, get, &there, err))
        return false;
    if (!there)
        return err_set(err, ERR_NOT_FOUND, "the data file has no model yet");
    *out = (struct model_version){.version = (uint32_t)sqlite3_column_int64(get, 0),
                                  .applied_ms = sqlite3_column_int64(get, 1),
                                  .text = arena_str(a, sql_column(get, 2))};
    sqlite3_reset(get);
    return out->text.p || err_nomem(err);
}

struct log_walk {
    bool (*each)(void *context, int64_t received_ms, const struct event *e);
    void *context;
    struct json_parser *parser;
    struct arena arena;
    struct buf lines;
    bool stopped;
};

static bool walk_line(struct log_walk *w, int64_t received_ms, str line, struct err *err)
{
    const struct json *json;
    struct event e;

    arena_reset(&w->arena);
    if (!json_parse(w->parser, line, &w->arena, &json, err)
        || !event_parse(json, &w->arena, &e, err)) {
        if (err->code == ERR_INPUT)
            err->code = ERR_CORRUPT;
        return false;
    }
    w->stopped = !w->each(w->context, received_ms, &e);
    return true;
}

static bool walk_batch(struct log_walk *w, sqlite3_stmt *row, struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read behind a text */
    long long seq = sqlite3_column_int64(row, 0);
    int64_t received_ms = sqlite3_column_int64(row, 1);
    str rest;
    char *spare;

    buf_clear(&w->lines);
    if (!row_unpack(row, 2, LOG_BATCH_MAX, &w->lines, err))
        return err_in(err, "table log, batch %lld", seq);
    spare = buf_room(&w->lines, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    rest = buf_str(&w->lines);
    for (int line = 1; rest.n && !w->stopped; line++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;

        if (!walk_line(w, received_ms, (str){rest.p, n}, err))
            return err_in(err, "table log, batch %lld, line %d", seq, line);
        rest = str_from(rest, n + 1);
    }
    return true;
}

bool store_each_logged(struct store *s,
                       bool (*each)(void *context, int64_t received_ms,
                                    const struct event *e),
                       void *context, struct err *err)
{
    struct log_walk w = {.each = each, .context = context};
    sqlite3_stmt *rows;
    bool there = true, ok;

    if (!sql_get(&s->sql, SQL_LOG_ALL, &rows, err) || !json_parser_new(&w.parser, err))
        return false;
    while ((ok = sql_next(&s->sql, rows, &there, err)) && there && !w.stopped) {
        ok = walk_batch(&w, rows, err);
        if (!ok)
            break;
    }
    sqlite3_reset(rows);
    json_parser_free(w.parser);
    arena_free(&w.arena);
    buf_free(&w.lines);
    return ok;
}
