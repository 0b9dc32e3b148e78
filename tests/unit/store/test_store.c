#include "support/scene.h"

#include "base/time.h"
#include "base/tune.h"
#include "store/chunk_impl.h"
#include "store/sql_impl.h"
#include "store/store_impl.h"
#include "store/vfs.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/models.h"
#include "support/temp.h"
#include "support/unit.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOW_MS = 1000000 };

static struct store *create(const char *name)
{
    struct store *s = NULL;
    struct err err = {0};

    if (!store_create(io_system(), str_of(temp_path(name)), 0, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

static struct store *open_as(const char *name, enum store_mode mode)
{
    struct store *s = NULL;
    struct err err = {0};

    if (!store_open(io_system(), str_of(temp_path(name)),
                    &(struct store_options){mode, 0}, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

/* The error of an opening that must fail. */
static struct err open_error(const char *path, enum store_mode mode)
{
    struct store *s;
    struct err err = {0};

    assert_false(store_open(io_system(), str_of(path), &(struct store_options){mode, 0},
                            &s, &err));
    return err;
}

static void need_words(const struct err *err, enum err_code code, const char *words)
{
    if (err->code != code || !strstr(err->msg, words))
        fail_msg("code %d: %s", err->code, err->msg);
}

static bool append(struct store *s, const struct event *e)
{
    struct err err = {0};
    bool added;

    if (!append_event(s, e, &added, &err))
        fail_msg("%s", err.msg);
    return added;
}

static void import(struct store *s, const struct event *event, uint32_t n)
{
    struct err err = {0};

    assert_true(store_begin(s, NOW_MS, &err));
    for (uint32_t i = 0; i < n; i++)
        assert_true(append(s, &event[i]));
    if (!store_commit(s, &err))
        fail_msg("%s", err.msg);
}

static void fold_all(struct store *s)
{
    struct err err = {0};
    bool more;

    do {
        if (!store_fold(s, 1, &more, &err))
            fail_msg("%s", err.msg);
    } while (more);
}

static struct store_facts facts_of(struct store *s)
{
    struct snapshot *v = snapshot_of(s);
    struct store_facts facts = snapshot_facts(v);

    snapshot_close(v);
    return facts;
}

static bool each_logged(struct store *s,
                        bool (*each)(void *context, int64_t received_ms,
                                     const struct event *e),
                        void *context, struct err *err)
{
    struct snapshot *v = snapshot_of(s);
    bool ok = snapshot_each_logged(v, each, context, err);

    snapshot_close(v);
    return ok;
}

static bool each_refused(struct store *s,
                         bool (*each)(void *context, const struct refusal *r),
                         void *context, struct err *err)
{
    struct snapshot *v = snapshot_of(s);
    bool ok = snapshot_each_refused(v, each, context, err);

    snapshot_close(v);
    return ok;
}

static bool model_latest(struct store *s, struct arena *a, struct model_version *out,
                         struct err *err)
{
    struct snapshot *v = snapshot_of(s);
    bool ok = snapshot_model_latest(v, a, out, err);

    snapshot_close(v);
    return ok;
}

/* One value out of the file, asked of it by SQLite alone. */
static int64_t ask(const char *name, const char *query)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    int64_t answer;

    assert_int_equal(
        sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, VFS_NAME),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    answer = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return answer;
}

static void change(const char *name, const char *sql)
{
    sqlite3 *db = NULL;
    struct err err;

    assert_true(sql_start(&err));
    assert_int_equal(
        sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, VFS_NAME),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

/* --- what goes in comes out --- */

TEST(reopening_gives_the_same)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 90, 23, &a);
    struct store_facts facts;
    struct store *s = create("shop");
    struct err err;

    import(s, event, 40);
    import(s, event + 40, 50);
    need_store_holds(s, event, 90);
    store_close(s);

    s = open_as("shop", STORE_READ);
    need_store_holds(s, event, 90);
    facts = facts_of(s);
    assert_int_equal(facts.events, 90);
    assert_int_equal(facts.customers, catalog_customer_n(store_catalog(s)));
    for (uint32_t i = 0; i < 90; i++) {
        assert_true(facts.first_ms <= event[i].at_ms);
        assert_true(facts.last_ms >= event[i].at_ms);
    }
    store_close(s);

    s = open_as("shop", STORE_WRITE);
    shuffle(&r, event, 90);
    assert_true(store_begin(s, NOW_MS, &err));
    for (uint32_t i = 0; i < 90; i++)
        assert_false(append(s, &event[i])); /* all known by their ids */
    assert_true(store_commit(s, &err));
    need_store_holds(s, event, 90);
    store_close(s);
    arena_free(&a);
}

TEST(an_empty_file_has_no_facts)
{
    struct store *s = create("shop");
    struct store_facts facts;

    facts = facts_of(s);
    assert_int_equal(facts.events, 0);
    assert_int_equal(facts.refused, 0);
    assert_true(facts.first_ms == MOMENT_NEVER && facts.last_ms == MOMENT_NEVER);
    assert_int_equal(facts.customers, 0);
    store_close(s);
}

/* The sum over all parts, as the file holds them. */
/* n events, each of a customer `apart` behind the one before. */
static void import_spread(struct store *s, uint32_t first, uint32_t apart, uint32_t n)
{
    static uint32_t ids;
    char customer[16], id[16];
    struct err err = {0};

    assert_true(store_begin(s, NOW_MS, &err));
    for (uint32_t i = 0; i < n; i++) {
        struct event e;

        snprintf(customer, sizeof customer, "c%u", first + i * apart);
        snprintf(id, sizeof id, "%u", ids++);
        e = event_of(customer, "visit", ids, id);
        assert_true(append(s, &e));
    }
    if (!store_commit(s, &err))
        fail_msg("%s", err.msg);
}

/* What counts is what must be written anew, not how large the file is. */
TEST(a_commit_of_many_events_folds_them_where_there_are_few)
{
    enum { MANY = NEWS_EVENTS + 1, EACH = 5, OLD = MANY * CHUNK_CUSTOMERS };
    struct store *s = create("shop");

    for (uint32_t i = 0; i < EACH; i++) {
        import_spread(s, 0, 1, OLD);
        fold_all(s);
    }
    assert_true(MANY <= OLD * EACH / 32);
    import_spread(s, OLD, 1, MANY);
    assert_int_equal(ask("shop", "select count(*) from news"), 0);
    assert_false(store_is_fold_due(s));
    import_spread(s, 0, CHUNK_CUSTOMERS, MANY);
    assert_int_equal(ask("shop", "select count(*) from news"), 1);
    assert_false(store_is_fold_due(s));
    import_spread(s, OLD, 1, NEWS_EVENTS);
    import_spread(s, OLD, 1, NEWS_EVENTS);
    assert_int_equal(ask("shop", "select count(*) from news"), 3);
    assert_true(store_is_fold_due(s));
    fold_all(s);
    assert_int_equal(ask("shop", "select count(*) from news"), 0);
    assert_false(store_is_fold_due(s));
    store_close(s);
}

static uint64_t parts_hash(const char *name)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    struct buf all = {0};
    uint64_t hash;

    assert_int_equal(
        sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, VFS_NAME),
        SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "select p.chunk, coalesce(c.name || c.trait || c.type, "
                           "p.\"column\"), p.codec, p.bytes, p.checksum from part p "
                           "left join columns c on c.number = p.\"column\" "
                           "order by 1, 2",
                           -1, &st, NULL),
        SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int i = 0; i < 5; i++) {
            const char *p = sqlite3_column_blob(st, i);

            buf_add(&all, (str){p, (size_t)sqlite3_column_bytes(st, i)});
            buf_add_char(&all, '|');
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    hash = hash64(buf_str(&all));
    assert_true(all.n > 0);
    buf_free(&all);
    return hash;
}

static bool has_property(const struct property *p, uint32_t n, const struct property *of)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(p[i].name, of->name) && p[i].value.type == of->value.type)
            return true;
    }
    return false;
}

