#include "engine/model.h"

#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

#define HEAD                                                                             \
    "ciclo: 1\n"                                                                         \
    "events: { purchase: { from: [Order] }, ticket_opened: {} }\n"                       \
    "lifecycle: { stages: { a: { end: true } } }\n"

static bool compile(const char *text, struct catalog *catalog, struct model **out,
                    struct err *err)
{
    return catalog_init(catalog, err)
           && model_compile(io_system(), str_of(text), catalog, out, err);
}

static void need_kept(const struct model *m, const char *type, const char *length)
{
    const struct retained *r =
        retention_find(&m->retention, &m->dictionary, str_of(type));
    struct buf b = {};

    if (r)
        length_print(&b, r->length);
    assert_true(str_eq(buf_str(&b), str_of(length)));
    buf_free(&b);
}

TEST(what_is_not_named_is_kept_for_ever)
{
    struct catalog catalog;
    struct model *m;
    struct err err;

    assert_true(
        compile(HEAD "retention: { page: 90d, purchase: 3y }\n", &catalog, &m, &err));
    need_kept(m, "page", "90d");
    need_kept(m, "purchase", "3y");
    need_kept(m, "Order", "3y");
    need_kept(m, "ticket_opened", NULL);
    need_kept(m, "identify", NULL);
    model_free(m);
    catalog_free(&catalog);
}

static void need_wrong(const char *text, int line, int column, const char *what)
{
    struct catalog catalog;
    struct model *m;
    struct err err;

    assert_false(compile(text, &catalog, &m, &err));
    if (err.line != line || err.column != column || !strstr(err.msg, what))
        fail_msg("%d:%d %s", err.line, err.column, err.msg);
    catalog_free(&catalog);
}

TEST(what_cannot_be_meant_is_refused_with_its_place)
{
    need_wrong(HEAD "retention: { purchas: 90d }\n", 4, 14, "did you mean \"purchase\"");
    need_wrong(HEAD "retention: { purchase: 90 }\n", 4, 24, "90");
    need_wrong(HEAD "retention: { purchase: [90d] }\n", 4, 24, "such as 90d");
    need_wrong(HEAD "retention: { purchase: 90d, Order: 3y }\n", 4, 29, "again");
    need_wrong(HEAD "retention: [ purchase ]\n", 4, 12, "is a map");
}

static bool compile_once([[maybe_unused]] void *context, struct err *err)
{
    struct model *m = NULL;
    struct catalog catalog;
    bool ok = compile(HEAD "retention: { page: 90d }\n", &catalog, &m, err);

    model_free(m);
    catalog_free(&catalog);
    return ok;
}

TEST(memory_may_run_out_over_a_retention)
{
    each_oom(compile_once, NULL);
}
