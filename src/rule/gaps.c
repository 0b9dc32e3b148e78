/* gaps.c - after which events long nothing comes: found for 64 events at a time.
 *
 * A test such as since(any) >= 90d turns in gaps alone. Where every event is an entry, each
 * event has a bit, set when the next one of the chunk comes later than the least length that
 * such tests ask for. It is read with care for two things: behind a customer's last event comes
 * another's, and who asks for more than the least length looks at the moments again. */
#include "rule/cursor.h"

#include "base/time.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { MONTH_LEAST_DAYS = 25 }; /* that adding a month adds, whatever the clock does */

int64_t gap_least_ms(const struct test *t)
{
    return t->length.ms + t->length.months * (MONTH_LEAST_DAYS * MS_DAY) + t->late_ms;
}

static int64_t least_of_all(const struct cursor *c)
{
    int64_t least = INT64_MAX;

    for (uint32_t i = 0; i < c->p->test_n; i++) {
        const struct test *t = &c->p->test[i];

        if (t->shape == TEST_SINCE && c->entries[c->p->slot[t->slot].series].all
            && gap_least_ms(t) < least)
            least = gap_least_ms(t);
    }
    return least;
}

#ifdef __SSE2__
/* Of four events, numbers that are negative when the next comes later than `least`. */
static inline __m128i beyond(const int64_t at_ms[5], __m128i least)
{
    const __m128i *at = (const __m128i *)at_ms, *next = (const __m128i *)(at_ms + 1);
    __m128i a = _mm_sub_epi64(_mm_loadu_si128(next), _mm_loadu_si128(at)),
            b = _mm_sub_epi64(_mm_loadu_si128(next + 1), _mm_loadu_si128(at + 1));

    return _mm_castps_si128(_mm_shuffle_ps(_mm_castsi128_ps(_mm_sub_epi64(least, a)),
                                           _mm_castsi128_ps(_mm_sub_epi64(least, b)),
                                           _MM_SHUFFLE(3, 1, 3, 1)));
}
#endif

/* The gaps behind n events, 64 at most, of which the last one's next is there too. */
static uint64_t gaps_in(const int64_t *at_ms, uint32_t n, int64_t least)
{
    uint64_t word = 0;

#ifdef __SSE2__
    __m128i all = _mm_set1_epi64x(least);

    for (uint32_t i = 0; n == 64 && i < 64; i += 16) {
        __m128i a = _mm_packs_epi32(beyond(at_ms + i, all), beyond(at_ms + i + 4, all)),
                b = _mm_packs_epi32(beyond(at_ms + i + 8, all),
                                    beyond(at_ms + i + 12, all));

        word |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_packs_epi16(a, b)) << i;
    }
    if (n == 64)
        return word;
#endif
    for (uint32_t i = 0; i < n; i++)
        word |= (uint64_t)(at_ms[i + 1] - at_ms[i] > least) << i;
    return word;
}

bool gaps_mark(struct cursor *c, uint32_t to, struct err *err)
{
    uint32_t words = (to - c->marked_from + 63) / 64;
    int64_t least = least_of_all(c);

    if (least == INT64_MAX)
        return true;
    if (words > c->gap_cap) {
        uint64_t *more = mem_resize(c->gap, words * sizeof *more);

        if (!more)
            return err_nomem(err);
        c->gap = more;
        c->gap_cap = words;
    }
    for (uint32_t w = 0; w < words; w++) {
        uint32_t from = c->marked_from + w * 64, n = c->t.chunk->event_n - from - 1;

        c->gap[w] = gaps_in(c->at_ms + from, n < 64 ? n : 64, least);
    }
    return true;
}

uint32_t gap_from(const struct cursor *c, uint32_t i)
{
    uint32_t first = c->t.first - c->marked_from, last = first + c->t.n - 1,
             w = (first + i) / 64;
    uint64_t word = c->gap[w] & UINT64_MAX << (first + i) % 64;

    while (!word && w < last / 64)
        word = c->gap[++w];
    if (!word || w * 64 + (uint32_t)__builtin_ctzll(word) > last)
        return last - first;
    return w * 64 + (uint32_t)__builtin_ctzll(word) - first;
}
