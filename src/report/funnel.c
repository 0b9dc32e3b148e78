#include "report/funnel.h"

#include "report/by.h"

#include <assert.h>
#include <string.h>

/* A group's name in the table: this and the value; without it, the value is missing. */
#define NAMED '='

bool funnel_new(const struct funnel_plan *plan, struct funnel **out, struct err *err)
{
    struct funnel *f = mem_alloc(sizeof *f);

    if (!f)
        return err_nomem(err);
    f->plan = *plan;
    f->next = mem_alloc((size_t)plan->step_n * (plan->type_n + 1) * sizeof *f->next);
    if (!f->next || !picks_new(plan->program, &f->picks, err)) {
        if (!f->next)
            err_nomem(err);
        funnel_free(f);
        return false;
    }
    *out = f;
    return true;
}

void funnel_group_free(struct funnel_group *g)
{
    for (uint32_t k = 0; k < FUNNEL_STEPS_MAX; k++)
        mem_free(g->took[k].ms);
    *g = (struct funnel_group){};
}

void funnel_free(struct funnel *f)
{
    if (!f)
        return;
    for (uint32_t i = 0; i < f->name.n; i++)
        funnel_group_free(&f->group[i]);
    mem_free(f->group);
    text_table_free(&f->name);
    mem_free(f->next);
    mem_free(f->listed.customer);
    picks_free(f->picks);
    mem_free(f);
}

/* --- the way of one customer --- */

#define NOWHERE UINT32_MAX

/* His events, as places in the chunk. */
struct span {
    uint32_t from, to;             /* that are seen */
    uint32_t start_from, start_to; /* of them, those that a way may begin with */
};

struct walk {
    const struct funnel_plan *plan;
    const int64_t *at_ms;
    const uint64_t *mark[FUNNEL_STEPS_MAX], *any;
    struct span of;
    /* The longest way. */
    uint32_t steps, place[FUNNEL_STEPS_MAX];
};

/* Of the 64 events of a word, those of [from, to). */
static uint64_t between(uint32_t word, uint32_t from, uint32_t to)
{
    uint32_t first = word * 64;
    uint64_t bits = UINT64_MAX;

    if (to <= first || from >= first + 64 || from >= to)
        return 0;
    if (from > first)
        bits <<= from - first;
    if (to - first < 64)
        bits &= ~(UINT64_MAX << (to - first));
    return bits;
}

static uint32_t lowest(uint32_t word, uint64_t bits)
{
    return word * 64 + (uint32_t)__builtin_ctzll(bits);
}

static uint32_t highest(uint32_t word, uint64_t bits)
{
    return word * 64 + 63 - (uint32_t)__builtin_clzll(bits);
}

static int64_t limit_of(const struct walk *w, uint32_t place)
{
    if (w->plan->limit == FUNNEL_NO_LIMIT)
        return INT64_MAX;
    return length_add(w->plan->zone, w->at_ms[place], w->plan->within);
}

static void take_way(struct walk *w, const uint32_t *place, uint32_t steps)
{
    w->steps = steps;
    memcpy(w->place, place, steps * sizeof *place);
}

/* The ways that are known so far, one for each number of steps: the one with the latest first
 * event, then second, and so on (each step: the latest last). No other can be gone on with where
 * it cannot, since its limit lies latest; and it stays so when an event makes it longer. */
struct ways {
    uint32_t start; /* the latest event of the first step */
    uint32_t there; /* a bit for each of the others: 1 << the place of its last step */
    uint32_t place[FUNNEL_STEPS_MAX][FUNNEL_STEPS_MAX];
    int64_t limit_ms[FUNNEL_STEPS_MAX]; /* for the next step */
};

