#include "report/cox.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 50, HALVINGS_MAX = 30, K = COX_COLUMNS_MAX };
static const double z_95 = 1.959963984540054;
/* What is left of a column's spread beside the others', and of all curvature where a coefficient
 * grows without end. */
static const double collinear = 1e-9, vanished = 1e-5;
static const double steepest = 40; /* of a coefficient, in standard deviations */

static const char *const ties_name[] = {
    [COX_EFRON] = "efron", [COX_BRESLOW] = "breslow", [COX_EXACT] = "exact"};

bool cox_ties_parse(str name, enum cox_ties *out)
{
    for (int i = 0; i <= COX_EXACT; i++)
        if (str_eq(name, str_of(ties_name[i]))) {
            *out = (enum cox_ties)i;
            return true;
        }
    return false;
}

const char *cox_ties_name(enum cox_ties ties)
{
    return ties_name[ties];
}

/* --- sums over those at risk --- */

/* Of exp(eta), with its first and second derivatives by the coefficients; the lower half of the
 * second ones is filled. */
struct sums {
    double s0, s1[K], s2[K][K];
};

struct fit {
    const struct lasted *row;
    size_t n;
    uint32_t k, tied;
    enum cox_ties ties;
    double deviation[K];
    double *z; /* by row, in standard deviations from the mean */
    double
        *eta; /* by row: the logarithm of the hazard, but for what is the same for all */
    struct sums *subset; /* exact ties: of all subsets of so many at risk, from none up */
};

struct slopes {
    double value, first[K], second[K][K]; /* second: less than 0, the lower half */
};

static void clear(struct sums *s, uint32_t k)
{
    s->s0 = 0;
    for (uint32_t i = 0; i < k; i++) {
        s->s1[i] = 0;
        memset(s->s2[i], 0, (i + 1) * sizeof s->s2[i][0]);
    }
}

static void add_sums(struct sums *s, uint32_t k, double weight, const double *z)
{
    s->s0 += weight;
    for (uint32_t i = 0; i < k; i++) {
        s->s1[i] += weight * z[i];
        for (uint32_t j = 0; j <= i; j++)
            s->s2[i][j] += weight * z[i] * z[j];
    }
}

/* One more at risk: each subset may have him beside one fewer of the others. */
static void add_subsets(struct sums *subset, uint32_t most, uint32_t k, double weight,
                        const double *z)
{
    for (uint32_t d = most; d > 0; d--) {
        struct sums *to = &subset[d];
        const struct sums *of = &subset[d - 1];

        if (of->s0 <= 0)
            continue;
        for (uint32_t i = 0; i < k; i++) {
            for (uint32_t j = 0; j <= i; j++)
                to->s2[i][j] += weight
                                * (of->s2[i][j] + z[i] * of->s1[j] + z[j] * of->s1[i]
                                   + z[i] * z[j] * of->s0);
            to->s1[i] += weight * (of->s1[i] + z[i] * of->s0);
        }
        to->s0 += weight * of->s0;
    }
}

/* What the logarithm of all - part * ended takes from the slopes. */
static void take(struct slopes *out, uint32_t k, const struct sums *all,
                 const struct sums *ended, double part)
{
    double s0 = all->s0 - part * ended->s0, mean[K];

    out->value -= log(s0);
    for (uint32_t i = 0; i < k; i++) {
        mean[i] = (all->s1[i] - part * ended->s1[i]) / s0;
        out->first[i] -= mean[i];
        for (uint32_t j = 0; j <= i; j++)
            out->second[i][j] -=
                (all->s2[i][j] - part * ended->s2[i][j]) / s0 - mean[i] * mean[j];
    }
}

static void take_ties(const struct fit *f, const struct sums *all,
                      const struct sums *ended, uint32_t d, struct slopes *out)
{
    static const struct sums none;

    if (f->ties == COX_EXACT)
        take(out, f->k, &f->subset[d], &none, 0);
    else
        for (uint32_t i = 0; i < d; i++)
            take(out, f->k, all, ended, f->ties == COX_EFRON ? i / (double)d : 0);
}

