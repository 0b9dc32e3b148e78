#include "engine/dictionary_table.h"

#include "base/time.h"
#include "engine/engine_impl.h"

#include <stdlib.h>
#include <string.h>

/* Lines are found by their names while they are made. */
struct making {
    struct dictionary_table *out;
    struct arena *a;
    const struct model *model;
    const struct catalog *catalog;
    struct text_table key;
    struct buf room;
    uint32_t cap;
};

/* An event goes by the name that the model gives it. */
static str name_of(const struct making *m, str type)
{
    const struct dictionary_event *known = dictionary_event(&m->model->dictionary, type);

    return known ? known->name : type;
}

/* The line, made when there is none; NULL: out of memory. */
static struct dictionary_line *line_of(struct making *m, str event, str name)
{
    struct dictionary_table *t = m->out;
    struct dictionary_line *more;
    uint32_t place;

    buf_clear(&m->room);
    buf_add_format(&m->room, "%zu ", event.n);
    buf_add(&m->room, event);
    buf_add(&m->room, name);
    if (m->room.failed || !text_table_add(&m->key, buf_str(&m->room), &place))
        return NULL;
    if (place < t->n)
        return &t->line[place];
    if (t->n == m->cap) {
        m->cap = t->n ? 2 * t->n : 64;
        more = arena_array(m->a, struct dictionary_line, m->cap);
        if (!more)
            return NULL;
        if (t->n)
            memcpy(more, t->line, t->n * sizeof *more);
        t->line = more;
    }
    t->line[t->n] = (struct dictionary_line){
        .event = event, .name = name, .first_ms = MOMENT_NEVER, .last_ms = MOMENT_NEVER};
    return &t->line[t->n++];
}

/* --- what the model has --- */

static bool properties_make(struct making *m, str event,
                            const struct dictionary_property *p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct dictionary_line *line = line_of(m, event, p[i].name);

        if (!line)
            return false;
        line->type = p[i].type;
        line->declared = !p[i].learned;
    }
    return true;
}

static bool known_make(struct making *m)
{
    const struct dictionary *d = &m->model->dictionary;

    for (uint32_t i = 0; i < d->event_n; i++) {
        const struct dictionary_event *e = &d->event[i];
        struct dictionary_line *line = line_of(m, e->name, STR(""));

        if (!line)
            return false;
        line->known = e;
        line->declared = !e->learned;
        if (!properties_make(m, e->name, e->property, e->property_n))
            return false;
    }
    return properties_make(m, STR(""), d->trait, d->trait_n);
}

/* --- what came --- */

static void count(struct dictionary_line *line, const struct usage_row *row)
{
    line->n += row->n;
    line->wrong += row->wrong;
    if (line->first_ms == MOMENT_NEVER || row->first_ms < line->first_ms)
        line->first_ms = row->first_ms;
    if (line->last_ms == MOMENT_NEVER || row->last_ms > line->last_ms)
        line->last_ms = row->last_ms;
}

static bool usage_add(struct making *m, const struct usage *u)
{
    for (size_t i = 0; i < u->n; i++) {
        const struct usage_row *row = &u->row[i];
        const struct column *c =
            row->column == COLUMN_NONE ? NULL : &m->catalog->column[row->column];
        str type = text_table_get(&m->catalog->type, row->type);
        struct dictionary_line *line =
            line_of(m, c && c->trait ? STR("") : name_of(m, type), c ? c->name : STR(""));

        if (!line)
            return false;
        count(line, row);
        if (!c)
            continue;
        line->value[c->type] += row->n;
        if (line->type == VALUE_MISSING) /* of one of Ciclo's own events */
            line->type = c->type;
    }
    return true;
}

/* What only ever was refused may go by as many names as somebody likes. */
static bool refused_add(struct making *m, const struct refused_summary *s)
{
    enum { STRANGE_MAX = 1000 };
    uint32_t known = m->out->n;

    for (uint32_t i = 0; i < s->event_n && m->out->n < known + STRANGE_MAX; i++) {
        struct dictionary_line *line = line_of(m, s->event[i].type, STR(""));

        if (!line)
            return false;
        line->refused += s->event[i].n;
        if (!line->reason_n++)
            line->reason = &s->event[i];
    }
    return true;
}

