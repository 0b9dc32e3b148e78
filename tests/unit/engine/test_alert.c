#include "engine/alerts.h"

#include "base/num.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdio.h>
#include <string.h>

/* --- as text --- */

static void need_alert(const char *text, const char *wanted)
{
    struct arena a = {};
    struct buf b = {};
    struct alert alert;
    struct err err;

    if (!alert_parse(str_of(text), &a, &alert, &err)
        || !alert_print(&alert, &a, &b, &err))
        buf_add(&b, str_of(err.msg));
    buf_add_char(&b, 0);
    assert_string_equal(b.p, wanted);
    buf_free(&b);
    arena_free(&a);
}

TEST(an_alert_is_written_in_one_way)
{
    need_alert("alert?view=v%201&number=/a/0&every=day&above=1e2",
               "alert?above=100&every=day&number=/a/0&view=v%201");
    need_alert("alert?view=v&number=/a&every=hour&unusual=1",
               "alert?every=hour&number=/a&unusual=1&view=v");
    need_alert("alert?view=v&number=/a~1b~0c&every=week&below=-0.5",
               "alert?below=-0.5&every=week&number=/a~1b~0c&view=v");
    need_alert("alert?view=v&number=a&every=day&above=1",
               "which number? A JSON pointer such as /steps/0/customers says it");
    need_alert("alert?view=v&number=/a~2&every=day&above=1",
               "which number? A JSON pointer such as /steps/0/customers says it");
    need_alert("alert?view=v&number=/a&every=month&above=1",
               "an alert looks every hour, day or week");
    need_alert("alert?view=v&number=/a&every=day&above=much",
               "above: \"much\" is no number");
    need_alert("alert?view=v&number=/a&every=day&unusual=2",
               "unusual: \"2\" is no number");
    need_alert("alert?view=v&number=/a&every=day",
               "an alert has a view, a number of it, how often it is looked at, and when "
               "that is told");
    need_alert("alert?view=v&number=/a&every=day&above=1&below=0",
               "an alert has a view, a number of it, how often it is looked at, and when "
               "that is told");
    need_alert(
        "alert?view=v&number=/a&every=day&other=1",
        "an alert tells when the number is above or below a limit, or unusual: one "
        "of the three");
}

TEST(a_state_is_read_as_it_was_written)
{
    const struct alert_state states[] = {
        {.since_ms = MOMENT_NEVER, .look_ms = MOMENT_NEVER},
        {.is_on = true,
         .since_ms = 5,
         .look_ms = 7,
         .has_value = true,
         .value = -2500000},
        {.since_ms = MOMENT_NEVER,
         .look_ms = 7,
         .has_usual = true,
         .usual = {1, 2, 3},
         .why = STR("no \"x\" & 100 %")},
    };
    struct arena a = {};
    struct alert_state again;
    struct err err;

    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        const struct alert_state *s = &states[i];
        struct buf b = {};

        NEED_OK(alert_state_print(s, &a, &b, &err), err);
        NEED_OK(alert_state_parse(buf_str(&b), &a, &again, &err), err);
        assert_true(again.is_on == s->is_on && again.since_ms == s->since_ms);
        assert_true(again.look_ms == s->look_ms && again.has_value == s->has_value);
        assert_true(again.value == s->value && again.has_usual == s->has_usual);
        assert_true(again.usual.low == s->usual.low && again.usual.high == s->usual.high);
        assert_true(str_eq(again.why, s->why));
        buf_free(&b);
    }
    assert_false(alert_state_parse(STR("state?look=x"), &a, &again, &err));
    assert_false(alert_state_parse(STR("other"), &a, &again, &err));
    arena_free(&a);
}

/* --- when --- */

static void need_looks(const char *now, enum alert_every every, const char *due,
                       const char *next)
{
    struct zone *z;
    struct err err;

    NEED_OK(zone_open(io_system(), STR("Europe/Rome"), &z, &err), err);
    assert_true(alert_due(z, every, moment_of(now)) == moment_of(due));
    assert_true(alert_next(z, every, moment_of(now)) == moment_of(next));
    zone_close(z);
}

