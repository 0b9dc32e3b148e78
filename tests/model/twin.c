#include "twin.h"

#include "base/num.h"

#include <stdlib.h>

enum op { LESS, LESS_EQUAL, GREATER, GREATER_EQUAL, EQUAL, UNEQUAL };
static const char *const op_text[] = {"<", "<=", ">", ">=", "=", "!="};

enum kind {
    AND,
    OR,
    NOT,
    NUMBER_OP_LITERAL, /* measure op number */
    RATIO,             /* measure op number * measure */
    GROWING,           /* since / age op length */
    IN_STAGE,          /* time_in_stage op length */
    TIMES_IN,          /* times_in("s") op number */
    STAGE_IS,
    PREVIOUS_IS,
    PREVIOUS_MISSING,
    COLOR_IS,
    COLOR_IN,
    COLOR_MISSING,
    COLOR_CONTAINS,
    SIZE_OP,
    EXISTS,
    FIRST_AFTER, /* first(p) op date */
    APART,       /* last(p) - first(p) op length in fixed units */
};

enum window_kind { ALWAYS, LAST, BAND, DATES, STAGE };

struct window {
    enum window_kind kind;
    struct length from, to;
    int64_t date_from, date_to; /* first moments; date_to of the day after the last */
};

enum function { COUNT, SUM, AVG, MIN, MAX, DISTINCT, FIRST, LAST_VALUE };
enum twin_property { NO_PROPERTY, X, M, S, DAY, WEEKDAY };

struct measure {
    enum function function;
    int type; /* -1: any */
    enum twin_property property;
    bool where; /* where x >= limit */
    int64_t limit;
    struct window window;
};

struct twin_node {
    enum kind kind;
    enum op op;
    const struct twin_node *left, *right;
    struct measure measure, other;
    int64_t number; /* fixed point */
    struct length length;
    int index; /* a stage, a colour */
    bool age, negate;
    int64_t date;
};

/* --- chance --- */

static int roll(struct twin *t, int sides)
{
    return (int)random_below(t->chance, (uint64_t)sides);
}

static void note_length(struct twin *t, struct length l)
{
    for (int i = 0; i < t->length_n; i++)
        if (t->length[i].months == l.months && t->length[i].ms == l.ms)
            return;
    if (t->length_n == TWIN_LENGTHS_MAX)
        abort();
    t->length[t->length_n++] = l;
}

static struct length random_length(struct twin *t)
{
    static const struct length some[] = {
        {0, 1 * MS_DAY},
        {0, 2 * MS_DAY},
        {0, 7 * MS_DAY},
        {0, 30 * MS_DAY},
        {0, 12 * MS_HOUR},
        {0, 90 * MS_MINUTE},
        {0, 45 * MS_SECOND},
        {1, 0},
        {2, 0},
        {12, 0},
    };
    struct length l = some[roll(t, (int)(sizeof some / sizeof *some))];

    note_length(t, l);
    return l;
}

/* Around the changes of the clock that the events stand around. */
static int64_t random_day(struct twin *t)
{
    return zone_day(t->zone, t->begin_ms, roll(t, 60) - 10);
}

static struct window random_window(struct twin *t)
{
    struct window w = {.kind = (enum window_kind)roll(t, 5)};

    switch (w.kind) {
    case LAST:
        w.to = random_length(t);
        break;
    case BAND: { /* both in one unit, so that from < to can be seen */
        int from = roll(t, 3), more = 1 + roll(t, 3);
        bool months = roll(t, 3) == 0;

        w.from =
            months ? (struct length){from, 0} : (struct length){0, from * 3 * MS_DAY};
        w.to = months ? (struct length){from + more, 0}
                      : (struct length){0, (from + more) * 3 * MS_DAY};
        note_length(t, w.from);
        note_length(t, w.to);
        break;
    }
    case DATES:
        w.date_from = random_day(t);
        w.date_to = zone_day(t->zone, w.date_from, 1 + roll(t, 20));
        break;
    case ALWAYS:
    case STAGE:
        break;
    }
    return w;
}

static struct measure random_measure(struct twin *t)
{
    static const enum twin_property of_function[][3] = {
        [COUNT] = {NO_PROPERTY, X, S},
        [SUM] = {X, X, X},
        [AVG] = {X, X, X},
        [MIN] = {X, X, X},
        [MAX] = {X, X, X},
        [DISTINCT] = {S, DAY, WEEKDAY},
        [FIRST] = {X, X, X},
        [LAST_VALUE] = {X, X, X},
    };
    struct measure m = {.function = (enum function)roll(t, 8),
                        .window = random_window(t)};

