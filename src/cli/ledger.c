#include "engine/ledger.h"

#include "cli/report.h"
#include "engine/value.h"

/* What a JSON number is, for a table; null is empty. */
static void add(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    if (!t->failed)
        cli_table_right(t, str_eq(buf_str(b), STR("null")) ? STR("") : buf_str(b));
    buf_free(b);
}

static void add_sum(struct cli_table *t, const struct engine *e, __int128 minor)
{
    struct buf b = {};

    ledger_put_sum(&(struct json_out){.to = &b}, e, minor);
    add(t, &b);
}

static void add_each(struct cli_table *t, const struct engine *e,
                     const struct ledger_row *row, bool kept)
{
    struct buf b = {};

    ledger_put_each(&(struct json_out){.to = &b}, e, row, kept);
    add(t, &b);
}

static void add_day(struct cli_table *t, int32_t day)
{
    struct buf b = {};

    value_put_day(&b, day);
    t->failed |= b.failed;
    if (!t->failed)
        cli_table_add(t, buf_str(&b));
    buf_free(&b);
}

/* --- rows --- */

static void put_heading(struct cli_table *t, const struct ledger_view *v, str by)
{
    if (v->by != LEDGER_BY_TOTAL)
        cli_table_add(t, v->by == LEDGER_BY_CAMPAIGN ? STR("channel") : by);
    if (v->by == LEDGER_BY_CAMPAIGN)
        cli_table_add(t, STR("campaign"));
    cli_table_add(t, STR("customers"));
    if (v->has_stand)
        cli_table_add(t, STR("stand there"));
    cli_table_add(t, STR("won"));
    cli_table_add(t, STR("kept"));
    for (int i = 0; i < LEDGER_SUM_N; i++)
        if (i != LEDGER_SUM_POTENTIAL || v->has_potential)
            cli_table_add(t, ledger_sum_text((enum ledger_sum_name)i));
    cli_table_add(t, STR("cost of winning"));
    cli_table_add(t, STR("cost of keeping"));
    t->columns = t->n;
}

static void put_row(struct cli_table *t, const struct engine *e,
                    const struct ledger_view *v, const struct ledger_row *row)
{
    if (v->by != LEDGER_BY_TOTAL)
        cli_table_add(t, row->name);
    if (v->by == LEDGER_BY_CAMPAIGN)
        cli_table_add(t, row->campaign);
    cli_table_number(t, row->customers);
    if (v->has_stand)
        cli_table_number(t, row->stand);
    cli_table_number(t, row->won);
    cli_table_number(t, row->kept);
    for (int i = 0; i < LEDGER_SUM_N; i++)
        if (i != LEDGER_SUM_POTENTIAL || v->has_potential)
            add_sum(t, e, row->sum[i]);
    add_each(t, e, row, false);
    add_each(t, e, row, true);
}

static void put_table(struct cli_table *t, const struct engine *e,
                      const struct ledger_view *v, str by)
{
    put_heading(t, v, by);
    for (uint32_t i = 0; i < v->row_n; i++)
        put_row(t, e, v, &v->row[i]);
    if (v->by == LEDGER_BY_TOTAL)
        put_row(t, e, v, &v->all);
}

/* The sums of all, a line each. */
static void put_all(struct cli_table *t, const struct engine *e,
                    const struct ledger_view *v)
{
    t->columns = 2;
    cli_table_add(t, STR(""));
    cli_table_add(t, STR("all"));
    for (int i = 0; i < LEDGER_SUM_N; i++)
        if (i != LEDGER_SUM_POTENTIAL || v->has_potential) {
            cli_table_add(t, ledger_sum_text((enum ledger_sum_name)i));
            add_sum(t, e, v->all.sum[i]);
        }
    cli_table_add(t, STR("cost of winning one"));
    add_each(t, e, &v->all, false);
    cli_table_add(t, STR("cost of keeping one"));
    add_each(t, e, &v->all, true);
}

