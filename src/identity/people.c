#include "identity/people.h"

#include <stdlib.h>

struct people {
    struct graph *graph;
    struct arena text; /* of what is at hand */
    uint32_t
        *moved; /* ids that became another customer's, or an anchor, since the mark */
    size_t moved_n, moved_cap;
};

bool people_new(struct people **out, struct err *err)
{
    struct people *p = mem_alloc(sizeof *p);

    if (!p)
        return err_nomem(err);
    if (!graph_new(&graph_limits_usual, &p->graph, err)) {
        mem_free(p);
        return false;
    }
    *out = p;
    return true;
}

void people_free(struct people *p)
{
    if (!p)
        return;
    graph_free(p->graph);
    arena_free(&p->text);
    mem_free(p->moved);
    mem_free(p);
}

struct graph *people_graph(struct people *p)
{
    return p->graph;
}

/* --- events --- */

static bool reserve_moved(struct people *p, size_t more)
{
    size_t cap = p->moved_cap ? p->moved_cap : 64;
    uint32_t *moved;

    while (cap < p->moved_n + more)
        cap *= 2;
    if (cap == p->moved_cap)
        return true;
    moved = mem_resize(p->moved, cap * sizeof *moved);
    if (!moved)
        return false;
    p->moved = moved;
    p->moved_cap = cap;
    return true;
}

/* One that comes alone, as nearly all do, costs no more than a look at the graph. */
static bool add_seen(struct people *p, const struct event *e,
                     struct graph_changes *changes, struct err *err)
{
    struct id alone = id_of_key(e->customer);

    return graph_add(p->graph,
                     &(struct graph_event){.at_ms = e->at_ms,
                                           .message = e->id,
                                           .id = e->who_n ? e->who : &alone,
                                           .id_n = e->who_n ? e->who_n : 1,
                                           .previous = e->previous},
                     changes, err);
}

void people_expect(const struct people *p, const struct event *e)
{
    struct id alone = id_of_key(e->customer);

    graph_expect(p->graph, e->who_n ? e->who : &alone, e->who_n ? e->who_n : 1);
}

static bool add_decided(struct people *p, const struct event *e,
                        struct graph_changes *changes, struct err *err)
{
    struct decision d;

    arena_reset(&p->text);
    *changes = (struct graph_changes){};
    if (!event_decision(e, &p->text, &d, err))
        return err->code == ERR_INPUT;
    return graph_decide(p->graph,
                        &(struct graph_decision){
                            .at_ms = e->at_ms,
                            .message = e->id,
                            .a = d.a,
                            .b = d.b,
                            .says = str_eq(d.says, STR("merge"))   ? GRAPH_MERGE
                                    : str_eq(d.says, STR("apart")) ? GRAPH_APART
                                                                   : GRAPH_UNDECIDED},
                        changes, err);
}

static bool note_moved(struct people *p, const struct graph_changes *changes,
                       struct err *err)
{
    if (!changes->n && !changes->anchor_is_new)
        return true;
    if (!reserve_moved(p, changes->n + 1))
        return err_nomem(err);
    for (size_t i = 0; i < changes->n; i++)
        p->moved[p->moved_n++] = changes->change[i].id;
    if (changes->anchor_is_new)
        p->moved[p->moved_n++] = changes->anchor;
    return true;
}

bool people_add(struct people *p, const struct event *e, struct err *err)
{
    struct graph_changes changes;

    if (!add_seen(p, e, &changes, err) || !note_moved(p, &changes, err))
        return false;
    return !str_eq(e->type, STR(EVENT_DECIDED))
           || (add_decided(p, e, &changes, err) && note_moved(p, &changes, err));
}

/* --- where they stand --- */

static bool home_of(struct people *p, uint32_t id, str *home, struct err *err)
{
    *home = id_key(graph_id(p->graph, graph_customer(p->graph, id)), &p->text);
    return home->p || err_nomem(err);
}

bool people_home(struct people *p, str anchor, str *home, struct err *err)
{
    uint32_t id = graph_find(p->graph, id_of_key(anchor));

    arena_reset(&p->text);
    *home = anchor;
    return id == GRAPH_NO_ID || home_of(p, id, home, err);
}

static int number_order(const void *a, const void *b)
{
    uint32_t na = *(const uint32_t *)a, nb = *(const uint32_t *)b;

    return (na > nb) - (na < nb);
}

bool people_each_move(struct people *p,
                      bool (*each)(void *context, str anchor, str home, struct err *err),
                      void *context, struct err *err)
{
    if (p->moved_n)
        qsort(p->moved, p->moved_n, sizeof *p->moved, number_order);
    for (size_t i = 0; i < p->moved_n; i++) {
        uint32_t id = p->moved[i];
        str anchor, home;

        if ((i && id == p->moved[i - 1]) || !graph_is_anchor(p->graph, id))
            continue;
        arena_reset(&p->text);
        anchor = id_key(graph_id(p->graph, id), &p->text);
        if (!anchor.p)
            return err_nomem(err);
        if (!home_of(p, id, &home, err) || !each(context, anchor, home, err))
            return false;
    }
    return true;
}

void people_mark(struct people *p)
{
    graph_mark(p->graph);
    p->moved_n = 0;
}

bool people_undo(struct people *p, struct err *err)
{
    p->moved_n = 0;
    return graph_undo(p->graph, err);
}
