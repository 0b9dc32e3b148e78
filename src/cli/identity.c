#include "engine/similar.h"
#include "engine/suspicions.h"

#include "base/user.h"
#include "cli/cli.h"

/* --- suspicions --- */

static void add_id(struct cli_table *t, struct id id)
{
    struct buf cell = {};

    id_print(&cell, id);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

static void add_moment(struct cli_table *t, int64_t at_ms)
{
    struct buf cell = {};

    moment_print(&cell, at_ms);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

/* One of the three lists. */
struct list {
    struct cli *c;
    struct engine *e;
    struct cli_table table;
    struct buf out;
    struct json_out json;
    const char *none, *what_next;
};

static void head(struct list *l, const char *const *heading, size_t n)
{
    l->table.columns = n;
    for (size_t i = 0; i < n; i++)
        cli_table_add(&l->table, str_of(heading[i]));
}

static bool list_suspicions(struct list *l, struct err *err)
{
    static const char *const heading[] = {
        "id", "met", "customer", "other customer", "since", "by", "why they are two"};
    struct pair_want want = {
        .kind = PAIR_SUSPECTED, .limit = UINT32_MAX - 1, .after = GRAPH_NO_ID};
    struct pair_page page;

    if (!engine_pairs(l->e, &want, &l->c->arena, &page, err))
        return false;
    head(l, heading, sizeof heading / sizeof *heading);
    json_begin_list(&l->json);
    for (uint32_t i = 0; i < page.n; i++) {
        const struct pair *p = &page.pair[i];

        add_id(&l->table, p->a);
        add_id(&l->table, p->b);
        cli_table_add(&l->table, p->customer_a.value);
        cli_table_add(&l->table, p->customer_b.value);
        add_moment(&l->table, p->at_ms);
        cli_table_add(&l->table, tie_text(p->tie));
        cli_table_add(&l->table, graph_verdict_text(p->verdict));
        if (!pair_put_json(&l->json, l->e, p, want.kind, false, err))
            return false;
    }
    json_end_list(&l->json);
    l->none = "Nobody is suspected of being somebody else.\n";
    l->what_next =
        "\nciclo identity FILE merge ID MET makes them one customer, apart says "
        "that they are two.\n";
    return true;
}

static bool list_decisions(struct list *l, struct err *err)
{
    static const char *const heading[] = {"id", "other id", "says", "when", "by"};
    struct pair_want want = {
        .kind = PAIR_DECIDED, .limit = UINT32_MAX - 1, .after = GRAPH_NO_ID};
    struct pair_page page;

    if (!engine_pairs(l->e, &want, &l->c->arena, &page, err))
        return false;
    head(l, heading, sizeof heading / sizeof *heading);
    json_begin_list(&l->json);
    for (uint32_t i = 0; i < page.n; i++) {
        const struct pair *p = &page.pair[i];
        str by;

        if (!engine_decided_by(l->e, p, &l->c->arena, &by, err)
            || !pair_put_json(&l->json, l->e, p, want.kind, false, err))
            return false;
        add_id(&l->table, p->a);
        add_id(&l->table, p->b);
        cli_table_add(&l->table, says_text(p->says));
        add_moment(&l->table, p->at_ms);
        cli_table_add(&l->table, by);
    }
    json_end_list(&l->json);
    l->none = "Nobody has decided anything of two ids.\n";
    l->what_next = "\nciclo identity FILE undecide ID ID takes a decision back.\n";
    return true;
}

/* "name 96%: Ada Lovelace, Ada Lovelase" for each field that both have. */
static void add_evidence(struct list *l, const struct alike *one)
{
    struct buf cell = {};

    for (int f = 0; f < SIMILAR_FIELD_N; f++) {
        str name = similar_field_name((enum similar_field)f);
        str a = one->contact[0]->field[f], b = one->contact[1]->field[f];

        if (one->pair->alike[f] == SIMILAR_UNKNOWN)
            continue;
        if (cell.n)
            buf_add(&cell, STR("; "));
        buf_add_format(&cell, "%.*s %u%%: %.*s", STR_FMT(name), one->pair->alike[f],
                       STR_FMT(a));
        if (!str_eq(a, b))
            buf_add_format(&cell, ", %.*s", STR_FMT(b));
    }
    cli_table_add(&l->table, buf_str(&cell));
    l->table.failed |= cell.failed;
    buf_free(&cell);
}

static bool draw(void *bar, uint64_t done, uint64_t all)
{
    if (cli_bar_is_seen())
        cli_bar_draw(bar, done, all);
    return true;
}

static bool look(struct list *l, uint32_t bits, struct err *err)
{
    struct similar_look *look;
    struct cli_bar bar = {};
    bool ok;

    if (!engine_similar_begin(l->e, bits, cli_now_ms(l->c), &look, err))
        return false;
    ok = engine_similar_run(look, draw, &bar, err);
    cli_bar_end(&bar);
    if (ok)
        engine_similar_finish(look);
    engine_similar_free(look);
    return ok;
}

static bool list_similar(struct list *l, uint32_t bits, struct err *err)
{
    static const char *const heading[] = {"customer", "other customer", "bits",
                                          "how they are alike"};
    struct alike_want want = {.limit = UINT32_MAX - 1, .after = UINT32_MAX};
    struct alike_page page;

    if (!look(l, bits, err) || !engine_similar(l->e, &want, &l->c->arena, &page, err))
        return false;
    head(l, heading, sizeof heading / sizeof *heading);
    json_begin_list(&l->json);
    for (uint32_t i = 0; i < page.n; i++) {
        struct buf cell = {};

        add_id(&l->table, page.alike[i].customer[0]);
        add_id(&l->table, page.alike[i].customer[1]);
        buf_add_format(&cell, "%.1f", page.alike[i].pair->weight);
        cli_table_right(&l->table, buf_str(&cell));
        l->table.failed |= cell.failed;
        buf_free(&cell);
        add_evidence(l, &page.alike[i]);
        if (!alike_put_json(&l->json, l->e, &page.alike[i], false, err))
            return false;
    }
    json_end_list(&l->json);
    l->none = "Nobody looks like somebody else.\n";
    l->what_next =
        "\nciclo identity FILE merge ID ID makes them one customer, apart says "
        "that they are two.\n";
    return true;
}

static int print(struct list *l)
{
    struct buf b = {};
    int status;

    if (cli_has(l->c, "json")) {
        buf_add_char(&l->out, '\n');
        return cli_print(&l->out);
    }
    if (cli_has(l->c, "csv")) {
        cli_table_csv(&l->table, &b);
        status = cli_print(&b);
    } else {
        if (l->table.n == l->table.columns)
            buf_add(&b, str_of(l->none));
        else
            cli_table_print(&l->table, &b);
        if (l->table.n > l->table.columns)
            buf_add(&b, str_of(l->what_next));
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static int show(struct cli *c, struct engine *e, uint32_t bits)
{
    struct list l = {.c = c, .e = e, .table.arena = &c->arena};
    str what = cli_word(c, 1);
    struct err err;
    int status;
    bool ok;

    l.json.to = &l.out;
    ok = str_eq(what, STR("similar"))     ? list_similar(&l, bits, &err)
         : str_eq(what, STR("decisions")) ? list_decisions(&l, &err)
                                          : list_suspicions(&l, &err);
    status = ok ? print(&l) : cli_fail(&err, c->word[0]);
    buf_free(&l.out);
    return status;
}

/* --- decisions --- */

static int decide(struct cli *c, struct engine *e, enum graph_says says)
{
    str a = cli_word(c, 2), b = cli_word(c, 3);
    str by = cli_has(c, "by") ? cli_text(c, "by") : user_name(&c->arena);
    static const char *const said[] = {
        [GRAPH_UNDECIDED] = "as if nobody had decided",
        [GRAPH_MERGE] = "one customer",
        [GRAPH_APART] = "two customers",
    };
    struct buf out = {};
    struct err err;
    int status;

    if (!engine_decide(e, a, b, says, by, cli_now_ms(c), &err)
        || !engine_advance(e, cli_now_ms(c), &err))
        return cli_fail(&err, c->word[0]);
    buf_add_format(&out, "%.*s and %.*s: %s.\n", STR_FMT(a), STR_FMT(b), said[says]);
    status = cli_show(&out);
    buf_free(&out);
    return status;
}

static bool is_list(str action)
{
    return str_eq(action, STR("suspicions")) || str_eq(action, STR("decisions"))
           || str_eq(action, STR("similar"));
}

static int run(struct cli *c)
{
    str action = cli_word(c, 1);
    uint32_t bits = (uint32_t)similar_rules_usual.threshold;
    enum graph_says says = GRAPH_UNDECIDED;
    struct engine *e;
    struct err err;
    int status;

    if (!is_list(action) && !str_eq(action, STR("undecide"))
        && !says_parse(action, &says))
        return cli_wrong(c, "behind FILE stands suspicions, decisions, similar, merge, "
                            "apart or undecide");
    if (is_list(action) && cli_word(c, 2).n)
        return cli_wrong(c, "%.*s takes no ids", STR_FMT(action));
    if (!is_list(action) && !cli_word(c, 3).n)
        return cli_wrong(c, "%.*s takes two ids", STR_FMT(action));
    if (is_list(action) && cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (cli_has(c, "min-weight")
        && (!cli_number(cli_text(c, "min-weight"), &bits) || bits < 1
            || bits > SIMILAR_BITS_MAX))
        return cli_wrong(c, "--min-weight is a whole number of bits from 1 to %d",
                         SIMILAR_BITS_MAX);
    if (!cli_open(c, is_list(action) ? STORE_READ : STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = is_list(action) ? show(c, e, bits) : decide(c, e, says);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"by", "NAME", "who decides; the login name unless given", false},
    {"min-weight", "BITS", "similar: how much their likeness weighs at least; 12", false},
    {"json", NULL, "the lists as JSON", false},
    {"csv", NULL, "the lists as CSV", false},
};

const struct cli_command cli_identity = {
    "identity",
    "FILE suspicions|decisions|similar|merge|apart|undecide [ID] [ID]",
    "who may be one customer with whom, and what you decide of them",
    options,
    sizeof options / sizeof *options,
    run,
};
