#include "engine/overlap.h"

#include "base/num.h"
#include "cli/report.h"

static void put_heading(struct cli_table *t, const char *const *name, size_t n)
{
    t->columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(t, str_of(name[i]));
}

static void add_jaccard(struct cli_table *t, const struct overlap_view *v, uint32_t i,
                        uint32_t k)
{
    int64_t jaccard = overlap_jaccard(v, i, k);
    struct buf b = {};

    if (jaccard >= 0)
        num_print(&b, jaccard);
    t->failed |= b.failed;
    if (!t->failed)
        cli_table_right(t, buf_str(&b));
    buf_free(&b);
}

static void put_pairs(struct cli_table *t, const struct overlap_view *v)
{
    static const char *const heading[] = {"a",    "b",      "customers a", "customers b",
                                          "both", "either", "jaccard"};

    put_heading(t, heading, sizeof heading / sizeof *heading);
    for (uint32_t i = 0; i < v->n; i++)
        for (uint32_t k = i + 1; k < v->n; k++) {
            cli_table_add(t, v->name[i]);
            cli_table_add(t, v->name[k]);
            cli_table_number(t, v->size[i]);
            cli_table_number(t, v->size[k]);
            cli_table_number(t, v->both[i][k]);
            cli_table_number(t, overlap_either(v, i, k));
            add_jaccard(t, v, i, k);
        }
}

static void add_set(struct cli_table *t, const struct overlap_view *v, uint32_t set,
                    str separator)
{
    struct buf names = {};

    for (uint32_t i = 0; i < v->n; i++)
        if (set >> i & 1) {
            buf_add(&names, names.n ? separator : STR(""));
            buf_add(&names, v->name[i]);
        }
    t->failed |= names.failed;
    cli_table_add(t, set && !names.failed ? buf_str(&names) : STR("(none)"));
    buf_free(&names);
}

static void put_exact(struct cli_table *t, const struct overlap_view *v)
{
    static const char *const heading[] = {"in exactly", "customers", "share"};

    put_heading(t, heading, sizeof heading / sizeof *heading);
    for (uint32_t set = 0; set < 1u << v->n; set++) {
        add_set(t, v, set, STR(", "));
        cli_table_number(t, v->exact[set]);
        report_share(t, v->exact[set], v->of);
    }
}

/* Each segment's share of all, and what each two have in common of both. */
static void put_against(struct cli_table *t, const struct overlap_view *v, bool plain)
{
    report_against_heading(t, "in", plain);
    for (uint32_t i = 0; i < v->n; i++)
        for (uint32_t k = i; k < v->n; k++) {
            add_set(t, v, 1u << i | 1u << k, STR(" and "));
            report_against_cells(t, overlap_share(v, i, k),
                                 overlap_share(v->against, i, k), plain);
        }
}

static void put_exact_against(struct cli_table *t, const struct overlap_view *v)
{
    report_against_heading(t, "in exactly", false);
    for (uint32_t set = 0; set < 1u << v->n; set++) {
        add_set(t, v, set, STR(", "));
        report_against_cells(t, overlap_share_exactly(v, set),
                             overlap_share_exactly(v->against, set), false);
    }
}

static void print_words(struct cli *c, struct buf *b, const struct engine *e,
                        const struct overlap_view *v)
{
    struct cli_table pairs = {.arena = &c->arena}, exact = {.arena = &c->arena};

    buf_add_format(b, "Of %llu customers on ", (unsigned long long)v->of);
    cli_put_moment(b, engine_model(e)->workspace.zone, v->at_ms);
    if (v->against) {
        buf_add_format(b, ", against %llu on ", (unsigned long long)v->against->of);
        cli_put_moment(b, engine_model(e)->workspace.zone, v->against->at_ms);
    }
    buf_add(b, STR(":\n\n"));
    if (v->against)
        put_against(&pairs, v, false);
    else
        put_pairs(&pairs, v);
    cli_table_print(&pairs, b);
    if (!v->has_exact)
        return;
    buf_add_char(b, '\n');
    if (v->against)
        put_exact_against(&exact, v);
    else
        put_exact(&exact, v);
    cli_table_print(&exact, b);
}

static bool answer(struct cli *c, struct engine *e, void *question, struct buf *b,
                   str *wrong, struct err *err)
{
    struct cli_table t = {.arena = &c->arena};
    struct json_out j = {.to = b};
    struct overlap_view v;

    if (!engine_overlap(e, question, &c->arena, &v, wrong, err))
        return false;
    if (cli_has(c, "json")) {
        if (!overlap_put_json(&j, e, &v, &c->arena, err))
            return false;
        buf_add_char(b, '\n');
    } else if (v.has_list) {
        return report_customers(c, b, e, &v.listed, err);
    } else if (cli_has(c, "csv")) {
        if (v.against)
            put_against(&t, &v, true);
        else
            put_pairs(&t, &v);
        cli_table_csv(&t, b);
    } else {
        print_words(c, b, e, &v);
    }
    return true;
}

static int run(struct cli *c)
{
    str name[OVERLAP_MAX];
    struct overlap_question q = {
        .segment = name, .list = cli_text(c, "customers"), .against = report_against(c)};

    if (c->word_n - 1 < OVERLAP_MIN || c->word_n - 1 > OVERLAP_MAX)
        return cli_wrong(c, "name %u to %u segments", OVERLAP_MIN, OVERLAP_MAX);
    for (; q.segment_n < c->word_n - 1; q.segment_n++)
        name[q.segment_n] = cli_word(c, q.segment_n + 1);
    return report_run(c, answer, &q, &q.scope);
}

static const struct cli_option options[] = {
    {"customers", "NAMES",
     "list who is in exactly these, with commas between, and in no other of those named",
     false},
    {"against", "DATE", "beside the same as it stood then", false},
    {"against-segment", "NAME", "beside the same of this segment", false},
    REPORT_OPTIONS,
    {"csv", NULL, "as CSV: a row for each two of them", false},
};

const struct cli_command cli_overlap = {
    "overlap",
    "FILE NAME [NAME...]",
    "how many customers segments have in common, at any moment",
    options,
    sizeof options / sizeof *options,
    run,
};
