/* What parses and is printed must parse to the same tree; a number that does not fit is
 * printed as null. */
#include "base/json.h"

#include "support/fuzz.h"

#include <string.h>

static void print(struct json_out *o, const struct json *j)
{
    switch (j->type) {
    case JSON_NULL:
        json_put_null(o);
        break;
    case JSON_BOOL:
        json_put_bool(o, j->truth);
        break;
    case JSON_NUMBER:
        if (j->fits)
            json_put_num(o, j->number);
        else
            json_put_null(o);
        break;
    case JSON_TEXT:
        json_put_text(o, j->text);
        break;
    case JSON_LIST:
        json_begin_list(o);
        for (size_t i = 0; i < j->n; i++)
            print(o, &j->item[i]);
        json_end_list(o);
        break;
    case JSON_OBJECT:
        json_begin_object(o);
        for (size_t i = 0; i < j->n; i++) {
            json_key_str(o, j->name[i]);
            print(o, &j->item[i]);
        }
        json_end_object(o);
        break;
    }
}

static bool same(const struct json *a, const struct json *b)
{
    if (a->type == JSON_NUMBER && !a->fits)
        return b->type == JSON_NULL;
    if (a->type != b->type || a->truth != b->truth || a->number != b->number
        || !str_eq(a->text, b->text) || a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same(&a->item[i], &b->item[i])
            || (a->type == JSON_OBJECT && json_find(b, a->name[i]) != &b->item[i]))
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct arena a = {};
    struct buf text = {}, again = {};
    struct json_parser *parser;
    const struct json *first, *second;
    struct err err;

    NEED(json_parser_new(&parser, &err));
    buf_add(&text, (str){(const char *)p, n});
    NEED(buf_room(&text, 64));
    if (json_parse(parser, buf_str(&text), &a, &first, &err)) {
        struct json_out o = {.to = &again};

        print(&o, first);
        NEED(buf_room(&again, 64));
        NEED(json_parse(parser, buf_str(&again), &a, &second, &err));
        NEED(same(first, second));
    } else {
        NEED(err.code == ERR_INPUT && err.msg[0]);
    }
    json_parser_free(parser);
    buf_free(&text);
    buf_free(&again);
    arena_free(&a);
    return 0;
}
