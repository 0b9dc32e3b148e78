/* worth.c - value.x: what a model that was fitted and kept says of what a customer has bought.
 *
 * Purchases of one day are one, days being the calendar's, and of the last day is counted what has
 * come of it so far: as value/buyer.h counts. So a value changes with a purchase, and one
 * millisecond after midnight: at midnight itself it is that of the day that ends. */
#include "rule/cursor.h"
#include "rule/picks.h"
#include "rule/program_impl.h"

#include "base/num.h"

#include <math.h>

/* 200 years, as value/cbs.h: beyond it nothing is reckoned with, and nothing changes. */
enum { AGE_MAX = 73000 };

/* --- what the fits count --- */

static bool worth_add(struct program *p, const struct rule_fit *fit, struct err *err)
{
    struct worth *w = &p->worth[p->worth_n];
    struct pick event, value;
    uint32_t n;

    if (!picks_add(p, fit->event, &event, 1, &n, err))
        return false;
    value = event;
    if (fit->value.n && !picks_add_property(p, event, fit->value, &value, err))
        return false;
    w->fit = fit;
    w->from_ms = zone_moment(p->env.zone, ((int64_t)fit->until_day + 1) * MS_DAY);
    w->events = event.series;
    w->values =
        value.type == VALUE_NUMBER || value.type == VALUE_MONEY ? value.series : NONE;
    program_mean(p, fit->text, fit->until_day);
    p->worth_n++;
    return true;
}

bool program_add_worth(struct program *p, struct err *err)
{
    if (p->asks_worth)
        return true;
    p->worth = arena_array(&p->arena, struct worth, p->env.fit_n);
    if (!p->worth)
        return err_nomem(err);
    for (uint32_t i = 0; i < p->env.fit_n; i++) {
        struct err why;

        if (!worth_add(p, &p->env.fit[i], &why) && why.code != ERR_INPUT) {
            *err = why;
            return false;
        }
    }
    p->asks_worth = true;
    return true;
}

bool program_lacks_fits(const struct program *p)
{
    return p->asks_worth && !p->worth_n;
}

/* --- what was bought --- */

const struct worth *worth_at(const struct program *p, int64_t at_ms)
{
    uint32_t i = p->worth_n;

    while (i > 0 && p->worth[i - 1].from_ms > at_ms)
        i--;
    return i > 0 ? &p->worth[i - 1] : NULL;
}

struct buying {
    struct view *v;
    const struct worth *worth;
    struct bought_at *at;
    const struct entries *e, *values;
};

static void count(struct buying *b)
{
    struct bought_at *at = b->at;
    const struct cursor *c = b->v->c;
    uint32_t place = entry_place(b->e, at->hi);
    int32_t day = day_of_moment(c->p->env.zone, c->at_ms[place]);
    int64_t spent = 0;

    if (at->hi == 0) {
        at->first_day = at->day = day;
    } else if (day > at->day) {
        at->x++;
        at->day = day;
    }
    at->hi++;
    if (!b->values)
        return;
    while (at->values_hi < b->values->n && entry_place(b->values, at->values_hi) < place)
        at->values_hi++;
    if (at->values_hi < b->values->n && entry_place(b->values, at->values_hi) == place)
        spent = entry_value(b->values, at->values_hi);
    if (at->day > at->first_day)
        at->spent += spent;
}

/* What was bought up to the view's moment. */
static struct buying bought_by(struct view *v, const struct worth *w)
{
    const struct program *p = v->c->p;
    struct buying b = {.v = v,
                       .worth = w,
                       .at = &v->fingers->bought[w - p->worth],
                       .e = &v->c->entries[w->events]};

    if (w->values != NONE)
        b.values = &v->c->entries[w->values];
    if (b.at->start != v->fingers->start)
        *b.at = (struct bought_at){.start = v->fingers->start};
    while (b.at->hi < b.e->n) {
        int64_t ms = entry_ms(v->c, b.e, b.at->hi);

        if (ms > v->s->at_ms) {
            if (v->ahead)
                holds_until(v, ms);
            break;
        }
        count(&b);
    }
    return b;
}

