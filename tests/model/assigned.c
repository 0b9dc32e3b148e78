/* Assignments to groups against their twin, which looks at each customer's events one by one. */
#include "report/assigned.h"
#include "reports.h"

#include <string.h>

/* A question, as both understand it. */
struct asked {
    struct assigned_plan plan;
    bool by_trait;
    uint32_t assigned, conversion; /* in pattern_twin */
};

/* --- the twin --- */

/* The group that event i tells, NULL for none. A country stands until it goes. */
static const char *told(const struct asked *q, const struct life *l, uint32_t i,
                        const char *country)
{
    const struct fact *f = &l->fact[i];

    if (q->by_trait)
        return f->type == IDENTIFY && *country ? country : NULL;
    return pattern_twin[q->assigned].picks(f) ? f->color : NULL;
}

static bool twin(const struct asked *q, const struct life *l, struct assigned *out,
                 const char **group)
{
    const struct assigned_plan *p = &q->plan;
    const char *country = "";
    uint32_t first = UINT32_MAX;

    *out = (struct assigned){};
    for (uint32_t i = 0; i < l->n && l->fact[i].at_ms <= p->at_ms; i++) {
        const char *name;

        if (l->fact[i].type == IDENTIFY && (!*country || !*l->fact[i].country))
            country = l->fact[i].country;
        name = told(q, l, i, country);
        if (!name)
            continue;
        if (first == UINT32_MAX) {
            first = i;
            *group = name;
        }
        out->is_several |= strcmp(name, *group) != 0;
    }
    if (first == UINT32_MAX || l->fact[first].at_ms < p->from_ms
        || l->fact[first].at_ms >= p->to_ms)
        return false;
    out->at_ms = l->fact[first].at_ms;
    out->until_ms = length_add(p->zone, out->at_ms, p->within);
    out->is_waiting = p->at_ms < out->until_ms;
    for (uint32_t i = 0; i < l->n; i++) {
        const struct fact *f = &l->fact[i];
        int64_t n = f->n > 0 ? f->n * INT64_C(1000000) : 0;

        if (f->at_ms > p->at_ms || !pattern_twin[q->conversion].picks(f))
            continue;
        if (i > first && f->at_ms <= out->until_ms) {
            out->after++;
            out->spent += p->has_value ? n : 0;
        }
        if (i < first && length_add(p->zone, f->at_ms, p->within) >= out->at_ms) {
            out->before++;
            out->spent_before += p->has_value ? n : 0;
        }
    }
    return true;
}

static void need_twin(const struct asked *q, const struct town *t,
                      const struct assignments *s)
{
    size_t n = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        const struct assigned *row = n < s->n ? &s->row[n] : NULL;
        struct assigned wanted;
        const char *group = "";

        if (!twin(q, &t->life[i], &wanted, &group)) {
            assert_true(!row || row->customer != i);
            continue;
        }
        n++;
        assert_non_null(row);
        assert_int_equal(row->customer, i);
        assert_true(str_eq(text_table_get(&s->name, row->group), str_of(group)));
        assert_int_equal(row->at_ms, wanted.at_ms);
        assert_int_equal(row->until_ms, wanted.until_ms);
        assert_int_equal(row->is_several, wanted.is_several);
        assert_int_equal(row->is_waiting, wanted.is_waiting);
        assert_int_equal(row->after, wanted.after);
        assert_int_equal(row->before, wanted.before);
        assert_int_equal(row->spent, wanted.spent);
        assert_int_equal(row->spent_before, wanted.spent_before);
    }
    assert_int_equal(s->n, n);
    for (uint32_t g = 1; g < s->name.n; g++)
        assert_true(str_cmp(text_table_get(&s->name, g - 1), text_table_get(&s->name, g))
                    < 0);
}

/* --- by chance --- */

static int64_t some_ms(struct random *r, int64_t first_ms)
{
    return first_ms + (int64_t)random_below(r, 60 * 6) * 4 * MS_HOUR;
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, struct asked *q)
{
    /* Mails have no properties, and events of any type none that all of them have. */
    static const uint32_t colored[] = {0, 1, 3, 4};
    struct assigned_plan *plan = &q->plan;
    struct pick assigned;
    struct err err;
    uint32_t n;

    *q = (struct asked){.by_trait = random_below(r, 3) == 0,
                        .assigned = colored[random_below(r, 4)],
                        .conversion = colored[random_below(r, 4)]};
    *plan = (struct assigned_plan){
        .program = p,
        .zone = t->model->workspace.zone,
        .within = {.ms = (int64_t)random_below(r, 50) * 4 * MS_HOUR},
        .from_ms = MOMENT_MIN,
        .to_ms = MOMENT_NEVER,
        .at_ms = first_ms + 60 * MS_DAY,
        .has_value = random_below(r, 2)};
    if (random_below(r, 4) == 0)
        plan->within = (struct length){.months = 1};
    if (random_below(r, 2))
        plan->at_ms = some_ms(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->from_ms = some_ms(r, first_ms);
    if (random_below(r, 3) == 0)
        plan->to_ms = some_ms(r, first_ms);
    NEED_OK(picks_add(p, str_of(pattern_twin[q->conversion].text), &plan->conversion, 1,
                      &n, &err),
            err);
    if (plan->has_value)
        NEED_OK(picks_add_property(p, plan->conversion, STR("n"), &plan->value, &err),
                err);
    if (q->by_trait) {
        NEED_OK(picks_add_told(p, STR("trait.country"), &plan->group, &err), err);
        return;
    }
    NEED_OK(picks_add(p, str_of(pattern_twin[q->assigned].text), &assigned, 1, &n, &err),
            err);
    NEED_OK(picks_add_property(p, assigned, STR("color"), &plan->group, &err), err);
}

static void ask(const struct asked *q, const struct town *t)
{
    struct assignments *s, *other;
    struct err err;

    NEED_OK(assignments_new(&q->plan, &s, &err), err);
    NEED_OK(assignments_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(assignments_add(k % 2 ? s : other, t->chunk[k], NULL, &err), err);
    NEED_OK(assignments_merge(s, other, &err), err);
    assignments_free(other);
    NEED_OK(assignments_finish(s, &err), err);
    need_twin(q, t, s);
    assignments_free(s);
}

TEST(who_is_in_which_group_and_what_he_did_is_what_his_events_say)
{
    struct random r = chance();
    /* Over the night in which Rome loses an hour. */
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 2, .day = 20});

    for (size_t round = chance_rounds(20); round; round--) {
        struct town t;

        town_open(&t, &r, first_ms, 60 * 6, 4 * MS_HOUR);
        for (int i = 0; i < 20; i++) {
            struct program *p;
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, &q);
            ask(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
}
