#include "engine/similar.h"

#include "base/num.h"
#include "base/time.h"
#include "engine/alike.h"
#include "engine/engine_impl.h"
#include "engine/suspicions.h"

#include <string.h>

struct similar_look {
    struct engine *engine;
    struct snapshot *v;
    struct similar_rules rules;
    struct similar_found *found;
    struct arena a;
    struct dictionary_property *kept; /* the model may be another one meanwhile */
    uint32_t kept_n;
};

static bool copy_rules(struct similar_look *l, const struct dictionary *d)
{
    l->kept = arena_array(&l->a, struct dictionary_property, d->trait_n + 1);
    for (uint32_t i = 0; l->kept && i < d->trait_n; i++) {
        const struct dictionary_property *from = &d->trait[i];
        struct dictionary_property *to = &l->kept[l->kept_n];
        str *source;

        if (from->keep.kind == KEEP_NEWEST)
            continue;
        source = arena_array(&l->a, str, from->keep.source_n + 1);
        *to = *from;
        to->name = arena_str(&l->a, from->name);
        to->keep.source = source;
        if (!source || !to->name.p)
            return false;
        for (uint32_t k = 0; k < from->keep.source_n; k++) {
            source[k] = arena_str(&l->a, from->keep.source[k]);
            if (!source[k].p)
                return false;
        }
        l->kept_n++;
    }
    return l->kept;
}

void engine_similar_free(struct similar_look *l)
{
    if (!l)
        return;
    similar_found_free(l->found);
    snapshot_close(l->v);
    arena_free(&l->a);
    mem_free(l);
}

bool engine_similar_begin(struct engine *e, uint32_t bits, int64_t now_ms,
                          struct similar_look **out, struct err *err)
{
    struct similar_look *l = mem_alloc(sizeof *l);

    if (!l)
        return err_nomem(err);
    l->engine = e;
    l->rules = similar_rules_usual;
    l->rules.threshold = bits;
    l->found = mem_alloc(sizeof *l->found);
    if (!l->found || !copy_rules(l, &engine_model(e)->dictionary)) {
        engine_similar_free(l);
        return err_nomem(err);
    }
    if (!store_snapshot(engine_store(e), &l->v, err)) {
        engine_similar_free(l);
        return false;
    }
    l->found->looked_ms = now_ms;
    *out = l;
    return true;
}

bool engine_similar_run(struct similar_look *l,
                        bool (*progress)(void *context, uint64_t done, uint64_t all),
                        void *context, struct err *err)
{
    const struct similar_pair *pair;
    struct contacts contacts;
    struct arena a = {};
    size_t n;
    bool ok;

    ok = contacts_gather(l->v, l->kept, l->kept_n, &a, progress, context, &contacts, err)
         && similar_find(contacts.contact, contacts.n, &l->rules, &a, &pair, &n, err)
         && similar_found_keep(l->found, &contacts, pair, n, err);
    contacts_free(&contacts);
    arena_free(&a);
    snapshot_end(l->v);
    return ok;
}

void engine_similar_finish(struct similar_look *l)
{
    similar_found_free(l->engine->similar);
    l->engine->similar = l->found;
    l->found = NULL;
}

/* --- listed --- */

/* The id by which the graph knows him now. */
static uint32_t id_now(const struct engine *e, const struct graph *g, uint32_t customer)
{
    str key = catalog_customer_key(snapshot_catalog(engine_snapshot(e)), customer);
    uint32_t id = graph_find(g, id_of_key(key));

    return id == GRAPH_NO_ID ? id : graph_customer(g, id);
}

struct listing {
    struct engine *engine;
    const struct graph *graph;
    const struct similar_found *found;
    uint32_t of; /* whose; GRAPH_NO_ID: everybody's */
    struct alike *alike;
    struct alike_page *page;
};

static void list_pair(struct listing *l, uint32_t place, const struct alike_want *want)
{
    const struct similar_found *f = l->found;
    const struct similar_pair *p = &f->pair[place];
    uint32_t a = id_now(l->engine, l->graph, f->customer[p->a]);
    uint32_t b = id_now(l->engine, l->graph, f->customer[p->b]);

    if (a == b || a == GRAPH_NO_ID || b == GRAPH_NO_ID
        || (l->of != GRAPH_NO_ID && a != l->of && b != l->of)
        || graph_is_apart(l->graph, a, b))
        return;
    l->page->total++;
    if (want->after != UINT32_MAX && place <= want->after)
        return;
    l->page->more = l->page->n == want->limit;
    if (!l->page->more)
        l->alike[l->page->n++] =
            (struct alike){.place = place,
                           .customer = {graph_id(l->graph, a), graph_id(l->graph, b)},
                           .contact = {&f->contact[p->a], &f->contact[p->b]},
                           .pair = p};
}

bool engine_similar(struct engine *e, const struct alike_want *want, struct arena *a,
                    struct alike_page *out, struct err *err)
{
    struct listing l = {.engine = e, .found = e->similar, .of = GRAPH_NO_ID, .page = out};
    uint32_t number, pairs = l.found ? (uint32_t)l.found->pair_n : 0;

    *out = (struct alike_page){.looked_ms = l.found ? l.found->looked_ms : MOMENT_NEVER};
    if (!engine_graph(e, &l.graph, err)
        || (want->customer.n && !engine_find(e, want->customer, &number, err)))
        return false;
    if (want->customer.n)
        l.of = id_now(e, l.graph, number);
    out->alike = l.alike =
        arena_array(a, struct alike, want->limit < pairs ? want->limit : pairs);
    if (!l.alike)
        return err_nomem(err);
    for (uint32_t i = 0; i < pairs; i++)
        list_pair(&l, i, want);
    return true;
}

static void put_field(struct json_out *j, const struct alike *one, int field)
{
    json_begin_object(j);
    json_key(j, "field");
    json_put_text(j, similar_field_name((enum similar_field)field));
    json_key(j, "a");
    json_put_text(j, one->contact[0]->field[field]);
    json_key(j, "b");
    json_put_text(j, one->contact[1]->field[field]);
    json_key(j, "alike");
    json_put_num(j, one->pair->alike[field] * (NUM_ONE / 100));
    json_end_object(j);
}

bool alike_put_json(struct json_out *j, struct engine *e, const struct alike *one,
                    bool whole, struct err *err)
{
    json_begin_object(j);
    json_key(j, "customers");
    json_begin_list(j);
    for (int i = 0; i < 2; i++) {
        if (!whole)
            id_put_json(j, one->customer[i]);
        else if (!suspect_put_json(j, e, one->customer[i], err))
            return false;
    }
    json_end_list(j);
    json_key(j, "bits");
    json_put_num(j, (int64_t)(one->pair->weight * 10 + 0.5) * (NUM_ONE / 10));
    json_key(j, "fields");
    json_begin_list(j);
    for (int f = 0; f < SIMILAR_FIELD_N; f++)
        if (one->pair->alike[f] != SIMILAR_UNKNOWN)
            put_field(j, one, f);
    json_end_list(j);
    json_end_object(j);
    return true;
}
