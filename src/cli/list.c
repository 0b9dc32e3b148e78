#include "cli/list.h"

#include "base/csv.h"
#include "base/json.h"
#include "base/user.h"
#include "engine/list.h"

struct ids {
    str *id;
    uint64_t *line; /* where it stands in the file; 0: on the command line */
    uint32_t n, cap;
    struct arena *a;
};

static bool add_id(struct ids *ids, str id, uint64_t line, struct err *err)
{
    if (ids->n == ids->cap) {
        uint32_t cap = ids->cap ? ids->cap * 2 : 64;
        str *more = arena_array(ids->a, str, cap);
        uint64_t *lines = arena_array(ids->a, uint64_t, cap);

        if (ids->n == LIST_CHANGE_MAX)
            return err_set(err, ERR_LIMIT, "more than %u customers at a time",
                           LIST_CHANGE_MAX);
        if (!more || !lines)
            return err_nomem(err);
        for (uint32_t i = 0; i < ids->n; i++) {
            more[i] = ids->id[i];
            lines[i] = ids->line[i];
        }
        ids->id = more;
        ids->line = lines;
        ids->cap = cap;
    }
    ids->id[ids->n] = arena_str(ids->a, id);
    ids->line[ids->n] = line;
    return ids->id[ids->n++].p || err_nomem(err);
}

/* Of a table whose first line names a column `customer`, that one; else the first, from the first
 * line on. */
static bool read_rows(struct csv *csv, struct ids *ids, struct err *err)
{
    struct csv_row row;
    uint32_t column = 0;
    bool first = true;

    for (;;) {
        bool is_head = false;

        switch (csv_next(csv, &row, err)) {
        case CSV_FAILED:
            return false;
        case CSV_END:
            return true;
        case CSV_BAD:
            return err_set(err, ERR_INPUT, "line %llu is no CSV: %s",
                           (unsigned long long)row.line, row.why);
        case CSV_ROW:
            break;
        }
        for (uint32_t i = 0; first && i < row.n && !is_head; i++) {
            is_head = str_eq(str_trim(row.field[i]), STR("customer"));
            column = is_head ? i : 0;
        }
        first = false;
        if (is_head)
            continue;
        if (column >= row.n || !str_trim(row.field[column]).n)
            return err_set(err, ERR_INPUT, "line %llu names no customer",
                           (unsigned long long)row.line);
        if (!add_id(ids, str_trim(row.field[column]), row.line, err))
            return false;
    }
}

static bool read_file(struct cli *c, str path, struct ids *ids, struct err *err)
{
    struct csv_options options = {};
    struct reader *reader = NULL;
    struct csv *csv = NULL;
    bool ok = reader_open(c->io, path, &reader, err)
              && csv_open(reader, &options, &csv, err) && read_rows(csv, ids, err);

    csv_close(csv);
    reader_close(reader);
    return ok;
}

/* The two options that name who: one by one, and in a file. */
static bool read_ids(struct cli *c, const char *one, const char *file, struct ids *ids,
                     struct err *err)
{
    const str *given;
    size_t n;

    if (!cli_all(c, one, &given, &n))
        return err_nomem(err);
    for (size_t i = 0; i < n; i++)
        if (!add_id(ids, given[i], 0, err))
            return false;
    return !cli_has(c, file) || read_file(c, cli_text(c, file), ids, err);
}

static int show(struct cli *c, const struct list_change *change,
                const struct list_changed *done)
{
    struct json_out j = {};
    struct buf b = {};
    int status;

    j.to = &b;
    if (cli_has(c, "json")) {
        json_begin_object(&j);
        json_key(&j, "list");
        json_put_text(&j, change->list);
        json_key(&j, change->on ? "added" : "removed");
        json_put_int(&j, done->changed);
        json_key(&j, "already");
        json_put_int(&j, done->already);
        json_key(&j, "unknown");
        json_put_int(&j, done->unknown);
        json_end_object(&j);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        buf_add_format(&b, "%u customers were %s \"%.*s\"", done->changed,
                       change->on ? "put on" : "taken off", STR_FMT(change->list));
        if (done->already)
            buf_add_format(&b, "; %u %s on it already, or named twice", done->already,
                           change->on ? "were" : "were not");
        if (done->unknown)
            buf_add_format(&b, "; %u ids are nobody's", done->unknown);
        buf_add(&b, STR(".\n"));
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

/* The place of what is wrong with an id. */
static int fail_at(struct cli *c, const struct err *err, const char *file,
                   const struct ids *ids, const struct list_changed *done)
{
    struct buf where = {};
    int status;

    if (!done->unknown || !ids->line[done->first_unknown])
        return cli_fail(err, c->word[0]);
    buf_add(&where, cli_text(c, file));
    buf_add_format(&where, ", line %llu",
                   (unsigned long long)ids->line[done->first_unknown]);
    buf_add_char(&where, '\0');
    status = cli_fail(err, where.failed ? NULL : where.p);
    buf_free(&where);
    return status;
}

bool cli_lists(const struct cli *c)
{
    return cli_has(c, "add") || cli_has(c, "add-from") || cli_has(c, "remove")
           || cli_has(c, "remove-from");
}

int cli_list(struct cli *c)
{
    bool on = cli_has(c, "add") || cli_has(c, "add-from");
    const char *file = on ? "add-from" : "remove-from";
    struct list_change change = {.list = cli_word(c, 1),
                                 .on = on,
                                 .skip_unknown = cli_has(c, "skip-unknown"),
                                 .by = cli_has(c, "by") ? cli_text(c, "by")
                                                        : user_name(&c->arena)};
    struct ids ids = {.a = &c->arena};
    struct list_changed done = {};
    struct engine *e;
    struct err err;
    int status;

    if (on && (cli_has(c, "remove") || cli_has(c, "remove-from")))
        return cli_wrong(c, "who is added and who is removed are two commands");
    if (!change.list.n)
        return cli_wrong(c, "behind FILE stands the list's name");
    if (!read_ids(c, on ? "add" : "remove", file, &ids, &err))
        return cli_fail(&err, cli_has(c, file) ? cli_text(c, file).p : NULL);
    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    change.id = ids.id;
    change.n = ids.n;
    if (engine_advance(e, cli_now_ms(c), &err)
        && engine_list(e, &change, cli_now_ms(c), &done, &err)
        && engine_advance(e, cli_now_ms(c), &err))
        status = show(c, &change, &done);
    else
        status = fail_at(c, &err, file, &ids, &done);
    engine_close(e);
    return status;
}
