#include "engine/export.h"
#include "cli/cli.h"
#include "engine/engine.h"

#include <string.h>

static bool print(void *context, str bytes, struct err *err)
{
    return fwrite(bytes.p, 1, bytes.n, context) == bytes.n
           || err_sys(err, "standard output");
}

static bool append(void *context, str bytes, struct err *err)
{
    return draft_append(context, bytes, err);
}

/* Into a file that is there only when all of it is, or to standard output. */
static bool write_out(struct cli *c, struct engine *e, struct export *x, struct err *err)
{
    struct draft *draft = NULL;

    x->write = print;
    x->context = stdout;
    if (cli_has(c, "out")) {
        if (!draft_begin(c->io, cli_text(c, "out"), &draft, err))
            return false;
        x->write = append;
        x->context = draft;
    }
    if (!export_run(engine_snapshot(e), engine_model(e), x, err)) {
        draft_cancel(draft);
        return false;
    }
    if (draft)
        return draft_commit(draft, err);
    return fflush(stdout) == 0 || err_sys(err, "standard output");
}

static bool read_options(struct cli *c, const struct engine *e, struct export *x,
                         struct err *err)
{
    const struct zone *zone = engine_model(e)->workspace.zone;

    x->csv = !cli_has(c, "json");
    x->exact = cli_has(c, "exact");
    return (cli_all(c, "customer", &x->customer, &x->customer_n)
            && cli_all(c, "type", &x->type, &x->type_n))
               ? cli_lifecycle(c, e, &x->lifecycle, err)
                     && cli_moment(c, "from", zone, INT64_MIN, &x->from_ms, err)
                     && cli_moment(c, "to", zone, INT64_MAX, &x->to_ms, err)
                     && cli_moment(c, "at", zone, cli_now_ms(c), &x->at_ms, err)
               : err_nomem(err);
}

static const struct {
    const char *name;
    enum export_what what;
    const char *without; /* options that say nothing of it */
} kinds[] = {
    {"events", EXPORT_EVENTS, "at lifecycle"},
    {"customers", EXPORT_CUSTOMERS, "from to type"},
    {"stages", EXPORT_STAGES, "type"},
};

/* What is asked for; false when it is none of them, or an option does not fit. */
static bool find_kind(const struct cli *c, enum export_what *what, const char **wrong)
{
    static const char *const some[] = {"from", "to", "at", "type", "lifecycle"};

    *wrong = NULL;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (!str_eq(cli_word(c, 1), str_of(kinds[i].name)))
            continue;
        *what = kinds[i].what;
        for (size_t k = 0; k < sizeof some / sizeof *some; k++)
            if (cli_has(c, some[k]) && strstr(kinds[i].without, some[k]))
                *wrong = some[k];
        return !*wrong;
    }
    return false;
}

static int run(struct cli *c)
{
    struct cli_bar bar = {};
    struct export x = {.progress = cli_bar_is_seen() ? cli_bar_draw : NULL,
                       .progress_context = &bar};
    const char *wrong;
    struct engine *e;
    struct err err;
    bool ok;

    if (!find_kind(c, &x.what, &wrong))
        return wrong ? cli_wrong(c, "--%s says nothing of %s", wrong, c->word[1])
                     : cli_wrong(c, "\"%s\" is none of events, customers, stages",
                                 c->word[1]);
    if (cli_has(c, "json") && (cli_has(c, "csv") || cli_has(c, "exact")))
        return cli_wrong(c, "--json goes neither with --csv nor with --exact");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = read_options(c, e, &x, &err) && write_out(c, e, &x, &err);
    cli_bar_end(&bar);
    engine_close(e);
    return ok ? CLI_DONE : cli_fail(&err, NULL);
}

static const struct cli_option options[] = {
    {"csv", NULL, "as CSV, with a heading (this is what comes unless --json is given)",
     false},
    {"json", NULL, "as JSON lines; those of events can be imported again", false},
    {"exact", NULL,
     "CSV: fields that a spreadsheet would run as a formula without an apostrophe before "
     "them",
     false},
    {"from", "DATE", "events or moves from then on", false},
    {"to", "DATE", "events or moves before then", false},
    {"at", "DATE", "customers, or moves, as they stood then: now unless given", false},
    {"lifecycle", "NAME",
     "customers or moves in this one: the first of the model unless given", false},
    {"customer", "ID", "only his", true},
    {"type", "NAME", "only events of this type", true},
    {"out", "FILE", "into this file, which is replaced when all is written", false},
};

const struct cli_command cli_export = {
    "export",
    "FILE events|customers|stages",
    "writes out events, customers or moves as CSV or JSON lines",
    options,
    sizeof options / sizeof *options,
    run,
};
