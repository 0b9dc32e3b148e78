#include "engine/person.h"
#include "cli/cli.h"
#include "engine/model.h"

static bool write_file(struct cli *c, const struct buf *b, struct err *err)
{
    struct draft *draft;

    if (!draft_begin(c->io, cli_text(c, "to"), &draft, err))
        return false;
    if (!draft_append(draft, buf_str(b), err)) {
        draft_cancel(draft);
        return false;
    }
    return draft_commit(draft, err);
}

static int run(struct cli *c)
{
    struct buf b = {};
    int64_t now_ms = cli_now_ms(c);
    int status = CLI_DONE;
    struct engine *e;
    struct err err;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!engine_advance(e, now_ms, &err)
        || !engine_person_put(e, cli_word(c, 1), now_ms, &c->arena,
                              &(struct json_out){.to = &b}, &err))
        status = cli_fail(&err, c->word[0]);
    engine_close(e);
    buf_add_char(&b, '\n');
    if (status == CLI_DONE && !cli_has(c, "to"))
        status = cli_print(&b);
    else if (status == CLI_DONE && !write_file(c, &b, &err))
        status = cli_fail(&err, NULL);
    buf_free(&b);
    return status;
}

static const struct cli_option options[] = {
    {"to", "FILE.json", "into this file, which is replaced when all is written", false},
};

const struct cli_command cli_person = {
    "export-person",
    "FILE ID",
    "everything known of one person, as JSON, to be given to him",
    options,
    sizeof options / sizeof *options,
    run,
};
