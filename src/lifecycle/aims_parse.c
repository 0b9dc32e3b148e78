#include "lifecycle/lifecycle_impl.h"

#include "base/num.h"

#include <string.h>

static bool wrong(const struct yaml *at, struct err *err, const char *what)
{
    return err_at(err, at->line, at->column, "%s", what);
}

/* --- measures --- */

static const str measure_names[] = {
#define X(name, text) {text, sizeof(text) - 1},
    MEASURES(X)
#undef X
};

bool measures_parse(const struct yaml *node, struct life_measures *out, struct err *err)
{
    *out = (struct life_measures){};
    if (!node)
        return true;
    if (!yaml_check_keys(node, measure_names, MEASURE_N, "the measures", err))
        return false;
    for (size_t i = 0; i < MEASURE_N; i++) {
        const struct yaml *at = yaml_find(node, measure_names[i]);

        if (at && (at->type != YAML_SCALAR || str_trim(at->text).n == 0))
            return wrong(at, err,
                         "a measure is a property of an event, such as purchase.revenue");
        out->of[i].at = at;
    }
    return true;
}

/* Could the text stand between brackets as one thing? Quotes hide what is in them. */
static bool is_one_pattern(str text)
{
    int depth = 0;
    char quote = 0;

    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (quote) {
            quote = c == quote ? 0 : quote;
        } else if (c == '"' || c == '\'' || c == '`') {
            quote = c;
        } else {
            depth += (c == '(') - (c == ')');
            if (depth < 0 || (c == ',' && depth == 0))
                return false;
        }
    }
    return depth == 0 && !quote;
}

/* FUNCTION(PATTERN) */
static bool measure_rule_add(struct program *p, const struct yaml *at, str function,
                             struct rule_ref *out, struct err *err)
{
    struct buf text = {};
    bool ok;

    buf_add(&text, function);
    buf_add_char(&text, '(');
    buf_add(&text, at->text);
    buf_add_char(&text, ')');
    ok = text.failed ? err_nomem(err)
                     : program_add(p, buf_str(&text), RULE_NUMBER, out, err);
    buf_free(&text);
    if (ok || err->code != ERR_INPUT)
        return ok;
    if (err->line == 1) /* the function stands before what was written */
        err->column =
            err->column > (int)function.n + 1 ? err->column - (int)function.n - 1 : 1;
    yaml_err_in_scalar(at, err);
    return false;
}

bool measures_compile(struct life_measures *m, struct program *p, struct err *err)
{
    for (size_t i = 0; i < MEASURE_N; i++) {
        struct life_measure *one = &m->of[i];

        if (!one->at)
            continue;
        if (!is_one_pattern(one->at->text))
            return wrong(
                one->at, err,
                "a measure is one property of an event, such as purchase.revenue, "
                "or purchase.revenue where gift = false");
        if (!measure_rule_add(p, one->at, STR("sum"), &one->sum, err)
            || !measure_rule_add(p, one->at, STR("count"), &one->count, err))
            return false;
        one->type = program_type(p, one->sum);
    }
    return true;
}

/* --- target and forecast --- */

static bool parse_within(const struct yaml *owner, const struct yaml *within,
                         struct length *out, struct err *err)
{
    if (!within)
        return wrong(owner, err, "a length of time is missing here: within: 30d");
    if (within->type != YAML_SCALAR)
        return wrong(within, err, "a length of time is expected here: 30d");
    if (length_parse(within->text, out, err))
        return true;
    yaml_err_in_scalar(within, err);
    return false;
}

/* The stage below in the text, which people go on to when nothing else is said. */
static bool next_stage(const struct lifecycle *l, uint16_t stage, uint16_t *out)
{
    *out = stage + 1;
    return stage + 1u < l->stage_n && !l->stage[stage + 1].end;
}

static bool parse_target_to(const struct lifecycle *l, uint16_t stage,
                            const struct yaml *node, struct arena *a, struct target *out,
                            struct err *err)
{
    const struct yaml *to = yaml_find(node, STR("to"));
    uint32_t n = to && to->type == YAML_LIST ? (uint32_t)to->n : 1;
    uint16_t *list;

    if (n == 0 || n > l->stage_n || (to && to->type == YAML_MAP))
        return wrong(to, err, "`to` names a stage, or several: [a, b]");
    out->to = list = arena_array(a, uint16_t, n);
    out->to_n = n;
    if (!list)
        return err_nomem(err);
    if (!to) {
        if (!next_stage(l, stage, list)) {
            out->nowhere = out->at;
            out->at = NULL;
        }
        return true;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct yaml *name = to->type == YAML_LIST ? to->item[i] : to;

        if (!stage_find(l, name, &list[i], err))
            return false;
        if (list[i] == stage)
            return wrong(name, err, "the target of a stage is another stage");
    }
    return true;
}

