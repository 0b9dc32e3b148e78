#include "engine/overlap.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-02-01"

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR }\n"
    "events: { visit: , buy: , call: }\n"
    "lifecycle:\n"
    "  start: new\n"
    "  stages: { new: , old: }\n"
    "  moves: [ { from: new, to: old, when: \"count(any) >= 3\" } ]\n"
    "segments:\n"
    "  visitors: { when: \"exists(visit)\" }\n"
    "  buyers: { when: \"exists(buy)\" }\n"
    "  callers: { when: \"exists(call)\" }\n"
    "  old: { when: \"stage = 'old'\" }\n"
    "  nobody: { when: \"count(any) > 9\" }\n"
    "  none: { when: \"count(any) > 8\" }\n";

/* Visitors: anna, bob, eve; buyers: anna, bob, zoe; callers: anna; all three of them from the third
 * day on. */
static const char events[] = "a1|anna|2026-01-01|visit|\n"
                             "a2|anna|2026-01-02|buy|\n"
                             "a3|anna|2026-01-03|call|\n"
                             "b1|bob|2026-01-01|visit|\n"
                             "b2|bob|2026-01-05|buy|\n"
                             "e1|eve|2026-01-01|visit|\n"
                             "z1|zoe|2026-01-06|buy|\n";

static str names[OVERLAP_MAX + 1];

static struct overlap_question question(size_t n, const char *const *name)
{
    for (size_t i = 0; i < n; i++)
        names[i] = str_of(name[i]);
    return (struct overlap_question){
        .segment = names, .segment_n = n, .scope.at_ms = moment_of(NOW)};
}

struct asked {
    struct engine *e;
    struct overlap_question q;
    const char *wanted; /* who is listed */
};

static bool ask_once(void *context, struct err *err)
{
    const struct asked *asked = context;
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(asked->e));
    struct arena a = {};
    struct overlap_view v;
    struct buf list = {};
    str wrong;
    bool ok = engine_overlap(asked->e, &asked->q, &a, &v, &wrong, err);

    for (size_t i = 0; ok && i < v.listed.n; i++)
        buf_add_format(&list, "%.*s ",
                       STR_FMT(catalog_customer_id(catalog, v.listed.customer[i])));
    buf_add_char(&list, 0);
    if (ok && list.failed)
        ok = err_nomem(err);
    if (ok)
        assert_string_equal(list.p, asked->wanted);
    buf_free(&list);
    arena_free(&a);
    return ok;
}

static void need_list(struct engine *e, struct overlap_question q, const char *list,
                      const char *wanted)
{
    struct asked asked = {e, q, wanted};
    struct err err;

    asked.q.list = str_of(list);
    NEED_OK(ask_once(&asked, &err), err);
    each_oom_kept(ask_once, &asked);
}

TEST(segments_overlap_in_pairs_and_exactly)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct overlap_question q =
        question(4, (const char *const[]){"visitors", "buyers", "callers", "nobody"});
    static const uint64_t exact[16] = {[1] = 1, [2] = 1, [3] = 1, [7] = 1};
    struct overlap_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    NEED_OK(engine_overlap(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.of, 4);
    assert_int_equal(v.size[0], 3);
    assert_int_equal(v.both[0][1], 2);
    assert_int_equal(overlap_either(&v, 0, 1), 4);
    assert_int_equal(overlap_jaccard(&v, 0, 1), 500000);
    assert_int_equal(overlap_jaccard(&v, 0, 2), 333333);
    assert_int_equal(overlap_jaccard(&v, 0, 3), 0);
    assert_memory_equal(v.exact, exact, sizeof exact);
    arena_free(&a);
    need_list(e, q, "visitors,buyers", "bob ");
    need_list(e, q, " buyers , callers,visitors", "anna ");
    need_list(e, q, "visitors", "eve ");
    need_list(e, q, "nobody", "");
    engine_close(e);
}

TEST(overlaps_are_of_their_moment_and_of_whom_they_are_asked)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct overlap_question q = question(2, (const char *const[]){"visitors", "old"});
    struct overlap_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    q.scope.at_ms = moment_of("2026-01-03") - 1;
    NEED_OK(engine_overlap(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.of, 3);
    assert_int_equal(v.both[0][1], 0);
    q.scope.at_ms++;
    NEED_OK(engine_overlap(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.both[0][1], 1);
    assert_int_equal(v.exact[0], 0);
    q.scope.at_ms = moment_of(NOW);
    q.scope.segment = STR("buyers");
    q.scope.when = STR("not exists(call)");
    NEED_OK(engine_overlap(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.of, 2);
    assert_int_equal(v.size[0], 1);
    assert_int_equal(v.exact[0], 1);
    arena_free(&a);
    engine_close(e);
}

TEST(where_nobody_is_there_is_no_share)
{
    struct engine *e = bottega_with(model, "", NOW);
    struct overlap_question q = question(2, (const char *const[]){"nobody", "none"});
    struct overlap_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    NEED_OK(engine_overlap(e, &q, &a, &v, &wrong, &err), err);
    assert_int_equal(v.of, 0);
    assert_int_equal(overlap_jaccard(&v, 0, 1), -1);
    arena_free(&a);
    engine_close(e);
}

static void need_refused(struct engine *e, const struct overlap_question *q,
                         const char *why)
{
    struct overlap_view v;
    struct arena a = {};
    struct err err;
    str wrong;

    assert_false(engine_overlap(e, q, &a, &v, &wrong, &err));
    assert_int_equal(err.code, ERR_INPUT);
    if (!strstr(err.msg, why))
        fail_msg("%s", err.msg);
    arena_free(&a);
}

TEST(an_overlap_that_cannot_be_asked_is_refused_in_words)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct overlap_question q =
        question(3, (const char *const[]){"visitors", "buyers", "visitors"});

    need_refused(e, &q, "named twice");
    q.segment_n = 1;
    need_refused(e, &q, "2 to 12");
    q.segment_n = OVERLAP_MAX + 1;
    need_refused(e, &q, "2 to 12");
    q.segment_n = 2;
    names[1] = STR(" ");
    need_refused(e, &q, "is missing");
    names[1] = STR("buyer");
    need_refused(e, &q, "did you mean \"buyers\"");
    names[1] = STR("buyers");
    q.list = STR("callers");
    need_refused(e, &q, "none of the segments");
    q.list = STR(",");
    need_refused(e, &q, "none of the segments");
    q.list = STR("");
    q.scope.when = STR("count(visit)");
    need_refused(e, &q, "a condition");
    engine_close(e);
}
