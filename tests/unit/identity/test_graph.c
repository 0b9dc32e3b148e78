#include "identity/graph.h"

#include "base/time.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

/* Ids as "u:ada", "a:phone1", "e:ada@x.it", "p:+39", "d:tv", "o:crm:7". */
static struct id id(const char *text)
{
    static const char letters[] = "uaepdo";

    return (struct id){(enum id_kind)(strchr(letters, text[0]) - letters),
                       str_of(text + 2)};
}

struct life {
    struct graph *g;
    struct graph_changes changes;
};

static struct life born(struct graph_limits limits)
{
    struct life l = {};
    struct err err;

    assert_true(graph_new(&limits, &l.g, &err));
    return l;
}

static bool try_event(struct life *l, int64_t at_ms, const char *ids,
                      const char *previous, struct err *err)
{
    char text[200], message[32];
    struct id list[GRAPH_IDS_MAX + 1];
    struct graph_event e = {.at_ms = at_ms, .id = list, .previous = str_of(previous)};

    snprintf(text, sizeof text, "%s", ids);
    snprintf(message, sizeof message, "m%d", (int)at_ms);
    e.message = str_of(message);
    for (char *rest = text, *one; (one = strsep(&rest, " ")) && *one;)
        list[e.id_n++] = id(one);
    return graph_add(l->g, &e, &l->changes, err);
}

static void event(struct life *l, int64_t at_ms, const char *ids)
{
    struct err err;

    if (!try_event(l, at_ms, ids, NULL, &err))
        fail_msg("%s", err.msg);
}

static void alias(struct life *l, int64_t at_ms, const char *user, const char *previous)
{
    struct err err;

    if (!try_event(l, at_ms, user, previous, &err))
        fail_msg("%s", err.msg);
}

static bool try_decision(struct life *l, int64_t at_ms, enum graph_says says,
                         const char *a, const char *b, struct err *err)
{
    struct graph_decision d = {at_ms, STR("d"), id(a), id(b), says};

    return graph_decide(l->g, &d, &l->changes, err);
}

static void decide(struct life *l, int64_t at_ms, enum graph_says says, const char *a,
                   const char *b)
{
    struct err err;

    if (!try_decision(l, at_ms, says, a, b, &err))
        fail_msg("%s", err.msg);
}

static const char *name_of(const struct life *l, const char *one)
{
    static char name[2][ID_BYTES_MAX + 3];
    static int turn;
    uint32_t number = graph_find(l->g, id(one));
    struct id found;

    assert_int_not_equal(number, GRAPH_NO_ID);
    found = graph_id(l->g, graph_customer(l->g, number));
    turn = !turn;
    snprintf(name[turn], sizeof name[turn], "%c:%.*s", "uaepdo"[found.kind],
             STR_FMT(found.value));
    return name[turn];
}

#define NEED_NAME(l, one, name) assert_string_equal(name_of((l), (one)), (name))

static struct graph_link link_of(const struct life *l, enum graph_tie tie, const char *a,
                                 const char *b)
{
    uint32_t from = graph_find(l->g, id(a)), to = graph_find(l->g, id(b));
    uint32_t at = graph_link_of(l->g, from, GRAPH_NO_ID);

    for (; at != GRAPH_NO_ID; at = graph_link_of(l->g, from, at)) {
        struct graph_link link = graph_link(l->g, at);

        if (link.tie == tie && (link.a == to || link.b == to))
            return link;
    }
    fail_msg("no link of %s and %s", a, b);
    return (struct graph_link){};
}

