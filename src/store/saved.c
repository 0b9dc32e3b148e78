/* saved.c - views, dashboards and alerts: what people keep by a name. */
#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/time.h"
#include "base/zip.h"

#include <assert.h>

/* --- a row's bytes --- */

enum { TEXTS = 4 }; /* name, author, text, state */

void saved_encode(const struct saved_row *row, struct buf *to)
{
    put(to, row->kind);
    put(to, fold(row->made_ms));
    put_texts(to, (const str[TEXTS]){row->name, row->author, row->text, row->state},
              TEXTS);
}

bool saved_name_is_valid(str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
            return false;
    return name.n && name.n <= SAVED_NAME_MAX && str_is_utf8(name);
}

bool saved_decode(str bytes, struct arena *a, struct saved_row *out, struct err *err)
{
    struct in in = in_of(bytes);
    str text[TEXTS] = {{NULL, 0}};

    *out = (struct saved_row){.number = out->number};
    out->kind = (enum saved_kind)get_below(&in, SAVED_KINDS);
    out->made_ms = unfold(get(&in));
    if (!get_texts(&in, a, text, TEXTS, err))
        return false;
    if (in.wrong)
        return in_end(&in, err);
    out->name = text[0];
    out->author = text[1];
    out->text = text[2];
    out->state = text[3];
    if (out->made_ms < MOMENT_MIN || out->made_ms > MOMENT_MAX)
        spoil(&in, "a moment is out of its range");
    if (!saved_name_is_valid(out->name) || out->author.n > SAVED_NAME_MAX)
        spoil(&in, "a name is none");
    if (!out->text.n || out->text.n > SAVED_TEXT_MAX || out->state.n > SAVED_TEXT_MAX)
        spoil(&in, "a text is too long, or none");
    return in_end(&in, err);
}

/* --- in the file --- */

bool store_saved_put(struct store *s, const struct saved_row *row, struct err *err)
{
    struct buf bytes = {0}, packed = {0};
    sqlite3_stmt *put_row;
    bool ok;

    assert(s->tx.open);
    saved_encode(row, &bytes);
    ok = (!bytes.failed || err_nomem(err))
         && zip_pack(buf_str(&bytes), PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_SAVED_PUT, &put_row, err)
         && sql_run(&s->sql, put_row,
                    sql_bind(put_row, 1, row->number)
                        | row_pack(put_row, 2, buf_str(&packed)),
                    err);
    buf_free(&bytes);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool store_saved_drop(struct store *s, uint32_t number, struct err *err)
{
    sqlite3_stmt *drop;

    assert(s->tx.open);
    return (sql_get(&s->sql, SQL_SAVED_DROP, &drop, err)
            && sql_run(&s->sql, drop, sql_bind(drop, 1, number), err))
           || transaction_spoil(&s->tx, err);
}

bool saved_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, const struct saved_row *row), void *context,
                struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    struct arena a = {0};
    bool there = true, more = true, ok = true;

    while (ok && more
           && (ok = row_get(sql, lock, SQL_SAVED_AFTER, row.number, 1, &row, &there, err))
           && there) {
        struct saved_row saved = {.number = (uint32_t)row.number[0]};

        buf_clear(&bytes);
        arena_reset(&a);
        ok = ((row.number[0] <= UINT32_MAX
               || err_set(err, ERR_CORRUPT, "its number is wrong"))
              && row_unpack(&row, SAVED_BYTES_MAX, &bytes, err)
              && saved_decode(buf_str(&bytes), &a, &saved, err))
             || err_in(err, "table saved, row %lld", (long long)row.number[0]);
        more = ok && each(context, &saved);
    }
    arena_free(&a);
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_saved(struct snapshot *v,
                         bool (*each)(void *context, const struct saved_row *row),
                         void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return saved_each(sql, lock, each, context, err);
}
