#include "engine/outgoing.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/sign.h"
#include "base/time.h"
#include "engine/query.h"

#include <stdio.h>
#include <string.h>

void outgoing_free(struct outgoing *o)
{
    buf_free(&o->lines);
    *o = (struct outgoing){0};
}

/* --- a line --- */

/* With zeros behind it, where the parser of JSON may read. */
static bool need_row(struct outgoing *o, struct snapshot *v, struct err *err)
{
    enum { SPARE = 64 };
    int64_t moment_ms = 0, seq = 0;
    char *spare;

    if (o->is_read)
        return true;
    buf_clear(&o->lines);
    if (!(o->kind == OUTGOING_EVENT ? snapshot_log : snapshot_journal)(
            v, o->at.seq - 1, &o->lines, &seq, &moment_ms, err))
        return false;
    o->is_end = !seq;
    if (o->is_end)
        return true;
    spare = buf_room(&o->lines, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    if (seq != o->at.seq)
        o->at = (struct webhook_place){seq, 0};
    o->read = 0;
    for (uint32_t i = 0; i < o->at.line && o->read < o->lines.n; i++)
        o->read += (size_t)((const char *)memchr(o->lines.p + o->read, '\n',
                                                 o->lines.n - o->read)
                            - (o->lines.p + o->read))
                   + 1;
    o->is_read = true;
    return true;
}

static bool next_line(struct outgoing *o, struct snapshot *v, str *line, struct err *err)
{
    line->n = 0;
    for (;;) {
        if (!need_row(o, v, err))
            return false;
        if (o->is_end)
            return true;
        if (o->read < o->lines.n)
            break;
        o->at = (struct webhook_place){o->at.seq + 1, 0};
        o->is_read = false;
    }
    line->p = o->lines.p + o->read;
    line->n =
        (size_t)((const char *)memchr(line->p, '\n', o->lines.n - o->read) - line->p);
    o->read += line->n + 1;
    o->at.line++;
    return true;
}

/* --- bodies --- */

static bool is_listed(str text, const str *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (str_eq(text, list[i]))
            return true;
    return !n;
}

static void begin_body(struct json_out *j, const char *type, int64_t at_ms)
{
    json_begin_object(j);
    json_key(j, "type");
    json_put_text(j, str_of(type));
    json_key(j, "timestamp");
    json_put_moment(j, at_ms);
    json_key(j, "data");
    json_begin_object(j);
}

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    json_put_text(j, text);
}

/* Of content: whoever meets the message twice knows it again. */
static void put_id(char out[40], const char *kind, str content)
{
    struct buf b = {0};

    hash128_print(&b, hash128_of(content));
    snprintf(out, 40, "%s_%.*s", kind, STR_FMT(buf_str(&b)));
    buf_free(&b);
}

static bool end_body(struct json_out *j, struct arena *a, struct outgoing_message *out,
                     struct err *err)
{
    json_end_object(j);
    json_end_object(j);
    out->body = j->to->failed ? (str){NULL, 0} : arena_str(a, buf_str(j->to));
    buf_free(j->to);
    return out->body.p || err_nomem(err);
}

/* The customer on whose timeline the event stands now. */
static bool put_home(struct json_out *j, struct snapshot *v, str anchor, uint64_t *hash,
                     struct err *err)
{
    const struct catalog *c = snapshot_catalog(v);
    uint32_t number = catalog_key_find(c, anchor), home;
    str id, key = anchor;

    if (number != CUSTOMER_NONE) {
        if (!snapshot_home(v, number, &home, err))
            return false;
        key = catalog_customer_key(c, home);
    }
    put_text(j, "kind", id_kind_name((enum id_kind)customer_key_kind(key, &id)));
    put_text(j, "customer", id);
    *hash = hash64(key);
    return true;
}

