/* graph_bytes.c - what a graph has learnt, as bytes.
 *
 *     number of ids before                     }
 *     how many are new: kind, anchor or not, the first moment, of each; then their texts
 *     how many of those before are others: number, anchor or not, the first moment, of each
 *     how many links are new or others: two ids, kind, what was decided, moment, order, of each
 *
 * Numbers are varints (base/bytes.h); a moment is the difference to the one before it, and a
 * first moment one more than that, where 0 is none. Which links joined is not told: it follows. */
#include "identity/graph_impl.h"

#include "base/bytes.h"
#include "base/time.h"

#include <stdlib.h>

/* What is to be encoded, in which order, and how ids are numbered there. */
struct part {
    const struct graph *g;
    uint32_t before, links_before; /* ids and links that are known there */
    uint32_t node_n, link_n;       /* how many are new */
    const uint32_t *node, *link;   /* NULL: all those behind, in their order */
    const uint32_t *number;        /* of each id; NULL: its own */
    size_t old_n, old_link_n;      /* of the journal */
};

static uint32_t node_at(const struct part *p, uint32_t i)
{
    return p->node ? p->node[i] : p->before + i;
}

static uint32_t number_of(const struct part *p, uint32_t node)
{
    return p->number ? p->number[node] : node;
}

static void put_first(struct buf *to, int64_t first_ms, int64_t *last_ms)
{
    if (first_ms == MOMENT_NEVER) {
        put(to, 0);
        return;
    }
    put(to, 1 + fold(first_ms - *last_ms));
    *last_ms = first_ms;
}

static void put_state(struct buf *to, const struct node *n, int64_t *last_ms)
{
    put(to, (uint64_t)n->kind * 2 + !!(n->flags & NODE_ANCHOR));
    put_first(to, n->first_ms, last_ms);
}

static bool put_ids(const struct part *p, struct buf *to, int64_t *last_ms)
{
    str *text = NULL;

    put(to, p->node_n);
    if (!p->node_n)
        return true;
    for (uint32_t i = 0; i < p->node_n; i++)
        put_state(to, &p->g->node[node_at(p, i)], last_ms);
    text = mem_alloc(p->node_n * sizeof *text);
    if (!text)
        return false;
    for (uint32_t i = 0; i < p->node_n; i++)
        text[i] = node_id(p->g, node_at(p, i)).value;
    put_texts(to, text, p->node_n);
    mem_free(text);
    return true;
}

static void put_old(const struct part *p, struct buf *to, int64_t *last_ms)
{
    put(to, p->old_n);
    for (size_t i = 0; i < p->old_n; i++) {
        uint32_t node = p->g->journal.node[i].node;

        put(to, node);
        put_state(to, &p->g->node[node], last_ms);
    }
}

static void put_link(const struct part *p, uint32_t link, struct buf *to,
                     int64_t *last_ms)
{
    const struct link *l = &p->g->link[link];

    put(to, number_of(p, l->node[0]));
    put(to, number_of(p, l->node[1]));
    put(to, (uint64_t)l->tie * 3 + l->says);
    put(to, fold(l->at_ms - *last_ms));
    put(to, l->order);
    *last_ms = l->at_ms;
}

static bool put_part(const struct part *p, struct buf *to, struct err *err)
{
    int64_t last_ms = 0;

    put(to, p->before);
    if (!put_ids(p, to, &last_ms))
        return err_nomem(err);
    put_old(p, to, &last_ms);
    put(to, p->link_n + p->old_link_n);
    for (uint32_t i = 0; i < p->link_n; i++)
        put_link(p, p->link ? p->link[i] : p->links_before + i, to, &last_ms);
    for (size_t i = 0; i < p->old_link_n; i++)
        put_link(p, p->g->journal.link[i].link, to, &last_ms);
    return !to->failed || err_nomem(err);
}

bool graph_encode_news(const struct graph *g, struct buf *to, struct err *err)
{
    const struct journal *j = &g->journal;

    return put_part(&(struct part){.g = g,
                                   .before = j->node_n,
                                   .links_before = j->link_n,
                                   .node_n = g->node_n - j->node_n,
                                   .link_n = g->link_n - j->link_n,
                                   .old_n = j->node_was_n,
                                   .old_link_n = j->link_was_n},
                    to, err);
}

bool graph_encode(const struct graph *g, struct buf *to, struct err *err)
{
    return put_part(&(struct part){.g = g, .node_n = g->node_n, .link_n = g->link_n}, to,
                    err);
}

static int node_order(const void *a, const void *b, void *graph)
{
    return id_compare(node_id(graph, *(const uint32_t *)a),
                      node_id(graph, *(const uint32_t *)b));
}

struct numbered {
    const struct graph *g;
    const uint32_t *number;
};

static int link_order(const void *a, const void *b, void *numbered)
{
    const struct numbered *n = numbered;
    const struct link *la = &n->g->link[*(const uint32_t *)a];
    const struct link *lb = &n->g->link[*(const uint32_t *)b];

    for (int end = 0; end < 2; end++) {
        uint32_t na = n->number[la->node[end]], nb = n->number[lb->node[end]];

        if (na != nb)
            return na < nb ? -1 : 1;
    }
    return (la->tie > lb->tie) - (la->tie < lb->tie);
}

