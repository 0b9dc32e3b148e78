#include "api/collect.h"
#include "api/route.h"

#include "unit/engine/bottega.h"

#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-06-01"

struct query { /* "at=2026-01-01&stage=buyer" */
    const char *text;
};

static str find_param(void *context, const char *name)
{
    const char *p = ((struct query *)context)->text;
    size_t n = strlen(name);

    while (p && *p) {
        const char *end = strchrnul(p, '&');

        if (!strncmp(p, name, n) && p[n] == '=')
            return (str){p + n + 1, (size_t)(end - p) - n - 1};
        p = *end ? end + 1 : NULL;
    }
    return STR("");
}

/* The answer's body; NULL with err. Lives in `a`. */
static const char *ask(struct engine *e, const char *path, const char *query,
                       struct arena *a, const char **type, struct err *err)
{
    struct query q = {query};
    struct buf b = {};
    struct api_request r = {
        .engine = e,
        .method = "GET",
        .path = str_of(path),
        .param = find_param,
        .context = &q,
        .a = a,
        .out = &b,
    };
    const char *body = NULL;

    if (api_answer(&r, err) && !(body = arena_str(a, buf_str(&b)).p))
        err_nomem(err);
    buf_free(&b);
    if (type)
        *type = r.type;
    return body;
}

static void need_body(struct engine *e, const char *path, const char *query,
                      const char *wanted)
{
    struct arena a = {};
    struct err err;
    const char *body = ask(e, path, query, &a, NULL, &err);

    if (!body)
        fail_msg("%s?%s: %s", path, query, err.msg);
    assert_string_equal(body, wanted);
    arena_free(&a);
}

static void need_error(struct engine *e, const char *path, const char *query,
                       enum err_code code, const char *says)
{
    struct arena a = {};
    struct err err = {};

    if (ask(e, path, query, &a, NULL, &err))
        fail_msg("%s?%s is answered", path, query);
    assert_int_equal(err.code, code);
    if (!strstr(err.msg, says))
        fail_msg("%s?%s: \"%s\" does not say \"%s\"", path, query, err.msg, says);
    arena_free(&a);
}

static const struct json *ask_json(struct engine *e, const char *path, const char *query,
                                   struct arena *a)
{
    struct json_parser *parser;
    const struct json *json;
    struct buf padded = {};
    struct err err;
    const char *type, *body = ask(e, path, query, a, &type, &err);

    if (!body)
        fail_msg("%s?%s: %s", path, query, err.msg);
    assert_string_equal(type, "application/json");
    buf_add(&padded, str_of(body));
    assert_non_null(buf_room(&padded, 64));
    NEED_OK(json_parser_new(&parser, &err), err);
    NEED_OK(json_parse(parser, buf_str(&padded), a, &json, &err), err);
    json_parser_free(parser);
    buf_free(&padded);
    return json;
}

/* json_path(j, "a", "b") is j.a.b */
#define MEMBER(json, name) json_find((json), STR(name))

static void need_text(const struct json *json, const char *wanted)
{
    assert_non_null(json);
    assert_int_equal(json->type, JSON_TEXT);
    if (!str_eq(json->text, str_of(wanted)))
        fail_msg("\"%.*s\" is not \"%s\"", STR_FMT(json->text), wanted);
}

static void need_number(const struct json *json, int64_t wanted)
{
    assert_non_null(json);
    assert_int_equal(json->type, JSON_NUMBER);
    assert_int_equal(json->number, wanted * 1000000);
}

/* "9,10,anna" */
static void need_ids(struct engine *e, const char *query, const char *wanted)
{
    struct arena a = {};
    const struct json *all =
        MEMBER(ask_json(e, "/api/customers", query, &a), "customers");
    struct buf ids = {};

    for (size_t i = 0; i < all->n; i++)
        buf_add_format(&ids, "%s%.*s", i ? "," : "",
                       STR_FMT(json_find_text(&all->item[i], STR("id"))));
    if (!str_eq(buf_str(&ids), str_of(wanted)))
        fail_msg("%s: got \"%.*s\", wanted \"%s\"", query, STR_FMT(buf_str(&ids)),
                 wanted);
    buf_free(&ids);
    arena_free(&a);
}

/* --- /api/info --- */

TEST(info_tells_the_workspace_the_model_and_the_size)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct json *info = ask_json(e, "/api/info", "", &a), *part;

    need_text(MEMBER(info, "version"), CICLO_VERSION);
    part = MEMBER(info, "workspace");
    need_text(MEMBER(part, "name"), "Bottega");
    need_text(MEMBER(part, "currency"), "EUR");
    need_number(MEMBER(part, "decimals"), 2);
    need_text(MEMBER(part, "timezone"), "Europe/Rome");
    need_text(MEMBER(part, "language"), "it");
    need_text(MEMBER(info, "now"), "2026-06-01T00:00:00.000Z");
    need_text(MEMBER(info, "first"), "2026-01-01T10:00:00.000Z");
    need_text(MEMBER(info, "last"), "2026-02-20T23:30:00.000Z");
    need_text(MEMBER(info, "default_at"), "2026-02-21T23:00:00.000Z");
    assert_int_equal(MEMBER(info, "pseudonymous")->type, JSON_BOOL);
    assert_false(MEMBER(info, "pseudonymous")->truth);
    need_number(MEMBER(info, "events"), 14);
    need_number(MEMBER(info, "customers"), 10);
    need_number(MEMBER(info, "refused"), 0);
    need_number(MEMBER(info, "model_version"), 1);
    part = MEMBER(MEMBER(info, "properties"), "purchase");
    need_text(MEMBER(part, "revenue"), "money");
    need_text(MEMBER(part, "items"), "list");

    part = MEMBER(info, "lifecycle");
    need_text(MEMBER(part, "start"), "reach");
    assert_int_equal(MEMBER(part, "stages")->n, 4);
    need_text(MEMBER(MEMBER(part, "stages")->item, "goal"), "Be seen");
    assert_true(MEMBER(&MEMBER(part, "stages")->item[3], "end")->truth);
    assert_false(MEMBER(&MEMBER(part, "stages")->item[2], "end")->truth);
    part = MEMBER(part, "moves");
    assert_int_equal(part->n, 3);
    assert_int_equal(MEMBER(part->item, "from")->n, 3);
    need_text(&MEMBER(part->item, "from")->item[1], "at_risk");
    need_text(MEMBER(part->item, "to"), "buyer");
    need_text(MEMBER(part->item, "when"), "since(purchase) < 30d");
    part = MEMBER(info, "segments");
    assert_int_equal(part->n, 2);
    need_text(MEMBER(part->item, "name"), "vip");
    need_text(MEMBER(part->item, "description"), "Spent 100");
    need_text(MEMBER(part->item, "when"), "sum(purchase.revenue, 1y) >= 100");
    arena_free(&a);
    engine_close(e);
}

TEST(rules_are_told_in_the_language_asked_for)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct json *asked[] = {
        ask_json(e, "/api/info", "lang=en", &a), ask_json(e, "/api/info", "lang=it", &a),
        ask_json(e, "/api/info", "lang=pt", &a), ask_json(e, "/api/info", "", &a)};
    str words[4];

    for (size_t i = 0; i < 4; i++)
        words[i] = json_find_text(MEMBER(MEMBER(asked[i], "lifecycle"), "moves")->item,
                                  STR("words"));
    assert_true(words[0].n && words[1].n && words[2].n);
    assert_false(str_eq(words[0], words[1]));
    assert_false(str_eq(words[1], words[2]));
    assert_true(str_eq(words[3], words[1])); /* the workspace's language */
    need_error(e, "/api/info", "lang=de", ERR_INPUT, "en, it, pt");
    arena_free(&a);
    engine_close(e);
}

TEST(a_move_from_any_stage_says_any)
{
    struct engine *e =
        bottega_with("ciclo: 1\nevents: { purchase: {} }\nlifecycle:\n  start: a\n"
                     "  stages: { a: {}, b: {} }\n"
                     "  moves: [ { from: any, to: b, when: exists(purchase) } ]\n",
                     "1|anna|2026-01-01|purchase|\n", NOW);
    struct arena a = {};
    const struct json *info = ask_json(e, "/api/info", "", &a);

    need_text(MEMBER(MEMBER(MEMBER(info, "lifecycle"), "moves")->item, "from"), "any");
    arena_free(&a);
    engine_close(e);
}

