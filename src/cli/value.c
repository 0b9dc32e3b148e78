#include "engine/value.h"

#include "cli/report.h"
#include "cli/value_contracts.h"
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

static void put_limit(struct buf *b, const struct fit *f, const char *of)
{
    if (f->limit != FIT_INSIDE)
        buf_add_format(b, "The data have %s: that model stands here instead.\n",
                       value_limit_text(f->limit));
    if (!f->converged)
        buf_add_format(b,
                       "Of %s no maximum was found: do not trust these numbers, and how "
                       "sure they are cannot be told.\n",
                       of);
}

static void print_model(struct buf *b, const struct value_view *v)
{
    buf_add_format(b, "%s, of %llu customers up to ",
                   v->has_model ? value_model_name(v->model.kind).p : "gamma-gamma",
                   (unsigned long long)v->cbs.customers);
    value_put_day(b, value_last_day(v));
    buf_add_format(
        b, "; %llu of them came back, %llu times in all. %s %.*ss.\n",
        (unsigned long long)v->cbs.repeaters, (unsigned long long)v->cbs.purchases,
        v->has_model && v->model.kind == VALUE_BG_BB ? "Chances are" : "Times are in",
        STR_FMT(v->unit));
    if (v->has_model)
        put_limit(b, &v->model.fit, "buying");
    if (v->has_spending)
        put_limit(b, &v->spending_fit, "spending");
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

/* Empty: the model was not held against anything. */
static void put_errors(struct cli_table *t, const struct value_guess *g)
{
    const double of[] = {g->mean_error, g->root_error, g->sum};

    for (size_t i = 0; i < 3; i++) {
        struct buf b = {};

        if (isfinite(of[i]))
            buf_add_format(&b, "%.*f", i < 2 ? 4 : 0, of[i]);
        add_right(t, &b);
    }
}

static void print_tried(struct cli *c, struct buf *b, const struct value_view *v)
{
    struct cli_table t = {.arena = &c->arena, .columns = v->choose_days ? 5 : 2};

    if (!v->was_tried[VALUE_NBD])
        return;
    cli_table_add(&t, STR("tried"));
    cli_table_add(&t, STR("log-likelihood"));
    if (v->choose_days) {
        cli_table_add(&t, STR("mean error"));
        cli_table_add(&t, STR("root mean square"));
        cli_table_add(&t, STR("purchases in all"));
    }
    for (int m = 0; m < VALUE_MODELS_END; m++)
        if (v->was_tried[m] && v->choose_days) {
            cli_table_add(&t, value_model_name((enum value_model)m));
            add_fixed(&t, 3, v->tried[m].fit.log_likelihood);
            put_errors(&t, &v->tried_guess[m]);
        } else if (v->was_tried[m]) {
            cli_table_add(&t, value_model_name((enum value_model)m));
            add_fixed(&t, 3, v->tried[m].fit.log_likelihood);
        }
    buf_add_char(b, '\n');
    cli_table_print(&t, b);
    buf_add_format(b, "\nTaken: %s, ", value_model_name(v->model.kind).p);
    if (v->choose_days)
        buf_add_format(
            b,
            "which was nearest by the root mean square: each was fitted to what was "
            "known %d days before, when %llu had bought, who then bought %llu times. "
            "It stands here as fitted to all.\n",
            v->choose_days, (unsigned long long)v->choose_customers,
            (unsigned long long)v->choose_came);
    else
        buf_add(b, STR("under which the data are likeliest.\n"));
}

/* Of a number its column, and between which two it lies: one cell for people, two in CSV. */
static void head_interval(struct cli_table *t, const char *of, bool plain)
{
    cli_table_add(t, str_of(of));
    if (plain) {
        cli_table_add(t, STR("from"));
        cli_table_add(t, STR("to"));
    } else {
        cli_table_add(t, STR("95 %"));
    }
}

static void add_interval(struct cli_table *t, int decimals, struct interval i, bool plain)
{
    struct buf b = {};

    if (!isnan(i.low))
        buf_add_format(&b, "%.*f%s", decimals, i.low, plain ? "" : " to ");
    if (plain)
        add_right(t, &b);
    if (!isnan(i.low))
        buf_add_format(&b, "%.*f", decimals, i.high);
    add_right(t, &b);
}

static void put_tenth(struct cli_table *t, const struct value_view *v,
                      const struct value_tenth *k, bool plain)
{
    bool held = v->hold_out_days > 0;

    cli_table_number(t, k->customers);
    add_fixed(t, 1, k->alive);
    add_interval(t, 1, k->sure.alive, plain);
    add_fixed(t, 1, k->purchases);
    add_interval(t, 1, k->sure.purchases, plain);
    if (v->has_spending) {
        add_fixed(t, 2, k->value);
        add_interval(t, 2, k->sure.value, plain);
    }
    if (held)
        add_fixed(t, 0, k->was_purchases);
    if (held && v->has_spending)
        add_fixed(t, 2, k->was_value);
}

static void put_tenths(struct cli_table *t, const struct value_view *v, bool plain)
{
    bool held = v->hold_out_days > 0;
    size_t each = plain ? 3 : 2;

    t->columns = 2 + 2 * each + held + (size_t)v->has_spending * (each + held);
    cli_table_add(t, STR("tenth"));
    cli_table_add(t, STR("customers"));
    head_interval(t, "still there", plain);
    head_interval(t, "purchases", plain);
    if (v->has_spending)
        head_interval(t, "value", plain);
    if (held)
        cli_table_add(t, STR("they were"));
    if (held && v->has_spending)
        cli_table_add(t, STR("it was"));
    for (int i = 0; i < VALUE_TENTHS; i++) {
        cli_table_number(t, (uint64_t)i + 1);
        put_tenth(t, v, &v->tenth[i], plain);
    }
    cli_table_right(t, STR("all"));
    put_tenth(t, v, &v->all, plain);
}

static void put_guess(struct cli_table *t, const char *name, const struct value_guess *g)
{
    cli_table_add(t, str_of(name));
    put_errors(t, g);
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
        buf_add(b, STR("Expected in "));
        value_put_length(b, v, v->ahead_days);
        buf_add(b, STR(", the best tenth first"));
        put_discount(b, v);
        buf_add(b, STR(":\n\n"));
    }
    put_tenths(&t, v, cli_has(c, "csv"));
    if (cli_has(c, "csv")) {
        cli_table_csv(&t, b);
        return true;
    }
    cli_table_print(&t, b);
    buf_add(b, STR("\n95 %: between which the number lies, as far as the parameters are "
                   "unsure; empty: it cannot be told.\n"));
    if (v->hold_out_days)
        print_guesses(c, b, v);
    if (v->choose_days)
        print_tried(c, b, v);
    return true;
}

