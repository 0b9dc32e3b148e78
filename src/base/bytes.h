/* bytes.h - numbers and texts as bytes, for whatever is packed. */
#ifndef BASE_BYTES_H
#define BASE_BYTES_H

#include "base/err.h"
#include "base/mem.h"
#include "base/str.h"

/* Whole numbers are varints: seven bits a byte, the lowest first, the top bit says that more
 * follow. Those that may be negative are folded first: 0, -1, 1, -2 ... become 0, 1, 2, 3. */

enum { VARINT_MAX = 10 };

static inline void put(struct buf *to, uint64_t number)
{
    char *p = buf_room(to, VARINT_MAX);
    size_t n = 0;

    if (!p)
        return;
    for (; number >= 0x80; number >>= 7)
        p[n++] = (char)(number | 0x80);
    p[n++] = (char)number;
    to->n += n;
}

static inline uint64_t fold(int64_t number)
{
    return ((uint64_t)number << 1) ^ (uint64_t)(number >> 63);
}

static inline int64_t unfold(uint64_t number)
{
    return (int64_t)(number >> 1) ^ -(int64_t)(number & 1);
}

/* The bytes still to be read. The first thing wrong with them stays in .wrong. */
struct in {
    const unsigned char *p, *end;
    const char *wrong;
};

static inline struct in in_of(str bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;

    return (struct in){p, bytes.n ? p + bytes.n : p, NULL};
}

static inline void spoil(struct in *in, const char *why)
{
    if (!in->wrong)
        in->wrong = why;
    in->p = in->end;
}

static inline size_t left(const struct in *in)
{
    return (size_t)(in->end - in->p);
}

static inline uint64_t get_long(struct in *in)
{
    uint64_t number = 0;

    for (unsigned shift = 0; shift < 64 && in->p < in->end; shift += 7) {
        unsigned char byte = *in->p++;

        if (shift == 63 && byte > 1)
            break;
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (!byte && shift)
                spoil(in, "a number is longer than it needs to be");
            return number;
        }
    }
    spoil(in, "a number does not end");
    return 0;
}

static inline uint64_t get(struct in *in)
{
    return in->p < in->end && *in->p < 0x80 ? *in->p++ : get_long(in);
}

/* A number of things that take at least one byte each, so that a wrong count cannot ask for
 * more memory than the bytes are worth. */
static inline uint32_t get_count(struct in *in)
{
    uint64_t n = get(in);

    if (n > left(in) || n > UINT32_MAX) {
        spoil(in, "a count is larger than what follows");
        return 0;
    }
    return (uint32_t)n;
}

static inline uint64_t get_below(struct in *in, uint64_t bound)
{
    uint64_t n = get(in);

    if (n < bound)
        return n;
    spoil(in, "a number is out of its range");
    return 0;
}

/* Texts: all of their lengths, then all of their bytes. */
void put_texts(struct buf *to, const str *text, uint32_t n);
/* Valid UTF-8, living in `a`. */
bool get_texts(struct in *in, struct arena *a, str *text, uint32_t n, struct err *err);

static inline bool in_end(struct in *in, struct err *err)
{
    if (in->p < in->end)
        spoil(in, "something follows its end");
    return !in->wrong || err_set(err, ERR_CORRUPT, "%s", in->wrong);
}

#endif
