/* lifecycle.h - where a customer is: stages, the ways between them, and their history.
 *
 * A history is a pure function of (timeline, model, until): the same whatever the order in
 * which the events arrived, and the same as if every rule were asked anew at every
 * millisecond. */
#ifndef LIFECYCLE_LIFECYCLE_H
#define LIFECYCLE_LIFECYCLE_H

#include "lifecycle/aims.h"

struct stage {
    str name;
    const struct yaml *at; /* where it stands */
    str goal;              /* empty: none given */
    bool end;              /* such customers are not counted as active */
    struct aims aims;
};

/* One entry of `moves:`: a way out of some stages into another. */
struct way {
    bool any; /* from every stage but `to` */
    const uint16_t *from;
    uint32_t from_n;
    uint16_t to;
    str text;                /* the rule as written */
    const struct yaml *when; /* where it stands */
    struct rule_ref rule;
};

struct lifecycle {
    str name;        /* empty: the model has one, under `lifecycle:` */
    uint16_t number; /* its place in the text */
    bool has_for;    /* only customers of whom this is true are in it: */
    struct rule_ref for_rule;
    str for_text;
    const struct yaml *for_at;
    struct stage *stage;
    const str *stage_name; /* the same names, for rule_env */
    const str **by_name;   /* places in stage_name, in the order of the names */
    uint32_t stage_n;
    uint16_t start;
    struct way *way;
    uint32_t way_n;
    const uint16_t **out; /* by stage: the ways out of it, in the order of the text */
    const uint32_t *out_n;
};

/* Reads what stands under `lifecycle:`, or under a name in `lifecycles:`; the rules are
 * compiled by lifecycle_compile. Lives in `a`. */
bool lifecycle_parse(const struct yaml *node, struct arena *a, struct lifecycle **out,
                     struct err *err);
/* The place of an error in a rule is turned into its place in the model text. */
bool lifecycle_compile(struct lifecycle *l, struct program *p, struct err *err);
/* After measures_compile: the KPIs and forecasts of the stages. */
bool lifecycle_compile_aims(struct lifecycle *l, const struct life_measures *m,
                            struct program *p, struct err *err);
/* Reads `lifecycles:`, numbered in the order of the text. Lives in `a`. */
bool lifecycles_parse(const struct yaml *node, struct arena *a, struct lifecycle ***out,
                      uint32_t *n, struct err *err);
uint16_t lifecycle_stage_find(const struct lifecycle *l, str name);  /* or STAGE_NONE */
str lifecycle_stage_name(const struct lifecycle *l, uint16_t stage); /* empty: none */

#define WAY_START UINT16_MAX
#define WAY_OUT (UINT16_MAX - 1) /* `for` is true no longer: to STAGE_NONE */

struct move {
    int64_t at_ms;
    uint16_t from, to; /* from STAGE_NONE: he came in; to STAGE_NONE: he is out */
    uint16_t way;      /* or WAY_START, WAY_OUT */
};

/* Moves that undid one another within an instant: a fault of the model, reported once a kind. */
struct loop {
    int64_t at_ms; /* the first such instant met */
    uint32_t customer;
    uint64_t times; /* instants asked in which it was met */
    const uint16_t
        *way; /* in the order taken, from the one that stands first in the text */
    uint32_t way_n;
};
#define LOOPS_MAX 100u /* kinds that are kept */

/* Moves of several customers, one after the other. Zero it to start. */
struct moves {
    struct move *move;
    size_t n, cap;
    struct loop *loop;
    uint32_t loop_n, loop_cap;
    struct arena arena; /* of the loops' ways */
};
void moves_free(struct moves *m);

struct replay; /* what one thread needs to replay: a cursor and the stages' counters */
[[nodiscard]] bool replay_new(const struct lifecycle *l, const struct program *p,
                              struct replay **out, struct err *err);
void replay_free(struct replay *r);
/* Moves of one customer by time alone, and instants of loops, between two of his events. */
#define RESTLESS_MAX 10000u
#define LOOPING_MAX 100000u
/* A customer's moves in a lifecycle that stands above this one in the text: its rules may name
 * the stage there, and see it as it is after the moves of the same moment. */
struct beside {
    const struct move *move;
    size_t n;
};
/* Appends the customer's moves with time <= until_ms, events after until_ms unseen, given those
 * in the lifecycles above, in the order of the text, each replayed until until_ms. *next_ms
 * is the moment at which time or an event not yet seen may move him next in this lifecycle
 * (MOMENT_NEVER: never): after until_ms, never later than the first such move, but that moves
 * above bring moments of their own. On failure nothing was appended. ERR_LIMIT: the ways move
 * him to and fro by time alone, beyond the numbers above. */
bool replay_beside(struct replay *r, const struct timeline *t, const struct beside *above,
                   uint32_t above_n, int64_t until_ms, struct moves *out,
                   int64_t *next_ms, struct err *err);

/* Where he stands at at_ms, given his moves (later ones are not looked at). times_in has
 * stage_n places and is filled. */
void situation_of(const struct lifecycle *l, const struct move *move, size_t n,
                  int64_t at_ms, uint32_t *times_in, struct situation *out);

#endif
