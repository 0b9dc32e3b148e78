/* Paths against their twin, which writes each way down as a text and counts texts. */
#include "report/paths.h"
#include "reports.h"

#include <stdio.h>
#include <string.h>

enum { STAGES = 3, MOVES_MAX = 5, LIST_MAX = EVENTS_MAX + MOVES_MAX, WAY_BYTES = 200 };

static struct stage stage[STAGES] = {
    {.name = {"s0", 2}}, {.name = {"s1", 2}}, {.name = {"s2", 2}}};
static const struct lifecycle lifecycle = {.stage = stage, .stage_n = STAGES};

struct moved {
    struct move move[CUSTOMERS][MOVES_MAX];
    uint32_t n[CUSTOMERS];
};

/* A question, as both understand it. */
struct asked {
    struct paths_plan plan;
    uint32_t events, anchor; /* in pattern_twin */
    const struct moved *moved;
    const struct zone *zone;
    struct scan_span span; /* that all events lie in */
};

/* --- the twin --- */

struct point {
    int64_t at_ms;
    char name[WAY_BYTES]; /* empty: no step */
    bool is_anchor;
};

struct texts {
    struct said {
        char text[WAY_BYTES];
        uint64_t times;
        bool of[CUSTOMERS];
    } said[CUSTOMERS * LIST_MAX * 20];
    uint32_t n;
};

static void say(struct texts *t, const char *text, uint32_t customer)
{
    struct said *s = t->said;

    while (s < t->said + t->n && strcmp(s->text, text) != 0)
        s++;
    if (s == t->said + t->n) {
        *s = (struct said){};
        snprintf(s->text, sizeof s->text, "%s", text);
        t->n++;
    }
    s->times++;
    s->of[customer] = true;
}

static void name_of(const struct asked *q, const struct fact *f, char name[WAY_BYTES])
{
    const struct through *t = &q->plan.through;

    *name = '\0';
    if (!pattern_twin[q->events].picks(f) || (t->has_property && !f->color))
        return;
    if (t->event && t->has_property)
        snprintf(name, WAY_BYTES, "%s / %s", type_name[f->type], f->color);
    else
        snprintf(name, WAY_BYTES, "%s", t->event ? type_name[f->type] : f->color);
}

/* Everything that happens to one, a moment's moves behind its events. */
static uint32_t list_of(const struct asked *q, const struct life *l, uint32_t customer,
                        struct point *out)
{
    bool by_event = q->plan.from != PATHS_ANY && q->plan.anchor_stage == STAGE_NONE;
    uint32_t n = 0, moved = 0;

    for (uint32_t i = 0; i <= l->n; i++) {
        const struct fact *f = &l->fact[i];
        struct point p = {};

        for (; moved < q->moved->n[customer]; moved++) {
            const struct move *m = &q->moved->move[customer][moved];

            if ((i < l->n && m->at_ms >= f->at_ms) || m->at_ms > q->plan.at_ms)
                break;
            p = (struct point){.at_ms = m->at_ms,
                               .is_anchor = q->plan.anchor_stage == m->to};
            if (q->plan.by_stage)
                snprintf(p.name, sizeof p.name, "s%u", m->to);
            if (*p.name || p.is_anchor)
                out[n++] = p;
        }
        if (i == l->n || f->at_ms > q->plan.at_ms)
            continue;
        p = (struct point){.at_ms = f->at_ms,
                           .is_anchor = by_event && pattern_twin[q->anchor].picks(f)};
        if (!q->plan.by_stage)
            name_of(q, f, p.name);
        if (*p.name || p.is_anchor)
            out[n++] = p;
    }
    return n;
}

static bool near(const struct asked *q, const struct point *a, const struct point *b)
{
    const struct point *first = a->at_ms < b->at_ms ? a : b, *last = first == a ? b : a;

    return !q->plan.has_within
           || last->at_ms <= length_add(q->zone, first->at_ms, q->plan.within);
}

static uint32_t visit_of(const struct asked *q, const struct point *point, uint32_t k)
{
    uint32_t visit = 0;

    for (uint32_t i = 1; i <= k; i++)
        visit += q->plan.gap_ms && point[i].at_ms - point[i - 1].at_ms > q->plan.gap_ms;
    return visit;
}

