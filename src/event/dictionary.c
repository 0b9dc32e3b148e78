#include "event/dictionary.h"

#include <string.h>

/* Invariant: an array of n things has room for the next power of two of n, so that it grows
 * by one without a count of its room. A grown array is a copy; the arena keeps the old one. */

static void *grown(struct arena *a, void *things, uint32_t n, size_t size)
{
    char *copy;

    if (n & (n - 1)) /* no power of two: there is room */
        return things;
    copy = arena_alloc_array(a, n ? n * (size_t)2 : 1, size, _Alignof(max_align_t));
    if (copy && n)
        memcpy(copy, things, n * size);
    return copy;
}

static struct dictionary_event *event_add(struct dictionary *d, struct arena *a, str name)
{
    struct dictionary_event *event = grown(a, d->event, d->event_n, sizeof *event);

    if (!event)
        return NULL;
    d->event = event;
    event += d->event_n++;
    *event = (struct dictionary_event){.name = name};
    return event;
}

static bool property_add(struct dictionary_property **property, uint32_t *n,
                         struct arena *a, struct dictionary_property added)
{
    struct dictionary_property *room = grown(a, *property, *n, sizeof *room);

    if (!room)
        return false;
    *property = room;
    room[(*n)++] = added;
    return true;
}

static struct dictionary_property *property_find(struct dictionary_property *property,
                                                 uint32_t n, str name)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(property[i].name, name))
            return &property[i];
    }
    return NULL;
}

static bool event_has_name(const struct dictionary_event *e, str name)
{
    if (str_eq(e->name, name))
        return true;
    for (uint32_t i = 0; i < e->alias_n; i++) {
        if (str_eq(e->alias[i], name))
            return true;
    }
    return false;
}

static struct dictionary_event *event_find(const struct dictionary *d, str name)
{
    for (uint32_t i = 0; i < d->event_n; i++) {
        if (event_has_name(&d->event[i], name))
            return &d->event[i];
    }
    return NULL;
}

const struct dictionary_event *dictionary_event(const struct dictionary *d, str name)
{
    return event_find(d, name);
}

const struct dictionary_property *dictionary_property(const struct dictionary_event *e,
                                                      str name)
{
    return property_find(e->property, e->property_n, name);
}

const struct dictionary_property *dictionary_trait(const struct dictionary *d, str name)
{
    return property_find(d->trait, d->trait_n, name);
}

/* --- from the model --- */

static bool name_parse(const struct yaml *node, const char *what, str *out,
                       struct err *err)
{
    if (node->type != YAML_SCALAR)
        return err_at(err, node->line, node->column, "%s must be a text", what);
    if (!node->text.n || node->text.n > EVENT_NAME_MAX)
        return err_at(err, node->line, node->column, "%s must have 1 to %u bytes", what,
                      EVENT_NAME_MAX);
    *out = node->text;
    return true;
}

/* A map with nothing in it may be written as nothing at all: `visit:`. */
static bool map_or_nothing(const struct yaml *node, const char *what, bool *is_map,
                           struct err *err)
{
    *is_map = node->type == YAML_MAP;
    if (*is_map || (node->type == YAML_SCALAR && node->plain && !node->text.n))
        return true;
    return err_at(err, node->line, node->column, "%s must be a map", what);
}

static bool type_parse(const struct yaml *node, enum value_type *out, struct err *err)
{
    static const str known[] = {STR("text"), STR("number"), STR("money"),
                                STR("bool"), STR("moment"), STR("list")};
    str near;

    if (node->type != YAML_SCALAR)
        return err_at(err, node->line, node->column,
                      "a type is one of text, number, money, bool, moment, list");
    if (value_type_parse(node->text, out))
        return true;
    near = str_nearest(node->text, known, sizeof known / sizeof *known);
    if (near.n)
        return err_at(err, node->line, node->column,
                      "there is no type '%.*s': did you mean '%.*s'?",
                      STR_FMT(node->text), STR_FMT(near));
    return err_at(err, node->line, node->column,
                  "there is no type '%.*s': it must be one of text, number, money, bool, "
                  "moment, list",
                  STR_FMT(node->text));
}

static bool properties_parse(const struct yaml *map, const char *what, struct arena *a,
                             struct dictionary_property **out, uint32_t *n,
                             struct err *err)
{
    for (size_t i = 0; i < map->n; i++) {
        struct dictionary_property p = {.learned = false};

        if (!name_parse(map->key[i], what, &p.name, err)
            || !type_parse(map->item[i], &p.type, err))
            return false;
        if (!property_add(out, n, a, p))
            return err_nomem(err);
    }
    return true;
}

