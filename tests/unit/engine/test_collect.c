#include "engine/collect.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-06-01"
enum { SPARE = 64 };

struct sent {
    struct arena a;
    struct collect_body body;
};

static bool cut(struct sent *s, const char *text, struct err *err)
{
    size_t n = strlen(text);
    char *copy;

    *s = (struct sent){};
    s->body.arena = &s->a;
    s->body.source = STR("http:web");
    copy = arena_alloc(&s->a, n + SPARE, 1);
    if (!copy)
        return err_nomem(err);
    s->body.text = (str){memcpy(copy, text, n), n};
    return collect_cut(&s->body, err);
}

static bool collect(struct engine *e, struct sent *s, const char *text, struct err *err)
{
    struct collect_body *body = &s->body;

    return cut(s, text, err) && engine_collect(e, &body, 1, moment_of(NOW), err)
           && engine_settle(e, err) && engine_advance(e, moment_of(NOW), err);
}

/* "2 1 0:reason;" */
static void need(struct engine *e, const char *text, const char *expected)
{
    struct buf b = {};
    struct sent s;
    struct err err;

    NEED_OK(collect(e, &s, text, &err), err);
    buf_add_format(&b, "%u %u ", s.body.accepted, s.body.duplicates);
    for (uint32_t i = 0; i < s.body.refused_n; i++)
        buf_add_format(&b, "%u:%.*s;", s.body.refused[i].index,
                       STR_FMT(s.body.refused[i].reason));
    if (!str_starts(buf_str(&b), str_of(expected)))
        fail_msg("%s gives %.*s", text, STR_FMT(buf_str(&b)));
    buf_free(&b);
    arena_free(&s.a);
}

TEST(a_body_is_cut_into_its_events)
{
    struct sent s;
    struct err err;

    assert_true(
        cut(&s,
            "{\"sentAt\":\"now\",\"writeKey\":\"k\",\"context\":{\"a\":1},\"batch\":[{},"
            "7 ,[]]}",
            &err));
    assert_int_equal(s.body.event_n, 3);
    assert_true(str_eq(s.body.event[1], STR("7")));
    assert_true(str_eq(s.body.write_key, STR("k")));
    assert_true(str_eq(s.body.sent_at, STR("\"now\"")));
    assert_true(str_eq(s.body.context, STR("{\"a\":1}")));
    arena_free(&s.a);
    assert_true(cut(&s, "{\"userId\":\"u\",\"writeKey\":\"k\",\"context\":{}}", &err));
    assert_int_equal(s.body.event_n, 1);
    assert_true(str_eq(s.body.event[0], s.body.text));
    assert_true(str_eq(s.body.write_key, STR("k")) && !s.body.context.n);
    arena_free(&s.a);
    assert_true(cut(&s, "[1,2", &err));
    assert_true(s.body.broken.n > 0);
    arena_free(&s.a);
}

TEST(a_body_has_at_most_so_many_events)
{
    struct buf text = {};
    struct sent s;
    struct err err;

    buf_add_char(&text, '[');
    for (uint32_t i = 0; i < COLLECT_EVENTS_MAX; i++)
        buf_add(&text, i ? STR(",1") : STR("1"));
    buf_add(&text, STR("]"));
    buf_add_char(&text, 0);
    assert_true(cut(&s, text.p, &err));
    assert_int_equal(s.body.event_n, COLLECT_EVENTS_MAX);
    arena_free(&s.a);
    text.n -= 2;
    buf_add(&text, STR(",1]"));
    buf_add_char(&text, 0);
    assert_false(cut(&s, text.p, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    arena_free(&s.a);
    buf_free(&text);
}

#define TRACK(id, more)                                                                  \
    "{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"new\",\"messageId\":\"" id  \
    "\","                                                                                \
    "\"timestamp\":\"2026-05-30T10:00:00Z\"" more "}"

TEST(what_is_good_moves_its_customer_and_what_is_bad_is_kept)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};

    need(e, "[" TRACK("n1", "") ",{},7," TRACK("n1", "") "," TRACK("n2", "") "]",
         "2 1 1:type is none of track, identify, page, screen, group, alias;2:it is no "
         "JSON object;");
    assert_non_null(strstr(bottega_history(e, "new", &a), "buyer"));
    assert_int_equal(snapshot_facts(engine_snapshot(e)).refused, 2);
    need(e, "[" TRACK("n1", "") "]", "0 1 ");
    need(e, "no JSON", "0 0 0:the body is no JSON object or list;");
    assert_int_equal(snapshot_facts(engine_snapshot(e)).refused, 3);
    arena_free(&a);
    engine_close(e);
}

