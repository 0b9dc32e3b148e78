#include "identity/graph_impl.h"

#include "base/hash.h"
#include "base/time.h"

#include <string.h>

/* Most events only say again what is known: then nothing changes. A link that is new,
 * and after all others of its two groups, gets its turn at once. All else is region_settle's. */

/* A household's worth of everything; docs/identity.md says why. */
const struct graph_limits graph_limits_usual = {
    .ids = {[ID_USER] = 10,
            [ID_ANONYMOUS] = 200,
            [ID_EMAIL] = 5,
            [ID_PHONE] = 5,
            [ID_DEVICE] = 20,
            [ID_OTHER] = 20,
            [ID_GROUP] = 20},
};

bool graph_new(const struct graph_limits *limits, struct graph **out, struct err *err)
{
    for (int k = 0; k < ID_KIND_N; k++)
        if (limits->ids[k] < 1 || limits->ids[k] >= UINT16_MAX)
            return err_set(
                err, ERR_INPUT, "%.*s: a customer can have 1 to %d of a kind, not %u",
                STR_FMT(id_kind_name((enum id_kind)k)), UINT16_MAX - 1, limits->ids[k]);
    *out = mem_alloc(sizeof **out);
    if (!*out)
        return err_nomem(err);
    (*out)->limits = *limits;
    return true;
}

void graph_free(struct graph *g)
{
    if (!g)
        return;
    arena_free(&g->text);
    mem_free(g->node);
    mem_free(g->link);
    mem_free(g->node_slot);
    mem_free(g->link_slot);
    mem_free(g->place);
    mem_free(g->turn);
    mem_free(g->change);
    mem_free(g->journal.node);
    mem_free(g->journal.link);
    mem_free(g);
}

size_t graph_bytes(const struct graph *g)
{
    return sizeof *g + arena_bytes(&g->text) + g->node_cap * sizeof *g->node
           + g->link_cap * sizeof *g->link + g->node_slot_cap * sizeof *g->node_slot
           + g->link_slot_cap * sizeof *g->link_slot + g->place_cap * sizeof *g->place
           + g->turn_cap * sizeof *g->turn + g->change_cap * sizeof *g->change
           + g->journal.node_cap * sizeof *g->journal.node
           + g->journal.link_cap * sizeof *g->journal.link;
}

/* --- taking up facts, so that they can be given back --- */

/* An id of the event. Not `is_here`: it is only a previous one. */
struct carried {
    struct id id;
    uint32_t node;
    bool is_here;
    bool is_earlier; /* than all events that carried it before */
    bool is_first;   /* of all events that carry it */
    int64_t was_ms;
};

/* A link of the event. */
struct tied {
    uint32_t link;
    bool is_new, is_earlier;
    int64_t was_ms;
    uint64_t was_order;
};

struct taking {
    uint32_t node_n, link_n; /* before it */
    struct carried id[GRAPH_IDS_MAX + 2];
    struct tied tied[GRAPH_IDS_MAX + 2];
    size_t id_n, tied_n;
    bool is_late; /* what had its turn must have it again */
};

/* Its arrays stay as they are: this is done for every event. */
static void take_begin(struct taking *t, const struct graph *g)
{
    t->node_n = g->node_n;
    t->link_n = g->link_n;
    t->id_n = t->tied_n = 0;
    t->is_late = false;
}

/* Sorted, and each once. */
static void carry(struct taking *t, struct id id, bool is_here)
{
    size_t at = t->id_n;

    while (at && id_compare(t->id[at - 1].id, id) > 0)
        at--;
    if (at && id_compare(t->id[at - 1].id, id) == 0) {
        t->id[at - 1].is_here |= is_here;
        return;
    }
    memmove(&t->id[at + 1], &t->id[at], (t->id_n++ - at) * sizeof t->id[0]);
    t->id[at] = (struct carried){.id = id, .is_here = is_here};
}

static bool number_ids(struct graph *g, struct taking *t)
{
    for (size_t i = 0; i < t->id_n; i++) {
        struct carried *c = &t->id[i];

        c->node = node_find(g, c->id);
        if (c->node != NONE)
            continue;
        if (!node_add(g, c->id))
            return false;
        c->node = g->node_n - 1;
    }
    return true;
}

