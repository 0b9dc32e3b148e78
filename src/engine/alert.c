#include "engine/alert.h"

#include "base/kth.h"
#include "base/num.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* --- as text --- */

static const char *const every_name[] = {"hour", "day", "week"};
static const char *const rule_name[] = {"above", "below", "unusual"};
enum { EVERY = sizeof every_name / sizeof *every_name };
enum { RULES = sizeof rule_name / sizeof *rule_name };

const char *alert_every_name(enum alert_every every)
{
    return every_name[every];
}

static bool read_every(str text, enum alert_every *out, struct err *err)
{
    for (int i = 0; i < EVERY; i++)
        if (str_eq(text, str_of(every_name[i]))) {
            *out = (enum alert_every)i;
            return true;
        }
    return err_set(err, ERR_INPUT, "an alert looks every hour, day or week");
}

static bool read_rule(const struct question *q, struct alert *out, struct err *err)
{
    int given = 0;

    for (int i = 0; i < RULES; i++) {
        str value = question_find(q, str_of(rule_name[i]));

        if (!value.n)
            continue;
        given++;
        out->rule = (enum alert_rule)i;
        if (i == ALERT_UNUSUAL ? !str_eq(value, STR("1"))
                               : !num_parse(value, &out->limit))
            return err_set(err, ERR_INPUT, "%s: \"%.*s\" is no number", rule_name[i],
                           (int)(value.n < 40 ? value.n : 40), value.p);
    }
    return given == 1
           || err_set(err, ERR_INPUT,
                      "an alert tells when the number is above or below a limit, or "
                      "unusual: one of the three");
}

static bool check_pointer(str pointer, struct err *err)
{
    bool ok = pointer.n && *pointer.p == '/';

    for (size_t i = 0; ok && i < pointer.n; i++)
        if (pointer.p[i] == '~')
            ok =
                i + 1 < pointer.n && (pointer.p[i + 1] == '0' || pointer.p[i + 1] == '1');
    return ok
           || err_set(err, ERR_INPUT,
                      "which number? A JSON pointer such as /steps/0/customers says it");
}

bool alert_parse(str text, struct arena *a, struct alert *out, struct err *err)
{
    struct question q;

    *out = (struct alert){.limit = 0};
    if (!question_parse(text, a, &q, err))
        return false;
    out->view = question_find(&q, STR("view"));
    out->number = question_find(&q, STR("number"));
    if (!str_eq(q.report, STR("alert")) || q.n != 4 || !out->view.n)
        return err_set(err, ERR_INPUT,
                       "an alert has a view, a number of it, how often it is looked at, "
                       "and when that is told");
    return check_pointer(out->number, err)
           && read_every(question_find(&q, STR("every")), &out->every, err)
           && read_rule(&q, out, err);
}

static bool print_question(struct question *q, struct arena *a, struct buf *to,
                           struct err *err)
{
    struct question again;
    struct buf b = {0};
    bool ok;

    question_print(q, &b);
    ok = (!b.failed || err_nomem(err)) && question_parse(buf_str(&b), a, &again, err);
    buf_free(&b);
    if (ok)
        question_print(&again, to);
    return ok && (!to->failed || err_nomem(err));
}

static void set(struct question *q, const char *name, str value)
{
    q->param[q->n++] = (struct question_param){str_of(name), value};
}

