#include "engine/model.h"
#include "engine/propensity.h"

#include "base/json.h"

#include <math.h>

static void put_number(struct json_out *j, const char *key, double d)
{
    json_key(j, key);
    if (isfinite(d))
        json_put_double(j, d);
    else
        json_put_null(j);
}

static void put_score(struct json_out *j, const struct scores *s)
{
    put_number(j, "auc", s->auc);
    put_number(j, "auc_error", s->auc_error);
    put_number(j, "log_loss", s->log_loss);
    put_number(j, "log_loss_error", s->log_loss_error);
    put_number(j, "brier", s->brier);
}

static void put_tenths(struct json_out *j, const struct scores *s)
{
    json_key(j, "tenths");
    json_begin_list(j);
    for (int i = 0; i < SCORE_TENTHS; i++) {
        json_begin_object(j);
        json_key(j, "customers");
        json_put_int(j, (int64_t)s->tenth[i].n);
        put_number(j, "expected", s->tenth[i].expected);
        put_number(j, "came", s->tenth[i].hits);
        put_number(j, "lift", score_lift(s, i));
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_models(struct json_out *j, const struct propensity_view *v)
{
    json_key(j, "models");
    json_begin_list(j);
    for (int i = 0; i < BY_KINDS; i++) {
        if (!v->model[i].is_tried)
            continue;
        json_begin_object(j);
        json_key(j, "with");
        json_put_text(j, str_of(propensity_by_name[i]));
        put_score(j, &v->model[i].score);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "best");
    json_put_text(j, str_of(propensity_by_name[v->best]));
    json_key(j, "recency");
    json_begin_object(j);
    put_number(j, "auc", v->recency.auc);
    put_number(j, "auc_error", v->recency.auc_error);
    json_end_object(j);
    json_key(j, "same_for_all");
    json_begin_object(j);
    put_number(j, "log_loss", v->usual.log_loss);
    put_number(j, "log_loss_error", v->usual.log_loss_error);
    put_number(j, "brier", v->usual.brier);
    json_end_object(j);
    json_key(j, "beats_recency");
    json_put_bool(j, propensity_is_worth_it(v));
}

static void put_learnt(struct json_out *j, const struct propensity_view *v)
{
    json_key(j, "learnt");
    json_begin_object(j);
    json_key(j, "moments");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->moment_n; i++)
        json_put_moment(j, v->learnt_ms[i]);
    json_end_list(j);
    json_key(j, "rows");
    json_put_int(j, (int64_t)v->rows);
    json_key(j, "did");
    json_put_int(j, (int64_t)v->did);
    json_key(j, "is_part");
    json_put_bool(j, v->is_part);
    json_end_object(j);
    json_key(j, "measures");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->features.n; k++)
        json_put_text(j, v->features.of[k].name);
    json_end_list(j);
}

static bool put_customer(struct json_out *j, const struct engine *e,
                         const struct propensity_view *v)
{
    const struct propensity_customer *c = &v->customer;
    bool ok = true;

    json_key(j, "customer");
    json_begin_object(j);
    json_key(j, "id");
    json_put_text(j,
                  catalog_customer_id(snapshot_catalog(engine_snapshot(e)), c->customer));
    put_number(j, "share", c->share);
    json_key(j, "reasons");
    json_begin_list(j);
    for (uint32_t i = 0; i < c->reason_n; i++) {
        const struct feature *f = &v->features.of[c->reason[i].feature];
        struct buf b = {};

        feature_put(&b, e, f, c->reason[i].value);
        json_begin_object(j);
        json_key(j, "measure");
        json_put_text(j, f->name);
        put_number(j, "value", c->reason[i].value);
        put_number(j, "odds", c->reason[i].odds);
        json_key(j, "words");
        json_put_text(j, b.failed ? STR("") : buf_str(&b));
        ok &= !b.failed;
        json_end_object(j);
        buf_free(&b);
    }
    json_end_list(j);
    json_end_object(j);
    return ok;
}

bool propensity_put_json(struct json_out *j, const struct engine *e,
                         const struct propensity_view *v)
{
    const struct scores *s = &v->model[v->best].score;
    bool ok = true;

    json_begin_object(j);
    json_key(j, "target");
    json_put_text(j, v->target);
    json_key(j, "churn");
    json_put_bool(j, v->churn);
    json_key(j, "within");
    json_put_text(j, v->within);
    put_learnt(j, v);
    json_key(j, "held_against");
    json_put_moment(j, v->held_ms);
    json_key(j, "customers");
    json_put_int(j, (int64_t)s->n);
    json_key(j, "came");
    json_put_int(j, (int64_t)s->hits);
    put_tenths(j, s);
    put_models(j, v);
    if (v->has_customer)
        ok = put_customer(j, e, v);
    json_end_object(j);
    return ok;
}
