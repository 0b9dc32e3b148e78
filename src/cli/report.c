#include "cli/report.h"

#include "cli/view.h"
#include "engine/begin.h"

bool report_is_named(const struct cli *c, const char *option, struct err *err)
{
    return !cli_has(c, option) || cli_text(c, option).n
           || err_set(err, ERR_INPUT, "--%s says nothing: leave it out for everybody",
                      option);
}

static bool read_scope(struct cli *c, const struct engine *e, struct report_scope *out,
                       struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;

    out->segment = cli_text(c, "segment");
    out->when = cli_text(c, "when");
    if (!report_is_named(c, "segment", err) || !report_is_named(c, "when", err)
        || !cli_moment(c, "from", z, MOMENT_MIN, &out->from_ms, err)
        || !cli_moment(c, "to", z, MOMENT_NEVER, &out->to_ms, err)
        || !cli_moment(c, "at", z, cli_now_ms(c), &out->at_ms, err)
        || !report_range(out->from_ms, out->to_ms, err))
        return false;
    out->known_ms = report_known(e, out->at_ms, cli_has(c, "at"), cli_now_ms(c));
    return true;
}

int report_run(struct cli *c, report_answer *answer, void *question,
               struct report_scope *scope)
{
    bool plain = cli_has(c, "json") || cli_has(c, "csv");
    struct engine *e;
    struct buf b = {};
    struct err err;
    str wrong = STR("");
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, cli_has(c, "save") ? STORE_WRITE : STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!read_scope(c, e, scope, &err))
        status = cli_fail(&err, c->word[0]);
    else if (!answer(c, e, question, &b, &wrong, &err))
        status = cli_fail_in(&err, wrong);
    else if (cli_has(c, "save") && !view_keep(c, e, &err))
        status = cli_fail(&err, NULL);
    else
        status = plain ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static void add_right(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    cli_table_right(t, b->failed ? STR("") : buf_str(b));
    buf_free(b);
}

void report_share(struct cli_table *t, uint64_t part, uint64_t whole)
{
    struct buf b = {};

    if (whole)
        buf_add_format(&b, "%.1f %%", 100 * (double)part / (double)whole);
    add_right(t, &b);
}

struct report_against report_against(const struct cli *c)
{
    return (struct report_against){cli_text(c, "against"),
                                   cli_text(c, "against-segment")};
}

void report_against_heading(struct cli_table *t, const char *what, bool plain)
{
    static const char *const exact[] = {"customers",  "of",  "against", "against_of",
                                        "difference", "low", "high"};
    static const char *const shown[] = {"customers", "of",    "share",      "against",
                                        "of",        "share", "difference", "95 % sure"};
    size_t n = plain ? sizeof exact / sizeof *exact : sizeof shown / sizeof *shown;

    t->columns = 1 + n;
    cli_table_add(t, str_of(what));
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(plain ? exact[i] : shown[i]));
}

static void add_side(struct cli_table *t, struct share s, bool plain)
{
    cli_table_number(t, s.hits);
    cli_table_number(t, s.n);
    if (!plain)
        report_share(t, s.hits, s.n);
}

void report_against_cells(struct cli_table *t, struct share here, struct share there,
                          bool plain)
{
    bool known = here.n && there.n;
    double difference = 0, low, high;
    struct buf b[3] = {};

    share_difference(here, there, &low, &high);
    if (known)
        difference =
            (double)here.hits / (double)here.n - (double)there.hits / (double)there.n;
    add_side(t, here, plain);
    add_side(t, there, plain);
    if (known && plain) {
        buf_add_format(&b[0], "%.6f", difference);
        buf_add_format(&b[1], "%.6f", low);
        buf_add_format(&b[2], "%.6f", high);
    } else if (known) {
        buf_add_format(&b[0], "%+.1f", 100 * difference);
        buf_add_format(&b[1], "%+.1f to %+.1f", 100 * low, 100 * high);
    }
    for (int i = 0; i < (plain ? 3 : 2); i++)
        add_right(t, &b[i]);
}

void report_figures_heading(struct cli_table *t, const char *what, bool plain)
{
    t->columns = 4;
    cli_table_add(t, str_of(what));
    cli_table_add(t, plain ? STR("value") : STR("share"));
    cli_table_add(t, STR("against"));
    cli_table_add(t, STR("difference"));
}

void report_figures_cells(struct cli_table *t, struct figure here, struct figure there,
                          bool plain)
{
    struct figure f[] = {
        here, there, {here.known && there.known, here.value - there.value}};

    for (int i = 0; i < 3; i++) {
        struct buf b = {};

        if (f[i].known && plain)
            buf_add_format(&b, "%.9g", f[i].value);
        else if (f[i].known)
            buf_add_format(&b, i < 2 ? "%.1f %%" : "%+.1f", 100 * f[i].value);
        add_right(t, &b);
    }
}

void report_length(struct cli_table *t, int64_t ms, bool exact)
{
    struct buf b = {};

    if (ms >= 0 && exact)
        buf_add_format(&b, "%lld", (long long)ms);
    else if (ms >= MS_DAY)
        buf_add_format(&b, "%.1f d", (double)ms / (double)MS_DAY);
    else if (ms >= MS_HOUR)
        buf_add_format(&b, "%.1f h", (double)ms / (double)MS_HOUR);
    else if (ms >= MS_MINUTE)
        buf_add_format(&b, "%.1f min", (double)ms / (double)MS_MINUTE);
    else if (ms >= 0)
        buf_add_format(&b, "%.1f s", (double)ms / (double)MS_SECOND);
    add_right(t, &b);
}

void report_nothing(struct buf *b, const struct engine *e)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct store_facts facts = snapshot_facts(engine_snapshot(e));

    if (!facts.events) {
        buf_add(b, STR("Nobody: the file has no events yet.\n"));
        return;
    }
    buf_add(b, STR("Nobody: the file's events are of "));
    cli_put_moment(b, z, facts.first_ms);
    buf_add(b, STR(" to "));
    cli_put_moment(b, z, facts.last_ms);
    buf_add(b, STR(", and none of them fits what is asked for.\n"));
}

bool report_customers(struct cli *c, struct buf *b, const struct engine *e,
                      const struct listed *listed, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    struct cli_table t = {.arena = &c->arena, .columns = 1};
    const uint32_t *customer;

    if (!report_by_id(e, listed->customer, listed->n, &c->arena, &customer, err))
        return false;
    cli_table_add(&t, STR("customer"));
    for (size_t i = 0; i < listed->n; i++)
        cli_table_add(&t, catalog_customer_id(catalog, customer[i]));
    if (cli_has(c, "csv"))
        cli_table_csv(&t, b);
    else
        cli_table_print(&t, b);
    return true;
}
