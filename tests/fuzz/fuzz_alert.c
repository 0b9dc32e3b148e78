/* An alert, and its state, are printed so that they read as the same; a pointer never leads out of
 * an answer. */
#include "base/mem.h"
#include "engine/alert.h"

#include "support/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct json number = {.type = JSON_NUMBER, .fits = true, .number = 7};
    struct json list = {.type = JSON_LIST, .n = 1, .item = &number};
    str text = {(const char *)p, n}, name = STR("a");
    struct json object = {.type = JSON_OBJECT, .n = 1, .item = &list, .name = &name};
    struct arena a = {.limit = 8 << 20};
    struct alert alert, again;
    struct alert_state state;
    struct buf b = {}, twice = {};
    struct err err;
    int64_t found;

    if (alert_parse(text, &a, &alert, &err) && alert_print(&alert, &a, &b, &err)) {
        NEED(alert_parse(buf_str(&b), &a, &again, &err));
        NEED(again.rule == alert.rule && again.every == alert.every
             && again.limit == alert.limit && str_eq(again.number, alert.number));
    }
    if (alert_state_parse(text, &a, &state, &err)) {
        buf_clear(&b);
        NEED(alert_state_print(&state, &a, &b, &err));
        NEED(alert_state_parse(buf_str(&b), &a, &state, &err)
             && alert_state_print(&state, &a, &twice, &err));
        NEED(str_eq(buf_str(&b), buf_str(&twice)));
    }
    if (answer_number(&object, text, &found))
        NEED(found == 7);
    buf_free(&b);
    buf_free(&twice);
    arena_free(&a);
    return 0;
}
