#include "event/call.h"

#include "base/hash.h"
#include "base/time.h"
#include "event/event_impl.h"
#include "event/pseudonym.h"

#include <arpa/inet.h>
#include <string.h>

/* --- addresses --- */

str address_cut(str address, char to[ADDRESS_MAX])
{
    char text[ADDRESS_MAX];
    unsigned char bytes[16];
    int family = AF_INET;

    if (!address.n || address.n >= sizeof text)
        return STR("");
    memcpy(text, address.p, address.n);
    text[address.n] = 0;
    if (inet_pton(AF_INET, text, bytes) != 1) {
        static const unsigned char mapped[12] = {[10] = 0xff, [11] = 0xff};

        family = AF_INET6;
        if (inet_pton(AF_INET6, text, bytes) != 1)
            return STR("");
        if (!memcmp(bytes, mapped, sizeof mapped)) {
            family = AF_INET;
            memmove(bytes, bytes + sizeof mapped, 4);
        }
    }
    if (family == AF_INET)
        bytes[3] = 0;
    else
        memset(bytes + 6, 0, 10);
    if ((family == AF_INET && bytes[0] == 127) || !memcmp(bytes, (char[6]){}, 6))
        return STR("");
    return str_of(inet_ntop(family, bytes, to, ADDRESS_MAX));
}

/* --- what it says --- */

void call_print(const struct json *call, struct buf *to)
{
    struct json_out out = {.to = to};

    if (call->type != JSON_OBJECT) {
        put_json(&out, call);
        return;
    }
    json_begin_object(&out);
    for (size_t i = 0; i < call->n; i++) {
        if (str_eq(call->name[i], STR("writeKey"))
            || str_eq(call->name[i], STR("sentAt")))
            continue;
        json_key_str(&out, call->name[i]);
        put_json(&out, &call->item[i]);
    }
    json_end_object(&out);
}

static bool read_address(struct found *f, const struct json *ip, str sender,
                         struct err *err)
{
    char room[ADDRESS_MAX];
    str cut = ip && ip->type == JSON_TEXT ? address_cut(ip->text, room) : sender;
    struct json text = {.type = JSON_TEXT};

    if (!cut.n)
        return true;
    text.text = arena_str(f->a, cut);
    return text.text.p ? found_add_json(f, STR("context.ip"), &text, false, err)
                       : err_nomem(err);
}

static bool read_context(struct found *f, const struct json *context, bool fill,
                         struct err *err)
{
    for (size_t i = 0; context && i < context->n; i++) {
        static const str but[] = {{"traits", 6}, {"ip", 2}, {"externalIds", 11}};
        struct json one = {.type = JSON_OBJECT,
                           .n = 1,
                           .name = &context->name[i],
                           .item = &context->item[i]};

        if (!str_eq(context->name[i], but[0]) && !str_eq(context->name[i], but[1])
            && !str_eq(context->name[i], but[2])
            && !found_parse(f, STR("context"), &one, fill, err))
            return false;
    }
    return true;
}

/* Some senders say beside the context what others say in it: which stands, when both do. */
static bool read_channel(struct found *f, const struct json *channel, struct err *err)
{
    return !channel || channel->type != JSON_TEXT
           || found_add_json(f, STR("context.channel"), channel, true, err);
}

/* Only what says something of traits needs it. */
static bool read_source(struct found *f, const struct event *e, str source,
                        struct err *err)
{
    struct json text = {.type = JSON_TEXT};

    if (!source.n || !(e->trait_n || str_eq(e->type, STR("group"))))
        return true;
    text.text = arena_str(f->a, source);
    return text.text.p ? found_add_json(f, STR(EVENT_SOURCE), &text, true, err)
                       : err_nomem(err);
}

/* The call's own comes first, then what its batch has besides. */
static bool read_contexts(struct found *f, const struct json *call,
                          const struct call_frame *by, struct err *err)
{
    const struct json *own, *of_batch = by->context, *ip;

    if (!object_find(call, STR("context"), &own, err))
        return false;
    if (of_batch && of_batch->type != JSON_OBJECT)
        of_batch = NULL;
    ip = call_member(own, STR("ip"));
    if (!ip)
        ip = call_member(of_batch, STR("ip"));
    return read_context(f, own, false, err) && read_context(f, of_batch, true, err)
           && read_channel(f, call_member(call, STR("channel")), err)
           && read_address(f, ip, by->address, err);
}

bool call_add_context(const struct json *call, struct arena *a, struct event *e,
                      struct err *err)
{
    struct found f = {.a = a, .what = "the name of a property", .n = e->property_n};

