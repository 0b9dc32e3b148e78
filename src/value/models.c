#include "value/models.h"

#include "base/mem.h"
#include "value/quadrature.h"

#include <math.h>

static const char *const name[] = {
#define X(name, text) text,
    VALUE_MODELS(X)
#undef X
};

str value_model_name(enum value_model m)
{
    return str_of(name[m]);
}

bool value_model_parse(str text, enum value_model *out, struct err *err)
{
    for (int m = 0; m < VALUE_MODELS_END; m++)
        if (str_eq(text, value_model_name((enum value_model)m))) {
            *out = (enum value_model)m;
            return true;
        }
    return err_set(
        err, ERR_INPUT,
        "there is no model \"%.*s\": nbd, bg-nbd, mbg-nbd, bg-cnbd-k, mbg-cnbd-k, "
        "pareto-nbd and bg-bb are those of how often customers buy",
        STR_FMT(text));
}

/* --- fitting --- */

static bool is_regular(enum value_model kind)
{
    return kind == VALUE_BG_CNBD_K || kind == VALUE_MBG_CNBD_K;
}

static bool fit_bgnbd(enum value_model kind, unsigned k, double unit_days,
                      const struct cbs *data, struct repeat_model *out, struct err *err)
{
    out->kind = kind;
    out->bgnbd = (struct bgnbd){
        .dropout = kind == VALUE_NBD ? DROPOUT_NONE : DROPOUT_BETA,
        .at_once = kind == VALUE_MBG_NBD || kind == VALUE_MBG_CNBD_K,
        .k = k,
        .unit_days = unit_days,
    };
    return bgnbd_fit(&out->bgnbd, data, NULL, &out->fit, err);
}

static bool fit_bgbb(const struct cbs *data, struct repeat_model *out, struct err *err)
{
    struct bgbb_row *row;
    bool ok;

    if (data->age_max > BGBB_CHANCES_MAX)
        return err_set(
            err, ERR_INPUT,
            "bg-bb counts at most %d chances of a customer's, and here are %u: "
            "take a longer unit",
            BGBB_CHANCES_MAX, data->age_max);
    row = mem_alloc((data->n + 1) * sizeof *row);
    if (!row)
        return err_nomem(err);
    for (uint32_t i = 0; i < data->n; i++)
        row[i] = (struct bgbb_row){data->row[i].x, data->row[i].last_days,
                                   data->row[i].age_days, data->row[i].customers};
    out->kind = VALUE_BG_BB;
    ok = bgbb_fit(&out->bgbb, row, data->n, NULL, &out->fit, err);
    mem_free(row);
    return ok;
}

bool repeat_fit(enum value_model kind, unsigned k, double unit_days,
                const struct cbs *data, struct repeat_model *out, struct err *err)
{
    struct repeat_model next;

    if (kind == VALUE_BG_BB)
        return fit_bgbb(data, out, err);
    if (kind == VALUE_PARETO_NBD) {
        out->kind = kind;
        out->pareto = (struct pareto){.unit_days = unit_days};
        return pareto_fit(&out->pareto, data, NULL, &out->fit, err);
    }
    if (!is_regular(kind) || k)
        return fit_bgnbd(kind, k ? k : 1, unit_days, data, out, err);
    if (!fit_bgnbd(kind, 1, unit_days, data, out, err))
        return false;
    for (k = 2; k <= BGNBD_K_MAX; k++) {
        if (!fit_bgnbd(kind, k, unit_days, data, &next, err))
            return false;
        if (!(next.fit.log_likelihood > out->fit.log_likelihood))
            break;
        *out = next;
    }
    return true;
}

bool repeat_choose(double unit_days, const struct cbs *data,
                   struct repeat_model tried[VALUE_MODELS_END],
                   bool was_tried[VALUE_MODELS_END], struct repeat_model *out,
                   struct err *err)
{
    static const enum value_model simple[] = {VALUE_NBD, VALUE_BG_NBD, VALUE_MBG_NBD,
                                              VALUE_PARETO_NBD};

