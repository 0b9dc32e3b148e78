#include "identity/graph_impl.h"

#include "base/time.h"

#include <stdlib.h>

/* Looking again. What comes in order is settled at the end of the line. Whatever comes late, or
 * is decided by a person, can change what became of links that had their turn already; but only
 * of those that touch a group that changes. So the groups concerned are taken apart (the region),
 * and all links that touch them get their turns again, those that lead out of the region too:
 * the group at their other end is as it was at their turn, since nothing about it changed. If
 * none of those is let in, everything outside is as before, and the region is right. If one is,
 * its group joins the region, and the turns begin anew. */

static int moment_cmp(int64_t a_ms, uint64_t a_order, int64_t b_ms, uint64_t b_order)
{
    if (a_ms != b_ms)
        return a_ms < b_ms ? -1 : 1;
    return (a_order > b_order) - (a_order < b_order);
}

int link_cmp(const struct graph *g, uint32_t a, uint32_t b)
{
    const struct link *la = &g->link[a], *lb = &g->link[b];
    int order = moment_cmp(la->at_ms, la->order, lb->at_ms, lb->order);

    if (order || a == b)
        return order;
    if (la->tie != lb->tie)
        return la->tie < lb->tie ? -1 : 1;
    order = id_compare(node_id(g, la->node[0]), node_id(g, lb->node[0]));
    return order ? order : id_compare(node_id(g, la->node[1]), node_id(g, lb->node[1]));
}

/* --- groups, as they are and as they were --- */

/* The root of the node's group at the turn of a link. */
static uint32_t root_at(const struct graph *g, uint32_t node, uint32_t link)
{
    const struct node *n = &g->node[node];

    while (n->parent != node && link_cmp(g, n->joined, link) <= 0) {
        node = n->parent;
        n = &g->node[node];
    }
    return node;
}

/* A group at the turn of a link. */
struct side {
    uint32_t root;
    bool may_be_apart;
    uint16_t count[ID_KIND_N];
};

static uint16_t count_sum(uint16_t a, uint16_t b)
{
    return a > UINT16_MAX - b ? UINT16_MAX : (uint16_t)(a + b);
}

static struct side side_at(const struct graph *g, uint32_t node, uint32_t link)
{
    struct side s = {.root = root_at(g, node, link)};
    const struct node *top = &g->node[root_of(g, node)];

    s.may_be_apart = top->flags & NODE_GROUP_APART;
    if ((top->flags & NODE_IN_REGION) || top->last == NONE
        || link_cmp(g, top->last, link) <= 0) {
        for (int k = 0; k < ID_KIND_N; k++)
            s.count[k] = top->count[k];
        return s;
    }
    for (uint32_t m = g->node[s.root].next;; m = g->node[m].next) {
        const struct node *n = &g->node[m];

        if (n->first_ms != MOMENT_NEVER && root_at(g, m, link) == s.root)
            s.count[n->kind] = count_sum(s.count[n->kind], 1);
        if (m == s.root)
            return s;
    }
}

/* The end of a link that is not `node`. */
static uint32_t far_end(const struct link *l, uint32_t node)
{
    return l->node[0] == node ? l->node[1] : l->node[0];
}

static bool node_is_apart(const struct graph *g, uint32_t node, uint32_t root,
                          uint32_t link)
{
    for (uint32_t i = g->node[node].links; i != NONE; i = next_link(&g->link[i], node)) {
        const struct link *l = &g->link[i];

        if (l->tie == GRAPH_DECIDED && l->says == GRAPH_APART
            && root_at(g, far_end(l, node), link) == root)
            return true;
    }
    return false;
}

/* Whether a decision keeps some node of one group apart from some node of the other. */
static bool are_apart(const struct graph *g, uint32_t a, uint32_t b, uint32_t link)
{
    for (uint32_t m = g->node[a].next;; m = g->node[m].next) {
        if ((g->node[m].flags & NODE_APART) && root_at(g, m, link) == a
            && node_is_apart(g, m, b, link))
            return true;
        if (m == a)
            return false;
    }
}

/* What becomes of a link at its turn. */
static enum graph_verdict judge(const struct graph *g, uint32_t link)
{
    const struct link *l = &g->link[link];
    struct side a = side_at(g, l->node[0], link), b = side_at(g, l->node[1], link);

