#include "cli/view.h"

#include "api/ask.h"
#include "base/user.h"

#include <string.h>

/* --- commands of reports, and what the API calls their options --- */

static const struct report {
    const char *name;
    const struct cli_command *command;
    const char *option[2], *param[2]; /* those that are called otherwise */
} reports[] = {
    {"attribution", &cli_attribution, {0}, {0}},
    {"channels", &cli_returns, {0}, {0}},
    {"churn", &cli_churn, {"customers"}, {"period"}},
    {"cohorts", &cli_cohorts, {"customers"}, {"cohort"}},
    {"funnel", &cli_funnel, {"step", "customers"}, {"steps", "stopped"}},
    {"journey-map", &cli_journey_map, {0}, {0}},
    {"overlap", &cli_overlap, {0}, {0}},
    {"paths", &cli_paths, {0}, {0}},
    {"rfm", &cli_rfm, {0}, {0}},
    {"stages", &cli_stages, {0}, {0}},
    {"stages/periods", &cli_stages, {0}, {0}},
    {"survival", &cli_survival, {0}, {0}},
};
enum { REPORTS = sizeof reports / sizeof *reports };

/* "each-step" -> "each_step" */
static bool is_param(const struct report *r, const char *option, str param)
{
    size_t n = strlen(option);

    for (size_t i = 0; i < sizeof r->option / sizeof *r->option; i++)
        if (r->option[i] && !strcmp(r->option[i], option))
            return str_eq(param, str_of(r->param[i]));
    if (n != param.n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (param.p[i] != (option[i] == '-' ? '_' : option[i]))
            return false;
    return true;
}

static const struct cli_option *option_of(const struct report *r, str param)
{
    for (size_t i = 0; i < r->command->option_n; i++)
        if (is_param(r, r->command->option[i].name, param))
            return &r->command->option[i];
    return NULL;
}

/* --- a view out of a command --- */

static bool add_param(struct buf *to, const char *name, str value)
{
    buf_add_char(to, '&');
    buf_add(to, str_of(name));
    buf_add_char(to, '=');
    for (size_t i = 0; i < value.n; i++)
        buf_add_format(to, "%%%02X", (unsigned char)value.p[i]);
    return !to->failed;
}

static const struct report *report_of(const struct cli_command *command)
{
    for (size_t i = 0; i < REPORTS; i++)
        if (reports[i].command == command)
            return &reports[i];
    return NULL;
}

static void put_option(const struct report *r, const struct cli_given *g, struct buf *to)
{
    char name[40];
    size_t n = strlen(g->option);

    for (size_t i = 0; i < sizeof r->option / sizeof *r->option; i++)
        if (r->option[i] && !strcmp(r->option[i], g->option)) {
            add_param(to, r->param[i], str_of(g->value));
            return;
        }
    for (size_t i = 0; i <= n && i < sizeof name; i++)
        name[i] = g->option[i] == '-' ? '_' : g->option[i];
    add_param(to, name, *g->value ? str_of(g->value) : STR("1"));
}

/* The words, or what an option that is given several times says, are a list with commas. */
static bool joined(struct cli *c, const char *option, struct buf *to)
{
    const str *all;
    size_t n;

    if (option && !cli_all(c, option, &all, &n))
        return false;
    for (size_t i = option ? 0 : 1; i < (option ? n : c->word_n); i++) {
        if (to->n)
            buf_add_char(to, ',');
        buf_add(to, option ? all[i] : cli_word(c, i));
    }
    return !to->failed;
}

static bool question_of(struct cli *c, struct question *out, struct err *err)
{
    static const char *const apart[] = {"json",   "csv",           "save", "clock",
                                        "memory", "pseudonym-key", "step"};
    const struct report *r = report_of(c->command);
    struct buf text = {}, list = {};
    bool ok;

    buf_add(&text, str_of(r->name));
    buf_add_char(&text, '?');
    for (size_t i = 0; i < c->given_n; i++) {
        bool is_apart = false;

        for (size_t k = 0; k < sizeof apart / sizeof *apart; k++)
            is_apart |= !strcmp(c->given[i].option, apart[k])
                        && (strcmp(apart[k], "step") || r->command == &cli_funnel);
        if (!is_apart)
            put_option(r, &c->given[i], &text);
    }
    ok = (r->command != &cli_funnel
          || (joined(c, "step", &list) && add_param(&text, "steps", buf_str(&list))))
         && (r->command != &cli_overlap
             || (joined(c, NULL, &list) && add_param(&text, "segments", buf_str(&list))));
    ok = ((ok && !text.failed) || err_nomem(err))
         && question_parse(buf_str(&text), &c->arena, out, err) && ask_check(out, err);
    buf_free(&text);
    buf_free(&list);
    return ok;
}

bool view_keep(struct cli *c, struct engine *e, struct err *err)
{
    struct saved_row draft = {
        .kind = SAVED_VIEW, .name = cli_text(c, "save"), .author = user_name(&c->arena)};
    struct saved *s = NULL;
    struct buf text = {};
    struct question q;
    bool ok = (draft.author.p || err_nomem(err)) && question_of(c, &q, err)
              && saved_new(e, &s, err);

    if (ok) {
        question_print(&q, &text);
        draft.text = buf_str(&text);
        ok = (!text.failed || err_nomem(err)) && saved_add(s, &draft, cli_now_ms(c), err);
    }
    saved_free(s);
    buf_free(&text);
    return ok;
}

/* --- a command out of a view --- */

static const char *zero_ended(struct cli *c, str s)
{
    char *copy = arena_alloc(&c->arena, s.n + 1, 1);

    if (copy) {
        memcpy(copy, s.p, s.n);
        copy[s.n] = 0;
    }
    return copy;
}

static bool put_given(struct cli *to, const struct report *r,
                      const struct question_param *p, struct err *err)
{
    const struct cli_option *o = option_of(r, p->name);
    const char *value;

    if (!o)
        return err_set(
            err, ERR_INPUT,
            "the view asks for %.*s, and ciclo %s has no option for it: --json "
            "shows it",
            STR_FMT(p->name), r->command->name);
    value = zero_ended(to, o->value ? p->value : STR(""));
    to->given[to->given_n++] = (struct cli_given){o->name, value};
    return value || err_nomem(err);
}

/* Of the segments that overlap each is a word. */
static bool put_words(struct cli *to, str list, struct err *err)
{
    size_t most = 2;

    for (size_t i = 0; i < list.n; i++)
        most += list.p[i] == ',';
    to->word = arena_array(&to->arena, char *, most);
    if (!to->word)
        return err_nomem(err);
    to->word[0] = to->word_n ? to->word[0] : NULL;
    for (to->word_n = 1; list.n;) {
        const char *comma = memchr(list.p, ',', list.n);
        str one = {list.p, comma ? (size_t)(comma - list.p) : list.n};

        to->word[to->word_n] = arena_array(&to->arena, char, one.n + 1);
        if (!to->word[to->word_n])
            return err_nomem(err);
        memcpy(to->word[to->word_n++], one.p, one.n);
        list = str_from(list, one.n + (comma ? 1 : 0));
    }
    return true;
}

static bool command_of(struct cli *c, const struct question *q, struct cli *out,
                       struct err *err)
{
    const struct report *r = NULL;
    char *file = c->word[0];
    str list = STR("");

    for (size_t i = 0; i < REPORTS; i++)
        if (str_eq(q->report, str_of(reports[i].name)))
            r = &reports[i];
    if (!r)
        return err_set(err, ERR_INPUT, "%.*s is no command: --json shows the view",
                       STR_FMT(q->report));
    out->command = r->command;
    out->given_n = 0;
    out->given = arena_array(&out->arena, struct cli_given, c->given_n + q->n + 1);
    if (!out->given)
        return err_nomem(err);
    for (size_t i = 0; i < c->given_n; i++)
        out->given[out->given_n++] = c->given[i];
    for (uint32_t i = 0; i < q->n; i++)
        if (r->command == &cli_overlap && str_eq(q->param[i].name, STR("segments")))
            list = q->param[i].value;
        else if (!put_given(out, r, &q->param[i], err))
            return false;
    if (str_eq(q->report, STR("stages/periods")) && !cli_has(out, "by"))
        out->given[out->given_n++] = (struct cli_given){"by", "month"};
    if (!put_words(out, list, err))
        return false;
    out->word[0] = file;
    return true;
}

/* --- the command --- */

static bool read_question(struct cli *c, str text, struct question *out, struct err *err)
{
    return question_parse(text, &c->arena, out, err) && ask_check(out, err);
}

/* The question is asked once: what is wrong with it is said now. */
static int add(struct cli *c, struct engine *e, struct saved *s)
{
    struct buf text = {}, answer = {};
    struct question q;
    str wrong = STR("");
    struct err err;
    bool ok = read_question(c, cli_word(c, 3), &q, &err)
              && engine_advance(e, cli_now_ms(c), &err)
              && ask_answer(e, &q, MOMENT_NEVER, &c->arena, &answer, &wrong, &err);
    int status;

    buf_free(&answer);
    if (!ok)
        return cli_fail_in(&err, wrong);
    question_print(&q, &text);
    status = text.failed ? cli_fail((err_nomem(&err), &err), NULL)
                         : saved_add_named(c, s, SAVED_VIEW, buf_str(&text));
    buf_free(&text);
    return status;
}

static bool add_row(struct cli_table *t, const struct saved_row *row,
                    [[maybe_unused]] struct err *err)
{
    struct buf made = {};

    moment_print(&made, row->made_ms);
    cli_table_add(t, row->name);
    cli_table_add(t, row->text);
    cli_table_add(t, row->author);
    cli_table_add(t, buf_str(&made));
    t->failed |= made.failed;
    buf_free(&made);
    return true;
}

static int list(struct cli *c, struct engine *e, struct saved *s)
{
    struct cli_table t = {.arena = &c->arena, .columns = 4};

    cli_table_add(&t, STR("name"));
    cli_table_add(&t, STR("question"));
    cli_table_add(&t, STR("author"));
    cli_table_add(&t, STR("made"));
    return saved_list(c, s, SAVED_VIEW, &t, add_row, e, view_put_json);
}

static int remove_one(struct cli *c, [[maybe_unused]] struct engine *e, struct saved *s)
{
    return saved_remove_named(c, s, SAVED_VIEW);
}

static int show_json(struct cli *c, struct engine *e, const struct question *q)
{
    str wrong = STR("");
    struct buf b = {};
    struct err err;
    int status;

    if (engine_advance(e, cli_now_ms(c), &err)
        && ask_answer(e, q, MOMENT_NEVER, &c->arena, &b, &wrong, &err)) {
        buf_add_char(&b, '\n');
        status = cli_print(&b);
    } else {
        status = cli_fail_in(&err, wrong);
    }
    buf_free(&b);
    return status;
}

static int show(struct cli *c)
{
    const struct saved_row *row;
    struct engine *e;
    struct saved *s = NULL;
    struct question q;
    struct err err;
    struct cli sub = *c;
    bool ok;
    int status;

    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    ok = saved_new(e, &s, &err) && saved_find(s, SAVED_VIEW, cli_word(c, 2), &row, &err)
         && read_question(c, row->text, &q, &err);
    saved_free(s);
    if (ok && cli_has(c, "json")) {
        status = show_json(c, e, &q);
        engine_close(e);
        return status;
    }
    engine_close(e);
    sub.arena = (struct arena){};
    ok = ok && command_of(c, &q, &sub, &err);
    status = ok ? sub.command->run(&sub) : cli_fail(&err, NULL);
    arena_free(&sub.arena);
    return status;
}

static int run(struct cli *c)
{
    static const struct saved_action actions[] = {
        {"add", add, true, 2},
        {"list", list, false, 0},
        {"remove", remove_one, true, 1},
    };

    if (str_eq(cli_word(c, 1), STR("show"))) {
        if (c->word_n < 3)
            return cli_wrong(c, "which view? Its name stands behind show");
        if (cli_has(c, "json") && cli_has(c, "csv"))
            return cli_wrong(c, "--json and --csv exclude each other");
        return show(c);
    }
    return saved_run(c, actions, sizeof actions / sizeof *actions);
}

static const struct cli_option options[] = {
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_view = {
    "view",
    "FILE add|list|show|remove [NAME] [QUESTION]",
    "keeps questions of reports by a name: funnel?steps=visit,purchase&from=-30d",
    options,
    sizeof options / sizeof *options,
    run,
};
