#include "twin.h"

#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct value missing = {.type = VALUE_MISSING};

/* --- numbers, money, texts --- */

bool twin_divide(__int128 a, __int128 b, int64_t *out)
{
    __int128 q, r;

    if (b == 0)
        return false;
    q = a / b;
    r = a % b;
    if (2 * (r < 0 ? -r : r) >= (b < 0 ? -b : b))
        q += (a < 0) == (b < 0) ? 1 : -1;
    if (q > INT64_MAX || q < INT64_MIN)
        return false;
    *out = (int64_t)q;
    return true;
}

/* A value as something that has an order; money means major units beside a number. */
static __int128 in_millionths(const struct twin *t, const struct value *v)
{
    __int128 n = v->type == VALUE_BOOL ? v->truth : v->number;

    if (v->type == VALUE_MONEY)
        for (int i = t->decimals; i < 6; i++)
            n *= 10;
    return n;
}

bool twin_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_TEXT)
        return str_eq(a->text, b->text);
    return a->type == VALUE_MISSING
           || (a->type == VALUE_BOOL ? a->truth == b->truth : a->number == b->number);
}

static bool compare(const struct twin *t, const struct value *a, enum twin_op op,
                    const struct value *b)
{
    __int128 left, right;

    if (a->type == VALUE_MISSING || b->type == VALUE_MISSING)
        return false;
    if (a->type == VALUE_TEXT)
        return str_eq(a->text, b->text) == (op == OP_EQUAL);
    left = in_millionths(t, a);
    right = in_millionths(t, b);
    switch (op) {
    case OP_LESS:
        return left < right;
    case OP_LESS_EQUAL:
        return left <= right;
    case OP_GREATER:
        return left > right;
    case OP_GREATER_EQUAL:
        return left >= right;
    case OP_EQUAL:
        return left == right;
    case OP_UNEQUAL:
        return left != right;
    }
    abort();
}

static bool starts_with(str s, str part)
{
    return s.n >= part.n && (!part.n || !strncasecmp(s.p, part.p, part.n));
}

static bool contains(const struct value *a, str part)
{
    if (a->type == VALUE_LIST) {
        for (uint32_t i = 0; i < a->list.n; i++)
            if (a->list.item[i].n == part.n && starts_with(a->list.item[i], part))
                return true;
        return false;
    }
    for (size_t i = 0; i <= a->text.n; i++)
        if (starts_with(str_from(a->text, i), part))
            return true;
    return false;
}

/* --- values --- */

static struct value text(const char *s)
{
    return (struct value){.type = VALUE_TEXT, .text = str_of(s)};
}

static struct value stage_name(int stage)
{
    static const char *const name[TWIN_STAGES_MAX] = {"stage0", "stage1", "stage2",
                                                      "stage3", "stage4"};

    return stage < 0 ? missing : text(name[stage]);
}

static struct value moment_or_missing(bool there, int64_t at_ms)
{
    return there ? (struct value){.type = VALUE_MOMENT, .number = at_ms} : missing;
}

static struct value arithmetic(const struct twin_view *v, const struct twin_node *n)
{
    struct value a = twin_value(v, n->left), b = {.type = VALUE_NUMBER};
    struct value out = {.type = n->type};
    __int128 x, y;
    bool fits = true;

    if (n->right)
        b = twin_value(v, n->right);
    if (a.type == VALUE_MISSING || b.type == VALUE_MISSING)
        return missing;
    x = a.number;
    y = b.number;
    if (n->kind == TWIN_MUL)
        fits = twin_divide(x * y, NUM_ONE, &out.number);
    else if (n->kind == TWIN_DIV)
        fits = twin_divide(x * NUM_ONE, y, &out.number);
    else
        fits = twin_divide(n->kind == TWIN_ADD   ? x + y
                           : n->kind == TWIN_SUB ? x - y
                                                 : -x,
                           1, &out.number);
    return fits ? out : missing;
}

/* An anniversary lasts: the trait's moment, some years on, is at most the length ago. */
static struct value anniversary(const struct twin_view *v, const struct twin_node *n)
{
    struct value of = twin_trait_value(v, n->index), out = {.type = VALUE_BOOL};

