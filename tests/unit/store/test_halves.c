#include "store/store.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/scene.h"
#include "support/temp.h"
#include "support/unit.h"

#include <stdio.h>
#include <unistd.h>

static void must(bool ok, const struct err *err)
{
    if (!ok)
        fail_msg("%s", err->msg);
}

/* A file of one chunk, full, each of whose customers c0, c1, ... has one event in the parts. */
static struct store *new_store(void)
{
    struct store *s = NULL;
    struct err err = {ERR_NONE};
    bool more = true;

    must(store_create(io_system(), str_of(temp_path("shop")), 0, &s, &err)
             && store_begin(s, 1, &err),
         &err);
    for (unsigned i = 0; i < CHUNK_CUSTOMERS; i++) {
        char customer[8], id[8];
        struct event e;
        bool added;

        snprintf(customer, sizeof customer, "c%u", i);
        snprintf(id, sizeof id, "%u", i);
        e = event_of(customer, "visit", 1000, id);
        must(append_event(s, &e, &added, &err), &err);
    }
    must(store_commit(s, &err), &err);
    while (more)
        must(store_fold(s, 1, &more, &err), &err);
    return s;
}

static void remove_store(struct store *s)
{
    store_close(s);
    unlink(temp_path("shop"));
}

/* A commit that brings each of them an event: "02" is c0 and c2. */
static void bring(struct store *s, const char *customers)
{
    static unsigned brought;
    struct err err = {ERR_NONE};
    bool added;

    must(store_begin(s, 2, &err), &err);
    for (const char *p = customers; *p; p++) {
        char customer[3] = {'c', *p}, id[16];
        struct event e;

        snprintf(id, sizeof id, "later %u", brought++);
        e = event_of(customer, "visit", 500 + (brought * 337) % 1000, id);
        must(append_event(s, &e, &added, &err), &err);
        assert_true(added);
    }
    must(store_commit(s, &err), &err);
}

/* Who is in the second half: "02"; "" when there is none. */
static void need_touched(struct store *s, const char *customers)
{
    struct snapshot *v = snapshot_of(s);
    struct err err = {ERR_NONE};
    struct halves halves;
    char touched[CHUNK_CUSTOMERS + 1] = "";
    size_t n = 0;

    must(snapshot_halves(v, 0, &halves, &err), &err);
    for (uint32_t i = 0; i < CHUNK_CUSTOMERS; i++) {
        if (halves.n == 2 && bits_has(&halves.half[1].who, i))
            touched[n++] = (char)('0' + i);
        assert_true(bits_has(&halves.half[0].who, i)
                    == !(halves.n == 2 && bits_has(&halves.half[1].who, i)));
    }
    assert_string_equal(touched, customers);
    halves_free(&halves);
    snapshot_close(v);
}

TEST(who_has_news_is_in_the_second_half)
{
    struct store *s = new_store();
    struct err err = {ERR_NONE};
    bool more = true;

    need_touched(s, "");
    bring(s, "2");
    need_touched(s, "2");
    bring(s, "50");
    need_touched(s, "025");
    bring(s, "2");
    need_touched(s, "025");
    while (more)
        must(store_fold(s, 1, &more, &err), &err);
    need_touched(s, "");
    remove_store(s);
}

TEST(who_was_told_again_is_in_the_second_half)
{
    struct store *s = new_store();
    struct err err = {ERR_NONE};

    must(store_begin(s, 2, &err) && store_rehome(s, STR("c1"), STR("c4"), &err)
             && store_commit(s, &err),
         &err);
    need_touched(s, "14");
    remove_store(s);
}

TEST(when_many_are_touched_the_first_half_takes_in_their_older_news)
{
    struct store *s = new_store();

    bring(s, "0011223");
    need_touched(s, "");
    bring(s, "4");
    need_touched(s, "4");
    bring(s, "5");
    need_touched(s, "45");
    remove_store(s);
}

/* --- what lasts --- */

