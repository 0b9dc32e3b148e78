#include "store/chunk_impl.h"

static struct block *derive(const struct chunk *c, const struct derivation *d,
                            struct err *err)
{
    struct cache *cache = c->own->cache;
    struct cache_key key = {c->own->want.chunk, PART_DERIVED, c->own->want.version,
                            d->by};
    struct block *block = cache ? cache_get(cache, key) : NULL;

    if (block)
        return block;
    block = block_new(key);
    if (!block) {
        err_nomem(err);
        return NULL;
    }
    if (!d->make(d->context, c, &block->arena, &block->what, err)) {
        block_free(block);
        return NULL;
    }
    return cache ? cache_put(cache, block) : block;
}

bool chunk_derive(const struct chunk *c, const struct derivation *d, const void **out,
                  struct err *err)
{
    struct chunk_private *own = c->own;
    struct derived *at = own->derived;

    while (at && at->by != d->by)
        at = at->next;
    if (!at) {
        at = arena_new(&own->arena, struct derived);
        if (!at)
            return err_nomem(err);
        at->by = d->by;
        at->block = derive(c, d, err);
        if (!at->block)
            return false;
        at->what = at->block->what;
        at->next = own->derived;
        own->derived = at;
    }
    *out = at->what;
    return true;
}

const struct catalog *chunk_catalog(const struct chunk *c)
{
    return c->own->catalog;
}
