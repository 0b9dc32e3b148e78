#include "cli/rewrite.h"

#include <string.h>

enum { LIST_MAX_BYTES = 64 << 20 };

/* The customers of the command line, then those of --from: one a line. */
static bool gather(struct cli *c, const str **out, size_t *n, struct err *err)
{
    size_t words = c->word_n - 1, lines = 0;
    str text = {}, *all;

    if (cli_has(c, "from")
        && !io_read_file(c->io, cli_text(c, "from"), LIST_MAX_BYTES, &c->arena, &text,
                         err))
        return false;
    for (size_t i = 0; i < text.n; i++)
        lines += text.p[i] == '\n';
    all = arena_array(&c->arena, str, words + lines + 1);
    if (!all)
        return err_nomem(err);
    for (*n = 0; *n < words; ++*n)
        all[*n] = cli_word(c, *n + 1);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        str line = {text.p, end ? (size_t)(end - text.p) : text.n};

        text = str_from(text, line.n + (end != NULL));
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        if (line.n)
            all[(*n)++] = line;
    }
    *out = all;
    return true;
}

static int print(struct cli *c, const struct erase_report *r, size_t customers)
{
    struct buf text = {};
    struct json_out json = {.to = &text};
    int status;

    if (cli_has(c, "json")) {
        json_begin_object(&json);
        json_key(&json, "events");
        json_put_int(&json, (int64_t)r->events);
        json_key(&json, "refused");
        json_put_int(&json, (int64_t)r->refused);
        cli_rewrite_json(&json, &r->sizes);
        json_end_object(&json);
        buf_add_char(&text, '\n');
    } else {
        if (customers == 1)
            buf_add_format(&text, "%s is", c->word_n > 1 ? c->word[1] : "The customer");
        else
            buf_add_format(&text, "%zu customers are", customers);
        buf_add_format(&text,
                       " erased from %s: %llu events, and %llu refused lines in which "
                       "an id stood.\n"
                       "Nothing of it is left in the file or beside it. Backups and "
                       "exports that were made before still have it.\n",
                       c->word[0], (unsigned long long)r->events,
                       (unsigned long long)r->refused);
    }
    status = cli_show(&text);
    buf_free(&text);
    return status;
}

static int run(struct cli *c)
{
    struct cli_bar bar = {};
    struct owner owner;
    struct rewrite_options o = cli_rewrite_options(c, &bar, &owner);
    struct erase_report report;
    const str *customer;
    struct err err;
    size_t n;
    bool ok;

    if (!gather(c, &customer, &n, &err))
        return cli_fail(&err, NULL);
    if (!n)
        return cli_wrong(c, "it needs the id of a customer, or --from LIST");
    ok = store_erase(c->io, cli_word(c, 0), customer, n, &o, &report, &err);
    cli_bar_end(&bar);
    return ok ? print(c, &report, n) : cli_fail(&err, c->word[0]);
}

static const struct cli_option options[] = {
    {"from", "LIST", "a file with the ids of customers, one a line", false},
    {"json", NULL, "what was erased as JSON", false},
};

const struct cli_command cli_erase = {
    "erase",
    "FILE [CUSTOMER...]",
    "removes all that is known of customers, for good",
    options,
    sizeof options / sizeof *options,
    run,
};
