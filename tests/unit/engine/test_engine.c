#include "unit/engine/bottega.h"

#include "engine/engine_impl.h"
#include "engine/lint.h"
#include "support/fail.h"
#include "support/models.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALL_TIME "2026-12-31"

static const char no_lifecycle[] =
    "ciclo: 1\nworkspace: { name: Bottega, currency: EUR }\n";

TEST(a_new_file_holds_its_model_and_nobody)
{
    const char *path = bottega_path();
    struct engine *e;
    struct err err;
    hash128 empty;
    uint32_t n;

    NEED_OK(bottega_create(path, NULL, &e, &err), err);
    assert_int_equal(engine_model_version(e), 1);
    engine_close(e);

    NEED_OK(engine_open(io_system(), str_of(path), &(struct store_options){STORE_READ, 0},
                        &e, &err),
            err);
    assert_int_equal(engine_model_version(e), 1);
    assert_true(str_eq(engine_model(e)->text, str_of(bottega_model)));
    assert_int_equal(engine_customer_n(e), 0);
    NEED_OK(engine_advance(e, moment_of(ALL_TIME), &err), err);
    assert_true(engine_now_ms(e) == moment_of(ALL_TIME));
    assert_true(engine_next_ms(e) == MOMENT_NEVER);
    engine_loops(e, 0, &n);
    assert_int_equal(n, 0);
    NEED_OK(engine_hash(e, moment_of(ALL_TIME), &empty, &err), err);
    engine_close(e);
}

