#include "engine/equity.h"

#include "base/num.h"
#include "cli/report.h"
#include "engine/begin.h"
#include "engine/model.h"

#include <math.h>

/* Empty: of nobody. */
static void add_cell(struct cli_table *t, int decimals, double d, const char *unit)
{
    struct buf b = {};

    if (isfinite(d))
        buf_add_format(&b, "%.*f%s", decimals, d, unit);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void add_exact(struct cli_table *t, const struct engine *e, __int128 worth)
{
    struct buf b = {};

    report_put_value(&(struct json_out){.to = &b}, e, VALUE_NUMBER, worth);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void put_row(struct cli_table *t, const struct engine *e,
                    const struct equity_view *v, const struct equity_row *row, bool plain)
{
    double alive = row->alive / (double)row->customers;
    double share = (double)row->worth / (double)v->all.worth;

    cli_table_add(t, row->name);
    cli_table_number(t, row->customers);
    if (plain) {
        add_cell(t, 6, alive, "");
        add_exact(t, e, row->worth);
        add_cell(t, 6, equity_mean(row), "");
        add_cell(t, 6, share, "");
    } else {
        add_cell(t, 1, 100 * alive, " %");
        add_cell(t, 2, (double)row->worth / NUM_ONE, "");
        add_cell(t, 2, equity_mean(row), "");
        add_cell(t, 1, 100 * share, " %");
    }
}

static void put_rows(struct cli_table *t, const struct engine *e,
                     const struct equity_view *v, bool plain)
{
    static const char *const heading[] = {"",      "customers", "still there",
                                          "value", "each",      "share"};

    t->columns = sizeof heading / sizeof *heading;
    cli_table_add(t, v->by_cohort ? STR("cohort") : STR("stage"));
    for (size_t i = 1; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (size_t i = 0; i < v->row_n; i++)
        put_row(t, e, v, &v->row[i], plain);
    if (!plain)
        put_row(t, e, v, &v->all, plain);
}

static void put_moves(struct cli_table *t, const struct equity_view *v)
{
    static const char *const heading[] = {"from", "to", "more each", "at least",
                                          "at most"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (size_t i = 0; i < v->move_n; i++) {
        const struct equity_move *m = &v->move[i];

        cli_table_add(t, v->row[m->from].name);
        cli_table_add(t, v->row[m->to].name);
        add_cell(t, 2, m->more.difference, "");
        add_cell(t, 2, m->more.low, "");
        add_cell(t, 2, m->more.high, "");
    }
}

static void print_moves(struct cli *c, struct buf *b, const struct equity_view *v)
{
    struct cli_table t = {.arena = &c->arena};

    buf_add(b,
            STR("\nWhat is expected of each customer, where the model's moves lead and "
                "where they come from, with 95 % confidence:\n\n"));
    put_moves(&t, v);
    cli_table_print(&t, b);
    buf_add(
        b, STR("\nThat is how those who are there differ, not what moving somebody would "
               "bring: ciclo lift tells that, of customers left out by chance.\n"));
}

static void print_heading(struct buf *b, const struct equity_view *v)
{
    buf_add(b, STR("What is expected of customers in the "));
    value_put_length(b, &v->value, v->value.ahead_days);
    buf_add(b, STR(" after "));
    value_put_day(b, value_last_day(&v->value));
    buf_add_format(b, ", by %s",
                   v->by_cohort ? "the month of their first purchase"
                                : "the stage in which they were then");
    if (v->value.discount > 0)
        buf_add_format(b, ", discounted at %.4g a year", v->value.discount);
    buf_add(b, STR(":\n\n"));
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct equity_question *q = question;
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};
    struct equity_view v;
    bool ok = true;

    if (!report_is_named(c, "list", err)
        || !cli_moment(c, "until", engine_model(e)->workspace.zone, MOMENT_NEVER,
                       &q->value.until_ms, err)
        || !engine_equity(e, q, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        ok = equity_put_json(&j, e, &v, &c->arena, err);
        buf_add_char(b, '\n');
    } else if (v.has_list) {
        ok = report_customers(c, b, e, &v.listed, err);
    } else if (cli_has(c, "csv")) {
        put_rows(&t, e, &v, true);
        cli_table_csv(&t, b);
    } else {
        print_heading(b, &v);
        put_rows(&t, e, &v, false);
        cli_table_print(&t, b);
        if (v.move_n)
            print_moves(c, b, &v);
        if (v.all.untold)
            buf_add_format(b,
                           "\nOf %llu it cannot be told what they will bring: they are "
                           "in no sum.\n",
                           (unsigned long long)v.all.untold);
    }
    equity_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct equity_question q = {.value = {.model = cli_text(c, "model"),
                                          .k = cli_text(c, "k"),
                                          .choose = cli_text(c, "choose"),
                                          .event = cli_text(c, "event"),
                                          .value = cli_text(c, "value"),
                                          .unit = cli_text(c, "unit"),
                                          .ahead = cli_text(c, "ahead"),
                                          .discount = cli_text(c, "discount")},
                                .by = cli_text(c, "by"),
                                .lifecycle = cli_text(c, "lifecycle"),
                                .list = cli_text(c, "list")};

    return report_run(c, answer, &q, &q.value.scope);
}

static const struct cli_option options[] = {
    {"by", "WHAT", "stage (unless given), or cohort: the month of the first purchase",
     false},
    {"lifecycle", "NAME", "of whose stages: the first unless given", false},
    {"list", "ROW", "the customers of this stage or month, such as 2026-01", false},
    {"model", "NAME", "as in value fit: the likeliest of the simple ones unless given",
     false},
    {"k", "NUMBER", "how regular purchases are, of the last two", false},
    {"choose", "LENGTH",
     "of the simple ones the one that, fitted to what was before, was nearest to what "
     "came "
     "in the last so many days",
     false},
    {"event", "PATTERN", "what a purchase is: purchase unless given", false},
    {"value", "PROPERTY", "what it brings, such as revenue", false},
    {"until", "DAY",
     "the last day that the model knows, whole, at whose end stages are looked at",
     false},
    {"unit", "UNIT", "day, week (unless given) or month: in what rates are told", false},
    {"ahead", "LENGTH", "how far to look, in whole days: 365d unless given", false},
    {"discount", "RATE", "of what comes later, a rate per year, such as 0.1", false},
    {"segment", "NAME", "of those who are in this segment at that day's end", false},
    {"when", "RULE", "of those who fit this rule at that day's end", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV: a row for each stage or cohort", false},
};

const struct cli_command cli_value_equity = {
    "value equity",
    "FILE",
    "customer equity: what all customers are expected to bring, by stage or cohort",
    options,
    sizeof options / sizeof *options,
    run,
};
