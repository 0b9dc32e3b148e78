#include "rule/program.h"

#include "base/num.h"

#include <assert.h>
#include <string.h>

enum { RULES_DEEP = 64 };

struct check {
    struct program *p;
    str text;
    const struct pattern *of; /* the pattern whose where is checked, or NULL */
    const struct dictionary_event *event; /* its event; NULL: any */
    uint32_t depth;                       /* of the deepest rule named so far */
    bool by_stage, by_times;
    uint32_t above_n;
    struct err *err;
};

static bool fault(const struct check *c, const struct node *n, const char *msg)
{
    return parse_fault(c->text, n->start, c->err, "%s", msg);
}

void *program_grown(void **array, uint32_t n, uint32_t *cap, size_t size)
{
    if (n == *cap) {
        uint32_t more = *cap ? *cap * 2 : 8;
        void *moved = mem_resize(*array, more * size);

        if (!moved)
            return NULL;
        *array = moved;
        *cap = more;
    }
    return (char *)*array + n * size;
}

/* --- texts --- */

static bool text_key(struct program *p, str text, int64_t *key, struct err *err)
{
    uint32_t number;

    if (!text_table_add(&p->literal, text, &number))
        return err_nomem(err);
    *key = number;
    return true;
}

/* --- columns, series, slots --- */

static bool column_add(struct program *p, uint32_t number, bool has_texts, uint32_t *out,
                       struct err *err)
{
    struct used_column *column;

    for (*out = 0; *out < p->column_n; ++*out) {
        if (p->column[*out].number == number) {
            p->column[*out].has_texts |= has_texts;
            return true;
        }
    }
    column = GROWN(p, column);
    if (!column)
        return err_nomem(err);
    *column = (struct used_column){number, has_texts};
    p->column_n++;
    return true;
}

/* As what a value of this type is stored. */
static enum value_type raw_type(enum value_type type)
{
    if (type == VALUE_MONEY)
        return VALUE_NUMBER;
    return type == VALUE_MOMENT ? VALUE_TEXT : type;
}

static bool source_of_column(struct program *p, str name, bool trait,
                             enum value_type type, struct source *out, struct err *err)
{
    uint32_t number = catalog_column_find(p->env.catalog, name, trait, raw_type(type));

    *out = (struct source){.kind = SOURCE_COLUMN, .column = NONE, .type = type};
    return number == COLUMN_NONE
           || column_add(p, number, type == VALUE_TEXT || type == VALUE_LIST,
                         &out->column, err);
}

bool program_number(struct text_table *t, struct buf *key, uint32_t *out, struct err *err)
{
    bool ok = !key->failed && text_table_add(t, buf_str(key), out);

    buf_free(key);
    return ok || err_nomem(err);
}

static void series_key(const struct series *s, struct buf *to)
{
    key_add(to, s->kind);
    key_add(to, (intptr_t)s->event);
    key_add(to, s->items);
    key_add(to, s->source.kind);
    key_add(to, s->source.builtin);
    key_add(to, s->source.column);
    key_add(to, s->source.type);
    key_add_text(to, s->trait);
    key_add(to, s->step_n);
    for (uint32_t i = 0; i < s->step_n; i++) {
        key_add(to, s->step[i].series);
        key_add(to, s->step[i].within.months);
        key_add(to, s->step[i].within.ms);
    }
    node_key(s->where, to);
}

static bool series_new(struct program *p, struct series *s, struct err *err)
{
    struct series *place;

    if (s->kind == SERIES_EVENTS && !types_add(p, s, &s->types, err))
        return false;
    place = GROWN(p, series);
    if (!place)
        return err_nomem(err);
    *place = *s;
    p->series_n++;
    return true;
}

/* Adds the series unless the program has the same. */
static bool series_add(struct program *p, struct series *s, uint32_t *out,
                       struct err *err)
{
    struct buf key = {};

    series_key(s, &key);
    if (!program_number(&p->series_key, &key, out, err))
        return false;
    if (*out < p->series_n) {
        p->series[*out].linked |= s->linked;
        return true;
    }
    if (series_new(p, s, err))
        return true;
    text_table_cut(&p->series_key, p->series_n);
    return false;
}

static bool slot_add(struct program *p, const struct slot *s, uint32_t *out,
                     struct err *err)
{
    const struct window *w = &s->window;
    const int64_t parts[] = {s->function,    s->series,  w->kind,
                             w->from.months, w->from.ms, w->to.months,
                             w->to.ms,       w->from_ms, w->to_ms};
    struct buf key = {};
    struct slot *place;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        key_add(&key, parts[i]);
    if (!program_number(&p->slot_key, &key, out, err))
        return false;
    if (*out < p->slot_n)
        return true;
    place = GROWN(p, slot);
    if (!place) {
        text_table_cut(&p->slot_key, p->slot_n);
        return err_nomem(err);
    }
    *place = *s;
    p->keeps_best |= s->function == FUNCTION_MIN || s->function == FUNCTION_MAX;
    p->slot_n++;
    return true;
}

