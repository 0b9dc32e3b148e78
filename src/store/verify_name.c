#include "store/seen_impl.h"
#include "store/timeline.h"
#include "store/verify_impl.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

/* Where sums differ, the log is read once more: for the events of some of the chunks that differ,
 * and for the message ids of some of the buckets. Their timelines are made anew, and what is
 * found there and not here, or here and not there, is named. */

enum {
    CHUNKS_NAMED = 4,   /* chunks that are made anew */
    EVENTS_NAMED = 5,   /* events named in each of them */
    BUCKETS_NAMED = 64, /* buckets of ids that are looked at */
};

struct named_id {
    hash128 hash;
    int64_t batch; /* 0: not from the log */
    uint32_t line;
};

struct ids {
    struct named_id *id;
    size_t n, cap;
};

struct naming {
    struct verify *v;
    struct arena arena;
    uint32_t chunk[CHUNKS_NAMED], chunk_n;
    struct facts {
        struct fact *fact;
        size_t n, cap;
    } logged[CHUNKS_NAMED];
    bool bucket[ID_BUCKETS];
    uint32_t bucket_n;
    struct ids logged_ids, held_ids;
    bool failed; /* and .why, while ids are collected */
    struct err why;
};

static bool facts_add(struct facts *to, const struct fact *fact, struct err *err)
{
    if (to->n == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 64;
        struct fact *grown = mem_resize(to->fact, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        to->fact = grown;
        to->cap = cap;
    }
    to->fact[to->n++] = *fact;
    return true;
}

static bool ids_add(struct ids *to, struct named_id id, struct err *err)
{
    if (to->n == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 64;
        struct named_id *grown = mem_resize(to->id, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        to->id = grown;
        to->cap = cap;
    }
    to->id[to->n++] = id;
    return true;
}

/* --- what the log says of them --- */

static bool are_known(const struct catalog *c, const struct property *p, uint32_t n,
                      bool trait)
{
    for (uint32_t i = 0; i < n; i++) {
        if (has_column(&p[i], trait)
            && catalog_column_find(c, p[i].name, trait, p[i].value.type) == COLUMN_NONE)
            return false;
    }
    return true;
}

static bool collect_event(struct naming *n, const struct event *e, struct err *err)
{
    const struct catalog *c = n->v->catalog;
    uint32_t anchor = catalog_key_find(c, e->customer);
    uint32_t customer = anchor == CUSTOMER_NONE ? HOME_NONE : n->v->homes->home[anchor];
    struct fact fact;

    if (customer == HOME_NONE || text_table_find(&c->type, e->type) == TEXT_NONE
        || !are_known(c, e->property, e->property_n, false)
        || !are_known(c, e->trait, e->trait_n, true))
        return true;
    for (uint32_t i = 0; i < n->chunk_n; i++) {
        if (customer / CHUNK_CUSTOMERS != n->chunk[i])
            continue;
        if (!fact_of(c, e, &n->arena, &fact, err))
            return false;
        fact.customer = customer;
        return facts_add(&n->logged[i], &fact, err);
    }
    return true;
}

static bool collect(void *context, const struct logged *l, struct err *err)
{
    struct naming *n = context;
    hash128 id = hash128_of(l->event->id);

    return collect_event(n, l->event, err)
           && (!n->bucket[id_bucket(id)]
               || ids_add(&n->logged_ids, (struct named_id){id, l->batch, l->line}, err));
}

/* --- events --- */

/* The two chunks side by side. */
struct side {
    const struct chunk *chunk;
    const struct cells *anchors;
    const str *id;
    struct sum *values; /* of each event */
};

static bool look(struct naming *n, struct side *s, struct err *err)
{
    s->values = arena_array(&n->arena, struct sum, s->chunk->event_n);
    if (!s->values)
        return err_nomem(err);
    for (uint32_t column = 0; column < n->v->catalog->column_n; column++) {
        const struct cells *cells;

        if (!chunk_cells(s->chunk, column, &cells, err)
            || !digest_cells(column, cells, s->values, err))
            return false;
    }
    return chunk_anchors(s->chunk, &s->anchors, err)
           && digest_cells(DIGEST_ANCHOR, s->anchors, s->values, err)
           && chunk_message_ids(s->chunk, &s->id, err);
}

/* Who brought the event: COLUMN_NONE when its customer did himself. */
static int64_t anchor_of(const struct side *s, uint32_t event)
{
    uint32_t i = cells_from(s->anchors, event);

    return i < s->anchors->n && s->anchors->event[i] == event ? s->anchors->number[i]
                                                              : CUSTOMER_NONE;
}

static void name_event(struct naming *n, const struct side *s, uint32_t customer,
                       uint32_t at, const char *what)
{
    const struct chunk *c = s->chunk;
    struct buf moment = {0};
    str id = catalog_customer_id(n->v->catalog, c->customer_first + customer);

    moment_print(&moment, c->at_ms[at]);
    found(n->v, "part", false,
          "table part, chunk %u: the event %.*s of customer %.*s at %.*s %s",
          c->customer_first / CHUNK_CUSTOMERS, STR_FMT(s->id[at]), STR_FMT(id),
          STR_FMT(buf_str(&moment)), what);
    buf_free(&moment);
}

static bool name_values(struct naming *n, const struct side *here, uint32_t at,
                        const struct side *there, uint32_t there_at, uint32_t customer,
                        struct err *err)
{
    const struct catalog *c = n->v->catalog;
    struct timeline mine =
        timeline_of(here->chunk, here->chunk->customer_first + customer);
    struct timeline other =
        timeline_of(there->chunk, there->chunk->customer_first + customer);

    if (here->chunk->type[at] != there->chunk->type[there_at])
        name_event(n, here, customer, at, "has another type in the log");
    if (anchor_of(here, at) != anchor_of(there, there_at))
        name_event(n, here, customer, at, "was brought by another id in the log");
    for (uint32_t column = 0; column < c->column_n; column++) {
        struct value a, b;
        hash128 ha, hb;

        if (!timeline_value(&mine, column, at - mine.first, &n->arena, &a, err)
            || !timeline_value(&other, column, there_at - other.first, &n->arena, &b,
                               err))
            return false;
        ha = digest_value(column, &a);
        hb = digest_value(column, &b);
        if (a.type != b.type || !hash128_eq(ha, hb)) {
            char what[EVENT_NAME_MAX + 64];

            snprintf(what, sizeof what, "has another value in the log: column %u (%.*s)",
                     column, STR_FMT(c->column[column].name));
            name_event(n, here, customer, at, what);
        }
    }
    return true;
}

static uint32_t end_of(const struct chunk *c, uint32_t customer)
{
    return customer < c->customer_n ? c->first[customer + 1] : c->event_n;
}

static bool is_same(const struct side *a, uint32_t i, const struct side *b, uint32_t k)
{
    return a->chunk->type[i] == b->chunk->type[k] && sum_eq(&a->values[i], &b->values[k]);
}

static bool name_events(struct naming *n, const struct side *here, const struct side *log,
                        struct err *err)
{
    uint32_t i = 0, k = 0, named = 0;

    for (uint32_t customer = 0; customer < CHUNK_CUSTOMERS; customer++) {
        uint32_t here_end = end_of(here->chunk, customer);
        uint32_t log_end = end_of(log->chunk, customer);

        while ((i < here_end || k < log_end) && named < EVENTS_NAMED) {
            int order = i == here_end ? 1
                        : k == log_end
                            ? -1
                            : fact_time_order(here->chunk->at_ms[i], here->id[i],
                                              log->chunk->at_ms[k], log->id[k]);

            if (order < 0) {
                name_event(n, here, customer, i, "is not in the log");
            } else if (order > 0) {
                name_event(n, log, customer, k, "is missing, the log has it");
            } else if (!is_same(here, i, log, k)
                       && !name_values(n, here, i, log, k, customer, err)) {
                return false;
            }
            named += order != 0 || !is_same(here, i, log, k);
            i += order <= 0;
            k += order >= 0;
        }
        i = named < EVENTS_NAMED ? i : here_end;
        k = named < EVENTS_NAMED ? k : log_end;
    }
    return true;
}

/* --- */

static bool get_part(void *context, int32_t column, uint32_t chunk, struct buf *to,
                     bool *there, struct err *err)
{
    struct verify *v = context;

    return part_read(v->sql, v->sql_lock, column, chunk, to, there, err);
}

/* The chunk as parts and news have it. */
static bool load_here(struct naming *n, uint32_t i, const struct chunk_source *source,
                      struct chunk **out, struct err *err)
{
    struct verify *v = n->v;
    const struct chunk_state *state = image_get(v->image, n->chunk[i]);
    struct gone_set gone = {.n = 0};
    struct chunk_want want = {.chunk = n->chunk[i],
                              .customer_first = n->chunk[i] * CHUNK_CUSTOMERS,
                              .customer_n = CHUNK_CUSTOMERS,
                              .source = source,
                              .parts_customers = state->parts.customers};
    struct fact *fact;
    size_t facts;
    bool ok;

    if (!news_gather(state->news, 0, CHUNK_CUSTOMERS, 0, &gone, &fact, &facts, err))
        return false;
    facts_sort(fact, facts);
    want.fact = fact;
    want.fact_n = (uint32_t)facts;
    want.gone = gone.n ? gone.is : NULL;
    ok = chunk_open(v->catalog, &want, out, err);
    mem_free(fact);
    return ok;
}

static bool name_chunk(struct naming *n, uint32_t i, struct err *err)
{
    struct chunk_source source = {get_part, n->v};
    struct chunk *here = NULL, *log = NULL;
    struct facts *logged = &n->logged[i];
    struct side sides[2];
    bool ok;

    facts_sort(logged->fact, logged->n);
    ok = load_here(n, i, &source, &here, err)
         && chunk_merge(n->v->catalog, NULL, n->chunk[i] * CHUNK_CUSTOMERS, logged->fact,
                        logged->n, &log, err);
    if (ok) {
        sides[0] = (struct side){.chunk = here};
        sides[1] = (struct side){.chunk = log};
        ok = look(n, &sides[0], err) && look(n, &sides[1], err)
             && name_events(n, &sides[0], &sides[1], err);
    }
    chunk_free(here);
    chunk_free(log);
    return ok;
}

/* --- message ids --- */

static int id_order(const void *left, const void *right)
{
    const struct named_id *a = left, *b = right;
    int order = hash128_cmp(a->hash, b->hash);

    return order ? order : (a->batch > b->batch) - (a->batch < b->batch);
}

static void name_id(struct naming *n, const char *table, bool in_truth,
                    const struct named_id *id, const char *what)
{
    struct buf text = {0};

    hash128_print(&text, id->hash);
    if (id->batch)
        found(n->v, table, in_truth,
              "table %s: the message id with the hash %.*s (log, batch %lld, line %u) %s",
              table, STR_FMT(buf_str(&text)), (long long)id->batch, id->line, what);
    else
        found(n->v, table, in_truth, "table %s: the message id with the hash %.*s %s",
              table, STR_FMT(buf_str(&text)), what);
    buf_free(&text);
}

static void name_doubles(struct naming *n, const struct ids *ids, const char *table,
                         bool in_truth)
{
    for (size_t i = 1; i < ids->n; i++) {
        if (hash128_eq(ids->id[i - 1].hash, ids->id[i].hash))
            name_id(n, table, in_truth, &ids->id[i], "is there twice");
    }
}

static void name_ids(struct naming *n)
{
    const struct ids *log = &n->logged_ids, *held = &n->held_ids;
    size_t i = 0, k = 0;

    if (log->n)
        qsort(log->id, log->n, sizeof *log->id, id_order);
    if (held->n)
        qsort(held->id, held->n, sizeof *held->id, id_order);
    name_doubles(n, log, "log", true);
    name_doubles(n, held, "seen", false);
    while (i < log->n || k < held->n) {
        int order = i == log->n    ? 1
                    : k == held->n ? -1
                                   : hash128_cmp(log->id[i].hash, held->id[k].hash);

        if (order < 0)
            name_id(n, "seen", false, &log->id[i], "is missing");
        if (order > 0)
            name_id(n, "seen", false, &held->id[k], "is in no event of the log");
        i += order <= 0;
        k += order >= 0;
    }
}

/* --- the second look --- */

static bool collect_news(void *context, [[maybe_unused]] int64_t seq,
                         const struct brought *b, struct err *err)
{
    struct naming *to = context;

    for (uint32_t i = 0; i < b->n; i++) {
        hash128 id = hash128_of(b->fact[i].id);

        if (!b->fact[i].is_told && to->bucket[id_bucket(id)]
            && !ids_add(&to->held_ids, (struct named_id){.hash = id}, err))
            return false;
    }
    return true;
}

static bool collect_erased(void *context, hash128 id, struct err *err)
{
    struct naming *n = context;

    return !n->bucket[id_bucket(id)]
           || ids_add(&n->logged_ids, (struct named_id){.hash = id}, err);
}

static bool collect_seen(void *context, hash128 id)
{
    struct naming *n = context;

    n->failed |= n->bucket[id_bucket(id)]
                 && !ids_add(&n->held_ids, (struct named_id){.hash = id}, &n->why);
    return !n->failed;
}

static void found_chunk(struct verify *v, uint32_t chunk)
{
    found(v, "part", false,
          "table part, chunk %u: its %llu events are not the %llu that the log has of "
          "these "
          "customers",
          chunk, (unsigned long long)v->held_chunk[chunk].n,
          (unsigned long long)v->logged_chunk[chunk].n);
}

/* What differs, as much of it as is looked at; false when nothing does. */
static bool choose(struct naming *n)
{
    struct verify *v = n->v;

    for (uint32_t i = 0; i < v->chunk_n && !v->log_unread && !v->held_unread; i++) {
        if (v->chunk_unread[i] || sum_eq(&v->logged_chunk[i], &v->held_chunk[i]))
            continue;
        if (n->chunk_n < CHUNKS_NAMED)
            n->chunk[n->chunk_n++] = i;
        else
            found_chunk(v, i);
    }
    for (uint32_t i = 0; i < ID_BUCKETS && !v->log_unread && !v->ids_unread; i++) {
        n->bucket[i] =
            n->bucket_n < BUCKETS_NAMED && !sum_eq(&v->logged_id[i], &v->held_id[i]);
        n->bucket_n += n->bucket[i];
    }
    return n->chunk_n || n->bucket_n;
}

static bool name_all(struct naming *n, struct err *err)
{
    struct verify *v = n->v;

    v->log_seq = 0;
    if (!each_logged(v, collect, n, err) || !each_news(v, collect_news, n, err)
        || !erased_each(v->sql, v->sql_lock, collect_erased, n, err)
        || (n->bucket_n && !each_seen(v, collect_seen, n, err)))
        return false;
    if (n->failed) {
        *err = n->why;
        return false;
    }
    for (uint32_t i = 0; i < n->chunk_n; i++) {
        uint64_t before = v->report->differences;

        if (!name_chunk(n, i, err) && !found_err(v, "part", false, err))
            return false;
        if (v->report->differences == before)
            found_chunk(v, n->chunk[i]);
    }
    name_ids(n);
    return true;
}

bool name_differences(struct verify *v, struct err *err)
{
    struct naming n = {.v = v};
    bool ok = !choose(&n) || name_all(&n, err);

    for (uint32_t i = 0; i < CHUNKS_NAMED; i++)
        mem_free(n.logged[i].fact);
    mem_free(n.logged_ids.id);
    mem_free(n.held_ids.id);
    arena_free(&n.arena);
    return ok;
}
