#include "store/chunk_impl.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/scene.h"
#include "support/unit.h"

#include <pthread.h>
#include <string.h>

/* Chunk 1 of a file: some of its events in parts, and all of them as events and as facts. */
enum { CHUNK = 1, PARTS_MAX = 128 };
struct stored {
    struct arena arena;
    struct catalog catalog;
    struct event *event;
    uint32_t n, parts_n; /* the first of them are in the parts */
    struct fact *news;   /* the others, sorted */
    int32_t column[PARTS_MAX];
    str bytes[PARTS_MAX];
    uint32_t bytes_n;
    struct chunk_source source;
    struct chunk_want want;
    _Atomic uint32_t reads;
};

static bool get_bytes(void *context, int32_t column, uint32_t chunk, struct buf *to,
                      bool *there, struct err *err)
{
    struct stored *w = context;

    assert_int_equal(chunk, CHUNK);
    w->reads++;
    *there = false;
    for (uint32_t i = 0; i < w->bytes_n; i++) {
        if (w->column[i] == column) {
            *there = true;
            buf_add(to, w->bytes[i]);
        }
    }
    return !to->failed || err_nomem(err);
}

static bool put_bytes(void *context, int32_t column, str bytes,
                      [[maybe_unused]] struct err *err)
{
    struct stored *w = context;

    assert_in_range(w->bytes_n, 0, PARTS_MAX - 1);
    w->column[w->bytes_n] = column;
    w->bytes[w->bytes_n] = arena_str(&w->arena, bytes);
    w->bytes_n++;
    return true;
}

static void number_customers(struct catalog *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        char id[2] = {'x', (char)('a' + i)};
        uint32_t number;
        struct err err;

        assert_true(catalog_customer_add(c, (str){id, 2}, &number, &err));
    }
}

static void make_parts(struct stored *w)
{
    struct chunk *c;
    struct err err;

    if (!w->parts_n)
        return;
    assert_true(chunk_build(&w->catalog, NULL, CHUNK * CHUNK_CUSTOMERS, w->event,
                            w->parts_n, &c, &err));
    assert_true(chunk_each_part(c, put_bytes, w, &err));
    w->want.parts_customers = c->customer_n;
    chunk_free(c);
}

static void make_news(struct stored *w)
{
    uint32_t n = w->n - w->parts_n;
    struct err err;

    w->news = arena_array(&w->arena, struct fact, n);
    assert_non_null(w->news);
    for (uint32_t i = 0; i < n; i++)
        assert_true(fact_of(&w->catalog, &w->event[w->parts_n + i], &w->arena,
                            &w->news[i], &err));
    facts_sort(w->news, n);
    w->want.fact = w->news;
    w->want.fact_n = n;
}

static void stored_new(struct stored *w, struct random *r, uint32_t n, uint32_t parts_n)
{
    struct err err;

    *w = (struct stored){.n = n, .parts_n = parts_n, .source = {get_bytes, w}};
    assert_true(catalog_init(&w->catalog, &err));
    number_customers(&w->catalog, CHUNK_CUSTOMERS);
    w->event = scene(r, n, 5, &w->arena);
    for (uint32_t i = 0; i < n; i++)
        assert_true(catalog_add_event(&w->catalog, &w->event[i], &err));
    w->want = (struct chunk_want){.chunk = CHUNK,
                                  .customer_first = CHUNK * CHUNK_CUSTOMERS,
                                  .customer_n = catalog_customer_n(&w->catalog)
                                                - CHUNK * CHUNK_CUSTOMERS,
                                  .source = &w->source,
                                  .parts_version = 3,
                                  .version = parts_n < n ? 4 : 3};
    make_parts(w);
    make_news(w);
}

static void stored_free(struct stored *w)
{
    catalog_free(&w->catalog);
    arena_free(&w->arena);
}

static struct chunk *open_chunk(const struct stored *w, const struct chunk_want *want)
{
    struct chunk *c;
    struct err err;

