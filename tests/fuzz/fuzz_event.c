/* What parses must print, and what is printed must parse to the same event. */
#include "event/event.h"

#include "support/events.h"
#include "support/fuzz.h"

#include <string.h>

/* 1 parsed, 0 refused; -1 out of memory. */
static int parse(struct json_parser *parser, str text, struct arena *a, struct event *out)
{
    enum { SPARE = 64 };
    char *copy = arena_alloc(a, text.n + SPARE, 1);
    const struct json *json;
    struct err err;

    if (!copy)
        return -1;
    if (text.n)
        memcpy(copy, text.p, text.n);
    if (json_parse(parser, (str){copy, text.n}, a, &json, &err)
        && event_parse(json, a, out, &err))
        return 1;
    NEED(err.code == ERR_INPUT || err.code == ERR_NOMEM);
    return err.code == ERR_NOMEM ? -1 : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {.limit = 64 << 20};
    struct json_parser *parser;
    struct event e, again;
    struct err err;

    if (!json_parser_new(&parser, &err))
        return 0;
    if (parse(parser, (str){(const char *)p, n}, &a, &e) == 1) {
        struct buf text = {NULL};

        event_print(&e, &text);
        NEED(!text.failed);
        NEED(!memchr(text.p, '\n', text.n));
        NEED(parse(parser, buf_str(&text), &a, &again) != 0);
        NEED(event_eq(&e, &again));
        buf_free(&text);
    }
    arena_free(&a);
    json_parser_free(parser);
    return 0;
}
