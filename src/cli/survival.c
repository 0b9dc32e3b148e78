#include "engine/survival.h"

#include "cli/report.h"

#include <math.h>

/* --- tables --- */

static void add_text(struct cli_table *t, struct buf *b)
{
    t->failed |= b->failed;
    if (!t->failed)
        cli_table_right(t, buf_str(b));
    buf_free(b);
}

/* A share as people read it, or exact; empty: it is not known. */
static void add_share(struct cli_table *t, double share, bool exact)
{
    struct buf b = {};

    if (!isnan(share))
        buf_add_format(&b, exact ? "%.9g" : "%.1f %%", exact ? share : 100 * share);
    add_text(t, &b);
}

static void add_band(struct cli_table *t, const struct survival_point *p)
{
    struct buf b = {};

    if (!isnan(p->low))
        buf_add_format(&b, "%.1f to %.1f %%", 100 * p->low, 100 * p->high);
    add_text(t, &b);
}

static void add_name(struct cli_table *t, const struct survival_view *v, uint32_t group)
{
    str name = STR("(unknown)");

    (void)spell_name(v->spells, group, &name);
    cli_table_add(t, name.n ? name : STR("(unknown)"));
}

/* A row for each length; of several groups their shares alone. */
static void put_points(struct cli_table *t, const struct survival_view *v)
{
    static const char *const heading[] = {"after", "at risk", "happened", "still without",
                                          "95 % sure"};
    const struct survival_curve *c = v->curve;

    t->columns = v->by.n ? 1 + v->group_n : 5;
    if (v->by.n) {
        cli_table_add(t, STR("still without after"));
        for (uint32_t g = 0; g < v->group_n; g++)
            add_name(t, v, g);
    }
    for (size_t i = 0; !v->by.n && i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < v->point_n; i++) {
        report_length(t, c->point[i].ms, false);
        for (uint32_t g = 0; v->by.n && g < v->group_n; g++)
            add_share(t, v->curve[g].point[i].share, false);
        if (v->by.n)
            continue;
        cli_table_number(t, c->point[i].at_risk);
        cli_table_number(t, c->point[i].ended);
        add_share(t, c->point[i].share, false);
        add_band(t, &c->point[i]);
    }
}

static void put_sums(struct cli_table *t, const struct survival_view *v)
{
    static const char *const heading[] = {"customers", "happened", "expected", "median",
                                          "at least",  "at most",  "mean"};
    bool compares = v->rank.degrees > 0;

    t->columns = v->by.n ? 7 + compares : 6;
    if (v->by.n)
        cli_table_add(t, v->by);
    for (size_t i = 0; i < sizeof heading / sizeof *heading; i++)
        if (compares || i != 2)
            cli_table_add(t, str_of(heading[i]));
    for (uint32_t g = 0; g < v->group_n; g++) {
        const struct survival *s = &v->curve[g].sum;
        struct buf b = {};

        if (v->by.n)
            add_name(t, v, g);
        cli_table_number(t, s->customers);
        cli_table_number(t, s->ended);
        if (compares) {
            buf_add_format(&b, "%.1f", v->rank.expected[g]);
            add_text(t, &b);
        }
        report_length(t, s->median_ms, false);
        report_length(t, s->median_low_ms, false);
        report_length(t, s->median_high_ms, false);
        report_length(t, (int64_t)(s->mean_ms + 0.5), false);
    }
}

static void put_rank(struct buf *b, const struct log_rank *rank)
{
    buf_add_format(b, "\nLog-rank test: chi-square %.4f, %u degree%s of freedom, p ",
                   rank->chi_square, rank->degrees, rank->degrees > 1 ? "s" : "");
    if (rank->p < 1e-10)
        buf_add(b, STR("< 1e-10.\n"));
    else
        buf_add_format(b, "= %.4g.\n", rank->p);
}

static void put_test(struct buf *b, const struct survival_view *v)
{
    if (!v->by.n)
        return;
    if (!v->rank.degrees) {
        buf_add(b, STR("\nThere are no two groups that could be compared.\n"));
        return;
    }
    put_rank(b, &v->rank);
}

