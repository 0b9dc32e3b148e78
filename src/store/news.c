#include "store/store_impl.h"

#include "base/zip.h"

#include <stdatomic.h>
#include <string.h>

/* News are the facts of commits that no part holds yet. In the file they stand a commit a row;
 * in memory a batch has the facts of one commit, and each chunk of an image a chain of what the
 * batches brought to it (news_chain.c). */

void news_batch_release(struct news_batch *batch)
{
    if (!batch || atomic_fetch_sub(&batch->users, 1) != 1)
        return;
    arena_free(&batch->arena);
    mem_free(batch->fact);
    mem_free(batch->gone);
    mem_free(batch);
}

static struct news_batch *batch_new(int64_t seq)
{
    struct news_batch *batch = mem_alloc(sizeof *batch);

    if (batch) {
        atomic_init(&batch->users, 1);
        batch->seq = seq;
    }
    return batch;
}

void news_append(struct store *s, struct news_batch *batch)
{
    *s->news_last = batch;
    s->news_last = &batch->next;
    s->news_bytes += batch->arena.used + batch->n * sizeof *batch->fact;
    s->news_facts += batch->n;
}

/* --- writing --- */

/* A batch that becomes a row, while it is spread. */
struct news_packing {
    struct aside aside;
    const struct catalog *catalog;
    const struct news_batch *batch;
    struct buf packed;
    bool ok;
    struct err err; /* unless ok */
};

static void pack_batch(void *context)
{
    struct news_packing *p = context;
    const struct news_batch *b = p->batch;
    struct buf bytes = {0};

    news_encode(p->catalog, &(struct brought){b->fact, b->gone, b->n, b->gone_n}, &bytes);
    if (bytes.n > NEWS_BYTES_MAX)
        p->ok = err_set(&p->err, ERR_LIMIT, "a commit brings more than %zu bytes of news",
                        NEWS_BYTES_MAX);
    else
        p->ok = bytes.failed
                    ? err_nomem(&p->err)
                    : zip_pack(buf_str(&bytes), NEWS_PACK_LEVEL, &p->packed, &p->err);
    buf_free(&bytes);
}

static bool write_row(struct store *s, const struct news_packing *p, struct err *err)
{
    sqlite3_stmt *add;

    if (!p->ok) {
        *err = p->err;
        return false;
    }
    return sql_get(&s->sql, SQL_NEWS_ADD, &add, err)
           && sql_run(&s->sql, add,
                      sql_bind(add, 1, p->batch->seq)
                          | row_pack(add, 2, buf_str(&p->packed)),
                      err);
}

/* Few are packed sooner than a thread for it begins. */
static bool write_and_spread(struct store *s, struct news_batch *batch, struct err *err)
{
    struct news_packing p = {.catalog = &s->catalog, .batch = batch};
    bool ok;

    if (batch->n < NEWS_ASIDE)
        pack_batch(&p);
    else
        aside_begin(&p.aside, pack_batch, &p);
    ok = news_spread(s->tx.image, batch, err);
    aside_end(&p.aside);
    ok = ok && write_row(s, &p, err);
    buf_free(&p.packed);
    return ok;
}

bool news_write(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;
    struct news_batch *batch = tx->batch = batch_new(tx->seq);

    if (!batch)
        return err_nomem(err);
    batch->arena = tx->arena;
    batch->fact = tx->fact;
    batch->n = (uint32_t)tx->fact_n;
    batch->gone = tx->gone;
    batch->gone_n = tx->gone_n;
    tx->arena = (struct arena){0};
    tx->fact = NULL;
    tx->fact_n = tx->fact_cap = 0;
    tx->gone = NULL;
    tx->gone_n = tx->gone_cap = 0;
    facts_sort(batch->fact, batch->n);
    return write_and_spread(s, batch, err);
}

/* --- loading --- */

/* A copy that mem_free ends. */
static bool keep(const void *things, size_t n, size_t size, void **out, struct err *err)
{
    *out = mem_alloc(n * size);
    if (!*out)
        return err_nomem(err);
    if (n)
        memcpy(*out, things, n * size);
    return true;
}

static bool decode_batch(struct store *s, const struct row *row, struct news_batch *batch,
                         struct err *err)
{
    struct buf bytes = {0};
    struct brought b;
    bool ok = row_unpack(row, NEWS_BYTES_MAX, &bytes, err)
              && news_decode(buf_str(&bytes), &s->catalog, &batch->arena, &b, err);

    buf_free(&bytes);
    if (!ok)
        return false;
    for (uint32_t i = 1; i < b.n; i++) {
        if (fact_order(&b.fact[i - 1], &b.fact[i]) >= 0)
            return err_set(err, ERR_CORRUPT, "its events are out of order");
    }
    batch->n = b.n;
    batch->gone_n = b.gone_n;
    return keep(b.fact, b.n, sizeof *b.fact, (void **)&batch->fact, err)
           && keep(b.gone, b.gone_n, sizeof *b.gone, (void **)&batch->gone, err);
}

static bool load_batch(struct store *s, const struct row *row, struct image *image,
                       struct err *err)
{
    struct news_batch *batch = batch_new(row->number[0]);

    if (!batch)
        return err_nomem(err);
    if (!decode_batch(s, row, batch, err) || !news_spread(image, batch, err)) {
        news_batch_release(batch);
        return false;
    }
    news_append(s, batch);
    return true;
}

bool news_load(struct store *s, struct image *image, struct err *err)
{
    struct row row = {.number = {INT64_MIN}};
    bool there, ok;

    while ((ok = row_get(&s->sql, &s->sql_lock, SQL_NEWS_AFTER, row.number, 1, &row,
                         &there, err))
           && there) {
        ok = load_batch(s, &row, image, err)
             || err_in(err, "table news, row %lld", (long long)row.number[0]);
        if (!ok)
            break;
    }
    buf_free(&row.packed);
    return ok;
}
