/* backtest.c - another model, tried on all of history. */
#include "engine/backtest.h"

#include "cli/figures.h"
#include "cli/model.h"
#include "engine/begin.h"

enum { CUSTOMERS_SHOWN = 20 };

static str stage_of(const struct backtest_result *r, uint16_t stage)
{
    return stage == STAGE_NONE ? STR("(nowhere)") : r->stages->name[stage];
}

static void add_days(struct cli_table *t, int64_t ms)
{
    struct buf b = {};

    if (ms >= 0)
        buf_add_format(&b, "%.1f", (double)ms / (double)MS_DAY);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

/* customers, entered, left, median and p90, each of the old and of the new model. */
static void add_cells(struct cli_table *t, const struct backtest_result *r,
                      uint32_t period, uint32_t stage)
{
    const struct compare_cell *cell[COMPARE_SIDES];

    for (int k = 0; k < COMPARE_SIDES; k++)
        cell[k] = r->stages->has[k][stage]
                      ? &r->cell[k][(size_t)period * r->stages->n + stage]
                      : NULL;
    for (int what = 0; what < 5; what++)
        for (int k = 0; k < COMPARE_SIDES; k++) {
            const struct compare_cell *c = cell[k];

            if (!c)
                cli_table_right(t, STR("-"));
            else if (what < 3)
                cli_table_number(t, what == 0   ? c->stock
                                    : what == 1 ? c->entered
                                                : c->left);
            else
                add_days(t, what == 3 ? c->median_ms : c->p90_ms);
        }
}

static void stage_rows(struct cli_table *t, const struct backtest_result *r,
                       uint32_t period, const char *month)
{
    for (uint32_t s = 0; s < r->stages->n; s++) {
        if (month)
            cli_table_add(t, str_of(month));
        cli_table_add(t, r->stages->name[s]);
        add_cells(t, r, period, s);
    }
}

static void stage_heading(struct cli_table *t, const char *const *what)
{
    cli_table_add(t, STR("stage"));
    for (int i = 0; i < 10; i++)
        cli_table_add(t, str_of(what[i]));
}

/* One row a month and stage. */
static void month_table(struct cli_table *t, const struct backtest_result *r)
{
    static const char *const what[] = {
        "customers_old", "customers_new", "entered_old",     "entered_new",
        "left_old",      "left_new",      "median_days_old", "median_days_new",
        "p90_days_old",  "p90_days_new",
    };
    struct buf name = {};

    t->columns = 12;
    cli_table_add(t, STR("month"));
    stage_heading(t, what);
    for (uint32_t p = 0; p < r->period_n; p++) {
        buf_clear(&name);
        flow_period_print(r->model[COMPARE_NEW]->workspace.zone, FLOW_MONTH, r->edge[p],
                          &name);
        buf_add_char(&name, '\0');
        t->failed |= name.failed;
        if (!t->failed)
            stage_rows(t, r, p, name.p);
    }
    buf_free(&name);
}

static void print_summary(struct buf *b, const struct backtest_result *r)
{
    const struct zone *zone = r->model[COMPARE_NEW]->workspace.zone;
    const struct compare *c = r->compare;

    buf_add(b, STR("From "));
    moment_print_day(b, zone, r->edge[0]);
    buf_add(b, STR(" to "));
    moment_print_day(b, zone, r->edge[r->period_n]);
    if (!c->differing_n) {
        buf_add_format(b, ", the new model leads none of %llu customers elsewhere.\n",
                       (unsigned long long)c->customers);
        return;
    }
    buf_add_format(b,
                   ", the new model leads %zu of %llu customers elsewhere (%.1f %%), the "
                   "first on ",
                   c->differing_n, (unsigned long long)c->customers,
                   100 * (double)c->differing_n / (double)c->customers);
    moment_print(b, c->differing[0].at_ms);
    buf_add_format(b, "; at the end %llu stand in another stage.\n",
                   (unsigned long long)r->differ_at_end);
}

static void print_stages(struct buf *b, const struct backtest_result *r, struct arena *a)
{
    static const char *const what[] = {
        "old", "new", "entered", "new", "left", "new", "median days", "new", "p90", "new",
    };
    struct cli_table t = {.arena = a, .columns = 11};

    buf_add_char(b, '\n');
    stage_heading(&t, what);
    stage_rows(&t, r, r->period_n, NULL);
    cli_table_print(&t, b);
}

/* --- targets and KPIs --- */

/* One figure with both models; 0 is the target, the KPIs follow. */
struct figure {
    const struct backtest_result *r;
    struct cli_table *t;
    bool plain; /* CSV */
    uint32_t period, stage;
    uint32_t at[COMPARE_SIDES]; /* NOT_THERE: this side has it not */
};
#define NOT_THERE UINT32_MAX

static str measure_of(const struct figure *f, int side)
{
    const struct aims *aims = f->r->aims[side][f->stage].of;
    uint32_t i = f->at[side];

    if (i == NOT_THERE)
        return STR("");
    return i ? aims->kpi[i - 1].text
             : figure_target_text(f->r->lifecycle[side], &aims->target, f->t->arena);
}

static const struct kpi_value *value_of(const struct figure *f, int side)
{
    return &backtest_kpis(f->r, side, f->period, f->stage)[f->at[side]];
}

static str unit_of(const struct figure *f, int side)
{
    return f->at[side] == NOT_THERE ? STR("") : kpi_unit_name(value_of(f, side)->unit);
}

static str rate_of(const struct figure *f, int side)
{
    const struct kpi_value rate = {
        .unit = KPI_UNIT_SHARE,
        .there = true,
        .value = f->at[side] ? 0 : f->r->aims[side][f->stage].of->target.rate};

    return f->at[side]
               ? STR("")
               : figure_text(&rate, &f->r->model[side]->workspace, f->plain, f->t->arena);
}

static str met_of(const struct figure *f, int side)
{
    if (f->at[side] || !value_of(f, side)->there)
        return STR("");
    return value_of(f, side)->value >= f->r->aims[side][f->stage].of->target.rate
               ? STR("met")
               : STR("missed");
}

/* One cell when both are the same, or one of them is missing. */
static void add_both(const struct figure *f,
                     str (*text)(const struct figure *f, int side))
{
    str old = text(f, COMPARE_OLD), new = text(f, COMPARE_NEW);
    struct buf b = {};

    f->t->failed |= !old.p || !new.p;
    if (f->t->failed)
        return;
    if (f->plain) {
        cli_table_add(f->t, old);
        cli_table_add(f->t, new);
        return;
    }
    buf_add(&b, old);
    if (!str_eq(old, new) && new.n)
        buf_add_format(&b, "%s%.*s", old.n ? " -> " : "", STR_FMT(new));
    f->t->failed |= b.failed;
    cli_table_add(f->t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void add_value(const struct figure *f, int side)
{
    str text;

    if (f->at[side] == NOT_THERE) {
        cli_table_right(f->t, f->plain ? STR("") : STR("-"));
        return;
    }
    text = figure_text(value_of(f, side), &f->r->model[side]->workspace, f->plain,
                       f->t->arena);
    f->t->failed |= !text.p;
    cli_table_right(f->t, text.p ? text : STR(""));
}

static void add_cases(const struct figure *f, int side)
{
    if (f->at[side] == NOT_THERE)
        cli_table_right(f->t, f->plain ? STR("") : STR("-"));
    else
        cli_table_number(f->t, value_of(f, side)->of);
}

static void add_figure(const struct figure *f, str month, str name)
{
    if (f->plain)
        cli_table_add(f->t, month);
    cli_table_add(f->t, f->r->stages->name[f->stage]);
    cli_table_add(f->t, name);
    add_both(f, measure_of);
    if (f->plain)
        add_both(f, unit_of);
    for (int k = 0; k < COMPARE_SIDES; k++) {
        add_value(f, k);
        add_cases(f, k);
    }
    add_both(f, rate_of);
    add_both(f, met_of);
}

static uint32_t find_kpi(const struct aims *aims, str name)
{
    for (uint32_t i = 0; aims && i < aims->kpi_n; i++)
        if (str_eq(aims->kpi[i].name, name))
            return i + 1;
    return NOT_THERE;
}

/* The target, the old model's KPIs, and those that only the new one has. */
static void add_figures(struct figure *f, str month)
{
    const struct aims *aims[COMPARE_SIDES];
    bool target = false;

    for (int k = 0; k < COMPARE_SIDES; k++) {
        aims[k] = f->r->aims[k][f->stage].of;
        f->at[k] = aims[k] && aims[k]->target.at ? 0 : NOT_THERE;
        target |= !f->at[k];
    }
    if (target)
        add_figure(f, month, STR("target"));
    for (int k = 0; k < COMPARE_SIDES; k++)
        for (uint32_t i = 0; aims[k] && i < aims[k]->kpi_n; i++) {
            f->at[k] = i + 1;
            f->at[!k] = find_kpi(aims[!k], aims[k]->kpi[i].name);
            if (k == COMPARE_OLD || f->at[COMPARE_OLD] == NOT_THERE)
                add_figure(f, month, aims[k]->kpi[i].name);
        }
}

/* One row a month, stage and figure. */
static void figure_table(struct cli_table *t, const struct backtest_result *r)
{
    static const char *const heading[] = {
        "month",    "stage",      "figure",     "measure_old", "measure_new",
        "unit_old", "unit_new",   "value_old",  "of_old",      "value_new",
        "of_new",   "target_old", "target_new", "met_old",     "met_new"};
    struct figure f = {.r = r, .t = t, .plain = true};
    struct buf month = {};

    t->columns = sizeof heading / sizeof *heading;
    for (uint32_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (f.period = 0; f.period < r->period_n; f.period++) {
        buf_clear(&month);
        flow_period_print(r->model[COMPARE_NEW]->workspace.zone, FLOW_MONTH,
                          r->edge[f.period], &month);
        t->failed |= month.failed;
        for (f.stage = 0; !t->failed && f.stage < r->stages->n; f.stage++)
            add_figures(&f, buf_str(&month));
    }
    buf_free(&month);
}

static void print_figures(struct buf *b, const struct backtest_result *r, struct arena *a)
{
    static const char *const heading[] = {"stage", "figure", "measure", "old", "of",
                                          "new",   "of",     "target",  "met"};
    struct cli_table t = {.arena = a, .columns = sizeof heading / sizeof *heading};
    struct figure f = {.r = r, .t = &t, .period = r->period_n};

    for (uint32_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (; f.stage < r->stages->n; f.stage++)
        add_figures(&f, STR(""));
    if (t.n == t.columns)
        return;
    buf_add(b, STR("\nTargets and KPIs\n"));
    cli_table_print(&t, b);
}

static void print_at_end(struct buf *b, const struct backtest_result *r, struct arena *a)
{
    uint32_t ends = r->stages->n + 1;
    struct cli_table t = {.arena = a, .columns = 3};

    if (!r->differ_at_end)
        return;
    buf_add(b, STR("\nAt the end, who stands elsewhere\n"));
    cli_table_add(&t, STR("old"));
    cli_table_add(&t, STR("new"));
    cli_table_add(&t, STR("customers"));
    for (uint32_t i = 0; i < ends; i++)
        for (uint32_t k = 0; k < ends; k++) {
            if (i == k || !r->compare->last[i * ends + k])
                continue;
            cli_table_add(&t, stage_of(r, i < r->stages->n ? (uint16_t)i : STAGE_NONE));
            cli_table_add(&t, stage_of(r, k < r->stages->n ? (uint16_t)k : STAGE_NONE));
            cli_table_number(&t, r->compare->last[i * ends + k]);
        }
    cli_table_print(&t, b);
}

static void print_share(struct buf *b, const char *what, struct share s)
{
    double low, high;

    share_interval(s, &low, &high);
    if (!s.n)
        buf_add_format(b, "    %s: nobody to tell by\n", what);
    else
        buf_add_format(b, "    %s: %llu of %llu, %.1f %% (95 %% between %.1f and %.1f)\n",
                       what, (unsigned long long)s.hits, (unsigned long long)s.n,
                       100 * (double)s.hits / (double)s.n, 100 * low, 100 * high);
}

static void print_forecasts(struct buf *b, const struct backtest_result *r)
{
    static const char *const whose[] = {"old", "new"};

    for (uint32_t i = 0; i < r->forecast_n; i++) {
        const struct backtest_forecast *f = &r->forecast[i];

        buf_add_format(b, "\nForecast: who enters %.*s, of him is true within ",
                       STR_FMT(f->stage));
        length_print(b, f->within);
        buf_add_format(b, ": %.*s\n", STR_FMT(f->that));
        for (int k = 0; k < COMPARE_SIDES; k++) {
            buf_add_format(b, "  %s model\n", whose[k]);
            if (!f->asked[k]) {
                buf_add(b, STR("    has no such stage, or not what the rule names\n"));
                continue;
            }
            print_share(b, "right, of those who entered (precision)",
                        f->result[k].precision);
            print_share(b, "foretold, of those it came true of (recall)",
                        f->result[k].recall);
        }
    }
    if (r->forecast_n)
        buf_add(b, STR("  The intervals are Wilson's score intervals (1927).\n"));
}

static void print_customers(struct buf *b, const struct backtest *backtest, uint32_t most,
                            struct arena *a)
{
    const struct backtest_result *r = backtest_result(backtest);
    const struct compare *c = r->compare;
    struct cli_table t = {.arena = a, .columns = 6};
    static const char *const heading[] = {"customer", "differs from", "old",
                                          "new",      "at the end",   "new"};

    if (!c->differing_n || !most)
        return;
    buf_add(b, STR("\nThose who differ"));
    if (most < c->differing_n)
        buf_add_format(b, ", the first %u", most);
    buf_add_char(b, '\n');
    for (int i = 0; i < 6; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (size_t i = 0; i < c->differing_n && i < most; i++) {
        const struct differing *d = &c->differing[i];
        struct buf at = {};

        moment_print(&at, d->at_ms);
        t.failed |= at.failed;
        cli_table_add(&t, backtest_customer_id(backtest, d->customer));
        cli_table_add(&t, at.failed ? STR("") : buf_str(&at));
        for (int k = 0; k < COMPARE_SIDES; k++)
            cli_table_add(&t, stage_of(r, d->stage[k]));
        for (int k = 0; k < COMPARE_SIDES; k++)
            cli_table_add(&t, stage_of(r, d->last[k]));
        buf_free(&at);
    }
    cli_table_print(&t, b);
}

static int print(struct cli *c, const struct backtest *backtest, uint32_t most)
{
    const struct backtest_result *r = backtest_result(backtest);
    struct cli_table table = {.arena = &c->arena};
    struct json_out j;
    struct buf b = {};
    int status;

    if (cli_has(c, "json")) {
        j = (struct json_out){.to = &b};
        backtest_put_json(&j, backtest, 0, most);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        if (cli_has(c, "kpi"))
            figure_table(&table, r);
        else
            month_table(&table, r);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else {
        print_summary(&b, r);
        print_stages(&b, r, &c->arena);
        print_figures(&b, r, &c->arena);
        print_at_end(&b, r, &c->arena);
        print_forecasts(&b, r);
        print_customers(&b, backtest, most, &c->arena);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static bool read_options(struct cli *c, const struct engine *e,
                         struct backtest_options *o, struct err *err)
{
    const struct zone *zone = engine_model(e)->workspace.zone;

    *o = (struct backtest_options){
        .now_ms = cli_now_ms(c),
        .lifecycle = cli_text(c, "lifecycle"),
        .stage = cli_text(c, "stage"),
        .that = cli_text(c, "that"),
    };
    return cli_moment(c, "from", zone, MOMENT_MIN, &o->from_ms, err)
           && cli_moment(c, "to", zone, MOMENT_NEVER, &o->to_ms, err)
           && (!o->stage.n
               || length_asked("--within", cli_text(c, "within"), &o->within, err));
}

static bool backtest(struct cli *c, struct engine *e, struct backtest **out,
                     struct err *err)
{
    struct backtest_options o;
    struct cli_bar bar = {};
    struct backtest *b;
    bool ok;
    str text;

    if (!io_read_file(c->io, cli_word(c, 1), MODEL_MAX_BYTES, &c->arena, &text, err)
        || !read_options(c, e, &o, err) || !engine_backtest_begin(e, text, &o, &b, err))
        return false;
    ok = backtest_run(b, cli_bar_is_seen() ? cli_bar_draw : NULL, &bar, err);
    cli_bar_end(&bar);
    if (!ok)
        backtest_free(b);
    *out = b;
    return ok;
}

static int run(struct cli *c)
{
    struct backtest *b;
    struct engine *e;
    struct err err;
    uint32_t most = cli_has(c, "json") ? UINT32_MAX : CUSTOMERS_SHOWN;
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (cli_has(c, "kpi") && !cli_has(c, "csv"))
        return cli_wrong(c, "--kpi goes with --csv; all else has the KPIs anyway");
    if (cli_has(c, "customers") && !cli_number(cli_text(c, "customers"), &most))
        return cli_wrong(c, "--customers is a number");
    if (cli_has(c, "stage") != cli_has(c, "that")
        || cli_has(c, "stage") != cli_has(c, "within"))
        return cli_wrong(c, "--stage, --that and --within belong together");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (backtest(c, e, &b, &err)) {
        status = print(c, b, most);
        backtest_free(b);
    } else {
        status = cli_fail(&err, err.line ? c->word[1] : NULL);
    }
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"from", "DATE", "compare from this moment on: the first event unless given", false},
    {"to", "DATE", "up to, and without, this moment: the day after the last event",
     false},
    {"lifecycle", "NAME", "of a model with several: the first unless given", false},
    {"customers", "N", "how many of those who differ are listed", false},
    {"stage", "STAGE", "judge it as a forecast: of who enters it, ...", false},
    {"that", "RULE", "... this becomes true ...", false},
    {"within", "LENGTH", "... within this time: 90d", false},
    {"json", NULL, "everything, as JSON", false},
    {"csv", NULL, "every month and stage, as CSV", false},
    {"kpi", NULL, "with --csv: the targets and KPIs of every month and stage", false},
};

const struct cli_command cli_model_backtest = {
    "model backtest",
    "FILE MODEL.yaml",
    "what this model would have changed in all of history, before it is live",
    options,
    sizeof options / sizeof *options,
    run,
};
