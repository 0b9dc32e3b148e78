#include "engine/attribution_impl.h"

#include "base/num.h"
#include "engine/begin.h"

#include <string.h>

/* --- what is asked --- */

static bool find_channel(const struct channels *c, str name, struct arena *a,
                         uint32_t *out, struct err *err)
{
    uint32_t n = c ? channels_n(c) : 0;
    str *names = arena_array(a, str, (size_t)n + 1), near;

    if (!names)
        return err_nomem(err);
    for (*out = 0; *out < n; ++*out) {
        names[*out] = channels_name(c, *out);
        if (str_eq(names[*out], name))
            return true;
    }
    near = str_nearest(name, names, n);
    return err_set(err, ERR_INPUT, "the model has no channel \"%.*s\"%s%.*s%s",
                   STR_FMT(name), near.n ? "; did you mean \"" : "", STR_FMT(near),
                   near.n ? "\"?" : "");
}

static str next_name(str *rest)
{
    const char *comma = memchr(rest->p, ',', rest->n);
    str name = {rest->p, comma ? (size_t)(comma - rest->p) : rest->n};

    *rest = str_from(*rest, comma ? name.n + 1 : name.n);
    return str_trim(name);
}

bool report_channels(const struct engine *e, str names, struct arena *a, const bool **out,
                     struct err *err)
{
    const struct channels *c = engine_model(e)->channels;
    bool *is = names.n ? arena_array(a, bool, CHANNELS_MAX) : NULL;
    uint32_t channel = 0;

    *out = is;
    if (!names.n)
        return true;
    if (!is)
        return err_nomem(err);
    while (names.n) {
        if (!find_channel(c, next_name(&names), a, &channel, err))
            return false;
        is[channel] = true;
    }
    return true;
}

static bool add_patterns(const struct attribution_question *q, struct program *p,
                         struct attribution_plan *plan, str *wrong, struct err *err)
{
    uint32_t n;

    *wrong = q->conversion;
    if (!picks_add(p, q->conversion, &plan->conversion, 1, &n, err))
        return false;
    plan->has_value = q->value.n > 0;
    *wrong = q->value;
    if (plan->has_value
        && !picks_add_property(p, plan->conversion, q->value, &plan->value, err))
        return false;
    *wrong = STR("");
    return !plan->has_value || plan->value.type == VALUE_NUMBER
           || plan->value.type == VALUE_MONEY
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s: only numbers and money can be shared out",
                      STR_FMT(q->value), STR_FMT(value_type_name(plan->value.type)));
}

static bool add_lengths(const struct attribution_question *q,
                        struct attribution_plan *plan, struct err *err)
{
    struct length half = {.ms = 7 * MS_DAY};

    plan->has_lookback = q->lookback.n > 0;
    if (plan->has_lookback && !length_parse(q->lookback, &plan->lookback, err))
        return err_in(err, "lookback");
    if (q->half_life.n && !length_asked("half life", q->half_life, &half, err))
        return false;
    plan->half_life_ms = half.ms;
    return !half.months
           || err_set(err, ERR_INPUT,
                      "half life: %.*s has no fixed number of days: give days or hours, "
                      "such as 7d",
                      STR_FMT(q->half_life));
}

static bool add_position(const struct attribution_question *q,
                         struct attribution_plan *plan, struct err *err)
{
    str rest = q->position.n ? q->position : STR("40,20,40");
    int64_t sum = 0;
    bool ok = true;

    for (int i = 0; ok && i < 3; i++) {
        int64_t share;

        ok = num_parse(next_name(&rest), &share) && share >= 0 && share <= 100 * NUM_ONE
             && share % NUM_ONE == 0;
        if (ok)
            sum += plan->position[i] = (uint32_t)(share / NUM_ONE);
    }
    return (ok && !rest.n && sum == 100)
           || err_set(err, ERR_INPUT,
                      "position: three whole shares that are 100 together, for the first "
                      "touch, all between and the last: 40,20,40");
}

static bool add_list(const struct engine *e, const struct attribution_question *q,
                     struct arena *a, struct attribution_plan *plan, struct err *err)
{
    static const struct {
        str name;
        enum attribution_list list;
    } as[] = {{STR("any"), ATTRIBUTION_LIST_ANY},
              {STR("first"), ATTRIBUTION_LIST_FIRST},
              {STR("last"), ATTRIBUTION_LIST_LAST},
              {STR("lost"), ATTRIBUTION_LIST_LOST}};
    uint32_t channel;

