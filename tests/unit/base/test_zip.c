#include "base/random.h"
#include "base/zip.h"
#include "support/fail.h"
#include "support/unit.h"

#include <string.h>

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
