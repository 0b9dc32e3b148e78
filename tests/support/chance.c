#include "support/chance.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct random chance(void)
{
    static uint64_t seed, streams;

    if (!streams) {
        const char *given = getenv("CICLO_SEED");

        if (given)
            seed = strtoull(given, NULL, 10);
        else if (!random_secret(&seed, sizeof seed))
            abort();
        printf("# CICLO_SEED=%" PRIu64 "\n", seed);
    }
    return random_seeded(seed + streams++);
}

size_t chance_rounds(size_t usual)
{
    const char *times = getenv("CICLO_ROUNDS");

    return times ? usual * strtoul(times, NULL, 10) : usual;
}
