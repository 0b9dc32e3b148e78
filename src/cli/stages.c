#include "cli/stages.h"

#include "cli/figures.h"
#include "engine/erase.h"

/* What was erased is in no number of the report, nor in one about the past. */
static bool print_erased(struct buf *b, struct engine *e, struct arena *a,
                         struct err *err)
{
    struct receipts receipts;
    struct receipt_counts gone;

    if (!engine_receipts(e, a, &receipts, err))
        return false;
    gone = receipts_total(&receipts);
    if (receipts.n)
        buf_add_format(b,
                       "\nErased, and in none of these numbers: %llu customers, %llu "
                       "events.\n",
                       (unsigned long long)gone.customers,
                       (unsigned long long)gone.events);
    return true;
}

static bool print_json(struct buf *b, const struct flow *f, struct engine *e,
                       const struct stages_asked *q, struct arena *a, struct err *err)
{
    struct json_out j = {.to = b};
    bool ok = true;

    if (q->by_period) {
        flow_put_periods(&j, f, q->by, engine_model(e)->workspace.zone, q->lifecycle);
    } else {
        json_begin_object(&j);
        json_key(&j, "at");
        json_put_moment(&j, q->at_ms);
        flow_put_period(&j, f, 0, q->lifecycle);
        ok = engine_put_erased(&j, e, a, err);
        json_end_object(&j);
    }
    buf_add_char(b, '\n');
    return ok;
}

static void add_stage_rows(struct cli_table *t, const struct flow *f, uint32_t period,
                           const struct lifecycle *l, const char *name)
{
    for (uint32_t s = 0; s < f->stage_n; s++) {
        if (name)
            cli_table_add(t, str_of(name));
        cli_table_add(t, l->stage[s].name);
        cli_table_number(t, f->stock[(size_t)period * f->stage_n + s]);
        cli_table_number(t, flow_entered(f, period, s));
        cli_table_number(t, flow_left(f, period, s));
    }
}

static void period_name(const struct engine *e, enum flow_by by, int64_t start_ms,
                        struct buf *name)
{
    buf_clear(name);
    flow_period_print(engine_model(e)->workspace.zone, by, start_ms, name);
    buf_add_char(name, '\0');
}

/* One row a stage (and period). */
static void stage_table(struct cli_table *t, const struct flow *f, const struct engine *e,
                        const struct stages_asked *q)
{
    struct buf name = {};

    t->columns = q->by_period ? 5 : 4;
    if (q->by_period)
        cli_table_add(t, STR("period"));
    cli_table_add(t, STR("stage"));
    cli_table_add(t, STR("customers"));
    cli_table_add(t, STR("entered"));
    cli_table_add(t, STR("left"));
    for (uint32_t k = 0; k < f->period_n; k++) {
        if (q->by_period)
            period_name(e, q->by, f->edge[k], &name);
        t->failed |= name.failed;
        if (!t->failed)
            add_stage_rows(t, f, k, q->lifecycle, q->by_period ? name.p : NULL);
    }
    buf_free(&name);
}

static void move_table(struct cli_table *t, const struct flow *f,
                       const struct lifecycle *l)
{
    t->columns = 3;
    cli_table_add(t, STR("from"));
    cli_table_add(t, STR("to"));
    cli_table_add(t, STR("customers"));
    for (uint32_t i = 0; i <= f->stage_n; i++) {
        uint32_t from = i ? i - 1 : f->stage_n;

        for (uint32_t to = 0; to <= f->stage_n; to++) {
            uint64_t n = flow_moved(f, 0, from, to);

            if (!n)
                continue;
            cli_table_add(t, from == f->stage_n ? STR("(came in)") : l->stage[from].name);
            cli_table_add(t, to == f->stage_n ? STR("(is out)") : l->stage[to].name);
            cli_table_number(t, n);
        }
    }
}

