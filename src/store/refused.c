#include "store/store_impl.h"

#include "base/bytes.h"
#include "base/time.h"
#include "base/zip.h"

#include <assert.h>

/* What was refused stands in batches, as the log does: docs/format.md says how. A batch goes to
 * SQLite as soon as it is full, the last one with the commit. */

/* --- a batch as bytes --- */

static void put_text(struct buf *to, str text)
{
    put(to, text.n);
    buf_add(to, text);
}

/* Its place among the batch's names; a new one is written out behind it. */
static bool put_name(struct refused_batch *b, str name)
{
    uint32_t known = b->names.n, place;

    if (!text_table_add(&b->names, name, &place))
        return false;
    put(&b->rows, place);
    if (place == known)
        put_text(&b->rows, name);
    return true;
}

bool refused_encode(struct refused_batch *b, const struct refusal *r, struct err *err)
{
    bool ok = put_name(b, r->source) && put_name(b, r->reason);

    put(&b->rows, fold((int64_t)(r->line - b->line)));
    put_text(&b->rows, r->text);
    b->line = r->line;
    b->n++;
    return (ok && !b->rows.failed) || err_nomem(err);
}

void refused_end(struct refused_batch *b, int64_t at_ms)
{
    if (at_ms != MOMENT_NEVER)
        put(&b->rows, fold(at_ms));
}

static str get_text(struct in *in, size_t bytes_max)
{
    uint32_t n = get_count(in);
    str text = {(const char *)in->p, n};

    in->p += n;
    if (n > bytes_max)
        spoil(in, "a text is too long");
    return text;
}

static str get_name(struct in *in, str *name, uint32_t *names)
{
    uint64_t place = get_below(in, (uint64_t)*names + 1);

    if (place == *names)
        name[(*names)++] = get_text(in, REFUSED_NAME_MAX);
    return name[place];
}

bool refused_decode(str bytes, uint64_t n, struct arena *a, const struct refusal **out,
                    struct err *err)
{
    struct in in = in_of(bytes);
    struct refusal *r;
    uint32_t names = 0;
    int64_t at_ms = MOMENT_NEVER;
    uint64_t line = 0;
    str *name;

    if (n > left(&in))
        return err_set(err, ERR_CORRUPT, "it has fewer rows than it should");
    r = arena_array(a, struct refusal, n);
    name = arena_array(a, str, 2 * n); /* all that n rows can bring */
    if (!r || !name)
        return err_nomem(err);
    for (uint64_t i = 0; i < n && !in.wrong; i++) {
        r[i].source = get_name(&in, name, &names);
        r[i].reason = get_name(&in, name, &names);
        r[i].line = line += (uint64_t)unfold(get(&in));
        r[i].text = get_text(&in, REFUSED_TEXT_MAX);
    }
    if (!in.wrong && left(&in))
        at_ms = unfold(get(&in));
    for (uint64_t i = 0; i < n; i++)
        r[i].at_ms = at_ms;
    *out = r;
    return in_end(&in, err);
}

void refused_batch_free(struct refused_batch *b)
{
    text_table_free(&b->names);
    buf_free(&b->rows);
    *b = (struct refused_batch){0};
}

/* --- reading --- */

struct refused_walk {
    struct refused_place *at;
    bool (*each)(void *context, const struct refusal *r);
    void *context;
    struct arena arena;
    struct buf bytes;
    bool stopped;
};

static bool walk_batch(struct refused_walk *w, const struct row *row, struct err *err)
{
    uint64_t n = (uint64_t)row->number[1];
    const struct refusal *r;

    buf_clear(&w->bytes);
    arena_reset(&w->arena);
    if (!row_unpack(row, REFUSED_BATCH_MAX, &w->bytes, err)
        || !refused_decode(buf_str(&w->bytes), n, &w->arena, &r, err))
        return err_in(err, "table refused, batch %lld", (long long)row->number[0]);
    if (w->at->batch != row->number[0])
        *w->at = (struct refused_place){row->number[0], 0};
    while (w->at->row < n && !w->stopped)
        w->stopped = !w->each(w->context, &r[w->at->row++]);
    return true;
}

bool refused_each(struct sql *sql, pthread_mutex_t *lock, struct refused_place *at,
                  bool (*each)(void *context, const struct refusal *r), void *context,
                  struct err *err)
{
    struct refused_walk w = {.at = at, .each = each, .context = context};
    struct row row = {.number = {at->batch - 1}};
    bool there, ok;

    while ((ok = row_get(sql, lock, SQL_REFUSED_AFTER, row.number, 1, &row, &there, err))
           && there && !w.stopped) {
        ok = walk_batch(&w, &row, err);
        if (!ok)
            break;
    }
    buf_free(&row.packed);
    arena_free(&w.arena);
    buf_free(&w.bytes);
    return ok;
}

/* --- writing --- */

/* The first bytes, but no half character. */
static str cut(str text, size_t bytes_max)
{
    bool is_text = str_is_utf8(text);

    if (text.n <= bytes_max)
        return text;
    text.n = bytes_max;
    while (is_text && text.n && (text.p[text.n] & 0xc0) == 0x80)
        text.n--;
    return text;
}

/* *added is false when it was known already. False: out of memory. */
static bool know(struct refused_known *known, const struct refusal *r, bool *added)
{
    struct buf *key = &known->key;

    buf_clear(key);
    put_text(key, r->source);
    put_text(key, r->reason);
    put(key, r->line);
    buf_add(key, r->text);
    return !key->failed && hash_set_add(&known->set, hash128_of(buf_str(key)), added);
}

