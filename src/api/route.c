#include "api/route.h"

#include "base/csv.h"
#include "base/num.h"

struct api_param {
    const char *name, *what;
};

struct api_route {
    const char *path; /* ends with "/:id" where the rest of the path is an id */
    bool (*run)(struct api_request *r, struct err *err);
    const char *what;
    const struct api_param *param;
    size_t param_n;
};

static str param(const struct api_request *r, const char *name)
{
    return r->param(r->context, name);
}

static const struct model *model_of(const struct api_request *r)
{
    return engine_model(r->engine);
}

static bool language_param(const struct api_request *r, enum language *out,
                           struct err *err)
{
    str given = param(r, "lang");

    if (!given.n)
        given = model_of(r)->workspace.language;
    return language_parse(given, out)
           || err_set(err, ERR_INPUT, "lang is one of en, it, pt");
}

/* A moment or a date; the future is not known. */
static bool moment_param(const struct api_request *r, const char *name, int64_t otherwise,
                         int64_t *out, struct err *err)
{
    str given = param(r, name);

    *out = otherwise;
    if (!given.n)
        return true;
    if (!moment_parse(given, model_of(r)->workspace.zone, out, err))
        return err_in(err, "%s", name);
    return *out <= engine_now_ms(r->engine)
           || err_set(err, ERR_INPUT, "%s lies in the future", name);
}

static bool at_param(const struct api_request *r, int64_t *out, struct err *err)
{
    return moment_param(r, "at", engine_now_ms(r->engine), out, err);
}

static bool stage_param(const struct api_request *r, const char *name, uint16_t *out,
                        struct err *err)
{
    const struct lifecycle *l = model_of(r)->lifecycle;
    str given = param(r, name);

    *out = STAGE_NONE;
    if (!given.n)
        return true;
    *out = lifecycle_stage_find(l, given);
    return *out != STAGE_NONE
           || err_set(err, ERR_INPUT, "%s: the model has no stage \"%.*s\"", name,
                      STR_FMT(given));
}

/* --- /api/info --- */

static void put_workspace(struct json_out *j, const struct workspace *w)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, w->name);
    json_key(j, "currency");
    json_put_text(j, w->currency);
    json_key(j, "decimals");
    json_put_int(j, w->decimals);
    json_key(j, "timezone");
    json_put_text(j, zone_name(w->zone));
    json_key(j, "language");
    json_put_text(j, w->language);
    json_end_object(j);
}

static bool put_words(struct json_out *j, const struct model *m, struct rule_ref rule,
                      enum language language, struct err *err)
{
    struct buf words = {};
    bool ok = program_words(m->program, rule, language, &words, err);

    json_key(j, "words");
    json_put_text(j, buf_str(&words));
    j->to->failed |= words.failed;
    buf_free(&words);
    return ok;
}

static bool put_way(struct json_out *j, const struct model *m, const struct way *w,
                    enum language language, struct err *err)
{
    const struct lifecycle *l = m->lifecycle;
    bool ok;

    json_begin_object(j);
    json_key(j, "from");
    if (w->any) {
        json_put_text(j, STR("any"));
    } else {
        json_begin_list(j);
        for (uint32_t i = 0; i < w->from_n; i++)
            json_put_text(j, l->stage[w->from[i]].name);
        json_end_list(j);
    }
    json_key(j, "to");
    json_put_text(j, l->stage[w->to].name);
    json_key(j, "when");
    json_put_text(j, w->text);
    ok = put_words(j, m, w->rule, language, err);
    json_end_object(j);
    return ok;
}

static bool put_lifecycle(struct json_out *j, const struct model *m,
                          enum language language, struct err *err)
{
    const struct lifecycle *l = m->lifecycle;
    bool ok = true;

    json_begin_object(j);
    json_key(j, "start");
    json_put_text(j, l->stage[l->start].name);
    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t i = 0; i < l->stage_n; i++) {
        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, l->stage[i].name);
        json_key(j, "goal");
        json_put_text(j, l->stage[i].goal);
        json_key(j, "end");
        json_put_bool(j, l->stage[i].end);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "moves");
    json_begin_list(j);
    for (uint32_t i = 0; ok && i < l->way_n; i++)
        ok = put_way(j, m, &l->way[i], language, err);
    json_end_list(j);
    json_end_object(j);
    return ok;
}

