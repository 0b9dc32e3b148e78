#include "engine/collect.h"

#include "base/json_cut.h"
#include "base/random.h"
#include "base/tune.h"
#include "engine/engine_impl.h"
#include "event/call.h"

#include <string.h>

/* --- cutting --- */

static bool broken(struct collect_body *b, const char *why)
{
    b->broken = str_of(why);
    b->event = &b->text;
    b->event_n = 1;
    return true;
}

/* Texts only: a key with an escape in it is none. */
static str unquoted(str text)
{
    return text.n >= 2 && *text.p == '"' && !memchr(text.p, '\\', text.n)
               ? (str){text.p + 1, text.n - 2}
               : STR("");
}

static bool too_many(struct err *err)
{
    return err_set(err, ERR_LIMIT, "a body has at most %u events", COLLECT_EVENTS_MAX);
}

static bool cut_list(struct collect_body *b, str list, struct err *err)
{
    struct json_cut c;
    struct json_piece piece;
    enum json_cut_result result;
    uint32_t n = 0, cap = 0;
    str *event = NULL;

    if (!json_cut_begin(&c, list) || c.close != ']')
        return broken(b, "batch is no list");
    while ((result = json_cut_next(&c, &piece)) == JSON_CUT_PIECE) {
        if (n == COLLECT_EVENTS_MAX)
            return too_many(err);
        if (n == cap) {
            str *more = arena_array(b->arena, str, cap = cap ? 2 * cap : 16);

            if (!more)
                return err_nomem(err);
            if (n)
                memcpy(more, event, n * sizeof *more);
            event = more;
        }
        event[n++] = piece.text;
    }
    b->event = event;
    b->event_n = n;
    return result == JSON_CUT_END || broken(b, "the body is no JSON");
}

bool collect_cut(struct collect_body *b, struct err *err)
{
    struct json_cut c;
    struct json_piece piece;
    enum json_cut_result result;
    str batch = {};

    if (!json_cut_begin(&c, b->text))
        return broken(b, "the body is no JSON object or list");
    if (c.close == ']')
        return cut_list(b, b->text, err);
    while ((result = json_cut_next(&c, &piece)) == JSON_CUT_PIECE) {
        if (str_eq(piece.name, STR("batch")))
            batch = piece.text;
        else if (str_eq(piece.name, STR("writeKey")))
            b->write_key = unquoted(piece.text);
        else if (str_eq(piece.name, STR("sentAt")))
            b->sent_at = piece.text;
        else if (str_eq(piece.name, STR("context")))
            b->context = piece.text;
    }
    if (result == JSON_CUT_BROKEN)
        return broken(b, "the body is no JSON");
    if (batch.p)
        return cut_list(b, batch, err);
    b->sent_at = b->context = STR("");
    b->event = &b->text;
    b->event_n = 1;
    return true;
}

/* --- one event --- */

/* One transaction. */
struct collect {
    struct engine *engine;
    struct json_parser *parser;
    struct arena frame; /* of the body at hand */
    struct arena arena; /* of the event at hand */
    struct buf line;
    int64_t now_ms;
};

static bool random_id(struct arena *a, str *out, struct err *err)
{
    hash128 secret;
    struct buf b = {};

    if (!random_secret(&secret, sizeof secret))
        return err_sys(err, "the system has no random bytes");
    hash128_print(&b, secret);
    *out = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
    buf_free(&b);
    return out->p || err_nomem(err);
}

static void mask(char *text, size_t n, str secret)
{
    const char *end;

    if (!n || !secret.n)
        return;
    end = text + n;
    while ((text = memmem(text, (size_t)(end - text), secret.p, secret.n))) {
        memset(text, '*', secret.n); /* and never again, though it be one of stars */
        text += secret.n;
    }
}

/* As it came, but for the sender's key and address. */
static bool refused_text(struct collect *c, const struct collect_body *b, str raw,
                         const struct json *call, str *out, struct err *err)
{
    struct buf text = {};

    if (str_is_utf8(raw))
        buf_add(&text, raw);
    else
        buf_add_latin1(&text, raw);
    mask(text.p, text.n, b->write_key);
    mask(text.p, text.n, json_find_text(json_find(call, STR("context")), STR("ip")));
    *out = text.failed ? (str){NULL, 0} : arena_str(&c->arena, buf_str(&text));
    buf_free(&text);
    return out->p || err_nomem(err);
}

static bool refuse(struct collect *c, struct collect_body *b, uint32_t index, str reason,
                   const struct json *call, struct err *err)
{
    struct collect_refusal *r = (struct collect_refusal *)b->refused + b->refused_n++;
    struct refusal kept = {b->source, index, reason, STR("")};

    *r = (struct collect_refusal){index, arena_str(b->arena, reason)};
    return (r->reason.p || err_nomem(err))
           && refused_text(c, b, b->event[index], call, &kept.text, err)
           && store_refuse(engine_store(c->engine), &kept, err);
}

