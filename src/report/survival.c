#include "report/survival.h"

#include "base/radix.h"

#include <math.h>

#define Z 1.959963984540054 /* of the normal distribution, at 0.975 */
#define EVEN 1e-9 /* products of shares such as 19/20 * 18/19 do not come out even */

void survival_sort(struct lasted *row, size_t n)
{
    _Static_assert(offsetof(struct lasted, ms) == 0, "it is what they are sorted by");
    radix_sort(row, n, sizeof *row);
}

/* --- the curve --- */

/* Goes from length to length at which something happened to somebody of a group. */
struct walk {
    const struct lasted *row;
    size_t n, next;
    uint32_t group;
    uint64_t left;            /* who are looked at longer than .ms */
    int64_t ms;               /* -1: before the first */
    uint64_t ended, censored; /* at .ms */
    uint64_t at_risk;         /* at .ms, these two among them */
    double share;             /* of those for whom it lasts longer than .ms */
    double sum;               /* Greenwood's: the variance of log share */
};

static struct walk walk_of(const struct lasted *row, size_t n, uint32_t group)
{
    struct walk w = {.row = row, .n = n, .group = group, .ms = -1, .share = 1};

    for (size_t i = 0; i < n; i++)
        w.left += row[i].group == group;
    return w;
}

static bool is_over(const struct walk *w)
{
    return w->left == 0;
}

/* The length that comes next; only where the walk is not over. */
static int64_t next_ms(struct walk *w)
{
    while (w->row[w->next].group != w->group)
        w->next++;
    return w->row[w->next].ms;
}

static void step(struct walk *w)
{
    double risk, left;

    w->ms = next_ms(w);
    w->at_risk = w->left;
    w->ended = w->censored = 0;
    for (; w->next < w->n && w->row[w->next].ms == w->ms; w->next++)
        if (w->row[w->next].group == w->group) {
            w->ended += w->row[w->next].ended;
            w->censored += !w->row[w->next].ended;
        }
    w->left -= w->ended + w->censored;
    risk = (double)w->at_risk;
    left = (double)(w->at_risk - w->ended);
    w->share *= left / risk;
    if (w->ended && left > 0)
        w->sum += (double)w->ended / (risk * left);
}

/* Where all are left or nobody is, log(-log S) says nothing. */
static bool has_band(const struct walk *w)
{
    return w->share > 0 && w->sum > 0;
}

static double band(const struct walk *w, double z)
{
    double l = log(w->share);

    return has_band(w) ? exp(l * exp(z * sqrt(w->sum) / -l)) : NAN;
}

static void put_point(const struct walk *w, struct survival_point *p)
{
    bool known = !is_over(w) || w->ms >= p->ms || (w->ms >= 0 && w->share <= 0);

    p->share = known ? w->share : NAN;
    p->error = known ? w->share * sqrt(w->sum) : NAN;
    p->low = known ? band(w, Z) : NAN;
    p->high = known ? band(w, -Z) : NAN;
}

void survival_at(const struct lasted *row, size_t n, uint32_t group,
                 struct survival_point *point, size_t point_n)
{
    struct walk w = walk_of(row, n, group);
    uint64_t ended = 0, censored = 0;

    for (size_t i = 0; i < point_n; i++) {
        struct survival_point *p = &point[i];

        while (!is_over(&w) && next_ms(&w) <= p->ms) {
            step(&w);
            ended += w.ended;
            censored += w.censored;
        }
        p->at_risk = w.ms == p->ms ? w.at_risk : w.left;
        p->ended = ended;
        p->censored = censored;
        put_point(&w, p);
    }
}

/* The area under the curve up to the horizon, and what it adds behind each step to its variance
 * when `whole` is known. */
static double area(const struct lasted *row, size_t n, uint32_t group, int64_t horizon_ms,
                   double whole, double *variance)
{
    struct walk w = walk_of(row, n, group);
    double sum = 0, share = 1, from = 0;

    *variance = 0;
    while (!is_over(&w) && next_ms(&w) <= horizon_ms) {
        double rest, before = w.sum;

        step(&w);
        sum += share * ((double)w.ms - from);
        from = (double)w.ms;
        share = w.share;
        rest = whole - sum;
        *variance += rest * rest * (w.sum - before);
    }
    return sum + share * ((double)horizon_ms - from);
}

/* Where the walk stands. */
static void reach(const struct walk *w, struct survival_quantile *q)
{
    double left = q->left + EVEN;

    if (q->ms < 0 && w->share <= left)
        q->ms = w->ms;
    if (q->low_ms < 0 && has_band(w) && band(w, Z) <= left)
        q->low_ms = w->ms;
    if (q->high_ms < 0 && has_band(w) && band(w, -Z) <= left)
        q->high_ms = w->ms;
}

void survival_quantiles(const struct lasted *row, size_t n, uint32_t group,
                        struct survival_quantile *q, size_t q_n)
{
    struct walk w = walk_of(row, n, group);