    f.cap = f.n + 16;
    f.property = arena_array(a, struct property, f.cap);
    if (!f.property)
        return err_nomem(err);
    if (f.n)
        memcpy(f.property, e->property, f.n * sizeof *f.property);
    if (!read_contexts(&f, call, &(struct call_frame){.address = STR("")}, err))
        return false;
    e->property = f.property;
    e->property_n = f.n;
    return true;
}

/* A sentAt that nobody can read says nothing. */
static bool sent_ms(const struct json *call, const struct call_frame *by, int64_t *out)
{
    const struct json *own = call_member(call, STR("sentAt"));
    struct err unheard;

    return (own && moment_read(own, out, &unheard))
           || (by->sent_at && moment_read(by->sent_at, out, &unheard));
}

/* Who sends both either put the clock right already, or has a user who set the moment. */
static bool read_time(const struct json *call, const struct call_frame *by, bool *own,
                      int64_t *out, struct err *err)
{
    const struct json *time = call_member(call, STR("timestamp"));
    const struct json *original = call_member(call, STR("originalTimestamp"));
    int64_t sent, ahead = 0;

    *own = time || original;
    *out = by->received_ms;
    if (!*own)
        return true;
    if (!moment_read(time ? time : original, out, err))
        return false;
    if (!(time && original) && sent_ms(call, by, &sent))
        ahead = sent - by->received_ms;
    if (ahead > CALL_ON_ITS_WAY_MS || ahead < -CALL_ON_ITS_WAY_MS)
        *out -= ahead;
    if (*out - CALL_FUTURE_MAX_MS > by->received_ms)
        return err_set(err, ERR_INPUT, "the time lies in the future");
    return *out >= MOMENT_MIN
           || err_set(err, ERR_INPUT, "the time lies before the year 1");
}

static void put_time(const struct json *call, const struct call_frame *by, struct buf *to)
{
    const struct json *time = call_member(call, STR("timestamp"));
    const struct json *original = call_member(call, STR("originalTimestamp"));
    struct err unheard;
    int64_t at_ms, said_ms;
    bool own;

    if (!read_time(call, by, &own, &at_ms, &unheard)
        || (own && moment_read(time ? time : original, &said_ms, &unheard)
            && said_ms == at_ms))
        return;
    buf_add(to, STR(",\"timestamp\":"));
    json_put_moment(&(struct json_out){.to = to}, at_ms);
}

void call_complete(const struct json *call, const struct call_frame *by, struct buf *to)
{
    if (by->type.n && !call_member(call, STR("type"))) {
        buf_add(to, STR(",\"type\":"));
        json_put_text(&(struct json_out){.to = to}, by->type);
    }
    if (by->context && by->context->type == JSON_OBJECT
        && !call_member(call, STR("context"))) {
        buf_add(to, STR(",\"context\":"));
        put_json(&(struct json_out){.to = to}, by->context);
    }
    put_time(call, by, to);
}

static bool make_id(const struct json *call, const struct call_frame *by, struct arena *a,
                    str *out, struct err *err)
{
    struct buf text = {}, id = {};

    buf_add(&text, by->type);
    call_print(call, &text);
    hash128_print(&id, hash128_of(buf_str(&text)));
    *out = text.failed || id.failed ? (str){NULL, 0} : arena_str(a, buf_str(&id));
    if (out->p && by->key && !pseudonym_text(by->key, buf_str(&text), a, out, err))
        *out = (str){NULL, 0};
    buf_free(&text);
    buf_free(&id);
    return out->p || err_nomem(err);
}

bool call_parse(const struct json *call, const struct call_frame *by, struct arena *a,
                struct event *out, struct err *err)
{
    struct found f = {.a = a, .what = "the name of a property"};
    str type = by->type.n ? by->type : json_find_text(call, STR("type"));
    bool has_time;

    *out = (struct event){};
    if (call->type != JSON_OBJECT)
        return err_set(err, ERR_INPUT, "it is no JSON object");
    if (!id_read(call, a, out, err) || !read_time(call, by, &has_time, &out->at_ms, err)
        || !event_read(call, type, &f, out, err) || !read_contexts(&f, call, by, err)
        || !read_source(&f, out, by->source, err)
        || (has_time && !out->id.n && !make_id(call, by, a, &out->id, err)))
        return false;
    out->property = f.property;
    out->property_n = f.n;
    if (str_eq(out->type, STR(EVENT_DECIDED)) || str_eq(out->type, STR(EVENT_LISTED)))
        return err_set(err, ERR_INPUT, "event is a name that Ciclo keeps for itself");
    return who_read(call, a, out, err)
           && (!out->nobody.n || err_set(err, ERR_INPUT, "%.*s", STR_FMT(out->nobody)));
}
