#include "engine/alerts.h"

#include "api/ask.h"
#include "base/num.h"
#include "cli/view.h"

#include <string.h>

/* --- add and remove --- */

/* What the options say, as the text of an alert, which is what checks them. */
static bool alert_of(struct cli *c, size_t view, struct alert *out, struct buf *text,
                     struct err *err)
{
    static const char *const name[] = {"every", "above", "below"};
    struct question q = {.report = STR("alert")};
    struct buf b = {};
    bool ok;

    q.param[q.n++] = (struct question_param){STR("view"), cli_word(c, view)};
    q.param[q.n++] = (struct question_param){STR("number"), cli_word(c, view + 1)};
    for (size_t i = 0; i < sizeof name / sizeof *name; i++)
        if (cli_has(c, name[i]))
            q.param[q.n++] =
                (struct question_param){str_of(name[i]), cli_text(c, name[i])};
    if (!cli_has(c, "every"))
        q.param[q.n++] = (struct question_param){STR("every"), STR("day")};
    if (cli_has(c, "unusual"))
        q.param[q.n++] = (struct question_param){STR("unusual"), STR("1")};
    question_print(&q, &b);
    ok = (!b.failed || err_nomem(err)) && alert_parse(buf_str(&b), &c->arena, out, err)
         && alert_print(out, &c->arena, text, err);
    buf_free(&b);
    return ok;
}

static int add(struct cli *c, struct engine *e, struct saved *s)
{
    struct buf text = {};
    struct alert alert;
    struct err err;
    int status;

    status = alert_of(c, 3, &alert, &text, &err) && engine_advance(e, cli_now_ms(c), &err)
                     && alert_check(e, ask_answer, s, &alert, &c->arena, &err)
                 ? saved_add_named(c, s, SAVED_ALERT, buf_str(&text))
                 : cli_fail(&err, NULL);
    buf_free(&text);
    return status;
}

static int remove_one(struct cli *c, [[maybe_unused]] struct engine *e, struct saved *s)
{
    return saved_remove_named(c, s, SAVED_ALERT);
}

/* --- what came of a look --- */

static void put_number(struct buf *to, bool has, int64_t number)
{
    if (has)
        num_print(to, number);
}

static void put_rule(struct buf *to, const struct alert *alert)
{
    if (alert->rule == ALERT_UNUSUAL) {
        buf_add(to, STR("unusual"));
    } else {
        buf_add(to, alert->rule == ALERT_ABOVE ? STR("above ") : STR("below "));
        num_print(to, alert->limit);
    }
}

static void put_moment(struct buf *to, int64_t at_ms)
{
    if (at_ms != MOMENT_NEVER)
        moment_print(to, at_ms);
}

static bool add_row(struct cli_table *t, const struct saved_row *row, struct err *err)
{
    struct buf cell[7] = {};
    struct alert_state state;
    struct alert alert;

    if (!alert_parse(row->text, t->arena, &alert, err)
        || !alert_state_parse(row->state, t->arena, &state, err))
        return false;
    put_rule(&cell[0], &alert);
    put_number(&cell[1], state.has_value, state.value);
    put_number(&cell[2], state.has_usual, state.usual.low);
    put_number(&cell[3], state.has_usual, state.usual.high);
    buf_add(&cell[4], state.is_on ? STR("on") : STR("off"));
    put_moment(&cell[5], state.since_ms);
    put_moment(&cell[6], state.look_ms);
    cli_table_add(t, row->name);
    cli_table_add(t, alert.view);
    cli_table_add(t, alert.number);
    cli_table_add(t, str_of(alert_every_name(alert.every)));
    for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
        (i > 0 && i < 4 ? cli_table_right : cli_table_add)(t, buf_str(&cell[i]));
        t->failed |= cell[i].failed;
        buf_free(&cell[i]);
    }
    cli_table_add(t, state.why);
    return true;
}

static int list(struct cli *c, struct engine *e, struct saved *s)
{
    static const char *const heading[] = {"name",  "view",  "number",     "every",
                                          "tells", "value", "usual from", "to",
                                          "state", "since", "looked",     "why not"};
    struct cli_table t = {.arena = &c->arena,
                          .columns = sizeof heading / sizeof *heading};

    for (size_t i = 0; i < t.columns; i++)
        cli_table_add(&t, str_of(heading[i]));
    return saved_list(c, s, SAVED_ALERT, &t, add_row, e, alert_put_json);
}

static int try(struct cli *c, struct engine *e, struct saved *s)
{
    const struct saved_row *row;
    struct alert_state state;
    struct alert alert;
    struct buf b = {};
    struct err err;
    int status;

    if (!saved_find(s, SAVED_ALERT, cli_word(c, 2), &row, &err)
        || !alert_parse(row->text, &c->arena, &alert, &err)
        || !engine_advance(e, cli_now_ms(c), &err)
        || !alert_try(e, ask_answer, s, &alert, cli_now_ms(c), &c->arena, &state, &err))
        return cli_fail(&err, NULL);
    if (cli_has(c, "json")) {
        alert_state_put_json(&(struct json_out){.to = &b}, &state);
    } else {
        buf_add(&b, STR("At "));
        put_moment(&b, state.look_ms);
        buf_add(&b, STR(" the number "));
        if (state.has_value) {
            buf_add(&b, STR("was "));
            num_print(&b, state.value);
        } else {
            buf_add(&b, STR("was not there"));
        }
        if (state.has_usual) {
            buf_add(&b, STR(", usually from "));
            num_print(&b, state.usual.low);
            buf_add(&b, STR(" to "));
            num_print(&b, state.usual.high);
        }
        buf_add_format(&b, ": the alert is %s", state.is_on ? "on" : "off");
        if (state.why.n)
            buf_add_format(&b, " (%.*s)", STR_FMT(state.why));
        buf_add_char(&b, '.');
    }
    buf_add_char(&b, '\n');
    status = cli_show(&b);
    buf_free(&b);
    return status;
}

