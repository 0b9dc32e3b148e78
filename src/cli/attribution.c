#include "engine/attribution.h"

#include "base/num.h"

#include "cli/report.h"

static void add_value(struct cli_table *t, const struct engine *e,
                      const struct attribution_view *v, __int128 value)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    attribution_put_value(&j, e, v, value);
    t->failed |= b.failed;
    if (!t->failed)
        cli_table_right(t, buf_str(&b));
    buf_free(&b);
}

/* A share of conversions: exact, or with one decimal. */
static void add_share(struct cli_table *t, int64_t share, bool exact)
{
    struct buf b = {};

    if (exact)
        num_print(&b, share);
    else
        buf_add_format(&b, "%.1f", (double)share / (double)NUM_ONE);
    t->failed |= b.failed;
    if (!t->failed)
        cli_table_right(t, buf_str(&b));
    buf_free(&b);
}

static void put_heading(struct cli_table *t, const struct attribution_view *v, bool exact,
                        bool values)
{
    const struct attribution_plan *p = &v->attribution->plan;

    cli_table_add(t, STR("channel"));
    if (p->source.by_campaign)
        cli_table_add(t, STR("campaign"));
    if (!values || exact) {
        cli_table_add(t, STR("paths"));
        cli_table_add(t, STR("lost"));
        cli_table_add(t, STR("removal"));
    }
    for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++)
        cli_table_add(t, attribution_model_name(m));
    for (enum attribution_model m = 0;
         exact && p->has_value && m < ATTRIBUTION_MODELS_END; m++) {
        struct buf b = {};

        buf_add(&b, attribution_model_name(m));
        buf_add(&b, STR(" value"));
        t->failed |= b.failed;
        if (!t->failed)
            cli_table_add(t, buf_str(&b));
        buf_free(&b);
    }
    t->columns = t->n;
}

static void put_counts(struct cli_table *t, const struct attribution_view *v,
                       const struct attributed *row, bool exact)
{
    const struct attribution_source *s = &v->attribution->source[row->source];
    struct buf b = {};

    cli_table_number(t, s->paths);
    cli_table_number(t, s->lost);
    if (!v->attribution->markov.is_off)
        buf_add_format(&b, exact ? "%.9f" : "%.3f", row->removal);
    t->failed |= b.failed;
    cli_table_right(t, t->failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void put_shares(struct cli_table *t, const struct engine *e,
                       const struct attribution_view *v, const struct attributed *row,
                       bool exact, bool values)
{
    for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++)
        if (m == ATTRIBUTION_MARKOV && v->attribution->markov.is_off)
            cli_table_right(t, STR(""));
        else if (values)
            add_value(t, e, v, row->value[m]);
        else
            add_share(t, row->conversions[m], exact);
}

/* For people conversions and values are two tables, in CSV a row has both. */
static void put_table(struct cli_table *t, const struct engine *e,
                      const struct attribution_view *v, bool exact, bool values)
{
    const struct attribution *at = v->attribution;
    bool both = exact && at->plan.has_value;
    struct attributed none = {};

    put_heading(t, v, exact, values);
    for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++) {
        none.conversions[m] = (int64_t)at->untouched * NUM_ONE;
        none.value[m] = at->untouched_value;
    }
    for (uint32_t i = 0; i <= v->row_n; i++) {
        const struct attributed *row = i < v->row_n ? &v->row[i] : &none;
        str campaign = STR("");

        if (row == &none && !at->untouched)
            break;
        cli_table_add(t, row == &none ? ATTRIBUTION_NOBODY
                                      : source_channel(&at->sources, row->source));
        if (row != &none)
            source_campaign(&at->sources, row->source, &campaign);
        if (at->plan.source.by_campaign)
            cli_table_add(t, campaign);
        if ((!values || exact) && row != &none)
            put_counts(t, v, row, exact);
        for (int k = 0; (!values || exact) && row == &none && k < 3; k++)
            cli_table_right(t, STR(""));
        put_shares(t, e, v, row, exact, values);
        if (both)
            put_shares(t, e, v, row, exact, true);
    }
}

static void put_tables(struct cli *c, struct buf *b, const struct engine *e,
                       const struct attribution_view *v)
{
    struct cli_table shares = {.arena = &c->arena}, values = {.arena = &c->arena};
    const struct attribution *at = v->attribution;

    put_table(&shares, e, v, false, false);
    cli_table_print(&shares, b);
    if (at->plan.has_value) {
        buf_add_format(b, "\n%.*s\n", STR_FMT(at->plan.value.text));
        put_table(&values, e, v, false, true);
        cli_table_print(&values, b);
    }
    buf_add_format(b, "\n%llu conversions; %llu paths without one.\n",
                   (unsigned long long)at->conversions, (unsigned long long)at->lost);
    if (at->markov.is_off)
        buf_add_format(b,
                       "The chain is left out: it takes at most %u campaigns. Count by "
                       "channel, or take a shorter time.\n",
                       MARKOV_MAX);
}