static void print_loops(const struct engine *e, const struct lifecycle *l, struct buf *b)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t n;
    const struct loop *loop = engine_loops(e, l->number, &n);

    for (uint32_t i = 0; i < n; i++) {
        str id = catalog_customer_id(catalog, loop[i].customer);

        buf_add_format(
            b, "\nA loop in the model, met %llu times, first by customer %.*s on ",
            (unsigned long long)loop[i].times, STR_FMT(id));
        moment_print(b, loop[i].at_ms);
        buf_add(b, STR(": these moves undo one another and were not made:\n"));
        for (uint32_t k = 0; k < loop[i].way_n; k++) {
            const struct way *way = &l->way[loop[i].way[k]];

            buf_add_format(b, "  to %.*s when %.*s\n", STR_FMT(l->stage[way->to].name),
                           STR_FMT(way->text));
        }
    }
}

static void print_human(struct buf *b, const struct flow *f, struct engine *e,
                        const struct stages_asked *q, struct arena *a)
{
    struct cli_table stages = {.arena = a}, moves = {.arena = a};

    stage_table(&stages, f, e, q);
    if (!q->by_period) {
        buf_add(b, STR("On "));
        moment_print(b, q->at_ms);
        buf_add_format(b, ": %llu customers", (unsigned long long)flow_population(f, 0));
        if (q->lifecycle->name.n)
            buf_add_format(b, " in %.*s", STR_FMT(q->lifecycle->name));
        buf_add(b, STR("\n\n"));
    }
    cli_table_print(&stages, b);
    if (!q->by_period) {
        buf_add_char(b, '\n');
        move_table(&moves, f, q->lifecycle);
        cli_table_print(&moves, b);
    }
    print_loops(e, q->lifecycle, b);
}

/* --- targets and KPIs --- */

struct kpi_table {
    struct cli_table table;
    const struct engine *e;
    const struct stages_asked *q;
    struct kpi_count *count;
    bool plain; /* CSV */
};

static void add_text(struct kpi_table *t, str text)
{
    t->table.failed |= text.p == NULL;
    if (!t->table.failed)
        cli_table_add(&t->table, text);
}

static void add_kpi_row(struct kpi_table *t, uint32_t period, uint32_t stage, uint32_t i)
{
    const struct lifecycle *l = t->q->lifecycle;
    const struct aims *aims = &l->stage[stage].aims;
    const struct workspace *w = &engine_model(t->e)->workspace;
    struct kpi_value v = kpi_value(t->count, period, stage, i);
    struct kpi_value rate = {
        .unit = KPI_UNIT_SHARE, .there = true, .value = aims->target.rate};
    bool target = i == KPI_TARGET;
    struct arena *a = t->table.arena;
    struct buf name = {};

    if (t->q->by_period) {
        flow_period_print(w->zone, t->q->by, t->q->edge[period], &name);
        add_text(t, name.failed ? STR("") : arena_str(a, buf_str(&name)));
        buf_free(&name);
    }
    add_text(t, l->stage[stage].name);
    add_text(t, target ? STR("target") : aims->kpi[i].name);
    add_text(t, target ? figure_target_text(l, &aims->target, a) : aims->kpi[i].text);
    if (!t->table.failed)
        cli_table_right(&t->table, figure_text(&v, w, t->plain, a));
    if (t->plain)
        add_text(t, kpi_unit_name(v.unit));
    if (!t->table.failed)
        cli_table_number(&t->table, v.of);
    add_text(t, target ? figure_text(&rate, w, t->plain, a) : STR(""));
    add_text(t, !target || !v.there     ? STR("")
                : v.value >= rate.value ? STR("met")
                                        : STR("missed"));
}

static void fill_kpi_table(struct kpi_table *t)
{
    static const char *const heading[] = {"stage", "figure", "measure", "value",
                                          "unit",  "of",     "target",  "met"};
    const struct lifecycle *l = t->q->lifecycle;

    t->table.columns = (t->q->by_period ? 8u : 7u) + t->plain;
    if (t->q->by_period)
        add_text(t, STR("period"));
    for (size_t i = 0; i < sizeof heading / sizeof *heading; i++)
        if (t->plain || i != 4)
            add_text(t, str_of(heading[i]));
    for (uint32_t k = 0; k < t->q->period_n; k++)
        for (uint32_t s = 0; s < l->stage_n; s++) {
            if (l->stage[s].aims.target.at)
                add_kpi_row(t, k, s, KPI_TARGET);
            for (uint32_t i = 0; i < l->stage[s].aims.kpi_n; i++)
                add_kpi_row(t, k, s, i);
        }
}

