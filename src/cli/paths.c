#include "engine/paths.h"

#include "cli/report.h"

enum { TOP = 20, STEPS = 5 };

/* --- tables --- */

static void add_name(struct cli_table *t, const struct buf *b)
{
    str text = arena_str(t->arena, buf_str(b));

    t->failed |= b->failed || !text.p;
    cli_table_add(t, text.p ? text : STR(""));
}

/* Empty where it is not known. */
static void add_customers(struct cli_table *t, uint64_t customers)
{
    if (customers == PATHS_NOT_COUNTED)
        cli_table_right(t, STR(""));
    else
        cli_table_number(t, customers);
}

static void put_ways(struct cli_table *t, const struct paths_view *v, bool plain)
{
    uint64_t all = v->paths->way_n;

    t->columns = plain ? 3 : 4;
    cli_table_add(t, STR("ways"));
    if (!plain)
        cli_table_add(t, STR("of all"));
    cli_table_add(t, STR("customers"));
    cli_table_add(t, STR("way"));
    for (uint32_t i = 0; i < v->way_n; i++) {
        struct buf name = {};

        paths_put_way(&name, v, &v->way[i]);
        cli_table_number(t, v->way[i].ways);
        if (!plain)
            report_share(t, v->way[i].ways, all);
        add_customers(t, v->way[i].customers);
        add_name(t, &name);
        buf_free(&name);
    }
    if (!v->other_n)
        return;
    cli_table_number(t, v->other.ways);
    if (!plain)
        report_share(t, v->other.ways, all);
    add_customers(t, v->other.customers);
    cli_table_add(t, STR("(other)"));
}

static void put_against(struct cli_table *t, const struct paths_view *v, bool plain)
{
    bool shares = paths_go_one_way(v);

    if (shares)
        report_against_heading(t, "way", plain);
    else
        report_figures_heading(t, "way", plain);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct path_beside *one = &v->beside[i];

        cli_table_add(t, one->way);
        if (shares)
            report_against_cells(t, one->here, one->there, plain);
        else
            report_figures_cells(t, figure_of_share(one->here),
                                 figure_of_share(one->there), plain);
    }
}

static void put_links(struct cli_table *t, const struct paths_view *v)
{
    t->columns = 5;
    cli_table_add(t, STR("step"));
    cli_table_add(t, STR("from"));
    cli_table_add(t, STR("to"));
    cli_table_add(t, STR("ways"));
    cli_table_add(t, STR("customers"));
    for (uint32_t i = 0; i < v->link_n; i++) {
        const struct path_link *l = &v->link[i];

        cli_table_number(t, l->step);
        cli_table_add(t, path_node_name(v, &v->node[l->from]));
        cli_table_add(t, path_node_name(v, &v->node[l->to]));
        cli_table_number(t, l->ways);
        add_customers(t, l->customers);
    }
}

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  const struct paths_view *v, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};

    if (cli_has(c, "json")) {
        if (!paths_put_json(&j, e, v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
        return true;
    }
    if (v->lists)
        return report_customers(c, b, e, &v->listed, err);
    if (!v->way_n && !v->beside_n && !cli_has(c, "csv")) {
        report_nothing(b, e);
        return true;
    }
    if (v->against)
        put_against(&t, v, cli_has(c, "csv"));
    else if (cli_has(c, "links"))
        put_links(&t, v);
    else
        put_ways(&t, v, cli_has(c, "csv"));
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
    struct paths_view v;
    bool ok;

    if (!engine_paths(e, question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, err);
    paths_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct paths_question q = {.through = cli_text(c, "through"),
                               .events = cli_text(c, "events"),
                               .after = cli_text(c, "after"),
                               .before = cli_text(c, "before"),
                               .steps = STEPS,
                               .top = TOP,
                               .each = cli_has(c, "each"),
                               .whole = cli_has(c, "whole"),
                               .collapsed = cli_has(c, "collapse"),
                               .within = cli_text(c, "within"),
                               .gap = cli_text(c, "gap"),
                               .links = cli_has(c, "links"),
                               .lifecycle = cli_text(c, "lifecycle"),
                               .list = cli_text(c, "customers"),
                               .against = report_against(c)};

    if (cli_has(c, "steps") && !cli_number(cli_text(c, "steps"), &q.steps))
        return cli_wrong(c, "--steps takes a number from 2 to %u", PATHS_STEPS_MAX);
    if (cli_has(c, "top") && !cli_number(cli_text(c, "top"), &q.top))
        return cli_wrong(c, "--top takes a number from 1 to %u", PATHS_TOP_MAX);
    if (cli_has(c, "step")
        && (!cli_number(cli_text(c, "step"), &q.list_step) || !q.list_step))
        return cli_wrong(c, "--step takes the number of a step, from 1");
    if (cli_has(c, "step") && !cli_has(c, "customers"))
        return cli_wrong(c, "--step is of the link that --customers names");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"through", "WHAT",
     "steps are called by: event, channel, a property, or several with commas between; "
     "or stage. event unless given",
     false},
    {"events", "PATTERNS",
     "which events are steps: any unless given; several with commas between", false},
    {"after", "PATTERN", "forwards from this event, or from stage.NAME", false},
    {"before", "PATTERN", "backwards from this event, or from stage.NAME", false},
    {"steps", "N", "of a way, at most: from 2 to 8; 5 unless given", false},
    {"each", NULL, "from each such event, not only from a customer's first", false},
    {"whole", NULL, "only ways that have all of the steps", false},
    {"collapse", NULL, "equal steps one after the other are one", false},
    {"within", "LENGTH", "the whole way in this time, such as 7d", false},
    {"gap", "LENGTH", "a visit ends where nothing comes for longer, such as 30m", false},
    {"top", "N", "ways, and at each step names, that are told apart: 20 unless given",
     false},
    {"links", NULL, "from each step to the next, as a Sankey diagram has them", false},
    {"lifecycle", "NAME", "whose stages: the first of the model unless given", false},
    {"from", "DATE", "ways that begin then or later (a date or a moment)", false},
    {"to", "DATE", "ways that begin before then", false},
    {"customers", "WAY", "list who goes a way, such as 'visit > signup', or '(other)'",
     false},
    {"step", "N", "--customers: who goes so from this step to the next", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_paths = {
    "paths",
    "FILE",
    "the ways that customers go most, through events, channels or stages",
    options,
    sizeof options / sizeof *options,
    run,
};