    if (of.type == VALUE_MISSING)
        return missing;
    for (int year = 1; year <= TWIN_YEARS; year++) {
        int64_t begin =
            length_add(v->t->zone, of.number, (struct length){.months = 12 * year});

        out.truth |=
            begin <= v->at_ms && v->at_ms < length_add(v->t->zone, begin, n->length);
    }
    return out;
}

static struct value property_value(const struct twin_view *v, int property);
static const struct value *find(const struct property *p, uint32_t n, const char *name);

/* What the latest consent about the channel and purpose says. */
static struct value consent(const struct twin_view *v, const struct twin_node *n)
{
    str channel = str_of(twin_channel[n->index % TWIN_CHANNELS]);
    str purpose = str_of(twin_purpose[n->index / TWIN_CHANNELS]);
    struct value out = missing;

    for (int i = 0; i < v->c->n && v->c->event[i].at_ms <= v->at_ms; i++) {
        const struct event *e = &v->c->event[i];

        if (str_eq(e->type, STR("consent"))
            && str_eq(find(e->property, e->property_n, "channel")->text, channel)
            && str_eq(find(e->property, e->property_n, "purpose")->text, purpose))
            out = *find(e->property, e->property_n, "granted");
    }
    return out;
}

static struct value told(const struct twin_story *s, int what)
{
    const char *tells = twin_told(s, what);

    return tells ? text(tells) : missing;
}

/* Of the first event that has a channel. */
static struct value acquisition(const struct twin_view *v, int what)
{
    for (int i = 0; i < v->c->n && v->c->event[i].at_ms <= v->at_ms; i++) {
        const struct twin_story *s = twin_story_of(&v->c->event[i]);

        if (twin_told(s, 0))
            return told(s, what);
    }
    return missing;
}

struct value twin_score_value(const struct twin_view *v, const struct twin_score *s)
{
    int64_t points = s->from;

    for (int i = 0; i < s->part_n; i++)
        if (twin_ask(v, s->when[i]))
            points += s->points[i];
    return (struct value){.type = VALUE_NUMBER,
                          .number = points < s->from   ? s->from
                                    : points > s->high ? s->high
                                                       : points};
}

struct value twin_value(const struct twin_view *v, const struct twin_node *n)
{
    const struct twin_where *where = v->where;
    struct twin_view first = *v; /* segments and scores mean the first lifecycle */

    switch (n->kind) {
    case TWIN_LITERAL:
        return n->item[0];
    case TWIN_PROPERTY:
        return property_value(v, n->index);
    case TWIN_CALL:
        return twin_call(v, n);
    case TWIN_SEQUENCE:
        return (struct value){.type = VALUE_BOOL, .truth = twin_sequence(v, n)};
    case TWIN_TRAIT:
    case TWIN_UNTIL:
    case TWIN_SINCE_TRAIT:
        return twin_trait_value(v, n->index);
    case TWIN_ANNIVERSARY:
        return anniversary(v, n);
    case TWIN_ACQUISITION:
        return acquisition(v, n->index);
    case TWIN_ACCOUNT:
        return (struct value){.type = VALUE_BOOL, .truth = v->c->is_account};
    case TWIN_CONSENT:
        return consent(v, n);
    case TWIN_STAGE:
        return stage_name(where->stage);
    case TWIN_PREVIOUS:
        return stage_name(where->previous);
    case TWIN_BESIDE:
        return stage_name(v->lives[n->index].stage);
    case TWIN_IN_STAGE:
        return moment_or_missing(where->stage >= 0, where->entered_ms);
    case TWIN_TIMES_IN:
        return (struct value){.type = VALUE_NUMBER,
                              .number = where->times_in[n->index] * NUM_ONE};
    case TWIN_SCORE:
        first.where = v->lives;
        return twin_score_value(&first, &v->t->m.score[n->index]);
    case TWIN_ADD:
    case TWIN_SUB:
    case TWIN_MUL:
    case TWIN_DIV:
    case TWIN_NEGATE:
        return arithmetic(v, n);
    case TWIN_SEGMENT:
    case TWIN_AND:
    case TWIN_OR:
    case TWIN_NOT:
    case TWIN_COMPARE:
    case TWIN_GROWS:
    case TWIN_IN:
    case TWIN_IS_MISSING:
    case TWIN_CONTAINS:
    case TWIN_STARTS:
    case TWIN_TRUTH:
        return (struct value){.type = VALUE_BOOL, .truth = twin_ask(v, n)};
    }
    abort();
}

