/* paths_impl.h - what paths.c and paths_view.c share, and the journey map with them. */
#ifndef ENGINE_PATHS_IMPL_H
#define ENGINE_PATHS_IMPL_H

#include "engine/paths.h"

struct paths_moves {
    struct engine *engine;
    uint32_t lifecycle;
};

struct asked_paths {
    const struct paths_question *q;
    struct paths_moves moves;
    struct paths_plan plan;
    const struct paths_view *view; /* whose ways and nodes are told apart */
};

/* A customer's moves; the context is a struct paths_moves. */
const struct move *paths_moves_of(const void *context, uint32_t customer, size_t *n);
/* Takes the part up to the next comma off a list. */
str take_part(str *rest);
/* What steps are called by, in words, and which events are steps; by_stage NULL: stages are
 * not. */
bool through_read(const struct engine *e, str text, str events, struct program *p,
                  struct arena *a, struct through *t, bool *by_stage, str *wrong,
                  struct err *err);
/* Ways, nodes and links of v->paths in their order. */
bool paths_rank(struct paths_view *v, uint32_t top, struct arena *a, struct err *err);

/* All ways, the most travelled first. Lives in `a`. */
bool paths_all(struct paths *p, struct arena *a, struct path_way **out, struct err *err);
/* v->beside of v and v->against. */
bool paths_compare(struct paths_view *v, struct arena *a, struct err *err);
void paths_put_against(struct json_out *j, const struct paths_view *v);

#endif
