#include "engine/retention.h"

/* What a call is, whether the data has any or not. */
static bool is_call(str name)
{
    static const str calls[] = {STR("identify"), STR("page"),  STR("screen"),
                                STR("group"),    STR("alias"), STR("consent")};

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (str_eq(calls[i], name))
            return true;
    return false;
}

static bool unknown(const struct dictionary *d, const struct yaml *key, struct arena *a,
                    struct err *err)
{
    str *name = arena_array(a, str, d->event_n + 1), near;

    if (!name)
        return err_nomem(err);
    for (uint32_t i = 0; i < d->event_n; i++)
        name[i] = d->event[i].name;
    near = str_nearest(key->text, name, d->event_n);
    return err_at(err, key->line, key->column, "there is no event \"%.*s\"%s%.*s%s",
                  STR_FMT(key->text), near.n ? "; did you mean \"" : "", STR_FMT(near),
                  near.n ? "\"?" : "");
}

static bool parse_one(const struct yaml *key, const struct yaml *item,
                      const struct dictionary *d, struct arena *a, struct retained *out,
                      struct err *err)
{
    const struct dictionary_event *event = dictionary_event(d, key->text);
    struct err why;

    if (!event && !is_call(key->text))
        return unknown(d, key, a, err);
    out->event = event ? event->name : key->text;
    if (item->type != YAML_SCALAR)
        return err_at(err, item->line, item->column,
                      "how long events are kept is a length, such as 90d or 3y");
    return length_parse(item->text, &out->length, &why)
           || err_at(err, item->line, item->column, "%s", why.msg);
}

bool retention_parse(const struct yaml *node, const struct dictionary *d, struct arena *a,
                     struct retention *out, struct err *err)
{
    struct retained *type;

    *out = (struct retention){};
    if (!node)
        return true;
    if (node->type != YAML_MAP)
        return err_at(err, node->line, node->column,
                      "retention is a map of events and lengths: { page: 90d }");
    type = arena_array(a, struct retained, node->n + 1);
    if (!type)
        return err_nomem(err);
    for (size_t i = 0; i < node->n; i++) {
        const struct yaml *key = node->key[i];

        if (!parse_one(key, node->item[i], d, a, &type[i], err))
            return false;
        for (size_t k = 0; k < i; k++)
            if (str_eq(type[k].event, type[i].event))
                return err_at(err, key->line, key->column, "this is \"%.*s\" again",
                              STR_FMT(type[k].event));
    }
    out->type = type;
    out->type_n = (uint32_t)node->n;
    return true;
}

const struct retained *retention_find(const struct retention *r,
                                      const struct dictionary *d, str type)
{
    const struct dictionary_event *event = dictionary_event(d, type);

    if (event)
        type = event->name;
    for (uint32_t i = 0; i < r->type_n; i++)
        if (str_eq(r->type[i].event, type))
            return &r->type[i];
    return NULL;
}
