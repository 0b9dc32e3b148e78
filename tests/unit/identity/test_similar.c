#include "identity/similar.h"

#include "support/chance.h"
#include "support/fail.h"
#include "support/unit.h"

#include <math.h>
#include <stdio.h>

static void need_jw(const char *a, const char *b, double wanted)
{
    double got = similar_jaro_winkler(str_of(a), str_of(b));

    if (fabs(got - wanted) > 0.0006)
        fail_msg("%s and %s give %.5f", a, b, got);
    assert_true(got == similar_jaro_winkler(str_of(b), str_of(a)));
}

/* Winkler's own examples, to his three digits. */
TEST(the_published_similarities)
{
    need_jw("MARTHA", "MARHTA", 0.961);
    need_jw("DWAYNE", "DUANE", 0.840);
    need_jw("DIXON", "DICKSONX", 0.813);
    need_jw("SHACKLEFORD", "SHACKELFORD", 0.982);
    need_jw("JONES", "JOHNSON", 0.832);
    need_jw("JERALDINE", "GERALDINE", 0.926);
    need_jw("MICHELLE", "MICHAEL", 0.921);
}

TEST(similarities_at_the_ends)
{
    char long_a[100], long_b[100];

    need_jw("", "", 0);
    need_jw("a", "", 0);
    need_jw("a", "a", 1);
    need_jw("a", "b", 0);
    need_jw("ab", "ba", 0);
    need_jw("José", "José", 1);
    need_jw("é", "è", 0); /* characters, not bytes */
    for (int i = 0; i < 99; i++)
        long_a[i] = long_b[i] = (char)('a' + i % 23);
    long_b[70] = '!';
    long_a[99] = long_b[99] = '\0';
    need_jw(long_a, long_b, 1); /* beyond 64 characters nobody looks */
}

static const struct contact shop[] = {
    {{STR("Mario Rossi"), STR("Via Roma 12, Torino"), STR("+390111234567"),
      STR("mario@x.it")}},
    {{STR("Rossi, Mario"), STR("via Roma, 12 - Torino"), STR(""), STR("")}},
    {{STR("Mario Rosi"), STR("Via Roma 12 Torino"), STR(""), STR("rossi@y.it")}},
    {{STR("Maria Russo"), STR("Corso Francia 5, Torino"), STR("+390111234567"), STR("")}},
    {{STR("Mario Rossi"), STR("Via Napoli 3, Bari"), STR("+390801111222"),
      STR("mr@z.it")}},
    {{STR(""), STR(""), STR(""), STR("mario@x.it")}},
    {{STR(""), STR(""), STR(""), STR("")}},
    {{STR(""), STR(""), STR(""), STR("")}},
};
enum { SHOP_N = sizeof shop / sizeof *shop };

static bool has(const struct similar_pair *pair, size_t n, uint32_t a, uint32_t b)
{
    for (size_t i = 0; i < n; i++)
        if (pair[i].a == a && pair[i].b == b)
            return true;
    return false;
}

TEST(contacts_who_may_be_one_person_are_found)
{
    const struct similar_pair *pair;
    struct arena a = {};
    struct err err;
    size_t n;

    assert_true(similar_find(shop, SHOP_N, &similar_rules_usual, &a, &pair, &n, &err));
    assert_true(has(pair, n, 0, 1)); /* the words in another order */
    assert_true(has(pair, n, 0, 2)); /* misspelt, and another mailbox */
    assert_true(has(pair, n, 1, 2));
    assert_true(has(pair, n, 0, 5)); /* one mailbox */
    assert_int_equal(n, 4);          /* one line, or one name, is not enough */
    for (size_t i = 1; i < n; i++)
        assert_true(pair[i - 1].weight >= pair[i].weight);
    arena_free(&a);
}

TEST(a_weight_is_the_sum_of_its_fields)
{
    static const struct contact two[] = {
        {{STR("Ada"), STR(""), STR("1234567"), STR("a@x.it")}},
        {{STR("ADA"), STR("Via Roma 1"), STR("1234567"), STR("b@x.it")}},
    };
    const struct similar_pair *pair;
    struct arena a = {};
    struct err err;
    size_t n;

    assert_true(similar_find(two, 2, &similar_rules_usual, &a, &pair, &n, &err));
    assert_int_equal(n, 1);
    assert_true(fabs(pair->weight
                     - (log2(0.95 / 0.001) + log2(0.8 / 0.0001)
                        + log2((1 - 0.9) / (1 - 0.00001))))
                < 1e-9);
    arena_free(&a);
}

TEST(rules_that_cannot_be_are_refused)
{
    struct similar_rules rules = similar_rules_usual;
    const struct similar_pair *pair;
    struct arena a = {};
    struct err err;
    size_t n;

    rules.field[SIMILAR_PHONE].u = 0.9;
    assert_false(similar_find(shop, SHOP_N, &rules, &a, &pair, &n, &err));
    assert_int_equal(err.code, ERR_INPUT);
    rules = similar_rules_usual;
    rules.field[SIMILAR_NAME].floor = 1;
    assert_false(similar_find(shop, SHOP_N, &rules, &a, &pair, &n, &err));
    assert_true(similar_find(shop, 0, &similar_rules_usual, &a, &pair, &n, &err));
    assert_int_equal(n, 0);
    arena_free(&a);
}

enum { MANY = 20000, TEXT = 32 };

/* Contact 2i + 1 is contact 2i with two letters of the name exchanged. */
static void make_many(struct contact *c, char (*text)[3][TEXT], struct random *r)
{
    for (uint32_t i = 0; i < MANY; i++) {
        char *name = text[i][0];

        if (i % 2) {
            c[i] = c[i - 1];
            snprintf(name, TEXT, "%s", text[i - 1][0]);
            name[5] = text[i - 1][0][6];
            name[6] = text[i - 1][0][5];
            c[i].field[SIMILAR_NAME] = str_of(name);
            continue;
        }
        for (int k = 0; k < 16; k++)
            name[k] = (char)('a' + random_below(r, 26));
        name[8] = ' ';
        name[16] = '\0';
        snprintf(text[i][1], TEXT, "via roma %u", (unsigned)random_below(r, 5000));
        c[i] = (struct contact){{str_of(name), str_of(text[i][1])}};
    }
}

TEST(many_contacts_are_compared_with_few)
{
    struct contact *c = mem_alloc(MANY * sizeof *c);
    char(*text)[3][TEXT] = mem_alloc(MANY * sizeof *text);
    struct random r = chance();
    const struct similar_pair *pair;
    uint32_t found = 0;
    struct arena a = {};
    struct err err;
    size_t n;

    assert_true(c && text);
    make_many(c, text, &r);
    assert_true(similar_find(c, MANY, &similar_rules_usual, &a, &pair, &n, &err));
    for (size_t i = 0; i < n; i++)
        found += pair[i].b == pair[i].a + 1 && pair[i].a % 2 == 0;
    assert_int_equal(found, MANY / 2);
    arena_free(&a);
    mem_free(c);
    mem_free(text);
}

static bool find([[maybe_unused]] void *context, struct err *err)
{
    const struct similar_pair *pair;
    struct arena a = {};
    size_t n;
    bool ok = similar_find(shop, SHOP_N, &similar_rules_usual, &a, &pair, &n, err);

    arena_free(&a);
    return ok;
}

TEST(finding_survives_the_lack_of_memory)
{
    each_oom(find, NULL);
}
