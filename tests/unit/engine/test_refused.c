#include "engine/refused.h"

#include "base/tune.h"
#include "base/work.h"
#include "engine/collect.h"
#include "engine/dictionary_table.h"
#include "engine/engine_impl.h"
#include "engine/usage.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-06-01"
enum { SPARE = 64 };

static bool collect(struct engine *e, const char *text, struct err *err)
{
    struct arena a = {};
    struct collect_body body = {.arena = &a, .source = STR("http:web")}, *one = &body;
    size_t n = strlen(text);
    char *copy = arena_alloc(&a, n + SPARE, 1);
    bool ok;

    if (copy)
        body.text = (str){memcpy(copy, text, n), n};
    ok = (copy || err_nomem(err)) && collect_cut(&body, err)
         && engine_collect(e, &one, 1, moment_of(NOW), err) && engine_settle(e, err);
    arena_free(&a);
    return ok;
}

#define CALL(id, event, more)                                                            \
    "{\"type\":\"track\",\"event\":\"" event "\",\"messageId\":\"" id                    \
    "\",\"timestamp\":\"2026-05-0" id "T10:00:00Z\"" more "}"
#define MANY                                                                             \
    "[" CALL("1", "any", ",\"userId\":\"u\"") "," CALL(                                  \
        "2", "any", ",\"userId\":\"u\"") "," CALL("3", "purchase",                       \
                                                  "") "," CALL("4", "look", "") ",7]"

static bool resend(struct engine *e, struct resend what, struct resend_report *out,
                   struct err *err)
{
    struct arena a = {};
    bool ok = engine_resend(e, &what, moment_of(NOW), &a, out, err)
              && (what.dry_run || engine_settle(e, err));

    arena_free(&a);
    return ok;
}

static uint64_t refused(struct engine *e)
{
    return snapshot_facts(engine_snapshot(e)).refused;
}

static const struct mend to_look = {MEND_TYPE, {"any", 3}, {"look", 4}, VALUE_MISSING};

TEST(what_is_accepted_leaves_the_list_and_the_rest_stays)
{
    struct engine *e = bottega_open(NOW);
    struct resend what = {.mend = &to_look, .mend_n = 1, .dry_run = true};
    uint64_t events = snapshot_facts(engine_snapshot(e)).events;
    struct resend_report r;
    struct err err;

    NEED_OK(collect(e, MANY, &err), err);
    assert_int_equal(refused(e), 5);
    for (int dry = 1; dry >= 0; dry--) {
        what.dry_run = dry;
        NEED_OK(resend(e, what, &r, &err), err);
        assert_int_equal(r.found, 5);
        assert_int_equal(r.accepted, 2);
        assert_int_equal(r.refused, 2);
        assert_int_equal(r.no_calls, 1);
        assert_int_equal(refused(e), dry ? 5 : 3);
    }
    assert_int_equal(snapshot_facts(engine_snapshot(e)).events, events + 2);
    NEED_OK(resend(e, what, &r, &err), err);
    assert_int_equal(r.accepted + r.known, 0);
    NEED_OK(collect(e, MANY, &err), err); /* what left the list may come into it again */
    assert_int_equal(refused(e), 5);
    NEED_OK(resend(e, what, &r, &err), err);
    assert_int_equal(r.known, 2); /* and leaves it as known */
    assert_int_equal(refused(e), 3);
    engine_close(e);
}

static bool always_up([[maybe_unused]] void *context)
{
    return true;
}

static const struct usage_time none = {always_up, NULL};

static struct refused_summary summary(struct engine *e, struct usage_time time,
                                      struct arena *a)
{
    struct refused_summary s;
    struct err err;

    NEED_OK(engine_refused(e, time, a, &s, &err), err);
    return s;
}

TEST(refusals_are_counted_by_reason_and_by_event)
{
    struct engine *e = bottega_open(NOW);
    struct refused_want want = {.rows_max = 1, .bytes_max = SIZE_MAX};
    struct refused_place at = {};
    struct refused_summary s;
    struct refused_row *row;
    struct arena a = {};
    struct err err;
    uint32_t n;
    bool more;

    NEED_OK(collect(e, MANY, &err), err);
    s = summary(e, (struct usage_time){}, &a);
    assert_int_equal(s.n, 5);
    assert_int_equal(s.left + s.others, 0);
    assert_int_equal(s.group_n, 3);
    assert_int_equal(s.group[0].n, 2);
    assert_int_equal(s.group[0].calls, 2);
    assert_int_equal(s.group[0].first_ms, moment_of("2026-05-01T10:00:00Z"));
    assert_int_equal(s.group[0].last_ms, moment_of("2026-05-02T10:00:00Z"));
    assert_int_equal(s.event_n, 3);
    want.source = s.group[0].source;
    want.reason = s.group[0].reason;
    for (const char *const *id = (const char *const[]){"\"1\"", "\"2\"", NULL}; *id;
         id++) {
        NEED_OK(engine_refused_rows(e, &want, &at, &a, &row, &n, &more, &err), err);
        assert_int_equal(n, 1);
        assert_true(more);
        assert_non_null(strstr(row[0].refusal.text.p, *id));
    }
    want.time = none;
    for (n = 0; more; n++) /* the others are looked at one by one */
        NEED_OK(engine_refused_rows(e, &want, &at, &a, &row, &(uint32_t){0}, &more, &err),
                err);
    assert_int_equal(n, 4);
    arena_free(&a);
    engine_close(e);
}

