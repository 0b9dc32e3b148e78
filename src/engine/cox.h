/* cox.h - proportional hazards in words: traits as columns, and as JSON. */
#ifndef ENGINE_COX_H
#define ENGINE_COX_H

#include "engine/engine.h"
#include "report/cox.h"
#include "report/spell.h"

/* A number or money is a column of its own, true or false one of 1 and 0, and of a text each value
 * but the one that most have. */
struct cox_view {
    struct cox fit;
    enum cox_ties ties;
    str trait[COX_COLUMNS_MAX];
    str value[COX_COLUMNS_MAX];  /* of a text; empty: of no text */
    str beside[COX_COLUMNS_MAX]; /* of a text: the value that it is held against */
    uint64_t unknown;            /* of whom some of them was not known when they began */
};
/* trait.x, acquisition.x, with commas between; ties: empty for efron. */
bool cox_plan(struct program *p, str traits, struct spell_plan *plan, str *wrong,
              struct err *err);
/* ERR_INPUT in words where nothing can be told. Lives in `a`, but for the names. */
[[nodiscard]] bool cox_view_of(const struct engine *e, const struct spells *s, str ties,
                               struct arena *a, struct cox_view **out, struct err *err);
void cox_put_json(struct json_out *j, const struct cox_view *v);

#endif
