#include "engine/value.h"

#include "cli/report.h"
#include "engine/model.h"

#include <math.h>
#include <string.h>

/* --- tables --- */

static void add_right(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    cli_table_right(t, b->failed ? STR("") : buf_str(b));
    buf_free(b);
}

static void add_fixed(struct cli_table *t, int decimals, double d)
{
    struct buf b = {};

    buf_add_format(&b, "%.*f", decimals, d);
    add_right(t, &b);
}

/* Empty: it is not known. */
static void add_rounded(struct cli_table *t, int digits, double d)
{
    struct buf b = {};

    if (isfinite(d))
        buf_add_format(&b, "%.*g", digits, d);
    add_right(t, &b);
}

static void put_heading(struct cli_table *t, const char *const *name, size_t n)
{
    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(name[i]));
}

static void put_parameters(struct cli_table *t, const struct value_view *v)
{
    static const char *const heading[] = {"of", "parameter", "value", "standard error"};
    static const char *const name[] = {"p", "q", "gamma"};
    const double spending[] = {v->spending.p, v->spending.q, v->spending.gamma};

    put_heading(t, heading, 4);
    for (size_t i = 0; v->has_model && i < repeat_parameter_n(&v->model); i++) {
        cli_table_add(t, STR("buying"));
        cli_table_add(t, str_of(repeat_parameter_name(&v->model, i)));
        add_rounded(t, 6, repeat_parameter(&v->model, i));
        add_rounded(t, 3, repeat_parameter_error(&v->model, i));
    }
    for (size_t i = 0; v->has_spending && i < 3; i++) {
        cli_table_add(t, STR("spending"));
        cli_table_add(t, str_of(name[i]));
        add_rounded(t, 6, spending[i]);
        add_rounded(t, 3, v->spending_fit.error[i]);
    }
}

static void put_limit(struct buf *b, const struct fit *f)
{
    if (f->limit != FIT_INSIDE)
        buf_add_format(b, "The data have %s: that model stands here instead.\n",
                       value_limit_text(f->limit));
    if (!f->converged)
        buf_add(b, STR("No maximum was found: do not trust these numbers.\n"));
}

static void print_model(struct buf *b, const struct value_view *v)
{
    buf_add_format(b, "%s, of %llu customers up to ",
                   v->has_model ? value_model_name(v->model.kind).p : "gamma-gamma",
                   (unsigned long long)v->cbs.customers);
    value_put_day(b, v->until_day);
    buf_add_format(b,
                   "; %llu of them came back, %llu times in all. Times are in %.*ss.\n",
                   (unsigned long long)v->cbs.repeaters,
                   (unsigned long long)v->cbs.purchases, STR_FMT(v->unit));
    if (v->has_model)
        put_limit(b, &v->model.fit);
    if (v->has_spending)
        put_limit(b, &v->spending_fit);
    if (v->without_money)
        buf_add_format(b,
                       "%llu who came back brought nothing, and say nothing of money.\n",
                       (unsigned long long)v->without_money);
    if (v->untold)
        buf_add_format(
            b,
            "Everybody's mean is infinite under this model: what %llu will bring "
            "cannot be told, and is in no sum.\n",
            (unsigned long long)v->untold);
}

static void print_tried(struct buf *b, const struct value_view *v)
{
    if (!v->was_tried[VALUE_NBD])
        return;
    buf_add(b, STR("\nLog-likelihoods of those that were tried:"));
    for (int m = 0; m < VALUE_MODELS_END; m++)
        if (v->was_tried[m])
            buf_add_format(b, " %s %.3f", value_model_name((enum value_model)m).p,
                           v->tried[m].fit.log_likelihood);
    buf_add(b, STR(".\n"));
}

static void put_tenths(struct cli_table *t, const struct value_view *v)
{
    static const char *const all[] = {"tenth", "customers", "still there", "purchases",
                                      "value", "they were", "it was"};
    bool held = v->hold_out_days > 0;

    t->columns = 4 + (size_t)v->has_spending * (held ? 2 : 1) + held;
    for (size_t i = 0; i < 7; i++)
        if ((i != 4 || v->has_spending) && (i != 5 || held)
            && (i != 6 || (held && v->has_spending)))
            cli_table_add(t, str_of(all[i]));
    for (int i = 0; i < VALUE_TENTHS; i++) {
        const struct value_tenth *k = &v->tenth[i];

        cli_table_number(t, (uint64_t)i + 1);
        cli_table_number(t, k->customers);
        add_fixed(t, 1, k->alive);
        add_fixed(t, 1, k->purchases);
        if (v->has_spending)
            add_fixed(t, 2, k->value);
        if (held)
            add_fixed(t, 0, k->was_purchases);
        if (held && v->has_spending)
            add_fixed(t, 2, k->was_value);
    }
}