static bool put_segments(struct json_out *j, const struct model *m,
                         enum language language, struct err *err)
{
    bool ok = true;

    json_begin_list(j);
    for (uint32_t i = 0; ok && i < m->segments->segment_n; i++) {
        const struct segment *s = &m->segments->segment[i];

        json_begin_object(j);
        json_key(j, "name");
        json_put_text(j, s->name);
        json_key(j, "description");
        json_put_text(j, s->description);
        json_key(j, "when");
        json_put_text(j, s->text);
        ok = put_words(j, m, s->rule, language, err);
        json_end_object(j);
    }
    json_end_list(j);
    return ok;
}

/* So that the page shows money as money: {"purchase":{"revenue":"money"}}. */
static void put_property_types(struct json_out *j, const struct dictionary *d)
{
    json_begin_object(j);
    for (uint32_t i = 0; i < d->event_n; i++) {
        const struct dictionary_event *e = &d->event[i];

        json_key_str(j, e->name);
        json_begin_object(j);
        for (uint32_t k = 0; k < e->property_n; k++) {
            json_key_str(j, e->property[k].name);
            json_put_text(j, value_type_name(e->property[k].type));
        }
        json_end_object(j);
    }
    json_end_object(j);
}

static bool get_info(struct api_request *r, struct err *err)
{
    const struct model *m = model_of(r);
    struct json_out j = {.to = r->out};
    struct store_facts facts = snapshot_facts(engine_snapshot(r->engine));
    int64_t default_at = engine_default_at(r->engine);
    enum language language;

    if (!language_param(r, &language, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "version");
    json_put_text(&j, STR(CICLO_VERSION));
    json_key(&j, "workspace");
    put_workspace(&j, &m->workspace);
    json_key(&j, "now");
    json_put_moment(&j, engine_now_ms(r->engine));
    json_key(&j, "first");
    json_put_moment(&j, facts.first_ms);
    json_key(&j, "last");
    json_put_moment(&j, facts.last_ms);
    json_key(&j, "default_at");
    json_put_moment(&j, default_at);
    json_key(&j, "events");
    json_put_int(&j, (int64_t)facts.events);
    json_key(&j, "customers");
    json_put_int(&j, facts.customers);
    json_key(&j, "refused");
    json_put_int(&j, (int64_t)facts.refused);
    json_key(&j, "model_version");
    json_put_int(&j, engine_model_version(r->engine));
    json_key(&j, "properties");
    put_property_types(&j, &m->dictionary);
    json_key(&j, "lifecycle");
    if (!put_lifecycle(&j, m, language, err))
        return false;
    json_key(&j, "segments");
    if (!put_segments(&j, m, language, err))
        return false;
    json_end_object(&j);
    return true;
}

/* --- /api/stages --- */

static bool get_stages(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};
    int64_t at_ms, from_ms;
    struct flow f;

    if (!at_param(r, &at_ms, err) || !moment_param(r, "from", MOMENT_MIN, &from_ms, err)
        || !engine_flow_at(r->engine, from_ms, at_ms, r->a, &f, err))
        return false;
    json_begin_object(&j);
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "from");
    json_put_moment(&j, from_ms == MOMENT_MIN ? MOMENT_NEVER : from_ms);
    flow_put_period(&j, &f, 0, model_of(r)->lifecycle);
    json_end_object(&j);
    return true;
}

static bool get_periods(struct api_request *r, struct err *err)
{
    const struct model *m = model_of(r);
    struct json_out j = {.to = r->out};
    struct flow f = {.stage_n = m->lifecycle->stage_n};
    enum flow_by by = FLOW_MONTH;
    int64_t from_ms, to_ms;
    struct store_facts facts = snapshot_facts(engine_snapshot(r->engine));
    const int64_t *edge;
    uint32_t n;

    if (param(r, "by").n && !flow_by_parse(param(r, "by"), &by))
        return err_set(err, ERR_INPUT, "by is one of day, week, month, quarter, year");
    if (facts.events && facts.first_ms <= engine_now_ms(r->engine)
        && (!moment_param(r, "from", facts.first_ms, &from_ms, err)
            || !moment_param(r, "to", engine_default_at(r->engine), &to_ms, err)
            || !flow_edges(m->workspace.zone, by, from_ms, to_ms, r->a, &edge, &n, err)
            || !engine_flow(r->engine, edge, n, r->a, &f, err)))
        return false;
    flow_put_periods(&j, &f, by, m->workspace.zone, m->lifecycle);
    return true;
}