static void kpi_json(struct buf *b, struct kpi_count *count, const struct engine *e,
                     const struct stages_asked *q)
{
    const struct workspace *w = &engine_model(e)->workspace;
    struct json_out j = {.to = b};

    if (q->by_period) {
        kpi_put_periods(&j, count, q->by, w->zone, q->edge, q->period_n, w->decimals);
    } else {
        json_begin_object(&j);
        json_key(&j, "at");
        json_put_moment(&j, q->at_ms);
        kpi_put_period(&j, count, 0, w->decimals);
        json_end_object(&j);
    }
    buf_add_char(b, '\n');
}

bool stages_put_kpis(struct cli *c, struct engine *e, const struct stages_asked *q,
                     struct buf *b, struct err *err)
{
    struct kpi_table t = {
        .table = {.arena = &c->arena}, .e = e, .q = q, .plain = cli_has(c, "csv")};
    int64_t known_ms = q->by_period ? engine_now_ms(e) : q->at_ms;

    if (!engine_kpis(e, q->lifecycle, q->who, q->edge, q->period_n, known_ms, &t.count,
                     err))
        return false;
    if (cli_has(c, "json")) {
        kpi_json(b, t.count, e, q);
    } else {
        fill_kpi_table(&t);
        if (t.plain)
            cli_table_csv(&t.table, b);
        else
            cli_table_print(&t.table, b);
    }
    kpi_free(t.count);
    return true;
}

static int show_kpis(struct cli *c, struct engine *e, const struct stages_asked *q)
{
    struct buf b = {};
    struct err err;
    int status;

    if (!stages_put_kpis(c, e, q, &b, &err))
        status = cli_fail(&err, c->word[0]);
    else
        status = cli_has(c, "json") || cli_has(c, "csv") ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    return status;
}

/* --- what is asked --- */

/* Without --at: as it stands now, or with --by up to the last event's period. */
static bool read_options(struct cli *c, struct engine *e, struct stages_asked *q,
                         struct err *err)
{
    const struct zone *zone = engine_model(e)->workspace.zone;
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    int64_t now_ms = cli_now_ms(c), from_ms, last_ms, *edge;

    if (!cli_lifecycle(c, e, &q->lifecycle, err) || !engine_advance(e, now_ms, err))
        return false;
    if (!q->by_period) {
        q->edge = edge = arena_array(&c->arena, int64_t, 2);
        q->period_n = 1;
        if (!edge)
            return err_nomem(err);
        return cli_moment(c, "at", zone, now_ms, &q->at_ms, err)
               && (q->at_ms <= now_ms || engine_advance(e, q->at_ms, err))
               && cli_moment(c, "from", zone, MOMENT_MIN, &from_ms, err)
               && flow_edges_at(from_ms, q->at_ms, edge, err);
    }
    last_ms = engine_active_ms(e) < now_ms ? engine_active_ms(e) : now_ms;
    if (!cli_moment(c, "at", zone, last_ms, &q->at_ms, err)
        || !cli_moment(c, "from", zone, facts.first_ms, &from_ms, err))
        return false;
    if (!facts.events || q->at_ms < facts.first_ms)
        return true;
    return (q->at_ms <= now_ms || engine_advance(e, q->at_ms, err))
           && flow_edges(zone, q->by, from_ms, q->at_ms, &c->arena, &q->edge,
                         &q->period_n, err);
}