    if (a.root == b.root)
        return GRAPH_IS_SAME;
    if (a.may_be_apart && b.may_be_apart && are_apart(g, a.root, b.root, link))
        return GRAPH_IS_APART;
    if (l->tie == GRAPH_DECIDED)
        return GRAPH_IS_JOINED;
    if (l->tie != GRAPH_ALIAS && a.count[ID_USER] && b.count[ID_USER])
        return GRAPH_IS_USERS;
    for (int k = 0; k < ID_KIND_N; k++)
        if (a.count[k] && b.count[k]
            && (uint32_t)a.count[k] + b.count[k] > g->limits.ids[k])
            return GRAPH_IS_LIMIT;
    return GRAPH_IS_JOINED;
}

/* The one of two ids that has the better claim to name a customer. */
static uint32_t better_name(const struct graph *g, uint32_t a, uint32_t b)
{
    const struct node *na = &g->node[a], *nb = &g->node[b];
    bool a_came = na->first_ms != MOMENT_NEVER, b_came = nb->first_ms != MOMENT_NEVER;

    if (a_came != b_came)
        return a_came ? a : b;
    if (na->kind != nb->kind)
        return na->kind < nb->kind ? a : b;
    if (na->first_ms != nb->first_ms)
        return na->first_ms < nb->first_ms ? a : b;
    return id_compare(node_id(g, a), node_id(g, b)) <= 0 ? a : b;
}

void name_claim(struct graph *g, uint32_t node)
{
    struct node *root = &g->node[root_of(g, node)];

    root->name = better_name(g, root->name, node);
}

static void unite(struct graph *g, uint32_t a, uint32_t b, uint32_t link)
{
    uint32_t large = g->node[a].size < g->node[b].size ? b : a, small = a ^ b ^ large;
    struct node *l = &g->node[large], *s = &g->node[small];
    uint32_t next = l->next;

    l->next = s->next;
    s->next = next;
    s->parent = large;
    s->joined = link;
    l->size += s->size;
    l->name = better_name(g, l->name, s->name);
    l->flags |= s->flags & NODE_GROUP_APART;
    for (int k = 0; k < ID_KIND_N; k++)
        l->count[k] = count_sum(l->count[k], s->count[k]);
}

/* The link is the last that the node's group has seen. */
static void set_last(struct graph *g, uint32_t node, uint32_t link)
{
    g->node[root_of(g, node)].last = link;
}

void link_settle_last(struct graph *g, uint32_t link)
{
    struct link *l = &g->link[link];

    l->verdict = (uint8_t)judge(g, link);
    if (l->verdict == GRAPH_IS_JOINED)
        unite(g, root_of(g, l->node[0]), root_of(g, l->node[1]), link);
    set_last(g, l->node[0], link);
    set_last(g, l->node[1], link);
}

/* --- the region --- */

bool region_add(struct graph *g, uint32_t node)
{
    uint32_t root = root_of(g, node), m = root;
    size_t n = g->place_n + g->node[root].size;
    struct graph_change *change;
    struct place *place;

    if (g->node[node].flags & NODE_IN_REGION)
        return true;
    place = graph_grown(g->place, &g->place_cap, n, sizeof *place);
    if (!place)
        return false;
    g->place = place;
    change = graph_grown(g->change, &g->change_cap, n, sizeof *change);
    if (!change)
        return false;
    g->change = change;
    do {
        place[g->place_n++] = (struct place){m, g->node[root].name, g->node[m]};
        g->node[m].flags |= NODE_IN_REGION;
        m = g->node[m].next;
    } while (m != root);
    return true;
}

void region_part(struct graph *g)
{
    for (size_t i = 0; i < g->place_n; i++) {
        uint32_t number = g->place[i].node;
        struct node *n = &g->node[number];

        n->parent = n->next = n->name = number;
        n->joined = n->last = NONE;
        n->size = 1;
        n->flags &= (uint8_t)~NODE_GROUP_APART;
        if (n->flags & NODE_APART)
            n->flags |= NODE_GROUP_APART;
        for (int k = 0; k < ID_KIND_N; k++)
            n->count[k] = n->kind == k && n->first_ms != MOMENT_NEVER;
    }
}

static bool has_turn(const struct link *l)
{
    return l->tie != GRAPH_DECIDED || l->says == GRAPH_MERGE;
}

static bool add_turn(struct graph *g, uint32_t link)
{
    const struct link *l = &g->link[link];
    struct turn *turn = graph_grown(g->turn, &g->turn_cap, g->turn_n + 1, sizeof *turn);

    if (!turn)
        return false;
    g->turn = turn;
    turn[g->turn_n++] = (struct turn){l->at_ms, l->order, link, GRAPH_IS_NONE};
    return true;
}