static bool event_fits(struct collect *c, str raw, const struct json *call)
{
    if (raw.n <= COLLECT_EVENT_BYTES_MAX)
        return true;
    buf_clear(&c->line);
    call_print(call, &c->line);
    return !c->line.failed && c->line.n <= COLLECT_EVENT_BYTES_MAX;
}

static bool append(struct collect *c, struct event *e, bool *added, struct err *err)
{
    if ((!e->id.n && !random_id(&c->arena, &e->id, err))
        || !names_check(c->engine, e, err))
        return false;
    buf_clear(&c->line);
    event_print(e, &c->line);
    return c->line.failed
               ? err_nomem(err)
               : store_append(engine_store(c->engine), e, buf_str(&c->line), added, err);
}

/* Whose fault it is. */
static bool is_the_events(const struct err *err)
{
    return err->code == ERR_INPUT || err->code == ERR_LIMIT;
}

static bool take_event(struct collect *c, struct collect_body *b, uint32_t index,
                       const struct call_frame *frame, struct err *err)
{
    str raw = b->event[index];
    const struct json *call = NULL;
    struct event e;
    struct err why;
    bool added;

    arena_reset(&c->arena);
    if (b->broken.n)
        return refuse(c, b, index, b->broken, NULL, err);
    if (!json_parse(c->parser, raw, &c->arena, &call, &why)
        || (!event_fits(c, raw, call)
            && !err_set(&why, ERR_LIMIT, "it is larger than %zu KiB",
                        COLLECT_EVENT_BYTES_MAX >> 10))
        || !call_parse(call, frame, &c->arena, &e, &why)
        || !append(c, &e, &added, &why)) {
        if (is_the_events(&why))
            return refuse(c, b, index, str_of(why.msg), call, err);
        *err = why;
        return false;
    }
    b->accepted += added;
    b->duplicates += !added;
    return true;
}

/* --- bodies --- */

/* What the batch says of all its events; what is no JSON says nothing. */
static bool read_frame(struct collect *c, str text, const struct json **out,
                       struct err *err)
{
    *out = NULL;
    return !text.n || json_parse(c->parser, text, &c->frame, out, err)
           || is_the_events(err);
}

static bool take_body(struct collect *c, struct collect_body *b, struct err *err)
{
    struct call_frame frame = {
        .type = b->type, .address = b->address, .received_ms = c->now_ms};

    b->accepted = b->duplicates = b->refused_n = 0;
    b->refused = arena_array(b->arena, struct collect_refusal, b->event_n);
    if (!b->refused)
        return err_nomem(err);
    arena_reset(&c->frame);
    if (!read_frame(c, b->sent_at, &frame.sent_at, err)
        || !read_frame(c, b->context, &frame.context, err))
        return false;
    for (uint32_t i = 0; i < b->event_n; i++)
        if (!take_event(c, b, i, &frame, err))
            return false;
    return true;
}

static bool take_bodies(struct collect *c, struct collect_body *const *body, size_t n,
                        struct err *err)
{
    struct store *s = engine_store(c->engine);
    bool ok = store_begin(s, c->now_ms, err);

    for (size_t i = 0; ok && i < n; i++)
        ok = take_body(c, body[i], err);
    return ok;
}

/* Most often no event brings types of values that break the model; when one does, it is found
 * which they are, and all are taken again without those that bring them. Each time some are found
 * that were not known, so that it ends. */
static bool take_all(struct collect *c, struct collect_body *const *body, size_t n,
                     struct err *err)
{
    struct store *s = engine_store(c->engine);

    for (;;) {
        if (!take_bodies(c, body, n, err))
            return false;
        if (!store_has_new_names(s) || engine_check_names(c->engine, err))
            return true;
        if (err->code != ERR_INPUT || !names_learn(c->engine, err))
            return false;
        store_cancel(s);
    }
}

bool engine_collect(struct engine *e, struct collect_body *const *body, size_t n,
                    int64_t now_ms, struct err *err)
{
    struct store *s = engine_store(e);
    struct collect c = {.engine = e, .now_ms = now_ms};
    bool ok = json_parser_new(&c.parser, err) && take_all(&c, body, n, err)
              && store_commit(s, err);

    if (!ok)
        store_cancel(s);
    json_parser_free(c.parser);
    arena_free(&c.frame);
    arena_free(&c.arena);
    buf_free(&c.line);
    return ok;
}

bool engine_settle(struct engine *e, struct err *err)
{
    struct store *s = engine_store(e);
    bool more;

    return (!store_is_fold_due(s) || store_fold(s, FOLD_CHUNKS, &more, err))
           && engine_refresh(e, err);
}