/* The last step first: no event is two steps of a way. */
static void go_on(struct walk *w, struct ways *known, uint32_t word, uint32_t place)
{
    for (uint32_t k = w->plan->step_n - 1; k > 0; k--) {
        int64_t limit_ms;

        if (!(w->mark[k][word] >> place % 64 & 1)
            || (k > 1 && !(known->there >> (k - 1) & 1)))
            continue;
        limit_ms = k > 1 ? known->limit_ms[k - 1] : limit_of(w, known->start);
        if (w->at_ms[place] > limit_ms) {
            known->there &= ~(UINT32_C(1) << (k - 1)); /* whatever comes is later */
            continue;
        }
        if (k == 1)
            known->place[1][0] = known->start;
        else
            memcpy(known->place[k], known->place[k - 1], k * sizeof(uint32_t));
        known->place[k][k] = place;
        known->there |= UINT32_C(1) << k;
        known->limit_ms[k] =
            w->plan->limit == FUNNEL_EACH_STEP ? limit_of(w, place) : limit_ms;
        if (k >= w->steps)
            take_way(w, known->place[k], k + 1);
    }
}

static void walk_loose(struct walk *w)
{
    const struct span *of = &w->of;
    struct ways known;

    known.start = NOWHERE;
    known.there = 0; /* what is not there is not read: it need not be cleared */
    for (uint32_t word = of->from / 64; word * 64 < of->to; word++) {
        uint64_t first = w->mark[0][word] & between(word, of->start_from, of->start_to);
        uint64_t later = 0;

        if (first && !w->steps)
            take_way(w, &(uint32_t){lowest(word, first)}, 1);
        for (uint32_t k = 1; w->steps && k < w->plan->step_n; k++)
            later |= w->mark[k][word];
        for (later &= between(word, of->from, of->to); later; later &= later - 1) {
            uint64_t before = first & ((later & -later) - 1);

            if (before)
                known.start = highest(word, before);
            if (known.start != NOWHERE)
                go_on(w, &known, word, lowest(word, later));
            if (w->steps == w->plan->step_n)
                return;
        }
        if (first)
            known.start = highest(word, first);
    }
}

/* Of the ways that end at the event before, a bit for each number of steps less one; the events
 * themselves are the last ones. */
static void walk_strict(struct walk *w)
{
    const struct funnel_plan *plan = w->plan;
    const struct span *of = &w->of;
    uint32_t last[FUNNEL_STEPS_MAX * 2], n = 0; /* the events, the newest at the end */
    uint32_t ended = 0;

    for (uint32_t word = of->from / 64; word * 64 < of->to; word++) {
        uint64_t bits = w->any[word];

        for (uint32_t k = 0; k < plan->step_n; k++)
            bits |= w->mark[k][word];
        for (bits &= between(word, of->from, of->to); bits; bits &= bits - 1) {
            uint32_t place = lowest(word, bits), ends = 0;

            if (n == FUNNEL_STEPS_MAX * 2) {
                n = FUNNEL_STEPS_MAX;
                memmove(last, last + n, n * sizeof *last);
            }
            last[n++] = place;
            for (uint32_t k = 0; k < plan->step_n; k++) {
                uint32_t from = plan->limit == FUNNEL_EACH_STEP ? 1 : k;

                if (!(w->mark[k][word] >> place % 64 & 1)
                    || (k ? !(ended >> (k - 1) & 1)
                                || w->at_ms[place] > limit_of(w, last[n - 1 - from])
                          : place < of->start_from || place >= of->start_to))
                    continue;
                ends |= UINT32_C(1) << k;
                if (k >= w->steps)
                    take_way(w, last + n - 1 - k, k + 1);
            }
            ended = ends;
        }
    }
}

/* --- whom it is broken down to --- */

/* The entry that says it of the customer, or BY_NONE. */
static uint32_t entry_of(const struct funnel *f, const struct walk *w,
                         const struct picked *p)
{
    return f->plan.by == FUNNEL_BY_FIRST ? by_event(p, w->place[0])
                                         : by_told(p, w->of.from, w->of.to);
}

static bool group_add(struct funnel *f, str name, struct funnel_group **out,
                      struct err *err)
{
    uint32_t n = f->name.n, number = text_table_find(&f->name, name);

