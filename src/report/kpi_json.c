#include "report/kpi.h"

#include "base/json.h"

static void put_value(struct json_out *j, const struct kpi_value *v, int decimals)
{
    json_key(j, "unit");
    json_put_text(j, kpi_unit_name(v->unit));
    json_key(j, "value");
    if (!v->there)
        json_put_null(j);
    else if (v->unit == KPI_UNIT_COUNT || v->unit == KPI_UNIT_LENGTH)
        json_put_int(j, v->value);
    else if (v->unit == KPI_UNIT_MONEY)
        json_put_money(j, v->value, decimals);
    else
        json_put_num(j, v->value);
    json_key(j, "of");
    json_put_int(j, (int64_t)v->of);
}

static void put_length(struct json_out *j, struct length length)
{
    struct buf text = {};

    length_print(&text, length);
    json_put_text(j, buf_str(&text));
    j->to->failed |= text.failed;
    buf_free(&text);
}

static void put_target(struct json_out *j, const struct lifecycle *l,
                       const struct target *t, const struct kpi_value *v)
{
    json_begin_object(j);
    json_key(j, "to");
    json_begin_list(j);
    for (uint32_t i = 0; i < t->to_n; i++)
        json_put_text(j, l->stage[t->to[i]].name);
    json_end_list(j);
    json_key(j, "within");
    put_length(j, t->within);
    json_key(j, "rate");
    json_put_num(j, t->rate);
    put_value(j, v, 0);
    json_key(j, "reached");
    json_put_int(j, (int64_t)v->reached);
    json_key(j, "met");
    if (v->there)
        json_put_bool(j, v->value >= t->rate);
    else
        json_put_null(j);
    json_end_object(j);
}

static void put_kpi(struct json_out *j, const struct kpi *kpi, const struct kpi_value *v,
                    int decimals)
{
    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, kpi->name);
    json_key(j, "measure");
    json_put_text(j, kpi->text);
    put_value(j, v, decimals);
    json_end_object(j);
}

void kpi_put_stage(struct json_out *j, const struct lifecycle *l, const struct aims *aims,
                   const struct kpi_value *v, int decimals)
{
    json_key(j, "target");
    if (aims->target.at)
        put_target(j, l, &aims->target, &v[0]);
    else
        json_put_null(j);
    json_key(j, "kpis");
    json_begin_list(j);
    for (uint32_t i = 0; i < aims->kpi_n; i++)
        put_kpi(j, &aims->kpi[i], &v[i + 1], decimals);
    json_end_list(j);
}

void kpi_put_period(struct json_out *j, struct kpi_count *c, uint32_t period,
                    int decimals)
{
    const struct lifecycle *l = kpi_lifecycle(c);

    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t s = 0; s < l->stage_n; s++) {
        const struct aims *aims = &l->stage[s].aims;
        struct kpi_value v[1 + KPIS_MAX];

        for (uint32_t i = 0; i <= aims->kpi_n; i++)
            v[i] = kpi_value(c, period, s, i ? i - 1 : KPI_TARGET);
        json_begin_object(j);
        json_key(j, "stage");
        json_put_text(j, l->stage[s].name);
        json_key(j, "goal");
        json_put_text(j, l->stage[s].goal);
        kpi_put_stage(j, l, aims, v, decimals);
        json_end_object(j);
    }
    json_end_list(j);
}

void kpi_put_periods(struct json_out *j, struct kpi_count *c, enum flow_by by,
                     const struct zone *z, const int64_t *edge, uint32_t period_n,
                     int decimals)
{
    struct buf name = {};

    json_begin_object(j);
    json_key(j, "by");
    json_put_text(j, flow_by_name(by));
    json_key(j, "periods");
    json_begin_list(j);
    for (uint32_t k = 0; k < period_n; k++) {
        buf_clear(&name);
        flow_period_print(z, by, edge[k], &name);
        j->to->failed |= name.failed;
        json_begin_object(j);
        json_key(j, "period");
        json_put_text(j, buf_str(&name));
        json_key(j, "start");
        json_put_moment(j, edge[k]);
        json_key(j, "end");
        json_put_moment(j, edge[k + 1]);
        kpi_put_period(j, c, k, decimals);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
    buf_free(&name);
}
