#include "store/verify_impl.h"

#include <stdlib.h>
#include <string.h>

/* One pass over the log: it gives the sums that everything else must equal, and shows that the
 * names are numbered in the order in which they came. */

/* --- batches --- */

struct batch_walk {
    struct row row;
    struct buf lines;
    struct json_parser *parser;
    struct arena arena;
};

static bool lose(struct verify *v, const struct err *err)
{
    pthread_mutex_lock(&v->lock);
    v->log_unread = true;
    pthread_mutex_unlock(&v->lock);
    return found_err(v, "log", true, err);
}

/* The next batch that nobody took yet. */
static bool take_batch(struct verify *v, struct row *row, bool *there, struct err *err)
{
    bool ok = true, missing = false;
    int64_t from;

    *there = false;
    pthread_mutex_lock(&v->lock);
    from = v->log_seq;
    if (from < INT64_MAX)
        ok = row_get(v->sql, v->sql_lock, SQL_LOG_AFTER, &from, 1, row, there, err);
    if (*there && row->number[0] != from + 1)
        missing = !v->log_missing;
    v->log_missing |= missing;
    v->log_seq = *there ? row->number[0] : INT64_MAX;
    v->report->batches += *there;
    pthread_mutex_unlock(&v->lock);
    if (missing)
        found(v, "log", true, "table log, batch %lld: it is missing",
              (long long)from + 1);
    return ok || lose(v, err);
}

static bool parse_line(struct batch_walk *w, str line, struct event *out, struct err *err)
{
    const struct json *json;

    arena_reset(&w->arena);
    return json_parse(w->parser, line, &w->arena, &json, err)
           && event_parse(json, &w->arena, out, err)
           && (out->id.n || err_set(err, ERR_INPUT, "messageId is missing"));
}

static bool walk_lines(struct verify *v, struct batch_walk *w,
                       bool (*each)(void *context, const struct logged *l,
                                    struct err *err),
                       void *context, struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read behind a text */
    struct logged l = {.batch = w->row.number[0]};
    char *spare = buf_room(&w->lines, SPARE);
    str rest = buf_str(&w->lines);

    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    while (rest.n) {
        const char *end = memchr(rest.p, '\n', rest.n);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;
        struct event e;

        l.line++;
        l.event = &e;
        if (parse_line(w, (str){rest.p, n}, &e, err)) {
            if (!each(context, &l, err))
                return false;
        } else {
            if (err->code == ERR_INPUT)
                err->code = ERR_CORRUPT;
            err_in(err, "table log, batch %lld, line %u", (long long)l.batch, l.line);
            if (!lose(v, err))
                return false;
        }
        rest = str_from(rest, n + 1);
    }
    return true;
}

bool each_logged(struct verify *v,
                 bool (*each)(void *context, const struct logged *l, struct err *err),
                 void *context, struct err *err)
{
    struct batch_walk w = {.lines = {0}};
    bool there, ok = json_parser_new(&w.parser, err);

    while (ok && (ok = take_batch(v, &w.row, &there, err)) && there) {
        step(v, VERIFY_LOG, (uint64_t)w.row.number[0], (uint64_t)v->log_end);
        buf_clear(&w.lines);
        if (row_unpack(&w.row, LOG_BATCH_MAX, &w.lines, err)) {
            ok = walk_lines(v, &w, each, context, err);
        } else {
            err_in(err, "table log, batch %lld", (long long)w.row.number[0]);
            ok = lose(v, err);
        }
    }
    buf_free(&w.row.packed);
    buf_free(&w.lines);
    json_parser_free(w.parser);
    arena_free(&w.arena);
    return ok;
}

/* --- the first pass --- */

/* What one thread gathers, until it is joined to the others'. */
struct gathered {
    struct verify *v;
    struct sum *chunk, *id;
};

void note_first(_Atomic uint64_t *first, uint64_t position)
{
    uint64_t known = atomic_load_explicit(first, memory_order_relaxed);

    while (position < known
           && !atomic_compare_exchange_weak_explicit(
               first, &known, position, memory_order_relaxed, memory_order_relaxed))
        ;
}

