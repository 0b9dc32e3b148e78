#include "value/bgnbd.h"

#include "base/mem.h"

#include <math.h>
#include <string.h>

/* A term of a log-likelihood, with its derivatives by one side's parameters (rate or dropout). */
struct term {
    double value, first[2], second[2][2];
};

struct log_and_inverse {
    double log, inverse;
};

static struct log_and_inverse log_and_inverse(double of)
{
    return (struct log_and_inverse){log(of), 1 / of};
}

/* Of an age y, in gamma's case: log(1 + y / alpha), 1 / (alpha + y) and 1 / alpha less that. Where all
 * buy nearly alike, r and alpha are large: differences of large logarithms would have no digits left. */
struct aged {
    double log, inverse, less;
};

static struct aged aged(double alpha, double y)
{
    double inverse = 1 / (alpha + y);

    return (struct aged){log1p(y / alpha), inverse, y / alpha * inverse};
}

/* What one evaluation needs of each day and each number of purchases. */
struct tables {
    const struct bgnbd *model;
    const struct cbs *data;
    struct aged *aged;            /* [age_max + 1], by days */
    struct log_and_inverse a, *b; /* [x_max + 1]: b + leavings survived */
    double *more;                 /* [x_max]: customers with x > j */
};

/* How often somebody with x purchases could have left. */
static double chances(const struct bgnbd *m, double x)
{
    return m->at_once ? x + 1 : x;
}

/* --- the rate --- */

/* log of sum over j < k of (u)_j / j! v^j: he is alive, and j of the k steps to his next purchase
 * are done. In gamma's case v is (T - t_x) / (alpha + T). */
static struct term steps_gamma(double u, double v, double alpha_age, unsigned k)
{
    struct term t = {};
    double c = 1, cu = 0, cuu = 0, power = 1; /* (u)_j / j!, its derivatives, v^j */
    double f = 0, fu = 0, fuu = 0, fv = 0, fuv = 0, fvv = 0;
    double va = -v / alpha_age, vaa = 2 * v / (alpha_age * alpha_age);

    if (k == 1)
        return t;
    for (unsigned j = 0; j < k; j++) {
        double before = j ? j * power / v : 0, before2 = j > 1 ? (j - 1) * before / v : 0;

        if (v <= 0 && j > 0) {
            before = j == 1;
            before2 = j == 2 ? 2 : 0;
        }
        f += c * power;
        fu += cu * power;
        fuu += cuu * power;
        fv += c * before;
        fuv += cu * before;
        fvv += c * before2;
        cuu = (cuu * (u + j) + 2 * cu) / (j + 1);
        cu = (cu * (u + j) + c) / (j + 1);
        c = c * (u + j) / (j + 1);
        power *= v;
    }
    t.value = log(f);
    t.first[0] = fu / f;
    t.first[1] = fv * va / f;
    t.second[0][0] = fuu / f - t.first[0] * t.first[0];
    t.second[0][1] = fuv * va / f - t.first[0] * t.first[1];
    t.second[1][1] = (fvv * va * va + fv * vaa) / f - t.first[1] * t.first[1];
    return t;
}

/* The same when all have one rate, whose steps in the silence are w = rate * (T - t_x). */
static struct term steps_same(double rate, double silence, unsigned k)
{
    struct term t = {};
    double w = rate * silence, one = 1, f = 0, fw = 0, fww = 0, last[2] = {};

    if (k == 1)
        return t;
    for (unsigned j = 0; j < k; j++) {
        f += one;
        fw += last[0];
        fww += last[1];
        last[1] = last[0];
        last[0] = one;
        one = one * w / (j + 1);
    }
    t.value = log(f);
    t.first[0] = fw / f * silence;
    t.second[0][0] = fww / f * silence * silence - t.first[0] * t.first[0];
    return t;
}

/* Of one row: `stays` is the log-density of purchases of someone who is still there, `left` what
 * is to be added to it for someone who left at t_x. */
