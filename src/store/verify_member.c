#include "store/verify_impl.h"

#include <stdlib.h>

/* Members: each pair of account and anchor that a group event of the log makes stands in the table,
 * and no other. */

static bool add_pair(struct pairs *to, uint64_t pair, struct err *err)
{
    if (to->n == to->cap) {
        size_t cap = to->cap ? to->cap * 2 : 64;
        uint64_t *grown = mem_resize(to->pair, cap * sizeof *grown);

        if (!grown)
            return err_nomem(err);
        to->pair = grown;
        to->cap = cap;
    }
    to->pair[to->n++] = pair;
    return true;
}

/* The number of the account that the event names, or CUSTOMER_NONE. */
static bool account_of(const struct verify *v, const struct event *e, struct arena *a,
                       uint32_t *number, str *name, struct err *err)
{
    struct id id;
    bool there;
    str key;

    *name = STR("");
    if (!event_account(e, a, &id, &there, err))
        return false;
    if (!there)
        return true;
    key = id_key(id, a);
    *name = id.value;
    *number = key.p ? catalog_key_find(v->catalog, key) : CUSTOMER_NONE;
    return key.p || err_nomem(err);
}

bool gather_member(struct verify *v, const struct logged *l, uint32_t anchor,
                   uint64_t position, struct err *err)
{
    uint32_t account = CUSTOMER_NONE;
    struct arena a = {0};
    str name;
    bool ok = account_of(v, l->event, &a, &account, &name, err);

    if (ok && name.n && account == CUSTOMER_NONE)
        found_unnamed(v, "customer", l, name);
    if (ok && account != CUSTOMER_NONE) {
        note_first(&v->customer_first[account], position);
        pthread_mutex_lock(&v->lock);
        ok = add_pair(&v->logged_member, (uint64_t)account << 32 | anchor, err);
        pthread_mutex_unlock(&v->lock);
    }
    arena_free(&a);
    return ok;
}

static int pair_order(const void *left, const void *right)
{
    const uint64_t *a = left, *b = right;

    return (*a > *b) - (*a < *b);
}

struct comparing {
    struct verify *v;
    size_t at; /* of the pairs that the log gives */
};

static void found_pair(struct verify *v, uint64_t pair, const char *what)
{
    uint32_t n = catalog_customer_n(v->catalog), account = (uint32_t)(pair >> 32),
             anchor = (uint32_t)pair;
    str none = STR("?");
    str name = account < n ? catalog_customer_id(v->catalog, account) : none;
    str member = anchor < n ? catalog_customer_id(v->catalog, anchor) : none;

    found(v, "member", false, "table member: %.*s as a member of %.*s %s",
          STR_FMT(member), STR_FMT(name), what);
}

/* Those that the log gives and that come before the next row, of each the first. */
static void missing_until(struct comparing *c, uint64_t end)
{
    const struct pairs *log = &c->v->logged_member;

    for (; c->at < log->n && log->pair[c->at] < end; c->at++)
        if (!c->at || log->pair[c->at - 1] != log->pair[c->at])
            found_pair(c->v, log->pair[c->at], "is missing");
}

static bool take_row(void *context, sqlite3_stmt *row, [[maybe_unused]] struct err *err)
{
    struct comparing *c = context;
    const struct pairs *log = &c->v->logged_member;
    uint64_t pair = (uint64_t)sqlite3_column_int64(row, 0) << 32
                    | (uint32_t)sqlite3_column_int64(row, 1);

    missing_until(c, pair);
    if (c->at == log->n || log->pair[c->at] != pair)
        found_pair(c->v, pair, "is in no event of the log");
    while (c->at < log->n && log->pair[c->at] == pair)
        c->at++;
    return true;
}

bool check_members(struct verify *v, struct err *err)
{
    struct comparing c = {.v = v};
    bool ok;

    if (v->logged_member.n)
        qsort(v->logged_member.pair, v->logged_member.n, sizeof *v->logged_member.pair,
              pair_order);
    pthread_mutex_lock(v->sql_lock);
    ok = each_row(v->sql, SQL_MEMBER_ALL, take_row, &c, err);
    pthread_mutex_unlock(v->sql_lock);
    if (!ok)
        return found_err(v, "member", false, err);
    missing_until(&c, UINT64_MAX);
    return true;
}
