#include "store/chunk_impl.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>

struct whole {
    struct chunk chunk;
    struct chunk_private own;
};

struct chunk *chunk_new(const struct catalog *catalog, uint32_t customer_first)
{
    static _Atomic uint64_t serial;
    struct whole *w = mem_alloc(sizeof *w);

    if (!w)
        return NULL;
    w->own.catalog = catalog;
    w->chunk.serial = ++serial;
    w->chunk.customer_first = customer_first;
    w->chunk.own = &w->own;
    return &w->chunk;
}

void chunk_free(struct chunk *c)
{
    if (!c)
        return;
    arena_free(&c->own->arena);
    mem_free(c->own->held);
    mem_free(c); /* the first member of its whole */
}

static uint32_t number_of(const struct chunk *c)
{
    return c->customer_first / CHUNK_CUSTOMERS;
}

/* --- columns --- */

/* The place of the column in .held, or where it belongs. */
static uint32_t held_find(const struct chunk_private *own, uint32_t column, bool *found)
{
    uint32_t low = 0, high = own->held_n;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (own->held[middle]->column < column)
            low = middle + 1;
        else
            high = middle;
    }
    *found = low < own->held_n && own->held[low]->column == column;
    return low;
}

struct held *held_new(struct chunk_private *own, uint32_t column, enum value_type type)
{
    static const uint32_t none[1];
    struct held *held = arena_new(&own->arena, struct held);

    if (held)
        *held = (struct held){column, {.type = type, .list_first = none}};
    return held;
}

bool held_insert(struct chunk_private *own, struct held *held)
{
    bool found;
    uint32_t at = held_find(own, held->column, &found);

    if (own->held_n == own->held_cap) {
        uint32_t cap = own->held_cap ? own->held_cap * 2 : 8;
        struct held **grown = mem_resize(own->held, cap * sizeof(struct held *));

        if (!grown)
            return false;
        own->held = grown;
        own->held_cap = cap;
    }
    memmove(own->held + at + 1, own->held + at, (own->held_n - at) * sizeof *own->held);
    own->held[at] = held;
    own->held_n++;
    return true;
}

static bool part_in(const struct chunk *c, int32_t column, struct err *err)
{
    return err_in(err, "table part, column %d, chunk %u", column, number_of(c));
}

static bool load_cells(const struct chunk *c, struct held *held, struct err *err)
{
    struct chunk_private *own = c->own;
    const struct chunk_source *source = own->source;
    int32_t column = (int32_t)held->column;
    struct buf bytes = {0};
    bool there, ok;

    if (!source)
        return true;
    ok = source->part(source->context, column, number_of(c), &bytes, &there, err)
         && (!there
             || part_decode_cells(buf_str(&bytes), held->cells.type, c->event_n,
                                  &own->arena, &held->cells, err)
             || part_in(c, column, err));
    buf_free(&bytes);
    return ok;
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

bool chunk_cells(const struct chunk *c, uint32_t column, const struct cells **out,
                 struct err *err)
{
    struct chunk_private *own = c->own;
    bool found;
    uint32_t at = held_find(own, column, &found);
    struct held *held;

    if (found) {
        *out = &own->held[at]->cells;
        return true;
    }
    assert(column < own->catalog->column_n);
    held = held_new(own, column, own->catalog->column[column].type);
    if (!held)
        return err_nomem(err);
    if (!load_cells(c, held, err))
        return false;
    if (!held_insert(own, held))
        return err_nomem(err);
    *out = &held->cells;
    return true;
}

/* A part that every chunk has. */
static bool load_part(const struct chunk *c, int32_t column, struct buf *to,
                      struct err *err)
{
    const struct chunk_source *source = c->own->source;
    bool there;

    if (!source->part(source->context, column, number_of(c), to, &there, err))
        return false;
    return there || (err_set(err, ERR_CORRUPT, "it is missing"), part_in(c, column, err));
}

bool chunk_read_ids(const struct chunk *c, struct arena *a, const str **out,
                    struct err *err)
{
    struct buf bytes = {0};
    bool ok;

    *out = c->own->id;
    if (*out)
        return true;
    ok = load_part(c, PART_ID, &bytes, err)
         && (part_decode_id(buf_str(&bytes), c, a, out, err) || part_in(c, PART_ID, err));
    buf_free(&bytes);
    return ok;
}

bool chunk_message_ids(const struct chunk *c, const str **out, struct err *err)
{
    if (!chunk_read_ids(c, &c->own->arena, out, err))
        return false;
    c->own->id = *out;
    return true;
}

/* --- loading --- */

static bool load_hot(struct chunk *c, struct err *err)
{
    struct chunk_private *own = c->own;
    struct buf time = {0}, type = {0};
    bool ok;

    ok = load_part(c, PART_TIME, &time, err) && load_part(c, PART_TYPE, &type, err)
         && (part_decode_time(buf_str(&time), &own->arena, c, err)
             || part_in(c, PART_TIME, err))
         && (part_decode_type(buf_str(&type), own->catalog, &own->arena, c, err)
             || part_in(c, PART_TYPE, err));
    buf_free(&time);
    buf_free(&type);
    return ok;
}

/* Every customer of the file stands in his chunk. */
static bool has_its_customers(const struct chunk *c, uint32_t customers, struct err *err)
{
    uint32_t rest = customers - c->customer_first;

    if (rest > CHUNK_CUSTOMERS)
        rest = CHUNK_CUSTOMERS;
    return c->customer_n == rest
           || (err_set(err, ERR_CORRUPT, "it has %u customers instead of %u",
                       c->customer_n, rest),
               part_in(c, PART_TIME, err));
}

bool chunk_load(const struct catalog *catalog, const struct chunk_source *source,
                uint32_t chunk, uint32_t customers, struct chunk **out, struct err *err)
{
    struct chunk *c = chunk_new(catalog, chunk * CHUNK_CUSTOMERS);

    if (!c)
        return err_nomem(err);
    c->own->source = source;
    if (!load_hot(c, err) || !has_its_customers(c, customers, err)) {
        chunk_free(c);
        return false;
    }
    *out = c;
    return true;
}

/* --- storing --- */

static bool put_part(struct buf *bytes, int32_t column,
                     bool (*put)(void *context, int32_t column, str bytes,
                                 struct err *err),
                     void *context, struct err *err)
{
    bool ok = bytes->failed ? err_nomem(err) : put(context, column, buf_str(bytes), err);

    buf_clear(bytes);
    return ok;
}

bool chunk_each_part(const struct chunk *c,
                     bool (*put)(void *context, int32_t column, str bytes,
                                 struct err *err),
                     void *context, struct err *err)
{
    const struct chunk_private *own = c->own;
    struct buf bytes = {0};
    bool ok;

    part_encode_time(c, &bytes);
    ok = put_part(&bytes, PART_TIME, put, context, err);
    if (ok) {
        part_encode_type(c, &bytes);
        ok = put_part(&bytes, PART_TYPE, put, context, err);
    }
    if (ok) {
        part_encode_id(own->id, c->event_n, &bytes);
        ok = put_part(&bytes, PART_ID, put, context, err);
    }
    for (uint32_t i = 0; ok && i < own->held_n; i++) {
        const struct held *held = own->held[i];

        part_encode_cells(&held->cells, &bytes);
        ok = put_part(&bytes, (int32_t)held->column, put, context, err);
    }
    buf_free(&bytes);
    return ok;
}