/* The steps of the way from a place on, each a name; how many. */
static uint32_t way_from(const struct asked *q, const struct point *point, uint32_t n,
                         uint32_t start, const char *name[LIST_MAX + 1])
{
    bool back = q->plan.from == PATHS_BEFORE, any = q->plan.from == PATHS_ANY;
    uint32_t steps = 0;
    bool leads = !any; /* nothing but anchors yet */

    name[steps++] = any ? point[start].name : "anchor";
    for (uint32_t i = 1; i < n; i++) {
        uint32_t k = back ? start - i : start + i;

        if (k >= n || !near(q, &point[start], &point[k])
            || visit_of(q, point, start) != visit_of(q, point, k))
            break;
        if (q->plan.collapsed && leads && point[k].is_anchor)
            continue;
        if (!*point[k].name)
            continue;
        leads = false;
        if (!q->plan.collapsed || strcmp(name[steps - 1], point[k].name) != 0)
            name[steps++] = point[k].name;
    }
    return steps < q->plan.steps ? steps : q->plan.steps;
}

static bool repeats(const struct asked *q, const struct point *point, uint32_t k)
{
    if (!q->plan.collapsed || !k || visit_of(q, point, k - 1) != visit_of(q, point, k))
        return false;
    return q->plan.from == PATHS_ANY ? !strcmp(point[k - 1].name, point[k].name)
                                     : point[k - 1].is_anchor;
}

static void say_links(const struct asked *q, const char *const *name, uint32_t n,
                      uint32_t customer, struct texts *links)
{
    for (uint32_t i = 0; i < n; i++) {
        char text[WAY_BYTES];

        snprintf(text, sizeof text, "%u %s", i + 1, name[i]);
        say(links, text, customer);
        snprintf(text, sizeof text, "%u %s > %s", i + 1, name[i],
                 i + 1 < n ? name[i + 1] : "");
        if (i + 1 < q->plan.steps)
            say(links, text, customer);
    }
}

static void tell(const struct asked *q, const struct town *t, struct texts *ways,
                 struct texts *links)
{
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        struct point point[LIST_MAX];
        uint32_t n = list_of(q, &t->life[c], c, point), taken = UINT32_MAX;

        for (uint32_t k = 0; k < n; k++) {
            const char *name[LIST_MAX + 1];
            char text[WAY_BYTES] = "";
            uint32_t steps;

            if ((q->plan.from != PATHS_ANY && !point[k].is_anchor)
                || point[k].at_ms < q->plan.from_ms || point[k].at_ms >= q->plan.to_ms
                || repeats(q, point, k)
                || (!q->plan.each && taken == visit_of(q, point, k)))
                continue;
            taken = visit_of(q, point, k);
            steps = way_from(q, point, n, k, name);
            if (q->plan.whole && steps < q->plan.steps)
                continue;
            for (uint32_t i = 0; i < steps; i++) {
                strcat(text, i ? " > " : "");
                strcat(text, name[i]);
            }
            say(ways, text, c);
            say_links(q, name, steps, c, links);
        }
    }
}

/* --- both --- */

static void text_of(const struct paths *p, const uint16_t *number, uint32_t n,
                    char text[WAY_BYTES])
{
    size_t at = strlen(text);

    for (uint32_t i = 0; i < n; i++) {
        str name = number[i] ? paths_name(p, number[i]) : STR("");

        at += (size_t)snprintf(text + at, WAY_BYTES - at, "%s%.*s", i ? " > " : "",
                               STR_FMT(name));
    }
}

