#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64: spreads a seed over the state, so that even seed 0 starts well. */
static uint64_t spread(uint64_t *seed)
{
    uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);

    z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
    return z ^ z >> 31;
}

struct random random_seeded(uint64_t seed)
{
    struct random r;

    for (int i = 0; i < 4; i++)
        r.state[i] = spread(&seed);
    return r;
}

static uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

/* xoshiro256** */
uint64_t random_next(struct random *r)
{
    uint64_t *s = r->state;
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

uint64_t random_below(struct random *r, uint64_t below)
{
    uint64_t uneven = -below % below; /* 2^64 mod below: this many values are too many */
    uint64_t x;

    do
        x = random_next(r);
    while (x < uneven);
    return x % below;
}

bool random_secret(void *to, size_t n)
{
    char *at = to;

    while (n) {
        ssize_t got = getrandom(at, n, 0);

        if (got < 0 && errno != EINTR)
            return false;
        if (got > 0) {
            at += got;
            n -= (size_t)got;
        }
    }
    return true;
}
