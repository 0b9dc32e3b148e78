/* route_identity.c - who may be one customer with whom, and what people decide of them. */
#include "api/route_impl.h"
#include "base/num.h"
#include "engine/similar.h"
#include "engine/suspicions.h"

enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000 };

/* `limit`, and `after`: the number that the page before gave as next. */
static bool page_params(const struct api_request *r, uint32_t *limit, uint32_t *after,
                        struct err *err)
{
    *limit = PAGE_DEFAULT;
    *after = UINT32_MAX;
    if (param(r, "limit").n && !whole_parse(param(r, "limit"), 1, PAGE_MAX, limit))
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", PAGE_MAX);
    return !param(r, "after").n
           || whole_parse(param(r, "after"), 0, UINT32_MAX - 1, after)
           || err_set(err, ERR_INPUT, "after is what the page before gave as next");
}

static void put_next(struct json_out *j, bool more, uint32_t last)
{
    struct buf text = {};

    json_key(j, "next");
    if (more) {
        buf_add_format(&text, "%u", last);
        json_put_text(j, buf_str(&text));
        j->to->failed |= text.failed;
    } else {
        json_put_null(j);
    }
    buf_free(&text);
}

static bool put_pairs(struct api_request *r, enum pair_kind kind, const char *name,
                      struct err *err)
{
    struct json_out j = {.to = r->out};
    struct pair_want want = {.kind = kind, .customer = param(r, "customer")};
    struct pair_page page;

    if (!page_params(r, &want.limit, &want.after, err)
        || !engine_pairs(r->engine, &want, r->a, &page, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "total");
    json_put_int(&j, page.total);
    json_key(&j, name);
    json_begin_list(&j);
    for (uint32_t i = 0; i < page.n; i++)
        if (!pair_put_json(&j, r->engine, &page.pair[i], kind, true, err))
            return false;
    json_end_list(&j);
    put_next(&j, page.more, page.n ? page.pair[page.n - 1].link : 0);
    json_end_object(&j);
    return true;
}

bool get_suspicions(struct api_request *r, struct err *err)
{
    return put_pairs(r, PAIR_SUSPECTED, "suspicions", err);
}

bool get_decisions(struct api_request *r, struct err *err)
{
    return put_pairs(r, PAIR_DECIDED, "decisions", err);
}

/* The next answer takes up what follows from it. */
bool post_identity(struct api_request *r, struct err *err)
{
    enum graph_says says;

    if (!says_parse(json_find_text(r->body, STR("says")), &says))
        return err_set(err, ERR_INPUT, "\"says\" is merge, apart or undecided");
    if (!engine_decide(r->engine, json_find_text(r->body, STR("a")),
                       json_find_text(r->body, STR("b")), says, r->who.name, r->now_ms,
                       err))
        return false;
    buf_add(r->out, STR("{\"ok\":true}"));
    return true;
}

/* --- those who look alike --- */

bool get_similar(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    struct alike_want want = {.customer = param(r, "customer")};
    struct alike_page page;

    if (!page_params(r, &want.limit, &want.after, err)
        || !engine_similar(r->engine, &want, r->a, &page, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "looked");
    json_put_moment(&j, page.looked_ms);
    json_key(&j, "total");
    json_put_int(&j, page.total);
    json_key(&j, "pairs");
    json_begin_list(&j);
    for (uint32_t i = 0; i < page.n; i++)
        if (!alike_put_json(&j, r->engine, &page.alike[i], true, err))
            return false;
    json_end_list(&j);
    put_next(&j, page.more, page.n ? page.alike[page.n - 1].place : 0);
    json_end_object(&j);
    return true;
}

static bool tell_similar(void *context, uint64_t done, uint64_t all)
{
    return job_progress(context, done, all);
}

static bool run_similar(struct job *job, void *context, struct err *err)
{
    return engine_similar_run(context, tell_similar, job, err);
}

static bool finish_similar(void *context, [[maybe_unused]] struct err *err)
{
    engine_similar_finish(context);
    return true;
}

/* What was found is listed by get_similar. */
static bool put_similar([[maybe_unused]] const void *context,
                        [[maybe_unused]] const struct api_request *r, struct json_out *j,
                        [[maybe_unused]] struct err *err)
{
    json_begin_object(j);
    json_key(j, "ok");
    json_put_bool(j, true);
    json_end_object(j);
    return true;
}

static void free_similar(void *context)
{
    engine_similar_free(context);
}

static const struct job_kind similar_kind = {
    "looking for customers who are alike",
    run_similar,
    finish_similar,
    put_similar,
    free_similar,
    .exchanges = false,
};

bool post_similar(struct api_request *r, struct err *err)
{
    const struct json *bits = json_find(r->body, STR("bits"));
    uint32_t least = (uint32_t)similar_rules_usual.threshold;
    struct similar_look *look;

    if (bits && bits->type == JSON_NUMBER) {
        if (bits->number < NUM_ONE || bits->number > SIMILAR_BITS_MAX * NUM_ONE)
            return err_set(err, ERR_INPUT, "\"bits\" is a whole number from 1 to %d",
                           SIMILAR_BITS_MAX);
        least = (uint32_t)(bits->number / NUM_ONE);
    }
    return engine_similar_begin(r->engine, least, r->now_ms, &look, err)
           && job_start(r, &similar_kind, look, err);
}

bool get_similar_job(struct api_request *r, struct err *err)
{
    return job_answer(r, &similar_kind, err);
}

bool delete_similar(struct api_request *r, struct err *err)
{
    return job_end(r, &similar_kind, err);
}
