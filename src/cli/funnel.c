#include "engine/funnel.h"

#include "cli/report.h"

enum { NEXT_SHOWN = 5 };

/* --- tables --- */

static void put_heading(struct cli_table *t, const struct funnel *f, bool plain)
{
    static const char *const shown[] = {"step",   "customers", "of the first",
                                        "before", "median",    "90 %"};
    static const char *const exact[] = {"number", "step", "customers", "median_ms",
                                        "p90_ms"};
    size_t n = plain ? sizeof exact / sizeof *exact : sizeof shown / sizeof *shown;

    t->columns = n;
    if (f->plan.by != FUNNEL_BY_NOTHING) {
        t->columns++;
        cli_table_add(t, f->plan.by_pick.text);
    }
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(plain ? exact[i] : shown[i]));
}

/* A row for each step; `name` is NULL where nothing is broken down. */
static void put_steps(struct cli_table *t, const struct funnel *f, struct funnel_group *g,
                      const str *name, bool plain)
{
    for (uint32_t k = 0; k < f->plan.step_n; k++) {
        if (name)
            cli_table_add(t, *name);
        if (plain)
            cli_table_number(t, k + 1);
        cli_table_add(t, f->plan.step[k].text);
        cli_table_number(t, g->customers[k]);
        if (!plain) {
            report_share(t, g->customers[k], g->customers[0]);
            report_share(t, g->customers[k], k ? g->customers[k - 1] : 0);
        }
        report_length(t, k ? lengths_quantile(&g->took[k], 50) : -1, plain);
        report_length(t, k ? lengths_quantile(&g->took[k], 90) : -1, plain);
    }
}

static bool put_groups(struct cli_table *t, const struct funnel *f, bool plain,
                       struct err *err)
{
    const uint32_t *order;

    if (!funnel_order(f, t->arena, &order, err))
        return false;
    for (uint32_t i = 0; i < funnel_group_n(f); i++) {
        str name;

        if (!funnel_name(f, order[i], &name))
            name = plain ? STR("") : STR("(missing)");
        put_steps(t, f, &f->group[order[i]], &name, plain);
    }
    return true;
}

/* Where customers stopped, and what they did next. */
static bool put_stopped(struct cli_table *t, const struct engine *e,
                        const struct funnel *f, const struct funnel_group *all,
                        struct err *err)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;

    t->columns = 4;
    cli_table_add(t, STR("stopped at"));
    cli_table_add(t, STR("customers"));
    cli_table_add(t, STR("next"));
    cli_table_add(t, STR("of them"));
    for (uint32_t k = 0; k + 1 < f->plan.step_n; k++) {
        uint64_t stopped = all->customers[k] - all->customers[k + 1];
        const struct funnel_next *next;
        uint32_t n;

        if (!funnel_next(f, k, t->arena, &next, &n, err))
            return false;
        for (uint32_t i = 0; i < n && i < NEXT_SHOWN; i++) {
            cli_table_add(t, i ? STR("") : f->plan.step[k].text);
            if (i)
                cli_table_add(t, STR(""));
            else
                cli_table_number(t, stopped);
            cli_table_add(t, next[i].type == TYPE_NONE
                                 ? STR("(nothing more)")
                                 : text_table_get(type, next[i].type));
            report_share(t, next[i].customers, stopped);
        }
    }
    return true;
}

static bool print_table(struct cli *c, struct buf *b, const struct engine *e,
                        const struct funnel *f, struct funnel_group *all, struct err *err)
{
    struct cli_table steps = {.arena = &c->arena}, stopped = {.arena = &c->arena};
    bool plain = cli_has(c, "csv");

    put_heading(&steps, f, plain);
    if (f->plan.by == FUNNEL_BY_NOTHING)
        put_steps(&steps, f, all, NULL, plain);
    else if (!put_groups(&steps, f, plain, err))
        return false;
    if (plain) {
        cli_table_csv(&steps, b);
        return true;
    }
    if (!all->customers[0]) {
        report_nothing(b, e);
        return true;
    }
    cli_table_print(&steps, b);
    if (all->customers[f->plan.step_n - 1] == all->customers[0])
        return true;
    buf_add_char(b, '\n');
    if (!put_stopped(&stopped, e, f, all, err))
        return false;
    cli_table_print(&stopped, b);
    return true;
}

