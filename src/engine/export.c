#include "engine/export.h"
#include "engine/export_who.h"

#include "base/csv.h"
#include "base/num.h"
#include "engine/query.h"
#include "engine/traits.h"
#include "lifecycle/lives.h"

#include <stdlib.h>
#include <string.h>

enum { WRITE_BYTES = 1 << 20 };

/* A cell, seen from its event. */
struct ref {
    uint32_t column; /* place in shape.column */
    uint32_t cell;
};

/* The columns of the file in the order in which they are written: properties, then traits,
 * each by name; those of one name share a field. */
struct shape {
    uint32_t *column;
    uint32_t *field; /* of each column */
    uint32_t n, field_n;
};

struct job {
    const struct export *x;
    struct snapshot *snapshot;
    const struct catalog *catalog;
    const struct dictionary *dictionary;
    struct lives *lives;
    struct whos *whos;          /* of events as JSON lines; else NULL */
    const struct beside *moves; /* of the customer at hand, in x->lifecycle */
    struct shape shape;
    const bool *type_wanted; /* NULL: all */
    struct buf out, text;
    struct arena whole; /* what lasts as long as the job */
    struct arena part;  /* as long as a window */
    struct arena line;

    const struct chunk *chunk;
    const str *message_id;      /* of its events */
    const struct cells **cells; /* of each of the shape's columns */

    uint32_t window_first, window_n; /* events of the chunk; 0: none */
    uint32_t *ref_first;             /* window_n + 1 places in ref */
    struct ref *ref;                 /* an event's are in the shape's order */

    /* Of the customer at hand, by field: */
    bool *has_trait;
    struct ref *trait;
    uint32_t *touched; /* fields with .has_trait */
    uint32_t touched_n;
    struct ref *taken;
};

/* A line of the customers. */
struct row {
    str id;
    int64_t first_ms, last_ms;
    uint32_t events;
    str stage;
    int64_t since_ms;
};

/* --- columns --- */

static const struct column *column_of(const struct job *j, uint32_t place)
{
    return &j->catalog->column[j->shape.column[place]];
}

static int column_order(const void *one, const void *other, void *catalog)
{
    const struct column *a =
        &((const struct catalog *)catalog)->column[*(const uint32_t *)one];
    const struct column *b =
        &((const struct catalog *)catalog)->column[*(const uint32_t *)other];
    int names = str_cmp(a->name, b->name);

    if (a->trait != b->trait)
        return a->trait - b->trait;
    return names ? names : (int)a->type - (int)b->type;
}

/* Those that the wanted types of events have. */
static void mark_columns(const struct job *j, bool *wanted)
{
    for (uint32_t i = 0; i < j->catalog->sighting_n; i++) {
        const struct sighting *s = &j->catalog->sighting[i];
        bool trait = j->catalog->column[s->column].trait;

        wanted[s->column] |= (!j->type_wanted || j->type_wanted[s->type])
                             && (trait || j->x->what == EXPORT_EVENTS);
    }
}

static bool find_columns(struct job *j, struct err *err)
{
    uint32_t n = j->catalog->column_n;
    bool *wanted = arena_array(&j->whole, bool, n + 1);
    struct shape *s = &j->shape;

    s->column = arena_array(&j->whole, uint32_t, n + 1);
    s->field = arena_array(&j->whole, uint32_t, n + 1);
    j->cells = arena_array(&j->whole, const struct cells *, n + 1);
    j->has_trait = arena_array(&j->whole, bool, n + 1);
    j->trait = arena_array(&j->whole, struct ref, n + 1);
    j->touched = arena_array(&j->whole, uint32_t, n + 1);
    j->taken = arena_array(&j->whole, struct ref, n + 1);
    if (!wanted || !s->column || !s->field || !j->cells || !j->has_trait || !j->trait
        || !j->touched || !j->taken)
        return err_nomem(err);
    if (j->x->what != EXPORT_STAGES)
        mark_columns(j, wanted);
    for (uint32_t c = 0; c < n; c++)
        if (wanted[c])
            s->column[s->n++] = c;
    qsort_r(s->column, s->n, sizeof *s->column, column_order, (void *)j->catalog);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct column *c = column_of(j, i),
                            *before = i ? column_of(j, i - 1) : NULL;

        s->field_n +=
            !before || c->trait != before->trait || !str_eq(c->name, before->name);
        s->field[i] = s->field_n - 1;
    }
    return true;
}

