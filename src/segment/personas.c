#include "segment/personas.h"

#include "base/random.h"

#include <stdlib.h>
#include <string.h>

enum { ROUNDS_MAX = 100 };

/* The crowd as numbers from 0 to CROWD_ONE and codes; costs are in CROWD_ONE squared. */
struct space {
    uint32_t n, number_n, code_n;
    const int32_t *number[CROWD_COLUMNS_MAX];
    const uint32_t
        *code[2 * CROWD_COLUMNS_MAX];      /* traits, then which numbers are missing */
    int64_t weight[2 * CROWD_COLUMNS_MAX]; /* of a code that is another */
    uint32_t codes[2 * CROWD_COLUMNS_MAX];
    uint32_t codes_most;
    int64_t gamma;
};

struct centre {
    uint32_t n;
    int64_t mean[CROWD_COLUMNS_MAX];
    uint32_t code[2 * CROWD_COLUMNS_MAX];
};

/* Some rows, or all of them. */
struct rows {
    const uint32_t *row; /* NULL: all */
    uint32_t n;
};

struct groups {
    uint32_t k;
    struct centre centre[PERSONAS_MAX];
    uint8_t *group; /* by place in the rows */
    __int128 cost;
};

static uint32_t row_at(const struct rows *r, uint32_t i)
{
    return r->row ? r->row[i] : i;
}

/* --- the space --- */

/* Whether they differ at all. */
static bool bounds_of(const struct crowd_place *place, uint32_t n, int64_t *low,
                      int64_t *high)
{
    if (!n)
        return false;
    *low = place[(n - 1) / 20].value;
    *high = place[n - 1 - (n - 1) / 20].value;
    if (*low == *high) {
        *low = place[0].value;
        *high = place[n - 1].value;
    }
    return *low < *high;
}

static bool add_number(const struct crowd *c, uint32_t measure, struct arena *a,
                       struct space *s, struct err *err)
{
    int32_t *number = arena_array(a, int32_t, (size_t)c->n + 1);
    uint32_t *missing = arena_array(a, uint32_t, (size_t)c->n + 1);
    struct crowd_place *place;
    int64_t low, high;
    uint32_t n;
    bool differ;

    if (!number || !missing)
        return err_nomem(err);
    if (!crowd_order(c, measure, a, &place, &n, err))
        return false;
    for (uint32_t i = 0; i < c->n; i++) {
        number[i] = CROWD_ONE / 2;
        missing[i] = 1;
    }
    differ = bounds_of(place, n, &low, &high);
    for (uint32_t i = 0; i < n; i++) {
        int64_t value = place[i].value;

        missing[place[i].row] = 0;
        if (differ)
            number[place[i].row] =
                (int32_t)(value <= low ? 0
                          : value >= high
                              ? CROWD_ONE
                              : crowd_share((__int128)value - low, (__int128)high - low));
    }
    s->number[s->number_n++] = number;
    if (n < c->n) {
        s->code[s->code_n] = missing;
        s->weight[s->code_n] = CROWD_ONE * CROWD_ONE;
        s->codes[s->code_n++] = 2;
    }
    return true;
}

static int64_t root(unsigned __int128 square)
{
    unsigned __int128 low = 0, high = (unsigned __int128)1 << 63;

    while (low < high) {
        unsigned __int128 middle = (low + high + 1) / 2;

        if (middle * middle <= square)
            low = middle;
        else
            high = middle - 1;
    }
    return (int64_t)low;
}

/* The standard deviation of n of everybody. */
static int64_t deviation(const struct space *s, const int32_t *number)
{
    __int128 sum = 0, squares = 0;

    if (!s->n)
        return 0;
    for (uint32_t i = 0; i < s->n; i++) {
        sum += number[i];
        squares += (int64_t)number[i] * number[i];
    }
    return root((unsigned __int128)(squares / s->n - sum / s->n * (sum / s->n)));
}

static bool make_space(const struct crowd *c, struct arena *a, struct space *s,
                       struct err *err)
{
    int64_t deviations = 0;

