#include "engine/propensity.h"

#include "base/hash.h"
#include "base/num.h"
#include "engine/begin.h"
#include "engine/identity.h"
#include "engine/model.h"
#include "engine/query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LEARN_ROWS_MAX = 300000, /* more teach no more, and cost as much more */
    LEAST = 10,              /* who did, and who did not */
    BATCH = 16384,
};

const char *const propensity_by_name[BY_KINDS] = {"logistic", "xgboost"};

/* --- what is asked --- */

#define STAGE STR("stage:")

static bool find_target(struct engine *e, const struct propensity_question *q,
                        struct propensity_view *v, str *wrong, struct err *err)
{
    struct program *p;
    struct pick pick;
    bool ok;

    v->stage = STAGE_NONE;
    if (!q->target.n)
        return err_set(err, ERR_INPUT,
                       "say what they do: an event, such as purchase, or stage:NAME");
    if (str_starts(q->target, STAGE))
        return report_stage(engine_model(e)->lifecycle, str_from(q->target, STAGE.n),
                            &v->stage, err);
    if (!report_program(e, &p, err))
        return false;
    ok = report_pattern(p, q->target, &pick, wrong, err);
    program_free(p);
    return ok;
}

static bool find_time(const struct engine *e, const struct propensity_question *q,
                      struct propensity_view *v, struct err *err)
{
    int64_t first_ms = snapshot_facts(engine_snapshot(e)).first_ms;
    struct length l;

    v->within = q->within.n ? q->within : STR("90d");
    if (!length_parse(v->within, &l, err))
        return err_in(err, "within");
    if (l.months || l.ms % MS_DAY || l.ms <= 0 || l.ms / MS_DAY > 3650)
        return err_set(err, ERR_INPUT,
                       "within is a number of whole days, such as 90d, at most 3650d");
    v->within_ms = l.ms;
    v->held_ms = q->scope.known_ms - l.ms;
    for (int64_t at_ms = v->held_ms - l.ms;
         v->moment_n < PROPENSITY_MOMENTS && at_ms > first_ms; at_ms -= l.ms)
        v->learnt_ms[v->moment_n++] = at_ms;
    return v->moment_n
           || err_set(err, ERR_INPUT,
                      "the file holds less than two times %.*s: one to learn from and "
                      "one to hold it against; take a shorter --within",
                      STR_FMT(v->within));
}

static bool find_models(str with, struct propensity_view *v, struct err *err)
{
    for (int i = 0; i < BY_KINDS; i++) {
        v->model[i].by = (enum propensity_by)i;
        v->model[i].is_tried = !with.n || str_eq(with, str_of(propensity_by_name[i]));
    }
    return v->model[BY_LOGISTIC].is_tried || v->model[BY_TREES].is_tried
           || err_set(err, ERR_INPUT, "with is logistic or xgboost, not \"%.*s\"",
                      STR_FMT(with));
}

static bool plan(struct engine *e, const struct propensity_question *q, struct arena *a,
                 struct propensity_view *v, str *wrong, struct err *err)
{
    struct feature_question f = {.value = q->value, .own = q->own};

    v->target = q->target;
    v->churn = q->churn;
    if (!find_models(q->with, v, err) || !find_target(e, q, v, wrong, err)
        || !find_time(e, q, v, err))
        return false;
    if (q->churn && v->stage != STAGE_NONE)
        return err_set(err, ERR_INPUT, "churn is about an event that stays away");
    if (v->stage == STAGE_NONE)
        f.event = q->target;
    f.within = v->within;
    return features_plan(e, &f, a, &v->features, wrong, err);
}

/* --- of whom it is asked, and what came --- */

/* count(purchase, 90d) */
static bool count_rule(const struct propensity_view *v, struct arena *a, str *out,
                       struct err *err)
{
    struct buf b = {};

    buf_add_format(&b, "count(%.*s, %.*s)", STR_FMT(v->target), STR_FMT(v->within));
    return buf_keep(&b, a, out, err);
}

/* Of whom it can be asked at all: who did it lately may leave, and who is elsewhere may come. */
static bool open_rule(const struct engine *e, const struct propensity_view *v,
                      struct arena *a, str *out, struct err *err)
{
    struct buf b = {};

    *out = STR("");
    if (v->stage != STAGE_NONE)
        buf_add_format(&b, "stage != \"%.*s\"",
                       STR_FMT(engine_model(e)->lifecycle->stage_name[v->stage]));
    else if (v->churn)
        buf_add_format(&b, "count(%.*s, %.*s) > 0", STR_FMT(v->target),
                       STR_FMT(v->within));
    else
        return true;
    return buf_keep(&b, a, out, err);
}

