#include "engine/begin.h"

#include <string.h>

/* --- stages --- */

struct life_of {
    const struct engine *engine;
    uint32_t lifecycle;
};

static const struct move *get_moves(const void *context, uint32_t customer, size_t *n)
{
    const struct life_of *l = context;

    return engine_moves(l->engine, l->lifecycle, customer, n);
}

bool report_moves(struct engine *e, const struct lifecycle *l, int64_t at_ms,
                  struct arena *a, struct moves_of *out, struct err *err)
{
    struct life_of *life = arena_new(a, struct life_of);

    if (!life)
        return err_nomem(err);
    if (engine_now_ms(e) < at_ms && !engine_advance(e, at_ms, err))
        return false;
    *life = (struct life_of){e, l->number};
    *out = (struct moves_of){get_moves, life};
    return true;
}

#define STAGE STR("stage.")
#define NOT STR("not ")

bool stages_are_named(str text)
{
    return str_starts(str_starts(text, NOT) ? str_trim(str_from(text, 4)) : text, STAGE);
}

bool report_stage(const struct lifecycle *l, str name, uint16_t *out, struct err *err)
{
    str near = str_nearest(name, l->stage_name, l->stage_n);

    *out = lifecycle_stage_find(l, name);
    if (*out != STAGE_NONE)
        return true;
    name.n = name.n < 100 ? name.n : 100;
    if (near.n)
        return err_set(err, ERR_INPUT, "there is no stage \"%.*s\"; did you mean %.*s?",
                       STR_FMT(name), STR_FMT(near));
    return err_set(err, ERR_INPUT,
                   "there is no stage \"%.*s\"; the stages are those under `stages:`",
                   STR_FMT(name));
}

bool stages_named(const struct lifecycle *l, str text, struct arena *a,
                  struct stage_set *out, struct err *err)
{
    bool others = str_starts(text, NOT);
    bool *has = arena_array(a, bool, l->stage_n + 1);
    str rest = others ? str_trim(str_from(text, 4)) : text;

    if (!has)
        return err_nomem(err);
    for (uint32_t i = 0; i < l->stage_n; i++)
        has[i] = others;
    while (rest.n) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
        str word = str_trim((str){rest.p, n}), name;
        uint16_t stage;

        rest = comma ? str_trim(str_from(rest, n + 1)) : STR("");
        name = str_starts(word, STAGE) ? str_from(word, STAGE.n) : STR("");
        if (!name.n)
            return err_set(err, ERR_INPUT,
                           "stages are named stage.NAME, with commas between, and "
                           "\"%.*s\" is none",
                           STR_FMT(word));
        if (!report_stage(l, name, &stage, err))
            return false;
        has[stage] = !others;
    }
    *out = (struct stage_set){has, others};
    return true;
}

/* --- patterns --- */

bool report_pattern(struct program *p, str text, struct pick *out, str *wrong,
                    struct err *err)
{
    uint32_t n;

    *wrong = text;
    if (!picks_add(p, text, out, 1, &n, err))
        return false;
    *wrong = STR("");
    return true;
}

static bool begin_at_trait(const struct begin_words *q, struct program *p,
                           struct begin *out, str *wrong, struct err *err)
{
    out->by = BEGIN_TRAIT;
    *wrong = q->first;
    if (!picks_add_told(p, q->first, &out->pick, err))
        return false;
    *wrong = STR("");
    return out->pick.type == VALUE_MOMENT
           || err_set(err, ERR_INPUT,
                      "%.*s is a %.*s, and customers begin at a moment: declare it as "
                      "one, or take an event",
                      STR_FMT(q->first), STR_FMT(value_type_name(out->pick.type)));
}

static bool begin_at_stage(struct engine *e, const struct begin_words *q, struct arena *a,
                           struct begin *out, struct err *err)
{
    const struct lifecycle *l;

    out->by = BEGIN_STAGE;
    return model_lifecycle_find(engine_model(e), q->lifecycle, &l, err)
           && stages_named(l, q->first, a, &out->stage, err)
           && report_moves(e, l, q->at_ms, a, &out->moves, err);
}

