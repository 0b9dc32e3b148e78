/* A funnel against its twin, which tries every choice of events. */
#include "report/funnel.h"
#include "reports.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4 };

/* A question, as both understand it. */
struct asked {
    struct funnel_plan plan;
    uint32_t step[STEPS]; /* in pattern_twin */
    bool (*who)(uint32_t customer);
};

/* --- the twin --- */

struct
try {
    const struct asked *q;
    const struct life *life;
    uint32_t place[STEPS], n; /* the way at hand */
    uint32_t best[STEPS], best_n;
};

static bool is_other(const struct asked *q, const struct fact *f)
{
    bool other = f->type != MAIL && f->type != IDENTIFY;

    for (uint32_t k = 0; k < q->plan.step_n; k++)
        other |= pattern_twin[q->step[k]].picks(f);
    return other;
}

static bool may_follow(const struct try *t, uint32_t place)
{
    const struct funnel_plan *p = &t->q->plan;
    const struct fact *f = t->life->fact;
    uint32_t from;

    if (f[place].at_ms > p->at_ms || !pattern_twin[t->q->step[t->n]].picks(&f[place]))
        return false;
    if (!t->n)
        return f[place].at_ms >= p->from_ms && f[place].at_ms < p->to_ms;
    from = t->place[p->limit == FUNNEL_EACH_STEP ? t->n - 1 : 0];
    if (p->limit != FUNNEL_NO_LIMIT
        && f[place].at_ms > length_add(p->zone, f[from].at_ms, p->within))
        return false;
    for (uint32_t i = t->place[t->n - 1] + 1; p->strict && i < place; i++)
        if (is_other(t->q, &f[i]))
            return false;
    return true;
}

/* Is this way to be shown rather than the best so far? */
static bool is_better(const struct try *t)
{
    uint32_t last = t->n - 1;

    if (t->n != t->best_n)
        return t->n > t->best_n;
    if (t->place[last] != t->best[last])
        return t->place[last] < t->best[last];
    for (uint32_t i = 0; i < last; i++) {
        uint32_t k = t->q->plan.limit == FUNNEL_EACH_STEP ? last - 1 - i : i;

        if (t->place[k] != t->best[k])
            return t->place[k] > t->best[k];
    }
    return false;
}

static void try_all(struct try *t, uint32_t from)
{
    if (t->n && is_better(t)) {
        memcpy(t->best, t->place, sizeof t->best);
        t->best_n = t->n;
    }
    for (uint32_t i = from; t->n < t->q->plan.step_n && i < t->life->n; i++)
        if (may_follow(t, i)) {
            t->place[t->n++] = i;
            try_all(t, i + 1);
            t->n--;
        }
}

/* --- what the twin says of a customer, and of all --- */

struct told {
    char group[32]; /* "-" is missing */
    uint32_t steps;
    int64_t took_ms[STEPS]; /* as funnel_group has them */
    uint32_t next;          /* a type, or TYPES */
    uint32_t customer;
};

static void tell_group(const struct try *t, char out[32])
{
    const struct fact *f = t->life->fact;
    const char *country = "";

    strcpy(out, "-");
    if (t->q->plan.by == FUNNEL_BY_FIRST && f[t->best[0]].n >= 0)
        snprintf(out, 32, "%d", f[t->best[0]].n);
    if (t->q->plan.by != FUNNEL_BY_TOLD)
        return;
    for (uint32_t i = 0; i < t->life->n && f[i].at_ms <= t->q->plan.at_ms; i++)
        if (f[i].country && (!*country || !*f[i].country)) /* the first, until it goes */
            country = f[i].country;
    if (*country)
        strcpy(out, country);
}

static bool tell(const struct asked *q, const struct town *town, uint32_t customer,
                 struct told *out)
{
    struct try t = {.q = q, .life = &town->life[customer]};
    const struct fact *f = t.life->fact;

    if (q->who && !q->who(customer))
        return false;
    try_all(&t, 0);
    *out = (struct told){.steps = t.best_n, .next = TYPES, .customer = customer};
    if (!t.best_n)
        return false;
    tell_group(&t, out->group);
    for (uint32_t k = 1; k < t.best_n; k++)
        out->took_ms[k] = f[t.best[k]].at_ms - f[t.best[k - 1]].at_ms;
    out->took_ms[0] = f[t.best[t.best_n - 1]].at_ms - f[t.best[0]].at_ms;
    for (uint32_t i = t.best[t.best_n - 1] + 1; i < t.life->n; i++)
        if (f[i].type != MAIL && f[i].type != IDENTIFY && f[i].at_ms <= q->plan.at_ms) {
            out->next = f[i].type;
            break;
        }
    return true;
}

