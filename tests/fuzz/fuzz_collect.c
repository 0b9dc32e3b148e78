/* A body of the tracking API: it is cut as JSON has it, and what is read of a call is what is
 * read of its line in the log. */
#include "base/time.h"
#include "engine/collect.h"
#include "event/call.h"
#include "support/events.h"
#include "support/fuzz.h"

#include <string.h>

enum { SPARE = 64 };

static str spared(struct arena *a, str text)
{
    char *copy = arena_alloc(a, text.n + SPARE, 1);

    if (copy && text.n)
        memcpy(copy, text.p, text.n);
    return (str){copy, text.n};
}

/* Of a text that is JSON as a whole. */
static void need_same_cut(const struct collect_body *b, const struct json *json)
{
    const struct json *batch = json->type == JSON_OBJECT ? NULL : json;

    if (json->type != JSON_OBJECT && json->type != JSON_LIST) {
        NEED(b->broken.n);
        return;
    }
    for (size_t i = 0; i < json->n && json->type == JSON_OBJECT; i++)
        if (str_eq(json->name[i], STR("batch"))
            && memmem(b->text.p, b->text.n, "\"batch\"", 7))
            batch = &json->item[i];
    if (memchr(b->text.p, '\\', b->text.n))
        return; /* a name may be written in several ways */
    NEED(batch && batch->type == JSON_LIST ? b->event_n == batch->n : b->event_n == 1);
    NEED(!b->broken.n == (!batch || batch->type == JSON_LIST));
}

static void need_same_event(struct json_parser *parser, const struct event *e,
                            struct arena *a)
{
    struct buf line = {};
    const struct json *json;
    struct event again;
    struct err err;
    str copy;

    event_print(e, &line);
    NEED(!memchr(line.p, '\n', line.n));
    copy = spared(a, buf_str(&line));
    buf_free(&line);
    if (!copy.p)
        return;
    if (json_parse(parser, copy, a, &json, &err) && event_parse(json, a, &again, &err))
        NEED(event_eq(e, &again));
    else
        NEED(err.code == ERR_NOMEM);
}

static void try_event(struct json_parser *parser, const struct collect_body *b, str raw)
{
    struct arena a = {.limit = 64 << 20};
    struct call_frame by = {.received_ms = 1772625600000, .address = STR("203.0.113.0")};
    const struct json *json;
    struct event e;
    struct err err;

    if (b->sent_at.n && json_parse(parser, b->sent_at, &a, &json, &err))
        by.sent_at = json;
    if (b->context.n && json_parse(parser, b->context, &a, &json, &err))
        by.context = json;
    if (json_parse(parser, raw, &a, &json, &err) && call_parse(json, &by, &a, &e, &err)) {
        NEED(e.at_ms >= MOMENT_MIN && e.at_ms <= by.received_ms + CALL_FUTURE_MAX_MS);
        need_same_event(parser, &e, &a);
    } else {
        NEED(err.code == ERR_INPUT || err.code == ERR_NOMEM);
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {.limit = 64 << 20};
    struct collect_body b = {.arena = &a};
    struct json_parser *parser;
    const struct json *json;
    struct err err;

    if (!json_parser_new(&parser, &err))
        return 0;
    b.text = spared(&a, (str){(const char *)p, n});
    if (b.text.p && collect_cut(&b, &err)) {
        for (uint32_t i = 0; i < b.event_n; i++) {
            NEED(b.event[i].p >= b.text.p
                 && b.event[i].p + b.event[i].n <= b.text.p + b.text.n);
            if (!b.broken.n)
                try_event(parser, &b, b.event[i]);
        }
        if (json_parse(parser, b.text, &a, &json, &err))
            need_same_cut(&b, json);
    }
    json_parser_free(parser);
    arena_free(&a);
    return 0;
}
