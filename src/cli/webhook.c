#include "engine/webhook.h"
#include "cli/cli.h"
#include "engine/outgoing.h"
#include "net/post.h"

/* --- list --- */

static void add_moment(struct cli_table *t, int64_t at_ms)
{
    struct buf cell = {};

    if (at_ms != MOMENT_NEVER)
        moment_print(&cell, at_ms);
    cli_table_add(t, buf_str(&cell));
    t->failed |= cell.failed;
    buf_free(&cell);
}

static void fill_table(struct cli_table *t, const struct webhook_row *row, uint32_t n)
{
    static const char *const heading[] = {
        "name", "url", "what", "state", "failing since", "last answer", "status"};

    t->columns = sizeof heading / sizeof *heading;
    for (size_t i = 0; i < t->columns; i++)
        cli_table_add(t, str_of(heading[i]));
    for (uint32_t i = 0; i < n; i++) {
        struct buf what = {};

        webhook_what_print(row[i].what, &what);
        cli_table_add(t, row[i].name);
        cli_table_add(t, row[i].url);
        cli_table_add(t, buf_str(&what));
        cli_table_add(t, str_of(webhook_state_name(row[i].state)));
        add_moment(t, row[i].failing_ms);
        add_moment(t, row[i].last_ms);
        if (row[i].last_status)
            cli_table_number(t, row[i].last_status);
        else
            cli_table_right(t, STR(""));
        t->failed |= what.failed;
        buf_free(&what);
    }
}

