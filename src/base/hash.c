#include "base/hash.h"

#include <string.h>
#include <xxhash.h>

uint64_t hash64(str bytes)
{
    return XXH3_64bits(bytes.p, bytes.n);
}

hash128 hash128_of(str bytes)
{
    XXH128_hash_t h = XXH3_128bits(bytes.p, bytes.n);

    return (hash128){h.low64, h.high64};
}

bool hash128_eq(hash128 a, hash128 b)
{
    return a.low == b.low && a.high == b.high;
}

int hash128_cmp(hash128 a, hash128 b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return (a.low > b.low) - (a.low < b.low);
}

static void sort_few(hash128 *h, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        hash128 one = h[i];
        size_t to = i;

        for (; to && hash128_cmp(h[to - 1], one) > 0; to--)
            h[to] = h[to - 1];
        h[to] = one;
    }
}

static uint8_t byte_of(hash128 h, unsigned byte)
{
    return (uint8_t)((byte < 8 ? h.high : h.low) >> (56 - byte % 8 * 8));
}

/* By one byte after the other, the highest first: every hash is put where its byte belongs,
 * and what stood there is the next to be put. */
static void sort_by(hash128 *h, size_t n, unsigned byte)
{
    enum { FEW = 48, BYTES = 16 };
    size_t end[257] = {0}, at[256];

    if (byte == BYTES)
        return;
    if (n < FEW) {
        sort_few(h, n);
        return;
    }
    for (size_t i = 0; i < n; i++)
        end[byte_of(h[i], byte) + 1]++;
    for (unsigned value = 0; value < 256; value++) {
        at[value] = end[value];
        end[value + 1] += end[value];
    }
    for (unsigned value = 0; value < 256; value++) {
        while (at[value] < end[value + 1]) {
            hash128 *one = &h[at[value]], moved = *one;
            size_t *to = &at[byte_of(moved, byte)];

            *one = h[*to];
            h[(*to)++] = moved;
        }
    }
    for (unsigned value = 0; value < 256; value++)
        sort_by(h + end[value], end[value + 1] - end[value], byte + 1);
}

void hash128_sort(hash128 *h, size_t n)
{
    sort_by(h, n, 0);
}

void hash128_print(struct buf *b, hash128 h)
{
    enum { DIGITS = 16 };
    char *to = buf_room(b, 2 * DIGITS);

    if (!to)
        return;
    for (int i = 0; i < DIGITS; i++) {
        to[i] = "0123456789abcdef"[h.high >> (60 - 4 * i) & 15];
        to[DIGITS + i] = "0123456789abcdef"[h.low >> (60 - 4 * i) & 15];
    }
    b->n += 2 * DIGITS;
}

/* Both tables: a power of two of slots, at most two thirds taken, the next slot tried when
 * one is taken by another. A growth is prepared beside the table and put in its place only
 * when whole. */

static bool is_full(size_t n, size_t cap)
{
    return n >= cap - cap / 3;
}

static bool is_zero(hash128 h)
{
    return h.low == 0 && h.high == 0;
}

/* The slot of h, or the empty one (all zero) where it belongs. */
static hash128 *slot_of(hash128 *slot, size_t cap, hash128 h)
{
    size_t i = h.low & (cap - 1);

    while (!is_zero(slot[i]) && !hash128_eq(slot[i], h))
        i = (i + 1) & (cap - 1);
    return &slot[i];
}

enum { SET_ROOM = 16 };

static bool set_resize(struct hash_set *s, size_t cap)
{
    hash128 *slot =
        cap > PTRDIFF_MAX / sizeof *slot ? NULL : mem_alloc(cap * sizeof *slot);

    if (!slot)
        return false;
    for (size_t i = 0; i < s->cap; i++) {
        if (!is_zero(s->slot[i]))
            *slot_of(slot, cap, s->slot[i]) = s->slot[i];
    }
    mem_free(s->slot);
    s->slot = slot;
    s->cap = cap;
    return true;
}

bool hash_set_add(struct hash_set *s, hash128 h, bool *added)
{
    hash128 *slot;

    if (is_zero(h)) { /* cannot stand in a slot: it marks the empty ones */
        *added = !s->has_zero;
        s->has_zero = true;
        s->n += *added;
        return true;
    }
    if (is_full(s->n, s->cap) && !set_resize(s, s->cap ? s->cap * 2 : SET_ROOM))
        return false;
    slot = slot_of(s->slot, s->cap, h);
    *added = is_zero(*slot);
    *slot = h;
    s->n += *added;
    return true;
}

