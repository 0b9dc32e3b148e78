#include "twin.h"

#include "base/num.h"

#include <stdlib.h>

int twin_roll(struct random *chance, int sides)
{
    return (int)random_below(chance, (uint64_t)sides);
}

static int roll(const struct twin *t, int sides)
{
    return twin_roll(t->chance, sides);
}

static struct twin_node *node(struct twin *t, enum twin_kind kind, enum value_type type)
{
    struct twin_node *n = arena_new(t->a, struct twin_node);

    if (!n)
        abort();
    n->kind = kind;
    n->type = type;
    return n;
}

/* --- lengths and windows --- */

static struct length note(struct twin *t, struct length l)
{
    for (int i = 0; i < t->length_n; i++)
        if (t->length[i].months == l.months && t->length[i].ms == l.ms)
            return l;
    if (t->length_n == TWIN_LENGTHS_MAX)
        return t->length[0];
    t->length[t->length_n++] = l;
    return l;
}

static struct length random_length(struct twin *t)
{
    static const struct length some[] = {
        {0, MS_DAY},
        {0, 2 * MS_DAY},
        {0, 7 * MS_DAY},
        {0, 30 * MS_DAY},
        {0, 90 * MS_DAY},
        {0, 12 * MS_HOUR},
        {0, 23 * MS_HOUR},
        {0, 25 * MS_HOUR},
        {0, 90 * MS_MINUTE},
        {0, 45 * MS_SECOND},
        {0, 365 * MS_DAY},
        {1, 0},
        {1, 0},
        {2, 0},
        {6, 0},
        {12, 0},
        {24, 0},
    };

    return note(t, some[roll(t, sizeof some / sizeof *some)]);
}

/* Around the change of the clock that the events stand around. */
static int64_t random_day(struct twin *t)
{
    return zone_day(t->zone, t->around_ms, roll(t, 90) - 45);
}

/* The first moments of two days, the second later. */
static void random_days(struct twin *t, int64_t *from, int64_t *to)
{
    int n = 1 + roll(t, roll(t, 2) ? 3 : 40);

    *from = random_day(t);
    do
        *to = zone_day(t->zone, *from, n++);
    while (*to <= *from);
}

static struct twin_window random_window(struct twin *t)
{
    struct twin_window w = {.kind = (enum twin_window_kind)(roll(t, 6) % 4)};

    if (w.kind == TWIN_STAY && t->stageless)
        w.kind = TWIN_ALWAYS;
    if (w.kind == TWIN_DATES)
        random_days(t, &w.date_from, &w.date_to);
    if (w.kind != TWIN_LENGTHS)
        return w;
    w.band = roll(t, 2);
    if (!w.band) {
        w.to = random_length(t);
    } else { /* from < to in every month */
        static const struct length ends[] = {
            {0, 0},           {0, 3 * MS_HOUR}, {0, 7 * MS_DAY}, {0, 27 * MS_DAY}, {1, 0},
            {0, 34 * MS_DAY}, {2, 0},           {3, 0},          {0, 95 * MS_DAY}};
        int from = roll(t, 8);

        w.from = note(t, ends[from]);
        w.to = note(t, ends[from + 1 + roll(t, 8 - from)]);
    }
    return w;
}

/* --- literals --- */

static struct value random_text(const struct twin *t)
{
    static const char *const some[] = {"s0", "s1",    "S1",     "s12",      "1",
                                       "",   "email", "direct", "referral", "/s1"};

    return (struct value){.type = VALUE_TEXT, .text = str_of(some[roll(t, 10)])};
}

static struct value random_literal(struct twin *t, enum value_type type)
{
    switch (type) {
    case VALUE_NUMBER:
    case VALUE_MONEY:
        return (struct value){.type = VALUE_NUMBER, .number = roll(t, 9) * NUM_ONE / 2};
    case VALUE_TEXT:
        return random_text(t);
    case VALUE_BOOL:
        return (struct value){.type = VALUE_BOOL, .truth = roll(t, 2)};
    case VALUE_MOMENT:
        return (struct value){.type = VALUE_MOMENT, .number = random_day(t)};
    case VALUE_LENGTH:
        return (struct value){.type = VALUE_LENGTH, .number = roll(t, 30) * MS_DAY / 2};
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_LIST:
        break;
    }
    abort();
}

static struct twin_node *literal(struct twin *t, enum value_type type)
{
    struct value v = random_literal(t, type);
    struct twin_node *n = node(t, TWIN_LITERAL, v.type);

