#include "report/begin.h"

#include "report/marks.h"

struct begin_look begin_turn(const struct begin *b, const struct picks *k,
                             const struct chunk *c)
{
    struct begin_look l = {.begin = b, .at_ms = c->at_ms};

    if (b->by == BEGIN_EVENT)
        l.mark = picks_marks(k, b->pick);
    else if (b->by == BEGIN_TRAIT)
        l.told = picks_values(k, b->pick);
    return l;
}

static bool by_event(const struct begin_look *l, uint32_t from, uint32_t to,
                     struct beginning *out)
{
    const struct length gap = l->begin->gap;
    uint32_t event = marks_first(l->mark, from, to);

    while ((gap.ms || gap.months) && event < to) {
        int64_t back_ms = length_add(l->begin->zone, l->at_ms[event], gap);

        event = marks_first(l->mark, event + 1, to);
        if (event < to && l->at_ms[event] >= back_ms)
            break;
    }
    if (event == to)
        return false;
    *out = (struct beginning){.ms = l->at_ms[event], .event = event};
    return true;
}

static bool by_trait(struct begin_look *l, uint32_t from, uint32_t to,
                     struct beginning *out)
{
    const struct picked *t = &l->told;
    uint32_t event = from, latest;

    while (l->told_at < t->n && t->event[l->told_at] < from)
        l->told_at++;
    latest = l->told_at;
    while (latest < t->n && t->event[latest] < to)
        latest++;
    if (latest == l->told_at || (t->there && !t->there[latest - 1])
        || t->value[latest - 1] > l->begin->at_ms)
        return false;
    while (event < to && l->at_ms[event] < t->value[latest - 1])
        event++;
    *out = (struct beginning){.ms = t->value[latest - 1], .event = event};
    return true;
}

static bool by_stage(const struct begin_look *l, uint32_t customer, uint32_t from,
                     uint32_t to, struct beginning *out)
{
    const struct begin *b = l->begin;
    size_t n;
    const struct move *move = b->moves.get(b->moves.context, customer, &n);

    for (size_t i = 0; i < n && move[i].at_ms <= b->at_ms; i++) {
        if (!stage_set_enters(&b->stage, &move[i]))
            continue;
        while (from < to && l->at_ms[from] <= move[i].at_ms)
            from++;
        *out = (struct beginning){move[i].at_ms, from, i + 1};
        return true;
    }
    return false;
}

bool begin_find(struct begin_look *l, uint32_t customer, uint32_t from, uint32_t to,
                struct beginning *out)
{
    switch (l->begin->by) {
    case BEGIN_EVENT:
        return by_event(l, from, to, out);
    case BEGIN_TRAIT:
        return by_trait(l, from, to, out);
    case BEGIN_STAGE:
        return by_stage(l, customer, from, to, out);
    }
    return false;
}
