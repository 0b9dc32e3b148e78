/* check_names.c - what the names in a rule mean: events, properties, traits, stages, consents,
 * other rules; and what else was meant when a name means nothing. */
#include "rule/program_impl.h"

#include <assert.h>
#include <string.h>

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

bool check_stage(struct check *c, uint32_t lifecycle, str name, uint32_t at,
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
            c->p->asks_channel |= i == BUILTIN_CHANNEL;
            c->p->asks_member |= i == BUILTIN_MEMBER;
            *out =
                (struct source){.kind = SOURCE_BUILTIN,
                                .builtin = (enum builtin)i,
                                .type = i < BUILTIN_CHANNEL ? VALUE_NUMBER : VALUE_TEXT};
            return true;
        }
    }
    if (!event)
        return parse_fault(c->text, at, c->err,
                           "any has only the properties that every event has: day, week, "
                           "weekday, hour, channel and member");
    property = dictionary_property(c->p->env.dictionary, event, name);
    if (!property)
        return hint_of(c, name, event->property, event->property_n,
                       sizeof *event->property, hint)
               && parse_fault(c->text, at, c->err, "%.*s has no property \"%.*s\"%s",
                              SHOWN(event_name), SHOWN(name), hint);
    return program_source_of_column(c->p, property->name, false, property->type, out,
                                    c->err);
}

/* An event by its name, and its property. Names of events may hold dots themselves. */
bool check_pattern(struct check *c, const struct pattern *pattern, struct series *out)
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
    program_mean(c->p, any ? STR("") : out->event->name, rest.n != 0);
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

bool check_value(struct check *c, struct series *s, str name)
{
    str event = s->event ? s->event->name : STR("any");

    return source_find(c, s->event, event, name, 0, &s->source);
}

/* A trait's value: the last of a series that holds missing ones too. */
bool check_trait(struct check *c, const struct name *name, uint32_t *slot,
                 enum value_type *type)
{
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
    series.keep = &trait->keep;
    *type = trait->type;
    if (!program_source_of_column(c->p, trait->name, true, trait->type, &series.source,
                                  c->err))
        return false;
    if (trait->keep.kind != KEEP_NEWEST)
        program_mean(c->p, trait->name, (int)trait->keep.kind);
    for (uint32_t i = 0; i < trait->keep.source_n; i++)
        program_mean(c->p, trait->keep.source[i], 0);
    return program_add_series(c->p, &series, &s.series, c->err)
           && program_add_slot(c->p, &s, slot, c->err);
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
    if ((rule->by_stage || rule->by_times) && program_lifecycle_meant(c->p) != 0) {
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
        return check_fault(
            c, n, "of a lifecycle rules ask for the stage: lifecycle.NAME.stage");
    name.n -= 6;
    while (i < env->lifecycle_n && !str_eq(env->lifecycle[i].name, name))
        i++;
    if (i == env->lifecycle_n) {
        for (i = 0; i < env->lifecycle_n; i++)
            known[i] = env->lifecycle[i].name;
        if (i == 1 && !known[0].n)
            return check_fault(
                c, n, "the model has one lifecycle, which has no name: write stage");
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
        {"lifecycle", 9}, {"consent", 7},         {"acquisition", 11},
        {"account", 7},   {"missing", 7},         {"value", 5}};
    const struct name *name = &n->name;
    char hint[120];

    if (str_eq(name->whole, STR("missing")))
        return check_fault(c, n, "write \"is missing\" behind what may be missing");
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
    return program_source_of_column(c->p, property, false, VALUE_TEXT, source, c->err)
                   && program_add_literal(c->p, text, &literal->number, c->err)
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
        return check_fault(c, n,
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
    return program_source_of_column(c->p, STR("granted"), false, VALUE_BOOL,
                                    &series.source, c->err)
           && program_add_series(c->p, &series, &s.series, c->err)
           && program_add_slot(c->p, &s, &n->index, c->err);
}

/* acquisition.x: of the first event with a channel. */
static bool check_acquisition(struct check *c, struct node *n)
{
    struct slot s = {.function = FUNCTION_FIRST};
    struct series series = {
        .kind = SERIES_EVENTS,
        .event = &acquisition_event,
        .source = {.kind = SOURCE_ACQUISITION, .column = NONE, .type = VALUE_TEXT}};
    str known[ACQUISITIONS_END];
    char hint[120];
    size_t i;

    for (i = 0; i < ACQUISITIONS_END; i++)
        known[i] = acquisition_name((enum acquisition)i);
    for (i = 0; i < ACQUISITIONS_END && !str_eq(known[i], n->name.rest); i++)
        ;
    if (i == ACQUISITIONS_END)
        return parse_fault(c->text, n->name.rest.n ? n->name.rest_start : n->start,
                           c->err,
                           "of an acquisition are known: channel, source, medium, "
                           "campaign, referrer and page%s",
                           parse_hint(n->name.rest, known, i, hint));
    series.source.acquisition = (enum acquisition)i;
    c->p->asks_acquisition = true;
    n->means = MEANS_TERM;
    n->type = VALUE_TEXT;
    return program_add_series(c->p, &series, &s.series, c->err)
           && program_add_slot(c->p, &s, &n->index, c->err);
}

/* value.x */
static bool check_worth(struct check *c, struct node *n)
{
    static const str known[] = {
#define X(name, text) STR(text),
        RULE_WORTHS(X)
#undef X
    };
    char hint[120];
    uint32_t i = 0;

    while (i < WORTHS_END && !str_eq(known[i], n->name.rest))
        i++;
    if (i == WORTHS_END)
        return parse_fault(c->text, n->name.rest.n ? n->name.rest_start : n->start,
                           c->err,
                           "of values are known: p_alive, clv_12mo and churn_90d%s",
                           parse_hint(n->name.rest, known, i, hint));
    n->means = MEANS_WORTH;
    n->index = i;
    n->type = i == WORTH_CLV_12MO ? VALUE_MONEY : VALUE_NUMBER;
    return program_add_worth(c->p, c->err);
}

bool check_name(struct check *c, struct node *n)
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
    if (str_eq(name->first, STR("acquisition")))
        return check_acquisition(c, n);
    if (str_eq(name->first, STR("value")))
        return check_worth(c, n);
    if (str_eq(name->whole, STR("account"))) {
        n->means = MEANS_ACCOUNT;
        n->type = VALUE_BOOL;
        return true;
    }
    n->type = VALUE_TEXT;
    n->index = program_lifecycle_meant(c->p);
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