bool report_begin(struct engine *e, const struct begin_words *q, struct program *p,
                  struct arena *a, struct begin *out, str *wrong, struct err *err)
{
    *out = (struct begin){.zone = engine_model(e)->workspace.zone, .at_ms = q->at_ms};
    *wrong = STR("");
    if (q->gap.n && !length_asked("after", q->gap, &out->gap, err))
        return false;
    if (stages_are_named(q->first)) {
        if (!begin_at_stage(e, q, a, out, err))
            return false;
    } else if (str_starts(q->first, STR("trait."))) {
        if (!begin_at_trait(q, p, out, wrong, err))
            return false;
    } else {
        return report_pattern(p, q->first, &out->pick, wrong, err);
    }
    return !q->gap.n
           || err_set(err, ERR_INPUT,
                      "%.*s is there once: only an event comes back after a time",
                      STR_FMT(q->first));
}

/* --- broken down --- */

bool report_by(struct program *p, const struct pick *first, str by, struct pick *out,
               bool *told, str *wrong, struct err *err)
{
    bool ok;

    *told = str_starts(by, STR("trait.")) || str_starts(by, STR("acquisition."))
            || str_starts(by, STR("consent."));
    *wrong = by;
    if (!*told && !first)
        return err_set(err, ERR_INPUT,
                       "there is no event to have %.*s: take trait.x, acquisition.x "
                       "or consent.channel.purpose",
                       STR_FMT(by));
    ok = *told ? picks_add_told(p, by, out, err)
               : picks_add_property(p, *first, by, out, err);
    if (ok && out->type == VALUE_LIST)
        return err_set(err, ERR_INPUT,
                       "%.*s is a list, of which a customer has several values: take "
                       "something that he has one of",
                       STR_FMT(by));
    if (ok)
        *wrong = STR("");
    return ok;
}

/* --- periods and sums --- */

bool report_period(const struct engine *e, enum flow_by by, const int64_t *edge,
                   uint32_t period_n, str name, uint32_t *out, struct err *err)
{
    struct buf b = {};
    bool ok = false;

    for (*out = 0; *out < period_n; ++*out) {
        buf_clear(&b);
        flow_period_print(engine_model(e)->workspace.zone, by, edge[*out], &b);
        ok = !b.failed && str_eq(buf_str(&b), name);
        if (ok || b.failed)
            break;
    }
    if (b.failed)
        err_nomem(err);
    else if (!ok)
        err_set(err, ERR_INPUT,
                "there is no period \"%.*s\" here; periods are called as the report "
                "calls them",
                STR_FMT(name));
    buf_free(&b);
    return ok;
}

void report_put_value(struct json_out *j, const struct engine *e, enum value_type type,
                      __int128 value)
{
    if (value > INT64_MAX || value < INT64_MIN)
        json_put_null(j);
    else if (type == VALUE_MONEY)
        json_put_money(j, (int64_t)value, engine_model(e)->workspace.decimals);
    else
        json_put_num(j, (int64_t)value);
}

bool report_range(int64_t from_ms, int64_t to_ms, struct err *err)
{
    return from_ms < to_ms
           || err_set(
               err, ERR_INPUT,
               "the time asked for ends before it begins: to must be later than from");
}

bool length_asked(const char *option, str text, struct length *out, struct err *err)
{
    if (!length_parse(text, out, err))
        return err_in(err, "%s", option);
    return out->months || out->ms
           || err_set(err, ERR_INPUT,
                      "%s: %.*s is no time at all: give a length such as 30d", option,
                      STR_FMT(text));
}

int64_t report_known(const struct engine *e, int64_t at_ms, bool given, int64_t now_ms)
{
    int64_t known_ms = at_ms, active_ms = engine_active_ms(e);

    if (!given && active_ms != MOMENT_NEVER)
        known_ms = zone_day(engine_model(e)->workspace.zone, active_ms, 1);
    return known_ms < now_ms ? known_ms : now_ms;
}
