#include "base/kth.h"

#include "base/random.h"

/* Hoare's FIND, with borders taken by chance, so that no data makes it slow: afterwards number[k] is
 * what it would be in order. */
static int64_t find_kth(int64_t *number, size_t n, int64_t k)
{
    struct random r = random_seeded(n);
    int64_t low = 0, high = (int64_t)n - 1;

    while (low < high) {
        int64_t border =
            number[low + (int64_t)random_below(&r, (uint64_t)(high - low) + 1)];
        int64_t i = low, j = high;

        while (i <= j) {
            while (number[i] < border)
                i++;
            while (border < number[j])
                j--;
            if (i <= j) {
                int64_t kept = number[i];

                number[i++] = number[j];
                number[j--] = kept;
            }
        }
        if (j < k)
            low = i;
        if (k < i)
            high = j;
    }
    return number[k];
}

enum { BUCKETS = 4096 };

/* Of many, only those of one bucket among equally wide ones are looked at closely: brings them to
 * the front, says how many they are, and lowers k by those before them. */
static size_t narrow(int64_t *number, size_t n, int64_t *k)
{
    uint32_t count[BUCKETS] = {0};
    int64_t least = number[0], most = number[0];
    uint64_t bucket = 0, before = 0;
    unsigned shift = 0;
    size_t kept = 0;

    for (size_t i = 1; i < n; i++) {
        least = number[i] < least ? number[i] : least;
        most = number[i] > most ? number[i] : most;
    }
    while (((uint64_t)most - (uint64_t)least) >> shift >= BUCKETS)
        shift++;
    for (size_t i = 0; i < n; i++)
        count[((uint64_t)number[i] - (uint64_t)least) >> shift]++;
    for (; before + count[bucket] <= (uint64_t)*k; bucket++)
        before += count[bucket];
    for (size_t i = 0; i < n; i++)
        if (((uint64_t)number[i] - (uint64_t)least) >> shift == bucket) {
            int64_t one = number[i];

            number[i] = number[kept];
            number[kept++] = one;
        }
    *k -= (int64_t)before;
    return kept;
}

int64_t kth_least(int64_t *number, size_t n, size_t k)
{
    int64_t place = (int64_t)k;

    if (n > BUCKETS && n <= UINT32_MAX)
        n = narrow(number, n, &place);
    return find_kth(number, n, place);
}
