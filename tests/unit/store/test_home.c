#include "store/store.h"
#include "store/verify.h"

#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <unistd.h>

/* Of each anchor the home that is not itself: what a graph would say. */
struct house {
    const char *anchor, *home;
};

static bool begin(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return true;
}

static bool give(void *context, const struct event *e, struct err *err)
{
    (void)context;
    (void)err;
    return e->id.n > 0;
}

static bool home_of(void *context, str anchor, str *home, struct err *err)
{
    (void)err;
    *home = anchor;
    for (const struct house *h = context; h->anchor; h++) {
        if (str_eq(str_of(h->anchor), anchor))
            *home = str_of(h->home);
    }
    return true;
}

static bool bytes_of(void *context, struct buf *to, struct err *err)
{
    (void)context;
    (void)err;
    buf_add(to, STR("graph"));
    return true;
}

static void end(void *context)
{
    (void)context;
}

static struct store_owner owner_of(struct house *h)
{
    return (struct store_owner){begin, give, home_of, bytes_of, end, h};
}

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

static struct store *new_store(const char *name)
{
    struct err err = {ERR_NONE};
    struct store *s = NULL;

    must(store_create(io_system(), str_of(temp_path(name)), 0, &s, &err), &err);
    return s;
}

static void append(struct store *s, const char *anchor, int64_t at_ms, const char *id)
{
    struct event e = event_of(anchor, "visit", at_ms, id);
    struct err err = {ERR_NONE};
    bool added;

    must(append_event(s, &e, &added, &err), &err);
    assert_true(added);
}

static void begin_at(struct store *s)
{
    struct err err = {ERR_NONE};

    must(store_begin(s, 1, &err), &err);
}

static void commit(struct store *s)
{
    struct err err = {ERR_NONE};

    must(store_commit(s, &err), &err);
}

static void rehome(struct store *s, const char *anchor, const char *home)
{
    struct err err = {ERR_NONE};

    must(store_rehome(s, str_of(anchor), str_of(home), &err), &err);
}

static void fold(struct store *s)
{
    struct err err = {ERR_NONE};
    bool more = true;

    while (more)
        must(store_fold(s, 1, &more, &err), &err);
}

/* The ids of the customer's events, in their order, and who brought each. */
static void need_timeline(struct snapshot *v, const char *customer, const char *wanted)
{
    const struct catalog *catalog = snapshot_catalog(v);
    uint32_t number = catalog_customer_find(catalog, str_of(customer));
    const struct cells *anchors;
    struct err err = {ERR_NONE};
    struct chunk *c = NULL;
    struct buf text = {0};
    const str *id;

    must(snapshot_customer(v, number, &c, &err), &err);
    must(chunk_message_ids(c, &id, &err) && chunk_anchors(c, &anchors, &err), &err);
    for (uint32_t i = 0; i < c->event_n; i++) {
        uint32_t at = cells_from(anchors, i);
        uint32_t anchor = at < anchors->n && anchors->event[at] == i
                              ? (uint32_t)anchors->number[at]
                              : number;

        buf_add_format(&text, "%s%.*s:%.*s", i ? " " : "",
                       STR_FMT(catalog_customer_id(catalog, anchor)), STR_FMT(id[i]));
    }
    assert_string_equal(text.n ? (buf_add_char(&text, 0), text.p) : "", wanted);
    buf_free(&text);
    chunk_free(c);
}

static void need(struct store *s, const char *customer, const char *wanted)
{
    struct snapshot *v = snapshot_of(s);

    need_timeline(v, customer, wanted);
    snapshot_close(v);
}

static void found(void *context, const struct difference *d)
{
    (void)context;
    fail_msg("%.*s", STR_FMT(d->text));
}

static void need_sound(const char *name, struct house *houses)
{
    struct store_owner owner = owner_of(houses);
    const struct verify_options o = {.threads = 1, .owner = &owner, .found = found};
    struct verify_report report;
    struct err err = {ERR_NONE};

    must(store_verify(io_system(), str_of(temp_path(name)), &o, &report, &err), &err);
    assert_int_equal(report.differences, 0);
    assert_true(report.opens);
}

/* A visitor, who is Ada; Bruno; and what Ada did later. */
static struct store *visitor(const char *name)
{
    struct store *s = new_store(name);

    begin_at(s);
    append(s, "a1", 1000, "1");
    append(s, "bruno", 1500, "2");
    append(s, "a1", 2000, "3");
    commit(s);
    return s;
}

