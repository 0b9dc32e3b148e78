#include "engine/rfm.h"

#include "cli/report.h"

static void add_value(struct cli_table *t, const struct engine *e,
                      const struct rfm_view *v, __int128 value)
{
    struct buf b = {};
    struct json_out j = {.to = &b};

    rfm_put_value(&j, e, v, value);
    t->failed |= b.failed;
    if (!t->failed)
        cli_table_right(t, buf_str(&b));
    buf_free(&b);
}

static void put_heading(struct cli_table *t, const char *const *name, size_t n)
{
    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(name[i]));
}

static void put_groups(struct cli_table *t, const struct engine *e,
                       const struct rfm_view *v)
{
    static const char *const heading[] = {"group", "customers", "share", "sum"};

    put_heading(t, heading, sizeof heading / sizeof *heading);
    for (int g = 0; g < RFM_GROUPS_END; g++) {
        cli_table_add(t, rfm_group_name((enum rfm_group)g));
        cli_table_number(t, v->group[g].customers);
        report_share(t, v->group[g].customers, v->rfm->n);
        add_value(t, e, v, v->group[g].value);
    }
}

static void put_against(struct cli_table *t, const struct rfm_view *v, bool plain)
{
    report_against_heading(t, "group", plain);
    for (int g = 0; g < RFM_GROUPS_END; g++) {
        cli_table_add(t, rfm_group_name((enum rfm_group)g));
        report_against_cells(t, rfm_share(v, g), rfm_share(v->against, g), plain);
    }
}

static void put_cells(struct cli_table *t, const struct engine *e,
                      const struct rfm_view *v)
{
    static const char *const heading[] = {"recency",   "frequency", "monetary",
                                          "customers", "value",     "group"};

    put_heading(t, heading, sizeof heading / sizeof *heading);
    for (unsigned i = 0; i < RFM_SCORES * RFM_SCORES * RFM_SCORES; i++) {
        unsigned r = i / RFM_SCORES / RFM_SCORES, f = i / RFM_SCORES % RFM_SCORES,
                 m = i % RFM_SCORES;

        cli_table_number(t, r + 1);
        cli_table_number(t, f + 1);
        cli_table_number(t, m + 1);
        cli_table_number(t, v->cell[r][f][m].customers);
        add_value(t, e, v, v->cell[r][f][m].value);
        cli_table_add(t, rfm_group_name(rfm_group_of(r + 1, f + 1)));
    }
}

static void put_list(struct cli_table *t, const struct engine *e,
                     const struct rfm_view *v)
{
    static const char *const heading[] = {"customer", "recency", "frequency", "monetary",
                                          "days",     "events",  "value"};
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    put_heading(t, heading, sizeof heading / sizeof *heading);
    for (size_t i = 0; i < v->list_n; i++) {
        const struct rfm_customer *row = v->list[i];

        cli_table_add(t, catalog_customer_id(catalog, row->customer));
        for (int what = 0; what < RFM_MEASURES; what++)
            cli_table_number(t, row->score[what]);
        cli_table_number(t, (uint64_t)rfm_days_ago(v, row->last_ms));
        cli_table_number(t, (uint64_t)row->n);
        add_value(t, e, v, row->value);
    }
}

static void put_moves(struct cli_table *t, const struct rfm_view *v, bool plain)
{
    static const char *const heading[] = {"from", "to", "customers", "share"};

    put_heading(t, heading, plain ? 3 : 4);
    for (unsigned from = 0; from <= RFM_GROUPS_END; from++) {
        uint64_t all = 0;

        for (unsigned to = 0; to <= RFM_GROUPS_END; to++)
            all += v->moved[from][to];
        for (unsigned to = 0; to <= RFM_GROUPS_END; to++) {
            if (!v->moved[from][to])
                continue;
            cli_table_add(t, rfm_side_name(from));
            cli_table_add(t, rfm_side_name(to));
            cli_table_number(t, v->moved[from][to]);
            if (!plain)
                report_share(t, v->moved[from][to], all);
        }
    }
}