    s->n = c->n;
    for (uint32_t i = 0; i < c->trait_n; i++) {
        s->code[s->code_n] = c->code[i];
        s->codes[s->code_n++] = c->code_n[i];
    }
    for (uint32_t i = 0; i < c->measure_n; i++)
        if (!add_number(c, i, a, s, err))
            return false;
    for (uint32_t i = 0; i < s->code_n; i++)
        s->codes_most = s->codes[i] > s->codes_most ? s->codes[i] : s->codes_most;
    for (uint32_t i = 0; i < s->number_n; i++)
        deviations += deviation(s, s->number[i]);
    s->gamma = s->number_n ? deviations / (2 * (int64_t)s->number_n) * CROWD_ONE
                           : CROWD_ONE * CROWD_ONE;
    for (uint32_t i = 0; i < c->trait_n; i++)
        s->weight[i] = s->gamma;
    return true;
}

static int64_t cost_of(const struct space *s, const struct centre *c, uint32_t row)
{
    int64_t cost = 0;

    for (uint32_t i = 0; i < s->number_n; i++) {
        int64_t apart = s->number[i][row] - c->mean[i];

        cost += apart * apart;
    }
    for (uint32_t i = 0; i < s->code_n; i++)
        cost += s->code[i][row] != c->code[i] ? s->weight[i] : 0;
    return cost;
}

static void centre_at(const struct space *s, uint32_t row, struct centre *out)
{
    *out = (struct centre){};
    for (uint32_t i = 0; i < s->number_n; i++)
        out->mean[i] = s->number[i][row];
    for (uint32_t i = 0; i < s->code_n; i++)
        out->code[i] = s->code[i][row];
}

/* --- k-means++ --- */

/* The next centre is a row by chance, each with the weight of its cost so far. False: all are at a
 * centre. */
static bool pick_centre(const struct space *s, const struct rows *r, int64_t *least,
                        struct random *chance, struct centre *out)
{
    uint64_t all = 0, at;
    uint32_t i = 0;

    for (uint32_t k = 0; k < r->n; k++)
        all += (uint64_t)least[k];
    if (!all)
        return false;
    at = random_below(chance, all);
    while (at >= (uint64_t)least[i])
        at -= (uint64_t)least[i++];
    centre_at(s, row_at(r, i), out);
    return true;
}

static void note_least(const struct space *s, const struct rows *r,
                       const struct centre *c, int64_t *least)
{
    for (uint32_t i = 0; i < r->n; i++) {
        int64_t cost = cost_of(s, c, row_at(r, i));

        least[i] = cost < least[i] ? cost : least[i];
    }
}

static bool start(const struct space *s, const struct rows *r, int64_t *least,
                  struct random *chance, struct groups *g)
{
    centre_at(s, row_at(r, (uint32_t)random_below(chance, r->n)), &g->centre[0]);
    for (uint32_t i = 0; i < r->n; i++)
        least[i] = INT64_MAX;
    for (uint32_t k = 1; k < g->k; k++) {
        note_least(s, r, &g->centre[k - 1], least);
        if (!pick_centre(s, r, least, chance, &g->centre[k]))
            return false;
    }
    return true;
}

/* --- rounds --- */

/* Everybody to the nearest centre, the first of several. How many changed. */
static uint32_t assign(const struct space *s, const struct rows *r, struct groups *g)
{
    uint32_t changed = 0;

    g->cost = 0;
    for (uint32_t i = 0; i < r->n; i++) {
        int64_t least = INT64_MAX;
        uint8_t nearest = 0;

        for (uint32_t k = 0; k < g->k; k++) {
            int64_t cost = cost_of(s, &g->centre[k], row_at(r, i));

            if (cost < least) {
                least = cost;
                nearest = (uint8_t)k;
            }
        }
        changed += g->group[i] != nearest;
        g->group[i] = nearest;
        g->cost += least;
    }
    return changed;
}

