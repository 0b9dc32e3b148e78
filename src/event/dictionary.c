#include "event/dictionary.h"

#include "base/hash.h"

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

/* --- names --- */

/* The name of an event, also its other ones, of a trait, or of an event's property. One table
 * holds them all: a power of two of slots, at most half of them taken, the next one tried when
 * one is taken by another name. */
struct dictionary_slot {
    str name;
    uint32_t owner; /* EVENTS, TRAITS, or the place of the event */
    uint32_t place; /* counted from 1; 0: an empty slot */
};

#define EVENTS UINT32_MAX
#define TRAITS (UINT32_MAX - 1)

/* Where the name stands, or the empty slot where it belongs. */
static struct dictionary_slot *slot_of(const struct dictionary *d, uint32_t owner,
                                       str name)
{
    const uint64_t spread = 0x9e3779b97f4a7c15; /* 2^64 by the golden ratio */
    uint32_t i = (uint32_t)(hash64(name) + owner * spread) & (d->slot_cap - 1);

    while (d->slot[i].place
           && !(d->slot[i].owner == owner && str_eq(d->slot[i].name, name)))
        i = (i + 1) & (d->slot_cap - 1);
    return &d->slot[i];
}

static bool slots_grow(struct dictionary *d, struct arena *a)
{
    struct dictionary more = {.slot_cap = d->slot_cap ? 2 * d->slot_cap : 64};

    more.slot = arena_array(a, struct dictionary_slot, more.slot_cap);
    if (!more.slot)
        return false;
    for (uint32_t i = 0; i < d->slot_cap; i++) {
        if (d->slot[i].place)
            *slot_of(&more, d->slot[i].owner, d->slot[i].name) = d->slot[i];
    }
    d->slot = more.slot;
    d->slot_cap = more.slot_cap;
    return true;
}

/* A name that is not there yet. */
static bool name_add(struct dictionary *d, struct arena *a, uint32_t owner, str name,
                     uint32_t index)
{
    if (d->slot_n >= d->slot_cap / 2 && !slots_grow(d, a))
        return false;
    *slot_of(d, owner, name) = (struct dictionary_slot){name, owner, index + 1};
    d->slot_n++;
    return true;
}

/* The place from 1, or 0. */
static uint32_t name_find(const struct dictionary *d, uint32_t owner, str name)
{
    return d->slot_cap ? slot_of(d, owner, name)->place : 0;
}

static struct dictionary_event *event_add(struct dictionary *d, struct arena *a, str name)
{
    struct dictionary_event *event = grown(a, d->event, d->event_n, sizeof *event);

    if (!event || !name_add(d, a, EVENTS, name, d->event_n))
        return NULL;
    d->event = event;
    event += d->event_n++;
    *event = (struct dictionary_event){.name = name};
    return event;
}

static struct dictionary_event *event_find(const struct dictionary *d, str name)
{
    uint32_t place = name_find(d, EVENTS, name);

    return place ? &d->event[place - 1] : NULL;
}

const struct dictionary_event *dictionary_event(const struct dictionary *d, str name)
{
    return event_find(d, name);
}

const struct dictionary_property *dictionary_trait(const struct dictionary *d, str name)
{
    uint32_t place = name_find(d, TRAITS, name);

    return place ? &d->trait[place - 1] : NULL;
}

static uint32_t place_of(const struct dictionary *d, const struct dictionary_event *e)
{
    return (uint32_t)(e - d->event);
}

const struct dictionary_property *dictionary_property(const struct dictionary *d,
                                                      const struct dictionary_event *e,
                                                      str name)
{
    uint32_t place = name_find(d, place_of(d, e), name);

    return place ? &e->property[place - 1] : NULL;
}

/* The properties of one owner. */
struct properties {
    uint32_t owner;
    struct dictionary_property **property;
    uint32_t *n;
};

static struct properties traits_of(struct dictionary *d)
{
    return (struct properties){TRAITS, &d->trait, &d->trait_n};
}