bool hash_set_has(const struct hash_set *s, hash128 h)
{
    if (is_zero(h))
        return s->has_zero;
    return s->cap && !is_zero(*slot_of(s->slot, s->cap, h));
}

void hash_set_expect(const struct hash_set *s, hash128 h)
{
    if (s->cap)
        __builtin_prefetch(&s->slot[h.low & (s->cap - 1)], 1);
}

/* What stands behind it moves up, unless it would then stand before its place. */
static void close_gap(struct hash_set *s, size_t gap)
{
    size_t mask = s->cap - 1;

    for (size_t i = (gap + 1) & mask; !is_zero(s->slot[i]); i = (i + 1) & mask) {
        if (((i - s->slot[i].low) & mask) >= ((i - gap) & mask)) {
            s->slot[gap] = s->slot[i];
            gap = i;
        }
    }
    s->slot[gap] = (hash128){};
}

void hash_set_remove(struct hash_set *s, hash128 h)
{
    hash128 *slot;

    if (!hash_set_has(s, h))
        return;
    s->n--;
    if (is_zero(h)) {
        s->has_zero = false;
        return;
    }
    slot = slot_of(s->slot, s->cap, h);
    close_gap(s, (size_t)(slot - s->slot));
    if (s->cap > SET_ROOM && s->n < s->cap / 8)
        (void)set_resize(s, s->cap / 2);
}

void hash_set_free(struct hash_set *s)
{
    mem_free(s->slot);
    *s = (struct hash_set){0};
}

/* A slot holds the text's number + 1; 0 is empty. */
static uint32_t *text_slot(const struct text_table *t, str s)
{
    uint32_t i = (uint32_t)hash64(s) & (t->slot_cap - 1);

    while (t->slot[i] && !str_eq(t->text[t->slot[i] - 1], s))
        i = (i + 1) & (t->slot_cap - 1);
    return &t->slot[i];
}

static bool text_grow(struct text_table *t)
{
    uint32_t cap = t->slot_cap ? t->slot_cap * 2 : 16;
    uint32_t *slot = cap ? mem_alloc(cap * sizeof *slot) : NULL;

    if (!slot)
        return false;
    mem_free(t->slot);
    t->slot = slot;
    t->slot_cap = cap;
    for (uint32_t i = 0; i < t->n; i++)
        *text_slot(t, t->text[i]) = i + 1;
    return true;
}

static bool text_room(struct text_table *t)
{
    uint32_t cap = t->text_cap ? t->text_cap * 2 : 16;
    str *text;

    if (t->n < t->text_cap)
        return true;
    text = mem_resize(t->text, cap * sizeof *text);
    if (!text)
        return false;
    t->text = text;
    t->text_cap = cap;
    return true;
}

static bool text_add(struct text_table *t, str s, bool lent, uint32_t *number)
{
    uint32_t found = text_table_find(t, s);

    if (found == TEXT_NONE) {
        str kept;

        if ((is_full(t->n, t->slot_cap) && !text_grow(t)) || !text_room(t))
            return false;
        kept = lent ? s : arena_str(&t->arena, s);
        if (!lent && !kept.p)
            return false;
        found = t->n++;
        t->text[found] = kept;
        *text_slot(t, s) = found + 1;
    }
    *number = found;
    return true;
}

bool text_table_add(struct text_table *t, str s, uint32_t *number)
{
    return text_add(t, s, false, number);
}

bool text_table_lend(struct text_table *t, str s, uint32_t *number)
{
    return text_add(t, s, true, number);
}

uint32_t text_table_find(const struct text_table *t, str s)
{
    return t->slot_cap ? *text_slot(t, s) - 1 : TEXT_NONE; /* empty: 0 - 1 is TEXT_NONE */
}

str text_table_get(const struct text_table *t, uint32_t number)
{
    return t->text[number];
}

void text_table_cut(struct text_table *t, uint32_t n)
{
    if (n >= t->n)
        return;
    t->n = n;
    memset(t->slot, 0, t->slot_cap * sizeof *t->slot);
    for (uint32_t i = 0; i < n; i++)
        *text_slot(t, t->text[i]) = i + 1;
}

void text_table_free(struct text_table *t)
{
    arena_free(&t->arena);
    mem_free(t->text);
    mem_free(t->slot);
    *t = (struct text_table){0};
}
