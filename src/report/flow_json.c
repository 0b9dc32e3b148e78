#include "report/flow_json.h"

static void put_stage_name(struct json_out *j, const struct lifecycle *l, uint32_t stage)
{
    if (stage == l->stage_n)
        json_put_null(j);
    else
        json_put_text(j, l->stage[stage].name);
}

static void put_move(struct json_out *j, const struct lifecycle *l, uint32_t from,
                     uint32_t to, uint64_t customers)
{
    json_begin_object(j);
    json_key(j, "from");
    put_stage_name(j, l, from);
    json_key(j, "to");
    put_stage_name(j, l, to);
    json_key(j, "customers");
    json_put_int(j, (int64_t)customers);
    json_end_object(j);
}

void flow_put_stage(struct json_out *j, const struct flow *f, uint32_t period,
                    uint32_t stage, const struct lifecycle *l)
{
    json_key(j, "stage");
    json_put_text(j, l->stage[stage].name);
    json_key(j, "customers");
    json_put_int(j, (int64_t)f->stock[(size_t)period * f->stage_n + stage]);
    json_key(j, "entered");
    json_put_int(j, (int64_t)flow_entered(f, period, stage));
    json_key(j, "left");
    json_put_int(j, (int64_t)flow_left(f, period, stage));
}

void flow_put_period(struct json_out *j, const struct flow *f, uint32_t period,
                     const struct lifecycle *l)
{
    uint32_t n = f->stage_n;

    json_key(j, "population");
    json_put_int(j, (int64_t)flow_population(f, period));
    json_key(j, "stages");
    json_begin_list(j);
    for (uint32_t s = 0; s < n; s++) {
        json_begin_object(j);
        flow_put_stage(j, f, period, s, l);
        json_end_object(j);
    }
    json_end_list(j);
    json_key(j, "moves");
    json_begin_list(j);
    for (uint32_t i = 0; i <= n; i++) {
        uint32_t from = i ? i - 1 : n; /* those who came in first */

        for (uint32_t to = 0; to <= n; to++)
            if (flow_moved(f, period, from, to))
                put_move(j, l, from, to, flow_moved(f, period, from, to));
    }
    json_end_list(j);
}

void flow_put_periods(struct json_out *j, const struct flow *f, enum flow_by by,
                      const struct zone *z, const struct lifecycle *l)
{
    static const char *const one[] = {"day", "week", "month", "quarter", "year"};
    static const char *const many[] = {"days", "weeks", "months", "quarters", "years"};
    struct buf name = {};

    json_begin_object(j);
    json_key(j, "by");
    json_put_text(j, str_of(one[by]));
    json_key(j, many[by]);
    json_begin_list(j);
    for (uint32_t k = 0; k < f->period_n; k++) {
        buf_clear(&name);
        flow_period_print(z, by, f->edge[k], &name);
        j->to->failed |= name.failed;
        json_begin_object(j);
        json_key(j, one[by]);
        json_put_text(j, buf_str(&name));
        json_key(j, "start");
        json_put_moment(j, f->edge[k]);
        json_key(j, "end");
        json_put_moment(j, f->edge[k + 1]);
        flow_put_period(j, f, k, l);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
    buf_free(&name);
}
