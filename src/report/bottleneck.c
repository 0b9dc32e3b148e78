#include "report/bottleneck.h"

static const char *const reason_name[] = {
#define X(name, text) text,
    BOTTLENECK_REASONS(X)
#undef X
};

str bottleneck_reason_name(enum bottleneck_reason r)
{
    return str_of(reason_name[r]);
}

static bool is_asked(const struct bottleneck_stage *s)
{
    return s->is_on_way && s->gone.n > 0;
}

/* a's share is less than b's. */
static bool is_less(struct share a, struct share b)
{
    return (unsigned __int128)a.hits * b.n < (unsigned __int128)b.hits * a.n;
}

/* a's time is longer than b's: a median that is not reached is the longest. */
static bool is_longer(const struct bottleneck_stage *a, const struct bottleneck_stage *b)
{
    return b->median_ms >= 0 && (a->median_ms < 0 || a->median_ms > b->median_ms);
}

typedef bool is_worse(const struct bottleneck_stage *a, const struct bottleneck_stage *b);

static bool has_less(const struct bottleneck_stage *a, const struct bottleneck_stage *b)
{
    return is_less(a->gone, b->gone);
}

/* How many stages are asked, and the worst of them. */
static uint32_t find_worst(const struct bottleneck_stage *s, uint32_t n, is_worse *worse,
                           struct bottleneck *out)
{
    uint32_t asked = 0;

    *out = (struct bottleneck){BOTTLENECK_NOBODY, BOTTLENECK_NONE, BOTTLENECK_NONE};
    for (uint32_t i = 0; i < n; i++)
        if (is_asked(&s[i])) {
            if (!asked++ || worse(&s[i], &s[out->stage]))
                out->stage = i;
        }
    if (asked)
        out->reason = asked == 1 ? BOTTLENECK_ALONE : BOTTLENECK_FOUND;
    return asked;
}

/* The one that speaks most against it is named. */
static void is_like(struct bottleneck *b, enum bottleneck_reason reason, uint32_t stage)
{
    b->reason = reason;
    b->like = stage;
}

struct bottleneck bottleneck_by_share(const struct bottleneck_stage *s, uint32_t n)
{
    struct bottleneck b;
    uint32_t asked = find_worst(s, n, has_less, &b);
    double least = 0;

    if (b.reason != BOTTLENECK_FOUND)
        return b;
    for (uint32_t i = 0; i < n; i++) {
        double low, high;

        if (i == b.stage || !is_asked(&s[i]))
            continue;
        share_difference_sure(s[i].gone, s[b.stage].gone, 1 - 0.05 / asked, &low, &high);
        if (low <= 0 && (b.like == BOTTLENECK_NONE || low < least)) {
            is_like(&b, BOTTLENECK_CHANCE, i);
            least = low;
        }
    }
    return b;
}

/* Where the band never comes down to one half, the median is beyond what was looked at. */
static int64_t low_of(const struct bottleneck_stage *s)
{
    return s->low_ms < 0 ? s->longest_ms : s->low_ms;
}

struct bottleneck bottleneck_by_time(const struct bottleneck_stage *s, uint32_t n)
{
    struct bottleneck b;

    find_worst(s, n, is_longer, &b);
    if (b.reason != BOTTLENECK_FOUND)
        return b;
    for (uint32_t i = 0; i < n; i++) {
        if (!is_asked(&s[i]))
            continue;
        if (!s[i].gone.hits || (i != b.stage && s[i].high_ms < 0)) {
            is_like(&b, BOTTLENECK_UNKNOWN, i);
            return b;
        }
        if (i != b.stage && b.like == BOTTLENECK_NONE
            && s[i].high_ms >= low_of(&s[b.stage]))
            is_like(&b, BOTTLENECK_CHANCE, i);
    }
    return b;
}