static bool make_event(const struct json *line, const struct webhook_row *w,
                       struct snapshot *v, struct arena *a, struct outgoing_message *out,
                       bool *is_wanted, struct err *err)
{
    struct buf b = {0};
    struct json_out j = {.to = &b};
    struct event e;

    if (!event_parse(line, a, &e, err)) {
        if (err->code == ERR_INPUT)
            err->code = ERR_CORRUPT;
        return false;
    }
    *is_wanted = is_listed(e.type, w->type, w->type_n);
    if (!*is_wanted)
        return true;
    begin_body(&j, "event", e.at_ms);
    if (!put_home(&j, v, e.customer, &out->customer, err)) {
        buf_free(&b);
        return false;
    }
    put_text(&j, "event", e.type);
    put_text(&j, "messageId", e.id);
    json_key(&j, "properties");
    properties_put_json(&j, e.property, e.property_n);
    if (e.trait_n) {
        json_key(&j, "traits");
        properties_put_json(&j, e.trait, e.trait_n);
    }
    put_id(out->id, "evt", e.id);
    return end_body(&j, a, out, err);
}

static int64_t whole(const struct json *object, const char *name)
{
    const struct json *number = json_find(object, str_of(name));

    return number && number->type == JSON_NUMBER ? number->number / NUM_ONE : 0;
}

static void put_stage(struct json_out *j, const struct json *line, const char *name)
{
    str stage = json_find_text(line, str_of(name));

    json_key(j, name);
    if (stage.n)
        json_put_text(j, stage);
    else
        json_put_null(j);
}

/* Who entered a segment, or left it. */
static bool make_change(const struct json *line, str segment, str text,
                        const struct webhook_row *w, struct arena *a,
                        struct outgoing_message *out, bool *is_wanted, struct err *err)
{
    struct buf b = {0};
    struct json_out j = {.to = &b};
    str customer = json_find_text(line, STR("customer"));
    str kind = json_find_text(line, STR("kind"));
    int64_t at_ms = whole(line, "at");

    *is_wanted =
        (w->what & WEBHOOK_SEGMENTS) && is_listed(segment, w->segment, w->segment_n);
    if (!*is_wanted)
        return true;
    out->customer = hash64(customer) ^ hash64(kind);
    begin_body(&j, "segment", at_ms);
    put_text(&j, "kind", kind);
    put_text(&j, "customer", customer);
    put_text(&j, "segment", segment);
    put_text(&j, "change", json_find_text(line, STR("change")));
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "model");
    json_put_int(&j, whole(line, "model"));
    put_id(out->id, "seg", text);
    return end_body(&j, a, out, err);
}

static void put_number(struct json_out *j, const struct json *object, const char *name)
{
    const struct json *number = json_find(object, str_of(name));

    json_key(j, name);
    if (number && number->type == JSON_NUMBER && number->fits)
        json_put_num(j, number->number);
    else
        json_put_null(j);
}

/* An alert that went on or off. */
static bool make_alert(const struct json *line, str name, str text,
                       const struct webhook_row *w, struct arena *a,
                       struct outgoing_message *out, bool *is_wanted, struct err *err)
{
    const struct json *on = json_find(line, STR("on"));
    const struct json *usual = json_find(line, STR("usual"));
    struct buf b = {0};
    struct json_out j = {.to = &b};
    int64_t at_ms = whole(line, "at");

    *is_wanted = w->what & WEBHOOK_ALERTS;
    if (!*is_wanted)
        return true;
    out->customer = hash64(name);
    begin_body(&j, "alert", at_ms);
    put_text(&j, "alert", name);
    put_text(&j, "view", json_find_text(line, STR("view")));
    put_text(&j, "number", json_find_text(line, STR("number")));
    json_key(&j, "on");
    json_put_bool(&j, on && on->truth);
    put_number(&j, line, "value");
    put_number(&j, line, "above");
    put_number(&j, line, "below");
    put_number(&j, usual, "low");
    put_number(&j, usual, "median");
    put_number(&j, usual, "high");
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    put_id(out->id, "alr", text);
    return end_body(&j, a, out, err);
}

static bool make_move(const struct json *line, str text, const struct webhook_row *w,
                      struct arena *a, struct outgoing_message *out, bool *is_wanted,
                      struct err *err)
{
    struct buf b = {0};
    struct json_out j = {.to = &b};
    str customer = json_find_text(line, STR("customer"));
    str kind = json_find_text(line, STR("kind"));
    str segment = json_find_text(line, STR("segment"));
    int64_t at_ms = whole(line, "at");

    str alert = json_find_text(line, STR("alert"));

