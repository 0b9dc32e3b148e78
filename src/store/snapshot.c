#include "store/fold_impl.h"

#include "base/time.h"

#include <assert.h>
#include <string.h>

/* A snapshot is an image and a read transaction of SQLite that see the same commit: both are
 * taken under the store's lock, under which a commit also ends. A store that only reads has one
 * transaction, begun when it was opened, for all its snapshots. */

struct snapshot {
    struct store *store;
    struct snapshot *next, **before; /* of those that are not closed */
    struct image *image;
    struct reader *reader; /* NULL: the store's own connection is used */
    struct sql *sql;
    pthread_mutex_t *lock; /* guards .sql */
    struct chunk_source source;
    struct loaded {
        struct chunk *chunk; /* NULL: not loaded yet */
        uint32_t users;
    } * loaded;
};

/* --- connections --- */

void reader_free(struct reader *r)
{
    if (!r)
        return;
    sql_close(&r->sql);
    pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

static struct reader *take_idle(struct store *s)
{
    struct reader *r;

    pthread_mutex_lock(&s->lock);
    r = s->idle;
    if (r)
        s->idle = r->next;
    pthread_mutex_unlock(&s->lock);
    return r;
}

static bool reader_get(struct store *s, struct reader **out, struct err *err)
{
    struct reader *r = take_idle(s);

    *out = r;
    if (r)
        return true;
    r = mem_alloc(sizeof *r);
    if (!r)
        return err_nomem(err);
    pthread_mutex_init(&r->lock, NULL);
    if (!open_reader(s, &r->sql, err)) {
        reader_free(r);
        return false;
    }
    *out = r;
    return true;
}

/* Without this, SQLite would choose the moment only with the first read. */
static bool begin_read(struct sql *sql, struct err *err)
{
    sqlite3_stmt *begin, *first;
    bool there;

    if (!sql_get(sql, SQL_BEGIN_READ, &begin, err)
        || !sql_get(sql, SQL_FIRST_READ, &first, err)
        || !sql_run(sql, begin, SQLITE_OK, err) || !sql_next(sql, first, &there, err))
        return false;
    sqlite3_reset(first);
    return true;
}

static bool end_read(struct sql *sql)
{
    sqlite3_stmt *rollback;
    struct err unheard;

    return sql_get(sql, SQL_ROLLBACK, &rollback, &unheard)
           && sql_run(sql, rollback, SQLITE_OK, &unheard);
}

/* SQLite's log can begin anew when nobody reads out of it; so each of them turns to another
 * transaction, begun when all of the log was in the file. Who cannot, stays. */
void snapshots_renew(struct store *s)
{
    struct err unheard;

    pthread_mutex_lock(&s->lock);
    for (struct snapshot *v = s->snapshots; v; v = v->next) {
        struct sql sql = {0}, old;

        if (v->image != s->image || !v->reader)
            continue;
        if (!open_reader(s, &sql, &unheard) || !begin_read(&sql, &unheard)) {
            sql_close(&sql);
            continue;
        }
        pthread_mutex_lock(v->lock);
        old = *v->sql;
        *v->sql = sql;
        pthread_mutex_unlock(v->lock);
        sql_close(&old);
    }
    pthread_mutex_unlock(&s->lock);
}

/* --- beginning and ending --- */

static bool snapshot_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                          bool *there, struct err *err)
{
    struct snapshot *v = context;

    return part_read(v->sql, v->lock, column, chunk, to, there, err);
}