static inline void rate_terms(const struct bgnbd *m, enum bgnbd_rate kind, unsigned k,
                              struct aged age, struct aged last, struct bgnbd_seen c,
                              struct term *stays, struct term *left)
{
    double x = k * c.x;
    struct term steps;

    if (kind == RATE_SAME) {
        double rate = m->parameter[0];

        steps = steps_same(rate, c.age - c.last, k);
        *stays = (struct term){steps.value + x * log(rate) - rate * c.age,
                               {steps.first[0] + x / rate - c.age},
                               {{steps.second[0][0] - x / (rate * rate)}}};
        *left = (struct term){rate * (c.age - c.last) - steps.value,
                              {c.age - c.last - steps.first[0]},
                              {{-steps.second[0][0]}}};
        return;
    }
    double alpha = m->parameter[1], u = m->parameter[0] + x;
    double both = age.log - last.log, less = age.less - last.less;

    /* Of log(alpha^-x (r)_x), which is summed for all rows together, see add_shared_terms. */
    steps = steps_gamma(u, (c.age - c.last) * age.inverse, alpha + c.age, k);
    *stays = (struct term){
        steps.value - u * age.log,
        {steps.first[0] - age.log, steps.first[1] + u * age.less},
        {{steps.second[0][0], steps.second[0][1] + age.less},
         {0, steps.second[1][1] - u * age.less * (1 / alpha + age.inverse)}}};
    *left = (struct term){
        u * both - steps.value,
        {both - steps.first[0], -u * less - steps.first[1]},
        {{-steps.second[0][0], -less - steps.second[0][1]},
         {0, u * less * (last.inverse + age.inverse) - steps.second[1][1]}}};
}

/* --- the dropout --- */

/* The log-odds of having left at the last purchase, to having never left, by dropout alone. */
static inline struct term odds_term(enum bgnbd_dropout kind, struct log_and_inverse a,
                                    struct log_and_inverse b)
{
    if (kind == DROPOUT_SAME)
        return (struct term){a.log, {a.inverse}, {{-a.inverse * a.inverse}}};
    return (struct term){a.log - b.log,
                         {a.inverse, -b.inverse},
                         {{-a.inverse * a.inverse, 0}, {0, b.inverse * b.inverse}}};
}

/* --- the likelihood --- */

/* sign * sum over customers of log gamma(at + n) - log gamma(at), which is a sum of logarithms;
 * `more`: how many have n > j. */
static void add_gammas(double at, double sign, double more, double j, double *value,
                       double *first, double *second)
{
    *value += sign * more * log(at + j);
    *first += sign * more / (at + j);
    *second -= sign * more / ((at + j) * (at + j));
}

static void add_shared_terms(const struct tables *t, struct slope *s)
{
    const struct bgnbd *m = t->model;
    const struct cbs *d = t->data;
    size_t at = bgnbd_rate_n(m);
    double all = (double)d->customers;

    if (m->rate == RATE_GAMMA) {
        double r = m->parameter[0], alpha = m->parameter[1];
        double steps = (double)d->purchases * m->k;

        for (uint32_t x = 0; x < d->x_max; x++)
            for (unsigned i = 0; i < m->k; i++)
                add_gammas(r, 1, t->more[x], (double)x * m->k + i, &s->value,
                           &s->first[0], &s->second[0][0]);
        s->value -= steps * log(alpha);
        s->first[1] -= steps / alpha;
        s->second[1][1] += steps / (alpha * alpha);
    }
    if (m->dropout == DROPOUT_BETA) {
        double a = m->parameter[at], b = m->parameter[at + 1];
        uint32_t n = (uint32_t)chances(m, d->x_max);

        for (uint32_t i = 0; i < n; i++) {
            double more = m->at_once ? (i ? t->more[i - 1] : all) : t->more[i];
            double first = 0, second = 0;

            add_gammas(b, 1, more, i, &s->value, &s->first[at + 1],
                       &s->second[at + 1][at + 1]);
            add_gammas(a + b, -1, more, i, &s->value, &first, &second);
            s->first[at] += first;
            s->first[at + 1] += first;
            s->second[at][at] += second;
            s->second[at][at + 1] += second;
            s->second[at + 1][at + 1] += second;
        }
    } else if (m->dropout == DROPOUT_SAME) {
        double odds = m->parameter[at];
        double n = (double)d->purchases + (m->at_once ? all : 0);

        s->value -= n * log1p(odds);
        s->first[at] -= n / (1 + odds);
        s->second[at][at] += n / ((1 + odds) * (1 + odds));
    }
}

