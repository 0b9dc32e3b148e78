#include "base/csv.h"
#include "base/random.h"
#include "base/tune.h"
#include "support/bytes_io.h"
#include "support/chance.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>

static void add(struct buf *to, const char *before, str s, const char *behind)
{
    buf_add(to, str_of(before));
    buf_add(to, s);
    buf_add(to, str_of(behind));
}

/* Everything that a file gives, as one text: R or B, line, lines, then the fields in < >, or
 * the reason and the raw text. */
static bool read_all(struct io *io, str path, struct csv_options options, struct buf *to,
                     struct err *err)
{
    struct reader *r = NULL;
    struct csv *c = NULL;
    struct csv_row row;
    enum csv_status status = CSV_FAILED;

    if (reader_open(io, path, &r, err) && csv_open(r, &options, &c, err)) {
        buf_add_format(to, "%c%s", csv_separator(c), csv_is_latin1(c) ? "L" : "");
        while ((status = csv_next(c, &row, err)) == CSV_ROW || status == CSV_BAD) {
            buf_add_format(to, " %c%d+%d:", status == CSV_ROW ? 'R' : 'B', (int)row.line,
                           (int)row.lines);
            for (uint32_t i = 0; i < row.n; i++)
                add(to, "<", row.field[i], ">");
            if (status == CSV_BAD) {
                buf_add(to, str_of(row.why));
                add(to, " [", row.raw, "]");
            }
        }
        if (status == CSV_END)
            buf_add_format(to, " =%d", (int)csv_lines(c));
    }
    csv_close(c);
    reader_close(r);
    return status == CSV_END && (!to->failed || err_nomem(err));
}

static void check_with(str file, struct csv_options options, str expected)
{
    static const size_t steps[] = {1, 3, 1 << 20};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct bytes_io io = bytes_io(file, steps[i]);
        struct buf b = {};
        struct err err;

        if (!read_all(&io.io, STR("f"), options, &b, &err))
            fail_msg("%s", err.msg);
        if (!str_eq(buf_str(&b), expected))
            fail_msg("%.*s\ngives  %.*s\nand not %.*s", STR_FMT(file),
                     STR_FMT(buf_str(&b)), STR_FMT(expected));
        buf_free(&b);
    }
}

#define check(file, expected) check_with(STR(file), (struct csv_options){}, STR(expected))

TEST(csv_records_end_at_any_kind_of_line_end)
{
    check("", ", =0");
    check("a", ", R1+1:<a> =1");
    check("a,b\n1,2\n", ", R1+1:<a><b> R2+1:<1><2> =2");
    check("a,b\r\n1,2\r\n", ", R1+1:<a><b> R2+1:<1><2> =2");
    check("a,b\r1,2\r", ", R1+1:<a><b> R2+1:<1><2> =2");
    check("a,b\r1,2\r\n3,4\n5,6", ", R1+1:<a><b> R2+1:<1><2> R3+1:<3><4> R4+1:<5><6> =4");
    check("a,\n,\n", ", R1+1:<a><> R2+1:<><> =2");
}

TEST(empty_csv_lines_are_passed_over_and_counted)
{
    check("\n\r\n\ra\n\n\nb\n\n", ", R4+1:<a> R7+1:<b> =8");
    check("\"\"\n \n", ", R1+1:<> R2+1:< > =2");
}

TEST(quoted_csv_fields_may_hold_everything)
{
    check("\"a,b\",\"c\"\"d\",\"\"\"\"\n", ", R1+1:<a,b><c\"d><\"> =1");
    check("\"a\nb\r\nc\rd\",e\nf,g\n", ", R1+4:<a\nb\r\nc\rd><e> R5+1:<f><g> =5");
    check("\"\",\"\"\n\"x\"", ", R1+1:<><> R2+1:<x> =2");
    check("a\"b,5\" pipe\n", ", R1+1:<a\"b><5\" pipe> =1");
}

