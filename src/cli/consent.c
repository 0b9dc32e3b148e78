#include "engine/consent.h"
#include "cli/cli.h"
#include "engine/model.h"

static void print(struct cli *c, const struct consents *list, const struct zone *z,
                  struct buf *b)
{
    static const char *const heading[] = {"channel", "purpose", "answer", "since",
                                          "event"};
    struct cli_table t = {.columns = sizeof heading / sizeof *heading,
                          .arena = &c->arena};

    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    for (uint32_t i = 0; i < list->n; i++) {
        const struct consent *one = &list->consent[i];
        struct buf at = {};

        if (one->at_ms != MOMENT_NEVER)
            cli_put_moment(&at, z, one->at_ms);
        cli_table_add(&t, one->channel);
        cli_table_add(&t, one->purpose);
        cli_table_add(&t, consent_answer_text(one->answer));
        cli_table_add(&t, buf_str(&at));
        cli_table_add(&t, one->event);
        t.failed |= at.failed;
        buf_free(&at);
    }
    if (list->n)
        cli_table_print(&t, b);
    else
        buf_add(b, STR("Nothing was ever said.\n"));
}

static int show(struct cli *c, struct engine *e)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct consents list;
    struct buf b = {};
    struct err err;
    int64_t at_ms;
    int status;

    if (!cli_moment(c, "at", z, cli_now_ms(c), &at_ms, &err)
        || !engine_advance(e, at_ms, &err)
        || !engine_consents(e, cli_word(c, 1), cli_text(c, "channel"),
                            cli_text(c, "purpose"), at_ms, &c->arena, &list, &err))
        return cli_fail(&err, c->word[0]);
    if (cli_has(c, "json")) {
        consents_put_json(&(struct json_out){.to = &b}, &list);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        print(c, &list, z, &b);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}

static int run(struct cli *c)
{
    struct engine *e;
    struct err err;
    int status;

    if (cli_has(c, "channel") != cli_has(c, "purpose"))
        return cli_wrong(c, "--channel and --purpose come together");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    status = show(c, e);
    engine_close(e);
    return status;
}

static const struct cli_option options[] = {
    {"channel", "NAME", "this consent alone: by which way he would be written to ...",
     false},
    {"purpose", "NAME", "... and what for", false},
    {"at", "DATE", "what held at this moment or day: now unless given", false},
    {"json", NULL, "as JSON", false},
};

const struct cli_command cli_consent = {
    "consent",
    "FILE CUSTOMER",
    "what a customer agreed to, or took back",
    options,
    sizeof options / sizeof *options,
    run,
};
