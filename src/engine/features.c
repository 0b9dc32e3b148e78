#include "engine/features.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"
#include "engine/query.h"

#include <math.h>
#include <string.h>

/* --- which --- */

/* {e} is the event's pattern, {p} that of its value, {w} the length, {2w} twice of it; {v} the value. */
struct usual {
    const char *rule, *words, *never;
    enum feature_kind kind;
    bool of_event, of_value;
    const char *needs; /* an event that the model has to know */
};
static const struct usual usual[] = {
    {"since({e})", "last {e} {v} days ago", "no {e} so far", FEATURE_DAYS, true, false,
     NULL},
    {"count({e}, {w})", "{e} in the last {w}: {v}", "", FEATURE_NUMBER, true, false,
     NULL},
    {"count({e}, {w}) - count({e}, {w}..{2w})",
     "{e} in the last {w}, less the {w} before: {v}", "", FEATURE_NUMBER, true, false,
     NULL},
    {"count({e})", "{e} in all: {v}", "", FEATURE_NUMBER, true, false, NULL},
    {"sum({p}, 1y)", "brought {v} in the last 1y", "", FEATURE_MONEY, true, true, NULL},
    {"since(any)", "last seen {v} days ago", "never seen", FEATURE_DAYS, false, false,
     NULL},
    {"age(any)", "first seen {v} days ago", "never seen", FEATURE_DAYS, false, false,
     NULL},
    {"count(any, {w})", "events in the last {w}: {v}", "", FEATURE_NUMBER, false, false,
     NULL},
    {"distinct(any.day, {w})", "days seen on in the last {w}: {v}", "", FEATURE_NUMBER,
     false, false, NULL},
    {"distinct(any.channel, {w})", "channels in the last {w}: {v}", "", FEATURE_NUMBER,
     false, false, NULL},
    {"count(ticket_opened, {w})", "asked for help in the last {w}: {v}", "",
     FEATURE_NUMBER, false, false, "ticket_opened"},
    {"last(survey_answered.score)", "answered the last survey with {v}",
     "never answered a survey", FEATURE_NUMBER, false, false, "survey_answered"},
};
/* Behind the rules. */
enum { BREADTH, IN_STAGE, MOVES, STAGES };
static const char *const beside[][3] = {
    {"kinds of events", "kinds of events in all: {v}", ""},
    {"time in stage", "in this stage for {v} days", "in no stage"},
    {"moves", "moves between stages: {v}", ""},
};
enum { STAGES_MAX = 12 }; /* of a lifecycle with more, which one is not learnt from */

struct filling {
    const char *mark;
    str text;
};
enum { FILLINGS = 4 };

bool buf_keep(struct buf *b, struct arena *a, str *out, struct err *err)
{
    bool ok = !b->failed;

    *out = STR("");
    if (ok)
        *out = arena_str(a, buf_str(b));
    buf_free(b);
    return (ok && out->p) || err_nomem(err);
}

static bool fill(const char *text, const struct filling *with, struct arena *a, str *out,
                 struct err *err)
{
    struct buf b = {};

    while (*text) {
        size_t i = 0;

        while (i < FILLINGS && strncmp(text, with[i].mark, strlen(with[i].mark)) != 0)
            i++;
        if (i < FILLINGS) {
            buf_add(&b, with[i].text);
            text += strlen(with[i].mark);
        } else {
            buf_add_char(&b, *text++);
        }
    }
    return buf_keep(&b, a, out, err);
}

static bool add(struct features *f, const struct feature *of, struct err *err)
{
    if (f->n
        == LEARN_COLUMNS_MAX / 2) /* each may need a second column: that it is missing */
        return err_set(err, ERR_INPUT,
                       "at most %d measures and stages can be learnt from",
                       LEARN_COLUMNS_MAX / 2);
    f->of[f->n++] = *of;
    return true;
}

/* purchase where x > 1, revenue: purchase.revenue where x > 1 */
static bool value_pattern(const struct feature_question *q, struct arena *a, str *out,
                          struct err *err)
{
    struct buf b = {};
    char until = q->event.n && q->event.p[0] == '`' ? '`' : ' ';
    size_t i = until == '`';

    while (i < q->event.n && q->event.p[i] != until)
        i++;
    i += until == '`' && i < q->event.n;
    buf_add(&b, (str){q->event.p, i});
    buf_add_char(&b, '.');
    buf_add(&b, q->value);
    buf_add(&b, str_from(q->event, i));
    return buf_keep(&b, a, out, err);
}

static bool twice_of(str within, struct arena *a, str *out, struct err *err)
{
    struct buf b = {};
    struct length l;

    if (!length_parse(within, &l, err))
        return false;
    length_print(&b, (struct length){.months = 2 * l.months, .ms = 2 * l.ms});
    return buf_keep(&b, a, out, err);
}

static bool add_usual(struct engine *e, const struct feature_question *q, struct arena *a,
                      struct features *f, struct err *err)
{
    struct filling with[FILLINGS] = {
        {"{e}", q->event}, {"{p}", {}}, {"{w}", q->within}, {"{2w}", {}}};

