/* paths.h - the most travelled ways in words: asked of everybody, and as JSON. */
#ifndef ENGINE_PATHS_H
#define ENGINE_PATHS_H

#include "base/json.h"
#include "engine/against.h"
#include "report/paths.h"

#define PATHS_TOP_MAX 1000u

struct paths_question {
    str through; /* event, channel and a property, with commas; or stage; empty: event */
    str events;  /* patterns of those that are steps; empty: any */
    str after,
        before; /* a pattern, or stage.NAME; at most one of them; empty: from any step */
    uint32_t steps; /* of a way, at most */
    uint32_t top;   /* ways, and nodes of a step, that are told apart */
    bool each, whole, collapsed;
    str within, gap;           /* lengths; empty: none */
    bool links;                /* nodes and links, too */
    str lifecycle;             /* empty: the first */
    struct report_scope scope; /* .from_ms, .to_ms: of the anchor */
    /* List who goes a way, called as paths_put_way does; or with list_step who goes over a node or
     * link that begins at this step. Empty: nobody. */
    str list;
    uint32_t list_step;
    struct report_against against;
};

/* A number of customers that is not known without counting them anew. */
#define PATHS_NOT_COUNTED UINT64_MAX

struct path_way {
    struct tally_row row;
    uint64_t ways, customers;
};
struct path_node {
    uint32_t step; /* from 1, counted from the anchor */
    uint16_t number;
    enum path_node_kind { PATH_STEP, PATH_OTHER, PATH_END } kind;
    uint64_t ways, customers;
};
struct path_link {
    uint32_t step; /* the one of its two nodes that is nearer to the anchor stands at */
    uint32_t from, to; /* nodes, in the order of time */
    uint64_t ways, customers;
};

/* A way's share of all ways on two sides. */
struct path_beside {
    str way;
    struct share here, there;
};

struct paths_view {
    struct paths *paths;
    struct program *program;
    const struct path_way *way; /* the most travelled first */
    uint32_t way_n;
    struct path_way other; /* all others; .row is empty */
    uint32_t other_n;
    const struct path_node
        *node; /* by step, the most travelled first, then others, ends */
    uint32_t node_n;
    const struct path_link *link; /* by step, the most travelled first */
    uint32_t link_n;
    bool lists;
    struct listed listed;
    struct paths_view *against; /* NULL: none is asked for */
    const struct path_beside *beside;
    uint32_t beside_n;
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. Ways, nodes
 * and links live in `a`; *out is to be freed by paths_view_free. */
[[nodiscard]] bool engine_paths(struct engine *e, const struct paths_question *q,
                                struct arena *a, struct paths_view *out, str *wrong,
                                struct err *err);
void paths_view_free(struct paths_view *v);
/* Whether nobody goes two ways: shares of ways are then shares of customers. */
bool paths_go_one_way(const struct paths_view *v);
/* A step of a way in the order of time. */
str path_step(const struct paths_view *v, const struct path_way *way, uint32_t i);
/* "visit > signup" */
void paths_put_way(struct buf *to, const struct paths_view *v,
                   const struct path_way *way);
/* A step's name, "(other)", "(end)" or "(start)". */
str path_node_name(const struct paths_view *v, const struct path_node *node);
bool paths_put_json(struct json_out *j, const struct engine *e,
                    const struct paths_view *v, struct arena *a, struct err *err);

#endif
