/* route_person.c - the rights of one person: all that is known of him; and that it is known no
 * more, as a job at whose end the data file is exchanged. */
#include "api/route_impl.h"
#include "engine/consent.h"
#include "engine/erase.h"
#include "engine/identity.h"
#include "engine/person.h"

bool get_person(struct api_request *r, struct err *err)
{
    return engine_person_put(r->engine, r->id, r->now_ms, r->a,
                             &(struct json_out){.to = r->out}, err);
}

bool get_receipts(struct api_request *r, struct err *err)
{
    struct receipts receipts;

    if (!engine_receipts(r->engine, r->a, &receipts, err))
        return false;
    receipts_put_json(&(struct json_out){.to = r->out}, &receipts);
    return true;
}

/* --- erasing --- */

struct erase_run {
    struct job *job;
    struct erase *erase;
};

static void free_erase(void *context)
{
    engine_erase_free(context);
}

static void tell_erase(void *context, uint64_t done, uint64_t all)
{
    const struct erase_run *run = context;

    if (!job_progress(run->job, done, all))
        engine_erase_stop(run->erase);
}

static bool run_erase(struct job *job, void *context, struct err *err)
{
    struct erase_run run = {job, context};

    return engine_erase_run(run.erase, tell_erase, &run, err);
}

static bool finish_erase(void *context, struct err *err)
{
    return engine_erase_finish(context, err);
}

/* The receipt as it is given to who is erased: with its salt. */
static bool put_erase(const void *context, [[maybe_unused]] const struct api_request *r,
                      struct json_out *j, [[maybe_unused]] struct err *err)
{
    json_begin_object(j);
    json_key(j, "receipt");
    json_put_text(j, str_trim(erase_receipts(context)));
    json_end_object(j);
    return true;
}

static const struct job_kind erase_kind = {
    "erasing", run_erase, finish_erase, put_erase, free_erase, .exchanges = true,
};

bool post_erase(struct api_request *r, struct err *err)
{
    str customer = json_find_text(r->body, STR("customer"));
    uint32_t number;
    struct erase *x;

    return engine_find(r->engine, customer, &number, err)
           && engine_erase_begin(r->engine, &customer, 1, r->now_ms, &x, err)
           && job_start(r, &erase_kind, x, err);
}

bool get_erase(struct api_request *r, struct err *err)
{
    return job_answer(r, &erase_kind, err);
}

bool delete_erase(struct api_request *r, struct err *err)
{
    return job_end(r, &erase_kind, err);
}

/* --- what is too old --- */

static const struct job_kind retention_kind = {
    "retaining", run_erase, finish_erase, put_erase, free_erase, .exchanges = true,
};

bool get_retention(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct receipt_type *type;
    uint32_t n;

    if (!engine_retain_count(r->engine, r->now_ms, r->a, &type, &n, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "types");
    retained_put_json(&j, type, n);
    json_end_object(&j);
    return true;
}

bool post_retention(struct api_request *r, struct err *err)
{
    struct erase *x;

    if (!engine_model(r->engine)->retention.type_n)
        return err_set(
            err, ERR_INPUT,
            "the model does not say how long events are kept: add a line such as "
            "`retention: { page: 90d }`");
    return engine_retain_begin(r->engine, r->now_ms, &x, err)
           && job_start(r, &retention_kind, x, err);
}

bool get_retain(struct api_request *r, struct err *err)
{
    return job_answer(r, &retention_kind, err);
}

bool delete_retain(struct api_request *r, struct err *err)
{
    return job_end(r, &retention_kind, err);
}

/* --- what he agreed to --- */

bool get_consent(struct api_request *r, struct err *err)
{
    struct consents consents;
    int64_t at_ms;

    if (!at_param(r, &at_ms, err)
        || !engine_consents(r->engine, r->id, param(r, "channel"), param(r, "purpose"),
                            at_ms, r->a, &consents, err))
        return false;
    consents_put_json(&(struct json_out){.to = r->out}, &consents);
    return true;
}