static bool claim_check(const struct dictionary *d, const struct yaml *node, str name,
                        struct err *err)
{
    const struct dictionary_event *other = event_find(d, name);

    if (event_type_is_reserved(name))
        return err_at(err, node->line, node->column,
                      "'%.*s' is a name that Ciclo keeps for itself", STR_FMT(name));
    if (other)
        return err_at(err, node->line, node->column,
                      "'%.*s' is a name of the event '%.*s' already", STR_FMT(name),
                      STR_FMT(other->name));
    return true;
}

static bool aliases_parse(struct dictionary *d, struct dictionary_event *event,
                          const struct yaml *list, struct arena *a, struct err *err)
{
    str *alias = arena_array(a, str, list->n);

    if (!alias)
        return err_nomem(err);
    event->alias = alias;
    for (size_t i = 0; i < list->n; i++) {
        if (!name_parse(list->item[i], "an event's other name", &alias[i], err)
            || !claim_check(d, list->item[i], alias[i], err))
            return false;
        event->alias_n++;
    }
    return true;
}

static bool event_parse_yaml(struct dictionary *d, const struct yaml *key,
                             const struct yaml *node, struct arena *a, struct err *err)
{
    static const str keys[] = {STR("from"), STR("passive"), STR("properties")};
    const struct yaml *from = NULL, *properties = NULL;
    struct dictionary_event *event;
    bool is_map;
    str name;

    if (!name_parse(key, "an event's name", &name, err) || !claim_check(d, key, name, err)
        || !map_or_nothing(node, "an event", &is_map, err))
        return false;
    event = event_add(d, a, name);
    if (!event)
        return err_nomem(err);
    if (!is_map)
        return true;
    return yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "an event", err)
           && yaml_get_list(node, STR("from"), &from, err)
           && (!from || aliases_parse(d, event, from, a, err))
           && yaml_get_bool(node, STR("passive"), &event->passive, err)
           && yaml_get_map(node, STR("properties"), &properties, err)
           && (!properties
               || properties_parse(properties, "a property's name", a, &event->property,
                                   &event->property_n, err));
}

bool dictionary_parse(const struct yaml *events, const struct yaml *traits,
                      struct arena *a, struct dictionary *out, struct err *err)
{
    bool is_map;

    *out = (struct dictionary){0};
    if (events) {
        if (!map_or_nothing(events, "events", &is_map, err))
            return false;
        for (size_t i = 0; is_map && i < events->n; i++) {
            if (!event_parse_yaml(out, events->key[i], events->item[i], a, err))
                return false;
        }
    }
    if (!traits)
        return true;
    return map_or_nothing(traits, "traits", &is_map, err)
           && (!is_map
               || properties_parse(traits, "a trait's name", a, &out->trait,
                                   &out->trait_n, err));
}

/* --- from the data --- */

/* Where values of several types came, the most general is learned, whichever came first. */
static bool property_learn(struct dictionary_property **property, uint32_t *n,
                           struct arena *a, str name, enum value_type raw)
{
    struct dictionary_property *known = property_find(*property, *n, name);

    if (raw == VALUE_NULL)
        return true;
    if (known) {
        if (known->learned && raw > known->type)
            known->type = raw;
        return true;
    }
    name = arena_str(a, name);
    return name.p
           && property_add(property, n, a, (struct dictionary_property){name, raw, true});
}

bool dictionary_learn_event(struct dictionary *d, struct arena *a, str type)
{
    struct dictionary_event *event;

    if (event_find(d, type) || event_type_is_reserved(type))
        return true;
    type = arena_str(a, type);
    event = type.p ? event_add(d, a, type) : NULL;
    if (event)
        event->learned = true;
    return event;
}

bool dictionary_learn_property(struct dictionary *d, struct arena *a, str type, str name,
                               enum value_type raw)
{
    struct dictionary_event *event;

    if (!dictionary_learn_event(d, a, type))
        return false;
    event = event_find(d, type);
    return !event || property_learn(&event->property, &event->property_n, a, name, raw);
}

bool dictionary_learn_trait(struct dictionary *d, struct arena *a, str name,
                            enum value_type raw)
{
    return property_learn(&d->trait, &d->trait_n, a, name, raw);
}
