#include "engine/person.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

static bool put(struct engine *e, str id, const char *at, struct buf *to, struct err *err)
{
    struct arena a = {};
    bool ok =
        engine_person_put(e, id, moment_of(at), &a, &(struct json_out){.to = to}, err);

    arena_free(&a);
    buf_add_char(to, 0);
    return ok;
}

static void need(const struct buf *b, const char *part, bool there)
{
    if ((strstr(b->p, part) != NULL) != there)
        fail_msg("%s is %s in %s", part, there ? "not" : "", b->p);
}

TEST(a_person_gets_all_that_is_known_of_him)
{
    struct engine *e = bottega_open("2026-06-01");
    struct buf b = {};
    struct err err;

    NEED_OK(put(e, STR("9"), "2026-06-01", &b, &err), err);
    need(&b, "\"customer\":\"9\"", true);
    need(&b,
         "{\"name\":\"country\",\"value\":null,\"history\":[{\"at\":"
         "\"2026-01-06T00:00:00.000Z\",\"value\":\"IT\"",
         true);
    need(&b, "\"to\":\"lapsed\"", true);
    need(&b, "anna", false);
    buf_free(&b);
    engine_close(e);
}

TEST(what_comes_later_is_not_known_yet)
{
    struct engine *e = bottega_open("2026-06-01");
    struct buf b = {};
    struct err err;

    NEED_OK(put(e, STR("9"), "2026-02-01", &b, &err), err);
    need(&b, "{\"name\":\"country\",\"value\":\"IT\"", true);
    need(&b, "\"age\"", false);
    need(&b, "\"to\":\"lapsed\"", false);
    buf_free(&b);
    engine_close(e);
}

TEST(nobody_has_nothing)
{
    struct engine *e = bottega_open("2026-06-01");
    struct buf b = {};
    struct err err;

    assert_false(put(e, STR("nobody"), "2026-06-01", &b, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    buf_free(&b);
    engine_close(e);
}

static bool put_nine(void *engine, struct err *err)
{
    struct buf b = {};
    bool ok = put(engine, STR("9"), "2026-06-01", &b, err);

    buf_free(&b);
    return ok;
}

TEST(memory_may_run_out_over_a_person)
{
    struct engine *e = bottega_open("2026-06-01");

    each_oom_kept(put_nine, e);
    engine_close(e);
}