    n->item[n->item_n++] = v;
    return n;
}

static struct twin_node *stage_literal(struct twin *t, int life)
{
    static const char *const name[TWIN_STAGES_MAX] = {"stage0", "stage1", "stage2",
                                                      "stage3", "stage4"};
    struct twin_node *n = node(t, TWIN_LITERAL, VALUE_TEXT);

    n->item[n->item_n++] = (struct value){
        .type = VALUE_TEXT, .text = str_of(name[roll(t, t->m.life[life].stage_n)])};
    return n;
}

/* --- patterns and functions --- */

/* A property of this type, or VALUE_MISSING for any. */
static int random_property(const struct twin *t, enum value_type type)
{
    int p;

    do
        p = roll(t, TWIN_BUILTINS_END);
    while (type != VALUE_MISSING && twin_property_name(p).type != type);
    return p;
}

static const struct twin_node *random_where(struct twin *t)
{
    int property = roll(t, TWIN_BUILTINS_END);
    enum value_type type = twin_property_name(property).type;
    struct twin_node *value = node(t, TWIN_PROPERTY, type), *n;

    value->index = property;
    if (roll(t, 6) == 0) {
        n = node(t, TWIN_IS_MISSING, VALUE_BOOL);
        n->negate = roll(t, 2);
    } else if (type == VALUE_LIST || (type == VALUE_TEXT && roll(t, 2))) {
        n = node(t, TWIN_CONTAINS, VALUE_BOOL);
        n->item[n->item_n++] = random_text(t);
    } else if (type == VALUE_BOOL && roll(t, 2)) {
        n = node(t, TWIN_TRUTH, VALUE_BOOL);
    } else {
        n = node(t, TWIN_COMPARE, VALUE_BOOL);
        n->op = (enum twin_op)(type == VALUE_TEXT || type == VALUE_BOOL ? 4 + roll(t, 2)
                                                                        : roll(t, 6));
        n->right = literal(t, type);
    }
    n->left = value;
    return n;
}

static struct twin_pattern random_pattern(struct twin *t, int property)
{
    struct twin_pattern p = {.type = roll(t, TWIN_TYPES), .property = property};

    if (property < 0 || property >= TWIN_PROPERTIES)
        p.type = roll(t, TWIN_TYPES + 1) - 1;
    if (roll(t, 4))
        return p;
    p.where = random_where(t);
    if (p.type < 0) /* `any` knows no properties but the built-in ones */
        p.where = NULL;
    return p;
}

static struct twin_node *call(struct twin *t, enum twin_function f, enum value_type type,
                              int property)
{
    struct twin_node *n = node(t, TWIN_CALL, type);

    n->function = f;
    n->step[n->step_n++] = random_pattern(t, property);
    n->window = random_window(t);
    return n;
}

static struct twin_node *sequence(struct twin *t)
{
    struct twin_node *n = node(t, TWIN_SEQUENCE, VALUE_BOOL);
    int steps = 1 + roll(t, TWIN_STEPS_MAX);

    for (int i = 0; i < steps; i++) {
        struct twin_pattern *p = &n->step[n->step_n++];

        *p = random_pattern(t, roll(t, 4) ? -1 : random_property(t, VALUE_MISSING));
        if (i)
            p->within = random_length(t);
    }
    n->window = random_window(t);
    return n;
}

/* --- values --- */

static struct twin_node *trait(struct twin *t, enum twin_kind kind, enum value_type type)
{
    struct twin_node *n = node(t, kind, type);

    while (twin_trait[n->index].type != type)
        n->index++;
    return n;
}

static struct twin_node *first_or_last(struct twin *t, enum value_type type)
{
    return call(t, roll(t, 2) ? TWIN_FIRST : TWIN_LAST, type, random_property(t, type));
}

static struct twin_node *plain_amount(struct twin *t, enum value_type type)
{
    static const enum twin_function some[] = {TWIN_SUM, TWIN_AVG,   TWIN_MIN,
                                              TWIN_MAX, TWIN_FIRST, TWIN_LAST};
    struct twin_node *n;

