#include "engine/lift_impl.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"
#include "report/survival.h"

#include <math.h>
#include <string.h>

/* A share of groups as far off as this by chance alone comes once in a thousand experiments: A.
 * Fabijan and others, "Diagnosing Sample Ratio Mismatch in Online Controlled Experiments", KDD
 * 2019. */
static const double off_below = 0.001;

/* --- what is asked --- */

static bool add_group(const struct lift_question *q, struct program *p,
                      struct assigned_plan *plan, str *wrong, struct err *err)
{
    struct pick assigned;
    bool told;

    if (!q->assigned.n)
        return report_by(p, NULL, q->group, &plan->group, &told, wrong, err);
    if (!report_pattern(p, q->assigned, &assigned, wrong, err)
        || !report_by(p, &assigned, q->group, &plan->group, &told, wrong, err))
        return false;
    return !told
           || err_set(
               err, ERR_INPUT,
               "%.*s is told of a customer, not of the event that assigns him: leave "
               "assigned out, or name a property of the event",
               STR_FMT(q->group));
}

static bool plan_of(struct engine *e, const struct lift_question *q, struct program *p,
                    struct assigned_plan *plan, str *wrong, struct err *err)
{
    const struct workspace *w = &engine_model(e)->workspace;

    *plan = (struct assigned_plan){.program = p,
                                   .zone = w->zone,
                                   .from_ms = q->scope.from_ms,
                                   .to_ms = q->scope.to_ms,
                                   .at_ms = q->scope.known_ms,
                                   .decimals = w->decimals,
                                   .has_value = q->value.n > 0};
    if (!length_parse(q->within.n ? q->within : STR("30d"), &plan->within, err))
        return err_in(err, "within");
    if (plan->within.ms <= 0 && !plan->within.months)
        return err_set(err, ERR_INPUT, "within is a length of time, such as 30d");
    if (!add_group(q, p, plan, wrong, err)
        || !report_pattern(p, q->conversion, &plan->conversion, wrong, err))
        return false;
    *wrong = q->value;
    if (plan->has_value
        && !picks_add_property(p, plan->conversion, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return !plan->has_value || plan->value.type == VALUE_NUMBER
           || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be summed",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct assignments *s;

    if (!assignments_new(plan, &s, err))
        return false;
    *count = s;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    (void)span;
    return assignments_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return assignments_merge(into, from, err);
}

static void end(void *count)
{
    assignments_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

/* --- groups --- */

/* ERR_INPUT: what is wrong, and which groups there are. */
static bool refuse_group(const struct lift_view *v, const char *what, str name,
                         struct err *err)
{
    struct buf b = {};

    for (uint32_t g = 0; g < v->group_n; g++)
        buf_add_format(&b, "%s%.*s", g ? ", " : "", STR_FMT(v->group[g].name));
    if (b.failed)
        err_nomem(err);
    else
        err_set(err, ERR_INPUT, "%s%.*s%s the groups are %.*s", what,
                (int)(name.n < 60 ? name.n : 60), name.p, name.n ? "\":" : "",
                STR_FMT(buf_str(&b)));
    buf_free(&b);
    return false;
}

static bool find_group(const struct lift_view *v, str name, uint32_t *out,
                       struct err *err)
{
    for (*out = 0; *out < v->group_n; ++*out)
        if (str_eq(v->group[*out].name, name))
            return true;
    return refuse_group(v, "there is no group \"", name, err);
}

static bool find_control(const struct lift_question *q, struct lift_view *v,
                         struct err *err)
{
    str name = q->control.n ? q->control : STR("control");

    for (v->control = 0; v->control < v->group_n; v->control++)
        if (str_eq(v->group[v->control].name, name))
            return true;
    if (!v->group_n)
        return true;
    return q->control.n
               ? refuse_group(v, "there is no group \"", name, err)
               : refuse_group(v, "which group had no treatment? Name it as the control:",
                              STR(""), err);
}

double lift_major(const struct engine *e, const struct assigned_plan *p, double stored)
{
    return stored
           / (p->value.type == VALUE_MONEY ? pow(10, engine_model(e)->workspace.decimals)
                                           : (double)NUM_ONE);
}

static void add_groups(const struct engine *e, struct lift_view *v)
{
    const struct assignments *s = v->assignments;

    v->group_n = s->name.n;
    v->first_until_ms = MOMENT_NEVER;
    for (uint32_t g = 0; g < v->group_n; g++)
        v->group[g].name = text_table_get(&s->name, g);
    for (size_t i = 0; i < s->n; i++) {
        const struct assigned *row = &s->row[i];
        struct lift_group *g = &v->group[row->group];

        v->several += row->is_several;
        if (row->is_several)
            continue;
        g->assigned++;
        g->waiting += row->is_waiting;
        if (row->is_waiting) {
            if (row->until_ms < v->first_until_ms)
                v->first_until_ms = row->until_ms;
            continue;
        }
        g->converted.n++;
        g->converted.hits += row->after > 0;
        joint_add(&g->measure[LIFT_CONVERSION], row->before > 0, row->after > 0);
        joint_add(&g->times, row->before, row->after);
        if (s->plan.has_value)
            joint_add(&g->measure[LIFT_VALUE],
                      lift_major(e, &s->plan, (double)row->spent_before),
                      lift_major(e, &s->plan, (double)row->spent));
    }
}

/* --- whether chance assigned as it was to --- */

/* a=9,b=1 */
static bool read_split(const struct lift_view *v, str split,
                       double weight[ASSIGNED_GROUPS_MAX], struct err *err)
{
    for (uint32_t g = 0; g < v->group_n; g++)
        weight[g] = split.n ? 0 : 1;
    while (split.n) {
        const char *comma = memchr(split.p, ',', split.n);
        str one = {split.p, comma ? (size_t)(comma - split.p) : split.n};
        const char *is = memchr(one.p, '=', one.n);
        size_t n = is ? (size_t)(is - one.p) : one.n;
        uint32_t group;
        int64_t number;

        split = str_from(split, comma ? one.n + 1 : one.n);
        if (!is || !num_parse(str_trim(str_from(one, n + 1)), &number) || number <= 0)
            return err_set(
                err, ERR_INPUT,
                "split says of each group how often it was to be taken, above 0: "
                "control=9,variant=1");
        if (!find_group(v, str_trim((str){one.p, n}), &group, err))
            return err_in(err, "split");
        weight[group] = (double)number;
    }
    for (uint32_t g = 0; g < v->group_n; g++)
        if (weight[g] <= 0)
            return err_set(err, ERR_INPUT,
                           "split does not say how often %.*s was to be taken",
                           STR_FMT(v->group[g].name));
    return true;
}

static bool check_balance(struct lift_view *v, str split, struct err *err)
{
    double weight[ASSIGNED_GROUPS_MAX], weights = 0, all = 0;

    v->p = 1;
    if (!read_split(v, split, weight, err))
        return false;
    for (uint32_t g = 0; g < v->group_n; g++) {
        weights += weight[g];
        all += (double)v->group[g].assigned;
    }
    if (v->group_n < 2 || all <= 0)
        return true;
    for (uint32_t g = 0; g < v->group_n; g++) {
        double expected = all * weight[g] / weights;
        double off = (double)v->group[g].assigned - expected;

        v->chi_square += off * off / expected;
    }
    v->p = chi_square_beyond(v->chi_square, v->group_n - 1);
    v->is_off = v->p < off_below;
    return true;
}

/* --- effects --- */

static struct lift_estimate of_welch(struct welch w)
{
    return (struct lift_estimate){w.difference, w.low, w.high, w.p};
}

static struct lift_estimate times(struct lift_estimate e, double n)
{
    return (struct lift_estimate){n * e.estimate, n * e.low, n * e.high, NAN};
}

struct lift_estimate lift_gained(struct sample treated, struct sample control)
{
    return times(of_welch(welch_of(treated, control)), treated.n);
}

static void add_shares(const struct lift_group *treated, const struct lift_group *control,
                       struct lift_estimate *of)
{
    const struct share a = treated->converted, b = control->converted;
    struct ratio r = ratio_of(a.hits, a.n, b.hits, b.n);
    struct always w = always_shares(a.hits, a.n, b.hits, b.n);
    struct lift_estimate *d = &of[LIFT_DIFFERENCE];

    d->estimate = (double)a.hits / (double)a.n - (double)b.hits / (double)b.n;
    share_difference(a, b, &d->low, &d->high);
    of[LIFT_RATIO] = (struct lift_estimate){r.ratio, r.low, r.high, NAN};
    of[LIFT_BETTER].estimate = better_of(a.hits, a.n, b.hits, b.n);
    if (!isnan(w.p))
        of[LIFT_ALWAYS] = (struct lift_estimate){d->estimate, w.low, w.high, w.p};
}

static void add_means(const struct lift_group *treated, const struct lift_group *control,
                      struct lift_estimate *of)
{
    struct sample a = joint_sample(&treated->measure[LIFT_VALUE]);
    struct sample b = joint_sample(&control->measure[LIFT_VALUE]);
    struct always w = always_means(a, b);

    of[LIFT_DIFFERENCE] = of_welch(welch_of(a, b));
    if (!isnan(w.p))
        of[LIFT_ALWAYS] = (struct lift_estimate){a.mean - b.mean, w.low, w.high, w.p};
}

static void add_cuped(const struct lift_view *v, uint32_t group, enum lift_measure m,
                      struct lift_estimate *of)
{
    struct joint all[ASSIGNED_GROUPS_MAX];

    if (v->cuped[m].explained <= 0)
        return;
    for (uint32_t g = 0; g < v->group_n; g++)
        all[g] = v->group[g].measure[m];
    of[LIFT_CUPED] =
        of_welch(welch_of(cuped_sample(all, v->group_n, group, v->cuped[m]),
                          cuped_sample(all, v->group_n, v->control, v->cuped[m])));
}

static void add_effect(struct lift_view *v, uint32_t group)
{
    struct lift_effect *to = &v->effect[v->effect_n++];
    const struct lift_group *treated = &v->group[group], *control = &v->group[v->control];

    to->group = group;
    for (int m = 0; m < LIFT_MEASURES; m++)
        for (int k = 0; k < LIFT_METHODS; k++)
            to->of[m][k] = (struct lift_estimate){NAN, NAN, NAN, NAN};
    if (!treated->converted.n || !control->converted.n)
        return;
    add_shares(treated, control, to->of[LIFT_CONVERSION]);
    if (v->assignments->plan.has_value)
        add_means(treated, control, to->of[LIFT_VALUE]);
    for (int m = 0; m < LIFT_MEASURES; m++) {
        add_cuped(v, group, (enum lift_measure)m, to->of[m]);
        to->of[m][LIFT_GAINED] =
            times(to->of[m][LIFT_DIFFERENCE], (double)treated->converted.n);
    }
}

static void add_effects(struct lift_view *v)
{
    for (int m = 0; m < LIFT_MEASURES; m++) {
        struct joint all[ASSIGNED_GROUPS_MAX];

        for (uint32_t g = 0; g < v->group_n; g++)
            all[g] = v->group[g].measure[m];
        v->cuped[m] = cuped_of(all, v->group_n);
    }
    for (uint32_t g = 0; g < v->group_n; g++)
        if (g != v->control)
            add_effect(v, g);
}

/* --- who they are --- */

static bool add_list(const struct lift_question *q, struct arena *a, struct lift_view *v,
                     struct err *err)
{
    static const char *const which[] = {"converted", "not", "waiting", "several"};
    const struct assignments *s = v->assignments;
    size_t w = 0;
    uint32_t group = 0;

    v->list = q->list.n > 0;
    if (!v->list)
        return true;
    while (w < 4 && !str_eq(q->list, str_of(which[w])))
        w++;
    if (w == 4)
        return err_set(err, ERR_INPUT,
                       "customers is converted, not, waiting or several, not \"%.*s\"",
                       STR_FMT(q->list));
    if (q->in.n && !find_group(v, q->in, &group, err))
        return false;
    v->listed.customer = arena_array(a, uint32_t, s->n + 1);
    if (!v->listed.customer)
        return err_nomem(err);
    for (size_t i = 0; i < s->n; i++) {
        const struct assigned *row = &s->row[i];
        size_t is = row->is_several ? 3 : row->is_waiting ? 2 : row->after == 0;

        if (is == w && (!q->in.n || row->group == group))
            v->listed.customer[v->listed.n++] = row->customer;
    }
    return true;
}

bool engine_lift(struct engine *e, const struct lift_question *q, struct arena *a,
                 struct lift_view *out, str *wrong, struct err *err)
{
    struct assigned_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct lift_view){.group_by = q->group,
                              .conversion = q->conversion,
                              .value = q->value,
                              .channel = q->channel};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    out->assignments = count;
    ok = ok && assignments_finish(out->assignments, err);
    if (ok)
        add_groups(e, out);
    ok = ok && find_control(q, out, err) && check_balance(out, q->split, err)
         && add_list(q, a, out, err);
    if (ok)
        add_effects(out);
    ok = ok && (!q->channel.n || lift_add_credit(e, q, a, out, wrong, err));
    if (!ok)
        lift_view_free(out);
    return ok;
}

void lift_view_free(struct lift_view *v)
{
    assignments_free(v->assignments);
    program_free(v->program);
    *v = (struct lift_view){};
}
