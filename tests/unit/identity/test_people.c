#include "identity/people.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

/* An event as it comes out of event_parse. */
struct said {
    struct arena a;
    struct json_parser *parser;
    struct event e;
};

static bool say(struct said *s, const char *json, struct err *err)
{
    enum { SPARE = 64 };
    size_t n = strlen(json);
    char *text = arena_alloc(&s->a, n + SPARE, 1);
    const struct json *call;

    if (!text)
        return err_nomem(err);
    memcpy(text, json, n);
    return (s->parser || json_parser_new(&s->parser, err))
           && json_parse(s->parser, (str){text, n}, &s->a, &call, err)
           && event_parse(call, &s->a, &s->e, err);
}

static void unsay(struct said *s)
{
    arena_free(&s->a);
    json_parser_free(s->parser);
}

#define CALL(n, ids)                                                                     \
    "{\"type\":\"track\",\"event\":\"visit\",\"messageId\":\"m" #n                       \
    "\",\"timestamp\":\"2026-11-21T10:00:0" #n "Z\"," ids "}"
#define DECIDED(n, says, user, kind, other)                                              \
    "{\"type\":\"track\",\"event\":\"identity_decided\",\"messageId\":\"m" #n            \
    "\",\"timestamp\":\"2026-11-21T10:00:0" #n "Z\",\"userId\":\"" user                  \
    "\",\"properties\":{\"says\":\"" says "\",\"a_kind\":\"userId\",\"a\":\"" user       \
    "\",\"b_kind\":\"" kind "\",\"b\":\"" other "\"}}"

static bool tell(struct people *p, const char *json, struct err *err)
{
    struct said s = {};
    bool ok = say(&s, json, err) && people_add(p, &s.e, err);

    unsay(&s);
    return ok;
}

#define TELL(p, json)                                                                    \
    do {                                                                                 \
        struct err why;                                                                  \
        if (!tell(p, json, &why))                                                        \
            fail_msg("%s", why.msg);                                                     \
    } while (0)

static bool note_move(void *to, str anchor, str home, struct err *err)
{
    struct id a = id_of_key(anchor), h = id_of_key(home);

    buf_add_format(to, "%d:%.*s>%d:%.*s ", (int)a.kind, STR_FMT(a.value), (int)h.kind,
                   STR_FMT(h.value));
    return !((struct buf *)to)->failed || err_nomem(err);
}

static void need_moves(struct people *p, const char *wanted)
{
    struct buf moves = {};
    struct err err;

    assert_true(people_each_move(p, note_move, &moves, &err));
    buf_add_char(&moves, 0);
    assert_string_equal(moves.p, wanted);
    buf_free(&moves);
    people_mark(p);
}

static struct people *nobody(void)
{
    struct people *p;
    struct err err;

    assert_true(people_new(&p, &err));
    return p;
}

TEST(who_logs_in_takes_his_visits_along)
{
    struct people *p = nobody();
    str home;
    struct err err;

    TELL(p, CALL(1, "\"anonymousId\":\"a1\""));
    need_moves(p, "1:a1>1:a1 ");
    TELL(p, CALL(2, "\"anonymousId\":\"a1\""));
    need_moves(p, "");
    TELL(p, CALL(3, "\"anonymousId\":\"a1\",\"userId\":\"ada\""));
    need_moves(p, "1:a1>0:ada 0:ada>0:ada ");
    assert_true(people_home(p,
                            STR("\x02"
                                "a1"),
                            &home, &err));
    assert_true(str_eq(home, STR("ada")));
    assert_true(people_home(p, STR("eve"), &home, &err));
    assert_true(str_eq(home, STR("eve")));
    people_free(p);
}

TEST(an_id_that_stands_for_no_event_does_not_move)
{
    struct people *p = nobody();

    TELL(p, CALL(1, "\"anonymousId\":\"a1\",\"userId\":\"ada\""));
    need_moves(p, "0:ada>0:ada ");
    TELL(p, CALL(2, "\"anonymousId\":\"a1\"")); /* now it does */
    need_moves(p, "1:a1>0:ada ");
    people_free(p);
}

