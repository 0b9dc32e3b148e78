/* rule.h - a rule that somebody tries: it stands in no model, and is asked beside the live one. */
#ifndef ENGINE_RULE_H
#define ENGINE_RULE_H

#include "engine/engine.h"

/* The live model once more, with the rule in its program. */
struct trial {
    struct model *model;
    struct rule_ref rule;
    enum value_type type; /* BOOL, NUMBER or MONEY */
};
/* ERR_INPUT carries the place in the rule's text. */
[[nodiscard]] bool trial_new(const struct engine *e, str text, struct trial *out,
                             struct err *err);
void trial_free(struct trial *t);

/* What the rule says of one customer at a moment, as known then, and why. */
struct trial_view {
    bool exists; /* false: his first event came later */
    struct answer answer;
    const struct term *term;
    uint32_t term_n;
    struct timeline timeline; /* the terms' events are places in it */
    const str *message_id;    /* by place in the timeline */
};
/* ERR_NOT_FOUND when nobody has the id. Lives in `a`. */
bool trial_explain(struct engine *e, const struct trial *t, str id, int64_t at_ms,
                   enum language language, struct arena *a, struct trial_view *out,
                   struct err *err);
void trial_put_json(struct json_out *j, const struct engine *e, const struct trial *t,
                    const struct trial_view *v);

#endif
