/* lint_order.c - moves that an earlier one with a wider rule leaves nobody for.
 *
 * A rule is taken as its conditions, joined by `and` outside all brackets. An earlier rule is as
 * wide as a later one when each of its conditions follows from one of the later one's: it is the
 * same, or the same comparison with a bound that is passed earlier. */
#include "engine/lint_impl.h"

#include "base/num.h"

#define CONDITIONS_MAX 16u
#define LOOKS_MAX 2000000u /* a model of any size is looked at in time */

struct condition {
    const str *word;
    uint32_t n;
};

/* 0: `or` outside all brackets, or too many. */
static uint32_t conditions_of(const struct words *w, struct condition *out)
{
    uint32_t n = 0, depth = 0, from = 0;

    for (uint32_t i = 0; i <= w->n; i++) {
        if (i < w->n) {
            depth += lint_is(w, i, "(");
            depth -= lint_is(w, i, ")");
            if (depth == 0 && lint_is(w, i, "or"))
                return 0;
        }
        if (i < w->n && !(depth == 0 && lint_is(w, i, "and")))
            continue;
        if (n == CONDITIONS_MAX)
            return 0;
        out[n++] = (struct condition){w->word + from, i - from};
        from = i + 1;
    }
    return n;
}

static bool same_words(const struct condition *a, const struct condition *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!str_eq(a->word[i], b->word[i]))
            return false;
    return true;
}

/* -1, 0 or 1; false: not to be compared. Months and days are not: no number of days is a month. */
static bool compare_bounds(str a, str b, int *order)
{
    struct length x, y;
    int64_t m, n;
    struct err err;

    if (num_parse(a, &m) && num_parse(b, &n)) {
        *order = (m > n) - (m < n);
        return true;
    }
    if (!length_parse(a, &x, &err) || !length_parse(b, &y, &err)
        || (x.months > 0) != (y.months > 0))
        return false;
    m = x.months ? x.months : x.ms;
    n = y.months ? y.months : y.ms;
    *order = (m > n) - (m < n);
    return true;
}

/* Is `wide` true whenever `narrow` is? */
static bool follows(const struct condition *wide, const struct condition *narrow)
{
    str op, other;
    bool up;
    int order;

    if (wide->n != narrow->n || wide->n < 3)
        return wide->n == narrow->n && same_words(wide, narrow, wide->n);
    if (!same_words(wide, narrow, wide->n - 2))
        return false;
    op = wide->word[wide->n - 2];
    other = narrow->word[wide->n - 2];
    if (str_eq(op, other) && str_eq(wide->word[wide->n - 1], narrow->word[wide->n - 1]))
        return true;
    up = str_starts(op, STR(">"));
    if ((!up && !str_starts(op, STR("<"))) || op.p[0] != other.p[0]
        || !compare_bounds(wide->word[wide->n - 1], narrow->word[wide->n - 1], &order))
        return false;
    if (order == 0) /* >= 3 is wider than > 3 */
        return op.n == 2;
    return up ? order < 0 : order > 0;
}

static bool is_as_wide(const struct words *early, const struct words *late)
{
    struct condition wide[CONDITIONS_MAX], narrow[CONDITIONS_MAX];
    uint32_t wide_n = conditions_of(early, wide), narrow_n = conditions_of(late, narrow);

    for (uint32_t i = 0; i < wide_n; i++) {
        uint32_t k = 0;

        while (k < narrow_n && !follows(&wide[i], &narrow[k]))
            k++;
        if (k == narrow_n)
            return false;
    }
    return wide_n > 0 && narrow_n > 0;
}

bool lint_order(struct lint *l, bool *said)
{
    const struct lifecycle *lc = l->lifecycle;
    uint32_t looks = 0;

    for (uint32_t s = 0; s < lc->stage_n; s++)
        for (uint32_t i = 1; i < lc->out_n[s]; i++) {
            uint16_t late = lc->out[s][i];

            for (uint32_t k = 0; k < i && !said[late]; k++) {
                uint16_t early = lc->out[s][k];

                if (looks++ == LOOKS_MAX)
                    return true;
                if (!is_as_wide(&l->way[early], &l->way[late]))
                    continue;
                said[late] = true;
                if (!lint_find(
                        l, lc->way[late].when->line, lc->way[late].when->column,
                        "this move out of \"%.*s\" can never be taken: the one in "
                        "line %d stands before it and is true whenever this one is; "
                        "put this one first",
                        STR_FMT(lc->stage[s].name), lc->way[early].when->line))
                    return false;
            }
        }
    return true;
}