    m.property = of_function[m.function][roll(t, 3)];
    m.type = m.property == NO_PROPERTY && roll(t, 4) == 0 ? -1 : roll(t, TWIN_TYPES);
    if (m.type >= 0 && roll(t, 4) == 0) {
        m.where = true;
        m.limit = roll(t, 5) * NUM_ONE;
    }
    return m;
}

static struct measure random_money(struct twin *t)
{
    struct measure m = random_measure(t);

    m.function = roll(t, 2) ? SUM : MAX;
    m.property = M;
    m.type = roll(t, TWIN_TYPES);
    return m;
}

static enum op growing_op(struct twin *t)
{
    return (enum op)roll(t, 4);
}

struct twin_node *twin_term(struct twin *t)
{
    struct twin_node *n = arena_new(t->a, struct twin_node);

    if (!n)
        abort();
    n->kind = (enum kind)(NUMBER_OP_LITERAL + roll(t, APART - NUMBER_OP_LITERAL + 1));
    n->op = (enum op)roll(t, 6);
    n->number = (roll(t, 7) - 1) * NUM_ONE / 2;
    n->index = roll(t, n->kind == COLOR_IS || n->kind == COLOR_IN ? 3 : t->stage_n);
    n->negate = roll(t, 3) == 0;
    switch (n->kind) {
    case NUMBER_OP_LITERAL:
        n->measure = roll(t, 4) ? random_measure(t) : random_money(t);
        break;
    case RATIO:
        n->measure = random_measure(t);
        n->other = random_measure(t);
        n->op = growing_op(t);
        break;
    case GROWING:
        n->measure.type = roll(t, TWIN_TYPES + 1) - 1;
        n->age = roll(t, 2);
        n->op = growing_op(t);
        n->length = random_length(t);
        break;
    case IN_STAGE:
        n->op = growing_op(t);
        n->length = random_length(t);
        break;
    case EXISTS:
        n->measure = random_measure(t);
        n->measure.function = COUNT;
        n->measure.property = NO_PROPERTY;
        break;
    case FIRST_AFTER:
        n->measure.type = roll(t, TWIN_TYPES);
        n->op = growing_op(t);
        n->date = random_day(t);
        break;
    case APART:
        n->measure.type = roll(t, TWIN_TYPES);
        n->op = growing_op(t);
        n->length = (struct length){0, (1 + roll(t, 20)) * MS_DAY};
        break;
    case TIMES_IN:
    case STAGE_IS:
    case PREVIOUS_IS:
    case PREVIOUS_MISSING:
    case COLOR_IS:
    case COLOR_IN:
    case COLOR_MISSING:
    case COLOR_CONTAINS:
    case SIZE_OP:
    case AND:
    case OR:
    case NOT:
        break;
    }
    return n;
}

struct twin_node *twin_condition(struct twin *t, int depth)
{
    int what = depth ? roll(t, 6) : 5;
    struct twin_node *n;

    if (what > 2)
        return twin_term(t);
    n = arena_new(t->a, struct twin_node);
    if (!n)
        abort();
    n->kind = what == 0 ? AND : what == 1 ? OR : NOT;
    n->left = twin_condition(t, depth - 1);
    if (n->kind != NOT)
        n->right = twin_condition(t, depth - 1);
    return n;
}

/* --- as text --- */

static void print_date(const struct twin *t, int64_t at_ms, struct buf *to)
{
    moment_print_day(to, t->zone, at_ms);
}

static void print_pattern(const struct measure *m, struct buf *to)
{
    static const char *const property[] = {"", ".x", ".m", ".s", ".day", ".weekday"};

    if (m->type < 0)
        buf_add(to, STR("any"));
    else
        buf_add_format(to, "%c%s", "abc"[m->type], property[m->property]);
    if (m->where) {
        buf_add(to, STR(" where x >= "));
        num_print(to, m->limit);
    }
}