/* Sums of many weights neither overflow nor vanish when they are about the number of ties. */
static void shift_eta(struct fit *f, const double *at)
{
    double most = -INFINITY, sum = 0, shift;

    for (size_t i = 0; i < f->n; i++) {
        f->eta[i] = 0;
        for (uint32_t j = 0; j < f->k; j++)
            f->eta[i] += at[j] * f->z[i * f->k + j];
        most = fmax(most, f->eta[i]);
    }
    for (size_t i = 0; i < f->n; i++)
        sum += exp(f->eta[i] - most);
    shift = most + log(fmax(sum, 1)) - log(f->tied);
    for (size_t i = 0; i < f->n; i++)
        f->eta[i] -= shift;
}

/* From the longest to the shortest: who is at risk at a length is whoever lasted so long. */
static void slopes_at(struct fit *f, const double *at, struct slopes *out)
{
    struct sums all, ended;

    clear(&all, f->k);
    *out = (struct slopes){};
    shift_eta(f, at);
    if (f->ties == COX_EXACT) {
        memset(f->subset, 0, (f->tied + 1) * sizeof *f->subset);
        f->subset[0].s0 = 1;
    }
    for (size_t end = f->n, from; end > 0; end = from) {
        uint32_t d = 0;

        clear(&ended, f->k);
        for (from = end; from > 0 && f->row[from - 1].ms == f->row[end - 1].ms; from--) {
            const double *z = &f->z[(from - 1) * f->k];
            double weight = exp(f->eta[from - 1]);

            if (f->ties == COX_EXACT)
                add_subsets(f->subset, f->tied, f->k, weight, z);
            else
                add_sums(&all, f->k, weight, z);
            if (!f->row[from - 1].ended)
                continue;
            d++;
            add_sums(&ended, f->k, weight, z);
            out->value += f->eta[from - 1];
            for (uint32_t i = 0; i < f->k; i++)
                out->first[i] += z[i];
        }
        take_ties(f, &all, &ended, d, out);
    }
}

/* --- the maximum --- */

/* The lower triangle of the root of -second; pivots before it. False: of *column nothing is left
 * beside those before it. */
static bool root_of(const struct slopes *s, uint32_t k, double root[K][K], double *pivot,
                    uint32_t *column)
{
    for (uint32_t i = 0; i < k; i++)
        for (uint32_t j = 0; j <= i; j++) {
            double left = -s->second[i][j];

            for (uint32_t l = 0; l < j; l++)
                left -= root[i][l] * root[j][l];
            if (i != j) {
                root[i][j] = left / root[j][j];
                continue;
            }
            pivot[i] = left;
            if (!(left > collinear * -s->second[i][i])) {
                *column = i;
                return false;
            }
            root[i][i] = sqrt(left);
        }
    return true;
}

static void solve(double root[K][K], uint32_t k, const double *right, double *out)
{
    for (uint32_t i = 0; i < k; i++) {
        out[i] = right[i];
        for (uint32_t j = 0; j < i; j++)
            out[i] -= root[i][j] * out[j];
        out[i] /= root[i][i];
    }
    for (uint32_t i = k; i-- > 0;) {
        for (uint32_t j = i + 1; j < k; j++)
            out[i] -= root[j][i] * out[j];
        out[i] /= root[i][i];
    }
}

/* The coefficient that grew most. */
static uint32_t steepest_of(const double *at, uint32_t k)
{
    uint32_t most = 0;

    for (uint32_t i = 1; i < k; i++)
        if (fabs(at[i]) > fabs(at[most]))
            most = i;
    return most;
}

static bool is_finite(const struct slopes *s, uint32_t k)
{
    bool ok = isfinite(s->value);

    for (uint32_t i = 0; i < k; i++)
        for (uint32_t j = 0; j <= i; j++)
            ok = ok && isfinite(s->first[i]) && isfinite(s->second[i][j]);
    return ok;
}

struct climb {
    double at[K], root[K][K];
    struct slopes here;
    double null_value, null_pivot[K];
    unsigned steps;
};

/* A step up, halved until it leads up. False: none does any more. */
static bool step_up(struct fit *f, struct climb *c, const double *step,
                    struct slopes *there)
{
    double part = 1, next[K];

    for (int i = 0; i < HALVINGS_MAX; i++, part /= 2) {
        for (uint32_t j = 0; j < f->k; j++)
            next[j] = c->at[j] + part * step[j];
        slopes_at(f, next, there);
        if (is_finite(there, f->k)
            && there->value >= c->here.value - 1e-13 * fabs(c->here.value)) {
            memcpy(c->at, next, f->k * sizeof *next);
            c->here = *there;
            return true;
        }
    }
    return false;
}