static double as_share(double q)
{
    return q > 0 ? 1 / (1 + exp(-q)) : exp(q) / (1 + exp(q));
}

static inline void add_row(const struct tables *t, const struct cbs_row *row,
                           enum bgnbd_rate rate, enum bgnbd_dropout dropout, unsigned k,
                           struct slope *s)
{
    const struct bgnbd *m = t->model;
    const struct aged never = {};
    const struct log_and_inverse none = {};
    double unit = m->unit_days, n = row->customers;
    struct bgnbd_seen c = {row->x, row->last_days / unit, row->age_days / unit};
    size_t rate_n = rate_parameters(rate), drop_n = dropout_parameters(dropout);
    bool may_have_left = drop_n && chances(m, row->x) > 0, gamma = rate == RATE_GAMMA;
    struct term stays, left, odds = {};
    double share = 0, spread, q[NEWTON_MAX];

    rate_terms(m, rate, k, gamma ? t->aged[row->age_days] : never,
               gamma ? t->aged[row->last_days] : never, c, &stays, &left);
    s->value += n * stays.value;
    if (may_have_left) {
        double log_odds, less;

        odds = odds_term(dropout, t->a, dropout == DROPOUT_BETA ? t->b[row->x] : none);
        log_odds = left.value + odds.value;
        less = exp(-fabs(log_odds));
        s->value += n * (fmax(log_odds, 0) + log(1 + less));
        share = (log_odds > 0 ? 1 : less) / (1 + less);
    }
    spread = share * (1 - share);
    for (size_t i = 0; i < rate_n; i++) {
        q[i] = left.first[i];
        s->first[i] += n * (stays.first[i] + share * q[i]);
        for (size_t j = i; j < rate_n; j++)
            s->second[i][j] += n * (stays.second[i][j] + share * left.second[i][j]);
    }
    for (size_t i = 0; i < drop_n; i++) {
        q[rate_n + i] = odds.first[i];
        s->first[rate_n + i] += n * share * odds.first[i];
        for (size_t j = i; j < drop_n; j++)
            s->second[rate_n + i][rate_n + j] += n * share * odds.second[i][j];
    }
    for (size_t i = 0; i < rate_n + drop_n && spread > 0; i++)
        for (size_t j = i; j < rate_n + drop_n; j++)
            s->second[i][j] += n * spread * q[i] * q[j];
}

static void add_rows(const void *context, unsigned thread, size_t from, size_t to,
                     struct slope *sum)
{
    const struct tables *t = context;
    const struct bgnbd *m = t->model;
    const struct cbs_row *row = t->data->row;
    struct slope s = *sum;

    (void)thread;
    /* Of the usual models much is known before the program runs. */
    if (m->rate == RATE_GAMMA && m->dropout == DROPOUT_BETA && m->k == 1)
        for (size_t i = from; i < to; i++)
            add_row(t, &row[i], RATE_GAMMA, DROPOUT_BETA, 1, &s);
    else
        for (size_t i = from; i < to; i++)
            add_row(t, &row[i], m->rate, m->dropout, m->k, &s);
    *sum = s;
}