    switch (roll(t, type == VALUE_NUMBER ? 10 : 5)) {
    case 0:
        return trait(t, TWIN_TRAIT, type);
    case 5:
        n = node(t, TWIN_TIMES_IN, type);
        n->index = roll(t, t->m.life[t->life].stage_n);
        return t->stageless ? literal(t, type) : n;
    case 6:
        n = node(t, TWIN_SCORE, type);
        n->index = t->m.score_n ? roll(t, t->m.score_n) : 0;
        return t->m.score_n ? n : literal(t, type);
    case 7:
        return call(t, TWIN_DISTINCT, type, random_property(t, VALUE_MISSING));
    case 8:
    case 9:
        return call(t, TWIN_COUNT, type,
                    roll(t, 2) ? -1 : random_property(t, VALUE_MISSING));
    default:
        return call(t, some[roll(t, 6)], type, random_property(t, type));
    }
}

/* A number or money, as `type` says. */
static struct twin_node *amount(struct twin *t, enum value_type type, int depth)
{
    enum twin_kind kind = (enum twin_kind)(TWIN_ADD + roll(t, 5));
    struct twin_node *n;

    if (!depth || roll(t, 3))
        return plain_amount(t, type);
    n = node(t, kind, type);
    if (kind == TWIN_DIV && type == VALUE_NUMBER && roll(t, 3) == 0) {
        n->left = amount(t, VALUE_MONEY, depth - 1);
        n->right = amount(t, VALUE_MONEY, depth - 1);
        return n;
    }
    n->left = amount(t, type, depth - 1);
    if (kind == TWIN_ADD || kind == TWIN_SUB)
        n->right = amount(t, type, depth - 1);
    else if (kind != TWIN_NEGATE)
        n->right =
            roll(t, 2) ? literal(t, VALUE_NUMBER) : amount(t, VALUE_NUMBER, depth - 1);
    return n;
}

struct twin_node *twin_amount(struct twin *t)
{
    return amount(t, roll(t, 2) ? VALUE_NUMBER : VALUE_MONEY, 2);
}

static struct twin_node *moment(struct twin *t)
{
    static const enum twin_function some[] = {TWIN_MIN, TWIN_MAX, TWIN_FIRST, TWIN_LAST};

    switch (roll(t, 3)) {
    case 0:
        return trait(t, TWIN_TRAIT, VALUE_MOMENT);
    case 1:
        return call(t, some[roll(t, 4)], VALUE_MOMENT, random_property(t, VALUE_MOMENT));
    default:
        return call(t, some[2 + roll(t, 2)], VALUE_MOMENT, -1);
    }
}

static struct twin_node *truth(struct twin *t)
{
    struct twin_node *n;

    switch (roll(t, 7)) {
    case 6:
        n = node(t, TWIN_CONSENT, VALUE_BOOL);
        n->index = roll(t, TWIN_CHANNELS * TWIN_PURPOSES);
        return n;
    case 0:
        return trait(t, TWIN_TRAIT, VALUE_BOOL);
    case 1:
        return first_or_last(t, VALUE_BOOL);
    case 2:
        n = trait(t, TWIN_ANNIVERSARY, VALUE_MOMENT);
        n->type = VALUE_BOOL;
        do
            n->length = random_length(t);
        while (n->length.months >= 12 || n->length.ms >= 365 * MS_DAY);
        return n;
    case 3:
        return sequence(t);
    default:
        return call(t, TWIN_EXISTS, VALUE_BOOL,
                    roll(t, 3) ? -1 : random_property(t, VALUE_MISSING));
    }
}

static struct twin_node *some_text(struct twin *t)
{
    struct twin_node *n;

    if (roll(t, 4))
        return roll(t, 2) ? trait(t, TWIN_TRAIT, VALUE_TEXT)
                          : first_or_last(t, VALUE_TEXT);
    n = node(t, TWIN_ACQUISITION, VALUE_TEXT);
    n->index = roll(t, TWIN_TELLS);
    return n;
}

/* In this lifecycle, or in one above; of which one, is in *life. */
static struct twin_node *stage(struct twin *t, int *life)
{
    struct twin_node *n;

    *life = t->life;
    if (!t->life || (!t->stageless && roll(t, 2)))
        return t->stageless
                   ? some_text(t)
                   : node(t, roll(t, 2) ? TWIN_STAGE : TWIN_PREVIOUS, VALUE_TEXT);
    n = node(t, TWIN_BESIDE, VALUE_TEXT);
    n->index = *life = roll(t, t->life);
    return n;
}

/* --- terms --- */

