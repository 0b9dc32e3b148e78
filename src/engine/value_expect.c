#include "base/num.h"
#include "base/radix.h"
#include "base/work.h"
#include "engine/model.h"
#include "engine/value_impl.h"

#include <math.h>
#include <string.h>

#define DAYS_OF_YEAR 365.25

double value_major(const struct engine *e, const struct value_view *v, double stored)
{
    double one = v->brings == VALUE_MONEY ? pow(10, engine_model(e)->workspace.decimals)
                                          : (double)NUM_ONE;

    return stored / one;
}

struct spending value_spending(const struct engine *e, const struct value_view *v,
                               const struct buyer *b)
{
    if (!b->x || b->spent <= 0)
        return (struct spending){0};
    return (struct spending){b->x, value_major(e, v, (double)b->spent) / b->x};
}

double value_worth(const struct engine *e, const struct value_view *v,
                   const struct buyer *b)
{
    return v->has_spending ? gamma_gamma_expected(&v->spending, value_spending(e, v, b))
                           : 0;
}

void value_forecast(const struct value_view *v, const struct repeat_model *m,
                    const struct cbs_row *r, struct forecast *out)
{
    out->alive = repeat_alive(m, r->x, r->last_days, r->age_days);
    out->purchases = repeat_expected(m, r->x, r->last_days, r->age_days, v->ahead_days);
    out->worth =
        v->discount > 0
            ? repeat_discounted(m, r->x, r->last_days, r->age_days, v->ahead_days,
                                log1p(v->discount) / DAYS_OF_YEAR * v->step_days)
            : out->purchases;
}

/* Customers alike in what they did have alike expectations: of each kind, which is a row of the
 * statistics, they are reckoned once. */
struct kind {
    struct forecast forecast; /* but for .value */
    uint32_t rank;            /* kinds of whom the same is expected share one */
};
struct place {
    int64_t rank;
    double value; /* NAN: untold */
    uint32_t buyer, kind;
};
struct expecting {
    const struct engine *e;
    struct value_view *v;
    struct kind *kind;
    struct place *place;
};

enum { PIECES = 64 };

static void set_value(struct forecast *f, double value)
{
    f->is_untold = isnan(value);
    f->value = f->is_untold ? 0 : value;
}

void value_expect_own(const struct engine *e, struct value_view *v)
{
    struct cbs_row row = buyer_cbs(&v->who, v->now_day);

    value_forecast(v, &v->model, &row, &v->own);
    set_value(&v->own, v->own.worth * value_worth(e, v, &v->who));
}

static void expect_kinds(void *context, uint32_t piece)
{
    const struct expecting *x = context;
    const struct value_view *v = x->v;
    uint64_t n = v->cbs.n;

    for (uint64_t i = n * piece / PIECES; i < n * (piece + 1) / PIECES; i++)
        value_forecast(v, &v->model, &v->cbs.row[i], &x->kind[i].forecast);
}

struct ranked {
    int64_t key;
    uint32_t kind;
};

/* Those of whom the most purchases are expected come first: the bits of numbers that are not below 0
 * are in the numbers' order. */
static void rank_kinds(struct kind *kind, uint32_t n, struct ranked *row)
{
    uint32_t rank = 0;

    for (uint32_t i = 0; i < n; i++) {
        memcpy(&row[i].key, &kind[i].forecast.purchases, sizeof row[i].key);
        row[i].key = ~row[i].key;
        row[i].kind = i;
    }
    radix_sort(row, n, sizeof *row);
    for (uint32_t i = 0; i < n; i++) {
        rank += i > 0 && row[i].key != row[i - 1].key;
        kind[row[i].kind].rank = rank;
    }
}

static void expect_values(void *context, uint32_t piece)
{
    const struct expecting *x = context;
    const struct value_view *v = x->v;
    uint64_t n = v->buyers->n;

    for (uint64_t i = n * piece / PIECES; i < n * (piece + 1) / PIECES; i++) {
        const struct buyer *b = &v->buyers->row[i];
        uint32_t kind = cbs_find(&v->cbs, buyer_cbs(b, v->until_day));

        x->place[i] = (struct place){.rank = x->kind[kind].rank,
                                     .value = x->kind[kind].forecast.worth
                                              * value_worth(x->e, v, b),
                                     .buyer = (uint32_t)i,
                                     .kind = kind};
    }
}

static int by_value(const void *a, const void *b, void *context)
{
    const struct expecting *x = context;
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(x->e));
    const struct buyer *buyer = x->v->buyers->row;
    const struct place *l = a, *r = b;
    double left = isnan(l->value) ? 0 : l->value, right = isnan(r->value) ? 0 : r->value;

    if (left != right)
        return left > right ? -1 : 1;
    if (l->kind != r->kind)
        return l->kind < r->kind ? -1 : 1;
    if (!x->v->hold_out_days) /* nothing that is told differs */
        return 0;
    return str_cmp(catalog_customer_id(catalog, buyer[l->buyer].customer),
                   catalog_customer_id(catalog, buyer[r->buyer].customer));
}

static void fill_forecasts(void *context, uint32_t piece)
{
    const struct expecting *x = context;
    uint64_t n = x->v->buyers->n;

    for (uint64_t i = n * piece / PIECES; i < n * (piece + 1) / PIECES; i++) {
        const struct place *p = &x->place[i];
        struct forecast *f = &x->v->forecast[i];

        *f = x->kind[p->kind].forecast;
        f->buyer = p->buyer;
        set_value(f, p->value);
    }
}

static void add_tenths(const struct engine *e, struct value_view *v)
{
    for (size_t i = 0; i < v->buyers->n; i++) {
        const struct forecast *f = &v->forecast[i];
        struct value_tenth *t = &v->tenth[i * VALUE_TENTHS / v->buyers->n];

        t->customers++;
        t->alive += f->alive;
        t->purchases += f->purchases;
        t->value += f->value;
        v->all.customers++;
        v->all.alive += f->alive;
        v->all.purchases += f->purchases;
        v->all.value += f->value;
        v->untold += f->is_untold;
        if (v->hold_out_days) {
            const struct buyer *b = &v->buyers->row[f->buyer];
            double value = v->brings ? value_major(e, v, (double)b->later_spent) : 0;

            t->was_purchases += b->later;
            v->all.was_purchases += b->later;
            t->was_value += value;
            v->all.was_value += value;
        }
    }
}

bool value_expect(const struct engine *e, struct value_view *v, struct arena *a,
                  struct err *err)
{
    size_t n = v->buyers->n, kinds = v->cbs.n;
    struct expecting x = {.e = e,
                          .v = v,
                          .kind = mem_alloc(kinds * sizeof *x.kind),
                          .place = mem_alloc(n * sizeof *x.place)};
    struct ranked *ranked = mem_alloc(kinds * sizeof *ranked);
    bool ok;

    v->forecast = arena_array(a, struct forecast, n + 1);
    ok = (x.kind && x.place && ranked && v->forecast) || err_nomem(err);
    if (ok) {
        work_run(PIECES, work_threads(), expect_kinds, &x);
        rank_kinds(x.kind, v->cbs.n, ranked);
        work_run(PIECES, work_threads(), expect_values, &x);
        radix_sort_then(x.place, n, sizeof *x.place, by_value, &x);
        work_run(PIECES, work_threads(), fill_forecasts, &x);
        add_tenths(e, v);
    }
    mem_free(x.kind);
    mem_free(x.place);
    mem_free(ranked);
    return ok;
}
