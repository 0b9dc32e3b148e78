/* journal.c - what was told to others, by row; and the log, read in the same way. */
#include "store/store_impl.h"

#include "base/zip.h"

#include <assert.h>

bool store_journal_add(struct store *s, int64_t told_ms, str lines, struct err *err)
{
    struct buf packed = {0};
    sqlite3_stmt *add;
    bool ok;

    assert(s->tx.open);
    ok = zip_pack(lines, PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_JOURNAL_ADD, &add, err)
         && sql_run(&s->sql, add,
                    sql_bind(add, 1, told_ms) | row_pack(add, 2, buf_str(&packed)), err);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool store_journal_trim(struct store *s, int64_t seq, struct err *err)
{
    sqlite3_stmt *trim;

    assert(s->tx.open);
    return (sql_get(&s->sql, SQL_JOURNAL_TRIM, &trim, err)
            && sql_run(&s->sql, trim, sql_bind(trim, 1, seq), err))
           || transaction_spoil(&s->tx, err);
}

bool lines_after(struct sql *sql, pthread_mutex_t *lock, enum sql_text table,
                 int64_t *seq, int64_t *moment_ms, struct buf *to, struct err *err)
{
    bool is_log = table == SQL_LOG_AFTER, there, ok;
    struct row row = {.number = {0}};
    size_t n = to->n;

    ok = row_get(sql, lock, table, seq, 1, &row, &there, err);
    *seq = ok && there ? row.number[0] : 0;
    *moment_ms = row.number[1];
    if (ok && there)
        ok = (row_unpack(&row, is_log ? LOG_BATCH_MAX : JOURNAL_BYTES_MAX, to, err)
              && (to->n == n || to->p[to->n - 1] == '\n'
                  || err_set(err, ERR_CORRUPT, "its last line does not end")))
             || err_in(err, "table %s, row %lld", is_log ? "log" : "journal",
                       (long long)*seq);
    buf_free(&row.packed);
    return ok;
}

bool snapshot_journal(struct snapshot *v, int64_t after, struct buf *to, int64_t *seq,
                      int64_t *told_ms, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    *seq = after;
    return lines_after(sql, lock, SQL_JOURNAL_AFTER, seq, told_ms, to, err);
}

bool snapshot_log(struct snapshot *v, int64_t after, struct buf *to, int64_t *seq,
                  int64_t *received_ms, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    *seq = after;
    return lines_after(sql, lock, SQL_LOG_AFTER, seq, received_ms, to, err);
}

/* The number that a statement with one number gives. */
static bool number_of(struct sql *sql, enum sql_text text, int64_t given, int64_t *out,
                      struct err *err)
{
    sqlite3_stmt *get;
    bool there;

    if (!sql_get(sql, text, &get, err))
        return false;
    if (sql_bind(get, 1, given) != SQLITE_OK)
        return sql_fail(sql, err);
    if (!sql_next(sql, get, &there, err))
        return false;
    *out = sqlite3_column_int64(get, 0);
    sqlite3_reset(get);
    return true;
}

bool snapshot_from(struct snapshot *v, int64_t from_ms, int64_t *log_seq,
                   int64_t *journal_seq, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    bool ok;

    pthread_mutex_lock(lock);
    ok = number_of(sql, SQL_LOG_FROM, from_ms, log_seq, err)
         && number_of(sql, SQL_JOURNAL_FROM, from_ms, journal_seq, err);
    pthread_mutex_unlock(lock);
    return ok;
}

bool snapshot_history_end(struct snapshot *v, uint32_t model, uint32_t *end,
                          struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    int64_t number = 0;
    bool ok;

    pthread_mutex_lock(lock);
    ok = number_of(sql, SQL_HISTORY_END, model, &number, err);
    pthread_mutex_unlock(lock);
    *end = number > 0 && number < UINT32_MAX ? (uint32_t)number : 0;
    return ok;
}
