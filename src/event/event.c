#include "event/event_impl.h"

#include "base/hash.h"
#include "base/num.h"
#include "base/time.h"

#include <string.h>

bool event_type_is_reserved(str type)
{
    static const str reserved[] = {STR("any"),       STR("identify"), STR("group"),
                                   STR("alias"),     STR("consent"),  STR(EVENT_DECIDED),
                                   STR(EVENT_LISTED)};

    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++) {
        if (str_eq(type, reserved[i]))
            return true;
    }
    return false;
}

bool event_type_is_noted(str type)
{
    return str_eq(type, STR(EVENT_DECIDED)) || str_eq(type, STR(EVENT_LISTED));
}

bool name_check(str name, const char *what, struct err *err)
{
    if (!name.n)
        return err_set(err, ERR_INPUT, "%s is empty", what);
    if (name.n > EVENT_NAME_MAX)
        return err_set(err, ERR_INPUT, "%s is longer than %u bytes", what,
                       EVENT_NAME_MAX);
    for (size_t i = 0; i < name.n; i++) {
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
            return err_set(err, ERR_INPUT, "%s holds a control character", what);
    }
    return true;
}

static bool buf_to_arena(struct buf *b, struct arena *a, str *out, struct err *err)
{
    *out = (str){NULL, 0};
    if (!b->failed)
        *out = arena_str(a, buf_str(b));
    buf_free(b);
    return out->p || err_nomem(err);
}

const struct json *call_member(const struct json *json, str name)
{
    const struct json *found = json_find(json, name);

    return found && found->type != JSON_NULL ? found : NULL;
}

static bool text_check(str text, str property, struct err *err)
{
    return text.n <= EVENT_TEXT_MAX
           || err_set(err, ERR_INPUT, "%.*s holds a text longer than %u bytes",
                      STR_FMT(property), EVENT_TEXT_MAX);
}

static bool number_check(const struct json *json, str property, struct err *err)
{
    return json->fits
           || err_set(err, ERR_INPUT, "%.*s holds a number that is too large",
                      STR_FMT(property));
}

bool put_json(struct json_out *to, const struct json *json)
{
    bool ok = true;

    switch (json->type) {
    case JSON_NULL:
        json_put_null(to);
        break;
    case JSON_BOOL:
        json_put_bool(to, json->truth);
        break;
    case JSON_NUMBER:
        json_put_num(to, json->number);
        return json->fits;
    case JSON_TEXT:
        json_put_text(to, json->text);
        break;
    case JSON_LIST:
        json_begin_list(to);
        for (size_t i = 0; i < json->n && ok; i++)
            ok = put_json(to, &json->item[i]);
        json_end_list(to);
        break;
    case JSON_OBJECT:
        json_begin_object(to);
        for (size_t i = 0; i < json->n && ok; i++) {
            json_key_str(to, json->name[i]);
            ok = put_json(to, &json->item[i]);
        }
        json_end_object(to);
        break;
    }
    return ok;
}

static bool item_parse(const struct json *json, str property, struct arena *a, str *out,
                       struct err *err)
{
    struct buf b = {0};
    struct json_out to = {.to = &b};

    if (json->type == JSON_TEXT) {
        *out = json->text;
    } else if (!put_json(&to, json)) {
        buf_free(&b);
        return err_set(err, ERR_INPUT, "%.*s holds a number that is too large",
                       STR_FMT(property));
    } else if (!buf_to_arena(&b, a, out, err)) {
        return false;
    }
    return text_check(*out, property, err);
}

static bool list_parse(const struct json *json, str property, struct arena *a,
                       struct value *out, struct err *err)
{
    str *item = arena_array(a, str, json->n);

    if (!item)
        return err_nomem(err);
    if (json->n > UINT32_MAX)
        return err_set(err, ERR_INPUT, "%.*s is a list that is too long",
                       STR_FMT(property));
    for (size_t i = 0; i < json->n; i++) {
        if (!item_parse(&json->item[i], property, a, &item[i], err))
            return false;
    }
    *out = (struct value){.type = VALUE_LIST, .list = {item, (uint32_t)json->n}};
    return true;
}

enum { FEW = 16 }; /* properties that are looked through one by one */

static uint32_t slots(const struct found *f)
{
    return 2 * f->cap;
}

/* That of the name, or the empty one that would be its. */
static uint32_t *slot_of(const struct found *f, str name)
{
    uint32_t i = (uint32_t)hash64(name) & (slots(f) - 1);

    while (f->slot[i] && !str_eq(f->property[f->slot[i] - 1].name, name))
        i = (i + 1) & (slots(f) - 1);
    return &f->slot[i];
}

static struct property *found_find(const struct found *f, str name)
{
    uint32_t number;