static int list(struct cli *c, [[maybe_unused]] struct engine *e, struct webhooks *w)
{
    struct cli_table table = {.arena = &c->arena};
    const struct webhook_row *row;
    struct buf b = {};
    uint32_t n;
    int status;

    row = webhooks_get(w, &n);
    if (cli_has(c, "json")) {
        webhooks_put_json(&(struct json_out){.to = &b}, w);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        fill_table(&table, row, n);
        cli_table_csv(&table, &b);
        status = cli_print(&b);
    } else {
        fill_table(&table, row, n);
        cli_table_print(&table, &b);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

/* --- add and remove --- */

static bool read_draft(struct cli *c, struct webhook_row *out, struct err *err)
{
    size_t type_n, stage_n, segment_n;

    *out = (struct webhook_row){
        .name = cli_text(c, "name"), .url = cli_text(c, "url"), .what = WEBHOOK_ALL};
    if (cli_has(c, "allow-http"))
        out->allows |= WEBHOOK_PLAIN_HTTP;
    if (cli_has(c, "allow-private"))
        out->allows |= WEBHOOK_PRIVATE_HOST;
    if (!cli_all(c, "type", &out->type, &type_n)
        || !cli_all(c, "stage", &out->stage, &stage_n)
        || !cli_all(c, "segment", &out->segment, &segment_n))
        return err_nomem(err);
    out->type_n = (uint32_t)type_n;
    out->stage_n = (uint32_t)stage_n;
    out->segment_n = (uint32_t)segment_n;
    return !cli_has(c, "what")
           || webhook_what_parse(cli_text(c, "what"), &out->what, err);
}

/* On standard output stands the secret alone, so that a script can take it. */
static int add(struct cli *c, [[maybe_unused]] struct engine *e, struct webhooks *w)
{
    struct webhook_row draft;
    struct buf b = {};
    struct err err;
    int status;

    if (!read_draft(c, &draft, &err)
        || !webhooks_add(w, &draft, cli_now_ms(c), &b, &err)) {
        buf_free(&b);
        return cli_fail(&err, NULL);
    }
    fprintf(stderr,
            "This is the secret by which signatures are checked. It is shown this "
            "once, and cannot be had again:\n");
    buf_add_char(&b, '\n');
    status = cli_print(&b);
    buf_free(&b);
    fprintf(stderr, "What happens from now on is sent while ciclo serve runs.\n");
    return status;
}

static int say(str name, const char *what)
{
    struct buf b = {};
    int status;

    buf_add_format(&b, "The webhook \"%.*s\" %s.\n", STR_FMT(name), what);
    status = cli_show(&b);
    buf_free(&b);
    return status;
}

static int remove_one(struct cli *c, [[maybe_unused]] struct engine *e,
                      struct webhooks *w)
{
    struct err err;

    return webhooks_remove(w, cli_text(c, "name"), &err)
               ? say(cli_text(c, "name"), "is sent nothing any more")
               : cli_fail(&err, NULL);
}

static int replay(struct cli *c, struct engine *e, struct webhooks *w)
{
    struct err err;
    int64_t from_ms;

    if (!cli_moment(c, "from", engine_model(e)->workspace.zone, MOMENT_NEVER, &from_ms,
                    &err)
        || !webhooks_replay(w, cli_text(c, "name"), from_ms, &err))
        return cli_fail(&err, NULL);
    return say(cli_text(c, "name"), from_ms == MOMENT_NEVER
                                        ? "goes on where it stopped"
                                        : "is sent again what came from then on");
}

/* --- test --- */

static void take_answer(void *owner, [[maybe_unused]] void *context,
                        const struct post_answer *a)
{
    *(struct post_answer *)owner = *a;
    ((struct post_answer *)owner)->retry_after_s = UINT32_MAX; /* it is there */
}

static bool ping(struct cli *c, const struct webhook_row *row, struct poster *p,
                 struct post_answer *out, struct err *err)
{
    struct outgoing_message m;
    const char *const *header;

    if (!outgoing_ping(cli_now_ms(c), &c->arena, &m, err))
        return false;
    header = outgoing_headers(&m, row->secret, cli_now_ms(c) / 1000, &c->arena, err);
    if (!header
        || !poster_begin(
            p,
            &(struct post){.url = row->url,
                           .header = header,
                           .body = m.body,
                           .may_be_private = row->allows & WEBHOOK_PRIVATE_HOST},
            NULL, err))
        return false;
    while (!out->retry_after_s)
        if (!poster_run(p, 1000, take_answer, out, err))
            return false;
    return true;
}

static int test(struct cli *c, [[maybe_unused]] struct engine *e, struct webhooks *w)
{
    enum { TIMEOUT_MS = 15 * 1000 };
    const struct webhook_row *row = webhooks_find(w, cli_text(c, "name"));
    struct post_answer answer = {.status = 0};
    struct poster *p = NULL;
    struct buf b = {};
    struct err err;
    bool ok;

    if (!row) {
        err_set(&err, ERR_NOT_FOUND, "there is no webhook \"%.*s\"",
                STR_FMT(cli_text(c, "name")));
        return cli_fail(&err, NULL);
    }
    ok = poster_new(TIMEOUT_MS, 1, &p, &err) && ping(c, row, p, &answer, &err);
    poster_free(p);
    if (!ok)
        return cli_fail(&err, NULL);
    if (!answer.status) {
        err_set(&err, ERR_IO, "no answer came from %.*s: %s", STR_FMT(row->url),
                answer.why);
        return cli_fail(&err, NULL);
    }
    buf_add_format(&b, "It answered %u.\n", answer.status);
    cli_show(&b);
    buf_free(&b);
    return answer.status >= 200 && answer.status < 300 ? CLI_DONE : CLI_FAILED;
}

/* --- the command --- */

static const struct action {
    const char *word;
    int (*run)(struct cli *c, struct engine *e, struct webhooks *w);
    bool writes, needs_name;
} actions[] = {
    {"add", add, true, true},           {"list", list, false, false},
    {"remove", remove_one, true, true}, {"replay", replay, true, true},
    {"test", test, false, true},
};

static const struct action *find_action(str word)
{
    for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
        if (str_eq(word, str_of(actions[i].word)))
            return &actions[i];
    return NULL;
}

static int run(struct cli *c)
{
    const struct action *action = find_action(cli_word(c, 1));
    struct engine *e;
    struct webhooks *w;
    struct err err;
    int status;

    if (!action)
        return cli_wrong(c, "behind FILE stands add, list, remove, replay or test");
    if (action->needs_name && !cli_has(c, "name"))
        return cli_wrong(c, "--name says which webhook");
    if (action->run == add && !cli_has(c, "url"))
        return cli_wrong(c, "--url says where to");
    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, action->writes ? STORE_WRITE : STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (webhooks_new(e, &w, &err)) {
        status = action->run(c, e, w);
        webhooks_free(w);
    } else {
        status = cli_fail(&err, c->word[0]);
    }
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"name", "NAME", "what the webhook is called", false},
    {"url", "URL", "add: where to; https, unless it is this machine", false},
    {"what", "LIST",
     "add: some of events,moves,segments,alerts, with commas between: all of them unless "
     "given",
     false},
    {"type", "TYPE", "add: events of this type alone", true},
    {"stage", "STAGE", "add: moves into this stage alone", true},
    {"segment", "SEGMENT", "add: who enters or leaves this segment alone", true},
    {"allow-http", NULL, "add: without TLS, though others can read along", false},
    {"allow-private", NULL, "add: to an address of this machine or its network", false},
    {"from", "MOMENT",
     "replay: what came from then on; unless given, it goes on where it stopped", false},
    {"json", NULL, "list: as JSON", false},
    {"csv", NULL, "list: as CSV", false},
};

const struct cli_command cli_webhook = {
    "webhook",
    "FILE add|list|remove|replay|test",
    "sends what happens to others, signed, over HTTP",
    options,
    sizeof options / sizeof *options,
    run,
};
