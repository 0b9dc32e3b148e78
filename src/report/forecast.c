/* forecast.c - one walk over a customer's life: the rule is asked at his first instant, at each
 * of his moves, in his lifecycle and in those above it, at each moment that ends a forecast, and
 * whenever its answer may change. */
#include "report/forecast.h"

struct walk {
    const struct forecast *f;
    const struct forecast_span *span;
    const struct move *move;
    size_t n;
    size_t moved, probed;       /* moves before were made; entries before were judged */
    const struct beside *above; /* the lifecycles above, as many as the number says */
    size_t above_moved[LIFECYCLES_MAX];
    uint16_t above_stage[LIFECYCLES_MAX];
    int64_t wake_ms, probe_ms;
    bool was, came; /* was the rule true when it was asked last; has it become true yet */
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Goes to the next entry into the stage that is to be judged, from w->probed on. They are judged
 * in the order in which they came, since adding a length overtakes nobody. */
static void find_probe(struct walk *w)
{
    for (; w->probed < w->n; w->probed++) {
        const struct move *m = &w->move[w->probed];

        w->probe_ms = length_add(w->span->zone, m->at_ms, w->f->within);
        if (m->to == w->f->stage && m->at_ms >= w->span->from_ms
            && w->probe_ms < w->span->to_ms)
            return;
    }
    w->probe_ms = MOMENT_NEVER;
}

static int64_t next_moment(const struct walk *w)
{
    int64_t at_ms = least(w->wake_ms, w->probe_ms);

    if (w->moved < w->n)
        at_ms = least(at_ms, w->move[w->moved].at_ms);
    for (uint32_t i = 0; i < w->span->lifecycle->number; i++)
        if (w->above_moved[i] < w->above[i].n)
            at_ms = least(at_ms, w->above[i].move[w->above_moved[i]].at_ms);
    return at_ms;
}

/* Makes the moves up to at_ms. Sets where he stands. */
static void stand_at(struct walk *w, int64_t at_ms, struct situation *s)
{
    size_t moved = w->moved;

    while (w->moved < w->n && w->move[w->moved].at_ms <= at_ms)
        w->moved++;
    if (w->moved != moved || !s->times_in)
        situation_of(w->span->lifecycle, w->move, w->moved, at_ms, w->span->times_in, s);
    s->at_ms = at_ms;
    s->above = w->above_stage;
    s->above_n = w->span->lifecycle->number;
    for (uint32_t i = 0; i < s->above_n; i++) {
        const struct beside *of = &w->above[i];
        size_t *seen = &w->above_moved[i];

        for (; *seen < of->n && of->move[*seen].at_ms <= at_ms; ++*seen)
            w->above_stage[i] = of->move[*seen].to;
    }
}

/* Was he in the stage before at_ms, and not too long before? */
static bool was_foretold(const struct walk *w, int64_t at_ms)
{
    for (size_t k = 0; k < w->n && w->move[k].at_ms < at_ms; k++) {
        int64_t left_ms = k + 1 < w->n ? w->move[k + 1].at_ms : MOMENT_NEVER;

        /* A stay that began and ended at one moment was none. */
        if (w->move[k].to == w->f->stage && left_ms > w->move[k].at_ms
            && (left_ms >= at_ms
                || length_add(w->span->zone, left_ms - 1, w->f->within) >= at_ms))
            return true;
    }
    return false;
}

static void take_answer(struct walk *w, int64_t at_ms, bool is,
                        struct forecast_result *out)
{
    while (w->probe_ms == at_ms) {
        out->precision.n++;
        out->precision.hits += is;
        w->probed++;
        find_probe(w);
    }
    if (is && !w->was && !w->came && at_ms >= w->span->from_ms) {
        w->came = true;
        out->recall.n++;
        out->recall.hits += was_foretold(w, at_ms);
    }
    w->was = is;
}

bool forecast_add(const struct forecast *f, const struct forecast_span *span,
                  struct cursor *c, const struct timeline *t, const struct beside *moves,
                  struct forecast_result *out, struct err *err)
{
    struct walk w = {
        .f = f,
        .span = span,
        .move = moves[span->lifecycle->number].move,
        .n = moves[span->lifecycle->number].n,
        .above = moves,
        .wake_ms = t->n ? t->at_ms[0] : MOMENT_NEVER,
        .was = true}; /* what is true from the first instant on did not become so */
    struct situation s = {};
    int64_t at_ms;

    if (!cursor_start(c, t, err))
        return false;
    for (uint32_t i = 0; i < span->lifecycle->number; i++)
        w.above_stage[i] = STAGE_NONE;
    find_probe(&w);
    while ((at_ms = next_moment(&w)) < span->to_ms) {
        bool is;

        stand_at(&w, at_ms, &s);
        is = cursor_ask_ahead(c, &f->that, 1, &s, &w.wake_ms) == 0;
        take_answer(&w, at_ms, is, out);
    }
    return true;
}