static void slope_at(void *context, const double *at, struct slope *out)
{
    struct tables *t = context;
    struct bgnbd here = *t->model;
    struct tables now = *t;
    const struct cbs *d = t->data;
    size_t rate_n = bgnbd_rate_n(&here), n = rate_n + bgnbd_dropout_n(&here);

    memcpy(here.parameter, at, n * sizeof *at);
    now.model = &here;
    for (uint32_t i = 0; now.aged && i <= d->age_max; i++)
        now.aged[i] = aged(at[1], i / here.unit_days);
    if (here.dropout != DROPOUT_NONE)
        now.a = log_and_inverse(at[rate_n]);
    for (uint32_t x = 0; now.b && x <= d->x_max; x++)
        now.b[x] = log_and_inverse(at[rate_n + 1] + fmax(0, chances(&here, x) - 1));
    *out = (struct slope){};
    if (here.k > 1) /* of the gaps themselves; with k = 1 there is nothing of it */
        out->value =
            (here.k - 1) * (d->log_gaps - (double)d->purchases * log(here.unit_days))
            - (double)d->purchases * lgamma(here.k);
    add_shared_terms(&now, out);
    fit_sum(d->n, add_rows, &now, out);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < i; k++)
            out->second[i][k] = out->second[k][i];
}

static bool tables_new(struct tables *t, const struct bgnbd *m, const struct cbs *d,
                       struct arena *a, struct err *err)
{
    *t = (struct tables){.model = m, .data = d};
    if (m->rate == RATE_GAMMA)
        t->aged = arena_array(a, struct aged, d->age_max + 1);
    if (m->dropout == DROPOUT_BETA)
        t->b = arena_array(a, struct log_and_inverse, d->x_max + 1);
    t->more = arena_array(a, double, d->x_max + 1);
    if (!t->more || (m->rate == RATE_GAMMA && !t->aged)
        || (m->dropout == DROPOUT_BETA && !t->b))
        return err_nomem(err);
    for (uint32_t i = 0; i < d->n; i++)
        if (d->row[i].x)
            t->more[d->row[i].x - 1] += d->row[i].customers;
    for (uint32_t x = d->x_max; x-- > 1;)
        t->more[x - 1] += t->more[x];
    return true;
}

bool bgnbd_log_likelihood(const struct bgnbd *m, const struct cbs *data, double *out,
                          struct err *err)
{
    struct arena a = {};
    struct tables t;
    struct slope s;
    bool ok = tables_new(&t, m, data, &a, err);

    if (ok) {
        slope_at(&t, m->parameter, &s);
        *out = s.value;
    }
    arena_free(&a);
    return ok;
}

/* --- fitting --- */

static bool fit_one(const struct bgnbd *m, const struct cbs *d, const double *start,
                    struct newton *out, struct err *err)
{
    struct arena a = {};
    struct tables t;
    double from[NEWTON_MAX] = {0.5, 0.5, 0.5, 1.5}, days = 0;
    size_t rate_n = bgnbd_rate_n(m);
    bool ok = tables_new(&t, m, d, &a, err);

    if (ok) {
        for (uint32_t i = 0; i < d->n; i++)
            days += (double)d->row[i].age_days * d->row[i].customers;
        from[rate_n - 1] = days / m->unit_days / (double)d->purchases / m->k;
        if (m->rate == RATE_SAME)
            from[0] = 1 / from[0];
        else
            from[1] *= from[0];
        *out = fit_from(slope_at, &t, start, from, rate_n + bgnbd_dropout_n(m));
    }
    arena_free(&a);
    return ok;
}

static enum fit_limit limit_of(const struct bgnbd *m, bool may_leave)
{
    bool same = m->rate == RATE_SAME;

    if (m->dropout == DROPOUT_SAME)
        return same ? FIT_SAME_RATE_SAME_DROPOUT : FIT_SAME_DROPOUT;
    if (m->dropout == DROPOUT_NONE && may_leave)
        return same ? FIT_SAME_RATE_NO_DROPOUT : FIT_NO_DROPOUT;
    return same ? FIT_SAME_RATE : FIT_INSIDE;
}

