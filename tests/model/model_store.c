/* The store against an array of events: commits, cancelled transactions, folding, snapshots and
 * reopening, under large budgets of memory and tiny ones. */
#include "store/store.h"

#include "support/chance.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 160, CUSTOMERS = 40, HELD = 4, STEPS = 60 };

/* A snapshot, and of how many events it must be. */
struct held {
    struct snapshot *v;
    uint32_t n;
};

struct life {
    struct random random;
    struct arena arena;
    struct event *event; /* the first n are committed, in this order */
    uint32_t n;
    struct store *s;
    struct held held[HELD];
};

static uint32_t below(struct life *l, uint32_t bound)
{
    return (uint32_t)random_below(&l->random, bound);
}

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

/* --- what a life is made of --- */

/* Appends the next n events, and among them some that are known. */
static void append_next(struct life *l, uint32_t n)
{
    struct err err = {ERR_NONE};
    bool added;

    for (uint32_t i = 0; i < n; i++) {
        must(append_event(l->s, &l->event[l->n + i], &added, &err), &err);
        assert_true(added);
        must(append_event(l->s, &l->event[below(l, l->n + i + 1)], &added, &err), &err);
        assert_false(added);
    }
}

static void do_transaction(struct life *l)
{
    uint32_t most = EVENTS - l->n < 30 ? EVENTS - l->n : 30;
    uint32_t n = below(l, below(l, most + 1) + 1);
    struct err err = {ERR_NONE};

    must(store_begin(l->s, l->n, &err), &err);
    append_next(l, n);
    if (below(l, 4)) {
        must(store_commit(l->s, &err), &err);
        l->n += n;
        return;
    }
    store_cancel(l->s);
    shuffle(&l->random, l->event + l->n, EVENTS - l->n);
}

static void do_fold(struct life *l)
{
    struct err err = {ERR_NONE};
    bool more;

    must(store_fold(l->s, 1 + below(l, 4), &more, &err), &err);
}

static void do_hold(struct life *l)
{
    struct held *held = &l->held[below(l, HELD)];

    snapshot_close(held->v);
    *held = (struct held){snapshot_of(l->s), l->n};
}

static void do_look(struct life *l)
{
    const struct held *held = &l->held[below(l, HELD)];

    if (held->v)
        need_snapshot_holds(held->v, l->event, held->n);
}

static void close_all(struct life *l)
{
    for (uint32_t i = 0; i < HELD; i++)
        snapshot_close(l->held[i].v);
    memset(l->held, 0, sizeof l->held);
    store_close(l->s);
}

static struct store *open_file(const char *name, enum store_mode mode, size_t bytes)
{
    const struct store_options o = {mode, bytes};
    struct store *s = NULL;
    struct err err = {ERR_NONE};

    must(store_open(io_system(), str_of(temp_path(name)), &o, &s, &err), &err);
    return s;
}

static void do_reopen(struct life *l)
{
    static const size_t bytes[] = {1, 1 << 14, 0};

    close_all(l);
    l->s = open_file("shop", STORE_WRITE, bytes[below(l, 3)]);
}

/* Another reader of the file, while it is open for writing. */
static void do_read(struct life *l)
{
    struct store *s = open_file("shop", STORE_READ, 0);

    need_store_holds(s, l->event, l->n);
    store_close(s);
}

/* --- the parts --- */

static int64_t ask(const char *name, const char *query)
{
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    int64_t answer;

    assert_int_equal(sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    answer = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(db);
    return answer;
}

static uint64_t parts_hash(const char *name)
{
    static const char query[] =
        "select \"column\", chunk, codec, bytes, checksum from part "
        "union all select number, customers, events, first_ms, last_ms from chunk "
        "order by 1, 2, 3";
    sqlite3_stmt *st = NULL;
    sqlite3 *db = NULL;
    struct buf all = {0};
    uint64_t hash;

    assert_int_equal(sqlite3_open_v2(temp_path(name), &db, SQLITE_OPEN_READWRITE, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
    while (sqlite3_step(st) == SQLITE_ROW) {
        for (int i = 0; i < 5; i++) {
            const char *p = sqlite3_column_blob(st, i);

            buf_add(&all, (str){p, (size_t)sqlite3_column_bytes(st, i)});
            buf_add_char(&all, '|');
        }
    }
    sqlite3_finalize(st);
    sqlite3_close(db);
    assert_false(all.failed);
    hash = hash64(buf_str(&all));
    buf_free(&all);
    return hash;
}

static void fold_all(struct store *s)
{
    struct err err = {ERR_NONE};
    bool more = true;

    while (more)
        must(store_fold(s, 2, &more, &err), &err);
}

/* The same events in one transaction, in the same order, so that all is numbered alike. */
static void make_at_once(struct life *l, const char *name)
{
    struct err err = {ERR_NONE};
    struct store *s = NULL;
    bool added;

    must(store_create(io_system(), str_of(temp_path(name)), 0, &s, &err), &err);
    must(store_begin(s, 1, &err), &err);
    for (uint32_t i = 0; i < l->n; i++)
        must(append_event(s, &l->event[i], &added, &err), &err);
    must(store_commit(s, &err), &err);
    fold_all(s);
    store_close(s);
}

TEST(a_store_is_an_array_of_events)
{
    static void (*const step[])(struct life * l) = {
        do_transaction, do_transaction, do_transaction, do_fold, do_fold,
        do_hold,        do_look,        do_look,        do_read, do_reopen,
    };
    size_t rounds = chance_rounds(30);

    for (size_t round = 0; round < rounds; round++) {
        struct life l = {.random = chance()};
        struct err err = {ERR_NONE};

        l.event = scene(&l.random, EVENTS, CUSTOMERS, &l.arena);
        must(store_create(io_system(), str_of(temp_path("shop")), 1 + below(&l, 1 << 15),
                          &l.s, &err),
             &err);
        for (uint32_t i = 0; i < STEPS; i++)
            step[below(&l, sizeof step / sizeof *step)](&l);
        for (uint32_t i = 0; i < HELD; i++) {
            if (l.held[i].v)
                need_snapshot_holds(l.held[i].v, l.event, l.held[i].n);
        }
        need_store_holds(l.s, l.event, l.n);
        fold_all(l.s);
        need_store_holds(l.s, l.event, l.n);
        close_all(&l);
        assert_int_equal(ask("shop", "select count(*) from news"), 0);
        assert_int_equal(ask("shop", "select coalesce(sum(n), 0) from seen_run"), l.n);
        make_at_once(&l, "once");
        assert_true(parts_hash("shop") == parts_hash("once"));
        unlink(temp_path("shop"));
        unlink(temp_path("once"));
        arena_free(&l.arena);
    }
}
