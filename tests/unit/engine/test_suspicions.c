#include "engine/suspicions.h"

#include "engine/collect.h"
#include "engine/similar.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-06-01"
enum { SPARE = 64 };

static void collect(struct engine *e, const struct buf *text)
{
    struct arena a = {};
    struct collect_body body = {.arena = &a, .source = STR("http:web")}, *all = &body;
    char *copy = arena_alloc(&a, text->n + SPARE, 1);
    struct err err;

    assert_non_null(copy);
    body.text = (str){memcpy(copy, text->p, text->n), text->n};
    NEED_OK(collect_cut(&body, &err), err);
    NEED_OK(engine_collect(e, &all, 1, moment_of(NOW), &err), err);
    NEED_OK(engine_settle(e, &err) && engine_advance(e, moment_of(NOW), &err), err);
    assert_int_equal(body.accepted, body.event_n);
    arena_free(&a);
}

static void collect_text(struct engine *e, const char *text)
{
    struct buf b = {};

    for (; *text; text++)
        buf_add_char(&b, *text == '\'' ? '"' : *text);
    collect(e, &b);
    buf_free(&b);
}

/* n users, each of whom meets u0 on a tablet of his own, a minute after the other. */
static struct engine *met(uint32_t n)
{
    struct engine *e = bottega_with(NULL, "", NOW);
    struct buf b = {};

    buf_add_char(&b, '[');
    for (uint32_t i = 1; i <= n; i++)
        buf_add_format(&b,
                       "%s{\"type\":\"track\",\"event\":\"visit\",\"messageId\":\"a%u\","
                       "\"userId\":\"u0\",\"anonymousId\":\"tablet%u\",\"timestamp\":"
                       "\"2026-01-01T10:%02u:00Z\"},{\"type\":\"track\",\"event\":"
                       "\"visit\",\"messageId\":\"b%u\",\"userId\":\"u%u\","
                       "\"anonymousId\":\"tablet%u\",\"timestamp\":\"2026-01-02T10:%02u:"
                       "00Z\"}",
                       i > 1 ? "," : "", i, i, i % 60, i, i, i, i % 60);
    buf_add_char(&b, ']');
    collect(e, &b);
    buf_free(&b);
    return e;
}

static struct pair_page page_of(struct engine *e, struct pair_want want, struct arena *a)
{
    struct pair_page page;
    struct err err;

    NEED_OK(engine_pairs(e, &want, a, &page, &err), err);
    return page;
}

TEST(suspicions_come_page_by_page)
{
    enum { ALL = 23 };
    struct engine *e = met(ALL);
    struct arena a = {};
    struct pair_want want = {.limit = 1000, .after = GRAPH_NO_ID};
    struct pair_page all = page_of(e, want, &a);
    uint32_t seen = 0;

    assert_int_equal(all.total, ALL);
    assert_int_equal(all.n, ALL);
    assert_false(all.more);
    for (want.limit = 1; want.limit <= ALL; want.limit++) {
        struct pair_page page;

        want.after = GRAPH_NO_ID;
        seen = 0;
        do {
            page = page_of(e, want, &a);
            assert_int_equal(page.total, ALL);
            for (uint32_t i = 0; i < page.n; i++)
                assert_int_equal(page.pair[i].link, all.pair[seen++].link);
            assert_int_equal(page.more, seen < ALL);
            want.after = page.pair[page.n - 1].link;
        } while (page.more);
        assert_int_equal(seen, ALL);
    }
    for (uint32_t i = 1; i < ALL; i++)
        assert_true(all.pair[i - 1].at_ms >= all.pair[i].at_ms);
    arena_free(&a);
    engine_close(e);
}

TEST(a_page_that_never_was_is_refused)
{
    struct engine *e = met(2);
    struct pair_want want = {.limit = 1, .after = 1000};
    struct pair_page page;
    struct arena a = {};
    struct err err;

    assert_false(engine_pairs(e, &want, &a, &page, &err));
    assert_int_equal(err.code, ERR_INPUT);
    arena_free(&a);
    engine_close(e);
}

