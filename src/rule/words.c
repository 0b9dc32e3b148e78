/* words.c - rules as sentences: which phrase says what. */
#include "rule/words_impl.h"

#include "base/num.h"

#include <string.h>

bool language_parse(str name, enum language *out)
{
    static const str names[] = {{"en", 2}, {"it", 2}, {"pt", 2}};

    for (int i = 0; i < 3; i++) {
        if (str_eq(name, names[i])) {
            *out = (enum language)i;
            return true;
        }
    }
    return false;
}

/* --- conditions --- */

static bool is_call(const struct node *n, enum function f)
{
    return n->kind == NODE_CALL && n->call->function == f;
}

static bool is_of_trait(const struct call *call)
{
    return !call->step->pattern.name.quoted
           && str_eq(call->step->pattern.name.first, STR("trait"));
}

static void growing_words(struct words *w, struct parts *parts)
{
    const struct node *n = parts->a;
    bool is_long = parts->kind == NODE_GE || parts->kind == NODE_GT;
    enum phrase phrase = PHRASE_AGE_TEST;

    parts->length = &parts->b->length;
    if (n->means == MEANS_TIME_IN_STAGE) {
        words_say(w, PHRASE_TIME_IN_STAGE_TEST, parts);
        return;
    }
    parts->name = n->call->step->pattern.name.rest;
    if (n->call->function == FUNCTION_UNTIL)
        phrase = PHRASE_UNTIL_TEST;
    else if (n->call->function == FUNCTION_SINCE && is_of_trait(n->call))
        phrase = PHRASE_SINCE_TRAIT_TEST;
    else if (n->call->function == FUNCTION_SINCE)
        phrase = is_long ? PHRASE_LONG_SINCE : PHRASE_SHORT_SINCE;
    words_say(w, phrase, parts);
}

static enum phrase count_phrase(const struct words *w, const struct parts *parts)
{
    if (!noun_of(w, &parts->call->step->pattern.name))
        return PHRASE_COUNT_TIMES;
    return parts->b->number == NUM_ONE ? PHRASE_ONE_TEST : PHRASE_COUNT_TEST;
}

static void comparison_words(struct words *w, const struct node *n)
{
    struct parts parts = {.a = n->child, .b = n->child->next, .kind = n->kind};

    if (node_is_literal(parts.a) && !node_is_literal(parts.b))
        parts =
            (struct parts){.a = parts.b, .b = parts.a, .kind = node_mirrored(n->kind)};
    parts.moments = parts.a->type == VALUE_MOMENT;
    if (parts.a->kind == NODE_CALL)
        parts.call = parts.a->call;
    if (parts.a->growing != GROWS_NOT) {
        growing_words(w, &parts);
    } else if (is_call(parts.a, FUNCTION_COUNT) && parts.b->kind == NODE_NUMBER) {
        bool none = (parts.kind == NODE_EQ && parts.b->number == 0)
                    || (parts.kind == NODE_LT && parts.b->number == NUM_ONE);

        words_say(w, none ? PHRASE_NO : count_phrase(w, &parts), &parts);
    } else if (is_call(parts.a, FUNCTION_DISTINCT) && parts.b->kind == NODE_NUMBER) {
        words_say(w, PHRASE_DISTINCT_TEST, &parts);
    } else if (is_call(parts.a, FUNCTION_TIMES_IN) && parts.b->kind == NODE_NUMBER) {
        parts.name = parts.call->step->pattern.name.first;
        words_say(w, PHRASE_TIMES_TEST, &parts);
    } else {
        words_say(w, PHRASE_COMPARE, &parts);
    }
}

static void not_words(struct words *w, const struct node *n)
{
    if (is_call(n->child, FUNCTION_EXISTS)) {
        words_say(w, PHRASE_NO, &(struct parts){.call = n->child->call});
    } else {
        words_add(w, PHRASE_NOT);
        operand_words(w, n->child);
    }
}