static bool find_who(struct engine *e, const struct propensity_view *v,
                     const struct report_scope *scope, int64_t at_ms, struct arena *a,
                     const struct fits **out, str *wrong, struct err *err)
{
    struct report_scope asked = {.segment = scope->segment,
                                 .when = scope->when,
                                 .at_ms = at_ms},
                        open = {.at_ms = at_ms};
    const struct fits *who, *may;
    struct fits *both;
    struct bits *chunk;

    *wrong = asked.when;
    if ((engine_now_ms(e) < at_ms && !engine_advance(e, at_ms, err))
        || !report_who(e, &asked, a, &who, err) || !open_rule(e, v, a, &open.when, err))
        return false;
    *wrong = open.when;
    if (!report_who(e, &open, a, &may, err))
        return false;
    *wrong = STR("");
    *out = who && may ? NULL : who ? who : may;
    if (!who || !may)
        return true;
    both = arena_new(a, struct fits);
    chunk = arena_array(a, struct bits, (size_t)who->chunk_n + 1);
    if (!both || !chunk)
        return err_nomem(err);
    for (uint32_t k = 0; k < who->chunk_n; k++)
        chunk[k] = bits_and(&who->chunk[k], &may->chunk[k]);
    *both = (struct fits){.chunk = chunk, .chunk_n = who->chunk_n};
    *out = both;
    return true;
}

/* One in so many, by their ids: always the same ones. */
static bool thin(struct engine *e, uint64_t one_in, struct arena *a,
                 const struct fits **who, struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t n = engine_customer_n(e), chunk_n = n / CHUNK_CUSTOMERS + 1;
    struct bits *chunk = arena_array(a, struct bits, chunk_n);
    struct fits *some = arena_new(a, struct fits);

    if (!chunk || !some)
        return err_nomem(err);
    for (uint32_t c = 0; c < n; c++)
        if ((!*who || fits_has(*who, c))
            && hash64(catalog_customer_id(catalog, c)) % one_in == 0)
            bits_put(&chunk[c / CHUNK_CUSTOMERS], c % CHUNK_CUSTOMERS);
    *some = (struct fits){.chunk = chunk, .chunk_n = chunk_n};
    *who = some;
    return true;
}

static uint64_t size_of(const struct engine *e, const struct fits *who)
{
    uint64_t n = 0;

    for (uint32_t c = 0; who && c < engine_customer_n(e); c++)
        n += fits_has(who, c);
    return who ? n : engine_customer_n(e);
}

/* Whether it came in (at, at + within], by row. */
static bool came_by_events(struct engine *e, const struct propensity_view *v,
                           int64_t at_ms, const struct fits *who,
                           const struct feature_rows *rows, bool *is, str *wrong,
                           struct err *err)
{
    struct arena here = {};
    struct crowd_view seen = {};
    str rule;
    bool ok = count_rule(v, &here, &rule, err)
              && engine_crowd(e, &(struct crowd_words){.measure = &rule, .measure_n = 1},
                              at_ms + v->within_ms, who, &here, &seen, wrong, err);

    for (uint32_t i = 0, k = 0; ok && i < rows->n; i++) {
        while (seen.customer[k] < rows->customer[i])
            k++;
        is[i] = (seen.crowd.value[0][k] > 0) != v->churn;
    }
    crowd_view_free(&seen);
    arena_free(&here);
    return ok;
}

static bool came_by_stages(struct engine *e, const struct propensity_view *v,
                           int64_t at_ms, const struct feature_rows *rows, bool *is,
                           struct err *err)
{
    int64_t end_ms = at_ms + v->within_ms;

    if (engine_now_ms(e) < end_ms && !engine_advance(e, end_ms, err))
        return false;
    for (uint32_t i = 0; i < rows->n; i++) {
        size_t n;
        const struct move *move = engine_moves(e, 0, rows->customer[i], &n);

        is[i] = false;
        for (size_t k = 0; k < n; k++)
            is[i] |= move[k].to == v->stage && move[k].at_ms > at_ms
                     && move[k].at_ms <= end_ms;
    }
    return true;
}

static bool take_moment(struct engine *e, struct propensity_view *v,
                        const struct report_scope *scope, int64_t at_ms, uint64_t most,
                        struct arena *a, struct propensity_moment *out, str *wrong,
                        struct err *err)
{
    const struct fits *who;
    uint64_t n;

