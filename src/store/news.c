#include "store/store_impl.h"

#include "base/time.h"
#include "base/zip.h"

#include <stdatomic.h>
#include <string.h>

/* News are the facts of commits that no part holds yet. In the file they stand a commit a row;
 * in memory a batch has the facts of one commit, and each chunk of an image a chain of what the
 * batches brought to it. Chains share their tails; who holds the newest holds all of it. */

void news_hold(struct news *news)
{
    if (news)
        atomic_fetch_add(&news->users, 1);
}

void news_batch_release(struct news_batch *batch)
{
    if (!batch || atomic_fetch_sub(&batch->users, 1) != 1)
        return;
    arena_free(&batch->arena);
    mem_free(batch->fact);
    mem_free(batch);
}

void news_release(struct news *news)
{
    while (news && atomic_fetch_sub(&news->users, 1) == 1) {
        struct news *older = news->older;

        news_batch_release(news->batch);
        mem_free(news);
        news = older;
    }
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

static bool add_news(struct image *image, uint32_t chunk, struct news_batch *batch,
                     uint32_t first, uint32_t n, struct err *err)
{
    struct chunk_state *state = image_edit(image, chunk);
    struct news *news = state ? mem_alloc(sizeof *news) : NULL;
    const struct news *older = state ? state->news : NULL;

    if (!news)
        return err_nomem(err);
    if (n > UINT32_MAX - state->parts.events - (older ? older->all_n : 0)) {
        mem_free(news);
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    }
    atomic_init(&news->users, 1);
    atomic_fetch_add(&batch->users, 1);
    batch->left++;
    news->batch = batch;
    news->first = first;
    news->n = n;
    news->older = state->news;
    news->all_n = n + (older ? older->all_n : 0);
    news->first_ms = older ? older->first_ms : MOMENT_NEVER;
    news->last_ms = older ? older->last_ms : MOMENT_MIN;
    for (uint32_t i = first; i < first + n; i++) {
        int64_t at_ms = batch->fact[i].at_ms;

        if (at_ms < news->first_ms)
            news->first_ms = at_ms;
        if (at_ms > news->last_ms)
            news->last_ms = at_ms;
    }
    if (!older)
        image->stale += state->parts.events;
    state->news = news;
    state->version++;
    image->events += n;
    image->news_n += n;
    return true;
}

bool news_spread(struct image *image, struct news_batch *batch, struct err *err)
{
    const struct fact *fact = batch->fact;
    uint32_t end;

    for (uint32_t first = 0; first < batch->n; first = end) {
        uint32_t chunk = fact[first].customer / CHUNK_CUSTOMERS;

        for (end = first;
             end < batch->n && fact[end].customer / CHUNK_CUSTOMERS == chunk;)
            end++;
        if (batch->seq > image_get(image, chunk)->parts.folded_seq
            && !add_news(image, chunk, batch, first, end - first, err))
            return false;
    }
    return true;
}

/* The place in the batch of the first of these news of the customer, or of one behind him. */
static uint32_t news_from(const struct news *news, uint32_t customer)
{
    uint32_t low = news->first, high = news->first + news->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (news->batch->fact[middle].customer < customer)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool news_gather(const struct news *news, uint32_t first, uint32_t end, size_t room,
                 struct fact **out, size_t *n, struct err *err)
{
    struct fact *fact;
    size_t all = 0;

    for (const struct news *at = news; at; at = at->older)
        all += news_from(at, end) - news_from(at, first);
    fact = mem_alloc((all + room) * sizeof *fact);
    if (!fact)
        return err_nomem(err);
    *out = fact;
    *n = all;
    for (; news; news = news->older) {
        uint32_t last = news_from(news, end);

        for (uint32_t i = news_from(news, first); i < last; i++)
            *fact++ = news->batch->fact[i];
    }
    return true;
}

void news_append(struct store *s, struct news_batch *batch)
{
    *s->news_last = batch;
    s->news_last = &batch->next;
    s->news_bytes += batch->arena.used + batch->n * sizeof *batch->fact;
}

/* --- writing --- */

static bool write_row(struct store *s, const struct news_batch *batch, struct err *err)
{
    struct buf bytes = {0}, packed = {0};
    sqlite3_stmt *add;
    bool ok;

    news_encode(&s->catalog, batch->fact, batch->n, &bytes);
    if (bytes.n > NEWS_BYTES_MAX)
        ok = err_set(err, ERR_LIMIT, "a commit brings more than %zu bytes of news",
                     NEWS_BYTES_MAX);
    else
        ok = bytes.failed ? err_nomem(err)
                          : zip_pack(buf_str(&bytes), PACK_LEVEL, &packed, err)
                                && sql_get(&s->sql, SQL_NEWS_ADD, &add, err)
                                && sql_run(&s->sql, add,
                                           sql_bind(add, 1, batch->seq)
                                               | row_pack(add, 2, buf_str(&packed)),
                                           err);
    buf_free(&bytes);
    buf_free(&packed);
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
    tx->arena = (struct arena){0};
    tx->fact = NULL;
    tx->fact_n = tx->fact_cap = 0;
    facts_sort(batch->fact, batch->n);
    return write_row(s, batch, err) && news_spread(tx->image, batch, err);
}

/* --- loading --- */

static bool decode_batch(struct store *s, const struct row *row, struct news_batch *batch,
                         struct err *err)
{
    struct buf bytes = {0};
    struct fact *fact;
    bool ok = row_unpack(row, NEWS_BYTES_MAX, &bytes, err)
              && news_decode(buf_str(&bytes), &s->catalog, &batch->arena, &fact,
                             &batch->n, err);

    buf_free(&bytes);
    if (!ok)
        return false;
    for (uint32_t i = 1; i < batch->n; i++) {
        if (fact_order(&fact[i - 1], &fact[i]) >= 0)
            return err_set(err, ERR_CORRUPT, "its events are out of order");
    }
    batch->fact = mem_alloc(batch->n * sizeof *fact);
    if (!batch->fact)
        return err_nomem(err);
    memcpy(batch->fact, fact, batch->n * sizeof *fact);
    return true;
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
    return batch->left || err_set(err, ERR_CORRUPT, "the parts hold all of it already");
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
