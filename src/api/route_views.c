/* route_views.c - questions that are kept by a name, and lists of them. */
#include "api/ask.h"
#include "api/route_impl.h"
#include "engine/alerts.h"
#include "engine/saved.h"

static bool put_all(struct api_request *r, enum saved_kind kind,
                    bool (*put)(struct json_out *j, const struct engine *e,
                                const struct saved_row *row, struct arena *a,
                                struct err *err),
                    struct err *err)
{
    struct json_out j = {.to = r->out};
    const struct saved_row *row;
    struct saved *s;
    bool ok = true;
    uint32_t n;

    if (!saved_new(r->engine, &s, err))
        return false;
    row = saved_get(s, &n);
    json_begin_list(&j);
    for (uint32_t i = 0; ok && i < n; i++)
        if (row[i].kind == kind)
            ok = put(&j, r->engine, &row[i], r->a, err)
                 || err_in(err, "the %s \"%.*s\"", saved_kind_name(kind),
                           STR_FMT(row[i].name));
    json_end_list(&j);
    saved_free(s);
    return ok;
}

bool get_views(struct api_request *r, struct err *err)
{
    return put_all(r, SAVED_VIEW, view_put_json, err);
}

bool get_dashboards(struct api_request *r, struct err *err)
{
    return put_all(r, SAVED_DASHBOARD, dashboard_put_json, err);
}

static bool done(struct api_request *r)
{
    buf_add(r->out, STR("{\"ok\":true}"));
    return true;
}

static bool add(struct api_request *r, struct saved *s, enum saved_kind kind, str text,
                struct err *err)
{
    const struct saved_row draft = {.kind = kind,
                                    .name = json_find_text(r->body, STR("name")),
                                    .author = r->who.name,
                                    .text = text};

    r->status = 201;
    alerts_changed(r->alerts);
    return saved_add(s, &draft, r->now_ms, err) && done(r);
}

/* The question is asked once: what is wrong with it is said now. */
bool post_view(struct api_request *r, struct err *err)
{
    str given = json_find_text(r->body, STR("question"));
    struct buf text = {0}, answer = {0};
    struct saved *s = NULL;
    struct question q;
    bool ok = question_parse(given, r->a, &q, err)
              && ask_answer(r->engine, &q, MOMENT_NEVER, r->a, &answer, &r->wrong, err)
              && saved_new(r->engine, &s, err);

    buf_free(&answer);
    if (ok) {
        question_print(&q, &text);
        ok = (!text.failed || err_nomem(err))
             && add(r, s, SAVED_VIEW, buf_str(&text), err);
    }
    saved_free(s);
    buf_free(&text);
    return ok;
}

static bool remove_one(struct api_request *r, enum saved_kind kind, struct err *err)
{
    struct saved *s;
    bool ok;

    if (!saved_new(r->engine, &s, err))
        return false;
    alerts_changed(r->alerts);
    ok = saved_remove(s, kind, r->id, err) && done(r);
    saved_free(s);
    return ok;
}

bool delete_view(struct api_request *r, struct err *err)
{
    return remove_one(r, SAVED_VIEW, err);
}

/* What its report answers now. */
bool get_view(struct api_request *r, struct err *err)
{
    const struct saved_row *row;
    struct question q;
    struct saved *s;
    bool ok;

    if (!saved_new(r->engine, &s, err))
        return false;
    ok = saved_find(s, SAVED_VIEW, r->id, &row, err)
         && question_parse(row->text, r->a, &q, err);
    saved_free(s);
    return ok && ask_answer(r->engine, &q, MOMENT_NEVER, r->a, r->out, &r->wrong, err);
}

/* The body's views as a dashboard's text. */
static bool tiles(const struct api_request *r, const struct saved *s, struct buf *text,
                  struct err *err)
{
    const struct json *list = json_find(r->body, STR("views"));
    str name[TILES_MAX];

    if (list->n > TILES_MAX)
        return err_set(err, ERR_LIMIT, "a dashboard shows at most %d views", TILES_MAX);
    for (size_t i = 0; i < list->n; i++) {
        if (list->item[i].type != JSON_TEXT)
            return err_set(err, ERR_INPUT, "\"views\" is a list of names");
        name[i] = list->item[i].text;
    }
    return dashboard_text(s, name, (uint32_t)list->n, text, err);
}

bool post_dashboard(struct api_request *r, struct err *err)
{
    struct buf text = {0};
    struct saved *s;
    bool ok;

    if (!saved_new(r->engine, &s, err))
        return false;
    ok = tiles(r, s, &text, err) && add(r, s, SAVED_DASHBOARD, buf_str(&text), err);
    saved_free(s);
    buf_free(&text);
    return ok;
}

bool change_dashboard(struct api_request *r, struct err *err)
{
    struct buf text = {0};
    struct saved *s;
    bool ok;

    if (!saved_new(r->engine, &s, err))
        return false;
    ok = tiles(r, s, &text, err)
         && saved_change(s, r->id,
                         &(struct saved_row){.kind = SAVED_DASHBOARD,
                                             .name = json_find_text(r->body, STR("name")),
                                             .text = buf_str(&text)},
                         err)
         && done(r);
    saved_free(s);
    buf_free(&text);
    return ok;
}

bool delete_dashboard(struct api_request *r, struct err *err)
{
    return remove_one(r, SAVED_DASHBOARD, err);
}

/* --- alerts --- */

bool get_alerts(struct api_request *r, struct err *err)
{
    return put_all(r, SAVED_ALERT, alert_put_json, err);
}

/* The body's members as the text of an alert, which is what checks them. */
static bool alert_of(struct api_request *r, struct alert *out, struct buf *text,
                     struct err *err)
{
    static const char *const name[] = {"view", "number", "every", "above", "below"};
    const struct json *unusual = json_find(r->body, STR("unusual"));
    struct question q = {.report = STR("alert")};
    struct buf b = {0};
    bool ok;

    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        str value = json_find_text(r->body, str_of(name[i]));

        if (value.n)
            q.param[q.n++] = (struct question_param){str_of(name[i]), value};
    }
    if (unusual && unusual->truth)
        q.param[q.n++] = (struct question_param){STR("unusual"), STR("1")};
    question_print(&q, &b);
    ok = (!b.failed || err_nomem(err)) && alert_parse(buf_str(&b), r->a, out, err)
         && alert_print(out, r->a, text, err);
    buf_free(&b);
    return ok;
}

bool post_alert(struct api_request *r, struct err *err)
{
    struct saved *s = NULL;
    struct buf text = {0};
    struct alert alert;
    bool ok = alert_of(r, &alert, &text, err) && saved_new(r->engine, &s, err)
              && alert_check(r->engine, ask_answer, s, &alert, r->a, err)
              && add(r, s, SAVED_ALERT, buf_str(&text), err);

    saved_free(s);
    buf_free(&text);
    return ok;
}

bool post_alert_try(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    struct alert_state state;
    struct saved *s = NULL;
    struct buf text = {0};
    struct alert alert;
    bool ok =
        alert_of(r, &alert, &text, err) && saved_new(r->engine, &s, err)
        && alert_check(r->engine, ask_answer, s, &alert, r->a, err)
        && alert_try(r->engine, ask_answer, s, &alert, r->now_ms, r->a, &state, err);

    if (ok)
        alert_state_put_json(&j, &state);
    saved_free(s);
    buf_free(&text);
    return ok;
}

bool delete_alert(struct api_request *r, struct err *err)
{
    return remove_one(r, SAVED_ALERT, err);
}
