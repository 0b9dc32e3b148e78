#include "api/server.h"
#include "cli/cli.h"

#include <signal.h>

static int run(struct cli *c)
{
    struct server_options options = {
        .listen = cli_has(c, "listen") ? cli_text(c, "listen") : STR("127.0.0.1:7070"),
        .clock_offset_ms = c->clock_offset_ms,
        .log = log_stderr(LOG_INFO),
    };
    struct engine *e;
    struct server *s;
    struct err err;
    struct buf b = {};
    sigset_t stop;
    int signal;

    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    /* Blocked before the server's thread begins, so that only sigwait below sees them. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (!server_start(e, &options, &s, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    buf_add_format(&b, "Ciclo serves %s at http://%.*s/ (Ctrl-C stops it)\n", c->word[0],
                   STR_FMT(server_address(s)));
    cli_print(&b);
    buf_free(&b);
    sigwait(&stop, &signal);
    server_stop(s);
    engine_close(e);
    return CLI_DONE;
}

static const struct cli_option options[] = {
    {"listen", "ADDRESS", "127.0.0.1:7070 unless given; port 0 takes a free one", false},
};

const struct cli_command cli_serve = {
    "serve",
    "FILE",
    "shows the page in the browser",
    options,
    sizeof options / sizeof *options,
    run,
};
