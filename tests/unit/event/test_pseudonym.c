#include "event/pseudonym.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#define NEED_OK(call, err)                                                               \
    do {                                                                                 \
        if (!(call))                                                                     \
            fail_msg("%s: %s", #call, (err).msg);                                        \
    } while (0)

static struct pseudonym_key key_of(char c)
{
    char text[60] = "ciclo_pseudonym_";
    struct pseudonym_key key;
    struct err err;

    memset(text + 16, c, 43);
    NEED_OK(pseudonym_key_parse(str_of(text), &key, &err), err);
    return key;
}

/* Of a kind, as text; lives until the next call. */
static str hidden(const struct pseudonym_key *k, enum id_kind kind, const char *of)
{
    static char room[ID_BYTES_MAX];
    struct arena a = {};
    struct id id;
    struct err err;

    NEED_OK(pseudonym_of(k, (struct id){kind, str_of(of)}, &a, &id, &err), err);
    assert_int_equal(id.kind, kind);
    memcpy(room, id.value.p, id.value.n);
    arena_free(&a);
    return (str){room, id.value.n};
}

TEST(a_key_is_known_by_its_form)
{
    struct pseudonym_key key, again;
    struct buf text = {};
    struct err err;

    assert_true(pseudonym_key_new(&key));
    pseudonym_key_print(&key, &text);
    assert_int_equal(text.n, 59);
    NEED_OK(pseudonym_key_parse(buf_str(&text), &again, &err), err);
    assert_true(pseudonym_fingerprint(&key) == pseudonym_fingerprint(&again));
    assert_true(pseudonym_fingerprint(&key) != 0);
    text.p[0] = 'x';
    assert_false(pseudonym_key_parse(buf_str(&text), &again, &err));
    assert_false(pseudonym_key_parse(STR(""), &again, &err));
    assert_int_equal(err.code, ERR_INPUT);
    buf_free(&text);
}

TEST(an_id_has_one_pseudonym_of_its_kind_and_key)
{
    struct pseudonym_key one = key_of('a'), other = key_of('b');
    char first[PSEUDONYM_BYTES + 1] = "";
    str p = hidden(&one, ID_EMAIL, "ada@x.it");

    assert_int_equal(p.n, PSEUDONYM_BYTES);
    assert_true(id_is_pseudonym(p));
    memcpy(first, p.p, p.n);
    assert_true(str_eq(hidden(&one, ID_EMAIL, "ada@x.it"), str_of(first)));
    assert_false(str_eq(hidden(&one, ID_USER, "ada@x.it"), str_of(first)));
    assert_false(str_eq(hidden(&one, ID_EMAIL, "bob@x.it"), str_of(first)));
    assert_false(str_eq(hidden(&other, ID_EMAIL, "ada@x.it"), str_of(first)));
    /* what the key made it makes of itself; another key hides it again */
    assert_true(str_eq(hidden(&one, ID_EMAIL, first), str_of(first)));
    assert_false(str_eq(hidden(&other, ID_EMAIL, first), str_of(first)));
    /* what only looks like one is hidden */
    assert_false(str_eq(hidden(&one, ID_USER, "p_abcdefghijklmnopqrstuvwxyz"),
                        STR("p_abcdefghijklmnopqrstuvwxyz")));
}

TEST(a_user_and_a_visitor_of_one_name_share_it)
{
    struct pseudonym_key key = key_of('a');
    char first[PSEUDONYM_BYTES + 1] = "";

    memcpy(first, hidden(&key, ID_USER, "v1").p, PSEUDONYM_BYTES);
    assert_true(str_eq(hidden(&key, ID_ANONYMOUS, "v1"), str_of(first)));
}

TEST(of_a_system_the_name_stays)
{
    struct pseudonym_key key = key_of('a');

    assert_true(str_starts(hidden(&key, ID_OTHER, "till:7"), STR("till:p_")));
    assert_int_equal(hidden(&key, ID_OTHER, "till:7").n, 5 + PSEUDONYM_BYTES);
    assert_true(str_starts(hidden(&key, ID_OTHER, "ada@x.it:7"), STR("hidden:p_")));
}

/* --- events --- */

struct tried {
    const char *call;
    struct buf out; /* the line of the log */
};

static bool hide(void *context, struct err *err)
{
    enum { SPARE = 64 };
    static const struct dictionary none;
    struct tried *t = context;
    struct pseudonym_key key = key_of('a');
    struct json_parser *p = NULL;
    struct arena a = {};
    struct buf text = {};
    const struct json *json;
    struct event e;
    bool ok;

    buf_clear(&t->out);
    buf_add(&text, str_of(t->call));
    ok = (buf_room(&text, SPARE) || err_nomem(err)) && json_parser_new(&p, err)
         && json_parse(p, buf_str(&text), &a, &json, err)
         && event_parse(json, &a, &e, err) && pseudonym_hide(&key, &none, &e, &a, err);
    if (ok)
        event_print(&e, &t->out);
    ok = ok && (!t->out.failed || err_nomem(err));
    json_parser_free(p);
    arena_free(&a);
    buf_free(&text);
    if (!ok) {
        buf_free(&t->out);
        t->out = (struct buf){};
    }
    return ok;
}

/* As the log has it. */
static const char *line_of(struct tried *t)
{
    struct err err;

    NEED_OK(hide(t, &err), err);
    buf_add_char(&t->out, 0);
    return t->out.p;
}

#define CALL(more)                                                                       \
    "{\"type\":\"track\",\"event\":\"buy\",\"userId\":\"ada-007\",\"messageId\":\"m\","  \
    "\"timestamp\":\"2026-01-01T00:00:00Z\"" more "}"

TEST(what_says_who_somebody_is_goes)
{
    static const char *const gone[] = {
        "\"email\":\"x\"",
        "\"E-Mail\":\"x\"",
        "\"customer_email\":1",
        "\"first name\":\"x\"",
        "\"firstName\":\"x\"",
        "\"ip\":\"x\"",
        "\"who\":\"a@b\"",
        "\"who\":\"a%40b.it\"",
        "\"a@b\":1",
        "\"who\":[\"x\",\"a@b\"]",
        "\"Phone\":39333617371",
        "\"shipping\":{\"address\":{\"city\":\"x\"}}",
        "\"user_id\":\"another\"",
        "\"member\":{\"userName\":\"x\"}",
        "\"who\":\"ada-007\"",
        "\"who\":[\"ada-007\"]",
    };
    struct tried t = {};

    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        char call[400];

        snprintf(call, sizeof call, CALL(",\"properties\":{%s}"), gone[i]);
        t.call = call;
        if (!strstr(line_of(&t), "\"properties\":{}")
            && !strstr(t.out.p, "\"properties\":{\"who\":[]}"))
            fail_msg("%s: %s", gone[i], t.out.p);
    }
    buf_free(&t.out);
}