static void put_guess(struct cli_table *t, const char *name, const struct value_guess *g)
{
    cli_table_add(t, str_of(name));
    add_fixed(t, 4, g->mean_error);
    add_fixed(t, 4, g->root_error);
    add_fixed(t, 0, g->sum);
}

static const char *nearest(const struct value_view *v, bool by_root)
{
    const char *name = value_nearest(v, by_root);

    return !strcmp(name, "model")       ? "the model"
           : !strcmp(name, "last_time") ? "the same as last time"
                                        : "how lately and how often";
}

static void print_guesses(struct cli *c, struct buf *b, const struct value_view *v)
{
    static const char *const heading[] = {"guessed by", "mean error", "root mean square",
                                          "purchases in all"};
    struct cli_table t = {.arena = &c->arena};

    put_heading(&t, heading, 4);
    put_guess(&t, "the model", &v->by_model);
    put_guess(&t, "the same as last time", &v->by_last_time);
    if (v->has_cells)
        put_guess(&t, "how lately and how often", &v->by_cells);
    buf_add_char(b, '\n');
    cli_table_print(&t, b);
    buf_add_format(b,
                   "\n%llu came. Nearest by the mean error: %s; by the root mean square: "
                   "%s.\n",
                   (unsigned long long)v->came, nearest(v, false), nearest(v, true));
}

static void put_discount(struct buf *b, const struct value_view *v)
{
    if (v->discount > 0)
        buf_add_format(b, " (money discounted at %.4g a year)", v->discount);
}

static bool print_show(struct cli *c, struct buf *b, const struct value_view *v)
{
    struct cli_table t = {.arena = &c->arena};

    if (!cli_has(c, "csv")) {
        print_model(b, v);
        buf_add_format(b, "Expected in %.0f days, the best tenth first", v->ahead_days);
        put_discount(b, v);
        buf_add(b, STR(":\n\n"));
    }
    put_tenths(&t, v);
    if (cli_has(c, "csv")) {
        cli_table_csv(&t, b);
        return true;
    }
    cli_table_print(&t, b);
    if (v->hold_out_days)
        print_guesses(c, b, v);
    return true;
}

static void print_customer(struct buf *b, const struct value_view *v)
{
    const struct forecast *f = v->customer;
    const struct buyer *of = &v->who;

    buf_add_format(b, "Bought on %u day%s, first on ", of->x + 1, of->x ? "s" : "");
    value_put_day(b, of->first_day);
    buf_add(b, STR(", last on "));
    value_put_day(b, of->day);
    buf_add_format(
        b,
        ".\nStill a customer with %.1f %% probability.\nExpected in %.0f days: "
        "%.2f purchases",
        100 * f->alive, v->ahead_days, f->purchases);
    if (v->has_spending && f->worth > 0 && !f->is_untold)
        buf_add_format(b, ", of %.2f each: %.2f", f->value / f->worth, f->value);
    put_discount(b, v);
    buf_add(b, STR(".\n"));
    print_model(b, v);
}

/* --- what is asked --- */

static bool until_of(struct cli *c, struct engine *e, struct value_question *q,
                     struct err *err)
{
    q->until_ms = MOMENT_NEVER;
    q->is_now = str_eq(cli_text(c, "until"), STR("now"));
    return q->is_now
           || cli_moment(c, "until", engine_model(e)->workspace.zone, MOMENT_NEVER,
                         &q->until_ms, err);
}