    if (!chunk_open(&w->catalog, want, &c, &err))
        fail_msg("%s", err.msg);
    return c;
}

static void need_all(const struct stored *w, const struct chunk_want *want)
{
    struct chunk *c = open_chunk(w, want);

    need_chunk_holds(c, &w->catalog, w->event, w->n);
    chunk_free(c);
}

TEST(parts_with_news_over_them_hold_all_events)
{
    struct random r = chance();

    for (int round = 0; round < 60; round++) {
        uint32_t n = 1 + (uint32_t)random_below(&r, 60);
        struct stored w;

        stored_new(&w, &r, n, (uint32_t)random_below(&r, n + 1));
        need_all(&w, &w.want);
        w.want.cache = cache_new(round % 2 ? 0 : 1 << 20);
        assert_non_null(w.want.cache);
        need_all(&w, &w.want);
        need_all(&w, &w.want); /* out of the cache, as far as it could keep it */
        cache_free(w.want.cache);
        stored_free(&w);
    }
}

TEST(any_range_of_customers_can_be_had_alone)
{
    struct random r = chance();

    for (int round = 0; round < 60; round++) {
        uint32_t n = 5 + (uint32_t)random_below(&r, 60), first, customers, news = 0;
        struct chunk_want want;
        struct stored w;

        stored_new(&w, &r, n, (uint32_t)random_below(&r, n + 1));
        want = w.want;
        want.cache = cache_new(1 << 20);
        assert_non_null(want.cache);
        first = (uint32_t)random_below(&r, want.customer_n);
        customers = 1 + (uint32_t)random_below(&r, want.customer_n - first);
        want.customer_first += first;
        want.customer_n = customers;
        while (want.fact_n && want.fact->customer < want.customer_first) {
            want.fact++;
            want.fact_n--;
        }
        while (news < want.fact_n
               && want.fact[news].customer < want.customer_first + customers)
            news++;
        want.fact_n = news;
        need_all(&w, &want);
        cache_free(want.cache);
        stored_free(&w);
    }
}

TEST(news_folded_in_make_the_parts_of_all_events)
{
    struct random r = chance();

    for (int round = 0; round < 40; round++) {
        uint32_t n = 1 + (uint32_t)random_below(&r, 60), parts;
        struct stored w, whole;
        struct random same = r;
        struct chunk *c;
        struct err err;

        stored_new(&w, &r, n, n / 2);
        r = same;
        stored_new(&whole, &r, n, n);
        c = open_chunk(&w, &w.want);
        parts = w.bytes_n;
        assert_true(chunk_each_part(c, put_bytes, &w, &err));
        chunk_free(c);
        assert_int_equal(w.bytes_n - parts, whole.bytes_n);
        for (uint32_t i = 0; i < whole.bytes_n; i++) {
            assert_int_equal(w.column[parts + i], whole.column[i]);
            assert_true(str_eq(w.bytes[parts + i], whole.bytes[i]));
        }
        stored_free(&w);
        stored_free(&whole);
    }
}

/* The slow way to know whether a column has cells. */
static bool has_cells(const struct chunk *c, uint32_t column)
{
    const struct cells *cells;
    struct err err;

    assert_true(chunk_cells(c, column, &cells, &err));
    return cells->n > 0;
}

TEST(columns_without_values_are_passed_over)
{
    struct random r = chance();

    for (int round = 0; round < 40; round++) {
        uint32_t n = 1 + (uint32_t)random_below(&r, 9), column = 0;
        struct chunk *c;
        struct stored w;

        stored_new(&w, &r, n, (uint32_t)random_below(&r, n + 1));
        c = open_chunk(&w, &w.want);
        for (uint32_t i = 0; i < w.catalog.column_n; i++) {
            struct err err;

            assert_true(chunk_next_column(c, i, &column, &err));
            assert_int_equal(column == i, has_cells(c, i));
        }
        chunk_free(c);
        stored_free(&w);
    }
}

