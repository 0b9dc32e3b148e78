#include "engine/churn.h"

#include "cli/report.h"

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b, bool right)
{
    t->failed |= b->failed;
    if (!t->failed && right)
        cli_table_right(t, buf_str(b));
    else if (!t->failed)
        cli_table_add(t, buf_str(b));
    buf_free(b);
}

static void add_period(struct cli_table *t, const struct engine *e,
                       const struct churn_view *v, uint32_t period)
{
    struct buf b = {};

    flow_period_print(engine_model(e)->workspace.zone, v->by, v->churn->plan.edge[period],
                      &b);
    add_text(t, &b, false);
}

static void add_value(struct cli_table *t, const struct engine *e,
                      const struct churn_view *v, __int128 value)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    churn_put_value(&j, e, v, value);
    add_text(t, &b, true);
}

static void add_share(struct cli_table *t, bool known, double share, bool exact)
{
    struct buf b = {};

    if (known)
        buf_add_format(&b, exact ? "%.9g" : "%.1f %%", exact ? share : 100 * share);
    add_text(t, &b, true);
}

static void add_counts(struct cli_table *t, const struct engine *e,
                       const struct churn_view *v, uint32_t period)
{
    const struct churn_period *p = &v->churn->period[period];

    add_period(t, e, v, period);
    cli_table_number(t, churn_start(p));
    for (int f = 0; f < CHURN_FATES_END; f++)
        cli_table_number(t, p->fate[f]);
    cli_table_number(t, churn_end(p));
}

static void add_heading(struct cli_table *t)
{
    cli_table_add(t, STR("period"));
    cli_table_add(t, STR("start"));
    for (int f = 0; f < CHURN_FATES_END; f++)
        cli_table_add(t, churn_fate_name((enum churn_fate)f));
    cli_table_add(t, STR("end"));
}

/* A row for each period, with the rate that is asked for. */
static void put_rates(struct cli_table *t, const struct engine *e,
                      const struct churn_view *v, enum churn_formula formula)
{
    t->columns = 3 + CHURN_FATES_END + 3;
    add_heading(t);
    cli_table_add(t, STR("retention"));
    cli_table_add(t, STR("95 % sure"));
    cli_table_add(t, STR("churn"));
    for (uint32_t k = 0; k < v->churn->plan.period_n; k++) {
        struct churn_rate r = churn_rate(&v->churn->period[k], formula);
        struct buf b = {};

        add_counts(t, e, v, k);
        add_share(t, r.known, r.retention, false);
        if (r.has_bounds)
            buf_add_format(&b, "%.1f to %.1f %%", 100 * r.low, 100 * r.high);
        add_text(t, &b, true);
        add_share(t, r.known, 1 - r.retention, false);
    }
}

/* A row for each period, with the retention of every formula. */
static void put_csv(struct cli_table *t, const struct engine *e,
                    const struct churn_view *v)
{
    bool sums = v->churn->plan.has_value;
    int formulas = sums ? CHURN_FORMULAS_END : CHURN_BY_GROSS;

    t->columns = 3u + CHURN_FATES_END + (sums ? 3u : 0u) + (size_t)formulas;
    add_heading(t);
    if (sums) {
        cli_table_add(t, STR("value_before"));
        cli_table_add(t, STR("value_gross"));
        cli_table_add(t, STR("value_net"));
    }
    for (int f = 0; f < formulas; f++) {
        struct buf b = {};

        buf_add_format(&b, "by_%.*s", STR_FMT(churn_formula_name((enum churn_formula)f)));
        add_text(t, &b, false);
    }
    for (uint32_t k = 0; k < v->churn->plan.period_n; k++) {
        const struct churn_period *p = &v->churn->period[k];

        add_counts(t, e, v, k);
        if (sums) {
            add_value(t, e, v, p->base);
            add_value(t, e, v, p->gross);
            add_value(t, e, v, p->net);
        }
        for (int f = 0; f < formulas; f++) {
            struct churn_rate r = churn_rate(p, (enum churn_formula)f);

            add_share(t, r.known, r.retention, true);
        }
    }
}

static void add_period_at(struct cli_table *t, const struct engine *e,
                          const struct churn_view *v, uint32_t row)
{
    if (row < v->churn->plan.period_n)
        add_period(t, e, v, row);
    else
        cli_table_add(t, STR(""));
}

