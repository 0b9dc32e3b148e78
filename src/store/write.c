#include "store/store_impl.h"

#include "base/zip.h"

#include <assert.h>
#include <string.h>

/* A transaction gathers facts and packed batches of the log in memory; what was refused goes to
 * SQLite a batch at a time. The commit merges the facts into new chunks beside the old ones, writes all of it,
 * and exchanges the chunks when SQLite says that it is on disk. Whatever fails before, the old
 * chunks were not touched and the catalog goes back to its mark. */

/* --- beginning and ending --- */

/* Message ids of what the file holds. */
static bool learn_ids(struct store *s, struct err *err)
{
    for (uint32_t i = 0; i < store_chunk_count(s); i++) {
        struct arena a = {0};
        const struct chunk *c;
        const str *id;
        bool ok = store_chunk(s, i, &c, err) && chunk_read_ids(c, &a, &id, err), added;

        for (uint32_t k = 0; ok && k < c->event_n; k++)
            ok = hash_set_add(&s->ids, hash128_of(id[k]), &added) || err_nomem(err);
        arena_free(&a);
        if (!ok)
            return false;
    }
    s->ids_known = true;
    return true;
}

static void forget_ids(struct store *s)
{
    hash_set_free(&s->ids);
    s->ids_known = false;
}

static void transaction_end(struct transaction *tx)
{
    arena_free(&tx->arena);
    mem_free(tx->fact);
    buf_free(&tx->lines);
    refused_batch_free(&tx->refused);
    *tx = (struct transaction){0};
}

/* After some failures SQLite has rolled back already. */
static bool roll_back(struct store *s, struct err *err)
{
    sqlite3_stmt *rollback;

    return sqlite3_get_autocommit(s->sql.db)
           || (sql_get(&s->sql, SQL_ROLLBACK, &rollback, err)
               && sql_run(&s->sql, rollback, SQLITE_OK, err));
}

/* The statement that rolls back is there before it is needed: when memory runs out, say. */
static bool begin(struct store *s, struct err *err)
{
    sqlite3_stmt *begin_statement, *rollback;

    return sql_get(&s->sql, SQL_ROLLBACK, &rollback, err) && roll_back(s, err)
           && sql_get(&s->sql, SQL_BEGIN, &begin_statement, err)
           && sql_run(&s->sql, begin_statement, SQLITE_OK, err);
}

bool store_begin(struct store *s, struct err *err)
{

    assert(s->mode == STORE_WRITE && !s->tx.open);
    if (!s->ids_known && !learn_ids(s, err)) {
        forget_ids(s);
        return false;
    }
    s->tx.mark = catalog_mark(&s->catalog);
    if (!begin(s, err)) {
        transaction_end(&s->tx);
        return false;
    }
    s->tx.last = &s->tx.batch;
    s->tx.open = true;
    return true;
}

void store_cancel(struct store *s)
{
    struct err unheard;

    if (!s->tx.open)
        return;
    roll_back(s, &unheard); /* when it fails, the next begin tries again */
    catalog_return(&s->catalog, &s->tx.mark);
    forget_ids(s);
    refused_forget(&s->refused);
    transaction_end(&s->tx);
}

/* --- appending --- */

static bool pack_batch(struct transaction *tx, struct err *err)
{
    struct buf packed = {0};
    struct batch *batch;
    bool ok;

    if (!tx->lines.n)
        return true;
    batch = arena_new(&tx->arena, struct batch);
    ok = batch ? zip_pack(buf_str(&tx->lines), LOG_PACK_LEVEL, &packed, err)
               : err_nomem(err);
    if (ok) {
        batch->packed = arena_str(&tx->arena, buf_str(&packed));
        ok = batch->packed.p || err_nomem(err);
    }
    buf_free(&packed);
    if (!ok)
        return false;
    *tx->last = batch;
    tx->last = &batch->next;
    buf_clear(&tx->lines);
    return true;
}

static bool add_line(struct transaction *tx, str json, struct err *err)
{
    buf_add(&tx->lines, json);
    buf_add_char(&tx->lines, '\n');
    if (tx->lines.failed)
        return err_nomem(err);
    return tx->lines.n < LOG_BATCH_BYTES || pack_batch(tx, err);
}

