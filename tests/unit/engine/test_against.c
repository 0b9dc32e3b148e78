#include "engine/attribution.h"
#include "engine/journey.h"
#include "engine/overlap.h"
#include "engine/paths.h"
#include "engine/returns.h"
#include "engine/rfm.h"
#include "engine/survival.h"
#include "support/fail.h"
#include "support/unit.h"
#include "unit/engine/bottega.h"

#include <string.h>

#define NOW "2026-02-01"

static const char model[] =
    "ciclo: 1\n"
    "workspace: { currency: EUR }\n"
    "channels:\n"
    "  - { channel: ads, when: 'source = \"ads\"' }\n"
    "  - { channel: mail, when: 'source = \"mail\"' }\n"
    "events: { purchase: { properties: { revenue: money } } }\n"
    "lifecycle:\n"
    "  start: new\n"
    "  stages: { new: {}, buyer: {} }\n"
    "  moves: [{ from: new, to: buyer, when: exists(purchase) }]\n"
    "segments:\n"
    "  buyers: { when: exists(purchase) }\n"
    "  others: { when: not exists(purchase) }\n";

static const char events[] =
    "a1|anna|2026-01-01|page|'url':'https://x.example/?utm_source=ads&utm_campaign=it'\n"
    "a2|anna|2026-01-03|page|'url':'https://x.example/?utm_source=mail'\n"
    "a3|anna|2026-01-05|purchase|'revenue':10.01\n"
    "b1|bob|2026-01-01|page|'url':'https://x.example/?utm_source=ads'\n"
    "e1|eve|2026-01-12|purchase|'revenue':5\n";

#define EVERYBODY                                                                        \
    {                                                                                    \
        .from_ms = MOMENT_MIN, .to_ms = MOMENT_NEVER, .at_ms = moment_of(NOW),           \
        .known_ms = moment_of(NOW)                                                       \
    }
#define AGAINST                                                                          \
    {                                                                                    \
        STR("2026-01-01..2026-01-10"), STR("buyers")                                     \
    }

/* --- rows of the same name --- */

TEST(rows_are_matched_by_their_names)
{
    static const str left[] = {STR("a"), STR("b"), STR("rare"), STR("a")},
                     right[] = {STR("c"), STR("rare"), STR("b"), STR("hidden")};
    static const bool left_shown[] = {true, true, false, false},
                      right_shown[] = {true, true, true, false};
    static const struct against_row wanted[] = {
        {0, AGAINST_NONE}, {1, 2}, {AGAINST_NONE, 0}, {2, 1}};
    struct against_names here = {left, left_shown, 4}, there = {right, right_shown, 4},
                         none = {};
    const struct against_row *row;
    struct arena a = {};
    struct err err;
    uint32_t n;

    assert_true(against_match(&here, &there, &a, &row, &n, &err));
    assert_int_equal(n, 4);
    assert_memory_equal(row, wanted, sizeof wanted);
    assert_true(against_match(&none, &none, &a, &row, &n, &err) && !n);
    here.shown = NULL;
    assert_true(against_match(&here, &none, &a, &row, &n, &err));
    assert_true(n == 4 && row[3].here == 3 && row[3].there == AGAINST_NONE);
    arena_free(&a);
}

/* --- each report, and what lacks memory --- */

typedef bool asking(struct engine *e, struct arena *a, struct buf *to, str *wrong,
                    struct err *err);

static bool ask_rfm(struct engine *e, struct arena *a, struct buf *to, str *wrong,
                    struct err *err)
{
    struct rfm_question q = {.event = STR("purchase"),
                             .value = STR("revenue"),
                             .scope = EVERYBODY,
                             .against = AGAINST};
    struct rfm_view v;

    if (!engine_rfm(e, &q, a, &v, wrong, err))
        return false;
    rfm_put_json(&(struct json_out){.to = to}, e, &v);
    rfm_view_free(&v);
    return true;
}

static bool ask_overlap(struct engine *e, struct arena *a, struct buf *to, str *wrong,
                        struct err *err)
{
    static const str names[] = {STR("buyers"), STR("others")};
    struct overlap_question q = {.segment = names,
                                 .segment_n = 2,
                                 .scope = EVERYBODY,
                                 .against = {STR("2026-01-10"), STR("")}};
    struct overlap_view v;

