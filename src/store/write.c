#include "store/store_impl.h"

#include "base/tune.h"
#include "base/zip.h"

#include <assert.h>
#include <string.h>

/* A transaction gathers facts in memory; batches of the log and of what was refused go to SQLite
 * as they are full, those of the log packed by a thread beside. What a small one brings is news, a row of table news and new images of the
 * chunks; a large one is folded into the parts, and as often as it has filled its share of the
 * memory. The commit publishes the image together with SQLite's commit. Whatever fails before,
 * the store's image was not touched and the catalog goes back to its mark. */

const struct catalog *store_catalog(const struct store *s)
{
    return &s->catalog;
}

/* --- beginning and ending --- */

/* Message ids of the news; seen knows those of the parts, and of what was erased. */
static bool learn_ids(struct store *s, struct err *err)
{
    for (const struct news_batch *b = s->news; b; b = b->next) {
        for (uint32_t i = 0; i < b->n; i++) {
            if (!b->fact[i].is_told && !known_ids_add(&s->ids, hash128_of(b->fact[i].id)))
                return err_nomem(err);
        }
    }
    s->ids_known = true;
    return true;
}

static void forget_ids(struct store *s)
{
    known_ids_free(&s->ids);
    s->ids_known = false;
}

static void transaction_end(struct transaction *tx)
{
    aside_end(&tx->packing.aside);
    buf_free(&tx->packing.lines);
    buf_free(&tx->packing.packed);
    image_free(tx->image);
    news_batch_release(tx->batch);
    arena_free(&tx->arena);
    mem_free(tx->fact);
    mem_free(tx->move);
    mem_free(tx->gone);
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

static int note_wal(void *context, [[maybe_unused]] sqlite3 *db,
                    [[maybe_unused]] const char *name, int pages)
{
    struct store *s = context;

    if (pages < s->wal_pages) { /* it began anew */
        s->wal_done = 0;
        s->wal_waits = false;
    }
    s->wal_pages = pages;
    return SQLITE_OK;
}

void watch_wal(struct store *s)
{
    sqlite3_wal_hook(s->sql.db, note_wal, s);
}

/* Not when a commit ends, since somebody waits for that, and snapshots of the image before may
 * still be there. What fails here is tried again next time. */
static void checkpoint(struct store *s)
{
    if (s->wal_pages - s->wal_done >= WAL_PAGES && !s->checkpoint)
        checkpoint_now(s);
}

void store_hold(struct store *s)
{
    s->holds++;
}

void store_let_go(struct store *s)
{
    s->holds--;
}

bool store_is_held(const struct store *s)
{
    return s->holds > 0;
}

bool transaction_begin(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;

    assert(s->mode == STORE_WRITE && !tx->open);
    if (store_is_held(s))
        return err_set(err, ERR_CONFLICT,
                       "the file is being made anew, and takes nothing until that is "
                       "done: try again in a moment");
    checkpoint(s);
    if (!image_new(s->image, &tx->image, err))
        return false;
    if (!begin(s, err)) {
        transaction_end(tx);
        return false;
    }
    tx->mark = catalog_mark(&s->catalog);
    tx->open = true;
    return true;
}

bool store_begin(struct store *s, int64_t now_ms, struct err *err)
{
    if (!s->ids_known && !learn_ids(s, err)) {
        forget_ids(s);
        return false;
    }
    if (!transaction_begin(s, err))
        return false;
    s->tx.now_ms = now_ms;
    return true;
}

void store_cancel(struct store *s)
{
    struct err unheard;

    if (!s->tx.open)
        return;
    roll_back(s, &unheard); /* when it fails, the next begin tries again */
    catalog_return(&s->catalog, &s->tx.mark);
    moves_undo(s);
    forget_ids(s);
    refused_forget(&s->refused);
    seen_forget(s->seen);
    fold_end(s, false);
    transaction_end(&s->tx);
}

/* --- appending --- */

static bool put_batch(struct store *s, int64_t seq, int64_t received_ms, str packed,
                      struct err *err)
{
    sqlite3_stmt *add;

    return sql_get(&s->sql, SQL_LOG_ADD, &add, err)
           && sql_run(&s->sql, add,
                      sql_bind(add, 1, seq) | sql_bind(add, 2, received_ms)
                          | row_pack(add, 3, packed),
                      err);
}

static void pack_lines(void *context)
{
    struct packing *p = context;

    p->ok = zip_pack(buf_str(&p->lines), LOG_PACK_LEVEL, &p->packed, &p->err);
}

/* Writes the batch that is being packed, if there is one. */
static bool end_batch(struct store *s, struct err *err)
{
    struct packing *p = &s->tx.packing;
    int64_t seq = p->seq;

    if (!seq)
        return true;
    aside_end(&p->aside);
    p->seq = 0;
    if (!p->ok) {
        *err = p->err;
        return false;
    }
    return put_batch(s, seq, s->tx.now_ms, buf_str(&p->packed), err);
}

/* The lines gathered so far become a batch: its number is known, though it is still packed. */
static bool begin_batch(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;
    struct packing *p = &tx->packing;
    struct buf written = p->lines;

    if (!end_batch(s, err))
        return false;
    p->lines = tx->lines;
    tx->lines = written;
    buf_clear(&tx->lines);
    buf_clear(&p->packed);
    tx->seq = p->seq = (tx->seq > s->seq ? tx->seq : s->seq) + 1;
    if (p->lines.n < LOG_ASIDE_BYTES)
        pack_lines(p);
    else
        aside_begin(&p->aside, pack_lines, p);
    return true;
}

bool need_batch(struct store *s, struct err *err)
{
    return s->tx.seq > s->seq || begin_batch(s, err);
}

static bool add_line(struct store *s, str json, struct err *err)
{
    struct buf *lines = &s->tx.lines;

    buf_add(lines, json);
    buf_add_char(lines, '\n');
    if (lines->failed)
        return err_nomem(err);
    return lines->n < LOG_BATCH_BYTES || begin_batch(s, err);
}

bool facts_room(struct transaction *tx, struct err *err)
{
    size_t cap = tx->fact_cap ? tx->fact_cap * 2 : 64;
    struct fact *grown;

    if (tx->fact_n < tx->fact_cap)
        return true;
    grown = mem_resize(tx->fact, cap * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    tx->fact = grown;
    tx->fact_cap = cap;
    return true;
}

static bool add_fact(struct store *s, const struct event *e, struct err *err)
{
    struct transaction *tx = &s->tx;
    struct fact *fact;

    if (!facts_room(tx, err))
        return false;
    fact = &tx->fact[tx->fact_n];
    if (!fact_of(&s->catalog, e, &tx->arena, fact, err)
        || !home_of_new(s, fact->anchor, &fact->customer, err))
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

static bool event_check(const struct event *e, struct err *err)
{
    str customer;

    customer_key_kind(e->customer, &customer);
    return id_check(e->id, "messageId", err) && id_check(customer, "customer", err)
           && id_check(e->type, "type", err);
}

static bool line_check(str json, struct err *err)
{
    if (json.n > LOG_LINE_MAX)
        return err_set(err, ERR_LIMIT, "its JSON is longer than %zu bytes", LOG_LINE_MAX);
    return (json.n && !memchr(json.p, '\n', json.n))
           || err_set(err, ERR_INPUT, "its JSON is not on one line");
}

bool transaction_spoil(struct transaction *tx, const struct err *err)
{
    tx->broken = *err;
    return false;
}

bool is_full(const struct store *s)
{
    const struct transaction *tx = &s->tx;
    size_t bytes = tx->arena.used + tx->fact_cap * sizeof *tx->fact + s->ids.bytes;

    return bytes > s->memory_bytes / 4;
}

/* What the transaction holds goes to the parts when it is more than its share of the memory. */
static bool spill(struct store *s, struct err *err)
{
    if (!is_full(s))
        return true;
    if (!moves_tell(s, err) || !fold_now(s, err))
        return false;
    forget_ids(s);
    return learn_ids(s, err);
}

void store_expect(const struct store *s, const struct event *e)
{
    hash128 id = hash128_of(e->id);
    uint32_t customer = catalog_key_find(&s->catalog, e->customer);

    known_ids_expect(&s->ids, id);
    seen_expect(s->seen, id);
    if (customer < s->homes.n)
        __builtin_prefetch(&s->homes.home[customer]);
}

static bool is_known(struct store *s, hash128 id, bool *known, struct err *err)
{
    *known = known_ids_have(&s->ids, id);
    return *known || seen_has(s->seen, id, known, err);
}

static bool add(struct store *s, const struct event *e, str json, hash128 id,
                struct err *err)
{
    return (!json.n || add_line(s, json, err)) && add_fact(s, e, err)
           && (known_ids_add(&s->ids, id) || err_nomem(err)) && spill(s, err);
}

/* Without a line: its batch is written by relog_batch. */
static bool append(struct store *s, const struct event *e, str json, bool *added,
                   struct err *err)
{
    hash128 id = hash128_of(e->id);
    bool known;

    assert(s->tx.open && !s->tx.keeps_image);
    *added = false;
    if (!event_check(e, err))
        return false;
    if (!is_known(s, id, &known, err))
        return transaction_spoil(&s->tx, err);
    if (known)
        return true;
    if (!catalog_add_event(&s->catalog, e, err))
        return err->code == ERR_NOMEM ? transaction_spoil(&s->tx, err) : false;
    if (!member_add(s, e, err) || !add(s, e, json, id, err))
        return transaction_spoil(&s->tx, err);
    *added = true;
    return true;
}

bool store_append(struct store *s, const struct event *e, str json, bool *added,
                  struct err *err)
{
    *added = false;
    return line_check(json, err) && append(s, e, json, added, err);
}

static bool has_names_since(const struct store *s, const struct catalog_mark *mark)
{
    const struct catalog *c = &s->catalog;

    return c->type.n != mark->type_n || c->column_n != mark->column_n
           || c->sighting_n != mark->sighting_n;
}

bool store_has_new_names(const struct store *s)
{
    return has_names_since(s, &s->tx.mark);
}

bool relog_event(struct store *s, const struct event *e, bool *added, struct err *err)
{
    return append(s, e, STR(""), added, err);
}

bool relog_batch(struct store *s, int64_t seq, int64_t received_ms, str packed,
                 struct err *err)
{
    if (!put_batch(s, seq, received_ms, packed, err))
        return false;
    s->tx.seq = seq;
    return true;
}

/* --- committing --- */

static bool write_name(struct store *s, sqlite3_stmt *add, uint32_t number, str name,
                       struct err *err)
{
    return sql_run(&s->sql, add, sql_bind(add, 1, number) | sql_bind_text(add, 2, name),
                   err);
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

    if (!sql_get(&s->sql, SQL_SIGHTING_ADD, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.sighting_n; i < s->catalog.sighting_n; i++) {
        const struct sighting *seen = &s->catalog.sighting[i];

        if (!sql_run(&s->sql, add,
                     sql_bind(add, 1, seen->type) | sql_bind(add, 2, seen->column), err))
            return false;
    }
    return true;
}

static bool write_names(struct store *s, struct err *err)
{
    return customers_write(s, err) && write_types(s, err) && write_columns(s, err)
           && write_sightings(s, err);
}

/* The image changes in the moment in which SQLite says that it is on disk. */
static bool publish(struct store *s, struct err *err)
{
    sqlite3_stmt *commit;
    bool ok;

    if ((!s->tx.keeps_image
         && !catalog_copy(&s->catalog, &s->image->catalog, &s->tx.image->catalog, err))
        || !sql_get(&s->sql, SQL_COMMIT, &commit, err))
        return false;
    pthread_mutex_lock(&s->lock);
    ok = sql_run(&s->sql, commit, SQLITE_OK, err);
    if (ok && s->tx.seq)
        s->seq = s->tx.seq;
    if (ok && !s->tx.keeps_image) {
        s->tx.image->seq = s->seq;
        image_publish(s, s->tx.image);
        s->tx.image = NULL;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

bool transaction_commit(struct store *s, struct err *err)
{
    struct transaction *tx = &s->tx;

    if (!drop_news(s, err) || !publish(s, err))
        return false;
    fold_end(s, true);
    if (tx->batch)
        news_append(s, tx->batch);
    tx->batch = NULL;
    if (s->ids.n / 2
        > s->news_facts + NEWS_EVENTS) /* of what is in the parts meanwhile */
        forget_ids(s);
    transaction_end(tx);
    return true;
}

static bool settle(struct store *s, struct err *err)
{
    const struct transaction *tx = &s->tx;
    bool many;

    if (!moves_tell(s, err))
        return false;
    if (!tx->fact_n && !tx->gone_n)
        return true;
    if (!fold_pays(s, &many, err))
        return false;
    return many || tx->has_spilled || tx->arena.used > NEWS_BYTES_MAX / 4
               ? fold_now(s, err)
               : news_write(s, err);
}

bool store_commit(struct store *s, struct err *err)
{
    assert(s->tx.open);
    *err = s->tx.broken;
    if (err->code != ERR_NONE || (s->tx.lines.n && !begin_batch(s, err))
        || !refused_write(s, err) || !settle(s, err) || !write_names(s, err)
        || !end_batch(s, err) || !transaction_commit(s, err)) {
        store_cancel(s);
        return false;
    }
    return true;
}
