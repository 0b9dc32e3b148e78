/* An import is in the data file wholly or not at all, whatever fails while it is written, and
 * the open store goes on from there. */
#include "store/store.h"

#include "store/sql_impl.h"
#include "support/chance.h"
#include "support/fail_vfs.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Refused with every import: more than one batch, half of it what came with the one before. */
enum { BEFORE = 9, MORE = 9, ALL = BEFORE + MORE, REFUSED = 10 };

static struct event *event;
static struct arena scene_arena;
static str prepared; /* the bytes of a file that holds the first events */

static void set_scene(void)
{
    struct random r = random_seeded(5);
    struct err err;

    if (!sql_start(&err))
        fail_msg("%s", err.msg);
    vfs_failing_install();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    event = scene(&r, ALL, 12, &scene_arena);
}

static void clear_scene(void)
{
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
    prepared = STR("");
    arena_free(&scene_arena);
}

static str home_of_first(void)
{
    uint32_t i = 1;

    while (str_eq(event[i].customer, event[0].customer))
        i++;
    return event[i].customer;
}

static bool import(struct store *s, uint32_t from, uint32_t n, struct err *err)
{
    uint64_t line = from / BEFORE * (REFUSED / 2);
    bool ok = store_begin(s, 1, err), added;

    if (!ok)
        return false;
    for (int i = 0; ok && i < REFUSED; i++) {
        struct refusal r = {STR("file"), line++, STR("reason"), STR("more of its text")};

        ok = store_refuse(s, &r, err);
    }
    for (uint32_t i = from; ok && i < from + n; i++)
        ok = append_event(s, &event[i], &added, err);
    if (from) /* what the first customer brought stands with another from here on */
        ok = ok && store_rehome(s, event[0].customer, home_of_first(), err);
    if (ok)
        return store_commit(s, err);
    store_cancel(s);
    return false;
}

static bool fold_all(struct store *s, struct err *err)
{
    bool more = true, ok = store_fold_begin(s, err) && store_fold_end(s, err);

    while (ok && more)
        ok = store_fold(s, 1, &more, err);
    return ok;
}

static bool count(void *context, [[maybe_unused]] int64_t received_ms,
                  [[maybe_unused]] const struct event *e)
{
    ++*(uint32_t *)context;
    return true;
}

static bool need_next_line(void *context, const struct refusal *r)
{
    assert_int_equal(r->line, (*(uint64_t *)context)++);
    assert_true(str_eq(r->text, STR("more of its text")));
    return true;
}

static uint64_t events_in(struct store *s)
{
    struct snapshot *v = snapshot_of(s);
    uint64_t events = snapshot_facts(v).events;

    snapshot_close(v);
    return events;
}

