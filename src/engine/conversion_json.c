#include "engine/conversion.h"

#include "report/flow_json.h"

#include <math.h>

/* --- in words --- */

static str stage_name(const struct conversion_view *v, uint32_t stage)
{
    return v->conversion->plan.lifecycle->stage[stage].name;
}

/* "acquisition (12 of 40: 30.0 %)" */
static void put_share(struct buf *b, const struct conversion_view *v, uint32_t group,
                      uint32_t stage)
{
    struct share s = conversion_share(v->conversion, group, stage, CONVERSION_FORWARD);

    buf_add_format(b, "%.*s (%llu of %llu: %.1f %%)", STR_FMT(stage_name(v, stage)),
                   (unsigned long long)s.hits, (unsigned long long)s.n,
                   100 * (double)s.hits / (double)s.n);
}

/* "acquisition (half after 12.5 days)" */
static void put_time(struct buf *b, const struct conversion_view *v, uint32_t group,
                     uint32_t stage)
{
    int64_t ms = v->conversion->group[group].time[stage].quarter[1].ms;

    buf_add(b, stage_name(v, stage));
    if (ms < 0)
        buf_add(b, STR(" (half of them not yet)"));
    else
        buf_add_format(b, " (half after %.1f days)", (double)ms / (double)MS_DAY);
}

void conversion_words(struct buf *b, const struct conversion_view *v, uint32_t group,
                      int by)
{
    const struct bottleneck *n = &v->bottleneck[group][by];
    bool share = by == CONVERSION_BY_SHARE;
    void (*put)(struct buf *, const struct conversion_view *, uint32_t, uint32_t) =
        share ? put_share : put_time;

    buf_add(b, share ? STR("By share: ") : STR("By time: "));
    switch ((int)n->reason) {
    case BOTTLENECK_FOUND:
        buf_add(b, STR("the bottleneck is "));
        put(b, v, group, n->stage);
        buf_add(b, share ? STR(". From every other stage a larger share goes on, by more "
                               "than chance.")
                         : STR(". From every other stage they go on sooner, by more than "
                               "chance."));
        return;
    case BOTTLENECK_CHANCE:
        buf_add(b, share ? STR("none stands out. Fewest go on from ")
                         : STR("none stands out. Longest is "));
        put(b, v, group, n->stage);
        buf_add(b, STR(", but "));
        put(b, v, group, n->like);
        buf_add(b, STR(" may differ from it by chance."));
        return;
    case BOTTLENECK_UNKNOWN:
        buf_add_format(b,
                       "none can be named. Too few have gone on from %.*s to know how "
                       "long it takes there.",
                       STR_FMT(stage_name(v, n->like)));
        return;
    case BOTTLENECK_ALONE:
        buf_add_format(b,
                       "none can be named. Of the stages that lead on, somebody entered "
                       "%.*s alone: there is nothing to set beside it.",
                       STR_FMT(stage_name(v, n->stage)));
        return;
    default:
        buf_add(b, STR("none can be named. Nobody entered a stage that leads on."));
    }
}

/* --- as JSON --- */

