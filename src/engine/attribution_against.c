/* attribution_against.c - which share of conversions is owed to each source beside that of another time
 * or segment. Credits are no numbers of customers: their differences have no bounds. */
#include "engine/attribution_impl.h"

#include "base/num.h"

static bool name_rows(const struct attribution_view *v, struct arena *a,
                      struct against_names *out, struct err *err)
{
    const struct sources *s = &v->attribution->sources;
    str *name = arena_array(a, str, (size_t)v->row_n + 1);
    struct buf b = {};
    bool ok = name;

    for (uint32_t i = 0; ok && i < v->row_n; i++) {
        str campaign = STR("");
        bool has = source_campaign(s, v->row[i].source, &campaign);

        buf_clear(&b);
        buf_add(&b, source_channel(s, v->row[i].source));
        buf_add_char(&b, 0);
        buf_add_char(&b, has ? '=' : 0);
        buf_add(&b, campaign);
        name[i] = b.failed ? (str){NULL, 0} : arena_str(a, buf_str(&b));
        ok = name[i].p;
    }
    buf_free(&b);
    *out = (struct against_names){.name = name, .n = v->row_n};
    return ok || err_nomem(err);
}

bool attribution_compare(struct attribution_view *v, struct arena *a, struct err *err)
{
    struct against_names here, there;

    return name_rows(v, a, &here, err) && name_rows(v->against, a, &there, err)
           && against_match(&here, &there, a, &v->beside, &v->beside_n, err);
}

struct figure attribution_share(const struct attribution_view *side, uint32_t row,
                                enum attribution_model m)
{
    const struct attribution *at = side->attribution;
    double owed = row == AGAINST_NONE ? 0 : (double)side->row[row].conversions[m];

    if (!at->conversions || (m == ATTRIBUTION_MARKOV && at->markov.is_off))
        return (struct figure){};
    return (struct figure){true, owed / NUM_ONE / (double)at->conversions};
}

const struct attribution_view *attribution_known(const struct attribution_view *v,
                                                 const struct against_row *row,
                                                 uint32_t *source)
{
    const struct attribution_view *side = row->here == AGAINST_NONE ? v->against : v;

    *source = side->row[side == v ? row->here : row->there].source;
    return side;
}

void attribution_put_against(struct json_out *j, const struct attribution_view *v)
{
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->beside_n; i++) {
        const struct against_row *row = &v->beside[i];
        uint32_t source;
        const struct attribution_view *side = attribution_known(v, row, &source);

        json_begin_object(j);
        attribution_put_name(j, side, source);
        for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++) {
            json_key_str(j, attribution_model_name(m));
            json_begin_object(j);
            against_put_figures(j, attribution_share(v, row->here, m),
                                attribution_share(v->against, row->there, m));
            json_end_object(j);
        }
        json_end_object(j);
    }
    json_end_list(j);
}
