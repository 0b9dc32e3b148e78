#include "cli/cli.h"
#include "engine/keys.h"

/* --- list --- */

static void add_moment(struct cli_table *t, int64_t at_ms)
{
    struct buf cell = {};

    if (at_ms != MOMENT_NEVER)
        moment_print(&cell, at_ms);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

static void fill_table(struct cli_table *t, const struct key_row *row, uint32_t n)
{
    static const char *const heading[] = {"name", "right", "rate", "made", "revoked"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < n; i++) {
        cli_table_add(t, row[i].name);
        cli_table_add(t, str_of(key_right_name(row[i].right)));
        if (row[i].rate)
            cli_table_number(t, row[i].rate);
        else
            cli_table_right(t, STR(""));
        add_moment(t, row[i].made_ms);
        add_moment(t, row[i].revoked_ms);
    }
}

static int list(struct cli *c, const struct keys *k)
{
    struct cli_table table = {.arena = &c->arena};
    const struct key_row *row;
    struct buf b = {};
    uint32_t n;
    int status;

    row = keys_get(k, &n);
    if (cli_has(c, "json")) {
        keys_put_json(&(struct json_out){.to = &b}, k);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        fill_table(&table, row, n);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else {
        fill_table(&table, row, n);
        cli_table_print(&table, &b);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

/* --- add and revoke --- */

/* On standard output stands the key alone, so that a script can take it. */
static int add(struct cli *c, struct keys *k, enum key_right right, uint32_t rate)
{
    bool is_first = !keys_any(k);
    struct buf b = {};
    struct err err;
    int status;

    if (!keys_add(k, cli_text(c, "name"), right, rate, cli_now_ms(c), &b, &err)) {
        buf_free(&b);
        return cli_fail(&err, c->word[0]);
    }
    fprintf(stderr, "This is the key. It is shown this once, and cannot be had again:\n");
    buf_add_char(&b, '\n');
    status = cli_print(&b);
    buf_free(&b);
    if (is_first)
        fprintf(stderr, "From now on ciclo serve asks for a key.\n");
    if (!keys_has_admin(k))
        fprintf(stderr, "No key has the right admin yet, which the whole page needs.\n");
    return status;
}

static int revoke(struct cli *c, struct keys *k)
{
    struct buf b = {};
    struct err err;
    int status;

    if (!keys_revoke(k, cli_text(c, "name"), cli_now_ms(c), &err))
        return cli_fail(&err, c->word[0]);
    buf_add_format(&b, "The key \"%.*s\" opens nothing any more.\n",
                   STR_FMT(cli_text(c, "name")));
    status = cli_show(&b);
    buf_free(&b);
    return status;
}

/* --- the command --- */

enum action { ACTION_ADD, ACTION_LIST, ACTION_REVOKE, ACTIONS };

static bool action_parse(str word, enum action *out)
{
    static const char *const name[] = {
        [ACTION_ADD] = "add", [ACTION_LIST] = "list", [ACTION_REVOKE] = "revoke"};

    for (int i = 0; i < ACTIONS; i++) {
        if (str_eq(word, str_of(name[i]))) {
            *out = (enum action)i;
            return true;
        }
    }
    return false;
}

static int act(struct cli *c, enum action action, enum key_right right, uint32_t rate)
{
    struct engine *e;
    struct keys *k;
    struct err err;
    int status;

    if (!cli_open_versions(c, action == ACTION_LIST ? STORE_READ : STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!keys_new(e, &k, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    status = action == ACTION_ADD    ? add(c, k, right, rate)
             : action == ACTION_LIST ? list(c, k)
                                     : revoke(c, k);
    keys_free(k);
    engine_close(e);
    return status;
}

static int run(struct cli *c)
{
    enum key_right right = KEY_READ;
    enum action action;
    uint32_t rate = 0;

    if (!action_parse(cli_word(c, 1), &action))
        return cli_wrong(c, "behind FILE stands add, list or revoke");
    if (action != ACTION_LIST && !cli_has(c, "name"))
        return cli_wrong(c, "--name says which key");
    if (action == ACTION_LIST && cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (action == ACTION_ADD && !key_right_parse(cli_text(c, "right"), &right))
        return cli_wrong(c, "--right is collect, read, edit or admin");
    if (cli_has(c, "rate")
        && (!cli_number(cli_text(c, "rate"), &rate) || !rate || rate > KEY_RATE_MAX))
        return cli_wrong(c, "--rate is a whole number from 1 to %d", KEY_RATE_MAX);
    return act(c, action, right, rate);
}

static const struct cli_option options[] = {
    {"name", "NAME", "what the key is called", false},
    {"right", "RIGHT",
     "collect: send events; read: see all; edit: read, and change the model; admin: all",
     false},
    {"rate", "N", "events or requests a second that it may send; no limit unless given",
     false},
    {"json", NULL, "list: as JSON", false},
    {"csv", NULL, "list: as CSV", false},
};

const struct cli_command cli_key = {
    "key",
    "FILE add|list|revoke",
    "who may come in over HTTP: makes keys, shows them, takes them back",
    options,
    sizeof options / sizeof *options,
    run,
};
