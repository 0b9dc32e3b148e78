#include "report/kpi_impl.h"

#include "base/num.h"
#include "base/radix.h"

#include <string.h>

/* --- what came of it --- */

const struct lifecycle *kpi_lifecycle(const struct kpi_count *c)
{
    return c->plan.lifecycle;
}

str kpi_unit_name(enum kpi_unit unit)
{
    static const str names[] = {
#define X(name, text) [KPI_UNIT_##name] = {text, sizeof(text) - 1},
        KPI_UNITS(X)
#undef X
    };

    return names[unit];
}

/* The time after which at most `tenths` tenths of the stays go on, by the product-limit
 * estimator of Kaplan and Meier: S(t) is the product over the lengths t_i <= t of
 * (n_i - d_i) / n_i, d_i of the n_i stays that lasted t_i or more having ended then.
 *
 * Between two stays that are not over the product telescopes, so that it is taken as `base`
 * times (n - d) / at_risk, and is exact where all are over. false: S never falls so far. */
static bool time_left_by(struct kpi_cell *cell, int tenths, int64_t *ms)
{
    double base = 1;
    size_t at_risk = cell->n, n = cell->n; /* at base's end; those not yet passed */

    if (!cell->sorted)
        radix_sort(cell->length, cell->n, sizeof *cell->length);
    cell->sorted = true;
    for (size_t i = 0; i < cell->n;) {
        int64_t length = cell->length[i] / 2;
        bool ended = false;

        for (; i < cell->n && cell->length[i] == 2 * length; i++, n--)
            ended = true;
        if (ended && base * (double)n * 10 <= (double)at_risk * tenths * (1 + 1e-12)) {
            *ms = length;
            return true;
        }
        if (i < cell->n && cell->length[i] == 2 * length + 1) {
            base *= (double)n / (double)at_risk;
            for (; i < cell->n && cell->length[i] == 2 * length + 1; i++, n--)
                ;
            at_risk = n;
        }
    }
    return false;
}

static void share_of(const struct kpi_cell *cell, struct kpi_value *v)
{
    v->unit = KPI_UNIT_SHARE;
    v->reached = cell->reached;
    v->there =
        cell->of
        && num_mul_div((int64_t)cell->reached, NUM_ONE, (int64_t)cell->of, &v->value);
}

static void total_of(const struct kpi_cell *cell, struct kpi_value *v)
{
    v->there = !cell->lost && num_div128(cell->sum, 1, &v->value);
}

static void average_of(const struct kpi_cell *cell, struct kpi_value *v)
{
    v->there =
        !cell->lost && cell->of && num_div128(cell->sum, (int64_t)cell->of, &v->value);
}

/* `cell` is that of the KPI, `lengths` that with the stage's lengths. */
static struct kpi_value kpi_of(const struct kpi *kpi, const struct kpi_cell *cell,
                               struct kpi_cell *lengths)
{
    struct kpi_value v = {.of = cell->of,
                          .unit = kpi->type == VALUE_MONEY ? KPI_UNIT_MONEY
                                                           : KPI_UNIT_NUMBER};

    switch (kpi->kind) {
    case KPI_ENTERED:
    case KPI_LEFT:
        v.unit = KPI_UNIT_COUNT;
        v.there = true;
        v.value = (int64_t)cell->of;
        break;
    case KPI_CONVERSION:
        share_of(cell, &v);
        break;
    case KPI_MEDIAN:
    case KPI_P90:
        v.unit = KPI_UNIT_LENGTH;
        v.of = lengths->n;
        v.there = time_left_by(lengths, kpi->kind == KPI_MEDIAN ? 5 : 1, &v.value);
        break;
    case KPI_REVENUE:
    case KPI_COST:
    case KPI_MARGIN:
        total_of(cell, &v);
        break;
    case KPI_SATISFACTION:
        average_of(cell, &v);
        break;
    case KPI_RULE:
        if (kpi->type == VALUE_BOOL)
            share_of(cell, &v);
        else
            average_of(cell, &v);
        break;
    }
    return v;
}

/* Of a stage's cells, the target's first. */
static struct kpi_value value_of(const struct aims *aims, struct kpi_cell *cell,
                                 uint32_t i)
{
    struct kpi_value v = {.of = cell->of};

    if (i != KPI_TARGET)
        return kpi_of(&aims->kpi[i], &cell[i + 1], &cell[kpi_with_lengths(aims) + 1]);
    share_of(cell, &v);
    return v;
}

struct kpi_value kpi_value(struct kpi_count *c, uint32_t period, uint32_t stage,
                           uint32_t i)
{
    return value_of(&c->plan.lifecycle->stage[stage].aims,
                    kpi_cell_of(c, period, stage, KPI_TARGET), i);
}

/* What counts events or moves is the sum of its periods; what asks who stands there when the
 * period ends is that of the last one. */
static bool gather(const struct kpi_count *c, uint32_t stage, uint32_t i,
                   struct kpi_cell *out, struct err *err)
{
    const struct aims *aims = &c->plan.lifecycle->stage[stage].aims;
    bool at_end = i != KPI_TARGET && aims->kpi[i].kind == KPI_RULE;

    for (uint32_t p = at_end && c->plan.period_n ? c->plan.period_n - 1 : 0;
         p < c->plan.period_n; p++)
        if (!kpi_cell_merge(out, kpi_cell_of(c, p, stage, i), err))
            return false;
    return true;
}

bool kpi_whole(const struct kpi_count *c, uint32_t stage, struct kpi_value *out,
               struct err *err)
{
    const struct aims *aims = &c->plan.lifecycle->stage[stage].aims;
    struct kpi_cell *cell = mem_alloc((1 + (size_t)aims->kpi_n) * sizeof *cell);
    bool ok = cell ? gather(c, stage, KPI_TARGET, cell, err) : err_nomem(err);

    for (uint32_t i = 0; ok && i < aims->kpi_n; i++)
        ok = gather(c, stage, i, &cell[i + 1], err);
    for (uint32_t i = 0; ok && i <= aims->kpi_n; i++)
        out[i] = value_of(aims, cell, i ? i - 1 : KPI_TARGET);
    for (uint32_t i = 0; cell && i <= aims->kpi_n; i++)
        mem_free(cell[i].length);
    mem_free(cell);
    return ok;
}
