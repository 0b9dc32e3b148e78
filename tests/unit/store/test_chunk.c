#include "support/scene.h"

#include "store/timeline.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

static void number_all(struct catalog *c, const struct event *event, uint32_t n)
{
    struct err err;

    assert_true(catalog_init(c, &err));
    for (uint32_t i = 0; i < n; i++)
        assert_true(catalog_add_event(c, &event[i], &err));
}

TEST(a_chunk_holds_each_customers_events_in_order)
{
    struct random r = chance();

    for (int round = 0; round < 50; round++) {
        uint32_t n = 1 + (uint32_t)random_below(&r, 60);
        struct arena a = {0};
        struct event *event = scene(&r, n, CHUNK_CUSTOMERS < 7 ? CHUNK_CUSTOMERS : 7, &a);
        struct catalog catalog;
        struct chunk *c;
        struct err err;

        number_all(&catalog, event, n);
        assert_true(chunk_build(&catalog, NULL, 0, event, n, &c, &err));
        need_chunk_holds(c, &catalog, event, n);
        chunk_free(c);
        catalog_free(&catalog);
        arena_free(&a);
    }
}

TEST(events_in_any_order_and_any_batches_make_the_same_chunk)
{
    struct random r = chance();

    for (int round = 0; round < 50; round++) {
        uint32_t n = 1 + (uint32_t)random_below(&r, 60), done = 0;
        struct arena a = {0};
        struct event *event = scene(&r, n, 5, &a);
        struct catalog catalog;
        struct chunk *c = NULL;
        struct err err;

        number_all(&catalog, event, n);
        shuffle(&r, event, n);
        while (done < n) {
            uint32_t batch = 1 + (uint32_t)random_below(&r, n - done);
            struct chunk *merged;

            assert_true(chunk_build(&catalog, c, 0, event + done, batch, &merged, &err));
            chunk_free(c);
            c = merged;
            done += batch;
        }
        need_chunk_holds(c, &catalog, event, n);
        chunk_free(c);
        catalog_free(&catalog);
        arena_free(&a);
    }
}

TEST(events_of_one_moment_are_ordered_by_their_ids)
{
    struct event event[] = {
        event_of("anna", "visit", 5, "b"), event_of("anna", "visit", 5, "c"),
        event_of("anna", "visit", 5, "a"), event_of("anna", "visit", 4, "z")};
    struct catalog catalog;
    struct chunk *c;
    struct err err;
    const str *id;

    number_all(&catalog, event, 4);
    assert_true(chunk_build(&catalog, NULL, 0, event, 4, &c, &err));
    assert_true(chunk_message_ids(c, &id, &err));
    assert_true(str_eq(id[0], STR("z")) && str_eq(id[1], STR("a"))
                && str_eq(id[2], STR("b")) && str_eq(id[3], STR("c")));
    chunk_free(c);
    catalog_free(&catalog);
}

TEST(of_a_property_given_twice_the_last_counts)
{
    struct property twice[] = {{STR("price"), {.type = VALUE_NUMBER, .number = 1}},
                               {STR("price"), {.type = VALUE_NUMBER, .number = 2}}};
    struct event e = event_of("anna", "visit", 5, "b");
    const struct cells *cells;
    struct catalog catalog;
    struct chunk *c;
    struct err err;

    e.property = twice;
    e.property_n = 2;
    number_all(&catalog, &e, 1);
    assert_true(chunk_build(&catalog, NULL, 0, &e, 1, &c, &err));
    assert_true(chunk_cells(c, 0, &cells, &err));
    assert_int_equal(cells->n, 1);
    assert_int_equal(cells->number[0], 2);
    chunk_free(c);
    catalog_free(&catalog);
}

TEST(a_customer_of_another_chunk_has_no_events_in_this_one)
{
    struct event e = event_of("anna", "visit", 5, "b");
    struct catalog catalog;
    struct chunk *c;
    struct err err;

    number_all(&catalog, &e, 1);
    assert_true(chunk_build(&catalog, NULL, 0, &e, 1, &c, &err));
    assert_int_equal(timeline_of(c, 0).n, 1);
    assert_int_equal(timeline_of(c, 1).n, 0);
    assert_int_equal(timeline_of(c, CHUNK_CUSTOMERS).n, 0);
    chunk_free(c);
    catalog_free(&catalog);
}

static bool build_twice(void *context, struct err *err)
{
    const struct event *event = context;
    struct chunk *first = NULL, *second = NULL;
    struct catalog catalog = {0};
    bool ok = catalog_init(&catalog, err);

    for (uint32_t i = 0; ok && i < 20; i++)
        ok = catalog_add_event(&catalog, &event[i], err);
    ok = ok && chunk_build(&catalog, NULL, 0, event, 10, &first, err)
         && chunk_build(&catalog, first, 0, event + 10, 10, &second, err);
    chunk_free(first);
    chunk_free(second);
    catalog_free(&catalog);
    return ok;
}

TEST(building_a_chunk_survives_any_lack_of_memory)
{
    struct random r = random_seeded(3);
    struct arena a = {0};

    each_oom(build_twice, scene(&r, 20, 4, &a));
    arena_free(&a);
}
