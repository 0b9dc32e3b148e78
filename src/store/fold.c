#include "store/fold_impl.h"

#include "base/work.h"
#include "base/zip.h"

#include <string.h>

/* Folding merges news, and facts of a transaction that is too large for news, into the parts of
 * their chunks. Chunks are done in waves: each wave's are read, merged and packed by several
 * threads, then written in order by the writer. */

bool writer_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                 bool *there, struct err *err)
{
    struct store *s = context;

    return part_read(&s->sql, &s->sql_lock, column, chunk, to, there, err);
}

/* --- one chunk --- */

void fold_free(struct fold *f)
{
    for (uint32_t i = 0; i < f->part_n; i++)
        buf_free(&f->part[i].bytes);
    mem_free(f->part);
    mem_free(f->old);
    mem_free(f->fact);
}

static bool keep_part(void *context, int32_t column, str bytes, struct err *err)
{
    struct fold *f = context;
    struct packed_part *part;

    if (bytes.n > PART_BYTES_MAX)
        return err_set(err, ERR_LIMIT,
                       "one chunk would get more than %zu bytes in a column",
                       PART_BYTES_MAX);
    if (f->part_n == f->part_cap) {
        uint32_t cap = f->part_cap ? f->part_cap * 2 : 16;
        struct packed_part *grown = mem_resize(f->part, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        f->part = grown;
        f->part_cap = cap;
    }
    part = &f->part[f->part_n++];
    *part = (struct packed_part){.column = column};
    return zip_pack(bytes, column == PART_ID ? ID_PACK_LEVEL : PACK_LEVEL, &part->bytes,
                    err);
}

/* The parts that the chunk may have now. */
static bool list_old(const struct fold_from *from, struct fold *f, struct err *err)
{
    static const int32_t own[] = {PART_TIME, PART_TYPE, PART_ID, PART_RARE, PART_ANCHOR};
    enum { OWN = sizeof own / sizeof *own };
    struct chunk *parts;
    uint32_t column = 0;
    bool ok;

    if (!parts_load(from->catalog, from->source, from->image, f->chunk, &parts, err)
        || !parts)
        return !parts;
    f->old = mem_alloc(((size_t)from->catalog->column_n + OWN) * sizeof *f->old);
    ok = f->old || err_nomem(err);
    for (; ok && f->old_n < OWN; f->old_n++)
        f->old[f->old_n] = own[f->old_n];
    for (; ok && (ok = chunk_next_column(parts, column, &column, err))
           && column != COLUMN_NONE;
         column++)
        f->old[f->old_n++] = (int32_t)column;
    chunk_free(parts);
    return ok;
}

bool fold_chunk(const struct fold_from *from, struct fold *f, struct err *err)
{
    const struct chunk_row *old = &image_get(from->image, f->chunk)->parts;
    struct chunk_want want = {.chunk = f->chunk,
                              .customer_first = f->chunk * CHUNK_CUSTOMERS,
                              .source = from->source,
                              .parts_customers = old->customers,
                              .fact = f->fact,
                              .fact_n = (uint32_t)f->n,
                              .gone = f->gone.n ? f->gone.is : NULL};
    int64_t seq = from->seq;
    struct chunk *c = NULL;
    uint32_t last;
    bool ok;

    if (f->n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    facts_sort(f->fact, f->n);
    last = f->n ? f->fact[f->n - 1].customer - want.customer_first + 1 : 0;
    want.customer_n = last > want.parts_customers ? last : want.parts_customers;
    ok = chunk_open(from->catalog, &want, &c, err);
    if (ok) {
        f->row = chunk_row_of(c, seq, f->gone.n ? seq : old->told_seq);
        ok = (!f->row.events || chunk_each_part(c, keep_part, f, err))
             && (!f->gone.n || list_old(from, f, err));
    }
    chunk_free(c);
    return ok;
}

static bool has_part(const struct fold *f, int32_t column)
{
    for (uint32_t i = 0; i < f->part_n; i++) {
        if (f->part[i].column == column)
            return true;
    }
    return false;
}

/* Where events were taken away a column may have too few values left for a part of its own. */
static bool drop_parts(struct store *s, const struct fold *f, struct err *err)
{
    sqlite3_stmt *drop;

    if (!sql_get(&s->sql, SQL_PART_DROP, &drop, err))
        return false;
    for (uint32_t i = 0; i < f->old_n; i++) {
        if (!has_part(f, f->old[i])
            && !sql_run(&s->sql, drop,
                        sql_bind(drop, 1, f->old[i]) | sql_bind(drop, 2, f->chunk), err))
            return false;
    }
    return true;
}

static bool write_parts(struct store *s, const struct fold *f, struct err *err)
{
    const struct chunk_row *row = &f->row;
    sqlite3_stmt *put;

    if (!drop_parts(s, f, err) || !sql_get(&s->sql, SQL_PART_PUT, &put, err))
        return false;
    for (uint32_t i = 0; i < f->part_n; i++) {
        if (!sql_run(&s->sql, put,
                     sql_bind(put, 1, f->part[i].column) | sql_bind(put, 2, f->chunk)
                         | row_pack(put, 3, buf_str(&f->part[i].bytes)),
                     err))
            return false;
    }
    return sql_get(&s->sql, SQL_CHUNK_PUT, &put, err)
           && sql_run(
               &s->sql, put,
               sql_bind(put, 1, f->chunk) | sql_bind(put, 2, row->folded_seq)
                   | sql_bind(put, 3, row->told_seq) | sql_bind(put, 4, row->customers)
                   | sql_bind(put, 5, row->events) | sql_bind(put, 6, row->first_ms)
                   | sql_bind(put, 7, row->last_ms),
               err);
}

/* What came behind what was folded stays news. */
static bool note_fold(struct store *s, const struct fold *f, struct err *err)
{
    struct image *image = s->tx.image;
    struct chunk_state *state = image_edit(image, f->chunk);
    uint64_t version;

    if (!state)
        return err_nomem(err);
    version = state->version + f->is_changed;
    image->events += (uint64_t)f->row.events - state_events(state);
    if (state->news) {
        image->stale -= state->parts.events;
        image->news_n -= state->news->waiting;
    }
    news_folding(state->news, f->row.folded_seq);
    news_release(state->news);
    state->news = NULL;
    state->parts_version = f->version + f->is_changed;
    state->parts = f->row;
    if (!news_put_later(image, f->chunk, s->news, f->row.folded_seq, err))
        return false;
    state->version = version;
    return true;
}

bool fold_put(struct store *s, const struct fold *f, struct err *err)
{
    return write_parts(s, f, err) && note_fold(s, f, err);
}

/* --- several chunks --- */

/* The transaction's facts by chunk. */
struct sorted_facts {
    const struct fact *fact;
    uint32_t *
        first; /* places in .order, a chunk each and one more; NULL: there are no facts */
    uint32_t *order;         /* places in .fact */
    const struct gone *gone; /* ascending */
    uint32_t gone_n;
};

/* By counting, since there may be millions. */
static bool sort_by_chunk(const struct fact *fact, size_t n, uint32_t chunks,
                          struct sorted_facts *out, struct err *err)
{
    uint32_t *first = mem_alloc(((size_t)chunks + 2) * sizeof *first);
    uint32_t *order = mem_alloc(n * sizeof *order);

    *out = (struct sorted_facts){.fact = fact, .first = first, .order = order};
    if (!first || !order)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        first[fact[i].customer / CHUNK_CUSTOMERS + 2]++;
    for (uint32_t chunk = 0; chunk < chunks; chunk++)
        first[chunk + 2] += first[chunk + 1];
    for (size_t i = 0; i < n; i++)
        order[first[fact[i].customer / CHUNK_CUSTOMERS + 1]++] = (uint32_t)i;
    return true; /* first[chunk] is now where the chunk's begin */
}

/* Whether the i-th who is gone is of the chunk. */
static bool is_of(const struct sorted_facts *facts, uint32_t i, uint32_t chunk)
{
    return i < facts->gone_n && facts->gone[i].customer / CHUNK_CUSTOMERS == chunk;
}

/* The first of the chunk, or of one behind it. */
static uint32_t gone_from(const struct sorted_facts *facts, uint32_t chunk)
{
    uint32_t low = 0, high = facts->gone_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (facts->gone[middle].customer / CHUNK_CUSTOMERS < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool gather(const struct fold_from *from, const struct sorted_facts *facts,
                   uint32_t chunk, struct fold *f, struct err *err)
{
    const struct chunk_state *state = image_get(from->image, chunk);
    uint32_t first = facts->first ? facts->first[chunk] : 0;
    uint32_t end = facts->first ? facts->first[chunk + 1] : 0;

    *f = (struct fold){
        .chunk = chunk, .version = state->version, .is_changed = end > first};
    for (uint32_t i = gone_from(facts, chunk); is_of(facts, i, chunk); i++) {
        f->gone.is[facts->gone[i].customer % CHUNK_CUSTOMERS] = true;
        f->gone.n++;
        f->is_changed = true;
    }
    if (!news_gather(state->news, 0, CHUNK_CUSTOMERS, end - first, &f->gone, &f->fact,
                     &f->n, err))
        return false;
    for (uint32_t i = first; i < end; i++)
        f->fact[f->n++] = facts->fact[facts->order[i]];
    return true;
}

bool fold_gather(const struct fold_from *from, uint32_t chunk, struct fold *f,
                 struct err *err)
{
    static const struct sorted_facts none;

    return gather(from, &none, chunk, f, err);
}

static struct fold_from from_writer(const struct store *s)
{
    return (struct fold_from){&s->catalog, &s->source, s->tx.image,
                              s->tx.seq > s->seq ? s->tx.seq : s->seq};
}

struct wave {
    struct store *s;
    struct fold_from from;
    struct fold fold[FOLD_WAVE];
    uint32_t n;
};

static void fold_one(void *context, uint32_t i)
{
    struct wave *w = context;
    struct fold *f = &w->fold[i];

    f->ok = fold_chunk(&w->from, f, &f->err);
}

static bool fold_wave(struct wave *w, struct err *err)
{
    bool ok = true;

    work_run(w->n, work_threads(), fold_one, w);
    /* A failed read may have made SQLite roll back: each row that is written after it would be
     * a transaction of its own. */
    for (uint32_t i = 0; i < w->n && ok; i++) {
        ok = w->fold[i].ok;
        if (!ok)
            *err = w->fold[i].err;
    }
    for (uint32_t i = 0; i < w->n; i++) {
        ok = ok && fold_put(w->s, &w->fold[i], err);
        fold_free(&w->fold[i]);
    }
    w->n = 0;
    return ok;
}

static void wave_free(struct wave *w)
{
    for (uint32_t i = 0; i < w->n; i++)
        fold_free(&w->fold[i]);
}

/* --- message ids --- */

static bool add_ids(struct store *s, hash128 *id, size_t n, struct err *err)
{
    hash128_sort(id, n);
    return seen_add(s->seen, id, n, err);
}

/* Of facts that were not told before. */
static size_t list_ids(const struct fact *fact, size_t n, hash128 *to)
{
    size_t ids = 0;

    for (size_t i = 0; i < n; i++) {
        if (!fact[i].is_told)
            to[ids++] = hash128_of(fact[i].id);
    }
    return ids;
}

/* Runs of ids are merged with each commit, faster than ids come, so that none takes long. */
static bool merge_runs(struct store *s, struct err *err)
{
    enum { PER_EVENT = 16 };
    const struct transaction *tx = &s->tx;
    uint64_t events = tx->batch ? tx->batch->n : 0;

    return tx->keeps_image
           || seen_merge(s->seen,
                         tx->only_folds || tx->has_spilled
                             ? SEEN_ALL
                             : SEEN_STEP + PER_EVENT * events,
                         err);
}

/* Rows of news that are folded wholly go, and their ids to those of the parts: so many that nobody
 * waits long, the others with the next commits; all when folding is all that is done. */
bool drop_news(struct store *s, struct err *err)
{
    sqlite3_stmt *drop;
    hash128 *id;
    size_t n = 0;
    bool ok;

    if (!sql_get(&s->sql, SQL_NEWS_DROP, &drop, err))
        return false;
    for (struct news_batch *b = s->news; b && (n < NEWS_EVENTS || s->tx.only_folds);
         b = b->next) {
        b->is_dropped = b->left == b->folding;
        n += b->is_dropped ? b->n : 0;
    }
    id = mem_alloc(n * sizeof *id);
    ok = id || err_nomem(err);
    n = 0;
    for (const struct news_batch *b = s->news; ok && b; b = b->next) {
        if (!b->is_dropped)
            continue;
        n += list_ids(b->fact, b->n, id + n);
        ok = sql_run(&s->sql, drop, sql_bind(drop, 1, b->seq), err);
    }
    ok = ok && (!n || add_ids(s, id, n, err)) && merge_runs(s, err);
    mem_free(id);
    return ok;
}

static void forget_news(struct store *s, struct news_batch *batch)
{
    s->news_bytes -= batch->arena.used + batch->n * sizeof *batch->fact;
    s->news_facts -= batch->n;
    for (uint32_t i = 0; s->ids_known && i < batch->n; i++)
        if (!batch->fact[i].is_told)
            known_ids_remove(&s->ids, hash128_of(batch->fact[i].id));
    news_batch_release(batch);
}

void fold_end(struct store *s, bool is_done)
{
    struct news_batch **at = &s->news;

    while (*at) {
        struct news_batch *batch = *at;

        if (is_done)
            batch->left -= batch->folding;
        batch->folding = 0;
        if (is_done && batch->is_dropped) {
            *at = batch->next;
            forget_news(s, batch);
            continue;
        }
        batch->is_dropped = false;
        at = &batch->next;
    }
    s->news_last = at;
}

/* --- inside a large transaction --- */

/* Folding writes the parts of the facts' chunks anew: so much work for each fact, at most. */
static bool is_many(size_t facts, uint64_t events_in_parts)
{
    return facts > NEWS_EVENTS && facts > events_in_parts / 32;
}

bool fold_pays(const struct store *s, bool *pays, struct err *err)
{
    const struct transaction *tx = &s->tx;
    uint64_t events = 0;
    bool *met;

    *pays = is_many(tx->fact_n, s->image->events);
    if (*pays || tx->fact_n <= NEWS_EVENTS)
        return true;
    met = mem_alloc(chunks_for(catalog_customer_n(&s->catalog)) * sizeof *met);
    if (!met)
        return err_nomem(err);
    for (size_t i = 0; i < tx->fact_n; i++) {
        uint32_t chunk = tx->fact[i].customer / CHUNK_CUSTOMERS;

        if (!met[chunk])
            events += image_get(tx->image, chunk)->parts.events;
        met[chunk] = true;
    }
    mem_free(met);
    *pays = is_many(tx->fact_n, events);
    return true;
}

static bool fold_all(struct store *s, const struct sorted_facts *facts, uint32_t chunks,
                     struct err *err)
{
    struct wave w = {.s = s, .from = from_writer(s)};
    bool ok = true;

    for (uint32_t chunk = 0; ok && chunk < chunks; chunk++) {
        if (facts->first[chunk] == facts->first[chunk + 1]
            && !is_of(facts, gone_from(facts, chunk), chunk))
            continue;
        ok = gather(&w.from, facts, chunk, &w.fold[w.n++], err)
             && (w.n < FOLD_WAVE || fold_wave(&w, err));
    }
    ok = ok && fold_wave(&w, err);
    wave_free(&w);
    return ok;
}

static bool add_fact_ids(struct store *s, struct err *err)
{
    const struct transaction *tx = &s->tx;
    hash128 *id = mem_alloc(tx->fact_n * sizeof *id);
    bool ok;

    size_t n;

    if (!id)
        return err_nomem(err);
    n = list_ids(tx->fact, tx->fact_n, id);
    ok = !n || add_ids(s, id, n, err);
    mem_free(id);
    return ok;
}

bool fold_now(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;
    uint32_t chunks = chunks_for(catalog_customer_n(&s->catalog));
    struct sorted_facts facts = {0};
    bool ok;

    if (!tx->fact_n && !tx->gone_n)
        return true;
    ok = sort_by_chunk(tx->fact, tx->fact_n, chunks, &facts, err);
    facts.gone = tx->gone;
    facts.gone_n = tx->gone_n;
    ok = ok && fold_all(s, &facts, chunks, err) && add_fact_ids(s, err);
    mem_free(facts.first);
    mem_free(facts.order);
    tx->fact_n = 0;
    tx->gone_n = 0;
    tx->has_spilled = true;
    arena_reset(&tx->arena);
    return ok;
}

/* --- in steps --- */

double store_news_share(const struct store *s)
{
    return (double)s->news_bytes / ((double)s->memory_bytes / 8);
}

bool store_is_fold_due(const struct store *s)
{
    return is_many(s->image->news_n, s->image->stale) || store_news_share(s) > 1;
}

bool fold_next(struct store *s, const struct image *image, uint32_t *out)
{
    for (uint32_t i = 0; i < image->chunk_n; i++) {
        uint32_t chunk = (s->fold_next + i) % image->chunk_n;

        if (image_get(image, chunk)->news) {
            s->fold_next = chunk + 1;
            *out = chunk;
            return true;
        }
    }
    return false;
}

static bool fold_some(struct store *s, uint32_t chunks_max, struct err *err)
{
    struct wave w = {.s = s, .from = from_writer(s)};
    uint32_t chunk, n = s->tx.image->chunk_n;
    bool ok = true;

    if (chunks_max < n)
        n = chunks_max;
    for (; ok && n && fold_next(s, s->tx.image, &chunk); n--)
        ok = fold_gather(&w.from, chunk, &w.fold[w.n++], err)
             && (w.n < FOLD_WAVE || fold_wave(&w, err));
    ok = ok && fold_wave(&w, err);
    wave_free(&w);
    return ok;
}

bool store_fold(struct store *s, uint32_t chunks_max, bool *more, struct err *err)
{
    if (!s->news) {
        *more = false;
        return true;
    }
    if (!transaction_begin(s, err))
        return false;
    s->tx.only_folds = true;
    if (!fold_some(s, chunks_max, err) || !transaction_commit(s, err)) {
        store_cancel(s);
        return false;
    }
    *more = s->image->news_n != 0;
    return true;
}
