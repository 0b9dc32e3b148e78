/* model.h - the model: one YAML text with the workspace, events, traits, lifecycle, segments
 * and scores, compiled into something that can be asked. */
#ifndef ENGINE_MODEL_H
#define ENGINE_MODEL_H

#include "engine/ledger_terms.h"
#include "engine/retention.h"
#include "lifecycle/lifecycle.h"
#include "segment/segment.h"

struct workspace {
    str name;
    str currency; /* ISO 4217 */
    int decimals; /* of the currency */
    str language; /* en, it, pt */
    struct zone *zone;
};

struct model {
    str text;
    struct workspace workspace;
    struct dictionary dictionary;
    struct lifecycle *lifecycle;         /* the first; with `lifecycle:` the only one */
    struct lifecycle *const *lifecycles; /* in the order of the text */
    uint32_t lifecycle_n;
    struct life_measures measures;
    struct ledger_terms ledger;
    struct segments *segments;
    struct retention retention;
    struct channels *channels;
    struct program *program;
    uint64_t names; /* program_meaning of all that the text has */
    const struct catalog *catalog;
    struct arena arena;
};

/* Compiles `text` against the names of `catalog`, which stays the caller's, outlives the
 * model, and lends it its texts: compile anew after an import added names. What is wrong is
 * ERR_INPUT with line and column in the text. */
[[nodiscard]] bool model_compile(struct io *io, str text, const struct catalog *catalog,
                                 struct model **out, struct err *err);
/* The same with fits that value.x asks, of which a copy is taken; without them it is missing. */
struct kept_fits;
[[nodiscard]] bool model_compile_with(struct io *io, str text,
                                      const struct catalog *catalog,
                                      const struct kept_fits *fits, struct model **out,
                                      struct err *err);
void model_free(struct model *m);
/* To a catalog that shares the names of the one before (catalog_same_names). */
void model_move(struct model *m, const struct catalog *catalog);
/* A lifecycle by its name; the first when `name` is empty. ERR_INPUT names the nearest. */
bool model_lifecycle_find(const struct model *m, str name, const struct lifecycle **out,
                          struct err *err);

/* What is allowed but looks wrong: stages that nobody can reach or leave, moves that can
 * never fire, `sum(..) < n` that is true of people without any, `not x = 1` that is true when
 * x is missing. Lives in `a`. */
struct finding {
    int line, column;
    str text;
};
bool model_lint(const struct model *m, struct arena *a, const struct finding **out,
                uint32_t *n, struct err *err);

/* The same about one rule of the model's program that stands for itself; places are in its
 * text. */
bool rule_lint(const struct model *m, struct rule_ref rule, struct arena *a,
               const struct finding **out, uint32_t *n, struct err *err);

/* The templates inside the program. */
struct model_template {
    const char *name, *what;
    str text; /* has a workspace line to be filled by model_from_template */
};
const struct model_template *model_templates(size_t *n);
/* A template's text with this workspace. ERR_NOT_FOUND names the nearest. */
bool model_from_template(str name, const struct workspace *workspace, str timezone,
                         struct buf *to, struct err *err);

#endif
