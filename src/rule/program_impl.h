/* program_impl.h - how a rule becomes part of its program: what program.c, check.c and
 * check_names.c share; private to rule/. */
#ifndef RULE_PROGRAM_IMPL_H
#define RULE_PROGRAM_IMPL_H

#include "rule/program.h"

/* Each finds an equal one in the program, or adds it: the key of a text that stands in a rule;
 * the place of a column, a series, a slot. */
bool program_add_literal(struct program *p, str text, int64_t *key, struct err *err);
bool program_add_column(struct program *p, uint32_t number, bool has_texts, uint32_t *out,
                        struct err *err);
bool program_add_series(struct program *p, struct series *s, uint32_t *out,
                        struct err *err);
bool program_add_slot(struct program *p, const struct slot *s, uint32_t *out,
                      struct err *err);
/* Rules ask value.x: adds what the fits count. What the model no longer knows is not asked. */
bool program_add_worth(struct program *p, struct err *err);
/* A rule names this, and it means that: program_meaning. */
void program_mean(struct program *p, str name, int how);
/* The values of a property or a trait, as this type. */
bool program_source_of_column(struct program *p, str name, bool trait,
                              enum value_type type, struct source *out, struct err *err);
/* The lifecycle that the bare stage words mean. */
static inline uint32_t program_lifecycle_meant(const struct program *p)
{
    return p->lifecycle == LIFECYCLES_ALL ? 0 : p->lifecycle;
}

/* Gives the nodes of a parsed rule their types and their meaning, and adds to the program what
 * they ask for; says what of the rule is wanted when that was left open, and what its answer
 * hangs on. ERR_INPUT with line and column for what means nothing. */
bool check_rule(struct program *p, struct rule *rule, struct err *err);

/* --- inside of a check --- */

struct check {
    struct program *p;
    str text;
    const struct pattern *of; /* the pattern whose where is checked, or NULL */
    const struct dictionary_event *event; /* its event; NULL: any */
    uint32_t depth;                       /* of the deepest rule named so far */
    bool by_stage, by_times;
    uint32_t above_n;
    struct err *err;
};

/* False, with the message and where the node stands. */
bool check_fault(const struct check *c, const struct node *n, const char *msg);
bool check_condition(struct check *c, struct node *n);
bool check_name(struct check *c, struct node *n);
/* The series of the events that the pattern matches, with the values that it names. */
bool check_pattern(struct check *c, const struct pattern *pattern, struct series *out);
/* What every event that the series picks has under this name, `c->text`. */
bool check_value(struct check *c, struct series *s, str name);
bool check_trait(struct check *c, const struct name *name, uint32_t *slot,
                 enum value_type *type);
/* The number of the stage with this name, which stands at `at`. */
bool check_stage(struct check *c, uint32_t lifecycle, str name, uint32_t at,
                 uint32_t *out);

#endif