static bool learn(void *context, const struct refusal *r)
{
    struct refused_known *known = context;
    bool added;

    known->is_whole = know(known, r, &added);
    return known->is_whole;
}

/* What the file holds, when the first refusal comes. */
static bool learn_all(struct store *s, struct err *err)
{
    struct refused_known *known = &s->refused;
    struct refused_place at = {0};

    if (known->is_whole)
        return true;
    known->is_whole = true;
    if (!refused_each(&s->sql, &s->sql_lock, &at, learn, known, err)) {
        refused_forget(known);
        return false;
    }
    return known->is_whole || err_nomem(err);
}

void refused_forget(struct refused_known *known)
{
    hash_set_free(&known->set);
    buf_free(&known->key);
    *known = (struct refused_known){0};
}

bool refused_write(struct store *s, struct err *err)
{
    struct refused_batch *b = &s->tx.refused;
    struct buf packed = {0};
    sqlite3_stmt *add;
    bool ok;

    if (!b->n)
        return true;
    refused_end(b, s->tx.now_ms);
    ok = (!b->rows.failed || err_nomem(err))
         && sql_get(&s->sql, SQL_REFUSED_ADD, &add, err)
         && zip_pack(buf_str(&b->rows), PACK_LEVEL, &packed, err)
         && sql_run(&s->sql, add,
                    sql_bind(add, 1, b->n) | row_pack(add, 2, buf_str(&packed)), err);
    buf_free(&packed);
    if (ok)
        s->tx.image->refused += b->n;
    refused_batch_free(b);
    return ok;
}

static bool add(struct store *s, const struct refusal *r, struct err *err)
{
    struct refused_batch *b = &s->tx.refused;
    bool is_new;

    if (!learn_all(s, err))
        return false;
    if (!know(&s->refused, r, &is_new))
        return err_nomem(err);
    return !is_new
           || (refused_encode(b, r, err)
               && (b->rows.n < REFUSED_BATCH_BYTES || refused_write(s, err)));
}

bool store_refuse(struct store *s, const struct refusal *r, struct err *err)
{
    struct refusal kept = {cut(r->source, REFUSED_NAME_MAX), r->line,
                           cut(r->reason, REFUSED_NAME_MAX),
                           cut(r->text, REFUSED_TEXT_MAX)};

    assert(s->tx.open);
    if (add(s, &kept, err))
        return true;
    s->tx.broken = *err; /* it can only be cancelled from here on */
    return false;
}

/* --- taking away --- */

static bool put_batch(struct store *s, int64_t seq, const struct refused_batch *b,
                      struct err *err)
{
    struct buf packed = {0};
    sqlite3_stmt *put;
    bool ok;

    if (!b->n)
        return sql_get(&s->sql, SQL_REFUSED_DROP, &put, err)
               && sql_run(&s->sql, put, sql_bind(put, 1, seq), err);
    ok = sql_get(&s->sql, SQL_REFUSED_PUT, &put, err)
         && zip_pack(buf_str(&b->rows), PACK_LEVEL, &packed, err)
         && sql_run(&s->sql, put,
                    sql_bind(put, 1, b->n) | row_pack(put, 2, buf_str(&packed))
                        | sql_bind(put, 5, seq),
                    err);
    buf_free(&packed);
    return ok;
}

struct thinning {
    struct store *store;
    bool (*is_gone)(void *context, const struct refusal *r);
    void *context;
    struct arena arena;
    struct buf bytes;
};

static bool thin_batch(struct thinning *t, const struct row *row, struct err *err)
{
    uint64_t n = (uint64_t)row->number[1];
    struct refused_batch kept = {0};
    const struct refusal *r;
    bool ok;

    buf_clear(&t->bytes);
    arena_reset(&t->arena);
    if (!row_unpack(row, REFUSED_BATCH_MAX, &t->bytes, err)
        || !refused_decode(buf_str(&t->bytes), n, &t->arena, &r, err))
        return err_in(err, "table refused, batch %lld", (long long)row->number[0]);
    ok = true;
    for (uint64_t i = 0; ok && i < n; i++)
        ok = t->is_gone(t->context, &r[i]) || refused_encode(&kept, &r[i], err);
    if (ok && kept.n && kept.n < n) {
        refused_end(&kept, r->at_ms);
        ok = !kept.rows.failed || err_nomem(err);
    }
    if (ok && kept.n < n) {
        t->store->tx.image->refused -= n - kept.n;
        ok = put_batch(t->store, row->number[0], &kept, err);
    }
    refused_batch_free(&kept);
    return ok;
}

bool store_unrefuse(struct store *s,
                    bool (*is_gone)(void *context, const struct refusal *r),
                    void *context, struct err *err)
{
    struct thinning t = {s, is_gone, context, {0}, {0}};
    struct row row = {.number = {INT64_MIN}};
    bool there, ok;

    assert(s->tx.open && !s->tx.refused.n);
    while ((ok = row_get(&s->sql, &s->sql_lock, SQL_REFUSED_AFTER, row.number, 1, &row,
                         &there, err))
           && there && (ok = thin_batch(&t, &row, err)))
        ;
    refused_forget(&s->refused);
    buf_free(&row.packed);
    arena_free(&t.arena);
    buf_free(&t.bytes);
    if (!ok)
        s->tx.broken = *err; /* it can only be cancelled from here on */
    return ok;
}
