#include "base/random.h"
#include "base/zip.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>
#include <zlib.h>

TEST(packed_bytes_come_back)
{
    static const size_t sizes[] = {0, 1, 1000, 300000};
    struct random r = random_seeded(3);

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf bytes = {}, packed = {}, back = {};
        struct err err;

        for (size_t k = 0; k < sizes[i]; k++)
            buf_add_char(&bytes, (char)random_below(&r, 30));
        buf_add(&packed, STR("before"));
        if (i > 0) /* and nothing into nothing */
            buf_add(&back, STR("here"));
        assert_true(zip_pack(buf_str(&bytes), 3, &packed, &err));
        assert_true(zip_unpack(str_from(buf_str(&packed), 6), sizes[i], &back, &err));
        assert_true(str_starts(buf_str(&packed), STR("before")));
        assert_true(str_starts(buf_str(&back), i > 0 ? STR("here") : STR("")));
        assert_true(str_eq(str_from(buf_str(&back), i > 0 ? 4 : 0), buf_str(&bytes)));
        buf_free(&bytes);
        buf_free(&packed);
        buf_free(&back);
    }
}

TEST(damaged_packed_bytes_are_corrupt)
{
    struct buf packed = {}, back = {};
    struct err err;
    str whole;

    assert_true(zip_pack(STR("hello, hello, hello, hello, hello"), 3, &packed, &err));
    whole = buf_str(&packed);
    for (size_t n = 0; n < whole.n; n++) {
        assert_false(zip_unpack((str){whole.p, n}, 1000, &back, &err));
        assert_int_equal(err.code, ERR_CORRUPT);
    }
    assert_false(zip_unpack(whole, 32, &back, &err)); /* it holds 33 */
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_false(zip_unpack(STR("no zstd at all"), 1000, &back, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    buf_add(&packed, STR("rubbish"));
    assert_false(zip_unpack(buf_str(&packed), 1000, &back, &err));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_int_equal(back.n, 0);
    buf_free(&packed);
    buf_free(&back);
}

static bool pack_and_unpack([[maybe_unused]] void *context, struct err *err)
{
    struct buf packed = {}, back = {};
    bool ok = zip_pack(STR("hello, hello, hello"), 3, &packed, err)
              && zip_unpack(buf_str(&packed), 100, &back, err);

    buf_free(&packed);
    buf_free(&back);
    return ok;
}

TEST(packing_survives_lack_of_memory)
{
    each_oom(pack_and_unpack, NULL);
}

/* "hello, " a hundred times. */
static str hellos_packed(struct buf *to)
{
    z_stream z = {};
    char *room;
    struct buf text = {};

    for (int i = 0; i < 100; i++)
        buf_add(&text, STR("hello, "));
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, 0), Z_OK);
    room = buf_room(to, 4096);
    assert_non_null(room);
    z.next_in = (Bytef *)text.p;
    z.avail_in = (uInt)text.n;
    z.next_out = (Bytef *)room;
    z.avail_out = 4096;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    to->n += z.total_out;
    deflateEnd(&z);
    buf_free(&text);
    return buf_str(to);
}

TEST(gzip_is_unpacked_up_to_a_limit)
{
    struct buf packed = {}, back = {};
    str whole = hellos_packed(&packed);
    struct err err;

    assert_true(is_gzip(whole));
    assert_false(is_gzip(STR("{\"a\":1}")));
    assert_false(is_gzip(STR("\x1f")));
    buf_add(&back, STR("here"));
    assert_true(gzip_unpack(whole, 700, &back, &err));
    assert_int_equal(back.n, 704);
    assert_true(str_starts(buf_str(&back), STR("herehello, hello, ")));
    buf_clear(&back);
    assert_false(gzip_unpack(whole, 699, &back, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    buf_free(&packed);
    buf_free(&back);
}

TEST(gzip_that_is_cut_or_damaged_or_goes_on_is_refused)
{
    struct buf packed = {}, back = {};
    str whole = hellos_packed(&packed);
    struct err err;

    for (size_t n = 0; n < whole.n; n++) {
        buf_clear(&back);
        assert_false(gzip_unpack((str){whole.p, n}, 10000, &back, &err));
        assert_int_equal(err.code, ERR_INPUT);
    }
    buf_add_char(&packed, 'x');
    buf_clear(&back);
    assert_false(gzip_unpack(buf_str(&packed), 10000, &back, &err));
    assert_int_equal(err.code, ERR_INPUT);
    packed.p[packed.n - 4] ^= 1; /* of the length at its end */
    packed.n--;
    buf_clear(&back);
    assert_false(gzip_unpack(buf_str(&packed), 10000, &back, &err));
    assert_int_equal(err.code, ERR_INPUT);
    buf_free(&packed);
    buf_free(&back);
}

static bool unpack_hellos(void *context, struct err *err)
{
    struct buf back = {};
    bool ok = gzip_unpack(*(str *)context, 700, &back, err);

    buf_free(&back);
    return ok;
}

TEST(gzip_reports_lack_of_memory)
{
    struct buf packed = {};
    str whole = hellos_packed(&packed);

    each_oom(unpack_hellos, &whole);
    buf_free(&packed);
}
