#include "report/lengths.h"

#include "base/mem.h"
#include "base/random.h"

#include <string.h>

static bool grow(struct lengths *l, size_t more, struct err *err)
{
    size_t wanted = l->cap ? l->cap : 16;
    int64_t *room;

    while (wanted < l->n + more)
        wanted *= 2;
    if (wanted == l->cap)
        return true;
    room = mem_resize(l->ms, wanted * sizeof *room);
    if (!room)
        return err_nomem(err);
    l->ms = room;
    l->cap = wanted;
    return true;
}

bool lengths_add(struct lengths *l, int64_t ms, struct err *err)
{
    if (l->n == l->cap && !grow(l, 1, err))
        return false;
    l->ms[l->n++] = ms;
    return true;
}

bool lengths_join(struct lengths *into, const struct lengths *from, struct err *err)
{
    if (!grow(into, from->n, err))
        return false;
    if (from->n)
        memcpy(into->ms + into->n, from->ms, from->n * sizeof *from->ms);
    into->n += from->n;
    return true;
}

/* Hoare's FIND, with borders taken by chance, so that no data makes it slow: afterwards ms[k] is
 * what it would be in order. */
static int64_t find_kth(int64_t *ms, size_t n, int64_t k)
{
    struct random r = random_seeded(n);
    int64_t low = 0, high = (int64_t)n - 1;

    while (low < high) {
        int64_t border = ms[low + (int64_t)random_below(&r, (uint64_t)(high - low) + 1)];
        int64_t i = low, j = high;

        while (i <= j) {
            while (ms[i] < border)
                i++;
            while (border < ms[j])
                j--;
            if (i <= j) {
                int64_t kept = ms[i];

                ms[i++] = ms[j];
                ms[j--] = kept;
            }
        }
        if (j < k)
            low = i;
        if (k < i)
            high = j;
    }
    return ms[k];
}

enum { BUCKETS = 4096 };

/* Of many, only those of one bucket among equally wide ones are looked at closely: brings them to
 * the front, says how many they are, and lowers k by those before them. */
static size_t narrow(int64_t *ms, size_t n, int64_t *k)
{
    uint32_t count[BUCKETS] = {0};
    int64_t least = ms[0], most = ms[0];
    uint64_t bucket = 0, before = 0;
    unsigned shift = 0;
    size_t kept = 0;

    for (size_t i = 1; i < n; i++) {
        least = ms[i] < least ? ms[i] : least;
        most = ms[i] > most ? ms[i] : most;
    }
    while (((uint64_t)most - (uint64_t)least) >> shift >= BUCKETS)
        shift++;
    for (size_t i = 0; i < n; i++)
        count[((uint64_t)ms[i] - (uint64_t)least) >> shift]++;
    for (; before + count[bucket] <= (uint64_t)*k; bucket++)
        before += count[bucket];
    for (size_t i = 0; i < n; i++)
        if (((uint64_t)ms[i] - (uint64_t)least) >> shift == bucket) {
            int64_t one = ms[i];

            ms[i] = ms[kept];
            ms[kept++] = one;
        }
    *k -= (int64_t)before;
    return kept;
}

int64_t lengths_quantile(struct lengths *l, unsigned percent)
{
    int64_t k = (int64_t)((l->n * percent + 99) / 100) - 1;
    size_t n = l->n;

    if (n > BUCKETS && n <= UINT32_MAX)
        n = narrow(l->ms, n, &k);
    return n ? find_kth(l->ms, n, k) : -1;
}
