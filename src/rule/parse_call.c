/* parse_call.c - functions, with their patterns, windows and steps. */
#include "rule/parse_impl.h"

#include <string.h>

bool parse_pattern(struct parser *p, struct pattern *out)
{
    bool ok = parse_name(p, "the name of an event, or any", &out->name);

    out->where = NULL;
    if (ok && token_is_keyword(p, "where")) {
        p->in_where = true;
        ok = token_next(p) && parse_or(p, &out->where);
        p->in_where = false;
    }
    return ok;
}

static bool length_is(struct parser *p, const char *what, struct length *out)
{
    if (token_is_sign(p, '-'))
        return parse_fault(p->text, p->now.start, p->err, "a length of time has no sign");
    if (p->now.kind != TOKEN_LENGTH)
        return token_expected(p, what);
    *out = p->now.length;
    return token_next(p);
}

/* Days at least and at most. A month is 30.436875 days, give or take less than three. */
static void length_bounds(struct length l, int64_t *least, int64_t *most)
{
    int64_t mean = (int64_t)l.months * 2629746 * MS_SECOND;

    *least = l.months ? mean - 3 * MS_DAY : l.ms;
    *most = l.months ? mean + 3 * MS_DAY : l.ms;
}

static bool length_before(struct length a, struct length b)
{
    int64_t most, least, unused;

    if (a.months && b.months)
        return a.months < b.months;
    length_bounds(a, &unused, &most);
    length_bounds(b, &least, &unused);
    return most < least;
}

static bool parse_date(struct parser *p, const char *what, int64_t *out)
{
    if (p->now.kind != TOKEN_DATE)
        return token_expected(p, what);
    *out = p->now.number;
    return token_next(p);
}

static bool parse_window(struct parser *p, struct window *out)
{
    *out = (struct window){.start = p->now.start};
    if (token_is_keyword(p, "stage")) {
        out->kind = WINDOW_STAGE;
        if (!token_next(p))
            return false;
    } else if (token_is_keyword(p, "from")) {
        out->kind = WINDOW_DATES;
        if (!token_next(p) || !parse_date(p, "a date such as 2026-01-31", &out->from_ms))
            return false;
        if (!token_is_keyword(p, "to"))
            return token_expected(p, "to and the last day");
        if (!token_next(p) || !parse_date(p, "a date such as 2026-01-31", &out->to_ms))
            return false;
        if (out->to_ms < out->from_ms)
            return parse_fault(
                p->text, out->start, p->err,
                "this window is the wrong way round: the earlier day comes "
                "first");
    } else {
        out->kind = WINDOW_LENGTHS;
        if (!length_is(p,
                       "a window such as 90d, 30d..60d, from 2026-01-01 to 2026-01-31, "
                       "or stage",
                       &out->to))
            return false;
        if (token_is_sign(p, SIGN_DOTS)) {
            out->from = out->to;
            if (!token_next(p)
                || !length_is(p, "the window's far end, such as 60d", &out->to))
                return false;
            if (!length_before(out->from, out->to))
                return parse_fault(
                    p->text, out->start, p->err,
                    length_before(out->to, out->from)
                        ? "this window is the wrong way round: the shorter "
                          "length comes first"
                        : "this window is empty: its two ends are the same, "
                          "or may be in some months");
        } else if (!out->to.months && !out->to.ms) {
            return parse_fault(p->text, out->start, p->err, "this window is empty");
        }
    }
    out->end = p->last;
    return true;
}

/* A step and a window both come after a comma; only a window can begin with a length, be
 * the word stage, or have a date behind its first word. */
static bool window_is_next(struct parser *p)
{
    struct parser ahead = *p;
    struct err ignored;

    if (p->now.kind == TOKEN_LENGTH || token_is_sign(p, '-'))
        return true;
    ahead.err = &ignored;
    if (token_is_keyword(p, "stage"))
        return token_next(&ahead) && token_is_sign(&ahead, ')');
    return token_is_keyword(p, "from") && token_next(&ahead)
           && ahead.now.kind == TOKEN_DATE;
}