    if (alert.n)
        return make_alert(line, alert, text, w, a, out, is_wanted, err);
    if (segment.n)
        return make_change(line, segment, text, w, a, out, is_wanted, err);
    *is_wanted = (w->what & WEBHOOK_MOVES)
                 && is_listed(json_find_text(line, STR("to")), w->stage, w->stage_n);
    if (!*is_wanted)
        return true;
    out->customer = hash64(customer) ^ hash64(kind);
    begin_body(&j, "move", at_ms);
    put_text(&j, "kind", kind);
    put_text(&j, "customer", customer);
    put_stage(&j, line, "lifecycle");
    put_stage(&j, line, "from");
    put_stage(&j, line, "to");
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "model");
    json_put_int(&j, whole(line, "model"));
    put_id(out->id, "mov", text);
    return end_body(&j, a, out, err);
}

bool outgoing_next(struct outgoing *o, const struct webhook_row *w, struct snapshot *v,
                   struct json_parser *p, struct arena *a, struct outgoing_message *out,
                   bool *there, bool *is_wanted, struct err *err)
{
    struct webhook_place before = o->at;
    const struct json *json;
    size_t read = o->read;
    bool ok;
    str line;

    *is_wanted = false;
    if (!next_line(o, v, &line, err))
        return false;
    *there = line.n;
    if (!line.n)
        return true;
    ok =
        json_parse(p, line, a, &json, err)
        && (o->kind == OUTGOING_EVENT ? make_event(json, w, v, a, out, is_wanted, err)
                                      : make_move(json, line, w, a, out, is_wanted, err));
    if (!ok && before.seq == o->at.seq) { /* it is looked at again */
        o->at = before;
        o->read = read;
    } else if (!ok) {
        o->at.line = 0;
        o->is_read = false;
    }
    return ok;
}

bool outgoing_ping(int64_t now_ms, struct arena *a, struct outgoing_message *out,
                   struct err *err)
{
    struct buf b = {0};
    struct json_out j = {.to = &b};
    char moment[24];

    snprintf(moment, sizeof moment, "%lld", (long long)now_ms);
    *out = (struct outgoing_message){.id = ""};
    begin_body(&j, "ping", now_ms);
    put_id(out->id, "png", str_of(moment));
    return end_body(&j, a, out, err);
}

/* --- headers --- */

static const char *header(struct arena *a, const char *name, str value)
{
    size_t n = strlen(name);
    char *text = arena_alloc(a, n + 2 + value.n + 1, 1);

    if (!text)
        return NULL;
    memcpy(text, name, n);
    memcpy(text + n, ": ", 2);
    memcpy(text + n + 2, value.p, value.n);
    text[n + 2 + value.n] = 0;
    return text;
}

const char *const *outgoing_headers(const struct outgoing_message *m,
                                    const unsigned char secret[SECRET_BYTES],
                                    int64_t at_s, struct arena *a, struct err *err)
{
    enum { HEADERS = 7 };
    const char **list = arena_array(a, const char *, HEADERS);
    struct buf b = {0}, signature = {0};
    struct mac mac;
    char second[24];
    bool ok;

    snprintf(second, sizeof second, "%lld", (long long)at_s);
    buf_add_format(&b, "%s.%s.", m->id, second);
    buf_add(&b, m->body);
    mac = hmac_sha256((str){(const char *)secret, SECRET_BYTES}, buf_str(&b));
    buf_add(&signature, STR("v1,"));
    base64_encode((str){(const char *)mac.byte, sizeof mac.byte}, &signature);
    ok = list && !b.failed && !signature.failed;
    if (ok) {
        list[0] = header(a, "webhook-id", str_of(m->id));
        list[1] = header(a, "webhook-timestamp", str_of(second));
        list[2] = header(a, "webhook-signature", buf_str(&signature));
        list[3] = "Content-Type: application/json";
        list[4] = "User-Agent: Ciclo/" CICLO_VERSION;
        list[5] = "Expect:";
        list[6] = NULL;
        ok = list[0] && list[1] && list[2];
    }
    buf_free(&b);
    buf_free(&signature);
    if (!ok)
        err_nomem(err);
    return ok ? list : NULL;
}