#define NEED_VERDICT(l, a, b, v)                                                         \
    assert_int_equal(link_of((l), GRAPH_EVENT, (a), (b)).verdict, GRAPH_IS_##v)

/* The change of an id that the last call told, as "from to"; "" when it told none. */
static void need_change(const struct life *l, const char *one, const char *from,
                        const char *to)
{
    uint32_t number = graph_find(l->g, id(one));

    for (size_t i = 0; i < l->changes.n; i++) {
        const struct graph_change *c = &l->changes.change[i];

        if (c->id == number) {
            assert_int_equal(c->from, graph_find(l->g, id(from)));
            assert_int_equal(c->to, graph_find(l->g, id(to)));
            return;
        }
    }
    fail_msg("%s did not change", one);
}

TEST(an_empty_graph_has_nobody)
{
    struct life l = born(graph_limits_usual);

    assert_int_equal(graph_id_count(l.g), 0);
    assert_int_equal(graph_link_count(l.g), 0);
    assert_int_equal(graph_find(l.g, id("u:ada")), GRAPH_NO_ID);
    graph_free(l.g);
    graph_free(NULL);
}

TEST(limits_have_a_range)
{
    struct graph_limits limits = graph_limits_usual;
    struct graph *g;
    struct err err;

    limits.ids[ID_PHONE] = 0;
    assert_false(graph_new(&limits, &g, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "phone"));
    limits.ids[ID_PHONE] = UINT16_MAX;
    assert_false(graph_new(&limits, &g, &err));
}

TEST(a_visitor_who_logs_in_becomes_that_user)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "a:phone");
    assert_int_equal(l.changes.n, 0);
    NEED_NAME(&l, "a:phone", "a:phone");
    event(&l, 2, "a:phone u:ada");
    assert_int_equal(l.changes.n, 1);
    need_change(&l, "a:phone", "a:phone", "u:ada");
    assert_int_equal(l.changes.anchor, graph_find(l.g, id("u:ada")));
    NEED_NAME(&l, "a:phone", "u:ada");
    event(&l, 3, "a:phone");
    assert_int_equal(l.changes.n, 0);
    assert_int_equal(l.changes.anchor, graph_find(l.g, id("a:phone")));
    event(&l, 4, "u:ada e:ada@x.it a:laptop");
    assert_int_equal(l.changes.n, 2);
    NEED_NAME(&l, "e:ada@x.it", "u:ada");
    assert_int_equal(graph_first_ms(l.g, graph_find(l.g, id("u:ada"))), 2);
    graph_free(l.g);
}

TEST(a_shared_browser_stays_with_the_first_and_is_suspicious)
{
    struct life l = born(graph_limits_usual);
    struct graph_link link;

    event(&l, 1, "a:till u:ada");
    event(&l, 2, "a:till u:bob");
    event(&l, 3, "a:till u:bob e:bob@x.it");
    NEED_NAME(&l, "a:till", "u:ada");
    NEED_NAME(&l, "e:bob@x.it", "u:bob");
    link = link_of(&l, GRAPH_EVENT, "u:bob", "a:till");
    assert_int_equal(link.verdict, GRAPH_IS_USERS);
    assert_true(link.is_suspicious);
    assert_int_equal(link.at_ms, 2);
    assert_false(link_of(&l, GRAPH_EVENT, "u:ada", "a:till").is_suspicious);
    graph_free(l.g);
}

TEST(news_from_before_makes_the_past_what_it_was)
{
    struct life l = born(graph_limits_usual);

    event(&l, 5, "a:till u:ada");
    event(&l, 6, "a:till e:till@x.it");
    event(&l, 3, "a:till u:bob");
    assert_int_equal(l.changes.n, 2);
    need_change(&l, "a:till", "u:ada", "u:bob");
    need_change(&l, "e:till@x.it", "u:ada", "u:bob");
    NEED_VERDICT(&l, "a:till", "u:ada", USERS);
    /* The same pair, from an even earlier moment. */
    event(&l, 2, "a:till u:ada");
    need_change(&l, "a:till", "u:bob", "u:ada");
    NEED_VERDICT(&l, "a:till", "u:bob", USERS);
    assert_int_equal(link_of(&l, GRAPH_EVENT, "a:till", "u:ada").at_ms, 2);
    graph_free(l.g);
}

TEST(what_is_freed_by_late_news_may_be_let_in_elsewhere)
{
    struct life l = born(graph_limits_usual);

    event(&l, 5, "a:x u:ada");
    event(&l, 6, "a:x e:e@x.it");
    event(&l, 7, "e:e@x.it u:bob"); /* refused: e is ada's by way of x */
    NEED_VERDICT(&l, "u:bob", "e:e@x.it", USERS);
    event(&l, 1, "a:x d:y");
    event(&l, 2, "d:y u:eve"); /* so x was eve's, and e too */
    NEED_NAME(&l, "a:x", "u:eve");
    NEED_NAME(&l, "e:e@x.it", "u:eve");
    NEED_VERDICT(&l, "a:x", "u:ada", USERS);
    decide(&l, 9, GRAPH_APART, "a:x", "e:e@x.it");
    NEED_NAME(&l, "e:e@x.it", "u:bob"); /* bob was not of those asked about */
    need_change(&l, "e:e@x.it", "u:eve", "u:bob");
    graph_free(l.g);
}

