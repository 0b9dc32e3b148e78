#include "engine/cohort.h"

#include "cli/report.h"

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b, bool right)
{
    t->failed |= b->failed;
    if (t->failed)
        return;
    if (right)
        cli_table_right(t, buf_str(b));
    else
        cli_table_add(t, buf_str(b));
}

static void add_period(struct cli_table *t, const struct engine *e,
                       const struct cohort_view *v, uint32_t period)
{
    struct buf b = {};

    flow_period_print(engine_model(e)->workspace.zone, v->by,
                      v->cohorts->plan.edge[period], &b);
    add_text(t, &b, false);
    buf_free(&b);
}

static void add_value(struct cli_table *t, const struct engine *e,
                      const struct cohort_view *v, __int128 value)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    cohort_put_value(&j, e, v, value);
    add_text(t, &b, true);
    buf_free(&b);
}

/* A row for each cohort, a column for each period behind it: shares, or sums. */
static void put_matrix(struct cli_table *t, const struct engine *e,
                       const struct cohort_view *v)
{
    const struct cohorts *c = v->cohorts;
    uint32_t first, end, n = c->plan.period_n;

    cohort_rows(v, &first, &end);
    t->columns = 2 + n - first;
    cli_table_add(t, flow_by_name(v->by));
    cli_table_add(t, STR("customers"));
    for (uint32_t i = 0; i < n - first; i++)
        cli_table_number(t, i);
    for (uint32_t k = first; k < end; k++) {
        add_period(t, e, v, k);
        cli_table_number(t, c->began[k]);
        for (uint32_t i = k; i < n; i++) {
            struct cohort_cell cell = cohort_cell(c, k, i, v->cumulated);

            if (c->plan.has_value)
                add_value(t, e, v, cell.value);
            else
                report_share(t, cell.customers, c->began[k]);
        }
        for (uint32_t i = first; i < k; i++)
            cli_table_right(t, STR(""));
    }
}

/* A row for each cell. */
static void put_cells(struct cli_table *t, const struct engine *e,
                      const struct cohort_view *v)
{
    static const char *const heading[] = {"cohort",    "began",  "period", "number",
                                          "customers", "events", "value"};
    const struct cohorts *c = v->cohorts;
    uint32_t first, end;

    cohort_rows(v, &first, &end);
    t->columns = 6 + c->plan.has_value;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t k = first; k < end; k++)
        for (uint32_t i = k; i < c->plan.period_n; i++) {
            struct cohort_cell cell = cohort_cell(c, k, i, v->cumulated);

            add_period(t, e, v, k);
            cli_table_number(t, c->began[k]);
            add_period(t, e, v, i);
            cli_table_number(t, i - k);
            cli_table_number(t, cell.customers);
            cli_table_number(t, cell.events);
            if (c->plan.has_value)
                add_value(t, e, v, cell.value);
        }
}

static void put_again(struct cli_table *t, const struct cohorts *c)
{
    t->columns = 5;
    cli_table_add(t, STR("times"));
    cli_table_add(t, STR("customers"));
    cli_table_add(t, STR("once more"));
    cli_table_add(t, STR("share"));
    cli_table_add(t, STR("95 % sure"));
    for (uint32_t n = 1; n < COHORT_TIMES_MAX && c->at_least[n]; n++) {
        struct share s = cohort_once_more(c, n);
        struct buf b = {};
        double low, high;

        share_interval(s, &low, &high);
        cli_table_number(t, n);
        cli_table_number(t, s.n);
        cli_table_number(t, s.hits);
        report_share(t, s.hits, s.n);
        buf_add_format(&b, "%.1f to %.1f %%", 100 * low, 100 * high);
        add_text(t, &b, true);
        buf_free(&b);
    }
}

static void put_against(struct cli_table *t, const struct cohort_view *v, bool plain)
{
    report_against_heading(t, "number", plain);
    for (uint32_t i = 0; i < cohort_numbers(v); i++) {
        cli_table_number(t, i);
        report_against_cells(t, cohort_after(v->cohorts, i, v->cumulated),
                             cohort_after(v->against->cohorts, i, v->cumulated), plain);
    }
}

static void put_again_against(struct cli_table *t, const struct cohorts *here,
                              const struct cohorts *there)
{
    report_against_heading(t, "times", false);
    for (uint32_t n = 1;
         n < COHORT_TIMES_MAX && (here->at_least[n] || there->at_least[n]); n++) {
        cli_table_number(t, n);
        report_against_cells(t, cohort_once_more(here, n), cohort_once_more(there, n),
                             false);
    }
}