    if (!q->list.n)
        return true;
    if (q->list_campaign.n && !q->by_campaign)
        return err_set(err, ERR_INPUT, "a campaign's customers: count by campaign");
    plan->list = ATTRIBUTION_LIST_UNTOUCHED;
    if (str_eq(q->list, ATTRIBUTION_NOBODY))
        return true;
    plan->list_channel = q->list;
    plan->list_campaign = q->list_campaign;
    if (!find_channel(engine_model(e)->channels, q->list, a, &channel, err))
        return false;
    for (size_t i = 0; i < sizeof as / sizeof *as; i++)
        if (str_eq(q->list_as.n ? q->list_as : as[0].name, as[i].name)) {
            plan->list = as[i].list;
            return true;
        }
    return err_set(err, ERR_INPUT,
                   "a channel's customers are listed as any, first, last or lost");
}

static bool plan_of(const struct engine *e, const struct attribution_question *q,
                    struct program *p, struct arena *a, struct attribution_plan *plan,
                    str *wrong, struct err *err)
{
    const struct model *m = engine_model(e);

    *plan = (struct attribution_plan){
        .program = p,
        .source = {.channels = m->channels, .by_campaign = q->by_campaign},
        .zone = m->workspace.zone,
        .from_ms = q->scope.from_ms,
        .to_ms = q->scope.to_ms,
        .at_ms = q->scope.at_ms};
    return add_patterns(q, p, plan, wrong, err) && add_lengths(q, plan, err)
           && add_position(q, plan, err) && add_list(e, q, a, plan, err)
           && report_channels(e, q->without, a, &plan->source.left_out, err);
}

static bool begin(const void *plan, void **count, struct err *err)
{
    struct attribution *at;

    if (!attribution_new(plan, &at, err))
        return false;
    *count = at;
    return true;
}

static bool add(void *count, const struct chunk *c,
                [[maybe_unused]] struct scan_span span, const struct bits *who,
                struct err *err)
{
    return attribution_add(count, c, who, err);
}

static bool merge(void *into, const void *from, struct err *err)
{
    return attribution_merge(into, from, err);
}

static void end(void *count)
{
    attribution_free(count);
}

static const struct report_kind kind = {begin, add, merge, end};

static bool finish(bool ok, void *count, struct arena *a, struct attribution_view *out,
                   struct err *err)
{
    out->attribution = count;
    if (ok && attribution_result(count, a, &out->row, &out->row_n, err))
        return true;
    attribution_view_free(out);
    return false;
}

static bool one_side(struct engine *e, const struct attribution_question *q,
                     struct arena *a, struct attribution_view *out, str *wrong,
                     struct err *err)
{
    struct attribution_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct attribution_view){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err)
         && report_count(e, &kind, &q->scope, &plan, a, &count, wrong, err);
    return finish(ok, count, a, out, err);
}

bool attribution_in_spans(struct engine *e, const struct attribution_question *q,
                          const struct fits *who, const struct attribution_span *span,
                          size_t span_n, struct arena *a, struct attribution_view *out,
                          str *wrong, struct err *err)
{
    struct attribution_plan plan;
    void *count = NULL;
    bool ok;

    *out = (struct attribution_view){};
    *wrong = STR("");
    if (!report_program(e, &out->program, err))
        return false;
    ok = plan_of(e, q, out->program, a, &plan, wrong, err);
    plan.span = span;
    plan.span_n = span_n;
    ok = ok && engine_report(e, &kind, &plan, who, &count, err);
    return finish(ok, count, a, out, err);
}

static bool other_side(struct engine *e, const struct attribution_question *q,
                       struct arena *a, struct attribution_view *v, str *wrong,
                       struct err *err)
{
    struct attribution_question other = *q;

    if (!against_alone(false, q->list.n > 0, err)
        || !against_scope(e, &q->against, &q->scope, &other.scope, err))
        return false;
    v->against = arena_new(a, struct attribution_view);
    if (!v->against)
        return err_nomem(err);
    return one_side(e, &other, a, v->against, wrong, err)
           && attribution_compare(v, a, err);
}

