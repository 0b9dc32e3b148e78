#include "store/store_impl.h"

#include <string.h>

/* Accounts: who is a member of which, and an account's timeline with its members' events in it. What
 * is written down is which anchor ever had a group event to an account; whose events these are now
 * follows from the homes. */

bool member_add(struct store *s, const struct event *e, struct err *err)
{
    uint32_t account, anchor;
    sqlite3_stmt *add;
    struct id id;
    bool there;
    str key;

    if (!event_account(e, &s->tx.arena, &id, &there, err))
        return false;
    if (!there)
        return true;
    anchor = catalog_key_find(&s->catalog, e->customer);
    key = id_key(id, &s->tx.arena);
    return (key.p || err_nomem(err))
           && catalog_customer_add(&s->catalog, key, &account, err)
           && sql_get(&s->sql, SQL_MEMBER_ADD, &add, err)
           && sql_run(&s->sql, add, sql_bind(add, 1, account) | sql_bind(add, 2, anchor),
                      err);
}

/* --- asked --- */

struct numbers {
    struct arena *a;
    uint32_t *number, n, cap;
};

static bool take_number(struct numbers *to, uint32_t number, struct err *err)
{
    if (to->n == to->cap) {
        uint32_t cap = to->cap ? to->cap * 2 : 8;
        uint32_t *grown = arena_array(to->a, uint32_t, cap);

        if (!grown)
            return err_nomem(err);
        if (to->n)
            memcpy(grown, to->number, to->n * sizeof *grown);
        to->number = grown;
        to->cap = cap;
    }
    to->number[to->n++] = number;
    return true;
}

/* The numbers that the statement gives of a customer. */
static bool ask(struct snapshot *v, enum sql_text text, uint32_t customer,
                struct numbers *to, struct err *err)
{
    uint32_t all = catalog_customer_n(snapshot_catalog(v));
    pthread_mutex_t *lock;
    struct sql *sql = snapshot_sql(v, &lock);
    sqlite3_stmt *get;
    bool there, ok;

    pthread_mutex_lock(lock);
    ok = sql_get(sql, text, &get, err)
         && (sql_bind(get, 1, customer) == SQLITE_OK || sql_fail(sql, err));
    while (ok && (ok = sql_next(sql, get, &there, err)) && there) {
        int64_t number = sqlite3_column_int64(get, 0);

        ok = (number >= 0 && number < all)
                 ? take_number(to, (uint32_t)number, err)
                 : err_set(err, ERR_CORRUPT, "table member names row %lld of customer",
                           (long long)number);
        if (!ok)
            sqlite3_reset(get);
    }
    pthread_mutex_unlock(lock);
    return ok;
}

bool snapshot_anchors(struct snapshot *v, uint32_t home, struct arena *a,
                      const uint32_t **out, uint32_t *n, struct err *err)
{
    struct numbers to = {.a = a};
    bool ok = ask(v, SQL_CUSTOMER_ANCHORS, home, &to, err);

    *out = to.number;
    *n = to.n;
    return ok;
}

bool snapshot_members(struct snapshot *v, uint32_t account, struct arena *a,
                      const uint32_t **out, uint32_t *n, struct err *err)
{
    struct numbers to = {.a = a};
    bool ok = !catalog_is_account(snapshot_catalog(v), account)
              || ask(v, SQL_MEMBER_HOMES, account, &to, err);

    *out = to.number;
    *n = to.n;
    return ok;
}

bool snapshot_accounts(struct snapshot *v, uint32_t member, struct arena *a,
                       const uint32_t **out, uint32_t *n, struct err *err)
{
    struct numbers to = {.a = a};
    bool ok =
        !snapshot_catalog(v)->account_n || ask(v, SQL_MEMBER_ACCOUNTS, member, &to, err);

    *out = to.number;
    *n = to.n;
    return ok;
}

/* --- accounts' timelines --- */

struct joining {
    struct snapshot *v;
    struct arena *a; /* where the facts live */
    struct fact *fact;
    size_t n, cap;
};

