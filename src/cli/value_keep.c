/* Fits that rules ask: value.p_alive, value.churn_90d, value.clv_12mo. */
#include "base/json.h"
#include "cli/cli.h"
#include "engine/begin.h"
#include "engine/keep_fit.h"
#include "engine/model.h"
#include "engine/value.h"

static void put_day(struct cli_table *t, int32_t day)
{
    struct buf b = {};

    value_put_day(&b, day);
    t->failed |= b.failed;
    cli_table_add(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

/* --- keep --- */

static bool keep(struct cli *c, struct engine *e, struct buf *b, str *wrong,
                 struct err *err)
{
    int64_t now_ms = cli_now_ms(c);
    struct value_question q = {.model = cli_text(c, "model"),
                               .k = cli_text(c, "k"),
                               .choose = cli_text(c, "choose"),
                               .event = cli_text(c, "event"),
                               .value = cli_text(c, "value"),
                               .unit = cli_text(c, "unit"),
                               .scope = {.at_ms = now_ms}};
    struct value_view v;
    bool ok;

    q.scope.known_ms = report_known(e, now_ms, false, now_ms);
    if (!cli_moment(c, "until", engine_model(e)->workspace.zone, MOMENT_NEVER,
                    &q.until_ms, err)
        || !engine_value_fit(e, &q, &c->arena, &v, wrong, err))
        return false;
    ok = engine_keep_fit(e, &v, now_ms, err);
    if (ok && cli_has(c, "json")) {
        value_fit_put_json(&(struct json_out){.to = b}, &v);
        buf_add_char(b, '\n');
    } else if (ok) {
        buf_add_format(b, "Kept: %s, fitted to %llu customers up to ",
                       value_model_name(v.model.kind).p,
                       (unsigned long long)v.cbs.customers);
        value_put_day(b, v.until_day);
        buf_add(b,
                STR(". Rules ask it of later moments: value.p_alive, value.churn_90d"));
        buf_add(b, v.has_spending ? STR(", value.clv_12mo.\n")
                                  : STR("; for value.clv_12mo keep it with --value.\n"));
    }
    value_view_free(&v);
    return ok;
}

static int run_keep(struct cli *c)
{
    struct engine *e;
    struct buf b = {};
    struct err err;
    str wrong = STR("");
    int status;

    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!keep(c, e, &b, &wrong, &err))
        status = cli_fail_in(&err, wrong);
    else
        status = cli_has(c, "json") ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option keep_options[] = {
    {"model", "NAME",
     "nbd, bg-nbd, mbg-nbd, pareto-nbd, bg-cnbd-k or mbg-cnbd-k: the likeliest of the "
     "first four unless given",
     false},
    {"k", "NUMBER", "how regular purchases are, of the last two: tried unless given",
     false},
    {"choose", "LENGTH",
     "of the first four take the one that, fitted to what was before, was nearest to "
     "what "
     "came in the last so many days",
     false},
    {"event", "PATTERN", "what a purchase is: purchase unless given", false},
    {"value", "PROPERTY", "what it brings, such as revenue", false},
    {"until", "DAY",
     "the last day that the model knows, whole: the last of which all is known, unless "
     "given",
     false},
    {"unit", "UNIT", "day, week (unless given) or month: in what rates are told", false},
    {"json", NULL, "what was fitted as JSON", false},
};

const struct cli_command cli_value_keep = {
    "value keep",
    "FILE",
    "fits a model and keeps it, so that rules can ask value.p_alive, value.churn_90d and "
    "value.clv_12mo",
    keep_options,
    sizeof keep_options / sizeof *keep_options,
    run_keep,
};

/* --- list --- */

static void list_table(struct cli *c, struct buf *b, const struct kept_fits *f,
                       const struct zone *z)
{
    static const char *const heading[] = {"up to", "model",     "event",
                                          "value", "customers", "kept on"};
    struct cli_table t = {.arena = &c->arena, .columns = 6};

    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (uint32_t i = 0; i < f->n; i++) {
        const struct kept_fit *k = f->row[i].model;

        put_day(&t, f->row[i].until_day);
        cli_table_add(&t, value_model_name(k->model.kind));
        cli_table_add(&t, k->event);
        cli_table_add(&t, k->value);
        cli_table_number(&t, k->customers);
        put_day(&t, day_of_moment(z, f->made_ms[i]));
    }
    if (cli_has(c, "csv"))
        cli_table_csv(&t, b);
    else if (f->n)
        cli_table_print(&t, b);
    else
        buf_add(b, STR("No fit is kept: ciclo value keep FILE --value revenue keeps "
                       "one.\n"));
}

static int run_list(struct cli *c)
{
    struct engine *e;
    struct buf b = {};
    struct err err;
    bool plain = cli_has(c, "json") || cli_has(c, "csv");
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json")) {
        engine_put_fits(&(struct json_out){.to = &b}, e);
        buf_add_char(&b, '\n');
    } else {
        list_table(c, &b, engine_fits(e), engine_model(e)->workspace.zone);
    }
    status = plain ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option list_options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_value_list = {
    "value list",
    "FILE",
    "the fits that are kept, which rules ask",
    list_options,
    sizeof list_options / sizeof *list_options,
    run_list,
};

/* --- remove --- */

static int run_remove(struct cli *c)
{
    struct engine *e;
    struct err err;
    int status = 0;

    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_drop_fit(e, cli_word(c, 1), &err))
        status = cli_fail(&err, c->word[1]);
    engine_close(e);
    return status;
}

const struct cli_command cli_value_remove = {
    "value remove", "FILE DAY", "keeps the fit of this day no longer",
    NULL,           0,          run_remove,
};