/* --- what is wanted --- */

static bool find_types(struct job *j, struct err *err)
{
    const struct text_table *type = &j->catalog->type;
    bool *wanted;

    if (!j->x->type_n)
        return true;
    j->type_wanted = wanted = arena_array(&j->whole, bool, type->n);
    if (!wanted)
        return err_nomem(err);
    for (size_t i = 0; i < j->x->type_n; i++) {
        uint32_t number = text_table_find(type, j->x->type[i]);
        str near;

        if (number == TEXT_NONE) {
            near = str_nearest(j->x->type[i], type->text, type->n);
            return err_set(err, ERR_NOT_FOUND,
                           "there is no event of type \"%.*s\"%s%.*s%s",
                           STR_FMT(j->x->type[i]), near.n ? "; did you mean \"" : "",
                           STR_FMT(near), near.n ? "\"?" : "");
        }
        wanted[number] = true;
    }
    return true;
}

/* --- an event's cells, side by side, for a window of events --- */

/* Columns come in the shape's order, so that the refs of an event do. */
static bool spread(struct job *j, struct err *err)
{
    uint32_t first = j->window_first, end = first + j->window_n, total = 0, *at;

    arena_reset(&j->part);
    j->ref_first = arena_array(&j->part, uint32_t, (size_t)j->window_n + 2);
    if (!j->ref_first)
        return err_nomem(err);
    for (uint32_t i = 0; i < j->shape.n; i++) {
        const struct cells *c;

        if (!chunk_cells(j->chunk, j->shape.column[i], &c, err))
            return false;
        j->cells[i] = c;
        for (uint32_t k = cells_from(c, first); k < c->n && c->event[k] < end; k++)
            j->ref_first[c->event[k] - first + 2]++;
    }
    for (uint32_t k = 2; k < j->window_n + 2; k++)
        j->ref_first[k] = total += j->ref_first[k];
    j->ref = arena_array(&j->part, struct ref, (size_t)total + 1);
    if (!j->ref)
        return err_nomem(err);
    at = j->ref_first
         + 1; /* where each event's next ref goes; in the end, where its refs end */
    for (uint32_t i = 0; i < j->shape.n; i++) {
        const struct cells *c = j->cells[i];

        for (uint32_t k = cells_from(c, first); k < c->n && c->event[k] < end; k++)
            j->ref[at[c->event[k] - first]++] = (struct ref){i, k};
    }
    return true;
}

/* Moves the window to an event of the chunk, unless it is there. */
static bool look_at(struct job *j, uint32_t event, struct err *err)
{
    uint32_t left = j->chunk->event_n - event;

    if (j->window_n && event - j->window_first < j->window_n)
        return true;
    j->window_first = event;
    j->window_n = left < EXPORT_WINDOW ? left : EXPORT_WINDOW;
    return spread(j, err);
}

/* The event's refs are those from here to the next event's. */
static uint32_t first_ref(const struct job *j, uint32_t event)
{
    return j->ref_first[event - j->window_first];
}

static bool value_of(struct job *j, struct ref r, struct value *out, struct err *err)
{
    const struct cells *c = j->cells[r.column];
    uint32_t n;
    str *item;

    *out = (struct value){.type = column_of(j, r.column)->type};
    switch (out->type) {
    case VALUE_BOOL:
        out->truth = c->number[r.cell];
        return true;
    case VALUE_NUMBER:
        out->number = c->number[r.cell];
        return true;
    case VALUE_TEXT:
        out->text = c->word[c->text[r.cell]];
        return true;
    case VALUE_LIST:
        n = c->list_first[r.cell + 1] - c->list_first[r.cell];
        item = arena_array(&j->line, str, n + 1);
        if (!item)
            return err_nomem(err);
        for (uint32_t i = 0; i < n; i++)
            item[i] = c->word[c->list_item[c->list_first[r.cell] + i]];
        out->list.item = item;
        out->list.n = n;
        return true;
    case VALUE_NULL:
    case VALUE_MISSING:
    case VALUE_MONEY: /* in the file money is a number, and the others are nowhere */
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        return true;
    }
    return true;
}

