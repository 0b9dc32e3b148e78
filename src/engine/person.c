#include "engine/person.h"

#include "engine/identity.h"
#include "engine/query.h"
#include "engine/traits.h"

#include <stdlib.h>

enum { FORM = 1 };

struct person {
    struct engine *engine;
    const struct model *model;
    const struct catalog *catalog;
    uint32_t customer;
    struct customer_view view; /* in the first lifecycle */
    struct arena *a;
    struct json_out *j;
};

/* Empty text is null: nothing told here is empty when it is there. */
static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

static void put_moment(struct json_out *j, const char *name, int64_t at_ms)
{
    json_key(j, name);
    json_put_moment(j, at_ms);
}

/* --- events --- */

static str said_by(const struct event_view *event, str name)
{
    const struct value *v = property_find(event->property, event->property_n, name);

    return v && v->type == VALUE_TEXT ? v->text : (str){};
}

/* By what it was sent, when it says so. */
static str source_of(const struct event_view *event)
{
    str source = said_by(event, STR(EVENT_SOURCE));

    return source.n ? source : said_by(event, STR("context.library.name"));
}

static str message_of(const struct person *p, const struct event_view *event)
{
    return p->view.message_id[event->place];
}

static str type_of(const struct person *p, const struct event_view *event)
{
    return text_table_get(&p->catalog->type, p->view.timeline.type[event->place]);
}

static void put_event(const struct person *p, const struct event_view *event)
{
    struct json_out *j = p->j;

    json_begin_object(j);
    put_text(j, "id", message_of(p, event));
    put_moment(j, "at", p->view.timeline.at_ms[event->place]);
    put_text(j, "type", type_of(p, event));
    json_key(j, "properties");
    properties_put_json(j, event->property, event->property_n);
    json_key(j, "traits");
    properties_put_json(j, event->trait, event->trait_n);
    json_end_object(j);
}

static void put_events(const struct person *p)
{
    json_key(p->j, "events");
    json_begin_list(p->j);
    for (uint32_t i = p->view.event_n; i-- > 0;) /* oldest first */
        put_event(p, &p->view.event[i]);
    json_end_list(p->j);
}

/* --- traits, each with all that was ever said of it --- */

struct said {
    const struct property *trait;
    const struct event_view *event;
};

static int said_order(const void *one, const void *other)
{
    const struct said *a = one, *b = other;
    int names = str_cmp(a->trait->name, b->trait->name);

    return names ? names
           : a->event->place != b->event->place
               ? a->event->place < b->event->place ? -1 : 1
               : 0;
}

static bool gather_said(const struct person *p, struct said **out, uint32_t *n,
                        struct err *err)
{
    uint32_t all = 0, k = 0;

    for (uint32_t i = 0; i < p->view.event_n; i++)
        all += p->view.event[i].trait_n;
    *n = all;
    *out = arena_array(p->a, struct said, (size_t)all + 1);
    if (!*out)
        return err_nomem(err);
    for (uint32_t i = 0; i < p->view.event_n; i++)
        for (uint32_t t = 0; t < p->view.event[i].trait_n; t++)
            (*out)[k++] = (struct said){&p->view.event[i].trait[t], &p->view.event[i]};
    qsort(*out, all, sizeof **out, said_order);
    return true;
}

static void put_said(const struct person *p, const struct said *said)
{
    struct json_out *j = p->j;

    json_begin_object(j);
    put_moment(j, "at", p->view.timeline.at_ms[said->event->place]);
    json_key(j, "value");
    value_put_json(j, &said->trait->value);
    put_text(j, "event", message_of(p, said->event));
    put_text(j, "source", source_of(said->event));
    json_end_object(j);
}

static const struct value *standing_value(const struct person *p, str name)
{
    static const struct value none = {.type = VALUE_NULL};

    for (uint32_t i = 0; i < p->view.trait_n; i++)
        if (str_eq(p->view.trait[i].name, name) && p->view.trait[i].stands)
            return &p->view.trait[i].stands->value;
    return &none;
}

static bool put_traits(const struct person *p, struct err *err)
{
    struct json_out *j = p->j;
    struct said *said;
    uint32_t n;

    if (!gather_said(p, &said, &n, err))
        return false;
    json_key(j, "traits");
    json_begin_list(j);
    for (uint32_t i = 0, end; i < n; i = end) {
        str name = said[i].trait->name;

        for (end = i; end < n && str_eq(said[end].trait->name, name);)
            end++;
        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, name);
        json_key(j, "value");
        value_put_json(j, standing_value(p, name));
        json_key(j, "history");
        json_begin_list(j);
        for (uint32_t k = i; k < end; k++)
            put_said(p, &said[k]);
        json_end_list(j);
        json_end_object(j);
    }
    json_end_list(j);
    return true;
}

