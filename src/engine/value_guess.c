#include "engine/value_impl.h"

#include <math.h>

void value_guess_add(struct value_guess *g, double guessed, double came)
{
    g->mean_error += fabs(guessed - came);
    g->root_error += (guessed - came) * (guessed - came);
    g->sum += guessed;
}

void value_guess_finish(struct value_guess *g, size_t n)
{
    g->mean_error /= (double)n;
    g->root_error = sqrt(g->root_error / (double)n);
}

/* Recency and frequency in five bands each, doubling: days since the last purchase up to 30, 60,
 * 120, 240 and more; purchases 1, 2, 3 to 4, 5 to 8 and more. */
enum { BANDS = 5 };
static size_t cell_of(int32_t silence_days, uint32_t purchases)
{
    static const int32_t days[BANDS - 1] = {30, 60, 120, 240};
    static const uint32_t times[BANDS - 1] = {1, 2, 4, 8};
    size_t r = 0, f = 0;

    while (r < BANDS - 1 && silence_days > days[r])
        r++;
    while (f < BANDS - 1 && purchases > times[f])
        f++;
    return r * BANDS + f;
}

/* What those of each cell bought in the last stretch of this length says of those who are in it
 * now. */
static void guess_by_cells(struct value_view *v)
{
    double bought[BANDS * BANDS] = {}, were[BANDS * BANDS] = {}, all = 0, customers = 0;
    int32_t then = v->until_day - v->hold_out_days;

    for (size_t i = 0; i < v->buyers->n; i++) {
        const struct buyer *b = &v->buyers->row[i];

        if (b->before) {
            size_t cell = cell_of(then - b->before_day, b->before);

            bought[cell] += b->lately;
            were[cell]++;
            all += b->lately;
            customers++;
        }
    }
    v->has_cells = customers > 0;
    for (size_t i = 0; i < v->buyers->n && v->has_cells; i++) {
        const struct buyer *b = &v->buyers->row[i];
        size_t cell = cell_of(v->until_day - b->day, b->x + 1);

        value_guess_add(&v->by_cells,
                        were[cell] > 0 ? bought[cell] / were[cell] : all / customers,
                        b->later);
    }
}

void value_hold_against(struct value_view *v)
{
    size_t n = v->buyers->n;

    for (size_t i = 0; i < n; i++) {
        const struct buyer *b = &v->buyers->row[v->forecast[i].buyer];

        value_guess_add(&v->by_model, v->forecast[i].purchases, b->later);
        value_guess_add(&v->by_last_time, b->lately, b->later);
        v->came += b->later;
    }
    if (v->period == PERIOD_DAY) /* of which cells are made */
        guess_by_cells(v);
    value_guess_finish(&v->by_model, n);
    value_guess_finish(&v->by_last_time, n);
    value_guess_finish(&v->by_cells, n);
}

static double error_of(const struct value_guess *g, bool by_root)
{
    return by_root ? g->root_error : g->mean_error;
}

const char *value_nearest(const struct value_view *v, bool by_root)
{
    double model = error_of(&v->by_model, by_root),
           cells = error_of(&v->by_cells, by_root);
    double last_time = error_of(&v->by_last_time, by_root);

    if (model <= last_time && (!v->has_cells || model <= cells))
        return "model";
    return !v->has_cells || last_time <= cells ? "last_time" : "cells";
}