static struct twin_node *comparison(struct twin *t, struct twin_node *left, bool order,
                                    struct twin_node *right)
{
    struct twin_node *n = node(t, TWIN_COMPARE, VALUE_BOOL);

    n->op = (enum twin_op)(order ? roll(t, 6) : 4 + roll(t, 2));
    n->mirrored = roll(t, 4) == 0;
    n->left = left;
    n->right = right;
    return n;
}

static struct twin_node *compare_amounts(struct twin *t)
{
    struct twin_node *left = twin_amount(t), *right;

    right = roll(t, 3) == 0 ? twin_amount(t) : literal(t, VALUE_NUMBER);
    return comparison(t, left, true, right);
}

static struct twin_node *growing(struct twin *t)
{
    struct twin_node *n = node(t, TWIN_GROWS, VALUE_BOOL);
    int what = roll(t, 8);

    n->op = (enum twin_op)roll(t, 4);
    n->mirrored = roll(t, 4) == 0;
    n->left = what == 0   ? trait(t, TWIN_UNTIL, VALUE_MOMENT)
              : what == 1 ? trait(t, TWIN_SINCE_TRAIT, VALUE_MOMENT)
              : what <= 4 && !t->stageless
                  ? node(t, TWIN_IN_STAGE, VALUE_MOMENT)
                  : call(t, roll(t, 2) ? TWIN_SINCE : TWIN_AGE, VALUE_MOMENT,
                         roll(t, 4) ? -1 : random_property(t, VALUE_MISSING));
    n->length = random_length(t);
    return n;
}

static struct twin_node *test(struct twin *t, enum twin_kind kind, struct twin_node *left)
{
    struct twin_node *n = node(t, kind, VALUE_BOOL);

    n->left = left;
    n->negate = roll(t, 2);
    return n;
}

static struct twin_node *one_of(struct twin *t)
{
    enum value_type type = (enum value_type[]){VALUE_NUMBER, VALUE_TEXT, VALUE_TEXT,
                                               VALUE_MOMENT}[roll(t, 4)];
    bool stages = type == VALUE_TEXT && !(t->stageless && !t->life) && roll(t, 2);
    int life = 0;
    struct twin_node *n = test(t, TWIN_IN,
                               stages                 ? stage(t, &life)
                               : type == VALUE_TEXT   ? some_text(t)
                               : type == VALUE_NUMBER ? twin_amount(t)
                                                      : moment(t));

    n->item_n = 1 + roll(t, TWIN_ITEMS_MAX);
    for (int i = 0; i < n->item_n; i++)
        n->item[i] = stages ? stage_literal(t, life)->item[0] : random_literal(t, type);
    return n;
}

static struct twin_node *of_text(struct twin *t)
{
    bool list = roll(t, 2), starts = !list && roll(t, 2);
    int life;
    struct twin_node *left = !list        ? roll(t, 3) ? some_text(t) : stage(t, &life)
                                    : roll(t, 2) ? trait(t, TWIN_TRAIT, VALUE_LIST)
                                          : first_or_last(t, VALUE_LIST);
    struct twin_node *n = test(t, starts ? TWIN_STARTS : TWIN_CONTAINS, left);

    n->item[n->item_n++] = random_text(t);
    return n;
}

static struct twin_node *whether_missing(struct twin *t)
{
    int life;

    switch (roll(t, 5)) {
    case 0:
        return test(t, TWIN_IS_MISSING, twin_amount(t));
    case 1:
        return test(t, TWIN_IS_MISSING, some_text(t));
    case 2:
        return test(t, TWIN_IS_MISSING, moment(t));
    case 3:
        return test(t, TWIN_IS_MISSING, stage(t, &life));
    default:
        return test(t, TWIN_IS_MISSING, truth(t));
    }
}

static struct twin_node *compare_stages(struct twin *t)
{
    int life, other;
    struct twin_node *left = stage(t, &life), *right;

    if (left->kind != TWIN_STAGE && left->kind != TWIN_PREVIOUS
        && left->kind != TWIN_BESIDE)
        return comparison(t, left, false, literal(t, VALUE_TEXT));
    right = roll(t, 4) ? stage_literal(t, life) : stage(t, &other);
    return comparison(t, left, false, right);
}

struct twin_node *twin_term(struct twin *t)
{
    struct twin_node *n;