TEST(an_empty_file_has_no_first_no_last_and_no_periods)
{
    struct engine *e;
    struct arena a = {};
    const struct json *info;
    struct err err;

    NEED_OK(bottega_create(bottega_path(), NULL, &e, &err), err);
    NEED_OK(engine_advance(e, moment_of(NOW), &err), err);
    info = ask_json(e, "/api/info", "", &a);
    assert_int_equal(MEMBER(info, "first")->type, JSON_NULL);
    assert_int_equal(MEMBER(info, "last")->type, JSON_NULL);
    assert_int_equal(MEMBER(info, "default_at")->type, JSON_NULL);
    need_number(MEMBER(info, "customers"), 0);
    need_body(e, "/api/stages/periods", "", "{\"by\":\"month\",\"months\":[]}");
    need_body(
        e, "/api/segments/periods", "",
        "{\"by\":\"month\",\"ends\":[],\"segments\":[{\"name\":\"vip\",\"sizes\":[]},"
        "{\"name\":\"quiet\",\"sizes\":[]}]}");
    need_body(e, "/api/customers", "",
              "{\"at\":\"2026-06-01T00:00:00.000Z\",\"total\":0,\"customers\":[],"
              "\"next\":null}");
    arena_free(&a);
    engine_close(e);
}

/* --- /api/stages --- */

TEST(stages_of_a_moment)
{
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/stages", "at=2026-02-04T09:30:00.000Z",
        "{\"at\":\"2026-02-04T09:30:00.000Z\",\"from\":null,\"population\":10,"
        "\"stages\":[{\"stage\":\"reach\",\"customers\":7,\"entered\":10,\"left\":3},"
        "{\"stage\":\"buyer\",\"customers\":2,\"entered\":3,\"left\":1},"
        "{\"stage\":\"at_risk\",\"customers\":1,\"entered\":1,\"left\":0},"
        "{\"stage\":\"lapsed\",\"customers\":0,\"entered\":0,\"left\":0}],"
        "\"moves\":[{\"from\":null,\"to\":\"reach\",\"customers\":10},"
        "{\"from\":\"reach\",\"to\":\"buyer\",\"customers\":3},"
        "{\"from\":\"buyer\",\"to\":\"at_risk\",\"customers\":1}],"
        "\"erased\":{\"customers\":0,\"events\":0}}");
    /* A date is its first moment in Rome. */
    need_body(
        e, "/api/stages", "at=2026-01-06&from=2026-01-05T09:30:00.000Z",
        "{\"at\":\"2026-01-05T23:00:00.000Z\",\"from\":\"2026-01-05T09:30:00.000Z\","
        "\"population\":3,"
        "\"stages\":[{\"stage\":\"reach\",\"customers\":1,\"entered\":1,\"left\":1},"
        "{\"stage\":\"buyer\",\"customers\":2,\"entered\":1,\"left\":0},"
        "{\"stage\":\"at_risk\",\"customers\":0,\"entered\":0,\"left\":0},"
        "{\"stage\":\"lapsed\",\"customers\":0,\"entered\":0,\"left\":0}],"
        "\"moves\":[{\"from\":null,\"to\":\"reach\",\"customers\":1},"
        "{\"from\":\"reach\",\"to\":\"buyer\",\"customers\":1}],"
        "\"erased\":{\"customers\":0,\"events\":0}}");
    need_error(e, "/api/stages", "at=yesterday", ERR_INPUT, "at");
    need_error(e, "/api/stages", "at=2026-06-01T00:00:00.001Z", ERR_INPUT, "future");
    need_error(e, "/api/stages", "from=2026-07-01", ERR_INPUT, "future");
    need_error(e, "/api/stages", "at=2026-01-06&from=2026-01-06", ERR_INPUT, "ends");
    engine_close(e);
}

TEST(stages_by_period)
{
    static const struct {
        const char *by, *list, *first, *start;
        size_t n;
    } period[] = {
        {"day", "days", "2026-01-01", "2025-12-31T23:00:00.000Z", 53},
        {"week", "weeks", "2025-12-29", "2025-12-28T23:00:00.000Z", 8},
        {"month", "months", "2026-01", "2025-12-31T23:00:00.000Z", 2},
        {"quarter", "quarters", "2026-Q1", "2025-12-31T23:00:00.000Z", 1},
        {"year", "years", "2026", "2025-12-31T23:00:00.000Z", 1},
    };
    struct engine *e = bottega_open(NOW);
    struct arena a = {};

    for (size_t i = 0; i < sizeof period / sizeof *period; i++) {
        char query[32];
        const struct json *j, *list;

        snprintf(query, sizeof query, "by=%s", period[i].by);
        j = ask_json(e, "/api/stages/periods", query, &a);
        need_text(MEMBER(j, "by"), period[i].by);
        list = json_find(j, str_of(period[i].list));
        assert_non_null(list);
        assert_int_equal(list->n, period[i].n);
        need_text(json_find(list->item, str_of(period[i].by)), period[i].first);
        need_text(MEMBER(list->item, "start"), period[i].start);
        assert_int_equal(MEMBER(list->item, "stages")->n, 4);
        for (size_t k = 1; k < list->n; k++)
            need_text(MEMBER(&list->item[k], "start"),
                      json_find_text(&list->item[k - 1], STR("end")).p);
    }
    arena_free(&a);
    engine_close(e);
}

TEST(periods_hold_the_moments_that_were_asked_for)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct json *months =
        MEMBER(ask_json(e, "/api/stages/periods", "from=2026-03-31&to=2026-05-01", &a),
               "months");

    assert_int_equal(months->n, 3);
    need_text(MEMBER(&months->item[0], "month"), "2026-03");
    need_number(MEMBER(&months->item[0], "population"), 10);
    need_number(MEMBER(&MEMBER(&months->item[0], "stages")->item[3], "customers"), 2);
    need_text(MEMBER(&months->item[2], "month"), "2026-05");
    need_number(MEMBER(&MEMBER(&months->item[1], "stages")->item[3], "entered"), 1);
    need_error(e, "/api/stages/periods", "by=hour", ERR_INPUT, "day, week");
    need_error(e, "/api/stages/periods", "from=2026-03-01&to=2026-02-01", ERR_INPUT,
               "ends before");
    need_error(e, "/api/stages/periods", "to=2026-06-02", ERR_INPUT, "future");
    need_error(e, "/api/stages/periods", "by=day&from=0001-01-01", ERR_LIMIT, "");
    arena_free(&a);
    engine_close(e);
}

/* Each size is that of the list just before the period's end. */
static void need_sizes(struct engine *e, const char *segment, const char *query)
{
    struct arena a = {};
    const struct json *j = ask_json(e, "/api/segments/periods", query, &a);
    const struct json *ends = MEMBER(j, "ends"), *list = MEMBER(j, "segments"),
                      *sizes = NULL;

    for (size_t i = 0; i < list->n; i++)
        if (str_eq(json_find_text(&list->item[i], STR("name")), str_of(segment)))
            sizes = MEMBER(&list->item[i], "sizes");
    assert_non_null(sizes);
    assert_true(ends->n > 5);
    assert_int_equal(sizes->n, ends->n);
    for (size_t i = 0; i < ends->n; i++) {
        struct buf at = {};
        char members[96];

        moment_print(&at, moment_of(ends->item[i].text.p) - 1);
        snprintf(members, sizeof members, "segment=%s&at=%.*s", segment,
                 STR_FMT(buf_str(&at)));
        need_number(MEMBER(ask_json(e, "/api/customers", members, &a), "total"),
                    sizes->item[i].number / 1000000);
        buf_free(&at);
    }
    arena_free(&a);
}

TEST(segments_of_a_moment_and_by_period)
{
    static const char *const segment[] = {"vip", "quiet"};
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/segments", "at=2026-03-01&from=2026-02-20",
        "{\"at\":\"2026-02-28T23:00:00.000Z\",\"from\":\"2026-02-19T23:00:00.000Z\","
        "\"segments\":[{\"name\":\"vip\",\"customers\":2,\"entered\":1,\"left\":0},"
        "{\"name\":\"quiet\",\"customers\":9,\"entered\":0,\"left\":1}]}");
    need_body(e, "/api/segments", "at=2026-01-01",
              "{\"at\":\"2025-12-31T23:00:00.000Z\",\"from\":null,"
              "\"segments\":[{\"name\":\"vip\",\"customers\":0,\"entered\":0,\"left\":0},"
              "{\"name\":\"quiet\",\"customers\":0,\"entered\":0,\"left\":0}]}");
    for (size_t i = 0; i < sizeof segment / sizeof *segment; i++)
        need_sizes(e, segment[i], "from=2026-01-15&to=2026-03-15&by=week");
    need_error(e, "/api/segments", "at=yesterday", ERR_INPUT, "at");
    need_error(e, "/api/segments", "at=2026-01-06&from=2026-01-06", ERR_INPUT, "ends");
    need_error(e, "/api/segments/periods", "by=hour", ERR_INPUT, "day, week");
    need_error(e, "/api/segments/periods", "to=2026-06-02", ERR_INPUT, "future");
    need_error(e, "/api/segments/periods", "by=day&from=0001-01-01", ERR_LIMIT, "");
    engine_close(e);
}

