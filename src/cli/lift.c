#include "engine/lift.h"

#include "cli/report.h"
#include "engine/model.h"

#include <math.h>

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    cli_table_right(t, b->failed ? STR("") : buf_str(b));
    buf_free(b);
}

/* Shares of a hundred, or numbers; exact; empty: it is not known. */
static void add_number(struct cli_table *t, double d, bool share, bool exact)
{
    struct buf b = {};

    if (isfinite(d) && exact)
        buf_add_format(&b, "%.12g", d);
    else if (isfinite(d))
        buf_add_format(&b, share ? "%.2f %%" : "%.2f", share ? 100 * d : d);
    add_text(t, &b);
}

static void add_p(struct cli_table *t, double p, bool exact)
{
    struct buf b = {};

    if (isfinite(p))
        buf_add_format(&b, "%.*g", exact ? 12 : 3, p);
    add_text(t, &b);
}

static void put_heading(struct cli_table *t, const char *const *name, size_t n)
{
    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(name[i]));
}

static void put_groups(struct cli_table *t, const struct lift_view *v)
{
    static const char *const heading[] = {"group",     "assigned",  "waiting",
                                          "customers", "converted", "share",
                                          "at least",  "at most",   "mean value"};

    put_heading(t, heading, v->value.n ? 9 : 8);
    for (uint32_t i = 0; i < v->group_n; i++) {
        const struct lift_group *g = &v->group[i];
        double low = NAN, high = NAN;

        if (g->converted.n)
            share_interval(g->converted, &low, &high);
        cli_table_add(t, g->name);
        cli_table_number(t, g->assigned);
        cli_table_number(t, g->waiting);
        cli_table_number(t, g->converted.n);
        cli_table_number(t, g->converted.hits);
        report_share(t, g->converted.hits, g->converted.n);
        add_number(t, low, true, false);
        add_number(t, high, true, false);
        if (v->value.n)
            add_number(t, joint_sample(&g->measure[LIFT_VALUE]).mean, false, false);
    }
}

static const char *method_text(enum lift_measure m, enum lift_method k)
{
    static const char *const text[LIFT_METHODS] = {
        [LIFT_DIFFERENCE] = "difference",
        [LIFT_RATIO] = "ratio",
        [LIFT_BETTER] = "probability to be better",
        [LIFT_CUPED] = "difference, by what was before (CUPED)",
        [LIFT_ALWAYS] = "difference, at whatever look",
        [LIFT_GAINED] = "gained in all"};

    return m == LIFT_CONVERSION && k == LIFT_GAINED ? "conversions gained" : text[k];
}

static void put_estimate(struct cli_table *t, const struct lift_view *v,
                         const struct lift_effect *e, enum lift_measure m,
                         enum lift_method k, bool exact)
{
    const struct lift_estimate *of = &e->of[m][k];
    bool share = m == LIFT_CONVERSION && k != LIFT_RATIO && k != LIFT_GAINED;

    if (isnan(of->estimate))
        return;
    cli_table_add(t, v->group[e->group].name);
    cli_table_add(t, m == LIFT_VALUE && !exact ? v->value : str_of(lift_measure_name(m)));
    cli_table_add(t, str_of(exact ? lift_method_name(k) : method_text(m, k)));
    add_number(t, of->estimate, share, exact);
    add_number(t, of->low, share, exact);
    add_number(t, of->high, share, exact);
    add_p(t, of->p, exact);
}

static void put_effects(struct cli_table *t, const struct lift_view *v, bool exact)
{
    static const char *const shown[] = {"group",    "of",      "", "is",
                                        "at least", "at most", "p"};
    static const char *const plain[] = {"group", "measure", "method", "estimate",
                                        "low",   "high",    "p"};

    put_heading(t, exact ? plain : shown, 7);
    for (uint32_t i = 0; i < v->effect_n; i++)
        for (int m = 0; m < LIFT_MEASURES; m++)
            for (int k = 0; k < LIFT_METHODS; k++)
                put_estimate(t, v, &v->effect[i], (enum lift_measure)m,
                             (enum lift_method)k, exact);
}

/* --- beside attribution --- */

static void put_owed(struct cli_table *t, const struct lift_view *v,
                     const struct lift_effect *e, enum lift_measure m, bool exact)
{
    static const char *const verdict[] = {"less than was gained", "",
                                          "more than was gained"};
    const struct lift_credit *c = &e->credit;

    for (enum attribution_model k = 0; k < ATTRIBUTION_MODELS_END; k++) {
        struct buf method = {};

        cli_table_add(t, v->group[e->group].name);
        cli_table_add(t, m == LIFT_CONVERSION ? STR("conversions")
                         : exact              ? STR("value")
                                              : v->value);
        buf_add_format(&method, exact ? "owed_%.*s" : "%.*s",
                       STR_FMT(attribution_model_name(k)));
        t->failed |= method.failed;
        cli_table_add(t, method.failed ? STR("") : buf_str(&method));
        buf_free(&method);
        add_number(t, c->owed[m][k], false, exact);
        if (exact) {
            for (int i = 0; i < 3; i++)
                cli_table_add(t, STR(""));
            continue;
        }
        add_number(t, c->gained[m].estimate, false, false);
        add_number(t, c->gained[m].low, false, false);
        add_number(t, c->gained[m].high, false, false);
        cli_table_add(t, str_of(verdict[1 + lift_credit_off(c, m, k)]));
    }
}