/* Whether it has a property or trait, of one type, that none of the n others has. */
static bool has_new_column(const struct event *e, const struct event *other, uint32_t n)
{
    uint32_t known = 0;

    for (uint32_t i = 0; i < e->property_n + e->trait_n; i++) {
        bool trait = i >= e->property_n, found = false;
        const struct property *p = trait ? &e->trait[i - e->property_n] : &e->property[i];

        for (uint32_t k = 0; k < n; k++)
            found |= trait ? has_property(other[k].trait, other[k].trait_n, p)
                           : has_property(other[k].property, other[k].property_n, p);
        known += found;
    }
    return known < e->property_n + e->trait_n;
}

/* Customers, types and columns are numbered as they come, so one event of each comes first. */
static uint32_t first_of_each(struct event *event, uint32_t n)
{
    uint32_t first_n = 0;

    for (uint32_t i = 0; i < n; i++) {
        bool new_customer = true, new_type = true;

        for (uint32_t k = 0; k < first_n; k++) {
            new_customer &= !str_eq(event[k].customer, event[i].customer);
            new_type &= !str_eq(event[k].type, event[i].type);
        }
        if (new_customer || new_type || has_new_column(&event[i], event, first_n)) {
            struct event kept = event[i];

            event[i] = event[first_n];
            event[first_n++] = kept;
        }
    }
    return first_n;
}

TEST(the_order_of_arrival_leaves_no_trace_in_the_parts)
{
    struct random r = chance();

    for (int round = 0; round < 8; round++) {
        struct arena a = {0};
        uint32_t n = 80, first_n;
        struct event *event = scene(&r, n, 20, &a);
        uint64_t once, again;
        struct store *s = create("once");

        first_n = first_of_each(event, n);
        import(s, event, n);
        fold_all(s);
        store_close(s);
        once = parts_hash("once");

        s = create("again");
        import(s, event, first_n);
        shuffle(&r, event + first_n, n - first_n);
        for (uint32_t done = first_n; done < n;) {
            uint32_t batch = 1 + (uint32_t)random_below(&r, n - done);

            import(s, event + done, batch);
            done += batch;
        }
        fold_all(s);
        store_close(s);
        again = parts_hash("again");
        assert_true(once == again);
        unlink(temp_path("once"));
        unlink(temp_path("again"));
        arena_free(&a);
    }
}

static void begin_beside(struct store *s)
{
    struct err err;

    if (!store_fold_begin(s, &err))
        fail_msg("%s", err.msg);
}

static void end_beside(struct store *s)
{
    struct err err;
    bool has_run;

    if (!store_fold_end(s, &err))
        fail_msg("%s", err.msg);
    assert_false(store_is_folding(s, &has_run));
}