/* --- what events say --- */

/* A raw value as the model's type; what does not fit is missing. */
static struct value as_declared(const struct twin *t, const struct value *raw,
                                enum value_type type)
{
    struct value v = *raw;
    struct err ignored;
    int64_t unit = 1;

    v.type = type;
    for (int i = t->decimals; i < 6; i++)
        unit *= 10;
    if (type == VALUE_MONEY)
        return raw->type == VALUE_NUMBER && twin_divide(raw->number, unit, &v.number)
                   ? v
                   : missing;
    if (type == VALUE_MOMENT)
        return raw->type == VALUE_TEXT
                       && moment_parse(raw->text, t->zone, &v.number, &ignored)
                   ? v
                   : missing;
    return raw->type == type ? v : missing;
}

static const struct value *find(const struct property *p, uint32_t n, const char *name)
{
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(p[i].name, str_of(name)))
            return &p[i].value;
    return NULL;
}

/* 1970-01-01 was a Thursday; Monday is 1. */
static int64_t weekday(int64_t day)
{
    return ((day + 3) % 7 + 7) % 7 + 1;
}

static int64_t date_number(int64_t day)
{
    struct civil c = civil_of(day * MS_DAY);

    return c.year * INT64_C(10000) + c.month * 100 + c.day;
}

/* The week's year is that of its Thursday; week 1 has the first Thursday. */
static int64_t week_number(int64_t day)
{
    int64_t thursday = day - weekday(day) + 4, year = date_number(thursday) / 10000;
    int week = 0;

    for (int64_t d = thursday; date_number(d) / 10000 == year; d -= 7)
        week++;
    return year * 100 + week;
}

static struct value builtin(const struct twin *t, int property, int64_t at_ms)
{
    int64_t local = zone_local(t->zone, at_ms), day = local / MS_DAY;
    int64_t n = 0;

    day -= local % MS_DAY < 0;
    if (property == TWIN_DAY)
        n = date_number(day);
    else if (property == TWIN_WEEK)
        n = week_number(day);
    else if (property == TWIN_WEEKDAY)
        n = weekday(day);
    else
        n = (local - day * MS_DAY) / MS_HOUR;
    return (struct value){.type = VALUE_NUMBER, .number = n * NUM_ONE};
}

static struct value property_value(const struct twin_view *v, int property)
{
    const struct event *e = v->event;
    const struct value *raw;

    if (property == TWIN_CHANNEL)
        return told(twin_story_of(e), 0);
    if (property == TWIN_MEMBER) {
        raw = find(e->property, e->property_n, TWIN_WHO);
        return raw ? *raw : missing;
    }
    if (property >= TWIN_PROPERTIES)
        return builtin(v->t, property, e->at_ms);
    raw = find(e->property, e->property_n, twin_property[property].name);
    return raw ? as_declared(v->t, raw, twin_property[property].type) : missing;
}

/* What an event says of the trait, up to now; NULL: nothing. */
static const struct value *said_of(const struct twin_view *v, int i, int trait)
{
    const struct event *e = &v->c->event[i];

    return e->at_ms > v->at_ms ? NULL
                               : find(e->trait, e->trait_n, twin_trait[trait].name);
}

static bool is_source(const struct event *e, const char *name)
{
    const struct value *source = find(e->property, e->property_n, "context.source");

    return source && str_eq(source->text, str_of(name));
}

/* Of a source's events the latest that says anything; of all others' with source -1. NULL too
 * when it took the trait away. */
static const struct value *latest_of(const struct twin_view *v, int trait, int source)
{
    const struct twin_keep *keep = &v->t->m.keep[trait];
    const struct value *last = NULL;

    for (int i = 0; i < v->c->n; i++) {
        const struct value *said = said_of(v, i, trait);
        bool of_it = source >= 0 && is_source(&v->c->event[i], twin_source[source]);
        bool is_named = false;

        for (int k = 0; k < keep->source_n; k++)
            is_named |= is_source(&v->c->event[i], twin_source[keep->source[k]]);
        if (said && (of_it || (source < 0 && !is_named)))
            last = said;
    }
    return last && last->type != VALUE_NULL ? last : NULL;
}