static void need_same(const struct paths *p, const struct tally *t, bool links,
                      const struct texts *wanted)
{
    assert_int_equal(t->n, wanted->n);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct tally_entry *e = &t->entry[i];
        const struct said *s = wanted->said;
        char text[WAY_BYTES] = "";
        uint32_t customers = 0;

        if (links) {
            snprintf(text, sizeof text, "%u ", e->row.number[0]);
            text_of(p, e->row.number + 1, e->row.number[2] == PATHS_NODE ? 1 : 2, text);
        } else {
            text_of(p, e->row.number, paths_steps(e->row), text);
        }
        while (s < wanted->said + wanted->n && strcmp(s->text, text) != 0)
            s++;
        if (s == wanted->said + wanted->n)
            fail_msg("nobody goes %s", text);
        for (uint32_t c = 0; c < CUSTOMERS; c++)
            customers += s->of[c];
        assert_int_equal(e->times, s->times);
        assert_int_equal(e->customers, customers);
    }
}

/* Whoever goes a way whose first step is an `a`, or an anchor; and over such a first node. */
static bool lists(const void *context, const struct paths *p, struct tally_row row,
                  bool is_way)
{
    str name = paths_name(p, row.number[is_way ? 0 : 1]);

    (void)context;
    return is_way && (str_eq(name, STR("a")) || str_eq(name, STR("anchor")));
}

static void need_listed(const struct asked *q, const struct paths *p,
                        const struct texts *ways)
{
    uint32_t n = 0;

    if (!q->plan.lists)
        return;
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        bool wanted = false, found = false;

        for (uint32_t i = 0; i < ways->n; i++)
            wanted |= ways->said[i].of[c]
                      && (!strcmp(ways->said[i].text, "a")
                          || !strncmp(ways->said[i].text, "a >", 3)
                          || !strncmp(ways->said[i].text, "anchor", 6));
        for (size_t i = 0; i < p->listed.n; i++)
            found |= p->listed.customer[i] == c;
        assert_int_equal(found, wanted);
        n += wanted;
    }
    assert_int_equal(p->listed.n, n);
}

