#include "engine/personas.h"

#include "base/num.h"
#include "cli/report.h"

/* The median of a measure, "none" where nobody has one. */
static void put_median(struct buf *b, const struct engine *e,
                       const struct personas_view *v, uint32_t m, bool there,
                       int64_t median)
{
    crowd_put(b, e, &v->crowd, m, there ? median : CROWD_MISSING, false);
}

/* Below everybody's median -1, above it 1; times that grow the other way round. */
static int side_of(const struct personas_view *v, const struct persona *p, uint32_t m)
{
    int64_t own = p->median[m], all = v->found.median[m];

    if (!p->there[m] || !v->found.there[m] || own == all)
        return 0;
    return (own > all) == (v->crowd.column[m].grows <= 0) ? 1 : -1;
}

static void put_sides(struct buf *b, const struct personas_view *v,
                      const struct persona *p, int side, const char *words)
{
    bool any = false;

    for (uint32_t m = 0; m < v->crowd.crowd.measure_n; m++)
        if (side_of(v, p, m) == side) {
            buf_add(b, any ? STR(", ") : str_of(words));
            buf_add(b, v->crowd.column[m].name);
            any = true;
        }
    if (any)
        buf_add_char(b, '.');
}

/* How many times as often as of everybody. */
static double times(const struct personas_view *v, const struct persona *p, uint32_t t)
{
    return (double)p->code_n[t] / p->n / ((double)p->all_n[t] / v->found.n);
}

static void put_trait(struct buf *b, const struct engine *e,
                      const struct personas_view *v, const struct persona *p, uint32_t t)
{
    crowd_put(b, e, &v->crowd, v->crowd.crowd.measure_n + t, p->code[t], false);
    buf_add_format(b, ": %.1f %% (everybody %.1f %%, %.1f times as often)",
                   100 * (double)p->code_n[t] / p->n,
                   100 * (double)p->all_n[t] / v->found.n, times(v, p, t));
}

static void put_persona(struct buf *b, const struct engine *e,
                        const struct personas_view *v, uint32_t k)
{
    const struct persona *p = &v->found.persona[k];

    buf_add_format(b, "\nPersona %u: %u customers (%.1f %%).", k + 1, p->n,
                   100 * (double)p->n / v->found.n);
    put_sides(b, v, p, 1, " More than most: ");
    put_sides(b, v, p, -1, " Less than most: ");
    buf_add_char(b, '\n');
    for (uint32_t m = 0; m < v->crowd.crowd.measure_n; m++) {
        buf_add_format(b, "  %.*s: ", STR_FMT(v->crowd.column[m].name));
        put_median(b, e, v, m, p->there[m], p->median[m]);
        buf_add(b, STR(" (everybody "));
        put_median(b, e, v, m, v->found.there[m], v->found.median[m]);
        buf_add(b, STR(")\n"));
    }
    for (uint32_t t = 0; p->n && t < v->crowd.crowd.trait_n; t++) {
        buf_add_format(
            b, "  %.*s: ", STR_FMT(v->crowd.column[v->crowd.crowd.measure_n + t].name));
        put_trait(b, e, v, p, t);
        buf_add_char(b, '\n');
    }
}

static void put_choice(struct cli *c, struct buf *b, const struct personas_view *v)
{
    struct cli_table t = {.columns = 3, .arena = &c->arena};

    cli_table_add(&t, STR("groups"));
    cli_table_add(&t, STR("silhouette"));
    cli_table_add(&t, STR("cost"));
    for (uint32_t k = v->k_from; k < v->k_from + v->k_n; k++) {
        int64_t number[] = {v->of[k].silhouette, v->of[k].cost};

        cli_table_number(&t, k);
        for (int i = 0; i < 2; i++) {
            struct buf text = {};

            num_print(&text, number[i]);
            t.failed |= text.failed;
            cli_table_right(&t, text.failed ? STR("") : buf_str(&text));
            buf_free(&text);
        }
    }
    buf_add_char(b, '\n');
    cli_table_print(&t, b);
}

static void print_words(struct cli *c, struct buf *b, const struct engine *e,
                        const struct personas_view *v)
{
    buf_add(b, STR("On "));
    cli_put_moment(b, engine_model(e)->workspace.zone, v->crowd.at_ms);
    buf_add_format(b, " %u customers in %u personas, with the seed %llu. Silhouette ",
                   v->found.n, v->found.k, (unsigned long long)v->seed);
    num_print(b, v->found.silhouette);
    buf_add(b, STR(" (1: groups well apart, 0: they touch), gamma "));
    num_print(b, v->found.gamma);
    buf_add(b, STR(".\n"));
    if (v->k_n)
        put_choice(c, b, v);
    for (uint32_t k = 0; k < v->found.k; k++)
        put_persona(b, e, v, k);
}

