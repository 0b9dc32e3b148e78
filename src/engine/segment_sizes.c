#include "engine/segment_sizes.h"

#include "engine/members.h"
#include "engine/pieces.h"
#include "report/periods.h"

#define COUNTS_MAX (1u << 20)

/* One customer's changes. */
static void add_changes(struct segment_sizes *s, const struct periods *periods,
                        const struct move *change, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t period = periods_find(periods, change[i].at_ms);
        bool in = change[i].to == MEMBER_IN;
        size_t place = (size_t)period * s->segment_n + change[i].way;

        if (period == s->period_n)
            return;
        s->size[place] += in ? 1 : -1;
        if (change[i].at_ms >= s->edge[0])
            (in ? s->entered : s->left)[place]++;
    }
}

static bool sizes_new(const struct segment_sizes *like, struct arena *a,
                      struct segment_sizes *out, struct err *err)
{
    size_t counts = (size_t)like->segment_n * like->period_n;

    *out = *like;
    out->size = arena_array(a, int64_t, counts + 1);
    out->entered = arena_array(a, int64_t, counts + 1);
    out->left = arena_array(a, int64_t, counts + 1);
    return (out->size && out->entered && out->left) || err_nomem(err);
}

static void sizes_merge(struct segment_sizes *into, const struct segment_sizes *from)
{
    size_t counts = (size_t)into->segment_n * into->period_n;

    for (size_t i = 0; i < counts; i++) {
        into->size[i] += from->size[i];
        into->entered[i] += from->entered[i];
        into->left[i] += from->left[i];
    }
}

struct job {
    const struct engine *e;
    struct periods periods;
    struct segment_sizes *piece;
    uint32_t pieces, customers;
};

static void count_piece(void *context, uint32_t i)
{
    const struct job *j = context;
    uint32_t end = piece_from(j->customers, j->pieces, i + 1);

    for (uint32_t c = piece_from(j->customers, j->pieces, i); c < end; c++) {
        size_t n;
        const struct move *change = engine_members(j->e, c, &n);

        add_changes(&j->piece[i], &j->periods, change, n);
    }
}

bool engine_segment_sizes(const struct engine *e, const int64_t *edge, uint32_t period_n,
                          struct arena *a, struct segment_sizes *out, struct err *err)
{
    uint32_t n = engine_model(e)->segments->segment_n;
    const struct segment_sizes none = {
        .segment_n = n, .period_n = period_n, .edge = edge};
    size_t counts = (size_t)n * period_n;
    struct job j = {
        .e = e, .pieces = pieces_of(counts), .customers = engine_customer_n(e)};

    if (counts > COUNTS_MAX)
        return err_set(err, ERR_LIMIT,
                       "%u periods are too many for %u segments; choose longer ones, or "
                       "less time",
                       period_n, n);
    j.piece = arena_array(a, struct segment_sizes, j.pieces);
    if (!j.piece)
        return err_nomem(err);
    if (!periods_new(edge, period_n, a, &j.periods, err))
        return false;
    for (uint32_t i = 0; i < j.pieces; i++)
        if (!sizes_new(&none, a, &j.piece[i], err))
            return false;
    work_run(j.pieces, work_threads(), count_piece, &j);
    for (uint32_t i = 1; i < j.pieces; i++)
        sizes_merge(&j.piece[0], &j.piece[i]);
    *out = j.piece[0];
    for (size_t i = n; i < counts; i++)
        out->size[i] += out->size[i - n];
    return true;
}