/* All events up to n are in it, once each, in the timelines as in the log. */
static void need_timelines(struct snapshot *v, uint32_t n)
{
    struct err err = {ERR_NONE};
    struct event moved[ALL];
    uint32_t logged = 0;

    for (uint32_t i = 0; i < n; i++) {
        moved[i] = event[i];
        if (n > BEFORE && str_eq(event[i].customer, event[0].customer))
            moved[i].customer = home_of_first();
    }

    if (!snapshot_each_logged(v, count, &logged, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(logged, n);
    for (uint32_t i = 0; i < snapshot_chunk_count(v); i++) {
        const struct chunk *c;

        if (!snapshot_chunk(v, i, &c, &err))
            fail_msg("%s", err.msg);
        need_chunk_holds(c, snapshot_catalog(v), moved, n);
        snapshot_release(v, i);
    }
}

static void need_holds(struct store *s, uint32_t n)
{
    uint64_t refused = n ? (n / BEFORE + 1) * (REFUSED / 2) : 0, lines = 0;
    struct snapshot *v = snapshot_of(s);
    struct store_facts facts = snapshot_facts(v);
    struct err err = {ERR_NONE};

    assert_int_equal(facts.events, n);
    assert_int_equal(facts.refused, refused);
    if (!snapshot_each_refused(v, need_next_line, &lines, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(lines, refused);
    need_timelines(v, n);
    snapshot_close(v);
}

static void remove_file(void)
{
    static const char *const made[] = {"shop", "shop-wal", "shop-shm", "shop-journal"};

    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(temp_path(made[i]));
}

static void prepare(void)
{
    struct store *s;
    struct err err = {ERR_NONE};

    remove_file();
    if (prepared.n) {
        temp_file("shop", prepared.p, prepared.n);
        return;
    }
    if (!store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err)
        || !import(s, 0, BEFORE, &err))
        fail_msg("%s", err.msg);
    store_close(s);
    if (!io_read_file(io_system(), str_of(temp_path("shop")), 1 << 20, &scene_arena,
                      &prepared, &err))
        fail_msg("%s", err.msg);
}

static struct store *reopen(enum store_mode mode)
{
    struct store *s;
    struct err err = {ERR_NONE};

    if (!store_open(io_system(), str_of(temp_path("shop")),
                    &(struct store_options){mode, 0}, &s, &err))
        fail_msg("%s", err.msg);
    return s;
}

/* How one run went. */
struct run {
    bool opened, imported, folded;
    struct err err;
};

/* Opens, imports and folds while things fail; then, with nothing failing any more, looks at what
 * there is, in the open store and in the file. */
static struct run import_failing(void (*arm)(size_t nth), void (*disarm)(void),
                                 size_t nth, bool go_on)
{
    struct run run = {.err = {ERR_NONE}};
    struct store *s = NULL;
    struct err err;
    uint64_t events_there;

    prepare();
    arm(nth);
    run.opened = store_open(io_system(), str_of(temp_path("shop")),
                            &(struct store_options){STORE_WRITE, 0}, &s, &run.err);
    run.imported = run.opened && import(s, BEFORE, MORE, &run.err);
    run.folded = run.imported && fold_all(s, &run.err);
    if (go_on && run.opened) {
        disarm();
        need_holds(s, run.imported ? ALL : BEFORE);
        if (!import(s, BEFORE, MORE, &err) || !fold_all(s, &err))
            fail_msg("failure %zu, then: %s", nth, err.msg);
        need_holds(s, ALL);
        store_close(s);
    } else {
        store_close(s);
        disarm();
    }

    s = reopen(STORE_READ);
    events_there = events_in(s);
    if (run.imported || (go_on && run.opened))
        assert_int_equal(events_there, ALL);
    else if (!run.opened)
        assert_int_equal(events_there, BEFORE);
    else
        assert_true(events_there == BEFORE || events_there == ALL);
    need_holds(s, (uint32_t)events_there);
    store_close(s);
    return run;
}

static enum vfs_failure failure;

static void arm_disk(size_t nth)
{
    vfs_failing_arm(failure, nth);
}

static bool disk_struck;

static void disarm_disk(void)
{
    disk_struck = vfs_failing_struck();
    vfs_failing_arm(VFS_FAIL_NEVER, 0);
}

static void each_disk_failure(enum vfs_failure kind, bool go_on)
{
    size_t nth = 0;

    set_scene();
    failure = kind;
    do {
        struct run run = import_failing(arm_disk, disarm_disk, ++nth, go_on);

        if (!run.folded && run.err.code != ERR_IO)
            fail_msg("failure %zu is reported as code %d: %s", nth, run.err.code,
                     run.err.msg);
        if (!run.folded && kind == VFS_FAIL_FULL
            && !strstr(run.err.msg, "the disk is full; nothing was changed"))
            fail_msg("failure %zu: %s", nth, run.err.msg);
    } while (disk_struck);
    assert_true(nth > 10);
    clear_scene();
}

TEST(an_import_is_there_wholly_or_not_when_one_operation_fails)
{
    each_disk_failure(VFS_FAIL_ONCE, false);
}

TEST(an_import_is_there_wholly_or_not_when_the_disk_goes_away)
{
    each_disk_failure(VFS_FAIL_FOR_GOOD, false);
}

TEST(an_import_is_there_wholly_or_not_when_the_disk_is_full)
{
    each_disk_failure(VFS_FAIL_FULL, false);
}

TEST(the_store_goes_on_after_one_operation_failed)
{
    each_disk_failure(VFS_FAIL_ONCE, true);
}

TEST(the_store_goes_on_when_the_disk_comes_back)
{
    each_disk_failure(VFS_FAIL_FOR_GOOD, true);
}

TEST(the_store_goes_on_when_the_disk_has_room_again)
{
    each_disk_failure(VFS_FAIL_FULL, true);
}

static void need_nothing_left(size_t nth)
{
    static const char *const made[] = {"shop", "shop-wal", "shop-shm", "shop-journal"};

    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        if (access(temp_path(made[i]), F_OK) == 0)
            fail_msg("failure %zu leaves %s behind", nth, made[i]);
    }
}

TEST(creating_leaves_a_good_file_or_none)
{
    set_scene();
    for (failure = VFS_FAIL_ONCE; failure <= VFS_FAIL_FULL; failure++) {
        size_t nth = 0;

        do {
            struct store *s;
            struct err err = {ERR_NONE};

            remove_file();
            arm_disk(++nth);
            if (store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err)) {
                store_close(s);
                disarm_disk();
                s = reopen(STORE_READ);
                need_holds(s, 0);
                store_close(s);
            } else {
                disarm_disk();
                assert_int_equal(err.code, ERR_IO);
                need_nothing_left(nth);
            }
        } while (disk_struck);
        assert_true(nth > 5);
    }
    clear_scene();
}

/* --- memory ---
 *
 * SQLite can do without some of what it asks for, so a failed allocation need not be a failed
 * import: then the import must be there. */

static struct {
    size_t nth;
    atomic_size_t seen; /* any thread may ask for memory */
    bool for_good;
    atomic_bool struck;
} memory;

static bool memory_hook([[maybe_unused]] size_t bytes, [[maybe_unused]] void *context)
{
    size_t seen = ++memory.seen;
    bool fails = memory.for_good ? seen >= memory.nth : seen == memory.nth;

    if (fails)
        memory.struck = true;
    return !fails;
}

static void arm_memory(size_t nth)
{
    memory.nth = nth;
    memory.seen = 0;
    memory.struck = false;
    mem_set_hook(memory_hook, NULL);
}

static void disarm_memory(void)
{
    mem_set_hook(NULL, NULL);
}

static void each_import_oom(bool for_good, bool go_on)
{
    size_t nth = 0,
           step = for_good ? 3 : 1; /* neighbours differ little when all fail after */

    set_scene();
    memory.for_good = for_good;
    do {
        struct run run = import_failing(arm_memory, disarm_memory, nth += step, go_on);

        if (!run.folded && run.err.code != ERR_NOMEM)
            fail_msg("allocation %zu is reported as code %d: %s", nth, run.err.code,
                     run.err.msg);
    } while (memory.struck);
    assert_true(nth > 100);
    clear_scene();
}

TEST(an_import_is_there_wholly_or_not_when_memory_is_used_up)
{
    each_import_oom(true, false);
}

TEST(the_store_goes_on_after_one_allocation_failed)
{
    each_import_oom(false, true);
}

TEST(the_store_goes_on_when_there_is_memory_again)
{
    each_import_oom(true, true);
}

TEST(creating_survives_any_lack_of_memory)
{
    set_scene();
    for (int for_good = 0; for_good < 2; for_good++) {
        size_t nth = 0;

        memory.for_good = for_good;
        do {
            struct store *s = NULL;
            struct err err = {ERR_NONE};
            size_t blocks;
            bool ok;

            remove_file();
            blocks = mem_live_blocks();
            arm_memory(++nth);
            ok = store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err);
            disarm_memory();
            if (!ok) {
                assert_int_equal(err.code, ERR_NOMEM);
                need_nothing_left(nth);
            }
            store_close(s);
            assert_int_equal(mem_live_blocks(), blocks);
        } while (memory.struck);
    }
    clear_scene();
}