TEST(before_the_first_event_there_are_no_customers)
{
    struct engine *e = bottega_open("2025-06-01");
    struct arena a = {};

    need_number(MEMBER(ask_json(e, "/api/stages", "", &a), "population"), 0);
    ask_json(e, "/api/info", "", &a);
    assert_int_equal(MEMBER(ask_json(e, "/api/stages/periods", "", &a), "months")->n, 0);
    need_ids(e, "", "");
    arena_free(&a);
    engine_close(e);
}

/* Of the buyers three of four were lapsed after 60 days: 10 bought again meanwhile. */
TEST(targets_and_kpis_of_stages)
{
    static const char plain[] = "    buyer:\n";
    const char *at = strstr(bottega_model, plain);
    struct buf model = {};
    struct arena a = {};
    struct engine *e;
    const struct json *stages, *buyer;

    assert_non_null(at);
    buf_add(&model, (str){bottega_model, (size_t)(at - bottega_model)});
    buf_add(&model, STR("    buyer:\n"
                        "      target: { rate: 0.8, within: 60d, to: lapsed }\n"
                        "      kpi: { came: entered, often: \"count(purchase)\" }\n"));
    buf_add(&model, str_of(at + sizeof plain - 1));
    buf_add_char(&model, '\0');
    e = bottega_with(model.p, bottega_events, NOW);
    stages = MEMBER(MEMBER(ask_json(e, "/api/stages", "kpi=1", &a), "kpi"), "stages");
    assert_int_equal(stages->n, 4);
    assert_int_equal(MEMBER(&stages->item[0], "target")->type, JSON_NULL);
    buyer = &stages->item[1];
    need_number(MEMBER(MEMBER(buyer, "target"), "of"), 4);
    need_number(MEMBER(MEMBER(buyer, "target"), "reached"), 3);
    assert_int_equal(MEMBER(MEMBER(buyer, "target"), "value")->number, 750000);
    assert_false(MEMBER(MEMBER(buyer, "target"), "met")->truth);
    need_text(MEMBER(&MEMBER(buyer, "kpis")->item[0], "name"), "came");
    need_number(MEMBER(&MEMBER(buyer, "kpis")->item[0], "value"), 4);
    assert_null(MEMBER(ask_json(e, "/api/stages", "", &a), "kpi"));
    stages = MEMBER(
        MEMBER(ask_json(e, "/api/stages", "kpi=1&at=2026-02-01&from=2026-01-08", &a),
               "kpi"),
        "stages");
    need_number(MEMBER(&MEMBER(&stages->item[1], "kpis")->item[0], "value"),
                1); /* anna */
    need_error(e, "/api/stages", "kpi=yes", ERR_INPUT, "kpi is 1");
    buf_free(&model);
    arena_free(&a);
    engine_close(e);
}

/* --- /api/customers --- */

TEST(a_row_of_the_list)
{
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/customers", "at=2026-01-07&search=9",
        "{\"at\":\"2026-01-06T23:00:00.000Z\",\"total\":1,\"customers\":[{\"id\":\"9\","
        "\"stage\":\"buyer\",\"since\":\"2026-01-05T09:30:00.250Z\","
        "\"first\":\"2026-01-05T09:30:00.250Z\",\"last\":\"2026-01-06T00:00:00.000Z\","
        "\"events\":2,\"traits\":{\"country\":\"IT\"}}],\"next\":null}");
    engine_close(e);
}

TEST(every_filter_of_the_list)
{
    struct engine *e = bottega_open(NOW);

    need_ids(e, "", "007,7,9,10,Zo\xc3\xab,a/b c,anna,x1,x2,x3");
    need_ids(e, "at=2026-03-01&stage=at_risk", "9,anna");
    need_ids(e, "at=2026-03-01&segment=vip", "9,10");
    need_ids(e, "entered=buyer", "9,10,anna");
    need_ids(e, "entered=buyer&from=2026-01-06", "10,anna");
    need_ids(e, "entered=buyer&from=2026-01-06&at=2026-02-20", "anna");
    need_ids(e, "left=at_risk&at=2026-02-28", "10");
    need_ids(e, "move_from=at_risk&move_to=lapsed&at=2026-03-31", "9,anna");
    need_ids(e, "move_from=reach", "9,10,anna");
    need_ids(e, "move_to=reach&from=2026-02-01T08:00:00.000Z", "x1,x2,x3"); /* came in */
    need_ids(e, "move_to=buyer", "");
    need_ids(e, "segment_entered=vip", "9,10");
    need_ids(e, "segment_entered=vip&from=2026-02-20&at=2026-03-01", "10");
    need_ids(e, "segment_entered=vip&at=2026-02-20", "9");
    need_ids(e, "segment_left=vip&at=2026-03-01", "");
    need_ids(e, "segment_entered=vip&search=9", "9");
    need_ids(e, "search=X", "x1,x2,x3");
    need_ids(e, "search=x&stage=lapsed", "");
    need_error(e, "/api/customers", "stage=buyers", ERR_INPUT, "no stage \"buyers\"");
    need_error(e, "/api/customers", "entered=b", ERR_INPUT, "entered");
    need_error(e, "/api/customers", "left=b", ERR_INPUT, "left");
    need_error(e, "/api/customers", "move_from=b", ERR_INPUT, "move_from");
    need_error(e, "/api/customers", "move_to=b", ERR_INPUT, "move_to");
    need_error(e, "/api/customers", "segment=vips", ERR_INPUT, "no segment \"vips\"");
    need_error(e, "/api/customers", "segment_left=vips", ERR_INPUT, "segment_left");
    need_error(e, "/api/customers", "segment_left=vip&segment_entered=vip", ERR_INPUT,
               "not both");
    need_error(e, "/api/customers", "at=2027-01-01", ERR_INPUT, "future");
    need_error(e, "/api/customers", "from=x", ERR_INPUT, "from");
    engine_close(e);
}

TEST(the_list_comes_page_by_page_and_whole)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    struct buf ids = {};
    char query[64] = "limit=3";

    for (size_t pages = 1;; pages++) {
        const struct json *page = ask_json(e, "/api/customers", query, &a),
                          *all = MEMBER(page, "customers");

        need_number(MEMBER(page, "total"), 10);
        for (size_t i = 0; i < all->n; i++)
            buf_add_format(&ids, "%.*s,",
                           STR_FMT(json_find_text(&all->item[i], STR("id"))));
        if (MEMBER(page, "next")->type == JSON_NULL) {
            assert_int_equal(pages, 4);
            assert_int_equal(all->n, 1);
            break;
        }
        assert_int_equal(all->n, 3);
        snprintf(query, sizeof query, "limit=3&after=%.*s",
                 STR_FMT(MEMBER(page, "next")->text));
    }
    buf_add_char(&ids, '\0');
    assert_string_equal(ids.p, "007,7,9,10,Zo\xc3\xab,a/b c,anna,x1,x2,x3,");
    buf_free(&ids);
    need_ids(e, "limit=2&after=8", "9,10"); /* a cursor need not be an id */
    need_ids(e, "after=x3", "");
    need_ids(e, "limit=1000&after=x1", "x2,x3");
    need_error(e, "/api/customers", "limit=0", ERR_INPUT, "1000");
    need_error(e, "/api/customers", "limit=1001", ERR_INPUT, "1000");
    need_error(e, "/api/customers", "limit=-1", ERR_INPUT, "1000");
    need_error(e, "/api/customers", "limit=2.5", ERR_INPUT, "1000");
    need_error(e, "/api/customers", "limit=all", ERR_INPUT, "1000");
    arena_free(&a);
    engine_close(e);
}