/* --- names --- */

static_assert(offsetof(struct dictionary_event, name) == 0
                  && offsetof(struct dictionary_property, name) == 0,
              "hint_of looks for the name there");

/* "; did you mean x?" over an array of structs that begin with their name. */
static bool hint_of(struct check *c, str name, const void *array, size_t n, size_t size,
                    char hint[120])
{
    str *known = mem_alloc((n + 1) * sizeof *known);

    if (!known)
        return err_nomem(c->err);
    for (size_t i = 0; i < n; i++)
        memcpy(&known[i], (const char *)array + i * size, sizeof *known);
    parse_hint(name, known, n, hint);
    mem_free(known);
    return true;
}

static bool no_event(struct check *c, str name, uint32_t at)
{
    const struct dictionary *d = c->p->env.dictionary;
    char hint[120];

    if (!hint_of(c, name, d->event, d->event_n, sizeof *d->event, hint))
        return false;
    for (uint32_t i = 0; i < d->event_n && !hint[0]; i++)
        parse_hint(name, d->event[i].alias, d->event[i].alias_n, hint);
    return parse_fault(c->text, at, c->err, "there is no event \"%.*s\"%s", SHOWN(name),
                       hint);
}

/* The lifecycle that the bare stage words mean. */
static uint32_t lifecycle_meant(const struct program *p)
{
    return p->lifecycle == LIFECYCLES_ALL ? 0 : p->lifecycle;
}

static bool stage_find(struct check *c, uint32_t lifecycle, str name, uint32_t at,
                       uint32_t *out)
{
    const struct rule_lifecycle *l = &c->p->env.lifecycle[lifecycle];
    uint32_t key = text_table_find(&c->p->literal, name);
    char hint[120];

    for (*out = 0; key != TEXT_NONE && *out < l->stage_n; ++*out) {
        if (c->p->stage_key[lifecycle][*out] == key)
            return true;
    }
    return parse_fault(c->text, at, c->err, "there is no stage \"%.*s\"%s", SHOWN(name),
                       parse_hint(name, l->stage, l->stage_n, hint));
}

/* The property behind the dot: a built-in one, unless it stands in backquotes. */
static bool source_find(struct check *c, const struct dictionary_event *event,
                        str event_name, str name, uint32_t at, struct source *out)
{
    static const str builtins[] = {{"day", 3},  {"week", 4},    {"weekday", 7},
                                   {"hour", 4}, {"channel", 7}, {"member", 6}};
    const struct dictionary_property *property;
    char hint[120];

    if (c->text.p[at] != '`') {
        for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
            if (!str_eq(name, builtins[i]))
                continue;
            if (i > BUILTIN_HOUR)
                return parse_fault(
                    c->text, at, c->err,
                    "events do not know their %.*s yet; a property of that "
                    "name stands in backquotes: `%.*s`",
                    STR_FMT(name), STR_FMT(name));
            *out = (struct source){
                .kind = SOURCE_BUILTIN, .builtin = (enum builtin)i, .type = VALUE_NUMBER};
            return true;
        }
    }
    if (!event)
        return parse_fault(c->text, at, c->err,
                           "any has only the properties that every event has: day, week, "
                           "weekday and hour");
    property = dictionary_property(c->p->env.dictionary, event, name);
    if (!property)
        return hint_of(c, name, event->property, event->property_n,
                       sizeof *event->property, hint)
               && parse_fault(c->text, at, c->err, "%.*s has no property \"%.*s\"%s",
                              SHOWN(event_name), SHOWN(name), hint);
    return source_of_column(c->p, property->name, false, property->type, out, c->err);
}

static bool check_rule(struct check *c, struct node *n);
static bool check_condition(struct check *c, struct node *n);

/* An event by its name, and its property. Names of events may hold dots themselves. */
static bool check_pattern(struct check *c, const struct pattern *pattern,
                          struct series *out)
{
    const struct name *name = &pattern->name;
    bool any = !name->quoted && str_eq(name->first, STR("any"));
    str rest = name->rest;

    *out = (struct series){.kind = SERIES_EVENTS};
    if (!any) {
        out->event = dictionary_event(c->p->env.dictionary, name->first);
        if (!out->event && rest.n) {
            out->event = dictionary_event(c->p->env.dictionary, name->whole);
            rest = STR("");
        }
        if (!out->event)
            return no_event(c, name->first, name->start);
    }
    if (rest.n
        && !source_find(c, out->event, name->first, rest, name->rest_start, &out->source))
        return false;
    if (pattern->where) {
        struct check inside = *c;

        inside.of = pattern;
        inside.event = out->event;
        if (!check_condition(&inside, pattern->where))
            return false;
        out->where = pattern->where;
    }
    return true;
}

