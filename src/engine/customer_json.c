#include "engine/identity.h"
#include "engine/query.h"
#include "engine/traits.h"

void value_put_json(struct json_out *j, const struct value *v)
{
    switch (v->type) {
    case VALUE_BOOL:
        json_put_bool(j, v->truth);
        return;
    case VALUE_NUMBER:
        json_put_num(j, v->number);
        return;
    case VALUE_TEXT:
        json_put_text(j, v->text);
        return;
    case VALUE_LIST:
        json_begin_list(j);
        for (uint32_t i = 0; i < v->list.n; i++)
            json_put_text(j, v->list.item[i]);
        json_end_list(j);
        return;
    case VALUE_MOMENT:
        json_put_moment(j, v->number);
        return;
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_MONEY: /* in the file money is a number, and a length is nowhere */
    case VALUE_LENGTH:
        json_put_null(j);
        return;
    }
}

static void put_stage(struct json_out *j, const struct customer_view *v, uint16_t stage)
{
    if (stage == STAGE_NONE)
        json_put_null(j);
    else
        json_put_text(j, v->lifecycle->stage[stage].name);
}

static void put_known(struct json_out *j, str text)
{
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

void properties_put_json(struct json_out *j, const struct property *p, uint32_t n)
{
    json_begin_object(j);
    for (uint32_t i = 0; i < n; i++) {
        json_key_str(j, p[i].name);
        value_put_json(j, &p[i].value);
    }
    json_end_object(j);
}

/* The members that say which event it is. */
static void put_event_name(struct json_out *j, struct engine *e,
                           const struct customer_view *v, uint32_t place)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    json_key(j, "at");
    json_put_moment(j, v->timeline.at_ms[place]);
    json_key(j, "type");
    json_put_text(j, text_table_get(&catalog->type, v->timeline.type[place]));
    json_key(j, "id");
    json_put_text(j, v->message_id[place]);
}

static void put_term(struct json_out *j, struct engine *e, const struct customer_view *v,
                     const struct term *t)
{
    json_begin_object(j);
    json_key(j, "term");
    json_put_text(j, t->measure);
    json_key(j, "test");
    json_put_text(j, t->test);
    json_key(j, "words");
    json_put_text(j, t->words);
    json_key(j, "truth");
    json_put_bool(j, t->truth);
    json_key(j, "value");
    json_put_text(j, t->value);
    json_key(j, "decides");
    json_put_bool(j, t->decides);
    json_key(j, "holds_until");
    json_put_moment(j, t->holds_until_ms);
    json_key(j, "events_total");
    json_put_int(j, t->event_all);
    json_key(j, "events");
    json_begin_list(j);
    for (uint32_t i = 0; i < t->event_n; i++) {
        json_begin_object(j);
        put_event_name(j, e, v, t->event[i]);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

static void put_why(struct json_out *j, struct engine *e, const struct customer_view *v,
                    const struct explained *why)
{
    json_key(j, "why");
    json_begin_list(j);
    for (uint32_t i = 0; i < why->term_n; i++)
        put_term(j, e, v, &why->term[i]);
    json_end_list(j);
}

static void put_move(struct json_out *j, struct engine *e, const struct customer_view *v,
                     const struct move_view *m)
{
    const struct lifecycle *l = v->lifecycle;
    bool by_for = m->move.way == WAY_START || m->move.way == WAY_OUT;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, m->move.at_ms);
    json_key(j, "from");
    put_stage(j, v, m->move.from);
    json_key(j, "to");
    put_stage(j, v, m->move.to);
    json_key(j, "rule");
    if (by_for && !l->has_for)
        json_put_null(j);
    else
        json_put_text(j, by_for ? l->for_text : l->way[m->move.way].text);
    json_key(j, "words");
    if (m->why.words.n)
        json_put_text(j, m->why.words);
    else
        json_put_null(j);
    json_key(j, "model_version");
    json_put_int(j, engine_model_version(e));
    put_why(j, e, v, &m->why);
    json_end_object(j);
}

static void put_stays(struct json_out *j, const struct customer_view *v)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < v->move_n; i++) {
        if (v->move[i].move.to == STAGE_NONE)
            continue;
        json_begin_object(j);
        json_key(j, "stage");
        put_stage(j, v, v->move[i].move.to);
        json_key(j, "from");
        json_put_moment(j, v->move[i].move.at_ms);
        json_key(j, "to");
        json_put_moment(j, i + 1 < v->move_n ? v->move[i + 1].move.at_ms : MOMENT_NEVER);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_way_itself(struct json_out *j, const struct customer_view *v,
                           const struct way_view *w)
{
    json_key(j, "to");
    put_stage(j, v, w->way->to);
    json_key(j, "rule");
    json_put_text(j, w->way->text);
    json_key(j, "words");
    json_put_text(j, w->why.words);
}

static void put_way(struct json_out *j, struct engine *e, const struct customer_view *v,
                    const struct way_view *w)
{
    json_begin_object(j);
    put_way_itself(j, v, w);
    json_key(j, "at");
    json_put_moment(j, w->at_ms);
    put_why(j, e, v, &w->why);
    json_end_object(j);
}

static void put_next(struct json_out *j, struct engine *e, const struct customer_view *v)
{
    bool some = v->next.at_ms != MOMENT_NEVER;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->next.at_ms);
    json_key(j, "to");
    put_stage(j, v, some ? v->next.to : STAGE_NONE);
    json_key(j, "moves");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->way_n; i++)
        put_way(j, e, v, &v->way[i]);
    json_end_list(j);
    json_end_object(j);
}

