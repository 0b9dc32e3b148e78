#include "store/store_impl.h"

#include "base/zip.h"

bool writer_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                 bool *there, struct err *err)
{
    struct store *s = context;

    return part_read(&s->sql, &s->sql_lock, column, chunk, to, there, err);
}

struct put_context {
    struct store *s;
    uint32_t chunk;
};

static bool put_part(void *context, int32_t column, str bytes, struct err *err)
{
    struct put_context *to = context;
    struct buf packed = {0};
    sqlite3_stmt *put;
    bool ok;

    if (bytes.n > PART_BYTES_MAX)
        return err_set(err, ERR_LIMIT,
                       "one chunk would get more than %zu bytes in a column",
                       PART_BYTES_MAX);
    ok = sql_get(&to->s->sql, SQL_PART_PUT, &put, err)
         && zip_pack(bytes, column == PART_ID ? ID_PACK_LEVEL : PACK_LEVEL, &packed, err)
         && sql_run(&to->s->sql, put,
                    sql_bind(put, 1, column) | sql_bind(put, 2, to->chunk)
                        | row_pack(put, 3, buf_str(&packed)),
                    err);
    buf_free(&packed);
    return ok;
}

static bool put_row(struct store *s, uint32_t chunk, const struct chunk_row *row,
                    struct err *err)
{
    sqlite3_stmt *put;

    return sql_get(&s->sql, SQL_CHUNK_PUT, &put, err)
           && sql_run(
               &s->sql, put,
               sql_bind(put, 1, chunk) | sql_bind(put, 2, row->folded_seq)
                   | sql_bind(put, 3, row->customers) | sql_bind(put, 4, row->events)
                   | sql_bind(put, 5, row->first_ms) | sql_bind(put, 6, row->last_ms),
               err);
}

bool fold_chunk(struct store *s, uint32_t chunk, const struct fact *fact, size_t n,
                struct err *err)
{
    struct put_context to = {s, chunk};
    struct chunk_state *state = image_edit(s->tx.image, chunk);
    struct chunk *old = NULL, *c = NULL;
    bool ok;

    if (!state)
        return err_nomem(err);
    ok = parts_load(&s->catalog, &s->source, s->tx.image, chunk, &old, err)
         && chunk_merge(&s->catalog, old, chunk * CHUNK_CUSTOMERS, fact, n, &c, err)
         && chunk_each_part(c, put_part, &to, err);
    if (ok) {
        state->parts = chunk_row_of(c, s->tx.seq);
        ok = put_row(s, chunk, &state->parts, err);
    }
    chunk_free(old);
    chunk_free(c);
    return ok;
}
