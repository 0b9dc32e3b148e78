#include "engine/lift.h"

#include "base/num.h"

#include <math.h>

const char *lift_measure_name(enum lift_measure m)
{
    return m == LIFT_CONVERSION ? "conversion" : "value";
}

const char *lift_method_name(enum lift_method m)
{
    static const char *const name[] = {
        [LIFT_DIFFERENCE] = "difference", [LIFT_RATIO] = "ratio",
        [LIFT_BETTER] = "better",         [LIFT_CUPED] = "cuped",
        [LIFT_ALWAYS] = "always",         [LIFT_GAINED] = "gained"};

    return m < LIFT_METHODS ? name[m] : "";
}

static void put_int(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_double(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    json_put_double(j, d);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

static void put_group(struct json_out *j, const struct lift_view *v,
                      const struct lift_group *g)
{
    double low = NAN, high = NAN, share = NAN;
    struct sample value = joint_sample(&g->measure[LIFT_VALUE]);

    if (g->converted.n) {
        share = (double)g->converted.hits / (double)g->converted.n;
        share_interval(g->converted, &low, &high);
    }
    json_begin_object(j);
    json_key(j, "group");
    json_put_text(j, g->name);
    put_int(j, "assigned", g->assigned);
    put_int(j, "waiting", g->waiting);
    put_int(j, "customers", g->converted.n);
    put_int(j, "converted", g->converted.hits);
    put_double(j, "share", share);
    put_double(j, "low", low);
    put_double(j, "high", high);
    if (v->value.n) {
        put_double(j, "mean", value.mean);
        put_double(j, "spread", sqrt(value.variance));
    }
    json_end_object(j);
}

static void put_estimate(struct json_out *j, enum lift_method m, struct lift_estimate e)
{
    json_key(j, lift_method_name(m));
    if (m == LIFT_BETTER) {
        json_put_double(j, e.estimate);
        return;
    }
    if (isnan(e.estimate)) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_double(j, "estimate", e.estimate);
    put_double(j, "low", e.low);
    put_double(j, "high", e.high);
    if (m != LIFT_RATIO && m != LIFT_GAINED)
        put_double(j, "p", e.p);
    json_end_object(j);
}

static void put_credit(struct json_out *j, const struct lift_view *v,
                       const struct lift_credit *c)
{
    static const char *const name[LIFT_MEASURES] = {"conversions", "value"};

    json_key(j, "attribution");
    json_begin_object(j);
    put_int(j, "came", c->came);
    for (int m = 0; m < (v->value.n ? LIFT_MEASURES : LIFT_VALUE); m++) {
        json_key(j, name[m]);
        json_begin_object(j);
        put_estimate(j, LIFT_GAINED, c->gained[m]);
        json_key(j, "owed");
        json_begin_object(j);
        for (enum attribution_model k = 0; k < ATTRIBUTION_MODELS_END; k++) {
            json_key_str(j, attribution_model_name(k));
            json_put_double(j, c->owed[m][k]);
        }
        json_end_object(j);
        json_end_object(j);
    }
    json_end_object(j);
}

static void put_effect(struct json_out *j, const struct lift_view *v,
                       const struct lift_effect *e)
{
    json_begin_object(j);
    json_key(j, "group");
    json_put_text(j, v->group[e->group].name);
    for (int m = 0; m < (v->value.n ? LIFT_MEASURES : LIFT_VALUE); m++) {
        json_key(j, lift_measure_name((enum lift_measure)m));
        json_begin_object(j);
        for (int k = 0; k < LIFT_METHODS; k++)
            if (m == LIFT_CONVERSION || (k != LIFT_RATIO && k != LIFT_BETTER))
                put_estimate(j, (enum lift_method)k, e->of[m][k]);
        json_end_object(j);
    }
    if (v->channel.n)
        put_credit(j, v, &e->credit);
    json_end_object(j);
}

static void put_balance(struct json_out *j, const struct lift_view *v)
{
    json_key(j, "balance");
    if (v->group_n < 2) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_double(j, "chi_square", v->chi_square);
    put_int(j, "degrees", v->group_n - 1);
    put_double(j, "p", v->p);
    json_key(j, "is_off");
    json_put_bool(j, v->is_off);
    json_end_object(j);
}

bool lift_put_json(struct json_out *j, const struct engine *e, const struct lift_view *v,
                   struct arena *a, struct err *err)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->assignments->plan.at_ms);
    put_text(j, "group_by", v->group_by);
    put_text(j, "conversion", v->conversion);
    put_text(j, "value", v->value);
    if (v->channel.n)
        put_text(j, "channel", v->channel);
    put_text(j, "control", v->group_n ? v->group[v->control].name : STR(""));
    put_int(j, "several", v->several);
    put_balance(j, v);
    json_key(j, "explained");
    json_begin_object(j);
    for (int m = 0; m < (v->value.n ? LIFT_MEASURES : LIFT_VALUE); m++)
        put_double(j, lift_measure_name((enum lift_measure)m), v->cuped[m].explained);
    json_end_object(j);
    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t g = 0; g < v->group_n; g++)
        put_group(j, v, &v->group[g]);
    json_end_list(j);
    json_key(j, "effects");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->effect_n; i++)
        put_effect(j, v, &v->effect[i]);
    json_end_list(j);
    if (v->list && !report_put_listed(j, "customers", e, &v->listed, a, err))
        return false;
    json_end_object(j);
    return true;
}