static void put_needed(struct json_out *j, struct engine *e,
                       const struct customer_view *v, const struct event_needed *needed)
{
    json_begin_object(j);
    json_key(j, "event");
    json_put_text(j, needed->event);
    json_key(j, "times");
    json_put_int(j, needed->times);
    json_key(j, "like");
    if (needed->like == EVENT_NONE) {
        json_put_null(j);
    } else {
        json_begin_object(j);
        put_event_name(j, e, v, needed->like);
        json_end_object(j);
    }
    json_end_object(j);
}

/* A way out that he did not take: the terms that keep him, and what would change it. */
static void put_why_not(struct json_out *j, struct engine *e,
                        const struct customer_view *v, const struct way_view *w)
{
    json_begin_object(j);
    put_way_itself(j, v, w);
    json_key(j, "holds_until");
    json_put_moment(j, w->at_ms);
    json_key(j, "when");
    json_put_moment(j, way_is_next(v, w) ? v->next.at_ms : MOMENT_NEVER);
    json_key(j, "terms");
    json_begin_list(j);
    for (uint32_t i = 0; i < w->why.term_n; i++)
        if (w->why.term[i].decides)
            put_term(j, e, v, &w->why.term[i]);
    json_end_list(j);
    json_key(j, "events");
    json_begin_list(j);
    for (uint32_t i = 0; i < w->needed_n; i++)
        put_needed(j, e, v, &w->needed[i]);
    json_end_list(j);
    json_end_object(j);
}

static void put_customer(struct json_out *j, const struct engine *e, uint32_t customer)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    id_put_json(j, id_of_key(catalog_customer_key(catalog, customer)));
}

static void put_customers(struct json_out *j, const struct engine *e,
                          const uint32_t *customer, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        put_customer(j, e, customer[i]);
    json_end_list(j);
}

bool members_put_json(struct json_out *j, struct engine *e, str id, uint32_t from,
                      uint32_t limit, struct arena *a, struct err *err)
{
    const uint32_t *member;
    uint32_t customer, n, end;

    if (!engine_find(e, id, &customer, err)
        || !snapshot_members(engine_snapshot(e), customer, a, &member, &n, err))
        return false;
    from = from < n ? from : n;
    end = n - from > limit ? from + limit : n;
    json_begin_object(j);
    json_key(j, "total");
    json_put_int(j, n);
    json_key(j, "members");
    put_customers(j, e, member + from, end - from);
    json_key(j, "next");
    if (end < n)
        json_put_int(j, end);
    else
        json_put_null(j);
    json_end_object(j);
    return true;
}

/* A few of an account's members; /api/members has all. */
static void put_peers(struct json_out *j, const struct engine *e,
                      const struct customer_view *v)
{
    enum { FEW = 20 };

    json_key(j, "is_account");
    json_put_bool(j, v->is_account);
    json_key(j, "members_total");
    json_put_int(j, v->member_n);
    json_key(j, "members");
    put_customers(j, e, v->member, v->member_n < FEW ? v->member_n : FEW);
    json_key(j, "accounts");
    put_customers(j, e, v->account, v->account_n);
}

