#include "unit/engine/bottega.h"

#include "engine/engine_impl.h"

#include "engine/follow.h"
#include "engine/owner.h"
#include "engine/verify.h"
#include "identity/people.h"
#include "support/fail.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ALL_TIME "2026-12-31"

static hash128 hash_now(struct engine *e)
{
    struct err err;
    hash128 h;

    NEED_OK(engine_hash(e, engine_now_ms(e), &h, &err), err);
    return h;
}

static struct engine *open_again(enum store_mode mode)
{
    struct engine *e;
    struct err err;

    NEED_OK(engine_open(io_system(), str_of(bottega_path()),
                        &(struct store_options){mode, 0}, &e, &err),
            err);
    return e;
}

static void advance(struct engine *e, const char *now)
{
    struct err err;

    NEED_OK(engine_advance(e, moment_of(now), &err), err);
}

/* --- whom it replays --- */

TEST(only_who_is_moved_by_time_is_replayed)
{
    struct engine *e = bottega_open("2026-02-04T09:30:00.249Z");
    uint64_t before = engine_replayed(e);

    assert_int_equal(before, engine_customer_n(e));
    advance(e, "2026-02-04T09:30:00.249Z");
    assert_int_equal(engine_replayed(e), before);
    assert_true(engine_customer_next(e, bottega_customer(e, "9"))
                == moment_of("2026-02-04T09:30:00.250Z"));
    advance(e, "2026-02-04T09:30:00.250Z");
    assert_int_equal(engine_replayed(e), before + 1);
    engine_close(e);
}

TEST(only_who_has_new_events_is_replayed)
{
    struct engine *e = bottega_open("2026-02-05");
    uint64_t before = engine_replayed(e);
    struct arena a = {};
    struct err err;

    NEED_OK(bottega_add(e,
                        "n1|anna|2026-01-12|purchase|'revenue':7\n"
                        "n2|new|2026-01-13T00:00:00Z|signed_up|\n",
                        &err),
            err);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), before + 2);
    assert_string_equal(bottega_history(e, "new", &a),
                        "2026-01-13T00:00:00.000Z reach\n");
    arena_free(&a);
    engine_close(e);
}

/* "buyer" and "goal" stand in the text, where no rule asks for them. */
TEST(a_name_that_no_rule_asks_for_concerns_only_who_brought_it)
{
    struct engine *e = bottega_open("2026-02-05");
    uint64_t before = engine_replayed(e);
    struct happened what;
    hash128 known, anew;
    struct err err;

    NEED_OK(engine_follow(e, &err), err);
    NEED_OK(bottega_add(e,
                        "n1|anna|2026-01-12|purchase|'buyer':7\n"
                        "n2|9|2026-01-13T00:00:00Z|identify|'goal':'to win'\n",
                        &err),
            err);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), before + 2);
    engine_happened(e, &what);
    assert_false(what.is_lost);
    known = hash_now(e);
    engine_close(e);
    e = open_again(STORE_READ);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), 0); /* what the file has says the same */
    engine_close(e);
    e = open_again(STORE_READ);
    engine_distrust(e);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), engine_customer_n(e));
    anew = hash_now(e);
    assert_memory_equal(&known, &anew, sizeof known);
    engine_close(e);
}

