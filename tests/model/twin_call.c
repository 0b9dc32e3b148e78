#include "twin.h"

#include "base/num.h"

#include <stdlib.h>

static const struct value missing = {.type = VALUE_MISSING};

enum { VALUES_MAX = TWIN_EVENTS_ROOM * 4 };

/* The matching values in the order of time: of an event without property its moment. */
struct values {
    struct value value[VALUES_MAX];
    int n;
};

static bool is_type(const struct event *e, int type)
{
    return str_eq(e->type, str_of(twin_type[type]))
           || (type == 0 && str_eq(e->type, STR("Order Completed")));
}

/* Not what a customer does: it tells who he is, or what he allows. */
static bool is_platforms(const struct event *e)
{
    return str_eq(e->type, STR("identify")) || str_eq(e->type, STR("alias"))
           || str_eq(e->type, STR("group")) || str_eq(e->type, STR("consent"))
           || str_eq(e->type, STR(EVENT_DECIDED));
}

static bool matches(const struct twin_view *v, const struct twin_pattern *p,
                    const struct event *e)
{
    struct twin_view at = *v;
    const struct twin_node property = {.kind = TWIN_PROPERTY, .index = p->property};

    at.event = e;
    if (p->type < 0 ? is_platforms(e) || is_type(e, 2) : !is_type(e, p->type))
        return false;
    return (!p->where || twin_ask(&at, p->where))
           && (p->property < 0 || twin_value(&at, &property).type != VALUE_MISSING);
}

/* Is an event of this time in the window? */
static bool in_window(const struct twin_view *v, const struct twin_window *w, int64_t e)
{
    const struct zone *z = v->t->zone;

    switch (w->kind) {
    case TWIN_ALWAYS:
        return true;
    case TWIN_LENGTHS:
        return (!w->band || length_add(z, e, w->from) <= v->at_ms)
               && v->at_ms < length_add(z, e, w->to);
    case TWIN_DATES:
        return w->date_from <= e && e < w->date_to;
    case TWIN_STAY:
        return v->where->stage >= 0 && e >= v->where->entered_ms;
    }
    abort();
}

static void gather(const struct twin_view *v, const struct twin_node *n,
                   struct values *out)
{
    const struct twin_pattern *p = &n->step[0];
    const struct twin_node property = {.kind = TWIN_PROPERTY, .index = p->property};

    out->n = 0;
    for (int i = 0; i < v->c->n && v->c->event[i].at_ms <= v->at_ms; i++) {
        const struct event *e = &v->c->event[i];
        struct twin_view at = *v;

        at.event = e;
        if (matches(v, p, e) && in_window(v, &n->window, e->at_ms))
            out->value[out->n++] =
                p->property < 0 ? (struct value){.type = VALUE_MOMENT, .number = e->at_ms}
                                : twin_value(&at, &property);
    }
}

/* For distinct: each item of a list alone. */
static void open_lists(struct values *v)
{
    const struct values lists = *v;

    v->n = 0;
    for (int i = 0; i < lists.n; i++) {
        if (lists.value[i].type != VALUE_LIST) {
            v->value[v->n++] = lists.value[i];
            continue;
        }
        for (uint32_t k = 0; k < lists.value[i].list.n; k++)
            v->value[v->n++] =
                (struct value){.type = VALUE_TEXT, .text = lists.value[i].list.item[k]};
    }
}

static int count_distinct(struct values *v)
{
    int different = 0;

    open_lists(v);
    for (int i = 0; i < v->n; i++) {
        bool seen = false;

        for (int k = 0; k < i; k++)
            seen |= twin_equal(&v->value[i], &v->value[k]);
        different += !seen;
    }
    return different;
}

static struct value number(int64_t n)
{
    return (struct value){.type = VALUE_NUMBER, .number = n * NUM_ONE};
}

static struct value total(const struct twin_node *n, const struct values *v)
{
    struct value out = {.type = n->type};
    __int128 sum = 0;
    bool average = n->function == TWIN_AVG;

    for (int i = 0; i < v->n; i++)
        sum += v->value[i].number;
    if (average && !v->n)
        return missing;
    return twin_divide(sum, average ? v->n : 1, &out.number) ? out : missing;
}

static struct value utmost(const struct twin_node *n, const struct values *v)
{
    struct value best = v->value[0];

    for (int i = 1; i < v->n; i++)
        if (n->function == TWIN_MIN ? v->value[i].number < best.number
                                    : v->value[i].number > best.number)
            best = v->value[i];
    return best;
}

/* The moment of the first or last matching event, whatever its property says. */
static struct value moment_of(const struct twin_view *v, const struct twin_node *n)
{
    struct value out = missing;

    for (int i = 0; i < v->c->n && v->c->event[i].at_ms <= v->at_ms; i++) {
        int64_t at_ms = v->c->event[i].at_ms;

        if (!matches(v, &n->step[0], &v->c->event[i]) || !in_window(v, &n->window, at_ms))
            continue;
        out = (struct value){.type = VALUE_MOMENT, .number = at_ms};
        if (n->function == TWIN_AGE)
            break;
    }
    return out;
}

struct value twin_call(const struct twin_view *v, const struct twin_node *n)
{
    struct values values;

    if (n->function == TWIN_SINCE || n->function == TWIN_AGE)
        return moment_of(v, n);
    gather(v, n, &values);
    switch (n->function) {
    case TWIN_COUNT:
        return number(values.n);
    case TWIN_EXISTS:
        return (struct value){.type = VALUE_BOOL, .truth = values.n > 0};
    case TWIN_DISTINCT:
        return number(count_distinct(&values));
    case TWIN_SUM:
    case TWIN_AVG:
        return total(n, &values);
    case TWIN_MIN:
    case TWIN_MAX:
        return values.n ? utmost(n, &values) : missing;
    case TWIN_FIRST:
        return values.n ? values.value[0] : missing;
    case TWIN_LAST:
        return values.n ? values.value[values.n - 1] : missing;
    case TWIN_SINCE:
    case TWIN_AGE:
        break;
    }
    abort();
}

/* Is there a choice of events for the steps from `step` on, the one before it being `last`? */
static bool continues(const struct twin_view *v, const struct twin_node *n, int step,
                      int last)
{
    const struct twin_customer *c = v->c;

    if (step == n->step_n)
        return true;
    for (int i = last + 1; i < c->n && c->event[i].at_ms <= v->at_ms; i++)
        if (matches(v, &n->step[step], &c->event[i])
            && in_window(v, &n->window, c->event[i].at_ms)
            && (step == 0
                || c->event[i].at_ms <= length_add(v->t->zone, c->event[last].at_ms,
                                                   n->step[step].within))
            && continues(v, n, step + 1, i))
            return true;
    return false;
}

bool twin_sequence(const struct twin_view *v, const struct twin_node *n)
{
    return continues(v, n, 0, -1);
}
