/* jobs.h - work that takes longer than an answer may: one piece at a time, on a thread of its
 * own, with progress, and ended when somebody asks for it.
 *
 * Everything but a job's run and job_progress is for the thread that answers. */
#ifndef API_JOBS_H
#define API_JOBS_H

#include "base/json.h"

struct api_request;
struct job;

struct job_kind {
    const char *name;
    /* On the job's thread: all that takes long. */
    bool (*run)(struct job *job, void *context, struct err *err);
    /* On the answering thread, once, after a run that went well. */
    bool (*finish)(void *context, struct err *err);
    /* The result as JSON, as often as it is asked for. */
    bool (*put)(const void *context, const struct api_request *r, struct json_out *j,
                struct err *err);
    void (*free)(void *context);
    /* Finishing exchanges the data file: only jobs_tick does, between requests. */
    bool exchanges;
};

/* How far it is; false when it should end. On any thread of the job. */
bool job_progress(struct job *job, uint64_t done, uint64_t all);

struct jobs;
[[nodiscard]] bool jobs_new(struct jobs **out, struct err *err);
/* Ends what runs. */
void jobs_free(struct jobs *j);
/* Takes over `context`, whatever it returns. ERR_CONFLICT while another piece of work runs; the
 * result of the one before is forgotten. *id is borrowed until the next start. */
bool jobs_start(struct jobs *j, const struct job_kind *kind, void *context, str *id,
                struct err *err);
/* Finishes a run that is over, though it exchange the data file, if it may; false: there was none. */
bool jobs_tick(struct jobs *j, bool may_exchange);
/* Whether one waits to be finished that exchanges it. */
bool jobs_will_exchange(const struct jobs *j);
/* {"done","all","result","error"}. ERR_NOT_FOUND when the last job was another. */
bool jobs_put(struct jobs *j, const struct job_kind *kind, str id,
              const struct api_request *r, struct json_out *out, struct err *err);
bool jobs_cancel(struct jobs *j, const struct job_kind *kind, str id, struct err *err);
/* Whether one of this kind runs. */
bool jobs_runs(const struct jobs *j, const struct job_kind *kind);

#endif