static void condition_words(struct words *w, const struct node *n)
{
    struct parts parts = {.a = n->child, .b = n->child->next};

    switch ((int)n->kind) {
    case NODE_AND:
    case NODE_OR:
        for (const struct node *i = n->child; i; i = i->next) {
            if (i != n->child)
                words_add(w, n->kind == NODE_AND ? PHRASE_AND : PHRASE_OR);
            operand_words(w, i);
        }
        break;
    case NODE_NOT:
        not_words(w, n);
        break;
    case NODE_IN:
        words_say(w, PHRASE_IN, &parts);
        break;
    case NODE_NOT_IN:
        words_say(w, PHRASE_NOT_IN, &parts);
        break;
    case NODE_IS_MISSING:
        words_say(w, PHRASE_IS_MISSING, &parts);
        break;
    case NODE_IS_NOT_MISSING:
        words_say(w, PHRASE_IS_KNOWN, &parts);
        break;
    case NODE_CONTAINS:
        words_say(w, PHRASE_CONTAINS, &parts);
        break;
    case NODE_STARTS_WITH:
        words_say(w, PHRASE_STARTS_WITH, &parts);
        break;
    default:
        comparison_words(w, n);
    }
}

/* --- values and functions --- */

static void sequence_words(struct words *w, const struct call *call)
{
    pattern_words(w, &call->step[0].pattern, false);
    for (uint32_t i = 1; i < call->step_n; i++)
        words_say(
            w, PHRASE_THEN,
            &(struct parts){.step = &call->step[i], .length = &call->step[i].within});
    window_words(w, &call->window);
}

static void call_words(struct words *w, const struct node *n)
{
    /* With a property, and without. Times that grow are said with what they are compared to. */
    static const enum phrase of[][2] = {
        [FUNCTION_COUNT] = {PHRASE_COUNT, PHRASE_COUNT},
        [FUNCTION_EXISTS] = {PHRASE_EXISTS, PHRASE_EXISTS},
        [FUNCTION_SUM] = {PHRASE_SUM, PHRASE_SUM},
        [FUNCTION_AVG] = {PHRASE_AVG, PHRASE_AVG},
        [FUNCTION_MIN] = {PHRASE_MIN, PHRASE_MIN},
        [FUNCTION_MAX] = {PHRASE_MAX, PHRASE_MAX},
        [FUNCTION_DISTINCT] = {PHRASE_DISTINCT, PHRASE_DISTINCT},
        [FUNCTION_FIRST] = {PHRASE_FIRST_VALUE, PHRASE_FIRST},
        [FUNCTION_LAST] = {PHRASE_LAST_VALUE, PHRASE_LAST},
        [FUNCTION_ANNIVERSARY] = {PHRASE_ANNIVERSARY, PHRASE_ANNIVERSARY},
        [FUNCTION_TIMES_IN] = {PHRASE_TIMES_IN, PHRASE_TIMES_IN},
    };
    const struct call *call = n->call;
    const struct name *name = &call->step->pattern.name;
    struct parts parts = {
        .call = call, .length = &call->step->within, .name = name->rest};

    if (call->function == FUNCTION_SEQUENCE) {
        sequence_words(w, call);
        return;
    }
    if (call->function == FUNCTION_TIMES_IN)
        parts.name = name->first;
    words_say(w, of[call->function][!name->rest.n], &parts);
}

static bool is_consent(const struct program *p, const struct node *n)
{
    return p->series[p->slot[n->index].series].event == &consent_event;
}

static const struct source *source_of(const struct program *p, const struct node *n)
{
    return &p->series[p->slot[n->index].series].source;
}

static void consent_words(struct words *w, const struct node *n)
{
    str rest = n->name.rest;
    const char *dot = memchr(rest.p, '.', rest.n);
    size_t channel_n = (size_t)(dot - rest.p);

    words_say(w, PHRASE_CONSENT,
              &(struct parts){.name = {rest.p, channel_n},
                              .purpose = str_from(rest, channel_n + 1)});
}