TEST(the_list_as_csv_is_whole_and_runs_no_formula)
{
    struct engine *e = bottega_with(NULL,
                                    "1|=1+2|2026-01-01|signed_up|\n"
                                    "2|a,b|2026-01-02|signed_up|\n"
                                    "3|7|2026-01-03|signed_up|\n",
                                    NOW);
    struct arena a = {};
    const char *type, *body;
    struct err err;

    body = ask(e, "/api/customers", "format=csv&limit=1", &a, &type, &err);
    assert_non_null(body);
    assert_string_equal(type, "text/csv; charset=utf-8");
    assert_string_equal(
        body, "id,stage,since,first,last,events\n"
              "7,reach,2026-01-03T00:00:00.000Z,2026-01-03T00:00:00.000Z,"
              "2026-01-03T00:00:00.000Z,1\n"
              "\"'=1+2\",reach,2026-01-01T00:00:00.000Z,2026-01-01T00:00:00.000Z,"
              "2026-01-01T00:00:00.000Z,1\n"
              "\"a,b\",reach,2026-01-02T00:00:00.000Z,2026-01-02T00:00:00.000Z,"
              "2026-01-02T00:00:00.000Z,1\n");
    need_error(e, "/api/customers", "format=xml", ERR_INPUT, "csv");
    arena_free(&a);
    engine_close(e);
}

/* --- /api/customers/ID --- */

TEST(one_customer_by_any_id)
{
    static const char *const id[] = {"anna", "a/b c", "Zo\xc3\xab", "007"};
    struct engine *e = bottega_open(NOW);
    struct arena a = {};

    for (size_t i = 0; i < sizeof id / sizeof *id; i++) {
        char path[64];

        snprintf(path, sizeof path, "/api/customers/%s", id[i]);
        need_text(MEMBER(ask_json(e, path, "", &a), "id"), id[i]);
    }
    need_error(e, "/api/customers/Anna", "", ERR_NOT_FOUND, "Anna");
    need_error(e, "/api/customers/anna/", "", ERR_NOT_FOUND, "anna/");
    need_error(e, "/api/customers/", "", ERR_NOT_FOUND, "openapi");
    arena_free(&a);
    engine_close(e);
}

TEST(one_customer_at_a_moment_in_a_language)
{
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct json *then =
        ask_json(e, "/api/customers/anna", "at=2026-02-10T09:59:59.999Z&lang=pt", &a);
    const struct json *now =
        ask_json(e, "/api/customers/anna", "at=2026-02-10T10:00:00.000Z&lang=en", &a);

    need_text(MEMBER(then, "stage"), "buyer");
    need_text(MEMBER(now, "stage"), "at_risk");
    assert_false(str_eq(json_find_text(&MEMBER(then, "moves")->item[1], STR("words")),
                        json_find_text(&MEMBER(now, "moves")->item[1], STR("words"))));
    assert_int_equal(
        MEMBER(ask_json(e, "/api/customers/anna", "at=2025-01-01", &a), "stage")->type,
        JSON_NULL);
    need_error(e, "/api/customers/anna", "lang=xx", ERR_INPUT, "en, it, pt");
    need_error(e, "/api/customers/anna", "at=2026-13-01", ERR_INPUT, "at");
    need_error(e, "/api/customers/anna", "at=2030-01-01", ERR_INPUT, "future");
    arena_free(&a);
    engine_close(e);
}

/* --- who may be one customer with whom --- */

TEST(suspicions_are_asked_for_by_page)
{
    static const char *const path[] = {"/api/suspicions", "/api/decisions",
                                       "/api/similar"};
    struct engine *e = bottega_open(NOW);

    need_body(e, path[0], "", "{\"total\":0,\"suspicions\":[],\"next\":null}");
    need_body(e, path[1], "", "{\"total\":0,\"decisions\":[],\"next\":null}");
    need_body(e, path[2], "", "{\"looked\":null,\"total\":0,\"pairs\":[],\"next\":null}");
    for (size_t i = 0; i < 3; i++) {
        need_error(e, path[i], "limit=0", ERR_INPUT, "1 to 1000");
        need_error(e, path[i], "limit=1001", ERR_INPUT, "1 to 1000");
        need_error(e, path[i], "after=x", ERR_INPUT, "after");
        need_error(e, path[i], "after=-1", ERR_INPUT, "after");
        need_error(e, path[i], "customer=Anna", ERR_NOT_FOUND, "Anna");
    }
    need_error(e, path[0], "after=7", ERR_INPUT, "after");
    engine_close(e);
}

/* --- the table --- */

TEST(what_is_no_route_is_not_found)
{
    static const char *const path[] = {"/api",         "/api/",      "/api/infos",
                                       "/api/info/",   "/api/stage", "/API/info",
                                       "/api/customer"};
    struct engine *e = bottega_open(NOW);

    for (size_t i = 0; i < sizeof path / sizeof *path; i++)
        need_error(e, path[i], "", ERR_NOT_FOUND, "no such path");
    engine_close(e);
}

/* From a purchase of 10 to one of 95: 46 days and 14 hours. */
#define FUNNEL_OF_ALL                                                                    \
    "\"whole\":{\"median_ms\":4024800000,\"p90_ms\":4024800000},\"steps\":["             \
    "{\"step\":\"any\",\"customers\":3,\"median_ms\":null,\"p90_ms\":null},"             \
    "{\"step\":\"purchase where revenue > 90\",\"customers\":1,"                         \
    "\"median_ms\":4024800000,\"p90_ms\":4024800000}]"

static void need_listed(struct engine *e, const char *query, const char *wanted)
{
    struct arena a = {};
    const struct json *list = MEMBER(ask_json(e, "/api/funnel", query, &a), "customers");
    struct buf ids = {};

    for (size_t i = 0; i < list->n; i++)
        buf_add_format(&ids, "%s%.*s", i ? "," : "", STR_FMT(list->item[i].text));
    if (!str_eq(buf_str(&ids), str_of(wanted)))
        fail_msg("%s: got \"%.*s\", wanted \"%s\"", query, STR_FMT(buf_str(&ids)),
                 wanted);
    buf_free(&ids);
    arena_free(&a);
}

TEST(a_funnel_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/funnel",
        "steps=any,purchase where revenue > 90&by=trait.country&stopped=1&to=2026-02-01",
        "{\"at\":\"2026-06-01T00:00:00.000Z\"," FUNNEL_OF_ALL
        ",\"stopped\":[{\"step\":\"any\",\"customers\":2,\"next\":["
        "{\"event\":\"purchase\",\"customers\":1},{\"event\":null,\"customers\":1}]}],"
        "\"by\":\"trait.country\",\"groups\":[{\"value\":null," FUNNEL_OF_ALL "}],"
        "\"customers\":[\"9\",\"anna\"]}");
    need_listed(e, "steps=any,purchase where revenue > 90&to=2026-02-01&reached=1",
                "9,10,anna");
    need_listed(e, "steps=any,purchase where revenue > 90&to=2026-02-01&reached=2", "10");
    need_listed(e, "steps=purchase&by=channel&reached=1&group_missing=1", "9,10,anna");
    need_listed(e, "steps=purchase&by=channel&reached=1&group=web", "");
    need_listed(e, "steps=purchase&by=weekday&stopped=1&group=1", "9,10");
    need_error(e, "/api/funnel", "steps=purchase&group=1&reached=1", ERR_INPUT, "by");
    need_error(e, "/api/funnel", "steps=purchase&by=channel&group=1", ERR_INPUT,
               "listed");
    need_error(e, "/api/funnel", "steps=purchase&stopped=1&reached=1", ERR_INPUT,
               "not both");
    need_error(e, "/api/funnel", "steps=purchase&by=channel&group=1&group_missing=1",
               ERR_INPUT, "not both");
    need_error(e, "/api/funnel", "steps=purchase&reached=17", ERR_INPUT, "from 1");
    need_error(e, "/api/funnel", "steps=purchase&group_missing=yes", ERR_INPUT, "is 1");
    need_error(e, "/api/funnel", "", ERR_INPUT, "commas between");
    need_error(e, "/api/funnel", "steps=purchase&strict=yes", ERR_INPUT, "strict is 1");
    need_error(e, "/api/funnel", "steps=purchase&stopped=0", ERR_INPUT, "from 1");
    need_error(e, "/api/funnel", "steps=purchase&stopped=2", ERR_INPUT, "no step 2");
    need_error(e, "/api/funnel", "steps=purchase&by=items", ERR_INPUT, "is a list");
    need_error(e, "/api/funnel", "steps=purchase&segment=vips", ERR_INPUT, "\"vip\"");
    need_error(e, "/api/funnel", "steps=purchase&at=2027-01-01", ERR_INPUT, "future");
    need_error(e, "/api/funnel", "steps=purchase&from=2026-02-01&to=2026-02-01",
               ERR_INPUT, "later than from");
    need_error(e, "/api/funnel", "steps=purchase&against=2026-01-01", ERR_INPUT,
               "FROM..TO");
    need_error(e, "/api/funnel", "steps=purchase&against=..", ERR_INPUT, "no moment");
    need_error(e, "/api/funnel", "steps=purchase&against=2026-02-01..2026-01-01",
               ERR_INPUT, "ends before");
    need_error(e, "/api/funnel", "steps=purchase&against_segment=vips", ERR_INPUT,
               "\"vip\"");
    need_error(e, "/api/funnel", "steps=purchase&against_segment=vip&by=channel",
               ERR_INPUT, "broken down");
    need_error(e, "/api/funnel", "steps=purchase&against_segment=vip&stopped=1",
               ERR_INPUT, "listed");
    engine_close(e);
}

