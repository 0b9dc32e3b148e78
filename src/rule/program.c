#include "rule/program_impl.h"

#include "base/hash.h"
#include "base/num.h"

#include <string.h>

enum { RULES_DEEP = 64 };

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

bool program_add_literal(struct program *p, str text, int64_t *key, struct err *err)
{
    uint32_t number;

    if (!text_table_add(&p->literal, text, &number))
        return err_nomem(err);
    *key = number;
    return true;
}

/* --- columns, series, slots --- */

bool program_add_column(struct program *p, uint32_t number, bool has_texts, uint32_t *out,
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

void program_mean(struct program *p, str name, int how)
{
    uint64_t all[] = {p->meaning, hash64(name), (uint64_t)how};

    p->meaning = hash64((str){(const char *)all, sizeof all});
}

uint64_t program_meaning(const struct program *p)
{
    return p->meaning;
}

bool program_source_of_column(struct program *p, str name, bool trait,
                              enum value_type type, struct source *out, struct err *err)
{
    uint32_t number = catalog_column_find(p->env.catalog, name, trait, raw_type(type));

    program_mean(p, name, trait ? -(int)type : (int)type);
    *out = (struct source){.kind = SOURCE_COLUMN, .column = NONE, .type = type};
    return number == COLUMN_NONE
           || program_add_column(p, number, type == VALUE_TEXT || type == VALUE_LIST,
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
    key_add(to, s->source.acquisition);
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

bool program_add_series(struct program *p, struct series *s, uint32_t *out,
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

bool program_add_slot(struct program *p, const struct slot *s, uint32_t *out,
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
            if (!program_add_literal(p, l->stage[i], &p->stage_key[k][i], err))
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

void program_move(struct program *p, const struct catalog *catalog)
{
    p->env.catalog = catalog;
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
    rule->want = want;
    rule->text = arena_str(&p->arena, text);
    if (!rule->text.p)
        return err_nomem(err);
    return parse_expression(rule->text, PARSE_RULE, &p->arena, &rule->root, err)
           && check_rule(p, rule, err)
           && (want != RULE_CONDITION || tests_add(p, rule, err))
           && (rule->depth <= RULES_DEEP || too_deep(err));
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

int program_grows(const struct program *p, struct rule_ref rule)
{
    const struct node *root = p->rule[rule.v].root;

    return !root || root->growing == GROWS_NOT ? 0 : root->growing == GROWS_UP ? 1 : -1;
}

bool program_needs_stage(const struct program *p, struct rule_ref rule)
{
    return program_asks_stage(p, rule) || p->rule[rule.v].above_n > 0;
}