    switch (roll(t, 14)) {
    case 0:
    case 1:
    case 2:
        return compare_amounts(t);
    case 3:
    case 4:
    case 5:
        return growing(t);
    case 6:
        return compare_stages(t);
    case 7:
        return comparison(t, some_text(t), false,
                          roll(t, 4) ? literal(t, VALUE_TEXT) : some_text(t));
    case 8:
        return comparison(t, moment(t), true,
                          roll(t, 3) ? literal(t, VALUE_MOMENT) : moment(t));
    case 9:
        n = node(t, TWIN_SUB, VALUE_LENGTH);
        n->left = moment(t);
        n->right = moment(t);
        return comparison(t, n, true, literal(t, VALUE_LENGTH));
    case 10:
        return one_of(t);
    case 11:
        return of_text(t);
    case 12:
        return whether_missing(t);
    default:
        n = roll(t, 5) ? truth(t) : node(t, TWIN_ACCOUNT, VALUE_BOOL);
        return roll(t, 4) ? test(t, TWIN_TRUTH, n)
                          : comparison(t, n, false, literal(t, VALUE_BOOL));
    }
}

struct twin_node *twin_condition(struct twin *t, int depth)
{
    int what = depth ? roll(t, 6) : 5;
    struct twin_node *n;

    if (what > 2) {
        if (!t->m.segment_n || roll(t, 8))
            return twin_term(t);
        n = node(t, TWIN_SEGMENT, VALUE_BOOL);
        n->index = roll(t, t->m.segment_n);
        return n;
    }
    n = node(t, what == 0 ? TWIN_AND : what == 1 ? TWIN_OR : TWIN_NOT, VALUE_BOOL);
    n->left = twin_condition(t, depth - 1);
    if (n->kind != TWIN_NOT)
        n->right = twin_condition(t, depth - 1);
    return n;
}

/* What more events make true, or time alone. */
static struct twin_node *wish(struct twin *t, int depth)
{
    struct twin_node *n;

    if (depth && roll(t, 3) == 0) {
        n = node(t, roll(t, 2) ? TWIN_AND : TWIN_OR, VALUE_BOOL);
        n->left = wish(t, depth - 1);
        n->right = roll(t, 2) ? wish(t, depth - 1) : twin_term(t);
        return n;
    }
    n = node(t, TWIN_GROWS, VALUE_BOOL);
    n->op = OP_GREATER_EQUAL;
    n->left = call(t, TWIN_SINCE, VALUE_MOMENT, -1);
    n->length = random_length(t);
    if (roll(t, 3) == 0)
        return n;
    n = comparison(t, call(t, TWIN_COUNT, VALUE_NUMBER, -1), true, NULL);
    if (roll(t, 3) == 0)
        n->left = call(t, TWIN_SUM, VALUE_NUMBER, random_property(t, VALUE_NUMBER));
    n->op = OP_GREATER_EQUAL;
    n->right = node(t, TWIN_LITERAL, VALUE_NUMBER);
    ((struct twin_node *)n->right)->item[0] =
        (struct value){.type = VALUE_NUMBER, .number = (1 + roll(t, 9)) * NUM_ONE};
    return n;
}

enum { TIGHT = 3 };

static struct twin_node *tight(struct twin *t, struct twin_node *const *pool, int depth)
{
    int what = depth ? roll(t, 7) : 6;
    struct twin_node *of = pool[roll(t, TIGHT)], *n;

    if (what < 4) {
        n = node(t, what < 2 ? TWIN_AND : what == 2 ? TWIN_OR : TWIN_NOT, VALUE_BOOL);
        n->left = tight(t, pool, depth - 1);
        if (n->kind != TWIN_NOT)
            n->right = tight(t, pool, depth - 1);
        return n;
    }
    if (of->type != VALUE_MOMENT && roll(t, 8) == 0)
        return test(t, TWIN_IS_MISSING, of);
    if (of->type == VALUE_BOOL)
        return test(t, TWIN_TRUTH, of);
    if (of->type == VALUE_TEXT)
        return comparison(t, of, false, literal(t, VALUE_TEXT));
    if (of->type != VALUE_MOMENT)
        return comparison(t, of, true, literal(t, VALUE_NUMBER));
    n = node(t, TWIN_GROWS, VALUE_BOOL);
    n->op = (enum twin_op)roll(t, 4);
    n->mirrored = roll(t, 4) == 0;
    n->left = of;
    n->length = random_length(t);
    return n;
}

struct twin_node *twin_tight(struct twin *t)
{
    struct twin_node *pool[TIGHT];
    struct twin_node *count = call(t, TWIN_COUNT, VALUE_NUMBER, -1);