TEST(what_a_person_decides_moves_and_moves_back)
{
    struct people *p = nobody();

    TELL(p, CALL(1, "\"userId\":\"ada\",\"anonymousId\":\"tablet\""));
    TELL(p, CALL(2, "\"userId\":\"bob\",\"anonymousId\":\"tablet\""));
    need_moves(p, "0:ada>0:ada 0:bob>0:bob ");
    TELL(p, DECIDED(3, "merge", "bob", "userId", "ada"));
    need_moves(p, "0:bob>0:ada ");
    TELL(p, DECIDED(4, "undecided", "bob", "userId", "ada"));
    need_moves(p, "0:bob>0:bob ");
    TELL(p, DECIDED(5, "apart", "ada", "anonymousId", "tablet"));
    TELL(p, CALL(6, "\"anonymousId\":\"tablet\""));
    need_moves(p, "1:tablet>0:bob ");
    people_free(p);
}

TEST(what_is_taken_back_was_never_there)
{
    struct people *p = nobody();
    struct err err;
    str home;

    TELL(p, CALL(1, "\"anonymousId\":\"a1\""));
    people_mark(p);
    TELL(p, CALL(2, "\"anonymousId\":\"a1\",\"userId\":\"ada\""));
    assert_true(people_undo(p, &err));
    need_moves(p, "");
    assert_true(people_home(p,
                            STR("\x02"
                                "a1"),
                            &home, &err));
    assert_true(str_eq(home, STR("\x02"
                                 "a1")));
    assert_int_equal(graph_id_count(people_graph(p)), 1);
    people_free(p);
}

TEST(who_is_nobody_is_a_customer_of_his_own_in_old_files)
{
    struct people *p = nobody();

    TELL(p, CALL(1, "\"userId\":\"null\",\"anonymousId\":\"undefined\""));
    TELL(p, CALL(2, "\"userId\":\"ada\",\"anonymousId\":\"undefined\""));
    need_moves(p, "0:null>0:null 0:ada>0:ada ");
    people_free(p);
}

static bool live([[maybe_unused]] void *context, struct err *err)
{
    struct people *p = NULL;
    struct buf moves = {}, bytes = {};
    bool ok = people_new(&p, err)
              && tell(p, CALL(1, "\"anonymousId\":\"a1\",\"userId\":\"ada\""), err)
              && people_each_move(p, note_move, &moves, err)
              && graph_encode_news(people_graph(p), &bytes, err);

    if (ok)
        people_mark(p);
    ok = ok && tell(p, CALL(2, "\"anonymousId\":\"a1\",\"userId\":\"bob\""), err)
         && tell(p, DECIDED(3, "merge", "bob", "userId", "ada"), err)
         && people_undo(p, err) && graph_encode_sorted(people_graph(p), &bytes, err);
    buf_free(&moves);
    buf_free(&bytes);
    people_free(p);
    return ok;
}

TEST(people_survive_the_lack_of_memory)
{
    each_oom(live, NULL);
}

static bool reread(void *context, struct err *err)
{
    struct graph *g = NULL;
    bool ok = graph_new(&graph_limits_usual, &g, err)
              && graph_decode(g, buf_str(context), err) && graph_decoded(g, err);

    graph_free(g);
    return ok;
}

TEST(bytes_are_read_or_memory_lacks)
{
    struct people *p = nobody();
    struct buf bytes = {};
    struct err err;

    TELL(p, CALL(1, "\"userId\":\"ada\",\"anonymousId\":\"tablet\""));
    TELL(p, DECIDED(3, "apart", "bob", "userId", "ada"));
    TELL(p, CALL(2, "\"userId\":\"bob\",\"anonymousId\":\"tablet\""));
    assert_true(graph_encode(people_graph(p), &bytes, &err));
    each_oom(reread, &bytes);
    bytes.p[bytes.n - 1] ^= (char)0x80;
    assert_false(reread(&bytes, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&bytes);
    people_free(p);
}