static void print_window(const struct twin *t, const struct window *w, struct buf *to)
{
    switch (w->kind) {
    case ALWAYS:
        return;
    case LAST:
        buf_add(to, STR(", "));
        length_print(to, w->to);
        return;
    case BAND:
        buf_add(to, STR(", "));
        length_print(to, w->from);
        buf_add(to, STR(".."));
        length_print(to, w->to);
        return;
    case DATES:
        buf_add(to, STR(", from "));
        print_date(t, w->date_from, to);
        buf_add(to, STR(" to "));
        print_date(t, zone_day(t->zone, w->date_to, -1), to);
        return;
    case STAGE:
        buf_add(to, STR(", stage"));
        return;
    }
}

static void print_measure(const struct twin *t, const struct measure *m, struct buf *to)
{
    static const char *const name[] = {"count", "sum",      "avg",   "min",
                                       "max",   "distinct", "first", "last"};

    buf_add_format(to, "%s(", name[m->function]);
    print_pattern(m, to);
    print_window(t, &m->window, to);
    buf_add_char(to, ')');
}

static void print_op(const struct twin_node *n, struct buf *to)
{
    buf_add_format(to, " %s ", op_text[n->op]);
}

static void print_number_after_op(const struct twin_node *n, struct buf *to)
{
    print_op(n, to);
    num_print(to, n->number);
}

void twin_print(const struct twin *t, const struct twin_node *n, struct buf *to)
{
    switch (n->kind) {
    case AND:
    case OR:
        buf_add_char(to, '(');
        twin_print(t, n->left, to);
        buf_add(to, n->kind == AND ? STR(" and ") : STR(" or "));
        twin_print(t, n->right, to);
        buf_add_char(to, ')');
        return;
    case NOT:
        buf_add(to, STR("not ("));
        twin_print(t, n->left, to);
        buf_add_char(to, ')');
        return;
    case NUMBER_OP_LITERAL:
        print_measure(t, &n->measure, to);
        print_number_after_op(n, to);
        return;
    case RATIO:
        print_measure(t, &n->measure, to);
        print_op(n, to);
        buf_add(to, STR("0.5 * "));
        print_measure(t, &n->other, to);
        return;
    case GROWING:
        buf_add(to, n->age ? STR("age(") : STR("since("));
        print_pattern(&n->measure, to);
        buf_add_char(to, ')');
        print_op(n, to);
        length_print(to, n->length);
        return;
    case IN_STAGE:
        buf_add(to, STR("time_in_stage"));
        print_op(n, to);
        length_print(to, n->length);
        return;
    case TIMES_IN:
        buf_add_format(to, "times_in(\"stage%d\")", n->index);
        print_number_after_op(n, to);
        return;
    case STAGE_IS:
        buf_add_format(to, "stage %s \"stage%d\"", n->negate ? "!=" : "=", n->index);
        return;
    case PREVIOUS_IS:
        buf_add_format(to, "previous_stage %s \"stage%d\"", n->negate ? "!=" : "=",
                       n->index);
        return;
    case PREVIOUS_MISSING:
        buf_add_format(to, "previous_stage is %smissing", n->negate ? "not " : "");
        return;
    case COLOR_IS:
        buf_add_format(to, "trait.color %s \"c%d\"", n->negate ? "!=" : "=", n->index);
        return;
    case COLOR_IN:
        buf_add_format(to, "trait.color %sin (\"c%d\", 'other')", n->negate ? "not " : "",
                       n->index);
        return;
    case COLOR_MISSING:
        buf_add_format(to, "trait.color is %smissing", n->negate ? "not " : "");
        return;
    case COLOR_CONTAINS:
        buf_add(to, STR("trait.color contains 'C1'"));
        return;
    case SIZE_OP:
        buf_add(to, STR("trait.size"));
        print_number_after_op(n, to);
        return;
    case EXISTS:
        buf_add(to, STR("exists("));
        print_pattern(&n->measure, to);
        print_window(t, &n->measure.window, to);
        buf_add_char(to, ')');
        return;
    case FIRST_AFTER:
        buf_add(to, STR("first("));
        print_pattern(&n->measure, to);
        buf_add_char(to, ')');
        print_op(n, to);
        print_date(t, n->date, to);
        return;
    case APART:
        buf_add(to, STR("last("));
        print_pattern(&n->measure, to);
        buf_add(to, STR(") - first("));
        print_pattern(&n->measure, to);
        buf_add_char(to, ')');
        print_op(n, to);
        length_print(to, n->length);
        return;
    }
}

/* --- asking --- */