    for (size_t i = 0; i < VALUE_MODELS_END; i++)
        was_tried[i] = false;
    for (size_t i = 0; i < sizeof simple / sizeof *simple; i++) {
        struct repeat_model *m = &tried[simple[i]];

        if (!repeat_fit(simple[i], 1, unit_days, data, m, err))
            return false;
        was_tried[simple[i]] = true;
        /* A model at its limit is a simpler one, which was tried before. Of one without a maximum the
         * likelihood says nothing. */
        if (i == 0 || m->fit.converged > out->fit.converged
            || (m->fit.converged == out->fit.converged
                && m->fit.log_likelihood > out->fit.log_likelihood + 1e-6))
            *out = *m;
    }
    return true;
}

/* --- parameters --- */

size_t repeat_parameter_n(const struct repeat_model *m)
{
    if (m->kind == VALUE_BG_BB)
        return 4;
    if (m->kind == VALUE_PARETO_NBD)
        return (m->pareto.rate == PARETO_GAMMA ? 2u : 1u)
               + (m->pareto.death == PARETO_GAMMA  ? 2u
                  : m->pareto.death == PARETO_SAME ? 1u
                                                   : 0u);
    return bgnbd_rate_n(&m->bgnbd) + bgnbd_dropout_n(&m->bgnbd);
}

const char *repeat_parameter_name(const struct repeat_model *m, size_t i)
{
    static const char *const bgbb[] = {"alpha", "beta", "gamma", "delta"};
    bool pareto = m->kind == VALUE_PARETO_NBD;
    bool rate = pareto ? m->pareto.rate == PARETO_GAMMA : m->bgnbd.rate == RATE_GAMMA;
    size_t rates = rate ? 2 : 1;

    if (m->kind == VALUE_BG_BB)
        return bgbb[i];
    if (i < rates)
        return !rate ? "lambda" : i ? "alpha" : "r";
    i -= rates;
    if (pareto)
        return m->pareto.death == PARETO_SAME ? "mu" : i ? "beta" : "s";
    return m->bgnbd.dropout == DROPOUT_SAME ? "p" : i ? "b" : "a";
}

/* All leave with one probability: the model has its odds. */
static bool is_odds(const struct repeat_model *m, size_t i)
{
    return m->kind != VALUE_PARETO_NBD && m->kind != VALUE_BG_BB
           && m->bgnbd.dropout == DROPOUT_SAME && i == bgnbd_rate_n(&m->bgnbd);
}

static double *parameter(struct repeat_model *m, size_t i)
{
    if (m->kind == VALUE_BG_BB)
        return (double *[]){&m->bgbb.alpha, &m->bgbb.beta, &m->bgbb.gamma,
                            &m->bgbb.delta}[i];
    return m->kind == VALUE_PARETO_NBD ? &m->pareto.parameter[i] : &m->bgnbd.parameter[i];
}

double repeat_parameter(const struct repeat_model *m, size_t i)
{
    struct repeat_model copy = *m;
    double p = *parameter(&copy, i);

    return is_odds(m, i) ? p / (1 + p) : p;
}

double repeat_parameter_error(const struct repeat_model *m, size_t i)
{
    double p = is_odds(m, i) ? m->bgnbd.parameter[i] : 0;

    return is_odds(m, i) ? m->fit.error[i] / ((1 + p) * (1 + p)) : m->fit.error[i];
}

struct repeat_model repeat_moved(const struct repeat_model *m, size_t i, double times)
{
    struct repeat_model moved = *m;

    *parameter(&moved, i) *= times;
    return moved;
}

/* --- one customer --- */

static struct bgbb_row chances(uint32_t x, double last, double age)
{
    return (struct bgbb_row){x, (uint32_t)last, (uint32_t)age, 1};
}

double repeat_alive(const struct repeat_model *m, uint32_t x, double last_days,
                    double age_days)
{
    if (m->kind == VALUE_BG_BB)
        return bgbb_alive(&m->bgbb, chances(x, last_days, age_days));
    if (m->kind == VALUE_PARETO_NBD) {
        double unit = m->pareto.unit_days;

        return pareto_alive(&m->pareto,
                            (struct pareto_seen){x, last_days / unit, age_days / unit});
    }
    return bgnbd_alive(&m->bgnbd, (struct bgnbd_seen){x, last_days / m->bgnbd.unit_days,
                                                      age_days / m->bgnbd.unit_days});
}

