/* route_info.c - the workspace with its model, and who stands where. */
#include "api/route_impl.h"
#include "engine/erase.h"

/* --- /api/info --- */

static void put_workspace(struct json_out *j, const struct workspace *w)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, w->name);
    json_key(j, "currency");
    json_put_text(j, w->currency);
    json_key(j, "decimals");
    json_put_int(j, w->decimals);
    json_key(j, "timezone");
    json_put_text(j, zone_name(w->zone));
    json_key(j, "language");
    json_put_text(j, w->language);
    json_end_object(j);
}

static bool put_words(struct json_out *j, const struct model *m, struct rule_ref rule,
                      enum language language, struct err *err)
{
    struct buf words = {};
    bool ok = program_words(m->program, rule, language, &words, err);

    json_key(j, "words");
    json_put_text(j, buf_str(&words));
    j->to->failed |= words.failed;
    buf_free(&words);
    return ok;
}

static bool put_way(struct json_out *j, const struct model *m, const struct lifecycle *l,
                    const struct way *w, enum language language, struct err *err)
{
    bool ok;

    json_begin_object(j);
    json_key(j, "from");
    if (w->any) {
        json_put_text(j, STR("any"));
    } else {
        json_begin_list(j);
        for (uint32_t i = 0; i < w->from_n; i++)
            json_put_text(j, l->stage[w->from[i]].name);
        json_end_list(j);
    }
    json_key(j, "to");
    json_put_text(j, l->stage[w->to].name);
    json_key(j, "when");
    json_put_text(j, w->text);
    ok = put_words(j, m, w->rule, language, err);
    json_end_object(j);
    return ok;
}

static bool put_lifecycle(struct json_out *j, const struct model *m,
                          const struct lifecycle *l, enum language language,
                          struct err *err)
{
    bool ok = true;

    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, l->name);
    json_key(j, "for");
    if (l->has_for)
        json_put_text(j, l->for_text);
    else
        json_put_null(j);
    json_key(j, "start");
    json_put_text(j, l->stage[l->start].name);
    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t i = 0; i < l->stage_n; i++) {
        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, l->stage[i].name);
        json_key(j, "goal");
        json_put_text(j, l->stage[i].goal);
        json_key(j, "end");
        json_put_bool(j, l->stage[i].end);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "moves");
    json_begin_list(j);
    for (uint32_t i = 0; ok && i < l->way_n; i++)
        ok = put_way(j, m, l, &l->way[i], language, err);
    json_end_list(j);
    json_end_object(j);
    return ok;
}

static bool put_segments(struct json_out *j, const struct model *m,
                         enum language language, struct err *err)
{
    bool ok = true;

    json_begin_list(j);
    for (uint32_t i = 0; ok && i < m->segments->segment_n; i++) {
        const struct segment *s = &m->segments->segment[i];

        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, s->name);
        json_key(j, "description");
        json_put_text(j, s->description);
        json_key(j, "when");
        json_put_text(j, s->text);
        json_key(j, "list");
        json_put_bool(j, s->is_list);
        ok = put_words(j, m, s->rule, language, err);
        json_end_object(j);
    }
    json_end_list(j);
    return ok;
}

/* So that the page shows money as money: {"purchase":{"revenue":"money"}}. */
static void put_property_types(struct json_out *j, const struct dictionary *d)
{
    json_begin_object(j);
    for (uint32_t i = 0; i < d->event_n; i++) {
        const struct dictionary_event *e = &d->event[i];

        json_key_str(j, e->name);
        json_begin_object(j);
        for (uint32_t k = 0; k < e->property_n; k++) {
            json_key_str(j, e->property[k].name);
            json_put_text(j, value_type_name(e->property[k].type));
        }
        json_end_object(j);
    }
    json_end_object(j);
}

bool get_info(struct api_request *r, struct err *err)
{
    const struct model *m = model_of(r);
    struct json_out j = {.to = r->out};
    struct store_facts facts = snapshot_facts(engine_snapshot(r->engine));
    int64_t default_at = engine_default_at(r->engine);
    const struct lifecycle *l;
    enum language language;

    if (!language_param(r, &language, err) || !lifecycle_param(r, &l, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "version");
    json_put_text(&j, STR(CICLO_VERSION));
    json_key(&j, "workspace");
    put_workspace(&j, &m->workspace);
    json_key(&j, "now");
    json_put_moment(&j, engine_now_ms(r->engine));
    json_key(&j, "first");
    json_put_moment(&j, facts.first_ms);
    json_key(&j, "last");
    json_put_moment(&j, facts.last_ms);
    json_key(&j, "default_at");
    json_put_moment(&j, default_at);
    json_key(&j, "events");
    json_put_int(&j, (int64_t)facts.events);
    json_key(&j, "customers");
    json_put_int(&j, facts.customers);
    json_key(&j, "refused");
    json_put_int(&j, (int64_t)facts.refused);
    if (!engine_put_erased(&j, r->engine, r->a, err))
        return false;
    json_key(&j, "pseudonymous");
    json_put_bool(&j, engine_is_pseudonymous(r->engine));
    json_key(&j, "model_version");
    json_put_int(&j, engine_model_version(r->engine));
    json_key(&j, "properties");
    put_property_types(&j, &m->dictionary);
    json_key(&j, "lifecycles");
    json_begin_list(&j);
    for (uint32_t i = 0; i < m->lifecycle_n; i++)
        json_put_text(&j, m->lifecycles[i]->name);
    json_end_list(&j);
    json_key(&j, "lifecycle");
    if (!put_lifecycle(&j, m, l, language, err))
        return false;
    json_key(&j, "segments");
    if (!put_segments(&j, m, language, err))
        return false;
    json_end_object(&j);
    return true;
}
