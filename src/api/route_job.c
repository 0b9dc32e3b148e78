/* route_job.c - what all routes of jobs do alike. */
#include "api/route_impl.h"

bool job_start(struct api_request *r, const struct job_kind *kind, void *context,
               struct err *err)
{
    struct json_out j = {.to = r->out};
    str id;

    if (!jobs_start(r->jobs, kind, context, &id, err))
        return false;
    r->status = 202;
    json_begin_object(&j);
    json_key(&j, "job");
    json_put_text(&j, id);
    json_end_object(&j);
    return true;
}

bool job_answer(struct api_request *r, const struct job_kind *kind, struct err *err)
{
    struct json_out j = {.to = r->out};

    return jobs_put(r->jobs, kind, r->id, r, &j, err);
}

bool job_end(struct api_request *r, const struct job_kind *kind, struct err *err)
{
    buf_add(r->out, STR("{}"));
    return jobs_cancel(r->jobs, kind, r->id, err);
}