static void set_means(const struct space *s, const struct rows *r, struct groups *g)
{
    for (uint32_t k = 0; k < g->k; k++)
        g->centre[k].n = 0;
    for (uint32_t i = 0; i < r->n; i++)
        g->centre[g->group[i]].n++;
    for (uint32_t m = 0; m < s->number_n; m++) {
        int64_t sum[PERSONAS_MAX] = {};

        for (uint32_t i = 0; i < r->n; i++)
            sum[g->group[i]] += s->number[m][row_at(r, i)];
        for (uint32_t k = 0; k < g->k; k++)
            if (g->centre[k].n)
                g->centre[k].mean[m] = sum[k] / g->centre[k].n;
    }
}

/* count: PERSONAS_MAX times the most codes of a trait. Of several as frequent the first. */
static void set_codes(const struct space *s, const struct rows *r, uint32_t *count,
                      struct groups *g)
{
    for (uint32_t t = 0; t < s->code_n; t++) {
        uint32_t codes = s->codes[t];

        memset(count, 0, (size_t)g->k * codes * sizeof *count);
        for (uint32_t i = 0; i < r->n; i++)
            count[(size_t)g->group[i] * codes + s->code[t][row_at(r, i)]]++;
        for (uint32_t k = 0; k < g->k; k++) {
            const uint32_t *n = count + (size_t)k * codes;
            uint32_t most = 0;

            for (uint32_t code = 1; code < codes; code++)
                most = n[code] > n[most] ? code : most;
            if (g->centre[k].n)
                g->centre[k].code[t] = most;
        }
    }
}

static void improve(const struct space *s, const struct rows *r, uint32_t *count,
                    struct groups *g)
{
    memset(g->group, UINT8_MAX, r->n);
    for (int round = 0; assign(s, r, g) && round < ROUNDS_MAX; round++) {
        set_means(s, r, g);
        set_codes(s, r, count, g);
    }
}

/* --- the best of several starts --- */

/* Some of everybody by chance, each as likely as any other (Knuth's algorithm S). */
static bool take_sample(uint32_t n, struct random *chance, struct arena *a,
                        struct rows *out, struct err *err)
{
    uint32_t *row;

    *out = (struct rows){.n = n};
    if (n <= PERSONAS_SAMPLE)
        return true;
    row = arena_array(a, uint32_t, PERSONAS_SAMPLE);
    if (!row)
        return err_nomem(err);
    out->n = 0;
    for (uint32_t i = 0; i < n; i++)
        if (random_below(chance, n - i) < PERSONAS_SAMPLE - out->n)
            row[out->n++] = i;
    out->row = row;
    return true;
}

static bool best_start(const struct space *s, uint32_t k, struct random *chance,
                       uint32_t *count, struct arena *a, struct groups *best,
                       struct err *err)
{
    struct rows sample;
    struct groups g = {.k = k};
    int64_t *least;
    bool any = false;

    if (!take_sample(s->n, chance, a, &sample, err))
        return false;
    least = arena_array(a, int64_t, (size_t)sample.n + 1);
    g.group = arena_array(a, uint8_t, (size_t)sample.n + 1);
    if (!least || !g.group)
        return err_nomem(err);
    for (uint32_t i = 0; i < PERSONAS_STARTS; i++) {
        if (!start(s, &sample, least, chance, &g))
            return err_set(err, ERR_INPUT,
                           "%u groups are more than there are different customers: by "
                           "these measures and traits many are the same",
                           k);
        improve(s, &sample, count, &g);
        if (!any || g.cost < best->cost)
            memcpy(best->centre, g.centre, sizeof g.centre);
        if (!any || g.cost < best->cost)
            best->cost = g.cost;
        any = true;
    }
    return true;
}

/* --- what came of it --- */

static int group_cmp(const void *a, const void *b, void *context)
{
    const struct groups *g = context;
    uint8_t x = *(const uint8_t *)a, y = *(const uint8_t *)b;

    if (g->centre[x].n != g->centre[y].n)
        return g->centre[x].n > g->centre[y].n ? -1 : 1;
    return (x > y) - (x < y);
}