bool graph_encode_sorted(const struct graph *g, struct buf *to, struct err *err)
{
    struct arena a = {};
    uint32_t *node = arena_array(&a, uint32_t, g->node_n);
    uint32_t *number = arena_array(&a, uint32_t, g->node_n);
    uint32_t *link = arena_array(&a, uint32_t, g->link_n);
    struct part p = {.g = g, .node_n = g->node_n, .link_n = g->link_n};
    bool ok = node && number && link;

    for (uint32_t i = 0; ok && i < g->node_n; i++)
        node[i] = i;
    for (uint32_t i = 0; ok && i < g->link_n; i++)
        link[i] = i;
    if (ok && g->node_n)
        qsort_r(node, g->node_n, sizeof *node, node_order, (void *)g);
    for (uint32_t i = 0; ok && i < g->node_n; i++)
        number[node[i]] = i;
    if (ok && g->link_n)
        qsort_r(link, g->link_n, sizeof *link, link_order, &(struct numbered){g, number});
    p.node = node;
    p.link = link;
    p.number = number;
    ok = ok ? put_part(&p, to, err) : err_nomem(err);
    arena_free(&a);
    return ok;
}

/* --- and back --- */

static int64_t get_moment(struct in *in, uint64_t difference, int64_t *last_ms)
{
    int64_t at_ms =
        (int64_t)((uint64_t)*last_ms + (uint64_t)unfold(difference)); /* may wrap */

    if (at_ms < MOMENT_MIN || at_ms > MOMENT_MAX)
        spoil(in, "a moment is out of its range");
    else
        *last_ms = at_ms;
    return *last_ms;
}

/* Of an id, but for its text. */
struct state {
    int64_t first_ms;
    uint8_t kind, flags;
};

static void get_state(struct in *in, struct state *n, int64_t *last_ms)
{
    uint64_t state = get_below(in, 2 * ID_KIND_N), first;

    n->kind = (uint8_t)(state / 2);
    n->flags = state & 1 ? NODE_ANCHOR : 0;
    first = get(in);
    n->first_ms = first ? get_moment(in, first - 1, last_ms) : MOMENT_NEVER;
}

static bool is_id(str text)
{
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < 0x20)
            return false;
    return text.n && text.n <= ID_BYTES_MAX;
}

static bool get_new(struct graph *g, struct in *in, const struct state *state,
                    const str *text, uint32_t n, struct err *err)
{
    for (uint32_t i = 0; i < n && !in->wrong; i++) {
        struct id id = {(enum id_kind)state[i].kind, text[i]};
        struct node *node;

        if (!is_id(text[i]) || node_find(g, id) != NONE) {
            spoil(in, "an id is none, or there already");
            return true;
        }
        if (!node_add(g, id))
            return err_nomem(err);
        node = &g->node[g->node_n - 1];
        node->first_ms = state[i].first_ms;
        node->flags = state[i].flags;
    }
    return true;
}

static bool get_ids(struct graph *g, struct in *in, int64_t *last_ms, struct err *err)
{
    struct arena a = {};
    uint32_t n = get_count(in);
    struct state *state = arena_array(&a, struct state, n);
    str *text = arena_array(&a, str, n);
    bool ok = (state && text && graph_reserve(g, n, 0)) || err_nomem(err);

    for (uint32_t i = 0; ok && i < n; i++)
        get_state(in, &state[i], last_ms);
    if (ok && n)
        ok = get_texts(in, &a, text, n, err) && get_new(g, in, state, text, n, err);
    arena_free(&a);
    return ok;
}

static void get_old(struct graph *g, struct in *in, int64_t *last_ms)
{
    for (uint32_t n = get_count(in); n && !in->wrong; n--) {
        uint32_t number = (uint32_t)get_below(in, g->node_n);
        struct state state = {};

        get_state(in, &state, last_ms);
        if (in->wrong)
            return;
        if (state.kind != g->node[number].kind)
            spoil(in, "an id has changed its kind");
        g->node[number].first_ms = state.first_ms;
        g->node[number].flags = state.flags;
    }
}

static void get_link(struct graph *g, struct in *in, int64_t *last_ms)
{
    uint32_t a = (uint32_t)get_below(in, g->node_n);
    uint32_t b = (uint32_t)get_below(in, g->node_n);
    uint64_t what = get_below(in, 9);
    struct link l = {.node = {a, b},
                     .tie = (uint8_t)(what / 3),
                     .says = (uint8_t)(what % 3),
                     .verdict = GRAPH_IS_NONE};
    uint32_t known;

    l.at_ms = get_moment(in, get(in), last_ms);
    l.order = get(in);
    if (in->wrong)
        return;
    if (id_compare(node_id(g, a), node_id(g, b)) >= 0
        || (l.tie != GRAPH_DECIDED && l.says)) {
        spoil(in, "a link is none");
        return;
    }
    known = link_find(g, a, b, (enum graph_tie)l.tie);
    if (known == NONE) {
        link_add(g, l);
        return;
    }
    g->link[known].at_ms = l.at_ms;
    g->link[known].order = l.order;
    g->link[known].says = l.says;
}

bool graph_decode(struct graph *g, str bytes, struct err *err)
{
    struct in in = in_of(bytes);
    int64_t last_ms = 0;
    uint32_t n;

    if (get(&in) != g->node_n)
        spoil(&in, "it does not follow on what was before");
    if (!get_ids(g, &in, &last_ms, err))
        return false;
    get_old(g, &in, &last_ms);
    n = get_count(&in);
    if (!graph_reserve(g, 0, n))
        return err_nomem(err);
    for (uint32_t i = 0; i < n && !in.wrong; i++)
        get_link(g, &in, &last_ms);
    return in_end(&in, err);
}

bool graph_decoded(struct graph *g, struct err *err)
{
    for (uint32_t i = 0; i < g->node_n; i++) {
        struct node *n = &g->node[i];

        set_apart(g, i);
        if (n->flags & NODE_APART)
            n->flags |= NODE_GROUP_APART;
        n->count[n->kind] = n->first_ms != MOMENT_NEVER;
    }
    if (!graph_settle_all(g))
        return err_nomem(err);
    graph_mark(g);
    return true;
}