static void put_event(struct json_out *j, struct engine *e, const struct customer_view *v,
                      const struct event_view *event)
{
    json_begin_object(j);
    put_event_name(j, e, v, event->place);
    json_key(j, "channel");
    put_known(j, event->channel);
    json_key(j, "member");
    if (event->member == CUSTOMER_NONE)
        json_put_null(j);
    else
        put_customer(j, e, event->member);
    json_key(j, "properties");
    properties_put_json(j, event->property, event->property_n);
    json_key(j, "traits");
    properties_put_json(j, event->trait, event->trait_n);
    json_end_object(j);
}

static void put_ids(struct json_out *j, const struct customer_view *v)
{
    json_key(j, "ids");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->known_n; i++) {
        const struct known_id *k = &v->known[i];

        json_begin_object(j);
        json_key(j, "kind");
        json_put_text(j, id_kind_name(k->id.kind));
        json_key(j, "id");
        json_put_text(j, k->id.value);
        json_key(j, "first");
        json_put_moment(j, k->first_ms);
        if (k->by.value.n) {
            json_key(j, "with");
            id_put_json(j, k->by);
            json_key(j, "how");
            json_put_text(j, tie_text(k->tie));
            json_key(j, "since");
            json_put_moment(j, k->at_ms);
        }
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_score(struct json_out *j, const struct score_view *s)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, s->name);
    json_key(j, "points");
    json_put_num(j, s->points);
    json_key(j, "from");
    json_put_num(j, s->from);
    json_key(j, "to");
    json_put_num(j, s->to);
    json_key(j, "parts");
    json_begin_list(j);
    for (uint32_t i = 0; i < s->part_n; i++) {
        json_begin_object(j);
        json_key(j, "name");
        put_known(j, s->part[i].name);
        json_key(j, "rule");
        json_put_text(j, s->part[i].rule);
        json_key(j, "points");
        json_put_num(j, s->part[i].points);
        json_key(j, "given");
        json_put_bool(j, s->part[i].is_given);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

static void put_traits(struct json_out *j, const struct customer_view *v)
{
    json_key(j, "traits");
    json_begin_object(j);
    for (uint32_t i = 0; i < v->trait_n; i++) {
        if (!v->trait[i].stands)
            continue;
        json_key_str(j, v->trait[i].name);
        value_put_json(j, &v->trait[i].stands->value);
    }
    json_end_object(j);
    json_key(j, "trait_history");
    traits_put_json(j, &v->timeline, v->message_id, v->trait, v->trait_n);
}

void customer_put_json(struct json_out *j, struct engine *e,
                       const struct customer_view *v)
{
    json_begin_object(j);
    json_key(j, "id");
    json_put_text(j, v->id);
    put_ids(j, v);
    put_peers(j, e, v);
    json_key(j, "at");
    json_put_moment(j, v->at_ms);
    if (v->lifecycle->name.n) {
        json_key(j, "lifecycle");
        json_put_text(j, v->lifecycle->name);
    }
    json_key(j, "stage");
    put_stage(j, v, v->stage);
    json_key(j, "since");
    json_put_moment(j, v->since_ms);
    put_traits(j, v);
    json_key(j, "acquisition");
    json_begin_object(j);
    for (size_t i = 0; i < ACQUISITIONS_END; i++) {
        json_key_str(j, acquisition_name((enum acquisition)i));
        put_known(j, v->acquisition[i]);
    }
    json_end_object(j);
    json_key(j, "segments");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->segment_n; i++)
        json_put_text(j, v->segment[i]);
    json_end_list(j);
    json_key(j, "segment_changes");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->change_n; i++) {
        json_begin_object(j);
        json_key(j, "at");
        json_put_moment(j, v->change[i].at_ms);
        json_key(j, "segment");
        json_put_text(j, v->change[i].segment);
        json_key(j, "change");
        json_put_text(j, v->change[i].in ? STR("entered") : STR("left"));
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "scores");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->score_n; i++)
        put_score(j, &v->score[i]);
    json_end_list(j);
    json_key(j, "moves");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->move_n; i++)
        put_move(j, e, v, &v->move[i]);
    json_end_list(j);
    json_key(j, "stays");
    put_stays(j, v);
    json_key(j, "next");
    put_next(j, e, v);
    json_key(j, "why_not");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->way_n; i++)
        put_why_not(j, e, v, &v->way[i]);
    json_end_list(j);
    json_key(j, "events_total");
    json_put_int(j, v->timeline.n);
    json_key(j, "events");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->event_n; i++)
        put_event(j, e, v, &v->event[i]);
    json_end_list(j);
    json_end_object(j);
}
