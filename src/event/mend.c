#include "event/mend.h"

#include "base/num.h"
#include "event/event_impl.h"

#include <string.h>

bool mend_parse(enum mend_kind kind, str text, struct mend *out, struct err *err)
{
    const char *is = text.n ? memchr(text.p, '=', text.n) : NULL;

    *out = (struct mend){.kind = kind};
    if (is) {
        out->from = (str){text.p, (size_t)(is - text.p)};
        out->to = str_from(text, out->from.n + 1);
    }
    if (!out->from.n || !out->to.n)
        return err_set(err, ERR_INPUT, "a mend is written OLD=NEW: \"%.*s\" is not",
                       (int)(text.n < 80 ? text.n : 80), text.p);
    if (kind != MEND_VALUE)
        return true;
    return (value_type_parse(out->to, &out->type)
            && (out->type == VALUE_BOOL || out->type == VALUE_NUMBER
                || out->type == VALUE_TEXT))
           || err_set(err, ERR_INPUT,
                      "a value can become a number, a text or a bool: NAME=number");
}

/* --- values --- */

static bool put_scalar(struct json_out *to, const struct json *value,
                       enum value_type type)
{
    struct buf text = {};
    int64_t number;
    bool ok = true;

    switch (type) {
    case VALUE_NUMBER:
        if (value->type != JSON_TEXT || !num_parse(str_trim(value->text), &number))
            return false;
        json_put_num(to, number);
        return true;
    case VALUE_BOOL:
        if (!str_eq(value->text, STR("true")) && !str_eq(value->text, STR("false")))
            return false;
        json_put_bool(to, str_eq(value->text, STR("true")));
        return true;
    case VALUE_TEXT:
        ok = value->type != JSON_OBJECT && value->type != JSON_LIST
             && put_json(&(struct json_out){.to = &text}, value);
        json_put_text(to, buf_str(&text));
        to->to->failed |= text.failed;
        buf_free(&text);
        return ok;
    case VALUE_MISSING:
    case VALUE_NULL:
    case VALUE_LIST:
    case VALUE_MONEY:
    case VALUE_MOMENT:
    case VALUE_LENGTH:
        break;
    }
    return false;
}

static bool is_of(const struct json *value, enum value_type type)
{
    return value->type == JSON_NULL
           || value->type
                  == (type == VALUE_NUMBER ? JSON_NUMBER
                      : type == VALUE_BOOL ? JSON_BOOL
                                           : JSON_TEXT);
}

static bool too_large(str name, struct err *err)
{
    return err_set(err, ERR_INPUT, "%.*s holds a number that is too large",
                   (int)(name.n < 60 ? name.n : 60), name.p);
}

/* --- calls --- */

struct mender {
    const struct mend *mend;
    uint32_t n;
    struct json_out out;
};

static bool put_property(struct mender *m, str name, const struct json *value,
                         struct err *err)
{
    enum value_type type = VALUE_MISSING;

    for (uint32_t i = 0; i < m->n; i++) {
        const struct mend *mend = &m->mend[i];

        if (mend->kind == MEND_TYPE || !str_eq(mend->from, name))
            continue;
        if (mend->kind == MEND_PROPERTY)
            name = mend->to;
        else
            type = mend->type;
    }
    json_key_str(&m->out, name);
    if (type == VALUE_MISSING || is_of(value, type))
        return put_json(&m->out, value) || too_large(name, err);
    return put_scalar(&m->out, value, type)
           || err_set(err, ERR_INPUT, "%.*s cannot be read as a %.*s",
                      (int)(name.n < 60 ? name.n : 60), name.p,
                      STR_FMT(value_type_name(type)));
}

static bool put_properties(struct mender *m, const struct json *object, struct err *err)
{
    json_begin_object(&m->out);
    for (size_t i = 0; i < object->n; i++)
        if (!put_property(m, object->name[i], &object->item[i], err))
            return false;
    json_end_object(&m->out);
    return true;
}

static str mended_type(const struct mender *m, str type)
{
    for (uint32_t i = 0; i < m->n; i++)
        if (m->mend[i].kind == MEND_TYPE && str_eq(m->mend[i].from, type))
            type = m->mend[i].to;
    return type;
}

static bool put_member(struct mender *m, str name, const struct json *item, bool inside,
                       struct err *err)
{
    if (!inside && (str_eq(name, STR("writeKey")) || str_eq(name, STR("sentAt"))))
        return true;
    json_key_str(&m->out, name);
    if (item->type == JSON_OBJECT
        && (str_eq(name, STR("traits")) || (!inside && str_eq(name, STR("properties")))))
        return put_properties(m, item, err);
    if (!inside && item->type == JSON_TEXT && str_eq(name, STR("event"))) {
        json_put_text(&m->out, mended_type(m, item->text));
        return true;
    }
    if (inside || item->type != JSON_OBJECT || !str_eq(name, STR("context")))
        return put_json(&m->out, item) || too_large(name, err);
    json_begin_object(&m->out);
    for (size_t i = 0; i < item->n; i++)
        if (!put_member(m, item->name[i], &item->item[i], true, err))
            return false;
    json_end_object(&m->out);
    return true;
}

bool call_mend(const struct json *call, const struct mend *mend, uint32_t n,
               struct buf *to, struct err *err)
{
    struct mender m = {mend, n, {.to = to}};

    if (call->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "it is no JSON object");
    json_begin_object(&m.out);
    for (size_t i = 0; i < call->n; i++)
        if (!put_member(&m, call->name[i], &call->item[i], false, err))
            return false;
    json_end_object(&m.out);
    return !to->failed || err_nomem(err);
}