bool bgnbd_fit(struct bgnbd *m, const struct cbs *data, const double *start,
               struct fit *out, struct err *err)
{
    static const struct {
        enum bgnbd_rate rate;
        enum bgnbd_dropout dropout;
    } limit[] = {
        {RATE_SAME, DROPOUT_BETA},  {RATE_GAMMA, DROPOUT_SAME}, {RATE_SAME, DROPOUT_SAME},
        {RATE_GAMMA, DROPOUT_NONE}, {RATE_SAME, DROPOUT_NONE},
    };
    bool may_leave = m->dropout != DROPOUT_NONE;
    struct newton best;

    if (data->purchases == 0)
        return err_set(err, ERR_INPUT, "%s", fit_nobody_twice);
    if (!fit_one(m, data, start, &best, err))
        return false;
    for (size_t i = 0; best.end != NEWTON_FOUND && i < sizeof limit / sizeof *limit;
         i++) {
        struct bgnbd other = *m;
        struct newton tried;

        if (!may_leave && limit[i].dropout != DROPOUT_NONE)
            continue;
        other.rate = limit[i].rate;
        other.dropout = limit[i].dropout;
        if (!fit_one(&other, data, NULL, &tried, err))
            return false;
        if (fit_is_better(&tried, &best)) {
            m->rate = other.rate;
            m->dropout = other.dropout;
            best = tried;
        }
    }
    memcpy(m->parameter, best.at, sizeof m->parameter);
    *out = fit_of(&best, limit_of(m, may_leave));
    return true;
}

/* --- one customer --- */

static double log_left(const struct bgnbd *m, struct bgnbd_seen c)
{
    const double *p = m->parameter, *drop = p + bgnbd_rate_n(m);
    struct aged age = {}, last = {};
    struct log_and_inverse b = {};
    struct term stays, left;
    double survived = chances(m, c.x) - 1;

    if (m->dropout == DROPOUT_NONE || survived < 0)
        return -INFINITY;
    if (m->rate == RATE_GAMMA) {
        age = aged(p[1], c.age);
        last = aged(p[1], c.last);
    }
    if (m->dropout == DROPOUT_BETA)
        b = log_and_inverse(drop[1] + survived);
    rate_terms(m, m->rate, m->k, age, last, c, &stays, &left);
    return left.value + odds_term(m->dropout, log_and_inverse(drop[0]), b).value;
}

double bgnbd_alive(const struct bgnbd *m, struct bgnbd_seen c)
{
    return as_share(-log_left(m, c));
}

/* What is to come of someone who is there: how many steps at his rate, of which every k-th is a
 * purchase, and whether he stays after one. */
struct ahead {
    double shape, share; /* of gamma: a negative binomial distribution of the steps */
    double mean;
    bool same;
    double log_none; /* log of the probability of no step */
};

static struct ahead ahead_of(const struct bgnbd *m, struct bgnbd_seen c, unsigned done,
                             double length)
{
    struct ahead a = {.same = m->rate == RATE_SAME};

    if (a.same) {
        a.mean = m->parameter[0] * length;
        a.log_none = -a.mean;
        return a;
    }
    a.shape = m->parameter[0] + m->k * c.x + done;
    a.share = length / (m->parameter[1] + c.age + length);
    a.mean = a.shape * length / (m->parameter[1] + c.age);
    a.log_none = a.shape * log1p(-a.share);
    return a;
}

/* The probability of n + 1 steps, by that of n. */
static double one_more(const struct ahead *a, double n)
{
    return a->same ? a->mean / (n + 1) : (a->shape + n) / (n + 1) * a->share;
}

/* The mean probability that he stays once more, having stayed so often. */
static double stays_again(const struct bgnbd *m, double stayed)
{
    const double *p = m->parameter + bgnbd_rate_n(m);

    switch (m->dropout) {
    case DROPOUT_BETA:
        return (p[1] + stayed) / (p[0] + p[1] + stayed);
    case DROPOUT_SAME:
        return 1 / (1 + p[0]);
    case DROPOUT_NONE:
        break;
    }
    return 1;
}