    out->at_ms = at_ms;
    if (!find_who(e, v, scope, at_ms, a, &who, wrong, err))
        return false;
    n = size_of(e, who);
    if (most && n > most) {
        v->is_part = true;
        if (!thin(e, n / most + 1, a, &who, err))
            return false;
    }
    if (!features_at(e, &v->features, at_ms, who, a, &out->rows, wrong, err))
        return false;
    out->is = arena_array(a, bool, (size_t)out->rows.n + 1);
    if (!out->is)
        return err_nomem(err);
    return v->stage != STAGE_NONE
               ? came_by_stages(e, v, at_ms, &out->rows, out->is, err)
               : came_by_events(e, v, at_ms, who, &out->rows, out->is, wrong, err);
}

/* --- columns: no measure is missing in them, and none is far out --- */

/* Counts and money have long tails; the order stays. */
static double tamed(double x)
{
    return copysign(log1p(fabs(x)), x);
}

static void choose_columns(struct propensity_view *v, const struct propensity_moment *m)
{
    v->column_n = v->features.n;
    for (uint32_t k = 0; k < v->features.n; k++) {
        double sum = 0;
        uint64_t there = 0, missing = 0;

        for (uint32_t i = 0; i < v->moment_n; i++)
            for (uint32_t row = 0; row < m[i].rows.n; row++) {
                double x = m[i].rows.x[(size_t)row * v->features.n + k];

                missing += isnan(x) ? 1 : 0;
                there += isnan(x) ? 0 : 1;
                sum += isnan(x) ? 0 : tamed(x);
            }
        v->column[k].instead = there ? sum / (double)there : 0;
        v->column[k].may_miss = missing > 0;
        v->column_n += missing > 0;
    }
}

/* Those that say what is missing stand behind the others, in the same order. */
static void put_columns(const struct propensity_view *v, const double *x, double *out)
{
    uint32_t behind = v->features.n;

    for (uint32_t k = 0; k < v->features.n; k++) {
        out[k] = isnan(x[k]) ? v->column[k].instead : tamed(x[k]);
        if (v->column[k].may_miss)
            out[behind++] = isnan(x[k]);
    }
}

/* --- learning --- */

static bool learn(struct propensity_view *v, const struct propensity_moment *m,
                  struct arena *a, struct err *err)
{
    struct learn_rows r = {.column_n = v->column_n};
    size_t n = 0;
    double *x;
    bool *is;

    for (uint32_t i = 0; i < v->moment_n; i++)
        r.n += m[i].rows.n;
    x = arena_array(a, double, (r.n + 1) * v->column_n);
    is = arena_array(a, bool, r.n + 1);
    if (!x || !is)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->moment_n; i++)
        for (uint32_t row = 0; row < m[i].rows.n; row++, n++) {
            put_columns(v, &m[i].rows.x[(size_t)row * v->features.n],
                        &x[n * v->column_n]);
            is[n] = m[i].is[row];
            v->did += is[n];
        }
    r.x = x;
    r.is = is;
    v->rows = n;
    if (v->did < LEAST || n - v->did < LEAST)
        return err_set(
            err, ERR_INPUT,
            "of %zu there %llu did it and %llu did not: %d of each are needed to "
            "learn from; take another --within, or wait",
            n, (unsigned long long)v->did, (unsigned long long)(n - v->did), LEAST);
    return (!v->model[BY_LOGISTIC].is_tried
            || logistic_fit(&r, 1, &v->model[BY_LOGISTIC].logistic, err))
           && (!v->model[BY_TREES].is_tried
               || trees_fit(&r, &v->model[BY_TREES].trees, err));
}

static bool odds_of(const struct propensity_view *v, const struct propensity_model *m,
                    const double *x, size_t n, double *out, struct err *err)
{
    if (m->by == BY_TREES)
        return trees_odds(m->trees, x, n, out, err);
    for (size_t i = 0; i < n; i++)
        out[i] = logistic_odds(&m->logistic, &x[i * v->column_n]);
    return true;
}

/* Piece by piece, so that a million rows need no second table. */
static bool shares_of(const struct propensity_view *v, const struct propensity_model *m,
                      const struct feature_rows *rows, struct arena *a, double *share,
                      struct err *err)
{
    double *x = arena_array(a, double, (size_t)BATCH * v->column_n);