static void put_lines(struct cli_table *t, const struct engine *e,
                      const struct ledger_view *v)
{
    static const char *const heading[] = {"day",     "kind",     "amount", "event",
                                          "channel", "campaign", "brought"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (size_t i = 0; i < v->line_n; i++) {
        const struct ledger_view_line *line = &v->line[i];

        add_day(t, line->day);
        cli_table_add(t, line->kind);
        add_sum(t, e, line->minor);
        cli_table_add(t, line->event);
        cli_table_add(t, line->channel);
        cli_table_add(t, line->campaign);
        cli_table_add(t, line->brought);
    }
}

/* --- words --- */

static void say_sum(struct buf *b, const struct engine *e, __int128 minor)
{
    struct buf text = {};

    ledger_put_sum(&(struct json_out){.to = &text}, e, minor);
    b->failed |= text.failed;
    if (!b->failed)
        buf_add(b, buf_str(&text));
    buf_free(&text);
}

static void print_rest(struct buf *b, const struct engine *e, const struct ledger_view *v)
{
    buf_add_format(b, "\n%llu customers; %llu bought for the first time, %llu again.\n",
                   (unsigned long long)v->all.stand, (unsigned long long)v->all.won,
                   (unsigned long long)v->all.kept);
    buf_add(b, STR("What channels cost in this time: "));
    say_sum(b, e, v->imported);
    if (v->others) {
        buf_add(b, STR(", of which with others or with nobody: "));
        say_sum(b, e, v->others);
    }
    buf_add(b, STR(".\n"));
    for (uint32_t i = 0; i < v->foreign_n; i++) {
        buf_add_format(
            b, "In no sum, for want of a rate of the day: %llu lines in %.*s, ",
            (unsigned long long)v->foreign[i].lines, STR_FMT(v->foreign[i].currency));
        say_sum(b, e, v->foreign[i].sum);
        buf_add(b, STR(" of it. Import rates: ciclo rates import FILE TABLE\n"));
    }
    if (v->untold)
        buf_add_format(b, "%llu lines are too large to be counted.\n",
                       (unsigned long long)v->untold);
    if (v->unknown_referrers)
        buf_add_format(b, "%llu customers were brought by somebody whom nobody knows.\n",
                       (unsigned long long)v->unknown_referrers);
    if (v->has_potential)
        buf_add_format(b, "Potential: of %.0f days, at %.4g a year.\n", v->ahead_days,
                       v->discount);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    const struct ledger_question *q = question;
    struct cli_table t = {.arena = &c->arena};
    struct ledger_view v;

    if (!engine_ledger(e, q, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        ledger_put_json(&(struct json_out){.to = b}, e, &v);
        buf_add_char(b, '\n');
        return true;
    }
    if (v.customer.n)
        put_lines(&t, e, &v);
    else if (v.by == LEDGER_BY_TOTAL && !cli_has(c, "csv"))
        put_all(&t, e, &v);
    else
        put_table(&t, e, &v, q->by);
    if (cli_has(c, "csv")) {
        cli_table_csv(&t, b);
        return true;
    }
    cli_table_print(&t, b);
    if (v.customer.n) {
        t = (struct cli_table){.arena = &c->arena};
        put_all(&t, e, &v);
        buf_add_char(b, '\n');
        cli_table_print(&t, b);
    }
    print_rest(b, e, &v);
    return true;
}

static int run(struct cli *c)
{
    struct ledger_question q = {.by = cli_text(c, "by"),
                                .lifecycle = cli_text(c, "lifecycle"),
                                .ahead = cli_text(c, "ahead"),
                                .discount = cli_text(c, "discount"),
                                .customer = cli_word(c, 1)};

    if (q.customer.n && (q.by.n || cli_has(c, "segment") || cli_has(c, "when")))
        return cli_wrong(c, "one customer's ledger has no --by, --segment or --when");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"by", "WHAT",
     "day, month, channel, campaign, stage, segment, cohort or customer: all in one "
     "unless given",
     false},
    {"lifecycle", "NAME", "--by stage: whose stages; the first unless given", false},
    {"ahead", "LENGTH", "tell what is expected in so many days, too, such as 365d",
     false},
    {"discount", "RATE", "of what is expected, a rate per year, such as 0.1", false},
    {"from", "DATE", "what happened then or later (a date or a moment)", false},
    {"to", "DATE", "what happened before then", false},
    {"at", "DATE", "later events are not seen: now unless given", false},
    {"segment", "NAME", "of those who are in this segment at that moment", false},
    {"when", "RULE", "of those who fit this rule at that moment", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_ledger = {
    "ledger",
    "FILE [CUSTOMER]",
    "what customers brought and cost, to the cent",
    options,
    sizeof options / sizeof *options,
    run,
};
