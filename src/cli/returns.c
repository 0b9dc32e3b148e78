#include "engine/returns.h"

#include "cli/report.h"

/* What a JSON number is, for a table; null is empty. */
static void add(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    if (!t->failed)
        cli_table_right(t, str_eq(buf_str(b), STR("null")) ? STR("") : buf_str(b));
    buf_free(b);
}

static void put_heading(struct cli_table *t, const struct returns_plan *p)
{
    cli_table_add(t, STR("channel"));
    if (p->source.by_campaign)
        cli_table_add(t, STR("campaign"));
    cli_table_add(t, STR("spend"));
    cli_table_add(t, STR("reached"));
    cli_table_add(t, STR("won"));
    cli_table_add(t, STR("cost of one"));
    if (p->has_event)
        cli_table_add(t, STR("events"));
    if (p->has_value) {
        cli_table_add(t, p->value.text);
        cli_table_add(t, STR("return"));
    }
    t->columns = t->n;
}

static void put_row(struct cli_table *t, const struct engine *e,
                    const struct returns_view *v, const struct returns_row *row)
{
    const struct returns_plan *p = &v->returns->plan;
    struct buf spend = {}, cost = {}, value = {}, times = {};

    cli_table_add(t, row->channel);
    if (p->source.by_campaign)
        cli_table_add(t, row->campaign);
    returns_put_spend(&(struct json_out){.to = &spend}, e, row->spend);
    add(t, &spend);
    cli_table_number(t, row->got.reached);
    cli_table_number(t, row->got.won);
    returns_put_cost(&(struct json_out){.to = &cost}, e, row);
    add(t, &cost);
    if (p->has_event)
        cli_table_number(t, row->got.events);
    if (p->has_value) {
        returns_put_value(&(struct json_out){.to = &value}, e, v, row->got.value);
        add(t, &value);
        returns_put_return(&(struct json_out){.to = &times}, v, row);
        add(t, &times);
    }
}

static void put_table(struct cli_table *t, const struct engine *e,
                      const struct returns_view *v)
{
    struct returns_row nobody = v->nobody;

    put_heading(t, &v->returns->plan);
    for (uint32_t i = 0; i < v->row_n; i++)
        put_row(t, e, v, &v->row[i]);
    nobody.channel = SOURCE_NO_CAMPAIGN;
    if (nobody.got.won || nobody.got.events)
        put_row(t, e, v, &nobody);
}

/* Whom each source won, of all who were won. */
static void put_against(struct cli_table *t, const struct returns_view *v, bool plain)
{
    bool by_campaign = v->returns->plan.source.by_campaign;

    if (by_campaign)
        cli_table_add(t, STR("channel"));
    report_against_heading(t, by_campaign ? "campaign" : "channel", plain);
    t->columns += by_campaign;
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct returns_beside *one = &v->beside[i];
        const struct returns_row *known = one->here ? one->here : one->there;

        cli_table_add(t, known->channel);
        if (by_campaign)
            cli_table_add(t, known->campaign);
        report_against_cells(t, returns_won(v, one->here),
                             returns_won(v->against, one->there), plain);
    }
}

static void put_sum(struct buf *b, const struct engine *e, const struct returns_view *v)
{
    struct buf spend = {};

    returns_put_spend(&(struct json_out){.to = &spend}, e, v->all.spend);
    b->failed |= spend.failed;
    if (!b->failed)
        buf_add_format(b, "\n%llu customers reached, %llu won, %.*s spent.\n",
                       (unsigned long long)v->all.got.reached,
                       (unsigned long long)v->all.got.won, STR_FMT(buf_str(&spend)));
    buf_free(&spend);
    if (v->foreign)
        buf_add_format(b, "%llu statements in another currency are left out.\n",
                       (unsigned long long)v->foreign);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};
    struct returns_view v;
    bool ok = true;

    if (!engine_returns(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        ok = returns_put_json(&j, e, &v, &c->arena, err);
        buf_add_char(b, '\n');
    } else if (v.returns->plan.list != RETURNS_LIST_NONE) {
        ok = report_customers(c, b, e, &v.returns->listed, err);
    } else if (v.against && (v.beside_n || cli_has(c, "csv"))) {
        put_against(&t, &v, cli_has(c, "csv"));
        if (cli_has(c, "csv"))
            cli_table_csv(&t, b);
        else
            cli_table_print(&t, b);
    } else if (cli_has(c, "csv")) {
        put_table(&t, e, &v);
        cli_table_csv(&t, b);
    } else if (!v.row_n && !v.all.got.won && !v.all.got.events) {
        report_nothing(b, e);
    } else {
        put_table(&t, e, &v);
        cli_table_print(&t, b);
        put_sum(b, e, &v);
    }
    returns_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    str by = cli_text(c, "by"), touch = cli_text(c, "touch");
    struct returns_question q = {.won = cli_text(c, "won"),
                                 .event = cli_text(c, "event"),
                                 .value = cli_text(c, "value"),
                                 .by_campaign = str_eq(by, STR("campaign")),
                                 .by_last = str_eq(touch, STR("last")),
                                 .without = cli_text(c, "without"),
                                 .list = cli_text(c, "customers"),
                                 .list_campaign = cli_text(c, "campaign"),
                                 .list_as = cli_text(c, "as"),
                                 .against = report_against(c)};

    if (by.n && !q.by_campaign && !str_eq(by, STR("channel")))
        return cli_wrong(c, "--by is channel or campaign");
    if (touch.n && !q.by_last && !str_eq(touch, STR("first")))
        return cli_wrong(c, "--touch is first or last");
    if ((cli_has(c, "campaign") || cli_has(c, "as")) && !cli_has(c, "customers"))
        return cli_wrong(c,
                         "--campaign and --as are of the channel that --customers names");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"won", "PATTERN",
     "by which event customers are won: their first touch, unless given", false},
    {"event", "PATTERN", "what is counted of what they do, such as purchase", false},
    {"value", "PROPERTY", "a property of it that is summed, such as revenue", false},
    {"by", "WHAT", "channel or campaign: channel unless given", false},
    {"touch", "WHICH", "to which touch it is owed, first or last: first unless given",
     false},
    {"without", "CHANNELS", "channels that are no touches, with commas between: direct",
     false},
    {"from", "DATE", "what happened then or later (a date or a moment)", false},
    {"to", "DATE", "what happened before then", false},
    {"customers", "CHANNEL", "list whom it won, or (none): whom no channel won", false},
    {"campaign", "NAME", "--customers, --by campaign: only of this one, or (none)",
     false},
    {"as", "HOW", "--customers: won, reached or events", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_returns = {
    "channels",
    "FILE",
    "what channels cost, whom they reach and win, and what they bring",
    options,
    sizeof options / sizeof *options,
    run,
};
