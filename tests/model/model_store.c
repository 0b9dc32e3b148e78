/* The store against an array of events, and where the events of each anchor stand: commits, moves
 * from timeline to timeline and back, cancelled transactions, folding, snapshots, reopening and
 * rebuilding, under large budgets of memory and tiny ones. */
#include "store/rewrite.h"
#include "store/store.h"
#include "store/verify.h"

#include "support/chance.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EVENTS = 160, CUSTOMERS = 40, HELD = 4, STEPS = 60 };

/* By the number in a customer's name: on whose timeline stands what he brought. */
struct homes {
    uint32_t of[CUSTOMERS];
    bool has_brought[CUSTOMERS];
};

/* A snapshot, and of how many events it must be. */
struct held {
    struct snapshot *v;
    uint32_t n;
    struct homes homes;
};

struct life {
    struct random random;
    struct arena arena;
    struct event *event; /* the first n are committed, in this order */
    uint32_t n;
    struct homes homes; /* as committed */
    bool has_ghosts;    /* some are homes before they bring an event, so numbers differ */
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

/* --- who stands where --- */

static uint32_t number_of(str customer)
{
    return (uint32_t)strtoul(customer.p + strlen("customer "), NULL, 10);
}

static str name_of(struct life *l, uint32_t number)
{
    char name[32];
    str kept;

    snprintf(name, sizeof name, "customer %u", number);
    kept = arena_str(&l->arena, str_of(name));
    assert_non_null(kept.p);
    return kept;
}

/* The owner that a rebuild asks: it says what the life knows. */
static bool owner_begin([[maybe_unused]] void *context, [[maybe_unused]] struct err *err)
{
    return true;
}

static bool owner_give(void *context, const struct event *e,
                       [[maybe_unused]] struct err *err)
{
    const struct life *l = context;

    return l->homes.has_brought[number_of(e->customer)];
}

static bool owner_home(void *context, str anchor, str *home,
                       [[maybe_unused]] struct err *err)
{
    struct life *l = context;

    *home = name_of(l, l->homes.of[number_of(anchor)]);
    return true;
}

static bool owner_bytes([[maybe_unused]] void *context, struct buf *to,
                        [[maybe_unused]] struct err *err)
{
    buf_add(to, STR("all of it"));
    return true;
}

static void owner_end([[maybe_unused]] void *context)
{
}

static struct store_owner owner_of(struct life *l)
{
    return (struct store_owner){owner_begin, owner_give, owner_home,
                                owner_bytes, owner_end,  l};
}

/* Moves an anchor somewhere; mostly to one who has brought something. */
static void move_one(struct life *l, struct homes *homes)
{
    uint32_t anchor = below(l, CUSTOMERS), home = below(l, CUSTOMERS);
    struct err err = {ERR_NONE};

    if (!l->has_ghosts && !homes->has_brought[home])
        home = anchor;
    if (!below(l, 3)) /* back */
        home = anchor;
    must(store_rehome(l->s, name_of(l, anchor), name_of(l, home), &err), &err);
    if (homes->has_brought[anchor])
        homes->of[anchor] = home;
}

/* Of these customers of a chunk. */
static void need_anchors_of(struct snapshot *v, const struct chunk *c,
                            const struct bits *who, const struct event *event, uint32_t n)
{
    const struct cells *anchors;
    const str *id;
    struct err err = {ERR_NONE};
    uint32_t at = 0;

    must(chunk_message_ids(c, &id, &err) && chunk_anchors(c, &anchors, &err), &err);
    for (uint32_t i = 0; i < c->customer_n; i++) {
        for (uint32_t e = c->first[i]; e < c->first[i + 1]; e++) {
            bool moved = at < anchors->n && anchors->event[at] == e;
            uint32_t anchor =
                moved ? (uint32_t)anchors->number[at] : c->customer_first + i;
            uint32_t which = 0;

            at += moved;
            if (!bits_has(who, i))
                continue;
            while (which < n && !str_eq(event[which].id, id[e]))
                which++;
            assert_true(which < n);
            assert_true(str_eq(catalog_customer_id(snapshot_catalog(v), anchor),
                               event[which].customer));
        }
    }
    assert_int_equal(at, anchors->n);
}

static uint64_t parted; /* chunks that came in two halves */

static void need_anchors(struct snapshot *v, const struct event *event, uint32_t n)
{
    struct err err = {ERR_NONE};

    for (uint32_t k = 0; k < snapshot_chunk_count(v); k++) {
        const struct bits all = bits_up_to(CHUNK_CUSTOMERS);
        const struct chunk *c;
        struct halves halves;

        must(snapshot_chunk(v, k, &c, &err), &err);
        need_anchors_of(v, c, &all, event, n);
        snapshot_release(v, k);
        must(snapshot_halves(v, k, &halves, &err), &err);
        for (uint32_t h = 0; h < halves.n; h++)
            need_anchors_of(v, halves.half[h].chunk, &halves.half[h].who, event, n);
        parted += halves.n == 2;
        halves_free(&halves);
    }
}

static void need_homes(struct snapshot *v, const struct homes *homes)
{
    const struct catalog *catalog = snapshot_catalog(v);
    struct err err = {ERR_NONE};
    struct arena a = {0};
    bool is[CUSTOMERS] = {false};
    uint32_t customers = 0, anchors = 0;

    for (uint32_t i = 0; i < catalog_customer_n(catalog); i++) {
        uint32_t anchor = number_of(catalog_customer_id(catalog, i)), home, n = 0;
        const uint32_t *its;

        must(snapshot_home(v, i, &home, &err)
                 && snapshot_anchors(v, i, &a, &its, &n, &err),
             &err);
        if (homes->has_brought[anchor])
            assert_int_equal(number_of(catalog_customer_id(catalog, home)),
                             homes->of[anchor]);
        for (uint32_t k = 0; k < n; k++)
            assert_int_equal(homes->of[number_of(catalog_customer_id(catalog, its[k]))],
                             anchor);
        anchors += n;
    }
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        anchors -= homes->has_brought[i];
        customers += homes->has_brought[i] && !is[homes->of[i]];
        is[homes->of[i]] |= homes->has_brought[i];
    }
    assert_int_equal(anchors, 0);
    assert_int_equal(snapshot_facts(v).customers, customers);
    arena_free(&a);
}

