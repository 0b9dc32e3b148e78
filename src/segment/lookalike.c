#include "segment/lookalike.h"

/* How far each value of a measure is from the members', walking up the values. Ranks are counted
 * twice, so that they are whole: of n values they lie apart by as many of 2 n. */
struct walk {
    const struct crowd_place *place;
    const bool *in;
    uint32_t n;           /* that have a value */
    uint64_t members;     /* all */
    uint64_t there;       /* members that have a value */
    __int128 ranks;       /* sum of theirs */
    uint64_t below;       /* members passed */
    __int128 below_ranks; /* sum of theirs */
};

static uint32_t end_of(const struct walk *w, uint32_t from)
{
    uint32_t to = from + 1;

    while (to < w->n && w->place[to].value == w->place[from].value)
        to++;
    return to;
}

static uint64_t members_in(const struct walk *w, uint32_t from, uint32_t to)
{
    uint64_t n = 0;

    for (uint32_t i = from; i < to; i++)
        n += w->in[w->place[i].row];
    return n;
}

static void sum_ranks(struct walk *w)
{
    for (uint32_t from = 0, to; from < w->n; from = to) {
        uint64_t here;

        to = end_of(w, from);
        here = members_in(w, from, to);
        w->there += here;
        w->ranks += (__int128)here * (from + to);
    }
}

/* Of the rows [from, to), which have one value and so one rank, from + to. */
static int32_t walk_on(struct walk *w, uint32_t from, uint32_t to)
{
    uint64_t here = members_in(w, from, to), above = w->there - w->below - here;
    __int128 rank = (__int128)from + to, mine = rank * here,
             apart = rank * w->below - w->below_ranks + (w->ranks - w->below_ranks - mine)
                     - rank * above + (__int128)(w->members - w->there) * 2 * w->n;

    w->below += here;
    w->below_ranks += mine;
    return (int32_t)crowd_share(apart, (__int128)2 * w->n * w->members);
}

static bool add_measure(const struct crowd *c, uint32_t measure, const bool *in,
                        struct arena *a, const struct lookalike *l, int32_t *part,
                        struct lookalike_column *out, struct err *err)
{
    struct walk w = {.in = in, .members = l->member_n};
    struct crowd_place *place;

    if (!crowd_order(c, measure, a, &place, &w.n, err))
        return false;
    w.place = place;
    sum_ranks(&w);
    for (uint32_t i = 0; i < c->n; i++)
        part[i] = (int32_t)crowd_share(w.there, w.members); /* of who lacks a value */
    for (uint32_t from = 0, to; from < w.n; from = to) {
        int32_t apart;

        to = end_of(&w, from);
        apart = walk_on(&w, from, to);
        for (uint32_t i = from; i < to; i++)
            part[w.place[i].row] = apart;
    }
    out->there = crowd_quartiles(place, w.n, in, out->quartile);
    return true;
}

static bool add_trait(const struct crowd *c, uint32_t trait, const bool *in,
                      struct arena *a, const struct lookalike *l, int32_t *part,
                      struct lookalike_column *out, struct err *err)
{
    const uint32_t *code = c->code[trait];
    uint32_t *n = arena_array(a, uint32_t, (size_t)c->code_n[trait] + 1);

    if (!n)
        return err_nomem(err);
    for (uint32_t i = 0; i < c->n; i++)
        n[code[i]] += in[i];
    for (uint32_t i = 0; i < c->n; i++)
        part[i] = (int32_t)crowd_share(l->member_n - n[code[i]], l->member_n);
    for (uint32_t k = 0; k < c->code_n[trait]; k++)
        if (n[k] > out->share) {
            out->share = n[k];
            out->code = k;
        }
    return true;
}

static void add_means(const struct crowd *c, const bool *in, const struct lookalike *l,
                      const int32_t *part, int64_t *members, int64_t *others)
{
    int64_t sum[2] = {};

    for (uint32_t i = 0; i < c->n; i++)
        sum[in[i]] += part[i];
    *members = crowd_share(sum[1], (__int128)l->member_n * CROWD_ONE);
    *others = crowd_share(sum[0], (__int128)l->other_n * CROWD_ONE);
}

static bool add_column(const struct crowd *c, const bool *in, struct arena *a,
                       struct lookalike *l, struct err *err)
{
    uint32_t k = l->column_n++;
    struct lookalike_column *column = &l->column[k];
    int32_t *part = arena_array(a, int32_t, (size_t)c->n + 1);

    if (!part)
        return err_nomem(err);
    l->part[k] = part;
    if (!(k < c->measure_n ? add_measure(c, k, in, a, l, part, column, err)
                           : add_trait(c, k - c->measure_n, in, a, l, part, column, err)))
        return false;
    add_means(c, in, l, part, &column->members, &column->others);
    return true;
}

bool lookalike_find(const struct crowd *c, const bool *in, struct arena *a,
                    struct lookalike *out, struct err *err)
{
    uint32_t columns = c->measure_n + c->trait_n;
    int32_t *distance = arena_array(a, int32_t, (size_t)c->n + 1);

    *out = (struct lookalike){.distance = distance};
    if (!columns)
        return err_set(err, ERR_INPUT, "by what they are like is not said");
    if (!distance)
        return err_nomem(err);
    for (uint32_t i = 0; i < c->n; i++)
        out->member_n += in[i];
    out->other_n = c->n - out->member_n;
    if (!out->member_n)
        return err_set(
            err, ERR_INPUT,
            "nobody is in the segment then: there is no one to be like; ask as of "
            "another day (at)");
    if (!out->other_n)
        return err_set(err, ERR_INPUT,
                       "everybody is in the segment: there is no one else");
    while (out->column_n < columns)
        if (!add_column(c, in, a, out, err))
            return false;
    for (uint32_t i = 0; i < c->n; i++) {
        int64_t sum = 0;

        for (uint32_t k = 0; k < columns; k++)
            sum += out->part[k][i];
        distance[i] = (int32_t)((2 * sum + columns) / (2 * (int64_t)columns));
    }
    add_means(c, in, out, distance, &out->members, &out->others);
    return true;
}
