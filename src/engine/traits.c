#include "engine/traits.h"

#include "engine/query.h"

#include <string.h>

const struct keep *keep_of(const struct dictionary *d, str trait)
{
    const struct dictionary_property *p = dictionary_trait(d, trait);

    return p ? &p->keep : NULL;
}

/* --- one trait after the other --- */

struct walk {
    const struct timeline *t;
    const struct dictionary *d;
    struct trait_at at;
    str name;
    uint32_t column; /* the next one to look at */
};

/* A trait stands in a column for each type in which it came: is this the first with any cells? */
static bool is_first(const struct trait_at *at, uint32_t column)
{
    uint32_t first = COLUMN_NONE;

    for (uint32_t i = 0; i < at->n; i++)
        if (at->of[i].cells->n && at->of[i].column < first)
            first = at->of[i].column;
    return first == column;
}

/* The next trait of the timeline's chunk, its fingers at the customer; *more is false at the end. */
static bool walk_next(struct walk *w, bool *more, struct err *err)
{
    const struct catalog *catalog = chunk_catalog(w->t->chunk);
    uint32_t c = w->column;

    for (;; c++) {
        if (!chunk_next_column(w->t->chunk, c, &c, err))
            return false;
        *more = c != COLUMN_NONE;
        if (!*more)
            return true;
        if (!catalog->column[c].trait)
            continue;
        w->name = catalog->column[c].name;
        if (!trait_open(&w->at, w->t->chunk, w->name, keep_of(w->d, w->name), err))
            return false;
        if (is_first(&w->at, c))
            break;
    }
    for (uint32_t i = 0; i < w->at.n; i++)
        w->at.of[i].at = cells_from(w->at.of[i].cells, w->t->first);
    w->column = c + 1;
    return true;
}

static bool value_of(const struct timeline *t, const struct trait_said *said,
                     struct arena *a, struct value *out, struct err *err)
{
    return timeline_value(t, said->column, said->event - t->first, a, out, err);
}

bool traits_stand(const struct timeline *t, const struct dictionary *d, struct arena *a,
                  const struct property **out, uint32_t *n, struct err *err)
{
    struct walk w = {.t = t, .d = d};
    struct property *p =
        arena_array(a, struct property, chunk_catalog(t->chunk)->column_n + 1);
    struct trait_said said;
    bool more;

    *out = p;
    *n = 0;
    if (!p)
        return err_nomem(err);
    for (;;) {
        if (!walk_next(&w, &more, err))
            return false;
        if (!more)
            return true;
        if (!trait_decide(&w.at, t->first, t->first + t->n, &said))
            continue;
        p[*n].name = w.name;
        if (!value_of(t, &said, a, &p[(*n)++].value, err))
            return false;
    }
}

/* --- and all that was said of it --- */

static bool is_same(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_TEXT)
        return str_eq(a->text, b->text);
    if (a->type == VALUE_BOOL)
        return a->truth == b->truth;
    if (a->type != VALUE_LIST)
        return a->type == VALUE_NULL || a->number == b->number;
    if (a->list.n != b->list.n)
        return false;
    for (uint32_t i = 0; i < a->list.n; i++)
        if (!str_eq(a->list.item[i], b->list.item[i]))
            return false;
    return true;
}

/* A growing list of what was told. */
struct telling {
    const struct timeline *t;
    const struct cells *source; /* NULL: no event names one */
    struct trait_told *told;
    uint32_t n, cap;
    struct arena *a;
};

static bool told_add(struct telling *l, struct trait_told one, struct err *err)
{
    struct trait_told *last = l->n ? &l->told[l->n - 1] : NULL;

    if (last && str_eq(last->source, one.source) && is_same(&last->value, &one.value)) {
        last->last = one.first;
        last->times++;
        return true;
    }
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? 2 * l->cap : 4;
        struct trait_told *more = arena_array(l->a, struct trait_told, cap);

        if (!more)
            return err_nomem(err);
        if (l->n)
            memcpy(more, l->told, l->n * sizeof *more);
        l->told = more;
        l->cap = cap;
    }
    l->told[l->n++] = one;
    return true;
}

static bool tell(struct telling *l, const struct trait_said *said, struct err *err)
{
    uint32_t event = said->event - l->t->first, at = 0;
    struct trait_told one = {.value = {.type = VALUE_NULL},
                             .source = STR(""),
                             .first = event,
                             .last = event,
                             .times = 1};

    if (l->source && (at = trait_source(l->source, said->event)) < l->source->n)
        one.source = l->source->word[l->source->text[at]];
    return (!said->cells || value_of(l->t, said, l->a, &one.value, err))
           && told_add(l, one, err);
}