    if (f->slot)
        return (number = *slot_of(f, name)) ? &f->property[number - 1] : NULL;
    for (uint32_t i = 0; i < f->n; i++)
        if (str_eq(f->property[i].name, name))
            return &f->property[i];
    return NULL;
}

static void find_anew(struct found *f)
{
    if (!f->slot)
        return;
    memset(f->slot, 0, slots(f) * sizeof *f->slot);
    for (uint32_t i = 0; i < f->n; i++)
        *slot_of(f, f->property[i].name) = i + 1;
}

static bool found_grow(struct found *f, struct err *err)
{
    uint32_t cap = f->cap ? f->cap * 2 : FEW / 2;
    struct property *grown = arena_array(f->a, struct property, cap);

    if (!grown)
        return err_nomem(err);
    if (f->n)
        memcpy(grown, f->property, f->n * sizeof *grown);
    f->property = grown;
    f->cap = cap;
    if (cap <= FEW)
        return true;
    f->slot = arena_array(f->a, uint32_t, slots(f));
    if (!f->slot)
        return err_nomem(err);
    find_anew(f);
    return true;
}

static bool found_add(struct found *f, str name, struct value value, bool fill,
                      struct err *err)
{
    struct property *known = found_find(f, name);

    if (known) { /* of doubles the last is kept, as in JSON */
        if (!fill)
            known->value = value;
        return true;
    }
    if (f->n == EVENT_PROPERTIES_MAX)
        return err_set(err, ERR_INPUT, "it has more than %u properties or traits",
                       EVENT_PROPERTIES_MAX);
    if (f->n == f->cap && !found_grow(f, err))
        return false;
    f->property[f->n++] = (struct property){name, value};
    if (f->slot)
        *slot_of(f, name) = f->n;
    return true;
}

static bool name_join(struct arena *a, str prefix, str name, str *out, struct err *err)
{
    char *joined;

    *out = name;
    if (!prefix.n || !name.n)
        return true;
    joined = arena_alloc(a, prefix.n + 1 + name.n, 1);
    if (!joined)
        return err_nomem(err);
    memcpy(joined, prefix.p, prefix.n);
    joined[prefix.n] = '.';
    memcpy(joined + prefix.n + 1, name.p, name.n);
    *out = (str){joined, prefix.n + 1 + name.n};
    return true;
}

bool found_add_json(struct found *f, str name, const struct json *item, bool fill,
                    struct err *err)
{
    struct value value = {.type = VALUE_NULL};

    if (!name_check(name, f->what, err))
        return false;
    switch (item->type) {
    case JSON_OBJECT:
        return found_parse(f, name, item, fill, err);
    case JSON_NULL:
        if (!f->keep_null || !str_starts(name, str_of(f->keep_null)))
            return true;
        break;
    case JSON_BOOL:
        value = (struct value){.type = VALUE_BOOL, .truth = item->truth};
        break;
    case JSON_NUMBER:
        if (!number_check(item, name, err))
            return false;
        value = (struct value){.type = VALUE_NUMBER, .number = item->number};
        break;
    case JSON_TEXT:
        if (!text_check(item->text, name, err))
            return false;
        value = (struct value){.type = VALUE_TEXT, .text = item->text};
        break;
    case JSON_LIST:
        if (!list_parse(item, name, f->a, &value, err))
            return false;
        break;
    }
    return found_add(f, name, value, fill, err);
}

/* Flattens: {"a":{"b":1}} is a.b = 1. */
bool found_parse(struct found *f, str prefix, const struct json *object, bool fill,
                 struct err *err)
{
    for (size_t i = 0; i < object->n; i++) {
        str name;

        if (!name_join(f->a, prefix, object->name[i], &name, err)
            || !found_add_json(f, name, &object->item[i], fill, err))
            return false;
    }
    return true;
}

bool object_find(const struct json *json, str name, const struct json **out,
                 struct err *err)
{
    *out = call_member(json, name);
    return !*out || (*out)->type == JSON_OBJECT
           || err_set(err, ERR_INPUT, "%.*s is no object", STR_FMT(name));
}

/* What the member `name`, an object, holds. */
static bool member_parse(struct found *f, const struct json *json, str name, str prefix,
                         struct err *err)
{
    const struct json *object;

    return object_find(json, name, &object, err)
           && (!object || found_parse(f, prefix, object, false, err));
}

const struct value *property_find(const struct property *p, uint32_t n, str name)
{
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(p[i].name, name))
            return &p[i].value;
    return NULL;
}

static bool is_of_type(const struct property *p, uint32_t n, str name,
                       enum value_type type)
{
    const struct value *v = property_find(p, n, name);

    return v && v->type == type;
}

