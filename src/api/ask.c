#include "api/ask.h"

#include "api/route.h"

/* What is behind "/api/" of those that can be kept. */
static const char *const reports[] = {
    "attribution",      "channels", "churn", "cohorts", "funnel",         "journey-map",
    "overlap",          "paths",    "rfm",   "stages",  "stages/periods", "segments",
    "segments/periods", "survival",
};
enum { REPORTS = sizeof reports / sizeof *reports };

static bool path_of(const struct question *q, struct buf *to, struct err *err)
{
    str known[REPORTS], near;
    bool is_one = false;

    for (size_t i = 0; i < REPORTS; i++) {
        known[i] = str_of(reports[i]);
        is_one |= str_eq(q->report, known[i]);
    }
    buf_add(to, STR("/api/"));
    buf_add(to, q->report);
    if (is_one)
        return !to->failed || err_nomem(err);
    near = str_nearest(q->report, known, REPORTS);
    err_set(err, ERR_INPUT, "there is no report \"%.*s\"",
            (int)(q->report.n < 60 ? q->report.n : 60), q->report.p);
    return !near.n
           || err_set(err, ERR_INPUT, "there is no report \"%.*s\": did you mean %.*s?",
                      (int)(q->report.n < 60 ? q->report.n : 60), q->report.p,
                      STR_FMT(near));
}

bool ask_check(const struct question *q, struct err *err)
{
    struct buf path = {0};
    bool ok = path_of(q, &path, err);

    for (uint32_t i = 0; ok && i < q->n; i++) {
        str name = q->param[i].name;

        ok = api_has_param(buf_str(&path), name)
             || err_set(err, ERR_INPUT,
                        "%.*s takes no parameter \"%.*s\": docs/reports.md has those it "
                        "takes",
                        STR_FMT(q->report), (int)(name.n < 60 ? name.n : 60), name.p);
    }
    buf_free(&path);
    return ok;
}

static str param_of(void *context, const char *name)
{
    return question_find(context, str_of(name));
}

bool ask_answer(struct engine *e, const struct question *q, int64_t at_ms,
                struct arena *a, struct buf *out, str *wrong, struct err *err)
{
    struct question asked = *q;
    struct buf path = {0};
    struct api_request r = {
        .engine = e,
        .now_ms = engine_now_ms(e),
        .as_of_ms = at_ms == MOMENT_NEVER ? 0 : at_ms,
        .method = "GET",
        .param = param_of,
        .context = &asked,
        .a = a,
        .out = out,
    };
    bool ok = path_of(q, &path, err);

    r.path = buf_str(&path);
    ok = ok && ask_check(q, err) && api_answer(&r, err);
    *wrong = r.wrong;
    buf_free(&path);
    return ok;
}
