#include "store/chunk_impl.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

struct whole {
    struct chunk chunk;
    struct chunk_private own;
};

struct chunk *chunk_new(const struct catalog *catalog, const struct chunk_want *want)
{
    static _Atomic uint64_t serial;
    struct whole *w = mem_alloc(sizeof *w);

    if (!w)
        return NULL;
    w->own.catalog = catalog;
    w->own.want = *want;
    w->own.one_column = COLUMN_NONE;
    w->chunk.serial = ++serial;
    w->chunk.customer_first = want->customer_first;
    w->chunk.own = &w->own;
    return &w->chunk;
}

/* --- what is held --- */

/* The place of the column in .held, or where it belongs. */
static uint32_t held_find(const struct chunk_private *own, int32_t column, bool *found)
{
    uint32_t low = 0, high = own->held_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (own->held[middle].column < column)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < own->held_n && own->held[low].column == column;
    return low;
}

void chunk_let_go(const struct chunk_private *own, struct block *block)
{
    if (own->cache && block)
        cache_unpin(own->cache, block);
    else
        block_free(block);
}

static bool hold(const struct chunk *c, int32_t column, const void *what,
                 struct block *block, struct err *err)
{
    struct chunk_private *own = c->own;
    bool found;
    uint32_t at = held_find(own, column, &found);

    if (own->held_n == own->held_cap) {
        uint32_t cap = own->held_cap ? own->held_cap * 2 : 8;
        struct held *grown = mem_resize(own->held, cap * sizeof *grown);

        if (!grown) {
            chunk_let_go(own, block);
            return err_nomem(err);
        }
        own->held = grown;
        own->held_cap = cap;
    }
    memmove(own->held + at + 1, own->held + at, (own->held_n - at) * sizeof *own->held);
    own->held[at] = (struct held){column, what, block};
    own->held_n++;
    return true;
}

void chunk_forget(const struct chunk *c, int32_t column)
{
    struct chunk_private *own = c->own;
    bool found;
    uint32_t at = held_find(own, column, &found);

    if (own->kind == CHUNK_THIN && !own->is_base_lent) /* it borrows from there */
        chunk_forget(own->base, column);
    if (!found || !own->held[at].block)
        return;
    chunk_let_go(own, own->held[at].block);
    own->held_n--;
    memmove(own->held + at, own->held + at + 1, (own->held_n - at) * sizeof *own->held);
}

void chunk_free(struct chunk *c)
{
    struct chunk_private *own;

    if (!c)
        return;
    own = c->own;
    for (uint32_t i = 0; i < own->held_n; i++)
        chunk_let_go(own, own->held[i].block);
    for (const struct derived *d = own->derived; d; d = d->next)
        chunk_let_go(own, d->block);
    if (!own->is_base_lent)
        chunk_free(own->base);
    chunk_let_go(own, own->joined);
    arena_free(&own->arena);
    mem_free(own->gathered);
    mem_free(own->one);
    mem_free(own->held);
    mem_free(c); /* the first member of its whole */
}

static struct cache_key key_of(const struct chunk *c, int32_t column)
{
    return (struct cache_key){c->own->want.chunk, column, c->own->want.version, 0};
}

bool chunk_find(const struct chunk *c, int32_t column, const void **out, struct err *err)
{
    const struct chunk_private *own = c->own;
    struct block *block;
    bool found;
    uint32_t at = held_find(own, column, &found);

    *out = found ? own->held[at].what : NULL;
    if (found || !own->cache)
        return true;
    block = cache_get(own->cache, key_of(c, column));
    if (!block)
        return true;
    *out = block->what;
    return hold(c, column, block->what, block, err);
}

bool chunk_make(const struct chunk *c, int32_t column, bool small, column_maker *make,
                const void **out, struct err *err)
{
    struct chunk_private *own = c->own;
    struct block *block;

    if (small)
        return make(c, column, &own->arena, out, err) && hold(c, column, *out, NULL, err);
    block = block_new(key_of(c, column));
    if (!block)
        return err_nomem(err);
    block->base = own->want.parts_version;
    if (!make(c, column, &block->arena, &block->what, err)) {
        block_free(block);
        return false;
    }
    if (own->cache)
        block = cache_put(own->cache, block);
    *out = block->what;
    return hold(c, column, *out, block, err);
}

