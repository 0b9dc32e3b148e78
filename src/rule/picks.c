#include "rule/picks.h"

#include "rule/cursor.h"
#include "rule/program_impl.h"

#include <string.h>

/* --- patterns --- */

bool picks_program(const struct program *like, struct program **out, struct err *err)
{
    struct rule_env env = like->env;

    env.find = NULL;
    env.names = NULL;
    return program_new(&env, out, err);
}

static bool add_series(struct program *p, struct series *s, struct pick *out,
                       struct err *err)
{
    out->type = s->source.kind == SOURCE_NOTHING ? VALUE_MISSING : s->source.type;
    return program_add_series(p, s, &out->series, err);
}

/* Up to the next pattern, or the end of the text. */
static str text_of_pattern(str text, const struct pattern *pattern, uint32_t i,
                           uint32_t n)
{
    uint32_t start = pattern[i].name.start;
    size_t end = i + 1 < n ? pattern[i + 1].name.start : text.n;
    str own = str_trim((str){text.p + start, end - start});

    if (i + 1 < n)
        own = str_trim((str){own.p, own.n - 1}); /* the comma */
    return own;
}

bool picks_add(struct program *p, str text, struct pick *out, uint32_t max, uint32_t *n,
               struct err *err)
{
    struct pattern *pattern = arena_array(&p->arena, struct pattern, max);
    struct check c = {.p = p, .text = arena_str(&p->arena, text), .err = err};

    if (!pattern || !c.text.p)
        return err_nomem(err);
    if (!parse_patterns(c.text, &p->arena, pattern, max, n, err))
        return false;
    for (uint32_t i = 0; i < *n; i++) {
        struct series series;

        if (!check_pattern(&c, &pattern[i], &series)
            || !add_series(p, &series, &out[i], err))
            return false;
        out[i].text = text_of_pattern(c.text, pattern, i, *n);
    }
    return true;
}

bool picks_add_property(struct program *p, struct pick of, str name, struct pick *out,
                        struct err *err)
{
    struct check c = {.p = p, .text = arena_str(&p->arena, name), .err = err};
    struct series series = p->series[of.series];

    if (!c.text.p)
        return err_nomem(err);
    if (!name.n)
        return err_set(err, ERR_INPUT, "the name of a property is missing");
    out->text = c.text;
    return check_value(&c, &series, c.text) && add_series(p, &series, out, err);
}

bool picks_add_told(struct program *p, str name, struct pick *out, struct err *err)
{
    struct check c = {.p = p, .text = arena_str(&p->arena, name), .err = err};
    struct node *n;

    if (!c.text.p)
        return err_nomem(err);
    if (!parse_expression(c.text, PARSE_RULE, &p->arena, &n, err))
        return false;
    if (n->kind != NODE_NAME)
        return check_fault(&c, n, "a name is needed here, such as trait.country");
    if (!check_name(&c, n))
        return false;
    if (n->means != MEANS_TERM)
        return check_fault(&c, n, "this is no trait, acquisition or consent");
    *out = (struct pick){p->slot[n->index].series, n->type, c.text};
    return true;
}

/* --- a chunk --- */

struct words {
    uint64_t *word;
    uint32_t cap;
};

struct picks {
    const struct program *p;
    struct cursor *cursor;
    struct words *words; /* by series: of those that are more than types */
};

bool picks_new(const struct program *p, struct picks **out, struct err *err)
{
    struct picks *k = mem_alloc(sizeof *k);

    if (!k)
        return err_nomem(err);
    k->p = p;
    k->words = mem_alloc(p->series_n * sizeof *k->words);
    if (!k->words || !cursor_new(p, &k->cursor, err)) {
        if (!k->words)
            err_nomem(err);
        picks_free(k);
        return false;
    }
    *out = k;
    return true;
}

void picks_free(struct picks *k)
{
    if (!k)
        return;
    for (uint32_t i = 0; k->words && i < k->p->series_n; i++)
        mem_free(k->words[i].word);
    mem_free(k->words);
    cursor_free(k->cursor);
    mem_free(k);
}

static bool is_by_type(const struct series *s)
{
    return s->kind == SERIES_EVENTS && !s->where && s->source.kind == SOURCE_NOTHING;
}

/* The entries of a series as bits. */
static bool mark_entries(struct words *w, const struct entries *e, uint32_t events,
                         struct err *err)
{
    uint32_t n = events / 64 + 1;

    if (n > w->cap) {
        uint64_t *more = mem_resize(w->word, n * sizeof *more);

        if (!more)
            return err_nomem(err);
        w->word = more;
        w->cap = n;
    }
    memset(w->word, 0, n * sizeof *w->word);
    for (uint32_t i = 0; i < e->listed_n; i++)
        w->word[e->place[i] / 64] |= UINT64_C(1) << e->place[i] % 64;
    return true;
}

bool picks_turn(struct picks *k, const struct chunk *c, struct err *err)
{
    struct cursor *cursor = k->cursor;

    cursor->t = (struct timeline){.chunk = c,
                                  .customer = c->customer_first,
                                  .n = c->event_n,
                                  .at_ms = c->at_ms,
                                  .type = c->type};
    if (!cursor_turn(cursor, c, err) || !types_mark(cursor, 0, c->event_n, err))
        return false;
    for (uint32_t i = 0; i < k->p->series_n; i++) {
        if (is_by_type(&k->p->series[i]))
            continue;
        if (!series_list_one(cursor, i, 0, c->event_n, err)
            || !mark_entries(&k->words[i], &cursor->entries[i], c->event_n, err))
            return false;
    }
    return true;
}

const uint64_t *picks_marks(const struct picks *k, struct pick pick)
{
    const struct series *s = &k->p->series[pick.series];

    return is_by_type(s) ? k->cursor->marks[s->types].word : k->words[pick.series].word;
}

struct picked picks_values(const struct picks *k, struct pick pick)
{
    const struct entries *e = &k->cursor->entries[pick.series];

    return (struct picked){e->listed_n, e->place, e->value, e->there};
}

str picks_text(const struct picks *k, int64_t key)
{
    return text_of(k->cursor, key);
}