static int key_order(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

static void sight(struct verify *v, const struct logged *l, uint32_t type,
                  uint32_t column)
{
    uint64_t key = sighting_key(type, column);
    const uint64_t *at =
        bsearch(&key, v->sighting, v->catalog->sighting_n, sizeof key, key_order);

    if (at)
        atomic_store_explicit(&v->sighted[at - v->sighting], true, memory_order_relaxed);
    else
        found(v, "sighting", false,
              "table sighting: type %u with column %u is missing, which the log has in "
              "batch "
              "%lld, line %u",
              type, column, (long long)l->batch, l->line);
}

void found_unnamed(struct verify *v, const char *table, const struct logged *l, str name)
{
    found(v, table, false,
          "table %s: \"%.*s\" is missing, which the log has in batch %lld, line %u",
          table, STR_FMT(name), (long long)l->batch, l->line);
}

/* Adds what the event says under its properties or traits. False: a name is missing. */
static bool gather_values(struct verify *v, const struct logged *l, uint32_t type,
                          const struct property *p, uint32_t n, bool trait,
                          uint64_t position, struct sum *values)
{
    bool all = true;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t column;

        if (!has_column(&p[i], trait))
            continue;
        column = catalog_column_find(v->catalog, p[i].name, trait, p[i].value.type);
        if (column == COLUMN_NONE) {
            found_unnamed(v, "columns", l, p[i].name);
            all = false;
            continue;
        }
        note_first(&v->column_first[column], position);
        sight(v, l, type, column);
        sum_add(values, digest_value(column, &p[i].value));
    }
    return all;
}

static bool give(struct verify *v, const struct event *e, struct err *err)
{
    const struct store_owner *owner = v->o->owner;
    bool ok;

    pthread_mutex_lock(&v->lock);
    ok = owner->give(owner->context, e, err);
    pthread_mutex_unlock(&v->lock);
    return ok;
}

static bool gather(void *context, const struct logged *l, struct err *err)
{
    struct gathered *g = context;
    struct verify *v = g->v;
    const struct event *e = l->event;
    uint64_t position = (uint64_t)l->batch << 32 | l->line;
    uint32_t anchor = catalog_key_find(v->catalog, e->customer);
    uint32_t customer = anchor == CUSTOMER_NONE ? HOME_NONE : v->homes->home[anchor];
    uint32_t type = text_table_find(&v->catalog->type, e->type);
    struct digest_head head = {customer, (uint64_t)e->at_ms, type, hash128_of(e->id)};
    struct sum values = {0};

    if (v->o->owner && !give(v, e, err))
        return false;
    sum_add(&g->id[id_bucket(head.id)], head.id);
    if (customer == HOME_NONE)
        found_unnamed(v, "customer", l, e->customer);
    if (type == TEXT_NONE)
        found_unnamed(v, "type", l, e->type);
    if (customer == HOME_NONE || type == TEXT_NONE)
        return true;
    if (anchor != customer)
        sum_add(&values, digest_anchor(anchor));
    note_first(&v->customer_first[anchor], position);
    if (!gather_member(v, l, anchor, position, err))
        return false;
    note_first(&v->type_first[type], position);
    if (gather_values(v, l, type, e->property, e->property_n, false, position, &values)
        && gather_values(v, l, type, e->trait, e->trait_n, true, position, &values))
        sum_add(&g->chunk[customer / CHUNK_CUSTOMERS], digest(&head, &values));
    return true;
}

static bool gather_alone(struct verify *v, struct gathered *g, struct err *err)
{
    if (!g->chunk || !g->id)
        return err_nomem(err);
    if (!each_logged(v, gather, g, err))
        return false;
    pthread_mutex_lock(&v->lock);
    for (uint32_t i = 0; i < v->chunk_n; i++)
        sum_join(&v->logged_chunk[i], &g->chunk[i]);
    for (uint32_t i = 0; i < ID_BUCKETS; i++)
        sum_join(&v->logged_id[i], &g->id[i]);
    pthread_mutex_unlock(&v->lock);
    return true;
}

static void gather_log(struct verify *v)
{
    struct gathered g = {v, mem_alloc(v->chunk_n * sizeof *g.chunk),
                         mem_alloc(ID_BUCKETS * sizeof *g.id)};
    struct err err;

    if (!gather_alone(v, &g, &err))
        break_off(v, &err);
    mem_free(g.chunk);
    mem_free(g.id);
}

/* --- the names --- */

/* `strictly`: no two of them can stand first on one line. */
static void check_order(struct verify *v, const char *table,
                        const _Atomic uint64_t *first, uint32_t from, uint32_t n,
                        bool strictly)
{
    uint64_t before = 0;

    for (uint32_t i = from; i < n; i++) {
        uint64_t at = atomic_load_explicit(&first[i], memory_order_relaxed);

        if (at != UINT64_MAX && (strictly ? at > before : at >= before)) {
            before = at;
            continue;
        }
        if (at == UINT64_MAX)
            found(v, table, false, "table %s, row %u: it is in no event of the log",
                  table, i);
        else
            found(
                v, table, false,
                "table %s, row %u: it came before row %u, in batch %llu of the log, line "
                "%u",
                table, i, i - 1, (unsigned long long)(at >> 32), (uint32_t)at);
    }
}

/* With homes, an id that names a customer may be known before its own first event, or have
 * none. */
