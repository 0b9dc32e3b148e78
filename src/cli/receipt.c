#include "engine/receipt.h"
#include "cli/cli.h"

#include <string.h>

enum { RECEIPTS_BYTES_MAX = 256 << 20, SPARE = 64 /* that the parser may read */ };

/* One file of receipts, a line each, on its way. */
struct check {
    struct cli *cli;
    struct json_parser *parser;
    struct arena arena; /* of one line */
    struct buf line, out;
    struct sign_public key; /* when .has_key */
    bool has_key, asks_who, is_about;
    uint32_t n, last; /* how many; the number of the last */
    struct secret_hash before;
};

static bool wrong(struct err *err, const struct receipt *r, const char *what)
{
    return err_set(err, ERR_INPUT, "receipt %u %s", r->number, what);
}

static bool check_signature(const struct check *k, const struct receipt *r,
                            struct err *err)
{
    bool is_signed;

    if (!receipt_is_signed(r, &is_signed, err))
        return false;
    if (!is_signed)
        return wrong(err, r,
                     "is not as it was signed: it was changed, or its signature is not "
                     "that of its key");
    return !k->has_key || !memcmp(&k->key, &r->by, sizeof k->key)
           || wrong(err, r, "was signed by another key than --public-key");
}

/* Of those that follow one another in the file, each names the one before. */
static bool check_chain(struct check *k, const struct receipt *r, struct err *err)
{
    if (k->n && r->number == k->last + 1 && !secret_eq(&k->before, &r->before))
        return wrong(err, r, "does not follow the one that stands before it");
    k->n++;
    k->last = r->number;
    return receipt_hash(r, &k->before, err);
}

static void describe(struct check *k, const struct receipt *r)
{
    buf_add_format(&k->out, "Receipt %u (%s, ", r->number, receipt_kind_name(r->kind));
    moment_print(&k->out, r->at_ms);
    buf_add_format(
        &k->out,
        "): %llu events, %llu refused lines and %llu ids of %llu customers "
        "were removed from the file ",
        (unsigned long long)r->counts.events, (unsigned long long)r->counts.refused,
        (unsigned long long)r->counts.ids, (unsigned long long)r->counts.customers);
    hex_print(&k->out, r->file, sizeof r->file);
    buf_add(&k->out, STR(".\n"));
}

static bool check_line(struct check *k, str line, struct err *err)
{
    const struct json *json;
    struct receipt r;
    char *spare;
    str salt;

    arena_reset(&k->arena);
    buf_clear(&k->line);
    buf_add(&k->line, line);
    spare = buf_room(&k->line, SPARE);
    if (!spare)
        return err_nomem(err);
    memset(spare, 0, SPARE);
    if (!json_parse(k->parser, buf_str(&k->line), &k->arena, &json, err)
        || !receipt_parse(json, &k->arena, &r, &salt, err) || !check_signature(k, &r, err)
        || !check_chain(k, &r, err))
        return false;
    if (cli_has(k->cli, "salt"))
        salt = cli_text(k->cli, "salt");
    k->is_about |= k->asks_who && receipt_is_about(&r, salt, cli_text(k->cli, "id"));
    describe(k, &r);
    return true;
}

static bool check_all(struct check *k, str text, struct err *err)
{
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        str line = {text.p, end ? (size_t)(end - text.p) : text.n};

        text = str_from(text, line.n + (end != NULL));
        if (str_trim(line).n && !check_line(k, line, err))
            return false;
    }
    if (!k->n)
        return err_set(err, ERR_INPUT, "there is no receipt in it");
    return !k->asks_who || k->is_about
           || err_set(err, ERR_INPUT,
                      "the signature is right, but it is not about that id, or the salt "
                      "is another one");
}

static void conclude(struct check *k)
{
    if (k->n == 1)
        buf_add(&k->out, STR("Its signature is right"));
    else
        buf_add_format(&k->out, "All %u signatures are right", k->n);
    buf_add(&k->out, k->has_key
                         ? STR(", and of this key")
                         : STR(", by the key that stands there: compare it with the "
                               "file's (ciclo erase FILE --receipts)"));
    buf_add(&k->out, k->asks_who ? STR("; this id was among those.\n") : STR(".\n"));
}

static int run(struct cli *c)
{
    struct check k = {.cli = c, .asks_who = cli_has(c, "id")};
    int status = CLI_DONE;
    struct err err;
    str text;

    if (cli_has(c, "salt") && !k.asks_who)
        return cli_wrong(c, "--salt goes with --id");
    k.has_key = cli_has(c, "public-key");
    if (k.has_key && !hex_parse(cli_text(c, "public-key"), k.key.byte, sizeof k.key.byte))
        return cli_wrong(c, "--public-key is %zu digits and letters from a to f",
                         2 * sizeof k.key.byte);
    if (!io_read_file(c->io, cli_word(c, 0), RECEIPTS_BYTES_MAX, &c->arena, &text, &err)
        || !json_parser_new(&k.parser, &err) || !check_all(&k, text, &err))
        status = cli_fail(&err, c->word[0]);
    if (status == CLI_DONE) {
        conclude(&k);
        status = cli_show(&k.out);
    }
    json_parser_free(k.parser);
    arena_free(&k.arena);
    buf_free(&k.line);
    buf_free(&k.out);
    return status;
}

static const struct cli_option options[] = {
    {"public-key", "K", "the file's key, as ciclo erase FILE --receipts shows it", false},
    {"id", "ID", "whether it is about who had this id", false},
    {"salt", "S", "with --id: what was given to him, unless it stands in the receipt",
     false},
};

const struct cli_command cli_receipt = {
    "receipt verify",
    "RECEIPT.json",
    "whether receipts of what was removed are true, without the data file",
    options,
    sizeof options / sizeof *options,
    run,
};