/* --- fields of CSV --- */

static void put_field(struct job *j, str field)
{
    if (j->x->exact)
        buf_add_csv_exact(&j->out, field);
    else
        buf_add_csv(&j->out, field);
}

static void put_value_field(struct job *j, const struct value *v)
{
    struct json_out json = {.to = &j->text};

    if (v->type == VALUE_TEXT) {
        put_field(j, v->text);
        return;
    }
    buf_clear(&j->text);
    value_put_json(&json, v);
    j->out.failed |= j->text.failed;
    put_field(j, buf_str(&j->text));
}

/* All fields of the shape, each with a comma before it; the refs are in the shape's order. */
static bool put_fields(struct job *j, const struct ref *ref, uint32_t n, struct err *err)
{
    uint32_t field = 0;

    for (uint32_t i = 0; i < n; i++) {
        struct value v;

        for (; field <= j->shape.field[ref[i].column]; field++)
            buf_add_char(&j->out, ',');
        if (!value_of(j, ref[i], &v, err))
            return false;
        put_value_field(j, &v);
    }
    for (; field < j->shape.field_n; field++)
        buf_add_char(&j->out, ',');
    return true;
}

static void put_heading(struct job *j)
{
    static const char *const first[] = {
        [EXPORT_EVENTS] = "id,customer,at,type",
        [EXPORT_CUSTOMERS] = "customer,first,last,events,stage,since",
        [EXPORT_STAGES] = "customer,at,from,to",
    };

    buf_add(&j->out, str_of(first[j->x->what]));
    for (uint32_t i = 0; i < j->shape.n; i++) {
        const struct column *c = column_of(j, i);

        if (i && j->shape.field[i] == j->shape.field[i - 1])
            continue;
        buf_clear(&j->text);
        buf_add(&j->text, c->trait ? STR("traits.") : STR("properties."));
        buf_add(&j->text, c->name);
        j->out.failed |= j->text.failed;
        buf_add_char(&j->out, ',');
        put_field(j, buf_str(&j->text));
    }
    buf_add_char(&j->out, '\n');
}

/* --- events --- */

static void put_event_names(struct job *j, const struct event *e)
{
    put_field(j, e->id);
    buf_add_char(&j->out, ',');
    put_field(j, id_of_key(e->customer).value);
    buf_add_char(&j->out, ',');
    moment_print(&j->out, e->at_ms);
    buf_add_char(&j->out, ',');
    put_field(j, e->type);
}

static bool put_event_json(struct job *j, struct event *e, const struct ref *ref,
                           uint32_t n, struct err *err)
{
    struct property *p = arena_array(&j->line, struct property, (size_t)n + 1);

    if (!p)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        const struct column *c = column_of(j, ref[i].column);

        p[i].name = c->name;
        if (!value_of(j, ref[i], &p[i].value, err))
            return false;
        e->property_n += !c->trait;
    }
    e->property = p;
    e->trait = p + e->property_n;
    e->trait_n = n - e->property_n;
    if (!whos_tell(j->whos, e, &j->line, err))
        return false;
    event_print(e, &j->out);
    return true;
}

static bool put_event(struct job *j, str customer, uint32_t event, struct err *err)
{
    const struct ref *ref = j->ref + first_ref(j, event);
    uint32_t n = first_ref(j, event + 1) - first_ref(j, event);
    struct event e = {
        .at_ms = j->chunk->at_ms[event],
        .customer = customer,
        .type = text_table_get(&j->catalog->type, j->chunk->type[event]),
        .id = j->message_id[event],
    };

    arena_reset(&j->line);
    if (!j->x->csv)
        return put_event_json(j, &e, ref, n, err);
    put_event_names(j, &e);
    return put_fields(j, ref, n, err);
}

