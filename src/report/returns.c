#include "report/returns.h"

#include <string.h>

bool returns_new(const struct returns_plan *plan, struct returns **out, struct err *err)
{
    struct returns *r = mem_alloc(sizeof *r);

    if (!r)
        return err_nomem(err);
    r->plan = *plan;
    r->sources.plan = plan->source;
    if (!picks_new(plan->program, &r->picks, err)) {
        returns_free(r);
        return false;
    }
    *out = r;
    return true;
}

void returns_free(struct returns *r)
{
    if (!r)
        return;
    sources_free(&r->sources);
    mem_free(r->source);
    mem_free(r->listed.customer);
    picks_free(r->picks);
    mem_free(r);
}

static bool need_sources(struct returns *r, struct err *err)
{
    uint32_t cap = r->source_cap ? r->source_cap : 16;
    struct returns_source *more;

    while (cap < r->sources.name.n)
        cap *= 2;
    if (cap == r->source_cap)
        return true;
    more = mem_resize(r->source, cap * sizeof *more);
    if (!more)
        return err_nomem(err);
    memset(more + r->source_cap, 0, (cap - r->source_cap) * sizeof *more);
    r->source = more;
    r->source_cap = cap;
    return true;
}

/* --- a customer --- */

/* What is looked at in a chunk; the fingers move forward from customer to customer. */
struct look {
    const struct chunk *chunk;
    const uint64_t *won, *event;
    struct picked value;
    uint32_t value_at;
};

/* One customer, event by event. */
struct walk {
    uint32_t first, last; /* his touches so far, or SOURCE_NONE */
    bool won, reached, listed;
};

static bool is_marked(const uint64_t *mark, uint32_t event)
{
    return mark[event / 64] >> event % 64 & 1;
}

static int64_t value_at(struct look *l, uint32_t event)
{
    while (l->value_at < l->value.n && l->value.event[l->value_at] < event)
        l->value_at++;
    return l->value_at < l->value.n && l->value.event[l->value_at] == event
               ? l->value.value[l->value_at]
               : 0;
}

static bool is_listed(const struct returns *r, enum returns_list what, uint32_t source)
{
    const struct returns_plan *p = &r->plan;

    if (p->list != what)
        return false;
    if (source == SOURCE_NONE)
        return str_eq(p->list_channel, SOURCE_NO_CAMPAIGN);
    return source_is(&r->sources, source, p->list_channel, p->list_campaign);
}

static void reach(struct returns *r, struct walk *w, uint32_t source)
{
    struct returns_source *s = &r->source[source];

    if (s->stamp == r->customer_n)
        return;
    s->stamp = r->customer_n;
    s->reached++;
    r->all.reached += !w->reached;
    w->reached = true;
    w->listed |= is_listed(r, RETURNS_LIST_REACHED, source);
}

static void win(struct returns *r, struct walk *w, uint32_t source)
{
    struct returns_source *s = source == SOURCE_NONE ? &r->nobody : &r->source[source];

    s->won++;
    r->all.won++;
    w->listed |= is_listed(r, RETURNS_LIST_WON, source);
}

static void count_event(struct returns *r, struct walk *w, uint32_t source, int64_t value)
{
    struct returns_source *s = source == SOURCE_NONE ? &r->nobody : &r->source[source];

    s->events++;
    s->value += value;
    r->all.events++;
    r->all.value += value;
    w->listed |= is_listed(r, RETURNS_LIST_EVENTS, source);
}

static bool add_event(struct returns *r, struct look *l, struct walk *w, uint32_t event,
                      struct err *err)
{
    const struct returns_plan *p = &r->plan;
    int64_t at_ms = l->chunk->at_ms[event];
    bool in_range = at_ms >= p->from_ms, there, is_first;
    struct source_touch touch;
    uint32_t owed;

    if (!sources_next(&r->sources, event + 1, &touch, &there, err)
        || !need_sources(r, err))
        return false;
    is_first = there && w->first == SOURCE_NONE;
    if (is_first)
        w->first = touch.source;
    if (there)
        w->last = touch.source;
    if (there && in_range)
        reach(r, w, touch.source);
    owed = p->by_last ? w->last : w->first;
    if (!w->won && (p->has_won ? is_marked(l->won, event) : is_first)) {
        w->won = true;
        if (in_range)
            win(r, w, owed);
    }
    if (p->has_event && in_range && is_marked(l->event, event))
        count_event(r, w, owed, p->has_value ? value_at(l, event) : 0);
    return true;
}

/* The first event of [from, to) that is marked or the next touch; or `to`. */
static uint32_t next_event(const struct returns *r, const struct look *l, uint32_t from,
                           uint32_t to)
{
    uint32_t touch = sources_ahead(&r->sources);

    if (touch < to)
        to = touch;
    for (uint32_t word = from / 64; from < to; from = ++word * 64) {
        uint64_t marks =
            ((l->won ? l->won[word] : 0) | (l->event ? l->event[word] : 0)) >> from % 64;

        if (marks) {
            from += (uint32_t)__builtin_ctzll(marks);
            break;
        }
    }
    return from < to ? from : to;
}

static bool add_customer(struct returns *r, struct look *l, uint32_t i, struct err *err)
{
    const struct chunk *c = l->chunk;
    struct walk w = {.first = SOURCE_NONE, .last = SOURCE_NONE};

    r->customer_n++;
    sources_skip(&r->sources, c->first[i]);
    for (uint32_t e = c->first[i], to = c->first[i + 1];
         (e = next_event(r, l, e, to)) < to && c->at_ms[e] <= r->plan.at_ms
         && c->at_ms[e] < r->plan.to_ms;
         e++)
        if (!add_event(r, l, &w, e, err))
            return false;
    return !w.listed || listed_add(&r->listed, c->customer_first + i, err);
}

bool returns_add(struct returns *r, const struct chunk *c, const struct bits *who,
                 struct err *err)
{
    const struct returns_plan *p = &r->plan;
    struct bits all = bits_up_to(c->customer_n);
    struct look l = {.chunk = c};

    if (!picks_turn(r->picks, c, err) || !sources_turn(&r->sources, c, err))
        return false;
    if (p->has_won)
        l.won = picks_marks(r->picks, p->won);
    if (p->has_event)
        l.event = picks_marks(r->picks, p->event);
    if (p->has_value)
        l.value = picks_values(r->picks, p->value);
    if (who)
        all = bits_and(&all, who);
    for (EACH_BIT(i, &all))
        if (!add_customer(r, &l, i, err))
            return false;
    return true;
}

/* --- together --- */

static void join(struct returns_source *into, const struct returns_source *from)
{
    into->reached += from->reached;
    into->won += from->won;
    into->events += from->events;
    into->value += from->value;
}

bool returns_merge(struct returns *into, const struct returns *from, struct err *err)
{
    for (uint32_t i = 0; i < from->sources.name.n && i < from->source_cap; i++) {
        uint32_t number;

        if (!sources_add(&into->sources, &from->sources, i, &number, err)
            || !need_sources(into, err))
            return false;
        join(&into->source[number], &from->source[i]);
    }
    join(&into->nobody, &from->nobody);
    join(&into->all, &from->all);
    if (!listed_join(&into->listed, &from->listed, err))
        return false;
    return true;
}
