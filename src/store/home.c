#include "store/store_impl.h"

#include "base/zip.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where the events of each anchor stand. The writer knows it of all numbers in memory; a snapshot
 * asks the file, where only anchors that stand with somebody else have something written. */

void homes_free(struct homes *h)
{
    mem_free(h->home);
    *h = (struct homes){0};
}

bool homes_need(struct homes *h, uint32_t n, struct err *err)
{
    uint32_t cap = h->cap ? h->cap : 64, *grown;

    if (n <= h->cap)
        return true;
    while (cap < n)
        cap += cap / 2;
    grown = mem_resize(h->home, cap * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    h->home = grown;
    h->cap = cap;
    return true;
}

bool homes_count(const struct homes *h, uint32_t *customers, struct err *err)
{
    bool *met = mem_alloc(h->n);

    *customers = 0;
    if (!met)
        return err_nomem(err);
    for (uint32_t i = 0; i < h->n; i++) {
        uint32_t home = h->home[i];

        if (home == HOME_NONE || met[home])
            continue;
        met[home] = true;
        ++*customers;
    }
    mem_free(met);
    return true;
}

/* --- the writer's --- */

/* Numbers that the catalog has got since: as homes, until an event of theirs comes. */
static bool catch_up(struct store *s, struct err *err)
{
    struct homes *h = &s->homes;
    uint32_t n = catalog_customer_n(&s->catalog);

    if (h->n > n) /* a name was taken back */
        h->n = n;
    if (!homes_need(h, n, err))
        return false;
    while (h->n < n)
        h->home[h->n++] = HOME_NONE;
    return true;
}

static bool note_move(struct transaction *tx, uint32_t anchor, uint32_t from,
                      struct err *err)
{
    if (tx->move_n == tx->move_cap) {
        size_t cap = tx->move_cap ? tx->move_cap * 2 : 16;
        struct move *grown = mem_resize(tx->move, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        tx->move = grown;
        tx->move_cap = cap;
    }
    tx->move[tx->move_n] = (struct move){anchor, from, (uint32_t)tx->move_n};
    tx->move_n++;
    return true;
}

bool home_of_new(struct store *s, uint32_t anchor, uint32_t *home, struct err *err)
{
    uint32_t *its;

    if (s->homes.n != catalog_customer_n(&s->catalog) && !catch_up(s, err))
        return false;
    its = &s->homes.home[anchor];
    if (*its == HOME_NONE) {
        if (anchor < s->tx.mark.customer_n && !note_move(&s->tx, anchor, HOME_NONE, err))
            return false;
        *its = anchor;
    }
    *home = *its;
    return true;
}

static bool id_check(str key, struct err *err)
{
    str id;

    customer_key_kind(key, &id);
    return (id.n && id.n <= EVENT_NAME_MAX && str_is_utf8(id))
           || err_set(err, ERR_INPUT, "a home is an id of at most %u bytes",
                      EVENT_NAME_MAX);
}

bool store_rehome(struct store *s, str anchor, str home, struct err *err)
{
    uint32_t from = catalog_key_find(&s->catalog, anchor), to;

    assert(s->tx.open && !s->tx.keeps_image);
    if (from == CUSTOMER_NONE)
        return true;
    if (!id_check(home, err))
        return false;
    if (!catalog_customer_add(&s->catalog, home, &to, err) || !catch_up(s, err))
        return transaction_spoil(&s->tx, err);
    if (s->homes.home[from] == HOME_NONE || s->homes.home[from] == to)
        return true;
    if (!note_move(&s->tx, from, s->homes.home[from], err))
        return transaction_spoil(&s->tx, err);
    s->homes.home[from] = to;
    return true;
}

void moves_undo(struct store *s)
{
    struct transaction *tx = &s->tx;

    while (tx->move_n) {
        const struct move *m = &tx->move[--tx->move_n];

        if (m->anchor < s->homes.n)
            s->homes.home[m->anchor] = m->from;
    }
    if (s->homes.n > tx->mark.customer_n)
        s->homes.n = tx->mark.customer_n;
}

/* --- the file's --- */

/* Whether anything stands on the customer's timeline, as the table says. */
static bool is_customer(struct store *s, uint32_t number, bool *is, struct err *err)
{
    sqlite3_stmt *get;
    bool there;

    if (!sql_get(&s->sql, SQL_CUSTOMER_IS, &get, err))
        return false;
    if ((sql_bind(get, 1, number) | sql_bind(get, 2, number)) != SQLITE_OK)
        return sql_fail(&s->sql, err);
    if (!sql_next(&s->sql, get, &there, err))
        return false;
    *is = there;
    sqlite3_reset(get);
    return true;
}

static bool put_home(struct sql *sql, sqlite3_stmt *statement, int place, uint32_t number,
                     uint32_t home, struct err *err)
{
    if (home == number)
        return sqlite3_bind_null(statement, place) == SQLITE_OK || sql_fail(sql, err);
    return sql_bind(statement, place, home == HOME_NONE ? -1 : (int64_t)home) == SQLITE_OK
           || sql_fail(sql, err);
}

static bool add_customers(struct store *s, struct err *err)
{
    sqlite3_stmt *add;

    if (!sql_get(&s->sql, SQL_CUSTOMER_ADD, &add, err))
        return false;
    for (uint32_t i = s->tx.mark.customer_n; i < s->homes.n; i++) {
        str id;
        uint32_t kind = customer_key_kind(catalog_customer_key(&s->catalog, i), &id);

        if (!put_home(&s->sql, add, 4, i, s->homes.home[i], err)
            || !sql_run(&s->sql, add,
                        sql_bind(add, 1, i) | sql_bind(add, 2, kind)
                            | sql_bind_text(add, 3, id),
                        err))
            return false;
    }
    return true;
}

static bool move_customers(struct store *s, struct err *err)
{
    const struct transaction *tx = &s->tx;
    sqlite3_stmt *put;

    if (!sql_get(&s->sql, SQL_CUSTOMER_MOVE, &put, err))
        return false;
    for (size_t i = 0; i < tx->move_n; i++) {
        uint32_t anchor = tx->move[i].anchor;

        if (anchor < tx->mark.customer_n
            && (!put_home(&s->sql, put, 1, anchor, s->homes.home[anchor], err)
                || !sql_run(&s->sql, put, sql_bind(put, 2, anchor), err)))
            return false;
    }
    return true;
}

static int number_order(const void *left, const void *right)
{
    const uint32_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

/* Whom the transaction's moves may have made a customer, or none any more: each once. */
static bool list_homes(struct store *s, uint32_t **out, size_t *n, struct err *err)
{
    const struct transaction *tx = &s->tx;
    uint32_t *list = mem_alloc(2 * tx->move_n * sizeof *list);
    size_t all = 0, kept = 0;

    if (!list)
        return err_nomem(err);
    for (size_t i = 0; i < tx->move_n; i++) {
        if (tx->move[i].from != HOME_NONE)
            list[all++] = tx->move[i].from;
        list[all++] = s->homes.home[tx->move[i].anchor];
    }
    if (all)
        qsort(list, all, sizeof *list, number_order);
    for (size_t i = 0; i < all; i++) {
        if (!kept || list[kept - 1] != list[i])
            list[kept++] = list[i];
    }
    *out = list;
    *n = kept;
    return true;
}

/* Adds those of them who are customers now to *count. */
static bool count_homes(struct store *s, const uint32_t *list, size_t n, uint32_t *count,
                        struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        bool is;

        if (!is_customer(s, list[i], &is, err))
            return false;
        *count += is;
    }
    return true;
}

/* New anchors that stand with themselves, but for those in the list. */
static uint32_t count_new(const struct store *s, const uint32_t *list, size_t n)
{
    uint32_t count = 0;

    for (uint32_t i = s->tx.mark.customer_n; i < s->homes.n; i++)
        count += s->homes.home[i] == i;
    for (size_t i = 0; i < n; i++)
        count -= list[i] >= s->tx.mark.customer_n && s->homes.home[list[i]] == list[i];
    return count;
}

bool customers_write(struct store *s, struct err *err)
{
    uint32_t *list, before = 0, after = 0;
    size_t n;
    bool ok;

    if (!catch_up(s, err) || !list_homes(s, &list, &n, err))
        return false;
    if (chunks_for(s->homes.n) > s->tx.image->chunk_n
        && !image_edit(s->tx.image, chunks_for(s->homes.n) - 1)) {
        mem_free(list);
        return err_nomem(err); /* every number has a chunk, with events or without */
    }
    ok = count_homes(s, list, n, &before, err) && add_customers(s, err)
         && (!s->tx.move_n || move_customers(s, err))
         && count_homes(s, list, n, &after, err);
    if (ok)
        s->tx.image->customers += count_new(s, list, n) + after - before;
    mem_free(list);
    return ok;
}

/* --- a snapshot's --- */

bool snapshot_home(struct snapshot *v, uint32_t number, uint32_t *home, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    sqlite3_stmt *get;
    bool there = false, ok;

    *home = number;
    pthread_mutex_lock(lock);
    ok = sql_get(sql, SQL_CUSTOMER_HOME, &get, err)
         && (sql_bind(get, 1, number) == SQLITE_OK || sql_fail(sql, err))
         && sql_next(sql, get, &there, err);
    if (there) {
        int64_t stands = sqlite3_column_int64(get, 0);

        if (sqlite3_column_type(get, 0) != SQLITE_NULL && stands >= 0)
            *home = (uint32_t)stands;
        sqlite3_reset(get);
    }
    pthread_mutex_unlock(lock);
    return ok
           && (*home < catalog_customer_n(snapshot_catalog(v)) || !there
               || err_set(err, ERR_CORRUPT, "table customer, row %u: there is no home %u",
                          number, *home));
}

/* --- what the homes follow from --- */

bool store_graph_add(struct store *s, str bytes, struct err *err)
{
    struct buf packed = {0};
    sqlite3_stmt *add;
    bool ok;

    assert(s->tx.open && !s->tx.keeps_image);
    ok = (bytes.n <= GRAPH_BYTES_MAX
          || err_set(err, ERR_LIMIT, "what says who is who has more than %zu bytes",
                     GRAPH_BYTES_MAX))
         && zip_pack(bytes, PACK_LEVEL, &packed, err)
         && sql_get(&s->sql, SQL_GRAPH_ADD, &add, err)
         && sql_run(&s->sql, add, row_pack(add, 1, buf_str(&packed)), err);
    buf_free(&packed);
    return ok || transaction_spoil(&s->tx, err);
}

bool store_graph_replace(struct store *s, str bytes, struct err *err)
{
    sqlite3_stmt *drop;

    assert(s->tx.open && !s->tx.keeps_image);
    if (!sql_get(&s->sql, SQL_GRAPH_DROP, &drop, err)
        || !sql_run(&s->sql, drop, SQLITE_OK, err))
        return transaction_spoil(&s->tx, err);
    return store_graph_add(s, bytes, err);
}

bool graph_each(struct sql *sql, pthread_mutex_t *lock,
                bool (*each)(void *context, str bytes), void *context, struct err *err)
{
    struct row row = {.number = {INT64_MIN}};
    struct buf bytes = {0};
    bool there, ok;

    while ((ok = row_get(sql, lock, SQL_GRAPH_AFTER, row.number, 1, &row, &there, err))
           && there) {
        buf_clear(&bytes);
        ok = row_unpack(&row, GRAPH_BYTES_MAX, &bytes, err)
             || err_in(err, "table graph, row %lld", (long long)row.number[0]);
        if (!ok || !each(context, buf_str(&bytes)))
            break;
    }
    buf_free(&row.packed);
    buf_free(&bytes);
    return ok;
}

bool snapshot_each_graph(struct snapshot *v, bool (*each)(void *context, str bytes),
                         void *context, struct err *err)
{
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);

    return graph_each(sql, lock, each, context, err);
}