/* Ends a line; what has gathered is written when it is much. */
static bool end_line(struct job *j, struct err *err)
{
    bool ok;

    buf_add_char(&j->out, '\n');
    if (j->out.failed)
        return err_nomem(err);
    if (j->out.n < WRITE_BYTES)
        return true;
    ok = j->x->write(j->x->context, buf_str(&j->out), err);
    buf_clear(&j->out);
    return ok;
}

static bool events_of(struct job *j, struct timeline t, str key, struct err *err)
{
    for (uint32_t i = 0; i < t.n; i++) {
        if (t.at_ms[i] < j->x->from_ms || t.at_ms[i] >= j->x->to_ms
            || (j->type_wanted && !j->type_wanted[t.type[i]]))
            continue;
        if (!look_at(j, t.first + i, err) || !put_event(j, key, t.first + i, err)
            || !end_line(j, err))
            return false;
    }
    return true;
}

/* --- where customers stand --- */

static void put_stage_json(struct json_out *out, str stage)
{
    if (stage.n)
        json_put_text(out, stage);
    else
        json_put_null(out);
}

static bool moves_of(struct job *j, const struct timeline *t, struct err *err)
{
    int64_t next_ms;

    return lives_replay(j->lives, t, j->x->at_ms, &next_ms, err);
}

/* --- customers --- */

static uint32_t place_of(const struct job *j, uint32_t column)
{
    uint32_t place = 0;

    while (place < j->shape.n && j->shape.column[place] != column)
        place++;
    return place;
}

/* In the place of the latest cell the one that stands by the model's rule. */
static bool keep_traits(struct job *j, const struct timeline *t, struct err *err)
{
    for (uint32_t i = 0; i < j->touched_n; i++) {
        struct ref *r = &j->trait[j->touched[i]];
        str name = column_of(j, r->column)->name;
        const struct keep *keep = keep_of(j->dictionary, name);
        struct trait_said said;
        struct trait_at at;

        if (!keep || keep->kind == KEEP_NEWEST)
            continue;
        if (!trait_open(&at, t->chunk, name, keep, err))
            return false;
        j->has_trait[j->touched[i]] = false;
        if (!trait_decide(&at, t->first, t->first + t->n, &said))
            continue;
        *r = (struct ref){place_of(j, said.column), said.cell};
        j->has_trait[j->touched[i]] = r->column < j->shape.n;
    }
    return true;
}

/* Of each trait the latest cell, whatever its type there. */
static bool gather_traits(struct job *j, const struct timeline *t, struct err *err)
{
    for (uint32_t k = t->first; k < t->first + t->n; k++) {
        if (!look_at(j, k, err))
            return false;
        for (uint32_t i = first_ref(j, k); i < first_ref(j, k + 1); i++) {
            uint32_t field = j->shape.field[j->ref[i].column];

            if (!j->has_trait[field])
                j->touched[j->touched_n++] = field;
            j->has_trait[field] = true;
            j->trait[field] = j->ref[i];
        }
    }
    return keep_traits(j, t, err);
}

static int number_order(const void *a, const void *b)
{
    uint32_t one = *(const uint32_t *)a, other = *(const uint32_t *)b;

    return (one > other) - (one < other);
}

/* The traits that were gathered, in the shape's order; null took one away. */
static uint32_t take_traits(struct job *j)
{
    uint32_t n = 0;

    qsort(j->touched, j->touched_n, sizeof *j->touched, number_order);
    for (uint32_t i = 0; i < j->touched_n; i++) {
        struct ref r = j->trait[j->touched[i]];
        bool has = j->has_trait[j->touched[i]];

        j->has_trait[j->touched[i]] = false;
        if (has && column_of(j, r.column)->type != VALUE_NULL)
            j->taken[n++] = r;
    }
    j->touched_n = 0;
    return n;
}

static bool put_customer_csv(struct job *j, const struct row *row, uint32_t traits,
                             struct err *err)
{
    put_field(j, row->id);
    buf_add_char(&j->out, ',');
    moment_print(&j->out, row->first_ms);
    buf_add_char(&j->out, ',');
    moment_print(&j->out, row->last_ms);
    buf_add_format(&j->out, ",%u,", row->events);
    put_field(j, row->stage);
    buf_add_char(&j->out, ',');
    if (row->since_ms != MOMENT_NEVER)
        moment_print(&j->out, row->since_ms);
    return put_fields(j, j->taken, traits, err);
}