    if (!value_pattern(q, a, &with[1].text, err)
        || !twice_of(q->within, a, &with[3].text, err))
        return false;
    for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
        const struct usual *u = &usual[i];
        struct feature of = {.kind = u->kind};

        if ((u->of_event && !q->event.n) || (u->of_value && !q->value.n)
            || (u->needs
                && !dictionary_event(&engine_model(e)->dictionary, str_of(u->needs))))
            continue;
        if (!fill(u->rule, with, a, &of.name, err)
            || !fill(u->words, with, a, &of.words, err)
            || !fill(u->never, with, a, &of.never, err) || !add(f, &of, err))
            return false;
    }
    return true;
}

static bool add_beside(struct engine *e, struct features *f, struct err *err)
{
    const struct lifecycle *l = engine_model(e)->lifecycle;

    for (int i = 0; i < STAGES; i++)
        if (!add(f,
                 &(struct feature){str_of(beside[i][0]), str_of(beside[i][1]),
                                   str_of(beside[i][2]),
                                   i == IN_STAGE ? FEATURE_DAYS : FEATURE_NUMBER},
                 err))
            return false;
    for (uint32_t i = 0; i < l->stage_n && l->stage_n <= STAGES_MAX; i++)
        if (!add(f,
                 &(struct feature){
                     l->stage_name[i], STR("in stage {v}"), {}, FEATURE_STAGE},
                 err))
            return false;
    return true;
}

static bool own_words(str rule, struct arena *a, str *words, str *never, struct err *err)
{
    const struct filling with[FILLINGS] = {
        {"{e}", rule}, {"{p}", {}}, {"{w}", {}}, {"{2w}", {}}};

    return fill("{e}: {v}", with, a, words, err)
           && fill("{e}: none", with, a, never, err);
}

bool features_plan(struct engine *e, const struct feature_question *q, struct arena *a,
                   struct features *out, str *wrong, struct err *err)
{
    str *rules;

    *out = (struct features){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err)
        || !report_pattern(out->program, STR("any"), &out->any, wrong, err)
        || !add_usual(e, q, a, out, err))
        return false;
    for (size_t i = 0; i < q->own.measure_n; i++) {
        str rest = q->own.measure[i];

        do {
            str rule = crowd_next_word(&rest), words, never;

            if (!own_words(rule, a, &words, &never, err)
                || !add(out, &(struct feature){rule, words, never, FEATURE_NUMBER}, err))
                return false;
        } while (rest.n);
    }
    out->rule_n = out->n;
    rules = arena_array(a, str, (size_t)out->n + 1);
    if (!rules)
        return err_nomem(err);
    for (uint32_t i = 0; i < out->n; i++)
        rules[i] = out->of[i].name;
    out->rules = (struct crowd_words){.measure = rules, .measure_n = out->n};
    return add_beside(e, out, err);
}

void features_free(struct features *f)
{
    program_free(f->program);
    f->program = NULL;
}

/* --- how many kinds of events: on all threads --- */

struct kinds_plan {
    const struct features *features;
    int64_t at_ms;
    uint32_t type_n;
    uint32_t *kinds; /* by customer; threads write their own */
};
struct kinds {
    const struct kinds_plan *plan;
    struct picks *picks;
    uint32_t *met; /* by type: 1 + the last customer who had it */
};

static void kinds_free(void *count)
{
    struct kinds *k = count;

    picks_free(k->picks);
    mem_free(k->met);
    mem_free(k);
}

static bool kinds_new(const void *plan, void **count, struct err *err)
{
    const struct kinds_plan *p = plan;
    struct kinds *k = mem_alloc(sizeof *k);

    if (!k)
        return err_nomem(err);
    k->plan = p;
    k->met = mem_alloc((p->type_n + 1) * sizeof *k->met);
    if ((!k->met && !err_nomem(err))
        || !picks_new(p->features->program, &k->picks, err)) {
        kinds_free(k);
        return false;
    }
    *count = k;
    return true;
}

static bool kinds_add(void *count, const struct chunk *c,
                      [[maybe_unused]] struct scan_span span, const struct bits *who,
                      struct err *err)
{
    struct kinds *k = count;
    const uint64_t *mark;

    if (!picks_turn(k->picks, c, err))
        return false;
    mark = picks_marks(k->picks, k->plan->features->any);
    for (uint32_t i = 0; i < c->customer_n; i++) {
        uint32_t customer = c->customer_first + i, n = 0;

        if (who && !bits_has(who, i))
            continue;
        for (uint32_t v = c->first[i];
             v < c->first[i + 1] && c->at_ms[v] <= k->plan->at_ms; v++)
            if (mark[v / 64] >> v % 64 & 1 && k->met[c->type[v]] != customer + 1) {
                k->met[c->type[v]] = customer + 1;
                n++;
            }
        k->plan->kinds[customer] = n;
    }
    return true;
}

static bool kinds_merge([[maybe_unused]] void *into, [[maybe_unused]] const void *from,
                        [[maybe_unused]] struct err *err)
{
    return true;
}

