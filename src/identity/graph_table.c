#include "identity/graph_impl.h"

#include "base/hash.h"
#include "base/time.h"

#include <string.h>

/* By a quarter at a time: an array of millions has not half of it unused. */
void *graph_grown(void *array, size_t *cap, size_t need, size_t size)
{
    size_t more = need <= *cap ? *cap : *cap + *cap / 4;
    void *grown;

    if (more < need)
        more = need + 8;
    if (array && more == *cap)
        return array;
    grown = more > SIZE_MAX / size ? NULL : mem_resize(array, more * size);
    if (grown)
        *cap = more;
    return grown;
}

/* --- slots: each takes the next one that is free --- */

static uint32_t node_hash(struct id id)
{
    return (uint32_t)(hash64(id.value) >> 32) ^ (uint32_t)id.kind * UINT32_C(0x9E3779B1);
}

static uint32_t link_hash(uint32_t a, uint32_t b, enum graph_tie tie)
{
    uint64_t low = a < b ? a : b, high = a < b ? b : a;
    uint64_t h = (high << 32 | low) * UINT64_C(0x9E3779B97F4A7C15) + (uint64_t)tie;

    h = (h ^ h >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(h >> 32);
}

static uint32_t hash_of_link(const struct graph *g, uint32_t link)
{
    const struct link *l = &g->link[link];

    return link_hash(l->node[0], l->node[1], (enum graph_tie)l->tie);
}

static void node_slot_put(struct node_slot *slot, uint32_t cap, struct node_slot node)
{
    uint32_t at = node.hash & (cap - 1);

    while (slot[at].number)
        at = (at + 1) & (cap - 1);
    slot[at] = node;
}

static void link_slot_put(uint32_t *slot, uint32_t cap, uint32_t hash, uint32_t number)
{
    uint32_t at = hash & (cap - 1);

    while (slot[at])
        at = (at + 1) & (cap - 1);
    slot[at] = number;
}

/* Slots for n, or 0 when there can be none. */
static uint32_t slots_for(uint32_t cap, uint64_t n)
{
    uint64_t wanted = cap ? cap : 16;

    while (n > wanted / 3 * 2)
        wanted *= 2;
    return wanted > UINT64_C(1) << 31 ? 0 : (uint32_t)wanted;
}

static bool reserve_node_slots(struct graph *g, uint64_t n)
{
    uint32_t cap = slots_for(g->node_slot_cap, n);
    struct node_slot *slot;

    if (cap == g->node_slot_cap)
        return true;
    slot = cap ? mem_alloc(cap * sizeof *slot) : NULL;
    if (!slot)
        return false;
    for (uint32_t i = 0; i < g->node_slot_cap; i++)
        if (g->node_slot[i].number)
            node_slot_put(slot, cap, g->node_slot[i]);
    mem_free(g->node_slot);
    g->node_slot = slot;
    g->node_slot_cap = cap;
    return true;
}

static bool reserve_link_slots(struct graph *g, uint64_t n)
{
    uint32_t cap = slots_for(g->link_slot_cap, n);
    uint32_t *slot;

    if (cap == g->link_slot_cap)
        return true;
    slot = cap ? mem_alloc(cap * sizeof *slot) : NULL;
    if (!slot)
        return false;
    for (uint32_t i = 0; i < g->link_n; i++)
        link_slot_put(slot, cap, hash_of_link(g, i), i + 1);
    mem_free(g->link_slot);
    g->link_slot = slot;
    g->link_slot_cap = cap;
    return true;
}

static bool reserve_journal(struct journal *j, uint32_t nodes, uint32_t links)
{
    struct node_was *node =
        graph_grown(j->node, &j->node_cap, j->node_was_n + nodes, sizeof *node);
    struct link_was *link;

    if (!node)
        return false;
    j->node = node;
    link = graph_grown(j->link, &j->link_cap, j->link_was_n + links, sizeof *link);
    if (!link)
        return false;
    j->link = link;
    return true;
}

bool graph_reserve(struct graph *g, uint32_t nodes, uint32_t links)
{
    uint64_t node_n = (uint64_t)g->node_n + nodes, link_n = (uint64_t)g->link_n + links;
    struct node *node;
    struct link *link;

    if (!reserve_node_slots(g, node_n) || !reserve_link_slots(g, link_n))
        return false;
    node = graph_grown(g->node, &g->node_cap, (size_t)node_n, sizeof *node);
    if (!node)
        return false;
    g->node = node;
    link = graph_grown(g->link, &g->link_cap, (size_t)link_n, sizeof *link);
    if (!link)
        return false;
    g->link = link;
    return reserve_journal(&g->journal, nodes, links);
}

/* --- ids --- */

static uint32_t node_slot_of(const struct graph *g, struct id id, uint32_t hash)
{
    uint32_t at = hash & (g->node_slot_cap - 1);

    while (g->node_slot[at].number) {
        struct node_slot slot = g->node_slot[at];

        if (slot.hash == hash && id_compare(node_id(g, slot.number - 1), id) == 0)
            break;
        at = (at + 1) & (g->node_slot_cap - 1);
    }
    return at;
}

uint32_t node_find(const struct graph *g, struct id id)
{
    return g->node_slot_cap ? g->node_slot[node_slot_of(g, id, node_hash(id))].number - 1
                            : NONE;
}

bool node_add(struct graph *g, struct id id)
{
    char *text = arena_alloc(&g->text, 2 + id.value.n, 1);

    if (!text)
        return false;
    text[0] = (char)(uint8_t)id.value.n;
    text[1] = (char)(uint8_t)(id.value.n >> 8);
    memcpy(text + 2, id.value.p, id.value.n);
    g->node[g->node_n] = (struct node){
        .text = text,
        .first_ms = MOMENT_NEVER,
        .parent = g->node_n,
        .joined = NONE,
        .next = g->node_n,
        .links = NONE,
        .kind = (uint8_t)id.kind,
        .size = 1,
        .name = g->node_n,
        .last = NONE,
    };
    g->node_n++;
    node_slot_put(g->node_slot, g->node_slot_cap,
                  (struct node_slot){node_hash(id), g->node_n});
    return true;
}

/* Who passed by its slot on the way to his own moves up. */
void node_drop(struct graph *g)
{
    struct id id = node_id(g, g->node_n - 1);
    uint32_t mask = g->node_slot_cap - 1, hole = node_slot_of(g, id, node_hash(id));

    for (uint32_t at = (hole + 1) & mask; g->node_slot[at].number; at = (at + 1) & mask) {
        if (((at - g->node_slot[at].hash) & mask) < ((at - hole) & mask))
            continue;
        g->node_slot[hole] = g->node_slot[at];
        hole = at;
    }
    g->node_slot[hole] = (struct node_slot){0, 0};
    g->node_n--;
}

void node_note(struct graph *g, uint32_t node)
{
    struct journal *j = &g->journal;
    struct node *n = &g->node[node];

    if (node >= j->node_n || (n->flags & NODE_NOTED))
        return;
    j->node[j->node_was_n++] =
        (struct node_was){node, n->flags & NODE_ANCHOR, n->first_ms};
    n->flags |= NODE_NOTED;
}

/* --- links --- */

static uint32_t link_slot_of(const struct graph *g, uint32_t a, uint32_t b,
                             enum graph_tie tie)
{
    uint32_t at = link_hash(a, b, tie) & (g->link_slot_cap - 1);

    while (g->link_slot[at]) {
        const struct link *l = &g->link[g->link_slot[at] - 1];

        if (l->tie == tie
            && ((l->node[0] == a && l->node[1] == b)
                || (l->node[0] == b && l->node[1] == a)))
            break;
        at = (at + 1) & (g->link_slot_cap - 1);
    }
    return at;
}

uint32_t link_find(const struct graph *g, uint32_t a, uint32_t b, enum graph_tie tie)
{
    return g->link_slot[link_slot_of(g, a, b, tie)] - 1;
}

void link_add(struct graph *g, struct link link)
{
    for (int end = 0; end < 2; end++) {
        struct node *n = &g->node[link.node[end]];

        link.next[end] = n->links;
        n->links = g->link_n;
    }
    g->link[g->link_n++] = link;
    link_slot_put(g->link_slot, g->link_slot_cap, hash_of_link(g, g->link_n - 1),
                  g->link_n);
}

void link_drop(struct graph *g)
{
    const struct link *l = &g->link[g->link_n - 1];
    uint32_t mask = g->link_slot_cap - 1;
    uint32_t hole = link_slot_of(g, l->node[0], l->node[1], (enum graph_tie)l->tie);

    for (int end = 0; end < 2; end++)
        g->node[l->node[end]].links = l->next[end];
    for (uint32_t at = (hole + 1) & mask; g->link_slot[at]; at = (at + 1) & mask) {
        uint32_t home = hash_of_link(g, g->link_slot[at] - 1);

        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        g->link_slot[hole] = g->link_slot[at];
        hole = at;
    }
    g->link_slot[hole] = 0;
    g->link_n--;
}

void link_note(struct graph *g, uint32_t link)
{
    struct journal *j = &g->journal;
    struct link *l = &g->link[link];

    if (link >= j->link_n || l->noted)
        return;
    j->link[j->link_was_n++] = (struct link_was){link, l->says, l->at_ms, l->order};
    l->noted = true;
}