static bool put_customer_json(struct job *j, const struct row *row, uint32_t traits,
                              struct err *err)
{
    struct json_out out = {.to = &j->out};

    json_begin_object(&out);
    json_key(&out, "customer");
    json_put_text(&out, row->id);
    json_key(&out, "first");
    json_put_moment(&out, row->first_ms);
    json_key(&out, "last");
    json_put_moment(&out, row->last_ms);
    json_key(&out, "events");
    json_put_int(&out, row->events);
    json_key(&out, "stage");
    put_stage_json(&out, row->stage);
    json_key(&out, "since");
    json_put_moment(&out, row->since_ms);
    json_key(&out, "traits");
    json_begin_object(&out);
    for (uint32_t i = 0; i < traits; i++) {
        struct value v;

        if (!value_of(j, j->taken[i], &v, err))
            return false;
        json_key_str(&out, column_of(j, j->taken[i].column)->name);
        value_put_json(&out, &v);
    }
    json_end_object(&out);
    json_end_object(&out);
    return true;
}

/* As he stood at x->at_ms: later events are not looked at. */
static bool customer_of(struct job *j, struct timeline t, str id, struct err *err)
{
    struct move last = {.at_ms = MOMENT_NEVER, .to = STAGE_NONE};
    struct row row;
    uint32_t traits;

    while (t.n && t.at_ms[t.n - 1] > j->x->at_ms)
        t.n--;
    if (!t.n)
        return true;
    if (!moves_of(j, &t, err) || !gather_traits(j, &t, err))
        return false;
    traits = take_traits(j);
    if (j->moves->n)
        last = j->moves->move[j->moves->n - 1];
    row = (struct row){id,
                       t.at_ms[0],
                       t.at_ms[t.n - 1],
                       t.n,
                       lifecycle_stage_name(j->x->lifecycle, last.to),
                       last.at_ms};
    arena_reset(&j->line);
    return (j->x->csv ? put_customer_csv(j, &row, traits, err)
                      : put_customer_json(j, &row, traits, err))
           && end_line(j, err);
}

/* --- moves --- */

static void put_move(struct job *j, str id, const struct move *m)
{
    str from = lifecycle_stage_name(j->x->lifecycle, m->from),
        to = lifecycle_stage_name(j->x->lifecycle, m->to);
    struct json_out out = {.to = &j->out};

    if (j->x->csv) {
        put_field(j, id);
        buf_add_char(&j->out, ',');
        moment_print(&j->out, m->at_ms);
        buf_add_char(&j->out, ',');
        put_field(j, from);
        buf_add_char(&j->out, ',');
        put_field(j, to);
        return;
    }
    json_begin_object(&out);
    json_key(&out, "customer");
    json_put_text(&out, id);
    json_key(&out, "at");
    json_put_moment(&out, m->at_ms);
    json_key(&out, "from");
    put_stage_json(&out, from);
    json_key(&out, "to");
    put_stage_json(&out, to);
    json_end_object(&out);
}

static bool stages_of(struct job *j, struct timeline t, str id, struct err *err)
{
    if (!moves_of(j, &t, err))
        return false;
    for (size_t i = 0; i < j->moves->n; i++) {
        const struct move *m = &j->moves->move[i];

        if (m->at_ms < j->x->from_ms || m->at_ms >= j->x->to_ms)
            continue;
        put_move(j, id, m);
        if (!end_line(j, err))
            return false;
    }
    return true;
}

/* --- everybody --- */

static bool export_customer(struct job *j, uint32_t customer, struct err *err)
{
    struct timeline t = timeline_of(j->chunk, customer);
    str key = catalog_customer_key(j->catalog, customer), id;

    customer_key_kind(key, &id);
    switch (j->x->what) {
    case EXPORT_EVENTS:
        return events_of(j, t, key, err);
    case EXPORT_CUSTOMERS:
        return customer_of(j, t, id, err);
    case EXPORT_STAGES:
        return stages_of(j, t, id, err);
    }
    return false;
}