TEST(a_visitor_stands_on_the_timeline_of_whom_he_is)
{
    static struct house houses[] = {{"a1", "ada"}, {NULL, NULL}};

    for (int folds = 0; folds < 4; folds++) {
        struct store *s = visitor("home");
        struct snapshot *before;

        if (folds & 1)
            fold(s);
        before = snapshot_of(s);
        begin_at(s);
        append(s, "ada", 1200, "4");
        rehome(s, "a1", "ada");
        append(s, "a1", 3000, "5");
        commit(s);
        need(s, "ada", "a1:1 ada:4 a1:3 a1:5");
        need(s, "bruno", "bruno:2");
        need(s, "a1", "");
        if (folds & 2)
            fold(s);
        need(s, "ada", "a1:1 ada:4 a1:3 a1:5");
        need(s, "a1", "");
        need_timeline(before, "a1", "a1:1 a1:3");
        assert_int_equal(snapshot_facts(before).customers, 2);
        snapshot_close(before);
        before = snapshot_of(s);
        assert_int_equal(snapshot_facts(before).customers, 2);
        assert_int_equal(snapshot_facts(before).events, 5);
        snapshot_close(before);
        store_close(s);
        need_sound("home", houses);
        unlink(temp_path("home"));
    }
}

TEST(what_was_moved_can_be_moved_back)
{
    static struct house none[] = {{NULL, NULL}};

    for (int folds = 0; folds < 8; folds++) {
        struct store *s = visitor("back");

        if (folds & 1)
            fold(s);
        begin_at(s);
        rehome(s, "a1", "bruno");
        commit(s);
        need(s, "bruno", "a1:1 bruno:2 a1:3");
        if (folds & 2)
            fold(s);
        begin_at(s);
        append(s, "a1", 1700, "4");
        rehome(s, "a1", "a1");
        commit(s);
        if (folds & 4)
            fold(s);
        need(s, "bruno", "bruno:2");
        need(s, "a1", "a1:1 a1:4 a1:3");
        store_close(s);
        need_sound("back", none);
        unlink(temp_path("back"));
    }
}

TEST(a_cancelled_move_was_never_made)
{
    struct store *s = visitor("cancel");

    begin_at(s);
    rehome(s, "a1", "carla");
    append(s, "a1", 5000, "9");
    store_cancel(s);
    begin_at(s);
    append(s, "a1", 5000, "9");
    commit(s);
    need(s, "a1", "a1:1 a1:3 a1:9");
    assert_int_equal(catalog_customer_n(store_catalog(s)), 2);
    store_close(s);
    unlink(temp_path("cancel"));
}

TEST(a_home_knows_its_anchors)
{
    struct store *s = visitor("anchors");
    struct snapshot *v;
    struct arena a = {0};
    struct err err = {ERR_NONE};
    const uint32_t *anchor;
    uint32_t home, n;

    begin_at(s);
    rehome(s, "a1", "bruno");
    rehome(s, "nobody", "bruno"); /* brought nothing */
    commit(s);
    v = snapshot_of(s);
    must(snapshot_home(v, 0, &home, &err), &err);
    assert_int_equal(home, 1);
    must(snapshot_home(v, 1, &home, &err), &err);
    assert_int_equal(home, 1);
    must(snapshot_anchors(v, 1, &a, &anchor, &n, &err), &err);
    assert_int_equal(n, 2);
    assert_true(anchor[0] == 0 && anchor[1] == 1);
    must(snapshot_anchors(v, 0, &a, &anchor, &n, &err), &err);
    assert_int_equal(n, 0);
    assert_int_equal(snapshot_facts(v).customers, 1);
    snapshot_close(v);
    store_close(s);
    arena_free(&a);
    unlink(temp_path("anchors"));
}

static bool join(void *context, str bytes)
{
    buf_add(context, bytes);
    buf_add_char(context, '|');
    return true;
}

static void need_graph(struct store *s, const char *wanted)
{
    struct snapshot *v = snapshot_of(s);
    struct err err = {ERR_NONE};
    struct buf text = {0};

    must(snapshot_each_graph(v, join, &text, &err), &err);
    assert_true(str_eq(buf_str(&text), str_of(wanted)));
    buf_free(&text);
    snapshot_close(v);
}

TEST(what_homes_follow_from_is_kept)
{
    struct store *s = new_store("graph");
    struct err err = {ERR_NONE};

    begin_at(s);
    must(store_graph_add(s, STR("one"), &err), &err);
    must(store_graph_add(s, STR(""), &err), &err);
    commit(s);
    begin_at(s);
    must(store_graph_add(s, STR("two"), &err), &err);
    commit(s);
    need_graph(s, "one||two|");
    begin_at(s);
    must(store_graph_replace(s, STR("all"), &err), &err);
    commit(s);
    need_graph(s, "all|");
    store_close(s);
    unlink(temp_path("graph"));
}