TEST(looks_are_of_the_calendar)
{
    struct zone *z;
    struct err err;

    need_looks("2026-03-29T10:30:00+02:00", ALERT_HOUR, "2026-03-29T10:00:00+02:00",
               "2026-03-29T11:00:00+02:00");
    need_looks("2026-03-29T10:30:00+02:00", ALERT_DAY, "2026-03-29T00:00:00+01:00",
               "2026-03-30T00:00:00+02:00");
    need_looks("2026-03-29T10:30:00+02:00", ALERT_WEEK, "2026-03-23T00:00:00+01:00",
               "2026-03-30T00:00:00+02:00");
    need_looks("2026-03-30T00:00:00+02:00", ALERT_WEEK, "2026-03-30T00:00:00+02:00",
               "2026-04-06T00:00:00+02:00");
    NEED_OK(zone_open(io_system(), STR("Europe/Rome"), &z, &err), err);
    assert_true(alert_past(z, moment_of("2026-03-30T00:00:00+02:00"), 1)
                == moment_of("2026-03-23T00:00:00+01:00"));
    zone_close(z);
}

/* --- what is usual --- */

TEST(a_range_is_that_of_the_modified_z_score)
{
    /* median 10, distances 0 0 1 1 2 2 3 90: MAD 1.5, so 10 +- 3.5 * 1.5 / 0.6745 */
    int64_t value[] = {10, 10, 9, 11, 8, 12, 7, 100};
    int64_t same[] = {5, 5, 5, 5, 5, 5, 5, 5}, most[] = {5, 5, 5, 5, 5, 5, 5, 13};
    int64_t far[] = {INT64_MAX, INT64_MIN, INT64_MAX, INT64_MIN};
    struct usual u;

    for (size_t i = 0; i < 8; i++)
        value[i] *= NUM_ONE;
    u = usual_of(value, 8);
    assert_true(u.median == 10 * NUM_ONE);
    assert_true(u.high == 10 * NUM_ONE + 7783543 && u.low == 10 * NUM_ONE - 7783543);
    u = usual_of(same, 8);
    assert_true(u.low == 5 && u.median == 5 && u.high == 5);
    for (size_t i = 0; i < 8; i++)
        most[i] *= NUM_ONE;
    u = usual_of(most, 8); /* the mean distance is 1: 5 +- 3.5 * 1.253314 */
    assert_true(u.high == 5 * NUM_ONE + 4386599 && u.low == 5 * NUM_ONE - 4386599);
    u = usual_of(far, 4);
    assert_true(u.low == INT64_MIN && u.high == INT64_MAX);
}

/* --- which number --- */

static void need_number(const struct json *json, const char *pointer, int64_t wanted)
{
    int64_t found = -1;

    if (answer_number(json, str_of(pointer), &found) != (wanted != -1)
        || found != (wanted == -1 ? -1 : wanted * NUM_ONE))
        fail_msg("%s: %lld", pointer, (long long)found);
}

TEST(a_number_is_found_by_place_by_name_or_as_the_last)
{
    static const char text[192] =
        "{\"a\":[{\"n\":\"x\",\"v\":1},{\"n\":\"y/z\",\"v\":2}],"
        "\"b~c\":3,\"d\":{\"\":4},\"e\":[7,8],\"f\":\"9\"}";
    struct json_parser *p;
    const struct json *json;
    struct arena a = {};
    struct err err;

    NEED_OK(json_parser_new(&p, &err), err);
    NEED_OK(json_parse(p, (str){text, strlen(text)}, &a, &json, &err), err);
    need_number(json, "/a/0/v", 1);
    need_number(json, "/a/last/v", 2);
    need_number(json, "/a/n=y~1z/v", 2);
    need_number(json, "/b~0c", 3);
    need_number(json, "/d/", 4);
    need_number(json, "/e/1", 8);
    need_number(json, "/e/01", -1);
    need_number(json, "/e/2", -1);
    need_number(json, "/e/-", -1);
    need_number(json, "/e/99999999999", -1);
    need_number(json, "/a/n=w/v", -1);
    need_number(json, "/a", -1);
    need_number(json, "/f", -1);
    need_number(json, "/x/y", -1);
    arena_free(&a);
    json_parser_free(p);
}

