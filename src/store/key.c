#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/time.h"
#include "base/zip.h"

#include <assert.h>
#include <string.h>

/* --- a row's bytes --- */

void key_encode(const struct key_row *k, struct buf *to)
{
    buf_add(to, (str){(const char *)k->hash.byte, sizeof k->hash.byte});
    put(to, k->right);
    put(to, k->rate);
    put(to, fold(k->made_ms));
    put(to,
        k->revoked_ms == MOMENT_NEVER ? 0 : (uint64_t)(k->revoked_ms - k->made_ms) + 1);
    put(to, k->name.n);
    buf_add(to, k->name);
}

static str get_bytes(struct in *in, size_t n)
{
    str bytes = {(const char *)in->p, n};

    if (n > left(in))
        spoil(in, "it is too short");
    if (!n || in->wrong) /* no offset to NULL */
        return STR("");
    in->p += n;
    return bytes;
}

bool key_decode(str bytes, struct key_row *out, struct err *err)
{
    struct in in = in_of(bytes);
    str hash = get_bytes(&in, sizeof out->hash.byte);
    int64_t revoked;

    *out = (struct key_row){.number = out->number};
    if (hash.n)
        memcpy(out->hash.byte, hash.p, hash.n);
    out->right = (enum key_right)get_below(&in, KEY_RIGHTS);
    out->rate = (uint32_t)get_below(&in, (uint64_t)UINT32_MAX + 1);
    out->made_ms = unfold(get(&in));
    revoked = (int64_t)get_below(&in, (uint64_t)MOMENT_MAX * 2);
    if (out->made_ms < MOMENT_MIN || out->made_ms > MOMENT_MAX) {
        spoil(&in, "a moment is out of its range");
        out->made_ms = 0;
    }
    out->revoked_ms = revoked ? out->made_ms + revoked - 1 : MOMENT_NEVER;
    out->name = get_bytes(&in, get_below(&in, KEY_NAME_MAX + 1));
    if (!out->name.n || !str_is_utf8(out->name))
        spoil(&in, "its name is none");
    return in_end(&in, err);
}

/* --- in the file --- */

bool store_key_put(struct store *s, const struct key_row *k, struct err *err)
{
    struct buf bytes = {0}, packed = {0};
    sqlite3_stmt *put_row;
    bool ok;

    assert(s->tx.open);
    key_encode(k, &bytes);
    ok = (!bytes.failed || err_nomem(err))
         && zip_pack(buf_str(&bytes), PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_KEY_PUT, &put_row, err)
         && sql_run(&s->sql, put_row,
                    sql_bind(put_row, 1, k->number)
                        | row_pack(put_row, 2, buf_str(&packed)),
                    err);
    buf_free(&bytes);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool keys_each(struct sql *sql, pthread_mutex_t *lock,
               bool (*each)(void *context, const struct key_row *k), void *context,
               struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    bool there = true, more = true, ok = true;

    while (ok && more
           && (ok = row_get(sql, lock, SQL_KEY_AFTER, row.number, 1, &row, &there, err))
           && there) {
        struct key_row k = {.number = (uint32_t)row.number[0]};

        buf_clear(&bytes);
        ok = ((row.number[0] <= UINT32_MAX
               || err_set(err, ERR_CORRUPT, "its number is wrong"))
              && row_unpack(&row, KEY_BYTES_MAX, &bytes, err)
              && key_decode(buf_str(&bytes), &k, err))
             || err_in(err, "table key, row %lld", (long long)row.number[0]);
        more = ok && each(context, &k);
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_key(struct snapshot *v,
                       bool (*each)(void *context, const struct key_row *k),
                       void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return keys_each(sql, lock, each, context, err);
}