TEST(what_comes_while_a_chunk_is_folded_stays_news)
{
    struct random r = chance();
    struct arena a = {0};
    uint32_t n = 80, first_n;
    struct event *event = scene(&r, n, 20, &a);
    struct store *s = create("once");
    uint64_t once, seen;

    first_n = first_of_each(event, n);
    import(s, event, n);
    fold_all(s);
    store_close(s);
    once = parts_hash("once");
    s = create("beside");
    import(s, event, first_n);
    for (uint32_t done = first_n; done < n; done++) {
        begin_beside(s);
        import(s, event + done, 1);
        seen = facts_of(s).events;
        end_beside(s);
        assert_int_equal(facts_of(s).events, seen);
    }
    need_store_holds(s, event, n);
    store_close(s);
    s = open_as("beside", STORE_WRITE);
    need_store_holds(s, event, n);
    fold_all(s);
    assert_int_equal(ask("beside", "select count(*) from news"), 0);
    store_close(s);
    assert_true(once == parts_hash("beside"));
    arena_free(&a);
}

/* The others with the next commits; a file that is closed before that can be opened again. */
TEST(rows_of_news_go_a_few_at_a_time)
{
    enum { ROWS = 4, EACH = NEWS_EVENTS, N = ROWS * EACH };
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, N + 2, 20, &a);
    struct store *s = create("rows");
    struct err err;
    int64_t rows;

    for (uint32_t i = 0; i < ROWS; i++)
        import(s, event + i * EACH, EACH);
    while (s->image->news_n) {
        begin_beside(s);
        end_beside(s);
    }
    rows = ask("rows", "select count(*) from news");
    assert_true(rows > 0 && rows < ROWS);
    import(s, &event[N], 1);
    assert_int_equal(ask("rows", "select count(*) from news"), rows);
    store_close(s);
    s = open_as("rows", STORE_WRITE);
    import(s, &event[N + 1], 1);
    assert_int_equal(ask("rows", "select count(*) from news"), rows);
    need_store_holds(s, event, N + 2);
    fold_all(s);
    assert_int_equal(ask("rows", "select count(*) from news"), 0);
    assert_int_equal(s->ids.n, 0);
    if (!store_begin(s, NOW_MS, &err))
        fail_msg("%s", err.msg);
    for (uint32_t i = 0; i < N + 2; i++)
        assert_false(append(s, &event[i]));
    store_cancel(s);
    store_close(s);
    arena_free(&a);
}

TEST(what_is_folded_beside_goes_when_others_have_folded_it)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 40, 20, &a);
    struct store *s = create("twice");

    import(s, event, 20);
    begin_beside(s);
    fold_all(s);
    end_beside(s);
    import(s, event + 20, 20);
    begin_beside(s);
    need_store_holds(s, event, 40);
    store_close(s); /* it is dropped */
    s = open_as("twice", STORE_WRITE);
    need_store_holds(s, event, 40);
    store_close(s);
    arena_free(&a);
}

static void checkpoint_beside(struct store *s)
{
    struct err err;
    bool has_run = false;

    if (!store_checkpoint_begin(s, &err))
        fail_msg("%s", err.msg);
    while (!has_run)
        assert_true(store_is_checkpointing(s, &has_run));
    store_checkpoint_end(s);
    assert_false(store_is_checkpointing(s, &has_run));
}

TEST(sqlites_log_goes_to_the_file_beside_commits)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 40, 20, &a);
    struct store *s = create("log");
    struct err err;
    uint32_t n = 0;
    bool has_run = false;

    while (!store_is_checkpoint_due(s))
        import(s, &event[n++], 1);
    if (!store_checkpoint_begin(s, &err))
        fail_msg("%s", err.msg);
    import(s, &event[n++], 1);
    while (!has_run)
        assert_true(store_is_checkpointing(s, &has_run));
    store_checkpoint_end(s);
    checkpoint_beside(s);
    assert_false(store_is_checkpoint_due(s));
    import(s, &event[n++], 1);
    need_store_holds(s, event, n);
    if (!store_checkpoint_begin(s, &err))
        fail_msg("%s", err.msg);
    store_close(s); /* it is dropped */
    s = open_as("log", STORE_WRITE);
    need_store_holds(s, event, n);
    store_close(s);
    arena_free(&a);
}

/* Whoever has an older commit open still reads out of it. */
TEST(sqlites_log_begins_anew_when_nobody_reads_an_older_commit)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 40, 20, &a);
    struct store *s = create("log");
    struct snapshot *old;
    struct err err;
    uint32_t n = 0;
    int pages;

    import(s, &event[n++], 1);
    if (!store_snapshot(s, &old, &err))
        fail_msg("%s", err.msg);
    import(s, &event[n++], 1);
    for (int is_free = 0; is_free < 2; is_free++) {
        if (is_free)
            snapshot_end(old);
        checkpoint_beside(s);
        store_log_anew(s);
        pages = s->wal_pages;
        import(s, &event[n++], 1);
        if (is_free)
            assert_true(s->wal_pages < pages);
        else
            assert_true(s->wal_pages > pages);
    }
    assert_int_equal(catalog_customer_n(snapshot_catalog(old)), 1);
    snapshot_close(old);
    need_store_holds(s, event, n);
    store_close(s);
    arena_free(&a);
}

/* Ten of 400 properties each, most of them once or twice in a chunk. */
static struct event *wide_events(struct random *r, uint32_t n, struct arena *a)
{
    struct event *event = scene(r, n, 20, a);

