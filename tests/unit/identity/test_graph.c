#include "identity/graph.h"

#include "support/fail.h"
#include "support/unit.h"

TEST(an_empty_graph_has_nobody)
{
    struct graph *g;
    struct err err;

    assert_true(graph_new(&graph_limits_usual, &g, &err));
    assert_int_equal(graph_id_count(g), 0);
    assert_int_equal(graph_find(g, (struct id){ID_USER, STR("ada")}), GRAPH_NO_ID);
    graph_free(g);
}
