#include "engine/journey.h"

#include "cli/report.h"

enum { TOP = 20 };

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b)
{
    str text = b->failed ? (str){NULL, 0} : arena_str(t->arena, buf_str(b));

    t->failed |= !text.p;
    cli_table_right(t, text.p ? text : STR(""));
    buf_free(b);
}

static void put_heading(struct cli_table *t, const struct journey *j, bool plain)
{
    static const char *const shown[] = {"stage",  "touchpoint", "customers",
                                        "events", "after",      "to next",
                                        "lost",   "others",     "95 % sure"};
    static const char *const exact[] = {
        "stage",          "touchpoint",      "customers", "events", "since_ms",
        "until_ms",       "touches",         "lost",      "others", "others_lost",
        "difference_low", "difference_high", "pain"};
    size_t n = plain ? sizeof exact / sizeof *exact : sizeof shown / sizeof *shown;

    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(plain ? exact[i] : shown[i]));
    if (!plain) {
        t->columns++;
        cli_table_add(t, STR(""));
    }
    if (j->plan.has_score) {
        t->columns += 2;
        cli_table_add(t, STR("score"));
        cli_table_add(t, STR("answers"));
    }
}

static void put_score(struct cli_table *t, const struct journey_row *r)
{
    struct buf b = {};
    struct json_out j = {.to = &b};
    int64_t score;

    if (journey_score(r, &score))
        json_put_num(&j, score);
    add_text(t, &b);
    cli_table_number(t, r->cell->answers);
}

/* What a touchpoint is compared by, for machines: of a stage all of it is empty. */
static void put_exact(struct cli_table *t, const struct journey_row *r)
{
    const double bound[] = {r->low, r->high};

    cli_table_number(t, r->cell->lost.n);
    cli_table_number(t, r->cell->lost.hits);
    if (r->name == NAME_NONE) {
        for (int i = 0; i < 5; i++)
            cli_table_add(t, STR(""));
        return;
    }
    cli_table_number(t, r->others.n);
    cli_table_number(t, r->others.hits);
    for (int i = 0; i < 2; i++) {
        struct buf b = {};

        buf_add_format(&b, "%.6f", bound[i]);
        add_text(t, &b);
    }
    cli_table_add(t, r->pain ? STR("1") : STR("0"));
}

static void put_shown(struct cli_table *t, const struct journey_row *r)
{
    bool compared = r->name != NAME_NONE && r->cell->lost.n && r->others.n;
    struct buf b = {};

    report_share(t, r->cell->lost.hits, r->cell->lost.n);
    report_share(t, r->others.hits, r->others.n);
    if (compared)
        buf_add_format(&b, "%+.1f to %+.1f", 100 * r->low, 100 * r->high);
    add_text(t, &b);
    cli_table_add(t, r->pain ? STR("pain") : STR(""));
}

static void put_rows(struct cli_table *t, const struct journey_view *v, bool plain)
{
    const struct journey *j = v->journey;

    put_heading(t, j, plain);
    for (uint32_t i = 0; i < v->row_n; i++) {
        const struct journey_row *r = &v->row[i];

        cli_table_add(t, r->name && !plain
                             ? STR("")
                             : lifecycle_stage_name(j->plan.lifecycle, r->stage));
        cli_table_add(t, journey_touchpoint(v, r));
        cli_table_number(t, r->cell->customers);
        cli_table_number(t, r->cell->events);
        report_length(t, lengths_quantile(&r->cell->since, 50), plain);
        report_length(t, lengths_quantile(&r->cell->until, 50), plain);
        if (plain)
            put_exact(t, r);
        else
            put_shown(t, r);
        if (j->plan.has_score)
            put_score(t, r);
    }
}

static void put_against(struct cli_table *t, const struct journey_view *v, bool plain)
{
    cli_table_add(t, STR("stage"));
    report_against_heading(t, "touchpoint", plain);
    t->columns++;
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct journey_beside *one = &v->beside[i];

        cli_table_add(t,
                      one->touchpoint.n && !plain
                          ? STR("")
                          : lifecycle_stage_name(v->journey->plan.lifecycle, one->stage));
        cli_table_add(t, one->touchpoint);
        report_against_cells(t, one->here, one->there, plain);
    }
}

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  struct journey_view *v, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};

    if (cli_has(c, "json")) {
        if (!journey_put_json(&j, e, v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
        return true;
    }
    if (v->lists)
        return report_customers(c, b, e, &v->journey->listed, err);
    if (!v->row_n && !v->beside_n && !cli_has(c, "csv")) {
        report_nothing(b, e);
        return true;
    }
    if (v->against)
        put_against(&t, v, cli_has(c, "csv"));
    else
        put_rows(&t, v, cli_has(c, "csv"));
    if (cli_has(c, "csv"))
        cli_table_csv(&t, b);
    else
        cli_table_print(&t, b);
    return true;
}

/* --- what is asked --- */

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct journey_view v;
    bool ok;

    if (!engine_journey(e, question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, err);
    journey_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct journey_question q = {.through = cli_text(c, "through"),
                                 .events = cli_text(c, "events"),
                                 .score = cli_text(c, "score"),
                                 .worse = cli_text(c, "worse"),
                                 .within = cli_text(c, "within"),
                                 .top = TOP,
                                 .lifecycle = cli_text(c, "lifecycle"),
                                 .list_stage = cli_text(c, "customers"),
                                 .list_name = cli_text(c, "touchpoint"),
                                 .list_lost = cli_has(c, "lost"),
                                 .against = report_against(c)};

    if (cli_has(c, "top") && !cli_number(cli_text(c, "top"), &q.top))
        return cli_wrong(c, "--top takes a number from 1 to %u", PATHS_TOP_MAX);
    if ((cli_has(c, "touchpoint") || q.list_lost) && !cli_has(c, "customers"))
        return cli_wrong(c, "--touchpoint and --lost are of the stage that --customers "
                            "names");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"through", "WHAT",
     "touchpoints are called by: event, channel, a property, or several with commas "
     "between; event unless given",
     false},
    {"events", "PATTERNS",
     "which events are touchpoints: any unless given; several with commas between",
     false},
    {"score", "PROPERTY",
     "how content customers are, such as survey_answered.score: of the touchpoint before "
     "the answer",
     false},
    {"worse", "STAGES",
     "whoever moves there is lost: ends, and what stands before in the text, unless "
     "given",
     false},
    {"within", "LENGTH", "in this time after the touch: 30d unless given", false},
    {"top", "N", "touchpoints of a stage that are told apart: 20 unless given", false},
    {"lifecycle", "NAME", "whose stages: the first of the model unless given", false},
    {"from", "DATE", "events then or later (a date or a moment)", false},
    {"to", "DATE", "events before then", false},
    {"customers", "STAGE", "list who has touchpoints in this stage", false},
    {"touchpoint", "NAME", "--customers: only this touchpoint", false},
    {"lost", NULL, "--customers: only those who are lost after it", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_journey_map = {
    "journey-map",
    "FILE",
    "stage by touchpoint: who, when, how content, and where customers are lost",
    options,
    sizeof options / sizeof *options,
    run,
};