TEST(a_stray_quote_costs_one_line)
{
    check("a,\"b\nc,d\ne,f\n",
          ", B1+1:a quoted field does not end [a,\"b] R2+1:<c><d> R3+1:<e><f> =3");
    check("a,\"b", ", B1+1:a quoted field does not end [a,\"b] =1");
    check("a,\"b\n", ", B1+1:a quoted field does not end [a,\"b] =1");
    check("\"a\"b,c\nd,e\n",
          ", B1+1:text behind a closing quote [\"a\"b,c] R2+1:<d><e> =2");
    check("\"a\" ,c\nd,e\n",
          ", B1+1:text behind a closing quote [\"a\" ,c] R2+1:<d><e> =2");
    check("a,\"b\nc,d\ne,\"f\",g\n",
          ", B1+1:text behind a closing quote [a,\"b] R2+1:<c><d> "
          "R3+1:<e><f><g> =3");
}

TEST(bytes_that_are_no_text_make_a_csv_record_bad)
{
    check_with(STR("a,b\n1,\0002\n3,4\n"), (struct csv_options){},
               STR(", R1+1:<a><b> B2+1:a NUL byte [1,\0002] R3+1:<3><4> =3"));
    check_with(STR("a,\"\0\"\n\0\n"), (struct csv_options){},
               STR(", B1+1:a NUL byte [a,\"\0\"] B2+1:a NUL byte [\0] =2"));
    check("\xef\xbb\xbf"
          "è,\xe8\nb,è\n", /* a BOM says UTF-8 */
          ", B1+1:bytes that are neither ASCII nor UTF-8 [\xc3\x83\xc2\xa8,\xc3\xa8] "
          "R2+1:<b><è> =2");
}

