#include "engine/suspicions.h"

#include "base/time.h"

#include <stdlib.h>

/* --- the newest of many links --- */

struct picked {
    const struct graph *graph;
    enum pair_kind kind;
    uint32_t after;
    uint32_t *link; /* the newest of those seen, and some more */
    uint32_t n, cap, keep, total;
};

/* Newest first. */
static int link_order(const struct graph *g, uint32_t a, uint32_t b)
{
    struct graph_link la = graph_link(g, a), lb = graph_link(g, b);
    int order;

    if (la.at_ms != lb.at_ms)
        return la.at_ms > lb.at_ms ? -1 : 1;
    order = id_compare(graph_id(g, la.a), graph_id(g, lb.a));
    order = order ? order : id_compare(graph_id(g, la.b), graph_id(g, lb.b));
    return order ? order : (la.tie > lb.tie) - (la.tie < lb.tie);
}

static int picked_order(const void *a, const void *b, void *graph)
{
    return link_order(graph, *(const uint32_t *)a, *(const uint32_t *)b);
}

static void sort_picked(struct picked *p)
{
    if (p->n)
        qsort_r(p->link, p->n, sizeof *p->link, picked_order,
                (void *)(uintptr_t)p->graph);
    if (p->n > p->keep)
        p->n = p->keep;
}

static void pick(struct picked *p, uint32_t number)
{
    struct graph_link l = graph_link(p->graph, number);

    if (p->kind == PAIR_SUSPECTED ? !l.is_suspicious
                                  : l.tie != GRAPH_DECIDED || l.says == GRAPH_UNDECIDED)
        return;
    p->total++;
    if (p->after != GRAPH_NO_ID && link_order(p->graph, number, p->after) <= 0)
        return;
    if (p->n == p->cap)
        sort_picked(p);
    p->link[p->n++] = number;
}

/* A link between two ids of his is met at both: it is taken at the first. */
static void pick_of(struct picked *p, uint32_t id)
{
    const struct graph *g = p->graph;
    uint32_t at = id;

    do {
        for (uint32_t i = graph_link_of(g, at, GRAPH_NO_ID); i != GRAPH_NO_ID;
             i = graph_link_of(g, at, i)) {
            struct graph_link l = graph_link(g, i);

            if (l.a == at || graph_customer(g, l.a) != graph_customer(g, l.b))
                pick(p, i);
        }
    } while ((at = graph_next(g, at)) != id);
}

static bool pick_all(struct engine *e, struct picked *p, str customer, struct err *err)
{
    const struct catalog *c = snapshot_catalog(engine_snapshot(e));
    uint32_t number, id;

    if (!customer.n) {
        for (uint32_t i = 0; i < graph_link_count(p->graph); i++)
            pick(p, i);
        return true;
    }
    if (!engine_find(e, customer, &number, err))
        return false;
    id = graph_find(p->graph, id_of_key(catalog_customer_key(c, number)));
    if (id != GRAPH_NO_ID)
        pick_of(p, id);
    return true;
}

static bool new_picked(struct engine *e, const struct pair_want *want, struct arena *a,
                       struct picked *p, struct err *err)
{
    uint64_t room = 2 * ((uint64_t)want->limit + 1);
    uint32_t links;

    *p = (struct picked){.kind = want->kind, .after = want->after};
    if (!engine_graph(e, &p->graph, err))
        return false;
    links = graph_link_count(p->graph);
    if (want->after != GRAPH_NO_ID && want->after >= links)
        return err_set(err, ERR_INPUT, "\"after\" is what the page before gave as next");
    p->cap = room < links ? (uint32_t)room : links + 1;
    p->keep = want->limit < p->cap ? want->limit + 1 : p->cap;
    p->link = arena_array(a, uint32_t, p->cap);
    return p->link || err_nomem(err);
}

static struct pair pair_of(const struct graph *g, uint32_t number)
{
    struct graph_link l = graph_link(g, number);

    return (struct pair){
        .link = number,
        .a = graph_id(g, l.a),
        .b = graph_id(g, l.b),
        .customer_a = graph_id(g, graph_customer(g, l.a)),
        .customer_b = graph_id(g, graph_customer(g, l.b)),
        .at_ms = l.at_ms,
        .tie = l.tie,
        .verdict = l.verdict,
        .says = l.says,
    };
}

bool engine_pairs(struct engine *e, const struct pair_want *want, struct arena *a,
                  struct pair_page *out, struct err *err)
{
    struct picked picked;
    struct pair *pair;

    if (!new_picked(e, want, a, &picked, err)
        || !pick_all(e, &picked, want->customer, err))
        return false;
    sort_picked(&picked);
    *out = (struct pair_page){.total = picked.total, .more = picked.n > want->limit};
    out->n = out->more ? want->limit : picked.n;
    out->pair = pair = arena_array(a, struct pair, out->n);
    if (!pair)
        return err_nomem(err);
    for (uint32_t i = 0; i < out->n; i++)
        pair[i] = pair_of(picked.graph, picked.link[i]);
    return true;
}

/* --- who decided --- */

static bool text_of(const struct engine *e, const struct timeline *t, uint32_t event,
                    str name, str *out, struct err *err)
{
    const struct catalog *c = snapshot_catalog(engine_snapshot(e));
    uint32_t column = catalog_column_find(c, name, false, VALUE_TEXT);
    struct value v = {};

    if (column != COLUMN_NONE && !timeline_value(t, column, event, NULL, &v, err))
        return false;
    *out = v.type == VALUE_TEXT ? v.text : STR("");
    return true;
}

