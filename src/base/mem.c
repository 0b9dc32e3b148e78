#include "base/mem.h"

#include <malloc.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN 1
#endif
#endif

#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define HIDE(p, n) __asan_poison_memory_region((p), (n))
#define SHOW(p, n) __asan_unpoison_memory_region((p), (n))
#define GAP 16 /* hidden bytes behind every piece: writing over its end is noticed */
#else
#define HIDE(p, n) ((void)(p), (void)(n))
#define SHOW(p, n) ((void)(p), (void)(n))
#define GAP 0
#endif

enum { BLOCK_MIN = 4096 };

static atomic_size_t live_blocks;
static mem_hook *_Atomic hook;
static void *_Atomic hook_context;

static bool may_allocate(size_t bytes)
{
    mem_hook *asked = hook;

    return !asked || asked(bytes, hook_context);
}

void *mem_alloc(size_t bytes)
{
    void *block = may_allocate(bytes) ? calloc(1, bytes ? bytes : 1) : NULL;

    if (block)
        atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    return block;
}

void *mem_resize(void *block, size_t bytes)
{
    void *moved = may_allocate(bytes) ? realloc(block, bytes ? bytes : 1) : NULL;

    if (moved && !block)
        atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    return moved;
}

void mem_free(void *block)
{
    if (block)
        atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
    free(block);
}

size_t mem_size(const void *block)
{
    return malloc_usable_size((void *)(uintptr_t)block);
}

size_t mem_machine_bytes(void)
{
    return (size_t)sysconf(_SC_PHYS_PAGES) * (size_t)sysconf(_SC_PAGESIZE);
}

size_t mem_resident_bytes(void)
{
    FILE *f = fopen("/proc/self/statm", "re");
    unsigned long pages = 0;

    if (!f)
        return 0;
    if (fscanf(f, "%*u %lu", &pages) != 1)
        pages = 0;
    fclose(f);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

void mem_set_hook(mem_hook *asked, void *context)
{
    hook = NULL; /* so that no call sees one hook with the other's context */
    hook_context = context;
    hook = asked;
}

size_t mem_live_blocks(void)
{
    return atomic_load_explicit(&live_blocks, memory_order_relaxed);
}

/* Behind .start every byte is zero, and hidden from the program under ASan. */
struct arena_block {
    struct arena_block *before;
    size_t start, size;
    char byte[];
};

/* Where a piece could begin in the block; SIZE_MAX when it has no room. */
static size_t place_in(const struct arena_block *block, size_t bytes, size_t align)
{
    size_t start;

    if (!block)
        return SIZE_MAX;
    start = block->start + (-((uintptr_t)block->byte + block->start) & (align - 1));
    return start <= block->size && bytes <= block->size - start ? start : SIZE_MAX;
}

/* A block in which the piece has room. A large piece gets one of its own, behind the last, which
 * goes on being filled. */
static struct arena_block *add_block(struct arena *a, size_t bytes, size_t align)
{
    size_t size = a->last ? a->last->size : BLOCK_MIN / 2;
    struct arena_block *block, **place = &a->last;

    if (bytes > PTRDIFF_MAX / 2 || size > PTRDIFF_MAX / 4)
        return NULL;
    size *= 2;
    if (a->last && bytes >= BLOCK_MIN) {
        size = bytes + align;
        place = &a->last->before;
    } else if (size < bytes + align) {
        size = bytes + align;
    }
    block = mem_alloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->before = *place;
    block->size = size;
    HIDE(block->byte, size);
    *place = block;
    return block;
}

void *arena_alloc(struct arena *a, size_t bytes, size_t align)
{
    struct arena_block *block = a->last;
    size_t start;
    char *piece;

    if (!bytes)
        bytes = 1;
    if (a->limit && (a->used > a->limit || bytes > a->limit - a->used))
        return NULL;
    start = place_in(block, bytes, align);
    if (start == SIZE_MAX) {
        block = add_block(a, bytes, align);
        if (!block)
            return NULL;
        start = place_in(block, bytes, align);
    }
    piece = block->byte + start;
    SHOW(piece, bytes);
    block->start = start + bytes;
    if (block->size - block->start > GAP)
        block->start += GAP;
    a->used += bytes;
    return piece;
}

void *arena_alloc_array(struct arena *a, size_t n, size_t size, size_t align)
{
    size_t bytes;

    return __builtin_mul_overflow(n, size, &bytes) ? NULL : arena_alloc(a, bytes, align);
}

static void free_blocks(struct arena_block *block)
{
    while (block) {
        struct arena_block *before = block->before;

        SHOW(block->byte, block->size);
        mem_free(block);
        block = before;
    }
}

/* Unlinks the largest block. */
static struct arena_block *take_largest(struct arena *a)
{
    struct arena_block **largest = &a->last, *taken;

    for (struct arena_block **at = &a->last; *at; at = &(*at)->before) {
        if ((*at)->size > (*largest)->size)
            largest = at;
    }
    taken = *largest;
    *largest = taken->before;
    return taken;
}

void arena_reset(struct arena *a)
{
    struct arena_block *kept;

    a->used = 0;
    if (!a->last)
        return;
    kept = take_largest(a);
    free_blocks(a->last);
    kept->before = NULL;
    SHOW(kept->byte, kept->start);
    memset(kept->byte, 0, kept->start);
    HIDE(kept->byte, kept->start);
    kept->start = 0;
    a->last = kept;
}

size_t arena_bytes(const struct arena *a)
{
    size_t bytes = 0;

    for (const struct arena_block *b = a->last; b; b = b->before)
        bytes += mem_size(b);
    return bytes;
}

void arena_free(struct arena *a)
{
    free_blocks(a->last);
    a->last = NULL;
    a->used = 0;
}
