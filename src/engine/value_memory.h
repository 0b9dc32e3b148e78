/* value_memory.h - what was fitted for the last questions, and who had bought what, kept for the next.
 *
 * The engine and all its views share one, and any of their threads may ask it. */
#ifndef ENGINE_VALUE_MEMORY_H
#define ENGINE_VALUE_MEMORY_H

#include "value/buyer.h"

struct value_memory;
[[nodiscard]] bool value_memory_new(struct value_memory **out, struct err *err);
void value_memory_free(
    struct value_memory *m); /* NULL is fine, here and below: nothing is kept */
/* Chunks and customers have other numbers from here on. */
void value_memory_forget(struct value_memory *m);

/* What was fitted last for the question of this key, in `n` bytes, as many as were kept. */
bool value_memory_find(struct value_memory *m, str key, void *out, size_t n);
/* Copies. Of several the oldest goes; what finds no memory is not kept. */
void value_memory_keep(struct value_memory *m, str key, const void *fitted, size_t n);

/* Who had bought what, and of which contents of the chunks. */
struct counted {
    struct buf key; /* what was counted */
    struct buyer *row;
    size_t n, cap;
    uint64_t *version; /* of each chunk */
    uint32_t chunk_n;
};
/* Takes out the last, so that nobody else has it; empty when there is none. */
void value_memory_take(struct value_memory *m, struct counted *out);
/* Instead of what is there. Takes it over. */
void value_memory_give(struct value_memory *m, struct counted *c);
void counted_free(struct counted *c);

#endif
