/* returns_against.c - what each channel or campaign brings beside that of another time or segment. */
#include "engine/returns_impl.h"

#include <math.h>

static bool name_rows(const struct returns_view *v, struct arena *a,
                      struct against_names *out, struct err *err)
{
    str *name = arena_array(a, str, (size_t)v->row_n + 1);
    struct buf b = {};
    bool ok = name;

    for (uint32_t i = 0; ok && i < v->row_n; i++) {
        buf_clear(&b);
        returns_put_key(&b, &v->row[i]);
        name[i] = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
        ok = name[i].p;
    }
    buf_free(&b);
    *out = (struct against_names){.name = name, .n = v->row_n};
    return ok || err_nomem(err);
}

bool returns_compare(struct returns_view *v, struct arena *a, struct err *err)
{
    struct against_names here, there;
    const struct against_row *row;
    struct returns_beside *beside;

    if (!name_rows(v, a, &here, err) || !name_rows(v->against, a, &there, err)
        || !against_match(&here, &there, a, &row, &v->beside_n, err))
        return false;
    beside = arena_array(a, struct returns_beside, (size_t)v->beside_n + 1);
    if (!beside)
        return err_nomem(err);
    for (uint32_t i = 0; i < v->beside_n; i++)
        beside[i] = (struct returns_beside){
            row[i].here == AGAINST_NONE ? NULL : &v->row[row[i].here],
            row[i].there == AGAINST_NONE ? NULL : &v->against->row[row[i].there]};
    v->beside = beside;
    return true;
}

struct share returns_won(const struct returns_view *side, const struct returns_row *row)
{
    return (struct share){row ? row->got.won : 0, side->all.got.won};
}

/* --- as JSON --- */

/* A sum in units of 1, of 10 ** decimals parts each. */
static struct figure sum_of(__int128 parts, int decimals)
{
    return (struct figure){true, (double)parts / pow(10, decimals)};
}

enum what { SPEND, COST, VALUE, RETURN };

static struct figure figure_of(const struct engine *e, const struct returns_view *side,
                               const struct returns_row *row, enum what what)
{
    static const struct returns_row nothing;
    const struct returns_row *r = row ? row : &nothing;
    const struct pick *value = &side->returns->plan.value;
    int money = engine_model(e)->workspace.decimals;
    struct figure spend = sum_of(r->spend, money),
                  brought = sum_of(r->got.value, value->type == VALUE_MONEY ? money : 6);

    switch (what) {
    case SPEND:
        return spend;
    case COST:
        return (struct figure){r->got.won,
                               r->got.won ? spend.value / (double)r->got.won : 0};
    case VALUE:
        return brought;
    case RETURN:
        return (struct figure){r->spend > 0 && value->type == VALUE_MONEY,
                               r->spend > 0 ? brought.value / spend.value : 0};
    }
    return (struct figure){};
}

static void put_figures(struct json_out *j, const struct engine *e,
                        const struct returns_view *v, const struct returns_beside *one)
{
    static const char *const name[] = {"spend", "cost", "value", "return"};
    enum what last = v->returns->plan.has_value ? RETURN : COST;

    for (enum what what = SPEND; what <= last; what++) {
        json_key(j, name[what]);
        json_begin_object(j);
        against_put_figures(j, figure_of(e, v, one->here, what),
                            figure_of(e, v->against, one->there, what));
        json_end_object(j);
    }
}

void returns_put_against(struct json_out *j, const struct engine *e,
                         const struct returns_view *v)
{
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct returns_beside *one = &v->beside[i];

        json_begin_object(j);
        returns_put_name(j, v, one->here ? one->here : one->there);
        against_put(j, returns_won(v, one->here), returns_won(v->against, one->there));
        put_figures(j, e, v, one);
        json_end_object(j);
    }
    json_end_list(j);
}
