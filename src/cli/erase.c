#include "engine/erase.h"
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

/* --- the receipts that the file keeps --- */

static void fill_table(struct cli_table *t, const struct receipts *r)
{
    static const char *const heading[] = {"number", "kind",    "at", "customers",
                                          "events", "refused", "ids"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < r->n; i++) {
        const struct receipt *one = &r->receipt[i];
        struct buf at = {};

        moment_print(&at, one->at_ms);
        cli_table_number(t, one->number);
        cli_table_add(t, str_of(receipt_kind_name(one->kind)));
        cli_table_add(t, buf_str(&at));
        cli_table_number(t, one->counts.customers);
        cli_table_number(t, one->counts.events);
        cli_table_number(t, one->counts.refused);
        cli_table_number(t, one->counts.ids);
        t->failed |= at.failed;
        buf_free(&at);
    }
}

static void print_receipts(struct cli *c, const struct receipts *r, struct buf *b)
{
    struct sign_public by = sign_public_of(r->seal.seed);
    struct cli_table table = {.arena = &c->arena};

    if (!r->n) {
        buf_add(b, STR("Nothing was ever removed from this file.\n"));
        return;
    }
    fill_table(&table, r);
    cli_table_print(&table, b);
    buf_add(b, STR("\nPublic key: "));
    hex_print(b, by.byte, sizeof by.byte);
    buf_add_char(b, '\n');
}

static int list(struct cli *c)
{
    struct receipts receipts;
    struct buf b = {};
    int status = CLI_FAILED;
    struct engine *e;
    struct err err;

    if (!cli_open_versions(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_receipts(e, &c->arena, &receipts, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    if (cli_has(c, "json")) {
        receipts_put_json(&(struct json_out){.to = &b}, &receipts);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        print_receipts(c, &receipts, &b);
        status = cli_show(&b);
    }
    buf_free(&b);
    engine_close(e);
    return status;
}

/* --- erasing --- */

static void say(const struct cli *c, const struct erase *x)
{
    struct receipt_counts n = erase_counts(x);

    fprintf(
        stderr,
        "%llu customer%s erased from %s: %llu events, and %llu refused lines in which "
        "an id stood; %llu mentions were taken out of events of others.\n"
        "Nothing of it is left in the file or beside it. Backups and exports that were "
        "made before still have it.\n"
        "The salt in a receipt is shown this once: whoever has it can show that the "
        "receipt is about him. Give it to him, and keep no copy.\n",
        (unsigned long long)n.customers, n.customers == 1 ? " is" : "s are", c->word[0],
        (unsigned long long)n.events, (unsigned long long)n.refused,
        (unsigned long long)n.mentions);
}

static bool erase(struct cli *c, struct engine *e, const str *customer, size_t n,
                  struct err *err)
{
    struct erase *x;
    bool ok;

    if (n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "that are too many customers at once");
    if (!engine_erase_begin(e, customer, (uint32_t)n, cli_now_ms(c), &x, err))
        return false;
    ok = cli_remove(c, x, err);
    if (ok)
        say(c, x);
    engine_erase_free(x);
    return ok;
}

static int run(struct cli *c)
{
    const str *customer;
    struct engine *e;
    struct err err;
    size_t n;
    bool ok;

    if (cli_has(c, "receipts"))
        return c->word_n > 1 || cli_has(c, "from") || cli_has(c, "receipt")
                   ? cli_wrong(c, "--receipts shows what was erased, and erases nothing")
                   : list(c);
    if (cli_has(c, "json"))
        return cli_wrong(c, "--json goes with --receipts; a receipt is JSON anyway");
    if (!gather(c, &customer, &n, &err))
        return cli_fail(&err, NULL);
    if (!n)
        return cli_wrong(c, "it needs the id of a customer, or --from LIST");
    if (!cli_open_versions(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = erase(c, e, customer, n, &err);
    engine_close(e);
    return ok ? CLI_DONE : cli_fail(&err, c->word[0]);
}

static const struct cli_option options[] = {
    {"from", "LIST", "a file with the ids of customers, one a line", false},
    {"receipt", "FILE", "the receipt goes there, too", false},
    {"receipts", NULL, "shows the receipts that the file keeps", false},
    {"json", NULL, "with --receipts: as JSON", false},
};

const struct cli_command cli_erase = {
    "erase",
    "FILE [CUSTOMER...]",
    "removes all that is known of customers, for good; prints a signed receipt",
    options,
    sizeof options / sizeof *options,
    run,
};