static void see_ids(struct graph *g, struct taking *t, int64_t at_ms)
{
    for (size_t i = 0; i < t->id_n; i++) {
        struct carried *c = &t->id[i];
        struct node *n = &g->node[c->node];

        c->was_ms = n->first_ms;
        c->is_earlier = c->is_here && at_ms < n->first_ms;
        if (!c->is_earlier)
            continue;
        c->is_first = n->first_ms == MOMENT_NEVER;
        node_note(g, c->node);
        n->first_ms = at_ms;
        if (c->is_first && n->links == NONE)
            n->count[n->kind] = 1;
        else if (c->is_first)
            t->is_late = true;
    }
}

static bool comes_before(int64_t at_ms, uint64_t order, const struct link *l)
{
    return at_ms < l->at_ms || (at_ms == l->at_ms && order < l->order);
}

static uint32_t make_link(struct graph *g, uint32_t a, uint32_t b, enum graph_tie tie,
                          int64_t at_ms, uint64_t order)
{
    bool ascends = id_compare(node_id(g, a), node_id(g, b)) < 0;

    link_add(g, (struct link){.node = {ascends ? a : b, ascends ? b : a},
                              .at_ms = at_ms,
                              .order = order,
                              .tie = (uint8_t)tie,
                              .verdict = GRAPH_IS_NONE});
    return g->link_n - 1;
}

static bool is_last(const struct graph *g, uint32_t link, uint32_t node)
{
    uint32_t last = g->node[root_of(g, node)].last;

    return last == NONE || link_cmp(g, link, last) > 0;
}

static void tie(struct graph *g, struct taking *t, uint32_t a, uint32_t b,
                enum graph_tie how, int64_t at_ms, uint64_t order)
{
    struct tied *to = &t->tied[t->tied_n++];
    struct link *l;

    *to = (struct tied){.link = link_find(g, a, b, how)};
    to->is_new = to->link == NONE;
    if (to->is_new) {
        to->link = make_link(g, a, b, how, at_ms, order);
        t->is_late |= !is_last(g, to->link, a) || !is_last(g, to->link, b);
    }
    l = &g->link[to->link];
    to->was_ms = l->at_ms;
    to->was_order = l->order;
    if (comes_before(at_ms, order, l)) {
        to->is_earlier = t->is_late = true;
        link_note(g, to->link);
        l->at_ms = at_ms;
        l->order = order;
    }
}

static bool give_back(struct graph *g, const struct taking *t, struct err *err)
{
    region_cancel(g);
    for (size_t i = 0; i < t->tied_n; i++) {
        g->link[t->tied[i].link].at_ms = t->tied[i].was_ms;
        g->link[t->tied[i].link].order = t->tied[i].was_order;
    }
    while (g->link_n > t->link_n)
        link_drop(g);
    for (size_t i = 0; i < t->id_n; i++) {
        const struct carried *c = &t->id[i];

        if (!c->is_earlier)
            continue;
        g->node[c->node].first_ms = c->was_ms;
        if (c->is_first && g->node[c->node].links == NONE)
            g->node[c->node].count[c->id.kind] = 0;
    }
    while (g->node_n > t->node_n)
        node_drop(g);
    return err_nomem(err);
}

static void note_anchor(struct graph *g, struct graph_changes *out)
{
    out->anchor_is_new = !(g->node[out->anchor].flags & NODE_ANCHOR);
    if (!out->anchor_is_new)
        return;
    node_note(g, out->anchor);
    g->node[out->anchor].flags |= NODE_ANCHOR;
}

/* --- events --- */

static bool region_of(struct graph *g, const struct taking *t)
{
    for (size_t i = 0; i < t->id_n; i++)
        if (t->id[i].is_earlier && !region_add(g, t->id[i].node))
            return false;
    for (size_t i = 0; i < t->tied_n; i++) {
        const struct link *l = &g->link[t->tied[i].link];

        if ((t->tied[i].is_new || t->tied[i].is_earlier)
            && (!region_add(g, l->node[0]) || !region_add(g, l->node[1])))
            return false;
    }
    return true;
}

static bool settle(struct graph *g, const struct taking *t)
{
    if (!region_of(g, t))
        return false;
    if (t->is_late)
        return region_settle(g);
    for (size_t i = 0; i < t->tied_n; i++)
        if (t->tied[i].is_new)
            link_settle_last(g, t->tied[i].link);
    for (size_t i = 0; i < t->id_n; i++)
        if (t->id[i].is_earlier)
            name_claim(g, t->id[i].node);
    return true;
}