/* --- the decision --- */

static struct alert_look look_of(int64_t value, uint32_t known, int64_t past)
{
    struct alert_look look = {.at_ms = 100, .known = {true}, .value = {value}};

    for (uint32_t k = 1; k <= known; k++) {
        look.known[k] = true;
        look.value[k] = past + (k % 3) - 1;
    }
    return look;
}

TEST(an_alert_goes_on_once_and_off_once)
{
    const struct alert above = {.rule = ALERT_ABOVE, .limit = 10};
    const struct alert below = {.rule = ALERT_BELOW, .limit = 10};
    struct alert_look look = look_of(10, 0, 0), nothing = {.at_ms = 200, .why = "no"};
    struct alert_state s = {.since_ms = MOMENT_NEVER};

    assert_false(alert_judge(&above, &look, &s));
    look.value[0] = 11;
    assert_true(alert_judge(&above, &look, &s) && s.is_on && s.since_ms == 100);
    look.at_ms = 150;
    assert_false(alert_judge(&above, &look, &s));
    assert_true(s.since_ms == 100 && s.look_ms == 150);
    assert_false(alert_judge(&above, &nothing, &s));
    assert_true(s.is_on && !s.has_value && str_eq(s.why, STR("no")));
    look.value[0] = 10;
    assert_true(alert_judge(&above, &look, &s) && !s.is_on && s.since_ms == 150);
    assert_false(alert_judge(&below, &look, &s));
    look.value[0] = 9;
    assert_true(alert_judge(&below, &look, &s) && s.is_on);
}

TEST(what_is_unusual_needs_a_past)
{
    const struct alert alert = {.rule = ALERT_UNUSUAL};
    struct alert_look few = look_of(1000, ALERT_LEAST - 1, 50);
    struct alert_look enough = look_of(1000, ALERT_LEAST, 50), usual = enough;
    struct alert_state s = {.since_ms = MOMENT_NEVER};

    usual.value[0] = 52;
    assert_false(alert_judge(&alert, &few, &s));
    assert_true(!s.is_on && !s.has_usual && s.has_value);
    assert_non_null(strstr(s.why.p, "not enough yet"));
    assert_true(alert_judge(&alert, &enough, &s) && s.is_on && s.has_usual);
    assert_true(alert_judge(&alert, &usual, &s) && !s.is_on && !s.why.n);
}

/* --- in time --- */

static int asked;
static int64_t answered; /* the number at all moments but those before it was set */
static bool refuses;

static bool answer(struct engine *e, const struct question *q, int64_t at_ms,
                   struct arena *a, struct buf *out, str *wrong, struct err *err)
{
    (void)e;
    (void)a;
    asked++;
    *wrong = STR("");
    assert_true(str_eq(q->report, STR("rfm")));
    if (refuses)
        return err_set(err, ERR_INPUT, "there is no event \"purchase\"");
    assert_true(at_ms != MOMENT_NEVER);
    buf_add_format(out, "{\"n\":%lld}", (long long)answered);
    return !out->failed || err_nomem(err);
}

static bool add(struct saved *s, enum saved_kind kind, const char *name, str text,
                struct err *err)
{
    return saved_add(
        s, &(struct saved_row){.kind = kind, .name = str_of(name), .text = text}, 1000,
        err);
}

static void run_to(struct alerts *a, const char *now)
{
    bool more = true;
    struct err err;

    for (int i = 0; more && i < 100; i++)
        NEED_OK(alerts_run(a, moment_of(now), &more, &err), err);
    assert_false(more);
}

/* What the file says of the only alert. */
static struct alert_state state_in(struct engine *e, struct arena *a)
{
    const struct saved_row *row;
    struct alert_state state;
    struct saved *s;
    struct err err;
    uint32_t n;

    NEED_OK(saved_new(e, &s, &err), err);
    row = saved_get(s, &n);
    NEED_OK(alert_state_parse(arena_str(a, row[n - 1].state), a, &state, &err), err);
    saved_free(s);
    return state;
}