bool event_is_consent(const struct property *p, uint32_t n)
{
    return is_of_type(p, n, STR("channel"), VALUE_TEXT)
           && is_of_type(p, n, STR("purpose"), VALUE_TEXT)
           && is_of_type(p, n, STR("granted"), VALUE_BOOL);
}

bool event_is_listing(const struct property *p, uint32_t n)
{
    return is_of_type(p, n, STR("list"), VALUE_TEXT)
           && is_of_type(p, n, STR("listed"), VALUE_BOOL);
}

static bool read_track(const struct json *json, struct found *f, struct event *out,
                       struct err *err)
{
    const struct json *name = json_find(json, STR("event"));

    if (!name || name->type != JSON_TEXT)
        return err_set(err, ERR_INPUT, "event, the name of what happened, is no text");
    out->type = name->text;
    if (!name_check(out->type, "event, the name of what happened,", err))
        return false;
    if (event_type_is_reserved(out->type) && !str_eq(out->type, STR("consent"))
        && !str_eq(out->type, STR(EVENT_DECIDED))
        && !str_eq(out->type, STR(EVENT_LISTED)))
        return err_set(
            err, ERR_INPUT,
            "event is a name that Ciclo keeps for itself (any, identify, group, alias)");
    if (str_eq(out->type, STR(EVENT_LISTED)) && !event_is_listing(f->property, f->n))
        return err_set(err, ERR_INPUT, EVENT_NO_LISTING);
    return !str_eq(out->type, STR("consent")) || event_is_consent(f->property, f->n)
           || err_set(err, ERR_INPUT, EVENT_NO_CONSENT);
}

/* Members beside `properties` become properties too, unless there are such already. */
static bool read_beside(const struct json *json, const str *name, size_t n,
                        struct found *f, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        const struct json *member = call_member(json, name[i]);

        if (member && !found_add_json(f, name[i], member, true, err))
            return false;
    }
    return true;
}

static bool read_view(const struct json *json, struct found *f,
                      [[maybe_unused]] struct event *out, struct err *err)
{
    return read_beside(json, (const str[]){STR("name"), STR("category")}, 2, f, err);
}

static bool need(const struct found *f, str name, struct err *err)
{
    return property_find(f->property, f->n, name)
           || err_set(err, ERR_INPUT, "%.*s is missing", STR_FMT(name));
}

/* As properties they stand behind this name: what null takes away is the account's. */
#define ACCOUNT_TRAITS "traits."

static bool read_group(const struct json *json, struct found *f,
                       [[maybe_unused]] struct event *out, struct err *err)
{
    const str id = STR("groupId");

    return read_beside(json, &id, 1, f, err) && need(f, id, err)
           && member_parse(f, json, STR("traits"), STR("traits"), err);
}

static bool read_alias(const struct json *json, struct found *f,
                       [[maybe_unused]] struct event *out, struct err *err)
{
    const str id = STR("previousId");

    return read_beside(json, &id, 1, f, err) && need(f, id, err);
}

/* It has no properties but those that context made. */
static bool read_identify([[maybe_unused]] const struct json *json, struct found *f,
                          [[maybe_unused]] struct event *out,
                          [[maybe_unused]] struct err *err)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < f->n; i++)
        if (str_starts(f->property[i].name, STR("context.")))
            f->property[kept++] = f->property[i];
    f->n = kept;
    find_anew(f);
    return true;
}

static const struct call_type {
    str type;
    bool (*read)(const struct json *json, struct found *f, struct event *out,
                 struct err *err);
    bool is_of_customer; /* what stands in `traits` */
} call_types[] = {
    {{"track", 5}, read_track, false}, {{"identify", 8}, read_identify, true},
    {{"page", 4}, read_view, false},   {{"screen", 6}, read_view, false},
    {{"group", 5}, read_group, false}, {{"alias", 5}, read_alias, false},
};

static const struct call_type *find_type(str type)
{
    for (size_t i = 0; i < sizeof call_types / sizeof *call_types; i++)
        if (str_eq(call_types[i].type, type))
            return &call_types[i];
    return NULL;
}

bool moment_read(const struct json *time, int64_t *out, struct err *err)
{
    struct err why;

    return (time->type == JSON_TEXT && moment_parse(time->text, NULL, out, &why))
           || err_set(err, ERR_INPUT,
                      "timestamp is no moment such as 2026-11-21T10:00:00.000Z");
}

bool id_read(const struct json *json, struct arena *a, struct event *out, struct err *err)
{
    const struct json *id = call_member(json, STR("messageId"));

    return !id
           || (text_read(id, "messageId", a, &out->id, err)
               && name_check(out->id, "messageId", err));
}

/* Of an identify call too they may stand in the context alone: RudderStack's browser SDK. */
static bool read_traits(const struct json *json, const struct json *context, bool own,
                        struct arena *a, struct event *out, struct err *err)
{
    struct found f = {.a = a, .what = "the name of a trait", .keep_null = ""};