static struct properties properties_of(const struct dictionary *d,
                                       struct dictionary_event *e)
{
    return (struct properties){place_of(d, e), &e->property, &e->property_n};
}

static bool property_add(struct dictionary *d, struct properties to, struct arena *a,
                         struct dictionary_property added)
{
    struct dictionary_property *room = grown(a, *to.property, *to.n, sizeof *room);

    if (!room || !name_add(d, a, to.owner, added.name, *to.n))
        return false;
    *to.property = room;
    room[(*to.n)++] = added;
    return true;
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

static bool sources_parse(const struct yaml *list, struct arena *a, struct keep *keep,
                          struct err *err)
{
    str *source;

    if (!list->n || list->n > KEEP_SOURCES_MAX)
        return err_at(err, list->line, list->column, "keep must name 1 to %u sources",
                      KEEP_SOURCES_MAX);
    source = arena_array(a, str, list->n);
    if (!source)
        return err_nomem(err);
    for (uint32_t i = 0; i < list->n; i++) {
        const struct yaml *node = list->item[i];

        if (!name_parse(node, "a source", &source[i], err))
            return false;
        for (uint32_t k = 0; k < i; k++)
            if (str_eq(source[k], source[i]))
                return err_at(err, node->line, node->column,
                              "the source '%.*s' stands here twice", STR_FMT(source[i]));
    }
    *keep = (struct keep){KEEP_SOURCES, source, (uint32_t)list->n};
    return true;
}

/* `newest`, `first`, or a list of sources. */
static bool keep_parse(const struct yaml *node, struct arena *a, struct keep *keep,
                       struct err *err)
{
    static const str known[] = {STR("newest"), STR("first")};
    str near;

    if (node->type == YAML_LIST)
        return sources_parse(node, a, keep, err);
    for (int i = 0; node->type == YAML_SCALAR && i < 2; i++)
        if (str_eq(node->text, known[i])) {
            keep->kind = i ? KEEP_FIRST : KEEP_NEWEST;
            return true;
        }
    near = node->type == YAML_SCALAR ? str_nearest(node->text, known, 2) : STR("");
    if (near.n)
        return err_at(err, node->line, node->column,
                      "keep cannot be '%.*s': did you mean '%.*s'?", STR_FMT(node->text),
                      STR_FMT(near));
    return err_at(
        err, node->line, node->column,
        "keep must be newest, first, or a list of sources, such as [crm, shop]");
}

/* `money`, or `{ type: money, personal: true }`; of a trait with keep, too. */
static bool declared_parse(const struct yaml *node, bool is_trait, struct arena *a,
                           struct dictionary_property *p, struct err *err)
{
    static const str keys[] = {STR("type"), STR("personal"), STR("keep")};
    const struct yaml *type, *keep;

    if (node->type != YAML_MAP)
        return type_parse(node, &p->type, err);
    type = yaml_find(node, STR("type"));
    keep = yaml_find(node, STR("keep"));
    return yaml_check_keys(node, keys, is_trait ? 3 : 2,
                           is_trait ? "a trait" : "a property", err)
           && (type || err_at(err, node->line, node->column, "type is missing"))
           && type_parse(type, &p->type, err)
           && yaml_get_bool(node, STR("personal"), &p->personal, err)
           && (!keep || keep_parse(keep, a, &p->keep, err));
}

static bool properties_parse(struct dictionary *d, const struct yaml *map,
                             const char *what, struct arena *a, struct properties out,
                             struct err *err)
{
    for (size_t i = 0; i < map->n; i++) {
        struct dictionary_property p = {.learned = false};

        if (!name_parse(map->key[i], what, &p.name, err)
            || !declared_parse(map->item[i], out.owner == TRAITS, a, &p, err))
            return false;
        if (!property_add(d, out, a, p))
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
        if (!name_add(d, a, EVENTS, alias[i], place_of(d, event)))
            return err_nomem(err);
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
               || properties_parse(d, properties, "a property's name", a,
                                   properties_of(d, event), err));
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
               || properties_parse(out, traits, "a trait's name", a, traits_of(out),
                                   err));
}

