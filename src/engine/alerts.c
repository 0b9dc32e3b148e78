#include "engine/alerts.h"

#include <stdio.h>
#include <string.h>

enum { AGAIN_MS = 10 * 1000 };

struct alerts {
    struct engine *engine;
    alert_ask *ask;
    struct json_parser *parser;
    struct saved *saved; /* NULL: to be read anew */
    int64_t again_ms;    /* not before: something failed */
    int64_t next_ms;     /* nothing is due before */
    uint32_t number;     /* of the row that is looked at; 0: none */
    uint32_t weeks;      /* of its look: those that were asked */
    struct alert_look look;
};

bool alerts_new(struct engine *e, alert_ask *ask, struct alerts **out, struct err *err)
{
    struct alerts *a = mem_alloc(sizeof *a);

    if (!a)
        return err_nomem(err);
    a->engine = e;
    a->ask = ask;
    a->next_ms = a->again_ms = INT64_MIN;
    if (!json_parser_new(&a->parser, err)) {
        mem_free(a);
        return false;
    }
    *out = a;
    return true;
}

void alerts_free(struct alerts *a)
{
    if (!a)
        return;
    saved_free(a->saved);
    json_parser_free(a->parser);
    mem_free(a);
}

void alerts_changed(struct alerts *a)
{
    if (!a)
        return;
    saved_free(a->saved);
    a->saved = NULL;
    a->number = 0;
    a->next_ms = INT64_MIN;
}

int64_t alerts_next_ms(const struct alerts *a)
{
    return a->next_ms < a->again_ms ? a->again_ms : a->next_ms;
}

/* --- one number --- */