TEST(another_type_of_what_a_rule_asks_for_concerns_everybody)
{
    static const char model[] = "ciclo: 1\n"
                                "events: { purchase: {} }\n"
                                "lifecycle:\n"
                                "  start: reach\n"
                                "  stages: { reach: {}, noted: {} }\n"
                                "  moves:\n"
                                "    - { from: reach, to: noted, when: "
                                "\"exists(purchase.note)\" }\n";
    struct engine *e;
    struct arena a = {};
    struct err err;

    e = bottega_with("ciclo: 1\nlifecycle: { start: a, stages: { a: {} }, moves: [] }\n",
                     "p1|anna|2026-01-11T10:00:00.000Z|purchase|'note':5\n"
                     "p2|9|2026-01-12T10:00:00.000Z|purchase|\n",
                     "2026-02-05");
    NEED_OK(engine_apply(e, STR(model), engine_now_ms(e), &(uint32_t){0}, &err), err);
    assert_string_equal(bottega_history(e, "anna", &a),
                        "2026-01-11T10:00:00.000Z reach\n"
                        "2026-01-11T10:00:00.000Z noted\n");
    NEED_OK(bottega_add(e, "n1|bob|2026-01-12|purchase|'note':'thanks'\n", &err), err);
    advance(e, "2026-02-05");
    assert_string_equal(bottega_history(e, "anna", &a),
                        "2026-01-11T10:00:00.000Z reach\n");
    arena_free(&a);
    engine_close(e);
}

/* A year by itself, day after day, is what a year at once is. */
TEST(a_clock_that_jumps_misses_nothing)
{
    struct engine *e = bottega_open("2026-01-01");
    hash128 daily, at_once;

    for (int64_t day = moment_of("2026-01-02"); day <= moment_of(ALL_TIME);
         day += MS_DAY) {
        struct err err;

        NEED_OK(engine_advance(e, day, &err), err);
    }
    daily = hash_now(e);
    engine_close(e);
    e = open_again(STORE_READ);
    engine_distrust(e);
    advance(e, ALL_TIME);
    at_once = hash_now(e);
    assert_memory_equal(&daily, &at_once, sizeof daily);
    engine_close(e);
}

/* --- what the file has of it --- */

TEST(what_was_computed_is_not_computed_again)
{
    struct engine *e = bottega_open(ALL_TIME);
    hash128 before = hash_now(e), after;

    engine_close(e);
    e = open_again(STORE_READ);
    advance(e, ALL_TIME);
    assert_int_equal(engine_replayed(e), 0);
    after = hash_now(e);
    assert_memory_equal(&before, &after, sizeof before);
    assert_true(engine_next_ms(e) == moment_of("2027-01-05T09:30:00.000Z")); /* vip */
    engine_close(e);
}

TEST(an_opened_file_replays_who_came_later)
{
    struct engine *e = bottega_open("2026-02-04");
    struct err err;
    hash128 known, anew;

    engine_close(e);
    e = open_again(STORE_WRITE);
    NEED_OK(bottega_add(e, "n1|anna|2026-01-12|purchase|'revenue':7\n", &err), err);
    engine_close(e); /* without a look at histories */
    e = open_again(STORE_READ);
    advance(e, "2026-02-04");
    assert_int_equal(engine_replayed(e), 1);
    advance(e, "2026-02-05"); /* 9 and 10 */
    assert_int_equal(engine_replayed(e), 3);
    known = hash_now(e);
    engine_close(e);
    e = open_again(STORE_READ);
    engine_distrust(e);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), engine_customer_n(e));
    anew = hash_now(e);
    assert_memory_equal(&known, &anew, sizeof known);
    engine_close(e);
}

/* --- who was told again --- */

/* Two customers with two events each: what one brought stands with the other. */
static void swap(struct engine *e)
{
    struct store *s = engine_store(e);
    struct err err;

    NEED_OK(store_begin(s, 0, &err), err);
    NEED_OK(store_rehome(s, STR("anna"), STR("10"), &err), err);
    NEED_OK(store_rehome(s, STR("10"), STR("anna"), &err), err);
    NEED_OK(store_commit(s, &err), err);
    NEED_OK(engine_refresh(e, &err), err);
}

static void fold_all(struct engine *e)
{
    bool more = true;
    struct err err;

    while (more)
        NEED_OK(store_fold(engine_store(e), 1, &more, &err), err);
    NEED_OK(engine_refresh(e, &err), err);
}

struct two {
    struct arena arena;
    const char *anna, *ten; /* their histories */
};

static struct two look_at_two(struct engine *e)
{
    struct two t = {};

    t.anna = bottega_history(e, "anna", &t.arena);
    t.ten = bottega_history(e, "10", &t.arena);
    assert_string_not_equal(t.anna, t.ten);
    return t;
}