/* --- before it begins --- */

/* More than 0, and less than `below`. */
static bool number(const char *name, str text, double below, double *out, struct err *err)
{
    int64_t number;

    if (!num_parse(text, &number) || number <= 0 || (double)number / 1e6 >= below)
        return err_set(err, ERR_INPUT, "%s is a number above 0%s, not \"%.*s\"", name,
                       below <= 1 ? " and below 1" : "", (int)(text.n < 60 ? text.n : 60),
                       text.p);
    *out = (double)number / (double)NUM_ONE;
    return true;
}

static bool find_change(struct lift_planned *p, struct err *err)
{
    p->customers = floor(p->customers);
    p->change = p->of_rate ? plan_share_change(p->rate, p->customers, p->power)
                           : plan_mean_change(p->spread, p->customers, p->power);
    return !isnan(p->change)
           || err_set(
               err, ERR_INPUT,
               "so few customers show no change at all with that power: name more");
}

static bool find_customers(struct lift_planned *p, struct err *err)
{
    double other = p->rate + p->change;

    if (p->of_rate && !(other < 1))
        return err_set(
            err, ERR_INPUT,
            "rate and change together are a share, too: they must stay below 1");
    p->customers = ceil(p->of_rate ? plan_shares(p->rate, other, p->power)
                                   : plan_means(p->spread, p->change, p->power));
    p->customers = fmax(p->customers, 2);
    return p->customers < 1e15
           || err_set(err, ERR_INPUT,
                      "so small a change is not found by any number of customers: name a "
                      "larger one");
}

bool engine_lift_plan(const struct lift_plan *q, struct lift_planned *out,
                      struct err *err)
{
    *out = (struct lift_planned){.of_rate = q->rate.n > 0, .power = 0.8};
    if (!q->rate.n == !q->spread.n)
        return err_set(
            err, ERR_INPUT,
            "either rate, the share that converts now, or spread, the standard "
            "deviation of what customers bring");
    if (!q->change.n == !q->customers.n)
        return err_set(err, ERR_INPUT,
                       "either change, what is to be found, or customers, how many there "
                       "are in each group");
    if ((q->power.n && !number("power", q->power, 1, &out->power, err))
        || (q->rate.n && !number("rate", q->rate, 1, &out->rate, err))
        || (q->spread.n && !number("spread", q->spread, 1e12, &out->spread, err))
        || (q->change.n
            && !number("change", q->change, q->rate.n ? 1 : 1e12, &out->change, err))
        || (q->customers.n
            && !number("customers", q->customers, 1e12, &out->customers, err)))
        return false;
    return q->change.n ? find_customers(out, err) : find_change(out, err);
}

void lift_plan_put_json(struct json_out *j, const struct lift_planned *p)
{
    json_begin_object(j);
    put_double(j, p->of_rate ? "rate" : "spread", p->of_rate ? p->rate : p->spread);
    put_double(j, "change", p->change);
    put_double(j, "power", p->power);
    put_double(j, "customers", p->customers);
    json_end_object(j);
}
