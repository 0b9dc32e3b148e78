/* route_value.c - fits that rules ask: kept, listed, removed. */
#include "api/route_impl.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/keep_fit.h"
#include "engine/value.h"

#include <stdio.h>

bool get_fits(struct api_request *r, [[maybe_unused]] struct err *err)
{
    engine_put_fits(&(struct json_out){.to = r->out}, r->engine);
    return true;
}

bool delete_fit(struct api_request *r, struct err *err)
{
    buf_add(r->out, STR("{}"));
    return engine_drop_fit(r->engine, r->id, err);
}

/* --- keep --- */

struct keep_job {
    struct engine *engine;
    struct engine *view; /* of it, which is asked; NULL: it is finished */
    int64_t now_ms;
    struct value_question question; /* texts in .arena */
    char k[24];
    struct arena arena;
    struct value_view fitted;
};

static void free_keep(void *context)
{
    struct keep_job *k = context;

    value_view_free(&k->fitted);
    engine_view_close(k->view);
    arena_free(&k->arena);
    mem_free(k);
}

static bool run_keep(struct job *job, void *context, struct err *err)
{
    struct keep_job *k = context;
    str wrong;

    return job_progress(job, 0, 1)
           && engine_value_fit(k->view, &k->question, &k->arena, &k->fitted, &wrong, err)
           && job_progress(job, 1, 1);
}

static bool finish_keep(void *context, struct err *err)
{
    struct keep_job *k = context;

    engine_view_close(k->view); /* what stays is the result, which does not need it */
    k->view = NULL;
    return engine_keep_fit(k->engine, &k->fitted, k->now_ms, err);
}

static bool put_keep(const void *context, [[maybe_unused]] const struct api_request *r,
                     struct json_out *j, [[maybe_unused]] struct err *err)
{
    const struct keep_job *k = context;

    value_fit_put_json(j, &k->fitted);
    return true;
}

static const struct job_kind keep_kind = {
    "fit", run_keep, finish_keep, put_keep, free_keep, .exchanges = false,
};

/* The body ends with the request. */
static bool copy_fields(const struct api_request *r, struct keep_job *k, struct err *err)
{
    struct value_question *q = &k->question;
    const struct {
        const char *name;
        str *to;
    } text[] = {{"model", &q->model},
                {"choose", &q->choose},
                {"event", &q->event},
                {"value", &q->value},
                {"unit", &q->unit}};
    const struct json *number = json_find(r->body, STR("k"));

    for (size_t i = 0; i < sizeof text / sizeof *text; i++) {
        str given = json_find_text(r->body, str_of(text[i].name));

        *text[i].to = arena_str(&k->arena, given);
        if (given.n && !text[i].to->p)
            return err_nomem(err);
    }
    if (number && number->type == JSON_NUMBER) {
        snprintf(k->k, sizeof k->k, "%lld", (long long)(number->number / NUM_ONE));
        q->k = str_of(k->k);
    }
    return moment_field(r, "until", MOMENT_NEVER, &q->until_ms, err);
}

static bool begin_keep(struct api_request *r, struct keep_job *k, struct err *err)
{
    int64_t now_ms = engine_now_ms(r->engine);

    k->engine = r->engine;
    k->now_ms = r->now_ms;
    k->question.scope = (struct report_scope){
        .at_ms = now_ms, .known_ms = report_known(r->engine, now_ms, false, now_ms)};
    return copy_fields(r, k, err) && engine_view(r->engine, &k->view, err);
}

bool post_keep(struct api_request *r, struct err *err)
{
    struct keep_job *k = mem_alloc(sizeof *k);

    if (!k)
        return err_nomem(err);
    if (!begin_keep(r, k, err)) {
        free_keep(k);
        return false;
    }
    return job_start(r, &keep_kind, k, err);
}

bool get_keep(struct api_request *r, struct err *err)
{
    return job_answer(r, &keep_kind, err);
}

bool delete_keep(struct api_request *r, struct err *err)
{
    return job_end(r, &keep_kind, err);
}
