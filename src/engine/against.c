#include "engine/against.h"

#include "base/hash.h"

#include <math.h>

static bool read_period(const struct engine *e, str text, struct report_scope *out,
                        struct err *err)
{
    const int64_t at_ms = out->at_ms;
    const struct zone *z = engine_model(e)->workspace.zone;
    size_t dots = 0;

    while (dots + 1 < text.n && (text.p[dots] != '.' || text.p[dots + 1] != '.'))
        dots++;
    if (dots + 1 >= text.n)
        return err_set(err, ERR_INPUT,
                       "against: a time is FROM..TO, such as 2026-01-01..2026-02-01");
    return ((moment_parse_from((str){text.p, dots}, z, at_ms, &out->from_ms, err)
             && moment_parse_from(str_from(text, dots + 2), z, at_ms, &out->to_ms, err))
            || err_in(err, "against"))
           && (out->from_ms < out->to_ms
               || err_set(err, ERR_INPUT, "against: the time %.*s ends before it begins",
                          STR_FMT(text)));
}

bool against_alone(bool parted, bool listed, struct err *err)
{
    return (!parted && !listed)
           || err_set(err, ERR_INPUT, "%s of one side: without against",
                      listed ? "customers are listed" : "a report is broken down");
}

bool against_scope(const struct engine *e, const struct report_against *asked,
                   const struct report_scope *scope, struct report_scope *out,
                   struct err *err)
{
    *out = *scope;
    if (asked->segment.n)
        out->segment = asked->segment;
    return !asked->period.n || read_period(e, asked->period, out, err);
}

bool against_scope_on(const struct engine *e, const struct report_against *asked,
                      const struct report_scope *scope, struct report_scope *out,
                      struct err *err)
{
    *out = *scope;
    if (asked->segment.n)
        out->segment = asked->segment;
    if (!asked->period.n)
        return true;
    if (!moment_parse_from(asked->period, engine_model(e)->workspace.zone, scope->at_ms,
                           &out->at_ms, err))
        return err_in(err, "against");
    return out->at_ms <= scope->at_ms
           || err_set(err, ERR_INPUT,
                      "against: %.*s is later than the day that it stands beside: ask "
                      "for the later one, against the earlier",
                      STR_FMT(asked->period));
}

static void put_counts(struct json_out *j, struct share s)
{
    json_key(j, "customers");
    json_put_int(j, (int64_t)s.hits);
    json_key(j, "of");
    json_put_int(j, (int64_t)s.n);
}

void against_put(struct json_out *j, struct share here, struct share there)
{
    static const char *const name[] = {"difference", "low", "high"};
    bool known = here.n && there.n;
    double value[] = {0, 0, 0};

    share_difference(here, there, &value[1], &value[2]);
    if (known)
        value[0] =
            (double)here.hits / (double)here.n - (double)there.hits / (double)there.n;
    put_counts(j, here);
    json_key(j, "against");
    json_begin_object(j);
    put_counts(j, there);
    json_end_object(j);
    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        json_key(j, name[i]);
        if (known)
            json_put_num(j, llround(value[i] * 1e6));
        else
            json_put_null(j);
    }
}

static void put_figure(struct json_out *j, const char *key, struct figure f)
{
    json_key(j, key);
    if (f.known)
        json_put_double(j, f.value);
    else
        json_put_null(j);
}

struct figure figure_of_share(struct share s)
{
    return (struct figure){s.n, s.n ? (double)s.hits / (double)s.n : 0};
}

void against_put_figures(struct json_out *j, struct figure here, struct figure there)
{
    put_figure(j, "value", here);
    put_figure(j, "against", there);
    put_figure(j, "difference",
               (struct figure){here.known && there.known, here.value - there.value});
}

/* By each name's number where it stands first. */
static bool place_names(struct text_table *t, const struct against_names *side,
                        uint32_t *number, uint32_t *place, struct err *err)
{
    for (uint32_t i = 0; i < side->n; i++) {
        if (!text_table_lend(t, side->name[i], &number[i]))
            return err_nomem(err);
        if (place[number[i]] == AGAINST_NONE)
            place[number[i]] = i;
    }
    return true;
}

static bool is_shown(const struct against_names *side, uint32_t i)
{
    return i != AGAINST_NONE && (!side->shown || side->shown[i]);
}

bool against_match(const struct against_names *here, const struct against_names *there,
                   struct arena *a, const struct against_row **out, uint32_t *n,
                   struct err *err)
{
    const struct against_names *side[] = {here, there};
    size_t most = (size_t)here->n + there->n + 1;
    struct against_row *row = arena_array(a, struct against_row, most);
    uint32_t *number[2], *place[2];
    struct text_table names = {};
    bool ok = row;

    for (int i = 0; i < 2; i++) {
        number[i] = arena_array(a, uint32_t, side[i]->n + 1);
        place[i] = arena_array(a, uint32_t, most);
        ok = ok && number[i] && place[i];
        for (size_t k = 0; ok && k < most; k++)
            place[i][k] = AGAINST_NONE;
    }
    if (!ok)
        return err_nomem(err);
    for (int i = 0; ok && i < 2; i++)
        ok = place_names(&names, side[i], number[i], place[i], err);
    text_table_free(&names);
    if (!ok)
        return false;
    *n = 0;
    for (uint32_t i = 0; i < here->n; i++)
        if (is_shown(here, i))
            row[(*n)++] = (struct against_row){i, place[1][number[0][i]]};
    for (uint32_t i = 0; i < there->n; i++)
        if (is_shown(there, i) && !is_shown(here, place[0][number[1][i]]))
            row[(*n)++] = (struct against_row){place[0][number[1][i]], i};
    *out = row;
    return true;
}