/* How likely it is that `done` of the k steps to the next purchase are done. */
static void steps_done(const struct bgnbd *m, struct bgnbd_seen c,
                       double share[static BGNBD_K_MAX])
{
    double silence = c.age - c.last, sum = 0, one = 1;

    for (unsigned j = 0; j < m->k; j++) {
        share[j] = one;
        sum += one;
        one *= m->rate == RATE_SAME ? m->parameter[0] * silence / (j + 1)
                                    : (m->parameter[0] + m->k * c.x + j) / (j + 1)
                                          * silence / (m->parameter[1] + c.age);
    }
    for (unsigned j = 0; j < m->k; j++)
        share[j] /= sum;
}

/* Calls for each number of steps, from 0 on until the rest is nothing, with its probability. */
typedef void on_steps(void *context, uint64_t n, double probability);

static void each_number(const struct ahead *a, on_steps *on, void *context)
{
    double log_p = a->log_none, p = log_p > -700 ? exp(log_p) : 0, rest = 1;

    for (uint64_t n = 0; rest > 1e-17 || (double)n < a->mean; n++) {
        on(context, n, p);
        rest = (double)n < a->mean ? 1 : p * (double)(n + 1);
        if (p > 0) {
            p *= one_more(a, (double)n);
        } else {
            log_p += log(one_more(a, (double)n));
            p = log_p > -700 ? exp(log_p) : 0;
        }
    }
}

struct sum {
    const struct bgnbd *model;
    unsigned done;
    double survived,
        stays;        /* chances to leave, until now; that he stays so often again */
    double purchases; /* expected, of so many steps */
    double sum;
};

static void add_purchases(void *context, uint64_t n, double probability)
{
    struct sum *s = context;

    if (n > 0 && (n + s->done) % s->model->k == 0) {
        s->purchases += s->stays;
        s->stays *= stays_again(s->model, s->survived++);
    }
    s->sum += probability * s->purchases;
}

double bgnbd_expected(const struct bgnbd *m, struct bgnbd_seen c, double length)
{
    double share[BGNBD_K_MAX] = {}, sum = 0;

    steps_done(m, c, share);
    for (unsigned done = 0; done < m->k && length > 0; done++) {
        struct ahead a = ahead_of(m, c, done, length);
        struct sum s = {
            .model = m, .done = done, .survived = chances(m, c.x), .stays = 1};

        each_number(&a, add_purchases, &s);
        sum += share[done] * s.sum;
    }
    return bgnbd_alive(m, c) * sum;
}

struct count {
    const struct bgnbd *model;
    unsigned done;
    uint64_t n;
    double exactly, more; /* that the time is enough for n purchases, or for more */
};

static void add_chance(void *context, uint64_t n, double probability)
{
    struct count *s = context;
    uint64_t purchases = (n + s->done) / s->model->k;

    s->exactly += purchases == s->n ? probability : 0;
    s->more += purchases > s->n ? probability : 0;
}

double bgnbd_chance(const struct bgnbd *m, struct bgnbd_seen c, unsigned n, double length)
{
    double share[BGNBD_K_MAX] = {}, alive = bgnbd_alive(m, c), sum = 0, stays = 1;

    for (unsigned i = 0; i + 1 < n; i++)
        stays *= stays_again(m, chances(m, c.x) + i);
    steps_done(m, c, share);
    for (unsigned done = 0; done < m->k; done++) {
        struct ahead a = ahead_of(m, c, done, fmax(length, 0));
        struct count s = {.model = m, .done = done, .n = n};

        each_number(&a, add_chance, &s);
        sum += share[done] * s.exactly;
        if (n > 0)
            sum += share[done] * s.more * (1 - stays_again(m, chances(m, c.x) + n - 1));
    }
    return alive * stays * sum + (n == 0 ? 1 - alive : 0);
}