static bool count_events(const void *context, const struct chunk *c, struct arena *a,
                         const void **out, struct err *err)
{
    uint32_t *n = arena_new(a, uint32_t);

    if (!n)
        return err_nomem(err);
    ++*(uint32_t *)(uintptr_t)context;
    *n = c->event_n;
    *out = n;
    return true;
}

/* Counts the events of those whom each half is asked for. */
static uint32_t derive(struct store *s, uint32_t *made)
{
    const struct derivation d = {.by = 77, .make = count_events, .context = made};
    struct snapshot *v = snapshot_of(s);
    struct err err = {ERR_NONE};
    struct halves halves;
    const void *first;
    uint32_t n = 0;

    must(snapshot_halves(v, 0, &halves, &err), &err);
    must(chunk_derive(halves.half[0].chunk, &d, &first, &err), &err);
    assert_int_equal(*(const uint32_t *)first, halves.half[0].chunk->event_n);
    for (uint32_t h = 0; h < halves.n; h++)
        for (EACH_BIT(i, &halves.half[h].who))
            n += halves.half[h].chunk->first[i + 1] - halves.half[h].chunk->first[i];
    halves_free(&halves);
    snapshot_close(v);
    return n;
}

TEST(what_follows_from_the_first_half_outlasts_commits)
{
    struct store *s = new_store();
    uint32_t made = 0, events = CHUNK_CUSTOMERS;

    assert_int_equal(derive(s, &made), events);
    for (int i = 0; i < 5; i++) {
        bring(s, "3");
        assert_int_equal(derive(s, &made), ++events);
    }
    assert_int_equal(made, 1);
    bring(s, "0011223");
    events += 7;
    assert_int_equal(derive(s, &made), events);
    assert_int_equal(made, 2);
    bring(s, "4");
    assert_int_equal(derive(s, &made), ++events);
    bring(s, "4");
    assert_int_equal(derive(s, &made), ++events);
    assert_int_equal(made, 2);
    remove_store(s);
}

/* --- failing --- */

static bool read_half(const struct half *half, uint32_t column_n, struct err *err)
{
    const struct cells *cells;
    const str *id;
    bool ok = chunk_message_ids(half->chunk, &id, err)
              && chunk_anchors(half->chunk, &cells, err);

    for (uint32_t k = 0; ok && k < column_n; k++)
        ok = chunk_cells(half->chunk, k, &cells, err);
    return ok;
}

static bool read_chunk(struct snapshot *v, uint32_t chunk, bool *is_parted,
                       struct err *err)
{
    struct halves halves;
    bool ok = true;

    if (!snapshot_halves(v, chunk, &halves, err))
        return false;
    *is_parted |= halves.n == 2;
    for (uint32_t h = 0; ok && h < halves.n; h++)
        ok = read_half(&halves.half[h], snapshot_catalog(v)->column_n, err);
    halves_free(&halves);
    return ok;
}

static bool read_all(void *context, struct err *err)
{
    struct store *s = NULL;
    struct snapshot *v = NULL;
    bool ok = store_open(io_system(), str_of(temp_path("shop")),
                         &(struct store_options){STORE_READ, 0}, &s, err)
              && store_snapshot(s, &v, err);

    for (uint32_t i = 0; ok && i < snapshot_chunk_count(v); i++)
        ok = read_chunk(v, i, context, err);
    snapshot_close(v);
    store_close(s);
    return ok;
}

TEST(halves_survive_any_lack_of_memory)
{
    struct random r = random_seeded(5);
    struct arena a = {0};
    struct event *event = scene(&r, 30, CHUNK_CUSTOMERS, &a);
    struct store *s = new_store();
    bool is_parted = false, added;
    struct err err = {ERR_NONE};

    for (uint32_t i = 0; i < 30; i++) {
        event[i].customer = i < 25 ? STR("c1") : STR("c2");
        must(store_begin(s, 2, &err) && append_event(s, &event[i], &added, &err)
                 && store_commit(s, &err),
             &err);
    }
    store_close(s);
    each_oom_or_done(read_all, &is_parted);
    assert_true(is_parted);
    unlink(temp_path("shop"));
    arena_free(&a);
}
