/* segment.h - sets of customers given by a rule, and scores made of rules: the model's
 * `segments:`, `groups:` and `scores:`, compiled on demand since they may name one another. */
#ifndef SEGMENT_SEGMENT_H
#define SEGMENT_SEGMENT_H

#include "base/yaml.h"
#include "rule/rule.h"
#include "segment/groups.h"

struct segment {
    str name, description, text;
    const struct yaml *when;
    bool is_group; /* one of the built-in ones, whose rule is ours */
    bool
        is_list; /* people say who is in it; the rule, which is ours, asks what they said last */
    struct rule_ref rule;
};

struct score {
    str name;
    int64_t from, low, high; /* fixed point */
    bool high_is_good;
    const struct yaml *node;
    const struct score_part *part; /* as many as stand under `parts:`, in their order */
    struct rule_ref rule;
};

struct segments {
    struct segment *segment;
    uint32_t segment_n;
    struct score *score;
    uint32_t score_n;
    struct segments_private *own;
};

/* Each node may be NULL. The groups stand behind the segments; where one has a group's name, it
 * stands in its place. Lives in `a`. */
bool segments_parse(const struct yaml *segments, const struct yaml *groups,
                    const struct yaml *scores, struct arena *a, struct segments **out,
                    struct err *err);
/* Is one of them a list? */
bool segments_have_lists(const struct segments *s);
/* Into which program they compile. */
void segments_use(struct segments *s, struct program *p);
/* For rule_env, whose .context is then the struct segments. */
bool segments_find(void *context, enum rule_named kind, str name, struct rule_ref *out,
                   struct err *err);
void segments_names(void *context, enum rule_named kind, const str **out, size_t *n);
/* Compiles all that nobody has named yet. */
bool segments_compile(struct segments *s, struct err *err);

#endif
