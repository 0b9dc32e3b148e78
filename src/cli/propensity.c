#include "engine/propensity.h"

#include "base/csv.h"
#include "cli/report.h"
#include "engine/model.h"

#include <math.h>

/* --- tables --- */

/* Empty: there is none. */
static void add_figure(struct cli_table *t, int decimals, double d)
{
    struct buf b = {};

    if (isfinite(d))
        buf_add_format(&b, "%.*f", decimals, d);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void put_heading(struct cli_table *t, const char *const *name, size_t n)
{
    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(name[i]));
}

static void put_tenths(struct cli_table *t, const struct scores *s)
{
    static const char *const heading[] = {"tenth",  "customers", "expected %",
                                          "came %", "came",      "lift"};

    put_heading(t, heading, 6);
    for (int i = 0; i < SCORE_TENTHS; i++) {
        const struct score_tenth *k = &s->tenth[i];

        cli_table_number(t, (uint64_t)i + 1);
        cli_table_number(t, k->n);
        add_figure(t, 1, k->n ? 100 * k->expected : NAN);
        add_figure(t, 1, k->n ? 100 * k->hits / (double)k->n : NAN);
        add_figure(t, 1, k->hits);
        add_figure(t, 2, k->n ? score_lift(s, i) : NAN);
    }
}

static void put_models(struct cli_table *t, const struct propensity_view *v)
{
    static const char *const heading[] = {"by", "area (AUC)", "from",
                                          "to", "log loss",   "Brier score"};

    put_heading(t, heading, 6);
    for (int i = 0; i < BY_KINDS + 2; i++) {
        const struct scores *s = i < BY_KINDS ? &v->model[i].score : &v->recency;
        bool has_area = i <= BY_KINDS, has_losses = i != BY_KINDS;

        if (i < BY_KINDS && !v->model[i].is_tried)
            continue;
        cli_table_add(t, i < BY_KINDS    ? str_of(propensity_by_name[i])
                         : i == BY_KINDS ? STR("how lately alone")
                                         : STR("the same for all"));
        add_figure(t, 4, has_area ? s->auc : NAN);
        add_figure(t, 4, has_area ? fmax(0, s->auc - 1.96 * s->auc_error) : NAN);
        add_figure(t, 4, has_area ? fmin(1, s->auc + 1.96 * s->auc_error) : NAN);
        add_figure(t, 4,
                   !has_losses    ? NAN
                   : i < BY_KINDS ? s->log_loss
                                  : v->usual.log_loss);
        add_figure(t, 4, !has_losses ? NAN : i < BY_KINDS ? s->brier : v->usual.brier);
    }
}

/* --- words --- */

static const char *did(const struct propensity_view *v)
{
    return v->churn ? "left" : "did";
}

static void put_day(struct buf *b, const struct engine *e, int64_t at_ms)
{
    moment_print_day(b, engine_model(e)->workspace.zone, at_ms);
}

static void print_question(struct buf *b, const struct engine *e,
                           const struct propensity_view *v)
{
    if (v->churn)
        buf_add_format(b, "Who will have no %.*s within %.*s, of those who had one.\n",
                       STR_FMT(v->target), STR_FMT(v->within));
    else
        buf_add_format(b, "To whom %.*s will come within %.*s.\n", STR_FMT(v->target),
                       STR_FMT(v->within));
    buf_add_format(b, "Learnt from %llu customers, of whom %llu %s, as known on ",
                   (unsigned long long)v->rows, (unsigned long long)v->did, did(v));
    for (uint32_t i = v->moment_n; i-- > 0;) {
        put_day(b, e, v->learnt_ms[i]);
        buf_add(b, i ? STR(", ") : STR(".\n"));
    }
    if (v->is_part)
        buf_add(
            b,
            STR("They are a part of all, drawn by their ids; the others are alike.\n"));
}

static void print_best(struct buf *b, const struct propensity_view *v)
{
    const struct scores *s = &v->model[v->best].score;

    buf_add_format(b, "\nBest by the log loss: %s.", propensity_by_name[v->best]);
    if (!propensity_is_worth_it(v))
        buf_add(b, STR(" It does NOT put customers in a better order than how lately "
                       "alone: use that."));
    else if (s->auc - 1.96 * s->auc_error < v->recency.auc)
        buf_add(b, STR(" It is hardly better than how lately alone: that could be "
                       "chance."));
    if (s->log_loss >= v->usual.log_loss)
        buf_add(b, STR(" Its probabilities are NOT better than the same for all."));
    buf_add_char(b, '\n');
}