TEST(how_long_it_lasts_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(e, "/api/survival",
              "first=stage.buyer&end=not stage.buyer&by=segment.vip&customers=ended"
              "&within=30d&group=yes",
              "{\"at\":\"2026-02-21T23:00:00.000Z\",\"first\":\"stage.buyer\","
              "\"end\":\"not stage.buyer\",\"by\":\"segment.vip\","
              "\"mean_to_ms\":2592000000,\"log_rank\":null,"
              "\"groups\":[{\"value\":\"no\",\"customers\":2,\"ended\":2,"
              "\"expected\":2,\"median_ms\":2592000000,\"median_low_ms\":null,"
              "\"median_high_ms\":null,\"mean_ms\":2592000000,"
              "\"mean_error_ms\":0,\"points\":[{\"after_ms\":0,\"at_risk\":2,"
              "\"ended\":0,\"censored\":0,\"share\":1,\"error\":0,\"low\":null,"
              "\"high\":null},{\"after_ms\":2592000000,\"at_risk\":2,\"ended\":2,"
              "\"censored\":0,\"share\":0,\"error\":0,\"low\":null,"
              "\"high\":null}]},{\"value\":\"yes\",\"customers\":1,\"ended\":1,"
              "\"expected\":1,\"median_ms\":2592000000,\"median_low_ms\":null,"
              "\"median_high_ms\":null,\"mean_ms\":2592000000,"
              "\"mean_error_ms\":0,\"points\":[{\"after_ms\":0,\"at_risk\":1,"
              "\"ended\":0,\"censored\":0,\"share\":1,\"error\":0,\"low\":null,"
              "\"high\":null},{\"after_ms\":2592000000,\"at_risk\":1,\"ended\":1,"
              "\"censored\":0,\"share\":0,\"error\":0,\"low\":null,"
              "\"high\":null}]}],\"customers\":[\"9\"]}");
    need_error(e, "/api/survival", "first=purchase", ERR_INPUT, "end what it ends with");
    need_error(e, "/api/survival", "end=purchase", ERR_INPUT, "where somebody begins");
    need_error(e, "/api/survival", "first=any&end=purchase&within=3d", ERR_INPUT,
               "are of");
    need_error(e, "/api/survival", "first=any&end=purchase&every=1mo", ERR_INPUT,
               "always the same");
    need_error(e, "/api/survival", "first=any&end=purchase&every=1s", ERR_LIMIT,
               "at most");
    need_error(e, "/api/survival", "first=purchase&end=any&by=items", ERR_INPUT, "list");
    need_error(e, "/api/survival", "first=any&end=stage.buyers", ERR_INPUT, "buyer?");
    engine_close(e);
}

TEST(who_stays_and_who_goes_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(e, "/api/churn",
              "active=stage.buyer&by=month&period=2026-01&who=new&to=2026-02-01",
              "{\"at\":\"2026-02-21T23:00:00.000Z\",\"by\":\"month\","
              "\"periods\":[{\"period\":\"2026-01\","
              "\"from\":\"2025-12-31T23:00:00.000Z\","
              "\"to\":\"2026-01-31T23:00:00.000Z\",\"start\":0,\"kept\":0,"
              "\"lost\":0,\"new\":3,\"returned\":0,\"passed\":0,\"end\":3,"
              "\"rates\":{\"start\":null,\"end\":null,\"all\":{\"retention\":1,"
              "\"churn\":0,\"low\":0.438502968245,\"high\":1},"
              "\"average\":{\"retention\":1,\"churn\":0}}}],\"customers\":[\"9\","
              "\"10\",\"anna\"]}");
    need_error(e, "/api/churn", "", ERR_INPUT, "who is a customer");
    need_error(e, "/api/churn", "active=purchase&by=hour", ERR_INPUT, "day, week");
    need_error(e, "/api/churn", "active=purchase&who=new", ERR_INPUT, "go together");
    need_error(e, "/api/churn", "active=purchase&period=2026-01&who=all", ERR_INPUT,
               "kept, lost");
    need_error(e, "/api/churn", "active=purchase&period=2026-02&who=new", ERR_INPUT,
               "no period");
    need_error(e, "/api/churn",
               "active=purchase&period=2026-01&who=new&against_segment=vip", ERR_INPUT,
               "without against");
    need_error(e, "/api/churn", "active=purchase&against=2026-01-01", ERR_INPUT,
               "FROM..TO");
    need_error(e, "/api/churn", "active=purchase,any&value=revenue", ERR_INPUT,
               "is not one event");
    need_error(e, "/api/churn", "active=stage.buyer&value=revenue", ERR_INPUT,
               "is not one event");
    need_error(e, "/api/churn", "active=purchase&value=sku", ERR_INPUT, "only numbers");
    engine_close(e);
}

TEST(who_goes_on_from_a_stage_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_error(e, "/api/stages", "within=3d", ERR_INPUT, "goes with conversion=1");
    need_error(e, "/api/stages", "group_missing=1", ERR_INPUT, "goes with conversion=1");
    need_error(e, "/api/stages", "conversion=2", ERR_INPUT, "conversion is 1");
    need_error(e, "/api/stages", "conversion=1&customers=reach", ERR_INPUT,
               "go together");
    need_error(e, "/api/stages", "conversion=1&group=IT", ERR_INPUT, "of customers");
    need_error(e, "/api/stages", "conversion=1&customers=buyers&who=forward", ERR_INPUT,
               "did you mean buyer?");
    need_error(e, "/api/stages", "conversion=1&customers=buyer&who=sideways", ERR_INPUT,
               "not \"sideways\"");
    need_error(e, "/api/stages", "conversion=1&customers=buyer&who=stage.x", ERR_INPUT,
               "no stage \"x\"");
    need_error(e, "/api/stages", "conversion=1&customers=buyer&who=lost&group=IT",
               ERR_INPUT, "give by");
    need_error(e, "/api/stages",
               "conversion=1&customers=buyer&who=lost&by=trait.country&group=Rome",
               ERR_INPUT, "nobody has the value \"Rome\"");
    need_error(e, "/api/stages",
               "conversion=1&customers=buyer&who=lost&against_segment=vip", ERR_INPUT,
               "without against");
    need_error(e, "/api/stages", "conversion=1&within=soon", ERR_INPUT, "within");
    need_error(e, "/api/stages", "conversion=1&by=revenue", ERR_INPUT, "trait.x");
    need_error(e, "/api/stages", "conversion=1&by=trait.cuntry", ERR_INPUT, "cuntry");
    need_error(e, "/api/stages", "conversion=1&segment=vips", ERR_INPUT, "vip");
    need_error(e, "/api/stages", "conversion=1&when=count(", ERR_INPUT, "");
    need_error(e, "/api/stages", "conversion=1&lifecycle=x", ERR_INPUT, "x");
    need_error(e, "/api/stages", "conversion=1&from=2026-02-02&to=2026-01-01", ERR_INPUT,
               "ends before");
    engine_close(e);
}

