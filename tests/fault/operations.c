/* Whatever fails while something is done with a data file, the file then holds what it held
 * before or what it was to hold, nothing lies beside it, and the next try succeeds. */
#include "store/file_impl.h"
#include "store/rewrite.h"
#include "support/chance.h"
#include "support/erase.h"
#include "support/sim_shop.h"

#include "support/unit.h"

#include <stdio.h>
#include <string.h>

enum { EVENTS = 33, MORE = 12, CUSTOMERS = 16 };

static struct sim_shop shop;
static str prepared; /* a file with parts and with news */

/* --- what is done --- */

static struct store *open_shop(enum store_mode mode, struct err *err)
{
    struct store_options options = {.mode = mode};
    struct store *s;

    return store_open(shop.io, SIM_SHOP, &options, &s, err) ? s : NULL;
}

static bool read_all(struct err *err)
{
    struct store *s = open_shop(STORE_READ, err);
    struct snapshot *v;
    bool ok = s && store_snapshot(s, &v, err);

    if (ok) {
        ok = sim_shop_read(&shop, v, EVENTS, err);
        snapshot_close(v);
    }
    store_close(s);
    return ok;
}

/* Some of them are there already. */
static bool import_more(struct err *err)
{
    struct store *s = open_shop(STORE_WRITE, err);
    bool ok = s && sim_shop_import(&shop, s, EVENTS - 3, MORE + 3, err);

    store_close(s);
    return ok;
}

static bool fold_all(struct err *err)
{
    struct store *s = open_shop(STORE_WRITE, err);
    bool more = s;

    while (more) {
        if (!store_fold(s, 1, &more, err)) {
            store_close(s);
            return false;
        }
    }
    store_close(s);
    return s;
}

static bool compact(struct err *err)
{
    const struct rewrite_options o = {0};
    struct rewrite_sizes sizes;

    return store_compact(shop.io, SIM_SHOP, &o, &sizes, err);
}

static bool rebuild(struct err *err)
{
    const struct rewrite_options o = {0};
    struct rebuild_report report;
    struct arena a = {0};
    bool ok = store_rebuild(shop.io, SIM_SHOP, &o, &a, &report, err);

    arena_free(&a);
    return ok;
}

static bool back_up(struct err *err)
{
    const struct rewrite_options o = {0};
    struct rewrite_sizes sizes;
    bool ok = store_backup(shop.io, SIM_SHOP, STR("/copy"), &o, &sizes, err);

    if (ok)
        shop.io->unlink(shop.io, "/copy");
    return ok;
}

/* Done too when he is gone already. */
static bool erase(struct err *err)
{
    const struct rewrite_options o = {0};
    struct erase_report report;

    return erase_customers(shop.io, SIM_SHOP, &shop.event[0].customer, 1, &o, &report,
                           err)
           || err->code == ERR_NOT_FOUND;
}

static const struct operation {
    const char *name;
    bool (*run)(struct err *err);
    uint32_t brings; /* events */
    bool changes;    /* and so nobody else may have the file open for writing */
    uint32_t stride; /* above 1: it has many steps, and not each fails in turn */
    bool erases;     /* the first event's customer */
    int from;        /* the format of the prepared file; 0: ours */
} operations[] = {
    {"reading", read_all, 0, false, 1},    {"importing", import_more, MORE, true, 1},
    {"folding", fold_all, 0, true, 1},     {"compacting", compact, 0, true, 11},
    {"rebuilding", rebuild, 0, true, 23},  {"a backup", back_up, 0, false, 11},
    {"erasing", erase, 0, true, 23, true},
};
enum { OPERATIONS = sizeof operations / sizeof *operations };

/* Who reads the prepared file migrates it: the first format into another file, later ones in place. */
static const struct operation migrations[] = {
    {"migrating format 1", read_all, 0, true, 23, .from = 1},
    {"migrating format 2", read_all, 0, true, 3, .from = 2},
    {"migrating format 3", read_all, 0, true, 3, .from = 3},
    {"migrating format 5", read_all, 0, true, 1, .from = 5},
    {"migrating format 6", read_all, 0, true, 1, .from = 6},
    {"migrating format 7", read_all, 0, true, 1, .from = 7},
    {"migrating format 8", read_all, 0, true, 1, .from = 8},
};
enum { MIGRATIONS = sizeof migrations / sizeof *migrations };

/* --- what must hold --- */

static void must(bool ok, const struct err *err, const char *what)
{
    if (!ok)
        fail_msg("%s: %s", what, err->msg);
}