    for (int i = 0; i < TIGHT; i++) {
        struct twin_node *like = node(t, TWIN_CALL, VALUE_BOOL);

        switch (roll(t, 6)) {
        case 0:
            pool[i] = count;
            break;
        case 1: /* of the same events */
            *like = *count;
            like->function = roll(t, 2)   ? TWIN_EXISTS
                             : roll(t, 2) ? TWIN_SINCE
                                          : TWIN_AGE;
            like->type = like->function == TWIN_EXISTS ? VALUE_BOOL : VALUE_MOMENT;
            pool[i] = like;
            break;
        case 2:
            pool[i] = trait(t, roll(t, 2) ? TWIN_SINCE_TRAIT : TWIN_UNTIL, VALUE_MOMENT);
            break;
        case 3:
            pool[i] = twin_amount(t);
            break;
        case 4:
            pool[i] = truth(t);
            break;
        default:
            pool[i] = some_text(t);
        }
    }
    return tight(t, pool, 3);
}

/* --- models --- */

void twin_named(struct twin *t)
{
    int segments = roll(t, TWIN_SEGMENTS_MAX + 1), scores = roll(t, TWIN_SCORES_MAX + 1);

    /* What asks for the stage in one lifecycle cannot be named in another. */
    t->stageless = t->m.life_n > 1;
    for (int i = 0; i < segments || i < scores; i++) {
        if (i < segments) {
            t->m.segment[i] = twin_condition(t, 2);
            t->m.segment_n = i + 1;
        }
        if (i < scores) {
            struct twin_score *s = &t->m.score[i];

            s->from = (roll(t, 3) - 1) * NUM_ONE;
            s->high = s->from + (1 + roll(t, 4)) * NUM_ONE;
            s->part_n = 1 + roll(t, TWIN_PARTS_MAX);
            for (int k = 0; k < s->part_n; k++) {
                s->points[k] = (roll(t, 7) - 2) * NUM_ONE / 2;
                s->when[k] = twin_condition(t, 1);
            }
            t->m.score_n = i + 1;
        }
    }
    t->stageless = false;
}

void twin_keeps(struct twin *t)
{
    for (int i = 0; i < TWIN_PROPERTIES; i++) {
        struct twin_keep *keep = &t->m.keep[i];
        int from = roll(t, TWIN_SOURCE_NAMES), step = roll(t, 2) ? 1 : 3;

        keep->kind = (enum twin_keep_kind)roll(t, 3);
        if (keep->kind != TWIN_SOURCES)
            continue;
        keep->source_n = 1 + roll(t, TWIN_SOURCE_NAMES - 1);
        for (int k = 0; k < keep->source_n; k++)
            keep->source[k] = (from + k * step) % TWIN_SOURCE_NAMES;
    }
}

void twin_more_segments(struct twin *t)
{
    int more = roll(t, TWIN_MORE_SEGMENTS + 1);

    t->life = 0;
    t->stageless = false;
    for (int i = 0; i < more; i++)
        t->m.segment[t->m.segment_n++] = roll(t, 2) ? twin_condition(t, 2) : twin_term(t);
}

void twin_stages(struct twin *t, int lives_max)
{
    t->m.life_n = 1 + roll(t, lives_max);
    for (int i = 0; i < t->m.life_n; i++)
        t->m.life[i].stage_n = 2 + roll(t, TWIN_STAGES_MAX - 1);
}

static void random_way(struct twin *t, const struct twin_life *l, struct twin_way *way)
{
    way->to = roll(t, l->stage_n);
    if (roll(t, 4))
        for (int s = 0; s < l->stage_n; s++)
            if (s != way->to && roll(t, 2))
                way->from[way->from_n++] = s;
    way->when = t->wishes && roll(t, 4) ? wish(t, 2) : twin_condition(t, 2);
}

void twin_ways(struct twin *t)
{
    for (t->life = 0; t->life < t->m.life_n; t->life++) {
        struct twin_life *l = &t->m.life[t->life];

        t->stageless = true;
        if (t->m.life_n > 1 && roll(t, 2))
            l->who = twin_condition(t, 1);
        t->stageless = false;
        l->way_n = 1 + roll(t, TWIN_WAYS_MAX);
        for (int i = 0; i < l->way_n; i++)
            random_way(t, l, &l->way[i]);
    }
    t->life = 0;
}