TEST(an_alias_may_join_two_users_and_the_older_one_names_them)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "u:old a:x");
    event(&l, 2, "u:new a:y");
    alias(&l, 3, "u:new", "old");
    NEED_NAME(&l, "a:y", "u:old");
    need_change(&l, "a:y", "u:new", "u:old");
    assert_int_equal(link_of(&l, GRAPH_ALIAS, "u:new", "u:old").verdict, GRAPH_IS_JOINED);
    graph_free(l.g);
}

TEST(an_alias_of_a_browser_ties_the_browser)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "a:x");
    alias(&l, 2, "u:ada", "x");
    NEED_NAME(&l, "a:x", "u:ada"); /* and not the user x, whom no event carries */
    assert_int_equal(graph_first_ms(l.g, graph_find(l.g, id("u:x"))), MOMENT_NEVER);
    event(&l, 1, "u:x"); /* now there is one */
    NEED_NAME(&l, "u:ada", "u:x");
    graph_free(l.g);
}

TEST(an_alias_does_not_take_a_browser_from_another_user)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "u:bob a:x");
    alias(&l, 2, "u:ada", "x");
    NEED_NAME(&l, "a:x", "u:bob");
    NEED_NAME(&l, "u:ada", "u:ada");
    NEED_VERDICT(&l, "u:ada", "a:x", USERS);
    graph_free(l.g);
}

TEST(an_alias_of_oneself_says_nothing)
{
    struct life l = born(graph_limits_usual);

    alias(&l, 1, "u:ada", "ada");
    assert_int_equal(graph_id_count(l.g), 1);
    assert_int_equal(graph_link_count(l.g), 0);
    graph_free(l.g);
}

TEST(a_ring_of_aliases_is_one_customer)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "u:b");
    alias(&l, 2, "u:a", "b");
    alias(&l, 3, "u:b", "c");
    alias(&l, 4, "u:c", "a");
    NEED_NAME(&l, "u:a", "u:b");
    NEED_NAME(&l, "u:c", "u:b");
    assert_int_equal(link_of(&l, GRAPH_ALIAS, "u:a", "u:c").verdict, GRAPH_IS_SAME);
    graph_free(l.g);
}

TEST(a_customer_has_no_more_ids_of_a_kind_than_the_limit)
{
    struct graph_limits limits = graph_limits_usual;
    struct life l;

    limits.ids[ID_EMAIL] = 2;
    limits.ids[ID_USER] = 2;
    l = born(limits);
    event(&l, 1, "u:ada e:1@x.it");
    event(&l, 2, "u:ada e:2@x.it");
    event(&l, 3, "u:ada e:3@x.it");
    NEED_NAME(&l, "e:3@x.it", "e:3@x.it");
    NEED_VERDICT(&l, "u:ada", "e:3@x.it", LIMIT);
    assert_true(link_of(&l, GRAPH_EVENT, "u:ada", "e:3@x.it").is_suspicious);
    event(&l, 4, "u:ada a:x"); /* of another kind */
    NEED_NAME(&l, "a:x", "u:ada");

    event(&l, 5, "u:b");
    event(&l, 6, "u:c");
    alias(&l, 7, "u:b", "ada");
    alias(&l, 8, "u:c", "ada");
    NEED_NAME(&l, "u:b", "u:ada");
    NEED_NAME(&l, "u:c", "u:c");
    /* A person may go further; and who has too many may still get what is no more of it. */
    decide(&l, 9, GRAPH_MERGE, "u:ada", "e:3@x.it");
    NEED_NAME(&l, "e:3@x.it", "u:ada");
    assert_false(link_of(&l, GRAPH_EVENT, "u:ada", "e:3@x.it").is_suspicious);
    event(&l, 10, "u:ada a:y e:1@x.it");
    NEED_NAME(&l, "a:y", "u:ada");
    graph_free(l.g);
}

TEST(the_reason_of_a_refusal_is_the_one_at_its_moment)
{
    struct graph_limits limits = graph_limits_usual;
    struct life l;

    limits.ids[ID_EMAIL] = 1;
    l = born(limits);
    event(&l, 1, "a:x e:1@x.it");
    event(&l, 2, "u:bob e:2@x.it");
    event(&l, 9, "u:bob a:x");
    NEED_VERDICT(&l, "u:bob", "a:x", LIMIT);
    event(&l, 1, "a:x d:tv");
    event(&l, 5, "u:ada a:x");
    NEED_VERDICT(&l, "u:bob", "a:x", USERS);
    graph_free(l.g);
}