/* As CSV rows of put_effects's table. */
static void put_credits(struct cli_table *t, const struct lift_view *v, bool exact)
{
    static const char *const heading[] = {"group",  "of",       "by",      "owed",
                                          "gained", "at least", "at most", ""};

    if (!exact)
        put_heading(t, heading, 8);
    for (uint32_t i = 0; i < v->effect_n; i++)
        for (int m = 0; m < (v->value.n ? LIFT_MEASURES : LIFT_VALUE); m++) {
            const struct lift_estimate *gained = &v->effect[i].credit.gained[m];

            if (exact) {
                cli_table_add(t, v->group[v->effect[i].group].name);
                cli_table_add(t,
                              m == LIFT_CONVERSION ? STR("conversions") : STR("value"));
                cli_table_add(t, STR("gained_in_all"));
                add_number(t, gained->estimate, false, true);
                add_number(t, gained->low, false, true);
                add_number(t, gained->high, false, true);
                cli_table_add(t, STR(""));
            }
            put_owed(t, v, &v->effect[i], (enum lift_measure)m, exact);
        }
}

static void print_credits(struct cli *c, struct buf *b, const struct lift_view *v)
{
    struct cli_table t = {.arena = &c->arena};

    buf_add_format(
        b,
        "\nOf the same conversions, each counted as often as it came, attribution "
        "owes to %.*s, beside what was gained:\n\n",
        STR_FMT(v->channel));
    put_credits(&t, v, false);
    cli_table_print(&t, b);
}

/* --- in words --- */

static bool is_told(const struct lift_effect *f)
{
    return !isnan(f->of[LIFT_CONVERSION][LIFT_DIFFERENCE].estimate);
}

static bool is_any_told(const struct lift_view *v)
{
    for (uint32_t i = 0; i < v->effect_n; i++)
        if (is_told(&v->effect[i]))
            return true;
    return false;
}

static void put_doubts(struct buf *b, const struct engine *e, const struct lift_view *v)
{
    if (v->is_off)
        buf_add_format(
            b,
            "\nThe groups are not of the sizes that chance makes (p = %.2g): "
            "something else than chance chose who is in them, or who was seen. Do "
            "not trust the numbers before you know what.\n",
            v->p);
    if (v->several)
        buf_add_format(
            b, "\nLeft out: %llu who are in several groups (--customers several).\n",
            (unsigned long long)v->several);
    if (v->group_n == 1)
        buf_add(b, STR("\nThere is one group alone: nothing to hold it against.\n"));
    for (uint32_t i = 0; i < v->effect_n; i++) {
        const struct lift_effect *f = &v->effect[i];
        str name = v->group[f->group].name;

        if (!is_told(f))
            buf_add_format(
                b,
                "\n%.*s: one of the two groups has nobody who was looked at for "
                "long enough.\n",
                STR_FMT(name));
        else if (isnan(f->of[LIFT_CONVERSION][LIFT_ALWAYS].estimate))
            buf_add_format(
                b,
                "\n%.*s: too few to look at again and again: %d in each group, and "
                "%d who converted and who did not, are the least.\n",
                STR_FMT(name), ALWAYS_LEAST, ALWAYS_HITS_LEAST);
    }
    if (!is_any_told(v) && v->first_until_ms != MOMENT_NEVER) {
        buf_add(b, STR("\nThe first are looked at for long enough on "));
        cli_put_moment(b, engine_model(e)->workspace.zone, v->first_until_ms);
        buf_add(b, STR(".\n"));
    }
}

