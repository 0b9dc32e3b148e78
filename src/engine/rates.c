#include "engine/rates.h"

#include "base/num.h"
#include "engine/model.h"
#include "engine/value.h"

#include <stdlib.h>
#include <string.h>

/* --- in memory --- */

void rates_free(struct rates *r)
{
    mem_free(r->row);
    *r = (struct rates){};
}

static int rate_cmp(const void *a, const void *b)
{
    const struct rate *x = a, *y = b;
    int order = strcmp(x->currency, y->currency);

    if (!order)
        order = (x->day > y->day) - (x->day < y->day);
    return order ? order : (x->told > y->told) - (x->told < y->told);
}

void rates_sort(struct rates *r)
{
    if (r->n)
        qsort(r->row, r->n, sizeof *r->row, rate_cmp);
}

bool rates_append(struct rates *r, const struct rate *rate, struct err *err)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct rate *more = mem_resize(r->row, cap * sizeof *more);

        if (!more)
            return err_nomem(err);
        r->row = more;
        r->cap = cap;
    }
    r->row[r->n++] = *rate;
    return true;
}

/* The last of them up to that day, or NULL. */
static const struct rate *last_up_to(const struct rates *r, str currency, int32_t day)
{
    struct rate wanted = {.day = day, .told = UINT32_MAX};
    size_t low = 0, high = r->n;

    if (currency.n != 3)
        return NULL;
    memcpy(wanted.currency, currency.p, 3);
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (rate_cmp(&r->row[middle], &wanted) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && !strcmp(r->row[low - 1].currency, wanted.currency)
               ? &r->row[low - 1]
               : NULL;
}

const struct rate *rates_find(const struct rates *r, str currency, int32_t day)
{
    const struct rate *found = last_up_to(r, currency, day);

    return found && day - found->day < RATE_DAYS_MAX ? found : NULL;
}

static __int128 power_of_ten(int n)
{
    __int128 power = 1;

    while (n-- > 0)
        power *= 10;
    return power;
}

bool rate_convert(const struct rate *rate, int64_t amount, int from_decimals,
                  int to_decimals, int64_t *out)
{
    __int128 to = amount * power_of_ten(to_decimals), from = power_of_ten(from_decimals),
             half, result;

    if (rate->is_per_own) {
        to *= NUM_ONE;
        from *= rate->value;
    } else {
        to *= rate->value;
        from *= NUM_ONE;
    }
    half = to < 0 ? -(from / 2) : from / 2;
    result = (to + half) / from;
    if (result > INT64_MAX || result < -INT64_MAX)
        return false;
    *out = (int64_t)result;
    return true;
}

bool spend_worth(const struct rates *r, const struct workspace *w,
                 const struct spend_row *spent, int64_t *out)
{
    str currency = {spent->currency, 3};
    const struct rate *rate = rates_find(r, currency, spent->day);

    *out = spent->minor;
    return str_eq(currency, w->currency)
           || (rate && currency_decimals(currency) >= 0
               && rate_convert(rate, spent->minor, currency_decimals(currency),
                               w->decimals, out));
}

/* --- as they are kept --- */

static str take_line(str *rest)
{
    const char *end = memchr(rest->p, '\n', rest->n);
    str line = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

    *rest = str_from(*rest, line.n + (end ? 1 : 0));
    return line;
}

#define VALUE_MAX (1000000 * NUM_ONE)

bool rates_parse(struct rates *r, str currency, str text, struct err *err)
{
    enum { DAY = 10 };

    while (text.n) {
        str line = take_line(&text);
        struct rate rate = {};
        int64_t at_ms;

        if (currency.n != 3 || line.n < DAY + 2 || line.p[DAY] != ' '
            || !moment_parse((str){line.p, DAY}, NULL, &at_ms, err) || at_ms < 0)
            return err_set(err, ERR_CORRUPT, "a rate is none");
        memcpy(rate.currency, currency.p, 3);
        rate.day = (int32_t)(at_ms / MS_DAY);
        line = str_from(line, DAY + 1);
        rate.is_per_own = line.p[0] == '/';
        if (rate.is_per_own)
            line = str_from(line, 1);
        if (!num_parse(line, &rate.value) || rate.value <= 0 || rate.value > VALUE_MAX)
            return err_set(err, ERR_CORRUPT, "a rate is none");
        if (!rates_append(r, &rate, err))
            return false;
    }
    return true;
}

void rates_print(const struct rate *rate, size_t n, struct buf *to)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            buf_add_char(to, '\n');
        value_put_day(to, rate[i].day);
        buf_add(to, rate[i].is_per_own ? STR(" /") : STR(" "));
        num_print(to, rate[i].value);
    }
}

struct loading {
    struct rates *rates;
    struct err err;
    bool ok;
};

/* "USD 2026" */
static bool take(void *context, const struct saved_row *row)
{
    struct loading *l = context;

    if (row->kind == SAVED_RATES)
        l->ok =
            rates_parse(l->rates, (str){row->name.p, row->name.n < 3 ? row->name.n : 3},
                        row->text, &l->err);
    return l->ok;
}

bool rates_load(struct rates *r, const struct engine *e, struct err *err)
{
    struct loading l = {.rates = r, .ok = true};

    if (!snapshot_each_saved(engine_snapshot(e), take, &l, err))
        return false;
    if (!l.ok)
        *err = l.err;
    else
        rates_sort(r);
    return l.ok;
}