/* The snapshot is the first n events, each on its home's timeline. */
static void need_life(struct life *l, struct snapshot *v, uint32_t n,
                      const struct homes *homes)
{
    struct event *moved = calloc(EVENTS, sizeof *moved);

    assert_non_null(moved);
    for (uint32_t i = 0; i < n; i++) {
        moved[i] = l->event[i];
        moved[i].customer = name_of(l, homes->of[number_of(moved[i].customer)]);
    }
    need_snapshot_holds(v, moved, n);
    need_anchors(v, l->event, n);
    need_homes(v, homes);
    free(moved);
}

static void need_life_in(struct life *l, struct store *s)
{
    struct snapshot *v = snapshot_of(s);

    need_life(l, v, l->n, &l->homes);
    snapshot_close(v);
}

/* --- what a life is made of --- */

/* Appends the next n events, and among them some that are known. */
static void append_next(struct life *l, uint32_t n, struct homes *homes)
{
    struct err err = {ERR_NONE};
    bool added;

    for (uint32_t i = 0; i < n; i++) {
        must(append_event(l->s, &l->event[l->n + i], &added, &err), &err);
        assert_true(added);
        homes->has_brought[number_of(l->event[l->n + i].customer)] = true;
        must(append_event(l->s, &l->event[below(l, l->n + i + 1)], &added, &err), &err);
        assert_false(added);
        if (!below(l, 6))
            move_one(l, homes);
    }
    for (uint32_t moves = below(l, 3) ? 0 : below(l, 8); moves; moves--)
        move_one(l, homes);
}

