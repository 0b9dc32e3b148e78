/* Scores against their twin, which puts everybody in order. */
#include "reports.h"
#include "segment/rfm.h"

#include <stdlib.h>
#include <string.h>

struct asked {
    struct rfm_plan plan;
    uint32_t event; /* in pattern_twin */
};

/* One who did it at all. */
struct row {
    uint32_t customer;
    int64_t measure[RFM_MEASURES];
};

static uint32_t rows_of(const struct asked *q, const struct town *t,
                        struct row out[CUSTOMERS])
{
    const struct rfm_plan *p = &q->plan;
    uint32_t n = 0;

    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        struct row row = {.customer = i};

        for (uint32_t e = 0; e < t->life[i].n; e++) {
            const struct fact *f = &t->life[i].fact[e];

            if (!pattern_twin[q->event].picks(f) || f->at_ms < p->from_ms
                || f->at_ms > p->at_ms)
                continue;
            row.measure[RFM_RECENCY] =
                p->in_days ? day_of_moment(p->zone, f->at_ms) : f->at_ms;
            row.measure[RFM_FREQUENCY]++;
            row.measure[RFM_MONETARY] += f->n > 0 ? f->n * INT64_C(1000000) : 0;
        }
        if (row.measure[RFM_FREQUENCY])
            out[n++] = row;
    }
    return n;
}

static int by_number(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

/* Numbers of customers stand for their ids. */
static int by_id([[maybe_unused]] void *context, uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static unsigned wanted_score(const struct asked *q, const struct row *row, uint32_t n,
                             uint32_t who, int what)
{
    int64_t sorted[CUSTOMERS], own = row[who].measure[what];
    unsigned score = 1, before = 0;

    for (uint32_t i = 0; i < n; i++) {
        sorted[i] = row[i].measure[what];
        before += sorted[i] < own || (sorted[i] == own && i < who);
    }
    qsort(sorted, n, sizeof *sorted, by_number);
    if (q->plan.method == RFM_RANKS)
        return 1 + 5 * before / n;
    for (unsigned k = 1; k <= 4; k++) {
        uint32_t at = (n - 1) * k / 5, rest = (n - 1) * k % 5;
        int64_t next = at + 1 < n ? sorted[at + 1] : sorted[at];

        switch (q->plan.method) {
        case RFM_QUINTILES:
            score += sorted[k * n / 5] <= own;
            break;
        case RFM_INTERPOLATED:
            score += (own - sorted[at]) * 5 > (next - sorted[at]) * rest;
            break;
        case RFM_LIMITS:
            score += q->plan.limit[what][k - 1] <= own;
            break;
        case RFM_RANKS:
        case RFM_METHODS_END:
            break;
        }
    }
    return score;
}

static const struct rfm_customer *find(const struct rfm *r, uint32_t customer)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->row[i].customer == customer)
            return &r->row[i];
    return NULL;
}

static void need_twin(const struct asked *q, const struct town *t)
{
    struct row row[CUSTOMERS];
    uint32_t n = rows_of(q, t, row);
    struct rfm *r, *other;
    struct err err;

    NEED_OK(rfm_new(&q->plan, &r, &err), err);
    NEED_OK(rfm_new(&q->plan, &other, &err), err);
    for (uint32_t k = 0; k < CHUNKS; k++)
        NEED_OK(rfm_add(k % 2 ? r : other, t->chunk[k], SCAN_SPAN_ANY, NULL, &err), err);
    NEED_OK(rfm_merge(r, other, &err), err);
    rfm_free(other);
    NEED_OK(rfm_score(r, by_id, NULL, &err), err);
    assert_int_equal(r->n, n);
    for (uint32_t i = 0; i < n; i++) {
        const struct rfm_customer *got = find(r, row[i].customer);

        assert_non_null(got);
        assert_int_equal(got->n, row[i].measure[RFM_FREQUENCY]);
        assert_int_equal(got->value, row[i].measure[RFM_MONETARY]);
        for (int what = 0; what < RFM_MEASURES; what++)
            assert_int_equal(got->score[what], wanted_score(q, row, n, i, what));
    }
    rfm_free(r);
}

static void random_question(struct random *r, const struct town *t, struct program *p,
                            int64_t first_ms, struct asked *q)
{
    uint32_t n;
    struct err err;

    *q = (struct asked){
        .plan = {.program = p,
                 .zone = t->model->workspace.zone,
                 .from_ms = MOMENT_MIN,
                 .at_ms = MOMENT_NEVER,
                 .in_days = random_below(r, 2),
                 .method = (enum rfm_method)random_below(r, RFM_METHODS_END)},
        .event = (uint32_t)random_below(r, 2)};
    if (random_below(r, 3) == 0)
        q->plan.from_ms = first_ms + (int64_t)random_below(r, 20) * 3 * MS_HOUR;
    if (random_below(r, 3) == 0)
        q->plan.at_ms = first_ms + (int64_t)random_below(r, 20) * 3 * MS_HOUR;
    q->plan.in_days |= q->plan.method == RFM_LIMITS;
    for (int k = 0; k < 4; k++) {
        q->plan.limit[RFM_RECENCY][k] = day_of_moment(q->plan.zone, first_ms) + k;
        q->plan.limit[RFM_FREQUENCY][k] = k + 1;
        q->plan.limit[RFM_MONETARY][k] = k * INT64_C(1000000);
    }
    NEED_OK(
        picks_add(p, str_of(pattern_twin[q->event].text), &q->plan.event, 1, &n, &err),
        err);
    NEED_OK(picks_add_property(p, q->plan.event, STR("n"), &q->plan.value, &err), err);
}

TEST(everybodys_scores_are_those_of_his_place_in_order)
{
    struct random r = chance();
    int64_t first_ms = civil_ms((struct civil){.year = 2026, .month = 3, .day = 28});

    for (size_t round = chance_rounds(40); round; round--) {
        struct town t;

        town_open(&t, &r, first_ms, 20, 3 * MS_HOUR);
        for (int i = 0; i < 20; i++) {
            struct program *p;
            struct asked q;
            struct err err;

            NEED_OK(picks_program(t.model->program, &p, &err), err);
            random_question(&r, &t, p, first_ms, &q);
            need_twin(&q, &t);
            program_free(p);
        }
        town_close(&t);
    }
}