    for (uint32_t i = 0; i < n; i++) {
        struct property *p = arena_array(a, struct property, 10);

        assert_non_null(p);
        for (uint32_t k = 0; k < 10; k++) {
            uint32_t name = (uint32_t)(k * 40 + random_below(r, 40));
            char text[16];

            snprintf(text, sizeof text, "name %u", name);
            p[k].name = arena_str(a, str_of(text));
            p[k].value = name % 2 ? (struct value){.type = VALUE_NUMBER, .number = i}
                                  : (struct value){.type = VALUE_TEXT, .text = p[k].name};
        }
        event[i].property = p;
        event[i].property_n = 10;
    }
    return event;
}

TEST(hundreds_of_rare_properties_come_back_and_take_few_parts)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = wide_events(&r, 120, &a);
    struct store *s = create("wide");
    uint32_t columns;

    for (uint32_t done = 0; done < 120; done += 40)
        import(s, event + done, 40);
    need_store_holds(s, event, 120);
    fold_all(s);
    need_store_holds(s, event, 120);
    columns = store_catalog(s)->column_n;
    store_close(s);
    assert_true(columns > 300);
    assert_true(ask("wide", "select count(*) from part") < columns);
    s = open_as("wide", STORE_READ);
    need_store_holds(s, event, 120);
    store_close(s);
    arena_free(&a);
}

TEST(a_store_with_hardly_any_memory_gives_the_same)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 90, 30, &a);
    struct store *s = create("shop");
    struct err err;

    import(s, event, 60);
    fold_all(s);
    import(s, event + 60, 30);
    store_close(s);
    assert_true(store_open(io_system(), str_of(temp_path("shop")),
                           &(struct store_options){STORE_READ, 1}, &s, &err));
    need_store_holds(s, event, 90);
    store_close(s);
    arena_free(&a);
}

TEST(a_customer_can_be_had_alone)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 90, 20, &a);
    struct store *s = create("shop");
    struct snapshot *v;

    import(s, event, 50);
    fold_all(s);
    import(s, event + 50, 40);
    v = snapshot_of(s);
    for (uint32_t i = 0; i < catalog_customer_n(snapshot_catalog(v)); i++) {
        struct chunk *c;
        struct err err;

        assert_true(snapshot_customer(v, i, &c, &err));
        assert_int_equal(c->customer_first, i);
        assert_int_equal(c->customer_n, 1);
        need_chunk_holds(c, snapshot_catalog(v), event, 90);
        chunk_free(c);
    }
    snapshot_close(v);
    store_close(s);
    arena_free(&a);
}

/* Whether there are news. */
static bool need_counts(struct store *s)
{
    struct snapshot *v = snapshot_of(s);
    uint32_t all = catalog_customer_n(snapshot_catalog(v)), seen = 0;
    struct chunk_counts counts;
    bool has_news = false;
    struct err err;

    for (uint32_t k = 0; k < snapshot_chunk_count(v); k++) {
        const struct chunk *c;

        assert_true(snapshot_counts(v, k, &counts, &err));
        assert_true(snapshot_chunk(v, k, &c, &err));
        assert_int_equal(counts.customer_n, c->customer_n);
        for (uint32_t i = 0; i < c->customer_n; i++)
            assert_int_equal(counts.event[i], c->first[i + 1] - c->first[i]);
        seen += c->customer_n;
        has_news |= counts.has_news;
        snapshot_release(v, k);
    }
    assert_int_equal(seen, all);
    snapshot_close(v);
    return has_news;
}

TEST(a_customers_events_are_counted_over_parts_and_news)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 90, 20, &a);
    struct store *s = create("shop");

    import(s, event, 30);
    need_counts(s);
    fold_all(s);
    assert_false(need_counts(s));
    import(s, event + 30, 30);
    import(s, event + 60, 29);
    need_counts(s);
    fold_all(s);
    import(s, event + 89, 1);
    assert_true(need_counts(s));
    store_close(s);
    arena_free(&a);
}

TEST(the_same_id_counts_once)
{
    struct event e = event_of("anna", "visit", 5, "1"),
                 other = event_of("bob", "visit", 6, "1");
    struct store *s = create("shop");
    struct err err;

    assert_true(store_begin(s, NOW_MS, &err));
    assert_true(append(s, &e));
    assert_false(append(s, &e));
    assert_false(append(s, &other));
    assert_true(store_commit(s, &err));
    assert_true(store_begin(s, NOW_MS, &err));
    assert_false(append(s, &other));
    assert_true(store_commit(s, &err));
    need_store_holds(s, &e, 1);
    store_close(s);
}

TEST(what_was_cancelled_can_come_again)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 12, &a);
    struct store *s = create("shop");
    struct err err;

    import(s, event, 20);
    assert_true(store_begin(s, NOW_MS, &err));
    for (uint32_t i = 20; i < 60; i++)
        assert_true(append(s, &event[i]));
    store_cancel(s);
    need_store_holds(s, event, 20);
    import(s, event + 20, 40);
    need_store_holds(s, event, 60);
    store_close(s);
    s = open_as("shop", STORE_READ);
    need_store_holds(s, event, 60);
    store_close(s);
    arena_free(&a);
}

