#include "engine/identity.h"

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

static void fill_table(struct cli_table *t, const struct suspicion *s, uint32_t n)
{
    static const char *const heading[] = {
        "id", "met", "customer", "other customer", "since", "by", "why they are two"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < n; i++) {
        add_id(t, s[i].a);
        add_id(t, s[i].b);
        cli_table_add(t, s[i].customer_a.value);
        cli_table_add(t, s[i].customer_b.value);
        add_moment(t, s[i].at_ms);
        cli_table_add(t, tie_text(s[i].tie));
        cli_table_add(t, graph_verdict_text(s[i].verdict));
    }
}

static int show(struct cli *c, struct engine *e)
{
    struct cli_table table = {.arena = &c->arena};
    const struct suspicion *s;
    struct buf b = {};
    struct err err;
    uint32_t n;
    int status;

    if (!engine_suspicions(e, &c->arena, &s, &n, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json")) {
        suspicions_put_json(&(struct json_out){.to = &b}, s, n);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        fill_table(&table, s, n);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else if (!n) {
        buf_add(&b, STR("Nobody is suspected of being somebody else.\n"));
        status = cli_show(&b);
    } else {
        fill_table(&table, s, n);
        cli_table_print(&table, &b);
        buf_add(&b,
                STR("\nciclo identity FILE merge ID MET makes them one customer, apart "
                    "says that they are two.\n"));
        status = cli_show(&b);
    }
    buf_free(&b);
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

static int run(struct cli *c)
{
    str action = cli_word(c, 1);
    bool is_list = str_eq(action, STR("suspicions"));
    enum graph_says says = GRAPH_UNDECIDED;
    struct engine *e;
    struct err err;
    int status;

    if (!is_list && !str_eq(action, STR("undecide")) && !says_parse(action, &says))
        return cli_wrong(c, "behind FILE stands suspicions, merge, apart or undecide");
    if (is_list && cli_word(c, 2).n)
        return cli_wrong(c, "suspicions takes no ids");
    if (!is_list && !cli_word(c, 3).n)
        return cli_wrong(c, "%.*s takes two ids", STR_FMT(action));
    if (is_list && cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, is_list ? STORE_READ : STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = is_list ? show(c, e) : decide(c, e, says);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"by", "NAME", "who decides; the login name unless given", false},
    {"json", NULL, "suspicions: as JSON", false},
    {"csv", NULL, "suspicions: as CSV", false},
};

const struct cli_command cli_identity = {
    "identity",
    "FILE suspicions|merge|apart|undecide [ID] [ID]",
    "who may be one customer with whom, and what you decide of them",
    options,
    sizeof options / sizeof *options,
    run,
};
