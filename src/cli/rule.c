#include "engine/rule.h"
#include "cli/cli.h"
#include "engine/scan.h"

static const char *type_words(enum value_type type)
{
    return type == VALUE_BOOL    ? "a condition"
           : type == VALUE_MONEY ? "money"
                                 : "a number";
}

static bool print_names(struct cli *c, struct buf *b, const struct trial *t,
                        struct err *err)
{
    const struct rule_name *name;
    uint32_t n;

    if (!program_names(t->model->program, t->rule, &c->arena, &name, &n, err))
        return false;
    if (n)
        buf_add(b, STR("It names:\n"));
    for (uint32_t i = 0; i < n; i++) {
        str event = name[i].event.n ? name[i].event : STR("trait");
        str type = name[i].name.n ? value_type_name(name[i].type) : STR("event");

        buf_add_format(b, "  %.*s%s%.*s  %.*s, %s\n", STR_FMT(event),
                       name[i].name.n ? "." : "", STR_FMT(name[i].name), STR_FMT(type),
                       name[i].learned ? "learned from the data"
                                       : "declared in the model");
    }
    return true;
}

static bool print_notes(struct cli *c, struct buf *b, const struct trial *t,
                        struct err *err)
{
    const struct finding *finding;
    uint32_t n;

    if (!rule_lint(t->model, t->rule, &c->arena, &finding, &n, err))
        return false;
    for (uint32_t i = 0; i < n; i++)
        buf_add_format(b, "line %d, column %d: note: %.*s\n", finding[i].line,
                       finding[i].column, STR_FMT(finding[i].text));
    return true;
}

/* Opens the file, compiles the rule, and prints what `print` makes of them. */
static int run(struct cli *c, bool plain,
               bool (*print)(struct cli *c, struct engine *e, const struct trial *t,
                             enum language language, struct buf *b, struct err *err))
{
    enum language language = LANGUAGE_EN;
    struct trial t = {};
    struct buf b = {};
    struct engine *e;
    struct err err;
    int status;

    if (cli_has(c, "language") && !language_parse(cli_text(c, "language"), &language))
        return cli_wrong(c, "--language is one of en, it, pt");
    if (!cli_open(c, STORE_READ, &e, &err))
        return cli_fail(&err, c->word[0]);
    if (!trial_new(e, cli_word(c, 1), &t, &err))
        status = cli_fail_in(&err, cli_word(c, 1));
    else if (!print(c, e, &t, language, &b, &err))
        status = cli_fail(&err, c->word[0]);
    else
        status = plain ? cli_show(&b) : cli_print(&b);
    buf_free(&b);
    trial_free(&t);
    engine_close(e);
    return status;
}

static bool print_count(struct cli *c, struct buf *b, struct engine *e,
                        const struct trial *t, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct fits fits;
    int64_t at_ms;

    if (t->type != VALUE_BOOL)
        return err_set(err, ERR_INPUT,
                       "--count: customers fit conditions, and this rule gives %s",
                       type_words(t->type));
    if (!cli_moment(c, "at", z, cli_now_ms(c), &at_ms, err)
        || !engine_scan(e, t->model->program, t->rule, at_ms, &c->arena, &fits, err))
        return false;
    buf_add(b, STR("On "));
    cli_put_moment(b, z, at_ms);
    buf_add_format(b, " it fits %llu of %llu customers.\n", (unsigned long long)fits.n,
                   (unsigned long long)fits.of);
    return true;
}

static bool print_check(struct cli *c, struct engine *e, const struct trial *t,
                        enum language language, struct buf *b, struct err *err)
{
    buf_add_format(b, "The rule is right, and gives %s:\n  ", type_words(t->type));
    if (!program_words(t->model->program, t->rule, language, b, err))
        return false;
    buf_add_char(b, '\n');
    return print_names(c, b, t, err) && print_notes(c, b, t, err)
           && (!cli_has(c, "count") || print_count(c, b, e, t, err));
}

static int check(struct cli *c)
{
    return run(c, true, print_check);
}

