#include "engine/lookalike.h"

#include "base/num.h"
#include "cli/report.h"

static void add_value(struct cli_table *t, const struct engine *e,
                      const struct crowd_view *v, uint32_t column, int64_t value,
                      bool plain)
{
    struct buf b = {};

    crowd_put(&b, e, v, column, value, plain);
    t->failed |= b.failed;
    if (v->column[column].type == VALUE_TEXT)
        cli_table_add(t, b.failed ? STR("") : buf_str(&b));
    else
        cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void add_number(struct cli_table *t, int64_t number)
{
    struct buf b = {};

    num_print(&b, number);
    t->failed |= b.failed;
    cli_table_right(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void add_reasons(struct cli_table *t, const struct lookalike_view *v, uint32_t row)
{
    uint32_t reason[LOOKALIKE_REASONS], n = lookalike_reasons(v, row, reason);
    struct buf b = {};

    for (uint32_t i = 0; i < n; i++) {
        buf_add(&b, i ? STR("; ") : STR(""));
        buf_add(&b, v->crowd.column[reason[i]].name);
    }
    t->failed |= b.failed;
    cli_table_add(t, b.failed ? STR("") : buf_str(&b));
    buf_free(&b);
}

static void put_customers(struct cli_table *t, const struct engine *e,
                          const struct lookalike_view *v, bool plain)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    t->columns = v->found.column_n + 3;
    cli_table_add(t, STR("customer"));
    cli_table_add(t, STR("distance"));
    for (uint32_t k = 0; k < v->found.column_n; k++)
        cli_table_add(t, v->crowd.column[k].name);
    cli_table_add(t, STR("close in"));
    for (uint32_t i = 0; i < v->n; i++) {
        uint32_t row = v->row[i];

        cli_table_add(t, catalog_customer_id(catalog, v->crowd.customer[row]));
        add_number(t, v->found.distance[row]);
        for (uint32_t k = 0; k < v->found.column_n; k++)
            add_value(t, e, &v->crowd, k, crowd_value(&v->crowd, k, row), plain);
        add_reasons(t, v, row);
    }
}

/* What the members have in common. */
static void put_members(struct cli_table *t, const struct engine *e,
                        const struct lookalike_view *v)
{
    static const char *const heading[] = {"by",          "members: from", "median",
                                          "to",          "most have",     "members apart",
                                          "others apart"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t k = 0; k < v->found.column_n; k++) {
        const struct lookalike_column *c = &v->found.column[k];
        bool is_trait = k >= v->crowd.crowd.measure_n;
        struct buf most = {};

        cli_table_add(t, v->crowd.column[k].name);
        for (int i = 0; i < 3; i++)
            if (is_trait)
                cli_table_add(t, STR(""));
            else
                add_value(t, e, &v->crowd, k, lookalike_quartile(v, k, i), false);
        if (is_trait) {
            crowd_put(&most, e, &v->crowd, k, c->code, false);
            buf_add_format(&most, " (%.1f %%)",
                           100 * (double)c->share / (double)v->found.member_n);
        }
        t->failed |= most.failed;
        cli_table_add(t, most.failed ? STR("") : buf_str(&most));
        buf_free(&most);
        add_number(t, c->members);
        add_number(t, c->others);
    }
}

static void print_words(struct cli *c, struct buf *b, const struct engine *e,
                        const struct lookalike_view *v)
{
    struct cli_table members = {.arena = &c->arena}, customers = {.arena = &c->arena};

    buf_add(b, STR("On "));
    cli_put_moment(b, engine_model(e)->workspace.zone, v->crowd.at_ms);
    buf_add_format(b, " %u are members and %u are not. From the members, members are ",
                   v->found.member_n, v->found.other_n);
    num_print(b, v->found.members);
    buf_add(b, STR(" apart on average, all others "));
    num_print(b, v->found.others);
    buf_add(b, STR(" (0: the same, 1: as different as can be).\n\n"));
    put_members(&members, e, v);
    cli_table_print(&members, b);
    buf_add_format(b, "\nThe nearest %u:\n\n", v->n);
    put_customers(&customers, e, v, false);
    cli_table_print(&customers, b);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};
    struct lookalike_view v;
    bool ok = engine_lookalike(e, question, &c->arena, &v, wrong, err);

    if (ok && cli_has(c, "json")) {
        lookalike_put_json(&j, e, &v);
        buf_add_char(b, '\n');
    } else if (ok && cli_has(c, "csv")) {
        put_customers(&t, e, &v, true);
        cli_table_csv(&t, b);
    } else if (ok) {
        print_words(c, b, e, &v);
    }
    lookalike_view_free(&v);
    return ok;
}

static int run(struct cli *c)
{
    struct lookalike_question q = {.limit = LOOKALIKES_DEFAULT};

    if (!cli_has(c, "segment") && !cli_has(c, "when"))
        return cli_wrong(c,
                         "--segment NAME or --when RULE says whose like is looked for");
    if (cli_has(c, "limit")
        && (!cli_number(cli_text(c, "limit"), &q.limit) || !q.limit
            || q.limit > LOOKALIKES_MAX))
        return cli_wrong(c, "--limit is a whole number from 1 to %u", LOOKALIKES_MAX);
    if (!cli_all(c, "measure", &q.by.measure, &q.by.measure_n)
        || !cli_all(c, "trait", &q.by.trait, &q.by.trait_n)) {
        struct err err;

        err_nomem(&err);
        return cli_fail(&err, NULL);
    }
    if (!q.by.measure_n && !q.by.trait_n)
        return cli_wrong(c, "--measure and --trait say by what customers are compared");
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"segment", "NAME", "the members: who is in this segment ...", false},
    {"when", "RULE", "... or fits this rule", false},
    {"measure", "RULE",
     "compared by it: a number, money, a length or a moment, such as count(purchase, 1y) "
     "or since(purchase)",
     true},
    {"trait", "NAME", "compared by this trait, or acquisition.channel and its like",
     true},
    {"limit", "N", "so many at most; 100 unless given", false},
    {"at", "DATE", "as it stood then: now unless given", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "the customers as CSV", false},
};

const struct cli_command cli_lookalike = {
    "lookalike",
    "FILE",
    "who outside of a segment is like its members",
    options,
    sizeof options / sizeof *options,
    run,
};