TEST(an_event_that_does_not_fit_is_refused_and_the_others_stay)
{
    struct event good = event_of("anna", "visit", 5, "1"),
                 bad = event_of("anna", "visit", 6, "");
    struct store *s = create("shop");
    struct err err;
    bool added;

    assert_true(store_begin(s, NOW_MS, &err));
    assert_true(append(s, &good));
    assert_false(append_event(s, &bad, &added, &err));
    need_words(&err, ERR_INPUT, "messageId");
    bad.id = STR("2");
    bad.customer = STR("");
    assert_false(append_event(s, &bad, &added, &err));
    need_words(&err, ERR_INPUT, "customer");
    bad.customer = STR("bob");
    assert_false(store_append(s, &bad, STR("{\n}"), &added, &err));
    need_words(&err, ERR_INPUT, "one line");
    assert_true(store_commit(s, &err));
    need_store_holds(s, &good, 1);
    store_close(s);
}

struct logged {
    const struct event *event;
    uint32_t n;
};

static bool need_logged(void *context, int64_t received_ms, const struct event *e)
{
    struct logged *l = context;
    const struct event *wanted = &l->event[l->n++];

    assert_true(received_ms == NOW_MS);
    assert_true(str_eq(e->id, wanted->id) && str_eq(e->customer, wanted->customer)
                && str_eq(e->type, wanted->type) && e->at_ms == wanted->at_ms);
    assert_int_equal(e->property_n, wanted->property_n);
    for (uint32_t i = 0; i < e->property_n; i++)
        need_same_value(&e->property[i].value, &wanted->property[i].value);
    assert_int_equal(e->trait_n, wanted->trait_n);
    for (uint32_t i = 0; i < e->trait_n; i++)
        need_same_value(&e->trait[i].value, &wanted->trait[i].value);
    return l->n != 37;
}

TEST(the_log_gives_back_every_event_in_the_order_of_arrival)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 12, &a);
    struct logged l = {.event = event};
    struct store *s = create("shop");
    struct err err = {0};

    import(s, event, 36);
    if (!each_logged(s, need_logged, &l, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(l.n, 36);
    import(s, event + 36, 24);
    l.n = 0;
    assert_true(each_logged(s, need_logged, &l, &err));
    assert_int_equal(l.n, 37); /* where the walk was stopped */
    assert_true(ask("shop", "select count(*) from log") > 3);
    store_close(s);
    arena_free(&a);
}

static bool need_refused(void *context, const struct refusal *r)
{
    uint64_t *line = context;

    ++*line;
    assert_true(r->line == *line);
    assert_true(str_eq(r->source, STR("orders.csv")));
    assert_true(str_eq(r->reason, STR("no customer")));
    if (*line == 2) {
        assert_int_equal(r->text.n, (256 << 10) - 1); /* not half of a character */
        assert_true(str_is_utf8(r->text));
    } else {
        assert_true(str_eq(r->text, STR("caf\xe9;1")));
    }
    return true;
}

TEST(what_was_refused_is_kept_once_and_in_order)
{
    struct refusal r = {STR("orders.csv"), 1, STR("no customer"), STR("caf\xe9;1")};
    static char text[512 << 10] = "x";
    struct store *s = create("shop");
    struct store_facts facts;
    struct err err;
    uint64_t line = 0;

    for (size_t i = 1; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof text - 1] = 'x';
    for (int twice = 0; twice < 2; twice++) {
        assert_true(store_begin(s, NOW_MS, &err));
        assert_true(store_refuse(s, &r, &err));
        assert_true(store_refuse(
            s, &(struct refusal){r.source, 2, r.reason, {text, sizeof text}}, &err));
        assert_true(
            store_refuse(s, &(struct refusal){r.source, 3, r.reason, r.text}, &err));
        assert_true(store_commit(s, &err));
    }
    assert_true(each_refused(s, need_refused, &line, &err));
    assert_int_equal(line, 3);
    facts = facts_of(s);
    assert_int_equal(facts.refused, 3);
    store_close(s);
}

/* The refusal of that line: some sources and reasons come again, some are new. */
static struct refusal refusal_of(uint64_t line, char room[3][32])
{
    snprintf(room[0], 32, "file %u", (unsigned)(line % 3));
    snprintf(room[1], 32, "reason %u", (unsigned)(line % 5));
    snprintf(room[2], 32, "%llu;a;b", (unsigned long long)line);
    return (struct refusal){str_of(room[0]), line, str_of(room[1]), str_of(room[2])};
}

static void refuse(struct store *s, const uint64_t *line, size_t n)
{
    struct err err = {ERR_NONE};

    for (size_t i = 0; i < n; i++) {
        char room[3][32];
        struct refusal r = refusal_of(line[i], room);

        if (!store_refuse(s, &r, &err))
            fail_msg("%s", err.msg);
    }
}

struct refused_lines {
    const uint64_t *line;
    size_t n, stop;
};

static bool need_line(void *context, const struct refusal *r)
{
    struct refused_lines *l = context;
    char room[3][32];
    struct refusal expected = refusal_of(l->line[l->n], room);

    assert_true(r->line == expected.line);
    assert_true(str_eq(r->source, expected.source));
    assert_true(str_eq(r->reason, expected.reason));
    assert_true(str_eq(r->text, expected.text));
    return ++l->n != l->stop;
}

/* Whatever the numbers of the lines, over several batches, transactions and openings. */
TEST(refusals_come_back_as_they_were_out_of_any_batch)
{
    static const uint64_t line[] = {1, 2, 3, 5, 4, 1000000, UINT64_MAX, 0, 9, 8, 7, 6};
    enum { LINES = sizeof line / sizeof *line };
    struct refused_lines seen = {line}, some = {line, .stop = 5};
    struct store *s = create("shop");
    struct store_facts facts;
    struct err err;

    assert_true(store_begin(s, NOW_MS, &err));
    refuse(s, line, 8);
    assert_true(store_commit(s, &err));
    store_close(s);
    assert_true(ask("shop", "select count(*) from refused") > 1);
    s = open_as("shop", STORE_WRITE);
    assert_true(store_begin(s, NOW_MS, &err));
    refuse(s, line + 4, LINES - 4);
    store_cancel(s);
    facts = facts_of(s);
    assert_int_equal(facts.refused, 8);
    assert_true(store_begin(s, NOW_MS, &err));
    refuse(s, line + 4, LINES - 4);
    assert_true(store_commit(s, &err));
    assert_true(each_refused(s, need_line, &seen, &err));
    assert_int_equal(seen.n, LINES);
    assert_true(each_refused(s, need_line, &some, &err));
    assert_int_equal(some.n, 5);
    facts = facts_of(s);
    assert_int_equal(facts.refused, LINES);
    store_close(s);
}

static bool count_refused(void *context, [[maybe_unused]] const struct refusal *r)
{
    ++*(size_t *)context;
    return true;
}

TEST(a_damaged_batch_of_refusals_is_named)
{
    static const struct {
        const char *sql, *words;
    } damage[] = {
        {"update refused set codec = 7 where seq = 2", "codec"},
        {"update refused set checksum = checksum + 1 where seq = 2", "checksum"},
        {"update refused set n = n + 1 where seq = 2", "out of its range"},
        {"update refused set n = n - 1 where seq = 2", "follows its end"},
        {"update refused set n = -1 where seq = 2", "fewer rows"},
    };
    static const uint64_t line[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};

    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct store *s = create("shop");
        struct refusal r = {STR("file"), 1, STR("reason"), STR("text")};
        struct err err;
        size_t n = 0;

        assert_true(store_begin(s, NOW_MS, &err));
        refuse(s, line, sizeof line / sizeof *line);
        assert_true(store_commit(s, &err));
        store_close(s);
        change("shop", damage[i].sql);
        s = open_as("shop", STORE_WRITE);
        assert_false(each_refused(s, count_refused, &n, &err));
        need_words(&err, ERR_CORRUPT, damage[i].words);
        need_words(&err, ERR_CORRUPT, "table refused, batch 2");
        assert_true(store_begin(s, NOW_MS, &err));
        assert_false(store_refuse(s, &r, &err)); /* what is there cannot be known */
        need_words(&err, ERR_CORRUPT, "table refused, batch 2");
        assert_false(store_commit(s, &err));
        need_words(&err, ERR_CORRUPT, "table refused, batch 2");
        store_close(s);
        unlink(temp_path("shop"));
    }
}