static void check_customers(struct verify *v)
{
    uint32_t n = catalog_customer_n(v->catalog);

    if (!v->o->owner) {
        check_order(v, "customer", v->customer_first, 0, n, !v->catalog->account_n);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (atomic_load_explicit(&v->customer_first[i], memory_order_relaxed)
                == UINT64_MAX
            && v->homes->home[i] != HOME_NONE)
            found(v, "customer", false,
                  "table customer, row %u: it is in no event of the log", i);
    }
}

static bool check_home(struct verify *v, uint32_t anchor, struct err *err)
{
    const struct store_owner *owner = v->o->owner;
    str key = catalog_customer_key(v->catalog, anchor), home = key, id;

    if (owner && !owner->home(owner->context, key, &home, err))
        return false;
    if (catalog_key_find(v->catalog, home) == v->homes->home[anchor])
        return true;
    customer_key_kind(home, &id);
    found(v, "customer", false,
          "table customer, row %u: its events stand with row %u, and the log says with "
          "%.*s",
          anchor, v->homes->home[anchor], STR_FMT(id));
    return true;
}

/* Each anchor's home is the one that the log gives. */
static bool check_homes(struct verify *v, struct err *err)
{
    for (uint32_t i = 0; i < v->homes->n; i++) {
        if (v->homes->home[i] != HOME_NONE && !check_home(v, i, err))
            return false;
    }
    return true;
}

static void check_names(struct verify *v)
{
    const struct catalog *c = v->catalog;

    check_customers(v);
    check_order(v, "type", v->type_first, TYPE_IDENTIFY + 1, c->type.n, true);
    check_order(v, "columns", v->column_first, 0, c->column_n, false);
    for (uint32_t i = 0; i < c->sighting_n; i++) {
        if (!atomic_load_explicit(&v->sighted[i], memory_order_relaxed))
            found(v, "sighting", false,
                  "table sighting: type %u with column %u is in no event of the log",
                  (uint32_t)(v->sighting[i] >> 32), (uint32_t)v->sighting[i]);
    }
}

static _Atomic uint64_t *firsts(uint32_t n)
{
    _Atomic uint64_t *first = mem_alloc(n * sizeof *first);

    for (uint32_t i = 0; first && i < n; i++)
        atomic_init(&first[i], UINT64_MAX);
    return first;
}

static bool prove_log(struct verify *v, struct err *err)
{
    const struct catalog *c = v->catalog;

    v->customer_first = firsts(catalog_customer_n(c));
    v->type_first = firsts(c->type.n);
    v->column_first = firsts(c->column_n);
    v->sighted = mem_alloc(c->sighting_n * sizeof *v->sighted);
    v->sighting = mem_alloc(c->sighting_n * sizeof *v->sighting);
    if (!v->customer_first || !v->type_first || !v->column_first || !v->sighted
        || !v->sighting)
        return err_nomem(err);
    for (uint32_t i = 0; i < c->sighting_n; i++)
        v->sighting[i] = sighting_key(c->sighting[i].type, c->sighting[i].column);
    if (c->sighting_n)
        qsort(v->sighting, c->sighting_n, sizeof *v->sighting, key_order);
    if (!in_threads(v, gather_log, err))
        return false;
    if (v->log_unread)
        return true;
    check_names(v);
    return check_homes(v, err) && check_members(v, err);
}

/* --- who is who --- */

struct taking {
    struct verify *v;
    struct err err;
    bool ok;
};

static bool take_row(void *context, str bytes)
{
    struct taking *t = context;
    const struct store_owner *owner = t->v->o->owner;

    t->ok = !owner || !owner->take || owner->take(owner->context, bytes, &t->err);
    return t->ok;
}

/* Of a log that could not be read wholly only the rows are proven. */
static bool verify_graph(struct verify *v, struct err *err)
{
    const struct store_owner *owner = v->o->owner;
    struct taking t = {.v = v, .ok = true};
    bool same = true, ok = graph_each(v->sql, v->sql_lock, take_row, &t, err);

    if (!t.ok) {
        ok = false;
        *err = t.err;
        err_in(err, "table graph");
    }
    ok = ok
         && (!owner || !owner->same || v->log_unread
             || owner->same(owner->context, &same, err));
    if (ok && !same)
        found(v, "graph", false,
              "table graph: who is who does not follow from it as from the log");
    return ok || found_err(v, "graph", false, err);
}

bool verify_log(struct verify *v, struct err *err)
{
    const struct store_owner *owner = v->o->owner;
    bool ok;

    if (owner && !owner->begin(owner->context, err))
        return false;
    ok = prove_log(v, err) && verify_graph(v, err);
    if (owner)
        owner->end(owner->context);
    return ok;
}
