/* saved.c - what the commands view, dashboard and alert have in common. */
#include "base/user.h"
#include "cli/view.h"

static const struct saved_action *find(const struct saved_action *action, size_t n,
                                       str word)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(word, str_of(action[i].word)))
            return &action[i];
    return NULL;
}

int saved_run(struct cli *c, const struct saved_action *action, size_t n)
{
    const struct saved_action *one = find(action, n, cli_word(c, 1));
    struct engine *e;
    struct saved *s;
    struct err err;
    int status;

    if (!one)
        return cli_wrong(c, "behind FILE stands what to do");
    if (c->word_n < 2 + one->words)
        return cli_wrong(c, "something is missing behind %s", one->word);
    if (cli_has(c, "json") && cli_has(c, "csv"))
        return cli_wrong(c, "--json and --csv exclude each other");
    if (!cli_open(c, one->writes ? STORE_WRITE : STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (saved_new(e, &s, &err)) {
        status = one->run(c, e, s);
        saved_free(s);
    } else {
        status = cli_fail(&err, c->word[0]);
    }
    engine_close(e);
    return status;
}

static int say(enum saved_kind kind, str name, const char *what)
{
    struct buf b = {};
    int status;

    buf_add_format(&b, "The %s \"%.*s\" %s.\n", saved_kind_name(kind), STR_FMT(name),
                   what);
    status = cli_show(&b);
    buf_free(&b);
    return status;
}

int saved_add_named(struct cli *c, struct saved *s, enum saved_kind kind, str text)
{
    const struct saved_row draft = {.kind = kind,
                                    .name = cli_word(c, 2),
                                    .author = user_name(&c->arena),
                                    .text = text};
    struct err err;

    if (!draft.author.p)
        return cli_fail((err_nomem(&err), &err), NULL);
    if (!saved_add(s, &draft, cli_now_ms(c), &err))
        return cli_fail(&err, NULL);
    return say(kind, draft.name, "is kept");
}

int saved_remove_named(struct cli *c, struct saved *s, enum saved_kind kind)
{
    struct err err;

    if (!saved_remove(s, kind, cli_word(c, 2), &err))
        return cli_fail(&err, NULL);
    return say(kind, cli_word(c, 2), "is gone");
}

int saved_list(struct cli *c, const struct saved *s, enum saved_kind kind,
               struct cli_table *t,
               bool (*row)(struct cli_table *t, const struct saved_row *row,
                           struct err *err),
               const struct engine *e, saved_put *put)
{
    bool json = cli_has(c, "json"), ok = true;
    struct buf b = {};
    struct json_out j = {.to = &b};
    const struct saved_row *all;
    struct err err;
    uint32_t n;
    int status;

    all = saved_get(s, &n);
    if (json)
        json_begin_list(&j);
    for (uint32_t i = 0; ok && i < n; i++)
        if (all[i].kind == kind)
            ok = json ? put(&j, e, &all[i], &c->arena, &err) : row(t, &all[i], &err);
    if (!ok) {
        status = cli_fail(&err, c->word[0]);
    } else if (json) {
        json_end_list(&j);
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else if (cli_has(c, "csv")) {
        cli_table_csv(t, &b);
        status = cli_print(&b);
    } else {
        cli_table_print(t, &b);
        status = cli_show(&b);
    }
    buf_free(&b);
    return status;
}