/* A trait's value: the last of a series that holds missing ones too. */
static bool check_trait(struct check *c, const struct name *name, uint32_t *slot,
                        enum value_type *type)
{
    static const enum value_type raws[TRAIT_COLUMNS] = {
        VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_TEXT, VALUE_LIST};
    const struct dictionary *d = c->p->env.dictionary;
    const struct dictionary_property *trait = dictionary_trait(d, name->rest);
    struct slot s = {.function = FUNCTION_LAST};
    struct series series = {.kind = SERIES_TRAIT};
    char hint[120];

    if (!name->rest.n)
        return parse_fault(c->text, name->start, c->err,
                           "which trait? write trait. and its name");
    if (!trait)
        return hint_of(c, name->rest, d->trait, d->trait_n, sizeof *d->trait, hint)
               && parse_fault(c->text, name->rest_start, c->err,
                              "there is no trait \"%.*s\"%s", SHOWN(name->rest), hint);
    series.trait = trait->name;
    *type = trait->type;
    if (!source_of_column(c->p, trait->name, true, trait->type, &series.source, c->err))
        return false;
    for (int i = 0; i < TRAIT_COLUMNS; i++) {
        uint32_t number =
            catalog_column_find(c->p->env.catalog, trait->name, true, raws[i]);

        if (number == COLUMN_NONE)
            continue;
        if (!column_add(c->p, number, false, &series.trait_column[series.trait_column_n],
                        c->err))
            return false;
        series.trait_column_n++;
    }
    return series_add(c->p, &series, &s.series, c->err)
           && slot_add(c->p, &s, slot, c->err);
}

static bool is_trait(const struct name *name)
{
    return !name->quoted && str_eq(name->first, STR("trait"));
}

static bool check_moment_trait(struct check *c, struct node *n, const struct name *name)
{
    str function = function_name(n->call->function);

    if (!is_trait(name))
        return parse_fault(c->text, name->start, c->err,
                           "%.*s() takes a trait, such as trait.renewal",
                           STR_FMT(function));
    if (!check_trait(c, name, &n->index, &n->type))
        return false;
    if (n->type != VALUE_MOMENT) {
        str type = value_type_name(n->type);

        return parse_fault(
            c->text, name->start, c->err,
            "%.*s() needs a trait that is a moment; trait.%.*s is declared as "
            "%.*s",
            STR_FMT(function), SHOWN(name->rest), STR_FMT(type));
    }
    n->means = MEANS_TERM;
    return true;
}

static bool refuse_lifecycle(struct check *c, const struct node *n, uint32_t number)
{
    str name = c->p->env.lifecycle[number].name;

    return parse_fault(c->text, n->start, c->err,
                       "%.*s asks for the lifecycle %.*s, which %s", SHOWN(n->name.whole),
                       SHOWN(name),
                       number == c->p->lifecycle
                           ? "is this one: write stage"
                           : "stands below this one in the text: only those above can be "
                             "asked for");
}

/* The stages that a segment or score asks for must mean the same here. */
static bool check_named_stages(struct check *c, const struct node *n,
                               const struct rule *rule)
{
    c->by_stage |= rule->by_stage;
    c->by_times |= rule->by_times;
    if (c->above_n < rule->above_n)
        c->above_n = rule->above_n;
    if (rule->above_n && c->p->lifecycle < rule->above_n)
        return refuse_lifecycle(c, n, rule->above_n - 1);
    if ((rule->by_stage || rule->by_times) && lifecycle_meant(c->p) != 0) {
        str first = c->p->env.lifecycle[0].name;

        return parse_fault(
            c->text, n->start, c->err,
            "%.*s asks for stage, time_in_stage or the like, which mean the "
            "lifecycle %.*s there; in it write lifecycle.%.*s.stage, or put "
            "its rule here",
            SHOWN(n->name.whole), SHOWN(first), SHOWN(first));
    }
    return true;
}

/* lifecycle.NAME.stage */
static bool check_lifecycle_stage(struct check *c, struct node *n)
{
    const struct rule_env *env = &c->p->env;
    str name = n->name.rest, known[LIFECYCLES_MAX] = {};
    uint32_t i = 0;
    char hint[120];

    if (name.n <= 6 || !str_eq(str_from(name, name.n - 6), STR(".stage")))
        return fault(c, n,
                     "of a lifecycle rules ask for the stage: lifecycle.NAME.stage");
    name.n -= 6;
    while (i < env->lifecycle_n && !str_eq(env->lifecycle[i].name, name))
        i++;
    if (i == env->lifecycle_n) {
        for (i = 0; i < env->lifecycle_n; i++)
            known[i] = env->lifecycle[i].name;
        if (i == 1 && !known[0].n)
            return fault(c, n,
                         "the model has one lifecycle, which has no name: write stage");
        return parse_fault(c->text, n->name.rest_start, c->err,
                           "there is no lifecycle \"%.*s\"%s", SHOWN(name),
                           parse_hint(name, known, i, hint));
    }
    if (c->p->lifecycle <= i)
        return refuse_lifecycle(c, n, i);
    if (c->above_n <= i)
        c->above_n = i + 1;
    n->means = MEANS_LIFECYCLE_STAGE;
    n->index = i;
    n->type = VALUE_TEXT;
    return true;
}