bool engine_attribution(struct engine *e, const struct attribution_question *q,
                        struct arena *a, struct attribution_view *out, str *wrong,
                        struct err *err)
{
    if (!one_side(e, q, a, out, wrong, err))
        return false;
    if (!is_against(&q->against) || other_side(e, q, a, out, wrong, err))
        return true;
    attribution_view_free(out);
    return false;
}

void attribution_view_free(struct attribution_view *v)
{
    if (v->against)
        attribution_view_free(v->against);
    attribution_free(v->attribution);
    program_free(v->program);
    *v = (struct attribution_view){};
}

/* --- as JSON --- */

void attribution_put_value(struct json_out *j, const struct engine *e,
                           const struct attribution_view *v, __int128 value)
{
    if (value > INT64_MAX || value < INT64_MIN)
        json_put_null(j);
    else if (v->attribution->plan.value.type == VALUE_MONEY)
        json_put_money(j, (int64_t)value, engine_model(e)->workspace.decimals);
    else
        json_put_num(j, (int64_t)value);
}

static void put_sums(struct json_out *j, const struct engine *e,
                     const struct attribution_view *v, uint64_t conversions,
                     __int128 value)
{
    json_key(j, "conversions");
    json_put_int(j, (int64_t)conversions);
    if (v->attribution->plan.has_value) {
        json_key(j, "value");
        attribution_put_value(j, e, v, value);
    }
}

void attribution_put_name(struct json_out *j, const struct attribution_view *v,
                          uint32_t source)
{
    const struct attribution *at = v->attribution;
    str campaign;

    json_key(j, "channel");
    json_put_text(j, source_channel(&at->sources, source));
    if (!at->plan.source.by_campaign)
        return;
    json_key(j, "campaign");
    if (source_campaign(&at->sources, source, &campaign))
        json_put_text(j, campaign);
    else
        json_put_null(j);
}

static void put_source(struct json_out *j, const struct engine *e,
                       const struct attribution_view *v, const struct attributed *row)
{
    const struct attribution *at = v->attribution;

    json_begin_object(j);
    attribution_put_name(j, v, row->source);
    json_key(j, "paths");
    json_put_int(j, (int64_t)at->source[row->source].paths);
    json_key(j, "lost");
    json_put_int(j, (int64_t)at->source[row->source].lost);
    json_key(j, "removal");
    if (at->markov.is_off)
        json_put_null(j);
    else
        json_put_num(j, (int64_t)(row->removal * 1e6 + 0.5));
    for (enum attribution_model m = 0; m < ATTRIBUTION_MODELS_END; m++) {
        json_key_str(j, attribution_model_name(m));
        if (m == ATTRIBUTION_MARKOV && at->markov.is_off) {
            json_put_null(j);
            continue;
        }
        json_begin_object(j);
        json_key(j, "conversions");
        json_put_num(j, row->conversions[m]);
        if (at->plan.has_value) {
            json_key(j, "value");
            attribution_put_value(j, e, v, row->value[m]);
        }
        json_end_object(j);
    }
    json_end_object(j);
}

static void put_side(struct json_out *j, const struct engine *e,
                     const struct attribution_view *v)
{
    const struct attribution *at = v->attribution;

    put_sums(j, e, v, at->conversions, at->value);
    json_key(j, "untouched");
    json_begin_object(j);
    put_sums(j, e, v, at->untouched, at->untouched_value);
    json_end_object(j);
    json_key(j, "lost");
    json_put_int(j, (int64_t)at->lost);
    json_key(j, "sources");
    json_begin_list(j);
    for (uint32_t i = 0; i < v->row_n; i++)
        put_source(j, e, v, &v->row[i]);
    json_end_list(j);
}

bool attribution_put_json(struct json_out *j, const struct engine *e,
                          const struct attribution_view *v, struct arena *a,
                          struct err *err)
{
    const struct attribution *at = v->attribution;
    bool ok;

    json_begin_object(j);
    json_key(j, "at");
    json_put_moment(j, at->plan.at_ms);
    json_key(j, "by");
    json_put_text(j, at->plan.source.by_campaign ? STR("campaign") : STR("channel"));
    put_side(j, e, v);
    if (v->against) {
        json_key(j, "against");
        json_begin_object(j);
        put_side(j, e, v->against);
        json_end_object(j);
        attribution_put_against(j, v);
    }
    ok = at->plan.list == ATTRIBUTION_LIST_NONE
         || report_put_listed(j, "customers", e, &at->listed, a, err);
    json_end_object(j);
    return ok;
}