bool chunk_get(const struct chunk *c, int32_t column, column_maker *make,
               const void **out, struct err *err)
{
    return chunk_find(c, column, out, err)
           && (*out || chunk_make(c, column, false, make, out, err));
}

/* --- parts --- */

static bool part_in(const struct chunk *c, int32_t column, struct err *err)
{
    return err_in(err, "table part, column %d, chunk %u", column, c->own->want.chunk);
}

/* The bytes of a part that must be there. */
static bool read_part(const struct chunk *c, int32_t column, struct buf *to,
                      struct err *err)
{
    const struct chunk_source *source = c->own->want.source;
    bool there;

    if (!source->part(source->context, column, c->own->want.chunk, to, &there, err))
        return false;
    return there || (err_set(err, ERR_CORRUPT, "it is missing"), part_in(c, column, err));
}

/* Every customer of the file stands in his chunk. */
static bool has_its_customers(const struct chunk *c, const struct times *t,
                              struct err *err)
{
    uint32_t wanted = c->own->want.parts_customers;

    return t->customer_n == wanted
           || err_set(err, ERR_CORRUPT, "it has %u customers instead of %u",
                      t->customer_n, wanted);
}

static bool decode_part(const struct chunk *c, int32_t column, str bytes, struct arena *a,
                        const void **out, struct err *err)
{
    const struct catalog *catalog = c->own->catalog;
    struct directory *directory;
    struct times *times;
    struct cells *cells;

    switch (column) {
    case PART_TIME:
        *out = times = arena_new(a, struct times);
        return times ? part_decode_time(bytes, a, times, err)
                           && has_its_customers(c, times, err)
                     : err_nomem(err);
    case PART_TYPE:
        return part_decode_type(bytes, catalog, c->event_n, a, (const uint16_t **)out,
                                err);
    case PART_ID:
        return part_decode_id(bytes, c, a, (const str **)out, err);
    case PART_ANCHOR:
        *out = cells = arena_new(a, struct cells);
        return cells ? part_decode_anchor(bytes, c, catalog_customer_n(catalog), a, cells,
                                          err)
                     : err_nomem(err);
    case PART_RARE:
        *out = directory = arena_new(a, struct directory);
        return directory ? part_decode_rare(bytes, catalog, a, directory, err)
                         : err_nomem(err);
    default:
        *out = cells = arena_new(a, struct cells);
        return cells ? part_decode_cells(bytes, catalog->column[column].type, c->event_n,
                                         a, cells, err)
                     : err_nomem(err);
    }
}

static bool load_part(const struct chunk *c, int32_t column, struct arena *a,
                      const void **out, struct err *err)
{
    struct buf bytes = {0};
    bool ok = read_part(c, column, &bytes, err)
              && (decode_part(c, column, buf_str(&bytes), a, out, err)
                  || part_in(c, column, err));

    buf_free(&bytes);
    return ok;
}

/* There mostly is none: all events stand with who brought them. */
static bool load_anchors(const struct chunk *c, int32_t column, struct arena *a,
                         const void **out, struct err *err)
{
    const struct chunk_source *source = c->own->want.source;
    struct buf bytes = {0};
    bool there, ok = source->part(source->context, column, c->own->want.chunk, &bytes,
                                  &there, err);

    *out = no_cells(VALUE_NUMBER);
    if (ok && there)
        ok = decode_part(c, column, buf_str(&bytes), a, out, err)
             || part_in(c, column, err);
    buf_free(&bytes);
    return ok;
}

/* How many values a column has decides in which part they stand. */
static bool is_rare(const struct cells *cells, bool rare, struct err *err)
{
    return (cells->n && rare == (cells->n < RARE_CELLS))
           || err_set(err, ERR_CORRUPT, "its %u values stand in the wrong part",
                      cells->n);
}

