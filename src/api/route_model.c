/* route_model.c - the model from the page: checked, tried, applied.
 *
 * What may take long is a job (jobs.h): it holds what it needs, so that the engine may go on. */
#include "api/route_impl.h"

#include "base/num.h"
#include "engine/backtest.h"
#include "engine/keep_fit.h"
#include "engine/lint.h"

/* --- check --- */

static void put_findings(struct json_out *j, const struct finding *finding, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        json_key(j, "line");
        json_put_int(j, finding[i].line);
        json_key(j, "column");
        json_put_int(j, finding[i].column);
        json_key(j, "text");
        json_put_text(j, finding[i].text);
        json_end_object(j);
    }
    json_end_list(j);
}

/* {"ok","error","findings","stages","moves","segments"}, and "job" when there is one. */
static void put_check(struct json_out *j, const struct model *m, const struct err *fault,
                      const struct finding *finding, uint32_t n, str job)
{
    uint32_t stages = 0, ways = 0;

    for (uint32_t i = 0; m && i < m->lifecycle_n; i++) {
        stages += m->lifecycles[i]->stage_n;
        ways += m->lifecycles[i]->way_n;
    }
    json_begin_object(j);
    json_key(j, "ok");
    json_put_bool(j, m);
    json_key(j, "error");
    if (m)
        json_put_null(j);
    else
        api_put_fault(j, fault);
    json_key(j, "findings");
    put_findings(j, finding, n);
    json_key(j, "stages");
    json_put_int(j, stages);
    json_key(j, "moves");
    json_put_int(j, ways);
    json_key(j, "segments");
    json_put_int(j, m ? m->segments->segment_n : 0);
    if (job.n) {
        json_key(j, "job");
        json_put_text(j, job);
    }
    json_end_object(j);
}

/* A look at everybody: what it holds is its own, so that the engine may go on. */
struct check_job {
    struct snapshot *snapshot;
    struct model *model;
    int64_t now_ms;
    struct arena arena; /* of the findings */
    const struct finding *finding;
    uint32_t finding_n;
};

static void free_check(void *context)
{
    struct check_job *c = context;

    model_free(c->model);
    snapshot_close(c->snapshot);
    arena_free(&c->arena);
    mem_free(c);
}

static bool tell_check(void *job, uint64_t done, uint64_t all)
{
    return job_progress(job, done, all);
}

static bool run_check(struct job *job, void *context, struct err *err)
{
    struct check_job *c = context;
    bool ok = engine_lint(c->snapshot, c->model, c->now_ms, tell_check, job, &c->arena,
                          &c->finding, &c->finding_n, err);

    snapshot_end(c->snapshot);
    return ok;
}

static bool finish_check(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return true;
}

static bool put_found(const void *context, const struct api_request *r,
                      struct json_out *j, struct err *err)
{
    const struct check_job *c = context;

    (void)r;
    (void)err;
    json_begin_object(j);
    json_key(j, "findings");
    put_findings(j, c->finding, c->finding_n);
    json_end_object(j);
    return true;
}

static const struct job_kind check_kind = {
    "check", run_check, finish_check, put_found, free_check,
};

static bool start_check(struct api_request *r, str text, str *job, struct err *err)
{
    struct check_job *c = mem_alloc(sizeof *c);

    if (!c)
        return err_nomem(err);
    c->now_ms = engine_now_ms(r->engine);
    if (!store_snapshot(engine_store(r->engine), &c->snapshot, err)
        || !model_compile_with(io_system(), text, snapshot_catalog(c->snapshot),
                               engine_fits(r->engine), &c->model, err)) {
        free_check(c);
        return false;
    }
    return jobs_start(r->jobs, &check_kind, c, job, err);
}

bool post_check(struct api_request *r, struct err *err)
{
    const struct json *data = json_find(r->body, STR("data"));
    str text = json_find_text(r->body, STR("text")), job = {NULL, 0};
    struct json_out j = {.to = r->out};
    const struct finding *finding = NULL;
    struct model *m = NULL;
    uint32_t n = 0;
    bool ok = true;

    if (model_compile_with(io_system(), text,
                           snapshot_catalog(engine_snapshot(r->engine)),
                           engine_fits(r->engine), &m, err))
        ok = model_lint(m, r->a, &finding, &n, err)
             && (!data || !data->truth || start_check(r, text, &job, err));
    else
        ok = err->code == ERR_INPUT || err->code == ERR_LIMIT;
    if (ok)
        put_check(&j, m, err, finding, n, job);
    model_free(m);
    return ok;
}

bool get_check(struct api_request *r, struct err *err)
{
    return job_answer(r, &check_kind, err);
}

bool delete_check(struct api_request *r, struct err *err)
{
    return job_end(r, &check_kind, err);
}