/* " (1.2 to 3.4)", times as large; nothing: it cannot be told. */
static void put_range(struct buf *b, int decimals, struct interval i, double times)
{
    if (!isnan(i.low))
        buf_add_format(b, " (%.*f to %.*f)", decimals, i.low * times, decimals,
                       i.high * times);
}

static void print_customer(struct buf *b, const struct value_view *v)
{
    const struct forecast *f = v->customer;
    const struct buyer *of = &v->who;

    buf_add_format(b, "Bought %s ", v->period ? "in" : "on");
    value_put_length(b, v, of->x + 1);
    buf_add_format(b, ", first %s ", v->period ? "in that from" : "on");
    value_put_day(b, value_first_day(v, of->first_day));
    buf_add_format(b, ", last %s ", v->period ? "in that from" : "on");
    value_put_day(b, value_first_day(v, of->day));
    buf_add_format(b, ".\nStill a customer with %.1f %% probability", 100 * f->alive);
    put_range(b, 1, v->customer_sure.alive, 100);
    buf_add(b, STR(".\nExpected in "));
    value_put_length(b, v, v->ahead_days);
    buf_add_format(b, ": %.2f purchases", f->purchases);
    put_range(b, 2, v->customer_sure.purchases, 1);
    if (v->has_spending && f->worth > 0 && !f->is_untold) {
        buf_add_format(b, ", of %.2f each: %.2f", f->value / f->worth, f->value);
        put_range(b, 2, v->customer_sure.value, 1);
    }
    put_discount(b, v);
    buf_add_format(b, ".\nNo purchase at all in that time: %.1f %%.\n",
                   100 * v->no_purchase);
    if (v->has_range)
        buf_add_format(b,
                       "As chance has it, by this model: %u to %u purchases, with 95 %% "
                       "probability.\n",
                       v->low, v->high);
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
            print_tried(c, b, &v);
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
                                   .choose = cli_text(c, "choose"),
                                   .event = cli_text(c, "event"),
                                   .value = cli_text(c, "value"),
                                   .unit = cli_text(c, "unit")};
}

static int run_fit(struct cli *c)
{
    struct value_question q = question_of(c);

    if (str_eq(q.model, STR("sbg")))
        return value_contracts_run(c);
    return report_run(c, answer_fit, &q, &q.scope);
}

static int run_show(struct cli *c)
{
    struct value_question q = question_of(c);

    if (str_eq(q.model, STR("sbg")))
        return value_contracts_run(c);
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
     "nbd, bg-nbd, mbg-nbd, pareto-nbd, bg-cnbd-k, mbg-cnbd-k, bg-bb or sbg: the "       \
     "likeliest "                                                                        \
     "of the first four unless given",                                                   \
     false},                                                                             \
        {"k", "NUMBER",                                                                  \
         "how regular purchases are, of those with k: tried unless given", false},       \
        {"choose", "LENGTH",                                                             \
         "of the first four take the one that, fitted to what was before, was nearest "  \
         "to what came in the last so many days",                                        \
         false},                                                                         \
        {"event", "PATTERN", "what a purchase is: purchase unless given", false},        \
        {"value", "PROPERTY", "what it brings, such as revenue", false},                 \
        {"until", "DAY",                                                                 \
         "the last day that the model knows, whole: the last of which all is known, "    \
         "unless given",                                                                 \
         false},                                                                         \
        {"unit", "UNIT",                                                                 \
         "day, week (unless given) or month: in what rates are told; of bg-bb "          \
         "also year: one chance, month unless given",                                    \
         false},                                                                         \
        {"segment", "NAME", "of those who are in this segment at that day's end",        \
         false},                                                                         \
        {"when", "RULE", "of those who fit this rule at that day's end", false},         \
    {                                                                                    \
        "json", NULL, "as JSON", false                                                   \
    }

#define VALUE_END_OPTION                                                                 \
    {                                                                                    \
        "end", "PATTERN",                                                                \
            "with --model sbg: what ends a contract, which --event begins", false        \
    }

static const struct cli_option fit_options[] = {
    VALUE_OPTIONS,
    VALUE_END_OPTION,
    {"ahead", "LENGTH", "with sbg: so many terms are projected", false},
    {"discount", "RATE", "with sbg: of later payments, a rate per year, such as 0.1",
     false},
    {"csv", NULL, "as CSV: a row for each parameter, with sbg for each renewal", false},
};

static const struct cli_option show_options[] = {
    VALUE_OPTIONS,
    VALUE_END_OPTION,
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
