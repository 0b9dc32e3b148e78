#include "base/num.h"
#include "engine/backtest.h"

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

static void put_stage(struct json_out *j, const char *key,
                      const struct backtest_result *r, uint32_t stage)
{
    json_key(j, key);
    if (stage < r->stages->n)
        json_put_text(j, r->stages->name[stage]);
    else
        json_put_null(j);
}

static void put_days(struct json_out *j, const char *key, int64_t ms)
{
    int64_t days;

    json_key(j, key);
    if (ms >= 0 && num_mul_div(ms, NUM_ONE, MS_DAY, &days))
        json_put_num(j, days);
    else
        json_put_null(j);
}

/* {"customers","entered","left","median_days","p90_days","target","kpis"} */
static void put_cell(struct json_out *j, const struct backtest_result *r, int side,
                     uint32_t period, uint32_t stage)
{
    const struct compare_cell *c = &r->cell[side][(size_t)period * r->stages->n + stage];

    json_key(j, side == COMPARE_OLD ? "old" : "new");
    if (!r->stages->has[side][stage]) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_count(j, "customers", c->stock);
    put_count(j, "entered", c->entered);
    put_count(j, "left", c->left);
    put_days(j, "median_days", c->median_ms);
    put_days(j, "p90_days", c->p90_ms);
    kpi_put_stage(j, r->lifecycle[side], r->aims[side][stage].of,
                  backtest_kpis(r, side, period, stage),
                  r->model[side]->workspace.decimals);
    json_end_object(j);
}

static void put_stages(struct json_out *j, const struct backtest_result *r,
                       uint32_t period)
{
    const struct compare_stages *s = r->stages;

    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t i = 0; i < s->n; i++) {
        json_begin_object(j);
        json_key(j, "stage");
        json_put_text(j, s->name[i]);
        for (int k = 0; k < COMPARE_SIDES; k++)
            put_cell(j, r, k, period, i);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_months(struct json_out *j, const struct backtest_result *r)
{
    const struct zone *zone = r->model[COMPARE_NEW]->workspace.zone;
    struct buf name = {};

    json_key(j, "months");
    json_begin_list(j);
    for (uint32_t p = 0; p < r->period_n; p++) {
        buf_clear(&name);
        flow_period_print(zone, FLOW_MONTH, r->edge[p], &name);
        j->to->failed |= name.failed;
        json_begin_object(j);
        json_key(j, "month");
        json_put_text(j, buf_str(&name));
        json_key(j, "start");
        json_put_moment(j, r->edge[p]);
        json_key(j, "end");
        json_put_moment(j, r->edge[p + 1]);
        put_stages(j, r, p);
        json_end_object(j);
    }
    json_end_list(j);
    buf_free(&name);
}

/* Who stands elsewhere at the end. */
static void put_at_end(struct json_out *j, const struct backtest_result *r)
{
    uint32_t ends = r->stages->n + 1;

    json_key(j, "at_end");
    json_begin_list(j);
    for (uint32_t i = 0; i < ends; i++)
        for (uint32_t k = 0; k < ends; k++) {
            if (i == k || !r->compare->last[i * ends + k])
                continue;
            json_begin_object(j);
            put_stage(j, "old", r, i);
            put_stage(j, "new", r, k);
            put_count(j, "customers", r->compare->last[i * ends + k]);
            json_end_object(j);
        }
    json_end_list(j);
}

static void put_ratio(struct json_out *j, const char *key, double ratio)
{
    int64_t number = 0;

    json_key(j, key);
    num_from_double(ratio, &number);
    json_put_num(j, number);
}

static void put_share(struct json_out *j, const char *key, struct share s)
{
    double low, high;

    share_interval(s, &low, &high);
    json_key(j, key);
    json_begin_object(j);
    put_count(j, "hits", s.hits);
    put_count(j, "of", s.n);
    if (s.n) {
        put_ratio(j, "share", (double)s.hits / (double)s.n);
    } else {
        json_key(j, "share");
        json_put_null(j);
    }
    put_ratio(j, "low", low);
    put_ratio(j, "high", high);
    json_end_object(j);
}

static void put_side(struct json_out *j, const char *key,
                     const struct backtest_forecast *f, int side)
{
    json_key(j, key);
    if (!f->asked[side]) {
        json_put_null(j);
        return;
    }
    json_begin_object(j);
    put_share(j, "precision", f->result[side].precision);
    put_share(j, "recall", f->result[side].recall);
    json_end_object(j);
}

static void put_forecasts(struct json_out *j, const struct backtest_result *r)
{
    struct buf within = {};

    json_key(j, "forecasts");
    json_begin_list(j);
    for (uint32_t i = 0; i < r->forecast_n; i++) {
        const struct backtest_forecast *f = &r->forecast[i];

        buf_clear(&within);
        length_print(&within, f->within);
        j->to->failed |= within.failed;
        json_begin_object(j);
        json_key(j, "stage");
        json_put_text(j, f->stage);
        json_key(j, "that");
        json_put_text(j, f->that);
        json_key(j, "within");
        json_put_text(j, buf_str(&within));
        put_side(j, "old", f, COMPARE_OLD);
        put_side(j, "new", f, COMPARE_NEW);
        json_end_object(j);
    }
    json_end_list(j);
    buf_free(&within);
}

static uint32_t place_of(const struct backtest_result *r, uint16_t stage)
{
    return stage == STAGE_NONE ? r->stages->n : stage;
}

static void put_differing(struct json_out *j, const struct backtest *b,
                          const struct differing *d)
{
    const struct backtest_result *r = backtest_result(b);

    json_begin_object(j);
    json_key(j, "id");
    json_put_text(j, backtest_customer_id(b, d->customer));
    json_key(j, "at");
    json_put_moment(j, d->at_ms);
    put_stage(j, "old", r, place_of(r, d->stage[COMPARE_OLD]));
    put_stage(j, "new", r, place_of(r, d->stage[COMPARE_NEW]));
    put_stage(j, "old_at_end", r, place_of(r, d->last[COMPARE_OLD]));
    put_stage(j, "new_at_end", r, place_of(r, d->last[COMPARE_NEW]));
    json_end_object(j);
}

void backtest_put_json(struct json_out *j, const struct backtest *b, uint32_t first,
                       uint32_t customers_max)
{
    const struct backtest_result *r = backtest_result(b);
    const struct compare *c = r->compare;

    json_begin_object(j);
    json_key(j, "from");
    json_put_moment(j, r->edge[0]);
    json_key(j, "to");
    json_put_moment(j, r->edge[r->period_n]);
    put_count(j, "customers", c->customers);
    put_count(j, "differ", c->differing_n);
    put_count(j, "differ_at_end", r->differ_at_end);
    json_key(j, "first");
    json_put_moment(j, c->differing_n ? c->differing[0].at_ms : MOMENT_NEVER);
    put_stages(j, r, r->period_n);
    put_months(j, r);
    put_at_end(j, r);
    put_forecasts(j, r);
    json_key(j, "list");
    json_begin_list(j);
    for (size_t i = first; i < c->differing_n && i - first < customers_max; i++)
        put_differing(j, b, &c->differing[i]);
    json_end_list(j);
    json_end_object(j);
}