static void print_held(struct buf *b, const struct engine *e,
                       const struct propensity_view *v)
{
    const struct scores *s = &v->model[v->best].score;

    buf_add(b, STR("Held against what came after "));
    put_day(b, e, v->held_ms);
    buf_add_format(b, ", of which nothing was learnt: %llu of %llu customers %s.\n\n",
                   (unsigned long long)s->hits, (unsigned long long)s->n, did(v));
}

static bool print_customer(struct buf *b, const struct engine *e,
                           const struct propensity_view *v)
{
    const struct propensity_customer *c = &v->customer;

    buf_add_format(b, "%.1f %%: %s %.*s within %.*s.\n", 100 * c->share,
                   v->churn ? "no" : "that", STR_FMT(v->target), STR_FMT(v->within));
    for (uint32_t i = 0; i < c->reason_n; i++) {
        buf_add(b, STR("  "));
        feature_put(b, e, &v->features.of[c->reason[i].feature], c->reason[i].value);
        buf_add_format(b, " (%+.2f)\n", c->reason[i].odds);
    }
    buf_add_format(b, "In brackets: what it adds to the logarithm of the odds, by %s.\n",
                   propensity_by_name[v->best]);
    return true;
}

/* --- what is asked --- */

static void put_answer(struct cli *c, struct buf *b, const struct engine *e,
                       const struct propensity_view *v, bool tenths)
{
    struct cli_table t = {.arena = &c->arena};

    if (!cli_has(c, "csv")) {
        print_question(b, e, v);
        print_held(b, e, v);
    }
    if (tenths)
        put_tenths(&t, &v->model[v->best].score);
    else
        put_models(&t, v);
    if (cli_has(c, "csv")) {
        cli_table_csv(&t, b);
        return;
    }
    cli_table_print(&t, b);
    if (tenths) {
        struct cli_table models = {.arena = &c->arena};

        buf_add_char(b, '\n');
        put_models(&models, v);
        cli_table_print(&models, b);
    }
    print_best(b, v);
}

struct asked {
    struct propensity_question q;
    bool tenths;
};

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    const struct asked *asked = question;
    struct propensity_view v;
    bool ok = engine_propensity(e, &asked->q, &c->arena, &v, wrong, err);

    if (ok && cli_has(c, "json")) {
        ok = propensity_put_json(&(struct json_out){.to = b}, e, &v) || err_nomem(err);
        buf_add_char(b, '\n');
    } else if (ok && v.has_customer) {
        ok = print_customer(b, e, &v);
    } else if (ok) {
        put_answer(c, b, e, &v, asked->tenths);
    }
    propensity_view_free(&v);
    return ok;
}

/* --- what models learn from --- */

static void put_measures(struct buf *b, const struct engine *e,
                         const struct propensity_view *v,
                         const struct propensity_moment *m)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    const struct features *f = &v->features;

    for (uint32_t i = 0; i < m->rows.n && !b->failed; i++) {
        buf_add(b, m->at_ms == v->held_ms ? STR("hold,") : STR("learn,"));
        moment_print(b, m->at_ms);
        buf_add_char(b, ',');
        buf_add_csv(b, catalog_customer_id(catalog, m->rows.customer[i]));
        for (uint32_t k = 0; k < f->n; k++) {
            double x = m->rows.x[(size_t)i * f->n + k];

            buf_add_char(b, ',');
            if (!isnan(x))
                buf_add_format(b, "%.12g", x);
        }
        buf_add_format(b, ",%d\n", m->is[i]);
    }
}

static bool answer_measures(struct cli *c, struct engine *e, void *question,
                            struct buf *b, str *wrong, struct err *err)
{
    const struct asked *asked = question;
    struct propensity_moment moment[PROPENSITY_MOMENTS + 1];
    struct propensity_view v;
    bool ok = engine_propensity_measures(e, &asked->q, &c->arena, &v, moment, wrong, err);

    if (ok) {
        buf_add(b, STR("use,as_of,customer"));
        for (uint32_t k = 0; k < v.features.n; k++) {
            buf_add_char(b, ',');
            buf_add_csv(b, v.features.of[k].name);
        }
        buf_add(b, asked->q.churn ? STR(",left\n") : STR(",came\n"));
        for (uint32_t i = v.moment_n + 1; i-- > 0;)
            put_measures(b, e, &v, &moment[i]);
    }
    propensity_view_free(&v);
    return ok;
}

/* --- commands --- */