/* As a state may have them: without control characters. */
static void keep_words(const char *msg, char why[ALERT_WHY_MAX])
{
    snprintf(why, ALERT_WHY_MAX, "%s",
             str_is_utf8(str_of(msg)) ? msg : "the view cannot be asked");
    for (char *c = why; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
}

/* What the question says wrong is why there is no number; anything else is a failure. */
static bool ask_number(struct engine *e, alert_ask *ask, struct json_parser *parser,
                       const struct question *q, const struct alert *alert, int64_t at_ms,
                       bool *known, int64_t *value, char why[ALERT_WHY_MAX],
                       struct err *err)
{
    enum { SPARE = 64 }; /* that the parser may read */
    struct arena arena = {0};
    struct buf answer = {0};
    const struct json *json;
    char *spare;
    str wrong;
    bool ok = ask(e, q, at_ms, &arena, &answer, &wrong, err);

    *known = false;
    *why = 0;
    if (ok) {
        ok = (spare = buf_room(&answer, SPARE)) || err_nomem(err);
        if (ok)
            memset(spare, 0, SPARE);
        ok = ok && json_parse(parser, buf_str(&answer), &arena, &json, err);
        *known = ok && answer_number(json, alert->number, value);
        if (ok && !*known)
            snprintf(why, ALERT_WHY_MAX, "the answer has no number %.*s",
                     (int)(alert->number.n < 120 ? alert->number.n : 120),
                     alert->number.p);
    } else if (err->code == ERR_INPUT || err->code == ERR_NOT_FOUND
               || err->code == ERR_LIMIT) {
        keep_words(err->msg, why);
        ok = true;
    }
    arena_free(&arena);
    buf_free(&answer);
    return ok;
}

static bool question_of(const struct saved *s, const struct alert *alert, struct arena *a,
                        struct question *out, struct err *err)
{
    const struct saved_row *view;

    return saved_find(s, SAVED_VIEW, alert->view, &view, err)
           && question_parse(view->text, a, out, err);
}

/* The k-th number of a look, counted from its own. Before the file's first event there is none. */
static bool look_on(struct engine *e, alert_ask *ask, struct json_parser *parser,
                    const struct question *q, const struct alert *alert, uint32_t k,
                    struct alert_look *look, struct err *err)
{
    int64_t at_ms = alert_past(engine_model(e)->workspace.zone, look->at_ms, k);
    struct store_facts facts = snapshot_facts(engine_snapshot(e));
    char unheard[ALERT_WHY_MAX];

    look->known[k] = false;
    if (k && (!facts.events || at_ms < facts.first_ms))
        return true;
    return ask_number(e, ask, parser, q, alert, at_ms, &look->known[k], &look->value[k],
                      k ? unheard : look->why, err);
}

static uint32_t weeks_of(const struct alert *alert)
{
    return alert->rule == ALERT_UNUSUAL ? ALERT_WEEKS : 0;
}

/* --- trying --- */

bool alert_check(struct engine *e, alert_ask *ask, const struct saved *s,
                 const struct alert *alert, struct arena *a, struct err *err)
{
    struct json_parser *parser = NULL;
    struct question q;
    int64_t value;
    char why[ALERT_WHY_MAX];
    bool known = false, ok;

    if (!question_of(s, alert, a, &q, err))
        return false;
    for (uint32_t i = 0; i < q.n; i++)
        if (str_eq(q.param[i].name, STR("at")))
            return err_set(err, ERR_INPUT,
                           "the view says at which moment it is asked (at): its numbers "
                           "are not looked at at others");
    if (q.report.n > 8 && str_eq(str_from(q.report, q.report.n - 8), STR("/periods")))
        return err_set(err, ERR_INPUT,
                       "of %.*s no number is looked at: take a view without /periods",
                       STR_FMT(q.report));
    ok = json_parser_new(&parser, err)
         && ask_number(e, ask, parser, &q, alert, MOMENT_NEVER, &known, &value, why, err);
    json_parser_free(parser);
    return ok && (known || err_set(err, ERR_INPUT, "%s", why));
}

bool alert_try(struct engine *e, alert_ask *ask, const struct saved *s,
               const struct alert *alert, int64_t now_ms, struct arena *a,
               struct alert_state *out, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct alert_look look = {.at_ms = alert_due(z, alert->every, now_ms)};
    struct json_parser *parser = NULL;
    struct question q;
    bool ok = question_of(s, alert, a, &q, err) && json_parser_new(&parser, err);

    for (uint32_t k = 0; ok && k <= weeks_of(alert); k++)
        ok = look_on(e, ask, parser, &q, alert, k, &look, err);
    json_parser_free(parser);
    if (!ok || !alert_state_parse(STR(""), a, out, err))
        return false;
    alert_judge(alert, &look, out);
    out->why = arena_str(a, out->why);
    return out->why.p || err_nomem(err);
}

/* --- in time --- */

static void put_number(struct json_out *j, const char *name, int64_t number)
{
    json_key(j, name);
    json_put_num(j, number);
}

static void put_text(struct json_out *j, const char *name, str text)
{
    json_key(j, name);
    json_put_text(j, text);
}

static void put_rule(struct json_out *j, const struct alert *alert)
{
    if (alert->rule == ALERT_UNUSUAL) {
        json_key(j, "unusual");
        json_put_bool(j, true);
    } else {
        put_number(j, alert->rule == ALERT_ABOVE ? "above" : "below", alert->limit);
    }
}

static void put_usual(struct json_out *j, const struct alert_state *state)
{
    json_key(j, "usual");
    if (!state->has_usual) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_number(j, "low", state->usual.low);
    put_number(j, "median", state->usual.median);
    put_number(j, "high", state->usual.high);
    json_end_object(j);
}

/* The line of the journal: what is sent. */
static void print_line(struct buf *to, str name, const struct alert *alert,
                       const struct alert_state *state)
{
    struct json_out j = {.to = to};

    json_begin_object(&j);
    put_text(&j, "alert", name);
    put_text(&j, "view", alert->view);
    put_text(&j, "number", alert->number);
    json_key(&j, "on");
    json_put_bool(&j, state->is_on);
    put_number(&j, "value", state->value);
    put_rule(&j, alert);
    put_usual(&j, state);
    json_key(&j, "at");
    json_put_int(&j, state->look_ms);
    json_end_object(&j);
    buf_add_char(to, '\n');
}

static bool finish_look(struct alerts *a, const struct saved_row *row,
                        const struct alert *alert, struct arena *arena, struct err *err)
{
    struct saved_row changed = *row;
    struct buf text = {0}, line = {0};
    struct alert_state state;
    bool ok = alert_state_parse(row->state, arena, &state, err);

    if (ok && alert_judge(alert, &a->look, &state))
        print_line(&line, row->name, alert, &state);
    ok = ok && alert_state_print(&state, arena, &text, err)
         && (!line.failed || err_nomem(err));
    changed.state = buf_str(&text);
    ok = ok && engine_tell_saved(a->engine, &changed, buf_str(&line), err);
    buf_free(&text);
    buf_free(&line);
    if (ok)
        alerts_changed(a);
    return ok;
}

/* The first one whose look is due; NULL: none is, before a->next_ms. */
static const struct saved_row *find_due(struct alerts *a, int64_t now_ms,
                                        struct arena *arena, struct alert *alert,
                                        struct err *err)
{
    const struct zone *z = engine_model(a->engine)->workspace.zone;
    const struct saved_row *row;
    uint32_t n;

    err->code = ERR_NONE;
    row = saved_get(a->saved, &n);
    a->next_ms = MOMENT_NEVER;
    for (uint32_t i = 0; i < n; i++) {
        struct alert_state state;
        int64_t look_ms;

        if (row[i].kind != SAVED_ALERT)
            continue;
        if (!alert_parse(row[i].text, arena, alert, err)
            || !alert_state_parse(row[i].state, arena, &state, err)) {
            err_in(err, "the alert \"%.*s\"", STR_FMT(row[i].name));
            return NULL;
        }
        look_ms = alert_due(z, alert->every, now_ms);
        if (state.look_ms == MOMENT_NEVER || state.look_ms < look_ms) {
            if (a->number != row[i].number || a->look.at_ms != look_ms) {
                a->number = row[i].number;
                a->look = (struct alert_look){.at_ms = look_ms};
                a->weeks = 0;
            }
            a->next_ms = INT64_MIN;
            return &row[i];
        }
        look_ms = alert_next(z, alert->every, now_ms);
        if (look_ms < a->next_ms)
            a->next_ms = look_ms;
    }
    return NULL;
}

static bool run_one(struct alerts *a, int64_t now_ms, struct arena *arena, bool *more,
                    struct err *err)
{
    const struct saved_row *row;
    struct alert alert;
    struct question q;

    if (!a->saved && !saved_new(a->engine, &a->saved, err))
        return false;
    row = find_due(a, now_ms, arena, &alert, err);
    if (!row)
        return err->code == ERR_NONE;
    *more = true;
    if (!question_of(a->saved, &alert, arena, &q, err)
        || !look_on(a->engine, a->ask, a->parser, &q, &alert, a->weeks, &a->look, err))
        return false;
    return a->weeks++ < weeks_of(&alert) || finish_look(a, row, &alert, arena, err);
}

bool alerts_run(struct alerts *a, int64_t now_ms, bool *more, struct err *err)
{
    struct arena arena = {0};
    bool ok;

    *more = false;
    if (now_ms < alerts_next_ms(a))
        return true;
    ok = run_one(a, now_ms, &arena, more, err);
    arena_free(&arena);
    if (!ok) {
        alerts_changed(a);
        a->again_ms = now_ms + AGAIN_MS;
        *more = false;
    }
    return ok;
}

/* --- printed --- */

void alert_state_put_json(struct json_out *j, const struct alert_state *state)
{
    json_begin_object(j);
    json_key(j, "on");
    json_put_bool(j, state->is_on);
    json_key(j, "since");
    json_put_moment(j, state->since_ms);
    json_key(j, "value");
    if (state->has_value)
        json_put_num(j, state->value);
    else
        json_put_null(j);
    put_usual(j, state);
    put_text(j, "why", state->why);
    json_key(j, "looked");
    json_put_moment(j, state->look_ms);
    json_end_object(j);
}

bool alert_put_json(struct json_out *j, const struct engine *e,
                    const struct saved_row *row, struct arena *a, struct err *err)
{
    const struct zone *z = engine_model(e)->workspace.zone;
    struct alert_state state;
    struct alert alert;

    if (!alert_parse(row->text, a, &alert, err)
        || !alert_state_parse(row->state, a, &state, err))
        return false;
    json_begin_object(j);
    put_text(j, "name", row->name);
    put_text(j, "view", alert.view);
    put_text(j, "number", alert.number);
    put_text(j, "every", str_of(alert_every_name(alert.every)));
    put_rule(j, &alert);
    json_key(j, "state");
    alert_state_put_json(j, &state);
    json_key(j, "next");
    json_put_moment(
        j, alert_next(z, alert.every,
                      state.look_ms == MOMENT_NEVER ? engine_now_ms(e) : state.look_ms));
    json_key(j, "made");
    json_put_moment(j, row->made_ms);
    put_text(j, "author", row->author);
    json_end_object(j);
    return true;
}
