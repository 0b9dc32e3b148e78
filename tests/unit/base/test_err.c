#include "base/err.h"
#include "support/unit.h"

#include <errno.h>
#include <string.h>

TEST(a_failure_is_false_and_says_what)
{
    struct err err;

    assert_false(err_set(&err, ERR_CORRUPT, "block %u: bad checksum", 3U));
    assert_int_equal(err.code, ERR_CORRUPT);
    assert_string_equal(err.msg, "block 3: bad checksum");
    assert_int_equal(err.sys, 0);
    assert_false(err_nomem(&err));
    assert_int_equal(err.code, ERR_NOMEM);
}

TEST(a_wrong_text_has_its_place)
{
    struct err err;

    assert_false(err_at(&err, 4, 17, "unknown stage %s", "loyal"));
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 4);
    assert_int_equal(err.column, 17);
    assert_string_equal(err.msg, "unknown stage loyal");
}

TEST(a_system_error_keeps_errno_and_its_text)
{
    struct err err;

    errno = ENOSPC;
    assert_false(err_sys(&err, "write %s", "shop.ciclo"));
    assert_int_equal(err.code, ERR_IO);
    assert_int_equal(err.sys, ENOSPC);
    assert_string_equal(err.msg, "write shop.ciclo: No space left on device");
    errno = ENOMEM;
    assert_false(err_sys(&err, "map"));
    assert_int_equal(err.code, ERR_NOMEM);
}

TEST(context_stands_in_front_and_the_code_and_place_stay)
{
    struct err err;

    err_at(&err, 2, 5, "bad checksum");
    assert_false(err_in(&err, "part %u", 3U));
    assert_false(err_in(&err, "shop.ciclo"));
    assert_string_equal(err.msg, "shop.ciclo: part 3: bad checksum");
    assert_int_equal(err.code, ERR_INPUT);
    assert_int_equal(err.line, 2);
}

TEST(a_message_that_is_too_long_is_cut)
{
    struct err err;
    char longer[600];

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = 0;
    err_set(&err, ERR_INPUT, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    err_in(&err, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    errno = EIO;
    err_sys(&err, "%s", longer);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
}
