/* journey_against.c - what is lost in each cell beside that of another time or segment. */
#include "engine/journey.h"

#include <stdlib.h>

struct all_cells {
    struct against_names names;
    const struct journey_cell *cell; /* by place, as names are */
};

/* A cell is named by its stage and its touchpoint; those that are told apart are shown. */
static bool name_cells(const struct journey_view *v, struct arena *a,
                       struct all_cells *out, struct err *err)
{
    const struct journey *j = v->journey;
    str *name = arena_array(a, str, (size_t)j->cell_n + 1);
    bool *shown = arena_array(a, bool, (size_t)j->cell_n + 1);
    struct buf b = {};
    bool ok = name && shown;

    for (uint32_t i = 0; ok && i < j->cell_n; i++) {
        struct journey_row row = {.name = j->cell[i].name};

        buf_clear(&b);
        buf_add_format(&b, "%u ", j->cell[i].stage);
        buf_add(&b, journey_touchpoint(v, &row));
        name[i] = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
        ok = name[i].p;
    }
    buf_free(&b);
    if (!ok)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->row_n; i++)
        shown[v->row[i].cell - j->cell] = true;
    *out = (struct all_cells){{name, shown, j->cell_n}, j->cell};
    return true;
}

static struct share lost_of(const struct all_cells *all, uint32_t i)
{
    struct share none = {};

    return i == AGAINST_NONE ? none : all->cell[i].lost;
}

static int beside_cmp(const void *a, const void *b)
{
    const struct journey_beside *x = a, *y = b;
    uint64_t of_x = x->here.n + x->there.n, of_y = y->here.n + y->there.n;

    if (x->stage != y->stage)
        return x->stage < y->stage ? -1 : 1;
    if (!x->touchpoint.n != !y->touchpoint.n)
        return x->touchpoint.n ? 1 : -1;
    if (of_x != of_y)
        return of_x > of_y ? -1 : 1;
    return str_cmp(x->touchpoint, y->touchpoint);
}

bool journey_compare(struct journey_view *v, struct arena *a, struct err *err)
{
    struct all_cells here, there;
    const struct against_row *row;
    struct journey_beside *beside;

    if (!name_cells(v, a, &here, err) || !name_cells(v->against, a, &there, err)
        || !against_match(&here.names, &there.names, a, &row, &v->beside_n, err))
        return false;
    beside = arena_array(a, struct journey_beside, (size_t)v->beside_n + 1);
    if (!beside)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        bool is_here = row[i].here != AGAINST_NONE;
        const struct journey_view *side = is_here ? v : v->against;
        uint32_t place = is_here ? row[i].here : row[i].there;
        struct journey_row of = {.name = side->journey->cell[place].name};

        beside[i] = (struct journey_beside){
            side->journey->cell[place].stage, journey_touchpoint(side, &of),
            lost_of(&here, row[i].here), lost_of(&there, row[i].there)};
    }
    if (v->beside_n)
        qsort(beside, v->beside_n, sizeof *beside, beside_cmp);
    v->beside = beside;
    return true;
}

void journey_put_against(struct json_out *j, const struct journey_view *v)
{
    const struct lifecycle *l = v->journey->plan.lifecycle;

    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct journey_beside *one = &v->beside[i];

        json_begin_object(j);
        json_key(j, "stage");
        json_put_text(j, lifecycle_stage_name(l, one->stage));
        json_key(j, "touchpoint");
        if (one->touchpoint.n)
            json_put_text(j, one->touchpoint);
        else
            json_put_null(j);
        against_put(j, one->here, one->there);
        json_end_object(j);
    }
    json_end_list(j);
}
