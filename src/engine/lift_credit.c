/* What was gained beside what attribution says is owed to a channel, of the same conversions. */
#include "engine/attribution_impl.h"
#include "engine/lift_impl.h"

#include "base/num.h"
#include "engine/begin.h"
#include "engine/model.h"

#include <math.h>

/* Those of a group who were looked at for long enough, and when. */
struct watched {
    struct attribution_span *span;
    size_t n;
    struct fits who;
};

static bool find_group(struct engine *e, const struct lift_view *v, uint32_t group,
                       struct arena *a, struct watched *out, struct err *err)
{
    const struct assignments *s = v->assignments;
    uint32_t chunk_n = engine_customer_n(e) / CHUNK_CUSTOMERS + 1;
    struct bits *chunk = arena_array(a, struct bits, chunk_n);

    *out = (struct watched){
        .span = arena_array(a, struct attribution_span, s->n + 1),
        .who = {.chunk = chunk, .chunk_n = chunk_n},
    };
    if (!chunk || !out->span)
        return err_nomem(err);
    for (size_t i = 0; i < s->n; i++) {
        const struct assigned *row = &s->row[i];

        if (row->group != group || row->is_several || row->is_waiting)
            continue;
        out->span[out->n++] = (struct attribution_span){row->customer, row->events,
                                                        row->at_ms, row->until_ms};
        bits_put(&chunk[row->customer / CHUNK_CUSTOMERS],
                 row->customer % CHUNK_CUSTOMERS);
    }
    return true;
}

static void add_owed(const struct engine *e, const struct lift_view *v,
                     const struct attribution_view *at, const bool *channel,
                     struct lift_credit *c)
{
    const struct channels *known = engine_model(e)->channels;

    for (uint32_t i = 0; i < at->row_n; i++) {
        str name = source_channel(&at->attribution->sources, at->row[i].source);
        uint32_t k = 0;

        while (k < channels_n(known) && !str_eq(channels_name(known, k), name))
            k++;
        if (k == channels_n(known) || !channel[k])
            continue;
        for (int m = 0; m < ATTRIBUTION_MODELS_END; m++) {
            c->owed[LIFT_CONVERSION][m] +=
                (double)at->row[i].conversions[m] / (double)NUM_ONE;
            c->owed[LIFT_VALUE][m] +=
                lift_major(e, &v->assignments->plan, (double)at->row[i].value[m]);
        }
    }
    for (int k = 0; k < LIFT_MEASURES && at->attribution->markov.is_off; k++)
        c->owed[k][ATTRIBUTION_MARKOV] = NAN;
}

static bool add_credit(struct engine *e, const struct attribution_question *q,
                       const bool *channel, struct arena *a, struct lift_view *v,
                       struct lift_effect *effect, str *wrong, struct err *err)
{
    const struct lift_group *treated = &v->group[effect->group],
                            *control = &v->group[v->control];
    struct lift_credit *c = &effect->credit;
    struct attribution_view at;
    struct watched group;

    c->gained[LIFT_CONVERSION] =
        lift_gained(joint_sample(&treated->times), joint_sample(&control->times));
    c->gained[LIFT_VALUE] = effect->of[LIFT_VALUE][LIFT_GAINED];
    if (!find_group(e, v, effect->group, a, &group, err)
        || !attribution_in_spans(e, q, &group.who, group.span, group.n, a, &at, wrong,
                                 err))
        return false;
    c->came = at.attribution->conversions;
    add_owed(e, v, &at, channel, c);
    attribution_view_free(&at);
    return true;
}

bool lift_add_credit(struct engine *e, const struct lift_question *q, struct arena *a,
                     struct lift_view *v, str *wrong, struct err *err)
{
    const struct attribution_question asked = {.conversion = q->conversion,
                                               .value = q->value,
                                               .scope = {.from_ms = INT64_MIN,
                                                         .to_ms = MOMENT_NEVER,
                                                         .at_ms = q->scope.known_ms}};
    const bool *channel;

    if (!report_channels(e, q->channel, a, &channel, err))
        return err_in(err, "channel");
    for (uint32_t i = 0; i < v->effect_n; i++)
        if (!add_credit(e, &asked, channel, a, v, &v->effect[i], wrong, err))
            return false;
    return true;
}

int lift_credit_off(const struct lift_credit *c, enum lift_measure m,
                    enum attribution_model model)
{
    double owed = c->owed[m][model];

    return owed > c->gained[m].high ? 1 : owed < c->gained[m].low ? -1 : 0;
}