    if (number != TEXT_NONE) {
        *out = &f->group[number];
        return true;
    }
    if (n == FUNNEL_GROUPS_MAX)
        return err_set(err, ERR_LIMIT,
                       "there are more than %u different values to break down by: take "
                       "something with fewer",
                       FUNNEL_GROUPS_MAX);
    if (n == f->group_cap) {
        uint32_t cap = n ? n * 2 : 8;
        struct funnel_group *more = mem_resize(f->group, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        f->group = more;
        f->group_cap = cap;
    }
    f->group[n] = (struct funnel_group){};
    if (!text_table_add(&f->name, name, &number))
        return err_nomem(err);
    *out = &f->group[number];
    return true;
}

static bool group_of(struct funnel *f, const struct walk *w, struct buf *name,
                     struct funnel_group **out, struct err *err)
{
    struct picked picked;
    uint32_t entry;

    buf_clear(name);
    if (f->plan.by != FUNNEL_BY_NOTHING) {
        picked = picks_values(f->picks, f->plan.by_pick);
        entry = entry_of(f, w, &picked);
        if (entry != BY_NONE) {
            buf_add_char(name, NAMED);
            by_put(name, f->picks, f->plan.by_pick, f->plan.decimals,
                   picked.value[entry]);
        }
    }
    if (name->failed)
        return err_nomem(err);
    return group_add(f, buf_str(name), out, err);
}

/* --- counting --- */

/* `name` is his group's, as group_of has it. */
static bool is_listed(const struct funnel_plan *plan, uint32_t steps, str name)
{
    if (!plan->stopped || (plan->beyond ? steps < plan->stopped : steps != plan->stopped))
        return false;
    if (!plan->in_group)
        return true;
    return plan->group_missing ? !name.n
                               : name.n && str_eq(str_from(name, 1), plan->group);
}

/* What he did next, having stopped; type_n: nothing more. */
static uint32_t next_of(const struct funnel *f, const struct walk *w,
                        const uint16_t *type)
{
    uint32_t from = w->place[w->steps - 1] + 1, to = w->of.to;

    for (uint32_t word = from / 64; word * 64 < to; word++) {
        uint64_t bits = w->any[word] & between(word, from, to);

        if (bits)
            return type[lowest(word, bits)];
    }
    return f->plan.type_n;
}

static bool count(struct funnel *f, const struct walk *w, struct funnel_group *g,
                  struct err *err)
{
    for (uint32_t k = 0; k < w->steps; k++) {
        g->customers[k]++;
        if (k
            && !lengths_add(&g->took[k],
                            w->at_ms[w->place[k]] - w->at_ms[w->place[k - 1]], err))
            return false;
    }
    return w->steps < f->plan.step_n || w->steps == 1
           || lengths_add(&g->took[0],
                          w->at_ms[w->place[w->steps - 1]] - w->at_ms[w->place[0]], err);
}

/* The first of the moments [from, to) that is not before ms. */
static uint32_t first_from(const int64_t *at_ms, uint32_t from, uint32_t to, int64_t ms)
{
    if (from == to || at_ms[from] >= ms)
        return from;
    if (at_ms[to - 1] < ms)
        return to;
    while (from < to) {
        uint32_t middle = from + (to - from) / 2;

        if (at_ms[middle] < ms)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

/* Moments are looked at only where the chunk has some on both sides of a border. */
static struct span span_of(const struct funnel_plan *plan, const struct chunk *c,
                           struct scan_span times, uint32_t i)
{
    struct span s = {.from = c->first[i], .to = c->first[i + 1]};

    if (times.last_ms > plan->at_ms)
        s.to = first_from(c->at_ms, s.from, s.to, plan->at_ms + 1);
    s.start_from = s.from;
    s.start_to = s.to;
    if (times.first_ms < plan->from_ms)
        s.start_from = first_from(c->at_ms, s.from, s.to, plan->from_ms);
    if (times.last_ms >= plan->to_ms)
        s.start_to = first_from(c->at_ms, s.start_from, s.to, plan->to_ms);
    return s;
}

enum { FETCHED_AHEAD = 16 }; /* words */

/* The moments of a rare second step lie far apart: they come from memory while the customers
 * before are walked. */
static void fetch(const struct walk *w, uint32_t words, uint32_t *word)
{
    uint32_t first = w->of.from / 64, end = w->of.to / 64 + FETCHED_AHEAD;

    for (*word = *word < first ? first : *word; *word < end && *word < words; ++*word)
        for (uint64_t bits = w->mark[1][*word]; bits; bits &= bits - 1)
            __builtin_prefetch(&w->at_ms[lowest(*word, bits)]);
}

bool funnel_add(struct funnel *f, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    struct bits all = bits_up_to(c->customer_n);
    struct walk w = {.plan = &f->plan, .at_ms = c->at_ms};
    struct buf name = {};
    uint32_t fetched = 0;
    bool ok = picks_turn(f->picks, c, err);

    if (who)
        all = bits_and(&all, who);
    for (uint32_t k = 0; ok && k < f->plan.step_n; k++)
        w.mark[k] = picks_marks(f->picks, f->plan.step[k]);
    if (ok)
        w.any = picks_marks(f->picks, f->plan.any);
    for (EACH_BIT(i, &all)) {
        struct funnel_group *g;
        uint32_t next = f->plan.type_n;

        if (!ok)
            break;
        w.of = span_of(&f->plan, c, span, i);
        if (f->plan.step_n > 1)
            fetch(&w, c->event_n / 64, &fetched);
        w.steps = 0;
        if (f->plan.strict)
            walk_strict(&w);
        else
            walk_loose(&w);
        if (!w.steps)
            continue;
        if (w.steps < f->plan.step_n) {
            next = next_of(f, &w, c->type);
            f->next[(size_t)(w.steps - 1) * (f->plan.type_n + 1) + next]++;
        }
        ok = group_of(f, &w, &name, &g, err) && count(f, &w, g, err)
             && (!is_listed(&f->plan, w.steps, buf_str(&name))
                 || (f->plan.by_next && next != f->plan.next)
                 || listed_add(&f->listed, c->customer_first + i, err));
    }
    buf_free(&name);
    return ok;
}

/* --- merging --- */

static bool group_join(struct funnel_group *into, const struct funnel_group *from,
                       struct err *err)
{
    for (uint32_t k = 0; k < FUNNEL_STEPS_MAX; k++) {
        into->customers[k] += from->customers[k];
        if (!lengths_join(&into->took[k], &from->took[k], err))
            return false;
    }
    return true;
}

bool funnel_merge(struct funnel *into, const struct funnel *from, struct err *err)
{
    size_t cells = (size_t)into->plan.step_n * (into->plan.type_n + 1);

    assert(into->plan.step_n == from->plan.step_n
           && into->plan.type_n == from->plan.type_n);
    for (uint32_t i = 0; i < from->name.n; i++) {
        struct funnel_group *g;

        if (!group_add(into, text_table_get(&from->name, i), &g, err)
            || !group_join(g, &from->group[i], err))
            return false;
    }
    for (size_t i = 0; i < cells; i++)
        into->next[i] += from->next[i];
    if (!listed_join(&into->listed, &from->listed, err))
        return false;
    return true;
}

bool funnel_name(const struct funnel *f, uint32_t group, str *out)
{
    str name = text_table_get(&f->name, group);

    *out = name.n ? str_from(name, 1) : name;
    return name.n > 0;
}

bool funnel_total(const struct funnel *f, struct funnel_group *out, struct err *err)
{
    *out = (struct funnel_group){};
    for (uint32_t i = 0; i < f->name.n; i++)
        if (!group_join(out, &f->group[i], err)) {
            funnel_group_free(out);
            return false;
        }
    return true;
}
