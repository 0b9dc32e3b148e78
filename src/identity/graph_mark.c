#include "identity/graph_impl.h"

#include "base/time.h"

void graph_mark(struct graph *g)
{
    struct journal *j = &g->journal;

    for (size_t i = 0; i < j->node_was_n; i++)
        g->node[j->node[i].node].flags &= (uint8_t)~NODE_NOTED;
    for (size_t i = 0; i < j->link_was_n; i++)
        g->link[j->link[i].link].noted = false;
    j->node_was_n = j->link_was_n = 0;
    j->node_n = g->node_n;
    j->link_n = g->link_n;
}

bool graph_has_news(const struct graph *g)
{
    const struct journal *j = &g->journal;

    return g->node_n > j->node_n || g->link_n > j->link_n || j->node_was_n
           || j->link_was_n;
}

static bool region_add_ends(struct graph *g, uint32_t link)
{
    return region_add(g, g->link[link].node[0]) && region_add(g, g->link[link].node[1]);
}

/* Every group that is not what it was. */
static bool region_of_news(struct graph *g)
{
    const struct journal *j = &g->journal;

    for (uint32_t i = j->node_n; i < g->node_n; i++)
        if (!region_add(g, i))
            return false;
    for (size_t i = 0; i < j->node_was_n; i++)
        if (!region_add(g, j->node[i].node))
            return false;
    for (uint32_t i = j->link_n; i < g->link_n; i++)
        if (!region_add_ends(g, i))
            return false;
    for (size_t i = 0; i < j->link_was_n; i++)
        if (!region_add_ends(g, j->link[i].link))
            return false;
    return true;
}

static void nodes_return(struct graph *g)
{
    const struct journal *j = &g->journal;

    for (size_t i = 0; i < j->node_was_n; i++) {
        struct node *n = &g->node[j->node[i].node];

        n->first_ms = j->node[i].first_ms;
        if (!j->node[i].is_anchor)
            n->flags &= (uint8_t)~NODE_ANCHOR;
    }
    while (g->node_n > j->node_n)
        node_drop(g);
}

static void links_return(struct graph *g)
{
    const struct journal *j = &g->journal;

    for (size_t i = 0; i < j->link_was_n; i++) {
        struct link *l = &g->link[j->link[i].link];

        l->at_ms = j->link[i].at_ms;
        l->order = j->link[i].order;
        l->says = j->link[i].says;
        l->verdict = GRAPH_IS_NONE;
    }
    while (g->link_n > j->link_n)
        link_drop(g);
}

/* Who is new leaves the region: he is nobody any more. */
static void region_keep_old(struct graph *g)
{
    size_t n = 0;

    for (size_t i = 0; i < g->place_n; i++)
        if (g->place[i].node < g->node_n)
            g->place[n++] = g->place[i];
    g->place_n = n;
    for (size_t i = 0; i < n; i++)
        set_apart(g, g->place[i].node);
}

bool graph_undo(struct graph *g, struct err *err)
{
    struct graph_changes unheard;

    if (!graph_has_news(g))
        return true;
    if (!region_of_news(g))
        return err_nomem(err);
    region_part(g);
    links_return(g);
    nodes_return(g);
    region_keep_old(g);
    if (!region_settle(g))
        return err_nomem(err);
    region_end(g, &unheard);
    graph_mark(g);
    return true;
}
