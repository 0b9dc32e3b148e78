/* A data file is made wholly or not at all. */
#include "engine/engine.h"

#include "support/fail.h"
#include "support/temp.h"
#include "support/unit.h"

#include <unistd.h>

/* Nobody pulls the plug here, so nobody waits for the disk, SQLite neither: these stand in
 * front of the system's. */
int fsync([[maybe_unused]] int fd)
{
    return 0;
}

int fdatasync([[maybe_unused]] int fd)
{
    return 0;
}

static bool create_and_close(void *context, struct err *err)
{
    static const str model =
        STR("ciclo: 1\nlifecycle: { start: a, stages: { a: {} } }\n");
    struct engine *e;
    bool ok = engine_create(io_system(), str_of(context), model, 0, &e, err);

    if (ok)
        engine_close(e);
    else
        assert_int_equal(access(context, F_OK), -1);
    unlink(context);
    return ok;
}

TEST(making_a_file_survives_the_lack_of_memory)
{
    each_oom_or_done(create_and_close, (void *)(uintptr_t)temp_path("new.ciclo"));
}
