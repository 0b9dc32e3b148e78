#include "api/jobs.h"

#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <stdatomic.h>
#include <string.h>

/* A piece of work that does what the test says. */
struct work {
    atomic_bool go_on; /* run ends when it is told to, or when it is cancelled */
    bool fails, finish_fails;
    atomic_int runs, cancels;
    int finished, freed;
};

static bool run(struct job *job, void *context, struct err *err)
{
    struct work *w = context;

    atomic_fetch_add(&w->runs, 1);
    while (!atomic_load(&w->go_on))
        if (!job_progress(job, 3, 7)) {
            atomic_fetch_add(&w->cancels, 1);
            return err_set(err, ERR_CONFLICT, "ended in the middle");
        }
    return !w->fails || err_at(err, 2, 5, "the run failed");
}

static bool finish(void *context, struct err *err)
{
    struct work *w = context;

    w->finished++;
    return !w->finish_fails || err_set(err, ERR_IO, "the finish failed");
}

static bool put(const void *context, const struct api_request *r, struct json_out *j,
                struct err *err)
{
    (void)context;
    (void)r;
    (void)err;
    json_put_text(j, STR("done"));
    return true;
}

static void freed(void *context)
{
    ((struct work *)context)->freed++;
}

static const struct job_kind kind = {"work", run, finish, put, freed};
static const struct job_kind other = {"other work", run, finish, put, freed};

static str started(struct jobs *j, struct work *w)
{
    struct err err;
    str id;

    NEED_OK(jobs_start(j, &kind, w, &id, &err), err);
    assert_int_equal(id.n, 16);
    return id;
}

static void need_state(struct jobs *j, str id, const char *wanted)
{
    struct buf b = {};
    struct json_out out = {.to = &b};
    struct err err;

    NEED_OK(jobs_put(j, &kind, id, NULL, &out, &err), err);
    buf_add_char(&b, '\0');
    assert_string_equal(b.p, wanted);
    buf_free(&b);
}

static void wait_end(struct jobs *j)
{
    while (jobs_runs(j, &kind))
        jobs_tick(j, true);
}

static struct jobs *fresh(void)
{
    struct jobs *j;
    struct err err;

    NEED_OK(jobs_new(&j, &err), err);
    return j;
}

TEST(a_job_is_run_then_finished_then_shown)
{
    struct work w = {};
    struct jobs *j = fresh();
    str id = started(j, &w);
    struct buf b = {};

    assert_true(jobs_runs(j, &kind));
    assert_false(jobs_runs(j, &other));
    while (
        !strstr(b.p ? b.p : "", "\"done\":3,\"all\":7,\"result\":null,\"error\":null")) {
        struct json_out out = {.to = &b};
        struct err err;

        buf_clear(&b);
        NEED_OK(jobs_put(j, &kind, id, NULL, &out, &err), err);
        buf_add_char(&b, '\0');
    }
    buf_free(&b);
    atomic_store(&w.go_on, true);
    wait_end(j);
    assert_int_equal(w.finished, 1);
    need_state(j, id, "{\"done\":3,\"all\":7,\"result\":\"done\",\"error\":null}");
    need_state(j, id, "{\"done\":3,\"all\":7,\"result\":\"done\",\"error\":null}");
    jobs_free(j);
    assert_int_equal(w.freed, 1);
    assert_int_equal(w.finished, 1);
}

TEST(a_job_that_fails_says_why)
{
    struct work w = {.go_on = true, .fails = true};
    struct jobs *j = fresh();
    str id = started(j, &w);

    wait_end(j);
    assert_int_equal(w.finished, 0);
    assert_int_equal(w.freed, 1); /* and holds nothing any more */
    need_state(j, id,
               "{\"done\":0,\"all\":0,\"result\":null,\"error\":{\"code\":\"input\","
               "\"message\":\"the run failed\",\"line\":2,\"column\":5}}");
    w.fails = false;
    w.finish_fails = true;
    id = started(j, &w);
    wait_end(j);
    assert_int_equal(w.freed, 2);
    need_state(j, id,
               "{\"done\":0,\"all\":0,\"result\":null,\"error\":{\"code\":\"io\","
               "\"message\":\"the finish failed\"}}");
    jobs_free(j);
    assert_int_equal(w.freed, 2);
}

TEST(a_job_that_is_cancelled_is_never_finished)
{
    struct work w = {};
    struct jobs *j = fresh();
    str id = started(j, &w);
    struct err err;

    NEED_OK(jobs_cancel(j, &kind, id, &err), err);
    wait_end(j);
    assert_int_equal(w.cancels, 1);
    assert_int_equal(w.finished, 0);
    assert_int_equal(w.freed, 1);
    need_state(j, id,
               "{\"done\":3,\"all\":7,\"result\":null,\"error\":{\"code\":\"conflict\","
               "\"message\":\"the work was cancelled\"}}");
    jobs_free(j);
}

/* It came to its end before it heard of it. */
TEST(a_job_cancelled_after_its_run_is_not_finished_either)
{
    struct work w = {.go_on = true};
    struct jobs *j = fresh();
    str id = started(j, &w);
    struct err err;

    NEED_OK(jobs_cancel(j, &kind, id, &err), err);
    wait_end(j);
    assert_int_equal(w.finished, 0);
    jobs_free(j);
}

TEST(one_job_at_a_time)
{
    struct work w = {}, second = {}, third = {.go_on = true};
    struct jobs *j = fresh();
    struct err err;
    str id, first = started(j, &w);

    assert_false(jobs_start(j, &other, &second, &id, &err));
    assert_int_equal(err.code, ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "work is running"));
    assert_int_equal(second.freed, 1);
    assert_int_equal(second.runs, 0);
    /* One that was told to end makes room. */
    NEED_OK(jobs_cancel(j, &kind, first, &err), err);
    id = started(j, &third);
    assert_int_equal(w.freed, 1);
    wait_end(j);
    assert_int_equal(third.finished, 1);
    jobs_free(j);
}

TEST(only_the_last_job_is_remembered)
{
    struct work w = {.go_on = true}, again = {.go_on = true};
    struct jobs *j = fresh();
    char first[17] = {};
    struct buf b = {};
    struct json_out out = {.to = &b};
    struct err err;
    str id = started(j, &w);

    memcpy(first, id.p, id.n);
    wait_end(j);
    id = started(j, &again);
    assert_false(jobs_put(j, &kind, str_of(first), NULL, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(jobs_put(j, &other, id, NULL, &out, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(jobs_cancel(j, &kind, STR("none"), &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    buf_free(&b);
    jobs_free(j);
}

TEST(what_runs_is_ended_with_the_server)
{
    struct work w = {};
    struct jobs *j = fresh();

    started(j, &w);
    jobs_free(j);
    assert_int_equal(w.runs, 1);
    assert_int_equal(w.freed, 1);
    assert_int_equal(w.finished, 0);
}

static bool start_once(void *context, struct err *err)
{
    struct work w = {.go_on = true};
    struct jobs *j;
    bool ok;
    str id;

    (void)context;
    if (!jobs_new(&j, err))
        return false;
    ok = jobs_start(j, &kind, &w, &id, err);
    jobs_free(j);
    assert_int_equal(w.freed, 1);
    return ok;
}

TEST(a_job_survives_the_lack_of_memory)
{
    each_oom(start_once, NULL);
}
