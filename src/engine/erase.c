#include "engine/erase.h"

#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "store/remove.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct erase {
    struct engine *engine;
    int64_t now_ms;
    struct arena arena;
    struct removal removal;
    const struct graph *graph; /* as it was before, while nobody writes */
    uint32_t *home;            /* of those who are erased: ids in the graph, ascending */
    uint32_t home_n;
    struct receipts before;    /* the file's */
    struct receipt_type *type; /* of a retention, in its order */
    uint32_t type_n;
    bool retains, holds;
    atomic_bool stop;
    struct removing *removing;
    struct receipt last; /* the newest, when .last_n */
    uint32_t last_n;
    struct receipt_counts counts;
    struct buf receipts; /* lines, with salts */
};

/* --- receipts --- */

static bool keep(struct erase *x, struct store *made, struct receipt *r, str salt,
                 struct err *err)
{
    struct buf line = {};
    bool ok;

    r->number = x->last_n + 1;
    r->at_ms = x->now_ms;
    ok = (!x->last_n || receipt_hash(&x->last, &r->before, err))
         && receipt_sign(r, &x->before.seal, err);
    if (ok)
        receipt_print(r, STR(""), &line);
    ok = ok && (!line.failed || err_nomem(err))
         && store_receipt_add(made, buf_str(&line), err);
    buf_free(&line);
    if (!ok)
        return false;
    receipt_print(r, salt, &x->receipts);
    buf_add_char(&x->receipts, '\n');
    x->last = *r;
    x->last_n++;
#define X(name) x->counts.name += r->counts.name;
    RECEIPT_COUNTS(X)
#undef X
    return !x->receipts.failed || err_nomem(err);
}

static bool keep_person(struct erase *x, struct store *made,
                        const struct removed_person *p, uint64_t customers,
                        struct err *err)
{
    struct mac *commitment = arena_array(&x->arena, struct mac, (size_t)p->id_n + 1);
    struct receipt r = {.kind = RECEIPT_ERASURE,
                        .counts = {.customers = customers,
                                   .events = p->events,
                                   .refused = p->refused,
                                   .ids = p->id_n,
                                   .trait_values = p->trait_values,
                                   .mentions = p->mentions},
                        .commitment = commitment};
    struct buf salt = {};
    bool ok = commitment || err_nomem(err);

    ok = ok && salt_new(&salt, err);
    for (uint32_t i = 0; ok && i < p->id_n; i++)
        commitment[i] = receipt_commit(buf_str(&salt), p->id[i]);
    if (ok)
        r.commitment_n = commitments_sort(commitment, p->id_n);
    ok = ok && keep(x, made, &r, buf_str(&salt), err);
    buf_free(&salt);
    return ok;
}

/* Whoever was nothing but what was said of one of them is gone, too: with the first. */
static uint64_t customers_gone(const struct removed *what, uint32_t person)
{
    uint64_t least = (uint64_t)what->customers_after + what->person_n;

    return person || what->customers_before < least ? 1
                                                    : what->customers_before - least + 1;
}

static bool keep_retention(struct erase *x, struct store *made,
                           const struct removed *what, struct err *err)
{
    struct receipt r = {
        .kind = RECEIPT_RETENTION,
        .counts = {.customers = what->customers_before - what->customers_after,
                   .events = what->dropped},
        .type = x->type,
        .type_n = x->type_n};

    return keep(x, made, &r, STR(""), err);
}

static bool keep_seal(struct erase *x, struct store *made, struct err *err)
{
    struct buf bytes = {};
    bool ok;

    seal_encode(&x->before.seal, &bytes);
    ok = (!bytes.failed || err_nomem(err))
         && store_receipt_add(made, buf_str(&bytes), err);
    buf_free(&bytes);
    return ok;
}

static bool sign(void *context, struct store *made, const struct removed *what,
                 struct err *err)
{
    struct erase *x = context;

