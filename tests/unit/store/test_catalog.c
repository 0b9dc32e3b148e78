#include "support/scene.h"

#include "support/fail.h"
#include "support/unit.h"

#include <pthread.h>
#include <stdio.h>

static struct property text_property(const char *name)
{
    return (struct property){str_of(name), {.type = VALUE_TEXT, .text = STR("x")}};
}

TEST(a_property_of_two_types_has_two_columns_and_both_are_sighted)
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
    catalog_free(&c);
}

TEST(columns_are_found_by_name_in_whatever_order_events_have_them)
{
    struct property p[] = {text_property("a"), text_property("b"), text_property("c")};
    const struct property turned[] = {p[2], p[0], p[1], p[0]};
    struct event one = event_of("anna", "seen", 1, "1"), other = one;
    struct catalog_mark mark;
    struct catalog c;
    struct err err;

    one.property = p;
    one.property_n = 3;
    other.property = turned;
    other.property_n = 4;
    assert_true(catalog_init(&c, &err));
    mark = catalog_mark(&c);
    for (int i = 0; i < 3; i++) {
        assert_true(catalog_add_event(&c, &one, &err));
        assert_true(catalog_add_event(&c, &other, &err));
        assert_true(c.column_n == 3 && c.sighting_n == 3);
        for (uint32_t last = COLUMN_NONE, k = 0; k < 4; k++) {
            last = catalog_column_after(&c, last, turned[k].name, false, VALUE_TEXT);
            assert_true(str_eq(c.column[last].name, turned[k].name));
            assert_int_equal(
                catalog_column_after(&c, last, turned[k].name, true, VALUE_TEXT),
                COLUMN_NONE);
        }
        other.type = i ? STR("heard") : STR("seen"); /* with the same columns */
        assert_true(catalog_add_event(&c, &other, &err));
        assert_int_equal(c.sighting_n, i ? 6 : 3);
        other.type = STR("seen");
        catalog_return(&c, &mark);
        assert_int_equal(c.sighting_n, 0);
    }
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
    assert_int_equal(catalog_customer_n(&c), 0);
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
    assert_int_equal(catalog_customer_n(&c), 0);
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
    assert_int_equal(catalog_customer_n(&c), 0);
    catalog_free(&c);
}

