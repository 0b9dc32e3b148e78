/* history.c - the model's versions, and what its maker keeps of each chunk's timelines: bytes of
 * which the store knows only that they are whole. */
#include "store/store_impl.h"

#include "base/zip.h"

#include <assert.h>

bool store_begin_histories(struct store *s, struct err *err)
{
    if (!transaction_begin(s, err))
        return false;
    s->tx.keeps_image = true;
    return true;
}

bool store_history_put(struct store *s, uint32_t chunk, uint32_t model, str bytes,
                       struct err *err)
{
    struct buf packed = {0};
    sqlite3_stmt *put;
    bool ok;

    assert(s->tx.open);
    ok = (bytes.n <= HISTORY_BYTES_MAX
          || err_set(err, ERR_LIMIT, "the history of one chunk has more than %zu bytes",
                     HISTORY_BYTES_MAX))
         && zip_pack(bytes, HISTORY_PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_HISTORY_PUT, &put, err)
         && sql_run(&s->sql, put,
                    sql_bind(put, 1, chunk) | sql_bind(put, 2, model)
                        | row_pack(put, 3, buf_str(&packed)),
                    err);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool snapshot_history(struct snapshot *v, uint32_t chunk, uint32_t model, struct buf *to,
                      bool *there, struct err *err)
{
    int64_t key[] = {chunk, model};
    struct row row = {0};
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    bool ok = row_get(sql, lock, SQL_HISTORY_GET, key, 2, &row, there, err)
              && (!*there || row_unpack(&row, HISTORY_BYTES_MAX, to, err)
                  || err_in(err, "table history, chunk %u", chunk));

    buf_free(&row.packed);
    return ok;
}

/* --- the model --- */

/* Histories are those of the newest version, so the others go. */
static bool drop_histories(struct store *s, struct err *err)
{
    sqlite3_stmt *drop;

    return sql_get(&s->sql, SQL_HISTORY_DROP, &drop, err)
           && sql_run(&s->sql, drop, SQLITE_OK, err);
}

bool store_model_add(struct store *s, str text, str author, uint32_t *version,
                     struct err *err)
{
    sqlite3_stmt *add;
    bool there;

    assert(s->tx.open && !s->tx.keeps_image);
    if (!sql_get(&s->sql, SQL_MODEL_ADD, &add, err))
        return transaction_spoil(&s->tx, err);
    if ((sql_bind(add, 1, s->tx.now_ms) | sql_bind_text(add, 2, text)
         | sql_bind_text(add, 3, author))
        != SQLITE_OK) {
        sql_fail(&s->sql, err);
        return transaction_spoil(&s->tx, err);
    }
    if (!sql_next(&s->sql, add, &there, err))
        return transaction_spoil(&s->tx, err);
    *version = (uint32_t)sqlite3_column_int64(add, 0);
    return (sql_next(&s->sql, add, &there, err) && drop_histories(s, err))
           || transaction_spoil(&s->tx, err);
}

struct walk {
    bool (*each)(void *context, const struct model_version *m);
    void *context;
    bool is_over;
};

static bool take_model(void *context, sqlite3_stmt *row, struct err *err)
{
    struct walk *w = context;
    int64_t version = sqlite3_column_int64(row, 0);
    const struct model_version m = {.version = (uint32_t)version,
                                    .applied_ms = sqlite3_column_int64(row, 1),
                                    .text = sql_column(row, 2),
                                    .author = sql_column(row, 3)};

    if (version < 1 || version > UINT32_MAX)
        return err_set(err, ERR_CORRUPT, "table model has no version %lld",
                       (long long)version);
    w->is_over = w->is_over || !w->each(w->context, &m);
    return true;
}

bool snapshot_each_model(struct snapshot *v,
                         bool (*each)(void *context, const struct model_version *m),
                         void *context, struct err *err)
{
    struct walk w = {each, context, false};
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    bool ok;

    pthread_mutex_lock(lock);
    ok = each_row(sql, SQL_MODEL_ALL, take_model, &w, err);
    pthread_mutex_unlock(lock);
    return ok;
}

bool snapshot_model_latest(struct snapshot *v, struct arena *a, struct model_version *out,
                           struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    sqlite3_stmt *get;
    bool there, ok;

    pthread_mutex_lock(lock);
    ok = sql_get(sql, SQL_MODEL_LATEST, &get, err) && sql_next(sql, get, &there, err);
    if (ok && there) {
        *out = (struct model_version){.version = (uint32_t)sqlite3_column_int64(get, 0),
                                      .applied_ms = sqlite3_column_int64(get, 1),
                                      .text = arena_str(a, sql_column(get, 2)),
                                      .author = arena_str(a, sql_column(get, 3))};
        sqlite3_reset(get);
        ok = (out->text.p && out->author.p) || err_nomem(err);
    } else if (ok) {
        ok = err_set(err, ERR_NOT_FOUND, "the data file has no model yet");
    }
    pthread_mutex_unlock(lock);
    return ok;
}