TEST(nothing_stays_behind_a_wrong_first_model)
{
    static const char *const names[] = {"bottega.ciclo", "bottega.ciclo-wal",
                                        "bottega.ciclo-shm"};
    struct engine *e;
    struct err err;

    assert_false(bottega_create(bottega_path(), no_lifecycle, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 1);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(access(temp_path(names[i]), F_OK), -1);
}

TEST(a_file_that_is_there_is_not_made_anew)
{
    const char *path = temp_file("bottega.ciclo", "mine", 4);
    struct arena a = {};
    struct engine *e;
    struct err err;
    str bytes;

    assert_false(bottega_create(path, NULL, &e, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_false(bottega_create(path, no_lifecycle, &e, &err));
    NEED_OK(io_read_file(io_system(), str_of(path), 100, &a, &bytes, &err), err);
    assert_true(str_eq(bytes, STR("mine")));
    arena_free(&a);
}

TEST(what_is_no_data_file_is_not_opened)
{
    struct engine *e;
    struct err err;

    assert_false(engine_open(io_system(), str_of(bottega_path()),
                             &(struct store_options){STORE_READ, 0}, &e, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(engine_open(io_system(), str_of(temp_file("text", "hello", 5)),
                             &(struct store_options){STORE_READ, 0}, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

TEST(histories_are_those_worked_out_by_hand)
{
    struct engine *e = bottega_open(ALL_TIME);
    struct arena a = {};

    assert_int_equal(engine_customer_n(e), 10);
    assert_string_equal(bottega_history(e, "anna", &a),
                        "2026-01-01T10:00:00.000Z reach\n"
                        "2026-01-11T10:00:00.000Z buyer\n"
                        "2026-02-10T10:00:00.000Z at_risk\n"
                        "2026-03-12T10:00:00.000Z lapsed\n");
    assert_string_equal(bottega_history(e, "9", &a), "2026-01-05T09:30:00.250Z reach\n"
                                                     "2026-01-05T09:30:00.250Z buyer\n"
                                                     "2026-02-04T09:30:00.250Z at_risk\n"
                                                     "2026-03-06T09:30:00.250Z lapsed\n");
    assert_string_equal(bottega_history(e, "10", &a),
                        "2026-01-05T09:30:00.000Z reach\n"
                        "2026-01-05T09:30:00.000Z buyer\n"
                        "2026-02-04T09:30:00.000Z at_risk\n"
                        "2026-02-20T23:30:00.000Z buyer\n"
                        "2026-03-22T23:30:00.000Z at_risk\n"
                        "2026-04-21T23:30:00.000Z lapsed\n");
    assert_string_equal(bottega_history(e, "x3", &a), "2026-02-02T08:00:00.000Z reach\n");
    assert_true(engine_next_ms(e) == moment_of("2027-01-05T09:30:00.000Z")); /* 10 */
    arena_free(&a);
    engine_close(e);
}

static const char *segments_of(struct engine *e, const char *id, struct arena *a)
{
    struct buf b = {};
    size_t n;
    const struct move *change = engine_members(e, bottega_customer(e, id), &n);
    str text;

    for (size_t i = 0; i < n; i++) {
        moment_print(&b, change[i].at_ms);
        buf_add_format(&b, " %c%.*s\n", change[i].to == MEMBER_IN ? '+' : '-',
                       STR_FMT(engine_model(e)->segments->segment[change[i].way].name));
    }
    buf_add_char(&b, 0);
    text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text.p;
}

TEST(who_enters_and_leaves_segments_is_worked_out_by_hand)
{
    struct engine *e = bottega_open(ALL_TIME);
    struct arena a = {};
    struct err err;

    assert_string_equal(segments_of(e, "anna", &a), "2026-01-01T10:00:00.000Z +quiet\n"
                                                    "2026-01-11T10:00:00.000Z -quiet\n"
                                                    "2026-01-21T10:00:00.000Z +quiet\n");
    assert_string_equal(segments_of(e, "10", &a), "2026-01-15T09:30:00.000Z +quiet\n"
                                                  "2026-02-20T23:30:00.000Z +vip\n"
                                                  "2026-02-20T23:30:00.000Z -quiet\n"
                                                  "2026-03-02T23:30:00.000Z +quiet\n");
    assert_int_equal(engine_sizes(e)[0], 2);
    assert_int_equal(engine_sizes(e)[1], 10);
    assert_true(engine_is_member(e, bottega_customer(e, "9"), 0,
                                 moment_of("2026-01-05T09:30:00.250Z")));
    assert_false(engine_is_member(e, bottega_customer(e, "9"), 0,
                                  moment_of("2026-01-05T09:30:00.249Z")));
    NEED_OK(engine_advance(e, moment_of("2027-01-05T09:30:00.250Z"), &err), err);
    assert_int_equal(engine_sizes(e)[0], 0);
    arena_free(&a);
    engine_close(e);
}

TEST(what_has_not_happened_yet_is_not_seen)
{
    struct engine *e = bottega_open("2026-01-05T09:30:00.000Z");
    struct arena a = {};
    size_t n;

    assert_string_equal(bottega_history(e, "10", &a), "2026-01-05T09:30:00.000Z reach\n"
                                                      "2026-01-05T09:30:00.000Z buyer\n");
    assert_null(engine_moves(e, 0, bottega_customer(e, "9"), &n));
    assert_int_equal(n, 0);
    arena_free(&a);
    engine_close(e);
}

/* Each wake names the next; one millisecond before it nothing has moved. */
TEST(time_alone_moves_people_at_the_very_millisecond)
{
    struct engine *e = bottega_open("2026-02-02T08:00:00.000Z");
    struct arena a = {};
    struct err err;
    size_t n;

    assert_true(engine_next_ms(e) <= moment_of("2026-02-04T09:30:00.000Z"));
    NEED_OK(engine_advance(e, moment_of("2026-02-04T09:30:00.249Z"), &err), err);
    engine_moves(e, 0, bottega_customer(e, "10"), &n);
    assert_int_equal(n, 3);
    engine_moves(e, 0, bottega_customer(e, "9"), &n);
    assert_int_equal(n, 2);
    assert_true(engine_next_ms(e) == moment_of("2026-02-04T09:30:00.250Z"));
    assert_true(engine_now_ms(e) == moment_of("2026-02-04T09:30:00.249Z"));

    NEED_OK(engine_advance(e, moment_of("2026-02-04T09:30:00.250Z"), &err), err);
    assert_string_equal(bottega_history(e, "9", &a),
                        "2026-01-05T09:30:00.250Z reach\n"
                        "2026-01-05T09:30:00.250Z buyer\n"
                        "2026-02-04T09:30:00.250Z at_risk\n");
    arena_free(&a);
    engine_close(e);
}

static int cmp_moment(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

TEST(step_by_step_gives_the_same_histories_as_at_once)
{
    struct engine *e = bottega_open(ALL_TIME);
    int64_t moment[200], end_ms = moment_of(ALL_TIME);
    size_t moments = 0;
    hash128 at_once, stepwise;
    struct err err;

    for (uint32_t c = 0; c < engine_customer_n(e); c++) {
        size_t n;
        const struct move *move = engine_moves(e, 0, c, &n);

        for (size_t i = 0; i < n; i++) {
            moment[moments++] = move[i].at_ms - 1;
            moment[moments++] = move[i].at_ms;
        }
    }
    qsort(moment, moments, sizeof *moment, cmp_moment);
    NEED_OK(engine_hash(e, end_ms, &at_once, &err), err);

    NEED_OK(engine_refresh(e, &err), err);
    for (size_t i = 0; i < moments; i++)
        NEED_OK(engine_advance(e, moment[i], &err), err);
    NEED_OK(engine_advance(e, end_ms, &err), err);
    NEED_OK(engine_hash(e, end_ms, &stepwise, &err), err);
    assert_memory_equal(&at_once, &stepwise, sizeof at_once);
    engine_close(e);
}

/* --- the hash --- */

static hash128 hash_at(struct engine *e, const char *at)
{
    struct err err;
    hash128 h;

    NEED_OK(engine_advance(e, moment_of(at), &err), err);
    NEED_OK(engine_hash(e, moment_of(at), &h, &err), err);
    return h;
}

/* The lines in another order: every step-th first, beginning with the last. */
static const char *reordered(size_t step, struct arena *a)
{
    const char *line[64];
    struct buf b = {};
    size_t n = 0;
    str text;

    for (const char *p = bottega_events; *p; p = strchr(p, '\n') + 1)
        line[n++] = p;
    for (size_t first = 0; first < step; first++)
        for (size_t i = first; i < n; i += step) {
            const char *p = line[n - 1 - i];

            buf_add(&b, (str){p, (size_t)(strchr(p, '\n') - p) + 1});
        }
    text = arena_str(a, buf_str(&b));
    buf_free(&b);
    assert_non_null(text.p);
    return text.p;
}

TEST(the_order_of_arrival_plays_no_part_in_the_hash)
{
    struct engine *e = bottega_open(ALL_TIME);
    hash128 wanted = hash_at(e, ALL_TIME), got;
    struct arena a = {};

    engine_close(e);
    for (size_t step = 1; step <= 3; step++) {
        temp_remove();
        e = bottega_with(NULL, reordered(step, &a), ALL_TIME);
        got = hash_at(e, ALL_TIME);
        assert_memory_equal(&got, &wanted, sizeof got);
        engine_close(e);
    }
    arena_free(&a);
}

TEST(late_news_give_the_hash_of_news_in_time)
{
    const char *half = strstr(bottega_events, "p3|");
    struct engine *e = bottega_open(ALL_TIME);
    hash128 wanted = hash_at(e, ALL_TIME), got;
    struct arena a = {};
    struct err err;

    engine_close(e);
    temp_remove();
    e = bottega_with(NULL, half, ALL_TIME);
    got = hash_at(e, ALL_TIME);
    assert_memory_not_equal(&got, &wanted, sizeof got);
    NEED_OK(bottega_add(
                e,
                arena_str(&a, (str){bottega_events, (size_t)(half - bottega_events)}).p,
                &err),
            err);
    got = hash_at(e, ALL_TIME);
    assert_memory_equal(&got, &wanted, sizeof got);
    arena_free(&a);
    engine_close(e);
}

TEST(a_hash_tells_histories_apart)
{
    static const char *const events[] = {
        "1|anna|2026-01-01T10:00:00.000Z|signed_up|\n",
        "1|anna|2026-01-01T10:00:00.001Z|signed_up|\n",
        "1|anne|2026-01-01T10:00:00.000Z|signed_up|\n",
        "1|anna|2026-01-01T10:00:00.000Z|purchase|\n",
    };
    enum { N = sizeof events / sizeof *events };
    hash128 h[N];

    for (size_t i = 0; i < N; i++) {
        struct engine *e = bottega_with(NULL, events[i], "2026-01-02");

        h[i] = hash_at(e, "2026-01-02");
        engine_close(e);
        temp_remove();
        for (size_t k = 0; k < i; k++)
            assert_memory_not_equal(&h[i], &h[k], sizeof *h);
    }
}

TEST(a_hash_of_the_past_does_not_see_the_present)
{
    struct engine *e = bottega_open("2026-02-05");
    hash128 then = hash_at(e, "2026-02-05"), again, now;
    struct err err;

    NEED_OK(engine_advance(e, moment_of(ALL_TIME), &err), err);
    NEED_OK(engine_hash(e, moment_of("2026-02-05"), &again, &err), err);
    NEED_OK(engine_hash(e, moment_of(ALL_TIME), &now, &err), err);
    assert_memory_equal(&then, &again, sizeof then);
    assert_memory_not_equal(&then, &now, sizeof then);
    engine_close(e);
}

/* --- models --- */

/* As when an older Ciclo took a text for right that this one does not. */
TEST(of_a_live_model_with_a_fault_another_can_be_checked_and_made_live)
{
    struct engine *e = bottega_open(ALL_TIME);
    str path = str_of(bottega_path());
    hash128 before = hash_at(e, ALL_TIME), after;
    struct store_options o = {STORE_WRITE, 0};
    const struct finding *finding;
    struct arena a = {};
    struct model *m;
    uint32_t version, n;
    struct err err;

    NEED_OK(add_model(engine_store(e), STR("ciclo: 1\n"), 0, &version, &err), err);
    engine_close(e);
    assert_false(engine_open(io_system(), path, &o, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "model version 2"));
    assert_non_null(strstr(err.msg, "ciclo model apply"));

    NEED_OK(engine_open_versions(io_system(), path, &o, &e, &err), err);
    assert_null(engine_model(e));
    NEED_OK(model_compile(io_system(), str_of(bottega_model),
                          snapshot_catalog(engine_snapshot(e)), &m, &err),
            err);
    NEED_OK(engine_lint(engine_snapshot(e), m, MOMENT_MAX, NULL, NULL, &a, &finding, &n,
                        &err),
            err);
    arena_free(&a);
    model_free(m);
    NEED_OK(engine_apply(e, str_of(bottega_model), 0, &version, &err), err);
    assert_int_equal(version, 3);
    after = hash_at(e, ALL_TIME);
    assert_memory_equal(&before, &after, sizeof before);
    engine_close(e);
    NEED_OK(engine_open(io_system(), path, &o, &e, &err), err);
    engine_close(e);
    NEED_OK(engine_open_versions(io_system(), path, &o, &e, &err), err);
    assert_int_equal(engine_model_version(e), 3);
    engine_close(e);
}

TEST(a_model_with_a_fault_leaves_the_live_one)
{
    struct engine *e = bottega_open(ALL_TIME);
    const char *path = bottega_path();
    hash128 before = hash_at(e, ALL_TIME), after;
    uint32_t version = 77;
    struct err err;

    assert_false(
        engine_apply(e,
                     STR("ciclo: 1\nlifecycle:\n  start: a\n  stages: { a: {}, b: {} }\n"
                         "  moves:\n    - { from: a, to: c, when: true }\n"),
                     MOMENT_MIN, &version, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 6);
    assert_int_equal(version, 77);
    assert_int_equal(engine_model_version(e), 1);
    assert_true(str_eq(engine_model(e)->text, str_of(bottega_model)));
    NEED_OK(engine_hash(e, moment_of(ALL_TIME), &after, &err), err);
    assert_memory_equal(&before, &after, sizeof before);
    engine_close(e);

    NEED_OK(engine_open(io_system(), str_of(path), &(struct store_options){STORE_READ, 0},
                        &e, &err),
            err);
    assert_int_equal(engine_model_version(e), 1);
    engine_close(e);
}

static const char two_stages[] = "ciclo: 1\n"
                                 "events: { purchase: {}, signed_up: {} }\n"
                                 "lifecycle:\n"
                                 "  start: out\n"
                                 "  stages: { out: {}, in: {} }\n"
                                 "  moves:\n"
                                 "    - { from: out, to: in, when: exists(purchase) }\n";

TEST(a_new_model_is_a_new_version_of_all_histories)
{
    struct engine *e = bottega_open(ALL_TIME);
    const char *path = bottega_path();
    struct arena a = {};
    uint32_t version;
    struct err err;

    NEED_OK(engine_apply(e, str_of(two_stages), 5, &version, &err), err);
    assert_int_equal(version, 2);
    NEED_OK(engine_advance(e, moment_of(ALL_TIME), &err), err);
    assert_string_equal(bottega_history(e, "anna", &a), "2026-01-01T10:00:00.000Z out\n"
                                                        "2026-01-11T10:00:00.000Z in\n");
    engine_close(e);

    NEED_OK(engine_open(io_system(), str_of(path), &(struct store_options){STORE_READ, 0},
                        &e, &err),
            err);
    assert_int_equal(engine_model_version(e), 2);
    assert_true(str_eq(engine_model(e)->text, str_of(two_stages)));
    arena_free(&a);
    engine_close(e);
}

TEST(a_model_sees_the_names_that_came_with_the_last_commit)
{
    struct engine *e = bottega_open(ALL_TIME);
    struct err err;
    uint32_t version;

    assert_false(engine_apply(
        e,
        STR("ciclo: 1\nlifecycle:\n  start: a\n  stages: { a: {}, b: {} }\n  moves:\n"
            "    - { from: a, to: b, when: exists(refund) }\n"),
        0, &version, &err));
    NEED_OK(bottega_add(e, "r1|anna|2026-03-01|refund|'why':'late'\n", &err), err);
    assert_non_null(dictionary_event(&engine_model(e)->dictionary, STR("refund")));
    NEED_OK(
        engine_apply(
            e,
            STR("ciclo: 1\nlifecycle:\n  start: a\n  stages: { a: {}, b: {} }\n  moves:\n"
                "    - { from: a, to: b, when: exists(refund) }\n"),
            0, &version, &err),
        err);
    engine_close(e);
}

/* Whoever buys goes a -> b -> a in one instant, which is undone. Two rings, one customer in
 * each chunk meets the first; the earliest of them is named. */
TEST(a_loop_is_told_once_with_its_first_customer)
{
    static const char model[] = "ciclo: 1\n"
                                "events: { purchase: {}, signed_up: {} }\n"
                                "lifecycle:\n"
                                "  start: a\n"
                                "  stages: { a: {}, b: {} }\n"
                                "  moves:\n"
                                "    - { from: a, to: b, when: exists(purchase) }\n"
                                "    - { from: b, to: a, when: exists(purchase) }\n";
    struct engine *e =
        bottega_with(model,
                     "1|c1|2026-01-03|purchase|\n2|c2|2026-01-03|signed_up|\n"
                     "3|c3|2026-01-03|signed_up|\n4|c4|2026-01-03|signed_up|\n"
                     "5|c5|2026-01-03|signed_up|\n6|c6|2026-01-03|signed_up|\n"
                     "7|c7|2026-01-03|purchase|\n8|c8|2026-01-02|purchase|\n",
                     ALL_TIME);
    struct arena a = {};
    const struct loop *loop;
    uint32_t n;

    loop = engine_loops(e, 0, &n);
    assert_int_equal(n, 1);
    assert_int_equal(loop->way_n, 2);
    assert_int_equal(loop->way[0], 0);
    assert_int_equal(loop->way[1], 1);
    assert_int_equal(loop->customer, bottega_customer(e, "c8"));
    assert_true(loop->at_ms == moment_of("2026-01-02T00:00:00Z"));
    assert_true(loop->times >= 3);
    assert_string_equal(bottega_history(e, "c8", &a), "2026-01-02T00:00:00.000Z a\n");
    arena_free(&a);
    engine_close(e);
}

/* --- memory that runs out --- */

struct opened {
    const char *path;
    hash128 wanted;
};

/* SQLite gets along without some of its memory: then all is as it was. */
static bool open_and_advance(void *context, struct err *err)
{
    const struct opened *o = context;
    struct engine *e;
    hash128 h;
    bool ok = engine_open(io_system(), str_of(o->path),
                          &(struct store_options){STORE_READ, 0}, &e, err);

    if (!ok)
        return false;
    ok = engine_advance(e, moment_of("2026-02-02"), err)
         && engine_advance(e, moment_of(ALL_TIME), err)
         && engine_hash(e, moment_of(ALL_TIME), &h, err);
    if (ok)
        assert_memory_equal(&h, &o->wanted, sizeof h);
    engine_close(e);
    return ok;
}

TEST(opening_and_advancing_survive_the_lack_of_memory)
{
    struct opened o = {.path = bottega_path()};
    struct engine *e = bottega_open(ALL_TIME);

    o.wanted = hash_at(e, ALL_TIME);
    engine_close(e);
    each_oom_or_done(open_and_advance, &o);
}

/* After a failure the engine is still of use: asked again, it answers the same. */
static bool advance_or_stay(void *context, struct err *err)
{
    struct engine *e;
    struct arena a = {};
    struct err again;
    bool ok = engine_open(io_system(), str_of(context),
                          &(struct store_options){STORE_WRITE, 0}, &e, err);
    uint32_t version;

    if (!ok)
        return false;
    ok = engine_advance(e, moment_of(ALL_TIME), err)
         && engine_apply(e, str_of(bottega_model), 0, &version, err);
    if (!ok && err->code == ERR_NOMEM) {
        mem_set_hook(NULL, NULL);
        NEED_OK(engine_advance(e, moment_of(ALL_TIME), &again), again);
        assert_string_equal(bottega_history(e, "x3", &a),
                            "2026-02-02T08:00:00.000Z reach\n");
    }
    arena_free(&a);
    engine_close(e);
    return ok;
}

TEST(an_engine_stays_of_use_after_the_lack_of_memory)
{
    const char *path = bottega_path();

    engine_close(bottega_open(ALL_TIME));
    each_oom_or_done(advance_or_stay, (void *)(uintptr_t)path);
}