/* A row for each source by each model. */
static void put_against(struct cli_table *t, const struct attribution_view *v, bool plain)
{
    bool by_campaign = v->attribution->plan.source.by_campaign;

    cli_table_add(t, STR("channel"));
    if (by_campaign)
        cli_table_add(t, STR("campaign"));
    report_figures_heading(t, "model", plain);
    t->columns += 1 + by_campaign;
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct against_row *row = &v->beside[i];
        uint32_t source;
        const struct sources *s =
            &attribution_known(v, row, &source)->attribution->sources;
        str campaign = STR("");

        source_campaign(s, source, &campaign);
        for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++) {
            cli_table_add(t, m && !plain ? STR("") : source_channel(s, source));
            if (by_campaign)
                cli_table_add(t, m && !plain ? STR("") : campaign);
            cli_table_add(t, attribution_model_name(m));
            report_figures_cells(t, attribution_share(v, row->here, m),
                                 attribution_share(v->against, row->there, m), plain);
        }
    }
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cli_table rows = {.arena = &c->arena};
    struct json_out j = {.to = b};
    struct attribution_view v;
    bool ok = true;

    if (!engine_attribution(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        ok = attribution_put_json(&j, e, &v, &c->arena, err);
        buf_add_char(b, '\n');
    } else if (v.attribution->plan.list != ATTRIBUTION_LIST_NONE) {
        ok = report_customers(c, b, e, &v.attribution->listed, err);
    } else if (v.against && (v.beside_n || cli_has(c, "csv"))) {
        put_against(&rows, &v, cli_has(c, "csv"));
        if (cli_has(c, "csv"))
            cli_table_csv(&rows, b);
        else
            cli_table_print(&rows, b);
    } else if (cli_has(c, "csv")) {
        put_table(&rows, e, &v, true, false);
        cli_table_csv(&rows, b);
    } else if (!v.row_n && !v.attribution->conversions) {
        report_nothing(b, e);
    } else {
        put_tables(c, b, e, &v);
    }
    attribution_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct attribution_question q = {.conversion = cli_text(c, "conversion"),
                                     .value = cli_text(c, "value"),
                                     .without = cli_text(c, "without"),
                                     .lookback = cli_text(c, "lookback"),
                                     .half_life = cli_text(c, "half-life"),
                                     .position = cli_text(c, "position"),
                                     .list = cli_text(c, "customers"),
                                     .list_campaign = cli_text(c, "campaign"),
                                     .list_as = cli_text(c, "as"),
                                     .against = report_against(c)};
    str by = cli_text(c, "by");

    if (!cli_has(c, "conversion"))
        return cli_wrong(c, "to what do paths lead? --conversion EVENT");
    q.by_campaign = str_eq(by, STR("campaign"));
    if (by.n && !q.by_campaign && !str_eq(by, STR("channel")))
        return cli_wrong(c, "--by is channel or campaign");
    if ((cli_has(c, "campaign") || cli_has(c, "as")) && !cli_has(c, "customers"))
        return cli_wrong(c,
                         "--campaign and --as are of the channel that --customers names");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"conversion", "PATTERN", "the event to which paths lead, such as purchase", false},
    {"value", "PROPERTY", "a property of it that is shared out, such as revenue", false},
    {"by", "WHAT", "channel or campaign: channel unless given", false},
    {"without", "CHANNELS", "channels that are no touches, with commas between: direct",
     false},
    {"lookback", "LENGTH", "how far a path reaches back from its end: all, unless given",
     false},
    {"position", "SHARES",
     "for the first, those between and the last: 40,20,40 unless given", false},
    {"half-life", "LENGTH", "after which a touch counts half as much: 7d unless given",
     false},
    {"from", "DATE", "paths that end then or later (a date or a moment)", false},
    {"to", "DATE", "paths that end before then", false},
    {"customers", "CHANNEL",
     "list whose conversions it was in, or (none): those of no channel", false},
    {"campaign", "NAME", "--customers, --by campaign: only of this one, or (none)",
     false},
    {"as", "HOW",
     "--customers: any, first or last touch, or lost: no conversion followed", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV, exact", false},
};

const struct cli_command cli_attribution = {
    "attribution",
    "FILE",
    "to which channels conversions are owed, by six models",
    options,
    sizeof options / sizeof *options,
    run,
};