TEST(looks_that_were_missed_are_not_made_up_for_one_by_one)
{
    struct engine *e = bottega_open("2026-06-01");
    struct arena arena = {};
    struct alerts *a;
    struct saved *s;
    struct err err;

    NEED_OK(saved_new(e, &s, &err), err);
    NEED_OK(add(s, SAVED_VIEW, "v", STR("rfm"), &err), err);
    NEED_OK(
        add(s, SAVED_ALERT, "a", STR("alert?above=5&every=day&number=/n&view=v"), &err),
        err);
    assert_false(saved_remove(s, SAVED_VIEW, STR("v"), &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    saved_free(s);
    NEED_OK(alerts_new(e, answer, &a, &err), err);
    asked = 0;
    answered = 3;
    refuses = false;
    run_to(a, "2026-06-01T12:00:00Z");
    run_to(a, "2026-06-01T13:00:00Z");
    assert_int_equal(asked, 1);
    answered = 9;
    run_to(a, "2026-06-20T12:00:00Z");
    assert_int_equal(asked, 2);
    assert_true(state_in(e, &arena).is_on);
    assert_true(state_in(e, &arena).since_ms == moment_of("2026-06-20T00:00:00+02:00"));
    refuses = true;
    run_to(a, "2026-06-21T12:00:00Z");
    assert_true(state_in(e, &arena).is_on);
    assert_non_null(strstr(state_in(e, &arena).why.p, "no event"));
    alerts_free(a);
    NEED_OK(alerts_new(e, answer, &a, &err), err); /* as after a restart */
    asked = 0;
    run_to(a, "2026-06-21T13:00:00Z");
    assert_int_equal(asked, 0);
    alerts_free(a);
    arena_free(&arena);
    engine_close(e);
}

TEST(what_is_unusual_is_asked_of_the_weeks_before)
{
    struct engine *e = bottega_open("2026-06-01");
    struct arena arena = {};
    struct alerts *a;
    struct saved *s;
    struct err err;

    NEED_OK(saved_new(e, &s, &err), err);
    NEED_OK(add(s, SAVED_VIEW, "v", STR("rfm"), &err), err);
    NEED_OK(add(s, SAVED_ALERT, "a", STR("alert?every=week&number=/n&unusual=1&view=v"),
                &err),
            err);
    saved_free(s);
    NEED_OK(alerts_new(e, answer, &a, &err), err);
    asked = 0;
    answered = 3;
    refuses = false;
    run_to(a, "2026-02-15T12:00:00Z"); /* the first event is of New Year's Day */
    assert_int_equal(asked, 1 + 5);
    assert_non_null(strstr(state_in(e, &arena).why.p, "not enough yet"));
    asked = 0;
    run_to(a, "2026-06-01T12:00:00Z");
    assert_int_equal(asked, 1 + ALERT_WEEKS);
    assert_true(state_in(e, &arena).has_usual && !state_in(e, &arena).is_on);
    alerts_free(a);
    arena_free(&arena);
    engine_close(e);
}

static bool open_and_look(void *context, struct err *err)
{
    const struct store_options options = {.mode = STORE_WRITE};
    struct alerts *a = NULL;
    struct engine *e;
    bool more = true, ok;
    char now[40];
    static int day;

    if (!engine_open(io_system(), str_of(context), &options, &e, err))
        return false;
    day = day % 27 + 1;
    snprintf(now, sizeof now, "2026-%02d-%02dT12:00:00Z", 6 + (day > 13), day);
    ok = alerts_new(e, answer, &a, err);
    while (ok && more)
        ok = alerts_run(a, moment_of(now), &more, err);
    alerts_free(a);
    engine_close(e);
    return ok;
}

TEST(looking_survives_the_lack_of_memory)
{
    struct engine *e = bottega_open("2026-06-01");
    struct saved *s;
    struct err err;

    NEED_OK(saved_new(e, &s, &err), err);
    NEED_OK(add(s, SAVED_VIEW, "v", STR("rfm"), &err), err);
    NEED_OK(
        add(s, SAVED_ALERT, "a", STR("alert?every=day&number=/n&unusual=1&view=v"), &err),
        err);
    saved_free(s);
    engine_close(e);
    refuses = false;
    each_oom_or_done(open_and_look, (void *)(uintptr_t)bottega_path());
}