/* One side of a customer who moved; empty where he is in no group. */
static void add_side(struct cli_table *t, const struct engine *e,
                     const struct rfm_view *v, size_t i)
{
    const struct rfm_customer *row = i < v->list_n ? v->list[i] : NULL;
    struct buf cell = {};

    for (int what = 0; row && what < RFM_MEASURES; what++)
        buf_add_char(&cell, (char)('0' + row->score[what]));
    t->failed |= cell.failed;
    cli_table_right(t, t->failed ? STR("") : buf_str(&cell));
    buf_free(&cell);
    if (row) {
        cli_table_number(t, (uint64_t)row->n);
        add_value(t, e, v, row->value);
    } else {
        cli_table_right(t, STR(""));
        cli_table_right(t, STR(""));
    }
}

static void put_moved(struct cli_table *t, const struct engine *e,
                      const struct rfm_view *v, bool plain)
{
    static const char *const heading[] = {"customer", "before", "events", "value",
                                          "now",      "events", "value"};
    static const char *const exact[] = {
        "customer", "before", "before_events", "before_value", "now", "events", "value"};
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    const struct rfm_view *known = v->list_n ? v : v->before;

    put_heading(t, plain ? exact : heading, sizeof heading / sizeof *heading);
    for (size_t i = 0; i < known->list_n; i++) {
        cli_table_add(t, catalog_customer_id(catalog, known->list[i]->customer));
        add_side(t, e, v->before, i);
        add_side(t, e, v, i);
    }
}

static void print(struct cli *c, struct buf *b, const struct engine *e,
                  const struct rfm_view *v)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};
    bool plain = cli_has(c, "csv");

    if (cli_has(c, "json")) {
        rfm_put_json(&j, e, v);
        buf_add_char(b, '\n');
        return;
    }
    if (!plain && !v->rfm->n && !(v->before && v->before->rfm->n)
        && !(v->against && v->against->rfm->n)) {
        report_nothing(b, e);
        return;
    }
    if (v->list_moved)
        put_moved(&t, e, v, plain);
    else if (v->has_list)
        put_list(&t, e, v);
    else if (v->against)
        put_against(&t, v, plain);
    else if (v->before)
        put_moves(&t, v, plain);
    else if (plain)
        put_cells(&t, e, v);
    else
        put_groups(&t, e, v);
    if (plain)
        cli_table_csv(&t, b);
    else
        cli_table_print(&t, b);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct rfm_view v;

    if (!engine_rfm(e, question, &c->arena, &v, wrong, err))
        return false;
    print(c, b, e, &v);
    rfm_view_free(&v);
    return true;
}

static int run(struct cli *c)
{
    struct rfm_question q = {
        .event = cli_text(c, "event"),
        .value = cli_text(c, "value"),
        .method = cli_text(c, "method"),
        .limit = {cli_text(c, "recency"), cli_text(c, "frequency"),
                  cli_text(c, "monetary")},
        .in_days = cli_has(c, "days"),
        .since = cli_text(c, "since"),
        .from = cli_text(c, "from"),
        .list = cli_text(c, "customers"),
        .against = report_against(c),
    };

    if (!q.event.n || !q.value.n)
        return cli_wrong(c, "of what? --event purchase --value revenue, for example");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"event", "PATTERN", "what is counted, such as purchase", false},
    {"value", "PROPERTY", "what of it is summed, such as revenue", false},
    {"method", "NAME",
     "interpolated (unless given), quintiles, ranks or limits: who shares a score",
     false},
    {"days", NULL, "recency in whole days, not to the moment", false},
    {"recency", "DAYS", "own limits: four, such as 14,33,72,180", false},
    {"frequency", "TIMES", "own limits: four, such as 2,3,5,10", false},
    {"monetary", "SUMS", "own limits: four, such as 50,100,250,1000", false},
    {"from", "DATE", "earlier events are not looked at (a date or a moment)", false},
    {"since", "DATE", "who moved from which group then to which group now", false},
    {"customers", "WHO",
     "list a group (champions), a cell (555), a place of the grid (55), or all; with "
     "--since also who moved ('loyal > at risk')",
     false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV: the 125 cells", false},
};

const struct cli_command cli_rfm = {
    "rfm",
    "FILE",
    "who bought how lately, how often and for how much, in scores and named groups",
    options,
    sizeof options / sizeof *options,
    run,
};