/* --- /api/customers --- */

enum { PAGE_DEFAULT = 50, PAGE_MAX = 1000, EVENTS_MAX = 1000 };

static bool segment_param(const struct api_request *r, const struct segment **out,
                          struct err *err)
{
    const struct segments *all = model_of(r)->segments;
    str given = param(r, "segment");

    *out = NULL;
    if (!given.n)
        return true;
    for (uint32_t i = 0; i < all->segment_n; i++)
        if (str_eq(all->segment[i].name, given))
            *out = &all->segment[i];
    return *out
           || err_set(err, ERR_INPUT, "segment: the model has no segment \"%.*s\"",
                      STR_FMT(given));
}

static bool filter_params(const struct api_request *r, struct customer_filter *f,
                          struct err *err)
{
    uint16_t entered, left;

    *f = (struct customer_filter){.search = param(r, "search")};
    if (!at_param(r, &f->at_ms, err)
        || !moment_param(r, "from", MOMENT_MIN, &f->from_ms, err)
        || !stage_param(r, "stage", &f->stage, err) || !segment_param(r, &f->segment, err)
        || !stage_param(r, "entered", &entered, err)
        || !stage_param(r, "left", &left, err)
        || !stage_param(r, "move_from", &f->move_from, err)
        || !stage_param(r, "move_to", &f->move_to, err))
        return false;
    f->came_in = f->move_to != STAGE_NONE && f->move_from == STAGE_NONE;
    if (entered != STAGE_NONE)
        f->move_to = entered;
    if (left != STAGE_NONE)
        f->move_from = left;
    f->by_move = f->move_to != STAGE_NONE || f->move_from != STAGE_NONE;
    return true;
}

static bool limit_param(const struct api_request *r, uint32_t *out, struct err *err)
{
    str given = param(r, "limit");
    int64_t number;

    *out = PAGE_DEFAULT;
    if (!given.n)
        return true;
    if (!num_parse(given, &number) || number < NUM_ONE || number > PAGE_MAX * NUM_ONE
        || number % NUM_ONE)
        return err_set(err, ERR_INPUT, "limit is a whole number from 1 to %d", PAGE_MAX);
    *out = (uint32_t)(number / NUM_ONE);
    return true;
}

static str row_id(const struct api_request *r, const struct customer_row *row)
{
    return catalog_customer_id(snapshot_catalog(engine_snapshot(r->engine)),
                               row->customer);
}

static bool put_row(struct json_out *j, const struct api_request *r,
                    const struct customer_row *row, int64_t at_ms, struct err *err)
{
    const struct property *trait;
    uint32_t n;

    if (!engine_traits(r->engine, row->customer, at_ms, r->a, &trait, &n, err))
        return false;
    json_begin_object(j);
    json_key(j, "id");
    json_put_text(j, row_id(r, row));
    json_key(j, "stage");
    json_put_text(j, model_of(r)->lifecycle->stage[row->stage].name);
    json_key(j, "since");
    json_put_moment(j, row->since_ms);
    json_key(j, "first");
    json_put_moment(j, row->first_ms);
    json_key(j, "last");
    json_put_moment(j, row->last_ms);
    json_key(j, "events");
    json_put_int(j, row->events);
    json_key(j, "traits");
    properties_put_json(j, trait, n);
    json_end_object(j);
    return true;
}

static bool put_page(struct api_request *r, const struct customer_row *row, uint32_t n,
                     int64_t at_ms, struct err *err)
{
    struct json_out j = {.to = r->out};
    str after = param(r, "after");
    uint32_t limit, first = 0, end;

    if (!limit_param(r, &limit, err))
        return false;
    while (after.n && first < n && id_cmp(row_id(r, &row[first]), after) <= 0)
        first++;
    end = n - first > limit ? first + limit : n;
    json_begin_object(&j);
    json_key(&j, "at");
    json_put_moment(&j, at_ms);
    json_key(&j, "total");
    json_put_int(&j, n);
    json_key(&j, "customers");
    json_begin_list(&j);
    for (uint32_t i = first; i < end; i++)
        if (!put_row(&j, r, &row[i], at_ms, err))
            return false;
    json_end_list(&j);
    json_key(&j, "next");
    if (end < n)
        json_put_text(&j, row_id(r, &row[end - 1]));
    else
        json_put_null(&j);
    json_end_object(&j);
    return true;
}

