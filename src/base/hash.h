/* hash.h - XXH3, for tables, checksums and ids made from content. Not against an adversary
 * who wants collisions in a checksum of his own file. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/str.h"

typedef struct hash128 {
    uint64_t low, high;
} hash128;

uint64_t hash64(str bytes);
hash128 hash128_of(str bytes);
bool hash128_eq(hash128 a, hash128 b);
/* As numbers of 128 bits: < 0, 0, > 0. */
int hash128_cmp(hash128 a, hash128 b);
void hash128_sort(hash128 *h, size_t n);
/* 32 hexadecimal digits */
void hash128_print(struct buf *b, hash128 h);

/* A set of 128-bit hashes. Zero it to start. */
struct hash_set {
    hash128 *slot; /* all zero: empty */
    size_t n, cap;
    bool has_zero;
};
/* *added is false when it was there already. False: out of memory. */
[[nodiscard]] bool hash_set_add(struct hash_set *s, hash128 h, bool *added);
bool hash_set_has(const struct hash_set *s, hash128 h);
/* It will soon be asked for: a large set is waited for, unless other work lies between. */
void hash_set_expect(const struct hash_set *s, hash128 h);
/* What is not there is fine. A set of few in much room becomes smaller, when memory allows. */
void hash_set_remove(struct hash_set *s, hash128 h);
void hash_set_free(struct hash_set *s);

/* Texts numbered 0, 1, 2 ... as they come. Zero it to start; the texts are kept in it. */
struct text_table {
    struct arena arena;
    str *text;
    uint32_t *slot;
    uint32_t n, text_cap, slot_cap;
};
#define TEXT_NONE UINT32_MAX
/* The number of the text, added when new. False: out of memory. */
[[nodiscard]] bool text_table_add(struct text_table *t, str s, uint32_t *number);
/* The same without a copy: the text stays where it is as long as the table knows it. */
[[nodiscard]] bool text_table_lend(struct text_table *t, str s, uint32_t *number);
uint32_t text_table_find(const struct text_table *t, str s); /* or TEXT_NONE */
str text_table_get(const struct text_table *t, uint32_t number);
/* Forgets all texts but the first n. */
void text_table_cut(struct text_table *t, uint32_t n);
void text_table_free(struct text_table *t);

#endif
