#include "base/csv.h"
#include "base/json.h"
#include "cli/cli.h"
#include "engine/collect.h"
#include "engine/refused_json.h"

/* CSV and JSON are printed as they come; a table for people must first be known whole. */
struct listing {
    struct cli_table table;
    struct buf text;
    struct json_out json;
    const struct zone *zone;
    bool as_json, as_csv;
    int status;
};

static void add_csv(struct buf *b, const struct refusal *r)
{
    buf_add_csv(b, r->source);
    buf_add_format(b, ",%llu,", (unsigned long long)r->line);
    buf_add_csv(b, r->reason);
    buf_add_char(b, ',');
    buf_add_csv(b, r->text);
    buf_add_char(b, ',');
    if (r->at_ms != MOMENT_NEVER)
        moment_print(b, r->at_ms);
    buf_add_char(b, '\n');
}

static void add_json(struct json_out *j, const struct refusal *r)
{
    json_begin_object(j);
    json_key(j, "source");
    json_put_text(j, r->source);
    json_key(j, "line");
    json_put_int(j, (int64_t)r->line);
    json_key(j, "reason");
    json_put_text(j, r->reason);
    json_key(j, "text");
    json_put_text(j, r->text);
    json_key(j, "at");
    json_put_moment(j, r->at_ms);
    json_end_object(j);
}

static void add_row(struct cli_table *t, const struct zone *z, const struct refusal *r)
{
    struct buf at = {};

    if (r->at_ms != MOMENT_NEVER)
        cli_put_moment(&at, z, r->at_ms);
    t->failed |= at.failed;
    cli_table_add(t, buf_str(&at));
    buf_free(&at);
    cli_table_add(t, r->source);
    cli_table_number(t, r->line);
    cli_table_add(t, r->reason);
    cli_table_add(t, r->text);
}

static bool add(void *context, const struct refusal *r)
{
    enum { PRINTED_BYTES = 64 * 1024 };
    struct listing *l = context;

    if (l->as_json)
        add_json(&l->json, r);
    else if (l->as_csv)
        add_csv(&l->text, r);
    else
        add_row(&l->table, l->zone, r);
    if (l->text.failed || l->text.n >= PRINTED_BYTES) {
        l->status = cli_print(&l->text);
        buf_clear(&l->text);
    }
    return l->status == CLI_DONE && !l->table.failed;
}

/* --- again --- */

static bool read_mends(struct cli *c, struct resend *to, struct err *err)
{
    static const struct {
        const char *option;
        enum mend_kind kind;
    } known[] = {{"rename-type", MEND_TYPE},
                 {"rename-property", MEND_PROPERTY},
                 {"convert", MEND_VALUE}};
    struct mend *mend = arena_array(&c->arena, struct mend, c->given_n + 1);
    const str *text;
    size_t n;

    to->mend = mend;
    if (!mend)
        return err_nomem(err);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!cli_all(c, known[i].option, &text, &n))
            return err_nomem(err);
        for (size_t k = 0; k < n; k++)
            if (!mend_parse(known[i].kind, text[k], &mend[to->mend_n++], err))
                return false;
    }
    return true;
}

static void print_count(struct buf *b, uint64_t n, const char *what)
{
    if (n)
        buf_add_format(b, "%llu %s\n", (unsigned long long)n, what);
}

static int print_report(const struct cli *c, const struct resend_report *r, bool dry_run)
{
    struct buf b = {};
    int status;

    if (cli_has(c, "json")) {
        resend_put_report(&(struct json_out){.to = &b}, r, dry_run);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        print_count(&b, r->accepted, dry_run ? "would be accepted" : "accepted");
        print_count(&b, r->known, "known already");
        print_count(
            &b, r->no_calls,
            "no calls, such as lines of a CSV file: mend that, and import it again");
        print_count(&b, r->broken,
                    "cut, or broken as they came: their sender must send them again, or "
                    "somebody mends them by hand, on the page");
        for (uint32_t i = 0; i < r->reason_n; i++)
            buf_add_format(&b, "%llu refused: %.*s\n", (unsigned long long)r->reason[i].n,
                           STR_FMT(r->reason[i].reason));
        if (!b.n)
            buf_add(&b, STR("Nothing was refused, or nothing of that kind.\n"));
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static int resend(struct cli *c)
{
    struct resend what = {.reason = cli_text(c, "reason"),
                          .source = cli_text(c, "source"),
                          .dry_run = cli_has(c, "dry-run")};
    struct resend_report report;
    struct engine *e;
    struct err err;
    int status;

    if (!read_mends(c, &what, &err))
        return err.code == ERR_INPUT ? cli_wrong(c, "%s", err.msg) : cli_fail(&err, NULL);
    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (engine_resend(e, &what, cli_now_ms(c), &c->arena, &report, &err)
        && (what.dry_run
            || (engine_settle(e, &err) && engine_advance(e, cli_now_ms(c), &err))))
        status = print_report(c, &report, what.dry_run);
    else
        status = cli_fail(&err, c->word[0]);
    engine_close(e);
    return status;
}

/* --- the list --- */

static int list(struct cli *c)
{
    struct listing l = {
        .table = {.columns = 5, .arena = &c->arena},
        .json = {.to = &l.text},
        .as_json = cli_has(c, "json"),
        .as_csv = cli_has(c, "csv"),
        .status = CLI_DONE,
    };
    struct engine *e;
    struct err err;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    l.zone = engine_model(e)->workspace.zone;
    if (l.as_json) {
        json_begin_list(&l.json);
    } else if (l.as_csv) {
        buf_add(&l.text, STR("source,line,reason,text,at\n"));
    } else {
        cli_table_add(&l.table, STR("at"));
        cli_table_add(&l.table, STR("source"));
        cli_table_add(&l.table, STR("line"));
        cli_table_add(&l.table, STR("reason"));
        cli_table_add(&l.table, STR("text"));
    }
    if (!snapshot_each_refused(engine_snapshot(e), add, &l, &err))
        l.status = cli_fail(&err, c->word[0]);
    if (l.as_json) {
        json_end_list(&l.json);
        buf_add_char(&l.text, '\n');
    } else if (!l.as_csv) {
        cli_table_print(&l.table, &l.text);
    }
    if (l.status == CLI_DONE)
        l.status = l.as_json || l.as_csv ? cli_print(&l.text) : cli_show(&l.text);
    buf_free(&l.text);
    engine_close(e);
    return l.status;
}

static int run(struct cli *c)
{
    static const char *const with[] = {"reason",          "source",  "rename-type",
                                       "rename-property", "convert", "dry-run"};

    if (cli_has(c, "resend"))
        return cli_has(c, "csv") ? cli_wrong(c, "--resend and --csv exclude each other")
                                 : resend(c);
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        if (cli_has(c, with[i]))
            return cli_wrong(c, "--%s needs --resend", with[i]);
    return list(c);
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV, to be mended and imported again", false},
    {"resend", NULL, "sends it again: what is accepted leaves the list", false},
    {"reason", "TEXT", "of it, what was refused for this reason", false},
    {"source", "NAME", "of it, what came from there", false},
    {"rename-type", "OLD=NEW", "with another name of the event", true},
    {"rename-property", "OLD=NEW", "with another name of a property or trait", true},
    {"convert", "NAME=TYPE", "with its value as a number, text or bool", true},
    {"dry-run", NULL, "only says what would come of it", false},
};

const struct cli_command cli_refused = {
    "refused",
    "FILE",
    "lists what was not accepted, with line and reason, or sends it again",
    options,
    sizeof options / sizeof *options,
    run,
};
