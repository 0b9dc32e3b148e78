#include "base/hash.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <stdio.h>

/* The published values of XXH3 for the empty text. */
TEST(the_hash_is_xxh3)
{
    struct buf b = {0};

    assert_true(hash64(STR("")) == UINT64_C(0x2d06800538d394c2));
    hash128_print(&b, hash128_of(STR("")));
    assert_true(str_eq(buf_str(&b), STR("99aa06d3014798d86001c324468d497f")));
    assert_false(hash128_eq(hash128_of(STR("a")), hash128_of(STR("b"))));
    buf_free(&b);
}

TEST(a_set_of_hashes_knows_what_it_holds)
{
    struct hash_set s = {0};
    bool added;

    assert_false(hash_set_has(&s, (hash128){1, 2}));
    for (uint64_t i = 0; i < 5000;
         i++) { /* 0, 0 among them, and low halves that collide */
        assert_true(hash_set_add(&s, (hash128){i % 7, i}, &added));
        assert_true(added);
        assert_true(hash_set_add(&s, (hash128){i % 7, i}, &added));
        assert_false(added);
    }
    assert_int_equal(s.n, 5000);
    for (uint64_t i = 0; i < 5000; i++) {
        assert_true(hash_set_has(&s, (hash128){i % 7, i}));
        assert_false(hash_set_has(&s, (hash128){i % 7, i + 5000}));
    }
    hash_set_free(&s);
    assert_false(hash_set_has(&s, (hash128){0, 0}));
}

/* All zero, and many whose places are the same. */
static hash128 hash_of(uint64_t i)
{
    return (hash128){i % 71, i};
}

TEST(what_is_removed_is_not_there_and_all_else_is)
{
    enum { HASHES = 3000, STEPS = 40000 };
    static bool is_there[HASHES];
    struct hash_set s = {0};
    struct random r = chance();
    size_t n = 0, most = 0;
    bool added;

    for (int step = 0; step < STEPS; step++) {
        uint64_t i = random_below(&r, step < STEPS / 2 ? HASHES : HASHES / 50);
        hash128 h = hash_of(i);
        bool *there = &is_there[i];

        if (random_below(&r, 2)) {
            assert_true(hash_set_add(&s, h, &added));
            assert_int_equal(added, !*there);
            n += added;
            *there = true;
        } else {
            hash_set_remove(&s, h);
            n -= *there;
            *there = false;
        }
        assert_int_equal(s.n, n);
        most = s.cap > most ? s.cap : most;
    }
    for (uint64_t i = 0; i < HASHES; i++) {
        hash128 h = hash_of(i);

        assert_int_equal(hash_set_has(&s, h), is_there[i]);
        hash_set_remove(&s, h);
        assert_false(hash_set_has(&s, h));
    }
    assert_int_equal(s.n, 0);
    assert_true(s.cap < most);
    hash_set_free(&s);
}

TEST(texts_are_numbered_as_they_come)
{
    struct text_table t = {0};
    uint32_t number;
    char text[32];

    assert_int_equal(text_table_find(&t, STR("x")), TEXT_NONE);
    for (int round = 0; round < 2; round++) {
        for (uint32_t i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "%u", i * 7);
            assert_true(text_table_add(&t, str_of(text), &number));
            assert_int_equal(number, i);
        }
    }
    assert_int_equal(t.n, 5000);
    assert_int_equal(text_table_find(&t, STR("35")), 5);
    assert_int_equal(text_table_find(&t, STR("36")), TEXT_NONE);
    assert_true(str_eq(text_table_get(&t, 2), STR("14")));
    assert_true(text_table_add(&t, STR(""), &number));
    assert_int_equal(number, 5000);
    text_table_free(&t);
}

/* Whatever fails, what was added before stays, and nothing else is there. */
static bool fill(void *unused, struct err *err)
{
    struct hash_set s = {0};
    struct text_table t = {0};
    uint64_t hashes = 0;
    uint32_t texts = 0, number;
    char text[32];
    bool added, ok = true;

    (void)unused;
    for (uint32_t i = 0; ok && i < 300; i++) {
        snprintf(text, sizeof text, "text %u", i);
        ok = hash_set_add(&s, (hash128){i, i}, &added);
        hashes += ok;
        ok = ok && text_table_add(&t, str_of(text), &number);
        texts += ok;
    }
    assert_int_equal(s.n, hashes);
    assert_int_equal(t.n, texts);
    for (uint32_t i = 0; i < 300; i++) {
        snprintf(text, sizeof text, "text %u", i);
        assert_int_equal(hash_set_has(&s, (hash128){i, i}), i < hashes);
        assert_int_equal(text_table_find(&t, str_of(text)), i < texts ? i : TEXT_NONE);
    }
    hash_set_free(&s);
    text_table_free(&t);
    return ok || err_nomem(err);
}

TEST(tables_stay_whole_when_memory_fails)
{
    each_oom(fill, NULL);
}