/* segment.x and score.x: the other rule is compiled into this program by who knows it. */
static bool check_named(struct check *c, struct node *n, enum rule_named kind)
{
    const struct rule_env *env = &c->p->env;
    const char *what = kind == RULE_SEGMENT ? "segment" : "score";
    str name = n->name.rest;
    struct rule_ref ref = {0};
    const str *known = NULL;
    size_t known_n = 0;
    char hint[120];

    if (!name.n)
        return parse_fault(c->text, n->start, c->err, "which %s? write %s. and its name",
                           what, what);
    if (!env->find || !env->find(env->context, kind, name, &ref, c->err)) {
        if (env->find && c->err->code != ERR_NOT_FOUND) {
            struct err inside = *c->err;

            if (inside.code != ERR_INPUT)
                return false;
            return parse_fault(c->text, n->start, c->err, "in %s.%.*s: %s", what,
                               SHOWN(name), inside.msg);
        }
        if (env->names)
            env->names(env->context, kind, &known, &known_n);
        return parse_fault(c->text, n->name.rest_start, c->err,
                           "there is no %s \"%.*s\"%s", what, SHOWN(name),
                           parse_hint(name, known, known_n, hint));
    }
    if (c->depth < c->p->rule[ref.v].depth)
        c->depth = c->p->rule[ref.v].depth;
    if (!check_named_stages(c, n, &c->p->rule[ref.v]))
        return false;
    n->index = ref.v;
    n->means = kind == RULE_SEGMENT ? MEANS_SEGMENT : MEANS_SCORE;
    n->type = VALUE_BOOL;
    if (kind == RULE_SCORE) {
        const struct rule *rule = &c->p->rule[ref.v];

        n->type = rule->root ? rule->root->type : VALUE_NUMBER;
    }
    return true;
}

static bool unknown_name(struct check *c, struct node *n)
{
    static const str known[] = {
        {"stage", 5},     {"previous_stage", 14}, {"time_in_stage", 13},
        {"trait", 5},     {"segment", 7},         {"score", 5},
        {"lifecycle", 9}, {"consent", 7},         {"missing", 7}};
    const struct name *name = &n->name;
    char hint[120];

    if (str_eq(name->whole, STR("missing")))
        return fault(c, n, "write \"is missing\" behind what may be missing");
    if (dictionary_event(c->p->env.dictionary, name->first))
        return parse_fault(
            c->text, n->start, c->err,
            "%.*s is an event: ask for it with a function, such as count(%.*s, "
            "90d) or exists(%.*s)",
            SHOWN(name->first), SHOWN(name->first), SHOWN(name->first));
    return parse_fault(
        c->text, n->start, c->err, "there is no \"%.*s\" to ask for%s",
        SHOWN(name->whole),
        parse_hint(name->first, known, sizeof known / sizeof *known, hint));
}

static bool check_property(struct check *c, struct node *n)
{
    struct source *source = GROWN(c->p, source);

    if (!source)
        return err_nomem(c->err);
    if (!source_find(c, c->event, c->of->name.first, n->name.whole, n->start, source))
        return false;
    n->means = MEANS_PROPERTY;
    n->type = source->type;
    n->index = c->p->source_n++;
    return true;
}

/* `property = "text"` about the events of consent. */
static struct node *consent_is(struct check *c, str property, str text)
{
    struct node *name = arena_new(&c->p->arena, struct node);
    struct node *literal = arena_new(&c->p->arena, struct node);
    struct node *is = arena_new(&c->p->arena, struct node);
    struct source *source = GROWN(c->p, source);

    if (!name || !literal || !is || !source) {
        err_nomem(c->err);
        return NULL;
    }
    *name = (struct node){.kind = NODE_NAME,
                          .type = VALUE_TEXT,
                          .means = MEANS_PROPERTY,
                          .index = c->p->source_n++,
                          .name = {.first = property, .whole = property},
                          .next = literal};
    *literal = (struct node){.kind = NODE_TEXT, .type = VALUE_TEXT, .text = text};
    *is = (struct node){.kind = NODE_EQ, .type = VALUE_BOOL, .child = name};
    return source_of_column(c->p, property, false, VALUE_TEXT, source, c->err)
                   && text_key(c->p, text, &literal->number, c->err)
               ? is
               : NULL;
}

