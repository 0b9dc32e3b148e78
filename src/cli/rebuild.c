#include "cli/rewrite.h"

static void print_lost(struct buf *b, const struct rebuild_report *r)
{
    for (uint32_t i = 0; i < r->lost_n; i++) {
        const struct rewrite_lost *l = &r->lost[i];

        buf_add_format(b, "lost: table %.*s, ", STR_FMT(l->table));
        if (l->from == l->to)
            buf_add_format(b, "row %lld", (long long)l->from);
        else
            buf_add_format(b, "rows %lld to %lld", (long long)l->from, (long long)l->to);
        buf_add_format(b, ": %.*s\n", STR_FMT(l->why));
    }
}

static void print_made(struct buf *b, const struct cli *c, const struct rebuild_report *r)
{
    buf_add_format(b, "%s is made anew from %llu events of its log: ", c->word[0],
                   (unsigned long long)r->events);
    cli_rewrite_print(b, &r->sizes);
    buf_add(b, STR(".\n"));
    if (r->doubled)
        buf_add_format(b,
                       "%llu events stood in the log twice, and stand there once now.\n",
                       (unsigned long long)r->doubled);
}

static void print_human(struct buf *b, const struct cli *c,
                        const struct rebuild_report *r)
{
    if (r->is_made)
        print_made(b, c, r);
    if (r->pages_damaged)
        buf_add_format(b, "%u of %u pages were damaged, %u could be mended.\n",
                       r->pages_damaged, r->pages, r->pages_mended);
    print_lost(b, r);
    if (!r->is_made)
        buf_add_format(b,
                       "%s stays as it was, since this would be lost. If there is no "
                       "backup that has it, keep a copy of the file, then: ciclo rebuild "
                       "%s --accept-loss\n",
                       c->word[0], c->word[0]);
    else if (r->lost_n)
        buf_add(b, STR("What was lost may stand in a backup, or where it was imported "
                       "from: import that again, and only what is missing is added.\n"));
    else
        buf_add(b, STR("Nothing was lost.\n"));
}

static void print_json(struct buf *b, const struct rebuild_report *r)
{
    struct json_out j = {.to = b};

    json_begin_object(&j);
    json_key(&j, "made");
    json_put_bool(&j, r->is_made);
    json_key(&j, "events");
    json_put_int(&j, (int64_t)r->events);
    json_key(&j, "doubled");
    json_put_int(&j, (int64_t)r->doubled);
    if (r->is_made)
        cli_rewrite_json(&j, &r->sizes);
    json_key(&j, "pages");
    json_put_int(&j, r->pages);
    json_key(&j, "pages_damaged");
    json_put_int(&j, r->pages_damaged);
    json_key(&j, "pages_mended");
    json_put_int(&j, r->pages_mended);
    json_key(&j, "lost");
    json_begin_list(&j);
    for (uint32_t i = 0; i < r->lost_n; i++) {
        json_begin_object(&j);
        json_key(&j, "table");
        json_put_text(&j, r->lost[i].table);
        json_key(&j, "from");
        json_put_int(&j, r->lost[i].from);
        json_key(&j, "to");
        json_put_int(&j, r->lost[i].to);
        json_key(&j, "why");
        json_put_text(&j, r->lost[i].why);
        json_end_object(&j);
    }
    json_end_list(&j);
    json_end_object(&j);
    buf_add_char(b, '\n');
}

static int run(struct cli *c)
{
    struct cli_bar bar = {};
    struct owner owner;
    struct rewrite_options o = cli_rewrite_options(c, &bar, &owner);
    struct rebuild_report report;
    struct buf text = {};
    struct err err;
    bool ok;
    int status;

    o.accepts_loss = cli_has(c, "accept-loss");
    ok = store_rebuild(c->io, cli_word(c, 0), &o, &c->arena, &report, &err);
    cli_bar_end(&bar);
    if (!ok)
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json"))
        print_json(&text, &report);
    else
        print_human(&text, c, &report);
    status = cli_show(&text);
    buf_free(&text);
    return status == CLI_DONE && report.lost_n ? CLI_FAILED : status;
}

static const struct cli_option options[] = {
    {"accept-loss", NULL, "also when rows of the log cannot be read any more", false},
    {"json", NULL, "what was found as JSON", false},
};

const struct cli_command cli_rebuild = {
    "rebuild",
    "FILE",
    "makes the file anew from its log of events; mends what can be mended",
    options,
    sizeof options / sizeof *options,
    run,
};