static int run(struct cli *c, report_answer *say, bool churn, bool tenths, bool customer)
{
    struct asked asked = {{.target = cli_text(c, churn ? "active" : "target"),
                           .churn = churn,
                           .within = cli_text(c, "within"),
                           .with = cli_text(c, "with"),
                           .value = cli_text(c, "value"),
                           .customer = customer ? cli_word(c, 1) : STR("")},
                          tenths};
    str own = cli_text(c, "measure");

    if (!asked.q.target.n)
        return cli_wrong(c, churn ? "--active EVENT says what a customer does as long as "
                                    "he is one"
                                  : "--target 'EVENT or stage:NAME' says what may come");
    if (own.n)
        asked.q.own = (struct crowd_words){.measure = &own, .measure_n = 1};
    return report_run(c, say, &asked, &asked.q.scope);
}

static int run_churn_train(struct cli *c)
{
    return run(c, answer, true, false, false);
}

static int run_churn_show(struct cli *c)
{
    return run(c, answer, true, true, false);
}

static int run_churn_customer(struct cli *c)
{
    return run(c, answer, true, false, true);
}

static int run_churn_measures(struct cli *c)
{
    return run(c, answer_measures, true, false, false);
}

static int run_train(struct cli *c)
{
    return run(c, answer, false, false, false);
}

static int run_show(struct cli *c)
{
    return run(c, answer, false, true, false);
}

static int run_customer(struct cli *c)
{
    return run(c, answer, false, false, true);
}

static int run_measures(struct cli *c)
{
    return run(c, answer_measures, false, false, false);
}

#define LEARN_OPTIONS                                                                    \
    {"within", "LENGTH", "in so many whole days: 90d unless given", false},              \
        {"value", "PROPERTY", "of the event: what it brings, such as revenue", false},   \
        {"measure", "RULE", "learn from this, too; several with commas between", false}, \
        {"at", "DATE", "later events are not seen: now unless given", false},            \
        {"segment", "NAME", "of those who are in this segment at each moment", false},   \
    {                                                                                    \
        "when", "RULE", "of those who fit this rule at each moment", false               \
    }
#define PROPENSITY_OPTIONS                                                               \
    LEARN_OPTIONS,                                                                       \
        {"with", "NAME",                                                                 \
         "logistic or xgboost: both are tried, and the better one is taken, unless "     \
         "given",                                                                        \
         false},                                                                         \
    {                                                                                    \
        "json", NULL, "as JSON", false                                                   \
    }
#define ACTIVE                                                                           \
    {                                                                                    \
        "active", "EVENT", "he is lost who has none of it within the time", false        \
    }
#define TARGET                                                                           \
    {                                                                                    \
        "target", "WHAT", "an event's pattern, or stage:NAME", false                     \
    }

static const struct cli_option churn_tables[] = {
    ACTIVE, PROPENSITY_OPTIONS, {"csv", NULL, "the table as CSV", false}};
static const struct cli_option churn_options[] = {ACTIVE, PROPENSITY_OPTIONS};
static const struct cli_option tables[] = {
    TARGET, PROPENSITY_OPTIONS, {"csv", NULL, "the table as CSV", false}};
static const struct cli_option options[] = {TARGET, PROPENSITY_OPTIONS};
static const struct cli_option churn_measures[] = {ACTIVE, LEARN_OPTIONS};
static const struct cli_option measures[] = {TARGET, LEARN_OPTIONS};

#define COMMAND(variable, name, words, what, options, run)                               \
    const struct cli_command variable = {                                                \
        name, words, what, options, sizeof options / sizeof *options, run}

COMMAND(cli_churn_train, "churn train", "FILE",
        "learns from the past who will leave, and says how well each way does",
        churn_tables, run_churn_train);
COMMAND(cli_churn_show, "churn show", "FILE",
        "who was expected to leave beside who left, by tenths", churn_tables,
        run_churn_show);
COMMAND(cli_churn_of, "churn customer", "FILE CUSTOMER",
        "how likely one customer is to leave, and why", churn_options,
        run_churn_customer);
COMMAND(
    cli_likely_train, "propensity train", "FILE",
    "learns from the past to whom something will come, and says how well each way does",
    tables, run_train);
COMMAND(cli_likely_show, "propensity show", "FILE",
        "to whom it was expected to come beside to whom it came, by tenths", tables,
        run_show);
COMMAND(cli_likely_of, "propensity customer", "FILE CUSTOMER",
        "how likely it is to come to one customer, and why", options, run_customer);
COMMAND(cli_churn_rows, "churn measures", "FILE",
        "what it is learnt from, as CSV: each customer's measures at each moment, and "
        "whether he left",
        churn_measures, run_churn_measures);
COMMAND(cli_likely_rows, "propensity measures", "FILE",
        "what it is learnt from, as CSV: each customer's measures at each moment, and "
        "whether it came",
        measures, run_measures);