static void need_swapped(struct engine *e, struct two *before)
{
    struct two now = look_at_two(e);

    assert_string_equal(now.anna, before->ten);
    assert_string_equal(now.ten, before->anna);
    arena_free(&before->arena);
    arena_free(&now.arena);
}

TEST(as_many_events_are_not_the_same_events_after_a_move)
{
    for (int folds = 0; folds < 4; folds++) {
        struct engine *e = bottega_open("2026-02-25");
        struct two before;

        if (folds & 1)
            fold_all(e);
        before = look_at_two(e);
        swap(e);
        if (folds & 2)
            fold_all(e);
        advance(e, "2026-02-25");
        need_swapped(e, &before);
        engine_close(e);
        unlink(bottega_path());
    }
}

TEST(a_kept_history_is_not_taken_for_that_of_another_timeline)
{
    for (int folds = 0; folds < 4; folds++) {
        struct engine *e = bottega_open("2026-02-25");
        struct two before = look_at_two(e);

        if (folds & 1)
            fold_all(e);
        engine_close(e);
        e = open_again(STORE_WRITE);
        swap(e);
        if (folds & 2)
            fold_all(e);
        engine_close(e); /* without a look at histories */
        e = open_again(STORE_READ);
        advance(e, "2026-02-25");
        need_swapped(e, &before);
        engine_close(e);
        unlink(bottega_path());
    }
}

TEST(timelines_move_while_a_model_is_applied)
{
    struct engine *e = bottega_open("2026-02-25");
    struct two before = look_at_two(e);
    struct buf text = {};
    struct apply *a;
    uint32_t version;
    struct err err;

    buf_add(&text, str_of(bottega_model));
    buf_add(&text, STR("# the same\n"));
    NEED_OK(engine_apply_begin(e, buf_str(&text), STR("anna"), moment_of("2026-02-25"),
                               &a, &err),
            err);
    NEED_OK(engine_apply_run(a, NULL, NULL, &err), err);
    swap(e);
    NEED_OK(engine_apply_finish(a, &version, &err), err);
    need_swapped(e, &before);
    buf_free(&text);
    engine_close(e);
}

/* The file knows what comes later; who asks about an earlier moment does not see it. */
TEST(an_earlier_moment_than_the_files_is_right_too)
{
    struct engine *e = bottega_open(ALL_TIME);

    engine_close(e);
    for (int64_t at = moment_of("2025-12-30"); at < moment_of("2026-05-01");
         at += MS_DAY + 7) {
        hash128 h[2];
        int64_t next[2];
        struct err err;

        for (int distrust = 0; distrust < 2; distrust++) {
            e = open_again(distrust ? STORE_READ : STORE_WRITE);
            if (distrust)
                engine_distrust(e);
            NEED_OK(engine_advance(e, at, &err), err);
            assert_true(distrust || engine_replayed(e) == 0);
            next[distrust] = engine_next_ms(e);
            h[distrust] = hash_now(e);
            engine_close(e);
        }
        assert_memory_equal(&h[0], &h[1], sizeof *h);
        assert_true(next[0] >= next[1]);
    }
    e = open_again(STORE_READ);
    advance(e, ALL_TIME);
    assert_int_equal(engine_replayed(e), 0); /* nothing older took its place */
    engine_close(e);
}

static void tell([[maybe_unused]] void *context, const struct difference *d)
{
    assert_string_equal(d->table, "history");
}

struct giving {
    struct store_owner *owner;
    struct err err;
};

static bool give(void *context, [[maybe_unused]] int64_t received_ms,
                 const struct event *e)
{
    struct giving *g = context;

    return g->owner->give(g->owner->context, e, &g->err);
}

