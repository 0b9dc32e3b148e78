#include "engine/value_impl.h"

#include <math.h>

void value_put_day(struct buf *b, int32_t day)
{
    struct civil c = civil_of((int64_t)day * MS_DAY);

    buf_add_format(b, "%04d-%02d-%02d", c.year, c.month, c.day);
}

void value_put_length(struct buf *b, const struct value_view *v, double n)
{
    buf_add_format(b, "%.0f ", n);
    buf_add(b, v->period ? v->unit : STR("day"));
    buf_add(b, n == 1 ? STR("") : STR("s"));
}

int32_t value_first_day(const struct value_view *v, int32_t number)
{
    return period_first_day(v->period, number);
}

int32_t value_last_day(const struct value_view *v)
{
    return period_first_day(v->period, v->until_day + 1) - 1;
}

static void put_double(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    json_put_double(j, d);
}

/* "key_low","key_high": null where it cannot be told. */
static void put_interval(struct json_out *j, const char *low, const char *high,
                         struct interval i)
{
    put_double(j, low, i.low);
    put_double(j, high, i.high);
}

static void put_int(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    json_put_text(j, text);
}

static void put_day(struct json_out *j, const char *key, int32_t day)
{
    struct buf b = {};

    value_put_day(&b, day);
    put_text(j, key, buf_str(&b));
    buf_free(&b);
}

const char *value_limit_text(enum fit_limit limit)
{
    static const char *const text[] = {
#define X(name, words) words,
        FIT_LIMITS(X)
#undef X
    };

    return text[limit];
}

void value_put_fit(struct json_out *j, const struct fit *f)
{
    put_double(j, "log_likelihood", f->log_likelihood);
    json_key(j, "boundary");
    if (f->limit == FIT_INSIDE)
        json_put_null(j);
    else
        json_put_text(j, str_of(value_limit_text(f->limit)));
    json_key(j, "converged");
    json_put_bool(j, f->converged);
}

static void put_repeats(struct json_out *j, const struct repeat_model *m)
{
    size_t n = repeat_parameter_n(m);

    if (m->kind == VALUE_BG_CNBD_K || m->kind == VALUE_MBG_CNBD_K)
        put_int(j, "k", m->bgnbd.k);
    json_key(j, "parameters");
    json_begin_object(j);
    for (size_t i = 0; i < n; i++)
        put_double(j, repeat_parameter_name(m, i), repeat_parameter(m, i));
    json_end_object(j);
    json_key(j, "standard_errors");
    json_begin_object(j);
    for (size_t i = 0; i < n; i++)
        put_double(j, repeat_parameter_name(m, i), repeat_parameter_error(m, i));
    json_end_object(j);
    value_put_fit(j, &m->fit);
}

static void put_spending(struct json_out *j, const struct value_view *v)
{
    static const char *const name[] = {"p", "q", "gamma"};
    const double parameter[] = {v->spending.p, v->spending.q, v->spending.gamma};

    put_int(j, "customers", v->spenders - v->without_money);
    put_int(j, "without_money", v->without_money);
    json_key(j, "parameters");
    json_begin_object(j);
    for (size_t i = 0; i < 3; i++)
        put_double(j, name[i], parameter[i]);
    json_end_object(j);
    json_key(j, "standard_errors");
    json_begin_object(j);
    for (size_t i = 0; i < 3; i++)
        put_double(j, name[i], v->spending_fit.error[i]);
    json_end_object(j);
    value_put_fit(j, &v->spending_fit);
}

static void put_tried(struct json_out *j, const struct value_view *v, enum value_model m)
{
    json_key(j, value_model_name(m).p);
    json_begin_object(j);
    put_double(j, "log_likelihood", v->tried[m].fit.log_likelihood);
    if (v->choose_days) {
        put_double(j, "mean_error", v->tried_guess[m].mean_error);
        put_double(j, "root_error", v->tried_guess[m].root_error);
        put_double(j, "sum", v->tried_guess[m].sum);
    }
    json_end_object(j);
}

/* Inside an open object. */
static void put_fitted(struct json_out *j, const struct value_view *v)
{
    put_text(j, "model",
             v->has_model ? value_model_name(v->model.kind) : STR("gamma-gamma"));
    if (v->has_model) {
        put_int(j, "customers", v->cbs.customers);
        put_int(j, "repeaters", v->cbs.repeaters);
        put_int(j, "purchases", v->cbs.purchases);
        put_repeats(j, &v->model);
    } else {
        put_spending(j, v);
    }
    put_day(j, "until", value_last_day(v));
    put_text(j, "unit", v->unit);
    put_double(j, "seconds", v->seconds);
    if (v->has_model && v->has_spending) {
        json_key(j, "spending");
        json_begin_object(j);
        put_spending(j, v);
        json_end_object(j);
    }
    if (v->was_tried[VALUE_NBD]) {
        json_key(j, "tried");
        json_begin_object(j);
        for (int m = 0; m < VALUE_MODELS_END; m++)
            if (v->was_tried[m])
                put_tried(j, v, (enum value_model)m);
        json_end_object(j);
        put_text(j, "chosen_by",
                 v->choose_days ? STR("hold-out") : STR("log-likelihood"));
        if (v->choose_days) {
            put_int(j, "choose_days", (uint64_t)v->choose_days);
            put_int(j, "choose_customers", v->choose_customers);
            put_int(j, "choose_came", v->choose_came);
        }
    }
}

