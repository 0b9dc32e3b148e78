#include "cli/value_contracts.h"

#include "cli/report.h"
#include "engine/contracts.h"
#include "engine/model.h"
#include "engine/value.h"

#include <math.h>

/* Empty: it is not known. */
static void add_number(struct cli_table *t, int decimals, double d)
{
    struct buf b = {};

    if (isfinite(d))
        buf_add_format(&b, "%.*f", decimals, d);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void put_rows(struct cli_table *t, const struct contracts_view *v)
{
    static const char *const heading[] = {"renewal",  "asked",           "left",
                                          "stayed %", "by sbg %",        "from",
                                          "to",       "payments to come"};

    t->columns = v->discount > 0 ? 8 : 7;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (size_t i = 0; i < v->n; i++) {
        const struct contracts_row *r = &v->row[i];

        cli_table_number(t, i + 1);
        cli_table_number(t, r->asked);
        cli_table_number(t, r->left);
        add_number(t, 2, 100 * r->stayed);
        add_number(t, 2, 100 * r->expected);
        add_number(t, 2, 100 * r->sure.low);
        add_number(t, 2, 100 * r->sure.high);
        if (v->discount > 0)
            add_number(t, 3, r->worth);
    }
}

static void print_model(struct buf *b, const struct contracts_view *v)
{
    buf_add_format(b, "sbg, of %llu contracts up to ",
                   (unsigned long long)v->contracts->begun);
    value_put_day(b, v->until_day);
    buf_add_format(b,
                   "; %llu of them were ended. A term is a %.*s.\nalpha %.6g, beta %.6g; "
                   "log-likelihood %.3f.\n",
                   (unsigned long long)v->contracts->ended, STR_FMT(v->unit),
                   v->model.alpha, v->model.beta, v->fit.log_likelihood);
    if (v->fit.limit != FIT_INSIDE)
        buf_add_format(b, "The data have %s.\n", value_limit_text(v->fit.limit));
    if (!v->fit.converged)
        buf_add(b,
                STR("No maximum was found: how sure what follows is cannot be told.\n"));
    if (v->discount > 0)
        buf_add_format(b,
                       "A new contract is worth %.3f payments, the first too, at %.4g a "
                       "year; one that comes to a renewal what stands beside it.\n",
                       v->lifetime, v->discount);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct contracts_question *q = question;
    struct cli_table t = {.arena = &c->arena};
    struct contracts_view v;

    if (!cli_moment(c, "until", engine_model(e)->workspace.zone, MOMENT_NEVER,
                    &q->until_ms, err)
        || !engine_contracts(e, q, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        contracts_put_json(&(struct json_out){.to = b}, &v);
        buf_add_char(b, '\n');
    } else {
        put_rows(&t, &v);
        if (cli_has(c, "csv")) {
            cli_table_csv(&t, b);
        } else {
            print_model(b, &v);
            buf_add_char(b, '\n');
            cli_table_print(&t, b);
        }
    }
    contracts_view_free(&v);
    return true;
}

int value_contracts_run(struct cli *c)
{
    struct contracts_question q = {.event = cli_text(c, "event"),
                                   .end = cli_text(c, "end"),
                                   .unit = cli_text(c, "unit"),
                                   .ahead = cli_text(c, "ahead"),
                                   .discount = cli_text(c, "discount")};

    return report_run(c, answer, &q, &q.scope);
}