TEST(refusals_are_counted_on_from_where_the_last_look_ended)
{
    struct engine *e = bottega_open(NOW);
    struct resend again = {.mend = &to_look, .mend_n = 1};
    struct refused_summary s;
    struct resend_report r;
    struct arena a = {};
    struct err err;

    NEED_OK(collect(e, MANY, &err), err);
    for (uint64_t left = 4; left + 1; left--) {
        s = summary(e, none, &a);
        assert_int_equal(s.left, left);
    }
    assert_int_equal(s.group_n, 3);
    assert_int_equal(s.group[0].n, 2);
    NEED_OK(collect(e, "[8]", &err), err);
    s = summary(e, none, &a);
    assert_int_equal(s.n, 6);
    assert_int_equal(s.left, 0);
    assert_int_equal(s.group[0].n + s.group[1].n + s.group[2].n, 6);
    NEED_OK(resend(e, again, &r, &err), err); /* what was counted leaves the list */
    s = summary(e, none, &a);
    assert_int_equal(s.n, 4);
    assert_int_equal(s.left, 3);
    s = summary(e, (struct usage_time){}, &a);
    assert_int_equal(s.left, 0);
    assert_int_equal(s.group_n, 2);
    arena_free(&a);
    engine_close(e);
}

TEST(more_reasons_than_are_told_apart_are_counted)
{
    struct engine *e = bottega_open(NOW);
    struct buf calls = {};
    struct refused_summary s;
    struct arena a = {};
    struct err err;
    uint64_t n = 0;

    buf_add_char(&calls, '[');
    for (int i = 0; i < REFUSED_REASONS + 5; i++)
        buf_add_format(
            &calls,
            "%s{\"type\":\"track\",\"event\":\"look\",\"userId\":\"u\","
            "\"timestamp\":\"2026-05-01T10:00:00Z\",\"properties\":{\"p%d\":1e99}}",
            i ? "," : "", i);
    buf_add(&calls, STR("]"));
    buf_add_char(&calls, 0);
    NEED_OK(collect(e, calls.p, &err), err);
    s = summary(e, (struct usage_time){}, &a);
    assert_int_equal(s.n, REFUSED_REASONS + 5);
    assert_int_equal(s.group_n, REFUSED_REASONS);
    assert_int_equal(s.others, 5);
    for (uint32_t i = 0; i < s.group_n; i++)
        n += s.group[i].n;
    assert_int_equal(n, REFUSED_REASONS);
    buf_free(&calls);
    arena_free(&a);
    engine_close(e);
}

TEST(a_large_event_is_kept_whole_and_sent_again)
{
    struct engine *e = bottega_open(NOW);
    struct resend what = {.mend = &to_look, .mend_n = 1};
    struct buf call = {}, half = {};
    struct resend_report r;
    struct err err;

    buf_add(&call, STR("[{\"type\":\"track\",\"event\":\"any\",\"messageId\":\"1\","
                       "\"userId\":\"u\",\"timestamp\":\"2026-05-01T10:00:00Z\","
                       "\"properties\":{"));
    for (int i = 0; i < 3; i++) {
        buf_add_format(&call, "%s\"note%d\":\"", i ? "," : "", i);
        for (int k = 0; k < 30000; k++)
            buf_add_char(&call, 'x');
        buf_add_char(&call, '"');
    }
    buf_add(&half, buf_str(&call));
    buf_add(&call, STR("}}]"));
    buf_add_char(&call, 0);
    NEED_OK(collect(e, call.p, &err), err);
    NEED_OK(resend(e, what, &r, &err), err);
    assert_int_equal(r.accepted, 1);
    assert_int_equal(refused(e), 0);

    /* What came broken is told apart from lines of a table. */
    NEED_OK(store_begin(engine_store(e), moment_of(NOW), &err), err);
    NEED_OK(store_refuse(
                engine_store(e),
                &(struct refusal){STR("old"), 1, STR("why"), str_from(buf_str(&half), 1)},
                &err),
            err);
    NEED_OK(store_commit(engine_store(e), &err) && engine_settle(e, &err), err);
    NEED_OK(resend(e, what, &r, &err), err);
    assert_int_equal(r.broken, 1);
    assert_int_equal(r.no_calls, 0);
    buf_free(&call);
    buf_free(&half);
    engine_close(e);
}

static void forget(struct engine *e)
{
    refused_counts_free(e->refused);
    e->refused = NULL;
}