static bool add_fact(struct store *s, const struct event *e, struct err *err)
{
    struct transaction *tx = &s->tx;

    if (tx->fact_n == tx->fact_cap) {
        size_t cap = tx->fact_cap ? tx->fact_cap * 2 : 64;
        struct fact *grown = mem_resize(tx->fact, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        tx->fact = grown;
        tx->fact_cap = cap;
    }
    if (!fact_of(&s->catalog, e, &tx->arena, &tx->fact[tx->fact_n], err))
        return false;
    tx->fact_n++;
    return true;
}

static bool id_check(str id, const char *what, struct err *err)
{
    if (!id.n)
        return err_set(err, ERR_INPUT, "it has no %s", what);
    return (id.n <= EVENT_NAME_MAX && str_is_utf8(id))
           || err_set(err, ERR_INPUT, "its %s is no text of at most %u bytes", what,
                      EVENT_NAME_MAX);
}

static bool append_check(const struct event *e, str json, struct err *err)
{
    if (!id_check(e->id, "messageId", err) || !id_check(e->customer, "customer", err)
        || !id_check(e->type, "type", err))
        return false;
    if (json.n > LOG_LINE_MAX)
        return err_set(err, ERR_LIMIT, "its JSON is longer than %zu bytes", LOG_LINE_MAX);
    return (json.n && !memchr(json.p, '\n', json.n))
           || err_set(err, ERR_INPUT, "its JSON is not on one line");
}

/* The transaction can only be cancelled from here on. */
static bool spoil(struct transaction *tx, const struct err *err)
{
    tx->broken = *err;
    return false;
}

bool store_append(struct store *s, const struct event *e, str json, bool *added,
                  struct err *err)
{
    hash128 id = hash128_of(e->id);

    assert(s->tx.open);
    *added = false;
    if (!append_check(e, json, err))
        return false;
    if (hash_set_has(&s->ids, id))
        return true;
    if (!catalog_add_event(&s->catalog, e, err))
        return err->code == ERR_NOMEM ? spoil(&s->tx, err) : false;
    if (!add_line(&s->tx, json, err) || !add_fact(s, e, err))
        return spoil(&s->tx, err);
    if (!hash_set_add(&s->ids, id, added)) {
        err_nomem(err);
        return spoil(&s->tx, err);
    }
    return true;
}

/* --- committing --- */

static bool write_log(struct store *s, int64_t now_ms, struct err *err)
{
    sqlite3_stmt *add;

    if (!pack_batch(&s->tx, err) || !sql_get(&s->sql, SQL_LOG_ADD, &add, err))
        return false;
    for (const struct batch *b = s->tx.batch; b; b = b->next) {
        if (!sql_run(&s->sql, add, sql_bind(add, 1, now_ms) | row_pack(add, 2, b->packed),
                     err))
            return false;
    }
    return true;
}

static bool write_name(struct store *s, sqlite3_stmt *add, uint32_t number, str name,
                       struct err *err)
{
    return sql_run(&s->sql, add, sql_bind(add, 1, number) | sql_bind_text(add, 2, name),
                   err);
}

static bool write_customers(struct store *s, struct err *err)
{
    sqlite3_stmt *add;

    if (!sql_get(&s->sql, SQL_CUSTOMER_ADD, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.customer_n; i < s->catalog.customer_n; i++) {
        if (!write_name(s, add, i, catalog_customer_id(&s->catalog, i), err))
            return false;
    }
    return true;
}

static bool write_types(struct store *s, struct err *err)
{
    sqlite3_stmt *add;

    if (!sql_get(&s->sql, SQL_TYPE_ADD, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.type_n; i < s->catalog.type.n; i++) {
        if (!write_name(s, add, i, text_table_get(&s->catalog.type, i), err))
            return false;
    }
    return true;
}

static bool write_columns(struct store *s, struct err *err)
{
    sqlite3_stmt *add;

    if (!sql_get(&s->sql, SQL_COLUMN_ADD, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.column_n; i < s->catalog.column_n; i++) {
        const struct column *c = &s->catalog.column[i];
        int bound = sql_bind(add, 1, i) | sql_bind_text(add, 2, c->name)
                    | sql_bind(add, 3, c->trait)
                    | sql_bind_text(add, 4, value_type_name(c->type));

        if (!sql_run(&s->sql, add, bound, err))
            return false;
    }
    return true;
}

static bool write_sightings(struct store *s, struct err *err)
{
    sqlite3_stmt *add;

    if (!sql_get(&s->sql, SQL_SIGHTING_PUT, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.sighting_n; i < s->catalog.sighting_n; i++) {
        const struct sighting *seen = &s->catalog.sighting[i];

        if (!sql_run(&s->sql, add,
                     sql_bind(add, 1, seen->type) | sql_bind(add, 2, seen->column)
                         | sql_bind(add, 3, 1),
                     err))
            return false;
    }
    return true;
}

static bool write_names(struct store *s, struct err *err)
{
    return write_customers(s, err) && write_types(s, err) && write_columns(s, err)
           && write_sightings(s, err);
}

/* A chunk as it will be. */
struct change {
    struct chunk *chunk;
    struct change *next;
};

struct put_context {
    struct store *s;
    uint32_t chunk;
};

static bool put_part(void *context, int32_t column, str bytes, struct err *err)
{
    struct put_context *to = context;
    struct buf packed = {0};
    sqlite3_stmt *put;
    bool ok;

    if (bytes.n > PART_BYTES_MAX)
        return err_set(err, ERR_LIMIT,
                       "one chunk would get more than %zu bytes in a column",
                       PART_BYTES_MAX);
    ok = sql_get(&to->s->sql, SQL_PART_PUT, &put, err)
         && zip_pack(bytes, PACK_LEVEL, &packed, err)
         && sql_run(&to->s->sql, put,
                    sql_bind(put, 1, column) | sql_bind(put, 2, to->chunk)
                        | row_pack(put, 3, buf_str(&packed)),
                    err);
    buf_free(&packed);
    return ok;
}

/* Merges the facts of one chunk and writes its parts. */
static bool change_chunk(struct store *s, uint32_t chunk, const struct fact *fact,
                         size_t n, struct change **changes, struct err *err)
{
    struct put_context to = {s, chunk};
    struct change *change = arena_new(&s->tx.arena, struct change);
    const struct chunk *old = NULL;

    if (!change)
        return err_nomem(err);
    if ((chunk < store_chunk_count(s) && !store_chunk(s, chunk, &old, err))
        || !chunk_merge(&s->catalog, old, chunk * CHUNK_CUSTOMERS, fact, n,
                        &change->chunk, err))
        return false;
    change->next = *changes;
    *changes = change;
    return chunk_each_part(change->chunk, put_part, &to, err);
}

static bool change_chunks(struct store *s, struct change **changes, struct err *err)
{
    const struct fact *fact = s->tx.fact;
    size_t n = s->tx.fact_n, end;

    facts_sort(s->tx.fact, n);
    for (size_t first = 0; first < n; first = end) {
        uint32_t chunk = fact[first].customer / CHUNK_CUSTOMERS;

        for (end = first; end < n && fact[end].customer / CHUNK_CUSTOMERS == chunk;)
            end++;
        if (!change_chunk(s, chunk, fact + first, end - first, changes, err))
            return false;
    }
    return true;
}

/* So that exchanging the chunks needs no memory. */
static bool make_room(struct store *s, struct err *err)
{
    uint32_t n = chunks_for(s->catalog.customer_n);
    struct chunk **grown;

    if (n <= s->chunk_cap)
        return true;
    grown = mem_resize(s->chunk, n * sizeof(struct chunk *));
    if (!grown)
        return err_nomem(err);
    memset(grown + s->chunk_cap, 0, (n - s->chunk_cap) * sizeof(struct chunk *));
    s->chunk = grown;
    s->chunk_cap = n;
    return true;
}

static void exchange(struct store *s, struct change *changes)
{
    for (; changes; changes = changes->next) {
        uint32_t at = changes->chunk->customer_first / CHUNK_CUSTOMERS;

        chunk_free(s->chunk[at]);
        s->chunk[at] = changes->chunk;
    }
    s->customers = s->catalog.customer_n;
}

bool store_commit(struct store *s, int64_t now_ms, struct err *err)
{
    struct change *changes = NULL;
    sqlite3_stmt *commit;
    bool ok;

    assert(s->tx.open);
    *err = s->tx.broken;
    ok = err->code == ERR_NONE && write_log(s, now_ms, err) && refused_write(s, err)
         && make_room(s, err) && change_chunks(s, &changes, err) && write_names(s, err)
         && sql_get(&s->sql, SQL_COMMIT, &commit, err)
         && sql_run(&s->sql, commit, SQLITE_OK, err);
    if (ok) {
        exchange(s, changes);
        transaction_end(&s->tx);
    } else {
        for (; changes; changes = changes->next)
            chunk_free(changes->chunk);
        store_cancel(s);
    }
    return ok;
}
