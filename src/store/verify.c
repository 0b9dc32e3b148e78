#include "store/verify_impl.h"

#include "base/work.h"

#include <stdarg.h>
#include <stdio.h>

/* --- telling --- */

void found(struct verify *v, const char *table, bool in_truth, const char *format, ...)
{
    enum { TEXT_MAX = 1024 };
    char text[TEXT_MAX];
    struct difference d = {.table = table, .in_truth = in_truth};
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d.text = str_of(text);
    pthread_mutex_lock(&v->lock);
    v->report->in_truth |= in_truth;
    if (v->report->differences++ < DIFFERENCES_TOLD && v->o->found)
        v->o->found(v->o->context, &d);
    pthread_mutex_unlock(&v->lock);
}

bool found_err(struct verify *v, const char *table, bool in_truth, const struct err *err)
{
    if (err->code != ERR_CORRUPT)
        return false;
    found(v, table, in_truth, "%s", err->msg);
    return true;
}

void step(struct verify *v, enum verify_step now, uint64_t done, uint64_t all)
{
    enum { WHOLE = 1000 };
    static const uint64_t share[] = {
#define X(name, share) share,
        VERIFY_STEPS(X)
#undef X
    };
    uint64_t so_far = all ? done * share[now] / all : 0;

    if (!v->o->progress)
        return;
    for (int i = 0; i < (int)now; i++)
        so_far += share[i];
    pthread_mutex_lock(&v->lock);
    if (so_far > v->so_far) /* another thread may have been faster */
        v->o->progress(v->o->bar, v->so_far = so_far, WHOLE);
    pthread_mutex_unlock(&v->lock);
}

/* --- threads --- */

void break_off(struct verify *v, const struct err *err)
{
    pthread_mutex_lock(&v->lock);
    v->broken = *err;
    v->log_seq = INT64_MAX;
    v->chunk_next = v->chunk_n;
    pthread_mutex_unlock(&v->lock);
}

struct work {
    struct verify *v;
    void (*run)(struct verify *v);
};

static void run(void *work, [[maybe_unused]] uint32_t i)
{
    const struct work *w = work;

    w->run(w->v);
}

bool in_threads(struct verify *v, void (*work)(struct verify *v), struct err *err)
{
    struct work w = {v, work};

    work_run(v->o->threads, v->o->threads, run, &w);
    *err = v->broken;
    return v->broken.code == ERR_NONE;
}

/* --- news --- */

