/* A bit that rot flipped, anywhere in the file: an error that names the place, or the right
 * answer from elsewhere; never a wrong one. */
#include "store/rewrite.h"
#include "store/verify.h"
#include "support/sim_shop.h"

#include "base/random.h"
#include "support/unit.h"

#include <stdio.h>
#include <string.h>

enum {
    EVENTS = 60,
    MORE = 9, /* that a writer brings */
    CUSTOMERS = 20,
    PAGE_BYTES = 16384,
    FLIPS_A_PAGE = 12,
    MENDED_A_PAGE = 2, /* that takes longer: all bits of the page are tried */
};

static struct sim_shop shop;
static str prepared; /* a file with parts and with news */

static struct store *open_shop(enum store_mode mode, struct err *err)
{
    struct store_options options = {.mode = mode};
    struct store *s;

    return store_open(shop.io, SIM_SHOP, &options, &s, err) ? s : NULL;
}

static bool fold_all(struct store *s, struct err *err)
{
    bool more = true;

    while (more) {
        if (!store_fold(s, 1, &more, err))
            return false;
    }
    return true;
}

static void set_scene(void)
{
    struct store *s;
    struct err err;

    sim_shop_set(&shop, EVENTS + MORE, CUSTOMERS);
    if (!store_create(shop.io, SIM_SHOP, 0, &s, &err)
        || !sim_shop_import(&shop, s, 0, EVENTS - 5, &err) || !fold_all(s, &err)
        || !sim_shop_import(&shop, s, EVENTS - 5, 5, &err))
        fail_msg("%s", err.msg);
    store_close(s);
    prepared = sim_shop_get(&shop, "/shop");
    assert_int_equal(prepared.n % PAGE_BYTES, 0);
}

static bool pass_webhook([[maybe_unused]] void *context,
                         [[maybe_unused]] const struct webhook_row *w)
{
    return true;
}

static bool pass_key([[maybe_unused]] void *context,
                     [[maybe_unused]] const struct key_row *k)
{
    return true;
}

static bool pass_receipt([[maybe_unused]] void *context, [[maybe_unused]] uint32_t number,
                         [[maybe_unused]] str bytes)
{
    return true;
}

/* What others than the engine ask for. */
static bool read_doors(struct snapshot *v, struct err *err)
{
    struct buf lines = {};
    int64_t seq, told_ms;
    bool ok = snapshot_each_webhook(v, pass_webhook, NULL, err)
              && snapshot_each_key(v, pass_key, NULL, err)
              && snapshot_each_receipt(v, pass_receipt, NULL, err)
              && snapshot_journal(v, 0, &lines, &seq, &told_ms, err)
              && snapshot_log(v, 0, &lines, &seq, &told_ms, err);

    buf_free(&lines);
    return ok;
}

static bool read_all(struct err *err)
{
    struct store *s = open_shop(STORE_READ, err);
    struct snapshot *v;
    bool ok = s && store_snapshot(s, &v, err);

    if (ok) {
        ok = sim_shop_look(&shop, v, EVENTS, err) && read_doors(v, err);
        snapshot_close(v);
    }
    store_close(s);
    return ok;
}

/* Events that are there already, and new ones; then everything folded. */
static bool write_more(struct err *err)
{
    struct store *s = open_shop(STORE_WRITE, err);
    bool ok =
        s && sim_shop_import(&shop, s, EVENTS - MORE, 2 * MORE, err) && fold_all(s, err);

    store_close(s);
    return ok;
}

/* The file as it was prepared, but for one bit. */
static void put_flipped(size_t at, unsigned char bit)
{
    sim_disk_reset(shop.disk, 1);
    sim_shop_put(&shop, "/shop", prepared);
    sim_disk_flip(shop.disk, "/shop", at, bit);
}

/* Calls `run` with each of them; how many it did not mind. */
static uint32_t each_flip(bool (*run)(struct err *err))
{
    struct random r = random_seeded(3);
    uint32_t unnoticed = 0;

    for (size_t page = 0; page < prepared.n / PAGE_BYTES; page++) {
        for (int i = 0; i < FLIPS_A_PAGE; i++) {
            /* a page's first bytes say how it is to be read */
            size_t in_page = random_below(&r, i % 3 ? PAGE_BYTES : 100);
            struct err err = {ERR_NONE};
            char place[32];

            put_flipped(page * PAGE_BYTES + in_page, (unsigned char)(1 << i % 8));
            snprintf(place, sizeof place, "page %zu ", page + 1);
            if (run(&err))
                unnoticed++;
            else if (err.code != ERR_CORRUPT || !strstr(err.msg, place))
                fail_msg("byte %zu of page %zu: code %d: %s", in_page, page + 1, err.code,
                         err.msg);
        }
    }
    return unnoticed;
}

TEST(reading_finds_a_flipped_bit_or_is_right)
{
    uint32_t all, unnoticed;

    set_scene();
    all = (uint32_t)(prepared.n / PAGE_BYTES) * FLIPS_A_PAGE;
    unnoticed = each_flip(read_all);
    printf("# %u of %u flips are not noticed by reading\n", unnoticed, all);
    assert_true(unnoticed < all / 2);
    sim_shop_clear(&shop);
}

TEST(writing_finds_a_flipped_bit_or_is_right)
{
    uint32_t all;

    set_scene();
    all = (uint32_t)(prepared.n / PAGE_BYTES) * FLIPS_A_PAGE;
    assert_true(each_flip(write_more) < all / 2);
    sim_shop_clear(&shop);
}

/* Whether a proof of the file finds nothing wrong; no proof is possible when it does not open. */
static bool is_clean(void)
{
    const struct verify_options options = {.threads = 1};
    struct verify_report report;
    struct err err;

    return store_verify(shop.io, SIM_SHOP, &options, &report, &err)
           && report.differences == 0;
}

TEST(a_proof_finds_every_flipped_bit)
{
    struct random r = random_seeded(4);

    set_scene();
    for (size_t page = 0; page < prepared.n / PAGE_BYTES; page++) {
        for (int i = 0; i < FLIPS_A_PAGE; i++) {
            size_t in_page = random_below(&r, PAGE_BYTES);

            put_flipped(page * PAGE_BYTES + in_page, (unsigned char)(1 << i % 8));
            if (is_clean())
                fail_msg("byte %zu of page %zu is flipped, and nobody noticed", in_page,
                         page + 1);
        }
    }
    sim_shop_clear(&shop);
}

TEST(a_rebuild_gets_back_all_that_a_flipped_bit_damaged)
{
    struct random r = random_seeded(5);

    set_scene();
    for (size_t at = 0; at < prepared.n; at += PAGE_BYTES / MENDED_A_PAGE) {
        const struct rewrite_options options = {.memory_bytes = 1 << 20};
        struct rebuild_report report;
        struct arena a = {0};
        struct err err;

        put_flipped(at + random_below(&r, PAGE_BYTES / MENDED_A_PAGE), 1);
        if (!store_rebuild(shop.io, SIM_SHOP, &options, &a, &report, &err)
            || !read_all(&err))
            fail_msg("at byte %zu: %s", at, err.msg);
        assert_true(report.is_made && report.pages_mended == 1 && !report.lost_n);
        assert_int_equal(report.events, EVENTS);
        assert_true(is_clean());
        arena_free(&a);
    }
    sim_shop_clear(&shop);
}