void value_fit_put_json(struct json_out *j, const struct value_view *v)
{
    json_begin_object(j);
    put_fitted(j, v);
    json_end_object(j);
}

static void put_guess(struct json_out *j, const char *key, const struct value_guess *g)
{
    json_key(j, key);
    json_begin_object(j);
    put_double(j, "mean_error", g->mean_error);
    put_double(j, "root_error", g->root_error);
    put_double(j, "sum", g->sum);
    json_end_object(j);
}

static void put_forecast(struct json_out *j, const struct engine *e,
                         const struct value_view *v, const struct forecast *f)
{
    const struct buyer *b = &v->who;

    json_begin_object(j);
    put_text(j, "customer",
             catalog_customer_id(snapshot_catalog(engine_snapshot(e)), b->customer));
    put_int(j, "purchases", b->x + 1);
    put_day(j, "first", value_first_day(v, b->first_day));
    put_day(j, "last", value_first_day(v, b->day));
    put_double(j, "alive", f->alive);
    put_interval(j, "alive_low", "alive_high", v->customer_sure.alive);
    put_double(j, "expected_purchases", f->purchases);
    put_interval(j, "expected_purchases_low", "expected_purchases_high",
                 v->customer_sure.purchases);
    put_double(j, "no_purchase", v->no_purchase);
    if (v->has_range) {
        put_int(j, "purchases_from", v->low);
        put_int(j, "purchases_to", v->high);
    }
    if (v->discount > 0)
        put_double(j, "discounted_purchases", f->worth);
    if (v->has_spending) {
        put_double(j, "expected_each", value_worth(e, v, b));
        put_double(j, "expected_value", f->is_untold ? NAN : f->value);
        put_interval(j, "expected_value_low", "expected_value_high",
                     v->customer_sure.value);
    }
    json_end_object(j);
}

static void put_tenth(struct json_out *j, const struct value_view *v,
                      const struct value_tenth *t)
{
    json_begin_object(j);
    put_int(j, "customers", t->customers);
    put_double(j, "alive", t->alive);
    put_interval(j, "alive_low", "alive_high", t->sure.alive);
    put_double(j, "expected_purchases", t->purchases);
    put_interval(j, "expected_purchases_low", "expected_purchases_high",
                 t->sure.purchases);
    if (v->has_spending) {
        put_double(j, "expected_value", t->value);
        put_interval(j, "expected_value_low", "expected_value_high", t->sure.value);
    }
    if (v->hold_out_days) {
        put_double(j, "purchases", t->was_purchases);
        if (v->has_spending)
            put_double(j, "value", t->was_value);
    }
    json_end_object(j);
}

static void put_tenths(struct json_out *j, const struct value_view *v)
{
    json_key(j, "tenths");
    json_begin_list(j);
    for (int i = 0; i < VALUE_TENTHS; i++)
        put_tenth(j, v, &v->tenth[i]);
    json_end_list(j);
    json_key(j, "all");
    put_tenth(j, v, &v->all);
}

void value_view_put_json(struct json_out *j, const struct engine *e,
                         const struct value_view *v)
{
    json_begin_object(j);
    put_fitted(j, v);
    put_double(j, v->period ? "ahead" : "ahead_days", v->ahead_days);
    put_double(j, "discount", v->discount);
    put_int(j, "untold", v->untold);
    put_tenths(j, v);
    if (v->hold_out_days) {
        put_int(j, v->period ? "hold_out" : "hold_out_days", (uint64_t)v->hold_out_days);
        put_guess(j, "by_model", &v->by_model);
        put_guess(j, "by_last_time", &v->by_last_time);
        if (v->has_cells)
            put_guess(j, "by_cells", &v->by_cells);
        put_int(j, "came", v->came);
        json_key(j, "nearest");
        json_begin_object(j);
        put_text(j, "mean_error", str_of(value_nearest(v, false)));
        put_text(j, "root_error", str_of(value_nearest(v, true)));
        json_end_object(j);
    }
    if (v->is_now) {
        json_key(j, "now");
        json_put_moment(j, v->now_ms);
        json_key(j, "fitted_at");
        json_put_moment(j, v->fitted_ms);
        json_key(j, "fit_is_latest");
        json_put_bool(j, v->is_latest);
    }
    if (v->customer) {
        json_key(j, "customer");
        put_forecast(j, e, v, v->customer);
    }
    json_end_object(j);
}
