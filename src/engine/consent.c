#include "engine/consent.h"

#include "engine/query.h"

#include <stdlib.h>

str consent_answer_text(enum consent_answer answer)
{
    static const str text[] = {
#define X(name, text) STR(text),
        CONSENT_ANSWERS(X)
#undef X
    };

    return text[answer];
}

static str text_of(const struct event_view *e, const char *name)
{
    const struct value *v = property_find(e->property, e->property_n, str_of(name));

    return v && v->type == VALUE_TEXT ? v->text : STR("");
}

/* False: it is none. */
static bool read_consent(const struct customer_view *v, const struct event_view *e,
                         struct consent *out)
{
    const struct value *granted;

    if (!event_is_consent(e->property, e->property_n))
        return false;
    granted = property_find(e->property, e->property_n, STR("granted"));
    *out = (struct consent){.answer = granted->truth ? CONSENT_ALLOWED : CONSENT_DENIED,
                            .channel = text_of(e, "channel"),
                            .purpose = text_of(e, "purpose"),
                            .at_ms = v->timeline.at_ms[e->place],
                            .event = v->message_id[e->place],
                            .source = text_of(e, "source"),
                            .text_version = text_of(e, "text_version")};
    return true;
}

static bool is_about(const struct consent *c, str channel, str purpose)
{
    return str_eq(c->channel, channel) && str_eq(c->purpose, purpose);
}

static bool is_listed(const struct consents *list, const struct consent *c)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (is_about(&list->consent[i], c->channel, c->purpose))
            return true;
    return false;
}

static int consent_order(const void *a, const void *b)
{
    const struct consent *x = a, *y = b;
    int order = str_cmp(x->channel, y->channel);

    return order ? order : str_cmp(x->purpose, y->purpose);
}

bool engine_consents(struct engine *e, str id, str channel, str purpose, int64_t at_ms,
                     struct arena *a, struct consents *out, struct err *err)
{
    const struct text_table *types = &snapshot_catalog(engine_snapshot(e))->type;
    struct customer_view v;
    struct consent *list, found;

    if (!channel.n != !purpose.n)
        return err_set(err, ERR_INPUT, "channel and purpose come together");
    if (!engine_customer(e, id, engine_model(e)->lifecycle, at_ms, LANGUAGE_EN,
                         UINT32_MAX, a, &v, err))
        return false;
    list = arena_array(a, struct consent, (size_t)v.event_n + 1);
    if (!list)
        return err_nomem(err);
    *out = (struct consents){.customer = v.id, .consent = list};
    for (uint32_t i = 0; i < v.event_n;
         i++) /* newest first: of each the first one counts */
        if (str_eq(text_table_get(types, v.timeline.type[v.event[i].place]),
                   STR("consent"))
            && read_consent(&v, &v.event[i], &found) && !is_listed(out, &found)
            && (!channel.n || is_about(&found, channel, purpose)))
            list[out->n++] = found;
    if (channel.n && !out->n)
        list[out->n++] = (struct consent){
            .channel = channel, .purpose = purpose, .at_ms = MOMENT_NEVER};
    qsort(list, out->n, sizeof *list, consent_order);
    return true;
}

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

void consents_put_json(struct json_out *j, const struct consents *c)
{
    json_begin_object(j);
    put_text(j, "customer", c->customer);
    json_key(j, "consents");
    json_begin_list(j);
    for (uint32_t i = 0; i < c->n; i++) {
        const struct consent *one = &c->consent[i];

        json_begin_object(j);
        put_text(j, "channel", one->channel);
        put_text(j, "purpose", one->purpose);
        put_text(j, "answer", consent_answer_text(one->answer));
        json_key(j, "at");
        json_put_moment(j, one->at_ms);
        put_text(j, "event", one->event);
        put_text(j, "source", one->source);
        put_text(j, "text_version", one->text_version);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}
