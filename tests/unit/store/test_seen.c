#include "store/seen_impl.h"

#include "base/tune.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A file with only these tables. */
struct file {
    struct sql sql;
    struct seen *seen;
};

static bool open_file(struct file *f, const char *path, bool is_new, struct err *err)
{
    *f = (struct file){0};
    return sql_start(err)
           && sql_open(&f->sql, path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, err)
           && (!is_new || sql_exec(&f->sql, SEEN_SCHEMA, err))
           && seen_new(&f->sql, &f->seen, err);
}

static void close_file(struct file *f)
{
    seen_free(f->seen);
    sql_close(&f->sql);
}

static void need_file(struct file *f, const char *path, bool is_new)
{
    struct err err;

    if (!open_file(f, path, is_new, &err))
        fail_msg("%s", err.msg);
}

static void need(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

static void run(struct file *f, const char *text)
{
    struct err err;

    need(sql_exec(&f->sql, text, &err), &err);
}

static hash128 random_id(struct random *r)
{
    return (hash128){random_next(r), random_next(r)};
}

static bool has(struct file *f, hash128 id)
{
    struct err err;
    bool found;

    need(seen_has(f->seen, id, &found, &err), &err);
    return found;
}

/* n new ids, in order, as seen_add wants them. */
static void add_random(struct file *f, struct random *r, size_t n, struct hash_set *twin)
{
    hash128 *id = mem_alloc((n + 1) * sizeof *id);
    struct err err;
    bool added;

    for (size_t i = 0; i < n;) {
        id[i] = random_id(r);
        if (random_below(r, 4) == 0) /* some lie near one another */
            id[i] = (hash128){random_below(r, 9), UINT64_MAX << random_below(r, 64)};
        assert_true(hash_set_add(twin, id[i], &added));
        i += added;
    }
    hash128_sort(id, n);
    need(seen_add(f->seen, id, n, &err), &err);
    mem_free(id);
}

static void merge(struct file *f, uint64_t ids_max)
{
    struct err err;

    need(seen_merge(f->seen, ids_max, &err), &err);
}

static int64_t number(struct file *f, const char *question)
{
    struct err err;
    int64_t n;

    need(sql_number(&f->sql, question, &n, &err), &err);
    return n;
}

struct walked {
    const struct hash_set *twin;
    hash128 before;
    size_t n, stop_at;
};

static bool walk(void *context, hash128 id)
{
    struct walked *w = context;

    assert_true(hash_set_has(w->twin, id));
    assert_true(!w->n || hash128_cmp(w->before, id) < 0);
    w->before = id;
    return ++w->n != w->stop_at;
}

static void need_same(struct file *f, const struct hash_set *twin, struct random *r)
{
    struct walked w = {.twin = twin};
    struct seen_facts facts;
    struct err err;

    need(seen_facts(f->seen, &facts, &err), &err);
    assert_int_equal(facts.ids, twin->n);
    need(seen_each(f->seen, walk, &w, &err), &err);
    assert_int_equal(w.n, twin->n);
    for (size_t i = 0; i < twin->cap; i++) {
        hash128 id = twin->slot[i];

        if (hash_set_has(twin, id))
            assert_true(has(f, id));
        id.low ^= (uint64_t)1 << random_below(r, 64);
        assert_int_equal(has(f, id), hash_set_has(twin, id));
        assert_false(has(f, random_id(r)));
    }
}

static struct hash_set copy_of(const struct hash_set *s)
{
    struct hash_set copy = {.has_zero = s->has_zero, .n = s->has_zero};
    bool added;

    for (size_t i = 0; i < s->cap; i++)
        if (s->slot[i].low || s->slot[i].high)
            assert_true(hash_set_add(&copy, s->slot[i], &added));
    return copy;
}

TEST(hashes_are_sorted_as_numbers)
{
    struct random r = chance();

    for (size_t round = 0; round < 50; round++) {
        size_t n = (size_t)random_below(&r, 700);
        hash128 *id = mem_alloc((n + 1) * sizeof *id), sum = {0}, sorted = {0};

        for (size_t i = 0; i < n; i++) {
            id[i] = random_id(&r);
            if (round % 2)
                id[i] =
                    (hash128){id[i].low % 3 << (id[i].low >> 60 << 2), id[i].high % 2};
            sum.low += id[i].low * (id[i].high | 1);
        }
        hash128_sort(id, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(!i || hash128_cmp(id[i - 1], id[i]) <= 0);
            sorted.low += id[i].low * (id[i].high | 1);
        }
        assert_true(hash128_eq(sum, sorted));
        mem_free(id);
    }
}

TEST(what_was_added_is_known_and_nothing_else)
{
    struct random r = chance();
    size_t rounds = chance_rounds(12);

    for (size_t round = 0; round < rounds; round++) {
        char name[32];
        const char *path;
        struct hash_set twin = {0};
        struct file f;

        snprintf(name, sizeof name, "twin%zu", round % 8);
        path = temp_path(name);
        unlink(path);
        need_file(&f, path, true);
        for (size_t step = random_below(&r, 30); step; step--) {
            struct hash_set before = copy_of(&twin);

            run(&f, "begin");
            add_random(&f, &r, (size_t)random_below(&r, random_below(&r, 3) ? 9 : 90),
                       &twin);
            merge(&f, random_below(&r, 9) ? random_below(&r, 60) : SEEN_ALL);
            if (random_below(&r, 4)) {
                run(&f, "commit");
            } else {
                run(&f, "rollback");
                seen_forget(f.seen);
                hash_set_free(&twin);
                twin = before;
                before = (struct hash_set){0};
            }
            hash_set_free(&before);
            if (random_below(&r, 5) == 0) {
                close_file(&f);
                need_file(&f, path, false);
            }
        }
        need_same(&f, &twin, &r);
        close_file(&f);
        hash_set_free(&twin);
    }
}

TEST(runs_of_like_size_become_one)
{
    struct file f;
    struct random r = random_seeded(3);
    struct hash_set twin = {0};
    struct seen_facts facts;
    struct err err;

    need_file(&f, ":memory:", true);
    for (size_t i = 0; i < 300; i++) {
        add_random(&f, &r, 1, &twin);
        merge(&f, SEEN_ALL);
    }
    need(seen_facts(f.seen, &facts, &err), &err);
    /* those that are large, and one of each power of two below */
    assert_in_range(facts.runs, 300 / (2 * SEEN_LARGE), 300 / SEEN_LARGE + 6);
    assert_int_equal(number(&f, "select count(*) from seen_run"), facts.runs);
    assert_int_equal(
        number(&f, "select count(distinct place >> 32) from seen where place >> 32"
                   " in (select run from seen_run where n > 0)"),
        number(&f, "select count(distinct place >> 32) from seen"));
    close_file(&f);
    hash_set_free(&twin);
}

TEST(merging_in_steps_keeps_up_and_each_step_is_small)
{
    struct file f;
    struct random r = chance();
    struct hash_set twin = {0};
    struct seen_facts facts;
    struct err err;
    int64_t before, written;

    need_file(&f, ":memory:", true);
    for (size_t i = 0; i < 2000; i++) {
        add_random(&f, &r, 1, &twin);
        before = sqlite3_total_changes(f.sql.db);
        merge(&f, SEEN_STEP + 16);
        written = sqlite3_total_changes(f.sql.db) - before;
        /* a row for each id at most, those of a filter, and heads */
        assert_in_range(written, 0, SEEN_STEP + 16 + SEEN_LARGE / 16 + 2 * SEEN_RUNS);
        need(seen_facts(f.seen, &facts, &err), &err);
        assert_in_range(facts.runs, 1, twin.n / SEEN_LARGE + SEEN_RUNS);
    }
    need_same(&f, &twin, &r);
    close_file(&f);
    hash_set_free(&twin);
}

TEST(runs_that_always_wait_are_merged_at_once)
{
    struct file f;
    struct random r = random_seeded(5);
    struct hash_set twin = {0};
    struct seen_facts facts;
    struct err err;

    need_file(&f, ":memory:", true);
    for (size_t i = 0; i < 3 * SEEN_RUNS; i++) {
        add_random(&f, &r, 1, &twin);
        merge(&f, 1);
        seen_forget(f.seen); /* as after a commit that failed: merging begins anew */
        need(seen_facts(f.seen, &facts, &err), &err);
        assert_in_range(facts.runs, 1, SEEN_RUNS);
    }
    need_same(&f, &twin, &r);
    close_file(&f);
    hash_set_free(&twin);
}

TEST(what_is_being_made_does_not_count_and_goes_when_the_file_is_opened_again)
{
    const char *path = temp_path("half");
    struct random r = random_seeded(9);
    struct hash_set twin = {0};
    struct file f;

    need_file(&f, path, true);
    for (size_t i = 0; i < 4; i++)
        add_random(&f, &r, 20, &twin);
    merge(&f, 5); /* begins */
    merge(&f, 5);
    assert_int_equal(number(&f, "select count(*) from seen_run where n = 0"), 1);
    assert_true(number(&f, "select count(*) from seen where place >> 32 = 4") > 0);
    need_same(&f, &twin, &r);
    close_file(&f);

    need_file(&f, path, false);
    need_same(&f, &twin, &r);
    merge(&f, SEEN_ALL);
    assert_int_equal(number(&f, "select count(*) from seen where place >> 32 <= 4"), 0);
    assert_int_equal(
        number(&f, "select count(*) from seen_filter where place >> 32 <= 4"), 0);
    assert_int_equal(number(&f, "select min(run) from seen_run"), 5);
    need_same(&f, &twin, &r);
    close_file(&f);
    hash_set_free(&twin);
}

static str table_bytes(struct file *f, struct buf *to)
{
    sqlite3_stmt *rows;

    assert_int_equal(sqlite3_prepare_v2(f->sql.db,
                                        "select bytes from seen union all"
                                        " select bytes from seen_filter",
                                        -1, &rows, NULL),
                     SQLITE_OK);
    while (sqlite3_step(rows) == SQLITE_ROW)
        buf_add(to, sql_column(rows, 0));
    sqlite3_finalize(rows);
    return buf_str(to);
}

TEST(a_run_s_bytes_follow_from_its_ids_alone)
{
    enum { HALF = SEEN_LARGE / 2 };
    struct file one, two;
    struct random r = random_seeded(8);
    struct buf a = {0}, b = {0};
    hash128 id[2 * HALF];
    struct err err;

    need_file(&one, ":memory:", true);
    need_file(&two, ":memory:", true);
    for (size_t i = 0; i < 2 * HALF; i++)
        id[i] = random_id(&r);
    hash128_sort(id, HALF);
    hash128_sort(id + HALF, HALF);
    need(seen_add(one.seen, id, HALF, &err), &err);
    need(seen_add(one.seen, id + HALF, HALF, &err), &err);
    merge(&one, SEEN_ALL);
    hash128_sort(id, 2 * HALF);
    need(seen_add(two.seen, id, 2 * HALF, &err), &err);
    assert_true(str_eq(table_bytes(&one, &a), table_bytes(&two, &b)));
    assert_true(a.n > 0);
    buf_free(&a);
    buf_free(&b);
    close_file(&one);
    close_file(&two);
}

TEST(a_walk_may_stop)
{
    struct file f;
    struct random r = random_seeded(4);
    struct hash_set twin = {0};
    struct walked w = {.twin = &twin, .stop_at = 5};
    struct err err;

    need_file(&f, ":memory:", true);
    add_random(&f, &r, 20, &twin);
    need(seen_each(f.seen, walk, &w, &err), &err);
    assert_int_equal(w.n, 5);
    close_file(&f);
    hash_set_free(&twin);
}

/* --- damage --- */

static void need_corrupt(const char *damage, const char *said)
{
    struct file f;
    struct random r = random_seeded(6);
    struct hash_set twin = {0};
    struct walked w = {.twin = &twin};
    struct err err = {ERR_NONE};

    need_file(&f, ":memory:", true);
    add_random(&f, &r, SEEN_LARGE, &twin);
    add_random(&f, &r, SEEN_LARGE + 1, &twin);
    seen_forget(f.seen);
    run(&f, damage);
    if (seen_each(f.seen, walk, &w, &err))
        fail_msg("not noticed: %s", damage);
    assert_int_equal(err.code, ERR_CORRUPT);
    if (!strstr(err.msg, said))
        fail_msg("%s: %s", damage, err.msg);
    close_file(&f);
    hash_set_free(&twin);
}

TEST(damage_is_noticed_and_named)
{
    need_corrupt("update seen_run set n = n + 1 where run = 1",
                 "table seen_run, run 1: its checksum is wrong");
    need_corrupt("update seen_run set n = 0",
                 "table seen_run, run 0: its checksum is wrong");
    need_corrupt("update seen_run set n = -1",
                 "table seen_run, run 0: it cannot have -1 ids");
    need_corrupt("update seen_run set n = 1 << 60", "it cannot have");
    need_corrupt("update seen_run set run = -3 where run = 1", "-3 is no run's number");
    need_corrupt("update seen_run set run = 1 << 40 where run = 1", "is no run's number");
    need_corrupt("delete from seen where place = 1",
                 "table seen, run 0, bucket 1: it is missing");
    need_corrupt("delete from seen where place >= 2", "run 0: it should end with bucket");
    need_corrupt("delete from seen", "run 0: it should end with bucket");
    need_corrupt("insert into seen values ((1 << 32) + 9999, x'', 0)",
                 "run 1: it should end with bucket");
    need_corrupt("update seen set bytes = bytes || x'00' where place = 3",
                 "run 0, bucket 3: its checksum is wrong");
    need_corrupt("update seen set bytes = 17 where place = 3", "its checksum is wrong");
    need_corrupt("update seen set checksum = checksum + 1 where place = 1 << 32",
                 "run 1, bucket 0: its checksum is wrong");
    need_corrupt("update seen set (bytes, checksum) = (select bytes, checksum from seen"
                 " where place = 1) where place = 2",
                 "run 0, bucket 2: an id belongs into another row");
    need_corrupt("update seen set bytes = x'', checksum = 3244421341483603138"
                 " where place = 0",
                 "instead of");
    need_corrupt("delete from seen_filter where place = 0",
                 "table seen_filter, run 0, piece 0: it is missing");
    need_corrupt("delete from seen_filter where place = 1",
                 "table seen_filter, run 0: it should have 2 blocks");
    need_corrupt("delete from seen_filter",
                 "table seen_filter, run 0: it should have 2 blocks");
    need_corrupt("update seen_filter set bytes = zeroblob(length(bytes)) where place = 0",
                 "run 0, piece 0: its checksum is wrong");
    need_corrupt("update seen_filter set bytes = x'', checksum = 3244421341483603138"
                 " where place = 0",
                 "run 0, piece 0: it is longer or shorter than it should be");
    need_corrupt("update seen_filter set (bytes, checksum) = (select bytes, checksum from"
                 " seen_filter where place = 1) where place = 0",
                 "it does not know an id of bucket");
}

TEST(an_id_in_two_runs_is_damage)
{
    struct file f;
    hash128 id[SEEN_LARGE];
    struct walked w = {0};
    struct err err;

    need_file(&f, ":memory:", true);
    for (size_t i = 0; i < SEEN_LARGE; i++)
        id[i] = (hash128){i, i};
    need(seen_add(f.seen, id, 1, &err), &err);
    need(seen_add(f.seen, id, 1, &err), &err);
    w.twin = &(struct hash_set){.has_zero = true, .n = 1};
    assert_false(seen_each(f.seen, walk, &w, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_false(seen_merge(f.seen, SEEN_ALL, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    close_file(&f);
}

/* --- failing memory --- */

static bool work([[maybe_unused]] void *context, struct err *err)
{
    struct random r = random_seeded(2);
    struct seen_facts facts;
    hash128 id[90];
    struct file f;
    bool ok, found = false;

    ok = open_file(&f, ":memory:", true, err);
    for (size_t n = 1; ok && n < 90; n = n * 2 + 1) {
        for (size_t i = 0; i < n; i++)
            id[i] = random_id(&r);
        hash128_sort(id, n);
        ok = seen_add(f.seen, id, n, err) && seen_merge(f.seen, 20, err);
    }
    ok = ok && seen_merge(f.seen, SEEN_ALL, err);
    if (ok) {
        seen_forget(f.seen);
        ok = seen_has(f.seen, id[3], &found, err) && seen_facts(f.seen, &facts, err);
        assert_true(!ok || found);
    }
    close_file(&f);
    return ok;
}

TEST(without_memory_nothing_is_left_behind)
{
    each_oom_or_done(work, NULL);
}

static bool count(void *context, [[maybe_unused]] hash128 id)
{
    ++*(size_t *)context;
    return true;
}

/* What fails for want of memory is rolled back, and the file goes on as it was. */
static bool add_and_roll_back(struct file *f, struct err *err)
{
    hash128 id[] = {{1, 2}, {3, 4}, {5, 6}};
    struct err other;
    size_t n = 0;
    bool ok = sql_exec(&f->sql, "begin", err) && seen_add(f->seen, id, 3, err)
              && seen_each(f->seen, count, &n, err);

    assert_true(!ok || n == 3 + SEEN_LARGE / 2);
    if (!sql_exec(&f->sql, "rollback", &other))
        return ok && (*err = other, false);
    seen_forget(f->seen);
    n = 0;
    if (!seen_each(f->seen, count, &n, &other))
        return ok && (*err = other, false);
    assert_int_equal(n, SEEN_LARGE / 2);
    return ok;
}

static bool with_old_ids([[maybe_unused]] void *context, struct err *err)
{
    struct random r = random_seeded(2);
    hash128 id[SEEN_LARGE];
    struct file f;
    bool ok;

    ok = open_file(&f, ":memory:", true, err);
    for (size_t i = 0; i < SEEN_LARGE / 2; i++)
        id[i] = random_id(&r);
    hash128_sort(id, SEEN_LARGE / 2);
    ok = ok && seen_add(f.seen, id, SEEN_LARGE / 2, err);
    ok = ok && add_and_roll_back(&f, err);
    close_file(&f);
    return ok;
}

TEST(a_failed_addition_changes_nothing)
{
    each_oom_or_done(with_old_ids, NULL);
}