TEST(a_catalog_goes_back_to_its_mark)
{
    struct random r = random_seeded(7);
    struct arena a = {0};
    struct event *event = scene(&r, 40, 9, &a);
    struct catalog_mark mark;
    struct catalog c, twin;
    struct err err;

    assert_true(catalog_init(&c, &err) && catalog_init(&twin, &err));
    for (uint32_t i = 0; i < 40; i++) {
        if (i == 10)
            mark = catalog_mark(&c);
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
    assert_int_equal(catalog_customer_n(&c), catalog_customer_n(&twin));
    for (uint32_t i = 0; i < catalog_customer_n(&c); i++)
        assert_int_equal(catalog_customer_find(&twin, catalog_customer_id(&c, i)), i);
    assert_int_equal(c.type.n, twin.type.n);
    assert_int_equal(c.column_n, twin.column_n);
    assert_int_equal(c.sighting_n, twin.sighting_n);
    for (uint32_t i = 0; i < c.sighting_n; i++)
        assert_memory_equal(&c.sighting[i], &twin.sighting[i], sizeof *c.sighting);
    catalog_free(&c);
    catalog_free(&twin);
    arena_free(&a);
}

TEST(a_copy_knows_what_there_was_when_it_was_made)
{
    struct event anna = event_of("anna", "purchase", 1, "1");
    struct event bruno = event_of("bruno", "purchase", 1, "2");
    struct event carla = event_of("carla", "login", 1, "3");
    struct catalog c, first, second, third;
    struct err err;

    assert_true(catalog_init(&c, &err));
    assert_true(catalog_add_event(&c, &anna, &err));
    assert_true(catalog_copy(&c, NULL, &first, &err));
    assert_true(catalog_add_event(&c, &bruno, &err));
    assert_true(catalog_copy(&c, &first, &second, &err));
    assert_true(catalog_add_event(&c, &carla, &err));
    assert_true(catalog_copy(&c, &second, &third, &err));

    assert_int_equal(catalog_customer_n(&first), 1);
    assert_int_equal(catalog_customer_find(&first, STR("anna")), 0);
    assert_int_equal(catalog_customer_find(&first, STR("bruno")), CUSTOMER_NONE);
    assert_int_equal(catalog_customer_find(&second, STR("bruno")), 1);
    assert_ptr_equal(first.type.text, second.type.text); /* no name was new */
    assert_int_equal(first.type.n, 2);
    assert_int_equal(third.type.n, 3);
    catalog_free(&first);
    assert_true(str_eq(text_table_get(&second.type, 1), STR("purchase")));
    catalog_free(&second);
    assert_int_equal(text_table_find(&third.type, STR("login")), 2);
    assert_true(str_eq(catalog_customer_id(&third, 2), STR("carla")));
    catalog_free(&third);
    catalog_free(&c);
}

struct reading {
    struct catalog copy;
    uint32_t wrong;
};

/* What it knows stays as it is; what it does not know it does not find. */
static void *read_copy(void *context)
{
    struct reading *r = context;

    for (uint32_t i = 0; i < 2000; i++) {
        char id[16];
        uint32_t found;

        snprintf(id, sizeof id, "%u", i);
        found = catalog_customer_find(&r->copy, str_of(id));
        r->wrong += found != (i < catalog_customer_n(&r->copy) ? i : CUSTOMER_NONE);
        r->wrong += found != CUSTOMER_NONE
                    && !str_eq(catalog_customer_id(&r->copy, found), str_of(id));
    }
    return NULL;
}

static void add_customers(struct catalog *c, uint32_t from, uint32_t to)
{
    struct err err;

    for (uint32_t i = from; i < to; i++) {
        char id[16];
        uint32_t number;

        snprintf(id, sizeof id, "%u", i);
        assert_true(catalog_customer_add(c, str_of(id), &number, &err));
        assert_int_equal(number, i);
    }
}

TEST(copies_are_read_by_other_threads_while_customers_are_added)
{
    enum { READERS = 3 };
    struct reading reading[READERS] = {0};
    pthread_t thread[READERS];
    struct catalog_mark mark;
    struct catalog c;
    struct err err;

    assert_true(catalog_init(&c, &err));
    for (uint32_t i = 0; i < READERS; i++) {
        add_customers(&c, i * 100, i * 100 + 100);
        assert_true(
            catalog_copy(&c, i ? &reading[i - 1].copy : NULL, &reading[i].copy, &err));
        assert_int_equal(pthread_create(&thread[i], NULL, read_copy, &reading[i]), 0);
    }
    mark = catalog_mark(&c);
    add_customers(&c, READERS * 100, 1500);
    catalog_return(&c, &mark);
    add_customers(&c, READERS * 100, 2500);
    for (uint32_t i = 0; i < READERS; i++) {
        pthread_join(thread[i], NULL);
        assert_int_equal(reading[i].wrong, 0);
        catalog_free(&reading[i].copy);
    }
    catalog_free(&c);
}

static bool copy_twice(void *context, struct err *err)
{
    struct catalog *c = context, first, second;

    if (!catalog_copy(c, NULL, &first, err))
        return false;
    if (!catalog_copy(c, &first, &second, err)) {
        catalog_free(&first);
        return false;
    }
    catalog_free(&first);
    catalog_free(&second);
    return true;
}

static bool add_many(void *context, struct err *err)
{
    struct catalog c = {0};
    bool ok = catalog_init(&c, err);

    for (uint32_t i = 0; ok && i < 40; i++)
        ok = catalog_add_event(&c, (const struct event *)context + i, err);
    catalog_free(&c);
    return ok;
}

TEST(a_catalog_survives_any_lack_of_memory)
{
    struct random r = random_seeded(7);
    struct arena a = {0};
    struct event *event = scene(&r, 40, 30, &a);
    struct catalog c;
    struct err err;

    each_oom(add_many, event);
    assert_true(catalog_init(&c, &err));
    for (uint32_t i = 0; i < 40; i++)
        assert_true(catalog_add_event(&c, &event[i], &err));
    each_oom(copy_twice, &c);
    catalog_free(&c);
    arena_free(&a);
}
