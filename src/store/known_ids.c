#include "store/known_ids.h"

/* A set has its slots by the lower half of a hash. */
static size_t set_of(hash128 id)
{
    return id.high % KNOWN_ID_SETS;
}

static size_t bytes_of(const struct hash_set *s)
{
    return s->cap * sizeof *s->slot;
}

bool known_ids_add(struct known_ids *k, hash128 id)
{
    struct hash_set *s = &k->set[set_of(id)];
    size_t bytes = bytes_of(s);
    bool added;

    if (!hash_set_add(s, id, &added))
        return false;
    k->n += added;
    k->bytes += bytes_of(s) - bytes;
    return true;
}

bool known_ids_have(const struct known_ids *k, hash128 id)
{
    return hash_set_has(&k->set[set_of(id)], id);
}

void known_ids_expect(const struct known_ids *k, hash128 id)
{
    hash_set_expect(&k->set[set_of(id)], id);
}

void known_ids_remove(struct known_ids *k, hash128 id)
{
    struct hash_set *s = &k->set[set_of(id)];
    size_t bytes = bytes_of(s), n = s->n;

    hash_set_remove(s, id);
    k->n -= n - s->n;
    k->bytes -= bytes - bytes_of(s);
}

void known_ids_free(struct known_ids *k)
{
    for (size_t i = 0; i < KNOWN_ID_SETS; i++)
        hash_set_free(&k->set[i]);
    *k = (struct known_ids){};
}