    if (!x->before.has_seal
        && (!seal_new(&x->before.seal, err) || !keep_seal(x, made, err)))
        return false;
    if (x->retains)
        return keep_retention(x, made, what, err);
    for (uint32_t i = 0; i < what->person_n; i++)
        if (!keep_person(x, made, &what->person[i], customers_gone(what, i), err))
            return false;
    return true;
}

/* --- who --- */

/* By any of his ids; whoever is unknown stays as he was named, and is told by that. */
static bool key_of(struct engine *e, str text, str *key, struct err *err)
{
    uint32_t customer;

    *key = text;
    if (engine_find(e, text, &customer, err))
        *key = catalog_customer_key(snapshot_catalog(e->now), customer);
    else if ((err->code != ERR_NOT_FOUND && err->code != ERR_INPUT)
             || (engine_is_pseudonymous(e) && !engine_key(e)))
        return false;
    return true;
}

static int number_order(const void *a, const void *b)
{
    uint32_t na = *(const uint32_t *)a, nb = *(const uint32_t *)b;

    return (na > nb) - (na < nb);
}

/* A device that he used once may be another's by the rules of who is who. */
static bool is_others(void *context, struct id id)
{
    const struct erase *x = context;
    uint32_t number = graph_find(x->graph, id), home;

    if (number == GRAPH_NO_ID)
        return false;
    home = graph_customer(x->graph, number);
    return !bsearch(&home, x->home, x->home_n, sizeof home, number_order);
}

static bool gather(struct erase *x, const str *customer, uint32_t n, struct err *err)
{
    str *copy = arena_array(&x->arena, str, (size_t)n + 1), key;

    x->home = arena_array(&x->arena, uint32_t, (size_t)n + 1);
    if (!copy || !x->home)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t number;

        if (!key_of(x->engine, customer[i], &key, err)
            || !engine_graph(x->engine, &x->graph, err))
            return false;
        copy[i] = arena_str(&x->arena, key);
        if (!copy[i].p)
            return err_nomem(err);
        number = graph_find(x->graph, id_of_key(key));
        if (number != GRAPH_NO_ID)
            x->home[x->home_n++] = graph_customer(x->graph, number);
    }
    qsort(x->home, x->home_n, sizeof *x->home, number_order);
    x->removal.is_others = is_others;
    x->removal.customer = copy;
    x->removal.customer_n = n;
    return true;
}

static bool begin(struct engine *e, int64_t now_ms, struct erase **out, struct err *err)
{
    struct erase *x = mem_alloc(sizeof *x);

    if (!x)
        return err_nomem(err);
    x->engine = e;
    x->now_ms = now_ms;
    x->removal.sign = sign;
    x->removal.context = x;
    if (!engine_receipts(e, &x->arena, &x->before, err)) {
        engine_erase_free(x);
        return false;
    }
    x->last_n = x->before.n;
    if (x->last_n)
        x->last = x->before.receipt[x->last_n - 1];
    *out = x;
    return true;
}

static void hold(struct erase *x)
{
    store_hold(x->engine->store);
    x->holds = true;
}

bool engine_erase_begin(struct engine *e, const str *customer, uint32_t n, int64_t now_ms,
                        struct erase **out, struct err *err)
{
    struct erase *x;

    if (!begin(e, now_ms, &x, err))
        return false;
    if (!gather(x, customer, n, err)) {
        engine_erase_free(x);
        return false;
    }
    *out = x;
    hold(x);
    return true;
}

/* --- what is too old --- */

/* From before this moment, of the type with this number in the retention; -1: it stays. */
static int64_t too_old(const struct model *m, int64_t now_ms, str type, int64_t at_ms)
{
    const struct retained *r = retention_find(&m->retention, &m->dictionary, type);

    return r && length_add(m->workspace.zone, at_ms, r->length) <= now_ms
               ? r - m->retention.type
               : -1;
}

static bool drops(void *context, const struct event *event)
{
    struct erase *x = context;
    int64_t i = too_old(x->engine->model, x->now_ms, event->type, event->at_ms);

    if (i >= 0)
        x->type[i].events++;
    return i >= 0;
}