TEST(models_are_numbered_and_the_newest_is_found)
{
    struct store *s = create("shop");
    struct model_version latest;
    struct arena a = {0};
    struct err err;
    uint32_t version;

    assert_false(model_latest(s, &a, &latest, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_true(add_model(s, STR("ciclo: 1"), 10, &version, &err));
    assert_int_equal(version, 1);
    assert_true(add_model(s, STR("ciclo: 1 # two"), 20, &version, &err));
    assert_int_equal(version, 2);
    store_close(s);
    s = open_as("shop", STORE_READ);
    assert_true(model_latest(s, &a, &latest, &err));
    assert_int_equal(latest.version, 2);
    assert_int_equal(latest.applied_ms, 20);
    assert_true(str_eq(latest.text, STR("ciclo: 1 # two")));
    store_close(s);
    arena_free(&a);
}

/* --- locks --- */

TEST(a_reader_sees_one_moment_while_a_writer_commits)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 20, &a);
    struct store *writer = create("shop"), *early, *late;

    import(writer, event, 25);
    early = open_as("shop", STORE_READ);
    import(writer, event + 25, 35);
    late = open_as("shop", STORE_READ);
    need_store_holds(early, event, 25);
    need_store_holds(late, event, 60);
    store_close(late);
    store_close(early);
    store_close(writer);
    arena_free(&a);
}

static void need_conflict(void)
{
    struct err err = open_error(temp_path("shop"), STORE_WRITE);

    need_words(&err, ERR_CONFLICT, "another ciclo process has");
    need_words(&err, ERR_CONFLICT,
               "open for writing (ciclo serve or an import); stop it first");
}

/* What the body finds in another process. */
static int in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (!child)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int try_to_write(void)
{
    struct store *s;
    struct err err;

    if (store_open(io_system(), str_of(temp_path("shop")),
                   &(struct store_options){STORE_WRITE, 0}, &s, &err))
        return 1;
    return err.code == ERR_CONFLICT ? 0 : 2;
}

TEST(a_second_writer_is_turned_away)
{
    struct store *s = create("shop");
    struct event e = event_of("anna", "visit", 5, "1");

    need_conflict();
    assert_int_equal(in_child(try_to_write), 0);
    import(s, &e, 1); /* and did no harm */
    assert_int_equal(in_child(try_to_write), 0);
    store_close(s);
    assert_int_equal(in_child(try_to_write), 1);
    s = open_as("shop", STORE_WRITE);
    need_store_holds(s, &e, 1);
    store_close(s);
}