/* --- what it is worth --- */

static double power_of_ten(int n)
{
    double power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

static double in_major_units(const struct buying *b)
{
    const struct program *p = b->v->c->p;
    enum value_type type;

    if (!b->values)
        return 0;
    type = p->series[b->worth->values].source.type;
    return (double)b->at->spent
           / (type == VALUE_MONEY ? power_of_ten(p->env.currency_decimals)
                                  : (double)NUM_ONE);
}

/* As of the end of that day. */
static struct val reckon(const struct buying *b, enum rule_worth what, int32_t day)
{
    const struct program *p = b->v->c->p;
    int32_t age = (day > b->at->day ? day : b->at->day) - b->at->first_day;
    struct rule_bought bought = {b->at->x, (uint32_t)(b->at->day - b->at->first_day),
                                 (uint32_t)(age < AGE_MAX ? age : AGE_MAX),
                                 in_major_units(b)};
    double worth = bought.last_days > AGE_MAX
                       ? NAN
                       : p->env.worth(b->worth->fit->model, what, &bought);
    struct val val = {.type = VALUE_NUMBER};

    if (what == WORTH_CLV_12MO) {
        val.type = VALUE_MONEY;
        worth = round(worth * power_of_ten(p->env.currency_decimals));
        if (fabs(worth) < (double)INT64_MAX / 4) {
            val.n = (int64_t)worth;
            return val;
        }
    } else if (isfinite(worth) && num_from_double(worth, &val.n)) {
        return val;
    }
    return (struct val){.type = VALUE_MISSING};
}

/* The day that ends at the view's moment, or in which that lies. */
static int32_t day_of(const struct view *v)
{
    const struct zone *z = v->c->p->env.zone;

    return day_of_moment(z, zone_day(z, v->t - 1, 0));
}

/* The first moment of which a day is that. */
static int64_t day_from(const struct view *v, int32_t day)
{
    return zone_moment(v->c->p->env.zone, day * MS_DAY) + 1;
}

/* False: there is no fit yet, or he has not bought. */
static bool begin(struct view *v, struct buying *out)
{
    const struct program *p = v->c->p;
    const struct worth *w = worth_at(p, v->t), *next = w ? w + 1 : p->worth;

    if (next < p->worth + p->worth_n)
        holds_until(v, next->from_ms);
    if (!w)
        return false;
    *out = bought_by(v, w);
    return out->at->hi > 0;
}

struct val worth_value(struct view *v, enum rule_worth what)
{
    struct buying b;
    int32_t day;

    if (!begin(v, &b))
        return (struct val){.type = VALUE_MISSING};
    day = day_of(v);
    if (day - b.at->first_day < AGE_MAX)
        holds_until(v, day_from(v, day + 1));
    return reckon(&b, what, day);
}

bool worth_test(struct view *v, enum rule_worth what,
                bool (*test)(const void *context, const struct val *worth),
                const void *context)
{
    struct buying b;
    struct val now, then;
    int32_t low, high;
    bool truth;

    if (!begin(v, &b)) {
        now = (struct val){.type = VALUE_MISSING};
        return test(context, &now);
    }
    low = day_of(v);
    high = b.at->first_day + AGE_MAX;
    now = reckon(&b, what, low);
    truth = test(context, &now);
    if (low >= high)
        return truth;
    if (!v->c->p->env.worth_goes_one_way(b.worth->fit->model, what)) {
        holds_until(v, day_from(v, low + 1));
        return truth;
    }
    then = reckon(&b, what, high);
    if (test(context, &then) == truth)
        return truth;
    while (high - low > 1) {
        int32_t middle = low + (high - low) / 2;

        then = reckon(&b, what, middle);
        if (test(context, &then) == truth)
            low = middle;
        else
            high = middle;
    }
    holds_until(v, day_from(v, high));
    return truth;
}
