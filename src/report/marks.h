/* marks.h - the events that a pattern picks, a bit each (rule/picks.h), of one customer. */
#ifndef REPORT_MARKS_H
#define REPORT_MARKS_H

#include <stdint.h>

/* The marked events of [from, to) in a word that holds some of them. */
static inline uint64_t marks_in(const uint64_t *mark, uint32_t word, uint32_t from,
                                uint32_t to)
{
    uint32_t first = word * 64;
    uint64_t bits = mark[word];

    if (from > first)
        bits = from - first < 64 ? bits & UINT64_MAX << (from - first) : 0;
    if (to - first < 64)
        bits &= ~(UINT64_MAX << (to - first));
    return bits;
}

/* The first event of [from, to) that is marked, or `to`. */
static inline uint32_t marks_first(const uint64_t *mark, uint32_t from, uint32_t to)
{
    for (uint32_t word = from / 64; word * 64 < to; word++) {
        uint64_t bits = marks_in(mark, word, from, to);

        if (bits)
            return word * 64 + (uint32_t)__builtin_ctzll(bits);
    }
    return to;
}

#endif