static int read_alone(void)
{
    struct store_facts facts;
    struct store *s;
    struct err err;

    if (geteuid() == 0 && setuid(65534) != 0)
        return 1;
    if (!store_open(io_system(), str_of(temp_path("shop")),
                    &(struct store_options){STORE_READ, 0}, &s, &err)) {
        fprintf(stderr, "%s\n", err.msg);
        return 2;
    }
    facts = facts_of(s);
    if (facts.events != 60)
        return 3;
    store_close(s);
    return 0;
}

TEST(a_read_only_file_in_a_read_only_folder_can_be_read)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 20, &a);
    struct store *s = create("shop");
    char folder[4096];

    import(s, event, 60);
    store_close(s);
    snprintf(folder, sizeof folder, "%s", temp_path("shop"));
    *strrchr(folder, '/') = 0;
    assert_int_equal(chmod(temp_path("shop"), 0444), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    assert_int_equal(in_child(read_alone), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    arena_free(&a);
}

TEST(a_closed_file_stands_alone)
{
    struct event e = event_of("anna", "visit", 5, "1");
    struct store *s = create("shop");

    import(s, &e, 1);
    store_close(s);
    store_close(open_as("shop", STORE_READ));
    assert_int_not_equal(access(temp_path("shop-wal"), F_OK), 0);
    assert_int_not_equal(access(temp_path("shop-shm"), F_OK), 0);
}

/* --- files that are none of ours --- */

static void need_refusal(const char *path, enum err_code code, const char *words)
{
    struct err err = open_error(path, STORE_READ);

    need_words(&err, code, words);
    err = open_error(path, STORE_WRITE);
    need_words(&err, code, words);
}

TEST(wrong_files_are_refused_with_words)
{
    char text[5000];

    memset(text, 'x', sizeof text);
    need_refusal(temp_path("nothing"), ERR_NOT_FOUND, "ciclo init");
    need_refusal(temp_path("."), ERR_INPUT, "is a folder");
    need_refusal("", ERR_INPUT, "needs a name");
    need_refusal("/dev/null", ERR_INPUT, "no plain file");
    need_refusal(temp_file("empty", "", 0), ERR_INPUT, "is empty");
    need_refusal(temp_file("short", "hello", 5), ERR_INPUT, "no data file of Ciclo");
    need_refusal(temp_file("text", text, sizeof text), ERR_INPUT,
                 "no data file of Ciclo");
    need_refusal(temp_file("sql", "", 0), ERR_INPUT, "is empty");
}

TEST(a_database_of_another_program_is_refused_untouched)
{
    temp_file("other", "", 0);
    change("other", "create table t (a); insert into t values (1)");
    need_refusal(temp_path("other"), ERR_INPUT, "another program");
    assert_int_equal(ask("other", "select a from t"), 1);
    assert_int_equal(ask("other", "select count(*) from sqlite_schema"), 1);
}

TEST(a_file_of_a_newer_format_is_refused_with_words)
{
    store_close(create("shop"));
    change("shop", "pragma user_version = 10");
    need_refusal(temp_path("shop"), ERR_INPUT,
                 "newer Ciclo (format 10, this one knows 9)");
}

TEST(a_file_of_other_sizes_is_refused_with_words)
{
    store_close(create("shop"));
    change("shop", "update setting set value = 5 where name = 'chunk_customers'");
    need_refusal(temp_path("shop"), ERR_INPUT, "chunk_customers = 5");
}

TEST(nothing_is_created_where_something_stands)
{
    const char *path = temp_file("shop", "mine", 4);
    struct store *s;
    struct err err;
    struct stat file;

    assert_false(store_create(io_system(), str_of(path), 0, &s, &err));
    need_words(&err, ERR_CONFLICT, "is there already");
    assert_int_equal(stat(path, &file), 0);
    assert_int_equal(file.st_size, 4);
    assert_false(store_create(io_system(), str_of(temp_path("no/folder")), 0, &s, &err));
    need_words(&err, ERR_IO, "there is no such folder; make it first");
    assert_false(store_create(io_system(), str_of(temp_path("shop/new")), 0, &s, &err));
    need_words(&err, ERR_IO, "there is no such folder; make it first");
}

/* --- damage --- */

static bool read_columns(struct snapshot *v, struct err *err)
{
    uint32_t column_n = snapshot_catalog(v)->column_n;
    bool ok = true;

    for (uint32_t i = 0; ok && i < snapshot_chunk_count(v); i++) {
        const struct cells *cells;
        const struct chunk *c;
        const str *id;

        ok = snapshot_chunk(v, i, &c, err) && chunk_message_ids(c, &id, err);
        for (uint32_t k = 0; ok && k < column_n; k++)
            ok = chunk_cells(c, k, &cells, err);
    }
    return ok;
}

static struct err read_all(const char *name)
{
    struct store *s = open_as(name, STORE_READ);
    struct snapshot *v = snapshot_of(s);
    struct err err = {ERR_NONE};

    read_columns(v, &err);
    snapshot_close(v);
    store_close(s);
    return err;
}

/* Flips one bit of the n-th part, and says which part that is. */
static void flip(const char *name, int64_t n, uint64_t chance_of_bit, char words[64])
{
    sqlite3_stmt *st = NULL;
    sqlite3_blob *blob = NULL;
    sqlite3 *db = NULL;
    unsigned char byte;
    int at;

    assert_int_equal(
        sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, VFS_NAME),
        SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "select rowid, \"column\", chunk from part "
                                        "order by \"column\", chunk limit 1 offset ?",
                                        -1, &st, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_bind_int64(st, 1, n), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    snprintf(words, 64, "table part, column %d, chunk %d", sqlite3_column_int(st, 1),
             sqlite3_column_int(st, 2));
    assert_int_equal(sqlite3_blob_open(db, "main", "part", "bytes",
                                       sqlite3_column_int64(st, 0), 1, &blob),
                     SQLITE_OK);
    at = (int)(chance_of_bit / 8 % (uint64_t)sqlite3_blob_bytes(blob));
    assert_int_equal(sqlite3_blob_read(blob, &byte, 1, at), SQLITE_OK);
    byte ^= (unsigned char)(1u << chance_of_bit % 8);
    assert_int_equal(sqlite3_blob_write(blob, &byte, 1, at), SQLITE_OK);
    sqlite3_blob_close(blob);
    sqlite3_finalize(st);
    sqlite3_close(db);
}

TEST(a_flipped_bit_in_any_part_is_found_and_named)
{
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 10, &a);
    struct store *s = create("shop");
    int64_t parts;
    struct err err;

    import(s, event, 60);
    store_close(s);
    parts = ask("shop", "select count(*) from part");
    for (int64_t i = 0; i < parts; i++) {
        uint64_t bit = random_next(&r);
        char words[64];

        flip("shop", i, bit, words);
        err = read_all("shop");
        need_words(&err, ERR_CORRUPT, words);
        flip("shop", i, bit, words);
    }
    err = read_all("shop");
    assert_int_equal(err.code, ERR_NONE);
    arena_free(&a);
}

