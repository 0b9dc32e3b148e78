#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/time.h"
#include "base/zip.h"

#include <assert.h>
#include <string.h>

/* --- a row's bytes --- */

static void put_moment(struct buf *to, int64_t at_ms)
{
    put(to, at_ms == MOMENT_NEVER ? 0 : fold(at_ms) + 1);
}

static void put_place(struct buf *to, struct webhook_place place)
{
    put(to, (uint64_t)place.seq);
    put(to, place.line);
}

void webhook_encode(const struct webhook_row *w, struct buf *to)
{
    put(to, w->state);
    put(to, w->what);
    put(to, w->allows);
    buf_add(to, (str){(const char *)w->secret, sizeof w->secret});
    put_moment(to, w->made_ms);
    put_place(to, w->event);
    put_place(to, w->move);
    put_moment(to, w->failing_ms);
    put_moment(to, w->last_ms);
    put(to, w->last_status);
    put(to, w->type_n);
    put(to, w->stage_n);
    put(to, w->segment_n);
    put_texts(to, (const str[]){w->name, w->url}, 2);
    put_texts(to, w->type, w->type_n);
    put_texts(to, w->stage, w->stage_n);
    put_texts(to, w->segment, w->segment_n);
}

static int64_t get_moment(struct in *in)
{
    uint64_t number = get(in);
    int64_t at_ms = number ? unfold(number - 1) : MOMENT_NEVER;

    if (!number || (at_ms >= MOMENT_MIN && at_ms <= MOMENT_MAX))
        return at_ms;
    spoil(in, "a moment is out of its range");
    return MOMENT_NEVER;
}

static struct webhook_place get_place(struct in *in)
{
    int64_t seq = (int64_t)get_below(in, INT64_MAX);

    return (struct webhook_place){seq, (uint32_t)get_below(in, UINT32_MAX)};
}

static void get_secret(struct in *in, struct webhook_row *out)
{
    if (left(in) < sizeof out->secret) {
        spoil(in, "it is too short");
        return;
    }
    memcpy(out->secret, in->p, sizeof out->secret);
    in->p += sizeof out->secret;
}

static bool get_list(struct in *in, struct arena *a, uint32_t n, const str **out,
                     struct err *err)
{
    str *list = arena_array(a, str, n);

    *out = list;
    return (list || !n || err_nomem(err)) && get_texts(in, a, list, n, err);
}

bool webhook_decode(str bytes, struct arena *a, struct webhook_row *out, struct err *err)
{
    struct in in = in_of(bytes);
    str named[2] = {{NULL, 0}, {NULL, 0}};

    *out = (struct webhook_row){.number = out->number};
    out->state = (enum webhook_state)get_below(&in, WEBHOOK_GONE + 1);
    out->what = (uint32_t)get_below(&in, WEBHOOK_ALL + 1);
    out->allows = (uint32_t)get_below(&in, WEBHOOK_PLAIN_HTTP + WEBHOOK_PRIVATE_HOST + 1);
    get_secret(&in, out);
    out->made_ms = get_moment(&in);
    out->event = get_place(&in);
    out->move = get_place(&in);
    out->failing_ms = get_moment(&in);
    out->last_ms = get_moment(&in);
    out->last_status = (uint32_t)get_below(&in, 1000);
    out->type_n = (uint32_t)get_below(&in, WEBHOOK_FILTERS_MAX + 1);
    out->stage_n = (uint32_t)get_below(&in, WEBHOOK_FILTERS_MAX + 1);
    out->segment_n = (uint32_t)get_below(&in, WEBHOOK_FILTERS_MAX + 1);
    if (!get_texts(&in, a, named, 2, err)
        || !get_list(&in, a, out->type_n, &out->type, err)
        || !get_list(&in, a, out->stage_n, &out->stage, err)
        || !get_list(&in, a, out->segment_n, &out->segment, err))
        return false;
    out->name = named[0];
    out->url = named[1];
    if (!out->name.n || out->name.n > WEBHOOK_NAME_MAX || !out->url.n
        || out->url.n > WEBHOOK_URL_MAX)
        spoil(&in, "its name or its URL is none");
    return in_end(&in, err);
}

/* --- in the file --- */

bool store_webhook_put(struct store *s, const struct webhook_row *w, struct err *err)
{
    struct buf bytes = {0}, packed = {0};
    sqlite3_stmt *put_row;
    bool ok;

    assert(s->tx.open);
    webhook_encode(w, &bytes);
    ok = (!bytes.failed || err_nomem(err))
         && zip_pack(buf_str(&bytes), PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_WEBHOOK_PUT, &put_row, err)
         && sql_run(&s->sql, put_row,
                    sql_bind(put_row, 1, w->number)
                        | row_pack(put_row, 2, buf_str(&packed)),
                    err);
    buf_free(&bytes);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool store_webhook_drop(struct store *s, uint32_t number, struct err *err)
{
    sqlite3_stmt *drop;

    assert(s->tx.open);
    return (sql_get(&s->sql, SQL_WEBHOOK_DROP, &drop, err)
            && sql_run(&s->sql, drop, sql_bind(drop, 1, number), err))
           || transaction_spoil(&s->tx, err);
}

bool webhooks_each(struct sql *sql, pthread_mutex_t *lock,
                   bool (*each)(void *context, const struct webhook_row *w),
                   void *context, struct err *err)
{
    struct row row = {.number = {0}};
    struct buf bytes = {0};
    struct arena a = {0};
    bool there = true, more = true, ok = true;

    while (
        ok && more
        && (ok = row_get(sql, lock, SQL_WEBHOOK_AFTER, row.number, 1, &row, &there, err))
        && there) {
        struct webhook_row w = {.number = (uint32_t)row.number[0]};

        buf_clear(&bytes);
        arena_reset(&a);
        ok = ((row.number[0] <= UINT32_MAX
               || err_set(err, ERR_CORRUPT, "its number is wrong"))
              && row_unpack(&row, WEBHOOK_BYTES_MAX, &bytes, err)
              && webhook_decode(buf_str(&bytes), &a, &w, err))
             || err_in(err, "table webhook, row %lld", (long long)row.number[0]);
        more = ok && each(context, &w);
    }
    arena_free(&a);
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_webhook(struct snapshot *v,
                           bool (*each)(void *context, const struct webhook_row *w),
                           void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return webhooks_each(sql, lock, each, context, err);
}
