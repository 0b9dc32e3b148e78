/* Which model is taken by what came: each is fitted to what was known some days before, and its forecasts
 * are held against them. */
#include "base/work.h"
#include "engine/value_impl.h"

#include <math.h>

enum { PIECES = 64 };

struct choosing {
    const struct value_view *v;
    struct cbs then; /* who had bought, as he was known then */
    struct repeat_model tried[VALUE_MODELS_END];
    bool was_tried[VALUE_MODELS_END];
    const struct repeat_model *model; /* of them, whose turn it is */
    double *expected;                 /* by it, of each row of .then */
};

static struct cbs_row row_then(const struct value_view *v, const struct buyer *b)
{
    return (struct cbs_row){b->before - 1, (uint32_t)(b->before_day - b->first_day),
                            (uint32_t)(v->until_day - v->choose_days - b->first_day), 1};
}

static void expect(void *context, uint32_t piece)
{
    const struct choosing *c = context;
    uint64_t n = c->then.n;

    for (uint64_t i = n * piece / PIECES; i < n * (piece + 1) / PIECES; i++) {
        const struct cbs_row *r = &c->then.row[i];

        c->expected[i] =
            repeat_expected(c->model, r->x, r->last_days, r->age_days, c->v->choose_days);
    }
}

static struct value_guess guess_of(const struct choosing *c)
{
    struct value_guess g = {};

    for (size_t i = 0; i < c->v->buyers->n; i++) {
        const struct buyer *b = &c->v->buyers->row[i];

        if (b->before)
            value_guess_add(&g, c->expected[cbs_find(&c->then, row_then(c->v, b))],
                            b->lately);
    }
    value_guess_finish(&g, c->v->choose_customers);
    return g;
}

static bool fit_then(struct value_view *v, struct choosing *c, struct err *err)
{
    struct repeat_model likeliest;

    for (size_t i = 0; i < v->buyers->n; i++) {
        const struct buyer *b = &v->buyers->row[i];

        if (!b->before)
            continue;
        v->choose_customers++;
        v->choose_came += b->lately;
        if (!cbs_add(&c->then, row_then(v, b), 0, err))
            return false;
    }
    if (!cbs_settle(&c->then, err))
        return false;
    return repeat_choose(v->unit_days, &c->then, c->tried, c->was_tried, &likeliest, err)
           || (err->code == ERR_INPUT
               && err_in(err, "choose: %d days before that day", v->choose_days));
}

bool value_choose(struct value_view *v, struct err *err)
{
    static const struct value_guess none = {NAN, NAN, NAN};
    struct choosing c = {.v = v};
    double least = INFINITY;
    bool ok = fit_then(v, &c, err);

    if (ok) {
        c.expected = mem_alloc((size_t)c.then.n * sizeof *c.expected);
        ok = c.expected || err_nomem(err);
    }
    for (int m = 0; ok && m < VALUE_MODELS_END; m++) {
        c.model = &c.tried[m];
        v->tried_guess[m] = none;
        if (!c.was_tried[m] || !c.model->fit.converged || !v->tried[m].fit.converged)
            continue;
        work_run(PIECES, work_threads(), expect, &c);
        v->tried_guess[m] = guess_of(&c);
        if (v->tried_guess[m].root_error < least - 1e-9) {
            least = v->tried_guess[m].root_error;
            v->model = v->tried[m];
        }
    }
    if (ok && isinf(least))
        ok =
            err_set(err, ERR_INPUT,
                    "choose: no model had a maximum %d days before that day: too few had "
                    "come back; take fewer days, or leave choose out",
                    v->choose_days);
    mem_free(c.expected);
    cbs_free(&c.then);
    return ok;
}
