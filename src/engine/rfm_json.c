#include "engine/rfm.h"

#include "base/num.h"
#include "engine/query.h"

int64_t rfm_days_ago(const struct rfm_view *v, int64_t last_ms)
{
    const struct rfm_plan *p = &v->rfm->plan;

    return day_of_moment(p->zone, p->at_ms) - day_of_moment(p->zone, last_ms);
}

void rfm_put_value(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                   __int128 value)
{
    if (value > INT64_MAX || value < INT64_MIN)
        json_put_null(j);
    else if (v->rfm->plan.value.type == VALUE_MONEY)
        json_put_money(j, (int64_t)value, engine_model(e)->workspace.decimals);
    else
        json_put_num(j, (int64_t)value);
}

static void put_cell(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                     const struct rfm_cell *cell)
{
    json_key(j, "customers");
    json_put_int(j, (int64_t)cell->customers);
    json_key(j, "value");
    rfm_put_value(j, e, v, cell->value);
    json_end_object(j);
}

static void put_cells(struct json_out *j, const struct engine *e,
                      const struct rfm_view *v)
{
    json_key(j, "cells");
    json_begin_list(j);
    for (unsigned i = 0; i < RFM_SCORES * RFM_SCORES * RFM_SCORES; i++) {
        unsigned r = i / RFM_SCORES / RFM_SCORES, f = i / RFM_SCORES % RFM_SCORES,
                 m = i % RFM_SCORES;

        if (!v->cell[r][f][m].customers)
            continue;
        json_begin_object(j);
        json_key(j, "recency");
        json_put_int(j, r + 1);
        json_key(j, "frequency");
        json_put_int(j, f + 1);
        json_key(j, "monetary");
        json_put_int(j, m + 1);
        put_cell(j, e, v, &v->cell[r][f][m]);
    }
    json_end_list(j);
}

/* Cuts as the measures are: recency as a moment, or as days before at_ms. */
static void put_cut(struct json_out *j, const struct engine *e, const struct rfm_view *v,
                    int what, int64_t cut)
{
    const struct rfm_plan *p = &v->rfm->plan;
    int64_t parts = p->method == RFM_INTERPOLATED ? RFM_SCORES : 1;
    int64_t at_day = day_of_moment(p->zone, p->at_ms);
    __int128 exact = cut;

    if (what == RFM_RECENCY && !p->in_days)
        json_put_moment(j, cut / parts);
    else if (what == RFM_RECENCY)
        json_put_num(j, (at_day * parts - cut) * NUM_ONE / parts);
    else if (what == RFM_FREQUENCY)
        json_put_num(j, cut * NUM_ONE / parts);
    else if (parts == 1)
        rfm_put_value(j, e, v, cut);
    else {
        /* In millionths: money has fewer decimals than a fifth of its least unit. */
        for (int d = engine_model(e)->workspace.decimals;
             p->value.type == VALUE_MONEY && d < 6; d++)
            exact *= 10;
        json_put_num(j, (int64_t)(exact / parts));
    }
}

static void put_cuts(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    bool none = v->rfm->plan.method == RFM_RANKS || !v->rfm->n;

    json_key(j, "cuts");
    json_begin_object(j);
    for (int what = 0; !none && what < RFM_MEASURES; what++) {
        json_key(j, rfm_measure[what]);
        json_begin_list(j);
        for (unsigned k = 0; k < RFM_CUTS; k++)
            put_cut(j, e, v, what, v->rfm->cut[what][k]);
        json_end_list(j);
    }
    json_end_object(j);
}

static void put_list(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));

    json_key(j, "customers");
    json_begin_list(j);
    for (size_t i = 0; i < v->list_n; i++) {
        const struct rfm_customer *row = v->list[i];

        json_begin_object(j);
        json_key(j, "id");
        json_put_text(j, catalog_customer_id(catalog, row->customer));
        for (int what = 0; what < RFM_MEASURES; what++) {
            json_key(j, rfm_measure[what]);
            json_put_int(j, row->score[what]);
        }
        json_key(j, "last");
        json_put_moment(j, row->last_ms);
        json_key(j, "days");
        json_put_int(j, rfm_days_ago(v, row->last_ms));
        json_key(j, "events");
        json_put_int(j, row->n);
        json_key(j, "value");
        rfm_put_value(j, e, v, row->value);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_side(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    json_key(j, "at");
    json_put_moment(j, v->rfm->plan.at_ms);
    json_key(j, "method");
    json_put_text(j, rfm_method_name(v->rfm->plan.method));
    json_key(j, "total");
    json_put_int(j, (int64_t)v->rfm->n);
    put_cuts(j, e, v);
    put_cells(j, e, v);
    json_key(j, "groups");
    json_begin_list(j);
    for (int g = 0; g < RFM_GROUPS_END; g++) {
        json_begin_object(j);
        json_key(j, "group");
        json_put_text(j, rfm_group_name((enum rfm_group)g));
        put_cell(j, e, v, &v->group[g]);
    }
    json_end_list(j);
    if (v->has_list)
        put_list(j, e, v);
}

static void put_group_name(struct json_out *j, const char *key, unsigned group)
{
    json_key(j, key);
    if (group < RFM_GROUPS_END)
        json_put_text(j, rfm_side_name(group));
    else
        json_put_null(j);
}

static void put_before(struct json_out *j, const struct engine *e,
                       const struct rfm_view *v)
{
    json_key(j, "before");
    json_begin_object(j);
    put_side(j, e, v->before);
    json_end_object(j);
    json_key(j, "moves");
    json_begin_list(j);
    for (unsigned from = 0; from <= RFM_GROUPS_END; from++)
        for (unsigned to = 0; to <= RFM_GROUPS_END; to++) {
            if (!v->moved[from][to])
                continue;
            json_begin_object(j);
            put_group_name(j, "from", from);
            put_group_name(j, "to", to);
            json_key(j, "customers");
            json_put_int(j, (int64_t)v->moved[from][to]);
            json_end_object(j);
        }
    json_end_list(j);
}

struct share rfm_share(const struct rfm_view *v, int group)
{
    return (struct share){v->group[group].customers, v->rfm->n};
}

static void put_against(struct json_out *j, const struct engine *e,
                        const struct rfm_view *v)
{
    json_key(j, "against");
    json_begin_object(j);
    put_side(j, e, v->against);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_list(j);
    for (int g = 0; g < RFM_GROUPS_END; g++) {
        json_begin_object(j);
        json_key(j, "group");
        json_put_text(j, rfm_group_name((enum rfm_group)g));
        against_put(j, rfm_share(v, g), rfm_share(v->against, g));
        json_end_object(j);
    }
    json_end_list(j);
}

void rfm_put_json(struct json_out *j, const struct engine *e, const struct rfm_view *v)
{
    json_begin_object(j);
    put_side(j, e, v);
    if (v->before)
        put_before(j, e, v);
    if (v->against)
        put_against(j, e, v);
    json_end_object(j);
}
