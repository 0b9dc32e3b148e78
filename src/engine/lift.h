/* lift.h - what a treatment given by chance changed, in words: asked of everybody, and as JSON. */
#ifndef ENGINE_LIFT_H
#define ENGINE_LIFT_H

#include "engine/report.h"
#include "report/assigned.h"
#include "report/attribution.h"
#include "report/share.h"
#include "value/lift.h"

struct lift_question {
    str assigned; /* the pattern of the event by which customers are assigned; empty: a trait
                       says it */
    str group;    /* what names the group: a property of that event, or trait.x */
    str control;    /* the group without the treatment; empty: control */
    str conversion; /* a pattern */
    str value;      /* a number or money that it has; empty: none */
    str within;     /* a length; empty: 30d */
    str split;      /* in which shares chance was to assign: a=9,b=1; empty: alike */
    /* List who converted ("converted") or did not ("not"), who is not looked at for long enough yet
     * ("waiting"), or is in several groups ("several"); empty: nobody. */
    str list;
    str in; /* of .list: only of this group; empty: of all */
    str channel; /* tell what attribution owes to it, or to several with commas between, too; empty: not */
    struct report_scope scope; /* from and to are about assignments */
};

enum lift_measure { LIFT_CONVERSION, LIFT_VALUE, LIFT_MEASURES };
enum lift_method {
    LIFT_DIFFERENCE, /* of shares, by Newcombe; of means, by Welch */
    LIFT_RATIO,
    LIFT_BETTER, /* the probability that its share is the larger one */
    LIFT_CUPED,
    LIFT_ALWAYS, /* however often one looks */
    LIFT_GAINED, /* the difference, times those who had the treatment */
    LIFT_METHODS
};
/* "conversion", "value"; "difference", ... */
const char *lift_measure_name(enum lift_measure m);
const char *lift_method_name(enum lift_method m);

/* NAN: it cannot be said. */
struct lift_estimate {
    double estimate, low, high, p;
};
struct lift_group {
    str name;
    uint64_t assigned, waiting;
    struct share converted; /* of those who are not waiting */
    struct joint measure[LIFT_MEASURES];
    struct joint times; /* how often each converted */
};
/* Of the same conversions of those in a group what was gained, and what attribution owes to the channel. Here a
 * conversion counts as often as it came. */
struct lift_credit {
    uint64_t came;
    struct lift_estimate gained[LIFT_MEASURES];
    double owed[LIFT_MEASURES][ATTRIBUTION_MODELS_END]; /* NAN: too many sources for it */
};
struct lift_effect {
    uint32_t group;
    struct lift_estimate of[LIFT_MEASURES][LIFT_METHODS];
    struct lift_credit credit; /* with .channel */
};

struct lift_view {
    struct program *program;
    struct assignments *assignments;
    struct lift_group group[ASSIGNED_GROUPS_MAX];   /* by name */
    struct lift_effect effect[ASSIGNED_GROUPS_MAX]; /* of all groups but the control */
    uint32_t group_n, effect_n, control;
    str group_by, conversion, value, channel;
    uint64_t several; /* who are in several groups, and in none of these */
    struct cuped cuped[LIFT_MEASURES];
    /* Whether chance assigned as it was to: chi-square, and the chance of one as large. */
    double chi_square, p;
    bool is_off;
    int64_t
        first_until_ms; /* when the first who wait are looked at for long enough; MOMENT_NEVER:
                               nobody waits */
    bool list;
    struct listed listed; /* lives in the arena */
};
/* ERR_INPUT: *wrong is the text in which line and column of the error stand, or empty. What is not
 * freed by lift_view_free lives in `a`. */
[[nodiscard]] bool engine_lift(struct engine *e, const struct lift_question *q,
                               struct arena *a, struct lift_view *out, str *wrong,
                               struct err *err);
void lift_view_free(struct lift_view *v);
/* Whether as much was gained as is owed: 1 when more is owed than was gained at most, -1 when less than at least; 0
 * when it lies between, or cannot be told. */
int lift_credit_off(const struct lift_credit *c, enum lift_measure m,
                    enum attribution_model model);
bool lift_put_json(struct json_out *j, const struct engine *e, const struct lift_view *v,
                   struct arena *a, struct err *err);

/* How many customers a test needs, or what so many show; each 0 to 1, but for spread and means. */
struct lift_plan {
    str rate,
        spread; /* one of the two: the share that converts now, or how far what customers
                              bring is spread */
    str change, customers; /* one of the two */
    str power;             /* empty: 0.8 */
};
struct lift_planned {
    bool of_rate;
    double rate, spread, change, power;
    double customers; /* in each group, a whole number */
};
bool engine_lift_plan(const struct lift_plan *q, struct lift_planned *out,
                      struct err *err);
void lift_plan_put_json(struct json_out *j, const struct lift_planned *p);

#endif
