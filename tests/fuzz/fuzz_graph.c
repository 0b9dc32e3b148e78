/* A graph that decodes is whole: every id is of one customer, its name is one of them, and what is
 * encoded of it decodes to the same. */
#include "identity/graph.h"

#include "support/fuzz.h"

static struct graph *graph_from(str bytes)
{
    struct graph *g;
    struct err err;

    NEED(graph_new(&graph_limits_usual, &g, &err));
    if (graph_decode(g, bytes, &err) && graph_decoded(g, &err))
        return g;
    NEED(err.code == ERR_CORRUPT);
    graph_free(g);
    return NULL;
}

static void need_whole(const struct graph *g)
{
    for (uint32_t i = 0; i < graph_id_count(g); i++) {
        uint32_t customer = graph_customer(g, i), m = i;
        bool has_name = false;

        NEED(graph_find(g, graph_id(g, i)) == i);
        do {
            has_name |= m == customer;
            NEED(graph_customer(g, m) == customer);
            m = graph_next(g, m);
        } while (m != i);
        NEED(has_name);
    }
    for (uint32_t i = 0; i < graph_link_count(g); i++) {
        struct graph_link l = graph_link(g, i);

        NEED(id_compare(graph_id(g, l.a), graph_id(g, l.b)) < 0);
        NEED(l.verdict != GRAPH_IS_JOINED
             || graph_customer(g, l.a) == graph_customer(g, l.b));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct graph *g = graph_from((str){(const char *)p, n}), *again;
    struct buf bytes = {}, same = {};
    struct err err;

    if (!g)
        return 0;
    need_whole(g);
    NEED(graph_encode_sorted(g, &bytes, &err));
    again = graph_from(buf_str(&bytes));
    NEED(again);
    need_whole(again);
    NEED(graph_encode(again, &same, &err));
    NEED(str_eq(buf_str(&bytes), buf_str(&same)));
    graph_free(g);
    graph_free(again);
    buf_free(&bytes);
    buf_free(&same);
    return 0;
}