/* Whether this event of the timeline is the decision. */
static bool is_decision(const struct engine *e, const struct timeline *t, uint32_t event,
                        const struct pair *p, bool *is, struct err *err)
{
    const struct catalog *c = snapshot_catalog(engine_snapshot(e));
    str a, b;

    *is = t->at_ms[event] == p->at_ms
          && str_eq(text_table_get(&c->type, t->type[event]), STR(EVENT_DECIDED));
    if (!*is)
        return true;
    if (!text_of(e, t, event, STR("a"), &a, err)
        || !text_of(e, t, event, STR("b"), &b, err))
        return false;
    *is = (str_eq(a, p->a.value) && str_eq(b, p->b.value))
          || (str_eq(a, p->b.value) && str_eq(b, p->a.value));
    return true;
}

static bool find_decision(struct engine *e, struct id customer, const struct pair *p,
                          struct arena *a, str *by, struct err *err)
{
    struct timeline t;
    uint32_t number;
    bool is = false;
    str found;

    if (!identity_home(e, customer, &number, err))
        return false;
    if (number == CUSTOMER_NONE)
        return true;
    if (!engine_timeline(e, number, &t, err))
        return false;
    for (uint32_t k = t.n; k-- && t.at_ms[k] >= p->at_ms && !is;) {
        if (!is_decision(e, &t, k, p, &is, err)
            || (is && !text_of(e, &t, k, STR("by"), &found, err)))
            return false;
    }
    if (is)
        *by = arena_str(a, found);
    return !is || by->p || err_nomem(err);
}

bool engine_decided_by(struct engine *e, const struct pair *decided, struct arena *a,
                       str *by, struct err *err)
{
    *by = STR("");
    return find_decision(e, decided->customer_a, decided, a, by, err)
           && (by->n || id_compare(decided->customer_a, decided->customer_b) == 0
               || find_decision(e, decided->customer_b, decided, a, by, err));
}

/* --- shown --- */

/* What somebody decided of him is nothing that he did. */
static void count_own(struct engine *e, const struct timeline *t, uint32_t *n,
                      int64_t *last_ms)
{
    uint32_t decided =
        text_table_find(&snapshot_catalog(engine_snapshot(e))->type, STR(EVENT_DECIDED));

    *n = 0;
    *last_ms = MOMENT_NEVER;
    for (uint32_t i = 0; i < t->n; i++) {
        if (t->type[i] == decided)
            continue;
        ++*n;
        *last_ms = t->at_ms[i];
    }
}

bool suspect_put_json(struct json_out *j, struct engine *e, struct id id, struct err *err)
{
    const struct lifecycle *l = engine_model(e)->lifecycle;
    struct timeline t = {.n = 0};
    const struct move *move = NULL;
    uint32_t number, events;
    int64_t last_ms;
    size_t n = 0;

    if (!identity_home(e, id, &number, err)
        || (number != CUSTOMER_NONE && !engine_timeline(e, number, &t, err)))
        return false;
    if (number != CUSTOMER_NONE)
        move = engine_moves(e, l->number, number, &n);
    count_own(e, &t, &events, &last_ms);
    json_begin_object(j);
    json_key(j, "kind");
    json_put_text(j, id_kind_name(id.kind));
    json_key(j, "id");
    json_put_text(j, id.value);
    json_key(j, "stage");
    if (n && move[n - 1].to != STAGE_NONE)
        json_put_text(j, l->stage[move[n - 1].to].name);
    else
        json_put_null(j);
    json_key(j, "events");
    json_put_int(j, events);
    json_key(j, "last");
    json_put_moment(j, last_ms);
    json_end_object(j);
    return true;
}

static bool put_who(struct json_out *j, struct engine *e, struct id id, bool whole,
                    struct err *err)
{
    if (whole)
        return suspect_put_json(j, e, id, err);
    id_put_json(j, id);
    return true;
}

static bool put_decided(struct json_out *j, struct engine *e, const struct pair *p,
                        struct err *err)
{
    struct arena a = {};
    bool ok;
    str by;

    ok = engine_decided_by(e, p, &a, &by, err);
    if (ok) {
        json_key(j, "at");
        json_put_moment(j, p->at_ms);
        json_key(j, "says");
        json_put_text(j, says_text(p->says));
        json_key(j, "by");
        if (by.n)
            json_put_text(j, by);
        else
            json_put_null(j);
    }
    arena_free(&a);
    return ok;
}

static void put_suspected(struct json_out *j, const struct pair *p)
{
    json_key(j, "since");
    json_put_moment(j, p->at_ms);
    json_key(j, "how");
    json_put_text(j, tie_text(p->tie));
    json_key(j, "why");
    json_put_text(j, graph_verdict_text(p->verdict));
}

bool pair_put_json(struct json_out *j, struct engine *e, const struct pair *p,
                   enum pair_kind kind, bool whole, struct err *err)
{
    json_begin_object(j);
    json_key(j, "a");
    id_put_json(j, p->a);
    json_key(j, "b");
    id_put_json(j, p->b);
    json_key(j, "customers");
    json_begin_list(j);
    if (!put_who(j, e, p->customer_a, whole, err))
        return false;
    if (id_compare(p->customer_a, p->customer_b) != 0
        && !put_who(j, e, p->customer_b, whole, err))
        return false;
    json_end_list(j);
    if (kind == PAIR_SUSPECTED)
        put_suspected(j, p);
    else if (!put_decided(j, e, p, err))
        return false;
    json_end_object(j);
    return true;
}
