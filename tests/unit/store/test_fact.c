#include "store/fact_impl.h"

#include "base/time.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/scene.h"
#include "support/unit.h"

/* Events, and the facts that they are. */
struct news {
    struct arena arena;
    struct catalog catalog;
    struct event *event;
    struct fact *fact;
    uint32_t n;
    struct gone gone[3];
    uint32_t gone_n;
};

/* Some stand elsewhere than with their anchor, some were told before, some customers are gone. */
static void move_some(struct news *w, struct random *r)
{
    uint32_t customers = catalog_customer_n(&w->catalog), at = 0;

    for (uint32_t i = 0; i < w->n; i++) {
        if (!random_below(r, 3))
            w->fact[i].anchor = (uint32_t)random_below(r, customers);
        w->fact[i].is_told = !random_below(r, 4);
    }
    for (; at < customers && w->gone_n < 3; at += 1 + (uint32_t)random_below(r, 3))
        w->gone[w->gone_n++] = (struct gone){at, (uint32_t)random_below(r, 300)};
}

static struct brought brought_of(struct news *w)
{
    return (struct brought){w->fact, w->gone, w->n, w->gone_n};
}

static void news_new(struct news *w, struct random *r, uint32_t n)
{
    struct err err;

    *w = (struct news){.n = n};
    w->event = scene(r, n, 5, &w->arena);
    w->fact = arena_array(&w->arena, struct fact, n);
    assert_non_null(w->fact);
    assert_true(catalog_init(&w->catalog, &err));
    for (uint32_t i = 0; i < n; i++) {
        assert_true(catalog_add_event(&w->catalog, &w->event[i], &err));
        assert_true(fact_of(&w->catalog, &w->event[i], &w->arena, &w->fact[i], &err));
    }
    move_some(w, r);
}

static void news_free(struct news *w)
{
    catalog_free(&w->catalog);
    arena_free(&w->arena);
}

static void need_same_cell(const struct fact_cell *a, const struct fact_cell *b,
                           enum value_type type)
{
    assert_int_equal(a->column, b->column);
    if (type == VALUE_NUMBER || type == VALUE_BOOL)
        assert_true(a->number == b->number);
    if (type == VALUE_TEXT)
        assert_true(str_eq(a->text, b->text));
    if (type == VALUE_LIST) {
        assert_int_equal(a->n, b->n);
        for (uint32_t i = 0; i < a->n; i++)
            assert_true(str_eq(a->item[i], b->item[i]));
    }
}

static void need_same_fact(const struct fact *a, const struct fact *b,
                           const struct catalog *catalog)
{
    assert_int_equal(a->customer, b->customer);
    assert_int_equal(a->anchor, b->anchor);
    assert_int_equal(a->is_told, b->is_told);
    assert_int_equal(a->type, b->type);
    assert_true(a->at_ms == b->at_ms);
    assert_true(str_eq(a->id, b->id));
    assert_int_equal(a->cell_n, b->cell_n);
    for (uint32_t i = 0; i < a->cell_n; i++)
        need_same_cell(&a->cell[i], &b->cell[i], catalog->column[a->cell[i].column].type);
}

TEST(news_comes_back_as_it_was)
{
    struct random r = chance();

    for (int round = 0; round < 30; round++) {
        struct buf bytes = {0};
        struct brought brought, again;
        struct news w;
        struct err err;

        news_new(&w, &r, (uint32_t)random_below(&r, 40));
        brought = brought_of(&w);
        news_encode(&w.catalog, &brought, &bytes);
        assert_true(news_decode(buf_str(&bytes), &w.catalog, &w.arena, &again, &err));
        assert_int_equal(again.n, w.n);
        for (uint32_t i = 0; i < w.n; i++)
            need_same_fact(&again.fact[i], &w.fact[i], &w.catalog);
        assert_int_equal(again.gone_n, w.gone_n);
        for (uint32_t i = 0; i < w.gone_n; i++)
            assert_true(again.gone[i].customer == w.gone[i].customer
                        && again.gone[i].events == w.gone[i].events);
        buf_free(&bytes);
        news_free(&w);
    }
}