static void put_csv(struct api_request *r, const struct customer_row *row, uint32_t n)
{
    buf_add(r->out, STR("id,stage,since,first,last,events\n"));
    for (uint32_t i = 0; i < n; i++) {
        const int64_t moment[] = {row[i].since_ms, row[i].first_ms, row[i].last_ms};

        buf_add_csv(r->out, row_id(r, &row[i]));
        buf_add_char(r->out, ',');
        buf_add_csv(r->out, model_of(r)->lifecycle->stage[row[i].stage].name);
        for (size_t k = 0; k < 3; k++) {
            buf_add_char(r->out, ',');
            moment_print(r->out, moment[k]);
        }
        buf_add_format(r->out, ",%u\n", row[i].events);
    }
    r->type = "text/csv; charset=utf-8";
}

static bool get_customers(struct api_request *r, struct err *err)
{
    bool csv = str_eq(param(r, "format"), STR("csv"));
    const struct customer_row *row;
    struct customer_filter f;
    uint32_t n;

    if (param(r, "format").n && !csv)
        return err_set(err, ERR_INPUT, "format is csv, or is not given");
    if (!filter_params(r, &f, err)
        || !engine_customers(r->engine, &f, r->a, &row, &n, err))
        return false;
    if (!csv)
        return put_page(r, row, n, f.at_ms, err);
    put_csv(r, row, n);
    return true;
}

static const char customer_path[] = "/api/customers/:id";

static bool get_customer(struct api_request *r, struct err *err)
{
    str id = str_from(r->path, sizeof customer_path - 1 - 3);
    struct json_out j = {.to = r->out};
    struct customer_view v;
    enum language language;
    int64_t at_ms;

    if (!language_param(r, &language, err) || !at_param(r, &at_ms, err)
        || !engine_customer(r->engine, id, at_ms, language, EVENTS_MAX, r->a, &v, err))
        return false;
    customer_put_json(&j, r->engine, &v);
    return true;
}

/* --- the table --- */

#define AT                                                                               \
    {                                                                                    \
        "at", "as it stood at this moment or date; now unless given"                     \
    }
#define FROM                                                                             \
    {                                                                                    \
        "from", "what happened after this moment or date"                                \
    }
#define LANG                                                                             \
    {                                                                                    \
        "lang", "en, it or pt: the language of rules in words"                           \
    }

static const struct api_param info_params[] = {LANG};
static const struct api_param stages_params[] = {AT, FROM};
static const struct api_param periods_params[] = {
    {"by", "day, week, month, quarter or year; month unless given"},
    {"from", "the first period holds this moment; that of the first event unless given"},
    {"to",
     "the last period holds this moment; the day after the last event unless given"},
};
static const struct api_param customers_params[] = {
    AT,
    FROM,
    {"stage", "who stands in this stage then"},
    {"segment", "who is in this segment then"},
    {"entered", "who entered this stage after from"},
    {"left", "who left this stage after from"},
    {"move_from",
     "who moved from this stage after from; with move_to alone: who came in"},
    {"move_to", "who moved to this stage after from"},
    {"search", "a part of the id"},
    {"limit", "rows a page, at most 1000; 50 unless given"},
    {"after", "the cursor that the page before gave as next"},
    {"format", "csv: the whole list as CSV"},
};
static const struct api_param customer_params[] = {AT, LANG};

static bool get_openapi(struct api_request *r, struct err *err);

#define ROUTE(path, run, params, what)                                                   \
    {                                                                                    \
        path, run, what, params, sizeof params / sizeof *params                          \
    }
static const struct api_route routes[] = {
    ROUTE("/api/info", get_info, info_params, "the workspace, its model and its size"),
    ROUTE("/api/stages", get_stages, stages_params, "who stands where, and who moved"),
    ROUTE("/api/stages/periods", get_periods, periods_params,
          "the same, period by period"),
    ROUTE("/api/customers", get_customers, customers_params,
          "the customers behind a number"),
    ROUTE(customer_path, get_customer, customer_params, "one customer, with his why"),
    {"/api/openapi.json", get_openapi, "this document", NULL, 0},
};
enum { ROUTES = sizeof routes / sizeof *routes };

