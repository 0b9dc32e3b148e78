#include "engine/saved.h"

#include "engine/question.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

static void need_question(const char *text, const char *wanted)
{
    struct arena a = {};
    struct buf b = {};
    struct question q;
    struct err err;

    if (!question_parse(str_of(text), &a, &q, &err)) {
        buf_add(&b, str_of(err.msg));
    } else {
        question_print(&q, &b);
    }
    buf_add_char(&b, 0);
    assert_string_equal(b.p, wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(a_question_is_written_in_one_way)
{
    need_question("rfm", "rfm");
    need_question("funnel?steps=visit,purchase&from=-30d",
                  "funnel?from=-30d&steps=visit,purchase");
    need_question("funnel?to=&steps=a+b%20c%3E%205&", "funnel?steps=a%20b%20c%3E%205");
    need_question("funnel?steps=Zo%c3%ab", "funnel?steps=Zo%C3%AB");
    need_question(
        "", "a question begins with a report: funnel?steps=visit,purchase&from=-30d");
    need_question("a?b=%2", "a question's % stands before two digits, as in %20");
    need_question("a?b=%zz", "a question's % stands before two digits, as in %20");
    need_question("a?b=%00", "a question has no control characters");
    need_question("a?b=%ff", "a question is UTF-8");
    need_question("a?b=1&b=2", "a question says b twice");
    need_question("a?=1", "a question's parameter has no name");
}

TEST(a_question_has_its_limits)
{
    char text[QUESTION_BYTES_MAX + 2];
    struct arena a = {};
    struct buf b = {};
    struct question q;
    struct err err;

    memset(text, 'x', sizeof text);
    assert_true(question_parse((str){text, QUESTION_BYTES_MAX}, &a, &q, &err));
    assert_false(question_parse((str){text, QUESTION_BYTES_MAX + 1}, &a, &q, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_add(&b, STR("a?"));
    for (int i = 0; i < QUESTION_PARAMS_MAX; i++)
        buf_add_format(&b, "p%d=1&", i);
    assert_true(question_parse(buf_str(&b), &a, &q, &err));
    assert_true(str_eq(question_find(&q, STR("p63")), STR("1")));
    buf_add(&b, STR("more=1"));
    assert_false(question_parse(buf_str(&b), &a, &q, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&b);
    arena_free(&a);
}

static struct saved *saved_of(struct engine *e)
{
    struct saved *s;
    struct err err;

    NEED_OK(saved_new(e, &s, &err), err);
    return s;
}

static bool add(struct saved *s, enum saved_kind kind, const char *name, str text,
                struct err *err)
{
    return saved_add(
        s, &(struct saved_row){.kind = kind, .name = str_of(name), .text = text}, 1000,
        err);
}

static void need_json(const struct engine *e, struct saved *s, uint32_t place,
                      const char *wanted)
{
    struct arena a = {};
    struct buf b = {};
    struct err err;
    uint32_t n;
    const struct saved_row *row = saved_get(s, &n);

    assert_true(place < n);
    if (row[place].kind == SAVED_VIEW)
        NEED_OK(view_put_json(&(struct json_out){.to = &b}, e, &row[place], &a, &err),
                err);
    else
        NEED_OK(
            dashboard_put_json(&(struct json_out){.to = &b}, e, &row[place], &a, &err),
            err);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(views_and_dashboards_stand_in_the_file)
{
    const str both[] = {STR("one"), STR("two")}, other[] = {STR("three")};
    struct engine *e = bottega_open("2026-06-01");
    struct saved *s = saved_of(e);
    struct buf text = {};
    struct err err;

    NEED_OK(add(s, SAVED_VIEW, "one", STR("funnel?steps=a%20b"), &err), err);
    NEED_OK(add(s, SAVED_VIEW, "two", STR("rfm"), &err), err);
    NEED_OK(dashboard_text(s, both, 2, &text, &err), err);
    NEED_OK(add(s, SAVED_DASHBOARD, "one", buf_str(&text), &err), err);
    assert_false(dashboard_text(s, other, 1, &text, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(dashboard_text(s, both, 0, &text, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(add(s, SAVED_VIEW, "one", STR("rfm"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(add(s, SAVED_VIEW, "", STR("rfm"), &err));
    assert_false(add(s, SAVED_VIEW, "a\nb", STR("rfm"), &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(saved_remove(s, SAVED_VIEW, STR("two"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(saved_remove(s, SAVED_VIEW, STR("three"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    saved_free(s);

    s = saved_of(e);
    need_json(e, s, 0,
              "{\"name\":\"one\",\"question\":\"funnel?steps=a%20b\",\"report\":"
              "\"funnel\",\"params\":{\"steps\":\"a b\"},\"made\":\"1970-01-01T00:00:01."
              "000Z\",\"author\":\"\"}");
    need_json(e, s, 2,
              "{\"name\":\"one\",\"views\":[\"one\",\"two\"],\"made\":\"1970-01-01T00:00:"
              "01.000Z\",\"author\":\"\"}");
    NEED_OK(saved_remove(s, SAVED_DASHBOARD, STR("one"), &err), err);
    NEED_OK(saved_remove(s, SAVED_VIEW, STR("two"), &err), err);
    NEED_OK(saved_remove(s, SAVED_VIEW, STR("one"), &err), err);
    saved_free(s);
    buf_free(&text);
    engine_close(e);
}

static bool change(struct saved *s, const char *name, const char *to, str text,
                   struct err *err)
{
    const struct saved_row draft = {
        .kind = SAVED_DASHBOARD, .name = str_of(to), .text = text};

    return saved_change(s, str_of(name), &draft, err);
}

TEST(a_dashboard_gets_another_name_and_other_views)
{
    struct engine *e = bottega_open("2026-06-01");
    struct saved *s = saved_of(e);
    struct err err;

    NEED_OK(add(s, SAVED_VIEW, "one", STR("rfm"), &err), err);
    NEED_OK(add(s, SAVED_DASHBOARD, "first", STR("one"), &err), err);
    NEED_OK(add(s, SAVED_DASHBOARD, "other", STR("one"), &err), err);
    assert_false(change(s, "first", "other", STR("one"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(change(s, "none", "new", STR("one"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(change(s, "first", "a\nb", STR("one"), &err));
    assert_int_equal(err.code, ERR_INPUT);
    NEED_OK(change(s, "first", "first", STR("one\none"), &err), err);
    NEED_OK(change(s, "first", "new", STR("one\none"), &err), err);
    saved_free(s);

    s = saved_of(e);
    need_json(e, s, 1,
              "{\"name\":\"new\",\"views\":[\"one\",\"one\"],\"made\":\"1970-01-01T00:00:"
              "01.000Z\",\"author\":\"\"}");
    saved_free(s);
    engine_close(e);
}

TEST(there_are_not_any_number_of_them)
{
    struct engine *e = bottega_open("2026-06-01");
    struct saved *s = saved_of(e);
    str many[TILES_MAX + 1];
    struct buf text = {};
    struct err err;
    char name[20];

    for (int i = 0; i < DASHBOARDS_MAX; i++) {
        snprintf(name, sizeof name, "board %d", i);
        NEED_OK(add(s, SAVED_DASHBOARD, name, STR("one"), &err), err);
    }
    assert_false(add(s, SAVED_DASHBOARD, "more", STR("one"), &err));
    assert_int_equal(err.code, ERR_LIMIT);
    NEED_OK(add(s, SAVED_VIEW, "one", STR("rfm"), &err), err);
    for (int i = 0; i <= TILES_MAX; i++)
        many[i] = STR("one");
    NEED_OK(dashboard_text(s, many, TILES_MAX, &text, &err), err);
    assert_false(dashboard_text(s, many, TILES_MAX + 1, &text, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&text);
    saved_free(s);
    engine_close(e);
}

static bool keep_and_drop(void *context, struct err *err)
{
    const struct store_options options = {.mode = STORE_WRITE};
    struct saved *s = NULL;
    struct engine *e;
    bool ok;

    if (!engine_open(io_system(), str_of(context), &options, &e, err))
        return false;
    ok = saved_new(e, &s, err)
         && (saved_remove(s, SAVED_VIEW, STR("one"), err) || err->code == ERR_NOT_FOUND)
         && add(s, SAVED_VIEW, "one", STR("funnel?steps=visit"), err)
         && (saved_remove(s, SAVED_DASHBOARD, STR("new"), err)
             || err->code == ERR_NOT_FOUND)
         && (saved_remove(s, SAVED_DASHBOARD, STR("old"), err)
             || err->code == ERR_NOT_FOUND)
         && add(s, SAVED_DASHBOARD, "old", STR("none"), err)
         && change(s, "old", "new", STR("other"), err);
    saved_free(s);
    engine_close(e);
    return ok;
}

TEST(saving_survives_the_lack_of_memory)
{
    struct engine *e = bottega_open("2026-06-01");

    engine_close(e);
    each_oom_or_done(keep_and_drop, (void *)(uintptr_t)bottega_path());
}