    if (!x)
        return err_nomem(err);
    for (size_t from = 0; from < rows->n; from += BATCH) {
        size_t n = rows->n - from < BATCH ? rows->n - from : BATCH;

        for (size_t i = 0; i < n; i++)
            put_columns(v, &rows->x[(from + i) * v->features.n], &x[i * v->column_n]);
        if (!odds_of(v, m, x, n, &share[from], err))
            return false;
        for (size_t i = from; i < from + n; i++)
            share[i] = learn_share(share[i]);
    }
    return true;
}

/* --- held against what came --- */

/* Which column says how long ago: since(TARGET) stands first, or since(any). */
static void score_recency(struct propensity_view *v, const struct propensity_moment *m,
                          struct scored *row)
{
    for (uint32_t i = 0; i < m->rows.n; i++) {
        double days = m->rows.x[(size_t)i * v->features.n];

        days = isnan(days) ? INFINITY : days;
        row[i] = (struct scored){v->churn ? days : -days, m->is[i]};
    }
    score_of(row, m->rows.n, &v->recency);
}

static void score_usual(struct propensity_view *v, const struct propensity_moment *m,
                        struct scored *row)
{
    for (uint32_t i = 0; i < m->rows.n; i++)
        row[i] = (struct scored){(double)v->did / (double)v->rows, m->is[i]};
    score_of(row, m->rows.n, &v->usual);
}

static bool hold_against(struct propensity_view *v, const struct propensity_moment *m,
                         struct arena *a, struct err *err)
{
    struct scored *row = arena_array(a, struct scored, (size_t)m->rows.n + 1);
    double *share = arena_array(a, double, (size_t)m->rows.n + 1);
    uint64_t did = 0;

    if (!row || !share)
        return err_nomem(err);
    for (uint32_t i = 0; i < m->rows.n; i++)
        did += m->is[i];
    if (!did || did == m->rows.n)
        return err_set(err, ERR_INPUT,
                       "of %u who could, %s did it in the last %.*s: how good a forecast "
                       "is cannot be told; take another --within, or wait",
                       m->rows.n, did ? "all" : "nobody", STR_FMT(v->within));
    v->best = v->model[BY_LOGISTIC].is_tried ? BY_LOGISTIC : BY_TREES;
    for (int k = 0; k < BY_KINDS; k++) {
        struct propensity_model *model = &v->model[k];

        if (!model->is_tried)
            continue;
        if (!shares_of(v, model, &m->rows, a, share, err))
            return false;
        for (uint32_t i = 0; i < m->rows.n; i++)
            row[i] = (struct scored){share[i], m->is[i]};
        score_of(row, m->rows.n, &model->score);
        if (model->score.log_loss < v->model[v->best].score.log_loss)
            v->best = model->by;
    }
    score_recency(v, m, row);
    score_usual(v, m, row);
    return true;
}

bool propensity_is_worth_it(const struct propensity_view *v)
{
    return v->model[v->best].score.auc > v->recency.auc;
}

/* --- of one customer --- */

static int by_weight(const void *a, const void *b)
{
    const struct propensity_reason *l = a, *r = b;
    double x = fabs(l->odds), y = fabs(r->odds);

    if (x != y)
        return x > y ? -1 : 1;
    return l->feature < r->feature ? -1 : 1;
}

static bool reasons_of(const struct propensity_view *v, const double *row,
                       struct propensity_customer *out, struct err *err)
{
    const struct propensity_model *m = &v->model[v->best];
    double x[LEARN_COLUMNS_MAX], part[LEARN_COLUMNS_MAX + 1] = {};
    struct propensity_reason all[LEARN_COLUMNS_MAX];
    uint32_t behind = v->features.n;

    put_columns(v, row, x);
    if (m->by == BY_TREES && !trees_reasons(m->trees, x, part, err))
        return false;
    for (uint32_t k = 0; m->by == BY_LOGISTIC && k < v->column_n; k++)
        part[k] = logistic_reason(&m->logistic, k, x[k]);
    for (uint32_t k = 0; k < v->features.n; k++)
        all[k] = (struct propensity_reason){
            k, row[k], part[k] + (v->column[k].may_miss ? part[behind++] : 0)};
    qsort(all, v->features.n, sizeof *all, by_weight);
    for (uint32_t k = 0; k < v->features.n && out->reason_n < PROPENSITY_REASONS; k++)
        if (fabs(all[k].odds) >= 0.005)
            out->reason[out->reason_n++] = all[k];
    return true;
}