static bool parse_target(const struct lifecycle *l, uint16_t stage,
                         const struct yaml *node, struct arena *a, struct target *out,
                         struct err *err)
{
    static const str keys[] = {STR("rate"), STR("within"), STR("to")};
    const struct yaml *rate;

    if (!yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "a target", err))
        return false;
    rate = yaml_find(node, STR("rate"));
    if (!rate || !yaml_find(node, STR("within")))
        return wrong(node, err,
                     "a target needs a rate and a time: { rate: 0.20, within: 30d }");
    if (rate->type != YAML_SCALAR || !num_parse(rate->text, &out->rate) || out->rate <= 0
        || out->rate > NUM_ONE)
        return wrong(rate, err, "a target's rate is a number above 0 and up to 1: 0.20");
    out->at = node;
    return parse_within(node, yaml_find(node, STR("within")), &out->within, err)
           && parse_target_to(l, stage, node, a, out, err);
}

static bool parse_forecast(const struct yaml *node, struct stage_forecast *out,
                           struct err *err)
{
    static const str keys[] = {STR("that"), STR("within")};
    const struct yaml *that;

    if (!yaml_check_keys(node, keys, sizeof keys / sizeof *keys, "a forecast", err))
        return false;
    that = yaml_find(node, STR("that"));
    if (!that || that->type != YAML_SCALAR || str_trim(that->text).n == 0)
        return wrong(
            that ? that : node, err,
            "a forecast needs a rule: { that: \"since(purchase) >= 180d\", within: "
            "90d }");
    out->at = that;
    return parse_within(node, yaml_find(node, STR("within")), &out->within, err);
}

/* --- KPIs --- */

static const str kind_texts[] = {
#define X(name, text) {text, sizeof(text) - 1},
    KPI_KINDS(X)
#undef X
};

/* `conversion within 30d`, `conversion to STAGE within 30d` */
static bool parse_conversion(const struct lifecycle *l, uint16_t stage, struct kpi *k,
                             struct err *err)
{
    static const str to = STR(" to "), within = STR(" within ");
    str rest = str_from(k->text, strlen("conversion")), name;
    size_t at = rest.n > within.n ? rest.n - within.n : 0;

    while (at > 0 && !str_starts(str_from(rest, at), within))
        at--;
    if (!str_starts(str_from(rest, at), within) || (at && !str_starts(rest, to)))
        return wrong(k->at, err,
                     "a conversion is written: conversion within 30d, or conversion to "
                     "STAGE within 30d");
    if (!length_parse(str_from(rest, at + within.n), &k->within, err)) {
        err->line = k->at->line;
        err->column = k->at->column;
        return false;
    }
    if (!at)
        return next_stage(l, stage, &k->to)
               || wrong(k->at, err,
                        "below this stage stands none that is no end: conversion to "
                        "STAGE within 30d says to which people shall come");
    name = (str){rest.p + to.n, at - to.n};
    if (!stage_find(l,
                    &(struct yaml){.type = YAML_SCALAR,
                                   .line = k->at->line,
                                   .column = k->at->column,
                                   .text = name},
                    &k->to, err))
        return false;
    return k->to != stage
           || wrong(k->at, err, "people are converted to another stage than this one");
}

static bool parse_kpi(const struct lifecycle *l, uint16_t stage, struct kpi *k,
                      struct err *err)
{
    str conversion = STR("conversion");

    if (k->name.n == 0)
        return wrong(k->at, err, "a kpi needs a name");
    if (k->at->type != YAML_SCALAR || k->text.n == 0)
        return wrong(k->at, err,
                     "a kpi is a name and a text: NAME: \"median time in stage\"");
    k->kind = KPI_RULE;
    for (enum kpi_kind i = 0; i < KPI_CONVERSION; i++)
        if (str_eq(k->text, kind_texts[i]))
            k->kind = i;
    if (str_starts(k->text, conversion)
        && (k->text.n == conversion.n || k->text.p[conversion.n] == ' ')) {
        k->kind = KPI_CONVERSION;
        return parse_conversion(l, stage, k, err);
    }
    return true;
}