static bool read_snapshot(struct snapshot *v, struct err *err)
{
    uint32_t column_n = snapshot_catalog(v)->column_n;
    uint64_t line = 0;
    bool ok = snapshot_each_refused(v, need_next_line, &line, err);

    for (uint32_t i = 0; ok && i < snapshot_chunk_count(v); i++) {
        const struct cells *cells;
        const struct chunk *c;
        const str *id;

        ok = snapshot_chunk(v, i, &c, err) && chunk_message_ids(c, &id, err);
        for (uint32_t k = 0; ok && k < column_n; k++)
            ok = chunk_cells(c, k, &cells, err);
    }
    return ok;
}

static bool read_all(enum store_mode mode, struct err *err)
{
    struct snapshot *v = NULL;
    struct store *s;
    bool ok;

    if (!store_open(io_system(), str_of(temp_path("shop")),
                    &(struct store_options){mode, 0}, &s, err))
        return false;
    ok = store_snapshot(s, &v, err) && read_snapshot(v, err);
    snapshot_close(v);
    store_close(s);
    return ok;
}

TEST(reading_survives_any_lack_of_memory)
{
    set_scene();
    prepare();
    for (int for_good = 0; for_good < 2; for_good++) {
        size_t nth = 0;

        memory.for_good = for_good;
        do {
            struct err err = {ERR_NONE};
            size_t blocks = mem_live_blocks();
            bool ok;

            arm_memory(++nth);
            ok = read_all(nth % 2 ? STORE_READ : STORE_WRITE, &err);
            disarm_memory();
            if (!ok && err.code != ERR_NOMEM)
                fail_msg("allocation %zu is reported as code %d: %s", nth, err.code,
                         err.msg);
            assert_int_equal(mem_live_blocks(), blocks);
        } while (memory.struck);
    }
    clear_scene();
}