TEST(a_byte_order_mark_is_skipped_and_utf16_refused)
{
    struct bytes_io io = bytes_io(STR("\xff\xfe"
                                      "a\0"),
                                  10);
    struct buf b = {};
    struct err err;

    check("\xef\xbb\xbf\"a\",b\n", ", R1+1:<a><b> =1");
    check("\xef\xbb\xbf", ", =0");
    assert_false(read_all(&io.io, STR("f"), (struct csv_options){}, &b, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_non_null(strstr(err.msg, "UTF-16"));
    buf_free(&b);
}

TEST(latin1_is_recognised_from_the_beginning)
{
    check("a,\xe8\n\"\xe9\"\"\",b\n", ",L R1+1:<a><è> R2+1:<é\"><b> =2");
    check("a,è\n", ", R1+1:<a><è> =1");
    check_with(STR("a,è\n"), (struct csv_options){.latin1 = true, .latin1_given = true},
               STR(",L R1+1:<a><\xc3\x83\xc2\xa8> =1"));
    check_with(STR("a,\xe8\n"), (struct csv_options){.latin1_given = true},
               STR(", B1+1:bytes that are neither ASCII nor UTF-8 [a,è] =1"));
    check_with(STR("\"\xe8\"x\n"),
               (struct csv_options){.latin1 = true, .latin1_given = true},
               STR(",L B1+1:text behind a closing quote [\"è\"x] =1"));
}

TEST(a_character_cut_by_the_end_of_the_first_look_is_no_evidence)
{
    static const char *characters[] = {"è", "€", "😀"};

    for (size_t i = 0; i < 3; i++) {
        for (size_t before = 0; before < 5; before++) {
            struct buf file = {};
            struct bytes_io io;
            struct reader *r;
            struct csv *c;
            struct err err;

            for (size_t k = 0; k < CSV_LOOK_BYTES - before; k++)
                buf_add_char(&file, k % 50 == 49 ? '\n' : 'x');
            buf_add(&file, str_of(characters[i]));
            buf_add(&file, STR("\nlast line\n"));
            io = bytes_io(buf_str(&file), 1 << 20);
            assert_true(reader_open(&io.io, STR("f"), &r, &err));
            assert_true(csv_open(r, &(struct csv_options){}, &c, &err));
            assert_false(csv_is_latin1(c));
            csv_close(c);
            reader_close(r);
            buf_free(&file);
        }
    }
    /* at the end of a whole file it is evidence */
    check("a,\xe2\x82", ",L R1+1:<a><\xc3\xa2\xc2\x82> =1");
}

TEST(the_separator_is_recognised)
{
    check("a;b\n1,5;2,5\n", "; R1+1:<a><b> R2+1:<1,5><2,5> =2");
    check("a\tb\n", "\t R1+1:<a><b> =1");
    check("a|b|c\r\n1|2|3\r\n", "| R1+1:<a><b><c> R2+1:<1><2><3> =2");
    check("\"a,b,c\";d\n\"1,2,3\";4\n", "; R1+1:<a,b,c><d> R2+1:<1,2,3><4> =2");
    check("a,b;c,d\n1,2;3,4\n", ", R1+1:<a><b;c><d> R2+1:<1><2;3><4> =2");
    check("a;b\n1;2;3\n4;5\n", "; R1+1:<a><b> R2+1:<1><2><3> R3+1:<4><5> =3");
    check("alone\nx\n", ", R1+1:<alone> R2+1:<x> =2");
    check_with(STR("a,b:c\n"), (struct csv_options){.separator = ':'},
               STR(": R1+1:<a,b><c> =1"));
}

TEST(what_cannot_separate_is_refused)
{
    static const char wrong[] = "\"\n\r\xe8";

    for (size_t i = 0; i < 4; i++) {
        struct bytes_io io = bytes_io(STR("a"), 10);
        struct buf b = {};
        struct err err;

        assert_false(read_all(&io.io, STR("f"),
                              (struct csv_options){.separator = wrong[i]}, &b, &err));
        assert_int_equal(err.code, ERR_INPUT);
        buf_free(&b);
    }
}

TEST(a_csv_record_may_have_record_max_bytes_and_no_more)
{
    struct csv_options o = {.record_max = 5};

    check_with(STR("12,45\n12,456\r\n12,45\r\n1\n"), o,
               STR(", R1+1:<12><45> B2+1:a record that is too long [12,45] R3+1:<12><45> "
                   "R4+1:<1> =4"));
    check_with(STR("12,45"), o, STR(", R1+1:<12><45> =1"));
    check_with(STR("12,456"), o, STR(", B1+1:a record that is too long [12,45] =1"));
    check_with(STR("\"234567\"\na\n"), o,
               STR(", B1+1:a record that is too long [\"2345] R2+1:<a> =2"));
    check_with(STR("\"\n3\"\r\n\"\n3456\"\r\na\n"), o,
               STR(", R1+2:<\n3> B3+1:a quoted field does not end [\"] "
                   "R4+1:<3456\"> R5+1:<a> =5"));
    check_with(STR("\"\n\",456\na\n"), o,
               STR(", B1+2:a record that is too long [\"\n\",4] R3+1:<a> =3"));
}

TEST(a_stray_quote_in_a_large_file_costs_one_line)
{
    struct buf file = {}, expected = {};

    buf_add(&file, STR("a,\"b\n"));
    buf_add(&expected, STR(", B1+1:a quoted field does not end [a,\"b]"));
    for (int i = 2; i < 1000; i++) {
        buf_add_format(&file, "%d,x\n", i);
        buf_add_format(&expected, " R%d+1:<%d><x>", i, i);
    }
    buf_add(&expected, STR(" =999"));
    check_with(buf_str(&file), (struct csv_options){.record_max = 1000},
               buf_str(&expected));
    buf_free(&file);
    buf_free(&expected);
}

TEST(a_csv_record_of_too_many_fields_is_bad)
{
    struct buf file = {};
    struct bytes_io io;
    struct reader *r;
    struct csv *c;
    struct csv_row row;
    struct err err;

    for (int i = 0; i < 65535; i++)
        buf_add_char(&file, ',');
    buf_add(&file, STR("\n,"));
    for (int i = 0; i < 65535; i++)
        buf_add_char(&file, ',');
    io = bytes_io(buf_str(&file), 1 << 20);
    assert_true(reader_open(&io.io, STR("f"), &r, &err));
    assert_true(csv_open(r, &(struct csv_options){}, &c, &err));
    assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
    assert_int_equal(row.n, 65536);
    assert_int_equal(csv_next(c, &row, &err), CSV_BAD);
    assert_string_equal(row.why, "more than 65536 fields");
    assert_int_equal(csv_next(c, &row, &err), CSV_END);
    csv_close(c);
    reader_close(r);
    buf_free(&file);
}

TEST(the_raw_text_is_the_record_as_it_stands_cut_at_4_kib)
{
    struct buf file = {};
    struct bytes_io io;
    struct reader *r;
    struct csv *c;
    struct csv_row row;
    struct err err;

    buf_add(&file, STR("\"a\"\"\",b\r\nx"));
    for (int i = 0; i < 4096; i++)
        buf_add(&file, STR("è"));
    buf_add(&file, STR("\nx"));
    for (int i = 0; i < 4096; i++)
        buf_add(&file, STR("è"));
    buf_add(&file, STR("\xff\n"));
    for (int i = 0; i < 5000; i++)
        buf_add(&file, STR("\x80"));
    io = bytes_io(buf_str(&file), 1 << 20);
    assert_true(reader_open(&io.io, STR("f"), &r, &err));
    assert_true(csv_open(r, &(struct csv_options){.latin1_given = true}, &c, &err));
    assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
    assert_true(str_eq(row.raw, STR("\"a\"\"\",b")));
    assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
    assert_int_equal(row.field[0].n, 8193);
    assert_int_equal(row.raw.n, 4095); /* 4096 would cut an è */
    assert_int_equal(csv_next(c, &row, &err), CSV_BAD);
    assert_int_equal(row.raw.n, 4095);
    assert_int_equal(csv_next(c, &row, &err), CSV_BAD);
    assert_int_equal(row.raw.n, 4096);
    assert_true(str_is_utf8(row.raw));
    assert_int_equal(csv_next(c, &row, &err), CSV_END);
    csv_close(c);
    reader_close(r);
    buf_free(&file);
}

/* A stream of 100 MB on one line, and one line behind it. */
static ssize_t endless_read(struct io *io, [[maybe_unused]] int fd, void *to, size_t n)
{
    struct bytes_io *b = (struct bytes_io *)io;
    size_t left = 100000000 - b->at;

    if (left == 0) {
        b->at += 4;
        memcpy(to, "\na,b", 4);
        return 4;
    }
    if (left > 100000000)
        return 0;
    n = n < left ? n : left;
    memset(to, b->bytes.p[0], n);
    b->at += n;
    return (ssize_t)n;
}

static bool few_bytes(size_t bytes, void *context)
{
    size_t *left = context;

    if (bytes > *left)
        return false;
    *left -= bytes;
    return true;
}

TEST(a_line_of_100_mb_needs_only_a_few_mib)
{
    static const char *fillings[] = {"x", ",", "\"", "\xe8"};

    for (size_t i = 0; i < sizeof fillings / sizeof *fillings; i++) {
        struct bytes_io io = bytes_io(str_of(fillings[i]), 1);
        size_t left = 8 << 20; /* all requests together, freed or not */
        struct reader *r;
        struct csv *c;
        struct csv_row row;
        struct err err;

        io.io.read = endless_read;
        mem_set_hook(few_bytes, &left);
        assert_true(reader_open(&io.io, STR("f"), &r, &err));
        assert_true(csv_open(r, &(struct csv_options){}, &c, &err));
        assert_int_equal(csv_next(c, &row, &err), CSV_BAD);
        assert_int_equal(row.lines, 1);
        assert_int_equal(row.raw.n, 4096);
        assert_int_equal(csv_next(c, &row, &err), CSV_ROW);
        assert_int_equal(row.line, 2);
        assert_int_equal(row.n, 2);
        assert_int_equal(csv_next(c, &row, &err), CSV_END);
        csv_close(c);
        reader_close(r);
        mem_set_hook(NULL, NULL);
    }
}

/* Random records, written as CSV in random ways, come back as they were. */
TEST(what_is_written_as_csv_is_read_back)
{
    static const char *pieces[] = {"a", "bc", " ",  "è",    "😀", ",",
                                   ";", "\"", "\n", "\r\n", "'"};
    static const char *line_ends[] = {"\n", "\r\n", "\r"};
    struct random r = chance();

    for (int round = 0; round < 300; round++) {
        struct buf file = {}, expected = {};
        char separator = ",;\t|"[random_below(&r, 4)];
        const char *line_end = line_ends[random_below(&r, 3)];
        int line = 1;

        buf_add_char(&expected, separator);
        for (int i = 0; i < 30; i++) {
            int fields = 1 + (int)random_below(&r, 5), lines = 1;
            struct buf row = {};

            for (int f = 0; f < fields; f++) {
                struct buf field = {};
                bool quoted = f == 0 && fields == 1; /* not to be an empty line */

                for (uint64_t n = random_below(&r, 5); n > 0; n--) {
                    const char *piece = pieces[random_below(&r, 11)];

                    buf_add(&field, str_of(piece));
                    quoted |= strpbrk(piece, ",;\"\r\n") != NULL;
                    lines += strchr(piece, '\n') != NULL;
                }
                quoted |= random_below(&r, 4) == 0;
                if (f > 0)
                    buf_add_char(&file, separator);
                if (quoted)
                    buf_add_char(&file, '"');
                for (size_t n = 0; n < field.n; n++) {
                    if (field.p[n] == '"')
                        buf_add_char(&file, '"');
                    buf_add_char(&file, field.p[n]);
                }
                if (quoted)
                    buf_add_char(&file, '"');
                buf_add_format(&row, "<%.*s>", STR_FMT(buf_str(&field)));
                buf_free(&field);
            }
            buf_add(&file, str_of(line_end));
            buf_add_format(&expected, " R%d+%d:%.*s", line, lines,
                           STR_FMT(buf_str(&row)));
            line += lines;
            buf_free(&row);
        }
        buf_add_format(&expected, " =%d", line - 1);
        check_with(buf_str(&file), (struct csv_options){.separator = separator},
                   buf_str(&expected));
        buf_free(&file);
        buf_free(&expected);
    }
}

static const char some_csv[] =
    "a,b\n\"1\"\"\",\"x\ny\"\n\xe8,2\n\"open,\n12345678901234567890,\n";

static bool read_some(struct io *io, void *context, struct err *err)
{
    struct buf b = {};
    bool ok =
        read_all(io, str_of(context), (struct csv_options){.record_max = 18}, &b, err);

    assert_true(
        !ok
        || str_eq(buf_str(&b),
                  STR(",L R1+1:<a><b> R2+2:<1\"><x\ny> R4+1:<è><2> B5+1:a quoted field "
                      "does not end [\"open,] B6+1:a record that is too long "
                      "[123456789012345678] =6")));
    buf_free(&b);
    return ok;
}

static bool read_some_without_memory(void *context, struct err *err)
{
    return read_some(io_system(), context, err);
}

TEST(csv_survives_a_failing_disk_and_lack_of_memory)
{
    char *path = (char *)(uintptr_t)temp_file("f", some_csv, sizeof some_csv - 1);

    each_io_failure(read_some, path);
    each_oom(read_some_without_memory, path);
    csv_close(NULL);
}

static void need_field(const char *field, const char *guarded, const char *exact)
{
    struct buf b = {};

    buf_add_csv(&b, str_of(field));
    assert_true(str_eq(buf_str(&b), str_of(guarded)));
    buf_clear(&b);
    buf_add_csv_exact(&b, str_of(field));
    assert_true(str_eq(buf_str(&b), str_of(exact)));
    buf_free(&b);
}

TEST(a_field_that_a_spreadsheet_would_run_gets_an_apostrophe)
{
    need_field("=1+1", "\"'=1+1\"", "=1+1");
    need_field("@bob", "\"'@bob\"", "@bob");
    need_field("-12.5", "-12.5", "-12.5");
    need_field("a,\"b\"", "\"a,\"\"b\"\"\"", "\"a,\"\"b\"\"\"");
    need_field("", "", "");
}