TEST(cohorts_are_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/cohorts",
        "first=purchase&value=revenue&to=2026-02-01&at=2026-02-28"
        "&cohort=2026-01&period=2026-02&cumulated=1&by=month",
        "{\"at\":\"2026-02-27T23:00:00.000Z\",\"by\":\"month\",\"cumulated\":true,"
        "\"cohorts\":[{\"cohort\":\"2026-01\",\"start\":\"2025-12-31T23:00:00.000Z\","
        "\"customers\":3,\"periods\":["
        "{\"period\":\"2026-01\",\"customers\":3,\"events\":3,\"value\":170.00},"
        "{\"period\":\"2026-02\",\"customers\":3,\"events\":4,\"value\":265.00}]}],"
        "\"again\":[{\"times\":1,\"customers\":3,\"once_more\":1,\"share\":0.333333,"
        "\"low\":0.061492,\"high\":0.79234},{\"times\":2,\"customers\":1,"
        "\"once_more\":0,\"share\":0,\"low\":0,\"high\":0.793451}],"
        "\"customers\":[\"10\"]}");
    need_error(e, "/api/cohorts", "", ERR_INPUT, "first is");
    need_error(e, "/api/cohorts", "first=purchase&cohort=2026-01&against_segment=vip",
               ERR_INPUT, "one side");
    need_error(e, "/api/cohorts", "first=purchase&by=hour", ERR_INPUT, "day, week");
    need_error(e, "/api/cohorts", "first=purchase&period=2026-01", ERR_INPUT,
               "period and times are");
    need_error(e, "/api/cohorts", "first=purchase&value=sku", ERR_INPUT, "only numbers");
    engine_close(e);
}

TEST(scores_are_told)
{
    struct engine *e = bottega_open(NOW);

    /* Last on 5 January, 11 January, 20 February; 120, 40, 105 spent; 1, 1, 2 times. */
    need_body(
        e, "/api/rfm", "event=purchase&value=revenue&method=ranks&customers=all",
        "{\"at\":\"2026-06-01T00:00:00.000Z\",\"method\":\"ranks\",\"total\":3,\"cuts\":{"
        "},"
        "\"cells\":["
        "{\"recency\":1,\"frequency\":1,\"monetary\":4,\"customers\":1,\"value\":120.00},"
        "{\"recency\":2,\"frequency\":2,\"monetary\":1,\"customers\":1,\"value\":40.00},"
        "{\"recency\":4,\"frequency\":4,\"monetary\":2,\"customers\":1,\"value\":105.00}]"
        ","
        "\"groups\":[{\"group\":\"champions\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"loyal\",\"customers\":1,\"value\":105.00},"
        "{\"group\":\"potential loyalists\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"new\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"promising\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"need attention\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"about to sleep\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"cannot lose\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"at risk\",\"customers\":0,\"value\":0.00},"
        "{\"group\":\"hibernating\",\"customers\":2,\"value\":160.00}],\"customers\":["
        "{\"id\":\"9\",\"recency\":1,\"frequency\":1,\"monetary\":4,"
        "\"last\":\"2026-01-05T09:30:00.250Z\",\"days\":147,\"events\":1,\"value\":120."
        "00},"
        "{\"id\":\"10\",\"recency\":4,\"frequency\":4,\"monetary\":2,"
        "\"last\":\"2026-02-20T23:30:00.000Z\",\"days\":100,\"events\":2,\"value\":105."
        "00},"
        "{\"id\":\"anna\",\"recency\":2,\"frequency\":2,\"monetary\":1,"
        "\"last\":\"2026-01-11T10:00:00.000Z\",\"days\":141,\"events\":1,\"value\":40.00}"
        "]}");
    need_error(e, "/api/rfm", "event=purchase", ERR_INPUT, "value a property");
    need_error(e, "/api/rfm", "event=purchase&value=sku", ERR_INPUT, "only numbers");
    need_error(e, "/api/rfm", "event=purchase&value=revenue&customers=lost", ERR_INPUT,
               "is no group");
    need_error(e, "/api/rfm", "event=purchase&value=revenue&days=yes", ERR_INPUT,
               "days is 1");
    engine_close(e);
}

TEST(paths_are_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(
        e, "/api/paths", "steps=2&top=1&links=1&customers=(other)",
        "{\"at\":\"2026-06-01T00:00:00.000Z\",\"direction\":\"forwards\",\"steps\":2,"
        "\"ways\":10,\"customers\":10,\"paths\":[{\"steps\":[\"signed_up\"],"
        "\"ended\":true,\"ways\":7,\"customers\":7}],"
        "\"other\":{\"paths\":3,\"ways\":3,\"customers\":3},\"nodes\":["
        "{\"step\":1,\"name\":\"signed_up\",\"kind\":\"step\",\"ways\":8,"
        "\"customers\":8},"
        "{\"step\":1,\"name\":\"(other)\",\"kind\":\"other\",\"ways\":2,"
        "\"customers\":2},"
        "{\"step\":2,\"name\":\"purchase\",\"kind\":\"step\",\"ways\":2,"
        "\"customers\":2},"
        "{\"step\":2,\"name\":\"(end)\",\"kind\":\"end\",\"ways\":8,\"customers\":8}],"
        "\"links\":[{\"step\":1,\"from\":0,\"to\":3,\"ways\":7,\"customers\":7},"
        "{\"step\":1,\"from\":0,\"to\":2,\"ways\":1,\"customers\":1},"
        "{\"step\":1,\"from\":1,\"to\":2,\"ways\":1,\"customers\":1},"
        "{\"step\":1,\"from\":1,\"to\":3,\"ways\":1,\"customers\":1}],"
        "\"listed\":[\"9\",\"10\",\"anna\"]}");
    need_body(
        e, "/api/paths", "before=stage.lapsed&each=1&through=stage&steps=8&top=5",
        "{\"at\":\"2026-06-01T00:00:00.000Z\",\"direction\":\"backwards\",\"steps\":8,"
        "\"ways\":3,\"customers\":3,\"paths\":["
        "{\"steps\":[\"reach\",\"buyer\",\"at_risk\",\"stage.lapsed\"],"
        "\"ended\":true,\"ways\":2,\"customers\":2},"
        "{\"steps\":[\"reach\",\"buyer\",\"at_risk\",\"buyer\",\"at_risk\","
        "\"stage.lapsed\"],\"ended\":true,\"ways\":1,\"customers\":1}],"
        "\"other\":{\"paths\":0,\"ways\":0,\"customers\":0}}");
    need_error(e, "/api/paths", "steps=9", ERR_INPUT, "from 1 to 8");
    need_error(e, "/api/paths", "steps=1", ERR_INPUT, "from 2 to 8");
    need_error(e, "/api/paths", "top=1001", ERR_INPUT, "from 1 to 1000");
    need_error(e, "/api/paths", "each=yes", ERR_INPUT, "each is 1");
    need_error(e, "/api/paths", "step=1", ERR_INPUT, "customers names");
    need_error(e, "/api/paths", "step=6&customers=any", ERR_INPUT, "no step 6");
    need_error(e, "/api/paths", "through=items", ERR_INPUT, "is a list");
    need_error(e, "/api/paths", "lifecycle=other", ERR_INPUT, "lifecycle");
    engine_close(e);
}

TEST(the_journey_map_is_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(e, "/api/journey-map",
              "when=count(purchase) > 1&worse=at_risk&score=any.hour&events=purchase"
              "&customers=reach&lost=1",
              "{\"at\":\"2026-06-01T00:00:00.000Z\",\"stages\":[],\"listed\":[]}");
    need_body(
        e, "/api/journey-map", "when=count(purchase) > 1&worse=lapsed&within=40d",
        "{\"at\":\"2026-06-01T00:00:00.000Z\",\"stages\":["
        "{\"stage\":\"reach\",\"customers\":1,\"events\":1,\"since_ms\":0,\"until_ms\":0,"
        "\"touches\":1,\"lost\":0,\"low\":0,\"high\":0.793451,\"touchpoints\":["
        "{\"touchpoint\":\"purchase\",\"customers\":1,\"events\":1,\"since_ms\":0,"
        "\"until_ms\":0,\"touches\":1,\"lost\":0,\"low\":0,\"high\":0.793451,"
        "\"others\":{\"touches\":0,\"lost\":0},\"difference\":0,"
        "\"difference_low\":-1,\"difference_high\":1,\"pain\":false}],"
        "\"other\":{\"touchpoints\":0,\"events\":0}},"
        "{\"stage\":\"at_risk\",\"customers\":1,\"events\":1,\"since_ms\":1432800000,"
        "\"until_ms\":0,\"touches\":1,\"lost\":0,\"low\":0,\"high\":0.793451,"
        "\"touchpoints\":[{\"touchpoint\":\"purchase\",\"customers\":1,\"events\":1,"
        "\"since_ms\":1432800000,\"until_ms\":0,\"touches\":1,\"lost\":0,\"low\":0,"
        "\"high\":0.793451,\"others\":{\"touches\":0,\"lost\":0},\"difference\":0,"
        "\"difference_low\":-1,\"difference_high\":1,\"pain\":false}],"
        "\"other\":{\"touchpoints\":0,\"events\":0}}]}");
    need_error(e, "/api/journey-map", "top=0", ERR_INPUT, "from 1 to 1000");
    need_error(e, "/api/journey-map", "touchpoint=purchase", ERR_INPUT,
               "customers names");
    need_error(e, "/api/journey-map", "lost=1", ERR_INPUT, "customers names");
    need_error(e, "/api/journey-map", "customers=nowhere", ERR_INPUT, "no stage");
    need_error(e, "/api/journey-map", "within=soon", ERR_INPUT, "within");
    need_error(e, "/api/journey-map", "score=purchase", ERR_INPUT, "is a number");
    engine_close(e);
}