static void print_answer(struct buf *b, const struct trial *t, const struct value *v)
{
    struct json_out j = {.to = b};

    switch ((int)v->type) {
    case VALUE_BOOL:
        buf_add(b, v->truth ? STR("yes") : STR("no"));
        break;
    case VALUE_NUMBER:
        json_put_num(&j, v->number);
        break;
    case VALUE_MONEY:
        json_put_money(&j, v->number, t->model->workspace.decimals);
        buf_add_format(b, " %.*s", STR_FMT(t->model->workspace.currency));
        break;
    default:
        buf_add(b, STR("missing"));
    }
}

static void print_until(struct buf *b, const struct zone *z, int64_t until_ms)
{
    if (until_ms == MOMENT_NEVER) {
        buf_add(b, STR("time alone does not change it"));
        return;
    }
    buf_add(b, STR("if nothing more happens, until "));
    cli_put_moment(b, z, until_ms);
}

static void print_term(struct buf *b, const struct engine *e, const struct trial_view *v,
                       const struct term *term)
{
    const struct text_table *type = &snapshot_catalog(engine_snapshot(e))->type;
    const struct zone *z = engine_model(e)->workspace.zone;

    buf_add_format(b, "\n%s %.*s\n    %.*s: %.*s; ",
                   !term->is_condition ? "  "
                   : term->truth       ? "yes"
                                       : "no ",
                   STR_FMT(term->words), STR_FMT(term->measure), STR_FMT(term->value));
    print_until(b, z, term->holds_until_ms);
    buf_add_char(b, '\n');
    for (uint32_t i = 0; i < term->event_n; i++) {
        uint32_t place = term->event[i];

        buf_add(b, STR("      "));
        cli_put_moment(b, z, v->timeline.at_ms[place]);
        buf_add_format(b, "  %.*s  %.*s\n",
                       STR_FMT(text_table_get(type, v->timeline.type[place])),
                       STR_FMT(v->message_id[place]));
    }
    if (term->event_n < term->event_all)
        buf_add_format(b, "      and %u older ones\n", term->event_all - term->event_n);
}

static bool print_explained(struct cli *c, struct engine *e, const struct trial *t,
                            enum language language, struct buf *b, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    str id = cli_text(c, "customer");
    struct json_out j = {.to = b};
    struct trial_view v;
    int64_t at_ms;

    if (!cli_moment(c, "at", z, cli_now_ms(c), &at_ms, err)
        || !trial_explain(e, t, id, at_ms, language, &c->arena, &v, err))
        return false;
    if (cli_has(c, "json")) {
        trial_put_json(&j, e, t, &v);
        buf_add_char(b, '\n');
        return true;
    }
    buf_add_format(b, "Customer %.*s on ", STR_FMT(id));
    cli_put_moment(b, z, at_ms);
    buf_add(b, v.exists ? STR(": ") : STR(", not a customer yet: "));
    print_answer(b, t, &v.answer.value);
    buf_add(b, STR(" ("));
    print_until(b, z, v.answer.holds_until_ms);
    buf_add(b, STR(")\n"));
    for (uint32_t i = 0; i < v.term_n; i++)
        print_term(b, e, &v, &v.term[i]);
    return true;
}

static int explain(struct cli *c)
{
    if (!cli_has(c, "customer"))
        return cli_wrong(c, "which customer? --customer ID says it");
    return run(c, !cli_has(c, "json"), print_explained);
}

static const struct cli_option check_options[] = {
    {"count", NULL, "how many customers it fits", false},
    {"at", "DATE", "--count: on that day (a date or a moment): now unless given", false},
    {"language", "CODE", "the rule in words of this language: en, it or pt", false},
};

const struct cli_command cli_rule_check = {
    "rule check",
    "FILE RULE",
    "says what is wrong or odd in a rule, and what it means",
    check_options,
    sizeof check_options / sizeof *check_options,
    check,
};

static const struct cli_option explain_options[] = {
    {"customer", "ID", "of whom it is asked", false},
    {"at", "DATE", "as it stood then (a date or a moment): now unless given", false},
    {"language", "CODE", "in words of this language: en, it or pt", false},
    {"json", NULL, "everything, as JSON", false},
};

const struct cli_command cli_rule_explain = {
    "rule explain",
    "FILE RULE",
    "what a rule says of a customer, until when, and why",
    explain_options,
    sizeof explain_options / sizeof *explain_options,
    explain,
};
