#include "report/markov.h"

#include "base/mem.h"

#include <string.h>

void markov_free(struct markov *m)
{
    mem_free(m->step);
    *m = (struct markov){};
}

bool markov_need(struct markov *m, uint32_t n, struct err *err)
{
    struct markov more = {.cap = m->cap ? m->cap : 16};

    if (n > MARKOV_MAX) {
        markov_free(m);
        m->is_off = true;
    }
    if (m->is_off || n <= m->cap)
        return true;
    while (more.cap < n)
        more.cap *= 2;
    more.step = mem_alloc((size_t)(more.cap + 1) * (more.cap + 2) * sizeof *more.step);
    if (!more.step)
        return err_nomem(err);
    for (uint32_t from = 0; m->step && from <= m->cap; from++)
        memcpy(markov_step(&more, from, 0), markov_step(m, from, 0),
               (m->cap + 2) * sizeof *m->step);
    markov_free(m);
    *m = more;
    return true;
}

/* I - Q becomes the identity while its inverse takes shape. What stays at a source is left out: it
 * changes when somebody leaves, not to where; so no 1 - p has to be taken, which would lose
 * digits. */
struct chain {
    uint32_t n;
    double *a, *inverse, *start, *converts;
};

static void set_up(const struct markov *m, const uint32_t *order, struct chain *c)
{
    uint32_t n = c->n;
    uint64_t starts = 0;

    for (uint32_t k = 0; k < n; k++)
        starts += *markov_step(m, MARKOV_START, 2 + order[k]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t from = 1 + order[i];
        uint64_t left = *markov_step(m, from, MARKOV_CONVERSION)
                        + *markov_step(m, from, MARKOV_NOTHING);
        double all;

        for (uint32_t k = 0; k < n; k++)
            left += k == i ? 0 : *markov_step(m, from, 2 + order[k]);
        all = left ? (double)left : 1;
        for (uint32_t k = 0; k < n; k++)
            c->a[i * n + k] =
                k == i ? 1 : -(double)*markov_step(m, from, 2 + order[k]) / all;
        c->inverse[i * n + i] = 1;
        c->converts[i] = (double)*markov_step(m, from, MARKOV_CONVERSION) / all;
        c->start[i] =
            starts ? (double)*markov_step(m, MARKOV_START, 2 + order[i]) / (double)starts
                   : 0;
    }
}

/* Gauss and Jordan. From every source some path leads to an end, so that I - Q is an M-matrix: no
 * pivot is 0, and rows need not change places. */
static void invert(struct chain *c)
{
    uint32_t n = c->n;

    for (uint32_t k = 0; k < n; k++) {
        double pivot = c->a[k * n + k];

        for (uint32_t j = 0; j < n; j++) {
            c->a[k * n + j] /= pivot;
            c->inverse[k * n + j] /= pivot;
        }
        for (uint32_t i = 0; i < n; i++) {
            double times = c->a[i * n + k];

            if (i == k || times == 0)
                continue;
            for (uint32_t j = 0; j < n; j++) {
                c->a[i * n + j] -= times * c->a[k * n + j];
                c->inverse[i * n + j] -= times * c->inverse[k * n + j];
            }
        }
    }
}

static void find_effects(const struct chain *c, double *effect)
{
    uint32_t n = c->n;
    double whole = 0;

    for (uint32_t k = 0; k < n; k++) {
        double comes = 0, converts = 0;

        for (uint32_t i = 0; i < n; i++) {
            comes += c->start[i] * c->inverse[i * n + k];
            converts += c->inverse[k * n + i] * c->converts[i];
        }
        whole += c->start[k] * converts;
        effect[k] = comes / c->inverse[k * n + k] * converts;
    }
    for (uint32_t k = 0; k < n; k++) {
        effect[k] = whole > 0 ? effect[k] / whole : 0;
        effect[k] = effect[k] > 1 ? 1 : effect[k] > 0 ? effect[k] : 0;
    }
}

bool markov_effects(const struct markov *m, const uint32_t *order, uint32_t n,
                    double *effect, struct err *err)
{
    size_t cells = (size_t)n * n;
    struct chain c = {.n = n};
    double *room = mem_alloc((2 * cells + 2 * (size_t)n + 1) * sizeof *room);

    if (!room)
        return err_nomem(err);
    c.a = room;
    c.inverse = c.a + cells;
    c.start = c.inverse + cells;
    c.converts = c.start + n;
    set_up(m, order, &c);
    invert(&c);
    find_effects(&c, effect);
    mem_free(room);
    return true;
}
