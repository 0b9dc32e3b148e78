/* broken.c - every test in it must fail: house.sh sees to that. */
#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <fcntl.h>

TEST(a_block_is_left_behind)
{
    assert_non_null(mem_alloc(1));
}

static bool leaks_on_failure([[maybe_unused]] void *context, struct err *err)
{
    void *one = mem_alloc(1), *two = mem_alloc(1);

    if (!one || !two)
        return err_nomem(err);
    mem_free(one);
    mem_free(two);
    return true;
}

TEST(a_failing_allocation_leaks_the_other)
{
    each_oom(leaks_on_failure, NULL);
}

static bool ignores_failure([[maybe_unused]] void *context,
                            [[maybe_unused]] struct err *err)
{
    mem_free(mem_alloc(1));
    return true;
}

TEST(a_failing_allocation_is_not_noticed)
{
    each_oom(ignores_failure, NULL);
}

static bool wrong_code([[maybe_unused]] void *context, struct err *err)
{
    void *block = mem_alloc(1);

    mem_free(block);
    return block || err_set(err, ERR_IO, "something else");
}

TEST(a_failing_allocation_has_the_wrong_code)
{
    each_oom(wrong_code, NULL);
}

/* How a careless writer loses bytes. */
struct writer {
    bool checks, closes;
};

static bool write_careless(struct io *io, void *context, struct err *err)
{
    const struct writer *w = context;
    int fd = io->open(io, temp_path("file"), O_CREAT | O_WRONLY, 0600);
    bool ok;

    if (fd < 0)
        return err_sys(err, "open");
    ok = io->write(io, fd, "0123456789", 10) >= 0 || !w->checks || err_sys(err, "write");
    if (w->closes || ok)
        io->close(io, fd);
    return ok;
}

TEST(a_failing_write_is_not_noticed)
{
    each_io_failure(write_careless, &(struct writer){.closes = true});
}

TEST(a_failing_write_leaves_its_file_open)
{
    each_io_failure(write_careless, &(struct writer){.checks = true});
}

TEST(an_interrupted_write_is_taken_for_a_failure)
{
    each_io_failure(write_careless, &(struct writer){.checks = true, .closes = true});
}