TEST(what_is_missing_or_damaged_beside_the_parts_is_found)
{
    static const struct {
        const char *sql, *words;
    } damage[] = {
        {"update part set codec = 7 where \"column\" = -1", "codec"},
        {"delete from part where \"column\" = -1", "missing"},
        {"delete from part where \"column\" = -2", "missing"},
        {"delete from part where \"column\" = -3", "missing"},
        {"delete from part where \"column\" = -4", "missing"},
        {"delete from part where \"column\" >= 0", "missing"},
        {"update part set checksum = checksum + 1 where \"column\" = "
         "(select min(\"column\") from part where \"column\" >= 0)",
         "checksum"},
    };
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 10, &a);

    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct store *s = create("shop");
        struct err err;

        import(s, event, 60);
        store_close(s);
        change("shop", damage[i].sql);
        err = read_all("shop");
        need_words(&err, ERR_CORRUPT, damage[i].words);
        unlink(temp_path("shop"));
    }
    arena_free(&a);
}

TEST(names_that_do_not_belong_are_found_at_opening)
{
    static const char *const damage[] = {
        "delete from customer where number = 0",
        "update customer set id = 'the same' where number < 2",
        "update columns set type = 'money' where number = 1",
        "update columns set name = 'x', trait = 0, type = 'text'",
        "update sighting set type = 5000",
        "update sighting set \"column\" = -1",
        "update type set name = 'x' where number = 0",
        "drop table part",
        "drop table customer",
    };
    struct random r = chance();
    struct arena a = {0};
    struct event *event = scene(&r, 60, 10, &a);

    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        struct store *s = create("shop");
        struct err err = {ERR_NONE};
        const struct chunk *c;

        import(s, event, 60);
        store_close(s);
        if (strstr(damage[i], "sighting set type"))
            change("shop", "delete from sighting where rowid > 1");
        if (strstr(damage[i], "sighting set \"column\""))
            change("shop", "delete from sighting where rowid > 1");
        change("shop", damage[i]);
        s = NULL;
        if (store_open(io_system(), str_of(temp_path("shop")),
                       &(struct store_options){STORE_READ, 0}, &s, &err)) {
            struct snapshot *v = snapshot_of(s);

            assert_false(snapshot_chunk(v, 0, &c, &err));
            snapshot_close(v);
        }
        need_words(&err, ERR_CORRUPT, "");
        store_close(s);
        unlink(temp_path("shop"));
    }
    arena_free(&a);
}

/* --- failing --- */

struct scenario {
    const struct event *event;
    const char *path;
};

static bool live(struct io *io, const struct scenario *sc, struct err *err)
{
    struct snapshot *v = NULL;
    struct store *s = NULL;
    bool ok, added;

    unlink(sc->path);
    ok = store_create(io, str_of(sc->path), 0, &s, err);
    for (uint32_t round = 0; ok && round < 2; round++) {
        ok = store_begin(s, NOW_MS, err);
        for (uint32_t i = 0; ok && i < 12; i++)
            ok = append_event(s, &sc->event[round * 12 + i], &added, err);
        ok = ok
             && store_refuse(
                 s, &(struct refusal){STR("f"), round, STR("why"), STR("text")}, err)
             && store_commit(s, err);
    }
    store_close(s);
    s = NULL;
    ok = ok
         && store_open(io, str_of(sc->path), &(struct store_options){STORE_READ, 0}, &s,
                       err)
         && store_snapshot(s, &v, err) && read_columns(v, err);
    if (ok)
        assert_int_equal(snapshot_facts(v).events, 24);
    snapshot_close(v);
    store_close(s);
    return ok;
}

static bool live_on_failing_io(struct io *io, void *context, struct err *err)
{
    return live(io, context, err);
}

TEST(failures_of_the_lock_are_reported)
{
    struct random r = random_seeded(11);
    struct arena a = {0};
    struct scenario sc = {scene(&r, 24, 9, &a), temp_path("shop")};

    each_io_failure(live_on_failing_io, &sc);
    arena_free(&a);
}