/* consent.channel.purpose: last(consent.granted where channel = "..." and purpose = "..."). */
static bool check_consent(struct check *c, struct node *n)
{
    str rest = n->name.rest;
    const char *dot = rest.n ? memchr(rest.p, '.', rest.n) : NULL;
    size_t channel_n = dot ? (size_t)(dot - rest.p) : 0;
    struct slot s = {.function = FUNCTION_LAST};
    struct series series = {.kind = SERIES_EVENTS, .event = &consent_event};
    struct node *where, *channel, *purpose;

    if (!channel_n || channel_n + 1 == rest.n)
        return fault(c, n,
                     "a consent is asked for by channel and purpose: "
                     "consent.email.marketing");
    where = arena_new(&c->p->arena, struct node);
    channel = consent_is(c, STR("channel"), (str){rest.p, channel_n});
    purpose =
        channel ? consent_is(c, STR("purpose"), str_from(rest, channel_n + 1)) : NULL;
    if (!where || !purpose)
        return err_nomem(c->err);
    channel->next = purpose;
    *where = (struct node){.kind = NODE_AND, .type = VALUE_BOOL, .child = channel};
    series.where = where;
    n->means = MEANS_TERM;
    n->type = VALUE_BOOL;
    return source_of_column(c->p, STR("granted"), false, VALUE_BOOL, &series.source,
                            c->err)
           && series_add(c->p, &series, &s.series, c->err)
           && slot_add(c->p, &s, &n->index, c->err);
}

static bool check_name(struct check *c, struct node *n)
{
    const struct name *name = &n->name;

    if (c->of)
        return check_property(c, n);
    if (name->quoted)
        return unknown_name(c, n);
    if (str_eq(name->first, STR("trait"))) {
        n->means = MEANS_TERM;
        return check_trait(c, name, &n->index, &n->type);
    }
    if (str_eq(name->first, STR("segment")))
        return check_named(c, n, RULE_SEGMENT);
    if (str_eq(name->first, STR("score")))
        return check_named(c, n, RULE_SCORE);
    if (str_eq(name->first, STR("lifecycle")))
        return check_lifecycle_stage(c, n);
    if (str_eq(name->first, STR("consent")))
        return check_consent(c, n);
    n->type = VALUE_TEXT;
    n->index = lifecycle_meant(c->p);
    c->by_stage = true;
    if (str_eq(name->whole, STR("stage"))) {
        n->means = MEANS_STAGE;
    } else if (str_eq(name->whole, STR("previous_stage"))) {
        n->means = MEANS_PREVIOUS_STAGE;
    } else if (str_eq(name->whole, STR("time_in_stage"))) {
        n->means = MEANS_TIME_IN_STAGE;
        n->growing = GROWS_UP;
        n->type = VALUE_MOMENT;
    } else {
        return unknown_name(c, n);
    }
    return true;
}

/* --- functions --- */

static void window_resolve(const struct zone *z, struct window *w)
{
    if (w->kind == WINDOW_DATES) {
        w->from_ms = zone_moment(z, w->from_ms);
        w->to_ms = zone_moment(z, w->to_ms + MS_DAY);
    }
}

static bool check_sequence(struct check *c, struct node *n)
{
    struct call *call = n->call;
    struct series series = {.kind = SERIES_SEQUENCE, .step_n = call->step_n};
    struct slot s = {.function = FUNCTION_SEQUENCE, .window = call->window};
    struct series_step *step =
        arena_array(&c->p->arena, struct series_step, call->step_n);

    if (!step)
        return err_nomem(c->err);
    for (uint32_t i = 0; i < call->step_n; i++) {
        struct series one;

        if (!check_pattern(c, &call->step[i].pattern, &one)
            || !series_add(c->p, &one, &step[i].series, c->err))
            return false;
        if (i > 0)
            step[i].within = call->step[i].within;
    }
    series.step = step;
    n->type = VALUE_BOOL;
    n->means = MEANS_TERM;
    return series_add(c->p, &series, &s.series, c->err)
           && slot_add(c->p, &s, &n->index, c->err);
}

static bool is_amount(enum value_type t)
{
    return t == VALUE_NUMBER || t == VALUE_MONEY;
}

/* What a function gives over values of this type (MISSING: over events alone). */
static bool function_type(struct check *c, struct node *n, enum value_type of)
{
    const struct call *call = n->call;
    str function = function_name(call->function);
    bool fits = true;

    switch ((int)call->function) {
    case FUNCTION_COUNT:
        n->type = VALUE_NUMBER;
        break;
    case FUNCTION_EXISTS:
        n->type = VALUE_BOOL;
        break;
    case FUNCTION_SINCE:
    case FUNCTION_AGE:
        n->type = VALUE_MOMENT;
        n->growing = GROWS_UP;
        break;
    case FUNCTION_FIRST:
    case FUNCTION_LAST:
        n->type = of == VALUE_MISSING ? VALUE_MOMENT : of;
        break;
    case FUNCTION_DISTINCT:
        n->type = VALUE_NUMBER;
        fits = of != VALUE_MISSING;
        break;
    case FUNCTION_MIN:
    case FUNCTION_MAX:
        n->type = of;
        fits = is_amount(of) || of == VALUE_MOMENT;
        break;
    default: /* sum, avg */
        n->type = of;
        fits = is_amount(of);
    }
    if (fits)
        return true;
    if (of == VALUE_MISSING)
        return parse_fault(c->text, n->start, c->err,
                           "%.*s() needs a property, such as %.*s.%s", STR_FMT(function),
                           SHOWN(call->step->pattern.name.first),
                           call->function == FUNCTION_DISTINCT ? "day" : "revenue");
    return parse_fault(c->text, call->step->pattern.name.start, c->err,
                       "%.*s() needs numbers, and this property is a %.*s",
                       STR_FMT(function), STR_FMT(value_type_name(of)));
}