/* Lives in `a`; empty when memory ran out. */
static str number_text(struct arena *a, int64_t number)
{
    struct buf b = {0};
    str text;

    num_print(&b, number);
    text = b.failed ? STR("") : arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

bool alert_print(const struct alert *alert, struct arena *a, struct buf *to,
                 struct err *err)
{
    struct question q = {.report = STR("alert")};

    set(&q, "view", alert->view);
    set(&q, "number", alert->number);
    set(&q, "every", str_of(every_name[alert->every]));
    set(&q, rule_name[alert->rule],
        alert->rule == ALERT_UNUSUAL ? STR("1") : number_text(a, alert->limit));
    return print_question(&q, a, to, err);
}

/* --- state --- */

static bool read_number(const struct question *q, const char *name, bool *has,
                        int64_t *out)
{
    str text = question_find(q, str_of(name));

    *has = text.n;
    return !text.n || num_parse(text, out);
}

static bool read_moment(const struct question *q, const char *name, int64_t *out)
{
    str text = question_find(q, str_of(name));
    struct err unheard;

    *out = MOMENT_NEVER;
    return !text.n || moment_parse(text, NULL, out, &unheard);
}

bool alert_state_parse(str text, struct arena *a, struct alert_state *out,
                       struct err *err)
{
    bool has[3] = {false};
    struct question q;

    *out = (struct alert_state){.since_ms = MOMENT_NEVER, .look_ms = MOMENT_NEVER};
    if (!text.n)
        return true;
    if (!question_parse(text, a, &q, err))
        return false;
    out->is_on = str_eq(question_find(&q, STR("is")), STR("on"));
    out->why = question_find(&q, STR("why"));
    if (!str_eq(q.report, STR("state")) || !read_moment(&q, "since", &out->since_ms)
        || !read_moment(&q, "look", &out->look_ms)
        || !read_number(&q, "value", &out->has_value, &out->value)
        || !read_number(&q, "low", &has[0], &out->usual.low)
        || !read_number(&q, "median", &has[1], &out->usual.median)
        || !read_number(&q, "high", &has[2], &out->usual.high))
        return err_set(err, ERR_CORRUPT, "an alert's state is none");
    out->has_usual = has[0] && has[1] && has[2];
    return true;
}

static void set_moment(struct question *q, const char *name, int64_t at_ms,
                       struct arena *a)
{
    struct buf b = {0};

    if (at_ms == MOMENT_NEVER)
        return;
    moment_print(&b, at_ms);
    set(q, name, b.failed ? STR("") : arena_str(a, buf_str(&b)));
    buf_free(&b);
}

bool alert_state_print(const struct alert_state *s, struct arena *a, struct buf *to,
                       struct err *err)
{
    struct question q = {.report = STR("state")};

    set(&q, "is", s->is_on ? STR("on") : STR("off"));
    set_moment(&q, "since", s->since_ms, a);
    set_moment(&q, "look", s->look_ms, a);
    if (s->has_value)
        set(&q, "value", number_text(a, s->value));
    if (s->has_usual) {
        set(&q, "low", number_text(a, s->usual.low));
        set(&q, "median", number_text(a, s->usual.median));
        set(&q, "high", number_text(a, s->usual.high));
    }
    set(&q, "why", s->why);
    return print_question(&q, a, to, err);
}

/* --- when --- */

static int64_t hour_of(const struct zone *z, int64_t at_ms)
{
    int64_t local_ms = zone_local(z, at_ms);

    return at_ms - ((local_ms % MS_HOUR + MS_HOUR) % MS_HOUR);
}

static int64_t look_at(const struct zone *z, enum alert_every every, int64_t at_ms, int n)
{
    if (every == ALERT_HOUR)
        return hour_of(z, at_ms) + n * MS_HOUR;
    return calendar_start(z, every == ALERT_DAY ? CALENDAR_DAY : CALENDAR_WEEK, at_ms, n);
}

int64_t alert_due(const struct zone *z, enum alert_every every, int64_t at_ms)
{
    return look_at(z, every, at_ms, 0);
}

int64_t alert_next(const struct zone *z, enum alert_every every, int64_t at_ms)
{
    int64_t next_ms = look_at(z, every, at_ms, 1);

    for (int n = 2; next_ms <= at_ms; n++) /* a day that the calendar skipped is empty */
        next_ms = look_at(z, every, at_ms, n);
    return next_ms;
}

int64_t alert_past(const struct zone *z, int64_t look_ms, uint32_t weeks)
{
    return weeks ? zone_moment(z, zone_local(z, look_ms) - weeks * 7 * MS_DAY) : look_ms;
}

/* --- what is usual --- */

static int64_t middle(int64_t *value, uint32_t n)
{
    int64_t upper = kth_least(value, n, n / 2);

    if (n % 2)
        return upper;
    return (int64_t)(((__int128)upper + kth_least(value, n, n / 2 - 1)) / 2);
}

static int64_t held(__int128 number)
{
    return number > INT64_MAX   ? INT64_MAX
           : number < INT64_MIN ? INT64_MIN
                                : (int64_t)number;
}

struct usual usual_of(int64_t *value, uint32_t n)
{
    struct usual u = {.median = middle(value, n)};
    __int128 sum = 0, reach;
    int64_t mad;

    assert(n);
    for (uint32_t i = 0; i < n; i++) {
        __int128 away = (__int128)value[i] - u.median;

        value[i] = held(away < 0 ? -away : away);
        sum += value[i];
    }
    mad = middle(value, n);
    reach = mad ? (__int128)mad * 35000 / 6745 : sum * 35 * 1253314 / 10000000 / n;
    u.low = held(u.median - reach);
    u.high = held(u.median + reach);
    return u;
}

/* --- which number --- */

/* One token, ~1 and ~0 understood, up to the size of `to`. */
static bool next_token(str *rest, char *to, size_t size, str *out)
{
    size_t n = 0, i = 1;

    if (!rest->n || *rest->p != '/')
        return false;
    for (; i < rest->n && rest->p[i] != '/'; i++) {
        char c = rest->p[i];

        if (c == '~' && i + 1 < rest->n)
            c = rest->p[++i] == '1' ? '/' : '~';
        if (n == size)
            return false;
        to[n++] = c;
    }
    *rest = str_from(*rest, i);
    *out = (str){to, n};
    return true;
}

static const struct json *item_of(const struct json *list, str token)
{
    const char *equal = token.n ? memchr(token.p, '=', token.n) : NULL;
    size_t at = 0;

    if (str_eq(token, STR("last")))
        return list->n ? &list->item[list->n - 1] : NULL;
    if (equal) {
        str name = {token.p, (size_t)(equal - token.p)};

        for (; at < list->n; at++) {
            const struct json *member = json_find(&list->item[at], name);

            if (member && member->type == JSON_TEXT
                && str_eq(member->text, str_from(token, name.n + 1)))
                return &list->item[at];
        }
        return NULL;
    }
    if (!token.n || token.n > 9 || (token.n > 1 && *token.p == '0'))
        return NULL;
    for (size_t i = 0; i < token.n; i++) {
        if (token.p[i] < '0' || token.p[i] > '9')
            return NULL;
        at = at * 10 + (size_t)(token.p[i] - '0');
    }
    return at < list->n ? &list->item[at] : NULL;
}

bool answer_number(const struct json *answer, str pointer, int64_t *out)
{
    char text[256];
    str token;

    while (answer && pointer.n) {
        if (!next_token(&pointer, text, sizeof text, &token))
            return false;
        answer =
            answer->type == JSON_LIST ? item_of(answer, token) : json_find(answer, token);
    }
    if (!answer || answer->type != JSON_NUMBER || !answer->fits)
        return false;
    *out = answer->number;
    return true;
}

/* --- the decision --- */

static bool find_usual(const struct alert_look *look, struct alert_state *state)
{
    int64_t past[ALERT_WEEKS];
    uint32_t n = 0;

    for (uint32_t k = 1; k <= ALERT_WEEKS; k++)
        if (look->known[k])
            past[n++] = look->value[k];
    state->has_usual = n >= ALERT_LEAST;
    if (state->has_usual)
        state->usual = usual_of(past, n);
    return state->has_usual;
}

bool alert_judge(const struct alert *alert, const struct alert_look *look,
                 struct alert_state *state)
{
    bool was_on = state->is_on;
    int64_t value = look->value[0];

    state->look_ms = look->at_ms;
    state->has_value = look->known[0];
    state->has_usual = false;
    state->why = str_of(look->why);
    if (!state->has_value)
        return false;
    state->value = value;
    state->why = STR("");
    if (alert->rule == ALERT_UNUSUAL && !find_usual(look, state)) {
        state->why = STR("not enough yet: 8 of the 12 weeks before must have the number");
        return false;
    }
    state->is_on = alert->rule == ALERT_ABOVE ? value > alert->limit
                   : alert->rule == ALERT_BELOW
                       ? value < alert->limit
                       : value < state->usual.low || value > state->usual.high;
    if (state->is_on == was_on)
        return false;
    state->since_ms = look->at_ms;
    return true;
}