static void put_explained(struct buf *b, const struct lift_view *v)
{
    for (int m = 0; m < LIFT_MEASURES; m++)
        if (v->cuped[m].explained > 0)
            buf_add_format(b, "%s%s before explains %.1f %% of the spread.\n",
                           m && v->cuped[0].explained > 0 ? "" : "\n",
                           m == LIFT_VALUE ? "What was brought" : "Who had converted",
                           100 * v->cuped[m].explained);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cli_table groups = {.arena = &c->arena}, effects = {.arena = &c->arena};
    struct lift_view v;
    bool ok = true;

    if (!engine_lift(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        ok = lift_put_json(&(struct json_out){.to = b}, e, &v, &c->arena, err);
        buf_add_char(b, '\n');
    } else if (v.list) {
        ok = report_customers(c, b, e, &v.listed, err);
    } else if (cli_has(c, "csv")) {
        put_effects(&effects, &v, true);
        if (v.channel.n)
            put_credits(&effects, &v, true);
        cli_table_csv(&effects, b);
    } else if (!v.group_n) {
        report_nothing(b, e);
    } else {
        put_groups(&groups, &v);
        cli_table_print(&groups, b);
        if (is_any_told(&v)) {
            put_effects(&effects, &v, false);
            buf_add_format(b, "\nBeside %.*s:\n\n", STR_FMT(v.group[v.control].name));
            cli_table_print(&effects, b);
            if (v.channel.n)
                print_credits(c, b, &v);
        }
        put_explained(b, &v);
        put_doubts(b, e, &v);
    }
    lift_view_free(&v);
    return ok;
}

/* --- what is asked --- */

static int run(struct cli *c)
{
    struct lift_question q = {.assigned = cli_text(c, "assigned"),
                              .group = cli_text(c, "group"),
                              .control = cli_text(c, "control"),
                              .conversion = cli_text(c, "conversion"),
                              .value = cli_text(c, "value"),
                              .within = cli_text(c, "within"),
                              .split = cli_text(c, "split"),
                              .list = cli_text(c, "customers"),
                              .in = cli_text(c, "in"),
                              .channel = cli_text(c, "channel")};

    if (!q.group.n)
        return cli_wrong(c,
                         "what says which group somebody is in? --group trait.NAME, or "
                         "--assigned EVENT --group PROPERTY");
    if (!q.conversion.n)
        return cli_wrong(c, "what was to happen? --conversion EVENT");
    if (q.in.n && !q.list.n)
        return cli_wrong(c, "--in is of --customers");
    return report_run(c, answer, &q, &q.scope);
}

static int plan(struct cli *c)
{
    struct lift_plan q = {cli_text(c, "rate"), cli_text(c, "spread"),
                          cli_text(c, "change"), cli_text(c, "customers"),
                          cli_text(c, "power")};
    struct lift_planned p;
    struct buf b = {};
    struct err err;
    int status;

    if (!engine_lift_plan(&q, &p, &err))
        return cli_fail(&err, NULL);
    if (cli_has(c, "json")) {
        lift_plan_put_json(&(struct json_out){.to = &b}, &p);
        buf_add_char(&b, '\n');
    } else if (p.of_rate) {
        buf_add_format(
            &b,
            "%.0f customers in each group: a change from %.6g to %.6g is found "
            "with %.4g %% probability, at 95 %% confidence.\n",
            p.customers, p.rate, p.rate + p.change, 100 * p.power);
    } else {
        buf_add_format(
            &b,
            "%.0f customers in each group: a change of %.6g, where customers are "
            "spread by %.6g, is found with %.4g %% probability, at 95 %% "
            "confidence.\n",
            p.customers, p.change, p.spread, 100 * p.power);
    }
    status = cli_print(&b);
    buf_free(&b);
    return status;
}

static const struct cli_option options[] = {
    {"group", "NAME",
     "what names a customer's group: trait.x, or a property of the event that --assigned "
     "names",
     false},
    {"assigned", "PATTERN",
     "the event by which customers are assigned, such as experiment_viewed", false},
    {"control", "VALUE", "the group without the treatment: control unless given", false},
    {"conversion", "PATTERN", "what was to happen, such as purchase", false},
    {"value", "PROPERTY", "what it brings, such as revenue", false},
    {"within", "LENGTH", "how long after the assignment, and before it: 30d unless given",
     false},
    {"split", "SHARES",
     "how often each group was to be taken, such as control=9,variant=1: alike unless "
     "given",
     false},
    {"from", "DATE", "who was assigned then or later (a date or a moment)", false},
    {"to", "DATE", "who was assigned before then", false},
    {"at", "DATE", "later events are not seen: now unless given", false},
    {"segment", "NAME", "of those who are in this segment at that moment", false},
    {"when", "RULE", "of those who fit this rule at that moment", false},
    {"customers", "WHICH",
     "list who converted, who did not (not), who is waiting, or in several groups "
     "(several)",
     false},
    {"in", "VALUE", "--customers: only of this group", false},
    {"channel", "NAME",
     "what attribution owes to this channel, beside what was gained; several with commas "
     "between",
     false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV, a row for each estimate", false},
};

static const struct cli_option plan_options[] = {
    {"rate", "SHARE", "the share that converts now, such as 0.05", false},
    {"spread", "NUMBER", "or: the standard deviation of what customers bring", false},
    {"change", "NUMBER", "what is to be found, such as 0.01 more", false},
    {"customers", "NUMBER", "or: how many there are in each group", false},
    {"power", "SHARE", "the chance that it is found: 0.8 unless given", false},
    {"json", NULL, "as JSON", false},
};

const struct cli_command cli_lift = {
    "lift",
    "FILE",
    "what a treatment given by chance changed, beside a group without it",
    options,
    sizeof options / sizeof *options,
    run,
};

const struct cli_command cli_lift_plan = {
    "lift plan",
    "",
    "how many customers an experiment needs, or what so many show",
    plan_options,
    sizeof plan_options / sizeof *plan_options,
    plan,
};
