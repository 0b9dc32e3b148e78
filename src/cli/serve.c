#include "api/server.h"
#include "cli/cli.h"

#include <signal.h>
#include <sys/resource.h>

/* A file for each connection: as many as the system lets us. */
static void allow_files(void)
{
    struct rlimit files;

    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
}

enum { PEM_BYTES_MAX = 1 << 20 };

/* arena_str's and io_read_file's texts end with a NUL. */
static bool read_options(struct cli *c, struct server_options *o, struct err *err)
{
    if (cli_has(c, "tls-cert") != cli_has(c, "tls-key"))
        return err_set(err, ERR_INPUT, "--tls-cert and --tls-key come together");
    o->behind_proxy = cli_has(c, "behind-proxy");
    o->open_collect = cli_has(c, "open-collect");
    return (cli_all(c, "host", &o->host, &o->host_n) || err_nomem(err))
           && (!cli_has(c, "tls-cert")
               || (io_read_file(c->io, cli_text(c, "tls-cert"), PEM_BYTES_MAX, &c->arena,
                                &o->tls_cert, err)
                   && io_read_file(c->io, cli_text(c, "tls-key"), PEM_BYTES_MAX,
                                   &c->arena, &o->tls_key, err)));
}

static void say_where(const struct cli *c, const struct server *s,
                      const struct server_options *o)
{
    struct buf b = {};

    buf_add_format(&b, "Ciclo serves %s at %s://%.*s/ (Ctrl-C stops it)\n", c->word[0],
                   o->tls_cert.n ? "https" : "http", STR_FMT(server_address(s)));
    if (server_is_open(s))
        buf_add_format(
            &b,
            "Everybody on this machine may see and change all: ciclo key %s add "
            "makes a key.\n",
            c->word[0]);
    cli_print(&b);
    buf_free(&b);
}

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
    sigset_t stop;
    int signal;

    if (!read_options(c, &options, &err))
        return cli_fail(&err, NULL);
    if (!cli_open(c, STORE_WRITE, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_may_take(e, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    allow_files();
    /* Blocked before the server's thread begins, so that only sigwait below sees them. */
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    if (!server_start(e, &options, &s, &err)) {
        engine_close(e);
        return cli_fail(&err, c->word[0]);
    }
    say_where(c, s, &options);
    sigwait(&stop, &signal);
    server_stop(s);
    engine_close(e);
    return CLI_DONE;
}

static const struct cli_option options[] = {
    {"listen", "ADDRESS", "127.0.0.1:7070 unless given; port 0 takes a free one", false},
    {"host", "NAME", "a name by which others call it", true},
    {"tls-cert", "FILE", "speak TLS with this certificate (PEM) ...", false},
    {"tls-key", "FILE", "... and its key (PEM)", false},
    {"behind-proxy", NULL, "a server in front of this one speaks TLS", false},
    {"open-collect", NULL, "any web page may send events, though the file has no key",
     false},
};

const struct cli_command cli_serve = {
    "serve",
    "FILE",
    "takes events and shows the page, over HTTP",
    options,
    sizeof options / sizeof *options,
    run,
};