/* Looks from the newest on at the first word of each source that it meets. */
static bool conflict_of(const struct trait_view *v, str *seen)
{
    uint32_t n = 0;

    for (uint32_t i = v->told_n; i-- > 0;) {
        const struct trait_told *told = &v->told[i];
        uint32_t k = 0;

        while (k < n && !str_eq(seen[k], told->source))
            k++;
        if (k < n)
            continue;
        seen[n++] = told->source;
        if (told->value.type != VALUE_NULL
            && !(v->stands && is_same(&told->value, &v->stands->value)))
            return true;
    }
    return false;
}

static bool view_trait(struct walk *w, const struct cells *source, struct arena *a,
                       struct trait_view *v, struct err *err)
{
    static const struct keep newest;
    const struct timeline *t = w->t;
    struct telling l = {.t = t, .source = source, .a = a};
    struct trait_at again = w->at;
    struct trait_told *told;
    struct trait_said said;
    str *seen;

    *v = (struct trait_view){.name = w->name, .keep = keep_of(w->d, w->name)};
    v->keep = v->keep ? v->keep : &newest;
    while (trait_next(&w->at, t->first + t->n, &said))
        if (!tell(&l, &said, err))
            return false;
    v->told = told = l.told;
    v->told_n = l.n;
    if (trait_decide(&again, t->first, t->first + t->n, &said))
        for (uint32_t i = l.n; i-- > 0 && !v->stands;)
            if (told[i].first <= said.event - t->first) {
                told[i].stands = true;
                v->stands = &told[i];
            }
    seen = arena_array(a, str, l.n + 1);
    if (!seen)
        return err_nomem(err);
    v->conflict = conflict_of(v, seen);
    return true;
}

bool traits_view(const struct timeline *t, const struct dictionary *d, struct arena *a,
                 const struct trait_view **out, uint32_t *n, struct err *err)
{
    const struct catalog *catalog = chunk_catalog(t->chunk);
    uint32_t column = catalog_column_find(catalog, STR(EVENT_SOURCE), false, VALUE_TEXT);
    struct trait_view *v = arena_array(a, struct trait_view, catalog->column_n + 1);
    struct walk w = {.t = t, .d = d};
    const struct cells *source = NULL;
    bool more;

    *out = v;
    *n = 0;
    if (!v)
        return err_nomem(err);
    if (column != COLUMN_NONE && !chunk_cells(t->chunk, column, &source, err))
        return false;
    for (;;) {
        if (!walk_next(&w, &more, err))
            return false;
        if (!more)
            return true;
        if (!view_trait(&w, source, a, &v[*n], err))
            return false;
        *n += v[*n].told_n > 0;
    }
}

/* --- as JSON --- */

enum { SHOWN_MAX = 50 };

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

static void put_told(struct json_out *j, const struct timeline *t, const str *message_id,
                     const struct trait_told *told)
{
    json_begin_object(j);
    json_key(j, "value");
    value_put_json(j, &told->value);
    put_text(j, "source", told->source);
    json_key(j, "at");
    json_put_moment(j, t->at_ms[told->first]);
    json_key(j, "last");
    json_put_moment(j, t->at_ms[told->last]);
    json_key(j, "times");
    json_put_int(j, told->times);
    json_key(j, "event");
    json_put_text(j, message_id[told->first]);
    json_key(j, "stands");
    json_put_bool(j, told->stands);
    json_end_object(j);
}

static void put_keep(struct json_out *j, const struct keep *keep)
{
    json_key(j, "keep");
    if (keep->kind != KEEP_SOURCES) {
        json_put_text(j, keep->kind == KEEP_FIRST ? STR("first") : STR("newest"));
        return;
    }
    json_begin_list(j);
    for (uint32_t i = 0; i < keep->source_n; i++)
        json_put_text(j, keep->source[i]);
    json_end_list(j);
}

static void put_trait(struct json_out *j, const struct timeline *t, const str *message_id,
                      const struct trait_view *v)
{
    static const struct value none = {.type = VALUE_NULL};

    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, v->name);
    json_key(j, "value");
    value_put_json(j, v->stands ? &v->stands->value : &none);
    put_text(j, "source", v->stands ? v->stands->source : STR(""));
    json_key(j, "since");
    json_put_moment(j, v->stands ? t->at_ms[v->stands->first] : MOMENT_NEVER);
    put_keep(j, v->keep);
    json_key(j, "conflict");
    json_put_bool(j, v->conflict);
    json_key(j, "told_total");
    json_put_int(j, v->told_n);
    json_key(j, "told");
    json_begin_list(j);
    for (uint32_t i = v->told_n; i-- > 0;)
        if (v->told_n - i <= SHOWN_MAX || v->told[i].stands)
            put_told(j, t, message_id, &v->told[i]);
    json_end_list(j);
    json_end_object(j);
}

void traits_put_json(struct json_out *j, const struct timeline *t, const str *message_id,
                     const struct trait_view *trait, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        put_trait(j, t, message_id, &trait[i]);
    json_end_list(j);
}