/* Each look is the first. */
static bool count_anew(void *context, struct err *err)
{
    struct engine *e = context;
    struct refused_summary s;
    struct arena a = {};
    bool ok = engine_refused(e, (struct usage_time){}, &a, &s, err);

    assert_true(!ok || (s.group[0].calls == 2 && s.event_n == 3));
    arena_free(&a);
    forget(e);
    return ok;
}

TEST(no_event_is_taken_for_none_for_want_of_memory)
{
    struct engine *e = bottega_open(NOW);
    struct err err;

    NEED_OK(collect(e, MANY, &err), err);
    NEED_OK(count_anew(e, &err), err); /* statements stay prepared */
    each_oom_or_done(count_anew, e);
    engine_close(e);
}

static bool resend_once(void *context, struct err *err)
{
    struct resend what = {.mend = &to_look, .mend_n = 1};
    struct engine *e = NULL;
    struct resend_report r;
    bool ok;

    remove(bottega_path());
    ok = bottega_create(bottega_path(), context, &e, err) && collect(e, MANY, err)
         && resend(e, what, &r, err);
    assert_true(!ok || (refused(e) == 3 && r.accepted == 2));
    engine_close(e);
    return ok;
}

static bool look(void *context, struct err *err)
{
    struct dictionary_table t;
    struct arena a = {};
    struct buf b = {};
    bool ok = engine_dictionary(context, (struct usage_time){}, &a, &t, err);

    if (ok)
        dictionary_put_json(&(struct json_out){.to = &b}, &t);
    ok = ok && (!b.failed || err_nomem(err));
    buf_free(&b);
    arena_free(&a);
    return ok;
}

TEST(sending_again_and_the_dictionary_survive_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);
    struct err err;

    each_oom_or_done(resend_once, NULL);
    NEED_OK(collect(e, MANY, &err), err);
    NEED_OK(look(e, &err), err); /* statements stay prepared */
    each_oom_or_done(look, e);
    engine_close(e);
}

/* The twin: all timelines, event by event. */
static uint64_t naive(struct engine *e, uint32_t type)
{
    uint64_t n = 0;

    for (uint32_t i = 0; i < engine_customer_n(e); i++) {
        struct timeline t;
        struct err err;

        NEED_OK(engine_timeline(e, i, &t, &err), err);
        for (uint32_t k = 0; k < t.n; k++)
            n += t.type[k] == type;
    }
    return n;
}

TEST(usage_without_time_counts_a_few_chunks_with_each_look)
{
    struct engine *e = bottega_open(NOW);
    struct usages kept = {};
    struct arena a = {};
    struct buf calls = {};
    struct usage u = {.left = UINT32_MAX}, whole;
    uint32_t chunks;
    struct err err;

    for (int i = 0; i < 20 * CHUNK_CUSTOMERS; i++)
        buf_add_format(&calls, "n%d|c%d|2026-01-12|purchase|\n", i, i);
    buf_add_char(&calls, 0);
    NEED_OK(bottega_add(e, calls.p, &err), err);
    chunks = snapshot_chunk_count(engine_snapshot(e));
    for (uint32_t looks = 0; u.left; looks++) {
        uint32_t before = u.left;

        NEED_OK(usages_count(&kept, engine_snapshot(e), engine_model(e), 1,
                             (struct usage_time){always_up, NULL}, &a, &u, &err),
                err);
        assert_true(u.left < before);
        assert_true(looks || chunks <= work_threads() || u.left > 0);
    }
    usages_free(&kept);
    NEED_OK(usages_count(&kept, engine_snapshot(e), engine_model(e), 1,
                         (struct usage_time){}, &a, &whole, &err),
            err);
    assert_int_equal(u.n, whole.n);
    assert_memory_equal(u.row, whole.row, u.n * sizeof *u.row);
    usages_free(&kept);
    arena_free(&a);
    buf_free(&calls);
    engine_close(e);
}

TEST(usage_counts_what_the_timelines_hold_before_and_after_news)
{
    struct engine *e = bottega_open(NOW);
    struct usages kept = {};
    struct arena a = {};
    struct usage u;
    struct err err;

    for (int round = 0; round < 3; round++) {
        uint32_t types = 0;

        NEED_OK(usages_count(&kept, engine_snapshot(e), engine_model(e), 1,
                             (struct usage_time){}, &a, &u, &err),
                err);
        assert_int_equal(u.left, 0);
        for (size_t i = 0; i < u.n; i++) {
            if (u.row[i].column != COLUMN_NONE)
                continue;
            types++;
            assert_int_equal(u.row[i].n, naive(e, u.row[i].type));
            assert_true(u.row[i].first_ms <= u.row[i].last_ms);
        }
        assert_int_equal(types, snapshot_catalog(engine_snapshot(e))->type.n);
        NEED_OK(collect(e,
                        round ? "[" CALL("8", "look", ",\"userId\":\"9\"") "]"
                              : "[" CALL("7", "purchase", ",\"userId\":\"new\"") "]",
                        &err),
                err);
    }
    usages_free(&kept);
    arena_free(&a);
    engine_close(e);
}