/* Of lengths in days; bg-bb has chances for both. */
static double unit_of(const struct repeat_model *m)
{
    return m->kind == VALUE_BG_BB        ? 1
           : m->kind == VALUE_PARETO_NBD ? m->pareto.unit_days
                                         : m->bgnbd.unit_days;
}

double repeat_expected(const struct repeat_model *m, uint32_t x, double last_days,
                       double age_days, double ahead_days)
{
    double unit = unit_of(m);
    double last = last_days / unit, age = age_days / unit, ahead = ahead_days / unit;

    if (m->kind == VALUE_BG_BB)
        return bgbb_expected(&m->bgbb, chances(x, last, age), (unsigned)ahead);
    return m->kind == VALUE_PARETO_NBD
               ? pareto_expected(&m->pareto, (struct pareto_seen){x, last, age}, ahead)
               : bgnbd_expected(&m->bgnbd, (struct bgnbd_seen){x, last, age}, ahead);
}

double repeat_no_purchase(const struct repeat_model *m, uint32_t x, double last_days,
                          double age_days, double ahead_days)
{
    double unit = unit_of(m);
    double last = last_days / unit, age = age_days / unit, ahead = ahead_days / unit;

    if (m->kind == VALUE_BG_BB)
        return bgbb_no_purchase(&m->bgbb, chances(x, last, age), (unsigned)ahead);
    return m->kind == VALUE_PARETO_NBD
               ? pareto_no_purchase(&m->pareto, (struct pareto_seen){x, last, age}, ahead)
               : bgnbd_chance(&m->bgnbd, (struct bgnbd_seen){x, last, age}, 0, ahead);
}

bool repeat_range(const struct repeat_model *m, uint32_t x, double last_days,
                  double age_days, double ahead_days, double sure, unsigned *low,
                  unsigned *high)
{
    double unit = m->bgnbd.unit_days, below = 0;
    struct bgnbd_seen c = {x, last_days / unit, age_days / unit};

    if (m->kind == VALUE_PARETO_NBD || m->kind == VALUE_BG_BB)
        return false;
    *low = *high = 0;
    /* Purchases are counted in days: there are no more of them. */
    for (unsigned n = 0; n <= ahead_days; n++) {
        below += bgnbd_chance(&m->bgnbd, c, n, ahead_days / unit);
        if (below < (1 - sure) / 2)
            *low = n + 1;
        *high = n;
        if (below >= (1 + sure) / 2)
            break;
    }
    return true;
}

/* --- discounted --- */

/* E(t) purchases are expected up to t. By parts, the integral of e^-dt over dE(t) up to T is
 * e^-dT E(T) + d times the integral of e^-dt E(t); in it t is e^u - 1. */
#define AT_ONCE 1e-9 /* days: nothing comes in them */

struct waiting {
    const struct repeat_model *model;
    uint32_t x;
    double last_days, age_days, decline;
};

static double log_waiting(const void *context, double u)
{
    const struct waiting *w = context;
    double days = expm1(u);

    return log(repeat_expected(w->model, w->x, w->last_days, w->age_days, days))
           - w->decline * days + u;
}

static double waiting_falls(const void *context, double u)
{
    const struct waiting *w = context;

    return w->decline * exp(u) - 1;
}

double repeat_discounted(const struct repeat_model *m, uint32_t x, double last_days,
                         double age_days, double ahead_days, double decline)
{
    const struct waiting w = {m, x, last_days, age_days, decline};
    double end = 0;

    if (m->kind == VALUE_BG_BB)
        return isinf(ahead_days)
                   ? bgbb_expected_discounted(&m->bgbb, chances(x, last_days, age_days),
                                              expm1(decline))
                   : bgbb_expected_worth(&m->bgbb, chances(x, last_days, age_days),
                                         (unsigned)ahead_days, expm1(decline));
    if (!(repeat_expected(m, x, last_days, age_days, 1) > 0))
        return 0;
    if (!isinf(ahead_days)) {
        end = repeat_expected(m, x, last_days, age_days, ahead_days);
        if (decline <= 0)
            return end;
        end *= exp(-decline * ahead_days);
    }
    return end
           + decline
                 * exp(quadrature_log((struct quadrature){.log_f = log_waiting,
                                                          .decline = waiting_falls,
                                                          .context = &w,
                                                          .from = AT_ONCE,
                                                          .to = log1p(ahead_days)}));
}