TEST(apart_undoes_and_undecided_undoes_that)
{
    struct life l = born(graph_limits_usual);

    event(&l, 1, "u:old a:x");
    event(&l, 2, "u:new a:y");
    alias(&l, 3, "u:new", "old");
    decide(&l, 4, GRAPH_APART, "u:old", "u:new");
    NEED_NAME(&l, "a:x", "u:old");
    NEED_NAME(&l, "a:y", "u:new");
    need_change(&l, "a:y", "u:old", "u:new");
    assert_int_equal(link_of(&l, GRAPH_ALIAS, "u:new", "u:old").verdict, GRAPH_IS_APART);
    assert_false(link_of(&l, GRAPH_ALIAS, "u:new", "u:old").is_suspicious);
    decide(&l, 3, GRAPH_MERGE, "u:new", "u:old"); /* an older word */
    assert_int_equal(l.changes.n, 0);
    decide(&l, 5, GRAPH_UNDECIDED, "u:new", "u:old");
    need_change(&l, "a:y", "u:new", "u:old");
    NEED_NAME(&l, "u:new", "u:old");
    assert_int_equal(link_of(&l, GRAPH_DECIDED, "u:new", "u:old").at_ms, 5);
    graph_free(l.g);
}

TEST(apart_holds_whatever_else_ties_the_two)
{
    struct life l = born(graph_limits_usual);

    decide(&l, 1, GRAPH_APART, "e:ada@x.it", "p:+391"); /* before anybody saw them */
    event(&l, 2, "u:ada e:ada@x.it");
    event(&l, 3, "d:tv p:+391");
    event(&l, 4, "u:ada d:tv");
    NEED_VERDICT(&l, "u:ada", "d:tv", APART);
    NEED_NAME(&l, "p:+391", "p:+391");
    assert_false(link_of(&l, GRAPH_EVENT, "u:ada", "d:tv").is_suspicious);
    graph_free(l.g);
}

TEST(a_person_may_merge_two_users_and_contradictions_are_told)
{
    struct life l = born(graph_limits_usual);
    struct graph_link link;

    event(&l, 1, "u:ada");
    event(&l, 2, "u:bob");
    event(&l, 3, "u:eve");
    decide(&l, 4, GRAPH_APART, "u:ada", "u:eve");
    decide(&l, 5, GRAPH_MERGE, "u:bob", "u:ada");
    NEED_NAME(&l, "u:bob", "u:ada");
    decide(&l, 6, GRAPH_MERGE, "u:bob", "u:eve");
    NEED_NAME(&l, "u:eve", "u:eve");
    link = link_of(&l, GRAPH_DECIDED, "u:bob", "u:eve");
    assert_int_equal(link.verdict, GRAPH_IS_APART);
    assert_true(link.is_suspicious);
    decide(&l, 7, GRAPH_MERGE, "u:ada", "u:eve");
    NEED_NAME(&l, "u:eve", "u:ada");
    graph_free(l.g);
}

TEST(names_are_of_the_first_kind_and_the_earliest)
{
    struct life l = born(graph_limits_usual);

    event(&l, 5, "a:b e:x@x.it");
    NEED_NAME(&l, "e:x@x.it", "a:b");
    event(&l, 6, "a:c e:x@x.it");
    NEED_NAME(&l, "a:c", "a:b");
    event(&l, 5, "a:a e:x@x.it"); /* of the same moment */
    NEED_NAME(&l, "a:c", "a:a");
    event(&l, 4, "a:c");
    NEED_NAME(&l, "a:a", "a:c");
    need_change(&l, "e:x@x.it", "a:a", "a:c");
    graph_free(l.g);
}