/* Nothing is learnt from "A was called A". What a previous id is, a user's or a browser's, nobody
 * says: both are tied, and the one that no event carries counts for nothing. */
static bool carry_all(const struct graph_event *e, struct taking *t, struct err *err)
{
    if (!e->id_n)
        return err_set(err, ERR_INPUT, "the event has no id");
    if (e->id_n > GRAPH_IDS_MAX)
        return err_set(err, ERR_INPUT, "the event has more than %u ids", GRAPH_IDS_MAX);
    for (size_t i = 0; i < e->id_n; i++)
        carry(t, e->id[i], true);
    if (!e->previous.n)
        return true;
    if (t->id[0].id.kind != ID_USER)
        return err_set(err, ERR_INPUT, "an alias needs a userId");
    if (!str_eq(e->previous, t->id[0].id.value)) {
        carry(t, (struct id){ID_USER, e->previous}, false);
        carry(t, (struct id){ID_ANONYMOUS, e->previous}, false);
    }
    return true;
}

static const struct carried *anchor_of(const struct taking *t)
{
    const struct carried *c = t->id;

    while (!c->is_here)
        c++;
    return c;
}

/* In the order of their turns: the anchor with each other id, then with the previous user. */
static void tie_all(struct graph *g, struct taking *t, const struct graph_event *e,
                    uint64_t order)
{
    const struct carried *anchor = anchor_of(t), *c;

    for (c = t->id; c < t->id + t->id_n; c++)
        if (c != anchor && (c->is_here || c->id.kind != ID_USER))
            tie(g, t, anchor->node, c->node, GRAPH_EVENT, e->at_ms, order);
    for (c = t->id; c < t->id + t->id_n; c++)
        if (c != anchor && c->id.kind == ID_USER && str_eq(c->id.value, e->previous))
            tie(g, t, anchor->node, c->node, GRAPH_ALIAS, e->at_ms, order);
}

static bool is_known(const struct taking *t)
{
    if (t->is_late)
        return false;
    for (size_t i = 0; i < t->id_n; i++)
        if (t->id[i].is_earlier)
            return false;
    for (size_t i = 0; i < t->tied_n; i++)
        if (t->tied[i].is_new)
            return false;
    return true;
}

bool graph_add(struct graph *g, const struct graph_event *e, struct graph_changes *out,
               struct err *err)
{
    struct taking t;

    take_begin(&t, g);
    if (!carry_all(e, &t, err))
        return false;
    if (!graph_reserve(g, (uint32_t)t.id_n, (uint32_t)t.id_n) || !number_ids(g, &t))
        return give_back(g, &t, err);
    see_ids(g, &t, e->at_ms);
    tie_all(g, &t, e, hash64(e->message));
    if (!is_known(&t) && !settle(g, &t))
        return give_back(g, &t, err);
    region_end(g, out);
    out->anchor = anchor_of(&t)->node;
    note_anchor(g, out);
    return true;
}

/* --- decisions --- */

void set_apart(struct graph *g, uint32_t node)
{
    struct node *n = &g->node[node];

    n->flags &= (uint8_t)~NODE_APART;
    for (uint32_t i = n->links; i != NONE; i = next_link(&g->link[i], node))
        if (g->link[i].tie == GRAPH_DECIDED && g->link[i].says == GRAPH_APART)
            n->flags |= NODE_APART;
}

static bool decide(struct graph *g, struct taking *t, const struct graph_decision *d,
                   struct err *err)
{
    uint32_t a = node_find(g, d->a), b = node_find(g, d->b);
    uint64_t order = hash64(d->message);
    uint32_t link = link_find(g, a, b, GRAPH_DECIDED);
    bool is_new = link == NONE;
    struct link was;

    if (is_new)
        link = make_link(g, a, b, GRAPH_DECIDED, MOMENT_MIN, 0);
    was = g->link[link];
    if (!is_new && comes_before(d->at_ms, order, &was))
        return true;
    link_note(g, link);
    g->link[link].at_ms = d->at_ms;
    g->link[link].order = order;
    g->link[link].says = (uint8_t)d->says;
    g->link[link].verdict = GRAPH_IS_NONE;
    set_apart(g, a);
    set_apart(g, b);
    if (region_add(g, a) && region_add(g, b) && region_settle(g))
        return true;
    region_cancel(g);
    was.noted = g->link[link].noted;
    g->link[link] = was;
    set_apart(g, a);
    set_apart(g, b);
    return give_back(g, t, err);
}

