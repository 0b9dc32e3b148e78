#include "event/mend.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

enum { SPARE = 64, MENDS = 4 };

struct tried {
    const char *call;
    struct mend mend[MENDS];
    uint32_t n;
    struct buf out;
};

static bool mend(void *context, struct err *err)
{
    struct tried *t = context;
    struct json_parser *p = NULL;
    struct arena a = {};
    struct buf text = {};
    const struct json *json;
    bool ok;

    buf_clear(&t->out);
    buf_add(&text, str_of(t->call));
    ok = (buf_room(&text, SPARE) || err_nomem(err)) && json_parser_new(&p, err)
         && json_parse(p, buf_str(&text), &a, &json, err)
         && call_mend(json, t->mend, t->n, &t->out, err);
    json_parser_free(p);
    arena_free(&a);
    buf_free(&text);
    if (!ok) {
        buf_free(&t->out);
        t->out = (struct buf){};
    }
    return ok;
}

/* Mends as "type A=B; property A=B; value A=T". */
static struct tried tried(const char *call, const char *mends)
{
    static const char *const kind[] = {"type ", "property ", "value "};
    struct tried t = {.call = call};
    str rest = str_of(mends);
    struct err err;

    while (rest.n) {
        const char *end = memchr(rest.p, ';', rest.n);
        str one = {rest.p, end ? (size_t)(end - rest.p) : rest.n};

        for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
            if (str_starts(one, str_of(kind[i])))
                assert_true(mend_parse((enum mend_kind)i, str_from(one, strlen(kind[i])),
                                       &t.mend[t.n++], &err));
        rest = str_from(rest, one.n + (end ? 1 : 0));
    }
    return t;
}

static void gives(const char *call, const char *mends, const char *expected)
{
    struct tried t = tried(call, mends);
    struct err err = {};
    bool ok = mend(&t, &err);

    buf_add_char(&t.out, 0);
    if (strcmp(ok ? t.out.p : err.msg, expected))
        fail_msg("%s gives %s", mends, ok ? t.out.p : err.msg);
    buf_free(&t.out);
}

TEST(names_and_values_are_mended)
{
    gives(
        "{\"event\":\"Bought\",\"userId\":\"u\",\"properties\":{\"amount\":\"5.50\","
        "\"x\":{"
        "\"amount\":1}}}",
        "type Bought=purchase;property amount=revenue;value revenue=number",
        "{\"event\":\"purchase\",\"userId\":\"u\",\"properties\":{\"revenue\":5.5,\"x\":{"
        "\"amount\":1}}}");
    gives("{\"type\":\"identify\",\"traits\":{\"age\":\"7\"},\"context\":{\"traits\":{"
          "\"age\":\"8\"},\"ip\":\"age\"}}",
          "value age=number",
          "{\"type\":\"identify\",\"traits\":{\"age\":7},\"context\":{\"traits\":{"
          "\"age\":8},\"ip\":\"age\"}}");
    gives("{\"properties\":{\"a\":\"true\",\"b\":7,\"c\":null,\"d\":true}}",
          "value a=bool;value b=text;value c=number;value d=text",
          "{\"properties\":{\"a\":true,\"b\":\"7\",\"c\":null,\"d\":\"true\"}}");
}

TEST(of_a_mended_call_key_and_time_of_sending_are_left_out)
{
    gives("{\"writeKey\":\"k\",\"sentAt\":\"2016-01-01\",\"properties\":{\"sentAt\":1}}",
          "", "{\"properties\":{\"sentAt\":1}}");
}

TEST(what_cannot_be_mended_is_told)
{
    gives("{\"properties\":{\"a\":\"seven\"}}", "value a=number",
          "a cannot be read as a number");
    gives("{\"properties\":{\"a\":{\"b\":1}}}", "value a=text",
          "a cannot be read as a text");
    gives("{\"properties\":{\"a\":7}}", "value a=bool", "a cannot be read as a bool");
    gives("{\"properties\":{\"a\":1e300}}", "", "a holds a number that is too large");
    gives("[1]", "", "it is no JSON object");
}

TEST(a_mend_is_written_old_new)
{
    static const char *const wrong[] = {"", "a", "=b", "a=", "="};
    struct mend m;
    struct err err;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(mend_parse(MEND_TYPE, str_of(wrong[i]), &m, &err));
    assert_false(mend_parse(MEND_VALUE, STR("a=money"), &m, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_true(mend_parse(MEND_PROPERTY, STR("a=b=c"), &m, &err));
    assert_true(str_eq(m.from, STR("a")) && str_eq(m.to, STR("b=c")));
}

static bool mend_once(void *context, struct err *err)
{
    struct tried *t = context;
    bool ok = mend(t, err);

    buf_free(&t->out);
    t->out = (struct buf){};
    return ok;
}

TEST(lack_of_memory_is_reported_by_mending)
{
    struct tried t = tried("{\"event\":\"a\",\"properties\":{\"b\":\"1\",\"c\":2}}",
                           "type a=b;value b=number;value c=text");

    each_oom(mend_once, &t);
}
