/* paths_against.c - each way's share of all ways beside that of another time or segment. */
#include "engine/paths_impl.h"

struct all_ways {
    struct against_names names;
    const struct path_way *way;
};

/* Those that are told apart are shown; the others are known, too. */
static bool name_ways(const struct paths_view *v, struct arena *a, struct all_ways *out,
                      struct err *err)
{
    const struct tally *t = &v->paths->ways;
    str *name = arena_array(a, str, (size_t)t->n + 1);
    bool *shown = arena_array(a, bool, (size_t)t->n + 1);
    struct path_way *way;
    struct buf b = {};
    bool ok;

    if (!paths_all(v->paths, a, &way, err))
        return false;
    ok = name && shown;
    for (uint32_t i = 0; ok && i < t->n; i++) {
        buf_clear(&b);
        paths_put_way(&b, v, &way[i]);
        shown[i] = i < v->way_n;
        ok = !b.failed;
        name[i] = ok ? arena_str(a, buf_str(&b)) : (str){NULL, 0};
        ok = name[i].p;
    }
    buf_free(&b);
    if (!ok)
        return err_nomem(err);
    *out = (struct all_ways){{name, shown, t->n}, way};
    return true;
}

static struct share share_of(const struct paths_view *v, const struct all_ways *ways,
                             uint32_t i)
{
    return (struct share){i == AGAINST_NONE ? 0 : ways->way[i].ways, v->paths->way_n};
}

bool paths_compare(struct paths_view *v, struct arena *a, struct err *err)
{
    struct all_ways here, there;
    const struct against_row *row;
    struct path_beside *beside;

    if (!name_ways(v, a, &here, err) || !name_ways(v->against, a, &there, err)
        || !against_match(&here.names, &there.names, a, &row, &v->beside_n, err))
        return false;
    beside = arena_array(a, struct path_beside, (size_t)v->beside_n + 1);
    if (!beside)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->beside_n; i++)
        beside[i] = (struct path_beside){
            row[i].here != AGAINST_NONE ? here.names.name[row[i].here]
                                        : there.names.name[row[i].there],
            share_of(v, &here, row[i].here),
            share_of(v->against, &there, row[i].there),
        };
    v->beside = beside;
    return true;
}

void paths_put_against(struct json_out *j, const struct paths_view *v)
{
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct path_beside *one = &v->beside[i];

        json_begin_object(j);
        json_key(j, "way");
        json_put_text(j, one->way);
        if (paths_go_one_way(v))
            against_put(j, one->here, one->there);
        else
            against_put_figures(j, figure_of_share(one->here),
                                figure_of_share(one->there));
        json_end_object(j);
    }
    json_end_list(j);
}