static int show_flow(struct cli *c, struct engine *e, const struct stages_asked *q)
{
    struct cli_table table = {.arena = &c->arena};
    struct buf b = {};
    struct flow f;
    struct err err;
    int status;

    if (!engine_flow(e, q->lifecycle, q->who, q->edge, q->period_n, &c->arena, &f, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json")) {
        status = print_json(&b, &f, e, q, &c->arena, &err) ? cli_print(&b)
                                                           : cli_fail(&err, c->word[0]);
    } else if (cli_has(c, "csv")) {
        stage_table(&table, &f, e, q);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else {
        print_human(&b, &f, e, q, &c->arena);
        status = print_erased(&b, e, &c->arena, &err) ? cli_show(&b)
                                                      : cli_fail(&err, c->word[0]);
    }
    buf_free(&b);
    return status;
}

static bool read_who(struct cli *c, struct engine *e, struct stages_asked *q, str *wrong,
                     struct err *err)
{
    const struct report_scope scope = {.at_ms = q->at_ms,
                                       .segment = cli_text(c, "segment"),
                                       .when = cli_text(c, "when")};

    if (!report_is_named(c, "segment", err) || !report_is_named(c, "when", err))
        return false;
    *wrong = scope.when;
    if (!report_who(e, &scope, &c->arena, &q->who, err))
        return false;
    *wrong = STR("");
    return true;
}

/* An option of --conversion, without it; or NULL. */
static const char *stray_option(const struct cli *c)
{
    static const char *const of_conversion[] = {
        "to",    "within",        "against", "against-segment", "customers", "who",
        "group", "group-missing", "save"};

    for (size_t i = 0; i < sizeof of_conversion / sizeof *of_conversion; i++)
        if (cli_has(c, of_conversion[i]))
            return of_conversion[i];
    return NULL;
}

static int run(struct cli *c)
{
    struct stages_asked q = {.by = FLOW_MONTH, .by_period = cli_has(c, "by")};
    const char *stray = stray_option(c);
    str wrong = STR("");
    struct engine *e;
    struct err err;
    int status;

    if (cli_has(c, "conversion"))
        return stages_conversion(c);
    if (stray)
        return cli_wrong(c, "--%s goes with --conversion", stray);
    if (q.by_period && !flow_by_parse(cli_text(c, "by"), &q.by))
        return cli_wrong(c, "--by is one of day, week, month, quarter, year; with "
                            "--conversion trait.x or acquisition.x");
    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!read_options(c, e, &q, &err))
        status = cli_fail(&err, c->word[0]);
    else if (!read_who(c, e, &q, &wrong, &err))
        status = cli_fail_in(&err, wrong);
    else
        status = cli_has(c, "kpi") ? show_kpis(c, e, &q) : show_flow(c, e, &q);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"at", "DATE", "as it stood then (a date or a moment): now unless given", false},
    {"from", "DATE", "count entered, left and moves from then on", false},
    {"by", "WHAT",
     "one line a period: day, week, month, quarter, year; with --conversion trait.x or "
     "acquisition.x",
     false},
    {"kpi", NULL, "each stage's target and KPIs", false},
    {"conversion", NULL,
     "of those who entered each stage: who went on, after how long; and the bottleneck",
     false},
    {"to", "DATE", "with --conversion: who entered, and left, before then", false},
    {"within", "LENGTH", "with --conversion: who went on so soon after entering", false},
    REPORT_AGAINST_OPTIONS,
    {"customers", "STAGE", "with --conversion: list customers of this stage: --who",
     false},
    {"who", "FATE",
     "stock, entered, left, forward, back, lost, waiting, stage.NAME (went on there), or "
     "out",
     false},
    {"group", "VALUE", "with --by and --customers: of those with this value alone",
     false},
    {"group-missing", NULL, "the same, of whom it is not known", false},
    {"segment", "NAME", "of those who are in this segment then", false},
    {"when", "RULE", "of those who fit this rule then", false},
    {"save", "NAME", "with --conversion: keep this question as a view of this name",
     false},
    {"lifecycle", "NAME", "of this one: the first of the model unless given", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_stages = {
    "stages",
    "FILE",
    "how many customers stand in each stage, and how they move",
    options,
    sizeof options / sizeof *options,
    run,
};
