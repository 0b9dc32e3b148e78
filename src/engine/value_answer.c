#include "engine/value_memory.h"

#include "engine/engine_impl.h"
#include "engine/identity.h"
#include "engine/value_impl.h"

/* --- who bought what --- */

void value_view_free(struct value_view *v)
{
    buyers_free(v->buyers);
    program_free(v->program);
    cbs_free(&v->cbs);
    *v = (struct value_view){};
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct buyers *b;

    if (!buyers_new(plan, &b, err))
        return false;
    *count = b;
    return true;
}

static bool add(void *count, const struct chunk *c, struct scan_span span,
                const struct bits *who, struct err *err)
{
    (void)span;
    return buyers_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return buyers_merge(into, from, err);
}

static void end(void *count)
{
    buyers_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

struct asking {
    struct engine *e;
    const struct value_question *q;
    struct value_view *v;
    struct arena *a;
    str *wrong;
    struct buyers_plan plan;
    struct report_scope scope;
    struct buf fitted, counted; /* keys of what is kept of it; empty: nothing is */
};

static void put_parts(struct buf *b, const str *part, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_format(b, "%zu:%.*s ", part[i].n, STR_FMT(part[i]));
}

static bool put_keys(struct asking *x, struct err *err)
{
    const struct value_question *q = x->q;
    const struct value_view *v = x->v;
    const str bought[] = {v->event, v->value};
    const str fitted[] = {q->model,      q->k,        v->unit,  q->scope.segment,
                          q->scope.when, q->discount, q->ahead, q->choose};

    buf_add_format(&x->counted, "%u %d %d %d %d ", engine_model_version(x->e),
                   (int)v->brings, (int)v->period, v->hold_out_days, x->plan.before_days);
    put_parts(&x->counted, bought, sizeof bought / sizeof *bought);
    buf_add(&x->fitted, buf_str(&x->counted));
    put_parts(&x->fitted, fitted, sizeof fitted / sizeof *fitted);
    if (q->until_ms != MOMENT_NEVER)
        buf_add_format(&x->fitted, "%d", v->until_day);
    buf_add_format(&x->counted, "%d", v->until_day);
    return (!x->counted.failed && !x->fitted.failed) || err_nomem(err);
}

static bool asking_begin(struct asking *x, struct err *err)
{
    *x->v = (struct value_view){.state = engine_state(x->e),
                                .fitted_ms = engine_now_ms(x->e),
                                .is_latest = true,
                                .is_now = x->q->is_now,
                                .now_ms = x->q->scope.at_ms};
    *x->wrong = STR("");
    return report_program(x->e, &x->v->program, err)
           && value_plan(x->e, x->q, x->v, &x->plan, &x->scope, x->wrong, err)
           && (!x->e->values || put_keys(x, err));
}

static bool asking_end(struct asking *x, bool ok)
{
    buf_free(&x->fitted);
    buf_free(&x->counted);
    if (!ok)
        value_view_free(x->v);
    return ok;
}

/* Members' events come to an account without another version of its chunk. */
static bool is_same(const struct counted *was, const struct counted *is,
                    const struct snapshot *v, uint32_t chunk)
{
    return chunk < was->chunk_n && chunk < is->chunk_n
           && was->version[chunk] == is->version[chunk]
           && !snapshot_has_accounts(v, chunk);
}

/* Keeps of `was` who is in chunks that are as they were, and counts the others. */
static bool count_changed(struct asking *x, struct counted *was, const struct counted *is,
                          struct buyers **out, struct err *err)
{
    const struct snapshot *v = engine_snapshot(x->e);
    struct bits *chunk = arena_array(x->a, struct bits, is->chunk_n + 1);
    const struct fits changed = {.chunk = chunk, .chunk_n = is->chunk_n};
    struct buyers same = {.row = was->row};
    void *count = NULL;
    bool ok;

    if (!chunk)
        return err_nomem(err);
    for (uint32_t k = 0; k < is->chunk_n; k++)
        if (!is_same(was, is, v, k))
            chunk[k] = bits_up_to(CHUNK_CUSTOMERS);
    for (size_t i = 0; i < was->n; i++)
        if (is_same(was, is, v, was->row[i].customer / CHUNK_CUSTOMERS))
            was->row[same.n++] = was->row[i];
    ok = engine_report(x->e, &kind, &x->plan, &changed, &count, err)
         && buyers_merge(count, &same, err);
    if (ok)
        *out = count;
    else
        buyers_free(count);
    return ok;
}

/* What it is of: .key and .version. */
static bool counted_begin(struct counted *c, const struct asking *x, struct err *err)
{
    const struct snapshot *v = engine_snapshot(x->e);

    *c = (struct counted){.chunk_n = snapshot_chunk_count(v)};
    c->version = mem_alloc((c->chunk_n + 1) * sizeof *c->version);
    buf_add(&c->key, buf_str(&x->counted));
    if (!c->version || c->key.failed) {
        counted_free(c);
        return err_nomem(err);
    }
    for (uint32_t k = 0; k < c->chunk_n; k++)
        c->version[k] = snapshot_chunk_version(v, k);
    return true;
}

static bool count_all(struct asking *x, struct err *err)
{
    void *count = NULL;
    bool ok = report_count(x->e, &kind, &x->scope, &x->plan, x->a, &count, x->wrong, err);

    x->v->buyers = count;
    return ok;
}

/* As count_all, of everybody; *is is to be given to the memory with the rows. */
static bool count_anew(struct asking *x, struct counted *is, struct err *err)
{
    struct counted was;
    bool ok;

    if (!counted_begin(is, x, err))
        return false;
    value_memory_take(x->e->values, &was);
    ok = was.key.n && str_eq(buf_str(&was.key), buf_str(&is->key))
             ? count_changed(x, &was, is, &x->v->buyers, err)
             : count_all(x, err);
    counted_free(&was);
    if (!ok)
        counted_free(is);
    return ok;
}

/* --- everybody --- */

bool engine_value_fit(struct engine *e, const struct value_question *q, struct arena *a,
                      struct value_view *out, str *wrong, struct err *err)
{
    struct asking x = {.e = e, .q = q, .v = out, .a = a, .wrong = wrong};

    return asking_end(&x, asking_begin(&x, err) && count_all(&x, err)
                              && value_fit(e, q, out, err));
}

static bool can_forecast(const struct value_view *v, struct err *err)
{
    if (!v->has_model)
        return err_set(err, ERR_INPUT,
                       "gamma-gamma says what a purchase brings, not how many "
                       "come: take another model, and --value beside it");
    return v->model.fit.converged
           || err_set(
               err, ERR_INPUT,
               "%.*s has no maximum here: %llu customers, of whom %llu came back, do "
               "not tell its parameters, and what it expects would be a guess; leave "
               "the model out, or take nbd, until there are more",
               STR_FMT(value_model_name(v->model.kind)),
               (unsigned long long)v->cbs.customers,
               (unsigned long long)v->cbs.repeaters);
}

static bool forecast_all(struct asking *x, struct err *err)
{
    if (!value_fit(x->e, x->q, x->v, err) || !can_forecast(x->v, err)
        || !value_expect(x->e, x->v, x->a, err))
        return false;
    value_be_sure(x->e, x->v);
    if (x->v->hold_out_days)
        value_hold_against(x->v);
    return true;
}

bool engine_value_each(struct engine *e, const struct value_question *q, struct arena *a,
                       struct value_view *out, str *wrong, struct err *err)
{
    struct asking x = {.e = e, .q = q, .v = out, .a = a, .wrong = wrong};

    return asking_end(&x, asking_begin(&x, err) && count_all(&x, err)
                              && forecast_all(&x, err));
}

/* All that does not hang on what is freed with it. */
static void keep(const struct asking *x)
{
    struct value_view fitted = *x->v;

    fitted.program = NULL;
    fitted.buyers = NULL;
    fitted.cbs.row = NULL;
    fitted.cbs.slot = NULL;
    fitted.cbs.n = fitted.cbs.cap = 0;
    fitted.forecast = fitted.customer = NULL;
    fitted.unit = fitted.event = fitted.value = STR("");
    value_memory_keep(x->e->values, buf_str(&x->fitted), &fitted, sizeof fitted);
}

/* What was counted and fitted is there for the next question, even when this one fails. */
static bool forecast_and_keep(struct asking *x, struct err *err)
{
    bool is_of_all = !x->q->scope.segment.n && !x->q->scope.when.n;
    struct value_view *v = x->v;
    struct counted is = {};
    bool ok;

    if (!x->e->values)
        return count_all(x, err) && forecast_all(x, err);
    ok =
        (is_of_all ? count_anew(x, &is, err) : count_all(x, err)) && forecast_all(x, err);
    if (ok)
        keep(x);
    if (is_of_all && v->buyers) {
        is.row = v->buyers->row;
        is.n = v->buyers->n;
        is.cap = v->buyers->cap;
        v->buyers->row = NULL;
        v->buyers->n = v->buyers->cap = 0;
        value_memory_give(x->e->values, &is);
    }
    v->forecast = NULL;
    return ok;
}

/* --- one customer --- */

static bool count_one(struct asking *x, uint32_t customer, bool *any, struct err *err)
{
    struct buyers *b;
    struct chunk *own = NULL;
    bool ok = buyers_new(&x->plan, &b, err);

    if (!ok)
        return false;
    ok = snapshot_customer(engine_snapshot(x->e), customer, &own, err)
         && buyers_add(b, own, NULL, err);
    *any = ok && b->n > 0;
    if (*any)
        x->v->who = b->row[0];
    buyers_free(b);
    chunk_free(own);
    return ok;
}

static bool is_meant(struct asking *x, uint32_t customer, bool *out, struct err *err)
{
    const struct fits *who;

    if (!report_who(x->e, &x->scope, x->a, &who, err))
        return false;
    *out =
        !who
        || bits_has(&who->chunk[customer / CHUNK_CUSTOMERS], customer % CHUNK_CUSTOMERS);
    return true;
}

/* Of now: to the end of the day that holds the last moment before it, as rules do (rule/worth.c). */
static bool tell_customer(struct asking *x, struct err *err)
{
    struct value_view *v = x->v;
    bool bought, is_one;
    uint32_t customer;

    v->now_day = v->until_day;
    if (v->is_now) {
        x->plan.at_ms = v->now_ms;
        v->now_day =
            period_of(v->period, day_of_moment(x->plan.zone, v->now_ms - 1) + 1) - 1;
        x->plan.until_day = v->now_day;
    }
    if (!x->q->customer.n)
        return true;
    if (!engine_find(x->e, x->q->customer, &customer, err)
        || !count_one(x, customer, &bought, err) || !is_meant(x, customer, &is_one, err))
        return false;
    if (!bought || !is_one)
        return err_set(err, ERR_NOT_FOUND,
                       "%.*s had no %.*s by then: of what he will buy nothing is known",
                       STR_FMT(x->q->customer), STR_FMT(v->event));
    value_expect_own(x->e, v);
    value_be_sure_of_own(x->e, v);
    v->customer = &v->own;
    return true;
}

/* --- what is kept --- */

/* So many days less, which it tells, a fit may know that stands in for one of now. */
enum { DAYS_LESS_MAX = 7 };

/* What was fitted last instead of what was only begun; false when it may not stand here. */
static bool recall(struct asking *x, bool any_state)
{
    const struct value_view begun = *x->v;
    struct value_view was;

    if (!value_memory_find(x->e->values, buf_str(&x->fitted), &was, sizeof was))
        return false;
    was.is_latest = was.state == begun.state && was.until_day == begun.until_day;
    if (!was.is_latest
        && (!any_state || was.until_day > begun.until_day
            || value_last_day(&was) < value_last_day(&begun) - DAYS_LESS_MAX))
        return false;
    was.program = begun.program;
    was.unit = begun.unit;
    was.event = begun.event;
    was.value = begun.value;
    was.is_now = begun.is_now;
    was.now_ms = begun.now_ms;
    *x->v = was;
    return true;
}

bool engine_value(struct engine *e, const struct value_question *q, struct arena *a,
                  struct value_view *out, str *wrong, struct err *err)
{
    struct asking x = {.e = e, .q = q, .v = out, .a = a, .wrong = wrong};

    return asking_end(&x, asking_begin(&x, err)
                              && (recall(&x, false) || forecast_and_keep(&x, err))
                              && tell_customer(&x, err));
}

bool engine_value_at_hand(struct engine *e, const struct value_question *q,
                          struct arena *a, struct value_view *out, bool *there,
                          str *wrong, struct err *err)
{
    struct asking x = {.e = e, .q = q, .v = out, .a = a, .wrong = wrong};

    *there = false;
    if (!q->is_now || !e->values)
        return true;
    if (!asking_begin(&x, err))
        return asking_end(&x, false);
    *there = recall(&x, true);
    if (*there)
        return asking_end(&x, tell_customer(&x, err));
    return !asking_end(&x, false);
}