/* A row for each point of each group. */
static void put_csv(struct cli_table *t, const struct survival_view *v)
{
    static const char *const heading[] = {"group", "after_ms", "at_risk",
                                          "ended", "censored", "share",
                                          "error", "low",      "high"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t g = 0; g < v->group_n; g++)
        for (uint32_t i = 0; i < v->point_n; i++) {
            const struct survival_point *p = &v->curve[g].point[i];
            str name = STR("");

            (void)spell_name(v->spells, g, &name);
            cli_table_add(t, name);
            report_length(t, p->ms, true);
            cli_table_number(t, p->at_risk);
            cli_table_number(t, p->ended);
            cli_table_number(t, p->censored);
            add_share(t, p->share, true);
            add_share(t, p->error, true);
            add_share(t, p->low, true);
            add_share(t, p->high, true);
        }
}

static void add_number(struct cli_table *t, bool fixed, int digits, double d)
{
    struct buf b = {};

    if (isfinite(d) && fixed)
        buf_add_format(&b, "%.*f", digits, d);
    else if (isfinite(d))
        buf_add_format(&b, "%.*g", digits, d);
    add_text(t, &b);
}

static void put_cox(struct cli_table *t, const struct cox_view *v, bool exact)
{
    static const char *const heading[] = {
        "trait", "value", "beside", "ratio", "low", "high", "coefficient", "error", "p"};
    static const char *const shown[] = {"trait",        "value",    "beside",
                                        "hazard ratio", "at least", "at most",
                                        "coefficient",  "error",    "p"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of((exact ? heading : shown)[i]));
    for (uint32_t i = 0; i < v->fit.column_n; i++) {
        const struct cox_column *c = &v->fit.column[i];
        const double cell[] = {c->ratio, c->low, c->high, c->coefficient, c->error, c->p};

        cli_table_add(t, v->trait[i]);
        cli_table_add(t, v->value[i]);
        cli_table_add(t, v->beside[i]);
        for (size_t k = 0; k < sizeof cell / sizeof *cell; k++)
            add_number(t, !exact && k < 3, exact ? 12 : k < 3 ? 3 : 4, cell[k]);
    }
}

static void print_cox(struct cli *c, struct buf *b, const struct cox_view *v)
{
    struct cli_table t = {.arena = &c->arena};
    const struct cox *f = &v->fit;

    buf_add_format(
        b,
        "\nProportional hazards of %llu customers, to %llu of whom it happened; "
        "at most %u at the same length (%s ties).\n",
        (unsigned long long)f->customers, (unsigned long long)f->ended, f->tied,
        cox_ties_name(v->ties));
    if (v->unknown)
        buf_add_format(
            b, "Left out: %llu of whom not all of it was known when they began.\n",
            (unsigned long long)v->unknown);
    buf_add_char(b, '\n');
    put_cox(&t, v, false);
    cli_table_print(&t, b);
    buf_add_format(b, "\nLog-likelihood %.4f, without these %.4f: p %s%.4g.",
                   f->log_likelihood, f->log_likelihood_null, f->p < 1e-10 ? "< " : "= ",
                   f->p < 1e-10 ? 1e-10 : f->p);
    if (isfinite(f->concordance))
        buf_add_format(b, " Concordance %.4f.", f->concordance);
    buf_add_char(b, '\n');
}

/* --- two sides --- */

static double share_at(const struct survival_view *v, uint32_t point)
{
    return v->group_n ? v->curve->point[point].share : NAN;
}

static void put_against(struct cli_table *t, const struct survival_view *v, bool plain)
{
    static const char *const exact[] = {"after_ms",   "share", "against",
                                        "difference", "low",   "high"};
    static const char *const shown[] = {"after", "still without", "against", "difference",
                                        "95 % sure"};

    t->columns = plain ? 6 : 5;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(plain ? exact[i] : shown[i]));
    for (uint32_t i = 0; i < v->point_n; i++) {
        struct survival_gap gap = survival_gap_at(v, i);
        struct buf b[2] = {};

        report_length(t, v->point_ms[i], plain);
        add_share(t, share_at(v, i), plain);
        add_share(t, share_at(v->against, i), plain);
        if (plain) {
            add_share(t, gap.difference, true);
            add_share(t, gap.low, true);
            add_share(t, gap.high, true);
            continue;
        }
        if (!isnan(gap.difference))
            buf_add_format(&b[0], "%+.1f", 100 * gap.difference);
        if (!isnan(gap.low))
            buf_add_format(&b[1], "%+.1f to %+.1f", 100 * gap.low, 100 * gap.high);
        add_text(t, &b[0]);
        add_text(t, &b[1]);
    }
}

