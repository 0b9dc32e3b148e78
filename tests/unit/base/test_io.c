#include "base/io.h"
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <string.h>
#include <unistd.h>

#define assert_text(s, literal)                                                          \
    do {                                                                                 \
        str has_ = (s);                                                                  \
        assert_int_equal(has_.n, sizeof(literal) - 1);                                   \
        assert_memory_equal(has_.p, literal, has_.n);                                    \
    } while (0)

TEST(a_file_is_read_whole_with_64_zero_bytes_behind_it)
{
    static const char zero[64];
    struct arena a = {};
    struct err err;
    str got;

    assert_true(
        io_read_file(io_system(), str_of(temp_file("f", "a\0b", 3)), 3, &a, &got, &err));
    assert_text(got, "a\0b");
    assert_memory_equal(got.p + got.n, zero, sizeof zero);
    assert_true(
        io_read_file(io_system(), str_of(temp_file("f", "", 0)), 3, &a, &got, &err));
    assert_int_equal(got.n, 0);
    assert_memory_equal(got.p, zero, sizeof zero);
    arena_free(&a);
}

TEST(a_file_beyond_the_limit_is_refused)
{
    struct arena a = {};
    struct err err;
    str got;

    assert_false(
        io_read_file(io_system(), str_of(temp_file("f", "abcd", 4)), 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    arena_free(&a);
}

TEST(a_name_that_is_no_file_is_refused_with_words)
{
    char long_name[5000];
    struct arena a = {};
    struct err err;
    str got;

    memset(long_name, 'x', sizeof long_name);
    assert_false(io_read_file(io_system(), str_of(temp_path("none")), 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.msg, "none"));
    assert_false(io_read_file(io_system(), STR(""), 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(io_read_file(io_system(), STR("a\0b"), 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(
        io_read_file(io_system(), (str){long_name, sizeof long_name}, 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_INPUT);
    assert_false(io_read_file(io_system(), STR("/"), 3, &a, &got, &err));
    assert_int_equal(err.code, ERR_IO);
    assert_false(io_write_file(io_system(), STR("/none/none"), STR("x"), &err));
    assert_int_equal(err.code, ERR_IO);
    arena_free(&a);
}

TEST(a_file_is_written_in_place_of_the_old_one)
{
    const char *path = temp_file("f", "old", 3);
    struct arena a = {};
    struct err err;
    str got;

    temp_file("f.new", "left by a crash", 15);
    assert_true(io_write_file(io_system(), str_of(path), STR("newer"), &err));
    assert_true(io_read_file(io_system(), str_of(path), 100, &a, &got, &err));
    assert_text(got, "newer");
    assert_int_equal(access(temp_path("f.new"), F_OK), -1);
    arena_free(&a);
}

TEST(a_file_that_is_not_finished_leaves_the_old_one)
{
    const char *path = temp_file("f", "old", 3);
    struct arena a = {};
    struct draft *w;
    struct err err;
    str got;

    assert_true(draft_begin(io_system(), str_of(path), &w, &err));
    assert_true(draft_append(w, STR("new"), &err));
    assert_true(draft_append(w, STR("er"), &err));
    draft_cancel(w);
    draft_cancel(NULL);
    assert_true(io_read_file(io_system(), str_of(path), 100, &a, &got, &err));
    assert_text(got, "old");
    assert_int_equal(access(temp_path("f.new"), F_OK), -1);
    arena_free(&a);
}

TEST(what_is_no_plain_file_is_not_replaced)
{
    struct err err;

    assert_false(io_write_file(io_system(), STR("/dev/null"), STR("x"), &err));
    assert_int_equal(err.code, ERR_INPUT);
}

struct paths {
    const char *file, *beside;
};

static bool write_then_read(struct io *io, void *context, struct err *err)
{
    const struct paths *paths = context;
    str path = str_of(paths->file), got;
    struct arena a = {};
    struct err ignored;
    bool ok;

    assert_true(io_write_file(io_system(), path, STR("old"), &ignored));
    ok = io_write_file(io, path, STR("newer"), err);

    /* whatever failed: the old file or the new one, never a half, and nothing beside it */
    assert_true(io_read_file(io_system(), path, 100, &a, &got, &ignored));
    assert_true(str_eq(got, STR("newer")) || (!ok && str_eq(got, STR("old"))));
    assert_int_equal(access(paths->beside, F_OK), -1);
    ok = ok && io_read_file(io, path, 100, &a, &got, err);
    assert_true(!ok || str_eq(got, STR("newer")));
    arena_free(&a);
    return ok;
}

TEST(files_survive_a_failing_disk)
{
    each_io_failure(write_then_read, &(struct paths){temp_path("f"), temp_path("f.new")});
}

static bool read_only(void *context, struct err *err)
{
    struct arena a = {};
    str got;
    bool ok = io_read_file(io_system(), str_of(context), 100, &a, &got, err);

    arena_free(&a);
    return ok;
}

static bool write_only(void *context, struct err *err)
{
    return io_write_file(io_system(), str_of(context), STR("x"), err);
}

TEST(writing_a_file_survives_lack_of_memory)
{
    each_oom(write_only, (void *)temp_path("f"));
}

TEST(reading_a_file_survives_lack_of_memory)
{
    each_oom(read_only, (void *)temp_file("f", "abc", 3));
}