static void set_scene(void)
{
    struct store *s;
    struct err err;

    sim_shop_set(&shop, EVENTS + MORE, CUSTOMERS);
    must(store_create(shop.io, SIM_SHOP, 0, &s, &err), &err, "creating");
    must(sim_shop_import(&shop, s, 0, EVENTS - 5, &err), &err, "importing");
    store_close(s);
    must(fold_all(&err), &err, "folding");
    s = open_shop(STORE_WRITE, &err);
    must(s && sim_shop_import(&shop, s, EVENTS - 5, 5, &err), &err, "importing");
    store_close(s);
    prepared = sim_shop_get(&shop, "/shop");
}

static void put_prepared(void)
{
    sim_disk_reset(shop.disk, 1);
    sim_shop_put(&shop, "/shop", prepared);
}

struct remains {
    uint64_t others, his;
};

static bool count_his(void *context, [[maybe_unused]] int64_t received_ms,
                      const struct event *e)
{
    struct remains *remains = context;

    if (str_eq(e->customer, shop.event[0].customer))
        remains->his++;
    else
        remains->others++;
    return true;
}

/* Nothing of him, and everything else. */
static void need_erased(struct snapshot *v, const char *what)
{
    struct remains remains = {0}, all = {0};
    struct err err;

    for (uint32_t i = 0; i < EVENTS; i++)
        count_his(&all, 0, &shop.event[i]);
    must(snapshot_each_logged(v, count_his, &remains, &err), &err, what);
    if (remains.his || remains.others != all.others
        || snapshot_facts(v).events != all.others)
        fail_msg("%s: %d of his events are left, and %d others", what, (int)remains.his,
                 (int)remains.others);
}

/* Before or after; which of both, when the operation says that it was done. `tidy`: nothing lies
 * beside the file. */
static void need_whole(const struct operation *o, bool done, bool tidy, const char *what)
{
    struct snapshot *v = NULL;
    struct err err;
    struct store *s = open_shop(STORE_READ, &err);
    uint32_t events;

    must(s && store_snapshot(s, &v, &err), &err, what);
    events = (uint32_t)snapshot_facts(v).events;
    if (o->erases && (done || events != EVENTS)) {
        need_erased(v, what);
    } else {
        if (events != EVENTS + o->brings && (done || events != EVENTS))
            fail_msg("%s: %s: %u events", what, o->name, events);
        must(sim_shop_look(&shop, v, events, &err), &err, what);
    }
    snapshot_close(v);
    store_close(s);
    if (tidy && sim_disk_names(shop.disk) != 1)
        fail_msg("%s: %s leaves something beside the file", what, o->name);
}

/* The format that the closed file says it has. */
static int format_of_file(void)
{
    enum { USER_VERSION_AT = 60 };

    return sim_shop_get(&shop, "/shop").p[USER_VERSION_AT + 3];
}

/* Before anybody opens the file, and migrates it if it is still to be done. */
static void need_old_or_new(const struct operation *o, bool done, bool tidy,
                            const char *what)
{
    int format = format_of_file();
    struct stat beside;

    if (format != FORMAT && (done || format != o->from))
        fail_msg("%s: the file is of format %d", what, format);
    if (tidy && shop.io->stat(shop.io, "/shop.new", &beside) == 0)
        fail_msg("%s: something was left beside the file", what);
}

/* Done again, undisturbed. */
static void need_done(const struct operation *o, const char *what)
{
    struct err err;

    must(o->run(&err), &err, what);
    if (o->changes)
        need_whole(o, true, true, what);
}

/* --- the disk --- */

/* Where not each operation fails in turn, chance says which is the first, so that none is left out
 * for ever. */
static void each_disk_failure(const struct operation *o, enum sim_failure failure,
                              uint64_t step)
{
    struct random r = chance();
    uint64_t stride = step * o->stride, nth = 1 + random_below(&r, stride);
    bool struck = true;

    for (; struck; nth += stride) {
        struct err err = {ERR_NONE};
        char what[80];
        bool done;

        snprintf(what, sizeof what, "%s, failure %d at %llu", o->name, failure,
                 (unsigned long long)nth);
        put_prepared();
        sim_disk_arm(shop.disk, failure, nth);
        done = o->run(&err);
        struck = sim_disk_struck(shop.disk);
        sim_disk_arm(shop.disk, SIM_NEVER, 0);
        if (!done && err.code != ERR_IO)
            fail_msg("%s: code %d: %s", what, err.code, err.msg);
        if (!done && failure == SIM_FULL && !strstr(err.msg, "disk is full"))
            fail_msg("%s: %s", what, err.msg);
        if (!struck)
            must(done, &err, what);
        if (o->from)
            need_old_or_new(o, done, done || failure != SIM_FOR_GOOD, what);
        if (o->changes) {
            need_whole(o, done, done || failure != SIM_FOR_GOOD, what);
            need_done(o, what);
        }
    }
}

