/* conversion.c - who goes on from which stage, after how long, and the bottleneck. */
#include "engine/conversion.h"
#include "cli/stages.h"

struct asked {
    struct conversion_question question;
    bool kpi;
};

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b, bool right)
{
    t->failed |= b->failed;
    if (!t->failed && right)
        cli_table_right(t, buf_str(b));
    else if (!t->failed)
        cli_table_add(t, buf_str(b));
    buf_free(b);
}

static void add_value(struct cli_table *t, const struct conversion_view *v,
                      uint32_t group)
{
    str name;

    if (!v->by.n)
        return;
    (void)groups_name(&v->conversion->name, group, &name);
    cli_table_add(t, name.n || t->failed ? name : STR("(not known)"));
}

/* Empty where there is nobody. */
static void add_bounds(struct cli_table *t, struct share s)
{
    struct buf b = {};
    double low, high;

    share_interval(s, &low, &high);
    if (s.n)
        buf_add_format(&b, "%.1f to %.1f %%", 100 * low, 100 * high);
    add_text(t, &b, true);
}

static struct share share_of(const struct conversion_view *v, uint32_t group,
                             uint32_t stage, enum conversion_fate f)
{
    return conversion_share(v->conversion, group, stage, f);
}

static void add_flow(struct cli_table *t, const struct conversion_view *v, uint32_t group,
                     uint32_t stage)
{
    const struct flow *f = &v->conversion->group[group].flow;

    add_value(t, v, group);
    cli_table_add(t, v->conversion->plan.lifecycle->stage[stage].name);
    cli_table_number(t, f->stock[stage]);
    cli_table_number(t, flow_entered(f, 0, stage));
    cli_table_number(t, flow_left(f, 0, stage));
    cli_table_number(t, share_of(v, group, stage, CONVERSION_WAITING).n);
}

static void add_quarter(struct cli_table *t, const struct survival_quantile *q)
{
    report_length(t, q->ms, false);
    report_length(t, q->low_ms, false);
    report_length(t, q->high_ms, false);
}

static void put_stages(struct cli_table *t, const struct conversion_view *v)
{
    static const char *const heading[] = {"stage",      "customers", "entered",    "left",
                                          "first time", "forward",   "95 % sure",  "back",
                                          "lost",       "waiting",   "half after", "from",
                                          "to"};
    size_t n = sizeof heading / sizeof *heading;
    const struct conversion *c = v->conversion;

    t->columns = n + (v->by.n > 0);
    if (v->by.n)
        cli_table_add(t, v->by);
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t g = 0; g < c->name.n; g++)
        for (uint32_t s = 0; s < c->plan.lifecycle->stage_n; s++) {
            struct share forward = share_of(v, g, s, CONVERSION_FORWARD);

            if (!conversion_is_on_way(c, (uint16_t)s) && !forward.hits)
                forward.n = 0; /* nothing leads on */
            add_flow(t, v, g, s);
            report_share(t, forward.hits, forward.n);
            add_bounds(t, forward);
            for (int f = CONVERSION_BACK; f < CONVERSION_FATES_END; f++) {
                struct share part = share_of(v, g, s, (enum conversion_fate)f);

                report_share(t, part.hits, part.n);
            }
            add_quarter(t, &c->group[g].time[s].quarter[1]);
        }
}

static void put_next(struct cli_table *t, const struct conversion_view *v)
{
    static const char *const heading[] = {"from",      "next",  "way",
                                          "customers", "share", "95 % sure"};
    size_t n = sizeof heading / sizeof *heading;
    const struct conversion *c = v->conversion;
    const struct lifecycle *l = c->plan.lifecycle;

    t->columns = n + (v->by.n > 0);
    if (v->by.n)
        cli_table_add(t, v->by);
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t g = 0; g < c->name.n; g++)
        for (uint32_t s = 0; s < l->stage_n; s++)
            for (uint32_t to = 0; to <= l->stage_n; to++) {
                uint16_t number = to == l->stage_n ? STAGE_NONE : (uint16_t)to;
                struct share part = conversion_next(c, g, s, to);

                if (!part.hits)
                    continue;
                add_value(t, v, g);
                cli_table_add(t, l->stage[s].name);
                cli_table_add(t,
                              number == STAGE_NONE ? STR("(is out)") : l->stage[to].name);
                cli_table_add(
                    t, conversion_fate_name(conversion_fate_of(c, (uint16_t)s, number)));
                cli_table_number(t, part.hits);
                report_share(t, part.hits, part.n);
                add_bounds(t, part);
            }
}