    return engine_overlap(e, &q, a, &v, wrong, err)
           && overlap_put_json(&(struct json_out){.to = to}, e, &v, a, err);
}

#define ASK(name, question, view, run, put, done)                                        \
    static bool name(struct engine *e, struct arena *a, struct buf *to, str *wrong,      \
                     struct err *err)                                                    \
    {                                                                                    \
        struct json_out j = {.to = to};                                                  \
        view v;                                                                          \
        bool ok;                                                                         \
        if (!run(e, &question, a, &v, wrong, err))                                       \
            return false;                                                                \
        ok = put(&j, e, &v, a, err);                                                     \
        done(&v);                                                                        \
        return ok;                                                                       \
    }

ASK(ask_paths,
    ((struct paths_question){
        .steps = 3, .top = 1, .scope = EVERYBODY, .against = AGAINST}),
    struct paths_view, engine_paths, paths_put_json, paths_view_free)
ASK(ask_survival,
    ((struct survival_question){.first = STR("any"),
                                .end = STR("purchase"),
                                .every = STR("1d"),
                                .scope = EVERYBODY,
                                .against = AGAINST}),
    struct survival_view, engine_survival, survival_put_json, survival_view_free)
ASK(ask_journey,
    ((struct journey_question){
        .top = 1, .worse = STR("new"), .scope = EVERYBODY, .against = AGAINST}),
    struct journey_view, engine_journey, journey_put_json, journey_view_free)
ASK(ask_returns,
    ((struct returns_question){.event = STR("purchase"),
                               .value = STR("revenue"),
                               .by_campaign = true,
                               .scope = EVERYBODY,
                               .against = AGAINST}),
    struct returns_view, engine_returns, returns_put_json, returns_view_free)
ASK(ask_attribution,
    ((struct attribution_question){.conversion = STR("purchase"),
                                   .by_campaign = true,
                                   .scope = EVERYBODY,
                                   .against = AGAINST}),
    struct attribution_view, engine_attribution, attribution_put_json,
    attribution_view_free)

static const struct {
    asking *ask;
    const char *has;
} report[] = {
    {ask_rfm, "\"difference\":[{\"group\":\"champions\",\"customers\":"},
    {ask_overlap, "\"a\":\"buyers\",\"b\":null,\"customers\":2,\"of\":3,\"against\":{"
                  "\"customers\":1,\"of\":2}"},
    {ask_paths, /* a way that is rare here */
     "\"way\":\"page > page > purchase\",\"customers\":1,\"of\":3,\"against\":{"
     "\"customers\":1,\"of\":1}"},
    {ask_survival, "\"difference\":{\"log_rank\":{\"chi_square\":"},
    {ask_journey, "\"stage\":\"new\",\"touchpoint\":null,\"customers\":"},
    {ask_returns, "\"channel\":\"ads\",\"campaign\":\"it\",\"customers\":1,\"of\":2,"
                  "\"against\":{\"customers\":1,\"of\":1}"},
    {ask_attribution, "\"channel\":\"mail\",\"campaign\":null,\"first\":{\"value\":0,"},
};

struct one {
    struct engine *e;
    asking *ask;
    const char *has;
};

static bool ask_once(void *context, struct err *err)
{
    const struct one *one = context;
    struct arena a = {};
    struct buf to = {};
    str wrong;
    bool ok = one->ask(one->e, &a, &to, &wrong, err);

    buf_add_char(&to, 0);
    if (ok && to.failed)
        ok = err_nomem(err);
    if (ok && !strstr(to.p, one->has))
        fail_msg("no %s in %.*s", one->has, STR_FMT(buf_str(&to)));
    buf_free(&to);
    arena_free(&a);
    return ok;
}

TEST(each_report_stands_beside_another_time_and_segment)
{
    struct engine *e = bottega_with(model, events, NOW);
    struct err err;

    for (size_t i = 0; i < sizeof report / sizeof *report; i++) {
        struct one one = {e, report[i].ask, report[i].has};

        NEED_OK(ask_once(&one, &err), err);
        each_oom_kept(ask_once, &one);
    }
    engine_close(e);
}