TEST(overlaps_are_told)
{
    struct engine *e = bottega_open(NOW);

    need_body(e, "/api/overlap", "segments=vip,quiet&customers=quiet,vip",
              "{\"at\":\"2026-06-01T00:00:00.000Z\",\"of\":10,\"segments\":["
              "{\"segment\":\"vip\",\"customers\":2},"
              "{\"segment\":\"quiet\",\"customers\":10}],\"pairs\":["
              "{\"a\":\"vip\",\"b\":\"quiet\",\"both\":2,\"either\":10,\"jaccard\":0.2}],"
              "\"exactly\":[{\"segments\":[],\"customers\":0},"
              "{\"segments\":[\"vip\"],\"customers\":0},"
              "{\"segments\":[\"quiet\"],\"customers\":8},"
              "{\"segments\":[\"vip\",\"quiet\"],\"customers\":2}],"
              "\"customers\":[\"9\",\"10\"]}");
    need_error(e, "/api/overlap", "", ERR_INPUT, "2 to 12");
    need_error(e, "/api/overlap", "segments=vip,quit", ERR_INPUT, "mean \"quiet\"");
    need_error(e, "/api/overlap", "segments=vip,quiet&customers=all", ERR_INPUT,
               "\"all\" is none");
    engine_close(e);
}

/* The document is made from the table of routes: each of its paths is answered, each of its
 * parameters is heard, and what is not in it is none. */
TEST(the_openapi_document_tells_every_route)
{
    static const struct {
        const char *path, *method;
        size_t params, fields;
    } route[] = {
        {"/api/info", "get", 2, 0},
        {"/api/stages", "get", 16, 0},
        {"/api/stages/periods", "get", 6, 0},
        {"/api/customers", "get", 15, 0},
        {"/api/customers/{id}", "get", 4, 0},
        {"/api/members/{id}", "get", 3, 0},
        {"/api/segments", "get", 2, 0},
        {"/api/segments/periods", "get", 3, 0},
        {"/api/lookalikes", "get", 6, 0},
        {"/api/personas", "get", 8, 0},
        {"/api/lists", "post", 0, 4},
        {"/api/spend", "get", 5, 0},
        {"/api/spend", "post", 0, 13},
        {"/api/funnel", "get", 18, 0},
        {"/api/cohorts", "get", 18, 0},
        {"/api/rfm", "get", 15, 0},
        {"/api/overlap", "get", 7, 0},
        {"/api/attribution", "get", 17, 0},
        {"/api/paths", "get", 22, 0},
        {"/api/survival", "get", 19, 0},
        {"/api/churn", "get", 14, 0},
        {"/api/lift", "get", 15, 0},
        {"/api/lift/plan", "get", 5, 0},
        {"/api/value", "get", 14, 0},
        {"/api/value/equity", "get", 14, 0},
        {"/api/value/fits", "get", 0, 0},
        {"/api/value/fits/{day}", "delete", 1, 0},
        {"/api/value/keep", "post", 0, 7},
        {"/api/value/keep/{job}", "get", 1, 0},
        {"/api/value/keep/{job}", "delete", 1, 0},
        {"/api/ledger", "get", 10, 0},
        {"/api/propensity", "get", 10, 0},
        {"/api/journey-map", "get", 17, 0},
        {"/api/channels", "get", 16, 0},
        {"/api/live", "get", 5, 0},
        {"/api/suspicions", "get", 3, 0},
        {"/api/decisions", "get", 3, 0},
        {"/api/similar", "get", 3, 0},
        {"/api/similar", "post", 0, 1},
        {"/api/similar/{job}", "get", 1, 0},
        {"/api/similar/{job}", "delete", 1, 0},
        {"/api/identity", "post", 0, 3},
        {"/api/model/check", "post", 0, 2},
        {"/api/model/check/{job}", "get", 1, 0},
        {"/api/model/check/{job}", "delete", 1, 0},
        {"/api/model/backtest", "post", 0, 4},
        {"/api/model/backtest/{job}", "get", 3, 0},
        {"/api/model/backtest/{job}", "delete", 1, 0},
        {"/api/model/apply", "post", 0, 3},
        {"/api/model/apply/{job}", "get", 1, 0},
        {"/api/model/apply/{job}", "delete", 1, 0},
        {"/api/model/versions", "get", 0, 0},
        {"/api/model/versions/{number}", "get", 1, 0},
        {"/api/model/diff", "get", 2, 0},
        {"/api/session", "get", 0, 0},
        {"/api/session", "post", 0, 1},
        {"/api/session", "delete", 0, 0},
        {"/api/person/{id}", "get", 1, 0},
        {"/api/consent/{id}", "get", 4, 0},
        {"/api/retention", "get", 0, 0},
        {"/api/retention", "post", 0, 0},
        {"/api/retention/{job}", "get", 1, 0},
        {"/api/retention/{job}", "delete", 1, 0},
        {"/api/dictionary", "get", 0, 0},
        {"/api/refused", "get", 4, 0},
        {"/api/refused/rows", "get", 4, 0},
        {"/api/refused/resend", "post", 0, 8},
        {"/api/erase", "post", 0, 1},
        {"/api/erase/{job}", "get", 1, 0},
        {"/api/erase/{job}", "delete", 1, 0},
        {"/api/receipts", "get", 0, 0},
        {"/api/keys", "get", 0, 0},
        {"/api/keys", "post", 0, 3},
        {"/api/keys/{name}", "delete", 1, 0},
        {"/api/webhooks", "get", 0, 0},
        {"/api/webhooks", "post", 0, 8},
        {"/api/webhooks/replay", "post", 0, 2},
        {"/api/webhooks/test", "post", 0, 1},
        {"/api/webhooks/{name}", "delete", 1, 0},
        {"/api/views", "get", 0, 0},
        {"/api/views", "post", 0, 2},
        {"/api/views/{name}", "get", 1, 0},
        {"/api/views/{name}", "delete", 1, 0},
        {"/api/dashboards", "get", 0, 0},
        {"/api/dashboards", "post", 0, 2},
        {"/api/dashboards/{name}", "post", 1, 2},
        {"/api/dashboards/{name}", "delete", 1, 0},
        {"/api/alerts", "get", 0, 0},
        {"/api/alerts", "post", 0, 7},
        {"/api/alerts/try", "post", 0, 6},
        {"/api/alerts/{name}", "delete", 1, 0},
        {"/api/openapi.json", "get", 0, 0},
    };
    enum { N = sizeof route / sizeof *route };
    struct engine *e = bottega_open(NOW);
    struct arena a = {};
    const struct json *api = ask_json(e, "/api/openapi.json", "", &a),
                      *paths = MEMBER(api, "paths");
    size_t operations = 0, collecting = 0;

    need_text(MEMBER(api, "openapi"), "3.1.0");
    need_text(MEMBER(MEMBER(api, "info"), "version"), CICLO_VERSION);
    for (size_t i = 0; i < paths->n; i++)
        *(collect_has(paths->name[i]) ? &collecting : &operations) += paths->item[i].n;
    assert_int_equal(operations, N);
    assert_int_equal(collecting, 28);
    assert_non_null(MEMBER(MEMBER(MEMBER(paths, "/v1/batch"), "post"), "requestBody"));
    assert_non_null(MEMBER(MEMBER(paths, "/v1/projects/{key}/settings"), "get"));
    for (size_t i = 0; i < N; i++) {
        const struct json *operation =
            json_find(json_find(paths, str_of(route[i].path)), str_of(route[i].method));
        const struct json *params = MEMBER(operation, "parameters"),
                          *body = MEMBER(operation, "requestBody"),
                          *json = MEMBER(MEMBER(body, "content"), "application/json");

        assert_non_null(params);
        assert_int_equal(params->n, route[i].params);
        assert_true(json_find_text(operation, STR("summary")).n > 0);
        assert_non_null(MEMBER(MEMBER(operation, "responses"), "2XX"));
        for (size_t k = 0; k < params->n; k++) {
            bool in_path =
                str_eq(json_find_text(&params->item[k], STR("in")), STR("path"));

            assert_true(json_find_text(&params->item[k], STR("description")).n > 0);
            assert_int_equal(MEMBER(&params->item[k], "required")->truth, in_path);
        }
        assert_int_equal(body != NULL, route[i].fields > 0);
        if (body)
            assert_int_equal(MEMBER(MEMBER(json, "schema"), "properties")->n,
                             route[i].fields);
    }
    arena_free(&a);
    engine_close(e);
}

