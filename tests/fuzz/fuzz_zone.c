/* Any bytes as a zone's file: refused, or a zone in which time never overtakes itself and
 * every moment has its day and month. */
#include "support/fuzz.h"

#include "base/hash.h"
#include "base/random.h"
#include "base/time.h"

#include <sys/mman.h>
#include <unistd.h>

static str served;

static int open_served(struct io *io, const char *path, int flags, int mode)
{
    int fd = memfd_create("zone", 0);

    (void)io, (void)path, (void)flags, (void)mode;
    NEED(fd >= 0 && pwrite(fd, served.p, served.n, 0) == (ssize_t)served.n);
    return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
    struct io io = *io_system();
    struct random r = random_seeded(hash64((str){(const char *)p, n}));
    struct zone *z;
    struct err err;

    served = (str){(const char *)p, n};
    io.open = open_served;
    if (!zone_open(&io, STR("Test"), &z, &err)) {
        NEED(err.code == ERR_CORRUPT && !z);
        return 0;
    }
    for (int i = 0; i < 100; i++) {
        int64_t a = MOMENT_MIN + (int64_t)random_below(&r, MOMENT_MAX - MOMENT_MIN);
        int64_t b = a + (int64_t)random_below(&r, 3 * MS_DAY);
        struct length l = {.months = (int32_t)random_below(&r, 30)};

        NEED(length_add(z, a, l) <= length_add(z, b, l));
        NEED(zone_moment(z, a) <= zone_moment(z, b));
        NEED(zone_moment(z, zone_local(z, a)) <= a);
        NEED(zone_day(z, a, 0) <= a && a <= zone_day(z, a, 1));
        NEED(zone_month(z, a, 0) <= a && a <= zone_month(z, a, 1));
    }
    zone_close(z);
    return 0;
}