/* --- backtest --- */

enum { LISTED = 100, LISTED_MAX = 1000 };

struct backtest_run {
    struct job *job;
    struct backtest *backtest;
};

static void free_backtest(void *context)
{
    backtest_free(context);
}

static void tell_backtest(void *context, uint64_t done, uint64_t all)
{
    const struct backtest_run *run = context;

    if (!job_progress(run->job, done, all))
        backtest_stop(run->backtest);
}

static bool run_backtest(struct job *job, void *context, struct err *err)
{
    struct backtest_run run = {job, context};

    return backtest_run(context, tell_backtest, &run, err);
}

static bool finish_backtest(void *context, struct err *err)
{
    (void)context;
    (void)err;
    return true;
}

static bool put_backtest(const void *context, const struct api_request *r,
                         struct json_out *j, struct err *err)
{
    uint32_t first = 0, limit = LISTED;

    if (param(r, "first").n && !whole_parse(param(r, "first"), 0, UINT32_MAX, &first))
        return err_set(err, ERR_INPUT, "first is a place, counted from 0");
    if (param(r, "limit").n && !whole_parse(param(r, "limit"), 1, LISTED_MAX, &limit))
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d",
                       LISTED_MAX);
    backtest_put_json(j, context, first, limit);
    return true;
}

static const struct job_kind backtest_kind = {
    "backtest", run_backtest, finish_backtest, put_backtest, free_backtest,
};

bool post_backtest(struct api_request *r, struct err *err)
{
    struct backtest_options o = {
        .now_ms = engine_now_ms(r->engine),
        .lifecycle = json_find_text(r->body, STR("lifecycle")),
    };
    struct backtest *b;

    return moment_field(r, "from", MOMENT_MIN, &o.from_ms, err)
           && moment_field(r, "to", MOMENT_NEVER, &o.to_ms, err)
           && engine_backtest_begin(r->engine, json_find_text(r->body, STR("text")), &o,
                                    &b, err)
           && job_start(r, &backtest_kind, b, err);
}

bool get_backtest(struct api_request *r, struct err *err)
{
    return job_answer(r, &backtest_kind, err);
}

bool delete_backtest(struct api_request *r, struct err *err)
{
    return job_end(r, &backtest_kind, err);
}

/* --- apply --- */

struct apply_job {
    struct apply *apply; /* NULL: it is finished */
    uint32_t version;    /* the new one */
};
struct apply_run {
    struct job *job;
    struct apply *apply;
};

static void free_apply(void *context)
{
    struct apply_job *job = context;

    engine_apply_cancel(job->apply);
    mem_free(job);
}

static void tell_apply(void *context, uint64_t done, uint64_t all)
{
    const struct apply_run *run = context;

    if (!job_progress(run->job, done, all))
        engine_apply_stop(run->apply);
}

static bool run_apply(struct job *job, void *context, struct err *err)
{
    struct apply_run run = {job, ((struct apply_job *)context)->apply};

    return engine_apply_run(run.apply, tell_apply, &run, err);
}

static bool finish_apply(void *context, struct err *err)
{
    struct apply_job *job = context;
    struct apply *apply = job->apply;

    job->apply = NULL;
    return engine_apply_finish(apply, &job->version, err);
}

static bool put_apply(const void *context, const struct api_request *r,
                      struct json_out *j, struct err *err)
{
    const struct apply_job *job = context;

    (void)r;
    (void)err;
    json_begin_object(j);
    json_key(j, "version");
    json_put_int(j, job->version);
    json_end_object(j);
    return true;
}

static const struct job_kind apply_kind = {
    "apply", run_apply, finish_apply, put_apply, free_apply,
};

bool post_apply(struct api_request *r, struct err *err)
{
    int64_t version = json_find(r->body, STR("version"))->number;
    uint32_t live = engine_model_version(r->engine);
    struct apply_job *job;

    if (version != live * NUM_ONE)
        return err_set(
            err, ERR_CONFLICT,
            "this text was made from version %lld, and version %u is live now: "
            "look at what changed meanwhile, then edit that version",
            (long long)(version / NUM_ONE), live);
    job = mem_alloc(sizeof *job);
    if (!job)
        return err_nomem(err);
    if (!engine_apply_begin(r->engine, json_find_text(r->body, STR("text")),
                            json_find_text(r->body, STR("author")),
                            engine_now_ms(r->engine), &job->apply, err)) {
        mem_free(job);
        return false;
    }
    return job_start(r, &apply_kind, job, err);
}

bool get_apply(struct api_request *r, struct err *err)
{
    return job_answer(r, &apply_kind, err);
}

bool delete_apply(struct api_request *r, struct err *err)
{
    return job_end(r, &apply_kind, err);
}