TEST(a_path_says_which_methods_it_takes)
{
    static const struct {
        const char *path, *method, *allow; /* NULL: it is taken */
    } all[] = {
        {"/api/info", "GET", NULL},
        {"/api/info", "HEAD", NULL},
        {"/api/info", "POST", "GET, HEAD"},
        {"/api/info", "get", "GET, HEAD"},
        {"/api/none", "GET", NULL}, /* and is not found */
        {"/api/none", "POST", "GET, HEAD"},
        {"/", "DELETE", "GET, HEAD"},
        {"/api/model/check", "POST", NULL},
        {"/api/model/check", "GET", "POST"},
        {"/api/model/apply/1", "DELETE", NULL},
        {"/api/model/apply/1", "POST", "GET, HEAD, DELETE"},
        {"/api/model/apply/", "POST", "GET, HEAD"},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *allow = NULL;
        bool taken = api_takes(str_of(all[i].path), all[i].method, &allow);

        if (taken != !all[i].allow)
            fail_msg("%s %s is %staken", all[i].method, all[i].path, taken ? "" : "not ");
        if (!taken)
            assert_string_equal(allow, all[i].allow);
    }
}

TEST(every_code_has_its_status_and_its_name)
{
    static const struct {
        enum err_code code;
        int status;
        const char *body;
    } all[] = {
        {ERR_INPUT, 400, "{\"error\":{\"code\":\"input\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_NOT_FOUND, 404,
         "{\"error\":{\"code\":\"not_found\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_CONFLICT, 409,
         "{\"error\":{\"code\":\"conflict\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_LIMIT, 413, "{\"error\":{\"code\":\"limit\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_NOMEM, 503, "{\"error\":{\"code\":\"nomem\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_IO, 500, "{\"error\":{\"code\":\"io\",\"message\":\"a \\\"b\\\"\"}}"},
        {ERR_CORRUPT, 500,
         "{\"error\":{\"code\":\"corrupt\",\"message\":\"a \\\"b\\\"\"}}"},
    };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct err err;
        struct buf b = {};

        err_set(&err, all[i].code, "a \"b\"");
        api_put_error(&b, &err, STR(""));
        buf_add_char(&b, '\0');
        assert_string_equal(b.p, all[i].body);
        assert_int_equal(api_status(all[i].code), all[i].status);
        buf_free(&b);
    }
    assert_int_equal(api_status(ERR_NONE), 200);
}

TEST(an_error_in_a_text_says_where)
{
    struct buf b = {};
    struct err err;

    err_at(&err, 3, 14, "no such stage");
    api_put_error(&b, &err, STR(""));
    buf_add_char(&b, '\0');
    assert_string_equal(b.p,
                        "{\"error\":{\"code\":\"input\",\"message\":\"no such stage\","
                        "\"line\":3,\"column\":14}}");
    buf_clear(&b);
    api_put_error(&b, &err, STR("stage = \"b\""));
    buf_add_char(&b, '\0');
    assert_string_equal(b.p,
                        "{\"error\":{\"code\":\"input\",\"message\":\"no such stage\","
                        "\"line\":3,\"column\":14,\"text\":\"stage = \\\"b\\\"\"}}");
    buf_free(&b);
}

/* --- memory that runs out --- */

struct asked {
    struct engine *e;
    const char *path, *query, *wanted;
};

/* SQLite gets along without some of its memory: then the answer is the one it was. */
static bool ask_once(void *context, struct err *err)
{
    const struct asked *q = context;
    struct arena a = {};
    const char *body = ask(q->e, q->path, q->query, &a, NULL, err);

    if (body)
        assert_string_equal(body, q->wanted);
    arena_free(&a);
    return body;
}

TEST(every_answer_survives_the_lack_of_memory)
{
    struct engine *e = bottega_open(NOW);
    struct asked asked[] = {
        {e, "/api/info", "", NULL},
        {e, "/api/stages", "at=2026-03-01&from=2026-01-01", NULL},
        {e, "/api/stages", "kpi=1", NULL},
        {e, "/api/stages/periods", "by=week", NULL},
        {e, "/api/segments", "at=2026-03-01&from=2026-01-01", NULL},
        {e, "/api/segments/periods", "by=week", NULL},
        {e, "/api/funnel",
         "steps=purchase,purchase where revenue > 50&by=trait.country&when=count(any) > 1"
         "&stopped=1",
         NULL},
        {e, "/api/cohorts",
         "first=any&again=purchase&value=revenue&cohort=2026-01&period=2026-02", NULL},
        {e, "/api/funnel", "steps=any,purchase&against=2026-02-01..2026-03-01", NULL},
        {e, "/api/cohorts", "first=purchase&against=2026-02-01..2026-03-01", NULL},
        {e, "/api/rfm", "event=purchase&value=revenue&customers=all&method=ranks", NULL},
        {e, "/api/paths",
         "through=event,revenue&before=purchase&each=1&links=1&top=1&customers=(other)",
         NULL},
        {e, "/api/journey-map",
         "through=event,channel,revenue&score=any.hour&customers=buyer", NULL},
        {e, "/api/journey-map", "score=any.weekday&events=purchase,signed_up&top=1",
         NULL},
        {e, "/api/paths", "each=1&whole=1&steps=2&top=1", NULL},
        {e, "/api/paths", "through=stage&after=stage.buyer&customers=at_risk&step=2",
         NULL},
        {e, "/api/rfm", "event=purchase&value=revenue&method=interpolated", NULL},
        {e, "/api/rfm",
         "event=purchase&value=revenue&from=-2mo&since=2026-03-01&customers=loyal > "
         "(none)",
         NULL},
        {e, "/api/overlap", "segments=vip,quiet&customers=quiet&when=count(any) > 1",
         NULL},
        {e, "/api/channels",
         "won=signed_up&event=purchase&value=revenue&customers=direct&as=reached", NULL},
        {e, "/api/attribution",
         "conversion=purchase&value=revenue&by=campaign&customers=direct&as=last", NULL},
        {e, "/api/survival",
         "first=stage.buyer&end=not stage.buyer&by=segment.vip&customers=ended&group=yes",
         NULL},
        {e, "/api/survival", "first=signed_up&end=purchase,any&by=trait.country&every=5d",
         NULL},
        {e, "/api/churn", "active=purchase&value=revenue&period=2026-01&who=new", NULL},
        {e, "/api/churn", "active=purchase&value=revenue&against=2026-02-01..2026-03-01",
         NULL},
        {e, "/api/churn", "active=not stage.lapsed&by=week&when=count(any) > 1", NULL},
        {e, "/api/customers", "segment=vip&limit=1", NULL},
        {e, "/api/customers", "format=csv", NULL},
        {e, "/api/customers/10", "lang=pt", NULL},
        {e, "/api/suspicions", "limit=1", NULL},
        {e, "/api/decisions", "customer=10", NULL},
        {e, "/api/stages",
         "conversion=1&kpi=1&by=trait.country&customers=buyer&who=entered", NULL},
        {e, "/api/stages", "conversion=1&within=30d&against_segment=vip", NULL},
        {e, "/api/stages", "segment=vip&when=count(purchase) > 0", NULL},
        {e, "/api/similar", "", NULL},
        {e, "/api/value/fits", "", NULL},
        {e, "/api/model/versions", "", NULL},
        {e, "/api/model/versions/1", "", NULL},
        {e, "/api/model/diff", "from=1&to=1", NULL},
        {e, "/api/openapi.json", "", NULL},
    };
    struct arena a = {};
    struct err err;

    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        asked[i].wanted = ask(e, asked[i].path, asked[i].query, &a, NULL, &err);
        assert_non_null(asked[i].wanted);
        each_oom_kept(ask_once, &asked[i]);
    }
    arena_free(&a);
    engine_close(e);
}