static bool compare(int64_t left, enum op op, int64_t right)
{
    switch (op) {
    case LESS:
        return left < right;
    case LESS_EQUAL:
        return left <= right;
    case GREATER:
        return left > right;
    case GREATER_EQUAL:
        return left >= right;
    case EQUAL:
        return left == right;
    case UNEQUAL:
        return left != right;
    }
    abort();
}

static bool in_window(const struct twin *t, const struct window *w, int64_t e,
                      int64_t at_ms, const struct twin_where *where)
{
    switch (w->kind) {
    case ALWAYS:
        return true;
    case LAST:
        return at_ms < length_add(t->zone, e, w->to);
    case BAND:
        return length_add(t->zone, e, w->from) <= at_ms
               && at_ms < length_add(t->zone, e, w->to);
    case DATES:
        return w->date_from <= e && e < w->date_to;
    case STAGE:
        return where->some && e >= where->entered_ms;
    }
    abort();
}

static int64_t local_day(const struct twin *t, int64_t at_ms)
{
    int64_t local = zone_local(t->zone, at_ms);

    return (local - ((local % MS_DAY) + MS_DAY) % MS_DAY) / MS_DAY;
}

static bool property_of(const struct twin *t, const struct twin_event *e,
                        enum twin_property p, int64_t *out)
{
    switch (p) {
    case NO_PROPERTY:
        *out = 0;
        return true;
    case X:
        *out = e->x;
        return e->has_x;
    case M:
        *out = e->m;
        return e->has_m;
    case S:
        *out = e->s;
        return e->has_s;
    case DAY:
        *out = local_day(t, e->at_ms);
        return true;
    case WEEKDAY: /* 1970-01-01 was a Thursday */
        *out = (local_day(t, e->at_ms) % 7 + 7 + 3) % 7;
        return true;
    }
    abort();
}

static bool matches(const struct measure *m, const struct twin_event *e)
{
    if (e->identify || (m->type < 0 ? e->type == 2 : e->type != m->type))
        return false;
    return !m->where || (e->has_x && e->x >= m->limit);
}

/* The matching values in the order of time. */
static int gather(const struct twin *t, const struct measure *m,
                  const struct twin_customer *c, int64_t at_ms,
                  const struct twin_where *where, int64_t *value)
{
    int n = 0;

    for (int i = 0; i < c->n; i++)
        if (c->event[i].at_ms <= at_ms && matches(m, &c->event[i])
            && in_window(t, &m->window, c->event[i].at_ms, at_ms, where)
            && property_of(t, &c->event[i], m->property, &value[n]))
            n++;
    return n;
}

/* Rounded half away from zero. */
static int64_t divide(int64_t a, int64_t b)
{
    int64_t q = a / b, r = a % b;

    if (2 * llabs(r) >= llabs(b))
        q += (a < 0) == (b < 0) ? 1 : -1;
    return q;
}

/* False: missing. Counts are fixed point like everything else. */
static bool measured(const struct twin *t, const struct measure *m,
                     const struct twin_customer *c, int64_t at_ms,
                     const struct twin_where *where, int64_t *out)
{
    int64_t value[TWIN_EVENTS_MAX], sum = 0, least = INT64_MAX, most = INT64_MIN;
    int n = gather(t, m, c, at_ms, where, value), different = 0;

    for (int i = 0; i < n; i++) {
        bool seen = false;

        sum += value[i];
        if (value[i] < least)
            least = value[i];
        if (value[i] > most)
            most = value[i];
        for (int k = 0; k < i; k++)
            seen |= value[k] == value[i];
        different += !seen;
    }
    *out = m->function == COUNT      ? n * NUM_ONE
           : m->function == DISTINCT ? different * NUM_ONE
                                     : sum;
    if (m->function == COUNT || m->function == DISTINCT || m->function == SUM)
        return true;
    if (!n)
        return false;
    *out = m->function == AVG     ? divide(sum, n)
           : m->function == MIN   ? least
           : m->function == MAX   ? most
           : m->function == FIRST ? value[0]
                                  : value[n - 1];
    return true;
}

static bool ends_of(const struct measure *m, const struct twin_customer *c, int64_t at_ms,
                    int64_t *first, int64_t *last)
{
    bool some = false;

    for (int i = 0; i < c->n; i++) {
        if (c->event[i].at_ms > at_ms || !matches(m, &c->event[i]))
            continue;
        if (!some)
            *first = c->event[i].at_ms;
        *last = c->event[i].at_ms;
        some = true;
    }
    return some;
}

