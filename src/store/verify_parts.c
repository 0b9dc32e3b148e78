#include "store/verify_impl.h"

#include <stdlib.h>

/* The parts of every chunk, and the news that is not in them yet: each is decoded, which checks
 * its ranges and orders, and its events are summed up. */

enum { COLUMN_BIAS = 16 }; /* so that the keys of parts ascend */

static uint64_t part_key(uint32_t chunk, int64_t column)
{
    return (uint64_t)chunk << 32 | (uint64_t)(column + COLUMN_BIAS);
}

static int key_order(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* --- which parts there are --- */

static bool take_part(void *context, sqlite3_stmt *row, struct err *err)
{
    struct verify *v = context;
    int64_t column = sqlite3_column_int64(row, 0), chunk = sqlite3_column_int64(row, 1);

    if (v->part_n == v->part_cap) {
        size_t cap = v->part_cap ? v->part_cap * 2 : 1024;
        uint64_t *grown = mem_resize(v->part, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        v->part = grown;
        v->part_cap = cap;
    }
    if (column < PART_ANCHOR || column >= v->catalog->column_n || chunk < 0
        || chunk >= v->chunk_n || !image_get(v->image, (uint32_t)chunk)->parts.customers)
        found(v, "part", false,
              "table part, column %lld, chunk %lld: there is no such column or chunk",
              (long long)column, (long long)chunk);
    else
        v->part[v->part_n++] = part_key((uint32_t)chunk, column);
    return true;
}

/* The chunk's parts are [first, end). */
static void parts_of(const struct verify *v, uint32_t chunk, size_t *first, size_t *end)
{
    size_t low = 0, high = v->part_n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (v->part[middle] >> 32 < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    *first = *end = low;
    while (*end < v->part_n && v->part[*end] >> 32 == chunk)
        ++*end;
}

/* --- a chunk --- */

/* One chunk being summed up. */
struct summing {
    struct verify *v;
    uint32_t number;
    const struct chunk *chunk;
    const str *id;
    struct sum *values; /* of each event */
};

static bool get_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                     bool *there, struct err *err)
{
    struct verify *v = context;

    return part_read(v->sql, v->sql_lock, column, chunk, to, there, err);
}

static void found_stray(const struct summing *s, uint32_t column)
{
    found(s->v, "part", false,
          "table part, column %u, chunk %u: the chunk has no values of it", column,
          s->number);
}

/* A column has a part of its own when it has many values, and only then. */
static void check_place(const struct summing *s, uint32_t column,
                        const struct cells *cells, bool has_part)
{
    if (has_part != (cells->n >= RARE_CELLS) || !cells->n)
        found(s->v, "part", false, "table part, column %u, chunk %u: %u values stand %s",
              column, s->number, cells->n,
              has_part ? "in a part of their own" : "among the rare ones");
}

static bool sum_columns(struct summing *s, struct err *err)
{
    size_t key, end;
    uint32_t column = 0;

    parts_of(s->v, s->number, &key, &end);
    while (key < end && s->v->part[key] < part_key(s->number, 0))
        key++;
    for (;; column++) {
        const struct cells *cells;
        bool has_part;

        if (!chunk_next_column(s->chunk, column, &column, err))
            return false;
        for (; key < end && s->v->part[key] < part_key(s->number, column); key++)
            found_stray(s, (uint32_t)(s->v->part[key] - part_key(s->number, 0)));
        if (column == COLUMN_NONE)
            return true;
        has_part = key < end && s->v->part[key] == part_key(s->number, column);
        key += has_part;
        if (!chunk_cells(s->chunk, column, &cells, err)
            || !digest_cells(column, cells, s->values, err))
            return false;
        check_place(s, column, cells, has_part);
        chunk_forget(s->chunk, (int32_t)column);
    }
}

/* But for those whom news took away. */
static void sum_events(const struct summing *s, struct sum *sum)
{
    const struct chunk *c = s->chunk;
    struct gone_set gone = {.n = 0};

    news_gone(image_get(s->v->image, s->number)->news, NULL, &gone);
    for (uint32_t i = 0; i < c->customer_n; i++) {
        for (uint32_t k = c->first[i]; !gone.is[i] && k < c->first[i + 1]; k++) {
            struct digest_head head = {c->customer_first + i, (uint64_t)c->at_ms[k],
                                       c->type[k], hash128_of(s->id[k])};

            sum_add(sum, digest(&head, &s->values[k]));
        }
    }
}

static void check_figures(const struct summing *s)
{
    const struct chunk_row *row = &image_get(s->v->image, s->number)->parts;
    struct chunk_row parts = chunk_row_of(s->chunk, row->folded_seq, row->told_seq);

    if (row->events != parts.events)
        found(s->v, "chunk", false, "table chunk, row %u: %u events, but %u in its parts",
              s->number, row->events, parts.events);
    if (row->first_ms != parts.first_ms || row->last_ms != parts.last_ms)
        found(s->v, "chunk", false,
              "table chunk, row %u: from %lld to %lld, but its parts from %lld to %lld",
              s->number, (long long)row->first_ms, (long long)row->last_ms,
              (long long)parts.first_ms, (long long)parts.last_ms);
    if (row->folded_seq < 0 || row->folded_seq > s->v->log_end)
        found(s->v, "chunk", true,
              "table chunk, row %u: folded up to batch %lld, which is not there",
              s->number, (long long)row->folded_seq);
    if (row->told_seq < 0 || row->told_seq > row->folded_seq)
        found(
            s->v, "chunk", false,
            "table chunk, row %u: customers were told again in batch %lld, which is not "
            "folded",
            s->number, (long long)row->told_seq);
}

static bool sum_chunk(struct summing *s, struct err *err)
{
    const struct cells *anchors;
    bool ok;

    s->values = mem_alloc(s->chunk->event_n * sizeof *s->values);
    if (!s->values)
        return err_nomem(err);
    check_figures(s);
    ok = chunk_message_ids(s->chunk, &s->id, err)
         && chunk_anchors(s->chunk, &anchors, err)
         && digest_cells(DIGEST_ANCHOR, anchors, s->values, err) && sum_columns(s, err);
    if (ok)
        sum_events(s, &s->v->held_chunk[s->number]);
    mem_free(s->values);
    return ok;
}

/* Names each row of a chunk that cannot be read; when it is none of them, the reason. */
static bool name_rows(struct verify *v, uint32_t chunk, struct err *why, struct err *err)
{
    struct buf bytes = {0};
    bool ok = true, named = false;
    size_t key, end;

    for (parts_of(v, chunk, &key, &end); ok && key < end; key++) {
        int32_t column = (int32_t)(v->part[key] - part_key(chunk, 0));
        bool there;

        buf_clear(&bytes);
        if (get_part(v, column, chunk, &bytes, &there, err))
            continue;
        named = true;
        ok = found_err(v, "part", false, err);
    }
    buf_free(&bytes);
    if (named)
        return ok;
    *err = *why;
    return found_err(v, "part", false, why);
}

/* Every damage of the chunk is a difference; false when the proof cannot be made. */
static bool verify_chunk(struct verify *v, uint32_t number, struct err *err)
{
    struct chunk_source source = {get_part, v};
    struct summing s = {.v = v, .number = number};
    struct chunk *c = NULL;
    struct err why;
    bool ok = parts_load(v->catalog, &source, v->image, number, &c, &why);

    if (ok) {
        s.chunk = c;
        ok = sum_chunk(&s, &why);
    }
    chunk_free(c);
    v->chunk_unread[number] = !ok;
    return ok || name_rows(v, number, &why, err);
}

/* The next chunk with parts that nobody took yet. */
static bool take_chunk(struct verify *v, uint32_t *chunk)
{
    bool there;

    pthread_mutex_lock(&v->lock);
    while (v->chunk_next < v->chunk_n
           && !image_get(v->image, v->chunk_next)->parts.customers)
        v->chunk_next++;
    there = v->chunk_next < v->chunk_n;
    *chunk = v->chunk_next;
    v->chunk_next += there;
    pthread_mutex_unlock(&v->lock);
    return there;
}

static void sum_parts(struct verify *v)
{
    uint32_t chunk;

    while (take_chunk(v, &chunk)) {
        struct err err;

        step(v, VERIFY_PARTS, chunk, v->chunk_n);
        if (!verify_chunk(v, chunk, &err))
            break_off(v, &err);
    }
}

bool verify_parts(struct verify *v, struct err *err)
{
    if (!each_row(v->sql, SQL_PART_KEYS, take_part, v, err)) {
        v->held_unread = true;
        return found_err(v, "part", false, err);
    }
    if (v->part_n)
        qsort(v->part, v->part_n, sizeof *v->part, key_order);
    return in_threads(v, sum_parts, err);
}