static enum cox_end climb(struct fit *f, struct climb *c, struct slopes *there,
                          uint32_t *column)
{
    double pivot[K] = {}, step[K] = {};

    slopes_at(f, c->at, &c->here);
    c->null_value = c->here.value;
    if (!is_finite(&c->here, f->k))
        return COX_TIED;
    for (*column = 0; *column < f->k; ++*column)
        if (!(-c->here.second[*column][*column] > collinear))
            return COX_CONSTANT;
    if (!root_of(&c->here, f->k, c->root, c->null_pivot, column))
        return COX_COLLINEAR;
    for (;;) {
        double decrement = 0;

        solve(c->root, f->k, c->here.first, step);
        for (uint32_t i = 0; i < f->k; i++)
            decrement += step[i] * c->here.first[i];
        if (decrement < 1e-13 * fmax(1, fabs(c->here.value)))
            return COX_FOUND;
        *column = steepest_of(c->at, f->k);
        if (c->steps++ == STEPS_MAX || fabs(c->at[*column]) > steepest
            || !step_up(f, c, step, there))
            return COX_SEPARATED;
        *column = steepest_of(c->at, f->k);
        if (!root_of(&c->here, f->k, c->root, pivot, &(uint32_t){0}))
            return COX_SEPARATED;
        for (uint32_t i = 0; i < f->k; i++)
            if (pivot[i] < vanished * c->null_pivot[i])
                return COX_SEPARATED;
    }
}

static void put_columns(const struct fit *f, struct climb *c, struct cox *out)
{
    for (uint32_t i = 0; i < f->k; i++) {
        struct cox_column *to = &out->column[i];
        double unit[K] = {}, inverse[K];

        unit[i] = 1;
        solve(c->root, f->k, unit, inverse);
        to->coefficient = c->at[i] / f->deviation[i];
        to->error = sqrt(inverse[i]) / f->deviation[i];
        to->ratio = exp(to->coefficient);
        to->low = exp(to->coefficient - z_95 * to->error);
        to->high = exp(to->coefficient + z_95 * to->error);
        to->p = erfc(fabs(to->coefficient / to->error) / M_SQRT2);
    }
    out->log_likelihood_null = c->null_value;
    out->log_likelihood = c->here.value;
    out->chi_square = fmax(2 * (c->here.value - c->null_value), 0);
    out->p = chi_square_beyond(out->chi_square, f->k);
    out->steps = c->steps;
}

/* --- concordance --- */

static int double_cmp(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Counts by rank, summed up in a tree of P. M. Fenwick's (Software: Practice and Experience 24
 * (1994), 327-336). */
struct ranks {
    double *value; /* ascending, without doubles */
    size_t n;
    uint64_t *count;
};