/* The trait's latest word: -1 is missing. */
static int color_of(const struct twin_customer *c, int64_t at_ms)
{
    int color = -1;

    for (int i = 0; i < c->n; i++)
        if (c->event[i].at_ms <= at_ms && c->event[i].has_color)
            color = c->event[i].color;
    return color;
}

static bool size_of(const struct twin_customer *c, int64_t at_ms, int64_t *size)
{
    bool some = false;

    for (int i = 0; i < c->n; i++)
        if (c->event[i].at_ms <= at_ms && c->event[i].has_size) {
            *size = c->event[i].size;
            some = true;
        }
    return some;
}

bool twin_ask(const struct twin *t, const struct twin_node *n,
              const struct twin_customer *c, int64_t at_ms,
              const struct twin_where *where)
{
    int64_t left, right;
    int color;

    switch (n->kind) {
    case AND:
        return twin_ask(t, n->left, c, at_ms, where)
               && twin_ask(t, n->right, c, at_ms, where);
    case OR:
        return twin_ask(t, n->left, c, at_ms, where)
               || twin_ask(t, n->right, c, at_ms, where);
    case NOT:
        return !twin_ask(t, n->left, c, at_ms, where);
    case NUMBER_OP_LITERAL:
        if (!measured(t, &n->measure, c, at_ms, where, &left))
            return false;
        if (n->measure.property == M) /* two decimals as six */
            left *= NUM_ONE / 100;
        return compare(left, n->op, n->number);
    case RATIO:
        return measured(t, &n->measure, c, at_ms, where, &left)
               && measured(t, &n->other, c, at_ms, where, &right)
               && compare(left, n->op, divide(right, 2));
    case GROWING:
        if (!ends_of(&n->measure, c, at_ms, &left, &right))
            return false;
        return compare(at_ms, n->op,
                       length_add(t->zone, n->age ? left : right, n->length));
    case IN_STAGE:
        return where->some
               && compare(at_ms, n->op,
                          length_add(t->zone, where->entered_ms, n->length));
    case TIMES_IN:
        return compare(where->times_in[n->index] * NUM_ONE, n->op, n->number);
    case STAGE_IS:
        return where->stage >= 0 && (where->stage == n->index) != n->negate;
    case PREVIOUS_IS:
        return where->previous >= 0 && (where->previous == n->index) != n->negate;
    case PREVIOUS_MISSING:
        return (where->previous < 0) != n->negate;
    case COLOR_IS:
    case COLOR_IN:
        color = color_of(c, at_ms);
        return color >= 0 && (color == n->index) != n->negate;
    case COLOR_MISSING:
        return (color_of(c, at_ms) < 0) != n->negate;
    case COLOR_CONTAINS:
        return color_of(c, at_ms) == 1;
    case SIZE_OP:
        return size_of(c, at_ms, &left) && compare(left, n->op, n->number);
    case EXISTS:
        return measured(t, &n->measure, c, at_ms, where, &left) && left > 0;
    case FIRST_AFTER:
        return ends_of(&n->measure, c, at_ms, &left, &right)
               && compare(left, n->op, n->date);
    case APART:
        return ends_of(&n->measure, c, at_ms, &left, &right)
               && compare(right - left, n->op, n->length.ms);
    }
    abort();
}

/* --- when could anything change? --- */

int twin_moments_of(const struct twin *t, int64_t from_ms, int64_t *moment)
{
    int n = 0;

    moment[n++] = from_ms;
    moment[n++] = from_ms + 1;
    for (int k = 0; k < t->length_n; k++) {
        int64_t end = length_add(t->zone, from_ms, t->length[k]);

        moment[n++] = end;
        moment[n++] = end + 1;
    }
    return n;
}

static int by_size(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;

    return *x < *y ? -1 : *x > *y;
}

int twin_moments(const struct twin *t, const struct twin_customer *c, int64_t *moment)
{
    int all = 0, kept = 0;

    for (int i = 0; i < c->n; i++)
        all += twin_moments_of(t, c->event[i].at_ms, moment + all);
    qsort(moment, (size_t)all, sizeof *moment, by_size);
    for (int i = 0; i < all; i++)
        if (!kept || moment[i] != moment[kept - 1])
            moment[kept++] = moment[i];
    return kept;
}
