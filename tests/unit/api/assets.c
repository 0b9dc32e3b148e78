#include "api/assets.h"

#include "support/unit.h"

#include <string.h>
#include <zlib.h>

TEST(the_page_is_in_the_binary)
{
    const struct asset *page = asset_find(STR("/index.html"));

    assert_non_null(page);
    assert_string_equal(page->type, "text/html; charset=utf-8");
    assert_non_null(memmem(page->bytes, page->n, "<title>", 7));
    assert_int_equal(strlen(page->etag), 18);
    assert_int_equal(page->etag[0], '"');
    assert_int_equal(page->etag[17], '"');
}

TEST(the_packed_page_is_the_page)
{
    const struct asset *page = asset_find(STR("/index.html"));
    unsigned char plain[8192];
    z_stream z = {.next_out = plain, .avail_out = sizeof plain};

    assert_non_null(page);
    assert_non_null(page->gzip);
    assert_true(page->gzip_n < page->n);
    z.next_in = (unsigned char *)(uintptr_t)page->gzip;
    z.avail_in = (unsigned)page->gzip_n;
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_int_equal(z.total_out, page->n);
    assert_memory_equal(plain, page->bytes, page->n);
    inflateEnd(&z);
}

TEST(what_is_not_there_is_not_found)
{
    assert_null(asset_find(STR("/")));
    assert_null(asset_find(STR("")));
    assert_null(asset_find(STR("/index.htm")));
    assert_null(asset_find(STR("/index.html2")));
    assert_null(asset_find(STR("/zzz")));
}