/* --- from the data --- */

/* Where values of several types came, the most general is learned, whichever came first. */
static bool property_learn(struct dictionary *d, struct properties of, struct arena *a,
                           str name, enum value_type raw)
{
    uint32_t place = name_find(d, of.owner, name);

    if (raw == VALUE_NULL)
        return true;
    if (place) {
        struct dictionary_property *known = &(*of.property)[place - 1];

        if (known->learned && raw > known->type)
            known->type = raw;
        return true;
    }
    name = arena_str(a, name);
    return name.p
           && property_add(
               d, of, a,
               (struct dictionary_property){.name = name, .type = raw, .learned = true});
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
    return !event || property_learn(d, properties_of(d, event), a, name, raw);
}

bool dictionary_add_lists(struct dictionary *d, struct arena *a)
{
    struct dictionary_event *event = event_add(d, a, STR(EVENT_LISTED));

    if (!event)
        return false;
    event->passive = true;
    return property_add(
               d, properties_of(d, event), a,
               (struct dictionary_property){.name = STR("list"), .type = VALUE_TEXT})
           && property_add(
               d, properties_of(d, event), a,
               (struct dictionary_property){.name = STR("listed"), .type = VALUE_BOOL});
}

bool dictionary_learn_trait(struct dictionary *d, struct arena *a, str name,
                            enum value_type raw)
{
    return property_learn(d, traits_of(d), a, name, raw);
}

/* --- strict --- */

enum value_type dictionary_raw(enum value_type type)
{
    return type == VALUE_MONEY ? VALUE_NUMBER : type == VALUE_MOMENT ? VALUE_TEXT : type;
}

enum { SHOWN = 60 }; /* bytes of a name, so that the reason has room */

static int shown(str name)
{
    return name.n < SHOWN ? (int)name.n : SHOWN;
}

/* `of` is the event; NULL: a trait. */
static bool value_check(const struct dictionary_property *declared, str of,
                        const struct property *p, const struct zone *zone,
                        struct err *err)
{
    const char *what = of.p ? "the property" : "the trait";
    str type;
    struct err unheard;
    int64_t at_ms;

    if (!declared || declared->learned)
        return err_set(err, ERR_INPUT, "the model declares no %s \"%.*s\"%s%.*s",
                       what + 4, shown(p->name), p->name.p, of.p ? " of " : "", shown(of),
                       of.p ? of.p : "");
    if (p->value.type == VALUE_NULL
        || (p->value.type == dictionary_raw(declared->type)
            && (declared->type != VALUE_MOMENT
                || moment_parse(p->value.text, zone, &at_ms, &unheard))))
        return true;
    type = value_type_name(declared->type);
    return err_set(err, ERR_INPUT, "%s \"%.*s\"%s%.*s must be of type %.*s", what,
                   shown(p->name), p->name.p, of.p ? " of " : "", shown(of),
                   of.p ? of.p : "", STR_FMT(type));
}

static bool properties_check(const struct dictionary *d, const struct zone *zone,
                             const struct event *e, struct err *err)
{
    const struct dictionary_event *event = dictionary_event(d, e->type);

    if (event_type_is_reserved(e->type))
        return true;
    if (!event || event->learned)
        return err_set(err, ERR_INPUT, "the model declares no event \"%.*s\"",
                       shown(e->type), e->type.p);
    for (uint32_t i = 0; i < e->property_n; i++)
        if (!str_starts(e->property[i].name, STR("context."))
            && !value_check(dictionary_property(d, event, e->property[i].name),
                            event->name, &e->property[i], zone, err))
            return false;
    return true;
}

bool dictionary_check(const struct dictionary *d, const struct zone *zone,
                      const struct event *e, struct err *err)
{
    if (!properties_check(d, zone, e, err))
        return false;
    for (uint32_t i = 0; i < e->trait_n; i++)
        if (!value_check(dictionary_trait(d, e->trait[i].name), (str){0}, &e->trait[i],
                         zone, err))
            return false;
    return true;
}