static void name_node_words(struct words *w, const struct node *n)
{
    struct parts parts = {.name = n->name.rest};

    switch ((int)n->means) {
    case MEANS_STAGE:
        words_say(w, PHRASE_STAGE, &parts);
        break;
    case MEANS_PREVIOUS_STAGE:
        words_say(w, PHRASE_PREVIOUS_STAGE, &parts);
        break;
    case MEANS_LIFECYCLE_STAGE: /* NAME.stage */
        parts.name.n -= strlen(".stage");
        words_say(w, PHRASE_LIFECYCLE_STAGE, &parts);
        break;
    case MEANS_WORTH:
        words_add(w, PHRASE_P_ALIVE + n->index);
        break;
    case MEANS_ACCOUNT:
        words_add(w, PHRASE_ACCOUNT);
        break;
    case MEANS_SEGMENT:
        words_say(w, PHRASE_SEGMENT, &parts);
        break;
    case MEANS_SCORE:
        words_say(w, PHRASE_SCORE, &parts);
        break;
    case MEANS_TERM:
        if (is_consent(w->p, n))
            consent_words(w, n);
        else if (source_of(w->p, n)->kind == SOURCE_ACQUISITION)
            words_add(w, PHRASE_ACQUISITION_CHANNEL + source_of(w->p, n)->acquisition);
        else /* trait.x */
            name_words(w, n->name.rest);
        break;
    default:
        name_words(w, n->name.whole);
    }
}

static void arithmetic_words(struct words *w, const struct node *n)
{
    static const char *const signs[] = {" + ", " - ", " \u00D7 ", " \u00F7 "};

    if (n->kind == NODE_NEGATE) {
        buf_add_char(w->to, '-');
        operand_words(w, n->child);
        return;
    }
    operand_words(w, n->child);
    buf_add(w->to, str_of(signs[n->kind - NODE_ADD]));
    operand_words(w, n->child->next);
}

void node_words(struct words *w, const struct node *n)
{
    if (node_is_condition(n)) {
        condition_words(w, n);
        return;
    }
    switch ((int)n->kind) {
    case NODE_NUMBER:
        number_words(w, n->number);
        break;
    case NODE_TEXT:
        buf_add_char(w->to, '"');
        buf_add(w->to, n->text);
        buf_add_char(w->to, '"');
        break;
    case NODE_BOOL:
        words_add(w, n->number ? PHRASE_TRUE : PHRASE_FALSE);
        break;
    case NODE_LENGTH:
        length_words(w, n->length);
        break;
    case NODE_DATE:
        moment_print_day(w->to, w->p->env.zone, n->number);
        break;
    case NODE_NAME:
        name_node_words(w, n);
        break;
    case NODE_CALL:
        call_words(w, n);
        break;
    default:
        arithmetic_words(w, n);
    }
}

void words_of_node(const struct program *p, const struct node *n, enum language language,
                   struct buf *to)
{
    sentence_words(&(struct words){p, language, to}, n);
}

bool program_words(const struct program *p, struct rule_ref rule, enum language language,
                   struct buf *to, struct err *err)
{
    const struct rule *r = &p->rule[rule.v];
    struct words w = {p, language, to};

    if (r->root) {
        sentence_words(&w, r->root);
        return !to->failed || err_nomem(err);
    }
    number_words(&w, r->from);
    for (uint32_t i = 0; i < r->part_n; i++) {
        buf_add(to, r->part[i].points < 0 ? STR(", ") : STR(", +"));
        number_words(&w, r->part[i].points);
        words_add(&w, PHRASE_POINTS_IF);
        if (!program_words(p, r->part[i].when, language, to, err))
            return false;
    }
    words_add(&w, PHRASE_SCORE_BOUNDS);
    number_words(&w, r->low);
    buf_add(to, STR(".."));
    number_words(&w, r->high);
    return !to->failed || err_nomem(err);
}