    if (!member_parse(&f, context, STR("traits"), STR(""), err)
        || (own && !member_parse(&f, json, STR("traits"), STR(""), err)))
        return false;
    out->trait = f.property;
    out->trait_n = f.n;
    return true;
}

bool event_read(const struct json *json, str type, struct found *f, struct event *out,
                struct err *err)
{
    const struct call_type *call = find_type(type);
    const struct json *context;

    if (!call)
        return err_set(err, ERR_INPUT,
                       "type is none of track, identify, page, screen, group, alias");
    out->type = call->type;
    if (call->read == read_group)
        f->keep_null = ACCOUNT_TRAITS;
    return member_parse(f, json, STR("properties"), STR(""), err)
           && object_find(json, STR("context"), &context, err)
           && read_traits(json, context, call->is_of_customer, f->a, out, err)
           && call->read(json, f, out, err);
}

bool event_parse(const struct json *json, struct arena *a, struct event *out,
                 struct err *err)
{
    struct found f = {.a = a, .what = "the name of a property"};
    const struct json *time = call_member(json, STR("timestamp"));

    *out = (struct event){0};
    if (json->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "it is no JSON object");
    if (!time)
        time = call_member(json, STR("originalTimestamp"));
    if (!time)
        return err_set(err, ERR_INPUT, "timestamp is missing");
    if (!id_read(json, a, out, err) || !moment_read(time, &out->at_ms, err)
        || !event_read(json, json_find_text(json, STR("type")), &f, out, err))
        return false;
    out->property = f.property;
    out->property_n = f.n;
    return who_read(json, a, out, err);
}

/* Prints at the depth of no document: one value after the other, with nothing between. */
static void print_value(struct json_out *to, const struct value *v)
{
    switch (v->type) {
    case VALUE_BOOL:
        json_put_bool(to, v->truth);
        break;
    case VALUE_NUMBER:
    case VALUE_MONEY:
    case VALUE_LENGTH:
        json_put_num(to, v->number);
        break;
    case VALUE_MOMENT:
        json_put_moment(to, v->number);
        break;
    case VALUE_TEXT:
        json_put_text(to, v->text);
        break;
    case VALUE_LIST:
        buf_add_char(to->to, '[');
        for (uint32_t i = 0; i < v->list.n; i++) {
            if (i)
                buf_add_char(to->to, ',');
            json_put_text(to, v->list.item[i]);
        }
        buf_add_char(to->to, ']');
        break;
    case VALUE_NULL:
    case VALUE_MISSING:
        json_put_null(to);
        break;
    }
}

static void print_properties(struct json_out *to, const struct property *p, uint32_t n)
{
    char before = '{';

    for (uint32_t i = 0; i < n; i++) {
        if (p[i].value.type == VALUE_MISSING)
            continue;
        buf_add_char(to->to, before);
        json_put_text(to, p[i].name);
        buf_add_char(to->to, ':');
        print_value(to, &p[i].value);
        before = ',';
    }
    buf_add(to->to, before == '{' ? STR("{}") : STR("}"));
}

static void print_context(const struct event *e, bool traits, struct json_out *to)
{
    bool external = who_has_external(e);

    if (!traits && !external)
        return;
    buf_add(to->to, STR(",\"context\":{"));
    if (external)
        who_print_external(e, to);
    if (traits) {
        buf_add(to->to, external ? STR(",\"traits\":") : STR("\"traits\":"));
        print_properties(to, e->trait, e->trait_n);
    }
    buf_add_char(to->to, '}');
}

/* A line of the log for every event that comes in: hence by hand, and not through the
 * brackets and keys of json_out. */
void event_print(const struct event *e, struct buf *to)
{
    struct json_out value = {.to = to};
    const struct call_type *call = find_type(e->type);
    bool identify = str_eq(e->type, STR("identify"));

    if (call && call->read != read_track) {
        buf_add(to, STR("{\"type\":"));
    } else {
        buf_add(to, STR("{\"type\":\"track\",\"event\":"));
    }
    json_put_text(&value, e->type);
    who_print(e, &value);
    if (e->id.n) {
        buf_add(to, STR(",\"messageId\":"));
        json_put_text(&value, e->id);
    }
    buf_add(to, STR(",\"timestamp\":"));
    json_put_moment(&value, e->at_ms);
    if (identify) {
        buf_add(to, STR(",\"traits\":"));
        print_properties(&value, e->trait, e->trait_n);
    }
    if (!identify || e->property_n) {
        buf_add(to, STR(",\"properties\":"));
        print_properties(&value, e->property, e->property_n);
    }
    print_context(e, !identify && e->trait_n, &value);
    buf_add_char(to, '}');
}