/* The file says who is who, as if its events had been collected. */
static void keep_graph(struct buf *bytes)
{
    struct engine *e = open_again(STORE_WRITE);
    struct store *s = engine_store(e);
    struct owner o;
    struct giving g = {&o.store};
    struct err err;

    owner_init(&o);
    NEED_OK(o.store.begin(&o, &err)
                && snapshot_each_logged(engine_snapshot(e), give, &g, &err)
                && o.store.bytes(&o, bytes, &err),
            err);
    o.store.end(&o);
    NEED_OK(store_begin(s, 0, &err) && store_graph_replace(s, buf_str(bytes), &err)
                && store_commit(s, &err),
            err);
    engine_close(e);
}

static uint64_t differences(void)
{
    const struct verify_options o = {.threads = 1, .found = tell};
    struct verify_report report;
    struct buf graph = {};
    struct err err;

    keep_graph(&graph);
    buf_free(&graph);
    NEED_OK(engine_verify(io_system(), str_of(bottega_path()), &o, &report, &err), err);
    assert_int_equal(report.histories, 2);
    return report.differences;
}

static void tell_graph(void *context, const struct difference *d)
{
    uint32_t *n = context;

    assert_string_equal(d->table, "graph");
    ++*n;
}

/* Of bytes that take the place of table graph. */
static uint32_t graph_differences(str bytes)
{
    uint32_t n = 0;
    const struct verify_options o = {.threads = 1, .found = tell_graph, .context = &n};
    struct engine *e = open_again(STORE_WRITE);
    struct verify_report report;
    struct err err;

    NEED_OK(store_begin(engine_store(e), 0, &err)
                && store_graph_replace(engine_store(e), bytes, &err)
                && store_commit(engine_store(e), &err),
            err);
    engine_close(e);
    NEED_OK(engine_verify(io_system(), str_of(bottega_path()), &o, &report, &err), err);
    assert_int_equal(report.differences, n);
    return n;
}

static void put_graph(struct people *p, struct buf *to)
{
    struct err err;

    NEED_OK(graph_encode(people_graph(p), to, &err), err);
    people_free(p);
}

TEST(a_graph_that_does_not_follow_from_the_log_is_found)
{
    const struct id stranger = {ID_USER, STR("stranger")};
    struct people *p;
    struct buf whole = {}, none = {}, more = {};
    struct err err;

    engine_close(bottega_open("2026-06-01"));
    keep_graph(&whole);
    NEED_OK(people_new(&p, &err), err);
    put_graph(p, &none);
    NEED_OK(people_new(&p, &err) && graph_decode(people_graph(p), buf_str(&whole), &err)
                && graph_decoded(people_graph(p), &err)
                && people_add(p,
                              &(struct event){.type = STR("visit"),
                                              .customer = STR("stranger"),
                                              .id = STR("s1"),
                                              .who = &stranger,
                                              .who_n = 1},
                              &err),
            err);
    put_graph(p, &more);
    assert_int_equal(graph_differences(buf_str(&whole)), 0);
    assert_int_equal(graph_differences(buf_str(&none)), 1);
    assert_int_equal(graph_differences(buf_str(&more)), 1);
    assert_int_equal(graph_differences(STR("no graph")), 1);
    assert_int_equal(graph_differences(buf_str(&whole)), 0);
    buf_free(&whole);
    buf_free(&none);
    buf_free(&more);
}

static void put_row(uint32_t chunk, str bytes)
{
    struct engine *e = open_again(STORE_WRITE);
    struct store *s = engine_store(e);
    struct err err;

    NEED_OK(store_begin_histories(s, &err)
                && store_history_put(s, chunk, engine_model_version(e), bytes, &err)
                && store_commit(s, &err),
            err);
    engine_close(e);
}

static str row_of(uint32_t chunk, struct buf *b)
{
    struct engine *e = open_again(STORE_READ);
    struct err err;
    bool there;

    NEED_OK(snapshot_history(engine_snapshot(e), chunk, engine_model_version(e), b,
                             &there, &err),
            err);
    assert_true(there);
    engine_close(e);
    return buf_str(b);
}