static bool check_aggregate(struct check *c, struct node *n)
{
    const struct call *call = n->call;
    struct slot s = {.function = call->function, .window = call->window};
    struct series series;

    if (call->function == FUNCTION_SINCE && is_trait(&call->step->pattern.name)) {
        if (call->step->pattern.where || call->window.kind != WINDOW_ALL)
            return fault(c, n, "a trait has no window and no where");
        n->growing = GROWS_UP;
        return check_moment_trait(c, n, &call->step->pattern.name);
    }
    if (!check_pattern(c, &call->step->pattern, &series)
        || !function_type(c, n, series.source.type))
        return false;
    series.linked = call->function == FUNCTION_DISTINCT;
    series.items = series.linked && series.source.type == VALUE_LIST;
    n->means = MEANS_TERM;
    return series_add(c->p, &series, &s.series, c->err)
           && slot_add(c->p, &s, &n->index, c->err);
}

static bool check_call(struct check *c, struct node *n)
{
    struct call *call = n->call;
    const struct name *name = &call->step->pattern.name;

    window_resolve(c->p->env.zone, &call->window);
    c->by_stage |= call->window.kind == WINDOW_STAGE;
    switch ((int)call->function) {
    case FUNCTION_SEQUENCE:
        return check_sequence(c, n);
    case FUNCTION_UNTIL:
        n->growing = GROWS_DOWN;
        return check_moment_trait(c, n, name);
    case FUNCTION_ANNIVERSARY:
        if (call->step->within.months >= 12 || call->step->within.ms >= 365 * MS_DAY
            || (!call->step->within.months && !call->step->within.ms))
            return fault(c, n, "an anniversary lasts some time, and less than a year");
        if (!check_moment_trait(c, n, name))
            return false;
        n->type = VALUE_BOOL;
        return true;
    case FUNCTION_TIMES_IN:
        n->type = VALUE_NUMBER;
        n->means = MEANS_TIMES_IN;
        c->by_times = true;
        return stage_find(c, lifecycle_meant(c->p), name->first, name->start, &n->index);
    default:
        return check_aggregate(c, n);
    }
}

/* --- expressions --- */

static bool refuse_growing(struct check *c, const struct node *n)
{
    return fault(
        c, n,
        "a time that grows can only be compared, by < <= > or >=, with one length "
        "such as 90d");
}

static bool check(struct check *c, struct node *n)
{
    return check_rule(c, n) && (n->growing == GROWS_NOT || refuse_growing(c, n));
}

static bool check_condition(struct check *c, struct node *n)
{
    return check(c, n)
           && (n->type == VALUE_BOOL
               || fault(c, n,
                        "a condition is needed here, such as count(purchase, 90d) >= 3"));
}

static const char *a_type(enum value_type t)
{
    switch (t) {
    case VALUE_NUMBER:
        return "a number";
    case VALUE_MONEY:
        return "money";
    case VALUE_TEXT:
        return "a text";
    case VALUE_BOOL:
        return "true or false";
    case VALUE_MOMENT:
        return "a moment";
    case VALUE_LIST:
        return "a list";
    case VALUE_LENGTH:
        return "a length of time";
    case VALUE_MISSING:
    case VALUE_NULL:
        break;
    }
    return "nothing";
}

static bool cannot(struct check *c, const struct node *n, const char *what,
                   enum value_type a, enum value_type b)
{
    return parse_fault(c->text, n->start, c->err, "%s cannot be %s %s", a_type(a), what,
                       a_type(b));
}

static bool check_arithmetic(struct check *c, struct node *n)
{
    struct node *left = n->child, *right = left->next;
    enum value_type a, b;

    if (!check(c, left) || (right && !check(c, right)))
        return false;
    a = left->type;
    b = right ? right->type : VALUE_MISSING;
    n->type = a;
    switch ((int)n->kind) {
    case NODE_NEGATE:
        return is_amount(a) || fault(c, n, "only numbers and money can have a minus");
    case NODE_ADD:
        return (is_amount(a) && a == b) || cannot(c, n, "added to", b, a);
    case NODE_SUB:
        if (a == VALUE_MOMENT && b == VALUE_MOMENT) {
            n->type = VALUE_LENGTH;
            return true;
        }
        return (is_amount(a) && a == b) || cannot(c, n, "taken from", b, a);
    case NODE_MUL:
        if (b == VALUE_MONEY)
            n->type = b;
        return (is_amount(a) && is_amount(b) && !(a == VALUE_MONEY && b == VALUE_MONEY))
               || cannot(c, n, "multiplied by", a, b);
    default:
        if (b == VALUE_MONEY)
            n->type = VALUE_NUMBER;
        return (is_amount(a) && is_amount(b) && (a == VALUE_MONEY || b == VALUE_NUMBER))
               || cannot(c, n, "divided by", a, b);
    }
}

