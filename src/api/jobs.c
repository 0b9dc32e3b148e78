/* jobs.c - one thread at most.
 *
 * (1) Until `over` is true the thread alone writes ok and err; from then on nobody does. The
 *     other fields but the atomic ones are the answering thread's.
 * (2) The last job stays, with its result or its error, until the next begins. */
#include "api/jobs.h"

#include "api/error.h"
#include "base/random.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

struct job {
    const struct job_kind *kind;
    void *context;
    char id[17];
    pthread_t thread;
    atomic_bool over, cancelled;
    _Atomic uint64_t done, all;
    bool finished, ok;
    struct err err;
};

struct jobs {
    struct job *job; /* the last, or NULL */
};

bool jobs_new(struct jobs **out, struct err *err)
{
    *out = mem_alloc(sizeof **out);
    return *out || err_nomem(err);
}

bool job_progress(struct job *job, uint64_t done, uint64_t all)
{
    atomic_store(&job->all, all);
    atomic_store(&job->done, done);
    return !atomic_load(&job->cancelled);
}

static void *run(void *context)
{
    struct job *job = context;

    job->ok = job->kind->run(job, job->context, &job->err);
    atomic_store(&job->over, true);
    return NULL;
}

static void finish(struct job *job)
{
    pthread_join(job->thread, NULL);
    if (atomic_load(&job->cancelled))
        job->ok =
            err_set(&job->err, ERR_CONFLICT, "the %s was cancelled", job->kind->name);
    job->ok = job->ok && job->kind->finish(job->context, &job->err);
    if (!job->ok) { /* it may hold much, and nobody asks for it */
        job->kind->free(job->context);
        job->context = NULL;
    }
    job->finished = true;
}

static bool is_over(const struct jobs *j)
{
    return j->job && !j->job->finished && atomic_load(&j->job->over);
}

bool jobs_will_exchange(const struct jobs *j)
{
    return is_over(j) && j->job->kind->exchanges;
}

bool jobs_tick(struct jobs *j, bool may_exchange)
{
    bool ends = is_over(j) && (may_exchange || !j->job->kind->exchanges);

    if (ends)
        finish(j->job);
    return ends;
}

static void forget(struct jobs *j)
{
    if (!j->job)
        return;
    if (!j->job->finished) {
        atomic_store(&j->job->cancelled, true);
        finish(j->job);
    }
    if (j->job->context)
        j->job->kind->free(j->job->context);
    mem_free(j->job);
    j->job = NULL;
}

void jobs_free(struct jobs *j)
{
    if (!j)
        return;
    forget(j);
    mem_free(j);
}

static bool make_id(char id[17], struct err *err)
{
    unsigned char secret[8];

    if (!random_secret(secret, sizeof secret))
        return err_sys(err, "no random number for a job's id");
    for (size_t i = 0; i < sizeof secret; i++)
        snprintf(id + 2 * i, 3, "%02x", secret[i]);
    return true;
}

static bool start(struct jobs *j, const struct job_kind *kind, void *context,
                  struct err *err)
{
    struct job *job = mem_alloc(sizeof *job);
    int failed;

    if (!job)
        return err_nomem(err);
    job->kind = kind;
    job->context = context;
    if (!make_id(job->id, err)) {
        mem_free(job);
        return false;
    }
    if ((failed = pthread_create(&job->thread, NULL, run, job))) {
        mem_free(job);
        errno = failed;
        return err_sys(err, "cannot start a thread");
    }
    j->job = job;
    return true;
}

bool jobs_start(struct jobs *j, const struct job_kind *kind, void *context, str *id,
                struct err *err)
{
    bool ok = true;

    jobs_tick(j, false);
    /* One that was told to end does so soon. */
    if (j->job && !j->job->finished && !atomic_load(&j->job->cancelled))
        ok = err_set(err, ERR_CONFLICT, "%s is running; wait for its end, or cancel it",
                     j->job->kind->name);
    if (ok) {
        forget(j);
        ok = start(j, kind, context, err);
    }
    if (!ok) {
        kind->free(context);
        return false;
    }
    *id = str_of(j->job->id);
    return true;
}

static struct job *find(struct jobs *j, const struct job_kind *kind, str id,
                        struct err *err)
{
    if (j->job && j->job->kind == kind && str_eq(str_of(j->job->id), id))
        return j->job;
    err_set(err, ERR_NOT_FOUND,
            "\"%.*s\" is not the last job that was started; there is no other",
            STR_FMT(id));
    return NULL;
}

bool jobs_put(struct jobs *j, const struct job_kind *kind, str id,
              const struct api_request *r, struct json_out *out, struct err *err)
{
    const struct job *job;

    jobs_tick(j, false);
    if (!(job = find(j, kind, id, err)))
        return false;
    json_begin_object(out);
    json_key(out, "done");
    json_put_int(out, (int64_t)atomic_load(&job->done));
    json_key(out, "all");
    json_put_int(out, (int64_t)atomic_load(&job->all));
    json_key(out, "result");
    if (!job->finished || !job->ok)
        json_put_null(out);
    else if (!kind->put(job->context, r, out, err))
        return false;
    json_key(out, "error");
    if (job->finished && !job->ok)
        api_put_fault(out, &job->err);
    else
        json_put_null(out);
    json_end_object(out);
    return true;
}

bool jobs_cancel(struct jobs *j, const struct job_kind *kind, str id, struct err *err)
{
    struct job *job = find(j, kind, id, err);

    if (job)
        atomic_store(&job->cancelled, true);
    return job;
}

bool jobs_runs(const struct jobs *j, const struct job_kind *kind)
{
    return j->job && j->job->kind == kind && !j->job->finished;
}
