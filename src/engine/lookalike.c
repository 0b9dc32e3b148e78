#include "engine/lookalike.h"

#include "base/json.h"
#include "engine/query.h"

#include <stdlib.h>

struct by_distance {
    const struct catalog *catalog;
    const struct lookalike_view *v;
};

static int row_cmp(const void *a, const void *b, void *context)
{
    const struct by_distance *by = context;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    int32_t dx = by->v->found.distance[x], dy = by->v->found.distance[y];

    if (dx != dy)
        return dx < dy ? -1 : 1;
    return id_cmp(catalog_customer_id(by->catalog, by->v->crowd.customer[x]),
                  catalog_customer_id(by->catalog, by->v->crowd.customer[y]));
}

static bool take_nearest(struct engine *e, const bool *in, uint32_t limit,
                         struct arena *a, struct lookalike_view *v, struct err *err)
{
    struct by_distance by = {snapshot_catalog(engine_snapshot(e)), v};
    uint32_t *row = arena_array(a, uint32_t, (size_t)v->crowd.crowd.n + 1);

    if (!row)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->crowd.crowd.n; i++)
        if (!in[i])
            row[v->n++] = i;
    qsort_r(row, v->n, sizeof *row, row_cmp, &by);
    v->row = row;
    if (v->n > limit)
        v->n = limit;
    return true;
}

bool engine_lookalike(struct engine *e, const struct lookalike_question *q,
                      struct arena *a, struct lookalike_view *out, str *wrong,
                      struct err *err)
{
    const struct fits *who;
    bool *in;

    *out = (struct lookalike_view){};
    *wrong = q->scope.when;
    if (!q->scope.segment.n && !q->scope.when.n)
        return err_set(err, ERR_INPUT,
                       "name the segment whose like is looked for, or a rule");
    if (!report_who(e, &q->scope, a, &who, err)
        || !engine_crowd(e, &q->by, q->scope.at_ms, NULL, a, &out->crowd, wrong, err))
        return false;
    in = arena_array(a, bool, (size_t)out->crowd.crowd.n + 1);
    if (!in)
        return err_nomem(err);
    for (uint32_t i = 0; i < out->crowd.crowd.n; i++)
        in[i] = fits_has(who, out->crowd.customer[i]);
    return lookalike_find(&out->crowd.crowd, in, a, &out->found, err)
           && take_nearest(e, in, q->limit ? q->limit : LOOKALIKES_DEFAULT, a, out, err);
}

void lookalike_view_free(struct lookalike_view *v)
{
    crowd_view_free(&v->crowd);
}

uint32_t lookalike_reasons(const struct lookalike_view *v, uint32_t row,
                           uint32_t reason[LOOKALIKE_REASONS])
{
    const struct lookalike *l = &v->found;
    uint32_t n = 0;

    for (uint32_t k = 0; k < l->column_n; k++) {
        uint32_t place;

        if (l->part[k][row] >= l->column[k].others)
            continue;
        for (place = n; place && l->part[reason[place - 1]][row] > l->part[k][row];
             place--)
            if (place < LOOKALIKE_REASONS)
                reason[place] = reason[place - 1];
        if (place < LOOKALIKE_REASONS)
            reason[place] = k;
        n += n < LOOKALIKE_REASONS;
    }
    return n;
}

int64_t lookalike_quartile(const struct lookalike_view *v, uint32_t column, int i)
{
    const struct lookalike_column *c = &v->found.column[column];

    /* The earlier the moment, the longer since. */
    return c->there ? c->quartile[v->crowd.column[column].grows > 0 ? 2 - i : i]
                    : CROWD_MISSING;
}

static void put_distance(struct json_out *j, const char *key, int64_t distance)
{
    json_key(j, key);
    json_put_num(j, distance);
}

static void put_column(struct json_out *j, const struct engine *e,
                       const struct lookalike_view *v, uint32_t k)
{
    static const char *const quartile[] = {"low", "median", "high"};
    const struct lookalike_column *c = &v->found.column[k];

    json_begin_object(j);
    json_key(j, "name");
    json_put_text(j, v->crowd.column[k].name);
    json_key(j, "type");
    json_put_text(j, crowd_type_name(&v->crowd.column[k]));
    for (int i = 0; k < v->crowd.crowd.measure_n && i < 3; i++) {
        json_key(j, quartile[i]);
        crowd_put_json(j, e, &v->crowd, k, lookalike_quartile(v, k, i));
    }
    if (k >= v->crowd.crowd.measure_n) {
        json_key(j, "most");
        crowd_put_json(j, e, &v->crowd, k, c->code);
        json_key(j, "have_it");
        json_put_int(j, c->share);
    }
    put_distance(j, "members_distance", c->members);
    put_distance(j, "others_distance", c->others);
    json_end_object(j);
}

static void put_customer(struct json_out *j, const struct engine *e,
                         const struct lookalike_view *v, uint32_t row)
{
    const struct catalog *catalog = snapshot_catalog(engine_snapshot(e));
    uint32_t reason[LOOKALIKE_REASONS], n = lookalike_reasons(v, row, reason);

    json_begin_object(j);
    json_key(j, "customer");
    json_put_text(j, catalog_customer_id(catalog, v->crowd.customer[row]));
    put_distance(j, "distance", v->found.distance[row]);
    json_key(j, "values");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->found.column_n; k++)
        crowd_put_json(j, e, &v->crowd, k, crowd_value(&v->crowd, k, row));
    json_end_list(j);
    json_key(j, "distances");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->found.column_n; k++)
        json_put_num(j, v->found.part[k][row]);
    json_end_list(j);
    json_key(j, "close_in");
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++)
        json_put_text(j, v->crowd.column[reason[i]].name);
    json_end_list(j);
    json_end_object(j);
}

void lookalike_put_json(struct json_out *j, const struct engine *e,
                        const struct lookalike_view *v)
{
    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, v->crowd.at_ms);
    json_key(j, "members");
    json_put_int(j, v->found.member_n);
    json_key(j, "others");
    json_put_int(j, v->found.other_n);
    put_distance(j, "members_distance", v->found.members);
    put_distance(j, "others_distance", v->found.others);
    json_key(j, "columns");
    json_begin_list(j);
    for (uint32_t k = 0; k < v->found.column_n; k++)
        put_column(j, e, v, k);
    json_end_list(j);
    json_key(j, "customers");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->n; i++)
        put_customer(j, e, v, v->row[i]);
    json_end_list(j);
    json_end_object(j);
}