static void print_against(struct cli *c, struct buf *b, const struct engine *e,
                          const struct cohort_view *v)
{
    struct cli_table cells = {.arena = &c->arena}, again = {.arena = &c->arena};

    put_against(&cells, v, cli_has(c, "csv"));
    if (cli_has(c, "csv")) {
        cli_table_csv(&cells, b);
    } else if (!cohort_numbers(v)) {
        report_nothing(b, e);
    } else {
        cli_table_print(&cells, b);
        buf_add_char(b, '\n');
        put_again_against(&again, v->cohorts, v->against->cohorts);
        cli_table_print(&again, b);
    }
}

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  const struct cohort_view *v, struct err *err)
{
    struct cli_table cells = {.arena = &c->arena}, again = {.arena = &c->arena};
    struct json_out j = {.to = b};
    uint32_t first, end;

    if (cli_has(c, "json")) {
        if (!cohort_put_json(&j, e, v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
        return true;
    }
    if (v->cohorts->plan.list)
        return report_customers(c, b, e, &v->cohorts->listed, err);
    if (v->against) {
        print_against(c, b, e, v);
        return true;
    }
    if (cli_has(c, "csv")) {
        put_cells(&cells, e, v);
        cli_table_csv(&cells, b);
        return true;
    }
    cohort_rows(v, &first, &end);
    if (first == end) {
        report_nothing(b, e);
        return true;
    }
    put_matrix(&cells, e, v);
    cli_table_print(&cells, b);
    if (v->cohorts->at_least[1]) {
        buf_add_char(b, '\n');
        put_again(&again, v->cohorts);
        cli_table_print(&again, b);
    }
    return true;
}

/* --- what is asked --- */

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cohort_view v;
    bool ok;

    if (!engine_cohorts(e, question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, err);
    cohort_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct cohort_question q = {.first = cli_text(c, "first"),
                                .after = cli_text(c, "after"),
                                .lifecycle = cli_text(c, "lifecycle"),
                                .again = cli_text(c, "again"),
                                .repeat = cli_has(c, "repeat"),
                                .value = cli_text(c, "value"),
                                .by = FLOW_MONTH,
                                .cumulated = cli_has(c, "cumulated"),
                                .cohort = cli_text(c, "customers"),
                                .period = cli_text(c, "period"),
                                .against = report_against(c)};

    if (!cli_has(c, "first"))
        return cli_wrong(c, "where do cohorts begin? --first EVENT, or --first trait.x");
    if (cli_has(c, "by") && !flow_by_parse(cli_text(c, "by"), &q.by))
        return cli_wrong(c, "--by is one of day, week, month, quarter, year");
    if ((cli_has(c, "period") || cli_has(c, "times")) && !cli_has(c, "customers"))
        return cli_wrong(c,
                         "--period and --times are of the cohort that --customers names");
    if (cli_has(c, "times") && (!cli_number(cli_text(c, "times"), &q.times) || !q.times))
        return cli_wrong(c, "--times takes a number from 1");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"first", "PATTERN",
     "the event with which somebody begins, a trait that is a moment, or stage.NAME",
     false},
    {"after", "LENGTH", "--first: who comes back with it so long after the one before",
     false},
    {"lifecycle", "NAME", "--first stage.NAME: of this lifecycle", false},
    {"again", "PATTERN", "what comes again: the same unless given", false},
    {"repeat", NULL, "only what comes behind the first event", false},
    {"value", "PROPERTY", "sums of this property of what comes again", false},
    {"by", "PERIOD", "day, week, month, quarter or year: month unless given", false},
    {"cumulated", NULL, "from the beginning up to each period", false},
    {"from", "DATE", "who began then or later (a date or a moment)", false},
    {"to", "DATE", "who began before then", false},
    {"customers", "COHORT", "list who is in the cohort, such as 2026-01, or in `all`",
     false},
    {"period", "PERIOD", "--customers: only those of whom something came again in it",
     false},
    {"times", "N", "--customers: only those for whom it came so often at least", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV, a row for each cell", false},
};

const struct cli_command cli_cohorts = {
    "cohorts",
    "FILE",
    "customers by when they began, and what of them comes again",
    options,
    sizeof options / sizeof *options,
    run,
};
