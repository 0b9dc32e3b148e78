/* mem.h - the only place that asks the system for memory. */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* NULL when memory ran out. mem_alloc gives zeroed memory. */
[[nodiscard]] void *mem_alloc(size_t bytes);
[[nodiscard]] void *mem_resize(void *block, size_t bytes);
void mem_free(void *block); /* NULL is fine */
/* The usable size of a live block. */
size_t mem_size(const void *block);

/* Of the machine. */
size_t mem_machine_bytes(void);
/* Of the machine's memory, what this process has; 0: not known. */
size_t mem_resident_bytes(void);

/* Asked before every allocation; false makes it fail. NULL takes the hook away. */
typedef bool mem_hook(size_t bytes, void *context);
void mem_set_hook(mem_hook *hook, void *context);
/* Blocks given and not yet freed, in the whole process. */
size_t mem_live_blocks(void);

/* Many small blocks that end together. Zero it and set .limit to start. */
struct arena {
    size_t limit; /* on .used; 0: none */
    size_t used;  /* bytes asked for */
    struct arena_block *last;
};

/* Zeroed; NULL when memory ran out or the limit is reached. */
[[nodiscard]] void *arena_alloc(struct arena *a, size_t bytes, size_t align);
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type), _Alignof(type)))
/* n items; NULL too when n * sizeof(type) overflows. */
#define arena_array(a, type, n)                                                          \
    ((type *)arena_alloc_array((a), (n), sizeof(type), _Alignof(type)))
[[nodiscard]] void *arena_alloc_array(struct arena *a, size_t n, size_t size,
                                      size_t align);
/* What it has of the system's memory, used or not. */
size_t arena_bytes(const struct arena *a);
/* Forgets everything, keeps one block for the next use. */
void arena_reset(struct arena *a);
void arena_free(struct arena *a);

#endif