static void each_operation(enum sim_failure failure, uint64_t step)
{
    set_scene();
    for (int i = 0; i < OPERATIONS; i++)
        each_disk_failure(&operations[i], failure, step);
    sim_shop_clear(&shop);
}

TEST(any_operation_of_the_disk_may_fail_once)
{
    each_operation(SIM_ONCE, 1);
}

TEST(the_disk_may_go_away)
{
    each_operation(SIM_FOR_GOOD, 3);
}

TEST(the_disk_may_be_full)
{
    each_operation(SIM_FULL, 1);
}

/* --- memory --- */

static struct {
    size_t nth, seen;
    bool for_good, struck;
} memory;

static bool memory_hook([[maybe_unused]] size_t bytes, [[maybe_unused]] void *context)
{
    bool fails;

    memory.seen++;
    fails = memory.for_good ? memory.seen >= memory.nth : memory.seen == memory.nth;
    memory.struck |= fails;
    return !fails;
}

/* SQLite can do without some of what it asks for: then the operation is done. */
static void each_lack_of_memory(const struct operation *o, bool for_good, size_t step)
{
    struct random r = chance();
    size_t stride = step * o->stride, nth = 1 + (size_t)random_below(&r, stride);

    memory.struck = true;
    for (; memory.struck; nth += stride) {
        struct err err = {ERR_NONE};
        size_t blocks;
        char what[80];
        bool done;

        snprintf(what, sizeof what, "%s, allocation %zu%s", o->name, nth,
                 for_good ? " and all that follow" : "");
        put_prepared();
        blocks = mem_live_blocks();
        memory.nth = nth;
        memory.seen = 0;
        memory.struck = false;
        memory.for_good = for_good;
        mem_set_hook(memory_hook, NULL);
        done = o->run(&err);
        mem_set_hook(NULL, NULL);
        if (!done && err.code != ERR_NOMEM)
            fail_msg("%s: code %d: %s", what, err.code, err.msg);
        if (mem_live_blocks() != blocks)
            fail_msg("%s: %zu blocks before, %zu after", what, blocks, mem_live_blocks());
        if (o->from)
            need_old_or_new(o, done, true, what);
        if (o->changes) {
            need_whole(o, done, true, what);
            need_done(o, what);
        }
    }
}

TEST(any_allocation_may_fail)
{
    set_scene();
    for (int i = 0; i < OPERATIONS; i++)
        each_lack_of_memory(&operations[i], false, 2);
    sim_shop_clear(&shop);
}

TEST(memory_may_be_used_up)
{
    set_scene();
    for (int i = 0; i < OPERATIONS; i++)
        each_lack_of_memory(&operations[i], true, 7);
    sim_shop_clear(&shop);
}

/* --- migration --- */

static void set_old_scene(int format)
{
    set_scene();
    put_prepared();
    if (format == 1)
        sim_shop_make_old(&shop);
    else
        sim_shop_make_later(format);
    prepared = sim_shop_get(&shop, "/shop");
    assert_int_equal(format_of_file(), format);
}

static void each_failure_of_migrations(enum sim_failure failure)
{
    for (int i = 0; i < MIGRATIONS; i++) {
        set_old_scene(migrations[i].from);
        each_disk_failure(&migrations[i], failure, 1);
        sim_shop_clear(&shop);
    }
}

TEST(any_operation_of_the_disk_may_fail_in_a_migration)
{
    each_failure_of_migrations(SIM_ONCE);
}

TEST(the_disk_may_go_away_in_a_migration)
{
    each_failure_of_migrations(SIM_FOR_GOOD);
}

TEST(the_disk_may_be_full_in_a_migration)
{
    each_failure_of_migrations(SIM_FULL);
}

static void each_migration_lacks_memory(bool for_good, size_t step)
{
    for (int i = 0; i < MIGRATIONS; i++) {
        set_old_scene(migrations[i].from);
        each_lack_of_memory(&migrations[i], for_good, step);
        sim_shop_clear(&shop);
    }
}

TEST(any_allocation_may_fail_in_a_migration)
{
    each_migration_lacks_memory(false, 23);
}

TEST(memory_may_be_used_up_in_a_migration)
{
    each_migration_lacks_memory(true, 31);
}

/* --- others --- */

TEST(who_writes_keeps_others_from_changing_the_file)
{
    set_scene();
    for (int i = 0; i < OPERATIONS; i++) {
        const struct operation *o = &operations[i];
        struct err err = {ERR_NONE};
        struct store *s;
        bool done;

        put_prepared();
        s = open_shop(STORE_WRITE, &err);
        must(s, &err, "opening");
        done = o->run(&err);
        if (o->changes ? done || err.code != ERR_CONFLICT : !done)
            fail_msg("%s: code %d: %s", o->name, err.code, err.msg);
        store_close(s);
        need_done(o, o->name);
    }
    sim_shop_clear(&shop);
}
