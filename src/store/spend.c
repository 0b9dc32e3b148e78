#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/zip.h"

#include <assert.h>
#include <string.h>

/* --- a row's bytes --- */

enum { TEXTS = 4 }; /* of each: currency, source, channel, campaign */

static void put_all_texts(const struct spend_row *row, uint32_t n, struct buf *to)
{
    str *text = mem_alloc((size_t)n * TEXTS * sizeof *text), *next = text;

    to->failed |= !text;
    for (uint32_t i = 0; text && i < n; i++) {
        *next++ = str_of(row[i].currency);
        *next++ = row[i].source;
        *next++ = row[i].channel;
        *next++ = row[i].campaign;
    }
    if (text)
        put_texts(to, text, n * TEXTS);
    mem_free(text);
}

void spend_encode(const struct spend_row *row, uint32_t n, struct buf *to)
{
    int32_t day = 0;

    put(to, n);
    for (uint32_t i = 0; i < n; i++) {
        put(to, fold(row[i].day - day));
        day = row[i].day;
    }
    for (uint32_t i = 0; i < n; i++)
        put(to, fold(row[i].minor));
    put_all_texts(row, n, to);
}

static bool is_currency(str code)
{
    for (size_t i = 0; i < code.n; i++)
        if (code.p[i] < 'A' || code.p[i] > 'Z')
            return false;
    return code.n == 3;
}

bool spend_name_is_valid(str name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f)
            return false;
    return name.n <= SPEND_NAME_MAX && str_is_utf8(name);
}

static void take_texts(struct in *in, const str text[TEXTS], struct spend_row *row)
{
    if (!is_currency(text[0]))
        spoil(in, "a currency is none");
    else
        memcpy(row->currency, text[0].p, 3);
    row->source = text[1];
    row->channel = text[2];
    row->campaign = text[3];
    if (!row->channel.n)
        spoil(in, "a channel is missing");
    for (int i = 1; i < TEXTS; i++)
        if (!spend_name_is_valid(text[i]))
            spoil(in, "a name is none");
}

bool spend_decode(str bytes, struct arena *a, const struct spend_row **out, uint32_t *n,
                  struct err *err)
{
    struct in in = in_of(bytes);
    struct spend_row *row;
    int64_t day = 0;
    str *text;

    *n = get_count(&in);
    if (!in.wrong && (!*n || *n > SPEND_ROWS_MAX))
        spoil(&in, "its number of rows is wrong");
    if (in.wrong)
        return in_end(&in, err);
    row = arena_array(a, struct spend_row, *n);
    text = arena_array(a, str, (size_t)*n * TEXTS);
    if (!row || !text)
        return err_nomem(err);
    for (uint32_t i = 0; i < *n && !in.wrong; i++) {
        int64_t step = unfold(get_below(&in, 2 * SPEND_DAYS));

        day += step;
        if (day < 0 || day >= SPEND_DAYS)
            spoil(&in, "a day is out of its range");
        row[i].day = (int32_t)day;
    }
    for (uint32_t i = 0; i < *n; i++)
        row[i].minor = unfold(get(&in));
    if (!get_texts(&in, a, text, *n * TEXTS, err))
        return false;
    for (uint32_t i = 0; i < *n && !in.wrong; i++)
        take_texts(&in, text + (size_t)i * TEXTS, &row[i]);
    *out = row;
    return in_end(&in, err);
}

/* --- in the file --- */

bool store_spend_add(struct store *s, int64_t told_ms, const struct spend_row *row,
                     uint32_t n, struct err *err)
{
    struct buf bytes = {0}, packed = {0};
    sqlite3_stmt *add;
    bool ok;

    assert(s->tx.open && n && n <= SPEND_ROWS_MAX);
    spend_encode(row, n, &bytes);
    ok = (!bytes.failed || err_nomem(err))
         && zip_pack(buf_str(&bytes), PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_SPEND_ADD, &add, err)
         && sql_run(&s->sql, add,
                    sql_bind(add, 1, told_ms) | row_pack(add, 2, buf_str(&packed)), err);
    buf_free(&bytes);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool spend_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, int64_t told_ms, const struct spend_row *row),
                void *context, struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    struct arena a = {0};
    bool there = true, more = true, ok = true;

    while (ok && more
           && (ok = row_get(sql, lock, SQL_SPEND_AFTER, row.number, 1, &row, &there, err))
           && there) {
        const struct spend_row *spent;
        uint32_t n = 0;

        buf_clear(&bytes);
        arena_reset(&a);
        ok = (row_unpack(&row, SPEND_BYTES_MAX, &bytes, err)
              && spend_decode(buf_str(&bytes), &a, &spent, &n, err))
             || err_in(err, "table spend, row %lld", (long long)row.number[0]);
        for (uint32_t i = 0; ok && more && i < n; i++)
            more = each(context, row.number[1], &spent[i]);
    }
    arena_free(&a);
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_spend(struct snapshot *v,
                         bool (*each)(void *context, int64_t told_ms,
                                      const struct spend_row *row),
                         void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return spend_each(sql, lock, each, context, err);
}