TEST(reading_reports_a_failing_disk)
{
    set_scene();
    prepare();
    for (failure = VFS_FAIL_ONCE; failure <= VFS_FAIL_FOR_GOOD; failure++) {
        size_t nth = 0;

        do {
            struct err err = {ERR_NONE};
            bool ok;

            arm_disk(++nth);
            ok = read_all(nth % 2 ? STORE_READ : STORE_WRITE, &err);
            disarm_disk();
            if (!ok && err.code != ERR_IO)
                fail_msg("failure %zu is reported as code %d: %s", nth, err.code,
                         err.msg);
        } while (disk_struck);
        assert_true(nth > 10);
    }
    clear_scene();
}

/* --- kills --- */

/* Imports three events at a time, and says so after each commit. */
static void import_until_killed(int said)
{
    struct store *s = reopen(STORE_WRITE);
    struct err err;

    for (uint32_t from = BEFORE; from < ALL; from += 3) {
        bool more;

        if (!import(s, from, 3, &err) || write(said, "+", 1) != 1
            || !store_fold(s, 1, &more, &err))
            _exit(1);
    }
    alarm(UNIT_SECONDS); /* should nobody be left to kill it */
    for (;;)
        pause();
}

TEST(what_was_acknowledged_is_there_after_a_kill)
{
    struct random r = chance();

    set_scene();
    for (int round = 0; round < 30; round++) {
        uint32_t wait = (uint32_t)random_below(&r, 3), acknowledged = 0;
        useconds_t more_us = (useconds_t)random_below(&r, 4000);
        struct store_facts facts;
        struct snapshot *v;
        struct store *s;
        int said[2], status;
        pid_t child;
        char byte;

        prepare();
        assert_int_equal(pipe(said), 0);
        child = fork();
        assert_true(child >= 0);
        if (!child)
            import_until_killed(said[1]);
        close(said[1]);
        while (acknowledged < wait && read(said[0], &byte, 1) == 1)
            acknowledged++;
        usleep(more_us); /* so that the kill meets it anywhere */
        kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        while (read(said[0], &byte, 1) == 1)
            acknowledged++;
        close(said[0]);

        s = reopen(round % 2 ? STORE_READ : STORE_WRITE);
        v = snapshot_of(s);
        facts = snapshot_facts(v);
        assert_true(facts.events >= BEFORE + 3 * acknowledged);
        assert_int_equal(facts.events % 3, 0);
        need_timelines(v, (uint32_t)facts.events);
        snapshot_close(v);
        store_close(s);
    }
    clear_scene();
}