static bool new_types(const struct model *m, struct arena *a, struct receipt_type **out,
                      struct err *err)
{
    uint32_t n = m->retention.type_n;
    struct receipt_type *type = arena_array(a, struct receipt_type, (size_t)n + 1);

    if (!type)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        struct buf kept = {};

        length_print(&kept, m->retention.type[i].length);
        type[i].type = arena_str(a, m->retention.type[i].event);
        if (!kept.failed)
            type[i].kept = arena_str(a, buf_str(&kept));
        buf_free(&kept);
        if (!type[i].type.p || !type[i].kept.p)
            return err_nomem(err);
    }
    *out = type;
    return true;
}

bool engine_retain_begin(struct engine *e, int64_t now_ms, struct erase **out,
                         struct err *err)
{
    struct erase *x;

    if (!begin(e, now_ms, &x, err))
        return false;
    x->retains = true;
    x->removal.drops = drops;
    x->type_n = e->model->retention.type_n;
    if (!new_types(e->model, &x->arena, &x->type, err)) {
        engine_erase_free(x);
        return false;
    }
    *out = x;
    hold(x);
    return true;
}

static void count_chunk(const struct engine *e, const struct chunk *c, int64_t now_ms,
                        struct receipt_type *type)
{
    const struct catalog *catalog = snapshot_catalog(e->now);

    for (uint32_t i = 0; i < c->event_n; i++) {
        int64_t old = too_old(e->model, now_ms,
                              text_table_get(&catalog->type, c->type[i]), c->at_ms[i]);

        if (old >= 0)
            type[old].events++;
    }
}

bool engine_retain_count(struct engine *e, int64_t now_ms, struct arena *a,
                         const struct receipt_type **out, uint32_t *n, struct err *err)
{
    struct receipt_type *type;

    if (!new_types(e->model, a, &type, err))
        return false;
    *out = type;
    *n = e->model->retention.type_n;
    for (uint32_t k = 0; k < snapshot_chunk_count(e->now) && *n; k++) {
        struct chunk *c;

        if (!snapshot_own_chunk(e->now, k, &c, err))
            return false;
        count_chunk(e, c, now_ms, type);
        chunk_free(c);
    }
    return true;
}

void retained_put_json(struct json_out *j, const struct receipt_type *type, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        json_key(j, "type");
        json_put_text(j, type[i].type);
        json_key(j, "kept");
        json_put_text(j, type[i].kept);
        json_key(j, "events");
        json_put_int(j, (int64_t)type[i].events);
        json_end_object(j);
    }
    json_end_list(j);
}

/* --- all of it --- */

bool engine_erase_run(struct erase *x,
                      void (*progress)(void *context, uint64_t done, uint64_t all),
                      void *context, struct err *err)
{
    const struct rewrite_options o = {.memory_bytes = x->engine->options.memory_bytes,
                                      .progress = progress,
                                      .context = context,
                                      .owner = x->engine->options.owner,
                                      .stop = &x->stop};

    return store_remove_begin(x->engine->store, &x->removal, &o, &x->removing, err);
}

void engine_erase_stop(struct erase *x)
{
    atomic_store(&x->stop, true);
}

static bool exchange(void *context, struct store *s, struct err *err)
{
    struct erase *x = context;
    struct rewrite_sizes sizes;
    bool ok = store_remove_finish(x->removing, s, &sizes, err);

    store_remove_free(x->removing);
    x->removing = NULL;
    x->holds = false;
    return ok;
}

bool engine_erase_finish(struct erase *x, struct err *err)
{
    return engine_exchange(x->engine, exchange, x, err);
}

void engine_erase_free(struct erase *x)
{
    if (!x)
        return;
    store_remove_free(x->removing);
    if (x->holds)
        store_let_go(x->engine->store);
    arena_free(&x->arena);
    buf_free(&x->receipts);
    mem_free(x);
}

str erase_receipts(const struct erase *x)
{
    return buf_str(&x->receipts);
}

struct receipt_counts erase_counts(const struct erase *x)
{
    return x->counts;
}
