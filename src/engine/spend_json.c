#include "engine/engine_impl.h"
#include "engine/spend.h"

#include "base/num.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void put_count(struct json_out *j, const char *key, uint64_t n)
{
    json_key(j, key);
    json_put_int(j, (int64_t)n);
}

void spend_report_put_json(struct json_out *j, const struct spend_report *r)
{
    json_begin_object(j);
    put_count(j, "lines", r->lines);
    put_count(j, "refused_lines", r->refused_lines);
    put_count(j, "added", r->added);
    put_count(j, "changed", r->changed);
    put_count(j, "known", r->known);
    put_count(j, "unknown_channel", r->unknown_channel);
    if (r->unknown_channel) {
        json_key(j, "first_unknown");
        json_put_text(j, r->first_unknown);
    }
    json_key(j, "refused");
    json_begin_list(j);
    for (uint32_t i = 0; i < r->refused_n; i++) {
        json_begin_object(j);
        json_key(j, "reason");
        json_put_text(j, str_of(r->refused[i].reason));
        put_count(j, "lines", r->refused[i].lines);
        put_count(j, "first_line", r->refused[i].first_line);
        json_end_object(j);
    }
    json_end_list(j);
    json_end_object(j);
}

/* --- what stands --- */

struct total {
    struct spend_row row; /* its .minor is the sum */
    int32_t first, last;
    uint32_t n;
};

static int by_name(const struct spend_row *a, const struct spend_row *b)
{
    int way = memcmp(a->currency, b->currency, 3);

    way = way ? way : str_cmp(a->channel, b->channel);
    way = way ? way : str_cmp(a->campaign, b->campaign);
    return way ? way : str_cmp(a->source, b->source);
}

static int by_day(const void *a, const void *b)
{
    const struct spend_row *one = a, *other = b;

    return one->day != other->day ? (one->day < other->day ? 1 : -1)
                                  : by_name(one, other);
}

static int by_channel(const void *a, const void *b)
{
    const struct spend_row *one = a, *other = b;
    int way = memcmp(one->currency, other->currency, 3);

    return way ? way : str_cmp(one->channel, other->channel);
}

static int by_sum(const void *a, const void *b)
{
    const struct total *one = a, *other = b;

    return one->row.minor != other->row.minor
               ? (one->row.minor < other->row.minor ? 1 : -1)
               : by_channel(&one->row, &other->row);
}

static bool add(struct total *t, const struct spend_row *row, struct err *err)
{
    if (!t->n)
        *t = (struct total){*row, row->day, row->day, 1};
    else if (!num_add(t->row.minor, row->minor, &t->row.minor))
        return err_set(err, ERR_LIMIT, "the costs of \"%.*s\" are too large a sum",
                       STR_FMT(row->channel));
    else
        t->n++;
    t->first = row->day < t->first ? row->day : t->first;
    t->last = row->day > t->last ? row->day : t->last;
    return true;
}

static void put_day(struct json_out *j, const char *key, int32_t day)
{
    struct civil c = civil_of((int64_t)day * MS_DAY);
    char text[16];
    int n = snprintf(text, sizeof text, "%04d-%02d-%02d", c.year, c.month, c.day);

    json_key(j, key);
    json_put_text(j, (str){text, (size_t)n});
}

static void put_text(struct json_out *j, const char *key, str text)
{
    json_key(j, key);
    if (text.n)
        json_put_text(j, text);
    else
        json_put_null(j);
}

static void put_money(struct json_out *j, const struct spend_row *row)
{
    int decimals = currency_decimals((str){row->currency, 3});

    json_key(j, "amount");
    json_put_money(j, row->minor, decimals < 0 ? 0 : decimals);
    json_key(j, "currency");
    json_put_text(j, (str){row->currency, 3});
}

static bool put_channels(struct json_out *j, struct spend_row *row, uint32_t n,
                         struct arena *a, struct err *err)
{
    struct total *total;
    uint32_t total_n = 0;

    qsort(row, n, sizeof *row, by_channel);
    for (uint32_t i = 0; i < n; i++)
        total_n += i == 0 || by_channel(&row[i - 1], &row[i]) != 0;
    total = arena_array(a, struct total, (size_t)total_n + 1);
    if (!total)
        return err_nomem(err);
    total_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        total_n += i == 0 || by_channel(&row[i - 1], &row[i]) != 0;
        if (!add(&total[total_n - 1], &row[i], err))
            return false;
    }
    qsort(total, total_n, sizeof *total, by_sum);
    json_begin_list(j);
    for (uint32_t i = 0; i < total_n; i++) {
        json_begin_object(j);
        put_text(j, "channel", total[i].row.channel);
        put_money(j, &total[i].row);
        put_count(j, "statements", total[i].n);
        put_day(j, "first", total[i].first);
        put_day(j, "last", total[i].last);
        json_end_object(j);
    }
    json_end_list(j);
    return true;
}

static void put_rows(struct json_out *j, const struct spend_row *row, uint32_t n)
{
    json_begin_list(j);
    for (uint32_t i = 0; i < n; i++) {
        json_begin_object(j);
        put_day(j, "date", row[i].day);
        put_text(j, "channel", row[i].channel);
        put_text(j, "campaign", row[i].campaign);
        put_money(j, &row[i]);
        put_text(j, "source", row[i].source);
        json_end_object(j);
    }
    json_end_list(j);
}

static bool find_day(str date, int32_t *day, struct err *err)
{
    int64_t at_ms = 0;

    if (date.n && (!moment_parse(date, NULL, &at_ms, err) || at_ms % MS_DAY))
        return err_set(err, ERR_INPUT, "date is a day, such as 2026-01-31");
    *day = (int32_t)(at_ms / MS_DAY);
    return true;
}

/* Puts those that are asked for first; how many they are. */
static uint32_t choose(struct spend_row *row, uint32_t n, const struct spend_list *list,
                       int32_t day)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < n; i++)
        if ((!list->date.n || row[i].day == day)
            && (!list->channel.n || str_eq(row[i].channel, list->channel))
            && (!list->campaign.n || str_eq(row[i].campaign, list->campaign)))
            row[kept++] = row[i];
    return kept;
}

static bool put_book(struct json_out *j, const struct spend_book *book,
                     const struct spend_list *list, struct arena *a, struct err *err)
{
    uint32_t all = book->key.n, first, behind;
    int32_t day;
    struct spend_row *row = arena_array(a, struct spend_row, (size_t)all + 1);

    if (!row)
        return err_nomem(err);
    if (!find_day(list->date, &day, err))
        return false;
    for (uint32_t i = 0; i < all; i++)
        row[i] = spend_book_row(book, i);
    json_begin_object(j);
    put_count(j, "statements", all);
    json_key(j, "channels");
    if (!put_channels(j, row, all, a, err))
        return false;
    all = choose(row, all, list, day);
    qsort(row, all, sizeof *row, by_day);
    first = list->first < all ? list->first : all;
    behind = all - first < list->n ? all : first + list->n;
    json_key(j, "days");
    put_rows(j, row + first, behind - first);
    json_key(j, "next");
    if (behind < all)
        json_put_int(j, behind);
    else
        json_put_null(j);
    json_end_object(j);
    return true;
}

bool spend_put_json(struct json_out *j, struct engine *e, const struct spend_list *list,
                    struct arena *a, struct err *err)
{
    struct spend_book book = {};
    bool ok = spend_book_load(&book, e, err) && put_book(j, &book, list, a, err);

    spend_book_free(&book);
    return ok;
}
