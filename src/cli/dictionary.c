#include "cli/cli.h"
#include "engine/dictionary_table.h"

static void add_moment(struct cli_table *t, int64_t at_ms)
{
    struct buf cell = {};

    if (at_ms != MOMENT_NEVER)
        moment_print(&cell, at_ms);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

/* "number 900, text 3" */
static void add_values(struct cli_table *t, const struct dictionary_line *l)
{
    struct buf cell = {};

    for (int i = 0; i < DICTIONARY_RAWS; i++)
        if (l->value[i])
            buf_add_format(&cell, "%s%.*s %llu", cell.n ? ", " : "",
                           STR_FMT(value_type_name((enum value_type)i)),
                           (unsigned long long)l->value[i]);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

/* "12: the time lies in the future; 3: ..." */
static void add_reasons(struct cli_table *t, const struct dictionary_line *l)
{
    struct buf cell = {};

    for (uint32_t i = 0; i < l->reason_n; i++)
        buf_add_format(&cell, "%s%llu: %.*s", i ? "; " : "",
                       (unsigned long long)l->reason[i].n, STR_FMT(l->reason[i].reason));
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

static void fill_table(struct cli_table *t, const struct dictionary_table *d)
{
    static const char *const heading[] = {"event",  "property", "model", "type",
                                          "count",  "first",    "last",  "wrong",
                                          "values", "refused",  "why"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < d->n; i++) {
        const struct dictionary_line *l = &d->line[i];
        bool is_event = !l->name.n;

        cli_table_add(t, l->event.n ? l->event : STR("(trait)"));
        cli_table_add(t, l->name);
        cli_table_add(t, l->declared ? STR("declared") : STR("learned"));
        cli_table_add(t, is_event ? STR("") : value_type_name(l->type));
        cli_table_number(t, l->n);
        add_moment(t, l->first_ms);
        add_moment(t, l->last_ms);
        cli_table_number(t, l->wrong);
        add_values(t, l);
        if (is_event)
            cli_table_number(t, l->refused);
        else
            cli_table_right(t, STR(""));
        add_reasons(t, l);
    }
}

static int print(struct cli *c, const struct dictionary_table *d)
{
    struct cli_table table = {.arena = &c->arena};
    struct buf b = {};
    int status;

    if (cli_has(c, "json")) {
        dictionary_put_json(&(struct json_out){.to = &b}, d);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        fill_table(&table, d);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else {
        fill_table(&table, d);
        cli_table_print(&table, &b);
        buf_add_format(&b, "\nThe dictionary is %s.\n",
                       d->strict ? "strict: what the model does not declare is refused"
                                 : "learning: what the model does not declare is taken");
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static int run(struct cli *c)
{
    const struct usage_time unlimited = {0};
    struct dictionary_table d;
    struct engine *e;
    struct err err;
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = engine_dictionary(e, unlimited, &c->arena, &d, &err)
                 ? print(c, &d)
                 : cli_fail(&err, c->word[0]);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_dictionary = {
    "dictionary",
    "FILE",
    "lists every type of event, property and trait, how often it came and was refused",
    options,
    sizeof options / sizeof *options,
    run,
};