static const struct report_kind kinds_kind = {kinds_new, kinds_add, kinds_merge,
                                              kinds_free};

static bool count_kinds(struct engine *e, const struct features *f, int64_t at_ms,
                        const struct fits *who, struct arena *a, uint32_t **out,
                        struct err *err)
{
    struct kinds_plan p = {f, at_ms, snapshot_catalog(engine_snapshot(e))->type.n, NULL};
    void *count;

    p.kinds = arena_array(a, uint32_t, (size_t)engine_customer_n(e) + 1);
    if (!p.kinds)
        return err_nomem(err);
    *out = p.kinds;
    if (!engine_report(e, &kinds_kind, &p, who, &count, err))
        return false;
    kinds_free(count);
    return true;
}

/* --- as numbers --- */

static double number_of(const struct engine *e, const struct crowd_view *v,
                        uint32_t column, int64_t value)
{
    const struct crowd_column *c = &v->column[column];

    if (value == CROWD_MISSING)
        return NAN;
    if (c->grows || c->type == VALUE_LENGTH)
        return (double)(c->grows > 0   ? v->at_ms - value
                        : c->grows < 0 ? value - v->at_ms
                                       : value)
               / MS_DAY;
    if (c->type == VALUE_MOMENT)
        return (double)(value - v->at_ms) / MS_DAY;
    return (double)value
           / (c->type == VALUE_MONEY ? pow(10, engine_model(e)->workspace.decimals)
                                     : (double)NUM_ONE);
}

static void put_stages(const struct engine *e, const struct features *f,
                       uint32_t customer, int64_t at_ms, double *x)
{
    size_t n;
    const struct move *move = engine_moves(e, 0, customer, &n);

    while (n && move[n - 1].at_ms > at_ms)
        n--;
    x[IN_STAGE] = n && move[n - 1].to != STAGE_NONE
                      ? (double)(at_ms - move[n - 1].at_ms) / MS_DAY
                      : NAN;
    x[MOVES] = (double)n;
    for (uint32_t i = STAGES; i < f->n - f->rule_n; i++)
        x[i] = n && move[n - 1].to == i - STAGES;
}

static bool put_rows(struct engine *e, struct features *f, const struct crowd_view *v,
                     const uint32_t *kinds, struct arena *a, struct feature_rows *out,
                     struct err *err)
{
    uint32_t n = v->crowd.n, *customer = arena_array(a, uint32_t, (size_t)n + 1);
    double *x = arena_array(a, double, ((size_t)n + 1) * f->n);

    if (!customer || !x)
        return err_nomem(err);
    for (uint32_t k = 0; k < f->rule_n; k++)
        if (v->column[k].grows)
            f->of[k].kind = FEATURE_DAYS;
        else if (v->column[k].type == VALUE_MONEY)
            f->of[k].kind = FEATURE_MONEY;
    for (uint32_t i = 0; i < n; i++) {
        double *row = &x[(size_t)i * f->n];

        customer[i] = v->customer[i];
        for (uint32_t k = 0; k < f->rule_n; k++)
            row[k] = number_of(e, v, k, v->crowd.value[k][i]);
        row[f->rule_n + BREADTH] = kinds[v->customer[i]];
        put_stages(e, f, v->customer[i], v->at_ms, &row[f->rule_n]);
    }
    *out = (struct feature_rows){n, customer, x};
    return true;
}

bool features_at(struct engine *e, struct features *f, int64_t at_ms,
                 const struct fits *who, struct arena *a, struct feature_rows *out,
                 str *wrong, struct err *err)
{
    struct arena here = {};
    struct crowd_view v = {};
    uint32_t *kinds;
    bool ok = (engine_now_ms(e) >= at_ms || engine_advance(e, at_ms, err))
              && engine_crowd(e, &f->rules, at_ms, who, &here, &v, wrong, err)
              && count_kinds(e, f, at_ms, who, &here, &kinds, err)
              && put_rows(e, f, &v, kinds, a, out, err);

    crowd_view_free(&v);
    arena_free(&here);
    return ok;
}

/* --- in words --- */

static void put_value(struct buf *b, const struct engine *e, const struct feature *f,
                      double value)
{
    if (f->kind == FEATURE_STAGE)
        buf_add(b, f->name);
    else if (f->kind == FEATURE_MONEY)
        buf_add_format(b, "%.*f", engine_model(e)->workspace.decimals, value);
    else
        buf_add_format(b, f->kind == FEATURE_DAYS ? "%.0f" : "%.6g", value);
}

void feature_put(struct buf *b, const struct engine *e, const struct feature *f,
                 double value)
{
    str rest = f->words;

    if (isnan(value) || (f->kind == FEATURE_STAGE && value == 0)) {
        buf_add(b, f->kind == FEATURE_STAGE ? STR("in another stage") : f->never);
        return;
    }
    while (rest.n && !str_starts(rest, STR("{v}"))) {
        buf_add_char(b, rest.p[0]);
        rest = str_from(rest, 1);
    }
    put_value(b, e, f, value);
    buf_add(b, str_from(rest, rest.n < 3 ? rest.n : 3));
}