bool each_news(struct verify *v,
               bool (*each)(void *context, int64_t seq, const struct brought *b,
                            struct err *err),
               void *context, struct err *err)
{
    struct buf bytes = {0};
    struct arena a = {0};
    struct row row = {0};
    bool there = true, ok = true;

    while (ok && there) {
        struct brought b;

        buf_clear(&bytes);
        arena_reset(&a);
        ok = row_get(v->sql, v->sql_lock, SQL_NEWS_AFTER, row.number, 1, &row, &there,
                     err);
        if (!ok || !there)
            break;
        ok = ((row_unpack(&row, NEWS_BYTES_MAX, &bytes, err)
               && news_decode(buf_str(&bytes), v->catalog, &a, &b, err))
              || err_in(err, "table news, row %lld", (long long)row.number[0]))
             && each(context, row.number[0], &b, err);
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    arena_free(&a);
    if (ok)
        return true;
    v->held_unread = v->ids_unread = true;
    return found_err(v, "news", false, err);
}

/* What is in the parts already counts there; of it, only the message id counts here. So it is
 * with what was told again: its id counts where it came first. */
static bool sum_news(void *context, int64_t seq, const struct brought *b, struct err *err)
{
    struct verify *v = context;

    if (seq > v->log_end)
        found(v, "news", true,
              "table news, row %lld: it is of a batch of the log, which is "
              "not there",
              (long long)seq);
    for (uint32_t i = 0; i < b->n; i++) {
        hash128 id = hash128_of(b->fact[i].id);
        bool added;

        if (b->fact[i].is_told)
            continue;
        if (!hash_set_add(&v->news_id, id, &added))
            return err_nomem(err);
        if (!added)
            found(v, "news", false,
                  "table news, row %lld: the message id %.*s is there twice",
                  (long long)seq, STR_FMT(b->fact[i].id));
        sum_add(&v->held_id[id_bucket(id)], id);
    }
    v->report->news += b->n;
    return true;
}

struct holding {
    struct verify *v;
    struct sum *sum;
};

static void sum_fact(void *context, const struct fact *fact)
{
    struct holding *h = context;

    sum_add(h->sum, digest_fact(fact, h->v->catalog));
}

/* The events that are in no part, of all chunks, and of whom the parts hold nothing any more. */
static void sum_held(struct verify *v)
{
    for (uint32_t chunk = 0; chunk < v->chunk_n; chunk++) {
        struct holding h = {v, &v->held_chunk[chunk]};
        struct gone_set gone = {.n = 0};

        news_each(image_get(v->image, chunk)->news, 0, CHUNK_CUSTOMERS, &gone, sum_fact,
                  &h);
    }
}

/* --- what is neither the log nor made from it --- */

static bool count_refused(void *context, [[maybe_unused]] const struct refusal *r)
{
    struct verify *v = context;

    v->report->refused++;
    return true;
}

static bool take_model(void *context, sqlite3_stmt *row, [[maybe_unused]] struct err *err)
{
    struct verify *v = context;

    if (!str_is_utf8(sql_column(row, 2)) || !str_is_utf8(sql_column(row, 3)))
        found(v, "model", true, "table model, version %lld: it is no UTF-8",
              (long long)sqlite3_column_int64(row, 0));
    return true;
}

/* That the rows are whole; what they say is the engine's to prove. */
static bool verify_histories(struct verify *v, struct err *err)
{
    struct buf bytes = {0};
    struct row row = {.number = {INT64_MIN}};
    bool there = true, ok = true;

    while (ok
           && (ok = row_get(v->sql, v->sql_lock, SQL_HISTORY_AFTER, row.number, 1, &row,
                            &there, err))
           && there) {
        buf_clear(&bytes);
        v->report->histories++;
        if (row.number[0] < 0 || row.number[0] >= v->chunk_n) {
            found(v, "history", false, "table history: there is no chunk %lld",
                  (long long)row.number[0]);
        } else if (!row_unpack(&row, HISTORY_BYTES_MAX, &bytes, err)) {
            err_in(err, "table history, chunk %lld", (long long)row.number[0]);
            ok = found_err(v, "history", false, err);
        }
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok || found_err(v, "history", false, err);
}

static bool count_key(void *context, [[maybe_unused]] const struct key_row *k)
{
    struct verify *v = context;

    v->report->keys++;
    return true;
}

static bool count_receipt(void *context, [[maybe_unused]] uint32_t number,
                          [[maybe_unused]] str bytes)
{
    struct verify *v = context;

    v->report->receipts++;
    return true;
}

static bool count_webhook(void *context, [[maybe_unused]] const struct webhook_row *w)
{
    struct verify *v = context;

    v->report->webhooks++;
    return true;
}

static bool count_spend(void *context, [[maybe_unused]] int64_t told_ms,
                        [[maybe_unused]] const struct spend_row *row)
{
    struct verify *v = context;

    v->report->spent++;
    return true;
}

static bool count_saved(void *context, [[maybe_unused]] const struct saved_row *row)
{
    struct verify *v = context;

    v->report->saved++;
    return true;
}

static bool verify_journal(struct verify *v, struct err *err)
{
    int64_t seq = 0, told_ms;
    struct buf lines = {0};
    bool ok;

    while ((ok = lines_after(v->sql, v->sql_lock, SQL_JOURNAL_AFTER, &seq, &told_ms,
                             &lines, err))
           && seq) {
        for (size_t i = 0; i < lines.n; i++)
            v->report->told += lines.p[i] == '\n';
        if (!str_is_utf8(buf_str(&lines)))
            found(v, "journal", true, "table journal, row %lld: it is no UTF-8",
                  (long long)seq);
        buf_clear(&lines);
    }
    buf_free(&lines);
    return ok || found_err(v, "journal", true, err);
}

static bool verify_others(struct verify *v, struct err *err)
{
    struct refused_place first = {.batch = INT64_MIN + 1};

    return (refused_each(v->sql, v->sql_lock, &first, count_refused, v, err)
            || found_err(v, "refused", true, err))
           && (each_row(v->sql, SQL_MODEL_ALL, take_model, v, err)
               || found_err(v, "model", true, err))
           && (keys_each(v->sql, v->sql_lock, count_key, v, err)
               || found_err(v, "key", true, err))
           && (receipts_each(v->sql, v->sql_lock, count_receipt, v, err)
               || found_err(v, "receipt", true, err))
           && (webhooks_each(v->sql, v->sql_lock, count_webhook, v, err)
               || found_err(v, "webhook", true, err))
           && (spend_each(v->sql, v->sql_lock, count_spend, v, err)
               || found_err(v, "spend", true, err))
           && (saved_each(v->sql, v->sql_lock, count_saved, v, err)
               || found_err(v, "saved", true, err))
           && verify_journal(v, err) && verify_histories(v, err);
}

/* --- all of it --- */

static bool make_room(struct verify *v, struct err *err)
{
    v->logged_chunk = mem_alloc(v->chunk_n * sizeof *v->logged_chunk);
    v->held_chunk = mem_alloc(v->chunk_n * sizeof *v->held_chunk);
    v->chunk_unread = mem_alloc(v->chunk_n);
    v->logged_id = mem_alloc(ID_BUCKETS * sizeof *v->logged_id);
    v->held_id = mem_alloc(ID_BUCKETS * sizeof *v->held_id);
    return (v->logged_chunk && v->held_chunk && v->chunk_unread && v->logged_id
            && v->held_id)
           || err_nomem(err);
}

static void count(struct verify *v)
{
    v->report->customers = v->image->customers;
    v->report->chunks = v->chunk_n;
    v->report->parts = v->part_n;
    for (uint32_t i = 0; i < ID_BUCKETS; i++)
        v->report->events += v->logged_id[i].n;
    v->report->events -= v->report->erased;
}

static bool find_log_end(struct verify *v, struct err *err)
{
    return sql_number(v->sql, "select coalesce(max(seq), 0) from log", &v->log_end, err)
           || (v->log_end = INT64_MAX, found_err(v, "log", true, err));
}

static bool verify_all(struct verify *v, struct err *err)
{
    return make_room(v, err) && verify_pages(v, err) && find_log_end(v, err)
           && each_news(v, sum_news, v, err) && (sum_held(v), verify_log(v, err))
           && verify_parts(v, err) && verify_ids(v, err) && verify_others(v, err)
           && (count(v), name_differences(v, err));
}

static void verify_free(struct verify *v)
{
    pthread_mutex_destroy(&v->lock);
    hash_set_free(&v->news_id);
    mem_free(v->logged_chunk);
    mem_free(v->held_chunk);
    mem_free(v->chunk_unread);
    mem_free(v->logged_id);
    mem_free(v->held_id);
    mem_free(v->part);
    mem_free(v->logged_member.pair);
    mem_free(v->customer_first);
    mem_free(v->type_first);
    mem_free(v->column_first);
    mem_free(v->sighting);
    mem_free(v->sighted);
}

static bool verify_open(struct verify *v, struct store *s, struct err *err)
{
    v->sql = &s->sql;
    v->sql_lock = &s->sql_lock;
    v->image = s->image;
    v->catalog = &s->image->catalog;
    v->homes = &s->homes;
    v->chunk_n = chunks_for(catalog_customer_n(v->catalog));
    v->report->opens = true;
    return verify_all(v, err);
}

bool store_verify(struct io *io, str path, const struct verify_options *o,
                  struct verify_report *out, struct err *err)
{
    struct store_options options = {.mode = STORE_READ};
    struct verify v = {.o = o, .report = out};
    struct store *s = NULL;
    struct err why;
    bool ok;

    *out = (struct verify_report){0};
    pthread_mutex_init(&v.lock, NULL);
    if (store_open(io, path, &options, &s, &why))
        ok = verify_open(&v, s, err);
    else
        ok = verify_unopened(&v, path, &why, err);
    verify_free(&v);
    store_close(s);
    return ok;
}