static size_t rank_of(const struct ranks *r, double value)
{
    size_t low = 0, high = r->n;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (r->value[middle] < value)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void ranks_add(struct ranks *r, size_t rank)
{
    for (rank++; rank <= r->n; rank += rank & -rank)
        r->count[rank - 1]++;
}

/* Of the ranks below. */
static uint64_t ranks_below(const struct ranks *r, size_t rank)
{
    uint64_t sum = 0;

    for (; rank; rank -= rank & -rank)
        sum += r->count[rank - 1];
    return sum;
}

/* Hazards that differ by less than the fit is exact are the same: without that a coefficient of 0 would
 * order customers by how it was rounded. */
static double told_apart(double eta)
{
    return rint(eta * 1e9);
}

/* Who ends at a length is beside all who lasted longer, and who was last looked at just then. */
static double concordance(const struct fit *f, struct ranks *r)
{
    double concordant = 0, equal = 0, pairs = 0;
    uint64_t longer = 0;

    for (size_t i = 0; i < f->n; i++)
        r->value[i] = told_apart(f->eta[i]);
    qsort(r->value, f->n, sizeof *r->value, double_cmp);
    for (size_t i = 0; i < f->n; i++)
        if (!r->n || r->value[r->n - 1] < r->value[i])
            r->value[r->n++] = r->value[i];
    for (size_t end = f->n, from; end > 0; end = from) {
        for (from = end; from > 0 && f->row[from - 1].ms == f->row[end - 1].ms; from--)
            if (!f->row[from - 1].ended) {
                ranks_add(r, rank_of(r, told_apart(f->eta[from - 1])));
                longer++;
            }
        for (size_t i = from; i < end; i++)
            if (f->row[i].ended) {
                size_t rank = rank_of(r, told_apart(f->eta[i]));
                uint64_t below = ranks_below(r, rank);

                concordant += (double)below;
                equal += (double)(ranks_below(r, rank + 1) - below);
                pairs += (double)longer;
            }
        for (size_t i = from; i < end; i++)
            if (f->row[i].ended) {
                ranks_add(r, rank_of(r, told_apart(f->eta[i])));
                longer++;
            }
    }
    return pairs > 0 ? (concordant + equal / 2) / pairs : NAN;
}

/* --- all of it --- */

static bool standardise(struct fit *f, const double *x, uint32_t *column)
{
    for (uint32_t j = 0; j < f->k; j++) {
        double mean = 0, squares = 0, least = INFINITY, most = -INFINITY;

        for (size_t i = 0; i < f->n; i++) {
            double of = x[(size_t)f->row[i].told * f->k + j];

            mean += of / (double)f->n;
            least = fmin(least, of);
            most = fmax(most, of);
        }
        *column = j;
        if (!(most > least))
            return false;
        for (size_t i = 0; i < f->n; i++) {
            double off = x[(size_t)f->row[i].told * f->k + j] - mean;

            squares += off / (most - least) * (off / (most - least));
        }
        f->deviation[j] = sqrt(squares / (double)f->n) * (most - least);
        for (size_t i = 0; i < f->n; i++)
            f->z[i * f->k + j] =
                (x[(size_t)f->row[i].told * f->k + j] - mean) / f->deviation[j];
    }
    return true;
}

static void count_ties(struct fit *f, struct cox *out)
{
    for (size_t i = 0, ties = 0; i < f->n; i++) {
        ties = i && f->row[i].ms == f->row[i - 1].ms ? ties : 0;
        ties += f->row[i].ended;
        out->ended += f->row[i].ended;
        f->tied = ties > f->tied ? (uint32_t)ties : f->tied;
    }
    out->customers = f->n;
    out->tied = f->tied;
}

static enum cox_end fit(struct fit *f, const double *x, struct climb *c,
                        struct slopes *room, struct ranks *r, struct cox *out,
                        uint32_t *column)
{
    enum cox_end end;

    if (!standardise(f, x, column))
        return COX_CONSTANT;
    end = climb(f, c, room, column);
    if (end != COX_FOUND)
        return end;
    put_columns(f, c, out);
    slopes_at(f, c->at, room);
    out->concordance = concordance(f, r);
    return COX_FOUND;
}

bool cox_fit(const struct lasted *row, size_t n, const double *x, uint32_t columns,
             enum cox_ties ties, struct cox *out, enum cox_end *end, uint32_t *column,
             struct err *err)
{
    struct fit f = {.row = row, .n = n, .k = columns, .ties = ties};
    struct ranks r = {};
    struct climb *c;
    struct slopes *room;
    bool ok;

    *out = (struct cox){.column_n = columns};
    *end = COX_NOTHING;
    count_ties(&f, out);
    if (!out->ended)
        return true;
    *end = COX_TIED;
    if (ties == COX_EXACT && f.tied > COX_EXACT_MAX)
        return true;
    f.z = mem_alloc(n * columns * sizeof *f.z);
    f.eta = mem_alloc(n * sizeof *f.eta);
    f.subset = mem_alloc((ties == COX_EXACT ? f.tied + 1 : 1) * sizeof *f.subset);
    r.value = mem_alloc(n * sizeof *r.value);
    r.count = mem_alloc(n * sizeof *r.count);
    c = mem_alloc(sizeof *c);
    room = mem_alloc(sizeof *room);
    ok = f.z && f.eta && f.subset && r.value && r.count && c && room;
    if (ok)
        *end = fit(&f, x, c, room, &r, out, column);
    else
        err_nomem(err);
    mem_free(f.z);
    mem_free(f.eta);
    mem_free(f.subset);
    mem_free(r.value);
    mem_free(r.count);
    mem_free(c);
    mem_free(room);
    return ok;
}