static bool parse_steps(struct parser *p, struct call *call)
{
    struct step step[RULE_STEPS_MAX];
    uint32_t n = 1;

    if (!parse_pattern(p, &step[0].pattern))
        return false;
    while (token_is_sign(p, ',')) {
        uint32_t start;

        if (!token_next(p))
            return false;
        if (window_is_next(p)) {
            if (!parse_window(p, &call->window))
                return false;
            break;
        }
        start = p->now.start;
        if (n == RULE_STEPS_MAX)
            return parse_fault(p->text, start, p->err, "a sequence has at most %u steps",
                               RULE_STEPS_MAX);
        if (!parse_pattern(p, &step[n].pattern))
            return false;
        if (!token_is_keyword(p, "within"))
            return token_expected(p,
                                  "within and a length: how soon after the step before");
        if (!token_next(p)
            || !length_is(p, "how soon after the step before, such as 7d",
                          &step[n].within))
            return false;
        n++;
    }
    call->step = arena_array(p->a, struct step, n);
    if (!call->step)
        return err_nomem(p->err);
    memcpy(call->step, step, n * sizeof *step);
    call->step_n = n;
    return true;
}

static bool parse_call_inside(struct parser *p, struct call *call)
{
    if (call->function == FUNCTION_SEQUENCE)
        return parse_steps(p, call);
    call->step = arena_new(p->a, struct step);
    if (!call->step)
        return err_nomem(p->err);
    call->step_n = 1;
    if (call->function == FUNCTION_TIMES_IN) {
        struct name *stage = &call->step->pattern.name;

        *stage = (struct name){.first = p->now.text, .start = p->now.start};
        if (p->now.kind != TOKEN_TEXT)
            return token_expected(p, "the name of a stage in quotes");
        return token_next(p);
    }
    if (call->function == FUNCTION_UNTIL || call->function == FUNCTION_ANNIVERSARY) {
        if (!parse_name(p, "a trait such as trait.renewal", &call->step->pattern.name))
            return false;
        return call->function == FUNCTION_UNTIL
               || (token_take_sign(p, ',', "a comma and a length")
                   && length_is(p, "a length such as 7d", &call->step->within));
    }
    if (!parse_pattern(p, &call->step->pattern))
        return false;
    return !token_is_sign(p, ',') || (token_next(p) && parse_window(p, &call->window));
}

bool parse_call(struct parser *p, const struct name *name, struct node **out)
{
    static const enum function of_rows[] = {FUNCTION_SUM, FUNCTION_COUNT, FUNCTION_MIN,
                                            FUNCTION_MAX, FUNCTION_AVG,   FUNCTION_FIRST,
                                            FUNCTION_LAST};
    str known[FUNCTION_TIMES_IN + 1];
    struct call *call = arena_new(p->a, struct call);
    struct node *n, *inside = NULL;
    enum function f = FUNCTION_COUNT;
    size_t known_n = 0;
    char hint[120];

    if (!call)
        return err_nomem(p->err);
    if (p->mode == PARSE_ROW) {
        for (; known_n < sizeof of_rows / sizeof *of_rows; known_n++)
            known[known_n] = function_name(of_rows[known_n]);
    } else {
        for (; known_n <= FUNCTION_TIMES_IN; known_n++)
            known[known_n] = function_name((enum function)known_n);
    }
    while (f <= FUNCTION_TIMES_IN && !str_eq(function_name(f), name->whole))
        f++;
    for (size_t i = 0;; i++) {
        if (i == known_n)
            return parse_fault(p->text, name->start, p->err, "%s %.*s()%s",
                               f <= FUNCTION_TIMES_IN ? "rows of a table have no"
                                                      : "there is no function",
                               SHOWN(name->whole),
                               parse_hint(name->whole, known, known_n, hint));
        if (str_eq(known[i], name->whole))
            break;
    }
    if (p->in_where)
        return parse_fault(
            p->text, name->start, p->err,
            "where sees only the properties of its own event: no %.*s() here",
            STR_FMT(name->whole));
    call->function = f;
    if (!token_next(p)
        || !(p->mode == PARSE_ROW ? parse_or(p, &inside) : parse_call_inside(p, call)))
        return false;
    if (!token_take_sign(p, ')', "a closing )")
        || !node_over(p, NODE_CALL, name->start, inside, &n))
        return false;
    n->call = call;
    *out = n;
    return true;
}