static void need_twin(const struct asked *q, const struct town *t)
{
    static struct texts ways, links;
    struct paths *p, *other;
    struct err err;
    uint64_t times = 0;
    bool goes[CUSTOMERS] = {};
    uint32_t customers = 0;

    ways.n = links.n = 0;
    tell(q, t, &ways, &links);
    NEED_OK(paths_new(&q->plan, &p, &err), err);
    NEED_OK(paths_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(paths_add(k % 2 ? p : other, t->chunk[k], q->span, NULL, &err), err);
    NEED_OK(paths_merge(p, other, &err), err);
    paths_free(other);
    NEED_OK(paths_settle(p, &err), err);
    need_same(p, &p->ways, false, &ways);
    if (q->plan.links)
        need_same(p, &p->links, true, &links);
    need_listed(q, p, &ways);
    for (uint32_t i = 0; i < ways.n; i++) {
        times += ways.said[i].times;
        for (uint32_t c = 0; c < CUSTOMERS; c++)
            goes[c] |= ways.said[i].of[c];
    }
    for (uint32_t c = 0; c < CUSTOMERS; c++)
        customers += goes[c];
    assert_int_equal(p->way_n, times);
    assert_int_equal(p->customer_n, customers);
    paths_free(p);
}

static const struct move *moves_of(const void *context, uint32_t customer, size_t *n)
{
    const struct moved *m = context;

    *n = m->n[customer];
    return m->move[customer];
}

static int64_t some_moment(struct random *r, int64_t first_ms)
{
    return first_ms + (int64_t)random_below(r, 60 * 6) * 4 * MS_HOUR;
}

/* Who has no events is nobody, and moves nowhere. */
static void random_moves(struct random *r, const struct town *t, int64_t first_ms,
                         struct moved *m)
{
    for (uint32_t c = 0; c < CUSTOMERS; c++) {
        int64_t at_ms = first_ms;

        m->n[c] = t->life[c].n ? (uint32_t)random_below(r, MOVES_MAX + 1) : 0;
        for (uint32_t i = 0; i < m->n[c]; i++) {
            at_ms += (int64_t)random_below(r, 60) * 4 * MS_HOUR;
            m->move[c][i] =
                (struct move){.at_ms = at_ms, .to = (uint16_t)random_below(r, STAGES)};
        }
    }
}

/* Ways from every step on, of which nothing else is asked: what paths_sweep.c is for. */
static void make_sweep(struct random *r, int64_t first_ms, struct asked *q)
{
    struct paths_plan *plan = &q->plan;

    q->span = (struct scan_span){first_ms, first_ms + 60 * MS_DAY};
    plan->from = PATHS_ANY;
    plan->each = true;
    plan->steps = 2 + (uint32_t)random_below(r, 4);
    plan->by_stage = plan->collapsed = plan->has_within = plan->links = false;
    plan->lists = NULL;
    plan->gap_ms = 0;
    plan->from_ms = MOMENT_MIN;
    plan->to_ms = plan->at_ms = MOMENT_NEVER;
    plan->anchor_stage = STAGE_NONE;
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, const str *types, struct asked *q)
{
    static const enum paths_from from[] = {PATHS_ANY, PATHS_AFTER, PATHS_BEFORE};
    struct paths_plan *plan = &q->plan;
    uint32_t n;
    struct err err;

    *plan = (struct paths_plan){.program = p,
                                .by_stage = random_below(r, 4) == 0,
                                .lifecycle = &lifecycle,
                                .moves = moves_of,
                                .moves_context = q->moved,
                                .from = from[random_below(r, 3)],
                                .anchor_stage = STAGE_NONE,
                                .anchor_name = STR("anchor"),
                                .steps = 2 + (uint32_t)random_below(r, 7),
                                .each = random_below(r, 2),
                                .whole = random_below(r, 3) == 0,
                                .collapsed = random_below(r, 2),
                                .has_within = random_below(r, 3) == 0,
                                .within = {.ms = 9 * MS_DAY},
                                .zone = q->zone,
                                .from_ms = MOMENT_MIN,
                                .to_ms = MOMENT_NEVER,
                                .at_ms = MOMENT_NEVER,
                                .links = random_below(r, 2)};
    q->span = random_below(r, 2) ? SCAN_SPAN_ANY
                                 : (struct scan_span){first_ms, first_ms + 60 * MS_DAY};
    q->anchor = (uint32_t)random_below(r, PATTERNS);
    q->events = (uint32_t)random_below(r, PATTERNS);
    if (random_below(r, 2))
        plan->lists = lists;
    if (plan->has_within && random_below(r, 2))
        plan->within = (struct length){.months = 1};
    if (random_below(r, 3) == 0)
        plan->gap_ms = (int64_t)(1 + random_below(r, 60)) * 4 * MS_HOUR;
    if (random_below(r, 3) == 0)
        plan->from_ms = some_moment(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->to_ms = some_moment(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->at_ms = some_moment(r, first_ms);
    if (plan->from != PATHS_ANY && random_below(r, 3) == 0)
        plan->anchor_stage = (uint16_t)random_below(r, STAGES);
    if (random_below(r, 3) == 0)
        make_sweep(r, first_ms, q);
    NEED_OK(
        picks_add(p, str_of(pattern_twin[q->anchor].text), &plan->anchor, 1, &n, &err),
        err);
    NEED_OK(picks_add(p, str_of(pattern_twin[q->events].text), plan->through.pick, 1,
                      &plan->through.pick_n, &err),
            err);
    plan->through.has_property = q->events != 2 && q->events != 5 && random_below(r, 2);
    plan->through.event = !plan->through.has_property || random_below(r, 2);
    plan->through.type_name = types;
    plan->through.type_n = t->catalog.type.n;
    if (plan->through.has_property)
        NEED_OK(picks_add_property(p, plan->through.pick[0], STR("color"),
                                   plan->through.property, &err),
                err);
}

TEST(every_way_is_gone_as_often_as_each_customer_says)
{
    struct random r = chance();
    /* Over the night in which Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        static struct moved moved;
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        random_moves(&r, &t, first_ms, &moved);
        for (int i = 0; i < 20; i++) {
            struct asked q = {.moved = &moved, .zone = t.model->workspace.zone};
            struct program *p;
            str types[TYPES + 1];
            struct err err;

            for (uint32_t k = 0; k < t.catalog.type.n; k++)
                types[k] = text_table_get(&t.catalog.type, k);
            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, types, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
}
