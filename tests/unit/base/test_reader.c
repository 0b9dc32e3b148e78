#include "base/io.h"
#include "base/random.h"
#include "support/bytes_io.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <fcntl.h>
#include <lzma.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

/* Appends one gzip member. */
static void add_gzip(struct buf *b, str bytes)
{
    z_stream z = {};
    char *room = buf_room(b, bytes.n + 1000);

    assert_non_null(room);
    assert_int_equal(
        deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes.p;
    z.avail_in = (uInt)bytes.n;
    z.next_out = (Bytef *)room;
    z.avail_out = (uInt)bytes.n + 1000;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    b->n += z.total_out;
    deflateEnd(&z);
}

/* Appends one xz stream. */
static void add_xz(struct buf *b, str bytes, uint32_t dictionary)
{
    lzma_options_lzma options;
    lzma_filter filters[] = {{LZMA_FILTER_LZMA2, &options}, {LZMA_VLI_UNKNOWN, NULL}};
    size_t room = bytes.n + 1000, n = 0;
    uint8_t *to = (uint8_t *)buf_room(b, room);

    assert_non_null(to);
    assert_false(lzma_lzma_preset(&options, 0));
    options.dict_size = dictionary;
    assert_int_equal(lzma_stream_buffer_encode(filters, LZMA_CHECK_CRC64, NULL,
                                               (const uint8_t *)bytes.p, bytes.n, to, &n,
                                               room),
                     LZMA_OK);
    b->n += n;
}

/* Reads the file to its end, step bytes at a time. */
static bool read_all(struct io *io, str path, size_t step, struct buf *to,
                     struct err *err)
{
    struct reader *r;
    size_t got;
    bool ok;

    if (!reader_open(io, path, &r, err))
        return false;
    do {
        char *room = buf_room(to, step);

        ok = room ? reader_read(r, room, step, &got, err) : err_nomem(err);
        if (ok)
            to->n += got;
    } while (ok && got > 0);
    ok = ok && reader_read(r, (char[1]){}, 1, &got, err);
    assert_true(!ok || got == 0); /* the end stays the end */
    reader_close(r);
    return ok;
}

static void check_reads(str stored, str expected)
{
    static const size_t steps[] = {1, 7, 100000};

    for (size_t i = 0; i < 9; i++) {
        struct bytes_io io = bytes_io(stored, steps[i / 3]);
        struct buf b = {};
        struct err err;

        if (!read_all(&io.io, STR("f"), steps[i % 3], &b, &err))
            fail_msg("%s", err.msg);
        assert_true(str_eq(buf_str(&b), expected));
        buf_free(&b);
    }
}

static void check_refused(str stored, enum err_code code, const char *words)
{
    struct bytes_io io = bytes_io(stored, 10);
    struct buf b = {};
    struct err err;

    assert_false(read_all(&io.io, STR("f"), 1000, &b, &err));
    if (err.code != code || !strstr(err.msg, words))
        fail_msg("%s", err.msg);
    buf_free(&b);
}

TEST(a_plain_file_is_read_as_it_is)
{
    check_reads(STR(""), STR(""));
    check_reads(STR("a"), STR("a"));
    check_reads(STR("\x1f"), STR("\x1f"));
    check_reads(STR("\xfd"), STR("\xfd"));
    check_reads(STR("a,b\r\n1,2\r\n"), STR("a,b\r\n1,2\r\n"));
}

TEST(packed_files_are_unpacked_all_members_of_them)
{
    struct buf b = {}, both = {};
    struct random r = random_seeded(1);
    str text;

    for (int i = 0; i < 50000; i++)
        buf_add_char(&both, (char)('a' + random_below(&r, 8)));
    text = buf_str(&both);

    add_gzip(&b, text);
    check_reads(buf_str(&b), text);
    add_gzip(&b, STR(""));
    buf_add(&b, STR("\0\0\0\0\0")); /* padding */
    check_reads(buf_str(&b), text);

    buf_clear(&b);
    add_gzip(&b, (str){text.p, 100});
    add_gzip(&b, str_from(text, 100));
    check_reads(buf_str(&b), text);

    buf_clear(&b);
    add_xz(&b, text, 4096);
    check_reads(buf_str(&b), text);
    buf_clear(&b);
    add_xz(&b, (str){text.p, 100}, 4096);
    buf_add(&b, STR("\0\0\0\0"));
    add_xz(&b, str_from(text, 100), 4096);
    check_reads(buf_str(&b), text);
    buf_free(&b);
    buf_free(&both);
}

TEST(a_packed_file_cut_anywhere_is_said_to_be_cut)
{
    struct buf gzip = {}, xz = {};

    add_gzip(&gzip, STR("hello, hello, hello"));
    add_xz(&xz, STR("hello, hello, hello"), 4096);
    for (size_t n = 2; n < gzip.n; n++)
        check_refused((str){gzip.p, n}, ERR_INPUT, "cut");
    for (size_t n = 2; n < xz.n; n++)
        check_refused((str){xz.p, n}, ERR_INPUT, "cut");
    /* the second part of two */
    for (size_t n = 1, whole = gzip.n; n < whole; n++) {
        gzip.n = whole;
        add_gzip(&gzip, STR("hello, hello, hello"));
        check_refused((str){gzip.p, whole + n}, ERR_INPUT, "cut");
    }
    buf_free(&gzip);
    buf_free(&xz);
}

TEST(a_damaged_packed_file_is_refused)
{
    struct buf b = {};
    size_t whole;

    add_gzip(&b, STR("hello, hello, hello"));
    whole = b.n;
    buf_add(&b, STR("rubbish behind it"));
    check_refused(buf_str(&b), ERR_INPUT, "damaged");
    b.n = whole;
    b.p[b.n - 6] ^= 1; /* its checksum */
    check_refused(buf_str(&b), ERR_INPUT, "damaged");

    buf_clear(&b);
    add_xz(&b, STR("hello, hello, hello"), 4096);
    whole = b.n;
    buf_add(&b, STR("rubbish behind it..."));
    check_refused(buf_str(&b), ERR_INPUT, "damaged");
    b.n = whole;
    b.p[b.n / 2] ^= 1;
    check_refused(buf_str(&b), ERR_INPUT, "damaged");
    buf_free(&b);
}

TEST(an_xz_file_that_asks_for_too_much_memory_is_refused)
{
    struct buf b = {};

    add_xz(&b, STR("hello"), 256 << 20);
    check_refused(buf_str(&b), ERR_LIMIT, "128 MiB");
    buf_free(&b);
}

TEST(a_reader_says_how_far_it_is)
{
    struct buf b = {}, text = {};
    struct reader *r;
    struct err err;
    char c[100];
    size_t got;

    for (int i = 0; i < 1000; i++)
        buf_add(&text, STR("0123456789"));
    add_gzip(&b, buf_str(&text));
    assert_true(reader_open(io_system(), str_of(temp_file("f", b.p, b.n)), &r, &err));
    assert_int_equal(reader_total_bytes(r), b.n);
    do
        assert_true(reader_read(r, c, sizeof c, &got, &err));
    while (got > 0);
    assert_int_equal(reader_done_bytes(r), b.n);
    reader_close(r);
    reader_close(NULL);
    assert_true(reader_open(io_system(), str_of(temp_file("f", "abc", 3)), &r, &err));
    assert_true(reader_read(r, c, 0, &got, &err));
    assert_int_equal(got, 0);
    assert_true(reader_read(r, c, sizeof c, &got, &err));
    assert_int_equal(reader_done_bytes(r), 3);
    reader_close(r);
    buf_free(&b);
    buf_free(&text);
}

TEST(a_file_that_is_not_there_cannot_be_read)
{
    struct reader *r;
    struct err err;

    assert_false(reader_open(io_system(), str_of(temp_path("none")), &r, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(reader_open(io_system(), STR("/"), &r, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_false(reader_open(io_system(), STR(""), &r, &err));
    assert_int_equal(err.code, ERR_INPUT);
}

TEST(a_minus_is_standard_input)
{
    int before = dup(STDIN_FILENO),
        file = open(temp_file("f", "from there", 10), O_RDONLY);
    struct buf b = {};
    struct err err;
    bool ok;

    assert_true(before >= 0 && file >= 0);
    dup2(file, STDIN_FILENO);
    close(file);
    ok = read_all(io_system(), STR("-"), 4, &b, &err);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0); /* left open */
    dup2(before, STDIN_FILENO);
    close(before);
    assert_true(ok && str_eq(buf_str(&b), STR("from there")));
    buf_free(&b);
}

static bool read_with_failures(struct io *io, void *context, struct err *err)
{
    struct buf b = {};
    bool ok = read_all(io, str_of(context), 5, &b, err);

    assert_true(!ok || str_eq(buf_str(&b), STR("hello, hello, hello")));
    buf_free(&b);
    return ok;
}

static bool read_without_memory(void *context, struct err *err)
{
    return read_with_failures(io_system(), context, err);
}

TEST(reading_survives_a_failing_disk_and_lack_of_memory)
{
    struct buf b = {};
    char *path;

    path = (char *)(uintptr_t)temp_file("plain", "hello, hello, hello", 19);
    each_io_failure(read_with_failures, path);
    each_oom(read_without_memory, path);
    add_gzip(&b, STR("hello, hello, hello"));
    path = (char *)(uintptr_t)temp_file("gzip", b.p, b.n);
    each_io_failure(read_with_failures, path);
    each_oom(read_without_memory, path);
    buf_clear(&b);
    add_xz(&b, STR("hello, hello, hello"), 4096);
    path = (char *)(uintptr_t)temp_file("xz", b.p, b.n);
    each_io_failure(read_with_failures, path);
    each_oom(read_without_memory, path);
    buf_free(&b);
}