static void do_transaction(struct life *l)
{
    uint32_t most = EVENTS - l->n < 30 ? EVENTS - l->n : 30;
    uint32_t n = below(l, below(l, most + 1) + 1);
    struct homes homes = l->homes;
    struct err err = {ERR_NONE};

    must(store_begin(l->s, l->n, &err), &err);
    append_next(l, n, &homes);
    if (below(l, 4)) {
        must(store_commit(l->s, &err), &err);
        l->n += n;
        l->homes = homes;
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

/* Begins one, or ends the one that was begun. */
static void do_fold_beside(struct life *l)
{
    struct err err = {ERR_NONE};
    bool has_run;

    must(store_is_folding(l->s, &has_run) ? store_fold_end(l->s, &err)
                                          : store_fold_begin(l->s, &err),
         &err);
}

static void do_hold(struct life *l)
{
    struct held *held = &l->held[below(l, HELD)];

    snapshot_close(held->v);
    *held = (struct held){snapshot_of(l->s), l->n, l->homes};
}

static void look_at(struct life *l, const struct held *held)
{
    if (held->v)
        need_life(l, held->v, held->n, &held->homes);
}

static void do_look(struct life *l)
{
    look_at(l, &l->held[below(l, HELD)]);
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

    need_life_in(l, s);
    store_close(s);
}

static void found([[maybe_unused]] void *context, const struct difference *d)
{
    fail_msg("%.*s", STR_FMT(d->text));
}

static void need_proof(struct life *l)
{
    const struct store_owner owner = owner_of(l);
    const struct verify_options o = {.threads = 2, .owner = &owner, .found = found};
    struct verify_report report;
    struct err err = {ERR_NONE};

    must(store_verify(io_system(), str_of(temp_path("shop")), &o, &report, &err), &err);
    assert_true(report.opens);
    assert_int_equal(report.differences, 0);
    assert_int_equal(report.events, l->n);
}

static void do_prove(struct life *l)
{
    need_proof(l);
}

static void rebuild(struct life *l)
{
    const struct store_owner owner = owner_of(l);
    const struct rewrite_options o = {.memory_bytes = 1 + below(l, 1 << 15),
                                      .owner = &owner};
    struct rebuild_report report;
    struct err err = {ERR_NONE};

    must(store_rebuild(io_system(), str_of(temp_path("shop")), &o, &l->arena, &report,
                       &err),
         &err);
    assert_true(report.is_made);
    assert_int_equal(report.events, l->n);
}

static void do_rebuild(struct life *l)
{
    if (below(l, 3))
        return;
    close_all(l);
    rebuild(l);
    l->s = open_file("shop", STORE_WRITE, 0);
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
        "where events > 0 "
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
    for (uint32_t i = 0; i < CUSTOMERS; i++)
        must(store_rehome(s, name_of(l, i), name_of(l, l->homes.of[i]), &err), &err);
    must(store_commit(s, &err), &err);
    fold_all(s);
    store_close(s);
}

/* All moves taken back: the timelines are those of a store in which none was ever made. */
static void undo_all(struct life *l)
{
    struct err err = {ERR_NONE};

    must(store_begin(l->s, l->n, &err), &err);
    for (uint32_t i = 0; i < CUSTOMERS; i++) {
        must(store_rehome(l->s, name_of(l, i), name_of(l, i), &err), &err);
        l->homes.of[i] = i;
    }
    must(store_commit(l->s, &err), &err);
    need_store_holds(l->s, l->event, l->n);
}

/* The parts follow from the events and the homes alone. */
static void need_parts(struct life *l)
{
    uint64_t hash;

    assert_int_equal(ask("shop", "select count(*) from news"), 0);
    assert_int_equal(ask("shop", "select coalesce(sum(n), 0) from seen_run"), l->n);
    need_proof(l);
    if (l->has_ghosts)
        return;
    hash = parts_hash("shop");
    make_at_once(l, "once");
    assert_true(hash == parts_hash("once"));
    unlink(temp_path("once"));
    rebuild(l);
    assert_true(hash == parts_hash("shop"));
    need_proof(l);
}

static void end(struct life *l)
{
    for (uint32_t i = 0; i < HELD; i++)
        look_at(l, &l->held[i]);
    need_life_in(l, l->s);
    fold_all(l->s);
    need_life_in(l, l->s);
    close_all(l);
    need_parts(l);
    l->s = open_file("shop", STORE_WRITE, 1 + below(l, 1 << 15));
    need_life_in(l, l->s);
    undo_all(l);
    fold_all(l->s);
    close_all(l);
    need_parts(l);
}

TEST(a_store_is_an_array_of_events)
{
    static void (*const step[])(struct life * l) = {
        do_transaction, do_transaction, do_transaction, do_fold, do_fold_beside,
        do_fold_beside, do_hold,        do_look,        do_look, do_read,
        do_prove,       do_rebuild,     do_reopen,
    };
    size_t rounds = chance_rounds(30);

    for (size_t round = 0; round < rounds; round++) {
        struct life l = {.random = chance()};
        struct err err = {ERR_NONE};

        l.event = scene(&l.random, EVENTS, CUSTOMERS, &l.arena);
        l.has_ghosts = !below(&l, 3);
        for (uint32_t i = 0; i < CUSTOMERS; i++)
            l.homes.of[i] = i;
        must(store_create(io_system(), str_of(temp_path("shop")), 1 + below(&l, 1 << 15),
                          &l.s, &err),
             &err);
        for (uint32_t i = 0; i < STEPS; i++)
            step[below(&l, sizeof step / sizeof *step)](&l);
        end(&l);
        unlink(temp_path("shop"));
        arena_free(&l.arena);
    }
    assert_true(parted > rounds);
}