/* A row for each persona and column. */
static void print_csv(struct cli *c, struct buf *b, const struct engine *e,
                      const struct personas_view *v)
{
    static const char *const heading[] = {"persona",         "customers", "column",
                                          "value",           "have_it",   "everybody",
                                          "everybody_has_it"};
    struct cli_table t = {.columns = sizeof heading / sizeof *heading,
                          .arena = &c->arena};
    uint32_t measures = v->crowd.crowd.measure_n;

    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (uint32_t k = 0; k < v->found.k; k++)
        for (uint32_t i = 0; i < v->crowd.column_n; i++) {
            const struct persona *p = &v->found.persona[k];
            bool is_trait = i >= measures;
            struct buf own = {}, all = {};

            crowd_put(&own, e, &v->crowd, i,
                      is_trait      ? p->code[i - measures]
                      : p->there[i] ? p->median[i]
                                    : CROWD_MISSING,
                      true);
            if (!is_trait)
                crowd_put(&all, e, &v->crowd, i,
                          v->found.there[i] ? v->found.median[i] : CROWD_MISSING, true);
            t.failed |= own.failed || all.failed;
            cli_table_number(&t, k + 1);
            cli_table_number(&t, p->n);
            cli_table_add(&t, v->crowd.column[i].name);
            cli_table_add(&t, t.failed ? STR("") : buf_str(&own));
            if (is_trait)
                cli_table_number(&t, p->code_n[i - measures]);
            else
                cli_table_add(&t, STR(""));
            cli_table_add(&t, t.failed ? STR("") : buf_str(&all));
            if (is_trait)
                cli_table_number(&t, p->all_n[i - measures]);
            else
                cli_table_add(&t, STR(""));
            buf_free(&own);
            buf_free(&all);
        }
    cli_table_csv(&t, b);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct json_out j = {.to = b};
    struct personas_view v;
    bool ok = engine_personas(e, question, &c->arena, &v, wrong, err);

    if (ok && cli_has(c, "json")) {
        ok = personas_put_json(&j, e, &v, &c->arena, err);
        buf_add_char(b, '\n');
    } else if (ok && v.list) {
        ok = report_customers(c, b, e, &v.listed, err);
    } else if (ok && cli_has(c, "csv")) {
        print_csv(c, b, e, &v);
    } else if (ok) {
        print_words(c, b, e, &v);
    }
    personas_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct personas_question q = {
        .from = PERSONAS_DEFAULT, .to = PERSONAS_DEFAULT, .seed = 1};
    struct err err;
    uint32_t seed;

    if (cli_has(c, "groups") && !personas_groups(cli_text(c, "groups"), &q, &err))
        return cli_wrong(c, "--groups: %s", err.msg);
    if (cli_has(c, "seed")) {
        if (!cli_number(cli_text(c, "seed"), &seed))
            return cli_wrong(c, "--seed is a whole number");
        q.seed = seed;
    }
    if (cli_has(c, "customers")
        && (!cli_number(cli_text(c, "customers"), &q.list) || !q.list))
        return cli_wrong(c, "--customers is the number of a persona, from 1");
    if (!cli_all(c, "measure", &q.by.measure, &q.by.measure_n)
        || !cli_all(c, "trait", &q.by.trait, &q.by.trait_n)) {
        err_nomem(&err);
        return cli_fail(&err, NULL);
    }
    if (!q.by.measure_n && !q.by.trait_n)
        return cli_wrong(c, "--measure and --trait say by what customers are compared");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"measure", "RULE",
     "compared by it: a number, money, a length or a moment, such as count(purchase, 1y) "
     "or since(purchase)",
     true},
    {"trait", "NAME", "compared by this trait, or acquisition.channel and its like",
     true},
    {"groups", "K", "so many personas, or the best of several: 2..8; 5 unless given",
     false},
    {"seed", "N", "of the chance with which it starts; 1 unless given", false},
    {"customers", "N", "list who is of this persona", false},
    {"segment", "NAME", "of those who are in this segment at that moment", false},
    {"when", "RULE", "of those who fit this rule at that moment", false},
    {"at", "DATE", "as it stood then: now unless given", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV: a row for each persona and measure or trait", false},
};

const struct cli_command cli_personas = {
    "personas",
    "FILE",
    "customers in groups of like ones, and what each group is like",
    options,
    sizeof options / sizeof *options,
    run,
};