static bool answer_fit(struct cli *c, struct engine *e, void *question, struct buf *b,
                       str *wrong, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct value_view v;

    if (!until_of(c, e, question, err)
        || !engine_value_fit(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        value_fit_put_json(&(struct json_out){.to = b}, &v);
        buf_add_char(b, '\n');
    } else {
        put_parameters(&t, &v);
        if (cli_has(c, "csv")) {
            cli_table_csv(&t, b);
        } else {
            print_model(b, &v);
            buf_add_char(b, '\n');
            cli_table_print(&t, b);
            print_tried(b, &v);
        }
    }
    value_view_free(&v);
    return true;
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct value_view v;
    bool ok = true;

    if (!until_of(c, e, question, err)
        || !engine_value(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        value_view_put_json(&(struct json_out){.to = b}, e, &v);
        buf_add_char(b, '\n');
    } else if (v.customer) {
        print_customer(b, &v);
    } else {
        ok = print_show(c, b, &v);
    }
    value_view_free(&v);
    return ok;
}

static struct value_question question_of(const struct cli *c)
{
    return (struct value_question){.model = cli_text(c, "model"),
                                   .k = cli_text(c, "k"),
                                   .event = cli_text(c, "event"),
                                   .value = cli_text(c, "value"),
                                   .unit = cli_text(c, "unit")};
}

static int run_fit(struct cli *c)
{
    struct value_question q = question_of(c);

    return report_run(c, answer_fit, &q, &q.scope);
}

static int run_show(struct cli *c)
{
    struct value_question q = question_of(c);

    q.hold_out = cli_text(c, "hold-out");
    q.ahead = cli_text(c, "ahead");
    q.discount = cli_text(c, "discount");
    return report_run(c, answer, &q, &q.scope);
}

static int run_customer(struct cli *c)
{
    struct value_question q = question_of(c);

    q.ahead = cli_text(c, "ahead");
    q.discount = cli_text(c, "discount");
    q.customer = cli_word(c, 1);
    return report_run(c, answer, &q, &q.scope);
}

#define VALUE_OPTIONS                                                                    \
    {"model", "NAME",                                                                    \
     "nbd, bg-nbd, mbg-nbd, pareto-nbd, bg-cnbd-k or mbg-cnbd-k: the likeliest of the "  \
     "first four unless given",                                                          \
     false},                                                                             \
        {"k", "NUMBER",                                                                  \
         "how regular purchases are, of the last two: tried unless given", false},       \
        {"event", "PATTERN", "what a purchase is: purchase unless given", false},        \
        {"value", "PROPERTY", "what it brings, such as revenue", false},                 \
        {"until", "DAY",                                                                 \
         "the last day that the model knows, whole: the last of which all is known, "    \
         "unless given",                                                                 \
         false},                                                                         \
        {"unit", "UNIT", "day, week (unless given) or month: in what rates are told",    \
         false},                                                                         \
        {"segment", "NAME", "of those who are in this segment at that day's end",        \
         false},                                                                         \
        {"when", "RULE", "of those who fit this rule at that day's end", false},         \
    {                                                                                    \
        "json", NULL, "as JSON", false                                                   \
    }

static const struct cli_option fit_options[] = {
    VALUE_OPTIONS,
    {"csv", NULL, "as CSV: a row for each parameter", false},
};

static const struct cli_option show_options[] = {
    VALUE_OPTIONS,
    {"ahead", "LENGTH", "how far to look, in whole days: 365d unless given", false},
    {"discount", "RATE", "of what comes later, a rate per year, such as 0.1", false},
    {"hold-out", "LENGTH",
     "do not tell the model of so many days, and show what came in them", false},
    {"csv", NULL, "as CSV: a row for each tenth of the customers", false},
};

static const struct cli_option customer_options[] = {
    VALUE_OPTIONS,
    {"ahead", "LENGTH", "how far to look, in whole days: 365d unless given", false},
    {"discount", "RATE", "of what comes later, a rate per year, such as 0.1", false},
};

const struct cli_command cli_value_fit = {
    "value fit",
    "FILE",
    "fits a model of how often customers buy again, and of what they spend",
    fit_options,
    sizeof fit_options / sizeof *fit_options,
    run_fit,
};

const struct cli_command cli_value_show = {
    "value show",
    "FILE",
    "what customers will buy and bring, and how such forecasts turned out",
    show_options,
    sizeof show_options / sizeof *show_options,
    run_show,
};

const struct cli_command cli_value_customer = {
    "value customer",
    "FILE CUSTOMER",
    "what one customer will buy and bring, and whether he is still one",
    customer_options,
    sizeof customer_options / sizeof *customer_options,
    run_customer,
};