static bool export_chunk(struct job *j, const struct chunk *c, struct err *err)
{
    j->chunk = c;
    j->window_n = 0;
    if (j->x->what == EXPORT_EVENTS && !chunk_message_ids(c, &j->message_id, err))
        return false;
    for (uint32_t i = 0; i < c->customer_n; i++)
        if (!export_customer(j, c->customer_first + i, err))
            return false;
    return true;
}

static void report(const struct job *j, uint64_t done, uint64_t all)
{
    if (j->x->progress)
        j->x->progress(j->x->progress_context, done, all);
}

/* Events are written out as their customers', a life as it was led with the members' events. */
static bool export_next(struct job *j, uint32_t i, struct err *err)
{
    bool events = j->x->what == EXPORT_EVENTS, ok;
    const struct chunk *c = NULL;
    struct chunk *own = NULL;

    if (!(events ? snapshot_own_chunk(j->snapshot, i, &own, err)
                 : snapshot_chunk(j->snapshot, i, &c, err)))
        return false;
    ok = export_chunk(j, own ? own : c, err);
    chunk_free(own);
    if (!own)
        snapshot_release(j->snapshot, i);
    return ok;
}

static bool export_all(struct job *j, struct err *err)
{
    uint32_t all = snapshot_chunk_count(j->snapshot);

    for (uint32_t i = 0; i < all; i++) {
        report(j, i, all);
        if (!export_next(j, i, err))
            return false;
    }
    return true;
}

static bool export_one(struct job *j, uint32_t customer, struct err *err)
{
    struct chunk *c;
    bool ok;

    if (!(j->x->what == EXPORT_EVENTS
              ? snapshot_own(j->snapshot, customer, &c, err)
              : snapshot_customer(j->snapshot, customer, &c, err)))
        return false;
    ok = export_chunk(j, c, err);
    chunk_free(c);
    return ok;
}

/* In the order of their numbers, each once. */
static bool export_some(struct job *j, struct err *err)
{
    size_t n = j->x->customer_n;
    uint32_t *number = arena_array(&j->whole, uint32_t, n);

    if (!number)
        return err_nomem(err);
    for (size_t i = 0; i < n; i++) {
        number[i] = catalog_customer_find(j->catalog, j->x->customer[i]);
        if (number[i] == CUSTOMER_NONE)
            return err_set(err, ERR_NOT_FOUND, "there is no customer %.*s",
                           STR_FMT(j->x->customer[i]));
        if (!snapshot_home(j->snapshot, number[i], &number[i], err))
            return false;
    }
    qsort(number, n, sizeof *number, number_order);
    for (size_t i = 0; i < n; i++) {
        report(j, i, n);
        if ((!i || number[i] != number[i - 1]) && !export_one(j, number[i], err))
            return false;
    }
    return true;
}

static bool run(struct job *j, struct err *err)
{
    if (!find_types(j, err) || !find_columns(j, err)
        || (j->x->what == EXPORT_EVENTS && !j->x->csv
            && !whos_read(j->snapshot, &j->whos, err)))
        return false;
    if (j->x->csv)
        put_heading(j);
    if (!(j->x->customer_n ? export_some(j, err) : export_all(j, err)))
        return false;
    if (j->out.failed)
        return err_nomem(err);
    return j->x->write(j->x->context, buf_str(&j->out), err);
}

bool export_run(struct snapshot *snapshot, const struct model *model,
                const struct export *x, struct err *err)
{
    struct job j = {
        .x = x,
        .snapshot = snapshot,
        .catalog = snapshot_catalog(snapshot),
        .dictionary = &model->dictionary,
    };
    bool ok =
        lives_new(model->lifecycles, model->lifecycle_n, model->program, &j.lives, err);

    if (ok) {
        j.moves = &lives_moves(j.lives)[x->lifecycle->number];
        ok = run(&j, err);
    }
    lives_free(j.lives);
    whos_free(j.whos);
    buf_free(&j.out);
    buf_free(&j.text);
    arena_free(&j.whole);
    arena_free(&j.part);
    arena_free(&j.line);
    return ok;
}