static bool need_room(struct joining *j, size_t more, struct err *err)
{
    size_t cap = j->cap ? j->cap : 64;
    struct fact *grown;

    while (cap < j->n + more)
        cap *= 2;
    if (cap == j->cap)
        return true;
    grown = mem_resize(j->fact, cap * sizeof *grown);
    if (!grown)
        return err_nomem(err);
    j->fact = grown;
    j->cap = cap;
    return true;
}

/* What the chunk has of these members of the account. What their events say of traits is said of the
 * members alone. */
static bool join_range(struct joining *j, uint32_t account, const struct chunk *c,
                       const uint32_t *member, uint32_t n, struct err *err)
{
    struct chunk_range *range = arena_array(j->a, struct chunk_range, n);
    size_t first = j->n, more = 0;

    if (!range)
        return err_nomem(err);
    for (uint32_t i = 0; i < n; i++) {
        struct timeline t = timeline_of(c, member[i]);

        range[i] = (struct chunk_range){member[i], t.first, t.n};
        more += t.n;
    }
    if (!need_room(j, more, err)
        || !chunk_facts(c, range, n, false, j->a, j->fact + first, err))
        return false;
    j->n += more;
    for (size_t i = first; i < j->n; i++) {
        j->fact[i].anchor = j->fact[i].customer;
        j->fact[i].customer = account;
    }
    return true;
}

/* Members of the same chunk are read together, with whoever stands between them. */
static bool join_account(struct joining *j, uint32_t account, struct err *err)
{
    const uint32_t *member;
    uint32_t all, end;

    if (!snapshot_members(j->v, account, j->a, &member, &all, err))
        return false;
    for (uint32_t first = 0; first < all; first = end) {
        struct chunk *c;
        bool ok;

        for (end = first + 1;
             end < all
             && member[end] / CHUNK_CUSTOMERS == member[first] / CHUNK_CUSTOMERS;)
            end++;
        if (!snapshot_range(j->v, member[first], member[end - 1] + 1, &c, err))
            return false;
        ok = join_range(j, account, c, member + first, end - first, err);
        chunk_free(c);
        if (!ok)
            return false;
    }
    return true;
}

static bool join_all(struct joining *j, const struct chunk *own, struct block *block,
                     struct err *err)
{
    const struct catalog *catalog = snapshot_catalog(j->v);
    struct joined *out = arena_new(j->a, struct joined);
    struct fact *fact;

    for (uint32_t i = 0; i < own->customer_n; i++)
        if (own->first[i] < own->first[i + 1]
            && catalog_is_account(catalog, own->customer_first + i)
            && !join_account(j, own->customer_first + i, err))
            return false;
    if (j->n > UINT32_MAX)
        return err_set(err, ERR_LIMIT, "accounts of one chunk have more than %u events",
                       UINT32_MAX);
    facts_sort(j->fact, j->n);
    fact = arena_array(j->a, struct fact, j->n);
    if (!fact || !out)
        return err_nomem(err);
    if (j->n)
        memcpy(fact, j->fact, j->n * sizeof *fact);
    *out = (struct joined){fact, (uint32_t)j->n};
    block->what = out;
    return true;
}

static bool make_joined(struct snapshot *v, const struct chunk *own, struct cache *cache,
                        struct cache_key key, struct block **out, struct err *err)
{
    struct block *block = cache ? cache_get(cache, key) : NULL;
    struct joining j = {.v = v};
    bool ok;

    *out = block;
    if (block)
        return true;
    block = block_new(key);
    if (!block)
        return err_nomem(err);
    j.a = &block->arena;
    ok = join_all(&j, own, block, err);
    mem_free(j.fact);
    if (!ok) {
        block_free(block);
        return false;
    }
    *out = cache ? cache_put(cache, block) : block;
    return true;
}

bool members_join(struct snapshot *v, struct cache *cache, uint64_t version,
                  struct chunk *own, struct chunk **out, struct err *err)
{
    struct cache_key key = {own->customer_first / CHUNK_CUSTOMERS, PART_JOINED, version,
                            0};
    struct block *block;

    if (!make_joined(v, own, cache, key, &block, err)) {
        chunk_free(own);
        return false;
    }
    return chunk_join(own, block, cache, out, err);
}
