#include "store/store_impl.h"

#include "base/zip.h"

#include <assert.h>

bool store_receipt_add(struct store *s, str bytes, struct err *err)
{
    struct buf packed = {0};
    sqlite3_stmt *add;
    bool ok;

    assert(s->tx.open);
    ok = zip_pack(bytes, PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_RECEIPT_ADD, &add, err)
         && sql_run(&s->sql, add, row_pack(add, 1, buf_str(&packed)), err);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool receipts_each(struct sql *sql, pthread_mutex_t *lock,
                   bool (*each)(void *context, uint32_t number, str bytes), void *context,
                   struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    bool there = true, more = true, ok = true;

    while (
        ok && more
        && (ok = row_get(sql, lock, SQL_RECEIPT_AFTER, row.number, 1, &row, &there, err))
        && there) {
        buf_clear(&bytes);
        ok = ((row.number[0] <= UINT32_MAX
               || err_set(err, ERR_CORRUPT, "its number is wrong"))
              && row_unpack(&row, RECEIPT_BYTES_MAX, &bytes, err))
             || err_in(err, "table receipt, row %lld", (long long)row.number[0]);
        more = ok && each(context, (uint32_t)row.number[0], buf_str(&bytes));
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_receipt(struct snapshot *v,
                           bool (*each)(void *context, uint32_t number, str bytes),
                           void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return receipts_each(sql, lock, each, context, err);
}