TEST(a_column_that_every_event_has_shares_its_places)
{
    struct property p = {STR("price"), {.type = VALUE_NUMBER, .number = 7}};
    struct event event[2 * DENSE_EVENTS];
    const uint32_t *places = dense_places(DENSE_EVENTS);

    assert_null(dense_places(DENSE_EVENTS + 1));
    for (uint32_t i = 0; i < DENSE_EVENTS; i++)
        assert_int_equal(places[i], i);
    for (uint32_t n = DENSE_EVENTS - 1; n <= DENSE_EVENTS + 1; n++) {
        const struct cells *cells;
        struct catalog catalog;
        struct chunk *c;
        struct err err;

        assert_true(catalog_init(&catalog, &err));
        for (uint32_t i = 0; i < n; i++) {
            static char id[2 * DENSE_EVENTS][2];

            id[i][0] = (char)('a' + i);
            event[i] = event_of("anna", "visit", i, id[i]);
            event[i].property = &p;
            event[i].property_n = 1;
            assert_true(catalog_add_event(&catalog, &event[i], &err));
        }
        assert_true(chunk_build(&catalog, NULL, 0, event, n, &c, &err));
        assert_true(chunk_cells(c, 0, &cells, &err));
        assert_int_equal(cells->event == places, n <= DENSE_EVENTS);
        for (uint32_t i = 0; i < n; i++)
            assert_int_equal(cells->event[i], i);
        chunk_free(c);
        catalog_free(&catalog);
    }
}

