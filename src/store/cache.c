#include "store/cache.h"

#include "base/hash.h"
#include "base/tune.h"

#include <assert.h>
#include <pthread.h>

/* Blocks hang in the slot of their key's hash, all versions in one. Those that nobody has pinned are in a ring that
 * begins and ends at .unpinned: .newer of it is the one that goes first. */

struct cache {
    pthread_mutex_t
        lock; /* guards all that follows, and the caches' part of every block */
    struct block **slot;
    size_t slot_n; /* a power of two */
    struct block unpinned;
    struct cache_counts counts;
};

struct block *block_new(struct cache_key key)
{
    struct arena arena = {0};
    struct block *b = arena_new(&arena, struct block);

    if (!b)
        return NULL;
    b->arena = arena;
    b->key = key;
    return b;
}

void block_free(struct block *b)
{
    struct arena arena;

    if (!b)
        return;
    arena = b->arena;
    arena_free(&arena);
}

struct cache *cache_new(size_t budget_bytes)
{
    struct cache *c = mem_alloc(sizeof *c);

    if (!c)
        return NULL;
    c->slot_n = CACHE_SLOTS;
    c->slot = mem_alloc(c->slot_n * sizeof(struct block *));
    if (!c->slot || pthread_mutex_init(&c->lock, NULL) != 0) {
        mem_free(c->slot);
        mem_free(c);
        return NULL;
    }
    c->unpinned.newer = c->unpinned.older = &c->unpinned;
    c->counts.bytes_max = budget_bytes;
    return c;
}

void cache_free(struct cache *c)
{
    if (!c)
        return;
    assert(!c->counts.pinned_bytes);
    for (size_t i = 0; i < c->slot_n; i++) {
        while (c->slot[i]) {
            struct block *b = c->slot[i];

            c->slot[i] = b->next;
            block_free(b);
        }
    }
    mem_free(c->slot);
    pthread_mutex_destroy(&c->lock);
    mem_free(c);
}

/* --- finding --- */

static bool is_like(struct cache_key a, struct cache_key b)
{
    return a.chunk == b.chunk && a.column == b.column && a.by == b.by;
}

static struct block **slot_of(struct block **slot, size_t slot_n, struct cache_key key)
{
    key.version = 0;
    return &slot[hash64((str){(const char *)&key, sizeof key}) & (slot_n - 1)];
}

/* Where the block with this key hangs, or would. */
static struct block **place_of(struct block **slot, size_t slot_n, struct cache_key key)
{
    struct block **at = slot_of(slot, slot_n, key);

    while (*at && !(is_like((*at)->key, key) && (*at)->key.version == key.version))
        at = &(*at)->next;
    return at;
}

/* Twice as many slots, when there is memory for them: without it finding takes longer. */
static void grow(struct cache *c)
{
    size_t slot_n = c->slot_n * 2;
    struct block **slot = mem_alloc(slot_n * sizeof(struct block *));

    if (!slot)
        return;
    for (size_t i = 0; i < c->slot_n; i++) {
        while (c->slot[i]) {
            struct block *b = c->slot[i];

            c->slot[i] = b->next;
            b->next = NULL;
            *place_of(slot, slot_n, b->key) = b;
        }
    }
    mem_free(c->slot);
    c->slot = slot;
    c->slot_n = slot_n;
}

/* --- pinning and evicting --- */

static void pin(struct cache *c, struct block *b)
{
    if (b->pins++)
        return;
    c->counts.pinned_bytes += b->bytes;
    if (b->newer) {
        b->newer->older = b->older;
        b->older->newer = b->newer;
        b->newer = b->older = NULL;
    }
}

static void unpin(struct cache *c, struct block *b)
{
    struct block *newest = c->unpinned.older;

    assert(b->pins);
    if (--b->pins)
        return;
    c->counts.pinned_bytes -= b->bytes;
    b->newer = &c->unpinned;
    b->older = newest;
    newest->newer = b;
    c->unpinned.older = b;
}

/* Takes out one that is not pinned and hangs at `at`, in front of `out`. */
static void take_out(struct cache *c, struct block **at, struct block **out)
{
    struct block *b = *at;

    b->newer->older = b->older;
    b->older->newer = b->newer;
    *at = b->next;
    c->counts.bytes -= b->bytes;
    c->counts.blocks--;
    c->counts.evictions++;
    b->next = *out;
    *out = b;
}

/* Takes out what is too much, to be freed when the lock is open again. */
static void evict(struct cache *c, struct block **out)
{
    while (c->counts.bytes > c->counts.bytes_max && c->unpinned.newer != &c->unpinned)
        take_out(c, place_of(c->slot, c->slot_n, c->unpinned.newer->key), out);
}

/* Versions whose two highest bits differ are of different things (snapshot.c). */
static bool is_outdated(const struct block *b, const struct block *newer)
{
    return !b->pins && is_like(b->key, newer->key) && b->key.version < newer->key.version
           && b->key.version != newer->base
           && b->key.version >> 62 == newer->key.version >> 62;
}

static void take_out_older(struct cache *c, const struct block *newer, struct block **out)
{
    struct block **at = slot_of(c->slot, c->slot_n, newer->key);

    while (*at) {
        if (is_outdated(*at, newer))
            take_out(c, at, out);
        else
            at = &(*at)->next;
    }
}

static void free_all(struct block *b)
{
    while (b) {
        struct block *next = b->next;

        block_free(b);
        b = next;
    }
}

struct block *cache_get(struct cache *c, struct cache_key key)
{
    struct block *b;

    pthread_mutex_lock(&c->lock);
    b = *place_of(c->slot, c->slot_n, key);
    if (b) {
        pin(c, b);
        c->counts.hits++;
    } else {
        c->counts.misses++;
    }
    pthread_mutex_unlock(&c->lock);
    return b;
}

struct block *cache_put(struct cache *c, struct block *made)
{
    struct block *b, *out;

    made->bytes = arena_bytes(&made->arena);
    pthread_mutex_lock(&c->lock);
    b = *place_of(c->slot, c->slot_n, made->key);
    if (b) {
        made->next = NULL;
        out = made;
    } else {
        if (c->counts.blocks == c->slot_n)
            grow(c);
        b = *place_of(c->slot, c->slot_n, made->key) = made;
        c->counts.blocks++;
        c->counts.bytes += b->bytes;
        out = NULL;
    }
    pin(c, b);
    if (b == made) {
        take_out_older(c, made, &out);
        evict(c, &out);
    }
    pthread_mutex_unlock(&c->lock);
    free_all(out);
    return b;
}

void cache_unpin(struct cache *c, struct block *b)
{
    struct block *out = NULL;

    pthread_mutex_lock(&c->lock);
    unpin(c, b);
    evict(c, &out);
    pthread_mutex_unlock(&c->lock);
    free_all(out);
}

struct cache_counts cache_count(struct cache *c)
{
    struct cache_counts counts;

    pthread_mutex_lock(&c->lock);
    counts = c->counts;
    pthread_mutex_unlock(&c->lock);
    return counts;
}