static bool parse_kpis(const struct lifecycle *l, uint16_t stage, const struct yaml *node,
                       struct arena *a, struct aims *out, struct err *err)
{
    if (node->n > KPIS_MAX)
        return err_at(err, node->key[KPIS_MAX]->line, node->key[KPIS_MAX]->column,
                      "a stage has at most %d kpis", KPIS_MAX);
    out->kpi = arena_array(a, struct kpi, node->n);
    if (!out->kpi)
        return err_nomem(err);
    out->kpi_n = (uint32_t)node->n;
    for (uint32_t i = 0; i < out->kpi_n; i++) {
        out->kpi[i] = (struct kpi){.name = node->key[i]->text,
                                   .text = str_trim(node->item[i]->text),
                                   .at = node->item[i]};
        if (!parse_kpi(l, stage, &out->kpi[i], err))
            return false;
    }
    return true;
}

bool aims_parse(const struct lifecycle *l, uint16_t stage, const struct yaml *node,
                struct arena *a, struct aims *out, struct err *err)
{
    const struct yaml *target, *kpi, *forecast;

    return yaml_get_map(node, STR("target"), &target, err)
           && (!target->n || parse_target(l, stage, target, a, &out->target, err))
           && yaml_get_map(node, STR("kpi"), &kpi, err)
           && parse_kpis(l, stage, kpi, a, out, err)
           && yaml_get_map(node, STR("forecast"), &forecast, err)
           && (!forecast->n || parse_forecast(forecast, &out->forecast, err));
}

/* --- compiling --- */

/* Words alone are no rule: they were meant as the name of something to count. */
static bool is_words(str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')
              || c == ' ' || c == '_'))
            return false;
    }
    return true;
}

static bool refuse_words(const struct kpi *k, struct err *err)
{
    str near = str_nearest(k->text, kind_texts, KPI_RULE);

    return err_at(
        err, k->at->line, k->at->column,
        "there is no measure \"%.*s\"%s%.*s%s; a kpi is a rule, or entered, left, "
        "conversion within 30d, median (or p90) time in stage, revenue, cost, "
        "margin, satisfaction",
        STR_FMT(shown(k->text)), near.n ? "; did you mean \"" : "", STR_FMT(near),
        near.n ? "\"?" : "");
}

static bool use_measure(const struct life_measures *m, enum measure_name i, struct kpi *k,
                        struct err *err)
{
    if (!m->of[i].at)
        return err_at(
            err, k->at->line, k->at->column,
            "the model does not say what %s is: write `measures: { %s: EVENT.%s "
            "}` beside `events:`",
            measure_names[i].p, measure_names[i].p,
            i == MEASURE_SATISFACTION ? "score" : "revenue");
    k->type = m->of[i].type;
    return true;
}

static bool compile_kpi(struct kpi *k, const struct life_measures *m, struct program *p,
                        struct err *err)
{
    switch (k->kind) {
    case KPI_RULE:
        if (!rule_add(p, k->at, RULE_EITHER, &k->rule, err))
            return err->code == ERR_INPUT && is_words(k->text) ? refuse_words(k, err)
                                                               : false;
        k->type = program_type(p, k->rule);
        return true;
    case KPI_REVENUE:
        return use_measure(m, MEASURE_REVENUE, k, err);
    case KPI_COST:
        return use_measure(m, MEASURE_COST, k, err);
    case KPI_SATISFACTION:
        return use_measure(m, MEASURE_SATISFACTION, k, err);
    case KPI_MARGIN:
        return use_measure(m, MEASURE_COST, k, err)
               && use_measure(m, MEASURE_REVENUE, k, err)
               && (m->of[MEASURE_COST].type == k->type
                   || wrong(
                       k->at, err,
                       "margin is revenue minus cost, and here one of them is money and "
                       "the other a number"));
    case KPI_ENTERED:
    case KPI_LEFT:
    case KPI_MEDIAN:
    case KPI_P90:
    case KPI_CONVERSION:
        return true;
    }
    return true;
}

bool lifecycle_compile_aims(struct lifecycle *l, const struct life_measures *m,
                            struct program *p, struct err *err)
{
    program_use_lifecycle(p, l->number);
    for (uint32_t s = 0; s < l->stage_n; s++) {
        struct aims *aims = &l->stage[s].aims;

        for (uint32_t i = 0; i < aims->kpi_n; i++)
            if (!compile_kpi(&aims->kpi[i], m, p, err))
                return false;
        if (aims->forecast.at
            && !rule_add(p, aims->forecast.at, RULE_CONDITION, &aims->forecast.that, err))
            return false;
    }
    program_use_lifecycle(p, LIFECYCLES_ALL);
    return true;
}