TEST(an_event_has_one_to_sixteen_ids)
{
    struct life l = born(graph_limits_usual);
    struct err err;

    assert_false(try_event(&l, 1, "", NULL, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(try_event(
        &l, 1, "o:1 o:2 o:3 o:4 o:5 o:6 o:7 o:8 o:9 o:a o:b o:c o:d o:e o:f o:g o:h",
        NULL, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(try_event(&l, 1, "a:x", "y", &err));
    assert_non_null(strstr(err.msg, "userId"));
    assert_false(try_decision(&l, 1, GRAPH_MERGE, "u:ada", "u:ada", &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(graph_id_count(l.g), 0);
    event(&l, 1, "u:ada u:ada a:x"); /* twice the same is once */
    assert_int_equal(graph_id_count(l.g), 2);
    assert_int_equal(graph_link_count(l.g), 1);
    event(&l, 2, "o:1 o:2 o:3 o:4 o:5 o:6 o:7 o:8 o:9 o:a o:b o:c o:d o:e o:f o:g");
    NEED_NAME(&l, "o:g", "o:1");
    graph_free(l.g);
}

TEST(verdicts_have_words)
{
    assert_true(str_eq(graph_verdict_text(GRAPH_IS_USERS), STR("two known users")));
    assert_true(str_eq(graph_verdict_text(GRAPH_IS_NONE), STR("no link")));
}

/* Everything that the graph says, as one text. */
static void print(const struct graph *g, struct buf *to)
{
    for (uint32_t i = 0; i < graph_id_count(g); i++) {
        struct id name = graph_id(g, graph_customer(g, i)), one = graph_id(g, i);

        buf_add_format(to, "%d %.*s %d %.*s %lld\n", (int)one.kind, STR_FMT(one.value),
                       (int)name.kind, STR_FMT(name.value),
                       (long long)graph_first_ms(g, i));
    }
    for (uint32_t i = 0; i < graph_link_count(g); i++) {
        struct graph_link l = graph_link(g, i);

        buf_add_format(to, "%d %u %u %lld %d %d %d\n", (int)l.tie, l.a, l.b,
                       (long long)l.at_ms, (int)l.says, (int)l.verdict, l.is_suspicious);
    }
}

enum { STEPS = 8 };

static bool step(struct life *l, int n, struct err *err)
{
    switch (n) {
    case 0:
        return try_event(l, 10, "a:till u:ada e:a@x.it", NULL, err);
    case 1:
        return try_event(l, 11, "a:till u:bob", NULL, err);
    case 2:
        return try_event(l, 5, "a:till u:eve d:tv o:crm:1", NULL, err);
    case 3:
        return try_event(l, 12, "u:bob", "till", err);
    case 4:
        return try_decision(l, 20, GRAPH_APART, "u:eve", "d:tv", err);
    case 5:
        return try_decision(l, 21, GRAPH_MERGE, "u:ada", "u:new", err);
    case 6:
        return try_event(l, 4, "u:till d:tv", NULL, err);
    case 7:
        return try_event(l, 11, "u:new a:till", "eve", err);
    default:
        return try_decision(l, 22, GRAPH_UNDECIDED, "u:eve", "d:tv", err);
    }
}

/* The allocations of one step fail one after the other: the graph is what it was before, and
 * takes the step when there is memory. */
struct scarce {
    size_t nth, seen;
};

static bool is_scarce([[maybe_unused]] size_t bytes, void *context)
{
    struct scarce *s = context;

    return ++s->seen != s->nth;
}

static void need_step(struct life *l, int n)
{
    struct buf before = {}, after = {};
    struct scarce s = {};
    bool ok = false;

    print(l->g, &before);
    while (!ok) {
        struct err err;

        s.nth++;
        s.seen = 0;
        mem_set_hook(is_scarce, &s);
        ok = step(l, n, &err);
        mem_set_hook(NULL, NULL);
        if (ok)
            break;
        assert_int_equal(err.code, ERR_NOMEM);
        buf_clear(&after);
        print(l->g, &after);
        if (!str_eq(buf_str(&before), buf_str(&after)))
            fail_msg("step %d, allocation %zu\nbefore:\n%.*s\nafter:\n%.*s", n, s.nth,
                     STR_FMT(buf_str(&before)), STR_FMT(buf_str(&after)));
    }
    buf_free(&before);
    buf_free(&after);
}

TEST(a_step_without_memory_leaves_the_graph_as_it_was)
{
    struct life l = born(graph_limits_usual), plain = born(graph_limits_usual);
    struct buf said = {}, wanted = {};
    struct err err;

    for (int n = 0; n <= STEPS; n++) {
        need_step(&l, n);
        assert_true(step(&plain, n, &err));
    }
    print(l.g, &said);
    print(plain.g, &wanted);
    assert_true(str_eq(buf_str(&said), buf_str(&wanted)));
    buf_free(&said);
    buf_free(&wanted);
    graph_free(l.g);
    graph_free(plain.g);
}

static bool live([[maybe_unused]] void *context, struct err *err)
{
    struct life l = {};
    bool ok = graph_new(&graph_limits_usual, &l.g, err);

    for (int n = 0; ok && n <= STEPS; n++)
        ok = step(&l, n, err);
    graph_free(l.g);
    return ok;
}

TEST(a_graph_survives_the_lack_of_memory)
{
    each_oom(live, NULL);
}