static void put_csv_heading(struct cli_table *t, const struct conversion_view *v)
{
    static const char *const before[] = {"stage", "customers", "entered", "left", "of"};
    static const char *const bound[] = {"", "_low", "_high"};
    static const char *const time[] = {"quarter", "median", "three_quarters"};
    const struct lifecycle *l = v->conversion->plan.lifecycle;

    if (v->by.n)
        cli_table_add(t, STR("value"));
    for (size_t i = 0; i < sizeof before / sizeof *before; i++)
        cli_table_add(t, str_of(before[i]));
    for (int f = CONVERSION_FORWARD; f < CONVERSION_FATES_END; f++)
        for (int i = 0; i < 3; i++) {
            struct buf b = {};

            buf_add(&b, conversion_fate_name((enum conversion_fate)f));
            buf_add(&b, str_of(bound[i]));
            add_text(t, &b, false);
        }
    for (uint32_t to = 0; to <= l->stage_n; to++) {
        struct buf b = {};

        buf_add(&b, STR("to_"));
        buf_add(&b, to < l->stage_n ? l->stage[to].name : STR("(out)"));
        add_text(t, &b, false);
    }
    for (int q = 0; q < 3; q++)
        for (int i = 0; i < 3; i++) {
            struct buf b = {};

            buf_add_format(&b, "%s%s_ms", time[q], bound[i]);
            add_text(t, &b, false);
        }
}

static void put_csv(struct cli_table *t, const struct conversion_view *v)
{
    const struct conversion *c = v->conversion;
    uint32_t stages = c->plan.lifecycle->stage_n;

    t->columns = (v->by.n > 0) + 5u + 3u * 4u + stages + 1 + 9u;
    put_csv_heading(t, v);
    for (uint32_t g = 0; g < c->name.n; g++)
        for (uint32_t s = 0; s < stages; s++) {
            add_flow(t, v, g, s);
            for (int f = CONVERSION_FORWARD; f < CONVERSION_FATES_END; f++) {
                struct share part = share_of(v, g, s, (enum conversion_fate)f);
                double bound[2];

                share_interval(part, &bound[0], &bound[1]);
                cli_table_number(t, part.hits);
                for (int i = 0; i < 2; i++) {
                    struct buf b = {};

                    if (part.n)
                        buf_add_format(&b, "%.6f", bound[i]);
                    add_text(t, &b, true);
                }
            }
            for (uint32_t to = 0; to <= stages; to++)
                cli_table_number(t, conversion_next(c, g, s, to).hits);
            for (int q = 0; q < 3; q++) {
                const struct survival_quantile *quarter = &c->group[g].time[s].quarter[q];

                report_length(t, quarter->ms, true);
                report_length(t, quarter->low_ms, true);
                report_length(t, quarter->high_ms, true);
            }
        }
}

static void put_against(struct cli_table *t, const struct conversion_view *v, bool plain)
{
    const struct conversion *c = v->conversion;
    const struct lifecycle *l = c->plan.lifecycle;

    if (v->by.n)
        cli_table_add(t, plain ? STR("value") : v->by);
    report_against_heading(t, "stage", plain);
    t->columns += v->by.n > 0;
    for (uint32_t g = 0; g < c->name.n; g++)
        for (uint32_t s = 0; s < l->stage_n; s++) {
            if (!conversion_is_on_way(c, (uint16_t)s))
                continue;
            add_value(t, v, g);
            cli_table_add(t, l->stage[s].name);
            report_against_cells(t, share_of(v, g, s, CONVERSION_FORWARD),
                                 conversion_beside(v, g, s), plain);
        }
}

/* --- the answer --- */