static bool begin(struct store *s, struct snapshot *v, struct err *err)
{
    bool ok = true;

    if (s->mode == STORE_WRITE) {
        if (!reader_get(s, &v->reader, err))
            return false;
        v->sql = &v->reader->sql;
        v->lock = &v->reader->lock;
    } else {
        v->sql = &s->sql;
        v->lock = &s->sql_lock;
    }
    pthread_mutex_lock(&s->lock);
    if (v->reader)
        ok = begin_read(v->sql, err);
    if (ok) {
        v->image = s->image;
        v->image->users++;
        v->next = s->snapshots;
        v->before = &s->snapshots;
        if (v->next)
            v->next->before = &v->next;
        s->snapshots = v;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool store_snapshot(struct store *s, struct snapshot **out, struct err *err)
{
    struct snapshot *v = mem_alloc(sizeof *v);

    if (!v)
        return err_nomem(err);
    v->store = s;
    v->source = (struct chunk_source){snapshot_part, v};
    if (begin(s, v, err)) {
        v->loaded = mem_alloc(v->image->chunk_n * sizeof *v->loaded);
        if (v->loaded) {
            *out = v;
            return true;
        }
        err_nomem(err);
    }
    snapshot_close(v);
    return false;
}

/* The store forgets it: from here on nobody renews its transaction. */
static void leave(struct snapshot *v)
{
    struct store *s = v->store;

    pthread_mutex_lock(&s->lock);
    if (v->before) {
        *v->before = v->next;
        if (v->next)
            v->next->before = v->before;
        v->before = NULL;
    }
    pthread_mutex_unlock(&s->lock);
}

static void drop_image(struct snapshot *v)
{
    bool is_last;

    pthread_mutex_lock(&v->store->lock);
    is_last = !--v->image->users;
    pthread_mutex_unlock(&v->store->lock);
    if (is_last)
        image_free(v->image);
}

static void reader_give(struct store *s, struct reader *r)
{
    if (!end_read(&r->sql)) {
        reader_free(r);
        return;
    }
    pthread_mutex_lock(&s->lock);
    r->next = s->idle;
    s->idle = r;
    pthread_mutex_unlock(&s->lock);
}

void snapshot_end(struct snapshot *v)
{
    leave(v);
    if (v->reader)
        reader_give(v->store, v->reader);
    v->reader = NULL;
}

void snapshot_close(struct snapshot *v)
{
    if (!v)
        return;
    for (uint32_t i = 0; v->loaded && i < v->image->chunk_n; i++)
        chunk_free(v->loaded[i].chunk);
    mem_free(v->loaded);
    snapshot_end(v);
    if (v->image)
        drop_image(v);
    mem_free(v);
}

bool snapshot_is_latest(const struct snapshot *v)
{
    bool is;

    pthread_mutex_lock(&v->store->lock);
    is = v->image == v->store->image;
    pthread_mutex_unlock(&v->store->lock);
    return is;
}

bool snapshots_are_latest(struct store *s)
{
    bool are = true;

    pthread_mutex_lock(&s->lock);
    for (const struct snapshot *v = s->snapshots; v; v = v->next)
        are &= v->image == s->image;
    pthread_mutex_unlock(&s->lock);
    return are;
}

struct sql *snapshot_sql(struct snapshot *v, pthread_mutex_t **lock)
{
    *lock = v->lock;
    return v->sql;
}

struct fold_from snapshot_fold_from(struct snapshot *v)
{
    return (struct fold_from){&v->image->catalog, &v->source, v->image, v->image->seq};
}

size_t snapshot_memory(const struct snapshot *v)
{
    return v->store->memory_bytes;
}

uint64_t snapshot_waiting(const struct snapshot *v)
{
    uint64_t waiting = 0;

    for (uint32_t i = 0; i < v->image->chunk_n; i++) {
        const struct news *news = image_get(v->image, i)->news;

        waiting += news ? news->all_n : 0;
    }
    return waiting;
}

/* --- reading --- */

const struct catalog *snapshot_catalog(const struct snapshot *v)
{
    return &v->image->catalog;
}

uint32_t snapshot_chunk_count(const struct snapshot *v)
{
    return v->image->chunk_n;
}

uint32_t snapshot_chunk_events(const struct snapshot *v, uint32_t chunk)
{
    const struct chunk_state *state = image_get(v->image, chunk);

    return state_events(state);
}

uint64_t snapshot_chunk_version(const struct snapshot *v, uint32_t chunk)
{
    return image_get(v->image, chunk)->version;
}

const struct chunk_state *snapshot_state(const struct snapshot *v, uint32_t chunk)
{
    return image_get(v->image, chunk);
}

struct chunk_want snapshot_want(struct snapshot *v, uint32_t first, uint32_t end)
{
    uint32_t chunk = first / CHUNK_CUSTOMERS;
    const struct chunk_state *state = image_get(v->image, chunk);

    return (struct chunk_want){.chunk = chunk,
                               .customer_first = first,
                               .customer_n = end - first,
                               .source = &v->source,
                               .parts_customers = state->parts.customers,
                               .parts_version = state->parts_version,
                               .version = state->version,
                               .cache = v->store->cache};
}

bool snapshot_open(struct snapshot *v, struct chunk_want want, const struct news *newest,
                   struct chunk **out, struct err *err)
{
    uint32_t first = want.customer_first % CHUNK_CUSTOMERS, gone_n = 0;
    struct gone_set gone = {.n = 0};

    want.news = (struct news_range){newest, NULL, first, first + want.customer_n};
    news_gone(newest, NULL, &gone);
    for (uint32_t i = 0; gone.n && i < want.customer_n; i++)
        gone_n += gone.is[first + i];
    if (gone_n == want.customer_n)
        want.parts_customers = 0;
    else if (gone_n)
        want.gone = gone.is;
    return chunk_open(&v->image->catalog, &want, out, err);
}

/* What the file holds of customers [first, end). */
static bool open_range(struct snapshot *v, uint32_t first, uint32_t end, bool is_some,
                       struct chunk **out, struct err *err)
{
    struct chunk_want want = snapshot_want(v, first, end);

    want.is_some = is_some;
    return snapshot_open(v, want, image_get(v->image, want.chunk)->news, out, err);
}

uint32_t snapshot_chunk_end(const struct snapshot *v, uint32_t chunk)
{
    uint32_t all = catalog_customer_n(&v->image->catalog);
    uint32_t end = (chunk + 1) * CHUNK_CUSTOMERS;

    return end < all ? end : all;
}

static bool count_parts(struct snapshot *v, uint32_t chunk, uint32_t *event,
                        struct err *err)
{
    uint32_t first = chunk * CHUNK_CUSTOMERS;
    const struct chunk_state *state = image_get(v->image, chunk);
    struct chunk_want want = snapshot_want(v, first, first + state->parts.customers);
    struct chunk *parts;

    if (!want.customer_n)
        return true;
    want.version = state->parts_version;
    if (!chunk_open(&v->image->catalog, &want, &parts, err))
        return false;
    for (uint32_t i = 0; i < parts->customer_n; i++)
        event[i] = parts->first[i + 1] - parts->first[i];
    chunk_free(parts);
    return true;
}

bool snapshot_counts(struct snapshot *v, uint32_t chunk, struct chunk_counts *out,
                     struct err *err)
{
    uint32_t first = chunk * CHUNK_CUSTOMERS, news_n[CHUNK_CUSTOMERS] = {0};
    const struct news *news = image_get(v->image, chunk)->news;
    struct gone_set gone = {.n = 0};

    *out = (struct chunk_counts){.customer_n = snapshot_chunk_end(v, chunk) - first,
                                 .has_news = news != NULL};
    if (!count_parts(v, chunk, out->event, err))
        return false;
    if (!news)
        return true;
    news_count(news, &gone, news_n);
    for (uint32_t i = 0; i < out->customer_n; i++)
        out->event[i] = (gone.is[i] ? 0 : out->event[i]) + news_n[i];
    return true;
}

int64_t snapshot_seq(const struct snapshot *v)
{
    return v->image->seq;
}

int64_t snapshot_told_seq(const struct snapshot *v, uint32_t chunk)
{
    const struct chunk_state *state = image_get(v->image, chunk);

    return state->news && state->news->has_gone ? state->news->told_seq
                                                : state->parts.told_seq;
}

void snapshot_told(const struct snapshot *v, uint32_t chunk, int64_t since_seq,
                   bool is[CHUNK_CUSTOMERS], bool *all)
{
    const struct chunk_state *state = image_get(v->image, chunk);

    memset(is, 0, CHUNK_CUSTOMERS * sizeof *is);
    *all = state->parts.told_seq > since_seq;
    news_told(state->news, since_seq, is);
}

/* --- timelines --- */

bool snapshot_has_accounts(const struct snapshot *v, uint32_t chunk)
{
    const struct catalog *c = &v->image->catalog;
    uint32_t end = c->account_n ? snapshot_chunk_end(v, chunk) : 0;

    for (uint32_t i = chunk * CHUNK_CUSTOMERS; i < end; i++)
        if (catalog_is_account(c, i))
            return true;
    return false;
}

bool snapshot_range(struct snapshot *v, uint32_t first, uint32_t end, struct chunk **out,
                    struct err *err)
{
    return open_range(v, first, end, true, out, err);
}

bool snapshot_own_chunk(struct snapshot *v, uint32_t chunk, struct chunk **out,
                        struct err *err)
{
    return open_range(v, chunk * CHUNK_CUSTOMERS, snapshot_chunk_end(v, chunk), false,
                      out, err);
}

bool snapshot_own(struct snapshot *v, uint32_t customer, struct chunk **out,
                  struct err *err)
{
    return open_range(v, customer, customer + 1, true, out, err);
}

/* A version that no chunk has by itself: members' events come to other chunks. */
static uint64_t joined_version(const struct snapshot *v)
{
    return UINT64_C(1) << 63 | (uint64_t)v->image->seq;
}

bool snapshot_customer(struct snapshot *v, uint32_t customer, struct chunk **out,
                       struct err *err)
{
    if (!snapshot_own(v, customer, out, err))
        return false;
    return !catalog_is_account(&v->image->catalog, customer)
           || members_join(v, NULL, joined_version(v), *out, out, err);
}

bool snapshot_whole(struct snapshot *v, uint32_t chunk, struct chunk **out,
                    struct err *err)
{
    struct chunk *own;

    if (!snapshot_own_chunk(v, chunk, &own, err))
        return false;
    if (snapshot_has_accounts(v, chunk))
        return members_join(v, v->store->cache, joined_version(v), own, out, err);
    *out = own;
    return true;
}

bool snapshot_chunk(struct snapshot *v, uint32_t chunk, const struct chunk **out,
                    struct err *err)
{
    struct loaded *loaded = &v->loaded[chunk];

    assert(chunk < v->image->chunk_n);
    if (!loaded->chunk && !snapshot_whole(v, chunk, &loaded->chunk, err))
        return false;
    loaded->users++;
    *out = loaded->chunk;
    return true;
}

void snapshot_release(struct snapshot *v, uint32_t chunk)
{
    struct loaded *loaded = &v->loaded[chunk];

    assert(loaded->users);
    if (--loaded->users)
        return;
    chunk_free(loaded->chunk);
    loaded->chunk = NULL;
}

static void add_span(struct store_facts *facts, int64_t first_ms, int64_t last_ms)
{
    if (facts->first_ms == MOMENT_NEVER || first_ms < facts->first_ms)
        facts->first_ms = first_ms;
    if (facts->last_ms == MOMENT_NEVER || last_ms > facts->last_ms)
        facts->last_ms = last_ms;
}

static void add_chunk(struct store_facts *facts, const struct chunk_state *state)
{
    if (state->parts.events)
        add_span(facts, state->parts.first_ms, state->parts.last_ms);
    if (state->news && state->news->first_ms != MOMENT_NEVER)
        add_span(facts, state->news->first_ms, state->news->last_ms);
}

void snapshot_span(const struct snapshot *v, uint32_t chunk, int64_t *first_ms,
                   int64_t *last_ms)
{
    struct store_facts facts = {.first_ms = MOMENT_NEVER, .last_ms = MOMENT_NEVER};

    if (snapshot_has_accounts(v, chunk)) /* their members stand anywhere */
        facts = snapshot_facts(v);
    else
        add_chunk(&facts, image_get(v->image, chunk));
    *first_ms = facts.first_ms;
    *last_ms = facts.last_ms;
}

struct store_facts snapshot_facts(const struct snapshot *v)
{
    const struct image *image = v->image;
    struct store_facts facts = {.events = image->events,
                                .refused = image->refused,
                                .customers = image->customers,
                                .first_ms = MOMENT_NEVER,
                                .last_ms = MOMENT_NEVER};

    for (uint32_t i = 0; i < image->chunk_n; i++)
        add_chunk(&facts, image_get(image, i));
    return facts;
}

/* --- what the file holds besides timelines: the refused, the log --- */

bool snapshot_each_refused(struct snapshot *v,
                           bool (*each)(void *context, const struct refusal *r),
                           void *context, struct err *err)
{
    struct refused_place at = {};

    return refused_each(v->sql, v->lock, &at, each, context, err);
}

bool snapshot_refused_from(struct snapshot *v, struct refused_place *at,
                           bool (*each)(void *context, const struct refusal *r),
                           void *context, struct err *err)
{
    return refused_each(v->sql, v->lock, at, each, context, err);
}

bool snapshot_each_logged(struct snapshot *v,
                          bool (*each)(void *context, int64_t received_ms,
                                       const struct event *e),
                          void *context, struct err *err)
{
    return log_each(v->sql, v->lock, each, context, err);
}