TEST(news_that_is_cut_off_is_corrupt)
{
    struct random r = chance();
    struct buf bytes = {0};
    struct brought brought, again;
    struct news w;
    struct err err;

    news_new(&w, &r, 12);
    brought = brought_of(&w);
    news_encode(&w.catalog, &brought, &bytes);
    for (size_t cut = 0; cut < bytes.n; cut++) {
        assert_false(
            news_decode((str){bytes.p, cut}, &w.catalog, &w.arena, &again, &err));
        assert_int_equal(err.code, ERR_CORRUPT);
    }
    buf_add_char(&bytes, 0);
    assert_false(news_decode(buf_str(&bytes), &w.catalog, &w.arena, &again, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_free(&bytes);
    news_free(&w);
}

TEST(news_with_a_changed_byte_is_corrupt_or_other_news)
{
    struct random r = chance();
    struct buf bytes = {0}, again = {0};
    struct brought brought;
    struct news w;

    news_new(&w, &r, 12);
    brought = brought_of(&w);
    news_encode(&w.catalog, &brought, &bytes);
    for (size_t i = 0; i < bytes.n; i++) {
        char kept = bytes.p[i];
        struct arena a = {0};
        struct err err;

        bytes.p[i] = (char)random_next(&r);
        if (news_decode(buf_str(&bytes), &w.catalog, &a, &brought, &err)) {
            buf_clear(&again);
            news_encode(&w.catalog, &brought, &again);
            assert_true(str_eq(buf_str(&again), buf_str(&bytes)));
        } else {
            assert_int_equal(err.code, ERR_CORRUPT);
        }
        bytes.p[i] = kept;
        arena_free(&a);
    }
    buf_free(&bytes);
    buf_free(&again);
    news_free(&w);
}

/* Each names something next to what there is. */
TEST(news_of_what_there_is_not_is_corrupt)
{
    struct event e = event_of("anna", "identify", MOMENT_MAX, "1");
    struct property yes = {STR("gift"), {.type = VALUE_BOOL, .truth = true}};
    struct arena a = {0};
    struct catalog c;
    struct brought again;
    struct fact fact;
    struct err err;

    e.property = &yes;
    e.property_n = 1;
    assert_true(catalog_init(&c, &err) && catalog_add_event(&c, &e, &err));
    assert_true(fact_of(&c, &e, &a, &fact, &err));
    for (int wrong = 0; wrong < 9; wrong++) {
        struct fact_cell cell = fact.cell[0];
        struct gone gone[] = {{0, 1}, {0, 1}};
        struct buf bytes = {0};
        struct fact f = fact;
        struct brought b = {&f, gone, 1, wrong == 7 ? 2 : 1};

        f.cell = &cell;
        f.customer += wrong == 1;
        f.type = (uint16_t)(f.type + (wrong == 2));
        f.at_ms += wrong == 3;
        cell.number += wrong == 4;
        if (wrong == 5)
            f.id = (str){"\xff", 1};
        f.anchor += wrong == 1 || wrong == 6;
        gone[0].customer += wrong == 8;
        news_encode(&c, &b, &bytes);
        assert_int_equal(news_decode(buf_str(&bytes), &c, &a, &again, &err), !wrong);
        assert_int_equal(wrong ? err.code : ERR_NONE, wrong ? ERR_CORRUPT : ERR_NONE);
        if (!wrong) { /* the column, known by its place behind the number of values */
            bytes.p[bytes.n - 6]++;
            assert_false(news_decode(buf_str(&bytes), &c, &a, &again, &err));
            assert_int_equal(err.code, ERR_CORRUPT);
        }
        buf_free(&bytes);
    }
    catalog_free(&c);
    arena_free(&a);
}

static bool there_and_back(void *context, struct err *err)
{
    struct news *w = context;
    struct arena a = {0};
    struct buf bytes = {0};
    struct brought brought = brought_of(w), decoded;
    struct fact again, copy;
    bool ok = true;

    for (uint32_t i = 0; ok && i < w->n; i++)
        ok = fact_of(&w->catalog, &w->event[i], &a, &again, err)
             && fact_copy(&w->catalog, &again, &a, &copy, err);
    news_encode(&w->catalog, &brought, &bytes);
    ok = ok && (!bytes.failed || err_nomem(err))
         && news_decode(buf_str(&bytes), &w->catalog, &a, &decoded, err);
    buf_free(&bytes);
    arena_free(&a);
    return ok;
}

TEST(news_survives_any_lack_of_memory)
{
    struct random r = random_seeded(3);
    struct news w;

    news_new(&w, &r, 100);
    each_oom(there_and_back, &w);
    news_free(&w);
}