TEST(a_history_that_no_events_give_is_found)
{
    struct engine *e = bottega_open("2026-02-20");
    struct buf first = {}, second = {};
    struct err err;

    engine_close(e);
    assert_int_equal(differences(), 0);
    row_of(0, &first);
    row_of(1, &second);
    put_row(1, buf_str(&first)); /* a good row, of other people */
    assert_true(differences() > 0);
    put_row(1, buf_str(&second));
    assert_int_equal(differences(), 0);
    put_row(0, STR("none of it"));
    assert_int_equal(differences(), 0); /* of another meaning: it says nothing */
    first.p[first.n - 1] ^= 1;          /* another way */
    put_row(0, buf_str(&first));
    assert_true(differences() > 0);
    put_row(0, (str){first.p, first.n - 1});
    assert_true(differences() > 0);
    e = open_again(STORE_READ);
    assert_false(engine_advance(e, moment_of("2026-02-20"), &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_non_null(strstr(err.msg, "table history, chunk 0"));
    engine_close(e);
    buf_free(&first);
    buf_free(&second);
}

/* --- rings --- */

/* Who buys is led in a ring for a month, and in another one when he has not for two. */
static const char rings[] =
    "ciclo: 1\n"
    "events: { purchase: {}, signed_up: {} }\n"
    "lifecycle:\n"
    "  start: a\n"
    "  stages: { a: {}, b: {}, c: {}, d: {} }\n"
    "  moves:\n"
    "    - { from: a, to: b, when: \"since(purchase) < 30d\" }\n"
    "    - { from: b, to: a, when: \"since(purchase) < 30d\" }\n"
    "    - { from: a, to: c, when: \"since(purchase) >= 30d\" }\n"
    "    - { from: c, to: d, when: \"since(purchase) >= 60d\" }\n"
    "    - { from: d, to: c, when: \"since(purchase) >= 60d\" }\n";

static void print_loops(const struct engine *e, struct buf *to)
{
    const struct catalog *c = snapshot_catalog(engine_snapshot(e));
    uint32_t n;
    const struct loop *loop = engine_loops(e, 0, &n);

    for (uint32_t i = 0; i < n; i++) {
        buf_add_format(to, "%llu times, first %.*s on ",
                       (unsigned long long)loop[i].times,
                       STR_FMT(catalog_customer_id(c, loop[i].customer)));
        moment_print(to, loop[i].at_ms);
        for (uint32_t k = 0; k < loop[i].way_n; k++)
            buf_add_format(to, " %u", loop[i].way[k]);
        buf_add_char(to, '\n');
    }
    buf_add_char(to, '\0');
}

/* What it tells is what a replay of everybody gives. */
static void need_loops_anew(const struct engine *e)
{
    struct engine *anew = open_again(STORE_READ);
    struct buf kept = {}, computed = {};
    struct err err;

    engine_distrust(anew);
    NEED_OK(engine_advance(anew, engine_now_ms(e), &err), err);
    assert_int_equal(engine_replayed(anew), engine_customer_n(anew));
    print_loops(e, &kept);
    print_loops(anew, &computed);
    assert_string_equal(kept.p, computed.p);
    buf_free(&kept);
    buf_free(&computed);
    engine_close(anew);
}

TEST(who_was_led_in_a_ring_is_not_computed_again)
{
    struct engine *e = bottega_with(rings, bottega_events, "2026-02-01");
    struct buf before = {}, after = {};

    assert_true(strstr((print_loops(e, &before), before.p),
                       "first 10 on 2026-01-05T09:30:00.000Z 0 1\n"));
    engine_close(e);
    e = open_again(STORE_READ);
    advance(e, "2026-02-01");
    assert_int_equal(engine_replayed(e), 0);
    print_loops(e, &after);
    assert_string_equal(before.p, after.p);
    engine_close(e);
    buf_free(&before);
    buf_free(&after);
}

TEST(beside_a_ring_only_who_is_due_is_replayed)
{
    struct engine *e = bottega_with(rings, bottega_events, "2026-02-04");
    struct buf loops = {};
    struct err err;

    engine_close(e);
    e = open_again(STORE_WRITE);
    advance(e, "2026-02-04T09:30:00.249Z"); /* 10 leaves his ring */
    assert_int_equal(engine_replayed(e), 1);
    need_loops_anew(e);
    advance(e, "2026-02-05"); /* so does 9 */
    assert_int_equal(engine_replayed(e), 2);
    need_loops_anew(e);
    NEED_OK(bottega_add(e, "n1|9|2026-01-02|signed_up|\n", &err), err);
    advance(e, "2026-02-05");
    assert_int_equal(engine_replayed(e), 3);
    NEED_OK(bottega_add(e, "n2|x3|2026-01-02T00:00:00Z|purchase|\n", &err), err);
    advance(e, "2026-02-05"); /* in another chunk, and earlier than all */
    assert_int_equal(engine_replayed(e), 4);
    need_loops_anew(e);
    advance(e, ALL_TIME);
    need_loops_anew(e);
    print_loops(e, &loops);
    assert_non_null(strstr(loops.p, "first x3 on 2026-01-02T00:00:00.000Z 0 1\n"));
    assert_non_null(strstr(loops.p, "first x3 on 2026-03-03T00:00:00.000Z 3 4\n"));
    buf_free(&loops);
    engine_close(e);
}

/* A ring that a late event takes away is told of no longer. */
TEST(a_ring_lasts_as_long_as_the_events_give_it)
{
    struct engine *e = bottega_with(rings, "1|c|2026-01-03|purchase|\n", "2026-03-10");
    struct err err;
    uint32_t n;

    engine_loops(e, 0, &n);
    assert_int_equal(n, 2);
    NEED_OK(bottega_add(e, "2|c|2026-01-20|purchase|\n", &err), err);
    advance(e, "2026-03-10");
    engine_loops(e, 0, &n);
    assert_int_equal(n, 1);
    need_loops_anew(e);
    engine_close(e);
}

TEST(an_earlier_moment_than_the_files_has_its_rings)
{
    engine_close(bottega_with(rings, bottega_events, ALL_TIME));
    for (int64_t at = moment_of("2025-12-30"); at < moment_of("2026-05-01");
         at += 9 * MS_DAY + 7) {
        struct engine *e = open_again(STORE_READ);
        struct err err;

        NEED_OK(engine_advance(e, at, &err), err);
        assert_int_equal(engine_replayed(e), 3); /* 9, 10 and anna */
        need_loops_anew(e);
        engine_close(e);
    }
}

TEST(a_ring_that_no_events_give_is_found)
{
    struct buf row = {};

    engine_close(bottega_with(rings, bottega_events, "2026-02-20"));
    assert_int_equal(differences(), 0);
    row_of(0, &row);
    row.p[row.n - 1] += 1; /* how often the last of them met his */
    put_row(0, buf_str(&row));
    assert_int_equal(differences(), 1);
    buf_free(&row);
}

/* --- another model --- */

static const char two_stages[] = "ciclo: 1\n"
                                 "events: { purchase: {}, signed_up: {} }\n"
                                 "lifecycle:\n"
                                 "  start: out\n"
                                 "  stages: { out: {}, in: {} }\n"
                                 "  moves:\n"
                                 "    - { from: out, to: in, when: exists(purchase) }\n";

static void *run_apply(void *context)
{
    struct err err;

    NEED_OK(engine_apply_run(context, NULL, NULL, &err), err);
    return NULL;
}

/* Twenty commits while the histories are computed, and twenty between that and the end. */
TEST(events_come_in_while_a_model_is_applied)
{
    struct engine *e = bottega_open("2026-03-01");
    struct apply *a;
    struct arena arena = {};
    struct model_version live;
    pthread_t thread;
    uint32_t version;
    hash128 after, anew;
    struct err err;

    NEED_OK(engine_apply_begin(e, str_of(two_stages), STR("carla"),
                               moment_of("2026-03-01"), &a, &err),
            err);
    assert_int_equal(pthread_create(&thread, NULL, run_apply, a), 0);
    for (int i = 0; i < 40; i++) {
        char line[200];

        if (i == 20)
            assert_int_equal(pthread_join(thread, NULL), 0);
        snprintf(line, sizeof line, "w%d|new%d|2026-02-%02d|%s|\n", i, i % 9, 1 + i % 20,
                 i % 3 ? "signed_up" : "purchase");
        NEED_OK(bottega_add(e, line, &err), err);
        advance(e, "2026-03-02");
        assert_int_equal(engine_model_version(e), 1);
    }
    NEED_OK(engine_apply_finish(a, &version, &err), err);
    assert_int_equal(version, 2);
    assert_true(engine_now_ms(e) == moment_of("2026-03-02"));
    NEED_OK(snapshot_model_latest(engine_snapshot(e), &arena, &live, &err), err);
    assert_int_equal(live.version, 2);
    assert_true(str_eq(live.author, STR("carla")));
    assert_true(live.applied_ms == moment_of("2026-03-01"));
    assert_string_equal(bottega_history(e, "new3", &arena),
                        "2026-02-02T00:00:00.000Z out\n2026-02-02T00:00:00.000Z in\n");
    after = hash_now(e);
    engine_close(e);

    e = open_again(STORE_READ);
    assert_int_equal(engine_model_version(e), 2);
    advance(e, "2026-03-02");
    assert_int_equal(engine_replayed(e), 0);
    engine_close(e);
    e = open_again(STORE_READ);
    engine_distrust(e);
    advance(e, "2026-03-02");
    anew = hash_now(e);
    assert_memory_equal(&after, &anew, sizeof after);
    arena_free(&arena);
    engine_close(e);
}

TEST(a_model_that_is_not_finished_changes_nothing)
{
    struct engine *e = bottega_open(ALL_TIME);
    hash128 before = hash_now(e), after;
    struct apply *a;
    struct err err;

    NEED_OK(engine_apply_begin(e, str_of(two_stages), STR(""), 0, &a, &err), err);
    engine_apply_stop(a);
    assert_false(engine_apply_run(a, NULL, NULL, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    engine_apply_cancel(a);
    engine_apply_cancel(NULL);
    assert_int_equal(engine_model_version(e), 1);
    after = hash_now(e);
    assert_memory_equal(&before, &after, sizeof before);
    engine_close(e);
}

/* --- segments --- */

enum { SEGMENTS = 500 };

static void add_of_type(struct engine *e, const char *customer, int type, const char *now)
{
    struct buf line = {};
    struct err err;

    buf_add_format(&line, "%s-%d-%s|%s|%s|t%d|\n", customer, type, now, customer, now,
                   type);
    buf_add_char(&line, 0);
    NEED_OK(bottega_add(e, line.p, &err), err);
    buf_free(&line);
    advance(e, now);
}

TEST(an_event_asks_the_segments_that_look_at_it_alone)
{
    struct buf model = {}, events = {};
    struct engine *e;
    uint64_t asked;

    buf_add(&model, STR("ciclo: 1\nworkspace: { name: B, currency: EUR, timezone: UTC }\n"
                        "lifecycle:\n  start: a\n  stages: { a: }\nevents:\n"));
    for (int i = 0; i < SEGMENTS; i++)
        buf_add_format(&model, "  t%d:\n", i);
    buf_add(&model, STR("segments:\n"));
    for (int i = 0; i < SEGMENTS; i++)
        buf_add_format(&model, "  s%d: { when: \"count(t%d, 30d) >= 2\" }\n", i, i);
    for (int i = 0; i < SEGMENTS; i++)
        buf_add_format(&events, "e%d|all|2026-01-01T00:00:00.000Z|t%d|\n", i, i);
    buf_add_char(&model, 0);
    buf_add_char(&events, 0);
    assert_false(model.failed || events.failed);
    e = bottega_with(model.p, events.p, "2026-01-01");
    add_of_type(e, "one", 7, "2026-03-01T00:00:00.000Z");
    asked = histories_asked(e->histories);
    add_of_type(e, "one", 7, "2026-03-02T00:00:00.000Z");
    assert_int_equal(engine_sizes(e)[7], 1);
    assert_int_equal(histories_asked(e->histories) - asked, 1);
    asked = histories_asked(e->histories);
    add_of_type(e, "one", 8, "2026-03-03T00:00:00.000Z");
    assert_int_equal(histories_asked(e->histories) - asked, 1);
    asked = histories_asked(e->histories);
    advance(e, "2026-03-30");
    assert_int_equal(histories_asked(e->histories) - asked, 0);
    advance(e, "2026-03-31");
    assert_int_equal(engine_sizes(e)[7], 0);
    engine_close(e);
    buf_free(&model);
    buf_free(&events);
}

/* --- a view --- */

struct reading {
    struct engine *view;
    hash128 wanted;
    atomic_bool stop;
    uint32_t times, wrong;
};

static void *read_view(void *context)
{
    struct reading *r = context;
    struct err err;

    do {
        hash128 h;

        r->wrong += !engine_hash(r->view, engine_now_ms(r->view), &h, &err)
                    || h.high != r->wanted.high || h.low != r->wanted.low;
        r->times++;
    } while (!atomic_load(&r->stop));
    return NULL;
}

static bool open_view(void *context, struct err *err)
{
    struct engine *view;

    if (!engine_view(context, &view, err))
        return false;
    engine_view_close(view);
    return true;
}

/* What is read of it on another thread stays, whoever comes and is moved meanwhile. */
TEST(a_view_stays_as_the_engine_was)
{
    struct engine *e = bottega_open("2026-02-04T09:30:00.249Z");
    struct reading r = {.wanted = hash_now(e)};
    uint64_t replayed;
    pthread_t thread;
    hash128 after;
    struct err err;

    each_oom_kept(open_view, e);
    NEED_OK(engine_view(e, &r.view, &err), err);
    replayed = engine_replayed(e);
    assert_int_equal(pthread_create(&thread, NULL, read_view, &r), 0);
    for (int i = 0; i < 40; i++) {
        char line[200];

        snprintf(line, sizeof line, "v%d|%s%d|2026-02-%02d|%s|\n", i,
                 i % 2 ? "new" : "anna", i % 9, 1 + i % 20,
                 i % 3 ? "signed_up" : "purchase");
        NEED_OK(bottega_add(e, line, &err), err);
        advance(e, i < 20 ? "2026-02-04T09:30:00.250Z" : "2026-03-02");
    }
    atomic_store(&r.stop, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_true(r.times > 0);
    assert_int_equal(r.wrong, 0);
    assert_true(engine_replayed(e) > replayed);
    assert_int_equal(engine_now_ms(r.view), moment_of("2026-02-04T09:30:00.249Z"));
    after = hash_now(e);
    assert_false(after.low == r.wanted.low && after.high == r.wanted.high);
    engine_view_close(r.view);
    after = hash_now(e);
    engine_close(e);
    e = open_again(STORE_READ);
    engine_distrust(e);
    advance(e, "2026-03-02");
    r.wanted = hash_now(e);
    assert_true(after.low == r.wanted.low && after.high == r.wanted.high);
    engine_close(e);
}

/* It is of the last commit, though nobody brought the engine there. */
TEST(a_view_sees_what_was_committed_last)
{
    struct engine *e = bottega_open("2026-02-05"), *view;
    uint32_t n = engine_customer_n(e);
    struct err err;
    size_t moves;

    NEED_OK(bottega_add(e, "n1|late|2026-01-12|purchase|'revenue':7\n", &err), err);
    NEED_OK(engine_view(e, &view, &err), err);
    assert_int_equal(engine_customer_n(view), n + 1);
    assert_true(engine_moves(view, 0, n, &moves) && moves > 0);
    engine_view_close(view);
    engine_close(e);
}
