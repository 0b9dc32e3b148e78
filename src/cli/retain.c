#include "cli/rewrite.h"
#include "engine/erase.h"
#include "engine/model.h"

static void print_types(struct buf *b, const struct receipt_type *type, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        buf_add_format(b, "%.*s, kept %.*s: %llu events are older\n",
                       STR_FMT(type[i].type), STR_FMT(type[i].kept),
                       (unsigned long long)type[i].events);
}

static int show(const struct cli *c, const struct receipt_type *type, uint32_t n)
{
    struct buf b = {};
    int status;

    if (cli_has(c, "json")) {
        retained_put_json(&(struct json_out){.to = &b}, type, n);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        print_types(&b, type, n);
        if (!cli_has(c, "dry-run"))
            buf_add(&b, STR("Nothing is removed.\n"));
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static bool retain(struct cli *c, struct engine *e, struct err *err)
{
    struct receipt_counts n;
    struct erase *x;
    bool ok;

    if (!engine_retain_begin(e, cli_now_ms(c), &x, err))
        return false;
    ok = cli_remove(c, x, err);
    n = erase_counts(x);
    engine_erase_free(x);
    if (ok)
        fprintf(
            stderr,
            "%llu events are removed from %s, and with them %llu customers who had no "
            "others. What follows from the events is as if they had never been.\n",
            (unsigned long long)n.events, c->word[0], (unsigned long long)n.customers);
    return ok;
}

static bool has_any(const struct receipt_type *type, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (type[i].events)
            return true;
    return false;
}

static int run(struct cli *c)
{
    bool dry = cli_has(c, "dry-run");
    const struct receipt_type *type;
    int status = CLI_DONE;
    struct engine *e;
    struct err err;
    uint32_t n;
    bool ok;

    if (!cli_open(c, dry ? STORE_READ : STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = engine_model(e)->retention.type_n
         || err_set(&err, ERR_INPUT,
                    "the model does not say how long events are kept: add a line such as "
                    "`retention: { page: 90d }`");
    ok = ok && engine_retain_count(e, cli_now_ms(c), &c->arena, &type, &n, &err);
    if (ok && (dry || !has_any(type, n)))
        status = show(c, type, n);
    else
        ok = ok && retain(c, e, &err);
    if (!ok)
        status = cli_fail(&err, c->word[0]);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"dry-run", NULL, "only says how many events that would be", false},
    {"receipt", "FILE", "the receipt goes there, too", false},
    {"json", NULL, "how many events are older, as JSON", false},
};

const struct cli_command cli_retain = {
    "retain",
    "FILE",
    "removes the events that are older than the model's retention says, for good",
    options,
    sizeof options / sizeof *options,
    run,
};
