/* route_segments.c - the model's segments: how many are in them, and how that changed. */
#include "api/route_impl.h"

#include "engine/list.h"
#include "engine/lookalike.h"
#include "engine/personas.h"
#include "engine/segment_sizes.h"

static void put_moments(struct json_out *j, const char *key, const int64_t *at_ms,
                        uint32_t n)
{
    json_key(j, key);
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        json_put_moment(j, at_ms[i]);
    json_end_list(j);
}

static void put_count(struct json_out *j, const char *key, int64_t n)
{
    json_key(j, key);
    json_put_int(j, n);
}

bool get_segments(struct api_request *r, struct err *err)
{
    const struct segments *all = model_of(r)->segments;
    struct json_out j = {.to = r->out};
    int64_t at_ms, from_ms, edge[2];
    struct segment_sizes s;

    if (!at_param(r, &at_ms, err) || !moment_param(r, "from", MOMENT_MIN, &from_ms, err)
        || !flow_edges_at(from_ms, at_ms, edge, err)
        || !engine_segment_sizes(r->engine, edge, 1, r->a, &s, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "from");
    json_put_moment(&j, from_ms == MOMENT_MIN ? MOMENT_NEVER : from_ms);
    json_key(&j, "segments");
    json_begin_list(&j);
    for (uint32_t i = 0; i < s.segment_n; i++) {
        json_begin_object(&j);
        json_key(&j, "name");
        json_put_text(&j, all->segment[i].name);
        put_count(&j, "customers", s.size[i]);
        put_count(&j, "entered", s.entered[i]);
        put_count(&j, "left", s.left[i]);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    return true;
}

bool get_segment_periods(struct api_request *r, struct err *err)
{
    const struct model *m = model_of(r);
    struct store_facts facts = snapshot_facts(engine_snapshot(r->engine));
    struct json_out j = {.to = r->out};
    struct segment_sizes s = {.segment_n = m->segments->segment_n};
    enum flow_by by = FLOW_MONTH;
    int64_t from_ms, to_ms;
    const int64_t *edge;
    uint32_t n;

    if (param(r, "by").n && !flow_by_parse(param(r, "by"), &by))
        return err_set(err, ERR_INPUT, "by is one of day, week, month, quarter, year");
    if (facts.events && facts.first_ms <= engine_now_ms(r->engine)
        && (!moment_param(r, "from", facts.first_ms, &from_ms, err)
            || !moment_param(r, "to", engine_default_at(r->engine), &to_ms, err)
            || !flow_edges(m->workspace.zone, by, from_ms, to_ms, r->a, &edge, &n, err)
            || !engine_segment_sizes(r->engine, edge, n, r->a, &s, err)))
        return false;
    json_begin_object(&j);
    json_key(&j, "by");
    json_put_text(&j, flow_by_name(by));
    put_moments(&j, "ends", s.edge ? s.edge + 1 : NULL, s.period_n);
    json_key(&j, "segments");
    json_begin_list(&j);
    for (uint32_t i = 0; i < s.segment_n; i++) {
        json_begin_object(&j);
        json_key(&j, "name");
        json_put_text(&j, m->segments->segment[i].name);
        json_key(&j, "sizes");
        json_begin_list(&j);
        for (uint32_t k = 0; k < s.period_n; k++)
            json_put_int(&j, s.size[(size_t)k * s.segment_n + i]);
        json_end_list(&j);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    return true;
}

static bool read_ids(const struct json *list, struct arena *a, struct list_change *out,
                     struct err *err)
{
    str *id = arena_array(a, str, list->n + 1);

    if (!id)
        return err_nomem(err);
    for (uint32_t i = 0; i < list->n; i++) {
        if (list->item[i].type != JSON_TEXT)
            return err_set(err, ERR_INPUT, "\"customers\" are ids: texts");
        id[i] = list->item[i].text;
    }
    out->id = id;
    out->n = (uint32_t)list->n;
    return true;
}

/* The next answer takes up what follows from it. */
bool post_list(struct api_request *r, struct err *err)
{
    const struct json *skip = json_find(r->body, STR("skip_unknown"));
    struct list_change change = {
        .list = json_find_text(r->body, STR("list")),
        .on = json_find(r->body, STR("listed"))->truth,
        .skip_unknown = skip && skip->type == JSON_BOOL && skip->truth,
        .by = r->who.name,
    };
    struct json_out j = {.to = r->out};
    struct list_changed done;

    if (!read_ids(json_find(r->body, STR("customers")), r->a, &change, err)
        || !engine_list(r->engine, &change, r->now_ms, &done, err))
        return false;
    json_begin_object(&j);
    put_count(&j, "changed", done.changed);
    put_count(&j, "already", done.already);
    put_count(&j, "unknown", done.unknown);
    json_end_object(&j);
    return true;
}

bool get_lookalikes(struct api_request *r, struct err *err)
{
    str measures = param(r, "measures"), traits = param(r, "traits");
    struct lookalike_question q = {
        .by = {&measures, measures.n > 0, &traits, traits.n > 0},
        .scope = {.segment = param(r, "segment"), .when = param(r, "when")},
        .limit = LOOKALIKES_DEFAULT};
    struct json_out j = {.to = r->out};
    struct lookalike_view v;
    bool ok;

    if (!at_param(r, &q.scope.at_ms, err))
        return false;
    if (param(r, "limit").n
        && !whole_parse(param(r, "limit"), 1, LOOKALIKES_MAX, &q.limit))
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %u",
                       LOOKALIKES_MAX);
    ok = engine_lookalike(r->engine, &q, r->a, &v, &r->wrong, err);
    if (ok)
        lookalike_put_json(&j, r->engine, &v);
    lookalike_view_free(&v);
    return ok;
}

static bool personas_params(const struct api_request *r, struct personas_question *q,
                            struct err *err)
{
    uint32_t seed = 1;

    if (param(r, "groups").n && !personas_groups(param(r, "groups"), q, err))
        return false;
    if (param(r, "seed").n && !whole_parse(param(r, "seed"), 0, UINT32_MAX, &seed))
        return err_set(err, ERR_INPUT, "seed is a whole number");
    q->seed = seed;
    return !param(r, "customers").n
           || whole_parse(param(r, "customers"), 1, PERSONAS_MAX, &q->list)
           || err_set(err, ERR_INPUT, "customers is the number of a persona, from 1");
}

bool get_personas(struct api_request *r, struct err *err)
{
    str measures = param(r, "measures"), traits = param(r, "traits");
    struct personas_question q = {
        .by = {&measures, measures.n > 0, &traits, traits.n > 0},
        .scope = {.segment = param(r, "segment"), .when = param(r, "when")},
        .from = PERSONAS_DEFAULT,
        .to = PERSONAS_DEFAULT};
    struct json_out j = {.to = r->out};
    struct personas_view v;
    bool ok;

    if (!at_param(r, &q.scope.at_ms, err) || !personas_params(r, &q, err))
        return false;
    ok = engine_personas(r->engine, &q, r->a, &v, &r->wrong, err)
         && personas_put_json(&j, r->engine, &v, r->a, err);
    personas_view_free(&v);
    return ok;
}
