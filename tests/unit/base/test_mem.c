#include "base/mem.h"
#include "support/chance.h"
#include "support/unit.h"

#include <pthread.h>
#include <string.h>

TEST(memory_comes_zeroed_and_is_counted)
{
    size_t before = mem_live_blocks();
    unsigned char *p = mem_alloc(100);
    void *q = mem_resize(NULL, 0);

    assert_non_null(p);
    assert_non_null(q);
    for (int i = 0; i < 100; i++)
        assert_int_equal(p[i], 0);
    assert_int_equal(mem_live_blocks(), before + 2);
    assert_true(mem_size(p) >= 100);
    p[99] = 7;
    p = mem_resize(p, 1000);
    assert_non_null(p);
    assert_int_equal(p[99], 7);
    assert_int_equal(mem_live_blocks(), before + 2);
    mem_free(p);
    mem_free(q);
    mem_free(NULL);
    assert_int_equal(mem_live_blocks(), before);
}

static bool refuse(size_t bytes, void *context)
{
    *(size_t *)context += bytes;
    return false;
}

TEST(the_hook_is_asked_and_can_refuse)
{
    size_t asked = 0;
    void *p = mem_alloc(10), *grown;
    struct arena a = {0};

    mem_set_hook(refuse, &asked);
    assert_null(mem_alloc(7));
    grown = mem_resize(p, 20);
    assert_null(grown);
    assert_int_equal(asked, 27);
    assert_null(arena_alloc(&a, 1, 1));
    mem_set_hook(NULL, NULL);
    mem_free(p);
    assert_non_null(arena_alloc(&a, 1, 1));
    arena_free(&a);
}

static void *churn(void *unused)
{
    for (int i = 0; i < 20000; i++) {
        void *p = mem_alloc(8);

        p = p ? mem_resize(p, 16) : NULL;
        mem_free(p);
    }
    return unused;
}

TEST(blocks_are_counted_exactly_on_several_threads)
{
    size_t before = mem_live_blocks();
    pthread_t thread[4];

    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, churn, NULL), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(mem_live_blocks(), before);
}

TEST(pieces_of_an_arena_are_zeroed_aligned_and_apart)
{
    struct random r = chance();
    struct arena a = {0};
    unsigned char *piece[500];
    size_t size[500];

    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 500; i++) {
            size_t align = (size_t)1 << random_below(&r, 7);

            size[i] =
                random_below(&r, 10) ? random_below(&r, 60) : random_below(&r, 20000);
            piece[i] = arena_alloc(&a, size[i], align);
            assert_non_null(piece[i]);
            assert_int_equal((uintptr_t)piece[i] & (align - 1), 0);
            for (size_t k = 0; k < size[i]; k++)
                assert_int_equal(piece[i][k], 0);
            memset(piece[i], i & 0xFF, size[i]);
        }
        for (int i = 0; i < 500; i++) {
            for (size_t k = 0; k < size[i]; k++)
                assert_int_equal(piece[i][k], i & 0xFF);
        }
        arena_reset(&a);
        assert_int_equal(a.used, 0);
    }
    arena_free(&a);
}

TEST(an_arena_keeps_its_limit)
{
    struct arena a = {.limit = 100};

    assert_non_null(arena_alloc(&a, 60, 1));
    assert_null(arena_alloc(&a, 41, 1));
    assert_non_null(arena_alloc(&a, 40, 1));
    assert_null(arena_alloc(&a, 1, 1));
    arena_reset(&a);
    assert_non_null(arena_alloc(&a, 100, 1));
    arena_free(&a);
    assert_int_equal(a.limit, 100);
}

TEST(an_array_beyond_all_memory_is_refused)
{
    struct arena a = {0};

    assert_null(arena_array(&a, uint64_t, SIZE_MAX / 4));
    assert_null(arena_array(&a, char, SIZE_MAX - 8));
    assert_non_null(arena_array(&a, uint64_t, 0));
    arena_free(&a);
}

TEST(a_reset_arena_keeps_one_block)
{
    struct arena a = {0};
    size_t before = mem_live_blocks();

    for (int i = 0; i < 1000; i++)
        assert_non_null(arena_alloc(&a, 100, 8));
    assert_true(mem_live_blocks() > before + 1);
    arena_reset(&a);
    assert_int_equal(mem_live_blocks(), before + 1);
    arena_free(&a);
    arena_reset(&a);
}
