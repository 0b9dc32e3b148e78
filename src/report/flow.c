#include "report/flow.h"

#define PERIODS_MAX 100000u
#define COUNTS_MAX (1u << 26) /* half a gigabyte */

bool flow_by_parse(str name, enum flow_by *out)
{
    enum calendar period;
    bool ok = calendar_parse(name, &period);

    if (ok)
        *out = (enum flow_by)period;
    return ok;
}

str flow_by_name(enum flow_by by)
{
    return calendar_name((enum calendar)by);
}

static int64_t start_of(const struct zone *z, enum flow_by by, int64_t at_ms, int n)
{
    return calendar_start(z, (enum calendar)by, at_ms, n);
}

bool flow_edges(const struct zone *z, enum flow_by by, int64_t from_ms, int64_t to_ms,
                struct arena *a, const int64_t **edge, uint32_t *n, struct err *err)
{
    int64_t *e, last;
    uint32_t steps = 1, count = 1;

    if (to_ms < from_ms)
        return err_set(err, ERR_INPUT, "the time asked for ends before it begins");
    for (; start_of(z, by, from_ms, (int)steps) <= to_ms; steps++)
        if (steps == PERIODS_MAX)
            return err_set(err, ERR_LIMIT,
                           "these are more than %u periods; choose longer ones, or less "
                           "time",
                           PERIODS_MAX);
    e = arena_array(a, int64_t, (size_t)steps + 1);
    if (!e)
        return err_nomem(err);
    last = e[0] = start_of(z, by, from_ms, 0);
    for (uint32_t i = 1; i <= steps; i++) {
        int64_t start = start_of(z, by, from_ms, (int)i);

        /* A day that the zone left out begins where the next one does. */
        if (start > last)
            last = e[count++] = start;
    }
    *edge = e;
    *n = count - 1;
    return true;
}

bool flow_edges_at(int64_t from_ms, int64_t at_ms, int64_t edge[2], struct err *err)
{
    if (from_ms >= at_ms)
        return err_set(err, ERR_INPUT, "the period ends before it begins");
    edge[0] = from_ms + 1; /* periods are half-open, and at_ms itself belongs to it */
    edge[1] = at_ms + 1;
    return true;
}

void flow_period_print(const struct zone *z, enum flow_by by, int64_t start_ms,
                       struct buf *to)
{
    struct civil c = civil_of(zone_local(z, start_ms));

    switch (by) {
    case FLOW_DAY:
    case FLOW_WEEK:
        moment_print_day(to, z, start_ms);
        return;
    case FLOW_MONTH:
        buf_add_format(to, "%04d-%02d", c.year, c.month);
        return;
    case FLOW_QUARTER:
        buf_add_format(to, "%04d-Q%d", c.year, (c.month + 2) / 3);
        return;
    case FLOW_YEAR:
        buf_add_format(to, "%04d", c.year);
        return;
    }
}

bool flow_new(uint32_t stage_n, const int64_t *edge, uint32_t period_n, struct arena *a,
              struct flow *out, struct err *err)
{
    size_t ends = (size_t)stage_n + 1, moved;

    if (__builtin_mul_overflow(ends, ends, &moved)
        || __builtin_mul_overflow(moved, (size_t)period_n, &moved) || moved > COUNTS_MAX)
        return err_set(
            err, ERR_LIMIT,
            "%u periods are too many for %u stages; choose longer ones, or less "
            "time",
            period_n, stage_n);
    *out = (struct flow){
        .stage_n = stage_n,
        .period_n = period_n,
        .edge = edge,
        .stock = arena_array(a, uint64_t, (size_t)period_n * stage_n),
        .moved = arena_array(a, uint64_t, moved),
    };
    if (!out->stock || !out->moved)
        return err_nomem(err);
    return periods_new(edge, period_n, a, &out->periods, err);
}

static uint64_t *moved(const struct flow *f, uint32_t period, uint32_t from, uint32_t to)
{
    size_t ends = (size_t)f->stage_n + 1;

    return &f->moved[((size_t)period * ends + from) * ends + to];
}

uint64_t flow_moved(const struct flow *f, uint32_t period, uint32_t from, uint32_t to)
{
    return *moved(f, period, from, to);
}

static void stand(struct flow *f, uint32_t period, uint16_t stage, uint64_t more)
{
    if (stage != STAGE_NONE)
        f->stock[(size_t)period * f->stage_n + stage] += more;
}

void flow_add(struct flow *f, const struct move *move, size_t n)
{
    uint16_t stage = STAGE_NONE;
    size_t i = 0;

    if (!f->period_n)
        return;
    for (; i < n && move[i].at_ms < f->edge[0]; i++)
        stage = move[i].to;
    stand(f, 0, stage, 1);
    for (; i < n; i++) {
        uint32_t k = periods_find(&f->periods, move[i].at_ms);
        uint32_t from = move[i].from == STAGE_NONE ? f->stage_n : move[i].from;
        uint32_t to = move[i].to == STAGE_NONE ? f->stage_n : move[i].to;

        if (k == f->period_n)
            return;
        ++*moved(f, k, from, to);
        stand(f, k, stage, UINT64_MAX);
        stage = move[i].to;
        stand(f, k, stage, 1);
    }
}

void flow_sum(struct flow *f)
{
    size_t stocks = (size_t)f->period_n * f->stage_n;

    for (size_t i = f->stage_n; i < stocks; i++)
        f->stock[i] += f->stock[i - f->stage_n];
}

void flow_merge(struct flow *into, const struct flow *from)
{
    size_t ends = (size_t)into->stage_n + 1;
    size_t stocks = (size_t)into->period_n * into->stage_n;
    size_t moves = (size_t)into->period_n * ends * ends;

    for (size_t i = 0; i < stocks; i++)
        into->stock[i] += from->stock[i];
    for (size_t i = 0; i < moves; i++)
        into->moved[i] += from->moved[i];
}

uint64_t flow_population(const struct flow *f, uint32_t period)
{
    uint64_t n = 0;

    for (uint32_t s = 0; s < f->stage_n; s++)
        n += f->stock[(size_t)period * f->stage_n + s];
    return n;
}

uint64_t flow_entered(const struct flow *f, uint32_t period, uint32_t stage)
{
    uint64_t n = 0;

    for (uint32_t from = 0; from <= f->stage_n; from++)
        n += *moved(f, period, from, stage);
    return n;
}

uint64_t flow_left(const struct flow *f, uint32_t period, uint32_t stage)
{
    uint64_t n = 0;

    for (uint32_t to = 0; to <= f->stage_n; to++)
        n += *moved(f, period, stage, to);
    return n;
}