bool graph_decide(struct graph *g, const struct graph_decision *d,
                  struct graph_changes *out, struct err *err)
{
    struct taking t;

    take_begin(&t, g);
    carry(&t, d->a, false);
    carry(&t, d->b, false);
    if (t.id_n < 2)
        return err_set(err, ERR_INPUT, "an id is nobody else than itself: name two ids");
    if (!graph_reserve(g, 2, 1) || !number_ids(g, &t))
        return give_back(g, &t, err);
    if (!decide(g, &t, d, err))
        return false;
    region_end(g, out);
    out->anchor = node_find(g, d->a);
    note_anchor(g, out);
    return true;
}

/* --- what follows from it --- */

uint32_t graph_id_count(const struct graph *g)
{
    return g->node_n;
}

uint32_t graph_find(const struct graph *g, struct id id)
{
    return node_find(g, id);
}

void graph_expect(const struct graph *g, const struct id *id, size_t n)
{
    uint32_t first = NONE;

    for (size_t i = 0; i < n; i++) {
        uint32_t node = node_find(g, id[i]), link = NONE;

        if (node == NONE)
            continue;
        __builtin_prefetch(&g->node[node]);
        if (first == NONE)
            first = node;
        else if (g->link_slot_cap)
            link = link_find(g, first, node, GRAPH_EVENT);
        if (link != NONE)
            __builtin_prefetch(&g->link[link]);
    }
}

struct id graph_id(const struct graph *g, uint32_t id)
{
    return node_id(g, id);
}

int64_t graph_first_ms(const struct graph *g, uint32_t id)
{
    return g->node[id].first_ms;
}

bool graph_is_anchor(const struct graph *g, uint32_t id)
{
    return g->node[id].flags & NODE_ANCHOR;
}

uint32_t graph_customer(const struct graph *g, uint32_t id)
{
    return g->node[root_of(g, id)].name;
}

uint32_t graph_next(const struct graph *g, uint32_t id)
{
    return g->node[id].next;
}

static bool keeps_apart(const struct graph *g, uint32_t node, uint32_t root)
{
    for (uint32_t i = g->node[node].links; i != NONE; i = next_link(&g->link[i], node)) {
        const struct link *l = &g->link[i];

        if (l->tie == GRAPH_DECIDED && l->says == GRAPH_APART
            && root_of(g, l->node[l->node[0] == node]) == root)
            return true;
    }
    return false;
}

bool graph_is_apart(const struct graph *g, uint32_t a, uint32_t b)
{
    uint32_t root = root_of(g, b), at = a;

    if (!(g->node[root_of(g, a)].flags & g->node[root].flags & NODE_GROUP_APART))
        return false;
    do
        if ((g->node[at].flags & NODE_APART) && keeps_apart(g, at, root))
            return true;
    while ((at = g->node[at].next) != a);
    return false;
}

str graph_verdict_text(enum graph_verdict verdict)
{
    static const str text[] = {
#define X(name, words) STR(words),
        GRAPH_VERDICTS(X)
#undef X
    };

    return text[verdict];
}

uint32_t graph_link_count(const struct graph *g)
{
    return g->link_n;
}

/* Who was kept apart by a person need not be looked at again; but decisions can contradict one
 * another. */
static bool is_suspicious(const struct graph *g, const struct link *l)
{
    bool is_refused = l->verdict == GRAPH_IS_USERS || l->verdict == GRAPH_IS_LIMIT
                      || (l->verdict == GRAPH_IS_APART && l->tie == GRAPH_DECIDED);

    return is_refused && root_of(g, l->node[0]) != root_of(g, l->node[1]);
}

struct graph_link graph_link(const struct graph *g, uint32_t number)
{
    const struct link *l = &g->link[number];

    return (struct graph_link){
        .tie = (enum graph_tie)l->tie,
        .a = l->node[0],
        .b = l->node[1],
        .at_ms = l->at_ms,
        .says = (enum graph_says)l->says,
        .verdict = (enum graph_verdict)l->verdict,
        .is_suspicious = is_suspicious(g, l),
    };
}

uint32_t graph_link_of(const struct graph *g, uint32_t id, uint32_t link)
{
    return link == GRAPH_NO_ID ? g->node[id].links : next_link(&g->link[link], id);
}