/* The largest first. */
static void put_in_order(struct groups *g, uint32_t n)
{
    uint8_t old[PERSONAS_MAX], now[PERSONAS_MAX] = {};
    struct centre centre[PERSONAS_MAX];

    memcpy(centre, g->centre, sizeof centre);
    for (uint32_t k = 0; k < g->k; k++)
        old[k] = (uint8_t)k;
    qsort_r(old, g->k, 1, group_cmp, g);
    for (uint32_t k = 0; k < g->k; k++) {
        now[old[k]] = (uint8_t)k;
        g->centre[k] = centre[old[k]];
    }
    for (uint32_t i = 0; i < n; i++)
        g->group[i] = now[g->group[i]];
}

static int64_t silhouette_of(const struct space *s, const struct groups *g)
{
    __int128 sum = 0;

    for (uint32_t i = 0; i < s->n; i++) {
        int64_t own = root((unsigned __int128)cost_of(s, &g->centre[g->group[i]], i)),
                other = INT64_MAX, cost, more;

        for (uint32_t k = 0; k < g->k; k++)
            if (k != g->group[i] && g->centre[k].n) {
                cost = cost_of(s, &g->centre[k], i);
                other = cost < other ? cost : other;
            }
        other = root((unsigned __int128)other);
        more = own > other ? own : other;
        if (more)
            sum += (other - own) * CROWD_ONE / more;
    }
    return s->n ? (int64_t)(sum / s->n) : 0;
}

static bool profile_measures(const struct crowd *c, struct arena *a, struct personas *out,
                             struct err *err)
{
    bool *in = arena_array(a, bool, (size_t)c->n + 1);

    if (!in)
        return err_nomem(err);
    for (uint32_t m = 0; m < c->measure_n; m++) {
        struct crowd_place *place;
        int64_t quartile[3];
        uint32_t n;

        if (!crowd_order(c, m, a, &place, &n, err))
            return false;
        memset(in, true, c->n);
        out->there[m] = crowd_quartiles(place, n, in, quartile);
        out->median[m] = quartile[1];
        for (uint32_t k = 0; k < out->k; k++) {
            for (uint32_t i = 0; i < c->n; i++)
                in[i] = out->group[i] == k;
            out->persona[k].there[m] = crowd_quartiles(place, n, in, quartile);
            out->persona[k].median[m] = quartile[1];
        }
    }
    return true;
}

static void profile_traits(const struct crowd *c, struct personas *out)
{
    for (uint32_t t = 0; t < c->trait_n; t++)
        for (uint32_t i = 0; i < c->n; i++)
            for (uint32_t k = 0; k < out->k; k++) {
                struct persona *p = &out->persona[k];

                if (c->code[t][i] != p->code[t])
                    continue;
                p->all_n[t]++;
                p->code_n[t] += out->group[i] == k;
            }
}

bool personas_find(const struct crowd *c, uint32_t k, uint64_t seed, struct arena *a,
                   struct personas *out, struct err *err)
{
    struct random chance = random_seeded(seed);
    struct groups g = {.k = k, .group = arena_array(a, uint8_t, (size_t)c->n + 1)};
    const struct rows all = {.n = c->n};
    struct space s = {};
    uint32_t *count;

    if (!c->n)
        return err_set(err, ERR_INPUT, "there are no customers to put in groups");
    if (!g.group)
        return err_nomem(err);
    if (!make_space(c, a, &s, err))
        return false;
    count = arena_array(a, uint32_t, (size_t)PERSONAS_MAX * s.codes_most + 1);
    if (!count)
        return err_nomem(err);
    if (!best_start(&s, k, &chance, count, a, &g, err))
        return false;
    improve(&s, &all, count, &g);
    set_means(&s, &all, &g);
    put_in_order(&g, c->n);
    *out = (struct personas){.k = k,
                             .n = c->n,
                             .gamma = s.gamma / CROWD_ONE,
                             .cost = (int64_t)(g.cost / c->n / CROWD_ONE),
                             .silhouette = silhouette_of(&s, &g),
                             .group = g.group};
    for (uint32_t i = 0; i < k; i++) {
        out->persona[i].n = g.centre[i].n;
        memcpy(out->persona[i].mean, g.centre[i].mean, sizeof out->persona[i].mean);
        memcpy(out->persona[i].code, g.centre[i].code, sizeof out->persona[i].code);
    }
    profile_traits(c, out);
    return profile_measures(c, a, out, err);
}
