#include "engine/verify.h"
#include "base/json.h"
#include "base/work.h"
#include "cli/cli.h"

/* What is found is printed when all is done: until then the bar has the terminal. */
struct findings {
    struct arena *arena;
    struct difference d[DIFFERENCES_TOLD];
    size_t n;
    bool failed;
};

static void add(void *context, const struct difference *d)
{
    struct findings *f = context;
    struct difference *kept = &f->d[f->n++];

    *kept = *d;
    kept->text = arena_str(f->arena, d->text);
    f->failed |= !kept->text.p;
}

#define COUNTS(X)                                                                        \
    X(pages, "pages")                                                                    \
    X(batches, "batches of the log")                                                     \
    X(events, "events")                                                                  \
    X(customers, "customers")                                                            \
    X(chunks, "chunks of customers")                                                     \
    X(parts, "parts of the timelines")                                                   \
    X(news, "events in news")                                                            \
    X(ids, "message ids in runs")                                                        \
    X(erased, "message ids of erased events")                                            \
    X(refused, "refused lines")                                                          \
    X(histories, "chunks with histories")                                                \
    X(keys, "keys")                                                                      \
    X(webhooks, "webhooks")                                                              \
    X(told, "moves in the journal")                                                      \
    X(spent, "days that channels cost")                                                  \
    X(saved, "views, dashboards and alerts")

static void print_json(struct buf *b, const struct verify_report *r,
                       const struct findings *f)
{
    struct json_out j = {.to = b};

    json_begin_object(&j);
    json_key(&j, "whole");
    json_put_bool(&j, !r->differences);
#define X(name, words)                                                                   \
    json_key(&j, #name);                                                                 \
    json_put_int(&j, (int64_t)r->name);
    COUNTS(X)
#undef X
    json_key(&j, "differences");
    json_put_int(&j, (int64_t)r->differences);
    json_key(&j, "found");
    json_begin_list(&j);
    for (size_t i = 0; i < f->n; i++) {
        json_begin_object(&j);
        json_key(&j, "table");
        json_put_text(&j, str_of(f->d[i].table));
        json_key(&j, "what");
        json_put_text(&j, f->d[i].text);
        json_key(&j, "in_truth");
        json_put_bool(&j, f->d[i].in_truth);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    buf_add_char(b, '\n');
}

static void print_counts(struct cli *c, struct buf *b, const struct verify_report *r)
{
    struct cli_table t = {.columns = 2, .arena = &c->arena};

    cli_table_add(&t, STR("read"));
    cli_table_add(&t, STR("count"));
#define X(name, words)                                                                   \
    cli_table_add(&t, STR(words));                                                       \
    cli_table_number(&t, r->name);
    COUNTS(X)
#undef X
    cli_table_print(&t, b);
    buf_add_char(b, '\n');
}

static void print_human(struct cli *c, struct buf *b, const struct verify_report *r,
                        const struct findings *f)
{
    const char *file = c->word[0];

    print_counts(c, b, r);
    if (!r->differences) {
        buf_add_format(
            b,
            "%s is whole: every byte is as it was written, and what is made from "
            "the log is what the log gives.\n",
            file);
        return;
    }
    for (size_t i = 0; i < f->n; i++)
        buf_add_format(b, "%.*s\n", STR_FMT(f->d[i].text));
    if (r->differences > f->n)
        buf_add_format(b, "... and %llu more\n",
                       (unsigned long long)(r->differences - f->n));
    buf_add_format(b, "\n%s is damaged: %llu difference%s. ", file,
                   (unsigned long long)r->differences, r->differences == 1 ? "" : "s");
    if (r->in_truth)
        buf_add_format(
            b,
            "What came in is itself touched, and nothing can make it anew: take "
            "your last backup; without one, ciclo rebuild %s keeps all that can "
            "still be read.\n",
            file);
    else
        buf_add_format(b, "The log is whole: ciclo rebuild %s makes the rest anew.\n",
                       file);
}

static int run(struct cli *c)
{
    struct findings f = {.arena = &c->arena};
    struct cli_bar bar = {};
    struct verify_options options = {
        .threads = work_threads(),
        .found = add,
        .context = &f,
        .progress = cli_bar_is_seen() ? cli_bar_draw : NULL,
        .bar = &bar,
    };
    struct verify_report report;
    struct buf b = {};
    struct err err;
    bool ok = engine_verify(c->io, cli_word(c, 0), &options, &report, &err);
    int status;

    cli_bar_end(&bar);
    if (!ok)
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json"))
        print_json(&b, &report, &f);
    else
        print_human(c, &b, &report, &f);
    b.failed |= f.failed;
    status = cli_has(c, "json") ? cli_print(&b) : cli_show(&b);
    buf_free(&b);
    return status == CLI_DONE && report.differences ? CLI_FAILED : status;
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
};

const struct cli_command cli_verify = {
    "verify",
    "FILE",
    "proves that a data file is whole: every byte, and all that is made from the log",
    options,
    sizeof options / sizeof *options,
    run,
};
