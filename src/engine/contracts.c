#include "engine/contracts.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"
#include "engine/value_impl.h"

#include <math.h>

enum { AHEAD = 12 };
#define DAYS_OF_YEAR 365.25

struct contract_term {
    const char *name;
    enum period period;
    double days;
};
static const struct contract_term *term_of(str name, struct err *err)
{
    static const struct contract_term term[] = {
        {"month", PERIOD_MONTH, DAYS_OF_YEAR / 12},
        {"year", PERIOD_YEAR, DAYS_OF_YEAR},
        {"week", PERIOD_WEEK, 7},
        {"day", PERIOD_DAY, 1}};

    for (size_t i = 0; i < sizeof term / sizeof *term; i++)
        if (!name.n || str_eq(name, str_of(term[i].name)))
            return &term[i];
    err_set(err, ERR_INPUT, "terms are day, week, month and year, not \"%.*s\"",
            STR_FMT(name));
    return NULL;
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct contracts *c;

    if (!contracts_new(plan, &c, err))
        return false;
    *count = c;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    (void)span;
    return contracts_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    (void)err;
    contracts_merge(into, from);
    return true;
}

static void end(void *count)
{
    contracts_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool plan_of(struct engine *e, const struct contracts_question *q,
                    const struct contract_term *term, struct program *p,
                    struct contracts_plan *plan, struct report_scope *scope, str *wrong,
                    struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;

    if (!q->event.n || !q->end.n)
        return err_set(
            err, ERR_INPUT,
            "event says what begins a contract, and end what ends it: sbg needs "
            "both");
    *plan = (struct contracts_plan){.program = p, .zone = z, .term = term->period};
    if (!report_pattern(p, q->event, &plan->begins, wrong, err)
        || !report_pattern(p, q->end, &plan->ends, wrong, err))
        return false;
    if (!value_until(z, q->until_ms, &q->scope, &plan->until_day, err))
        return false;
    *scope = q->scope;
    scope->at_ms = zone_moment(z, ((int64_t)plan->until_day + 1) * MS_DAY)
                   - 1; /* what comes at midnight is not known yet */
    return true;
}

/* How many renewals have been; what was seen at each, as sbg_fit wants it. */
static size_t seen(const struct contracts *c, double *left, double *waits)
{
    size_t n = 0;

    for (size_t i = 0; i < RENEWALS_MAX; i++) {
        left[i] = (double)c->left[i];
        waits[i] = (double)c->waits[i];
        if (c->left[i] || c->waits[i + 1])
            n = i + 1;
    }
    return n;
}

static struct interval sure_of(const struct sbg *m, const struct fit *f, double renewals)
{
    double slope[2];

    for (size_t i = 0; i < 2; i++) {
        struct sbg up = *m, down = *m;

        *(i ? &up.beta : &up.alpha) *= exp(INTERVAL_MOVE);
        *(i ? &down.beta : &down.alpha) *= exp(-INTERVAL_MOVE);
        slope[i] =
            interval_slope(sbg_survival(&up, renewals), sbg_survival(&down, renewals));
    }
    return interval_of_share(sbg_survival(m, renewals), interval_variance(slope, f, 2));
}

static void fill_rows(struct contracts_view *v, const struct contracts *c, size_t been,
                      double rate)
{
    uint64_t there = c->begun;
    double stayed = 1;

    for (size_t i = 0; i < v->n; i++) {
        struct contracts_row *r = &v->row[i];

        *r = (struct contracts_row){.stayed = NAN, .worth = NAN};
        if (i < been) {
            there -= c->waits[i];
            r->asked = there;
            r->left = c->left[i];
            there -= r->left;
            if (r->asked) {
                stayed *= 1 - (double)r->left / (double)r->asked;
                r->stayed = stayed;
            }
        }
        r->expected = sbg_survival(&v->model, (double)i + 1);
        r->sure = sure_of(&v->model, &v->fit, (double)i + 1);
        if (rate > 0)
            r->worth = sbg_expected_lifetime(&v->model, (unsigned)i, false, rate);
    }
    v->lifetime = rate > 0 ? sbg_expected_lifetime(&v->model, 0, true, rate) : NAN;
}

static bool find_ahead(str text, enum period term, size_t been, size_t *out,
                       struct err *err)
{
    struct length l;
    int64_t n;

    *out = been < AHEAD ? been : AHEAD;
    if (!text.n)
        return true;
    if (!length_parse(text, &l, err))
        return err_in(err, "ahead");
    n = value_periods_of(l, term);
    *out = (size_t)n;
    return (n > 0 && n <= RENEWALS_MAX)
           || err_set(err, ERR_INPUT, "ahead is a number of whole terms, at most %d",
                      RENEWALS_MAX);
}

static bool fit(const struct contracts_question *q, const struct contract_term *term,
                struct arena *a, struct contracts_view *v, struct err *err)
{
    const struct contracts *c = v->contracts;
    double *left = arena_array(a, double, RENEWALS_MAX),
           *waits = arena_array(a, double, RENEWALS_MAX + 1);
    size_t been, ahead;

    if (!left || !waits)
        return err_nomem(err);
    been = seen(c, left, waits);
    if (been == 0)
        return err_set(
            err, ERR_INPUT,
            "no contract has come to its first renewal by then: of how long they "
            "go on nothing is known; take a shorter unit, or a later day");
    if (!find_ahead(q->ahead, term->period, been, &ahead, err)
        || !sbg_fit(&v->model,
                    &(struct sbg_data){left, been, (double)c->waits[been], waits}, NULL,
                    &v->fit, err))
        return false;
    v->n = been + ahead;
    v->row = arena_array(a, struct contracts_row, v->n);
    if (!v->row)
        return err_nomem(err);
    fill_rows(v, c, been, expm1(log1p(v->discount) * term->days / DAYS_OF_YEAR));
    return true;
}

bool engine_contracts(struct engine *e, const struct contracts_question *q,
                      struct arena *a, struct contracts_view *out, str *wrong,
                      struct err *err)
{
    const struct contract_term *term = term_of(q->unit, err);
    struct contracts_plan plan = {};
    struct report_scope scope;
    void *count = NULL;
    bool ok;

    *out = (struct contracts_view){};
    *wrong = STR("");
    if (!term || !value_discount(q->discount, &out->discount, err)
        || !report_program(e, &out->program, err))
        return false;
    out->unit = str_of(term->name);
    ok = plan_of(e, q, term, out->program, &plan, &scope, wrong, err)
         && report_count(e, &kind, &scope, &plan, a, &count, wrong, err);
    out->contracts = count;
    out->until_day = plan.until_day;
    ok = ok && fit(q, term, a, out, err);
    if (!ok)
        contracts_view_free(out);
    return ok;
}

void contracts_view_free(struct contracts_view *v)
{
    contracts_free(v->contracts);
    program_free(v->program);
    *v = (struct contracts_view){};
}

/* --- JSON --- */

static void put_double(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    json_put_double(j, d);
}

static void put_int(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_row(struct json_out *j, const struct contracts_row *r, size_t renewal)
{
    json_begin_object(j);
    put_int(j, "renewal", renewal);
    put_int(j, "asked", r->asked);
    put_int(j, "left", r->left);
    put_double(j, "stayed", r->stayed);
    put_double(j, "expected", r->expected);
    put_double(j, "expected_low", r->sure.low);
    put_double(j, "expected_high", r->sure.high);
    put_double(j, "residual", r->worth);
    json_end_object(j);
}

static void put_pair(struct json_out *j, const char *key, double alpha, double beta)
{
    json_key(j, key);
    json_begin_object(j);
    put_double(j, "alpha", alpha);
    put_double(j, "beta", beta);
    json_end_object(j);
}

void contracts_put_json(struct json_out *j, const struct contracts_view *v)
{
    struct buf day = {};

    value_put_day(&day, v->until_day);
    json_begin_object(j);
    json_key(j, "model");
    json_put_text(j, STR("sbg"));
    put_int(j, "customers", v->contracts->begun);
    put_int(j, "ended", v->contracts->ended);
    put_pair(j, "parameters", v->model.alpha, v->model.beta);
    put_pair(j, "standard_errors", v->fit.error[0], v->fit.error[1]);
    value_put_fit(j, &v->fit);
    json_key(j, "until");
    json_put_text(j, buf_str(&day));
    json_key(j, "unit");
    json_put_text(j, v->unit);
    put_double(j, "discount", v->discount);
    put_double(j, "expected_lifetime", v->lifetime);
    json_key(j, "renewals");
    json_begin_list(j);
    for (size_t i = 0; i < v->n; i++)
        put_row(j, &v->row[i], i + 1);
    json_end_list(j);
    json_end_object(j);
    buf_free(&day);
}
