#include "store/store_impl.h"

#include <string.h>

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

static bool walk_batch(struct log_walk *w, const struct row *row, struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read behind a text */
    long long seq = row->number[0];
    str rest;
    char *spare;

    buf_clear(&w->lines);
    if (!row_unpack(row, LOG_BATCH_MAX, &w->lines, err))
        return err_in(err, "table log, batch %lld", seq);
    spare = buf_room(&w->lines, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    rest = buf_str(&w->lines);
    for (int line = 1; rest.n && !w->stopped; line++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;

        if (!walk_line(w, row->number[1], (str){rest.p, n}, err))
            return err_in(err, "table log, batch %lld, line %d", seq, line);
        rest = str_from(rest, n + 1);
    }
    return true;
}

bool log_each(struct sql *sql, pthread_mutex_t *lock,
              bool (*each)(void *context, int64_t received_ms, const struct event *e),
              void *context, struct err *err)
{
    struct log_walk w = {.each = each, .context = context};
    struct row row = {.number = {INT64_MIN}};
    bool there, ok;

    if (!json_parser_new(&w.parser, err))
        return false;
    while ((ok = row_get(sql, lock, SQL_LOG_AFTER, row.number, 1, &row, &there, err))
           && there && !w.stopped) {
        ok = walk_batch(&w, &row, err);
        if (!ok)
            break;
    }
    buf_free(&row.packed);
    json_parser_free(w.parser);
    arena_free(&w.arena);
    buf_free(&w.lines);
    return ok;
}