static bool is_stage(const struct node *n)
{
    return n->means == MEANS_STAGE || n->means == MEANS_PREVIOUS_STAGE
           || n->means == MEANS_LIFECYCLE_STAGE;
}

/* Can these two be compared? `order`: by more than equality. */
static bool check_pair(struct check *c, const struct node *left, const struct node *right,
                       bool order)
{
    enum value_type a = left->type, b = right->type;
    const struct node *length = left->kind == NODE_LENGTH ? left : right;
    uint32_t stage;

    if (a != b && !(is_amount(a) && is_amount(b)))
        return cannot(c, right, "compared with", b, a);
    if (a == VALUE_LIST)
        return fault(c, left, "a list is asked with contains");
    if (order && (a == VALUE_TEXT || a == VALUE_BOOL))
        return parse_fault(c->text, left->start, c->err,
                           "%s has no order: only = and != can compare it", a_type(a));
    if (length->kind == NODE_LENGTH && length->length.months)
        return fault(
            c, length,
            "a difference of two moments is compared in s, m, h, d or w: 30d, not 1mo");
    if (is_stage(left) && right->kind == NODE_TEXT)
        return stage_find(c, left->index, right->text, right->start, &stage);
    if (is_stage(right) && left->kind == NODE_TEXT)
        return stage_find(c, right->index, left->text, left->start, &stage);
    return true;
}

static bool check_comparison(struct check *c, struct node *n)
{
    struct node *left = n->child, *right = left->next;
    bool order = n->kind != NODE_EQ && n->kind != NODE_NE;

    if (!check_rule(c, left) || !check_rule(c, right))
        return false;
    if (left->growing != GROWS_NOT)
        return (order && right->kind == NODE_LENGTH) || refuse_growing(c, left);
    if (right->growing != GROWS_NOT)
        return (order && left->kind == NODE_LENGTH) || refuse_growing(c, right);
    return check_pair(c, left, right, order);
}

static bool check_test(struct check *c, struct node *n)
{
    struct node *left = n->child;

    n->type = VALUE_BOOL;
    switch ((int)n->kind) {
    case NODE_EQ:
    case NODE_NE:
    case NODE_LT:
    case NODE_LE:
    case NODE_GT:
    case NODE_GE:
        return check_comparison(c, n);
    case NODE_IN:
    case NODE_NOT_IN:
        if (!check(c, left))
            return false;
        for (struct node *item = left->next; item; item = item->next) {
            if (!check(c, item) || !check_pair(c, left, item, false))
                return false;
        }
        return true;
    case NODE_IS_MISSING:
    case NODE_IS_NOT_MISSING:
        return check(c, left);
    case NODE_CONTAINS:
    case NODE_STARTS_WITH:
        if (!check(c, left) || !check(c, left->next))
            return false;
        if (left->type != VALUE_TEXT
            && !(left->type == VALUE_LIST && n->kind == NODE_CONTAINS))
            return fault(c, left,
                         n->kind == NODE_CONTAINS
                             ? "only a text or a list can contain something"
                             : "only a text can start with something");
        return left->next->type == VALUE_TEXT
               || fault(c, left->next, "a text is needed here");
    default: /* and, or, not */
        for (; left; left = left->next) {
            if (!check_condition(c, left))
                return false;
        }
        return true;
    }
}

/* Gives every node its type and its meaning; what grows is left to who compares. */
static bool check_rule(struct check *c, struct node *n)
{
    if (node_is_condition(n))
        return check_test(c, n);
    switch ((int)n->kind) {
    case NODE_NUMBER:
        n->type = VALUE_NUMBER;
        return true;
    case NODE_TEXT:
        n->type = VALUE_TEXT;
        return text_key(c->p, n->text, &n->number, c->err);
    case NODE_BOOL:
        n->type = VALUE_BOOL;
        return true;
    case NODE_LENGTH:
        n->type = VALUE_LENGTH;
        n->number = n->length.ms;
        return true;
    case NODE_DATE:
        n->type = VALUE_MOMENT;
        n->number = zone_moment(c->p->env.zone, n->number);
        return true;
    case NODE_NAME:
        return check_name(c, n);
    case NODE_CALL:
        return check_call(c, n);
    default:
        return check_arithmetic(c, n);
    }
}

/* --- the program --- */

static bool stage_keys_add(struct program *p, struct err *err)
{
    p->stage_key = arena_array(&p->arena, int64_t *, p->env.lifecycle_n);
    if (!p->stage_key)
        return err_nomem(err);
    for (uint32_t k = 0; k < p->env.lifecycle_n; k++) {
        const struct rule_lifecycle *l = &p->env.lifecycle[k];

        p->stage_key[k] = arena_array(&p->arena, int64_t, l->stage_n);
        if (!p->stage_key[k])
            return err_nomem(err);
        for (uint32_t i = 0; i < l->stage_n; i++)
            if (!text_key(p, l->stage[i], &p->stage_key[k][i], err))
                return false;
    }
    return true;
}