/* --- which numbers there are --- */

static void put_token(struct buf *path, str token)
{
    buf_add_char(path, '/');
    for (size_t i = 0; i < token.n; i++)
        if (token.p[i] == '~' || token.p[i] == '/')
            buf_add(path, token.p[i] == '~' ? STR("~0") : STR("~1"));
        else
            buf_add_char(path, token.p[i]);
}

/* An item is named by its first text, if it is the first that has it; else by its place. */
static void put_item(struct buf *path, const struct json *list, size_t at)
{
    const struct json *item = &list->item[at];
    struct buf token = {};

    for (size_t i = 0; item->type == JSON_OBJECT && i < item->n && !token.n; i++)
        if (item->item[i].type == JSON_TEXT) {
            bool is_first = true;

            for (size_t k = 0; k < at; k++)
                is_first &= !str_eq(json_find_text(&list->item[k], item->name[i]),
                                    item->item[i].text);
            if (!is_first)
                break;
            buf_add_format(&token, "%.*s=%.*s", STR_FMT(item->name[i]),
                           STR_FMT(item->item[i].text));
        }
    if (!token.n)
        buf_add_format(&token, "%zu", at);
    put_token(path, buf_str(&token));
    path->failed |= token.failed;
    buf_free(&token);
}

static void put_numbers(struct cli_table *t, const struct json *j, struct buf *path)
{
    size_t n = path->n;

    if (j->type == JSON_NUMBER && j->fits) {
        struct buf number = {};

        num_print(&number, j->number);
        cli_table_add(t, buf_str(path));
        cli_table_right(t, buf_str(&number));
        t->failed |= path->failed || number.failed;
        buf_free(&number);
    }
    for (size_t i = 0; (j->type == JSON_OBJECT || j->type == JSON_LIST) && i < j->n;
         i++) {
        if (j->type == JSON_OBJECT)
            put_token(path, j->name[i]);
        else
            put_item(path, j, i);
        put_numbers(t, &j->item[i], path);
        path->n = n;
    }
}

static bool read_answer(struct cli *c, struct engine *e, str question,
                        const struct json **out, struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read */
    struct json_parser *parser = NULL;
    struct buf answer = {};
    struct question q;
    char *spare;
    str wrong;
    bool ok = question_parse(question, &c->arena, &q, err)
              && ask_answer(e, &q, MOMENT_NEVER, &c->arena, &answer, &wrong, err)
              && ((spare = buf_room(&answer, SPARE)) || err_nomem(err))
              && json_parser_new(&parser, err);

    if (ok) {
        memset(spare, 0, SPARE);
        ok = json_parse(parser, buf_str(&answer), &c->arena, out, err);
    }
    json_parser_free(parser);
    buf_free(&answer);
    return ok;
}

static int numbers(struct cli *c, struct engine *e, struct saved *s)
{
    struct cli_table t = {.arena = &c->arena, .columns = 2};
    const struct saved_row *view;
    const struct json *answer;
    struct buf path = {}, b = {};
    struct err err;
    int status;

    if (!saved_find(s, SAVED_VIEW, cli_word(c, 2), &view, &err)
        || !engine_advance(e, cli_now_ms(c), &err)
        || !read_answer(c, e, view->text, &answer, &err))
        return cli_fail(&err, NULL);
    cli_table_add(&t, STR("number"));
    cli_table_add(&t, STR("value"));
    put_numbers(&t, answer, &path);
    if (cli_has(c, "csv"))
        cli_table_csv(&t, &b);
    else
        cli_table_print(&t, &b);
    status = cli_show(&b);
    buf_free(&path);
    buf_free(&b);
    return status;
}

/* --- the command --- */

static int run(struct cli *c)
{
    static const struct saved_action actions[] = {
        {"add", add, true, 3},          {"list", list, false, 0},
        {"numbers", numbers, false, 1}, {"remove", remove_one, true, 1},
        {"try", try, false, 1},
    };

    return saved_run(c, actions, sizeof actions / sizeof *actions);
}

static const struct cli_option options[] = {
    {"every", "TIME", "add: hour, day or week: day unless given", false},
    {"above", "NUMBER", "add: it goes on above this limit, or ...", false},
    {"below", "NUMBER", "add: ... below this one, or ...", false},
    {"unusual", NULL, "add: ... beyond the number's usual range", false},
    {"json", NULL, "as JSON", false},
    {"csv", NULL, "as CSV", false},
};

const struct cli_command cli_alert = {
    "alert",
    "FILE add|list|numbers|remove|try [NAME] [VIEW] [NUMBER]",
    "looks at a number of a view, and tells when it crosses a limit or is unusual",
    options,
    sizeof options / sizeof *options,
    run,
};
