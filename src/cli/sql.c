#include "base/csv.h"
#include "base/json.h"
#include "cli/cli.h"
#include "engine/select.h"
#include "store/connect.h"

#include <signal.h>

#define SQL_MEMORY_MAX ((size_t)1 << 30)

enum {
    QUERY_MAX = 1 << 20,
    PRINT_BYTES = 1 << 16, /* gathered before they are printed */
    BLOCK_ROWS = 1000,     /* aligned together, and then printed */
};

/* Ctrl-C waits, blocked, until somebody looks. */
static bool is_stopped([[maybe_unused]] void *context)
{
    sigset_t waiting;

    return !sigpending(&waiting) && sigismember(&waiting, SIGINT) == 1;
}

static void hold_back_ctrl_c(void)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigprocmask(SIG_BLOCK, &stop, NULL);
}

/* The query as given, or all of standard input for "-". Lives in the command's arena. */
static bool read_query(struct cli *c, str *out, struct err *err)
{
    struct reader *r;
    char *text;
    size_t n = 0, got = 1;
    bool ok;

    *out = cli_word(c, 1);
    if (!str_eq(*out, STR("-")))
        return true;
    text = arena_alloc(&c->arena, QUERY_MAX + 1, 1);
    if (!text)
        return err_nomem(err);
    if (!reader_open(c->io, STR("-"), &r, err))
        return false;
    while ((ok = reader_read(r, text + n, QUERY_MAX + 1 - n, &got, err)) && got)
        n += got;
    reader_close(r);
    *out = (str){text, n};
    return ok;
}

/* --- the result --- */

struct printing {
    struct select *select;
    struct buf text;
    struct cli_table table; /* for people: the rows that are not printed yet */
    struct arena arena;     /* of the table */
    size_t rows;            /* printed or waiting, the heading apart */
    bool as_json, as_csv;
};

static void add_heading(struct printing *p)
{
    for (uint32_t i = 0; i < select_column_n(p->select); i++) {
        str name = select_column_name(p->select, i);

        if (!p->as_csv) {
            cli_table_add(&p->table, name);
            continue;
        }
        if (i)
            buf_add_char(&p->text, ',');
        buf_add_csv(&p->text, name);
    }
    if (p->as_csv)
        buf_add_char(&p->text, '\n');
}

static void add_json_text(struct buf *b, str text)
{
    json_put_text(&(struct json_out){.to = b}, text);
}

/* {"name":value,...} on a line of its own. */
static void add_json(struct printing *p, uint32_t column, const struct select_value *v)
{
    struct buf *b = &p->text;

    if (column)
        buf_add_char(b, ',');
    else
        buf_add(b, p->rows ? STR(",\n{") : STR("\n{"));
    add_json_text(b, select_column_name(p->select, column));
    buf_add_char(b, ':');
    if (v->type == SELECT_NUMBER && !str_contains_nocase(v->text, STR("inf")))
        buf_add(b, v->text);
    else if (v->type == SELECT_NUMBER || v->type == SELECT_NULL)
        buf_add(b, STR("null")); /* JSON has no infinity */
    else
        add_json_text(b, v->text);
    if (column + 1 == select_column_n(p->select))
        buf_add_char(b, '}');
}

static void add_csv(struct printing *p, uint32_t column, const struct select_value *v)
{
    if (column)
        buf_add_char(&p->text, ',');
    buf_add_csv(&p->text, v->text);
    if (column + 1 == select_column_n(p->select))
        buf_add_char(&p->text, '\n');
}

static void add_cell(struct printing *p, const struct select_value *v)
{
    if (v->type == SELECT_NUMBER)
        cli_table_right(&p->table, v->text);
    else
        cli_table_add(&p->table, v->text);
}

static bool add_row(struct printing *p, struct err *err)
{
    for (uint32_t i = 0; i < select_column_n(p->select); i++) {
        struct select_value v;

        if (!select_value(p->select, i, &v, err))
            return false;
        if (p->as_json)
            add_json(p, i, &v);
        else if (p->as_csv)
            add_csv(p, i, &v);
        else
            add_cell(p, &v);
    }
    p->rows++;
    return true;
}

/* Prints what was gathered. */
static int flush(struct printing *p)
{
    int status;

    if (p->as_json || p->as_csv) {
        status = cli_print(&p->text);
    } else {
        cli_table_print(&p->table, &p->text);
        status = cli_show(&p->text);
        p->table.n = p->table.cap = 0;
        p->table.cell = NULL;
        arena_reset(&p->arena);
    }
    buf_clear(&p->text);
    return status;
}

/* Rows for people are aligned a block at a time, each under its heading. */
static bool is_due(const struct printing *p)
{
    if (p->as_json || p->as_csv)
        return p->text.failed || p->text.n >= PRINT_BYTES;
    return p->table.failed || (p->rows && p->rows % BLOCK_ROWS == 0);
}

static int print_rows(struct printing *p, const char *file)
{
    struct err err;
    bool there;

    if (p->as_json)
        buf_add_char(&p->text, '[');
    else
        add_heading(p);
    for (;;) {
        if (!select_next(p->select, &there, &err))
            return cli_fail(&err, file);
        if (!there)
            break;
        if (is_due(p)) {
            if (flush(p) != CLI_DONE)
                return CLI_FAILED;
            if (!p->as_json && !p->as_csv) {
                buf_add_char(&p->text, '\n');
                add_heading(p);
            }
        }
        if (!add_row(p, &err))
            return cli_fail(&err, file);
    }
    if (p->as_json)
        buf_add(&p->text, p->rows ? STR("\n]\n") : STR("]\n"));
    return flush(p);
}

static int ask(struct cli *c, struct engine *e, str query, int64_t at_ms)
{
    struct select_options options = {.at_ms = at_ms, .stop = is_stopped};
    struct printing p = {.table.arena = &p.arena,
                         .as_json = cli_has(c, "json"),
                         .as_csv = cli_has(c, "csv")};
    struct err err;
    int status;

    hold_back_ctrl_c();
    store_limit_sql_memory(SQL_MEMORY_MAX);
    if (!select_open(e, query, &options, &p.select, &err))
        return cli_fail(&err, err.code == ERR_INPUT ? "the query" : c->word[0]);
    p.table.columns = select_column_n(p.select);
    status = print_rows(&p, c->word[0]);
    select_close(p.select);
    buf_free(&p.text);
    arena_free(&p.arena);
    return status;
}

static int run(struct cli *c)
{
    struct engine *e;
    struct err err;
    int64_t at_ms;
    str query;
    int status;

    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!read_query(c, &query, &err))
        return cli_fail(&err, "standard input");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_moment(c, "at", engine_model(e)->workspace.zone, cli_now_ms(c), &at_ms, &err))
        status = ask(c, e, query, at_ms);
    else
        status = cli_fail(&err, NULL);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"at", "DATE", "stages and segments as they stood then: now unless given", false},
    {"json", NULL, "the rows as JSON", false},
    {"csv", NULL, "the rows as CSV", false},
};

const struct cli_command cli_sql = {
    "sql",
    "FILE QUERY",
    "asks in SQL: of the file's tables, and of events, timelines, stages, segments; the "
    "query \"-\" is read from standard input",
    options,
    sizeof options / sizeof *options,
    run,
};