static void decide(struct engine *e, const char *a, const char *b, enum graph_says says,
                   const char *by, const char *at)
{
    struct err err;

    NEED_OK(engine_decide(e, str_of(a), str_of(b), says, str_of(by), moment_of(at), &err),
            err);
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
}

/* "u0 u1 merge Eva;" */
static void need_decisions(struct engine *e, const char *customer, const char *wanted)
{
    struct arena a = {};
    struct pair_want want = {.kind = PAIR_DECIDED,
                             .customer = str_of(customer),
                             .limit = 10,
                             .after = GRAPH_NO_ID};
    struct pair_page page = page_of(e, want, &a);
    struct buf b = {};

    assert_int_equal(page.total, page.n);
    for (uint32_t i = 0; i < page.n; i++) {
        const struct pair *p = &page.pair[i];
        struct err err;
        str by;

        NEED_OK(engine_decided_by(e, p, &a, &by, &err), err);
        buf_add_format(&b, "%.*s %.*s %.*s %.*s;", STR_FMT(p->a.value),
                       STR_FMT(p->b.value), STR_FMT(says_text(p->says)), STR_FMT(by));
    }
    if (!str_eq(buf_str(&b), str_of(wanted)))
        fail_msg("of \"%s\" was decided %.*s, not %s", customer, STR_FMT(buf_str(&b)),
                 wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(what_was_decided_is_listed_with_who_decided)
{
    struct engine *e = met(3);

    need_decisions(e, "", "");
    decide(e, "u1", "u0", GRAPH_MERGE, "Eva", "2026-02-01");
    decide(e, "u2", "u3", GRAPH_APART, "", "2026-02-02");
    decide(e, "u2", "u0", GRAPH_APART, "Ada", "2026-02-03");
    need_decisions(e, "", "u0 u2 apart Ada;u2 u3 apart ;u0 u1 merge Eva;");
    need_decisions(e, "u1", "u0 u2 apart Ada;u0 u1 merge Eva;");
    need_decisions(e, "u3", "u2 u3 apart ;");
    decide(e, "u2", "u0", GRAPH_UNDECIDED, "Ada", "2026-02-04");
    decide(e, "u1", "u0", GRAPH_APART, "Bob", "2026-02-05");
    need_decisions(e, "", "u0 u1 apart Bob;u2 u3 apart ;");
    engine_close(e);
}

TEST(suspicions_of_one_customer)
{
    struct engine *e = met(3);
    struct arena a = {};
    struct pair_want want = {.customer = STR("u2"), .limit = 10, .after = GRAPH_NO_ID};

    assert_int_equal(page_of(e, want, &a).total, 1);
    want.customer = STR("tablet1"); /* which is u0's */
    assert_int_equal(page_of(e, want, &a).total, 3);
    decide(e, "u2", "u0", GRAPH_APART, "Eva", "2026-02-01");
    assert_int_equal(page_of(e, want, &a).total, 2);
    arena_free(&a);
    engine_close(e);
}

/* --- who looks alike --- */

static const char contacts[] =
    "[{'type':'identify','userId':'m1','messageId':'1','timestamp':'2026-01-01T10:00:00Z'"
    ","
    "'traits':{'name':'Mario Rossi','address':{'street':'Via Roma 12','city':'Torino'},"
    "'postal_code':10100,'Phone Number':'011 555 444'}},"
    "{'type':'identify','userId':'m2','messageId':'2','timestamp':'2026-01-01T10:00:00Z',"
    "'traits':{'first_name':'Mrio','lastName':'Rossi','street':'via Roma, 12',"
    "'zip':'10-100','birthday':'1980-02-03T00:00:00Z'}},"
    "{'type':'identify','userId':'m3','messageId':'3','timestamp':'2026-01-01T10:00:00Z',"
    "'traits':{'name':'Mario Rossi','birthday':'1980-02-03'}},"
    "{'type':'identify','userId':'m3','messageId':'4','timestamp':'2026-01-02T10:00:00Z',"
    "'traits':{'name':'Rossi Mario'}},"
    "{'type':'identify','userId':'a1','messageId':'5','timestamp':'2026-01-01T10:00:00Z',"
    "'traits':{'name':'Anna Verdi','street':'Via Roma 12'}},"
    "{'type':'identify','userId':'a1','messageId':'6','timestamp':'2026-01-03T10:00:00Z',"
    "'traits':{'street':null}},"
    "{'type':'identify','userId':'a2','messageId':'7','timestamp':'2026-01-01T10:00:00Z',"
    "'traits':{'name':'Anna Verdi','address':{'street':'Via Roma 12'}}}]";

static void look(struct engine *e, uint32_t bits)
{
    struct similar_look *l;
    struct err err;

    NEED_OK(engine_similar_begin(e, bits, moment_of(NOW), &l, &err), err);
    NEED_OK(engine_similar_run(l, NULL, NULL, &err), err);
    engine_similar_finish(l);
    engine_similar_free(l);
}

static struct alike_page alike_of(struct engine *e, struct alike_want want,
                                  struct arena *a)
{
    struct alike_page page;
    struct err err;

    NEED_OK(engine_similar(e, &want, a, &page, &err), err);
    return page;
}

/* "m1 m2;m2 m3;", in alphabetic order */
static void need_alike(struct engine *e, const char *customer, const char *wanted)
{
    static const char *const id[] = {"a1", "a2", "m1", "m2", "m3"};
    struct arena a = {};
    struct alike_page page =
        alike_of(e,
                 (struct alike_want){
                     .customer = str_of(customer), .limit = 100, .after = UINT32_MAX},
                 &a);
    struct buf b = {};

    for (size_t x = 0; x < 5; x++)
        for (size_t y = x + 1; y < 5; y++)
            for (uint32_t i = 0; i < page.n; i++) {
                const struct id *c = page.alike[i].customer;

                if ((str_eq(c[0].value, str_of(id[x]))
                     && str_eq(c[1].value, str_of(id[y])))
                    || (str_eq(c[0].value, str_of(id[y]))
                        && str_eq(c[1].value, str_of(id[x]))))
                    buf_add_format(&b, "%s %s;", id[x], id[y]);
            }
    if (!str_eq(buf_str(&b), str_of(wanted)) || page.total != page.n)
        fail_msg("alike are %.*s (%u), not %s", STR_FMT(buf_str(&b)), page.total, wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(customers_who_look_alike_are_listed)
{
    struct engine *e = bottega_with(NULL, "", NOW);

    collect_text(e, contacts);
    need_alike(e, "", ""); /* nobody looked */
    look(e, 12);
    /* The name's beginning, a street by another name of the trait; a birthday; and not what was
     * taken away. */
    need_alike(e, "", "m1 m2;m2 m3;");
    need_alike(e, "m1", "m1 m2;");
    look(e, 15);
    need_alike(e, "", "m1 m2;m2 m3;");
    look(e, 30);
    need_alike(e, "", "");
    engine_close(e);
}

TEST(what_two_have_alike_is_told)
{
    struct engine *e = bottega_with(NULL, "", NOW);
    struct arena a = {};
    struct alike_page page;
    struct buf b = {};
    struct err err;

    collect_text(e, contacts);
    look(e, 12);
    page = alike_of(e, (struct alike_want){.limit = 1, .after = UINT32_MAX}, &a);
    assert_int_equal(page.looked_ms, moment_of(NOW));
    assert_int_equal(page.n, 1);
    assert_true(page.more);
    NEED_OK(alike_put_json(&(struct json_out){.to = &b}, e, &page.alike[0], true, &err),
            err);
    buf_add_char(&b, '\0');
    assert_non_null(strstr(b.p, "{\"field\":\"birthday\",\"a\":\"1980-02-03\",\"b\":"
                                "\"1980-02-03\",\"alike\":1}"));
    assert_non_null(strstr(b.p, "\"a\":\"Mrio Rossi\",\"b\":\"Rossi Mario\""));
    assert_non_null(strstr(b.p, "{\"kind\":\"userId\",\"id\":\"m3\",\"stage\":\"reach\","
                                "\"events\":2,\"last\":\"2026-01-02T10:00:00.000Z\"}"));
    page = alike_of(e, (struct alike_want){.limit = 1, .after = page.alike[0].place}, &a);
    assert_int_equal(page.n, 1);
    assert_int_equal(page.total, 2);
    assert_false(page.more);
    buf_free(&b);
    arena_free(&a);
    engine_close(e);
}

TEST(who_was_decided_on_looks_alike_no_more)
{
    struct engine *e = bottega_with(NULL, "", NOW);

    collect_text(e, contacts);
    look(e, 12);
    decide(e, "m1", "m2", GRAPH_APART, "", "2026-02-01");
    need_alike(e, "", "m2 m3;");
    look(e, 12);
    need_alike(e, "", "m2 m3;");
    decide(e, "m1", "m2", GRAPH_UNDECIDED, "", "2026-02-02");
    decide(e, "m2", "m3", GRAPH_MERGE, "", "2026-02-03");
    need_alike(e, "", "m1 m2;");
    decide(e, "m1", "m3", GRAPH_APART, "", "2026-02-04"); /* who is m2 now */
    need_alike(e, "", "");
    engine_close(e);
}

TEST(a_look_can_be_ended)
{
    struct engine *e = bottega_with(NULL, "", NOW);
    struct similar_look *l;
    struct err err;

    collect_text(e, contacts);
    NEED_OK(engine_similar_begin(e, 12, moment_of(NOW), &l, &err), err);
    engine_similar_free(l);
    need_alike(e, "", "");
    engine_close(e);
}

/* Over something that lives on: the lists. */
static bool list_all(void *context, struct err *err)
{
    struct engine *e = context;
    struct arena a = {};
    struct buf b = {};
    struct json_out j = {.to = &b};
    struct pair_want pairs = {.kind = PAIR_DECIDED, .limit = 2, .after = GRAPH_NO_ID};
    struct alike_want want = {.limit = 2, .after = UINT32_MAX};
    struct alike_page alike;
    struct pair_page page;
    bool ok = engine_pairs(e, &pairs, &a, &page, err)
              && pair_put_json(&j, e, &page.pair[0], pairs.kind, true, err)
              && engine_similar(e, &want, &a, &alike, err)
              && alike_put_json(&j, e, &alike.alike[0], true, err);

    ok = ok && (!b.failed || err_nomem(err));
    arena_free(&a);
    buf_free(&b);
    return ok;
}

TEST(lists_survive_the_lack_of_memory)
{
    struct engine *e = bottega_with(NULL, "", NOW);

    collect_text(e, contacts);
    decide(e, "m1", "a1", GRAPH_APART, "Eva", "2026-02-01");
    look(e, 12);
    each_oom_kept(list_all, e);
    engine_close(e);
}

static bool open_and_look([[maybe_unused]] void *context, struct err *err)
{
    struct store_options options = {.mode = STORE_READ};
    struct alike_want want = {.limit = 2, .after = UINT32_MAX};
    struct similar_look *l = NULL;
    struct alike_page alike;
    struct engine *e;
    struct arena a = {};
    bool ok;

    if (!engine_open(io_system(), str_of(bottega_path()), &options, &e, err))
        return false;
    ok = engine_similar_begin(e, 12, moment_of(NOW), &l, err)
         && engine_similar_run(l, NULL, NULL, err);
    if (ok)
        engine_similar_finish(l);
    engine_similar_free(l);
    ok = ok && engine_similar(e, &want, &a, &alike, err);
    if (ok)
        assert_int_equal(alike.total, 2);
    arena_free(&a);
    engine_close(e);
    return ok;
}

TEST(looking_survives_the_lack_of_memory)
{
    struct engine *e = bottega_with(NULL, "", NOW);

    collect_text(e, contacts);
    engine_close(e);
    each_oom_or_done(open_and_look, NULL);
}
