/* who.c - the ids of an event, out of what it came with. */
#include "event/event_impl.h"

#include "base/hash.h"
#include "base/num.h"

#include <string.h>

/* The same for every event of a file at any time: who somebody is must not hang on a setting that
 * may change. */
static const struct id_rules rules;

struct finding {
    struct arena *a;
    struct id id[EVENT_IDS_MAX];
    uint32_t n, implied;
    struct id raw; /* the first that tells nobody, as it came, ... */
    struct err why;
};

/* In their order, each once; those beyond the last place are left out. */
static void keep(struct finding *f, struct id id, bool implied)
{
    uint32_t at = 0, below;

    while (at < f->n && id_compare(f->id[at], id) < 0)
        at++;
    below = (UINT32_C(1) << at) - 1;
    if (at == f->n || id_compare(f->id[at], id) != 0) {
        if (f->n == EVENT_IDS_MAX)
            return;
        memmove(&f->id[at + 1], &f->id[at], (f->n++ - at) * sizeof id);
        f->id[at] = id;
        f->implied = (f->implied & below) | (f->implied & ~below) << 1;
    }
    if (implied)
        f->implied |= UINT32_C(1) << at;
}

/* False only for want of memory. */
static bool add(struct finding *f, str system, enum id_kind kind, str raw, bool implied,
                struct err *err)
{
    struct err why;
    struct id id;

    if (system.n ? id_parse_named(&rules, system, raw, f->a, &id, &why)
                 : id_parse(&rules, kind, raw, f->a, &id, &why)) {
        keep(f, id, implied);
        return true;
    }
    if (why.code != ERR_INPUT) {
        *err = why;
        return false;
    }
    if (!f->raw.value.n && !system.n) {
        f->raw = (struct id){kind, raw};
        f->why = why;
    }
    return true;
}

static bool number_text(struct arena *a, int64_t number, str *out, struct err *err)
{
    struct buf b = {0};

    num_print(&b, number);
    *out = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_free(&b);
    return out->p || err_nomem(err);
}

static bool value_text(struct arena *a, const struct value *v, str *out, struct err *err)
{
    *out = v->type == VALUE_TEXT ? v->text : STR("");
    return v->type != VALUE_NUMBER || number_text(a, v->number, out, err);
}

/* What a trait or property of this name says. */
static bool add_implied(struct finding *f, const struct property *p, uint32_t n, str name,
                        enum id_kind kind, struct err *err)
{
    const struct value *v = property_find(p, n, name);
    str text;

    return !v
           || (value_text(f->a, v, &text, err)
               && (!text.n || add(f, STR(""), kind, text, true, err)));
}

static bool add_all_implied(struct finding *f, const struct event *e, struct err *err)
{
    bool says_who = str_eq(e->type, STR("identify"));

    return (!says_who
            || (add_implied(f, e->trait, e->trait_n, STR("email"), ID_EMAIL, err)
                && add_implied(f, e->trait, e->trait_n, STR("phone"), ID_PHONE, err)))
           && add_implied(f, e->property, e->property_n, STR("context.device.id"),
                          ID_DEVICE, err)
           && add_implied(f, e->property, e->property_n,
                          STR("context.device.advertisingId"), ID_DEVICE, err);
}

/* Only of a user it is said what he was called before. */
static bool find_previous(struct finding *f, struct event *e, struct err *err)
{
    struct finding before = {.a = f->a};

    if (!str_eq(e->type, STR("alias")) || !f->n || f->id[0].kind != ID_USER)
        return true;
    if (!add_implied(&before, e->property, e->property_n, STR("previousId"), ID_USER,
                     err))
        return false;
    if (before.n)
        e->previous = before.id[0].value;
    return true;
}

static bool is_nobody(const struct finding *f, struct event *e, struct err *err)
{
    if (!f->raw.value.n)
        return err_set(err, ERR_INPUT, "userId and anonymousId are missing");
    if (!name_check(f->raw.value, id_kind_name(f->raw.kind).p, err))
        return false;
    e->nobody = arena_str(f->a, str_of(f->why.msg));
    e->customer = id_key(f->raw, f->a);
    return (e->nobody.p && e->customer.p) || err_nomem(err);
}

static bool finish(struct finding *f, struct event *e, struct err *err)
{
    bool is_account = f->n == 1 && f->id[0].kind == ID_GROUP;
    struct id *who;

    e->nobody = e->previous = STR("");
    e->who = NULL;
    e->who_n = e->implied = 0;
    if (!is_account
        && !add_all_implied(f, e, err)) /* its e-mail address is no person's */
        return false;
    if (!f->n)
        return is_nobody(f, e, err);
    who = arena_array(f->a, struct id, f->n);
    if (!who)
        return err_nomem(err);
    memcpy(who, f->id, f->n * sizeof *who);
    e->who = who;
    e->who_n = f->n;
    e->implied = f->implied;
    e->customer = id_key(who[0], f->a);
    return e->customer.p ? find_previous(f, e, err) : err_nomem(err);
}