static bool print_against(struct cli *c, struct buf *b, const struct engine *e,
                          const struct funnel_view *v, const struct funnel_group *here,
                          struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct funnel_group there;
    bool plain = cli_has(c, "csv");

    if (!funnel_total(v->against->funnel, &there, err))
        return false;
    report_against_heading(&t, "step", plain);
    for (uint32_t k = 0; k < v->funnel->plan.step_n; k++) {
        cli_table_add(&t, v->funnel->plan.step[k].text);
        report_against_cells(&t, funnel_share(here, 0, k), funnel_share(&there, 0, k),
                             plain);
    }
    if (plain)
        cli_table_csv(&t, b);
    else if (!here->customers[0] && !there.customers[0])
        report_nothing(b, e);
    else
        cli_table_print(&t, b);
    funnel_group_free(&there);
    return true;
}

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  struct funnel_view *v, struct err *err)
{
    struct json_out j = {.to = b};
    struct funnel_group all;
    bool ok;

    if (cli_has(c, "json")) {
        ok = funnel_put_json(&j, e, v, &c->arena, err);
        buf_add_char(b, '\n');
        return ok;
    }
    if (v->funnel->plan.stopped)
        return report_customers(c, b, e, &v->funnel->listed, err);
    if (!funnel_total(v->funnel, &all, err))
        return false;
    ok = v->against ? print_against(c, b, e, v, &all, err)
                    : print_table(c, b, e, v->funnel, &all, err);
    funnel_group_free(&all);
    return ok;
}

/* --- what is asked --- */

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct funnel_view v;
    bool ok;

    if (!engine_funnel(e, question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, err);
    funnel_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct funnel_question q = {.within = cli_text(c, "within"),
                                .each_step = cli_has(c, "each-step"),
                                .strict = cli_has(c, "strict"),
                                .by = cli_text(c, "by"),
                                .against = report_against(c),
                                .beyond = cli_has(c, "reached"),
                                .group = cli_text(c, "group"),
                                .group_missing = cli_has(c, "group-missing"),
                                .next = cli_text(c, "next"),
                                .next_nothing = cli_has(c, "next-nothing")};
    const char *listed = q.beyond ? "reached" : "customers";
    struct err err;

    if (!cli_has(c, "step"))
        return cli_wrong(c,
                         "which steps? --step EVENT says one, and stands once for each");
    if (cli_has(c, "customers") && q.beyond)
        return cli_wrong(c, "--customers and --reached exclude each other");
    if (cli_has(c, listed)
        && (!cli_number(cli_text(c, listed), &q.stopped) || !q.stopped))
        return cli_wrong(c, "--%s takes the number of a step, from 1", listed);
    if (!cli_all(c, "step", &q.step, &q.step_n)) {
        err_nomem(&err);
        return cli_fail(&err, NULL);
    }
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"step", "PATTERN", "an event, as rules have it: purchase where revenue > 10", true},
    {"within", "LENGTH", "in this time after the first step, such as 30d", false},
    {"each-step", NULL, "--within: after the step before", false},
    {"strict", NULL, "with no other event between the steps", false},
    {"by", "WHAT",
     "broken down by a property of the first step's event, channel, trait.x or "
     "acquisition.x",
     false},
    {"from", "DATE", "the first step is taken then or later (a date or a moment)", false},
    {"to", "DATE", "the first step is taken before then", false},
    {"customers", "STEP", "list who stopped at the step with this number", false},
    {"reached", "STEP", "list who got to the step with this number, or beyond", false},
    {"group", "VALUE", "list only those for whom what --by names has this value", false},
    {"group-missing", NULL, "list only those for whom it is missing", false},
    {"next", "EVENT", "list only those whose next event was of this type", false},
    {"next-nothing", NULL, "list only those who did nothing more", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_funnel = {
    "funnel",
    "FILE",
    "how many customers get how far along ordered steps",
    options,
    sizeof options / sizeof *options,
    run,
};
