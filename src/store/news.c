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
    mem_free(batch->gone);
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

/* What one batch brings to one chunk. */
struct share {
    struct news_batch *batch;
    uint32_t first, n, gone_first, gone_n;
};

struct counting {
    uint32_t n;
};

static void count_fact(void *context, [[maybe_unused]] const struct fact *fact)
{
    ((struct counting *)context)->n++;
}

/* How many facts of older batches, and events of the parts, the share takes away. */
static void count_gone(const struct share *w, const struct news *older, uint32_t *news_n,
                       uint64_t *parts_n)
{
    struct counting counting = {0};

    *parts_n = 0;
    for (uint32_t i = w->gone_first; i < w->gone_first + w->gone_n; i++) {
        const struct gone *gone = &w->batch->gone[i];
        struct gone_set ignored = {.n = 0};

        *parts_n += gone->events;
        if (older)
            news_each(older, gone->customer, gone->customer + 1, &ignored, count_fact,
                      &counting);
    }
    *news_n = counting.n;
}

static void widen(struct news *news, const struct share *w)
{
    for (uint32_t i = w->first; i < w->first + w->n; i++) {
        int64_t at_ms = w->batch->fact[i].at_ms;

        if (at_ms < news->first_ms)
            news->first_ms = at_ms;
        if (at_ms > news->last_ms)
            news->last_ms = at_ms;
    }
}

static bool add_news(struct image *image, uint32_t chunk, const struct share *w,
                     struct err *err)
{
    static const struct news none = {.first_ms = MOMENT_NEVER, .last_ms = MOMENT_MIN};
    struct chunk_state *state = image_edit(image, chunk);
    struct news *news = state ? mem_alloc(sizeof *news) : NULL;
    const struct news *older = state && state->news ? state->news : &none;
    uint32_t news_gone;
    uint64_t parts_gone;

    if (!news)
        return err_nomem(err);
    count_gone(w, state->news, &news_gone, &parts_gone);
    if (w->n > UINT32_MAX - state->parts.events - older->all_n
        || parts_gone > state->parts.events - older->lost_n) {
        mem_free(news);
        return parts_gone > state->parts.events - older->lost_n
                   ? err_set(err, ERR_CORRUPT,
                             "more events are gone from chunk %u than it had", chunk)
                   : err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                             UINT32_MAX);
    }
    *news = (struct news){
        .batch = w->batch,
        .first = w->first,
        .n = w->n,
        .gone_first = w->gone_first,
        .gone_n = w->gone_n,
        .older = state->news,
        .all_n = older->all_n - news_gone + w->n,
        .lost_n = older->lost_n + (uint32_t)parts_gone,
        .waiting = older->waiting + w->n + w->gone_n,
        .has_gone = older->has_gone || w->gone_n,
        .told_seq = w->gone_n ? w->batch->seq : older->told_seq,
        .first_ms = older->first_ms,
        .last_ms = older->last_ms,
    };
    atomic_init(&news->users, 1);
    atomic_fetch_add(&w->batch->users, 1);
    w->batch->left++;
    widen(news, w);
    if (!state->news)
        image->stale += state->parts.events;
    state->news = news;
    state->version++;
    image->events += (uint64_t)w->n - news_gone - parts_gone;
    image->news_n += (uint64_t)w->n + w->gone_n;
    return true;
}

bool news_spread(struct image *image, struct news_batch *batch, struct err *err)
{
    struct share w = {.batch = batch};

    while (w.first < batch->n || w.gone_first < batch->gone_n) {
        uint32_t fact_chunk = w.first < batch->n
                                  ? batch->fact[w.first].customer / CHUNK_CUSTOMERS
                                  : UINT32_MAX;
        uint32_t gone_chunk = w.gone_first < batch->gone_n
                                  ? batch->gone[w.gone_first].customer / CHUNK_CUSTOMERS
                                  : UINT32_MAX;
        uint32_t chunk = fact_chunk < gone_chunk ? fact_chunk : gone_chunk;

        w.n = w.gone_n = 0;
        while (w.first + w.n < batch->n
               && batch->fact[w.first + w.n].customer / CHUNK_CUSTOMERS == chunk)
            w.n++;
        while (w.gone_first + w.gone_n < batch->gone_n
               && batch->gone[w.gone_first + w.gone_n].customer / CHUNK_CUSTOMERS
                      == chunk)
            w.gone_n++;
        if (batch->seq > image_get(image, chunk)->parts.folded_seq
            && !add_news(image, chunk, &w, err))
            return false;
        w.first += w.n;
        w.gone_first += w.gone_n;
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

static void add_gone(struct gone_set *gone, uint32_t customer)
{
    bool *is = &gone->is[customer % CHUNK_CUSTOMERS];

    gone->n += !*is;
    *is = true;
}

void news_gone(const struct news *news, struct gone_set *gone)
{
    for (; news && news->has_gone; news = news->older) {
        for (uint32_t i = 0; i < news->gone_n; i++)
            add_gone(gone, news->batch->gone[news->gone_first + i].customer);
    }
}

/* From the newest on, so that who is gone is known before what went with him. */
void news_each(const struct news *news, uint32_t first, uint32_t end,
               struct gone_set *gone,
               void (*take)(void *context, const struct fact *fact), void *context)
{
    for (; news; news = news->older) {
        uint32_t last = news_from(news, end);

        for (uint32_t i = news_from(news, first); i < last; i++) {
            const struct fact *fact = &news->batch->fact[i];

            if (!gone->n || !gone->is[fact->customer % CHUNK_CUSTOMERS])
                take(context, fact);
        }
        for (uint32_t i = 0; i < news->gone_n; i++) {
            uint32_t customer = news->batch->gone[news->gone_first + i].customer;

            if (customer >= first && customer < end)
                add_gone(gone, customer);
        }
    }
}

static void take_fact(void *context, const struct fact *fact)
{
    struct fact **to = context;

    *(*to)++ = *fact;
}

bool news_gather(const struct news *news, uint32_t first, uint32_t end, size_t room,
                 struct gone_set *gone, struct fact **out, size_t *n, struct err *err)
{
    struct fact *fact;
    size_t most = 0;

    for (const struct news *at = news; at; at = at->older)
        most += news_from(at, end) - news_from(at, first);
    *out = fact = mem_alloc((most + room) * sizeof *fact);
    if (!fact)
        return err_nomem(err);
    news_each(news, first, end, gone, take_fact, &fact);
    *n = (size_t)(fact - *out);
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

    news_encode(&s->catalog,
                &(struct brought){batch->fact, batch->gone, batch->n, batch->gone_n},
                &bytes);
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
    batch->gone = tx->gone;
    batch->gone_n = tx->gone_n;
    tx->arena = (struct arena){0};
    tx->fact = NULL;
    tx->fact_n = tx->fact_cap = 0;
    tx->gone = NULL;
    tx->gone_n = tx->gone_cap = 0;
    facts_sort(batch->fact, batch->n);
    return write_row(s, batch, err) && news_spread(tx->image, batch, err);
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