static bool tell_customer(struct engine *e, struct propensity_view *v,
                          const struct propensity_question *q, struct arena *a,
                          str *wrong, struct err *err)
{
    struct bits *chunk;
    struct feature_rows rows;
    struct fits one;
    const struct fits *who;
    uint32_t c;
    double share;

    if (!engine_find(e, q->customer, &c, err)
        || !find_who(e, v, &q->scope, q->scope.known_ms, a, &who, wrong, err))
        return false;
    if (who && !fits_has(who, c))
        return err_set(err, ERR_NOT_FOUND,
                       "%.*s is none of those of whom it is asked: %s",
                       STR_FMT(q->customer),
                       v->churn ? "he did not do it of late, so that he is gone already, "
                                  "or does not fit --segment and --when"
                                : "he is there already, or does not fit --segment and "
                                  "--when");
    one.chunk_n = engine_customer_n(e) / CHUNK_CUSTOMERS + 1;
    chunk = arena_array(a, struct bits, one.chunk_n);
    if (!chunk)
        return err_nomem(err);
    bits_put(&chunk[c / CHUNK_CUSTOMERS], c % CHUNK_CUSTOMERS);
    one.chunk = chunk;
    if (!features_at(e, &v->features, q->scope.known_ms, &one, a, &rows, wrong, err))
        return false;
    if (!rows.n)
        return err_set(err, ERR_NOT_FOUND, "%.*s was no customer then",
                       STR_FMT(q->customer));
    if (!shares_of(v, &v->model[v->best], &rows, a, &share, err))
        return false;
    v->has_customer = true;
    v->customer = (struct propensity_customer){.customer = c, .share = share};
    return reasons_of(v, rows.x, &v->customer, err);
}

bool propensity_ask(struct engine *e, struct propensity_view *v,
                    const struct report_scope *scope, struct arena *a,
                    struct propensity_shares *out, str *wrong, struct err *err)
{
    const struct fits *who;
    struct feature_rows rows;
    double *share;

    if (!find_who(e, v, scope, scope->at_ms, a, &who, wrong, err)
        || !features_at(e, &v->features, scope->at_ms, who, a, &rows, wrong, err))
        return false;
    share = arena_array(a, double, (size_t)rows.n + 1);
    if (!share)
        return err_nomem(err);
    *out = (struct propensity_shares){rows.n, rows.customer, share};
    return shares_of(v, &v->model[v->best], &rows, a, share, err);
}

/* --- all of it --- */

static bool take_past(struct engine *e, struct propensity_view *v,
                      const struct report_scope *scope, struct arena *a,
                      struct propensity_moment *out, str *wrong, struct err *err)
{
    for (uint32_t i = 0; i < v->moment_n; i++)
        if (!take_moment(e, v, scope, v->learnt_ms[i], LEARN_ROWS_MAX / v->moment_n, a,
                         &out[i], wrong, err))
            return false;
    return true;
}

static bool learn_from_past(struct engine *e, struct propensity_view *v,
                            const struct report_scope *scope, struct arena *a, str *wrong,
                            struct err *err)
{
    struct propensity_moment m[PROPENSITY_MOMENTS];

    if (!take_past(e, v, scope, a, m, wrong, err))
        return false;
    choose_columns(v, m);
    return learn(v, m, a, err);
}

bool engine_propensity_measures(struct engine *e, const struct propensity_question *q,
                                struct arena *a, struct propensity_view *out,
                                struct propensity_moment moment[PROPENSITY_MOMENTS + 1],
                                str *wrong, struct err *err)
{
    *out = (struct propensity_view){};
    *wrong = STR("");
    return plan(e, q, a, out, wrong, err)
           && take_past(e, out, &q->scope, a, moment + 1, wrong, err)
           && take_moment(e, out, &q->scope, out->held_ms, 0, a, moment, wrong, err);
}

bool engine_propensity(struct engine *e, const struct propensity_question *q,
                       struct arena *a, struct propensity_view *out, str *wrong,
                       struct err *err)
{
    struct arena past = {};
    struct propensity_moment held;
    bool ok;

    *out = (struct propensity_view){};
    *wrong = STR("");
    ok = plan(e, q, a, out, wrong, err)
         && learn_from_past(e, out, &q->scope, &past, wrong, err);
    arena_free(&past);
    past = (struct arena){};
    ok = ok && take_moment(e, out, &q->scope, out->held_ms, 0, &past, &held, wrong, err)
         && hold_against(out, &held, &past, err);
    arena_free(&past);
    return ok && (!q->customer.n || tell_customer(e, out, q, a, wrong, err));
}

void propensity_view_free(struct propensity_view *v)
{
    trees_free(v->model[BY_TREES].trees);
    features_free(&v->features);
    v->model[BY_TREES].trees = NULL;
}