static void print_against(struct cli *c, struct buf *b, const struct engine *e,
                          const struct survival_view *v)
{
    struct cli_table t = {.arena = &c->arena};

    put_against(&t, v, cli_has(c, "csv"));
    if (cli_has(c, "csv")) {
        cli_table_csv(&t, b);
        return;
    }
    if (!v->group_n && !v->against->group_n) {
        report_nothing(b, e);
        return;
    }
    cli_table_print(&t, b);
    if (v->apart.degrees)
        put_rank(b, &v->apart);
    else
        buf_add(b, STR("\nThere are no two sides that could be compared.\n"));
}

static bool print(struct cli *c, struct buf *b, const struct engine *e,
                  const struct survival_view *v, struct err *err)
{
    struct cli_table points = {.arena = &c->arena}, sums = {.arena = &c->arena};
    struct json_out j = {.to = b};

    if (cli_has(c, "json")) {
        if (!survival_put_json(&j, e, v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
        return true;
    }
    if (v->list)
        return report_customers(c, b, e, &v->listed, err);
    if (v->against) {
        print_against(c, b, e, v);
        return true;
    }
    if (cli_has(c, "csv")) {
        if (v->cox)
            put_cox(&points, v->cox, true);
        else
            put_csv(&points, v);
        cli_table_csv(&points, b);
        return true;
    }
    if (!v->group_n) {
        report_nothing(b, e);
        return true;
    }
    put_points(&points, v);
    cli_table_print(&points, b);
    buf_add_char(b, '\n');
    put_sums(&sums, v);
    cli_table_print(&sums, b);
    put_test(b, v);
    if (v->cox)
        print_cox(c, b, v->cox);
    return true;
}

/* --- what is asked --- */

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct survival_view v;
    bool ok;

    if (!engine_survival(e, question, &c->arena, &v, wrong, err))
        return false;
    ok = print(c, b, e, &v, err);
    survival_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct survival_question q = {.first = cli_text(c, "first"),
                                  .after = cli_text(c, "after"),
                                  .lifecycle = cli_text(c, "lifecycle"),
                                  .end = cli_text(c, "end"),
                                  .every = cli_text(c, "every"),
                                  .by = cli_text(c, "by"),
                                  .list = cli_text(c, "customers"),
                                  .within = cli_text(c, "within"),
                                  .group = cli_text(c, "group"),
                                  .group_missing = cli_has(c, "group-missing"),
                                  .cox = cli_text(c, "cox"),
                                  .ties = cli_text(c, "ties"),
                                  .against = report_against(c)};

    if (!q.first.n)
        return cli_wrong(c, "where does somebody begin? --first EVENT, --first trait.x, "
                            "or --first stage.NAME");
    if (!q.end.n)
        return cli_wrong(c, "what does it end with? --end EVENT, --end stage.NAME, or "
                            "--end segment.NAME");
    if ((q.within.n || q.group.n || q.group_missing) && !q.list.n)
        return cli_wrong(c, "--within, --group and --group-missing are of --customers");
    if (q.ties.n && !q.cox.n)
        return cli_wrong(c, "--ties are of --cox");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"first", "PATTERN",
     "the event with which somebody begins, a trait that is a moment, or stage.NAME",
     false},
    {"after", "LENGTH", "--first: who comes back with it so long after the one before",
     false},
    {"end", "PATTERN",
     "what it ends with: events, stage.NAME, 'not stage.NAME' or segment.NAME", false},
    {"lifecycle", "NAME", "whose stages these are: of the first unless given", false},
    {"every", "LENGTH", "from row to row: 30d unless given", false},
    {"by", "NAME",
     "a curve for each value: a property of the first event, trait.x, acquisition.x, or "
     "segment.x",
     false},
    {"cox", "TRAITS",
     "what goes with how long it lasts: trait.x, acquisition.x, with commas between",
     false},
    {"ties", "NAME", "--cox: efron (unless given), breslow or exact", false},
    {"from", "DATE", "who began then or later (a date or a moment)", false},
    {"to", "DATE", "who began before then", false},
    {"customers", "WHICH", "list to whom it happened (ended), or has not (waiting)",
     false},
    {"within", "LENGTH", "--customers: in this length of time", false},
    {"group", "VALUE", "--customers: of those with this value", false},
    {"group-missing", NULL, "--customers: of those for whom it is missing", false},
    REPORT_AGAINST_OPTIONS,
    REPORT_OPTIONS,
    {"csv", NULL,
     "as CSV, a row for each point of each curve, or for each column of --cox", false},
};

const struct cli_command cli_survival = {
    "survival",
    "FILE",
    "how long it lasts from a beginning to an end, as a Kaplan-Meier curve",
    options,
    sizeof options / sizeof *options,
    run,
};