/* "/api/customers/:id" -> "/api/customers/", true */
static str route_stem(const struct api_route *route, bool *has_id)
{
    str path = str_of(route->path);

    *has_id = path.n > 3 && str_eq(str_from(path, path.n - 3), STR(":id"));
    if (*has_id)
        path.n -= 3;
    return path;
}

static void put_param(struct json_out *j, str name, bool in_path, const char *what)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, name);
    json_key(j, "in");
    json_put_text(j, in_path ? STR("path") : STR("query"));
    json_key(j, "required");
    json_put_bool(j, in_path);
    json_key(j, "description");
    json_put_text(j, str_of(what));
    json_key(j, "schema");
    json_begin_object(j);
    json_key(j, "type");
    json_put_text(j, STR("string"));
    json_end_object(j);
    json_end_object(j);
}

static void put_route(struct json_out *j, const struct api_route *route)
{
    struct buf path = {};
    bool has_id;

    buf_add(&path, route_stem(route, &has_id));
    if (has_id)
        buf_add(&path, STR("{id}"));
    json_key_str(j, buf_str(&path));
    j->to->failed |= path.failed;
    buf_free(&path);
    json_begin_object(j);
    json_key(j, "get");
    json_begin_object(j);
    json_key(j, "summary");
    json_put_text(j, str_of(route->what));
    json_key(j, "parameters");
    json_begin_list(j);
    if (has_id)
        put_param(j, STR("id"), true, "the customer's id");
    for (size_t i = 0; i < route->param_n; i++)
        put_param(j, str_of(route->param[i].name), false, route->param[i].what);
    json_end_list(j);
    json_key(j, "responses");
    json_begin_object(j);
    json_key(j, "200");
    json_begin_object(j);
    json_key(j, "description");
    json_put_text(j, str_of(route->what));
    json_end_object(j);
    json_key(j, "default");
    json_begin_object(j);
    json_key(j, "description");
    json_put_text(j, STR("what is wrong: {\"error\":{\"code\",\"message\"}}"));
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
    json_end_object(j);
}

static bool get_openapi(struct api_request *r, struct err *err)
{
    struct json_out j = {.to = r->out};

    (void)err;
    json_begin_object(&j);
    json_key(&j, "openapi");
    json_put_text(&j, STR("3.1.0"));
    json_key(&j, "info");
    json_begin_object(&j);
    json_key(&j, "title");
    json_put_text(&j, STR("Ciclo"));
    json_key(&j, "version");
    json_put_text(&j, STR(CICLO_VERSION));
    json_end_object(&j);
    json_key(&j, "paths");
    json_begin_object(&j);
    for (size_t i = 0; i < ROUTES; i++)
        put_route(&j, &routes[i]);
    json_end_object(&j);
    json_end_object(&j);
    return true;
}

bool api_answer(struct api_request *r, struct err *err)
{
    r->type = "application/json";
    for (size_t i = 0; i < ROUTES; i++) {
        bool has_id;
        str stem = route_stem(&routes[i], &has_id);

        if (has_id ? r->path.n > stem.n && str_starts(r->path, stem)
                   : str_eq(r->path, stem))
            return routes[i].run(r, err) && (!r->out->failed || err_nomem(err));
    }
    return err_set(err, ERR_NOT_FOUND,
                   "there is no such path; /api/openapi.json lists those there are");
}

int api_status(enum err_code code)
{
    switch (code) {
    case ERR_NONE:
        return 200;
    case ERR_INPUT:
        return 400;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_CONFLICT:
        return 409;
    case ERR_LIMIT:
        return 413;
    case ERR_NOMEM:
        return 503;
    case ERR_IO:
    case ERR_CORRUPT:
        return 500;
    }
    return 500;
}

void api_put_error(struct buf *out, const struct err *err)
{
    static const char *const name[] = {
        [ERR_NONE] = "none",
        [ERR_INPUT] = "input",
        [ERR_NOT_FOUND] = "not_found",
        [ERR_CONFLICT] = "conflict",
        [ERR_LIMIT] = "limit",
        [ERR_NOMEM] = "nomem",
        [ERR_IO] = "io",
        [ERR_CORRUPT] = "corrupt",
    };
    struct json_out j = {.to = out};

    json_begin_object(&j);
    json_key(&j, "error");
    json_begin_object(&j);
    json_key(&j, "code");
    json_put_text(&j, str_of(name[err->code]));
    json_key(&j, "message");
    json_put_text(&j, str_of(err->msg));
    json_end_object(&j);
    json_end_object(&j);
}
