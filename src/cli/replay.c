#include "cli/cli.h"
#include "engine/engine.h"

static int run(struct cli *c)
{
    struct engine *e;
    struct buf b = {};
    int64_t now_ms = cli_now_ms(c), at_ms;
    uint64_t moves = 0;
    hash128 hash;
    struct err err;
    bool ok;
    int status;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    engine_distrust(e);
    ok = cli_moment(c, "at", engine_model(e)->workspace.zone, now_ms, &at_ms, &err)
         && engine_advance(e, at_ms, &err) && engine_hash(e, at_ms, &hash, &err);
    if (!ok) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    for (uint32_t l = 0; l < engine_model(e)->lifecycle_n; l++)
        for (uint32_t k = 0; k < engine_customer_n(e); k++) {
            size_t n;

            engine_moves(e, l, k, &n);
            moves += n;
        }
    if (cli_has(c, "hash")) {
        hash128_print(&b, hash);
        buf_add_char(&b, '\n');
    } else {
        buf_add_format(&b, "%u customers made %llu moves up to ", engine_customer_n(e),
                       (unsigned long long)moves);
        moment_print(&b, at_ms);
        buf_add(&b, STR(" (hash "));
        hash128_print(&b, hash);
        buf_add(&b, STR(")\n"));
    }
    status = cli_print(&b);
    buf_free(&b);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"hash", NULL, "print only the hash over all stage histories", false},
    {"at", "DATE", "histories up to then: now unless given", false},
};

const struct cli_command cli_replay = {
    "replay",
    "FILE",
    "computes everybody's stage history anew from the events",
    options,
    sizeof options / sizeof *options,
    run,
};