/* --- consents --- */

static void put_property(struct json_out *j, const struct event_view *event,
                         const char *name)
{
    const struct value *v =
        property_find(event->property, event->property_n, str_of(name));

    json_key(j, name);
    if (v)
        value_put_json(j, v);
    else
        json_put_null(j);
}

static void put_consents(const struct person *p)
{
    static const char *const told[] = {"channel", "purpose", "granted", "source",
                                       "text_version"};
    struct json_out *j = p->j;

    json_key(j, "consents");
    json_begin_list(j);
    for (uint32_t i = p->view.event_n; i-- > 0;) {
        const struct event_view *event = &p->view.event[i];

        if (!str_eq(type_of(p, event), STR("consent")))
            continue;
        json_begin_object(j);
        put_moment(j, "at", p->view.timeline.at_ms[event->place]);
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            put_property(j, event, told[k]);
        put_text(j, "event", message_of(p, event));
        json_end_object(j);
    }
    json_end_list(j);
}

/* --- what follows from the events --- */

static void put_moves(const struct person *p, uint32_t lifecycle)
{
    const struct lifecycle *l = p->model->lifecycles[lifecycle];
    size_t n;
    const struct move *move = engine_moves(p->engine, lifecycle, p->customer, &n);
    struct json_out *j = p->j;

    json_begin_object(j);
    put_text(j, "lifecycle", l->name);
    json_key(j, "moves");
    json_begin_list(j);
    for (size_t i = 0; i < n && move[i].at_ms <= p->view.at_ms; i++) {
        json_begin_object(j);
        put_moment(j, "at", move[i].at_ms);
        put_text(j, "from", lifecycle_stage_name(l, move[i].from));
        put_text(j, "to", lifecycle_stage_name(l, move[i].to));
        put_text(j, "rule",
                 move[i].way < l->way_n ? l->way[move[i].way].text
                 : l->has_for           ? l->for_text
                                        : (str){});
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

static void put_what_follows(const struct person *p)
{
    struct json_out *j = p->j;

    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t i = 0; i < p->model->lifecycle_n; i++)
        put_moves(p, i);
    json_end_list(j);
    json_key(j, "segments");
    json_begin_list(j);
    for (uint32_t i = 0; i < p->view.segment_n; i++)
        json_put_text(j, p->view.segment[i]);
    json_end_list(j);
    json_key(j, "scores");
    json_begin_object(j);
    for (uint32_t i = 0; i < p->view.score_n; i++) {
        json_key_str(j, p->view.score[i].name);
        json_put_num(j, p->view.score[i].points);
    }
    json_end_object(j);
}

/* --- all of it --- */

static void put_ids(const struct person *p)
{
    json_key(p->j, "ids");
    json_begin_list(p->j);
    for (uint32_t i = 0; i < p->view.known_n; i++)
        id_put_json(p->j, p->view.known[i].id);
    json_end_list(p->j);
}

bool engine_person_put(struct engine *e, str id, int64_t at_ms, struct arena *a,
                       struct json_out *j, struct err *err)
{
    struct person p = {.engine = e,
                       .model = engine_model(e),
                       .catalog = snapshot_catalog(engine_snapshot(e)),
                       .a = a,
                       .j = j};

    if (!engine_customer(e, id, p.model->lifecycle, at_ms, LANGUAGE_EN, UINT32_MAX, a,
                         &p.view, err))
        return false;
    p.customer = p.view.number;
    json_begin_object(j);
    json_key(j, "ciclo_person");
    json_put_int(j, FORM);
    put_moment(j, "at", at_ms);
    put_text(j, "workspace", p.model->workspace.name);
    put_text(j, "timezone", zone_name(p.model->workspace.zone));
    put_text(j, "currency", p.model->workspace.currency);
    put_text(j, "customer", p.view.id);
    put_ids(&p);
    if (!put_traits(&p, err))
        return false;
    put_consents(&p);
    put_what_follows(&p);
    put_events(&p);
    json_end_object(j);
    return !j->to->failed || err_nomem(err);
}