bool event_set_who(struct event *e, const struct event_id *raw, uint32_t n,
                   struct arena *a, struct err *err)
{
    struct finding f = {.a = a};

    for (uint32_t i = 0; i < n; i++)
        if (!add(&f, raw[i].system, raw[i].kind, raw[i].value, false, err))
            return false;
    return finish(&f, e, err);
}

/* --- decisions --- */

static str text_of(const struct event *e, str name)
{
    const struct value *v = property_find(e->property, e->property_n, name);

    return v && v->type == VALUE_TEXT ? v->text : STR("");
}

static bool decided_id(str kind, str value, struct arena *a, struct id *out,
                       struct err *err)
{
    for (int k = 0; k < ID_KIND_N; k++)
        if (str_eq(kind, id_kind_name((enum id_kind)k)))
            return id_parse(&rules, (enum id_kind)k, value, a, out, err);
    return err_set(err, ERR_INPUT, "the kind of an id is none that there is");
}

bool event_decision(const struct event *e, struct arena *a, struct decision *out,
                    struct err *err)
{
    *out =
        (struct decision){.says = text_of(e, STR("says")), .by = text_of(e, STR("by"))};
    if (!str_eq(out->says, STR("merge")) && !str_eq(out->says, STR("apart"))
        && !str_eq(out->says, STR("undecided")))
        return err_set(err, ERR_INPUT, "says is none of merge, apart, undecided");
    if (!decided_id(text_of(e, STR("a_kind")), text_of(e, STR("a")), a, &out->a, err)
        || !decided_id(text_of(e, STR("b_kind")), text_of(e, STR("b")), a, &out->b, err))
        return false;
    if (id_compare(out->a, out->b) == 0)
        return err_set(err, ERR_INPUT, "an id is nobody else than itself: name two ids");
    return !str_eq(out->says, STR("merge"))
           || (out->a.kind == ID_GROUP) == (out->b.kind == ID_GROUP)
           || err_set(err, ERR_INPUT, "an account and a person are not one customer");
}

/* --- of a call --- */

/* A text, or a number, since shops number their customers. */
bool text_read(const struct json *json, const char *what, struct arena *a, str *out,
               struct err *err)
{
    switch (json->type) {
    case JSON_TEXT:
        *out = json->text;
        return true;
    case JSON_NUMBER:
        return json->fits
                   ? number_text(a, json->number, out, err)
                   : err_set(err, ERR_INPUT, "%s is a number that is too large", what);
    case JSON_NULL:
    case JSON_BOOL:
    case JSON_LIST:
    case JSON_OBJECT:
        break;
    }
    return err_set(err, ERR_INPUT, "%s is no text", what);
}

/* Some SDKs send an empty text for an id that is missing. */
static bool add_member(struct finding *f, const struct json *of, str name,
                       enum id_kind kind, struct err *err)
{
    const struct json *id = call_member(of, name);
    str text;

    return !id
           || (text_read(id, id_kind_name(kind).p, f->a, &text, err)
               && (!text.n || add(f, STR(""), kind, text, false, err)));
}

/* What cannot be read of them tells nobody. */
static bool add_external(struct finding *f, const struct json *list, struct err *err)
{
    for (size_t i = 0; list && list->type == JSON_LIST && i < list->n; i++) {
        str system = json_find_text(&list->item[i], STR("type"));
        const struct json *id = call_member(&list->item[i], STR("id"));
        struct err why;
        str text;

        if (!system.n || !id)
            continue;
        if (text_read(id, "id", f->a, &text, &why)) {
            if (!add(f, system, ID_OTHER, text, false, err))
                return false;
        } else if (why.code != ERR_INPUT) {
            *err = why;
            return false;
        }
    }
    return true;
}

/* Some of it stands among the properties already, where call_parse made them of the context. */
static bool add_device(struct finding *f, const struct json *device, struct err *err)
{
    static const str name[] = {{"id", 2}, {"advertisingId", 13}};

    for (size_t i = 0; device && i < sizeof name / sizeof *name; i++) {
        const struct json *id = json_find(device, name[i]);

        if (id && id->type == JSON_TEXT && id->text.n
            && !add(f, STR(""), ID_DEVICE, id->text, false, err))
            return false;
    }
    return true;
}

bool who_read(const struct json *call, struct arena *a, struct event *out,
              struct err *err)
{
    struct finding f = {.a = a};
    const struct json *context = call_member(call, STR("context"));

    return add_member(&f, call, STR("userId"), ID_USER, err)
           && add_member(&f, call, STR("anonymousId"), ID_ANONYMOUS, err)
           && add_external(&f, json_find(context, STR("externalIds")), err)
           && add_device(&f, json_find(context, STR("device")), err)
           && (f.n || f.raw.value.n || str_eq(out->type, STR("group"))
               || add_member(&f, call, STR("groupId"), ID_GROUP, err))
           && finish(&f, out, err);
}

/* --- accounts --- */