bool program_new(const struct rule_env *env, struct program **out, struct err *err)
{
    struct program *p = mem_alloc(sizeof *p);
    int64_t scale = NUM_ONE;

    if (!p)
        return err_nomem(err);
    p->env = *env;
    for (int i = 0; i < env->currency_decimals; i++)
        scale /= 10;
    p->money_scale = scale;
    p->lifecycle = LIFECYCLES_ALL;
    if (!stage_keys_add(p, err)) {
        program_free(p);
        return false;
    }
    *out = p;
    return true;
}

void program_free(struct program *p)
{
    if (!p)
        return;
    arena_free(&p->arena);
    mem_free(p->column);
    mem_free(p->source);
    mem_free(p->series);
    mem_free(p->types);
    mem_free(p->slot);
    mem_free(p->test);
    mem_free(p->rule);
    text_table_free(&p->literal);
    text_table_free(&p->series_key);
    text_table_free(&p->types_key);
    text_table_free(&p->slot_key);
    text_table_free(&p->test_key);
    mem_free(p);
}

static bool rule_add(struct program *p, const struct rule *rule, struct rule_ref *out,
                     struct err *err)
{
    struct rule *place = GROWN(p, rule);

    if (!place)
        return err_nomem(err);
    *place = *rule;
    out->v = p->rule_n++;
    return true;
}

static bool too_deep(struct err *err)
{
    return err_at(err, 1, 1, "segments and scores name one another more than %d deep",
                  RULES_DEEP);
}

static bool compile(struct program *p, str text, enum rule_want want, struct rule *rule,
                    struct err *err)
{
    struct check c = {.p = p, .err = err};

    rule->want = want;
    rule->text = c.text = arena_str(&p->arena, text);
    if (!c.text.p)
        return err_nomem(err);
    if (!parse_expression(c.text, PARSE_RULE, &p->arena, &rule->root, err))
        return false;
    if (want == RULE_CONDITION) {
        if (!check_condition(&c, rule->root) || !tests_add(p, rule, err))
            return false;
    } else if (!check(&c, rule->root)) {
        return false;
    } else if (want == RULE_EITHER && rule->root->type == VALUE_BOOL) {
        rule->want = RULE_CONDITION;
    } else if (!is_amount(rule->root->type)) {
        return fault(&c, rule->root,
                     want == RULE_NUMBER
                         ? "a number or money is needed here"
                         : "a condition, a number or money is needed here, such as "
                           "count(purchase, 90d) >= 3");
    }
    rule->by_stage = c.by_stage;
    rule->by_times = c.by_times;
    rule->above_n = c.above_n;
    rule->depth = c.depth + 1;
    return rule->depth <= RULES_DEEP || too_deep(err);
}

bool program_add(struct program *p, str text, enum rule_want want, struct rule_ref *out,
                 struct err *err)
{
    struct rule rule = {.text = STR("")};
    bool ok;

    if (p->compiling == RULES_DEEP)
        return too_deep(err);
    p->compiling++;
    ok = compile(p, text, want, &rule, err) && rule_add(p, &rule, out, err);
    p->compiling--;
    return ok;
}

bool program_add_score(struct program *p, int64_t from, int64_t low, int64_t high,
                       const struct score_part *part, uint32_t n, struct rule_ref *out,
                       struct err *err)
{
    struct rule rule = {
        .want = RULE_NUMBER, .from = from, .low = low, .high = high, .part_n = n};
    struct score_part *copy = arena_array(&p->arena, struct score_part, n);

    if (!copy)
        return err_nomem(err);
    if (n)
        memcpy(copy, part, n * sizeof *part);
    rule.part = copy;
    rule.text = STR("");
    for (uint32_t i = 0; i < n; i++) {
        const struct rule *when = &p->rule[part[i].when.v];

        if (rule.depth < when->depth)
            rule.depth = when->depth;
        rule.by_stage |= when->by_stage;
        rule.by_times |= when->by_times;
        if (rule.above_n < when->above_n)
            rule.above_n = when->above_n;
    }
    rule.depth++;
    return rule.depth <= RULES_DEEP ? rule_add(p, &rule, out, err) : too_deep(err);
}

void program_use_lifecycle(struct program *p, uint32_t number)
{
    p->lifecycle = number;
}

bool program_asks_stage(const struct program *p, struct rule_ref rule)
{
    return p->rule[rule.v].by_stage || p->rule[rule.v].by_times;
}

str program_text(const struct program *p, struct rule_ref rule)
{
    return p->rule[rule.v].text;
}

enum value_type program_type(const struct program *p, struct rule_ref rule)
{
    const struct rule *r = &p->rule[rule.v];

    return r->root ? r->root->type : VALUE_NUMBER; /* a score */
}

bool program_needs_stage(const struct program *p, struct rule_ref rule)
{
    return program_asks_stage(p, rule) || p->rule[rule.v].above_n > 0;
}