TEST(many_bodies_share_a_commit)
{
    struct engine *e = bottega_open(NOW);
    struct sent one, two;
    struct collect_body *both[] = {&one.body, &two.body};
    struct err err;

    assert_true(cut(&one, "[" TRACK("n1", "") "]", &err));
    assert_true(cut(&two, "[" TRACK("n1", "") "," TRACK("n2", "") "]", &err));
    NEED_OK(engine_collect(e, both, 2, moment_of(NOW), &err), err);
    assert_int_equal(one.body.accepted, 1);
    assert_int_equal(two.body.accepted, 1);
    assert_int_equal(two.body.duplicates, 1);
    arena_free(&one.a);
    arena_free(&two.a);
    engine_close(e);
}

struct first {
    struct arena *a;
    const char *text;
};

static bool keep_first(void *context, const struct refusal *r)
{
    struct first *f = context;

    f->text = arena_str(f->a, r->text).p;
    return false;
}

static const char *first_refused(struct engine *e, struct arena *a)
{
    struct first f = {.a = a};
    struct snapshot *v;
    struct err err;

    NEED_OK(store_snapshot(engine_store(e), &v, &err), err);
    NEED_OK(snapshot_each_refused(v, keep_first, &f, &err), err);
    snapshot_close(v);
    assert_non_null(f.text);
    return f.text;
}

TEST(an_event_is_too_large_without_the_blanks_between_its_values)
{
    struct engine *e = bottega_open(NOW);
    const int wide = COLLECT_EVENT_BYTES_MAX;
    struct buf text = {};

    buf_add_format(&text, "[" TRACK("n1", "") ",%*s" TRACK("n2", "") "", 9, "");
    text.n--;
    buf_add_format(&text, "%*s},{\"a\":[0", wide, "");
    for (int i = 0; i < wide / 2; i++)
        buf_add(&text, STR(",0"));
    buf_add(&text, STR("],\"context\":{ \"ip\" : \"1.2.3.4\"}}]"));
    buf_add_char(&text, 0);
    need(e, text.p, "2 0 2:it is larger than 128 KiB;");
    buf_free(&text);
    engine_close(e);
}

TEST(of_what_is_refused_neither_key_nor_address_is_kept)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};

    need(e,
         "{\"writeKey\":\"Sesame\",\"batch\":[{\"key\":\"Sesame\",\"context\":"
         "{\"ip\":\"1.2.3.4\"},\"from\":\"1.2.3.4\"}]}",
         "0 0 0:");
    assert_string_equal(first_refused(e, &a),
                        "{\"key\":\"******\",\"context\":{\"ip\":\"*******\"},\"from\":"
                        "\"*******\",\"timestamp\":\"2026-06-01T00:00:00.000Z\"}");
    arena_free(&a);
    engine_close(e);
}

static const char learning_model[] =
    "ciclo: 1\nworkspace: { name: L, currency: EUR, timezone: UTC }\n"
    "lifecycle:\n  start: reach\n  stages: { reach: , buyer: }\n"
    "  moves: [ { from: reach, to: buyer, when: 'sum(purchase.amount) > 5' } ]\n";

TEST(an_event_whose_names_would_break_the_model_is_refused_alone)
{
    struct engine *e =
        bottega_with(NULL, "s|s|2026-01-01T00:00:00Z|purchase|'amount':1\n", NOW);
    uint32_t version;
    struct err err;

    NEED_OK(engine_apply(e, str_of(learning_model), moment_of(NOW), &version, &err), err);
    need(
        e,
        "[" TRACK("n1", ",\"properties\":{\"amount\":3,\"new\":1}") "," TRACK(
            "n2", ",\"properties\":{\"amount\":\"much\"}") "," TRACK("n3",
                                                                     ",\"properties\":{"
                                                                     "\"amount\":4}") "]",
        "2 0 1:with the types of these values the model has a fault");
    need(e, "[" TRACK("n4", ",\"properties\":{\"amount\":\"more\"}") "]",
         "0 0 0:with the types of these values the model has a fault");
    need(e, "[" TRACK("n5", ",\"properties\":{\"amount\":7,\"new\":\"x\"}") "]", "1 0 ");
    engine_close(e);
}