bool event_account(const struct event *e, struct arena *a, struct id *out, bool *there,
                   struct err *err)
{
    struct err why;
    str text = STR("");

    *there = false;
    if (!str_eq(e->type, STR("group")) || id_of_key(e->customer).kind == ID_GROUP)
        return true;
    for (uint32_t i = 0; i < e->property_n; i++)
        if (str_eq(e->property[i].name, STR("groupId"))
            && !value_text(a, &e->property[i].value, &text, err))
            return false;
    if (!text.n)
        return true;
    *there = id_parse(&rules, ID_GROUP, text, a, out, &why);
    if (*there || why.code == ERR_INPUT)
        return true;
    *err = why;
    return false;
}

/* Of the properties "traits.x" of a group event the account's trait x, and who says it. */
static bool account_traits(const struct event *e, struct arena *a, struct event *out,
                           struct err *err)
{
    struct property *trait = arena_array(a, struct property, e->property_n);
    struct property *source = arena_new(a, struct property);

    if (!trait || !source)
        return err_nomem(err);
    out->trait = trait;
    out->property = source;
    for (uint32_t i = 0; i < e->property_n; i++)
        if (str_eq(e->property[i].name, STR(EVENT_SOURCE))) {
            *source = e->property[i];
            out->property_n = 1;
        } else if (str_starts(e->property[i].name, STR("traits.")))
            trait[out->trait_n++] = (struct property){
                str_from(e->property[i].name, STR("traits.").n), e->property[i].value};
    return true;
}

bool event_of_account(const struct event *e, struct arena *a, struct event *out,
                      bool *there, struct err *err)
{
    struct buf text = {0};
    struct id id, *who;

    if (!event_account(e, a, &id, there, err))
        return false;
    if (!*there)
        return true;
    who = arena_new(a, struct id);
    buf_add(&text, STR("account:"));
    hash128_print(&text, hash128_of(e->id));
    *out = (struct event){
        .at_ms = e->at_ms,
        .type = STR("identify"),
        .customer = id_key(id, a),
        .id = text.failed ? (str){NULL, 0} : arena_str(a, buf_str(&text)),
        .who = who,
        .who_n = 1,
    };
    buf_free(&text);
    if (!who || !out->id.p || !out->customer.p)
        return err_nomem(err);
    *who = id;
    return account_traits(e, a, out, err);
}

/* --- in print --- */

static void print_external(struct json_out *to, struct id id, bool *begun)
{
    str system = id_kind_name(id.kind), value = id.value;
    const char *colon = id.kind == ID_OTHER ? memchr(value.p, ':', value.n) : NULL;

    if (colon) {
        system.n = (size_t)(colon - value.p);
        system.p = value.p;
        value = str_from(value, system.n + 1);
    }
    buf_add(to->to, *begun ? STR(",{\"type\":") : STR("{\"type\":"));
    *begun = true;
    json_put_text(to, system);
    buf_add(to->to, STR(",\"id\":"));
    json_put_text(to, value);
    buf_add_char(to->to, '}');
}

/* Where they are printed: the first of each of these two kinds has a name of its own, others
 * follow from what is printed besides. */
static bool is_external(const struct event *e, uint32_t i)
{
    enum id_kind kind = e->who[i].kind;

    return !(e->implied >> i & 1) && kind != ID_GROUP
           && (kind > ID_ANONYMOUS || (i && e->who[i - 1].kind == kind));
}

bool who_has_external(const struct event *e)
{
    for (uint32_t i = 0; i < e->who_n; i++)
        if (is_external(e, i))
            return true;
    return !e->who_n && !e->nobody.n && id_of_key(e->customer).kind > ID_ANONYMOUS
           && id_of_key(e->customer).kind != ID_GROUP;
}

void who_print_external(const struct event *e, struct json_out *to)
{
    bool begun = false;

    buf_add(to->to, STR("\"externalIds\":["));
    if (!e->who_n && !e->nobody.n)
        print_external(to, id_of_key(e->customer), &begun);
    for (uint32_t i = 0; i < e->who_n; i++)
        if (is_external(e, i))
            print_external(to, e->who[i], &begun);
    buf_add_char(to->to, ']');
}

static void print_named(struct json_out *to, const char *name, str value)
{
    buf_add_char(to->to, ',');
    json_put_text(to, str_of(name));
    buf_add_char(to->to, ':');
    json_put_text(to, value);
}

void who_print(const struct event *e, struct json_out *to)
{
    struct id anchor = id_of_key(e->customer);

    if (anchor.kind == ID_USER)
        print_named(to, "userId", anchor.value);
    else if (anchor.kind == ID_ANONYMOUS)
        print_named(to, "anonymousId", anchor.value);
    else if (anchor.kind == ID_GROUP)
        print_named(to, "groupId", anchor.value);
    for (uint32_t i = 1; anchor.kind == ID_USER && i < e->who_n; i++) {
        if (e->who[i].kind != ID_ANONYMOUS)
            continue;
        print_named(to, "anonymousId", e->who[i].value);
        return;
    }
}
