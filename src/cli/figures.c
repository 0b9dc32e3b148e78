#include "cli/figures.h"

#include "base/num.h"

/* With one decimal, in a unit that people read. */
static void put_span(struct buf *b, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {
        {MS_DAY, "days"}, {MS_HOUR, "hours"}, {MS_MINUTE, "minutes"}, {1000, "s"}};
    size_t i = 0;
    int64_t tenths;

    while (i < 3 && ms < 2 * units[i].ms)
        i++;
    tenths = (ms * 10 + units[i].ms / 2) / units[i].ms;
    buf_add_format(b, "%lld.%lld %s", (long long)(tenths / 10), (long long)(tenths % 10),
                   units[i].name);
}

static void put_share(struct buf *b, int64_t share)
{
    int64_t tenths = (share + NUM_ONE / 2000) / (NUM_ONE / 1000);

    buf_add_format(b, "%lld.%lld%%", (long long)(tenths / 10), (long long)(tenths % 10));
}

str figure_text(const struct kpi_value *v, const struct workspace *w, bool plain,
                struct arena *a)
{
    struct buf b = {};
    str text = {};

    if (v->there) {
        if (v->unit == KPI_UNIT_SHARE && !plain)
            put_share(&b, v->value);
        else if (v->unit == KPI_UNIT_LENGTH && !plain)
            put_span(&b, v->value);
        else if (v->unit == KPI_UNIT_MONEY)
            money_print(&b, v->value, w->decimals);
        else if (v->unit == KPI_UNIT_COUNT || v->unit == KPI_UNIT_LENGTH)
            buf_add_format(&b, "%lld", (long long)v->value);
        else
            num_print(&b, v->value);
        if (v->unit == KPI_UNIT_MONEY && !plain)
            buf_add_format(&b, " %.*s", STR_FMT(w->currency));
    } else if (!plain) {
        buf_add(&b, STR("missing"));
    }
    if (!b.failed)
        text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}

str figure_target_text(const struct lifecycle *l, const struct target *t, struct arena *a)
{
    struct buf b = {};
    str text = {};

    for (uint32_t i = 0; i < t->to_n; i++)
        buf_add_format(&b, "%s%.*s", i ? " or " : "to ",
                       STR_FMT(l->stage[t->to[i]].name));
    buf_add(&b, STR(" within "));
    length_print(&b, t->within);
    if (!b.failed)
        text = arena_str(a, buf_str(&b));
    buf_free(&b);
    return text;
}