/* The earliest that nothing took away since. */
static const struct value *first_of(const struct twin_view *v, int trait)
{
    const struct value *first = NULL;

    for (int i = v->c->n - 1; i >= 0; i--) {
        const struct value *said = said_of(v, i, trait);

        if (said && said->type == VALUE_NULL)
            break;
        if (said)
            first = said;
    }
    return first;
}

static int source_of(const struct twin_keep *keep, const struct event *e)
{
    for (int k = 0; k < keep->source_n; k++)
        if (is_source(e, twin_source[keep->source[k]]))
            return k;
    return -1;
}

bool twin_is_taken_away(const struct twin_view *v, int i, int trait)
{
    const struct twin_keep *keep = &v->t->m.keep[trait];
    int source = source_of(keep, &v->c->event[i]);

    for (int k = i + 1; k < v->c->n; k++) {
        const struct value *said = said_of(v, k, trait);

        if (said && said->type == VALUE_NULL
            && source_of(keep, &v->c->event[k]) == source)
            return true;
    }
    return false;
}

struct value twin_trait_value(const struct twin_view *v, int trait)
{
    const struct twin_keep *keep = &v->t->m.keep[trait];
    const struct value *stands = NULL;

    for (int k = 0; k < keep->source_n && !stands; k++)
        stands = latest_of(v, trait, keep->source[k]);
    if (!stands)
        stands =
            keep->kind == TWIN_FIRST_SAID ? first_of(v, trait) : latest_of(v, trait, -1);
    return stands ? as_declared(v->t, stands, twin_trait[trait].type) : missing;
}

/* --- conditions --- */

/* since(p) op L means: t op (its moment + L). until(p) op L: its moment op (t + L). */
static bool grows(const struct twin_view *v, const struct twin_node *n)
{
    struct value of = twin_value(v, n->left), now = of, end = of;

    if (of.type == VALUE_MISSING)
        return false;
    now.number = v->at_ms;
    if (n->left->kind == TWIN_UNTIL) {
        end.number = length_add(v->t->zone, now.number, n->length);
        return compare(v->t, &of, n->op, &end);
    }
    end.number = length_add(v->t->zone, of.number, n->length);
    return compare(v->t, &now, n->op, &end);
}

static bool one_of(const struct twin_view *v, const struct twin_node *n)
{
    struct value of = twin_value(v, n->left);
    bool found = false;

    if (of.type == VALUE_MISSING)
        return false;
    for (int i = 0; i < n->item_n; i++)
        found |= compare(v->t, &of, OP_EQUAL, &n->item[i]);
    return found != n->negate;
}

bool twin_ask(const struct twin_view *v, const struct twin_node *n)
{
    struct twin_view first = *v; /* segments and scores mean the first lifecycle */
    struct value a, b;

    switch ((int)n->kind) {
    case TWIN_AND:
        return twin_ask(v, n->left) && twin_ask(v, n->right);
    case TWIN_OR:
        return twin_ask(v, n->left) || twin_ask(v, n->right);
    case TWIN_NOT:
        return !twin_ask(v, n->left);
    case TWIN_COMPARE:
        a = twin_value(v, n->left);
        b = twin_value(v, n->right);
        return compare(v->t, &a, n->op, &b);
    case TWIN_GROWS:
        return grows(v, n);
    case TWIN_IN:
        return one_of(v, n);
    case TWIN_IS_MISSING:
        return (twin_value(v, n->left).type == VALUE_MISSING) != n->negate;
    case TWIN_CONTAINS:
        a = twin_value(v, n->left);
        return a.type != VALUE_MISSING && contains(&a, n->item[0].text);
    case TWIN_STARTS:
        a = twin_value(v, n->left);
        return a.type != VALUE_MISSING && starts_with(a.text, n->item[0].text);
    case TWIN_SEGMENT:
        first.where = v->lives;
        return twin_ask(&first, v->t->m.segment[n->index]);
    default:
        a = twin_value(v, n->kind == TWIN_TRUTH ? n->left : n);
        return a.type == VALUE_BOOL && a.truth;
    }
}