/* The rate that is asked for, period beside period. */
static void put_against(struct cli_table *t, const struct engine *e,
                        const struct churn_view *v, enum churn_formula formula,
                        bool plain)
{
    bool share = churn_is_share(formula);

    cli_table_add(t, STR("period"));
    if (share)
        report_against_heading(t, plain ? "against_period" : "against", plain);
    else
        report_figures_heading(t, plain ? "against_period" : "against", plain);
    t->columns++;
    for (uint32_t k = 0; k < churn_rows(v); k++) {
        struct churn_rate here = churn_rate_at(v, k, formula),
                          there = churn_rate_at(v->against, k, formula);

        add_period_at(t, e, v, k);
        add_period_at(t, e, v->against, k);
        if (share)
            report_against_cells(t, here.share, there.share, plain);
        else
            report_figures_cells(t, (struct figure){here.known, here.retention},
                                 (struct figure){there.known, there.retention}, plain);
    }
}

static void print_against(struct cli *c, struct buf *b, const struct engine *e,
                          const struct churn_view *v, enum churn_formula formula)
{
    struct cli_table t = {.arena = &c->arena};
    bool plain = cli_has(c, "csv");

    put_against(&t, e, v, formula, plain);
    if (plain) {
        cli_table_csv(&t, b);
    } else if (!churn_rows(v)) {
        report_nothing(b, e);
        buf_add(b, STR("A period is shown when it is over.\n"));
    } else {
        cli_table_print(&t, b);
        if (!churn_is_share(formula))
            buf_add(b,
                    STR("This rate is no share of a number of customers: its difference "
                        "has no bounds.\n"));
    }
}

/* --- what is asked --- */

struct asked {
    struct churn_question question;
    enum churn_formula formula;
};

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  const struct churn_view *v, enum churn_formula formula, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};

    if (cli_has(c, "json")) {
        if (!churn_put_json(&j, e, v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
        return true;
    }
    if (v->churn->plan.list)
        return report_customers(c, b, e, &v->churn->listed, err);
    if (v->against) {
        print_against(c, b, e, v, formula);
        return true;
    }
    if (cli_has(c, "csv")) {
        put_csv(&t, e, v);
        cli_table_csv(&t, b);
    } else if (!v->churn->plan.period_n) {
        report_nothing(b, e);
        buf_add(b, STR("A period is shown when it is over.\n"));
    } else {
        put_rates(&t, e, v, formula);
        cli_table_print(&t, b);
    }
    return true;
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    const struct asked *q = question;
    struct churn_view v;
    bool ok;

    if (!engine_churn(e, &q->question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, q->formula, err);
    churn_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct asked q = {.question = {.active = cli_text(c, "active"),
                                   .lifecycle = cli_text(c, "lifecycle"),
                                   .value = cli_text(c, "value"),
                                   .by = FLOW_MONTH,
                                   .against = report_against(c),
                                   .period = cli_text(c, "customers"),
                                   .fate = cli_text(c, "who")}};

    if (!q.question.active.n)
        return cli_wrong(c,
                         "who is a customer still? --active EVENT, --active stage.NAME, "
                         "or --active 'not stage.NAME'");
    if (cli_has(c, "by") && !flow_by_parse(cli_text(c, "by"), &q.question.by))
        return cli_wrong(c, "--by is one of day, week, month, quarter, year");
    if (cli_has(c, "formula") && !churn_formula_parse(cli_text(c, "formula"), &q.formula))
        return cli_wrong(c, "--formula is one of start, end, all, average, gross, net");
    if (q.formula >= CHURN_BY_GROSS && !q.question.value.n)
        return cli_wrong(c, "--formula %s needs --value: what is summed",
                         q.formula == CHURN_BY_GROSS ? "gross" : "net");
    if (cli_has(c, "customers") != cli_has(c, "who"))
        return cli_wrong(c, "--customers PERIOD and --who go together");
    return report_run(c, answer, &q, &q.question.scope);
}

static const struct cli_option options[] = {
    {"active", "WHAT",
     "what a customer does or is: events, stage.NAME, or 'not stage.NAME'", false},
    {"lifecycle", "NAME", "whose stages these are: of the first unless given", false},
    {"by", "PERIOD", "day, week, month, quarter or year: month unless given", false},
    {"formula", "NAME",
     "the rate that is shown: start (unless given), end, all, average, gross or net",
     false},
    {"value", "PROPERTY", "of the event: what gross and net retention sum", false},
    {"from", "DATE", "from the period on that holds this day", false},
    {"to", "DATE", "periods that are over by this day", false},
    {"customers", "PERIOD", "list whom it befell in this period: --who", false},
    {"who", "FATE", "kept, lost, new, returned or passed", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV, with every formula", false},
};

const struct cli_command cli_churn = {
    "churn",
    "FILE",
    "who stays and who goes, period by period: retention and churn rates",
    options,
    sizeof options / sizeof *options,
    run,
};