static void put_length(struct json_out *j, const char *key, int64_t ms)
{
    json_key(j, key);
    if (ms < 0)
        json_put_null(j);
    else
        json_put_int(j, ms);
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

/* "customers","share","low","high": the last three null of nobody. */
static void put_part(struct json_out *j, struct share s)
{
    double low, high;

    share_interval(s, &low, &high);
    json_key(j, "customers");
    json_put_int(j, (int64_t)s.hits);
    json_key(j, "share");
    json_put_double(j, s.n ? (double)s.hits / (double)s.n : NAN);
    json_key(j, "low");
    json_put_double(j, s.n ? low : NAN);
    json_key(j, "high");
    json_put_double(j, s.n ? high : NAN);
}

static void put_next(struct json_out *j, const struct conversion *c, uint32_t group,
                     uint32_t stage)
{
    const struct lifecycle *l = c->plan.lifecycle;

    json_key(j, "next");
    json_begin_list(j);
    for (uint32_t to = 0; to <= l->stage_n; to++) {
        uint16_t number = to == l->stage_n ? STAGE_NONE : (uint16_t)to;
        struct share s = conversion_next(c, group, stage, to);

        if (!s.hits)
            continue;
        json_begin_object(j);
        put_text(j, "to", lifecycle_stage_name(l, number));
        put_text(j, "way",
                 conversion_fate_name(conversion_fate_of(c, (uint16_t)stage, number)));
        put_part(j, s);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_time_of(struct json_out *j, const struct conversion_times *t)
{
    static const char *const name[][3] = {
        {"quarter_ms", "quarter_low_ms", "quarter_high_ms"},
        {"median_ms", "median_low_ms", "median_high_ms"},
        {"three_quarters_ms", "three_quarters_low_ms", "three_quarters_high_ms"}};

    json_key(j, "time");
    json_begin_object(j);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        put_length(j, name[i][0], t->quarter[i].ms);
        put_length(j, name[i][1], t->quarter[i].low_ms);
        put_length(j, name[i][2], t->quarter[i].high_ms);
    }
    json_end_object(j);
}

static void put_stage(struct json_out *j, const struct conversion *c, uint32_t group,
                      uint32_t stage)
{
    json_begin_object(j);
    flow_put_stage(j, &c->group[group].flow, 0, stage, c->plan.lifecycle);
    json_key(j, "on_way");
    json_put_bool(j, conversion_is_on_way(c, (uint16_t)stage));
    json_key(j, "of");
    json_put_int(j, (int64_t)conversion_share(c, group, stage, CONVERSION_WAITING).n);
    for (int f = CONVERSION_FORWARD; f < CONVERSION_FATES_END; f++) {
        json_key_str(j, conversion_fate_name((enum conversion_fate)f));
        json_begin_object(j);
        put_part(j, conversion_share(c, group, stage, (enum conversion_fate)f));
        json_end_object(j);
    }
    put_next(j, c, group, stage);
    put_time_of(j, &c->group[group].time[stage]);
    json_end_object(j);
}

static void put_bottleneck(struct json_out *j, const struct conversion_view *v,
                           uint32_t group, int by)
{
    const struct bottleneck *n = &v->bottleneck[group][by];
    struct buf words = {};

    json_key(j, by == CONVERSION_BY_SHARE ? "share" : "time");
    json_begin_object(j);
    put_text(j, "reason", bottleneck_reason_name(n->reason));
    put_text(j, "stage", n->stage == BOTTLENECK_NONE ? STR("") : stage_name(v, n->stage));
    put_text(j, "like", n->like == BOTTLENECK_NONE ? STR("") : stage_name(v, n->like));
    conversion_words(&words, v, group, by);
    j->to->failed |= words.failed;
    put_text(j, "words", buf_str(&words));
    buf_free(&words);
    json_end_object(j);
}

static void put_value(struct json_out *j, const struct conversion *c, uint32_t group)
{
    str name;

    json_key(j, "value");
    if (groups_name(&c->name, group, &name))
        json_put_text(j, name);
    else
        json_put_null(j);
}

static void put_groups(struct json_out *j, const struct conversion_view *v)
{
    const struct conversion *c = v->conversion;

    json_key(j, "groups");
    json_begin_list(j);
    for (uint32_t g = 0; g < c->name.n; g++) {
        json_begin_object(j);
        put_value(j, c, g);
        json_key(j, "population");
        json_put_int(j, (int64_t)flow_population(&c->group[g].flow, 0));
        json_key(j, "stages");
        json_begin_list(j);
        for (uint32_t s = 0; s < c->plan.lifecycle->stage_n; s++)
            put_stage(j, c, g, s);
        json_end_list(j);
        json_key(j, "bottleneck");
        json_begin_object(j);
        for (int by = 0; by < CONVERSION_BYS; by++)
            put_bottleneck(j, v, g, by);
        json_end_object(j);
        json_end_object(j);
    }
    json_end_list(j);
}

static void put_range(struct json_out *j, const struct conversion *c)
{
    json_key(j, "from");
    json_put_moment(j, c->plan.edge[0] == MOMENT_MIN ? MOMENT_NEVER : c->plan.edge[0]);
    json_key(j, "to");
    json_put_moment(j, c->plan.edge[1]);
}

/* Who went forward, of each stage that leads on. */
static void put_against(struct json_out *j, const struct conversion_view *v)
{
    const struct conversion *c = v->conversion;
    const struct lifecycle *l = c->plan.lifecycle;

    json_key(j, "against");
    json_begin_object(j);
    put_range(j, v->against->conversion);
    put_groups(j, v->against);
    json_end_object(j);
    json_key(j, "difference");
    json_begin_list(j);
    for (uint32_t g = 0; g < c->name.n; g++)
        for (uint32_t s = 0; s < l->stage_n; s++) {
            if (!conversion_is_on_way(c, (uint16_t)s))
                continue;
            json_begin_object(j);
            put_value(j, c, g);
            put_text(j, "stage", l->stage[s].name);
            against_put(j, conversion_share(c, g, s, CONVERSION_FORWARD),
                        conversion_beside(v, g, s));
            json_end_object(j);
        }
    json_end_list(j);
}

bool conversion_put_json(struct json_out *j, const struct engine *e,
                         const struct conversion_view *v, struct arena *a,
                         struct err *err)
{
    const struct conversion *c = v->conversion;

    json_key(j, "at");
    json_put_moment(j, c->plan.at_ms);
    put_range(j, c);
    put_text(j, "within", v->within);
    put_text(j, "by", v->by);
    put_groups(j, v);
    if (v->against)
        put_against(j, v);
    return !c->plan.list || report_put_listed(j, "customers", e, &c->listed, a, err);
}