/* --- in order --- */

static int by_name(const void *a, const void *b)
{
    const struct dictionary_line *x = a, *y = b;
    int order = !x->event.n - !y->event.n;

    order = order ? order : str_cmp(x->event, y->event);
    return order ? order : str_cmp(x->name, y->name);
}

bool engine_dictionary(struct engine *e, struct usage_time time, struct arena *a,
                       struct dictionary_table *out, struct err *err)
{
    struct making m = {
        .out = out, .a = a, .model = e->model, .catalog = snapshot_catalog(e->now)};
    struct refused_summary refused;
    struct usage usage;
    bool ok;

    *out = (struct dictionary_table){.strict = e->model->dictionary.strict};
    if (!usages_count(&e->usages, e->now, e->model, e->version, time, a, &usage, err)
        || !engine_refused(e, time, a, &refused, err))
        return false;
    out->is_complete = !usage.left && !refused.left;
    ok = known_make(&m) && usage_add(&m, &usage) && refused_add(&m, &refused);
    if (ok && out->n)
        qsort(out->line, out->n, sizeof *out->line, by_name);
    text_table_free(&m.key);
    buf_free(&m.room);
    return ok || err_nomem(err);
}

/* --- as JSON --- */

static void put_count(struct json_out *j, const char *name, uint64_t n)
{
    json_key(j, name);
    json_put_int(j, (int64_t)n);
}

static void put_counts(struct json_out *j, const struct dictionary_line *l)
{
    json_key(j, "name");
    json_put_text(j, l->name.n ? l->name : l->event);
    json_key(j, "declared");
    json_put_bool(j, l->declared);
    put_count(j, "count", l->n);
    json_key(j, "first");
    json_put_moment(j, l->first_ms);
    json_key(j, "last");
    json_put_moment(j, l->last_ms);
}

static void put_property(struct json_out *j, const struct dictionary_line *l)
{
    json_begin_object(j);
    put_counts(j, l);
    json_key(j, "type");
    json_put_text(j, value_type_name(l->type));
    put_count(j, "wrong", l->wrong);
    json_key(j, "values");
    json_begin_object(j);
    for (int i = 0; i < DICTIONARY_RAWS; i++) {
        if (l->value[i]) {
            json_key_str(j, value_type_name((enum value_type)i));
            json_put_int(j, (int64_t)l->value[i]);
        }
    }
    json_end_object(j);
    json_end_object(j);
}

static void put_event(struct json_out *j, const struct dictionary_line *l)
{
    put_counts(j, l);
    json_key(j, "passive");
    json_put_bool(j, l->known && l->known->passive);
    json_key(j, "from");
    json_begin_list(j);
    for (uint32_t i = 0; l->known && i < l->known->alias_n; i++)
        json_put_text(j, l->known->alias[i]);
    json_end_list(j);
    put_count(j, "refused", l->refused);
    json_key(j, "reasons");
    json_begin_list(j);
    for (uint32_t i = 0; i < l->reason_n; i++) {
        json_begin_object(j);
        json_key(j, "reason");
        json_put_text(j, l->reason[i].reason);
        put_count(j, "count", l->reason[i].n);
        json_end_object(j);
    }
    json_end_list(j);
}

void dictionary_put_json(struct json_out *j, const struct dictionary_table *t)
{
    uint32_t i = 0;

    json_begin_object(j);
    json_key(j, "mode");
    json_put_text(j, t->strict ? STR("strict") : STR("learning"));
    json_key(j, "complete");
    json_put_bool(j, t->is_complete);
    json_key(j, "events");
    json_begin_list(j);
    while (i < t->n && t->line[i].event.n) {
        str event = t->line[i].event;

        json_begin_object(j);
        put_event(j, &t->line[i]);
        json_key(j, "properties");
        json_begin_list(j);
        for (i++; i < t->n && str_eq(t->line[i].event, event); i++)
            put_property(j, &t->line[i]);
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "traits");
    json_begin_list(j);
    for (; i < t->n; i++)
        put_property(j, &t->line[i]);
    json_end_list(j);
    json_end_object(j);
}