    for (size_t i = 0; i < q_n; i++)
        q[i].ms = q[i].low_ms = q[i].high_ms = -1;
    while (!is_over(&w)) {
        step(&w);
        for (size_t i = 0; i < q_n && w.ended; i++)
            reach(&w, &q[i]);
    }
}

struct survival survival_of(const struct lasted *row, size_t n, uint32_t group,
                            int64_t horizon_ms)
{
    struct walk w = walk_of(row, n, group);
    struct survival s = {.customers = w.left, .longest_ms = -1};
    struct survival_quantile half = {0.5, -1, -1, -1};
    double variance;

    while (!is_over(&w)) {
        step(&w);
        s.ended += w.ended;
        s.longest_ms = w.ms;
        reach(&w, &half);
    }
    s.median_ms = half.ms;
    s.median_low_ms = half.low_ms;
    s.median_high_ms = half.high_ms;
    if (!s.customers)
        return s;
    s.mean_ms = area(row, n, group, horizon_ms, 0, &variance);
    area(row, n, group, horizon_ms, s.mean_ms, &variance);
    s.mean_error_ms = sqrt(variance);
    return s;
}

struct survival_gap survival_difference(const struct survival_point *a,
                                        const struct survival_point *b)
{
    double difference = a->share - b->share, error = hypot(a->error, b->error);
    double width = error > 0 ? Z * error : NAN;
    double low = difference - width, high = difference + width;

    return (struct survival_gap){difference, low < -1 ? -1 : low, high > 1 ? 1 : high};
}

/* --- the test --- */

/* What the differences come to, measured by their variance. Groups whose difference follows from
 * the others' are left out; so is one at least, since all differences sum up to 0. */
static double measure(double *v, double *difference, uint32_t n, double least,
                      uint32_t *degrees)
{
    double sum = 0;

    *degrees = 0;
    for (uint32_t i = 0; i < n; i++) {
        double pivot = v[i * n + i];

        if (pivot <= least)
            continue;
        sum += difference[i] * difference[i] / pivot;
        ++*degrees;
        for (uint32_t k = i + 1; k < n; k++) {
            double share = v[k * n + i] / pivot;

            for (uint32_t j = i; j < n; j++)
                v[k * n + j] -= share * v[i * n + j];
            difference[k] -= share * difference[i];
        }
    }
    return sum;
}

/* At a length at which it happened to `ended` of `at_risk`, left[g] of them in each group. */
static void add_expected(const uint64_t *left, uint32_t group_n, uint64_t at_risk,
                         uint64_t ended, double *expected, double *v)
{
    double risk = (double)at_risk, happened = (double)ended;
    double spread = at_risk > 1 ? happened * (risk - happened) / (risk - 1) : 0;

    for (uint32_t i = 0; i < group_n; i++) {
        double share = (double)left[i] / risk;

        expected[i] += happened * share;
        for (uint32_t j = 0; share > 0 && j < group_n; j++)
            v[i * group_n + j] += spread * share * ((i == j) - (double)left[j] / risk);
    }
}

bool log_rank(const struct lasted *row, size_t n, uint32_t group_n, struct arena *a,
              struct log_rank *out, struct err *err)
{
    uint64_t *left = arena_array(a, uint64_t, group_n + 1), at_risk = n;
    double *v = arena_array(a, double, (size_t)group_n *group_n + 1);
    double *difference = arena_array(a, double, group_n + 1), most = 0;

    *out = (struct log_rank){.observed = arena_array(a, uint64_t, group_n + 1),
                             .expected = arena_array(a, double, group_n + 1),
                             .p = 1};
    if (!left || !v || !difference || !out->observed || !out->expected)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        left[row[i].group]++;
    for (size_t i = 0, end; i < n; i = end) {
        uint64_t ended = 0;

        for (end = i; end < n && row[end].ms == row[i].ms; end++)
            ended += row[end].ended;
        if (ended)
            add_expected(left, group_n, at_risk, ended, out->expected, v);
        for (size_t k = i; k < end; k++) {
            out->observed[row[k].group] += row[k].ended;
            left[row[k].group]--;
        }
        at_risk -= end - i;
    }
    for (uint32_t i = 0; i < group_n; i++) {
        difference[i] = (double)out->observed[i] - out->expected[i];
        most = v[i * group_n + i] > most ? v[i * group_n + i] : most;
    }
    out->chi_square = measure(v, difference, group_n, most * 1e-10, &out->degrees);
    if (out->degrees)
        out->p = chi_square_beyond(out->chi_square, out->degrees);
    return true;
}

double chi_square_beyond(double x, uint32_t degrees)
{
    double half = x / 2, sum, term;
    uint32_t k = degrees % 2;

    if (!(x > 0))
        return 1;
    /* 26.4.4: erfc is what is left of one degree; 26.4.5: exp of two. Each two degrees more add
     * a term, the one before times x over the degrees that there were. */
    sum = k ? erfc(sqrt(half)) : exp(-half);
    term = k ? exp(-half) * sqrt(half) / sqrt(M_PI) * 2 : exp(-half) * half;
    for (k = k ? 3 : 4; k <= degrees; k += 2) {
        sum += term;
        term *= x / k;
    }
    return sum;
}