TEST(what_does_not_stays)
{
    static const char *const kept[] = {
        "\"name\":\"Shoes\"", "\"has_email\":true",  "\"email_campaign\":\"x\"",
        "\"title\":\"x\"",    "\"city\":\"Roma\"",   "\"handle\":\"@x\"",
        "\"order_id\":7",     "\"time\":\"10 @ 3\"",
    };
    struct tried t = {};

    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        char call[400];

        snprintf(call, sizeof call, CALL(",\"properties\":{%s}"), kept[i]);
        t.call = call;
        if (!strstr(line_of(&t), kept[i]))
            fail_msg("%s: %s", kept[i], t.out.p);
    }
    buf_free(&t.out);
}

TEST(of_a_person_name_and_title_go)
{
    struct tried t = {.call =
                          CALL(",\"context\":{\"traits\":{\"name\":\"x\",\"title\":\"x\","
                               "\"plan\":\"gold\",\"company\":{\"name\":\"x\"}}}")};

    assert_non_null(strstr(line_of(&t), "\"traits\":{\"plan\":\"gold\"}"));
    buf_free(&t.out);
}

TEST(of_a_link_stays_where_it_leads_and_its_campaign)
{
    struct tried t = {
        .call =
            CALL(",\"properties\":{\"url\":\"https://s.it/a?utm_source=news&mail=a@b"
                 "&gclid=1&utm_term=#who\",\"search\":\"?ada\",\"say\":\"why? so\"}")};

    assert_non_null(
        strstr(line_of(&t), "\"url\":\"https://s.it/a?utm_source=news&mail=x&gclid=x\""));
    assert_non_null(strstr(t.out.p, "\"search\":\"\""));
    assert_non_null(strstr(t.out.p, "\"say\":\"why? so\""));
    buf_free(&t.out);
}

TEST(ids_are_words_in_other_texts)
{
    struct tried t = {.call =
                          "{\"type\":\"track\",\"event\":\"buy\",\"userId\":\"ada-7-x\","
                          "\"messageId\":\"by ada-7-x\","
                          "\"timestamp\":\"2026-01-01T00:00:00Z\","
                          "\"properties\":{\"say\":\"for ada-7-x, too\"}}"};

    assert_null(strstr(line_of(&t), "ada-7"));
    assert_non_null(strstr(t.out.p, "\"say\":\"for [erased], too\""));
    assert_non_null(strstr(t.out.p, "\"messageId\":\"p_"));
    buf_free(&t.out);
}

TEST(the_line_means_who_it_came_from)
{
    struct tried t = {
        .call = "{\"type\":\"alias\",\"userId\":\"u1\",\"previousId\":\"v1\","
                "\"messageId\":\"m\",\"timestamp\":\"2026-01-01T00:00:00Z\","
                "\"context\":{\"externalIds\":[{\"type\":\"till\",\"id\":\"9\"},"
                "{\"type\":\"email\",\"id\":\"A@x.it\"}]}}"};
    struct pseudonym_key key = key_of('a');
    char wanted[120];

    line_of(&t);
    snprintf(wanted, sizeof wanted, "\"previousId\":\"%.*s\"",
             STR_FMT(hidden(&key, ID_ANONYMOUS, "v1")));
    assert_non_null(strstr(t.out.p, wanted));
    snprintf(wanted, sizeof wanted, "{\"type\":\"email\",\"id\":\"%.*s\"}",
             STR_FMT(hidden(&key, ID_EMAIL, "a@x.it")));
    assert_non_null(strstr(t.out.p, wanted));
    assert_non_null(strstr(t.out.p, "{\"type\":\"till\",\"id\":\"p_"));
    buf_free(&t.out);
}

TEST(an_event_named_after_somebody_is_refused)
{
    struct tried t = {.call = "{\"type\":\"track\",\"event\":\"mail to a@b.it\","
                              "\"userId\":\"u1\",\"messageId\":\"m\","
                              "\"timestamp\":\"2026-01-01T00:00:00Z\"}"};
    struct err err;

    assert_false(hide(&t, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_null(strstr(err.msg, "a@b"));
}

static bool hide_once(void *context, struct err *err)
{
    struct tried *t = context;
    bool ok = hide(t, err);

    buf_free(&t->out);
    t->out = (struct buf){};
    return ok;
}

TEST(lack_of_memory_is_reported_by_hiding)
{
    struct tried t = {.call = CALL(",\"anonymousId\":\"visitor-1\",\"properties\":{\"a\":"
                                   "\"for visitor-1\",\"url\":\"https://x?y=z\"}")};

    each_oom(hide_once, &t);
}