static void print_words(struct buf *b, const struct conversion_view *v)
{
    for (uint32_t g = 0; g < v->conversion->name.n; g++) {
        str name;

        buf_add_char(b, '\n');
        if (v->by.n) {
            bool known = groups_name(&v->conversion->name, g, &name);

            buf_add(b, known ? name : STR("(not known)"));
            buf_add(b, STR(":\n"));
        }
        for (int by = 0; by < CONVERSION_BYS; by++) {
            conversion_words(b, v, g, by);
            buf_add_char(b, '\n');
        }
    }
}

static void print_human(struct cli *c, struct buf *b, const struct conversion_view *v)
{
    struct cli_table stages = {.arena = &c->arena}, next = {.arena = &c->arena};

    if (v->against) {
        put_against(&stages, v, false);
        cli_table_print(&stages, b);
        return;
    }
    put_stages(&stages, v);
    cli_table_print(&stages, b);
    put_next(&next, v);
    buf_add_char(b, '\n');
    cli_table_print(&next, b);
    print_words(b, v);
}

static bool put_kpis(struct cli *c, struct engine *e, const struct asked *q,
                     const struct conversion_view *v, struct json_out *j, struct err *err)
{
    const struct conversion_plan *p = &v->conversion->plan;
    struct stages_asked kpis = {
        .lifecycle = p->lifecycle, .edge = p->edge, .period_n = 1, .at_ms = p->at_ms};

    if (!q->kpi)
        return true;
    if (!report_who(e, &q->question.scope, &c->arena, &kpis.who, err))
        return false;
    if (cli_has(c, "json"))
        return engine_put_kpis(j, e, p->lifecycle, kpis.who, p->edge, p->at_ms, err);
    buf_add_char(j->to, '\n');
    return stages_put_kpis(c, e, &kpis, j->to, err);
}

static bool print(struct cli *c, struct engine *e, const struct asked *q,
                  const struct conversion_view *v, struct buf *b, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};

    if (cli_has(c, "json")) {
        json_begin_object(&j);
        if (!conversion_put_json(&j, e, v, &c->arena, err)
            || !put_kpis(c, e, q, v, &j, err))
            return false;
        json_end_object(&j);
        buf_add_char(b, '\n');
        return true;
    }
    if (v->conversion->plan.list)
        return report_customers(c, b, e, &v->conversion->listed, err);
    if (!cli_has(c, "csv")) {
        print_human(c, b, v);
        return put_kpis(c, e, q, v, &j, err);
    }
    if (v->against)
        put_against(&t, v, true);
    else
        put_csv(&t, v);
    cli_table_csv(&t, b);
    return true;
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    const struct asked *q = question;
    struct conversion_view v;
    bool ok;

    if (!engine_conversion(e, &q->question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, e, q, &v, b, err);
    conversion_view_free(&v);
    return ok;
}

int stages_conversion(struct cli *c)
{
    struct asked q = {.question = {.lifecycle = cli_text(c, "lifecycle"),
                                   .within = cli_text(c, "within"),
                                   .by = cli_text(c, "by"),
                                   .against = report_against(c),
                                   .list = cli_text(c, "customers"),
                                   .who = cli_text(c, "who"),
                                   .group = cli_text(c, "group"),
                                   .group_missing = cli_has(c, "group-missing")},
                      .kpi = cli_has(c, "kpi")};
    enum flow_by period;

    if (cli_has(c, "by") && flow_by_parse(cli_text(c, "by"), &period))
        return cli_wrong(c, "--conversion is broken down by trait.x or acquisition.x; "
                            "periods are set side by side with --against");
    if (q.kpi && cli_has(c, "csv"))
        return cli_wrong(c, "--kpi --csv is a table of its own: without --conversion");
    if (cli_has(c, "customers") != cli_has(c, "who"))
        return cli_wrong(c, "--customers STAGE and --who go together");
    if ((cli_has(c, "group") || cli_has(c, "group-missing")) && !cli_has(c, "customers"))
        return cli_wrong(c, "--group and --group-missing are of --customers");
    return report_run(c, answer, &q, &q.question.scope);
}
