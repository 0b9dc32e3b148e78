#include "support/scene.h"

#include "support/unit.h"

#include <stdio.h>

static struct property text_property(const char *name)
{
    return (struct property){str_of(name), {.type = VALUE_TEXT, .text = STR("x")}};
}

TEST(a_property_of_two_types_has_two_columns_and_both_are_counted)
{
    struct property first[] = {text_property("size"), text_property("size")};
    struct event e = event_of("anna", "purchase", 1, "1");
    struct catalog c;
    struct err err;
    uint32_t text, number;

    assert_true(catalog_init(&c, &err));
    first[1].value = (struct value){.type = VALUE_NUMBER, .number = 1};
    e.property = first;
    e.property_n = 2;
    assert_true(catalog_add_event(&c, &e, &err));
    e.property_n = 1;
    assert_true(catalog_add_event(&c, &e, &err));

    text = catalog_column_find(&c, STR("size"), false, VALUE_TEXT);
    number = catalog_column_find(&c, STR("size"), false, VALUE_NUMBER);
    assert_int_not_equal(text, COLUMN_NONE);
    assert_int_not_equal(number, COLUMN_NONE);
    assert_int_not_equal(text, number);
    assert_int_equal(catalog_column_find(&c, STR("size"), true, VALUE_TEXT), COLUMN_NONE);
    assert_true(str_eq(c.column[text].name, STR("size")));
    assert_int_equal(c.sighting_n, 2);
    assert_int_equal(c.sighting[0].n, 2);
    assert_int_equal(c.sighting[1].n, 1);
    catalog_free(&c);
}

TEST(identify_has_its_number_from_the_start)
{
    struct catalog c;
    struct err err;

    assert_true(catalog_init(&c, &err));
    assert_int_equal(text_table_find(&c.type, STR("identify")), TYPE_IDENTIFY);
    catalog_free(&c);
}

TEST(a_type_too_many_is_refused_and_leaves_no_customer)
{
    struct event e = event_of("anna", "purchase", 1, "1");
    struct catalog c;
    struct err err;

    assert_true(catalog_init(&c, &err));
    for (uint32_t i = 1; i < TYPES_MAX; i++) {
        char name[16];
        uint32_t number;

        snprintf(name, sizeof name, "type %u", i);
        assert_true(text_table_add(&c.type, str_of(name), &number));
    }
    assert_false(catalog_add_event(&c, &e, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(c.customer.n, 0);
    catalog_free(&c);
}

TEST(an_event_with_too_many_columns_leaves_no_trace)
{
    struct property some[3] = {{STR("name 7"), {.type = VALUE_TEXT, .text = STR("x")}},
                               {STR("new"), {.type = VALUE_TEXT, .text = STR("x")}},
                               {STR("newer"), {.type = VALUE_TEXT, .text = STR("x")}}};
    struct event e = event_of("anna", "purchase", 1, "1");
    struct catalog c;
    struct err err;

    assert_true(catalog_init(&c, &err));
    for (uint32_t i = 1; i < COLUMNS_MAX; i++) {
        char name[16];
        uint32_t number;

        snprintf(name, sizeof name, "name %u", i);
        assert_true(
            catalog_column_add(&c, str_of(name), false, VALUE_TEXT, &number, &err));
    }
    e.property = some;
    e.property_n = 3;
    assert_false(catalog_add_event(&c, &e, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_int_equal(c.customer.n, 0);
    assert_int_equal(c.type.n, 1);
    assert_int_equal(c.column_n, COLUMNS_MAX - 1);
    e.property_n = 2; /* for one there is room */
    assert_true(catalog_add_event(&c, &e, &err));
    assert_int_equal(c.column_n, COLUMNS_MAX);
    e.trait = some; /* a trait is no property of that name */
    e.trait_n = 1;
    assert_false(catalog_add_event(&c, &e, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    catalog_free(&c);
}

TEST(a_value_that_is_not_raw_is_refused)
{
    struct property money = {STR("price"), {.type = VALUE_MONEY, .number = 100}};
    struct event e = event_of("anna", "purchase", 1, "1");
    struct catalog c;
    struct err err;

    assert_true(catalog_init(&c, &err));
    e.property = &money;
    e.property_n = 1;
    assert_false(catalog_add_event(&c, &e, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(c.customer.n, 0);
    catalog_free(&c);
}

TEST(a_catalog_goes_back_to_its_mark)
{
    struct random r = random_seeded(7);
    struct arena a = {0};
    struct event *event = scene(&r, 40, 9, &a);
    struct catalog_mark mark = {0};
    struct catalog c, twin;
    struct err err;

    assert_true(catalog_init(&c, &err) && catalog_init(&twin, &err));
    for (uint32_t i = 0; i < 40; i++) {
        if (i == 10)
            assert_true(catalog_mark(&c, &mark, &err));
        assert_true(catalog_add_event(&c, &event[i], &err));
        if (i < 10)
            assert_true(catalog_add_event(&twin, &event[i], &err));
    }
    catalog_return(&c, &mark);

    /* and goes on from there as if nothing had been */
    for (uint32_t i = 39; i >= 20; i--) {
        assert_true(catalog_add_event(&c, &event[i], &err));
        assert_true(catalog_add_event(&twin, &event[i], &err));
    }
    assert_int_equal(c.customer.n, twin.customer.n);
    for (uint32_t i = 0; i < c.customer.n; i++)
        assert_int_equal(text_table_find(&twin.customer, text_table_get(&c.customer, i)),
                         i);
    assert_int_equal(c.type.n, twin.type.n);
    assert_int_equal(c.column_n, twin.column_n);
    assert_int_equal(c.sighting_n, twin.sighting_n);
    for (uint32_t i = 0; i < c.sighting_n; i++)
        assert_memory_equal(&c.sighting[i], &twin.sighting[i], sizeof *c.sighting);
    catalog_mark_free(&mark);
    catalog_free(&c);
    catalog_free(&twin);
    arena_free(&a);
}