static uint32_t zones_read; /* one each time that a model is compiled */

static int open_counted(struct io *io, const char *path, int flags, int mode)
{
    (void)io;
    zones_read += strstr(path, "zoneinfo") != NULL;
    return io_system()->open(io_system(), path, flags, mode);
}

TEST(many_events_that_would_break_the_model_are_found_together)
{
    static const char roman_model[] =
        "ciclo: 1\nworkspace: { name: L, currency: EUR, timezone: Europe/Rome }\n"
        "lifecycle:\n  start: reach\n  stages: { reach: , buyer: }\n"
        "  moves: [ { from: reach, to: buyer, when: 'sum(purchase.amount) > 5' } ]\n";
    struct engine *e = bottega_with(
        NULL, "s|s|2026-01-01T00:00:00Z|purchase|'a':1,'amount':1,'b':1,'c':1,'d':1\n",
        NOW);
    struct io counting = *io_system();
    struct store_options writing = {.mode = STORE_WRITE};
    struct buf body = {};
    uint32_t version;
    struct sent s;
    struct err err;

    NEED_OK(engine_apply(e, str_of(roman_model), moment_of(NOW), &version, &err), err);
    engine_close(e);
    counting.open = open_counted;
    NEED_OK(engine_open(&counting, str_of(bottega_path()), &writing, &e, &err), err);
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
    for (int i = 0; i < 1000; i++)
        buf_add_format(
            &body,
            "%c{\"type\":\"track\",\"event\":\"purchase\",\"userId\":\"u\",\"messageId\":"
            "\"m%d\",\"properties\":{\"p%d\":%d,\"%c\":\"x\"%s}}",
            i ? ',' : '[', i, i, i, 'a' + i % 4, i % 10 ? ",\"amount\":\"x\"" : "");
    buf_add(&body, STR("]"));
    buf_add_char(&body, 0);
    zones_read = 0;
    NEED_OK(collect(e, &s, body.p, &err), err);
    assert_int_equal(s.body.accepted, 100);
    assert_int_equal(s.body.refused_n, 900);
    assert_in_range(zones_read, 3, 16);
    arena_free(&s.a);
    zones_read = 0;
    NEED_OK(collect(e, &s, body.p, &err), err);
    assert_int_equal(s.body.duplicates, 100);
    assert_int_equal(s.body.refused_n, 900);
    assert_int_equal(zones_read, 0); /* what was found is remembered */
    arena_free(&s.a);
    buf_free(&body);
    engine_close(e);
}

/* A file each time, so that all that is failed is the collecting. */
static bool collect_once(void *context, struct err *err)
{
    struct engine *e = NULL;
    struct sent s = {};
    bool ok;

    remove(bottega_path());
    ok = bottega_create(bottega_path(), context, &e, err)
         && collect(e, &s,
                    "{\"batch\":[" TRACK("n1", ",\"properties\":{\"amount\":3}") ",{}]}",
                    err);
    arena_free(&s.a);
    engine_close(e);
    return ok;
}

/* The same, when the model learned from what came before, and breaks by what comes now. */
static bool break_once(void *context, struct err *err)
{
    struct engine *e = NULL;
    struct sent one = {}, two = {};
    uint32_t version;
    bool ok;

    remove(bottega_path());
    ok = bottega_create(bottega_path(), context, &e, err)
         && collect(e, &one, "[" TRACK("n1", ",\"properties\":{\"amount\":3}") "]", err)
         && engine_apply(e, str_of(learning_model), moment_of(NOW), &version, err)
         && collect(e, &two, "[" TRACK("n2", ",\"properties\":{\"amount\":\"x\"}") "]",
                    err);
    assert_true(!ok || (two.body.refused_n == 1 && !two.body.accepted));
    arena_free(&one.a);
    arena_free(&two.a);
    engine_close(e);
    return ok;
}

TEST(lack_of_memory_is_reported_by_collecting)
{
    each_oom_or_done(collect_once, NULL);
    each_oom_or_done(break_once, NULL);
}