TEST(values_in_the_wrong_part_are_found)
{
    char in_rare[] = {1, 0, 4, 3, 0, 1, 1}; /* one column; 4 bytes: three places */
    struct random r = random_seeded(5);
    struct err err = {ERR_NONE};
    const struct cells *cells;
    struct chunk *c;
    struct stored w;
    uint32_t column = 0;

    stored_new(&w, &r, 60, 60);
    while (w.catalog.column[column].type != VALUE_NULL)
        column++;
    in_rare[1] = (char)column;
    for (uint32_t i = 0; i < w.bytes_n; i++) {
        if (w.column[i] == PART_RARE)
            w.bytes[i] = (str){in_rare, sizeof in_rare};
    }
    c = open_chunk(&w, &w.want);
    assert_false(chunk_cells(c, column, &cells, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_non_null(strstr(err.msg, "wrong part"));
    assert_false(chunk_cells(c, column, &cells, &err)); /* nor later */
    chunk_free(c);
    stored_free(&w);
}

/* --- the cache --- */

static bool read_all(const struct stored *w, const struct chunk_want *want,
                     struct err *err)
{
    struct chunk *c = NULL;
    const struct cells *cells;
    const str *id;
    bool ok = chunk_open(&w->catalog, want, &c, err) && chunk_message_ids(c, &id, err);

    for (uint32_t i = 0; ok && i < w->catalog.column_n; i++)
        ok = chunk_cells(c, i, &cells, err);
    chunk_free(c);
    return ok;
}

TEST(what_is_in_the_cache_is_not_read_again)
{
    struct random r = chance();
    struct cache_counts counts;
    struct stored w;
    struct err err;
    uint32_t reads;

    stored_new(&w, &r, 60, 40);
    w.want.cache = cache_new(1 << 20);
    assert_non_null(w.want.cache);
    assert_true(read_all(&w, &w.want, &err));
    reads = w.reads;
    assert_true(reads > 0);
    counts = cache_count(w.want.cache);
    assert_true(counts.blocks > 0 && !counts.pinned_bytes && !counts.evictions);
    assert_true(read_all(&w, &w.want, &err));
    assert_int_equal(w.reads, reads);
    assert_true(cache_count(w.want.cache).hits > counts.hits);

    w.want.version++; /* other contents under another name */
    assert_true(read_all(&w, &w.want, &err));
    assert_int_equal(w.reads, reads); /* the parts are the same */
    assert_true(cache_count(w.want.cache).misses > counts.misses);
    assert_int_equal(cache_count(w.want.cache).blocks, counts.blocks);
    cache_free(w.want.cache);
    stored_free(&w);
}

static struct block *block_with(uint32_t chunk, size_t bytes)
{
    struct block *b = block_new((struct cache_key){.chunk = chunk});

    assert_non_null(b);
    b->what = arena_alloc(&b->arena, bytes, 1);
    assert_non_null(b->what);
    return b;
}

/* What one takes of a budget. */
static size_t bytes_of_block(size_t bytes)
{
    struct block *b = block_with(0, bytes);
    size_t all = arena_bytes(&b->arena);

    assert_true(all >= bytes);
    block_free(b);
    return all;
}

TEST(a_budget_holds_when_nothing_is_pinned)
{
    enum { BYTES = 10000, BLOCKS = 8, MANY = 50 };
    struct cache *c = cache_new(BLOCKS * bytes_of_block(BYTES));
    struct block *pinned[MANY];
    struct random r = chance();

    assert_non_null(c);
    for (uint32_t i = 0; i < MANY; i++)
        pinned[i] = cache_put(c, block_with(i, BYTES));
    assert_int_equal(cache_count(c).blocks, MANY); /* pinned, whatever the budget */
    for (uint32_t i = 0; i < MANY; i++)
        cache_unpin(c, pinned[i]);
    assert_int_equal(cache_count(c).blocks, BLOCKS);
    for (int round = 0; round < 500; round++) {
        uint32_t i = (uint32_t)random_below(&r, MANY);
        struct block *b = cache_get(c, (struct cache_key){.chunk = i});

        if (!b)
            b = cache_put(c, block_with(i, BYTES));
        assert_int_equal(b->key.chunk, i);
        cache_unpin(c, b);
        assert_true(cache_count(c).bytes <= cache_count(c).bytes_max);
    }
    cache_free(c);
}

TEST(the_longest_unused_goes_first)
{
    enum { BYTES = 10000 };
    struct cache *c = cache_new(3 * bytes_of_block(BYTES));
    struct block *b;

    assert_non_null(c);
    for (uint32_t i = 0; i < 3; i++)
        cache_unpin(c, cache_put(c, block_with(i, BYTES)));
    cache_unpin(c, cache_get(c, (struct cache_key){.chunk = 0}));
    cache_unpin(c, cache_put(c, block_with(3, BYTES)));
    assert_null(cache_get(c, (struct cache_key){.chunk = 1}));
    for (uint32_t i = 0; i < 4; i++) {
        b = cache_get(c, (struct cache_key){.chunk = i});
        assert_int_equal(b != NULL, i != 1);
        if (b)
            cache_unpin(c, b);
    }
    assert_int_equal(cache_count(c).evictions, 1);
    cache_free(c);
}

TEST(of_two_blocks_with_one_key_the_first_stands)
{
    struct cache *c = cache_new(1 << 20);
    struct block *first, *second;

    assert_non_null(c);
    first = cache_put(c, block_with(1, 10));
    second = cache_put(c, block_with(1, 10));
    assert_ptr_equal(first, second);
    assert_int_equal(cache_count(c).blocks, 1);
    cache_unpin(c, first);
    assert_true(cache_count(c).pinned_bytes > 0);
    cache_unpin(c, second);
    assert_int_equal(cache_count(c).pinned_bytes, 0);
    cache_free(c);
}

static void put_version(struct cache *c, uint64_t version, uint64_t base)
{
    struct block *b = block_with(1, 10);

    b->key.version = version;
    b->base = base;
    cache_unpin(c, cache_put(c, b));
}

static bool has_version(struct cache *c, uint64_t version)
{
    struct block *b = cache_get(c, (struct cache_key){.chunk = 1, .version = version});

    if (b)
        cache_unpin(c, b);
    return b != NULL;
}

TEST(what_a_newer_version_came_for_goes_unless_it_is_made_of_it_or_used)
{
    const uint64_t other = UINT64_C(1) << 63;
    struct cache *c = cache_new(1 << 20);
    struct block *used;

    assert_non_null(c);
    cache_unpin(c, cache_put(c, block_with(2, 10)));
    put_version(c, other, 0);
    put_version(c, 1, 1);
    put_version(c, 2, 1);
    put_version(c, 3, 1);
    assert_true(has_version(c, 1) && has_version(c, 3) && has_version(c, other));
    assert_false(has_version(c, 2));
    used = cache_get(c, (struct cache_key){.chunk = 1, .version = 3});
    put_version(c, 5, 4);
    assert_true(has_version(c, 3) && has_version(c, 5));
    assert_false(has_version(c, 1));
    cache_unpin(c, used);
    put_version(c, 2, 2); /* somebody still looks at an older commit */
    assert_true(has_version(c, 2) && has_version(c, 3) && has_version(c, 5));
    put_version(c, 6, 5);
    assert_false(has_version(c, 2) || has_version(c, 3));
    assert_int_equal(cache_count(c).blocks, 4);
    cache_free(c);
}

struct reader {
    const struct stored *w;
    const struct chunk_want *want;
    struct err err;
    bool ok;
};

static void *read_often(void *context)
{
    struct reader *r = context;

    r->ok = true;
    for (int i = 0; r->ok && i < 30; i++)
        r->ok = read_all(r->w, r->want, &r->err);
    return NULL;
}

TEST(several_threads_share_a_cache)
{
    enum { READERS = 4 };
    struct random r = chance();
    struct chunk_want want[READERS];
    struct reader reader[READERS];
    pthread_t thread[READERS];
    struct stored w;

    stored_new(&w, &r, 60, 40);
    for (size_t budget = 0; budget < 200000; budget = budget * 2 + 20000) {
        struct cache *cache = cache_new(budget);

        assert_non_null(cache);
        for (uint32_t i = 0; i < READERS; i++) {
            want[i] = w.want;
            want[i].cache = cache;
            if (i == 1) { /* the parts alone, as they were before the news */
                want[i].fact_n = 0;
                want[i].customer_n = want[i].parts_customers;
                want[i].version = want[i].parts_version;
            }
            reader[i] = (struct reader){.w = &w, .want = &want[i]};
            assert_int_equal(pthread_create(&thread[i], NULL, read_often, &reader[i]), 0);
        }
        for (uint32_t i = 0; i < READERS; i++) {
            pthread_join(thread[i], NULL);
            if (!reader[i].ok)
                fail_msg("%s", reader[i].err.msg);
        }
        assert_true(cache_count(cache).bytes <= budget);
        w.want.cache = cache;
        need_all(&w, &w.want);
        cache_free(cache);
    }
    stored_free(&w);
}

static bool read_with_cache(void *context, struct err *err)
{
    struct stored *w = context;
    struct chunk_want want = w->want;
    bool ok;

    want.cache = cache_new(20000);
    if (!want.cache)
        return err_nomem(err);
    ok = read_all(w, &want, err) && read_all(w, &want, err);
    cache_free(want.cache);
    return ok;
}

static bool ignore_part([[maybe_unused]] void *context, [[maybe_unused]] int32_t column,
                        [[maybe_unused]] str bytes, [[maybe_unused]] struct err *err)
{
    return true;
}

static bool fold_in(void *context, struct err *err)
{
    struct stored *w = context;
    struct chunk *c = NULL;
    bool ok = chunk_open(&w->catalog, &w->want, &c, err)
              && chunk_each_part(c, ignore_part, NULL, err);

    chunk_free(c);
    return ok;
}

TEST(reading_and_folding_survive_any_lack_of_memory)
{
    struct random r = random_seeded(11);
    struct stored w;

    stored_new(&w, &r, 40, 30);
    each_oom_or_done(read_with_cache, &w); /* without memory the cache grows no slots */
    each_oom(fold_in, &w);
    stored_free(&w);
}
