/* graph_impl.h - how the graph stands in memory; private to identity/.
 *
 * Links are looked at in their order: by moment, then by a hash of the message, by tie, by ids.
 * Each joins the groups of its two ids, unless the two together are not allowed. Groups are
 * trees of nodes, the smaller always hung under the larger, and `joined` says by which link: so
 * that climbing no further than a link shows the groups as they were at its turn.
 *
 * (1) Up a tree, joins come later and later.
 * (2) All of a root's links, and those of the nodes in its group, are not after its `last`.
 * (3) What is not allowed at a link's turn is not allowed later: groups only grow, and a rule
 *     that two groups break is broken by larger ones. So the first moment of a pair is all of
 *     its moments that counts. */
#ifndef IDENTITY_GRAPH_IMPL_H
#define IDENTITY_GRAPH_IMPL_H

#include "identity/graph.h"

#define NONE UINT32_MAX

enum node_flags {
    NODE_APART = 1,       /* a decision keeps it apart from another */
    NODE_GROUP_APART = 2, /* the same of some node of the group; at its root */
    NODE_IN_REGION = 4,   /* being looked at anew */
    NODE_ANCHOR = 8,      /* of some event */
    NODE_NOTED = 16,      /* how it was at the mark is in the journal */
};

/* Of an id, and at its root of the group. 64 bytes. */
struct node {
    const char *text; /* two bytes of length, then the value */
    int64_t first_ms; /* MOMENT_NEVER: no event carries it */
    uint32_t parent;  /* itself: a root */
    uint32_t joined;  /* the link by which it came under its parent */
    uint32_t next;    /* of the group's ring */
    uint32_t links;   /* the first of its list, or NONE */
    uint8_t kind, flags;
    /* of the group */
    uint16_t count[ID_KIND_N]; /* ids that events carry, by kind; stops at UINT16_MAX */
    uint32_t size, name;
    uint32_t last; /* a link, or NONE */
};

/* 40 bytes */
struct link {
    uint32_t node[2]; /* ascending by id_compare */
    uint32_t next[2]; /* in the lists of the two */
    int64_t at_ms;
    uint64_t order; /* the message's hash */
    uint8_t tie, says, verdict;
    bool noted; /* how it was at the mark is in the journal */
};

/* A node in the region that is looked at, and what it was before. */
struct place {
    uint32_t node, customer;
    struct node was;
};

/* A link that touches the region. */
struct turn {
    int64_t at_ms;
    uint64_t order;
    uint32_t link, verdict;
};

/* What was there at the mark and is another now. */
struct journal {
    uint32_t node_n, link_n; /* those there were */
    struct node_was {
        uint32_t node;
        bool is_anchor;
        int64_t first_ms;
    } * node;
    struct link_was {
        uint32_t link;
        uint8_t says;
        int64_t at_ms;
        uint64_t order;
    } * link;
    size_t node_was_n, node_cap, link_was_n, link_cap;
};

struct graph {
    struct graph_limits limits;
    struct arena text;
    struct node *node;
    struct link *link;
    uint32_t node_n, link_n;
    size_t node_cap, link_cap;
    struct node_slot {
        uint32_t hash, number; /* number + 1; 0: empty */
    } * node_slot;
    uint32_t *link_slot;                   /* number + 1; 0: empty */
    uint32_t node_slot_cap, link_slot_cap; /* powers of two, at most two thirds taken */

    struct place *place;
    struct turn *turn;
    struct graph_change *change;
    size_t place_n, place_cap, turn_n, turn_cap, change_cap;
    struct journal journal;
};

/* --- graph_table.c: ids and pairs, numbered --- */

/* The array with room for `need` items; NULL: out of memory, and it is as it was. */
void *graph_grown(void *array, size_t *cap, size_t need, size_t size);
/* Room for so many more, in the journal too; false: out of memory, or of numbers. */
bool graph_reserve(struct graph *g, uint32_t nodes, uint32_t links);
uint32_t node_find(const struct graph *g, struct id id); /* or NONE */
/* There is room for it. False: out of memory for its text. */
bool node_add(struct graph *g, struct id id);
uint32_t link_find(const struct graph *g, uint32_t a, uint32_t b, enum graph_tie tie);
/* There is room for it; .next is set here. */
void link_add(struct graph *g, struct link link);
/* The last one goes again. */
void node_drop(struct graph *g);
void link_drop(struct graph *g);
/* Before it becomes another: there is room in the journal. */
void node_note(struct graph *g, uint32_t node);
void link_note(struct graph *g, uint32_t link);

static inline struct id node_id(const struct graph *g, uint32_t node)
{
    const char *text = g->node[node].text;

    return (struct id){
        (enum id_kind)g->node[node].kind,
        {text + 2, (size_t)(uint8_t)text[0] | (size_t)(uint8_t)text[1] << 8}};
}

/* --- graph_settle.c: groups --- */

static inline uint32_t root_of(const struct graph *g, uint32_t node)
{
    while (g->node[node].parent != node)
        node = g->node[node].parent;
    return node;
}
/* The link behind this one in the node's list, or NONE. */
static inline uint32_t next_link(const struct link *l, uint32_t node)
{
    return l->next[l->node[0] == node ? 0 : 1];
}
/* < 0, 0, > 0, as their turns come. */
int link_cmp(const struct graph *g, uint32_t a, uint32_t b);

/* The node's group belongs to the region from here on. False: out of memory. */
bool region_add(struct graph *g, uint32_t node);
/* Gives the link its turn, as the last of all that touch the region. */
void link_settle_last(struct graph *g, uint32_t link);
/* The node is known from an earlier event than before. */
void name_claim(struct graph *g, uint32_t node);
/* The region's nodes are groups of their own again, without a link that had its turn. */
void region_part(struct graph *g);
/* Gives all links of the region their turns anew, and grows it as far as anything changes. False:
 * out of memory, and region_cancel is still to be called. */
bool region_settle(struct graph *g);
/* The nodes of the region are as they were, and it is empty. */
void region_cancel(struct graph *g);
/* Gives all links of a graph in which none had it their turns. False: out of memory. */
bool graph_settle_all(struct graph *g);
/* Whether a decision keeps the node apart from another, as its links say. */
void set_apart(struct graph *g, uint32_t node);
/* Says what changed in the region, which is empty from here on. */
void region_end(struct graph *g, struct graph_changes *out);

#endif