static int by_length(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void need_lengths(const struct lengths *got, int64_t *wanted, size_t n)
{
    struct lengths copy = {.n = got->n};

    assert_int_equal(got->n, n);
    copy.ms = mem_alloc((n + 1) * sizeof *copy.ms);
    assert_non_null(copy.ms);
    if (n) {
        memcpy(copy.ms, got->ms, n * sizeof *copy.ms);
        qsort(copy.ms, n, sizeof *copy.ms, by_length);
        qsort(wanted, n, sizeof *wanted, by_length);
        assert_memory_equal(copy.ms, wanted, n * sizeof *wanted);
    }
    assert_int_equal(lengths_quantile(&copy, 50), n ? wanted[(n + 1) / 2 - 1] : -1);
    mem_free(copy.ms);
}

static void need_group(const struct asked *q, const struct funnel_group *g,
                       const struct told *told, uint32_t n, const char *name)
{
    for (uint32_t k = 0; k < q->plan.step_n; k++) {
        int64_t took_ms[CUSTOMERS];
        uint64_t customers = 0;
        size_t lengths = 0;

        for (uint32_t i = 0; i < n; i++) {
            if (strcmp(told[i].group, name))
                continue;
            customers += told[i].steps > k;
            if (k ? told[i].steps > k
                  : told[i].steps == q->plan.step_n && told[i].steps > 1)
                took_ms[lengths++] = told[i].took_ms[k];
        }
        assert_int_equal(g->customers[k], customers);
        need_lengths(&g->took[k], took_ms, lengths);
    }
}

/* Its number in the catalog; of nothing more: as many as there are. */
static uint32_t type_of(const struct town *town, uint32_t next)
{
    return next == TYPES ? town->catalog.type.n
                         : text_table_find(&town->catalog.type, str_of(type_name[next]));
}

static void need_next(const struct town *town, const struct funnel *f,
                      const struct told *told, uint32_t n)
{
    uint32_t types = f->plan.type_n;

    for (uint32_t k = 0; k + 1 < f->plan.step_n; k++)
        for (uint32_t type = 0; type <= types; type++) {
            uint64_t customers = 0;

            for (uint32_t i = 0; i < n; i++) {
                bool none = told[i].next == TYPES;

                if (told[i].steps == k + 1
                    && (type == types
                            ? none
                            : !none
                                  && str_eq(text_table_get(&town->catalog.type, type),
                                            str_of(type_name[told[i].next]))))
                    customers++;
            }
            assert_int_equal(f->next[k * (types + 1) + type], customers);
        }
}

static int by_number(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static void need_told(const struct asked *q, const struct town *town, struct funnel *f)
{
    struct told told[CUSTOMERS];
    uint32_t n = 0, listed = 0, groups = 0;
    char wanted[32] = "-";

    if (q->plan.in_group && !q->plan.group_missing)
        snprintf(wanted, sizeof wanted, "%.*s", STR_FMT(q->plan.group));
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        n += tell(q, town, i, &told[n]);
    for (uint32_t i = 0; i < n; i++) {
        bool first = true;

        for (uint32_t k = 0; k < i; k++)
            first &= strcmp(told[k].group, told[i].group) != 0;
        groups += first;
    }
    assert_int_equal(funnel_group_n(f), groups);
    for (uint32_t i = 0; i < groups; i++) {
        char name[32] = "-";
        str shown;

        if (funnel_name(f, i, &shown))
            snprintf(name, sizeof name, "%.*s", STR_FMT(shown));
        need_group(q, &f->group[i], told, n, name);
    }
    need_next(town, f, told, n);
    if (f->listed.n)
        qsort(f->listed.customer, f->listed.n, sizeof *f->listed.customer, by_number);
    for (uint32_t i = 0; i < n; i++)
        if (q->plan.stopped
            && (q->plan.beyond ? told[i].steps >= q->plan.stopped
                               : told[i].steps == q->plan.stopped)
            && (!q->plan.in_group || !strcmp(told[i].group, wanted))
            && (!q->plan.by_next || type_of(town, told[i].next) == q->plan.next)) {
            assert_true(listed < f->listed.n);
            assert_int_equal(f->listed.customer[listed++], told[i].customer);
        }
    assert_int_equal(listed, f->listed.n);
}

/* --- questions by chance --- */

static bool is_odd(uint32_t customer)
{
    return customer % 2;
}

static struct bits who_of(const struct asked *q, const struct chunk *c)
{
    struct bits b = {};

    for (uint32_t i = 0; i < c->customer_n; i++)
        if (!q->who || q->who(c->customer_first + i))
            bits_put(&b, i);
    return b;
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, struct asked *q)
{
    static const struct length within[] = {
        {.ms = 0}, {.ms = MS_HOUR}, {.ms = 6 * MS_HOUR}, {.ms = MS_DAY}, {.months = 1}};
    uint32_t n;
    struct err err;

    *q = (struct asked){.plan = {.program = p,
                                 .step_n = 1 + (uint32_t)random_below(r, STEPS),
                                 .limit = (enum funnel_limit)random_below(r, 3),
                                 .within = within[random_below(r, 5)],
                                 .zone = t->model->workspace.zone,
                                 .strict = random_below(r, 3) == 0,
                                 .from_ms = MOMENT_MIN,
                                 .to_ms = MOMENT_NEVER,
                                 .at_ms = MOMENT_NEVER,
                                 .by = (enum funnel_by)random_below(r, 3),
                                 .type_n = t->catalog.type.n},
                        .who = random_below(r, 3) ? NULL : is_odd};
    q->plan.stopped = (uint32_t)random_below(r, q->plan.step_n + 1);
    q->plan.beyond = random_below(r, 2) == 0;
    q->plan.by_next = !q->plan.beyond && q->plan.stopped
                      && q->plan.stopped < q->plan.step_n && random_below(r, 2) == 0;
    q->plan.next = (uint32_t)random_below(r, t->catalog.type.n + 1);
    q->plan.in_group = q->plan.by != FUNNEL_BY_NOTHING && random_below(r, 2) == 0;
    q->plan.group_missing = random_below(r, 4) == 0;
    q->plan.group = q->plan.by == FUNNEL_BY_TOLD ? STR("IT") : STR("1");
    if (random_below(r, 3) == 0)
        q->plan.from_ms = first_ms + (int64_t)random_below(r, 20) * 3 * MS_HOUR;
    if (random_below(r, 3) == 0)
        q->plan.to_ms = first_ms + (int64_t)random_below(r, 20) * 3 * MS_HOUR;
    if (random_below(r, 3) == 0)
        q->plan.at_ms = first_ms + (int64_t)random_below(r, 20) * 3 * MS_HOUR;
    for (uint32_t k = 0; k < q->plan.step_n; k++) {
        q->step[k] = (uint32_t)random_below(r, k ? PATTERNS : 2); /* a and b have n */
        NEED_OK(picks_add(p, str_of(pattern_twin[q->step[k]].text), &q->plan.step[k], 1,
                          &n, &err),
                err);
    }
    if (q->plan.by == FUNNEL_BY_FIRST)
        NEED_OK(picks_add_property(p, q->plan.step[0], STR("n"), &q->plan.by_pick, &err),
                err);
    if (q->plan.by == FUNNEL_BY_TOLD)
        NEED_OK(picks_add_told(p, STR("trait.country"), &q->plan.by_pick, &err), err);
    NEED_OK(picks_add(p, STR("any"), &q->plan.any, 1, &n, &err), err);
}

/* Two threads' worth, merged. */
static struct funnel *counted(const struct asked *q, const struct town *t)
{
    struct funnel *f, *other;
    struct err err;

    NEED_OK(funnel_new(&q->plan, &f, &err), err);
    NEED_OK(funnel_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++) {
        struct bits who = who_of(q, t->chunk[k]);

        NEED_OK(funnel_add(k % 2 ? f : other, t->chunk[k], SCAN_SPAN_ANY,
                           q->who ? &who : NULL, &err),
                err);
    }
    NEED_OK(funnel_merge(f, other, &err), err);
    funnel_free(other);
    return f;
}

TEST(a_funnel_is_what_every_choice_of_events_gives)
{
    struct random r = chance();
    /* The day before Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 3, .day = 28});

    for (size_t round = chance_rounds(60); round; round--) {
        struct town t;

        town_open(&t, &r, first_ms, 20, 3 * MS_HOUR);
        for (int i = 0; i < 20; i++) {
            struct program *p;
            struct asked q;
            struct funnel *f;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, &q);
            f = counted(&q, &t);
            need_told(&q, &t, f);
            funnel_free(f);
            program_free(p);
        }
        town_close(&t);
    }
}