static bool load_own(const struct chunk *c, int32_t column, struct arena *a,
                     const void **out, struct err *err)
{
    return load_part(c, column, a, out, err)
           && (is_rare(*out, false, err) || part_in(c, column, err));
}

/* The first of the directory's columns from this one on. */
static uint32_t directory_from(const struct directory *d, uint32_t column)
{
    uint32_t low = 0, high = d->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (d->column[middle] < column)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool get_directory(const struct chunk *c, const struct directory **out,
                          struct err *err)
{
    return chunk_get(c, PART_RARE, load_part, (const void **)out, err);
}

/* Out of the part of all rare columns. */
static bool load_rare(const struct chunk *c, int32_t column, struct arena *a,
                      const void **out, struct err *err)
{
    const struct directory *d;

    if (!get_directory(c, &d, err))
        return false;
    return (decode_part(c, column, d->bytes[directory_from(d, (uint32_t)column)], a, out,
                        err)
            && is_rare(*out, true, err))
           || (err_in(err, "column %d", column), part_in(c, PART_RARE, err));
}

static bool part_cells(const struct chunk *c, uint32_t column, const struct cells **out,
                       struct err *err)
{
    const void **what = (const void **)out;
    const struct directory *d;
    uint32_t at;
    bool rare;

    if (!get_directory(c, &d, err))
        return false;
    at = directory_from(d, column);
    if (at == d->n || d->column[at] != column) {
        *out = no_cells(c->own->catalog->column[column].type);
        return true;
    }
    rare = d->bytes[at].n > 0;
    if (!chunk_find(c, (int32_t)column, what, err))
        return false;
    return *out
           || chunk_make(c, (int32_t)column, rare, rare ? load_rare : load_own, what,
                         err);
}

/* --- columns --- */

const struct cells *no_cells(enum value_type type)
{
    static const uint32_t none[1];
    static const struct cells empty[] = {
        [VALUE_NULL] = {.type = VALUE_NULL},
        [VALUE_BOOL] = {.type = VALUE_BOOL},
        [VALUE_NUMBER] = {.type = VALUE_NUMBER},
        [VALUE_TEXT] = {.type = VALUE_TEXT},
        [VALUE_LIST] = {.type = VALUE_LIST, .list_first = none},
    };

    return &empty[type];
}

enum value_type part_type(const struct catalog *catalog, int32_t column)
{
    return column == PART_ANCHOR ? VALUE_NUMBER : catalog->column[column].type;
}

uint32_t cells_from(const struct cells *cells, uint32_t event)
{
    uint32_t low = 0, high = cells->n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (cells->event[middle] < event)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t cells_after(const struct cells *cells, uint32_t from, uint32_t event)
{
    uint32_t to = from, step = 1;

    while (to < cells->n && cells->event[to] < event) {
        from = to + 1;
        to = cells->n - to > step ? to + step : cells->n;
        step *= 2;
    }
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (cells->event[middle] < event)
            from = middle + 1;
        else
            to = middle;
    }
    return to;
}

bool chunk_cells(const struct chunk *c, uint32_t column, const struct cells **out,
                 struct err *err)
{
    const struct chunk_private *own = c->own;
    bool found;
    uint32_t at = held_find(own, (int32_t)column, &found);

    assert(column < own->catalog->column_n);
    if (found) {
        *out = own->held[at].what;
        return true;
    }
    switch (own->kind) {
    case CHUNK_PARTS:
        return part_cells(c, column, out, err);
    case CHUNK_THIN:
        return thin_cells(c, (int32_t)column, out, err);
    case CHUNK_OVERLAY:
        return merge_cells(c, (int32_t)column, out, err);
    case CHUNK_WHOLE:
        *out = no_cells(own->catalog->column[column].type);
        return true;
    }
    return true;
}

bool chunk_anchors(const struct chunk *c, const struct cells **out, struct err *err)
{
    switch (c->own->kind) {
    case CHUNK_PARTS:
        return chunk_get(c, PART_ANCHOR, load_anchors, (const void **)out, err);
    case CHUNK_THIN:
        return thin_cells(c, PART_ANCHOR, out, err);
    case CHUNK_OVERLAY:
        return merge_cells(c, PART_ANCHOR, out, err);
    case CHUNK_WHOLE: /* it is held since it was made */
        return chunk_find(c, PART_ANCHOR, (const void **)out, err);
    }
    return true;
}

/* Of who is no account's member, no event is anybody else's. */
static bool make_members(const void *context, const struct chunk *c, struct arena *a,
                         const void **out, struct err *err)
{
    const struct catalog *catalog = context;
    const struct cells *anchors;
    struct cells *cells = arena_new(a, struct cells);
    uint32_t *event, customer = 0;
    int64_t *number;

    if (!chunk_anchors(c, &anchors, err))
        return false;
    event = arena_array(a, uint32_t, anchors->n);
    number = arena_array(a, int64_t, anchors->n);
    if (!cells || !event || !number)
        return err_nomem(err);
    *cells = (struct cells){.type = VALUE_NUMBER, .event = event, .number = number};
    for (uint32_t i = 0; i < anchors->n; i++) {
        while (c->first[customer + 1] <= anchors->event[i])
            customer++;
        if (!catalog_is_account(catalog, c->customer_first + customer)
            || catalog_is_account(catalog, (uint32_t)anchors->number[i]))
            continue;
        event[cells->n] = anchors->event[i];
        number[cells->n++] = anchors->number[i];
    }
    *out = cells;
    return true;
}

bool chunk_members(const struct chunk *c, const struct cells **out, struct err *err)
{
    const struct derivation members = {
        .by = 1, .make = make_members, .context = c->own->catalog};

    if (c->own->joins)
        return chunk_derive(c, &members, (const void **)out, err);
    *out = no_cells(VALUE_NUMBER);
    return true;
}

bool chunk_next_column(const struct chunk *c, uint32_t from, uint32_t *out,
                       struct err *err)
{
    const struct chunk_private *own = c->own;
    const struct directory *d;
    uint32_t at;
    bool found;

    switch (own->kind) {
    case CHUNK_PARTS:
        if (!get_directory(c, &d, err))
            return false;
        at = directory_from(d, from);
        *out = at < d->n ? d->column[at] : COLUMN_NONE;
        return true;
    case CHUNK_THIN:
        return chunk_next_column(own->base, from, out, err);
    case CHUNK_OVERLAY:
        return merge_next_column(c, from, out, err);
    case CHUNK_WHOLE:
        at = held_find(own, (int32_t)from, &found);
        *out = at < own->held_n ? (uint32_t)own->held[at].column : COLUMN_NONE;
        return true;
    }
    return true;
}

bool chunk_message_ids(const struct chunk *c, const str **out, struct err *err)
{
    column_maker *make = c->own->kind == CHUNK_OVERLAY ? merge_ids
                         : c->own->kind == CHUNK_THIN  ? thin_ids
                                                       : load_part;

    return chunk_get(c, PART_ID, make, (const void **)out, err);
}

/* --- opening --- */

static bool open_hot(struct chunk *c, struct err *err)
{
    struct chunk_private *own = c->own;
    bool merges = own->kind == CHUNK_OVERLAY;
    const struct times *times;

    if (!chunk_get(c, merges ? OVERLAY_TIME : PART_TIME, merges ? merge_times : load_part,
                   (const void **)&times, err))
        return false;
    own->times = times;
    c->customer_n = own->want.customer_n;
    c->event_n = times->event_n;
    c->first = times->first;
    c->at_ms = times->at_ms;
    return chunk_get(c, PART_TYPE, merges ? merge_types : load_part,
                     (const void **)&c->type, err);
}

/* What the caller lent. */
static bool keep_facts(struct chunk *c, struct err *err)
{
    struct chunk_want *want = &c->own->want;
    struct fact *fact;
    bool *gone;

    if (want->gone) {
        gone = arena_array(&c->own->arena, bool, CHUNK_CUSTOMERS);
        if (!gone)
            return err_nomem(err);
        memcpy(gone, want->gone, CHUNK_CUSTOMERS * sizeof *gone);
        want->gone = gone;
    }
    if (!want->fact_n)
        return true;
    fact = arena_array(&c->own->arena, struct fact, want->fact_n);
    if (!fact)
        return err_nomem(err);
    memcpy(fact, want->fact, want->fact_n * sizeof *fact);
    want->fact = fact;
    return true;
}

bool chunk_open(const struct catalog *catalog, const struct chunk_want *want,
                struct chunk **out, struct err *err)
{
    struct chunk *c = chunk_new(catalog, want);
    bool is_all = !want->is_some && want->customer_first == want->chunk * CHUNK_CUSTOMERS
                  && want->customer_n >= want->parts_customers;
    bool has_more =
        want->fact_n || want->news.newest || want->gone || !want->parts_customers;

    if (!c)
        return err_nomem(err);
    if (!keep_facts(c, err)) {
        chunk_free(c);
        return false;
    }
    c->own->kind = is_all && !has_more ? CHUNK_PARTS : CHUNK_OVERLAY;
    c->own->cache = is_all ? want->cache : NULL;
    if (!open_hot(c, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

/* Makes an overlay whole. */
static bool settle(struct chunk *c, struct err *err)
{
    struct chunk_private *own = c->own;
    const struct cells *cells;
    const str *id;
    uint32_t column = 0;

    if (!chunk_message_ids(c, &id, err) || !chunk_anchors(c, &cells, err))
        return false;
    for (;; column++) {
        if (!chunk_next_column(c, column, &column, err))
            return false;
        if (column == COLUMN_NONE)
            break;
        if (!chunk_cells(c, column, &cells, err))
            return false;
    }
    own->kind = CHUNK_WHOLE;
    own->base = NULL;
    return true;
}

bool chunk_merge(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct fact *fact, size_t n,
                 struct chunk **out, struct err *err)
{
    struct chunk_want want = {.chunk = customer_first / CHUNK_CUSTOMERS,
                              .customer_first = customer_first,
                              .customer_n = old ? old->customer_n : 0,
                              .fact = fact,
                              .fact_n = (uint32_t)n};
    struct chunk *c;

    if (n && fact[n - 1].customer - customer_first >= want.customer_n)
        want.customer_n = fact[n - 1].customer - customer_first + 1;
    assert(want.customer_n <= CHUNK_CUSTOMERS
           && (!n || fact[0].customer >= customer_first));
    if (n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "one chunk would get more than %u events",
                       UINT32_MAX);
    c = chunk_new(catalog, &want);
    if (!c)
        return err_nomem(err);
    c->own->kind = CHUNK_OVERLAY;
    c->own->base = (struct chunk *)old;
    c->own->joins = old && old->own->joins;
    c->own->is_base_lent = true;
    if (!open_hot(c, err) || !settle(c, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

bool chunk_join(struct chunk *base, struct block *joined, struct cache *cache,
                struct chunk **out, struct err *err)
{
    const struct joined *with = joined->what;
    struct chunk_want want = {.chunk = base->own->want.chunk,
                              .customer_first = base->customer_first,
                              .customer_n = base->customer_n,
                              .is_some = base->own->want.is_some,
                              .version = joined->key.version,
                              .fact = with->fact,
                              .fact_n = with->n};
    struct chunk *c = chunk_new(base->own->catalog, &want);

    if (!c) {
        chunk_free(base);
        if (cache)
            cache_unpin(cache, joined);
        else
            block_free(joined);
        return err_nomem(err);
    }
    c->own->kind = CHUNK_OVERLAY;
    c->own->base = base;
    c->own->joins = true;
    c->own->joined = joined;
    c->own->cache = cache;
    if (!open_hot(c, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

bool chunk_lay(struct chunk *base, const struct chunk_want *want, struct chunk **out,
               struct err *err)
{
    struct chunk *c = chunk_new(base->own->catalog, want);

    if (!c) {
        chunk_free(base);
        return err_nomem(err);
    }
    c->own->kind = CHUNK_OVERLAY;
    c->own->base = base;
    if (!open_hot(c, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

bool chunk_build(const struct catalog *catalog, const struct chunk *old,
                 uint32_t customer_first, const struct event *event, size_t n,
                 struct chunk **out, struct err *err)
{
    struct arena a = {0};
    struct fact *fact = arena_array(&a, struct fact, n);
    bool ok = fact || err_nomem(err);

    for (size_t i = 0; ok && i < n; i++)
        ok = fact_of(catalog, &event[i], &a, &fact[i], err);
    if (ok) {
        facts_sort(fact, n);
        ok = chunk_merge(catalog, old, customer_first, fact, n, out, err);
    }
    arena_free(&a);
    return ok;
}

/* --- storing --- */

/* Where the parts of a chunk go. */
struct putting {
    bool (*put)(void *context, int32_t column, str bytes, struct err *err);
    void *context;
    struct buf bytes; /* of the part that is being made */
    struct rare rare;
};

static bool put_part(struct putting *to, int32_t column, struct err *err)
{
    bool ok = to->bytes.failed ? err_nomem(err)
                               : to->put(to->context, column, buf_str(&to->bytes), err);

    buf_clear(&to->bytes);
    return ok;
}

static bool put_hot(struct putting *to, const struct chunk *c, struct err *err)
{
    const struct cells *anchors;
    const str *id;

    part_encode_time(c, &to->bytes);
    if (!put_part(to, PART_TIME, err))
        return false;
    part_encode_type(c, &to->bytes);
    if (!put_part(to, PART_TYPE, err) || !chunk_message_ids(c, &id, err))
        return false;
    part_encode_id(id, c->event_n, &to->bytes);
    if (!put_part(to, PART_ID, err) || !chunk_anchors(c, &anchors, err))
        return false;
    if (!anchors->n)
        return true;
    part_encode_cells(anchors, &to->bytes);
    return put_part(to, PART_ANCHOR, err);
}

static bool put_column(struct putting *to, const struct chunk *c, uint32_t column,
                       struct err *err)
{
    const struct cells *cells;

    if (!chunk_cells(c, column, &cells, err))
        return false;
    if (!cells->n) /* all that had one went to other chunks */
        return true;
    part_encode_cells(cells, &to->bytes);
    if (cells->n < RARE_CELLS) {
        rare_add(&to->rare, column, buf_str(&to->bytes));
        to->rare.bytes.failed |= to->bytes.failed;
        buf_clear(&to->bytes);
        return true;
    }
    rare_add(&to->rare, column, (str){NULL, 0});
    return put_part(to, (int32_t)column, err);
}

/* What was made or read only for its part. */
static void forget_made(const struct chunk *c, int32_t column)
{
    if (c->own->kind != CHUNK_WHOLE)
        chunk_forget(c, column);
}

bool chunk_each_part(const struct chunk *c,
                     bool (*put)(void *context, int32_t column, str bytes,
                                 struct err *err),
                     void *context, struct err *err)
{
    struct putting to = {.put = put, .context = context};
    uint32_t column = 0;
    bool ok = put_hot(&to, c, err);

    forget_made(c, PART_ID);
    forget_made(c, PART_ANCHOR);
    for (; ok; column++) {
        ok = chunk_next_column(c, column, &column, err);
        if (!ok || column == COLUMN_NONE)
            break;
        ok = put_column(&to, c, column, err);
        forget_made(c, (int32_t)column);
    }
    if (ok) {
        part_encode_rare(&to.rare, &to.bytes);
        ok = put_part(&to, PART_RARE, err);
    }
    rare_free(&to.rare);
    buf_free(&to.bytes);
    return ok;
}