/* A link within the region has its place in two lists, and counts in the one of node[0]. */
static bool add_turns_of(struct graph *g, uint32_t node)
{
    for (uint32_t i = g->node[node].links; i != NONE; i = next_link(&g->link[i], node)) {
        const struct link *l = &g->link[i];

        if (has_turn(l)
            && (l->node[0] == node || !(g->node[l->node[0]].flags & NODE_IN_REGION))
            && !add_turn(g, i))
            return false;
    }
    return true;
}

static int turn_cmp(const void *a, const void *b, void *graph)
{
    const struct turn *ta = a, *tb = b;
    int order = moment_cmp(ta->at_ms, ta->order, tb->at_ms, tb->order);

    return order ? order : link_cmp(graph, ta->link, tb->link);
}

/* The end of the link that lies outside of the region, or NONE. */
static uint32_t outer_end(const struct graph *g, const struct link *l)
{
    for (int end = 0; end < 2; end++)
        if (!(g->node[l->node[end]].flags & NODE_IN_REGION))
            return l->node[end];
    return NONE;
}

/* Gives every link its turn. The outer ends that are let in stand in turn[0 .. *let_in).link
 * afterwards; if there are some, the verdicts are lost. */
static void take_turns(struct graph *g, size_t *let_in)
{
    *let_in = 0;
    for (size_t i = 0; i < g->turn_n; i++) {
        uint32_t link = g->turn[i].link;
        const struct link *l = &g->link[link];
        uint32_t outer = outer_end(g, l);

        g->turn[i].verdict = judge(g, link);
        if (outer != NONE) {
            set_last(g, far_end(l, outer), link);
            if (g->turn[i].verdict == GRAPH_IS_JOINED)
                g->turn[(*let_in)++].link = outer;
            continue;
        }
        if (g->turn[i].verdict == GRAPH_IS_JOINED)
            unite(g, root_of(g, l->node[0]), root_of(g, l->node[1]), link);
        set_last(g, l->node[0], link);
        set_last(g, l->node[1], link);
    }
}

static bool settle_once(struct graph *g, bool *grew)
{
    size_t let_in;

    g->turn_n = 0;
    region_part(g);
    for (size_t i = 0; i < g->place_n; i++)
        if (!add_turns_of(g, g->place[i].node))
            return false;
    if (g->turn_n)
        qsort_r(g->turn, g->turn_n, sizeof *g->turn, turn_cmp, g);
    take_turns(g, &let_in);
    for (size_t i = 0; i < let_in; i++)
        if (!region_add(g, g->turn[i].link))
            return false;
    *grew = let_in > 0;
    return true;
}

bool region_settle(struct graph *g)
{
    bool grew = true;

    while (grew)
        if (!settle_once(g, &grew))
            return false;
    for (size_t i = 0; i < g->turn_n; i++)
        g->link[g->turn[i].link].verdict = (uint8_t)g->turn[i].verdict;
    return true;
}

bool graph_settle_all(struct graph *g)
{
    bool in_order = true;

    g->turn_n = 0;
    for (uint32_t i = 0; i < g->link_n; i++) {
        if (!has_turn(&g->link[i]))
            continue;
        if (!add_turn(g, i))
            return false;
        in_order &= g->turn_n < 2
                    || turn_cmp(&g->turn[g->turn_n - 2], &g->turn[g->turn_n - 1], g) < 0;
    }
    if (!in_order)
        qsort_r(g->turn, g->turn_n, sizeof *g->turn, turn_cmp, g);
    for (size_t i = 0; i < g->turn_n; i++)
        link_settle_last(g, g->turn[i].link);
    mem_free(g->turn);
    g->turn = NULL;
    g->turn_cap = g->turn_n = 0;
    return true;
}

void region_cancel(struct graph *g)
{
    for (size_t i = 0; i < g->place_n; i++)
        g->node[g->place[i].node] = g->place[i].was;
    g->place_n = 0;
}

void region_end(struct graph *g, struct graph_changes *out)
{
    out->change = g->change;
    out->n = 0;
    for (size_t i = 0; i < g->place_n; i++) {
        const struct place *p = &g->place[i];
        uint32_t to = g->node[root_of(g, p->node)].name;

        g->node[p->node].flags &= (uint8_t)~NODE_IN_REGION;
        if (to != p->customer)
            g->change[out->n++] = (struct graph_change){p->node, p->customer, to};
    }
    g->place_n = 0;
}
